// Providers that the core knows by tenant: what the recipe makes of them, and sign-in through a real one of them.
import test, { after } from "node:test";
import SuperTokens from "supertokens-node";
import Multitenancy from "supertokens-node/recipe/multitenancy";
import Passwordless from "supertokens-node/recipe/passwordless";
import ThirdParty from "supertokens-node/recipe/thirdparty";
import { PASSWORD, PUBLIC, assert, createApp, emailDelivery, newEmail, newId } from "./helpers.mjs";
import { Client, hasCode, hasStatus, startApplication } from "./express.mjs";
import { CLIENT, startProvider } from "./oauth2-provider.mjs";
import { redirectURI, signInAt, visit } from "./provider-visit.mjs";

const provider = await startProvider();
after(provider.stop);

// What the application names; the core's configurations of a tenant take its place, or complete it.
const builtIn = {
  config: {
    thirdPartyId: "built-in",
    name: "Built in",
    authorizationEndpoint: `${provider.url}/authorize`,
    authorizationEndpointQueryParams: { prompt: "login" },
    clients: [{ clientId: "id of the application" }],
  },
  includeInNonPublicTenantsByDefault: true,
};

const application = await startApplication({
  connectionURI: await createApp(newId("providers")),
  recipes: [
    Passwordless.init({ contactMethod: "EMAIL", flowType: "USER_INPUT_CODE", emailDelivery }),
    ThirdParty.init({ signInAndUpFeature: { providers: [builtIn] } }),
  ],
});
after(application.stop);

const newClient = () => new Client(application.url, "cookie");
const newVisitor = (more) => ({ sub: newId("visitor"), email: newEmail(), email_verified: true, ...more });

const createTenant = async (config = { firstFactors: ["thirdparty"] }) => {
  const tenantId = newId("tenant");
  await Multitenancy.createOrUpdateTenant(tenantId, config);
  return tenantId;
};
const put = (tenantId, config, skipValidation) =>
  Multitenancy.createOrUpdateThirdPartyConfig(tenantId, config, skipValidation);
const stored = async (tenantId) => (await Multitenancy.getTenant(tenantId)).thirdParty.providers;

const claims = { userId: "sub", email: "email", emailVerified: "email_verified" };
const acme = (more) => ({
  thirdPartyId: "acme",
  name: "Acme",
  oidcDiscoveryEndpoint: `${provider.url}/.well-known/openid-configuration`,
  userInfoMap: { fromIdTokenPayload: claims, fromUserInfoAPI: {} },
  clients: [CLIENT],
  ...more,
});
const NO_MAP = { fromIdTokenPayload: {}, fromUserInfoAPI: {} };

test("a configuration is stored once, then replaced", async () => {
  const tenantId = await createTenant();
  assert.deepEqual(await stored(tenantId), []);
  assert.deepEqual(await put(tenantId, acme()), { status: "OK", createdNew: true });
  const expected = acme();
  const [got, ...others] = await stored(tenantId);
  assert.deepEqual(others, []);
  assert.deepEqual(got, expected);
  assert.deepEqual(await put(tenantId, { thirdPartyId: "acme" }), { status: "OK", createdNew: false });
  assert.deepEqual(await stored(tenantId), [{ thirdPartyId: "acme", clients: [], userInfoMap: NO_MAP }]);
  await put(tenantId, { thirdPartyId: "globex" });
  assert.deepEqual((await stored(tenantId)).map((one) => one.thirdPartyId).sort(), ["acme", "globex"]);
  assert.deepEqual(await stored(PUBLIC), [], "of that tenant alone");
});

