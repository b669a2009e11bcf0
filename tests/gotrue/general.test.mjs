// What the server tells of itself (GoTrue reference, 2.1, 3.7 and 3.9).
import test from "node:test";
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { assert, newInstance, ok } from "./helper.mjs";

const instance = await newInstance();

test("2.1 what the server is", async () => {
  const { version, ...rest } = ok(await instance.get("/health"));
  assert.match(version, /^v\d+\.\d+\.\d+/);
  assert.deepEqual(rest, {
    name: "GoTrue", description: "GoTrue is a user registration and authentication API",
  });
});

test("2.1 public keys: none of a secret, the public half of others", async () => {
  const empty = await instance.get("/.well-known/jwks.json");
  assert.deepEqual(ok(empty), { keys: [] });
  assert.equal(empty.headers.get("cache-control"), "public, max-age=600");

  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const jwk = privateKey.export({ format: "jwk" });
  const signing = { kid: "ours", alg: "ES256", use: "sig", key_ops: ["sign", "verify"], ...jwk };
  const secret = { kty: "oct", kid: "old", alg: "HS256", k: "c2VjcmV0LXNlY3JldC1zZWNyZXQ", key_ops: ["verify"] };
  const own = await newInstance({ jwt_keys: JSON.stringify([signing, secret]) });
  const { keys } = ok(await own.get("/.well-known/jwks.json"));
  assert.equal(keys.length, 1);
  const { kid, alg, use, key_ops, d } = keys[0];
  assert.deepEqual({ kid, alg, use, key_ops, d }, {
    kid: "ours", alg: "ES256", use: "sig", key_ops: ["verify"], d: undefined,
  });
  assert.equal(createPublicKey({ key: keys[0], format: "jwk" }).asymmetricKeyType, "ec");
});

test("2.1 discovery", async () => {
  const own = await newInstance({ jwt_issuer: "https://issuer.example.org/auth/v1" });
  const answer = await own.get("/.well-known/openid-configuration");
  const { issuer, jwks_uri } = ok(answer);
  assert.deepEqual([issuer, jwks_uri], [
    "https://issuer.example.org/auth/v1", "https://issuer.example.org/auth/v1/.well-known/jwks.json",
  ]);
  assert.equal(answer.headers.get("cache-control"), "public, max-age=600");
});

const EXTERNAL = [
  "anonymous_users", "apple", "azure", "bitbucket", "discord", "facebook", "snapchat", "figma", "fly", "github",
  "gitlab", "google", "keycloak", "kakao", "linkedin", "linkedin_oidc", "notion", "spotify", "slack", "slack_oidc",
  "workos", "twitch", "twitter", "email", "phone", "zoom",
];

test("3.9 the settings that clients see", async () => {
  const document = (more = {}, external = {}) => ({
    external: { ...Object.fromEntries(EXTERNAL.map((name) => [name, false])), email: true, ...external },
    disable_signup: false, mailer_autoconfirm: false, phone_autoconfirm: false, sms_provider: "", saml_enabled: false,
    passkeys_enabled: false, ...more,
  });
  assert.deepEqual(ok(await instance.get("/settings")), document());
  const own = await newInstance({
    disable_signup: true, mailer_autoconfirm: true, sms_autoconfirm: true, sms_provider: "vonage",
    external_email_enabled: false, external_phone_enabled: true, external_anonymous_users_enabled: true,
  });
  const on = { email: false, phone: true, anonymous_users: true };
  const more = { disable_signup: true, mailer_autoconfirm: true, phone_autoconfirm: true, sms_provider: "vonage" };
  assert.deepEqual(ok(await own.get("/settings")), document(more, on));
});
