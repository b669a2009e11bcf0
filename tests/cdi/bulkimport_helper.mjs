// What the suites about bulk import share.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { assert, get, newEmail, newId, newPhone, ok, post, sql, sqlCall } from "./helper.mjs";

const QUEUE = "/bulk-import/users";

/** Login methods that nobody has; `more` overrides members. */
export const byPassword = (more = {}) =>
  ({ recipeId: "emailpassword", email: newEmail(), plainTextPassword: "imported 1", ...more });
export const byProvider = (more = {}) =>
  ({ recipeId: "thirdparty", email: newEmail(), thirdPartyId: "github", thirdPartyUserId: newId("id"), ...more });
export const byEmail = (more = {}) => ({ recipeId: "passwordless", email: newEmail(), ...more });
export const byPhone = (more = {}) => ({ recipeId: "passwordless", phoneNumber: newPhone(), ...more });

/** Another way to sign in for a user of one: by a provider, which needs no hashing. */
export const userOf = (method = byProvider(), more = {}) => ({ loginMethods: [method], ...more });

export const importUser = (user, at = "", version = "5.4") => post(`${at}/bulk-import/import`, user, version);
export const imported = async (user, at = "", version = "5.4") => ok(await importUser(user, at, version)).user;

/** A refusal whose text is a JSON document. */
export function refusedAs(answer, document, message) {
  assert.equal(answer.status, 400, `${message}: ${answer.text}`);
  assert.equal(answer.headers.get("content-type"), "text/html; charset=UTF-8", message);
  assert.ok(answer.text.endsWith("}\n"), "the text ends its line");
  assert.deepEqual(JSON.parse(answer.text), document, message);
}

export const refusedFor = (answer, errors, message) => refusedAs(answer, { errors }, message);

export const TAKEN = {
  password: (email) => `E003: A user with email ${email} already exists in emailpassword loginMethod.`,
  provider: ({ thirdPartyId, thirdPartyUserId }) =>
    `E005: A user with thirdPartyId ${thirdPartyId} and thirdPartyUserId ${thirdPartyUserId} already exists in `
    + "thirdparty loginMethod.",
  email: (email) => `E006: A user with email ${email} already exists in passwordless loginMethod.`,
  phone: (phone) => `E007: A user with phoneNumber ${phone} already exists in passwordless loginMethod.`,
  primary: (id) =>
    `E022: We tried to create the primary user for the userId ${id} but the account info is already associated with `
    + "another primary user.",
  externalId: (id) => `E031: A user with externalId ${id} already exists`,
};

/** All that is kept of an app, but for the statistics of its use: a digest for each table. */
export const kept = (at) =>
  sql(
    `SELECT c.relname AS name, md5(query_to_xml(
         format('SELECT t::text FROM auth.%I t WHERE app_id = %L ORDER BY 1', c.relname, $1::text), false, false, ''
     )::text) AS rows
     FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'app_id'
     WHERE c.relnamespace = 'auth'::regnamespace AND c.relkind = 'r' AND c.relname <> 'request_counts' ORDER BY 1`,
    at.slice("/appid-".length),
  );

export const enqueue = (users, at = "", version = "5.4") => post(at + QUEUE, { users }, version);
export const queued = async (users, at = "") => ok(await enqueue(users, at)).users;
export const list = (query, at = "", version = "5.4") => get(at + QUEUE, query, version);
export const entries = async (at, query) => ok(await list(query, at)).users;
export const count = (query, at = "") => get(`${at}${QUEUE}/count`, query);
export const counted = async (at, query) => ok(await count(query, at)).count;
export const unqueue = (ids, at = "") => post(`${at}${QUEUE}/remove`, { ids });

/** Works until nothing of the app is new. The gateway works, too: what it has begun is waited for. */
export async function work(at) {
  do {
    sqlCall("import_queued_users");
    await new Promise((resolve) => setTimeout(resolve, 20));
  } while ((await counted(at, { status: "NEW" })) > 0);
}

/**
 * Does `body` while users of a tenant cannot be imported: whoever tries waits for the tenant. What is queued for it
 * meanwhile stays as it is, however often the gateway works.
 */
export async function withoutWork(at, body) {
  const [, appId, tenantId] = at.match(/^\/appid-([^/]+)\/(.+)$/);
  const options = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", process.env.DATABASE_URL];
  const psql = spawn(join(process.env.PGBIN, "psql"), options, { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise((resolve) => psql.on("close", resolve));
  try {
    psql.stdin.write(
      `BEGIN; SELECT 'held' FROM auth.tenants WHERE app_id = '${appId}' AND id = '${tenantId}' FOR UPDATE;\n`,
    );
    const [held] = await Promise.race([psql.stdout.take(1).toArray(), ended.then(() => [])]);
    assert.equal(String(held).trim(), "held");
    await body();
  } finally {
    psql.stdin.end();
    await ended;
  }
}
