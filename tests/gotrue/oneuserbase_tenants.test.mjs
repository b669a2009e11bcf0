// Tenants and apps (docs/one-user-base.md).
import test from "node:test";
import { createSession, get, newApp, ok as done, post, refreshSession } from "../cdi/helper.mjs";
import {
  associate, createPrimary, disassociate, findUser, tenantId, userOf, withPassword,
} from "../cdi/linking_helper.mjs";
import { SECRET, importDevice } from "../cdi/totp_helper.mjs";
import {
  PASSWORD, assert, claimsOf, newEmail, newInstance, newPhone, newSibling, ok, refused, sql,
} from "./helper.mjs";

const door = await newInstance({ mailer_autoconfirm: true });
const sibling = await newSibling(door, { mailer_autoconfirm: true });
const stranger = await newInstance({ mailer_autoconfirm: true, jwt_secret: door.secret });
const app = door.cdi;

const signUp = async (instance, email = newEmail()) => instance.signUp(email);
const me = (instance, session) => instance.get("/user", { token: session.access_token });
const asCaller = (token, expression) =>
  sql(
    `SELECT ${expression} AS answer
     FROM (SELECT set_config('request.jwt.claims', $1, false) AS claims OFFSET 0) AS s WHERE claims <> ''`,
    JSON.stringify(claimsOf(token)),
  )[0].answer;

test("Tenants and apps: a GoTrue is a tenant, with settings of its own", async () => {
  const { user } = await signUp(sibling);
  assert.deepEqual((await userOf(user.id, app)).tenantIds, [tenantId(sibling.cdi)]);
  sibling.set("disable_signup", true);
  refused(await sibling.post("/signup", { email: newEmail(), password: PASSWORD }), 422, "signup_disabled");
  await signUp(door);
  sibling.set("disable_signup", null);
});

test("Tenants and apps: an address is one user's in a tenant", async () => {
  const email = newEmail();
  const [here, there] = [await signUp(door, email), await signUp(sibling, email)];
  assert.notEqual(here.user.id, there.user.id);
  refused(await sibling.post("/signup", { email, password: PASSWORD }), 422, "user_already_exists");
  assert.equal(ok(await sibling.signIn(email)).user.id, there.user.id);
  const foreign = await signUp(door);
  refused(await sibling.signIn(foreign.user.email), 400, "invalid_credentials");
});

test("Tenants and apps: a user whom SuperTokens puts into a tenant signs in there", async () => {
  const { user } = await signUp(door);
  done(await associate(user.id, sibling.cdi));
  assert.equal(ok(await sibling.signIn(user.email)).user.id, user.id);
  done(await disassociate(user.id, sibling.cdi));
  refused(await sibling.signIn(user.email), 400, "invalid_credentials");
  ok(await door.signIn(user.email));
});

test("Tenants and apps: a login method that GoTrue adds is in the tenant of the call alone", async () => {
  const { user } = await signUp(door);
  ok(await sibling.admin("PUT", `/admin/users/${user.id}`, { body: { phone: newPhone(), phone_confirm: true } }));
  const { loginMethods } = await userOf(user.id, app);
  assert.deepEqual(loginMethods.map(({ tenantIds }) => tenantIds), [["public"], [tenantId(sibling.cdi)]]);
});

test("Tenants and apps: a user is reached by its id from every tenant of the app", async () => {
  const { user } = await signUp(door);
  assert.equal(ok(await sibling.admin("GET", `/admin/users/${user.id}`)).id, user.id);
  ok(await sibling.admin("PUT", `/admin/users/${user.id}`, { body: { user_metadata: { a: 1 } } }));
  assert.equal(ok(await door.admin("GET", `/admin/users/${user.id}`)).user_metadata.a, 1);
  done(await importDevice(user.id, "app", SECRET, {}, app));
  assert.equal(ok(await sibling.admin("GET", `/admin/users/${user.id}`)).factors.length, 1);
  const asked = await get(`${sibling.cdi}/recipe/user/metadata`, { userId: user.id });
  assert.deepEqual([asked.status, asked.text.trim()], [403, "Only public tenantId can call this app specific API"]);
  ok(await sibling.admin("DELETE", `/admin/users/${user.id}`));
  refused(await door.admin("GET", `/admin/users/${user.id}`), 404, "user_not_found");
});

test("Tenants and apps: administrators list the users of the app, SuperTokens those of the tenant", async () => {
  const [here, there] = [(await signUp(door)).user.id, (await signUp(sibling)).user.id];
  for (const instance of [door, sibling]) {
    const { users } = ok(await instance.admin("GET", "/admin/users?per_page=1000"));
    const ids = users.map(({ id }) => id);
    assert.deepEqual([ids.includes(here), ids.includes(there)], [true, true]);
  }
  const { users } = done(await get(`${sibling.cdi}/users`, { limit: 500 }));
  const ids = users.map(({ id }) => id);
  assert.deepEqual([ids.includes(here), ids.includes(there)], [false, true]);
});

