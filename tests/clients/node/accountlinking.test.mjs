// Account linking by hand: primary users, their login methods, and what keeps two of them apart.
import test from "node:test";
import SuperTokens from "supertokens-node";
import AccountLinking from "supertokens-node/recipe/accountlinking";
import EmailPassword from "supertokens-node/recipe/emailpassword";
import Multitenancy from "supertokens-node/recipe/multitenancy";
import Passwordless from "supertokens-node/recipe/passwordless";
import Session from "supertokens-node/recipe/session";
import ThirdParty from "supertokens-node/recipe/thirdparty";
import UserMetadata from "supertokens-node/recipe/usermetadata";
import { PASSWORD, PUBLIC, assert, createTemporaryApp, init, newEmail, newId } from "./helpers.mjs";
import { newPhone, recipeUserId, rejectsWith, sameMembers, signUp } from "./helpers.mjs";

const { connectionURI } = await createTemporaryApp("linking");
init({
  connectionURI,
  recipes: [
    Passwordless.init({ contactMethod: "EMAIL_OR_PHONE", flowType: "USER_INPUT_CODE" }),
    ThirdParty.init(),
    UserMetadata.init(),
  ],
});

const UNKNOWN = recipeUserId("00000000-0000-4000-8000-000000000000");
const LINKED_ELSEWHERE = "RECIPE_USER_ID_ALREADY_LINKED_WITH_ANOTHER_PRIMARY_USER_ID_ERROR";
const ALREADY_LINKED = "RECIPE_USER_ID_ALREADY_LINKED_WITH_PRIMARY_USER_ID_ERROR";
const TAKEN = "ACCOUNT_INFO_ALREADY_ASSOCIATED_WITH_ANOTHER_PRIMARY_USER_ID_ERROR";

const byCode = async (contact, tenantId = PUBLIC) => {
  const answer = await Passwordless.signInUp({ tenantId, ...contact });
  assert.equal(answer.createdNewRecipeUser, true);
  return { ...answer, id: answer.user.id };
};
const byProvider = async (
  email = newEmail(),
  { provider = "acme", userId = newId("at-acme"), tenantId = PUBLIC } = {},
) => {
  const answer = await ThirdParty.manuallyCreateOrUpdateUser(tenantId, provider, userId, email, false);
  assert.equal(answer.createdNewRecipeUser, true);
  return { ...answer, id: answer.user.id, email };
};

/** What a sign-up answered, made a primary user. */
const primary = async (signedUp) => {
  const answer = await AccountLinking.createPrimaryUser(signedUp.recipeUserId);
  assert.equal(answer.status, "OK", JSON.stringify(answer));
  return { ...signedUp, user: answer.user };
};

const link = async (member, owner) => {
  const answer = await AccountLinking.linkAccounts(member.recipeUserId, owner.id);
  assert.equal(answer.status, "OK", JSON.stringify(answer));
  assert.equal(answer.accountsAlreadyLinked, false);
  return answer.user;
};

/** A primary user with a password, and one at a provider that is linked to it. */
const pair = async () => {
  const owner = await primary(await signUp());
  const member = await byProvider();
  return { owner, member, user: await link(member, owner) };
};

const createTenant = async () => {
  const tenantId = newId("tenant");
  await Multitenancy.createOrUpdateTenant(tenantId, { firstFactors: null });
  return tenantId;
};

const methodIds = (user) => user.loginMethods.map((method) => method.recipeUserId.getAsString());
const only = ({ status, primaryUserId }) => ({ status, primaryUserId });

for (const [name, make] of [
  ["a password", () => signUp()],
  ["an account at a provider", () => byProvider()],
  ["codes by e-mail", () => byCode({ email: newEmail() })],
  ["codes by text message", () => byCode({ phoneNumber: newPhone() })],
]) {
  test(`a user with ${name} becomes a primary user once`, async () => {
    const { user, id, recipeUserId: ofUser } = await make();
    assert.equal(user.isPrimaryUser, false);
    assert.deepEqual(await AccountLinking.canCreatePrimaryUser(ofUser), {
      status: "OK",
      wasAlreadyAPrimaryUser: false,
    });
    assert.equal((await SuperTokens.getUser(id)).isPrimaryUser, false, "asking changes nothing");
    const made = await AccountLinking.createPrimaryUser(ofUser);
    assert.deepEqual([made.status, made.wasAlreadyAPrimaryUser], ["OK", false]);
    assert.deepEqual(made.user.toJson(), { ...user.toJson(), isPrimaryUser: true });
    assert.deepEqual((await SuperTokens.getUser(id)).toJson(), made.user.toJson());
    assert.deepEqual(await AccountLinking.canCreatePrimaryUser(ofUser), { status: "OK", wasAlreadyAPrimaryUser: true });
    const again = await AccountLinking.createPrimaryUser(ofUser);
    assert.deepEqual([again.status, again.wasAlreadyAPrimaryUser], ["OK", true]);
  });
}

