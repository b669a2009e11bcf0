// Codes and links by mail, codes by text message, and verifyOtp, which takes them.
import test from "node:test";
import { PASSWORD, assert, claimsOf, mailTo, mailsAfterAll, newEmail, newPhone, textTo } from "../../gotrue/helper.mjs";
import { fails, follow, forget, member, must, newAdmin, newClient, newSupabase } from "./clients.mjs";
import { autoconfirming, closed, confirming } from "./servers.mjs";

const SENT = { user: null, session: null };
const WRONG_CODE = [403, "otp_expired", "Token has expired or is invalid"];
const WRONG_LINK = [403, "otp_expired", "Email link is invalid or has expired"];
const methods = ({ access_token: token }) => claimsOf(token).amr.map((entry) => entry.method);

/** Asks for a mail to sign in with, and gets it. */
async function mailed(client, email, options) {
  assert.deepEqual(await must(client.signInWithOtp({ email, options })), SENT);
  return mailTo(email);
}

for (const [name, make] of [
  ["auth-js", newClient],
  ["supabase-js", newSupabase],
]) {
  test(`7.2 signInWithOtp with ${name}: a new user, by code`, async () => {
    const [client, email] = [make(confirming), newEmail()];
    const { code } = await mailed(client, email, { data: { plan: "pro" } });
    const { user, session } = await must(client.verifyOtp({ email, token: code, type: "email" }));
    assert.equal(user.email, email);
    assert.equal(user.user_metadata.plan, "pro");
    assert.ok(user.email_confirmed_at);
    assert.deepEqual(methods(session), ["otp"]);
    assert.equal((await must(client.getUser())).user.id, user.id);
    await fails(client.verifyOtp({ email, token: code, type: "email" }), ...WRONG_CODE);
  });

  test(`7.2 signInWithOtp with ${name}: a known user, by link`, async () => {
    const { user, email } = await member(confirming);
    const client = make(confirming);
    const { link } = await mailed(client, email, { emailRedirectTo: "http://localhost:9999/welcome" });
    const { url, fragment } = await follow(link);
    assert.equal(url.origin + url.pathname, "http://localhost:9999/welcome");
    assert.equal(fragment.type, "magiclink");
    const { session } = await must(client.setSession(fragment));
    assert.equal(session.user.id, user.id);
    assert.deepEqual(methods(session), ["otp"]);
  });
}

test("7.2 signInWithOtp where nothing is confirmed", async () => {
  for (const flowType of ["implicit", "pkce"]) {
    const [client, email] = [newClient(autoconfirming, { flowType }), newEmail()];
    const { code } = await mailed(client, email, { emailRedirectTo: "http://localhost:9998/welcome" });
    const { session } = await must(client.verifyOtp({ email, token: code, type: "magiclink" }));
    assert.ok(session.access_token);
  }
});

test("7.2 signInWithOtp with shouldCreateUser false refuses who is unknown", async () => {
  const email = newEmail();
  const refusal = [422, "otp_disabled", "Signups not allowed for otp"];
  for (const who of [{ email }, { phone: newPhone() }]) {
    const options = { shouldCreateUser: false };
    await fails(newClient(autoconfirming).signInWithOtp({ ...who, options }), ...refusal);
  }
  assert.equal(await mailsAfterAll(autoconfirming, email), 0);
});

test("7.2 signInWithOtp by phone without a provider is an error", async () => {
  for (const flowType of ["implicit", "pkce"]) {
    const { error } = await newClient(autoconfirming, { flowType }).signInWithOtp({ phone: newPhone() });
    assert.equal(error?.status, 500);
  }
});

test("7.2 signInWithOtp by phone: a new user, then the same again", async () => {
  const [client, phone] = [newSupabase(confirming), newPhone()];
  await must(client.signInWithOtp({ phone, options: { data: { plan: "pro" } } }));
  const { user } = await must(client.verifyOtp({ phone, token: await textTo(phone), type: "sms" }));
  assert.equal(user.phone, phone.slice(1));
  assert.ok(user.phone_confirmed_at);
  assert.equal(user.user_metadata.plan, "pro");
  assert.deepEqual(user.app_metadata, { provider: "phone", providers: ["phone"] });

  forget(phone);
  const refusal = [429, "over_sms_send_rate_limit", /only request this after \d+ seconds/];
  await fails(client.signInWithOtp({ phone }), ...refusal);
  confirming.set("sms_max_frequency", "0s");
  const { messageId } = await must(client.signInWithOtp({ phone }));
  assert.equal(typeof messageId, "string");
  const again = await must(client.verifyOtp({ phone, token: await textTo(phone), type: "sms" }));
  assert.equal(again.user.id, user.id);
});

