// Tokens that work once.
import assert from "node:assert/strict";
import test from "node:test";
import {
  MANY, atOnce, backends, count, deadlocks, endObserving, newUser, post, quoted, signIn, statuses,
} from "./support.mjs";

const ROUNDS = 5;
const INVALID = "RESET_PASSWORD_INVALID_TOKEN_ERROR";

test.after(endObserving);

const newToken = async ({ id, email }) =>
  (await post("/recipe/user/password/reset/token", { userId: id, email })).token;
const consume = (token) => post("/recipe/user/password/reset/token/consume", { method: "token", token });
const reset = (token, newPassword) => post("/recipe/user/password/reset", { method: "token", token, newPassword });

test("one of many consumers of a token wins, over HTTP and in SQL", async (t) => {
  const all = await backends(t);
  const user = await newUser();
  for (const call of [
    (n, token) => consume(token),
    (n, token) => all[n].ask(`SELECT auth.consume_reset_password_token(${quoted(token)})`),
    // The two ways to use a token up, mixed.
    (n, token) => (n % 2 ? consume(token) : reset(token, "new")),
  ]) {
    for (let round = 0; round < ROUNDS; round += 1) {
      const token = await newToken(user);
      const answers = await atOnce((n) => call(n, token));
      assert.deepEqual(statuses(answers), { OK: 1, [INVALID]: MANY - 1 });
      assert.equal(answers.find(({ status }) => status === "OK").userId, user.id);
      assert.equal(await count(`auth.one_time_tokens WHERE subject = ${quoted(user.id)}`), 0);
    }
  }
});

test("one of many resets with a token wins, and its password is the one that holds", async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const user = await newUser();
    const token = await newToken(user);
    const answers = await atOnce((n) => reset(token, `password-${n}`));
    assert.deepEqual(statuses(answers), { OK: 1, [INVALID]: MANY - 1 });
    const outcomes = await atOnce((n) => signIn(user.email, `password-${n}`));
    assert.deepEqual(outcomes.map((status) => status === "OK"), answers.map(({ status }) => status === "OK"));
    assert.notEqual(await signIn(user.email, "old"), "OK");
  }
});

test("of many tokens of one user one is used, in whatever order they come, without deadlock", async (t) => {
  const all = await backends(t);
  const before = deadlocks();
  for (let round = 0; round < 4 * ROUNDS; round += 1) {
    const user = await newUser();
    const tokens = [];
    for (let n = 0; n < MANY; n += 1) tokens.push(await newToken(user));
    if (round % 2) tokens.reverse();
    const answers = await atOnce((n) => all[n].ask(`SELECT auth.consume_reset_password_token(${quoted(tokens[n])})`));
    assert.deepEqual(statuses(answers), { OK: 1, [INVALID]: MANY - 1 });
  }
  assert.equal(deadlocks(), before);
});

test("of two tokens of one user one resets the password, in both orders", async () => {
  const before = deadlocks();
  const users = await atOnce(() => newUser(), MANY / 2);
  for (let round = 0; round < ROUNDS; round += 1) {
    const tokens = await Promise.all(users.map(async (user) => [await newToken(user), await newToken(user)]));
    // Every second user's newer token goes first.
    const order = (n) => (n ^ round) & 1;
    const answers = await Promise.all(
      users.map((_, n) => Promise.all([order(n), 1 - order(n)].map((of) => reset(tokens[n][of], `${round}-${of}`)))),
    );
    for (const [n, pair] of answers.entries()) {
      assert.deepEqual(statuses(pair), { OK: 1, [INVALID]: 1 });
      const of = pair[0].status === "OK" ? order(n) : 1 - order(n);
      assert.equal(await signIn(users[n].email, `${round}-${of}`), "OK");
      assert.notEqual(await signIn(users[n].email, `${round}-${1 - of}`), "OK");
    }
  }
  assert.equal(deadlocks(), before);
});

test("a user's deletion and the use of its tokens do not deadlock", async (t) => {
  const all = await backends(t);
  const before = deadlocks();
  for (let round = 0; round < 2 * ROUNDS; round += 1) {
    const user = await newUser();
    const tokens = [];
    for (let n = 0; n < MANY; n += 1) tokens.push(await newToken(user));
    const answers = await atOnce((n) =>
      all[n].ask(
        n % 4 === 0
          ? `SELECT auth.delete_user(${quoted(user.id)})`
          : `SELECT auth.consume_reset_password_token(${quoted(tokens[n])})`,
      ),
    );
    assert.ok(answers.every((answer) => !answer.failed), JSON.stringify(statuses(answers)));
    assert.equal(await count(`auth.one_time_tokens WHERE subject = ${quoted(user.id)}`), 0);
  }
  assert.equal(deadlocks(), before);
});
