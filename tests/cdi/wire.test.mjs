// Paths, headers, the order of checks, and how errors are told (CDI 1.1 to 1.8).
import test from "node:test";
import {
  AUTH_URL, PASSWORD, VERSIONS, assert, badField, call, createSession, get, has, newApp, newEmail, newId, newTenant,
  ok, post, put, refused, signIn, signUp,
} from "./helper.mjs";

const app = await newApp();
const tenant = await newTenant(app, "t1");
const credentials = { email: newEmail(), password: PASSWORD };
const KEYS = ["first-key-of-this-app", "second-key-of-this-app"];

const notFound = (answer, message) => refused(answer, 404, "Not found", message);

test("1.1.1-5 paths that lead to an operation", async () => {
  const paths = ["/recipe/signin", "/RECIPE/SignIn/", "/recipe/signin/", "/public/recipe/signin",
    "/appid-/recipe/signin", "/appid-public/recipe/signin", "/appid-public/public/recipe/signin",
    `${app}/recipe/signin`, `${app}/t1/recipe/signin`, `${app.toUpperCase()}/T1/Recipe/SignIn/`];
  for (const path of paths) has(await post(path, credentials), "WRONG_CREDENTIALS_ERROR", path);
});

test("1.1.5 app and tenant of the URL are lower-cased", async () => {
  const { email } = await signUp(tenant);
  for (const at of [tenant, tenant.toUpperCase(), `${app}/T1`]) ok(await signIn(at, email), at);
  has(await signIn(app, email), "WRONG_CREDENTIALS_ERROR");
});

test("1.1.3 1.1.7 1.1.9 paths that lead nowhere", async () => {
  const paths = ["/nothing", "/recipe", "/recipe/nothing", "/a/b/recipe/signin", "/t1/appid-abc/recipe/signin",
    "/appid-a/b/c/recipe/signin", "/t_1/recipe/signin", "/recipe/recipe/signin", "/users/recipe/signin",
    "/config/recipe/signin", "/Hello/recipe/signin", "/recipe/signin/more"];
  for (const path of paths) notFound(await post(path, credentials), path);
});

test("1.1.6 only the first appid- is a prefix", async () => {
  const answer = await post("/appid-appid-abc/recipe/signin", credentials);
  refused(answer, 400, /combination not found: \(, appid-abc, public\)/);
});

test("1.1.9 a method that the operation has not", async () => {
  for (const [method, path] of [["GET", "/recipe/signup"], ["PUT", "/recipe/signup"], ["DELETE", "/recipe/signup"],
    ["OPTIONS", "/recipe/signup"], ["PATCH", "/users"], ["POST", "/users"], ["OPTIONS", `${tenant}/users`]]) {
    refused(await call(method, path), 405, "Method not supported", `${method} ${path}`);
  }
  assert.equal((await call("HEAD", "/users")).status, 405);
});

test("1.1.10 the rid header chooses the recipe of /recipe/user; absent or unknown is emailpassword", async () => {
  const { id, email } = await signUp();
  for (const rid of [undefined, "emailpassword", "something"]) {
    const headers = rid ? { rId: rid } : {};
    const answer = await call("GET", "/recipe/user", { query: { userId: id }, version: "3.1", headers });
    assert.equal(ok(answer, rid).user.email, email);
  }
});

test("1.2 7.1.15 an unknown tenant or app", async () => {
  const begin = "AppId or tenantId not found => ";
  const noTenant = `${begin}Tenant with the following connectionURIDomain, appId and tenantId combination not found: `;
  const noApp = `${begin}App with the following connectionURIDomain and appId combination not found: `;
  for (const version of VERSIONS) {
    refused(await post("/nowhere/recipe/signup", credentials, version), 400, `${noTenant}(, public, nowhere)`);
    refused(await post("/appid-no/recipe/signup", credentials, version), 400, `${noTenant}(, no, public)`);
    refused(await post("/appid-no/t9/recipe/signup", credentials, version), 400, `${noTenant}(, no, t9)`);
    refused(await post("/appid-no/user/remove", { userId: "x" }, version), 400, `${noApp}(, no)`);
    refused(await get("/appid-no/recipe/session", { sessionHandle: "x" }, version), 400, `${noApp}(, no)`);
  }
  refused(await get("/appid-no/.well-known/jwks.json"), 400, `${noApp}(, no)`);
});

test("1.3 other headers, the content type and stray parameters change nothing", async () => {
  const { id } = await signUp();
  const headers = { "st-user-context": "{}", "x-other": "1", "content-type": "text/plain" };
  has(await call("POST", "/recipe/signin", { body: credentials, headers }), "WRONG_CREDENTIALS_ERROR");
  const query = { recipeUserId: "other", email: "other@example.org", tenantId: "nowhere" };
  ok(await call("PUT", "/recipe/user", { body: { recipeUserId: id, password: "new" }, query }));
});

