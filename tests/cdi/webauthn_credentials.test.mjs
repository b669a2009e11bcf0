// Signing up and in with passkeys, and the passkeys of users (CDI 2.14, 3.13, 7.12).
import { randomBytes } from "node:crypto";
import test from "node:test";
import {
  UUID, assert, badField, get, has, newApp, newEmail, newId, newTenant, ok, post, refused, sameMembers, signUp, sql,
} from "./helper.mjs";
import { appWithTenants, findUser, mapped, userOf } from "./linking_helper.mjs";
import { BACKED_UP, BACKUP_ELIGIBLE, PAGE, PRESENT, Passkey, VERIFIED, cbor } from "./passkey.mjs";
import {
  EMAIL_EXISTS, EXISTS, INVALID_AUTHENTICATOR, INVALID_CREDENTIALS, INVALID_OPTIONS, NOBODY, NO_CREDENTIAL,
  NO_OPTIONS, SHOWING, UNKNOWN_USER, WEBAUTHN, addPasskey, credential, credentialIds, credentials, enter, optionsOf,
  refusedFor, register, removeCredential, signInWith, signUpWith, toRegister, toSignIn, withPasskey,
} from "./webauthn_helper.mjs";

const nobodyHas = async (email, at = "") =>
  assert.deepEqual(ok(await get(`${at}/users/by-accountinfo`, { email, doUnionOfAccountInfo: false })).users, []);

for (const version of SHOWING) {
  test(`7.12.273 a new user with a passkey, who comes back, CDI ${version}`, async () => {
    for (const algorithm of ["ES256", "EdDSA", "RS256"]) {
      const passkey = new Passkey({ algorithm });
      const email = newEmail();
      // Which algorithms the options name is not enforced.
      const options = await toRegister({ email, supportedAlgorithmIDs: [-36] });
      const { user, ...rest } = ok(await signUpWith(options, passkey.register(options), "", version));
      assert.match(user.id, UUID);
      assert.deepEqual(rest, {
        status: "OK", recipeUserId: user.id, webauthnCredentialId: passkey.id,
        relyingPartyId: PAGE.relyingPartyId, relyingPartyName: PAGE.relyingPartyName,
      });
      const { id, timeJoined } = user;
      const webauthn = { credentialIds: [passkey.id] };
      assert.deepEqual(user, {
        id, isPrimaryUser: false, tenantIds: ["public"], timeJoined, emails: [email], phoneNumbers: [], thirdParty: [],
        webauthn,
        loginMethods: [{
          recipeUserId: id, recipeId: "webauthn", tenantIds: ["public"], timeJoined, verified: false, email, webauthn,
        }],
      });
      const back = ok(await enter(passkey, "", {}, version));
      assert.deepEqual(back, { status: "OK", user, recipeUserId: id });
    }
  });
}

test("3.11 who comes with a passkey is active", async () => {
  const at = await newApp();
  const active = async () => ok(await get(`${at}/users/count/active`, { since: 1 })).count;
  const { id, passkey } = await withPasskey(at);
  assert.equal(await active(), 1);
  sql("DELETE FROM auth.active_users WHERE user_id = $1 RETURNING user_id", id);
  ok(await enter(passkey, at));
  assert.equal(await active(), 1);
});

