// A user's own account (GoTrue reference, 2.10, 2.11, 4.4 and 4.13).
import test from "node:test";
import {
  PASSWORD, assert, claimsOf, mailTo, newEmail, newInstance, newPhone, newSibling, ok, refused, sign, sql, textTo,
} from "./helper.mjs";
import {
  AT_ONCE, PHONES, WRONG_CODE, agePhone, anotherCode, atOnce, audited, codesTo, eightTimes, refusedLink, sessionsOf,
  verify,
} from "./codes_helper.mjs";

const NEW_PASSWORD = "another horse 2";
const instance = await newInstance({ ...AT_ONCE, ...PHONES, external_anonymous_users_enabled: true });

const change = (session, body, at = instance) => at.put("/user", body, { token: session.access_token });
const own = (session, at = instance) => at.get("/user", { token: session.access_token });
const signInByPhone = (phone, password = PASSWORD, at = instance) =>
  at.post("/token?grant_type=password", { phone, password });
const bare = (phone) => phone.replace("+", "");

/** Someone without a name: a session. */
const nobody = async (at = instance) => ok(await at.post("/signup", {}));

/** A token of a user that names no session. */
const tokenOf = (user, more = {}) =>
  sign({ sub: user.id, aud: "authenticated", exp: Math.floor(Date.now() / 1000) + 600, ...more }, instance.secret);

test("2.10 what users are told of themselves", async () => {
  const { email, user, session } = await instance.member({ user_metadata: { plan: "pro" } });
  const told = ok(await own(session));
  assert.equal(told.id, user.id);
  assert.equal(told.email, email);
  assert.equal(told.phone, "");
  assert.equal(told.user_metadata.plan, "pro");
  assert.equal(told.identities.length, 1);
  for (const name of ["factors", "new_email", "new_phone", "banned_until", "deleted_at", "invited_at"]) {
    assert.ok(!(name in told), name);
  }
});

test("158 a token for another audience", async () => {
  const { user, session } = await instance.member();
  const message = /audience/;
  refused(await instance.get("/user", { token: session.access_token, headers: { "x-jwt-aud": "other" } }), 400,
    "validation_failed", message);
  refused(await instance.get("/user", { token: tokenOf(user, { aud: undefined }) }), 400, "validation_failed");
  // 1.2: what an administrator's token says of its audience does not count.
  const asAdmin = tokenOf(user, { aud: "other", role: "service_role" });
  refused(await instance.get("/user", { token: asAdmin }), 400, "validation_failed", message);
  ok(await instance.get("/user", { token: tokenOf(user, { aud: ["authenticated"] }) }));
  ok(await instance.get("/user", { token: session.access_token, headers: { "x-jwt-aud": "authenticated" } }));
});

test("146 metadata are merged", async () => {
  const { session } = await instance.member({ user_metadata: { a: 1, b: { c: 1, d: 2 }, keep: true } });
  const merged = ok(await change(session, { data: { a: null, b: { c: 3 }, e: [1] } })).user_metadata;
  assert.ok(!("a" in merged));
  assert.deepEqual(merged.b, { c: 3 });
  assert.deepEqual(merged.e, [1]);
  assert.equal(merged.keep, true);
  const emptied = ok(await change(session, { data: { b: {}, unknown: null } })).user_metadata;
  assert.deepEqual(emptied.b, {});
  assert.ok(!("unknown" in emptied));
  assert.deepEqual(ok(await own(session)).user_metadata, emptied);
  assert.deepEqual(claimsOf(ok(await instance.refresh(session.refresh_token)).access_token).user_metadata, emptied);
  for (const data of ["x", 5, []]) refused(await change(session, { data }), 400, "bad_json");
  assert.deepEqual(ok(await change(session, { data: null })).user_metadata, emptied);
});

test("146 eight merges at once all count", async () => {
  const { session } = await instance.member();
  let count = 0;
  for (const answer of await eightTimes(() => change(session, { data: { [`key${count += 1}`]: true } }))) ok(answer);
  const { user_metadata } = ok(await own(session));
  for (let key = 1; key <= 8; key += 1) assert.equal(user_metadata[`key${key}`], true, `key${key}`);
});

