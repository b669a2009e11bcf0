// User id mapping: ids that an application had before, shown by every recipe in the place of the server's own.
import test from "node:test";
import SuperTokens from "supertokens-node";
import AccountLinking from "supertokens-node/recipe/accountlinking";
import EmailPassword from "supertokens-node/recipe/emailpassword";
import EmailVerification from "supertokens-node/recipe/emailverification";
import Multitenancy from "supertokens-node/recipe/multitenancy";
import Passwordless from "supertokens-node/recipe/passwordless";
import Session from "supertokens-node/recipe/session";
import ThirdParty from "supertokens-node/recipe/thirdparty";
import UserMetadata from "supertokens-node/recipe/usermetadata";
import UserRoles from "supertokens-node/recipe/userroles";
import { PASSWORD, PUBLIC, assert, createTemporaryApp, emailDelivery, init, newEmail, newId } from "./helpers.mjs";
import { recipeUserId, sameMembers, signUp } from "./helpers.mjs";

const { connectionURI } = await createTemporaryApp("mapping");
init({
  connectionURI,
  recipes: [
    EmailVerification.init({ mode: "OPTIONAL", emailDelivery }),
    Passwordless.init({ contactMethod: "EMAIL", flowType: "USER_INPUT_CODE" }),
    ThirdParty.init(),
    UserMetadata.init(),
    UserRoles.init(),
  ],
});

const UNKNOWN = "00000000-0000-4000-8000-000000000000";
const UNKNOWN_MAPPING = { status: "UNKNOWN_MAPPING_ERROR" };
const NONE = { status: "OK", didMappingExist: false };

const map = (superTokensUserId, externalUserId, more) =>
  SuperTokens.createUserIdMapping({ superTokensUserId, externalUserId, ...more });
const get = (userId, userIdType) => SuperTokens.getUserIdMapping({ userId, userIdType });
const remove = (userId, more) => SuperTokens.deleteUserIdMapping({ userId, ...more });
const setInfo = (userId, externalUserIdInfo, userIdType) =>
  SuperTokens.updateOrDeleteUserIdMappingInfo({ userId, userIdType, externalUserIdInfo });

const mapped = async (signedUp, externalUserIdInfo) => {
  const external = newId("customer");
  assert.deepEqual(await map(signedUp.id, external, { externalUserIdInfo }), { status: "OK" });
  return { ...signedUp, external, ofExternal: recipeUserId(external) };
};
const newMapped = async (info) => mapped(await signUp(), info);

const methodIds = (user) => user.loginMethods.map((method) => method.recipeUserId.getAsString());

test("a mapping is found by either id", async () => {
  const { id, external } = await newMapped("since 1999");
  const expected = { status: "OK", superTokensUserId: id, externalUserId: external, externalUserIdInfo: "since 1999" };
  for (const [userId, type] of [
    [id, undefined],
    [external, undefined],
    [id, "ANY"],
    [external, "ANY"],
    [id, "SUPERTOKENS"],
    [external, "EXTERNAL"],
  ])
    assert.deepEqual(await get(userId, type), expected, `${userId} as ${type}`);
  assert.deepEqual(await get(id, "EXTERNAL"), UNKNOWN_MAPPING);
  assert.deepEqual(await get(external, "SUPERTOKENS"), UNKNOWN_MAPPING);
  assert.deepEqual(await get(newId("nobody")), UNKNOWN_MAPPING);
  await assert.rejects(get(id, "SOMETHING"), /400.*userIdType.*SUPERTOKENS/s);
});

test("a mapping is made once", async () => {
  const { id, external } = await newMapped();
  const other = await signUp();
  for (const [from, to, doesSuperTokensUserIdExist, doesExternalUserIdExist] of [
    [id, external, true, true],
    [id, newId("customer"), true, false],
    [other.id, external, false, true],
  ]) {
    const expected = {
      status: "USER_ID_MAPPING_ALREADY_EXISTS_ERROR",
      doesSuperTokensUserIdExist,
      doesExternalUserIdExist,
    };
    assert.deepEqual(await map(from, to), expected);
  }
  assert.equal((await get(id)).externalUserId, external);
  assert.deepEqual(await get(other.id), UNKNOWN_MAPPING);
});

