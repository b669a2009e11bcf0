// Every function of the UserRoles recipe, and the claims by which sessions carry roles and permissions.
import test from "node:test";
import SuperTokens from "supertokens-node";
import Multitenancy from "supertokens-node/recipe/multitenancy";
import Session from "supertokens-node/recipe/session";
import UserRoles, { PermissionClaim, UserRoleClaim } from "supertokens-node/recipe/userroles";
import { PUBLIC, assert, init, newId, recipeUserId, rejectsWith, sameMembers, signUp, sql } from "./helpers.mjs";

init({ recipes: [UserRoles.init()] });

const UNKNOWN_ROLE = { status: "UNKNOWN_ROLE_ERROR" };

/** A role that no other test uses. */
const newRole = async (...permissions) => {
  const role = newId("role");
  const answer = await UserRoles.createNewRoleOrAddPermissions(role, permissions);
  assert.deepEqual(answer, { status: "OK", createdNewRole: true });
  return role;
};

const give = async (userId, role, tenantId = PUBLIC) => {
  const answer = await UserRoles.addRoleToUser(tenantId, userId, role);
  assert.deepEqual(answer, { status: "OK", didUserAlreadyHaveRole: false });
};

/** The list that an answer holds under `name`. */
const listed = async (name, promise) => {
  const answer = await promise;
  assert.equal(answer.status, "OK");
  return answer[name];
};
const permissionsOf = (role) => listed("permissions", UserRoles.getPermissionsForRole(role));
const rolesOf = (userId, tenantId = PUBLIC) => listed("roles", UserRoles.getRolesForUser(tenantId, userId));
const usersWith = (role, tenantId = PUBLIC) => listed("users", UserRoles.getUsersThatHaveRole(tenantId, role));
const rolesWith = (permission) => listed("roles", UserRoles.getRolesThatHavePermission(permission));
const allRoles = () => listed("roles", UserRoles.getAllRoles());

test("createNewRoleOrAddPermissions makes a role once, and adds to it", async () => {
  const role = await newRole("read", "write");
  sameMembers(await permissionsOf(role), ["read", "write"]);
  const again = await UserRoles.createNewRoleOrAddPermissions(role, ["write", "delete"]);
  assert.deepEqual(again, { status: "OK", createdNewRole: false });
  sameMembers(await permissionsOf(role), ["read", "write", "delete"]);
  assert.deepEqual(await permissionsOf(await newRole()), [], "a role without permissions");
});

test("createNewRoleOrAddPermissions at once makes one role", async () => {
  const role = newId("role");
  const create = (n) => UserRoles.createNewRoleOrAddPermissions(role, ["shared", `own ${n}`]);
  const answers = await Promise.all(Array.from({ length: 8 }, (_, n) => create(n)));
  assert.equal(answers.filter((answer) => answer.createdNewRole).length, 1);
  assert.equal((await permissionsOf(role)).length, 9);
});

test("an empty name is refused", async () => {
  for (const [role, permissions] of [
    ["", []],
    ["  ", []],
    [newId("role"), ["read", ""]],
  ]) {
    const create = UserRoles.createNewRoleOrAddPermissions(role, permissions);
    await assert.rejects(create, /status code: 400.*empty string/is, JSON.stringify([role, permissions]));
  }
  await assert.rejects(UserRoles.addRoleToUser(PUBLIC, newId("user"), ""), /status code: 400/);
});

test("getAllRoles and getRolesThatHavePermission", async () => {
  const permission = newId("permission");
  const roles = [await newRole(permission), await newRole("read", permission)];
  const other = await newRole("read");
  sameMembers(await rolesWith(permission), roles);
  assert.deepEqual(await rolesWith(newId("permission")), [], "a permission that no role has");
  const all = await allRoles();
  for (const role of [...roles, other]) assert.ok(all.includes(role), role);
  assert.equal(new Set(all).size, all.length, "each once");
});

