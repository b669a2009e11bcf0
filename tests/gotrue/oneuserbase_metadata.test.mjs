// Metadata of three kinds, and roles of two (docs/one-user-base.md).
import test from "node:test";
import { createSession, get, newId, ok as done, post, put } from "../cdi/helper.mjs";
import {
  giveRole, isVerified, map, mapped, metadataOf, rolesOf, setMetadata, userOf, verified, withPassword,
} from "../cdi/linking_helper.mjs";
import { devices } from "../cdi/totp_helper.mjs";
import { PASSWORD, assert, claimsOf, newEmail, newInstance, newSibling, ok, refused, sql } from "./helper.mjs";

const door = await newInstance();
const at = door.cdi;

const seen = async (id) => ok(await door.admin("GET", `/admin/users/${id}`));
const own = async (session) => ok(await door.get("/user", { token: session.access_token }));
const setUser = (session, body) => door.put("/user", body, { token: session.access_token });
const give = async (id, body) => ok(await door.admin("PUT", `/admin/users/${id}`, { body }));
const recipes = (id) => sql("SELECT metadata FROM auth.user_metadata WHERE user_id = $1", id);

/** All that a backend of SuperTokens asks about a user. */
async function trusted(id, email, handle) {
  const session = done(await get(`${at}/recipe/session`, { sessionHandle: handle }));
  return {
    user: await userOf(id, at), metadata: await metadataOf(id, at), roles: await rolesOf(id, at), session,
    devices: await devices(id, at), isVerified: await isVerified(id, email, at),
  };
}

/** What a policy is told when a token is presented. */
const asCaller = (token, expression) =>
  sql(
    `SELECT ${expression} AS answer
     FROM (SELECT set_config('request.jwt.claims', $1, false) AS claims OFFSET 0) AS s WHERE claims <> ''`,
    JSON.stringify(claimsOf(token)),
  )[0].answer;

test("Metadata: three kinds stand in three places", async () => {
  const { user } = await door.member();
  await setMetadata(user.id, { a: "supertokens" }, at);
  await give(user.id, { user_metadata: { a: "user" }, app_metadata: { a: "app" } });
  const [row] = sql("SELECT * FROM auth.users WHERE id::text = $1", user.id);
  assert.deepEqual([row.raw_user_meta_data.a, row.raw_app_meta_data.a], ["user", "app"]);
  assert.deepEqual(recipes(user.id), [{ metadata: { a: "supertokens" } }]);
});

test("Metadata: what a client may write", async () => {
  const { user, session } = await door.member();
  const { user_metadata } = ok(await setUser(session, { data: { theme: "dark" } }));
  assert.equal(user_metadata.theme, "dark");
  refused(await setUser(session, { app_metadata: { plan: "pro" } }), 403, "not_admin");
  const more = { role: "service_role", aud: "x", is_anonymous: true, raw_app_meta_data: { plan: "pro" } };
  ok(await setUser(session, more));
  const now = await seen(user.id);
  assert.deepEqual([now.role, now.aud, now.is_anonymous], ["authenticated", "authenticated", false]);
  assert.deepEqual(now.app_metadata, { provider: "email", providers: ["email"] });
  assert.deepEqual(recipes(user.id), []);
});

test("Metadata: who sees which", async () => {
  const { email, user } = await door.member();
  await setMetadata(user.id, { secret: 1 }, at);
  await give(user.id, { user_metadata: { name: "A" }, app_metadata: { plan: "pro" } });
  const session = ok(await door.signIn(email));
  const claims = claimsOf(session.access_token);
  assert.deepEqual([claims.user_metadata.name, claims.app_metadata.plan], ["A", "pro"]);
  for (const shown of [claims, session.user, await own(session)]) assert.ok(!JSON.stringify(shown).includes("secret"));
  const { accessToken } = done(await createSession(at, user.id));
  const there = [claimsOf(accessToken.token), await userOf(user.id, at), await metadataOf(user.id, at)];
  for (const shown of there) assert.ok(!/"name"|"plan"/.test(JSON.stringify(shown)), JSON.stringify(shown));
});

test("Metadata: a client that writes its own changes nothing that a backend of SuperTokens trusts", async () => {
  const { email, user, session } = await door.member();
  await setMetadata(user.id, { plan: "free", _supertokens: { requiredSecondaryFactors: ["totp"] } }, at);
  await giveRole(user.id, at, at);
  const { session: { handle } } = done(await createSession(at, user.id, { userDataInJWT: { "st-mfa": { v: false } } }));
  const before = await trusted(user.id, email, handle);
  const data = {
    plan: "pro", _supertokens: { requiredSecondaryFactors: [] }, metadata: { plan: "pro" }, roles: ["owner"],
    "st-role": { v: ["owner"] }, "st-mfa": { v: true }, isPrimaryUser: false, id: "x", sub: "x", email: newEmail(),
    email_verified: true, loginMethods: [], tenantIds: ["other"], app_metadata: { role: "owner" }, role: "owner",
  };
  ok(await setUser(session, { data }));
  ok(await setUser(session, { data: Object.fromEntries(Object.keys(data).map((name) => [name, null])) }));
  ok(await setUser(session, { data: { ...data, nested: data } }));
  assert.deepEqual(await trusted(user.id, email, handle), before);
});

test("Metadata: what is said when signing up is none of SuperTokens'", async () => {
  const data = { plan: "pro", _supertokens: { requiredSecondaryFactors: [] }, "st-role": { v: ["owner"] } };
  const { id } = await door.signUp(newEmail(), { data });
  assert.deepEqual(await metadataOf(id, at), {});
  assert.deepEqual(await rolesOf(id, at), []);
  assert.equal((await seen(id)).user_metadata.plan, "pro");
});

