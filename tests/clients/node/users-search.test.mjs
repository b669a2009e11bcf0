// Users of every recipe in one list: filters, search by address, number and provider, counts and look-ups.
import test from "node:test";
import SuperTokens from "supertokens-node";
import AccountLinking from "supertokens-node/recipe/accountlinking";
import Multitenancy from "supertokens-node/recipe/multitenancy";
import Passwordless from "supertokens-node/recipe/passwordless";
import ThirdParty from "supertokens-node/recipe/thirdparty";
import {
  PUBLIC,
  assert,
  createTemporaryApp,
  init,
  newEmail,
  newId,
  newPhone,
  sameMembers,
  signUp,
} from "./helpers.mjs";

const { connectionURI } = await createTemporaryApp("search");
init({
  connectionURI,
  recipes: [Passwordless.init({ contactMethod: "EMAIL_OR_PHONE", flowType: "USER_INPUT_CODE" }), ThirdParty.init()],
});

const byCode = async (contact, tenantId = PUBLIC) => (await Passwordless.signInUp({ tenantId, ...contact })).user;
const atProvider = async (provider, email = newEmail(), userId = newId("visitor")) =>
  (await ThirdParty.manuallyCreateOrUpdateUser(PUBLIC, provider, userId, email, false)).user;

const [phone, email] = [newPhone(), `ada@${newId("lovelace")}.example.org`];
const users = {
  password: (await signUp(PUBLIC, email)).user,
  number: await byCode({ phoneNumber: phone }),
  address: await byCode({ email: newEmail("grace") }),
  acme: await atProvider("acme", email),
  globex: await atProvider("globex"),
};
const ids = (...names) => names.map((name) => users[name].id);

const { getUsersNewestFirst, getUsersOldestFirst } = SuperTokens;
const idsOf = (page) => page.users.map((user) => user.id);
const search = async (query, more) => idsOf(await getUsersOldestFirst({ tenantId: PUBLIC, query, ...more }));

for (const [recipes, expected] of [
  [["emailpassword"], ["password"]],
  [["passwordless"], ["number", "address"]],
  [["thirdparty"], ["acme", "globex"]],
  [
    ["emailpassword", "thirdparty"],
    ["password", "acme", "globex"],
  ],
  [["webauthn"], []],
]) {
  test(`users and counts of ${recipes}`, async () => {
    for (const list of [getUsersNewestFirst, getUsersOldestFirst])
      sameMembers(idsOf(await list({ tenantId: PUBLIC, includeRecipeIds: recipes })), ids(...expected));
    assert.equal(await SuperTokens.getUserCount(recipes), expected.length);
    assert.equal(await SuperTokens.getUserCount(recipes, PUBLIC), expected.length);
  });
}

test("pages of a filtered list", async () => {
  const options = { tenantId: PUBLIC, includeRecipeIds: ["thirdparty", "passwordless"], limit: 3 };
  const first = await getUsersOldestFirst(options);
  assert.equal(first.users.length, 3);
  const second = await getUsersOldestFirst({ ...options, paginationToken: first.nextPaginationToken });
  sameMembers([...idsOf(first), ...idsOf(second)], ids("number", "address", "acme", "globex"));
  assert.equal(second.nextPaginationToken, undefined);
});

for (const [name, query, expected] of [
  ["an address", { email }, ["password", "acme"]],
  ["the beginning of an address", { email: "grace" }, ["address"]],
  ["a domain", { email: email.split("@")[1] }, ["password", "acme"]],
  ["another letter case", { email: email.toUpperCase() }, ["password", "acme"]],
  ["the middle of an address", { email: email.slice(1) }, []],
  ["one of several addresses", { email: `nobody@example.org;${email}; grace` }, ["password", "address", "acme"]],
  ["a number", { phone }, ["number"]],
  ["the beginning of a number", { phone: phone.slice(0, 6) }, ["number"]],
  ["the end of a number", { phone: phone.slice(6) }, []],
  ["a provider", { provider: "acme" }, ["acme"]],
  ["the beginning of a provider", { provider: "glo" }, ["globex"]],
  ["the end of a provider", { provider: "cme" }, []],
  ["one of several providers", { provider: "globex;acme" }, ["acme", "globex"]],
  ["provider and address", { provider: "acme", email }, ["acme"]],
  ["provider and another's address", { provider: "globex", email }, []],
  ["number and address", { phone, email }, []],
  ["number and provider", { phone, provider: "acme" }, []],
]) {
  test(`search by ${name}`, async () => {
    sameMembers(await search(query), ids(...expected));
    const newest = await getUsersNewestFirst({ tenantId: PUBLIC, query });
    assert.deepEqual(idsOf(newest).reverse().sort(), ids(...expected).sort());
    assert.equal(newest.nextPaginationToken, undefined, "a search has no pages");
  });
}

test("an empty search is none", async () => {
  sameMembers(await search({ email: " ; " }), ids(...Object.keys(users)));
});

test("a search stays in its tenant", async () => {
  const tenantId = newId("tenant");
  await Multitenancy.createOrUpdateTenant(tenantId, { firstFactors: null });
  const there = (await signUp(tenantId, email)).user;
  assert.deepEqual(idsOf(await getUsersOldestFirst({ tenantId, query: { email } })), [there.id]);
  sameMembers(await search({ email }), ids("password", "acme"));
  await SuperTokens.deleteUser(there.id);
});

test("listUsersByAccountInfo by number, by account at a provider, and by several", async () => {
  const find = async (info, isUnion) =>
    (await SuperTokens.listUsersByAccountInfo(PUBLIC, info, isUnion)).map((user) => user.id);
  assert.deepEqual(await find({ phoneNumber: phone }), ids("number"));
  assert.deepEqual(await find({ thirdParty: users.acme.thirdParty[0] }), ids("acme"));
  assert.deepEqual(await find({ thirdParty: { ...users.acme.thirdParty[0], id: "globex" } }), []);
  sameMembers(await find({ email }), ids("password", "acme"));
  assert.deepEqual(await find({ email, thirdParty: users.acme.thirdParty[0] }), ids("acme"), "all of it");
  sameMembers(await find({ email, phoneNumber: phone }, true), ids("password", "number", "acme"), "any of it");
  assert.deepEqual(await find({ phoneNumber: newPhone(), email: newEmail() }, true), []);
});

test("a group is found by what any of its members has", async () => {
  const owner = await signUp();
  await AccountLinking.createPrimaryUser(owner.recipeUserId);
  const member = await byCode({ phoneNumber: newPhone() });
  await AccountLinking.linkAccounts(member.loginMethods[0].recipeUserId, owner.id);
  const [phoneNumber] = member.phoneNumbers;
  assert.deepEqual(await search({ phone: phoneNumber }), [owner.id]);
  assert.deepEqual(await search({ phone: phoneNumber, email: owner.email }), [], "one login method has both");
  const both = await SuperTokens.listUsersByAccountInfo(PUBLIC, { phoneNumber, email: owner.email });
  assert.deepEqual(
    both.map((user) => user.id),
    [owner.id],
    "any of them may have it",
  );
  await SuperTokens.deleteUser(owner.id);
});
