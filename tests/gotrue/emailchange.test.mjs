// Changing an address (GoTrue reference, 2.11 and 4.6).
import test from "node:test";
import {
  PASSWORD, SITE, age, assert, claimsOf, mailTo, mailsAfterAll, newEmail, newInstance, newPhone, ok, pkce, refused,
} from "./helper.mjs";
import {
  AT_ONCE, FIRST_HALF, PHONES, WRONG_CODE, anotherMail, audited, exchange, follow, refusedLink, verify,
} from "./codes_helper.mjs";

const ANONYMOUS = { external_anonymous_users_enabled: true };
const instance = await newInstance({ ...AT_ONCE, ...PHONES, ...ANONYMOUS });
/** Where the new address alone has to agree. */
const lenient = await newInstance({ ...AT_ONCE, ...ANONYMOUS, mailer_secure_email_change_enabled: false });
const auto = await newInstance({ ...AT_ONCE, ...ANONYMOUS, mailer_autoconfirm: true });

const change = (at, session, body) => at.put("/user", body, { token: session.access_token });
const confirm = (at, email, { code }) => verify(at, { type: "email_change", email, token: code });
const stored = async (at, id) => ok(await at.admin("GET", `/admin/users/${id}`));

/** A user who has asked for another address, with the mails about it; where both must agree, to the old one, too. */
async function changing(at = instance, more = {}, wanted = newEmail("new")) {
  const member = await at.member();
  const user = ok(await change(at, member.session, { email: wanted, ...more }));
  const mails = { wanted: await mailTo(wanted) };
  if (at === instance) mails.old = await mailTo(member.email);
  return { ...member, user, wanted, mails };
}

/** The user must have got the address that it wanted. */
async function assertChanged(at, { email, user: { id }, wanted }) {
  const user = await stored(at, id);
  assert.equal(user.email, wanted);
  assert.equal(user.new_email, undefined);
  assert.ok(user.email_confirmed_at);
  assert.deepEqual(user.identities.map((identity) => [identity.provider, identity.email]), [["email", wanted]]);
  assert.equal(user.identities[0].identity_data.email, wanted);
  assert.equal(user.identities[0].identity_data.email_verified, true);
  refused(await at.signIn(email), 400, "invalid_credentials");
  ok(await at.signIn(wanted));
}

test("4.6 a change is pending until it is confirmed", async () => {
  const { email, session } = await instance.member();
  const wanted = newEmail("new");
  const user = ok(await change(instance, session, { email: wanted.toUpperCase() }));
  assert.equal(user.email, email);
  assert.equal(user.new_email, wanted);
  assert.ok(Math.abs(Date.parse(user.email_change_sent_at) - Date.now()) < 60_000);
  ok(await instance.signIn(email));
  refused(await instance.signIn(wanted), 400, "invalid_credentials");
  assert.equal((await audited(instance, "user_modified"))[0].actor_id, user.id);
});

for (const [number, first, second] of [["124", "wanted", "old"], ["125", "old", "wanted"]]) {
  test(`${number} both addresses have to agree: the ${first} one begins`, async () => {
    const one = await changing();
    const address = { wanted: one.wanted, old: one.email };
    const half = ok(await confirm(instance, address[first], one.mails[first]));
    assert.deepEqual(half, { code: "200", msg: FIRST_HALF });
    assert.equal((await stored(instance, one.user.id)).email, one.email);
    refused(await confirm(instance, address[first], one.mails[first]), 403, "otp_expired", WRONG_CODE);
    const session = ok(await confirm(instance, address[second], one.mails[second]));
    assert.equal(session.user.email, one.wanted);
    assert.equal(session.user.new_email, undefined);
    assert.equal(session.user.id, one.user.id);
    assert.deepEqual(claimsOf(session.access_token).amr.map(({ method }) => method), ["otp"]);
    assert.equal(claimsOf(session.access_token).email, one.wanted);
    await assertChanged(instance, one);
  });

  test(`${number} the same by links`, async () => {
    const one = await changing();
    const half = await follow(one.mails[first].link);
    assert.equal(half.target, SITE);
    assert.deepEqual(half.fragment, { message: FIRST_HALF, sb: "" });
    assert.deepEqual(half.query, {});
    await refusedLink(one.mails[first].link, "otp_expired");
    const done = await follow(one.mails[second].link);
    assert.equal(done.fragment.type, "email_change");
    assert.equal(claimsOf(done.fragment.access_token).email, one.wanted);
    await assertChanged(instance, one);
  });
}

