// What is mailed (GoTrue reference, 4.2, 4.7 and 4.20).
import test from "node:test";
import { PASSWORD, SITE, assert, mailTo, mailsAfterAll, newEmail, newInstance, ok, refused } from "./helper.mjs";
import { AT_ONCE, follow, verify } from "./codes_helper.mjs";

const instance = await newInstance(AT_ONCE);

/** All mails that there are, each to someone else: {mail, email, type}. */
async function allMails(at, query = {}) {
  const signedUp = newEmail();
  ok(await at.post("/signup", { email: signedUp, password: PASSWORD }, { query }));
  const invited = newEmail();
  ok(await at.admin("POST", "/invite", { body: { email: invited }, query }));
  const [magic, lost, changing] = [await at.member(), await at.member(), await at.member()];
  ok(await at.post("/magiclink", { email: magic.email }, { query }));
  ok(await at.post("/recover", { email: lost.email }, { query }));
  const wanted = newEmail("new");
  ok(await at.put("/user", { email: wanted }, { query, token: changing.session.access_token }));
  const found = [["signup", signedUp], ["invite", invited], ["magiclink", magic.email], ["recovery", lost.email],
    ["email_change", wanted], ["email_change", changing.email]];
  return Promise.all(found.map(async ([type, email]) => ({ type, email, mail: await mailTo(email) })));
}

test("4.20 every mail has a code and a link", async () => {
  const redirect_to = `${SITE}/welcome`;
  for (const { type, mail } of await allMails(instance, { redirect_to })) {
    assert.match(mail.code, /^\d{6}$/, type);
    assert.equal(mail.link, `${instance.url}/verify?token=${mail.token}&type=${type}&redirect_to=${redirect_to}`);
    assert.ok(mail.token.length >= 32, type);
    assert.ok(!mail.token.includes(mail.code), "the link does not tell the code");
    assert.equal((await follow(mail.link)).target, redirect_to);
  }
});

test("4.20 what is asked for in a query is written so that it stays one parameter", async () => {
  const redirect_to = `${SITE}/welcome?a=b&c=d`;
  for (const { mail } of await allMails(instance, { redirect_to })) {
    assert.ok(mail.link.endsWith(`&redirect_to=${encodeURIComponent(redirect_to)}`), mail.link);
  }
});

test("4.20 subjects", async () => {
  const names = ["confirmation", "invite", "magic_link", "recovery", "email_change", "reauthentication"];
  const subjects = Object.fromEntries(names.map((name) => [`mailer_subjects_${name}`, `${name} {{ .Token }}`]));
  const at = await newInstance({ ...AT_ONCE, ...subjects });
  const { email, session } = await at.member();
  ok(await at.get("/reauthenticate", { token: session.access_token }));
  const mails = [...await allMails(at), { type: "reauthentication", mail: await mailTo(email) }];
  const settings = { signup: "confirmation", magiclink: "magic_link" };
  for (const { type, mail } of mails) assert.equal(mail.subject, `${settings[type] ?? type} ${mail.code}`);
  const usual = (await allMails(instance)).map(({ mail }) => mail.subject);
  assert.equal(new Set(usual).size, 5, "each kind has one of its own");
});

test("5.4 the paths of links", async () => {
  const paths = { invite: "/a", confirmation: "/b", recovery: "/c", email_change: "/d" };
  const settings = Object.entries(paths).map(([name, path]) => [`mailer_urlpaths_${name}`, path]);
  const at = await newInstance({ ...AT_ONCE, ...Object.fromEntries(settings) });
  const wanted = { signup: "/b", invite: "/a", magiclink: "/c", recovery: "/c", email_change: "/d" };
  for (const { type, mail } of await allMails(at)) {
    assert.ok(mail.link.startsWith(`${at.url}${wanted[type]}?token=`), mail.link);
  }
  const { email } = await at.member();
  const { action_link } = ok(await at.admin("POST", "/admin/generate_link", { body: { type: "recovery", email } }));
  assert.ok(action_link.startsWith(`${at.url}/c?token=`), action_link);
});

test("4.7 how long codes are", async () => {
  for (const [set, length] of [[8, 8], [10, 10], [6, 6], [null, 6]]) {
    const at = await newInstance(set === null ? {} : { mailer_otp_length: set });
    const email = newEmail();
    ok(await at.post("/otp", { email }));
    const { code } = await mailTo(email);
    assert.equal(code.length, length, `${set}`);
    ok(await verify(at, { type: "signup", email, token: code }));
  }
});

test("144 who may be written to", async () => {
  const at = await newInstance({ ...AT_ONCE, external_email_authorized_addresses: "a@b.co,d@e.co" });
  const authorized = async (email) => ok(await at.post("/signup", { email, password: PASSWORD }));
  const refuse = (answer) => refused(answer, 400, "email_address_not_authorized");
  await authorized("a+x@b.co");
  await authorized("D@E.co");
  refuse(await at.post("/signup", { email: "c@b.co", password: PASSWORD }));
  refuse(await at.post("/otp", { email: "c@b.co" }));
  refuse(await at.admin("POST", "/invite", { body: { email: "c@b.co" } }));
  const { users } = ok(await at.admin("GET", "/admin/users"));
  assert.deepEqual(users.map(({ email }) => email).sort(), ["a+x@b.co", "d@e.co"], "nothing is left of who is refused");
  const { email, session } = await at.member();
  refuse(await at.post("/recover", { email }));
  refuse(await at.post("/magiclink", { email }));
  refuse(await at.put("/user", { email: "c@b.co" }, { token: session.access_token }));
  assert.equal(await mailsAfterAll(instance, email), 0);
});

test("4.20 what users say of themselves stays in the line where it is shown", async () => {
  const at = await newInstance({ ...AT_ONCE, mailer_subjects_confirmation: "Hello {{ .Data.name }}" });
  const email = newEmail();
  const name = "Ada\r\nBcc: eve@example.org\r\n\r\n<script>";
  ok(await at.post("/signup", { email, password: PASSWORD, data: { name } }));
  assert.match((await mailTo(email)).subject, /^Hello Ada\s+Bcc: eve@example\.org/);
});
