// Making the API schema.
import { test } from "node:test";
import { assert, psql, setUp } from "./postgrest.mjs";

setUp();
const objects = (schema = "api") =>
  psql("SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace WHERE nspname = :'schema' UNION ALL SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = :'schema' ORDER BY 1", { schema });

test("it is made anew as often as one likes", () => {
  const before = objects();
  assert.ok(before.length > 30);
  psql("SET ROLE app; SELECT auth.create_api()");
  assert.deepEqual(objects(), before);
});

test("what one reads is what is run", () => {
  psql("SET ROLE app; SELECT auth.create_api()");
  const before = objects();
  const text = psql("SET ROLE app; SELECT auth.api_sql()").join("\n");
  psql(`SET ROLE app; SELECT auth.drop_api(); ${text}`);
  assert.deepEqual(objects(), before);
});

test("dropping takes what is ours, and nothing else", () => {
  psql("SET ROLE app; CREATE TABLE api.notes (id int); CREATE FUNCTION api.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'");
  psql("SET ROLE app; SELECT auth.drop_api()");
  assert.deepEqual(objects().sort(), ["api.mine()", "api.notes"]);
  psql("SET ROLE app; DROP TABLE api.notes; DROP FUNCTION api.mine(); SELECT auth.create_api()");
});

test("a name that is taken is named, and nothing is changed", () => {
  psql("SET ROLE app; CREATE SCHEMA taken; CREATE VIEW taken.users AS SELECT 1 AS one");
  assert.throws(() => psql("SET ROLE app; SELECT auth.create_api('taken')"), /relation "users" already exists/);
  assert.deepEqual(objects("taken"), ["taken.users"]);
  psql("SET ROLE app; DROP SCHEMA taken CASCADE");
});

test("what depends on it keeps it from being made anew", () => {
  psql("SET ROLE app; CREATE VIEW public.mine AS SELECT id FROM api.me");
  assert.throws(() => psql("SET ROLE app; SELECT auth.create_api()"), /depend/);
  assert.equal(psql("SELECT count(*) FROM pg_views WHERE schemaname = 'api'")[0], "10");
  psql("SET ROLE app; DROP VIEW public.mine");
});

test("odd names are names", () => {
  const schema = `od"d 'sch\\ema`;
  psql("SET ROLE app; SELECT auth.create_api(:'schema')", { schema });
  assert.equal(objects(schema).length, objects().length);
  psql("SET ROLE app; SELECT auth.drop_api(:'schema'); SELECT format('DROP SCHEMA %I', :'schema') \\gexec", { schema });
});

test("roles that are missing are named, and who may not is told so", () => {
  assert.throws(() => psql("SET ROLE app; SELECT auth.create_api('x', anon => 'nobody here')"), /role "nobody here" does not exist/);
  assert.throws(() => psql("SET ROLE app; SELECT auth.create_api('x', app_id => 'none')"), /none/);
  assert.throws(() => psql("SET ROLE anon; SELECT auth.create_api('x')"), /permission denied/);
});

test("only the doors that are named", () => {
  psql("SET ROLE app; SELECT auth.create_api('half', '{services}')");
  assert.deepEqual(objects("half"), ["audit_log", "outbox", "sessions", "user_roles", "users"].map((name) => `half.${name}`));
  psql("SET ROLE app; SELECT auth.create_api('half', '{users}')");
  assert.deepEqual(objects("half"), objects().filter((name) => !/^api\.(audit_log|outbox|sessions|user_roles|users)$/.test(name)).map((name) => name.replace(/^api\./, "half.")));
  for (const [doors, error] of [["{users,windows}", /argument "doors": there is no "windows", there are "users" and "services"/], ["{}", /argument "doors" must name one/], ["{NULL}", /there is no "null"/]]) {
    assert.throws(() => psql("SET ROLE app; SELECT auth.create_api('half', :'doors')", { doors }), error);
  }
  psql("SET ROLE app; SELECT auth.drop_api('half'); DROP SCHEMA half");
});

test("an app and a tenant of their own", () => {
  psql("SELECT auth.create_or_update_app('shop', '{}'); SET ROLE app; SELECT auth.create_api('shop', app_id => 'shop')");
  psql("SELECT auth.set_setting('site_url', '\"https://shop.example.org\"', app_id => 'shop'), auth.set_setting('mailer_autoconfirm', 'true', app_id => 'shop')");
  psql("SET ROLE anon; SELECT shop.signup(email => 'ada@shop.example.org', password => 'correct horse 1')");
  assert.deepEqual(psql("SET ROLE service_role; SELECT email FROM shop.users"), ["ada@shop.example.org"]);
  assert.deepEqual(psql("SET ROLE service_role; SELECT email FROM api.users WHERE email = 'ada@shop.example.org'"), []);
  psql("SET ROLE app; SELECT auth.drop_api('shop'); DROP SCHEMA shop");
});
