// Users without a name, and how they get one: by address and by number, where these are to be confirmed.
import test from "node:test";
import {
  PASSWORD,
  SITE,
  assert,
  claimsOf,
  mailTo,
  newEmail,
  newInstance,
  newPhone,
  textTo,
} from "../../gotrue/helper.mjs";
import { another, fails, follow, member, must, newAdmin, newClient } from "./clients.mjs";

const instance = await newInstance({
  external_anonymous_users_enabled: true,
  external_phone_enabled: true,
  sms_provider: "twilio",
});

/** A client that is signed in as somebody without a name. */
async function somebody(options) {
  const client = newClient(instance, options);
  return { client, ...(await must(client.signInAnonymously({ options: { data: { basket: [1, 2] } } }))) };
}

const isAnonymous = ({ access_token: token }) => claimsOf(token).is_anonymous;

test("4.13 updateUser with an address, which a code confirms: then a password can be set", async () => {
  const [{ client, user, session }, email] = [await somebody(), newEmail()];
  assert.equal(isAnonymous(session), true);
  const pending = await must(client.updateUser({ email }));
  assert.deepEqual([pending.user.new_email, pending.user.is_anonymous], [email, true]);
  const refreshed = await must(client.refreshSession());
  assert.equal(isAnonymous(refreshed.session), true);

  const { code } = await mailTo(email);
  const confirmed = await must(client.verifyOtp({ email, token: code, type: "email_change" }));
  assert.deepEqual([confirmed.user.id, confirmed.user.email, confirmed.user.is_anonymous], [user.id, email, false]);
  assert.equal(isAnonymous(confirmed.session), false);
  assert.deepEqual(confirmed.user.user_metadata.basket, [1, 2]);
  assert.deepEqual(confirmed.user.app_metadata, { provider: "email", providers: ["email"] });
  await must(client.updateUser({ password: PASSWORD }));
  assert.equal((await another({ email }, instance)).user.id, user.id);
});

test("4.13 updateUser with an address, which a link confirms", async () => {
  for (const flowType of ["implicit", "pkce"]) {
    const [{ client, user }, email] = [await somebody({ flowType }), newEmail()];
    await must(client.updateUser({ email }, { emailRedirectTo: `${SITE}/welcome` }));
    const { url, query, fragment } = await follow((await mailTo(email)).link);
    assert.equal(url.pathname, "/welcome");
    const taken = flowType === "pkce" ? client.exchangeCodeForSession(query.code) : client.setSession(fragment);
    const { session } = await must(taken);
    assert.deepEqual([session.user.id, session.user.email, isAnonymous(session)], [user.id, email, false]);
  }
});

test("4.13 updateUser with a number, which a code confirms", async () => {
  const [{ client, user }, phone] = [await somebody(), newPhone()];
  const pending = await must(client.updateUser({ phone }));
  assert.deepEqual([pending.user.new_phone, pending.user.is_anonymous], [phone.slice(1), true]);
  const given = { phone, token: await textTo(phone), type: "phone_change" };
  const { session } = await must(client.verifyOtp(given));
  assert.deepEqual([session.user.id, session.user.phone, isAnonymous(session)], [user.id, phone.slice(1), false]);
  await must(client.updateUser({ password: PASSWORD }));
  assert.equal((await must(newClient(instance).signInWithPassword({ phone, password: PASSWORD }))).user.id, user.id);
});

test("4.13 admin.updateUserById with a confirmed address makes somebody of a user without a name", async () => {
  const [{ client, user }, email] = [await somebody(), newEmail()];
  await must(newAdmin(instance).updateUserById(user.id, { email, email_confirm: true, password: PASSWORD }));
  const signedIn = await another({ email }, instance);
  assert.deepEqual([signedIn.user.id, isAnonymous(signedIn.session)], [user.id, false]);
  assert.equal((await client.refreshSession()).error?.code, "refresh_token_not_found", "a new password ends sessions");
});

test("2.11 updateUser of a user without a name refuses a password alone, and what is another's", async () => {
  const { client } = await somebody();
  await fails(client.updateUser({ password: PASSWORD }), 422, "validation_failed");
  const phone = newPhone();
  const other = await member(instance, { attributes: { phone, phone_confirm: true } });
  await fails(client.updateUser({ email: other.email }), 422, "email_exists");
  await fails(client.updateUser({ phone }), 422, "phone_exists");
  assert.equal((await must(client.getUser())).user.is_anonymous, true);
});

test("2.3 signInAnonymously: every time another user, whom signOut gives up", async () => {
  const [one, other] = [await somebody(), await somebody()];
  assert.notEqual(one.user.id, other.user.id);
  assert.deepEqual((await must(one.client.getUserIdentities())).identities, []);
  assert.equal((await one.client.signOut()).error, null);
  await fails(newClient(instance).refreshSession(one.session), 400, "refresh_token_not_found");
  await must(other.client.getUser());
});
