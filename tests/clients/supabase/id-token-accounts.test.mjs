// signInWithIdToken and linkIdentity with an ID token: which user an account at a provider leads to.
import { randomUUID } from "node:crypto";
import test from "node:test";
import { PASSWORD, assert, mailTo, newEmail, newInstance, newPhone, textTo } from "../../gotrue/helper.mjs";
import { NO_SESSION, fails, member, must, newAdmin, newClient, newSupabase } from "./clients.mjs";
import { methods } from "./factors.mjs";
import { newAccount, newOpenIdProvider, trusting } from "./openid-provider.mjs";

const provider = await newOpenIdProvider("ES256");
const instance = await newInstance({
  ...trusting(provider),
  manual_linking_enabled: true,
  external_anonymous_users_enabled: true,
});
const admin = newAdmin(instance);

const LINKED_ALREADY = [422, "identity_already_exists", "Identity is already linked"];
const LINKED_ELSEWHERE = [422, "identity_already_exists", "Identity is already linked to another user"];

const providers = ({ identities }) => identities.map((identity) => identity.provider).sort();
const withPassword = (email, at = instance) => newClient(at).signInWithPassword({ email, password: PASSWORD });
const attempt = async (account, at = instance) =>
  newClient(at).signInWithIdToken(await provider.credentials(account));
const signIn = async (account, at) => must(attempt(account, at));
const link = async (client, account) => client.linkIdentity(await provider.credentials(account));

/** A client that is signed in as a user without a name. */
async function anonymous() {
  const client = newClient(instance);
  return { client, ...(await must(client.signInAnonymously())) };
}

test("4.11 whoever signed up by mail, and confirmed it, is the same user", async () => {
  const [client, email] = [newClient(instance), newEmail()];
  const data = { kept: 1 };
  const signedUp = await must(client.signUp({ email, password: PASSWORD, options: { data } }));
  await must(client.verifyOtp({ email, token: (await mailTo(email)).code, type: "signup" }));
  const { user } = await signIn(newAccount({ email: email.toUpperCase(), name: "Ada" }));
  assert.equal(user.id, signedUp.user.id);
  assert.deepEqual(providers(user), ["email", "keycloak"]);
  assert.deepEqual(user.app_metadata, { provider: "email", providers: ["email", "keycloak"] });
  assert.deepEqual([user.user_metadata.kept, user.user_metadata.full_name], [1, "Ada"]);
  assert.equal((await must(withPassword(email))).user.id, user.id);
  assert.equal((await must(client.getUser())).user.id, user.id, "its sessions stay");
});

test("4.11 whoever signed up by mail, and never confirmed it, loses the password", async () => {
  const email = newEmail();
  const options = { data: { planted: true } };
  const squatter = await must(newClient(instance).signUp({ email, password: PASSWORD, options }));
  await fails(withPassword(email), 400, "email_not_confirmed");
  const account = newAccount({ email });
  const { user } = await signIn(account);
  assert.equal(user.id, squatter.user.id);
  assert.ok(user.email_confirmed_at);
  assert.deepEqual(providers(user), ["keycloak"]);
  assert.deepEqual(user.app_metadata.providers, ["keycloak"]);
  assert.equal(user.user_metadata.planted, undefined);
  await fails(withPassword(email), 400, "invalid_credentials");
  assert.equal((await signIn(account)).user.id, user.id);
});

/** A client of who signed up with another's address, where that is enough to sign in: {client, email}. */
async function squatter(more) {
  const at = await newInstance({ ...trusting(provider), mailer_allow_unverified_email_sign_ins: true, ...more });
  const [client, email] = [newClient(at), newEmail()];
  await must(client.signUp({ email, password: PASSWORD }));
  await must(client.signInWithPassword({ email, password: PASSWORD }));
  return { at, client, email };
}

test("4.11 whoever never confirmed an address is signed out when its owner comes", async () => {
  const { at, client, email } = await squatter();
  const { session } = await must(client.getSession());
  await signIn(newAccount({ email }), at);
  await fails(newClient(at).refreshSession(session), 400, "refresh_token_not_found");
  await fails(client.getUser(), ...NO_SESSION);
});