test("removePermissionsFromRole takes the named ones", async () => {
  const role = await newRole("read", "write", "delete");
  assert.deepEqual(await UserRoles.removePermissionsFromRole(role, ["write", "absent"]), { status: "OK" });
  sameMembers(await permissionsOf(role), ["read", "delete"]);
  assert.deepEqual(await UserRoles.removePermissionsFromRole(role, []), { status: "OK" });
  sameMembers(await permissionsOf(role), ["read", "delete"], "none are named");
});

test("a user gets a role and loses it", async () => {
  const [{ id }, role] = [await signUp(), await newRole()];
  assert.deepEqual(await rolesOf(id), []);
  await give(id, role);
  const again = await UserRoles.addRoleToUser(PUBLIC, id, role);
  assert.deepEqual(again, { status: "OK", didUserAlreadyHaveRole: true });
  assert.deepEqual(await rolesOf(id), [role]);
  assert.deepEqual(await usersWith(role), [id]);
  const remove = () => UserRoles.removeUserRole(PUBLIC, id, role);
  assert.deepEqual(await remove(), { status: "OK", didUserHaveRole: true });
  assert.deepEqual(await remove(), { status: "OK", didUserHaveRole: false });
  assert.deepEqual([await rolesOf(id), await usersWith(role)], [[], []]);
});

test("several users, several roles", async () => {
  const users = [(await signUp()).id, newId("no user of the core")];
  const [shared, own] = [await newRole(), await newRole()];
  for (const id of users) await give(id, shared);
  await give(users[0], own);
  sameMembers(await usersWith(shared), users);
  sameMembers(await rolesOf(users[0]), [shared, own]);
  assert.deepEqual(await rolesOf(users[1]), [shared]);
});

test("a role that does not exist", async () => {
  const [role, { id }] = [newId("role"), await signUp()];
  assert.deepEqual(await UserRoles.addRoleToUser(PUBLIC, id, role), UNKNOWN_ROLE);
  assert.deepEqual(await UserRoles.removeUserRole(PUBLIC, id, role), UNKNOWN_ROLE);
  assert.deepEqual(await UserRoles.getUsersThatHaveRole(PUBLIC, role), UNKNOWN_ROLE);
  assert.deepEqual(await UserRoles.getPermissionsForRole(role), UNKNOWN_ROLE);
  assert.deepEqual(await UserRoles.removePermissionsFromRole(role, ["read"]), UNKNOWN_ROLE);
  assert.deepEqual(await UserRoles.deleteRole(role), { status: "OK", didRoleExist: false });
  assert.deepEqual(await rolesOf(id), []);
});

test("a role is deleted with its permissions and from all users in all tenants", async () => {
  const tenantId = newId("tenant");
  await Multitenancy.createOrUpdateTenant(tenantId);
  const [{ id }, permission] = [await signUp(), newId("permission")];
  const [role, kept] = [await newRole(permission), await newRole()];
  await give(id, role);
  await give(id, kept);
  await give(id, role, tenantId);
  assert.deepEqual(await UserRoles.deleteRole(role), { status: "OK", didRoleExist: true });
  assert.deepEqual(await rolesOf(id), [kept]);
  assert.deepEqual(await rolesOf(id, tenantId), []);
  assert.deepEqual(await rolesWith(permission), []);
  assert.ok(!(await allRoles()).includes(role));
  await UserRoles.createNewRoleOrAddPermissions(role, []);
  assert.deepEqual([await permissionsOf(role), await usersWith(role)], [[], []], "a new role of that name has nothing");
});

