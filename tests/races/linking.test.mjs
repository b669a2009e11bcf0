// Groups of linked users: nobody is in two, and no two have one address, whoever comes at the same time.
import assert from "node:assert/strict";
import test from "node:test";
import {
  MANY, address, atOnce, backends, cdi, deadlocks, endObserving, interleaved, name, newUser, post, put, quoted,
  statuses, tally,
} from "./support.mjs";

const ROUNDS = 5;
const LINKING = "/recipe/accountlinking/user";
const ANOTHER = "RECIPE_USER_ID_ALREADY_LINKED_WITH_ANOTHER_PRIMARY_USER_ID_ERROR";
const TAKEN = "ACCOUNT_INFO_ALREADY_ASSOCIATED_WITH_ANOTHER_PRIMARY_USER_ID_ERROR";
const CHANGE = "EMAIL_CHANGE_NOT_ALLOWED_ERROR";
const UNKNOWN_USER = "22023"; // over HTTP a 400

test.after(endObserving);

const createPrimary = ({ id }) => post(`${LINKING}/primary`, { recipeUserId: id });
const link = (user, primary) => post(`${LINKING}/link`, { recipeUserId: user.id, primaryUserId: primary.id });
const unlink = ({ id }) => post(`${LINKING}/unlink`, { recipeUserId: id });
const remove = ({ id }) => post("/user/remove", { userId: id });
const associate = ({ id }, tenant) => post(`/${tenant}/recipe/multitenancy/tenant/user`, { recipeUserId: id });
const find = async ({ id }) => (await cdi("GET", `/user/id?userId=${id}`)).user;

/** The same as statements of SQL. */
const toCreate = ({ id }) => `SELECT auth.create_primary_user(${quoted(id)})`;
const toLink = (user, primary) => `SELECT auth.link_accounts(${quoted(user.id)}, ${quoted(primary.id)})`;
const toUnlink = ({ id }) => `SELECT auth.unlink_account(${quoted(id)})`;
const toDelete = ({ id }) => `SELECT auth.delete_user(${quoted(id)})`;
const toChange = ({ id }, email) => `SELECT auth.update_email_or_password(${quoted(id)}, ${quoted(email)})`;

/** A new user with an account at a provider, where addresses need not differ. */
const newAccount = async (email = address(), path = "") => {
  const given = { thirdPartyId: "github", thirdPartyUserId: address(), email: { id: email, isVerified: false } };
  const answer = await post(`${path}/recipe/signinup`, given);
  assert.equal(answer.status, "OK", JSON.stringify(answer));
  return { id: answer.user.id, email };
};

const newPrimary = async (email) => {
  const user = await newAccount(email);
  assert.equal((await createPrimary(user)).status, "OK");
  return user;
};

const newTenant = async () => {
  const tenantId = name();
  assert.equal((await put("/recipe/multitenancy/tenant/v2", { tenantId })).status, "OK");
  return tenantId;
};

/** All of them answered, and none with an error. */
const noneFailed = (answers) => {
  assert.ok(answers.every(({ failed, code }) => !failed && (code ?? 200) === 200), JSON.stringify(statuses(answers)));
};

const membersOf = async (user) => (await find(user)).loginMethods.map(({ recipeUserId }) => recipeUserId).sort();

/** Whether somebody else holds the address: a new user who has it cannot become primary. */
const isHeld = async (email) => {
  const probe = await newAccount(email);
  const { status } = await createPrimary(probe);
  assert.ok(["OK", TAKEN].includes(status), status);
  await remove(probe);
  return status === TAKEN;
};

test("one of two groups gets a user whom many link, over HTTP and in SQL", async (t) => {
  const all = await backends(t);
  const before = deadlocks();
  for (const call of [(n, ...pair) => link(...pair), (n, ...pair) => all[n].ask(toLink(...pair))]) {
    for (let round = 0; round < ROUNDS; round += 1) {
      const [user, ...primaries] = [await newUser(), await newPrimary(), await newPrimary()];
      const answers = await atOnce((n) => call(n, user, primaries[n % 2]));
      assert.deepEqual(statuses(answers), { OK: MANY / 2, [ANOTHER]: MANY / 2 });
      const winners = answers.filter(({ status }) => status === "OK");
      assert.deepEqual(tally(winners.map((answer) => answer.accountsAlreadyLinked)), { false: 1, true: MANY / 2 - 1 });
      const winner = answers[0].status === "OK" ? primaries[0] : primaries[1];
      const loser = primaries.find((primary) => primary !== winner);
      for (const answer of answers) assert.equal(answer.primaryUserId ?? answer.user.id, winner.id);
      assert.deepEqual(await membersOf(user), [user.id, winner.id].sort());
      assert.deepEqual(await membersOf(loser), [loser.id]);
    }
  }
  assert.equal(deadlocks(), before);
});

