// Sign-up to sign-out through the SDK's own APIs in an express application, with tokens in cookies and in headers.
import test, { after } from "node:test";
import { decodeJwt } from "jose";
import Session from "supertokens-node/recipe/session";
import { PASSWORD, assert, mails, newEmail, newId, sameMembers, sql } from "./helpers.mjs";
import { Client, hasCode, hasStatus, startApplication } from "./express.mjs";

const application = await startApplication();
after(application.stop);

const accessTokenOf = (client) => client.cookie("sAccessToken") ?? client.access;
const refreshTokenOf = (client) => client.cookie("sRefreshToken") ?? client.refresh;

for (const mode of ["cookie", "header"]) {
  const newClient = () => new Client(application.url, mode);
  const signUp = async (email = newEmail()) => {
    const client = newClient();
    const answer = await client.form("/signup", { email, password: PASSWORD });
    hasStatus(answer, "OK", "sign-up");
    return { client, email, id: answer.json.user.id, answer };
  };

  test(`${mode}: sign-up signs in`, async () => {
    const { client, email, id, answer } = await signUp();
    assert.deepEqual(answer.json.user.emails, [email]);
    const front = JSON.parse(Buffer.from(answer.frontToken, "base64").toString());
    assert.equal(front.uid, id);
    const me = await client.get("/me");
    hasCode(me, 200);
    assert.equal(me.json.userId, id);
    const tokens = ["sAccessToken", "sRefreshToken"].map((name) => client.cookies.get(name));
    if (mode === "cookie") {
      assert.deepEqual(
        tokens.map(({ path, httpOnly }) => [path, httpOnly]),
        [
          ["/", true],
          ["/auth/session/refresh", true],
        ],
      );
      assert.deepEqual([client.access, client.refresh], [undefined, undefined], "no tokens for scripts");
    } else {
      assert.deepEqual(tokens, [undefined, undefined], "no cookies");
    }
    assert.deepEqual(sql("SELECT email FROM auth.users WHERE id = $1", id), [{ email }]);
    const rows = sql("SELECT subject FROM auth.sessions WHERE user_id = $1", id);
    assert.deepEqual(rows, [{ subject: id }], "one session");
  });

  test(`${mode}: sign-in needs the right password`, async () => {
    const { email, id } = await signUp();
    const client = newClient();
    hasStatus(await client.form("/signin", { email, password: "wrong" }), "WRONG_CREDENTIALS_ERROR");
    hasStatus(await client.form("/signin", { email: newEmail(), password: PASSWORD }), "WRONG_CREDENTIALS_ERROR");
    hasCode(await client.get("/me"), 401, "nobody is signed in");
    const answer = await client.form("/signin", { email, password: PASSWORD });
    hasStatus(answer, "OK");
    assert.equal(answer.json.user.id, id);
    assert.equal((await client.get("/me")).json.userId, id);
  });

  test(`${mode}: refresh gives new tokens, and the session stays`, async () => {
    const { client, id } = await signUp();
    const [access, refresh, me] = [accessTokenOf(client), refreshTokenOf(client), await client.get("/me")];
    hasCode(await client.post("/auth/session/refresh"), 200);
    assert.notEqual(refreshTokenOf(client), refresh);
    const issued = accessTokenOf(client);
    assert.notEqual(issued, access);
    assert.ok(decodeJwt(issued).parentRefreshTokenHash1, "a token that must be confirmed");
    const again = await client.get("/me");
    assert.deepEqual([again.json.userId, again.json.handle], [id, me.json.handle]);
    assert.equal(decodeJwt(accessTokenOf(client)).parentRefreshTokenHash1, null, "confirmed by its first use");
    const settled = accessTokenOf(client);
    await client.get("/me");
    assert.equal(accessTokenOf(client), settled);
  });

  test(`${mode}: a stolen refresh token ends the session`, async () => {
    const { client } = await signUp();
    const thief = client.clone();
    const { handle } = (await client.get("/me")).json;
    hasCode(await client.post("/auth/session/refresh"), 200);
    hasCode(await client.get("/me"), 200, "the new access token is used");
    const theft = await thief.post("/auth/session/refresh");
    hasCode(theft, 401);
    assert.match(theft.text, /token theft detected/);
    hasCode(await client.get("/me/checked"), 401, "the session is gone for its owner too");
    hasCode(await client.post("/auth/session/refresh"), 401);
    assert.equal(await Session.getSessionInformation(handle), undefined);
  });

  test(`${mode}: sign-out ends the session and takes the tokens`, async () => {
    const { client } = await signUp();
    const keeper = client.clone();
    const answer = await client.post("/auth/signout");
    hasStatus(answer, "OK");
    assert.equal(answer.frontToken, "remove");
    assert.ok(!accessTokenOf(client) && !refreshTokenOf(client), "tokens are cleared");
    hasCode(await client.get("/me"), 401);
    hasCode(await keeper.get("/me"), 200, "the old access token, where the database is not asked");
    hasCode(await keeper.get("/me/checked"), 401, "where it is asked");
    hasCode(await keeper.post("/auth/session/refresh"), 401);
  });

  test(`${mode}: a changed payload comes back in the tokens`, async () => {
    const { client } = await signUp();
    const answer = await client.call("PUT", "/me/payload", { plan: "pro" });
    hasCode(answer, 200);
    assert.equal(decodeJwt(accessTokenOf(client)).plan, "pro");
    assert.equal((await client.get("/me/checked")).json.payload.plan, "pro");
    await client.post("/auth/session/refresh");
    assert.equal((await client.get("/me")).json.payload.plan, "pro");
  });

  test(`${mode}: createNewSession, getSession and refreshSession by hand`, async () => {
    const [client, id] = [newClient(), newId("guest")];
    assert.deepEqual((await client.get("/visitor")).json, { known: false });
    const entered = await client.post(`/enter/${id}`);
    hasCode(entered, 200);
    assert.equal(entered.json.payload.made, "by hand");
    assert.deepEqual((await client.get("/visitor")).json, { known: true });
    const looked = await client.get("/look");
    assert.deepEqual([looked.json.userId, looked.json.handle], [id, entered.json.handle]);
    if (mode === "cookie") client.cookies.get("sRefreshToken").path = "/auth/session/";
    const refreshed = await client.post("/auth/session/again");
    hasCode(refreshed, 200);
    assert.equal(refreshed.json.handle, entered.json.handle);
    assert.deepEqual((await Session.getSessionInformation(entered.json.handle)).sessionDataInDatabase, { n: 1 });
  });

  test(`${mode}: no session without tokens, nor with false ones`, async () => {
    const client = newClient();
    hasCode(await client.get("/me"), 401);
    hasCode(await client.get("/look"), 401);
    hasCode(await client.post("/auth/session/refresh"), 401);
    hasCode(await client.post("/auth/signout"), 401);
    const { client: other } = await signUp();
    const [head, body] = accessTokenOf(other).split(".");
    other.access = `${head}.${body}.AAAA`;
    if (mode === "cookie") other.cookies.get("sAccessToken").value = other.access;
    hasCode(await other.get("/me"), 401, "a false signature");
  });
}

