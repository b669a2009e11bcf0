// Sessions, second factors and bans (docs/one-user-base.md).
import test from "node:test";
import {
  createSession, get, ok as done, post, refreshSession, signIn as signInThere, verifySession,
} from "../cdi/helper.mjs";
import { group, link, mapped, methodIds, userOf, withCode, withPassword, withPhone } from "../cdi/linking_helper.mjs";
import { codeOf } from "../cdi/authenticator.mjs";
import {
  SECRET, create as createDevice, devices, importDevice, names, remove as removeDevice, rename as renameDevice,
  verify as verifyTotp, verifyDevice,
} from "../cdi/totp_helper.mjs";
import {
  NEW_FORM, PASSWORD, assert, claimsOf, mailTo, newEmail, newInstance, newPhone, ok, refused, sql, textTo,
} from "./helper.mjs";
import { AT_ONCE, PHONES, verify } from "./codes_helper.mjs";

const door = await newInstance({
  ...AT_ONCE, ...PHONES, mfa_phone_enroll_enabled: true, mfa_phone_verify_enabled: true,
});
const at = door.cdi;
const NOBODY = [403, "session_not_found"];

const me = (session) => door.get("/user", { token: session.access_token });
const handleOf = (session) => claimsOf(session.access_token).session_id;
const logOut = (session, scope) => door.call("POST", `/logout?scope=${scope}`, { token: session.access_token });
const information = (sessionHandle) => get(`${at}/recipe/session`, { sessionHandle });
const isAlive = async (handle) => (await information(handle)).json.status === "OK";
const handlesOf = async (userId, more = {}) =>
  done(await get(`${at}/recipe/session/user`, { userId, ...more })).sessionHandles;
const revoke = async (body) => done(await post(`${at}/recipe/session/remove`, body)).sessionHandlesRevoked;
const ban = (id, ban_duration) => door.admin("PUT", `/admin/users/${id}`, { body: { ban_duration } });
const rowOf = (handle) => sql("SELECT aal, subject, user_id, amr FROM auth.sessions WHERE id::text = $1", handle)[0];
const asCaller = (token, expression) =>
  sql(
    `SELECT ${expression} AS answer
     FROM (SELECT set_config('request.jwt.claims', $1, false) AS claims OFFSET 0) AS s WHERE claims <> ''`,
    JSON.stringify(claimsOf(token)),
  )[0].answer;

/** Somebody with a session of each: {email, id, session, other, handle}. */
async function both() {
  const { email, user, session } = await door.member();
  const other = done(await createSession(at, user.id));
  return { email, id: user.id, session, other, handle: other.session.handle };
}

test("Sessions: those of both are one list", async () => {
  const { id, session, handle } = await both();
  assert.deepEqual((await handlesOf(id)).sort(), [handleOf(session), handle].sort());
  const known = done(await information(handleOf(session)));
  assert.deepEqual([known.userId, known.userDataInDatabase, known.userDataInJWT], [id, {}, {}]);
  assert.deepEqual(rowOf(handle), { aal: "aal1", subject: id, user_id: id, amr: [] });
});

test("Sessions: SuperTokens ends those of GoTrue, one or all", async () => {
  const { email, id, session, handle } = await both();
  const second = ok(await door.signIn(email));
  assert.deepEqual(await revoke({ sessionHandles: [handleOf(session)] }), [handleOf(session)]);
  refused(await me(session), ...NOBODY);
  ok(await me(second));
  assert.deepEqual((await revoke({ userId: id })).sort(), [handleOf(second), handle].sort());
  refused(await me(second), ...NOBODY);
  refused(await door.refresh(second.refresh_token), 400, "refresh_token_not_found");
});

test("Sessions: signing out at GoTrue ends those of SuperTokens, but for scope local", async () => {
  for (const [scope, own, others] of [["local", false, true], ["others", true, false], ["global", false, false]]) {
    const { session, handle } = await both();
    assert.equal((await logOut(session, scope)).status, 204);
    assert.equal(await isAlive(handleOf(session)), own, scope);
    assert.equal(await isAlive(handle), others, scope);
  }
});

