// The same at the same moment: signing up, refreshing, exchanging a code (GoTrue reference, 4.1, 4.8, 4.9 and 4.10).
import test from "node:test";
import { post } from "../cdi/helper.mjs";
import {
  PASSWORD, assert, mailTo, mailsAfterAll, newEmail, newInstance, newPhone, ok, refused, sql,
} from "./helper.mjs";
import { SMS, ageSession, atOnce, exchange, newFlow, sessionIdOf, sessionRow, usersWith } from "./accounts_helper.mjs";

const MANY = 6;
const ROUNDS = 3;

const attempt = (at, body) => at.post("/signup", { password: PASSWORD, ...body });
const good = (answers) => answers.filter(({ status }) => status === 200).map(({ json }) => json);
const bad = (answers) => answers.filter(({ status }) => status !== 200);

/** All that is stored of users with an address or a number has to fit together. */
function isOneUser({ appId }, value) {
  const [{ users, methods }] = sql(
    `SELECT count(DISTINCT user_id) AS users, count(*) AS methods FROM auth.login_method_tenants
     WHERE app_id = $1 AND (email = $2 OR phone = $2)`,
    appId, value,
  );
  assert.deepEqual([users, methods], [1, 1]);
}

test("4.1 one address signs up several times at once", async () => {
  const own = await newInstance();
  for (let round = 0; round < ROUNDS; round += 1) {
    const email = newEmail();
    const answers = await atOnce(MANY, () => attempt(own, { email }));
    assert.equal(new Set(good(answers).map(({ id }) => id)).size, 1, JSON.stringify(answers));
    for (const answer of bad(answers)) refused(answer, 429, "over_email_send_rate_limit");
    assert.equal(usersWith(own, email), 1);
    isOneUser(own, email);
    await mailTo(email, good(answers).length - 1);
    assert.equal(await mailsAfterAll(own, email), good(answers).length);
  }
});

test("4.1 34 the same where mails may follow at once: the last code works", async () => {
  const own = await newInstance({ smtp_max_frequency: "0s" });
  const email = newEmail();
  const passwords = Array.from({ length: MANY }, (_, place) => `horse number ${place}`);
  const answers = await atOnce(MANY, (place) => attempt(own, { email, password: passwords[place] }));
  assert.equal(new Set(answers.map((answer) => ok(answer).id)).size, 1);
  const codes = [];
  for (let place = 0; place < MANY; place += 1) codes.push((await mailTo(email, place)).code);
  const verified = [];
  for (const code of new Set(codes)) verified.push(await own.post("/verify", { type: "signup", email, token: code }));
  assert.equal(good(verified).length, 1);
  const logins = [];
  for (const password of passwords) logins.push(await own.signIn(email, password));
  assert.equal(good(logins).length, 1, "the password of whoever was first");
});

test("4.1 37 one address signs up several times at once, with autoconfirm", async () => {
  const own = await newInstance({ mailer_autoconfirm: true });
  for (let round = 0; round < ROUNDS; round += 1) {
    const email = newEmail();
    const answers = await atOnce(MANY, (place) => attempt(own, { email, password: `horse number ${place}` }));
    assert.equal(good(answers).length, 1, JSON.stringify(answers));
    for (const answer of bad(answers)) refused(answer, 422, "user_already_exists", "User already registered");
    const winner = answers.findIndex(({ status }) => status === 200);
    ok(await own.signIn(email, `horse number ${winner}`));
    isOneUser(own, email);
  }
});

test("4.1 one number signs up several times at once", async () => {
  const own = await newInstance({ ...SMS, sms_autoconfirm: true });
  for (let round = 0; round < ROUNDS; round += 1) {
    const phone = newPhone();
    const answers = await atOnce(MANY, () => attempt(own, { phone }));
    assert.equal(good(answers).length, 1, JSON.stringify(answers));
    for (const answer of bad(answers)) refused(answer, 422, "user_already_exists");
    isOneUser(own, phone);
  }
});

