// initialize: what a client does on the page that a link leads to.
import test from "node:test";
import { PASSWORD, SITE, assert, mailTo, newEmail, newId } from "../../gotrue/helper.mjs";
import { leave, open } from "./browser.mjs";
import { fails, follow, member, must, newClient, storage } from "./clients.mjs";
import { autoconfirming, confirming } from "./servers.mjs";

const PAGE = "http://localhost:9999/";

/** Options of the pages of one browser. */
const browser = () => ({ storage: storage(), storageKey: newId("page") });

/** Opens a page at an address, with a client of its own: {client, calls, events, error, close}. */
async function visit(url, options = browser()) {
  open(url);
  const [calls, events] = [[], []];
  const watch = (address, init) => (calls.push(address.replace(confirming.url, "")), fetch(address, init));
  const settings = { detectSessionInUrl: true, skipAutoInitialize: true, fetch: watch };
  const client = newClient(confirming, { ...settings, ...options });
  client.onAuthStateChange((event) => void events.push(event));
  const { error } = await client.initialize();
  // What the page itself caused is told in the next turn.
  await new Promise((resolve) => setTimeout(resolve));
  return { client, calls, events, error, close: () => client.dispose().then(leave) };
}

test("7.2 initialize takes the tokens of a link over, and out of the address", async () => {
  const { user, email } = await member(confirming);
  const asking = await visit(PAGE);
  await must(asking.client.signInWithOtp({ email }));
  await asking.close();
  const { url, fragment } = await follow((await mailTo(email)).link);
  const page = await visit(url.href);
  assert.equal(page.error, null);
  assert.deepEqual(page.calls, ["/user"]);
  assert.ok(page.events.includes("SIGNED_IN"), page.events.join());
  assert.equal(window.location.hash, "");
  const { session } = await must(page.client.getSession());
  assert.deepEqual([session.user.id, session.access_token], [user.id, fragment.access_token]);
  await must(page.client.refreshSession());
  await page.close();
});

test("7.2 initialize tells that a link is for a new password", async () => {
  const { email } = await member(confirming);
  await must(newClient(confirming).resetPasswordForEmail(email));
  const { url } = await follow((await mailTo(email)).link);
  const page = await visit(url.href);
  assert.equal(page.error, null);
  assert.ok(page.events.includes("PASSWORD_RECOVERY"), page.events.join());
  await must(page.client.updateUser({ password: "another password 2" }));
  await page.close();
});

test("7.2 initialize exchanges the code of a link, and takes it out of the address", async () => {
  const [email, options] = [newEmail(), { ...browser(), flowType: "pkce" }];
  const asking = await visit(PAGE, options);
  const { user } = await must(asking.client.signUp({ email, password: PASSWORD }));
  await asking.close();
  const { url } = await follow((await mailTo(email)).link);
  assert.ok(url.searchParams.has("code"));
  const page = await visit(url.href, options);
  assert.equal(page.error, null);
  assert.deepEqual(page.calls, ["/token?grant_type=pkce"]);
  assert.ok(!window.location.href.includes("code="), window.location.href);
  assert.equal((await must(page.client.getUser())).user.id, user.id);
  await page.close();
});

test("2.5 initialize tells why a link was refused, and keeps the session that there is", async () => {
  const { email } = await member(confirming);
  const options = browser();
  const asking = await visit(PAGE, options);
  const { session } = await must(asking.client.signInWithPassword({ email, password: PASSWORD }));
  await must(asking.client.signInWithOtp({ email }));
  await asking.close();
  const { link } = await mailTo(email);
  await follow(link);
  const { url } = await follow(link);
  const page = await visit(url.href, options);
  assert.equal(page.error.name, "AuthImplicitGrantRedirectError");
  assert.equal(page.error.message, "Email link is invalid or has expired");
  assert.deepEqual(page.error.details, { error: "access_denied", code: "otp_expired" });
  assert.equal((await must(page.client.getSession())).session.access_token, session.access_token);
  await page.close();
});

test("7.2 initialize refuses the tokens of an address that the server did not give", async () => {
  const forged = { access_token: "forged", refresh_token: "forged", expires_in: "3600", token_type: "bearer" };
  const page = await visit(`${PAGE}#${new URLSearchParams(forged)}`);
  await fails({ error: page.error }, 403, "bad_jwt", /^invalid JWT/);
  assert.equal((await must(page.client.getSession())).session, null);
  await page.close();
});

test("2.15 signInWithOAuth leaves the page for the server, which tells that the provider is off", async () => {
  open(SITE);
  const client = newClient(autoconfirming);
  await must(client.signInWithOAuth({ provider: "github", options: { redirectTo: SITE } }));
  assert.ok(window.location.href.startsWith(`${autoconfirming.url}/authorize?provider=github`));
  const response = await fetch(window.location, { redirect: "manual" });
  const { error_code: code, msg } = await response.json();
  assert.deepEqual([response.status, code], [400, "validation_failed"]);
  assert.match(msg, /^Unsupported provider: /);
  await client.dispose().then(leave);
});
