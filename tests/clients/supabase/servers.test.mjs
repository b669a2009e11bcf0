// The four servers of auth-js's own suite: what is the same at each, and what the closed one refuses.
import test from "node:test";
import { PASSWORD, assert, mailTo, mailsAfterAll, newEmail, newInstance, newPhone } from "../../gotrue/helper.mjs";
import { fails, follow, member, must, newAdmin, newClient } from "./clients.mjs";
import { codeAt, enrolled, levelOf } from "./factors.mjs";
import { RSA_KID, asymmetric, autoconfirming, closed, confirming } from "./servers.mjs";

const NO_SIGNUP = [422, "signup_disabled", "Signups not allowed for this instance"];
const headerOf = ({ access_token: token }) => JSON.parse(Buffer.from(token.split(".")[0], "base64url"));

const SERVERS = [
  ["that confirms", confirming, { alg: "HS256", typ: "JWT" }],
  ["that confirms nothing", autoconfirming, { alg: "HS256", typ: "JWT", kid: "12580317-221c-49b6-894a-f4473b8afe39" }],
  ["whose keys are a pair", asymmetric, { alg: "RS256", typ: "JWT", kid: RSA_KID }],
];

for (const [name, server, header] of SERVERS) {
  test(`7.1 a session at the server ${name}, from signUp to signOut`, async () => {
    const [client, email] = [newClient(server), newEmail()];
    const signedUp = await must(client.signUp({ email, password: PASSWORD }));
    assert.equal(signedUp.session === null, server === confirming);
    if (server === confirming)
      await must(client.verifyOtp({ email, token: (await mailTo(email)).code, type: "signup" }));
    const { session } = await must(client.getSession());
    assert.deepEqual(headerOf(session), header);
    assert.equal((await must(client.getUser())).user.id, signedUp.user.id);
    await must(client.updateUser({ data: { hello: "world" } }));
    const refreshed = await must(client.refreshSession());
    assert.deepEqual(headerOf(refreshed.session), header);
    assert.equal((await must(client.getClaims())).claims.user_metadata.hello, "world");
    assert.equal((await client.signOut()).error, null);
    await fails(newClient(server).refreshSession(refreshed.session), 400, "refresh_token_not_found");
  });

  test(`7.1 a link, a code and a second factor at the server ${name}`, async () => {
    const { client, email, user, factor, secret } = await enrolled(server);
    const raised = await must(client.mfa.challengeAndVerify({ factorId: factor.id, code: codeAt(secret) }));
    assert.deepEqual([levelOf(raised), headerOf(raised)], ["aal2", header]);
    const byCode = newClient(server);
    await must(byCode.resetPasswordForEmail(email));
    const given = { email, token: (await mailTo(email)).code, type: "recovery" };
    assert.deepEqual(headerOf((await must(byCode.verifyOtp(given))).session), header);
    const { properties } = await must(newAdmin(server).generateLink({ type: "magiclink", email }));
    const { fragment } = await follow(properties.action_link);
    assert.deepEqual(headerOf(fragment), header);
    assert.equal((await must(newClient(server).setSession(fragment))).user.id, user.id);
  });

  test(`7.1 administration of the server ${name}`, async () => {
    const [admin, email] = [newAdmin(server), newEmail()];
    const { user } = await must(admin.inviteUserByEmail(email));
    assert.ok(user.invited_at);
    const { session } = await must(
      newClient(server).verifyOtp({ email, token: (await mailTo(email)).code, type: "invite" }),
    );
    assert.deepEqual(headerOf(session), header);
    await must(admin.signOut(session.access_token));
    await must(admin.deleteUser(user.id));
    await fails(admin.getUserById(user.id), 404, "user_not_found");
  });
}

test("7.1 the server that is closed refuses whatever leads to a session, or sends", async () => {
  const [client, email, phone] = [newClient(closed), newEmail(), newPhone()];
  await fails(client.signUp({ email, password: PASSWORD }), ...NO_SIGNUP);
  await fails(client.signUp({ phone, password: PASSWORD }), ...NO_SIGNUP);
  await fails(client.signInAnonymously(), 422, "anonymous_provider_disabled");
  await fails(client.signInWithPassword({ email, password: PASSWORD }), 422, "email_provider_disabled");
  await fails(client.signInWithOtp({ email }), 422, "email_provider_disabled");
  await fails(client.signInWithOtp({ phone }), 400, "phone_provider_disabled");
  await fails(client.resetPasswordForEmail(email), 400, "email_provider_disabled");
  await fails(client.resend({ type: "signup", email }), 400, "email_provider_disabled");
  await fails(client.resend({ type: "sms", phone }), 400, "phone_provider_disabled");
  assert.equal(await mailsAfterAll(closed, email), 0);
});

test("209 the server that is closed lets administrators make users, and invite them", async () => {
  const [admin, email] = [newAdmin(closed), newEmail()];
  await must(admin.createUser({ email: newEmail(), password: PASSWORD, email_confirm: true }));
  const { user } = await must(admin.inviteUserByEmail(email));
  const client = newClient(closed);
  const { code } = await mailTo(email);
  const { session } = await must(client.verifyOtp({ email, token: code, type: "invite" }));
  assert.equal(session.user.id, user.id);
  await must(client.updateUser({ data: { hello: "world" } }));
  assert.equal((await must(client.refreshSession())).user.user_metadata.hello, "world");
});

test("7.1 the server that is closed keeps the sessions of the others", async () => {
  const { session, user } = await member(confirming);
  const client = newClient(closed);
  await must(client.setSession(session));
  assert.equal((await must(client.refreshSession())).user.id, user.id);
  assert.equal((await client.signOut()).error, null);
});

test("2.6 where nobody can sign up, whom the server knows can sign in by mail", async () => {
  const instance = await newInstance({ disable_signup: true, external_anonymous_users_enabled: true });
  const client = newClient(instance);
  await fails(client.signInWithOtp({ email: newEmail() }), ...NO_SIGNUP);
  await fails(client.signInAnonymously(), ...NO_SIGNUP);
  const { email, user } = await member(instance);
  await must(client.signInWithOtp({ email }));
  const { code } = await mailTo(email);
  assert.equal((await must(client.verifyOtp({ email, token: code, type: "email" }))).user.id, user.id);
});
