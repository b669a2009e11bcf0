// A user's address that is changed at both doors, while the user is linked, unlinked and verified.
import test from "node:test";
import { newPhone } from "../gotrue/helper.mjs";
import { Doors, address, fine, good, isDone, shown, unexpected } from "./doors.mjs";
import { endObserving } from "./support.mjs";

const ROUNDS = 10;
const NOT_ALLOWED = "200 EMAIL_CHANGE_NOT_ALLOWED_ERROR";
const EXISTS = "200 EMAIL_ALREADY_EXISTS_ERROR";
const LINKED_TO_ANOTHER = "200 RECIPE_USER_ID_ALREADY_LINKED_WITH_ANOTHER_PRIMARY_USER_ID_ERROR";
/** What GoTrue answers where an address is taken, a code worth nothing, or the user linked to another meanwhile. */
const GIVEN = ["200", "422 email_exists", "403 otp_expired", "404 user_not_found"];

test.after(endObserving);

/** Where a change needs the new address alone. */
const open = () => Doors.open({ mailer_secure_email_change_enabled: false });

const give = (doors, id, email) => () => doors.admin("PUT", `/admin/users/${id}`, { email });

/** A user with a session who has asked for another address: {id, email, wanted, token}. */
async function changing(doors) {
  const user = await doors.member();
  const wanted = address();
  return { ...user, wanted, token: await doors.code("email_change_new", user.email, { new_email: wanted }) };
}

const confirm = (doors, { wanted, token }) => () => doors.verify("email_change", wanted, token);

test("an administrator, the user and SuperTokens each give another address", async () => {
  const doors = await open();
  const prepare = async () => ({ user: await changing(doors), others: [address(), address(), address()] });
  const begin = ({ user, others: [a, b, c] }) => [
    give(doors, user.id, a), confirm(doors, user), () => doors.changeEmail(user.id, b), () => doors.changeEmail(user.id, c),
  ];
  const look = async ({ user }, [given, confirmed, ...changed]) => {
    const row = good(await doors.admin("GET", `/admin/users/${user.id}`));
    const { emails } = await doors.find(user.id);
    return [
      ...unexpected(given, "200"), ...unexpected(confirmed, "200", "403 otp_expired"),
      ...changed.flatMap((answer) => unexpected(answer, "200 OK")),
      ...(emails.length === 1 && emails[0] === row.email ? [] : ["other addresses at each door"]),
    ];
  };
  await doors.race(ROUNDS, prepare, begin, look);
});

test("a change is asked for and confirmed while SuperTokens changes the address", async () => {
  const doors = await open();
  const prepare = async () => {
    const user = await doors.member();
    const { access_token: token } = await doors.sessionOf(user.email);
    return { ...user, token };
  };
  const begin = ({ id, token }) => [
    () => doors.gotrue.put("/user", { email: address() }, { token }), () => doors.changeEmail(id, address()),
    () => doors.gotrue.put("/user", { data: { a: 1 } }, { token }), () => doors.changeEmail(id, address()),
  ];
  const look = (_, answers) => answers.flatMap((answer) => unexpected(answer, "200", "200 OK"));
  await doors.race(ROUNDS, prepare, begin, look);
});

test("both doors want one address, for two users", async () => {
  const doors = await open();
  const prepare = async () => {
    const [one, two] = [await changing(doors), await doors.member()];
    return { one, two };
  };
  const begin = ({ one, two }) => [
    confirm(doors, one), () => doors.changeEmail(two.id, one.wanted), give(doors, two.id, one.wanted), confirm(doors, one),
  ];
  const look = (_, [first, changed, given, second]) => [
    ...[first, second].flatMap((answer) => unexpected(answer, ...GIVEN)),
    ...unexpected(changed, "200 OK", NOT_ALLOWED, EXISTS),
    ...unexpected(given, "200", "422 email_exists", "500 unexpected_failure"),
    ...((isDone(first) || isDone(second)) !== (isDone(changed) || isDone(given)) ? [] : ["not one of them got it"]),
  ];
  await doors.race(ROUNDS, prepare, begin, look);
});

test("two users swap their addresses at both doors", async () => {
  const doors = await open();
  const prepare = async () => ({ one: await doors.member(), two: await doors.member() });
  const begin = ({ one, two }) => [
    give(doors, one.id, two.email), () => doors.changeEmail(two.id, one.email), give(doors, two.id, one.email),
    () => doors.changeEmail(one.id, two.email), () => doors.changeEmail(one.id, address()),
  ];
  const expected = ["200", "422 email_exists", "500 unexpected_failure", "200 OK", NOT_ALLOWED, EXISTS];
  const look = (_, answers) => answers.flatMap((answer) => unexpected(answer, ...expected));
  await doors.race(ROUNDS, prepare, begin, look);
});

test("a user who gets another address is linked, and unlinked", async () => {
  const doors = await open();
  const prepare = async () => {
    const user = await doors.member({});
    return { user, primary: await doors.primary(), wanted: address() };
  };
  const begin = ({ user, primary, wanted }) => [
    give(doors, user.id, wanted), () => doors.link(user.id, primary.id), () => doors.changeEmail(user.id, address()),
    () => doors.unlink(user.id), () => doors.changeEmail(user.id, address()),
  ];
  const look = (_, [given, linked, ...answers]) => [
    ...unexpected(given, "200", "404 user_not_found"), ...unexpected(linked, "200 OK", LINKED_TO_ANOTHER),
    ...answers.flatMap((answer) => unexpected(answer, "200 OK")),
  ];
  await doors.race(ROUNDS, prepare, begin, look);
});

