// Numbers: the ways to be texted a code, and what it is good for.
import test from "node:test";
import { PASSWORD, assert, claimsOf, newEmail, newInstance, newPhone, sql, textTo } from "../../gotrue/helper.mjs";
import { another, fails, forget, member, must, newClient } from "./clients.mjs";

const OTHER_PASSWORD = "another password 2";

const instance = await newInstance({
  external_phone_enabled: true,
  sms_provider: "twilio",
  sms_max_frequency: "0s",
  update_password_require_reauthentication: true,
});

/** The next code that is texted to a number. */
async function codeTo(phone) {
  const code = await textTo(phone);
  forget(phone);
  return code;
}

/** Somebody who has a number alone: {client, user, session, phone}. */
async function byPhone() {
  const [client, phone] = [newClient(instance), newPhone()];
  await must(client.signUp({ phone, password: PASSWORD }));
  return { client, phone, ...(await must(client.verifyOtp({ phone, token: await codeTo(phone), type: "sms" }))) };
}

for (const channel of ["sms", "whatsapp"]) {
  test(`2.6 signUp and signInWithOtp by ${channel}`, async () => {
    const [client, phone] = [newClient(instance), newPhone()];
    const { user } = await must(client.signUp({ phone, password: PASSWORD, options: { channel } }));
    await must(client.verifyOtp({ phone, token: await codeTo(phone), type: "sms" }));
    await must(client.signInWithOtp({ phone, options: { channel } }));
    const { session } = await must(client.verifyOtp({ phone, token: await codeTo(phone), type: "sms" }));
    assert.equal(session.user.id, user.id);
  });
}

test("2.6 signInWithOtp refuses a channel that there is not, and what is no number", async () => {
  const client = newClient(instance);
  const options = { channel: "fax" };
  await fails(client.signInWithOtp({ phone: newPhone(), options }), 400, "validation_failed");
  await fails(client.signInWithOtp({ phone: "nothing" }), 400, "validation_failed");
});

test("2.6 signInWithOtp of somebody new is good for a session, with the code alone", async () => {
  const [client, phone] = [newClient(instance), newPhone()];
  await must(client.signInWithOtp({ phone }));
  const code = await codeTo(phone);
  await fails(client.verifyOtp({ phone: newPhone(), token: code, type: "sms" }), 403, "otp_expired");
  const given = { phone, token: code, type: "sms" };
  const { session } = await must(client.verifyOtp(given));
  assert.deepEqual(
    claimsOf(session.access_token).amr.map(({ method }) => method),
    ["otp"],
  );
  await fails(newClient(instance).verifyOtp(given), 403, "otp_expired");
});

test("2.8 resend of a change of number texts a further code to the new one", async () => {
  const [{ client, phone, user }, next] = [await byPhone(), newPhone()];
  await must(client.updateUser({ phone: next }));
  await codeTo(next);
  await must(client.resend({ type: "phone_change", phone }));
  const given = { phone: next, token: await codeTo(next), type: "phone_change" };
  const changed = await must(client.verifyOtp(given));
  assert.deepEqual([changed.user.id, changed.user.phone], [user.id, next.slice(1)]);
  await fails(newClient(instance).signInWithPassword({ phone, password: PASSWORD }), 400, "invalid_credentials");
  await must(newClient(instance).signInWithPassword({ phone: next, password: PASSWORD }));
});

test("2.9 reauthenticate of who has a number alone texts the nonce", async () => {
  const { client, phone, session } = await byPhone();
  const aged = "UPDATE auth.sessions SET created_at = created_at - interval '25 h' WHERE id::text = $1 RETURNING id";
  sql(aged, claimsOf(session.access_token).session_id);
  await fails(client.updateUser({ password: OTHER_PASSWORD }), 400, "reauthentication_needed");
  await must(client.reauthenticate());
  await must(client.updateUser({ password: OTHER_PASSWORD, nonce: await codeTo(phone) }));
  await must(newClient(instance).signInWithPassword({ phone, password: OTHER_PASSWORD }));
});

test("2.9 reauthenticate needs a session", async () => {
  assert.equal((await newClient(instance).reauthenticate()).error.name, "AuthSessionMissingError");
});

test("2.11 updateUser gives who has an address a number, and the other way round", async () => {
  const [{ client, user }, email] = [await byPhone(), newEmail()];
  const { user: pending } = await must(client.updateUser({ email }));
  assert.deepEqual([pending.id, pending.new_email], [user.id, email]);
  const [other, phone] = [await member(instance), newPhone()];
  await must(other.client.updateUser({ phone }));
  await must(other.client.verifyOtp({ phone, token: await codeTo(phone), type: "phone_change" }));
  const { identities } = await must(other.client.getUserIdentities());
  assert.deepEqual(identities.map(({ provider }) => provider).sort(), ["email", "phone"]);
  assert.equal((await another(other, instance)).user.phone, phone.slice(1));
});
