// The same users imported by many at once, and imports against sign-ups and removals. The gateway's own work on the
// queue takes part.
import assert from "node:assert/strict";
import test from "node:test";
import {
  MANY, address, answeredOrWaiting, atOnce, backends, count, deadlocks, endObserving, interleaved, name, post, put,
  quoted, statuses, tally, value,
} from "./support.mjs";

const ROUNDS = 3;
const QUEUE = "/bulk-import/users";
const HASH = "$2a$04$abcdefghijklmnopqrstuuG6VOuWh0gXFKIfmp9oEhamBdcmRXDw.";

test.after(endObserving);

const phone = () => `+4930${name().replaceAll(/\D/g, "")}`;
const byPassword = (more) =>
  ({ recipeId: "emailpassword", email: address(), passwordHash: HASH, hashingAlgorithm: "bcrypt", ...more });
const byProvider = (more) =>
  ({ recipeId: "thirdparty", email: address(), thirdPartyId: "github", thirdPartyUserId: name(), ...more });
const byEmail = (more) => ({ recipeId: "passwordless", email: address(), ...more });
const byPhone = (more) => ({ recipeId: "passwordless", phoneNumber: phone(), ...more });
const userOf = (method, more) => ({ loginMethods: [method], ...more });

const importUser = (user, path = "") => post(`${path}/bulk-import/import`, user);
const importing = (users) => `SELECT auth.import_users(${quoted(JSON.stringify(users))})`;

/** OK, or the codes of what was told. */
const codes = (errors) => errors.map((error) => error.match(/^E\d+(?=: )/)?.[0] ?? error).join(" ");
const outcomes = (answers) =>
  tally(answers.map(({ code, status, errors }) => (status === undefined && code === 400 ? codes(errors) : status)));

const shuffled = (list) => list.map((item) => [Math.random(), item]).sort(([a], [b]) => a - b).map(([, item]) => item);

/** How many rows of users do not fit together. Those of tenants that were removed do not, and stay. */
const astray = () =>
  count(`auth.users u FULL JOIN auth.login_methods m ON m.id = u.id
    FULL JOIN auth.login_method_tenants t ON t.login_method_id = m.id
    WHERE u.id IS NULL OR m.id IS NULL OR t.login_method_id IS NULL`);

test("of many who import the same user one does, and nothing is left of the others", async () => {
  const unfit = await astray();
  for (const [make, code] of [
    [() => userOf(byPassword()), "E003"], [() => userOf(byProvider()), "E005"], [() => userOf(byEmail()), "E006"],
    [() => userOf(byPhone()), "E007"],
    [() => ({ loginMethods: [byPhone(), byPassword(), byProvider(), byEmail()] }), /^E00[3567]$/],
  ]) {
    for (let round = 0; round < ROUNDS; round += 1) {
      const user = make();
      const before = deadlocks();
      // Each names the login methods in another order.
      const answers = await atOnce(() => importUser({ ...user, loginMethods: shuffled(user.loginMethods) }));
      const { OK, ...others } = outcomes(answers);
      assert.equal(OK, 1, JSON.stringify(answers));
      assert.equal(Object.values(others).reduce((sum, number) => sum + number), MANY - 1);
      for (const other of Object.keys(others)) assert.match(other, new RegExp(code));
      assert.equal(deadlocks(), before);
    }
  }
  assert.equal(await astray(), unfit);
});

test("of many who want an external id, or to be the primary user of an address, one gets it", async () => {
  const unfit = await astray();
  const recipes = [byPassword, byProvider, byEmail];
  for (let round = 0; round < ROUNDS; round += 1) {
    const externalUserId = name();
    const mapped = await atOnce(() => importUser(userOf(byProvider(), { externalUserId })));
    assert.deepEqual(outcomes(mapped), { OK: 1, E031: MANY - 1 });

    const email = address();
    const answers = await atOnce((n) => importUser(userOf(recipes[n % 3]({ email, isPrimary: true }))));
    const { OK, ...others } = outcomes(answers);
    assert.equal(OK, 1, JSON.stringify(others));
    for (const other of Object.keys(others)) assert.match(other, /^E0(03|06|22)$/);
    assert.ok(others.E022 >= Math.floor(MANY / 3));
    assert.equal(await count(`auth.primary_claims WHERE value = ${quoted(email)}`), 1);
  }
  assert.equal(await astray(), unfit);
});

