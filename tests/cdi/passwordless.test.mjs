// Passwordless: making codes and signing in with them (CDI 2.3, 3.2, 7.3).
import { createHash, createHmac, randomBytes } from "node:crypto";
import test from "node:test";
import {
  UUID, VERSIONS, assert, badField, consumeCode, createCode, get, has, linked, newApp, newEmail, newPhone, newTenant,
  ok, passwordlessUser, post, refused, sameMembers, signUp, sql, typed,
} from "./helper.mjs";

const CODE = "/recipe/signinup/code";
const RESTART = "RESTART_FLOW_ERROR";
const EITHER = "Please provide exactly one of linkCode or deviceId+userInputCode";
const ONE_OF_THREE = "Please provide exactly one of email, phoneNumber or deviceId";

const check = (presented, at = "", version = "5.4") => post(`${at}${CODE}/check`, presented, version);
const wrong = (code) => ({ ...typed(code), userInputCode: "no such code" });
const list = async (query, at = "") => ok(await get(`${at}/recipe/signinup/codes`, query)).devices;

test("7.3.71 a code is for exactly one of three", async () => {
  const { deviceId } = await createCode({ email: newEmail() });
  const [email, phoneNumber] = [newEmail(), newPhone()];
  for (const version of VERSIONS) {
    for (const body of [{}, { email, phoneNumber }, { email, deviceId }, { phoneNumber, deviceId },
      { email, phoneNumber, deviceId }]) {
      refused(await post(CODE, body, version), 400, ONE_OF_THREE, `${version} ${JSON.stringify(body)}`);
    }
  }
  for (const field of ["email", "phoneNumber", "deviceId"]) badField(await post(CODE, { [field]: 1 }), field);
});

test("7.3.72 a code of the caller's choice", async () => {
  for (const version of VERSIONS) {
    const contact = { email: newEmail() };
    const empty = await post(CODE, { ...contact, userInputCode: "" }, version);
    refused(empty, 400, "userInputCode cannot be an empty string.", version);
    const code = await createCode({ ...contact, userInputCode: "abc-1" }, "", version);
    assert.equal(code.userInputCode, "abc-1");
    ok(await consumeCode(typed(code), "", version));
  }
});

test("7.3.73 what a code looks like", async () => {
  for (const version of VERSIONS) {
    for (const contact of [{ email: newEmail() }, { phoneNumber: newPhone() }]) {
      const before = Date.now();
      const { status, timeCreated, ...code } = await createCode(contact, "", version);
      assert.ok(timeCreated >= before - 1000 && timeCreated <= Date.now() + 1000, `${timeCreated}`);
      assert.equal(code.codeLifetime, 900_000);
      assert.match(code.codeId, UUID);
      assert.match(code.userInputCode, /^[0-9]{6}$/);
      assert.match(code.deviceId, /^[A-Za-z0-9+/]{43}=$/);
      for (const text of [code.preAuthSessionId, code.linkCode]) assert.match(text, /^[A-Za-z0-9_-]{43}$/);
      sameMembers(Object.keys(code),
        ["codeId", "codeLifetime", "deviceId", "linkCode", "preAuthSessionId", "userInputCode"]);
    }
  }
});