for (const [kind, another, sent] of [
  ["email", () => newEmail(), async (to) => (await mailTo(to)).code],
  ["phone", () => newPhone(), textTo],
]) {
  test(`4.11 whoever never confirmed an address cannot end a change of ${kind} once its owner has come`, async () => {
    const sms = { external_phone_enabled: true, sms_provider: "twilio" };
    const { at, client, email } = await squatter({ ...sms, mailer_secure_email_change_enabled: false });
    const to = another();
    await must(client.updateUser({ [kind]: to }));
    const given = { [kind]: to, token: await sent(to), type: `${kind}_change` };
    const { user } = await signIn(newAccount({ email }), at);
    assert.deepEqual([user.new_email, user.new_phone], [undefined, undefined]);
    await fails(newClient(at).verifyOtp(given), 403, "otp_expired");
    const { user: owner } = await must(newAdmin(at).getUserById(user.id));
    assert.deepEqual([owner.email, owner.phone], [email, ""]);
  });
}

test("4.11 an account stays that user's, whatever its address is later", async () => {
  const account = newAccount();
  const { user } = await signIn(account);
  const other = await member(instance);
  for (const email of [newEmail(), other.email]) {
    assert.equal((await signIn({ ...account, email })).user.id, user.id);
  }
  assert.equal((await must(withPassword(other.email))).user.id, other.user.id);
  await must(admin.deleteUser(user.id));
  assert.notEqual((await signIn(account)).user.id, user.id);
});

test("4.11 an address that the provider does not vouch for has to be proven", async () => {
  const account = newAccount({ email_verified: false });
  const message = "Unverified email with keycloak. A confirmation email has been sent to your keycloak email";
  await fails(attempt(account), 422, "provider_email_needs_verification", message);
  const { code } = await mailTo(account.email);
  const given = { email: account.email, token: code, type: "signup" };
  const { user } = await must(newClient(instance).verifyOtp(given));
  assert.deepEqual([user.email, providers(user)], [account.email, ["keycloak"]]);
  assert.equal((await signIn(account)).user.id, user.id);
});

test("4.11 with an address that the provider does not vouch for nobody becomes another user", async () => {
  const known = await member(instance);
  const account = newAccount({ email: known.email, email_verified: false });
  await fails(attempt(account), 422, "provider_email_needs_verification");
  const { user } = await must(admin.getUserById(known.user.id));
  assert.deepEqual(providers(user), ["email"]);
});

test("4.11 whoever comes without an address is let in only where that may be", async () => {
  const account = { sub: randomUUID() };
  await fails(attempt(account), 500, undefined, "Error getting user email from external provider");
  const open = await newInstance({ ...trusting(provider), external_keycloak_email_optional: true });
  const { user } = await signIn(account, open);
  assert.equal(user.email, "");
  assert.equal((await signIn(account, open)).user.id, user.id);
});

test("4.11 where nobody can sign up, whom the server knows can sign in", async () => {
  const closed = await newInstance({ ...trusting(provider), disable_signup: true });
  await fails(attempt(newAccount(), closed), 422, "signup_disabled", "Signups not allowed for this instance");
  const { email, user } = await member(closed);
  assert.equal((await signIn(newAccount({ email }), closed)).user.id, user.id);
});

test("4.13 who is banned stays out", async () => {
  const account = newAccount();
  const { user } = await signIn(account);
  await must(admin.updateUserById(user.id, { ban_duration: "1h" }));
  await fails(attempt(account), 403, "user_banned", "User is banned");
  await must(admin.updateUserById(user.id, { ban_duration: "none" }));
  assert.equal((await signIn(account)).user.id, user.id);
});

test("2.11 whoever came from a provider can take a password", async () => {
  const account = newAccount();
  const client = newClient(instance);
  const { user } = await must(client.signInWithIdToken(await provider.credentials(account)));
  await must(client.updateUser({ password: PASSWORD }));
  assert.equal((await must(withPassword(account.email))).user.id, user.id);
  assert.equal((await signIn(account)).user.id, user.id);
});

