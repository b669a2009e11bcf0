// Apps, tenants and keys that many make, use and remove at once.
import assert from "node:assert/strict";
import { createPublicKey, verify } from "node:crypto";
import test from "node:test";
import {
  MANY, address, atOnce, backends, cdi, count, endObserving, interleaved, name, newSession, post, put, quoted, statuses,
  tally,
} from "./support.mjs";

const ROUNDS = 5;
const APP = "/recipe/multitenancy/app";
const TENANT = "/recipe/multitenancy/tenant";

test.after(endObserving);

const newTenant = async () => {
  const tenantId = name();
  assert.equal((await put(`${TENANT}/v2`, { tenantId })).createdNew, true);
  return tenantId;
};

test("of many who make an app or a tenant one makes it", async (t) => {
  const all = await backends(t);
  for (const [call, table] of [
    [(n, id) => put(`${APP}/v2`, { appId: id }), "apps"],
    [(n, id) => put(`${TENANT}/v2`, { tenantId: id }), "tenants"],
    [(n, id) => put(TENANT, { tenantId: id, emailPasswordEnabled: true }), "tenants"],
    [(n, id) => all[n].ask(`SELECT auth.create_or_update_app(${quoted(id)})`), "apps"],
    [(n, id) => all[n].ask(`SELECT auth.create_or_update_tenant(${quoted(id)})`), "tenants"],
  ]) {
    for (let round = 0; round < ROUNDS; round += 1) {
      const id = name();
      const answers = await atOnce((n) => call(n, id));
      assert.deepEqual(statuses(answers), { OK: MANY });
      assert.deepEqual(tally(answers.map((answer) => answer.createdNew)), { true: 1, false: MANY - 1 });
      assert.equal(await count(`auth.${table} WHERE id = ${quoted(id)}`), 1);
    }
  }
});

test("of many who remove a tenant one finds it", async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const tenantId = await newTenant();
    const answers = await atOnce(() => post(`${TENANT}/remove`, { tenantId }));
    assert.deepEqual(tally(answers.map((answer) => answer.didExist)), { true: 1, false: MANY - 1 });
  }
});

test("settings that many set at once are all kept", async (t) => {
  const all = await backends(t);
  const tenantId = await newTenant();
  const keys = ["password_reset_token_lifetime", "email_verification_token_lifetime", "passwordless_code_lifetime", "totp_max_attempts"];
  const answers = await atOnce((n) =>
    n % 2
      ? put(`${TENANT}/v2`, { tenantId, coreConfig: { [keys[n % 4]]: 7 } })
      : all[n].ask(`SELECT auth.set_setting('${keys[n % 4]}', '7', ${quoted(tenantId)})`),
  );
  assert.ok(answers.every((answer) => answer === "" || answer.status === "OK"), JSON.stringify(statuses(answers)));
  const stored = await cdi("GET", `/${tenantId}${TENANT}/v2`);
  assert.deepEqual(stored.coreConfig, Object.fromEntries(keys.map((key) => [key, 7])));
});

/** Whether the published keys verify a token. */
const verifies = (token, keys) => {
  const [header, payload, signature] = token.split(".");
  const { alg, kid } = JSON.parse(Buffer.from(header, "base64url"));
  const jwk = keys.find((key) => key.kid === kid);
  assert.ok(jwk, `${kid} is published`);
  const key = { key: createPublicKey({ key: jwk, format: "jwk" }), dsaEncoding: "ieee-p1363" };
  assert.ok(["RS256", "ES256"].includes(alg));
  return verify("sha256", Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, "base64url"));
};

test("the first tokens of an app are signed with one key, which is published", async (t) => {
  const all = await backends(t);
  const session = { userDataInJWT: {}, userDataInDatabase: {}, enableAntiCsrf: false };
  const sql = (appId, dynamic) => `SELECT auth.create_session('x', use_dynamic_key => ${dynamic}, app_id => ${quoted(appId)})`;
  for (const [call, algorithm] of [
    [(n, appId) => post(`/appid-${appId}/recipe/session`, { ...session, userId: `u${n}` }), "RS256"],
    [(n, appId) => post(`/appid-${appId}/recipe/session`, { ...session, userId: `u${n}`, useDynamicSigningKey: false }), "RS256"],
    [(n, appId) => all[n].ask(sql(appId, true)), "ES256"],
    [(n, appId) => all[n].ask(sql(appId, false)), "ES256"],
  ]) {
    for (let round = 0; round < ROUNDS; round += 1) {
      const appId = name();
      await put(`${APP}/v2`, { appId });
      const answers = await atOnce((n) => call(n, appId));
      assert.deepEqual(statuses(answers), { OK: MANY });
      assert.equal(await count(`auth.signing_keys WHERE app_id = ${quoted(appId)}`), 1);
      assert.equal(await count(`auth.signing_keys WHERE app_id = ${quoted(appId)} AND algorithm = '${algorithm}'`), 1);
      const published = await atOnce(() => cdi("GET", `/appid-${appId}/.well-known/jwks.json`));
      for (const { accessToken } of answers) {
        // SQL's keys are published with the CDI's only where both sign with them.
        const { keys } = algorithm === "RS256" ? published[0] : await all[0].ask(`SELECT auth.jwks(${quoted(appId)})`);
        assert.ok(verifies(accessToken.token, keys));
      }
      const kids = new Set(published.map(({ keys }) => keys.map(({ kid }) => kid).join(" ")));
      assert.equal(kids.size, 1, `everybody is told the same keys: ${[...kids].join(" | ")}`);
    }
  }
});

