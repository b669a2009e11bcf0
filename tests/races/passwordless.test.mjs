// Sign-in with codes and with accounts at providers: codes work once, attempts are counted, nobody is made twice.
import assert from "node:assert/strict";
import test from "node:test";
import {
  MANY, address, atOnce, backends, cdi, count, deadlocks, endObserving, interleaved, name, post, quoted, statuses,
  tally,
} from "./support.mjs";

const ROUNDS = 5;
const CODE = "/recipe/signinup/code";
const RESTART = "RESTART_FLOW_ERROR";
const INCORRECT = "INCORRECT_USER_INPUT_CODE_ERROR";

test.after(endObserving);

const newCode = async (contact) => {
  const answer = await post(CODE, contact);
  assert.equal(answer.status, "OK", JSON.stringify(answer));
  return answer;
};
const typed = ({ preAuthSessionId, deviceId, userInputCode }) => ({ preAuthSessionId, deviceId, userInputCode });
const linked = ({ preAuthSessionId, linkCode }) => ({ preAuthSessionId, linkCode });
const wrong = (code, n = 0) => ({ ...typed(code), userInputCode: `wrong-${n}` });
const consume = (presented) => post(`${CODE}/consume`, presented);

/** The same as statements of SQL. */
const inSql = (of, { preAuthSessionId, deviceId, userInputCode, linkCode }) =>
  linkCode
    ? `SELECT auth.${of}(${quoted(preAuthSessionId)}, link_code => ${quoted(linkCode)})`
    : `SELECT auth.${of}(${quoted(preAuthSessionId)}, ${quoted(deviceId)}, ${quoted(userInputCode)})`;

const having = (email) => count(`auth.login_methods WHERE email = ${quoted(email)}`);
const devices = (email) => count(`auth.passwordless_devices WHERE email = ${quoted(email)}`);
const sweep = (n) => (n % 2 ? linked : typed);

/** One of the answers is OK, the others say that there is no such code; and one user has the address. */
const oneWins = async (answers, email, createdNewUser) => {
  assert.deepEqual(statuses(answers), { OK: 1, [RESTART]: answers.length - 1 });
  const winner = answers.find(({ status }) => status === "OK");
  assert.equal(winner.createdNewUser, createdNewUser);
  assert.deepEqual([await having(email), await devices(email)], [1, 0]);
};

test("one of many consumers of a code wins, over HTTP and in SQL", async (t) => {
  const all = await backends(t);
  const before = deadlocks();
  for (const call of [
    (n, code) => consume(sweep(n)(code)),
    (n, code) => all[n].ask(inSql("consume_code", sweep(n)(code))),
  ]) {
    for (let round = 0; round < ROUNDS; round += 1) {
      const email = address();
      // The first code signs up, the second signs in.
      for (const createdNewUser of [true, false]) {
        const code = await newCode({ email });
        await oneWins(await atOnce((n) => call(n, code)), email, createdNewUser);
      }
    }
  }
  assert.equal(deadlocks(), before);
});

test("a consumer waits for one that may yet be undone", async (t) => {
  const [one, other] = await backends(t, 2);
  for (const [end, status] of [["COMMIT", RESTART], ["ROLLBACK", "OK"]]) {
    const email = address();
    const use = inSql("consume_code", typed(await newCode({ email })));
    await one.ask("BEGIN");
    assert.equal((await one.ask(use)).status, "OK");
    const second = other.ask(use);
    await one.ask(end);
    assert.equal((await second).status, status);
    assert.deepEqual([await having(email), await devices(email)], [1, 0]);
  }
});

test("of many devices of one address one is consumed, without deadlock", async (t) => {
  const all = await backends(t);
  const before = deadlocks();
  for (const size of [2, MANY]) {
    for (const call of [
      (n, code) => consume(sweep(n)(code)),
      (n, code) => all[n].ask(inSql("consume_code", sweep(n)(code))),
    ]) {
      for (let round = 0; round < ROUNDS; round += 1) {
        const email = address();
        for (const createdNewUser of [true, false]) {
          const codes = [];
          for (let n = 0; n < size; n += 1) codes.push(await newCode({ email }));
          if (round % 2) codes.reverse();
          await oneWins(await atOnce((n) => call(n, codes[n]), size), email, createdNewUser);
        }
      }
    }
  }
  assert.equal(deadlocks(), before);
});

test("two devices of one address, the second while the first is not yet committed", async (t) => {
  const pair = await backends(t, 2);
  const before = deadlocks();
  for (let round = 0; round < ROUNDS; round += 1) {
    const email = address();
    const codes = [await newCode({ email }), await newCode({ email })];
    if (round % 2) codes.reverse();
    const answers = await interleaved(pair, ...codes.map((code) => inSql("consume_code", sweep(round)(code))));
    assert.deepEqual(answers.map(({ status }) => status), ["OK", RESTART]);
    assert.deepEqual([await having(email), await devices(email)], [1, 0]);
  }
  assert.equal(deadlocks(), before);
});

