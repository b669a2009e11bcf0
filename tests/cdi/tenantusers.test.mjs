// Users who come to tenants and leave them (CDI 3.9, 7.9).
import test from "node:test";
import {
  VERSIONS, assert, badField, get, has, newApp, newEmail, newId, newPhone, newTenant, ok, post, put, refused,
  sameMembers, signIn, signInUp, sqlCall,
} from "./helper.mjs";
import {
  INFO_TAKEN, LINKED_TO_ANOTHER, NOT_ALLOWED, UNKNOWN_USER, alive, appWithTenants, associate, checkPrimary,
  createPrimary, disassociate, findUser, giveRole, group, link, mapped, metadataOf, methodOf, openSession, removeUser,
  rolesOf, setMetadata, stranger, tenantId, updateUser, userOf, verificationToken, verifyEmail, withCode, withPassword,
  withPhone, withProvider,
} from "./linking_helper.mjs";

const TENANT_USER = "/recipe/multitenancy/tenant/user";
const INVALID_TOKEN = "EMAIL_VERIFICATION_INVALID_TOKEN_ERROR";
const now = { status: "OK", wasAlreadyAssociated: false };
const before = { status: "OK", wasAlreadyAssociated: true };
const listed = async (at) => ok(await get(`${at}/users`)).users.map(({ id }) => id);

/** It was refused, for a reason that is told, and nothing changed. */
async function refusesAssociation(id, at, app) {
  const user = await userOf(id, app);
  const answer = has(await associate(id, at), NOT_ALLOWED);
  assert.equal(typeof answer.reason, "string");
  assert.deepEqual(await userOf(id, app), user);
}

test("7.9.215 association, of users of each recipe", async () => {
  const { app, t1, t2, t3 } = await appWithTenants();
  for (const { id, user } of [await withPassword(t1), await withProvider(t1), await withCode(t1),
    await withPhone(t1, newPhone())]) {
    const tenants = [tenantId(t1)];
    for (const [at, version] of [[t2, "5.4"], [t3, "4.0"], [app, "3.1"]]) {
      assert.deepEqual(ok(await associate(id, at, version)), now);
      assert.deepEqual(ok(await associate(id, at, version)), before);
      tenants.push(at === app ? "public" : tenantId(at));
      const is = await userOf(id, app);
      sameMembers(is.tenantIds, tenants);
      sameMembers(is.loginMethods[0].tenantIds, tenants);
      assert.deepEqual({ ...is, tenantIds: [], loginMethods: [] }, { ...user, tenantIds: [], loginMethods: [] });
      assert.ok((await listed(at)).includes(id));
    }
  }
});

test("7.9.215 one member of a group comes, the others stay", async () => {
  const { app, t1, t2 } = await appWithTenants();
  const [owner, member] = [await withPassword(t1), await withProvider(t1)];
  await group(app, owner, member);
  ok(await associate(member.id, t2));
  const user = await userOf(owner.id, app);
  sameMembers(user.tenantIds, [tenantId(t1), tenantId(t2)]);
  assert.deepEqual(methodOf(user, owner.id).tenantIds, [tenantId(t1)]);
  assert.equal(ok(await signInUp(member.given, t2)).user.id, owner.id);
  has(await signIn(t2, owner.email), "WRONG_CREDENTIALS_ERROR");
  const there = await withCode(t2, owner.email);
  assert.equal(has(await createPrimary(there.id, app), INFO_TAKEN).primaryUserId, owner.id, "all addresses are held");
});

test("7.9.216 7.4.113 what one of the same recipe has in the tenant", async () => {
  const { app, t1, t2 } = await appWithTenants();
  const [email, phoneNumber, given] = [newEmail(), newPhone(), stranger()];
  for (const [make, status] of [
    [(at) => withPassword(at, email), "EMAIL_ALREADY_EXISTS_ERROR"],
    [(at) => withCode(at, email), "EMAIL_ALREADY_EXISTS_ERROR"],
    [(at) => withPhone(at, phoneNumber), "PHONE_NUMBER_ALREADY_EXISTS_ERROR"],
    [(at) => withProvider(at, email, given), "THIRD_PARTY_USER_ALREADY_EXISTS_ERROR"],
  ]) {
    const [here, there] = [await make(t1), await make(t2)];
    for (const version of VERSIONS) assert.deepEqual(has(await associate(here.id, t2, version), status), { status });
    assert.deepEqual(await userOf(here.id, app), here.user);
    ok(await removeUser(there.id, app));
    assert.deepEqual(ok(await associate(here.id, t2)), now, "it is free");
  }
  const [password, code] = [await withPassword(t1), await withCode(t1)];
  await withCode(t2, password.email);
  await withProvider(t2, code.email);
  for (const { id } of [password, code]) assert.deepEqual(ok(await associate(id, t2)), now, "another recipe has it");
});

