// What is taken from a user counts at the next statement, also of a plan that is kept and of a transaction that goes on.
import test from "node:test";
import { codeOf } from "../cdi/authenticator.mjs";
import { newEmail, newId, post, ok as done } from "../cdi/helper.mjs";
import { Instance, PASSWORD, configure, ok } from "../gotrue/helper.mjs";
import { as, assert, become, bearer, connect, createRoles, rows, value } from "./support.mjs";

const door = configure(new Instance("public", "public", newId("a-secret-of-at-least-32-bytes-for-hs256")), {});
const admin = await connect(test, "postgres");
await createRoles(admin);
await admin.query(`
  CREATE TABLE sheet (kind text PRIMARY KEY);
  INSERT INTO sheet VALUES ('live'), ('high'), ('role'), ('permission');
  ALTER TABLE sheet ENABLE ROW LEVEL SECURITY;
  CREATE POLICY live ON sheet TO authenticated USING (kind = 'live' AND (SELECT auth.session_is_live()));
  CREATE POLICY high ON sheet TO authenticated
    USING (kind = 'high' AND (SELECT auth.jwt() ->> 'aal') = 'aal2' AND (SELECT auth.session_is_live()));
  CREATE POLICY role ON sheet TO authenticated USING (kind = 'role' AND (SELECT auth.has_role('clerk')));
  CREATE POLICY permission ON sheet TO authenticated USING (kind = 'permission' AND (SELECT auth.has_permission('write')));
  GRANT SELECT ON sheet TO authenticated;
  CREATE FUNCTION sheets() RETURNS SETOF text LANGUAGE plpgsql AS 'BEGIN RETURN QUERY SELECT kind FROM sheet; END';
  DO $$ BEGIN IF to_regrole('lender') IS NULL THEN CREATE ROLE lender; END IF; END $$`);

/** What somebody may see now, by statements that this backend keeps the plans of; they must agree. */
async function kinds(backend) {
  const seen = await rows(backend, { name: "sheets", text: "SELECT kind FROM sheet ORDER BY kind" });
  assert.deepEqual(await rows(backend, { name: "in_plpgsql", text: "SELECT sheets() ORDER BY 1" }), seen);
  return seen;
}

/** A clerk, who may write: {id, email}. */
async function clerk() {
  const email = newEmail();
  const { id } = ok(await door.admin("POST", "/admin/users", { body: { email, password: PASSWORD, email_confirm: true } }));
  await admin.query("SELECT auth.create_role_or_add_permissions('clerk', '{write}')");
  await admin.query("SELECT auth.add_user_role($1, 'clerk')", [id]);
  return { id, email };
}

/** One who has signed in at GoTrue. */
async function atGoTrue() {
  const user = await clerk();
  const { access_token: token } = ok(await door.signIn(user.email));
  return { ...user, token, ...bearer(token) };
}

/** One with a session of SuperTokens. */
async function atSuperTokens() {
  const user = await clerk();
  const session = { userId: user.id, userDataInJWT: {}, userDataInDatabase: {}, enableAntiCsrf: false };
  const { accessToken } = done(await post("/recipe/session", session));
  return { ...user, ...bearer(accessToken.token) };
}

/** One whose session has shown a second factor. */
async function atTwoFactors() {
  const low = await atGoTrue();
  const { token } = low;
  const { id: factor, totp } = ok(await door.post("/factors", { factor_type: "totp", friendly_name: "app" }, { token }));
  const { id: challenge_id } = ok(await door.post(`/factors/${factor}/challenge`, {}, { token }));
  const shown = { challenge_id, code: codeOf(totp.secret, { period: 30 }) };
  const { access_token } = ok(await door.post(`/factors/${factor}/verify`, shown, { token }));
  return { ...low, low, factor, token: access_token, ...bearer(access_token) };
}

const handleOf = ({ claims }) => claims.sessionHandle ?? claims.session_id;
const ALL = ["live", "permission", "role"];
const HIGH = ["high", ...ALL];
const RIGHTS = ["permission", "role"];
const change = (text, ...of) => (who) => admin.query(text, of.map((what) => what(who)));
const id = (who) => who.id;
const update = (body) => async (who) => ok(await door.admin("PUT", `/admin/users/${who.id}`, { body }));
const DEVICE = "SELECT auth.remove_totp_device($1, 'app')";

