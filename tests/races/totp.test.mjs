// One-time passwords: a right one is taken once, wrong ones are all counted, and devices do not get mixed up.
import assert from "node:assert/strict";
import test from "node:test";
import { PERIOD, WRONG, codeOf } from "../cdi/authenticator.mjs";
import {
  MANY, atOnce, backends, cdi, count, deadlocks, endObserving, interleaved, name, newUser, post, put, quoted, statuses,
  tally,
} from "./support.mjs";

const ROUNDS = 5;
const TOTP = "/recipe/totp";
const MULTITENANCY = "/recipe/multitenancy";
const SECRET = "JBSWY3DPEHPK3PXP";
const INVALID = "INVALID_TOTP_ERROR";
const LIMITED = "LIMIT_REACHED_ERROR";
const EXISTS = "DEVICE_ALREADY_EXISTS_ERROR";
const MAX = 5; // wrong codes

test.after(endObserving);

const STEP = { skew: 0, period: PERIOD };
const importDevice = (userId, deviceName, at = "") =>
  post(`${at}${TOTP}/device/import`, { userId, deviceName, secretKey: SECRET, ...STEP });
const create = (userId, deviceName, at = "") => post(`${at}${TOTP}/device`, { userId, deviceName, ...STEP });
const remove = (userId, deviceName) => post(`${TOTP}/device/remove`, { userId, deviceName });
const rename = (userId, existingDeviceName, newDeviceName) =>
  put(`${TOTP}/device`, { userId, existingDeviceName, newDeviceName });
const verify = (userId, totp, at = "") => post(`${at}${TOTP}/verify`, { userId, totp });
const verifyDevice = (userId, deviceName, totp, at = "") =>
  post(`${at}${TOTP}/device/verify`, { userId, deviceName, totp });
const devices = async (userId) => (await cdi("GET", `${TOTP}/device/list?userId=${userId}`)).devices;

/** A function of the schema, called with texts and numbers. */
const sql = (call, ...values) =>
  `SELECT auth.${call}(${values.map((value) => (typeof value === "number" ? value : quoted(value))).join(", ")})`;

const attempts = (userId) => count(`auth.totp_attempts WHERE user_id = ${quoted(userId)}`);

/** How many devices and how many attempts a user has. */
const leftOf = async (userId) =>
  [await count(`auth.totp_devices WHERE user_id = ${quoted(userId)}`), await attempts(userId)];

/** A user with a verified device, "phone", whose secret is SECRET. */
const userWithDevice = async (userId = name()) => {
  assert.equal((await importDevice(userId, "phone")).status, "OK");
  return userId;
};

test("a right code that many present is taken once", async (t) => {
  const all = await backends(t);
  for (const call of [
    (n, userId) => verify(userId, codeOf(SECRET)),
    (n, userId) => all[n].ask(sql("verify_totp", userId, codeOf(SECRET))),
  ]) {
    for (let round = 0; round < ROUNDS; round += 1) {
      const userId = await userWithDevice();
      const answers = await atOnce((n) => call(n, userId));
      // Whoever comes after the first presents a code that was used.
      assert.deepEqual(statuses(answers), { OK: 1, [INVALID]: MAX, [LIMITED]: MANY - 1 - MAX });
      assert.equal(await attempts(userId), 1 + MAX);
    }
  }
});

test("wrong codes that many present are all counted", async (t) => {
  const all = await backends(t);
  for (const call of [
    (n, userId) => verify(userId, WRONG),
    (n, userId) => (n % 2 ? verify(userId, WRONG) : verifyDevice(userId, "new", WRONG)),
    (n, userId) => all[n].ask(sql("verify_totp", userId, WRONG)),
  ]) {
    for (let round = 0; round < ROUNDS; round += 1) {
      const userId = await userWithDevice();
      await create(userId, "new");
      const answers = await atOnce((n) => call(n, userId));
      assert.deepEqual(statuses(answers), { [INVALID]: MAX, [LIMITED]: MANY - MAX });
      const invalid = answers.filter(({ status }) => status === INVALID);
      const counted = invalid.map(({ currentNumberOfFailedAttempts }) => currentNumberOfFailedAttempts);
      assert.deepEqual(counted.sort(), [1, 2, 3, 4, 5]);
      assert.equal((await verify(userId, codeOf(SECRET))).status, LIMITED);
      assert.equal(await attempts(userId), MAX);
    }
  }
});

