// signInWithIdToken: which tokens of a provider are good.
import { randomUUID } from "node:crypto";
import test from "node:test";
import { assert, claimsOf, newInstance, ok, refused, sql } from "../../gotrue/helper.mjs";
import { fails, must, newClient, newSupabase } from "./clients.mjs";
import { methods } from "./factors.mjs";
import { FOREIGN, OWN, newAccount, newOpenIdProvider, trusting } from "./openid-provider.mjs";

const provider = await newOpenIdProvider("RS256");
const elliptic = await newOpenIdProvider("ES256");
const trustingInstance = (at, more) => newInstance({ ...trusting(at), ...more });
const instance = await trustingInstance(provider);

const AGE = `UPDATE auth.provider_documents SET fetched_at = now() - interval '2 minutes'
  WHERE url LIKE $1 || '/%' RETURNING url`;
const BAD_TOKEN = [400, undefined, "Bad ID token"];
const signIn = (given, at = instance) => newClient(at).signInWithIdToken(given);
const headerOf = (token) => JSON.parse(Buffer.from(token.split(".")[0], "base64url"));

for (const [name, at, make] of [
  ["RS256, with auth-js", provider, newClient],
  ["RS256, with supabase-js", provider, newSupabase],
  ["ES256, with auth-js", elliptic, newClient],
  ["ES256, with supabase-js", elliptic, newSupabase],
]) {
  test(`2.4 whoever comes from a provider that signs with ${name}, for the first time and again`, async () => {
    const own = await trustingInstance(at);
    const picture = "https://pictures.example.org/ada";
    const account = newAccount({ name: "Ada", picture });
    const client = make(own);
    const events = [];
    client.onAuthStateChange((event) => void events.push(event));
    const given = await at.credentials(account);
    assert.equal(headerOf(given.token).alg, at.alg);
    const { session, user } = await must(client.signInWithIdToken(given));
    assert.ok(events.includes("SIGNED_IN"));
    assert.equal(user.email, account.email);
    assert.deepEqual(user.app_metadata, { provider: "keycloak", providers: ["keycloak"] });
    assert.ok(user.email_confirmed_at);
    assert.deepEqual(methods(session), ["oauth"]);
    const shown = { ...account, iss: at.url, provider_id: account.sub, full_name: "Ada", avatar_url: picture };
    assert.deepEqual(user.user_metadata, shown);
    const { identities } = await must(client.getUserIdentities());
    assert.deepEqual(identities.map((identity) => [identity.provider, identity.id]), [["keycloak", account.sub]]);

    const again = make(own);
    const later = await must(again.signInWithIdToken(await at.credentials({ ...account, name: "Ada Lovelace" })));
    assert.equal(later.user.id, user.id);
    assert.equal(later.user.user_metadata.full_name, "Ada Lovelace");
    assert.equal(later.user.identities.length, 1);
    assert.notEqual(claimsOf(later.session.access_token).session_id, claimsOf(session.access_token).session_id);
  });
}

test("2.4 the session is one as any other", async () => {
  const client = newClient(instance);
  const { session, user } = await must(client.signInWithIdToken(await provider.credentials(newAccount())));
  const { session: refreshed } = await must(client.refreshSession());
  assert.notEqual(refreshed.refresh_token, session.refresh_token);
  assert.equal((await must(client.getClaims())).claims.sub, user.id);
  assert.equal((await client.signOut()).error, null);
  await fails(newClient(instance).refreshSession(refreshed), 400, "refresh_token_not_found");
});

test("2.4 a token is good more than once, as long as it has not expired", async () => {
  const own = await newOpenIdProvider("ES256");
  const at = await trustingInstance(own);
  const given = await own.credentials(newAccount());
  const { user } = await must(signIn(given, at));
  assert.equal((await must(signIn(given, at))).user.id, user.id);
  own.lifetime = -1;
  await fails(signIn(await own.credentials(newAccount()), at), ...BAD_TOKEN);
});

test("94 a nonce: the provider got its hash", async () => {
  const nonce = randomUUID();
  const given = await provider.credentials(newAccount(), { nonce });
  assert.match(claimsOf(given.token).nonce, /^[0-9a-f]{64}$/);
  await must(signIn(given));
  const both = [400, undefined, "Passed nonce and nonce in id_token should either both exist or not."];
  await fails(signIn({ ...given, nonce: undefined }), ...both);
  await fails(signIn({ ...(await provider.credentials(newAccount())), nonce }), ...both);
  for (const other of [randomUUID(), claimsOf(given.token).nonce]) {
    await fails(signIn({ ...given, nonce: other }), 400, undefined, "Nonces mismatch");
  }
});

