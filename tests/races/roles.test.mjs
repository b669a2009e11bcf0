// Metadata and roles: no update is lost, no role is given that there is not.
import assert from "node:assert/strict";
import test from "node:test";
import {
  MANY, atOnce, backends, cdi, count, deadlocks, endObserving, interleaved, name, post, put, quoted, statuses, tally,
  value,
} from "./support.mjs";

const ROUNDS = 5;
const UNKNOWN = "UNKNOWN_ROLE_ERROR";

test.after(endObserving);

const newRole = async (permissions = []) => {
  const role = name();
  assert.equal((await put("/recipe/role", { role, permissions })).createdNewRole, true);
  return role;
};
const given = (role) => count(`auth.user_roles WHERE role = ${quoted(role)}`);
const exists = (role) => count(`auth.roles WHERE role = ${quoted(role)}`);

test("many updates of distinct members of one user's metadata are all kept", async (t) => {
  const all = await backends(t, 20);
  const update = (key) => JSON.stringify({ [key]: key });
  for (const call of [
    (n, userId, key) => put("/recipe/user/metadata", { userId, metadataUpdate: { [key]: key } }),
    (n, userId, key) => all[n].ask(`SELECT auth.update_user_metadata(${quoted(userId)}, ${quoted(update(key))})`),
  ]) {
    for (let round = 0; round < ROUNDS; round += 1) {
      const userId = name();
      const expected = {};
      // The first time there is no row yet.
      for (const prefix of ["a", "b"]) {
        const answers = await atOnce((n) => call(n, userId, `${prefix}${n}`), 20);
        assert.deepEqual(statuses(answers), { OK: 20 });
        for (let n = 0; n < 20; n += 1) {
          expected[`${prefix}${n}`] = `${prefix}${n}`;
          assert.equal(answers[n].metadata[`${prefix}${n}`], `${prefix}${n}`);
        }
        assert.deepEqual((await cdi("GET", `/recipe/user/metadata?userId=${userId}`)).metadata, expected);
      }
    }
  }
});

test("updates and removals of metadata at once fail none", async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const userId = name();
    const answers = await atOnce((n) =>
      n % 2
        ? put("/recipe/user/metadata", { userId, metadataUpdate: { [`key${n}`]: n } })
        : post("/recipe/user/metadata/remove", { userId }),
    );
    assert.deepEqual(statuses(answers), { OK: MANY });
  }
});

test("one of many makes a role, and all of their permissions are added", async (t) => {
  const all = await backends(t);
  const before = deadlocks();
  for (const call of [
    (n, role, permissions) => put("/recipe/role", { role, permissions }),
    (n, role, permissions) =>
      all[n].ask(`SELECT auth.create_role_or_add_permissions(${quoted(role)}, ARRAY[${permissions.map(quoted)}])`),
  ]) {
    for (let round = 0; round < ROUNDS; round += 1) {
      const role = name();
      // The same ones in both orders, and one that is the caller's own.
      const permissions = (n) => [...(n % 2 ? ["x", "y", "z"] : ["z", "y", "x"]), `own-${n}`];
      const answers = await atOnce((n) => call(n, role, permissions(n)));
      assert.deepEqual(statuses(answers), { OK: MANY });
      assert.deepEqual(tally(answers.map((answer) => answer.createdNewRole)), { true: 1, false: MANY - 1 });
      const kept = (await cdi("GET", `/recipe/role/permissions?role=${role}`)).permissions;
      assert.equal(new Set(kept).size, MANY + 3);
      assert.equal(kept.length, MANY + 3);
    }
  }
  assert.equal(deadlocks(), before);
});

test("one of many assignments of a role is the first", async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const [role, userId] = [await newRole(), name()];
    const assigned = await atOnce(() => put("/recipe/user/role", { userId, role }));
    assert.deepEqual(statuses(assigned), { OK: MANY });
    assert.deepEqual(tally(assigned.map((answer) => answer.didUserAlreadyHaveRole)), { false: 1, true: MANY - 1 });
    const taken = await atOnce(() => post("/recipe/user/role/remove", { userId, role }));
    assert.deepEqual(tally(taken.map((answer) => answer.didUserHaveRole)), { true: 1, false: MANY - 1 });
    const removed = await atOnce(() => post("/recipe/role/remove", { role }));
    assert.deepEqual(tally(removed.map((answer) => answer.didRoleExist)), { true: 1, false: MANY - 1 });
  }
});

test("a role that is removed while it is given is given to nobody, over HTTP and in SQL", async (t) => {
  const all = await backends(t);
  const before = deadlocks();
  for (const call of [
    (n, role) => (n % 4 ? put("/recipe/user/role", { userId: `u${n}`, role }) : post("/recipe/role/remove", { role })),
    (n, role) =>
      all[n].ask(
        n % 4 ? `SELECT auth.add_user_role('u${n}', ${quoted(role)})` : `SELECT auth.delete_role(${quoted(role)})`,
      ),
  ]) {
    for (let round = 0; round < 2 * ROUNDS; round += 1) {
      const role = await newRole(["a", "b"]);
      const answers = await atOnce((n) => call(n, role));
      for (const [n, { status }] of answers.entries()) {
        assert.ok(status === "OK" || (n % 4 && status === UNKNOWN), JSON.stringify(statuses(answers)));
      }
      assert.deepEqual([await exists(role), await given(role)], [0, 0]);
    }
  }
  assert.equal(deadlocks(), before);
});

test("a role is given and removed, whichever is first and not yet committed", async (t) => {
  const pair = await backends(t, 2);
  for (let round = 0; round < ROUNDS; round += 1) {
    const role = await newRole();
    const give = `SELECT auth.add_user_role('u', ${quoted(role)})`;
    const remove = `SELECT auth.delete_role(${quoted(role)})`;
    const steps = round % 2 ? [give, remove] : [remove, give];
    const answers = await interleaved(pair, ...steps);
    assert.deepEqual(answers.map(({ status }) => status), round % 2 ? ["OK", "OK"] : ["OK", UNKNOWN]);
    assert.deepEqual([await exists(role), await given(role)], [0, 0]);
  }
});

test("a role that is removed while permissions are added is whole, or gone", async (t) => {
  const pair = await backends(t, 2);
  for (let round = 0; round < 2 * ROUNDS; round += 1) {
    const role = await newRole(["a"]);
    const add = `SELECT auth.create_role_or_add_permissions(${quoted(role)}, ARRAY['b'])`;
    const remove = `SELECT auth.delete_role(${quoted(role)})`;
    const answers = await interleaved(pair, ...(round % 2 ? [add, remove] : [remove, add]));
    assert.deepEqual(statuses(answers), { OK: 2 });
    const kept = await value(`SELECT string_agg(permission, ',' ORDER BY permission) FROM auth.role_permissions`
      + ` WHERE role = ${quoted(role)}`);
    // Removed first, it is made anew with what came after.
    assert.deepEqual([await exists(role), kept], round % 2 ? [0, ""] : [1, "b"]);
  }
});
