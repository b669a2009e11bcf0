// Verification of addresses in an express application that requires it: sessions are let in when the claim holds.
import test, { after } from "node:test";
import SuperTokens from "supertokens-node";
import EmailVerification, { EmailVerificationClaim } from "supertokens-node/recipe/emailverification";
import Passwordless from "supertokens-node/recipe/passwordless";
import Session from "supertokens-node/recipe/session";
import { verifySession } from "supertokens-node/recipe/session/framework/express";
import { PASSWORD, PUBLIC, WEBSITE_DOMAIN, assert, emailDelivery, mails, newEmail } from "./helpers.mjs";
import { newPhone, recipeUserId, smsDelivery, texts } from "./helpers.mjs";
import { Client, hasCode, hasStatus, startApplication } from "./express.mjs";

const anybody = verifySession({ overrideGlobalClaimValidators: () => [] });
// For the claim to be fetched anew each time that it does not hold.
const patient = verifySession({
  overrideGlobalClaimValidators: () => [EmailVerificationClaim.validators.isVerified(0)],
});

const application = await startApplication({
  recipes: [
    EmailVerification.init({ mode: "REQUIRED", emailDelivery }),
    Passwordless.init({ contactMethod: "EMAIL_OR_PHONE", flowType: "USER_INPUT_CODE", emailDelivery, smsDelivery }),
  ],
  addRoutes: (app) => {
    app.get("/unverified", anybody, (req, res) => res.json({ userId: req.session.getUserId() }));
    app.get("/patient", patient, (req, res) => res.json({ userId: req.session.getUserId() }));
  },
});
after(application.stop);

const newClient = () => new Client(application.url, "cookie");

const signUp = async () => {
  const [client, email] = [newClient(), newEmail()];
  const answer = await client.form("/signup", { email, password: PASSWORD });
  hasStatus(answer, "OK");
  return { client, email, id: answer.json.user.id };
};

/** Asks for a mail; the token in it. */
const tokenByMail = async ({ client, email }) => {
  hasStatus(await client.post("/auth/user/email/verify/token"), "OK");
  const link = new URL(mails.filter((mail) => mail.user?.email === email).at(-1).emailVerifyLink);
  assert.equal(link.origin + link.pathname, `${WEBSITE_DOMAIN}/auth/verify-email`);
  assert.equal(link.searchParams.get("tenantId"), PUBLIC);
  return link.searchParams.get("token");
};

const verify = (client, token) => client.post("/auth/user/email/verify", { method: "token", token });

const isRefused = async (client, path = "/me") => {
  const answer = await client.get(path);
  hasCode(answer, 403, path);
  assert.deepEqual(
    answer.json.claimValidationErrors.map((one) => one.id),
    ["st-ev"],
    answer.text,
  );
};

test("a new user is let in after the mail was answered", async () => {
  const user = await signUp();
  const { client } = user;
  await isRefused(client);
  hasCode(await client.get("/unverified"), 200, "where no verification is wanted");
  assert.deepEqual((await client.get("/auth/user/email/verify")).json, { status: "OK", isVerified: false });
  const token = await tokenByMail(user);
  await isRefused(client);
  hasStatus(await verify(client, token), "OK");
  const me = await client.get("/me/checked");
  hasCode(me, 200);
  assert.equal(me.json.payload["st-ev"].v, true, "the session was told at once");
  assert.deepEqual((await client.get("/auth/user/email/verify")).json, { status: "OK", isVerified: true });
  hasStatus(await client.post("/auth/user/email/verify/token"), "EMAIL_ALREADY_VERIFIED_ERROR");
  hasStatus(await verify(client, token), "EMAIL_VERIFICATION_INVALID_TOKEN_ERROR", "a second time");
  hasCode(await client.post("/auth/session/refresh"), 200);
  hasCode(await client.get("/me"), 200, "after a refresh");
});

test("a sign-in after the verification is let in at once", async () => {
  const user = await signUp();
  hasStatus(await verify(user.client, await tokenByMail(user)), "OK");
  const client = newClient();
  hasStatus(await client.form("/signin", { email: user.email, password: PASSWORD }), "OK");
  hasCode(await client.get("/me"), 200);
});

