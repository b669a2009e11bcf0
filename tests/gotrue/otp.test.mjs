// Asking for codes and links, and for another one (GoTrue reference, 2.6 and 2.8).
import test from "node:test";
import {
  PASSWORD, age, assert, claimsOf, mailTo, mailsAfterAll, newEmail, newInstance, newPhone, newSibling, ok, pkce,
  refused, sql, textTo,
} from "./helper.mjs";
import {
  AT_ONCE, PHONES, agePhone, anotherCode, anotherMail, audited, eightTimes, exchange, follow, verify,
} from "./codes_helper.mjs";

const instance = await newInstance({ ...AT_ONCE, ...PHONES });
/** Where one has to wait a minute, and numbers are switched off. */
const slow = await newInstance();

const otp = (body, at = instance) => at.post("/otp", body);
const resend = (body, at = instance) => at.post("/resend", body);
const bare = (phone) => phone.replace("+", "");

/** Someone whose number is confirmed. */
async function caller(at = instance) {
  const phone = newPhone();
  const user = ok(await at.admin("POST", "/admin/users", { body: { phone, password: PASSWORD, phone_confirm: true } }));
  return { phone, user };
}

const mustWait = (answer, code = "over_email_send_rate_limit") =>
  refused(answer, 429, code, /^For security purposes, you can only request this after \d+ seconds\.$/);

test("132 what a request must have", async () => {
  refused(await otp({}), 400, "validation_failed", "One of email or phone must be set");
  refused(await otp({ email: "", phone: "" }), 400, "validation_failed", "One of email or phone must be set");
  for (const contact of [{ email: newEmail() }, { phone: newPhone() }]) {
    const answer = await otp({ ...contact, create_user: false });
    refused(answer, 422, "otp_disabled", "Signups not allowed for otp");
  }
  refused(await otp({ email: "abc", create_user: false }), 400, "validation_failed");
  refused(await otp({ phone: "abc", create_user: false }), 400, "validation_failed");
  refused(await otp({ email: "abc" }), 400, "validation_failed");
  refused(await otp({ phone: "abc" }), 400, "validation_failed");
  refused(await instance.call("POST", "/otp"), 400, "bad_json");
  refused(await otp({ email: newEmail(), code_challenge_method: "s256" }), 400, "validation_failed");
  refused(await otp({ email: newEmail(), code_challenge: "a".repeat(43) }), 400, "validation_failed");
  const known = await instance.member();
  ok(await otp({ email: known.email, create_user: false }));
  ok(await otp({ phone: (await caller()).phone, create_user: false }));
});

test("133 whoever is new is signed up, and confirms the address", async () => {
  for (const type of ["email", "signup"]) {
    const email = newEmail();
    assert.deepEqual(ok(await otp({ email, data: { plan: "pro" } })), {});
    const mail = await mailTo(email);
    assert.equal(new URL(mail.link).searchParams.get("type"), "signup");
    refused(await verify(instance, { type: "magiclink", email, token: mail.code }), 403, "otp_expired");
    const { user } = ok(await verify(instance, { type, email, token: mail.code }));
    assert.ok(user.email_confirmed_at);
    assert.equal(user.user_metadata.plan, "pro");
    assert.equal(user.user_metadata.email, email);
    assert.deepEqual(user.app_metadata, { provider: "email", providers: ["email"] });
    assert.equal(user.recovery_sent_at, undefined);
    refused(await instance.signIn(email, ""), 400, "invalid_credentials");
  }
});

test("2.6 asking again before that sends the confirmation again", async () => {
  const email = newEmail();
  ok(await otp({ email }, slow));
  mustWait(await otp({ email }, slow));
  const first = await mailTo(email);
  age(email, 61);
  ok(await slow.post("/magiclink", { email }));
  const second = await anotherMail(email, first);
  assert.equal(second.subject, first.subject);
  refused(await verify(slow, { type: "signup", token_hash: first.token }), 403, "otp_expired");
  const { user } = ok(await verify(slow, { type: "signup", email, token: second.code }));
  assert.equal(user.recovery_sent_at, undefined);
});

