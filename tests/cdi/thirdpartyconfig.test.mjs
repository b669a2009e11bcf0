// What tenants know about providers of sign-in (CDI 2.12, 3.9, 7.9).
import test from "node:test";
import { VERSIONS, assert, badField, get, newApp, newTenant, ok, post, put, refused } from "./helper.mjs";

const M = "/recipe/multitenancy";
const CONFIG = `${M}/config/thirdparty`;
const EMPTY_MAP = { fromIdTokenPayload: {}, fromUserInfoAPI: {} };
const client = { clientId: "id", clientSecret: "secret" };
const INVALID = "Invalid third party config: ";

const set = (at, config, more = {}, version = "5.4") => put(at + CONFIG, { config, ...more }, version);
const remove = (at, thirdPartyId, version) => post(`${at}${CONFIG}/remove`, { thirdPartyId }, version);
const providers = async (at) => ok(await get(`${at}${M}/tenant/v2`)).thirdParty.providers;

/** It is refused with this reason unless the check is skipped; nothing is stored. */
async function refuses(at, config, reason) {
  const before = await providers(at);
  for (const more of [{}, { skipValidation: false }]) refused(await set(at, config, more), 400, INVALID + reason);
  assert.deepEqual(await providers(at), before);
}

test("7.9.211 all that can be said about a provider", async () => {
  const at = await newTenant();
  const config = {
    thirdPartyId: "custom",
    name: "Custom",
    clients: [
      { clientType: "web", clientId: "one", clientSecret: "s", scope: ["a", "b"], forcePKCE: true,
        additionalConfig: { x: 1, z: { a: ["b"] } } },
      { clientType: "mobile", clientId: "two" },
    ],
    authorizationEndpoint: "https://provider.example/authorize",
    authorizationEndpointQueryParams: { prompt: "consent", none: null },
    tokenEndpoint: "https://provider.example/token",
    tokenEndpointBodyParams: { a: "b", none: null },
    userInfoEndpoint: "https://provider.example/me",
    userInfoEndpointQueryParams: { none: null },
    userInfoEndpointHeaders: { accept: "application/json", none: null },
    jwksURI: "https://provider.example/jwks",
    oidcDiscoveryEndpoint: "https://provider.example/.well-known/openid-configuration",
    requireEmail: false,
    userInfoMap: {
      fromIdTokenPayload: { userId: "sub", email: "mail", emailVerified: "checked" },
      fromUserInfoAPI: { userId: "user.id" },
    },
  };
  assert.deepEqual(ok(await set(at, config)), { status: "OK", createdNew: true });
  assert.deepEqual(await providers(at), [config]);
});

test("7.9.211 what was not said is absent, except for clients and userInfoMap", async () => {
  const at = await newTenant();
  ok(await set(at, { thirdPartyId: "bare" }));
  ok(await set(at, { thirdPartyId: "half", clients: [client], userInfoMap: { fromUserInfoAPI: { email: "mail" } } }));
  assert.deepEqual(await providers(at), [
    { thirdPartyId: "bare", clients: [], userInfoMap: EMPTY_MAP },
    { thirdPartyId: "half", clients: [client], userInfoMap: { ...EMPTY_MAP, fromUserInfoAPI: { email: "mail" } } },
  ]);
});

test("7.9.212 a provider is replaced as a whole, and removed", async () => {
  const at = await newTenant();
  for (const version of VERSIONS) {
    const first = { thirdPartyId: " google ", name: "Google", clients: [client], requireEmail: true };
    assert.deepEqual(ok(await set(at, first, {}, version)), { status: "OK", createdNew: true });
    assert.equal((await providers(at))[0].thirdPartyId, "google");
    ok(await set(at, { thirdPartyId: "github", clients: [client] }));
    const second = { thirdPartyId: "google", clients: [{ clientId: "other" }] };
    assert.deepEqual(ok(await set(at, second, {}, version)), { status: "OK", createdNew: false });
    const byId = Object.fromEntries((await providers(at)).map((provider) => [provider.thirdPartyId, provider]));
    assert.deepEqual(byId, {
      google: { ...second, userInfoMap: EMPTY_MAP },
      github: { thirdPartyId: "github", clients: [client], userInfoMap: EMPTY_MAP },
    });
    assert.deepEqual(ok(await remove(at, " google ", version)), { status: "OK", didConfigExist: true });
    assert.deepEqual(ok(await remove(at, "google", version)), { status: "OK", didConfigExist: false });
    assert.deepEqual((await providers(at)).map(({ thirdPartyId }) => thirdPartyId), ["github"]);
    assert.equal(ok(await remove(at, "github")).didConfigExist, true);
  }
});

