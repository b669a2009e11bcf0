// Who holds an address, a number or a provider's account: at most one group in each tenant (CDI 3.5, 7.6).
import test from "node:test";
import { assert, has, newApp, newEmail, newPhone, ok } from "./helper.mjs";
import {
  INFO_TAKEN, LINKED_TO_ANOTHER, appWithTenants, associate, checkLink, checkPrimary, createPrimary, disassociate, group,
  link, mapped, stranger, userOf, withCode, withPassword, withPhone, withProvider,
} from "./linking_helper.mjs";

const ALREADY = (what) => `This user's ${what} is already associated with another user ID`;
const OF_EMAIL = ALREADY("email");
const taken = (primaryUserId, description = OF_EMAIL) => ({ status: INFO_TAKEN, primaryUserId, description });

/** Both the check and the call refuse, and nothing changes. */
async function refusesPrimary(id, app, expected) {
  const before = await userOf(id, app);
  for (const ask of [checkPrimary, createPrimary]) assert.deepEqual(has(await ask(id, app), expected.status), expected);
  assert.deepEqual(await userOf(id, app), before);
}

async function refusesLink(id, primaryId, app, expected) {
  const users = async () => [await userOf(id, app), await userOf(primaryId, app)];
  const before = await users();
  for (const ask of [checkLink, link]) {
    assert.deepEqual(has(await ask(id, primaryId, app), expected.status), expected);
  }
  assert.deepEqual(await users(), before);
}

test("7.6.135 what another primary user of the tenant has", async () => {
  const app = await newApp();
  const email = newEmail();
  const holder = await withPassword(app, email);
  ok(await createPrimary(holder.id, app));
  for (const make of [withProvider, withCode]) {
    const { id } = await make(app, email);
    await refusesPrimary(id, app, taken(holder.id));
    for (const version of ["4.0", "5.0", "5.6"]) has(await createPrimary(id, app, version), INFO_TAKEN);
  }
  const external = await mapped(holder.id, app);
  await refusesPrimary((await withProvider(app, email)).id, app, taken(external));
});

test("7.6.135 a number, and a provider's account, that another group has", async () => {
  const { app, t1, t2 } = await appWithTenants();
  const phoneNumber = newPhone();
  const given = stranger();
  // In one tenant both are unique: the other group has them there by a member of another tenant.
  const here = [await withPassword(t1), await withPassword(t1)];
  await group(app, here[0], await withPhone(t2, phoneNumber));
  await group(app, here[1], await withProvider(t2, given.email.id, given));
  const byPhone = await withPhone(t1, phoneNumber);
  await refusesPrimary(byPhone.id, app, taken(here[0].id, ALREADY("phone number")));
  const account = await withProvider(t1, newEmail(), { ...given, email: { id: newEmail(), isVerified: false } });
  await refusesPrimary(account.id, app, taken(here[1].id, ALREADY("third party login")));
});

test("7.6.136 who does not hold an address", async () => {
  const { app, t1, t2 } = await appWithTenants();
  const email = newEmail();
  await withPassword(t1, email);
  const here = await withProvider(t1, email);
  assert.equal(ok(await checkPrimary(here.id, app)).wasAlreadyAPrimaryUser, false, "one who is not primary");
  const there = await withCode(t2, email);
  ok(await createPrimary(there.id, app));
  assert.equal(ok(await checkPrimary(here.id, app)).wasAlreadyAPrimaryUser, false, "one of another tenant");
  ok(await associate(there.id, t1));
  await refusesPrimary(here.id, app, taken(there.id));
  ok(await disassociate(there.id, t1));
  assert.equal(ok(await createPrimary(here.id, app)).wasAlreadyAPrimaryUser, false, "it is gone again");
});

test("7.6.136 the same address in another app", async () => {
  const email = newEmail();
  for (const app of [await newApp(), await newApp()]) ok(await createPrimary((await withPassword(app, email)).id, app));
});

test("7.6.144 one who is linked to another group", async () => {
  const app = await newApp();
  const [one, other, member] = [await withPassword(app), await withPassword(app), await withProvider(app)];
  await group(app, one);
  const user = await group(app, other, member);
  const expected = {
    status: LINKED_TO_ANOTHER, primaryUserId: other.id,
    description: "The input recipe user ID is already linked to another user ID",
  };
  for (const { id } of [member, other]) {
    assert.deepEqual(has(await checkLink(id, one.id, app), LINKED_TO_ANOTHER), expected);
    for (const version of ["4.0", "5.0", "5.4"]) {
      const shown = await userOf(other.id, app, version);
      assert.deepEqual(has(await link(id, one.id, app, version), LINKED_TO_ANOTHER), { ...expected, user: shown });
    }
  }
  assert.deepEqual(await userOf(member.id, app), user);
  const external = await mapped(other.id, app);
  const answer = has(await link(member.id, one.id, app), LINKED_TO_ANOTHER);
  assert.deepEqual([answer.primaryUserId, answer.user.id], [external, external]);
});

