// Users that are deleted while others work with them: nothing is left, and nobody fails.
import assert from "node:assert/strict";
import test from "node:test";
import {
  MANY, address, answeredOrWaiting, atOnce, backends, count, endObserving, interleaved, newUser, post, put,
  quoted, signIn, statuses, tally, value,
} from "./support.mjs";

const ROUNDS = 5;

test.after(endObserving);

// What hangs on a user.
const leftOf = async (id) => ({
  users: await count(`auth.users WHERE id = ${quoted(id)}`),
  methods: await count(`auth.login_methods WHERE user_id = ${quoted(id)}`),
  addresses: await count(`auth.login_method_tenants WHERE user_id = ${quoted(id)}`),
  sessions: await count(`auth.sessions WHERE user_id = ${quoted(id)}`),
  tokens: await count(`auth.one_time_tokens WHERE subject = ${quoted(id)}`),
});
const NOTHING = { users: 0, methods: 0, addresses: 0, sessions: 0, tokens: 0 };

test("a deletion that races sign-ins, sessions and reset tokens leaves nothing, over HTTP", async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const { id, email } = await newUser();
    const session = { userId: id, userDataInJWT: {}, userDataInDatabase: {}, enableAntiCsrf: false };
    const calls = [
      () => post("/recipe/signin", { email, password: "old" }),
      () => post("/recipe/session", session),
      () => post("/recipe/user/password/reset/token", { userId: id, email }),
      () => put("/recipe/user", { recipeUserId: id, email: address() }),
    ];
    const answers = await atOnce((n) => (n === MANY / 2 ? post("/user/remove", { userId: id }) : calls[n % 4]()));
    assert.deepEqual(tally(answers.map((answer) => answer.code)), { 200: MANY }, JSON.stringify(statuses(answers)));
    assert.equal(answers[MANY / 2].status, "OK");
    assert.deepEqual(await leftOf(id), NOTHING);
    assert.notEqual(await signIn(email, "old"), "OK");
  }
});

/** A call of a SQL function for a user. */
const calling = (call, { id, email }) => `SELECT auth.${call.replace("ID", quoted(id)).replace("EMAIL", quoted(email))}`;

for (const call of ["create_session(ID)", "create_reset_password_token(ID, 'x')", "sign_in(EMAIL, 'old')"]) {
  test(`a user takes along what an open transaction made: ${call}`, async (t) => {
    const user = await newUser();
    const answers = await interleaved(await backends(t, 2), calling(call, user), calling("delete_user(ID)", user));
    assert.deepEqual(answers.map(({ status }) => status), ["OK", "OK"]);
    assert.deepEqual(await leftOf(user.id), NOTHING);
  });
}

// What was begun before the deletion was committed may be answered as if it had come first, if it leaves nothing.
for (const [call, ...allowed] of [
  ["create_session(ID)", "OK"], // any text has sessions, also one that names nobody
  ["create_reset_password_token(ID, 'x')", "UNKNOWN_USER_ID_ERROR", "OK"],
  ["sign_in(EMAIL, 'old')", "WRONG_CREDENTIALS_ERROR", "OK"],
  ["update_email_or_password(ID, 'x' || EMAIL)", "UNKNOWN_USER_ID_ERROR"],
  ["sign_up(EMAIL, 'new')", "OK"],
]) {
  test(`what meets a user's deletion does not fail: ${call}`, async (t) => {
    const user = await newUser();
    const [deleted, asked] = await interleaved(
      await backends(t, 2), calling("delete_user(ID)", user), calling(call, user),
    );
    assert.equal(deleted.status, "OK");
    assert.ok(allowed.includes(asked.status), asked.status);
    assert.deepEqual(await leftOf(user.id), NOTHING);
  });
}

for (const call of ["sign_in(EMAIL, 'old')", "create_session(ID)"]) {
  test(`no deadlock with a user's deletion: ${call}`, async (t) => {
    const [deleting, working, holding] = await backends(t, 3);
    const user = await newUser();
    const active = `auth.active_users WHERE user_id = ${quoted(user.id)}`;
    // As if the user had last been here an hour ago: then there is something to write.
    await value(`UPDATE auth.active_users SET last_active_at = now() - interval '1 hour' WHERE user_id = ${quoted(user.id)}`);
    // Both want what `holding` has, the deletion before the other.
    await holding.ask("BEGIN");
    await holding.ask(`SELECT FROM ${active} FOR UPDATE`);
    const deleted = deleting.ask(calling("delete_user(ID)", user));
    await answeredOrWaiting(deleting, deleted);
    const done = working.ask(calling(call, user));
    await answeredOrWaiting(working, done);
    await holding.ask("COMMIT");
    const answers = [await deleted, await done];
    assert.ok(answers.every((answer) => !answer.failed), JSON.stringify(statuses(answers)));
    assert.deepEqual(await leftOf(user.id), NOTHING);
  });
}