test("one of many users with one address becomes primary, over HTTP and in SQL", async (t) => {
  const all = await backends(t);
  const before = deadlocks();
  for (const call of [(n, user) => createPrimary(user), (n, user) => all[n].ask(toCreate(user))]) {
    for (let round = 0; round < ROUNDS; round += 1) {
      const email = address();
      const users = await atOnce(() => newAccount(email));
      const answers = await atOnce((n) => call(n, users[n]));
      assert.deepEqual(statuses(answers), { OK: 1, [TAKEN]: MANY - 1 });
      const winner = users[answers.findIndex(({ status }) => status === "OK")];
      for (const answer of answers) assert.equal(answer.primaryUserId ?? answer.user.id, winner.id);
      const found = await Promise.all(users.map(find));
      assert.deepEqual(found.filter((user) => user.isPrimaryUser).map(({ id }) => id), [winner.id]);
    }
  }
  assert.equal(deadlocks(), before);
});

test("who becomes primary waits for one who may yet not", async (t) => {
  const [one, other] = await backends(t, 2);
  for (const [end, status] of [["COMMIT", TAKEN], ["ROLLBACK", "OK"]]) {
    const email = address();
    const users = [await newAccount(email), await newAccount(email)];
    await one.ask("BEGIN");
    assert.equal((await one.ask(toCreate(users[0]))).status, "OK");
    const second = other.ask(toCreate(users[1]));
    await one.ask(end);
    assert.equal((await second).status, status);
  }
});

test("links that cross each other do not deadlock", async (t) => {
  const all = await backends(t);
  const before = deadlocks();
  for (let round = 0; round < ROUNDS; round += 1) {
    const [one, other] = [await newPrimary(), await newPrimary()];
    const answers = await atOnce((n) => all[n].ask(n % 2 ? toLink(one, other) : toLink(other, one)));
    assert.deepEqual(statuses(answers), { [ANOTHER]: MANY });

    // Each becomes primary and is linked to the other, in both orders.
    const pair = [await newAccount(), await newAccount()];
    const steps = [toCreate(pair[0]), toLink(...pair), toCreate(pair[1]), toLink(pair[1], pair[0])];
    noneFailed(await atOnce((n) => all[n].ask(steps[n % 4])));
    const users = await Promise.all(pair.map(find));
    assert.ok(users.some((user) => user.isPrimaryUser));
    const together = users[0].id === users[1].id;
    for (const user of users) assert.equal(user.loginMethods.length, together ? 2 : 1);
  }
  assert.equal(deadlocks(), before);
});

test("two groups that want the same addresses, in opposite order, share none", async (t) => {
  const all = await backends(t);
  const before = deadlocks();
  for (let round = 0; round < ROUNDS; round += 1) {
    const groups = [await newPrimary(), await newPrimary()];
    const emails = Array.from({ length: MANY / 2 }, () => address());
    const wanted = await atOnce((n) => newAccount(n % 2 ? emails.at(-1 - (n >> 1)) : emails[n >> 1]));
    const answers = await atOnce((n) => all[n].ask(toLink(wanted[n], groups[n % 2])));
    assert.deepEqual(statuses(answers), { OK: MANY / 2, [TAKEN]: MANY / 2 });
    const [one, other] = await Promise.all(groups.map(find));
    assert.deepEqual(one.emails.filter((email) => other.emails.includes(email)), []);
    assert.equal(one.emails.length + other.emails.length, emails.length + groups.length, "each address went to one");
  }
  assert.equal(deadlocks(), before);
});

