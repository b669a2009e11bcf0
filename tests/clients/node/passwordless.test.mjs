// Signing in with codes through the Passwordless recipe: what its functions do, and their main failures.
import test from "node:test";
import SuperTokens from "supertokens-node";
import Multitenancy from "supertokens-node/recipe/multitenancy";
import Passwordless from "supertokens-node/recipe/passwordless";
import { PUBLIC, WEBSITE_DOMAIN, assert, init, newEmail, newId, newPhone, signUp, sql } from "./helpers.mjs";

init({
  recipes: [Passwordless.init({ contactMethod: "EMAIL_OR_PHONE", flowType: "USER_INPUT_CODE_AND_MAGIC_LINK" })],
});

const RESTART = { status: "RESTART_FLOW_ERROR" };
const MAX_ATTEMPTS = 5;

/** The same for an address and for a number. */
const contacts = [
  ["email", newEmail],
  ["phoneNumber", newPhone],
];

const createCode = async (contact, more = {}) => {
  const code = await Passwordless.createCode({ tenantId: PUBLIC, ...contact, ...more });
  assert.equal(code.status, "OK");
  return code;
};

const anotherCode = (deviceId, userInputCode, tenantId = PUBLIC) =>
  Passwordless.createNewCodeForDevice({ tenantId, deviceId, userInputCode });

// What comes back of a code: as it was typed, and as the link has it.
const typed = ({ preAuthSessionId, deviceId, userInputCode }) => ({ preAuthSessionId, deviceId, userInputCode });
const linked = ({ preAuthSessionId, linkCode }) => ({ preAuthSessionId, linkCode });
const mistyped = (code, n = 0) => ({ ...typed(code), userInputCode: `wrong ${n}` });

const check = (presented, tenantId = PUBLIC) => Passwordless.checkCode({ tenantId, ...presented });
const consume = (presented, tenantId = PUBLIC) => Passwordless.consumeCode({ tenantId, ...presented });

const incorrect = (failedCodeInputAttemptCount) => ({
  status: "INCORRECT_USER_INPUT_CODE_ERROR",
  failedCodeInputAttemptCount,
  maximumCodeInputAttempts: MAX_ATTEMPTS,
});

const createTenant = async () => {
  const tenantId = newId("tenant");
  await Multitenancy.createOrUpdateTenant(tenantId, { firstFactors: null });
  return tenantId;
};

for (const [kind, newContact] of contacts) {
  test(`${kind}: createCode gives all that a front end and a mail need`, async () => {
    const code = await createCode({ [kind]: newContact() });
    assert.match(code.userInputCode, /^\d{6}$/);
    assert.match(code.linkCode, /^[\w-]{43}$/, "fits into a link");
    assert.match(code.preAuthSessionId, /^[\w-]{43}$/, "fits into a link");
    assert.equal(Buffer.from(code.deviceId, "base64").length, 32);
    assert.equal(code.codeLifetime, 15 * 60 * 1000, "in ms");
    assert.ok(Math.abs(code.timeCreated - Date.now()) < 60_000, `in ms: ${code.timeCreated}`);
    const other = await createCode({ [kind]: newContact() });
    for (const name of ["codeId", "deviceId", "preAuthSessionId", "linkCode"])
      assert.notEqual(other[name], code[name], name);
  });

  for (const [how, presented] of [
    ["typed", typed],
    ["linked", linked],
  ]) {
    test(`${kind}, ${how}: consumeCode signs up, and signs in the next time`, async () => {
      const contact = { [kind]: newContact() };
      const code = await createCode(contact);
      const answer = await consume(presented(code));
      assert.equal(answer.status, "OK", JSON.stringify(answer));
      assert.equal(answer.createdNewRecipeUser, true);
      const { user } = answer;
      assert.equal(answer.recipeUserId.getAsString(), user.id);
      const { preAuthSessionId } = code;
      assert.deepEqual(answer.consumedDevice, { preAuthSessionId, failedCodeInputAttemptCount: 0, ...contact });
      const [emails, phones] = kind === "email" ? [[contact.email], []] : [[], [contact.phoneNumber]];
      assert.deepEqual([user.emails, user.phoneNumbers, user.thirdParty], [emails, phones, []]);
      assert.deepEqual([user.tenantIds, user.isPrimaryUser], [[PUBLIC], false]);
      const [method, ...others] = user.loginMethods;
      assert.deepEqual(others, []);
      assert.deepEqual([method.recipeId, method[kind], method.verified], ["passwordless", contact[kind], true]);

      assert.deepEqual(await consume(presented(code)), RESTART, "a second time");
      const again = await consume(presented(await createCode(contact)));
      assert.deepEqual([again.status, again.createdNewRecipeUser, again.user.id], ["OK", false, user.id]);
      assert.deepEqual((await SuperTokens.getUser(user.id)).toJson(), again.user.toJson());
    });

    test(`${kind}, ${how}: checkCode checks, and changes nothing`, async () => {
      const contact = { [kind]: newContact() };
      const code = await createCode(contact);
      for (let n = 0; n < 2; n += 1) {
        const answer = await check(presented(code));
        assert.equal(answer.status, "OK", JSON.stringify(answer));
        const { preAuthSessionId } = code;
        assert.deepEqual(answer.consumedDevice, { preAuthSessionId, failedCodeInputAttemptCount: 0, ...contact });
      }
      assert.deepEqual(await SuperTokens.listUsersByAccountInfo(PUBLIC, contact), [], "no user yet");
      assert.equal((await consume(presented(code))).status, "OK");
      assert.deepEqual(await check(presented(code)), RESTART, "after its use");
    });
  }

  test(`${kind}: signInUp makes a user, then finds it`, async () => {
    const contact = { [kind]: newContact() };
    const first = await Passwordless.signInUp({ tenantId: PUBLIC, ...contact });
    assert.deepEqual([first.status, first.createdNewRecipeUser], ["OK", true]);
    const second = await Passwordless.signInUp({ tenantId: PUBLIC, ...contact });
    assert.deepEqual([second.status, second.createdNewRecipeUser], ["OK", false]);
    assert.equal(second.recipeUserId.getAsString(), first.user.id);
    const query = { tenantId: PUBLIC, ...contact };
    const { listCodesByEmail, listCodesByPhoneNumber } = Passwordless;
    const left = await (kind === "email" ? listCodesByEmail(query) : listCodesByPhoneNumber(query));
    assert.deepEqual(left, [], "no code is left");
  });

  test(`${kind}: createMagicLink makes a link whose code works`, async () => {
    const contact = { [kind]: newContact() };
    const link = new URL(await Passwordless.createMagicLink({ tenantId: PUBLIC, ...contact }));
    assert.equal(link.origin + link.pathname, `${WEBSITE_DOMAIN}/auth/verify`);
    assert.equal(link.searchParams.get("tenantId"), PUBLIC);
    const preAuthSessionId = link.searchParams.get("preAuthSessionId");
    const answer = await consume({ preAuthSessionId, linkCode: link.hash.slice(1) });
    assert.equal(answer.status, "OK", JSON.stringify(answer));
    assert.equal(answer.user.loginMethods[0][kind], contact[kind]);
  });
}

