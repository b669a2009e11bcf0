// Members of groups whose addresses and numbers change, by call or at sign-in (CDI 3.1, 3.2, 3.3, 7.2, 7.3, 7.4).
import test from "node:test";
import { assert, has, newApp, newEmail, newPhone, ok, signIn, signInUp } from "./helper.mjs";
import {
  INFO_TAKEN, appWithTenants, associate, createPrimary, group, link, methodOf, stranger, updateContacts, updateUser,
  userOf, withCode, withPassword, withPhone, withProvider,
} from "./linking_helper.mjs";

const EMAIL_CHANGE = "EMAIL_CHANGE_NOT_ALLOWED_ERROR";
const PHONE_CHANGE = "PHONE_NUMBER_CHANGE_NOT_ALLOWED_ERROR";
const emailHeld = { status: EMAIL_CHANGE, reason: "New email is associated with another primary user ID" };
const phoneHeld = { status: PHONE_CHANGE, reason: "New phone number is associated with another primary user ID" };
const heldBySignIn = { status: EMAIL_CHANGE, reason: "Email already associated with another primary user." };

/** The provider's user, with another address. */
const withEmail = (given, id) => ({ ...given, email: { id, isVerified: false } });
const emailOf = async (id, app) => methodOf(await userOf(id, app), id).email;

test("7.2.56 the own address again, by a primary user of several tenants", async () => {
  const { app, t1, t2 } = await appWithTenants();
  const user = await withPassword(t1);
  ok(await associate(user.id, t2));
  await group(app, user, await withProvider(t1));
  ok(await updateUser(user.id, { email: user.email.toUpperCase(), password: "new" }, app));
  for (const at of [t1, t2]) ok(await signIn(at, user.email, "new"));
});

test("7.2.57 an address that a primary user of another recipe has", async () => {
  const app = await newApp();
  const holder = await withProvider(app);
  await group(app, holder);
  const [alone, primary, member] = [await withPassword(app), await withPassword(app), await withPassword(app)];
  await group(app, primary);
  await group(app, await withCode(app), member);
  for (const { id, email } of [primary, member]) {
    assert.deepEqual(has(await updateUser(id, { email: holder.email, password: "new" }, app), EMAIL_CHANGE), emailHeld);
    assert.equal(await emailOf(id, app), email);
    ok(await signIn(app, email), "and the password is what it was");
  }
  ok(await updateUser(alone.id, { email: holder.email }, app));
  assert.equal(has(await createPrimary(alone.id, app), INFO_TAKEN).primaryUserId, holder.id);
});

test("3.1 the group is told first, where the holder has the same recipe", async () => {
  const app = await newApp();
  const [primary, holder] = [await withPassword(app), await withPassword(app)];
  await group(app, primary);
  await group(app, holder);
  assert.deepEqual(has(await updateUser(primary.id, { email: holder.email }, app), EMAIL_CHANGE), emailHeld);
  const alone = await withPassword(app);
  has(await updateUser(alone.id, { email: holder.email }, app), "EMAIL_ALREADY_EXISTS_ERROR");
});

test("7.2.58 an address that is held in a tenant where the user is, or is not", async () => {
  const { app, t1, t2 } = await appWithTenants();
  const [here, there] = [await withPassword(t1), await withProvider(t2)];
  await group(app, here);
  await group(app, there);
  ok(await updateUser(here.id, { email: there.email }, app));
  ok(await updateUser(here.id, { email: here.email }, app));
  ok(await associate(here.id, t2));
  assert.deepEqual(has(await updateUser(here.id, { email: there.email }, app), EMAIL_CHANGE), emailHeld);
});

// The rule of 3.5, that a group holds its addresses in all of its tenants, forbids what 3.1 would allow here.
test("3.5 the tenants of the whole group count, not only those of the method itself", async () => {
  const { app, t1, t2 } = await appWithTenants();
  const [here, holder] = [await withPassword(t1), await withProvider(t2)];
  await group(app, here, await withCode(t2));
  await group(app, holder);
  assert.deepEqual(has(await updateUser(here.id, { email: holder.email }, app), EMAIL_CHANGE), emailHeld);
  assert.equal(await emailOf(here.id, app), here.email);
});

