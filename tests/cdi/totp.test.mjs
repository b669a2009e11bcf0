// Devices that show one-time passwords (CDI 2.13, 3.12, 7.11); their codes are in totp_attempts.test.mjs.
import test from "node:test";
import { PERIOD, WRONG, codeOf, fromBase32 } from "./authenticator.mjs";
import {
  VERSIONS, assert, badField, get, has, newApp, newId, newTenant, ok, post, put, refused, sql, sqlCall,
} from "./helper.mjs";
import {
  EXISTS, INVALID, SECRET, UNKNOWN_DEVICE, UNKNOWN_USER, create, devices, importDevice, names, remove, rename, status,
  userWithDevice, verify, verifyDevice,
} from "./totp_helper.mjs";

const TOTP = "/recipe/totp";
const APP_ONLY = "Only public tenantId can call this app specific API";
const without = (field) => ({ [field]: undefined });

test("7.11.248 what a device must say of itself", async () => {
  const calls = [[`${TOTP}/device`, {}], [`${TOTP}/device/import`, { secretKey: SECRET }]];
  for (const [path, more] of calls) {
    for (const version of VERSIONS) {
      const good = { userId: newId("user"), deviceName: "d", skew: 1, period: 30, ...more };
      const send = (change) => post(path, { ...good, ...change }, version);
      refused(await send({ skew: -1 }), 400, "skew must be >= 0");
      for (const period of [0, -30]) refused(await send({ period }), 400, "period must be > 0");
      refused(await send({ userId: "" }), 400, "userId cannot be empty");
      refused(await send({ deviceName: "" }), 400, "deviceName cannot be empty");
      for (const field of ["userId", "skew", "period", ...Object.keys(more)]) {
        for (const change of [without(field), { [field]: null }, { [field]: true }, { [field]: [] }]) {
          badField(await send(change), field, `${path} ${JSON.stringify(change)}`);
        }
      }
      for (const deviceName of [null, 1, ["d"]]) badField(await send({ deviceName }), "deviceName");
      for (const number of [1.5, "1.5", "one", ""]) {
        for (const field of ["skew", "period"]) badField(await send({ [field]: number }), field, `${field} ${number}`);
      }
      assert.deepEqual(await devices(good.userId), [], "nothing was made");
    }
  }
  refused(await importDevice(newId("user"), "d", ""), 400, "secretKey cannot be empty");
});

test("7.1.5 7.11.248 numbers may come as texts", async () => {
  for (const version of VERSIONS) {
    const userId = newId("user");
    ok(await create(userId, "d", { skew: "2", period: "60" }, "", version));
    assert.deepEqual(await devices(userId), [{ name: "d", period: 60, skew: 2, verified: false }]);
  }
});

test("3.12 what the other calls must say", async () => {
  const calls = [
    [put, "/device", { userId: "u", existingDeviceName: "a", newDeviceName: "b" }],
    [post, "/device/remove", { userId: "u", deviceName: "d" }],
    [post, "/device/verify", { userId: "u", deviceName: "d", totp: "1" }],
    [post, "/verify", { userId: "u", totp: "1" }],
  ];
  for (const version of VERSIONS) {
    for (const [method, path, good] of calls) {
      for (const field of Object.keys(good)) {
        for (const value of [undefined, null, 1]) {
          badField(await method(TOTP + path, { ...good, [field]: value }, version), field, `${path} ${value}`);
        }
        if (field === "totp") continue; // any text may be tried as a code
        const answer = await method(TOTP + path, { ...good, [field]: "" }, version);
        refused(answer, 400, `${field} cannot be empty`, path);
      }
    }
    const list = (query) => get(`${TOTP}/device/list`, query, version);
    refused(await list(), 400, "Field name 'userId' is missing in GET request");
    refused(await list({ userId: "" }), 400, "userId cannot be empty");
  }
});

