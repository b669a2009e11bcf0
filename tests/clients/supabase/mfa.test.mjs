// auth.mfa: authenticator apps, and what a session is worth.
import { randomUUID } from "node:crypto";
import test from "node:test";
import { PASSWORD, assert, claimsOf, newEmail, newInstance } from "../../gotrue/helper.mjs";
import { NO_SESSION, another, fails, member, must, newClient, newSupabase } from "./clients.mjs";
import { codeAt, enrolled, levelOf, methods, secured, wrongFor } from "./factors.mjs";
import { autoconfirming, closed, confirming } from "./servers.mjs";

const WRONG_CODE = [422, "mfa_verification_failed", /Invalid TOTP code/];
const NOT_FOUND = [404, "mfa_factor_not_found"];

test("2.14 mfa.enroll of an app tells its secret, as text, as address and as picture", async () => {
  const { client, email } = await member(autoconfirming);
  const params = { factorType: "totp", friendlyName: "my app", issuer: "Acme" };
  const { id, type, friendly_name: name, totp } = await must(client.mfa.enroll(params));
  assert.deepEqual([type, name], ["totp", "my app"]);
  assert.match(totp.qr_code, /^data:image\/svg\+xml;utf-8,<svg[^]*<\/svg>\s*$/);
  assert.match(totp.secret, /^[A-Z2-7]{32}$/);
  const { protocol, pathname, searchParams } = new URL(totp.uri);
  assert.equal(protocol, "otpauth:");
  assert.ok(decodeURIComponent(pathname).endsWith(`Acme:${email}`), pathname);
  const { secret, issuer } = Object.fromEntries(searchParams);
  assert.deepEqual([secret, issuer], [totp.secret, "Acme"]);
  const { user } = await must(client.getUser());
  assert.deepEqual(
    user.factors.map((factor) => [factor.id, factor.factor_type, factor.status, factor.friendly_name]),
    [[id, "totp", "unverified", "my app"]],
  );
});

test("186 189 mfa.enroll needs a session, a name of its own, and somebody with a name", async () => {
  const app = { factorType: "totp" };
  await fails(newClient(autoconfirming).mfa.enroll(app), 401, "no_authorization", /Bearer token/);
  const { client } = await member(autoconfirming);
  for (const params of [app, { ...app, friendlyName: "app" }]) {
    await must(client.mfa.enroll(params));
    await fails(client.mfa.enroll(params), 422, "mfa_factor_name_conflict");
  }
  const anonymous = newClient(autoconfirming);
  await must(anonymous.signInAnonymously());
  await fails(anonymous.mfa.enroll(app), 403, "no_authorization");
});

test("189 mfa.enroll and mfa.challenge are refused where apps are switched off", async () => {
  const instance = await newInstance();
  const { client, factor } = await enrolled(instance);
  instance.set("mfa_totp_enroll_enabled", false);
  const more = { factorType: "totp", friendlyName: "more" };
  await fails(client.mfa.enroll(more), 422, "mfa_totp_enroll_not_enabled");
  instance.set("mfa_totp_verify_enabled", false);
  await fails(client.mfa.challenge({ factorId: factor.id }), 422, "mfa_totp_verify_not_enabled");
});

for (const [name, make] of [
  ["auth-js", newClient],
  ["supabase-js", newSupabase],
]) {
  test(`190 mfa.challenge and mfa.verify with ${name} raise the session that the client has`, async () => {
    const { client, factor, secret, session, user } = await enrolled(autoconfirming, { make });
    const events = [];
    client.onAuthStateChange((event) => void events.push(event));
    const challenge = await must(client.mfa.challenge({ factorId: factor.id }));
    assert.equal(challenge.type, "totp");
    assert.ok(Number.isInteger(challenge.expires_at));
    assert.ok(challenge.expires_at > Date.now() / 1000);
    const given = { factorId: factor.id, challengeId: challenge.id };
    const raised = await must(client.mfa.verify({ ...given, code: codeAt(secret) }));
    assert.equal(raised.user.id, user.id);
    assert.notEqual(raised.refresh_token, session.refresh_token);
    assert.equal(levelOf(raised), "aal2");
    assert.deepEqual(methods(raised), ["totp", "password"]);
    assert.equal(claimsOf(raised.access_token).session_id, claimsOf(session.access_token).session_id);
    assert.ok(events.includes("MFA_CHALLENGE_VERIFIED"), events.join());
    assert.equal((await must(client.getSession())).session.access_token, raised.access_token);
    const refreshed = await must(client.refreshSession());
    assert.equal(levelOf(refreshed.session), "aal2");
  });
}