// [what happens, to whom, what could be seen, the change, what can be seen then]
const CHANGES = [
  ["sign-out", atGoTrue, ALL, (who) => door.post("/logout?scope=local", undefined, { token: who.token }), RIGHTS],
  ["sign-out everywhere", atGoTrue, ALL, (who) => door.post("/logout", undefined, { token: who.token }), RIGHTS],
  ["sign-out of SuperTokens", atSuperTokens, ALL, (who) => post("/recipe/session/remove", { sessionHandles: [handleOf(who)] }), RIGHTS],
  ["auth.revoke_session", atSuperTokens, ALL, change("SELECT auth.revoke_session($1)", handleOf), RIGHTS],
  ["auth.revoke_user_sessions", atGoTrue, ALL, change("SELECT auth.revoke_user_sessions($1)", id), RIGHTS],
  ["a row of auth.sessions that is deleted", atGoTrue, ALL, change("DELETE FROM auth.sessions WHERE user_id = $1", id), RIGHTS],
  ["a password that an administrator sets", atGoTrue, ALL, update({ password: "another horse 2" }), RIGHTS],
  ["a ban", atGoTrue, ALL, update({ ban_duration: "1h" }), RIGHTS],
  ["a ban, with a session of SuperTokens", atSuperTokens, ALL, update({ ban_duration: "1h" }), RIGHTS],
  ["a ban, with two factors", atTwoFactors, HIGH, update({ ban_duration: "1h" }), RIGHTS],
  ["a factor that an administrator removes", atTwoFactors, HIGH,
    async (who) => ok(await door.admin("DELETE", `/admin/users/${who.id}/factors/${who.factor}`)), RIGHTS],
  ["a factor that its user removes", atTwoFactors, HIGH,
    async (who) => ok(await door.delete(`/factors/${who.factor}`, { token: who.token })), RIGHTS],
  ["a factor that SuperTokens removes", atTwoFactors, HIGH, change(DEVICE, id), RIGHTS],
  ["another Postgres role", atGoTrue, ALL, update({ role: "lender" }), RIGHTS],
  ["auth.remove_user_role", atGoTrue, ALL, change("SELECT auth.remove_user_role($1, 'clerk')", id), ["live"]],
  ["auth.remove_user_role, with a session of SuperTokens", atSuperTokens, ALL, change("SELECT auth.remove_user_role($1, 'clerk')", id), ["live"]],
  ["auth.remove_role_permissions", atGoTrue, ALL, change("SELECT auth.remove_role_permissions('clerk', '{write}')"), ["live", "role"]],
  ["auth.delete_role", atGoTrue, ALL, change("SELECT auth.delete_role('clerk')"), ["live"]],
  ["auth.delete_user", atGoTrue, ALL, change("SELECT auth.delete_user($1)", id), []],
  ["deletion by an administrator", atGoTrue, ALL, async (who) => ok(await door.admin("DELETE", `/admin/users/${who.id}`)), []],
];

for (const [name, somebody, before, happen, after] of CHANGES) {
  test(`at the next statement: ${name}`, async (t) => {
    const backend = await connect(t, "authenticator");
    const [who, other] = [await somebody(), await atGoTrue()];
    await as(backend, who, async () => {
      for (let n = 0; n < 8; n += 1) assert.deepEqual(await kinds(backend), before);
      await happen(who);
      for (let n = 0; n < 3; n += 1) assert.deepEqual(await kinds(backend), after);
    });
    assert.deepEqual(await as(backend, who, () => kinds(backend)), after);
    const isForAll = /permissions|delete_role/.test(name);
    assert.deepEqual(await as(backend, other, () => kinds(backend)), isForAll ? after : ALL, "nobody else is touched");
  });
}

test("at the next statement: what is given, and a ban that ends", async (t) => {
  const backend = await connect(t, "authenticator");
  const who = await atGoTrue();
  await as(backend, who, async () => {
    for (let n = 0; n < 5; n += 1) {
      await update({ ban_duration: "1h" })(who);
      await admin.query("SELECT auth.remove_user_role($1, 'clerk')", [who.id]);
      assert.deepEqual(await kinds(backend), []);
      await update({ ban_duration: "none" })(who);
      assert.deepEqual(await kinds(backend), ["live"]);
      await admin.query("SELECT auth.add_user_role($1, 'clerk')", [who.id]);
      assert.deepEqual(await kinds(backend), ALL);
    }
  });
});

test("at the next statement: a second factor, with the token that says so", async (t) => {
  const backend = await connect(t, "authenticator");
  const who = await atTwoFactors();
  await backend.query("BEGIN");
  for (let n = 0; n < 8; n += 1) {
    await become(backend, who.low);
    assert.deepEqual(await kinds(backend), ALL);
    await become(backend, who);
    assert.deepEqual(await kinds(backend), HIGH);
  }
  await backend.query("COMMIT");
});

test("what has not been committed does not count; the transaction's own changes do", async (t) => {
  const [backend, other] = [await connect(t, "authenticator"), await connect(t, "server")];
  const who = await atGoTrue();
  await as(backend, who, async () => {
    assert.deepEqual(await kinds(backend), ALL);
    await other.query("BEGIN");
    await other.query("SELECT auth.revoke_user_sessions($1)", [who.id]);
    assert.deepEqual(await kinds(backend), ALL);
    await other.query("ROLLBACK");
    assert.deepEqual(await kinds(backend), ALL);
  });
  await admin.query("BEGIN");
  await become(admin, who);
  assert.deepEqual(await kinds(admin), ALL);
  await admin.query("RESET ROLE");
  await admin.query("SELECT auth.revoke_user_sessions($1)", [who.id]);
  await become(admin, who);
  assert.deepEqual(await kinds(admin), RIGHTS);
  await admin.query("ROLLBACK");
});

test("a statement answers by one moment, and so does a transaction that asks for it", async (t) => {
  const backend = await connect(t, "authenticator");
  const who = await atGoTrue();
  await backend.query("BEGIN ISOLATION LEVEL REPEATABLE READ");
  await become(backend, who);
  assert.deepEqual(await kinds(backend), ALL);
  await admin.query("SELECT auth.revoke_user_sessions($1)", [who.id]);
  assert.deepEqual(await kinds(backend), ALL);
  await backend.query("COMMIT");
  assert.deepEqual(await as(backend, who, () => kinds(backend)), RIGHTS);
  assert.equal(await as(backend, who, () => value(backend, "SELECT count(DISTINCT auth.session_is_live())::int FROM generate_series(1, 100)")), 1);
});
