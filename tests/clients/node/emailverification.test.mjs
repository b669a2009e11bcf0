// Every function of the EmailVerification recipe: what it does, and its main failures.
import test from "node:test";
import SuperTokens from "supertokens-node";
import EmailPassword from "supertokens-node/recipe/emailpassword";
import EmailVerification from "supertokens-node/recipe/emailverification";
import Multitenancy from "supertokens-node/recipe/multitenancy";
import Passwordless from "supertokens-node/recipe/passwordless";
import { PUBLIC, WEBSITE_DOMAIN, assert, emailDelivery, init, mails, newEmail } from "./helpers.mjs";
import { newId, newPhone, recipeUserId, signUp, sql } from "./helpers.mjs";

init({
  recipes: [
    EmailVerification.init({ mode: "OPTIONAL", emailDelivery }),
    Passwordless.init({ contactMethod: "EMAIL_OR_PHONE", flowType: "USER_INPUT_CODE" }),
  ],
});

const UNKNOWN = "00000000-0000-4000-8000-000000000000";
const INVALID = { status: "EMAIL_VERIFICATION_INVALID_TOKEN_ERROR" };
const ALREADY = { status: "EMAIL_ALREADY_VERIFIED_ERROR" };

/** A token for a user, by default of the address that the user has. */
const createToken = async (user, email, tenantId = PUBLIC) => {
  const answer = await EmailVerification.createEmailVerificationToken(tenantId, user.recipeUserId, email);
  assert.equal(answer.status, "OK");
  return answer.token;
};

const verify = (token, tenantId = PUBLIC) => EmailVerification.verifyEmailUsingToken(tenantId, token);
const isVerified = (user, email) => EmailVerification.isEmailVerified(user.recipeUserId, email);

/** A user whose address is verified. */
const verifiedUser = async () => {
  const user = await signUp();
  assert.equal((await verify(await createToken(user))).status, "OK");
  return user;
};

test("a token verifies the address, once", async () => {
  const [user, other] = [await signUp(), await signUp()];
  assert.equal(await isVerified(user), false);
  const token = await createToken(user);
  assert.match(token, /^[A-Za-z0-9_-]{32,}$/, "fits into a link");
  assert.equal(await isVerified(user), false, "asking is not enough");
  const answer = await verify(token);
  assert.equal(answer.status, "OK");
  assert.deepEqual([answer.user.recipeUserId.getAsString(), answer.user.email], [user.id, user.email]);
  assert.equal(await isVerified(user), true);
  assert.equal((await SuperTokens.getUser(user.id)).loginMethods[0].verified, true);
  assert.deepEqual(await verify(token), INVALID, "a second time");
  assert.equal(await isVerified(user), true);
  assert.equal(await isVerified(other), false, "somebody else");
});

test("tokens that were never made are refused", async () => {
  const token = await createToken(await signUp());
  const altered = (at) => token.slice(0, at) + (token[at] === "A" ? "B" : "A") + token.slice(at + 1);
  for (const wrong of ["", "nonsense", token + "x", token.slice(0, -1), altered(0), altered(token.length - 8)])
    assert.deepEqual(await verify(wrong), INVALID, JSON.stringify(wrong));
  assert.equal((await verify(token)).status, "OK", "the real one still works");
});

test("no token for an address that is verified", async () => {
  const user = await verifiedUser();
  const { recipeUserId: id } = user;
  assert.deepEqual(await EmailVerification.createEmailVerificationToken(PUBLIC, id), ALREADY);
  assert.deepEqual(await EmailVerification.createEmailVerificationLink(PUBLIC, id), ALREADY);
  assert.deepEqual(await EmailVerification.sendEmailVerificationEmail(PUBLIC, user.id, id), ALREADY);
  const token = await createToken(user, newEmail());
  assert.equal((await verify(token)).status, "OK", "another address can be");
});

