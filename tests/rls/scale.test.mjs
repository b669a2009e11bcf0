// On a million rows a policy costs what its condition costs, with the id written out: the caller is asked for once.
// Pages and rows are counted, not time: that is measured by bench/rls.sh.
import test from "node:test";
import { as, assert, connect, createRoles, value } from "./support.mjs";

const owner = (n) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
const BIG = owner(0); // has every second row
const SMALL = owner(7); // has a thousand
const FACTOR = 1.1;

const admin = await connect(test, "postgres");
await createRoles(admin);
await admin.query("ALTER ROLE authenticator SET track_functions = 'all'");
// Of several processes that share a scan the means are told, rounded: too little to count by.
await admin.query("ALTER ROLE authenticator SET max_parallel_workers_per_gather = 0; SET max_parallel_workers_per_gather = 0");
await admin.query(`
  CREATE UNLOGGED TABLE entry (id integer PRIMARY KEY, owner uuid NOT NULL, tenant text NOT NULL, body text NOT NULL);
  INSERT INTO entry
    SELECT n, ('00000000-0000-4000-8000-' || lpad((CASE WHEN n % 2 = 0 THEN 0 ELSE (n / 2) % 500 + 1 END)::text, 12, '0'))::uuid, 'tenant ' || n % 100, 'entry ' || n
    FROM generate_series(1, 1000000) n;
  CREATE INDEX entry_owner ON entry (owner);
  CREATE INDEX entry_tenant ON entry (tenant);
  ALTER TABLE entry ENABLE ROW LEVEL SECURITY;
  GRANT SELECT ON entry TO authenticated`);
// Sets the bits that say that all rows of a page are visible, which the first reader would do else.
await admin.query("VACUUM (ANALYZE, FREEZE) entry");

const CLAIMS = { sub: SMALL, role: "authenticated", tId: "tenant 7", session_id: owner(1) };

/** Has `condition` be the one policy of the table. */
async function policy(condition, work) {
  await admin.query(`CREATE POLICY tested ON entry TO authenticated USING (${condition})`);
  try {
    return await work();
  } finally {
    await admin.query("DROP POLICY tested ON entry");
  }
}

const explained = async (client, query) => {
  const [{ Plan: plan }] = await value(client, `EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) ${query}`);
  return plan;
};

/** All nodes of a plan. */
const nodes = (plan) => [plan, ...(plan.Plans ?? []).flatMap(nodes)];
const initPlans = (plan) => nodes(plan).filter((node) => node["Parent Relationship"] === "InitPlan");
const usesIndex = (plan, name) => nodes(plan).some((node) => node["Index Name"] === name);
/** Pages that a plan looked at, wherever they were. */
const pages = (plan) => plan["Shared Hit Blocks"] + plan["Shared Read Blocks"];
/** Rows that the table gave: those that the plan passes on, and those that it looked at in vain. */
function read(plan) {
  const scans = nodes(plan).filter((node) => node["Relation Name"] === "entry");
  const sum = (...names) => scans.reduce((all, node) => all + names.reduce((some, name) => some + (node[name] ?? 0), 0) * node["Actual Loops"], 0);
  return { kept: Math.round(sum("Actual Rows")), looked: sum("Actual Rows", "Rows Removed by Filter") };
}

const QUERIES = {
  "all rows": (where = "") => `SELECT count(*), sum(length(body)) FROM entry ${where && `WHERE ${where}`}`,
  "the newest": (where = "") => `SELECT id, body FROM entry ${where && `WHERE ${where}`} ORDER BY id DESC LIMIT 20`,
  "one row": (where = "") => `SELECT body FROM entry WHERE id = 15 ${where && `AND ${where}`}`,
};

for (const [whose, sub, count] of [["a thousand rows", SMALL, 1000], ["half of all rows", BIG, 500_000]]) {
  for (const [name, query] of Object.entries(QUERIES)) {
    test(`${name} of somebody who has ${whose}: as with the id written out`, async (t) => {
      const backend = await connect(t, "authenticator");
      const literal = await explained(admin, query(`owner = '${sub}'`));
      const who = { role: "authenticated", claims: { ...CLAIMS, sub } };
      const plan = await policy("owner = (SELECT auth.uid())", () => as(backend, who, () => explained(backend, query())));
      assert.deepEqual(initPlans(plan).map((node) => node["Actual Loops"]), [1], "auth.uid() is computed once");
      if (name === "all rows") {
        assert.equal(read(plan).kept, count);
        assert.ok(usesIndex(plan, "entry_owner"), JSON.stringify(plan));
      }
      assert.equal(read(plan).kept, read(literal).kept);
      assert.ok(read(plan).looked <= FACTOR * read(literal).looked, `${read(plan).looked} rows, ${read(literal).looked} with the id`);
      assert.ok(pages(plan) <= FACTOR * pages(literal), `${pages(plan)} pages, ${pages(literal)} with the id`);
    });
  }
}

// [the function, the condition, how many rows it lets through, the same condition with what the functions give]
const ONCE = [
  // What the first half gives is known when the query runs, not when it is planned: no index helps.
  ["has_role", "(SELECT auth.has_role('clerk')) OR owner = (SELECT auth.uid())", 1000, `body IS NULL OR owner = '${SMALL}'`],
  ["has_permission", "(SELECT auth.has_permission('write')) OR owner = (SELECT auth.uid())", 1000, `body IS NULL OR owner = '${SMALL}'`],
  ["session_is_live", "owner = (SELECT auth.uid()) AND NOT (SELECT auth.session_is_live())", 1000, `owner = '${SMALL}'`],
  ["session_is_live", "tenant = (SELECT auth.tenant()) AND NOT (SELECT auth.session_is_live())", 10_000, "tenant = 'tenant 7'"],
];
const CALLS = "SELECT coalesce(sum(calls), 0)::int FROM pg_stat_xact_user_functions WHERE schemaname = 'auth' AND funcname = $1";

for (const [name, condition, count, literal] of ONCE) {
  test(`auth.${name}() is called once a query: ${condition}`, async (t) => {
    const backend = await connect(t, "authenticator");
    const query = QUERIES["all rows"];
    const compared = await explained(admin, query(literal));
    const who = { role: "authenticated", claims: CLAIMS };
    await policy(condition, async () => {
      // The first call in a backend reads catalogues and makes a plan.
      await as(backend, who, () => backend.query(query()));
      await as(backend, who, async () => {
        const before = await value(backend, CALLS, [name]);
        const plan = await explained(backend, query());
        assert.equal((await value(backend, CALLS, [name])) - before, 1);
        assert.ok(initPlans(plan).length >= 2);
        assert.deepEqual(new Set(initPlans(plan).map((node) => node["Actual Loops"])), new Set([1]));
        assert.equal(read(plan).kept, count);
        assert.ok(pages(plan) <= FACTOR * pages(compared), `${pages(plan)} pages, ${pages(compared)} with the id`);
      });
    });
  });
}

test("without SELECT around it a function is asked for each row", async (t) => {
  const backend = await connect(t, "authenticator");
  const calls = await policy("tenant = 'tenant 7' AND (id < 0 OR NOT auth.has_role('clerk'))", () =>
    as(backend, { role: "authenticated", claims: CLAIMS }, async () => {
      await backend.query(QUERIES["all rows"]());
      return value(backend, CALLS, ["has_role"]);
    }));
  assert.equal(calls, 10_000);
});
