// Users who wait in a queue to be imported (CDI 2.16, 3.14, 7.14). The gateway works on it every few seconds, so users
// who are to be seen waiting are of a tenant that a test holds: see withoutWork.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import {
  TAKEN, byEmail, byPassword, byPhone, byProvider, count, counted, enqueue, entries, imported, list, queued, refusedAs,
  unqueue, userOf, withoutWork, work,
} from "./bulkimport_helper.mjs";
import {
  UUID, assert, badField, call, get, has, newApp, newEmail, newId, newTenant, ok, post, put, refused, sameMembers,
  signIn, sql,
} from "./helper.mjs";
import { mapping, metadataOf, rolesOf, tenantId, userOf as find } from "./linking_helper.mjs";
import { SECRET, names } from "./totp_helper.mjs";

const QUEUE = "/bulk-import/users";
const APP_ONLY = "Only public tenantId can call this app specific API";
const FAULTY = "Data has missing or invalid fields. Please check the users field for more details.";
const NO_STATUS = "Invalid value for status. Pass one of NEW, PROCESSING, or FAILED!";
const AGO = 1_600_000_000_000;
const STATES = [undefined, "NEW", "PROCESSING", "FAILED"];

/** An app, one of its tenants, and users who get in there. */
async function appWithTenant() {
  const app = await newApp();
  const at = await newTenant(app);
  return { app, at, waiting: (more) => userOf(byProvider({ tenantIds: [tenantId(at)] }), more) };
}

const idsOf = (users) => users.map(({ loginMethods }) => loginMethods[0].userId);
const rowsOf = (app) => sql("SELECT id FROM auth.bulk_import_queue WHERE app_id = $1", app.slice("/appid-".length));

/** How many entries there are in each state, and in all. */
const counts = (app) => Promise.all(STATES.map((status) => counted(app, status === undefined ? {} : { status })));

/** Users who are in the queue and cannot be imported any more; their ids. */
async function failed(app, number) {
  const user = userOf();
  await imported(user, app);
  const ids = idsOf(await queued(Array.from({ length: number }, () => user), app));
  await work(app);
  return ids;
}

test("7.14.320 2.16 who may be queued", async () => {
  const app = await newApp();
  for (const users of [undefined, null, "x", {}]) badField(await enqueue(users, app), "users");
  assert.deepEqual(ok(await enqueue([], app)), { status: "OK" });
  const many = { error: "You can only add 10000 users at a time." };
  refusedAs(await enqueue(Array(10_001).fill({}), app), many);
  const at = await newTenant(app);
  const calls = [enqueue([userOf()], at), list({}, at), count({}, at), unqueue([], at)];
  for (const answer of await Promise.all(calls)) refused(answer, 403, APP_ONLY);
  assert.deepEqual(rowsOf(app), []);
});

test("7.14.321 7.14.322 3.14 faulty users are told, and then nobody is queued", async () => {
  const app = await newApp();
  const externalUserId = newId("id");
  const users = [
    userOf(), {}, { loginMethods: [] }, userOf(byProvider(), { externalUserId }),
    userOf(byProvider(), { externalUserId }),
    userOf(byProvider({ tenantIds: ["nowhere"] }), { userRoles: [{ role: "nobody", tenantIds: ["public"] }] }),
    userOf(),
  ];
  for (const version of ["5.2", "5.4", "5.6"]) {
    refusedAs(await enqueue(users, app, version), {
      error: FAULTY,
      users: [
        { index: 1, errors: ["loginMethods is required."] },
        { index: 2, errors: ["At least one loginMethod is required."] },
        { index: 4, errors: [`externalUserId ${externalUserId} is not unique. It is already used by another user.`] },
        { index: 5, errors: ["Role nobody does not exist.", "Invalid tenantId: nowhere for thirdparty recipe."] },
      ],
    });
  }
  assert.deepEqual(rowsOf(app), []);
});