test("an address has one primary user in a tenant", async () => {
  const { email, id } = await primary(await signUp());
  const other = await byProvider(email);
  for (const attempt of [AccountLinking.canCreatePrimaryUser, AccountLinking.createPrimaryUser]) {
    const answer = await attempt(other.recipeUserId);
    assert.deepEqual(only(answer), { status: TAKEN, primaryUserId: id });
    assert.equal(answer.description, "This user's email is already associated with another user ID");
  }
  assert.equal((await SuperTokens.getUser(other.id)).isPrimaryUser, false);
  const elsewhere = await signUp(await createTenant(), email);
  await primary(elsewhere);
});

test("an address of a user who is not primary is free", async () => {
  const { email } = await signUp();
  await primary(await byCode({ email }));
});

test("of many at once one becomes the primary user of the address", async () => {
  const email = newEmail();
  const users = [await signUp(PUBLIC, email), await byCode({ email })];
  for (const provider of ["acme", "globex", "initech"]) users.push(await byProvider(email, { provider }));
  const answers = await Promise.all(users.map((user) => AccountLinking.createPrimaryUser(user.recipeUserId)));
  const made = answers.filter((answer) => answer.status === "OK");
  assert.equal(made.length, 1, JSON.stringify(answers));
  const [{ id }] = made.map((answer) => answer.user);
  for (const answer of answers.filter((one) => one.status !== "OK"))
    assert.deepEqual(only(answer), { status: TAKEN, primaryUserId: id });
});

test("linkAccounts joins the login methods of two users", async () => {
  const first = await byProvider();
  const second = await primary(await signUp());
  const third = await byCode({ phoneNumber: newPhone() });
  await link(first, second);
  const user = await link(third, second);
  assert.equal(user.id, second.id);
  assert.equal(user.isPrimaryUser, true);
  assert.deepEqual(methodIds(user), [first.id, second.id, third.id], "the oldest first");
  assert.equal(user.timeJoined, first.user.timeJoined, "since the oldest joined");
  sameMembers(user.emails, [first.email, second.email]);
  assert.deepEqual(user.phoneNumbers, third.user.phoneNumbers);
  assert.deepEqual(user.thirdParty, first.user.thirdParty);
  for (const { id } of [first, second, third])
    assert.deepEqual((await SuperTokens.getUser(id)).toJson(), user.toJson(), "by the id of any of them");
  for (const email of user.emails) {
    const found = await SuperTokens.listUsersByAccountInfo(PUBLIC, { email });
    assert.deepEqual(
      found.map((one) => one.toJson()),
      [user.toJson()],
    );
  }
});

test("linkAccounts twice, and of a primary user with itself", async () => {
  const { owner, member, user } = await pair();
  for (const { recipeUserId: one } of [owner, member]) {
    const can = await AccountLinking.canLinkAccounts(one, owner.id);
    assert.deepEqual(can, { status: "OK", accountsAlreadyLinked: true });
    const answer = await AccountLinking.linkAccounts(one, owner.id);
    assert.deepEqual([answer.status, answer.accountsAlreadyLinked], ["OK", true]);
    assert.deepEqual(answer.user.toJson(), user.toJson());
  }
});

test("a member of a group stands for its primary user", async () => {
  const { owner, member } = await pair();
  const another = await byProvider();
  const can = await AccountLinking.canLinkAccounts(another.recipeUserId, member.id);
  assert.deepEqual(can, { status: "OK", accountsAlreadyLinked: false });
  const user = await link(another, member);
  assert.equal(user.id, owner.id);
  assert.equal(user.loginMethods.length, 3);
});

test("linkAccounts wants a primary user", async () => {
  const [one, other] = [await signUp(), await signUp()];
  for (const attempt of [AccountLinking.canLinkAccounts, AccountLinking.linkAccounts])
    assert.deepEqual(await attempt(one.recipeUserId, other.id), { status: "INPUT_USER_IS_NOT_A_PRIMARY_USER" });
  assert.deepEqual(methodIds(await SuperTokens.getUser(other.id)), [other.id]);
});

