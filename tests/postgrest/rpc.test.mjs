// The functions of the API schema.
import { createPublicKey, verify } from "node:crypto";
import { test } from "node:test";
import { codeOf } from "../cdi/authenticator.mjs";
import { PASSWORD, assert, claimsOf, member, newEmail, psql, read, rpc, rpcBody, setUp } from "./postgrest.mjs";

setUp();
const refused = ({ status, body, headers }, wanted, code) => {
  assert.deepEqual([status, body.error_code], [wanted, code], JSON.stringify(body));
  assert.equal(headers["x-sb-error-code"], code);
};

test("signing up opens a session; its token is signed with a published key, and names the role", () => {
  const email = newEmail();
  const { status, headers, body } = rpc("signup", { email, password: PASSWORD, data: { name: "Ada", nothing: null } });
  assert.equal(status, 200);
  assert.equal(headers["Cache-Control"], "no-store");
  assert.equal(body.user.email, email);
  assert.deepEqual([body.user.user_metadata.name, body.user.user_metadata.nothing], ["Ada", null]);
  const [header, payload, signature] = body.access_token.split(".");
  const { kid, alg } = JSON.parse(Buffer.from(header, "base64url"));
  // As PostgREST has it in jwt-secret.
  const [document] = psql("SELECT auth.jwks()");
  for (const keys of [JSON.parse(document).keys, rpc("jwks").body.keys]) {
    const key = keys.find((key) => key.kid === kid);
    const publicKey = { key: createPublicKey({ key, format: "jwk" }), dsaEncoding: "ieee-p1363" };
    assert.ok(verify("sha256", Buffer.from(`${header}.${payload}`), publicKey, Buffer.from(signature, "base64url")), alg);
  }
  assert.equal(claimsOf(body.access_token).role, "authenticated");
});

test("signing in by named arguments and by one document", () => {
  const who = member();
  for (const answer of [
    rpc("token", { grant_type: "password", email: who.email, password: PASSWORD }),
    rpcBody("token", { grant_type: "password", email: who.email, password: PASSWORD, unheard_of: 1 }),
  ]) {
    assert.deepEqual([answer.status, answer.body.user?.id], [200, who.id], JSON.stringify(answer.body));
  }
  refused(rpc("token", { grant_type: "password", email: who.email, password: "wrong" }), 400, "invalid_credentials");
  refused(rpc("token", { grant_type: "x&grant_type=password", email: who.email, password: PASSWORD }), 400, "invalid_credentials");
  refused(rpc("signup", { email: who.email, password: PASSWORD }), 422, "user_already_exists");
  refused(rpc("signup", { email: newEmail(), password: "x" }), 422, "weak_password");
});

test("refreshing gives new tokens, and an old one ends the session", () => {
  const who = member();
  const second = rpc("refresh", { refresh_token: who.refresh });
  assert.equal(second.status, 200);
  const third = rpc("refresh", { refresh_token: second.body.refresh_token });
  assert.equal(third.status, 200);
  refused(rpc("refresh", { refresh_token: who.refresh }), 400, "refresh_token_already_used");
  // That was remembered, though the answer was a refusal.
  refused(rpc("refresh", { refresh_token: third.body.refresh_token }), 400, "refresh_token_not_found");
});

test("what has to be remembered of a refusal is: wrong passwords are counted", () => {
  const who = member();
  const headers = { "x-real-ip": "192.0.2.77" };
  psql("SELECT auth.set_setting('rate_limit_header', '\"x-real-ip\"')");
  const attempt = () => rpc("token", { grant_type: "password", email: who.email, password: "wrong" }, { headers }).status;
  const statuses = Array.from({ length: 12 }, attempt);
  psql("SELECT auth.set_setting('rate_limit_header', NULL)");
  assert.equal(statuses[0], 400);
  assert.equal(statuses.at(-1), 429);
});

test("who has a token changes what is its own", () => {
  const who = member();
  const changed = rpc("update_user", { data: { theme: "dark" } }, who);
  assert.equal(changed.body.user_metadata.theme, "dark");
  assert.equal(rpc("update_user", { password: "another horse 2" }, who).status, 200);
  assert.equal(rpc("token", { grant_type: "password", email: who.email, password: "another horse 2" }).status, 200);
  assert.equal(rpc("logout", { scope: "local" }, who).status, 204);
  refused(rpc("update_user", { data: {} }, who), 403, "session_not_found");
});

