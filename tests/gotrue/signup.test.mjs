// Signing up by address (GoTrue reference, 2.2, 3.2, 3.3, 4.1 and 4.5).
import test from "node:test";
import {
  PASSWORD, UUID, age, assert, claimsOf, mailTo, mailsAfterAll, newEmail, newInstance, newPhone, ok, refused,
} from "./helper.mjs";
import { TIME, audited, now, usersWith } from "./accounts_helper.mjs";

const instance = await newInstance();
const auto = await newInstance({ mailer_autoconfirm: true });

const attempt = (at, body, options) => at.post("/signup", { password: PASSWORD, ...body }, options);
const confirm = (at, email, token) => at.post("/verify", { type: "signup", email, token });
const isNow = (time) => Math.abs(Date.parse(time) / 1000 - now()) <= 5;

test("32 3.2 3.3 somebody new", async () => {
  const email = newEmail();
  const { id, created_at, updated_at, confirmation_sent_at, identities, ...user } = await instance.signUp(email);
  assert.match(id, UUID);
  for (const time of [created_at, updated_at, confirmation_sent_at]) {
    assert.match(time, TIME);
    assert.ok(isNow(time));
  }
  const data = { sub: id, email, email_verified: false, phone_verified: false };
  assert.deepEqual(user, {
    aud: "authenticated", role: "authenticated", email, phone: "", is_anonymous: false,
    app_metadata: { provider: "email", providers: ["email"] }, user_metadata: data,
  });
  assert.equal(identities.length, 1);
  const { identity_id, created_at: made, updated_at: changed, last_sign_in_at, ...identity } = identities[0];
  assert.match(identity_id, UUID);
  for (const time of [made, changed]) assert.match(time, TIME);
  if (last_sign_in_at !== undefined) assert.match(last_sign_in_at, TIME);
  assert.deepEqual(identity, { id, user_id: id, provider: "email", identity_data: data, email });
  assert.deepEqual(audited(instance, id), [["user_confirmation_requested", { provider: "email" }]]);
});

test("33 an address in capitals", async () => {
  const email = newEmail();
  const user = await instance.signUp(email.toUpperCase());
  assert.deepEqual([user.email, user.identities[0].email, user.user_metadata.email], [email, email, email]);
  refused(await attempt(instance, { email }), 429, "over_email_send_rate_limit");
});

test("34 the same again before it is confirmed", async () => {
  const email = newEmail();
  const { id } = await instance.signUp(email, { data: { plan: "pro" } });
  const first = await mailTo(email);
  age(email, 61);
  const again = await instance.signUp(email, { password: "another horse 2", data: { plan: "free" } });
  assert.deepEqual([again.id, again.user_metadata.plan], [id, "pro"]);
  assert.ok(isNow(again.confirmation_sent_at));
  const second = await mailTo(email, 1);
  assert.notEqual(second.token, first.token);
  refused(await confirm(instance, email, first.code === second.code ? "000000" : first.code), 403, "otp_expired");
  ok(await confirm(instance, email, second.code));
  ok(await instance.signIn(email, PASSWORD));
  refused(await instance.signIn(email, "another horse 2"), 400, "invalid_credentials");
});

test("35 the same again within a minute", async () => {
  const email = newEmail();
  await instance.signUp(email);
  const { msg } = refused(await attempt(instance, { email }), 429, "over_email_send_rate_limit");
  const seconds = msg.match(/^For security purposes, you can only request this after (\d+) seconds\.$/)?.[1];
  assert.ok(seconds >= 1 && seconds <= 60, msg);
  await mailTo(email);
  assert.equal(await mailsAfterAll(instance, email), 1);
});

test("35 how often mails are sent is set", async () => {
  const own = await newInstance({ smtp_max_frequency: "0s" });
  const { id, email } = await own.signUp();
  assert.equal((await own.signUp(email)).id, id);
});

