// Signing up, by address and by number, and without a name.
import test from "node:test";
import { AuthWeakPasswordError } from "@supabase/auth-js";
import { PASSWORD, assert, mailTo, mailsAfterAll, newEmail, newPhone, textTo } from "../../gotrue/helper.mjs";
import { fails, must, newAdmin, newClient, newSupabase } from "./clients.mjs";
import { autoconfirming, closed, confirming } from "./servers.mjs";

const INVALID_EMAIL = "Unable to validate email address: invalid format";

for (const [name, make] of [
  ["auth-js", newClient],
  ["supabase-js", newSupabase],
]) {
  test(`7.2 signUp with ${name} gives a session where nothing is confirmed`, async () => {
    const [client, email] = [make(autoconfirming), newEmail()];
    const { user, session } = await must(client.signUp({ email, password: PASSWORD }));
    assert.equal(user.email, email);
    assert.equal(session.expires_in, 3600);
    assert.equal(session.token_type, "bearer");
    assert.ok(session.access_token && session.refresh_token);
    assert.deepEqual((await must(client.getUser())).user, user);
  });

  test(`7.2 signUp with ${name} gives a user alone where the address is to be confirmed`, async () => {
    const [client, email] = [make(confirming), newEmail()];
    const { user, session } = await must(client.signUp({ email, password: PASSWORD }));
    assert.equal(session, null);
    assert.equal(user.email, email);
    assert.ok(user.confirmation_sent_at);
    assert.equal(user.email_confirmed_at, undefined);
    const refusal = [400, "email_not_confirmed", "Email not confirmed"];
    await fails(client.signInWithPassword({ email, password: PASSWORD }), ...refusal);
    const { code } = await mailTo(email);
    const confirmed = await must(client.verifyOtp({ email, token: code, type: "signup" }));
    assert.equal(confirmed.user.id, user.id);
    assert.ok(confirmed.user.email_confirmed_at);
    assert.equal((await must(client.getUser())).user.user_metadata.email_verified, true);
  });
}

test("7.2 signUp of a PKCE client gives a session where nothing is confirmed", async () => {
  const client = newClient(autoconfirming, { flowType: "pkce" });
  const { session } = await must(client.signUp({ email: newEmail(), password: PASSWORD }));
  assert.ok(session.access_token);
});

test("7.2 signUp with data keeps it beside what the server knows", async () => {
  const options = { data: { boolean: true, number: 1, nested: { text: "text" } } };
  const email = newEmail();
  const { user } = await must(newClient(autoconfirming).signUp({ email, password: PASSWORD, options }));
  const { sub, ...rest } = user.user_metadata;
  assert.equal(sub, user.id);
  assert.deepEqual(rest, { ...options.data, email, email_verified: true, phone_verified: false });
});

test("7.2 signUp twice tells of the account where nothing is confirmed", async () => {
  const credentials = { email: newEmail(), password: PASSWORD };
  await must(newClient(autoconfirming).signUp(credentials));
  const refusal = [422, "user_already_exists", /^User already registered/];
  await fails(newClient(autoconfirming).signUp(credentials), ...refusal);
});

test("2.2 signUp of a confirmed address shows a user without identities and sends nothing", async () => {
  const email = newEmail();
  const { user } = await must(newAdmin(confirming).createUser({ email, password: PASSWORD, email_confirm: true }));
  const shown = await must(newClient(confirming).signUp({ email, password: "something else 2" }));
  assert.equal(shown.session, null);
  assert.deepEqual(shown.user.identities, []);
  assert.notEqual(shown.user.id, user.id);
  assert.equal(await mailsAfterAll(confirming, email), 0);
});

test("7.2 signUp with a weak password tells the reasons", async () => {
  const error = await fails(
    newClient(autoconfirming).signUp({ email: newEmail(), password: "123" }),
    422,
    "weak_password",
    "Password should be at least 6 characters.",
  );
  assert.ok(error instanceof AuthWeakPasswordError);
  assert.deepEqual(error.reasons, ["length"]);
});

test("7.2 signUp with an invalid address is refused", async () => {
  const credentials = { email: "not an address", password: PASSWORD };
  for (const server of [confirming, autoconfirming])
    await fails(newClient(server).signUp(credentials), 400, "validation_failed", INVALID_EMAIL);
});

test("7.2 signUp where nobody can sign up says so before anything else", async () => {
  const credentials = { email: newEmail(), password: PASSWORD };
  await fails(newClient(closed).signUp(credentials), 422, "signup_disabled", "Signups not allowed for this instance");
});

test("7.2 signUp by phone gives a session with the data, and the number without a plus", async () => {
  const [phone, client] = [newPhone(), newClient(autoconfirming)];
  const options = { data: { role: "tester" } };
  const { user, session } = await must(client.signUp({ phone, password: PASSWORD, options }));
  assert.ok(session.access_token);
  assert.equal(user.phone, phone.slice(1));
  assert.equal(user.user_metadata.role, "tester");

  const signedIn = await must(newClient(autoconfirming).signInWithPassword({ phone, password: PASSWORD }));
  assert.equal(signedIn.user.id, user.id);
  assert.ok(signedIn.user.phone_confirmed_at);
  assert.equal(signedIn.user.email, "");
  assert.deepEqual(signedIn.user.app_metadata, { provider: "phone", providers: ["phone"] });
});

test("2.2 signUp by phone texts a code where the number is to be confirmed", async () => {
  const [phone, client] = [newPhone(), newClient(confirming)];
  const { session } = await must(client.signUp({ phone, password: PASSWORD }));
  assert.equal(session, null);
  await fails(client.signInWithPassword({ phone, password: PASSWORD }), 400, "phone_not_confirmed");
  const { user } = await must(client.verifyOtp({ phone, token: await textTo(phone), type: "sms" }));
  assert.ok(user.phone_confirmed_at);
  await must(newClient(confirming).signInWithPassword({ phone, password: PASSWORD }));
});

test("7.2 signInAnonymously gives a session of a user without an address", async () => {
  const client = newSupabase(autoconfirming);
  const { user, session } = await must(client.signInAnonymously());
  assert.ok(session.access_token);
  assert.equal(user.is_anonymous, true);
  assert.equal(user.email, "");
  assert.deepEqual(user.identities, []);
  assert.equal((await must(client.getUser())).user.id, user.id);
});

test("7.2 signInAnonymously with data keeps exactly that", async () => {
  const data = { boolean: true, number: 1 };
  const { user } = await must(newClient(autoconfirming).signInAnonymously({ options: { data } }));
  assert.deepEqual(user.user_metadata, data);
  assert.deepEqual(user.app_metadata, {});
});

test("7.2 signInAnonymously where it is off is refused", async () => {
  const refusal = [422, "anonymous_provider_disabled", "Anonymous sign-ins are disabled"];
  await fails(newClient(confirming).signInAnonymously(), ...refusal);
  await fails(newSupabase(confirming).signInAnonymously(), ...refusal);
});

test("7.2 updateUser gives an anonymous user an address, and then it can sign in", async () => {
  const [client, email] = [newClient(autoconfirming), newEmail()];
  const { user } = await must(client.signInAnonymously());
  const updated = await must(client.updateUser({ email, password: PASSWORD }));
  assert.equal(updated.user.id, user.id);
  assert.equal(updated.user.is_anonymous, false);
  assert.equal(updated.user.email, email);
  const signedIn = await must(newClient(autoconfirming).signInWithPassword({ email, password: PASSWORD }));
  assert.equal(signedIn.user.id, user.id);
});