test("a linked user neither becomes primary nor changes its group", async () => {
  const { owner, member, user } = await pair();
  const other = await primary(await signUp());
  for (const attempt of [AccountLinking.canCreatePrimaryUser, AccountLinking.createPrimaryUser])
    assert.deepEqual(only(await attempt(member.recipeUserId)), { status: ALREADY_LINKED, primaryUserId: owner.id });
  const elsewhere = { status: LINKED_ELSEWHERE, primaryUserId: owner.id };
  assert.deepEqual(only(await AccountLinking.canLinkAccounts(member.recipeUserId, other.id)), elsewhere);
  const answer = await AccountLinking.linkAccounts(member.recipeUserId, other.id);
  assert.deepEqual(only(answer), elsewhere);
  assert.deepEqual(answer.user.toJson(), user.toJson(), "the group that it is in");
  const itself = await AccountLinking.linkAccounts(other.recipeUserId, owner.id);
  assert.deepEqual(
    only(itself),
    { status: LINKED_ELSEWHERE, primaryUserId: other.id },
    "a primary user without members",
  );
});

test("an address of another primary user cannot come into the group", async () => {
  const { email, id } = await primary(await signUp());
  const owner = await primary(await signUp());
  const member = await byProvider(email);
  for (const attempt of [AccountLinking.canLinkAccounts, AccountLinking.linkAccounts]) {
    const answer = await attempt(member.recipeUserId, owner.id);
    assert.deepEqual(only(answer), { status: TAKEN, primaryUserId: id });
    assert.match(answer.description, /email is already associated/);
  }
  assert.deepEqual(methodIds(await SuperTokens.getUser(member.id)), [member.id]);
});

test("a group holds what all its members have in all their tenants", async () => {
  const [red, blue] = [await createTenant(), await createTenant()];
  const owner = await primary(await signUp(red));
  const holder = await primary(await signUp(blue, owner.email));
  const member = await byProvider(newEmail(), { tenantId: blue });
  const answer = await AccountLinking.linkAccounts(member.recipeUserId, owner.id);
  assert.deepEqual(only(answer), { status: TAKEN, primaryUserId: holder.id }, "the owner's address is taken in blue");
  const user = await link(await byProvider(), owner);
  sameMembers(user.tenantIds, [red, PUBLIC]);
  for (const method of user.loginMethods) assert.equal(method.tenantIds.length, 1, "each stays in its tenant");
  const later = await primary(await signUp()).then((one) => byProvider(one.email, { tenantId: red }));
  assert.equal((await AccountLinking.canLinkAccounts(later.recipeUserId, owner.id)).status, TAKEN);
});

test("of many links at once none is lost, and none is double", async () => {
  const owner = await primary(await signUp());
  const members = [];
  for (let n = 0; n < 5; n += 1) members.push(await byProvider());
  const links = members.flatMap((one) => [one, one]);
  const answers = await Promise.all(links.map((one) => AccountLinking.linkAccounts(one.recipeUserId, owner.id)));
  assert.deepEqual([...new Set(answers.map((answer) => answer.status))], ["OK"]);
  assert.equal(answers.filter((answer) => !answer.accountsAlreadyLinked).length, 5);
  sameMembers(methodIds(await SuperTokens.getUser(owner.id)), [owner.id, ...members.map(({ id }) => id)]);
});

test("linking ends the sessions of the linked user, not those of the primary one", async () => {
  const owner = await primary(await signUp());
  const member = await byProvider();
  const create = (one) => Session.createNewSessionWithoutRequestResponse(PUBLIC, one.recipeUserId);
  const [kept, ended] = [await create(owner), await create(member)];
  await link(member, owner);
  assert.deepEqual(await Session.getAllSessionHandlesForUser(owner.id), [kept.getHandle()]);
  const { refreshToken } = ended.getAllSessionTokensDangerously();
  await rejectsWith(Session.Error.UNAUTHORISED, Session.refreshSessionWithoutRequestResponse(refreshToken));
});

