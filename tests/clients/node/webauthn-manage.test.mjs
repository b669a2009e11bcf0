// The WebAuthn recipe: a user's credentials, the way back in when all are lost, and changes of the address.
import test from "node:test";
import SuperTokens from "supertokens-node";
import AccountLinking from "supertokens-node/recipe/accountlinking";
import WebAuthn from "supertokens-node/recipe/webauthn";
import { PUBLIC, WEBSITE_DOMAIN, assert, createTemporaryApp, emailDelivery, init, mails } from "./helpers.mjs";
import { newEmail, newId, sameMembers, signUp } from "./helpers.mjs";
import { Authenticator, RELYING_PARTY, withClientData } from "./authenticator.mjs";

const { connectionURI } = await createTemporaryApp("credentials");
init({ connectionURI, recipes: [WebAuthn.init({ emailDelivery })] });

const UNKNOWN = "00000000-0000-4000-8000-000000000000";
const NOT_FOUND = { status: "CREDENTIAL_NOT_FOUND_ERROR" };
const NO_TOKEN = { status: "RECOVER_ACCOUNT_TOKEN_INVALID_ERROR" };

const toRegister = async (more) => {
  const options = await WebAuthn.registerOptions({ tenantId: PUBLIC, ...RELYING_PARTY, ...more });
  assert.equal(options.status, "OK", JSON.stringify(options));
  return options;
};

/** Options, and a new authenticator's answer to them: what most functions take. */
const offer = async (more, authenticator = new Authenticator()) => {
  const options = await toRegister(more);
  const credential = authenticator.register(options);
  const { webauthnGeneratedOptionsId } = options;
  return { authenticator, credential, body: { tenantId: PUBLIC, webauthnGeneratedOptionsId, credential } };
};

const newUser = async (email = newEmail()) => {
  const { body, authenticator, credential } = await offer({ email });
  const answer = await WebAuthn.signUp(body);
  assert.equal(answer.status, "OK", JSON.stringify(answer));
  return { ...answer, id: answer.user.id, email, authenticator, credential };
};

const signInStatus = async (authenticator, id) => {
  const options = await WebAuthn.signInOptions({ tenantId: PUBLIC, ...RELYING_PARTY });
  const { webauthnGeneratedOptionsId } = options;
  const credential = authenticator.signIn(options, id);
  return (await WebAuthn.signIn({ tenantId: PUBLIC, webauthnGeneratedOptionsId, credential })).status;
};

const register = (recipeUserId, { body }) => WebAuthn.registerCredential({ recipeUserId, ...body });
const get = (recipeUserId, webauthnCredentialId) => WebAuthn.getCredential({ recipeUserId, webauthnCredentialId });
const remove = (recipeUserId, webauthnCredentialId) =>
  WebAuthn.removeCredential({ recipeUserId, webauthnCredentialId });
const list = async (recipeUserId) => {
  const { status, credentials } = await WebAuthn.listCredentials({ recipeUserId });
  assert.equal(status, "OK");
  return credentials;
};
const listedIds = async (id) => (await list(id)).map((one) => one.webauthnCredentialId);

test("a user registers a second credential, and signs in with either", async () => {
  const { id, email, authenticator, credential } = await newUser();
  const second = await offer({ email });
  assert.equal((await register(id, second)).status, "OK");
  sameMembers(await listedIds(id), [credential.id, second.credential.id]);
  for (const one of [authenticator, second.authenticator]) assert.equal(await signInStatus(one), "OK");
  const { webauthn, loginMethods } = await SuperTokens.getUser(id);
  sameMembers(webauthn.credentialIds, [credential.id, second.credential.id]);
  assert.equal(loginMethods.length, 1);
  assert.equal((await register(id, second)).status, "CREDENTIAL_ALREADY_EXISTS_ERROR");
});

test("registerCredential refuses what does not fit", async () => {
  const { id, email } = await newUser();
  const { body, ...good } = await offer({ email });
  const spoiled = { ...body, credential: withClientData(body.credential, { challenge: "A".repeat(43) }) };
  assert.equal((await register(id, { body: spoiled })).status, "INVALID_AUTHENTICATOR_ERROR");
  const unknown = { ...body, webauthnGeneratedOptionsId: UNKNOWN };
  assert.equal((await register(id, { body: unknown })).status, "OPTIONS_NOT_FOUND_ERROR");
  assert.equal((await register(UNKNOWN, { body })).status, "UNKNOWN_USER_ID_ERROR");
  const { id: byPassword } = await signUp();
  assert.equal((await register(byPassword, { body })).status, "UNKNOWN_USER_ID_ERROR");
  assert.ok(!(await listedIds(id)).includes(good.credential.id));
});