test("a configuration comes back as it was, to its last member", async () => {
  const tenantId = await createTenant();
  const full = {
    thirdPartyId: "full",
    name: "Everything",
    clients: [
      {
        clientType: "web",
        clientId: "one",
        clientSecret: "a secret",
        scope: ["email"],
        forcePKCE: true,
        additionalConfig: { region: "eu", nested: { list: [1, null] } },
      },
      { clientType: "mobile", clientId: "two" },
    ],
    authorizationEndpoint: "https://idp.example.org/authorize",
    authorizationEndpointQueryParams: { prompt: "login", hint: null },
    tokenEndpoint: "https://idp.example.org/token",
    tokenEndpointBodyParams: { extra: "1", none: null },
    userInfoEndpoint: "https://idp.example.org/userinfo",
    userInfoEndpointQueryParams: { fields: "all" },
    userInfoEndpointHeaders: { "x-one": "1" },
    jwksURI: "https://idp.example.org/keys",
    requireEmail: false,
    userInfoMap: { fromIdTokenPayload: { userId: "sub" }, fromUserInfoAPI: { email: "mail", emailVerified: "ok" } },
  };
  await put(tenantId, full);
  assert.deepEqual(await stored(tenantId), [full]);
});

test("a configuration is removed once", async () => {
  const tenantId = await createTenant();
  await put(tenantId, acme());
  const remove = () => Multitenancy.deleteThirdPartyConfig(tenantId, "acme");
  assert.deepEqual(await remove(), { status: "OK", didConfigExist: true });
  assert.deepEqual(await remove(), { status: "OK", didConfigExist: false });
  assert.deepEqual(await stored(tenantId), []);
});

for (const [name, config, message] of [
  ["no id", { thirdPartyId: "" }, /thirdPartyId cannot be null or empty/],
  [
    "two clients of one type",
    acme({ clients: [CLIENT, CLIENT] }),
    /Duplicate clientType was specified in the clients list/,
  ],
  [
    "Apple without its keys",
    { thirdPartyId: "apple", clients: [CLIENT] },
    /keyId, teamId and privateKey in the additionalConfig for Apple provider/,
  ],
  [
    "Google Workspaces with an empty domain",
    { thirdPartyId: "google-workspaces", clients: [{ ...CLIENT, additionalConfig: { hd: "" } }] },
    /hd in additionalConfig must be a non empty string/,
  ],
  [
    "Boxy without its address",
    { thirdPartyId: "boxy-saml", clients: [{ ...CLIENT, additionalConfig: { boxyURL: null } }] },
    /boxyURL in the additionalConfig for Boxy SAML provider/,
  ],
]) {
  test(`a configuration with ${name} is refused`, async () => {
    const tenantId = await createTenant();
    await assert.rejects(put(tenantId, config), (error) => {
      assert.match(error.message, /status code: 400.*Invalid third party config: /s);
      assert.match(error.message, message);
      return true;
    });
    assert.deepEqual(await stored(tenantId), []);
  });
}

test("validation may be left out", async () => {
  const tenantId = await createTenant();
  const config = { thirdPartyId: "apple", clients: [CLIENT] };
  assert.deepEqual(await put(tenantId, config, true), { status: "OK", createdNew: true });
  assert.equal((await stored(tenantId))[0].thirdPartyId, "apple");
});

test("getProvider takes the core's providers for those of the tenant", async () => {
  const tenantId = await createTenant();
  assert.equal((await ThirdParty.getProvider(tenantId, "built-in")).id, "built-in", "none in the core");
  await put(tenantId, acme());
  const found = await ThirdParty.getProvider(tenantId, "acme");
  assert.deepEqual([found.id, found.config.clientId, found.config.name], ["acme", CLIENT.clientId, "Acme"]);
  assert.equal(found.config.tokenEndpoint, `${provider.url}/token`, "discovered");
  assert.equal(await ThirdParty.getProvider(tenantId, "built-in"), undefined, "the core's list is the whole list");
  assert.equal(await ThirdParty.getProvider(PUBLIC, "acme"), undefined, "another tenant");
  const { urlWithQueryParams } = await found.getAuthorisationRedirectURL({
    redirectURIOnProviderDashboard: redirectURI("acme"),
    userContext: {},
  });
  assert.equal(urlWithQueryParams.split("?")[0], `${provider.url}/authorize`);
});

