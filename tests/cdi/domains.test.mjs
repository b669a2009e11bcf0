// Connection URI domains: hosts that have apps of their own (CDI 1.2, 2.12, 3.9, 5.1, 7.1).
import test from "node:test";
import { aside, quoted } from "./aside.mjs";
import {
  PASSWORD, VERSIONS, assert, badField, decode, get, has, newApp, newEmail, newId, newTenant, ok, post, put, refused,
  sameMembers, sql, sqlCall,
} from "./helper.mjs";
import { callAt, host } from "./host.mjs";

const M = "/recipe/multitenancy";
const CUD = `${M}/connectionuridomain`;
const SESSION = { userId: "u", userDataInJWT: {}, userDataInDatabase: {}, enableAntiCsrf: false };
const create = (connectionUriDomain, more = {}, version = "5.4") =>
  put(`${CUD}/v2`, { connectionUriDomain, ...more }, version);
const remove = (connectionUriDomain) => post(`${CUD}/remove`, { connectionUriDomain });

/** A new domain: the calls to its host. */
async function newDomain(coreConfig = {}) {
  const name = `${newId("d")}.example.org`;
  assert.deepEqual(ok(await create(name, { coreConfig })), { status: "OK", createdNew: true });
  return host(name);
}

/** Makes an app in a domain; gives the beginning of its paths. */
async function newAppAt(domain, coreConfig = {}, appId = newId("a")) {
  assert.equal(ok(await domain.put(`${M}/app/v2`, { appId, coreConfig })).createdNew, true);
  return `/appid-${appId}`;
}

const signUpAt = async (domain, at = "", email = newEmail()) =>
  ok(await domain.post(`${at}/recipe/signup`, { email, password: PASSWORD })).user;

test("7.1.13 names of domains, which lose their port", async () => {
  for (const [given, name] of [["abc.co", "abc.co"], ["sub-domain.example.com", "sub-domain.example.com"],
    ["hello.co.uk", "hello.co.uk"], ["58hello.abc.com", "58hello.abc.com"], ["10.11.12.13:3567", "10.11.12.13"],
    [" Upper.Example.COM:80 ", "upper.example.com"]]) {
    assert.equal(ok(await create(given), given).createdNew, true);
    assert.equal(ok(await put(CUD, { connectionUriDomain: name })).createdNew, false);
    const { id } = await signUpAt(host(name));
    has(await get("/user/id", { userId: id }), "UNKNOWN_USER_ID_ERROR");
    assert.deepEqual(ok(await remove(given)), { status: "OK", didExist: true });
  }
  // These are hosts that other suites use meanwhile.
  for (const name of ["127.0.0.1", "localhost", "localhost:3567"]) {
    const made = aside([`SELECT auth.create_or_update_connection_uri_domain(${quoted(name)})`],
      `SELECT count(*) FROM auth.hosts WHERE host = ${quoted(name.split(":")[0])}`);
    assert.equal(made, "1", name);
  }
});

test("7.1.14 what is no name of a domain", async () => {
  const names = ["http://localhost", "https://localhost:3567", "localhost:abc", "localhost:3567:2567", "localhost/abc",
    "abc.", "example+2.world.com", ":3567", ":", "somedomain.com:", "*", "abc*"];
  for (const path of [CUD, `${CUD}/v2`]) {
    for (const connectionUriDomain of names) {
      refused(await put(path, { connectionUriDomain }), 400, "connectionUriDomain is invalid", connectionUriDomain);
      refused(await remove(connectionUriDomain), 400, "connectionUriDomain is invalid", connectionUriDomain);
    }
    for (const connectionUriDomain of ["", "  "]) {
      refused(await put(path, { connectionUriDomain }), 400, "connectionUriDomain should not be an empty String");
      refused(await remove(connectionUriDomain), 400, "connectionUriDomain should not be an empty String");
    }
    for (const connectionUriDomain of [undefined, null, 1]) {
      badField(await put(path, { connectionUriDomain }), "connectionUriDomain");
      badField(await remove(connectionUriDomain), "connectionUriDomain");
    }
  }
});

