// Listing and ending sessions, and what ends them besides (CDI 4.13, 4.14, 4.16, 7.13).
import test from "node:test";
import {
  VERSIONS, assert, createSession, expireSession, get, has, newApp, newId, newTenant, ok, post, put, refreshSession,
  refused, sameMembers, signUp, verifySession,
} from "./helper.mjs";

const OWN_TENANT = "Only public tenantId can call this app specific API";
const UNKNOWN_TENANT = /^AppId or tenantId not found => /;
const app = await newApp();
const [t1, t2] = [await newTenant(app, "t1"), await newTenant(app, "t2")];

const details = (handle, at = "") => get(`${at}/recipe/session`, { sessionHandle: handle });
const remove = async (body, at = "") => ok(await post(`${at}/recipe/session/remove`, body)).sessionHandlesRevoked;
const list = async (userId, at = "", more = {}) =>
  ok(await get(`${at}/recipe/session/user`, { userId, ...more })).sessionHandles;

async function handle(at, userId) {
  return ok(await createSession(at, userId)).session.handle;
}

test("7.13.307 what to remove must be said in one way", async () => {
  const one = "Invalid JSON input - use one of userId or sessionHandles array";
  const send = (body) => post("/recipe/session/remove", body);
  for (const body of [{}, { userId: "u", sessionHandles: [] }]) refused(await send(body), 400, one);
  for (const field of ["revokeAcrossAllTenants", "revokeSessionsForLinkedAccounts"]) {
    for (const value of [true, false]) {
      const answer = await send({ sessionHandles: [], [field]: value });
      refused(answer, 400, `Invalid JSON input - ${field} can only be set if userId is set`);
    }
  }
});

test("7.13.307 removing by handle", async () => {
  const [one, inTenant] = [await handle(app, "u"), await handle(t1, "u")];
  sameMembers(await remove({ sessionHandles: [one, "unknown", inTenant, newId("x")] }, app), [one, inTenant]);
  assert.deepEqual(await remove({ sessionHandles: [one, inTenant] }, app), []);
  assert.deepEqual(await remove({ sessionHandles: [] }, app), []);
  has(await details(inTenant, app), "UNAUTHORISED");
  const other = await handle(t1, "u");
  assert.deepEqual(await remove({ sessionHandles: [other] }, t2), [other], "the handle names its tenant");
});

test("7.13.307 7.13.308 removing by user", async () => {
  const userId = newId("user");
  const [one, two, three] = [await handle(app, userId), await handle(t1, userId), await handle(t2, userId)];
  await handle(app, newId("other"));
  assert.deepEqual(await remove({ userId: newId("unknown") }, app), []);
  for (const version of VERSIONS.slice(2)) {
    refused(await post(`${t1}/recipe/session/remove`, { userId }, version), 403, OWN_TENANT, version);
    refused(await get(`${t1}/recipe/session/user`, { userId }, version), 403, OWN_TENANT, version);
  }
  assert.deepEqual(await remove({ userId, revokeAcrossAllTenants: false }, t1), [two]);
  sameMembers(await list(userId, app), [one, three]);
  sameMembers(await remove({ userId }, `${app}/public`), [one, three]);
});

test("7.13.308 before CDI 5.0 a tenant in the path does not limit the removal", async () => {
  for (const version of ["3.1", "4.0"]) {
    const userId = newId("user");
    const handles = [await handle(app, userId), await handle(t2, userId)];
    const listed = ok(await get(`${t1}/recipe/session/user`, { userId }, version));
    sameMembers(listed.sessionHandles, handles);
    const answer = ok(await post(`${t1}/recipe/session/remove`, { userId }, version));
    sameMembers(answer.sessionHandlesRevoked, handles);
  }
});

test("4.14 the list of a user's sessions", async () => {
  const userId = newId("user");
  const [one, two] = [await handle(app, userId), await handle(t1, userId)];
  assert.deepEqual(await list(newId("unknown"), app), []);
  for (const all of ["true", "TRUE", "True"]) {
    sameMembers(await list(userId, app, { fetchAcrossAllTenants: all }), [one, two]);
  }
  for (const all of ["false", "x", ""]) {
    assert.deepEqual(await list(userId, app, { fetchAcrossAllTenants: all }), [one], all);
    assert.deepEqual(await list(userId, t1, { fetchAcrossAllTenants: all }), [two], all);
  }
});

test("7.13.309 7.13.310 a user without linked accounts, whichever way it is asked", async () => {
  const { id } = await signUp();
  const one = await handle("", id);
  for (const linked of ["true", "false"]) {
    assert.deepEqual(await list(id, "", { fetchSessionsForAllLinkedAccounts: linked }), [one]);
  }
  assert.deepEqual(await remove({ userId: id, revokeSessionsForLinkedAccounts: false }), [one]);
});

test("7.13.310 7.13.311 an expired session", async () => {
  const userId = newId("user");
  const { session, refreshToken, accessToken } = ok(await createSession("", userId));
  expireSession(session.handle);
  const sessionHandle = session.handle;
  for (const answer of [await details(sessionHandle),
    await put("/recipe/session/data", { sessionHandle, userDataInDatabase: {} }),
    await put("/recipe/jwt/data", { sessionHandle, userDataInJWT: {} }), await refreshSession("", refreshToken.token),
    await refreshSession("", refreshToken.token, {}, "5.6")]) {
    has(answer, "UNAUTHORISED");
  }
  assert.deepEqual(await list(userId), []);
  assert.deepEqual(await remove({ userId }), []);
  ok(await verifySession("", accessToken.token, { checkDatabase: true }), "its end does not count here");
  assert.deepEqual(await remove({ sessionHandles: [sessionHandle] }), [sessionHandle]);
});

test("4.16 a user who is removed has no sessions", async () => {
  const { id } = await signUp(app);
  const made = ok(await createSession(t1, id));
  const bystander = await handle(app, newId("user"));
  ok(await post(`${app}/user/remove`, { userId: id }));
  has(await details(made.session.handle, app), "UNAUTHORISED");
  has(await refreshSession(app, made.refreshToken.token), "UNAUTHORISED");
  ok(await verifySession(app, made.accessToken.token));
  has(await verifySession(app, made.accessToken.token, { checkDatabase: true }), "UNAUTHORISED");
  ok(await details(bystander, app));
});

test("4.16 a tenant that is removed has no sessions", async () => {
  const at = await newTenant(app);
  const tenantId = at.split("/").at(-1);
  const userId = newId("user");
  const sessionHandle = await handle(at, userId);
  ok(await post(`${app}/recipe/multitenancy/tenant/remove`, { tenantId }));
  refused(await details(sessionHandle, app), 400, UNKNOWN_TENANT);
  await newTenant(app, tenantId);
  assert.deepEqual(await list(userId, app), []);
  has(await details(sessionHandle, app), "UNAUTHORISED");
});

for (const [name, use] of [
  ["verify", (made) => verifySession(app, made.accessToken.token, { checkDatabase: true })],
  ["refresh", (made) => refreshSession(app, made.refreshToken.token)],
]) {
  test(`4.16 ${name} of a token that names a removed tenant`, async () => {
    const at = await newTenant(app);
    const made = ok(await createSession(at));
    ok(await post(`${app}/recipe/multitenancy/tenant/remove`, { tenantId: at.split("/").at(-1) }));
    // The core answers 400, which SDKs pass on as a fault; this ends the session at the client, too.
    has(await use(made), "UNAUTHORISED");
  });
}
