// Users of several tenants: whom a tenant may take in, what it then knows of them, and what goes when they leave.
import test from "node:test";
import SuperTokens from "supertokens-node";
import AccountLinking from "supertokens-node/recipe/accountlinking";
import EmailPassword from "supertokens-node/recipe/emailpassword";
import Multitenancy from "supertokens-node/recipe/multitenancy";
import Passwordless from "supertokens-node/recipe/passwordless";
import Session from "supertokens-node/recipe/session";
import ThirdParty from "supertokens-node/recipe/thirdparty";
import UserMetadata from "supertokens-node/recipe/usermetadata";
import UserRoles from "supertokens-node/recipe/userroles";
import { PASSWORD, PUBLIC, assert, createTemporaryApp, init, newEmail, newId, newPhone } from "./helpers.mjs";
import { recipeUserId, sameMembers, signUp } from "./helpers.mjs";

const { connectionURI } = await createTemporaryApp("shared");
init({
  connectionURI,
  recipes: [
    Passwordless.init({ contactMethod: "EMAIL_OR_PHONE", flowType: "USER_INPUT_CODE" }),
    ThirdParty.init(),
    UserMetadata.init(),
    UserRoles.init(),
  ],
});

const createTenant = async () => {
  const tenantId = newId("tenant");
  await Multitenancy.createOrUpdateTenant(tenantId, { firstFactors: null });
  return tenantId;
};
const associate = (tenantId, user) => Multitenancy.associateUserToTenant(tenantId, user.recipeUserId);
const leave = (tenantId, user) => Multitenancy.disassociateUserFromTenant(tenantId, user.recipeUserId);
const isTaken = async (tenantId, user) =>
  assert.deepEqual(await associate(tenantId, user), { status: "OK", wasAlreadyAssociated: false });

const byCode = async (contact, tenantId = PUBLIC) => {
  const answer = await Passwordless.signInUp({ tenantId, ...contact });
  return { ...answer, id: answer.user.id };
};
const atProvider = async (userId, email = newEmail(), tenantId = PUBLIC) => {
  const answer = await ThirdParty.manuallyCreateOrUpdateUser(tenantId, "acme", userId, email, false);
  return { ...answer, id: answer.user.id, email };
};
const primary = async (user) => {
  const answer = await AccountLinking.createPrimaryUser(user.recipeUserId);
  assert.equal(answer.status, "OK", JSON.stringify(answer));
  return user;
};
const idsIn = async (tenantId) =>
  (await SuperTokens.getUsersOldestFirst({ tenantId, limit: 500 })).users.map(({ id }) => id);

test("a user whom a tenant takes in signs in there, with the same password", async () => {
  const [tenantId, user] = [await createTenant(), await signUp()];
  const { id, email } = user;
  assert.equal((await EmailPassword.signIn(tenantId, email, PASSWORD)).status, "WRONG_CREDENTIALS_ERROR");
  await isTaken(tenantId, user);
  assert.deepEqual(await associate(tenantId, user), { status: "OK", wasAlreadyAssociated: true }, "a second time");
  const found = await SuperTokens.getUser(id);
  sameMembers(found.tenantIds, [PUBLIC, tenantId]);
  sameMembers(found.loginMethods[0].tenantIds, [PUBLIC, tenantId]);
  for (const tenant of [PUBLIC, tenantId]) {
    assert.equal((await EmailPassword.signIn(tenant, email, PASSWORD)).user.id, id);
    assert.ok((await idsIn(tenant)).includes(id));
    assert.equal((await SuperTokens.listUsersByAccountInfo(tenant, { email }))[0].id, id);
  }
  assert.equal(await SuperTokens.getUserCount(undefined, tenantId), 1);
  await EmailPassword.updateEmailOrPassword({ recipeUserId: user.recipeUserId, password: "battery staple 2" });
  for (const tenant of [PUBLIC, tenantId])
    assert.equal((await EmailPassword.signIn(tenant, email, "battery staple 2")).status, "OK", tenant);
  assert.equal((await EmailPassword.signUp(tenantId, email, PASSWORD)).status, "EMAIL_ALREADY_EXISTS_ERROR");
});

