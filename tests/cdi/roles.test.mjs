// Roles and permissions (CDI 2.9, 3.8, 7.8).
import test from "node:test";
import {
  VERSIONS, assert, badField, get, has, newApp, newId, newTenant, ok, post, put, refused, sameMembers, signUp, sqlCall,
} from "./helper.mjs";

const UNKNOWN = "UNKNOWN_ROLE_ERROR";
const APP_ONLY = "Only public tenantId can call this app specific API";

const create = (role, permissions, at = "", version = "5.4") => put(`${at}/recipe/role`, { role, permissions }, version);
const assign = (userId, role, at = "", version = "5.4") => put(`${at}/recipe/user/role`, { userId, role }, version);
const unassign = (userId, role, at = "", version = "5.4") =>
  post(`${at}/recipe/user/role/remove`, { userId, role }, version);
const roles = async (at = "", version = "5.4") => ok(await get(`${at}/recipe/roles`, undefined, version)).roles;
const rolesOf = async (userId, at = "", version = "5.4") =>
  ok(await get(`${at}/recipe/user/roles`, { userId }, version)).roles;
const usersWith = (role, at = "", version = "5.4") => get(`${at}/recipe/role/users`, { role }, version);
const permissionsOf = (role, at = "", version = "5.4") => get(`${at}/recipe/role/permissions`, { role }, version);
const rolesWith = async (permission, at = "", version = "5.4") =>
  ok(await get(`${at}/recipe/permission/roles`, { permission }, version)).roles;
const revoke = (body, version) => post("/recipe/role/permissions/remove", body, version);
const remove = (role, at = "", version = "5.4") => post(`${at}/recipe/role/remove`, { role }, version);

async function newRole(permissions, at = "") {
  const role = newId("role");
  assert.equal(ok(await create(role, permissions, at)).createdNewRole, true);
  return role;
}

test("7.8.182 names are trimmed, and not empty", async () => {
  for (const version of VERSIONS) {
    const app = await newApp();
    assert.deepEqual(ok(await create("\t admin ", [" read ", "read"], app, version)), { status: "OK", createdNewRole: true });
    assert.deepEqual(await roles(app, version), ["admin"]);
    const empty = "Field name 'role' cannot be an empty String";
    for (const role of ["", "  "]) {
      const answers = [await create(role, undefined, app, version), await remove(role, app, version),
        await assign("u", role, app, version), await unassign("u", role, app, version),
        await usersWith(role, app, version), await permissionsOf(role, app, version),
        await post(`${app}/recipe/role/permissions/remove`, { role }, version)];
      for (const answer of answers) refused(answer, 400, empty, version);
      const permission = await get(`${app}/recipe/permission/roles`, { permission: role }, version);
      refused(permission, 400, "Field name 'permission' cannot be an empty String", version);
    }
    assert.equal(ok(await create(" admin", [], app, version)).createdNewRole, false);
    assert.equal(ok(await create("Admin", [], app, version)).createdNewRole, true, "letters count");
    ok(await assign("u", " admin ", app, version));
    assert.deepEqual(await rolesOf("u", app, version), ["admin"]);
    assert.deepEqual(ok(await usersWith(" admin", app, version)).users, ["u"]);
    assert.deepEqual(ok(await permissionsOf("admin ", app, version)).permissions, ["read"]);
    assert.deepEqual(await rolesWith(" read ", app, version), ["admin"]);
    assert.equal(ok(await unassign("u", "admin\n", app, version)).didUserHaveRole, true);
    assert.equal(ok(await remove(" admin ", app, version)).didRoleExist, true);
    assert.deepEqual(await roles(app, version), ["Admin"]);
  }
});