// Whether the user is known before, and what sends the mail.
for (const [type, isKnown, send] of [
  ["signup", false, (client, email) => client.signUp({ email, password: PASSWORD })],
  ["email", false, (client, email) => client.signInWithOtp({ email })],
  ["invite", false, (client, email) => newAdmin(confirming).inviteUserByEmail(email)],
  ["recovery", true, (client, email) => client.resetPasswordForEmail(email)],
  ["magiclink", true, (client, email) => client.signInWithOtp({ email })],
]) {
  test(`2.5 verifyOtp of type ${type}, by code and by token_hash`, async () => {
    for (const by of ["code", "token_hash"]) {
      const email = isKnown ? (await member(confirming)).email : newEmail();
      const client = newClient(confirming);
      await must(send(client, email));
      const { code, token } = await mailTo(email);
      const isCode = by === "code";
      const given = isCode ? { email, token: code, type } : { token_hash: token, type };
      const { user, session } = await must(client.verifyOtp(given));
      assert.equal(user.email, email);
      assert.ok(user.email_confirmed_at);
      assert.deepEqual(methods(session), ["otp"]);
      await fails(newClient(confirming).verifyOtp(given), ...(isCode ? WRONG_CODE : WRONG_LINK));
    }
  });
}

test("7.2 verifyOtp with a wrong code, and of nobody", async () => {
  const { email } = await member(confirming);
  const client = newClient(confirming);
  await mailed(client, email);
  for (const who of [{ email }, { email: newEmail() }])
    await fails(client.verifyOtp({ ...who, token: "12345", type: "email" }), ...WRONG_CODE);
  await fails(client.verifyOtp({ token_hash: "nothing", type: "email" }), ...WRONG_LINK);
  for (const type of ["sms", "phone_change"])
    await fails(client.verifyOtp({ phone: newPhone(), token: "123456", type }), ...WRONG_CODE);
});

test("7.2 verifyOtp by phone where the channel is off", async () => {
  const client = newClient(closed);
  await fails(client.verifyOtp({ phone: "+12345678901", token: "123456", type: "sms" }), ...WRONG_CODE);
  const promise = client.verifyOtp({ phone: "invalid", token: "123456", type: "sms" });
  await fails(promise, 400, "validation_failed", "Invalid phone number format (E.164 required)");
});

test("2.5 a link that was followed leads back with an error the second time", async () => {
  const { email } = await member(confirming);
  const { link } = await mailed(newClient(confirming), email);
  await follow(link);
  const { fragment } = await follow(link);
  const { error, error_code: code, error_description: description } = fragment;
  assert.deepEqual([error, code, description], ["access_denied", ...WRONG_LINK.slice(1)]);
});

test("7.2 resend: a further code to who signed up, nothing to anybody else", async () => {
  const [client, email] = [newClient(confirming), newEmail()];
  await must(client.signUp({ email, password: PASSWORD }));
  await mailTo(email);
  const refusal = [429, "over_email_send_rate_limit", /only request this after \d+ seconds/];
  await fails(client.resend({ type: "signup", email }), ...refusal);
  confirming.set("smtp_max_frequency", "0s");
  forget(email);
  await must(client.resend({ type: "signup", email }));
  const { code } = await mailTo(email);
  await must(client.verifyOtp({ email, token: code, type: "signup" }));

  const unknown = newEmail();
  for (const known of [email, unknown]) await must(client.resend({ type: "signup", email: known }));
  await must(client.resend({ type: "phone_change", phone: newPhone() }));
  assert.equal(await mailsAfterAll(confirming, unknown), 0);
  assert.equal(await mailsAfterAll(confirming, email), 1);
});

test("2.8 resend: a further code to a number", async () => {
  const [client, phone] = [newClient(confirming), newPhone()];
  confirming.set("sms_max_frequency", "0s");
  await must(client.signUp({ phone, password: PASSWORD }));
  await textTo(phone);
  forget(phone);
  await must(client.resend({ type: "sms", phone }));
  const { user } = await must(client.verifyOtp({ phone, token: await textTo(phone), type: "sms" }));
  assert.ok(user.phone_confirmed_at);
});
