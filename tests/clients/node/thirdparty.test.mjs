// The functions of the ThirdParty recipe: users that a provider vouches for, and the providers themselves.
import test from "node:test";
import SuperTokens from "supertokens-node";
import EmailVerification from "supertokens-node/recipe/emailverification";
import Multitenancy from "supertokens-node/recipe/multitenancy";
import ThirdParty from "supertokens-node/recipe/thirdparty";
import { PUBLIC, assert, emailDelivery, init, newEmail, newId, signUp, sql } from "./helpers.mjs";

const clients = [
  { clientType: "web", clientId: "id of the web client", clientSecret: "a secret", scope: ["profile", "email"] },
  { clientType: "mobile", clientId: "id of the mobile client" },
];

const config = (thirdPartyId, more) => ({
  thirdPartyId,
  name: `Sign in with ${thirdPartyId}`,
  authorizationEndpoint: `https://${thirdPartyId}.example.org/authorize`,
  tokenEndpoint: `https://${thirdPartyId}.example.org/token`,
  clients: [clients[0]],
  ...more,
});

init({
  recipes: [
    EmailVerification.init({ mode: "OPTIONAL", emailDelivery }),
    ThirdParty.init({
      signInAndUpFeature: {
        providers: [
          { config: config("acme") },
          { config: config("both", { clients }) },
          { config: config("everywhere"), includeInNonPublicTenantsByDefault: true },
        ],
      },
    }),
  ],
});

const signIn = (user, email, { isVerified = false, provider = "acme", tenantId = PUBLIC } = {}) =>
  ThirdParty.manuallyCreateOrUpdateUser(tenantId, provider, user, email, isVerified);

const signedIn = async (...args) => {
  const answer = await signIn(...args);
  assert.equal(answer.status, "OK", JSON.stringify(answer));
  return answer;
};

const createTenant = async () => {
  const tenantId = newId("tenant");
  await Multitenancy.createOrUpdateTenant(tenantId, { firstFactors: null });
  return tenantId;
};

test("manuallyCreateOrUpdateUser makes a user, then finds it", async () => {
  const [id, email] = [newId("at-acme"), newEmail()];
  const before = Date.now();
  const first = await signedIn(id, email);
  assert.equal(first.createdNewRecipeUser, true);
  const { user } = first;
  assert.equal(first.recipeUserId.getAsString(), user.id);
  assert.deepEqual([user.emails, user.phoneNumbers], [[email], []]);
  assert.deepEqual(user.thirdParty, [{ id: "acme", userId: id }]);
  assert.deepEqual([user.tenantIds, user.isPrimaryUser], [[PUBLIC], false]);
  assert.ok(user.timeJoined >= before - 60_000 && user.timeJoined <= Date.now() + 60_000, `in ms: ${user.timeJoined}`);
  const [method, ...others] = user.loginMethods;
  assert.deepEqual(others, []);
  assert.equal(method.recipeId, "thirdparty");
  assert.equal(method.email, email);
  assert.equal(method.verified, false);
  assert.deepEqual(method.thirdParty, { id: "acme", userId: id });

  const second = await signedIn(id, email);
  assert.equal(second.createdNewRecipeUser, false);
  assert.deepEqual(second.user.toJson(), user.toJson());
  const found = await SuperTokens.listUsersByAccountInfo(PUBLIC, { thirdParty: { id: "acme", userId: id } });
  assert.deepEqual(
    found.map((one) => one.toJson()),
    [user.toJson()],
  );
});

test("an address that has changed at the provider is taken over", async () => {
  const [id, before, after] = [newId("at-acme"), newEmail(), newEmail()];
  const { user } = await signedIn(id, before, { isVerified: true });
  assert.equal(user.loginMethods[0].verified, true);
  const changed = await signedIn(id, after);
  assert.deepEqual([changed.createdNewRecipeUser, changed.user.id], [false, user.id]);
  assert.deepEqual(changed.user.emails, [after]);
  assert.equal(changed.user.loginMethods[0].verified, false, "the new address is another");
  assert.deepEqual((await SuperTokens.getUser(user.id)).toJson(), changed.user.toJson());
  assert.deepEqual(await SuperTokens.listUsersByAccountInfo(PUBLIC, { email: before }), []);
  assert.deepEqual(sql("SELECT email FROM auth.users WHERE id = $1", user.id), [{ email: after }]);
  const back = await signedIn(id, before);
  assert.equal(back.user.loginMethods[0].verified, true, "the old one was verified");
});

test("what a provider vouches for stays verified", async () => {
  const [id, email] = [newId("at-acme"), newEmail()];
  const { user, recipeUserId } = await signedIn(id, email);
  assert.equal(await EmailVerification.isEmailVerified(recipeUserId), false);
  assert.equal((await signedIn(id, email, { isVerified: true })).user.loginMethods[0].verified, true);
  assert.equal(await EmailVerification.isEmailVerified(recipeUserId), true);
  assert.equal((await signedIn(id, email)).user.loginMethods[0].verified, true, "not vouched for this time");
  assert.equal((await SuperTokens.getUser(user.id)).loginMethods[0].verified, true);
});