// What can be wrong with an answer whatever it is for: what is done to it, status, reason.
const answer = (change) => ({ answer: change });
const response = (change) => ({ response: change });
const client = (change) => ({ client: change });
const json = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const malformed = [
  ["no id", answer({ id: undefined }), "credential id is missing!"],
  ["an id of null", answer({ id: null }), "credential id is missing!"],
  ["an empty id", answer({ id: "" }), "credential id is empty!"],
  ["an id in Base64", answer({ id: "+/+/" }), /id/],
  ["an id of one digit", answer({ id: "A" }), /id/],
  ["no type", answer({ type: undefined }), "credential type is missing!"],
  ["an empty type", answer({ type: "" }), "credential type is empty!"],
  ["a type that is a number", answer({ type: 1 }), "credential type is missing!"],
  ["another type", answer({ type: "password" }), "not supported credential type: 'password'"],
  ["neither id nor type", answer({ id: undefined, type: undefined }), "credential id is missing!"],
  ["two ids", answer({ rawId: "AAAA" }), /./],
  ["no response", answer({ response: undefined }), /./],
  ["a response that is a list", answer({ response: [] }), /./],
  ["no client data", response({ clientDataJSON: undefined }), /clientDataJSON/],
  ["client data of null", response({ clientDataJSON: null }), /clientDataJSON/],
  ["client data in Base64", response({ clientDataJSON: "+/+/" }), /clientDataJSON/],
  ["client data that are no JSON", response({ clientDataJSON: "AAAA" }), /clientDataJSON/],
  ["client data that are a list", response({ clientDataJSON: json([]) }), /clientDataJSON/],
  ["client data without a challenge", client({ challenge: undefined }), /clientDataJSON/],
  ["client data without an origin", client({ origin: undefined }), /clientDataJSON/],
  ["client data without a type", client({ type: undefined }), /clientDataJSON/],
  ["client data of 9 kB", client({ more: "x".repeat(9000) }), /clientDataJSON/],
];
const untrue = [
  ["another challenge", client({ challenge: "A".repeat(43) })],
  ["an empty challenge", client({ challenge: "" })],
  ["another origin", client({ origin: "https://evil.example" })],
  ["the relying party's origin, while the page was below", client({ origin: "https://example.org" })],
  ["the origin in plain text", client({ origin: "http://login.example.org" })],
  ["another port", client({ origin: "https://login.example.org:444" })],
  ["a final slash", client({ origin: "https://login.example.org/" })],
  ["a frame in another's page", client({ crossOrigin: true, topOrigin: "https://evil.example" })],
  ["another relying party", { relyingPartyId: "login.example.org" }],
  ["a backup of what cannot be backed up", { flags: PRESENT | BACKED_UP }],
];
const ofRegistrations = [
  ...malformed.map(([name, change, reason]) => [name, change, INVALID_CREDENTIALS, reason]),
  ["no attestation", response({ attestationObject: undefined }), INVALID_CREDENTIALS, /attestationObject/],
  ["an attestation in Base64", response({ attestationObject: "+/+/" }), INVALID_CREDENTIALS, /attestationObject/],
  ["an attestation that is no CBOR", response({ attestationObject: "____" }), INVALID_CREDENTIALS, /attestationObject/],
  ["an attestation of 70 kB", response({ attestationObject: "A".repeat(94_000) }), INVALID_CREDENTIALS, /./],
  ["an attestation without data", response({ attestationObject: cbor(new Map()).toString("base64url") }),
    INVALID_CREDENTIALS, /attestationObject/],
  ["an attestation that goes on", { behind: [0] }, INVALID_CREDENTIALS, /attestationObject/],
  ["data that are cut short", { attested: [Buffer.alloc(17)] }, INVALID_CREDENTIALS, /attestationObject/],
  ["transports that are a text", response({ transports: "usb" }), INVALID_CREDENTIALS, /transports/],
  ["transports that are numbers", response({ transports: [1] }), INVALID_CREDENTIALS, /transports/],
  ...untrue.map(([name, change]) => [name, change, INVALID_AUTHENTICATOR]),
  ["the answer to a sign-in", client({ type: "webauthn.get" }), INVALID_AUTHENTICATOR],
  ["no credential", { attested: [] }, INVALID_AUTHENTICATOR],
  ["another credential within", { bytes: Buffer.alloc(32) }, INVALID_AUTHENTICATOR],
  ["an unknown algorithm", { cose: [[3, -9]] }, INVALID_AUTHENTICATOR],
  ["a key of another kind", { cose: [[1, 1]] }, INVALID_AUTHENTICATOR],
  ["a point that is not on the curve", { cose: [[-2, Buffer.alloc(32, 1)]] }, INVALID_AUTHENTICATOR],
];
const ofSignIns = [
  ...malformed.map(([name, change, reason]) => [name, change, INVALID_CREDENTIALS, reason]),
  ["an unknown credential", answer({ id: "AAAA", rawId: "AAAA" }), NO_CREDENTIAL],
  ["no authenticator data", response({ authenticatorData: undefined }), INVALID_CREDENTIALS, /authenticatorData/],
  ["too few data", response({ authenticatorData: "AAAA" }), INVALID_CREDENTIALS, /authenticatorData/],
  ["data that go on", { behind: [0] }, INVALID_CREDENTIALS, /authenticatorData/],
  ["no signature", response({ signature: undefined }), INVALID_CREDENTIALS, /signature/],
  ["a signature in Base64", response({ signature: "+/+/" }), INVALID_CREDENTIALS, /signature/],
  ["a signature of 2 kB", response({ signature: "A".repeat(2732) }), INVALID_CREDENTIALS, /signature/],
  ...untrue.map(([name, change]) => [name, change, INVALID_AUTHENTICATOR]),
  ["the answer to a registration", client({ type: "webauthn.create" }), INVALID_AUTHENTICATOR],
  ["an empty signature", response({ signature: "" }), INVALID_AUTHENTICATOR],
  ["half a signature", { signature: (bytes) => bytes.subarray(0, 40) }, INVALID_AUTHENTICATOR],
  ["another's signature", { signature: () => new Passkey().sign(Buffer.from("x")) }, INVALID_AUTHENTICATOR],
  ["flags that were not signed", response({ authenticatorData: Buffer.alloc(37).toString("base64url") }),
    INVALID_AUTHENTICATOR],
];