test("of many mappings at once one is made", async () => {
  const { id } = await signUp();
  const answers = await Promise.all(Array.from({ length: 8 }, (_, n) => map(id, newId(`customer-${n}`))));
  assert.equal(answers.filter((answer) => answer.status === "OK").length, 1, JSON.stringify(answers));
});

test("only users of the server are mapped", async () => {
  const unknown = { status: "UNKNOWN_SUPERTOKENS_USER_ID_ERROR" };
  assert.deepEqual(await map(UNKNOWN, newId("customer")), unknown);
  assert.deepEqual(await map((await newMapped()).external, newId("customer")), unknown, "an id from outside");
  await assert.rejects(map((await signUp()).id, "  "), /400.*externalUserId.*cannot be an empty String/s);
});

test("an id of the server is an id from outside only by force", async () => {
  const [one, other] = [await signUp(), await signUp()];
  await assert.rejects(map(one.id, other.id), /400.*externalId is also a SuperTokens userID/s);
  assert.deepEqual(await map(one.id, other.id, { force: true }), { status: "OK" });
  assert.deepEqual(await remove(one.id), { status: "OK", didMappingExist: true });
});

for (const [recipe, use] of [
  ["Session", (id) => Session.createNewSessionWithoutRequestResponse(PUBLIC, recipeUserId(id))],
  ["UserMetadata", (id) => UserMetadata.updateUserMetadata(id, { plan: "free" })],
  [
    "UserRoles",
    async (id) => {
      await UserRoles.createNewRoleOrAddPermissions("editor", []);
      await UserRoles.addRoleToUser(PUBLIC, id, "editor");
    },
  ],
]) {
  test(`an id that ${recipe} uses is mapped, and its mapping removed, only by force`, async () => {
    const inUse = new RegExp(`400.*UserId is already in use in ${recipe} recipe`, "s");
    const { id } = await signUp();
    await use(id);
    await assert.rejects(map(id, newId("customer")), inUse);
    assert.deepEqual(await get(id), UNKNOWN_MAPPING);
    const external = newId("customer");
    assert.deepEqual(await map(id, external, { force: true }), { status: "OK" });
    await use(external);
    await assert.rejects(remove(external), inUse);
    assert.equal((await get(id)).externalUserId, external);
    assert.deepEqual(await remove(external, { force: true }), { status: "OK", didMappingExist: true });
  });
}

test("a proof of the address moves to the id from outside", async () => {
  const user = await signUp();
  const { token } = await EmailVerification.createEmailVerificationToken(PUBLIC, user.recipeUserId);
  await EmailVerification.verifyEmailUsingToken(PUBLIC, token);
  const { external, ofExternal } = await mapped(user);
  assert.equal((await SuperTokens.getUser(external)).loginMethods[0].verified, true);
  assert.equal(await EmailVerification.isEmailVerified(ofExternal), true);
});

test("updateOrDeleteUserIdMappingInfo", async () => {
  const { id, external } = await newMapped();
  const info = async () => (await get(id)).externalUserIdInfo;
  assert.equal(await info(), undefined);
  for (const [userId, type] of [
    [id, undefined],
    [external, undefined],
    [id, "SUPERTOKENS"],
    [external, "EXTERNAL"],
  ]) {
    const text = newId("info");
    assert.deepEqual(await setInfo(userId, text, type), { status: "OK" });
    assert.equal(await info(), text);
  }
  assert.deepEqual(await setInfo(id, undefined), { status: "OK" });
  assert.equal(await info(), undefined, "taken away");
  assert.deepEqual(await setInfo(id, "text", "EXTERNAL"), UNKNOWN_MAPPING);
  assert.deepEqual(await setInfo(newId("nobody"), "text"), UNKNOWN_MAPPING);
});

test("deleteUserIdMapping gives the user the server's id back", async () => {
  for (const whose of ["id", "external"]) {
    const user = await newMapped();
    assert.deepEqual(await remove(user[whose], { userIdType: whose === "id" ? "EXTERNAL" : "SUPERTOKENS" }), NONE);
    assert.deepEqual(await remove(user[whose]), { status: "OK", didMappingExist: true });
    assert.deepEqual(await remove(user[whose]), NONE, "a second time");
    assert.deepEqual(await get(user.id), UNKNOWN_MAPPING);
    assert.equal((await SuperTokens.getUser(user.id)).id, user.id);
    assert.equal(await SuperTokens.getUser(user.external), undefined);
  }
  assert.deepEqual(await remove(newId("nobody")), NONE);
});

