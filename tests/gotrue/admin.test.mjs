// Administering users (GoTrue reference, 2.19 and 4.13).
import { randomUUID } from "node:crypto";
import test from "node:test";
import {
  PASSWORD, UUID, assert, claimsOf, mailTo, newEmail, newInstance, newPhone, ok, refused,
} from "./helper.mjs";
import { AT_ONCE, PHONES, audited, eightTimes, refusedLink, sessionsOf } from "./codes_helper.mjs";

const NEW_PASSWORD = "another horse 2";
const HOUR = 3_600_000;
const NIL = "00000000-0000-0000-0000-000000000000";
// "correct horse 1", hashed elsewhere.
const BCRYPT = "$2y$10$abcdefghijklmnopqrstuuFzaLl22Q/4sUS1B6HLw8.TDaHis0CLy";

const instance = await newInstance({ ...AT_ONCE, ...PHONES, external_anonymous_users_enabled: true });

const create = (body, at = instance) => at.admin("POST", "/admin/users", { body });
const update = (id, body) => instance.admin("PUT", `/admin/users/${id}`, { body });
const find = (id) => instance.admin("GET", `/admin/users/${id}`);
const bare = (phone) => phone.replace("+", "");
const signInByPhone = (phone, password = PASSWORD) => instance.post("/token?grant_type=password", { phone, password });
const isAbout = (time, wanted) => assert.ok(Math.abs(Date.parse(time) - wanted) < 60_000, time);

test("202 a user needs an address or a number", async () => {
  refused(await create({}), 400, "validation_failed");
  refused(await create({ email: "", phone: "", password: PASSWORD }), 400, "validation_failed");
  refused(await instance.admin("POST", "/admin/users"), 400, "bad_json");
  const email = newEmail();
  const user = ok(await create({ email: email.toUpperCase() }));
  assert.equal(user.email, email);
  assert.equal(user.email_confirmed_at, undefined);
  assert.equal(user.confirmation_sent_at, undefined);
  assert.deepEqual(user.app_metadata, { provider: "email", providers: ["email"] });
  assert.deepEqual(user.user_metadata, {});
  assert.equal(user.role, "authenticated");
  const { sub, ...data } = user.identities[0].identity_data;
  assert.equal(sub, user.id);
  assert.deepEqual(data, { email, email_verified: false, phone_verified: false });
  for (const password of ["", PASSWORD]) refused(await instance.signIn(email, password), 400, "invalid_credentials");
  const phone = newPhone();
  const other = ok(await create({ phone, password: PASSWORD, phone_confirm: true }));
  assert.equal(other.phone, bare(phone));
  assert.ok(other.phone_confirmed_at);
  ok(await signInByPhone(phone));
});

test("202 what is no address, no number, too long", async () => {
  const message = "Unable to validate email address: invalid format";
  refused(await create({ email: "abc" }), 400, "validation_failed", message);
  refused(await create({ phone: "abc" }), 400, "validation_failed");
  const long = await create({ email: newEmail(), password: "x".repeat(73) });
  assert.ok([400, 500].includes(long.status), long.text);
  ok(await create({ email: newEmail(), password: "short" }));
});

test("203 passwords that were hashed elsewhere", async () => {
  const email = newEmail();
  for (const password of [PASSWORD, ""]) {
    refused(await create({ email, password, password_hash: BCRYPT }), 400, "validation_failed");
  }
  for (const password_hash of ["abc", "$1$abc$def"]) {
    refused(await create({ email, password_hash }), 500, "unexpected_failure");
  }
  ok(await create({ email, password_hash: BCRYPT, email_confirm: true }));
  refused(await instance.signIn(email, NEW_PASSWORD), 400, "invalid_credentials");
  ok(await instance.signIn(email));
});

test("4.4 hashes that are not taken", async () => {
  const rest = "c29tZXNhbHQ$aGFzaGFzaGFzaGFzaGFzaGFzaGFzaGFzaGFzaGFzaGE";
  for (const password_hash of [
    `$argon2d$v=19$m=64,t=1,p=1$${rest}`,
    `$argon2id$v=16$m=64,t=1,p=1$${rest}`,
    `$argon2id$v=19$m=64,t=1,p=1,keyid=a$${rest}`,
    `$argon2id$v=19$m=1048577,t=1,p=1$${rest}`,
    `$argon2id$v=19$m=64,t=21,p=1$${rest}`,
    `$argon2id$v=19$m=512,t=1,p=17$${rest}`,
    `${BCRYPT}x`,
    BCRYPT.slice(0, -1),
    BCRYPT.replace("$2y$", "$2x$"),
  ]) {
    const answer = await create({ email: newEmail(), password_hash });
    assert.equal(answer.status, 500, password_hash);
  }
});

