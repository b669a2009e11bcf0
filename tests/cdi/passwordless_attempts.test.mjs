// Passwordless: failed attempts, expiry, listing and revoking of codes, and the same in SQL (CDI 2.3, 3.2, 7.3).
import { randomUUID } from "node:crypto";
import test from "node:test";
import {
  VERSIONS, assert, badField, consumeCode, createCode, get, has, linked, newApp, newEmail, newPhone, newTenant, ok,
  passwordlessUser, post, put, refused, sql, sqlCall, typed,
} from "./helper.mjs";

const CODE = "/recipe/signinup/code";
const RESTART = "RESTART_FLOW_ERROR";
const INCORRECT = "INCORRECT_USER_INPUT_CODE_ERROR";
const EXPIRED = "EXPIRED_USER_INPUT_CODE_ERROR";

const check = (presented, at = "", version = "5.4") => post(`${at}${CODE}/check`, presented, version);
const wrong = (code) => ({ ...typed(code), userInputCode: "no such code" });
const list = async (query, at = "") => ok(await get(`${at}${CODE}s`, query)).devices;
const revoke = (body, version) => post(`${CODE}/remove`, body, version);

/** The answer must be a failed attempt with these counts. */
const failed = (answer, status, count, max = 5) =>
  assert.deepEqual(has(answer, status), {
    status, failedCodeInputAttemptCount: count, maximumCodeInputAttempts: max,
  });

/** Makes a code older than any lifetime. */
const age = ({ codeId }) =>
  sql("UPDATE auth.passwordless_codes SET created_at = created_at - interval '1 day' WHERE id::text = $1 RETURNING id",
    codeId);

test("7.3.88 codes work once, and use up the other devices of the address in the tenant", async () => {
  const app = await newApp();
  const other = await newTenant(app);
  for (const contact of [{ email: newEmail() }, { phoneNumber: newPhone() }]) {
    for (const present of [typed, linked]) {
      const [used, sibling, elsewhere] = [await createCode(contact, app), await createCode(contact, app),
        await createCode(contact, other)];
      ok(await consumeCode(present(used), app));
      for (const code of [used, sibling]) {
        for (const again of [typed(code), linked(code)]) has(await consumeCode(again, app), RESTART);
      }
      assert.deepEqual(await list(contact, app), []);
      ok(await consumeCode(typed(elsewhere), other), "another tenant's stay");
    }
  }
});

test("7.3.89 the fifth wrong code ends the device", async () => {
  for (const version of VERSIONS) {
    const code = await createCode({ email: newEmail() }, "", version);
    const { preAuthSessionId } = code;
    for (let count = 1; count <= 4; count += 1) {
      failed(await consumeCode(wrong(code), "", version), INCORRECT, count);
      assert.equal((await list({ preAuthSessionId }))[0].failedCodeInputAttemptCount, count);
    }
    assert.deepEqual(has(await consumeCode(wrong(code), "", version), RESTART), { status: RESTART });
    assert.deepEqual(await list({ preAuthSessionId }), []);
    for (const presented of [typed(code), linked(code)]) has(await consumeCode(presented, "", version), RESTART);
  }
});

test("7.3.90 a wrong code, then the right one", async () => {
  const email = newEmail();
  const code = await createCode({ email });
  failed(await consumeCode(wrong(code)), INCORRECT, 1);
  const { preAuthSessionId } = code;
  const { consumedDevice } = ok(await consumeCode(typed(code)));
  assert.deepEqual(consumedDevice, { preAuthSessionId, failedCodeInputAttemptCount: 1, email });
});

test("7.3.89 another code for the device does not reset the count", async () => {
  const { deviceId, ...first } = await createCode({ email: newEmail() });
  for (let n = 1; n <= 4; n += 1) failed(await consumeCode(wrong({ deviceId, ...first })), INCORRECT, n);
  const second = await createCode({ deviceId });
  has(await consumeCode(wrong(second)), RESTART);
  has(await consumeCode(typed(second)), RESTART);
});