test("an address is stored in lower case, a provider's id as it is", async () => {
  const [id, email] = [newId("At-Acme"), newEmail("Ada.Lovelace")];
  const { user } = await signedIn(id, ` ${email} `);
  assert.deepEqual(user.emails, [email.toLowerCase()]);
  const other = await signedIn(id.toLowerCase(), email);
  assert.equal(other.createdNewRecipeUser, true, "another letter case of the id");
  assert.notEqual(other.user.id, user.id);
});

test("one address may have several users: by password, and by provider", async () => {
  const { email, id } = await signUp();
  const userId = newId("same-everywhere");
  const ids = [id];
  for (const provider of ["acme", "both"]) {
    const answer = await signedIn(userId, email, { provider });
    assert.equal(answer.createdNewRecipeUser, true, provider);
    ids.push(answer.user.id);
  }
  assert.equal(new Set(ids).size, 3);
  const found = await SuperTokens.listUsersByAccountInfo(PUBLIC, { email });
  assert.deepEqual(found.map((one) => one.id).sort(), [...ids].sort());
});

test("of many sign-ins at once exactly one makes the user", async () => {
  const [id, email] = [newId("at-acme"), newEmail()];
  const answers = await Promise.all(Array.from({ length: 8 }, () => signedIn(id, email)));
  assert.equal(answers.filter((answer) => answer.createdNewRecipeUser).length, 1);
  assert.equal(new Set(answers.map((answer) => answer.user.id)).size, 1);
});

test("a provider's user is another in each tenant", async () => {
  const [tenantId, id, email] = [await createTenant(), newId("at-acme"), newEmail()];
  const here = await signedIn(id, email);
  const there = await signedIn(id, email, { tenantId });
  assert.equal(there.createdNewRecipeUser, true);
  assert.notEqual(there.user.id, here.user.id);
  assert.deepEqual(there.user.tenantIds, [tenantId]);
  await signedIn(id, newEmail(), { tenantId });
  assert.deepEqual((await SuperTokens.getUser(here.user.id)).emails, [email], "a change there changes nothing here");
  await assert.rejects(signIn(id, email, { tenantId: newId("no-tenant") }), /status code: 400.*not found/s);
});

test("a deleted user comes back as a new one", async () => {
  const [id, email] = [newId("at-acme"), newEmail()];
  const { user } = await signedIn(id, email, { isVerified: true });
  await SuperTokens.deleteUser(user.id);
  const again = await signedIn(id, email);
  assert.equal(again.createdNewRecipeUser, true);
  assert.notEqual(again.user.id, user.id);
  assert.equal(again.user.loginMethods[0].verified, false, "nothing is left of the verification");
});

test("users are listed by recipe", async () => {
  const { user } = await signedIn(newId("at-acme"), newEmail());
  const list = async (recipe) => {
    const page = await SuperTokens.getUsersNewestFirst({ tenantId: PUBLIC, limit: 500, includeRecipeIds: [recipe] });
    return page.users;
  };
  const listed = await list("thirdparty");
  assert.ok(listed.some((one) => one.id === user.id));
  for (const one of listed) assert.equal(one.loginMethods[0].recipeId, "thirdparty", one.id);
  assert.ok(!(await list("passwordless")).some((one) => one.id === user.id));
});

test("a provider's id that is too long is refused", async () => {
  await assert.rejects(signIn("x".repeat(5000), newEmail()), /status code: 400.*thirdPartyUserId/s);
  await assert.rejects(signIn(newId("user"), newEmail(), { provider: "x".repeat(5000) }), /status code: 400/);
});

test("getProvider finds what the application configured", async () => {
  const provider = await ThirdParty.getProvider(PUBLIC, "acme", undefined);
  assert.deepEqual([provider.id, provider.type], ["acme", "oauth2"]);
  assert.equal(provider.config.name, "Sign in with acme");
  assert.equal(provider.config.clientId, clients[0].clientId);
  const redirectURIOnProviderDashboard = "http://localhost:3000/auth/callback/acme";
  const answer = await provider.getAuthorisationRedirectURL({ tenantId: PUBLIC, redirectURIOnProviderDashboard });
  const url = new URL(answer.urlWithQueryParams);
  assert.equal(url.origin + url.pathname, config("acme").authorizationEndpoint);
  assert.deepEqual(Object.fromEntries(url.searchParams), {
    client_id: clients[0].clientId,
    redirect_uri: redirectURIOnProviderDashboard,
    response_type: "code",
    scope: "profile email",
  });
  assert.equal(await ThirdParty.getProvider(PUBLIC, "absent", undefined), undefined);
});

test("getProvider takes the client of the wanted type", async () => {
  for (const { clientType, clientId } of clients) {
    const provider = await ThirdParty.getProvider(PUBLIC, "both", clientType);
    assert.equal(provider.config.clientId, clientId, clientType);
  }
  await assert.rejects(ThirdParty.getProvider(PUBLIC, "both", "television"), /Could not find client config/);
  await assert.rejects(ThirdParty.getProvider(PUBLIC, "both", undefined), /exactly one client config/);
});

test("getProvider knows in other tenants what is meant for all of them", async () => {
  const tenantId = await createTenant();
  assert.equal((await ThirdParty.getProvider(tenantId, "everywhere", undefined)).id, "everywhere");
  assert.equal(await ThirdParty.getProvider(tenantId, "acme", undefined), undefined);
  await assert.rejects(ThirdParty.getProvider(newId("no-tenant"), "acme", undefined), /Tenant not found/);
});
