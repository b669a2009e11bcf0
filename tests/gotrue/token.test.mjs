// Getting tokens with a password (GoTrue reference, 2.4 and 4.9).
import test from "node:test";
import {
  NEW_FORM, PASSWORD, UUID, age, assert, claimsOf, newEmail, newInstance, newPhone, ok, refused, sql,
} from "./helper.mjs";
import { SMS, TIME, audited, now, sessionRow } from "./accounts_helper.mjs";

const WRONG = "Invalid login credentials";
const instance = await newInstance();
const { email, user } = await instance.member();

const login = (body, at = instance, options) => at.post("/token?grant_type=password", body, options);

test("61 62 the grant type is in the query", async () => {
  const body = { email, password: PASSWORD, grant_type: "password" };
  for (const path of [
    "/token", "/token?grant_type=", "/token?grant_type=foo", "/token?grant_type=Password", "/token?type=password",
    "/token?grant_type=authorization_code",
  ]) {
    refused(await instance.post(path, body), 400, "invalid_credentials", "unsupported_grant_type");
  }
  ok(await login(body));
  ok(await instance.post("/token?x=1&grant_type=password", body));
});

test("63 a wrong password, and an unknown address, are the same", async () => {
  const wrong = await login({ email, password: "wrong horse" });
  refused(wrong, 400, "invalid_credentials", WRONG);
  for (const body of [
    { email: newEmail(), password: PASSWORD }, { email: "no address", password: PASSWORD }, { email },
    { email, password: "" }, { email, password: PASSWORD.toUpperCase() }, { email, password: `${PASSWORD} ` },
    { email: ` ${email}`, password: PASSWORD },
  ]) {
    const answer = await login(body);
    assert.deepEqual([answer.status, answer.text], [wrong.status, wrong.text]);
  }
  const answer = await login({ email, password: "wrong horse" }, instance, { headers: NEW_FORM });
  assert.deepEqual(answer.json, { code: "invalid_credentials", message: WRONG });
});

test("64 2 a banned user is told so before the password is looked at", async () => {
  const member = await instance.member();
  ok(await instance.admin("PUT", `/admin/users/${member.user.id}`, { body: { ban_duration: "1h" } }));
  for (const password of ["wrong horse", PASSWORD]) {
    refused(await login({ email: member.email, password }), 400, "user_banned");
  }
});

test("65 a ban that is over", async () => {
  const member = await instance.member();
  ok(await instance.admin("PUT", `/admin/users/${member.user.id}`, { body: { ban_duration: "1h" } }));
  sql("UPDATE auth.users SET banned_until = now() - interval '1 s' WHERE id::text = $1 RETURNING id", member.user.id);
  const session = ok(await login({ email: member.email, password: PASSWORD }));
  assert.match(session.user.banned_until, TIME);
  refused(await login({ email: member.email, password: "wrong horse" }), 400, "invalid_credentials");
});

test("66 an address that is not confirmed", async () => {
  const own = await newInstance();
  const { email: unconfirmed } = await own.signUp();
  const body = { email: unconfirmed, password: PASSWORD };
  refused(await login(body, own), 400, "email_not_confirmed", "Email not confirmed");
  refused(await login({ ...body, password: "wrong horse" }, own), 400, "invalid_credentials", WRONG);
  own.set("mailer_allow_unverified_email_sign_ins", true);
  const session = ok(await login(body, own));
  assert.equal(session.user.email_confirmed_at, undefined);
  assert.equal(session.user.user_metadata.email_verified, false);
});

test("66 4.5 unconfirmed addresses and autoconfirm exclude each other", async () => {
  const own = await newInstance({ mailer_autoconfirm: true });
  assert.throws(() => own.set("mailer_allow_unverified_email_sign_ins", true), /exclude each other/);
});

test("67 an address of single sign-on", async () => {
  const member = await instance.member();
  sql("UPDATE auth.users SET is_sso_user = true WHERE id::text = $1 RETURNING id", member.user.id);
  refused(await login({ email: member.email, password: PASSWORD }), 400, "invalid_credentials", WRONG);
});

test("68 an address in capitals", async () => {
  for (const written of [email.toUpperCase(), `U${email.slice(1)}`]) {
    assert.equal(ok(await login({ email: written, password: PASSWORD })).user.id, user.id);
  }
});

