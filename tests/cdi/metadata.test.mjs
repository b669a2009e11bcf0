// What an application keeps about its users (CDI 2.8, 3.7, 7.8).
import test from "node:test";
import {
  VERSIONS, assert, badField, get, newApp, newId, newTenant, ok, post, put, refused, signUp, sqlCall,
} from "./helper.mjs";

const METADATA = "/recipe/user/metadata";
const update = (userId, metadataUpdate, at = "", version = "5.4") =>
  put(at + METADATA, { userId, metadataUpdate }, version);
const read = async (userId, at = "", version = "5.4") => ok(await get(at + METADATA, { userId }, version)).metadata;
const remove = (userId, version) => post(`${METADATA}/remove`, { userId }, version);
const bulk = (userIds, at = "") => post(`${at}${METADATA}/bulk`, { userIds }, "5.6");

test("7.8.176 7.8.177 updates are merged at the top alone", async () => {
  for (const version of VERSIONS) {
    const userId = newId("user");
    assert.deepEqual(ok(await get(METADATA, { userId }, version)), { status: "OK", metadata: {} });
    const given = { a: { x: 1, y: null }, b: "t", n: null };
    const steps = [[given, { a: { x: 1, y: null }, b: "t" }], [{}, { a: { x: 1, y: null }, b: "t" }],
      [{ a: { z: 2 }, b: null }, { a: { z: 2 } }], [{ a: [1, null, { q: null }] }, { a: [1, null, { q: null }] }],
      [{ a: "text", c: false, d: 0, e: "" }, { a: "text", c: false, d: 0, e: "" }],
      [{ a: null, c: null, d: null, e: null, unknown: null }, {}]];
    for (const [change, expected] of steps) {
      assert.deepEqual(ok(await update(userId, change, "", version)), { status: "OK", metadata: expected });
      assert.deepEqual(await read(userId, "", version), expected);
    }
  }
});

test("3.7 numbers keep their form, and texts their characters", async () => {
  const userId = newId("user");
  const members = '"i":1,"f":1.5,"negative":-7,"long":9007199254740993,"t":"ä 世界 😀 \\"quoted\\" \\\\ \\n"';
  const body = `{"userId":"${userId}","metadataUpdate":{${members}}}`;
  for (const { text } of [await put(METADATA, body), await get(METADATA, { userId })]) {
    for (const member of ['"i":1', '"f":1.5', '"negative":-7', '"long":9007199254740993']) {
      assert.match(text.replaceAll(" ", ""), new RegExp(`${member}[,}]`));
    }
    assert.equal(JSON.parse(text).metadata.t, 'ä 世界 😀 "quoted" \\ \n');
  }
});

test("3.7 names of members are texts like any other", async () => {
  const userId = newId("user");
  const given = { "": 1, "a.b": 2, "{a,b}": 3, "$1": 4, "'": 5, A: 6, a: 7, constructor: 8 };
  ok(await update(userId, given));
  assert.deepEqual(await read(userId), given);
  assert.deepEqual(ok(await update(userId, { "a.b": null, "{a,b}": null, A: null })).metadata,
    { "": 1, "$1": 4, "'": 5, a: 7, constructor: 8 });
});

test("7.8.178 an update that is no object", async () => {
  const userId = newId("user");
  for (const version of VERSIONS) {
    for (const value of [undefined, null, [], ["a"], "{}", 1, true]) {
      badField(await update(userId, value, "", version), "metadataUpdate", JSON.stringify(value));
    }
    badField(await put(METADATA, { metadataUpdate: {} }, version), "userId");
    badField(await post(`${METADATA}/remove`, {}, version), "userId");
    refused(await get(METADATA, undefined, version), 400, "Field name 'userId' is missing in GET request");
  }
  assert.deepEqual(ok(await bulk([userId])).users, [{ userId, metadata: null }]);
});

test("7.8.179 removing", async () => {
  for (const version of VERSIONS) {
    const [userId, other] = [newId("user"), newId("user")];
    for (const id of [userId, other]) ok(await update(id, { a: 1 }));
    for (let n = 0; n < 2; n += 1) assert.deepEqual(ok(await remove(userId, version)), { status: "OK" });
    assert.deepEqual([await read(userId), await read(other)], [{}, { a: 1 }]);
    assert.deepEqual(ok(await update(userId, { b: 2 })).metadata, { b: 2 }, "nothing comes back");
  }
});

