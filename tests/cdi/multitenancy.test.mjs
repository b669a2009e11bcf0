// Apps and tenants: who may do what, factors, settings (CDI 2.12, 3.9, 7.1, 7.9).
import test from "node:test";
import {
  PASSWORD, VERSIONS, assert, badField, createSession, get, has, newApp, newEmail, newId, newTenant, ok, post, put,
  refused,
} from "./helper.mjs";

const M = "/recipe/multitenancy";
const V1 = `${M}/tenant`;
const V2 = `${M}/tenant/v2`;
const PARTS = ["emailPassword", "thirdParty", "passwordless"];

const show = async (at, path = V2, version = "5.4") => ok(await get(at + path, undefined, version));
const enabled = (tenant) => PARTS.map((part) => tenant[part].enabled);
const ALL = [true, true, true];
const NONE = [false, false, false];

test("7.1.9 ids of tenants are letters, numbers and hyphens, and lower-cased", async () => {
  const app = await newApp();
  for (const tenantId of ["a1", "a-1", "a-B-1", "MixedCase", "1", "1a", " trimmed "]) {
    assert.deepEqual(ok(await put(app + V2, { tenantId })), { status: "OK", createdNew: true });
    const id = tenantId.trim().toLowerCase();
    assert.equal((await show(`${app}/${id}`)).tenantId, id);
    assert.equal(ok(await put(app + V2, { tenantId: id })).createdNew, false);
  }
  const only = "tenantId can only contain letters, numbers and hyphens";
  const empty = "tenantId should not be an empty String";
  for (const tenantId of ["a_b", "abcd+1234", "a b", "ä", "a/b", "a.b", "", "  "]) {
    refused(await put(app + V2, { tenantId }), 400, tenantId.trim() ? only : empty);
  }
});

test("7.1.10 7.1.11 ids of tenants that would be taken for something else", async () => {
  for (const path of [V1, V2]) {
    for (const tenantId of ["appid-hello", "AppId-Hello"]) {
      refused(await put(path, { tenantId }), 400, "tenantId must not start with 'appid-'");
    }
    for (const tenantId of ["recipe", "reCipe", "CONFIG", "users", "Users", "hello"]) {
      refused(await put(path, { tenantId }), 400, /^Cannot use '(recipe|config|users|hello)' as a tenantId/i);
    }
  }
});

test("7.1.12 ids of apps", async () => {
  const appId = newId("Abcd").toUpperCase();
  assert.equal(ok(await put(`${M}/app/v2`, { appId })).createdNew, true);
  assert.equal(ok(await put(`${M}/app`, { appId: ` ${appId.toLowerCase()}` })).createdNew, false);
  ok(await get(`/appid-${appId.toLowerCase()}/users`));
  for (const path of [`${M}/app`, `${M}/app/v2`]) {
    refused(await put(path, { appId: "appid-1234" }), 400, "appId must not start with 'appid-'");
    refused(await put(path, { appId: "abcd+1234" }), 400, "appId can only contain letters, numbers and hyphens");
    refused(await put(path, { appId: "" }), 400, "appId should not be an empty String");
  }
});

test("7.9.191 the base tenant", async () => {
  const base = { status: "OK", tenantId: "public", coreConfig: {} };
  assert.deepEqual(await show(""), { ...base, thirdParty: { providers: [] } });
  for (const version of VERSIONS) {
    assert.deepEqual(await show("", V1, version), {
      ...base, emailPassword: { enabled: true }, passwordless: { enabled: true },
      thirdParty: { enabled: true, providers: [] },
    }, version);
  }
});

test("7.9.192 a tenant made by v2", async () => {
  const at = await newTenant();
  assert.deepEqual((await show(at)).firstFactors, []);
  for (const version of ["3.1", "5.0"]) {
    const tenant = await show(at, V1, version);
    assert.deepEqual([enabled(tenant), tenant.firstFactors], [NONE, undefined], version);
  }
});

test("7.9.193 a tenant made by v1", async () => {
  for (const version of ["3.1", "4.0", "5.0", "5.4"]) {
    const tenantId = newId("t");
    assert.deepEqual(ok(await put(V1, { tenantId }, version)), { status: "OK", createdNew: true });
    assert.deepEqual((await show(`/${tenantId}`)).firstFactors, [], version);
    for (const reader of VERSIONS) {
      const tenant = await show(`/${tenantId}`, V1, reader);
      assert.deepEqual(enabled(tenant), NONE, `${version} ${reader}`);
      for (const field of ["firstFactors", "requiredSecondaryFactors"]) assert.ok(!(field in tenant), field);
    }
  }
});

