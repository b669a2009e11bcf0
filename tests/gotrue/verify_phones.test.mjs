// Codes that are texted (GoTrue reference, 2.5, 2.6, 4.7), and what happens when several requests show the same one.
import test from "node:test";
import {
  PASSWORD, assert, claimsOf, mailTo, newEmail, newInstance, newPhone, newSibling, ok, refused, textTo,
} from "./helper.mjs";
import {
  AT_ONCE, PHONES, WRONG_CODE, agePhone, anotherCode, eightTimes, follow, sessionsOf, verify,
} from "./codes_helper.mjs";

const TEST_PHONE = newPhone();
const TEST_CODE = "123456";
const instance = await newInstance({ ...PHONES, ...AT_ONCE });

const bare = (phone) => phone.replace("+", "");

/** Someone who has signed up by number. */
async function signedUp(at = instance) {
  const phone = newPhone();
  const user = ok(await at.post("/signup", { phone, password: PASSWORD }));
  return { phone, user };
}

test("2.5 a code that is texted confirms the number", async () => {
  const { phone, user } = await signedUp();
  assert.equal(user.phone, bare(phone));
  assert.equal(user.phone_confirmed_at, undefined);
  const token = await textTo(phone);
  const wrong = token === "111111" ? "222222" : "111111";
  for (const [body, code] of [
    [{ type: "sms", phone, token: wrong }, wrong],
    [{ type: "sms", phone: newPhone(), token }, token],
    [{ type: "signup", phone, token }, token],
    [{ type: "phone_change", phone, token }, token],
  ]) {
    refused(await verify(instance, body), 403, "otp_expired", WRONG_CODE, code);
  }
  const session = ok(await verify(instance, { type: "sms", phone, token }));
  assert.equal(session.user.id, user.id);
  assert.ok(session.user.phone_confirmed_at);
  assert.equal(session.user.confirmed_at, session.user.phone_confirmed_at);
  assert.equal(session.user.user_metadata.phone_verified, false, "4.5: that is not touched");
  assert.deepEqual(session.user.app_metadata, { provider: "phone", providers: ["phone"] });
  const { amr, phone: claimed } = claimsOf(session.access_token);
  assert.deepEqual(amr.map(({ method }) => method), ["otp"]);
  assert.equal(claimed, bare(phone));
  refused(await verify(instance, { type: "sms", phone, token }), 403, "otp_expired", WRONG_CODE);
});

test("120 such a code is good for a minute", async () => {
  const { phone } = await signedUp();
  agePhone(phone, 61);
  refused(await verify(instance, { type: "sms", phone, token: await textTo(phone) }), 403, "otp_expired", WRONG_CODE);
  const young = await signedUp();
  agePhone(young.phone, 45);
  ok(await verify(instance, { type: "sms", phone: young.phone, token: await textTo(young.phone) }));
  const patient = await newSibling(instance, { ...PHONES, sms_otp_exp: 600, sms_otp_length: 8 });
  const late = await signedUp(patient);
  agePhone(late.phone, 590);
  const token = await textTo(late.phone);
  assert.match(token, /^\d{8}$/);
  ok(await verify(patient, { type: "sms", phone: late.phone, token }));
});

test("121 a number for tests has a fixed code, and needs no provider", async () => {
  const at = await newInstance({ external_phone_enabled: true, sms_test_otp: `${bare(TEST_PHONE)}:${TEST_CODE}` });
  ok(await at.post("/otp", { phone: TEST_PHONE }));
  refused(await verify(at, { type: "sms", phone: TEST_PHONE, token: "654321" }), 403, "otp_expired");
  ok(await verify(at, { type: "sms", phone: TEST_PHONE, token: TEST_CODE }));
  agePhone(TEST_PHONE, 60);
  assert.deepEqual(ok(await at.post("/otp", { phone: TEST_PHONE })), { message_id: "test-otp" });
  refused(await at.post("/otp", { phone: TEST_PHONE }), 429, "over_sms_send_rate_limit");
  ok(await verify(at, { type: "sms", phone: TEST_PHONE, token: TEST_CODE }));
  refused(await at.post("/otp", { phone: newPhone() }), 500, "unexpected_failure");
});

