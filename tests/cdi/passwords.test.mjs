// How passwords are hashed, and hashes from elsewhere (CDI 3.1, 5.4, 7.2).
import test from "node:test";
import {
  VERSIONS, assert, get, has, newApp, newEmail, newTenant, ok, post, put, refused, signIn, signUp, sql,
} from "./helper.mjs";

const WRONG = "WRONG_CREDENTIALS_ERROR";
const IMPORT = "/recipe/user/passwordhash/import";
const bcryptApp = await newApp({ password_hashing_alg: "BCRYPT" });
const argonApp = await newApp({ password_hashing_alg: "ARGON2" });

// All of them are hashes of this password.
const IMPORTED = "testPass123";
const BCRYPT = "$04$abcdefghijklmnopqrstuuG6VOuWh0gXFKIfmp9oEhamBdcmRXDw.";
const ARGON2 = {
  $argon2id: "$v=19$m=16,t=2,p=1$VG1Oa1lMbzZLbzk5azQ2Qg$kjcNNtZ/b0t/8HgXUiQ76A",
  $argon2i: "$v=19$m=16,t=2,p=1$VG1Oa1lMbzZLbzk5azQ2Qg$i61a2V1wSPDQbh4fWZ1Lqg",
  $argon2d: "$v=19$m=16,t=2,p=1$VG1Oa1lMbzZLbzk5azQ2Qg$YAW871UQ9IGWwfqjobVVPA",
};
const SIGNER_KEY = "gRhC3eDeQOdyEn4bMd9c6kxguWVmcIVq/SKa0JDPFeM6TcEevkaW56sIWfx88OHbJKnCXdWscZx0l2WbCJ1wbg==";
const FIREBASE = "$f_scrypt$qZM035es5AXYqavsKD6/rhtxg7t5PhcyRgv5blc3doYbChX8keMfQLq1ra96O2Pf2TP/eZrR5xtPCYN6mX3ESA=="
  + "$/cj0jC1br5o4+w==";
const FIREBASE_HASH = `${FIREBASE}$m=14$r=8$s=Bw==`;

const hashOf = (id) => sql("SELECT password_hash FROM auth.login_methods WHERE id::text = $1", id)[0].password_hash;
const imports = (passwordHash, hashingAlgorithm, { at = "", email = newEmail(), version = "5.4" } = {}) =>
  post(at + IMPORT, { email, passwordHash, hashingAlgorithm }, version);

test("7.2.34 the same password twice is two hashes", async () => {
  for (const at of [bcryptApp, argonApp]) {
    const [one, other] = [await signUp(at), await signUp(at)];
    assert.notEqual(hashOf(one.id), hashOf(other.id));
    for (const { email } of [one, other]) ok(await signIn(at, email));
  }
});

test("7.2.35 another algorithm for new hashes; old ones stay good", async () => {
  const app = await newApp({ password_hashing_alg: "bcrypt" });
  const old = await signUp(app);
  assert.match(hashOf(old.id), /^\$2a\$11\$.{53}$/);
  ok(await put("/recipe/multitenancy/app/v2", { appId: app.slice(7), coreConfig: { password_hashing_alg: "ARGON2" } }));
  ok(await signIn(app, old.email));
  assert.match(hashOf((await signUp(app)).id), /^\$argon2id\$v=19\$m=\d+,t=\d+,p=\d+\$/);
});

test("7.2.37 bcrypt looks at 72 bytes, argon2 at all", async () => {
  const password = "0123456789".repeat(8);
  for (const [at, status] of [[bcryptApp, "OK"], [argonApp, WRONG]]) {
    const { email } = await signUp(at, newEmail(), password);
    ok(await signIn(at, email, password));
    has(await signIn(at, email, password.slice(0, 72)), status);
    has(await signIn(at, email, password.slice(0, 71)), WRONG);
  }
});

test("7.2.38 passwords beyond ASCII", async () => {
  for (const at of [bcryptApp, argonApp]) {
    const { email } = await signUp(at, newEmail(), "pässwörd🙂");
    ok(await signIn(at, email, "pässwörd🙂"));
    has(await signIn(at, email, "pässwörd🙃"), WRONG);
  }
});

test("7.2.63 an import needs a hash", async () => {
  refused(await imports(undefined), 400, "Field name 'passwordHash' is invalid in JSON input");
  for (const blank of ["", "  "]) refused(await imports(blank), 400, "Password hash cannot be an empty string");
  refused(await imports("x", " "), 400, "Hashing Algorithm cannot be an empty string");
});

