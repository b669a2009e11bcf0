// The people who run the dashboard, and their sessions (CDI 2.15, 3.14, 7.14).
import test from "node:test";
import { aside, quoted } from "./aside.mjs";
import {
  UUID, VERSIONS, assert, badField, call, get, has, newApp, newEmail, newTenant, ok, post, put, refused, sameMembers,
  sha256, signUp, sql, sqlCall,
} from "./helper.mjs";

const DASHBOARD = "/recipe/dashboard";
const USER = `${DASHBOARD}/user`;
const PASSWORD = "passw0rd";
const INVALID_SESSION = "INVALID_SESSION_ERROR";
const WRONG = "INVALID_CREDENTIALS_ERROR";
const THIRTY_DAYS_MS = 2_592_000_000;

const create = (email, password = PASSWORD, at = "", version = "5.4") => post(at + USER, { email, password }, version);
const update = (body, at = "", version = "5.4") => put(at + USER, body, version);
const remove = (query, at = "", version = "5.4") => call("DELETE", at + USER, { query, version });
const signIn = (email, password = PASSWORD, at = "", version = "5.4") =>
  post(`${at}${DASHBOARD}/signin`, { email, password }, version);
const verify = (sessionId, at = "", version = "5.4") =>
  post(`${at}${DASHBOARD}/session/verify`, { sessionId }, version);
const signOut = (sessionId, at = "", version = "5.4") =>
  call("DELETE", `${at}${DASHBOARD}/session`, { query: { sessionId }, version });
const sessions = async (userId, at = "") => ok(await get(`${at}${USER}/sessions`, { userId })).sessions;
const users = async (at = "") => ok(await get(`${at}${DASHBOARD}/users`)).users;

const newUser = async (at = "", email = newEmail("admin")) => ok(await create(email, PASSWORD, at)).user;
const open = async ({ email }, at = "") => ok(await signIn(email, PASSWORD, at)).sessionId;

// Each with the message for it, and passwords that will just do.
const WEAK = [
  ["pass123", "Password must contain at least 8 characters, including a number"],
  ["a1".repeat(50), "Password's length must be lesser than 100 characters"],
  ["12345678", "Password must contain at least one alphabet"],
  ["abcdefgh", "Password must contain at least one number"],
];
const STRONG = ["passwor1", `1${"a".repeat(98)}`, "  passwor1  "];
const NO_ADDRESSES = ["invalid", "@example.org", "a@b", "a@example.o", "a@exam ple.org", "a b@example.org", "a@b@c.de",
  "a@1.2.3.4", "a@-.", "a@example..org"];

test("7.14.315 addresses and passwords that will not do", async () => {
  const at = await newApp();
  const { userId } = await newUser(at);
  for (const version of VERSIONS) {
    for (const text of NO_ADDRESSES) {
      const expected = { status: "INVALID_EMAIL_ERROR" };
      assert.deepEqual((await create(text, PASSWORD, at, version)).json, expected, text);
      assert.deepEqual((await update({ userId, newEmail: text }, at, version)).json, expected, text);
    }
    for (const [password, message] of WEAK) {
      const expected = { status: "PASSWORD_WEAK_ERROR", message };
      assert.deepEqual((await create(newEmail(), password, at, version)).json, expected);
      assert.deepEqual((await update({ userId, newPassword: password }, at, version)).json, expected);
    }
  }
  assert.equal((await users(at)).length, 1, "nobody was added");
});

test("7.14.315 addresses and passwords that will do", async () => {
  const at = await newApp();
  for (const email of ["a@b.co", "a.b+c@mail.example.org", "a@[127.0.0.1]", "a-1@x-1.y2.org"]) {
    ok(await create(email, PASSWORD, at), email);
  }
  for (const password of STRONG) {
    const email = newEmail();
    ok(await create(email, password, at));
    ok(await signIn(email, password.trim(), at));
  }
});

