// The simplified profile: sign-in without passwords, verification, metadata and roles (CDI 8).
import test from "node:test";
import {
  VERSIONS, assert, badField, call, get, has, newApp, newEmail, newId, newPhone, newTenant, ok, post, put, refused,
  sameMembers,
} from "./helper.mjs";

const send = (method, path, options = {}) => call(method, path, { version: null, ...options });
const METADATA = "/recipe/user/metadata";
const ROLES = "/recipe/user/roles";

/** An app with the tenant t1; gives the beginning of the app's paths. */
async function appWithTenant() {
  const app = await newApp();
  await newTenant(app, "t1");
  return app;
}

test("8.1.13 8.1.14 8.3 T codes", async () => {
  const app = await appWithTenant();
  const tenantId = "t1";
  for (const [name, value] of [["email", newEmail()], ["phoneNumber", newPhone()]]) {
    for (const createdNewUser of [true, false]) {
      const made = ok(await send("POST", `${app}/recipe/signinup/code`, { body: { [name]: value, tenantId } }));
      sameMembers(Object.keys(made), ["status", "preAuthSessionId", "codeId", "deviceId", "userInputCode", "linkCode",
        "timeCreated", "codeLifetime"]);
      const { preAuthSessionId, deviceId, userInputCode } = made;
      const consume = (more) => send("POST", `${app}/recipe/signinup/code/consume`, {
        body: { preAuthSessionId, deviceId, userInputCode, tenantId, ...more },
      });
      has(await consume({ tenantId: undefined }), "RESTART_FLOW_ERROR", "the public tenant");
      has(await consume({ userInputCode: "wrong" }), "INCORRECT_USER_INPUT_CODE_ERROR");
      badField(await consume({ preAuthSessionId: undefined }), "preAuthSessionId");
      const done = ok(await consume());
      assert.equal(done.createdNewUser, createdNewUser);
      assert.deepEqual(done.user[`${name}s`], [value]);
      for (const [used, of] of [[done.user.tenantIds, "user"], [done.user.loginMethods[0].tenantIds, "login method"]]) {
        assert.deepEqual(used, ["t1"], of);
      }
      has(await consume(), "RESTART_FLOW_ERROR");
    }
  }
  refused(await send("POST", "/recipe/signinup/code", { body: {} }), 400, /^Please provide exactly one of email/);
});

test("8.1.15 8.3 L 8.3 T accounts at providers", async () => {
  const app = await appWithTenant();
  const given = { thirdPartyId: "google", thirdPartyUserId: newId("id"), email: { id: newEmail() } };
  const signInUp = (more, options) =>
    send("POST", `${app}/recipe/signinup`, { body: { ...given, ...more }, ...options });
  const { user, createdNewUser } = ok(await signInUp());
  assert.deepEqual([createdNewUser, user.tenantIds], [true, ["public"]]);
  assert.equal(user.loginMethods[0].verified, false, "what is absent is false");
  assert.equal(ok(await signInUp()).createdNewUser, false);
  for (const more of [{ body: { ...given, tenantId: "t1" } }, { query: { tenantId: "T1" } },
    { headers: { tenantId: "t1" } }]) {
    const done = ok(await signInUp({}, more));
    assert.deepEqual(done.user.tenantIds, ["t1"]);
    assert.notEqual(done.user.id, user.id);
  }
  const verified = ok(await signInUp({ email: { ...given.email, isVerified: true } })).user;
  assert.deepEqual([verified.id, verified.loginMethods[0].verified], [user.id, true], "a value that is sent counts");
  badField(await signInUp({ email: { ...given.email, isVerified: 1 } }), "isVerified");
  for (const version of VERSIONS.slice(1)) badField(await signInUp({}, { version }), "isVerified", version);
  const real = await signInUp({ email: { ...given.email, isVerified: true }, tenantId: "t1" }, { version: "5.4" });
  assert.equal(ok(real).user.id, user.id, "with a version the path alone names the tenant");
});

test("8.1.16 8.1.17 8.1.18 8.3 T verification of addresses", async () => {
  const app = await appWithTenant();
  const path = `${app}/recipe/user/email/verify`;
  const of = { userId: newId("user"), email: newEmail() };
  const shown = async () => ok(await send("GET", path, { query: of })).isVerified;
  const { token } = ok(await send("POST", `${path}/token`, { body: { ...of, tenantId: "t1" } }));
  const verify = (more) => send("POST", path, { body: { method: "token", token, ...more } });
  has(await verify(), "EMAIL_VERIFICATION_INVALID_TOKEN_ERROR", "a token is its tenant's");
  assert.equal(await shown(), false);
  ok(await verify({ tenantId: "t1" }));
  assert.equal(await shown(), true);
  const again = await send("POST", `${path}/token`, { body: of });
  has(again, "EMAIL_ALREADY_VERIFIED_ERROR");
  for (const field of ["userId", "email"]) {
    const { [field]: missing, ...query } = of;
    refused(await send("GET", path, { query }), 400, `Field name '${field}' is missing in GET request`);
  }
});

test("8.1.19 8.1.20 8.1.21 metadata", async () => {
  for (const version of [null, ...VERSIONS]) {
    const userId = newId("user");
    const body = { userId, metadataUpdate: { a: 1, b: { c: 2 } } };
    assert.deepEqual(ok(await send("PUT", METADATA, { body })).metadata, body.metadataUpdate);
    const read = async () => ok(await send("GET", METADATA, { query: { userId } })).metadata;
    assert.deepEqual(await read(), body.metadataUpdate);
    for (let n = 0; n < 2; n += 1) {
      assert.deepEqual(ok(await send("DELETE", METADATA, { query: { userId }, version })), { status: "OK" });
      assert.deepEqual(await read(), {}, version);
    }
    const missing = await send("DELETE", METADATA, { version, body: { userId } });
    refused(missing, 400, "Field name 'userId' is missing in GET request");
  }
});

