// A plan that is kept belongs to nobody: whoever runs it gets their own rows.
import { randomUUID } from "node:crypto";
import test from "node:test";
import { as, assert, become, connect, createRoles, rows, value } from "./support.mjs";

// A statement is planned for its values five times before Postgres decides; this goes on for longer.
const ROUNDS = 8;

const user = (tId) => {
  const sub = randomUUID();
  return { role: "authenticated", claims: { sub, ...(tId && { tId }) }, sees: [`by ${sub}`, `shared in ${tId ?? "public"}`] };
};
const [ada, bob, eve] = [user(), user("berlin"), user()];
const USERS = [ada, bob, eve];
const PEOPLE = [
  ada,
  { role: "anon", claims: { role: "anon" }, sees: ["for everybody"] },
  bob,
  { role: "authenticated", claims: {}, sees: [] },
  // The policy is for a role: what the claims say gives this one nothing less.
  { role: "service_role", claims: ada.claims, sees: [...USERS.map(({ sees }) => sees[0]), "for everybody", "shared in berlin", "shared in public"] },
  eve,
  { role: "anon", claims: ada.claims, sees: ["for everybody"] },
];

/** The forms in which a statement can read a table, in each of which policies could be forgotten. */
const FORMS = {
  table: "SELECT body FROM page WHERE body <> $1 ORDER BY body",
  "common table expression": "WITH pages AS (SELECT * FROM page) SELECT body FROM pages WHERE body <> $1 ORDER BY body",
  "common table expression, by itself": "WITH pages AS MATERIALIZED (SELECT * FROM page WHERE body <> $1) SELECT body FROM pages ORDER BY body",
  subquery: "SELECT p.body FROM (SELECT * FROM page WHERE body <> $1 OFFSET 0) p ORDER BY p.body",
  "subquery in an expression": "SELECT name FROM unnest(ARRAY(SELECT body FROM page WHERE body <> $1)) name ORDER BY name",
  "view of the caller": "SELECT body FROM pages_of_caller WHERE body <> $1 ORDER BY body",
  "function in SQL": "SELECT pages_in_sql($1) ORDER BY 1",
  "function in plpgsql": "SELECT pages_in_plpgsql($1) ORDER BY 1",
  "function in plpgsql, built": "SELECT pages_built($1) ORDER BY 1",
  join: "SELECT a.body FROM page a JOIN page b USING (id) WHERE a.body <> $1 ORDER BY 1",
};

const admin = await connect(test, "postgres");
await createRoles(admin);
await admin.query(`
  CREATE TABLE page (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, owner uuid, tenant text, body text NOT NULL);
  ALTER TABLE page ENABLE ROW LEVEL SECURITY;
  CREATE POLICY own ON page TO authenticated USING (owner = (SELECT auth.uid())) WITH CHECK (owner = (SELECT auth.uid()));
  CREATE POLICY shared ON page FOR SELECT TO authenticated
    USING (owner IS NULL AND tenant = (SELECT auth.tenant()) AND (SELECT auth.uid()) IS NOT NULL);
  CREATE POLICY everybody ON page FOR SELECT TO anon USING (owner IS NULL AND tenant IS NULL);
  CREATE POLICY service ON page TO service_role USING (true) WITH CHECK (true);
  GRANT SELECT, INSERT, UPDATE, DELETE ON page TO anon, authenticated, service_role;
  CREATE VIEW pages_of_caller WITH (security_invoker) AS SELECT * FROM page;
  CREATE FUNCTION pages_in_sql(other text) RETURNS SETOF text STABLE LANGUAGE sql
    AS 'SELECT body FROM page WHERE body <> other';
  CREATE FUNCTION pages_in_plpgsql(other text) RETURNS SETOF text STABLE LANGUAGE plpgsql
    AS 'BEGIN RETURN QUERY SELECT body FROM page WHERE body <> other; END';
  CREATE FUNCTION pages_built(other text) RETURNS SETOF text LANGUAGE plpgsql
    AS $$ BEGIN RETURN QUERY EXECUTE 'SELECT body FROM page WHERE body <> $1' USING other; END $$;
  GRANT SELECT ON pages_of_caller TO anon, authenticated, service_role`);