test("3.2 the derivations; neither code nor link is stored", async () => {
  const code = await createCode({ email: newEmail(), userInputCode: "Grüße, 世界" });
  const { deviceId, preAuthSessionId, linkCode, userInputCode, codeId } = code;
  const device = Buffer.from(deviceId, "base64");
  assert.equal(device.length, 32);
  assert.equal(preAuthSessionId, createHash("sha256").update(device).digest("base64url"));
  const [row] = sql("SELECT encode(d.link_code_salt, 'hex') AS salt, encode(c.link_code_hash, 'hex') AS hash,"
    + " d::text || c::text AS stored FROM auth.passwordless_codes c JOIN auth.passwordless_devices d"
    + " ON (d.app_id, d.tenant_id, d.id) = (c.app_id, c.tenant_id, c.device_id) WHERE c.id::text = $1", codeId);
  const key = Buffer.concat([device, Buffer.from(row.salt, "hex")]);
  assert.equal(linkCode, createHmac("sha256", key).update(userInputCode).digest("base64url"));
  assert.equal(row.hash, createHash("sha256").update(Buffer.from(linkCode, "base64url")).digest("hex"));
  for (const secret of [userInputCode, linkCode, deviceId]) {
    for (const form of [secret, Buffer.from(secret).toString("hex"), Buffer.from(secret, "base64url").toString("hex")]) {
      assert.ok(!row.stored.includes(form), form);
    }
  }
});

test("7.3.74 two codes for one address are two devices", async () => {
  const email = newEmail();
  const codes = [await createCode({ email }), await createCode({ email: ` ${email.toUpperCase()}` })];
  const devices = await list({ email });
  sameMembers(devices.map((device) => device.preAuthSessionId), codes.map((code) => code.preAuthSessionId));
  assert.notEqual(codes[0].preAuthSessionId, codes[1].preAuthSessionId);
  for (const code of codes) {
    const device = devices.find(({ preAuthSessionId }) => preAuthSessionId === code.preAuthSessionId);
    const { codeId, timeCreated, codeLifetime } = code;
    assert.deepEqual(device, {
      preAuthSessionId: code.preAuthSessionId, failedCodeInputAttemptCount: 0, email,
      codes: [{ codeId, timeCreated, codeLifetime }],
    });
  }
});

test("7.3.75 another code for a device", async () => {
  for (const version of VERSIONS) {
    for (const pick of [0, 1]) {
      const first = await createCode({ email: newEmail() }, "", version);
      const second = await createCode({ deviceId: first.deviceId }, "", version);
      for (const field of ["preAuthSessionId", "deviceId"]) assert.equal(second[field], first[field]);
      for (const field of ["codeId", "linkCode"]) assert.notEqual(second[field], first[field]);
      ok(await consumeCode(typed([first, second][pick]), "", version));
    }
  }
});

test("7.3.76 a code that the device has already", async () => {
  const first = await createCode({ phoneNumber: newPhone() });
  const { deviceId, userInputCode } = first;
  has(await post(CODE, { deviceId, userInputCode }), "USER_INPUT_CODE_ALREADY_USED_ERROR");
  await createCode({ deviceId, userInputCode: "other" });
  ok(await consumeCode(linked(first)));
});

test("7.3.77 a device that there is not, or that is no text of this kind", async () => {
  for (const deviceId of [randomBytes(32).toString("base64"), "asdf"]) {
    for (const version of VERSIONS) has(await post(CODE, { deviceId }, version), RESTART);
    has(await consumeCode({ preAuthSessionId: "x", deviceId, userInputCode: "1" }), RESTART);
  }
  for (const deviceId of ["asdf##", `${"-_".repeat(21)}A=`]) {
    refused(await post(CODE, { deviceId }), 400, "Input encoding error in deviceId", deviceId);
    const presented = { preAuthSessionId: "x", deviceId, userInputCode: "1" };
    for (const use of [check, consumeCode]) refused(await use(presented), 400, "Input encoding error in deviceId");
    const query = { deviceId };
    refused(await get("/recipe/signinup/codes", query), 400, "Input encoding error in deviceId");
  }
  const code = await createCode({ email: newEmail() });
  ok(await consumeCode({ ...typed(code), deviceId: code.deviceId.replace("=", "") }), "padding may be missing");
});

