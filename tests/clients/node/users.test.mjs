// Users as the SDK's core functions list, count, find and delete them, in an app of their own.
import test, { after } from "node:test";
import SuperTokens from "supertokens-node";
import EmailPassword from "supertokens-node/recipe/emailpassword";
import Multitenancy from "supertokens-node/recipe/multitenancy";
import { PUBLIC, assert, createApp, init, newEmail, newId, sameMembers, signUp, sql } from "./helpers.mjs";

const USERS = 250;
const AT_ONCE = 5;
const UNKNOWN = "00000000-0000-4000-8000-000000000000";

const appId = newId("users");
init({ connectionURI: await createApp(appId) });

/** Every user of the app's public tenant that the pages show, and how many pages there were. */
async function readPages(list, options) {
  const ids = [];
  let paginationToken;
  let pages = 0;
  do {
    const page = await list({ tenantId: PUBLIC, ...options, paginationToken });
    ids.push(...page.users.map((user) => user.id));
    paginationToken = page.nextPaginationToken;
    pages += 1;
  } while (paginationToken !== undefined);
  return { ids, pages };
}

// By time joined; users of the same millisecond by id, downwards, in either direction.
const sorted = (users, direction) =>
  [...users].sort((a, b) => direction * (a.timeJoined - b.timeJoined) || (a.id < b.id ? 1 : -1)).map((user) => user.id);

// On Node 18 the SDK's copies of long answers keep the process alive; elsewhere this timer never fires.
after(() => setTimeout(() => process.exit(), 1000).unref());

const signUpMany = async () => {
  const made = [];
  while (made.length < USERS / AT_ONCE) made.push((await signUp()).user);
  return made;
};
let users = (await Promise.all(Array.from({ length: AT_ONCE }, signUpMany))).flat();

for (const [name, list, direction] of [
  ["getUsersOldestFirst", SuperTokens.getUsersOldestFirst, 1],
  ["getUsersNewestFirst", SuperTokens.getUsersNewestFirst, -1],
]) {
  test(`${name} shows every user once, in order, whatever the size of the pages`, async () => {
    const expected = sorted(users, direction);
    for (const limit of [undefined, 7, 125, 500]) {
      const { ids, pages } = await readPages(list, { limit });
      assert.deepEqual(ids, expected, `limit ${limit}`);
      assert.equal(pages, Math.ceil(users.length / (limit ?? 100)), `pages of ${limit}`);
    }
  });

  test(`${name} with pages of one`, async () => {
    const first = await list({ tenantId: PUBLIC, limit: 1 });
    const second = await list({ tenantId: PUBLIC, limit: 1, paginationToken: first.nextPaginationToken });
    assert.deepEqual([first.users[0].id, second.users[0].id], sorted(users, direction).slice(0, 2));
  });

  test(`${name} filters by recipe, and refuses nonsense`, async () => {
    const call = (options) => list({ tenantId: PUBLIC, ...options });
    assert.equal((await call({ includeRecipeIds: ["emailpassword"], limit: 500 })).users.length, users.length);
    assert.deepEqual((await call({ includeRecipeIds: ["thirdparty", "passwordless"] })).users, []);
    await assert.rejects(call({ limit: 501 }), /400.*max limit allowed is 500/s);
    await assert.rejects(call({ limit: 0 }), /400.*limit must a positive integer/s);
    await assert.rejects(call({ paginationToken: "nonsense" }), /400.*invalid pagination token/s);
    await assert.rejects(call({ includeRecipeIds: ["nonsense"] }), /400.*Unknown recipe ID: nonsense/s);
  });
}

test("a search takes the beginning of an address, or of its domain", async () => {
  const email = `needle@${newId("haystack")}.example.org`;
  const { id } = await signUp(PUBLIC, email);
  const search = async (text) => {
    const page = await SuperTokens.getUsersOldestFirst({ tenantId: PUBLIC, query: { email: text } });
    return { ids: page.users.slice(0, 3).map((user) => user.id), found: page.users.length };
  };
  try {
    for (const text of [email, "NEEDLE", email.split("@")[1].slice(0, 15), "nobody@example.org;needle"]) {
      assert.deepEqual(await search(text), { ids: [id], found: 1 }, text);
    }
    assert.deepEqual(await search("nobody@example.org"), { ids: [], found: 0 });
  } finally {
    await SuperTokens.deleteUser(id);
  }
});

