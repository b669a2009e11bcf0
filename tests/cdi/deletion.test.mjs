// Groups and mapped users: what a removal takes along, and how lists show what is left (CDI 3.10, 3.11, 7.10).
import test from "node:test";
import {
  assert, badField, get, has, newApp, newEmail, newPhone, ok, post, sameMembers, signIn, signInUp, sql,
} from "./helper.mjs";
import {
  UNKNOWN_USER, alive, appWithTenants, associate, checkPrimary, createPrimary, findUser, giveRole, group,
  isVerified, link, map, mapped, mapping, metadataOf, methodIds, openSession, removeUser, rolesOf, setMetadata, unlink,
  userOf, verified, withCode, withPassword, withPhone, withProvider,
} from "./linking_helper.mjs";

const UNKNOWN = "UNKNOWN_MAPPING_ERROR";
const ONE = { removeAllLinkedAccounts: false };
const listed = async (at, query) => ok(await get(`${at}/users`, query)).users;
const ids = async (at, query) => (await listed(at, query)).map(({ id }) => id);
const count = async (at, query) => ok(await get(`${at}/users/count`, query)).count;

/** Something of every recipe that is not about signing in, under this id. */
async function leaveTraces(id, app) {
  await setMetadata(id, { of: id }, app);
  await giveRole(id, app, app);
  const email = newEmail();
  await verified(id, email, app);
  return { id, email, handle: await openSession(app, id) };
}

/** Which of them are still there: all, or none. */
async function traces({ id, email, handle }, app) {
  const found = [
    (await metadataOf(id, app)).of === id, (await rolesOf(id, app)).length === 1, await isVerified(id, email, app),
    (await alive([handle], app))[0],
  ];
  assert.ok(found.every((is) => is === found[0]), `metadata, roles, verification, sessions: ${found}`);
  return found[0];
}

/** A group of an owner and two others who each left traces, in an app of its own. */
async function groupWithTraces(isMapped = false) {
  const app = await newApp();
  const users = [await withPassword(app), await withProvider(app), await withCode(app)];
  await group(app, ...users);
  const shown = [];
  for (const { id } of users) shown.push(isMapped ? await mapped(id, app) : id);
  const left = [];
  for (const id of shown) left.push(await leaveTraces(id, app));
  const kept = () => Promise.all(left.map((one) => traces(one, app)));
  assert.deepEqual(await kept(), [true, true, true]);
  return { app, users, shown, kept };
}

test("3.10 a member is removed with all others, whoever is named", async () => {
  for (const [n, more] of [[0, {}], [1, {}], [2, { removeAllLinkedAccounts: true }]]) {
    const { app, users, kept } = await groupWithTraces();
    assert.deepEqual(ok(await removeUser(users[n].id, app, more)), { status: "OK" });
    for (const { id } of users) has(await findUser(id, app), UNKNOWN_USER);
    assert.deepEqual(await kept(), [false, false, false]);
    assert.equal(await count(app), 0);
    const again = await withCode(app, users[0].email);
    assert.ok(!users.some(({ id }) => id === again.id));
    assert.equal(ok(await createPrimary(again.id, app)).wasAlreadyAPrimaryUser, false, "nobody holds the address");
  }
});

test("3.10 before CDI 4.0 as well, all are removed", async () => {
  const { app, users, kept } = await groupWithTraces();
  ok(await post(`${app}/user/remove`, { userId: users[1].id }, "3.1"));
  for (const { id } of users) has(await findUser(id, app), UNKNOWN_USER);
  assert.deepEqual(await kept(), [false, false, false]);
});

test("7.10.244 one linked member is removed", async () => {
  const { app, users, kept } = await groupWithTraces();
  const [owner, member, other] = users;
  ok(await removeUser(member.id, app, ONE));
  has(await findUser(member.id, app), UNKNOWN_USER);
  const user = await userOf(owner.id, app);
  assert.deepEqual([user.id, methodIds(user), user.thirdParty], [owner.id, [owner.id, other.id], []]);
  assert.deepEqual(await kept(), [true, false, true]);
  assert.equal(ok(await signInUp(member.given, app)).createdNewUser, true);
  const same = await withCode(app, member.email);
  assert.equal(ok(await checkPrimary(same.id, app)).wasAlreadyAPrimaryUser, false, "its address is no longer held");
});

