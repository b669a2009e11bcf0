// Changes of an address that several requests want at once (GoTrue reference, 4.1 and 4.6).
import test from "node:test";
import { PASSWORD, assert, mailTo, newEmail, newInstance, ok, refused, sql } from "./helper.mjs";
import { AT_ONCE, FIRST_HALF, atOnce, eightTimes, follow, mailsTo, sessionsOf, verify } from "./codes_helper.mjs";

const ROUNDS = 5;
const instance = await newInstance(AT_ONCE);
/** Where whoever signs up has the address at once, and a change needs the new address alone. */
const auto = await newInstance({ ...AT_ONCE, mailer_autoconfirm: true });

/** Where a change needs the new address alone, but a new user has to confirm. */
const lenient = await newInstance({ ...AT_ONCE, mailer_secure_email_change_enabled: false });

const confirm = (at, email, { code }) => verify(at, { type: "email_change", email, token: code });
const stored = async (at, id) => ok(await at.admin("GET", `/admin/users/${id}`));
const ownersOf = (email) => sql("SELECT id FROM auth.users WHERE email = $1 AND merged_into IS NULL", email);

/** A user who has asked for an address, with the mail to it. */
async function changing(at, wanted) {
  const member = await at.member();
  ok(await at.put("/user", { email: wanted }, { token: member.session.access_token }));
  return { ...member, wanted };
}

/** A user whose change was refused must be as before. */
async function assertAsBefore(at, { email, user }) {
  const now = await stored(at, user.id);
  assert.equal(now.email, email);
  assert.deepEqual(now.identities.map((identity) => identity.email), [email]);
  assert.equal(ok(await at.signIn(email)).user.id, user.id);
}

/** A user whose change was confirmed must have the address alone. */
async function assertChanged(at, { email, user, wanted }) {
  assert.deepEqual(ownersOf(wanted).map(({ id }) => id), [user.id]);
  assert.equal(ok(await at.signIn(wanted)).user.id, user.id);
  refused(await at.signIn(email), 400, "invalid_credentials");
}

test("126 each half counts once, however often it is shown at once", async () => {
  const wanted = newEmail("new");
  const one = await changing(instance, wanted);
  const [toNew, toOld] = [await mailTo(wanted), await mailTo(one.email)];
  const halves = await eightTimes(() => confirm(instance, wanted, toNew));
  assert.deepEqual(halves.map(({ status }) => status).sort(), [200, ...Array(7).fill(403)]);
  assert.equal(halves.find(({ status }) => status === 200).json.msg, FIRST_HALF);
  await assertAsBefore(instance, one);
  const before = sessionsOf(one.user.id);
  const others = await eightTimes(() => follow(toOld.link));
  assert.equal(others.filter(({ fragment }) => fragment.access_token).length, 1);
  for (const { fragment } of others.filter((sent) => !sent.fragment.access_token)) {
    assert.equal(fragment.error_code, "otp_expired");
  }
  assert.equal(sessionsOf(one.user.id), before + 1);
  await assertChanged(instance, one);
});

test("125 both halves at once make a whole", async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const wanted = newEmail("new");
    const one = await changing(instance, wanted);
    const [toNew, toOld] = [await mailTo(wanted), await mailTo(one.email)];
    const answers = await atOnce([
      () => confirm(instance, wanted, toNew),
      () => confirm(instance, one.email, toOld),
    ]);
    const kinds = answers.map((answer) => (ok(answer).access_token ? "session" : answer.json.msg));
    assert.deepEqual(kinds.sort(), [FIRST_HALF, "session"]);
    await assertChanged(instance, one);
  }
});