test("3.14 what the calls must say", async () => {
  const { userId, email } = await newUser();
  const empty = (field) => `Field name '${field}' cannot be an empty String`;
  for (const version of VERSIONS) {
    const calls = [[USER, { email: newEmail(), password: PASSWORD }],
      [`${DASHBOARD}/signin`, { email, password: PASSWORD }], [`${DASHBOARD}/session/verify`, { sessionId: "x" }]];
    for (const [path, good] of calls) {
      for (const field of Object.keys(good)) {
        const send = (value) => post(path, { ...good, [field]: value }, version);
        for (const value of [undefined, null, 1]) badField(await send(value), field, path);
        for (const value of ["", "  "]) refused(await send(value), 400, empty(field), path);
      }
    }
    for (const field of ["newEmail", "newPassword"]) {
      for (const value of [null, 1]) badField(await update({ userId, [field]: value }, "", version), field);
      refused(await update({ userId, [field]: " " }, "", version), 400, empty(field));
    }
    for (const who of ["userId", "email"]) {
      refused(await update({ [who]: " " }, "", version), 400, empty(who));
      refused(await remove({ [who]: " " }, "", version), 400, empty(who));
    }
    const missing = (field) => `Field name '${field}' is missing in GET request`;
    refused(await get(`${USER}/sessions`, undefined, version), 400, missing("userId"));
    refused(await call("DELETE", `${DASHBOARD}/session`, { version }), 400, missing("sessionId"));
  }
});

test("3.14 an address that is none is told of before a password that is missing", async () => {
  for (const password of [undefined, null, 1]) {
    has(await post(USER, { email: "invalid", password }), "INVALID_EMAIL_ERROR");
  }
});

test("3.14 the address is looked at before the password, and both before whether it is taken", async () => {
  const { email } = await newUser();
  for (const password of ["", "short"]) has(await create("invalid", password), "INVALID_EMAIL_ERROR");
  refused(await create(" ", "short"), 400, "Field name 'email' cannot be an empty String");
  has(await create(email, "short"), "PASSWORD_WEAK_ERROR");
  has(await create(email), "EMAIL_ALREADY_EXISTS_ERROR");
});

test("7.14.316 an address is given once in an app", async () => {
  const [one, other] = [await newApp(), await newApp()];
  for (const version of VERSIONS) {
    const email = newEmail("admin");
    const { user, ...rest } = ok(await create(` ${email.toUpperCase()} `, PASSWORD, one, version));
    assert.deepEqual(rest, { status: "OK" });
    assert.deepEqual(Object.keys(user).sort(), ["email", "timeJoined", "userId"]);
    assert.equal(user.email, email);
    assert.match(user.userId, UUID);
    assert.ok(Number.isInteger(user.timeJoined));
    for (const text of [email, email.toUpperCase(), ` ${email} `]) {
      assert.deepEqual(has(await create(text, PASSWORD, one, version), "EMAIL_ALREADY_EXISTS_ERROR"),
        { status: "EMAIL_ALREADY_EXISTS_ERROR" });
    }
    assert.notEqual((await newUser(other, email)).userId, user.userId);
    await signUp(one, email); // users are others than those who look after them
    assert.deepEqual((await users(one)).at(-1), user);
  }
  assert.equal((await users(one)).length, VERSIONS.length);
});

test("7.14.316 a change signs out everywhere", async () => {
  const changes = [() => ({}), () => ({ newPassword: "passw0rd2" }), () => ({ newEmail: newEmail("new") }),
    ({ email }) => ({ newEmail: email })];
  for (const changeOf of changes) {
    const [user, other] = [await newUser(), await newUser()];
    const change = changeOf(user);
    const opened = [await open(user), await open(user)];
    const others = await open(other);
    const email = change.newEmail ?? user.email;
    const answer = ok(await update({ email: user.email.toUpperCase(), ...change }));
    assert.deepEqual(answer, { status: "OK", user: { ...user, email } });
    for (const sessionId of opened) has(await verify(sessionId), INVALID_SESSION);
    ok(await verify(others));
    assert.deepEqual(await sessions(user.userId), []);
    ok(await signIn(email, change.newPassword));
    if (change.newPassword) has(await signIn(email), WRONG);
    if (email !== user.email) has(await signIn(user.email), WRONG);
  }
});

