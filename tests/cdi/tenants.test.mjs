// Who may make, list and remove apps and tenants, and what goes with them (CDI 2.12, 3.9, 7.9).
import test from "node:test";
import {
  VERSIONS, assert, createSession, get, has, newApp, newId, newTenant, ok, post, put, refused, sameMembers, signIn,
  signUp,
} from "./helper.mjs";

const M = "/recipe/multitenancy";
const V2 = `${M}/tenant/v2`;
const ASSOCIATE = `${M}/tenant/user`;

const associate = (at, recipeUserId, version = "5.4") =>
  post(at + ASSOCIATE, version === "3.1" ? { userId: recipeUserId } : { recipeUserId }, version);
const disassociate = (at, recipeUserId) => post(`${at + ASSOCIATE}/remove`, { recipeUserId });
const tenantIds = async (app, userId) => ok(await get(`${app}/user/id`, { userId })).user.tenantIds;

test("7.9.206 a tenant is made by the public one, and changed by itself", async () => {
  const app = await newApp();
  await newTenant(app, "t1");
  await newTenant(app, "t2");
  const message = "You must use the public or same tenant to add/update a tenant";
  for (const path of [V2, `${M}/tenant`]) {
    for (const tenantId of ["t1", "new"]) {
      refused(await put(`${app}/t2${path}`, { tenantId }), 403, message);
    }
    assert.equal(ok(await put(`${app}/t1${path}`, { tenantId: "t1" })).createdNew, false);
  }
  has(await get(`${app}/new${V2}`), "TENANT_NOT_FOUND_ERROR");
});

test("7.9.207 removing tenants", async () => {
  const app = await newApp();
  await newTenant(app, "t1");
  await newTenant(app, "t2");
  const remove = (tenantId, at = app) => post(`${at}${M}/tenant/remove`, { tenantId });
  refused(await remove("public"), 403, "Cannot delete public tenant, use remove app API instead");
  for (const tenantId of ["t1", "t2"]) {
    refused(await remove(tenantId, `${app}/t1`), 403, "Only the public tenantId is allowed to delete a tenant");
  }
  assert.deepEqual(ok(await remove(" T1 ")), { status: "OK", didExist: true });
  assert.deepEqual(ok(await remove("t1")), { status: "OK", didExist: false });
  assert.deepEqual(ok(await remove("unknown")), { status: "OK", didExist: false });
});

test("7.9.208 making and removing apps", async () => {
  const appId = newId("a");
  const app = `/appid-${appId}`;
  ok(await put(`${M}/app/v2`, { appId }));
  await newTenant(app, "t1");
  const remove = (id, at = "") => post(`${at}${M}/app/remove`, { appId: id });
  refused(await remove(appId), 403,
    "Please delete all tenants except the public tenant for this app before calling the delete API");
  const only = "Only the public tenantId and public appId is allowed to delete an app";
  for (const at of [app, `${app}/t1`]) refused(await remove(appId, at), 403, only);
  refused(await remove("public"), 403, "Cannot delete the public app, use remove connection uri domain API instead");
  const other = await put(`${app}${M}/app/v2`, { appId: newId("a") });
  refused(other, 403, "You must use the public or same app to add/update an app");
  assert.equal(ok(await put(`${app}${M}/app/v2`, { appId })).createdNew, false, "an app changes itself");

  const { id } = await signUp(app);
  const { session } = ok(await createSession(app));
  ok(await post(`${app}${M}/tenant/remove`, { tenantId: "t1" }));
  assert.deepEqual(ok(await remove(appId)), { status: "OK", didExist: true });
  assert.deepEqual(ok(await remove(appId)), { status: "OK", didExist: false });
  refused(await get(`${app}/users`), 400, /^AppId or tenantId not found => /);
  ok(await put(`${M}/app/v2`, { appId }));
  has(await get(`${app}/user/id`, { userId: id }), "UNKNOWN_USER_ID_ERROR");
  has(await get(`${app}/recipe/session`, { sessionHandle: session.handle }), "UNAUTHORISED");
});

test("7.9.209 an unknown tenant is a status", async () => {
  for (const version of VERSIONS) {
    for (const path of [V2, `${M}/tenant`]) {
      assert.deepEqual((await get(`/nowhere${path}`, undefined, version)).json, { status: "TENANT_NOT_FOUND_ERROR" });
    }
  }
});