test("2.9 what a call must say", async () => {
  for (const version of VERSIONS) {
    const calls = [[put, "/recipe/role", {}], [put, "/recipe/user/role", { userId: "u" }], [post, "/recipe/role/remove", {}],
      [post, "/recipe/user/role/remove", { userId: "u" }], [post, "/recipe/role/permissions/remove", {}]];
    for (const [method, path, body] of calls) {
      for (const role of [undefined, null, 1]) badField(await method(path, { ...body, role }, version), "role", path);
    }
    for (const path of ["/recipe/role/users", "/recipe/role/permissions"]) {
      refused(await get(path, undefined, version), 400, "Field name 'role' is missing in GET request");
    }
    for (const [path, field] of [["/recipe/user/roles", "userId"], ["/recipe/permission/roles", "permission"]]) {
      refused(await get(path, undefined, version), 400, `Field name '${field}' is missing in GET request`);
    }
    for (const path of ["/recipe/user/role/remove", "/recipe/user/role"]) {
      badField(await (path.endsWith("role") ? put : post)(path, { role: "r" }, version), "userId", path);
    }
  }
});

test("7.8.183 a role again, with more permissions", async () => {
  for (const version of VERSIONS) {
    const role = await newRole(["a", "b", "a"]);
    const now = async () => ok(await permissionsOf(role, "", version)).permissions;
    sameMembers(await now(), ["a", "b"]);
    const again = await create(role, [" b", "c", "c "], "", version);
    assert.deepEqual(ok(again), { status: "OK", createdNewRole: false });
    for (const permissions of [undefined, []]) {
      assert.equal(ok(await create(role, permissions, "", version)).createdNewRole, false);
      sameMembers(await now(), ["a", "b", "c"]);
    }
  }
});

test("7.8.183 null is no list of permissions, or none at all where they are added", async () => {
  const role = await newRole(["a"]);
  for (const version of VERSIONS) {
    badField(await revoke({ role, permissions: null }, version), "permissions");
    const answer = await create(role, null, "", version);
    if (answer.status === 200) assert.equal(ok(answer).createdNewRole, false);
    else badField(answer, "permissions");
    assert.deepEqual(ok(await permissionsOf(role)).permissions, ["a"]);
  }
});

test("7.8.184 permissions that are none; then nothing is made", async () => {
  const kept = await newRole(["a"]);
  for (const version of VERSIONS) {
    const role = newId("role");
    const empty = "Field name 'permissions' cannot contain an empty string";
    for (const permissions of [[" "], [""], ["a", "\t"]]) {
      refused(await create(role, permissions, "", version), 400, empty);
      refused(await revoke({ role: kept, permissions }, version), 400, empty);
    }
    for (const permissions of [[1], ["a", null], [["a"]], "a", {}, true]) {
      badField(await create(role, permissions, "", version), "permissions", JSON.stringify(permissions));
      badField(await revoke({ role: kept, permissions }, version), "permissions", JSON.stringify(permissions));
    }
    has(await permissionsOf(role), UNKNOWN);
    assert.deepEqual(ok(await permissionsOf(kept)).permissions, ["a"]);
  }
});

test("7.8.185 giving a role to a user that there need not be", async () => {
  for (const version of VERSIONS) {
    const [userId, role, other] = [newId("user"), await newRole(), await newRole()];
    assert.deepEqual(has(await assign(userId, newId("role"), "", version), UNKNOWN), { status: UNKNOWN });
    assert.deepEqual(await rolesOf(userId, "", version), []);
    for (const didUserAlreadyHaveRole of [false, true]) {
      assert.deepEqual(ok(await assign(userId, role, "", version)), { status: "OK", didUserAlreadyHaveRole });
    }
    ok(await assign(userId, other, "", version));
    sameMembers(await rolesOf(userId, "", version), [role, other]);
    const second = newId("user");
    ok(await assign(second, role));
    sameMembers(ok(await usersWith(role, "", version)).users, [userId, second]);
  }
});

