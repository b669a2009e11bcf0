// A stand-in for PostgREST, for pages of docs/ on machines that do not have it: where there is one, bin/postgrest takes it.
// It follows PostgREST's documentation in what these pages can see:
//   Authentication   the bearer token, checked against jwt-secret, says which role the request runs as; without one db-anon-role
//   Transactions     each request is one transaction with the documented settings, read-only for GET; a function sets
//                    status and headers of the answer by response.status and response.headers
//   Schema cache     tables, views and functions are those of the first of db-schemas, as they were when it was read
//   Functions        POST /rpc/<function> by named arguments, or with the body as the one unnamed argument
//   Tables and views GET, POST, PATCH, DELETE with simple filters, select, order and limit; Prefer: return=representation
//   Errors           Postgres' and its own, as documents with their statuses
// It connects as db-uri says, so that rights and policies are those of the roles. Everything else is an error here.
//   node server.mjs postgrest.conf
import { createServer } from "node:http";
import pg from "pg";
import { connection, readConfig } from "./config.mjs";
import { Refusal, answerFor } from "./errors.mjs";
import { Schema } from "./schema.mjs";
import { call, request } from "./statements.mjs";
import { authenticator } from "./token.mjs";

const config = readConfig(process.argv[2]);
const pool = new pg.Pool(connection(config["db-uri"]));
const schema = new Schema(pool, config["db-schemas"].split(",")[0].trim());
const claimsOf = authenticator(config);

async function bodyOf(incoming) {
  let text = "";
  for await (const chunk of incoming.setEncoding("utf8")) text += chunk;
  try {
    return JSON.parse(text || "{}");
  } catch {
    throw new Refusal(400, "PGRST102", "Empty or invalid json");
  }
}

/** The statement of a request, and the status if the statement sets none. */
async function plan(method, { pathname, searchParams }, incoming) {
  const body = method === "POST" || method === "PATCH" ? await bodyOf(incoming) : null;
  const [, isFunction, name] = /^\/(rpc\/)?([^/]+)$/.exec(pathname) ?? [];
  if (!name) throw new Refusal(404, "PGRST125", "Invalid path specified in request URL");
  if (isFunction) {
    if (method !== "POST") throw new Refusal(405, "PGRST101", `Cannot use the ${method} method on RPC`);
    const routine = schema.routine(name, Object.keys(body));
    return { ...call(schema.name, routine, body), isReadOnly: !routine.is_volatile, usual: routine.is_void ? 204 : 200 };
  }
  const isShown = method === "GET" || /return=representation/.test(incoming.headers.prefer);
  const usual = { GET: 200, POST: 201, PATCH: isShown ? 200 : 204, DELETE: isShown ? 200 : 204 }[method];
  if (!usual) throw new Refusal(405, "PGRST117", `Unsupported HTTP method: ${method}`);
  const statement = request(schema.name, schema.relation(name), method, Object.fromEntries(searchParams), body, isShown);
  return { ...statement, isReadOnly: method === "GET", usual };
}

const SETTINGS = ["search_path", "role", "request.jwt.claims", "request.method", "request.path", "request.headers", "request.cookies"];
const SET = `SELECT ${SETTINGS.map((name, index) => `set_config('${name}', $${index + 1}, true)`).join(", ")}`;

async function run({ text, values, isReadOnly }, settings) {
  const client = await pool.connect();
  try {
    await client.query(`BEGIN ISOLATION LEVEL READ COMMITTED READ ${isReadOnly ? "ONLY" : "WRITE"}`);
    await client.query(SET, settings);
    const { rows } = await client.query(text, values);
    await client.query("COMMIT");
    return rows[0];
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  } finally {
    client.release();
  }
}

async function answer(incoming) {
  const { method, headers } = incoming;
  const url = new URL(incoming.url, "http://localhost");
  let role = config["db-anon-role"];
  try {
    const claims = await claimsOf(headers);
    role = claims.role;
    const planned = await plan(method, url, incoming);
    const settings = [`"${schema.name}", "public"`, role, JSON.stringify(claims), method, url.pathname, JSON.stringify(headers), "{}"];
    const said = await run(planned, settings);
    return { status: said.status ?? planned.usual, headers: said.headers ?? [], body: said.body };
  } catch (error) {
    return answerFor(error, role === config["db-anon-role"]);
  }
}

const server = createServer(async (incoming, outgoing) => {
  const { status, headers, body } = await answer(incoming);
  outgoing.statusCode = status;
  outgoing.setHeader("Content-Type", "application/json; charset=utf-8");
  // One name may come several times.
  for (const [name, value] of headers.flatMap(Object.entries)) outgoing.appendHeader(name, value);
  outgoing.end(status === 204 ? undefined : body);
});

await schema.load();
await schema.listen();
server.listen(Number(config["server-port"]), config["server-host"], () =>
  console.error(`A stand-in for PostgREST listens on ${config["server-host"]}:${config["server-port"]}`));
