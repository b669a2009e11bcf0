// Recovering an account, and proving once more who is signed in (GoTrue reference, 2.7, 2.9 and 2.11).
import test from "node:test";
import {
  PASSWORD, age, assert, claimsOf, mailTo, mailsAfterAll, newEmail, newInstance, newPhone, newSibling, ok, pkce,
  refused, sign, sql, textTo,
} from "./helper.mjs";
import {
  AT_ONCE, PHONES, agePhone, anotherMail, audited, eightTimes, exchange, follow, verify,
} from "./codes_helper.mjs";

const NEW_PASSWORD = "another horse 2";
const DAY = 86_400;

const instance = await newInstance({ ...AT_ONCE, ...PHONES });
/** Where one has to wait. */
const slow = await newInstance();
/** Where a password is not changed just so. */
const careful = await newInstance({ ...AT_ONCE, ...PHONES, update_password_require_reauthentication: true });
const strict = await newInstance({ ...AT_ONCE, update_password_require_current_password: true });

const recover = (body, at = instance) => at.post("/recover", body);
const change = (at, session, body) => at.put("/user", body, { token: session.access_token });

/** Lets a session be opened long ago. */
const ageSession = (session, seconds) => sql(
  "UPDATE auth.sessions SET created_at = created_at - $2::int * interval '1 s' WHERE id = $1 RETURNING 1 AS one",
  claimsOf(session.access_token).session_id, seconds);

/** Someone who has asked for a recovery: with a session from that mail. */
async function recovered(at = instance) {
  const member = await at.member();
  ok(await recover({ email: member.email }, at));
  const mail = await mailTo(member.email);
  const session = ok(await verify(at, { type: "recovery", email: member.email, token: mail.code }));
  return { ...member, mail, recovered: session };
}

test("138 whoever is not known is told nothing else", async () => {
  const stranger = newEmail();
  const unknown = await recover({ email: stranger }, slow);
  const { email, user } = await slow.member();
  const known = await recover({ email: email.toUpperCase() }, slow);
  assert.deepEqual(ok(unknown), {});
  assert.equal(known.text, unknown.text);
  assert.equal(await mailsAfterAll(slow, stranger), 0);
  const mail = await mailTo(email);
  assert.equal(new URL(mail.link).searchParams.get("type"), "recovery");
  const { recovery_sent_at } = ok(await slow.admin("GET", `/admin/users/${user.id}`));
  assert.ok(Math.abs(Date.parse(recovery_sent_at) - Date.now()) < 60_000);
  const asked = (await audited(slow, "user_recovery_requested")).filter(({ actor_id }) => actor_id === user.id);
  assert.equal(asked.length, 1);
});

test("138 who is known has to wait a minute", async () => {
  const { email } = await slow.member();
  ok(await recover({ email }, slow));
  const first = await mailTo(email);
  const { msg } = refused(await recover({ email }, slow), 429, "over_email_send_rate_limit");
  const seconds = Number(msg.match(/^For security purposes, you can only request this after (\d+) seconds\.$/)?.[1]);
  assert.ok(seconds > 0 && seconds <= 60, msg);
  age(email, 20 * 60);
  ok(await recover({ email }, slow));
  const second = await anotherMail(email, first);
  assert.notEqual(second.token, first.token);
  refused(await verify(slow, { type: "recovery", token_hash: first.token }), 403, "otp_expired");
  ok(await verify(slow, { type: "recovery", token_hash: second.token }));
});

test("138 of eight requests at once one sends a mail", async () => {
  const { email } = await slow.member();
  const answers = await eightTimes(() => recover({ email }, slow));
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, ...Array(7).fill(429)]);
  assert.equal(await mailsAfterAll(slow, email), 1);
});

test("139 the session of a recovery may set a password", async () => {
  const { email, recovered: session } = await recovered(strict);
  assert.deepEqual(claimsOf(session.access_token).amr.map(({ method }) => method), ["otp"]);
  ok(await change(strict, session, { password: NEW_PASSWORD }));
  refused(await strict.signIn(email), 400, "invalid_credentials");
  ok(await strict.signIn(email, NEW_PASSWORD));
  ok(await strict.get("/user", { token: session.access_token }));
});

