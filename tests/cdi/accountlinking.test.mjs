// Account linking: what groups are, and how they come and go (CDI 2.11, 3.5, 7.6).
import test from "node:test";
import {
  assert, badField, consumeCode, createCode, createSession, get, has, newApp, newEmail, newPhone, ok,
  post, refused, sameMembers, signIn, signInUp, signUp, sql, sqlCall, typed,
} from "./helper.mjs";
import {
  ALREADY_LINKED, NOT_PRIMARY, alive, appWithTenants, checkLink, checkPrimary, createPrimary, group, link, mapped,
  methodIds, openSession, tenantId, unlink, userOf, withCode, withPassword, withPhone, withProvider,
} from "./linking_helper.mjs";

const LINKING = "/recipe/accountlinking/user";
const VERSIONS = ["4.0", "5.0", "5.4", "5.6"];
const everyRecipe = async (at) =>
  [await withPassword(at), await withProvider(at), await withCode(at), await withPhone(at, newPhone())];

test("7.6.134 a user of each recipe becomes primary, once", async () => {
  const app = await newApp();
  for (const version of VERSIONS) {
    for (const { id } of await everyRecipe(app)) {
      const before = await userOf(id, app, version);
      assert.equal(before.isPrimaryUser, false);
      const user = { ...before, isPrimaryUser: true };
      const done = ok(await createPrimary(id, app, version));
      assert.deepEqual(done, { status: "OK", wasAlreadyAPrimaryUser: false, user });
      assert.deepEqual(await userOf(id, app, version), user);
      const again = ok(await createPrimary(id, app, version));
      assert.deepEqual(again, { status: "OK", wasAlreadyAPrimaryUser: true, user });
    }
  }
});

test("7.6.137 a linked user does not become primary", async () => {
  const app = await newApp();
  const [owner, member] = [await withPassword(app), await withProvider(app)];
  await group(app, owner, member);
  for (const ask of [checkPrimary, createPrimary]) {
    assert.deepEqual(has(await ask(member.id, app), ALREADY_LINKED), {
      status: ALREADY_LINKED, primaryUserId: owner.id,
      description: "This user ID is already linked to another user ID",
    });
  }
});

test("7.6.138 ids that are unknown or missing", async () => {
  const { id } = await signUp();
  const primary = await signUp();
  ok(await createPrimary(primary.id));
  for (const version of VERSIONS) {
    for (const unknown of ["unknown", "", "00000000-0000-4000-8000-000000000000"]) {
      for (const answer of [
        await createPrimary(unknown, "", version), await checkPrimary(unknown, "", version),
        await unlink(unknown, "", version), await link(unknown, primary.id, "", version),
        await link(id, unknown, "", version), await checkLink(unknown, primary.id, "", version),
        await checkLink(id, unknown, "", version),
      ]) refused(answer, 400, "Unknown user ID provided", `${version} ${unknown}`);
    }
    for (const [path, body, field] of [
      ["primary", {}, "recipeUserId"], ["unlink", {}, "recipeUserId"], ["primary", { recipeUserId: 1 }, "recipeUserId"],
      ["link", { primaryUserId: id }, "recipeUserId"], ["link", { recipeUserId: id }, "primaryUserId"],
      ["link", { recipeUserId: id, primaryUserId: null }, "primaryUserId"],
    ]) badField(await post(`${LINKING}/${path}`, body, version), field, `${version} ${path}`);
    for (const [path, query, field] of [
      ["primary", {}, "recipeUserId"], ["link", { primaryUserId: id }, "recipeUserId"],
      ["link", { recipeUserId: id }, "primaryUserId"],
    ]) {
      const answer = await get(`${LINKING}/${path}/check`, query, version);
      refused(answer, 400, `Field name '${field}' is missing in GET request`, `${version} ${path}`);
    }
  }
});

