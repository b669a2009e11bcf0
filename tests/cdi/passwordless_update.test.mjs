// Passwordless: changing a user's address and number, and the deprecated look-up (CDI 2.3, 3.2, 7.3).
import test from "node:test";
import {
  VERSIONS, assert, badField, call, consumeCode, createCode, get, has, newApp, newEmail, newPhone, newTenant, ok,
  passwordlessUser, refused, signInUp, signUp, sqlCall, typed,
} from "./helper.mjs";

const headers = { rid: "passwordless" };
const NEITHER = "You cannot clear both email and phone number of a user";
const UNKNOWN = "UNKNOWN_USER_ID_ERROR";
const EMAIL_TAKEN = "EMAIL_ALREADY_EXISTS_ERROR";
const PHONE_TAKEN = "PHONE_NUMBER_ALREADY_EXISTS_ERROR";

const update = (id, change, at = "", version = "5.4") => {
  const name = Number(version) < 4 ? "userId" : "recipeUserId";
  return call("PUT", `${at}/recipe/user`, { body: { [name]: id, ...change }, version, headers });
};
const find = (query, version = "3.1", at = "") => call("GET", `${at}/recipe/user`, { query, version, headers });

/** The user's address and number, as they are now. */
async function contacts(userId, at = "") {
  const { emails, phoneNumbers, loginMethods } = ok(await get(`${at}/user/id`, { userId })).user;
  const [{ email, phoneNumber }] = loginMethods;
  assert.deepEqual([emails, phoneNumbers], [[email ?? []].flat(), [phoneNumber ?? []].flat()]);
  return { email, phoneNumber };
}

test("7.3.100 null clears, a text sets, what is absent stays", async () => {
  for (const version of VERSIONS) {
    const [email, phoneNumber] = [newEmail(), newPhone()];
    const { id } = await passwordlessUser({ email });
    const change = (change) => update(id, change, "", version);
    for (const cleared of [{ email: null }, { email: null, phoneNumber: null }, { phoneNumber: null, email: null }]) {
      refused(await change(cleared), 400, NEITHER, `${version} ${JSON.stringify(cleared)}`);
    }
    assert.deepEqual(ok(await change({})), { status: "OK" });
    ok(await change({ phoneNumber: null }), "there is none");
    assert.deepEqual(await contacts(id), { email, phoneNumber: undefined });
    ok(await change({ phoneNumber }));
    assert.deepEqual(await contacts(id), { email, phoneNumber });
    refused(await change({ email: null, phoneNumber: null }), 400, NEITHER);
    ok(await change({ email: null }));
    assert.deepEqual(await contacts(id), { email: undefined, phoneNumber });
    refused(await change({ phoneNumber: null }), 400, NEITHER);
    ok(await change({ email, phoneNumber: null }), "swapped back");
    assert.deepEqual(await contacts(id), { email, phoneNumber: undefined });
    for (const field of ["email", "phoneNumber"]) badField(await change({ [field]: 1 }), field);
  }
});

test("3.2 what is set is normalised, and signs in", async () => {
  const app = await newApp();
  const { id } = await passwordlessUser({ email: newEmail() }, app);
  const email = newEmail();
  ok(await update(id, { email: ` ${email.toUpperCase()} `, phoneNumber: "+1 650-555-1234" }, app));
  assert.deepEqual(await contacts(id, app), { email, phoneNumber: "+16505551234" });
  for (const contact of [{ email }, { phoneNumber: "+16505551234" }]) {
    const done = ok(await consumeCode(typed(await createCode(contact, app)), app));
    assert.deepEqual([done.createdNewUser, done.user.id], [false, id]);
  }
});

test("2.3 which field names the user to change", async () => {
  const { id } = await passwordlessUser({ email: newEmail() });
  for (const version of VERSIONS) {
    const [right, wrong] = version === "3.1" ? ["userId", "recipeUserId"] : ["recipeUserId", "userId"];
    const send = (field) => call("PUT", "/recipe/user", { body: { [field]: id }, version, headers });
    badField(await send(wrong), right, version);
    ok(await send(right), version);
  }
});