test("139 with PKCE, too", async () => {
  const { verifier, ...challenge } = pkce();
  const { email, user } = await strict.member();
  ok(await recover({ email, ...challenge }, strict));
  const { query } = await follow((await mailTo(email)).link);
  const session = ok(await exchange(strict, query.code, verifier));
  assert.equal(session.user.id, user.id);
  assert.deepEqual(claimsOf(session.access_token).amr.map(({ method }) => method), ["recovery"]);
  ok(await change(strict, session, { password: NEW_PASSWORD }));
});

test("140 what a request must have", async () => {
  for (const body of [{}, { email: "" }, { email: "abc" }, { email: null }]) {
    refused(await recover(body), 400, "validation_failed");
  }
  refused(await instance.call("POST", "/recover", { body: "{" }), 400, "bad_json");
  refused(await recover({ email: newEmail(), code_challenge: "a".repeat(43) }), 400, "validation_failed");
  refused(await recover({ email: newEmail(), code_challenge: "a".repeat(42), code_challenge_method: "s256" }), 400,
    "validation_failed");
  const off = await newSibling(instance, { external_email_enabled: false });
  refused(await recover({ email: newEmail() }, off), 400, "email_provider_disabled");
});

test("149 an old session needs a code for another password", async () => {
  const { email, session } = await careful.member();
  ageSession(session, DAY + 60);
  refused(await change(careful, session, { password: NEW_PASSWORD }), 400, "reauthentication_needed");
  refused(await change(careful, session, { password: NEW_PASSWORD, nonce: "" }), 400, "reauthentication_needed");
  const invalid = async (nonce) => {
    const answer = await change(careful, session, { password: NEW_PASSWORD, nonce });
    refused(answer, 422, "reauthentication_not_valid");
  };
  await invalid("123456");
  assert.deepEqual(ok(await careful.get("/reauthenticate", { token: session.access_token })), {});
  const mail = await mailTo(email);
  await invalid(mail.code === "111111" ? "222222" : "111111");
  ok(await careful.signIn(email));
  ok(await change(careful, session, { password: NEW_PASSWORD, nonce: mail.code }));
  ok(await careful.signIn(email, NEW_PASSWORD));
  const again = await change(careful, session, { password: PASSWORD, nonce: mail.code });
  refused(again, 422, "reauthentication_not_valid");
});

test("149 a code that is used for nothing stays good", async () => {
  const { email, session } = await careful.member();
  ageSession(session, DAY + 60);
  ok(await careful.get("/reauthenticate", { token: session.access_token }));
  const nonce = (await mailTo(email)).code;
  refused(await change(careful, session, { password: PASSWORD, nonce }), 422, "same_password");
  refused(await change(careful, session, { password: "short", nonce }), 422, "weak_password");
  ok(await change(careful, session, { data: { plan: "pro" } }));
  ok(await change(careful, session, { password: NEW_PASSWORD, nonce }));
});

test("149 the code expires", async () => {
  const { email, session } = await careful.member();
  ageSession(session, DAY + 60);
  ok(await careful.post("/reauthenticate", {}, { token: session.access_token }));
  const { code: nonce } = await mailTo(email);
  age(email, DAY);
  const answer = await change(careful, session, { password: NEW_PASSWORD, nonce });
  refused(answer, 422, "reauthentication_not_valid");
});

test("149 a fresh session needs none, and none at all does", async () => {
  const { email, user, session } = await careful.member();
  ageSession(session, DAY - 60);
  ok(await change(careful, session, { password: NEW_PASSWORD }));
  ok(await careful.signIn(email, NEW_PASSWORD));
  const now = Math.floor(Date.now() / 1000);
  const claims = { sub: user.id, aud: "authenticated", role: "authenticated", exp: now + 600 };
  const without = { access_token: sign(claims, careful.secret) };
  refused(await change(careful, without, { password: PASSWORD }), 400, "reauthentication_needed");
});

test("149 one code that eight changes show at once serves one", async () => {
  const { email, session } = await careful.member();
  ageSession(session, DAY + 60);
  ok(await careful.get("/reauthenticate", { token: session.access_token }));
  const { code: nonce } = await mailTo(email);
  let count = 0;
  const passwords = [];
  const answers = await eightTimes(() => {
    passwords.push(`${NEW_PASSWORD} ${count += 1}`);
    return change(careful, session, { password: passwords.at(-1), nonce });
  });
  const winners = passwords.filter((_, place) => answers[place].status === 200);
  assert.equal(winners.length, 1, answers.map(({ text }) => text).join("\n"));
  for (const answer of answers.filter(({ status }) => status !== 200)) {
    refused(answer, 422, "reauthentication_not_valid");
  }
  ok(await careful.signIn(email, winners[0]));
});

