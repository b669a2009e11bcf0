// Every function of the EmailPassword recipe: what it does, and its main failures.
import test from "node:test";
import SuperTokens from "supertokens-node";
import EmailPassword from "supertokens-node/recipe/emailpassword";
import Multitenancy from "supertokens-node/recipe/multitenancy";
import { assert, init, mails, newEmail, newId, recipeUserId, signUp, sql } from "./helpers.mjs";
import { PASSWORD, PUBLIC, WEBSITE_DOMAIN } from "./helpers.mjs";

const UNKNOWN = "00000000-0000-4000-8000-000000000000";
const NEW_PASSWORD = "battery staple 2";

init();

const signInStatus = async (email, password) => (await EmailPassword.signIn(PUBLIC, email, password)).status;

const resetToken = async ({ id, email }) => {
  const answer = await EmailPassword.createResetPasswordToken(PUBLIC, id, email);
  assert.equal(answer.status, "OK");
  return answer.token;
};

test("signUp makes a user with one login method", async () => {
  const email = newEmail();
  const before = Date.now();
  const answer = await EmailPassword.signUp(PUBLIC, email, PASSWORD);
  assert.equal(answer.status, "OK");
  const { user } = answer;
  assert.equal(answer.recipeUserId.getAsString(), user.id, "the first login method has the user's id");
  assert.deepEqual(user.emails, [email]);
  assert.deepEqual(user.tenantIds, [PUBLIC]);
  assert.deepEqual([user.phoneNumbers, user.thirdParty], [[], []]);
  assert.equal(user.isPrimaryUser, false);
  assert.ok(user.timeJoined >= before - 60_000 && user.timeJoined <= Date.now() + 60_000, `in ms: ${user.timeJoined}`);
  assert.equal(user.loginMethods.length, 1);
  const [method] = user.loginMethods;
  assert.equal(method.recipeId, "emailpassword");
  assert.equal(method.recipeUserId.getAsString(), user.id);
  assert.equal(method.email, email);
  assert.equal(method.verified, false);
  assert.equal(method.timeJoined, user.timeJoined);
  assert.deepEqual(method.tenantIds, [PUBLIC]);
});

test("signUp refuses an address that is taken, in any letter case", async () => {
  const { email } = await signUp();
  for (const same of [email, email.toUpperCase(), ` ${email} `]) {
    assert.equal(
      (await EmailPassword.signUp(PUBLIC, same, "other password 3")).status,
      "EMAIL_ALREADY_EXISTS_ERROR",
      same,
    );
  }
  assert.equal(await signInStatus(email, PASSWORD), "OK", "the first password stays");
});

test("of many sign-ups with one address exactly one succeeds", async () => {
  const email = newEmail();
  const answers = await Promise.all(Array.from({ length: 8 }, () => EmailPassword.signUp(PUBLIC, email, PASSWORD)));
  const statuses = answers.map((answer) => answer.status).sort();
  assert.deepEqual(statuses, [...Array(7).fill("EMAIL_ALREADY_EXISTS_ERROR"), "OK"]);
});

test("signUp stores the address in lower case", async () => {
  const email = newEmail("Ada.Lovelace");
  const { user } = await signUp(PUBLIC, `  ${email} `);
  assert.deepEqual(user.emails, [email.toLowerCase()]);
});

test("signUp refuses an empty password", async () => {
  await assert.rejects(EmailPassword.signUp(PUBLIC, newEmail(), ""), /400.*Password cannot be an empty string/s);
});

test("signIn accepts the password alone", async () => {
  const { email, id } = await signUp();
  const answer = await EmailPassword.signIn(PUBLIC, email.toUpperCase(), PASSWORD);
  assert.equal(answer.status, "OK");
  assert.equal(answer.user.id, id);
  assert.equal(answer.recipeUserId.getAsString(), id);
  for (const wrong of [PASSWORD + " ", PASSWORD.toUpperCase(), PASSWORD.slice(0, -1), ""]) {
    assert.equal(await signInStatus(email, wrong), "WRONG_CREDENTIALS_ERROR", JSON.stringify(wrong));
  }
  assert.equal(await signInStatus(newEmail(), PASSWORD), "WRONG_CREDENTIALS_ERROR", "unknown address");
});

test("long and non-ASCII passwords count to the last byte", async () => {
  for (const password of [`pässwörd 密码 🔑 1`, "a".repeat(99) + "1"]) {
    const { email } = await signUp(PUBLIC, newEmail(), password);
    assert.equal(await signInStatus(email, password), "OK", password);
    assert.equal(await signInStatus(email, password.slice(0, -1) + "2"), "WRONG_CREDENTIALS_ERROR", password);
  }
});

