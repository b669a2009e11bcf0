// Every function of the WebAuthn recipe, with a software authenticator: options, sign-up and sign-in.
import test from "node:test";
import SuperTokens from "supertokens-node";
import AccountLinking from "supertokens-node/recipe/accountlinking";
import Multitenancy from "supertokens-node/recipe/multitenancy";
import WebAuthn from "supertokens-node/recipe/webauthn";
import { PUBLIC, assert, createTemporaryApp, emailDelivery, init, newEmail, newId, signUp } from "./helpers.mjs";
import { Authenticator, RELYING_PARTY, withClientData, withFalseSignature } from "./authenticator.mjs";

const { connectionURI } = await createTemporaryApp("webauthn");
init({ connectionURI, recipes: [WebAuthn.init({ emailDelivery })] });

const UNKNOWN = "00000000-0000-4000-8000-000000000000";
const UUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/;

const ask = (how, more) => WebAuthn[how]({ tenantId: PUBLIC, ...RELYING_PARTY, ...more });
const asked = async (how, more) => {
  const options = await ask(how, more);
  assert.equal(options.status, "OK", JSON.stringify(options));
  return options;
};
const toRegister = (email = newEmail(), more) => asked("registerOptions", { email, ...more });
const toSignIn = (more) => asked("signInOptions", more);

const join = ({ webauthnGeneratedOptionsId }, credential, tenantId = PUBLIC) =>
  WebAuthn.signUp({ tenantId, webauthnGeneratedOptionsId, credential });
const enter = ({ webauthnGeneratedOptionsId }, credential, tenantId = PUBLIC) =>
  WebAuthn.signIn({ tenantId, webauthnGeneratedOptionsId, credential });
const check = ({ webauthnGeneratedOptionsId }, credential) =>
  WebAuthn.verifyCredentials({ tenantId: PUBLIC, webauthnGeneratedOptionsId, credential });

/** A user with a credential, and the authenticator that has it. */
const newUser = async ({ tenantId = PUBLIC, email = newEmail(), ...kind } = {}) => {
  const authenticator = new Authenticator(kind);
  const options = await toRegister(email, { tenantId });
  const credential = authenticator.register(options);
  const answer = await join(options, credential, tenantId);
  assert.equal(answer.status, "OK", JSON.stringify(answer));
  return { ...answer, id: answer.user.id, email, authenticator, credential };
};

test("options to register say what the browser needs", async () => {
  const email = newEmail();
  const options = await toRegister(email, { displayName: "Ada" });
  const { webauthnGeneratedOptionsId, challenge, createdAt, expiresAt, user, ...rest } = options;
  assert.match(webauthnGeneratedOptionsId, UUID);
  assert.match(challenge, /^[\w-]{43}$/, "32 bytes");
  assert.equal(expiresAt - createdAt, 6000, "in ms");
  assert.deepEqual([user.name, user.displayName], [email, "Ada"]);
  assert.equal(Buffer.from(user.id, "base64url").toString(), webauthnGeneratedOptionsId, "nobody has the address yet");
  assert.deepEqual(rest, {
    status: "OK",
    email,
    rp: { id: "localhost", name: "tests" },
    timeout: 6000,
    attestation: "none",
    excludeCredentials: [],
    pubKeyCredParams: [-8, -7, -257].map((alg) => ({ alg, type: "public-key" })),
    authenticatorSelection: { requireResidentKey: true, residentKey: "required", userVerification: "preferred" },
  });
  const again = await toRegister(email);
  assert.notEqual(again.challenge, challenge);
  assert.equal(again.user.displayName, email, "unless told otherwise");
});

test("options to register take other wishes", async () => {
  const options = await toRegister(newEmail(), {
    timeout: 60_000,
    attestation: "direct",
    residentKey: "discouraged",
    userVerification: "required",
    supportedAlgorithmIds: [-257, -7],
  });
  assert.deepEqual([options.timeout, options.expiresAt - options.createdAt], [60_000, 60_000]);
  assert.equal(options.attestation, "direct");
  assert.deepEqual(options.authenticatorSelection, {
    requireResidentKey: false,
    residentKey: "discouraged",
    userVerification: "required",
  });
  assert.deepEqual(
    options.pubKeyCredParams.map((one) => one.alg),
    [-257, -7],
  );
});