/** Users of every kind, each with an address that is known by its place. */
const crowd = (number) => {
  const make = [byPassword, byProvider, byEmail, () => byPhone({ email: address() })];
  return Array.from({ length: number }, (_, n) => userOf(make[n % 4](), n % 3 ? {} : { externalUserId: name() }));
};

/** Each of the users must have been imported once, by whomever. */
const checkShared = (users, orders, answers) => {
  const wins = new Map(users.map((user) => [user, 0]));
  for (const [n, { status, imported, failed, userIds }] of answers.entries()) {
    assert.equal(status, "OK");
    assert.equal(imported + failed.length, users.length);
    const lost = new Set(failed.map(({ index }) => index));
    for (const [index, user] of orders[n].entries()) {
      assert.equal(userIds[index] === null, lost.has(index));
      if (userIds[index]) wins.set(user, wins.get(user) + 1);
    }
    for (const { errors } of failed) assert.match(codes(errors), /^E0(03|05|06|07|31)$/);
  }
  assert.deepEqual(tally([...wins.values()]), { 1: users.length });
};

test("of the users of many large imports each is imported once", async (t) => {
  const unfit = await astray();
  const all = await backends(t);
  const before = deadlocks();
  for (let round = 0; round < ROUNDS; round += 1) {
    const users = crowd(60);
    const orders = all.map(() => shuffled(users));
    checkShared(users, orders, await atOnce((n) => all[n].ask(importing(orders[n]))));
  }
  assert.equal(deadlocks(), before);
  assert.equal(await astray(), unfit);
});

test("an import that is cancelled leaves nothing behind, and its session as it was", async (t) => {
  const [one, other] = await backends(t, 2);
  const email = address();
  const users = [userOf(byPassword({ email })), userOf(byProvider())];
  await one.ask("BEGIN");
  assert.equal((await one.ask(`SELECT auth.sign_up(${quoted(email)}, 'x')`)).status, "OK");
  const answer = other.ask(importing(users));
  await answeredOrWaiting(other, answer);
  await value(`SELECT pg_cancel_backend(${await other.id()})`);
  assert.deepEqual(await answer, { status: "57014", failed: true });
  assert.equal(await other.ask("SELECT 1"), "1", "no transaction is open");
  await one.ask("ROLLBACK");
  assert.equal((await other.ask(importing(users))).imported, 2);
});

test("imports of more than a batch do not deadlock, in whatever order", async (t) => {
  const [holder, ...pair] = await backends(t, 3);
  // Who waits for ever fails in the end.
  for (const backend of pair) await backend.ask("SET statement_timeout = '30s'");
  const before = deadlocks();
  const users = crowd(2400);
  const orders = [users, users.toReversed()];
  // Both have written a batch, the beginning and the end, when they come to somebody in the middle.
  await holder.ask("BEGIN");
  await holder.ask(importing([users[1100]]));
  const answers = [];
  for (const [n, backend] of pair.entries()) {
    answers.push(backend.ask(importing(orders[n])));
    await answeredOrWaiting(backend, answers[n]);
  }
  await holder.ask("ROLLBACK");
  const done = await Promise.all(answers);
  assert.deepEqual(statuses(done), { OK: 2 });
  checkShared(users, orders, done);
  assert.equal(deadlocks(), before);
});

