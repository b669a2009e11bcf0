// Passkeys: an address and a credential go to one user, an answer signs in once, and whoever is deleted is gone.
import assert from "node:assert/strict";
import test from "node:test";
import { PAGE, Passkey } from "../cdi/passkey.mjs";
import {
  MANY, address, atOnce, backends, cdi, count, deadlocks, endObserving, interleaved, name, post, put, quoted, statuses,
  tally,
} from "./support.mjs";

const ROUNDS = 5;
const WEBAUTHN = "/recipe/webauthn";
const TENANT = "/recipe/multitenancy/tenant";
const NO_OPTIONS = "OPTIONS_NOT_FOUND_ERROR";
const NO_CREDENTIAL = "CREDENTIAL_NOT_FOUND_ERROR";
const UNKNOWN_USER = "UNKNOWN_USER_ID_ERROR";
const INVALID_AUTHENTICATOR = "INVALID_AUTHENTICATOR_ERROR";
const EMAIL_EXISTS = "EMAIL_ALREADY_EXISTS_ERROR";
const NO_TOKEN = "RECOVER_ACCOUNT_TOKEN_INVALID_ERROR";

test.after(endObserving);

const asked = async (kind, more, at = "") => {
  const answer = await post(`${at}${WEBAUTHN}/options/${kind}`, { ...PAGE, timeout: 600_000, ...more });
  assert.equal(answer.status, "OK", JSON.stringify(answer));
  return answer;
};
const toRegister = (email = address(), at) => asked("register", { email }, at);
const toSignIn = (at) => asked("signin", {}, at);

const join = ({ webauthnGeneratedOptionsId }, credential, at = "") =>
  post(`${at}${WEBAUTHN}/signup`, { webauthnGeneratedOptionsId, credential });
const enter = ({ webauthnGeneratedOptionsId }, credential, version = "5.6", at = "") =>
  post(`${at}${WEBAUTHN}/signin`, { webauthnGeneratedOptionsId, credential }, version);
const register = (recipeUserId, { webauthnGeneratedOptionsId }, credential) =>
  post(`${WEBAUTHN}/user/credential/register`, { recipeUserId, webauthnGeneratedOptionsId, credential });
const changeEmail = (recipeUserId, email) => put(`${WEBAUTHN}/user/email`, { recipeUserId, email });
const removeUser = (userId) => post("/user/remove", { userId });
const removeCredential = (recipeUserId, webauthnCredentialId) =>
  cdi("DELETE", `${WEBAUTHN}/user/credential/remove?${new URLSearchParams({ recipeUserId, webauthnCredentialId })}`);
const newToken = async (userId, email) => (await post(`${WEBAUTHN}/user/recover/token`, { userId, email })).token;
const consume = (token) => post(`${WEBAUTHN}/user/recover/token/consume`, { token });

/** A new user: {id, email, passkey}. */
const newUser = async (kind, at) => {
  const [email, passkey] = [address(), new Passkey(kind)];
  const options = await toRegister(email, at);
  const { status, user } = await join(options, passkey.register(options), at);
  assert.equal(status, "OK");
  return { id: user.id, email, passkey };
};

const having = (email) => count(`auth.login_methods WHERE email = ${quoted(email)}`);
const kept = (passkey) => count(`auth.webauthn_credentials WHERE id = ${quoted(passkey.id)}`);

/** What is left of a user who was deleted. */
const leftOf = async ({ id, passkey }) => [
  await count(`auth.users WHERE id = ${quoted(id)}`),
  await count(`auth.login_methods WHERE user_id = ${quoted(id)}`),
  await count(`auth.active_users WHERE user_id = ${quoted(id)}`),
  await count(`auth.one_time_tokens WHERE subject = ${quoted(id)}`),
  await kept(passkey),
];
const NOTHING = [0, 0, 0, 0, 0];

/** All were answered, each with one of these statuses. */
const only = (answers, ...allowed) => {
  assert.deepEqual(tally(answers.map(({ code }) => code)), { 200: answers.length }, JSON.stringify(statuses(answers)));
  for (const { status } of answers) assert.ok(allowed.includes(status), status);
};