const refuses = (got, status, reason, name) =>
  status === NO_CREDENTIAL ? assert.deepEqual(got.json, { status }, name) : refusedFor(got, status, reason, name);

test("7.12.271 answers that sign nobody up", async () => {
  const email = newEmail();
  const [options, passkey] = [await toRegister({ email }), new Passkey()];
  for (const [name, change, status, reason] of ofRegistrations) {
    refuses(await signUpWith(options, passkey.register(options, change)), status, reason, name);
  }
  await nobodyHas(email);
  ok(await signUpWith(options, passkey.register(options)), "the options are as good as before");
});

test("7.12.275 the same for another passkey of a user", async () => {
  const { id, passkey: first } = await withPasskey();
  const [options, passkey] = [await toRegister(), new Passkey()];
  for (const [name, change, status, reason] of ofRegistrations) {
    refuses(await register(id, options, passkey.register(options, change)), status, reason, name);
  }
  assert.deepEqual(await credentialIds(id), [first.id]);
  ok(await register(id, options, passkey.register(options)));
});

test("7.12.274 answers that sign nobody in, and leave the options", async () => {
  const { id, passkey } = await withPasskey();
  for (const version of ["5.4", "5.6"]) {
    const options = await toSignIn();
    for (const [name, change, status, reason] of ofSignIns) {
      const got = await signInWith(options, passkey.signIn(options, change), "", version);
      refuses(got, status, reason, `${name}, ${version}`);
    }
    assert.equal(ok(await signInWith(options, passkey.signIn(options), "", version)).recipeUserId, id);
  }
});

test("7.12.271 unknown options, expired ones, and those of another kind", async () => {
  const { id, passkey } = await withPasskey();
  const unknown = { webauthnGeneratedOptionsId: NOBODY, challenge: "A".repeat(43) };
  const expired = await toRegister({ timeout: 0 });
  const expiredToSignIn = await toSignIn({ timeout: 0 });
  const ways = [
    ["signup", (options, given) => signUpWith(options, given), expired, (...of) => new Passkey().register(...of)],
    ["register", (options, given) => register(id, options, given), expired, (...of) => new Passkey().register(...of)],
    ["signin", (options, given) => signInWith(options, given), expiredToSignIn, (...of) => passkey.signIn(...of)],
  ];
  for (const [name, send, past, make] of ways) {
    for (const webauthnGeneratedOptionsId of [NOBODY, "", "x"]) {
      const { json } = await send({ ...unknown, webauthnGeneratedOptionsId }, make(unknown, answer({ id: "" })));
      assert.deepEqual(json, { status: NO_OPTIONS }, "before anything else");
    }
    refusedFor(await send(past, make(past)), INVALID_OPTIONS, "Options expired", name);
    // The id is read before the time is looked at, the rest behind it.
    refusedFor(await send(past, make(past, answer({ type: "" }))), INVALID_CREDENTIALS, /type is empty/, name);
    const spoiled = make(past, response({ clientDataJSON: "AAAA" }));
    refusedFor(await send(past, spoiled), INVALID_OPTIONS, "Options expired", name);
  }
  const unknownKey = new Passkey().signIn(expiredToSignIn);
  has(await signInWith(expiredToSignIn, unknownKey), NO_CREDENTIAL, "before the time is looked at");
  const forSignIn = await toSignIn();
  refusedFor(await signUpWith(forSignIn, new Passkey().register(forSignIn)), INVALID_OPTIONS, /./, "no address");
});

