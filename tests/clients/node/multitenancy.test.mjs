// Tenants of one app: their records, and users that know nothing of the other tenants.
import test from "node:test";
import SuperTokens from "supertokens-node";
import EmailPassword from "supertokens-node/recipe/emailpassword";
import Multitenancy from "supertokens-node/recipe/multitenancy";
import Session from "supertokens-node/recipe/session";
import { PASSWORD, PUBLIC, assert, createApp, init, newEmail, newId, sameMembers, signUp } from "./helpers.mjs";

init({ connectionURI: await createApp(newId("tenants")) });

const createTenant = async (config) => {
  const tenantId = newId("tenant");
  assert.deepEqual(await Multitenancy.createOrUpdateTenant(tenantId, config), { status: "OK", createdNew: true });
  return tenantId;
};
const signInStatus = async (...args) => (await EmailPassword.signIn(...args)).status;

test("createOrUpdateTenant makes a tenant once, then changes it", async () => {
  const tenantId = await createTenant();
  const fresh = await Multitenancy.getTenant(tenantId);
  const { status, firstFactors, requiredSecondaryFactors, coreConfig, thirdParty } = fresh;
  assert.equal(status, "OK");
  assert.equal(fresh.tenantId, tenantId);
  assert.deepEqual([firstFactors, requiredSecondaryFactors, coreConfig, thirdParty.providers], [[], undefined, {}, []]);

  const update = { firstFactors: ["emailpassword"], coreConfig: { password_reset_token_lifetime: 60000 } };
  assert.deepEqual(await Multitenancy.createOrUpdateTenant(tenantId, update), { status: "OK", createdNew: false });
  const updated = await Multitenancy.getTenant(tenantId);
  assert.deepEqual(
    [updated.firstFactors, updated.coreConfig],
    [["emailpassword"], { password_reset_token_lifetime: 60000 }],
  );

  await Multitenancy.createOrUpdateTenant(tenantId, {});
  assert.deepEqual(await Multitenancy.getTenant(tenantId), updated, "what is not named stays");

  const reset = { firstFactors: null, coreConfig: { password_reset_token_lifetime: null } };
  await Multitenancy.createOrUpdateTenant(tenantId, reset);
  const last = await Multitenancy.getTenant(tenantId);
  assert.deepEqual([last.firstFactors, last.coreConfig], [undefined, {}], "null takes back");
});

test("createOrUpdateTenant refuses bad ids and settings", async () => {
  for (const id of ["with space", "appid-x", "recipe", "ümlaut", ""]) {
    await assert.rejects(Multitenancy.createOrUpdateTenant(id), /400/, JSON.stringify(id));
    assert.equal(
      (await Multitenancy.listAllTenants()).tenants.some((tenant) => tenant.tenantId === id),
      false,
      id,
    );
  }
  const put = (config) => Multitenancy.createOrUpdateTenant(newId("tenant"), config);
  await assert.rejects(put({ coreConfig: { no_such_setting: 1 } }), /400.*Invalid config key: no_such_setting/s);
  await assert.rejects(put({ coreConfig: { password_reset_token_lifetime: "soon" } }), /400.*must be of type long/s);
  await assert.rejects(put({ firstFactors: ["emailpassword", "emailpassword"] }), /400.*duplicate values/s);
});

test("tenant ids are lower case", async () => {
  const tenantId = newId("Tenant");
  await Multitenancy.createOrUpdateTenant(tenantId);
  assert.equal((await Multitenancy.getTenant(tenantId.toLowerCase())).tenantId, tenantId.toLowerCase());
});

test("getTenant knows the public tenant, and no unknown one", async () => {
  const { tenantId, firstFactors } = await Multitenancy.getTenant(PUBLIC);
  assert.deepEqual([tenantId, firstFactors], [PUBLIC, undefined]);
  assert.equal(await Multitenancy.getTenant(newId("nowhere")), undefined);
});

test("listAllTenants and deleteTenant", async () => {
  const list = async () => (await Multitenancy.listAllTenants()).tenants.map((tenant) => tenant.tenantId);
  const before = await list();
  assert.ok(before.includes(PUBLIC), before.join());
  const [one, two] = [await createTenant(), await createTenant()];
  sameMembers(await list(), [...before, one, two]);
  assert.deepEqual(await Multitenancy.deleteTenant(one), { status: "OK", didExist: true });
  assert.deepEqual(await Multitenancy.deleteTenant(one), { status: "OK", didExist: false });
  sameMembers(await list(), [...before, two]);
  assert.equal(await Multitenancy.getTenant(one), undefined);
  await assert.rejects(Multitenancy.deleteTenant(PUBLIC), /403.*Cannot delete public tenant/s);
});

