// A code by e-mail as a second factor in an express application: it becomes a login method of the session's user.
import test, { after } from "node:test";
import SuperTokens from "supertokens-node";
import MultiFactorAuth from "supertokens-node/recipe/multifactorauth";
import Multitenancy from "supertokens-node/recipe/multitenancy";
import Passwordless from "supertokens-node/recipe/passwordless";
import Session from "supertokens-node/recipe/session";
import UserMetadata from "supertokens-node/recipe/usermetadata";
import { PASSWORD, assert, createTemporaryApp, emailDelivery, mails, newEmail, newId } from "./helpers.mjs";
import { newPhone, recipeUserId, rejectsWith, smsDelivery, texts } from "./helpers.mjs";
import { Client, hasCode, hasStatus, startApplication } from "./express.mjs";

const { connectionURI } = await createTemporaryApp("factors");
const application = await startApplication({
  connectionURI,
  shouldLink: async (_info, _user, session) => ({
    shouldAutomaticallyLink: session !== undefined,
    shouldRequireVerification: false,
  }),
  recipes: [
    MultiFactorAuth.init({ firstFactors: ["emailpassword"] }),
    Passwordless.init({ contactMethod: "EMAIL_OR_PHONE", flowType: "USER_INPUT_CODE", emailDelivery, smsDelivery }),
    UserMetadata.init(),
  ],
});
after(application.stop);

const createTenant = async (...requiredSecondaryFactors) => {
  const tenantId = newId("tenant");
  await Multitenancy.createOrUpdateTenant(tenantId, { firstFactors: ["emailpassword"], requiredSecondaryFactors });
  return tenantId;
};
const strict = await createTenant("otp-email");

const newClient = () => new Client(application.url, "cookie");

const enter = async (how, { email, tenantId }) => {
  const client = newClient();
  client.headers["fdi-version"] = "4.1";
  const answer = await client.form(`/${tenantId}/${how}`, { email, password: PASSWORD });
  hasStatus(answer, "OK");
  return { client, user: answer.json.user };
};
const signUp = async (tenantId = strict) => {
  const email = newEmail();
  const { client, user } = await enter("signup", { email, tenantId });
  return { client, email, id: user.id, signIn: async () => (await enter("signin", { email, tenantId })).client };
};

const shouldTryLinkingWithSessionUser = true;

/** Completes the factor with a code that is sent to the contact. */
const complete = async (client, contact) => {
  const begun = await client.post("/auth/signinup/code", { ...contact, shouldTryLinkingWithSessionUser });
  if (begun.code !== 200) return begun;
  hasStatus(begun, "OK");
  const { deviceId, preAuthSessionId } = begun.json;
  const { userInputCode } = [...mails, ...texts].filter((one) => one.preAuthSessionId === preAuthSessionId).at(-1);
  const body = { deviceId, preAuthSessionId, userInputCode, shouldTryLinkingWithSessionUser };
  return client.post("/auth/signinup/code/consume", body);
};

const isRefused = async (client, path = "/me") => {
  const answer = await client.get(path);
  hasCode(answer, 403);
  assert.deepEqual(
    answer.json.claimValidationErrors.map((one) => one.id),
    ["st-mfa"],
  );
};
const info = async (client) => {
  const answer = await client.call("PUT", "/auth/mfa/info");
  hasStatus(answer, "OK");
  return answer.json;
};

test("a new user completes the factor, and is let in", async () => {
  const { client, email, id } = await signUp();
  await isRefused(client);
  const { factors, emails } = await info(client);
  assert.deepEqual([factors.next, factors.alreadySetup], [["otp-email"], ["emailpassword"]]);
  assert.deepEqual(emails["otp-email"], [email]);
  const answer = await complete(client, { email });
  hasStatus(answer, "OK");
  assert.equal(answer.json.user.id, id);
  assert.deepEqual(
    answer.json.user.loginMethods.map((method) => method.recipeId),
    ["emailpassword", "passwordless"],
  );
  const me = await client.get("/me/checked");
  hasCode(me, 200);
  assert.deepEqual([me.json.userId, me.json.payload.rsub], [id, id], "the session goes on");
  assert.deepEqual(Object.keys(me.json.payload["st-mfa"].c).sort(), ["emailpassword", "otp-email"]);
  hasCode(await client.post("/auth/session/refresh"), 200);
  hasCode(await client.get("/me"), 200, "after a refresh");
});

test("each sign-in completes it anew, with the same login method", async () => {
  const { client, email, id, signIn } = await signUp();
  hasStatus(await complete(client, { email }), "OK");
  const again = await signIn();
  await isRefused(again);
  const { factors } = await info(again);
  assert.deepEqual([factors.next, factors.allowedToSetup], [["otp-email"], []]);
  const answer = await complete(again, { email });
  hasStatus(answer, "OK");
  assert.equal(answer.json.createdNewRecipeUser, false);
  assert.equal(answer.json.user.loginMethods.length, 2);
  const me = await again.get("/me/checked");
  hasCode(me, 200);
  assert.equal(me.json.userId, id);
});