test("1.7 what a caller must say, and in which type", async () => {
  const good = { recipeUserId: NOBODY, webauthnGeneratedOptionsId: NOBODY, credential: {} };
  for (const [path, fields] of [
    ["/signup", ["webauthnGeneratedOptionsId", "credential"]],
    ["/signin", ["webauthnGeneratedOptionsId", "credential"]],
    ["/user/credential/register", ["recipeUserId", "webauthnGeneratedOptionsId", "credential"]],
  ]) {
    for (const field of fields) {
      for (const value of [undefined, null, 1, "", []]) {
        if (value === "" && field !== "credential") continue;
        badField(await post(WEBAUTHN + path, { ...good, [field]: value }), field, `${path} ${JSON.stringify(value)}`);
      }
    }
  }
  for (const path of ["", "/list"]) {
    const missing = "Field name 'recipeUserId' is missing in GET request";
    refused(await get(`${WEBAUTHN}/user/credential${path}`, { webauthnCredentialId: "A" }), 400, missing);
  }
  const missing = "Field name 'webauthnCredentialId' is missing in GET request";
  refused(await get(`${WEBAUTHN}/user/credential`, { recipeUserId: NOBODY }), 400, missing);
});

test("3.13 who must be verified or present has to be", async () => {
  for (const [wish, enough, tooLittle] of [
    [{ userVerification: "required" }, [VERIFIED, VERIFIED | PRESENT], [0, PRESENT]],
    [{ userPresence: true }, [PRESENT, VERIFIED | PRESENT], [0, VERIFIED]],
    [{ userVerification: "preferred" }, [0, PRESENT | BACKUP_ELIGIBLE | BACKED_UP], []],
    [{ userVerification: "discouraged", userPresence: false }, [0, VERIFIED], []],
  ]) {
    const { passkey } = await withPasskey();
    for (const [all, works] of [[tooLittle, false], [enough, true]]) {
      for (const flags of all) {
        const [joining, entering] = [await toRegister(wish), await toSignIn(wish)];
        const answers = [
          await signUpWith(joining, new Passkey().register(joining, { flags })),
          await signInWith(entering, passkey.signIn(entering, { flags })),
        ];
        const check = (got) =>
          works ? ok(got, flags) : refusedFor(got, INVALID_AUTHENTICATOR, /./, `${JSON.stringify(wish)} ${flags}`);
        answers.forEach(check);
      }
    }
  }
});

test("3.13 any form of attestation is taken", async () => {
  for (const format of ["none", "packed", "fido-u2f", "apple", "something new"]) {
    const options = await toRegister();
    ok(await signUpWith(options, new Passkey().register(options, { format })), format);
  }
});

test("3.13 ids in base64url, with and without padding", async () => {
  const options = await toRegister();
  // With both of the letters that Base64 has others for.
  const passkey = new Passkey({ id: Buffer.concat([randomBytes(14), Buffer.from([0xfb, 0xff])]) });
  const padded = answer({ id: `${passkey.id}==`, rawId: `${passkey.id}==` });
  const { user, webauthnCredentialId } = ok(await signUpWith(options, passkey.register(options, padded)));
  assert.equal(webauthnCredentialId, passkey.id);
  for (const change of [padded, answer({ rawId: undefined }), {}]) {
    assert.equal(ok(await enter(passkey, "", change)).user.id, user.id);
  }
});

test("3.13 whose handle an answer names does not matter", async () => {
  const [{ id, passkey }, other] = [await withPasskey(), await withPasskey()];
  for (const userHandle of [Buffer.from(other.id).toString("base64url"), "", "?", null]) {
    assert.equal(ok(await enter(passkey, "", response({ userHandle }))).user.id, id);
  }
});

test("7.12.272 addresses are taken by users of the same kind, in the tenant", async () => {
  const { app, t1, t2 } = await appWithTenants();
  const { id, email } = await withPasskey(t1);
  const join = async (address, at) => {
    const options = await toRegister({ email: address }, at);
    return signUpWith(options, new Passkey().register(options), at);
  };
  for (const taken of [email, ` ${email.toUpperCase()} `]) {
    assert.deepEqual((await join(taken, t1)).json, { status: EMAIL_EXISTS });
  }
  assert.notEqual(ok(await join(email, t2)).user.id, id);
  const byPassword = await signUp(t1);
  assert.notEqual(ok(await join(byPassword.email, t1)).user.id, byPassword.id);
  ok(await post(`${t1}/recipe/signup`, { email, password: "correct horse 1" }), "and the other way round");
  ok(await join(email, app));
});