test("36 somebody who is confirmed is not told", async () => {
  const { email, user } = await instance.member({ user_metadata: { secret: 1 } });
  const { id, created_at, updated_at, confirmation_sent_at, ...shown } = await instance.signUp(email.toUpperCase(), {
    data: { plan: "pro" }, password: "another horse 2",
  });
  assert.match(id, UUID);
  assert.notEqual(id, user.id);
  for (const time of [created_at, updated_at, confirmation_sent_at]) assert.ok(isNow(time));
  assert.deepEqual(shown, {
    aud: "authenticated", role: "", email, phone: "", is_anonymous: false, identities: [],
    app_metadata: { provider: "email", providers: ["email"] }, user_metadata: { plan: "pro" },
  });
  assert.notEqual((await instance.signUp(email)).id, id, "it is another one each time");
  assert.equal(await mailsAfterAll(instance, email), 0);
  const told = audited(instance, user.id).filter(([action]) => action === "user_repeated_signup");
  assert.deepEqual(told, Array(2).fill(["user_repeated_signup", { provider: "email" }]));
  ok(await instance.signIn(email, PASSWORD));
});

test("37 somebody who is confirmed, with autoconfirm", async () => {
  const { user: { email } } = await auto.signUp();
  for (const password of [PASSWORD, "another horse 2"]) {
    refused(await attempt(auto, { email, password }), 422, "user_already_exists", "User already registered");
  }
});

test("38 autoconfirm of numbers tells of addresses, too", async () => {
  const own = await newInstance({ sms_autoconfirm: true });
  const { email } = await own.member();
  refused(await attempt(own, { email }), 422, "user_already_exists");
});

test("39 40 41 50 what is asked for is checked in an order", async () => {
  const phones = await newInstance({ external_phone_enabled: true, external_email_enabled: false });
  const strict = await newInstance({ password_required_characters: "0123456789", external_email_enabled: false });
  const [email, phone, code_challenge, long] = [newEmail(), newPhone(), "a".repeat(43), "a".repeat(73)];
  const invalid = "validation_failed";
  for (const [at, body, status, code, message] of [
    [instance, { email, phone, password: undefined }, 400, invalid, /password/i],
    [instance, { email, password: "" }, 400, invalid, /password/i],
    [instance, { email, password: null }, 400, invalid, /password/i],
    [strict, { email, phone, password: long }, 400, invalid, "Password cannot be longer than 72 characters"],
    [strict, { email, phone, password: "letters" }, 422, "weak_password", /./],
    [instance, { email, phone, channel: "telegram" }, 400, invalid, /email/i],
    [instance, { phone, channel: "telegram", code_challenge }, 400, invalid, /channel/i],
    [phones, { phone, code_challenge, code_challenge_method: "s256" }, 400, invalid, /PKCE/],
    [strict, { email, password: "letters 1", code_challenge }, 400, invalid, /code_challenge/],
    [strict, { email: "invalid", password: "letters 1" }, 400, "email_provider_disabled", /./],
    [instance, { email: "invalid" }, 400, invalid, "Unable to validate email address: invalid format"],
    [instance, { phone: "invalid" }, 400, "phone_provider_disabled", /./],
    [phones, { phone: "invalid" }, 400, invalid, "Invalid phone number format (E.164 required)"],
  ]) {
    refused(await attempt(at, body), status, code, message);
  }
});

test("46 a provider that is off", async () => {
  const own = await newInstance({ external_email_enabled: false });
  refused(await attempt(own, { email: newEmail() }), 400, "email_provider_disabled");
  refused(await attempt(own, { phone: newPhone() }), 400, "phone_provider_disabled");
});

test("47 nobody can sign up", async () => {
  const own = await newInstance({ disable_signup: true, external_email_enabled: false });
  const message = "Signups not allowed for this instance";
  for (const body of [{ email: newEmail() }, { phone: newPhone() }, { email: newEmail(), password: "" }]) {
    refused(await attempt(own, body), 422, "signup_disabled", message);
  }
});

test("53 what users say of themselves", async () => {
  const data = {
    sub: "x", email: "x@example.org", email_verified: true, phone_verified: true, plan: "pro", deep: { a: [1, null] },
    none: null,
  };
  const { id, email, user_metadata, identities } = await instance.signUp(newEmail(), { data });
  const server = { sub: id, email, email_verified: false, phone_verified: false };
  assert.deepEqual(user_metadata, { ...data, ...server });
  assert.deepEqual(identities[0].identity_data, { ...data, ...server });
});