test("7.10.245 the primary user's own method, then the others one by one", async () => {
  const { app, users, kept } = await groupWithTraces();
  const [owner, member, other] = users;
  ok(await removeUser(owner.id, app, ONE));
  const user = await userOf(owner.id, app);
  assert.deepEqual([user.id, user.isPrimaryUser, methodIds(user)], [owner.id, true, [member.id, other.id]]);
  assert.deepEqual(await kept(), [true, true, true], "others use its id");
  has(await signIn(app, owner.email), "WRONG_CREDENTIALS_ERROR");
  const same = await withCode(app, owner.email);
  assert.equal(ok(await createPrimary(same.id, app)).wasAlreadyAPrimaryUser, false);
  ok(await removeUser(member.id, app, ONE));
  assert.deepEqual(await kept(), [true, false, true]);
  assert.deepEqual(methodIds(await userOf(owner.id, app)), [other.id]);
  ok(await removeUser(other.id, app, ONE));
  for (const { id } of users) has(await findUser(id, app), UNKNOWN_USER);
  assert.deepEqual(await kept(), [false, false, false]);
});

test("3.10 by the id of a group whose own method is gone, all are removed", async () => {
  const { app, users, kept } = await groupWithTraces();
  ok(await unlink(users[0].id, app));
  ok(await removeUser(users[0].id, app));
  for (const { id } of users) has(await findUser(id, app), UNKNOWN_USER);
  assert.deepEqual(await kept(), [false, false, false]);
});

test("7.10.246 by a member's external id, the whole group and all mappings are removed", async () => {
  for (const n of [0, 2]) {
    const { app, users, shown, kept } = await groupWithTraces(true);
    ok(await removeUser(shown[n], app));
    for (const id of [...shown, ...users.map((user) => user.id)]) {
      has(await findUser(id, app), UNKNOWN_USER);
      has(await mapping(id, "ANY", app), UNKNOWN);
    }
    assert.deepEqual(await kept(), [false, false, false]);
  }
});

test("3.10 one mapped member is removed, with its mapping alone", async () => {
  const { app, users, shown, kept } = await groupWithTraces(true);
  ok(await removeUser(shown[1], app, ONE));
  assert.deepEqual(await kept(), [true, false, true]);
  has(await mapping(shown[1], "ANY", app), UNKNOWN);
  assert.deepEqual(methodIds(await userOf(users[0].id, app)), [shown[0], shown[2]]);
});

test("3.10 a mapped group keeps its mapping until its last member goes", async () => {
  const { app, users, shown, kept } = await groupWithTraces(true);
  ok(await removeUser(shown[0], app, ONE));
  assert.deepEqual(await kept(), [true, true, true]);
  for (const id of [shown[0], users[0].id, shown[1]]) assert.equal((await userOf(id, app)).id, shown[0]);
  assert.equal(ok(await mapping(shown[0], "EXTERNAL", app)).superTokensUserId, users[0].id);
  for (const id of [shown[1], users[2].id]) ok(await removeUser(id, app, ONE));
  assert.deepEqual(await kept(), [false, false, false]);
  for (const id of shown) has(await mapping(id, "ANY", app), UNKNOWN);
});

test("3.10 what is kept under an external id that is another user's own stays", async () => {
  const app = await newApp();
  const [one, other] = [await withPassword(app), await withPassword(app)];
  ok(await map(one.id, other.id, { force: true }, app));
  const left = await leaveTraces(other.id, app);
  ok(await removeUser(one.id, app));
  has(await findUser(one.id, app), UNKNOWN_USER);
  assert.equal((await userOf(other.id, app)).id, other.id);
  assert.equal(await traces(left, app), true);
});

test("3.10 whether all are meant is a boolean; who is unknown does not matter", async () => {
  const app = await newApp();
  const { id } = await withPassword(app);
  for (const removeAllLinkedAccounts of ["false", null, 1]) {
    badField(await removeUser(id, app, { removeAllLinkedAccounts }), "removeAllLinkedAccounts");
  }
  assert.equal((await userOf(id, app)).id, id);
  for (const more of [{}, ONE]) {
    for (const unknown of ["unknown", "00000000-0000-4000-8000-000000000000"]) ok(await removeUser(unknown, app, more));
  }
  ok(await removeUser(id, app, ONE));
  has(await findUser(id, app), UNKNOWN_USER);
});

