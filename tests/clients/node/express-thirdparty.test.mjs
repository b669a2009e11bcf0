// Sign-in through a provider in an express application: a real authorization code flow against a provider of our own.
import test, { after } from "node:test";
import SuperTokens from "supertokens-node";
import Multitenancy from "supertokens-node/recipe/multitenancy";
import ThirdParty from "supertokens-node/recipe/thirdparty";
import { PUBLIC, WEBSITE_DOMAIN, assert, newEmail, newId } from "./helpers.mjs";
import { Client, hasCode, hasStatus, startApplication } from "./express.mjs";
import { CLIENT, startProvider } from "./oauth2-provider.mjs";

const provider = await startProvider();
after(provider.stop);

const claims = { userId: "sub", email: "email", emailVerified: "email_verified" };

const oauth2 = (thirdPartyId, more) => ({
  thirdPartyId,
  authorizationEndpoint: `${provider.url}/authorize`,
  tokenEndpoint: `${provider.url}/token`,
  userInfoEndpoint: `${provider.url}/userinfo`,
  // Without the latter the SDK lets an id token that it does not read overrule what the endpoint says.
  userInfoMap: { fromUserInfoAPI: claims, fromIdTokenPayload: { emailVerified: undefined } },
  clients: [CLIENT],
  ...more,
});

const openId = {
  thirdPartyId: "openid",
  oidcDiscoveryEndpoint: `${provider.url}/.well-known/openid-configuration`,
  userInfoMap: { fromIdTokenPayload: claims },
  clients: [{ ...CLIENT, forcePKCE: true }],
};

const providers = [
  { config: oauth2("plain"), includeInNonPublicTenantsByDefault: true },
  { config: oauth2("pkce", { clients: [{ ...CLIENT, forcePKCE: true }] }) },
  { config: openId },
  { config: oauth2("without-email", { requireEmail: false }) },
  { config: oauth2("distrusted", { clients: [{ ...CLIENT, clientSecret: "not the secret" }] }) },
];
const application = await startApplication({ recipes: [ThirdParty.init({ signInAndUpFeature: { providers } })] });
after(application.stop);

const newClient = () => new Client(application.url, "cookie");
const newVisitor = (more) => ({ sub: newId("visitor"), email: newEmail(), email_verified: true, ...more });
const redirectURI = (thirdPartyId) => `${WEBSITE_DOMAIN}/auth/callback/${thirdPartyId}`;

/** Goes to the provider as `visitor` and comes back: what the front end sends to sign in. */
async function authorise(client, thirdPartyId, visitor) {
  provider.visitor = visitor;
  const redirectURIOnProviderDashboard = redirectURI(thirdPartyId);
  const query = new URLSearchParams({ thirdPartyId, redirectURIOnProviderDashboard });
  const begun = await client.get(`/auth/authorisationurl?${query}`);
  hasStatus(begun, "OK");
  const { urlWithQueryParams, pkceCodeVerifier } = begun.json;
  const response = await fetch(urlWithQueryParams, { redirect: "manual" });
  assert.equal(response.status, 302, await response.text());
  const back = new URL(response.headers.get("location"));
  assert.equal(back.origin + back.pathname, redirectURIOnProviderDashboard);
  const redirectURIQueryParams = Object.fromEntries(back.searchParams);
  return {
    thirdPartyId,
    redirectURIInfo: { redirectURIOnProviderDashboard, redirectURIQueryParams, pkceCodeVerifier },
  };
}

async function signIn(visitor, thirdPartyId = "plain") {
  const client = newClient();
  return { client, answer: await client.post("/auth/signinup", await authorise(client, thirdPartyId, visitor)) };
}

for (const thirdPartyId of ["plain", "pkce", "openid"]) {
  test(`${thirdPartyId}: sign-up, session, sign-out, sign-in`, async () => {
    const visitor = newVisitor();
    const { client, answer } = await signIn(visitor, thirdPartyId);
    hasStatus(answer, "OK");
    assert.equal(answer.json.createdNewRecipeUser, true);
    const { user } = answer.json;
    assert.deepEqual(user.emails, [visitor.email]);
    assert.deepEqual(user.thirdParty, [{ id: thirdPartyId, userId: visitor.sub }]);
    assert.equal(user.loginMethods[0].verified, true, "as the provider says");

    const me = await client.get("/me/checked");
    hasCode(me, 200);
    assert.deepEqual([me.json.userId, me.json.payload.tId], [user.id, PUBLIC]);
    hasCode(await client.post("/auth/session/refresh"), 200);
    hasCode(await client.get("/me"), 200, "after a refresh");
    hasStatus(await client.post("/auth/signout"), "OK");
    hasCode(await client.get("/me"), 401);

    const again = await signIn(visitor, thirdPartyId);
    hasStatus(again.answer, "OK");
    assert.deepEqual([again.answer.json.createdNewRecipeUser, again.answer.json.user.id], [false, user.id]);
    assert.equal((await again.client.get("/me")).json.userId, user.id);
  });
}

