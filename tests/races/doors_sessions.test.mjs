// Sessions that are opened and refreshed at GoTrue while SuperTokens links and unlinks, and passwords that are changed at
// both doors while they are used.
import test from "node:test";
import { pkce } from "../gotrue/helper.mjs";
import { exchange, newFlow } from "../gotrue/accounts_helper.mjs";
import { Doors, PASSWORD, address, assert, fine, good, isDone, shown, unexpected } from "./doors.mjs";
import { endObserving, quoted, value } from "./support.mjs";

const ROUNDS = 8;
const NEW_PASSWORD = "a new horse 2";
const WRONG = "200 WRONG_CREDENTIALS_ERROR";
/** What the former password and then the new one are worth, at each door. */
const AFTERWARDS = `400 invalid_credentials,${WRONG},200,200 OK`;
const NO_SESSION = ["400 refresh_token_not_found", "403 user_not_found", "403 session_not_found"];

test.after(endObserving);

/** A user of GoTrue with a password, linked to a primary user who has none: {primary, linked}. */
async function linkedPair(doors) {
  const [primary, linked] = [await doors.primary(), await doors.member({})];
  fine(await doors.link(linked.id, primary.id));
  return { primary, linked };
}

const isLive = async (session) => (await value(`SELECT count(*) FROM auth.sessions WHERE id = ${quoted(idOf(session))}`)) === "1";
const idOf = ({ access_token: token }) => JSON.parse(Buffer.from(token.split(".")[1], "base64url")).session_id;

test("an account is unlinked while somebody signs in with it, and refreshes", async () => {
  const doors = await Doors.open({ mailer_allow_unverified_email_sign_ins: true });
  const prepare = async () => {
    const { primary, linked } = await linkedPair(doors);
    return { primary, linked, session: good(await doors.gotrue.signIn(linked.email)) };
  };
  const begin = ({ linked, session }) => [
    () => doors.gotrue.signIn(linked.email), () => later(() => doors.unlink(linked.id)),
    () => doors.gotrue.refresh(session.refresh_token),
    () => doors.gotrue.get("/user", { token: session.access_token }),
  ];
  const look = async ({ session }, [signedIn, unlinked, refreshed, got]) => [
    ...unexpected(signedIn, "200"), ...unexpected(unlinked, "200 OK"),
    ...[refreshed, got].flatMap((answer) => unexpected(answer, "200", ...NO_SESSION)),
    ...((await isLive(session)) ? ["the former session lives"] : []),
  ];
  await doors.race(ROUNDS, prepare, begin, look);
});

test("who is linked signs in and refreshes meanwhile: no session is left of the former user", async () => {
  const doors = await Doors.open();
  const prepare = async () => {
    const user = await doors.member();
    fine(await doors.unlink(user.id)); // no primary user any more, though the address stays confirmed
    const session = good(await doors.gotrue.signIn(user.email));
    return { user, session, primary: await doors.primary() };
  };
  const begin = ({ user, session, primary }) => [
    () => doors.gotrue.signIn(user.email), () => later(() => doors.link(user.id, primary.id)),
    () => doors.gotrue.refresh(session.refresh_token),
    () => doors.post("/recipe/signin", { email: user.email, password: PASSWORD }),
  ];
  const look = async ({ session }, [signedIn, linked, refreshed, theirs]) => [
    ...unexpected(signedIn, "200"), ...[linked, theirs].flatMap((answer) => unexpected(answer, "200 OK")),
    ...unexpected(refreshed, "200", ...NO_SESSION), ...((await isLive(session)) ? ["the former session lives"] : []),
  ];
  await doors.race(ROUNDS, prepare, begin, look);
});

test("an account that is unlinked and linked again while its codes are used", async () => {
  const doors = await Doors.open();
  const prepare = async () => {
    const { primary, linked } = await linkedPair(doors);
    const token = await doors.code("magiclink", linked.email);
    return { primary, linked, token };
  };
  const begin = ({ primary, linked, token }) => [
    () => doors.verify("magiclink", linked.email, token), () => doors.unlink(linked.id),
    () => doors.link(linked.id, primary.id),
    () => doors.verify("magiclink", linked.email, token),
  ];
  const look = (_, [first, unlinked, linked, second]) => [
    ...[first, second].flatMap((answer) => unexpected(answer, "200", "403 otp_expired")),
    ...[unlinked, linked].flatMap((answer) => unexpected(answer, "200 OK")),
    ...(isDone(first) && isDone(second) ? ["a code worked twice"] : []),
  ];
  await doors.race(ROUNDS, prepare, begin, look);
});