test("7.9.217 a group whose address another group holds in the tenant", async () => {
  const { app, t1, t2 } = await appWithTenants();
  const email = newEmail();
  const holder = await withPassword(t2, email);
  await group(app, holder);
  const [sameRecipe, other, member, alone] =
    [await withPassword(t1, email), await withProvider(t1), await withCode(t1, email), await withProvider(t1, email)];
  assert.deepEqual(ok(await associate(alone.id, t2)), now);
  assert.equal(has(await createPrimary(alone.id, app), INFO_TAKEN).primaryUserId, holder.id);
  await group(app, sameRecipe);
  await refusesAssociation(sameRecipe.id, t2, app);
  ok(await link(member.id, sameRecipe.id, app));
  await refusesAssociation(member.id, t2, app);
  // Not the one who comes has the address, but another member of its group.
  ok(await link(other.id, sameRecipe.id, app));
  await refusesAssociation(other.id, t2, app);
  ok(await updateUser(holder.id, { email: newEmail() }, app));
  ok(await associate(other.id, t2));
});

test("7.9.218 a user leaves, at last every tenant", async () => {
  const { app, t1, t2 } = await appWithTenants();
  const { id, user, email } = await withPassword(t1);
  for (const version of VERSIONS) {
    assert.deepEqual(ok(await disassociate(id, t2, version)), { status: "OK", wasAssociated: false });
  }
  assert.deepEqual(await userOf(id, app), user);
  assert.deepEqual(ok(await disassociate(id, t1)), { status: "OK", wasAssociated: true });
  const gone = await userOf(id, app);
  assert.deepEqual([gone.tenantIds, gone.loginMethods[0].tenantIds], [[], []]);
  assert.deepEqual([await listed(t1), await listed(app)], [[], []]);
  has(await signIn(t1, email), "WRONG_CREDENTIALS_ERROR");
  assert.deepEqual(ok(await disassociate(id, t1)), { status: "OK", wasAssociated: false });
  const again = await withPassword(t1, email);
  assert.notEqual(again.id, id, "the address is free");
  assert.deepEqual(ok(await associate(id, t2)), now);
  assert.equal(ok(await signIn(t2, email)).user.id, id);
  has(await associate(id, t1), "EMAIL_ALREADY_EXISTS_ERROR");
});

test("3.9 what a user has in the tenant that it leaves", async () => {
  const { app, t1, t2 } = await appWithTenants();
  const { id, email } = await withPassword(t1);
  ok(await associate(id, t2));
  const sessions = [await openSession(t1, id), await openSession(t2, id)];
  const tokens = [await verificationToken(id, email, t1), await verificationToken(id, email, t2)];
  for (const at of [t1, t2]) await giveRole(id, at, app);
  await setMetadata(id, { a: 1 }, app);
  ok(await disassociate(id, t2));
  assert.deepEqual(await alive(sessions, app), [true, false]);
  assert.deepEqual([await rolesOf(id, t1), await rolesOf(id, t2)], [["admin"], []]);
  has(await verifyEmail(tokens[1], t2), INVALID_TOKEN);
  ok(await verifyEmail(tokens[0], t1));
  assert.deepEqual(await metadataOf(id, app), { a: 1 });
});

test("7.9.219 an id that is no user, and one that is nothing", async () => {
  const { app, t1, t2 } = await appWithTenants();
  const [one, other] = [newId("bare"), newId("bare")];
  const handle = await openSession(t1, one);
  await giveRole(other, t1, app);
  for (const id of [one, other]) {
    assert.deepEqual(ok(await disassociate(id, t1)), { status: "OK", wasAssociated: true });
  }
  assert.deepEqual([await alive([handle], app), await rolesOf(other, t1)], [[false], []]);
  for (const ask of [associate, disassociate]) {
    for (const version of VERSIONS) has(await ask(newId("nobody"), t2, version), UNKNOWN_USER);
  }
});

test("7.9.220 a mapped user's sessions in the tenant that it leaves", async () => {
  const { app, t1, t2 } = await appWithTenants();
  for (const byExternalId of [false, true]) {
    const { id, email } = await withPassword(t1);
    ok(await associate(id, t2));
    const external = await mapped(id, app);
    const sessions = [await openSession(t1, external), await openSession(t2, external)];
    const token = await verificationToken(external, email, t2);
    for (const at of [t1, t2]) await giveRole(external, at, app);
    const leaving = byExternalId ? external : id;
    assert.deepEqual(ok(await disassociate(leaving, t2)), { status: "OK", wasAssociated: true });
    assert.deepEqual(await alive(sessions, app), [true, false]);
    assert.deepEqual([await rolesOf(external, t1), await rolesOf(external, t2)], [["admin"], []]);
    has(await verifyEmail(token, t2), INVALID_TOKEN);
    assert.deepEqual(ok(await associate(leaving, t2)), now);
    const user = await userOf(id, app);
    assert.equal(user.id, external);
    sameMembers(user.tenantIds, [tenantId(t1), tenantId(t2)]);
  }
});

