// What users change about themselves: data, password, address, number.
import test from "node:test";
import {
  PASSWORD,
  assert,
  claimsOf,
  mailTo,
  newEmail,
  newInstance,
  newPhone,
  sql,
  textTo,
} from "../../gotrue/helper.mjs";
import { NO_SESSION, another, fails, follow, forget, member, must, newClient, newSupabase } from "./clients.mjs";
import { autoconfirming, confirming } from "./servers.mjs";

const OTHER_PASSWORD = "another password 2";

for (const [name, make] of [
  ["auth-js", newClient],
  ["supabase-js", newSupabase],
]) {
  test(`7.2 updateUser with ${name} merges data, and null takes out`, async () => {
    const { client, user } = await member(autoconfirming, { make });
    await must(client.updateUser({ data: { hello: "world", nested: { deep: [1] } } }));
    const updated = await must(client.updateUser({ data: { hello: null, more: true } }));
    const { hello, nested, more } = updated.user.user_metadata;
    assert.deepEqual({ hello, nested, more }, { hello: undefined, nested: { deep: [1] }, more: true });
    assert.equal(updated.user.email, user.email);
    const seen = await must(client.getUser());
    assert.deepEqual(seen.user.user_metadata, updated.user.user_metadata);
    const { session } = await must(client.refreshSession());
    assert.deepEqual(claimsOf(session.access_token).user_metadata, updated.user.user_metadata);
  });

  test(`2.11 updateUser with ${name} changes the password and ends the other sessions`, async () => {
    const here = await member(confirming, { make });
    const there = await another(here, confirming);
    await must(here.client.updateUser({ password: OTHER_PASSWORD }));
    await must(here.client.getUser());
    await fails(newClient(confirming).getUser(there.session.access_token), ...NO_SESSION);
    const { email } = here;
    await fails(newClient(confirming).signInWithPassword({ email, password: PASSWORD }), 400, "invalid_credentials");
    await another(here, confirming, OTHER_PASSWORD);
  });
}

test("2.11 updateUser refuses a password that is weak, or the same", async () => {
  const { client } = await member(confirming);
  await fails(client.updateUser({ password: "123" }), 422, "weak_password");
  const same = "New password should be different from the old password.";
  await fails(client.updateUser({ password: PASSWORD }), 422, "same_password", same);
});

test("2.11 updateUser refuses an address or a number of another user", async () => {
  const [{ client }, other] = [await member(confirming), await member(confirming)];
  await fails(client.updateUser({ email: other.email }), 422, "email_exists");
  const phone = newPhone();
  await member(confirming, { attributes: { phone, phone_confirm: true } });
  await fails(client.updateUser({ phone }), 422, "phone_exists");
});

test("4.6 updateUser with an address that both the new and the old must confirm", async () => {
  for (const newFirst of [true, false]) {
    const { client, email, user } = await member(confirming);
    const next = newEmail("next");
    const pending = await must(client.updateUser({ email: next }));
    assert.deepEqual([pending.user.email, pending.user.new_email], [email, next]);
    const [first, second] = newFirst ? [next, email] : [email, next];
    const half = await must(
      client.verifyOtp({ email: first, token: (await mailTo(first)).code, type: "email_change" }),
    );
    assert.equal(half.session, null);
    assert.equal((await must(client.getUser())).user.email, email);
    const whole = { token_hash: (await mailTo(second)).token, type: "email_change" };
    const { session } = await must(client.verifyOtp(whole));
    assert.deepEqual([session.user.id, session.user.email, session.user.new_email], [user.id, next, undefined]);
    assert.equal(session.user.identities[0].email, next);
    await another({ email: next }, confirming);
  }
});

test("4.6 updateUser with an address that is confirmed at the new one alone", async () => {
  const instance = await newInstance({ mailer_secure_email_change_enabled: false });
  const { client, email } = await member(instance);
  const next = newEmail("next");
  await must(client.updateUser({ email: next }, { emailRedirectTo: "https://app.example.org/changed" }));
  const { url, fragment } = await follow((await mailTo(next)).link);
  assert.equal(url.pathname, "/changed");
  assert.equal(fragment.type, "email_change");
  assert.equal((await must(client.setSession(fragment))).user.email, next);
  await fails(newClient(instance).signInWithPassword({ email, password: PASSWORD }), 400, "invalid_credentials");
});

