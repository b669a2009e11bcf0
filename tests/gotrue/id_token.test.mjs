// The grant id_token (GoTrue reference, 2.4): which tokens are good.
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { assert, claimsOf, newEmail, newInstance, ok, refused } from "./helper.mjs";
import { atHash, inSeconds, newKey, newProvider, nonceHash, publish } from "./provider.mjs";

const provider = await newProvider();
const door = await newInstance({
  external_keycloak_enabled: true, external_keycloak_url: provider.url, external_keycloak_client_id: "app,other-app",
  external_google_enabled: true, external_google_client_id: "app", external_apple_enabled: true, external_apple_client_id: "app",
  external_ios_bundle_id: "org.example.ios", external_azure_enabled: true, external_azure_client_id: "app",
  external_facebook_enabled: true, external_facebook_client_id: "app",
});
const grant = (body, at = door, options = {}) => at.post("/token?grant_type=id_token", { provider: "keycloak", ...body }, options);
const someone = () => ({ sub: randomUUID(), email: newEmail(), email_verified: true, name: "Ada", picture: "https://pictures.example.org/ada" });

/** The answer must refuse as OAuth does. */
function invalid(answer, message, kind = "invalid request") {
  assert.equal(answer.status, 400, answer.text);
  assert.equal(answer.json.error, kind, answer.text);
  if (message !== undefined) assert.equal(answer.json.error_description, message);
}

test("2.4 a good token signs in, and up", async () => {
  const who = someone();
  const session = ok(await grant({ id_token: provider.token(who) }));
  const { user } = session;
  assert.equal(user.email, who.email);
  assert.ok(user.email_confirmed_at);
  assert.deepEqual(user.app_metadata, { provider: "keycloak", providers: ["keycloak"] });
  assert.equal(user.user_metadata.full_name, "Ada");
  assert.equal(user.user_metadata.avatar_url, who.picture);
  assert.equal(user.user_metadata.provider_id, who.sub);
  const [identity] = user.identities;
  assert.deepEqual([identity.provider, identity.id, identity.identity_data.email, identity.identity_data.iss], ["keycloak", who.sub, who.email, provider.url]);
  assert.deepEqual(claimsOf(session.access_token).amr.map(({ method }) => method), ["oauth"]);
  const again = ok(await grant({ id_token: provider.token({ ...who, name: "Ada Lovelace" }) }));
  assert.equal(again.user.id, user.id);
  assert.equal(again.user.user_metadata.full_name, "Ada Lovelace");
  assert.equal(again.user.identities.length, 1);
});

test("2.4 what is missing is said", async () => {
  for (const body of [{}, { id_token: "" }, { id_token: null }]) invalid(await grant(body), "id_token required");
  for (const body of [{ provider: "" }, { provider: "", client_id: "app" }, { provider: null, issuer: provider.url }]) {
    invalid(await grant({ id_token: "x.y.z", ...body }), "provider or client_id and issuer required");
  }
  invalid(await grant({ id_token: "x.y.z", link_identity: true }));
  refused(await grant({ id_token: "x.y.z", link_identity: true }, door, { token: "x.y.z" }), 403, "bad_jwt");
  invalid(await grant({ id_token: provider.token({ email: newEmail() }) }), "Missing sub claim in id_token");
});

test("93 a provider that is not enabled is refused before anybody is asked", async () => {
  const bare = await newInstance({ external_keycloak_enabled: true });
  const asked = provider.seen.length;
  for (const [name, issuer] of [
    ["google", "https://accounts.google.com"], ["apple", "https://appleid.apple.com"], ["azure", "https://login.microsoftonline.com"],
    ["facebook", "https://www.facebook.com"], ["kakao", "https://kauth.kakao.com"], ["keycloak", ""],
  ]) {
    refused(await grant({ provider: name, id_token: provider.token(someone()) }, bare), 400, "provider_disabled", `Provider (issuer "${issuer}") is not enabled`);
  }
  const google = { provider: undefined, issuer: "https://accounts.google.com", client_id: "app" };
  refused(await grant({ ...google, id_token: provider.token(someone()) }, bare), 400, "provider_disabled");
  for (const name of ["custom:mine", "github", "nobody"]) refused(await grant({ provider: name, id_token: "x.y.z" }), 400, "validation_failed");
  assert.equal(provider.seen.length, asked);
});