test("a link that races sign-ins and sessions of the one who is linked", async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const [user, primary] = [await newUser(), await newPrimary()];
    const session = { userId: user.id, userDataInJWT: {}, userDataInDatabase: {}, enableAntiCsrf: false };
    const answers = await atOnce((n) => {
      if (n === MANY / 2) return link(user, primary);
      return n % 2 ? post("/recipe/session", session) : post("/recipe/signin", { email: user.email, password: "old" });
    });
    assert.deepEqual(statuses(answers), { OK: MANY }, "the password was right all the time");
    for (const { user: seen } of answers.filter((answer) => answer.user)) {
      assert.equal(seen.loginMethods.length, seen.id === primary.id ? 2 : 1, "before the link or after it");
    }
    const handles = answers.filter((answer) => answer.session).map((answer) => answer.session.handle);
    const kept = await Promise.all(handles.map((handle) => cdi("GET", `/recipe/session?sessionHandle=${handle}`)));
    for (const { status, userId } of kept) {
      assert.ok(status === "UNAUTHORISED" || userId === primary.id, `${status} of ${userId}`);
    }
  }
});

for (const [call, other] of [["auth.sign_in(EMAIL, 'old')", "a sign-in"], ["auth.create_session(ID)", "a session"]]) {
  for (const linkFirst of [true, false]) {
    test(`a link and ${other} at once, the ${linkFirst ? "link" : "other"} begun first`, async (t) => {
      const [user, primary] = [await newUser(), await newPrimary()];
      const statement = `SELECT ${call.replace("ID", quoted(user.id)).replace("EMAIL", quoted(user.email))}`;
      const both = [toLink(user, primary), statement];
      const answers = await interleaved(await backends(t, 2), ...(linkFirst ? both : both.reverse()));
      assert.deepEqual(statuses(answers), { OK: 2 });
      assert.equal((await find(user)).id, primary.id);
      const { sessionHandles } = await cdi("GET", `/recipe/session/user?userId=${user.id}`);
      for (const handle of sessionHandles) {
        const { userId } = await cdi("GET", `/recipe/session?sessionHandle=${handle}`);
        assert.equal(userId, primary.id, "no session is left that names the former user");
      }
    });
  }
}

for (const deleted of ["user", "primary"]) {
  for (const linkFirst of [true, false]) {
    const order = linkFirst ? "the link begun first" : "the deletion begun first";
    test(`a link and the deletion of the ${deleted}, ${order}`, async (t) => {
      const before = deadlocks();
      const users = { user: await newUser(), primary: await newPrimary() };
      const both = [toLink(users.user, users.primary), toDelete(users[deleted])];
      const [first, second] = await interleaved(await backends(t, 2), ...(linkFirst ? both : both.reverse()));
      assert.deepEqual([first.status, second.status], ["OK", linkFirst ? "OK" : UNKNOWN_USER]);
      assert.equal((await find(users[deleted]))?.id, undefined, "who was deleted is gone");
      const stays = deleted === "user" ? users.primary : users.user;
      const left = linkFirst ? undefined : [stays.id];
      const found = await find(stays);
      assert.deepEqual(found?.loginMethods.map(({ recipeUserId }) => recipeUserId), left, "the group goes as a whole");
      const held = [await isHeld(users.user.email), await isHeld(users.primary.email)];
      assert.deepEqual(held, [false, deleted === "user" && !linkFirst]);
      assert.equal(deadlocks(), before);
    });
  }
}

test("many links and one deletion, over HTTP", async () => {
  const before = deadlocks();
  for (let round = 0; round < ROUNDS; round += 1) {
    const primary = await newPrimary();
    const users = await atOnce(() => newAccount());
    const answers = await atOnce((n) => (n === MANY / 2 ? remove(primary) : link(users[n], primary)));
    for (const [n, { code, status }] of answers.entries()) {
      assert.ok(status === "OK" || (code === 400 && status === "Unknown user ID provided"), `${code} ${status}`);
      const found = await find(users[n]);
      if (n === MANY / 2 || status !== "OK") assert.equal(found.isPrimaryUser, false);
      else assert.equal(found, undefined, "who was linked was deleted with the group");
    }
    assert.equal(await find(primary), undefined);
  }
  assert.equal(deadlocks(), before);
});