test("a right code among wrong ones comes in time, or too late", async () => {
  for (let round = 0; round < 2 * ROUNDS; round += 1) {
    const userId = await userWithDevice();
    const answers = await atOnce((n) => verify(userId, n === MANY / 2 ? codeOf(SECRET) : WRONG));
    const inTime = answers[MANY / 2].status === "OK";
    assert.equal(answers[MANY / 2].status, inTime ? "OK" : LIMITED);
    const { [INVALID]: invalid } = statuses(answers);
    assert.ok(inTime ? invalid >= MAX && invalid < 2 * MAX : invalid === MAX, `${inTime} ${invalid}`);
    assert.equal(await attempts(userId), invalid + (inTime ? 1 : 0));
  }
});

test("one code is taken in each tenant at once", async () => {
  const tenants = [name(), name(), name(), name()];
  for (const tenantId of tenants) await put(`${MULTITENANCY}/tenant/v2`, { tenantId });
  const userId = await userWithDevice();
  const answers = await atOnce((n) => verify(userId, codeOf(SECRET), `/${tenants[n % 4]}`));
  for (const n of [0, 1, 2, 3]) assert.equal(statuses(answers.filter((_, m) => m % 4 === n)).OK, 1);
});

test("of many who verify a device one does", async (t) => {
  const all = await backends(t);
  for (const call of [
    (n, userId, code) => verifyDevice(userId, "d", code),
    (n, userId, code) => all[n].ask(sql("verify_totp_device", userId, "d", code)),
  ]) {
    for (let round = 0; round < ROUNDS; round += 1) {
      const userId = name();
      const { secret } = await create(userId, "d");
      const answers = await atOnce((n) => call(n, userId, codeOf(secret)));
      assert.deepEqual(statuses(answers), { OK: MANY });
      assert.deepEqual(tally(answers.map((answer) => answer.wasAlreadyVerified)), { false: 1, true: MANY - 1 });
      assert.equal(await attempts(userId), 1);
    }
  }
});

test("a device that is replaced while it is verified is one or the other", async () => {
  for (let round = 0; round < 2 * ROUNDS; round += 1) {
    const userId = name();
    const { secret } = await create(userId, "d");
    const answers = await atOnce((n) => (n % 2 ? create(userId, "d") : verifyDevice(userId, "d", codeOf(secret))));
    assert.deepEqual(tally(answers.map(({ code }) => code)), { 200: MANY });
    const wasVerified = answers.some((answer) => answer.wasAlreadyVerified === false);
    assert.deepEqual((await devices(userId)).map(({ verified }) => verified), [wasVerified]);
  }
});

test("a secret that replaces another is not verified by the other's code", async (t) => {
  const pair = await backends(t, 2);
  for (const replaces of [true, false]) {
    const userId = name();
    const { secret } = await create(userId, "d");
    const replacement = sql("create_totp_device", userId, "d", PERIOD, 0);
    const verification = sql("verify_totp_device", userId, "d", codeOf(secret));
    const [one, other] = replaces ? [replacement, verification] : [verification, replacement];
    const answers = await interleaved(pair, one, other);
    assert.deepEqual(answers.map(({ status }) => status), ["OK", replaces ? INVALID : EXISTS]);
    assert.equal((await devices(userId))[0].verified, !replaces);
  }
});

test("devices without a name that many add get names of their own", async (t) => {
  const all = await backends(t);
  for (const call of [
    (n, userId) => importDevice(userId),
    (n, userId) => all[n].ask(sql("import_totp_device", userId, SECRET)),
  ]) {
    for (let round = 0; round < ROUNDS; round += 1) {
      const userId = name();
      const answers = await atOnce((n) => call(n, userId));
      assert.deepEqual(statuses(answers), { OK: MANY });
      const names = answers.map(({ deviceName }) => deviceName).sort();
      assert.equal(new Set(names).size, MANY);
      assert.deepEqual((await devices(userId)).map((device) => device.name), names);
    }
  }
});

test("new devices without a name take each other's place, and one is left whose secret somebody was told", async () => {
  const appId = name();
  await put(`${MULTITENANCY}/app/v2`, { appId, coreConfig: { totp_max_attempts: 2 * MANY } });
  const at = `/appid-${appId}`;
  for (let round = 0; round < ROUNDS; round += 1) {
    const userId = name();
    const answers = await atOnce(() => create(userId, undefined, at));
    assert.deepEqual(tally(answers.map(({ deviceName }) => deviceName)), { "TOTP Device 0": MANY });
    const tried = await atOnce((n) => verifyDevice(userId, "TOTP Device 0", codeOf(answers[n].secret), at));
    assert.equal(tried.filter((answer) => answer.wasAlreadyVerified === false).length, 1);
  }
});

test("a name that many give goes to one", async () => {
  const before = deadlocks();
  for (let round = 0; round < ROUNDS; round += 1) {
    const userId = name();
    for (let n = 0; n < MANY; n += 1) await importDevice(userId, `d${n}`);
    const many = await atOnce((n) => rename(userId, `d${n}`, "new"));
    assert.deepEqual(statuses(many), { OK: 1, [EXISTS]: MANY - 1 });
    const again = await atOnce((n) => rename(userId, "new", `new${n}`));
    assert.deepEqual(statuses(again), { OK: 1, UNKNOWN_DEVICE_ERROR: MANY - 1 });
    assert.equal((await devices(userId)).length, MANY);
  }
  assert.equal(deadlocks(), before);
});

