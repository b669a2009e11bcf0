// The Passwordless recipe: listing and revoking codes, and changing how a user is reached.
import test from "node:test";
import SuperTokens from "supertokens-node";
import Multitenancy from "supertokens-node/recipe/multitenancy";
import Passwordless from "supertokens-node/recipe/passwordless";
import { PUBLIC, assert, init, newEmail, newId, newPhone, recipeUserId, sameMembers, signUp } from "./helpers.mjs";

init({
  recipes: [Passwordless.init({ contactMethod: "EMAIL_OR_PHONE", flowType: "USER_INPUT_CODE_AND_MAGIC_LINK" })],
});

const UNKNOWN = "00000000-0000-4000-8000-000000000000";

/** For an address and for a number: the field's name, a new one, and the function that lists its codes. */
const contacts = [
  ["email", newEmail, Passwordless.listCodesByEmail],
  ["phoneNumber", newPhone, Passwordless.listCodesByPhoneNumber],
];

const inPublic = (input) => ({ tenantId: PUBLIC, ...input });

const createCode = async (input) => {
  const code = await Passwordless.createCode(inPublic(input));
  assert.equal(code.status, "OK");
  return code;
};

const checkStatus = async ({ preAuthSessionId, linkCode }) =>
  (await Passwordless.checkCode(inPublic({ preAuthSessionId, linkCode }))).status;

/** The code's entry in a list. */
const entry = ({ codeId, timeCreated, codeLifetime }) => ({ codeId, timeCreated, codeLifetime });

const byCodeId = (a, b) => (a.codeId < b.codeId ? -1 : 1);
const sorted = (device) => ({ ...device, codes: [...device.codes].sort(byCodeId) });

for (const [kind, newContact, listByContact] of contacts) {
  test(`${kind}: codes are listed by contact, by device and by session`, async () => {
    const contact = { [kind]: newContact() };
    assert.deepEqual(await listByContact(inPublic(contact)), []);
    const first = await createCode(contact);
    const { deviceId, preAuthSessionId } = first;
    const second = await Passwordless.createNewCodeForDevice(inPublic({ deviceId }));
    await Passwordless.checkCode(inPublic({ preAuthSessionId, deviceId, userInputCode: "wrong" }));
    const expected = {
      preAuthSessionId,
      failedCodeInputAttemptCount: 1,
      ...contact,
      codes: [entry(first), entry(second)].sort(byCodeId),
    };
    assert.deepEqual(sorted(await Passwordless.listCodesByDeviceId(inPublic({ deviceId }))), expected);
    assert.deepEqual(sorted(await Passwordless.listCodesByPreAuthSessionId(inPublic({ preAuthSessionId }))), expected);
    const other = await createCode(contact);
    await createCode({ [kind]: newContact() });
    const devices = await listByContact(inPublic(contact));
    sameMembers(
      devices.map((device) => device.preAuthSessionId),
      [preAuthSessionId, other.preAuthSessionId],
    );
    assert.deepEqual(sorted(devices.find((device) => device.preAuthSessionId === preAuthSessionId)), expected);
  });

  test(`${kind}: revokeAllCodes revokes those of one contact`, async () => {
    const [contact, stranger] = [{ [kind]: newContact() }, { [kind]: newContact() }];
    const codes = [await createCode(contact), await createCode(contact)];
    const others = await createCode(stranger);
    assert.deepEqual(await Passwordless.revokeAllCodes(inPublic(contact)), { status: "OK" });
    assert.deepEqual(await listByContact(inPublic(contact)), []);
    for (const code of codes) assert.equal(await checkStatus(code), "RESTART_FLOW_ERROR");
    assert.equal(await checkStatus(others), "OK", "somebody else's");
    assert.deepEqual(await Passwordless.revokeAllCodes(inPublic(contact)), { status: "OK" }, "a second time");
  });

  test(`${kind}: updateUser changes it, and the user is found by the new one alone`, async () => {
    const [before, after] = [{ [kind]: newContact() }, { [kind]: newContact() }];
    const { user } = await Passwordless.signInUp(inPublic(before));
    const update = () => Passwordless.updateUser({ recipeUserId: recipeUserId(user.id), ...after });
    assert.deepEqual(await update(), { status: "OK" });
    const found = await SuperTokens.getUser(user.id);
    assert.equal(found.loginMethods[0][kind], after[kind]);
    assert.deepEqual([...found.emails, ...found.phoneNumbers], [after[kind]]);
    assert.deepEqual(await update(), { status: "OK" }, "to what it is already");
    assert.equal((await Passwordless.signInUp(inPublic(after))).user.id, user.id);
    assert.equal((await Passwordless.signInUp(inPublic(before))).createdNewRecipeUser, true, "the old one is free");
  });

  test(`${kind}: updateUser makes codes for the old and the new one worthless`, async () => {
    const [before, after] = [{ [kind]: newContact() }, { [kind]: newContact() }];
    const { user } = await Passwordless.signInUp(inPublic(before));
    const codes = [await createCode(before), await createCode(after)];
    const answer = await Passwordless.updateUser({ recipeUserId: recipeUserId(user.id), ...after });
    assert.deepEqual(answer, { status: "OK" });
    for (const code of codes) assert.equal(await checkStatus(code), "RESTART_FLOW_ERROR");
  });

  test(`${kind}: updateUser refuses what another passwordless user has`, async () => {
    const [own, taken] = [{ [kind]: newContact() }, { [kind]: newContact() }];
    const { user } = await Passwordless.signInUp(inPublic(own));
    await Passwordless.signInUp(inPublic(taken));
    const answer = await Passwordless.updateUser({ recipeUserId: recipeUserId(user.id), ...taken });
    const status = kind === "email" ? "EMAIL_ALREADY_EXISTS_ERROR" : "PHONE_NUMBER_ALREADY_EXISTS_ERROR";
    assert.deepEqual(answer, { status });
    assert.equal((await SuperTokens.getUser(user.id)).loginMethods[0][kind], own[kind], "nothing has changed");
  });

  test(`${kind}: updateUser cannot take the only contact away`, async () => {
    const { user } = await Passwordless.signInUp(inPublic({ [kind]: newContact() }));
    const clear = Passwordless.updateUser({ recipeUserId: recipeUserId(user.id), [kind]: null });
    await assert.rejects(clear, /status code: 400.*cannot clear both/s);
    assert.deepEqual((await SuperTokens.getUser(user.id)).toJson(), user.toJson());
  });
}

