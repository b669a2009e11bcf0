// Verified addresses, and numbers (docs/one-user-base.md).
import test from "node:test";
import {
  consumeCode, createCode, ok as done, passwordlessUser, post, signIn as signInThere, signInUp, typed,
} from "../cdi/helper.mjs";
import { byPassword, byPhone, imported } from "../cdi/bulkimport_helper.mjs";
import {
  createPrimary, group, isVerified, link, stranger, updateContacts, updateUser, userOf, verificationToken, verified,
  verifyEmail, withCode, withPassword, withPhone, withProvider,
} from "../cdi/linking_helper.mjs";
import { PASSWORD, assert, mailTo, newEmail, newInstance, newPhone, ok, refused, textTo } from "./helper.mjs";
import { AT_ONCE, PHONES, verify } from "./codes_helper.mjs";

const settings = { ...AT_ONCE, ...PHONES, mailer_secure_email_change_enabled: false };
const door = await newInstance(settings);
const at = door.cdi;

const seen = async (id) => ok(await door.admin("GET", `/admin/users/${id}`));
const setUser = (session, body) => door.put("/user", body, { token: session.access_token });
const unverify = async (userId, email) => done(await post(`${at}/recipe/user/email/verify/remove`, { userId, email }));
const isConfirmed = async (id) => (await seen(id)).email_confirmed_at !== undefined;
const isPhoneConfirmed = async (id) => (await seen(id)).phone_confirmed_at !== undefined;

/** Both doors say of the user's address whether it is its. */
async function agree(id, email, expected) {
  assert.equal((await seen(id)).email, email);
  assert.equal(await isConfirmed(id), expected, "at GoTrue");
  assert.equal(await isVerified(id, email, at), expected, "at SuperTokens");
  assert.deepEqual((await userOf(id, at)).loginMethods.map((method) => method.verified), [expected]);
}

test("Verified addresses: what SuperTokens verifies is confirmed", async () => {
  const { id, email } = await withPassword(at);
  await agree(id, email, false);
  refused(await door.signIn(email), 400, "email_not_confirmed");
  await verified(id, email, at);
  await agree(id, email, true);
  ok(await door.signIn(email));
});

test("Verified addresses: an import says which are", async () => {
  for (const isVerified of [true, false]) {
    const method = byPassword({ isVerified });
    const { id } = await imported({ loginMethods: [byPhone({ isVerified, isPrimary: true }), method] }, at);
    const user = await seen(id);
    assert.deepEqual([user.email, user.aud, user.role], [method.email, "authenticated", "authenticated"]);
    assert.deepEqual([await isConfirmed(id), await isPhoneConfirmed(id)], [isVerified, isVerified]);
    const answer = await door.signIn(method.email, method.plainTextPassword);
    if (isVerified) ok(answer);
    else refused(answer, 400, "email_not_confirmed");
  }
});

test("Verified addresses: a code or a provider at SuperTokens confirms, too", async () => {
  const code = await withCode(at);
  await agree(code.id, code.email, true);
  const email = newEmail();
  const known = await withProvider(at, email, stranger(email, true));
  await agree(known.id, email, true);
  const unknown = await withProvider(at);
  await agree(unknown.id, unknown.email, false);
  done(await signInUp({ ...unknown.given, email: { id: unknown.email, isVerified: true } }, at));
  await agree(unknown.id, unknown.email, true);
});

test("Verified addresses: what GoTrue confirms is verified, whatever it was confirmed by", async () => {
  const byCode = newEmail();
  const first = await door.signUp(byCode);
  await agree(first.id, byCode, false);
  ok(await verify(door, { type: "signup", email: byCode, token: (await mailTo(byCode)).code }));
  await agree(first.id, byCode, true);

  const byLink = newEmail();
  const second = ok(await door.admin("POST", "/invite", { body: { email: byLink } }));
  await agree(second.id, byLink, false);
  assert.equal((await fetch((await mailTo(byLink)).link, { redirect: "manual" })).status, 303);
  await agree(second.id, byLink, true);

  const byAdmin = newEmail();
  const third = await door.signUp(byAdmin);
  ok(await door.admin("PUT", `/admin/users/${third.id}`, { body: { email_confirm: true } }));
  await agree(third.id, byAdmin, true);

  const auto = await newInstance({ mailer_autoconfirm: true });
  const { user } = await auto.signUp();
  assert.equal(await isVerified(user.id, user.email, auto.cdi), true);

  const { id, email } = await withPassword(at);
  ok(await door.post("/recover", { email }));
  ok(await verify(door, { type: "recovery", email, token: (await mailTo(email)).code }));
  await agree(id, email, true);
});