test("7.9.210 lists", async () => {
  const app = await newApp();
  const at = await newTenant(app, "t1", { firstFactors: ["emailpassword"] });
  for (const [list, single] of [[`${M}/tenant/list/v2`, V2], [`${M}/tenant/list`, `${M}/tenant`]]) {
    for (const version of VERSIONS) {
      const { tenants } = ok(await get(app + list, undefined, version));
      for (const tenant of tenants) {
        const shown = ok(await get(`${app}/${tenant.tenantId}${single}`, undefined, version));
        assert.deepEqual({ status: "OK", ...tenant }, shown);
      }
      sameMembers(tenants.map(({ tenantId }) => tenantId), ["public", "t1"]);
    }
    const message = "Only the public tenantId is allowed to list all tenants associated with this app";
    refused(await get(at + list), 403, message);
  }
});

test("2.12 the list of apps, for the public app alone", async () => {
  const app = await newApp();
  await newTenant(app, "t1");
  for (const path of [`${M}/app/list/v2`, `${M}/app/list`]) {
    const { apps } = ok(await get(path));
    const found = apps.find(({ appId }) => `/appid-${appId}` === app);
    sameMembers(found.tenants.map(({ tenantId }) => tenantId), ["public", "t1"]);
    assert.ok(apps.some(({ appId }) => appId === "public"));
    for (const at of [app, `${app}/t1`]) assert.equal((await get(at + path)).status, 403);
  }
});

test("7.9.221 users of a tenant that is removed are still there", async () => {
  const app = await newApp();
  const t1 = await newTenant(app, "t1");
  const { id, email } = await signUp(t1);
  ok(await post(`${app}${M}/tenant/remove`, { tenantId: "t1" }));
  assert.deepEqual(await tenantIds(app, id), []);
  assert.deepEqual(ok(await get(`${app}/users`)).users, []);
  assert.equal(ok(await get(`${app}/users/count`, { includeAllTenants: "true" })).count, 1);
  await newTenant(app, "t1");
  assert.deepEqual(ok(await get(`${t1}/users`)).users, []);
  has(await signIn(t1, email), "WRONG_CREDENTIALS_ERROR");
  assert.notEqual((await signUp(t1, email)).id, id, "the address is free again");
});

test("7.9.215 association", async () => {
  const app = await newApp();
  const [t1, t2] = [await newTenant(app, "t1"), await newTenant(app, "t2")];
  for (const version of VERSIONS) {
    const { id } = await signUp(t1);
    for (const wasAlreadyAssociated of [false, true]) {
      assert.deepEqual(ok(await associate(t2, id, version)), { status: "OK", wasAlreadyAssociated });
    }
    sameMembers(await tenantIds(app, id), ["t1", "t2"]);
    has(await associate(t2, newId("unknown"), version), "UNKNOWN_USER_ID_ERROR");
  }
  refused(await post(t2 + ASSOCIATE, { recipeUserId: " " }), 400, /cannot be an empty String/);
});

test("7.9.216 association where the address is taken", async () => {
  const app = await newApp();
  const [t1, t2] = [await newTenant(app, "t1"), await newTenant(app, "t2")];
  const { id, email } = await signUp(t1);
  await signUp(t2, email);
  has(await associate(t2, id), "EMAIL_ALREADY_EXISTS_ERROR");
  assert.deepEqual(await tenantIds(app, id), ["t1"]);
});

test("7.9.218 disassociation", async () => {
  const app = await newApp();
  const [t1, t2] = [await newTenant(app, "t1"), await newTenant(app, "t2")];
  const { id, email } = await signUp(t1);
  const { session: inT1 } = ok(await createSession(t1, id));
  const { session: inApp } = ok(await createSession(app, id));
  assert.equal(ok(await disassociate(t2, id)).wasAssociated, false);
  assert.equal(ok(await disassociate(t1, id)).wasAssociated, true);
  assert.deepEqual(await tenantIds(app, id), []);
  has(await signIn(t1, email), "WRONG_CREDENTIALS_ERROR");
  const details = ({ handle }) => get(`${app}/recipe/session`, { sessionHandle: handle });
  has(await details(inT1), "UNAUTHORISED", "4.16 sessions of the tenant are gone");
  ok(await details(inApp));
  ok(await associate(t2, id));
  ok(await signIn(t2, email));
});

test("7.9.219 disassociation of an id that is no user", async () => {
  const at = await newTenant();
  const userId = newId("bare");
  const { session } = ok(await createSession(at, userId));
  assert.equal(ok(await disassociate(at, userId)).wasAssociated, true);
  has(await get("/recipe/session", { sessionHandle: session.handle }), "UNAUTHORISED");
  has(await disassociate(at, newId("unknown")), "UNKNOWN_USER_ID_ERROR");
});