test("an account is deleted while somebody signs in with it", async () => {
  const doors = await Doors.open({ mailer_allow_unverified_email_sign_ins: true });
  const prepare = () => linkedPair(doors);
  const begin = ({ linked }) => [
    () => doors.gotrue.signIn(linked.email), () => later(() => doors.remove(linked.id, false)),
    () => doors.gotrue.signIn(linked.email),
  ];
  const look = (_, [first, removed, second]) => [
    ...[first, second].flatMap((answer) => unexpected(answer, "200", "400 invalid_credentials")),
    ...unexpected(removed, "200 OK"),
  ];
  await doors.race(ROUNDS, prepare, begin, look);
});

test("who has an address proves it while another signs in with the password that was set without proof", async () => {
  const doors = await Doors.openToProvider({ mailer_allow_unverified_email_sign_ins: true });
  const prepare = () => doors.member({});
  const begin = ({ email }) => [
    () => doors.gotrue.signIn(email), () => later(() => doors.grant(email)), () => doors.gotrue.signIn(email),
  ];
  const look = async (_, [first, granted, second]) => {
    const lived = await Promise.all([first, second].filter(isDone).map(({ json }) => isLive(json)));
    return [
      ...unexpected(granted, "200"),
      ...[first, second].flatMap((answer) => unexpected(answer, "200", "400 invalid_credentials")),
      ...(lived.includes(true) ? ["the other is still signed in"] : []),
    ];
  };
  await doors.race(ROUNDS, prepare, begin, look);
});

/** What changes a user's password. */
const CHANGES = {
  "GoTrue, by the user": {
    change: (doors, { token }, password) => doors.gotrue.put("/user", { password }, { token }),
    endsSessions: true,
  },
  "GoTrue, by an administrator": {
    change: (doors, { id }, password) => doors.admin("PUT", `/admin/users/${id}`, { password }),
    endsSessions: true,
  },
  SuperTokens: {
    change: (doors, { id }, password) => doors.put("/recipe/user", { recipeUserId: id, password }),
    endsSessions: false,
  },
};

for (const [door, { change, endsSessions }] of Object.entries(CHANGES)) {
  test(`a password is changed at ${door}, while it is used at both doors`, async () => {
    const doors = await Doors.open();
    const prepare = async () => {
      const user = await doors.member();
      const { access_token: token } = await doors.sessionOf(user.email);
      return { ...user, token };
    };
    const signIn = (email, password = PASSWORD) => () => doors.gotrue.signIn(email, password);
    const signInThere = (email, password = PASSWORD) => () => doors.post("/recipe/signin", { email, password });
    const begin = (user) => [
      () => change(doors, user, NEW_PASSWORD), signIn(user.email), signInThere(user.email), signIn(user.email),
    ];
    const look = async ({ email }, [changed, ours, theirs, again]) => {
      const lived = await Promise.all([ours, again].filter(isDone).map(({ json }) => isLive(json)));
      const tried = [];
      for (const password of [PASSWORD, NEW_PASSWORD]) {
        tried.push(await signIn(email, password)(), await signInThere(email, password)());
      }
      return [
        ...unexpected(changed, "200", "200 OK"), ...unexpected(theirs, "200 OK", WRONG),
        ...[ours, again].flatMap((answer) => unexpected(answer, "200", "400 invalid_credentials")),
        ...(endsSessions && lived.includes(true) ? ["a session by the former password lives"] : []),
        ...(tried.map(shown).join() === AFTERWARDS ? [] : [`afterwards: ${tried.map(shown)}`]),
      ];
    };
    await doors.race(ROUNDS / 2, prepare, begin, look);
  });
}

