// How members leave a group, and what is left of it (CDI 3.5, 7.6).
import test from "node:test";
import {
  assert, get, has, newApp, newEmail, ok, post, refused, sameMembers, signIn, signUp,
} from "./helper.mjs";
import {
  INFO_TAKEN, UNKNOWN_USER, alive, appWithTenants, associate, checkLink, checkPrimary, createPrimary, findUser, group,
  link, mapped, metadataOf, methodIds, openSession, removeUser, setMetadata, tenantId, unlink, userOf, withCode,
  withPassword, withProvider,
} from "./linking_helper.mjs";

const RESET = "/recipe/user/password/reset/token";
const left = { status: "OK", wasRecipeUserDeleted: false, wasLinked: true };
const deleted = { status: "OK", wasRecipeUserDeleted: true, wasLinked: true };

/** A group whose primary user's own method is gone: {app, t1, t2, owner, member}. */
async function withoutOwner() {
  const { app, t1, t2 } = await appWithTenants();
  const [owner, member] = [await withPassword(t1), await withProvider(t1)];
  await group(app, owner, member);
  assert.deepEqual(ok(await unlink(owner.id, app)), deleted);
  return { app, t1, t2, owner, member };
}

test("7.6.152 a linked member leaves", async () => {
  const { app, t1, t2 } = await appWithTenants();
  const older = await withProvider(t2);
  const owner = await withPassword(t1);
  const newer = await withCode(app);
  await group(app, owner, older, newer);
  for (const version of ["4.0", "5.4"]) {
    assert.deepEqual(ok(await unlink(older.id, app, version)), left);
    assert.deepEqual(await userOf(older.id, app), older.user, "as it was before");
    const rest = await userOf(owner.id, app);
    assert.deepEqual([rest.id, rest.timeJoined, rest.isPrimaryUser], [owner.id, owner.user.timeJoined, true]);
    assert.deepEqual(methodIds(rest), [owner.id, newer.id]);
    sameMembers(rest.tenantIds, [tenantId(t1), "public"]);
    assert.deepEqual([rest.thirdParty, rest.emails.includes(older.email)], [[], false]);
    assert.equal(ok(await link(older.id, owner.id, app)).accountsAlreadyLinked, false, "and comes back");
  }
});

test("7.6.153 a primary user without members", async () => {
  const app = await newApp();
  const { id, user, email } = await withPassword(app);
  ok(await createPrimary(id, app));
  assert.deepEqual(ok(await unlink(id, app)), left);
  assert.deepEqual(await userOf(id, app), user);
  ok(await signIn(app, email));
  assert.equal(ok(await checkPrimary(id, app)).wasAlreadyAPrimaryUser, false);
});

test("7.6.154 the primary user's own method, while there are others, is deleted", async () => {
  const app = await newApp();
  const [owner, older, newer] = [await withPassword(app), await withProvider(app), await withCode(app)];
  await group(app, owner, newer, older);
  assert.deepEqual(ok(await unlink(owner.id, app)), deleted);
  const user = await userOf(owner.id, app);
  assert.deepEqual([user.id, user.isPrimaryUser, user.timeJoined], [owner.id, true, older.user.timeJoined]);
  assert.deepEqual(methodIds(user), [older.id, newer.id]);
  sameMembers(user.emails, [older.email, newer.email]);
  for (const { id } of [older, newer]) assert.deepEqual(await userOf(id, app), user);
  has(await signIn(app, owner.email), "WRONG_CREDENTIALS_ERROR");
  const again = await signUp(app, owner.email);
  assert.notEqual(again.id, owner.id);
  assert.equal(ok(await createPrimary(again.id, app)).user.id, again.id, "nobody holds the address");
});

test("7.6.155 a group without its primary user's method goes on", async () => {
  const { app, t1, t2, owner, member } = await withoutOwner();
  const other = await withCode(t1);
  assert.equal(ok(await checkLink(other.id, owner.id, app)).accountsAlreadyLinked, false);
  const { user } = ok(await link(other.id, owner.id, app));
  assert.deepEqual([user.id, ...methodIds(user)], [owner.id, member.id, other.id]);
  for (const at of [t1, t2]) has(await associate(owner.id, at), UNKNOWN_USER);
  assert.equal(ok(await associate(member.id, t2)).wasAlreadyAssociated, false);
  assert.deepEqual((await userOf(owner.id, app)).id, owner.id);
});

test("7.6.156 the last member goes, and the group with it", async () => {
  for (const [which, removeAllLinkedAccounts] of [["member", true], ["member", false], ["owner", true]]) {
    const { app, owner, member } = await withoutOwner();
    ok(await removeUser((which === "owner" ? owner : member).id, app, { removeAllLinkedAccounts }));
    for (const { id } of [owner, member]) {
      has(await findUser(id, app), UNKNOWN_USER, `${which} ${removeAllLinkedAccounts}`);
      refused(await createPrimary(id, app), 400, "Unknown user ID provided");
    }
  }
});

