// Invitations, links that administrators hand out, and where links lead (GoTrue reference, 2.17, 2.18 and 4.16).
import test from "node:test";
import {
  PASSWORD, SITE, age, assert, claimsOf, mailTo, mailsAfterAll, newEmail, newInstance, ok, refused,
} from "./helper.mjs";
import { AT_ONCE, FIRST_HALF, anotherMail, audited, eightTimes, follow, refusedLink, verify } from "./codes_helper.mjs";

const instance = await newInstance(AT_ONCE);

const invite = (body, at = instance, query) => at.admin("POST", "/invite", { body, query });
const generate = (body, at = instance, query) => at.admin("POST", "/admin/generate_link", { body, query });

/** A link must sign this user in. */
async function assertSignsIn(made, id, type = made.verification_type) {
  const { fragment, location } = await follow(made.action_link);
  assert.equal(fragment.type, type, location);
  assert.equal(claimsOf(fragment.access_token).sub, id);
}

test("2.17 who is invited", async () => {
  const email = newEmail();
  const user = ok(await invite({ email: email.toUpperCase(), data: { team: "red" } }));
  assert.equal(user.email, email);
  assert.deepEqual(user.user_metadata, { team: "red" });
  assert.deepEqual(user.app_metadata, { provider: "email", providers: ["email"] });
  const { sub, ...data } = user.identities[0].identity_data;
  assert.equal(sub, user.id);
  assert.deepEqual(data, { email, email_verified: false, phone_verified: false });
  for (const name of ["invited_at", "confirmation_sent_at"]) {
    assert.ok(Math.abs(Date.parse(user[name]) - Date.now()) < 60_000, name);
  }
  assert.equal(user.email_confirmed_at, undefined);
  const entry = (await audited(instance, "user_invited"))[0];
  assert.equal(entry.actor_username, "service_role");
  assert.deepEqual(entry.traits, { user_id: user.id, user_email: email });
  for (const wrong of [{}, { email: "" }, { email: "abc" }]) refused(await invite(wrong), 400, "validation_failed");
  refused(await instance.post("/invite", { email }), 401, "no_authorization");
  const { session } = await instance.member();
  refused(await instance.post("/invite", { email }, { token: session.access_token }), 403, "not_admin");
});

test("220 once more, but not who has confirmed", async () => {
  const at = await newInstance({ disable_signup: true });
  const email = newEmail();
  const first = ok(await invite({ email, data: { team: "red" } }, at));
  const mail = await mailTo(email);
  age(email, 5);
  const second = ok(await invite({ email, data: { team: "blue" } }, at));
  assert.equal(second.id, first.id);
  assert.ok(Date.parse(second.invited_at) > Date.parse(first.invited_at));
  assert.deepEqual(second.user_metadata, { team: "red" });
  const again = await anotherMail(email, mail);
  await refusedLink(mail.link, "otp_expired");
  refused(await verify(at, { type: "invite", token_hash: mail.token }), 403, "otp_expired");
  ok(await verify(at, { type: "invite", email, token: again.code }));
  const message = "A user with this email address has already been registered";
  refused(await invite({ email }, at), 422, "email_exists", message);
});

test("220 eight invitations at once make one user", async () => {
  const email = newEmail();
  const answers = await eightTimes(() => invite({ email }));
  assert.equal(new Set(answers.map((answer) => ok(answer).id)).size, 1);
});

test("2.2 of who was invited a sign-up is told nothing", async () => {
  const email = newEmail();
  const invited = ok(await invite({ email, data: { team: "red" } }));
  const user = await instance.signUp(email, { data: { team: "blue" } });
  assert.equal(user.id, invited.id);
  assert.deepEqual(user.user_metadata, {});
  assert.deepEqual(user.identities, []);
});

test("221 who must be known", async () => {
  const email = newEmail();
  for (const type of ["recovery", "email_change_current", "email_change_new"]) {
    refused(await generate({ type, email, new_email: newEmail() }), 404, "user_not_found");
  }
  const made = ok(await generate({ type: "magiclink", email, data: { team: "red" } }));
  assert.equal(made.verification_type, "signup");
  assert.equal(made.email, email);
  assert.deepEqual(made.user_metadata, { team: "red" });
  await assertSignsIn(made, made.id);
  assert.equal(ok(await generate({ type: "magiclink", email })).verification_type, "magiclink");
});