test("Sessions: each door refreshes its own, and takes no token of the other", async () => {
  const { session, other } = await both();
  refused(await door.refresh(other.refreshToken.token), 400, "refresh_token_not_found");
  assert.equal((await refreshSession(at, session.refresh_token)).json.status, "UNAUTHORISED");
  refused(await door.get("/user", { token: other.accessToken.token }), 403, "bad_jwt");
  assert.notEqual((await verifySession(at, session.access_token)).json.status, "OK");
  done(await refreshSession(at, other.refreshToken.token));
  const refreshed = ok(await door.refresh(session.refresh_token));
  assert.equal(handleOf(refreshed), handleOf(session));
});

test("Sessions: neither takes a token of the other where the app's own keys sign", async () => {
  const own = await newInstance({ mailer_autoconfirm: true, jwt_secret: null });
  const { user, access_token } = await own.signUp();
  const { accessToken } = done(await createSession(own.cdi, user.id, { userDataInJWT: { aud: "authenticated" } }));
  refused(await own.get("/user", { token: accessToken.token }), 403, "bad_jwt");
  assert.notEqual((await verifySession(own.cdi, access_token)).json.status, "OK");
});

test("Sessions: one by password is the login method's, one by code the user's", async () => {
  const { id, email } = await withCode(at);
  ok(await door.post("/otp", { email }));
  const byCode = ok(await verify(door, { type: "email", email, token: (await mailTo(email)).code }));
  ok(await door.put("/user", { password: PASSWORD }, { token: byCode.access_token }));
  const byPassword = ok(await door.signIn(email));
  const second = methodIds(await userOf(id, at)).find((method) => method !== id);
  const subjects = [byCode, byPassword].map((session) => rowOf(handleOf(session)));
  assert.deepEqual(subjects.map(({ subject, user_id }) => [subject, user_id]), [[id, id], [second, id]]);
  const one = { fetchSessionsForAllLinkedAccounts: false };
  assert.deepEqual(await handlesOf(second, one), [handleOf(byPassword)]);
  assert.deepEqual((await handlesOf(id)).sort(), [handleOf(byCode), handleOf(byPassword)].sort());
  const known = done(await information(handleOf(byPassword)));
  assert.deepEqual([known.userId, known.recipeUserId], [id, second]);
});

test("Sessions: of a user with an id from another system they are listed under that", async () => {
  const { id, email } = await withPassword(at);
  const external = await mapped(id, at);
  ok(await door.admin("PUT", `/admin/users/${id}`, { body: { email_confirm: true } }));
  const session = ok(await door.signIn(email));
  assert.deepEqual(await handlesOf(external), [handleOf(session)]);
  assert.equal(done(await information(handleOf(session))).userId, external);
  assert.equal(claimsOf(session.access_token).sub, id);
});

test("Sessions: those of a user who is linked to another end", async () => {
  const { id, email, session, handle } = await both();
  done(await post(`${at}/recipe/accountlinking/user/unlink`, { recipeUserId: id }));
  const fresh = ok(await door.signIn(email));
  const owner = await withPassword(at);
  await group(at, owner);
  done(await link(id, owner.id, at));
  for (const one of [session, fresh]) refused(await me(one), 403, "user_not_found");
  refused(await door.refresh(fresh.refresh_token), 400, "refresh_token_not_found");
  assert.equal(await isAlive(handle), false);
});

test("Sessions: aal is GoTrue's, of SuperTokens' it says nothing", async () => {
  const { id, handle } = await both();
  done(await importDevice(id, "app", SECRET, {}, at));
  done(await verifyTotp(id, codeOf(SECRET), at));
  assert.equal(rowOf(handle).aal, "aal1");
});

