// Users and identities that one door deletes while the other links, unlinks or deletes them.
import test from "node:test";
import { Doors, address, assert, fine, good, isDone, shown, unexpected } from "./doors.mjs";
import { endObserving, quoted, value } from "./support.mjs";

const ROUNDS = 10;
const UNKNOWN = "400 Unknown user ID provided";

test.after(endObserving);

const rowOf = async (id) => Number(await value(`SELECT count(*) FROM auth.users WHERE id = ${quoted(id)}`));

for (const isSoft of [false, true]) {
  const how = isSoft ? "by name only" : "wholly";
  const body = isSoft ? { should_soft_delete: true } : undefined;

  test(`a user whom GoTrue deletes ${how} is linked to a primary user, who stays`, async () => {
    const doors = await Doors.open();
    const prepare = async () => ({ user: await doors.member({}), primary: await doors.primary() });
    const begin = ({ user, primary }) => [() => doors.deleteUser(user.id, body), () => doors.link(user.id, primary.id)];
    const look = async ({ user, primary }, [deleted, linked]) => {
      const left = await doors.find(primary.id);
      return [
        // GoTrue does not know who is linked, and SuperTokens not who is gone.
        ...(isDone(deleted) !== isDone(linked) ? [] : ["both were done"]),
        ...unexpected(deleted, "200", "404 user_not_found"), ...unexpected(linked, "200 OK", UNKNOWN),
        ...(left?.loginMethods.length === (isDone(linked) ? 2 : 1) ? [] : ["the primary user has lost something"]),
        ...((await rowOf(user.id)) === (isDone(deleted) && !isSoft ? 0 : 1) ? [] : ["the user's row is there, or is not"]),
      ];
    };
    await doors.race(ROUNDS, prepare, begin, look);
  });

  test(`a primary user whom GoTrue deletes ${how} gets another linked`, async () => {
    const doors = await Doors.open();
    const prepare = async () => ({ user: await doors.account(), primary: await doors.member() });
    const begin = ({ user, primary }) => [() => doors.deleteUser(primary.id, body), () => doors.link(user.id, primary.id)];
    const look = async ({ user, primary }, [deleted, linked]) => [
      ...unexpected(deleted, "200"), ...unexpected(linked, "200 OK", UNKNOWN),
      ...((await doors.find(primary.id)) === undefined ? [] : ["the primary user is still there"]),
      ...(((await doors.find(user.id)) === undefined) === isDone(linked) ? [] : ["the group does not go as a whole"]),
    ];
    await doors.race(ROUNDS, prepare, begin, look);
  });

  test(`a group that GoTrue deletes ${how} is taken apart`, async () => {
    const doors = await Doors.open();
    const prepare = async () => {
      const primary = await doors.member();
      const [one, other] = [await doors.account(), await doors.account()];
      fine(await doors.link(one.id, primary.id));
      fine(await doors.link(other.id, primary.id));
      return { primary, one, other };
    };
    const begin = ({ primary, one, other }) => [
      () => doors.deleteUser(primary.id, body), () => doors.unlink(one.id), () => doors.remove(other.id, false),
      () => doors.signInByProvider(address(), primary.email, true),
    ];
    const look = async ({ primary, one, other }, [deleted, unlinked]) => [
      ...unexpected(deleted, "200"), ...unexpected(unlinked, "200 OK", UNKNOWN),
      ...((await doors.find(primary.id)) === undefined ? [] : ["the primary user is still there"]),
      ...(((await doors.find(one.id)) !== undefined) === isDone(unlinked) ? [] : ["an unlinked one is gone, or a linked one there"]),
      ...((await doors.find(other.id)) === undefined ? [] : ["who was deleted is there"]),
    ];
    await doors.race(ROUNDS, prepare, begin, look);
  });
}

