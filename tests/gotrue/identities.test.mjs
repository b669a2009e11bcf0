// Taking identities away (GoTrue reference, 2.12, 3.3 and 4.12).
import { randomUUID } from "node:crypto";
import test from "node:test";
import { PASSWORD, assert, mailTo, newEmail, newInstance, newPhone, ok, refused, textTo } from "./helper.mjs";
import { AT_ONCE, PHONES, WRONG_CODE, audited, eightTimes, refusedLink, verify } from "./codes_helper.mjs";
import { link, stranger, withProvider } from "../cdi/linking_helper.mjs";
import { ok as done } from "../cdi/helper.mjs";

const instance = await newInstance({ ...AT_ONCE, ...PHONES, manual_linking_enabled: true });

const own = async (session) => ok(await instance.get("/user", { token: session.access_token }));
const unlink = (session, id) => instance.delete(`/user/identities/${id}`, { token: session.access_token });
const identityOf = ({ identities }, provider) => identities.find((identity) => identity.provider === provider);

/** A user who is known by number, too. */
async function withPhone() {
  const phone = newPhone();
  const member = await instance.member({ phone, phone_confirm: true });
  return { ...member, phone };
}

/** A user whom a provider knows by another address, which is verified if the provider says so. */
async function withAccount({ isVerified = true, email = newEmail("other") } = {}) {
  const member = await instance.member();
  const other = await withProvider(instance.cdi, email, stranger(email, isVerified));
  done(await link(other.id, member.user.id, instance.cdi));
  return { ...member, other: { ...other, provider: other.given.thirdPartyId } };
}

test("177 linking by hand is switched off", async () => {
  const off = await newInstance();
  const { user, session } = await off.member();
  const id = user.identities[0].identity_id;
  const message = "Manual linking is disabled";
  for (const [method, path] of [["DELETE", id], ["DELETE", "abc"], ["GET", "authorize?provider=github"]]) {
    const call = (token) => off.call(method, `/user/identities/${path}`, { token });
    refused(await call(session.access_token), 404, "manual_linking_disabled", message);
    refused(await call(), 401, "no_authorization");
  }
});

test("159 which identities can be taken away", async () => {
  const single = await instance.member();
  const [identity] = single.user.identities;
  refused(await unlink(single.session, identity.identity_id), 422, "single_identity_not_deletable");
  refused(await unlink(single.session, randomUUID()), 422, "single_identity_not_deletable");
  const { session, user } = await withPhone();
  refused(await unlink(session, identity.identity_id), 422, "identity_not_found");
  refused(await unlink(session, randomUUID()), 422, "identity_not_found");
  refused(await unlink(session, "abc"), 404, "validation_failed");
  assert.equal((await own(session)).identities.length, 2);
  assert.equal(user.identities.length, 2);
});

test("2.12 a token for another audience", async () => {
  const { session, user } = await withPhone();
  const { identity_id } = identityOf(user, "phone");
  const answer = await instance.delete(`/user/identities/${identity_id}`, {
    token: session.access_token, headers: { "x-jwt-aud": "other" },
  });
  refused(answer, 403, "unexpected_audience");
});

test("161 without the number", async () => {
  const { email, phone, session } = await withPhone();
  const before = await own(session);
  assert.deepEqual([...before.app_metadata.providers].sort(), ["email", "phone"]);
  const gone = identityOf(before, "phone");
  assert.deepEqual(ok(await unlink(session, gone.identity_id)), {});
  const after = await own(session);
  assert.equal(after.phone, "");
  assert.equal(after.phone_confirmed_at, undefined);
  assert.equal(after.email, email);
  assert.deepEqual(after.identities.map(({ provider }) => provider), ["email"]);
  assert.deepEqual(after.app_metadata, { provider: "email", providers: ["email"] });
  const byPhone = await instance.post("/token?grant_type=password", { phone, password: PASSWORD });
  refused(byPhone, 400, "invalid_credentials");
  ok(await instance.signIn(email));
  // Whoever gets the number next may sign up with it.
  ok(await instance.post("/signup", { phone, password: PASSWORD }));
  const [entry] = await audited(instance, "identity_unlinked");
  assert.equal(entry.actor_id, after.id);
  assert.deepEqual(entry.traits, { identity_id: gone.identity_id, provider: "phone", provider_id: gone.id });
});