test("191 192 mfa.verify: a challenge takes another code after a wrong one, but one right one only", async () => {
  const { client, factor, secret } = await enrolled(autoconfirming);
  const challenge = await must(client.mfa.challenge({ factorId: factor.id }));
  const verify = (code) => client.mfa.verify({ factorId: factor.id, challengeId: challenge.id, code });
  await fails(verify(wrongFor(secret)), ...WRONG_CODE);
  await fails(verify(""), 400, "validation_failed");
  await must(verify(codeAt(secret)));
  await fails(verify(codeAt(secret, 1)), 422, "mfa_ip_address_mismatch");
});

test("193 194 mfa.challenge and mfa.verify of what is somebody else's, or nobody's", async () => {
  const [own, other] = [await enrolled(autoconfirming), await enrolled(autoconfirming)];
  const { mfa } = own.client;
  const code = codeAt(own.secret);
  for (const factorId of [other.factor.id, randomUUID()]) {
    await fails(mfa.challenge({ factorId }), ...NOT_FOUND);
    await fails(mfa.challengeAndVerify({ factorId, code }), ...NOT_FOUND);
    await fails(mfa.unenroll({ factorId }), ...NOT_FOUND);
  }
  await fails(mfa.challenge({ factorId: "x" }), 404, "validation_failed");
  const challenge = await must(other.client.mfa.challenge({ factorId: other.factor.id }));
  const mixed = { factorId: own.factor.id, challengeId: challenge.id, code };
  await fails(mfa.verify(mixed), 422, "mfa_factor_not_found");
  await fails(mfa.verify({ ...mixed, challengeId: "x" }), 400, "bad_json");
  await fails(newClient(autoconfirming).mfa.challenge({ factorId: own.factor.id }), 401, "no_authorization");
});

test("7.2 mfa.challengeAndVerify ends the sessions that have shown a password only", async () => {
  const { client, email, factor, secret } = await enrolled(autoconfirming);
  const { session: low } = await another({ email }, autoconfirming);
  const factorId = factor.id;
  await fails(client.mfa.challengeAndVerify({ factorId, code: wrongFor(secret) }), ...WRONG_CODE);
  assert.equal(levelOf((await must(client.getSession())).session), "aal1");
  const raised = await must(client.mfa.challengeAndVerify({ factorId, code: codeAt(secret) }));
  assert.equal(levelOf(raised), "aal2");
  await fails(newClient(autoconfirming).getUser(low.access_token), ...NO_SESSION);
});

test("7.2 mfa.listFactors sorts those that count by their type", async () => {
  const { client, factor, secret } = await enrolled(autoconfirming);
  const before = await must(client.mfa.listFactors());
  assert.deepEqual([before.all.map(({ id }) => id), before.totp, before.phone], [[factor.id], [], []]);
  await must(client.mfa.challengeAndVerify({ factorId: factor.id, code: codeAt(secret) }));
  const after = await must(client.mfa.listFactors());
  assert.deepEqual(after.totp, after.all);
  const [{ id, factor_type: type, status, friendly_name: name }] = after.totp;
  assert.deepEqual({ id, type, status, name }, { id: factor.id, type: "totp", status: "verified", name: "app" });
  const { client: without } = await member(autoconfirming);
  assert.deepEqual((await must(without.mfa.listFactors())).all, []);
  assert.equal((await newClient(autoconfirming).mfa.listFactors()).error.name, "AuthSessionMissingError");
});