for (const [name, make] of [
  ["auth-js", newClient],
  ["supabase-js", newSupabase],
]) {
  test(`4.12 linkIdentity with ${name} adds an account, and unlinkIdentity takes it away`, async () => {
    const { client, email, user } = await member(instance, { make });
    const events = [];
    client.onAuthStateChange((event) => void events.push(event));
    const nonce = randomUUID();
    const account = newAccount();
    const linked = await must(client.linkIdentity(await provider.credentials(account, { nonce })));
    assert.deepEqual([linked.user.id, linked.user.email], [user.id, email]);
    assert.ok(events.includes("USER_UPDATED"));
    assert.deepEqual(methods(linked.session), ["oauth"]);
    assert.equal((await must(client.getSession())).session.access_token, linked.session.access_token);
    const { identities } = await must(client.getUserIdentities());
    assert.deepEqual(providers({ identities }), ["email", "keycloak"]);
    const identity = identities.find((identity) => identity.provider === "keycloak");
    assert.deepEqual([identity.id, identity.email], [account.sub, account.email]);
    assert.equal((await signIn(account)).user.id, user.id);
    assert.equal((await must(withPassword(email))).user.id, user.id);

    await must(client.unlinkIdentity(identity));
    assert.deepEqual(providers((await must(client.getUser())).user), ["email"]);
    const { user: later } = await signIn(account);
    assert.notEqual(later.id, user.id);
    assert.equal(later.email, account.email);
  });
}

test("4.12 linkIdentity of an account that a user has is refused, and the session stays", async () => {
  const { client, user } = await member(instance);
  const [account, foreign] = [newAccount(), newAccount()];
  await must(link(client, account));
  await signIn(foreign);
  const { session } = await must(client.getSession());
  await fails(link(client, account), ...LINKED_ALREADY);
  await fails(link(client, foreign), ...LINKED_ELSEWHERE);
  assert.equal((await must(client.getSession())).session.access_token, session.access_token);
  assert.deepEqual(providers((await must(client.getUser())).user), ["email", "keycloak"]);
  assert.equal((await signIn(account)).user.id, user.id);
});

test("4.12 linkIdentity of an account with another user's address leaves that to it", async () => {
  const known = await member(instance);
  const { client, user } = await member(instance);
  const account = newAccount({ email: known.email });
  const linked = await must(link(client, account));
  assert.equal(linked.user.id, user.id);
  assert.equal((await must(withPassword(known.email))).user.id, known.user.id);
  assert.equal((await signIn(account)).user.id, user.id);
});

test("4.12 linkIdentity needs a session, and a good token", async () => {
  const given = await provider.credentials(newAccount());
  const message = "Linking requires a valid user authentication";
  await fails(newClient(instance).linkIdentity(given), 400, undefined, message);
  await fails(newSupabase(instance).linkIdentity(given), 403, "bad_jwt", /missing sub claim$/);
  const { client } = await member(instance);
  await fails(client.linkIdentity({ ...given, token: "bad.id.token" }), 400, undefined, "Bad ID token");
  const both = "Passed nonce and nonce in id_token should either both exist or not.";
  await fails(client.linkIdentity({ ...given, nonce: randomUUID() }), 400, undefined, both);
  await must(client.linkIdentity(given));
});

test("4.12 linkIdentity where linking is off", async () => {
  const off = await newInstance(trusting(provider));
  const { client } = await member(off);
  await fails(link(client, newAccount()), 404, "manual_linking_disabled", "Manual linking is disabled");
  assert.deepEqual(providers((await must(client.getUser())).user), ["email"]);
});

test("4.12 linkIdentity gives a user without a name one", async () => {
  const { client, user } = await anonymous();
  assert.equal(user.is_anonymous, true);
  const account = newAccount();
  const { user: named } = await must(link(client, account));
  assert.deepEqual([named.id, named.email, named.is_anonymous], [user.id, account.email, false]);
  assert.ok(named.email_confirmed_at);
  assert.equal((await signIn(account)).user.id, user.id);
});

test("4.12 linkIdentity gives no user without a name an address that is taken", async () => {
  const known = await member(instance);
  const { client } = await anonymous();
  await fails(link(client, newAccount({ email: known.email })), 400, "email_exists");
  const { user } = await must(client.getUser());
  assert.deepEqual([user.email, user.is_anonymous, user.identities], ["", true, []]);
});

test("4.12 linkIdentity has a user without a name prove an address that the provider does not vouch for", async () => {
  const { client, user } = await anonymous();
  const account = newAccount({ email_verified: false });
  await fails(link(client, account), 422, "email_not_confirmed");
  const given = { email: account.email, token: (await mailTo(account.email)).code, type: "signup" };
  const proven = await must(client.verifyOtp(given));
  assert.deepEqual([proven.user.id, proven.user.is_anonymous, providers(proven.user)], [user.id, false, ["keycloak"]]);
  assert.equal((await signIn(account)).user.id, user.id);
});
