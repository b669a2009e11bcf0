// Users who are known by ids of another system, in the calls of all recipes (CDI 3.0, 3.6, 7.2, 7.5, 7.7, 7.10).
import test from "node:test";
import {
  assert, consumeCode, createCode, createSession, get, has, newApp, newEmail, newTenant, ok, post, refused, sameMembers,
  signIn, signInUp, signUp, typed,
} from "./helper.mjs";
import {
  UNKNOWN_USER, alive, associate, disassociate, findUser, giveRole, group, isVerified, map, mapped, mapping, metadataOf,
  methodIds, methodOf, openSession, removeUser, rolesOf, setMetadata, stranger, tenantId, updateContacts, updateUser,
  userOf, verificationToken, verified, verifyEmail, withCode, withPassword, withProvider,
} from "./linking_helper.mjs";

const RESET = "/recipe/user/password/reset/token";
const UNKNOWN = "UNKNOWN_MAPPING_ERROR";

test("7.10.247 a mapped user is found by either id, and shown with the external one", async () => {
  const app = await newApp();
  const { id, user } = await withPassword(app);
  const external = await mapped(id, app);
  const shown = { ...user, id: external, loginMethods: [{ ...user.loginMethods[0], recipeUserId: external }] };
  for (const userId of [id, external]) assert.deepEqual(await userOf(userId, app), shown);
  assert.deepEqual(ok(await get(`${app}/users`)).users, [shown]);
  const query = { email: user.emails[0], doUnionOfAccountInfo: true };
  assert.deepEqual(ok(await get(`${app}/users/by-accountinfo`, query)).users, [shown]);
  for (const unknown of ["unknown", "00000000-0000-4000-8000-000000000000"]) {
    has(await findUser(unknown, app), UNKNOWN_USER);
  }
  const old = ok(await get(`${app}/users`, {}, "3.1")).users;
  assert.equal(old[0].user.id, external);
});

test("7.2.33 mapped users sign in, each method by its own id", async () => {
  const app = await newApp();
  const [owner, member, code] = [await withPassword(app), await withProvider(app), await withCode(app)];
  await group(app, owner, member, code);
  const is = [];
  for (const { id } of [owner, member, code]) is.push(await mapped(id, app));
  for (const [n, answer] of [
    await signIn(app, owner.email), await signInUp(member.given, app),
    await consumeCode(typed(await createCode({ email: code.email }, app)), app),
  ].entries()) {
    const { user, recipeUserId } = ok(answer);
    assert.deepEqual([user.id, recipeUserId], [is[0], is[n]]);
    assert.deepEqual(methodIds(user), is);
  }
  for (const id of [...is, owner.id, member.id, code.id]) assert.deepEqual(methodIds(await userOf(id, app)), is);
});

test("3.6 sessions that are opened with the external id", async () => {
  const app = await newApp();
  const { id } = await withPassword(app);
  const external = await mapped(id, app);
  const { session } = ok(await createSession(app, external));
  assert.deepEqual([session.userId, session.recipeUserId], [external, external]);
  const stored = ok(await get(`${app}/recipe/session`, { sessionHandle: session.handle }));
  assert.deepEqual([stored.userId, stored.recipeUserId], [external, external]);
  const { sessionHandles } = ok(await get(`${app}/recipe/session/user`, { userId: external }));
  assert.deepEqual(sessionHandles, [session.handle]);
});

test("4.8 4.18 sessions that are opened with the own id of a mapped user", async () => {
  const app = await newApp();
  const { id } = await withPassword(app);
  const external = await mapped(id, app);
  const { session } = ok(await createSession(app, id));
  assert.deepEqual([session.userId, session.recipeUserId], [external, external]);
});

test("4.13 4.14 sessions of a mapped user are found by either id", async () => {
  const app = await newApp();
  const { id } = await withPassword(app);
  const external = await mapped(id, app);
  const handle = await openSession(app, external);
  const { sessionHandles } = ok(await get(`${app}/recipe/session/user`, { userId: id }));
  assert.deepEqual(sessionHandles, [handle]);
  assert.deepEqual(ok(await post(`${app}/recipe/session/remove`, { userId: id })).sessionHandlesRevoked, [handle]);
});

test("3.0 what is not about signing in takes ids as they are", async () => {
  const app = await newApp();
  const { id, email } = await withPassword(app);
  const external = await mapped(id, app);
  await setMetadata(external, { of: "external" }, app);
  await setMetadata(id, { of: "ours" }, app);
  assert.deepEqual([await metadataOf(external, app), await metadataOf(id, app)], [{ of: "external" }, { of: "ours" }]);
  await giveRole(external, app, app);
  assert.deepEqual([await rolesOf(external, app), await rolesOf(id, app)], [["admin"], []]);
  await verified(external, email, app);
  assert.deepEqual([await isVerified(external, email, app), await isVerified(id, email, app)], [true, false]);
  assert.equal((await userOf(id, app)).loginMethods[0].verified, true);
});