test("a primary user gets another address while an account with the former one is linked and unlinked", async () => {
  const doors = await open();
  const prepare = async () => {
    const user = await changing(doors);
    const [same, another] = [await doors.account(user.email, true), await doors.account()];
    fine(await doors.link(another.id, user.id));
    return { user, same, another };
  };
  const begin = ({ user, same, another }) => [
    confirm(doors, user), () => doors.link(same.id, user.id), () => doors.unlink(another.id),
    () => doors.changeEmail(user.id, address()),
    () => doors.unlink(same.id),
  ];
  const look = (_, [confirmed, ...answers]) => [
    ...unexpected(confirmed, ...GIVEN), ...answers.flatMap((answer) => unexpected(answer, "200 OK")),
  ];
  await doors.race(ROUNDS, prepare, begin, look);
});

test("an account's address changes at its provider while GoTrue gives the user another", async () => {
  const doors = await open();
  const prepare = async () => {
    const [id, email] = [address(), address()];
    const { user } = fine(await doors.signInByProvider(id, email, true));
    fine(await doors.makePrimary(user.id));
    return { id: user.id, account: id, wanted: address(), moved: address(), email };
  };
  const begin = ({ id, account, wanted, moved, email }) => [
    give(doors, id, wanted), () => doors.signInByProvider(account, moved, true),
    () => doors.signInByProvider(account, email, false),
    () => doors.admin("PUT", `/admin/users/${id}`, { email: wanted, email_confirm: true }),
  ];
  const look = (_, [given, , , again]) => [given, again].flatMap((answer) => unexpected(answer, "200"));
  await doors.race(ROUNDS, prepare, begin, look);
});

test("SuperTokens verifies, gives and takes back addresses that the user had before", async () => {
  const doors = await open();
  const prepare = async () => {
    const user = await doors.member();
    const second = address();
    const { token } = fine(await doors.post("/recipe/user/email/verify/token", { userId: user.id, email: second }));
    return { ...user, second, token };
  };
  const begin = ({ id, email, second, token }) => [
    () => doors.changeEmail(id, second), () => doors.post("/recipe/user/email/verify", { method: "token", token }),
    () => doors.changeEmail(id, email), give(doors, id, second),
    () => doors.post("/recipe/user/email/verify/remove", { userId: id, email }),
    () => doors.post("/recipe/user/email/verify/remove", { userId: id, email: second }),
  ];
  const look = (_, answers) => answers.flatMap((answer) => unexpected(answer, "200", "200 OK"));
  await doors.race(ROUNDS, prepare, begin, look);
});

test("a user is given the address of a linked account, whose provider's other account comes with it", async () => {
  const doors = await Doors.openToProvider({ mailer_secure_email_change_enabled: false });
  const prepare = async () => {
    const [user, linked] = [await doors.member(), await doors.account(address(), true)];
    fine(await doors.link(linked.id, user.id));
    return { id: user.id, email: linked.email };
  };
  const begin = ({ id, email }) => [
    give(doors, id, email), () => doors.grant(email), () => doors.gotrue.post("/otp", { email }), () => doors.grant(email),
  ];
  const look = ({ id }, [given, first, , second]) => [
    ...unexpected(given, "200"),
    ...[first, second].flatMap((answer) => (answer.json?.user?.id === id ? [] : [`another user, ${shown(answer)}`])),
  ];
  await doors.race(ROUNDS / 2, prepare, begin, look);
});

test("both doors give one number, to three users", async () => {
  const doors = await Doors.open({ external_phone_enabled: true, sms_provider: "twilio" });
  const prepare = async () => {
    const [one, two] = [await doors.member(), await doors.member()];
    const phoneNumber = newPhone();
    const code = fine(await doors.post("/recipe/signinup/code", { phoneNumber }));
    const typed = { preAuthSessionId: code.preAuthSessionId, deviceId: code.deviceId, userInputCode: code.userInputCode };
    const three = fine(await doors.post("/recipe/signinup/code/consume", typed)).user;
    fine(await doors.makePrimary(three.id));
    return { one, two, three, phone: newPhone() };
  };
  const begin = ({ one, two, three, phone }) => {
    const giveTo = (user) => () => doors.admin("PUT", `/admin/users/${user.id}`, { phone, phone_confirm: true });
    return [giveTo(one), () => doors.changePhone(three.id, phone), giveTo(two), giveTo(three)];
  };
  const look = ({ one, two, three, phone }, [first, changed, second, third]) => {
    const got = [isDone(first), isDone(second), isDone(changed) || isDone(third)].filter(Boolean).length;
    return [
      ...[first, second, third].flatMap((answer) => unexpected(answer, "200", "422 phone_exists", "500 unexpected_failure")),
      ...unexpected(changed, "200 OK", "200 PHONE_NUMBER_ALREADY_EXISTS_ERROR", "200 PHONE_NUMBER_CHANGE_NOT_ALLOWED_ERROR"),
      ...(got === 1 ? [] : [`${got} of ${[one, two, three].length} have ${phone}`]),
    ];
  };
  await doors.race(ROUNDS / 2, prepare, begin, look);
});
