// auth.admin: invitations, and links of every type that an application sends by itself.
import test from "node:test";
import { PASSWORD, assert, claimsOf, mailTo, mailsAfterAll, newEmail, newInstance } from "../../gotrue/helper.mjs";
import { another, fails, follow, member, must, newAdmin, newClient } from "./clients.mjs";
import { WELCOME, autoconfirming, confirming } from "./servers.mjs";

const INVALID_EMAIL = [400, "validation_failed", "Unable to validate email address: invalid format"];
const admin = newAdmin(confirming);
const redirectTo = WELCOME;
const methods = ({ access_token: token }) => claimsOf(token).amr.map((entry) => entry.method);

test("7.2 inviteUserByEmail mails a link that signs in, and then a password can be set", async () => {
  const email = newEmail();
  const data = { team: "one" };
  const { user } = await must(admin.inviteUserByEmail(email, { redirectTo, data }));
  assert.ok(user.invited_at);
  assert.ok(user.confirmation_sent_at);
  assert.deepEqual(user.user_metadata, data);
  const { url, fragment } = await follow((await mailTo(email)).link);
  assert.equal(url.origin + url.pathname, redirectTo);
  const client = newClient(confirming);
  const taken = await must(client.setSession(fragment));
  assert.equal(taken.user.id, user.id);
  assert.equal(taken.user.user_metadata.team, "one");
  await must(client.updateUser({ password: PASSWORD }));
  await another({ email }, confirming);
  await fails(admin.inviteUserByEmail(email), 422, "email_exists");
});

test("7.2 inviteUserByEmail refuses an invalid address", async () => {
  await fails(admin.inviteUserByEmail("invalid"), ...INVALID_EMAIL);
});

test("2.2 signUp of who was invited tells nothing of them", async () => {
  const email = newEmail();
  await must(admin.inviteUserByEmail(email, { data: { team: "one" } }));
  confirming.set("smtp_max_frequency", "0s");
  const { user } = await must(newClient(confirming).signUp({ email, password: PASSWORD }));
  assert.deepEqual([user.user_metadata, user.identities], [{}, []]);
});

// The type as it is asked for, the one in the link, and what is given besides.
const TYPES = [
  ["signup", "signup", { password: PASSWORD }, false],
  ["invite", "invite", {}, false],
  ["magiclink", "magiclink", {}, true],
  ["recovery", "recovery", {}, true],
];

for (const [type, kind, more, isKnown] of TYPES) {
  test(`7.2 generateLink of type ${type}: link, hash and code each sign in`, async () => {
    for (const way of ["link", "hash", "code"]) {
      const email = isKnown ? (await member(confirming)).email : newEmail();
      const data = isKnown ? undefined : { team: "one" };
      const { user, properties } = await must(
        admin.generateLink({ type, email, ...more, options: { redirectTo, data } }),
      );
      assert.equal(user.email, email);
      if (!isKnown) assert.deepEqual(user.user_metadata, data);
      const { action_link: link, email_otp: token, hashed_token: token_hash } = properties;
      assert.equal(properties.redirect_to, redirectTo);
      assert.equal(properties.verification_type, kind);
      for (const part of [`${confirming.url}/verify?token`, `type=${kind}`, `redirect_to=${redirectTo}`])
        assert.ok(link.includes(part), `${link} has ${part}`);

      const client = newClient(confirming);
      const given = way === "hash" ? { token_hash, type: kind } : { email, token, type: kind };
      const { session } =
        way === "link"
          ? await must(client.setSession((await follow(link)).fragment))
          : await must(client.verifyOtp(given));
      assert.equal(session.user.id, user.id);
      assert.deepEqual(methods(session), ["otp"]);
    }
  });
}

test("7.2 generateLink mails nothing", async () => {
  const email = newEmail();
  await must(admin.generateLink({ type: "signup", email, password: PASSWORD }));
  await must(admin.generateLink({ type: "invite", email }));
  assert.equal(await mailsAfterAll(confirming, email), 0);
});

test("7.2 generateLink of both types of an e-mail change, which both are needed", async () => {
  const { client, email, user } = await member(confirming);
  const newAddress = newEmail("next");
  const made = [];
  for (const type of ["email_change_current", "email_change_new"]) {
    const params = { type, email, newEmail: newAddress, options: { redirectTo } };
    const answer = await must(admin.generateLink(params));
    assert.equal(answer.user.new_email, newAddress);
    const link = answer.properties.action_link;
    for (const part of ["?token", "type=email_change", `redirect_to=${redirectTo}`])
      assert.ok(link.includes(part), `${link} has ${part}`);
    made.push(link);
  }
  const half = await follow(made[0]);
  assert.match(half.fragment.message, /^Confirmation link accepted/);
  assert.equal((await must(client.getUser())).user.email, email);
  const { fragment } = await follow(made[1]);
  const changed = await must(newClient(confirming).setSession(fragment));
  assert.deepEqual([changed.user.id, changed.user.email], [user.id, newAddress]);
});

test("2.18 generateLink of an e-mail change that the new address alone confirms", async () => {
  const instance = await newInstance({ mailer_secure_email_change_enabled: false });
  const { email, user } = await member(instance);
  const params = { email, newEmail: newEmail("next") };
  await fails(newAdmin(instance).generateLink({ type: "email_change_current", ...params }), 400, "validation_failed");
  const { properties } = await must(newAdmin(instance).generateLink({ type: "email_change_new", ...params }));
  const given = { token_hash: properties.hashed_token, type: "email_change" };
  const changed = await must(newClient(instance).verifyOtp(given));
  assert.deepEqual([changed.user.id, changed.user.email], [user.id, params.newEmail]);
});

test("7.2 generateLink refuses what cannot be", async () => {
  const { email } = await member(confirming);
  const link = (type, address, more) => admin.generateLink({ type, email: address, ...more });
  await fails(link("signup", "invalid", { password: PASSWORD }), ...INVALID_EMAIL);
  await fails(link("signup", newEmail()), 400, "validation_failed");
  await fails(link("signup", email, { password: PASSWORD }), 422, "email_exists");
  await fails(link("invite", email), 422, "email_exists");
  for (const type of ["recovery", "email_change_current"])
    await fails(link(type, newEmail(), { newEmail: newEmail() }), 404, "user_not_found");
  await fails(link("email_change_new", email, { newEmail: (await member(confirming)).email }), 422, "email_exists");
  await fails(newClient(confirming).admin.generateLink({ type: "invite", email }), 401, "no_authorization");
});

test("2.18 generateLink of a magic link to nobody signs up", async () => {
  const email = newEmail();
  const { properties, user } = await must(newAdmin(autoconfirming).generateLink({ type: "magiclink", email }));
  assert.equal(properties.verification_type, "signup");
  const given = { token_hash: properties.hashed_token, type: "signup" };
  assert.equal((await must(newClient(autoconfirming).verifyOtp(given))).user.id, user.id);
});

test("4.16 a link leads to where it may lead alone", async () => {
  const options = { redirectTo: "https://evil.example/steal" };
  const params = { type: "signup", email: newEmail(), password: PASSWORD, options };
  const { properties } = await must(admin.generateLink(params));
  assert.equal(properties.redirect_to, "http://localhost:9999");
});
