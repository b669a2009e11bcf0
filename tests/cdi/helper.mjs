// What the suites share: calls of the CDI, fixtures, SQL for what HTTP cannot arrange, and a few assertions.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash, createPublicKey, randomInt, randomUUID, verify } from "node:crypto";
import { join } from "node:path";

export { assert };
export const AUTH_URL = process.env.AUTH_URL;
export const VERSIONS = ["3.1", "4.0", "5.0", "5.4", "5.5", "5.6"];
export const PASSWORD = "correct horse 1";
export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** A call; a `version` of null sends no cdi-version, and a body that is a text is sent as it is. */
export async function call(method, path, { body, query, version = "5.4", headers = {} } = {}) {
  const search = query === undefined ? "" : `?${new URLSearchParams(query)}`;
  const response = await fetch(AUTH_URL + path + search, {
    method,
    headers: version === null ? headers : { "cdi-version": version, ...headers },
    body: body === undefined || typeof body === "string" ? body : JSON.stringify(body),
  });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.startsWith("application/json");
  return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : undefined };
}

export const get = (path, query, version) => call("GET", path, { query, version });
export const post = (path, body, version) => call("POST", path, { body, version });
export const put = (path, body, version) => call("PUT", path, { body, version });

/** The answer must be HTTP 200 with this status; gives its JSON. */
export function has(answer, status, message) {
  assert.equal(answer.status, 200, `${message ?? status}: ${answer.text}`);
  assert.equal(answer.json?.status, status, `${message ?? "status"}: ${answer.text}`);
  return answer.json;
}

export const ok = (answer, message) => has(answer, "OK", message);