test("3.5 a changed address is held, the former one is free", async () => {
  const { app, t1, t2 } = await appWithTenants();
  const user = await withPassword(t1);
  await group(app, user, await withProvider(t2));
  const email = newEmail();
  ok(await updateUser(user.id, { email }, app));
  for (const at of [t1, t2]) {
    has(await createPrimary((await withCode(at, email)).id, app), INFO_TAKEN);
    assert.equal(ok(await createPrimary((await withCode(at, user.email)).id, app)).wasAlreadyAPrimaryUser, false);
  }
});

test("7.3.103 an address and a number that another group has in the tenant", async () => {
  const { app, t1, t2 } = await appWithTenants();
  const phones = [newPhone(), newPhone(), newPhone()];
  const [one, other, phone] = [await withCode(t1), await withCode(t1), await withPhone(t1, phones[0])];
  await group(app, one, await withPassword(t2));
  await group(app, other, phone);
  for (const [id, change, expected] of [
    [one.id, { email: other.email }, emailHeld], [one.id, { phoneNumber: phones[0] }, phoneHeld],
    [other.id, { email: one.email }, emailHeld], [other.id, { email: one.email, phoneNumber: phones[1] }, emailHeld],
  ]) {
    const before = await userOf(id, app);
    assert.deepEqual(has(await updateContacts(id, change, app), expected.status), expected, JSON.stringify(change));
    assert.deepEqual(await userOf(id, app), before, "both change or none");
  }
  ok(await updateContacts(one.id, { phoneNumber: phones[2] }, app));
  assert.deepEqual(has(await updateContacts(phone.id, { phoneNumber: phones[2] }, app), PHONE_CHANGE), phoneHeld);
  const alone = await withCode(t1);
  has(await updateContacts(alone.id, { email: one.email }, app), "EMAIL_ALREADY_EXISTS_ERROR");
  has(await updateContacts(alone.id, { phoneNumber: phones[0] }, app), "PHONE_NUMBER_ALREADY_EXISTS_ERROR");
});

test("7.3.104 the address of a member elsewhere is the user's own", async () => {
  const { app, t1, t2 } = await appWithTenants();
  const [owner, member] = [await withCode(t1), await withPassword(t2)];
  await withCode(t2, member.email);
  await group(app, owner, member);
  ok(await updateContacts(owner.id, { email: member.email }, app));
  assert.equal(await emailOf(owner.id, app), member.email);
  assert.deepEqual((await userOf(owner.id, app)).emails, [member.email]);
});

test("7.4.114 7.4.115 a sign-in with the address of another group", async () => {
  const app = await newApp();
  const [holder, primary, member, alone] =
    [await withPassword(app), await withProvider(app), await withProvider(app), await withProvider(app)];
  await group(app, holder);
  await group(app, primary);
  await group(app, await withCode(app), member);
  for (const { id, given, email } of [primary, member]) {
    for (const version of ["4.0", "5.4"]) {
      const answer = await signInUp(withEmail(given, holder.email), app, version);
      assert.deepEqual(has(answer, EMAIL_CHANGE), heldBySignIn);
    }
    assert.equal(await emailOf(id, app), email);
    assert.equal(ok(await signInUp(given, app)).recipeUserId, id);
  }
  const done = ok(await signInUp(withEmail(alone.given, holder.email), app));
  assert.deepEqual([done.createdNewUser, done.user.emails], [false, [holder.email]]);
  const signedUp = ok(await signInUp(stranger(holder.email), app));
  assert.equal(signedUp.createdNewUser, true, "a new user is not primary");
});

test("7.4.116 the address of a member elsewhere is the user's own", async () => {
  const { app, t1, t2 } = await appWithTenants();
  const [owner, member] = [await withProvider(t1), await withPassword(t2)];
  await withProvider(t2, member.email);
  await group(app, owner, member);
  const done = ok(await signInUp(withEmail(owner.given, member.email), t1));
  assert.deepEqual([done.user.id, done.user.emails], [owner.id, [member.email]]);
});

test("7.4.117 a group holds the addresses of all members in the tenants of all", async () => {
  const { app, t1, t2 } = await appWithTenants();
  const user = await withProvider(t2);
  await group(app, user);
  const holder = await withPassword(t1);
  await group(app, holder);
  const member = await withCode(t2);
  assert.equal(ok(await signInUp(withEmail(user.given, holder.email), t2)).user.id, user.id, "there it is free");
  ok(await signInUp(user.given, t2));
  ok(await link(member.id, holder.id, app));
  assert.deepEqual(has(await signInUp(withEmail(user.given, holder.email), t2), EMAIL_CHANGE), heldBySignIn);
  assert.equal(await emailOf(user.id, app), user.email);
});