test("an address is the same in any letter case, a number in any notation", async () => {
  const [email, phone] = [newEmail("Ada.Lovelace"), newPhone()];
  const spaced = ` ${phone.slice(0, 3)} (${phone.slice(3, 6)}) ${phone.slice(6, 9)}-${phone.slice(9)} `;
  for (const [contact, same, stored] of [
    [{ email: email.toUpperCase() }, { email: ` ${email}` }, email.toLowerCase()],
    [{ phoneNumber: spaced }, { phoneNumber: phone }, phone],
  ]) {
    const { user } = await Passwordless.signInUp({ tenantId: PUBLIC, ...contact });
    assert.deepEqual([...user.emails, ...user.phoneNumbers], [stored]);
    const again = await Passwordless.signInUp({ tenantId: PUBLIC, ...same });
    assert.deepEqual([again.createdNewRecipeUser, again.user.id], [false, user.id], JSON.stringify(same));
  }
});

test("createCode takes the code that the application wants", async () => {
  const code = await createCode({ email: newEmail() }, { userInputCode: "blue whale 7" });
  assert.equal(code.userInputCode, "blue whale 7");
  assert.deepEqual(await consume({ ...typed(code), userInputCode: "Blue whale 7" }), incorrect(1));
  assert.equal((await consume(typed(code))).status, "OK");
  await assert.rejects(createCode({ email: newEmail() }, { userInputCode: "" }), /status code: 400.*userInputCode/s);
});

test("createNewCodeForDevice adds a code; all of a device's codes work until one is used", async () => {
  const email = newEmail();
  const first = await createCode({ email });
  const second = await anotherCode(first.deviceId);
  assert.equal(second.status, "OK");
  assert.deepEqual([second.deviceId, second.preAuthSessionId], [first.deviceId, first.preAuthSessionId]);
  assert.notEqual(second.codeId, first.codeId);
  assert.notEqual(second.linkCode, first.linkCode);
  assert.equal((await check(typed(first))).status, "OK", "the first still works");
  const wanted = await anotherCode(first.deviceId, "by hand");
  assert.deepEqual([wanted.status, wanted.userInputCode], ["OK", "by hand"]);
  assert.equal((await consume(linked(second))).status, "OK");
  for (const code of [first, second, wanted]) assert.deepEqual(await consume(linked(code)), RESTART);
  assert.deepEqual(await anotherCode(first.deviceId), RESTART, "the device is gone, too");
});

test("createNewCodeForDevice refuses a code that the device has, and a device that is unknown", async () => {
  const { deviceId } = await createCode({ email: newEmail() }, { userInputCode: "111111" });
  assert.deepEqual(await anotherCode(deviceId, "111111"), { status: "USER_INPUT_CODE_ALREADY_USED_ERROR" });
  const unknown = Buffer.alloc(32, newId("device")).toString("base64");
  assert.deepEqual(await anotherCode(unknown), RESTART);
  await assert.rejects(anotherCode("##"), /status code: 400.*deviceId/s);
});