// What a tenant leaves behind when it is removed.
const leftOf = async (tenantId) => ({
  addresses: await count(`auth.login_method_tenants WHERE tenant_id = ${quoted(tenantId)}`),
  sessions: await count(`auth.sessions WHERE tenant_id = ${quoted(tenantId)}`),
  tokens: await count(`auth.one_time_tokens WHERE tenant_id = ${quoted(tenantId)}`),
  settings: await count(`auth.setting_values WHERE tenant_id = ${quoted(tenantId)}`),
});
const NOTHING = { addresses: 0, sessions: 0, tokens: 0, settings: 0 };

test("a tenant that is removed while it is used leaves nothing, and nobody fails", async () => {
  for (let round = 0; round < 2 * ROUNDS; round += 1) {
    const tenantId = await newTenant();
    const session = { userId: "x", userDataInJWT: {}, userDataInDatabase: {}, enableAntiCsrf: false };
    const answers = await atOnce((n) => {
      if (n === MANY / 2) return post(`${TENANT}/remove`, { tenantId });
      return n % 2
        ? post(`/${tenantId}/recipe/signup`, { email: address(), password: "x" })
        : post(`/${tenantId}/recipe/session`, session);
    });
    assert.equal(answers[MANY / 2].didExist, true);
    // Those who come too late are told that there is no such tenant.
    const codes = new Set(answers.map(({ code }) => code));
    assert.ok([...codes].every((code) => [200, 400].includes(code)), JSON.stringify([...codes]));
    assert.deepEqual(await leftOf(tenantId), NOTHING);
  }
});

/** What is done in a tenant, in SQL. */
const uses = (tenantId) => ({
  "a session": `SELECT auth.create_session('x', tenant_id => ${quoted(tenantId)})`,
  "a sign-up": `SELECT auth.sign_up(${quoted(address())}, 'x', ${quoted(tenantId)})`,
  "a setting": `SELECT auth.set_setting('totp_max_attempts', '7', ${quoted(tenantId)})`,
});
const removal = (tenantId) => `SELECT auth.remove_tenant(${quoted(tenantId)})`;

for (const use of Object.keys(uses(""))) {
  test(`a tenant takes along what an open transaction made: ${use}`, async (t) => {
    const tenantId = await newTenant();
    const [made, removed] = await interleaved(await backends(t, 2), uses(tenantId)[use], removal(tenantId));
    assert.deepEqual([made.failed, removed.didExist], [undefined, true]);
    assert.deepEqual(await leftOf(tenantId), NOTHING);
  });

  test(`what meets a tenant's removal is told that there is none, or goes with it: ${use}`, async (t) => {
    const pair = await backends(t, 2);
    const tenantId = await newTenant();
    // The backend knows the tenant from before.
    assert.equal((await pair[1].ask(uses(tenantId)["a session"])).status, "OK");
    const [removed, made] = await interleaved(pair, removal(tenantId), uses(tenantId)[use]);
    assert.equal(removed.didExist, true);
    assert.ok(!made.failed || made.status === "42704", made.status);
    assert.deepEqual(await leftOf(tenantId), NOTHING);
  });
}

test("a tenant made anew has no sessions of the one before", async (t) => {
  const pair = await backends(t, 2);
  const tenantId = await newTenant();
  const [made] = await interleaved(pair, uses(tenantId)["a session"], removal(tenantId));
  await put(`${TENANT}/v2`, { tenantId });
  const refreshed = await pair[0].ask(`SELECT auth.refresh(${quoted(made.refreshToken.token)})`);
  assert.equal(refreshed.status, "UNAUTHORISED");
  assert.equal((await newSession("x", "5.6", `/${tenantId}`)).status, "OK");
});
