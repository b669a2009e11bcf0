// What the suites about passkeys share.
import { assert, call, get, newEmail, ok, post, put } from "./helper.mjs";
import { PAGE, Passkey } from "./passkey.mjs";

export const WEBAUTHN = "/recipe/webauthn";
const CREDENTIAL = `${WEBAUTHN}/user/credential`;

/** Versions of the CDI that show passkeys. */
export const SHOWING = ["5.3", "5.4", "5.5", "5.6"];

export const NO_OPTIONS = "OPTIONS_NOT_FOUND_ERROR";
export const NO_CREDENTIAL = "CREDENTIAL_NOT_FOUND_ERROR";
export const EXISTS = "CREDENTIAL_ALREADY_EXISTS_ERROR";
export const EMAIL_EXISTS = "EMAIL_ALREADY_EXISTS_ERROR";
export const UNKNOWN_USER = "UNKNOWN_USER_ID_ERROR";
export const NO_TOKEN = "RECOVER_ACCOUNT_TOKEN_INVALID_ERROR";
export const INVALID_OPTIONS = "INVALID_OPTIONS_ERROR";
export const INVALID_CREDENTIALS = "INVALID_CREDENTIALS_ERROR";
export const INVALID_AUTHENTICATOR = "INVALID_AUTHENTICATOR_ERROR";
export const NOBODY = "00000000-0000-4000-8000-000000000000";

// Long enough for the slowest machine; the default is six seconds.
const LASTING = { ...PAGE, timeout: 600_000 };

export const askToRegister = (more = {}, at = "", version = "5.4") =>
  post(`${at}${WEBAUTHN}/options/register`, { email: newEmail(), ...LASTING, ...more }, version);
export const askToSignIn = (more = {}, at = "", version = "5.4") =>
  post(`${at}${WEBAUTHN}/options/signin`, { ...LASTING, ...more }, version);
export const toRegister = async (...asked) => ok(await askToRegister(...asked));
export const toSignIn = async (...asked) => ok(await askToSignIn(...asked));

const del = (path, query, version) => call("DELETE", path, { query, version });
const idOf = ({ webauthnGeneratedOptionsId }) => ({ webauthnGeneratedOptionsId });

export const optionsOf = (options, at = "", version = "5.4") =>
  get(`${at}${WEBAUTHN}/options`, idOf(options), version);
export const removeOptions = (options, at = "", version = "5.4") =>
  del(`${at}${WEBAUTHN}/options/remove`, idOf(options), version);

export const signUpWith = (options, credential, at = "", version = "5.4") =>
  post(`${at}${WEBAUTHN}/signup`, { ...idOf(options), credential }, version);
export const signInWith = (options, credential, at = "", version = "5.4") =>
  post(`${at}${WEBAUTHN}/signin`, { ...idOf(options), credential }, version);
export const register = (recipeUserId, options, credential, at = "", version = "5.4") =>
  post(`${at}${CREDENTIAL}/register`, { recipeUserId, ...idOf(options), credential }, version);

export const credential = (recipeUserId, webauthnCredentialId, at = "", version = "5.4") =>
  get(`${at}${CREDENTIAL}/`, { recipeUserId, webauthnCredentialId }, version);
export const removeCredential = (recipeUserId, webauthnCredentialId, at = "", version = "5.4") =>
  del(`${at}${CREDENTIAL}/remove`, { recipeUserId, webauthnCredentialId }, version);
export const credentials = async (recipeUserId, at = "", version = "5.4") =>
  ok(await get(`${at}${CREDENTIAL}/list`, { recipeUserId }, version)).credentials;
export const credentialIds = async (recipeUserId, at = "") =>
  (await credentials(recipeUserId, at)).map(({ webauthnCredentialId }) => webauthnCredentialId);

export const recoveryToken = (userId, email, at = "", version = "5.4") =>
  post(`${at}${WEBAUTHN}/user/recover/token`, { userId, email }, version);
export const consumeRecovery = (token, at = "", version = "5.4") =>
  post(`${at}${WEBAUTHN}/user/recover/token/consume`, { token }, version);
export const userOfRecovery = (token, at = "", version = "5.4") =>
  get(`${at}${WEBAUTHN}/user/recover`, { token }, version);
export const changeEmail = (recipeUserId, email, at = "", version = "5.4") =>
  put(`${at}${WEBAUTHN}/user/email`, { recipeUserId, email }, version);

/** A user who signed up with a passkey: {id, email, passkey, user, ...the rest of the answer}. */
export async function withPasskey(at = "", email = newEmail(), passkey = new Passkey()) {
  const options = await toRegister({ email }, at);
  const { status, ...answer } = ok(await signUpWith(options, passkey.register(options), at));
  return { id: answer.user.id, email, passkey, ...answer };
}

/** Signs in with new options; `change` is what is wrong with the answer. */
export async function enter(passkey, at = "", change = {}, version = "5.4") {
  const options = await toSignIn({}, at);
  return signInWith(options, passkey.signIn(options, change), at, version);
}

/** Another passkey for a user. */
export async function addPasskey(recipeUserId, at = "", passkey = new Passkey()) {
  const options = await toRegister({}, at);
  ok(await register(recipeUserId, options, passkey.register(options), at));
  return passkey;
}

/** An answer with this status whose reason, a text or a pattern, is told; and nothing else. */
export function refusedFor(answer, status, reason = /./, message) {
  assert.equal(answer.status, 200, `${message}: ${answer.text}`);
  const { status: got, reason: told, ...rest } = answer.json;
  assert.deepEqual([got, rest], [status, {}], `${message}: ${answer.text}`);
  if (reason instanceof RegExp) assert.match(told, reason, message);
  else assert.equal(told, reason, message);
}