let numbers = 0;
const number = () => `+49151${String(((process.pid % 10_000) * 1000 + (numbers += 1)) % 10 ** 8).padStart(8, "0")}`;

/** A user with both contacts. */
const newUser = async ([one]) => {
  const contacts = { email: address(), phoneNumber: number() };
  const { user } = await consume(typed(await newCode({ email: contacts.email })));
  const set = `SELECT auth.update_passwordless_user(${quoted(user.id)}, phone_number => ${quoted(contacts.phoneNumber)})`;
  assert.equal((await one.ask(set)).status, "OK");
  return { id: user.id, ...contacts };
};

test("the two contacts of one user consumed at once do not deadlock", async (t) => {
  const pair = await backends(t, 2);
  const before = deadlocks();
  const { id, email, phoneNumber } = await newUser(pair);
  for (let round = 0; round < 8 * ROUNDS; round += 1) {
    const codes = [await newCode({ email }), await newCode({ phoneNumber })];
    const answers = await atOnce((n) => pair[n].ask(inSql("consume_code", typed(codes[n]))), 2);
    for (const { status, createdNewUser, user } of answers) {
      assert.ok(["OK", RESTART].includes(status), status);
      if (status === "OK") assert.deepEqual([createdNewUser, user.id], [false, id]);
    }
    assert.ok(statuses(answers).OK >= 1);
    assert.equal(await devices(email), 0);
  }
  assert.equal(deadlocks(), before);
});

test("a contact that is changed while its code is consumed", async (t) => {
  const pair = await backends(t, 2);
  const before = deadlocks();
  for (let round = 0; round < 8 * ROUNDS; round += 1) {
    const { id, email } = await newUser(pair);
    const change = `SELECT auth.update_passwordless_user(${quoted(id)}, ${quoted(address())})`;
    const use = inSql("consume_code", sweep(round)(await newCode({ email })));
    const [changed, used] = await atOnce((n) => pair[n].ask(n ? use : change), 2);
    assert.equal(changed.status, "OK");
    assert.ok(["OK", RESTART].includes(used.status), used.status);
    // Who was signed in first has the new address now; who came later is a new user with the old one.
    assert.deepEqual([await having(email), await devices(email)], [used.createdNewUser ? 1 : 0, 0]);
  }
  assert.equal(deadlocks(), before);
});

test("a user who is removed while a code is consumed is gone, or new", async (t) => {
  const pair = await backends(t, 2);
  const before = deadlocks();
  for (let round = 0; round < 8 * ROUNDS; round += 1) {
    const { id, email, phoneNumber } = await newUser(pair);
    const use = inSql("consume_code", typed(await newCode(round % 2 ? { email } : { phoneNumber })));
    const [removed, used] = await atOnce((n) => pair[n].ask(n ? use : `SELECT auth.delete_user(${quoted(id)})`), 2);
    assert.equal(removed.status, "OK");
    assert.ok(["OK", RESTART].includes(used.status), used.status);
    const left = await count(`auth.login_methods WHERE email = ${quoted(email)} OR phone = ${quoted(phoneNumber)}`);
    assert.equal(left, used.createdNewUser ? 1 : 0, JSON.stringify(used));
  }
  assert.equal(deadlocks(), before);
});

test("wrong codes at once are all counted, and end the device", async (t) => {
  const all = await backends(t);
  const send = [
    (n, code) => consume(wrong(code, n)),
    (n, code) => post(`${CODE}/${n % 2 ? "consume" : "check"}`, wrong(code, n)),
    (n, code) => all[n].ask(inSql(n % 2 ? "consume_code" : "check_code", wrong(code, n))),
  ];
  for (const call of send) {
    for (let round = 0; round < ROUNDS; round += 1) {
      const email = address();
      const code = await newCode({ email });
      const answers = await atOnce((n) => call(n, code));
      assert.deepEqual(statuses(answers), { [INCORRECT]: 4, [RESTART]: MANY - 4 });
      const counts = answers.map((answer) => answer.failedCodeInputAttemptCount).filter(Boolean);
      assert.deepEqual(counts.sort(), [1, 2, 3, 4], "no attempt is counted twice, none is free");
      assert.deepEqual([await devices(email), await having(email)], [0, 0]);
      assert.equal((await consume(typed(code))).status, RESTART);
    }
  }
});

test("a right code among wrong ones signs in once, or comes too late", async () => {
  for (let round = 0; round < 2 * ROUNDS; round += 1) {
    const email = address();
    const code = await newCode({ email });
    const answers = await atOnce((n) => consume(n % 4 ? wrong(code, n) : typed(code)));
    const { OK: done = 0, [INCORRECT]: refused = 0, [RESTART]: late = 0 } = statuses(answers);
    assert.equal(done + refused + late, MANY, JSON.stringify(statuses(answers)));
    assert.ok(done <= 1 && refused <= 4);
    assert.deepEqual([await having(email), await devices(email)], [done, 0]);
  }
});