test("a session of a linked user is the primary user's", async () => {
  const { owner, member } = await pair();
  const session = await Session.createNewSessionWithoutRequestResponse(PUBLIC, member.recipeUserId);
  assert.equal(session.getUserId(), owner.id);
  assert.equal(session.getRecipeUserId().getAsString(), member.id);
  const { sub, rsub } = session.getAccessTokenPayload();
  assert.deepEqual([sub, rsub], [owner.id, member.id]);
  const handle = session.getHandle();
  assert.deepEqual(await Session.getAllSessionHandlesForUser(owner.id), [handle]);
  assert.deepEqual(await Session.getAllSessionHandlesForUser(member.id), [handle], "of all linked accounts");
  assert.deepEqual(await Session.getAllSessionHandlesForUser(member.id, false), [handle]);
  assert.deepEqual(await Session.getAllSessionHandlesForUser(owner.id, false), [], "of its own method alone");
});

test("every login method of a group signs in as the group", async () => {
  const { owner, member, user } = await pair();
  const byPassword = await EmailPassword.signIn(PUBLIC, owner.email, PASSWORD);
  assert.deepEqual([byPassword.user.toJson(), byPassword.recipeUserId.getAsString()], [user.toJson(), owner.id]);
  const [{ id, userId }] = member.user.thirdParty;
  const atProvider = await ThirdParty.manuallyCreateOrUpdateUser(PUBLIC, id, userId, member.email, false);
  assert.deepEqual([atProvider.user.toJson(), atProvider.recipeUserId.getAsString()], [user.toJson(), member.id]);
  assert.equal(atProvider.createdNewRecipeUser, false);
});

test("unlinkAccount lets a member go", async () => {
  const { owner, member } = await pair();
  const session = await Session.createNewSessionWithoutRequestResponse(PUBLIC, member.recipeUserId);
  const answer = await AccountLinking.unlinkAccount(member.recipeUserId);
  assert.deepEqual(answer, { status: "OK", wasRecipeUserDeleted: false, wasLinked: true });
  const alone = await SuperTokens.getUser(member.id);
  assert.deepEqual([alone.id, alone.isPrimaryUser, methodIds(alone)], [member.id, false, [member.id]]);
  assert.deepEqual((await SuperTokens.getUser(owner.id)).toJson(), owner.user.toJson(), "as it was before");
  assert.equal(await Session.getSessionInformation(session.getHandle()), undefined, "its session ended");
  const again = await AccountLinking.unlinkAccount(member.recipeUserId);
  assert.deepEqual(again, { status: "OK", wasRecipeUserDeleted: false, wasLinked: false });
  await primary(await byCode({ email: member.email }));
});

test("unlinkAccount of a primary user without members makes it an ordinary one", async () => {
  const { id, recipeUserId: ofUser } = await primary(await signUp());
  const answer = await AccountLinking.unlinkAccount(ofUser);
  assert.deepEqual(answer, { status: "OK", wasRecipeUserDeleted: false, wasLinked: true });
  assert.equal((await SuperTokens.getUser(id)).isPrimaryUser, false);
});

test("unlinkAccount of a primary user with members deletes its login method; the group goes on", async () => {
  const { owner, member } = await pair();
  await UserMetadata.updateUserMetadata(owner.id, { plan: "free" });
  const answer = await AccountLinking.unlinkAccount(owner.recipeUserId);
  assert.deepEqual(answer, { status: "OK", wasRecipeUserDeleted: true, wasLinked: true });
  const group = await SuperTokens.getUser(owner.id);
  assert.deepEqual([group.id, group.isPrimaryUser, methodIds(group)], [owner.id, true, [member.id]]);
  assert.deepEqual((await UserMetadata.getUserMetadata(owner.id)).metadata, { plan: "free" });
  assert.equal((await EmailPassword.signIn(PUBLIC, owner.email, PASSWORD)).status, "WRONG_CREDENTIALS_ERROR");
  assert.notEqual((await signUp(PUBLIC, owner.email)).id, owner.id, "the address is free");
  const user = await link(await byProvider(), owner);
  assert.equal(user.id, owner.id, "and takes further members");
});

test("unknown users are refused", async () => {
  const { id } = await primary(await signUp());
  for (const attempt of [
    () => AccountLinking.canCreatePrimaryUser(UNKNOWN),
    () => AccountLinking.createPrimaryUser(UNKNOWN),
    () => AccountLinking.canLinkAccounts(UNKNOWN, id),
    () => AccountLinking.linkAccounts(UNKNOWN, id),
    () => AccountLinking.linkAccounts(recipeUserId(id), UNKNOWN.getAsString()),
    () => AccountLinking.unlinkAccount(UNKNOWN),
  ])
    await assert.rejects(attempt(), /400.*Unknown user ID provided/s);
});