test("Metadata: required second factors are out of reach for clients and administrators of GoTrue", async () => {
  const { user, session } = await door.member();
  const required = { _supertokens: { requiredSecondaryFactors: ["totp", "otp-email"] } };
  await setMetadata(user.id, required, at);
  const none = { _supertokens: { requiredSecondaryFactors: [] } };
  ok(await setUser(session, { data: none }));
  await give(user.id, { user_metadata: none, app_metadata: none });
  assert.deepEqual(await metadataOf(user.id, at), required);
});

test("Metadata: SuperTokens' is kept under any id, known or not, GoTrue's in the user's row", async () => {
  const id = newId("nobody");
  await setMetadata(id, { a: 1 }, at);
  assert.deepEqual(await metadataOf(id, at), { a: 1 });
  const { user } = await door.member();
  const external = newId("ext");
  done(await map(user.id, external, { force: true }, at));
  await setMetadata(external, { a: 2 }, at);
  assert.deepEqual([recipes(external), recipes(user.id)], [[{ metadata: { a: 2 } }], []]);
  await give(user.id, { user_metadata: { a: 3 } });
  assert.deepEqual([(await seen(user.id)).user_metadata.a, await metadataOf(external, at)], [3, { a: 2 }]);
});

test("Metadata: of a user of SuperTokens the other two are empty, until GoTrue knows its providers", async () => {
  const { id, email } = await withPassword(at);
  assert.deepEqual([(await seen(id)).user_metadata, (await seen(id)).app_metadata], [{}, {}]);
  await verified(id, email, at);
  const { user } = ok(await door.signIn(email));
  assert.deepEqual(user.app_metadata, { provider: "email", providers: ["email"] });
});

test("Roles: those of SuperTokens are shared, and asked for in policies with a token of either", async () => {
  const { user, session } = await door.member();
  await giveRole(user.id, at, at);
  done(await put(`${at}/recipe/role`, { role: "admin", permissions: ["read"] }));
  const { accessToken } = done(await createSession(at, user.id));
  for (const token of [session.access_token, accessToken.token]) {
    assert.equal(asCaller(token, `auth.has_role('admin', '${door.appId}')`), true);
    assert.equal(asCaller(token, `auth.has_permission('read', '${door.appId}')`), true);
    assert.equal(asCaller(token, `auth.has_role('owner', '${door.appId}')`), false);
  }
});

test("Roles: they are in no token and no answer of GoTrue", async () => {
  const { email, user } = await door.member();
  await giveRole(user.id, at, at);
  const session = ok(await door.signIn(email));
  assert.equal(claimsOf(session.access_token).role, "authenticated");
  assert.ok(!JSON.stringify([claimsOf(session.access_token), await own(session)]).includes("admin"));
  refused(await door.get("/admin/users", { token: session.access_token }), 403, "not_admin");
});

test("Roles: the role of GoTrue is a Postgres role, and none of SuperTokens'", async () => {
  const { email, user } = await door.member();
  await give(user.id, { role: "editor" });
  const { access_token } = ok(await door.signIn(email));
  assert.equal(claimsOf(access_token).role, "editor");
  assert.equal(asCaller(access_token, "auth.role()"), "editor");
  assert.equal(asCaller(access_token, `auth.has_role('editor', '${door.appId}')`), false);
  assert.deepEqual(await rolesOf(user.id, at), []);
  assert.equal(done(await get(`${at}/recipe/roles`)).roles.includes("editor"), false);
});

test("Roles: a client gives itself none", async () => {
  const { email, user, session } = await door.member();
  await giveRole((await withPassword(at)).id, at, at);
  ok(await setUser(session, { role: "service_role", data: { role: "service_role", roles: ["admin"] } }));
  const { access_token } = ok(await door.signIn(email));
  assert.equal(claimsOf(access_token).role, "authenticated");
  assert.equal(asCaller(access_token, `auth.has_role('admin', '${door.appId}')`), false);
  assert.deepEqual(await rolesOf(user.id, at), []);
});

test("Roles: a user with an id from another system has them with tokens of both", async () => {
  const { id, email } = await withPassword(at);
  const external = await mapped(id, at);
  await giveRole(external, at, at);
  ok(await door.admin("PUT", `/admin/users/${id}`, { body: { email_confirm: true } }));
  const { accessToken } = done(await createSession(at, id));
  assert.equal(asCaller(accessToken.token, `auth.has_role('admin', '${door.appId}')`), true);
  const { access_token } = ok(await door.signIn(email));
  assert.equal(asCaller(access_token, `auth.has_role('admin', '${door.appId}')`), true);
});

test("Roles: they are those of the tenant that the token is of", async () => {
  const other = await newSibling(door);
  const email = newEmail();
  const body = { email, password: PASSWORD, email_confirm: true };
  const { id } = ok(await other.admin("POST", "/admin/users", { body }));
  await giveRole(id, other.cdi, at);
  const { access_token } = ok(await other.signIn(email));
  assert.equal(asCaller(access_token, `auth.has_role('admin', '${door.appId}')`), true);
  done(await post(`${other.cdi}/recipe/user/role/remove`, { userId: id, role: "admin" }));
  await giveRole(id, at, at);
  assert.equal(asCaller(access_token, `auth.has_role('admin', '${door.appId}')`), false, "it has the role elsewhere");
});