test("3.8 mfa.getAuthenticatorAssuranceLevel tells the level of a session, and the one it can reach", async () => {
  const nobody = { currentLevel: null, nextLevel: null, currentAuthenticationMethods: [] };
  assert.deepEqual(await must(newClient(autoconfirming).mfa.getAuthenticatorAssuranceLevel()), nobody);
  const levels = async (client, token) => {
    const answer = await must(client.mfa.getAuthenticatorAssuranceLevel(token));
    const shown = answer.currentAuthenticationMethods;
    for (const { timestamp } of shown) assert.ok(Number.isInteger(timestamp));
    return [answer.currentLevel, answer.nextLevel, ...shown.map(({ method }) => method)];
  };
  const { client, email, factor, secret } = await enrolled(autoconfirming);
  assert.deepEqual(await levels(client), ["aal1", "aal1", "password"]);
  await must(client.mfa.challengeAndVerify({ factorId: factor.id, code: codeAt(secret) }));
  assert.deepEqual(await levels(client), ["aal2", "aal2", "totp", "password"]);

  const low = await another({ email }, autoconfirming);
  for (const token of [undefined, low.session.access_token])
    assert.deepEqual(await levels(low.client, token), ["aal1", "aal2", "password"]);
  await fails(newClient(autoconfirming).mfa.getAuthenticatorAssuranceLevel("x"), 400, "invalid_jwt");
});

test("7.2 mfa.unenroll of an app of which no code was shown", async () => {
  const { client, factor } = await enrolled(autoconfirming);
  assert.deepEqual(await must(client.mfa.unenroll({ factorId: factor.id })), { id: factor.id });
  assert.deepEqual((await must(client.mfa.listFactors())).all, []);
  await fails(client.mfa.unenroll({ factorId: factor.id }), ...NOT_FOUND);
  await fails(newClient(autoconfirming).mfa.unenroll({ factorId: factor.id }), 401, "no_authorization");
});

test("199 mfa.unenroll of an app that counts needs it once more, and lowers the session", async () => {
  const { client, email, factor } = await secured(autoconfirming);
  const low = await another({ email }, autoconfirming);
  await fails(low.client.mfa.unenroll({ factorId: factor.id }), 422, "insufficient_aal");
  await must(client.mfa.unenroll({ factorId: factor.id }));
  const { session } = await must(client.refreshSession());
  assert.equal(levelOf(session), "aal1");
  assert.deepEqual(methods(session), ["password"]);
});

test("152 188 who has a second factor needs it to enrol another, and to change how they sign in", async () => {
  const { client, email } = await secured(confirming);
  const low = await another({ email }, confirming);
  const more = { factorType: "totp", friendlyName: "more" };
  await fails(low.client.mfa.enroll(more), 403, "insufficient_aal");
  for (const change of [{ password: "another password 2" }, { email: newEmail("next") }])
    await fails(low.client.updateUser(change), 401, "insufficient_aal");
  await must(low.client.updateUser({ data: { hello: "world" } }));
  await must(client.mfa.enroll(more));
  await must(client.updateUser({ password: "another password 2" }));
  await fails(newClient(confirming).signInWithPassword({ email, password: PASSWORD }), 400, "invalid_credentials");
});

test("7.1 a factor that was enrolled at one server is shown, and raises the session, at another", async () => {
  const { factor, secret, session } = await enrolled(confirming);
  for (const server of [autoconfirming, closed]) {
    const elsewhere = newClient(server);
    await must(elsewhere.setSession(session));
    const { all } = await must(elsewhere.mfa.listFactors());
    assert.deepEqual(
      all.map(({ id }) => id),
      [factor.id],
    );
  }
  const elsewhere = newClient(autoconfirming);
  await must(elsewhere.setSession(session));
  const raised = await must(elsewhere.mfa.challengeAndVerify({ factorId: factor.id, code: codeAt(secret) }));
  assert.equal(levelOf(raised), "aal2");
  const back = await must(newClient(confirming).refreshSession(raised));
  assert.deepEqual([levelOf(back.session), back.user.factors[0].status], ["aal2", "verified"]);
});
