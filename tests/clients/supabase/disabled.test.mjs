// What is switched off: clients are told so, as by any server where it is.
import { randomUUID } from "node:crypto";
import test from "node:test";
import { SITE, assert, newInstance } from "../../gotrue/helper.mjs";
import { leave, open, withDevice } from "./browser.mjs";
import { fails, member, must, newAdmin, newClient } from "./clients.mjs";
import { autoconfirming } from "./servers.mjs";

const admin = newAdmin(autoconfirming);
const PASSKEYS = [404, "passkey_disabled"];
const OAUTH_SERVER = [404, "feature_disabled", "OAuth server is disabled"];
const CUSTOM_PROVIDERS = [404, "feature_disabled"];
const WEBAUTHN = [422, "mfa_webauthn_enroll_not_enabled"];
const id = randomUUID();

test("2.23 passkeys: every call of who is signed in", async () => {
  const { passkey } = (await member(autoconfirming)).client;
  const calls = {
    startRegistration: () => passkey.startRegistration(),
    verifyRegistration: () => passkey.verifyRegistration({ challengeId: id, credential: {} }),
    list: () => passkey.list(),
    update: () => passkey.update({ passkeyId: id, friendlyName: "key" }),
    delete: () => passkey.delete({ passkeyId: id }),
  };
  for (const call of Object.values(calls)) await fails(call(), ...PASSKEYS);
});

test("2.23 passkeys: signing in with one", async () => {
  const { passkey } = newClient(autoconfirming);
  await fails(passkey.startAuthentication(), ...PASSKEYS);
  await fails(passkey.verifyAuthentication({ challengeId: id, credential: {} }), ...PASSKEYS);
});

test("2.23 signInWithPasskey and registerPasskey stop before the device is asked", async () => {
  const { session } = await member(autoconfirming);
  open(SITE);
  const prompts = withDevice();
  const client = newClient(autoconfirming);
  await fails(client.signInWithPasskey(), ...PASSKEYS);
  await must(client.setSession(session));
  await fails(client.registerPasskey(), ...PASSKEYS);
  assert.deepEqual(prompts, []);
  await client.dispose().then(leave);
});

test("2.23 admin.passkey", async () => {
  const { user } = await member(autoconfirming);
  await fails(admin.passkey.listPasskeys({ userId: user.id }), ...PASSKEYS);
  await fails(admin.passkey.deletePasskey({ userId: user.id, passkeyId: id }), ...PASSKEYS);
});

test("2.14 mfa.webauthn: nobody enrols a key, so there is none to be asked for", async () => {
  const { session } = await member(autoconfirming);
  open(SITE);
  const prompts = withDevice();
  const client = newClient(autoconfirming);
  await must(client.setSession(session));
  const { webauthn } = client.mfa;
  await fails(webauthn.enroll({ friendlyName: "key" }), ...WEBAUTHN);
  await fails(webauthn.register({ friendlyName: "key" }), ...WEBAUTHN);
  const rp = { rpId: "app.example.org", rpOrigins: [SITE] };
  const notFound = [404, "mfa_factor_not_found"];
  await fails(webauthn.challenge({ factorId: id, webauthn: rp }), ...notFound);
  await fails(webauthn.authenticate({ factorId: id, webauthn: rp }), ...notFound);
  const response = new ArrayBuffer(8);
  const credential_response = {
    id: "key",
    rawId: response,
    type: "public-key",
    response: { attestationObject: response, clientDataJSON: response },
    getClientExtensionResults: () => ({}),
  };
  const answer = { type: "create", ...rp, credential_response };
  await fails(webauthn.verify({ factorId: id, challengeId: id, webauthn: answer }), ...notFound);
  assert.deepEqual(prompts, []);
  assert.deepEqual((await must(client.mfa.listFactors())).all, []);
  await client.dispose().then(leave);
});