test("7.8.186 roles are given in one tenant", async () => {
  const app = await newApp();
  const [t1, t2] = [await newTenant(app), await newTenant(app)];
  const [userId, role] = [newId("user"), await newRole([], app)];
  ok(await assign(userId, role, t1));
  for (const [at, expected] of [[t1, [role]], [t2, []], [app, []]]) {
    assert.deepEqual(await rolesOf(userId, at), expected);
    assert.deepEqual(ok(await usersWith(role, at)).users, expected.map(() => userId));
  }
  assert.equal(ok(await assign(userId, role, t2)).didUserAlreadyHaveRole, false);
  assert.equal(ok(await unassign(userId, role, t2)).didUserHaveRole, true);
  assert.deepEqual(await rolesOf(userId, t1), [role]);
  const tenantId = t1.slice(app.length + 1);
  ok(await post(`${app}/recipe/multitenancy/tenant/remove`, { tenantId }));
  await newTenant(app, tenantId);
  assert.deepEqual(await rolesOf(userId, t1), []);
  assert.deepEqual(ok(await usersWith(role, t1)).users, []);
});

test("2.9 3.8 roles are the app's", async () => {
  const app = await newApp();
  const at = await newTenant(app);
  const role = await newRole(["a"], app);
  has(await permissionsOf(role), UNKNOWN, "another app");
  has(await assign("u", role), UNKNOWN, "another app");
  for (const version of VERSIONS) {
    const answers = [await get(`${at}/recipe/roles`, undefined, version), await permissionsOf(role, at, version),
      await get(`${at}/recipe/permission/roles`, { permission: "a" }, version), await create(role, [], at, version),
      await post(`${at}/recipe/role/permissions/remove`, { role, permissions: [] }, version)];
    for (const answer of answers) {
      if (Number(version) < 5) ok(answer, version);
      else refused(answer, 403, APP_ONLY, version);
    }
    ok(await assign("u", role, at, version));
  }
  for (const version of VERSIONS.slice(2)) refused(await remove(role, at, version), 403, APP_ONLY);
  assert.equal(ok(await remove(role, at, "4.0")).didRoleExist, true);
});

test("7.8.187 taking permissions from a role", async () => {
  for (const version of VERSIONS) {
    const role = await newRole(["a", "b", "c"]);
    const left = async (expected) => sameMembers(ok(await permissionsOf(role)).permissions, expected);
    for (const permissions of [[], ["unknown"]]) {
      assert.deepEqual(ok(await revoke({ role, permissions }, version)), { status: "OK" });
      await left(["a", "b", "c"]);
    }
    ok(await revoke({ role, permissions: [" a ", "a", "unknown"] }, version));
    await left(["b", "c"]);
    ok(await revoke({ role }, version));
    await left([]);
    for (const permissions of [undefined, [], ["a"]]) {
      const answer = await revoke({ role: newId("role"), permissions }, version);
      assert.deepEqual(answer.json, { status: UNKNOWN });
    }
  }
});

test("7.8.188 a role that is removed is lost in every tenant", async () => {
  for (const version of VERSIONS) {
    const app = await newApp();
    const [at, userId, role] = [await newTenant(app), newId("user"), await newRole(["a"], app)];
    const other = await newRole(["a"], app);
    for (const path of [app, at]) for (const each of [role, other]) ok(await assign(userId, each, path));
    assert.deepEqual(ok(await remove(role, app, version)), { status: "OK", didRoleExist: true });
    for (const path of [app, at]) assert.deepEqual(await rolesOf(userId, path), [other]);
    assert.deepEqual([await roles(app), await rolesWith("a", app)], [[other], [other]]);
    has(await usersWith(role, app, version), UNKNOWN);
    has(await permissionsOf(role, app, version), UNKNOWN);
    assert.equal(ok(await remove(role, app, version)).didRoleExist, false);
    assert.equal(ok(await create(role, [], app)).createdNewRole, true);
    assert.deepEqual(ok(await permissionsOf(role, app)).permissions, [], "nothing comes back");
    assert.deepEqual(await rolesOf(userId, app), [other]);
  }
});