test("the same address in two tenants is two users", async () => {
  const [red, blue, email] = [await createTenant(), await createTenant(), newEmail()];
  const inRed = await signUp(red, email, "red password 1");
  const inBlue = await signUp(blue, email, "blue password 1");
  assert.notEqual(inRed.id, inBlue.id);
  assert.deepEqual([inRed.user.tenantIds, inBlue.user.tenantIds], [[red], [blue]]);

  assert.equal((await EmailPassword.signIn(red, email, "red password 1")).user.id, inRed.id);
  assert.equal((await EmailPassword.signIn(blue, email, "blue password 1")).user.id, inBlue.id);
  assert.equal(await signInStatus(red, email, "blue password 1"), "WRONG_CREDENTIALS_ERROR");
  assert.equal(await signInStatus(PUBLIC, email, "red password 1"), "WRONG_CREDENTIALS_ERROR");

  for (const [tenantId, { id }] of [
    [red, inRed],
    [blue, inBlue],
  ]) {
    const found = await SuperTokens.listUsersByAccountInfo(tenantId, { email });
    assert.deepEqual(
      found.map((user) => user.id),
      [id],
      `by address in ${tenantId}`,
    );
    const { users } = await SuperTokens.getUsersOldestFirst({ tenantId });
    assert.deepEqual(
      users.map((user) => user.id),
      [id],
      `list of ${tenantId}`,
    );
    assert.equal((await SuperTokens.getUser(id)).id, id, "ids belong to the app");
  }
});

test("a session belongs to its tenant, and names it", async () => {
  const tenantId = await createTenant();
  const { id, recipeUserId } = await signUp(tenantId);
  const session = await Session.createNewSessionWithoutRequestResponse(tenantId, recipeUserId);
  assert.equal(session.getTenantId(), tenantId);
  assert.equal(session.getAccessTokenPayload().tId, tenantId);
  const { refreshToken } = session.getAllSessionTokensDangerously();
  const refreshed = await Session.refreshSessionWithoutRequestResponse(refreshToken);
  assert.equal(refreshed.getTenantId(), tenantId);
  const verified = await Session.getSessionWithoutRequestResponse(refreshed.getAccessToken(), undefined, {
    checkDatabase: true,
  });
  assert.equal(verified.getTenantId(), tenantId);
  assert.deepEqual(await Session.getAllSessionHandlesForUser(id, true, PUBLIC), []);
  assert.equal(await Session.revokeSession(session.getHandle()), true, "by a handle that names the tenant");
});

test("deleting a tenant ends its sessions and hides its users, who keep their ids", async () => {
  const tenantId = await createTenant();
  const { id, email, recipeUserId } = await signUp(tenantId);
  const session = await Session.createNewSessionWithoutRequestResponse(tenantId, recipeUserId);
  await Multitenancy.deleteTenant(tenantId);
  assert.deepEqual(await Session.getAllSessionHandlesForUser(id), []);
  assert.deepEqual((await SuperTokens.getUser(id)).tenantIds, []);
  const { refreshToken } = session.getAllSessionTokensDangerously();
  await assert.rejects(Session.refreshSessionWithoutRequestResponse(refreshToken));
  await assert.rejects(EmailPassword.signIn(tenantId, email, PASSWORD), /400.*Tenant.*not found/s);
  assert.equal((await Multitenancy.createOrUpdateTenant(tenantId)).createdNew, true);
  assert.equal(await signInStatus(tenantId, email, PASSWORD), "WRONG_CREDENTIALS_ERROR", "a new tenant is empty");
  assert.deepEqual((await SuperTokens.getUsersOldestFirst({ tenantId })).users, []);
});

test("nothing happens in a tenant that does not exist", async () => {
  const tenantId = newId("nowhere");
  const notFound = /400.*Tenant.*not found/s;
  await assert.rejects(EmailPassword.signUp(tenantId, newEmail(), PASSWORD), notFound);
  await assert.rejects(EmailPassword.signIn(tenantId, newEmail(), PASSWORD), notFound);
  await assert.rejects(SuperTokens.getUsersOldestFirst({ tenantId }), notFound);
  const id = SuperTokens.convertToRecipeUserId("ada");
  await assert.rejects(Session.createNewSessionWithoutRequestResponse(tenantId, id), notFound);
});

test("a reset token works through any tenant of the app", async () => {
  const [one, two] = [await createTenant(), await createTenant()];
  const { id, email } = await signUp(one);
  const { token } = await EmailPassword.createResetPasswordToken(one, id, email);
  assert.equal((await EmailPassword.resetPasswordUsingToken(two, token, "battery staple 2")).status, "OK");
  assert.equal(await signInStatus(one, email, "battery staple 2"), "OK");
});

test("lists and counts by tenant, however the id is written", async () => {
  const tenantId = await createTenant();
  const { id } = await signUp(tenantId);
  const { users } = await SuperTokens.getUsersNewestFirst({ tenantId: tenantId.toUpperCase() });
  assert.deepEqual(
    users.map((user) => user.id),
    [id],
  );
  assert.equal(await SuperTokens.getUserCount(undefined, tenantId), 1);
});