test("7.2 updateUser of a PKCE client leaves an address pending even where nothing is confirmed", async () => {
  const { client, email } = await member(autoconfirming, { options: { flowType: "pkce" } });
  const next = newEmail("next");
  const { user } = await must(client.updateUser({ email: next }));
  assert.deepEqual([user.email, user.new_email], [email, next]);
  const { query } = await follow((await mailTo(next)).link);
  assert.equal((await must(client.exchangeCodeForSession(query.code))).user.email, next);
});

test("2.8 resend of an e-mail change sends anew to both", async () => {
  const { client, email } = await member(confirming);
  const next = newEmail("next");
  confirming.set("smtp_max_frequency", "0s");
  await must(client.updateUser({ email: next }));
  for (const address of [email, next]) await mailTo(address).then(() => forget(address));
  await must(client.resend({ type: "email_change", email }));
  for (const address of [email, next])
    await must(client.verifyOtp({ email: address, token: (await mailTo(address)).code, type: "email_change" }));
  assert.equal((await must(client.getUser())).user.email, next);
});

test("4.3 updateUser with a number, which a code confirms", async () => {
  const [{ client, user }, phone] = [await member(confirming), newPhone()];
  const pending = await must(client.updateUser({ phone }));
  assert.deepEqual([pending.user.phone, pending.user.new_phone], ["", phone.slice(1)]);
  await fails(client.verifyOtp({ phone, token: "12345", type: "phone_change" }), 403, "otp_expired");
  const changed = await must(client.verifyOtp({ phone, token: await textTo(phone), type: "phone_change" }));
  assert.deepEqual([changed.user.id, changed.user.phone], [user.id, phone.slice(1)]);
  assert.deepEqual(changed.user.app_metadata.providers, ["email", "phone"]);
  const byPhone = await must(newClient(confirming).signInWithPassword({ phone, password: PASSWORD }));
  assert.equal(byPhone.user.id, user.id);
});

test("2.11 updateUser with a number where none is confirmed takes it at once", async () => {
  const [{ client }, phone] = [await member(autoconfirming), newPhone()];
  const { user } = await must(client.updateUser({ phone }));
  assert.equal(user.phone, phone.slice(1));
  assert.ok(user.phone_confirmed_at);
});

test("7.2 reauthenticate mails a nonce that an old session needs for another password", async () => {
  const instance = await newInstance({ update_password_require_reauthentication: true });
  const { client, email, session } = await member(instance);
  const aged = "UPDATE auth.sessions SET created_at = created_at - interval '25 h' WHERE id::text = $1 RETURNING id";
  sql(aged, claimsOf(session.access_token).session_id);
  await fails(client.updateUser({ password: OTHER_PASSWORD }), 400, "reauthentication_needed");
  await must(client.reauthenticate());
  const { code } = await mailTo(email);
  await fails(client.updateUser({ password: OTHER_PASSWORD, nonce: "12345" }), 422, "reauthentication_not_valid");
  await must(client.updateUser({ password: OTHER_PASSWORD, nonce: code }));
  await fails(client.updateUser({ password: PASSWORD, nonce: code }), 422, "reauthentication_not_valid");
  await another({ email }, instance, OTHER_PASSWORD);
});

test("7.2 reauthenticate of an anonymous user has nowhere to send to", async () => {
  const client = newClient(autoconfirming);
  await must(client.signInAnonymously());
  const message = "Reauthentication requires the user to have an email or a phone number";
  await fails(client.reauthenticate(), 400, "validation_failed", message);
});

test("7.3 updateUser with the current password, where it is asked for", async () => {
  const instance = await newInstance({ update_password_require_current_password: true });
  const { client, email } = await member(instance);
  const password = OTHER_PASSWORD;
  await fails(client.updateUser({ password }), 400, "current_password_required");
  await fails(client.updateUser({ password, current_password: "wrong" }), 400, "current_password_invalid");
  await must(client.updateUser({ password, current_password: PASSWORD }));
  await another({ email }, instance, password);
});

test("7.2 resetPasswordForEmail: the link leads to a session that may set a password", async () => {
  const { email, user } = await member(confirming);
  for (const server of [confirming, autoconfirming])
    assert.deepEqual(await must(newClient(server).resetPasswordForEmail(newEmail())), {}, "nothing is told of nobody");
  const client = newClient(confirming);
  await must(client.resetPasswordForEmail(email, { redirectTo: "http://localhost:9999/reset" }));
  const { url, fragment } = await follow((await mailTo(email)).link);
  assert.equal(url.pathname, "/reset");
  assert.equal(fragment.type, "recovery");
  assert.equal((await must(client.setSession(fragment))).user.id, user.id);
  await must(client.updateUser({ password: OTHER_PASSWORD }));
  await another({ email }, confirming, OTHER_PASSWORD);
});