test("7.6.157 a user who is not linked", async () => {
  const app = await newApp();
  const { id, user } = await withPassword(app);
  const handle = await openSession(app, id);
  const nothing = { status: "OK", wasRecipeUserDeleted: false, wasLinked: false };
  for (let n = 0; n < 2; n += 1) assert.deepEqual(ok(await unlink(id, app)), nothing);
  assert.deepEqual(await userOf(id, app), user);
  assert.deepEqual(await alive([handle], app), [true]);
});

test("7.6.158 what a member had is free for another group", async () => {
  const { app, t1, t2 } = await appWithTenants();
  const email = newEmail();
  const [owner, member] = [await withPassword(t1), await withProvider(t2, email)];
  await group(app, owner, member);
  // The group holds all addresses of its members in all their tenants.
  const wanting = [await withCode(t2, email), await withCode(t1, email), await withCode(t2, owner.email)];
  for (const { id } of wanting) assert.equal(has(await createPrimary(id, app), INFO_TAKEN).primaryUserId, owner.id);
  assert.deepEqual(ok(await unlink(member.id, app)), left);
  for (const { id } of wanting) assert.equal(ok(await createPrimary(id, app)).user.id, id);
  const kept = await withCode(t1, owner.email);
  has(await createPrimary(kept.id, app), INFO_TAKEN, "the rest holds what it has");
  has(await createPrimary(member.id, app), INFO_TAKEN, "the one who left holds nothing");
});

test("7.6.160 sessions of other members outlive the one who leaves", async () => {
  const { app, t1 } = await appWithTenants();
  const sets = async (users) => Promise.all(users.flatMap(({ id }) => [openSession(app, id), openSession(t1, id)]));
  const [owner, member, other] = [await withPassword(app), await withProvider(t1), await withCode(app)];
  await group(app, owner, member, other);
  const all = await sets([owner, member, other]);
  assert.equal(ok(await unlink(member.id, app)).wasLinked, true);
  assert.deepEqual(await alive(all, app), [true, true, false, false, true, true]);
  assert.equal(ok(await unlink(owner.id, app)).wasRecipeUserDeleted, true);
  assert.deepEqual(await alive(all, app), [false, false, false, false, true, true]);
  const [alone] = [await withPassword(app)];
  await group(app, alone);
  const ended = await sets([alone]);
  ok(await unlink(alone.id, app));
  assert.deepEqual(await alive(ended, app), [false, false], "also of one who was alone");
});

test("3.5 the primary id keeps its data while there are members", async () => {
  const app = await newApp();
  const [owner, member] = [await withPassword(app), await withProvider(app)];
  await group(app, owner, member);
  await setMetadata(owner.id, { of: "owner" }, app);
  await setMetadata(member.id, { of: "member" }, app);
  ok(await unlink(owner.id, app));
  assert.deepEqual(await metadataOf(owner.id, app), { of: "owner" });
  assert.deepEqual(await metadataOf(member.id, app), { of: "member" });
});

test("3.5 ids of another system, when members leave", async () => {
  const app = await newApp();
  const [owner, member] = [await withPassword(app), await withProvider(app)];
  const [ownerIs, memberIs] = [await mapped(owner.id, app), await mapped(member.id, app)];
  await group(app, owner, member);
  const handle = await openSession(app, memberIs);
  assert.deepEqual(ok(await unlink(memberIs, app)), left);
  assert.deepEqual(await alive([handle], app), [false]);
  const alone = await userOf(member.id, app);
  assert.deepEqual([alone.id, methodIds(alone)], [memberIs, [memberIs]]);
  ok(await link(memberIs, ownerIs, app));
  assert.deepEqual(ok(await unlink(ownerIs, app)), deleted);
  assert.equal((await userOf(memberIs, app)).id, ownerIs, "the group keeps its id and its mapping");
});

test("7.2.41 before CDI 4.0 a reset token is for a user with one method", async () => {
  const app = await newApp();
  const [owner, member] = [await withPassword(app), await withProvider(app)];
  await group(app, owner, member);
  const create = (userId, version) => post(app + RESET, { userId, email: owner.email }, version);
  for (const { id } of [owner, member]) {
    refused(await create(id, "3.1"), 400, "Please use CDI version >= 4.0");
    ok(await create(id, "4.0"));
  }
  ok(await unlink(member.id, app));
  ok(await create(owner.id, "3.1"));
  has(await create(member.id, "3.1"), UNKNOWN_USER, "its method has no password");
});

test("7.2.52 a reset token for the id of a group whose own method is gone", async () => {
  const { app, owner } = await withoutOwner();
  const email = newEmail();
  const { token } = ok(await post(app + RESET, { userId: owner.id, email }));
  assert.deepEqual(ok(await post(`${app}${RESET}/consume`, { token })), { status: "OK", userId: owner.id, email });
});

test("7.10.230 one who left is listed and counted as a user", async () => {
  const app = await newApp();
  const [owner, member] = [await withPassword(app), await withProvider(app)];
  await group(app, owner, member);
  const ids = async () => ok(await get(`${app}/users`)).users.map(({ id }) => id);
  const count = async () => ok(await get(`${app}/users/count`)).count;
  assert.deepEqual([await ids(), await count()], [[owner.id], 1]);
  ok(await unlink(member.id, app));
  assert.deepEqual([await ids(), await count()], [[owner.id, member.id], 2]);
});
