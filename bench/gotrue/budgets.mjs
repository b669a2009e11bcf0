// The GoTrue door against its budgets: each operation through the gateway, less an answer that asks nothing of the tables,
// against what it cannot do without, in one run.
//   BENCH_CALLS=500   how many of each
import { answered, configure, median, newUser, sql, PASSWORD } from "./calls.mjs";

const CALLS = Number(process.env.BENCH_CALLS ?? 500);
const HASH_US = Number(process.env.BENCH_HASH_US); // what the library's own function takes
configure();
const EMAIL = "budget@example.org";
const { id } = (await newUser(EMAIL)).json;
const signIn = () => answered(200, "POST", "/token?grant_type=password", { body: { email: EMAIL, password: PASSWORD } });
const session = (await signIn()).json;

/** Median time of calls through the gateway, in microseconds. */
async function through(calls, operation) {
  for (let n = 0; n < 20; n += 1) await operation();
  const times = [];
  for (let n = 0; n < calls; n += 1) times.push((await operation()).us);
  return median(times);
}

/** Median time of these statements in one transaction, as psql sees it, in microseconds. */
function bare(...statements) {
  const prepared = statements.flatMap((statement, place) => ["-c", `PREPARE bare${place} AS ${statement}`]);
  const transaction = ["BEGIN", ...statements.map((_, place) => `EXECUTE bare${place}`), "COMMIT"];
  const runs = Array(CALLS).fill(transaction).flat().flatMap((run) => ["-c", run]);
  const printed = sql("SELECT 1", ...prepared, "-c", "\\timing on", ...runs);
  const times = [...printed.matchAll(/^Time: ([\d.]+) ms/gm)].map(([, ms]) => ms * 1000);
  const each = Array.from({ length: CALLS }, (_, run) => times.slice(run * transaction.length, (run + 1) * transaction.length));
  return median(each.map((all) => all.reduce((sum, us) => sum + us, 0)));
}

let token = session.refresh_token;
async function refresh() {
  const answer = await answered(200, "POST", "/token?grant_type=refresh_token", { body: { refresh_token: token } });
  token = answer.json.refresh_token;
  return answer;
}
const getUser = () => answered(200, "GET", "/user", { token: session.access_token });
const floor = await through(CALLS, () => answered(200, "GET", "/health"));
const password = await through(Math.ceil(CALLS / 5), signIn);
const refreshed = await through(CALLS, refresh);
const user = await through(CALLS, getUser);

// The bare statements. Both show the user, its identities and its factors; the refresh also has the session's new state and
// the entry in the audit log.
const own = sql(`SELECT id FROM auth.sessions WHERE user_id = '${id}' LIMIT 1`);
const reads = [
  `SELECT * FROM auth.sessions WHERE id = '${own}'`,
  `SELECT * FROM auth.users WHERE id = '${id}'`,
  `SELECT m.*, EXISTS (SELECT FROM auth.verified_emails v WHERE v.app_id = 'public' AND v.user_id = m.id::text AND v.email = m.email)
   FROM auth.login_methods m WHERE m.user_id = '${id}'`,
  `SELECT * FROM auth.totp_devices WHERE app_id = 'public' AND user_id = '${id}'`,
  `SELECT * FROM auth.phone_factors WHERE user_id = '${id}'`,
];
const userFloor = bare(...reads);
const refreshFloor = bare(...reads,
  `UPDATE auth.sessions SET generation = generation + 1, refreshed_at = now() WHERE id = '${own}'`,
  `INSERT INTO auth.audit_log_entries (id, app_id, payload, created_at, ip_address)
   SELECT gen_random_uuid(), app_id, payload, now(), ip_address FROM auth.audit_log_entries LIMIT 1`);

const row = (...cells) => console.log(`| ${cells.join(" | ")} |`);
row("operation", "through the gateway, us", "in the database, us", "floor, us", "ratio", "budget");
row("---", "---:", "---:", "---:", "---:", "---");
const us = (value) => value.toFixed(0);
row("GET /health", us(floor), "0", "-", "-", "-");
row("password grant", us(password), us(password - floor), us(HASH_US), `${us(password - floor - HASH_US)} us on top`, "the hash and 1000 us");
row("refresh grant", us(refreshed), us(refreshed - floor), us(refreshFloor), ((refreshed - floor) / refreshFloor).toFixed(2), "1.5 x");
row("GET /user", us(user), us(user - floor), us(userFloor), ((user - floor) / userFloor).toFixed(2), "1.5 x");
process.exit(0);