test("7.3.78 a device is its tenant's", async () => {
  const app = await newApp();
  const [t1, t2] = [await newTenant(app), await newTenant(app)];
  const email = newEmail();
  const code = await createCode({ email }, t1);
  for (const at of [t2, app, ""]) {
    has(await post(`${at}${CODE}`, { deviceId: code.deviceId }), RESTART);
    for (const presented of [typed(code), linked(code)]) has(await consumeCode(presented, at), RESTART);
    assert.deepEqual(await list({ email }, at), []);
    ok(await post(`${at}${CODE}s/remove`, { email }));
    for (const gone of [{ codeId: code.codeId }, { preAuthSessionId: code.preAuthSessionId }]) {
      ok(await post(`${at}${CODE}/remove`, gone));
    }
  }
  ok(await consumeCode(typed(code), t1));
});

test("7.3.79 7.3.80 what names a code", async () => {
  const code = await createCode({ email: newEmail() });
  const { preAuthSessionId, deviceId, userInputCode, linkCode } = code;
  for (const version of VERSIONS) {
    for (const body of [{}, { deviceId }, { userInputCode }, { linkCode, deviceId }, { linkCode, userInputCode },
      { linkCode, deviceId, userInputCode }]) {
      refused(await consumeCode({ preAuthSessionId, ...body }, "", version), 400, EITHER, JSON.stringify(body));
      if (Number(version) >= 5) refused(await check({ preAuthSessionId, ...body }, "", version), 400, EITHER);
    }
    for (const body of [{ linkCode }, { deviceId, userInputCode }]) {
      badField(await consumeCode(body, "", version), "preAuthSessionId", version);
    }
  }
  badField(await check({ linkCode }), "preAuthSessionId");
  ok(await consumeCode(typed(code)), "none of it has changed anything");
});

test("7.3.81 the id of another device", async () => {
  const email = newEmail();
  const [one, other] = [await createCode({ email }), await createCode({ email })];
  const { preAuthSessionId } = other;
  for (const presented of [typed(one), linked(one), wrong(one)]) {
    for (const use of [check, consumeCode]) {
      refused(await use({ ...presented, preAuthSessionId }), 400, "preAuthSessionId and deviceId doesn't match");
    }
  }
  const counts = (await list({ email })).map((device) => device.failedCodeInputAttemptCount);
  assert.deepEqual(counts, [0, 0]);
});

test("7.3.82 padding where there need not be any", async () => {
  for (const field of ["linkCode", "preAuthSessionId"]) {
    const presented = linked(await createCode({ email: newEmail() }));
    ok(await consumeCode({ ...presented, [field]: `${presented[field]}=` }), field);
  }
});

test("7.3.83 7.3.84 links that are none", async () => {
  const code = await createCode({ email: newEmail() });
  const { preAuthSessionId } = code;
  for (const use of [check, consumeCode]) {
    for (const linkCode of ["##", "+".repeat(43)]) {
      refused(await use({ preAuthSessionId, linkCode }), 400, "Input encoding error in linkCode", linkCode);
    }
    for (let n = 0; n < 6; n += 1) {
      has(await use({ preAuthSessionId, linkCode: randomBytes(32).toString("base64url") }), RESTART);
    }
  }
  assert.equal((await list({ preAuthSessionId }))[0].failedCodeInputAttemptCount, 0);
  ok(await consumeCode(linked(code)));
});