test("deleteUser takes the whole group, by the id of any member", async () => {
  for (const whose of ["owner", "member"]) {
    const group = await pair();
    await UserMetadata.updateUserMetadata(group.owner.id, { plan: "free" });
    await SuperTokens.deleteUser(group[whose].id);
    for (const { id, email } of [group.owner, group.member]) {
      assert.equal(await SuperTokens.getUser(id), undefined);
      assert.deepEqual(await SuperTokens.listUsersByAccountInfo(PUBLIC, { email }), []);
      await primary(await signUp(PUBLIC, email));
    }
    assert.deepEqual((await UserMetadata.getUserMetadata(group.owner.id)).metadata, {});
  }
});

test("deleteUser of one member leaves the others", async () => {
  const { owner, member } = await pair();
  for (const { id } of [owner, member]) await UserMetadata.updateUserMetadata(id, { of: id });
  await SuperTokens.deleteUser(member.id, false);
  assert.equal(await SuperTokens.getUser(member.id), undefined);
  assert.deepEqual((await SuperTokens.getUser(owner.id)).toJson(), owner.user.toJson());
  assert.deepEqual((await UserMetadata.getUserMetadata(member.id)).metadata, {});
  assert.deepEqual((await UserMetadata.getUserMetadata(owner.id)).metadata, { of: owner.id });
});

test("deleteUser of the primary's own method keeps the group under its id, until its last member goes", async () => {
  const { owner, member } = await pair();
  await UserMetadata.updateUserMetadata(owner.id, { plan: "free" });
  await SuperTokens.deleteUser(owner.id, false);
  const group = await SuperTokens.getUser(member.id);
  assert.deepEqual([group.id, group.isPrimaryUser, methodIds(group)], [owner.id, true, [member.id]]);
  assert.deepEqual((await UserMetadata.getUserMetadata(owner.id)).metadata, { plan: "free" });
  await SuperTokens.deleteUser(member.id, false);
  for (const { id } of [owner, member]) assert.equal(await SuperTokens.getUser(id), undefined);
  assert.deepEqual((await UserMetadata.getUserMetadata(owner.id)).metadata, {});
});

test("a group is listed and counted once", async () => {
  const before = await SuperTokens.getUserCount();
  const { user, member } = await pair();
  assert.equal(await SuperTokens.getUserCount(), before + 1);
  const { users } = await SuperTokens.getUsersNewestFirst({ tenantId: PUBLIC, limit: 500 });
  assert.equal(users.filter((one) => one.id === user.id).length, 1);
  assert.ok(!users.some((one) => one.id === member.id));
  for (const recipe of ["emailpassword", "thirdparty"]) {
    const page = await SuperTokens.getUsersNewestFirst({ tenantId: PUBLIC, limit: 500, includeRecipeIds: [recipe] });
    assert.ok(
      page.users.some((one) => one.id === user.id),
      recipe,
    );
  }
  for (const email of user.emails) {
    const page = await SuperTokens.getUsersOldestFirst({ tenantId: PUBLIC, query: { email } });
    assert.deepEqual(
      page.users.map((one) => one.toJson()),
      [user.toJson()],
      "found by any address",
    );
  }
  await AccountLinking.unlinkAccount(member.recipeUserId);
  assert.equal(await SuperTokens.getUserCount(), before + 2);
});

test("a change of address respects other primary users", async () => {
  const { owner, member } = await pair();
  const [{ id, userId }] = member.user.thirdParty;
  const change = (email) => EmailPassword.updateEmailOrPassword({ recipeUserId: owner.recipeUserId, email });
  for (const holder of [await primary(await signUp()), await primary(await byCode({ email: newEmail() }))]) {
    const [email] = holder.user.emails;
    assert.equal((await change(email)).status, "EMAIL_CHANGE_NOT_ALLOWED_ERROR");
    const atProvider = await ThirdParty.manuallyCreateOrUpdateUser(PUBLIC, id, userId, email, false);
    assert.equal(atProvider.status, "EMAIL_CHANGE_NOT_ALLOWED_ERROR");
  }
  sameMembers((await SuperTokens.getUser(owner.id)).emails, [owner.email, member.email]);
  const free = newEmail();
  assert.equal((await change(free)).status, "OK");
  sameMembers((await SuperTokens.getUser(owner.id)).emails, [free, member.email]);
  await primary(await byCode({ email: owner.email }));
});