test("55 3.1 autoconfirm gives a session", async () => {
  const email = newEmail();
  const session = ok(await attempt(auto, { email, data: { plan: "pro" } }));
  assert.deepEqual(Object.keys(session).sort(), [
    "access_token", "expires_at", "expires_in", "refresh_token", "token_type", "user",
  ]);
  assert.deepEqual([session.token_type, session.expires_in], ["bearer", 3600]);
  assert.ok(Number.isInteger(session.expires_at) && Math.abs(session.expires_at - now() - 3600) <= 5);
  const { user } = session;
  for (const time of [user.email_confirmed_at, user.confirmed_at, user.last_sign_in_at]) assert.ok(isNow(time), time);
  assert.equal(user.confirmation_sent_at, undefined);
  assert.deepEqual([user.user_metadata.email_verified, user.user_metadata.plan], [true, "pro"]);
  assert.equal(claimsOf(session.access_token).amr[0].method, "password");
  const provider = "email";
  assert.deepEqual(audited(auto, user.id), [["login", { provider }], ["user_signedup", { provider }]]);
  ok(await auto.signIn(email));
  assert.equal(await mailsAfterAll(auto, email), 0);
});

test("4.5 32 an address is confirmed", async () => {
  const email = newEmail();
  const { id } = await instance.signUp(email, { data: { plan: "pro" } });
  const { user } = ok(await confirm(instance, email, (await mailTo(email)).code));
  assert.equal(user.id, id);
  for (const time of [user.email_confirmed_at, user.confirmed_at]) assert.ok(isNow(time));
  const data = { sub: id, email, email_verified: true, phone_verified: false, plan: "pro" };
  assert.deepEqual(user.user_metadata, data);
  assert.deepEqual(user.identities[0].identity_data, data);
  ok(await instance.signIn(email));
});

test("2.2 somebody who was invited is told nothing", async () => {
  const email = newEmail();
  const { id } = ok(await instance.admin("POST", "/invite", { body: { email, data: { secret: 1 } } }));
  age(email, 61);
  const user = await instance.signUp(email, { data: { plan: "pro" } });
  assert.deepEqual([user.id, user.user_metadata, user.identities], [id, {}, []]);
  assert.ok(user.confirmation_sent_at);
});

test("18 4.2 an address that is not on the list makes no user", async () => {
  const own = await newInstance({ external_email_authorized_addresses: "lena@example.org,max@example.org" });
  const email = newEmail();
  refused(await attempt(own, { email }), 400, "email_address_not_authorized");
  assert.equal(usersWith(own, email), 0);
  const user = await own.signUp("Lena+tag@Example.org");
  assert.equal(user.email, "lena+tag@example.org");
});

test("4.1 an address is one user's whatever the audience", async () => {
  const headers = { "x-jwt-aud": "other" };
  for (const own of [await newInstance(), await newInstance({ mailer_autoconfirm: true })]) {
    const { email } = await own.member();
    const { status, text } = await attempt(own, { email }, { headers });
    assert.ok(status === 200 || status === 422, `${status} ${text}`);
    assert.equal(usersWith(own, email), 1);
    const login = await own.post("/token?grant_type=password", { email, password: PASSWORD }, { headers });
    refused(login, 400, "invalid_credentials");
  }
});

test("4.1 an address that was deleted is free again", async () => {
  for (const should_soft_delete of [false, true]) {
    const { email, user } = await auto.member();
    ok(await auto.admin("DELETE", `/admin/users/${user.id}`, { body: { should_soft_delete } }));
    const session = ok(await attempt(auto, { email }));
    assert.notEqual(session.user.id, user.id);
    ok(await auto.signIn(email));
  }
});

test("2.2 instances with users of their own", async () => {
  const email = newEmail();
  const other = await newInstance({ mailer_autoconfirm: true });
  const ids = [];
  for (const at of [auto, other]) ids.push(ok(await attempt(at, { email })).user.id);
  assert.notEqual(ids[0], ids[1]);
});
