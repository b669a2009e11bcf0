// The dashboard's pages of tenants: factors, settings, providers, and the users of one tenant.
import test, { after } from "node:test";
import Dashboard from "supertokens-node/recipe/dashboard";
import MultiFactorAuth from "supertokens-node/recipe/multifactorauth";
import Multitenancy from "supertokens-node/recipe/multitenancy";
import Passwordless from "supertokens-node/recipe/passwordless";
import ThirdParty from "supertokens-node/recipe/thirdparty";
import UserMetadata from "supertokens-node/recipe/usermetadata";
import { PASSWORD, PUBLIC, assert, cdi, createTemporaryApp, newEmail, newId, sameMembers, signUp } from "./helpers.mjs";
import { Client, hasCode, hasStatus, startApplication } from "./express.mjs";

const { appId, connectionURI } = await createTemporaryApp("dashboard-tenants");
const application = await startApplication({
  connectionURI,
  recipes: [
    Dashboard.init(),
    MultiFactorAuth.init(),
    Passwordless.init({ contactMethod: "EMAIL", flowType: "USER_INPUT_CODE" }),
    ThirdParty.init(),
    UserMetadata.init(),
  ],
});
after(application.stop);

const client = new Client(application.url, "cookie");
const call = (method, path, body, tenantId = PUBLIC) =>
  client.call(method, `/auth/${tenantId}/dashboard/api${path}`, body);
const done = async (method, path, { body, tenantId, status = "OK" } = {}) => {
  const answer = await call(method, path, body, tenantId);
  hasStatus(answer, status, path);
  return answer.json;
};

const operator = { email: newEmail("operator"), password: PASSWORD };
await cdi("POST", `/appid-${appId}/recipe/dashboard/user`, operator);
client.headers.authorization = `Bearer ${(await done("POST", "/signin", { body: operator })).sessionId}`;

const createTenant = async (firstFactors = ["emailpassword"]) => {
  const tenantId = newId("tenant");
  await done("POST", "/tenant", { body: { tenantId, firstFactors } });
  return tenantId;
};
const page = async (tenantId) => (await done("GET", "/tenant", { tenantId })).tenant;

test("tenants are made, listed and deleted", async () => {
  const tenantId = await createTenant();
  const again = { body: { tenantId }, status: "TENANT_ID_ALREADY_EXISTS_ERROR" };
  await done("POST", "/tenant", again);
  const invalid = await done("POST", "/tenant", { body: { tenantId: "no spaces" }, status: "INVALID_TENANT_ID_ERROR" });
  assert.ok(invalid.message);
  const { tenants } = await done("GET", "/tenants");
  assert.deepEqual(
    tenants.find((tenant) => tenant.tenantId === tenantId),
    { tenantId, firstFactors: ["emailpassword"] },
  );
  assert.ok(tenants.some((tenant) => tenant.tenantId === PUBLIC));
  await done("DELETE", "/tenant", { status: "CANNOT_DELETE_PUBLIC_TENANT_ERROR" });
  assert.equal((await done("DELETE", "/tenant", { tenantId })).didExist, true);
  assert.equal(await Multitenancy.getTenant(tenantId), undefined);
  await done("GET", "/tenant", { tenantId, status: "UNKNOWN_TENANT_ERROR" });
});

test("a tenant's page", async () => {
  const tenantId = await createTenant();
  await signUp(tenantId);
  const tenant = await page(tenantId);
  assert.deepEqual([tenant.tenantId, tenant.userCount, tenant.firstFactors], [tenantId, 1, ["emailpassword"]]);
  assert.deepEqual(tenant.thirdParty.providers, []);
  const members = [
    "defaultValue",
    "description",
    "isDifferentAcrossTenants",
    "isNullable",
    "isPluginProperty",
    "isPluginPropertyEditable",
    "key",
    "possibleValues",
    "value",
    "valueType",
  ];
  for (const setting of tenant.coreConfig) {
    assert.deepEqual(Object.keys(setting).sort(), members, setting.key);
    assert.ok(["string", "boolean", "number", "enum"].includes(setting.valueType), setting.key);
    assert.equal(setting.valueType === "enum", Array.isArray(setting.possibleValues), setting.key);
  }
  const lifetime = tenant.coreConfig.find((setting) => setting.key === "password_reset_token_lifetime");
  assert.deepEqual([lifetime.value, lifetime.defaultValue, lifetime.valueType], [3_600_000, 3_600_000, "number"]);
});

