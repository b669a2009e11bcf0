// auth.mfa: phones, by the codes that are texted to them.
import test from "node:test";
import { assert, newInstance, newPhone, textTo } from "../../gotrue/helper.mjs";
import { another, fails, forget, member, must, newClient } from "./clients.mjs";
import { levelOf, methods } from "./factors.mjs";

const PHONES = {
  external_phone_enabled: true,
  sms_provider: "twilio",
  mfa_phone_enroll_enabled: true,
  mfa_phone_verify_enabled: true,
};
const phones = await newInstance(PHONES);
/** Where one need not wait before one asks again. */
const atOnce = await newInstance({ ...PHONES, mfa_phone_max_frequency: "0s" });

/** A member who has enrolled a phone, to which no code was texted yet. */
async function withPhone(instance) {
  const [who, phone] = [await member(instance), newPhone()];
  const params = { factorType: "phone", friendlyName: "mobile", phone };
  return { ...who, phone, factor: await must(who.client.mfa.enroll(params)) };
}

/** Asks for a code, and gets it. */
async function asked({ client, factor, phone }, params = {}) {
  const challenge = await must(client.mfa.challenge({ factorId: factor.id, ...params }));
  assert.equal(challenge.type, "phone");
  const code = await textTo(phone);
  forget(phone);
  return { factorId: factor.id, challengeId: challenge.id, code };
}

const otherThan = (code) => (code === "111111" ? "222222" : "111111");

test("2.14 mfa.enroll of a phone tells its number as it was given", async () => {
  const { factor, phone, client } = await withPhone(phones);
  assert.deepEqual([factor.type, factor.friendly_name, factor.phone], ["phone", "mobile", phone]);
  const { all, phone: counting } = await must(client.mfa.listFactors());
  assert.deepEqual([all.length, all[0].factor_type, all[0].status, counting], [1, "phone", "unverified", []]);
});

test("2.14 mfa.enroll of a phone refuses what is no number", async () => {
  const { client } = await member(phones);
  for (const phone of ["nothing", "", undefined])
    await fails(client.mfa.enroll({ factorType: "phone", phone }), 400, "validation_failed");
});

test("189 mfa.enroll of a phone where that is switched off", async () => {
  const { client } = await member(await newInstance());
  const params = { factorType: "phone", phone: newPhone() };
  await fails(client.mfa.enroll(params), 422, "mfa_phone_enroll_not_enabled");
});

for (const channel of [undefined, "sms", "whatsapp"]) {
  test(`2.14 mfa.challenge by ${channel ?? "what is usual"} and mfa.verify raise a session`, async () => {
    const who = await withPhone(phones);
    const given = await asked(who, { channel });
    await fails(who.client.mfa.verify({ ...given, code: otherThan(given.code) }), 422, "mfa_verification_failed");
    const raised = await must(who.client.mfa.verify(given));
    assert.equal(levelOf(raised), "aal2");
    assert.deepEqual(methods(raised), ["mfa/phone", "password"]);
    const { phone } = await must(who.client.mfa.listFactors());
    assert.deepEqual(
      phone.map(({ id, status }) => [id, status]),
      [[who.factor.id, "verified"]],
    );
  });
}

test("2.14 mfa.challenge refuses a channel that there is not", async () => {
  const { client, factor } = await withPhone(phones);
  await fails(client.mfa.challenge({ factorId: factor.id, channel: "fax" }), 400, "validation_failed");
});

test("197 mfa.challenge texts once a minute only", async () => {
  const who = await withPhone(phones);
  await asked(who);
  const refusal = [429, "over_sms_send_rate_limit", /only request this after \d+ seconds/];
  await fails(who.client.mfa.challenge({ factorId: who.factor.id }), ...refusal);
});

test("198 mfa.enroll replaces a number that was not confirmed, and refuses one that was", async () => {
  const who = await withPhone(phones);
  const params = { factorType: "phone", friendlyName: "again", phone: who.phone };
  const factor = await must(who.client.mfa.enroll(params));
  assert.notEqual(factor.id, who.factor.id);
  assert.equal((await must(who.client.mfa.listFactors())).all.length, 1);
  await must(who.client.mfa.verify(await asked({ ...who, factor })));
  const more = { ...params, friendlyName: "more" };
  await fails(who.client.mfa.enroll(more), 422, "mfa_verified_factor_exists");
});

test("3.8 a phone that counts raises a later session, and is given up with it only", async () => {
  const who = await withPhone(atOnce);
  await must(who.client.mfa.verify(await asked(who)));
  const later = await another(who, atOnce);
  const { currentLevel, nextLevel } = await must(later.client.mfa.getAuthenticatorAssuranceLevel());
  assert.deepEqual([currentLevel, nextLevel], ["aal1", "aal2"]);
  const factorId = who.factor.id;
  await fails(later.client.mfa.unenroll({ factorId }), 422, "insufficient_aal");
  await must(later.client.mfa.verify(await asked({ ...who, client: later.client })));
  assert.deepEqual(await must(later.client.mfa.unenroll({ factorId })), { id: factorId });
  const { session } = await must(later.client.refreshSession());
  assert.deepEqual([levelOf(session), methods(session)], ["aal1", ["password"]]);
});

test("2.14 mfa.challengeAndVerify of a phone takes no code but the one that it sends", async () => {
  const who = await withPhone(atOnce);
  const { code } = await asked(who);
  const given = { factorId: who.factor.id, code: otherThan(code) };
  await fails(who.client.mfa.challengeAndVerify(given), 422, "mfa_verification_failed");
  await fails(newClient(atOnce).mfa.challengeAndVerify(given), 401, "no_authorization");
});
