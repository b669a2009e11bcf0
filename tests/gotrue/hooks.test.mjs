// Hooks (section 4.19): functions of the database, and webhooks for what is sent.
import { execFileSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import { join } from "node:path";
import test, { after } from "node:test";
import { codeOf } from "../cdi/authenticator.mjs";
import {
  PASSWORD, assert, claimsOf, mailsAfterAll, newEmail, newInstance, newPhone, ok, refused, sql,
} from "./helper.mjs";
import { newProvider } from "./provider.mjs";

const psql = (text) => execFileSync(
  join(process.env.PGBIN, "psql"), ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", process.env.DATABASE_URL], { input: text, stdio: "pipe" },
);
psql("CREATE SCHEMA IF NOT EXISTS hooks; GRANT USAGE ON SCHEMA hooks TO PUBLIC; CREATE TABLE IF NOT EXISTS hooks.seen (name text, event jsonb, at timestamptz DEFAULT clock_timestamp()); GRANT INSERT ON hooks.seen TO PUBLIC");
after(() => psql("DROP SCHEMA hooks CASCADE"));

let count = 0;

/** An instance with a hook whose body is this expression of `event`, or these statements with a RETURN; what it is given is kept. */
async function hooked(name, body, settings = {}) {
  const hook = `h${(count += 1)}_${name}`;
  const statements = body.includes("RETURN") ? body : `RETURN ${body};`;
  psql(`CREATE FUNCTION hooks.${hook}(event jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
    BEGIN INSERT INTO hooks.seen (name, event) VALUES ('${hook}', event); ${statements} END $$`);
  const uri = `pg-functions://postgres/hooks/${hook}`;
  const door = await newInstance({ mailer_autoconfirm: true, [`hook_${name}_uri`]: uri, [`hook_${name}_enabled`]: true, ...settings });
  return { door, seen: () => sql("SELECT event FROM hooks.seen WHERE name = $1 ORDER BY at", hook).map(({ event }) => event) };
}

const error = (code, message) => `jsonb_build_object('error', jsonb_build_object('http_code', ${code}, 'message', '${message}'))`;
const signUp = (door, email = newEmail()) => door.post("/signup", { email, password: PASSWORD });

test("56 nor does a provider's word make one", async () => {
  const provider = await newProvider();
  const settings = { external_keycloak_enabled: true, external_keycloak_url: provider.url, external_keycloak_client_id: "app" };
  const { door } = await hooked("before_user_created", error(403, "not from here"), settings);
  const id_token = provider.token({ sub: "1", email: newEmail(), email_verified: true });
  refused(await door.post("/token?grant_type=id_token", { provider: "keycloak", id_token }), 403, "unknown", "not from here");
});

test("56 a hook keeps a user from being made", async () => {
  const email = newEmail();
  const { door, seen } = await hooked("before_user_created", error(403, "not from here"));
  const refusal = refused(await signUp(door, email), 403, "unknown", "not from here");
  assert.equal(refusal.code, 403);
  assert.equal(ok(await door.admin("GET", "/admin/users")).users.length, 0);
  assert.deepEqual(seen(), [], "what a refused hook wrote is undone with the rest");
  door.set("hook_before_user_created_enabled", false);
  ok(await signUp(door, email));
});

test("a hook runs with our rights, so it must belong to somebody who has them", async () => {
  const { door, seen } = await hooked("before_user_created", "'{}'");
  const hook = `h${count}_before_user_created`;
  psql("CREATE ROLE hook_stranger; CREATE ROLE hook_friend; GRANT app TO hook_friend");
  after(() => psql("DROP ROLE hook_stranger; DROP ROLE hook_friend"));
  for (const [owner, status] of [["hook_stranger", 500], ["app", 200], ["hook_friend", 200], ["postgres", 200]]) {
    psql(`ALTER FUNCTION hooks.${hook}(jsonb) OWNER TO ${owner}`);
    const before = seen().length;
    const answer = await signUp(door);
    assert.equal(answer.status, status, owner);
    assert.equal(seen().length - before, status === 200 ? 1 : 0, owner);
  }
  // Nor one that only the session which sets it can see, or one for another kind of argument.
  door.set("hook_before_user_created_uri", "pg-functions://postgres/pg_temp/mine");
  refused(await signUp(door), 500, "unexpected_failure");
});

test("4.19 what a hook is given", async () => {
  const { door, seen } = await hooked("before_user_created", "'{}'");
  const email = newEmail();
  ok(await door.post("/signup", { email, password: PASSWORD, data: { plan: "pro" } }));
  const [{ metadata, user }] = seen();
  assert.equal(metadata.name, "before-user-created");
  assert.match(metadata.time, /^\d{4}-\d\d-\d\dT/);
  assert.equal(metadata.ip_address, "127.0.0.1");
  assert.equal(user.email, email);
  assert.equal(user.user_metadata.plan, "pro");
  // Administrators ask nobody.
  ok(await door.admin("POST", "/admin/users", { body: { email: newEmail() } }));
  assert.equal(seen().length, 1);
});

test("2.3, 2.17 nor are users without a name made, or invited", async () => {
  const { door } = await hooked("before_user_created", error(422, "no"), { external_anonymous_users_enabled: true });
  refused(await door.post("/signup", {}), 422, "unknown", "no");
  refused(await door.admin("POST", "/invite", { body: { email: newEmail() } }), 422, "unknown", "no");
});

test("100 the hook decides on claims, but for those that a token must have", async () => {
  const { door, seen } = await hooked(
    "custom_access_token", "jsonb_build_object('claims', ((event -> 'claims') || '{\"plan\": \"pro\"}') - 'app_metadata')",
  );
  const session = ok(await signUp(door));
  const claims = claimsOf(session.access_token);
  assert.equal(claims.plan, "pro");
  assert.equal(claims.app_metadata, undefined);
  ok(await door.get("/user", { token: session.access_token }));
  ok(await door.refresh(session.refresh_token));
  assert.deepEqual(seen().map((event) => event.authentication_method), ["password", "token_refresh"]);
  const less = await hooked("custom_access_token", "jsonb_build_object('claims', (event -> 'claims') - 'role')");
  refused(await signUp(less.door), 500, "unexpected_failure", /role/);
  assert.equal(ok(await less.door.admin("GET", "/admin/users")).users.length, 0, "nothing is half done");
});

test("101 a hook's error is the answer", async () => {
  const { door } = await hooked("custom_access_token", error(403, "x"));
  refused(await signUp(door), 403, "unknown", "x");
});

test("102 a hook that takes too long, fails or is not there", async () => {
  const slow = await hooked("custom_access_token", "PERFORM pg_sleep(10); RETURN event;");
  refused(await signUp(slow.door), 500, "unexpected_failure");
  const broken = await hooked("custom_access_token", "RAISE EXCEPTION 'the secret is mellon'; RETURN event;");
  const answer = await signUp(broken.door);
  refused(answer, 500, "unexpected_failure");
  assert.doesNotMatch(answer.text, /mellon/);
  const missing = await newInstance({ mailer_autoconfirm: true, hook_custom_access_token_uri: "pg-functions://postgres/hooks/none", hook_custom_access_token_enabled: true });
  refused(await signUp(missing), 500, "unexpected_failure");
});

test("4.19 a hook has the rights of auth_admin and no more", async () => {
  psql("CREATE TABLE IF NOT EXISTS hooks.private (a integer)");
  const { door } = await hooked("custom_access_token", "INSERT INTO hooks.private VALUES (1); RETURN event;");
  refused(await signUp(door), 500, "unexpected_failure");
  const who = await hooked("custom_access_token", "jsonb_build_object('claims', (event -> 'claims') || jsonb_build_object('who', current_user))");
  assert.equal(claimsOf(ok(await signUp(who.door)).access_token).who, "auth_admin");
});

test("103 a hook rejects attempts with a password, and signs out everywhere", async () => {
  const { door, seen } = await hooked(
    "password_verification_attempt",
    `CASE WHEN (event ->> 'valid')::boolean THEN '{"decision": "continue"}'
          ELSE '{"decision": "reject", "message": "go away", "should_logout_user": true}' END::jsonb`,
  );
  const email = newEmail();
  const session = ok(await signUp(door, email));
  ok(await door.signIn(email));
  refused(await door.signIn(email, "wrong password"), 400, "invalid_credentials", "go away");
  refused(await door.refresh(session.refresh_token), 400, "refresh_token_not_found");
  assert.deepEqual(seen().map(({ valid, user_id }) => [valid, user_id]), [[true, session.user.id], [false, session.user.id]]);
  refused(await door.signIn(newEmail(), "wrong password"), 400, "invalid_credentials", "Invalid login credentials");
});

test("200 a hook rejects second factors, and signs out everywhere", async () => {
  const { door, seen } = await hooked("mfa_verification_attempt", `'{"decision": "reject"}'`);
  const email = newEmail();
  const { access_token: token, refresh_token } = ok(await signUp(door, email));
  const { id, totp } = ok(await door.post("/factors", { factor_type: "totp", friendly_name: "app" }, { token }));
  const { id: challenge_id } = ok(await door.post(`/factors/${id}/challenge`, {}, { token }));
  const body = { challenge_id, code: codeOf(totp.secret, { period: 30 }) };
  refused(await door.post(`/factors/${id}/verify`, body, { token }), 403, "mfa_verification_rejected", "Further MFA verification attempts will be rejected.");
  assert.deepEqual(seen().map(({ factor_id, factor_type, valid }) => [factor_id, factor_type, valid]), [[id, "totp", true]]);
  refused(await door.refresh(refresh_token), 400, "refresh_token_not_found");
});

test("4.19 a hook sends mails in place of the server", async () => {
  const { door, seen } = await hooked("send_email", "'{}'", { mailer_autoconfirm: false });
  const email = newEmail();
  ok(await signUp(door, email));
  const [{ user, email_data: data }] = seen();
  assert.equal(user.email, email);
  assert.equal(data.email_action_type, "signup");
  assert.equal(data.site_url, door.url);
  const session = ok(await door.post("/verify", { type: "signup", email, token: data.token }));
  // Of a change of address it hears once, each code with the other's hash.
  const next = newEmail();
  ok(await door.put("/user", { email: next }, { token: session.access_token }));
  const change = seen()[1].email_data;
  assert.equal(change.email_action_type, "email_change");
  assert.equal(change.old_email, email);
  assert.equal(seen().length, 2);
  ok(await door.post("/verify", { type: "email_change", email, token: change.token }));
  const changed = ok(await door.post("/verify", { type: "email_change", token_hash: change.token_hash }));
  assert.equal(changed.user.email, next);
  door.set("hook_send_email_enabled", false);
  assert.equal(await mailsAfterAll(door, email), 0, "and the server sends none");
});

test("4.19 a hook sends text messages, with no provider at all", async () => {
  const { door, seen } = await hooked("send_sms", "'{}'", { external_phone_enabled: true });
  const phone = newPhone();
  ok(await door.post("/signup", { phone, password: PASSWORD }));
  const [{ sms, user }] = seen();
  assert.equal(sms.phone, phone.slice(1));
  assert.equal(user.phone, phone.slice(1));
  ok(await door.post("/verify", { type: "sms", phone, token: sms.otp }));
});

test("4.19 mails go to a webhook, signed, and once more when it fails", async () => {
  const secret = Buffer.from("a secret of some length, at least").toString("base64");
  const got = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (part) => (body += part));
    request.on("end", () => {
      got.push({ headers: request.headers, body });
      response.writeHead(got.length === 1 ? 503 : 200, got.length === 1 ? { "retry-after": "1" } : {}).end("{}");
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  after(() => server.close());
  const door = await newInstance({
    hook_send_email_uri: `http://127.0.0.1:${server.address().port}/mails`, hook_send_email_secrets: `v1,whsec_${secret}`, hook_send_email_enabled: true,
  });
  const email = newEmail();
  ok(await signUp(door, email));
  const end = Date.now() + 30_000;
  while (got.length < 2 && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(got.length, 2);
  assert.equal(got[0].headers["webhook-id"], got[1].headers["webhook-id"], "by which it can be told that it is the same");
  const { headers, body } = got[1];
  const signature = createHmac("sha256", Buffer.from(secret, "base64"))
    .update(`${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`).digest("base64");
  assert.ok(headers["webhook-signature"].split(" ").includes(`v1,${signature}`));
  ok(await door.post("/verify", { type: "email", email, token: JSON.parse(body).email_data.token }));
});

test("4.19 only what may wait goes over HTTP", async () => {
  const door = await newInstance({ mailer_autoconfirm: true, hook_custom_access_token_uri: "https://example.org/hook", hook_custom_access_token_secrets: `v1,whsec_${Buffer.from("a".repeat(32)).toString("base64")}`, hook_custom_access_token_enabled: true });
  refused(await signUp(door), 500, "unexpected_failure", /hook_custom_access_token_uri/);
});
