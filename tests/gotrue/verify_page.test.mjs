// Links that scanners of mails may follow (the setting verify_by_post), templates and retention of one's own.
import test from "node:test";
import { SITE, assert, mailTo, newEmail, newInstance, ok, refused, sql } from "./helper.mjs";

const follow = (link, options) => fetch(link, { redirect: "manual", ...options });
const form = (fields) => ({ method: "POST", body: new URLSearchParams(fields) });

/** What the page sends when its button is pressed. */
const fieldsOf = (page) => Object.fromEntries(
  [...page.matchAll(/name="([^"]*)" value="([^"]*)"/g)].map(([, name, value]) => [name, value.replaceAll("&amp;", "&")]),
);

test("with verify_by_post a link shows a page, as often as it is followed, and its button uses the link up", async () => {
  const door = await newInstance({ verify_by_post: true, uri_allow_list: "https://other.example.org/**" });
  const email = newEmail();
  ok(await door.call("POST", "/signup", { body: { email, password: "correct horse 1" }, query: { redirect_to: "https://other.example.org/a?b=c&d=e" } }));
  const { link } = await mailTo(email);
  for (let n = 0; n < 3; n += 1) {
    const page = await follow(link);
    assert.equal(page.status, 200);
    assert.match(page.headers.get("content-type"), /^text\/html/);
    assert.match(page.headers.get("content-security-policy"), /default-src 'none'/);
  }
  const fields = fieldsOf(await (await follow(link)).text());
  const used = await follow(link.split("?")[0], form(fields));
  assert.equal(used.status, 303);
  assert.match(used.headers.get("location"), /^https:\/\/other\.example\.org\/a\?b=c&d=e#access_token=/);
  const again = await follow(link.split("?")[0], form(fields));
  assert.match(again.headers.get("location"), /error_code=otp_expired/);
});

test("what a link says stands on the page as text", async () => {
  const door = await newInstance({ verify_by_post: true });
  const page = await (await follow(`${door.url}/verify?type=signup&token=${encodeURIComponent('"><script>alert(1)</script>')}`)).text();
  assert.doesNotMatch(page, /<script/);
  assert.match(page, /&lt;script&gt;/);
});

test("a form without a token is refused, and a wrong one sends the browser on", async () => {
  const door = await newInstance();
  refused(await door.call("POST", "/verify", { body: "type=signup", headers: { "content-type": "application/x-www-form-urlencoded" } }), 400, "validation_failed");
  const answer = await follow(`${door.url}/verify`, form({ type: "signup", token: "x" }));
  assert.ok(answer.headers.get("location").startsWith(`${SITE}#error=access_denied`), answer.headers.get("location"));
});

test("a template of one's own is the whole mail", async () => {
  const door = await newInstance({
    mailer_subjects_confirmation: "Hello {{ .Email }}", mailer_templates_confirmation: "<p>Enter {{ .Token }}, {{ .Data.name }}</p>",
  });
  const email = newEmail();
  ok(await door.post("/signup", { email, password: "correct horse 1", data: { name: "<Ada>" } }));
  const mail = await mailTo(email);
  assert.match(mail.text, /<p>Enter \d{6}, &lt;Ada&gt;<\/p>/);
  assert.doesNotMatch(mail.text, /hopefully/);
  ok(await door.post("/verify", { type: "signup", email, token: mail.code }));
  for (const wrong of ["https://example.org/mail.html", "/mail.html", "{{ .Token"]) {
    assert.throws(() => door.set("mailer_templates_confirmation", wrong), /Go template/);
  }
});

test("entries of the audit log are kept as long as a setting says", async () => {
  const [short, long] = [await newInstance({ audit_log_retention: "24h", mailer_autoconfirm: true }), await newInstance({ mailer_autoconfirm: true })];
  for (const door of [short, long]) {
    await door.signUp();
    sql("UPDATE auth.audit_log_entries SET created_at = created_at - interval '25 h' WHERE app_id = $1 RETURNING 1 AS one", door.appId);
    await door.signUp();
  }
  sql("SELECT auth.maintain() AS done");
  const left = (door) => sql("SELECT count(*) AS n FROM auth.audit_log_entries WHERE app_id = $1", door.appId)[0].n;
  assert.equal(left(short), 2);
  assert.equal(left(long), 4);
});