test("Verified addresses: GoTrue confirms an address for all login methods that have it", async () => {
  const owner = await withPassword(at);
  const other = await withProvider(at, owner.email);
  await group(at, owner, other);
  ok(await door.post("/otp", { email: owner.email }));
  ok(await verify(door, { type: "email", email: owner.email, token: (await mailTo(owner.email)).code }));
  const { loginMethods } = await userOf(owner.id, at);
  assert.deepEqual(loginMethods.map((method) => method.verified), [true, true]);
});

test("Verified addresses: one login method suffices at GoTrue", async () => {
  const owner = await withPassword(at);
  await group(at, owner, await withProvider(at, owner.email));
  const [, { recipeUserId }] = (await userOf(owner.id, at)).loginMethods;
  await verified(recipeUserId, owner.email, at);
  assert.deepEqual((await userOf(owner.id, at)).loginMethods.map((method) => method.verified), [false, true]);
  assert.equal(await isConfirmed(owner.id), true);
  ok(await door.signIn(owner.email));
});

test("Verified addresses: a further address of the user confirms nothing", async () => {
  const owner = await withPassword(at);
  await group(at, owner, await withCode(at));
  assert.equal(await isConfirmed(owner.id), false);
  const { identities } = await seen(owner.id);
  assert.deepEqual(identities.map(({ identity_data }) => identity_data.email_verified), [false, true]);
});

test("Verified addresses: what SuperTokens takes back is not confirmed", async () => {
  const { email, user } = await door.member();
  await unverify(user.id, email);
  await agree(user.id, email, false);
  refused(await door.signIn(email), 400, "email_not_confirmed");
  await verified(user.id, email, at);
  ok(await door.signIn(email));
});

test("Verified addresses: taken back for one login method, it is taken back at GoTrue", async () => {
  const email = newEmail();
  const { user } = await door.member();
  ok(await door.admin("PUT", `/admin/users/${user.id}`, { body: { email, email_confirm: true } }));
  done(await link((await withCode(at, email)).id, user.id, at));
  await unverify(user.id, email);
  assert.deepEqual((await userOf(user.id, at)).loginMethods.map((method) => method.verified), [false, true]);
  assert.equal(await isConfirmed(user.id), false);
});

test("Verified addresses: another address at GoTrue is verified at SuperTokens, for all login methods", async () => {
  const { email, user, session } = await door.member();
  done(await link((await withCode(at, email)).id, user.id, at));
  const next = newEmail("next");
  ok(await setUser(session, { email: next }));
  assert.deepEqual((await userOf(user.id, at)).emails, [email], "it is not the user's yet");
  ok(await verify(door, { type: "email_change", email: next, token: (await mailTo(next)).code }));
  const { emails, loginMethods } = await userOf(user.id, at);
  assert.deepEqual(emails, [next]);
  assert.deepEqual(loginMethods.map((method) => method.verified), [true, true]);
});

test("Verified addresses: another address at SuperTokens is to be verified anew", async () => {
  const { user } = await door.member();
  const next = newEmail("next");
  done(await updateUser(user.id, { email: next }, at));
  await agree(user.id, next, false);
  refused(await door.signIn(next), 400, "email_not_confirmed");
  await verified(user.id, next, at);
  await agree(user.id, next, true);
  ok(await door.signIn(next));
});

test("Verified addresses: one that SuperTokens verified before the change is confirmed with it", async () => {
  const { user } = await door.member();
  const next = newEmail("next");
  done(await verifyEmail(await verificationToken(user.id, next, at), at));
  done(await updateUser(user.id, { email: next }, at));
  await agree(user.id, next, true);
  ok(await door.signIn(next));
});

test("Verified addresses: one that a user comes back to is confirmed", async () => {
  const { email, user } = await door.member();
  done(await updateUser(user.id, { email: newEmail("next") }, at));
  done(await updateUser(user.id, { email }, at));
  await agree(user.id, email, true);
  ok(await door.signIn(email));
});

test("Verified addresses: codes of GoTrue are worth nothing once SuperTokens has changed the address", async () => {
  const { email, user } = await door.member();
  ok(await door.post("/recover", { email }));
  const { token } = await mailTo(email);
  done(await updateUser(user.id, { email: newEmail("next") }, at));
  refused(await verify(door, { type: "recovery", token_hash: token }), 403, "otp_expired");
});