test("7.8.180 parallel updates of distinct members", async () => {
  const userId = newId("user");
  const names = Array.from({ length: 20 }, (_, n) => `key${n}`);
  const answers = await Promise.all(names.map((name) => update(userId, { [name]: name })));
  for (const [n, answer] of answers.entries()) assert.equal(ok(answer).metadata[names[n]], names[n]);
  assert.deepEqual(await read(userId), Object.fromEntries(names.map((name) => [name, name])));
});

test("7.8.181 the metadata of many", async () => {
  const [one, empty, unknown] = [newId("user"), newId("user"), newId("user")];
  ok(await update(one, { a: 1 }));
  ok(await update(empty, {}));
  const users = [{ userId: unknown, metadata: null }, { userId: one, metadata: { a: 1 } },
    { userId: empty, metadata: {} }];
  const [first, second, third] = users;
  assert.deepEqual(ok(await bulk([unknown, one, empty])), { status: "OK", users });
  assert.deepEqual(ok(await bulk([empty, one, unknown])).users, [third, second, first], "in the order of the request");
  assert.deepEqual(ok(await bulk([])).users, []);
  assert.deepEqual(ok(await bulk([unknown, one, unknown])).users, [first, second, first], "repeated ids too");
  const many = Array.from({ length: 500 }, (_, n) => `${unknown}-${n}`);
  assert.deepEqual(ok(await bulk(many)).users.map(({ userId }) => userId), many);
  refused(await bulk([...many, one]), 400, "You can only query up to 500 users at a time.");
  for (const id of [1, null, {}]) refused(await bulk([one, id]), 400, "userIds array must contain only strings");
  for (const ids of [undefined, null, "a", {}]) badField(await bulk(ids), "userIds");
});

test("3.7 2.8 metadata are the app's", async () => {
  const app = await newApp();
  const at = await newTenant(app);
  const userId = newId("user");
  ok(await update(userId, { a: 1 }, app));
  assert.deepEqual(await read(userId), {}, "another app");
  for (const version of VERSIONS) {
    const answers = [await get(at + METADATA, { userId }, version), await update(userId, { b: 1 }, at, version)];
    for (const answer of answers) {
      if (Number(version) < 5) assert.equal(ok(answer).metadata.a, 1, version);
      else refused(answer, 403, "Only public tenantId can call this app specific API", version);
    }
  }
});

test("3.7 any text will do as an id", async () => {
  const app = await newApp();
  for (const userId of ["", " ", "a/b?c=d&e", "'; --", "日本", "x".repeat(128)]) {
    ok(await update(userId, { userId }, app));
    assert.deepEqual(await read(userId, app), { userId });
  }
  assert.deepEqual(await read("  ", app), {}, "ids are not trimmed");
});

test("3.10 nothing of it is left of a user who is removed", async () => {
  const { id } = await signUp();
  ok(await update(id, { a: 1 }));
  ok(await post("/user/remove", { userId: id }));
  assert.deepEqual(await read(id), {});
});

test("2.8 the same in SQL", async () => {
  const user_id = newId("user");
  const change = (metadata_update) => sqlCall("update_user_metadata", { user_id, metadata_update });
  assert.deepEqual(sqlCall("get_user_metadata", { user_id }), { status: "OK", metadata: {} });
  const expected = { a: { x: 1, y: null }, b: "t" };
  assert.deepEqual(change({ ...expected, n: null }), { status: "OK", metadata: expected });
  assert.deepEqual(await read(user_id), expected, "both ways see the same");
  assert.deepEqual(change({ a: { z: 2 }, b: null }).metadata, { a: { z: 2 } });
  for (let n = 0; n < 2; n += 1) assert.deepEqual(sqlCall("remove_user_metadata", { user_id }), { status: "OK" });
  assert.deepEqual(sqlCall("get_user_metadata", { user_id }).metadata, {});
});

test("3.7 numbers come back as they were sent", async () => {
  const userId = newId("user");
  const numbers = [442.96881516653684, 0.1 + 0.2, 1.7976931348623157e308, 5e-324, -1e-7, 9007199254740993, 123456789012345];
  const { metadata } = ok(await put("/recipe/user/metadata", { userId, metadataUpdate: { numbers } }));
  assert.deepEqual(metadata.numbers, numbers);
  assert.deepEqual(ok(await get("/recipe/user/metadata", { userId })).metadata.numbers, numbers);
});