test("7.3.91 an expired code", async () => {
  for (const version of VERSIONS) {
    const code = await createCode({ phoneNumber: newPhone() }, "", version);
    age(code);
    failed(await consumeCode(typed(code), "", version), EXPIRED, 1);
    has(await consumeCode(linked(code), "", version), RESTART);
    failed(await consumeCode(wrong(code), "", version), INCORRECT, 2);
    failed(await check(typed(code)), EXPIRED, 3);
    has(await check(linked(code)), RESTART);
    const [device] = await list({ preAuthSessionId: code.preAuthSessionId });
    const shown = [device.failedCodeInputAttemptCount, device.codes.map(({ codeId }) => codeId)];
    assert.deepEqual(shown, [3, [code.codeId]], "links count nothing, and the code is listed");
    failed(await consumeCode(typed(code), "", version), EXPIRED, 4);
    has(await consumeCode(typed(code), "", version), RESTART);
    assert.deepEqual(await list({ preAuthSessionId: code.preAuthSessionId }), []);
  }
});

test("7.3.92 an expired code beside one that is not", async () => {
  const first = await createCode({ email: newEmail() });
  age(first);
  const second = await createCode({ deviceId: first.deviceId });
  failed(await consumeCode(typed(first)), EXPIRED, 1);
  ok(await consumeCode(typed(second)));
});

test("7.3.93 a limit that is lowered below the failures so far", async () => {
  for (const present of [typed, linked, wrong]) {
    const app = await newApp();
    const appId = app.slice("/appid-".length);
    const code = await createCode({ email: newEmail() }, app);
    for (let n = 1; n <= 3; n += 1) failed(await consumeCode(wrong(code), app), INCORRECT, n);
    const coreConfig = { passwordless_max_code_input_attempts: 2 };
    ok(await put("/recipe/multitenancy/app/v2", { appId, coreConfig }));
    has(await consumeCode(present(code), app), RESTART);
    assert.deepEqual(await list({ preAuthSessionId: code.preAuthSessionId }, app), []);
  }
});

test("5.3 the limit and the life of codes are the tenant's", async () => {
  const coreConfig = { passwordless_max_code_input_attempts: 2, passwordless_code_lifetime: 60_000 };
  const at = await newTenant("", undefined, { coreConfig });
  const code = await createCode({ email: newEmail() }, at);
  assert.equal(code.codeLifetime, 60_000);
  failed(await consumeCode(wrong(code), at), INCORRECT, 1, 2);
  assert.equal((await list({ deviceId: code.deviceId }, at))[0].codes[0].codeLifetime, 60_000);
  has(await consumeCode(wrong(code), at), RESTART);
});

test("7.3.94 7.3.95 a check uses nothing up, but its failures count", async () => {
  for (const version of VERSIONS.filter((version) => Number(version) >= 5)) {
    for (const present of [typed, linked]) {
      const email = newEmail();
      const code = await createCode({ email }, "", version);
      const { preAuthSessionId } = code;
      failed(await check(wrong(code), "", version), INCORRECT, 1);
      failed(await consumeCode(wrong(code), "", version), INCORRECT, 2);
      const consumedDevice = { preAuthSessionId, failedCodeInputAttemptCount: 2, email };
      for (let n = 0; n < 2; n += 1) {
        assert.deepEqual(ok(await check(present(code), "", version)), { status: "OK", consumedDevice });
      }
      const found = await get("/users/by-accountinfo", { email, doUnionOfAccountInfo: false }, version);
      assert.deepEqual(ok(found).users, [], "nobody was made");
      const done = ok(await consumeCode(present(code), "", version));
      assert.deepEqual([done.createdNewUser, done.consumedDevice], [true, consumedDevice]);
      has(await check(present(code), "", version), RESTART);
    }
  }
});

test("7.3.94 the fifth wrong check ends the device", async () => {
  const code = await createCode({ email: newEmail() });
  for (let n = 1; n <= 4; n += 1) failed(await check(wrong(code)), INCORRECT, n);
  has(await check(wrong(code)), RESTART);
  has(await consumeCode(typed(code)), RESTART);
});

test("7.3.96 a sign-in takes the devices of the user's other contact along", async () => {
  const app = await newApp();
  const other = await newTenant(app);
  const [email, phoneNumber] = [newEmail(), newPhone()];
  const { id } = await passwordlessUser({ email, phoneNumber }, app);
  for (const [by, rest] of [[{ phoneNumber }, { email }], [{ email }, { phoneNumber }]]) {
    const pending = await createCode(rest, app);
    const elsewhere = await createCode(rest, other);
    const { createdNewUser, user } = ok(await consumeCode(typed(await createCode(by, app)), app));
    assert.deepEqual([createdNewUser, user.id], [false, id]);
    assert.deepEqual(await list(rest, app), []);
    has(await consumeCode(typed(pending), app), RESTART);
    assert.equal((await list({ deviceId: elsewhere.deviceId }, other)).length, 1, "in this tenant only");
    ok(await post(`${other}${CODE}s/remove`, rest));
  }
});

