// What the suites share: the SDK's configuration, the CDI by plain HTTP, SQL, and a few assertions.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomInt, randomUUID, webcrypto } from "node:crypto";
import { join } from "node:path";
import { after } from "node:test";
import SuperTokens from "supertokens-node";
import AccountLinking from "supertokens-node/recipe/accountlinking";
import EmailPassword from "supertokens-node/recipe/emailpassword";
import Multitenancy from "supertokens-node/recipe/multitenancy";
import Session from "supertokens-node/recipe/session";

// What jose needs; Node 18 has it, but not as a global.
globalThis.crypto ??= webcrypto;

export { assert };
export const AUTH_URL = process.env.AUTH_URL;
export const API_DOMAIN = "http://localhost:3001";
export const WEBSITE_DOMAIN = "http://localhost:3000";
export const PASSWORD = "correct horse 1";
export const PUBLIC = "public";

/** What the SDK would have sent by e-mail, and as text messages. */
export const mails = [];
export const texts = [];

const sendEmail = async (mail) => void mails.push(mail);
const sendSms = async (text) => void texts.push(text);
/** For the configuration of a recipe: what it sends is kept above instead. */
export const emailDelivery = { override: (original) => ({ ...original, sendEmail }) };
export const smsDelivery = { override: (original) => ({ ...original, sendSms }) };

const neverLink = async () => ({ shouldAutomaticallyLink: false });

/**
 * Initialises the SDK; `session` is the configuration of its session recipe, `recipes` are further ones, and
 * `shouldLink` decides whether the SDK links accounts by itself.
 */
export function init({ connectionURI = AUTH_URL, apiKey, session = {}, recipes = [], shouldLink = neverLink } = {}) {
  SuperTokens.init({
    telemetry: false,
    framework: "express",
    supertokens: { connectionURI, apiKey },
    appInfo: { appName: "tests", apiDomain: API_DOMAIN, websiteDomain: WEBSITE_DOMAIN },
    recipeList: [
      AccountLinking.init({ shouldDoAutomaticAccountLinking: shouldLink }),
      EmailPassword.init({ emailDelivery }),
      Multitenancy.init(),
      Session.init(session),
      ...recipes,
    ],
  });
}

/** An address that no other test uses. */
export const newEmail = (name = "user") => `${name}-${randomUUID()}@example.org`;

/** A number that no other test uses, and that the SDK takes for a mobile one. */
export const newPhone = () => `+49151${randomInt(10_000_000, 100_000_000)}`;

/** An id for an app, a tenant or a user that no other test uses. */
export const newId = (name) => `${name}-${randomUUID().slice(0, 8)}`;

export const recipeUserId = (id) => SuperTokens.convertToRecipeUserId(id);

export async function signUp(tenantId = PUBLIC, email = newEmail(), password = PASSWORD) {
  const answer = await EmailPassword.signUp(tenantId, email, password);
  assert.equal(answer.status, "OK", `sign-up of ${email} in ${tenantId}`);
  return { ...answer, email, id: answer.user.id };
}

/** A call of the CDI without the SDK: the answer must be 200 with JSON. */
export async function cdi(method, path, body, version = "5.4") {
  const response = await fetch(AUTH_URL + path, {
    method,
    headers: { "cdi-version": version, "content-type": "application/json" },
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  assert.equal(response.status, 200, `${method} ${path}: ${text}`);
  return JSON.parse(text);
}

/** Creates an app and answers with the connection URI for it. */
export async function createApp(appId, coreConfig) {
  const answer = await cdi("PUT", "/recipe/multitenancy/app/v2", { appId, coreConfig });
  assert.deepEqual(answer, { status: "OK", createdNew: true });
  return `${AUTH_URL}/appid-${appId}`;
}

/** Removes an app, after its tenants. */
export async function removeApp(appId) {
  const { tenants } = await cdi("GET", `/appid-${appId}/recipe/multitenancy/tenant/list/v2`);
  for (const { tenantId } of tenants.filter((tenant) => tenant.tenantId !== PUBLIC))
    await cdi("POST", `/appid-${appId}/recipe/multitenancy/tenant/remove`, { tenantId });
  const answer = await cdi("POST", "/recipe/multitenancy/app/remove", { appId });
  assert.deepEqual(answer, { status: "OK", didExist: true });
}

/**
 * An app that goes away with everything in it when the tests of the file are over: for users that are linked or have
 * other ids outside, whom `rows.mjs` could not compare with their rows one by one.
 */
export async function createTemporaryApp(name, coreConfig) {
  const appId = newId(name);
  const connectionURI = await createApp(appId, coreConfig);
  after(() => removeApp(appId));
  return { appId, connectionURI };
}

const quote = (value) => `'${String(value).replaceAll("'", "''")}'`;

/** The rows of a query as objects; `$1`, `$2`, ... stand for the values. */
export function sql(query, ...values) {
  const filled = query.replace(/\$(\d+)/g, (_, n) => quote(values[n - 1]));
  const wrapped = `SELECT coalesce(json_agg(r), '[]') FROM (${filled}) AS r`;
  const psql = join(process.env.PGBIN, "psql");
  const options = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", process.env.DATABASE_URL];
  return JSON.parse(execFileSync(psql, [...options, "-c", wrapped], { encoding: "utf8" }));
}

/** The promise must be rejected with an error of the session recipe of this type. */
export async function rejectsWith(type, promise, message = type) {
  const error = await promise.then(
    () => assert.fail(`${message}: expected an error of type ${type}, but the call succeeded`),
    (reason) => reason,
  );
  if (!Session.Error.isErrorFromSuperTokens(error)) throw error;
  assert.equal(error.type, type, `${message}: ${error.message}`);
  return error;
}

/** The two lists hold the same, in any order. */
export const sameMembers = (got, expected, message) => assert.deepEqual([...got].sort(), [...expected].sort(), message);