test("222 what a request must have", async () => {
  const email = newEmail();
  const wrong = async (body) => refused(await generate(body), 400, "validation_failed");
  await wrong({ type: "signup", email });
  await wrong({ type: "signup", email, password: "" });
  await wrong({ type: "signup", email: "abc", password: PASSWORD });
  await wrong({ type: "recovery" });
  await wrong({ email });
  await wrong({ type: "sms", email });
  refused(await generate({ type: "signup", email, password: "short" }), 422, "weak_password");
  const { email: known } = await instance.member();
  for (const type of ["signup", "invite"]) {
    refused(await generate({ type, email: known, password: PASSWORD }), 422, "email_exists");
  }
  for (const type of ["email_change_current", "email_change_new"]) {
    await wrong({ type, email: known });
    await wrong({ type, email: known, new_email: "abc" });
    const { email: taken } = await instance.member();
    refused(await generate({ type, email: known, new_email: taken }), 422, "email_exists");
  }
  const lenient = await newInstance({ mailer_secure_email_change_enabled: false });
  const member = await lenient.member();
  const change = { type: "email_change_current", email: member.email, new_email: newEmail() };
  refused(await generate(change, lenient), 400, "validation_failed");
  ok(await generate({ ...change, type: "email_change_new" }, lenient));
  refused(await instance.post("/admin/generate_link", { type: "recovery", email: known }), 401, "no_authorization");
});

test("223 a link signs in once; so does its code", async () => {
  for (const type of ["signup", "invite", "magiclink", "recovery"]) {
    for (const way of ["link", "code", "hash"]) {
      const isNew = ["signup", "invite"].includes(type);
      const email = isNew ? newEmail() : (await instance.member()).email;
      const made = ok(await generate({ type, email, password: PASSWORD }));
      assert.equal(made.verification_type, type);
      assert.equal(made.email, email);
      assert.match(made.email_otp, /^\d{6}$/);
      const link = `${instance.url}/verify?token=${made.hashed_token}&type=${type}&redirect_to=${SITE}`;
      assert.equal(made.action_link, link);
      assert.equal(made.redirect_to, SITE);
      const body = way === "code" ? { type, email, token: made.email_otp } : { type, token_hash: made.hashed_token };
      if (way === "link") await assertSignsIn(made, made.id);
      else assert.equal(ok(await verify(instance, body)).user.id, made.id);
      await refusedLink(made.action_link, "otp_expired");
      refused(await verify(instance, { type, email, token: made.email_otp }), 403, "otp_expired");
      if (type === "signup") ok(await instance.signIn(email));
      assert.equal(await mailsAfterAll(instance, email), 0);
    }
  }
});

test("2.18 nobody has to wait for a link, and the first one is worth nothing then", async () => {
  const slow = await newInstance({ disable_signup: true });
  const { email } = await slow.member();
  const first = ok(await generate({ type: "recovery", email }, slow));
  const second = ok(await generate({ type: "recovery", email }, slow));
  await refusedLink(first.action_link, "otp_expired");
  await assertSignsIn(second, second.id);
  const { id, user_metadata } = ok(await generate({ type: "signup", email: newEmail(), password: PASSWORD }, slow));
  assert.deepEqual(user_metadata, {});
  assert.equal((await audited(slow, "user_recovery_requested")).length, 2);
  ok(await generate({ type: "invite", email: newEmail() }, slow));
  assert.equal((await audited(slow, "user_invited")).length, 1);
  ok(await slow.admin("GET", `/admin/users/${id}`));
});

test("2.18 who has not confirmed gets the metadata, too", async () => {
  const email = newEmail();
  const { id } = await instance.signUp(email, { data: { a: 1, b: 1 } });
  const made = ok(await generate({ type: "signup", email, password: "another horse 2", data: { b: 2 } }));
  assert.equal(made.id, id);
  assert.equal(made.user_metadata.a, 1);
  assert.equal(made.user_metadata.b, 2);
  await assertSignsIn(made, id);
});

