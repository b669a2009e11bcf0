// What the SDK decides about account linking from what the core knows: whom to link, and whom to keep out.
import test from "node:test";
import SuperTokens from "supertokens-node";
import AccountLinking from "supertokens-node/recipe/accountlinking";
import EmailVerification from "supertokens-node/recipe/emailverification";
import Passwordless from "supertokens-node/recipe/passwordless";
import ThirdParty from "supertokens-node/recipe/thirdparty";
import {
  PUBLIC,
  assert,
  createTemporaryApp,
  emailDelivery,
  init,
  newEmail,
  newId,
  newPhone,
  signUp,
} from "./helpers.mjs";

const { connectionURI } = await createTemporaryApp("deciding");
init({
  connectionURI,
  shouldLink: async () => ({ shouldAutomaticallyLink: true, shouldRequireVerification: true }),
  recipes: [
    EmailVerification.init({ mode: "OPTIONAL", emailDelivery }),
    Passwordless.init({ contactMethod: "EMAIL_OR_PHONE", flowType: "USER_INPUT_CODE" }),
    ThirdParty.init(),
  ],
});

const verify = async ({ recipeUserId }) => {
  const { status, token } = await EmailVerification.createEmailVerificationToken(PUBLIC, recipeUserId);
  assert.equal(status, "OK");
  // The last argument: the SDK is not to link now.
  assert.equal((await EmailVerification.verifyEmailUsingToken(PUBLIC, token, false)).status, "OK");
};

const verified = async (email = newEmail()) => {
  const user = await signUp(PUBLIC, email);
  await verify(user);
  return user;
};

const primary = async (email) => {
  const user = await verified(email);
  assert.equal((await AccountLinking.createPrimaryUser(user.recipeUserId)).status, "OK");
  return user;
};

const atProvider = (email, isVerified) =>
  ThirdParty.manuallyCreateOrUpdateUser(PUBLIC, "acme", newId("at-acme"), email, isVerified);

const mayJoin = (email, isVerified) =>
  AccountLinking.isSignUpAllowed(PUBLIC, { recipeId: "thirdparty", email }, isVerified);
const candidate = (id) => AccountLinking.getPrimaryUserThatCanBeLinkedToRecipeUserId(PUBLIC, id);

test("isSignUpAllowed: anybody with a new address", async () => {
  for (const isVerified of [true, false]) assert.equal(await mayJoin(newEmail(), isVerified), true);
});

test("isSignUpAllowed: next to a primary user only who has proved the address", async () => {
  const { email } = await primary();
  assert.equal(await mayJoin(email, true), true);
  assert.equal(await mayJoin(email, false), false);
});

test("isSignUpAllowed: nobody next to a user who has not proved the address", async () => {
  const user = await signUp();
  assert.equal(await mayJoin(user.email, true), false);
  await verify(user);
  assert.equal(await mayJoin(user.email, true), true);
});

test("isSignUpAllowed takes numbers, too", async () => {
  const phoneNumber = newPhone();
  const ask = () => AccountLinking.isSignUpAllowed(PUBLIC, { recipeId: "passwordless", phoneNumber }, true);
  assert.equal(await ask(), true);
  const { user } = await Passwordless.signInUp({ tenantId: PUBLIC, phoneNumber });
  assert.equal(user.isPrimaryUser, true, "a number that was proved makes a primary user");
  assert.equal(await ask(), true);
});

test("isSignInAllowed: nobody beside another who has not proved the address", async () => {
  const ask = ({ recipeUserId }) => AccountLinking.isSignInAllowed(PUBLIC, recipeUserId);
  const alone = await signUp();
  assert.equal(await ask(alone), true);
  const beside = await atProvider(alone.email, false);
  for (const user of [alone, beside]) assert.equal(await ask(user), false);
  await verify(alone);
  assert.equal(await ask(alone), true, "who has proved it comes in");
  assert.equal(await ask(beside), false);
  await AccountLinking.createPrimaryUser(alone.recipeUserId);
  assert.equal(await ask(alone), true);
  assert.equal(await ask(beside), false, "beside a primary user, too");
});

test("getPrimaryUserThatCanBeLinkedToRecipeUserId finds the primary user of the address", async () => {
  const owner = await primary();
  assert.equal((await candidate(owner.recipeUserId)).id, owner.id, "itself");
  const beside = await atProvider(owner.email, false);
  assert.equal(beside.user.id, beside.recipeUserId.getAsString(), "not linked by itself");
  assert.equal((await candidate(beside.recipeUserId)).id, owner.id);
  assert.equal(await candidate((await verified()).recipeUserId), undefined, "another address");
});

test("createPrimaryUserIdOrLinkAccounts makes a primary user of who has proved the address", async () => {
  const user = await signUp();
  const make = () => AccountLinking.createPrimaryUserIdOrLinkAccounts(PUBLIC, user.recipeUserId);
  assert.equal((await make()).isPrimaryUser, false, "not proved");
  await verify(user);
  const made = await make();
  assert.deepEqual([made.id, made.isPrimaryUser], [user.id, true]);
  assert.deepEqual((await make()).toJson(), made.toJson(), "a second time");
});

test("createPrimaryUserIdOrLinkAccounts links to the primary user of the address", async () => {
  const owner = await primary();
  const late = await atProvider(owner.email, false);
  const make = () => AccountLinking.createPrimaryUserIdOrLinkAccounts(PUBLIC, late.recipeUserId);
  assert.equal((await make()).id, late.user.id, "not proved");
  await verify(late);
  const linked = await make();
  assert.equal(linked.id, owner.id);
  assert.deepEqual(
    linked.loginMethods.map((method) => method.recipeUserId.getAsString()),
    [owner.id, late.user.id],
  );
  assert.deepEqual((await SuperTokens.getUser(late.user.id)).toJson(), linked.toJson());
});

test("isEmailChangeAllowed keeps primary users apart", async () => {
  const [one, other] = [await primary(), await primary()];
  const ask = ({ recipeUserId }, email, isVerified) =>
    AccountLinking.isEmailChangeAllowed(recipeUserId, email, isVerified);
  for (const isVerified of [true, false]) {
    assert.equal(await ask(one, newEmail(), isVerified), true, "a new address");
    assert.equal(await ask(one, one.email, isVerified), true, "its own");
    assert.equal(await ask(one, other.email, isVerified), false, "another's");
  }
  const ordinary = await signUp();
  assert.equal(await ask(ordinary, other.email, true), true, "an ordinary user who has proved it may be linked");
  assert.equal(await ask(ordinary, other.email, false), false, "but not take it unproved");
  const unproved = await signUp();
  assert.equal(await ask(one, unproved.email, true), true);
  assert.equal(await ask(one, unproved.email, false), false, "nobody knows whose it is");
});

test("unknown users are refused", async () => {
  const unknown = SuperTokens.convertToRecipeUserId("00000000-0000-4000-8000-000000000000");
  for (const ask of [
    () => AccountLinking.isSignInAllowed(PUBLIC, unknown),
    () => AccountLinking.isEmailChangeAllowed(unknown, newEmail(), true),
    () => candidate(unknown),
    () => AccountLinking.createPrimaryUserIdOrLinkAccounts(PUBLIC, unknown),
  ])
    await assert.rejects(ask(), /Unknown recipeUserId|recipe user id does not exist/);
});