test("3.14 who is queued is told the ids that the user will have", async () => {
  const app = await newApp();
  const [password, provider, phone] = [
    byPassword({ timeJoinedInMSSinceEpoch: AGO + 1 }), byProvider({ timeJoinedInMSSinceEpoch: AGO }), byPhone(),
  ];
  const externalUserId = newId("ext");
  ok(await put(`${app}/recipe/role`, { role: "admin" }));
  const [mapped, plain] = await queued([
    {
      externalUserId, userMetadata: { a: { b: [1] } }, userRoles: [{ role: "admin", tenantIds: ["public"] }],
      totpDevices: [{ secretKey: SECRET, deviceName: "phone" }], loginMethods: [password, provider, phone],
    },
    userOf(byEmail()),
  ], app);
  const ids = mapped.loginMethods.map(({ userId }) => userId);
  for (const id of [...ids, plain.userId]) assert.match(id, UUID);
  const tenants = ["public"];
  assert.deepEqual(mapped, {
    userId: externalUserId,
    loginMethods: [
      { recipeId: "emailpassword", userId: ids[0], tenants, email: password.email },
      {
        recipeId: "thirdparty", userId: ids[1], tenants, email: provider.email, thirdpartyId: "github",
        thirdpartyUserId: provider.thirdPartyUserId,
      },
      { recipeId: "passwordless", userId: ids[2], tenants, phoneNumber: phone.phoneNumber },
    ],
  });
  assert.equal(plain.userId, plain.loginMethods[0].userId);

  await work(app);
  assert.deepEqual(await counts(app), [0, 0, 0, 0], "who was imported waits no longer");
  assert.equal((await find(plain.userId, app)).id, plain.userId);
  const user = await find(externalUserId, app);
  const { superTokensUserId } = ok(await mapping(externalUserId, "EXTERNAL", app));
  assert.equal(superTokensUserId, ids[1], "the oldest is the user's");
  assert.deepEqual([user.id, user.timeJoined, user.isPrimaryUser], [externalUserId, AGO, true]);
  const recipes = user.loginMethods.map(({ recipeId, recipeUserId }) => [recipeId, recipeUserId]);
  const told = [["thirdparty", externalUserId], ["emailpassword", ids[0]], ["passwordless", ids[2]]];
  assert.deepEqual(recipes, told);
  assert.deepEqual(await metadataOf(externalUserId, app), { a: { b: [1] } });
  assert.deepEqual([await rolesOf(externalUserId, app), await names(externalUserId, app)], [["admin"], ["phone"]]);
  ok(await signIn(app, password.email, "imported 1"));
});

test("2.16 3.14 who waits is listed, newest first, and counted", async () => {
  const { app, at, waiting } = await appWithTenant();
  await withoutWork(at, async () => {
    const more = { externalUserId: newId("ext"), userMetadata: { a: 1 }, totpDevices: [{ secretKey: SECRET }] };
    const user = waiting(more);
    const began = Date.now();
    const ids = [];
    for (const each of [user, waiting(), waiting()]) ids.push(...idsOf(await queued([each], app)));
    const shown = await entries(app, {});
    assert.deepEqual(shown.map(({ id }) => id), ids.toReversed());
    const { createdAt, updatedAt, loginMethods: [method], totpDevices: [device], ...rest } = shown[2];
    const { externalUserId, userMetadata } = user;
    assert.deepEqual(rest, { id: ids[0], status: "NEW", externalUserId, userMetadata });
    assert.equal(device.secretKey, SECRET);
    assert.deepEqual({ ...method, ...user.loginMethods[0] }, method, "it is shown as it was sent");
    assert.ok(Number.isInteger(createdAt) && Math.abs(createdAt - began) < 60_000, createdAt);
    assert.equal(updatedAt, createdAt);

    assert.deepEqual(await entries(app, { status: "NEW" }), shown);
    for (const status of ["PROCESSING", "FAILED"]) {
      assert.deepEqual(ok(await list({ status }, app)), { status: "OK", users: [] });
    }
    assert.deepEqual(await counts(app), [3, 3, 0, 0]);
    assert.deepEqual(await entries(await newApp(), {}), [], "another app's");
  });
  await work(app);
  assert.deepEqual(await counts(app), [0, 0, 0, 0]);
  assert.equal(ok(await get(`${at}/users/count`)).count, 3);
});

test("2.16 3.14 pages neither lose nor repeat anybody", async () => {
  const { app, at, waiting } = await appWithTenant();
  await withoutWork(at, async () => {
    // Those of one call have been queued at the same time.
    const users = (number) => Array.from({ length: number }, () => waiting());
    const ids = [...idsOf(await queued(users(4), app)), ...idsOf(await queued(users(3), app))];
    const all = (await entries(app, {})).map(({ id }) => id);
    sameMembers(all, ids);
    sameMembers(all.slice(0, 3), ids.slice(4), "the newest are first");
    for (const limit of [1, 2, 3, 6, 7, 500]) {
      for (const status of ["NEW", undefined]) {
        const [seen, sizes] = [[], []];
        let page;
        do {
          const token = page && { paginationToken: page.nextPaginationToken };
          page = ok(await list({ limit, ...token, ...(status && { status }) }, app));
          seen.push(...page.users.map(({ id }) => id));
          sizes.push(page.users.length);
          if (page.nextPaginationToken === undefined) continue;
          const decoded = Buffer.from(page.nextPaginationToken, "base64").toString();
          assert.match(decoded, /^[0-9a-f-]{36};\d+$/);
        } while (page.nextPaginationToken !== undefined);
        assert.deepEqual(seen, all, `pages of ${limit}`);
        assert.ok(sizes.slice(0, -1).every((size) => size === limit) && sizes.at(-1) > 0, String(sizes));
      }
    }
  });
});