test("of many sign-ups with one address one wins", async () => {
  const before = deadlocks();
  for (let round = 0; round < ROUNDS; round += 1) {
    const email = address();
    // With options each, or all with the same ones.
    const shared = await toRegister(email);
    const options = await atOnce((n) => (n % 2 ? shared : toRegister(email)));
    const passkeys = await atOnce(() => new Passkey());
    const answers = await atOnce((n) => join(options[n], passkeys[n].register(options[n])));
    assert.deepEqual(statuses(answers), { OK: 1, [EMAIL_EXISTS]: MANY - 1 });
    assert.equal(await having(email), 1);
    const stored = await Promise.all(passkeys.map(kept));
    assert.deepEqual(stored, answers.map(({ status }) => (status === "OK" ? 1 : 0)));
  }
  assert.equal(deadlocks(), before);
});

test("many sign-ups with one credential make one user", async () => {
  const before = deadlocks();
  for (let round = 0; round < ROUNDS; round += 1) {
    const passkey = new Passkey();
    const emails = await atOnce(() => address());
    const options = await atOnce((n) => toRegister(emails[n]));
    const answers = await atOnce((n) => join(options[n], passkey.register(options[n])));
    assert.deepEqual(statuses(answers), { OK: 1, INVALID_CREDENTIALS_ERROR: MANY - 1 });
    const made = await Promise.all(emails.map(having));
    assert.deepEqual(made, answers.map(({ status }) => (status === "OK" ? 1 : 0)), "both or neither");
    assert.equal(await kept(passkey), 1);
  }
  assert.equal(deadlocks(), before);
});

test("a credential that many users register is one's", async () => {
  const users = await atOnce(() => newUser());
  const before = deadlocks();
  for (let round = 0; round < ROUNDS; round += 1) {
    const passkey = new Passkey();
    const options = await toRegister();
    const answers = await atOnce((n) => register(users[n].id, options, passkey.register(options)));
    assert.deepEqual(statuses(answers), { OK: 1, CREDENTIAL_ALREADY_EXISTS_ERROR: MANY - 1 });
    const winner = answers.find(({ status }) => status === "OK").recipeUserId;
    const again = await toSignIn();
    assert.equal((await enter(again, passkey.signIn(again))).recipeUserId, winner);
  }
  assert.equal(deadlocks(), before);
});

test("many passkeys of one user are all kept", async () => {
  const { id } = await newUser();
  const options = await toRegister();
  const answers = await atOnce(() => register(id, options, new Passkey().register(options)));
  assert.deepEqual(statuses(answers), { OK: MANY });
  assert.equal(await count(`auth.webauthn_credentials WHERE login_method_id = ${quoted(id)}`), 1 + MANY);
});

for (const [title, kind] of [["a passkey", {}], ["a security key", { count: 1 }]]) {
  test(`CDI 5.6: one answer of ${title} signs in once`, async () => {
    const before = deadlocks();
    const { passkey } = await newUser(kind);
    for (let round = 0; round < 2 * ROUNDS; round += 1) {
      const options = await toSignIn();
      const answer = passkey.signIn(options, { count: kind.count && kind.count + 1 + round });
      const answers = await atOnce(() => enter(options, answer));
      assert.deepEqual(statuses(answers), { OK: 1, [NO_OPTIONS]: MANY - 1 });
    }
    assert.equal(deadlocks(), before);
  });

  test(`CDI 5.4: one answer of ${title} signs in as often as it comes`, async () => {
    const { id, passkey } = await newUser(kind);
    for (let round = 0; round < ROUNDS; round += 1) {
      const options = await toSignIn();
      const answer = passkey.signIn(options, { count: kind.count && kind.count + 1 + round });
      const answers = await atOnce(() => enter(options, answer, "5.4"));
      assert.deepEqual(statuses(answers), { OK: MANY });
      assert.ok(answers.every(({ user }) => user.id === id));
    }
  });
}

