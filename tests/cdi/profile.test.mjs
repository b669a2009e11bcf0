// The simplified profile: callers without a cdi-version, tenants named by a field (CDI 8).
import test from "node:test";
import {
  PASSWORD, assert, badField, call, createSession, decode, get, has, newApp, newEmail, newId, newTenant, ok, post,
  put, refused, sameMembers, signUp, verifySession,
} from "./helper.mjs";

const send = (method, path, options = {}) => call(method, path, { ...options, version: null });
const bare = (userId = newId("user")) => ({ userId, userDataInJWT: {}, userDataInDatabase: {} });
const open = async (more = {}) => ok(await send("POST", "/recipe/session", { body: { ...bare(), ...more } }));

/** The answer must be HTTP 401 with JSON that has a status and a message. */
function unauthorised(answer, status) {
  assert.equal(answer.status, 401, answer.text);
  assert.match(answer.headers.get("content-type"), /^application\/json/);
  assert.equal(answer.json.status, status);
  assert.equal(typeof answer.json.message, "string");
  return answer.json;
}

test("8.1.1 8.3 H health", async () => {
  for (const headers of [{}, { accept: "*/*" }, { accept: "application/json" }, { accept: "text/html, */*;q=0.5" },
    { accept: "text/plain, application/json" }]) {
    const { status } = ok(await send("GET", "/hello", { headers }), JSON.stringify(headers));
    assert.equal(status, "OK");
  }
  assert.match((await send("GET", "/hello")).text, /Hello/);
  refused(await send("GET", "/hello", { headers: { accept: "text/plain" } }), 200, "Hello");
  refused(await get("/hello"), 200, "Hello");
});

test("8.1.2 apiversion has a status", async () => {
  const { versions } = ok(await send("GET", "/apiversion"));
  assert.ok(versions.length > 0 && versions.every((version) => typeof version === "string"));
});

test("8.1.3 8.3 L opening a session", async () => {
  const made = await open({ userDataInJWT: { a: 1 } });
  assert.equal(made.antiCsrfToken, undefined);
  assert.deepEqual(Object.keys(made.session).sort(), ["handle", "recipeUserId", "tenantId", "userDataInJWT", "userId"]);
  for (const token of [made.accessToken, made.refreshToken]) {
    assert.deepEqual(Object.keys(token).sort(), ["createdTime", "expiry", "token"]);
  }
  assert.match(decode(made.accessToken.token).header.kid, /^d-/);
  assert.equal(typeof (await open({ enableAntiCsrf: true })).antiCsrfToken, "string", "a value that is sent counts");
  for (const field of ["userId", "userDataInJWT", "userDataInDatabase"]) {
    badField(await send("POST", "/recipe/session", { body: { ...bare(), [field]: undefined } }), field);
  }
  badField(await post("/recipe/session", bare()), "enableAntiCsrf", "with a version the rules are the usual ones");
});

test("8.1.4 8.2 8.3 Q verifying a session", async () => {
  const made = await open();
  const { token: accessToken } = made.accessToken;
  for (const version of [null, "5.4", "3.1"]) {
    const { session, accessToken: shown } = ok(await get("/recipe/session", { accessToken }, version));
    assert.equal(session.handle, made.session.handle);
    if (version !== "3.1") assert.deepEqual([session, shown], [made.session, made.accessToken], version);
  }
  unauthorised(await send("GET", "/recipe/session", { query: { accessToken: "random" } }), "TRY_REFRESH_TOKEN");
  const query = { accessToken, sessionHandle: made.session.handle };
  const byHandle = ok(await send("GET", "/recipe/session", { query }));
  assert.equal(byHandle.sessionHandle, made.session.handle, "the handle wins");
  ok(await send("PUT", "/recipe/jwt/data", { body: { sessionHandle: made.session.handle, userDataInJWT: { a: 2 } } }));
  const removed = await send("POST", "/recipe/session/remove", { body: { sessionHandles: [made.session.handle] } });
  assert.deepEqual(ok(removed).sessionHandlesRevoked, [made.session.handle]);
  unauthorised(await send("GET", "/recipe/session", { query: { accessToken } }), "UNAUTHORISED");
});