test("147 what the server alone writes", async () => {
  const { user, session } = await instance.member();
  refused(await change(session, { app_metadata: { admin: true } }), 403, "not_admin");
  refused(await change(session, { app_metadata: {}, data: { a: 1 } }), 403, "not_admin");
  const after = ok(await own(session));
  assert.deepEqual(after.app_metadata, user.app_metadata);
  assert.equal(after.user_metadata.a, undefined);
  const admin = await instance.member({ role: "admin" });
  const changed = ok(await change(admin.session, { app_metadata: { x: 1 } }));
  assert.deepEqual(changed.app_metadata, { provider: "email", providers: ["email"], x: 1 });
  const named = await newSibling(instance, { jwt_admin_group_name: "boss" });
  const boss = await named.member({ role: "boss" });
  ok(await change(boss.session, { app_metadata: { x: 1 } }, named));
  const clerk = await named.member({ role: "admin" });
  refused(await change(clerk.session, { app_metadata: { x: 1 } }, named), 403, "not_admin");
});

test("148 passwords that are refused", async () => {
  const { email, session } = await instance.member();
  for (const password of ["", "short"]) {
    const { weak_password } = refused(await change(session, { password }), 422, "weak_password");
    assert.deepEqual(weak_password.reasons, ["length"]);
  }
  refused(await change(session, { password: "x".repeat(73) }), 400, "validation_failed");
  refused(await change(session, { password: PASSWORD }), 422, "same_password",
    "New password should be different from the old password.");
  refused(await change(session, { password: PASSWORD, data: { a: 1 } }), 422, "same_password");
  assert.equal(ok(await own(session)).user_metadata.a, undefined);
  ok(await instance.signIn(email));
});

test("151 another password ends the other sessions", async () => {
  const { email, user, session } = await instance.member();
  const other = ok(await instance.signIn(email));
  ok(await change(session, { password: NEW_PASSWORD }));
  refused(await own(other), 403, "session_not_found", "Session from session_id claim in JWT does not exist");
  refused(await instance.refresh(other.refresh_token), 400, "refresh_token_not_found");
  ok(await own(session));
  ok(await instance.refresh(session.refresh_token));
  refused(await instance.signIn(email), 400, "invalid_credentials");
  ok(await instance.signIn(email, NEW_PASSWORD));
  const entries = (await audited(instance, "user_updated_password")).filter(({ actor_id }) => actor_id === user.id);
  assert.equal(entries.length, 1);
  ok(await instance.put("/user", { password: PASSWORD }, { token: tokenOf(user) }));
  assert.equal(sessionsOf(user.id), 0, "who has no session keeps none");
});

test("4.4 another password makes what was mailed before worthless", async () => {
  const { email, session } = await instance.member();
  ok(await instance.post("/recover", { email }));
  const mail = await mailTo(email);
  assert.ok(ok(await own(session)).recovery_sent_at);
  const user = ok(await change(session, { password: NEW_PASSWORD }));
  assert.equal(user.recovery_sent_at, undefined);
  await refusedLink(mail.link, "otp_expired");
  refused(await verify(instance, { type: "recovery", email, token: mail.code }), 403, "otp_expired", WRONG_CODE);
});

test("153 nobody needs a name before a password", async () => {
  const session = await nobody();
  const message = /anonymous/;
  refused(await change(session, { password: PASSWORD }), 422, "validation_failed", message);
  refused(await change(session, { password: PASSWORD, data: { a: 1 } }), 422, "validation_failed", message);
  assert.equal(ok(await own(session)).user_metadata.a, undefined);
  const email = newEmail();
  const pending = ok(await change(session, { email, password: PASSWORD }));
  assert.equal(pending.new_email, email);
  assert.equal(pending.is_anonymous, true);
  assert.equal(pending.id, session.user.id);
  refused(await instance.signIn(email), 400, "invalid_credentials");
  const done = ok(await verify(instance, { type: "email_change", email, token: (await mailTo(email)).code }));
  assert.equal(done.user.is_anonymous, false);
  assert.equal(ok(await instance.signIn(email)).user.id, session.user.id);
});

test("4.13 nobody becomes somebody by a number, too", async () => {
  const session = await nobody();
  const phone = newPhone();
  const pending = ok(await change(session, { phone, password: PASSWORD }));
  assert.equal(pending.new_phone, bare(phone));
  assert.equal(pending.phone, "");
  const done = ok(await verify(instance, { type: "phone_change", phone, token: await textTo(phone) }));
  assert.equal(done.user.id, session.user.id);
  assert.equal(done.user.is_anonymous, false);
  assert.equal(done.user.phone, bare(phone));
  assert.deepEqual(done.user.app_metadata, { provider: "phone", providers: ["phone"] });
  assert.equal(ok(await signInByPhone(phone)).user.id, session.user.id);
});