/** The answer must be a text with this code; `text` may be a pattern. */
export function refused(answer, status, text, message) {
  assert.equal(answer.status, status, `${message ?? text}: ${answer.text}`);
  assert.match(answer.headers.get("content-type") ?? "", /^text\//, message);
  if (text instanceof RegExp) assert.match(answer.text, text, message);
  else assert.equal(answer.text.trim(), text, message);
}

export const badField = (answer, field, message) =>
  refused(answer, 400, `Field name '${field}' is invalid in JSON input`, message);

/** The two lists hold the same, in any order. */
export const sameMembers = (got, expected, message) => assert.deepEqual([...got].sort(), [...expected].sort(), message);

/** An id that no other test uses. */
export const newId = (name) => `${name}-${randomUUID().slice(0, 8)}`;

export const newEmail = (name = "user") => `${name}-${randomUUID()}@example.org`;

/** A number that exists nowhere else, in its international form. */
export const newPhone = () => `+49151${randomInt(10_000_000, 100_000_000)}`;

/** Creates an app with these settings; gives the beginning of its paths. */
export async function newApp(coreConfig = {}, version) {
  const appId = newId("a");
  const answer = await put("/recipe/multitenancy/app/v2", { appId, coreConfig }, version);
  assert.deepEqual(ok(answer), { status: "OK", createdNew: true });
  return `/appid-${appId}`;
}

/** Creates a tenant as the newest callers do; gives the beginning of its paths. */
export async function newTenant(app = "", tenantId = newId("t"), config = {}) {
  const answer = await put(`${app}/recipe/multitenancy/tenant/v2`, { tenantId, ...config });
  assert.equal(ok(answer).createdNew, true);
  return `${app}/${tenantId}`;
}

export async function signUp(at = "", email = newEmail(), password = PASSWORD, version = "5.4") {
  const { user } = ok(await post(`${at}/recipe/signup`, { email, password }, version));
  return { id: user.id, email, password, user };
}

export const signIn = (at, email, password = PASSWORD, version = "5.4") =>
  post(`${at}/recipe/signin`, { email, password }, version);

/** A code for an e-mail address, a number or a device. */
export const createCode = (contact, at = "", version = "5.4") =>
  post(`${at}/recipe/signinup/code`, contact, version).then((answer) => ok(answer));

/** What is sent back to use a code, as it was typed; `linked`, as the link has it. */
export const typed = ({ preAuthSessionId, deviceId, userInputCode }) => ({ preAuthSessionId, deviceId, userInputCode });
export const linked = ({ preAuthSessionId, linkCode }) => ({ preAuthSessionId, linkCode });

export const consumeCode = (presented, at = "", version = "5.4") =>
  post(`${at}/recipe/signinup/code/consume`, presented, version);

/** A user who signed up with a code; any contact that is given beyond the first is set afterwards. */
export async function passwordlessUser({ email, phoneNumber }, at = "") {
  const contact = email === undefined ? { phoneNumber } : { email };
  const done = ok(await consumeCode(typed(await createCode(contact, at)), at));
  assert.equal(done.createdNewUser, true);
  const { id } = done.user;
  if (email !== undefined && phoneNumber !== undefined) {
    const app = at.match(/^\/appid-[^/]+/)?.[0] ?? "";
    const body = { recipeUserId: id, phoneNumber };
    ok(await call("PUT", `${app}/recipe/user`, { body, headers: { rid: "passwordless" } }));
  }
  return { id, email, phoneNumber, user: done.user };
}

export const signInUp = (user, at = "", version = "5.4") => post(`${at}/recipe/signinup`, user, version);

/** Opens a session; `more` overrides members of the body. */
export const createSession = (at = "", userId = newId("user"), more = {}, version = "5.4") =>
  post(
    `${at}/recipe/session`,
    { userId, userDataInJWT: {}, userDataInDatabase: {}, enableAntiCsrf: false, ...more },
    version,
  );

export const verifySession = (at, accessToken, more = {}, version = "5.4") =>
  post(
    `${at}/recipe/session/verify`,
    { accessToken, doAntiCsrfCheck: false, enableAntiCsrf: false, checkDatabase: false, ...more },
    version,
  );

export const refreshSession = (at, refreshToken, more = {}, version = "5.4") =>
  post(
    `${at}/recipe/session/refresh`,
    { refreshToken, enableAntiCsrf: false, useDynamicSigningKey: true, ...more },
    version,
  );

/** The rows of a query as objects; `$1`, `$2`, ... stand for the values. */
export function sql(query, ...values) {
  const quote = (value) => `'${String(value).replaceAll("'", "''")}'`;
  const filled = query.replace(/\$(\d+)/g, (_, n) => quote(values[n - 1]));
  const wrapped = `WITH r AS (${filled}) SELECT coalesce(json_agg(r), '[]') FROM r`;
  const psql = join(process.env.PGBIN, "psql");
  const options = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", process.env.DATABASE_URL];
  return JSON.parse(execFileSync(psql, [...options, "-c", wrapped], { encoding: "utf8", stdio: "pipe" }));
}

/** What a function of the schema answers, called with named arguments; those that are undefined keep their defaults. */
export function sqlCall(name, args = {}) {
  const given = Object.entries(args).filter(([, value]) => value !== undefined);
  const values = [];
  const literal = (value) => {
    if (value === null || typeof value === "boolean") return String(value);
    values.push(typeof value === "object" ? JSON.stringify(value) : value);
    const place = `$${values.length}`;
    return Array.isArray(value) ? `ARRAY(SELECT jsonb_array_elements_text(${place}::jsonb))` : place;
  };
  const list = given.map(([key, value]) => `${key} => ${literal(value)}`).join(", ");
  return sql(`SELECT auth.${name}(${list}) AS answer`, ...values)[0].answer;
}

/** Sets a setting for everybody; null is the default again. */
export const setSetting = (key, value) =>
  sql(`SELECT auth.set_setting($1, ${value === null ? "NULL" : "$2"})`, key, JSON.stringify(value));

/** Moves the end of a session into the past. */
export function expireSession(handle) {
  const [id] = handle.split("_");
  sql("UPDATE auth.sessions SET expires_at = now() - interval '1 s' WHERE id::text = $1 RETURNING id", id);
}

/** Header and payload of a JWT, unverified. */
export function decode(token) {
  const [header, payload] = token.split(".").map((part) => Buffer.from(part, "base64url").toString());
  return { header: JSON.parse(header), payload: JSON.parse(payload) };
}

/** The JWT must be signed by the key of the set that it names. */
export function assertSigned(token, { keys }) {
  const [header, payload, signature] = token.split(".");
  const { kid } = decode(token).header;
  const key = keys.find((jwk) => jwk.kid === kid);
  assert.ok(key, `${kid} is published`);
  const parts = [Buffer.from(`${header}.${payload}`), createPublicKey({ key, format: "jwk" })];
  assert.ok(verify("sha256", ...parts, Buffer.from(signature, "base64url")), "signature");
}

export const sha256 = (text) => createHash("sha256").update(text).digest("hex");