/** Enrols an app at GoTrue and answers with its code: {...who, factor, secret, used, session}. */
async function secured(who) {
  const { access_token: token } = who.session;
  const { id, totp } = ok(await door.post("/factors", { factor_type: "totp", friendly_name: "app" }, { token }));
  const used = codeOf(totp.secret, { period: 30 });
  return { ...who, factor: id, secret: totp.secret, used, session: await raise(who.session, id, used) };
}

async function raise({ access_token: token }, factor, code) {
  const challenge = ok(await door.post(`/factors/${factor}/challenge`, {}, { token }));
  return ok(await door.post(`/factors/${factor}/verify`, { challenge_id: challenge.id, code }, { token }));
}

test("Second factors: an app of SuperTokens is a factor of GoTrue", async () => {
  const { id, email, session } = await both();
  const { secret } = done(await createDevice(id, "my app", {}, at));
  const shown = async () =>
    ok(await me(session)).factors.map((factor) => [factor.friendly_name, factor.factor_type, factor.status]);
  assert.deepEqual(await shown(), [["my app", "totp", "unverified"]]);
  done(await verifyDevice(id, "my app", codeOf(secret), at));
  assert.deepEqual(await shown(), [["my app", "totp", "verified"]]);
  const token = ok(await door.signIn(email)).access_token;
  for (const change of [{ password: "another horse 2" }, { email: newEmail() }]) {
    refused(await door.put("/user", change, { token, headers: NEW_FORM }), 401, "insufficient_aal");
  }
  done(await renameDevice(id, "my app", "old app", at));
  assert.deepEqual(await shown(), [["old app", "totp", "verified"]]);
});

test("Second factors: an app of GoTrue is a device of SuperTokens", async () => {
  const who = await both();
  const { access_token: token } = who.session;
  const { id, totp } = ok(await door.post("/factors", { factor_type: "totp", friendly_name: "app" }, { token }));
  assert.deepEqual(await devices(who.id, at), [{ name: "app", period: 30, skew: 1, verified: false }]);
  const session = await raise(who.session, id, codeOf(totp.secret, { period: 30 }));
  assert.equal((await devices(who.id, at))[0].verified, true);
  done(await verifyTotp(who.id, codeOf(totp.secret, { period: 30, steps: 1 }), at));
  ok(await door.delete(`/factors/${id}`, { token: session.access_token }));
  assert.deepEqual(await names(who.id, at), []);
});

test("Second factors: a code is taken once, whichever door it is shown to", async () => {
  const { id, secret, used } = await secured(await both());
  assert.equal((await verifyTotp(id, used, at)).json.status, "INVALID_TOTP_ERROR");
  done(await verifyTotp(id, codeOf(secret, { period: 30, steps: 1 }), at));
});

test("Second factors: wrong codes are counted for both together", async () => {
  const who = await secured(await both());
  for (let n = 0; n < 5; n += 1) await verifyTotp(who.id, "wrong!", at);
  const { access_token: token } = ok(await door.signIn(who.email));
  const { id } = ok(await door.post(`/factors/${who.factor}/challenge`, {}, { token }));
  const code = codeOf(who.secret, { period: 30, steps: 1 });
  const answer = await door.post(`/factors/${who.factor}/verify`, { challenge_id: id, code }, { token });
  refused(answer, 429, "over_request_rate_limit");
});

test("Second factors: one that GoTrue gives up makes its sessions those of one factor", async () => {
  const who = await secured(await both());
  assert.equal(claimsOf(who.session.access_token).aal, "aal2");
  ok(await door.delete(`/factors/${who.factor}`, { token: who.session.access_token }));
  assert.equal(claimsOf(ok(await door.refresh(who.session.refresh_token)).access_token).aal, "aal1");
});

test("Second factors: one that SuperTokens removes does the same", async () => {
  const who = await secured(await both());
  done(await removeDevice(who.id, "app", at));
  assert.equal(ok(await me(who.session)).factors, undefined);
  assert.equal(claimsOf(ok(await door.refresh(who.session.refresh_token)).access_token).aal, "aal1");
});