test("7.5.131 an address that was verified before the mapping", async () => {
  for (const version of ["4.0", "5.0", "5.4", "5.6"]) {
    const { id, email } = await signUp();
    await verified(id, email);
    const external = newEmail("ext");
    refused(await map(id, external, {}, "", "3.1"), 400, "UserId is already in use in EmailVerification recipe");
    ok(await map(id, external, {}, "", version));
    assert.equal((await userOf(external)).loginMethods[0].verified, true);
    assert.deepEqual([await isVerified(external, email), await isVerified(id, email)], [true, false], version);
  }
});

test("7.5.132 a token from before the mapping", async () => {
  const at = await newTenant();
  const { id, email } = await signUp(at);
  const token = await verificationToken(id, email, at);
  const external = await mapped(id);
  assert.deepEqual(ok(await verifyEmail(token, at)), { status: "OK", userId: external, email });
  assert.equal((await userOf(id)).loginMethods[0].verified, true);
});

test("7.5.133 each method of a group is verified by its own id", async () => {
  const app = await newApp();
  const email = newEmail();
  const [owner, member] = [await withPassword(app, email), await withProvider(app, email)];
  await group(app, owner, member);
  const [first, second] = [await mapped(owner.id, app), await mapped(member.id, app)];
  await verified(second, email, app);
  const user = await userOf(owner.id, app);
  assert.deepEqual([methodOf(user, first).verified, methodOf(user, second).verified], [false, true]);
});

test("3.4 a sign-in that verifies does so for the mapped user", async () => {
  const app = await newApp();
  const [code, account] = [await withCode(app), await withProvider(app)];
  for (const { id, email } of [code, account]) {
    const external = await mapped(id, app);
    ok(await post(`${app}/recipe/user/email/verify/remove`, { userId: external, email }));
    assert.equal((await userOf(id, app)).loginMethods[0].verified, false);
  }
  ok(await consumeCode(typed(await createCode({ email: code.email }, app)), app));
  ok(await signInUp({ ...account.given, email: { id: account.email, isVerified: true } }, app));
  for (const { id } of [code, account]) assert.equal((await userOf(id, app)).loginMethods[0].verified, true);
});

test("7.7.174 a mapped user is deleted, by either id", async () => {
  for (const byExternalId of [false, true]) {
    const app = await newApp();
    const { id, email } = await withPassword(app);
    const external = await mapped(id, app);
    const handle = await openSession(app, external);
    await setMetadata(external, { a: 1 }, app);
    await giveRole(external, app, app);
    await verified(external, email, app);
    ok(await removeUser(byExternalId ? external : id, app));
    for (const userId of [id, external]) {
      has(await findUser(userId, app), UNKNOWN_USER);
      has(await mapping(userId, "ANY", app), UNKNOWN);
    }
    assert.deepEqual(await alive([handle], app), [false]);
    assert.deepEqual([await metadataOf(external, app), await rolesOf(external, app)], [{}, []]);
    assert.equal(await isVerified(external, email, app), false);
    const again = await withPassword(app, email);
    ok(await map(again.id, external, {}, app), "the external id is free");
  }
});

test("7.2.46 7.2.61 7.7.175 external ids in the calls about signing in", async () => {
  const app = await newApp();
  const at = await newTenant(app);
  const [owner, member, code] = [await withPassword(app), await withProvider(app), await withCode(app)];
  const external = await mapped(owner.id, app);
  const token = ok(await post(app + RESET, { userId: external, email: owner.email })).token;
  assert.deepEqual(ok(await post(`${app}${RESET}/consume`, { token })),
    { status: "OK", userId: external, email: owner.email });
  const again = ok(await post(app + RESET, { userId: external, email: owner.email })).token;
  const reset = await post(`${app}/recipe/user/password/reset`, { method: "token", token: again, newPassword: "new" });
  assert.equal(ok(reset).userId, external);
  const email = newEmail();
  ok(await updateUser(external, { email, password: "newer" }, app));
  assert.equal(ok(await signIn(app, email, "newer")).user.id, external);
  ok(await updateContacts(await mapped(code.id, app), { email: newEmail() }, app));
  ok(await associate(external, at));
  sameMembers((await userOf(owner.id, app)).tenantIds, ["public", tenantId(at)]);
  assert.equal(ok(await disassociate(external, at)).wasAssociated, true);
  await group(app, { id: external }, { id: await mapped(member.id, app) });
  assert.equal((await userOf(member.id, app)).id, external);
});

test("6.2 before CDI 4.0 mapped users have their external id as well", async () => {
  const given = stranger();
  const { id } = ok(await signInUp(given)).user;
  const external = await mapped(id);
  assert.equal(ok(await signInUp(given, "", "3.1")).user.id, external);
  const { email, id: own } = await signUp();
  const other = await mapped(own);
  const { user } = ok(await signIn("", email, undefined, "3.1"));
  assert.equal(user.id, other);
});
