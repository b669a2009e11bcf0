// The SuperTokens SDK beside the Supabase clients, on the users of one instance.
import SuperTokens from "supertokens-node";
import AccountLinking from "supertokens-node/recipe/accountlinking";
import EmailPassword from "supertokens-node/recipe/emailpassword";
import EmailVerification from "supertokens-node/recipe/emailverification";
import JWT from "supertokens-node/recipe/jwt";
import Passwordless from "supertokens-node/recipe/passwordless";
import Session from "supertokens-node/recipe/session";
import ThirdParty from "supertokens-node/recipe/thirdparty";
import UserMetadata from "supertokens-node/recipe/usermetadata";
import { AUTH_URL, PASSWORD, SITE, assert, newEmail, newId, newInstance } from "../../gotrue/helper.mjs";
import { newAdmin } from "./clients.mjs";

export { AccountLinking, EmailPassword, EmailVerification, JWT, Passwordless, Session };
export { SuperTokens, ThirdParty, UserMetadata };
export const PUBLIC = "public";

/** The instance that both kinds of clients are pointed at: an app's first tenant. */
export const shared = await newInstance({
  external_anonymous_users_enabled: true,
  external_phone_enabled: true,
  sms_provider: "twilio",
  smtp_max_frequency: "0s",
  rate_limit_email_sent: "1000",
  rate_limit_sms_sent: "1000",
});
export const admin = newAdmin(shared);

SuperTokens.init({
  telemetry: false,
  framework: "express",
  supertokens: { connectionURI: AUTH_URL + shared.cdi },
  appInfo: { appName: "tests", apiDomain: SITE, websiteDomain: SITE },
  recipeList: [
    AccountLinking.init({ shouldDoAutomaticAccountLinking: async () => ({ shouldAutomaticallyLink: false }) }),
    EmailPassword.init(),
    EmailVerification.init({ mode: "OPTIONAL" }),
    JWT.init(),
    Passwordless.init({ contactMethod: "EMAIL_OR_PHONE", flowType: "USER_INPUT_CODE_AND_MAGIC_LINK" }),
    Session.init(),
    ThirdParty.init(),
    UserMetadata.init(),
  ],
});

/** The answer must have the status OK. */
export async function fine(promise) {
  const answer = await promise;
  assert.equal(answer.status, "OK", JSON.stringify(answer));
  return answer;
}

export const recipeId = (id) => SuperTokens.convertToRecipeUserId(id);

export const signIn = (email, password = PASSWORD) => EmailPassword.signIn(PUBLIC, email, password);

/** Verifies an address as the SDK does when its link is opened. */
export async function verify(id, email) {
  const { token } = await fine(EmailVerification.createEmailVerificationToken(PUBLIC, recipeId(id), email));
  await fine(EmailVerification.verifyEmailUsingToken(PUBLIC, token));
}

/** A user who signed up through SuperTokens: {id, email, user}; the address is verified unless said otherwise. */
export async function signedUp({ isVerified = true, email = newEmail() } = {}) {
  const { user } = await fine(EmailPassword.signUp(PUBLIC, email, PASSWORD));
  if (isVerified) await verify(user.id, email);
  return { id: user.id, email, user };
}

/** A user who came from a provider: {id, email, userId, user}. */
export async function fromProvider({ email = newEmail(), isVerified = true } = {}) {
  const userId = newId("at-google");
  const { user } = await fine(ThirdParty.manuallyCreateOrUpdateUser(PUBLIC, "google", userId, email, isVerified));
  return { id: user.id, email, userId, user };
}

/** What a user signs in with, as SuperTokens knows it. */
export const recipesOf = (user) => user.loginMethods.map((method) => method.recipeId).sort();
