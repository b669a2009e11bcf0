// Ids of another system for users (CDI 2.10, 3.0, 3.6, 7.7).
import test from "node:test";
import {
  VERSIONS, assert, badField, has, newApp, newEmail, newId, newTenant, ok, post, put, refused, signUp, sqlCall,
} from "./helper.mjs";
import {
  UNKNOWN_USER, findUser, giveRole, map, mapped, mapping, metadataOf, methodOf, openSession, setInfo, setMetadata,
  unmap, userOf, verified,
} from "./linking_helper.mjs";

const MAP = "/recipe/userid/map";
const INFO = "/recipe/userid/external-user-id-info";
const UNKNOWN = "UNKNOWN_MAPPING_ERROR";
const UNKNOWN_ID = "UNKNOWN_SUPERTOKENS_USER_ID_ERROR";
const EXISTS = "USER_ID_MAPPING_ALREADY_EXISTS_ERROR";
const IS_A_USER = "Cannot create a userId mapping where the externalId is also a SuperTokens userID";
const inUse = (recipe) => `UserId is already in use in ${recipe} recipe`;
const exists = (doesSuperTokensUserIdExist, doesExternalUserIdExist) =>
  ({ status: EXISTS, doesSuperTokensUserIdExist, doesExternalUserIdExist });

test("3.6 a mapping is made, found and removed", async () => {
  for (const version of VERSIONS) {
    const [{ id }, external] = [await signUp(), newId("ext")];
    const info = `info of ${version}`;
    assert.deepEqual(ok(await map(id, external, { externalUserIdInfo: info }, "", version)), { status: "OK" });
    const shown = { status: "OK", superTokensUserId: id, externalUserId: external, externalUserIdInfo: info };
    for (const [userId, userIdType] of [[id], [external], [id, "ANY"], [external, "ANY"], [id, "SUPERTOKENS"],
      [external, "EXTERNAL"], [` ${external} `, " EXTERNAL "]]) {
      assert.deepEqual(ok(await mapping(userId, userIdType)), shown, `${userId} ${userIdType}`);
    }
    assert.deepEqual(ok(await unmap(version === "3.1" ? id : external)), { status: "OK", didMappingExist: true });
    for (const userId of [id, external]) assert.deepEqual(has(await mapping(userId), UNKNOWN), { status: UNKNOWN });
    assert.equal((await userOf(id)).id, id);
  }
});

test("7.7.162 a user who is not known by that id", async () => {
  const { id } = await signUp();
  const external = await mapped(id);
  const other = newId("ext");
  for (const unknown of ["unknown", "00000000-0000-4000-8000-000000000000", external]) {
    assert.deepEqual(has(await map(unknown, other), UNKNOWN_ID), { status: UNKNOWN_ID }, unknown);
    has(await map(unknown, other, { force: true }), UNKNOWN_ID, "force makes no user");
  }
  has(await mapping(other), UNKNOWN);
});

test("7.7.163 a second mapping", async () => {
  const [one, other] = [await signUp(), await signUp()];
  const external = await mapped(one.id);
  for (const more of [{}, { force: true }]) {
    assert.deepEqual(has(await map(one.id, external, more), EXISTS), exists(true, true));
    assert.deepEqual(has(await map(one.id, newId("ext"), more), EXISTS), exists(true, false));
    assert.deepEqual(has(await map(other.id, external, more), EXISTS), exists(false, true));
    assert.deepEqual(has(await map("unknown", external, more), EXISTS), exists(false, true), "it is looked at first");
  }
  const second = await mapped(other.id);
  assert.equal(has(await map(one.id, second), EXISTS).doesExternalUserIdExist, true);
  assert.equal(ok(await mapping(one.id)).externalUserId, external);
});

test("3.6 mappings are of one app", async () => {
  const [one, other] = [await newApp(), await newApp()];
  const users = [await signUp(one), await signUp(other)];
  const external = newId("ext");
  ok(await map(users[0].id, external, {}, one));
  ok(await map(users[1].id, external, {}, other));
  assert.equal(ok(await mapping(external, undefined, other)).superTokensUserId, users[1].id);
  has(await mapping(external), UNKNOWN);
  has(await map(users[0].id, newId("ext"), {}, other), UNKNOWN_ID);
  const at = await newTenant(one);
  refused(await mapping(external, "ANY", at), 403, "Only public tenantId can call this app specific API");
});

