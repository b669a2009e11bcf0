// Verification of e-mail addresses (CDI 2.5, 3.4, 7.5).
import test from "node:test";
import {
  VERSIONS, assert, badField, get, has, newApp, newEmail, newId, newTenant, ok, post, refused, signUp, sql, sqlCall,
} from "./helper.mjs";

const VERIFY = "/recipe/user/email/verify";
const INVALID = "EMAIL_VERIFICATION_INVALID_TOKEN_ERROR";
const ALREADY = "EMAIL_ALREADY_VERIFIED_ERROR";

/** A user and an address that nobody knows. */
const pair = () => ({ userId: newId("user"), email: newEmail() });
const create = (of, at = "", version = "5.4") => post(`${at}${VERIFY}/token`, of, version);
const newToken = async (of, at) => ok(await create(of, at)).token;
const verify = (token, at = "", version = "5.4") => post(at + VERIFY, { method: "token", token }, version);
const isVerified = async (of, at = "", version = "5.4") => ok(await get(at + VERIFY, of, version)).isVerified;
const unverify = (of, at = "", version = "5.4") => post(`${at}${VERIFY}/remove`, of, version);

test("7.5.121 tokens for users that there need not be", async () => {
  for (const version of VERSIONS) {
    for (const userId of [newId("user"), "with spaces, and 'quotes'", "日本", ""]) {
      const of = { userId, email: newEmail() };
      const answer = ok(await create(of, "", version));
      assert.deepEqual(Object.keys(answer).sort(), ["status", "token"]);
      assert.deepEqual(ok(await verify(answer.token, "", version)), { status: "OK", ...of });
      assert.deepEqual(ok(await get(VERIFY, of, version)), { status: "OK", isVerified: true });
    }
  }
});

test("2.5 what a call must say", async () => {
  const of = pair();
  for (const version of VERSIONS) {
    for (const field of ["userId", "email"]) {
      for (const path of ["/token", "/token/remove", "/remove"]) {
        const answer = await post(VERIFY + path, { ...of, [field]: undefined }, version);
        badField(answer, field, `${version} ${path} ${field}`);
      }
      const { [field]: missing, ...query } = of;
      refused(await get(VERIFY, query, version), 400, `Field name '${field}' is missing in GET request`);
    }
    for (const field of ["method", "token"]) {
      badField(await post(VERIFY, { method: "token", token: "t", [field]: undefined }, version), field, version);
    }
  }
});

test("3.4 the text of a token; it is not what is stored", async () => {
  const of = pair();
  const token = await newToken(of);
  assert.match(token, /^[A-Za-z0-9_-]{32,}$/);
  const rows = sql("SELECT o::text AS row FROM auth.one_time_tokens o WHERE subject = $1", of.userId);
  assert.equal(rows.length, 1);
  for (const stored of [token, Buffer.from(token).toString("hex")]) assert.ok(!rows[0].row.includes(stored));
});

test("7.5.122 a token for an address that is verified", async () => {
  for (const version of VERSIONS) {
    const of = pair();
    ok(await verify(await newToken(of)));
    for (const email of [of.email, ` ${of.email.toUpperCase()} `]) {
      assert.deepEqual(has(await create({ ...of, email }, "", version), ALREADY), { status: ALREADY });
    }
    ok(await create({ ...of, email: newEmail() }, "", version), "another address of the same user");
    ok(await create({ ...of, userId: newId("user") }, "", version), "another user with the same address");
  }
});

test("7.5.123 7.5.127 a token works once, and takes the others with it", async () => {
  for (const version of VERSIONS) {
    const of = pair();
    const tokens = [await newToken(of), await newToken(of), await newToken({ ...of, email: ` ${of.email}` })];
    assert.equal(new Set(tokens).size, 3);
    const bystanders = [await newToken({ ...of, email: newEmail() }), await newToken({ ...of, userId: newId("u") })];
    assert.deepEqual(ok(await verify(tokens[1], "", version)), { status: "OK", ...of });
    for (const token of tokens) assert.deepEqual(has(await verify(token, "", version), INVALID), { status: INVALID });
    for (const token of bystanders) ok(await verify(token, "", version));
  }
});

test("7.5.124 another method", async () => {
  const of = pair();
  const token = await newToken(of);
  for (const version of VERSIONS) {
    for (const method of ["abc", "", "TOKEN"]) {
      refused(await post(VERIFY, { method, token }, version), 400, "Unsupported method for email verification", method);
    }
  }
  ok(await verify(token));
});

test("7.5.125 an expired token takes the others with it", async () => {
  const of = pair();
  const [expired, live] = [await newToken(of), await newToken(of)];
  const bystander = await newToken({ ...of, email: newEmail() });
  sql("UPDATE auth.one_time_tokens SET expires_at = now() - interval '1 s' WHERE id = (SELECT id FROM"
    + " auth.one_time_tokens WHERE subject = $1 ORDER BY created_at LIMIT 1) RETURNING id", of.userId);
  for (const token of [expired, live]) has(await verify(token), INVALID);
  assert.equal(await isVerified(of), false);
  ok(await verify(bystander));
});

test("5.3 the life of a token is the tenant's", async () => {
  const at = await newTenant("", undefined, { coreConfig: { email_verification_token_lifetime: 60_000 } });
  for (const [path, life] of [["", 86_400_000], [at, 60_000]]) {
    const of = pair();
    const before = Date.now();
    await newToken(of, path);
    const [{ end }] = sql("SELECT extract(epoch FROM expires_at) * 1000 AS end FROM auth.one_time_tokens"
      + " WHERE subject = $1", of.userId);
    assert.ok(end >= before + life - 1000 && end <= Date.now() + life + 1000, `${end - before}`);
  }
});