test("3.2 nobody, and users of other recipes", async () => {
  const { user } = ok(await signInUp({
    thirdPartyId: "p", thirdPartyUserId: newEmail(), email: { id: newEmail(), isVerified: true },
  }));
  for (const version of VERSIONS) {
    const { id } = await signUp();
    for (const unknown of ["unknown", "00000000-0000-4000-8000-000000000000", "", id, user.id]) {
      for (const change of [{ email: newEmail() }, {}, { email: null, phoneNumber: null }]) {
        assert.deepEqual(has(await update(unknown, change, "", version), UNKNOWN, unknown), { status: UNKNOWN });
      }
    }
  }
});

test("7.3.101 contacts of another passwordless user; then nothing changes", async () => {
  const [mine, taken] = [{ email: newEmail(), phoneNumber: newPhone() }, { email: newEmail(), phoneNumber: newPhone() }];
  const { id } = await passwordlessUser(mine);
  await passwordlessUser(taken);
  for (const version of VERSIONS) {
    for (const email of [taken.email, ` ${taken.email.toUpperCase()}`]) {
      for (const more of [{}, { phoneNumber: newPhone() }, { phoneNumber: null }]) {
        has(await update(id, { email, ...more }, "", version), EMAIL_TAKEN, version);
      }
    }
    for (const more of [{}, { email: newEmail() }, { email: null }]) {
      has(await update(id, { phoneNumber: taken.phoneNumber, ...more }, "", version), PHONE_TAKEN, version);
    }
    has(await update(id, taken, "", version), EMAIL_TAKEN, "the address is looked at first");
    assert.deepEqual(await contacts(id), mine);
  }
});

test("3.2 contacts that other recipes, tenants or apps have are free", async () => {
  const app = await newApp();
  const { id } = await passwordlessUser({ email: newEmail() }, app);
  const elsewhere = { email: newEmail(), phoneNumber: newPhone() };
  await passwordlessUser(elsewhere, await newApp());
  ok(await update(id, elsewhere, app));
  const { email } = await signUp(app);
  ok(await update(id, { email }, app));
  const inTenant = newEmail();
  await passwordlessUser({ email: inTenant }, await newTenant(app));
  ok(await update(id, { email: inTenant }, app));
  assert.deepEqual(await contacts(id, app), { ...elsewhere, email: inTenant });
});

test("3.2 a contact is taken if it is in any of the user's tenants", async () => {
  const app = await newApp();
  const at = await newTenant(app);
  const [one, other] = [newEmail(), newEmail()];
  const { id } = await passwordlessUser({ email: one }, at);
  await passwordlessUser({ email: other }, at);
  has(await update(id, { email: other }, app), EMAIL_TAKEN);
  ok(await update(id, { email: newEmail() }, app));
  ok(await consumeCode(typed(await createCode({ email: one }, at)), at), "the old one is free again");
});

test("7.3.102 what the user has is no conflict", async () => {
  const mine = { email: newEmail(), phoneNumber: newPhone() };
  const { id } = await passwordlessUser(mine);
  ok(await update(id, mine));
  ok(await update(id, { email: ` ${mine.email.toUpperCase()}` }));
  const email = newEmail();
  ok(await update(id, { phoneNumber: mine.phoneNumber, email }));
  assert.deepEqual(await contacts(id), { ...mine, email });
});

test("7.3.105 a change takes the devices of the old and the new contact along", async () => {
  const at = await newTenant();
  for (const name of ["email", "phoneNumber"]) {
    const fresh = name === "email" ? newEmail : newPhone;
    const [was, is, other] = [fresh(), fresh(), fresh()];
    const { id } = await passwordlessUser({ [name]: was }, at);
    const pending = async (value) => ok(await get(`${at}/recipe/signinup/codes`, { [name]: value })).devices.length;
    for (const value of [was, is, other]) await createCode({ [name]: value }, at);
    ok(await update(id, { [name]: was }));
    ok(await update(id, {}));
    assert.equal(await pending(was), 1, "no change, no devices gone");
    ok(await update(id, { [name]: is }));
    assert.deepEqual([await pending(was), await pending(is), await pending(other)], [0, 0, 1], name);
  }
});