test("204 an id of one's choice", async () => {
  for (const id of [NIL, "abc"]) refused(await create({ id, email: newEmail() }), 400, "validation_failed");
  const id = randomUUID();
  assert.equal(ok(await create({ id, email: newEmail() })).id, id);
  refused(await create({ id, email: newEmail() }), 500, "unexpected_failure");
  assert.match(ok(await create({ email: newEmail() })).id, UUID);
});

test("205 confirmed from the beginning", async () => {
  const user = ok(await create({ email: newEmail(), email_confirm: true, user_metadata: { plan: "pro" } }));
  isAbout(user.email_confirmed_at, Date.now());
  assert.equal(user.confirmed_at, user.email_confirmed_at);
  assert.deepEqual(user.user_metadata, { plan: "pro", email_verified: true });
});

test("206 what is taken", async () => {
  const [email, phone] = [newEmail(), newPhone()];
  ok(await create({ email, phone }));
  refused(await create({ email: email.toUpperCase() }), 422, "email_exists");
  refused(await create({ phone }), 422, "phone_exists");
  refused(await create({ phone: bare(phone) }), 422, "phone_exists");
  const wanted = newEmail();
  const answers = await eightTimes(() => create({ email: wanted }));
  assert.equal(answers.filter(({ status }) => status === 200).length, 1);
  for (const answer of answers.filter(({ status }) => status !== 200)) refused(answer, 422, "email_exists");
});

test("207 bans", async () => {
  for (const [ban_duration, milliseconds] of [["24h", 24 * HOUR], ["1.5h", 1.5 * HOUR], ["2h45m", 2.75 * HOUR]]) {
    isAbout(ok(await create({ email: newEmail(), ban_duration })).banned_until, Date.now() + milliseconds);
  }
  assert.equal(ok(await create({ email: newEmail(), ban_duration: "none" })).banned_until, undefined);
  for (const ban_duration of ["24 hours", "24", "abc", "1d"]) {
    refused(await create({ email: newEmail(), ban_duration }), 400, "validation_failed");
  }
});

test("4.13 a ban ends with its time, and does not end sessions", async () => {
  const { email, user, session } = await instance.member();
  ok(await update(user.id, { ban_duration: "24h" }));
  refused(await instance.signIn(email), 400, "user_banned");
  refused(await instance.refresh(session.refresh_token), 400, "user_banned", "Invalid Refresh Token: User Banned");
  refused(await instance.get("/user", { token: session.access_token }), 403, "user_banned");
  assert.equal(sessionsOf(user.id), 1);
  assert.equal(ok(await update(user.id, { ban_duration: "none" })).banned_until, undefined);
  ok(await instance.refresh(session.refresh_token));
  const short = ok(await update(user.id, { ban_duration: "1ns" }));
  assert.ok(short.banned_until);
  assert.ok(ok(await instance.signIn(email)).user.banned_until, "it stays to be seen");
});

test("208 role and metadata", async () => {
  const { user, session } = await instance.member({ role: "custom", app_metadata: { x: 1 }, user_metadata: { a: 1 } });
  assert.equal(user.role, "custom");
  assert.equal(claimsOf(session.access_token).role, "custom");
  assert.deepEqual(user.app_metadata, { provider: "email", providers: ["email"], x: 1 });
  const changed = ok(await update(user.id, {
    role: "other", app_metadata: { x: null, y: 2 }, user_metadata: { a: null, b: { c: 1 } },
    id: randomUUID(), aud: "other",
  }));
  assert.equal(changed.id, user.id);
  assert.equal(changed.aud, "authenticated");
  assert.equal(changed.role, "other");
  assert.deepEqual(changed.app_metadata, { provider: "email", providers: ["email"], y: 2 });
  assert.deepEqual(changed.user_metadata, { email_verified: true, b: { c: 1 } });
  const [entry] = await audited(instance, "user_modified");
  assert.equal(entry.actor_id, NIL);
});

test("208 the address comes before the number", async () => {
  for (let count = 0; count < 6; count += 1) {
    const user = ok(await create({ email: newEmail(), phone: newPhone(), email_confirm: true, phone_confirm: true }));
    assert.deepEqual(user.app_metadata, { provider: "email", providers: ["email", "phone"] });
    assert.deepEqual(ok(await find(user.id)).identities.map(({ provider }) => provider), ["email", "phone"]);
  }
});

test("208 app_metadata that name the providers otherwise win", async () => {
  for (const email_confirm of [false, true]) {
    const { app_metadata } = ok(await create({ email: newEmail(), email_confirm, app_metadata: { provider: "own" } }));
    assert.deepEqual(app_metadata, { provider: "own", providers: ["email"] });
  }
});