test("3.13 options stay after a sign-up, and make no second user", async () => {
  const email = newEmail();
  const [options, passkey] = [await toRegister({ email }), new Passkey()];
  ok(await signUpWith(options, passkey.register(options)));
  ok(await optionsOf(options));
  for (const other of [passkey, new Passkey()]) has(await signUpWith(options, other.register(options)), EMAIL_EXISTS);
});

test("3.13 a credential is one user's, with each relying party of each app", async () => {
  const email = newEmail();
  const { id, passkey } = await withPasskey();
  const join = async (page, at) => {
    const options = await toRegister({ email, ...page }, at);
    const clone = new Passkey({ id: passkey.bytes, page });
    return [await signUpWith(options, clone.register(options), at), clone];
  };
  for (const at of ["", await newTenant()]) {
    const [second] = await join(PAGE, at);
    refusedFor(second, INVALID_CREDENTIALS);
    await nobodyHas(email, at);
  }
  const [elsewhere, clone] = await join({ ...PAGE, relyingPartyId: "login.example.org" }, "");
  assert.notEqual(ok(elsewhere).user.id, id);
  has(await enter(clone), INVALID_AUTHENTICATOR, "the id names the other relying party's credential here");
  ok((await join(PAGE, await newApp()))[0]);
  assert.equal(ok(await enter(passkey)).user.id, id);
});

test("7.12.275 a second passkey, and whose it cannot be", async () => {
  const [{ id, email, passkey }, other] = [await withPasskey(), await withPasskey()];
  const [options, second] = [await toRegister({ email }), new Passkey()];
  const { status, ...added } = ok(await register(id, options, second.register(options)));
  assert.deepEqual(added, {
    webauthnCredentialId: second.id, recipeUserId: id, email, relyingPartyId: PAGE.relyingPartyId,
    relyingPartyName: PAGE.relyingPartyName,
  });
  assert.deepEqual(await credentialIds(id), [passkey.id, second.id]);
  for (const one of [passkey, second]) assert.equal(ok(await enter(one)).recipeUserId, id);
  const { webauthn, loginMethods } = await userOf(id);
  for (const shown of [webauthn, loginMethods[0].webauthn]) sameMembers(shown.credentialIds, [passkey.id, second.id]);
  for (const owner of [id, other.id]) {
    for (const one of [passkey, second]) {
      assert.deepEqual((await register(owner, options, one.register(options))).json, { status: EXISTS });
    }
  }
  const { id: byPassword } = await signUp();
  for (const nobody of [byPassword, NOBODY, "x", ""]) {
    const { json } = await register(nobody, options, new Passkey().register(options));
    assert.deepEqual(json, { status: UNKNOWN_USER }, nobody);
  }
  assert.deepEqual(await credentialIds(other.id), [other.passkey.id]);
});

test("7.12.277 passkeys are listed, shown and removed", async () => {
  const before = Date.now() - 600_000;
  const [{ id, passkey }, other] = [await withPasskey(), await withPasskey()];
  for (const version of SHOWING) {
    const [listed, ...more] = await credentials(id, "", version);
    const { createdAt } = listed;
    assert.deepEqual([listed, more], [
      { webauthnCredentialId: passkey.id, recipeUserId: id, relyingPartyId: PAGE.relyingPartyId, createdAt }, [],
    ]);
    assert.ok(Number.isInteger(createdAt) && createdAt > before, "in ms");
    const { updatedAt, ...shown } = ok(await credential(id, passkey.id, "", version));
    assert.deepEqual(shown, { status: "OK", ...listed });
    assert.ok(Number.isInteger(updatedAt) && updatedAt >= createdAt);
  }
  for (const [user, which] of [
    [NOBODY, passkey.id], ["x", passkey.id], ["", passkey.id], [id, "AAAA"], [id, ""], [id, passkey.id.toLowerCase()],
    [other.id, passkey.id],
  ]) {
    for (const ask of [credential, removeCredential]) {
      assert.deepEqual((await ask(user, which)).json, { status: NO_CREDENTIAL }, `${user} ${which}`);
    }
  }
  for (const nobody of [NOBODY, "x", "", (await signUp()).id]) assert.deepEqual(await credentials(nobody), []);
  const second = await addPasskey(id);
  assert.deepEqual(ok(await removeCredential(id, passkey.id)), { status: "OK" });
  assert.deepEqual((await removeCredential(id, passkey.id)).json, { status: NO_CREDENTIAL });
  has(await enter(passkey), NO_CREDENTIAL);
  assert.deepEqual(await credentialIds(id), [second.id]);
  ok(await removeCredential(id, second.id), "the last one, too");
  assert.deepEqual((await userOf(id)).webauthn, { credentialIds: [] });
  const options = await toRegister();
  ok(await register(id, options, passkey.register(options)), "nobody has it now");
  ok(await enter(passkey));
});