test("7.7.164 7.7.165 blanks, empty texts and null", async () => {
  const { id } = await signUp();
  const external = newId("ext");
  const info = ` some\tinfo `;
  ok(await map(` ${id} `, `\t${external} `, { externalUserIdInfo: info }));
  assert.deepEqual(ok(await mapping(external)),
    { status: "OK", superTokensUserId: id, externalUserId: external, externalUserIdInfo: info.trim() });
  const good = { superTokensUserId: (await signUp()).id, externalUserId: newId("ext") };
  for (const field of ["superTokensUserId", "externalUserId", "externalUserIdInfo"]) {
    for (const empty of ["", "  "]) {
      const text = `Field name '${field}' cannot be an empty String`;
      refused(await post(MAP, { ...good, [field]: empty }), 400, text);
    }
    badField(await post(MAP, { ...good, [field]: 1 }), field);
    if (field !== "externalUserIdInfo") badField(await post(MAP, { ...good, [field]: null }), field);
  }
  badField(await post(MAP, { ...good, force: "true" }), "force");
  for (const answer of [await mapping(" "), await unmap(" "), await setInfo(" ", { externalUserIdInfo: "i" })]) {
    refused(answer, 400, "Field name 'userId' cannot be an empty String");
  }
  ok(await post(MAP, { ...good, externalUserIdInfo: null }));
  const { superTokensUserId, externalUserId } = good;
  assert.deepEqual(ok(await mapping(externalUserId)), { status: "OK", superTokensUserId, externalUserId });
});

test("7.7.166 a mapping of an id that has metadata", async () => {
  const { id } = await signUp();
  const external = newId("ext");
  await setMetadata(id, { a: 1 });
  for (const version of VERSIONS) refused(await map(id, external, {}, "", version), 400, inUse("UserMetadata"));
  refused(await map(id, external, { force: false }), 400, inUse("UserMetadata"));
  has(await mapping(external), UNKNOWN);
  ok(await map(id, external, { force: true }));
  assert.deepEqual([await metadataOf(id), await metadataOf(external)], [{ a: 1 }, {}]);
});

test("7.7.167 a mapping of an id that is in use", async () => {
  const app = await newApp();
  const uses = {
    Session: (id) => openSession(app, id),
    UserMetadata: (id) => setMetadata(id, {}, app),
    UserRoles: (id) => giveRole(id, app, app),
    EmailVerification: (id) => verified(id, newEmail(), app),
  };
  const recipes = Object.keys(uses);
  for (const recipe of recipes.slice(0, 3)) {
    const { id } = await signUp(app);
    await uses[recipe](id);
    refused(await map(id, newId("ext"), {}, app), 400, inUse(recipe));
    ok(await map(id, newId("ext"), { force: true }, app));
  }
  // With all of them the first in order is told; then without that one, and so on.
  for (const [n, first] of recipes.slice(0, 3).entries()) {
    const { id } = await signUp(app);
    for (const recipe of recipes.slice(n).reverse()) await uses[recipe](id);
    refused(await map(id, newId("ext"), {}, app), 400, inUse(first));
  }
});

test("7.7.168 7.7.169 an external id that is another user's own", async () => {
  const [one, other] = [await signUp(), await signUp()];
  refused(await map(one.id, other.id), 400, IS_A_USER);
  refused(await map(one.id, one.id), 400, IS_A_USER);
  ok(await map(one.id, other.id, { force: true }));
  assert.equal(ok(await mapping(other.id)).superTokensUserId, one.id);
  assert.equal((await userOf(one.id)).id, other.id);
  assert.equal(methodOf(await userOf(other.id), other.id).email, other.email, "a user's own id comes first");
  // What is kept under that text is the other user's.
  await setMetadata(other.id, { a: 1 });
  assert.deepEqual(ok(await unmap(other.id, { userIdType: "ANY" })), { status: "OK", didMappingExist: true });
  assert.equal((await userOf(one.id)).id, one.id);
  assert.deepEqual(await metadataOf(other.id), { a: 1 });
});

test("7.7.169 by the type SUPERTOKENS the id is that of the mapping's user", async () => {
  const [one, other] = [await signUp(), await signUp()];
  ok(await map(one.id, other.id, { force: true }));
  await setMetadata(other.id, { a: 1 });
  assert.equal(ok(await unmap(one.id, { userIdType: "SUPERTOKENS" })).didMappingExist, true);
  has(await mapping(one.id), UNKNOWN);
});

test("3.6 of two readings of an id, ANY takes that of our own", async () => {
  const [one, other] = [await signUp(), await signUp()];
  const external = await mapped(other.id);
  ok(await map(one.id, other.id, { force: true }));
  for (const type of ["ANY", "SUPERTOKENS"]) assert.equal(ok(await mapping(other.id, type)).externalUserId, external);
  assert.equal(ok(await mapping(other.id, "EXTERNAL")).superTokensUserId, one.id);
});

