// What the benchmarks of the GoTrue door share: calls through the gateway, one after another, on one connection.
import { execFileSync } from "node:child_process";
import { Agent, request } from "node:http";
import { createHmac } from "node:crypto";
import { join } from "node:path";

export const PASSWORD = "correct horse 1";
const SECRET = "a secret of this benchmark, long enough";
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const { AUTH_URL, DATABASE_URL, PGBIN } = process.env;

/** What psql prints of a statement. */
export const sql = (statement, ...options) =>
  execFileSync(join(PGBIN, "psql"), ["-XqAt", "-v", "ON_ERROR_STOP=1", "-d", DATABASE_URL, ...options, "-c", statement], { encoding: "utf8" }).trim();

const base64url = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

function adminToken() {
  const message = `${base64url({ alg: "HS256", typ: "JWT" })}.${base64url({ role: "service_role" })}`;
  return `${message}.${createHmac("sha256", SECRET).update(message).digest("base64url")}`;
}

/** Settings under which nothing but the operation itself takes time: no limit on how often, no hook. */
export function configure(more = {}) {
  const settings = {
    jwt_secret: SECRET, site_url: "https://app.example.org", api_external_url: `${AUTH_URL}/auth/v1`,
    rate_limit_email_sent: "1000000", smtp_max_frequency: "0s", sms_max_frequency: "0s", ...more, rate_limit_token_refresh: "1000000", rate_limit_verify: "1000000", rate_limit_otp: "1000000",
  };
  for (const [key, value] of Object.entries(settings)) {
    sql(`SELECT auth.set_setting('${key}', '${JSON.stringify(value).replaceAll("'", "''")}')`);
  }
}

/** A call; its status, its document, and how long it took, in microseconds. */
export function call(method, path, { body, token } = {}) {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const headers = { ...(token && { authorization: `Bearer ${token}` }), ...(text && { "content-length": Buffer.byteLength(text) }) };
  return new Promise((resolve, reject) => {
    const begin = process.hrtime.bigint();
    const sent = request(`${AUTH_URL}/auth/v1${path}`, { method, agent, headers }, (response) => {
      const parts = [];
      response.on("data", (part) => parts.push(part));
      response.on("end", () => {
        const us = Number(process.hrtime.bigint() - begin) / 1000;
        const answer = Buffer.concat(parts).toString();
        resolve({ status: response.statusCode, us, text: answer, json: answer.startsWith("{") ? JSON.parse(answer) : undefined });
      });
    });
    sent.on("error", reject);
    sent.end(text);
  });
}

/** The same, which must answer this. */
export async function answered(status, ...args) {
  const answer = await call(...args);
  if (answer.status !== status) throw new Error(`${args[0]} ${args[1]}: ${answer.status} ${answer.text}`);
  return answer;
}

/** A confirmed user. */
export const newUser = (email) =>
  answered(200, "POST", "/admin/users", { body: { email, password: PASSWORD, email_confirm: true }, token: adminToken() });

export const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