test("of many clones with the same count one gets in", async () => {
  const { id, passkey } = await newUser({ count: 1 });
  for (let round = 0; round < ROUNDS; round += 1) {
    const options = await atOnce(() => toSignIn());
    const answers = await atOnce((n) => enter(options[n], passkey.signIn(options[n], { count: 2 + round }), "5.4"));
    assert.deepEqual(statuses(answers), { OK: 1, [INVALID_AUTHENTICATOR]: MANY - 1 });
  }
  const counted = `auth.webauthn_credentials WHERE login_method_id = ${quoted(id)} AND sign_count = ${1 + ROUNDS}`;
  assert.equal(await count(counted), 1);
});

test("a counter ends at the largest count that was accepted", async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const { id, passkey } = await newUser({ count: 1 });
    const options = await atOnce(() => toSignIn());
    const answers = await atOnce((n) => enter(options[n], passkey.signIn(options[n], { count: 2 + n })));
    only(answers, "OK", INVALID_AUTHENTICATOR);
    const largest = Math.max(...answers.map(({ status }, n) => (status === "OK" ? 2 + n : 0)));
    assert.equal(largest, 1 + MANY, "nothing is larger");
    const ended = `auth.webauthn_credentials WHERE login_method_id = ${quoted(id)} AND sign_count = ${largest}`;
    assert.equal(await count(ended), 1);
  }
});

test("a deletion that races sign-ins, registrations and tokens leaves nothing", async () => {
  const before = deadlocks();
  for (let round = 0; round < 2 * ROUNDS; round += 1) {
    const user = await newUser();
    const { id, email, passkey } = user;
    const options = await atOnce((n) => (n % 4 === 1 ? toRegister(email) : toSignIn()));
    const calls = [
      (n) => enter(options[n], passkey.signIn(options[n])),
      (n) => register(id, options[n], new Passkey().register(options[n])),
      () => post(`${WEBAUTHN}/user/recover/token`, { userId: id, email }),
      () => changeEmail(id, address()),
    ];
    const answers = await atOnce((n) => (n === MANY / 2 ? removeUser(id) : calls[n % 4](n)));
    only(answers, "OK", UNKNOWN_USER, NO_CREDENTIAL);
    assert.equal(answers[MANY / 2].status, "OK");
    assert.deepEqual(await leftOf(user), NOTHING);
    assert.equal(await count(`auth.webauthn_credentials WHERE login_method_id = ${quoted(id)}`), 0);
    const later = await toSignIn();
    assert.equal((await enter(later, passkey.signIn(later))).status, NO_CREDENTIAL);
  }
  assert.equal(deadlocks(), before);
});

/** The same as statements of SQL. */
const inSql = (of, ...values) => `SELECT auth.${of}(${values.map(quoted).join(", ")})`;
const signInSql = (options, answer) =>
  inSql("sign_in_with_webauthn", options.webauthnGeneratedOptionsId, JSON.stringify(answer));

test("a user's deletion and a sign-in, one while the other is not yet committed", async (t) => {
  const pair = await backends(t, 2);
  const before = deadlocks();
  for (let round = 0; round < 2 * ROUNDS; round += 1) {
    const user = await newUser();
    const options = await toSignIn();
    const statements = [inSql("delete_user", user.id), signInSql(options, user.passkey.signIn(options))];
    if (round % 2) statements.reverse();
    const [first, second] = await interleaved(pair, ...statements);
    assert.equal(first.status, "OK");
    assert.ok((round % 2 ? ["OK"] : [UNKNOWN_USER, NO_CREDENTIAL]).includes(second.status), second.status);
    assert.deepEqual(await leftOf(user), NOTHING);
  }
  assert.equal(deadlocks(), before);
});

test("a passkey that is removed while it signs in", async () => {
  const before = deadlocks();
  for (let round = 0; round < ROUNDS; round += 1) {
    const { id, passkey } = await newUser();
    const options = await atOnce(() => toSignIn());
    const answers = await atOnce((n) =>
      n === MANY / 2 ? removeCredential(id, passkey.id) : enter(options[n], passkey.signIn(options[n])),
    );
    only(answers, "OK", NO_CREDENTIAL);
    assert.equal(answers[MANY / 2].status, "OK");
    assert.equal(await kept(passkey), 0);
  }
  assert.equal(deadlocks(), before);
});