test("a role is held in one tenant, and means the same in all", async () => {
  const tenantId = newId("tenant");
  await Multitenancy.createOrUpdateTenant(tenantId);
  const [{ id }, role] = [await signUp(), await newRole("read")];
  await give(id, role, tenantId);
  assert.deepEqual([await rolesOf(id), await rolesOf(id, tenantId)], [[], [role]]);
  assert.deepEqual([await usersWith(role), await usersWith(role, tenantId)], [[], [id]]);
  assert.deepEqual(await UserRoles.removeUserRole(PUBLIC, id, role), { status: "OK", didUserHaveRole: false });
  assert.deepEqual(await rolesOf(id, tenantId), [role]);
  await Multitenancy.deleteTenant(tenantId);
  assert.deepEqual(sql("SELECT role FROM auth.user_roles WHERE user_id = $1", id), [], "gone with the tenant");
});

test("roles go with their user", async () => {
  const [{ id }, role] = [await signUp(), await newRole()];
  await give(id, role);
  await SuperTokens.deleteUser(id);
  assert.deepEqual([await rolesOf(id), await usersWith(role)], [[], []]);
});

test("a new session carries roles and permissions", async () => {
  const { id, recipeUserId: recipeId } = await signUp();
  const [editor, reader] = [await newRole("read", "write"), await newRole("read")];
  await give(id, editor);
  await give(id, reader);
  const session = await Session.createNewSessionWithoutRequestResponse(PUBLIC, recipeId);
  sameMembers(await session.getClaimValue(UserRoleClaim), [editor, reader]);
  sameMembers(await session.getClaimValue(PermissionClaim), ["read", "write"], "each permission once");
  sameMembers(session.getAccessTokenPayload()["st-role"].v, [editor, reader], "in the token");
});

test("a session knows of a change when the claim is fetched", async () => {
  const { id, recipeUserId: recipeId } = await signUp();
  const role = await newRole("read");
  const session = await Session.createNewSessionWithoutRequestResponse(PUBLIC, recipeId);
  assert.deepEqual(await session.getClaimValue(UserRoleClaim), []);
  await give(id, role);
  assert.deepEqual(await session.getClaimValue(UserRoleClaim), [], "the token is what it was");
  await session.fetchAndSetClaim(UserRoleClaim);
  assert.deepEqual(await session.getClaimValue(UserRoleClaim), [role]);
  assert.equal(await Session.fetchAndSetClaim(session.getHandle(), PermissionClaim), true);
  const stored = await Session.getClaimValue(session.getHandle(), PermissionClaim);
  assert.deepEqual(stored, { status: "OK", value: ["read"] });
});

test("the claims' validators admit and refuse", async () => {
  const { id, recipeUserId: recipeId } = await signUp();
  const role = await newRole("read");
  await give(id, role);
  const session = await Session.createNewSessionWithoutRequestResponse(PUBLIC, recipeId);
  const get = (...validators) =>
    Session.getSessionWithoutRequestResponse(session.getAccessToken(), undefined, {
      overrideGlobalClaimValidators: (others) => [...others, ...validators],
    });
  assert.ok(await get(UserRoleClaim.validators.includes(role), PermissionClaim.validators.includesAll(["read"])));
  const { INVALID_CLAIMS } = Session.Error;
  const noRole = await rejectsWith(INVALID_CLAIMS, get(UserRoleClaim.validators.includes("admin")));
  assert.deepEqual(
    noRole.payload.map((one) => one.id),
    ["st-role"],
  );
  const excluded = await rejectsWith(INVALID_CLAIMS, get(PermissionClaim.validators.excludes("read")));
  assert.deepEqual(
    excluded.payload.map((one) => one.id),
    ["st-perm"],
  );
});

test("a session of a tenant carries the roles that the user has there", async () => {
  const tenantId = newId("tenant");
  await Multitenancy.createOrUpdateTenant(tenantId);
  const [userId, here, there] = [newId("user"), await newRole("here"), await newRole("there")];
  await give(userId, here);
  await give(userId, there, tenantId);
  const session = await Session.createNewSessionWithoutRequestResponse(tenantId, recipeUserId(userId));
  assert.deepEqual(await session.getClaimValue(UserRoleClaim), [there]);
  assert.deepEqual(await session.getClaimValue(PermissionClaim), ["there"]);
});