test("getProvider completes the application's configuration with the core's", async () => {
  const tenantId = await createTenant();
  const clients = [
    { clientType: "web", clientId: "web of the tenant" },
    { clientType: "app", clientId: "app of it" },
  ];
  await put(tenantId, { thirdPartyId: "built-in", name: "Of the tenant", clients });
  for (const { clientType, clientId } of clients) {
    const { config } = await ThirdParty.getProvider(tenantId, "built-in", clientType);
    assert.deepEqual([config.clientId, config.name], [clientId, "Of the tenant"]);
    assert.equal(config.authorizationEndpoint, builtIn.config.authorizationEndpoint);
    assert.deepEqual(config.authorizationEndpointQueryParams, { prompt: "login" });
  }
  const atPublic = await ThirdParty.getProvider(PUBLIC, "built-in");
  assert.equal(atPublic.config.clientId, "id of the application");
});

test("sign-up, session and sign-in through a provider of the core", async () => {
  const tenantId = await createTenant();
  await put(tenantId, acme());
  const [client, visitor] = [newClient(), newVisitor()];
  const options = { thirdPartyId: "acme", tenantId };
  const answer = await signInAt(client, provider, visitor, options);
  hasStatus(answer, "OK");
  const { user, createdNewRecipeUser } = answer.json;
  assert.equal(createdNewRecipeUser, true);
  assert.deepEqual([user.tenantIds, user.emails], [[tenantId], [visitor.email]]);
  assert.deepEqual(user.thirdParty, [{ id: "acme", userId: visitor.sub }]);
  assert.equal(user.loginMethods[0].verified, true);
  const me = (await client.get("/me/checked")).json;
  assert.deepEqual([me.userId, me.payload.tId], [user.id, tenantId]);
  const again = await signInAt(newClient(), provider, visitor, options);
  hasStatus(again, "OK");
  assert.deepEqual([again.json.createdNewRecipeUser, again.json.user.id], [false, user.id]);
});

test("a provider of the core takes PKCE and client types", async () => {
  const tenantId = await createTenant();
  const clients = [
    { ...CLIENT, clientType: "web", forcePKCE: true },
    { clientType: "stranger", clientId: "a stranger", clientSecret: "none" },
  ];
  await put(tenantId, acme({ clients }));
  const options = { thirdPartyId: "acme", tenantId, clientType: "web" };
  const client = newClient();
  const body = await visit(client, provider, newVisitor(), options);
  assert.ok(body.redirectURIInfo.pkceCodeVerifier);
  hasStatus(await client.post(`/auth/${tenantId}/signinup`, body), "OK");
  const query = new URLSearchParams({ thirdPartyId: "acme", redirectURIOnProviderDashboard: redirectURI("acme") });
  const vague = await client.get(`/auth/${tenantId}/authorisationurl?${query}`);
  hasCode(vague, 500);
  assert.match(vague.text, /exactly one client config/);
});

test("a provider is known in its tenant alone, and until it is removed", async () => {
  const [tenantId, other] = [await createTenant(), await createTenant()];
  await put(tenantId, acme());
  const query = new URLSearchParams({ thirdPartyId: "acme", redirectURIOnProviderDashboard: redirectURI("acme") });
  const client = newClient();
  const begin = (tenant) => client.get(`/auth/${tenant}/authorisationurl?${query}`);
  hasStatus(await begin(tenantId), "OK");
  hasCode(await begin(other), 400);
  const body = await visit(client, provider, newVisitor(), { thirdPartyId: "acme", tenantId });
  hasCode(await client.post(`/auth/${other}/signinup`, body), 400, "in another tenant");
  await Multitenancy.deleteThirdPartyConfig(tenantId, "acme");
  hasCode(await begin(tenantId), 400, "removed");
  hasCode(await client.post(`/auth/${tenantId}/signinup`, body), 400);
  hasCode(await client.get("/me"), 401);
});

test("one account at the provider is a user in each tenant", async () => {
  const visitor = newVisitor();
  const ids = [];
  for (let n = 0; n < 2; n += 1) {
    const tenantId = await createTenant();
    await put(tenantId, acme());
    const answer = await signInAt(newClient(), provider, visitor, { thirdPartyId: "acme", tenantId });
    hasStatus(answer, "OK");
    ids.push(answer.json.user.id);
  }
  assert.notEqual(ids[0], ids[1]);
});