test("an import and a sign-up do not both get an address", async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const email = address();
    const answers = await atOnce((n) =>
      n % 2 ? post("/recipe/signup", { email, password: "new" }) : importUser(userOf(byPassword({ email }))),
    );
    const { OK, ...others } = outcomes(answers);
    assert.equal(OK, 1, JSON.stringify(others));
    const lost = { E003: others.E003 ?? 0, EMAIL_ALREADY_EXISTS_ERROR: others.EMAIL_ALREADY_EXISTS_ERROR ?? 0 };
    assert.deepEqual(others, lost);
    assert.equal(await count(`auth.login_methods WHERE email = ${quoted(email)}`), 1);

    const given = byProvider();
    const { thirdPartyId, thirdPartyUserId } = given;
    const came = await atOnce((n) =>
      n % 2
        ? post("/recipe/signinup", { thirdPartyId, thirdPartyUserId, email: { id: given.email, isVerified: false } })
        : importUser(userOf(given)),
    );
    const made = came.filter(({ status, createdNewUser }) => status === "OK" && createdNewUser !== false);
    assert.equal(made.length, 1, JSON.stringify(outcomes(came)));
    assert.ok(came.every(({ status, errors }) => status === "OK" || codes(errors) === "E005"));
    assert.equal(await count(`auth.login_methods WHERE third_party_user_id = ${quoted(thirdPartyUserId)}`), 1);
  }
});

test("an import waits for an open sign-up, and a sign-up for an open import", async (t) => {
  const pair = await backends(t, 2);
  const signUp = (email) => `SELECT auth.sign_up(${quoted(email)}, 'x')`;
  const email = address();
  const users = [userOf(byPassword({ email })), userOf(byPassword())];
  const [first, late] = await interleaved(pair, signUp(email), importing(users));
  assert.deepEqual([first.status, late.imported, codes(late.failed[0].errors)], ["OK", 1, "E003"]);
  const other = address();
  const [made, refused] = await interleaved(pair, importing([userOf(byPassword({ email: other }))]), signUp(other));
  assert.deepEqual([made.imported, refused.status], [1, "EMAIL_ALREADY_EXISTS_ERROR"]);
});

const enqueue = async (users, path = "") => {
  const answer = await post(path + QUEUE, { users });
  assert.equal(answer.status, "OK", JSON.stringify(answer));
  return answer.users.map(({ loginMethods }) => loginMethods[0].userId);
};

const newApp = async () => {
  const appId = name();
  assert.equal((await put("/recipe/multitenancy/app/v2", { appId })).createdNew, true);
  return appId;
};

const waiting = (appId, status = "NEW") =>
  count(`auth.bulk_import_queue WHERE app_id = ${quoted(appId)} AND status = '${status}'`);

/** Lets all of them work until nobody waits in the app; what they did in all. */
const workAll = async (all, appId, most) => {
  const done = { imported: 0, failed: 0 };
  while ((await waiting(appId)) > 0) {
    for (const answer of await atOnce((n) => all[n].ask(`SELECT auth.import_queued_users(${most})`), all.length)) {
      assert.ok(!answer.failed || Number.isInteger(answer.failed), JSON.stringify(answer));
      done.imported += answer.imported;
      done.failed += answer.failed;
    }
  }
  return done;
};

test("many who work on the queue do nothing twice, and nothing is forgotten", async (t) => {
  const all = await backends(t);
  const before = deadlocks();
  for (let round = 0; round < ROUNDS; round += 1) {
    const appId = await newApp();
    const users = Array.from({ length: 100 }, () => userOf(byProvider(), { externalUserId: name() }));
    const ids = await enqueue(users, `/appid-${appId}`);
    const done = await workAll(all, appId, 7);
    assert.equal(done.failed, 0);
    // The rest was the gateway's.
    assert.ok(done.imported <= ids.length, JSON.stringify(done));
    assert.equal(await count(`auth.bulk_import_queue WHERE app_id = ${quoted(appId)}`), 0);
    assert.equal(await count(`auth.users WHERE app_id = ${quoted(appId)}`), ids.length);
    const told = `auth.users WHERE id IN (${ids.map(quoted)})`;
    assert.equal(await count(told), ids.length);
  }
  assert.equal(deadlocks(), before);
});