test("2.11 linking is of the app, not of a tenant", async () => {
  const { app, t1 } = await appWithTenants();
  const { id } = await signUp(t1);
  const only = "Only public tenantId can call this app specific API";
  for (const answer of [await createPrimary(id, t1), await checkPrimary(id, t1), await link(id, id, t1),
    await checkLink(id, id, t1), await unlink(id, t1)]) refused(answer, 403, only);
  // Before CDI 5.0 the tenant is not looked at.
  assert.equal(ok(await checkPrimary(id, t1, "4.0")).wasAlreadyAPrimaryUser, false);
  refused(await createPrimary(id, await newApp()), 400, "Unknown user ID provided");
  ok(await createPrimary(id, `${app}/public`));
});

test("7.6.139 checks say what would happen, and change nothing", async () => {
  const app = await newApp();
  const [owner, member] = [await withPassword(app), await withProvider(app)];
  const users = async () => [await userOf(owner.id, app), await userOf(member.id, app)];
  const same = async (before) => assert.deepEqual(await users(), before);
  let before = await users();
  assert.deepEqual(ok(await checkPrimary(owner.id, app)), { status: "OK", wasAlreadyAPrimaryUser: false });
  assert.deepEqual(has(await checkLink(member.id, owner.id, app), NOT_PRIMARY), { status: NOT_PRIMARY });
  await same(before);
  ok(await createPrimary(owner.id, app));
  before = await users();
  assert.deepEqual(ok(await checkPrimary(owner.id, app)), { status: "OK", wasAlreadyAPrimaryUser: true });
  assert.deepEqual(ok(await checkLink(member.id, owner.id, app)), { status: "OK", accountsAlreadyLinked: false });
  await same(before);
  ok(await link(member.id, owner.id, app));
  assert.deepEqual(ok(await checkLink(member.id, owner.id, app)), { status: "OK", accountsAlreadyLinked: true });
});

test("7.6.140 7.6.148 a link, within a tenant and across tenants", async () => {
  const { app, t1, t2 } = await appWithTenants();
  for (const [first, second] of [[t1, t1], [t1, t2], [t2, app]]) {
    const older = await withProvider(first);
    const newer = await withPassword(second);
    ok(await createPrimary(newer.id, app));
    const { user, ...done } = ok(await link(older.id, newer.id, app));
    assert.deepEqual(done, { status: "OK", accountsAlreadyLinked: false });
    assert.ok(older.user.timeJoined < newer.user.timeJoined);
    assert.deepEqual([user.id, user.isPrimaryUser, user.timeJoined], [newer.id, true, older.user.timeJoined]);
    assert.deepEqual(user.loginMethods, [...older.user.loginMethods, ...newer.user.loginMethods], "by age");
    sameMembers(user.tenantIds, [...new Set([...older.user.tenantIds, ...newer.user.tenantIds])]);
    sameMembers(user.emails, [older.email, newer.email]);
    assert.deepEqual(user.thirdParty, older.user.thirdParty);
    for (const { id } of [older, newer]) assert.deepEqual(await userOf(id, app), user, "by any member's id");
    assert.deepEqual(ok(await link(older.id, newer.id, app)), { status: "OK", accountsAlreadyLinked: true, user });
  }
});

test("7.6.141 7.6.142 a link to a member, and to oneself", async () => {
  const app = await newApp();
  const [owner, member, other] = [await withPassword(app), await withProvider(app), await withCode(app)];
  await group(app, owner, member);
  assert.equal(ok(await checkLink(other.id, member.id, app)).accountsAlreadyLinked, false);
  const { user } = ok(await link(other.id, member.id, app));
  assert.equal(user.id, owner.id);
  sameMembers(methodIds(user), [owner.id, member.id, other.id]);
  for (const [one, another] of [[owner, owner], [owner, member], [member, member], [other, member]]) {
    assert.deepEqual(ok(await link(one.id, another.id, app)), { status: "OK", accountsAlreadyLinked: true, user });
    assert.equal(ok(await checkLink(one.id, another.id, app)).accountsAlreadyLinked, true);
  }
});

