// What a database user does to the tables, the door follows.
import { test } from "node:test";
import { assert, newInstance, ok, refused, sql } from "./helper.mjs";

const door = await newInstance();
const count = (table, column, id) => Number(sql(`SELECT count(*) AS n FROM auth.${table} WHERE ${column}::text = $1`, id)[0].n);

test("231 without a token nobody is anybody", () => {
  const uid = (claims) => sql(`SELECT (SELECT auth.uid()) AS uid FROM (SELECT set_config('request.jwt.claims', $1, true)) AS set`, claims)[0].uid;
  assert.equal(sql("SELECT auth.uid() AS uid")[0].uid, null);
  assert.equal(uid(""), null);
});

test("234 with its row all of a user goes, but what was done stays written down", async () => {
  const { user, session } = await door.member();
  ok(await door.post("/factors", { factor_type: "totp", friendly_name: "app" }, { token: session.access_token }));
  ok(await door.post("/recover", { email: user.email }));
  const tables = [["login_methods", "user_id"], ["login_method_tenants", "user_id"], ["sessions", "user_id"], ["one_time_codes", "user_id"]];
  for (const [table, column] of tables) assert.ok(count(table, column, user.id) > 0, table);
  const entries = ok(await door.admin("GET", "/admin/audit?per_page=1000")).length;
  sql("DELETE FROM auth.users WHERE id = $1 RETURNING id", user.id);
  for (const [table, column] of tables) assert.equal(count(table, column, user.id), 0, table);
  refused(await door.get("/user", { token: session.access_token }), 403, "user_not_found");
  refused(await door.refresh(session.refresh_token), 400, "refresh_token_not_found");
  refused(await door.signIn(user.email), 400, "invalid_credentials");
  assert.equal(ok(await door.admin("GET", "/admin/audit?per_page=1000")).length, entries);
  ok(await door.admin("POST", "/admin/users", { body: { email: user.email } }));
});

test("235 a session whose row is gone is over", async () => {
  const { user, session } = await door.member();
  sql("DELETE FROM auth.sessions WHERE user_id = $1 RETURNING id", user.id);
  refused(await door.refresh(session.refresh_token), 400, "refresh_token_not_found");
  refused(await door.get("/user", { token: session.access_token }), 403, "session_not_found");
});

test("236 who is banned for ever is", async () => {
  const { user, session } = await door.member();
  sql("UPDATE auth.users SET banned_until = 'infinity' WHERE id = $1 RETURNING id", user.id);
  refused(await door.signIn(user.email), 400, "user_banned");
  refused(await door.refresh(session.refresh_token), 400, "user_banned");
  refused(await door.get("/user", { token: session.access_token }), 403, "user_banned");
  const shown = ok(await door.admin("GET", `/admin/users/${user.id}`));
  assert.ok(Date.parse(shown.banned_until) > Date.now());
  sql("UPDATE auth.users SET banned_until = '-infinity' WHERE id = $1 RETURNING id", user.id);
  ok(await door.signIn(user.email));
});

test("237 when a user was confirmed follows from the two times, and is nobody's to write", async () => {
  const { user } = await door.member();
  const [row] = sql("SELECT confirmed_at = email_confirmed_at AS same FROM auth.users WHERE id = $1", user.id);
  assert.equal(row.same, true);
  assert.throws(() => sql("UPDATE auth.users SET confirmed_at = now() WHERE id = $1 RETURNING id", user.id), /confirmed_at/);
});