test("8.2 anti-CSRF of a verify", async () => {
  const { accessToken, antiCsrfToken } = await open({ enableAntiCsrf: true });
  const query = { accessToken: accessToken.token, doAntiCsrfCheck: "true" };
  ok(await send("GET", "/recipe/session", { query: { ...query, antiCsrfToken } }));
  ok(await send("GET", "/recipe/session", { query, headers: { "anti-csrf": antiCsrfToken } }));
  ok(await send("GET", "/recipe/session", { query: { accessToken: accessToken.token } }));
  for (const more of [{}, { antiCsrfToken: "wrong" }]) {
    unauthorised(await send("GET", "/recipe/session", { query: { ...query, ...more } }), "TRY_REFRESH_TOKEN");
  }
  const without = await open();
  ok(await send("GET", "/recipe/session", { query: { ...query, accessToken: without.accessToken.token } }));
});

test("8.1.5 8.3 E refreshing a session", async () => {
  const made = await open();
  const refresh = (refreshToken) => send("POST", "/recipe/session/refresh", { body: { refreshToken } });
  const next = ok(await refresh(made.refreshToken.token));
  assert.notEqual(next.refreshToken.token, made.refreshToken.token);
  const after = ok(await refresh(next.refreshToken.token));
  const { session } = unauthorised(await refresh(made.refreshToken.token), "TOKEN_THEFT_DETECTED");
  assert.equal(session.handle, made.session.handle);
  ok(await send("POST", "/recipe/session/remove", { body: { sessionHandles: [made.session.handle] } }));
  for (const token of [after.refreshToken.token, "random"]) unauthorised(await refresh(token), "UNAUTHORISED");
  const real = { refreshToken: "random", enableAntiCsrf: false, useDynamicSigningKey: true };
  has(await send("POST", "/recipe/session/refresh", { body: real }), "UNAUTHORISED", "a field that only others send");
  has(await post("/recipe/session/refresh", real), "UNAUTHORISED");
});

test("8.1.7 8.1.8 session data", async () => {
  const { session } = await open();
  const sessionHandle = session.handle;
  ok(await send("PUT", "/recipe/session/data", { body: { sessionHandle, userDataInDatabase: { a: 1 } } }));
  const read = (handle) => send("GET", "/recipe/session/data", { query: { sessionHandle: handle } });
  assert.deepEqual(ok(await read(sessionHandle)).userDataInDatabase, { a: 1 });
  has(await read("unknown"), "UNAUTHORISED");
});

test("8.1.9 to 8.1.12 e-mail and password", async () => {
  const body = { email: ` ${newEmail("A")}`, password: PASSWORD };
  const { user } = ok(await send("POST", "/recipe/signup", { body }));
  for (const field of ["emails", "phoneNumbers", "thirdParty", "tenantIds", "loginMethods"]) {
    assert.ok(Array.isArray(user[field]), field);
  }
  has(await send("POST", "/recipe/signup", { body }), "EMAIL_ALREADY_EXISTS_ERROR");
  assert.deepEqual(ok(await send("POST", "/recipe/signin", { body })).user, user);
  has(await send("POST", "/recipe/signin", { body: { ...body, password: "wrong" } }), "WRONG_CREDENTIALS_ERROR");
  const asked = { userId: user.id, email: user.emails[0] };
  const { token } = ok(await send("POST", "/recipe/user/password/reset/token", { body: asked }));
  const reset = { method: "token", token, newPassword: "new" };
  ok(await send("POST", "/recipe/user/password/reset", { body: reset }));
  has(await send("POST", "/recipe/user/password/reset", { body: reset }), "RESET_PASSWORD_INVALID_TOKEN_ERROR");
  ok(await send("POST", "/recipe/signin", { body: { ...body, password: "new" } }));
});

test("8.4 addresses must look like one, for these callers alone", async () => {
  for (const path of ["/recipe/signup", "/recipe/signin"]) {
    for (const email of ["abc", "@x.io", "a@", "a b@x.io", ""]) {
      badField(await send("POST", path, { body: { email, password: PASSWORD } }), "email", `${path} ${email}`);
    }
  }
  ok(await post("/recipe/signup", { email: newId("abc"), password: PASSWORD }));
});