test("224 links for another address: both are needed", async () => {
  const { email, user } = await instance.member();
  const new_email = newEmail("new");
  const toOld = ok(await generate({ type: "email_change_current", email, new_email }));
  const toNew = ok(await generate({ type: "email_change_new", email, new_email }));
  for (const [made, name] of [[toOld, "email_change_current"], [toNew, "email_change_new"]]) {
    assert.equal(made.verification_type, name);
    assert.equal(new URL(made.action_link).searchParams.get("type"), "email_change");
    assert.equal(made.id, user.id);
    assert.equal(made.new_email, new_email);
  }
  const half = await follow(toNew.action_link);
  assert.equal(half.fragment.message, FIRST_HALF);
  const session = ok(await verify(instance, { type: "email_change", email, token: toOld.email_otp }));
  assert.equal(session.user.email, new_email);
  assert.equal(session.user.id, user.id);
  ok(await instance.signIn(new_email));
});

test("224 the new one alone, where that suffices", async () => {
  const lenient = await newInstance({ mailer_secure_email_change_enabled: false });
  const { email } = await lenient.member();
  const new_email = newEmail("new");
  const made = ok(await generate({ type: "email_change_new", email, new_email }, lenient));
  const session = ok(await verify(lenient, { type: "email_change", email: new_email, token: made.email_otp }));
  assert.equal(session.user.email, new_email);
});

test("225 where a link leads", async () => {
  const { email } = await instance.member();
  const made = async (body, query) => ok(await generate({ type: "magiclink", email, ...body }, instance, query));
  const welcome = `${SITE}/welcome`;
  for (const [body, query, wanted] of [
    [{ redirect_to: "https://evil.example/" }, {}, SITE],
    [{}, { redirect_to: "https://evil.example/" }, SITE],
    [{ redirect_to: welcome }, {}, welcome],
    [{}, { redirect_to: welcome }, welcome],
  ]) {
    const { redirect_to, action_link } = await made(body, query);
    assert.equal(redirect_to, wanted);
    assert.ok(action_link.endsWith(`&type=magiclink&redirect_to=${wanted}`), action_link);
    assert.equal((await follow(action_link)).target, wanted);
  }
  // What would break the link is written otherwise.
  const redirect_to = `${SITE}/a?b=c&d=e`;
  const { action_link } = await made({ redirect_to });
  assert.ok(action_link.endsWith(`&redirect_to=${encodeURIComponent(redirect_to)}`), action_link);
  assert.ok((await follow(action_link)).location.startsWith(`${redirect_to}#access_token=`));
});

test("4.16 which addresses are allowed", async () => {
  for (const [list, yes, no] of [
    ["http://localhost:3000", [], ["https://a.dev"]],
    ["http://*.test.dev:3000", ["http://bar.test.dev:3000"], ["http://foo.bar.test.dev:3000"]],
    ["http://*.*.dev:3000", ["http://foo.bar.dev:3000"], []],
    ["http://*.dev:3000,https://b.dev/**", ["https://b.dev/x/y?z=1"], ["http://foo.bar.dev:3000"]],
    ["http://**.dev:3000", ["http://foo.bar.dev:3000"], []],
    ["com.example.app://**", ["com.example.app://sign-in/v2"], ["com.example.other://sign-in/v2"]],
    ["https://x.dev/*/*", ["https://x.dev/a/b"], ["https://x.dev/a"]],
    ["", [`${SITE}/any?x#y`, "http://127.0.0.1:12345/x", "http://[0:0:0:0:0:0:0:1]:12345"],
      ["http://app.example.org", `${SITE}:8443`, "http://something#.example.com/abc", "http://japanese。.example.com",
        "http://123?.example.com", "http://123.123.123.123/x", "http://[2001:db8::1]/", "javascript:alert(1)"]],
  ]) {
    instance.set("uri_allow_list", list);
    const { email } = await instance.member();
    const lead = async (redirect_to) => ok(await generate({ type: "recovery", email, redirect_to })).redirect_to;
    for (const address of yes) assert.equal(await lead(address), address, list);
    for (const address of no) assert.equal(await lead(address), SITE, list);
  }
  instance.set("uri_allow_list", null);
});