test("209 whatever is switched off", async () => {
  const off = await newInstance({ disable_signup: true, external_email_enabled: false, external_phone_enabled: false });
  ok(await create({ email: newEmail(), password: PASSWORD }, off));
  ok(await create({ phone: newPhone() }, off));
});

test("210 another password", async () => {
  const { email, user, session } = await instance.member();
  for (const password of ["short", ""]) {
    const { weak_password } = refused(await update(user.id, { password }), 422, "weak_password");
    assert.deepEqual(weak_password.reasons, ["length"]);
  }
  ok(await instance.get("/user", { token: session.access_token }));
  ok(await instance.post("/recover", { email }));
  const mail = await mailTo(email);
  ok(await update(user.id, { password: NEW_PASSWORD, password_hash: BCRYPT }));
  assert.equal(sessionsOf(user.id), 0);
  refused(await instance.refresh(session.refresh_token), 400, "refresh_token_not_found");
  refused(await instance.signIn(email), 400, "invalid_credentials");
  ok(await instance.signIn(email, NEW_PASSWORD));
  await refusedLink(mail.link, "otp_expired");
});

test("211 another address, at once; not somebody else's", async () => {
  const [one, other] = [await instance.member(), await instance.member()];
  refused(await update(one.user.id, { email: other.email }), 500, "unexpected_failure", "Error updating user");
  const email = newEmail("new");
  const changed = ok(await update(one.user.id, { email, email_confirm: true }));
  assert.equal(changed.email, email);
  assert.equal(changed.new_email, undefined);
  assert.equal(changed.identities[0].email, email);
  assert.equal(changed.identities[0].identity_data.email_verified, true);
  refused(await instance.signIn(one.email), 400, "invalid_credentials");
  ok(await instance.signIn(email));
  const phone = newPhone();
  const byPhone = ok(await update(one.user.id, { phone, phone_confirm: true }));
  assert.equal(byPhone.phone, bare(phone));
  assert.deepEqual(byPhone.app_metadata.providers, ["email", "phone"]);
  refused(await update(other.user.id, { phone }), 500, "unexpected_failure", "Error updating user");
  refused(await update(one.user.id, { email: "abc" }), 400, "validation_failed");
});

test("212 confirming, and not unconfirming", async () => {
  const { user } = await instance.member();
  assert.ok(ok(await update(user.id, { email_confirm: false })).email_confirmed_at);
  const email = newEmail();
  const { id } = ok(await create({ email, phone: newPhone(), password: PASSWORD }));
  refused(await instance.signIn(email), 400, "email_not_confirmed");
  const confirmed = ok(await update(id, { email_confirm: true, phone_confirm: true }));
  isAbout(confirmed.email_confirmed_at, Date.now());
  isAbout(confirmed.phone_confirmed_at, Date.now());
  ok(await instance.signIn(email));
});

test("4.13 an administrator names somebody without a name", async () => {
  const contacts = [[{ email: newEmail() }, "email_confirm"], [{ phone: newPhone() }, "phone_confirm"]];
  for (const [contact, confirm] of contacts) {
    const { user } = ok(await instance.post("/signup", {}));
    assert.equal(ok(await update(user.id, contact)).is_anonymous, true);
    const named = ok(await update(user.id, { ...contact, [confirm]: true }));
    assert.equal(named.is_anonymous, false);
    assert.equal(named.id, user.id);
  }
});

test("219 users that there are not", async () => {
  for (const method of ["GET", "PUT", "DELETE"]) {
    const call = (id) => instance.admin(method, `/admin/users/${id}`, method === "GET" ? {} : { body: {} });
    refused(await call(randomUUID()), 404, "user_not_found", "User not found");
    refused(await call("abc"), 404, "validation_failed");
    const elsewhere = await newInstance();
    refused(await call((await elsewhere.member()).user.id), 404, "user_not_found");
  }
});

test("2.19 who may do all this", async () => {
  const { user, session } = await instance.member();
  for (const [method, path] of [["GET", "/admin/users"], ["POST", "/admin/users"], ["GET", `/admin/users/${user.id}`],
    ["PUT", `/admin/users/${user.id}`], ["DELETE", `/admin/users/${user.id}`]]) {
    const body = method === "GET" ? undefined : {};
    refused(await instance.call(method, path, { body }), 401, "no_authorization");
    const byUser = await instance.call(method, path, { body, token: session.access_token });
    refused(byUser, 403, "not_admin", "User not allowed");
  }
  ok(await find(user.id));
});
