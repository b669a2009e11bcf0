// Settings that are one for everybody, so that no other suite may run meanwhile (CDI 1.1, 1.4, 3.1, 5).
import test, { afterEach } from "node:test";
import {
  VERSIONS, assert, call, createSession, get, has, newApp, newId, newTenant, ok, put, refreshSession, refused,
  setSetting, signIn, signUp, sql,
} from "./helper.mjs";

const touched = new Set();
const set = (key, value) => {
  touched.add(key);
  setSetting(key, value);
};
afterEach(() => {
  for (const key of [...touched].reverse()) setSetting(key, null); // one may need the one before
  touched.clear();
});

const hashOf = (id) => sql("SELECT password_hash FROM auth.login_methods WHERE id::text = $1", id)[0].password_hash;

test("1.1.8 a base path is demanded, in whichever form it was given", async () => {
  for (const [given, base] of [["/base", "/base"], ["base/", "/base"], ["//a//b/", "/a/b"]]) {
    set("base_path", given);
    for (const path of ["/recipe/signin", "/public/recipe/signin", "/appid-public/recipe/signin"]) {
      const answer = await call("POST", base + path, { body: { email: newId("x"), password: "p" } });
      has(answer, "WRONG_CREDENTIALS_ERROR", `${given} ${path}`);
    }
    for (const path of ["/hello", "/recipe/signin", `/public${base}/hello`, `${base}x/hello`]) {
      refused(await get(path), 404, "Not found", `${given} ${path}`);
    }
    refused(await get(`${base}/hello`), 200, "Hello");
  }
  for (const none of ["/", ""]) {
    set("base_path", none);
    refused(await get("/hello"), 200, "Hello");
  }
});

test("7.2.36 the cost of bcrypt, and older hashes", async () => {
  const app = await newApp({ password_hashing_alg: "BCRYPT" });
  const emails = [];
  for (const [rounds, begin] of [[4, "$2a$04$"], [12, "$2a$12$"], [5, "$2a$05$"]]) {
    set("bcrypt_log_rounds", rounds);
    const { id, email } = await signUp(app);
    assert.ok(hashOf(id).startsWith(begin), hashOf(id));
    emails.push(email);
  }
  for (const email of emails) ok(await signIn(app, email));
});

test("3.1 the parameters of argon2, and older hashes", async () => {
  const app = await newApp({ password_hashing_alg: "ARGON2" });
  const old = await signUp(app);
  const parameters = { argon2_iterations: 3, argon2_memory_kb: 64, argon2_parallelism: 2 };
  for (const [key, value] of Object.entries(parameters)) set(key, value);
  const { id, email } = await signUp(app);
  assert.match(hashOf(id), /^\$argon2id\$v=19\$m=64,t=3,p=2\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  for (const address of [old.email, email]) ok(await signIn(app, address));
});

test("7.13.297 reuse of a token may be no theft", async () => {
  set("recent_token_reuse_behaviour", "unauthorised");
  const app = await newApp({ refresh_token_rotation_grace_period: 0 });
  const r0 = ok(await createSession(app, "u", {}, "5.6"));
  ok(await refreshSession(app, r0.refreshToken.token, {}, "5.6"));
  const again = await refreshSession(app, r0.refreshToken.token, {}, "5.6");
  assert.deepEqual(has(again, "UNAUTHORISED"), {
    status: "UNAUTHORISED", message: "refresh token reuse detected", recentTokenReuseSubtype: "RECENT_PREV",
  });
  has(await get(`${app}/recipe/session`, { sessionHandle: r0.session.handle }), "UNAUTHORISED", "the session is gone");
});

test("7.13.296 7.13.298 an orphan may be no theft, an old token always is", async () => {
  set("recent_token_reuse_behaviour", "UNAUTHORISED");
  const refresh = async ({ refreshToken }) => refreshSession("", refreshToken.token, {}, "5.6");
  const open = async () => ok(await createSession("", newId("u"), {}, "5.6"));
  const r0 = await open();
  const r1 = ok(await refresh(r0));
  ok(await refresh(r0));
  assert.equal(has(await refresh(r1), "UNAUTHORISED").recentTokenReuseSubtype, "ORPHANED_BRANCH");
  const s0 = await open();
  ok(await refresh(ok(await refresh(s0))));
  assert.equal(has(await refresh(s0), "TOKEN_THEFT_DETECTED").recentTokenReuseSubtype, "STALE_LINEAGE");
});

const KEY = "an-ordinary-key-for-all";
const SECRET = "a-secret-of-the-hosting-service-0123456789-0123456789";

test("1.4 keys hold for the app whose they are, and the secret for all", async () => {
  const app = await newApp();
  const count = (at, headers) => call("GET", `${at}/users/count`, { headers });
  set("api_keys", KEY);
  set("supertokens_saas_secret", SECRET);
  for (const at of ["", app]) {
    for (const headers of [{}, { "api-key": "wrong" }]) refused(await count(at, headers), 401, "Invalid API key");
    for (const headers of [{ "api-key": KEY }, { "api-key": SECRET }, { authorization: `Bearer ${SECRET}` }]) {
      ok(await count(at, headers));
    }
  }
  refused(await count("/appid-unknown", {}), 400, /^AppId or tenantId not found => /, "no key is looked at");
});

test("5.6 with a secret, ordinary keys neither see nor set protected settings", async () => {
  const app = await newApp();
  await newTenant(app, "t1");
  set("api_keys", KEY);
  set("supertokens_saas_secret", SECRET);
  const path = "/recipe/multitenancy/tenant";
  const as = (key, method, operation, body) => call(method, operation, { body, headers: { "api-key": key } });
  const change = (key, coreConfig) => as(key, "PUT", `${app}${path}/v2`, { tenantId: "t1", coreConfig });
  const shown = async (key) => ok(await as(key, "GET", `${app}/t1${path}/v2`)).coreConfig;
  for (const name of ["ip_allow_regex", "ip_deny_regex"]) {
    refused(await change(KEY, { [name]: "x" }), 403, "Not allowed to modify protected configs.", name);
  }
  const stored = { ip_deny_regex: "192\\.0\\.2\\.1" };
  ok(await change(SECRET, stored));
  assert.deepEqual(await shown(SECRET), stored);
  assert.deepEqual(await shown(KEY), {});
  const { tenants } = ok(await as(KEY, "GET", `${app}${path}/list/v2`));
  assert.ok(tenants.every(({ coreConfig }) => !("ip_deny_regex" in coreConfig)));
  ok(await change(KEY, { ...stored, password_reset_token_lifetime: 5 }), "the value that it has is no change");
});

test("1.5 the newest and the oldest version for everybody", async () => {
  set("supertokens_max_cdi_version", "5.0");
  set("supertokens_min_cdi_version", "4.0");
  const allowed = VERSIONS.filter((version) => version >= "4.0" && version <= "5.0");
  for (const version of VERSIONS) {
    const answer = await get("/users/count", undefined, version);
    if (allowed.includes(version)) ok(answer, version);
    else refused(answer, 400, /not supported|lower than the minimum allowed version 4\.0/, version);
  }
  assert.equal((await put("/recipe/multitenancy/app/v2", { appId: newId("a") }, "5.0")).status, 200);
});
