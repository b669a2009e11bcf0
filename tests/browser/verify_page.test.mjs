// The page that a link in a mail shows with the setting verify_by_post: scanners of mails follow links, people press
// its button.
import test from "node:test";
import { PASSWORD, age, assert, mailTo, newEmail, ok, sql } from "../gotrue/helper.mjs";
import { ask, heard, must, newPerson, newSite, open, serve } from "./browser.mjs";

const { instance, site } = await newSite({ verify_by_post: true });
const BUTTON = { name: "Continue" };

/** The link of a new user's mail: {email, link}. */
async function signedUp(query) {
  const email = newEmail();
  ok(await instance.call("POST", "/signup", { body: { email, password: PASSWORD }, query }));
  return { email, link: (await mailTo(email)).link };
}

/** Links of all kinds. */
async function allLinks() {
  const [invited, magic, lost] = [newEmail(), await instance.member(), await instance.member()];
  const changing = await instance.member();
  ok(await instance.admin("POST", "/invite", { body: { email: invited } }));
  ok(await instance.post("/magiclink", { email: magic.email }));
  ok(await instance.post("/recover", { email: lost.email }));
  ok(await instance.put("/user", { email: newEmail("new") }, { token: changing.session.access_token }));
  const addresses = { invite: invited, magiclink: magic.email, recovery: lost.email, email_change: changing.email };
  const links = { signup: (await signedUp()).link };
  for (const [kind, email] of Object.entries(addresses)) links[kind] = (await mailTo(email)).link;
  return links;
}

const confirmedAt = (email) => sql("SELECT email_confirmed_at AS at FROM auth.users WHERE email = $1", email)[0].at;

const sessionsOf = (email) =>
  sql("SELECT s.id FROM auth.sessions s JOIN auth.users u ON u.id::text = s.user_id::text WHERE u.email = $1", email).length;

/** Opens a link and presses the button; the page, which is at the site then. */
async function press(person, link) {
  const page = await open(person, link);
  await page.getByRole("button", BUTTON).click();
  await page.waitForURL((url) => url.origin === site.url);
  return page;
}

test("scanners use nothing up, and the person after them is signed in", async () => {
  const { email, link } = await signedUp();
  for (const method of ["GET", "HEAD", "GET", "HEAD", "GET"]) {
    const answer = await fetch(link, { method, redirect: "manual" });
    assert.equal(answer.headers.get("location"), null, `${method} leads nowhere`);
    if (method === "GET") assert.match(answer.headers.get("content-type"), /^text\/html/);
  }
  const scanner = await newPerson();
  for (let visit = 0; visit < 3; visit += 1) {
    const page = await open(scanner, link);
    await page.waitForLoadState("networkidle");
    assert.equal(page.url(), link, "it stays where it is");
    await page.reload();
  }
  assert.deepEqual(await scanner.cookies(), []);
  await scanner.close();
  assert.equal(confirmedAt(email), null);
  assert.equal(sessionsOf(email), 0);

  const person = await newPerson();
  const page = await press(person, link);
  await heard(page, "SIGNED_IN");
  const landing = new URLSearchParams((await page.evaluate(() => landing)).slice(1));
  assert.equal(landing.get("type"), "signup");
  for (const member of ["access_token", "refresh_token", "expires_in", "token_type"]) assert.ok(landing.get(member), member);
  const { user } = await must(page, "getUser");
  assert.equal(user.email, email);
  assert.ok(user.email_confirmed_at);
  assert.equal((await must(page, "getSession")).session.access_token, landing.get("access_token"));
  assert.equal(sessionsOf(email), 1);
  await person.close();
});

test("it needs no script", async () => {
  const { email, link } = await signedUp();
  const person = await newPerson({ scripts: false });
  const page = await press(person, link);
  const landing = new URLSearchParams(new URL(page.url()).hash.slice(1));
  const user = ok(await instance.get("/user", { token: landing.get("access_token") }));
  assert.equal(user.email, email);
  await person.close();
});

test("it needs no mouse", async () => {
  const { link } = await signedUp();
  const person = await newPerson();
  const page = await open(person, link);
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.tagName), "BUTTON");
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => url.origin === site.url);
  await heard(page, "SIGNED_IN");
  await person.close();
});

