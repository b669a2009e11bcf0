// People who run the dashboard: an address is one person's, and no session outlives what it was opened with.
import assert from "node:assert/strict";
import test from "node:test";
import {
  MANY, address, atOnce, backends, cdi, count, endObserving, interleaved, name, post, put, quoted, statuses,
} from "./support.mjs";

const ROUNDS = 3;
const USER = "/recipe/dashboard/user";
const PASSWORD = "passw0rd";
const NEW_PASSWORD = "passw0rd2";
const EXISTS = "EMAIL_ALREADY_EXISTS_ERROR";
const WRONG = "INVALID_CREDENTIALS_ERROR";

test.after(endObserving);

const add = (email, at = "") => post(at + USER, { email, password: PASSWORD });
const signIn = (email, password = PASSWORD, at = "") => post(`${at}/recipe/dashboard/signin`, { email, password });
const verify = (sessionId) => post("/recipe/dashboard/session/verify", { sessionId });
const removeUser = (userId) => cdi("DELETE", `${USER}?userId=${userId}`);

const newUser = async () => {
  const { user, status } = await add(address());
  assert.equal(status, "OK");
  return user;
};

// The same in SQL; only HTTP has a call for signing in.
const creation = (email) => `SELECT auth.create_dashboard_user(${quoted(email)}, ${quoted(PASSWORD)})`;
const change = ({ email }, what, to) => `SELECT auth.update_dashboard_user(${quoted(email)}, ${what} => ${quoted(to)})`;
const deletion = ({ email }) => `SELECT auth.delete_dashboard_user(${quoted(email)})`;
const signingIn = ({ email }) =>
  `SELECT convert_from(body, 'UTF8') FROM auth.http('POST', '/recipe/dashboard/signin', NULL, '[]',
     convert_to(${quoted(JSON.stringify({ email, password: PASSWORD }))}, 'UTF8'))`;

const withAddress = (email) => count(`auth.dashboard_users WHERE email = ${quoted(email)}`);
const sessionsOf = ({ userId }) => count(`auth.dashboard_sessions WHERE user_id = ${quoted(userId)}`);

/** None of the sessions that these sign-ins opened is good for anything. */
const assertClosed = async (signIns) => {
  const ids = signIns.filter(({ status }) => status === "OK").map(({ sessionId }) => sessionId);
  for (const id of ids) assert.equal((await verify(id)).status, "INVALID_SESSION_ERROR");
};

test("of many who are added with one address one is", async (t) => {
  const all = await backends(t);
  for (const call of [(n, email) => add(email), (n, email) => all[n].ask(creation(email))]) {
    for (let round = 0; round < ROUNDS; round += 1) {
      const email = address();
      assert.deepEqual(statuses(await atOnce((n) => call(n, email))), { OK: 1, [EXISTS]: MANY - 1 });
      assert.equal(await withAddress(email), 1);
    }
  }
});

test("of many who change to one address one does", async (t) => {
  const all = await backends(t);
  for (const call of [
    (n, { userId }, newEmail) => put(USER, { userId, newEmail }),
    (n, user, newEmail) => all[n].ask(change(user, "new_email", newEmail)),
  ]) {
    for (let round = 0; round < ROUNDS; round += 1) {
      const users = await atOnce(newUser);
      const email = address();
      assert.deepEqual(statuses(await atOnce((n) => call(n, users[n], email))), { OK: 1, [EXISTS]: MANY - 1 });
      assert.equal(await withAddress(email), 1);
    }
  }
});

test("an address that somebody is added with and another changes to is one's", async (t) => {
  const pair = await backends(t, 2);
  for (const isAddedFirst of [true, false]) {
    const [user, email] = [await newUser(), address()];
    const both = [creation(email), change(user, "new_email", email)];
    const answers = await interleaved(pair, ...(isAddedFirst ? both : both.reverse()));
    assert.deepEqual(answers.map(({ status }) => status), ["OK", EXISTS]);
    assert.equal(await withAddress(email), 1);
  }
});

test("no session survives a new password that was opened with the old one", async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const user = await newUser();
    const answers = await atOnce((n) =>
      n === MANY / 2 ? put(USER, { userId: user.userId, newPassword: NEW_PASSWORD }) : signIn(user.email),
    );
    assert.equal(answers[MANY / 2].status, "OK");
    const signIns = answers.filter((_, n) => n !== MANY / 2);
    assert.ok(signIns.every(({ status }) => ["OK", WRONG].includes(status)), JSON.stringify(statuses(signIns)));
    await assertClosed(signIns);
    assert.equal(await sessionsOf(user), 0);
    assert.equal((await signIn(user.email)).status, WRONG);
    assert.equal((await signIn(user.email, NEW_PASSWORD)).status, "OK");
  }
});