test("pages stay whole while users come and go", async () => {
  const [limit, late] = [40, []];
  const seen = [];
  let paginationToken;
  do {
    const page = await SuperTokens.getUsersOldestFirst({ tenantId: PUBLIC, limit, paginationToken });
    seen.push(...page.users.map(({ id }) => id));
    paginationToken = page.nextPaginationToken;
    if (late.length < 3) late.push((await signUp()).id);
    // The user at which the next page begins goes away.
    if (late.length === 2) {
      const next = sorted(users, 1)[seen.length];
      await SuperTokens.deleteUser(next);
      users = users.filter(({ id }) => id !== next);
    }
  } while (paginationToken !== undefined);
  assert.equal(new Set(seen).size, seen.length, "nobody is shown twice");
  const missing = users.filter(({ id }) => !seen.includes(id));
  assert.deepEqual(missing, [], "nobody is left out");
  for (const id of late) await SuperTokens.deleteUser(id);
});

test("getUserCount counts by tenant, by recipe, and the whole app", async () => {
  const tenantId = newId("tenant");
  await Multitenancy.createOrUpdateTenant(tenantId);
  const { id } = await signUp(tenantId);
  assert.equal(await SuperTokens.getUserCount(undefined, PUBLIC), users.length, "the public tenant");
  assert.equal(await SuperTokens.getUserCount(undefined, tenantId), 1, "the other tenant");
  assert.equal(await SuperTokens.getUserCount(), users.length + 1, "all tenants");
  assert.equal(await SuperTokens.getUserCount(["emailpassword"], PUBLIC), users.length, "by recipe");
  assert.equal(await SuperTokens.getUserCount(["passwordless"]), 0, "by a recipe that nobody uses");
  await SuperTokens.deleteUser(id);
  assert.equal(await SuperTokens.getUserCount(), users.length, "after a deletion");
});

test("getUser finds a user by id", async () => {
  const { user, id } = await signUp();
  assert.deepEqual((await SuperTokens.getUser(id)).toJson(), user.toJson());
  assert.equal(await SuperTokens.getUser(UNKNOWN), undefined);
  assert.equal(await SuperTokens.getUser("no uuid at all"), undefined);
  await SuperTokens.deleteUser(id);
});

test("listUsersByAccountInfo finds users by what they sign in with", async () => {
  const { id, email } = await signUp();
  const find = async (...args) => (await SuperTokens.listUsersByAccountInfo(PUBLIC, ...args)).map((user) => user.id);
  assert.deepEqual(await find({ email }), [id]);
  assert.deepEqual(await find({ email: ` ${email.toUpperCase()} ` }), [id], "normalised");
  assert.deepEqual(await find({ email: email.slice(0, -1) }), [], "the whole address counts");
  assert.deepEqual(await find({ email, phoneNumber: "+4930123456" }), [], "all of it");
  assert.deepEqual(await find({ email, phoneNumber: "+4930123456" }, true), [id], "any of it");
  assert.deepEqual(await find({ thirdParty: { id: "google", userId: "x" } }), []);
  assert.deepEqual(await find({}), []);
  await SuperTokens.deleteUser(id);
});

test("deleteUser leaves nothing behind, and frees the address", async () => {
  const { id, email } = await signUp();
  await EmailPassword.createResetPasswordToken(PUBLIC, id, email);
  for (let n = 0; n < 2; n += 1) assert.deepEqual(await SuperTokens.deleteUser(id), { status: "OK" }, `deletion ${n}`);
  assert.equal(await SuperTokens.getUser(id), undefined);
  assert.deepEqual(await SuperTokens.listUsersByAccountInfo(PUBLIC, { email }), []);
  assert.deepEqual(await SuperTokens.deleteUser(UNKNOWN), { status: "OK" });
  for (const [table, column] of [
    ["users", "id"],
    ["login_methods", "user_id"],
    ["login_method_tenants", "user_id"],
    ["one_time_tokens", "subject"],
    ["active_users", "user_id"],
  ]) {
    assert.deepEqual(sql(`SELECT * FROM auth.${table} WHERE ${column}::text = $1`, id), [], table);
  }
  const heir = await signUp(PUBLIC, email);
  assert.notEqual(heir.id, id);
  await SuperTokens.deleteUser(heir.id);
});

test("a refused sign-up leaves no user", async () => {
  const email = newEmail();
  await Promise.all([1, 2, 3].map(() => EmailPassword.signUp(PUBLIC, email, "password 1")));
  const found = await SuperTokens.listUsersByAccountInfo(PUBLIC, { email });
  assert.equal(found.length, 1);
  await SuperTokens.deleteUser(found[0].id);
});

test("the users are rows of the app", () => {
  const rows = sql("SELECT id, email FROM auth.users WHERE app_id = $1", appId);
  sameMembers(
    rows.map((row) => `${row.id} ${row.email}`),
    users.map((user) => `${user.id} ${user.emails[0]}`),
  );
});