test("2.16 a hundred are a page unless the caller says", async () => {
  const app = await newApp();
  await failed(app, 101);
  const page = ok(await list({}, app));
  assert.equal(page.users.length, 100);
  const rest = ok(await list({ paginationToken: page.nextPaginationToken }, app));
  assert.deepEqual([rest.users.length, rest.nextPaginationToken], [1, undefined]);
});

test("2.16 what cannot be listed or counted", async () => {
  refused(await list({ limit: 501 }), 400, "Max limit allowed is 500");
  for (const limit of [0, -1]) refused(await list({ limit }), 400, "limit must a positive integer with min value 1");
  refused(await list({ limit: "x" }), 400, "Field name 'limit' must be an int in the GET request");
  for (const status of ["new", "DONE", ""]) {
    refused(await list({ status }), 400, NO_STATUS, status);
    refused(await count({ status }), 400, NO_STATUS, status);
  }
  const encoded = (text) => Buffer.from(text).toString("base64");
  const id = "00000000-0000-4000-8000-000000000000";
  const inside = ["x", id, `${id};x`, "x;1", `1;${id}`];
  for (const paginationToken of ["", "x", "!", ...inside.map(encoded)]) {
    refused(await list({ paginationToken }), 400, "invalid pagination token", paginationToken);
  }
});

test("3.14 who cannot be imported any more stays, with the reason, and stands in nobody's way", async () => {
  const { app, at } = await appWithTenant();
  // Held before this one is, as it comes first.
  const gone = await newTenant(app, newId("z"));
  ok(await put(`${app}/recipe/role`, { role: "admin" }));
  const tenantIds = ["public", tenantId(at)];
  const makers = [byPassword, byProvider, byEmail, byPhone];
  const [password, provider, email, phone] = makers.map((make) => make({ tenantIds }));
  const externalUserId = newId("ext");
  // Each with what it is refused for in the end.
  const users = [
    [userOf(password), TAKEN.password(password.email)],
    [userOf(provider), TAKEN.provider(provider)],
    [userOf(email), TAKEN.email(email.email)],
    [userOf(phone), TAKEN.phone(phone.phoneNumber)],
    [userOf(byProvider({ tenantIds }), { externalUserId }), TAKEN.externalId(externalUserId)],
    [userOf(byProvider({ tenantIds, isPrimary: true, email: email.email })),
      /^E022: We tried to create the primary user /],
    [userOf(byProvider({ tenantIds: [tenantId(at), tenantId(gone)] })),
      `Invalid tenantId: ${tenantId(gone)} for thirdparty recipe.`],
    // The latter when the role goes while the user is being imported.
    [userOf(byProvider({ tenantIds }), { userRoles: [{ role: "admin", tenantIds: ["public"] }] }),
      /^(Role admin does not exist|E034: Role does not exist! You need to pre-create the role .* to the user)\.$/],
  ];
  const good = [userOf(byProvider({ tenantIds })), userOf(byEmail({ tenantIds }))];
  const [ids, goodIds] = [[], []];
  await withoutWork(at, async () => {
    ids.push(...idsOf(await queued([...users.map(([user]) => user), ...good], app)));
    goodIds.push(...ids.splice(users.length));
    // Meanwhile, in the other tenant.
    for (const taken of [password, provider, phone, { ...email, isPrimary: true }]) {
      await imported(userOf({ ...taken, tenantIds: ["public"] }), app);
    }
    await imported(userOf(byProvider(), { externalUserId }), app);
    ok(await post(`${app}/recipe/role/remove`, { role: "admin" }));
    ok(await post(`${app}/recipe/multitenancy/tenant/remove`, { tenantId: tenantId(gone) }));
  });
  await work(app);
  assert.deepEqual(await counts(app), [users.length, 0, 0, users.length]);
  const shown = await entries(app, { status: "FAILED" });
  for (const [n, [user, reason]] of users.entries()) {
    const entry = shown.find(({ id }) => id === ids[n]);
    if (typeof reason === "string") assert.equal(entry.errorMessage, reason);
    else assert.match(entry.errorMessage, reason);
    assert.deepEqual([entry.status, entry.externalUserId], ["FAILED", user.externalUserId]);
    assert.ok(entry.updatedAt > entry.createdAt);
    has(await get(`${app}/user/id`, { userId: ids[n] }), "UNKNOWN_USER_ID_ERROR");
  }
  for (const id of goodIds) assert.equal((await find(id, app)).id, id);
  assert.equal(ok(await get(`${app}/users/count`)).count, 5 + good.length);

  // Nobody tries again.
  await work(app);
  assert.deepEqual(await entries(app, {}), shown);
});