test("a password is changed at both doors: one of the two is that of both", async () => {
  const doors = await Doors.open();
  const passwords = ["horse number 1", "horse number 2", "horse number 3"];
  const prepare = () => doors.member();
  const begin = (user) => [
    () => doors.admin("PUT", `/admin/users/${user.id}`, { password: passwords[0] }),
    () => doors.put("/recipe/user", { recipeUserId: user.id, password: passwords[1] }),
    () => doors.admin("PUT", `/admin/users/${user.id}`, { password: passwords[2] }),
  ];
  const look = async ({ email }, answers) => {
    const works = async (password) => [
      isDone(await doors.gotrue.signIn(email, password)), isDone(await doors.post("/recipe/signin", { email, password })),
    ];
    const all = [await works(passwords[0]), await works(passwords[1]), await works(passwords[2])];
    for (const [ours, theirs] of all) assert.equal(ours, theirs, "the doors agree");
    return [
      ...answers.flatMap((answer) => unexpected(answer, "200", "200 OK")),
      ...(all.filter(([ours]) => ours).length === 1 ? [] : ["not one password"]),
    ];
  };
  await doors.race(ROUNDS / 3, prepare, begin, look);
});

/** Begins while the others hash passwords. */
const later = async (call) => {
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 60));
  return call();
};

for (const isSoft of [true, false]) {
  test(`a code is exchanged while its user is deleted ${isSoft ? "by name only" : "wholly"}: nobody has a session`, async () => {
    const doors = await Doors.open();
    const prepare = () => newFlow(doors.gotrue);
    const begin = ({ user, code, verifier }) => [
      () => exchange(doors.gotrue, code, verifier), () => doors.deleteUser(user.id, { should_soft_delete: isSoft }),
    ];
    const look = async ({ user }, [exchanged, deleted]) => [
      ...unexpected(exchanged, "200", "404 flow_state_not_found"), ...unexpected(deleted, "200"),
      ...((await sessionsOf(user.id)) === "0" ? [] : ["a session of who is deleted"]),
    ];
    await doors.race(ROUNDS * 2, prepare, begin, look);
  });
}

const sessionsOf = (id) => value(`SELECT count(*) FROM auth.sessions WHERE user_id = ${quoted(id)}`);

test("whoever is deleted by name only keeps nothing, in whatever way it signs in or changes meanwhile", async () => {
  const doors = await Doors.openToProvider();
  const prepare = async () => {
    const { id, email } = await doors.member();
    const { access_token: token, refresh_token: refresh } = await doors.sessionOf(email);
    return { id, email, token, refresh, code: await doors.code("magiclink", email) };
  };
  const begin = ({ id, email, token, refresh, code }) => [
    () => doors.deleteUser(id, { should_soft_delete: true }),
    () => doors.verify("magiclink", email, code),
    () => doors.gotrue.refresh(refresh),
    () => doors.gotrue.post("/otp", { email, create_user: false, ...pkce() }),
    () => doors.gotrue.post("/recover", { email }),
    () => doors.gotrue.put("/user", { email: address(), data: { plan: "gold" } }, { token }),
    () => doors.gotrue.post("/factors", { factor_type: "totp", friendly_name: "one" }, { token }),
    () => doors.grant(email),
  ];
  const look = async ({ id }, [deleted, , , , , , , granted]) => [
    // The address may belong to a new user by now.
    ...unexpected(deleted, "200"), ...unexpected(granted, "200"),
    ...(await value(leftOf(id))).split("\n").filter((line) => line !== ""),
  ];
  await doors.race(ROUNDS * 2, prepare, begin, look);
});

/** What is left of a user that should not be. */
const leftOf = (id) => `
  SELECT kind FROM (
    SELECT 'a session', user_id FROM auth.sessions UNION ALL SELECT 'a login method', user_id FROM auth.login_methods
    UNION ALL SELECT 'a code', user_id FROM auth.one_time_codes UNION ALL SELECT 'a flow', user_id FROM auth.flow_states
    UNION ALL SELECT 'a device', d.user_id::uuid FROM auth.totp_devices d WHERE d.user_id = ${quoted(id)}
    UNION ALL SELECT 'a name', u.id FROM auth.users u
      WHERE u.deleted_at IS NULL OR u.email LIKE '%@%' OR u.email_change IS NOT NULL OR u.raw_user_meta_data <> '{}'
  ) AS found (kind, user_id) WHERE user_id = ${quoted(id)}`;
