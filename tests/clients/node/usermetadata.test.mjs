// Every function of the UserMetadata recipe: what an application keeps about its users.
import test from "node:test";
import SuperTokens from "supertokens-node";
import UserMetadata from "supertokens-node/recipe/usermetadata";
import { assert, cdi, createApp, init, newId, signUp, sql } from "./helpers.mjs";

init({ recipes: [UserMetadata.init()] });

const { clearUserMetadata } = UserMetadata;

const get = async (id) => {
  const answer = await UserMetadata.getUserMetadata(id);
  assert.equal(answer.status, "OK");
  return answer.metadata;
};

/** Updates, and sees that what was answered is what is stored. */
const update = async (id, change) => {
  const answer = await UserMetadata.updateUserMetadata(id, change);
  assert.equal(answer.status, "OK");
  assert.deepEqual(await get(id), answer.metadata, "what is stored");
  return answer.metadata;
};

test("a user without metadata has an empty object, known or not", async () => {
  assert.deepEqual(await get((await signUp()).id), {});
  assert.deepEqual(await get(newId("nobody")), {});
});

test("updates are merged at the top level alone", async () => {
  const { id } = await signUp();
  const first = { name: "Ada", preferences: { theme: "dark", size: 12 }, tags: ["a", "b"] };
  assert.deepEqual(await update(id, first), first);
  assert.deepEqual(await update(id, { preferences: { theme: "light" } }), {
    ...first,
    preferences: { theme: "light" },
  });
  assert.deepEqual((await update(id, { tags: ["c"], age: 36 })).tags, ["c"], "lists are replaced");
  assert.deepEqual(await update(id, {}), { name: "Ada", preferences: { theme: "light" }, tags: ["c"], age: 36 });
});

test("null removes a member at the top level, and is a value below", async () => {
  const { id } = await signUp();
  await update(id, { keep: 1, drop: { a: 1 } });
  assert.deepEqual(await update(id, { drop: null, absent: null }), { keep: 1 });
  assert.deepEqual(await update(id, { nested: { value: null }, list: [null] }), {
    keep: 1,
    nested: { value: null },
    list: [null],
  });
});

test("every kind of value comes back as it was", async () => {
  const values = {
    "": "an empty name",
    "with.dots and $igns": true,
    text: 'quotes " and \\ and 密码 🔑 \n \u0001',
    integer: 9007199254740991,
    negative: -0.5,
    small: 1e-7,
    no: false,
    empty: { list: [], object: {} },
    deep: { a: [{ b: [{ c: "d" }] }] },
    long: "x".repeat(100_000),
  };
  assert.deepEqual(await update((await signUp()).id, values), values);
});

test("of updates at once none is lost", async () => {
  const { id } = await signUp();
  const names = Array.from({ length: 12 }, (_, n) => `field${n}`);
  await Promise.all(names.map((name) => UserMetadata.updateUserMetadata(id, { [name]: name })));
  assert.deepEqual(await get(id), Object.fromEntries(names.map((name) => [name, name])));
});

test("clearUserMetadata empties it, and may be repeated", async () => {
  const [{ id }, other] = [await signUp(), await signUp()];
  await update(id, { a: 1 });
  await update(other.id, { a: 2 });
  assert.deepEqual(await clearUserMetadata(id), { status: "OK" });
  assert.deepEqual(await get(id), {});
  assert.deepEqual(await clearUserMetadata(id), { status: "OK" }, "a second time");
  assert.deepEqual(await get(other.id), { a: 2 }, "another user's");
  assert.deepEqual(await update(id, { b: 2 }), { b: 2 }, "nothing of the old comes back");
});

test("metadata may be kept for ids that are no users", async () => {
  const id = newId("not a user/%");
  assert.deepEqual(await update(id, { from: "elsewhere" }), { from: "elsewhere" });
  assert.deepEqual(sql("SELECT metadata FROM auth.user_metadata WHERE user_id = $1", id), [
    { metadata: { from: "elsewhere" } },
  ]);
});

test("an update that is no object is refused", async () => {
  const { id } = await signUp();
  await update(id, { a: 1 });
  for (const wrong of [null, "text", 7, ["a"], undefined]) {
    await assert.rejects(
      UserMetadata.updateUserMetadata(id, wrong),
      /status code: 400.*metadataUpdate/s,
      JSON.stringify(wrong),
    );
  }
  assert.deepEqual(await get(id), { a: 1 });
});

test("metadata goes with its user", async () => {
  const { id } = await signUp();
  await update(id, { a: 1 });
  await SuperTokens.deleteUser(id);
  assert.deepEqual(await get(id), {});
});

test("metadata belongs to one app", async () => {
  const { id } = await signUp();
  await update(id, { a: 1 });
  const appId = newId("other");
  await createApp(appId);
  const elsewhere = await cdi("GET", `/appid-${appId}/recipe/user/metadata?userId=${id}`);
  assert.deepEqual(elsewhere, { status: "OK", metadata: {} });
});
