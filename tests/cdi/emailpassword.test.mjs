// E-mail and password: sign-up, sign-in, reset tokens, changes (CDI 2.2, 3.1, 7.2).
import test from "node:test";
import {
  PASSWORD, UUID, VERSIONS, assert, badField, call, createSession, get, has, newApp, newEmail, newId, newTenant, ok,
  post, put, refused, signIn, signUp, sql, verifySession,
} from "./helper.mjs";

const RESET = "/recipe/user/password/reset";
const INVALID = "RESET_PASSWORD_INVALID_TOKEN_ERROR";
const WRONG = "WRONG_CREDENTIALS_ERROR";

const consume = (token, at = "", version = "5.4") => post(`${at}${RESET}/token/consume`, { token }, version);
const reset = (token, newPassword, at = "", version = "5.4") =>
  post(at + RESET, { method: "token", token, newPassword }, version);
const update = (recipeUserId, change, at = "") => put(`${at}/recipe/user`, { recipeUserId, ...change });

async function resetToken(userId, email = newEmail(), at = "") {
  return ok(await post(`${at}${RESET}/token`, { userId, email })).token;
}

test("7.2.21 sign-up", async () => {
  const { user } = await signUp("", newEmail());
  assert.match(user.id, UUID);
  assert.equal(user.isPrimaryUser, false);
  assert.deepEqual(user.tenantIds, ["public"]);
  assert.equal(user.loginMethods.length, 1);
  const [method] = user.loginMethods;
  assert.deepEqual([method.recipeUserId, method.recipeId, method.verified], [user.id, "emailpassword", false]);
});

test("7.2.22 sign-up with an address that is taken, in other letters", async () => {
  const { email } = await signUp();
  for (const form of [email, email.toUpperCase(), `  ${email}\t`]) {
    for (const version of VERSIONS) {
      const again = await post("/recipe/signup", { email: form, password: "other" }, version);
      assert.deepEqual(has(again, "EMAIL_ALREADY_EXISTS_ERROR"), { status: "EMAIL_ALREADY_EXISTS_ERROR" });
    }
  }
});

test("7.2.23 the same address in two tenants, and in two apps, is two users", async () => {
  const app = await newApp();
  const email = newEmail();
  const ids = [];
  for (const at of ["", app, await newTenant(app), await newTenant(app)]) ids.push((await signUp(at, email)).id);
  assert.equal(new Set(ids).size, 4);
});

test("7.2.25 an empty password is refused, a blank one is not", async () => {
  for (const version of VERSIONS) {
    const answer = await post("/recipe/signup", { email: newEmail(), password: "" }, version);
    refused(answer, 400, "Password cannot be an empty string");
  }
  const { email } = await signUp("", newEmail(), " ");
  ok(await signIn("", email, " "));
  has(await signIn("", email, "  "), WRONG, "passwords are not trimmed");
});

test("7.2.26 the form of an address is not looked at", async () => {
  for (const email of [newId("abc"), `@${newId("b")}`, newId("c d")]) {
    await signUp("", email);
    ok(await signIn("", email), email);
  }
});

test("7.2.27 addresses of the test domains are verified at once", async () => {
  for (const domain of ["stfakeemail.supertokens.com", "x.fakeemail.com"]) {
    const { user } = await signUp("", `${newId("x")}@${domain}`);
    assert.equal(user.loginMethods[0].verified, true, domain);
    const later = ok(await get("/user/id", { userId: user.id })).user;
    assert.equal(later.loginMethods[0].verified, true, domain);
  }
});

test("7.2.28 sign-in", async () => {
  const { id, email, user } = await signUp();
  const done = ok(await signIn("", email));
  assert.deepEqual(done, { status: "OK", user, recipeUserId: id });
  for (const [address, password] of [[email, "wrong"], [email, ""], [email, PASSWORD.toUpperCase()],
    [newEmail(), PASSWORD], ["", PASSWORD]]) {
    assert.deepEqual(has(await signIn("", address, password), WRONG), { status: WRONG });
  }
});

test("7.2.29 sign-in in a tenant where the user is not", async () => {
  const app = await newApp();
  const [t1, t2] = [await newTenant(app), await newTenant(app)];
  const { email } = await signUp(t1);
  for (const at of [app, t2, ""]) has(await signIn(at, email), WRONG, at);
  ok(await signIn(t1, email));
});

