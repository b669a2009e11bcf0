// Through pgbouncer in transaction mode: connections are shared, and nothing of one client is left for the next.
import { randomUUID } from "node:crypto";
import test from "node:test";
import { DIRECT, NOBODY, as, assert, become, bearer, connect, createRoles, rows, value } from "./support.mjs";

const CLIENTS = 12;
const CONNECTIONS = 3; // pool_size of `auth` in run.sh
const TURNS = 100; // of each client, two transactions each

/** Clients of the pooler, all of them connected. */
const many = (t, user, database = "auth", count = CLIENTS) =>
  Promise.all(Array.from({ length: count }, () => connect(t, user, { ...DIRECT, host: process.env.POOLER_DIR, database })));
/** Calls `work` for each client at once. */
const atOnce = (clients, work) => Promise.all(clients.map(work));

// pgbouncer keeps track of the statements that a client prepares in the protocol from 1.21 on. An older one gives a client
// that names a statement another connection, which does not know it: there clients must leave theirs without a name, and
// what is prepared in SQL is the connection's, whoever comes next.
const tracked = process.env.POOLER_PREPARES === "1";
const prepared = (name, text) => (tracked ? { name, text } : { text });

const admin = await connect(test, "postgres");
await createRoles(admin);
await admin.query(`
  CREATE TABLE line (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, owner uuid NOT NULL, body text NOT NULL);
  CREATE INDEX ON line (owner);
  ALTER TABLE line ENABLE ROW LEVEL SECURITY;
  CREATE POLICY own ON line TO authenticated USING (owner = (SELECT auth.uid())) WITH CHECK (owner = (SELECT auth.uid()));
  CREATE POLICY service ON line TO service_role USING (true);
  GRANT SELECT, INSERT, UPDATE, DELETE ON line TO anon, authenticated, service_role`);

const OWNERS = prepared("owners", "SELECT owner, count(*)::int FROM line WHERE body <> $1 GROUP BY owner");
const WHO = prepared("who", `SELECT auth.uid(), auth.jwt(), current_user::text, current_setting('role'), nullif(current_setting('request.jwt.claims', true), '')
  FROM generate_series(1, $1::int)`);
const UNKNOWN = [null, null, "authenticator", "none", null];

test(`${CLIENTS} clients of ${CONNECTIONS} connections: in thousands of transactions everybody sees their own rows`, async (t) => {
  const clients = await many(t, "authenticator");
  const served = new Map(); // backend → clients
  const users = clients.map(() => ({ role: "authenticated", claims: { sub: randomUUID() } }));
  await atOnce(clients, async (client, n) => {
    const who = users[n];
    let own = 0;
    for (let turn = 0; turn < TURNS; turn += 1) {
      const isKept = turn % 3 > 0;
      const work = as(client, who, async () => {
        const expected = own === 0 ? [] : [[who.claims.sub, own]];
        assert.deepEqual(await rows(client, OWNERS, ["nothing"]), expected);
        await client.query("INSERT INTO line (owner, body) VALUES ($1, $2)", [who.claims.sub, `by client ${n}`]);
        if (turn % 3 === 0) throw new Error("rolled back");
        if (turn % 3 === 1) assert.equal(await value(client, "SELECT auth.uid()"), who.claims.sub);
        const pid = await value(client, "SELECT pg_backend_pid()");
        served.set(pid, (served.get(pid) ?? new Set()).add(n));
      });
      await (isKept ? work : assert.rejects(work, /^Error: rolled back$/));
      if (isKept) own += 1;
      // Whoever had this connection before has left nothing.
      assert.deepEqual(await rows(client, WHO, [1]), [UNKNOWN]);
      assert.deepEqual(await as(client, NOBODY, () => rows(client, OWNERS, ["nothing"])), []);
    }
  });
  assert.ok(served.size <= CONNECTIONS, `${served.size} connections`);
  assert.ok([...served.values()].every((numbers) => numbers.size > 1), "each connection served several clients");

  // Nor does a transaction that fails leave anything, or one that is open when its client goes.
  await atOnce(clients, async (client, n) => {
    const who = users[n];
    await assert.rejects(as(client, who, () => client.query("INSERT INTO line (owner, body) VALUES ($1, 'forged')", [randomUUID()])), /row-level security/);
    await client.query("BEGIN");
    await become(client, who);
    await client.end();
  });
  const [after] = await many(t, "authenticator", "auth", 1);
  for (let turn = 0; turn < 20; turn += 1) assert.deepEqual(await rows(after, WHO, [1]), [UNKNOWN]);
  const counts = await as(after, { role: "service_role", claims: {} }, () => rows(after, OWNERS, ["nothing"]));
  assert.deepEqual(counts.map(([, count]) => count), Array(CLIENTS).fill(Math.floor((TURNS * 2) / 3)));
});