test("getCredential and listCredentials", async () => {
  const before = Date.now();
  const { id, credential } = await newUser();
  const { status, recipeUserId, createdAt, ...rest } = await get(id, credential.id);
  assert.deepEqual([status, recipeUserId.getAsString()], ["OK", id]);
  assert.ok(Math.abs(createdAt - before) < 60_000, `in ms: ${createdAt}`);
  assert.deepEqual([rest.webauthnCredentialId, rest.relyingPartyId], [credential.id, "localhost"]);
  const expected = { webauthnCredentialId: credential.id, recipeUserId: id, relyingPartyId: "localhost", createdAt };
  assert.deepEqual(await list(id), [expected]);
  assert.deepEqual(await list(UNKNOWN), []);
  const other = await newUser();
  for (const [user, one] of [
    [UNKNOWN, credential.id],
    [id, "AAAA"],
    [other.id, credential.id],
  ])
    assert.deepEqual(await get(user, one), NOT_FOUND);
});

test("removeCredential takes a way in, the last one, too", async () => {
  const { id, email, authenticator, credential } = await newUser();
  const other = await newUser();
  assert.deepEqual(await remove(other.id, credential.id), NOT_FOUND, "another user's");
  assert.deepEqual(await remove(id, credential.id), { status: "OK" });
  assert.deepEqual(await remove(id, credential.id), NOT_FOUND);
  assert.deepEqual(await listedIds(id), []);
  assert.equal(await signInStatus(authenticator), NOT_FOUND.status);
  const user = await SuperTokens.getUser(id);
  assert.deepEqual([user.emails, user.webauthn], [[email], { credentialIds: [] }], "the user stays");
  const back = await offer({ email });
  assert.equal((await register(id, back)).status, "OK");
  assert.equal(await signInStatus(back.authenticator), "OK");
});

test("credentials are the id's from outside", async () => {
  const { id, email, credential } = await newUser();
  const externalUserId = newId("customer");
  await SuperTokens.createUserIdMapping({ superTokensUserId: id, externalUserId });
  const second = await offer({ email });
  assert.equal((await register(externalUserId, second)).status, "OK");
  for (const one of await list(externalUserId)) assert.equal(one.recipeUserId, externalUserId);
  assert.equal((await get(externalUserId, credential.id)).recipeUserId.getAsString(), externalUserId);
  assert.deepEqual(await remove(externalUserId, credential.id), { status: "OK" });
  assert.deepEqual(await listedIds(externalUserId), [second.credential.id]);
});

const recoverToken = (userId, email, tenantId = PUBLIC) =>
  WebAuthn.generateRecoverAccountToken({ tenantId, userId, email });
const newToken = async (userId, email) => {
  const { status, token } = await recoverToken(userId, email);
  assert.equal(status, "OK");
  return token;
};
const userOf = (token) => WebAuthn.getUserFromRecoverAccountToken({ tenantId: PUBLIC, token });
const consume = (token) => WebAuthn.consumeRecoverAccountToken({ tenantId: PUBLIC, token });

test("a token for the way back is good once", async () => {
  const { id, email, user } = await newUser();
  const token = await newToken(id, email);
  assert.match(token, /^[\w-]{43}$/);
  for (let n = 0; n < 2; n += 1) {
    const found = await userOf(token);
    assert.deepEqual([found.status, found.user.toJson()], ["OK", user.toJson()], "asking does not use it up");
    assert.equal(found.recipeUserId.getAsString(), id);
  }
  assert.deepEqual(await consume(token), { status: "OK", userId: id, email });
  for (const attempt of [consume, userOf]) assert.deepEqual(await attempt(token), NO_TOKEN);
  assert.deepEqual(await recoverToken(UNKNOWN, email), { status: "UNKNOWN_USER_ID_ERROR" });
});