test("a tenant's settings", async () => {
  const tenantId = await createTenant();
  const name = "password_reset_token_lifetime";
  const valueOf = async (tenant) => (await page(tenant)).coreConfig.find((one) => one.key === name).value;
  const set = (value, status) => done("PUT", "/tenant/core-config", { tenantId, body: { name, value }, status });
  await set(60_000);
  assert.deepEqual([await valueOf(tenantId), await valueOf(PUBLIC)], [60_000, 3_600_000]);
  assert.match((await set("soon", "INVALID_CONFIG_ERROR")).message, /must be of type long/);
  assert.equal(await valueOf(tenantId), 60_000);
  await set(null);
  assert.equal(await valueOf(tenantId), 3_600_000);
  const unknown = { tenantId, body: { name: "no_such_setting", value: 1 }, status: "INVALID_CONFIG_ERROR" };
  await done("PUT", "/tenant/core-config", unknown);
});

test("a tenant's first factors", async () => {
  const tenantId = await createTenant();
  const put = (factorId, enable, status) =>
    done("PUT", "/tenant/first-factor", { tenantId, body: { factorId, enable }, status });
  await put("otp-email", true);
  sameMembers((await page(tenantId)).firstFactors, ["emailpassword", "otp-email"]);
  await put("emailpassword", false);
  assert.deepEqual((await Multitenancy.getTenant(tenantId)).firstFactors, ["otp-email"]);
  await put("webauthn", true, "RECIPE_NOT_CONFIGURED_ON_BACKEND_SDK_ERROR");
  const visitor = new Client(application.url, "cookie");
  hasCode(await visitor.form(`/${tenantId}/signup`, { email: newEmail(), password: PASSWORD }), 401);
});

test("a tenant's required secondary factors", async () => {
  const tenantId = await createTenant();
  const put = (enable) =>
    done("PUT", "/tenant/required-secondary-factor", { tenantId, body: { factorId: "otp-email", enable } });
  await put(true);
  assert.deepEqual((await page(tenantId)).requiredSecondaryFactors, ["otp-email"]);
  await put(false);
  assert.equal((await page(tenantId)).requiredSecondaryFactors, undefined);
});

test("a tenant's providers", async () => {
  const tenantId = await createTenant(["emailpassword", "thirdparty"]);
  const providerConfig = {
    thirdPartyId: "acme",
    name: "Acme",
    authorizationEndpoint: "https://acme.example.org/authorize",
    tokenEndpoint: "https://acme.example.org/token",
    clients: [{ clientId: "the tenant's", clientSecret: "a secret" }],
  };
  const put = async () => (await done("PUT", "/thirdparty/config", { tenantId, body: { providerConfig } })).createdNew;
  assert.deepEqual([await put(), await put()], [true, false]);
  const got = (await done("GET", "/thirdparty/config?thirdPartyId=acme", { tenantId })).providerConfig;
  assert.deepEqual([got.name, got.tokenEndpoint], ["Acme", providerConfig.tokenEndpoint]);
  assert.equal(got.clients[0].clientId, "the tenant's");
  assert.deepEqual((await page(tenantId)).thirdParty.providers, [{ thirdPartyId: "acme", name: "Acme" }]);
  const removed = await done("DELETE", "/thirdparty/config?thirdPartyId=acme", { tenantId });
  assert.equal(removed.didConfigExist, true);
  const tenant = await page(tenantId);
  assert.deepEqual([tenant.thirdParty.providers, tenant.firstFactors], [[], ["emailpassword"]]);
});

test("users are listed, counted and made by tenant", async () => {
  const tenantId = await createTenant();
  const body = { email: newEmail(), password: PASSWORD };
  const { user } = await done("POST", "/user/emailpassword", { tenantId, body });
  assert.deepEqual(user.tenantIds, [tenantId]);
  const list = async (tenant) =>
    (await done("GET", "/users?limit=100", { tenantId: tenant })).users.map((one) => one.id);
  assert.deepEqual(await list(tenantId), [user.id]);
  assert.ok(!(await list(PUBLIC)).includes(user.id));
  assert.equal((await done("GET", "/users/count", { tenantId })).count, 1);
});