test("a link that is opened in another browser lets the first one in when it asks", async () => {
  const user = await signUp();
  hasStatus(await verify(newClient(), await tokenByMail(user)), "OK", "no session there");
  assert.deepEqual((await user.client.get("/auth/user/email/verify")).json, { status: "OK", isVerified: true });
  hasCode(await user.client.get("/me"), 200);
});

test("a route may fetch the claim each time", async () => {
  const user = await signUp();
  await isRefused(user.client, "/patient");
  hasStatus(await verify(newClient(), await tokenByMail(user)), "OK");
  hasCode(await user.client.get("/patient"), 200);
  hasCode(await user.client.get("/me"), 200, "the claim stays fetched");
});

test("a false token verifies nobody", async () => {
  const { client } = await signUp();
  hasStatus(await verify(client, "nonsense"), "EMAIL_VERIFICATION_INVALID_TOKEN_ERROR");
  hasCode(await client.post("/auth/user/email/verify", { method: "token" }), 400, "no token");
  await isRefused(client);
});

test("one user's token in another's session verifies the one, not the other", async () => {
  const [user, other] = [await signUp(), await signUp()];
  hasStatus(await verify(other.client, await tokenByMail(user)), "OK");
  await isRefused(other.client);
  assert.equal(await EmailVerification.isEmailVerified(recipeUserId(user.id)), true);
  assert.equal(await EmailVerification.isEmailVerified(recipeUserId(other.id)), false);
});

test("nobody without a session is sent a mail", async () => {
  const client = newClient();
  hasCode(await client.post("/auth/user/email/verify/token"), 401);
  hasCode(await client.get("/auth/user/email/verify"), 401);
});

test("a session learns when it asks that the verification was taken back", async () => {
  const user = await signUp();
  const { client } = user;
  hasStatus(await verify(client, await tokenByMail(user)), "OK");
  await EmailVerification.unverifyEmail(recipeUserId(user.id));
  assert.deepEqual((await client.get("/auth/user/email/verify")).json, { status: "OK", isVerified: false });
  await isRefused(client);
  hasStatus(await verify(client, await tokenByMail(user)), "OK", "and can be verified again");
  hasCode(await client.get("/me"), 200);
});

test("a user who is deleted is signed out when a mail is asked for", async () => {
  const { client, id } = await signUp();
  await SuperTokens.deleteUser(id);
  hasCode(await client.post("/auth/user/email/verify/token"), 401);
});

for (const [kind, newContact, outbox] of [
  ["email", newEmail, mails],
  ["phoneNumber", newPhone, texts],
]) {
  test(`${kind}: whoever signs in with a code is let in at once`, async () => {
    const [client, contact] = [newClient(), newContact()];
    const begun = await client.post("/auth/signinup/code", { [kind]: contact });
    hasStatus(begun, "OK");
    const { deviceId, preAuthSessionId } = begun.json;
    const { userInputCode } = outbox.find((one) => one[kind] === contact);
    hasStatus(await client.post("/auth/signinup/code/consume", { deviceId, preAuthSessionId, userInputCode }), "OK");
    const me = await client.get("/me");
    hasCode(me, 200);
    assert.equal(me.json.payload["st-ev"].v, true);
  });
}

test("the claim can be set and read by hand", async () => {
  const { client, id } = await signUp();
  const [handle] = await Session.getAllSessionHandlesForUser(id);
  assert.deepEqual(await Session.getClaimValue(handle, EmailVerificationClaim), { status: "OK", value: false });
  assert.equal(await Session.setClaimValue(handle, EmailVerificationClaim, true), true);
  assert.deepEqual(await Session.getClaimValue(handle, EmailVerificationClaim), { status: "OK", value: true });
  hasCode(await client.post("/auth/session/refresh"), 200);
  hasCode(await client.get("/me"), 200, "the refreshed token has it");
  assert.equal(await Session.fetchAndSetClaim(handle, EmailVerificationClaim), true);
  hasCode(await client.post("/auth/session/refresh"), 200);
  await isRefused(client);
});