test("7.10.230 a group is listed once, as old as its oldest member", async () => {
  const app = await newApp();
  const [oldest, between, owner, member] =
    [await withProvider(app), await withPassword(app), await withPassword(app), await withCode(app)];
  assert.deepEqual(await ids(app), [oldest.id, between.id, owner.id, member.id]);
  await group(app, owner, member);
  assert.deepEqual(await ids(app), [oldest.id, between.id, owner.id]);
  const { user } = ok(await link(oldest.id, owner.id, app));
  assert.deepEqual(await listed(app), [user, between.user]);
  assert.deepEqual(await ids(app, { timeJoinedOrder: "DESC" }), [between.id, owner.id]);
  assert.equal(await count(app), 2);
  for (const [includeRecipeIds, expected] of [
    ["thirdparty", [owner.id]], ["passwordless", [owner.id]], ["emailpassword,passwordless", [owner.id, between.id]],
  ]) {
    assert.deepEqual(await ids(app, { includeRecipeIds }), expected);
    assert.equal(await count(app, { includeRecipeIds }), expected.length);
  }
  const page = ok(await get(`${app}/users`, { limit: 1 }));
  assert.deepEqual(page.users.map(({ id }) => id), [owner.id]);
  assert.deepEqual(await ids(app, { limit: 1, paginationToken: page.nextPaginationToken }), [between.id]);
  ok(await unlink(oldest.id, app));
  assert.deepEqual(await ids(app), [oldest.id, between.id, owner.id]);
});

test("7.10.231 a group is listed in the tenants of its members, with all of them", async () => {
  const { app, t1, t2, t3 } = await appWithTenants();
  const [owner, member, code] = [await withPassword(t1), await withProvider(t2), await withCode(t2)];
  const user = await group(app, owner, member, code);
  for (const at of [t1, t2]) assert.deepEqual([await listed(at), await count(at)], [[user], 1]);
  for (const at of [t3, app]) assert.deepEqual([await listed(at), await count(at)], [[], 0]);
  // It is the methods in this tenant whose recipes count.
  assert.deepEqual(await ids(t1, { includeRecipeIds: "thirdparty" }), []);
  assert.deepEqual(await ids(t2, { includeRecipeIds: "thirdparty" }), [owner.id]);
  ok(await associate(member.id, t3));
  assert.deepEqual(await ids(t3), [owner.id]);
  ok(await unlink(member.id, app));
  assert.deepEqual([await ids(t1), await ids(t3)], [[owner.id], [member.id]]);
});

test("7.10.241 a group and a user of several tenants count once in the app", async () => {
  const { app, t1, t2 } = await appWithTenants();
  const [owner, member, alone] = [await withPassword(t1), await withProvider(t2), await withCode(t1)];
  await group(app, owner, member);
  ok(await associate(alone.id, t2));
  assert.deepEqual([await count(t1), await count(t2), await count(app, { includeAllTenants: "True" })], [2, 2, 2]);
});

test("7.10.237 a search finds a group by any member, once", async () => {
  const app = await newApp();
  const phone = newPhone();
  const [owner, member, code] = [await withPassword(app), await withProvider(app), await withPhone(app, phone)];
  const user = await group(app, owner, member, code);
  await withPassword(app);
  for (const query of [{ email: owner.email }, { email: member.email }, { phone }, { provider: "github" },
    { email: `${owner.email};${member.email}` }]) {
    assert.deepEqual(await listed(app, query), [user], JSON.stringify(query));
  }
  assert.deepEqual(await listed(app, { email: owner.email, provider: "github" }), [], "both of one method");
});

test("7.10.240 a group by what its members have", async () => {
  const app = await newApp();
  const phoneNumber = newPhone();
  const [owner, code] = [await withPassword(app), await withPhone(app, phoneNumber)];
  const other = await withProvider(app);
  await group(app, owner, code);
  const find = async (query, at = app) => ok(await get(`${at}/users/by-accountinfo`, query)).users.map(({ id }) => id);
  const both = { email: owner.email, phoneNumber };
  assert.deepEqual(await find({ ...both, doUnionOfAccountInfo: false }), [owner.id]);
  assert.deepEqual(await find({ ...both, email: other.email, doUnionOfAccountInfo: false }), []);
  sameMembers(await find({ ...both, email: other.email, doUnionOfAccountInfo: true }), [owner.id, other.id]);
  assert.deepEqual(await find({ ...both, doUnionOfAccountInfo: true }), [owner.id], "once");
  assert.deepEqual(await find({ ...both, doUnionOfAccountInfo: true }, (await appWithTenants()).t1), []);
});

test("7.10.228 groups that are as old as each other, by id", async () => {
  const app = await newApp();
  const made = [await withPassword(app), await withPassword(app), await withPassword(app)];
  const oldest = await withProvider(app);
  await group(app, made[0], oldest);
  for (const table of ["users", "login_methods"]) {
    sql(`UPDATE auth.${table} SET time_joined = to_timestamp(1700000000) WHERE app_id = $1 RETURNING 1`, app.slice(7));
  }
  sql("UPDATE auth.login_method_tenants SET user_time_joined = to_timestamp(1700000000) WHERE app_id = $1 RETURNING 1",
    app.slice(7));
  const expected = made.map(({ id }) => id).sort().reverse();
  for (const timeJoinedOrder of ["ASC", "DESC"]) assert.deepEqual(await ids(app, { timeJoinedOrder }), expected);
});
