// What is taken for an address or a number, and signing up by number (GoTrue reference, 2.2, 4.2, 4.3 and 4.5).
import test from "node:test";
import {
  PASSWORD, UUID, assert, claimsOf, newEmail, newInstance, newPhone, ok, refused, sql, textTo,
} from "./helper.mjs";
import { SMS, audited } from "./accounts_helper.mjs";

const instance = await newInstance(SMS);
const auto = await newInstance({ ...SMS, sms_autoconfirm: true });

const attempt = (at, body) => at.post("/signup", { password: PASSWORD, ...body });
const login = (at, phone, password = PASSWORD) => at.post("/token?grant_type=password", { phone, password });
const usersOf = ({ appId }) => sql("SELECT count(*) AS n FROM auth.users WHERE app_id = $1", appId)[0].n;

/** A number that nobody else has, of so many digits. */
const digits = (length) => `${newPhone().slice(1)}00000000`.slice(0, length);

test("4.2 what is an address", async () => {
  const own = await newInstance({ mailer_autoconfirm: true });
  const label = "a".repeat(63);
  for (const email of [
    "a@b", "a@b.co", "A+tag@B.co", "!#$%&'*+/=?^_`{|}~-@example.org", "a..b@example.org", ".a@example.org", "a@1.2",
    `a@${label}.org`, `a@x-y.example.org`, `${"a".repeat(243)}@example.org`,
  ]) {
    assert.equal(ok(await attempt(own, { email })).user.email, email.toLowerCase());
  }
});

test("4.2 what is no address", async () => {
  const own = await newInstance();
  const format = "Unable to validate email address: invalid format";
  for (const email of [
    "a", "@", "a@", "@b.co", "a@b@c.co", "a b@c.co", " a@b.co", "a@b.co ", "a@b.co\n", '"a b"@c.co', "a@-b.co",
    "a@b-.co", "a@b..co", "a@b.co.", "ä@b.co", "a@bücher.example", "a@[127.0.0.1]", "a,b@c.co", "<a@b.co>",
    `a@${"a".repeat(64)}.org`, `${"a".repeat(244)}@example.org`,
  ]) {
    refused(await attempt(own, { email }), 400, "validation_failed", format);
  }
  assert.equal(usersOf(own), 0);
});

test("48 4.3 what is a number", async () => {
  const bare = digits(13);
  const spaced = `+${bare.slice(0, 2)} ${bare.slice(2, 5)}  ${bare.slice(5)} `;
  const { user, access_token } = ok(await attempt(auto, { phone: spaced }));
  assert.deepEqual([user.phone, claimsOf(access_token).phone], [bare, bare]);
  assert.equal(user.identities[0].identity_data.phone_verified, true);
  for (const phone of [bare, `+${bare}`, spaced]) {
    ok(await login(auto, phone));
    refused(await attempt(auto, { phone }), 422, "user_already_exists");
  }
  for (const length of [2, 15]) {
    const phone = digits(length);
    assert.equal(ok(await attempt(auto, { phone })).user.phone, phone);
  }
});

test("48 what is no number", async () => {
  const before = usersOf(instance);
  const message = "Invalid phone number format (E.164 required)";
  for (const phone of [
    "++123", "0123", "+0123", "1".repeat(16), "1", "+", " ", "12a4", "123-456", "1.5", "１２３４",
  ]) {
    refused(await attempt(instance, { phone }), 400, "validation_failed", message);
  }
  assert.equal(usersOf(instance), before);
});

test("46 numbers are off where nothing is set", async () => {
  const own = await newInstance();
  refused(await attempt(own, { phone: newPhone() }), 400, "phone_provider_disabled");
});

test("49 4.3 how a message is sent", async () => {
  for (const channel of ["telegram", "SMS", "call"]) {
    refused(await attempt(instance, { phone: newPhone(), channel }), 400, "validation_failed");
  }
  for (const channel of ["sms", "whatsapp", null, ""]) ok(await attempt(instance, { phone: newPhone(), channel }));
  const vonage = await newInstance({ ...SMS, sms_provider: "vonage" });
  refused(await attempt(vonage, { phone: newPhone(), channel: "whatsapp" }), 400, "validation_failed");
});

