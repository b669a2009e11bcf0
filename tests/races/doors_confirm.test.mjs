// An address that GoTrue confirms while SuperTokens links, unlinks or makes primary who else has it: it is one primary
// user's in the end.
import test from "node:test";
import { Doors, fine, isDone, unexpected } from "./doors.mjs";
import { endObserving } from "./support.mjs";

const ROUNDS = 10;
const LINKED = ["200 OK", "200 RECIPE_USER_ID_ALREADY_LINKED_WITH_ANOTHER_PRIMARY_USER_ID_ERROR"];
const TAKEN = "200 ACCOUNT_INFO_ALREADY_ASSOCIATED_WITH_ANOTHER_PRIMARY_USER_ID_ERROR";

test.after(endObserving);

/** One who has signed up at GoTrue, with the code that confirms the address: {id, email, token}. */
async function unconfirmed(doors, more) {
  const user = await doors.member(more ?? {});
  return { ...user, token: await doors.code("magiclink", user.email) };
}

const confirm = (doors, { email, token }) => () => doors.verify("magiclink", email, token);
const exactlyOne = (answers) => {
  const done = answers.filter(isDone).length;
  return done === 1 ? [] : [`${done} of them were done`];
};

test("another with the address is linked to a primary user", async () => {
  const doors = await Doors.open();
  const prepare = async () => {
    const user = await unconfirmed(doors);
    return { user, other: await doors.account(user.email), primary: await doors.primary() };
  };
  const begin = ({ user, other, primary }) => [confirm(doors, user), () => doors.link(other.id, primary.id)];
  const look = (_, [confirmed, linked]) => [
    // Once it is linked the address leads to the primary user, of whom there is no such code.
    ...unexpected(confirmed, "200", "403 otp_expired", "422 email_exists"), ...unexpected(linked, "200 OK", TAKEN),
    ...exactlyOne([confirmed, linked]),
  ];
  await doors.race(ROUNDS, prepare, begin, look);
});

test("the one who confirms is linked to a primary user", async () => {
  const doors = await Doors.open();
  const prepare = async () => ({ user: await unconfirmed(doors), primary: await doors.primary() });
  const begin = ({ user, primary }) => [confirm(doors, user), () => doors.link(user.id, primary.id), confirm(doors, user)];
  const look = async ({ user, primary }, [first, linked, second]) => {
    const belongsTo = (await doors.find(user.id)).id;
    return [
      ...[first, second].flatMap((answer) => unexpected(answer, "200", "403 otp_expired")), ...unexpected(linked, ...LINKED),
      ...exactlyOne([first, linked, second]),
      ...(belongsTo === (isDone(linked) ? primary.id : user.id) ? [] : ["linked to another than was told"]),
    ];
  };
  await doors.race(ROUNDS, prepare, begin, look);
});

test("the one who confirms is linked to a primary user with the same address", async () => {
  const doors = await Doors.open();
  const prepare = async () => {
    const user = await unconfirmed(doors);
    return { user, primary: await doors.primary(user.email) };
  };
  const begin = ({ user, primary }) => [confirm(doors, user), () => doors.link(user.id, primary.id)];
  const look = (_, [confirmed, linked]) => [
    ...unexpected(confirmed, "403 otp_expired", "422 email_exists"), ...unexpected(linked, "200 OK"),
  ];
  await doors.race(ROUNDS, prepare, begin, look);
});

test("another with the address is made primary", async () => {
  const doors = await Doors.open();
  const prepare = async () => {
    const user = await unconfirmed(doors);
    return { user, other: await doors.account(user.email) };
  };
  const begin = ({ user, other }) => [confirm(doors, user), () => doors.makePrimary(other.id)];
  const look = (_, [confirmed, made]) => [
    ...unexpected(confirmed, "200", "403 otp_expired", "422 email_exists"), ...unexpected(made, "200 OK", TAKEN),
    ...exactlyOne([confirmed, made]),
  ];
  await doors.race(ROUNDS, prepare, begin, look);
});

test("the one who confirms is made primary, by three at once", async () => {
  const doors = await Doors.open();
  const prepare = () => unconfirmed(doors);
  const begin = (user) => [() => doors.makePrimary(user.id), confirm(doors, user), () => doors.makePrimary(user.id)];
  const look = async ({ id }, answers) => [
    ...answers.flatMap((answer) => unexpected(answer, "200", "200 OK")),
    ...((await doors.find(id)).isPrimaryUser ? [] : ["no primary user"]),
  ];
  await doors.race(ROUNDS, prepare, begin, look);
});

test("each of two with one address confirms it, one at each door, and both are made primary", async () => {
  const doors = await Doors.open();
  const prepare = async () => {
    const user = await unconfirmed(doors);
    const other = await doors.account(user.email);
    const { token } = fine(await doors.post("/recipe/user/email/verify/token", { userId: other.id, email: user.email }));
    return { user, other, token };
  };
  const begin = ({ user, other, token }) => [
    confirm(doors, user), () => doors.post("/recipe/user/email/verify", { method: "token", token }),
    () => doors.makePrimary(other.id), () => doors.makePrimary(user.id),
  ];
  const look = (_, [confirmed, verified, ...made]) => [
    ...unexpected(confirmed, "200", "403 otp_expired", "422 email_exists"), ...unexpected(verified, "200 OK"),
    ...made.flatMap((answer) => unexpected(answer, "200 OK", TAKEN)), ...exactlyOne(made),
  ];
  await doors.race(ROUNDS, prepare, begin, look);
});

test("SuperTokens verifies and takes it back while GoTrue confirms", async () => {
  const doors = await Doors.open();
  const prepare = async () => {
    const user = await unconfirmed(doors);
    const { token } = fine(await doors.post("/recipe/user/email/verify/token", { userId: user.id, email: user.email }));
    return { user, link: token };
  };
  const begin = ({ user, link }) => {
    const takeBack = () => doors.post("/recipe/user/email/verify/remove", { userId: user.id, email: user.email });
    return [
      confirm(doors, user), () => doors.post("/recipe/user/email/verify", { method: "token", token: link }),
      () => doors.admin("PUT", `/admin/users/${user.id}`, { email_confirm: true }), ...Array(5).fill(takeBack),
    ];
  };
  const look = (_, answers) => answers.flatMap((answer) => unexpected(answer, "200", "200 OK"));
  await doors.race(2 * ROUNDS, prepare, begin, look);
});

test("a user's own account and an unlinked one with its address are confirmed", async () => {
  const doors = await Doors.open();
  const prepare = async () => {
    const primary = await doors.member();
    const linked = await doors.account(primary.email);
    fine(await doors.link(linked.id, primary.id));
    return { primary, linked, token: await doors.code("magiclink", primary.email) };
  };
  const begin = ({ primary, linked, token }) => [
    confirm(doors, { email: primary.email, token }), () => doors.unlink(linked.id),
    () => doors.post("/recipe/user/email/verify/remove", { userId: primary.id, email: primary.email }),
    () => doors.link(linked.id, primary.id),
  ];
  const look = (_, [confirmed, ...answers]) => [
    ...unexpected(confirmed, "200"), ...answers.flatMap((answer) => unexpected(answer, "200 OK")),
  ];
  await doors.race(ROUNDS, prepare, begin, look);
});
