// Signing in with a password; and the ways to sign in that are switched off.
import test from "node:test";
import { PASSWORD, SITE, assert, claimsOf, newEmail, newInstance, newPhone } from "../../gotrue/helper.mjs";
import { another, fails, member, must, newAdmin, newClient, newSupabase } from "./clients.mjs";
import { asymmetric, autoconfirming, closed, confirming } from "./servers.mjs";

const WRONG = [400, "invalid_credentials", "Invalid login credentials"];

for (const [name, make] of [
  ["auth-js", newClient],
  ["supabase-js", newSupabase],
]) {
  test(`7.2 signInWithPassword with ${name} gives a user and a session`, async () => {
    const { client, user, session, email } = await member(confirming, { make });
    assert.equal(user.email, email);
    assert.deepEqual(user.app_metadata, { provider: "email", providers: ["email"] });
    assert.ok(user.last_sign_in_at);
    assert.equal(user.identities.length, 1);
    assert.equal(user.identities[0].provider, "email");
    assert.equal(user.identities[0].identity_data.email, email);
    const { sub, role, aud, aal, amr } = claimsOf(session.access_token);
    assert.deepEqual(
      { sub, role, aud, aal },
      { sub: user.id, role: "authenticated", aud: "authenticated", aal: "aal1" },
    );
    assert.deepEqual(
      amr.map((entry) => entry.method),
      ["password"],
    );
    assert.deepEqual((await must(client.getSession())).session.user, user);
  });
}

test("7.1 a user of one server is known at the others, by its id and by its token", async () => {
  const { user, session } = await member(confirming);
  for (const server of [autoconfirming, closed, asymmetric])
    assert.equal((await must(newAdmin(server).getUserById(user.id))).user.email, user.email);
  for (const server of [autoconfirming, closed])
    assert.equal((await must(newClient(server).getUser(session.access_token))).user.id, user.id);
  await fails(newClient(asymmetric).getUser(session.access_token), 403, "bad_jwt", /^invalid JWT/);
});

test("2.4 signInWithPassword where the channel is off is refused", async () => {
  const refuse = async (who, code) =>
    fails(newClient(closed).signInWithPassword({ ...who, password: PASSWORD }), 422, code);
  await refuse({ email: newEmail() }, "email_provider_disabled");
  await refuse({ phone: newPhone() }, "phone_provider_disabled");
});

test("7.2 signInWithPassword with a wrong password, or of nobody, answers the same", async () => {
  const { email } = await member(autoconfirming);
  const phone = newPhone();
  await must(newClient(autoconfirming).signUp({ phone, password: PASSWORD }));
  for (const who of [{ email }, { phone }, { email: newEmail() }, { phone: newPhone() }]) {
    const client = newClient(autoconfirming);
    const { data } = await client.signInWithPassword({ ...who, password: "another password 2" });
    assert.deepEqual(data, { user: null, session: null });
    await fails(client.signInWithPassword({ ...who, password: "another password 2" }), ...WRONG);
  }
});

test("2.4 signInWithPassword of a banned user is refused, and so is its refresh", async () => {
  const { client, user, email } = await member(confirming);
  await must(newAdmin(confirming).updateUserById(user.id, { ban_duration: "24h" }));
  await fails(newClient(confirming).signInWithPassword({ email, password: PASSWORD }), 400, "user_banned");
  await fails(client.refreshSession(), 400, "user_banned");
  await must(newAdmin(confirming).updateUserById(user.id, { ban_duration: "none" }));
  await another({ email }, confirming);
});

test("2.4 signInWithPassword tells of a password that has become too weak", async () => {
  const instance = await newInstance({ mailer_autoconfirm: true });
  const credentials = { email: newEmail(), password: PASSWORD };
  await must(newClient(instance).signUp(credentials));
  instance.set("password_min_length", 30);
  const { weakPassword, session } = await must(newClient(instance).signInWithPassword(credentials));
  assert.ok(session);
  assert.deepEqual(weakPassword.reasons, ["length"]);
});

test("7.2 signInWithOAuth builds the address of a sign-in", async () => {
  const credentials = { provider: "google", options: { redirectTo: `${SITE}/welcome`, scopes: "email profile" } };
  const { url, provider } = await must(newClient(confirming).signInWithOAuth(credentials));
  assert.equal(provider, "google");
  assert.ok(url.startsWith(`${confirming.url}/authorize?provider=google`));
});

test("7.2 signInWithSSO is refused, where SAML is off", async () => {
  for (const flowType of ["pkce", "implicit"]) {
    const promise = newClient(autoconfirming, { flowType }).signInWithSSO({ domain: "example.com" });
    await fails(promise, 404, "saml_provider_disabled", "SAML 2.0 is disabled");
  }
});

test("7.2 signInWithIdToken is refused, where its provider is off", async () => {
  const promise = newClient(autoconfirming).signInWithIdToken({ provider: "google", token: "bad.id.token" });
  const message = 'Provider (issuer "https://accounts.google.com") is not enabled';
  await fails(promise, 400, "provider_disabled", message);
});

test("7.2 signInWithWeb3 is refused, where both chains are off", async () => {
  for (const chain of ["solana", "ethereum"]) {
    const signature = chain === "ethereum" ? "0x00" : new Uint8Array(64);
    const promise = newClient(autoconfirming).signInWithWeb3({ chain, message: "test-message", signature });
    await fails(promise, 422, "web3_provider_disabled", "Web3 provider is disabled");
  }
});