test("134 whoever is known gets a link to sign in", async () => {
  for (const [path, type] of [["/otp", "email"], ["/otp", "magiclink"], ["/magiclink", "magiclink"]]) {
    const { email, user } = await instance.member();
    assert.deepEqual(ok(await instance.post(path, { email: email.toUpperCase(), data: { plan: "pro" } })), {});
    const mail = await mailTo(email);
    assert.equal(new URL(mail.link).searchParams.get("type"), "magiclink");
    refused(await verify(instance, { type: "signup", email, token: mail.code }), 403, "otp_expired");
    const session = ok(await verify(instance, { type, email, token: mail.code }));
    assert.equal(session.user.id, user.id);
    assert.ok(session.user.recovery_sent_at);
    assert.equal(session.user.user_metadata.plan, undefined);
    const asked = (await audited(instance, "user_recovery_requested")).filter(({ actor_id }) => actor_id === user.id);
    assert.equal(asked.length, 1);
  }
});

test("2.6 magic links and recovery share the time that one has to wait", async () => {
  const { email } = await slow.member();
  ok(await slow.post("/recover", { email }));
  mustWait(await otp({ email }, slow));
  mustWait(await slow.post("/magiclink", { email }));
  age(email, 61);
  ok(await otp({ email }, slow));
});

test("2.6 with PKCE the link gives a code", async () => {
  const { verifier, ...challenge } = pkce();
  const { email, user } = await instance.member();
  ok(await otp({ email, ...challenge }));
  const { query, fragment } = await follow((await mailTo(email)).link);
  assert.equal(fragment.access_token, undefined);
  const session = ok(await exchange(instance, query.code, verifier));
  assert.equal(session.user.id, user.id);
  assert.deepEqual(claimsOf(session.access_token).amr.map(({ method }) => method), ["magiclink"]);
  refused(await exchange(instance, query.code, verifier), 404, "flow_state_not_found");
});

test("135 where nobody can sign up, those who have may sign in", async () => {
  const closed = await newSibling(instance, { disable_signup: true, ...AT_ONCE, ...PHONES });
  refused(await otp({ email: newEmail() }, closed), 422, "signup_disabled");
  refused(await closed.post("/magiclink", { email: newEmail() }), 422, "signup_disabled");
  refused(await otp({ phone: newPhone() }, closed), 422, "signup_disabled");
  ok(await otp({ email: (await closed.member()).email }, closed));
});

test("136 /magiclink and its switches", async () => {
  const magicLink = (body, at = instance) => at.post("/magiclink", body);
  refused(await magicLink({}), 422, "validation_failed");
  refused(await magicLink({ email: "" }), 422, "validation_failed");
  refused(await magicLink({ email: "abc" }), 400, "validation_failed");
  refused(await instance.call("POST", "/magiclink", { body: "{" }), 400, "bad_json");
  for (const off of [{ external_email_magic_link_enabled: false }, { external_email_enabled: false }]) {
    const at = await newSibling(instance, off);
    refused(await magicLink({ email: newEmail() }, at), 422, "email_provider_disabled");
    refused(await otp({ email: newEmail() }, at), 422, "email_provider_disabled");
  }
});

test("137 one of address and number", async () => {
  refused(await otp({ phone: newPhone(), email: newEmail() }), 400, "validation_failed");
  refused(await otp({ email: newEmail(), channel: "sms" }), 400, "validation_failed");
});

test("2.6 with autoconfirm who is new is confirmed, and mailed a link to sign in", async () => {
  const at = await newInstance({ mailer_autoconfirm: true });
  const email = newEmail();
  assert.deepEqual(ok(await otp({ email, data: { plan: "pro" } }, at)), {});
  const mail = await mailTo(email);
  assert.equal(new URL(mail.link).searchParams.get("type"), "magiclink");
  const { user } = ok(await verify(at, { type: "magiclink", email, token: mail.code }));
  assert.ok(user.email_confirmed_at);
  assert.ok(user.recovery_sent_at);
  assert.equal(user.user_metadata.plan, "pro");
  assert.equal(await mailsAfterAll(at, email), 1);
});

test("2.6 by number", async () => {
  refused(await otp({ phone: newPhone() }, slow), 400, "phone_provider_disabled");
  refused(await otp({ phone: newPhone(), channel: "telegram" }), 400, "validation_failed");
  const phone = newPhone();
  assert.deepEqual(ok(await otp({ phone, data: { plan: "pro" } })), {});
  const first = await textTo(phone);
  const { user } = ok(await verify(instance, { type: "sms", phone, token: first }));
  assert.equal(user.phone, bare(phone));
  assert.equal(user.user_metadata.plan, "pro");
  const again = ok(await otp({ phone: phone.replace("+49", "+49 ") }));
  assert.deepEqual(Object.keys(again), ["message_id"]);
  assert.match(again.message_id, /./);
  const session = ok(await verify(instance, { type: "sms", phone, token: await anotherCode(phone, first) }));
  assert.equal(session.user.id, user.id);
  const asked = (await audited(instance, "user_recovery_requested")).filter(({ actor_id }) => actor_id === user.id);
  assert.deepEqual(asked.map(({ traits }) => traits), [{ channel: "sms" }]);
});