test("Tenants and apps: a session is the app's: it is refreshed in every tenant", async () => {
  const { refresh_token, access_token } = await signUp(sibling);
  const refreshed = ok(await door.refresh(refresh_token));
  assert.equal(claimsOf(refreshed.access_token).session_id, claimsOf(access_token).session_id);
  const { refreshToken } = done(await createSession(sibling.cdi, "somebody"));
  done(await refreshSession(app, refreshToken.token));
});

test("Tenants and apps: a token is good where its keys are, in the whole app", async () => {
  const [one, other] = [await newSibling(door), await newSibling(door)];
  for (const instance of [one, other]) instance.set("mailer_autoconfirm", true);
  refused(await me(other, await signUp(one)), 403, "bad_jwt");
  for (const secret of [door.secret, null]) {
    for (const instance of [one, other]) instance.set("jwt_secret", secret);
    const session = await signUp(one);
    assert.equal(ok(await me(other, session)).id, session.user.id);
  }
});

test("Tenants and apps: nothing is shared between apps", async () => {
  const email = newEmail();
  const session = await signUp(door, email);
  const { user } = await signUp(stranger, email);
  assert.notEqual(user.id, session.user.id);
  refused(await me(stranger, session), 403, "user_not_found");
  refused(await stranger.refresh(session.refresh_token), 400, "refresh_token_not_found");
  const asked = await stranger.get(`/admin/users/${session.user.id}`, { token: door.adminToken });
  refused(asked, 404, "user_not_found");
  assert.equal((await findUser(session.user.id, await newApp())).json.status, "UNKNOWN_USER_ID_ERROR");
});

test("Tenants and apps: a primary user holds its addresses in all of its tenants", async () => {
  const { user } = await signUp(door);
  done(await associate(user.id, sibling.cdi));
  const answer = await sibling.post("/signup", { email: user.email, password: PASSWORD });
  refused(answer, 422, "user_already_exists");
  const other = await withPassword(app);
  done(await createPrimary(other.id, app));
  ok(await sibling.post("/signup", { email: other.email, password: PASSWORD }));
});

test("Tenants and apps: handles at SuperTokens name the tenant, session_id of GoTrue does not", async () => {
  const session = await signUp(sibling);
  const { session_id } = claimsOf(session.access_token);
  const handle = `${session_id}_${tenantId(sibling.cdi)}`;
  assert.equal(done(await get(`${app}/recipe/session`, { sessionHandle: handle })).userId, session.user.id);
  assert.equal((await get(`${app}/recipe/session`, { sessionHandle: session_id })).json.status, "UNAUTHORISED");
});

test("Tenants and apps: a policy asks whether a session is live, whatever its tenant", async () => {
  for (const instance of [door, sibling]) {
    const { access_token, user } = await signUp(instance);
    const { accessToken } = done(await createSession(instance.cdi, user.id));
    for (const token of [accessToken.token, access_token]) {
      assert.equal(asCaller(token, `auth.session_is_live('${door.appId}')`), true, instance.cdi);
    }
    ok(await instance.admin("DELETE", `/admin/users/${user.id}`));
    assert.equal(asCaller(access_token, `auth.session_is_live('${door.appId}')`), false);
  }
});

test("Tenants and apps: a policy asks for the tenant of a token of either", async () => {
  for (const instance of [door, sibling]) {
    const { access_token, user } = await signUp(instance);
    const { accessToken } = done(await createSession(instance.cdi, user.id));
    const expected = instance === door ? "public" : tenantId(instance.cdi);
    for (const token of [accessToken.token, access_token]) assert.equal(asCaller(token, "auth.tenant()"), expected);
  }
});

test("Tenants and apps: tokens name the tenant that their session was opened in, wherever it is refreshed", async () => {
  for (const [own, other] of [[door, sibling], [sibling, door]]) {
    const { refresh_token } = await signUp(own);
    const { access_token } = ok(await other.post("/token?grant_type=refresh_token", { refresh_token }));
    assert.equal(claimsOf(access_token).tId, own === door ? undefined : tenantId(own.cdi));
  }
});

test("Tenants and apps: a link opens a session only where the user is", async () => {
  const { user } = await signUp(sibling);
  const { hashed_token } = ok(await sibling.admin("POST", "/admin/generate_link", { body: { type: "magiclink", email: user.email } }));
  refused(await door.post("/verify", { type: "magiclink", token_hash: hashed_token }), 403, "user_not_found");
  ok(await sibling.post("/verify", { type: "magiclink", token_hash: hashed_token }));
});

test("Tenants and apps: with its tenant a user of that alone loses what it signs in with", async () => {
  const gone = await newSibling(door, { mailer_autoconfirm: true });
  const session = await signUp(gone);
  done(await post(`${app}/recipe/multitenancy/tenant/remove`, { tenantId: tenantId(gone.cdi) }));
  assert.deepEqual((await userOf(session.user.id, app)).tenantIds, []);
  refused(await door.signIn(session.user.email), 400, "invalid_credentials");
  assert.equal(ok(await door.admin("GET", `/admin/users/${session.user.id}`)).id, session.user.id);
});
