// Automatic account linking in an express application that requires proof of the address: who comes with the same
// verified address by another way is the same user; who has not proved it is kept out.
import test, { after } from "node:test";
import SuperTokens from "supertokens-node";
import AccountLinking from "supertokens-node/recipe/accountlinking";
import EmailVerification from "supertokens-node/recipe/emailverification";
import Passwordless from "supertokens-node/recipe/passwordless";
import ThirdParty from "supertokens-node/recipe/thirdparty";
import { PASSWORD, PUBLIC, assert, createTemporaryApp, emailDelivery, mails, newEmail, newId } from "./helpers.mjs";
import { newPhone, recipeUserId, smsDelivery, texts } from "./helpers.mjs";
import { Client, hasCode, hasStatus, startApplication } from "./express.mjs";
import { CLIENT, startProvider } from "./oauth2-provider.mjs";
import { signInAt } from "./provider-visit.mjs";

const provider = await startProvider();
after(provider.stop);

const claims = { userId: "sub", email: "email", emailVerified: "email_verified" };
const config = {
  thirdPartyId: "acme",
  oidcDiscoveryEndpoint: `${provider.url}/.well-known/openid-configuration`,
  userInfoMap: { fromIdTokenPayload: claims },
  clients: [CLIENT],
};

const { connectionURI } = await createTemporaryApp("automatic");
const application = await startApplication({
  connectionURI,
  shouldLink: async () => ({ shouldAutomaticallyLink: true, shouldRequireVerification: true }),
  recipes: [
    EmailVerification.init({ mode: "OPTIONAL", emailDelivery }),
    Passwordless.init({ contactMethod: "EMAIL_OR_PHONE", flowType: "USER_INPUT_CODE", emailDelivery, smsDelivery }),
    ThirdParty.init({ signInAndUpFeature: { providers: [{ config }] } }),
  ],
});
after(application.stop);

const newClient = () => new Client(application.url, "cookie");
const newVisitor = (email, isVerified = true) => ({ sub: newId("visitor"), email, email_verified: isVerified });

const signUp = async (email = newEmail()) => {
  const client = newClient();
  const answer = await client.form("/signup", { email, password: PASSWORD });
  hasStatus(answer, "OK");
  return { client, email, id: answer.json.user.id };
};

const proveAddress = async ({ client, email }) => {
  hasStatus(await client.post("/auth/user/email/verify/token"), "OK");
  const link = new URL(mails.filter((mail) => mail.user?.email === email).at(-1).emailVerifyLink);
  const token = link.searchParams.get("token");
  hasStatus(await client.post("/auth/user/email/verify", { method: "token", token }), "OK");
};

const verified = async (email) => {
  const user = await signUp(email);
  await proveAddress(user);
  return user;
};

/** Signs in with a code that arrives at the address or number. */
const byCode = async (contact, client = newClient(), more) => {
  const begun = await client.post("/auth/signinup/code", { ...contact, ...more });
  if (begun.json?.status !== "OK") return begun;
  const { deviceId, preAuthSessionId } = begun.json;
  const { userInputCode } = [...mails, ...texts].filter((one) => one.preAuthSessionId === preAuthSessionId).at(-1);
  return client.post("/auth/signinup/code/consume", { deviceId, preAuthSessionId, userInputCode, ...more });
};

const atProvider = (visitor, client = newClient(), more) =>
  signInAt(client, provider, visitor, { thirdPartyId: "acme" }, more);

const recipes = (user) => user.loginMethods.map((method) => method.recipeId);
const isKeptOut = async (answer, status, reason) => {
  hasStatus(answer, status);
  assert.match(answer.json.reason, reason);
};

test("a user becomes a primary user with the proof of the address", async () => {
  const user = await signUp();
  assert.equal((await SuperTokens.getUser(user.id)).isPrimaryUser, false);
  await proveAddress(user);
  const after = await SuperTokens.getUser(user.id);
  assert.deepEqual([after.isPrimaryUser, after.loginMethods[0].verified], [true, true]);
  assert.equal((await user.client.get("/me/checked")).json.userId, user.id, "the session goes on");
});