test("7.3.97 lists of codes", async () => {
  const contacts = { email: newEmail(), phoneNumber: newPhone() };
  const one = "Please provide exactly one of email, phoneNumber, deviceId or preAuthSessionId";
  for (const version of VERSIONS) {
    const nothing = { ...contacts, deviceId: Buffer.alloc(32).toString("base64"), preAuthSessionId: "unknown" };
    for (const [key, value] of Object.entries(nothing)) {
      assert.deepEqual(ok(await get(`${CODE}s`, { [key]: value }, version)), { status: "OK", devices: [] });
    }
    for (const query of [{}, contacts, nothing]) refused(await get(`${CODE}s`, query, version), 400, one);
  }
  for (const [key, value] of Object.entries(contacts)) {
    const { deviceId, preAuthSessionId, ...first } = await createCode({ [key]: value });
    const second = await createCode({ deviceId });
    const devices = await list({ [key]: key === "email" ? ` ${value.toUpperCase()} ` : ` ${value} ` });
    for (const query of [{ deviceId }, { preAuthSessionId }]) assert.deepEqual(await list(query), devices);
    assert.equal(devices.length, 1);
    const [{ codes, ...device }] = devices;
    assert.deepEqual(device, { preAuthSessionId, failedCodeInputAttemptCount: 0, [key]: value });
    const expected = [first, second].map(({ codeId, timeCreated, codeLifetime }) => [codeId, timeCreated, codeLifetime]);
    const shown = codes.map(({ codeId, timeCreated, codeLifetime }) => [codeId, timeCreated, codeLifetime]);
    assert.deepEqual(shown.sort(), expected.sort());
  }
});

test("7.3.98 revoking a code, or a device", async () => {
  const first = await createCode({ email: newEmail() });
  const { deviceId, preAuthSessionId } = first;
  const second = await createCode({ deviceId });
  assert.deepEqual(ok(await revoke({ codeId: first.codeId })), { status: "OK" });
  failed(await consumeCode(typed(first)), INCORRECT, 1);
  assert.deepEqual((await list({ deviceId }))[0].codes.map(({ codeId }) => codeId), [second.codeId]);
  ok(await revoke({ codeId: second.codeId }));
  assert.deepEqual(await list({ deviceId }), [], "the last code takes the device along");
  has(await consumeCode(typed(second)), RESTART);
  for (const codeId of [first.codeId, randomUUID(), "unknown", ""]) ok(await revoke({ codeId }), codeId);
  for (const version of VERSIONS) {
    const { codeId, ...third } = await createCode({ phoneNumber: newPhone() });
    const pre = { preAuthSessionId: third.preAuthSessionId };
    if (Number(version) < 5) {
      for (const body of [{}, pre]) badField(await revoke(body, version), "codeId", version);
      ok(await revoke({ codeId }, version));
    } else {
      refused(await revoke({}, version), 400, "Please provide either 'codeId' or 'preAuthSessionId'");
      const both = "Please provide only one of 'codeId' or 'preAuthSessionId'";
      refused(await revoke({ codeId, ...pre }, version), 400, both);
      assert.equal((await list(pre)).length, 1);
      ok(await revoke(pre, version));
      ok(await revoke({ preAuthSessionId: "unknown" }, version));
    }
    assert.deepEqual(await list(pre), [], version);
  }
});

test("7.3.99 revoking all codes of an address or a number", async () => {
  const one = "Please provide exactly one of email or phoneNumber";
  const contacts = { email: newEmail(), phoneNumber: newPhone() };
  for (const version of VERSIONS) {
    for (const body of [{}, contacts]) refused(await post(`${CODE}s/remove`, body, version), 400, one);
    for (const [key, value] of Object.entries(contacts)) {
      const codes = [await createCode({ [key]: value }), await createCode({ [key]: value })];
      const gone = { [key]: ` ${value.toUpperCase()} ` };
      assert.deepEqual(ok(await post(`${CODE}s/remove`, gone, version)), { status: "OK" });
      assert.deepEqual(await list({ [key]: value }), []);
      for (const code of codes) has(await consumeCode(linked(code)), RESTART);
      ok(await post(`${CODE}s/remove`, gone, version), "also when there are none");
    }
  }
});