test("7.3.105 clearing a contact takes its devices along, a refused change takes none", async () => {
  const mine = { email: newEmail(), phoneNumber: newPhone() };
  const { id } = await passwordlessUser(mine);
  const taken = newEmail();
  await passwordlessUser({ email: taken });
  for (const email of [mine.email, taken]) await createCode({ email });
  has(await update(id, { email: taken }), EMAIL_TAKEN);
  const pending = async (email) => ok(await get("/recipe/signinup/codes", { email })).devices.length;
  assert.deepEqual([await pending(mine.email), await pending(taken)], [1, 1]);
  ok(await update(id, { email: null }));
  assert.deepEqual([await pending(mine.email), await pending(taken)], [0, 1]);
});

test("3.2 a new address is verified only where it was before", async () => {
  const email = newEmail();
  const { id } = await passwordlessUser({ email });
  const verified = async () => ok(await get("/user/id", { userId: id })).user.loginMethods[0].verified;
  assert.equal(await verified(), true);
  ok(await update(id, { email: newEmail() }));
  assert.equal(await verified(), false);
  ok(await update(id, { email }));
  assert.equal(await verified(), true);
});

test("7.3.106 the deprecated look-up", async () => {
  const mine = { email: newEmail(), phoneNumber: newPhone() };
  const { id, user } = await passwordlessUser(mine);
  const one = "Please provide exactly one of userId, email or phoneNumber";
  for (const query of [{}, mine, { userId: id, email: mine.email }, { userId: id, phoneNumber: mine.phoneNumber },
    { userId: id, ...mine }]) {
    refused(await find(query), 400, one, JSON.stringify(query));
  }
  const shown = { id, ...mine, timeJoined: user.timeJoined, tenantIds: ["public"] };
  for (const query of [{ userId: id }, { email: ` ${mine.email.toUpperCase()} ` }, { phoneNumber: mine.phoneNumber }]) {
    assert.deepEqual(ok(await find(query)), { status: "OK", user: shown });
  }
  has(await find({ userId: "unknown" }), UNKNOWN);
  has(await find({ email: newEmail() }), "UNKNOWN_EMAIL_ERROR");
  has(await find({ phoneNumber: newPhone() }), "UNKNOWN_PHONE_NUMBER_ERROR");
  const at = await newTenant();
  has(await find({ email: mine.email }, "3.1", at), "UNKNOWN_EMAIL_ERROR", "by contact in one tenant");
  assert.equal(ok(await find({ userId: id }, "3.1", at)).user.id, id, "by id in all of the app");
});

test("7.3.106 the deprecated look-up finds users of this recipe", async () => {
  const { id, email } = await signUp();
  has(await find({ userId: id }), UNKNOWN);
  has(await find({ email }), "UNKNOWN_EMAIL_ERROR");
});

test("2.3 the same in SQL", async () => {
  const [mine, taken] = [{ email: newEmail(), phoneNumber: newPhone() }, { email: newEmail(), phoneNumber: newPhone() }];
  const { id: recipe_user_id } = await passwordlessUser(mine);
  await passwordlessUser(taken);
  const change = (change) => sqlCall("update_passwordless_user", { recipe_user_id, ...change }).status;
  assert.equal(change({ email: taken.email, phone_number: newPhone() }), EMAIL_TAKEN);
  assert.equal(change({ email: newEmail(), phone_number: taken.phoneNumber }), PHONE_TAKEN);
  assert.equal(change({ recipe_user_id: "unknown", email: newEmail() }), UNKNOWN);
  assert.equal(change({}), "OK");
  assert.deepEqual(await contacts(recipe_user_id), mine);
  assert.equal(change({ clear_email: true }), "OK");
  assert.deepEqual(await contacts(recipe_user_id), { ...mine, email: undefined });
  assert.throws(() => change({ clear_phone_number: true }), new RegExp(NEITHER));
  assert.equal(change({ email: ` ${mine.email.toUpperCase()}`, clear_phone_number: true }), "OK");
  assert.deepEqual(await contacts(recipe_user_id), { ...mine, phoneNumber: undefined });
});