test("7.2.39 a reset token for an unknown user", async () => {
  for (const version of VERSIONS) {
    for (const userId of ["unknown", newId("u"), "00000000-0000-4000-8000-000000000000", ""]) {
      has(await post(`${RESET}/token`, { userId, email: "e" }, version), "UNKNOWN_USER_ID_ERROR", userId);
    }
  }
});

test("7.2.40 from CDI 4.0 a reset token needs an address, but an unknown user is told first", async () => {
  const { id, email } = await signUp();
  for (const version of VERSIONS.slice(1)) {
    badField(await post(`${RESET}/token`, { userId: id }, version), "email", version);
    has(await post(`${RESET}/token`, { userId: "unknown" }, version), "UNKNOWN_USER_ID_ERROR");
  }
  const { token } = ok(await post(`${RESET}/token`, { userId: id }, "3.1"));
  assert.equal(ok(await consume(token)).email, email, "before, the user's own address is noted");
});

test("7.2.42 the text of a token; it is not what is stored", async () => {
  const { id } = await signUp();
  const token = await resetToken(id);
  assert.match(token, /^[A-Za-z0-9_-]{32,}$/);
  const rows = sql("SELECT o::text AS row FROM auth.one_time_tokens o WHERE subject = $1", id);
  assert.equal(rows.length, 1);
  for (const stored of [token, Buffer.from(token).toString("hex")]) assert.ok(!rows[0].row.includes(stored));
});

test("7.2.43 a token is consumed once, and tells the address as it was given", async () => {
  const { id } = await signUp();
  for (const version of VERSIONS.slice(1)) {
    const token = await resetToken(id, " Other@Example.ORG ");
    const expected = { status: "OK", userId: id, email: " Other@Example.ORG " };
    assert.deepEqual(ok(await consume(token, "", version)), expected);
    assert.deepEqual(has(await consume(token, "", version), INVALID), { status: INVALID });
  }
});

test("7.2.44 one token used, all tokens of the user are void", async () => {
  for (const use of [consume, (token) => reset(token, "new")]) {
    const { id } = await signUp();
    const [first, second, third] = [await resetToken(id), await resetToken(id), await resetToken(id)];
    ok(await use(second));
    for (const token of [first, second, third]) has(await use(token), INVALID);
  }
});

test("7.2.45 an expired token is invalid, and takes the others with it", async () => {
  const { id } = await signUp();
  const [expired, live] = [await resetToken(id), await resetToken(id)];
  sql("UPDATE auth.one_time_tokens SET expires_at = now() - interval '1 s' WHERE id = (SELECT id FROM"
    + " auth.one_time_tokens WHERE subject = $1 ORDER BY created_at LIMIT 1) RETURNING id", id);
  has(await consume(expired), INVALID);
  has(await consume(live), INVALID);
});

test("7.2.47 a token made through one tenant is good in all of the app, and in no other", async () => {
  const app = await newApp();
  const t1 = await newTenant(app);
  const { id } = await signUp(t1);
  has(await consume(await resetToken(id, "e", t1), ""), INVALID);
  assert.equal(ok(await consume(await resetToken(id, "e", t1), `${app}/public`)).userId, id);
  ok(await consume(await resetToken(id, "e", app), t1));
});

test("7.2.48 the order in which a reset looks at its input", async () => {
  const { id } = await signUp();
  const send = (body) => post(RESET, { token: "t", ...body });
  const method = "Unsupported method for password reset";
  refused(await send({ method: "abc", newPassword: "p" }), 400, method);
  refused(await send({ method: "abc", newPassword: "" }), 400, method);
  const token = await resetToken(id);
  refused(await send({ method: "token", newPassword: "", token }), 400, "Password cannot be an empty string");
  ok(await consume(token), "a refused reset leaves the token");
});

test("7.2.49 a reset", async () => {
  for (const version of [...VERSIONS, null]) {
    const { id, email } = await signUp();
    const { accessToken } = ok(await createSession("", id));
    assert.deepEqual(ok(await reset(await resetToken(id), "new", "", version)), { status: "OK", userId: id });
    ok(await signIn("", email, "new"));
    has(await signIn("", email), WRONG);
    ok(await verifySession("", accessToken.token, { checkDatabase: true }), "sessions stay");
  }
});