test("1.2 the host of a request names the domain, whatever its port and case", async () => {
  const domain = await newDomain();
  const { id } = await signUpAt(domain);
  for (const name of [domain.name, `${domain.name}:3567`, domain.name.toUpperCase()]) {
    for (const path of ["/users", "/public/users", "/appid-public/users", "/appid-public/public/users"]) {
      assert.deepEqual(ok(await callAt(name, "GET", path)).users.map((user) => user.id), [id], `${name}${path}`);
    }
  }
  const find = (name) => callAt(name, "GET", `/user/id?userId=${id}`);
  for (const name of ["unknown.example.org", `x.${domain.name}`, "example.org", "no name at all", "127.0.0.1"]) {
    has(await find(name), "UNKNOWN_USER_ID_ERROR", name);
  }
  ok(await remove(domain.name));
  has(await find(domain.name), "UNKNOWN_USER_ID_ERROR", "it is an unknown name again");
});

test("1.2 refusals name domain, app and tenant", async () => {
  const domain = await newDomain();
  const begin = "AppId or tenantId not found => ";
  const tenant = `${begin}Tenant with the following connectionURIDomain, appId and tenantId combination not found: `;
  const app = `${begin}App with the following connectionURIDomain and appId combination not found: `;
  for (const version of VERSIONS) {
    for (const [path, triple] of [["/t1", "public, t1"], ["/appid-a1", "a1, public"], ["/appid-A1/T1", "a1, t1"]]) {
      const refusedWith = (answer, name) => refused(answer, 400, `${tenant}(${name}, ${triple})`, version);
      refusedWith(await domain.get(`${path}/users`, version), domain.name);
      refusedWith(await get(`${path}/users`, undefined, version), "");
    }
    refused(await domain.get("/appid-a1/recipe/roles", version), 400, `${app}(${domain.name}, a1)`);
    refused(await get("/appid-a1/recipe/roles", undefined, version), 400, `${app}(, a1)`);
  }
});

test("3.9 apps of the same name in two domains have nothing in common", async () => {
  const [one, other] = [await newDomain(), await newDomain()];
  const appId = newId("a");
  const app = `/appid-${appId}`;
  ok(await put(`${M}/app/v2`, { appId }));
  const places = [host("127.0.0.1"), one, other];
  for (const place of [one, other]) await newAppAt(place, {}, appId);
  for (const at of ["", app]) {
    const email = newEmail();
    const users = [];
    for (const place of places) users.push(await signUpAt(place, at, email));
    assert.equal(new Set(users.map(({ id }) => id)).size, 3);
    const { session, accessToken } = ok(await one.post(`${at}/recipe/session`, SESSION));
    const role = newId("role");
    ok(await one.put(`${at}/recipe/role`, { role, permissions: [] }));
    const device = { userId: users[1].id, deviceName: "d", skew: 1, period: 30 };
    ok(await one.post(`${at}/recipe/totp/device`, device));
    for (const [n, place] of places.entries()) {
      const isHome = place === one;
      const signedIn = ok(await place.post(`${at}/recipe/signin`, { email, password: PASSWORD }));
      assert.equal(signedIn.user.id, users[n].id);
      has(await place.get(`${at}/user/id?userId=${users[1].id}`), isHome ? "OK" : "UNKNOWN_USER_ID_ERROR");
      has(await place.get(`${at}/recipe/session?sessionHandle=${session.handle}`), isHome ? "OK" : "UNAUTHORISED");
      has(await place.get(`${at}/recipe/role/permissions?role=${role}`), isHome ? "OK" : "UNKNOWN_ROLE_ERROR");
      const { devices } = ok(await place.get(`${at}/recipe/totp/device/list?userId=${users[1].id}`));
      assert.equal(devices.length, isHome ? 1 : 0);
      const { keys } = (await place.get(`${at}/.well-known/jwks.json`)).json;
      assert.equal(keys.some(({ kid }) => kid === decode(accessToken.token).header.kid), isHome);
    }
  }
});

