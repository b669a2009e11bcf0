// What an application publishes for others to check its tokens: discovery and keys, used by a library that knows
// nothing of SuperTokens.
import test, { after } from "node:test";
import { createRemoteJWKSet, jwtVerify } from "jose";
import JWT from "supertokens-node/recipe/jwt";
import OpenId from "supertokens-node/recipe/openid";
import Session from "supertokens-node/recipe/session";
import { API_DOMAIN, AUTH_URL, PASSWORD, PUBLIC, assert, newEmail, newId } from "./helpers.mjs";
import { Client, hasCode, hasStatus, startApplication } from "./express.mjs";

// Without the recipe the SDK serves the discovery document as well; with it, under its own configuration.
const application = await startApplication({ recipes: [JWT.init(), OpenId.init()] });
after(application.stop);

const ISSUER = `${API_DOMAIN}/auth`;
const keysURL = new URL(`${application.url}/auth/jwt/jwks.json`);
const keys = createRemoteJWKSet(keysURL);

test("the discovery document names the endpoints, for any origin", async () => {
  const response = await fetch(`${application.url}/auth/.well-known/openid-configuration`);
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("access-control-allow-origin"), "*");
  const document = await response.json();
  const { status, ...expected } = await OpenId.getOpenIdDiscoveryConfiguration();
  assert.equal(status, "OK");
  assert.deepEqual(document, expected);
  assert.deepEqual([document.issuer, document.jwks_uri], [ISSUER, `${ISSUER}/jwt/jwks.json`]);
});

test("the keys are the server's, and say how long they hold", async () => {
  const response = await fetch(keysURL);
  assert.equal(response.status, 200);
  const published = await (await fetch(`${AUTH_URL}/.well-known/jwks.json`)).json();
  assert.deepEqual(await response.json(), published);
  assert.match(response.headers.get("cache-control"), /^max-age=[1-9]\d*, must-revalidate$/);
});

test("the keys verify a user's access token", async () => {
  const client = new Client(application.url, "header");
  const answer = await client.form("/signup", { email: newEmail(), password: PASSWORD });
  hasStatus(answer, "OK");
  for (const name of ["first", "refreshed"]) {
    const { payload } = await jwtVerify(client.access, keys, { issuer: ISSUER, algorithms: ["RS256"] });
    assert.deepEqual([payload.sub, payload.tId], [answer.json.user.id, PUBLIC], name);
    hasCode(await client.post("/auth/session/refresh"), 200);
  }
});

test("the keys verify what createJWT signs, which no session takes", async () => {
  for (const [name, create, issuer] of [
    ["JWT", JWT.createJWT, API_DOMAIN],
    ["Session", Session.createJWT, ISSUER],
  ]) {
    for (const isStatic of [true, false]) {
      const sub = newId("service");
      const { jwt } = await create({ sub }, 60, isStatic);
      const { payload } = await jwtVerify(jwt, keys);
      assert.deepEqual([payload.sub, payload.iss], [sub, issuer], name);
      const client = new Client(application.url, "header");
      client.access = jwt;
      hasCode(await client.get("/me"), 401, name);
    }
  }
});

test("a token that has run out is refused", async () => {
  const { jwt } = await JWT.createJWT({ sub: "ada" }, 1);
  const currentDate = new Date(Date.now() + 10_000);
  await assert.rejects(jwtVerify(jwt, keys, { currentDate }), { code: "ERR_JWT_EXPIRED" });
});