test("7.3.85 sign-up, then sign-in, as each version sees it", async () => {
  for (const version of VERSIONS) {
    for (const [contact, value] of [["email", newEmail()], ["phoneNumber", newPhone()]]) {
      for (const present of [typed, linked]) {
        const code = await createCode({ [contact]: value }, "", version);
        const { status, ...done } = ok(await consumeCode(present(code), "", version));
        assert.equal(done.createdNewUser, present === typed);
        const { user } = done;
        assert.match(user.id, UUID);
        assert.deepEqual(user.tenantIds, ["public"]);
        if (version === "3.1") {
          assert.deepEqual(Object.keys(done).sort(), ["createdNewUser", "user"]);
          const { id, timeJoined } = user;
          assert.deepEqual(user, { id, timeJoined, [contact]: value, tenantIds: ["public"] });
          continue;
        }
        assert.equal(done.recipeUserId, user.id);
        assert.deepEqual([user.isPrimaryUser, user.thirdParty], [false, []]);
        assert.deepEqual(user.loginMethods, [{
          recipeId: "passwordless", recipeUserId: user.id, timeJoined: user.timeJoined, tenantIds: ["public"],
          verified: true, [contact]: value,
        }]);
        const device = { preAuthSessionId: code.preAuthSessionId, failedCodeInputAttemptCount: 0, [contact]: value };
        assert.deepEqual(done.consumedDevice, Number(version) >= 5 ? device : undefined, version);
        const later = ok(await get("/user/id", { userId: user.id }, version)).user;
        assert.deepEqual(later, user, "it is stored as it was shown");
      }
    }
  }
});

test("3.2 users of other recipes, and of other tenants, are not signed in", async () => {
  const app = await newApp();
  const { email, id } = await signUp(app);
  const made = await passwordlessUser({ email }, app);
  assert.notEqual(made.id, id);
  const elsewhere = await passwordlessUser({ email }, await newTenant(app));
  assert.equal(new Set([id, made.id, elsewhere.id]).size, 3);
});

test("7.3.86 from CDI 4.0 a consumed code verifies the address", async () => {
  for (const before of ["3.1", ...VERSIONS.slice(1)]) {
    const email = newEmail();
    const { user } = ok(await consumeCode(typed(await createCode({ email })), "", before));
    const verified = async () => ok(await get("/user/id", { userId: user.id })).user.loginMethods[0].verified;
    assert.equal(await verified(), before !== "3.1", before);
    ok(await consumeCode(linked(await createCode({ email })), "", "3.1"));
    assert.equal(await verified(), before !== "3.1", "an older sign-in changes nothing");
    ok(await consumeCode(linked(await createCode({ email })), "", "4.0"));
    assert.equal(await verified(), true);
    assert.equal(ok(await get("/recipe/user/email/verify", { userId: user.id, email })).isVerified, true);
  }
});

test("7.3.87 sign-up with a number", async () => {
  const phoneNumber = newPhone();
  const { user } = await passwordlessUser({ phoneNumber });
  assert.deepEqual([user.phoneNumbers, user.emails], [[phoneNumber], []]);
  const [method] = user.loginMethods;
  assert.equal(method.verified, true);
  assert.ok(!("email" in method));
});

test("7.1.18 numbers are brought into their international form, what is none is trimmed", async () => {
  const app = await newApp();
  for (const [given, stored] of [["+1 650-555-1234", "+16505551234"], ["+640223334444", "+64223334444"],
    ["  johndoe@gmail.com  ", "johndoe@gmail.com"], ["   ", ""]]) {
    const code = await createCode({ phoneNumber: given }, app);
    for (const phoneNumber of [given, stored]) {
      const [device] = await list({ phoneNumber }, app);
      assert.deepEqual([device.preAuthSessionId, device.phoneNumber], [code.preAuthSessionId, stored], given);
    }
    const { user } = ok(await consumeCode(typed(code), app));
    assert.deepEqual(user.phoneNumbers, [stored]);
  }
});

test("7.9.200 a recipe is refused where it is off, to callers up to CDI 5.0", async () => {
  const at = await newTenant();
  for (const version of VERSIONS) {
    const code = await createCode({ email: newEmail() }, at);
    const calls = [[CODE, { email: newEmail() }], [`${CODE}/consume`, typed(code)]];
    if (Number(version) >= 5) calls.unshift([`${CODE}/check`, linked(code)]);
    for (const [path, body] of calls) {
      const answer = await post(at + path, body, version);
      if (Number(version) > 5) ok(answer, path);
      else refused(answer, 403, "Passwordless login not enabled for tenant", `${path} ${version}`);
    }
  }
});
