// The settings that the dashboard shows of a tenant (CDI 2.15, 5.1 to 5.6).
import test from "node:test";
import { aside, request } from "./aside.mjs";
import { VERSIONS, assert, get, newApp, newId, newTenant, ok, put, refused } from "./helper.mjs";

const PATH = "/recipe/dashboard/tenant/core-config";
const config = async (at = "", version = "5.4") => ok(await get(at + PATH, undefined, version)).config;
const values = (entries) => Object.fromEntries(entries.map(({ key, value }) => [key, value]));

// Type, whether tenants may differ, and whether there may be no value.
const SHOWN = {
  access_token_validity: ["number", false, false],
  refresh_token_validity: ["number", false, false],
  refresh_token_rotation_grace_period: ["number", false, false],
  access_token_validity_jitter: ["number", false, false],
  access_token_dynamic_signing_key_update_interval: ["number", false, false],
  password_reset_token_lifetime: ["number", true, false],
  email_verification_token_lifetime: ["number", true, false],
  passwordless_max_code_input_attempts: ["number", true, false],
  passwordless_code_lifetime: ["number", true, false],
  totp_max_attempts: ["number", true, false],
  totp_rate_limit_cooldown_sec: ["number", true, false],
  webauthn_recover_account_token_lifetime: ["number", false, false],
  password_hashing_alg: ["enum", false, false],
  firebase_password_hashing_signer_key: ["string", false, true],
  ip_allow_regex: ["string", true, true],
  ip_deny_regex: ["string", true, true],
  disable_telemetry: ["boolean", false, false],
};
const HIDDEN = ["api_keys", "supertokens_saas_secret", "supertokens_max_cdi_version", "supertokens_min_cdi_version",
  "base_path", "bcrypt_log_rounds", "argon2_iterations", "argon2_memory_kb", "argon2_parallelism",
  "recent_token_reuse_behaviour", "core_config_version"];

test("5.1 what is shown of each setting", async () => {
  const at = await newApp();
  for (const version of VERSIONS) {
    const entries = await config(at, version);
    const byKey = Object.fromEntries(entries.map((entry) => [entry.key, entry]));
    assert.equal(Object.keys(byKey).length, entries.length, "each once");
    for (const [key, [valueType, isDifferentAcrossTenants, isNullable]] of Object.entries(SHOWN)) {
      const { value, defaultValue, description, possibleValues, ...rest } = byKey[key];
      assert.deepEqual(rest, {
        key, valueType, isDifferentAcrossTenants, isNullable, isPluginProperty: false, isPluginPropertyEditable: false,
      });
      assert.deepEqual(value, defaultValue, key);
      assert.equal(defaultValue === null, isNullable, key);
      if (!isNullable) assert.equal(typeof value, valueType === "enum" ? "string" : valueType, key);
      assert.ok(description.length > 10, key);
      assert.deepEqual(possibleValues, valueType === "enum" ? ["ARGON2", "BCRYPT"] : null, key);
    }
    assert.deepEqual(HIDDEN.filter((key) => key in byKey), []);
  }
});

test("5.1 the value is the one in force", async () => {
  const app = await newApp({ access_token_validity: 7200, totp_max_attempts: 7, disable_telemetry: false,
    password_hashing_alg: "bcrypt" });
  const own = await newTenant(app, undefined, { coreConfig: { totp_max_attempts: 9 } });
  const plain = await newTenant(app);
  for (const [at, attempts] of [[app, 7], [own, 9], [plain, 7]]) {
    const shown = values(await config(at));
    assert.deepEqual([shown.totp_max_attempts, shown.access_token_validity], [attempts, 7200], at);
    assert.deepEqual([shown.disable_telemetry, shown.password_hashing_alg], [false, "BCRYPT"], at);
    assert.equal(shown.totp_rate_limit_cooldown_sec, 900, at);
  }
  const { defaultValue } = (await config(own)).find(({ key }) => key === "totp_max_attempts");
  assert.equal(defaultValue, 5);
  refused(await get(`${app}/unknown${PATH}`), 400, /^AppId or tenantId not found => Tenant with/);
});

test("5.1 no secret is shown", async () => {
  const secret = newId("c2lnbmVyIGtleQ");
  const app = await newApp({ firebase_password_hashing_signer_key: secret });
  const at = await newTenant(app);
  for (const path of [app, at]) {
    const { text } = await get(path + PATH);
    assert.ok(!text.includes(secret));
    assert.equal(values(await config(path)).firebase_password_hashing_signer_key, "***");
  }
  assert.equal(values(await config()).firebase_password_hashing_signer_key, null, "that there is none is no secret");
  ok(await put(`${app}/recipe/multitenancy/tenant/v2`, { coreConfig: { firebase_password_hashing_signer_key: null } }));
  assert.equal(values(await config(app)).firebase_password_hashing_signer_key, null);
});

test("5.6 with a secret of the hosting service, ordinary keys do not see protected settings", async () => {
  const [key, secret] = ["an-ordinary-key-for-all", "a-secret-of-the-hosting-service-0123456789-0123456789"];
  const set = (name, value) => `SELECT auth.set_setting('${name}', '${JSON.stringify(value)}')`;
  const shown = (sent, settings) => {
    const statements = Object.entries(settings).map(([name, value]) => set(name, value));
    const { config: entries } = JSON.parse(aside(statements, request("GET", PATH, { "api-key": sent })));
    return entries.map((entry) => entry.key);
  };
  const all = (await config()).map((entry) => entry.key);
  const ordinary = all.filter((name) => !["ip_allow_regex", "ip_deny_regex"].includes(name));
  assert.equal(ordinary.length, all.length - 2);
  const both = { api_keys: key, supertokens_saas_secret: secret };
  assert.deepEqual(shown(key, { api_keys: key }), all, "without the secret nothing is protected");
  assert.deepEqual(shown(secret, both), all);
  assert.deepEqual(shown(key, both), ordinary);
});