test("a used token takes the others of the same address along, and no more", async () => {
  const [user, stranger, second] = [await signUp(), await signUp(), newEmail()];
  const tokens = [await createToken(user), await createToken(user)];
  const [ofSecond, ofStranger] = [await createToken(user, second), await createToken(stranger)];
  assert.equal((await verify(tokens[0])).status, "OK");
  assert.deepEqual(await verify(tokens[1]), INVALID);
  assert.equal((await verify(ofSecond)).status, "OK", "the user's other address");
  assert.equal((await verify(ofStranger)).status, "OK", "another user");
});

test("of many who come with one token exactly one succeeds", async () => {
  const user = await signUp();
  const token = await createToken(user);
  const answers = await Promise.all(Array.from({ length: 8 }, () => verify(token)));
  const statuses = answers.map((answer) => answer.status).sort();
  assert.deepEqual(statuses, [...Array(7).fill(INVALID.status), "OK"]);
  assert.equal(await isVerified(user), true);
});

test("createEmailVerificationLink makes a link whose token works", async () => {
  const user = await signUp();
  const answer = await EmailVerification.createEmailVerificationLink(PUBLIC, user.recipeUserId);
  assert.equal(answer.status, "OK");
  const link = new URL(answer.link);
  assert.equal(link.origin + link.pathname, `${WEBSITE_DOMAIN}/auth/verify-email`);
  assert.equal(link.searchParams.get("tenantId"), PUBLIC);
  assert.equal((await verify(link.searchParams.get("token"))).status, "OK");
  assert.equal(await isVerified(user), true);
});

test("sendEmailVerificationEmail sends one mail with a link that works", async () => {
  const user = await signUp();
  const answer = await EmailVerification.sendEmailVerificationEmail(PUBLIC, user.id, user.recipeUserId);
  assert.deepEqual(answer, { status: "OK" });
  const [mail, ...others] = mails.filter((one) => one.user.email === user.email);
  assert.deepEqual([mail?.type, mail?.user.id, others], ["EMAIL_VERIFICATION", user.id, []]);
  assert.equal((await verify(new URL(mail.emailVerifyLink).searchParams.get("token"))).status, "OK");
});

test("revokeEmailVerificationTokens makes the tokens of one address worthless", async () => {
  const [user, stranger, second] = [await signUp(), await signUp(), newEmail()];
  const tokens = [await createToken(user), await createToken(user)];
  const [ofSecond, ofStranger] = [await createToken(user, second), await createToken(stranger)];
  const revoke = () => EmailVerification.revokeEmailVerificationTokens(PUBLIC, user.recipeUserId);
  assert.deepEqual(await revoke(), { status: "OK" });
  for (const token of tokens) assert.deepEqual(await verify(token), INVALID);
  assert.deepEqual(await revoke(), { status: "OK" }, "there is nothing left");
  assert.equal((await verify(ofSecond)).status, "OK", "the user's other address");
  assert.equal((await verify(ofStranger)).status, "OK", "another user");
  assert.equal((await verify(await createToken(user))).status, "OK", "a token made afterwards");
});

test("unverifyEmail takes the verification back", async () => {
  const [user, other] = [await verifiedUser(), await verifiedUser()];
  assert.deepEqual(await EmailVerification.unverifyEmail(user.recipeUserId), { status: "OK" });
  assert.equal(await isVerified(user), false);
  assert.equal((await SuperTokens.getUser(user.id)).loginMethods[0].verified, false);
  assert.equal(await isVerified(other), true, "another user");
  assert.deepEqual(await EmailVerification.unverifyEmail(user.recipeUserId), { status: "OK" }, "a second time");
  assert.equal((await verify(await createToken(user))).status, "OK", "and it can be verified again");
  assert.equal(await isVerified(user), true);
});

test("a verification is of one address: a user who changes it is not verified", async () => {
  const user = await verifiedUser();
  const email = newEmail();
  const update = (to) => EmailPassword.updateEmailOrPassword({ recipeUserId: user.recipeUserId, email: to });
  assert.deepEqual(await update(email), { status: "OK" });
  assert.equal(await isVerified(user), false);
  assert.equal(await isVerified(user, user.email), true, "the old address");
  assert.equal((await SuperTokens.getUser(user.id)).loginMethods[0].verified, false);
  assert.deepEqual(await update(user.email), { status: "OK" });
  assert.equal(await isVerified(user), true, "back at the old address");
});