test("7.6.143 a user who is not primary has no group", async () => {
  const app = await newApp();
  const [one, other] = [await withPassword(app), await withProvider(app)];
  ok(await createPrimary(one.id, app));
  for (const id of [one.id, other.id]) {
    for (const ask of [link, checkLink]) {
      assert.deepEqual(has(await ask(id, other.id, app), NOT_PRIMARY), { status: NOT_PRIMARY }, "comes first");
    }
  }
});

test("7.6.147 users with one address are one user with one address", async () => {
  const app = await newApp();
  const email = newEmail();
  const [owner, ...others] = [
    await withPassword(app, email), await withProvider(app, email), await withCode(app, email),
    await withProvider(app, email),
  ];
  const user = await group(app, owner, ...others);
  assert.deepEqual([user.emails, user.loginMethods.length, user.thirdParty.length], [[email], 4, 2]);
});

test("7.6.149 mapped users, named by either id", async () => {
  const app = await newApp();
  const [owner, member] = [await withPassword(app), await withProvider(app)];
  const external = { owner: await mapped(owner.id, app), member: await mapped(member.id, app) };
  const shown = (user) => {
    assert.equal(user.id, external.owner);
    assert.deepEqual(methodIds(user).slice(0, 2), [external.owner, external.member]);
  };
  assert.equal(ok(await createPrimary(external.owner, app)).user.id, external.owner);
  for (const [recipeUserId, primaryUserId] of [[external.member, owner.id], [member.id, external.owner],
    [external.member, external.owner], [member.id, owner.id]]) {
    assert.equal(ok(await checkLink(recipeUserId, primaryUserId, app)).accountsAlreadyLinked, false);
    shown(ok(await link(recipeUserId, primaryUserId, app)).user);
    assert.equal(has(await createPrimary(recipeUserId, app), ALREADY_LINKED).primaryUserId, external.owner);
    assert.equal(ok(await unlink(recipeUserId, app)).wasLinked, true);
  }
  ok(await link(member.id, external.owner, app));
  const third = await withCode(app);
  shown(ok(await link(third.id, external.member, app)).user);
  for (const id of [owner.id, member.id, third.id, ...Object.values(external)]) shown(await userOf(id, app));
});

test("7.6.150 a link ends the sessions of the one who is linked", async () => {
  const { app, t1, t2 } = await appWithTenants();
  for (const isMapped of [false, true]) {
    const [owner, member] = [await withPassword(t1), await withProvider(t1)];
    const id = isMapped ? await mapped(member.id, app) : member.id;
    ok(await createPrimary(owner.id, app));
    const ended = [await openSession(app, id), await openSession(t1, id), await openSession(t2, id)];
    const kept = [await openSession(app, owner.id), await openSession(t1, owner.id)];
    ok(await checkLink(member.id, owner.id, app));
    assert.ok((await alive([...ended, ...kept], app)).every(Boolean));
    ok(await link(id, owner.id, app));
    assert.ok((await alive(kept, app)).every(Boolean));
    assert.ok(!(await alive(ended, app)).some(Boolean), `mapped: ${isMapped}`);
    const again = await openSession(t2, id);
    ok(await link(id, owner.id, app));
    assert.deepEqual(await alive([again], app), [true], "what is linked already is left alone");
  }
});

test("7.6.151 the two count as one active user, as of the later time", async () => {
  for (const lastOfOwner of ["3 hours", "1 hour"]) {
    const app = await newApp();
    const [owner, member] = [await withPassword(app), await withProvider(app)];
    const active = async (hours) =>
      ok(await get(`${app}/users/count/active`, { since: hours && Date.now() - hours * 3_600_000 })).count;
    const set = (id, ago) =>
      sql("UPDATE auth.active_users SET last_active_at = now() - $2::interval WHERE user_id = $1 RETURNING 1", id, ago);
    set(owner.id, lastOfOwner);
    set(member.id, lastOfOwner === "1 hour" ? "3 hours" : "1 hour");
    assert.deepEqual([await active(0), await active(2)], [2, 1]);
    await group(app, owner, member);
    assert.deepEqual([await active(0), await active(2)], [1, 1], lastOfOwner);
  }
});

