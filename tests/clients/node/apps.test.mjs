// Two apps side by side, each with an SDK of its own: nothing of one is to be seen in the other.
import test, { after } from "node:test";
import { Worker } from "node:worker_threads";
import { AUTH_URL, PASSWORD, PUBLIC, assert, cdi, createApp, newEmail, newId, sql } from "./helpers.mjs";

/** An SDK for an app: `call("EmailPassword", "signUp", ...)`. A failure is an Error with the SDK's type or message. */
function connect(connectionURI) {
  const worker = new Worker(new URL("./app-worker.mjs", import.meta.url), { workerData: connectionURI });
  const waiting = new Map();
  worker.on("message", ({ id, value, error }) => {
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) resolve(value);
    else reject(new Error(error));
  });
  after(() => worker.terminate());
  let last = 0;
  return (recipe, name, ...args) =>
    new Promise((resolve, reject) => {
      waiting.set((last += 1), { resolve, reject });
      worker.postMessage({ id: last, recipe, name, args });
    });
}

const ids = [newId("one"), newId("two")];
const one = connect(await createApp(ids[0]));
const two = connect(await createApp(ids[1]));
const base = connect(AUTH_URL);

const signUp = async (call, email, password = PASSWORD) => {
  const answer = await call("EmailPassword", "signUp", PUBLIC, email, password);
  assert.equal(answer.status, "OK");
  return answer.user;
};

test("the same address is another user in each app", async () => {
  const email = newEmail();
  const users = [await signUp(one, email, "password one 1"), await signUp(two, email, "password two 2")];
  users.push(await signUp(base, email, "password base 3"));
  assert.equal(new Set(users.map((user) => user.id)).size, 3);
  const signIn = async (call, password) => (await call("EmailPassword", "signIn", PUBLIC, email, password)).status;
  assert.equal(await signIn(one, "password one 1"), "OK");
  assert.equal(await signIn(two, "password one 1"), "WRONG_CREDENTIALS_ERROR");
  assert.equal(await signIn(base, "password two 2"), "WRONG_CREDENTIALS_ERROR");
});

test("users of one app cannot be found, listed, changed or deleted from another", async () => {
  const email = newEmail();
  const { id } = await signUp(one, email);
  const countOfTwo = await two("SuperTokens", "getUserCount");
  for (const [name, other] of [
    ["two", two],
    ["base", base],
  ]) {
    assert.equal(await other("SuperTokens", "getUser", id), undefined, name);
    assert.deepEqual(await other("SuperTokens", "listUsersByAccountInfo", PUBLIC, { email }), [], name);
    const { users } = await other("SuperTokens", "getUsersNewestFirst", { tenantId: PUBLIC, limit: 500 });
    assert.ok(!users.some((user) => user.id === id), name);
    const reset = await other("EmailPassword", "createResetPasswordToken", PUBLIC, id, email);
    assert.equal(reset.status, "UNKNOWN_USER_ID_ERROR", name);
    await other("SuperTokens", "deleteUser", id);
  }
  assert.equal(await two("SuperTokens", "getUserCount"), countOfTwo);
  assert.equal((await one("SuperTokens", "getUser", id)).id, id, "still there after the deletions elsewhere");
  assert.deepEqual(sql("SELECT app_id FROM auth.users WHERE id = $1", id), [{ app_id: ids[0] }]);
});

test("a reset token is good in its app alone", async () => {
  const email = newEmail();
  const { id } = await signUp(one, email);
  const { token } = await one("EmailPassword", "createResetPasswordToken", PUBLIC, id, email);
  const elsewhere = await two("EmailPassword", "consumePasswordResetToken", PUBLIC, token);
  assert.equal(elsewhere.status, "RESET_PASSWORD_INVALID_TOKEN_ERROR");
  assert.equal((await one("EmailPassword", "consumePasswordResetToken", PUBLIC, token)).status, "OK");
});

test("sessions of one app are nothing in another", async () => {
  const userId = newId("user");
  const session = await one("Sessions", "create", userId);
  for (const [name, other] of [
    ["two", two],
    ["base", base],
  ]) {
    await assert.rejects(
      other("Sessions", "verify", session.accessToken),
      /TRY_REFRESH_TOKEN/,
      `${name} has other keys`,
    );
    await assert.rejects(other("Sessions", "refresh", session.refreshToken), /UNAUTHORISED/, name);
    assert.equal(await other("Session", "getSessionInformation", session.handle), undefined, name);
    assert.equal(await other("Session", "revokeSession", session.handle), false, name);
    assert.deepEqual(await other("Session", "revokeAllSessionsForUser", userId), [], name);
    assert.equal(await other("Session", "updateSessionDataInDatabase", session.handle, { a: 1 }), false, name);
  }
  const verified = await one("Sessions", "verify", session.accessToken, { checkDatabase: true });
  assert.equal(verified.handle, session.handle, "still alive after all that");
  assert.equal((await one("Sessions", "refresh", session.refreshToken)).handle, session.handle);
});

test("the server itself refuses another app's access token", async () => {
  const { accessToken } = await one("Sessions", "create", newId("user"));
  const body = { accessToken, doAntiCsrfCheck: false, enableAntiCsrf: false, checkDatabase: false };
  const status = async (prefix) => (await cdi("POST", `${prefix}/recipe/session/verify`, body)).status;
  assert.equal(await status(`/appid-${ids[0]}`), "OK");
  assert.equal(await status(`/appid-${ids[1]}`), "TRY_REFRESH_TOKEN");
  assert.equal(await status(""), "TRY_REFRESH_TOKEN");
});

test("keys and tenants are the app's own", async () => {
  const kids = async (call) => (await call("Session", "getJWKS")).keys.map((key) => key.kid + key.n);
  const [inOne, inTwo] = [await kids(one), await kids(two)];
  assert.ok(inOne.length > 0 && inTwo.length > 0);
  assert.deepEqual(
    inOne.filter((key) => inTwo.includes(key)),
    [],
  );

  const tenantId = newId("tenant");
  await one("Multitenancy", "createOrUpdateTenant", tenantId);
  assert.equal(await two("Multitenancy", "getTenant", tenantId), undefined);
  assert.deepEqual(await two("Multitenancy", "deleteTenant", tenantId), { status: "OK", didExist: false });
  assert.equal((await one("Multitenancy", "getTenant", tenantId)).tenantId, tenantId);
});

test("an app that is removed is gone with all its users", async () => {
  const appId = newId("three");
  const three = connect(await createApp(appId));
  await signUp(three, newEmail());
  assert.deepEqual(await cdi("POST", "/recipe/multitenancy/app/remove", { appId }), { status: "OK", didExist: true });
  assert.deepEqual(sql("SELECT id FROM auth.users WHERE app_id = $1", appId), []);
  await assert.rejects(three("EmailPassword", "signUp", PUBLIC, newEmail(), PASSWORD), /400.*not found/s);
});