test("3.12 how much a device may ask of the server", async () => {
  const userId = newId("user");
  ok(await create(userId, "wide", { skew: 100, period: 86_400 }));
  for (const skew of [101, 2 ** 31, 2 ** 53]) {
    refused(await create(userId, "d", { skew }), 400, /^skew must be <= 100$/m);
  }
  for (const period of [86_401, 2 ** 31, 2 ** 53]) {
    refused(await create(userId, "d", { period }), 400, /^period must be <= 86400$/m);
  }
  const [most, more] = ["x".repeat(1000), "x".repeat(1001)];
  ok(await create(`${most.slice(userId.length)}${userId}`, most));
  refused(await create(more, "d"), 400, /^userId must not be longer/);
  refused(await create(userId, more), 400, /^deviceName must not be longer/);
  refused(await rename(userId, "wide", more), 400, /^newDeviceName must not be longer/);
  assert.deepEqual(await names(userId), ["wide"]);
});

test("7.11.249 devices without a name", async () => {
  const userId = newId("user");
  const added = async (expected) => {
    const { deviceName, secret, ...rest } = ok(await create(userId, undefined));
    assert.deepEqual([deviceName, rest], [expected, { status: "OK" }]);
    assert.match(secret, /^[A-Z2-7]{32}$/);
    return secret;
  };
  const first = await added("TOTP Device 0");
  ok(await verifyDevice(userId, "TOTP Device 0", codeOf(first)));
  const [second, third] = [await added("TOTP Device 1"), await added("TOTP Device 1")];
  assert.notEqual(second, third);
  assert.deepEqual(await names(userId), ["TOTP Device 0", "TOTP Device 1"]);
  // One is verified, and as the name that follows belongs to another, the number goes on.
  ok(await importDevice(userId, "TOTP Device 2"));
  assert.equal(ok(await importDevice(userId, undefined)).deviceName, "TOTP Device 3");
});

test("7.11.250 a device of the same name", async () => {
  const userId = newId("user");
  const { secret: old } = ok(await create(userId, "d", { period: 30 }));
  const { secret } = ok(await create(userId, "d", { skew: 1 }));
  assert.notEqual(secret, old);
  const [{ period, ...device }, ...others] = await devices(userId);
  assert.deepEqual([device, others], [{ name: "d", skew: 1, verified: false }, []]);
  assert.notEqual(period, 30);
  has(await verifyDevice(userId, "d", codeOf(old)), INVALID);
  ok(await verifyDevice(userId, "d", codeOf(secret)));
  assert.deepEqual(has(await create(userId, "d"), EXISTS), { status: EXISTS });
  has(await verify(userId, codeOf(secret)), INVALID, "it was used already");
  for (const name of ["D", " d"]) ok(await create(userId, name));
  assert.deepEqual(await names(userId), [" d", "D", "d"], "names count as given");
});

test("7.11.251 verifying a device", async () => {
  for (const version of VERSIONS) {
    const userId = newId("user");
    const { secret } = ok(await create(userId, "d", {}, "", version));
    const answer = await verifyDevice(userId, "d", codeOf(secret), "", version);
    assert.deepEqual(ok(answer), { status: "OK", wasAlreadyVerified: false });
    for (const text of [codeOf(secret), WRONG, ""]) {
      const again = await verifyDevice(userId, "d", text, "", version);
      assert.deepEqual(ok(again), { status: "OK", wasAlreadyVerified: true });
    }
    assert.equal((await devices(userId, "", version))[0].verified, true);
  }
});

test("7.11.252 devices and users that are not known", async () => {
  for (const version of VERSIONS) {
    const userId = await userWithDevice();
    for (const [id, name] of [[newId("user"), "phone"], [userId, "other"]]) {
      has(await verifyDevice(id, name, codeOf(SECRET), "", version), UNKNOWN_DEVICE);
    }
    has(await verify(newId("user"), codeOf(SECRET), "", version), UNKNOWN_USER);
    assert.deepEqual(await devices(newId("user"), "", version), []);
  }
});