test("Second factors: answering at GoTrue ends its own sessions of one factor, and none of SuperTokens'", async () => {
  const who = await both();
  const low = ok(await door.signIn(who.email));
  await secured(who);
  refused(await me(low), ...NOBODY);
  assert.equal(await isAlive(who.handle), true);
});

test("Second factors: a phone is one at GoTrue alone, and no login method", async () => {
  const { id, session } = await both();
  const phone = newPhone();
  const { access_token: token } = session;
  const factor = ok(await door.post("/factors", { factor_type: "phone", phone, friendly_name: "phone" }, { token }));
  const challenge = ok(await door.post(`/factors/${factor.id}/challenge`, {}, { token }));
  const body = { challenge_id: challenge.id, code: await textTo(phone) };
  assert.equal(claimsOf(ok(await door.post(`/factors/${factor.id}/verify`, body, { token })).access_token).aal, "aal2");
  assert.deepEqual(await names(id, at), []);
  assert.deepEqual((await userOf(id, at)).phoneNumbers, []);
  assert.notEqual((await withPhone(at, phone)).id, id);
});

test("Second factors: they stand under the id that SuperTokens shows", async () => {
  const { id, email } = await withPassword(at);
  const external = await mapped(id, at);
  ok(await door.admin("PUT", `/admin/users/${id}`, { body: { email_confirm: true } }));
  await secured({ id, session: ok(await door.signIn(email)) });
  assert.deepEqual([await names(external, at), await names(id, at)], [["app"], []]);
});

test("Second factors: those of a user who is linked to another stay under its own id", async () => {
  const other = await withCode(at);
  done(await importDevice(other.id, "phone", SECRET, {}, at));
  const { email, user } = await door.member();
  done(await link(other.id, user.id, at));
  assert.equal(ok(await door.signIn(email)).user.factors, undefined);
  assert.deepEqual([await names(user.id, at), await names(other.id, at)], [[], ["phone"]]);
});

test("Bans: at GoTrue nothing works until they end", async () => {
  const { email, id, session } = await both();
  ok(await ban(id, "1h"));
  refused(await door.signIn(email), 400, "user_banned");
  refused(await me(session), 403, "user_banned");
  refused(await door.refresh(session.refresh_token), 400, "user_banned");
  ok(await ban(id, "none"));
  ok(await me(session));
  ok(await door.refresh(session.refresh_token));
});

test("Bans: a policy takes no session of either for live", async () => {
  const { id, session, other } = await both();
  const ask = (token) => asCaller(token, `auth.session_is_live('${door.appId}')`);
  const tokens = [session.access_token, other.accessToken.token];
  assert.deepEqual(tokens.map(ask), [true, true]);
  ok(await ban(id, "1h"));
  assert.deepEqual(tokens.map(ask), [false, false]);
  ok(await ban(id, "none"));
  assert.deepEqual(tokens.map(ask), [true, true]);
});

test("Bans: SuperTokens knows of none", async () => {
  const { email, id, session, other } = await both();
  ok(await ban(id, "1h"));
  assert.equal(done(await signInThere(at, email)).user.id, id);
  done(await createSession(at, id));
  done(await verifySession(at, other.accessToken.token, { checkDatabase: true }));
  done(await refreshSession(at, other.refreshToken.token));
  assert.equal(await isAlive(handleOf(session)), true, "a ban ends no session");
  assert.ok(!JSON.stringify(await userOf(id, at)).includes("ban"));
});

test("Bans: they are the user's, whatever it signs in with", async () => {
  const { email, user } = await door.member();
  const other = await withCode(at, newEmail());
  done(await link(other.id, user.id, at));
  ok(await ban(user.id, "1h"));
  for (const address of [email, other.email]) refused(await door.signIn(address), 400, "user_banned");
});