test("94 where nonces are not checked, any will do", async () => {
  const lax = await trustingInstance(provider, { external_keycloak_skip_nonce_check: true });
  const given = await provider.credentials(newAccount(), { nonce: randomUUID() });
  await must(signIn({ ...given, nonce: undefined }, lax));
});

test("2.4 the access token must be the one that came with the token", async () => {
  const given = await provider.credentials(newAccount());
  assert.ok(claimsOf(given.token).at_hash);
  await must(signIn(given));
  await must(signIn({ ...given, access_token: undefined }));
  const { access_token } = await provider.credentials(newAccount());
  await fails(signIn({ ...given, access_token }), ...BAD_TOKEN);
});

test("95 a token for another client of the provider is refused, unless that is one of ours as well", async () => {
  const given = await provider.credentials(newAccount(), { client: FOREIGN });
  await fails(signIn(given), 400, undefined, "Unacceptable audience in id_token");
  const both = await trustingInstance(provider, { external_keycloak_client_id: `${OWN.id},${FOREIGN.id}` });
  await must(signIn(given, both));
});

test("2.4 a token of another provider, one that was changed, and none are refused", async () => {
  const account = newAccount();
  await fails(signIn(await elliptic.credentials(account)), ...BAD_TOKEN);
  const given = await provider.credentials(account);
  const [header, payload, signature] = given.token.split(".");
  const { token: another } = await provider.credentials(newAccount());
  const changed = Buffer.from(JSON.stringify({ ...claimsOf(given.token), sub: randomUUID() })).toString("base64url");
  const unsigned = Buffer.from(JSON.stringify({ ...headerOf(given.token), alg: "none" })).toString("base64url");
  for (const token of [
    [header, changed, signature].join("."),
    [header, payload, another.split(".")[2]].join("."),
    [unsigned, payload, ""].join("."),
    given.access_token,
  ]) {
    await fails(signIn({ ...given, token }), ...BAD_TOKEN);
  }
  await fails(signIn({ ...given, token: "" }), 400, undefined, "id_token required");
  await fails(signIn({ ...given, provider: "" }), 400, undefined, "provider or client_id and issuer required");
  await must(signIn(given));
});

test("93 a provider that is not enabled, or not known, is refused", async () => {
  const given = await provider.credentials(newAccount());
  const off = await trustingInstance(provider, { external_keycloak_enabled: false });
  const message = `Provider (issuer "${provider.url}") is not enabled`;
  await fails(signIn(given, off), 400, "provider_disabled", message);
  for (const name of ["custom:mine", "nobody"]) {
    await fails(signIn({ ...given, provider: name }), 400, "validation_failed", /not allowed$/);
  }
});

test("2.4 a provider that nobody can reach", async () => {
  const nowhere = await newInstance(trusting({ url: `${provider.url}/nowhere` }));
  // To clients this is a failure of the network, which has no code.
  const attempt = signIn(await provider.credentials(newAccount()), nowhere);
  await fails(attempt, 500, undefined, "The provider cannot be reached");
});

test("2.4 clients cannot name an issuer that is allowed, but take the session that it leads to", async () => {
  const own = await newInstance({ external_allowed_id_token_issuers: provider.url, external_allowed_id_token_client_ids: `${OWN.id},${FOREIGN.id}` });
  const account = newAccount();
  const { id_token, access_token } = await provider.signIn(account);
  const usual = { id_token, access_token, issuer: provider.url, client_id: OWN.id };
  const grant = (more) => own.post("/token?grant_type=id_token", { ...usual, ...more });
  const session = ok(await grant());
  const client = newClient(own);
  await must(client.setSession(session));
  const { user } = await must(client.getUser());
  assert.deepEqual([user.email, user.app_metadata.provider], [account.email, provider.url]);
  assert.deepEqual(user.identities.map((identity) => [identity.provider, identity.id]), [[provider.url, account.sub]]);
  const foreign = await grant({ client_id: FOREIGN.id });
  assert.deepEqual([foreign.status, foreign.json.error_description], [400, "Unacceptable audience in id_token"]);
  refused(await grant({ issuer: elliptic.url }), 400, "validation_failed");
});

for (const alg of ["RS256", "ES256"]) {
  test(`2.4 a provider that changes its key of ${alg}`, async () => {
    const own = await newOpenIdProvider(alg);
    const at = await trustingInstance(own);
    const account = newAccount();
    const former = await own.credentials(account);
    const { user } = await must(signIn(former, at));
    own.changeKey();
    const given = await own.credentials(account);
    assert.notEqual(headerOf(given.token).kid, headerOf(former.token).kid);
    // Its keys are asked for at most once a minute: let that be over.
    assert.equal(sql(AGE, own.url).length, 2);
    assert.equal((await must(signIn(given, at))).user.id, user.id);
    await fails(signIn(former, at), ...BAD_TOKEN);
  });
}