test("160 without the address, where only a number is left", async () => {
  const { email, phone, session } = await withPhone();
  ok(await unlink(session, identityOf(await own(session), "email").identity_id));
  const after = await own(session);
  assert.equal(after.email, "");
  assert.equal(after.email_confirmed_at, undefined);
  assert.deepEqual(after.app_metadata, { provider: "phone", providers: ["phone"] });
  refused(await instance.signIn(email), 400, "invalid_credentials");
  ok(await instance.post("/otp", { phone }));
  ok(await verify(instance, { type: "sms", phone, token: await textTo(phone) }));
  ok(await instance.post("/signup", { email, password: PASSWORD }));
});

test("160 another identity's address becomes the user's", async () => {
  const { email, user, session, other } = await withAccount();
  const before = await own(session);
  assert.equal(before.email, email);
  assert.deepEqual(before.identities.map(({ provider }) => provider), ["email", other.provider]);
  const account = identityOf(before, other.provider);
  assert.equal(account.email, other.email);
  assert.equal(account.id, other.given.thirdPartyUserId);
  ok(await instance.post("/recover", { email }));
  const mail = await mailTo(email);
  ok(await unlink(session, identityOf(before, "email").identity_id));
  const after = await own(session);
  assert.equal(after.id, user.id);
  assert.equal(after.email, other.email);
  assert.ok(after.email_confirmed_at);
  assert.deepEqual(after.identities.map(({ provider }) => provider), [other.provider]);
  assert.deepEqual(after.app_metadata, { provider: other.provider, providers: [other.provider] });
  await refusedLink(mail.link, "otp_expired");
  const late = await verify(instance, { type: "recovery", email: other.email, token: mail.code });
  refused(late, 403, "otp_expired", WRONG_CODE);
  refused(await instance.signIn(email), 400, "invalid_credentials");
  // The new address is one to write to, and the old one is free.
  ok(await instance.post("/otp", { email: other.email, create_user: false }));
  ok(await verify(instance, { type: "magiclink", email: other.email, token: (await mailTo(other.email)).code }));
  ok(await instance.post("/signup", { email, password: PASSWORD }));
});

test("4.12 if it was not verified it is not confirmed", async () => {
  const { session, other } = await withAccount({ isVerified: false });
  ok(await unlink(session, identityOf(await own(session), "email").identity_id));
  const after = await own(session);
  assert.equal(after.email, other.email);
  assert.equal(after.email_confirmed_at, undefined);
  assert.equal(after.user_metadata.email_verified, false);
});

test("160 another identity than that of the user's address", async () => {
  const { email, session, other } = await withAccount();
  ok(await unlink(session, identityOf(await own(session), other.provider).identity_id));
  const after = await own(session);
  assert.equal(after.email, email);
  assert.ok(after.email_confirmed_at);
  assert.deepEqual(after.app_metadata, { provider: "email", providers: ["email"] });
  ok(await instance.signIn(email));
});

test("160 the address would be somebody else's", async () => {
  const email = newEmail("other");
  await instance.signUp(email);
  const { session } = await withAccount({ isVerified: false, email });
  const before = await own(session);
  const { identity_id } = identityOf(before, "email");
  refused(await unlink(session, identity_id), 422, "email_conflict_identity_not_deletable");
  const after = await own(session);
  assert.equal(after.email, before.email);
  assert.equal(after.identities.length, 2);
  ok(await instance.signIn(before.email));
});

test("159 eight requests at once leave one identity", async () => {
  const { session } = await withPhone();
  const ids = (await own(session)).identities.map(({ identity_id }) => identity_id);
  let count = 0;
  const answers = await eightTimes(() => unlink(session, ids[(count += 1) % 2]));
  const good = answers.filter(({ status }) => status === 200);
  assert.equal(good.length, 1, answers.map(({ text }) => text).join("\n"));
  for (const answer of answers.filter((one) => one !== good[0])) refused(answer, 422, "single_identity_not_deletable");
  assert.equal((await own(session)).identities.length, 1);
});

test("3.3 what an identity tells", async () => {
  const { email, phone, user, session } = await withPhone();
  const { identities } = await own(session);
  for (const [provider, contact] of [["email", { email }], ["phone", { phone: phone.slice(1) }]]) {
    const identity = identities.find((one) => one.provider === provider);
    assert.equal(identity.id, user.id);
    assert.equal(identity.user_id, user.id);
    assert.notEqual(identity.identity_id, undefined);
    assert.equal(identity.identity_data.sub, user.id);
    for (const [name, value] of Object.entries(contact)) assert.equal(identity.identity_data[name], value);
    assert.equal(typeof identity.identity_data.email_verified, "boolean");
    assert.equal(typeof identity.identity_data.phone_verified, "boolean");
    assert.ok(identity.created_at && identity.updated_at);
    assert.equal(identity.email, contact.email);
  }
});