test("7.11.261 renaming a device", async () => {
  for (const version of VERSIONS) {
    const userId = await userWithDevice();
    ok(await create(userId, "unverified"));
    for (const [from, to, expected] of [["phone", "unverified", EXISTS], ["unverified", "phone", EXISTS],
      ["other", "new", UNKNOWN_DEVICE], ["other", "other", UNKNOWN_DEVICE], ["phone", "phone", "OK"]]) {
      assert.deepEqual(has(await rename(userId, from, to, "", version), expected), { status: expected });
    }
    has(await rename(newId("user"), "phone", "new", "", version), UNKNOWN_DEVICE);
    ok(await rename(userId, "phone", "tablet", "", version));
    assert.deepEqual((await devices(userId)).map(({ name, verified }) => [name, verified]),
      [["tablet", true], ["unverified", false]]);
    ok(await verify(userId, codeOf(SECRET)), "it is the same device");
  }
});

test("7.11.262 removing devices", async () => {
  for (const version of VERSIONS) {
    const userId = await userWithDevice();
    ok(await create(userId, "other"));
    has(await verify(userId, WRONG), INVALID);
    for (const name of ["unknown", "Phone"]) {
      assert.deepEqual(ok(await remove(userId, name, "", version)), { status: "OK", didDeviceExist: false });
    }
    const kept = () => sql("SELECT FROM auth.totp_attempts WHERE user_id = $1", userId).length;
    assert.deepEqual(ok(await remove(userId, "phone", "", version)), { status: "OK", didDeviceExist: true });
    assert.equal(kept(), 1, "the history goes with the last one");
    ok(await remove(userId, "other", "", version));
    assert.equal(kept(), 0);
    has(await verify(userId, codeOf(SECRET), "", version), UNKNOWN_USER);
  }
});

test("7.11.263 importing a device", async () => {
  for (const version of VERSIONS) {
    const userId = newId("user");
    const answer = await importDevice(userId, "d", SECRET, {}, "", version);
    assert.deepEqual(ok(answer), { status: "OK", deviceName: "d" });
    assert.equal((await devices(userId))[0].verified, true);
    assert.deepEqual(has(await importDevice(userId, "d", SECRET, {}, "", version), EXISTS), { status: EXISTS });
    ok(await create(userId, "replaced"));
    ok(await importDevice(userId, "replaced", "JBSWY3DPEHPK3PXQ", {}, "", version));
    ok(await verify(userId, codeOf("JBSWY3DPEHPK3PXQ")));
    assert.equal(ok(await importDevice(userId, undefined, SECRET, {}, "", version)).deviceName, "TOTP Device 2");
  }
});

test("3.12 secrets as people write them down", async () => {
  for (const text of ["jbswy3dpehpk3pxp", "JBSW Y3DP EHPK 3PXP", "JBSWY3DPEHPK3PXP===="]) {
    const userId = newId("user");
    ok(await importDevice(userId, "d", text), text);
    ok(await verify(userId, codeOf(SECRET)), text);
  }
  for (const text of [" ", "0189", "ä"]) {
    refused(await importDevice(newId("user"), "d", text), 400, "secretKey must be a text in Base32", text);
  }
});

test("2.13 devices are the app's, and shared by its tenants", async () => {
  const app = await newApp();
  const at = await newTenant(app);
  for (const version of VERSIONS) {
    const userId = newId("user");
    const answers = [await create(userId, "a", {}, at, version), await rename(userId, "a", "c", at, version),
      await importDevice(userId, "b", SECRET, {}, at, version), await status([userId], at, version),
      await get(`${at}${TOTP}/device/list`, { userId }, version), await remove(userId, "c", at, version)];
    for (const answer of answers) {
      if (Number(version) < 5) ok(answer, version);
      else refused(answer, 403, APP_ONLY, version);
    }
  }
  const userId = await userWithDevice(app);
  assert.deepEqual(await devices(userId), [], "another app");
  has(await verify(userId, codeOf(SECRET)), UNKNOWN_USER);
  ok(await verify(userId, codeOf(SECRET), at));
  const { secret } = ok(await create(userId, "new", {}, app));
  ok(await verifyDevice(userId, "new", codeOf(secret), at));
});