test("verifyCredentials answers with the status alone", async () => {
  const { email } = await signUp();
  assert.deepEqual(await EmailPassword.verifyCredentials(PUBLIC, email, PASSWORD), { status: "OK" });
  assert.deepEqual(await EmailPassword.verifyCredentials(PUBLIC, email, "wrong"), {
    status: "WRONG_CREDENTIALS_ERROR",
  });
});

test("a reset token changes the password, once", async () => {
  const user = await signUp();
  const token = await resetToken(user);
  assert.match(token, /^[A-Za-z0-9_-]{32,}$/, "fits into a link");
  assert.equal((await EmailPassword.resetPasswordUsingToken(PUBLIC, token, NEW_PASSWORD)).status, "OK");
  assert.equal(await signInStatus(user.email, PASSWORD), "WRONG_CREDENTIALS_ERROR", "the old password");
  assert.equal(await signInStatus(user.email, NEW_PASSWORD), "OK", "the new password");
  const again = await EmailPassword.resetPasswordUsingToken(PUBLIC, token, "yet another 3");
  assert.equal(again.status, "RESET_PASSWORD_INVALID_TOKEN_ERROR");
  assert.equal(await signInStatus(user.email, NEW_PASSWORD), "OK", "after the second use");
});

test("a used token takes the user's other tokens along, and nobody else's", async () => {
  const [user, other] = [await signUp(), await signUp()];
  const tokens = [await resetToken(user), await resetToken(user), await resetToken(other)];
  assert.equal(new Set(tokens).size, 3, "each token is new");
  const consume = (token) => EmailPassword.consumePasswordResetToken(PUBLIC, token);
  assert.deepEqual(await consume(tokens[1]), { status: "OK", userId: user.id, email: user.email });
  assert.deepEqual(await consume(tokens[0]), { status: "RESET_PASSWORD_INVALID_TOKEN_ERROR" });
  assert.deepEqual(await consume(tokens[2]), { status: "OK", userId: other.id, email: other.email });
  assert.equal(await signInStatus(user.email, PASSWORD), "OK", "consuming a token changes no password");
});

test("of many uses of one token exactly one succeeds", async () => {
  const token = await resetToken(await signUp());
  const uses = Array.from({ length: 8 }, () => EmailPassword.consumePasswordResetToken(PUBLIC, token));
  const statuses = (await Promise.all(uses)).map((answer) => answer.status);
  assert.equal(statuses.filter((status) => status === "OK").length, 1, statuses.join());
});

test("an expired token is invalid, and takes the others along", async () => {
  const tenantId = newId("hasty");
  await Multitenancy.createOrUpdateTenant(tenantId, { coreConfig: { password_reset_token_lifetime: 1 } });
  const user = await signUp();
  const token = await resetToken(user);
  const { token: expired } = await EmailPassword.createResetPasswordToken(tenantId, user.id, user.email);
  await new Promise((resolve) => setTimeout(resolve, 20));
  for (const invalid of [expired, token]) {
    const answer = await EmailPassword.consumePasswordResetToken(PUBLIC, invalid);
    assert.equal(answer.status, "RESET_PASSWORD_INVALID_TOKEN_ERROR");
  }
});

test("createResetPasswordToken and its kin refuse an unknown user", async () => {
  const answer = { status: "UNKNOWN_USER_ID_ERROR" };
  for (const id of [UNKNOWN, "no uuid at all"]) {
    assert.deepEqual(await EmailPassword.createResetPasswordToken(PUBLIC, id, newEmail()), answer, id);
    assert.deepEqual(await EmailPassword.createResetPasswordLink(PUBLIC, id, newEmail()), answer, id);
    assert.deepEqual(await EmailPassword.sendResetPasswordEmail(PUBLIC, id, newEmail()), answer, id);
  }
});

test("unknown reset tokens are invalid", async () => {
  for (const token of ["", "x", "A".repeat(128)]) {
    const answer = await EmailPassword.consumePasswordResetToken(PUBLIC, token);
    assert.equal(answer.status, "RESET_PASSWORD_INVALID_TOKEN_ERROR", JSON.stringify(token));
  }
});

