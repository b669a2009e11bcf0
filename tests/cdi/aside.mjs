// What a test does to everybody, and takes back before anybody can notice.
import { execFileSync } from "node:child_process";
import { join } from "node:path";

/**
 * What a query answers in the end, one value, after these statements: all in one transaction, which is rolled back.
 * Settings of the base can be tried like this, and the cleaning job, while other suites run.
 */
export function aside(statements, query) {
  const psql = join(process.env.PGBIN, "psql");
  const options = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", process.env.DATABASE_URL];
  const commands = ["BEGIN", ...statements, `\\echo ${END}`, query, "ROLLBACK"].flatMap((command) => ["-c", command]);
  const printed = execFileSync(psql, [...options, ...commands], { encoding: "utf8", stdio: "pipe" });
  return printed.slice(printed.indexOf(END) + END.length).trim();
}

const END = "-- answer --";

/** A text as a literal of SQL. */
export const quoted = (text) => `'${String(text).replaceAll("'", "''")}'`;

/** The SQL for a request, as the gateway puts it; the body of the answer. */
export const request = (method, path, headers) =>
  `SELECT convert_from(body, 'UTF8') FROM auth.http(${quoted(method)}, ${quoted(path)}, NULL,
     ${quoted(JSON.stringify(Object.entries(headers)))}, NULL)`;