test("7.9.221 users outlive their tenant", async () => {
  const app = await newApp();
  const at = await newTenant(app);
  const [owner, member] = [await withPassword(at), await withProvider(at)];
  await group(app, owner, member);
  const other = await withCode(at);
  ok(await post(`${app}/recipe/multitenancy/tenant/remove`, { tenantId: tenantId(at) }));
  for (const { id } of [owner, other]) assert.deepEqual((await userOf(id, app)).tenantIds, []);
  assert.deepEqual(await listed(app), []);
  ok(await put(`${app}/recipe/multitenancy/tenant/v2`, { tenantId: tenantId(at) }));
  assert.deepEqual(await listed(at), []);
  const newcomer = await withCode(at, owner.email);
  assert.equal(ok(await createPrimary(newcomer.id, app)).user.id, newcomer.id, "the group holds nothing there");
  await refusesAssociation(member.id, at, app);
  ok(await removeUser(newcomer.id, app));
  for (const { id } of [owner, member, other]) assert.deepEqual(ok(await associate(id, at)), now);
  assert.equal(ok(await signIn(at, owner.email)).user.id, owner.id);
  sameMembers(await listed(at), [owner.id, other.id]);
});

test("7.6.161 users who left their tenant, and became primary with one address", async () => {
  const { app, t1 } = await appWithTenants();
  const email = newEmail();
  const [one, other] = [await withPassword(t1, email), await withProvider(t1, email)];
  for (const { id } of [one, other]) ok(await disassociate(id, t1));
  for (const { id } of [one, other]) assert.equal(ok(await createPrimary(id, app)).wasAlreadyAPrimaryUser, false);
  assert.deepEqual(ok(await associate(one.id, t1)), now);
  await refusesAssociation(other.id, t1, app);
  assert.equal(has(await link(other.id, one.id, app), LINKED_TO_ANOTHER).primaryUserId, other.id);
});

test("3.9 a group lets go of a tenant with its last member there", async () => {
  const { app, t1, t2 } = await appWithTenants();
  const [owner, member] = [await withPassword(t1), await withProvider(t2)];
  await group(app, owner, member);
  ok(await associate(owner.id, t2));
  const there = await withCode(t2, owner.email);
  has(await checkPrimary(there.id, app), INFO_TAKEN);
  ok(await disassociate(owner.id, t2));
  has(await checkPrimary(there.id, app), INFO_TAKEN, "one member is still in it");
  ok(await disassociate(member.id, t2));
  assert.equal(ok(await createPrimary(there.id, app)).user.id, there.id);
});

test("3.9 ids that are empty or missing", async () => {
  const at = await newTenant();
  for (const ask of [associate, disassociate]) {
    for (const id of ["", "  "]) refused(await ask(id, at), 400, "Field name 'userId' cannot be an empty String");
  }
  for (const path of [TENANT_USER, `${TENANT_USER}/remove`]) {
    for (const version of VERSIONS) {
      const [right, wrong] = version === "3.1" ? ["userId", "recipeUserId"] : ["recipeUserId", "userId"];
      badField(await post(at + path, { [wrong]: "x" }, version), right, version);
    }
  }
});

test("1.8 blanks around an id are dropped", async () => {
  const { app, t1, t2 } = await appWithTenants();
  const { id } = await withPassword(t1);
  const padded = ` ${id}\t`;
  assert.deepEqual(ok(await associate(padded, t2)), now);
  assert.deepEqual(ok(await disassociate(padded, t2)), { status: "OK", wasAssociated: true });
  assert.deepEqual((await userOf(id, app)).tenantIds, [tenantId(t1)]);
});

test("3.9 users of another app are unknown", async () => {
  const { id } = await withPassword(await newApp());
  const app = await newApp();
  for (const ask of [associate, disassociate]) has(await ask(id, app), UNKNOWN_USER);
  has(await findUser(id, app), UNKNOWN_USER);
});

test("3.9 the same in SQL", async () => {
  const at = await newTenant();
  const { id } = await withPassword();
  const args = { recipe_user_id: id, tenant_id: tenantId(at) };
  for (const answer of [now, before]) assert.deepEqual(sqlCall("associate_user_to_tenant", args), answer);
  for (const wasAssociated of [true, false]) {
    assert.deepEqual(sqlCall("disassociate_user_from_tenant", args), { status: "OK", wasAssociated });
  }
});
