// One-time passwords that are presented: right, wrong, again, too often (CDI 3.12, 7.11), and what forgets them.
import test from "node:test";
import { aside, quoted } from "./aside.mjs";
import { PERIOD, WRONG, codeOf } from "./authenticator.mjs";
import {
  VERSIONS, assert, createSession, get, has, newApp, newId, newTenant, ok, post, put, refused, signUp, sql,
} from "./helper.mjs";
import { associate, disassociate, map, unmap } from "./linking_helper.mjs";
import {
  INVALID, LIMITED, SECRET, UNKNOWN_DEVICE, UNKNOWN_USER, attempts, create, devices, importDevice, limited, pass,
  refusedAs, remove, userWithDevice, verify, verifyDevice,
} from "./totp_helper.mjs";

const OTHER_SECRET = "JBSWY3DPEHPK3PXQ";
const COOLDOWN_MS = 900_000;

/** So many wrong codes, which are counted from 1 on. */
async function tryWrong(userId, times, at = "") {
  for (let n = 1; n <= times; n += 1) refusedAs(await verify(userId, WRONG, at), n);
}

test("7.11.253 a code is taken once", async () => {
  for (const version of VERSIONS) {
    const userId = newId("user");
    const { secret } = ok(await create(userId, "d", { skew: 1 }));
    ok(await verifyDevice(userId, "d", codeOf(secret), "", version));
    has(await verify(userId, codeOf(secret), "", version), INVALID, "it has verified the device");
    for (const steps of [1, -1]) {
      assert.deepEqual(ok(await verify(userId, codeOf(secret, { steps }), "", version)), { status: "OK" });
      has(await verify(userId, codeOf(secret, { steps }), "", version), INVALID);
    }
  }
});

test("7.11.253 a code is taken once by all devices together, and again after it has expired", async () => {
  const userId = await userWithDevice();
  ok(await importDevice(userId, "tablet", SECRET, { skew: 3 }));
  ok(await verify(userId, codeOf(SECRET)));
  refusedAs(await verify(userId, codeOf(SECRET)), 1);
  pass(userId, 7 * PERIOD);
  ok(await verify(userId, codeOf(SECRET)));
});

test("7.11.254 codes of other steps", async () => {
  for (const [skew, valid] of [[0, [0]], [1, [-1, 0, 1]], [2, [-2, -1, 0, 1, 2]]]) {
    const userId = newId("user");
    ok(await importDevice(userId, "d", SECRET, { skew }));
    for (const steps of [-3, -2, -1, 0, 1, 2, 3]) {
      has(await verify(userId, codeOf(SECRET, { steps })), valid.includes(steps) ? "OK" : INVALID, `${skew} ${steps}`);
    }
  }
});

test("7.11.255 codes of a device that was never verified", async () => {
  for (const version of VERSIONS) {
    const userId = newId("user");
    const { secret } = ok(await create(userId, "d"));
    has(await verify(userId, codeOf(secret), "", version), INVALID);
    refusedAs(await verify(userId, codeOf(secret)), 2);
    // That it was tried there does not make it a used one.
    ok(await verifyDevice(userId, "d", codeOf(secret), "", version));
  }
});

test("7.11.256 7.11.264 after five wrong codes none is looked at", async () => {
  for (const version of VERSIONS) {
    const userId = await userWithDevice();
    const { secret } = ok(await create(userId, "d"));
    const counts = (failed) =>
      Number(version) < 5 ? {} : { currentNumberOfFailedAttempts: failed, maxNumberOfFailedAttempts: 5 };
    for (const n of [1, 2, 3, 4, 5]) {
      // Both calls share the history.
      const call = n % 2 ? verify(userId, WRONG, "", version) : verifyDevice(userId, "d", WRONG, "", version);
      assert.deepEqual(has(await call, INVALID), { status: INVALID, ...counts(n) }, version);
    }
    const calls = [() => verify(userId, WRONG, "", version), () => verify(userId, codeOf(SECRET), "", version),
      () => verifyDevice(userId, "d", codeOf(secret), "", version), () => verify(userId, "123456789", "", version)];
    for (const call of calls) {
      const { retryAfterMs, ...rest } = has(await call(), LIMITED);
      assert.deepEqual(rest, { status: LIMITED, ...counts(5) }, version);
      assert.ok(retryAfterMs > 0 && retryAfterMs <= COOLDOWN_MS, String(retryAfterMs));
    }
    assert.equal(attempts(userId).length, 5, "those count for nothing");
    assert.deepEqual(ok(await verifyDevice(userId, "phone", WRONG, "", version)).wasAlreadyVerified, true);
  }
});