test("a statement that one client has prepared on a connection, executed by others", async (t) => {
  const clients = await many(t, "authenticator", "single");
  await as(clients[0], { role: "service_role", claims: {} }, () => clients[0].query("PREPARE owners_of AS SELECT DISTINCT owner FROM line"));
  const owners = (client) => rows(client, "EXECUTE owners_of");
  await atOnce(clients, async (client) => {
    const who = { role: "authenticated", claims: { sub: randomUUID() } };
    await as(client, who, () => client.query("INSERT INTO line (owner, body) VALUES ($1, 'one')", [who.claims.sub]));
    for (let turn = 0; turn < 20; turn += 1) {
      assert.deepEqual(await as(client, who, () => owners(client)), [who.claims.sub]);
      assert.deepEqual(await as(client, NOBODY, () => owners(client)), []);
      await assert.rejects(owners(client), /permission denied for table line/);
    }
  });
  assert.ok((await as(clients[1], { role: "service_role", claims: {} }, () => owners(clients[1]))).length >= CLIENTS);
  await clients[1].query("DEALLOCATE owners_of");
});

test("what SET leaves, the next client finds: the claims are set for a transaction", async (t) => {
  const [one, other] = await many(t, "authenticator", "single", 2);
  const sub = randomUUID();
  await one.query(`SET request.jwt.claims = '{"sub": "${sub}"}'`);
  assert.equal(await value(other, "SELECT auth.uid()"), sub);
  await one.query("RESET request.jwt.claims");
  assert.equal(await value(other, "SELECT auth.uid()"), null);
});

test("sign-up, sign-in, sessions and their checks, many at once", async (t) => {
  const [servers, clients] = await Promise.all([many(t, "server"), many(t, "authenticator")]);
  await atOnce(servers, async (server, n) => {
    const call = (statement, ...values) => value(server, prepared(statement.replace(/\W+/g, "_"), `SELECT ${statement} AS answer`), values);
    const email = `pooled-${randomUUID()}@example.org`;
    const { status, user } = await call("auth.sign_up($1, $2)", email, "correct horse 1");
    assert.equal(status, "OK");
    assert.equal((await call("auth.sign_in($1, $2)", email, "wrong horse")).status, "WRONG_CREDENTIALS_ERROR");
    assert.equal((await call("auth.sign_in($1, $2)", email, "correct horse 1")).user.id, user.id);
    let session = await call("auth.create_session($1)", user.id);
    for (let turn = 0; turn < 20; turn += 1) {
      const { token } = session.accessToken;
      const verified = await call("auth.verify_session($1)", token);
      assert.deepEqual([verified.status, verified.session.userId], ["OK", user.id]);
      const asked = await as(clients[n], bearer(token), () => rows(clients[n], prepared("asked", "SELECT auth.uid(), (SELECT auth.session_is_live()) WHERE $1"), [true]));
      assert.deepEqual(asked, [[user.id, true]]);
      session = await call("auth.refresh($1)", session.refreshToken.token);
      assert.deepEqual([session.status, session.session.userId], ["OK", user.id]);
    }
    assert.deepEqual((await call("auth.revoke_session($1)", session.session.handle)).sessionHandlesRevoked, [session.session.handle]);
    const { token } = session.accessToken;
    assert.equal((await call("auth.verify_session($1, check_database => true)", token)).status, "UNAUTHORISED");
    assert.equal(await as(clients[n], bearer(token), () => value(clients[n], "SELECT auth.session_is_live()")), false);
  });
});

test("of many who sign up with one address, one does", async (t) => {
  const servers = await many(t, "server");
  const email = `pooled-${randomUUID()}@example.org`;
  const answers = await atOnce(servers, (server) => value(server, "SELECT auth.sign_up($1, 'correct horse 1')", [email]));
  assert.deepEqual(answers.map(({ status }) => status).sort(), [...Array(CLIENTS - 1).fill("EMAIL_ALREADY_EXISTS_ERROR"), "OK"]);
});

test("of many who refresh with one token, one wins, and the others are theft", async (t) => {
  const servers = await many(t, "server");
  const [server] = servers;
  await admin.query("SELECT auth.set_setting('refresh_token_rotation_grace_period', '0')");
  t.after(() => admin.query("SELECT auth.set_setting('refresh_token_rotation_grace_period', NULL)"));
  for (let round = 0; round < 10; round += 1) {
    const { session, refreshToken } = await value(server, "SELECT auth.create_session($1)", [randomUUID()]);
    const answers = await atOnce(servers, (each) => value(each, "SELECT auth.refresh($1)", [refreshToken.token]));
    const count = (status) => answers.filter((answer) => answer.status === status).length;
    assert.equal(count("OK"), 1);
    // The first that comes too late ends the session; those after it find none.
    assert.ok(count("TOKEN_THEFT_DETECTED") >= 1);
    assert.equal(count("TOKEN_THEFT_DETECTED") + count("UNAUTHORISED"), CLIENTS - 1);
    assert.equal((await value(server, "SELECT auth.get_session($1)", [session.handle])).status, "UNAUTHORISED");
  }
});