test("Verified addresses: SuperTokens leaves it to the backend whether an unverified one signs in", async () => {
  const email = newEmail();
  await door.signUp(email);
  refused(await door.signIn(email), 400, "email_not_confirmed");
  const { user } = done(await signInThere(at, email));
  assert.equal(user.loginMethods[0].verified, false);
});

test("Verified addresses: email_verified in user_metadata is a copy that nobody asks", async () => {
  const lenient = await newInstance({ mailer_allow_unverified_email_sign_ins: true });
  const email = newEmail();
  const { id } = await lenient.signUp(email, { data: { email_verified: true } });
  const session = ok(await lenient.signIn(email));
  assert.equal(session.user.user_metadata.email_verified, false);
  ok(await lenient.put("/user", { data: { email_verified: true } }, { token: session.access_token }));
  assert.equal(await isVerified(id, email, lenient.cdi), false);
  lenient.set("mailer_allow_unverified_email_sign_ins", false);
  refused(await lenient.signIn(email), 400, "email_not_confirmed");
});

test("Phones: a code of either proves the number at GoTrue", async () => {
  const phone = newPhone();
  const { id } = await withPhone(at, phone);
  assert.equal(await isPhoneConfirmed(id), true);
  const other = newPhone();
  ok(await door.post("/otp", { phone: other }));
  const { user } = ok(await verify(door, { type: "sms", phone: other, token: await textTo(other) }));
  assert.ok(user.phone_confirmed_at);
  const code = typed(await createCode({ phoneNumber: other }, at));
  const { createdNewUser, user: same } = done(await consumeCode(code, at));
  assert.deepEqual([createdNewUser, same.id], [false, user.id]);
});

test("Phones: a user of SuperTokens signs in at GoTrue with a code of GoTrue", async () => {
  const phone = newPhone();
  const { id } = await withPhone(at, phone);
  ok(await door.post("/otp", { phone, create_user: false }));
  assert.equal(ok(await verify(door, { type: "sms", phone, token: await textTo(phone) })).user.id, id);
});

test("Phones: SuperTokens takes every number for verified, GoTrue one that was proven", async () => {
  const { id } = ok(await door.post("/signup", { phone: newPhone(), password: PASSWORD }));
  assert.deepEqual((await userOf(id, at)).loginMethods.map((method) => method.verified), [true]);
  assert.equal(await isPhoneConfirmed(id), false);
});

test("Phones: a number that SuperTokens changes is to be proven anew at GoTrue", async () => {
  const { id } = await withPhone(at, newPhone());
  const phone = newPhone();
  done(await updateContacts(id, { phoneNumber: phone }, at));
  const now = await seen(id);
  assert.deepEqual([now.phone, now.phone_confirmed_at], [phone.slice(1), undefined]);
  done(await consumeCode(typed(await createCode({ phoneNumber: phone }, at)), at));
  assert.equal(await isPhoneConfirmed(id), true);
});

test("Phones: a number that was changed at GoTrue is that of the login method", async () => {
  const phone = newPhone();
  const { id } = await withPhone(at, phone);
  ok(await door.post("/otp", { phone }));
  const session = ok(await verify(door, { type: "sms", phone, token: await textTo(phone) }));
  const next = newPhone();
  ok(await setUser(session, { phone: next }));
  assert.deepEqual((await userOf(id, at)).phoneNumbers, [phone]);
  ok(await verify(door, { type: "phone_change", phone: next, token: await textTo(next) }));
  const { phoneNumbers, loginMethods } = await userOf(id, at);
  assert.deepEqual([phoneNumbers, loginMethods.length], [[next], 1]);
});

test("Phones: a number that SuperTokens adds to a login method is the user's, and unproven", async () => {
  const { id, email, phoneNumber } = await passwordlessUser({ email: newEmail(), phoneNumber: newPhone() }, at);
  const now = await seen(id);
  assert.deepEqual([now.email, now.phone, now.phone_confirmed_at], [email, phoneNumber.slice(1), undefined]);
  const { phone_verified } = now.identities.find(({ provider }) => provider === "phone").identity_data;
  assert.equal(phone_verified, false);
});

test("Phones: a number is one user's, whichever door it came through", async () => {
  const phone = newPhone();
  const { id } = await withPhone(at, phone);
  const answer = ok(await door.post("/signup", { phone, password: PASSWORD }));
  assert.notEqual(answer.id, id, "nothing is told of who has it");
  refused(await door.admin("POST", "/admin/users", { body: { phone } }), 422, "phone_exists");
  done(await createPrimary(id, at));
  const { session } = await door.member();
  refused(await setUser(session, { phone }), 422, "phone_exists");
});