for (const [way, show] of [
  ["code", async (at, wanted, mail) => {
    const answer = await confirm(at, wanted, mail);
    if (answer.status === 200) return true;
    refused(answer, 422, "email_exists");
    return false;
  }],
  ["link", async (at, wanted, mail) => {
    const { fragment, location } = await follow(mail.link);
    if (fragment.access_token) return true;
    assert.equal(fragment.error_code, "email_exists", location);
    return false;
  }],
]) {
  test(`4.6 a change is confirmed by its ${way} while others sign up with the address`, async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const wanted = newEmail("new");
      const one = await changing(auto, wanted);
      const mail = await mailTo(wanted);
      const signUp = () => auto.post("/signup", { email: wanted, password: PASSWORD });
      const [first, isChanged, second, third] = await atOnce([signUp, () => show(auto, wanted, mail), signUp, signUp]);
      const signedUp = [first, second, third].filter(({ status }) => status === 200);
      for (const answer of [first, second, third].filter(({ status }) => status !== 200)) {
        refused(answer, 422, "user_already_exists");
      }
      assert.equal(signedUp.length + (isChanged ? 1 : 0), 1, "one of them got the address");
      if (isChanged) {
        await assertChanged(auto, one);
      } else {
        await assertAsBefore(auto, one);
        assert.deepEqual(ownersOf(wanted).map(({ id }) => id), [signedUp[0].json.user.id]);
      }
    }
  });

  test(`4.6 several users who want one address, by ${way}s at once: one gets it`, async () => {
    const wanted = newEmail("new");
    const users = [];
    for (let count = 0; count < 4; count += 1) users.push(await changing(auto, wanted));
    const mails = await mailsTo(wanted, users.length);
    const changed = await atOnce(mails.map((mail) => () => show(auto, wanted, mail)));
    assert.equal(changed.filter(Boolean).length, 1);
    const [{ id }, ...others] = ownersOf(wanted);
    assert.deepEqual(others, []);
    for (const user of users.filter((one) => one.user.id !== id)) await assertAsBefore(auto, user);
    await assertChanged(auto, users.find((one) => one.user.id === id));
  });
}

/** Ways to take an address that nobody has: each answers when it is done. */
const TAKE = {
  "signs up with a password": (at, email) => at.post("/signup", { email, password: PASSWORD }),
  "asks for a code": (at, email) => at.post("/otp", { email }),
  "is invited": (at, email) => at.admin("POST", "/invite", { body: { email } }),
  "is made by an administrator": (at, email) => at.admin("POST", "/admin/users", { body: { email } }),
};

for (const [what, take] of Object.entries(TAKE)) {
  test(`4.1 a change is confirmed while somebody else ${what}: the address is one user's`, async () => {
    for (const hasPassword of [true, false]) {
      for (let round = 0; round < ROUNDS; round += 1) {
        const wanted = newEmail("new");
        const { session, user } = hasPassword ? await lenient.member() : await withoutPassword(lenient);
        ok(await lenient.put("/user", { email: wanted }, { token: session.access_token }));
        const mail = await mailTo(wanted);
        const answers = await atOnce([() => take(lenient, wanted), () => confirm(lenient, wanted, mail)]);
        for (const { status, text } of answers) assert.ok([200, 422].includes(status), text);
        const owners = ownersOf(wanted).map(({ id }) => id);
        assert.equal(owners.length, 1, answers.map(({ text }) => text).join("\n"));
        assert.equal(owners[0] === user.id, answers[1].status === 200);
      }
    }
  });
}

/** Someone who signs in by codes. */
async function withoutPassword(at) {
  const email = newEmail();
  ok(await at.post("/otp", { email }));
  const session = ok(await verify(at, { type: "email", email, token: (await mailTo(email)).code }));
  return { session, user: session.user };
}

test("4.1 an administrator gives an address to somebody while others sign up with it", async () => {
  for (const hasPassword of [true, false]) {
    for (let round = 0; round < ROUNDS; round += 1) {
      const wanted = newEmail("new");
      const { user } = hasPassword ? await lenient.member() : await withoutPassword(lenient);
      const body = { email: wanted, email_confirm: true };
      const give = () => lenient.admin("PUT", `/admin/users/${user.id}`, { body });
      const signUp = () => lenient.post("/signup", { email: wanted, password: PASSWORD });
      const [given] = await atOnce([give, signUp]);
      if (given.status !== 200) refused(given, 500, "unexpected_failure", "Error updating user");
      const owners = ownersOf(wanted).map(({ id }) => id);
      assert.equal(owners.length, 1, given.text);
      assert.equal(owners[0] === user.id, given.status === 200);
    }
  }
});

test("4.6 the address was given away meanwhile", async () => {
  for (const give of [
    (email) => instance.signUp(email),
    async (email) => ok(await instance.admin("POST", "/admin/users", { body: { email } })),
  ]) {
    const wanted = newEmail("new");
    const one = await changing(instance, wanted);
    const mails = [await mailTo(wanted), await mailTo(one.email)];
    ok(await confirm(instance, wanted, mails[0]));
    await give(wanted);
    refused(await confirm(instance, one.email, mails[1]), 422, "email_exists");
    await assertAsBefore(instance, one);
  }
});