test("7.7.170 the type of an id", async () => {
  const { id } = await signUp();
  const external = await mapped(id);
  const types = "Field name 'userIdType' should be one of 'SUPERTOKENS', 'EXTERNAL' or 'ANY'";
  for (const [userId, userIdType] of [[id, "EXTERNAL"], [external, "SUPERTOKENS"]]) {
    has(await mapping(userId, userIdType), UNKNOWN);
    has(await setInfo(userId, { userIdType, externalUserIdInfo: "i" }), UNKNOWN);
    assert.deepEqual(ok(await unmap(userId, { userIdType })), { status: "OK", didMappingExist: false });
  }
  for (const userIdType of ["abc", "", "any"]) {
    refused(await mapping(id, userIdType), 400, types);
    refused(await unmap(id, { userIdType }), 400, types);
    refused(await setInfo(id, { userIdType, externalUserIdInfo: "i" }), 400, types);
  }
  ok(await mapping(external));
});

test("7.7.171 7.7.172 a mapping is removed while its external id is in use", async () => {
  const app = await newApp();
  for (const [recipe, use] of [
    ["UserMetadata", (id) => setMetadata(id, { a: 1 }, app)], ["Session", (id) => openSession(app, id)],
    ["UserRoles", (id) => giveRole(id, app, app)], ["EmailVerification", (id) => verified(id, newEmail(), app)],
  ]) {
    const { id } = await signUp(app);
    const external = await mapped(id, app);
    await use(external);
    for (const userId of [id, external]) refused(await unmap(userId, {}, app), 400, inUse(recipe));
    assert.equal((await userOf(id, app)).id, external);
    assert.deepEqual(ok(await unmap(external, { force: true }, app)), { status: "OK", didMappingExist: true });
    assert.equal((await userOf(id, app)).id, id);
    has(await findUser(external, app), UNKNOWN_USER);
    if (recipe === "UserMetadata") assert.deepEqual(await metadataOf(external, app), { a: 1 });
  }
  const { id } = await signUp(app);
  for (const unknown of ["unknown", id]) {
    for (const more of [{}, { force: true }, { userIdType: "EXTERNAL" }]) {
      assert.deepEqual(ok(await unmap(unknown, more, app)), { status: "OK", didMappingExist: false });
    }
  }
  badField(await post(`${app}${MAP}/remove`, {}), "userId");
});

test("7.7.173 what is noted beside an external id", async () => {
  const { id } = await signUp();
  const external = await mapped(id);
  badField(await put(INFO, { userId: id }), "externalUserIdInfo");
  badField(await put(INFO, { externalUserIdInfo: "i" }), "userId");
  badField(await setInfo(id, { externalUserIdInfo: 1 }), "externalUserIdInfo");
  for (const [userId, info] of [[id, "one"], [id, "one"], [external, "two"], [external, null], [id, null]]) {
    assert.deepEqual(ok(await setInfo(userId, { externalUserIdInfo: info })), { status: "OK" });
    assert.equal(ok(await mapping(id)).externalUserIdInfo, info ?? undefined);
  }
  assert.ok(!("externalUserIdInfo" in (await mapping(id)).json));
  const alone = await signUp();
  for (const unknown of ["unknown", alone.id]) {
    for (const info of ["i", null]) has(await setInfo(unknown, { externalUserIdInfo: info }), UNKNOWN);
  }
});

test("3.6 external ids are any text up to 128 characters", async () => {
  for (const external of [newId("x").padEnd(128, "x"), `${newId("ä")} '";ß%_`, `${newId("Upper")}/CASE`]) {
    const { id } = await signUp();
    ok(await map(id, external));
    assert.equal((await userOf(external)).id, external);
    has(await findUser(external.toUpperCase()), UNKNOWN_USER, "letters count");
  }
});

test("2.10 the same in SQL", async () => {
  const { id } = await signUp();
  const external = newId("ext");
  const given = { user_id: id, external_user_id: external };
  assert.deepEqual(sqlCall("create_user_id_mapping", given), { status: "OK" });
  assert.deepEqual(sqlCall("create_user_id_mapping", given), exists(true, true));
  assert.deepEqual(sqlCall("get_user_id_mapping", { user_id: external }),
    { status: "OK", superTokensUserId: id, externalUserId: external });
  assert.deepEqual(sqlCall("delete_user_id_mapping", { user_id: external }), { status: "OK", didMappingExist: true });
});