test("a name that a new device and an old one are given goes to one", async (t) => {
  const pair = await backends(t, 2);
  for (const isNewFirst of [true, false]) {
    const userId = await userWithDevice();
    const both = [sql("import_totp_device", userId, SECRET, "x"), sql("rename_totp_device", userId, "phone", "x")];
    const answers = await interleaved(pair, ...(isNewFirst ? both : both.reverse()));
    assert.deepEqual(answers.map(({ status }) => status), ["OK", EXISTS], isNewFirst ? "new first" : "old first");
  }
});

test("with the last of several devices that go at once the attempts are forgotten", async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const userId = await userWithDevice();
    for (let n = 1; n < MANY; n += 1) await importDevice(userId, `d${n}`);
    assert.equal((await verify(userId, WRONG)).status, INVALID);
    const answers = await atOnce((n) => remove(userId, n ? `d${n}` : "phone"));
    assert.deepEqual(tally(answers.map((answer) => answer.didDeviceExist)), { true: MANY });
    assert.deepEqual(await leftOf(userId), [0, 0]);
  }
});

test("a user's deletion that races codes leaves nothing, over HTTP", async () => {
  const before = deadlocks();
  for (let round = 0; round < 2 * ROUNDS; round += 1) {
    const { id } = await newUser();
    await userWithDevice(id);
    const { secret } = await create(id, "new");
    const calls = [() => verify(id, codeOf(SECRET)), () => verify(id, WRONG),
      () => verifyDevice(id, "new", codeOf(secret))];
    const answers = await atOnce((n) => (n === MANY / 2 ? post("/user/remove", { userId: id }) : calls[n % 3]()));
    assert.deepEqual(tally(answers.map(({ code }) => code)), { 200: MANY }, JSON.stringify(statuses(answers)));
    assert.deepEqual(await leftOf(id), [0, 0]);
  }
  assert.equal(deadlocks(), before);
});

const USES = {
  "a right code": (id) => sql("verify_totp", id, codeOf(SECRET)),
  "a wrong code": (id) => sql("verify_totp", id, WRONG),
  "a code for the device": (id) => sql("verify_totp_device", id, "phone", WRONG),
};
const REMOVALS = {
  "the user's deletion": (id) => sql("delete_user", id),
  "the removal of the last device": (id) => sql("remove_totp_device", id, "phone"),
};

for (const [removal, removing] of Object.entries(REMOVALS)) {
  for (const [use, using] of Object.entries(USES)) {
    test(`${removal} and ${use}, in either order, fail nobody`, async (t) => {
      const pair = await backends(t, 2);
      for (const isRemovedFirst of [true, false]) {
        const { id } = await newUser();
        await userWithDevice(id);
        const both = [removing(id), using(id)];
        const answers = await interleaved(pair, ...(isRemovedFirst ? both : both.reverse()));
        assert.ok(answers.every(({ failed }) => !failed), JSON.stringify(answers));
        assert.deepEqual(await leftOf(id), [0, 0]);
      }
    });
  }
}

test("a user's deletion takes along a device that is given another name", async (t) => {
  const pair = await backends(t, 2);
  for (const isDeletedFirst of [true, false]) {
    const { id } = await newUser();
    await userWithDevice(id);
    const both = [sql("delete_user", id), sql("rename_totp_device", id, "phone", "tablet")];
    const answers = await interleaved(pair, ...(isDeletedFirst ? both : both.reverse()));
    assert.deepEqual(answers.map(({ status }) => status), ["OK", isDeletedFirst ? "UNKNOWN_DEVICE_ERROR" : "OK"]);
    assert.deepEqual(await leftOf(id), [0, 0], isDeletedFirst ? "deleted first" : "renamed first");
  }
});

test("a tenant that is removed while codes are tried in it keeps none", async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const tenantId = name();
    await put(`${MULTITENANCY}/tenant/v2`, { tenantId });
    const userId = await userWithDevice();
    const answers = await atOnce((n) =>
      n === MANY / 2 ? post(`${MULTITENANCY}/tenant/remove`, { tenantId }) : verify(userId, WRONG, `/${tenantId}`),
    );
    assert.equal(answers[MANY / 2].didExist, true);
    // Those who come too late are told that there is no such tenant.
    assert.ok(answers.every(({ code }) => [200, 400].includes(code)), JSON.stringify(statuses(answers)));
    assert.equal(await attempts(userId), 0);
  }
});