test("1.3 1.4 API keys", async () => {
  const locked = await newApp({ api_keys: KEYS.join(" , ") });
  const count = (headers, path = "/users/count") => call("GET", locked + path, { headers });
  for (const headers of [{}, { "api-key": "wrong" }, { "api-key": "" }, { "api-key": KEYS.join(",") },
    { authorization: "Bearer wrong" }, { authorization: "Basic x" }, { "api-key": "wrong", authorization: KEYS[0] }]) {
    refused(await count(headers), 401, "Invalid API key", JSON.stringify(headers));
  }
  for (const headers of [{ "api-key": KEYS[0] }, { "api-key": ` ${KEYS[1]} ` }, { authorization: KEYS[0] },
    { authorization: `Bearer ${KEYS[0]}` }, { authorization: `bEARER ${KEYS[1]}` }]) {
    ok(await count(headers), JSON.stringify(headers));
  }
  for (const open of ["/hello", "/.well-known/jwks.json", "/"]) {
    assert.equal((await count({}, open)).status, 200, open);
  }
  refused(await count({}, "/apiversion"), 401, "Invalid API key");
});

test("1.4 the order of checks: path, key, version, input, tenant", async () => {
  const locked = await newApp({ api_keys: KEYS[0] });
  const send = (path, headers, version = "5.4") =>
    call("POST", locked + path, { body: { email: 1 }, version, headers });
  const key = { "api-key": KEYS[0] };
  notFound(await send("/nothing", {}));
  refused(await send("/users", {}), 405, "Method not supported");
  refused(await send("/t9/recipe/signup", {}, "9.9"), 401, "Invalid API key");
  refused(await send("/t9/recipe/signup", key, "9.9"), 400, "cdi-version 9.9 not supported");
  badField(await send("/t9/recipe/signup", key), "email");
  badField(await post("/appid-no/recipe/signup", { email: 1 }), "email", "no key is checked for an app that is not");
});

test("1.4 addresses are filtered by the tenant's settings, before anything else", async () => {
  const filtered = await newApp({ api_keys: KEYS[0] });
  const headers = { "api-key": KEYS[0] };
  const create = (tenantId, coreConfig) =>
    call("PUT", `${filtered}/recipe/multitenancy/tenant/v2`, { body: { tenantId, coreConfig }, headers });
  ok(await create("denied", { ip_deny_regex: ".*" }));
  ok(await create("elsewhere", { ip_allow_regex: "192\\.0\\.2\\..*" }));
  ok(await create("both", { ip_allow_regex: ".*", ip_deny_regex: ".*" }));
  ok(await create("allowed", { ip_allow_regex: ".*" }));
  for (const tenantId of ["denied", "elsewhere", "both"]) {
    for (const sent of [headers, {}]) {
      for (const path of ["/users/count", "/hello", "/.well-known/jwks.json"]) {
        const answer = await call("GET", `${filtered}/${tenantId}${path}`, { headers: sent });
        assert.deepEqual([answer.status, answer.text.trim()], [403, ""], tenantId + path);
      }
    }
  }
  ok(await call("GET", `${filtered}/allowed/users/count`, { headers }));
  ok(await call("GET", `${filtered}/users/count`, { headers }));
});

test("1.6 content types, and a newline at the end", async () => {
  const json = await post("/recipe/signin", credentials);
  assert.match(json.headers.get("content-type"), /^application\/json; ?charset=utf-8$/i);
  assert.ok(json.text.endsWith("\n"));
  const text = await post("/recipe/signin", {});
  assert.match(text.headers.get("content-type"), /^text\/html; ?charset=utf-8$/i);
  assert.equal(text.text, "Field name 'email' is invalid in JSON input\n");
});