test("users are shown by the id from outside", async () => {
  const { id, external, email, user } = await newMapped();
  const shown = { ...user.toJson(), id: external };
  shown.loginMethods[0].recipeUserId = external;
  for (const userId of [id, external]) assert.deepEqual((await SuperTokens.getUser(userId)).toJson(), shown);
  const found = await SuperTokens.listUsersByAccountInfo(PUBLIC, { email });
  assert.deepEqual(
    found.map((one) => one.toJson()),
    [shown],
  );
  const signedIn = await EmailPassword.signIn(PUBLIC, email, PASSWORD);
  assert.deepEqual([signedIn.user.toJson(), signedIn.recipeUserId.getAsString()], [shown, external]);
  for (const list of [SuperTokens.getUsersNewestFirst, SuperTokens.getUsersOldestFirst]) {
    const { users } = await list({ tenantId: PUBLIC, limit: 500 });
    assert.deepEqual(users.find((one) => one.id === external).toJson(), shown);
    assert.ok(!users.some((one) => one.id === id));
    const search = await list({ tenantId: PUBLIC, query: { email } });
    assert.deepEqual(
      search.users.map((one) => one.toJson()),
      [shown],
    );
  }
});

test("pages are whole though their users have other ids", async () => {
  const tenantId = newId("tenant");
  await Multitenancy.createOrUpdateTenant(tenantId, { firstFactors: null });
  const expected = [];
  for (let n = 0; n < 5; n += 1) expected.push((await mapped(await signUp(tenantId))).external);
  const listed = [];
  let paginationToken;
  do {
    const page = await SuperTokens.getUsersOldestFirst({ tenantId, limit: 2, paginationToken });
    listed.push(...page.users.map((user) => user.id));
    paginationToken = page.nextPaginationToken;
  } while (paginationToken !== undefined);
  sameMembers(listed, expected);
});

test("users of codes and providers sign in by the id from outside", async () => {
  const email = newEmail();
  const signIn = () => Passwordless.signInUp({ tenantId: PUBLIC, email });
  const byCode = await mapped({ id: (await signIn()).user.id });
  const again = await signIn();
  assert.deepEqual([again.user.id, again.recipeUserId.getAsString()], [byCode.external, byCode.external]);
  const userId = newId("at-acme");
  const visit = (address, isVerified) =>
    ThirdParty.manuallyCreateOrUpdateUser(PUBLIC, "acme", userId, address, isVerified);
  const atAcme = await mapped({ id: (await visit(email, false)).user.id });
  const back = await visit(newEmail(), true);
  assert.deepEqual([back.user.id, back.recipeUserId.getAsString()], [atAcme.external, atAcme.external]);
  assert.equal((await SuperTokens.getUser(atAcme.external)).loginMethods[0].verified, true);
});

test("sessions are the id's from outside", async () => {
  const { external, ofExternal } = await newMapped();
  const session = await Session.createNewSessionWithoutRequestResponse(PUBLIC, ofExternal);
  assert.deepEqual([session.getUserId(), session.getRecipeUserId().getAsString()], [external, external]);
  const { refreshToken } = session.getAllSessionTokensDangerously();
  const refreshed = await Session.refreshSessionWithoutRequestResponse(refreshToken);
  const { sub, rsub } = refreshed.getAccessTokenPayload();
  assert.deepEqual([sub, rsub], [external, external]);
  assert.deepEqual(await Session.getAllSessionHandlesForUser(external), [session.getHandle()]);
  const information = await Session.getSessionInformation(session.getHandle());
  assert.deepEqual([information.userId, information.recipeUserId.getAsString()], [external, external]);
  assert.deepEqual(await Session.revokeAllSessionsForUser(external), [session.getHandle()]);
});

test("metadata, roles and verification are the id's from outside", async () => {
  const { external, ofExternal } = await newMapped();
  await UserMetadata.updateUserMetadata(external, { plan: "paid" });
  assert.deepEqual((await UserMetadata.getUserMetadata(external)).metadata, { plan: "paid" });
  const role = newId("role");
  await UserRoles.createNewRoleOrAddPermissions(role, []);
  await UserRoles.addRoleToUser(PUBLIC, external, role);
  assert.deepEqual((await UserRoles.getRolesForUser(PUBLIC, external)).roles, [role]);
  assert.deepEqual((await UserRoles.getUsersThatHaveRole(PUBLIC, role)).users, [external]);
  const { token } = await EmailVerification.createEmailVerificationToken(PUBLIC, ofExternal);
  const answer = await EmailVerification.verifyEmailUsingToken(PUBLIC, token);
  assert.equal(answer.user.recipeUserId.getAsString(), external);
  assert.equal((await SuperTokens.getUser(external)).loginMethods[0].verified, true);
});