test("126 one address cannot agree for the other", async () => {
  const one = await changing();
  ok(await verify(instance, { type: "email_change", token_hash: one.mails.wanted.token }));
  for (let count = 0; count < 2; count += 1) {
    refused(await verify(instance, { type: "email_change", token_hash: one.mails.wanted.token }), 403, "otp_expired");
    refused(await confirm(instance, one.wanted, one.mails.wanted), 403, "otp_expired");
    refused(await confirm(instance, one.email, one.mails.wanted), 403, "otp_expired");
  }
  assert.equal((await stored(instance, one.user.id)).email, one.email);
  ok(await confirm(instance, one.email, one.mails.old));
});

test("1.7 with PKCE the halves give a message and a code", async () => {
  const { verifier, ...challenge } = pkce();
  const one = await changing(instance, challenge);
  for (const { token } of Object.values(one.mails)) assert.match(token, /^pkce_/);
  const half = await follow(one.mails.wanted.link);
  assert.deepEqual(half.query, { message: FIRST_HALF });
  assert.deepEqual(half.fragment, { message: FIRST_HALF, sb: "" });
  const done = await follow(one.mails.old.link);
  assert.deepEqual(Object.keys(done.query), ["code"]);
  assert.equal(done.fragment.access_token, undefined);
  const session = ok(await exchange(instance, done.query.code, verifier));
  assert.equal(session.user.email, one.wanted);
  assert.deepEqual(claimsOf(session.access_token).amr.map(({ method }) => method), ["email_change"]);
});

test("127 where the new address alone has to agree", async () => {
  const one = await changing(lenient);
  assert.equal(await mailsAfterAll(lenient, one.email), 0);
  const session = ok(await confirm(lenient, one.wanted, one.mails.wanted));
  assert.equal(session.user.email, one.wanted);
  await assertChanged(lenient, one);
  const other = await changing(lenient);
  assert.ok((await follow(other.mails.wanted.link)).fragment.access_token);
  await assertChanged(lenient, other);
});

test("128 where addresses count as confirmed one suffices", async () => {
  const one = await changing(auto);
  assert.equal(one.user.email, one.email);
  assert.equal(one.user.new_email, one.wanted);
  const session = ok(await confirm(auto, one.wanted, one.mails.wanted));
  assert.equal(session.user.email, one.wanted);
  await assertChanged(auto, one);
  refused(await confirm(auto, one.email, await mailTo(one.email)), 403, "otp_expired");
});

test("129 who has no address gets one by the new one", async () => {
  const phone = newPhone();
  ok(await instance.admin("POST", "/admin/users", { body: { phone, password: PASSWORD, phone_confirm: true } }));
  const session = ok(await instance.post("/token?grant_type=password", { phone, password: PASSWORD }));
  const wanted = newEmail("new");
  ok(await change(instance, session, { email: wanted }));
  const { user } = ok(await confirm(instance, wanted, await mailTo(wanted)));
  assert.equal(user.email, wanted);
  assert.equal(user.phone, phone.slice(1));
  assert.deepEqual(user.app_metadata, { provider: "phone", providers: ["phone", "email"] });
  ok(await instance.signIn(wanted));
  ok(await instance.post("/token?grant_type=password", { phone, password: PASSWORD }));
});