test("2.4 an issuer that is no provider must be allowed, and its client named", async () => {
  const own = await newInstance({
    external_allowed_id_token_issuers: `${provider.url},https://elsewhere.example.org`, external_allowed_id_token_client_ids: "app,other",
  });
  const who = someone();
  const named = { provider: undefined, issuer: provider.url, client_id: "app" };
  const { user } = ok(await grant({ ...named, id_token: provider.token(who) }, own));
  assert.equal(user.app_metadata.provider, provider.url);
  invalid(await grant({ ...named, client_id: "other", id_token: provider.token(who) }, own), "Unacceptable audience in id_token");
  // One that whoever sends the token chose would take tokens that users have shown to others.
  refused(await grant({ ...named, client_id: "another", id_token: provider.token({ ...who, aud: "another" }) }, own), 400, "validation_failed");
  const without = await newInstance({ external_allowed_id_token_issuers: provider.url });
  refused(await grant({ ...named, id_token: provider.token(who) }, without), 400, "validation_failed");
  refused(await grant({ ...named, issuer: "https://stranger.example.org", id_token: provider.token(who) }, own), 400, "validation_failed");
});

test("95 the audience must be one of our clients", async () => {
  for (const aud of ["app", "other-app", ["x", "other-app"]]) ok(await grant({ id_token: provider.token({ ...someone(), aud }) }));
  for (const aud of ["x", ["x", "y"], [], "", undefined, "app,other-app"]) {
    invalid(await grant({ id_token: provider.token({ ...someone(), aud }) }), "Unacceptable audience in id_token");
  }
});

test("94 nonces: both or none, and the token has the hash", async () => {
  const nonce = randomUUID();
  ok(await grant({ id_token: provider.token({ ...someone(), nonce: nonceHash(nonce) }), nonce }));
  const message = "Passed nonce and nonce in id_token should either both exist or not.";
  invalid(await grant({ id_token: provider.token({ ...someone(), nonce: nonceHash(nonce) }) }), message);
  invalid(await grant({ id_token: provider.token(someone()), nonce }), message);
  for (const other of [nonce, nonceHash("x")]) {
    invalid(await grant({ id_token: provider.token({ ...someone(), nonce: other }), nonce }), "Nonces mismatch", "invalid nonce");
  }
  const lax = await newInstance({
    external_keycloak_enabled: true, external_keycloak_url: provider.url, external_keycloak_client_id: "app", external_keycloak_skip_nonce_check: true,
  });
  ok(await grant({ id_token: provider.token({ ...someone(), nonce: "anything" }) }, lax));
});

test("2.4 a token that is not good is not taken", async () => {
  const who = someone();
  const stranger = newKey(provider.keys[0].jwk.kid);
  const [header, , signature] = provider.token(who).split(".");
  for (const [why, id_token] of Object.entries({
    "no token": "x", "not JSON": "a.b.c", "another's key": provider.token(who, stranger), "a key nobody knows": provider.token(who, newKey()),
    "over": provider.token({ ...who, exp: inSeconds(-1) }), "without an end": provider.token({ ...who, exp: undefined }),
    "to come": provider.token({ ...who, nbf: inSeconds(900) }), "another issuer": provider.token({ ...who, iss: `${provider.url}/` }),
    "changed": [header, Buffer.from(JSON.stringify({ ...who, iss: provider.url, aud: "app", exp: inSeconds(60) })).toString("base64url"), signature].join("."),
    "unsigned": provider.keys[0].sign({ ...who, iss: provider.url, aud: "app", exp: inSeconds(60) }, { alg: "none" }),
  })) {
    const answer = await grant({ id_token });
    assert.equal(answer.json?.error_description, "Bad ID token", why);
    invalid(answer);
  }
});

test("2.4 an access token must be the one it came with", async () => {
  const access_token = randomUUID();
  ok(await grant({ id_token: provider.token({ ...someone(), at_hash: atHash(access_token) }), access_token }));
  ok(await grant({ id_token: provider.token(someone()), access_token }), 200);
  ok(await grant({ id_token: provider.token({ ...someone(), at_hash: atHash(access_token) }) }), 200);
  invalid(await grant({ id_token: provider.token({ ...someone(), at_hash: atHash(access_token) }), access_token: "another" }), "Bad ID token");
});