const loginMethods = async (tenantId) => {
  const answer = await newClient().get(`/auth/${tenantId}/loginmethods`);
  hasStatus(answer, "OK");
  return answer.json;
};

test("the front end learns of the tenant's factors and providers", async () => {
  const tenantId = await createTenant({ firstFactors: ["emailpassword", "thirdparty", "custom"] });
  await put(tenantId, acme());
  const methods = await loginMethods(tenantId);
  assert.deepEqual(methods.firstFactors, ["emailpassword", "thirdparty", "custom"]);
  assert.deepEqual(methods.thirdParty, { enabled: true, providers: [{ id: "acme", name: "Acme" }] });
  assert.deepEqual([methods.emailPassword.enabled, methods.passwordless.enabled], [true, false]);
  const free = await createTenant({ firstFactors: null });
  const all = await loginMethods(free);
  assert.deepEqual([...all.firstFactors].sort(), ["emailpassword", "otp-email", "thirdparty"]);
  assert.deepEqual(all.thirdParty.providers, [{ id: "built-in", name: "Built in" }]);
  const none = await loginMethods(await createTenant({ firstFactors: [] }));
  assert.deepEqual([none.firstFactors, none.thirdParty.enabled], [[], false]);
});

test("a change of the first factors holds at once", async () => {
  const tenantId = await createTenant({ firstFactors: ["thirdparty"] });
  const signUp = () => newClient().form(`/${tenantId}/signup`, { email: newEmail(), password: PASSWORD });
  const ask = () => newClient().post(`/auth/${tenantId}/signinup/code`, { email: newEmail() });
  hasCode(await signUp(), 401);
  hasCode(await ask(), 401);
  await Multitenancy.createOrUpdateTenant(tenantId, { firstFactors: ["emailpassword", "otp-email"] });
  hasStatus(await signUp(), "OK");
  hasStatus(await ask(), "OK");
  await put(tenantId, acme());
  const client = newClient();
  const body = await visit(client, provider, newVisitor(), { thirdPartyId: "acme", tenantId });
  hasCode(await client.post(`/auth/${tenantId}/signinup`, body), 401, "not a factor any more");
});

test("required secondary factors are kept", async () => {
  const tenantId = await createTenant({
    firstFactors: ["emailpassword"],
    requiredSecondaryFactors: ["totp", "otp-email"],
  });
  const required = async () => (await Multitenancy.getTenant(tenantId)).requiredSecondaryFactors;
  assert.deepEqual(await required(), ["totp", "otp-email"]);
  await Multitenancy.createOrUpdateTenant(tenantId, { firstFactors: null });
  assert.deepEqual(await required(), ["totp", "otp-email"], "what is not named stays");
  await Multitenancy.createOrUpdateTenant(tenantId, { requiredSecondaryFactors: null });
  assert.equal(await required(), undefined);
  const twice = { requiredSecondaryFactors: ["totp", "totp"] };
  await assert.rejects(Multitenancy.createOrUpdateTenant(tenantId, twice), /400.*duplicate values/s);
  const odd = { requiredSecondaryFactors: ["no such name!"] };
  await assert.rejects(Multitenancy.createOrUpdateTenant(tenantId, odd), /400.*should contain only 0-9,a-z/s);
});

test("configurations go with their tenant", async () => {
  const tenantId = await createTenant();
  await put(tenantId, acme());
  await Multitenancy.deleteTenant(tenantId);
  await Multitenancy.createOrUpdateTenant(tenantId, { firstFactors: null });
  assert.deepEqual(await stored(tenantId), []);
  await assert.rejects(put(newId("nowhere"), acme()), /400.*Tenant.*not found/s);
  assert.deepEqual(await SuperTokens.listUsersByAccountInfo(tenantId, { thirdParty: { id: "acme", userId: "x" } }), []);
});
