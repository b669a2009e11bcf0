// Passwords: which are taken, and hashes from elsewhere (GoTrue reference, 4.4).
import test from "node:test";
import { post } from "../cdi/helper.mjs";
import { PASSWORD, assert, newEmail, newInstance, ok, refused, sql } from "./helper.mjs";

const auto = await newInstance({ mailer_autoconfirm: true });

const attempt = (at, password) => at.post("/signup", { email: newEmail(), password });

test("41 how long a password is", async () => {
  const short = "Password should be at least 6 characters.";
  for (const password of ["12345", "é".repeat(5), "🔑".repeat(5)]) {
    const { weak_password } = refused(await attempt(auto, password), 422, "weak_password", short);
    assert.deepEqual(weak_password, { reasons: ["length"] });
  }
  for (const password of ["123456", "é".repeat(6), "a".repeat(72), " ".repeat(6)]) {
    const email = newEmail();
    ok(await auto.post("/signup", { email, password }));
    ok(await auto.signIn(email, password));
    refused(await auto.signIn(email, `${password.slice(0, -1)}x`), 400, "invalid_credentials");
  }
});

test("41 44 a password is too long", async () => {
  const message = "Password cannot be longer than 72 characters";
  for (const password of ["a".repeat(73), "🔑".repeat(40), `${"a".repeat(71)}é`]) {
    refused(await attempt(auto, password), 400, "validation_failed", message);
  }
  const email = newEmail();
  ok(await auto.post("/signup", { email, password: "a".repeat(72) }));
  refused(await auto.signIn(email, "a".repeat(73)), 400, "invalid_credentials");
});

test("42 43 characters that a password needs", async () => {
  const sets = ["abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789"];
  const own = await newInstance({ password_required_characters: sets.join(":"), password_min_length: 8 });
  const reasons = async (password) => refused(await attempt(own, password), 422, "weak_password").weak_password.reasons;
  const characters = `Password should contain at least one character of each: ${sets.join(", ")}.`;
  refused(await attempt(own, "abcdefgh"), 422, "weak_password", characters);
  assert.deepEqual(await reasons("abcdefgh"), ["characters"]);
  assert.deepEqual(await reasons("ABCdefghi"), ["characters"]);
  assert.deepEqual(await reasons("aB3"), ["length"]);
  refused(await attempt(own, "abc"), 422, "weak_password", `Password should be at least 8 characters. ${characters}`);
  assert.deepEqual(await reasons("abc"), ["length", "characters"]);
  ok(await attempt(own, "abcDEF123"));
});

test("42 a set with a colon", async () => {
  const own = await newInstance({ password_required_characters: "\\:;:0123456789" });
  for (const password of ["abcdef:1", "abcdef;1"]) ok(await attempt(own, password));
  for (const password of ["abcdef1", "abcdef:", "abcdef\\1"]) {
    refused(await attempt(own, password), 422, "weak_password");
  }
});

test("69 an old password that is weak today", async () => {
  const own = await newInstance();
  const { email } = await own.member();
  assert.equal(ok(await own.signIn(email)).weak_password, undefined);
  own.set("password_min_length", 20);
  own.set("password_required_characters", "XYZ");
  const { weak_password, access_token } = ok(await own.signIn(email));
  assert.ok(access_token);
  assert.deepEqual(weak_password, {
    message: "Password should be at least 20 characters. Password should contain at least one character of each: XYZ.",
    reasons: ["length", "characters"],
  });
  refused(await own.signIn(email, "wrong"), 400, "invalid_credentials");
});

// All of them are hashes of this password.
const IMPORTED = "testPass123";
const BCRYPT = "$04$abcdefghijklmnopqrstuuG6VOuWh0gXFKIfmp9oEhamBdcmRXDw.";
const SIGNER_KEY = "gRhC3eDeQOdyEn4bMd9c6kxguWVmcIVq/SKa0JDPFeM6TcEevkaW56sIWfx88OHbJKnCXdWscZx0l2WbCJ1wbg==";
const SCRYPT = "qZM035es5AXYqavsKD6/rhtxg7t5PhcyRgv5blc3doYbChX8keMfQLq1ra96O2Pf2TP/eZrR5xtPCYN6mX3ESA==";
const HASHES = [
  `$2a${BCRYPT}`, `$2b${BCRYPT}`, `$2y${BCRYPT}`,
  "$argon2id$v=19$m=16,t=2,p=1$VG1Oa1lMbzZLbzk5azQ2Qg$kjcNNtZ/b0t/8HgXUiQ76A",
  "$argon2i$v=19$m=16,t=2,p=1$VG1Oa1lMbzZLbzk5azQ2Qg$i61a2V1wSPDQbh4fWZ1Lqg",
  `$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=${SIGNER_KEY}$/cj0jC1br5o4+w==$${SCRYPT}`,
];

for (const password_hash of HASHES) {
  test(`72 a hash from elsewhere, ${password_hash.slice(0, 9)}`, async () => {
    const email = newEmail();
    ok(await auto.admin("POST", "/admin/users", { body: { email, password_hash, email_confirm: true } }));
    refused(await auto.signIn(email, "testPass124"), 400, "invalid_credentials", "Invalid login credentials");
    // Again, in case that the first login has made another hash.
    for (let time = 0; time < 2; time += 1) ok(await auto.signIn(email, IMPORTED));
  });
}

test("73 a user without a password", async () => {
  const [mailed, foreign] = [newEmail(), newEmail()];
  ok(await auto.post("/otp", { email: mailed }));
  const provider = { thirdPartyId: "github", thirdPartyUserId: newEmail(), email: { id: foreign, isVerified: true } };
  assert.equal((await post(`${auto.cdi}/recipe/signinup`, provider)).json.status, "OK");
  for (const email of [mailed, foreign]) {
    for (const password of [PASSWORD, "", undefined, null]) {
      const answer = await auto.post("/token?grant_type=password", { email, password });
      refused(answer, 400, "invalid_credentials", "Invalid login credentials");
    }
  }
});

test("4.4 no password is stored as it is", async () => {
  const { user } = ok(await attempt(auto, "a secret horse"));
  const [{ password_hash }] = sql("SELECT password_hash FROM auth.login_methods WHERE user_id::text = $1", user.id);
  assert.match(password_hash, /^\$(2a|argon2id)\$/);
});