test("7.12.276 external ids", async () => {
  const app = await newApp();
  const { id, passkey } = await withPasskey(app);
  const external = await mapped(id, app);
  const [options, second] = [await toRegister({}, app), new Passkey()];
  for (const [known, one] of [[external, second], [id, new Passkey()]]) {
    const { recipeUserId } = ok(await register(known, options, one.register(options), app));
    assert.equal(recipeUserId, external);
    for (const each of await credentials(known, app)) assert.equal(each.recipeUserId, external);
    assert.equal(ok(await credential(known, passkey.id, app)).recipeUserId, external);
  }
  const { user, recipeUserId } = ok(await enter(passkey, app));
  assert.deepEqual([user.id, user.loginMethods[0].recipeUserId, recipeUserId], [external, external, external]);
  ok(await removeCredential(external, second.id, app));
  has(await enter(second, app), NO_CREDENTIAL);
  assert.equal((await credentials(newId("ext"), app)).length, 0);
});

test("2.14 the passkeys of a user are asked for with or without a tenant", async () => {
  const { app, t1, t2 } = await appWithTenants();
  const { id, passkey } = await withPasskey(t1);
  for (const at of [app, t1, t2]) {
    assert.deepEqual(await credentialIds(id, at), [passkey.id], at);
    ok(await credential(id, passkey.id, at));
  }
  assert.deepEqual(await credentials(id, await newApp()), []);
  const added = await Promise.all([app, t1].map((at) => addPasskey(id, at)));
  for (const [n, at] of [app, t2].entries()) ok(await removeCredential(id, added[n].id, at));
});

test("how long an id may be", async () => {
  const app = await newApp();
  for (const length of [1, 16, 1023]) {
    const { id, passkey, webauthnCredentialId } = await withPasskey(
      app, newEmail(), new Passkey({ id: randomBytes(length) }),
    );
    assert.equal(webauthnCredentialId, passkey.id);
    assert.equal(ok(await enter(passkey, app)).user.id, id);
    assert.equal(ok(await credential(id, passkey.id, app)).webauthnCredentialId, passkey.id);
    ok(await removeCredential(id, passkey.id, app));
  }
  const [options, tooLong] = [await toRegister(), new Passkey({ id: randomBytes(1024) })];
  refusedFor(await signUpWith(options, tooLong.register(options)), INVALID_AUTHENTICATOR);
  has(await enter(tooLong), NO_CREDENTIAL);
});

test("3.10 a user takes the passkeys along", async () => {
  const app = await newApp();
  const { id, email, passkey } = await withPasskey(app);
  const second = await addPasskey(id, app);
  ok(await post(`${app}/user/remove`, { userId: id }));
  assert.deepEqual(await credentials(id, app), []);
  has(await findUser(id, app), UNKNOWN_USER);
  for (const one of [passkey, second]) {
    has(await enter(one, app), NO_CREDENTIAL);
    has(await credential(id, one.id, app), NO_CREDENTIAL);
  }
  const again = await withPasskey(app, email, passkey);
  assert.notEqual(again.id, id);
  assert.equal(ok(await enter(passkey, app)).user.id, again.id);
});

test("3.9 an app takes all of it along", async () => {
  const app = await newApp();
  const { id, passkey } = await withPasskey(app);
  await toSignIn({}, app);
  ok(await post("/recipe/multitenancy/app/remove", { appId: app.slice("/appid-".length) }));
  const left = sql(
    `SELECT (SELECT count(*) FROM auth.webauthn_credentials WHERE login_method_id = $1 OR id = $2)
          + (SELECT count(*) FROM auth.webauthn_options WHERE app_id = $3) AS rows`,
    id, passkey.id, app.slice("/appid-".length),
  );
  assert.deepEqual(left, [{ rows: 0 }]);
});