test("7.11.257 after the cool-down, and after a right code, counting begins anew", async () => {
  const userId = await userWithDevice();
  await tryWrong(userId, 5);
  pass(userId, 600);
  assert.ok(limited(await verify(userId, WRONG)) <= COOLDOWN_MS - 600_000);
  pass(userId, 300);
  await tryWrong(userId, 5);
  limited(await verify(userId, codeOf(SECRET)));
  pass(userId, 900);
  await tryWrong(userId, 4);
  ok(await verify(userId, codeOf(SECRET)));
  await tryWrong(userId, 5);
  limited(await verify(userId, WRONG));
});

test("3.12 wrong codes count that came within one cool-down before the newest of them", async () => {
  const userId = await userWithDevice();
  await tryWrong(userId, 3);
  pass(userId, 899);
  refusedAs(await verify(userId, WRONG), 4);
  pass(userId, 901);
  // Still four within the cool-down of the newest; then that one is a newer newest.
  refusedAs(await verify(userId, WRONG), 5);
  refusedAs(await verify(userId, WRONG), 2);
});

test("7.11.258 a text that is too long for a code is no attempt", async () => {
  const userId = await userWithDevice();
  for (const text of ["123456789", `${codeOf(SECRET)}   `, "x".repeat(1000), "äöüäöüäöü"]) {
    for (const version of ["4.0", "5.4"]) has(await verify(userId, text, "", version), INVALID);
    refusedAs(await verify(userId, text), 1);
  }
  assert.deepEqual(attempts(userId), []);
  for (const [n, text] of ["12345678", "", "äöüäöüäö", ` ${codeOf(SECRET)}`].entries()) {
    refusedAs(await verify(userId, text), n + 1);
  }
  refusedAs(await verify(userId, "123456789"), 5);
  assert.equal(attempts(userId).length, 4);
  ok(await verify(userId, codeOf(SECRET)));
});

test("7.11.259 every tenant has a history of its own", async () => {
  const app = await newApp();
  const [t1, t2] = [await newTenant(app), await newTenant(app)];
  const userId = await userWithDevice(app);
  for (const at of [t1, t2, app]) ok(await verify(userId, codeOf(SECRET), at));
  await tryWrong(userId, 5, t1);
  limited(await verify(userId, WRONG, t1));
  refusedAs(await verify(userId, WRONG, t2), 1);
});

test("5.3 how many, and for how long, is the tenant's to say", async () => {
  const app = await newApp({ totp_max_attempts: 3, totp_rate_limit_cooldown_sec: 10 });
  const at = await newTenant(app, undefined, { coreConfig: { totp_max_attempts: 1 } });
  const userId = await userWithDevice(app);
  for (const n of [1, 2, 3]) refusedAs(await verify(userId, WRONG, app), n, 3);
  assert.ok(limited(await verify(userId, WRONG, app), 3) <= 10_000);
  refusedAs(await verify(userId, WRONG, at), 1, 1);
  limited(await verify(userId, WRONG, at), 1);
  pass(userId, 10);
  refusedAs(await verify(userId, WRONG, at), 1, 1);
  for (const key of ["totp_max_attempts", "totp_rate_limit_cooldown_sec"]) {
    const answer = await put(`${app}/recipe/multitenancy/tenant/v2`, { coreConfig: { [key]: 0 } });
    refused(answer, 400, new RegExp(`^Invalid core config: '${key}' must be`));
  }
});

test("7.11.260 the cleaning job leaves what a limit needs", async () => {
  const userId = newId("user");
  ok(await importDevice(userId, "d", SECRET, { period: 1 }));
  await tryWrong(userId, 5);
  const cleaned = (query) => aside(["SELECT auth.maintain()"], query);
  const again = `SELECT auth.verify_totp(${quoted(userId)}, ${quoted(WRONG)})`;
  const left = `SELECT count(*) FROM auth.totp_attempts WHERE user_id = ${quoted(userId)}`;
  for (const seconds of [0, 500, 390]) {
    pass(userId, seconds);
    assert.equal(JSON.parse(cleaned(again)).status, LIMITED);
  }
  pass(userId, 10_000);
  assert.equal(cleaned(left), "0", "they do not stay for ever");
});

test("3.12 what is kept of an attempt", async () => {
  const userId = newId("user");
  ok(await importDevice(userId, "small", SECRET, { period: PERIOD, skew: 1 }));
  ok(await importDevice(userId, "large", OTHER_SECRET, { period: 86_400, skew: 5 }));
  ok(await verify(userId, codeOf(SECRET)));
  await tryWrong(userId, 1);
  const [right, wrong] = attempts(userId);
  assert.deepEqual([right.life, wrong.life], [3 * PERIOD, 11 * 86_400], "of the device, or the longest");
  assert.equal(wrong.used, null);
  const code = Buffer.from(codeOf(SECRET)).toString("hex");
  assert.ok(!right.used.includes(code) && right.used.length === 64, right.used);
  const other = await userWithDevice();
  ok(await verify(other, codeOf(SECRET)));
  assert.equal(attempts(other).length, 1);
});

