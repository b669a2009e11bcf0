// What is switched off says so, as GoTrue does where it is.
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { assert, newInstance, ok, refused } from "./helper.mjs";

const door = await newInstance({ manual_linking_enabled: true });
const { session } = await door.member();
const token = session.access_token;

test("162 a provider's pages are nobody's", async () => {
  for (const provider of ["google", "nobody", ""]) {
    refused(await door.get("/authorize", { query: { provider } }), 400, "validation_failed", /^Unsupported provider/);
    refused(await door.get("/user/identities/authorize", { query: { provider }, token }), 400, "validation_failed", /^Unsupported provider/);
  }
});

test("181 SAML is off, whatever is sent", async () => {
  for (const body of ["{", {}, { domain: "example.org" }, { domain: "example.org", provider_id: randomUUID() }]) {
    refused(await door.post("/sso", body), 404, "saml_provider_disabled");
  }
  for (const path of ["/sso/saml/metadata", "/saml/metadata"]) refused(await door.get(path), 404, "saml_provider_disabled");
  for (const path of ["/sso/saml/acs", "/saml/acs"]) refused(await door.post(path, "SAMLResponse=x"), 404, "saml_provider_disabled");
  refused(await door.admin("GET", "/admin/sso/providers"), 404, "saml_provider_disabled");
  refused(await door.get("/admin/sso/providers", { token }), 403, "not_admin");
});

test("239 the OAuth server is off: every route says so", async () => {
  const id = randomUUID();
  for (const [method, path] of [
    ["GET", "/.well-known/oauth-authorization-server"], ["GET", "/oauth/authorize"], ["POST", "/oauth/token"], ["GET", "/oauth/userinfo"],
    ["POST", "/oauth/clients/register"], ["GET", `/oauth/authorizations/${id}`], ["POST", `/oauth/authorizations/${id}/consent`],
    ["GET", "/user/oauth/grants"], ["DELETE", "/user/oauth/grants"], ["GET", "/admin/oauth/clients"], ["POST", "/admin/oauth/clients"],
    ["GET", `/admin/oauth/clients/${id}`], ["PUT", `/admin/oauth/clients/${id}`], ["DELETE", `/admin/oauth/clients/${id}`],
    ["POST", `/admin/oauth/clients/${id}/regenerate_secret`],
  ]) {
    refused(await door.call(method, path), 404, "feature_disabled", "OAuth server is disabled");
  }
});

test("247 passkeys are off", async () => {
  for (const [method, path] of [
    ["GET", "/passkeys"], ["PATCH", `/passkeys/${randomUUID()}`], ["DELETE", `/passkeys/${randomUUID()}`], ["POST", "/passkeys/registration/options"],
    ["POST", "/passkeys/registration/verify"], ["POST", "/passkeys/authentication/options"], ["POST", "/passkeys/authentication/verify"],
  ]) {
    refused(await door.call(method, path, { token }), 404, "passkey_disabled");
  }
});

test("2.24 providers of one's own are off", async () => {
  for (const [method, path] of [["GET", ""], ["POST", ""], ["GET", "/custom:x"], ["PUT", "/custom:x"], ["DELETE", "/custom:x"]]) {
    refused(await door.admin(method, `/admin/custom-providers${path}`), 404, "feature_disabled");
    refused(await door.call(method, `/admin/custom-providers${path}`, { token }), 403, "not_admin");
  }
});

test("2.14 recovery codes and security keys are no factors", async () => {
  refused(await door.get("/factors/recovery-codes", { token }), 422, "mfa_recovery_codes_enroll_not_enabled");
  refused(await door.post("/factors/recovery-codes/verify", { code: "x" }, { token }), 422, "mfa_recovery_codes_verify_not_enabled");
  refused(await door.post("/factors", { factor_type: "webauthn" }, { token }), 422, "mfa_webauthn_enroll_not_enabled");
  assert.equal((await door.get("/factors/recovery-codes")).status, 401);
});

test("97 wallets sign nobody in", async () => {
  for (const chain of ["solana", "ethereum", "bitcoin"]) {
    refused(await door.post("/token?grant_type=web3", { chain, message: "x", signature: "y" }), 422, "web3_provider_disabled", "Web3 provider is disabled");
  }
});

test("2.1 nor do the settings promise any of it", async () => {
  const { external, saml_enabled, passkeys_enabled } = ok(await door.get("/settings"));
  assert.deepEqual([external.google, saml_enabled, passkeys_enabled], [false, false, false]);
});