for (const [name, recipe, enter] of [
  ["with a code", "passwordless", (email, client) => byCode({ email }, client)],
  ["from a provider", "thirdparty", (email, client) => atProvider(newVisitor(email), client)],
]) {
  test(`password, then ${name} with the same address: one user`, async () => {
    const { id, email } = await verified();
    const client = newClient();
    const answer = await enter(email, client);
    hasStatus(answer, "OK");
    assert.equal(answer.json.createdNewRecipeUser, true);
    assert.equal(answer.json.user.id, id);
    assert.deepEqual(recipes(answer.json.user), ["emailpassword", recipe]);
    assert.deepEqual(answer.json.user.emails, [email]);
    const { payload } = (await client.get("/me/checked")).json;
    const [, method] = answer.json.user.loginMethods;
    assert.deepEqual([payload.sub, payload.rsub], [id, method.recipeUserId]);
    hasCode(await client.post("/auth/session/refresh"), 200);
    assert.equal((await client.get("/me")).json.payload.rsub, method.recipeUserId, "after a refresh");
    const again = newClient();
    hasStatus(await again.form("/signin", { email, password: PASSWORD }), "OK");
    const me = (await again.get("/me")).json.payload;
    assert.deepEqual([me.sub, me.rsub], [id, id], "by the password");
  });

  test(`password without proof, then ${name}: kept out until the proof`, async () => {
    const user = await signUp();
    const client = newClient();
    await isKeptOut(await enter(user.email, client), "SIGN_IN_UP_NOT_ALLOWED", /ERR_CODE_00[26]/);
    hasCode(await client.get("/me"), 401);
    assert.equal((await SuperTokens.listUsersByAccountInfo(PUBLIC, { email: user.email })).length, 1);
    await proveAddress(user);
    const answer = await enter(user.email, client);
    hasStatus(answer, "OK");
    assert.equal(answer.json.user.id, user.id);
  });

  test(`${name}, then a password with the same address: kept out`, async () => {
    const email = newEmail();
    const first = await enter(email, newClient());
    hasStatus(first, "OK");
    assert.equal(first.json.user.isPrimaryUser, true, "the way in proves the address");
    const client = newClient();
    await isKeptOut(await client.form("/signup", { email, password: PASSWORD }), "SIGN_UP_NOT_ALLOWED", /ERR_CODE_007/);
    hasCode(await client.get("/me"), 401);
  });

  test(`${name}, then a password by a mail: one user`, async () => {
    const email = newEmail();
    const { user } = (await enter(email, newClient())).json;
    const client = newClient();
    hasStatus(await client.form("/user/password/reset/token", { email }), "OK");
    const mail = mails.filter((one) => one.type === "PASSWORD_RESET" && one.user.email === email).at(-1);
    const token = new URL(mail.passwordResetLink).searchParams.get("token");
    hasStatus(await client.form("/user/password/reset", { password: PASSWORD }, { method: "token", token }), "OK");
    const answer = await client.form("/signin", { email, password: PASSWORD });
    hasStatus(answer, "OK");
    assert.equal(answer.json.user.id, user.id);
    assert.deepEqual(recipes(answer.json.user), [recipe, "emailpassword"]);
    assert.ok(answer.json.user.loginMethods.every((method) => method.verified));
  });
}

test("a provider that does not vouch for the address is kept out beside its primary user", async () => {
  const { id, email } = await verified();
  const client = newClient();
  await isKeptOut(await atProvider(newVisitor(email, false), client), "SIGN_IN_UP_NOT_ALLOWED", /ERR_CODE_006/);
  hasCode(await client.get("/me"), 401);
  assert.deepEqual(recipes(await SuperTokens.getUser(id)), ["emailpassword"]);
});

test("three ways in, one user", async () => {
  const { id, email } = await verified();
  hasStatus(await byCode({ email }), "OK");
  const visitor = newVisitor(email);
  const answer = await atProvider(visitor);
  hasStatus(answer, "OK");
  assert.equal(answer.json.user.id, id);
  assert.deepEqual(recipes(answer.json.user), ["emailpassword", "passwordless", "thirdparty"]);
  const found = await SuperTokens.listUsersByAccountInfo(PUBLIC, { thirdParty: { id: "acme", userId: visitor.sub } });
  assert.deepEqual(
    found.map((user) => user.id),
    [id],
  );
});

