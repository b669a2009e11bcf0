// One password and one address, whichever SDK it came through.
import test from "node:test";
import { PASSWORD, assert, mailTo, newEmail, textTo, newPhone } from "../../gotrue/helper.mjs";
import { fails, member, must, newClient, newSupabase } from "./clients.mjs";
import {
  EmailPassword,
  EmailVerification,
  PUBLIC,
  Passwordless,
  SuperTokens,
  admin,
  fine,
  recipeId,
  shared,
} from "./supertokens.mjs";
import { signIn, signedUp, verify } from "./supertokens.mjs";

const OTHER_PASSWORD = "another password 2";
const WRONG = [400, "invalid_credentials", "Invalid login credentials"];
const NOT_CONFIRMED = [400, "email_not_confirmed", "Email not confirmed"];
const supabaseSignIn = (email, password = PASSWORD) => newSupabase(shared).signInWithPassword({ email, password });

test("signed up through supabase-js: signs in through supertokens-node with the same password", async () => {
  const email = newEmail();
  const { user } = await must(newSupabase(shared).signUp({ email, password: PASSWORD }));
  const before = await fine(signIn(email));
  assert.equal(before.user.id, user.id);
  assert.equal(before.user.loginMethods[0].verified, false);
  await must(newSupabase(shared).verifyOtp({ email, token: (await mailTo(email)).code, type: "signup" }));
  const after = await fine(signIn(email));
  assert.deepEqual([after.user.id, after.user.emails], [user.id, [email]]);
  assert.equal(after.user.loginMethods[0].verified, true);
  assert.equal(await EmailVerification.isEmailVerified(recipeId(user.id), email), true);
  assert.equal((await signIn(email, OTHER_PASSWORD)).status, "WRONG_CREDENTIALS_ERROR");
});

test("signed up through supertokens-node: signs in through supabase-js once the address is verified", async () => {
  const { id, email } = await signedUp({ isVerified: false });
  await fails(supabaseSignIn(email), ...NOT_CONFIRMED);
  await fails(supabaseSignIn(email, OTHER_PASSWORD), ...WRONG);
  await verify(id, email);
  const { user, session } = await must(supabaseSignIn(email));
  assert.deepEqual([user.id, user.email], [id, email]);
  assert.ok(user.email_confirmed_at);
  assert.deepEqual(
    user.identities.map((identity) => identity.provider),
    ["email"],
  );
  assert.equal(user.identities[0].identity_data.email_verified, true);
  assert.deepEqual(user.app_metadata, { provider: "email", providers: ["email"] });
  assert.equal((await must(newClient(shared).getUser(session.access_token))).user.id, id);
});

test("an address that is not verified any more at SuperTokens is not confirmed", async () => {
  const { id, email } = await signedUp();
  await must(supabaseSignIn(email));
  await EmailVerification.unverifyEmail(recipeId(id), email);
  await fails(supabaseSignIn(email), ...NOT_CONFIRMED);
});

test("an address confirmed by a link of supabase-js is verified at SuperTokens", async () => {
  const { id, email } = await signedUp({ isVerified: false });
  await must(newSupabase(shared).signInWithOtp({ email }));
  const { user } = await must(
    newSupabase(shared).verifyOtp({ token_hash: (await mailTo(email)).token, type: "email" }),
  );
  assert.equal(user.id, id);
  assert.equal(await EmailVerification.isEmailVerified(recipeId(id), email), true);
});

test("an address is taken for both, whoever was first", async () => {
  const { email } = await signedUp();
  const { user } = await must(newSupabase(shared).signUp({ email, password: OTHER_PASSWORD }));
  assert.deepEqual(user.identities, [], "nothing is told of who has it");
  await fine(signIn(email));
  const other = newEmail();
  await must(newSupabase(shared).signUp({ email: other, password: PASSWORD }));
  assert.equal((await EmailPassword.signUp(PUBLIC, other, OTHER_PASSWORD)).status, "EMAIL_ALREADY_EXISTS_ERROR");
  await fails(admin.createUser({ email, password: PASSWORD }), 422, "email_exists");
});

test("a password that is changed through supabase-js is the one at SuperTokens", async () => {
  const { email } = await signedUp();
  const client = newSupabase(shared);
  await must(client.signInWithPassword({ email, password: PASSWORD }));
  await must(client.updateUser({ password: OTHER_PASSWORD }));
  assert.equal((await signIn(email)).status, "WRONG_CREDENTIALS_ERROR");
  await fine(signIn(email, OTHER_PASSWORD));
});