test("links and unlinks of one user end in one or the other", async (t) => {
  const all = await backends(t);
  const before = deadlocks();
  for (let round = 0; round < ROUNDS; round += 1) {
    const [user, primary] = [await newUser(), await newPrimary()];
    noneFailed(await atOnce((n) => all[n].ask(n % 2 ? toUnlink(user) : toLink(user, primary))));
    const isLinked = (await find(user)).id === primary.id;
    assert.deepEqual(await membersOf(primary), (isLinked ? [user.id, primary.id] : [primary.id]).sort());
    assert.deepEqual([await isHeld(user.email), await isHeld(primary.email)], [isLinked, true]);
  }
  for (const linkFirst of [true, false]) {
    const [user, primary] = [await newUser(), await newPrimary()];
    if (!linkFirst) assert.equal((await link(user, primary)).status, "OK");
    const both = linkFirst ? [toLink(user, primary), toUnlink(user)] : [toUnlink(user), toLink(user, primary)];
    const answers = await interleaved(all, ...both);
    assert.deepEqual(statuses(answers), { OK: 2 });
    const unlinked = answers[linkFirst ? 1 : 0];
    assert.equal(unlinked.wasLinked, true);
    assert.deepEqual([(await find(user)).id === primary.id, await isHeld(user.email)], [!linkFirst, !linkFirst]);
  }
  assert.equal(deadlocks(), before);
});

test("a primary user's new address, and one who becomes primary with it", async (t) => {
  const all = await backends(t);
  const before = deadlocks();
  const onlyOne = ([changed, made], email) => {
    const outcomes = [{ OK: 1, [TAKEN]: 1 }, { [CHANGE]: 1, OK: 1 }];
    const expected = changed.status === "OK" ? outcomes[0] : outcomes[1];
    assert.deepEqual(statuses([changed, made]), expected, email);
  };
  const newPair = async () => {
    const email = address();
    const [changing, becoming] = [await newUser(), await newAccount(email)];
    assert.equal((await createPrimary(changing)).status, "OK");
    return { email, changing, becoming };
  };
  for (let round = 0; round < ROUNDS; round += 1) {
    const pairs = await atOnce(newPair, MANY / 2);
    const answers = await atOnce((n) => {
      const { email, changing, becoming } = pairs[n >> 1];
      return all[n].ask(n % 2 ? toCreate(becoming) : toChange(changing, email));
    });
    for (const [n, { email }] of pairs.entries()) onlyOne(answers.slice(2 * n, 2 * n + 2), email);
    const overHttp = await newPair();
    onlyOne(await Promise.all([
      put("/recipe/user", { recipeUserId: overHttp.changing.id, email: overHttp.email }),
      createPrimary(overHttp.becoming),
    ]), overHttp.email);
  }
  for (const changeFirst of [true, false]) {
    const { email, changing, becoming } = await newPair();
    const both = [toChange(changing, email), toCreate(becoming)];
    const answers = await interleaved(all, ...(changeFirst ? both : both.reverse()));
    assert.deepEqual(answers.map(({ status }) => status), ["OK", changeFirst ? TAKEN : CHANGE]);
    const holder = changeFirst ? changing : becoming;
    const owners = [await find(changing), await find(becoming)].filter(
      (user) => user.isPrimaryUser && user.emails.includes(email),
    );
    assert.deepEqual(owners.map(({ id }) => id), [holder.id]);
  }
  assert.equal(deadlocks(), before);
});

test("one of two users with one address comes to a tenant", async () => {
  const before = deadlocks();
  const signUp = async (tenant, email) => (await post(`/${tenant}/recipe/signup`, { email, password: "old" })).user;
  const primary = async (tenant, email) => {
    const user = await newAccount(email, `/${tenant}`);
    assert.equal((await createPrimary(user)).status, "OK");
    return user;
  };
  for (const [make, refusal] of [[signUp, "EMAIL_ALREADY_EXISTS_ERROR"], [primary, "ASSOCIATION_NOT_ALLOWED_ERROR"]]) {
    for (let round = 0; round < ROUNDS; round += 1) {
      const email = address();
      const [one, other, target] = [await newTenant(), await newTenant(), await newTenant()];
      const users = [await make(one, email), await make(other, email)];
      const answers = await atOnce((n) => associate(users[n % 2], target));
      assert.deepEqual(statuses(answers), { OK: MANY / 2, [refusal]: MANY / 2 });
      const came = answers.filter(({ status }) => status === "OK").map((answer) => answer.wasAlreadyAssociated);
      assert.deepEqual(tally(came), { false: 1, true: MANY / 2 - 1 });
      const winner = answers[0].status === "OK" ? 0 : 1;
      const tenants = await Promise.all(users.map(async (user) => (await find(user)).tenantIds.includes(target)));
      assert.deepEqual(tenants, [winner === 0, winner === 1]);
    }
  }
  assert.equal(deadlocks(), before);
});
