// Users imported one at a time (CDI 2.16, 3.14, 7.14); those in the queue are in bulkimport_queue.test.mjs.
import test from "node:test";
import { PERIOD, codeOf } from "./authenticator.mjs";
import {
  TAKEN, byEmail, byPassword, byPhone, byProvider, importUser, imported, kept, refusedFor, userOf,
} from "./bulkimport_helper.mjs";
import {
  UUID, assert, call, consumeCode, createCode, get, has, newApp, newEmail, newId, newPhone, newTenant, ok,
  passwordlessUser, post, put, refused, sameMembers, signIn, signInUp, signUp, typed,
} from "./helper.mjs";
import {
  createPrimary, isVerified, mapping, metadataOf, methodOf, rolesOf, stranger, tenantId, userOf as find,
} from "./linking_helper.mjs";
import { SECRET, devices, verify } from "./totp_helper.mjs";

const WRONG = "WRONG_CREDENTIALS_ERROR";
const IMPORT = "/bulk-import/import";
const AGO = 1_600_000_000_000;

test("2.16 what is no user at all, and where users cannot be imported", async () => {
  for (const body of ["", "[]", "null", "{", '"user"']) {
    refused(await post(IMPORT, body), 400, "Invalid Json Input", body);
  }
  const at = await newTenant();
  refused(await importUser(userOf(), at), 403, "Only public tenantId can call this app specific API");
  refused(await importUser(userOf(), "/appid-nowhere"), 400, /^AppId or tenantId not found/);
  refused(await call("PUT", IMPORT, { body: userOf() }), 405, "Method not supported");
});

test("7.14.321 7.14.323 3.14 what can be wrong with a user is told as JSON", async () => {
  const app = await newApp();
  const t1 = tenantId(await newTenant(app));
  ok(await put(`${app}/recipe/role`, { role: "admin" }));
  const before = kept(app);
  const long = "x".repeat(300);
  for (const [user, ...errors] of [
    [{}, "loginMethods is required."],
    [{ loginMethods: [] }, "At least one loginMethod is required."],
    [{ loginMethods: "x" }, "loginMethods should be of type array of object."],
    [userOf(byProvider(), { externalUserId: " ", userMetadata: [] }), "externalUserId should be of type string.",
      "userMetadata should be of type object."],
    [userOf({}), "recipeId is required for a loginMethod."],
    [userOf({ recipeId: "webauthn" }),
      "Invalid recipeId for loginMethod. Pass one of emailpassword, thirdparty or, passwordless!"],
    [{ loginMethods: [byProvider({ isPrimary: true }), byEmail({ isPrimary: true })] },
      "No two loginMethods can have isPrimary as true."],
    [userOf({ recipeId: "emailpassword" }), "email is required for an emailpassword recipe.",
      "Either (passwordHash, hashingAlgorithm) or plainTextPassword is required for an emailpassword recipe."],
    [userOf(byProvider({ thirdPartyUserId: 1, thirdPartyId: undefined })),
      "thirdPartyId is required for a thirdparty recipe.",
      "thirdPartyUserId should be of type string for a thirdparty recipe."],
    [userOf({ recipeId: "passwordless" }), "Either email or phoneNumber is required for a passwordless recipe."],
    [userOf(byProvider({ timeJoinedInMSSinceEpoch: "0" })),
      "timeJoinedInMSSinceEpoch should be of type integer for a loginMethod"],
    [userOf(byProvider({ timeJoinedInMSSinceEpoch: Date.now() + 600_000 })),
      "timeJoined cannot be in future for a loginMethod."],
    [userOf(byProvider({ timeJoinedInMSSinceEpoch: -1 })), "timeJoined cannot be < 0 for a loginMethod."],
    [userOf(byProvider({ tenantIds: ["nowhere"] })), "Invalid tenantId: nowhere for thirdparty recipe."],
    [userOf(byProvider(), { userRoles: [{ role: "admin", tenantIds: ["nowhere"] }] }),
      "Invalid tenantId: nowhere for a user role."],
    [userOf(byProvider(), { userRoles: [{ role: "admin", tenantIds: [t1] }] }),
      `TenantId ${t1} for a user role does not exist in loginMethods.`],
    [userOf(byProvider(), { userRoles: [{ role: "nobody", tenantIds: ["public"] }] }), "Role nobody does not exist."],
    [userOf(byProvider(), { userRoles: [{}] }),
      "role is required for a user role.", "tenantIds is required for a user role."],
    [userOf(byProvider(), { totpDevices: [{ period: 0, skew: -1 }] }),
      "secretKey is required for a totp device.",
      "period should be > 0 for a totp device.", "skew should be >= 0 for a totp device."],
    [userOf(byPassword({ plainTextPassword: undefined, passwordHash: "x", hashingAlgorithm: "md5" })),
      "Invalid hashingAlgorithm for emailpassword recipe. Pass one of bcrypt, argon2 or, firebase_scrypt!"],
    [userOf(byPassword({ passwordHash: "x", hashingAlgorithm: "bcrypt" })),
      "Password hash is in invalid BCrypt format"],
    [userOf(byProvider(), { externalUserId: long }), `externalUserId ${long} is too long. Max length is 128.`],
    [userOf(byEmail({ email: long })), `email ${long} is too long. Max length is 256.`],
    [userOf(byProvider({ thirdPartyId: long })), `thirdPartyId ${long} is too long. Max length is 28.`],
  ]) {
    for (const version of ["5.2", "5.4", "5.6"]) {
      refusedFor(await importUser(user, app, version), errors, JSON.stringify(user));
    }
  }
  assert.deepEqual(kept(app), before, "none of them left anything");
});