test("121 until a certain time", async () => {
  const over = { sms_test_otp: `${bare(TEST_PHONE)}:${TEST_CODE}`, sms_test_otp_valid_until: "2020-01-31T12:00:00Z" };
  const at = await newInstance({ ...PHONES, ...over });
  ok(await at.post("/otp", { phone: TEST_PHONE }));
  const token = await textTo(TEST_PHONE);
  if (token !== TEST_CODE) {
    refused(await verify(at, { type: "sms", phone: TEST_PHONE, token: TEST_CODE }), 403, "otp_expired");
  }
  ok(await verify(at, { type: "sms", phone: TEST_PHONE, token }));
});

test("122 changing a number that is not to be changed", async () => {
  const { phone } = await signedUp();
  const token = await textTo(phone);
  refused(await verify(instance, { type: "phone_change", phone, token }), 403, "otp_expired", WRONG_CODE);
  refused(await verify(instance, { type: "phone_change", phone: newPhone(), token }), 403, "otp_expired", WRONG_CODE);
});

test("123 what is no number and no address", async () => {
  const e164 = "Invalid phone number format (E.164 required)";
  for (const phone of ["abc", "++123", "0123", "1234567890123456"]) {
    refused(await verify(instance, { type: "sms", phone, token: "123456" }), 400, "validation_failed", e164);
  }
  const email = "Invalid email format";
  refused(await verify(instance, { type: "signup", email: "abc", token: "123456" }), 422, "validation_failed", email);
});

test("119 only the newest code works", async () => {
  const { phone } = await signedUp();
  const first = await textTo(phone);
  ok(await instance.post("/resend", { type: "sms", phone }));
  const second = await anotherCode(phone, first);
  refused(await verify(instance, { type: "sms", phone, token: first }), 403, "otp_expired", WRONG_CODE);
  ok(await verify(instance, { type: "sms", phone, token: second }));
});

test("111 a code that eight requests show at once works once", async () => {
  const email = newEmail();
  const user = await instance.signUp(email);
  const { code: token } = await mailTo(email);
  const answers = await eightTimes(() => verify(instance, { type: "signup", email, token }));
  const [good, bad] = [answers.filter(({ status }) => status === 200), answers.filter(({ status }) => status !== 200)];
  assert.equal(good.length, 1, answers.map(({ text }) => text).join("\n"));
  for (const answer of bad) refused(answer, 403, "otp_expired", WRONG_CODE);
  assert.equal(sessionsOf(user.id), 1);

  const texted = await signedUp();
  const code = await textTo(texted.phone);
  const others = await eightTimes(() => verify(instance, { type: "sms", phone: texted.phone, token: code }));
  assert.deepEqual(others.map(({ status }) => status).sort(), [200, ...Array(7).fill(403)]);
  assert.equal(sessionsOf(texted.user.id), 1);
});

test("104 a link that is followed eight times at once signs in once", async () => {
  const { email, user } = await instance.member();
  ok(await instance.post("/magiclink", { email }));
  const { link } = await mailTo(email);
  const sent = await eightTimes(() => follow(link));
  const good = sent.filter(({ fragment }) => fragment.access_token);
  assert.equal(good.length, 1, sent.map(({ location }) => location).join("\n"));
  for (const { fragment } of sent.filter((one) => one !== good[0])) assert.equal(fragment.error_code, "otp_expired");
  assert.equal(sessionsOf(user.id), 2, "with the one from before");
});

test("111 code and link of a mail, both shown at once, work once", async () => {
  const { email, user } = await instance.member();
  ok(await instance.post("/recover", { email }));
  const { code, token } = await mailTo(email);
  const either = [{ email, token: code }, { token_hash: token }];
  const calls = [0, 1, 0, 1, 0, 1].map((place) => verify(instance, { type: "recovery", ...either[place] }));
  const answers = await Promise.all(calls);
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, ...Array(5).fill(403)]);
  assert.equal(sessionsOf(user.id), 2);
});

test("4.7 a code cannot be guessed: after ten wrong ones it is worth nothing", async () => {
  const email = newEmail();
  await instance.signUp(email);
  const { code } = await mailTo(email);
  const wrong = code === "111111" ? "222222" : "111111";
  for (let count = 0; count < 10; count += 1) {
    refused(await verify(instance, { type: "signup", email, token: wrong }), 403, "otp_expired", WRONG_CODE);
  }
  refused(await verify(instance, { type: "signup", email, token: code }), 403, "otp_expired", WRONG_CODE);
});
