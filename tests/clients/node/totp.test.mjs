// Every function of the TOTP recipe: devices, their verification, and codes that are good once.
import test from "node:test";
import { URI } from "otpauth";
import SuperTokens from "supertokens-node";
import MultiFactorAuth from "supertokens-node/recipe/multifactorauth";
import Multitenancy from "supertokens-node/recipe/multitenancy";
import Totp from "supertokens-node/recipe/totp";
import { PUBLIC, assert, createTemporaryApp, init, newId, signUp } from "./helpers.mjs";
import { DAY, WRONG, codeOf } from "./totp-codes.mjs";

const { connectionURI } = await createTemporaryApp("totp");
const recipes = [MultiFactorAuth.init(), Totp.init({ issuer: "Acme", defaultPeriod: DAY, defaultSkew: 1 })];
init({ connectionURI, recipes });

const UNKNOWN = "00000000-0000-4000-8000-000000000000";
const MOST = 5; // wrong attempts

const create = async (userId, name, skew, period) => {
  const answer = await Totp.createDevice(userId, undefined, name, skew, period);
  assert.equal(answer.status, "OK", JSON.stringify(answer));
  return answer;
};
const verifyDevice = (userId, name, code, tenantId = PUBLIC) => Totp.verifyDevice(tenantId, userId, name, code);
const verify = (userId, code, tenantId = PUBLIC) => Totp.verifyTOTP(tenantId, userId, code);
const list = async (userId) => {
  const { status, devices } = await Totp.listDevices(userId);
  assert.equal(status, "OK");
  return devices;
};

/** A user with a device that was verified with the code of this step. */
const newOwner = async (name = "phone", skew, period) => {
  const { id, email } = await signUp();
  const { secret } = await create(id, name, skew, period);
  const answer = await verifyDevice(id, name, codeOf(secret, { period }));
  assert.deepEqual(answer, { status: "OK", wasAlreadyVerified: false });
  return { id, email, name, secret };
};

const invalid = (count) => ({
  status: "INVALID_TOTP_ERROR",
  currentNumberOfFailedAttempts: count,
  maxNumberOfFailedAttempts: MOST,
});

test("createDevice makes a secret for an authenticator app", async () => {
  const { id, email } = await signUp();
  const { deviceName, secret, qrCodeString } = await create(id, "phone");
  assert.equal(deviceName, "phone");
  assert.match(secret, /^[A-Z2-7]{32}$/, "20 bytes");
  const scanned = URI.parse(qrCodeString);
  assert.deepEqual(
    [scanned.issuer, scanned.label, scanned.secret.base32, scanned.digits, scanned.period, scanned.algorithm],
    ["Acme", email, secret, 6, DAY, "SHA1"],
  );
  assert.deepEqual(await list(id), [{ name: "phone", period: DAY, skew: 1, verified: false }]);
  assert.notEqual((await create(id, "tablet", 0, 30)).secret, secret);
  assert.deepEqual(
    (await list(id)).find((device) => device.name === "tablet"),
    { name: "tablet", period: 30, skew: 0, verified: false },
  );
});

test("a device without a name is numbered", async () => {
  const { id } = await signUp();
  for (const name of ["TOTP Device 0", "TOTP Device 1"]) {
    const first = await create(id);
    const { deviceName, secret } = await create(id);
    assert.deepEqual([first.deviceName, deviceName], [name, name], "as long as none is verified");
    assert.notEqual(first.secret, secret);
    assert.equal((await verifyDevice(id, name, codeOf(secret))).status, "OK");
  }
});

test("an unverified device is replaced, a verified one is not", async () => {
  const { id } = await signUp();
  const old = await create(id, "phone");
  const { secret } = await create(id, "phone");
  assert.deepEqual(await verifyDevice(id, "phone", codeOf(old.secret)), invalid(1));
  assert.equal((await verifyDevice(id, "phone", codeOf(secret))).status, "OK");
  assert.deepEqual(await Totp.createDevice(id, undefined, "phone"), { status: "DEVICE_ALREADY_EXISTS_ERROR" });
  assert.equal((await list(id)).length, 1);
});

test("createDevice refuses nonsense", async () => {
  const { id } = await signUp();
  await assert.rejects(Totp.createDevice(id, undefined, ""), /400.*deviceName cannot be empty/s);
  await assert.rejects(Totp.createDevice(id, undefined, "phone", -1), /400.*skew must be >= 0/s);
  await assert.rejects(Totp.createDevice(id, undefined, "phone", 1, 0), /400.*period must be > 0/s);
  assert.deepEqual(await Totp.createDevice(UNKNOWN), { status: "UNKNOWN_USER_ID_ERROR" });
  assert.deepEqual(await list(id), []);
});