/** A user with two identities, and a session at GoTrue: {primary, linked, token, own, other}. */
async function withTwoIdentities(doors) {
  const primary = await doors.member();
  const linked = await doors.account(address(), true);
  fine(await doors.link(linked.id, primary.id));
  const { access_token: token } = await doors.sessionOf(primary.email);
  const { identities } = good(await doors.gotrue.get("/user", { token }));
  const of = (provider) => identities.find((identity) => identity.provider === provider).identity_id;
  return { primary, linked, token, own: of("email"), other: of("github") };
}

const takeAway = (doors, token, identity) => () => doors.gotrue.delete(`/user/identities/${identity}`, { token });

/** What GoTrue answers to one who has but one identity, or is gone, or whose session is. */
const TAKEN_AWAY = [
  "200", "422 single_identity_not_deletable", "422 identity_not_found", "403 user_not_found", "403 session_not_found",
];

test("an identity is taken away while SuperTokens deletes the account of the other", async () => {
  const doors = await Doors.open();
  const prepare = () => withTwoIdentities(doors);
  const begin = ({ primary, token, other }) => [takeAway(doors, token, other), () => doors.remove(primary.id, false)];
  const look = async ({ primary }, [taken, removed]) => {
    const user = await doors.find(primary.id);
    return [
      ...unexpected(taken, ...TAKEN_AWAY), ...unexpected(removed, "200 OK"),
      // Taken away first, the account that SuperTokens deletes is the last one, and the user goes with it.
      ...((user === undefined) === isDone(taken) ? [] : [`taken away: ${shown(taken)}, and ${user ? "there" : "gone"}`]),
    ];
  };
  await doors.race(ROUNDS, prepare, begin, look);
});

test("both doors take the same identity away, and each the other one", async () => {
  const doors = await Doors.open();
  const prepare = () => withTwoIdentities(doors);
  const begin = ({ linked, token, own, other }) => [
    takeAway(doors, token, other), () => doors.remove(linked.id, false), takeAway(doors, token, own),
    takeAway(doors, token, other),
  ];
  const look = async ({ primary, linked }, [, removed, ...taken]) => {
    const left = (await doors.find(primary.id))?.loginMethods.length ?? 0;
    return [
      ...unexpected(removed, "200 OK"), ...taken.flatMap((answer) => unexpected(answer, ...TAKEN_AWAY)),
      ...((await doors.find(linked.id)) === undefined ? [] : ["who was deleted is there"]),
      ...(left <= 1 ? [] : [`${left} accounts are left`]),
    ];
  };
  await doors.race(ROUNDS, prepare, begin, look);
});

test("an identity is taken away while SuperTokens unlinks and links it", async () => {
  const doors = await Doors.open();
  const prepare = () => withTwoIdentities(doors);
  const begin = ({ primary, linked, token, own }) => [
    takeAway(doors, token, own), () => doors.unlink(linked.id), () => doors.link(linked.id, primary.id),
  ];
  const look = async ({ primary }, [taken, unlinked, linked]) => [
    ...unexpected(taken, ...TAKEN_AWAY), ...[unlinked, linked].flatMap((answer) => unexpected(answer, "200 OK", UNKNOWN)),
    ...(await doors.find(primary.id) ?? isDone(taken) ? [] : ["the user has nothing left"]),
  ];
  await doors.race(ROUNDS, prepare, begin, look);
});

test("a user is deleted at both doors at once, and signs up anew", async () => {
  const doors = await Doors.open({ mailer_autoconfirm: true });
  const prepare = () => doors.member();
  const begin = ({ id, email }) => [
    () => doors.deleteUser(id), () => doors.remove(id),
    () => doors.admin("POST", "/admin/users", { email, email_confirm: true }),
    () => doors.deleteUser(id), () => doors.signInByProvider(address(), email, true),
  ];
  const look = async ({ id }, [first, removed, made, second, account]) => {
    assert.equal(await rowOf(id), 0);
    return [
      ...[first, second].flatMap((answer) => unexpected(answer, "200", "404 user_not_found")),
      ...[removed, account].flatMap((answer) => unexpected(answer, "200 OK")),
      ...unexpected(made, "200", "422 email_exists"),
    ];
  };
  await doors.race(ROUNDS, prepare, begin, look);
});