test("options to register name the user of the address", async () => {
  const { id, email } = await signUp();
  const { user } = await toRegister(email);
  assert.equal(Buffer.from(user.id, "base64url").toString(), id);
});

test("options to sign in", async () => {
  const options = await toSignIn({ timeout: 60_000, userVerification: "required" });
  assert.match(options.webauthnGeneratedOptionsId, UUID);
  assert.match(options.challenge, /^[\w-]{43}$/);
  assert.deepEqual([options.timeout, options.expiresAt - options.createdAt], [60_000, 60_000]);
  assert.deepEqual([options.relyingPartyId, options.userVerification], ["localhost", "required"]);
  assert.equal((await toSignIn()).userVerification, "preferred");
});

for (const [name, wish, reason] of [
  ["no origin", { origin: "not a url" }, "Origin has to be a valid url!"],
  ["another's origin", { origin: "https://evil.example.com" }, "Origin does not match RelyingParty Id"],
  ["a time before now", { timeout: -1 }, "Timeout must be a positive value"],
  ["an unknown verification", { userVerification: "maybe" }, /Invalid value 'maybe' for userVerification/],
]) {
  test(`options with ${name} are refused`, async () => {
    for (const how of ["registerOptions", "signInOptions"]) {
      const answer = await ask(how, { ...(how === "registerOptions" && { email: newEmail() }), ...wish });
      assert.equal(answer.status, "INVALID_OPTIONS_ERROR", how);
      if (reason instanceof RegExp) assert.match(answer.reason, reason);
      else assert.equal(answer.reason, reason);
    }
  });
}

test("a subdomain's page and an Android app are origins of the relying party", async () => {
  const origins = ["https://login.example.com", `android:apk-key-hash:${"A".repeat(43)}`];
  for (const origin of origins) await toRegister(newEmail(), { relyingPartyId: "example.com", origin });
});

test("getGeneratedOptions and removeGeneratedOptions", async () => {
  const email = newEmail();
  for (const [options, expected] of [
    [await toRegister(email), email],
    [await toSignIn(), null], // a member that supertokens-python reads in any case
  ]) {
    const { webauthnGeneratedOptionsId } = options;
    const input = { tenantId: PUBLIC, webauthnGeneratedOptionsId };
    const got = await WebAuthn.getGeneratedOptions(input);
    assert.equal(got.status, "OK");
    for (const member of ["webauthnGeneratedOptionsId", "challenge", "timeout", "createdAt", "expiresAt"])
      assert.equal(got[member], options[member], member);
    assert.deepEqual(
      [got.relyingPartyId, got.relyingPartyName, got.origin, got.email],
      [...Object.values(RELYING_PARTY), expected],
    );
    assert.deepEqual([got.userVerification, got.userPresence], ["preferred", false]);
    assert.deepEqual(await WebAuthn.removeGeneratedOptions(input), { status: "OK" });
    const gone = { status: "OPTIONS_NOT_FOUND_ERROR" };
    assert.deepEqual(await WebAuthn.getGeneratedOptions(input), gone);
    assert.deepEqual(await WebAuthn.removeGeneratedOptions(input), gone);
  }
});

for (const algorithm of ["ES256", "EdDSA", "RS256"]) {
  test(`${algorithm}: sign-up, then sign-in`, async () => {
    const { user, id, email, recipeUserId, authenticator, credential } = await newUser({ algorithm });
    assert.equal(recipeUserId.getAsString(), id);
    assert.deepEqual([user.emails, user.tenantIds, user.isPrimaryUser], [[email], [PUBLIC], false]);
    assert.deepEqual(user.webauthn, { credentialIds: [credential.id] });
    const [method, ...others] = user.loginMethods;
    assert.deepEqual(others, []);
    assert.deepEqual([method.recipeId, method.email, method.verified], ["webauthn", email, false]);
    assert.deepEqual(method.webauthn, { credentialIds: [credential.id] });
    assert.deepEqual((await SuperTokens.getUser(id)).toJson(), user.toJson());

    const options = await toSignIn();
    const answer = await enter(options, authenticator.signIn(options));
    assert.equal(answer.status, "OK", JSON.stringify(answer));
    assert.deepEqual(answer.user.toJson(), user.toJson());
    assert.equal(answer.recipeUserId.getAsString(), id);
  });
}