test("one sign-in makes all codes of the address worthless, on any device", async () => {
  const [email, stranger] = [newEmail(), newEmail()];
  const [one, two, other] = [
    await createCode({ email }),
    await createCode({ email }),
    await createCode({ email: stranger }),
  ];
  assert.equal((await consume(typed(one))).status, "OK");
  assert.deepEqual(await consume(typed(two)), RESTART);
  assert.equal((await consume(typed(other))).status, "OK", "another address");
});

for (const [name, present] of [
  ["checkCode", check],
  ["consumeCode", consume],
]) {
  test(`${name} counts wrong codes, and gives up after the fifth`, async () => {
    const code = await createCode({ email: newEmail() });
    for (let n = 1; n < MAX_ATTEMPTS; n += 1) assert.deepEqual(await present(mistyped(code, n)), incorrect(n));
    const right = await check(typed(code));
    assert.equal(right.status, "OK", "the right one after four wrong ones");
    assert.equal(right.consumedDevice.failedCodeInputAttemptCount, MAX_ATTEMPTS - 1);
    assert.deepEqual(await present(mistyped(code)), RESTART, "the fifth");
    assert.deepEqual(await present(typed(code)), RESTART, "the right one is worthless");
    assert.deepEqual(await present(linked(code)), RESTART, "so is the link");
  });

  test(`${name} refuses what belongs to no device, or to another one`, async () => {
    const [code, other] = [await createCode({ email: newEmail() }), await createCode({ email: newEmail() })];
    const { preAuthSessionId } = other;
    await assert.rejects(present({ ...linked(code), preAuthSessionId }), /status code: 400.*doesn't match/s);
    await assert.rejects(present({ ...typed(code), preAuthSessionId }), /status code: 400.*doesn't match/s);
    const linkCode = Buffer.alloc(32, newId("link")).toString("base64url");
    assert.deepEqual(await present({ ...linked(code), linkCode }), RESTART, "an unknown link");
    const deviceId = Buffer.alloc(32, newId("device")).toString("base64");
    assert.deepEqual(await present({ ...typed(code), deviceId }), RESTART, "an unknown device");
    assert.equal((await check(typed(code))).consumedDevice.failedCodeInputAttemptCount, 0, "none of it counts");
  });

  test(`${name}: a code that ran out`, async () => {
    const tenantId = await createTenant();
    const code = await createCode({ email: newEmail(), tenantId });
    await Multitenancy.createOrUpdateTenant(tenantId, { coreConfig: { passwordless_code_lifetime: 1 } });
    while (Date.now() <= code.timeCreated + 10) await new Promise((resolve) => setTimeout(resolve, 5));
    const expired = { ...incorrect(1), status: "EXPIRED_USER_INPUT_CODE_ERROR" };
    assert.deepEqual(await present(typed(code), tenantId), expired);
    assert.deepEqual(await present(mistyped(code), tenantId), incorrect(2), "a wrong one is just wrong");
    assert.deepEqual(await present(linked(code), tenantId), RESTART, "the link");
  });
}

test("of many who come with one code exactly one signs in", async () => {
  const email = newEmail();
  const code = await createCode({ email });
  const answers = await Promise.all(Array.from({ length: 8 }, () => consume(typed(code))));
  const statuses = answers.map((answer) => answer.status).sort();
  assert.deepEqual(statuses, ["OK", ...Array(7).fill("RESTART_FLOW_ERROR")]);
  assert.equal(sql("SELECT id FROM auth.users WHERE email = $1", email).length, 1);
});

test("codes, devices and users belong to their tenant", async () => {
  const [tenantId, email] = [await createTenant(), newEmail()];
  const code = await createCode({ email, tenantId });
  assert.deepEqual(await consume(typed(code)), RESTART, "in the public tenant");
  assert.deepEqual(await anotherCode(code.deviceId), RESTART);
  const there = await consume(typed(code), tenantId);
  assert.deepEqual([there.status, there.user.tenantIds], ["OK", [tenantId]]);
  const here = await Passwordless.signInUp({ tenantId: PUBLIC, email });
  assert.equal(here.createdNewRecipeUser, true);
  assert.notEqual(here.user.id, there.user.id);
  await assert.rejects(createCode({ email, tenantId: newId("no-tenant") }), /status code: 400.*not found/s);
});

test("a user with a password and the same address is somebody else", async () => {
  const { email, id } = await signUp();
  const { createdNewRecipeUser, user } = await Passwordless.signInUp({ tenantId: PUBLIC, email });
  assert.equal(createdNewRecipeUser, true);
  assert.notEqual(user.id, id);
  const found = await SuperTokens.listUsersByAccountInfo(PUBLIC, { email });
  assert.deepEqual(found.map((one) => one.id).sort(), [id, user.id].sort());
});