test("7.5.126 a token is its tenant's, what it verifies is the app's", async () => {
  const app = await newApp();
  const [t1, t2] = [await newTenant(app), await newTenant(app)];
  const of = pair();
  const token = await newToken(of, t1);
  for (const at of [t2, app, ""]) has(await verify(token, at), INVALID, at);
  const elsewhere = await newToken(of, t2);
  ok(await verify(token, t1));
  assert.equal(await isVerified(of, app), true);
  for (const at of [t1, t2]) assert.equal(await isVerified(of, at, "4.0"), true);
  assert.equal(await isVerified(of), false, "another app");
  has(await create(of, t2), ALREADY);
  ok(await verify(elsewhere, t2), "idempotent");
});

test("2.5 which calls are the app's", async () => {
  const at = await newTenant();
  const of = pair();
  const refusal = "Only public tenantId can call this app specific API";
  for (const version of VERSIONS) {
    const answers = [await get(at + VERIFY, of, version), await unverify(of, at, version)];
    for (const answer of answers) {
      if (Number(version) < 5) ok(answer, version);
      else refused(answer, 403, refusal, version);
    }
  }
});

test("7.5.128 the question takes the address as it is sent", async () => {
  const of = pair();
  ok(await verify(await newToken({ ...of, email: of.email.toUpperCase() })));
  for (const version of VERSIONS) {
    assert.equal(await isVerified(of, "", version), true);
    for (const email of [of.email.toUpperCase(), ` ${of.email}`]) {
      assert.equal(await isVerified({ ...of, email }, "", version), false, email);
    }
  }
});

test("7.5.129 taking a verification back", async () => {
  for (const version of VERSIONS) {
    const of = pair();
    assert.deepEqual(ok(await unverify(of, "", version)), { status: "OK" });
    ok(await verify(await newToken(of)));
    ok(await unverify({ ...of, email: newEmail() }, "", version));
    assert.equal(await isVerified(of), true);
    ok(await unverify({ ...of, email: ` ${of.email.toUpperCase()}` }, "", version));
    assert.equal(await isVerified(of), false);
    ok(await verify(await newToken(of)));
    assert.equal(await isVerified(of), true);
  }
});

test("7.5.130 taking tokens back", async () => {
  const app = await newApp();
  const [t1, t2] = [await newTenant(app), await newTenant(app)];
  for (const version of VERSIONS) {
    const of = pair();
    const revoke = (more) => post(`${t1}${VERIFY}/token/remove`, { ...of, ...more }, version);
    assert.deepEqual(ok(await revoke()), { status: "OK" }, "there are none");
    const tokens = [await newToken(of, t1), await newToken(of, t1)];
    const others = [[await newToken(of, t2), t2], [await newToken({ ...of, email: newEmail() }, t1), t1]];
    ok(await revoke({ email: ` ${of.email.toUpperCase()}` }));
    for (const token of tokens) has(await verify(token, t1), INVALID);
    for (const [token, at] of others) ok(await verify(token, at));
  }
});

test("3.4 tokens that are none", async () => {
  for (const token of ["random", "", "a".repeat(128), "ä; '"]) has(await verify(token), INVALID);
  const { id, email } = await signUp();
  const reset = ok(await post("/recipe/user/password/reset/token", { userId: id, email })).token;
  has(await verify(reset), INVALID, "a token of another kind");
  const consumed = await post("/recipe/user/password/reset/token/consume", { token: await newToken(pair()) });
  has(consumed, "RESET_PASSWORD_INVALID_TOKEN_ERROR");
  ok(await post("/recipe/user/password/reset/token/consume", { token: reset }));
});

test("3.4 the login method shows it", async () => {
  const { id, email } = await signUp();
  const verified = async () => ok(await get("/user/id", { userId: id })).user.loginMethods[0].verified;
  ok(await verify(await newToken({ userId: id, email: newEmail() })));
  assert.equal(await verified(), false, "of another address");
  ok(await verify(await newToken({ userId: id, email: email.toUpperCase() })));
  assert.equal(await verified(), true);
  ok(await unverify({ userId: id, email }));
  assert.equal(await verified(), false);
});

test("3.10 nothing of it is left of a user who is removed", async () => {
  const { id: userId, email } = await signUp();
  const other = newEmail();
  ok(await verify(await newToken({ userId, email })));
  const token = await newToken({ userId, email: other });
  ok(await post("/user/remove", { userId }));
  assert.equal(await isVerified({ userId, email }), false);
  has(await verify(token), INVALID);
});

test("2.5 the same in SQL", async () => {
  const { userId: user_id, email } = pair();
  const of = { user_id, email: ` ${email.toUpperCase()}` };
  const made = () => sqlCall("create_email_verification_token", of);
  const shown = (address) => sqlCall("is_email_verified", { user_id, email: address });
  const [first, second] = [made(), made()];
  assert.deepEqual(sqlCall("verify_email", { token: first.token }), { status: "OK", userId: user_id, email });
  assert.deepEqual(sqlCall("verify_email", { token: second.token }), { status: INVALID });
  assert.deepEqual(shown(email), { status: "OK", isVerified: true });
  assert.deepEqual(shown(email.toUpperCase()), { status: "OK", isVerified: false });
  assert.deepEqual(made(), { status: ALREADY });
  assert.deepEqual(sqlCall("unverify_email", of), { status: "OK" });
  assert.deepEqual(shown(email), { status: "OK", isVerified: false });
  const { token } = made();
  assert.deepEqual(sqlCall("revoke_email_verification_tokens", of), { status: "OK" });
  assert.deepEqual(sqlCall("verify_email", { token }), { status: INVALID });
});