test("5.1 settings come from tenant, app, the domain's public app, and the base, in this order", async () => {
  const tokens = { access_token_validity: 1234, access_token_validity_jitter: 0 };
  const domain = await newDomain({ totp_max_attempts: 7, ...tokens });
  const app = await newAppAt(domain, { totp_max_attempts: 8 });
  const plain = await newAppAt(domain);
  ok(await domain.put(`${app}${M}/tenant/v2`, { tenantId: "t1", coreConfig: { totp_max_attempts: 9 } }));
  ok(await domain.put(`${app}${M}/tenant/v2`, { tenantId: "t2" }));
  ok(await domain.put(`${plain}${M}/tenant/v2`, { tenantId: "t1" }));
  const setting = async (at, key) => {
    const { config } = ok(await domain.get(`${at}/recipe/dashboard/tenant/core-config`));
    return config.find((entry) => entry.key === key).value;
  };
  const expected = [["", 7], [plain, 7], [`${plain}/t1`, 7], [app, 8], [`${app}/t1`, 9], [`${app}/t2`, 8]];
  for (const [at, attempts] of expected) {
    assert.equal(await setting(at, "totp_max_attempts"), attempts, at);
    assert.equal(await setting(at, "access_token_validity"), 1234, at);
    assert.equal(await setting(at, "passwordless_max_code_input_attempts"), 5, at);
    const { payload } = decode(ok(await domain.post(`${at}/recipe/session`, SESSION)).accessToken.token);
    assert.equal(payload.exp - payload.iat, 1234, at);
  }
  ok(await create(domain.name, { coreConfig: { totp_max_attempts: null, access_token_validity: 4321 } }));
  for (const [at, attempts] of [["", 5], [plain, 5], [app, 8], [`${app}/t1`, 9]]) {
    assert.equal(await setting(at, "totp_max_attempts"), attempts, at);
    assert.equal(await setting(at, "access_token_validity"), 4321, at);
  }
  const { config } = ok(await get("/recipe/dashboard/tenant/core-config"));
  assert.equal(config.find(({ key }) => key === "access_token_validity").value, 3600, "the base is as it was");
});

test("5.1 settings of a domain are checked, and shown with its public app", async () => {
  const domain = await newDomain({ totp_max_attempts: 7 });
  const refusedWith = async (coreConfig, message) =>
    refused(await create(domain.name, { coreConfig }), 400, `Invalid core config: ${message}`);
  await refusedWith({ foo: 1 }, "Invalid config key: foo");
  await refusedWith({ access_token_validity: "abcd" }, "'access_token_validity' must be of type long");
  await refusedWith({ port: 1 }, "port can only be set via the core's base config setting");
  const shown = ok(await domain.get(`${M}/tenant/v2`));
  assert.deepEqual([shown.tenantId, shown.coreConfig], ["public", { totp_max_attempts: 7 }]);
});

test("1.4 keys of a domain hold for its apps, and nowhere else", async () => {
  const key = "the-key-of-this-domain";
  const domain = await newDomain({ api_keys: key });
  for (const at of ["", "/public"]) refused(await domain.get(`${at}/users`), 401, "Invalid API key");
  const headers = { "api-key": key };
  ok(await callAt(domain.name, "GET", "/users", undefined, { headers }));
  const [appId, own] = [newId("a"), newId("a")];
  const make = (id, coreConfig) =>
    callAt(domain.name, "PUT", `${M}/app/v2`, { appId: id, coreConfig }, { headers }).then((answer) => ok(answer));
  await make(appId);
  await make(own, { api_keys: "another-key-for-this-app" });
  refused(await domain.get(`/appid-${appId}/users`), 401, "Invalid API key");
  ok(await callAt(domain.name, "GET", `/appid-${appId}/users`, undefined, { headers }));
  refused(await callAt(domain.name, "GET", `/appid-${own}/users`, undefined, { headers }), 401, "Invalid API key");
  ok(await get("/users"));
});

test("2.12 3.9 a domain is made by the base, and changed by itself", async () => {
  const [domain, other] = [await newDomain(), await newDomain()];
  const app = await newApp();
  const message = "You must use the default or same connectionUriDomain to create/update a connectionUriDomain";
  for (const path of [CUD, `${CUD}/v2`]) {
    for (const connectionUriDomain of [domain.name, `new.${domain.name}`]) {
      const calls = [other.put(path, { connectionUriDomain }), put(`${app}${path}`, { connectionUriDomain }),
        put(`${await newTenant()}${path}`, { connectionUriDomain })];
      for (const answer of await Promise.all(calls)) refused(answer, 403, message, path);
    }
    assert.equal(ok(await domain.put(path, { connectionUriDomain: domain.name })).createdNew, false);
    assert.equal(ok(await put(path, { connectionUriDomain: domain.name })).createdNew, false);
  }
  const coreConfig = { totp_max_attempts: 7 };
  ok(await domain.put(`${CUD}/v2`, { connectionUriDomain: domain.name, coreConfig }));
  assert.deepEqual(ok(await domain.get(`${M}/tenant/v2`)).coreConfig, coreConfig);
});

