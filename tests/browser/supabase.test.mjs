// supabase-js in a browser, at a site of another origin than the gateway's.
import test from "node:test";
import { PASSWORD, assert, claimsOf, mailTo, newEmail } from "../gotrue/helper.mjs";
import { ask, heard, must, newPerson, newSite, open } from "./browser.mjs";

const OTHER_PASSWORD = "another password 2";
const confirming = await newSite();
const autoconfirming = await newSite({ mailer_autoconfirm: true });
const pkce = await newSite({}, { flowType: "pkce" });

/** What a browser keeps of the client. */
const kept = (page) => page.evaluate(() => Object.keys(localStorage));

/** Opens the link of a mail in the same browser; the page, which is at the site then. */
async function follow(person, link, site) {
  const page = await open(person, link);
  assert.equal(new URL(page.url()).origin, site.url);
  return page;
}

/** A confirmed user who is signed in: {person, page, email}. */
async function member({ instance, site }) {
  const { email } = await instance.member();
  const person = await newPerson();
  const page = await open(person, site.url);
  await must(page, "signInWithPassword", { email, password: PASSWORD });
  return { person, page, email };
}

test("sign up, sign out, sign in", async () => {
  const person = await newPerson();
  const page = await open(person, autoconfirming.site.url);
  const email = newEmail();
  const { user, session } = await must(page, "signUp", { email, password: PASSWORD, options: { data: { plan: "pro" } } });
  assert.equal(user.user_metadata.plan, "pro");
  assert.equal((await must(page, "getUser")).user.id, user.id);
  assert.equal((await must(page, "getSession")).session.access_token, session.access_token);
  await page.reload();
  assert.equal((await must(page, "getUser")).user.id, user.id, "it is kept");

  const { error } = await ask(page, "signOut");
  assert.equal(error, null);
  assert.deepEqual(await kept(page), []);
  assert.match((await ask(page, "getUser")).error.message, /session missing/);
  const { status, json } = await autoconfirming.instance.get("/user", { token: session.access_token });
  assert.deepEqual([status, json.error_code], [403, "session_not_found"]);

  const again = await must(page, "signInWithPassword", { email, password: PASSWORD });
  assert.equal(again.user.id, user.id);
  assert.notEqual(again.session.refresh_token, session.refresh_token);
  await person.close();
});

test("refusals can be read across origins", async () => {
  const { person, page, email } = await member(autoconfirming);
  const refusals = [
    ["signInWithPassword", { email, password: "wrong" }, [400, "invalid_credentials", "Invalid login credentials"]],
    ["signUp", { email, password: PASSWORD }, [422, "user_already_exists", "User already registered"]],
    ["updateUser", { password: PASSWORD }, [422, "same_password", "New password should be different from the old password."]],
    ["verifyOtp", { email, token: "000000", type: "email" }, [403, "otp_expired", "Token has expired or is invalid"]],
  ];
  for (const [method, given, wanted] of refusals) {
    const { error } = await ask(page, method, given);
    assert.deepEqual([error?.status, error?.code, error?.message], wanted, method);
  }
  await person.close();
});

test("refresh", async () => {
  const { person, page } = await member(confirming);
  const { session: before } = await must(page, "getSession");
  const { session } = await must(page, "refreshSession");
  assert.notEqual(session.refresh_token, before.refresh_token);
  assert.equal(claimsOf(session.access_token).session_id, claimsOf(before.access_token).session_id);
  await heard(page, "TOKEN_REFRESHED");
  await must(page, "getUser");
  await page.reload();
  assert.equal((await must(page, "getSession")).session.refresh_token, session.refresh_token);
  await person.close();
});

test("two pages refresh at the same time", async () => {
  const { person, page } = await member(confirming);
  const other = await open(person, confirming.site.url);
  const answers = await Promise.all([page, other, page, other].map((each) => ask(each, "refreshSession")));
  // A client throws away what it was given when it sees that another page has been quicker.
  const refused = answers.filter(({ error }) => error !== null);
  for (const { error } of refused) assert.match(error.message, /discarded/);
  const sessions = answers.filter(({ error }) => error === null).map(({ data }) => claimsOf(data.session.access_token).session_id);
  assert.equal(new Set(sessions).size, 1);
  for (const each of [page, other]) await must(each, "getUser");
  await person.close();
});

test("an access token that has expired is replaced unasked", async () => {
  const { person, page } = await member(await newSite({ jwt_exp: 20 }));
  // The client counts what expires within a minute and a half as expired.
  const { session: first } = await must(page, "getSession");
  const { session: second } = await must(page, "getSession");
  assert.notEqual(second.refresh_token, first.refresh_token);
  await must(page, "getUser");
  await person.close();
});

test("who signs out on one page is signed out on all", async () => {
  const { person, page } = await member(confirming);
  const other = await open(person, confirming.site.url);
  assert.notEqual((await must(other, "getSession")).session, null);
  await ask(page, "signOut");
  await heard(other, "SIGNED_OUT");
  assert.equal((await must(other, "getSession")).session, null);
  await person.close();
});

test("signing out elsewhere leaves this browser signed in", async () => {
  const { person, page, email } = await member(confirming);
  const elsewhere = await newPerson();
  const other = await open(elsewhere, confirming.site.url);
  await must(other, "signInWithPassword", { email, password: PASSWORD });
  assert.equal((await ask(page, "signOut", { scope: "others" })).error, null);
  await must(page, "getUser");
  assert.equal((await ask(other, "refreshSession")).error.code, "refresh_token_not_found");
  await person.close();
  await elsewhere.close();
});