// Operations with a body, and the fields that they need.
const BODIES = [
  ["POST", "/recipe/signup", { email: "e", password: "p" }],
  ["POST", "/recipe/signin", { email: "e", password: "p" }],
  ["POST", "/recipe/user/password/reset/token", { userId: "u" }],
  ["POST", "/recipe/user/password/reset/token/consume", { token: "t" }],
  ["POST", "/recipe/user/password/reset", { method: "token", token: "t", newPassword: "p" }],
  ["PUT", "/recipe/user", { recipeUserId: "u" }],
  ["POST", "/recipe/user/passwordhash/import", { email: "e", passwordHash: "h" }],
  ["POST", "/recipe/session", { userId: "u", userDataInJWT: {}, userDataInDatabase: {}, enableAntiCsrf: false }],
  ["POST", "/recipe/session/verify",
    { accessToken: "t", doAntiCsrfCheck: false, enableAntiCsrf: false, checkDatabase: false }],
  ["POST", "/recipe/session/refresh", { refreshToken: "t", enableAntiCsrf: false, useDynamicSigningKey: true }],
  ["POST", "/recipe/session/regenerate", { accessToken: "t" }],
  ["PUT", "/recipe/session/data", { sessionHandle: "h", userDataInDatabase: {} }],
  ["PUT", "/recipe/jwt/data", { sessionHandle: "h", userDataInJWT: {} }],
  ["POST", "/recipe/jwt", { algorithm: "RS256", jwksDomain: "d", payload: {}, validity: 1 }],
  ["POST", "/user/remove", { userId: "u" }],
  ["PUT", "/recipe/multitenancy/app/v2", { appId: "a" }],
  ["POST", "/recipe/multitenancy/app/remove", { appId: "a" }],
  ["POST", "/recipe/multitenancy/tenant/remove", { tenantId: "t" }],
];

test("7.1.1 a body that is no JSON object", async () => {
  const others = [["POST", "/recipe/session/remove"], ["PUT", "/recipe/multitenancy/tenant/v2"],
    ["PUT", "/recipe/multitenancy/tenant"]];
  for (const [method, path] of [...BODIES, ...others]) {
    for (const body of ["", "[]", '"x"', "{", "null", '{"a":1}}']) {
      refused(await call(method, path, { body }), 400, "Invalid Json Input", `${path} ${body}`);
    }
  }
});

test("7.1.2 7.1.3 1.7 a required field that is missing, null or of another type", async () => {
  for (const [method, path, body] of BODIES) {
    for (const field of Object.keys(body)) {
      const others = [undefined, null, [], typeof body[field] === "string" ? 12 : "text"];
      if (typeof body[field] !== "boolean") others.push(true);
      if (!(body[field] instanceof Object)) others.push({});
      for (const value of others) {
        const answer = await call(method, path, { body: { ...body, [field]: value } });
        badField(answer, field, `${path} ${field} ${JSON.stringify(value)}`);
      }
    }
  }
});

test("7.1.4 1.7 an optional field that is null or of another type", async () => {
  for (const [method, path, body, field, values] of [
    ["POST", "/user/remove", { userId: "u" }, "removeAllLinkedAccounts", ["true", null, 1]],
    ["POST", "/recipe/session/remove", { userId: "u" }, "revokeAcrossAllTenants", ["true", null]],
    ["POST", "/recipe/session/remove", { userId: "u" }, "revokeSessionsForLinkedAccounts", ["true", null]],
    ["POST", "/recipe/session/remove", {}, "sessionHandles", [[1], [null], "x", null, {}]],
    ["POST", "/recipe/session/regenerate", { accessToken: "t" }, "userDataInJWT", ["{}", null, []]],
    ["POST", "/recipe/user/passwordhash/import", { email: "e", passwordHash: "h" }, "hashingAlgorithm", [1, null]],
    ["PUT", "/recipe/user", { recipeUserId: "u" }, "email", [null, 1]],
    ["PUT", "/recipe/user", { recipeUserId: "u" }, "password", [null, 1]],
    ["PUT", "/recipe/multitenancy/tenant/v2", { tenantId: "t" }, "firstFactors", ["x", [1], [null], {}]],
    ["PUT", "/recipe/multitenancy/tenant/v2", { tenantId: "t" }, "coreConfig", ["x", null, []]],
    ["PUT", "/recipe/multitenancy/tenant", { tenantId: "t" }, "emailPasswordEnabled", ["true", null]],
    ["POST", "/recipe/jwt", BODIES[13][2], "useStaticSigningKey", ["true", null]],
  ]) {
    for (const value of values) {
      badField(await call(method, path, { body: { ...body, [field]: value } }), field, `${path} ${field} ${value}`);
    }
  }
});

test("7.1.5 a whole number may be sent as a text", async () => {
  const body = { algorithm: "RS256", jwksDomain: "d", payload: {} };
  ok(await post("/recipe/jwt", { ...body, validity: "30" }));
  ok(await createSession("", "u", { accessTokenValidity: "30000" }, "5.6"));
});

test("7.1.6 extra fields are ignored", async () => {
  const extra = { applyPasswordPolicy: true, nothing: null, more: { deep: [1] } };
  ok(await post("/recipe/signup", { email: newEmail(), password: "p", ...extra }));
});