test("mfa.recoveryCodes, which clients offer for trial only, is refused and leaves the session as it is", async () => {
  const { client: usual } = await member(autoconfirming);
  await assert.rejects(usual.mfa.recoveryCodes.getStatus(), /experimental and disabled by default/);
  const { client, session } = await member(autoconfirming, { options: { experimental: { recoveryCodes: true } } });
  const { recoveryCodes } = client.mfa;
  const calls = {
    getStatus: () => recoveryCodes.getStatus(),
    generate: () => recoveryCodes.generate(),
    verify: () => recoveryCodes.verify({ code: "abcd-efgh" }),
    regenerate: () => recoveryCodes.regenerate(),
    unenroll: () => recoveryCodes.unenroll(),
  };
  for (const [name, call] of Object.entries(calls)) {
    await fails(call(), 422, `mfa_recovery_codes_${name === "verify" ? "verify" : "enroll"}_not_enabled`);
  }
  assert.equal((await must(client.getSession())).session.access_token, session.access_token);
  assert.deepEqual((await must(client.mfa.listFactors())).all, []);
});

test("2.22 oauth: what a user allows other applications", async () => {
  const { oauth } = (await member(autoconfirming)).client;
  const calls = {
    getAuthorizationDetails: () => oauth.getAuthorizationDetails(id),
    approveAuthorization: () => oauth.approveAuthorization(id),
    denyAuthorization: () => oauth.denyAuthorization(id),
    listGrants: () => oauth.listGrants(),
    revokeGrant: () => oauth.revokeGrant({ clientId: id }),
  };
  for (const call of Object.values(calls)) await fails(call(), ...OAUTH_SERVER);
});

test("2.22 admin.oauth: the other applications", async () => {
  const client = { client_name: "other", redirect_uris: [`${SITE}/callback`] };
  const calls = {
    listClients: () => admin.oauth.listClients(),
    createClient: () => admin.oauth.createClient(client),
    getClient: () => admin.oauth.getClient(id),
    updateClient: () => admin.oauth.updateClient(id, client),
    deleteClient: () => admin.oauth.deleteClient(id),
    regenerateClientSecret: () => admin.oauth.regenerateClientSecret(id),
  };
  for (const call of Object.values(calls)) await fails(call(), ...OAUTH_SERVER);
});

const PROVIDER = {
  provider_type: "oauth2",
  identifier: "custom:acme",
  name: "Acme",
  client_id: "client",
  client_secret: "secret",
  authorization_url: "https://acme.example/authorize",
  token_url: "https://acme.example/token",
  userinfo_url: "https://acme.example/userinfo",
};

for (const [name, call] of [
  ["listProviders", () => admin.customProviders.listProviders()],
  ["createProvider", () => admin.customProviders.createProvider(PROVIDER)],
  ["getProvider", () => admin.customProviders.getProvider(PROVIDER.identifier)],
  ["updateProvider", () => admin.customProviders.updateProvider(PROVIDER.identifier, { name: "Other" })],
  ["deleteProvider", () => admin.customProviders.deleteProvider(PROVIDER.identifier)],
]) {
  test(`2.24 admin.customProviders.${name}`, async () => fails(call(), ...CUSTOM_PROVIDERS));
}

test("7.2 signInWithIdToken of every known provider, where all are off", async () => {
  const client = newClient(autoconfirming);
  for (const [provider, issuer] of [
    ["apple", "https://appleid.apple.com"],
    ["azure", "https://login.microsoftonline.com"],
    ["facebook", "https://www.facebook.com"],
    ["kakao", "https://kauth.kakao.com"],
    ["google", "https://accounts.google.com"],
    ["keycloak", ""],
  ]) {
    const message = `Provider (issuer "${issuer}") is not enabled`;
    await fails(client.signInWithIdToken({ provider, token: "bad.id.token" }), 400, "provider_disabled", message);
  }
});

test("7.2 signInWithSSO by the id of a provider, where SAML is off", async () => {
  const promise = newClient(autoconfirming).signInWithSSO({ providerId: id });
  await fails(promise, 404, "saml_provider_disabled", "SAML 2.0 is disabled");
});

test("2.12 linkIdentity where linking is on, but its provider is off", async () => {
  const { client } = await member(await newInstance({ manual_linking_enabled: true }));
  await fails(client.linkIdentity({ provider: "github" }), 400, "validation_failed", /^Unsupported provider: /);
  const link = client.linkIdentity({ provider: "google", token: "bad.id.token" });
  await fails(link, 400, "provider_disabled", /is not enabled$/);
  assert.equal((await must(client.getUserIdentities())).identities.length, 1);
});