test("of many removals of a passkey one finds it", async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const { id, passkey } = await newUser();
    const answers = await atOnce(() => removeCredential(id, passkey.id));
    assert.deepEqual(statuses(answers), { OK: 1, [NO_CREDENTIAL]: MANY - 1 });
  }
});

test("of many removals of options one finds them", async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const { webauthnGeneratedOptionsId } = await toSignIn();
    const path = `${WEBAUTHN}/options/remove?webauthnGeneratedOptionsId=${webauthnGeneratedOptionsId}`;
    assert.deepEqual(statuses(await atOnce(() => cdi("DELETE", path))), { OK: 1, [NO_OPTIONS]: MANY - 1 });
  }
});

test("a tenant that is removed while its users sign in and up", async () => {
  const before = deadlocks();
  for (let round = 0; round < ROUNDS; round += 1) {
    const tenantId = name();
    const at = `/${tenantId}`;
    await put(`${TENANT}/v2`, { tenantId, firstFactors: ["webauthn"] });
    const { passkey } = await newUser({}, at);
    const options = await atOnce((n) => (n % 2 ? toSignIn(at) : toRegister(address(), at)));
    const answers = await atOnce((n) => {
      if (n === MANY / 2) return post(`${TENANT}/remove`, { tenantId });
      if (n % 4 === 3) return post(`${at}${WEBAUTHN}/options/signin`, PAGE);
      const own = new Passkey();
      return n % 2
        ? enter(options[n], passkey.signIn(options[n]), "5.6", at)
        : join(options[n], own.register(options[n]), at);
    });
    assert.equal(answers[MANY / 2].didExist, true);
    // Those who come too late are told that there is no such tenant.
    assert.ok(answers.every(({ code }) => [200, 400].includes(code)), JSON.stringify(statuses(answers)));
    assert.equal(await count(`auth.webauthn_options WHERE tenant_id = ${quoted(tenantId)}`), 0);
    assert.equal(await count(`auth.login_method_tenants WHERE tenant_id = ${quoted(tenantId)}`), 0);
  }
  assert.equal(deadlocks(), before);
});

test("of many consumers of recovery tokens of one address one wins, over HTTP and in SQL", async (t) => {
  const all = await backends(t);
  const before = deadlocks();
  for (const call of [
    (n, token) => consume(token),
    (n, token) => all[n].ask(inSql("consume_recover_account_token", token)),
  ]) {
    for (let round = 0; round < ROUNDS; round += 1) {
      const { id, email } = await newUser();
      const token = await newToken(id, email);
      assert.deepEqual(statuses(await atOnce((n) => call(n, token))), { OK: 1, [NO_TOKEN]: MANY - 1 });
      // Each takes all others of the address along.
      const tokens = await atOnce(() => newToken(id, email));
      assert.deepEqual(statuses(await atOnce((n) => call(n, tokens[n]))), { OK: 1, [NO_TOKEN]: MANY - 1 });
      assert.equal(await count(`auth.one_time_tokens WHERE subject = ${quoted(id)}`), 0);
    }
  }
  assert.equal(deadlocks(), before);
});

test("an address that many users with passkeys want goes to one of them", async () => {
  const before = deadlocks();
  for (let round = 0; round < ROUNDS; round += 1) {
    const email = address();
    const users = await atOnce(() => newUser(), MANY / 2);
    const options = await toRegister(email);
    const answers = await atOnce((n) =>
      n % 2 ? changeEmail(users[(n - 1) / 2].id, email) : join(options, new Passkey().register(options)),
    );
    assert.deepEqual(statuses(answers), { OK: 1, [EMAIL_EXISTS]: MANY - 1 });
    assert.equal(await having(email), 1);
  }
  assert.equal(deadlocks(), before);
});
