// Accounts at a provider: whoever uses a Supabase client shows ID tokens, whoever uses SuperTokens goes there itself.
import test from "node:test";
import Multitenancy from "supertokens-node/recipe/multitenancy";
import { get, ok } from "../../cdi/helper.mjs";
import { PASSWORD, assert, newEmail } from "../../gotrue/helper.mjs";
import { fails, must, newClient, newSupabase } from "./clients.mjs";
import { OWN, REDIRECT_URI, newAccount, newOpenIdProvider, trusting } from "./openid-provider.mjs";
import { AccountLinking, PUBLIC, SuperTokens, ThirdParty, admin, fine, recipeId } from "./supertokens.mjs";
import { recipesOf, shared, signIn, signedUp } from "./supertokens.mjs";

const ID = "keycloak";
const provider = await newOpenIdProvider("RS256");
const settings = { ...trusting(provider), manual_linking_enabled: true };
for (const [key, value] of Object.entries(settings)) shared.set(key, value);
await fine(
  Multitenancy.createOrUpdateThirdPartyConfig(PUBLIC, {
    thirdPartyId: ID,
    oidcDiscoveryEndpoint: `${provider.url}/.well-known/openid-configuration`,
    clients: [{ clientId: OWN.id, clientSecret: OWN.secret, scope: ["openid", "email", "profile"], forcePKCE: true }],
  }),
);

const withToken = async (account, client = newSupabase(shared)) =>
  must(client.signInWithIdToken(await provider.credentials(account)));

/** Signs in as an application with SuperTokens does: its backend makes the link, and redeems the code. */
async function withCode(account) {
  const own = await ThirdParty.getProvider(PUBLIC, ID);
  const tenantId = PUBLIC;
  const { urlWithQueryParams: page, pkceCodeVerifier } = await own.getAuthorisationRedirectURL({
    tenantId,
    redirectURIOnProviderDashboard: REDIRECT_URI,
  });
  const redirectURIInfo = {
    redirectURIOnProviderDashboard: REDIRECT_URI,
    redirectURIQueryParams: await provider.browse(page, account),
    pkceCodeVerifier,
  };
  const oAuthTokens = await own.exchangeAuthCodeForOAuthTokens({ tenantId, redirectURIInfo });
  const { thirdPartyUserId, email } = await own.getUserInfo({ tenantId, oAuthTokens });
  return fine(ThirdParty.manuallyCreateOrUpdateUser(PUBLIC, ID, thirdPartyUserId, email.id, email.isVerified));
}

/** A user's accounts at providers, as the CDI tells them: [provider, id there, address, whether it is verified]. */
async function accountsOf(id) {
  const { user } = ok(await get(`/appid-${shared.appId}/user/id`, { userId: id }));
  const methods = user.loginMethods.filter((method) => method.recipeId === "thirdparty");
  return methods.map(({ thirdParty, email, verified }) => [thirdParty.id, thirdParty.userId, email, verified]);
}

const shown = ({ sub, email }, isVerified = true) => [ID, sub, email, isVerified];

test("who came with an ID token is a user of SuperTokens, with the account at the provider", async () => {
  const account = newAccount();
  const { user } = await withToken(account);
  assert.deepEqual(await accountsOf(user.id), [shown(account)]);
  const seen = await SuperTokens.getUser(user.id);
  assert.deepEqual([recipesOf(seen), seen.emails], [["thirdparty"], [account.email]]);
  assert.deepEqual(seen.thirdParty, [{ id: ID, userId: account.sub }]);
  const found = await SuperTokens.listUsersByAccountInfo(PUBLIC, { thirdParty: { id: ID, userId: account.sub } });
  assert.deepEqual(found.map(({ id }) => id), [user.id]);
});

test("who came with an ID token comes through SuperTokens as the same user", async () => {
  const account = newAccount();
  const { user } = await withToken(account);
  const { user: same, createdNewRecipeUser } = await withCode(account);
  assert.deepEqual([same.id, createdNewRecipeUser], [user.id, false]);
});

test("who came through SuperTokens comes with an ID token as the same user", async () => {
  const account = newAccount({ name: "Ada" });
  const { user, createdNewRecipeUser } = await withCode(account);
  assert.ok(createdNewRecipeUser);
  const { user: same } = await withToken(account);
  assert.equal(same.id, user.id);
  assert.deepEqual(same.app_metadata, { provider: ID, providers: [ID] });
  assert.equal(same.user_metadata.full_name, "Ada");
  assert.equal(same.identities.length, 1);
  assert.deepEqual(await accountsOf(user.id), [shown(account)]);
});