test("users of codes and providers are taken in, too", async () => {
  const tenantId = await createTenant();
  const phoneNumber = newPhone();
  const one = await byCode({ phoneNumber });
  await isTaken(tenantId, one);
  const there = await byCode({ phoneNumber }, tenantId);
  assert.deepEqual([there.createdNewRecipeUser, there.id], [false, one.id]);
  const userId = newId("at-acme");
  const other = await atProvider(userId);
  await isTaken(tenantId, other);
  const back = await atProvider(userId, newEmail(), tenantId);
  assert.deepEqual([back.createdNewRecipeUser, back.id], [false, other.id]);
});

for (const [name, status, make] of [
  ["a password", "EMAIL_ALREADY_EXISTS_ERROR", (shared, tenantId) => signUp(tenantId, shared.email)],
  ["codes by e-mail", "EMAIL_ALREADY_EXISTS_ERROR", (shared, tenantId) => byCode({ email: shared.email }, tenantId)],
  [
    "codes by text message",
    "PHONE_NUMBER_ALREADY_EXISTS_ERROR",
    (shared, tenantId) => byCode({ phoneNumber: shared.phone }, tenantId),
  ],
  [
    "an account at a provider",
    "THIRD_PARTY_USER_ALREADY_EXISTS_ERROR",
    (shared, tenantId) => atProvider(shared.userId, newEmail(), tenantId),
  ],
]) {
  test(`${name}: a tenant that has such a user takes no second one`, async () => {
    const tenantId = await createTenant();
    const shared = { email: newEmail(), phone: newPhone(), userId: newId("at-acme") };
    const there = await make(shared, tenantId);
    const here = await make(shared, PUBLIC);
    assert.notEqual(here.id, there.id);
    assert.deepEqual(await associate(tenantId, here), { status });
    assert.deepEqual((await SuperTokens.getUser(here.id)).tenantIds, [PUBLIC]);
    assert.deepEqual(await idsIn(tenantId), [there.id]);
  });
}

test("another way in with the same address is no obstacle, unless for a primary user", async () => {
  const [tenantId, email] = [await createTenant(), newEmail()];
  await primary(await byCode({ email }, tenantId));
  const user = await signUp(PUBLIC, email);
  await isTaken(tenantId, user);
  await leave(tenantId, user);
  await primary(user);
  const answer = await associate(tenantId, user);
  assert.equal(answer.status, "ASSOCIATION_NOT_ALLOWED_ERROR");
  assert.match(answer.reason, /already associated/);
});

test("a group brings what all its members have", async () => {
  const tenantId = await createTenant();
  const owner = await primary(await signUp());
  const member = await atProvider(newId("at-acme"));
  assert.equal((await AccountLinking.linkAccounts(member.recipeUserId, owner.id)).status, "OK");
  await isTaken(tenantId, member);
  const group = await SuperTokens.getUser(owner.id);
  sameMembers(group.tenantIds, [PUBLIC, tenantId]);
  const [ofOwner, ofMember] = group.loginMethods;
  assert.deepEqual(ofOwner.tenantIds, [PUBLIC], "only that login method");
  sameMembers(ofMember.tenantIds, [PUBLIC, tenantId]);
  assert.deepEqual(await idsIn(tenantId), [owner.id], "the group is shown");
  assert.equal((await EmailPassword.signIn(tenantId, owner.email, PASSWORD)).status, "WRONG_CREDENTIALS_ERROR");
  const rival = await signUp(tenantId, owner.email);
  const answer = await AccountLinking.createPrimaryUser(rival.recipeUserId);
  assert.equal(answer.status, "ACCOUNT_INFO_ALREADY_ASSOCIATED_WITH_ANOTHER_PRIMARY_USER_ID_ERROR");
  await leave(tenantId, member);
  assert.equal((await AccountLinking.createPrimaryUser(rival.recipeUserId)).status, "OK", "once the group has left");
});