test("an address counts in lower case", async () => {
  const user = await signUp();
  const token = await createToken(user, ` ${user.email.toUpperCase()}`);
  const answer = await verify(token);
  assert.deepEqual([answer.status, answer.user?.email], ["OK", user.email]);
  assert.equal(await isVerified(user), true);
  await EmailVerification.unverifyEmail(user.recipeUserId, user.email.toUpperCase());
  assert.equal(await isVerified(user), false);
});

test("ids that are no users can be verified, too", async () => {
  const [somebody, email] = [{ recipeUserId: recipeUserId(newId("elsewhere")) }, newEmail()];
  const answer = await verify(await createToken(somebody, email));
  assert.equal(answer.user.recipeUserId.getAsString(), somebody.recipeUserId.getAsString());
  assert.equal(await isVerified(somebody, email), true);
  const stranger = recipeUserId(UNKNOWN);
  for (const call of [
    () => EmailVerification.createEmailVerificationToken(PUBLIC, stranger),
    () => EmailVerification.isEmailVerified(stranger),
    () => EmailVerification.unverifyEmail(stranger),
    () => EmailVerification.revokeEmailVerificationTokens(PUBLIC, stranger),
  ])
    await assert.rejects(call(), /Unknown User ID/, String(call));
});

test("whoever signs in with a code has a verified address", async () => {
  const { user, recipeUserId: id } = await Passwordless.signInUp({ tenantId: PUBLIC, email: newEmail() });
  assert.equal(user.loginMethods[0].verified, true);
  assert.equal(await EmailVerification.isEmailVerified(id), true);
  assert.deepEqual(await EmailVerification.createEmailVerificationToken(PUBLIC, id), ALREADY);
  await EmailVerification.unverifyEmail(id);
  assert.equal(await EmailVerification.isEmailVerified(id), false);
  const again = await Passwordless.signInUp({ tenantId: PUBLIC, email: user.emails[0] });
  assert.equal(again.user.loginMethods[0].verified, true, "after the next sign-in");
});

test("a user without an address counts as verified", async () => {
  const { recipeUserId: id } = await Passwordless.signInUp({ tenantId: PUBLIC, phoneNumber: newPhone() });
  assert.equal(await EmailVerification.isEmailVerified(id), true);
  assert.deepEqual(await EmailVerification.createEmailVerificationToken(PUBLIC, id), ALREADY);
});

test("tokens are good in their tenant, the verification in all", async () => {
  const tenantId = newId("tenant");
  await Multitenancy.createOrUpdateTenant(tenantId, { firstFactors: null });
  const user = await signUp(tenantId);
  const token = await createToken(user, undefined, tenantId);
  assert.deepEqual(await verify(token), INVALID, "in the public tenant");
  await EmailVerification.revokeEmailVerificationTokens(PUBLIC, user.recipeUserId);
  assert.equal((await verify(token, tenantId)).status, "OK");
  assert.equal(await isVerified(user), true);
});

test("a token that ran out", async () => {
  const tenantId = newId("tenant");
  const coreConfig = { email_verification_token_lifetime: 1 };
  await Multitenancy.createOrUpdateTenant(tenantId, { firstFactors: null, coreConfig });
  const user = await signUp(tenantId);
  const token = await createToken(user, undefined, tenantId);
  const made = Date.now();
  while (Date.now() <= made + 10) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual(await verify(token, tenantId), INVALID);
  assert.equal(await isVerified(user), false);
});

test("tokens and verification go with their user", async () => {
  const [user, verified] = [await signUp(), await verifiedUser()];
  const token = await createToken(user);
  await SuperTokens.deleteUser(user.id);
  await SuperTokens.deleteUser(verified.id);
  assert.deepEqual(await verify(token), INVALID);
  assert.equal(await isVerified(verified, verified.email), false);
  const query = "SELECT user_id FROM auth.verified_emails WHERE user_id IN ($1, $2)";
  assert.deepEqual(sql(query, user.id, verified.id), []);
});