test("3.14 a change that cannot be", async () => {
  const [user, other] = [await newUser(), await newUser()];
  const sessionId = await open(user);
  has(await update({ userId: user.userId, newEmail: ` ${other.email.toUpperCase()}` }), "EMAIL_ALREADY_EXISTS_ERROR");
  const both = { newEmail: other.email, newPassword: "passw0rd2" };
  has(await update({ userId: user.userId, ...both }), "EMAIL_ALREADY_EXISTS_ERROR");
  const nobody = [{ userId: sessionId }, { userId: "x" }, { email: newEmail() }, { userId: "x", email: user.email }];
  for (const who of nobody) {
    assert.deepEqual(has(await update({ ...who, newPassword: "passw0rd2" }), "UNKNOWN_USER_ERROR"),
      { status: "UNKNOWN_USER_ERROR" });
  }
  ok(await verify(sessionId));
  ok(await signIn(user.email));
});

test("7.14.317 naming whom is meant", async () => {
  const either = "Either field 'email' or 'userId' must be present";
  for (const version of VERSIONS) {
    for (const body of [{}, { newEmail: newEmail() }]) refused(await update(body, "", version), 400, either);
    refused(await remove({}, "", version), 400, either);
    const [{ userId }, { email }, other] = [await newUser(), await newUser(), await newUser()];
    for (const [query, didUserExist] of [[{ userId }, true], [{ userId }, false],
      [{ email: ` ${email.toUpperCase()}` }, true], [{ email }, false], [{ email: newEmail() }, false],
      [{ userId: "unknown", email: other.email }, false]]) {
      assert.deepEqual(ok(await remove(query, "", version)), { status: "OK", didUserExist }, JSON.stringify(query));
    }
    ok(await signIn(other.email), "the id counts if both are given");
  }
});

test("3.14 nothing is left of somebody who is removed", async () => {
  const user = await newUser();
  const sessionId = await open(user);
  ok(await remove({ userId: user.userId }));
  has(await verify(sessionId), INVALID_SESSION);
  has(await signIn(user.email), WRONG);
  assert.deepEqual(await sessions(user.userId), []);
  assert.ok((await users()).every(({ userId }) => userId !== user.userId));
  const again = await newUser("", user.email);
  assert.notEqual(again.userId, user.userId);
  has(await verify(sessionId), INVALID_SESSION);
});

test("7.14.318 signing in", async () => {
  for (const version of VERSIONS) {
    const { email } = await newUser();
    const right = [[email, PASSWORD], [email, `${PASSWORD} `], [` ${email.toUpperCase()}`, `\t${PASSWORD}`]];
    for (const [address, password] of right) {
      const { sessionId, ...rest } = ok(await signIn(address, password, "", version));
      assert.deepEqual(rest, { status: "OK" });
      assert.match(sessionId, UUID);
    }
    const wrong = [[email, "passw0rd2"], [email, PASSWORD.toUpperCase()], [newEmail(), PASSWORD], ["x", "x"]];
    for (const [address, password] of wrong) {
      assert.deepEqual(has(await signIn(address, password, "", version), WRONG), { status: WRONG });
    }
  }
});

test("7.14.319 verifying a session, and ending it", async () => {
  const user = await newUser();
  const kept = await open(user);
  for (const version of VERSIONS) {
    const sessionId = await open(user);
    for (const text of [sessionId, ` ${sessionId} `]) {
      assert.deepEqual(ok(await verify(text, "", version)), { status: "OK", email: user.email });
    }
    for (const text of ["x", user.userId, sessionId.slice(1)]) {
      assert.deepEqual(has(await verify(text, "", version), INVALID_SESSION), { status: INVALID_SESSION });
    }
    for (const id of [sessionId, sessionId]) assert.deepEqual(ok(await signOut(id, "", version)), { status: "OK" });
    has(await verify(sessionId, "", version), INVALID_SESSION);
    ok(await verify(kept, "", version));
  }
});