test("150 the current password is asked for", async () => {
  const { email, session } = await strict.member();
  for (const current_password of [undefined, ""]) {
    const answer = await change(strict, session, { password: NEW_PASSWORD, current_password });
    refused(answer, 400, "current_password_required");
  }
  const wrong = await change(strict, session, { password: NEW_PASSWORD, current_password: "wrong horse 3" });
  refused(wrong, 400, "current_password_invalid");
  ok(await strict.signIn(email));
  ok(await change(strict, session, { password: NEW_PASSWORD, current_password: PASSWORD }));
  ok(await strict.signIn(email, NEW_PASSWORD));
});

test("150 it is wrong where it is not asked for, too", async () => {
  const { session } = await instance.member();
  const wrong = await change(instance, session, { password: NEW_PASSWORD, current_password: "wrong horse 3" });
  refused(wrong, 400, "current_password_invalid");
  ok(await change(instance, session, { password: NEW_PASSWORD, current_password: PASSWORD }));
});

test("150 who has no password needs none", async () => {
  const email = newEmail();
  ok(await strict.post("/otp", { email }));
  const session = ok(await verify(strict, { type: "email", email, token: (await mailTo(email)).code }));
  ok(await change(strict, session, { password: NEW_PASSWORD }));
  ok(await strict.signIn(email, NEW_PASSWORD));
});

test("2.9 who can prove it once more", async () => {
  refused(await instance.get("/reauthenticate"), 401, "no_authorization");
  const ask = (at, token) => at.get("/reauthenticate", { token });
  const anonymous = await newInstance({ external_anonymous_users_enabled: true });
  const nobody = ok(await anonymous.post("/signup", {}));
  refused(await ask(anonymous, nobody.access_token), 400, "validation_failed",
    "Reauthentication requires the user to have an email or a phone number");
  const open = await newInstance({ mailer_allow_unverified_email_sign_ins: true });
  const email = newEmail();
  await open.signUp(email);
  const session = ok(await open.signIn(email));
  refused(await ask(open, session.access_token), 422, "email_not_confirmed");
  const { id } = ok(await instance.post("/signup", { phone: newPhone(), password: PASSWORD }));
  const token = sign({ sub: id, aud: "authenticated", exp: Math.floor(Date.now() / 1000) + 600 }, instance.secret);
  refused(await ask(instance, token), 422, "phone_not_confirmed");
});

test("2.9 it is noted, and one has to wait", async () => {
  const { email, user, session } = await slow.member();
  ok(await slow.get("/reauthenticate", { token: session.access_token }));
  const mail = await mailTo(email);
  assert.match(mail.code, /^\d{6}$/);
  assert.equal(mail.link, undefined);
  refused(await slow.get("/reauthenticate", { token: session.access_token }), 429, "over_email_send_rate_limit");
  const { reauthentication_sent_at } = ok(await slow.get("/user", { token: session.access_token }));
  assert.ok(Math.abs(Date.parse(reauthentication_sent_at) - Date.now()) < 60_000);
  const asked = await audited(slow, "user_reauthenticate_requested");
  assert.equal(asked.filter(({ actor_id }) => actor_id === user.id).length, 1);
  refused(await verify(slow, { type: "recovery", email, token: mail.code }), 403, "otp_expired");
});

test("2.9 by number, for who has no address", async () => {
  const phone = newPhone();
  ok(await careful.admin("POST", "/admin/users", { body: { phone, password: PASSWORD, phone_confirm: true } }));
  const signIn = () => careful.post("/token?grant_type=password", { phone, password: PASSWORD });
  const session = ok(await signIn());
  ageSession(session, DAY + 60);
  const sent = ok(await careful.get("/reauthenticate", { token: session.access_token }));
  assert.deepEqual(Object.keys(sent), ["message_id"]);
  const nonce = await textTo(phone);
  agePhone(phone, 61);
  const late = await change(careful, session, { password: NEW_PASSWORD, nonce });
  refused(late, 422, "reauthentication_not_valid");
  agePhone(phone, -61);
  ok(await change(careful, session, { password: NEW_PASSWORD, nonce }));
});