test("2.4 keys are asked for once, and anew when a token has one that is not known", async () => {
  const own = await newProvider();
  const at = await newInstance({ external_keycloak_enabled: true, external_keycloak_url: own.url, external_keycloak_client_id: "app" });
  const paths = () => own.seen.map(({ path }) => path);
  ok(await grant({ id_token: own.token(someone()) }, at));
  ok(await grant({ id_token: own.token(someone()) }, at));
  assert.deepEqual(paths(), ["/.well-known/openid-configuration", "/keys"]);
  // Who shows keys that nobody knows cannot have them asked for each time.
  for (let i = 0; i < 3; i++) invalid(await grant({ id_token: own.token(someone(), newKey()) }, at), "Bad ID token");
  assert.equal(paths().length, 2);
  const { sql } = await import("./helper.mjs");
  const age = (interval) => sql(`UPDATE auth.provider_documents SET fetched_at = now() - $2::interval WHERE url LIKE $1 || '%' RETURNING url`, own.url, interval);
  age("2 minutes");
  own.keys.unshift(newKey());
  ok(await grant({ id_token: own.token(someone()) }, at));
  assert.deepEqual(paths().slice(2), ["/keys"]);
  // A provider that cannot be reached for a while does not keep people out.
  age("2 hours");
  own.status = 503;
  ok(await grant({ id_token: own.token(someone()) }, at));
  age("2 days");
  refused(await grant({ id_token: own.token(someone()) }, at), 500, "unexpected_failure");
});

test("2.4 a provider that says it is another is none", async () => {
  const own = await newProvider();
  own.issuer = "https://accounts.google.com";
  const at = await newInstance({ external_keycloak_enabled: true, external_keycloak_url: own.url, external_keycloak_client_id: "app" });
  refused(await grant({ id_token: own.token(someone()) }, at), 500, "unexpected_failure");
});

test("2.4 a made-up provider does not make a known issuer one that anybody's client may name", async () => {
  const key = newKey();
  const usual = await newInstance();
  for (const issuer of ["https://accounts.google.com", "https://appleid.apple.com"]) {
    publish(issuer, key);
    const id_token = key.sign({ ...someone(), iss: issuer, aud: "evil", exp: inSeconds(60) });
    for (const at of [door, usual]) {
      for (const provider of ["x", "custom:x", issuer]) refused(await grant({ provider, issuer, client_id: "evil", id_token }, at), 400, "validation_failed");
    }
  }
});

test("96 Google, Apple and Azure have their own issuers, and no lookalikes", async () => {
  const key = newKey();
  const organisation = `https://login.microsoftonline.com/${randomUUID()}/v2.0`;
  const old = `https://sts.windows.net/${randomUUID()}/`;
  const good = {
    google: ["https://accounts.google.com"], apple: ["https://appleid.apple.com", "https://account.apple.com"], azure: [organisation, old],
  };
  const signed = (iss, more) => key.sign({ ...someone(), iss, aud: "app", exp: inSeconds(60), xms_edov: true, ...more });
  for (const [name, issuers] of Object.entries(good)) {
    for (const issuer of issuers) {
      publish(issuer, key);
      const { user } = ok(await grant({ provider: name, id_token: signed(issuer) }));
      assert.equal(user.app_metadata.provider, name);
      ok(await grant({ provider: undefined, client_id: "any", issuer, id_token: signed(issuer) }));
    }
  }
  ok(await grant({ provider: "apple", id_token: signed("https://appleid.apple.com", { aud: "org.example.ios", email_verified: "true" }) }));
  invalid(await grant({ provider: "google", id_token: signed("http://accounts.google.com") }), "Bad ID token");
  for (const [name, issuer] of [
    ["apple", "https://appleid.apple.com.evil.example"], ["apple", "https://accounts.google.com"], ["apple", undefined], ["azure", "https://evil.example/v2.0"],
    ["azure", "https://login.microsoftonline.com.evil.example/x/v2.0"], ["azure", "https://login.microsoftonline.com/x/../../v2.0"],
    ["azure", "https://login.microsoftonline.com/v2.0"], ["azure", "https://sts.windows.net/"], ["azure", provider.url],
  ]) {
    if (issuer) publish(issuer, key);
    refused(await grant({ provider: name, id_token: signed(issuer) }), 400, "validation_failed");
  }
  refused(await grant({ provider: "azure", issuer: old, id_token: signed(organisation) }), 400, "validation_failed", /Azure/);
  // One organisation alone.
  const one = await newInstance({ external_azure_enabled: true, external_azure_client_id: "app", external_azure_url: organisation.replace("/v2.0", "") });
  ok(await grant({ provider: "azure", id_token: signed(organisation) }, one));
  refused(await grant({ provider: "azure", id_token: signed(old) }, one), 400, "validation_failed");
});