test("130 nobody becomes somebody", async () => {
  const session = ok(await instance.post("/signup", { data: { theme: "dark" } }));
  const wanted = newEmail("new");
  const pending = ok(await change(instance, session, { email: wanted }));
  assert.equal(pending.is_anonymous, true);
  assert.equal(pending.new_email, wanted);
  const done = ok(await confirm(instance, wanted, await mailTo(wanted)));
  assert.equal(done.user.id, session.user.id);
  assert.equal(done.user.is_anonymous, false);
  assert.equal(claimsOf(done.access_token).is_anonymous, false);
  assert.equal(done.user.email, wanted);
  assert.deepEqual(done.user.app_metadata, { provider: "email", providers: ["email"] });
  assert.equal(done.user.user_metadata.theme, "dark");
  assert.deepEqual(done.user.identities.map(({ provider, id, email }) => [provider, id, email]),
    [["email", done.user.id, wanted]]);
  ok(await change(instance, done, { password: PASSWORD }));
  ok(await instance.signIn(wanted));
});

test("4.13 where addresses count as confirmed, at once", async () => {
  const session = ok(await auto.post("/signup", {}));
  const email = newEmail("new");
  const user = ok(await change(auto, session, { email, password: PASSWORD }));
  assert.equal(user.email, email);
  assert.equal(user.new_email, undefined);
  assert.equal(user.is_anonymous, false);
  assert.equal(ok(await auto.signIn(email)).user.id, session.user.id);
});

test("131 another password ends the change", async () => {
  const one = await changing();
  ok(await change(instance, one.session, { password: "another horse 2" }));
  await refusedLink(one.mails.wanted.link, "otp_expired");
  await refusedLink(one.mails.old.link, "otp_expired");
  refused(await confirm(instance, one.wanted, one.mails.wanted), 403, "otp_expired");
  const user = await stored(instance, one.user.id);
  assert.equal(user.email, one.email);
  assert.equal(user.email_change_sent_at, undefined);
});

test("145 an address that is taken, and one's own", async () => {
  const [one, other] = [await instance.member(), await instance.member()];
  refused(await change(instance, one.session, { email: other.email.toUpperCase() }), 422, "email_exists");
  const unconfirmed = newEmail();
  await instance.signUp(unconfirmed);
  refused(await change(instance, one.session, { email: unconfirmed }), 422, "email_exists");
  const same = ok(await change(instance, one.session, { email: one.email.toUpperCase() }));
  assert.equal(same.new_email, undefined);
  assert.equal(same.email_change_sent_at, undefined);
  refused(await change(instance, one.session, { email: "abc" }), 400, "validation_failed");
  assert.equal(await mailsAfterAll(instance, one.email), 0);
});

test("157 one has to wait before one changes one's mind; then the first change is over", async () => {
  const slow = await newInstance();
  const { email, user, session } = await slow.member();
  const [first, second] = [newEmail("first"), newEmail("second")];
  ok(await change(slow, session, { email: first }));
  refused(await change(slow, session, { email: second }), 429, "over_email_send_rate_limit");
  refused(await slow.post("/resend", { type: "email_change", email }), 429, "over_email_send_rate_limit");
  const mails = [await mailTo(email)];
  age(email, 61);
  assert.equal(ok(await change(slow, session, { email: second })).new_email, second);
  mails.push(await anotherMail(email, mails[0]));
  refused(await confirm(slow, first, await mailTo(first)), 403, "otp_expired");
  refused(await verify(slow, { type: "email_change", token_hash: mails[0].token }), 403, "otp_expired");
  ok(await confirm(slow, second, await mailTo(second)));
  ok(await confirm(slow, email, mails[1]));
  await assertChanged(slow, { email, user, wanted: second });
});

test("2.8 the mails are sent once more", async () => {
  const one = await changing();
  assert.deepEqual(ok(await instance.post("/resend", { type: "email_change", email: one.wanted })), {});
  assert.deepEqual(ok(await instance.post("/resend", { type: "email_change", email: one.email })), {});
  const [wanted, old] = [await anotherMail(one.wanted, one.mails.wanted), await anotherMail(one.email, one.mails.old)];
  await refusedLink(one.mails.wanted.link, "otp_expired");
  await refusedLink(one.mails.old.link, "otp_expired");
  ok(await confirm(instance, one.wanted, wanted));
  ok(await confirm(instance, one.email, old));
  await assertChanged(instance, one);
});