test("3.10 a user who is removed takes the devices of both contacts along", async () => {
  const contacts = { email: newEmail(), phoneNumber: newPhone() };
  const { id } = await passwordlessUser(contacts);
  for (const [key, value] of Object.entries(contacts)) await createCode({ [key]: value });
  ok(await post("/user/remove", { userId: id }));
  for (const [key, value] of Object.entries(contacts)) assert.deepEqual(await list({ [key]: value }), [], key);
  assert.notEqual((await passwordlessUser(contacts)).id, id);
});

test("3.9 a tenant that is removed takes its devices along", async () => {
  const app = await newApp();
  const at = await newTenant(app);
  const code = await createCode({ email: newEmail() }, at);
  const tenantId = at.slice(app.length + 1);
  ok(await post(`${app}/recipe/multitenancy/tenant/remove`, { tenantId }));
  await newTenant(app, tenantId);
  has(await consumeCode(linked(code), at), RESTART);
});

test("3.2 3.11 a consumed code counts as activity", async () => {
  const app = await newApp();
  const active = async () => ok(await get(`${app}/users/count/active`, { since: 0 })).count;
  const code = await createCode({ email: newEmail() }, app);
  ok(await check(typed(code), app));
  assert.equal(await active(), 0);
  ok(await consumeCode(typed(code), app));
  assert.equal(await active(), 1);
});

const inSql = ({ preAuthSessionId, deviceId, userInputCode, linkCode }) => ({
  pre_auth_session_id: preAuthSessionId, device_id: deviceId, user_input_code: userInputCode, link_code: linkCode,
});

test("2.3 the same in SQL", async () => {
  const email = newEmail();
  const code = sqlCall("create_code", { email: ` ${email.toUpperCase()}` });
  assert.equal(code.status, "OK");
  const { deviceId: device_id, preAuthSessionId, userInputCode: user_input_code } = code;
  assert.equal(sqlCall("create_code", { device_id, user_input_code }).status, "USER_INPUT_CODE_ALREADY_USED_ERROR");
  assert.equal(sqlCall("create_code", { device_id: Buffer.alloc(32, 1).toString("base64") }).status, RESTART);
  const refusal = { failedCodeInputAttemptCount: 1, maximumCodeInputAttempts: 5 };
  assert.deepEqual(sqlCall("check_code", inSql(wrong(code))), { status: INCORRECT, ...refusal });
  const consumedDevice = { preAuthSessionId, failedCodeInputAttemptCount: 1, email };
  assert.deepEqual(sqlCall("check_code", inSql(linked(code))), { status: "OK", consumedDevice });
  const { devices } = sqlCall("list_codes", { device_id });
  assert.deepEqual(devices, await list({ deviceId: device_id }));
  const done = sqlCall("consume_code", inSql(typed(code)));
  assert.deepEqual([done.status, done.createdNewUser, done.user.emails], ["OK", true, [email]]);
  assert.deepEqual(done.consumedDevice, consumedDevice);
  assert.equal(done.user.loginMethods[0].verified, true);
  assert.deepEqual(sqlCall("consume_code", inSql(typed(code))), { status: RESTART });
});

test("7.3.91 7.3.98 7.3.99 expiry and revoking in SQL", async () => {
  const phone_number = newPhone();
  const code = sqlCall("create_code", { phone_number });
  age(code);
  assert.equal(sqlCall("consume_code", inSql(typed(code))).status, EXPIRED);
  assert.equal(sqlCall("consume_code", inSql(linked(code))).status, RESTART);
  const codes = () => sqlCall("list_codes", { phone_number }).devices.flatMap((device) => device.codes);
  assert.deepEqual(sqlCall("revoke_code", { code_id: code.codeId }), { status: "OK" });
  assert.equal(codes().length, 0);
  const { preAuthSessionId: pre_auth_session_id } = sqlCall("create_code", { phone_number });
  sqlCall("create_code", { phone_number });
  assert.deepEqual(sqlCall("revoke_code", { pre_auth_session_id }), { status: "OK" });
  assert.equal(codes().length, 1);
  assert.deepEqual(sqlCall("revoke_all_codes", { phone_number: ` ${phone_number}` }), { status: "OK" });
  assert.equal(codes().length, 0);
});
