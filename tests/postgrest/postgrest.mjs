// What PostgREST 12 does with a request that it has verified: one transaction, in which it becomes the role of the token, says
// what it knows in settings, and runs one statement. The statements are those that it logs.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";

export { assert };
export const PASSWORD = "correct horse 1";

/** Runs a script of psql as a superuser; `variables` become :'name' in it. What it prints, a line a row. */
export function psql(script, variables = {}) {
  const options = Object.entries(variables).flatMap(([name, value]) => ["-v", `${name}=${value}`]);
  const psql = join(process.env.PGBIN, "psql");
  const output = execFileSync(psql, ["-XqAt", "-v", "ON_ERROR_STOP=1", "-d", process.env.DATABASE_URL, ...options], { input: script, encoding: "utf8", stdio: "pipe" });
  return output.split("\n").filter((line) => line !== "");
}

let count = 0;
export const newEmail = () => `user${process.pid}-${(count += 1)}@example.org`;

/** The claims of a token, unchecked. */
export const claimsOf = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url"));

const BEGIN = `BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;
  SELECT set_config('search_path', '"api", "public"', true), set_config('role', :'role', true),
    set_config('request.jwt.claims', :'claims', true), set_config('request.method', :'method', true),
    set_config('request.path', :'path', true), set_config('request.headers', :'headers', true),
    set_config('request.cookies', '{}', true) \\g /dev/null
`;
const ANSWER = `coalesce(nullif(current_setting('response.headers', true), ''), 'null')::json AS response_headers,
  coalesce(nullif(current_setting('response.status', true), ''), '200')::int AS response_status`;

/** Who asks: nobody, or whoever has a token. */
function transaction({ token, claims, headers = {} }, method, path, statement, variables) {
  const known = claims ?? (token ? claimsOf(token) : { role: "anon" });
  const lines = psql(`${BEGIN}${statement}\nCOMMIT;`, {
    role: known.role, claims: JSON.stringify(known), method, path, headers: JSON.stringify({ "user-agent": "test", ...headers }), ...variables,
  });
  const { body, response_headers, response_status } = JSON.parse(lines.join("\n"));
  return { status: response_status, headers: Object.assign({}, ...(response_headers ?? [])), body };
}

const quoted = (name) => `"${name.replaceAll('"', '""')}"`;

/** POST /rpc/<name> with named arguments: types are those of the function. */
export function rpc(name, args = {}, who = {}) {
  const types = { data: "jsonb", gotrue_meta_security: "jsonb", create_user: "boolean", factor_id: "uuid", challenge_id: "uuid", identity_id: "uuid" };
  const names = Object.keys(args);
  const record = names.map((arg) => `${quoted(arg)} ${types[arg] ?? "text"}`).join(", ");
  const passed = names.map((arg) => `${quoted(arg)} := pgrst_body.${quoted(arg)}`).join(", ");
  const call = names.length === 0
    ? `SELECT "api".${quoted(name)}() AS pgrst_scalar`
    : `SELECT pgrst_call AS pgrst_scalar FROM (SELECT :'payload'::json AS json_data) pgrst_payload,
       LATERAL (SELECT * FROM json_to_record(pgrst_payload.json_data) AS _(${record}) LIMIT 1) pgrst_body,
       LATERAL "api".${quoted(name)}(${passed}) pgrst_call`;
  return transaction(who, "POST", `/rpc/${name}`, `WITH pgrst_source AS (${call})
    SELECT json_build_object('body', body, 'response_headers', response_headers, 'response_status', response_status) FROM (
    SELECT coalesce(json_agg(_postgrest_t.pgrst_scalar)->0, 'null') AS body, ${ANSWER}
    FROM (SELECT ${quoted(name)}.* FROM "pgrst_source" AS ${quoted(name)}) _postgrest_t) AS answer;`, { payload: JSON.stringify(args) });
}

/** The same with the whole body as the one unnamed argument. */
export const rpcBody = (name, body, who = {}) =>
  transaction(who, "POST", `/rpc/${name}`, `WITH pgrst_source AS (SELECT "api".${quoted(name)}(:'payload'::jsonb) AS pgrst_scalar)
    SELECT json_build_object('body', body, 'response_headers', response_headers, 'response_status', response_status) FROM (
    SELECT coalesce(json_agg(_postgrest_t.pgrst_scalar)->0, 'null') AS body, ${ANSWER}
    FROM (SELECT ${quoted(name)}.* FROM "pgrst_source" AS ${quoted(name)}) _postgrest_t) AS answer;`, { payload: JSON.stringify(body) });

/** GET /<view>?<filters>; a filter is a condition in SQL. */
export const read = (view, who = {}, filter = "true", order = "") =>
  transaction(who, "GET", `/${view}`, `WITH pgrst_source AS (SELECT "api".${quoted(view)}.* FROM "api".${quoted(view)} WHERE ${filter} ${order} LIMIT 1000 OFFSET 0)
    SELECT json_build_object('body', body, 'response_headers', response_headers, 'response_status', response_status) FROM (
    SELECT coalesce(json_agg(_postgrest_t), '[]') AS body, ${ANSWER}
    FROM (SELECT * FROM pgrst_source) _postgrest_t) AS answer;`);

/** DELETE /<view>?<filter>. */
export const remove = (view, who, filter) =>
  transaction(who, "DELETE", `/${view}`, `WITH pgrst_source AS (DELETE FROM "api".${quoted(view)} WHERE ${filter} RETURNING "api".${quoted(view)}.*)
    SELECT json_build_object('body', body, 'response_headers', response_headers, 'response_status', response_status) FROM (
    SELECT coalesce(json_agg(_postgrest_t), '[]') AS body, ${ANSWER}
    FROM (SELECT * FROM pgrst_source) _postgrest_t) AS answer;`);

/** Somebody who is signed in: {email, token, refresh, id}. */
export function member() {
  const email = newEmail();
  const { status, body } = rpc("signup", { email, password: PASSWORD });
  assert.equal(status, 200, JSON.stringify(body));
  return { email, token: body.access_token, refresh: body.refresh_token, id: body.user.id };
}

/** Sets the database up, once for each file of tests: they run one after another. */
export function setUp() {
  psql(`SELECT auth.create_api_roles(); GRANT anon, authenticated, service_role TO app WITH ADMIN OPTION;
    SET ROLE app; SELECT auth.create_api(); RESET ROLE;
    SELECT auth.set_setting('site_url', '"https://app.example.org"'), auth.set_setting('api_external_url', '"https://auth.example.org/auth/v1"'),
      auth.set_setting('mailer_autoconfirm', 'true'), auth.set_setting('rate_limit_email_sent', '"100000"');`);
}