test("a second factor, from enrolment to removal", () => {
  const who = member();
  const factor = rpc("enroll_factor", { factor_type: "totp", friendly_name: "app" }, who).body;
  const challenge = rpc("challenge_factor", { factor_id: factor.id }, who).body;
  refused(rpc("verify_factor", { factor_id: factor.id, challenge_id: challenge.id, code: "000000" }, who), 422, "mfa_verification_failed");
  const code = codeOf(factor.totp.secret, { period: 30, steps: 0 });
  const high = rpc("verify_factor", { factor_id: factor.id, challenge_id: challenge.id, code }, who);
  assert.equal(claimsOf(high.body.access_token).aal, "aal2");
  const raised = { token: high.body.access_token };
  assert.deepEqual(read("my_factors", raised).body.map(({ id, is_verified }) => [id, is_verified]), [[factor.id, true]]);
  assert.equal(rpc("unenroll_factor", { factor_id: factor.id }, raised).status, 200);
});

test("recovery: a mail with a code, which opens a session", () => {
  const who = member();
  assert.equal(rpc("recover", { email: who.email }).status, 200);
  refused(rpc("verify", { type: "recovery", email: who.email, token: "000000" }), 403, "otp_expired");
  const [kind] = psql("SELECT kind FROM auth.one_time_codes WHERE user_id = :'id'", { id: who.id });
  assert.equal(kind, "recovery");
});

test("nobody may do what is for those who are signed in, and nobody else's token counts", () => {
  assert.throws(() => rpc("update_user", { data: {} }), /permission denied for function update_user/);
  refused(rpc("update_user", { data: {} }, { claims: { role: "authenticated" } }), 403, "bad_jwt");
  refused(rpc("update_user", { data: {} }, { claims: { role: "authenticated", sub: "x" } }), 400, "bad_jwt");
  const who = member();
  // The header is PostgREST's to read: another token in it changes nothing.
  const other = member();
  const answer = rpc("update_user", { data: { a: 1 } }, { token: who.token, headers: { authorization: `Bearer ${other.token}` } });
  assert.equal(answer.body.id, who.id);
  assert.throws(() => psql("SET ROLE authenticated; SELECT auth.rpc('nothing', '{}')"), /there is no "nothing"/);
  assert.throws(() => psql("SET ROLE authenticated; SELECT auth.rpc('unenroll_factor', '{\"factor_id\": \"a/b\"}')"), /factor_id.*must have no "\/"/);
  assert.throws(() => psql("SET ROLE authenticated; SELECT auth.rpc('signup', '[]')"), /"arguments" must be a JSON object/);
  assert.throws(() => psql("SET ROLE anon; SELECT auth.sign_up('a@example.org', 'x')"), /permission denied/);
});

test("what a gateway would have to ask for is not known here", () => {
  psql("SELECT auth.set_setting('password_hibp_enabled', 'true')");
  const open = rpc("signup", { email: newEmail(), password: PASSWORD });
  psql("SELECT auth.set_setting('password_hibp_fail_closed', 'true')");
  const closed = rpc("signup", { email: newEmail(), password: PASSWORD });
  const known = rpc("token", { grant_type: "password", email: open.body.user.email, password: PASSWORD });
  psql("SELECT auth.set_setting('password_hibp_enabled', NULL), auth.set_setting('password_hibp_fail_closed', NULL)");
  assert.deepEqual([open.status, closed.status, known.status], [200, 500, 200]);
});

test("GET, which PostgREST answers in a transaction that only reads, tells nothing of codes, passwords and users", () => {
  const who = member();
  rpc("recover", { email: who.email });
  const error = (name, args) => {
    const list = Object.entries(args).map(([key, value]) => `${key} := '${value}'`).join(", ");
    try {
      psql(`BEGIN READ ONLY; SET LOCAL ROLE anon; SELECT api.${name}(${list}); COMMIT`);
      return "none";
    } catch ({ stderr }) {
      return stderr.toString();
    }
  };
  const said = new Set([
    error("token", { grant_type: "password", email: who.email, password: PASSWORD }), error("token", { grant_type: "password", email: who.email, password: "wrong" }),
    error("recover", { email: who.email }), error("recover", { email: newEmail() }), error("verify", { type: "recovery", email: who.email, token: "000000" }),
  ].map((text) => text.split("\n")[0]));
  assert.deepEqual([...said], ["ERROR:  cannot do this in a read-only transaction"]);
  assert.equal(error("auth_settings", {}), "none");
});