test("a password that is changed by an administrator at GoTrue is the one at SuperTokens", async () => {
  const { id, email } = await signedUp();
  await must(admin.updateUserById(id, { password: OTHER_PASSWORD }));
  await fine(signIn(email, OTHER_PASSWORD));
  assert.equal((await signIn(email)).status, "WRONG_CREDENTIALS_ERROR");
});

test("a password that is changed through supertokens-node is the one at GoTrue", async () => {
  const { user, email } = await member(shared);
  await fine(EmailPassword.updateEmailOrPassword({ recipeUserId: recipeId(user.id), password: OTHER_PASSWORD }));
  await fails(supabaseSignIn(email), ...WRONG);
  await must(supabaseSignIn(email, OTHER_PASSWORD));
});

test("a password that is reset with a token of SuperTokens is the one at GoTrue", async () => {
  const { user, email } = await member(shared);
  const { token } = await fine(EmailPassword.createResetPasswordToken(PUBLIC, user.id, email));
  await fine(EmailPassword.resetPasswordUsingToken(PUBLIC, token, OTHER_PASSWORD));
  await must(supabaseSignIn(email, OTHER_PASSWORD));
  await fails(supabaseSignIn(email), ...WRONG);
});

test("an address that is changed through either is the one at the other", async () => {
  const { client, user, email } = await member(shared);
  const next = newEmail("next");
  await must(client.updateUser({ email: next }));
  for (const address of [email, next])
    await must(client.verifyOtp({ email: address, token: (await mailTo(address)).code, type: "email_change" }));
  assert.equal((await fine(signIn(next))).user.id, user.id);
  assert.equal((await signIn(email)).status, "WRONG_CREDENTIALS_ERROR");

  const last = newEmail("last");
  await fine(EmailPassword.updateEmailOrPassword({ recipeUserId: recipeId(user.id), email: last }));
  await verify(user.id, last);
  assert.equal((await must(supabaseSignIn(last))).user.id, user.id);
  await fails(supabaseSignIn(next), ...WRONG);
});

test("a user with a code of SuperTokens by text message is the same with one of GoTrue", async () => {
  const phone = newPhone();
  const { user } = await fine(Passwordless.signInUp({ tenantId: PUBLIC, phoneNumber: phone }));
  await must(newSupabase(shared).signInWithOtp({ phone }));
  const signedIn = await must(newSupabase(shared).verifyOtp({ phone, token: await textTo(phone), type: "sms" }));
  assert.equal(signedIn.user.id, user.id);
  assert.equal(signedIn.user.phone, phone.slice(1));
  assert.deepEqual((await SuperTokens.getUser(user.id)).phoneNumbers, [phone]);
});

test("a user with a code of SuperTokens by mail is the same with one of GoTrue, and the other way round", async () => {
  const [first, second] = [newEmail(), newEmail()];
  const { user } = await fine(Passwordless.signInUp({ tenantId: PUBLIC, email: first }));
  await must(newSupabase(shared).signInWithOtp({ email: first, options: { shouldCreateUser: false } }));
  const byCode = { email: first, token: (await mailTo(first)).code, type: "email" };
  assert.equal((await must(newSupabase(shared).verifyOtp(byCode))).user.id, user.id);

  await must(newSupabase(shared).signInWithOtp({ email: second }));
  const given = { email: second, token: (await mailTo(second)).code, type: "email" };
  const made = await must(newSupabase(shared).verifyOtp(given));
  const same = await fine(Passwordless.signInUp({ tenantId: PUBLIC, email: second }));
  assert.deepEqual([same.user.id, same.createdNewRecipeUser], [made.user.id, false]);
});

test("the case of an address does not matter", async () => {
  const email = newEmail("Mixed.Case");
  const { user } = await must(newSupabase(shared).signUp({ email, password: PASSWORD }));
  assert.equal(user.email, email.toLowerCase());
  assert.equal((await fine(signIn(email.toLowerCase()))).user.id, user.id);
  const upper = await signedUp({ email: newEmail() });
  assert.equal((await must(supabaseSignIn(upper.email.toUpperCase()))).user.id, upper.id);
});

test("passwords in any script, and long ones, are the same for both", async () => {
  const long = `long and 1 ${"x".repeat(75)}`;
  for (const password of ["pässwörd 密码 1", long]) {
    const email = newEmail();
    const { user } = await fine(EmailPassword.signUp(PUBLIC, email, password));
    await verify(user.id, email);
    assert.equal((await must(supabaseSignIn(email, password))).user.id, user.id);
    await fails(supabaseSignIn(email, `${password.slice(0, -1)}y`), ...WRONG);
  }
  const email = newEmail();
  const password = "pässwörd 密码 2";
  await must(admin.createUser({ email, password, email_confirm: true }));
  await fine(signIn(email, password));
});