test("7.6.159 a session of a linked user is the group's, wherever it begins", async () => {
  const { app, t1, t2, t3 } = await appWithTenants();
  const [owner, member] = [await withPassword(t1), await withProvider(t2)];
  await group(app, owner, member);
  for (const at of [app, t1, t2, t3]) {
    for (const { id } of [owner, member]) {
      const { session } = ok(await createSession(at, id));
      assert.deepEqual([session.userId, session.recipeUserId, session.tenantId],
        [owner.id, id, at === app ? "public" : tenantId(at)]);
      const stored = ok(await get(`${app}/recipe/session`, { sessionHandle: session.handle }));
      assert.deepEqual([stored.userId, stored.recipeUserId], [owner.id, id]);
    }
  }
});

test("7.2.30 7.4.119 a member signs in as the group, by its own method", async () => {
  const app = await newApp();
  const [owner, other, password, code] =
    [await withProvider(app), await withProvider(app), await withPassword(app), await withCode(app)];
  await group(app, owner, other, password, code);
  const user = await userOf(owner.id, app);
  for (const [id, answer] of [
    [owner.id, await signInUp(owner.given, app)], [other.id, await signInUp(other.given, app)],
    [password.id, await signIn(app, password.email)],
    [code.id, await consumeCode(typed(await createCode({ email: code.email }, app)), app)],
  ]) {
    const done = ok(answer);
    assert.equal(done.recipeUserId, id);
    assert.deepEqual(done.user, user);
  }
});

test("7.2.31 a member of another recipe does not sign in by the password", async () => {
  const { app, t1, t2 } = await appWithTenants();
  const email = newEmail();
  const [password, code] = [await withPassword(t1, email), await withCode(t2, email)];
  await group(app, password, code);
  assert.equal(ok(await signIn(t1, email)).recipeUserId, password.id);
  for (const at of [t2, app]) has(await signIn(at, email), "WRONG_CREDENTIALS_ERROR");
});

test("6.2 before CDI 4.0 a group is shown as its oldest member", async () => {
  const app = await newApp();
  const older = await withPassword(app);
  const newer = await withProvider(app);
  ok(await createPrimary(newer.id, app));
  ok(await link(older.id, newer.id, app));
  const { users } = ok(await get(`${app}/users`, {}, "3.1"));
  const { id, email, user } = older;
  const shown = { id, email, timeJoined: user.timeJoined, tenantIds: ["public"] };
  assert.deepEqual(users, [{ recipeId: "emailpassword", user: shown }]);
});

test("2.11 the same in SQL", async () => {
  const [owner, member] = [await withPassword(), await withProvider()];
  const ids = { recipe_user_id: member.id, primary_user_id: owner.id };
  const ofOwner = { recipe_user_id: owner.id };
  assert.deepEqual(sqlCall("can_create_primary_user", ofOwner), { status: "OK", wasAlreadyAPrimaryUser: false });
  assert.equal(sqlCall("can_link_accounts", ids).status, NOT_PRIMARY);
  assert.equal(sqlCall("create_primary_user", ofOwner).user.isPrimaryUser, true);
  assert.deepEqual(sqlCall("can_link_accounts", ids), { status: "OK", accountsAlreadyLinked: false });
  assert.deepEqual(methodIds(sqlCall("link_accounts", ids).user), [owner.id, member.id]);
  assert.equal((await userOf(member.id)).id, owner.id);
  const { recipe_user_id } = ids;
  assert.deepEqual(sqlCall("unlink_account", { recipe_user_id }),
    { status: "OK", wasRecipeUserDeleted: false, wasLinked: true });
});