test("2.12 3.9 what is made within a domain", async () => {
  const domain = await newDomain();
  const app = await newAppAt(domain);
  const message = "You must use the public or same app to add/update an app";
  refused(await domain.put(`${app}${M}/app/v2`, { appId: newId("a") }), 403, message);
  assert.equal(ok(await domain.put(`${M}/tenant/v2`, { tenantId: "t1" })).createdNew, true);
  refused(await domain.put(`/t1${M}/app/v2`, { appId: newId("a") }), 403, message);
  refused(await get(`${app}/users`), 400, /^AppId or tenantId not found => /);
  const { apps } = ok(await domain.get(`${M}/app/list/v2`));
  sameMembers(apps.map(({ appId }) => appId), ["public", app.slice("/appid-".length)]);
  const { tenants } = ok(await domain.get(`${M}/tenant/list/v2`));
  sameMembers(tenants.map(({ tenantId }) => tenantId), ["public", "t1"]);
  assert.ok(ok(await get(`${M}/app/list/v2`)).apps.every(({ appId }) => /^[a-z0-9-]+$/.test(appId)));
  ok(await domain.post("/t1/recipe/signup", { email: newEmail(), password: PASSWORD }));
});

test("3.9 the public tenant of a new domain", async () => {
  for (const [path, version, enabled] of [[`${CUD}/v2`, "5.4", true], [CUD, "5.4", false], [CUD, "3.1", false]]) {
    const connectionUriDomain = `${newId("d")}.example.org`;
    ok(await put(path, { connectionUriDomain }, version));
    const tenant = ok(await host(connectionUriDomain).get(`${M}/tenant`, "5.0"));
    for (const recipe of ["emailPassword", "thirdParty", "passwordless"]) {
      assert.equal(tenant[recipe].enabled, enabled, `${path} ${version}`);
    }
  }
  const domain = await newDomain();
  ok(await create(domain.name, { firstFactors: ["emailpassword"], requiredSecondaryFactors: ["totp"] }));
  const { firstFactors, requiredSecondaryFactors } = ok(await domain.get(`${M}/tenant/v2`));
  assert.deepEqual([firstFactors, requiredSecondaryFactors], [["emailpassword"], ["totp"]]);
  const refusal = "emailPasswordEnabled is not a valid input for this API";
  refused(await create(domain.name, { emailPasswordEnabled: true }), 400, refusal);
});

test("2.12 the list of domains, for the base alone", async () => {
  const domain = await newDomain({ totp_max_attempts: 7 });
  const app = await newAppAt(domain);
  ok(await domain.put(`${app}${M}/tenant/v2`, { tenantId: "t1", firstFactors: ["totp"] }));
  for (const [path, single] of [[`${CUD}/list/v2`, `${M}/tenant/v2`], [`${CUD}/list`, `${M}/tenant`]]) {
    for (const version of VERSIONS) {
      const { connectionUriDomains } = ok(await get(path, undefined, version));
      const names = connectionUriDomains.map(({ connectionUriDomain }) => connectionUriDomain);
      assert.ok(names.includes("") && new Set(names).size === names.length, "the default one is there, once");
      const { apps } = connectionUriDomains.find(({ connectionUriDomain }) => connectionUriDomain === domain.name);
      sameMembers(apps.map(({ appId }) => `/appid-${appId}`), ["/appid-public", app]);
      for (const { appId, tenants } of apps) {
        sameMembers(tenants.map(({ tenantId }) => tenantId), appId === "public" ? ["public"] : ["public", "t1"]);
        for (const tenant of tenants) {
          const shown = await domain.get(`/appid-${appId}/${tenant.tenantId}${single}`, version);
          assert.deepEqual(ok(shown), { status: "OK", ...tenant });
        }
      }
      const byDefault = connectionUriDomains.find(({ connectionUriDomain }) => connectionUriDomain === "");
      assert.ok(byDefault.apps.some(({ appId }) => appId === "public"));
    }
    const answers = [await domain.get(path), await domain.get(`${app}${path}`), await get(`${await newApp()}${path}`),
      await get(`${await newTenant()}${path}`)];
    for (const answer of answers) assert.equal(answer.status, 403, answer.text);
  }
});