test("2.6 numbers have their own time to wait, and may count as confirmed", async () => {
  const at = await newInstance(PHONES);
  const { phone } = await caller(at);
  ok(await otp({ phone }, at));
  mustWait(await otp({ phone }, at), "over_sms_send_rate_limit");
  agePhone(phone, 61);
  ok(await otp({ phone }, at));

  const auto = await newInstance({ ...PHONES, sms_autoconfirm: true });
  const fresh = newPhone();
  assert.deepEqual(Object.keys(ok(await otp({ phone: fresh }, auto))), ["message_id"]);
  const { user } = ok(await verify(auto, { type: "sms", phone: fresh, token: await textTo(fresh) }));
  assert.ok(user.phone_confirmed_at);
});

test("2.6 eight requests for a new address at once make one user", async () => {
  const email = newEmail();
  const answers = await eightTimes(() => otp({ email }, slow));
  const good = answers.filter(({ status }) => status === 200);
  assert.equal(good.length, 1, answers.map(({ text }) => text).join("\n"));
  for (const answer of answers.filter((one) => one !== good[0])) mustWait(answer);
  assert.equal(sql("SELECT count(*)::int AS count FROM auth.users WHERE email = $1", email)[0].count, 1);
  assert.equal(await mailsAfterAll(slow, email), 1);
  ok(await verify(slow, { type: "signup", email, token: (await mailTo(email)).code }));
});

test("1.5 where one need not wait, none of eight at once has to", async () => {
  const email = newEmail();
  for (const answer of await eightTimes(() => otp({ email }))) ok(answer);
  assert.equal(sql("SELECT count(*)::int AS count FROM auth.users WHERE email = $1", email)[0].count, 1);
});

test("142 what can be sent once more", async () => {
  const [email, phone] = [newEmail(), newPhone()];
  for (const type of [undefined, "", "recovery", "magiclink", "invite"]) {
    const { msg } = refused(await resend({ type, email }), 400, "validation_failed");
    for (const name of ["signup", "email_change", "sms", "phone_change"]) assert.ok(msg.includes(name), msg);
  }
  const invalid = async (body, message) => refused(await resend(body), 400, "validation_failed", message);
  await invalid({ type: "signup" }, "Type provided requires an email address");
  await invalid({ type: "signup", phone }, "Type provided requires an email address");
  await invalid({ type: "sms" }, "Type provided requires a phone number");
  await invalid({ type: "sms", email }, "Type provided requires a phone number");
  const both = "Only an email address or phone number should be provided.";
  await invalid({ type: "email_change", email, phone }, both);
  await invalid({ type: "email_change" }, "Missing email address or phone number");
  await invalid({ type: "phone_change" }, "Missing email address or phone number");
  await invalid({ type: "signup", email: "abc" });
  await invalid({ type: "sms", phone: "abc" });
  const off = await newSibling(instance, { external_email_enabled: false });
  refused(await resend({ type: "signup", email }, off), 400, "email_provider_disabled");
  refused(await resend({ type: "sms", phone }, slow), 400, "phone_provider_disabled");
});

test("141 a confirmation is sent once more, to who waits for one", async () => {
  assert.deepEqual(ok(await resend({ type: "signup", email: newEmail() })), {});
  assert.deepEqual(ok(await resend({ type: "sms", phone: newPhone() })), {});
  const { email: known } = await instance.member();
  assert.deepEqual(ok(await resend({ type: "signup", email: known })), {});
  assert.deepEqual(ok(await resend({ type: "email_change", email: known })), {});
  assert.deepEqual(ok(await resend({ type: "phone_change", email: known })), {});
  assert.equal(await mailsAfterAll(instance, known), 0);

  const email = newEmail();
  const user = await slow.signUp(email);
  mustWait(await resend({ type: "signup", email }, slow));
  const first = await mailTo(email);
  age(email, 61);
  assert.deepEqual(ok(await resend({ type: "signup", email }, slow)), {});
  const second = await anotherMail(email, first);
  refused(await verify(slow, { type: "signup", token_hash: first.token }), 403, "otp_expired");
  ok(await verify(slow, { type: "signup", email, token: second.code }));
  ok(await slow.signIn(email));
  const asked = (await audited(slow, "user_confirmation_requested")).filter(({ actor_id }) => actor_id === user.id);
  assert.equal(asked.length, 2);
});
