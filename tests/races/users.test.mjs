// Addresses: never two users with one, whoever comes at the same time.
import assert from "node:assert/strict";
import test from "node:test";
import {
  MANY, address, atOnce, backends, count, deadlocks, endObserving, newUser, post, put, quoted, signIn, statuses, tally,
} from "./support.mjs";

const ROUNDS = 5;
const having = (email) => count(`auth.users WHERE email = ${quoted(email)}`);
const keys = (email) => count(`auth.login_method_tenants WHERE email = ${quoted(email)}`);

test.after(endObserving);

test("one of many sign-ups with one address wins, over HTTP", async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const email = address();
    const answers = await atOnce((n) => post("/recipe/signup", { email, password: `password-${n}` }));
    assert.deepEqual(statuses(answers), { OK: 1, EMAIL_ALREADY_EXISTS_ERROR: MANY - 1 });
    assert.equal(await having(email), 1);
    const outcomes = await atOnce((n) => signIn(email, `password-${n}`));
    const winner = answers.findIndex((answer) => answer.status === "OK");
    assert.deepEqual(outcomes.map((status) => status === "OK"), answers.map((_, n) => n === winner));
  }
});

test("one of many sign-ups with one address wins, in SQL, in any spelling", async (t) => {
  const all = await backends(t);
  for (let round = 0; round < ROUNDS; round += 1) {
    const email = address();
    const spelling = (n) => (n % 2 ? email.toUpperCase() : ` ${email}`);
    const answers = await atOnce((n) => all[n].ask(`SELECT auth.sign_up(${quoted(spelling(n))}, 'x')`));
    assert.deepEqual(statuses(answers), { OK: 1, EMAIL_ALREADY_EXISTS_ERROR: MANY - 1 });
    assert.equal(await having(email), 1);
  }
});

test("a sign-up waits for one that may yet be undone", async (t) => {
  const [one, other] = await backends(t, 2);
  for (const [end, status] of [["COMMIT", "EMAIL_ALREADY_EXISTS_ERROR"], ["ROLLBACK", "OK"]]) {
    const email = address();
    const signUp = `SELECT auth.sign_up(${quoted(email)}, 'x')`;
    await one.ask("BEGIN");
    assert.equal((await one.ask(signUp)).status, "OK");
    const second = other.ask(signUp);
    await one.ask(end);
    assert.equal((await second).status, status);
    assert.equal(await having(email), 1);
  }
});

test("one of many imports makes the user, and all of them name it", async () => {
  const email = address();
  const passwordHash = "$argon2id$v=19$m=16,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$PtYnXe3WQD5oYGcE+uBYzA";
  const answers = await atOnce(() => post("/recipe/user/passwordhash/import", { email, passwordHash }));
  assert.deepEqual(statuses(answers), { OK: MANY });
  assert.deepEqual(tally(answers.map((answer) => answer.didUserAlreadyExist)), { false: 1, true: MANY - 1 });
  assert.equal(new Set(answers.map((answer) => answer.user.id)).size, 1);
  assert.equal(await signIn(email, "testPass123"), "OK");
});

test("one of many users that grab an address gets it, the others keep theirs", async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const users = await atOnce(() => newUser());
    const wanted = address();
    const answers = await atOnce((n) => put("/recipe/user", { recipeUserId: users[n].id, email: wanted }));
    assert.deepEqual(statuses(answers), { OK: 1, EMAIL_ALREADY_EXISTS_ERROR: MANY - 1 });
    assert.equal(await having(wanted), 1);
    for (const [n, { email }] of users.entries()) {
      const kept = answers[n].status === "OK" ? 0 : 1;
      assert.deepEqual([await having(email), await keys(email)], [kept, kept]);
    }
  }
});

test("a sign-up and a change of address do not both get it", async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const wanted = address();
    const users = await atOnce(() => newUser(), MANY / 2);
    const answers = await atOnce((n) =>
      n % 2
        ? post("/recipe/signup", { email: wanted, password: "new" })
        : put("/recipe/user", { recipeUserId: users[n / 2].id, email: wanted }),
    );
    assert.deepEqual(statuses(answers), { OK: 1, EMAIL_ALREADY_EXISTS_ERROR: MANY - 1 });
    assert.deepEqual([await having(wanted), await keys(wanted)], [1, 1]);
  }
});

/** Pairs of users; and their rows must agree with each other. */
const checkPair = async (pair, answers) => {
  for (const { email } of pair) {
    assert.deepEqual([await having(email), await keys(email)], [1, 1], JSON.stringify(answers));
  }
  const astray = `auth.users u JOIN auth.login_methods m ON m.user_id = u.id
    LEFT JOIN auth.login_method_tenants t ON t.login_method_id = m.id
    WHERE u.id IN (${pair.map(({ id }) => quoted(id))}) AND NOT (u.email = m.email AND t.email IS NOT DISTINCT FROM m.email)`;
  assert.equal(await count(astray), 0);
};

test("two users cannot swap their addresses, nor lose them in trying, over HTTP", async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const users = await atOnce(() => newUser());
    const partner = (n) => users[n ^ 1];
    const answers = await atOnce((n) => put("/recipe/user", { recipeUserId: users[n].id, email: partner(n).email }));
    assert.deepEqual(statuses(answers), { EMAIL_ALREADY_EXISTS_ERROR: MANY });
    for (let n = 0; n < MANY; n += 2) await checkPair([users[n], users[n + 1]], answers);
  }
});

test("two users cannot swap their addresses, nor lose them in trying, in SQL", async (t) => {
  const all = await backends(t);
  const before = deadlocks();
  for (let round = 0; round < ROUNDS; round += 1) {
    const users = await atOnce(() => newUser());
    const change = (n) => `SELECT auth.update_email_or_password(${quoted(users[n].id)}, ${quoted(users[n ^ 1].email)})`;
    const answers = await atOnce((n) => all[n].ask(change(n)));
    assert.deepEqual(statuses(answers), { EMAIL_ALREADY_EXISTS_ERROR: MANY });
    for (let n = 0; n < MANY; n += 2) await checkPair([users[n], users[n + 1]], answers);
  }
  assert.equal(deadlocks(), before);
});