test("40 a number with a challenge", async () => {
  const more = { code_challenge: "a".repeat(43), code_challenge_method: "s256" };
  refused(await attempt(instance, { phone: newPhone(), ...more }), 400, "validation_failed");
});

test("2.2 a number is confirmed by a text message", async () => {
  const phone = newPhone();
  const { id, identities, confirmation_sent_at, created_at, updated_at, ...user } = ok(
    await attempt(instance, { phone, data: { plan: "pro" } }),
  );
  assert.match(id, UUID);
  assert.ok(confirmation_sent_at);
  assert.deepEqual(user, {
    aud: "authenticated", role: "authenticated", email: "", phone: phone.slice(1), is_anonymous: false,
    app_metadata: { provider: "phone", providers: ["phone"] }, user_metadata: user.user_metadata,
  });
  const { sub, email_verified, phone_verified, plan } = user.user_metadata;
  assert.deepEqual([sub, email_verified, phone_verified, plan], [id, false, false, "pro"]);
  assert.deepEqual(identities.map(({ provider, id: own }) => [provider, own]), [["phone", id]]);
  assert.deepEqual(audited(instance, id), [["user_confirmation_requested", { provider: "phone" }]]);

  refused(await login(instance, phone), 400, "phone_not_confirmed");
  refused(await login(instance, phone, "wrong horse"), 400, "invalid_credentials");
  refused(await attempt(instance, { phone }), 429, "over_sms_send_rate_limit", /after \d+ seconds\.$/);
  const session = ok(await instance.post("/verify", { type: "sms", phone, token: await textTo(phone) }));
  assert.deepEqual([session.user.id, session.user.phone_confirmed_at], [id, session.user.confirmed_at]);
  assert.ok(session.user.phone_confirmed_at);
  assert.equal(session.user.user_metadata.phone_verified, false, "it is not touched");
  ok(await login(instance, phone));
  refused(await login(instance, phone, "wrong horse"), 400, "invalid_credentials", "Invalid login credentials");
});

test("36 a number that is confirmed is not told", async () => {
  const phone = newPhone();
  const { user } = ok(await attempt(auto, { phone }));
  auto.set("sms_autoconfirm", null);
  const answer = await attempt(auto, { phone, data: { a: 1 } });
  const { id, created_at, updated_at, confirmation_sent_at, ...shown } = ok(answer);
  auto.set("sms_autoconfirm", true);
  assert.notEqual(id, user.id);
  assert.deepEqual(shown, {
    aud: "authenticated", role: "", email: "", phone: phone.slice(1), is_anonymous: false, identities: [],
    app_metadata: { provider: "phone", providers: ["phone"] }, user_metadata: { a: 1 },
  });
  assert.deepEqual(audited(auto, user.id).at(-1), ["user_repeated_signup", { provider: "phone" }]);
});

test("55 a number with autoconfirm", async () => {
  const phone = newPhone();
  const session = ok(await attempt(auto, { phone }));
  const { user } = session;
  assert.ok(user.phone_confirmed_at);
  assert.equal(user.confirmed_at, user.phone_confirmed_at);
  assert.equal(user.email_confirmed_at, undefined);
  assert.equal(claimsOf(session.access_token).amr[0].method, "password");
  assert.deepEqual(audited(auto, user.id).map(([action]) => action), ["login", "user_signedup"]);
});

test("38 autoconfirm of addresses tells of numbers, too", async () => {
  const phone = newPhone();
  const own = await newInstance({ ...SMS, sms_autoconfirm: true });
  ok(await attempt(own, { phone }));
  own.set("sms_autoconfirm", false);
  own.set("mailer_autoconfirm", true);
  refused(await attempt(own, { phone }), 422, "user_already_exists", "User already registered");
});

test("18 no text message can be sent", async () => {
  const own = await newInstance({ external_phone_enabled: true });
  refused(await attempt(own, { phone: newPhone() }), 500, "unexpected_failure");
  assert.equal(usersOf(own), 0);
  ok(await attempt(own, { email: newEmail() }));
});
