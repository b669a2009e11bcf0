// Tokens that run out, in an app of their own whose tokens live for seconds.
import test, { after } from "node:test";
import { decodeJwt } from "jose";
import Session from "supertokens-node/recipe/session";
import { PASSWORD, assert, createApp, newEmail, newId, sql } from "./helpers.mjs";
import { Client, hasCode, hasStatus, startApplication } from "./express.mjs";

const appId = newId("brief");
const connectionURI = await createApp(appId);
const set = (name, value) => sql("SELECT auth.set_setting($1, $2, app_id => $3)", name, value, appId);
set("access_token_validity", "2"); // seconds
const application = await startApplication({ connectionURI });
after(application.stop);

const signUp = async () => {
  const client = new Client(application.url, "cookie");
  hasStatus(await client.form("/signup", { email: newEmail(), password: PASSWORD }), "OK");
  return client;
};

/** Waits until a moment, in seconds since 1970, is over. */
const passed = async (moment) => {
  while (Date.now() / 1000 <= moment) await new Promise((resolve) => setTimeout(resolve, 50));
};

test("an access token runs out, a refresh gives another", async () => {
  const client = await signUp();
  const { exp, iat } = decodeJwt(client.cookie("sAccessToken"));
  assert.ok(exp - iat <= 2, `lives as long as the app's setting says: ${exp - iat}`);
  await passed(exp);
  const answer = await client.get("/me");
  hasCode(answer, 401);
  assert.match(answer.text, /try refresh token/);
  hasCode(await client.post("/auth/session/refresh"), 200);
  hasCode(await client.get("/me"), 200);
});

test("a session that ran out cannot be refreshed", async () => {
  set("refresh_token_validity", "0.05"); // minutes
  const client = await signUp();
  const { sub, sessionHandle } = decodeJwt(client.cookie("sAccessToken"));
  const { timeCreated, expiry } = await Session.getSessionInformation(sessionHandle);
  assert.equal(expiry - timeCreated, 3000);
  await passed(expiry / 1000);
  hasCode(await client.post("/auth/session/refresh"), 401);
  assert.equal(await Session.getSessionInformation(sessionHandle), undefined);
  assert.deepEqual(await Session.getAllSessionHandlesForUser(sub), []);
  assert.deepEqual(await Session.revokeAllSessionsForUser(sub), []);
});
