// Users: list, count, look up, activity, removal (CDI 2.1, 3.10, 3.11, 7.10).
import test from "node:test";
import {
  PASSWORD, VERSIONS, assert, createSession, get, has, newApp, newEmail, newId, newTenant, ok, post, put,
  refreshSession, refused, signIn, signUp, sql,
} from "./helper.mjs";

const list = (at, query = {}, version = "5.4") => get(`${at}/users`, query, version);
const ids = (answer) => ok(answer).users.map((user) => (user.user ?? user).id);
const count = async (at, query = {}) => ok(await get(`${at}/users/count`, query)).count;

async function signUps(at, number) {
  const made = [];
  for (let i = 0; i < number; i += 1) made.push((await signUp(at)).id);
  return made;
}

/** All pages' ids, following the page tokens. */
async function pages(at, query, version) {
  const all = [];
  let paginationToken;
  do {
    const answer = await list(at, { ...query, ...(paginationToken ? { paginationToken } : {}) }, version);
    all.push(ids(answer));
    paginationToken = answer.json.nextPaginationToken;
  } while (paginationToken !== undefined);
  return all;
}

test("7.10.223 limits", async () => {
  for (const version of VERSIONS) {
    for (const limit of [0, -1]) {
      refused(await list("", { limit }, version), 400, "limit must a positive integer with min value 1");
    }
    refused(await list("", { limit: 501 }, version), 400, "max limit allowed is 500");
    refused(await list("", { limit: "abc" }, version), 400, "Field name 'limit' must be an int in the GET request");
    for (const limit of [1, 500]) ok(await list("", { limit }, version));
  }
});

test("7.10.224 7.10.225 7.10.226 orders, recipes and page tokens that there are not", async () => {
  for (const timeJoinedOrder of ["asc", "desc", ""]) {
    refused(await list("", { timeJoinedOrder }), 400, "timeJoinedOrder can be either ASC OR DESC");
  }
  refused(await list("", { includeRecipeIds: "emailpassword,random" }), 400, "Unknown recipe ID: random");
  refused(await get("/users/count", { includeRecipeIds: "random" }), 400, "Unknown recipe ID: random");
  const base64 = (text) => Buffer.from(text).toString("base64");
  for (const paginationToken of ["randomToken", "", base64("x"), base64("x;y"), base64("a;1;2"), base64(";"), "%"]) {
    refused(await list("", { paginationToken }), 400, "invalid pagination token", paginationToken);
  }
});

for (const version of ["3.1", "5.4", "5.6"]) {
  test(`7.10.227 pages in both orders, CDI ${version}`, async () => {
    const at = await newTenant();
    const made = await signUps(at, 4);
    assert.deepEqual(await pages(at, { limit: 2 }, version), [made.slice(0, 2), made.slice(2)]);
    made.push(...await signUps(at, 1));
    const expected = [made.slice(0, 2), made.slice(2, 4), made.slice(4)];
    assert.deepEqual(await pages(at, { limit: 2 }, version), expected);
    assert.deepEqual(await pages(at, { limit: 2, timeJoinedOrder: "ASC" }, version), expected);
    const back = [...made].reverse();
    const reversed = [back.slice(0, 2), back.slice(2, 4), back.slice(4)];
    assert.deepEqual(await pages(at, { limit: 2, timeJoinedOrder: "DESC" }, version), reversed);
    assert.deepEqual(ids(await list(at, {}, version)), made);
  });
}

test("7.10.228 users who joined at the same time, by id downwards in both orders", async () => {
  const at = await newTenant();
  const made = await signUps(at, 5);
  const [{ time_joined: time }] = sql("SELECT time_joined FROM auth.users WHERE id::text = $1", made[0]);
  for (const id of made.slice(1)) {
    sql("UPDATE auth.users SET time_joined = $1 WHERE id::text = $2 RETURNING id", time, id);
    sql("UPDATE auth.login_methods SET time_joined = $1 WHERE user_id::text = $2 RETURNING id", time, id);
    sql("UPDATE auth.login_method_tenants SET user_time_joined = $1 WHERE user_id::text = $2 RETURNING 1", time, id);
  }
  const expected = [...made].sort().reverse();
  for (const timeJoinedOrder of ["ASC", "DESC"]) {
    for (const limit of [1, 2, 3, 100]) {
      assert.deepEqual((await pages(at, { limit, timeJoinedOrder })).flat(), expected, `${timeJoinedOrder} ${limit}`);
    }
  }
});

