// Cookies with an anti-CSRF token: what a foreign site makes the browser send lacks it.
import test, { after } from "node:test";
import { PASSWORD, assert, newEmail } from "./helpers.mjs";
import { Client, hasCode, hasStatus, startApplication } from "./express.mjs";

const application = await startApplication({ session: { antiCsrf: "VIA_TOKEN" } });
after(application.stop);

const signUp = async (mode) => {
  const client = new Client(application.url, mode);
  hasStatus(await client.form("/signup", { email: newEmail(), password: PASSWORD }), "OK");
  return client;
};

test("a writing request needs the anti-CSRF token, a reading one does not", async () => {
  const client = await signUp("cookie");
  assert.ok(client.antiCsrf, "the token comes in a header");
  hasCode(await client.post("/me"), 200);
  const foreign = client.clone();
  for (const token of [undefined, "wrong"]) {
    foreign.antiCsrf = token;
    const refused = await foreign.post("/me");
    hasCode(refused, 401, `token ${token}`);
    assert.match(refused.text, /try refresh token/);
    hasCode(await foreign.get("/me"), 200, `token ${token}, reading`);
  }
});

test("a refresh needs the anti-CSRF token, and gives a new one", async () => {
  const client = await signUp("cookie");
  const foreign = client.clone();
  for (const token of [undefined, "wrong"]) {
    foreign.antiCsrf = token;
    hasCode(await foreign.post("/auth/session/refresh"), 401, `token ${token}`);
  }
  const first = client.antiCsrf;
  hasCode(await client.post("/auth/session/refresh"), 200, "the session outlived that");
  assert.notEqual(client.antiCsrf, first);
  hasCode(await client.post("/me"), 200, "with the new token");
  client.antiCsrf = first;
  hasCode(await client.post("/me"), 401, "with the old one");
});

test("tokens in headers need none: no browser sends them by itself", async () => {
  const client = await signUp("header");
  assert.equal(client.antiCsrf, undefined);
  hasCode(await client.post("/auth/session/refresh"), 200);
  // The SDK compares in this mode only what came in cookies.
  hasCode(await client.post("/me"), 200);
});