test("a device is verified once, with a code of its own", async () => {
  const { id } = await signUp();
  const [phone, tablet] = [await create(id, "phone"), await create(id, "tablet")];
  assert.deepEqual(await verifyDevice(id, "phone", codeOf(tablet.secret)), invalid(1));
  assert.deepEqual(await verifyDevice(id, "phone", codeOf(phone.secret)), { status: "OK", wasAlreadyVerified: false });
  assert.deepEqual(await verifyDevice(id, "phone", WRONG), { status: "OK", wasAlreadyVerified: true });
  const verified = Object.fromEntries((await list(id)).map((device) => [device.name, device.verified]));
  assert.deepEqual(verified, { phone: true, tablet: false });
  assert.deepEqual(await verifyDevice(id, "absent", WRONG), { status: "UNKNOWN_DEVICE_ERROR" });
  assert.deepEqual(await verifyDevice(UNKNOWN, "phone", WRONG), { status: "UNKNOWN_DEVICE_ERROR" });
});

test("a code of the usual thirty seconds verifies a device", async () => {
  const { id } = await signUp();
  const { secret } = await create(id, "phone", 1, 30);
  assert.equal((await verifyDevice(id, "phone", codeOf(secret, { period: 30 }))).status, "OK");
});

test("a code is good once", async () => {
  const { id, secret } = await newOwner();
  assert.deepEqual(await verify(id, codeOf(secret)), invalid(1), "the one that verified the device");
  const code = codeOf(secret, { steps: 1 });
  assert.deepEqual(await verify(id, code), { status: "OK" });
  assert.deepEqual(await verify(id, code), invalid(1), "and the count begins anew after a right one");
});

test("of many attempts at once with one code one succeeds", async () => {
  const { id, secret } = await newOwner();
  const code = codeOf(secret, { steps: 1 });
  const answers = await Promise.all(Array.from({ length: 8 }, () => verify(id, code)));
  assert.equal(answers.filter((answer) => answer.status === "OK").length, 1, JSON.stringify(answers));
});

test("the skew is how many steps a clock may be off", async () => {
  for (const [skew, steps, isGood] of [
    [0, -1, false],
    [0, 1, false],
    [1, -1, true],
    [1, 1, true],
    [1, 2, false],
    [2, 2, true],
  ]) {
    const { id, secret } = await newOwner("phone", skew);
    const { status } = await verify(id, codeOf(secret, { steps }));
    assert.equal(status, isGood ? "OK" : "INVALID_TOTP_ERROR", `skew ${skew}, ${steps} steps off`);
  }
});

test("every verified device signs in, an unverified one does not", async () => {
  const { id } = await newOwner();
  const tablet = await create(id, "tablet");
  assert.deepEqual(await verify(id, codeOf(tablet.secret)), invalid(1));
  assert.equal((await verifyDevice(id, "tablet", codeOf(tablet.secret))).status, "OK");
  assert.deepEqual(await verify(id, codeOf(tablet.secret, { steps: 1 })), { status: "OK" });
  const { id: another } = await signUp();
  assert.deepEqual(await verify(another, WRONG), { status: "UNKNOWN_USER_ID_ERROR" }, "no device at all");
  const { secret } = await create(another, "phone");
  assert.deepEqual(await verify(another, codeOf(secret)), invalid(1), "none that is verified");
});

test("one user's code is not another's", async () => {
  const [one, other] = [await newOwner(), await newOwner()];
  assert.deepEqual(await verify(other.id, codeOf(one.secret, { steps: 1 })), invalid(1));
});

test("wrong codes are counted, and after the last a right one is refused, too", async () => {
  const { id, secret } = await newOwner();
  for (let n = 1; n <= MOST; n += 1) assert.deepEqual(await verify(id, `${WRONG}${n}`), invalid(n));
  for (const attempt of [() => verify(id, codeOf(secret, { steps: 1 })), () => verify(id, WRONG)]) {
    const { status, retryAfterMs } = await attempt();
    assert.equal(status, "LIMIT_REACHED_ERROR");
    assert.ok(retryAfterMs > 0 && retryAfterMs <= 900_000, `in ms: ${retryAfterMs}`);
  }
  await create(id, "tablet");
  assert.equal((await verifyDevice(id, "tablet", WRONG)).status, "LIMIT_REACHED_ERROR", "devices share the limit");
  const { id: another } = await newOwner();
  assert.deepEqual(await verify(another, WRONG), invalid(1), "users do not");
});

test("many wrong codes at once are no way around the limit", async () => {
  const { id, secret } = await newOwner();
  const answers = await Promise.all(Array.from({ length: 12 }, (_, n) => verify(id, `wrong${n}`)));
  const counts = answers.map((answer) => answer.status).sort();
  assert.deepEqual(counts, [...Array(MOST).fill("INVALID_TOTP_ERROR"), ...Array(7).fill("LIMIT_REACHED_ERROR")]);
  assert.equal((await verify(id, codeOf(secret, { steps: 1 }))).status, "LIMIT_REACHED_ERROR");
});