test("3.14 a faulty user's password is not told back", async () => {
  const secret = newId("secret");
  const faults = [{ email: undefined }, { tenantIds: ["nowhere"] }, { timeJoinedInMSSinceEpoch: -1 }, { isPrimary: 1 }];
  for (const more of faults) {
    const { status, text } = await importUser(userOf(byPassword({ plainTextPassword: secret, ...more })));
    assert.equal(status, 400, text);
    assert.ok(!text.includes(secret), text);
  }
});

test("7.14.325 three login methods, none of them marked: the oldest is the user's", async () => {
  const [email, phoneNumber] = [newEmail(), newPhone()];
  const provider = byProvider({ timeJoinedInMSSinceEpoch: AGO + 1 });
  const user = {
    loginMethods: [
      byPassword({ email: ` ${email.toUpperCase()} `, timeJoinedInMSSinceEpoch: AGO + 2 }), provider,
      byPhone({ phoneNumber: ` ${phoneNumber.slice(0, 6)} ${phoneNumber.slice(6)}`, timeJoinedInMSSinceEpoch: AGO }),
    ],
  };
  for (const externalUserId of [undefined, newId("ext")]) {
    const at = await newApp();
    const made = await imported({ ...user, externalUserId }, at);
    if (externalUserId) assert.equal(made.id, externalUserId);
    else assert.match(made.id, UUID);
    const { id } = made;
    const ids = made.loginMethods.map(({ recipeUserId }) => recipeUserId);
    assert.equal(new Set(ids).size, 3);
    const tenantIds = ["public"];
    assert.deepEqual(made, {
      id, isPrimaryUser: true, tenantIds, timeJoined: AGO, phoneNumbers: [phoneNumber], emails: made.emails,
      webauthn: { credentialIds: [] },
      thirdParty: [{ id: "github", userId: provider.thirdPartyUserId }],
      loginMethods: [
        { recipeId: "passwordless", recipeUserId: id, phoneNumber, timeJoined: AGO, tenantIds, verified: true },
        {
          recipeId: "thirdparty", recipeUserId: ids[1], email: provider.email, timeJoined: AGO + 1, tenantIds,
          verified: false, thirdParty: { id: "github", userId: provider.thirdPartyUserId },
        },
        { recipeId: "emailpassword", recipeUserId: ids[2], email, timeJoined: AGO + 2, tenantIds, verified: false },
      ],
    });
    sameMembers(made.emails, [email, provider.email]);
    assert.deepEqual(await find(id, at), made, "it is found as it was shown");
    assert.equal(ok(await get(`${at}/users/count`)).count, 1);
  }
});

test("3.14 the marked login method is the user's; one alone is no primary user unless it is marked", async () => {
  const methods = [
    byProvider({ timeJoinedInMSSinceEpoch: AGO }), byEmail({ timeJoinedInMSSinceEpoch: AGO + 1, isPrimary: true }),
  ];
  const made = await imported({ loginMethods: methods });
  assert.equal(methodOf(made, made.id).recipeId, "passwordless");
  assert.deepEqual([made.timeJoined, made.isPrimaryUser], [AGO, true]);
  for (const isPrimary of [true, false]) {
    assert.equal((await imported(userOf(byProvider({ isPrimary })))).isPrimaryUser, isPrimary);
  }
  const began = Date.now();
  const { timeJoined } = await imported(userOf());
  assert.ok(Math.abs(timeJoined - began) < 60_000, "who says nothing joins now");
});