test("7.10.229 3.11 a page token names the first user of the next page, who may have gone", async () => {
  const at = await newTenant();
  const made = await signUps(at, 5);
  const { nextPaginationToken: paginationToken } = ok(await list(at, { limit: 2 }));
  const [id, time] = Buffer.from(paginationToken, "base64").toString().split(";");
  assert.equal(id, made[2]);
  assert.match(time, /^\d{13}$/);
  ok(await post("/user/remove", { userId: made[2] }));
  assert.deepEqual(ids(await list(at, { limit: 2, paginationToken })), made.slice(3));
});

test("3.11 users by recipe", async () => {
  const at = await newTenant();
  const made = await signUps(at, 2);
  for (const [includeRecipeIds, expected] of [["emailpassword", made], ["emailpassword,thirdparty", made],
    ["thirdparty", []], ["passwordless,webauthn", []]]) {
    assert.deepEqual(ids(await list(at, { includeRecipeIds })), expected);
    assert.equal(await count(at, { includeRecipeIds }), expected.length);
  }
});

test("7.10.231 only users of the tenant are listed", async () => {
  const app = await newApp();
  const [t1, t2] = [await newTenant(app), await newTenant(app)];
  const [one, other] = [await signUp(t1), await signUp(t2)];
  assert.deepEqual(ids(await list(t1)), [one.id]);
  assert.deepEqual(ids(await list(t2)), [other.id]);
  assert.deepEqual(ids(await list(app)), []);
});

test("7.10.239 account info that makes no sense", async () => {
  const find = (query) => get("/users/by-accountinfo", query);
  for (const doUnionOfAccountInfo of ["TRUE", "1", ""]) {
    refused(await find({ doUnionOfAccountInfo }), 400, "'doUnionOfAccountInfo' should be either 'true' or 'false'");
  }
  const together = "If 'thirdPartyId' is provided, 'thirdPartyUserId' must also be provided, and vice versa";
  for (const one of ["thirdPartyId", "thirdPartyUserId"]) {
    refused(await find({ doUnionOfAccountInfo: "true", [one]: "x" }), 400, together);
  }
  for (const doUnionOfAccountInfo of ["true", "false"]) {
    assert.deepEqual(ok(await find({ doUnionOfAccountInfo })).users, []);
  }
});

test("7.10.240 users by account info", async () => {
  const app = await newApp();
  const [t1, t2] = [await newTenant(app), await newTenant(app)];
  const { id, email } = await signUp(t1);
  const find = async (at, query) => ids(await get(`${at}/users/by-accountinfo`, query));
  for (const doUnionOfAccountInfo of ["true", "false"]) {
    assert.deepEqual(await find(t1, { email: ` ${email.toUpperCase()} `, doUnionOfAccountInfo }), [id]);
    assert.deepEqual(await find(t2, { email, doUnionOfAccountInfo }), [], "another tenant");
    const both = await find(t1, { email, phoneNumber: "+16505551234", doUnionOfAccountInfo });
    assert.deepEqual(both, doUnionOfAccountInfo === "true" ? [id] : []);
  }
});

test("7.10.241 counts", async () => {
  const app = await newApp();
  const [t1, t2] = [await newTenant(app), await newTenant(app)];
  await signUps(t1, 2);
  const [gone] = await signUps(t2, 1);
  await signUps(app, 1);
  assert.deepEqual([await count(t1), await count(t2), await count(app)], [2, 1, 1]);
  for (const includeAllTenants of ["True", "true", "TRUE"]) assert.equal(await count(app, { includeAllTenants }), 4);
  assert.equal(await count(app, { includeAllTenants: "false" }), 1);
  ok(await post(`${app}/user/remove`, { userId: gone }));
  assert.equal(await count(app, { includeAllTenants: "true" }), 3);
});

test("3.11 an approximate count, from CDI 5.6", async () => {
  const ask = async (version) => ok(await get("/users/count", { allowApproximate: "true" }, version));
  const { approximate, asOf } = await ask("5.6");
  assert.equal(typeof approximate, "boolean");
  assert.ok(Number.isInteger(asOf));
  for (const version of VERSIONS.slice(0, -1)) {
    assert.deepEqual(Object.keys(await ask(version)).sort(), ["count", "status"]);
  }
});

