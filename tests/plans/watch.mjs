// Reads the plans that auto_explain writes to the server's log, and judges them.
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { assert, sql } from "../cdi/helper.mjs";
import { EXCEPTIONS } from "./exceptions.mjs";

const BIG = 1000; // rows
const MOST = 2000; // rows that a statement may read: four for each user on the longest page

const log = openSync(join(process.env.AUTH_CLUSTER, "postgres.log"), "r");

/** Tables with more rows than that, and the others. */
const tables = sql(
  `SELECT relname AS name, reltuples > $1 AS big FROM pg_class
   WHERE relnamespace = 'auth'::regnamespace AND relkind = 'r' ORDER BY relname`,
  BIG,
);
const big = new Set(tables.filter((table) => table.big).map(({ name }) => name));
export const small = tables.filter((table) => !table.big).map(({ name }) => name);

let position = fstatSync(log).size;

/** The plans that were logged since the last call: {"Query Text", Plan, Settings, ...}. */
function newPlans() {
  const bytes = Buffer.alloc(fstatSync(log).size - position);
  position += readSync(log, bytes, 0, bytes.length, position);
  const plans = [];
  let lines; // of the plan that is being read
  for (const line of `${bytes}`.split("\n")) {
    if (lines && line.startsWith("\t")) {
      lines.push(line);
      continue;
    }
    if (lines) plans.push(JSON.parse(lines.join("\n").replaceAll("\t", " ")));
    lines = /LOG: {2}duration: .* plan:$/.test(line) ? [] : undefined;
  }
  return plans;
}

const nodes = (node) => [node, ...(node.Plans ?? []).flatMap(nodes)];

/** How many rows a node has looked at. */
function read(node) {
  const all = ["Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck"];
  return Math.round(all.reduce((sum, name) => sum + (node[name] ?? 0), 0) * (node["Actual Loops"] ?? 1));
}

/** What is wrong with a plan, in one line each. */
function faults({ "Query Text": text, Plan }) {
  const statement = text.replace(/\s+/g, " ").trim();
  if (EXCEPTIONS.some(({ of }) => of.test(statement))) return [];
  const wrong = nodes(Plan).filter((node) => big.has(node["Relation Name"])).flatMap((node) => {
    const scan = `${node["Node Type"]} on ${node["Relation Name"]}`;
    if (node["Node Type"] === "Seq Scan") return [scan];
    return read(node) > MOST ? [`${scan} reads ${read(node)} rows`] : [];
  });
  return wrong.map((what) => `${what}: ${statement}`);
}

const PREFIX = /^(\/appid-[^/]+)?(\/(?!recipe|users|user|bulk-import|requests)[^/]+)?(?=\/)/;

/** The operations that were called: "GET /users", ... */
export const called = new Set();

/** What the calls of the present test have done wrong, beginning with the call. */
const findings = [];

const send = globalThis.fetch;
globalThis.fetch = async (url, options) => {
  const response = await send(url, options);
  const body = await response.arrayBuffer(); // only then all of the answer has been given
  const { pathname } = new URL(url);
  const paths = [pathname, pathname.replace(/^\/appid-[^/]+/, ""), pathname.replace(PREFIX, "")];
  const method = options?.method ?? "GET";
  for (const path of paths) called.add(`${method} ${path.replace(/\/$/, "")}`);
  for (const fault of newPlans().flatMap(faults)) findings.push(`${method} ${pathname}: ${fault}`);
  const empty = [204, 304].includes(response.status);
  return new Response(empty ? null : body, response);
};

/** A test whose calls must all succeed, and read no more than they have to. */
export const operations = (name, body) =>
  test(name, async () => {
    findings.length = 0;
    await body();
    assert.deepEqual([...new Set(findings)], []);
  });

/** A statement of SQL, watched as calls are. */
export function watched(statement) {
  newPlans();
  const { PGOPTIONS } = process.env;
  delete process.env.PGOPTIONS;
  try {
    return sql(`SELECT ${statement} AS answer`)[0].answer;
  } finally {
    process.env.PGOPTIONS = PGOPTIONS;
    findings.push(...newPlans().flatMap(faults).map((fault) => `${statement}: ${fault}`));
  }
}