test("an address has one user with credentials in a tenant", async () => {
  const { email } = await newUser();
  const options = await toRegister(email);
  const answer = await join(options, new Authenticator().register(options));
  assert.equal(answer.status, "EMAIL_ALREADY_EXISTS_ERROR");
  const { id } = await signUp();
  const other = await newUser({ email: (await SuperTokens.getUser(id)).emails[0] });
  assert.notEqual(other.id, id, "a user with a password is somebody else");
});

test("of many sign-ups of an address at once one succeeds", async () => {
  const email = newEmail();
  const attempt = async () => {
    const options = await toRegister(email);
    return join(options, new Authenticator().register(options));
  };
  const statuses = (await Promise.all(Array.from({ length: 6 }, attempt))).map((answer) => answer.status);
  assert.deepEqual(statuses.sort(), [...Array(5).fill("EMAIL_ALREADY_EXISTS_ERROR"), "OK"]);
});

for (const [name, spoil, status] of [
  ["another challenge", (one) => withClientData(one, { challenge: "A".repeat(43) }), "INVALID_AUTHENTICATOR_ERROR"],
  ["another page", (one) => withClientData(one, { origin: "https://evil.example" }), "INVALID_AUTHENTICATOR_ERROR"],
  ["the wrong ceremony", (one) => withClientData(one, { type: "webauthn.get" }), "INVALID_AUTHENTICATOR_ERROR"],
  ["no id", ({ id, ...rest }) => rest, "INVALID_CREDENTIALS_ERROR"],
  ["another type", (one) => ({ ...one, type: "password" }), "INVALID_CREDENTIALS_ERROR"],
  [
    "no attestation object",
    (one) => ({ ...one, response: { ...one.response, attestationObject: "____" } }),
    "INVALID_CREDENTIALS_ERROR",
  ],
]) {
  test(`a registration with ${name} makes nobody`, async () => {
    const email = newEmail();
    const options = await toRegister(email);
    const answer = await join(options, spoil(new Authenticator().register(options)));
    assert.equal(answer.status, status, JSON.stringify(answer));
    assert.ok(answer.reason, "says why");
    assert.deepEqual(await SuperTokens.listUsersByAccountInfo(PUBLIC, { email }), []);
  });
}

for (const [name, spoil, status] of [
  ["another challenge", (one) => withClientData(one, { challenge: "A".repeat(43) }), "INVALID_AUTHENTICATOR_ERROR"],
  ["another page", (one) => withClientData(one, { origin: "https://evil.example" }), "INVALID_AUTHENTICATOR_ERROR"],
  ["a false signature", withFalseSignature, "INVALID_AUTHENTICATOR_ERROR"],
  ["an unknown credential", (one) => ({ ...one, id: "AAAA", rawId: "AAAA" }), "CREDENTIAL_NOT_FOUND_ERROR"],
  ["no id", ({ id, ...rest }) => rest, "INVALID_CREDENTIALS_ERROR"],
]) {
  test(`a sign-in with ${name} lets nobody in`, async () => {
    const { authenticator } = await newUser();
    const options = await toSignIn();
    const good = authenticator.signIn(options);
    for (const attempt of [check, enter]) assert.equal((await attempt(options, spoil(good))).status, status);
    assert.equal((await enter(options, good)).status, "OK", "a failure does not spoil the options");
  });
}

test("options of another ceremony, unknown ones, and expired ones", async () => {
  const { authenticator } = await newUser();
  const [options, others] = [await toSignIn(), await toSignIn()];
  const credential = authenticator.signIn(options);
  assert.equal((await enter(others, credential)).status, "INVALID_AUTHENTICATOR_ERROR", "for another challenge");
  const unknown = { webauthnGeneratedOptionsId: UNKNOWN };
  assert.equal((await enter(unknown, credential)).status, "OPTIONS_NOT_FOUND_ERROR");
  assert.equal((await check(unknown, credential)).status, "OPTIONS_NOT_FOUND_ERROR");
  assert.equal((await join(unknown, credential)).status, "OPTIONS_NOT_FOUND_ERROR");
  const past = await toSignIn({ timeout: 0 });
  const late = await enter(past, authenticator.signIn(past));
  assert.deepEqual([late.status, late.reason], ["INVALID_OPTIONS_ERROR", "Options expired"]);
  const pastRegistration = await toRegister(newEmail(), { timeout: 0 });
  const lateUser = await join(pastRegistration, new Authenticator().register(pastRegistration));
  assert.equal(lateUser.status, "INVALID_OPTIONS_ERROR");
});

