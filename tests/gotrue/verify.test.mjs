// Codes and links that come back (GoTrue reference, 1.7, 2.5, 4.5, 4.7 and 4.8).
import test from "node:test";
import {
  NEW_FORM, PASSWORD, SITE, age, assert, claimsOf, mailTo, newEmail, newInstance, newPhone, newSibling, ok, pkce,
  refused, sql,
} from "./helper.mjs";
import {
  AT_ONCE, WRONG_CODE, WRONG_LINK, anotherMail, audited, exchange, follow, linkTo, refusedLink, sessionsOf, verify,
} from "./codes_helper.mjs";

const instance = await newInstance({ ...AT_ONCE, uri_allow_list: "https://other.example/**" });

const methods = (session) => claimsOf(session.access_token).amr.map(({ method }) => method);

/** Someone who has signed up and got the mail about it. */
async function signedUp(more = {}, at = instance) {
  const email = newEmail();
  const user = await at.signUp(email, more);
  return { email, user, mail: await mailTo(email) };
}

/** A confirmed user who has asked for a mail. */
async function asked(path, more = {}, at = instance) {
  const { email, user } = await at.member();
  ok(await at.post(path, { email, ...more }));
  return { email, user, mail: await mailTo(email) };
}

test("104 a link signs in, once", async () => {
  const { email, user, mail } = await signedUp();
  const sent = await follow(mail.link);
  assert.equal(sent.target, SITE);
  assert.deepEqual(sent.query, {});
  assert.deepEqual(sent.names,
    ["access_token", "expires_at", "expires_in", "refresh_token", "sb", "token_type", "type"]);
  const { access_token, refresh_token, ...rest } = sent.fragment;
  const { exp } = claimsOf(access_token);
  assert.deepEqual(rest, { expires_at: String(exp), expires_in: "3600", sb: "", token_type: "bearer", type: "signup" });
  const own = ok(await instance.get("/user", { token: access_token }));
  assert.equal(own.id, user.id);
  assert.equal(own.email, email);
  ok(await instance.refresh(refresh_token));

  const again = await refusedLink(mail.link, "otp_expired");
  assert.equal(again.target, SITE);
  assert.deepEqual(again.query, {});
  assert.deepEqual(again.names, ["error", "error_code", "error_description", "sb"]);
  assert.equal(again.fragment.error_description, WRONG_LINK);
  assert.equal(sessionsOf(user.id), 1);
});

test("105 what a link must have", async () => {
  refused(await instance.get("/verify?type=signup"), 400, "validation_failed");
  refused(await instance.get("/verify?type=signup&token="), 400, "validation_failed");
  refused(await instance.get("/verify?token=abc"), 400, "validation_failed", "Verify requires a verification type");
  refused(await instance.get("/verify", { headers: NEW_FORM }), 400, "validation_failed");
  const { mail } = await signedUp();
  for (const type of ["foo", "sms", "phone_change", "Signup"]) {
    await refusedLink(linkTo(instance, { type, token: mail.token }), "validation_failed", "invalid_request");
  }
  assert.ok((await follow(mail.link)).fragment.access_token, "the token is as good as before");
});

test("106 where a browser is sent", async () => {
  const to = async (query, headers) =>
    (await follow(linkTo(instance, { type: "signup", token: "x", ...query }), headers)).target;
  assert.equal(await to({}), SITE);
  assert.equal(await to({ redirect_to: "https://evil.example/x" }), SITE);
  assert.equal(await to({ redirect_to: `${SITE}/welcome` }), `${SITE}/welcome`);
  assert.equal(await to({ redirect_to: "https://other.example/x" }), "https://other.example/x");
  // The header comes before the query, and the page that the browser comes from is the last resort.
  assert.equal(await to({ redirect_to: `${SITE}/a` }, { redirect_to: `${SITE}/b` }), `${SITE}/b`);
  assert.equal(await to({}, { referer: `${SITE}/c` }), `${SITE}/c`);
  assert.equal(await to({ redirect_to: "https://evil.example/x" }, { referer: `${SITE}/c` }), `${SITE}/c`);
  assert.equal(await to({}, { referer: "https://evil.example/x" }), SITE);
});