test("an address at the provider that has become another primary user's is kept out", async () => {
  const [one, other] = [await verified(), await verified()];
  const visitor = newVisitor(one.email);
  hasStatus(await atProvider(visitor), "OK");
  const answer = await atProvider({ ...visitor, email: other.email });
  await isKeptOut(answer, "SIGN_IN_UP_NOT_ALLOWED", /ERR_CODE_005/);
  const { user } = (await atProvider(visitor)).json;
  assert.deepEqual([user.id, user.emails], [one.id, [one.email]], "and changed nothing");
});

test("an account at a provider is linked to the user of the session, whatever its address", async () => {
  const { client, id, email } = await verified();
  client.headers["fdi-version"] = "4.1";
  const visitor = newVisitor(newEmail());
  const answer = await atProvider(visitor, client, { shouldTryLinkingWithSessionUser: true });
  hasStatus(answer, "OK");
  assert.equal(answer.json.user.id, id);
  assert.deepEqual(answer.json.user.emails.sort(), [email, visitor.email].sort());
  const me = (await client.get("/me/checked")).json;
  assert.deepEqual([me.userId, me.payload.rsub], [id, id], "the session is the same");
  const later = await atProvider(visitor);
  hasStatus(later, "OK");
  assert.equal(later.json.user.id, id, "and is a way in");
});

test("a number is linked to the user of the session", async () => {
  const { client, id } = await verified();
  client.headers["fdi-version"] = "4.1";
  const phoneNumber = newPhone();
  const answer = await byCode({ phoneNumber }, client, { shouldTryLinkingWithSessionUser: true });
  hasStatus(answer, "OK");
  assert.deepEqual([answer.json.user.id, answer.json.user.phoneNumbers], [id, [phoneNumber]]);
  const later = await byCode({ phoneNumber });
  hasStatus(later, "OK");
  assert.equal(later.json.user.id, id);
});

test("what belongs to another primary user is not linked to the session's", async () => {
  const { client, id } = await verified();
  client.headers["fdi-version"] = "4.1";
  const visitor = newVisitor(newEmail());
  const other = await atProvider(visitor);
  hasStatus(other, "OK");
  const answer = await atProvider(visitor, client, { shouldTryLinkingWithSessionUser: true });
  await isKeptOut(answer, "SIGN_IN_UP_NOT_ALLOWED", /ERR_CODE_021/);
  const taken = newVisitor((await verified()).email);
  const conflict = await atProvider(taken, client, { shouldTryLinkingWithSessionUser: true });
  await isKeptOut(conflict, "SIGN_IN_UP_NOT_ALLOWED", /ERR_CODE_022/);
  assert.equal((await client.get("/me/checked")).json.userId, id, "the session goes on");
  assert.deepEqual(recipes(await SuperTokens.getUser(id)), ["emailpassword"]);
});

test("a user who was let go is somebody else again", async () => {
  const { id, email } = await verified();
  const phoneNumber = newPhone();
  const client = newClient();
  client.headers["fdi-version"] = "4.1";
  hasStatus(await client.form("/signin", { email, password: PASSWORD }), "OK");
  const linked = await byCode({ phoneNumber }, client, { shouldTryLinkingWithSessionUser: true });
  const method = linked.json.user.loginMethods.find((one) => one.recipeId === "passwordless");
  await AccountLinking.unlinkAccount(recipeUserId(method.recipeUserId));
  const answer = await byCode({ phoneNumber });
  hasStatus(answer, "OK");
  assert.equal(answer.json.user.id, method.recipeUserId);
  assert.deepEqual(recipes(await SuperTokens.getUser(id)), ["emailpassword"]);
});

test("a deleted user takes all ways in along, and its sessions", async () => {
  const { client, id, email } = await verified();
  const [other, visitor] = [newClient(), newVisitor(email)];
  hasStatus(await atProvider(visitor, other), "OK");
  await SuperTokens.deleteUser(id);
  for (const one of [client, other]) hasCode(await one.get("/me/checked"), 401);
  hasStatus(await newClient().form("/signin", { email, password: PASSWORD }), "WRONG_CREDENTIALS_ERROR");
  const answer = await atProvider(visitor);
  hasStatus(answer, "OK");
  assert.equal(answer.json.createdNewRecipeUser, true);
  assert.notEqual(answer.json.user.id, id);
  assert.deepEqual(recipes(answer.json.user), ["thirdparty"]);
});
