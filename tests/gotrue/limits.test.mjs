// How often clients may ask, and how much is sent (section 1.5).
import test from "node:test";
import { PASSWORD, assert, newEmail, newInstance, ok, refused } from "./helper.mjs";

const HEADER = "x-client-key";
const from = (client) => ({ headers: { [HEADER]: client } });
const signIn = (door, options, email = newEmail()) =>
  door.call("POST", "/token?grant_type=password", { body: { email, password: PASSWORD }, ...options });

/** The refusal once the bucket is empty: on a slow machine some tokens have come back meanwhile. */
async function emptied(ask) {
  let answer = await ask();
  for (let n = 0; n < 20 && answer.status !== 429; n += 1) answer = await ask();
  return answer;
}

test("26 a client takes tokens out of its own bucket", async () => {
  const door = await newInstance({ rate_limit_header: HEADER });
  for (let n = 0; n < 30; n += 1) refused(await signIn(door, from("a, proxy")), 400, "invalid_credentials");
  refused(await emptied(() => signIn(door, from("a"))), 429, "over_request_rate_limit", "Request rate limit reached");
  refused(await signIn(door, from("b")), 400, "invalid_credentials");
  refused(await signIn(door, from(" ")), 400, "invalid_credentials");
  refused(await signIn(door, {}), 400, "invalid_credentials");
  // Other buckets are full.
  ok(await door.post("/recover", { email: newEmail() }, from("a")));
});

test("26 without the setting nobody is limited", async () => {
  const door = await newInstance();
  for (let n = 0; n < 31; n += 1) refused(await signIn(door, from("a")), 400, "invalid_credentials");
});

test("27 the address that a trusted proxy names comes first, if it is one", async () => {
  const door = await newInstance({ rate_limit_header: HEADER, sb_forwarded_for_enabled: true });
  const forwarded = (address, client) => ({ headers: { "sb-forwarded-for": address, [HEADER]: client } });
  for (let n = 0; n < 30; n += 1) await signIn(door, forwarded("192.0.2.1, 10.0.0.1", `a${n}`));
  refused(await emptied(() => signIn(door, forwarded("192.0.2.1", "b"))), 429, "over_request_rate_limit");
  for (let n = 0; n < 30; n += 1) await signIn(door, forwarded("not-an-ip", "c"));
  refused(await emptied(() => signIn(door, forwarded("not-an-ip", "c"))), 429, "over_request_rate_limit");
  refused(await signIn(door, forwarded("not-an-ip", "d")), 400, "invalid_credentials");
});

test("1.5 a network of the sixth version counts as one client", async () => {
  const door = await newInstance({ rate_limit_header: HEADER });
  for (let n = 0; n < 30; n += 1) await signIn(door, from(`2001:db8:1:2::${n + 1}`));
  refused(await emptied(() => signIn(door, from("2001:db8:1:2:ffff::1"))), 429, "over_request_rate_limit");
  refused(await signIn(door, from("2001:db8:1:3::1")), 400, "invalid_credentials");
});

test("1.5 the address that the gateway has verified", async () => {
  const door = await newInstance({ rate_limit_header: "x-auth-client-address", rate_limit_verify: 30 });
  const verify = (headers) => door.post("/verify", { type: "email", email: newEmail(), token: "123456" }, { headers });
  for (let n = 0; n < 30; n += 1) refused(await verify(), 403, "otp_expired");
  refused(await emptied(verify), 429, "over_request_rate_limit");
  // Nobody can name another.
  refused(await emptied(() => verify({ "x-auth-client-address": "192.0.2.7" })), 429, "over_request_rate_limit");
});

test("60 who signs up without a name has a bucket of their own", async () => {
  const door = await newInstance({
    rate_limit_header: HEADER, external_anonymous_users_enabled: true, rate_limit_anonymous_users: 3,
  });
  for (let n = 0; n < 3; n += 1) ok(await door.post("/signup", {}, from("a")));
  refused(await door.post("/signup", {}, from("a")), 429, "over_request_rate_limit");
  ok(await door.post("/signup", { email: newEmail(), password: PASSWORD }, from("a")));
});

test("143 no more mails than the settings allow", async () => {
  const door = await newInstance({ rate_limit_email_sent: "2" });
  const signUp = () => door.post("/signup", { email: newEmail(), password: PASSWORD });
  ok(await signUp());
  ok(await signUp());
  refused(await signUp(), 429, "over_email_send_rate_limit", "email rate limit exceeded");
  door.set("rate_limit_email_sent", "0");
  refused(await signUp(), 429, "over_email_send_rate_limit");
  door.set("mailer_autoconfirm", true);
  ok(await signUp());
});

test("wrong passwords are counted, for accounts that there are and others alike", async () => {
  const door = await newInstance();
  const { email } = await door.member();
  for (const address of [email, newEmail()]) {
    for (let n = 0; n < 10; n += 1) refused(await door.signIn(address, "wrong password"), 400, "invalid_credentials");
    refused(await door.signIn(address), 429, "over_request_rate_limit", /wrong passwords/);
  }
  const other = await door.member();
  for (let n = 0; n < 9; n += 1) await door.signIn(other.email, "wrong password");
  ok(await door.signIn(other.email));
  for (let n = 0; n < 9; n += 1) refused(await door.signIn(other.email, "wrong password"), 400, "invalid_credentials");
  assert.equal((await door.signIn(other.email)).status, 200, "the right one begins the count anew");
});