test("7.8.189 taking a role from a user", async () => {
  for (const version of VERSIONS) {
    const [userId, role] = [newId("user"), await newRole()];
    ok(await assign(userId, role));
    for (const didUserHaveRole of [true, false]) {
      assert.deepEqual(ok(await unassign(userId, role, "", version)), { status: "OK", didUserHaveRole });
    }
    assert.deepEqual(await rolesOf(userId, "", version), []);
    assert.deepEqual(has(await unassign(userId, newId("role"), "", version), UNKNOWN), { status: UNKNOWN });
  }
});

test("7.8.190 lists of nothing", async () => {
  const app = await newApp();
  for (const version of VERSIONS) {
    assert.deepEqual(ok(await usersWith(await newRole(), "", version)), { status: "OK", users: [] });
    has(await usersWith(newId("role"), "", version), UNKNOWN);
    assert.deepEqual(await rolesWith(newId("permission"), "", version), []);
    assert.deepEqual(await rolesOf(newId("user"), "", version), []);
    assert.deepEqual(ok(await get(`${app}/recipe/roles`, undefined, version)), { status: "OK", roles: [] });
  }
});

test("3.10 nothing of it is left of a user who is removed", async () => {
  const { id } = await signUp();
  const [role, at] = [await newRole(), await newTenant()];
  for (const path of ["", at]) ok(await assign(id, role, path));
  ok(await post("/user/remove", { userId: id }));
  for (const path of ["", at]) {
    assert.deepEqual(await rolesOf(id, path), []);
    assert.deepEqual(ok(await usersWith(role, path)).users, []);
  }
});

test("2.9 the same in SQL", async () => {
  const [user_id, role, permission] = [newId("user"), newId("role"), newId("permission")];
  const permissions = [permission, ` ${permission} `, "b"];
  for (const createdNewRole of [true, false]) {
    const answer = sqlCall("create_role_or_add_permissions", { role: ` ${role}`, permissions });
    assert.deepEqual(answer, { status: "OK", createdNewRole });
  }
  sameMembers(sqlCall("list_role_permissions", { role }).permissions, [permission, "b"]);
  assert.deepEqual(sqlCall("list_roles_with_permission", { permission }), { status: "OK", roles: [role] });
  assert.ok(sqlCall("list_roles").roles.includes(role));
  for (const didUserAlreadyHaveRole of [false, true]) {
    assert.deepEqual(sqlCall("add_user_role", { user_id, role }), { status: "OK", didUserAlreadyHaveRole });
  }
  assert.deepEqual(sqlCall("list_user_roles", { user_id }), { status: "OK", roles: [role] });
  assert.deepEqual(sqlCall("list_users_with_role", { role }), { status: "OK", users: [user_id] });
  for (const didUserHaveRole of [true, false]) {
    assert.deepEqual(sqlCall("remove_user_role", { user_id, role }), { status: "OK", didUserHaveRole });
  }
  assert.deepEqual(sqlCall("remove_role_permissions", { role, permissions: ["b"] }), { status: "OK" });
  assert.deepEqual(sqlCall("list_role_permissions", { role }).permissions, [permission]);
  sqlCall("remove_role_permissions", { role });
  assert.deepEqual(sqlCall("list_role_permissions", { role }).permissions, []);
  for (const didRoleExist of [true, false]) {
    assert.deepEqual(sqlCall("delete_role", { role }), { status: "OK", didRoleExist });
  }
  const unknown = [["add_user_role", { user_id }], ["remove_user_role", { user_id }], ["list_users_with_role", {}],
    ["list_role_permissions", {}], ["remove_role_permissions", {}]];
  for (const [name, args] of unknown) assert.deepEqual(sqlCall(name, { ...args, role }), { status: UNKNOWN }, name);
});