test("2.13 the status of many users", async () => {
  for (const version of VERSIONS) {
    const [none, unverified, verified] = [newId("user"), newId("user"), await userWithDevice()];
    for (const userId of [unverified, verified]) ok(await create(userId, "other"));
    const users = [[verified, true], [none, null], [unverified, false], [verified, true]];
    const answer = await status(users.map(([userId]) => userId), "", version);
    assert.deepEqual(ok(answer).users, users.map(([userId, hasVerifiedDevice]) => ({ userId, hasVerifiedDevice })));
    assert.deepEqual(ok(await status([], "", version)), { status: "OK", users: [] });
    for (const userIds of [undefined, null, "u", {}, [1], [none, null]]) {
      badField(await status(userIds, "", version), "userIds", JSON.stringify(userIds));
    }
    const many = Array.from({ length: 500 }, (_, n) => `${none}-${n}`);
    assert.equal(ok(await status(many, "", version)).users.length, 500);
    assert.equal((await status([...many, none], "", version)).status, 400);
  }
});

test("3.12 secrets are told once, and kept sealed", async () => {
  const userId = newId("user");
  const { secret } = ok(await create(userId, "d", { skew: 1, period: 30 }));
  ok(await importDevice(userId, "e", SECRET, { skew: 2, period: 60 }));
  assert.deepEqual(await devices(userId), [
    { name: "d", period: 30, skew: 1, verified: false }, { name: "e", period: 60, skew: 2, verified: true },
  ]);
  const rows = sql("SELECT to_jsonb(d) AS row FROM auth.totp_devices d WHERE user_id = $1 ORDER BY name", userId);
  for (const [n, text] of [secret, SECRET].entries()) {
    const stored = JSON.stringify(rows[n].row).toLowerCase();
    for (const encoding of ["hex", "base64", "latin1"]) {
      assert.ok(!stored.includes(fromBase32(text).toString(encoding).toLowerCase()), encoding);
    }
    assert.ok(!stored.includes(text.toLowerCase()));
    assert.ok(!stored.includes(Buffer.from(text).toString("hex")));
  }
});

test("2.13 the same in SQL", async () => {
  const user_id = newId("user");
  const added = sqlCall("create_totp_device", { user_id, period: PERIOD, skew: 0 });
  assert.deepEqual([added.status, added.deviceName], ["OK", "TOTP Device 0"]);
  const device = { user_id, device_name: added.deviceName };
  const code = codeOf(added.secret);
  const wrong = sqlCall("verify_totp_device", { ...device, code: WRONG });
  assert.deepEqual(wrong, { status: INVALID, currentNumberOfFailedAttempts: 1, maxNumberOfFailedAttempts: 5 });
  assert.deepEqual(sqlCall("verify_totp_device", { ...device, code }), { status: "OK", wasAlreadyVerified: false });
  has(await verify(user_id, code), INVALID, "both doors share the history");
  assert.deepEqual(sqlCall("import_totp_device", { user_id, secret_key: SECRET, device_name: "e" }),
    { status: "OK", deviceName: "e" });
  ok(await verify(user_id, codeOf(SECRET, { period: 30 })));
  assert.deepEqual(sqlCall("rename_totp_device", { user_id, device_name: "e", new_name: "f" }), { status: "OK" });
  assert.deepEqual(sqlCall("list_totp_devices", { user_id }), { status: "OK", devices: await devices(user_id) });
  for (const device_name of ["f", added.deviceName]) {
    assert.deepEqual(sqlCall("remove_totp_device", { user_id, device_name }), { status: "OK", didDeviceExist: true });
  }
  assert.deepEqual(sqlCall("verify_totp", { user_id, code }), { status: UNKNOWN_USER });
});