test("106 the mail's link leads where the request said, if that is allowed", async () => {
  const allowed = "https://other.example/a?b=c";
  for (const [wanted, got] of [[allowed, allowed], ["https://evil.example/", SITE]]) {
    const email = newEmail();
    ok(await instance.post("/signup", { email, password: PASSWORD }, { query: { redirect_to: wanted } }));
    const { link } = await mailTo(email);
    assert.equal(new URL(link).searchParams.get("redirect_to"), got);
    assert.ok((await follow(link)).location.startsWith(`${got}#access_token=`));
  }
});

test("107 a query of the address's own is kept", async () => {
  const redirect_to = `${SITE}/welcome?rnd=1`;
  const { mail } = await signedUp();
  const sent = await follow(linkTo(instance, { type: "signup", token: mail.token, redirect_to }));
  assert.ok(sent.location.startsWith(`${redirect_to}#access_token=`), sent.location);

  const { verifier, ...challenge } = pkce();
  const other = await signedUp(challenge);
  assert.match(other.mail.token, /^pkce_/);
  const back = await follow(linkTo(instance, { type: "signup", token: other.mail.token, redirect_to }));
  assert.equal(back.target, `${SITE}/welcome`);
  assert.deepEqual(Object.keys(back.query).sort(), ["code", "rnd"]);
  assert.equal(back.query.rnd, "1");
  assert.equal(back.fragment.access_token, undefined);
  const session = ok(await exchange(instance, back.query.code, verifier));
  assert.equal(session.user.id, other.user.id);
  assert.ok(session.user.email_confirmed_at);
  assert.deepEqual(methods(session), ["email/signup"]);
});

test("108 with PKCE a refusal is told in query and fragment", async () => {
  const redirect_to = `${SITE}/welcome?keep=1&error=mine`;
  const sent = await refusedLink(linkTo(instance, { type: "signup", token: "pkce_abc", redirect_to }), "otp_expired");
  assert.equal(sent.target, `${SITE}/welcome`);
  const told = { error: "access_denied", error_code: "otp_expired", error_description: WRONG_LINK };
  assert.deepEqual(sent.query, { keep: "1", ...told });
  assert.deepEqual(sent.fragment, { sb: "", ...told });
  const implicit = await follow(linkTo(instance, { type: "signup", token: "abc", redirect_to }));
  assert.ok(implicit.location.startsWith(`${redirect_to}#error=access_denied&`), implicit.location);
});

test("2.5 a link whose flow is gone does nothing", async () => {
  const { verifier, ...challenge } = pkce();
  const { mail, user } = await signedUp(challenge);
  sql("DELETE FROM auth.flow_states WHERE user_id = $1 RETURNING 1 AS one", user.id);
  const sent = await refusedLink(mail.link, "flow_state_not_found", null);
  assert.equal(sent.query.error_code, "flow_state_not_found");
  const after = ok(await instance.admin("GET", `/admin/users/${user.id}`));
  assert.equal(after.email_confirmed_at, undefined);
});

test("109 codes and links expire", async () => {
  const day = 86_400;
  const old = await signedUp();
  age(old.email, day);
  await refusedLink(old.mail.link, "otp_expired");
  const late = await verify(instance, { type: "signup", email: old.email, token: old.mail.code });
  refused(late, 403, "otp_expired", WRONG_CODE);
  refused(await verify(instance, { type: "signup", token_hash: old.mail.token }), 403, "otp_expired", WRONG_LINK);
  const young = await signedUp();
  age(young.email, day - 60);
  ok(await verify(instance, { type: "signup", email: young.email, token: young.mail.code }));

  const hasty = await newSibling(instance, { mailer_otp_exp: 120 });
  const { email, mail } = await asked("/recover", {}, hasty);
  age(email, 120);
  refused(await verify(hasty, { type: "recovery", email, token: mail.code }), 403, "otp_expired");
});

test("110 whoever is banned cannot use them", async () => {
  const { email, user, mail } = await asked("/recover");
  ok(await instance.admin("PUT", `/admin/users/${user.id}`, { body: { ban_duration: "1h" } }));
  await refusedLink(mail.link, "user_banned");
  refused(await verify(instance, { type: "recovery", email, token: mail.code }), 403, "user_banned");
  refused(await verify(instance, { type: "recovery", token_hash: mail.token }), 403, "user_banned");
  assert.equal(sessionsOf(user.id), 1, "the one from before");
});