test("7.14.326 each login method signs its user in", async () => {
  const [password, provider, email] = [byPassword(), byProvider(), byEmail()];
  const externalUserId = newId("ext");
  const { id, loginMethods } = await imported({ externalUserId, loginMethods: [password, provider, email] });
  assert.equal(id, externalUserId);
  const idOf = (recipe) => loginMethods.find(({ recipeId }) => recipeId === recipe).recipeUserId;

  has(await signIn("", password.email, "imported 2"), WRONG);
  const signedIn = ok(await signIn("", password.email, "imported 1"));
  assert.deepEqual([signedIn.user.id, signedIn.recipeUserId], [id, idOf("emailpassword")]);

  const { thirdPartyId, thirdPartyUserId } = provider;
  const known = { thirdPartyId, thirdPartyUserId, email: { id: provider.email, isVerified: false } };
  const came = ok(await signInUp(known));
  assert.deepEqual([came.createdNewUser, came.user.id, came.recipeUserId], [false, id, idOf("thirdparty")]);

  const consumed = ok(await consumeCode(typed(await createCode({ email: email.email }))));
  assert.deepEqual([consumed.createdNewUser, consumed.user.id], [false, id]);
  assert.equal(consumed.recipeUserId, idOf("passwordless"));
});

// All of them are hashes of this password.
const HASHED = "testPass123";
const BCRYPT = "$2a$04$abcdefghijklmnopqrstuuG6VOuWh0gXFKIfmp9oEhamBdcmRXDw.";
const ARGON2 = "$argon2id$v=19$m=16,t=2,p=1$VG1Oa1lMbzZLbzk5azQ2Qg$kjcNNtZ/b0t/8HgXUiQ76A";
const FIREBASE = "$f_scrypt$qZM035es5AXYqavsKD6/rhtxg7t5PhcyRgv5blc3doYbChX8keMfQLq1ra96O2Pf2TP/eZrR5xtPCYN6mX3ESA=="
  + "$/cj0jC1br5o4+w==$m=14$r=8$s=Bw==";
const SIGNER_KEY = "gRhC3eDeQOdyEn4bMd9c6kxguWVmcIVq/SKa0JDPFeM6TcEevkaW56sIWfx88OHbJKnCXdWscZx0l2WbCJ1wbg==";

test("3.14 hashes from elsewhere, and passwords as they are", async () => {
  const at = await newApp({ firebase_password_hashing_signer_key: SIGNER_KEY });
  for (const [passwordHash, hashingAlgorithm] of [
    [BCRYPT, "bcrypt"], [` ${BCRYPT}\t`, "BCrypt"], [ARGON2, "ARGON2"], [FIREBASE, "firebase_scrypt"],
  ]) {
    // A hash goes before a password.
    const method = byPassword({ passwordHash, hashingAlgorithm });
    const { id } = await imported(userOf(method), at);
    has(await signIn(at, method.email, "imported 1"), WRONG, hashingAlgorithm);
    assert.equal(ok(await signIn(at, method.email, HASHED), hashingAlgorithm).user.id, id);
  }
  for (const plainTextPassword of [" pässwörd🙂 ", "x"]) {
    const method = byPassword({ plainTextPassword });
    await imported(userOf(method), at);
    ok(await signIn(at, method.email, plainTextPassword), plainTextPassword);
    has(await signIn(at, method.email, plainTextPassword.trim() + "y"), WRONG);
  }
});