test("every kind of mail leads through it", async () => {
  const events = { signup: "SIGNED_IN", invite: "SIGNED_IN", magiclink: "SIGNED_IN", recovery: "PASSWORD_RECOVERY" };
  for (const [kind, link] of Object.entries(await allLinks())) {
    const person = await newPerson();
    const page = await press(person, link);
    if (events[kind]) await heard(page, events[kind]);
    else assert.match(await page.evaluate(() => landing), /^#message=Confirmation\+link\+accepted/);
    await person.close();
  }
});

test("it says what it is for", async () => {
  const texts = [];
  const person = await newPerson();
  const page = await person.newPage();
  for (const [kind, link] of Object.entries(await allLinks())) {
    await page.goto(link);
    const button = page.getByRole("button");
    assert.equal(await button.count(), 1, kind);
    assert.equal(await button.isVisible(), true, kind);
    assert.notEqual((await button.textContent()).trim(), "", kind);
    assert.notEqual((await page.title()).trim(), "", kind);
    assert.equal(await page.locator("html").getAttribute("lang"), "en", kind);
    assert.equal(await page.getByRole("textbox").count(), 0, "there is nothing to fill in");
    // The button's name alone does not tell what will happen.
    texts.push((await page.locator("body").innerText()).replace(await button.innerText(), "").trim());
  }
  const all = `besides the button the pages say ${JSON.stringify(texts)}`;
  for (const text of texts) assert.ok(text.split(/\s+/).length >= 3, all);
  assert.ok(new Set(texts).size > 1, `not all links do the same: ${texts[0]}`);
  await person.close();
});

test("it can be read on a phone", async () => {
  const { link } = await signedUp();
  const person = await newPerson();
  const page = await open(person, link);
  await page.setViewportSize({ width: 320, height: 568 });
  assert.match(await page.locator("meta[name=viewport]").getAttribute("content"), /width=device-width/);
  const [width, box] = [await page.evaluate(() => document.documentElement.scrollWidth), await page.getByRole("button").boundingBox()];
  assert.ok(width <= 320, `${width}`);
  assert.ok(box.x >= 0 && box.x + box.width <= 320 && box.y + box.height <= 568, JSON.stringify(box));
  await person.close();
});

test("it loads nothing and runs nothing", async () => {
  const { link } = await signedUp();
  const elsewhere = await serve(() => "");
  const person = await newPerson();
  const page = await person.newPage();
  const requested = [];
  page.on("request", (request) => requested.push(request.url()));
  const complaints = [];
  page.on("console", (message) => complaints.push(message.text()));
  const answer = await page.goto(link, { waitUntil: "networkidle" });
  const own = new URL(link).origin;
  assert.deepEqual(requested.filter((url) => url !== link && url !== `${own}/favicon.ico`), []);
  assert.deepEqual(complaints, [], "it keeps to its own policy");
  const policy = answer.headers()["content-security-policy"];
  assert.match(policy, /default-src 'none'/);
  assert.match(policy, /frame-ancestors 'none'/);
  assert.doesNotMatch(policy, /unsafe|\*|https?:/);
  // What somebody might smuggle in is stopped.
  const stopped = await page.evaluate(async (target) => {
    const found = [];
    document.addEventListener("securitypolicyviolation", (event) => found.push(event.effectiveDirective));
    const add = (name, properties) => document.body.append(Object.assign(document.createElement(name), properties));
    add("script", { textContent: "window.smuggled = true" });
    add("script", { src: `${target}/script` });
    add("img", { src: `${target}/image` });
    add("iframe", { src: `${target}/frame` });
    add("style", { textContent: "body { display: none }" });
    await fetch(`${target}/fetched`).catch(() => {});
    for (let look = 0; look < 50 && new Set(found).size < 5; look += 1) await new Promise((resolve) => setTimeout(resolve, 100));
    return { directives: [...new Set(found)].sort(), smuggled: window.smuggled };
  }, elsewhere.url);
  assert.equal(stopped.smuggled, undefined);
  assert.deepEqual(stopped.directives, ["connect-src", "frame-src", "img-src", "script-src-elem", "style-src-elem"]);
  assert.deepEqual(elsewhere.requests, []);
  await person.close();
});

test("what holds a token is kept nowhere, and taken for nothing else", async () => {
  const { headers } = await fetch((await signedUp()).link);
  assert.match(headers.get("cache-control") ?? "", /no-store/);
  assert.equal(headers.get("x-content-type-options"), "nosniff");
});

test("nothing can change where its button leads", async () => {
  const { link } = await signedUp();
  const person = await newPerson();
  const page = await open(person, link);
  const base = await page.evaluate(() => {
    document.head.append(Object.assign(document.createElement("base"), { href: "https://evil.example.org/" }));
    return document.baseURI;
  });
  assert.equal(base, link, "base-uri is closed");
  await person.close();
});

test("it stands in no frame", async () => {
  const { email, link } = await signedUp();
  const frame = `<iframe src="${link.replaceAll("&", "&amp;")}"></iframe>`;
  const evil = await serve(() => `<!DOCTYPE html><title>Evil</title>${frame}`);
  const person = await newPerson();
  const page = await person.newPage();
  await page.goto(evil.url, { waitUntil: "networkidle" });
  const framed = page.frames().find((each) => each !== page.mainFrame());
  assert.match(framed.url(), /^chrome-error:/);
  assert.equal(await framed.getByRole("button", BUTTON).count(), 0);
  assert.equal(confirmedAt(email), null);
  await person.close();
});

test("nobody learns the link", async () => {
  const { link } = await signedUp();
  const person = await newPerson();
  const page = await person.newPage();
  const sent = [];
  page.on("request", (request) => sent.push(request.allHeaders()));
  const before = site.requests.length;
  await page.goto(link);
  assert.equal(await page.evaluate(() => document.referrer), "");
  await page.getByRole("button", BUTTON).click();
  await page.waitForURL((url) => url.origin === site.url);
  await heard(page, "SIGNED_IN");
  assert.equal(await page.evaluate(() => document.referrer), "");
  for (const { referer } of await Promise.all(sent)) if (referer) assert.ok(referer.startsWith(site.url), referer);
  const landed = site.requests.slice(before);
  assert.ok(landed.length > 0);
  const { token } = Object.fromEntries(new URL(link).searchParams);
  for (const request of landed) assert.ok(!JSON.stringify(request).includes(token), JSON.stringify(request));
  assert.equal(landed[0].headers.referer, undefined);
  await person.close();
});

test("who goes back and presses again is told so at the site", async () => {
  const { link } = await signedUp();
  const person = await newPerson();
  const page = await press(person, link);
  await heard(page, "SIGNED_IN");
  // The client, too, has left an entry in the history.
  for (let steps = 0; page.url() !== link && steps < 3; steps += 1) await page.goBack();
  assert.equal(page.url(), link);
  await page.getByRole("button", BUTTON).click();
  await page.waitForURL((url) => url.origin === site.url);
  await page.waitForFunction(() => landing.includes("error_code=otp_expired"));
  assert.notEqual((await must(page, "getSession")).session, null, "and stays signed in");
  await person.close();
});

test("an expired link shows its error at the site", async () => {
  const { email, link } = await signedUp();
  age(email, 90_000);
  const person = await newPerson();
  const page = await press(person, link);
  const landing = new URLSearchParams((await page.evaluate(() => landing)).slice(1));
  assert.equal(landing.get("error"), "access_denied");
  assert.equal(landing.get("error_code"), "otp_expired");
  assert.equal(landing.get("error_description"), "Email link is invalid or has expired");
  const { error } = await ask(page, "initialize");
  assert.equal(error.message, "Email link is invalid or has expired");
  assert.equal((await must(page, "getSession")).session, null);
  assert.equal(confirmedAt(email), null);
  await person.close();
});

test("it leads to where the link asked for, if that is allowed", async () => {
  const person = await newPerson();
  const allowed = await signedUp({ redirect_to: `${site.url}/welcome?a=b&c=d%20"><script>` });
  const page = await press(person, allowed.link);
  assert.equal(new URL(page.url()).pathname, "/welcome");
  const { a, c } = Object.fromEntries(new URL(page.url()).searchParams);
  assert.deepEqual([a, c], ["b", 'd "><script>']);
  // Who changes the link does not send anybody elsewhere.
  const link = new URL((await signedUp()).link);
  link.searchParams.set("redirect_to", "https://evil.example.org/");
  assert.equal(new URL((await press(person, link.href)).url()).origin, site.url);
  await person.close();
});