for (const [what, to] of [["new_password", () => NEW_PASSWORD], ["new_email", address]]) {
  test(`a change that meets a sign-in, in either order, leaves no session: ${what}`, async (t) => {
    const pair = await backends(t, 2);
    for (const isChangedFirst of [true, false]) {
      const user = await newUser();
      const both = [change(user, what, to()), signingIn(user)];
      const answers = await interleaved(pair, ...(isChangedFirst ? both : both.reverse()));
      const signedIn = answers[isChangedFirst ? 1 : 0];
      assert.equal(answers[isChangedFirst ? 0 : 1].status, "OK");
      assert.ok(["OK", WRONG].includes(signedIn.status), JSON.stringify(signedIn));
      await assertClosed([signedIn]);
      assert.equal(await sessionsOf(user), 0, isChangedFirst ? "changed first" : "signed in first");
    }
  });
}

test("of many passwords that are set at once one is the person's", async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const { userId, email } = await newUser();
    const passwords = Array.from({ length: 4 }, (_, n) => `${PASSWORD}-${n}`);
    const answers = await atOnce((n) => put(USER, { userId, newPassword: passwords[n] }), passwords.length);
    assert.deepEqual(statuses(answers), { OK: passwords.length });
    const tried = await atOnce((n) => signIn(email, passwords[n]), passwords.length);
    assert.deepEqual(statuses(tried), { OK: 1, [WRONG]: passwords.length - 1 });
  }
});

test("nothing is left of somebody who is removed while they sign in", async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const user = await newUser();
    const answers = await atOnce((n) => (n === MANY / 2 ? removeUser(user.userId) : signIn(user.email)));
    assert.deepEqual([answers[MANY / 2].status, answers[MANY / 2].didUserExist], ["OK", true]);
    const signIns = answers.filter((_, n) => n !== MANY / 2);
    assert.ok(signIns.every(({ status }) => ["OK", WRONG].includes(status)), JSON.stringify(statuses(signIns)));
    await assertClosed(signIns);
    assert.deepEqual([await withAddress(user.email), await sessionsOf(user)], [0, 0]);
  }
});

test("a removal that meets a sign-in, in either order, leaves no session", async (t) => {
  const pair = await backends(t, 2);
  for (const isRemovedFirst of [true, false]) {
    const user = await newUser();
    const both = [deletion(user), signingIn(user)];
    const answers = await interleaved(pair, ...(isRemovedFirst ? both : both.reverse()));
    assert.deepEqual(answers.map(({ status }) => status), ["OK", isRemovedFirst ? WRONG : "OK"]);
    assert.equal(await sessionsOf(user), 0);
  }
});

test("a change of somebody who is being removed does not tell of another", async (t) => {
  const pair = await backends(t, 2);
  for (const [what, to] of [["new_email", address()], ["new_password", NEW_PASSWORD]]) {
    const user = await newUser();
    const [removed, changed] = await interleaved(pair, deletion(user), change(user, what, to));
    assert.equal(removed.didUserExist, true);
    // It may be answered as if it had come first.
    assert.ok(["OK", "UNKNOWN_USER_ERROR"].includes(changed.status), `${what}: ${changed.status}`);
    assert.deepEqual([await withAddress(user.email), await withAddress(to)], [0, 0]);
  }
});

test("an app that is removed while people are added keeps none", async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const appId = name();
    await put("/recipe/multitenancy/app/v2", { appId });
    const [at, first] = [`/appid-${appId}`, address()];
    await add(first, at);
    const answers = await atOnce((n) => {
      if (n === MANY / 2) return post("/recipe/multitenancy/app/remove", { appId });
      return n % 2 ? add(address(), at) : signIn(first, PASSWORD, at);
    });
    assert.equal(answers[MANY / 2].didExist, true);
    // Those who come too late are told that there is no such app.
    assert.ok(answers.every(({ code }) => [200, 400].includes(code)), JSON.stringify(statuses(answers)));
    for (const table of ["users", "sessions"]) {
      assert.equal(await count(`auth.dashboard_${table} WHERE app_id = ${quoted(appId)}`), 0, table);
    }
  }
});