test("who signed up through SuperTokens with a verified address gets the account at the provider", async () => {
  const { id, email } = await signedUp();
  const account = newAccount({ email });
  const { user } = await withToken(account);
  assert.equal(user.id, id);
  assert.deepEqual(recipesOf(await SuperTokens.getUser(id)), ["emailpassword", "thirdparty"]);
  assert.deepEqual(await accountsOf(id), [shown(account)]);
  assert.equal((await fine(signIn(email))).user.id, id);
  assert.equal((await withCode(account)).user.id, id);
});

test("who signed up through SuperTokens, and never verified the address, loses the password to its owner", async () => {
  const { id, email } = await signedUp({ isVerified: false });
  const account = newAccount({ email });
  const { user } = await withToken(account);
  assert.equal(user.id, id);
  assert.deepEqual(recipesOf(await SuperTokens.getUser(id)), ["thirdparty"]);
  assert.deepEqual(await accountsOf(id), [shown(account)]);
  assert.equal((await signIn(email)).status, "WRONG_CREDENTIALS_ERROR");
  await fails(newClient(shared).signInWithPassword({ email, password: PASSWORD }), 400, "invalid_credentials");
});

test("an account that is linked by its ID token is linked in SuperTokens, until it is unlinked", async () => {
  const { id, email } = await signedUp();
  const client = newSupabase(shared);
  await must(client.signInWithPassword({ email, password: PASSWORD }));
  const account = newAccount();
  const { user } = await must(client.linkIdentity(await provider.credentials(account)));
  const seen = await SuperTokens.getUser(id);
  assert.deepEqual([recipesOf(seen), seen.isPrimaryUser], [["emailpassword", "thirdparty"], true]);
  assert.deepEqual(await accountsOf(id), [shown(account)]);
  assert.equal((await withCode(account)).user.id, id);
  await must(client.unlinkIdentity(user.identities.find((identity) => identity.provider === ID)));
  assert.deepEqual(recipesOf(await SuperTokens.getUser(id)), ["emailpassword"]);
  const { user: another, createdNewRecipeUser } = await withCode(account);
  assert.deepEqual([another.id === id, createdNewRecipeUser], [false, true]);
});

test("an account that SuperTokens linked leads to the same user with an ID token", async () => {
  const owner = await signedUp();
  const account = newAccount({ email: newEmail() });
  const { user } = await withCode(account);
  await fine(AccountLinking.createPrimaryUser(recipeId(owner.id)));
  await fine(AccountLinking.linkAccounts(recipeId(user.id), owner.id));
  const { user: same } = await withToken(account);
  assert.deepEqual([same.id, same.email], [owner.id, owner.email]);
  assert.deepEqual(same.app_metadata.providers, ["email", ID]);
  const client = newClient(shared);
  await must(client.signInWithPassword({ email: owner.email, password: PASSWORD }));
  const link = client.linkIdentity(await provider.credentials(account));
  await fails(link, 422, "identity_already_exists", "Identity is already linked");
});

test("who is deleted on either side is new when it comes again", async () => {
  const account = newAccount();
  const { user: first } = await withToken(account);
  await fine(SuperTokens.deleteUser(first.id));
  const { user: second } = await withToken(account);
  assert.notEqual(second.id, first.id);
  await must(admin.deleteUser(second.id));
  const { user: third, createdNewRecipeUser } = await withCode(account);
  assert.deepEqual([third.id === second.id, createdNewRecipeUser], [false, true]);
});

test("an address that the provider does not vouch for is not verified in SuperTokens either", async () => {
  const account = newAccount({ email_verified: false });
  const attempt = newClient(shared).signInWithIdToken(await provider.credentials(account));
  await fails(attempt, 422, "provider_email_needs_verification");
  const [user] = await SuperTokens.listUsersByAccountInfo(PUBLIC, { thirdParty: { id: ID, userId: account.sub } });
  assert.deepEqual(await accountsOf(user.id), [shown(account, false)]);
  assert.equal((await withToken({ ...account, email_verified: true })).user.id, user.id);
  assert.deepEqual(await accountsOf(user.id), [shown(account)]);
});