test("7.11.265 3.10 nothing of it is left of a user who is removed", async () => {
  const app = await newApp();
  const at = await newTenant(app);
  const { id } = await signUp(app);
  const mapped = await signUp(app);
  const externalId = newId("external");
  ok(await map(mapped.id, externalId, {}, app));
  for (const [userId, removed] of [[id, id], [externalId, mapped.id]]) {
    await userWithDevice(app, userId);
    ok(await create(userId, "d", {}, app));
    for (const path of [app, at]) ok(await verify(userId, codeOf(SECRET), path));
    ok(await post(`${app}/user/remove`, { userId: removed }));
    assert.deepEqual(await devices(userId, app), []);
    assert.deepEqual(attempts(userId), []);
    has(await verify(userId, codeOf(SECRET), app), UNKNOWN_USER);
    has(await verifyDevice(userId, "d", codeOf(SECRET), app), UNKNOWN_DEVICE);
  }
});

test("3.6 ids that have devices are not mapped", async () => {
  const inUse = "UserId is already in use in TOTP recipe";
  for (const version of VERSIONS) {
    const { id } = await signUp();
    const externalId = newId("external");
    ok(await create(id, "d"));
    refused(await map(id, externalId, {}, "", version), 400, inUse);
    const { session } = ok(await createSession("", id));
    refused(await map(id, externalId, {}, "", version), 400, "UserId is already in use in Session recipe");
    ok(await post("/recipe/session/remove", { sessionHandles: [session.handle] }));
    ok(await remove(id, "d"));
    ok(await map(id, externalId, {}, "", version));
    ok(await create(externalId, "d"));
    refused(await unmap(id), 400, inUse);
    assert.deepEqual(await devices(id), [], "it is the external id's");
    ok(await remove(externalId, "d"));
    ok(await unmap(id));
    ok(await create(id, "d"));
    ok(await map(id, externalId, { force: true }, "", version));
    assert.equal((await devices(id)).length, 1, "where it was");
  }
});

test("3.9 a tenant forgets the codes of a user who leaves it", async () => {
  const app = await newApp();
  const [t1, t2] = [await newTenant(app), await newTenant(app)];
  const { id } = await signUp(t1);
  ok(await associate(id, t2));
  const externalId = newId("external");
  ok(await map(id, externalId, {}, app));
  await userWithDevice(app, externalId);
  for (const at of [t1, t2]) ok(await verify(externalId, codeOf(SECRET), at));
  assert.equal(ok(await disassociate(externalId, t1)).wasAssociated, true);
  assert.deepEqual(attempts(externalId).map(({ tenant }) => `${app}/${tenant}`), [t2]);
  assert.equal((await devices(externalId, app)).length, 1);
});

test("3.9 7.9.219 codes of an id that is no user", async () => {
  const app = await newApp();
  const [t1, t2] = [await newTenant(app), await newTenant(app)];
  const userId = await userWithDevice(app);
  for (const at of [t1, t2]) ok(await verify(userId, codeOf(SECRET), at));
  assert.equal(ok(await disassociate(userId, t1)).wasAssociated, true);
  assert.deepEqual(attempts(userId).map(({ tenant }) => `${app}/${tenant}`), [t2]);
});

test("3.0 3.9 an id that is known for its device alone may leave a tenant in which it has nothing", async () => {
  const userId = await userWithDevice();
  assert.equal(ok(await disassociate(userId, "")).wasAssociated, false);
});

test("3.9 tenants and apps take what is theirs along", async () => {
  const app = await newApp();
  const at = await newTenant(app, "t1");
  const userId = await userWithDevice(app);
  for (const path of [app, at]) ok(await verify(userId, codeOf(SECRET), path));
  ok(await post(`${app}/recipe/multitenancy/tenant/remove`, { tenantId: "t1" }));
  assert.deepEqual(attempts(userId).map(({ tenant }) => tenant), ["public"]);
  refused(await verify(userId, codeOf(SECRET), at), 400, /^AppId or tenantId not found => Tenant with/);
  ok(await post("/recipe/multitenancy/app/remove", { appId: app.slice("/appid-".length) }));
  assert.deepEqual(attempts(userId), []);
  refused(await get(`${app}/recipe/totp/device/list`, { userId }), 400, /^AppId or tenantId not found => App with/);
  assert.deepEqual(sql("SELECT name FROM auth.totp_devices WHERE user_id = $1", userId), []);
});