test("of users who are queued several times one each is imported", async (t) => {
  const all = await backends(t);
  const before = deadlocks();
  for (let round = 0; round < ROUNDS; round += 1) {
    // In two apps, and in other orders.
    const apps = [await newApp(), await newApp()];
    const users = Array.from({ length: 20 }, () => userOf(byProvider(), { externalUserId: name() }));
    for (const appId of apps) for (let time = 0; time < 3; time += 1) {
      const again = shuffled(users).map(({ externalUserId, ...user }) => (time ? user : { externalUserId, ...user }));
      await enqueue(again, `/appid-${appId}`);
    }
    for (const appId of apps) await workAll(all, appId, 5);
    for (const appId of apps) {
      assert.equal(await count(`auth.users WHERE app_id = ${quoted(appId)}`), users.length);
      assert.equal(await waiting(appId, "FAILED"), 2 * users.length);
      const told = `auth.bulk_import_queue WHERE app_id = ${quoted(appId)} AND error_message !~ '^E0(05|31): [^:]+$'`;
      assert.equal(await count(told), 0);
    }
  }
  assert.equal(deadlocks(), before);
});

const newTenant = async () => {
  const tenantId = name();
  assert.equal((await put("/recipe/multitenancy/tenant/v2", { tenantId })).createdNew, true);
  return tenantId;
};
const newRole = async () => {
  const role = name();
  assert.equal((await put("/recipe/role", { role })).createdNewRole, true);
  return role;
};
const inTenant = (tenantId, more) => userOf(byProvider({ tenantIds: [tenantId], ...more }));
const withRole = (role) => userOf(byProvider(), { userRoles: [{ role, tenantIds: ["public"] }] });
const removeTenant = (tenantId) => `SELECT auth.remove_tenant(${quoted(tenantId)})`;
const deleteRole = (role) => `SELECT auth.delete_role(${quoted(role)})`;

const NO_ROLE = /^(Role \S+ does not exist|E034: Role does not exist! You need to pre-create the role .* the user)\.$/;
const rowsOf = async ({ loginMethods: [{ thirdPartyUserId: id }] }) => ({
  methods: await count(`auth.login_methods WHERE third_party_user_id = ${quoted(id)}`),
  tenants: await count(`auth.login_method_tenants WHERE third_party_user_id = ${quoted(id)}`),
});

test("a role that is removed meanwhile: its user is refused as a whole, and nobody else", async (t) => {
  const pair = await backends(t, 2);
  const role = await newRole();
  const users = [withRole(role), userOf(byProvider())];
  const [, late] = await interleaved(pair, deleteRole(role), importing(users));
  assert.deepEqual([late.imported, late.failed.map(({ index }) => index)], [1, [0]], JSON.stringify(late));
  assert.match(late.failed[0].errors.join(), NO_ROLE);
  assert.deepEqual(await rowsOf(users[0]), { methods: 0, tenants: 0 });

  const other = await newRole();
  const user = withRole(other);
  const [made, removed] = await interleaved(pair, importing([user]), deleteRole(other));
  assert.deepEqual([made.imported, removed.status], [1, "OK"]);
  assert.equal(await count(`auth.user_roles WHERE role = ${quoted(other)}`), 0);
  assert.deepEqual(await rowsOf(user), { methods: 1, tenants: 1 });
});