test("nothing is listed for what is unknown", async () => {
  const deviceId = Buffer.alloc(32, newId("device")).toString("base64");
  assert.equal(await Passwordless.listCodesByDeviceId(inPublic({ deviceId })), undefined);
  const preAuthSessionId = newId("session");
  assert.equal(await Passwordless.listCodesByPreAuthSessionId(inPublic({ preAuthSessionId })), undefined);
});

test("codes are listed and revoked in their tenant", async () => {
  const [tenantId, email] = [newId("tenant"), newEmail()];
  await Multitenancy.createOrUpdateTenant(tenantId, { firstFactors: null });
  const { codeId, preAuthSessionId } = await createCode({ tenantId, email });
  assert.deepEqual(await Passwordless.listCodesByEmail(inPublic({ email })), []);
  await Passwordless.revokeAllCodes(inPublic({ email }));
  await Passwordless.revokeCode(inPublic({ codeId }));
  await Passwordless.revokeCode(inPublic({ preAuthSessionId }));
  const [device, ...others] = await Passwordless.listCodesByEmail({ tenantId, email });
  assert.deepEqual([device?.codes.map((code) => code.codeId), others], [[codeId], []]);
});

test("revokeCode revokes one code, and with the last one the device", async () => {
  const first = await createCode({ email: newEmail() });
  const { deviceId } = first;
  const second = await Passwordless.createNewCodeForDevice(inPublic({ deviceId }));
  const device = () => Passwordless.listCodesByDeviceId(inPublic({ deviceId }));
  assert.deepEqual(await Passwordless.revokeCode(inPublic({ codeId: first.codeId })), { status: "OK" });
  assert.deepEqual((await device()).codes, [entry(second)]);
  assert.equal(await checkStatus(first), "RESTART_FLOW_ERROR");
  assert.equal(await checkStatus(second), "OK");
  assert.deepEqual(await Passwordless.revokeCode(inPublic({ codeId: second.codeId })), { status: "OK" });
  assert.equal(await device(), undefined);
  for (const codeId of [second.codeId, UNKNOWN, "nonsense"])
    assert.deepEqual(await Passwordless.revokeCode(inPublic({ codeId })), { status: "OK" }, `unknown: ${codeId}`);
});