test("7.9.194 the public tenant of a new app", async () => {
  const app = await newApp();
  assert.equal((await show(app)).firstFactors, undefined);
  for (const version of VERSIONS) assert.deepEqual(enabled(await show(app, V1, version)), ALL, version);
  const appId = newId("a");
  ok(await put(`${M}/app`, { appId }, "5.0"));
  assert.deepEqual(enabled(await show(`/appid-${appId}`, V1, "5.0")), NONE, "made by v1");
});

test("7.9.195 what is absent stays; null resets", async () => {
  const factors = { firstFactors: ["emailpassword"], requiredSecondaryFactors: ["totp"] };
  const at = await newTenant("", newId("t"), factors);
  const tenantId = at.slice(1);
  assert.deepEqual(ok(await put(V2, { tenantId })), { status: "OK", createdNew: false });
  const { firstFactors, requiredSecondaryFactors } = await show(at);
  assert.deepEqual({ firstFactors, requiredSecondaryFactors }, factors);
  ok(await put(V2, { tenantId, firstFactors: null }));
  assert.deepEqual([(await show(at)).firstFactors, (await show(at)).requiredSecondaryFactors], [undefined, ["totp"]]);
  ok(await put(V2, { tenantId, requiredSecondaryFactors: null }));
  assert.equal((await show(at)).requiredSecondaryFactors, undefined);
});

test("7.9.196 factors", async () => {
  const at = await newTenant();
  const tenantId = at.slice(1);
  for (const firstFactors of [["otp-phone"], ["biometric"], ["emailpassword", "custom"], ["a.b_(c)-1"], []]) {
    ok(await put(V2, { tenantId, firstFactors }));
    assert.deepEqual((await show(at)).firstFactors, firstFactors);
  }
  for (const field of ["firstFactors", "requiredSecondaryFactors"]) {
    const set = (factors) => put(V2, { tenantId, [field]: factors });
    refused(await set(["a", "a"]), 400, `${field} input should not contain duplicate values`);
    for (const name of ["a b", "$"]) {
      refused(await set([name]), 400, `${field} should contain only 0-9,a-z,A-Z,_,.,- characters`);
    }
    badField(await set([1]), field);
  }
});

test("7.9.197 v2 knows no switches", async () => {
  for (const [field, name] of [["emailPasswordEnabled", "emailPasswordEnabled"], ["thirdPartyEnabled", "thirdParty"],
    ["passwordlessEnabled", "passwordless"]]) {
    refused(await put(V2, { tenantId: "t", [field]: true }), 400, `${name} is not a valid input for this API`);
  }
});

test("7.9.198 v1 takes no empty list", async () => {
  const set = (body) => put(V1, { tenantId: newId("t"), ...body }, "5.0");
  for (const [field, words] of [["firstFactors", "first factors"],
    ["requiredSecondaryFactors", "required secondary factors"]]) {
    refused(await set({ [field]: [] }), 400, `${field} cannot be empty. Set null instead to remove all ${words}.`);
  }
});

test("7.9.199 v1 takes no factor of a recipe that it disables", async () => {
  for (const [field, recipe, factor] of [["emailPasswordEnabled", "emailPassword", "emailpassword"],
    ["thirdPartyEnabled", "thirdParty", "thirdparty"], ["passwordlessEnabled", "passwordless", "otp-email"]]) {
    for (const list of ["firstFactors", "requiredSecondaryFactors"]) {
      const tenantId = newId("t");
      refused(await put(V1, { tenantId, [field]: false, [list]: [factor] }, "5.0"), 400,
        `Invalid core config: ${list} should not contain '${factor}' because ${recipe} is disabled for the tenant.`);
      has(await get(`/${tenantId}${V2}`), "TENANT_NOT_FOUND_ERROR", "nothing was made");
    }
  }
});

test("3.9 v1 from CDI 5.0: switches and lists move together", async () => {
  const tenantId = newId("t");
  const set = async (body) => {
    ok(await put(V1, { tenantId, ...body }, "5.0"));
    const { firstFactors, ...tenant } = await show(`/${tenantId}`, V1, "5.0");
    return [enabled(tenant), firstFactors];
  };
  const both = { emailPasswordEnabled: true, thirdPartyEnabled: true };
  assert.deepEqual(await set(both), [[true, true, false], undefined]);
  const factors = ["emailpassword", "thirdparty"];
  assert.deepEqual(await set({ firstFactors: factors }), [[true, true, false], factors]);
  assert.deepEqual(await set({ thirdPartyEnabled: false }), [[true, false, false], ["emailpassword"]]);
  const more = ["emailpassword", "otp-email"];
  assert.deepEqual(await set({ firstFactors: more }), [[true, false, true], more], "a factor enables its recipe");
  assert.deepEqual(await set({ firstFactors: null }), [[true, false, true], undefined]);
});