test("7.2.50 a random token", async () => {
  for (const token of ["random", "", "a".repeat(128), "ä; '"]) {
    has(await consume(token), INVALID);
    has(await reset(token, "new"), INVALID);
  }
});

test("7.2.51 a token of a user who is deleted", async () => {
  const { id } = await signUp();
  const token = await resetToken(id);
  ok(await post("/user/remove", { userId: id }));
  has(await consume(token), INVALID);
  has(await reset(token, "new"), INVALID);
});

test("7.2.53 7.2.54 changes of nothing, and of nobody", async () => {
  const { id } = await signUp();
  refused(await update(id, {}), 400, "You have to provide either email or password.");
  for (const unknown of ["unknown", "00000000-0000-4000-8000-000000000000"]) {
    has(await update(unknown, { password: "p" }), "UNKNOWN_USER_ID_ERROR");
  }
});

test("7.2.55 a change to an address that is taken changes nothing", async () => {
  const [one, other] = [await signUp(), await signUp()];
  has(await update(one.id, { email: ` ${other.email.toUpperCase()}`, password: "new" }), "EMAIL_ALREADY_EXISTS_ERROR");
  ok(await signIn("", one.email));
  has(await signIn("", one.email, "new"), WRONG);
  const inTenant = await signUp(await newTenant());
  ok(await update(one.id, { email: inTenant.email }), "in another tenant it is free");
});

test("7.2.56 the own address again, with a new password", async () => {
  const { id, email } = await signUp();
  ok(await update(id, { email: email.toUpperCase(), password: "new" }));
  ok(await signIn("", email, "new"));
});

test("3.1 a change of address or password, which leaves sessions and reset tokens", async () => {
  const { id } = await signUp();
  const { accessToken } = ok(await createSession("", id));
  const token = await resetToken(id);
  const email = newEmail();
  ok(await update(id, { email: ` ${email.toUpperCase()} ` }));
  const { user } = ok(await signIn("", email));
  assert.deepEqual([user.id, user.emails], [id, [email]]);
  ok(await update(id, { password: "new" }));
  ok(await signIn("", email, "new"));
  has(await signIn("", email), WRONG);
  ok(await verifySession("", accessToken.token, { checkDatabase: true }));
  ok(await consume(token));
});

test("7.2.60 which field names the user to change", async () => {
  const { id } = await signUp();
  for (const version of VERSIONS) {
    const [right, wrong] = version === "3.1" ? ["userId", "recipeUserId"] : ["recipeUserId", "userId"];
    badField(await put("/recipe/user", { [wrong]: id, password: "p" }, version), right, version);
    ok(await put("/recipe/user", { [right]: id, password: "p" }, version), version);
  }
});

test("7.2.62 the deprecated look-up", async () => {
  const { id, email, user } = await signUp();
  const find = (query, version = "3.1") => call("GET", "/recipe/user", { query, version });
  refused(await find({ userId: id, email }), 400, "Please provide only one of userId or email");
  refused(await find({}), 400, "Please provide one of userId or email");
  const shown = { id, email, timeJoined: user.timeJoined, tenantIds: ["public"] };
  assert.deepEqual(ok(await find({ userId: id })).user, shown);
  assert.deepEqual(ok(await find({ email: ` ${email.toUpperCase()}` })).user, shown);
  has(await find({ userId: "unknown" }), "UNKNOWN_USER_ID_ERROR");
  has(await find({ email: newEmail() }), "UNKNOWN_EMAIL_ERROR");
});

test("7.9.200 a recipe is refused where it is off, to callers up to CDI 5.0", async () => {
  const at = await newTenant();
  const credentials = { email: newEmail(), password: PASSWORD };
  for (const version of VERSIONS) {
    if (Number(version) > 5) ok(await post(`${at}/recipe/signup`, { ...credentials, email: newEmail() }, version));
    for (const path of ["/recipe/signup", "/recipe/signin"]) {
      const answer = await post(at + path, credentials, version);
      if (Number(version) > 5) assert.equal(answer.status, 200);
      else refused(answer, 403, "Email password login not enabled for tenant", `${path} ${version}`);
    }
  }
});

test("7.2.29 sign-in after association", async () => {
  const app = await newApp();
  const [t1, t2] = [await newTenant(app), await newTenant(app)];
  const { id, email } = await signUp(t1);
  ok(await post(`${t2}/recipe/multitenancy/tenant/user`, { recipeUserId: id }));
  ok(await signIn(t2, email));
});