test("70 71 what somebody signs in with is checked in an order", async () => {
  const own = await newInstance({ external_email_enabled: false });
  const phone = newPhone();
  for (const [at, body, status, code, message] of [
    [own, { email, phone }, 400, "validation_failed", /./], [own, { email }, 422, "email_provider_disabled", /./],
    [own, { phone }, 422, "phone_provider_disabled", /./],
    [own, {}, 400, "validation_failed", "missing email or phone"],
    [instance, { email: "", phone: null }, 400, "validation_failed", "missing email or phone"],
    [instance, { phone }, 422, "phone_provider_disabled", /./],
  ]) {
    refused(await login({ password: PASSWORD, ...body }, at), status, code, message);
  }
});

test("70 a provider that was switched off", async () => {
  const own = await newInstance();
  const member = await own.member();
  own.set("external_email_enabled", false);
  refused(await login({ email: member.email, password: PASSWORD }, own), 422, "email_provider_disabled");
  refused(await login({ email: member.email, password: "wrong" }, own), 422, "email_provider_disabled");
  ok(await own.refresh(member.session.refresh_token));
});

test("2.4 somebody signs in with a number", async () => {
  const own = await newInstance({ ...SMS, sms_autoconfirm: true });
  const phone = newPhone();
  const made = ok(await own.post("/signup", { phone, password: PASSWORD }));
  const spaced = `+${phone.slice(1, 3)} ${phone.slice(3)}`;
  for (const written of [phone, phone.slice(1), spaced]) {
    const session = ok(await login({ phone: written, password: PASSWORD }, own));
    assert.equal(session.user.id, made.user.id);
    assert.equal(claimsOf(session.access_token).amr[0].method, "password");
  }
  for (const body of [
    { phone, password: "wrong horse" }, { phone: newPhone(), password: PASSWORD }, { phone: "x", password: "x" },
  ]) {
    refused(await login(body, own), 400, "invalid_credentials", WRONG);
  }
  assert.deepEqual(audited(own, made.user.id).at(-1), ["login", { provider: "phone" }]);
});

test("99 3.1 4.9 a session begins", async () => {
  const headers = { "user-agent": "a browser" };
  const session = ok(await login({ email, password: PASSWORD }, instance, { headers }));
  assert.deepEqual(Object.keys(session).sort(), [
    "access_token", "expires_at", "expires_in", "refresh_token", "token_type", "user",
  ]);
  const { aal, amr, session_id, iat, exp } = claimsOf(session.access_token);
  assert.equal(aal, "aal1");
  assert.deepEqual(amr, [{ method: "password", timestamp: amr[0].timestamp }]);
  assert.ok(Math.abs(amr[0].timestamp - now()) <= 5);
  assert.deepEqual([session.expires_at, session.expires_in], [exp, exp - iat]);
  assert.match(session_id, UUID);
  const row = sessionRow(session);
  assert.deepEqual(
    [row.user_id, row.aal, row.user_agent, row.ip, row.tag, row.not_after, row.refreshed_at],
    [user.id, "aal1", "a browser", "127.0.0.1", null, null, null],
  );
  assert.ok(Math.abs(Date.parse(session.user.last_sign_in_at) / 1000 - now()) <= 5);
});

test("4.9 each login is a session, and all live", async () => {
  const sessions = [];
  for (let n = 0; n < 3; n += 1) sessions.push(ok(await login({ email, password: PASSWORD })));
  assert.equal(new Set(sessions.map(({ access_token }) => claimsOf(access_token).session_id)).size, 3);
  for (const { refresh_token, access_token } of sessions) {
    ok(await instance.refresh(refresh_token));
    ok(await instance.get("/user", { token: access_token }));
  }
});

test("2.4 what is noted of logins", async () => {
  const member = await instance.member();
  refused(await login({ email: member.email, password: "wrong horse" }), 400, "invalid_credentials");
  ok(await login({ email: member.email, password: PASSWORD }));
  const logins = audited(instance, member.user.id).filter(([action]) => action === "login");
  assert.deepEqual(logins, Array(2).fill(["login", { provider: "email" }]), "and the one before");
});

test("2.4 nothing of a refusal is left over", async () => {
  const member = await instance.member();
  const count = () => sql("SELECT count(*) AS n FROM auth.sessions WHERE user_id::text = $1", member.user.id)[0].n;
  refused(await login({ email: member.email, password: "wrong horse" }), 400, "invalid_credentials");
  assert.equal(count(), 1);
});

test("3.2 what is never shown of a user", async () => {
  const { email: address } = await instance.signUp();
  age(address, 61);
  const shown = JSON.stringify([await instance.signUp(address), ok(await login({ email, password: PASSWORD })).user]);
  for (const name of [
    "password", "confirmation_token", "instance_id", "is_super_admin", "is_sso_user", "app_id", "hash",
  ]) {
    assert.ok(!shown.includes(name), name);
  }
});