test("8.3 T the tenant may be named by path, body, query or header", async () => {
  const app = await newApp();
  await newTenant(app, "t1");
  const signUpAs = (path, { email = newEmail(), tenantId, ...more } = {}, version = null) =>
    call("POST", `${app}${path}/recipe/signup`, { body: { email, password: PASSWORD, tenantId }, version, ...more });
  const tenantOf = async (answer) => ok(await answer).user.tenantIds[0];
  for (const [path, more, expected] of [["", { tenantId: "t1" }, "t1"], ["", { tenantId: " T1 " }, "t1"],
    ["", { query: { tenantId: "t1" } }, "t1"], ["", { headers: { tenantId: "t1" } }, "t1"],
    ["/t1", {}, "t1"], ["", {}, "public"],
    ["", { tenantId: "t1", query: { tenantId: "other" }, headers: { tenantId: "third" } }, "t1"],
    ["/t1", { tenantId: "t1" }, "t1"]]) {
    assert.equal(await tenantOf(signUpAs(path, more)), expected, JSON.stringify([path, more]));
  }
  assert.equal((await signUpAs("/t1", { tenantId: "public" })).status, 400, "two different tenants");
  assert.equal((await signUpAs("/public", { tenantId: "t1" })).status, 400, "two different tenants");
  refused(await signUpAs("", { tenantId: "nowhere" }), 400, /^AppId or tenantId not found => /);
  const stray = { tenantId: "t1", query: { tenantId: "t1" }, headers: { tenantId: "t1" } };
  assert.equal(await tenantOf(signUpAs("", stray, "5.4")), "public", "with a version the path alone counts");
  const made = ok(await call("POST", `${app}/recipe/session`, { body: { ...bare(), tenantId: "t1" }, version: null }));
  assert.equal(made.session.tenantId, "t1");
});

test("8.1.22 8.1.23 8.1.24 tenants", async () => {
  const app = await newApp();
  const path = `${app}/recipe/multitenancy/tenant`;
  const body = { tenantId: "T1", emailPasswordEnabled: true, thirdPartyEnabled: false, coreConfig: {} };
  const tenant = { tenantId: "t1", emailPasswordEnabled: true, passwordlessEnabled: false, thirdPartyEnabled: false };
  assert.deepEqual(ok(await send("POST", path, { body })), { status: "OK", createdNew: true, tenant });
  const again = await post(path, { tenantId: "t1", passwordlessEnabled: true });
  assert.deepEqual(ok(again), { status: "OK", createdNew: false, tenant: { ...tenant, passwordlessEnabled: true } });
  for (const version of [null, "5.4", "3.1"]) {
    const shown = ok(await get(path, { tenantId: "t1" }, version), version);
    assert.deepEqual(shown.tenant, { ...tenant, passwordlessEnabled: true });
    assert.deepEqual([shown.tenantId, shown.emailPassword], ["t1", { enabled: true }], "and the usual fields");
    has(await get(path, { tenantId: "nowhere" }, version), "TENANT_NOT_FOUND_ERROR");
  }
  assert.equal(ok(await send("POST", path, { body: {} })).tenant.tenantId, "public");
  sameMembers(ok(await send("GET", `${path}/list`)).tenants.map(({ tenantId }) => tenantId), ["public", "t1"]);
});

test("8.1.25 8.1.26 users", async () => {
  const at = await newTenant();
  const [one, other] = [await signUp(at), await signUp(at)];
  const first = ok(await send("GET", `${at}/users`, { query: { limit: 1 } }));
  assert.deepEqual(first.users, [one.user]);
  const query = { limit: 1, paginationToken: first.nextPaginationToken };
  assert.deepEqual(ok(await send("GET", `${at}/users`, { query })).users, [other.user]);
  for (const version of [null, "5.4"]) {
    for (const userId of [one.id, newId("unknown")]) {
      const answer = await call("DELETE", "/user/remove", { query: { userId }, version });
      assert.deepEqual(ok(answer), { status: "OK" });
    }
  }
  refused(await send("DELETE", "/user/remove"), 400, "Field name 'userId' is missing in GET request");
  assert.deepEqual(ok(await send("GET", `${at}/users`)).users, [other.user]);
});

test("8.3 K keys are asked for alike", async () => {
  const key = "a-key-of-this-app-alone";
  const app = await newApp({ api_keys: key });
  const body = { refreshToken: "x" };
  const refresh = (headers) => send("POST", `${app}/recipe/session/refresh`, { body, headers });
  refused(await refresh({}), 401, "Invalid API key");
  unauthorised(await refresh({ "api-key": key }), "UNAUTHORISED");
});

test("8.3 P a session's token is the same for both kinds of callers", async () => {
  const { accessToken } = await open();
  ok(await verifySession("", accessToken.token, { checkDatabase: true }));
  const other = ok(await createSession());
  ok(await send("GET", "/recipe/session", { query: { accessToken: other.accessToken.token } }));
  ok(await put("/recipe/session/data", { sessionHandle: other.session.handle, userDataInDatabase: {} }));
});