test("7.6.145 one who is primary, without members", async () => {
  const app = await newApp();
  const email = newEmail();
  const [one, other] = [await withPassword(app, email), await withProvider(app)];
  await group(app, one);
  const user = await group(app, other);
  assert.equal(has(await checkLink(other.id, one.id, app), LINKED_TO_ANOTHER).primaryUserId, other.id);
  const answer = has(await link(other.id, one.id, app), LINKED_TO_ANOTHER);
  assert.deepEqual([answer.primaryUserId, answer.user], [other.id, user]);
});

test("7.6.146 a third group has the address, in a tenant of the one who is to be linked", async () => {
  const { app, t1, t2, t3 } = await appWithTenants();
  const email = newEmail();
  const owner = await withPassword(t1);
  await group(app, owner);
  const holder = await withPassword(t2, email);
  await group(app, holder);
  await refusesLink((await withProvider(t2, email)).id, owner.id, app, taken(holder.id));
  // The same address elsewhere, where neither of the two is.
  const free = await withProvider(t3, email);
  const { user } = ok(await link(free.id, owner.id, app));
  assert.deepEqual(user.emails.sort(), [owner.email, email].sort());
});

test("7.6.146 a third group has the address, in a tenant of the primary user alone", async () => {
  const { app, t1, t2 } = await appWithTenants();
  const email = newEmail();
  const owner = await withPassword(t1);
  await group(app, owner);
  const holder = await withCode(t1, email);
  await group(app, holder);
  const member = await withProvider(t2, email);
  await refusesLink(member.id, owner.id, app, taken(holder.id));
  assert.equal(ok(await checkPrimary(member.id, app)).wasAlreadyAPrimaryUser, false, "it alone meets nobody");
});

test("3.5 a third group has the group's address, in a tenant of the one who is to be linked alone", async () => {
  const { app, t1, t2 } = await appWithTenants();
  const email = newEmail();
  const owner = await withPassword(t1, email);
  await group(app, owner);
  const holder = await withPassword(t2, email);
  await group(app, holder);
  await refusesLink((await withProvider(t2)).id, owner.id, app, taken(holder.id));
});

test("3.5 numbers and accounts of members cross tenants as well", async () => {
  const { app, t1, t2 } = await appWithTenants();
  const phoneNumber = newPhone();
  const given = stranger();
  for (const [make, description] of [
    [(at) => withPhone(at, phoneNumber), ALREADY("phone number")],
    [(at) => withProvider(at, newEmail(), { ...given, email: stranger().email }), ALREADY("third party login")],
  ]) {
    const [owner, holder] = [await make(t1), await make(t2)];
    await group(app, owner);
    await group(app, holder);
    await refusesLink((await withPassword(t2)).id, owner.id, app, taken(holder.id, description));
  }
});

test("3.5 what members added is held in every tenant of the group", async () => {
  const { app, t1, t2, t3 } = await appWithTenants();
  const [owner, member] = [await withPassword(t1), await withProvider(t2)];
  await group(app, owner, member);
  for (const at of [t1, t2]) {
    for (const { email } of [owner, member]) await refusesPrimary((await withCode(at, email)).id, app, taken(owner.id));
  }
  ok(await createPrimary((await withCode(t3, owner.email)).id, app));
  assert.equal(ok(await checkPrimary((await withCode(t3, member.email)).id, app)).wasAlreadyAPrimaryUser, false);
  const own = await withPassword(t2);
  ok(await link(own.id, owner.id, app));
  const late = await withCode(t1, own.email);
  await refusesPrimary(late.id, app, taken(owner.id));
});

test("3.5 who does not take part: users who are not primary", async () => {
  const app = await newApp();
  const email = newEmail();
  const [owner, member] = [await withPassword(app, email), await withProvider(app)];
  await withCode(app, email);
  await withProvider(app, member.email);
  await withCode(app, member.email);
  const user = await group(app, owner, member);
  assert.equal(user.loginMethods.length, 2);
});
