// auth.admin.mfa: other people's second factors.
import { randomUUID } from "node:crypto";
import test from "node:test";
import { assert } from "../../gotrue/helper.mjs";
import { fails, member, must, newAdmin, newClient, newSupabase } from "./clients.mjs";
import { enrolled, levelOf, methods, secured } from "./factors.mjs";
import { SUPABASE_ADMIN, asymmetric, autoconfirming, confirming } from "./servers.mjs";

const admin = newAdmin(autoconfirming);

for (const [name, by] of [
  ["service_role", admin],
  ["supabase_admin", newAdmin(autoconfirming, SUPABASE_ADMIN)],
  ["service_role where keys sign", newAdmin(asymmetric)],
  ["supabase-js", newSupabase(autoconfirming, {}, autoconfirming.adminToken).admin],
]) {
  test(`7.2 admin.mfa.listFactors and admin.mfa.deleteFactor by ${name}`, async () => {
    const { user, factor } = await enrolled(autoconfirming);
    const { factors } = await must(by.mfa.listFactors({ userId: user.id }));
    assert.deepEqual(
      factors.map((shown) => [shown.id, shown.factor_type, shown.status, shown.friendly_name]),
      [[factor.id, "totp", "unverified", "app"]],
    );
    assert.equal(factors[0].secret, undefined);
    const { data } = await must(by.mfa.deleteFactor({ userId: user.id, id: factor.id }));
    assert.equal(data.id, factor.id);
    assert.deepEqual((await must(by.mfa.listFactors({ userId: user.id }))).factors, []);
  });
}

test("7.3 admin.mfa.listFactors tells which factors count", async () => {
  const { user, factor } = await secured(confirming);
  const { factors } = await must(newAdmin(confirming).mfa.listFactors({ userId: user.id }));
  assert.deepEqual(
    factors.map(({ id, status }) => [id, status]),
    [[factor.id, "verified"]],
  );
});

test("201 admin.mfa.deleteFactor lowers the sessions that have shown it", async () => {
  const { client, user, factor, session } = await secured(autoconfirming);
  assert.equal(levelOf(session), "aal2");
  await must(admin.mfa.deleteFactor({ userId: user.id, id: factor.id }));
  const refreshed = await must(client.refreshSession());
  assert.deepEqual([levelOf(refreshed.session), methods(refreshed.session)], ["aal1", ["password"]]);
  assert.equal((await must(client.mfa.getAuthenticatorAssuranceLevel())).nextLevel, "aal1");
});

test("7.2 admin.mfa of nobody, and of what is not theirs", async () => {
  const [{ user }, other] = [await member(autoconfirming), await enrolled(autoconfirming)];
  await fails(admin.mfa.listFactors({ userId: randomUUID() }), 404, "user_not_found");
  for (const id of [other.factor.id, randomUUID()])
    await fails(admin.mfa.deleteFactor({ userId: user.id, id }), 404, "mfa_factor_not_found");
  assert.equal((await must(admin.mfa.listFactors({ userId: other.user.id }))).factors.length, 1);
});

test("2 admin.mfa needs an administrator", async () => {
  const { user, session, factor } = await enrolled(autoconfirming);
  const [userId, id] = [user.id, factor.id];
  for (const [by, ...refusal] of [
    [newAdmin(autoconfirming, session.access_token), 403, "not_admin", "User not allowed"],
    [newClient(autoconfirming).admin, 401, "no_authorization", /Bearer token/],
  ]) {
    await fails(by.mfa.listFactors({ userId }), ...refusal);
    await fails(by.mfa.deleteFactor({ userId, id }), ...refusal);
  }
});
