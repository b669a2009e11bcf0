// What all suites left in the database, seen with SQL alone: the users that the CDI lists are rows of Postgres.
import test from "node:test";
import { assert, cdi, sameMembers, sql } from "./helpers.mjs";

const { apps } = await cdi("GET", "/recipe/multitenancy/app/list/v2");

/** Every user of a tenant, page by page. */
async function listUsers(prefix) {
  const users = [];
  let token = "";
  do {
    const page = await cdi(
      "GET",
      `${prefix}/users?limit=500${token && `&paginationToken=${encodeURIComponent(token)}`}`,
    );
    users.push(...page.users);
    token = page.nextPaginationToken;
  } while (token);
  return users;
}

test("every app and tenant is a row", () => {
  assert.ok(apps.length > 1, "the suites left apps behind");
  sameMembers(
    apps.map((app) => app.appId),
    sql("SELECT id FROM auth.apps").map((row) => row.id),
  );
  for (const { appId, tenants } of apps) {
    const rows = sql("SELECT id FROM auth.tenants WHERE app_id = $1", appId).map((row) => row.id);
    sameMembers(
      tenants.map((tenant) => tenant.tenantId),
      rows,
      appId,
    );
  }
});

test("the users of every tenant are rows, with their addresses", async () => {
  let total = 0;
  for (const { appId, tenants } of apps) {
    for (const { tenantId } of tenants) {
      const listed = await listUsers(`/appid-${appId}/${tenantId}`);
      const query = `SELECT u.id, u.email FROM auth.users AS u JOIN auth.login_method_tenants AS t ON t.user_id = u.id
                     WHERE t.app_id = $1 AND t.tenant_id = $2`;
      const rows = sql(query, appId, tenantId).map((row) => `${row.id} ${row.email}`);
      sameMembers(
        listed.map((user) => `${user.id} ${user.emails[0] ?? null}`),
        rows,
        `${appId} ${tenantId}`,
      );
      total += listed.length;
    }
    const { count } = await cdi("GET", `/appid-${appId}/users/count?includeAllTenants=true`);
    assert.deepEqual(sql("SELECT count(*) FROM auth.users WHERE app_id = $1", appId), [{ count }], appId);
  }
  assert.ok(total >= 250, `the suites left users behind: ${total}`);
});

test("every user has a login method with a hash, and every address is there once a tenant", () => {
  const without =
    "SELECT id FROM auth.users AS u WHERE NOT EXISTS (SELECT FROM auth.login_methods WHERE user_id = u.id)";
  assert.deepEqual(sql(without), [], "users without a login method");
  assert.deepEqual(sql("SELECT id FROM auth.login_methods WHERE password_hash NOT LIKE '$argon2id$%'"), []);
  const twice = `SELECT app_id, tenant_id, email FROM auth.login_method_tenants WHERE recipe = 'emailpassword'
                 GROUP BY app_id, tenant_id, email HAVING count(*) > 1`;
  assert.deepEqual(sql(twice), [], "addresses that are there twice");
});

test("every session of a user is a row that goes with the user", () => {
  const rows = sql("SELECT subject, user_id FROM auth.sessions WHERE user_id IS NOT NULL");
  assert.ok(rows.length > 0, "the suites left sessions of users behind");
  for (const row of rows) assert.equal(row.subject, row.user_id);
  const orphans = `SELECT s.id FROM auth.sessions AS s JOIN auth.users AS u USING (app_id)
                   WHERE s.subject = u.id::text AND s.user_id IS NULL`;
  assert.deepEqual(sql(orphans), [], "sessions of users that do not name the user");
});