test("3.14 what belongs to the user is kept for its external id", async () => {
  const at = await newApp();
  const t1 = await newTenant(at);
  for (const role of ["admin", "writer"]) ok(await put(`${at}/recipe/role`, { role }));
  const [password, provider] = [byPassword({ isVerified: true, tenantIds: ["public", tenantId(t1)] }), byProvider()];
  const userMetadata = { name: "Ada", nested: { list: [1, null, "x"] }, empty: {} };
  const externalUserId = newId("ext");
  const made = await imported({
    externalUserId: `  ${externalUserId} `, userMetadata,
    userRoles: [
      { role: " admin ", tenantIds: ["public", tenantId(t1)] }, { role: "writer", tenantIds: [tenantId(t1)] },
    ],
    totpDevices: [{ secretKey: SECRET }, { secretKey: SECRET, deviceName: " phone ", period: PERIOD, skew: 0 }],
    loginMethods: [{ ...password, isPrimary: true }, provider],
  }, at);

  assert.equal(made.id, externalUserId);
  const { superTokensUserId } = ok(await mapping(externalUserId, "EXTERNAL", at));
  assert.match(superTokensUserId, UUID);
  assert.deepEqual(await find(superTokensUserId, at), made);
  assert.deepEqual(await metadataOf(externalUserId, at), userMetadata);
  assert.deepEqual(await rolesOf(externalUserId, at), ["admin"]);
  sameMembers(await rolesOf(externalUserId, t1), ["admin", "writer"]);
  assert.equal(await isVerified(externalUserId, password.email, at), true);
  assert.equal(methodOf(made, externalUserId).verified, true);
  const other = made.loginMethods.find(({ recipeId }) => recipeId === "thirdparty");
  assert.deepEqual([other.verified, await isVerified(other.recipeUserId, provider.email, at)], [false, false]);

  sameMembers((await devices(externalUserId, at)).map((device) => JSON.stringify(device)), [
    JSON.stringify({ name: "TOTP Device 0", period: 30, skew: 1, verified: true }),
    JSON.stringify({ name: "phone", period: PERIOD, skew: 0, verified: true }),
  ]);
  ok(await verify(externalUserId, codeOf(SECRET), at));
});

test("3.14 without an external id everything is kept for ours", async () => {
  const at = await newApp();
  ok(await put(`${at}/recipe/role`, { role: "admin" }));
  const [first, second] = [byEmail({ isVerified: true, isPrimary: true }), byProvider({ isVerified: true })];
  const { id, loginMethods } = await imported({
    userMetadata: { a: 1 }, userRoles: [{ role: "admin", tenantIds: ["public"] }],
    totpDevices: [{ secretKey: SECRET, deviceName: "phone", period: PERIOD }], loginMethods: [first, second],
  }, at);
  has(await mapping(id, undefined, at), "UNKNOWN_MAPPING_ERROR");
  assert.deepEqual([await metadataOf(id, at), await rolesOf(id, at)], [{ a: 1 }, ["admin"]]);
  ok(await verify(id, codeOf(SECRET), at));
  for (const { recipeUserId, email, verified } of loginMethods) {
    assert.deepEqual([verified, await isVerified(recipeUserId, email, at)], [true, true]);
  }
});

test("3.14 login methods in several tenants", async () => {
  const app = await newApp();
  const [t1, t2] = [await newTenant(app), await newTenant(app)];
  const here = byPassword({ tenantIds: ["PUBLIC", tenantId(t1).toUpperCase(), tenantId(t1)] });
  const there = byEmail({ email: here.email, tenantIds: [tenantId(t2)] });
  const made = await imported({ loginMethods: [here, there] }, app);
  sameMembers(made.tenantIds, ["public", tenantId(t1), tenantId(t2)]);
  const password = made.loginMethods.find(({ recipeId }) => recipeId === "emailpassword");
  sameMembers(password.tenantIds, ["public", tenantId(t1)]);
  for (const at of [app, t1]) assert.equal(ok(await signIn(at, here.email, "imported 1")).user.id, made.id);
  has(await signIn(t2, here.email, "imported 1"), WRONG);
  const consumed = ok(await consumeCode(typed(await createCode({ email: here.email }, t2)), t2));
  assert.deepEqual([consumed.createdNewUser, consumed.user.id], [false, made.id]);
  for (const at of [app, t1, t2]) assert.equal(ok(await get(`${at}/users/count`)).count, 1, at);

  // What is taken in one tenant is free in another.
  const elsewhere = byPassword({ email: here.email, tenantIds: [tenantId(t2)] });
  assert.notEqual((await imported(userOf(elsewhere), app)).id, made.id);
  for (const tenantIds of [["public"], [tenantId(t1)], [tenantId(t2), tenantId(t1)]]) {
    const before = kept(app);
    const user = userOf(byPassword({ email: here.email, tenantIds }));
    refusedFor(await importUser(user, app), [TAKEN.password(here.email)]);
    assert.deepEqual(kept(app), before);
  }
});

