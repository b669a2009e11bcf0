// Links of mails in the PKCE flow: they lead back with a code, which only the client that asked can exchange.
import test from "node:test";
import { PASSWORD, assert, claimsOf, mailTo, newEmail } from "../../gotrue/helper.mjs";
import { fails, follow, forget, member, must, newAdmin, newClient, newSupabase } from "./clients.mjs";
import { confirming } from "./servers.mjs";

const newPkce = (make = newClient) => make(confirming, { flowType: "pkce" });
const methods = ({ access_token: token }) => claimsOf(token).amr.map((entry) => entry.method);

/** Follows the mail's link; the code to exchange. */
async function codeFrom(email) {
  const { query } = await follow((await mailTo(email)).link);
  assert.ok(query.code, JSON.stringify(query));
  return query.code;
}

for (const [name, make] of [
  ["auth-js", newClient],
  ["supabase-js", newSupabase],
]) {
  test(`7.2 exchangeCodeForSession with ${name} after signUp`, async () => {
    const [client, email] = [newPkce(make), newEmail()];
    const { user } = await must(client.signUp({ email, password: PASSWORD }));
    const { session } = await must(client.exchangeCodeForSession(await codeFrom(email)));
    assert.equal(session.user.id, user.id);
    assert.ok(session.user.email_confirmed_at);
    assert.deepEqual(methods(session), ["email/signup"]);
    assert.equal((await must(client.getUser())).user.id, user.id);
  });

  test(`7.2 exchangeCodeForSession with ${name} after signInWithOtp`, async () => {
    const { email, user } = await member(confirming);
    const client = newPkce(make);
    await must(client.signInWithOtp({ email }));
    const { session } = await must(client.exchangeCodeForSession(await codeFrom(email)));
    assert.equal(session.user.id, user.id);
    assert.deepEqual(methods(session), ["magiclink"]);
  });
}

test("7.2 exchangeCodeForSession after resetPasswordForEmail tells that it is for a new password", async () => {
  const { email } = await member(confirming);
  const client = newPkce();
  const events = [];
  client.onAuthStateChange((event) => void events.push(event));
  await must(client.resetPasswordForEmail(email, { redirectTo: "https://supabase.io/docs" }));
  const mail = await mailTo(email);
  const { url, query } = await follow(mail.link);
  assert.equal(url.origin + url.pathname, "https://supabase.io/docs");
  const { session, redirectType } = await must(client.exchangeCodeForSession(query.code));
  assert.deepEqual(methods(session), ["recovery"]);
  assert.equal(redirectType, "recovery");
  assert.ok(events.includes("PASSWORD_RECOVERY"), events.join());
  await must(client.updateUser({ password: "another password 2" }));
  await must(newClient(confirming).signInWithPassword({ email, password: "another password 2" }));
});

test("7.2 exchangeCodeForSession after an e-mail change, both halves of which lead back", async () => {
  const [{ email, client }, next] = [await member(confirming, { options: { flowType: "pkce" } }), newEmail()];
  const { user } = await must(client.updateUser({ email: next }));
  assert.equal(user.new_email, next);
  const { query } = await follow((await mailTo(email)).link);
  assert.match(query.message, /^Confirmation link accepted/);
  const { session } = await must(client.exchangeCodeForSession(await codeFrom(next)));
  assert.equal(session.user.email, next);
  assert.deepEqual(methods(session), ["email_change"]);
});

test("7.2 exchangeCodeForSession after resend", async () => {
  const [client, email] = [newPkce(), newEmail()];
  await must(client.signUp({ email, password: PASSWORD }));
  await mailTo(email);
  forget(email);
  confirming.set("smtp_max_frequency", "0s");
  await must(client.resend({ type: "signup", email }));
  const { session } = await must(client.exchangeCodeForSession(await codeFrom(email)));
  assert.deepEqual(methods(session), ["email/signup"]);
});

test("2.4 a code is exchanged once, and by the client that asked for it alone", async () => {
  const { email } = await member(confirming);
  const [client, other] = [newPkce(), newPkce()];
  await must(client.signInWithOtp({ email }));
  await must(other.signInWithOtp({ email: newEmail() }));
  const code = await codeFrom(email);
  await fails(other.exchangeCodeForSession(code), 400, "bad_code_verifier");
  await must(client.exchangeCodeForSession(code));
  await must(client.signInWithOtp({ email: newEmail() }));
  await fails(client.exchangeCodeForSession(code), 404, "flow_state_not_found");
});

test("7.2 exchangeCodeForSession of a code that never was", async () => {
  const client = newPkce();
  const { error } = await client.exchangeCodeForSession("mock_code");
  assert.equal(error.name, "AuthPKCECodeVerifierMissingError");
  await must(client.signInWithOtp({ email: newEmail() }));
  await fails(client.exchangeCodeForSession("mock_code"), 404, "flow_state_not_found");
});

test("2.5 a code of a PKCE mail can be typed in as well", async () => {
  const [client, email] = [newPkce(), newEmail()];
  await must(client.signInWithOtp({ email }));
  const { code } = await mailTo(email);
  const { session } = await must(client.verifyOtp({ email, token: code, type: "email" }));
  assert.deepEqual(methods(session), ["otp"]);
});

test("2.5 a PKCE link that was followed leads back with an error, in the query and the fragment", async () => {
  const email = newEmail();
  await must(newPkce().signInWithOtp({ email }));
  const { link } = await mailTo(email);
  await follow(link);
  const { query, fragment } = await follow(link);
  for (const members of [query, fragment]) assert.equal(members.error_code, "otp_expired");
});

test("2.17 a link of an invitation is of no flow", async () => {
  const email = newEmail();
  await must(newAdmin(confirming).inviteUserByEmail(email, { redirectTo: "https://supabase.io/docs" }));
  const { url, fragment } = await follow((await mailTo(email)).link);
  assert.equal(url.origin + url.pathname, "https://supabase.io/docs");
  assert.equal(fragment.type, "invite");
  const { session } = await must(newPkce().setSession(fragment));
  assert.equal(session.user.email, email);
});