test("a used token takes the others of the address along", async () => {
  const { id, email } = await newUser();
  const other = await newUser();
  const [one, two, another] = [
    await newToken(id, email),
    await newToken(id, email),
    await newToken(other.id, other.email),
  ];
  const answers = await Promise.all([consume(one), consume(one), consume(two), consume(two)]);
  assert.equal(answers.filter((answer) => answer.status === "OK").length, 1, "of many at once one is taken");
  assert.equal((await consume(another)).status, "OK", "another user's");
});

test("a user with a password may be given a token", async () => {
  const { id, email } = await signUp();
  const found = await userOf(await newToken(id, email));
  assert.deepEqual([found.status, found.user.id, found.recipeUserId], ["OK", id, undefined]);
});

test("recoverAccount registers a new credential", async () => {
  const { id, email, authenticator } = await newUser();
  const recoverAccountToken = await newToken(id, email);
  const { body, credential, authenticator: replacement } = await offer({ recoverAccountToken });
  const input = { ...body, token: recoverAccountToken };
  assert.equal((await WebAuthn.recoverAccount(input)).status, "OK");
  assert.ok((await listedIds(id)).includes(credential.id));
  for (const one of [authenticator, replacement]) assert.equal(await signInStatus(one), "OK");
  assert.deepEqual(await WebAuthn.recoverAccount(input), NO_TOKEN);
  const options = await WebAuthn.registerOptions({ tenantId: PUBLIC, ...RELYING_PARTY, recoverAccountToken });
  assert.deepEqual(options, NO_TOKEN, "nor are there options for it");
});

test("createRecoverAccountLink and sendRecoverAccountEmail", async () => {
  const { id, email } = await newUser();
  const { status, link } = await WebAuthn.createRecoverAccountLink({ tenantId: PUBLIC, userId: id, email });
  assert.equal(status, "OK");
  const url = new URL(link);
  assert.equal(url.origin + url.pathname, `${WEBSITE_DOMAIN}/auth/webauthn/recover`);
  assert.equal((await userOf(url.searchParams.get("token"))).user.id, id);
  const send = (userId) => WebAuthn.sendRecoverAccountEmail({ tenantId: PUBLIC, userId, email });
  assert.deepEqual(await send(id), { status: "OK" });
  const [mail, ...others] = mails.filter((one) => one.user?.email === email);
  assert.deepEqual([mail.type, others], ["RECOVER_ACCOUNT", []]);
  const token = new URL(mail.recoverAccountLink).searchParams.get("token");
  assert.equal((await consume(token)).userId, id);
  const unknown = { status: "UNKNOWN_USER_ID_ERROR" };
  assert.deepEqual(await send(UNKNOWN), unknown);
  const nobody = { tenantId: PUBLIC, userId: UNKNOWN, email };
  assert.deepEqual(await WebAuthn.createRecoverAccountLink(nobody), unknown);
});

const move = (recipeUserId, email) => WebAuthn.updateUserEmail({ tenantId: PUBLIC, recipeUserId, email });

test("updateUserEmail gives the user another address", async () => {
  const { id, email, authenticator } = await newUser();
  const address = newEmail();
  assert.deepEqual(await move(id, address), { status: "OK" });
  const user = await SuperTokens.getUser(id);
  assert.deepEqual([user.emails, user.loginMethods[0].email], [[address], address]);
  assert.deepEqual(await SuperTokens.listUsersByAccountInfo(PUBLIC, { email }), []);
  assert.equal(await signInStatus(authenticator), "OK");
  await newUser(email);
});

test("updateUserEmail refuses unknown users and addresses of others", async () => {
  const [one, other] = [await newUser(), await newUser()];
  assert.deepEqual(await move(one.id, other.email), { status: "EMAIL_ALREADY_EXISTS_ERROR" });
  assert.deepEqual(await move(UNKNOWN, newEmail()), { status: "UNKNOWN_USER_ID_ERROR" });
  const byPassword = await signUp();
  assert.deepEqual(await move(byPassword.id, newEmail()), { status: "UNKNOWN_USER_ID_ERROR" });
  assert.deepEqual(await move(one.id, byPassword.email), { status: "OK" }, "of another recipe's ordinary user");
  const holder = await signUp();
  for (const { recipeUserId } of [holder, other])
    assert.equal((await AccountLinking.createPrimaryUser(recipeUserId)).status, "OK");
  assert.deepEqual(await move(other.id, holder.email), { status: "USER_WITH_EMAIL_ALREADY_EXISTS_ERROR" });
  assert.deepEqual((await SuperTokens.getUser(other.id)).emails, [other.email]);
});