test("7.14.324 3.14 what is taken, and then nothing is left of the user", async () => {
  const at = await newApp();
  ok(await put(`${at}/recipe/role`, { role: "admin" }));
  const [email, phoneNumber, github, external] = [newEmail(), newPhone(), stranger(), newId("ext")];
  const { id } = await signUp(at, email);
  await passwordlessUser({ email, phoneNumber }, at);
  ok(await signInUp(github, at));
  await imported(userOf(byProvider(), { externalUserId: external }), at);
  const before = kept(at);
  const provider = { thirdPartyId: github.thirdPartyId, thirdPartyUserId: github.thirdPartyUserId };
  const externalUserId = newId("ext");
  for (const [method, error, more] of [
    [byPassword({ email: ` ${email.toUpperCase()}` }), TAKEN.password(email)],
    [byProvider(provider), TAKEN.provider(provider)],
    [byEmail({ email }), TAKEN.email(email)],
    [byPhone({ phoneNumber }), TAKEN.phone(phoneNumber)],
    [byPhone({ phoneNumber, email: newEmail() }), TAKEN.phone(phoneNumber)],
    [byPhone({ email }), TAKEN.email(email)],
    [byProvider(), TAKEN.externalId(external), { externalUserId: external }],
    [byProvider(),
      "Cannot create a userId mapping where the externalId is also a SuperTokens userID", { externalUserId: id }],
  ]) {
    // All that a user can have, and a login method that nobody has.
    const user = {
      externalUserId, userMetadata: { a: 1 }, userRoles: [{ role: "admin", tenantIds: ["public"] }],
      totpDevices: [{ secretKey: SECRET }], loginMethods: [byProvider({ isVerified: true }), method], ...more,
    };
    refusedFor(await importUser(user, at), [error]);
    assert.deepEqual(kept(at), before, error);
  }
  assert.deepEqual((await find(id, at)).emails, [email]);
  await imported(userOf(), at);
  assert.notDeepEqual(kept(at), before, "what somebody leaves is seen");
});

test("3.14 a device whose name another has is not left out in silence", async () => {
  const at = await newApp();
  const before = kept(at);
  const device = { secretKey: SECRET, deviceName: "phone" };
  const { status, text } = await importUser(userOf(byProvider(), { totpDevices: [device, device] }), at);
  assert.equal(status, 400, text);
  assert.deepEqual(kept(at), before);
});

test("3.14 one user may not have the same login method twice", async () => {
  const at = await newApp();
  const before = kept(at);
  const [password, provider] = [byPassword(), byProvider()];
  refusedFor(await importUser({ loginMethods: [password, password] }, at), [TAKEN.password(password.email)]);
  refusedFor(await importUser({ loginMethods: [provider, provider] }, at), [TAKEN.provider(provider)]);
  assert.deepEqual(kept(at), before);
});

test("3.14 what another primary user has", async () => {
  const at = await newApp();
  const { id, email } = await signUp(at);
  // Before it is a primary user it is in nobody's way.
  await imported({ loginMethods: [byProvider({ email, isPrimary: true })] }, at);
  const taken = newEmail();
  ok(await createPrimary((await signUp(at, taken)).id, at));
  const before = kept(at);
  for (const loginMethods of [
    [byProvider({ email: taken, isPrimary: true })], [byProvider({ email: taken }), byPhone()],
    [byPhone(), byEmail({ email: taken })],
  ]) {
    const { status, text } = await importUser({ externalUserId: newId("ext"), loginMethods }, at);
    assert.equal(status, 400, text);
    const [error, ...more] = JSON.parse(text).errors;
    assert.deepEqual(more, []);
    const id = error.match(/ userId (\S+) /)?.[1];
    assert.match(id, UUID);
    assert.equal(error, TAKEN.primary(id));
    assert.deepEqual(kept(at), before);
  }
  // One that does not become a primary user is free to have it.
  assert.equal((await imported(userOf(byProvider({ email: taken })), at)).isPrimaryUser, false);
  has(await createPrimary(id, at), "ACCOUNT_INFO_ALREADY_ASSOCIATED_WITH_ANOTHER_PRIMARY_USER_ID_ERROR");
});

test("3.14 apps know nothing of each other's users", async () => {
  const user = { externalUserId: newId("ext"), loginMethods: [byPassword(), byProvider(), byPhone()] };
  const ids = [];
  for (const at of [await newApp(), await newApp()]) {
    assert.equal((await imported(user, at)).id, user.externalUserId);
    ids.push(ok(await mapping(user.externalUserId, "EXTERNAL", at)).superTokensUserId);
  }
  assert.notEqual(...ids);
});