test("3.9 each tenant has its own providers, in every form of the answer", async () => {
  const app = await newApp();
  const [t1, t2] = [await newTenant(app), await newTenant(app)];
  ok(await set(t1, { thirdPartyId: "google", clients: [client] }));
  const shown = [{ thirdPartyId: "google", clients: [client], userInfoMap: EMPTY_MAP }];
  assert.deepEqual([await providers(app), await providers(t1), await providers(t2)], [[], shown, []]);
  for (const version of VERSIONS) {
    const { thirdParty } = ok(await get(`${t1}${M}/tenant`, undefined, version));
    assert.deepEqual(thirdParty.providers, shown, version);
  }
  const { tenants } = ok(await get(`${app}${M}/tenant/list/v2`));
  const listed = tenants.filter(({ thirdParty }) => thirdParty.providers.length > 0);
  assert.deepEqual(listed.map(({ thirdParty }) => thirdParty.providers), [shown]);
  ok(await put(`${app}${M}/tenant/v2`, { tenantId: t1.split("/").pop(), firstFactors: ["thirdparty"] }));
  assert.deepEqual(await providers(t1), shown, "a change of the tenant leaves them");
});

test("7.9.213 what Apple's clients need", async () => {
  const at = await newTenant();
  const reason = "a non empty string value must be specified for keyId, teamId and privateKey in the additionalConfig"
    + " for Apple provider";
  const complete = { keyId: "k", teamId: "t", privateKey: "p" };
  const config = (additionalConfig, thirdPartyId = "apple") =>
    ({ thirdPartyId, clients: [{ ...client, ...(additionalConfig && { additionalConfig }) }] });
  for (const name of Object.keys(complete)) {
    for (const value of [undefined, null, "", 1]) await refuses(at, config({ ...complete, [name]: value }), reason);
  }
  await refuses(at, config(), reason);
  await refuses(at, config({}, "apple-two"), reason);
  ok(await set(at, config({ keyId: "k" }), { skipValidation: true }));
  ok(await set(at, config(complete)));
  ok(await set(at, config({}, "my-apple")), "only ids that begin so");
});

test("7.9.214 what other providers' clients must not say", async () => {
  const at = await newTenant();
  const config = (thirdPartyId, additionalConfig) =>
    ({ thirdPartyId, clients: [{ ...client, ...(additionalConfig && { additionalConfig }) }] });
  for (const [thirdPartyId, field, reason] of [
    ["google-workspaces", "hd", "hd in additionalConfig must be a non empty string value"],
    ["boxy-saml", "boxyURL",
      "a non empty string value must be specified for boxyURL in the additionalConfig for Boxy SAML provider"],
  ]) {
    for (const id of [thirdPartyId, `${thirdPartyId}-2`]) {
      for (const value of ["", null, 1]) await refuses(at, config(id, { [field]: value }), reason);
      for (const good of [undefined, {}, { [field]: "x.example.org" }]) ok(await set(at, config(id, good)), id);
      ok(await set(at, config(id, { [field]: "" }), { skipValidation: true }));
    }
    ok(await set(at, config(`my-${thirdPartyId}`, { [field]: "" })));
  }
});

test("7.9.214 two clients of one type", async () => {
  const at = await newTenant();
  const twice = (...types) =>
    ({ thirdPartyId: "google", clients: types.map((clientType) => ({ ...client, clientType })) });
  const reason = "Duplicate clientType was specified in the clients list.";
  await refuses(at, twice("web", "web"), reason);
  await refuses(at, twice(undefined, undefined), reason);
  const skipped = await set(at, twice("web", "web"), { skipValidation: true });
  assert.equal(skipped.status, 400, "also where the check is skipped");
  assert.deepEqual(await providers(at), []);
  ok(await set(at, twice("web", "mobile", undefined)));
});

test("3.9 further reasons to refuse a provider", async () => {
  const at = await newTenant();
  for (const config of [{}, { thirdPartyId: "" }, { thirdPartyId: null }, { thirdPartyId: "  " }]) {
    await refuses(at, config, "thirdPartyId cannot be null or empty");
  }
  for (const bad of [{}, { clientId: null }]) {
    await refuses(at, { thirdPartyId: "google", clients: [bad] }, "clientId cannot be null");
  }
  const scope = ["a", null];
  await refuses(at, { thirdPartyId: "google", clients: [{ ...client, scope }] }, "scope array cannot contain a null");
});

test("2.12 what the calls must say", async () => {
  const at = await newTenant();
  for (const config of [undefined, null, "x", []]) badField(await set(at, config), "config");
  const config = { thirdPartyId: "google" };
  badField(await set(at, config, { skipValidation: "true" }), "skipValidation");
  for (const thirdPartyId of [undefined, null, 1]) badField(await remove(at, thirdPartyId), "thirdPartyId");
  assert.deepEqual(ok(await remove(at, "unknown")), { status: "OK", didConfigExist: false });
});