test("a password is reset by the link in the mail", async () => {
  const [client, email, password] = [new Client(application.url, "cookie"), newEmail(), "battery staple 2"];
  hasStatus(await client.form("/signup", { email, password: PASSWORD }), "OK");
  hasStatus(await client.form("/user/password/reset/token", { email }), "OK");
  const sent = mails.filter((mail) => mail.user.email === email);
  assert.equal(sent.length, 1, "one mail");
  const token = new URL(sent[0].passwordResetLink).searchParams.get("token");
  const reset = (fields) => client.form("/user/password/reset", fields, { method: "token", token });

  hasStatus(await reset({ password: "weak" }), "FIELD_ERROR");
  hasStatus(await reset({ password }), "OK", "a refused password leaves the token good");
  hasStatus(await reset({ password }), "RESET_PASSWORD_INVALID_TOKEN_ERROR", "a second time");
  hasStatus(await client.form("/signin", { email, password: PASSWORD }), "WRONG_CREDENTIALS_ERROR");
  hasStatus(await client.form("/signin", { email, password }), "OK");
});

test("nobody learns from a reset whether an address is known", async () => {
  const [client, email] = [new Client(application.url, "cookie"), newEmail()];
  hasStatus(await client.form("/user/password/reset/token", { email }), "OK");
  assert.deepEqual(
    mails.filter((mail) => mail.user.email === email),
    [],
  );
});

test("wrong input gives FIELD_ERROR, and makes no user", async () => {
  const client = new Client(application.url, "cookie");
  const email = newEmail();
  for (const [fields, wrong] of [
    [{ email: "no address", password: PASSWORD }, ["email"]],
    [{ email, password: "short1" }, ["password"]],
    [{ email, password: "no digits at all" }, ["password"]],
    [{ email: "", password: "" }, ["email", "password"]],
  ]) {
    const answer = await client.form("/signup", fields);
    hasStatus(answer, "FIELD_ERROR");
    sameMembers(
      answer.json.formFields.map(({ id }) => id),
      wrong,
      JSON.stringify(fields),
    );
  }
  hasStatus(await client.form("/signin", { email: "no address", password: PASSWORD }), "FIELD_ERROR");
  hasStatus(await client.form("/signup", { email }), "FIELD_ERROR", "a missing field");
  hasCode(await client.form("/signup", { email, password: 12345678 }), 400, "no text");
  assert.equal(client.cookies.size, 0);
  assert.deepEqual(sql("SELECT id FROM auth.users WHERE email = $1", email), []);
});

test("an address that is taken is a FIELD_ERROR, and can be asked for", async () => {
  const [client, email] = [new Client(application.url, "cookie"), newEmail()];
  const exists = async () =>
    (await client.get(`/auth/emailpassword/email/exists?email=${encodeURIComponent(email)}`)).json;
  assert.deepEqual(await exists(), { status: "OK", exists: false });
  hasStatus(await client.form("/signup", { email, password: PASSWORD }), "OK");
  assert.deepEqual(await exists(), { status: "OK", exists: true });
  const answer = await client.form("/signup", { email, password: PASSWORD });
  hasStatus(answer, "FIELD_ERROR");
  assert.match(answer.json.formFields[0].error, /already exists/);
});

test("the application publishes the keys and the discovery document", async () => {
  const client = new Client(application.url, "cookie");
  const { keys } = (await client.get("/auth/jwt/jwks.json")).json;
  assert.deepEqual(keys, (await Session.getJWKS()).keys);
  const document = (await client.get("/auth/.well-known/openid-configuration")).json;
  assert.equal(document.issuer, (await Session.getOpenIdDiscoveryConfiguration()).issuer);
});