test("111 a code signs in; one that is wrong does not tell whether the user is known", async () => {
  const { email, user, mail } = await signedUp();
  const wrong = String((Number(mail.code) + 1) % 1_000_000).padStart(6, "0");
  const answers = [
    await verify(instance, { type: "signup", email, token: wrong }),
    await verify(instance, { type: "signup", email: newEmail(), token: wrong }),
    await verify(instance, { type: "signup", email: newEmail(), token: mail.code }),
  ];
  for (const answer of answers) refused(answer, 403, "otp_expired", WRONG_CODE);
  assert.equal(new Set(answers.map(({ text }) => text)).size, 1);
  const session = ok(await verify(instance, { type: "signup", email: email.toUpperCase(), token: mail.code }));
  assert.equal(session.user.id, user.id);
  assert.equal(session.token_type, "bearer");
  assert.deepEqual(methods(session), ["otp"]);
  refused(await verify(instance, { type: "signup", email, token: mail.code }), 403, "otp_expired", WRONG_CODE);
  refused(await verify(instance, { type: "signup", token_hash: mail.token }), 403, "otp_expired", WRONG_LINK);
});

test("112 what a request must have", async () => {
  const [type, token, token_hash, email, phone] = ["signup", "123456", "abc", newEmail(), newPhone()];
  const either = "Verify requires either a token or a token hash";
  for (const [body, message] of [
    [{}, "Verify requires a verification type"],
    [{ token, email }, "Verify requires a verification type"],
    [{ type: "", token, email }, "Verify requires a verification type"],
    [{ type }, either],
    [{ type, email }, either],
    [{ type, token, token_hash }, either],
    [{ type, token, token_hash, email }, either],
    [{ type, token, email, phone }],
    [{ type, token }],
    [{ type, token_hash, email }],
    [{ type, token_hash, phone }],
    [{ type, token_hash, redirect_to: SITE }],
    [{ type: "foo", token_hash }],
    [{ type: "sms", token_hash }],
    [{ type: "phone_change", token_hash }],
  ]) {
    refused(await verify(instance, body), 400, "validation_failed", message);
  }
  refused(await instance.call("POST", "/verify", { body: "{" }), 400, "bad_json");
  refused(await instance.call("POST", "/verify"), 400, "bad_json");
});

test("113 the type email takes a code of either kind", async () => {
  const fresh = await signedUp();
  const first = ok(await verify(instance, { type: "email", email: fresh.email, token: fresh.mail.code }));
  assert.ok(first.user.email_confirmed_at);
  const known = await asked("/otp");
  const second = ok(await verify(instance, { type: "email", email: known.email, token: known.mail.code }));
  assert.equal(second.user.id, known.user.id);
  for (const [make, path] of [[signedUp], [asked, "/magiclink"]]) {
    const { mail, user } = await make(path);
    const session = ok(await verify(instance, { type: "email", token_hash: mail.token }));
    assert.equal(session.user.id, user.id);
  }
  // A code that confirms does not sign in by the other name, nor the other way round.
  const { email, mail } = await signedUp();
  refused(await verify(instance, { type: "recovery", email, token: mail.code }), 403, "otp_expired");
  refused(await verify(instance, { type: "email_change", email, token: mail.code }), 403, "otp_expired");
  refused(await verify(instance, { type: "sms", email, token: mail.code }), 403, "otp_expired");
});

test("114 magic links and recovery are the same", async () => {
  for (const [path, type] of [["/recover", "magiclink"], ["/magiclink", "recovery"], ["/otp", "recovery"]]) {
    const code = await asked(path);
    ok(await verify(instance, { type, email: code.email, token: code.mail.code }));
    const link = await asked(path);
    ok(await verify(instance, { type, token_hash: link.mail.token }));
    const followed = await follow(linkTo(instance, { type, token: (await asked(path)).mail.token }));
    assert.equal(followed.fragment.type, type);
    refused(await verify(instance, { type: "signup", email: code.email, token: code.mail.code }), 403, "otp_expired");
  }
});