test("7.2.64 formats and algorithms of imports", async () => {
  const none = "Password hash is in invalid format";
  for (const [hash, algorithm, message] of [
    ["invalidPasswordHash", undefined, none],
    ["invalidPasswordHash", "random", "Unsupported password hashing algorithm"],
    ["invalidPasswordHash", "bcrypt", "Password hash is in invalid BCrypt format"],
    ["invalidPasswordHash", "argon2", "Password hash is in invalid Argon2 format"],
    ["invalidPasswordHash", "firebase_scrypt", "Password hash is in invalid Firebase SCrypt format"],
    [`$argon2id${ARGON2.$argon2id}`, "bcrypt", "Password hash is in invalid BCrypt format"],
    [`$2a${BCRYPT}`, "argon2", "Password hash is in invalid Argon2 format"],
    ["", "random", "Password hash cannot be an empty string"],
  ]) refused(await imports(hash, algorithm), 400, message);
  ok(await imports(`  $2a${BCRYPT} `, " BcRypt "));
});

test("3.1 an import looks at the algorithm, then at the tenant, then at the format", async () => {
  const at = "/nowhere";
  refused(await imports("x", "bcrypt", { at }), 400, /^AppId or tenantId not found/);
  refused(await imports(" ", "bcrypt", { at }), 400, "Password hash cannot be an empty string");
  refused(await imports("x", "random", { at }), 400, "Unsupported password hashing algorithm");
});

test("7.2.65 7.2.66 imported bcrypt and argon2 hashes", async () => {
  const bcrypt = ["$2a", "$2b", "$2x", "$2y"].map((prefix) => [prefix + BCRYPT, "BCRYPT"]);
  const argon2 = Object.entries(ARGON2).map(([prefix, rest]) => [prefix + rest, "ARGON2"]);
  for (const [hash, algorithm] of [...bcrypt, ...argon2]) {
    for (const named of [algorithm, undefined]) {
      const email = newEmail();
      const { user, didUserAlreadyExist } = ok(await imports(hash, named, { email }), hash);
      assert.equal(didUserAlreadyExist, false);
      assert.deepEqual([user.emails, user.loginMethods[0].verified], [[email], false]);
      has(await signIn("", email, "incorrectpassword"), WRONG, hash);
      assert.equal(ok(await signIn("", email, IMPORTED), hash).user.id, user.id);
    }
  }
});

test("7.2.67 7.2.68 imported Firebase hashes, their parameters in any order", async () => {
  const at = await newApp({ firebase_password_hashing_signer_key: SIGNER_KEY });
  for (const parameters of ["$m=14$r=8$s=Bw==", "$s=Bw==$r=8$m=14", "$r=8$s=Bw==$m=14"]) {
    for (const algorithm of [undefined, "FIREBASE_SCRYPT"]) {
      const email = newEmail();
      ok(await imports(FIREBASE + parameters, algorithm, { at, email }), parameters);
      ok(await signIn(at, email, IMPORTED), parameters);
      has(await signIn(at, email, "incorrectpassword"), WRONG);
    }
  }
  for (const hash of [`${FIREBASE}$m=14$r=8`, `${FIREBASE}$m=14$s=Bw==`, `${FIREBASE}$r=8$s=Bw==`, `x${FIREBASE_HASH}`,
    FIREBASE_HASH.replace("f_scrypt", "scrypt"), `${FIREBASE}$m=x$r=8$s=Bw==`, `${FIREBASE_HASH}$t=1`]) {
    refused(await imports(hash, undefined, { at }), 400, "Password hash is in invalid format", hash);
    const named = await imports(hash, "FIREBASE_SCRYPT", { at });
    refused(named, 400, "Password hash is in invalid Firebase SCrypt format", hash);
  }
});

test("7.2.69 Firebase hashes with another signer key, and with none", async () => {
  const app = await newApp({ firebase_password_hashing_signer_key: `AAAA${SIGNER_KEY.slice(4)}` });
  const email = newEmail();
  ok(await imports(FIREBASE_HASH, undefined, { at: app, email }));
  has(await signIn(app, email, IMPORTED), WRONG);
  const coreConfig = { firebase_password_hashing_signer_key: null };
  ok(await put("/recipe/multitenancy/app/v2", { appId: app.slice(7), coreConfig }));
  const missing = /'firebase_password_hashing_signer_key' cannot be null/;
  refused(await signIn(app, email, IMPORTED), 500, missing);
  refused(await imports(FIREBASE_HASH, undefined, { at: app }), 500, missing);
});

test("7.2.70 an import over a user replaces the hash", async () => {
  const at = await newTenant();
  const { id, email } = await signUp(at);
  const answer = ok(await imports(`$2a${BCRYPT}`, "BCRYPT", { at, email: ` ${email.toUpperCase()}` }));
  assert.deepEqual([answer.didUserAlreadyExist, answer.user.id], [true, id]);
  ok(await signIn(at, email, IMPORTED));
  has(await signIn(at, email), WRONG);
  assert.equal(ok(await get(`${at}/users/count`)).count, 1);
});

test("2.2 an import shows the user in each version's way", async () => {
  for (const version of VERSIONS) {
    const email = newEmail();
    const { user } = ok(await imports(`$2a${BCRYPT}`, undefined, { email, version }));
    const shown = version === "3.1" ? user.email : user.emails[0];
    assert.equal(shown, email, version);
  }
});
