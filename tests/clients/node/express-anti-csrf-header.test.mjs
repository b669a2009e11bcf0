// Cookies with anti-CSRF by custom header: a foreign site cannot send one without the application's consent.
import test, { after } from "node:test";
import Session from "supertokens-node/recipe/session";
import { PASSWORD, assert, newEmail } from "./helpers.mjs";
import { Client, hasCode, hasStatus, startApplication } from "./express.mjs";

const application = await startApplication({ session: { antiCsrf: "VIA_CUSTOM_HEADER" } });
after(application.stop);

const signUp = async () => {
  const client = new Client(application.url, "cookie");
  hasStatus(await client.form("/signup", { email: newEmail(), password: PASSWORD }), "OK");
  assert.equal(client.antiCsrf, undefined, "no anti-CSRF token in this mode");
  return client;
};

test("a writing request needs the header, a reading one does not", async () => {
  const client = await signUp();
  const refused = await client.post("/me");
  hasCode(refused, 401);
  assert.match(refused.text, /try refresh token/);
  hasCode(await client.get("/me"), 200, "reading");
  client.headers = { rid: "anti-csrf" };
  hasCode(await client.post("/me"), 200, "with the header");
});

test("a refresh needs the header", async () => {
  const client = await signUp();
  const foreign = client.clone();
  hasCode(await foreign.post("/auth/session/refresh"), 401);
  client.headers = { rid: "anti-csrf" };
  hasCode(await client.post("/auth/session/refresh"), 200);
  hasCode(await client.post("/me"), 200);
});

test("where there is no request the check must be waived", async () => {
  const client = await signUp();
  const [access, refresh] = [client.cookie("sAccessToken"), client.cookie("sRefreshToken")];
  await assert.rejects(Session.getSessionWithoutRequestResponse(access), /VIA_CUSTOM_HEADER/);
  await assert.rejects(Session.refreshSessionWithoutRequestResponse(refresh), /VIA_CUSTOM_HEADER/);
  assert.ok(await Session.getSessionWithoutRequestResponse(access, undefined, { antiCsrfCheck: false }));
  assert.ok(await Session.refreshSessionWithoutRequestResponse(refresh, true));
});