test("1.7 query parameters", async () => {
  for (const [path, name] of [["/user/id", "userId"], ["/recipe/session", "sessionHandle"],
    ["/recipe/session/user", "userId"], ["/users/count/active", "since"], ["/recipe/session/data", "sessionHandle"],
    ["/recipe/jwt/data", "sessionHandle"], ["/users/by-accountinfo", "doUnionOfAccountInfo"]]) {
    refused(await get(path), 400, `Field name '${name}' is missing in GET request`, path);
  }
  for (const limit of ["abc", "1.5", ""]) {
    refused(await get("/users", { limit }), 400, "Field name 'limit' must be an int in the GET request");
  }
});

test("7.1.7 7.1.8 letter case and a trailing slash do not matter", async () => {
  ok(await post("/RECIPE/SignUp/", { email: newEmail(), password: PASSWORD }));
  const caps = newId("CAPS").toUpperCase();
  ok(await put("/recipe/multitenancy/tenant/v2", { tenantId: caps }));
  for (const at of [`/${caps}`, `/${caps.toLowerCase()}`]) {
    has(await post(`${at}/recipe/signin`, credentials), "WRONG_CREDENTIALS_ERROR", at);
  }
});

// Operations of the app, which no other tenant may call from CDI 5.0 on.
const APP_OPERATIONS = [
  ["GET", "/users/count", { query: { includeAllTenants: "true" } }],
  ["GET", "/users/count/active", { query: { since: "0" } }],
  ["POST", "/user/remove", { body: { userId: "none" } }],
  ["GET", "/recipe/jwt/jwks", {}],
  ["POST", "/recipe/jwt", { body: { algorithm: "RS256", jwksDomain: "d", payload: {}, validity: 1 } }],
  ["GET", "/recipe/session/user", { query: { userId: "none" } }],
  ["POST", "/recipe/session/remove", { body: { userId: "none" } }],
];
const MORE_APP_OPERATIONS = [
  ["PUT", "/recipe/user", { body: { recipeUserId: "none", userId: "none", password: "p" } }, "UNKNOWN_USER_ID_ERROR"],
  ["GET", "/recipe/user", { query: { userId: "none" } }, "UNKNOWN_USER_ID_ERROR"],
  ["GET", "/user/id", { query: { userId: "none" } }, "UNKNOWN_USER_ID_ERROR"],
];

for (const version of VERSIONS) {
  test(`7.1.16 7.1.17 operations of the app through a tenant, CDI ${version}`, async () => {
    for (const [method, path, input, status = "OK"] of [...APP_OPERATIONS, ...MORE_APP_OPERATIONS]) {
      has(await call(method, `${app}/public${path}`, { ...input, version }), status, `public ${path}`);
      const answer = await call(method, tenant + path, { ...input, version });
      if (Number(version) < 5) has(answer, status, path);
      else refused(answer, 403, "Only public tenantId can call this app specific API", path);
    }
  });
}

test("7.1.19 an e-mail address is trimmed and lower-cased, and nothing else", async () => {
  const name = newId("x");
  for (const [sent, stored] of [[` RaNdOm${name}@Gmail.COM `, `random${name}@gmail.com`],
    [`a.b+c${name}@x.io`, `a.b+c${name}@x.io`], [`${name}-no-at`, `${name}-no-at`]]) {
    const { user } = await signUp("", sent);
    assert.deepEqual(user.emails, [stored]);
    for (const form of [sent, stored]) ok(await signIn("", form));
  }
});

test("2.1 health, for callers with a version", async () => {
  for (const method of ["GET", "POST", "PUT", "DELETE"]) {
    for (const path of ["/hello", "/", `${tenant}/hello`]) {
      const answer = await call(method, path);
      refused(answer, 200, "Hello", `${method} ${path}`);
    }
  }
  assert.equal((await fetch(`${AUTH_URL}/hello`, { headers: { "cdi-version": "x.y" } })).status, 200);
});

test("2.1 operator's calls", async () => {
  has(await get("/config", { pid: "1" }), "NOT_ALLOWED");
  const forbidden = "you can call this only from the base connection uri domain, public app and tenant";
  refused(await get(`${app}/config`, { pid: "1" }), 403, forbidden);
  assert.deepEqual((await get("/telemetry")).json, { status: "OK", exists: false });
  const flags = ok(await get("/ee/featureflag"));
  assert.ok(Array.isArray(flags.features) && flags.usageStats instanceof Object);
  has(await get("/ee/license"), "NO_LICENSE_KEY_FOUND_ERROR");
  ok(await call("DELETE", "/ee/license"));
  const { status } = (await put("/ee/license", { licenseKey: "x" })).json;
  assert.ok(["OK", "MISSING_EE_FOLDER_ERROR", "INVALID_LICENSE_KEY_ERROR"].includes(status));
  refused(await put("/ee/license", { other: 1 }), 400, "Field name 'licenseKey' is missing in JSON input");
});