test("sign up with a link", async () => {
  const { site } = confirming;
  const person = await newPerson();
  const page = await open(person, site.url);
  const email = newEmail();
  const options = { emailRedirectTo: `${site.url}/welcome` };
  assert.equal((await must(page, "signUp", { email, password: PASSWORD, options })).session, null);
  assert.equal((await ask(page, "signInWithPassword", { email, password: PASSWORD })).error.code, "email_not_confirmed");
  const landed = await follow(person, (await mailTo(email)).link, site);
  await heard(landed, "SIGNED_IN");
  assert.equal(new URL(landed.url()).pathname, "/welcome");
  assert.equal(new URL(landed.url()).hash, "", "the client has cleared the address");
  assert.equal((await must(landed, "getUser")).user.email, email);
  await heard(page, "SIGNED_IN");
  await person.close();
});

test("a code that is typed in", async () => {
  const person = await newPerson();
  const page = await open(person, confirming.site.url);
  const email = newEmail();
  await must(page, "signInWithOtp", { email });
  const { code: token } = await mailTo(email);
  assert.equal((await must(page, "verifyOtp", { email, token, type: "email" })).user.email, email);
  await person.close();
});

test("password recovery", async () => {
  const { instance, site } = confirming;
  const { email } = await instance.member();
  const person = await newPerson();
  const page = await open(person, site.url);
  await must(page, "resetPasswordForEmail", email, { redirectTo: `${site.url}/reset` });
  const landed = await follow(person, (await mailTo(email)).link, site);
  assert.equal(new URL(landed.url()).pathname, "/reset");
  await heard(landed, "PASSWORD_RECOVERY");
  await must(landed, "updateUser", { password: OTHER_PASSWORD });
  await ask(landed, "signOut");
  assert.equal((await ask(landed, "signInWithPassword", { email, password: PASSWORD })).error.code, "invalid_credentials");
  await must(landed, "signInWithPassword", { email, password: OTHER_PASSWORD });
  await person.close();
});

test("PKCE: sign up, magic link and recovery come back with a code", async () => {
  const { instance, site } = pkce;
  const { email: known } = await instance.member();
  const flows = [
    [newEmail(), "email/signup", "SIGNED_IN", (page, email) => must(page, "signUp", { email, password: PASSWORD })],
    [known, "magiclink", "SIGNED_IN", (page, email) => must(page, "signInWithOtp", { email })],
    [known, "recovery", "PASSWORD_RECOVERY", (page, email) => must(page, "resetPasswordForEmail", email)],
  ];
  let mails = 0;
  for (const [email, method, event, begin] of flows) {
    const person = await newPerson();
    const page = await open(person, site.url);
    await begin(page, email);
    const before = site.requests.length;
    const landed = await follow(person, (await mailTo(email, email === known ? mails++ : 0)).link, site);
    await heard(landed, event);
    const { session } = await must(landed, "getSession");
    assert.equal(session.user.email, email);
    assert.deepEqual(claimsOf(session.access_token).amr.map((entry) => entry.method), [method]);
    assert.match(site.requests[before].url, /^\/\?code=[0-9a-f-]{36}$/);
    assert.equal(await landed.evaluate(() => landing), "", "no token stood in the address");
    assert.equal(landed.url(), `${site.url}/`);
    await must(landed, "getUser");
    await person.close();
  }
});

test("PKCE: the link is worth nothing in another browser", async () => {
  const { instance, site } = pkce;
  const { email } = await instance.member();
  const [person, thief] = [await newPerson(), await newPerson()];
  const page = await open(person, site.url);
  await must(page, "signInWithOtp", { email });
  const stolen = await follow(thief, (await mailTo(email)).link, site);
  const code = new URL(stolen.url()).searchParams.get("code");
  assert.ok(code, "the client there has not used it");
  assert.equal((await must(stolen, "getSession")).session, null);
  // Not even with a verifier, if it is another one.
  await must(stolen, "signInWithOtp", { email: newEmail() });
  assert.equal((await ask(stolen, "exchangeCodeForSession", code)).error.code, "bad_code_verifier");
  assert.equal((await must(page, "exchangeCodeForSession", code)).user.email, email);
  await person.close();
  await thief.close();
});

test("PKCE: with the page before it", async () => {
  const { instance, site } = await newSite({ verify_by_post: true }, { flowType: "pkce" });
  const { email } = await instance.member();
  const person = await newPerson();
  const page = await open(person, site.url);
  await must(page, "signInWithOtp", { email });
  await page.goto((await mailTo(email)).link);
  await page.getByRole("button").click();
  await page.waitForURL((url) => url.origin === site.url);
  await heard(page, "SIGNED_IN");
  assert.equal((await must(page, "getUser")).user.email, email);
  await person.close();
});

test("a link that was used shows its error at the site", async () => {
  for (const { instance, site } of [confirming, pkce]) {
    const { email } = await instance.member();
    const person = await newPerson();
    const page = await open(person, site.url);
    await must(page, "signInWithOtp", { email });
    const { link } = await mailTo(email);
    await fetch(link, { redirect: "manual" });
    const landed = await follow(person, link, site);
    const { error } = await ask(landed, "initialize");
    assert.equal(error.message, "Email link is invalid or has expired");
    assert.equal((await must(landed, "getSession")).session, null);
    await person.close();
  }
});