test("4.1 one address signs up here and as SuperTokens does it", async () => {
  const own = await newInstance({ mailer_autoconfirm: true });
  for (let round = 0; round < ROUNDS; round += 1) {
    const email = newEmail();
    const body = { email, password: PASSWORD };
    const there = () => post(`${own.cdi}/recipe/signup`, body);
    const answers = await atOnce(4, (place) => (place % 2 ? attempt(own, body) : there()));
    const [theirs, ours] = [0, 1].map((rest) => answers.filter((_, place) => place % 2 === rest));
    assert.equal(good(theirs).length, theirs.length);
    const winners = [...good(ours), ...good(theirs).filter(({ status }) => status === "OK")];
    assert.equal(winners.length, 1, JSON.stringify(answers));
    for (const answer of bad(ours)) refused(answer, 422, "user_already_exists");
    isOneUser(own, email);
  }
});

test("81 one token is used several times at once", async () => {
  const own = await newInstance();
  let { session } = await own.member();
  for (let round = 1; round <= ROUNDS; round += 1) {
    const answers = await atOnce(MANY, () => own.refresh(session.refresh_token));
    const tokens = new Set(answers.map((answer) => ok(answer).refresh_token));
    assert.equal(tokens.size, 1);
    assert.ok(!tokens.has(session.refresh_token));
    assert.equal(sessionRow(session).generation, round, "it was refreshed once");
    session = answers[0].json;
  }
});

test("78 81 the token in force and older ones at once, within the interval", async () => {
  const own = await newInstance({ refresh_token_reuse_interval: 10 });
  const { session } = await own.member();
  const all = [session];
  for (let n = 0; n < 3; n += 1) all.push(ok(await own.refresh(all.at(-1).refresh_token)));
  const answers = await Promise.all(all.map(({ refresh_token }) => own.refresh(refresh_token)));
  for (const answer of answers) ok(answer);
  ok(await own.refresh(answers.at(-1).json.refresh_token));
});

test("88 an old token is used several times at once", async () => {
  const own = await newInstance();
  const { session } = await own.member();
  const second = ok(await own.refresh(session.refresh_token));
  ok(await own.refresh(second.refresh_token));
  ageSession(session, 60);
  const answers = await atOnce(MANY, () => own.refresh(session.refresh_token));
  const codes = answers.map(({ status, json }) => `${status} ${json.error_code}`);
  assert.ok(codes.includes("400 refresh_token_already_used"));
  for (const code of codes) assert.match(code, /^400 refresh_token_(already_used|not_found)$/);
  assert.equal(sessionRow(session), undefined);
});

test("83 several logins at once, of which one session stays", async () => {
  const own = await newInstance({ sessions_single_per_user: true });
  const { email } = await own.member();
  const sessions = (await atOnce(4, () => own.signIn(email))).map((answer) => ok(answer));
  assert.equal(new Set(sessions.map(sessionIdOf)).size, 4);
  const answers = await Promise.all(sessions.map(({ refresh_token }) => own.refresh(refresh_token)));
  assert.equal(good(answers).length, 1);
  for (const answer of bad(answers)) refused(answer, 400, "session_expired", /\(Revoked by Newer Login\)$/);
});

test("89 one code is exchanged several times at once", async () => {
  const own = await newInstance();
  for (let round = 0; round < ROUNDS; round += 1) {
    const { code, verifier, user } = await newFlow(own);
    const answers = await atOnce(MANY, () => exchange(own, code, verifier));
    assert.equal(good(answers).length, 1, JSON.stringify(answers));
    for (const answer of bad(answers)) refused(answer, 404, "flow_state_not_found");
    assert.equal(sql("SELECT count(*) AS n FROM auth.sessions WHERE user_id::text = $1", user.id)[0].n, 1);
  }
});

test("18 63 somebody is deleted while signing in and refreshing", async () => {
  const own = await newInstance();
  for (let round = 0; round < ROUNDS; round += 1) {
    const { email, user, session } = await own.member();
    const answers = await atOnce(MANY, (place) => {
      if (place === 2) return own.admin("DELETE", `/admin/users/${user.id}`);
      return place % 2 ? own.signIn(email) : own.refresh(session.refresh_token);
    });
    ok(answers[2]);
    for (const answer of bad(answers)) {
      assert.equal(answer.status, 400, answer.text);
      assert.match(answer.json.error_code, /^(invalid_credentials|refresh_token_not_found)$/);
    }
    assert.deepEqual(sql("SELECT id FROM auth.sessions WHERE user_id::text = $1", user.id), []);
  }
});
