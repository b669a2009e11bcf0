// The views of the API schema: nobody sees or touches what is another's.
import { test } from "node:test";
import { assert, member, psql, read, remove, rpc, setUp } from "./postgrest.mjs";

setUp();
const service = { claims: { role: "service_role" } };

test("a user sees itself", () => {
  const who = member();
  const [me] = read("me", who).body;
  assert.deepEqual([me.id, me.email, me.role, me.is_anonymous], [who.id, who.email, "authenticated", false]);
  const [session] = read("my_sessions", who).body;
  assert.deepEqual([session.is_current, session.user_agent, session.aal], [true, "test", "aal1"]);
  assert.deepEqual(read("my_identities", who).body.map(({ provider, email, is_verified }) => [provider, email, is_verified]), [["email", who.email, true]]);
  psql("SELECT auth.create_role_or_add_permissions('editor', ARRAY['read', 'write']); SELECT auth.add_user_role(:'id', 'editor')", { id: who.id });
  assert.deepEqual(read("my_roles", who).body, [{ app_id: "public", role: "editor", permissions: ["read", "write"] }]);
  for (const view of ["me", "my_sessions", "my_identities", "my_factors", "my_roles"]) {
    assert.throws(() => read(view), /permission denied/, view);
    assert.deepEqual(read(view, { claims: { role: "authenticated" } }).body, [], view);
  }
});

test("a session that is deleted is over", () => {
  const who = member();
  rpc("token", { grant_type: "password", email: who.email, password: "correct horse 1" });
  assert.equal(remove("my_sessions", who, "NOT is_current").body.length, 1);
  assert.deepEqual(read("my_sessions", who).body.map(({ is_current }) => is_current), [true]);
  assert.equal(remove("my_sessions", who, "true").body.length, 1);
  assert.equal(rpc("refresh", { refresh_token: who.refresh }).body.error_code, "refresh_token_not_found");
});

test("no filter, function or error shows another's rows", () => {
  const [who, other] = [member(), member()];
  psql(`CREATE OR REPLACE FUNCTION public.leak(text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $$ BEGIN RAISE NOTICE 'seen %', $1; RETURN true; END $$;
    GRANT EXECUTE ON FUNCTION public.leak(text) TO authenticated`);
  const claims = JSON.stringify({ sub: who.id, role: "authenticated" });
  const as = (statement) => psql(`BEGIN; SET LOCAL ROLE authenticated; SET LOCAL client_min_messages = notice;
    SELECT set_config('request.jwt.claims', :'claims', true) \\g /dev/null
    ${statement}; COMMIT;`, { claims });
  for (const [view, column] of [["me", "email"], ["my_sessions", "id::text"], ["my_identities", "email"]]) {
    // A function that tells what it sees, put into a table of what it saw.
    const seen = as(`SELECT ${column} FROM api.${view} WHERE public.leak(${column})`);
    assert.equal(seen.length, 1, view);
    assert.deepEqual(as(`SELECT 1 FROM api.${view} WHERE 1 / (CASE WHEN ${column} = '${view === "my_sessions" ? "x" : other.email}' THEN 0 ELSE 1 END) > 5`), [], view);
    assert.deepEqual(as(`SELECT ${column} FROM api.${view} WHERE ${column} LIKE '%${other.email.slice(4)}'`), [], view);
  }
  assert.deepEqual(as(`DELETE FROM api.my_sessions WHERE id IN (SELECT id FROM api.my_sessions) AND id::text <> '${who.id}' RETURNING 1`).length, 1);
  assert.equal(read("my_sessions", other).body.length, 1);
  const plan = as("EXPLAIN (COSTS off) SELECT * FROM api.me WHERE public.leak(email)").join("\n");
  assert.ok(!plan.includes(other.email));
  for (const table of ["users", "sessions", "login_methods", "my_user", "all_users", "audit_log", "signing_keys"]) {
    assert.throws(() => as(`SELECT * FROM auth.${table}`), /permission denied/, table);
  }
  assert.deepEqual(as("SELECT 1 FROM pg_stats WHERE schemaname = 'auth'"), []);
  for (const view of ["users", "sessions", "user_roles", "audit_log", "outbox"]) assert.throws(() => read(view, who), /permission denied/, view);
  for (const change of ["UPDATE api.me SET email = 'x'", "INSERT INTO api.me (id) VALUES (gen_random_uuid())", "DELETE FROM api.me", "UPDATE api.my_sessions SET aal = 'aal2'", "DELETE FROM api.my_identities"]) {
    assert.throws(() => as(change), /permission denied/, change);
  }
});

test("a service sees all of the app, and no secret", () => {
  const who = member();
  assert.deepEqual(read("users", service, `id = '${who.id}'`).body.map(({ email }) => email), [who.email]);
  assert.equal(read("sessions", service, `user_id = '${who.id}'`).body.length, 1);
  assert.ok(read("audit_log", service, `actor_id = '${who.id}'`).body.some(({ action }) => action === "user_signedup"));
  rpc("recover", { email: who.email });
  assert.ok(read("outbox", service, "true", "ORDER BY created_at DESC").body.length > 0 || psql("SELECT count(*) FROM auth.outbox")[0] === "0");
  for (const view of ["users", "sessions", "user_roles", "audit_log", "outbox"]) {
    const columns = psql("SELECT attname FROM pg_attribute WHERE attrelid = ('api.' || :'view')::regclass AND attnum > 0", { view });
    for (const secret of ["hash", "secret", "password", "message", "generation", "token"]) {
      assert.ok(!columns.some((column) => column.includes(secret)), `${view} ${secret}`);
    }
  }
  assert.throws(() => psql("SET ROLE service_role; SELECT * FROM auth.users"), /permission denied/);
});