test("7.10.242 active users", async () => {
  const app = await newApp();
  const active = (since) => get(`${app}/users/count/active`, since === undefined ? {} : { since });
  refused(await active(), 400, "Field name 'since' is missing in GET request");
  refused(await active("not a number"), 400, "Field name 'since' must be a long in the GET request");
  refused(await active("-1"), 400, "'since' query parameter must be >= 0");
  const number = async (since = "0") => ok(await active(since)).count;
  assert.equal(await number(), 0);
  const [one] = [await signUp(app), await signUp(app)];
  assert.equal(await number(), 2, "sign-up");
  assert.equal(await number("9000000000000"), 0);
  ok(await signIn(app, one.email));
  assert.equal(await number(), 2, "each counts once");
  ok(await createSession(app, newId("bare")));
  assert.equal(await number(), 3, "session");
  const hash = "$2a$04$abcdefghijklmnopqrstuuG6VOuWh0gXFKIfmp9oEhamBdcmRXDw.";
  ok(await post(`${app}/recipe/user/passwordhash/import`, { email: newEmail(), passwordHash: hash }));
  assert.equal(await number(), 3, "an import is no activity");
});

/** Makes everybody's last activity older than the app's throttle. */
const forgetActivity = (app) =>
  sql("UPDATE auth.active_users SET last_active_at = last_active_at - interval '1 day', active_day = active_day - 1"
    + " WHERE app_id = $1 RETURNING user_id", app.slice("/appid-".length));

test("3.11 what counts as activity", async () => {
  const app = await newApp();
  const { id, email } = await signUp(app);
  const { refreshToken } = ok(await createSession(app, id));
  const since = String(Date.now() - 3_600_000);
  const number = async () => ok(await get(`${app}/users/count/active`, { since })).count;
  for (const [name, act] of [
    ["sign-in", () => signIn(app, email)],
    ["session", () => createSession(app, id)],
    ["refresh", () => refreshSession(app, refreshToken.token)],
    ["removal of sessions", () => post(`${app}/recipe/session/remove`, { userId: id })],
  ]) {
    forgetActivity(app);
    assert.equal(await number(), 0, name);
    ok(await act());
    assert.equal(await number(), 1, name);
  }
  forgetActivity(app);
  for (const [name, act] of [
    ["a wrong password", () => signIn(app, email, "wrong")],
    ["a look-up", () => get(`${app}/user/id`, { userId: id })],
    ["a change", () => put(`${app}/recipe/user`, { recipeUserId: id, password: "new" })],
    ["a removal of no session", () => post(`${app}/recipe/session/remove`, { userId: id })],
  ]) {
    await act();
    assert.equal(await number(), 0, name);
  }
});

test("7.10.243 removing users", async () => {
  for (const version of VERSIONS) {
    for (const userId of [newId("unknown"), "00000000-0000-4000-8000-000000000000", ""]) {
      assert.deepEqual(ok(await post("/user/remove", { userId }, version)), { status: "OK" });
    }
    const { id } = await signUp();
    for (let i = 0; i < 2; i += 1) ok(await post("/user/remove", { userId: id }, version));
    has(await get("/user/id", { userId: id }), "UNKNOWN_USER_ID_ERROR");
  }
});

test("3.10 nothing of a removed user is left, and the address is free", async () => {
  const app = await newApp();
  const at = await newTenant(app);
  for (const removeAllLinkedAccounts of [true, false]) {
    const { id, email } = await signUp(at);
    ok(await post(`${app}/user/remove`, { userId: id, removeAllLinkedAccounts }));
    has(await signIn(at, email), "WRONG_CREDENTIALS_ERROR");
    assert.deepEqual(ok(await get(`${at}/users/by-accountinfo`, { email, doUnionOfAccountInfo: "true" })).users, []);
    assert.notEqual((await signUp(at, email, PASSWORD)).id, id);
  }
});

test("7.10.247 a user by id", async () => {
  const app = await newApp();
  const at = await newTenant(app);
  const { id } = await signUp(at);
  for (const version of VERSIONS.slice(1)) {
    assert.equal(ok(await get(`${app}/user/id`, { userId: id }, version)).user.id, id);
  }
  for (const userId of ["unknown", "00000000-0000-4000-8000-000000000000", ""]) {
    assert.deepEqual((await get(`${app}/user/id`, { userId })).json, { status: "UNKNOWN_USER_ID_ERROR" });
  }
  has(await get("/user/id", { userId: id }), "UNKNOWN_USER_ID_ERROR", "another app");
});