test("3.14 of a user who is queued twice one is imported", async () => {
  const app = await newApp();
  const user = userOf(byPassword());
  const { email } = user.loginMethods[0];
  const ids = [...idsOf(await queued([user, user], app)), ...idsOf(await queued([user], app))];
  await work(app);
  const { id } = ok(await signIn(app, email, "imported 1")).user;
  const left = await entries(app, {});
  sameMembers([id, ...left.map((entry) => entry.id)], ids);
  for (const { status, errorMessage } of left) {
    assert.deepEqual([status, errorMessage], ["FAILED", TAKEN.password(email)]);
  }
});

test("2.16 entries are removed", async () => {
  const app = await newApp();
  const ids = await failed(app, 4);
  const [elsewhere] = await failed(await newApp(), 1);
  const unknown = ["00000000-0000-4000-8000-000000000000", "x", elsewhere];
  const body = { deletedIds: [], invalidIds: [] };
  assert.deepEqual((await unqueue([], app)).json, body);
  const { status, json } = await unqueue([ids[2], unknown[0], ids[0], unknown[1], unknown[2]], app);
  assert.equal(status, 200);
  assert.deepEqual(Object.keys(json).sort(), ["deletedIds", "invalidIds"]);
  sameMembers(json.deletedIds, [ids[2], ids[0]]);
  sameMembers(json.invalidIds, unknown);
  sameMembers((await entries(app, {})).map(({ id }) => id), [ids[1], ids[3]]);
  assert.deepEqual((await unqueue([ids[0]], app)).json, { ...body, invalidIds: [ids[0]] });

  const tooMany = Array.from({ length: 501 }, () => ids[1]);
  refused(await unqueue(tooMany, app), 400, "Field name 'ids' cannot contain more than 500 elements");
  refused(await unqueue([ids[1], ""], app), 400, "Field name 'ids' cannot contain an empty string");
  for (const wrong of [undefined, null, "x", [1], [ids[1], null]]) badField(await unqueue(wrong, app), "ids");
  assert.deepEqual(await counts(app), [2, 0, 0, 2]);
  const filled = await unqueue([...Array.from({ length: 499 }, () => "x"), ids[1]], app);
  assert.deepEqual(filled.json.deletedIds, [ids[1]]);
});

test("2.16 who was removed from the queue is not imported", async () => {
  const app = await newApp();
  for (let round = 0; round < 5; round += 1) {
    const ids = idsOf(await queued([userOf(), userOf()], app));
    const { deletedIds, invalidIds } = (await unqueue(ids, app)).json;
    await work(app);
    // The gateway may have been faster.
    for (const id of deletedIds) has(await get(`${app}/user/id`, { userId: id }), "UNKNOWN_USER_ID_ERROR");
    for (const id of invalidIds) assert.equal((await find(id, app)).id, id);
    sameMembers([...deletedIds, ...invalidIds], ids);
  }
});

test("3.14 passwords are sealed while they wait, and shown nowhere", async () => {
  const { app, at } = await appWithTenant();
  const [secret, email] = [newId("secret"), newEmail("sealed")];
  const method = byPassword({ plainTextPassword: secret, email, tenantIds: ["public", tenantId(at)] });
  const texts = [];
  await withoutWork(at, async () => {
    const user = userOf(method, { totpDevices: [{ secretKey: SECRET }] });
    texts.push((await enqueue([user], app)).text, (await list({}, app)).text);
    const [row, ...more] = sql("SELECT * FROM auth.bulk_import_queue WHERE app_id = $1", app.slice("/appid-".length));
    assert.deepEqual(more, []);
    const sealed = Buffer.from(row.sealed_user.slice("\\x".length), "hex");
    assert.ok(sealed.length > secret.length);
    for (const text of [secret, email, SECRET]) {
      assert.ok(!sealed.includes(text) && !JSON.stringify(row).includes(text), text);
    }
    await imported(userOf({ ...method, tenantIds: ["public"], plainTextPassword: "other" }), app);
  });
  await work(app);
  texts.push((await list({}, app)).text);
  assert.match(texts.at(-1), /E003: /);
  const logs = ["postgres.log", "gateway.log"].map((name) => join(process.env.AUTH_CLUSTER, name));
  for (const log of logs) texts.push(readFileSync(log, "utf8"));
  for (const text of texts) assert.ok(!text.includes(secret), text.slice(0, 200));
});

test("3.14 the queue goes with its app", async () => {
  const app = await newApp();
  await failed(app, 2);
  await queued([userOf()], app);
  assert.ok(rowsOf(app).length >= 2);
  const appId = app.slice("/appid-".length);
  ok(await post("/recipe/multitenancy/app/remove", { appId }));
  assert.deepEqual(rowsOf(app), []);
  ok(await put("/recipe/multitenancy/app/v2", { appId }));
  assert.deepEqual(await counts(app), [0, 0, 0, 0]);
});