test("3.14 sessions are listed, and last for thirty days", async () => {
  const user = await newUser();
  const ids = [await open(user), await open(user)];
  const listed = await sessions(user.userId);
  sameMembers(listed.map(({ sessionId }) => sessionId), ids);
  for (const { sessionId, timeCreated, expiry, ...rest } of listed) {
    assert.deepEqual(rest, { userId: user.userId });
    assert.equal(expiry - timeCreated, THIRTY_DAYS_MS);
    assert.ok(Number.isInteger(timeCreated));
  }
  for (const userId of ["x", ids[0]]) assert.deepEqual(await sessions(userId), []);

  // Listed until the cleaning job has come by, and no longer good for anything.
  const hash = sha256(ids[0]);
  sql("UPDATE auth.dashboard_sessions SET expires_at = now() - interval '1 ms' " +
    "WHERE encode(id_hash, 'hex') = $1 RETURNING app_id", hash);
  has(await verify(ids[0]), INVALID_SESSION);
  const left = `SELECT count(*) FROM auth.dashboard_sessions WHERE user_id = ${quoted(user.userId)}`;
  assert.deepEqual([aside([], left), aside(["SELECT auth.maintain()"], left)], ["2", "1"]);
  sameMembers((await sessions(user.userId)).map(({ sessionId }) => sessionId), ids);
  ok(await verify(ids[1]));
});

test("2.15 the dashboard is the app's", async () => {
  const [app, other] = [await newApp(), await newApp()];
  const at = await newTenant(app);
  const user = await newUser(app);
  const sessionId = await open(user, app);
  has(await signIn(user.email, PASSWORD, other), WRONG);
  has(await verify(sessionId, other), INVALID_SESSION);
  ok(await signOut(sessionId, other));
  ok(await verify(sessionId, app), "another app cannot end it");
  assert.deepEqual([await sessions(user.userId, other), await users(other)], [[], []]);
  has(await update({ userId: user.userId }, other), "UNKNOWN_USER_ERROR");
  assert.equal(ok(await remove({ userId: user.userId }, other)).didUserExist, false);
  for (const version of VERSIONS) {
    const { email } = await newUser(app);
    const answers = [await create(newEmail(), PASSWORD, at, version), await update({ email }, at, version),
      await signIn(email, PASSWORD, at, version), await verify(sessionId, at, version),
      await get(`${at}${DASHBOARD}/users`, undefined, version), await signOut("x", at, version),
      await get(`${at}${USER}/sessions`, { userId: user.userId }, version), await remove({ email }, at, version)];
    for (const answer of answers) {
      if (Number(version) < 5) ok(answer, version);
      else refused(answer, 403, "Only public tenantId can call this app specific API", version);
    }
  }
  ok(await post("/recipe/multitenancy/app/remove", { appId: other.slice("/appid-".length) }));
  for (const answer of [await signIn(user.email, PASSWORD, other), await verify(sessionId, other)]) {
    refused(answer, 400, /^AppId or tenantId not found => App with/);
  }
});

test("3.14 neither passwords nor sessions are in the tables", async () => {
  const user = await newUser();
  const sessionId = await open(user);
  const [{ person, session }] = sql(
    "SELECT to_jsonb(u) AS person, to_jsonb(s) AS session FROM auth.dashboard_users u " +
      "JOIN auth.dashboard_sessions s ON s.user_id = u.id WHERE u.id::text = $1", user.userId);
  assert.match(person.password_hash, /^\$(argon2id|2a)\$/);
  const stored = JSON.stringify([person, session]);
  const bytes = sessionId.replaceAll("-", "");
  for (const text of [PASSWORD, sessionId, bytes, Buffer.from(sessionId).toString("hex")]) {
    assert.ok(!stored.includes(text), text);
  }
  assert.equal(session.id_hash, `\\x${sha256(sessionId)}`);
  const shown = JSON.stringify([await users(), await sessions(user.userId)]);
  assert.ok(!shown.includes("$argon2") && !shown.includes("$2a$"));
});

test("2.15 the same in SQL", async () => {
  const [email, new_email] = [newEmail("admin"), newEmail("admin")];
  const { status, user } = sqlCall("create_dashboard_user", { email: ` ${email}`, password: PASSWORD });
  assert.deepEqual([status, user.email], ["OK", email]);
  has(await create(email), "EMAIL_ALREADY_EXISTS_ERROR");
  const sessionId = await open({ email });
  const updated = sqlCall("update_dashboard_user", { email, new_email });
  assert.deepEqual(updated, { status: "OK", user: { ...user, email: new_email } });
  has(await verify(sessionId), INVALID_SESSION);
  assert.ok(sqlCall("list_dashboard_users").users.some(({ userId }) => userId === user.userId));
  for (const didUserExist of [true, false]) {
    assert.deepEqual(sqlCall("delete_dashboard_user", { email: new_email }), { status: "OK", didUserExist });
  }
});