test("a code that is too long is wrong, and not counted", async () => {
  const { id } = await newOwner();
  for (let n = 0; n < MOST + 1; n += 1) assert.deepEqual(await verify(id, "123456789"), invalid(1));
  assert.deepEqual(await verify(id, WRONG), invalid(1));
});

test("devices are the app's, used codes and attempts the tenant's", async () => {
  const tenantId = newId("tenant");
  await Multitenancy.createOrUpdateTenant(tenantId, { firstFactors: null });
  const { id, secret } = await newOwner();
  assert.deepEqual(await verify(id, codeOf(secret), tenantId), { status: "OK" });
  for (let n = 1; n <= MOST; n += 1) assert.deepEqual(await verify(id, WRONG, tenantId), invalid(n));
  assert.equal((await verify(id, WRONG, tenantId)).status, "LIMIT_REACHED_ERROR");
  assert.deepEqual(await verify(id, codeOf(secret, { steps: 1 })), { status: "OK" }, "in the public tenant");
  await assert.rejects(verify(id, WRONG, newId("nowhere")), /400.*Tenant.*not found/s);
});

test("updateDevice renames", async () => {
  const { id, secret } = await newOwner("phone");
  await create(id, "tablet");
  assert.deepEqual(await Totp.updateDevice(id, "phone", "old phone"), { status: "OK" });
  assert.deepEqual(await Totp.updateDevice(id, "old phone", "old phone"), { status: "OK" }, "to the same");
  assert.deepEqual((await list(id)).map((device) => device.name).sort(), ["old phone", "tablet"]);
  assert.deepEqual(await verify(id, codeOf(secret, { steps: 1 })), { status: "OK" }, "with its secret");
  assert.deepEqual(await Totp.updateDevice(id, "phone", "new phone"), { status: "UNKNOWN_DEVICE_ERROR" });
  assert.deepEqual(await Totp.updateDevice(id, "tablet", "old phone"), { status: "DEVICE_ALREADY_EXISTS_ERROR" });
  await assert.rejects(Totp.updateDevice(id, "tablet", ""), /400.*newDeviceName cannot be empty/s);
});

test("removeDevice takes a device, and with the last the attempts", async () => {
  const { id, secret } = await newOwner("phone");
  await create(id, "tablet");
  for (let n = 0; n < MOST; n += 1) await verify(id, WRONG);
  assert.deepEqual(await Totp.removeDevice(id, "phone"), { status: "OK", didDeviceExist: true });
  assert.deepEqual(await Totp.removeDevice(id, "phone"), { status: "OK", didDeviceExist: false });
  assert.equal((await verify(id, codeOf(secret, { steps: 1 }))).status, "LIMIT_REACHED_ERROR");
  assert.equal((await Totp.removeDevice(id, "tablet")).didDeviceExist, true);
  assert.deepEqual(await list(id), []);
  assert.deepEqual(await verify(id, WRONG), { status: "UNKNOWN_USER_ID_ERROR" });
  const heir = await create(id, "phone");
  assert.deepEqual(await verifyDevice(id, "phone", WRONG), invalid(1), "counted anew");
  assert.equal((await verifyDevice(id, "phone", codeOf(heir.secret))).status, "OK");
});

test("devices are the id's from outside", async () => {
  const { id } = await signUp();
  const externalUserId = newId("customer");
  await SuperTokens.createUserIdMapping({ superTokensUserId: id, externalUserId });
  const { secret } = await create(externalUserId, "phone");
  assert.equal((await verifyDevice(externalUserId, "phone", codeOf(secret))).status, "OK");
  assert.deepEqual(await verify(externalUserId, codeOf(secret, { steps: 1 })), { status: "OK" });
  assert.deepEqual(await list(id), []);
  const remove = SuperTokens.deleteUserIdMapping({ userId: externalUserId });
  await assert.rejects(remove, /400.*UserId is already in use in TOTP recipe/s);
});

test("an id with a device is mapped only by force", async () => {
  const { id } = await newOwner();
  const map = (force) =>
    SuperTokens.createUserIdMapping({ superTokensUserId: id, externalUserId: newId("customer"), force });
  await assert.rejects(map(false), /400.*UserId is already in use in TOTP recipe/s);
  assert.deepEqual(await map(true), { status: "OK" });
});

test("devices go with their user", async () => {
  const { id } = await newOwner();
  await SuperTokens.deleteUser(id);
  assert.deepEqual(await list(id), []);
  assert.deepEqual(await verify(id, WRONG), { status: "UNKNOWN_USER_ID_ERROR" });
});
