// Access tokens and other JWTs, seen by a library that knows nothing of SuperTokens; and the keys that signed them.
import test from "node:test";
import { createHash } from "node:crypto";
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from "jose";
import JWT from "supertokens-node/recipe/jwt";
import OpenId from "supertokens-node/recipe/openid";
import Session from "supertokens-node/recipe/session";
import { API_DOMAIN, AUTH_URL, PUBLIC, assert, cdi, init, newId, recipeUserId, signUp } from "./helpers.mjs";

init();

const ISSUER = `${API_DOMAIN}/auth`;
const UUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/;
const keys = createRemoteJWKSet(new URL(`${AUTH_URL}/.well-known/jwks.json`));
const sha256 = (text) => createHash("sha256").update(text).digest("hex");

const create = (id, payload = {}) => Session.createNewSessionWithoutRequestResponse(PUBLIC, recipeUserId(id), payload);
const refreshTokenOf = (session) => session.getAllSessionTokensDangerously().refreshToken;

test("an access token has the claims that SuperTokens' has", async () => {
  const { id } = await signUp();
  const session = await create(id, { plan: "free" });
  const before = Math.floor(Date.now() / 1000);
  const { payload, protectedHeader } = await jwtVerify(session.getAccessToken(), keys, { algorithms: ["RS256"] });
  const { kid, ...header } = protectedHeader;
  assert.deepEqual(header, { alg: "RS256", typ: "JWT", version: "5" });
  assert.match(kid, /^d-\d+$/, "a dynamic key, named by its time");
  const { iat, exp, ...claims } = payload;
  assert.deepEqual(claims, {
    sub: id,
    rsub: id,
    tId: PUBLIC,
    sessionHandle: session.getHandle(),
    refreshTokenHash1: sha256(refreshTokenOf(session)),
    parentRefreshTokenHash1: null,
    antiCsrfToken: null,
    iss: ISSUER,
    plan: "free",
  });
  assert.ok(Number.isInteger(iat) && Number.isInteger(exp), "whole seconds");
  assert.ok(Math.abs(iat - before) < 60, `issued now: ${iat}`);
  assert.ok(exp - iat > 3600 * 0.94 && exp - iat <= 3600, `an hour, less some jitter: ${exp - iat}`);
  assert.match(session.getHandle(), UUID);
});

test("a refreshed access token names both refresh tokens, until its first use", async () => {
  const first = await create(newId("user"));
  const second = await Session.refreshSessionWithoutRequestResponse(refreshTokenOf(first));
  const { payload } = await jwtVerify(second.getAccessToken(), keys);
  assert.equal(payload.refreshTokenHash1, sha256(refreshTokenOf(second)));
  assert.equal(payload.parentRefreshTokenHash1, sha256(refreshTokenOf(first)));
  assert.equal(payload.sessionHandle, first.getHandle());
  const used = await Session.getSessionWithoutRequestResponse(second.getAccessToken());
  const after = (await jwtVerify(used.getAccessToken(), keys)).payload;
  assert.equal(after.refreshTokenHash1, sha256(refreshTokenOf(second)));
  assert.equal(after.parentRefreshTokenHash1, null);
});

test("a changed token fails verification", async () => {
  const [head, body, signature] = (await create("ada")).getAccessToken().split(".");
  const forged = Buffer.from(JSON.stringify({ ...decodeJwt(`${head}.${body}.`), sub: "eve" })).toString("base64url");
  await assert.rejects(jwtVerify(`${head}.${forged}.${signature}`, keys), {
    code: "ERR_JWS_SIGNATURE_VERIFICATION_FAILED",
  });
  const accessToken = `${head}.${forged}.${signature}`;
  const query = { accessToken, doAntiCsrfCheck: false, enableAntiCsrf: false, checkDatabase: false };
  assert.equal((await cdi("POST", "/recipe/session/verify", query)).status, "TRY_REFRESH_TOKEN");
});

test("an unsigned token is refused", async () => {
  const accessToken = (await create("ada")).getAccessToken();
  for (const alg of ["none", "HS256"]) {
    const head = Buffer.from(JSON.stringify({ ...decodeProtectedHeader(accessToken), alg })).toString("base64url");
    const query = { doAntiCsrfCheck: false, enableAntiCsrf: false, checkDatabase: false };
    const unsigned = `${head}.${accessToken.split(".")[1]}.`;
    const answer = await cdi("POST", "/recipe/session/verify", { ...query, accessToken: unsigned });
    assert.equal(answer.status, "TRY_REFRESH_TOKEN", alg);
  }
});

for (const [recipe, createJWT] of [
  ["Session", Session.createJWT],
  ["JWT", JWT.createJWT],
]) {
  test(`${recipe}.createJWT signs any payload, with a static key unless told otherwise`, async () => {
    for (const [useStaticSigningKey, kid] of [
      [undefined, /^s-/],
      [true, /^s-/],
      [false, /^d-\d+$/],
    ]) {
      const answer = await createJWT({ sub: "ada", scope: ["a", "b"], no: null }, 600, useStaticSigningKey);
      assert.equal(answer.status, "OK");
      const { payload, protectedHeader } = await jwtVerify(answer.jwt, keys, { algorithms: ["RS256"] });
      assert.match(protectedHeader.kid, kid);
      assert.deepEqual([payload.sub, payload.scope, payload.no], ["ada", ["a", "b"], null]);
      assert.equal(payload.exp - payload.iat, 600);
    }
  });
}

test("createJWT refuses a validity of nothing, and an unknown algorithm", async () => {
  await assert.rejects(Session.createJWT({}, 0), /400.*validity must be greater than or equal to 0/s);
  const body = { algorithm: "HS256", jwksDomain: API_DOMAIN, payload: {}, validity: 60, useStaticSigningKey: true };
  assert.deepEqual(await cdi("POST", "/recipe/jwt", body), { status: "UNSUPPORTED_ALGORITHM_ERROR" });
});

test("a JWT is no session", async () => {
  const { jwt } = await Session.createJWT({ sub: "ada" }, 600, false);
  const query = { accessToken: jwt, doAntiCsrfCheck: false, enableAntiCsrf: false, checkDatabase: false };
  assert.equal((await cdi("POST", "/recipe/session/verify", query)).status, "TRY_REFRESH_TOKEN");
});

test("getJWKS has the public keys that the gateway publishes, and nothing private", async () => {
  const { keys: published } = await (await fetch(`${AUTH_URL}/.well-known/jwks.json`)).json();
  for (const recipe of [Session, JWT]) {
    const answer = await recipe.getJWKS();
    assert.deepEqual(answer.keys, published);
    assert.ok(answer.validityInSeconds > 0, "how long they may be kept");
  }
  const kids = published.map((key) => key.kid);
  assert.ok(kids.some((kid) => kid.startsWith("d-")) && kids.some((kid) => kid.startsWith("s-")), kids.join());
  for (const key of published) {
    assert.deepEqual(Object.keys(key).sort(), ["alg", "e", "kid", "kty", "n", "use"]);
    assert.deepEqual([key.kty, key.alg, key.use], ["RSA", "RS256", "sig"]);
  }
});

test("the discovery document names the issuer of the tokens", async () => {
  for (const recipe of [Session, OpenId]) {
    const document = await recipe.getOpenIdDiscoveryConfiguration();
    assert.equal(document.issuer, ISSUER);
    assert.equal(document.jwks_uri, `${ISSUER}/jwt/jwks.json`);
  }
});