test("the tokens of a flow in the front end sign in, too", async () => {
  const [client, visitor] = [newClient(), newVisitor()];
  const { redirectURIInfo } = await authorise(client, "plain", visitor);
  const { code } = redirectURIInfo.redirectURIQueryParams;
  const { clientId, clientSecret } = CLIENT;
  const body = new URLSearchParams({
    grant_type: "authorization_code",
    client_id: clientId,
    client_secret: clientSecret,
    redirect_uri: redirectURI("plain"),
    code,
  });
  const oAuthTokens = await (await fetch(`${provider.url}/token`, { method: "POST", body })).json();
  assert.ok(oAuthTokens.access_token, JSON.stringify(oAuthTokens));
  const answer = await client.post("/auth/signinup", { thirdPartyId: "plain", oAuthTokens });
  hasStatus(answer, "OK");
  assert.deepEqual(answer.json.user.thirdParty, [{ id: "plain", userId: visitor.sub }]);
});

test("a new address at the provider is the user's new address", async () => {
  const visitor = newVisitor();
  const { user } = (await signIn(visitor)).answer.json;
  const email = newEmail();
  const { answer } = await signIn({ ...visitor, email, email_verified: false });
  hasStatus(answer, "OK");
  assert.equal(answer.json.user.id, user.id);
  const found = await SuperTokens.getUser(user.id);
  assert.deepEqual(found.emails, [email]);
  assert.equal(found.loginMethods[0].verified, false);
});

test("an address that the provider does not vouch for is not verified", async () => {
  const { answer } = await signIn(newVisitor({ email_verified: false }));
  hasStatus(answer, "OK");
  assert.equal(answer.json.user.loginMethods[0].verified, false);
});

test("a provider that names no address", async () => {
  const visitor = newVisitor({ email: undefined });
  const { client, answer } = await signIn(visitor);
  hasStatus(answer, "NO_EMAIL_GIVEN_BY_PROVIDER");
  hasCode(await client.get("/me"), 401);
  const thirdParty = { id: "plain", userId: visitor.sub };
  assert.deepEqual(await SuperTokens.listUsersByAccountInfo(PUBLIC, { thirdParty }), []);
  const allowed = await signIn(visitor, "without-email");
  hasStatus(allowed.answer, "OK", "where none is required");
  assert.match(allowed.answer.json.user.emails[0], /@stfakeemail\.supertokens\.com$/);
});

for (const [name, thirdPartyId, spoil] of [
  ["an unknown code", "plain", (body) => void (body.redirectURIInfo.redirectURIQueryParams.code = newId("code"))],
  ["another redirect URI", "plain", (body) => void (body.redirectURIInfo.redirectURIOnProviderDashboard += "/else")],
  ["a missing PKCE verifier", "pkce", (body) => void delete body.redirectURIInfo.pkceCodeVerifier],
  ["a wrong client secret", "distrusted", () => {}],
]) {
  test(`${name} signs nobody in`, async () => {
    const [client, visitor] = [newClient(), newVisitor()];
    const body = await authorise(client, thirdPartyId, visitor);
    spoil(body);
    const answer = await client.post("/auth/signinup", body);
    hasCode(answer, 500);
    assert.match(answer.text, /invalid_(grant|client)/);
    hasCode(await client.get("/me"), 401);
    const thirdParty = { id: thirdPartyId, userId: visitor.sub };
    assert.deepEqual(await SuperTokens.listUsersByAccountInfo(PUBLIC, { thirdParty }), []);
  });
}

test("a code of the provider is good once", async () => {
  const client = newClient();
  const body = await authorise(client, "plain", newVisitor());
  hasStatus(await client.post("/auth/signinup", body), "OK");
  const thief = newClient();
  hasCode(await thief.post("/auth/signinup", body), 500);
  hasCode(await thief.get("/me"), 401);
});

test("an unknown provider is a bad request", async () => {
  const client = newClient();
  const redirectURIOnProviderDashboard = redirectURI("absent");
  const query = new URLSearchParams({ thirdPartyId: "absent", redirectURIOnProviderDashboard });
  hasCode(await client.get(`/auth/authorisationurl?${query}`), 400);
  const redirectURIInfo = { redirectURIOnProviderDashboard, redirectURIQueryParams: { code: "any" } };
  hasCode(await client.post("/auth/signinup", { thirdPartyId: "absent", redirectURIInfo }), 400);
  hasCode(await client.post("/auth/signinup", { thirdPartyId: "plain" }), 400, "neither code nor tokens");
});

for (const [firstFactors, code] of [
  [["thirdparty"], 200],
  [["emailpassword"], 401],
]) {
  test(`a tenant with first factors ${firstFactors}: sign-in answers ${code}`, async () => {
    const tenantId = newId("tenant");
    await Multitenancy.createOrUpdateTenant(tenantId, { firstFactors });
    const client = newClient();
    const body = await authorise(client, "plain", newVisitor());
    hasCode(await client.post(`/auth/${tenantId}/signinup`, body), code);
    const me = await client.get("/me");
    hasCode(me, code);
    if (code === 200) assert.equal(me.json.payload.tId, tenantId);
  });
}
