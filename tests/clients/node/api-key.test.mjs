// An app with API keys serves the SDK that has one of them, and tells nobody else anything.
import test, { after } from "node:test";
import { createRemoteJWKSet, jwtVerify } from "jose";
import EmailPassword from "supertokens-node/recipe/emailpassword";
import Session from "supertokens-node/recipe/session";
import { PASSWORD, PUBLIC, assert, cdi, createApp, init, newEmail, newId, signUp } from "./helpers.mjs";

const [oldKey, newKey] = ["old-key-of-the-application", "new-key-of-the-application"];
const appId = newId("keyed");
const connectionURI = await createApp(appId, { api_keys: `${oldKey},${newKey}` });
init({ connectionURI, apiKey: newKey });
after(() => cdi("POST", "/recipe/multitenancy/app/remove", { appId }));

const get = (path, headers) => fetch(connectionURI + path, { headers: { "cdi-version": "5.4", ...headers } });

test("the SDK with a key works, and verifies tokens with the public keys", async () => {
  const { email, recipeUserId } = await signUp();
  assert.equal((await EmailPassword.signIn(PUBLIC, email, PASSWORD)).status, "OK");
  const session = await Session.createNewSessionWithoutRequestResponse(PUBLIC, recipeUserId);
  assert.ok(await Session.getSessionWithoutRequestResponse(session.getAccessToken()));
  const keys = createRemoteJWKSet(new URL(`${connectionURI}/.well-known/jwks.json`));
  assert.equal((await jwtVerify(session.getAccessToken(), keys)).payload.sub, recipeUserId.getAsString());
});

test("each key works, in either header", async () => {
  for (const key of [oldKey, newKey]) {
    for (const headers of [{ "api-key": key }, { authorization: key }, { authorization: `Bearer ${key}` }]) {
      assert.equal((await get("/users/count", headers)).status, 200, JSON.stringify(headers));
    }
  }
});

test("without a key nothing is done", async () => {
  for (const headers of [
    {},
    { "api-key": "" },
    { "api-key": oldKey.slice(0, -1) },
    { "api-key": `${oldKey},${newKey}` },
  ]) {
    for (const path of ["/users", "/users/count", "/apiversion", "/recipe/session/user?userId=ada"]) {
      const response = await get(path, headers);
      const text = await response.text();
      assert.equal(response.status, 401, `${path} ${JSON.stringify(headers)}: ${text}`);
      assert.match(text, /^Invalid API key\n?$/);
    }
  }
  const email = newEmail();
  const body = JSON.stringify({ email, password: PASSWORD });
  const response = await fetch(`${connectionURI}/recipe/signup`, {
    method: "POST",
    headers: { "cdi-version": "5.4" },
    body,
  });
  assert.equal(response.status, 401);
  assert.equal((await EmailPassword.signUp(PUBLIC, email, PASSWORD)).status, "OK", "the address is still free");
});

test("health and public keys need none", async () => {
  for (const path of ["/hello", "/.well-known/jwks.json"]) assert.equal((await get(path)).status, 200, path);
});