test("codes for a device that is consumed meanwhile leave nothing behind", async (t) => {
  const all = await backends(t);
  const before = deadlocks();
  for (let round = 0; round < ROUNDS; round += 1) {
    const email = address();
    const code = await newCode({ email });
    const answers = await atOnce((n) =>
      all[n].ask(
        n === MANY / 2
          ? inSql("consume_code", typed(code))
          : `SELECT auth.create_code(device_id => ${quoted(code.deviceId)})`,
      ),
    );
    assert.equal(answers[MANY / 2].status, "OK");
    assert.ok(answers.every(({ status }) => ["OK", RESTART].includes(status)), JSON.stringify(statuses(answers)));
    assert.equal(await devices(email), 0);
  }
  assert.equal(deadlocks(), before);
});

test("an address that a code and a change of address want goes to one of them", async () => {
  const before = deadlocks();
  for (let round = 0; round < ROUNDS; round += 1) {
    const wanted = address();
    const users = await atOnce(async () => (await consume(typed(await newCode({ email: address() })))).user, 4);
    const code = await newCode({ email: wanted });
    const change = (recipeUserId) => fetch(`${process.env.AUTH_URL}/recipe/user`, {
      method: "PUT",
      headers: { "cdi-version": "5.4", rid: "passwordless" },
      body: JSON.stringify({ recipeUserId, email: wanted }),
    }).then((response) => response.json());
    const answers = await atOnce((n) => (n < 4 ? change(users[n].id) : consume(typed(code))), 5);
    const changed = tally(answers.slice(0, 4).map(({ status }) => status));
    assert.ok(!changed.OK || changed.OK === 1, JSON.stringify(changed));
    assert.equal((changed.OK ?? 0) + (changed.EMAIL_ALREADY_EXISTS_ERROR ?? 0), 4, JSON.stringify(changed));
    assert.ok(["OK", RESTART].includes(answers[4].status), JSON.stringify(answers[4]));
    assert.deepEqual([await having(wanted), await devices(wanted)], [1, 0]);
  }
  assert.equal(deadlocks(), before);
});

const pairs = (id) => count(`auth.login_methods WHERE third_party_user_id = ${quoted(id)}`);

test("many sign-ins of a provider's new user make one user, over HTTP and in SQL", async (t) => {
  const all = await backends(t);
  const before = deadlocks();
  const body = (id, email) => ({ thirdPartyId: "p", thirdPartyUserId: id, email: { id: email, isVerified: true } });
  for (const call of [
    (n, id, email) => post("/recipe/signinup", body(id, email)),
    (n, id, email) => all[n].ask(`SELECT auth.third_party_sign_in_up('p', ${quoted(id)}, ${quoted(email)}, true)`),
  ]) {
    for (let round = 0; round < ROUNDS; round += 1) {
      const [id, email] = [name(), address()];
      const answers = await atOnce((n) => call(n, id, email));
      assert.deepEqual(statuses(answers), { OK: MANY });
      assert.deepEqual(tally(answers.map((answer) => answer.createdNewUser)), { true: 1, false: MANY - 1 });
      assert.equal(new Set(answers.map((answer) => answer.user.id)).size, 1);
      assert.equal(await pairs(id), 1);
      // Each with an address of its own: one of them is the user's then, wherever it is kept.
      const addresses = await atOnce(() => address());
      assert.deepEqual(statuses(await atOnce((n) => call(n, id, addresses[n]))), { OK: MANY });
      const { user } = await cdi("GET", `/user/id?userId=${answers[0].user.id}`);
      assert.equal(user.emails.length, 1);
      assert.ok(addresses.includes(user.emails[0]) && user.loginMethods[0].verified);
      assert.equal(await having(user.emails[0]), 1);
    }
  }
  assert.equal(deadlocks(), before);
});

test("a provider's user who is removed while signing in is gone, or new", async (t) => {
  const pair = await backends(t, 2);
  const before = deadlocks();
  for (let round = 0; round < 8 * ROUNDS; round += 1) {
    const id = name();
    const signIn = () => `SELECT auth.third_party_sign_in_up('p', ${quoted(id)}, ${quoted(address())}, true)`;
    const { user } = await pair[0].ask(signIn());
    const statements = [`SELECT auth.delete_user(${quoted(user.id)})`, signIn()];
    if (round % 2) statements.reverse();
    const answers = await atOnce((n) => pair[n].ask(statements[n]), 2);
    assert.deepEqual(statuses(answers), { OK: 2 });
    const { createdNewUser } = answers.find((answer) => "createdNewUser" in answer);
    assert.equal(await pairs(id), createdNewUser ? 1 : 0);
  }
  assert.equal(deadlocks(), before);
});

test("one of many uses of a verification token wins", async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const of = { userId: name(), email: address() };
    const tokens = await atOnce(async () => (await post("/recipe/user/email/verify/token", of)).token, 2);
    const answers = await atOnce((n) => post("/recipe/user/email/verify", { method: "token", token: tokens[n % 2] }));
    assert.deepEqual(statuses(answers), { OK: 1, EMAIL_VERIFICATION_INVALID_TOKEN_ERROR: MANY - 1 });
    assert.equal(await count(`auth.verified_emails WHERE user_id = ${quoted(of.userId)}`), 1);
  }
});