await admin.query(`INSERT INTO page (tenant, body) VALUES (NULL, 'for everybody'), ('public', 'shared in public'), ('berlin', 'shared in berlin')`);
for (const { claims } of USERS) await admin.query("INSERT INTO page (owner, body) VALUES ($1, $2)", [claims.sub, `by ${claims.sub}`]);

for (const mode of ["auto", "force_generic_plan", "force_custom_plan"]) {
  test(`everybody gets what is theirs, of one plan in one backend (plan_cache_mode = ${mode})`, async (t) => {
    const backend = await connect(t, "authenticator");
    await backend.query(`SET plan_cache_mode = ${mode}`);
    const pid = await value(backend, "SELECT pg_backend_pid()");
    for (const [n, [form, text]] of Object.entries(FORMS).entries()) {
      for (let round = 0; round < ROUNDS; round += 1) {
        for (const who of PEOPLE) {
          const seen = await as(backend, who, () => rows(backend, { name: `form${n}`, text }, ["nothing"]));
          assert.deepEqual(seen, [...who.sees].sort(), `${form}, round ${round}, ${JSON.stringify(who)}`);
        }
      }
    }
    assert.equal(await value(backend, "SELECT pg_backend_pid()"), pid);
    const uses = await rows(backend, "SELECT generic_plans::int, custom_plans::int FROM pg_prepared_statements");
    assert.equal(uses.length, Object.keys(FORMS).length);
    for (const [generic, custom] of uses) {
      assert.equal(generic + custom, ROUNDS * PEOPLE.length, "each was executed from the one plan that was prepared");
      if (mode === "force_generic_plan") assert.equal(custom, 0);
      else if (mode === "force_custom_plan") assert.equal(generic, 0);
      else assert.ok(custom >= 5, `${custom} plans for the values`);
    }
  });
}

test("the same for statements with parameters, in one transaction", async (t) => {
  const backend = await connect(t, "authenticator");
  const text = "SELECT count(*)::int FROM page WHERE body = $1";
  await backend.query("BEGIN");
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const who of PEOPLE) {
      await backend.query("RESET ROLE");
      await become(backend, who);
      for (const { sees: [body] } of USERS) {
        const expected = who.sees.includes(body) ? 1 : 0;
        assert.equal(await value(backend, { name: "one", text }, [body]), expected, JSON.stringify(who));
      }
    }
  }
  await backend.query("COMMIT");
});

test("the same for what writes", async (t) => {
  const backend = await connect(t, "authenticator");
  await backend.query("SET plan_cache_mode = force_generic_plan");
  const change = { name: "change", text: "UPDATE page SET body = body WHERE owner IS NOT NULL RETURNING body" };
  const add = { name: "add", text: "INSERT INTO page (owner, body) VALUES ($1, 'added')" };
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const who of USERS) {
      assert.deepEqual(await as(backend, who, () => rows(backend, change)), [who.sees[0]]);
      for (const { claims } of USERS) {
        const adding = as(backend, who, async () => {
          await rows(backend, add, [claims.sub]);
          throw new Error("added");
        });
        await assert.rejects(adding, claims === who.claims ? /^Error: added$/ : /violates row-level security policy/);
      }
    }
    assert.deepEqual(await as(backend, { role: "anon", claims: ada.claims }, () => rows(backend, change)), []);
  }
});

test("EXECUTE of a statement that another role has prepared", async (t) => {
  const backend = await connect(t, "authenticator");
  await as(backend, { role: "service_role", claims: {} }, () => backend.query("PREPARE pages AS SELECT body FROM page ORDER BY body"));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const who of PEOPLE) {
      assert.deepEqual(await as(backend, who, () => rows(backend, "EXECUTE pages")), [...who.sees].sort(), JSON.stringify(who));
    }
  }
});

test("with the transaction the claims are forgotten, however it ends", async (t) => {
  const backend = await connect(t, "authenticator");
  const who = { name: "who", text: "SELECT auth.uid(), current_user::text, (SELECT auth.jwt())" };
  for (const end of ["COMMIT", "ROLLBACK"]) {
    for (let round = 0; round < ROUNDS; round += 1) {
      await backend.query("BEGIN");
      await become(backend, ada);
      assert.equal((await rows(backend, who))[0][0], ada.claims.sub);
      await backend.query(end);
      assert.deepEqual(await rows(backend, who), [[null, "authenticator", null]]);
    }
  }
});
