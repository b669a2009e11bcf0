// What the races share: calls over HTTP, and backends that psql holds open, so that statements begin at once.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** How many do the same at once. */
export const MANY = 16;

/** A call of the CDI: {code, status, ...the rest of the answer}. */
export const cdi = async (method, path, body, version = "5.4") => {
  const response = await fetch(process.env.AUTH_URL + path, {
    method,
    headers: { "cdi-version": version },
    body: body && JSON.stringify(body),
    signal: AbortSignal.timeout(60_000),
  });
  const text = await response.text();
  try {
    return { code: response.status, ...JSON.parse(text) };
  } catch {
    return { code: response.status, status: text.trim() };
  }
};

export const post = (path, body, version) => cdi("POST", path, body, version);
export const put = (path, body, version) => cdi("PUT", path, body, version);

/** Begins `call(0)` to `call(count - 1)` at once. */
export const atOnce = (call, count = MANY) => Promise.all(Array.from({ length: count }, (_, n) => call(n)));

/** How often each value occurs: {OK: 1, EMAIL_ALREADY_EXISTS_ERROR: 15}. */
export const tally = (values) =>
  values.reduce((counts, value) => ({ ...counts, [value]: (counts[value] ?? 0) + 1 }), {});

/** The same of the statuses of answers; errors of the database count by their SQLSTATE. */
export const statuses = (answers) => tally(answers.map((answer) => answer.status ?? answer));

/** A text as a literal of SQL. */
export const quoted = (text) => `'${String(text).replaceAll("'", "''")}'`;

const END = "-- end of answer --";

/** One backend. Statements of one are answered in order; those of several run side by side. */
export class Backend {
  #waiting = [];
  #lines = [];

  constructor() {
    const options = ["-X", "-q", "-A", "-t", "-v", "VERBOSITY=sqlstate", "-d", process.env.DATABASE_URL];
    // Errors go where the answers go.
    this.psql = spawn("sh", ["-c", 'exec "$0" "$@" 2>&1', join(process.env.PGBIN, "psql"), ...options], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    createInterface({ input: this.psql.stdout }).on("line", (line) => {
      if (line !== END) return this.#lines.push(line);
      this.#waiting.shift()(this.#lines.splice(0));
    });
  }

  /** What a statement answers: a document, a text, or, where it failed, {sqlstate}. */
  async ask(statement) {
    const lines = await new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.psql.stdin.write(`${statement};\n\\echo '${END}'\n`);
    });
    const error = lines.find((line) => line.startsWith("ERROR:"));
    if (error) return { status: error.match(/ERROR:\s+(\w+)/)[1], failed: true };
    const text = lines.join("\n");
    return text.startsWith("{") ? JSON.parse(text) : text;
  }

  /** Its process, asked for once: later it may be busy. */
  id() {
    return (this.pid ??= this.ask("SELECT pg_backend_pid()"));
  }

  close() {
    this.psql.stdin.end();
  }
}

/** MANY backends that are connected; closed when the test ends. */
export const backends = async (test, count = MANY) => {
  const all = Array.from({ length: count }, () => new Backend());
  test.after(() => all.forEach((backend) => backend.close()));
  await Promise.all(all.map((backend) => backend.id()));
  return all;
};

let observer;

/** One value of the database, by a backend that takes no part. */
export const value = async (statement) => {
  observer ??= new Backend();
  observer.psql.unref();
  const answer = await observer.ask(statement);
  assert.ok(!answer.failed, `${statement}: ${answer.status}`);
  return answer;
};

export const count = async (from) => Number(await value(`SELECT count(*) FROM ${from}`));

/** Lets the observer end; a file's tests call it last. */
export const endObserving = () => observer?.close();

/** Waits until a statement was answered, or its backend waits for a lock. */
export const answeredOrWaiting = async (backend, answer) => {
  let answered = false;
  answer.then(() => (answered = true));
  const waits = `SELECT cardinality(pg_blocking_pids(${await backend.id()})) > 0`;
  while (!answered && (await value(waits)) === "f");
};

/**
 * The interleaving that a race hits by luck: `first` is done in a transaction that is still open when `second`
 * begins, and is committed once `second` is done or waits. Both answers.
 */
export const interleaved = async ([one, other], first, second) => {
  await one.ask("BEGIN");
  const firstAnswer = await one.ask(first);
  const secondAnswer = other.ask(second);
  await answeredOrWaiting(other, secondAnswer);
  await one.ask("COMMIT");
  return [firstAnswer, await secondAnswer];
};

/** How many deadlocks the server has seen. */
export const deadlocks = () =>
  readFileSync(join(process.env.AUTH_CLUSTER, "postgres.log"), "utf8").split("deadlock detected").length - 1;

let serial = 0;

/** An address that nobody has. */
export const address = () => `user-${process.pid}-${(serial += 1)}@example.org`;

/** A name for an app or a tenant that does not exist. */
export const name = () => `n${process.pid}-${(serial += 1)}`;

/** A new user: {id, email}; the password is "old". */
export const newUser = async (email = address()) => {
  const answer = await post("/recipe/signup", { email, password: "old" });
  assert.equal(answer.status, "OK");
  return { id: answer.user.id, email };
};

export const signIn = async (email, password) => (await post("/recipe/signin", { email, password })).status;

/** A new session of the caller's dialect. */
export const newSession = async (userId, version, path = "") => {
  const body = { userId, userDataInJWT: {}, userDataInDatabase: {}, enableAntiCsrf: false };
  const answer = await post(`${path}/recipe/session`, body, version);
  assert.equal(answer.status, "OK", JSON.stringify(answer));
  return answer;
};

export const refresh = (token, version) =>
  post("/recipe/session/refresh", { refreshToken: token, enableAntiCsrf: false, useDynamicSigningKey: true }, version);