test("8.1.27 8.1.28 making and listing roles", async () => {
  for (const version of [null, ...VERSIONS]) {
    const app = await newApp();
    const make = (body) => send("PUT", `${app}/recipe/roles`, { body, version });
    assert.deepEqual(ok(await make({ role: " admin", permissions: ["read"] })), { status: "OK", createdNewRole: true });
    assert.deepEqual(ok(await make({ role: "admin", permissions: ["write"] })), { status: "OK", createdNewRole: false });
    ok(await make({ role: "guest" }));
    const listed = ok(await send("GET", `${app}/recipe/roles`)).roles;
    sameMembers(listed, ["admin", "guest"]);
    const { permissions } = ok(await get(`${app}/recipe/role/permissions`, { role: "admin" }));
    sameMembers(permissions, ["read", "write"]);
    badField(await make({}), "role");
    refused(await make({ role: " " }), 400, "Field name 'role' cannot be an empty String");
  }
});

test("8.1.29 8.1.30 8.1.31 8.3 T roles of a user", async () => {
  const app = await appWithTenant();
  ok(await put(`${app}/recipe/role`, { role: "admin" }));
  const userId = newId("user");
  const assign = (more) => send("PUT", app + ROLES, { body: { userId, role: "admin", ...more } });
  const shown = async (more) => ok(await send("GET", app + ROLES, { query: { userId, ...more } })).roles;
  const take = (more, headers) => send("DELETE", app + ROLES, { query: { userId, role: "admin", ...more }, headers });
  for (const didUserAlreadyHaveRole of [false, true]) {
    assert.deepEqual(ok(await assign({ tenantId: "t1" })), { status: "OK", didUserAlreadyHaveRole });
  }
  assert.deepEqual([await shown({ tenantId: "t1" }), await shown()], [["admin"], []]);
  ok(await assign());
  assert.deepEqual(await shown(), ["admin"]);
  assert.deepEqual(ok(await take({ tenantId: "T1" })), { status: "OK", didUserHaveRole: true });
  assert.deepEqual(ok(await take({}, { tenantId: "t1" })), { status: "OK", didUserHaveRole: false });
  assert.deepEqual([await shown({ tenantId: "t1" }), await shown()], [[], ["admin"]]);
  assert.deepEqual(ok(await take()), { status: "OK", didUserHaveRole: true });
});

test("8.1.29 8.1.31 8.3 M with a version too, where the path names the tenant", async () => {
  const app = await appWithTenant();
  ok(await put(`${app}/recipe/role`, { role: "admin" }));
  const path = `${app}/t1${ROLES}`;
  for (const version of [null, ...VERSIONS]) {
    const given = { userId: newId("user"), role: "admin" };
    const assign = (more) => send("PUT", path, { body: { ...given, ...more }, version });
    const take = (query) => send("DELETE", path, { query, version });
    const shown = async (at) => ok(await get(at + ROLES, { userId: given.userId })).roles;
    assert.deepEqual(ok(await assign()), { status: "OK", didUserAlreadyHaveRole: false }, version);
    assert.deepEqual([await shown(`${app}/t1`), await shown(app)], [["admin"], []], version);
    for (const didUserHaveRole of [true, false]) {
      assert.deepEqual(ok(await take(given)), { status: "OK", didUserHaveRole }, version);
    }
    for (const answer of [await assign({ role: "unknown" }), await take({ ...given, role: "unknown" })]) {
      has(answer, "UNKNOWN_ROLE_ERROR", version);
    }
    for (const field of ["userId", "role"]) {
      badField(await assign({ [field]: undefined }), field, version);
      const { [field]: missing, ...query } = given;
      refused(await take(query), 400, `Field name '${field}' is missing in GET request`, version);
    }
  }
});

test("8.3 T tenants that there are not, or not that way", async () => {
  const app = await appWithTenant();
  ok(await put(`${app}/recipe/role`, { role: "admin" }));
  const assign = (at, tenantId) =>
    send("PUT", app + at + ROLES, { body: { userId: "u", role: "admin", tenantId } });
  refused(await assign("", "nowhere"), 400, /^AppId or tenantId not found => /);
  badField(await assign("", 5), "tenantId");
  const both = await assign("/t1", "public");
  assert.equal(both.status, 400, both.text);
  ok(await assign("/t1", "t1"));
});

test("8.3 P calls that have a version name their tenant by the path alone", async () => {
  const app = await appWithTenant();
  ok(await put(`${app}/recipe/role`, { role: "admin" }));
  for (const version of VERSIONS) {
    const body = { userId: newId("user"), role: "admin", tenantId: "t1" };
    ok(await put(`${app}/recipe/user/role`, body, version));
    const stray = { userId: body.userId, tenantId: "t1" };
    assert.deepEqual(ok(await get(app + ROLES, stray, version)).roles, ["admin"], "of the public tenant");
    assert.deepEqual(ok(await get(`${app}/t1${ROLES}`, stray, version)).roles, []);
    const code = ok(await post(`${app}/recipe/signinup/code`, { email: newEmail(), tenantId: "t1" }, version));
    has(await post(`${app}/t1/recipe/signinup/code`, { deviceId: code.deviceId }), "RESTART_FLOW_ERROR", version);
  }
});