test("155 a number is confirmed by a code", async () => {
  const { email, user, session } = await instance.member();
  const phone = newPhone();
  const pending = ok(await change(session, { phone: phone.replace("+49", "+49 ") }));
  assert.equal(pending.phone, "");
  assert.equal(pending.new_phone, bare(phone));
  assert.ok(pending.phone_change_sent_at);
  const token = await textTo(phone);
  refused(await verify(instance, { type: "sms", phone, token }), 403, "otp_expired");
  const wrong = token === "111111" ? "222222" : "111111";
  refused(await verify(instance, { type: "phone_change", phone, token: wrong }), 403, "otp_expired", WRONG_CODE);
  const done = ok(await verify(instance, { type: "phone_change", phone, token }));
  assert.equal(done.user.id, user.id);
  assert.equal(done.user.phone, bare(phone));
  assert.ok(done.user.phone_confirmed_at);
  assert.equal(done.user.new_phone, undefined);
  assert.deepEqual(done.user.app_metadata, { provider: "email", providers: ["email", "phone"] });
  const identity = done.user.identities.find(({ provider }) => provider === "phone");
  assert.equal(identity.identity_data.phone, bare(phone));
  assert.equal(identity.identity_data.phone_verified, true);
  assert.equal(ok(await signInByPhone(phone)).user.id, user.id);
  assert.equal(ok(await instance.signIn(email)).user.id, user.id);
  refused(await verify(instance, { type: "phone_change", phone, token }), 403, "otp_expired", WRONG_CODE);
  assert.equal(ok(await change(session, { phone })).new_phone, undefined);
});

test("142 a code for another number is sent once more", async () => {
  const { email, session } = await instance.member();
  const phone = newPhone();
  ok(await change(session, { phone }));
  const first = await textTo(phone);
  const sent = ok(await instance.post("/resend", { type: "phone_change", email }));
  assert.deepEqual(Object.keys(sent), ["message_id"]);
  const second = await anotherCode(phone, first);
  refused(await verify(instance, { type: "phone_change", phone, token: first }), 403, "otp_expired");
  agePhone(phone, 61);
  refused(await verify(instance, { type: "phone_change", phone, token: second }), 403, "otp_expired");
  agePhone(phone, -61);
  ok(await verify(instance, { type: "phone_change", phone, token: second }));
});

test("155 where numbers count as confirmed, at once", async () => {
  const auto = await newInstance({ ...PHONES, sms_autoconfirm: true, external_anonymous_users_enabled: true });
  for (const session of [(await auto.member()).session, await nobody(auto)]) {
    const phone = newPhone();
    const user = ok(await change(session, { phone }, auto));
    assert.equal(user.phone, bare(phone));
    assert.equal(user.new_phone, undefined);
    assert.ok(user.phone_confirmed_at);
    assert.equal(user.is_anonymous, false);
    assert.ok(user.app_metadata.providers.includes("phone"));
  }
});

test("156 a number that is taken", async () => {
  const phone = newPhone();
  ok(await instance.admin("POST", "/admin/users", { body: { phone } }));
  const { session } = await instance.member();
  refused(await change(session, { phone }), 422, "phone_exists");
  for (const number of ["abc", "++49", "0123"]) {
    refused(await change(session, { phone: number }), 400, "validation_failed");
  }
  refused(await change(session, { phone: newPhone(), channel: "telegram" }), 400, "validation_failed");
  assert.equal(ok(await own(session)).new_phone, undefined);
});

test("156 of several users who want one number at once, one gets it", async () => {
  const phone = newPhone();
  const users = [];
  for (let count = 0; count < 4; count += 1) {
    const member = await instance.member();
    ok(await change(member.session, { phone }));
    users.push(member);
  }
  const codes = await codesTo(phone, users.length);
  const answers = await atOnce(codes.map((token) => () => verify(instance, { type: "phone_change", phone, token })));
  const good = answers.filter(({ status }) => status === 200);
  assert.equal(good.length, 1, answers.map(({ text }) => text).join("\n"));
  for (const answer of answers.filter((one) => one !== good[0])) refused(answer, 422, "phone_exists");
  const owners = sql("SELECT id FROM auth.users WHERE phone = $1", phone);
  assert.deepEqual(owners.map(({ id }) => id), [good[0].json.user.id]);
});

test("2.11 who may change anything", async () => {
  refused(await instance.put("/user", { data: {} }), 401, "no_authorization");
  refused(await instance.put("/user", { data: {} }, { token: instance.adminToken }), 403, "bad_jwt");
  const { session } = await instance.member();
  refused(await change(session, "{"), 400, "bad_json");
  refused(await change(session, { email: 5 }), 400, "bad_json");
  ok(await change(session, {}));
});