test("changes of address and password take the id from outside", async () => {
  const { external, ofExternal, email } = await newMapped();
  const { token } = await EmailPassword.createResetPasswordToken(PUBLIC, external, email);
  const consumed = await EmailPassword.consumePasswordResetToken(PUBLIC, token);
  assert.deepEqual([consumed.status, consumed.userId], ["OK", external]);
  const address = newEmail();
  const update = { recipeUserId: ofExternal, email: address, password: "battery staple 2" };
  assert.equal((await EmailPassword.updateEmailOrPassword(update)).status, "OK");
  assert.equal((await EmailPassword.signIn(PUBLIC, address, "battery staple 2")).user.id, external);
});

test("tenants take the id from outside", async () => {
  const tenantId = newId("tenant");
  await Multitenancy.createOrUpdateTenant(tenantId, { firstFactors: null });
  const { external, ofExternal, email } = await newMapped();
  const answer = await Multitenancy.associateUserToTenant(tenantId, ofExternal);
  assert.deepEqual(answer, { status: "OK", wasAlreadyAssociated: false });
  assert.equal((await EmailPassword.signIn(tenantId, email, PASSWORD)).user.id, external);
  const session = await Session.createNewSessionWithoutRequestResponse(tenantId, ofExternal);
  const kept = await Session.createNewSessionWithoutRequestResponse(PUBLIC, ofExternal);
  await Multitenancy.disassociateUserFromTenant(tenantId, ofExternal);
  assert.equal(await Session.getSessionInformation(session.getHandle()), undefined);
  assert.deepEqual(await Session.getAllSessionHandlesForUser(external), [kept.getHandle()]);
});

test("each login method of a group has its own id from outside", async () => {
  const owner = await newMapped();
  const visit = await ThirdParty.manuallyCreateOrUpdateUser(PUBLIC, "acme", newId("at-acme"), newEmail(), false);
  const member = await mapped({ id: visit.user.id });
  const made = await AccountLinking.createPrimaryUser(owner.ofExternal);
  assert.deepEqual([made.status, made.user.id], ["OK", owner.external]);
  const { status, user } = await AccountLinking.linkAccounts(member.ofExternal, owner.id);
  assert.deepEqual([status, user.id], ["OK", owner.external]);
  assert.deepEqual(methodIds(user), [owner.external, member.external]);
  for (const { id, external } of [owner, member])
    for (const one of [id, external]) assert.equal((await SuperTokens.getUser(one)).id, owner.external);
  const session = await Session.createNewSessionWithoutRequestResponse(PUBLIC, member.ofExternal);
  assert.deepEqual([session.getUserId(), session.getRecipeUserId().getAsString()], [owner.external, member.external]);
  const conflict = await AccountLinking.createPrimaryUser(member.ofExternal);
  assert.equal(conflict.primaryUserId, owner.external);
  await AccountLinking.unlinkAccount(member.ofExternal);
  assert.deepEqual(methodIds(await SuperTokens.getUser(member.id)), [member.external]);
});

test("deleteUser by either id takes the mapping and what is the id's from outside", async () => {
  for (const whose of ["id", "external"]) {
    const user = await newMapped();
    await UserMetadata.updateUserMetadata(user.external, { plan: "paid" });
    const session = await Session.createNewSessionWithoutRequestResponse(PUBLIC, user.ofExternal);
    await SuperTokens.deleteUser(user[whose]);
    for (const id of [user.id, user.external]) assert.equal(await SuperTokens.getUser(id), undefined);
    assert.deepEqual(await get(user.external), UNKNOWN_MAPPING);
    assert.deepEqual((await UserMetadata.getUserMetadata(user.external)).metadata, {});
    assert.equal(await Session.getSessionInformation(session.getHandle()), undefined);
    const heir = await signUp(PUBLIC, user.email);
    assert.deepEqual(await map(heir.id, user.external), { status: "OK" }, "the id from outside is free");
  }
});