test("2.12 3.9 removing a domain", async () => {
  const domain = await newDomain();
  const app = await newAppAt(domain);
  const only = "Only the public tenantId, public appId and default connectionUriDomain is allowed to delete a " +
    "connectionUriDomain";
  const body = { connectionUriDomain: domain.name };
  const forbidden = [await domain.post(`${CUD}/remove`, body), await post(`${await newApp()}${CUD}/remove`, body),
    await post(`${await newTenant()}${CUD}/remove`, body)];
  for (const answer of forbidden) refused(answer, 403, only);
  refused(await remove(domain.name), 403,
    "Please delete all apps except the public appID for this connectionUriDomain before calling the delete API.");
  refused(await domain.post(`${M}/app/remove`, { appId: "public" }), 403,
    "Cannot delete the public app, use remove connection uri domain API instead");
  const { id, emails: [email] } = await signUpAt(domain);
  const inApp = await signUpAt(domain, app);
  const appId = app.slice("/appid-".length);
  assert.equal(ok(await post(`${M}/app/remove`, { appId })).didExist, false, "the default domain has no such app");
  assert.equal(ok(await domain.get(`${app}/user/id?userId=${inApp.id}`)).user.id, inApp.id);
  assert.equal(ok(await domain.post(`${M}/app/remove`, { appId })).didExist, true);
  for (const didExist of [true, false]) assert.deepEqual(ok(await remove(domain.name)), { status: "OK", didExist });
  const left = "SELECT id FROM auth.apps WHERE id LIKE $1 UNION ALL SELECT app_id FROM auth.users WHERE app_id LIKE $1";
  assert.deepEqual(sql(left, `%@${domain.name}`), []);
  assert.equal(ok(await create(domain.name)).createdNew, true);
  has(await domain.get(`/user/id?userId=${id}`), "UNKNOWN_USER_ID_ERROR");
  await signUpAt(domain, "", email);
});

test("2.12 the same in SQL", async () => {
  const domain = `${newId("d")}.example.org`;
  const config = { coreConfig: { totp_max_attempts: 7 } };
  for (const createdNew of [true, false]) {
    const answer = sqlCall("create_or_update_connection_uri_domain", { domain: ` ${domain}:80`, config });
    assert.deepEqual(answer, { status: "OK", createdNew });
  }
  const appId = newId("a");
  assert.equal(sqlCall("create_or_update_app", { app_id: appId, domain }).createdNew, true);
  sameMembers(sqlCall("list_apps", { domain }).apps.map((app) => app.appId), ["public", appId]);
  assert.equal(sqlCall("get_setting", { key: "totp_max_attempts", app_id: `${appId}@${domain}` }), 7);
  ok(await host(domain).get(`/appid-${appId}/users`));
  const listed = () => sqlCall("list_connection_uri_domains").connectionUriDomains;
  const { apps } = listed().find(({ connectionUriDomain }) => connectionUriDomain === domain);
  assert.deepEqual(apps, sqlCall("list_apps", { domain }).apps);
  assert.throws(() => sqlCall("remove_connection_uri_domain", { domain }), /Please delete all apps except/);
  assert.deepEqual(sqlCall("remove_app", { app_id: appId, domain }), { status: "OK", didExist: true });
  for (const didExist of [true, false]) {
    assert.deepEqual(sqlCall("remove_connection_uri_domain", { domain }), { status: "OK", didExist });
  }
  assert.ok(listed().every(({ connectionUriDomain }) => connectionUriDomain !== domain));
  const malformed = () => sqlCall("create_or_update_connection_uri_domain", { domain: "abc." });
  assert.throws(malformed, /connectionUriDomain is invalid/);
});