test("a tenant that is removed meanwhile: who comes too late is told, and nothing is left in it", async (t) => {
  const pair = await backends(t, 2);
  const [tenantId, other] = [await newTenant(), await newTenant()];
  const user = inTenant(tenantId);
  const [removed, late] = await interleaved(pair, removeTenant(tenantId), importing([user]));
  assert.equal(removed.didExist, true);
  assert.ok(late.status === "42704" || late.failed?.length === 1, JSON.stringify(late));
  assert.deepEqual(await rowsOf(user), { methods: 0, tenants: 0 });

  const [made, gone] = await interleaved(pair, importing([inTenant(other)]), removeTenant(other));
  assert.deepEqual([made.imported, gone.didExist], [1, true]);
  assert.equal(await count(`auth.login_method_tenants WHERE tenant_id = ${quoted(other)}`), 0);
});

test("tenants and roles that are removed while many import", async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const [tenantId, role] = [await newTenant(), await newRole()];
    const before = deadlocks();
    const answers = await atOnce((n) => {
      if (n === 5) return post("/recipe/multitenancy/tenant/remove", { tenantId });
      if (n === 6) return post("/recipe/role/remove", { role });
      return importUser(n % 2 ? inTenant(tenantId) : withRole(role));
    });
    assert.deepEqual([answers[5].didExist, answers[6].didRoleExist], [true, true]);
    for (const { code, status, errors } of answers) {
      if (code === 200) continue;
      // Those who come too late.
      assert.equal(code, 400, status);
      const late = new RegExp(`${NO_ROLE.source}|^Invalid tenantId: |^AppId or tenantId not found`);
      assert.match(errors?.join() ?? status, late);
    }
    assert.equal(await count(`auth.login_method_tenants WHERE tenant_id = ${quoted(tenantId)}`), 0);
    assert.equal(await count(`auth.user_roles WHERE role = ${quoted(role)}`), 0);
    assert.equal(deadlocks(), before);
  }
});

test("users who wait for a tenant or a role that is being removed fail alone", async (t) => {
  const pair = await backends(t, 2);
  for (const [make, removal] of [[newTenant, removeTenant], [newRole, deleteRole]]) {
    const appId = "public";
    const id = await make();
    const users = [removal === removeTenant ? inTenant(id) : withRole(id), userOf(byProvider())];
    const [lost, good] = await enqueue(users);
    await interleaved(pair, removal(id), "SELECT auth.import_queued_users()");
    await workAll(pair, appId, 200);
    const refused = `auth.bulk_import_queue WHERE id = ${quoted(lost)} AND status = 'FAILED'`;
    const { methods } = await rowsOf(users[0]);
    // Unless the gateway was there before.
    if (methods === 0) {
      assert.equal(await count(refused), 1);
      const reason = "^(Invalid tenantId: |Role .* does not exist\\.$|E034: Role does not exist! )";
      assert.equal(await count(`${refused} AND error_message ~ '${reason}'`), 1, "with the reason");
    }
    assert.equal(await count(`auth.users WHERE id = ${quoted(good)}`), 1);
  }
});

test("an app takes its queue along, whoever works on it", async (t) => {
  const all = await backends(t, 4);
  for (let round = 0; round < ROUNDS; round += 1) {
    const appId = await newApp();
    await enqueue(Array.from({ length: 20 }, () => userOf(byProvider())), `/appid-${appId}`);
    const answers = await atOnce((n) => {
      if (n === 2) return post("/recipe/multitenancy/app/remove", { appId });
      if (n < 5) return all[n % 4].ask("SELECT auth.import_queued_users(5)");
      return post(`/appid-${appId}${QUEUE}`, { users: [userOf(byProvider())] });
    }, 8);
    assert.equal(answers[2].status, "OK", JSON.stringify(answers[2]));
    for (const { code, status } of answers.slice(5)) {
      assert.ok(code === 200 || /^(AppId or tenantId|App with .*) not found/.test(status), status);
    }
    for (const table of ["bulk_import_queue", "users", "login_methods"]) {
      assert.equal(await count(`auth.${table} WHERE app_id = ${quoted(appId)}`), 0, table);
    }
  }
});
