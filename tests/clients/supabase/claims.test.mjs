// getClaims: whose signatures clients check themselves, and which they let the server check.
import test from "node:test";
import { PASSWORD, assert, claimsOf, newEmail, newInstance, sign } from "../../gotrue/helper.mjs";
import { NO_SESSION, fails, must, newAdmin, newClient } from "./clients.mjs";
import { RSA_KID, asymmetric, autoconfirming, closed } from "./servers.mjs";

const headerOf = (token) => JSON.parse(Buffer.from(token.split(".")[0], "base64url"));

/** A client that is signed in, and the paths that it calls afterwards. */
async function watched(instance) {
  const calls = [];
  const watch = (url, options) => (calls.push(url.replace(instance.url, "")), fetch(url, options));
  const client = newClient(instance, { fetch: watch });
  const { session } = await must(client.signUp({ email: newEmail(), password: PASSWORD }));
  calls.length = 0;
  return { client, session, calls, token: session.access_token };
}

test("7.2 getClaims of HS256 asks the server", async () => {
  const { client, calls, token } = await watched(autoconfirming);
  const { claims, header } = await must(client.getClaims());
  assert.equal(header.alg, "HS256");
  assert.deepEqual(claims, claimsOf(token));
  assert.deepEqual(calls, ["/user"]);
});

test("7.2 getClaims of RS256 takes the published key", async () => {
  const { client, calls, token } = await watched(asymmetric);
  assert.deepEqual(headerOf(token), { alg: "RS256", kid: RSA_KID, typ: "JWT" });
  const { claims } = await must(client.getClaims());
  assert.deepEqual(claims, claimsOf(token));
  assert.deepEqual(calls, ["/.well-known/jwks.json"]);
  const { keys } = await (await fetch(`${asymmetric.url}/.well-known/jwks.json`)).json();
  assert.deepEqual(
    keys.map((key) => key.kid),
    [RSA_KID],
    "symmetric keys are never told",
  );
});

test("3.7 getClaims of ES256 takes a key of the app's own, where no secret is set", async () => {
  const instance = await newInstance({ mailer_autoconfirm: true, jwt_secret: null });
  const { client, calls, token, session } = await watched(instance);
  assert.equal(headerOf(token).alg, "ES256");
  const { claims } = await must(client.getClaims());
  assert.deepEqual(claims, claimsOf(token));
  assert.deepEqual(calls, ["/.well-known/jwks.json"]);
  assert.equal((await must(client.getUser())).user.id, session.user.id);
  const [head, , signature] = token.split(".");
  const body = Buffer.from(JSON.stringify({ ...claims, role: "service_role" })).toString("base64url");
  const forged = [head, body, signature].join(".");
  const { error } = await client.getClaims(forged);
  assert.equal(error.name, "AuthInvalidJwtError");
  await fails(newAdmin(instance, forged).listUsers(), 403, "bad_jwt");
  await fails(client.getUser(forged), 403, "bad_jwt");
});

test("7.2 getClaims of a token that is forged with HS256 where another algorithm signs", async () => {
  const { client, token } = await watched(asymmetric);
  const forged = sign(claimsOf(token), "another secret, just as long as that", { kid: RSA_KID });
  await fails(client.getClaims(forged), 403, "bad_jwt", /unable to parse or verify signature/);
});

test("7.2 getClaims of a session that has ended on the server", async () => {
  const [hs256, rs256] = [await watched(autoconfirming), await watched(asymmetric)];
  for (const [instance, { token }] of [
    [autoconfirming, hs256],
    [asymmetric, rs256],
  ])
    await must(newAdmin(instance).signOut(token));
  await fails(hs256.client.getClaims(), ...NO_SESSION);
  assert.deepEqual((await must(rs256.client.getClaims())).claims, claimsOf(rs256.token), "a signature stays good");
});

test("7.2 getClaims of a token that has expired is refused, unless that is allowed", async () => {
  const { client, token } = await watched(autoconfirming);
  const { exp, ...claims } = claimsOf(token);
  const expired = sign({ ...claims, exp: exp - 7200 }, autoconfirming.secret);
  assert.equal((await client.getClaims(expired)).error.name, "AuthInvalidJwtError");
  await fails(client.getClaims(expired, { allowExpired: true }), 403, "bad_jwt", /^invalid JWT/);
});

test("7.1 admin tokens of the shared secret are good where keys sign", async () => {
  const [roles, secret] = [["service_role", "supabase_admin"], closed.secret];
  for (const role of roles) {
    const { users } = await must(newAdmin(autoconfirming, sign({ sub: "1234567890", role }, secret)).listUsers());
    assert.ok(Array.isArray(users));
  }
  const anon = sign({ role: "anon" }, secret);
  await fails(newAdmin(autoconfirming, anon).listUsers(), 403, "not_admin", "User not allowed");
});