test("115 the code of a mail for PKCE gives tokens", async () => {
  const { verifier, ...challenge } = pkce();
  const fresh = await signedUp(challenge);
  const session = ok(await verify(instance, { type: "signup", email: fresh.email, token: fresh.mail.code }));
  assert.equal(session.user.id, fresh.user.id);
  assert.deepEqual(methods(session), ["otp"]);
  await refusedLink(fresh.mail.link, "otp_expired");
});

test("116 so does its token", async () => {
  const { verifier, ...challenge } = pkce();
  const { user, mail } = await asked("/recover", challenge);
  assert.match(mail.token, /^pkce_/);
  const session = ok(await verify(instance, { type: "recovery", token_hash: mail.token }));
  assert.equal(session.user.id, user.id);
  assert.deepEqual(methods(session), ["otp"]);
});

test("117 confirming an address", async () => {
  const { email, user, mail } = await signedUp({ data: { plan: "pro" } });
  assert.equal(user.email_confirmed_at, undefined);
  assert.equal(user.identities[0].identity_data.email_verified, false);
  const confirmed = ok(await verify(instance, { type: "signup", email, token: mail.code })).user;
  assert.ok(Math.abs(Date.parse(confirmed.email_confirmed_at) - Date.now()) < 60_000);
  assert.equal(confirmed.confirmed_at, confirmed.email_confirmed_at);
  assert.equal(confirmed.user_metadata.email_verified, true);
  assert.equal(confirmed.user_metadata.plan, "pro");
  assert.equal(confirmed.identities[0].identity_data.email_verified, true);
  assert.deepEqual(confirmed.app_metadata, { provider: "email", providers: ["email"] });
  ok(await instance.signIn(email));
  const entries = (await audited(instance, "user_signedup")).filter(({ actor_id }) => actor_id === user.id);
  assert.deepEqual(entries.map(({ traits }) => traits), [{ provider: "email" }]);
});

test("2.5 whoever recovers an account that was never confirmed confirms it", async () => {
  const { email, user, mail } = await signedUp();
  ok(await instance.post("/recover", { email }));
  const recovery = await anotherMail(email, mail);
  const session = ok(await verify(instance, { type: "recovery", email, token: recovery.code }));
  assert.ok(session.user.email_confirmed_at);
  assert.equal(session.user.user_metadata.email_verified, true);
  refused(await verify(instance, { type: "signup", email, token: mail.code }), 403, "otp_expired");
  await refusedLink(mail.link, "otp_expired");
  assert.equal((await audited(instance, "user_signedup")).filter(({ actor_id }) => actor_id === user.id).length, 1);
  const again = await asked("/recover");
  ok(await verify(instance, { type: "recovery", email: again.email, token: again.mail.code }));
  const logins = (await audited(instance, "login")).filter(({ actor_id }) => actor_id === again.user.id);
  assert.equal(logins.length, 2, "with the one by password");
});

test("118 an invitation is accepted", async () => {
  const email = newEmail();
  const invited = ok(await instance.admin("POST", "/invite", { body: { email, data: { team: "red" } } }));
  const mail = await mailTo(email);
  const sent = await follow(mail.link);
  assert.equal(sent.fragment.type, "invite");
  const user = ok(await instance.get("/user", { token: sent.fragment.access_token }));
  assert.equal(user.id, invited.id);
  assert.ok(user.email_confirmed_at);
  assert.ok(user.invited_at);
  assert.deepEqual(methods(sent.fragment), ["otp"]);
  const other = newEmail();
  ok(await instance.admin("POST", "/invite", { body: { email: other } }));
  ok(await verify(instance, { type: "invite", email: other, token: (await mailTo(other)).code }));
});

test("119 only the newest works", async () => {
  const { email, mail: first } = await signedUp();
  ok(await instance.post("/resend", { type: "signup", email }));
  const second = await anotherMail(email, first);
  await refusedLink(first.link, "otp_expired");
  refused(await verify(instance, { type: "signup", token_hash: first.token }), 403, "otp_expired", WRONG_LINK);
  if (first.code !== second.code) {
    refused(await verify(instance, { type: "signup", email, token: first.code }), 403, "otp_expired", WRONG_CODE);
  }
  ok(await verify(instance, { type: "signup", email, token: second.code }));
});