test("7.9.201 7.9.202 callers before CDI 5.0 see and set the lists through switches", async () => {
  const at = await newTenant("", newId("t"), { firstFactors: ["thirdparty"] });
  const signUpWith = async (version) => post(`${at}/recipe/signup`, { email: newEmail(), password: PASSWORD }, version);
  refused(await signUpWith("3.1"), 403, "Email password login not enabled for tenant");
  for (const version of ["5.0", "5.1", "5.4"]) ok(await signUpWith(version), version);
  const tenantId = newId("t");
  ok(await put(V1, { tenantId, emailPasswordEnabled: true }, "3.1"));
  assert.deepEqual((await show(`/${tenantId}`)).firstFactors, ["emailpassword"]);
  assert.deepEqual(enabled(await show(`/${tenantId}`, V1, "3.1")), [true, false, false]);
  ok(await put(V1, { tenantId, emailPasswordEnabled: false }, "3.1"));
  assert.deepEqual((await show(`/${tenantId}`)).firstFactors, []);
});

test("7.9.203 settings are merged key by key", async () => {
  const app = await newApp({ access_token_validity: 7200, access_token_validity_jitter: 0 });
  const set = (coreConfig) => put(app + V2, { coreConfig });
  const life = async () => {
    const { accessToken } = ok(await createSession(app));
    return (accessToken.expiry - accessToken.createdTime) / 1000;
  };
  assert.equal(await life(), 7200);
  ok(await set({ password_reset_token_lifetime: 1000 }));
  assert.deepEqual((await show(app)).coreConfig,
    { access_token_validity: 7200, access_token_validity_jitter: 0, password_reset_token_lifetime: 1000 });
  ok(await set({ access_token_validity: null }));
  assert.equal(await life(), 3600);
  ok(await set({ access_token_validity: "1800" }));
  assert.equal(await life(), 1800, "a text that is a number counts as one");
});

test("7.9.204 settings that are refused leave everything as it was", async () => {
  const app = await newApp();
  for (const [coreConfig, message] of [
    [{ foo: 1 }, "Invalid config key: foo"],
    [{ access_token_validity: "abcd" }, "'access_token_validity' must be of type long"],
    [{ access_token_validity: 1.5 }, "'access_token_validity' must be of type long"],
    [{ refresh_token_validity: "x" }, "'refresh_token_validity' must be of type double"],
    [{ passwordless_max_code_input_attempts: "x" }, "'passwordless_max_code_input_attempts' must be of type int"],
    [{ disable_telemetry: "maybe" }, "'disable_telemetry' must be of type boolean"],
    [{ password_hashing_alg: [] }, "'password_hashing_alg' must be of type String"],
    [{ access_token_validity: 3600, refresh_token_validity: 3 },
      "'refresh_token_validity' must be strictly greater than 'access_token_validity'."],
    [{ access_token_validity: 0 }, "'access_token_validity' must be between 1 and 86400000 seconds inclusive."],
    [{ password_reset_token_lifetime: 0 }, "'password_reset_token_lifetime' must be >= 0"],
    [{ email_verification_token_lifetime: -1 }, "'email_verification_token_lifetime' must be >= 0"],
    [{ password_hashing_alg: "MD5" }, "'password_hashing_alg' must be one of 'ARGON2' or 'BCRYPT'"],
    [{ ip_allow_regex: "(" }, "Provided regular expression is invalid for ip_allow_regex config"],
    [{ api_keys: "short" }, "One of the API keys is too short. Please use at least 20 characters"],
    [{ api_keys: "with.points.and_underscores" },
      "Invalid characters in API key. Please only use '=', '-' and alpha-numeric (including capitals)"],
    [{ bcrypt_log_rounds: 4 }, "bcrypt_log_rounds can only be set via the core's base config setting"],
    [{ base_path: "/x" }, "base_path can only be set via the core's base config setting"],
  ]) {
    const answer = await put(app + V2, { coreConfig: { email_verification_token_lifetime: 5, ...coreConfig } });
    refused(answer, 400, `Invalid core config: ${message}`);
  }
  assert.deepEqual((await show(app)).coreConfig, {});
});

test("5.1 settings that are the same for a whole app", async () => {
  const app = await newApp({ access_token_validity: 7200 });
  const set = (access_token_validity) => put(app + V2, { tenantId: "t1", coreConfig: { access_token_validity } });
  refused(await set(100), 400,
    "Invalid core config: You cannot set different values for access_token_validity for the same appId");
  ok(await set(7200));
  ok(await put(app + V2, { tenantId: "t2", coreConfig: { password_reset_token_lifetime: 5 } }));
  assert.deepEqual((await show(`${app}/t2`)).coreConfig, { password_reset_token_lifetime: 5 });
});

test("7.9.205 the base tenant takes no settings", async () => {
  for (const path of [V1, V2]) {
    const answer = await put(path, { tenantId: "public", coreConfig: { access_token_validity: 7200 } });
    refused(answer, 400, "Cannot modify base config");
  }
});