test("createResetPasswordLink and sendResetPasswordEmail lead to the website", async () => {
  const user = await signUp();
  const made = await EmailPassword.createResetPasswordLink(PUBLIC, user.id, user.email);
  assert.equal(made.status, "OK");
  assert.deepEqual(await EmailPassword.sendResetPasswordEmail(PUBLIC, user.id, user.email), { status: "OK" });
  const mail = mails.find((one) => one.user.email === user.email);
  assert.ok(mail, "an e-mail was sent");
  assert.equal(mail.type, "PASSWORD_RESET");
  for (const link of [made.link, mail.passwordResetLink]) {
    const url = new URL(link);
    assert.equal(url.origin + url.pathname, `${WEBSITE_DOMAIN}/auth/reset-password`);
    assert.equal(url.searchParams.get("tenantId"), PUBLIC);
    assert.ok(url.searchParams.get("token"), link);
  }
  const token = new URL(mail.passwordResetLink).searchParams.get("token");
  assert.equal((await EmailPassword.resetPasswordUsingToken(PUBLIC, token, NEW_PASSWORD)).status, "OK");
  assert.equal(await signInStatus(user.email, NEW_PASSWORD), "OK");
});

test("a token of a deleted user is invalid", async () => {
  const user = await signUp();
  const token = await resetToken(user);
  await SuperTokens.deleteUser(user.id);
  const answer = await EmailPassword.resetPasswordUsingToken(PUBLIC, token, NEW_PASSWORD);
  assert.equal(answer.status, "RESET_PASSWORD_INVALID_TOKEN_ERROR");
});

test("updateEmailOrPassword changes the address, the password, or both", async () => {
  const user = await signUp();
  const update = (change) => EmailPassword.updateEmailOrPassword({ recipeUserId: user.recipeUserId, ...change });
  const [second, third] = [newEmail("Second"), newEmail("third")];

  assert.deepEqual(await update({ email: second }), { status: "OK" });
  assert.equal(await signInStatus(user.email, PASSWORD), "WRONG_CREDENTIALS_ERROR", "the old address");
  assert.equal(await signInStatus(second, PASSWORD), "OK", "the new address");
  assert.deepEqual((await SuperTokens.getUser(user.id)).emails, [second.toLowerCase()]);

  assert.deepEqual(await update({ password: NEW_PASSWORD }), { status: "OK" });
  assert.equal(await signInStatus(second, PASSWORD), "WRONG_CREDENTIALS_ERROR", "the old password");
  assert.equal(await signInStatus(second, NEW_PASSWORD), "OK", "the new password");

  assert.deepEqual(await update({ email: third, password: PASSWORD }), { status: "OK" });
  assert.equal(await signInStatus(third, PASSWORD), "OK", "both");

  const heir = await signUp(PUBLIC, user.email);
  assert.notEqual(heir.id, user.id, "the first address is free again");
});

test("updateEmailOrPassword changes nothing when it fails", async () => {
  const [user, other] = [await signUp(), await signUp()];
  const update = (change) => EmailPassword.updateEmailOrPassword({ recipeUserId: user.recipeUserId, ...change });

  const taken = await update({ email: other.email.toUpperCase(), password: NEW_PASSWORD });
  assert.equal(taken.status, "EMAIL_ALREADY_EXISTS_ERROR");
  const weak = await update({ email: newEmail(), password: "weak" });
  assert.equal(weak.status, "PASSWORD_POLICY_VIOLATED_ERROR");
  assert.match(weak.failureReason, /8 characters/);
  assert.equal(await signInStatus(user.email, PASSWORD), "OK", "address and password stay");

  const nobody = { recipeUserId: recipeUserId(UNKNOWN) };
  for (const change of [{ email: newEmail() }, { password: NEW_PASSWORD }]) {
    const answer = await EmailPassword.updateEmailOrPassword({ ...nobody, ...change });
    assert.equal(answer.status, "UNKNOWN_USER_ID_ERROR", JSON.stringify(change));
  }
  await assert.rejects(update({}), /You have to provide either email or password/);
});

test("updateEmailOrPassword takes the present address and, if told so, any password", async () => {
  const user = await signUp();
  const update = (change) => EmailPassword.updateEmailOrPassword({ recipeUserId: user.recipeUserId, ...change });
  assert.equal((await update({ email: user.email })).status, "OK");
  assert.equal((await update({ password: "weak", applyPasswordPolicy: false })).status, "OK");
  assert.equal(await signInStatus(user.email, "weak"), "OK");
});

test("a user is a row, with a hash in place of the password", async () => {
  const { email, id } = await signUp();
  assert.deepEqual(sql("SELECT id, app_id, email FROM auth.users WHERE id = $1", id), [
    { id, app_id: "public", email },
  ]);
  const [row] = sql("SELECT * FROM auth.login_methods WHERE user_id = $1", id);
  assert.equal(row.recipe, "emailpassword");
  assert.equal(row.email, email);
  assert.match(row.password_hash, /^\$argon2id\$v=19\$/);
  assert.ok(!JSON.stringify(row).includes(PASSWORD), "the password is not stored");
  await SuperTokens.deleteUser(id);
  assert.deepEqual(sql("SELECT id FROM auth.users WHERE id = $1", id), []);
});