test("verifyCredentials, then signIn, with one assertion", async () => {
  for (const counts of [false, true]) {
    const { authenticator } = await newUser({ counts });
    const options = await toSignIn();
    const credential = authenticator.signIn(options);
    assert.deepEqual(await check(options, credential), { status: "OK" });
    if (!counts) assert.equal((await enter(options, credential)).status, "OK", "as the SDK has always done");
  }
});

test("a security key counts, and its clone is found out", async () => {
  const { authenticator } = await newUser({ counts: true });
  const clone = authenticator.clone();
  const attempt = async (key) => {
    const options = await toSignIn();
    return (await enter(options, key.signIn(options))).status;
  };
  for (let n = 0; n < 2; n += 1) assert.equal(await attempt(authenticator), "OK");
  assert.equal(await attempt(clone), "INVALID_AUTHENTICATOR_ERROR");
  assert.equal(await attempt(authenticator), "OK");
});

test("who must be verified is not let in otherwise", async () => {
  const { authenticator } = await newUser({ verifies: false });
  for (const [userVerification, status] of [
    ["preferred", "OK"],
    ["required", "INVALID_AUTHENTICATOR_ERROR"],
  ]) {
    const options = await toSignIn({ userVerification });
    // The browser is not told, or it would refuse by itself.
    const credential = authenticator.signIn({ ...options, userVerification: "discouraged" });
    assert.equal((await enter(options, credential)).status, status, userVerification);
  }
});

test("users and options are the tenant's", async () => {
  const tenantId = newId("tenant");
  await Multitenancy.createOrUpdateTenant(tenantId, { firstFactors: ["webauthn"] });
  const { id, email, user, authenticator } = await newUser({ tenantId });
  assert.deepEqual(user.tenantIds, [tenantId]);
  const options = await toSignIn({ tenantId });
  const credential = authenticator.signIn(options);
  assert.equal((await enter(options, credential)).status, "OPTIONS_NOT_FOUND_ERROR", "in the public tenant");
  assert.equal((await enter(options, credential, tenantId)).user.id, id);
  assert.notEqual((await newUser({ email })).id, id);
});

test("users are found by credential, listed and counted by recipe", async () => {
  const { id, credential } = await newUser();
  const find = (credentialId) => SuperTokens.listUsersByAccountInfo(PUBLIC, { webauthn: { credentialId } });
  assert.deepEqual(
    (await find(credential.id)).map((user) => user.id),
    [id],
  );
  assert.deepEqual(await find("AAAA"), []);
  const options = { tenantId: PUBLIC, includeRecipeIds: ["webauthn"], limit: 500 };
  const { users } = await SuperTokens.getUsersNewestFirst(options);
  assert.ok(users.some((user) => user.id === id));
  assert.ok(users.every((user) => user.loginMethods[0].recipeId === "webauthn"));
  assert.equal(await SuperTokens.getUserCount(["webauthn"], PUBLIC), users.length);
});

test("a user with a credential is linked, and signs in as the group", async () => {
  const owner = await signUp();
  await AccountLinking.createPrimaryUser(owner.recipeUserId);
  const { authenticator, recipeUserId, credential } = await newUser();
  const { status, user } = await AccountLinking.linkAccounts(recipeUserId, owner.id);
  assert.equal(status, "OK");
  assert.deepEqual(user.webauthn, { credentialIds: [credential.id] });
  const options = await toSignIn();
  const answer = await enter(options, authenticator.signIn(options));
  assert.deepEqual([answer.user.id, answer.recipeUserId.getAsString()], [owner.id, recipeUserId.getAsString()]);
});

test("a deleted user's credential lets nobody in", async () => {
  const { id, email, authenticator } = await newUser();
  await SuperTokens.deleteUser(id);
  const options = await toSignIn();
  assert.equal((await enter(options, authenticator.signIn(options))).status, "CREDENTIAL_NOT_FOUND_ERROR");
  await newUser({ email });
});