test("revokeCode revokes all codes of a device by its session", async () => {
  const email = newEmail();
  const [code, elsewhere] = [await createCode({ email }), await createCode({ email })];
  const { deviceId, preAuthSessionId } = code;
  const second = await Passwordless.createNewCodeForDevice(inPublic({ deviceId }));
  assert.deepEqual(await Passwordless.revokeCode(inPublic({ preAuthSessionId })), { status: "OK" });
  for (const one of [code, second]) assert.equal(await checkStatus(one), "RESTART_FLOW_ERROR");
  assert.equal(await checkStatus(elsewhere), "OK", "the address's other device");
  assert.deepEqual(await Passwordless.revokeCode(inPublic({ preAuthSessionId })), { status: "OK" }, "a second time");
});

test("updateUser adds a second contact, and takes the first away", async () => {
  const [email, phoneNumber] = [newEmail(), newPhone()];
  const { user } = await Passwordless.signInUp(inPublic({ email }));
  const update = (change) => Passwordless.updateUser({ recipeUserId: recipeUserId(user.id), ...change });
  assert.deepEqual(await update({ phoneNumber }), { status: "OK" });
  const both = await SuperTokens.getUser(user.id);
  assert.deepEqual([both.emails, both.phoneNumbers], [[email], [phoneNumber]]);
  for (const contact of [{ email }, { phoneNumber }])
    assert.equal((await Passwordless.signInUp(inPublic(contact))).user.id, user.id, JSON.stringify(contact));

  const codes = [await createCode({ email }), await createCode({ phoneNumber })];
  const { preAuthSessionId, linkCode } = codes[0];
  const used = await Passwordless.consumeCode(inPublic({ preAuthSessionId, linkCode }));
  assert.equal(used.status, "OK");
  assert.equal(await checkStatus(codes[1]), "RESTART_FLOW_ERROR", "a sign-in by the one makes the other's worthless");

  assert.deepEqual(await update({ email: null }), { status: "OK" });
  const found = await SuperTokens.getUser(user.id);
  assert.deepEqual([found.emails, found.phoneNumbers], [[], [phoneNumber]]);
  assert.equal(found.loginMethods[0].email, undefined);
});

test("updateUser changes both or none", async () => {
  const [email, taken] = [newEmail(), newPhone()];
  const { user } = await Passwordless.signInUp(inPublic({ email }));
  await Passwordless.signInUp(inPublic({ phoneNumber: taken }));
  const update = (change) => Passwordless.updateUser({ recipeUserId: recipeUserId(user.id), ...change });
  const refused = await update({ email: newEmail(), phoneNumber: taken });
  assert.deepEqual(refused, { status: "PHONE_NUMBER_ALREADY_EXISTS_ERROR" });
  assert.deepEqual((await SuperTokens.getUser(user.id)).emails, [email], "the address stays");
  const [newOne, number] = [newEmail(), newPhone()];
  assert.deepEqual(await update({ email: newOne, phoneNumber: number }), { status: "OK" });
  const found = await SuperTokens.getUser(user.id);
  assert.deepEqual([found.emails, found.phoneNumbers], [[newOne], [number]]);
  await assert.rejects(update({ email: null, phoneNumber: null }), /status code: 400.*cannot clear both/s);
});

test("updateUser knows passwordless users alone", async () => {
  const { id } = await signUp();
  for (const unknown of [UNKNOWN, newId("nobody"), id]) {
    for (const change of [{ email: newEmail() }, { phoneNumber: newPhone() }]) {
      const answer = await Passwordless.updateUser({ recipeUserId: recipeUserId(unknown), ...change });
      assert.deepEqual(answer, { status: "UNKNOWN_USER_ID_ERROR" }, `${unknown} ${JSON.stringify(change)}`);
    }
  }
});

test("deleting the user leaves nobody to sign in", async () => {
  const contact = { phoneNumber: newPhone() };
  const { user } = await Passwordless.signInUp(inPublic(contact));
  await SuperTokens.deleteUser(user.id);
  assert.equal(await SuperTokens.getUser(user.id), undefined);
  const again = await Passwordless.signInUp(inPublic(contact));
  assert.equal(again.createdNewRecipeUser, true);
  assert.notEqual(again.user.id, user.id);
});