test("of many at once a tenant takes one", async () => {
  const [tenantId, email] = [await createTenant(), newEmail()];
  const users = [];
  for (let n = 0; n < 4; n += 1) users.push(await signUp(await createTenant(), email));
  const answers = await Promise.all(users.map((user) => associate(tenantId, user)));
  assert.deepEqual(answers.map(({ status }) => status).sort(), [...Array(3).fill("EMAIL_ALREADY_EXISTS_ERROR"), "OK"]);
});

test("disassociateUserFromTenant takes the tenant's sessions and roles, and leaves the rest", async () => {
  const [tenantId, user, role] = [await createTenant(), await signUp(), newId("role")];
  const { id, email } = user;
  await isTaken(tenantId, user);
  await UserRoles.createNewRoleOrAddPermissions(role, []);
  const kept = await Session.createNewSessionWithoutRequestResponse(PUBLIC, user.recipeUserId);
  const ended = await Session.createNewSessionWithoutRequestResponse(tenantId, user.recipeUserId);
  for (const tenant of [PUBLIC, tenantId]) await UserRoles.addRoleToUser(tenant, id, role);
  await UserMetadata.updateUserMetadata(id, { plan: "free" });
  assert.deepEqual(await leave(tenantId, user), { status: "OK", wasAssociated: true });
  assert.deepEqual(await leave(tenantId, user), { status: "OK", wasAssociated: false }, "a second time");
  assert.deepEqual((await SuperTokens.getUser(id)).tenantIds, [PUBLIC]);
  assert.deepEqual(await idsIn(tenantId), []);
  assert.equal((await EmailPassword.signIn(tenantId, email, PASSWORD)).status, "WRONG_CREDENTIALS_ERROR");
  assert.equal(await Session.getSessionInformation(ended.getHandle()), undefined);
  assert.deepEqual(await Session.getAllSessionHandlesForUser(id), [kept.getHandle()]);
  assert.deepEqual((await UserRoles.getRolesForUser(tenantId, id)).roles, []);
  assert.deepEqual((await UserRoles.getRolesForUser(PUBLIC, id)).roles, [role]);
  assert.deepEqual((await UserMetadata.getUserMetadata(id)).metadata, { plan: "free" });
});

test("a user of no tenant stays a user", async () => {
  const [tenantId, user] = [await createTenant(), await signUp()];
  assert.deepEqual(await leave(PUBLIC, user), { status: "OK", wasAssociated: true });
  const found = await SuperTokens.getUser(user.id);
  assert.deepEqual([found.id, found.tenantIds], [user.id, []]);
  assert.ok(!(await idsIn(PUBLIC)).includes(user.id));
  assert.notEqual((await signUp(PUBLIC, user.email)).id, user.id, "the address is free there");
  assert.equal((await associate(PUBLIC, user)).status, "EMAIL_ALREADY_EXISTS_ERROR");
  await isTaken(tenantId, user);
  assert.equal((await EmailPassword.signIn(tenantId, user.email, PASSWORD)).user.id, user.id);
});

test("unknown users and tenants", async () => {
  const [tenantId, user] = [await createTenant(), await signUp()];
  const unknown = { recipeUserId: recipeUserId("00000000-0000-4000-8000-000000000000") };
  assert.deepEqual(await associate(tenantId, unknown), { status: "UNKNOWN_USER_ID_ERROR" });
  await assert.rejects(associate(newId("nowhere"), user), /400.*Tenant.*not found/s);
  await assert.rejects(leave(newId("nowhere"), user), /400.*Tenant.*not found/s);
});

test("a deleted user leaves all tenants", async () => {
  const [tenantId, user] = [await createTenant(), await signUp()];
  await isTaken(tenantId, user);
  await SuperTokens.deleteUser(user.id);
  for (const tenant of [PUBLIC, tenantId]) {
    assert.deepEqual(await SuperTokens.listUsersByAccountInfo(tenant, { email: user.email }), []);
    assert.equal((await EmailPassword.signUp(tenant, user.email, PASSWORD)).status, "OK", tenant);
  }
});