test("a false code does not complete it", async () => {
  const { client, email } = await signUp();
  const begun = await client.post("/auth/signinup/code", { email, shouldTryLinkingWithSessionUser });
  const { deviceId, preAuthSessionId } = begun.json;
  const body = { deviceId, preAuthSessionId, userInputCode: "wrong", shouldTryLinkingWithSessionUser };
  hasStatus(await client.post("/auth/signinup/code/consume", body), "INCORRECT_USER_INPUT_CODE_ERROR");
  await isRefused(client);
});

test("another factor than the required one does not let in", async () => {
  const { client } = await signUp();
  hasCode(await complete(client, { phoneNumber: newPhone() }), 403, "and is not set up before it");
  await isRefused(client);
});

test("one of several required factors is enough", async () => {
  const tenantId = await createTenant("otp-email", "otp-phone");
  const { client, id } = await signUp(tenantId);
  assert.deepEqual((await info(client)).factors.next.sort(), ["otp-email", "otp-phone"]);
  const phoneNumber = newPhone();
  hasStatus(await complete(client, { phoneNumber }), "OK");
  hasCode(await client.get("/me"), 200);
  assert.deepEqual((await SuperTokens.getUser(id)).phoneNumbers, [phoneNumber]);
});

test("somebody else's number is no second factor", async () => {
  const tenantId = await createTenant("otp-phone");
  const [one, other] = [await signUp(tenantId), await signUp(tenantId)];
  const phoneNumber = newPhone();
  hasStatus(await complete(one.client, { phoneNumber }), "OK");
  const answer = await complete(other.client, { phoneNumber });
  hasStatus(answer, "SIGN_IN_UP_NOT_ALLOWED");
  await isRefused(other.client);
  assert.deepEqual((await SuperTokens.getUser(other.id)).phoneNumbers, []);
});

test("factors that are required of one user, and those that are set up", async () => {
  const lax = await createTenant();
  const { client, email, id, signIn } = await signUp(lax);
  hasCode(await client.get("/me"), 200);
  const required = () => MultiFactorAuth.getRequiredSecondaryFactorsForUser(id);
  await UserMetadata.updateUserMetadata(id, { plan: "free" });
  assert.deepEqual(await required(), []);
  for (const factor of ["otp-email", "otp-email", "custom"])
    await MultiFactorAuth.addToRequiredSecondaryFactorsForUser(id, factor);
  assert.deepEqual(await required(), ["otp-email", "custom"]);
  await MultiFactorAuth.removeFromRequiredSecondaryFactorsForUser(id, "custom");
  assert.deepEqual(await required(), ["otp-email"]);
  assert.equal((await UserMetadata.getUserMetadata(id)).metadata.plan, "free", "beside other metadata");
  const again = await signIn();
  await isRefused(again);
  assert.deepEqual(await MultiFactorAuth.getFactorsSetupForUser(id), ["emailpassword"]);
  hasStatus(await complete(again, { email }), "OK");
  hasCode(await again.get("/me"), 200);
  assert.deepEqual((await MultiFactorAuth.getFactorsSetupForUser(id)).sort(), ["emailpassword", "otp-email"]);
});

test("the functions that take a session", async () => {
  const { id } = await signUp();
  const session = await Session.createNewSessionWithoutRequestResponse(strict, recipeUserId(id));
  const { MultiFactorAuthClaim } = MultiFactorAuth;
  assert.deepEqual(await MultiFactorAuth.getMFARequirementsForAuth(session), [{ oneOf: ["otp-email"] }]);
  await MultiFactorAuth.markFactorAsCompleteInSession(session, "emailpassword");
  assert.equal((await session.getClaimValue(MultiFactorAuthClaim)).v, false);
  await MultiFactorAuth.assertAllowedToSetupFactorElseThrowInvalidClaimError(session, "otp-email");
  const other = MultiFactorAuth.assertAllowedToSetupFactorElseThrowInvalidClaimError(session, "otp-phone");
  await rejectsWith(Session.Error.INVALID_CLAIMS, other);
  await MultiFactorAuth.markFactorAsCompleteInSession(session, "otp-email");
  const stored = await Session.getClaimValue(session.getHandle(), MultiFactorAuthClaim);
  assert.equal(stored.value.v, true);
  assert.deepEqual(Object.keys(stored.value.c).sort(), ["emailpassword", "otp-email"]);
  await session.assertClaims([MultiFactorAuthClaim.validators.hasCompletedMFARequirementsForAuth()]);
});
