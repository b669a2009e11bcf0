// Passwords that have leaked (GoTrue reference, 4.4): a mirror of the range interface stands in for the service.
import { createHash } from "node:crypto";
import { test } from "node:test";
import { assert, newEmail, newInstance, ok, PASSWORD, refused } from "./helper.mjs";
import { standIn } from "./stand_in.mjs";

const LEAKED = "Passw0rd!";
const hash = (password) => createHash("sha1").update(password).digest("hex").toUpperCase();
const mirror = await standIn(({ path }) => {
  const known = [LEAKED, "abc"].map(hash).filter((one) => `/range/${one.slice(0, 5)}` === path);
  // The rest is padding, which was seen no times; with it comes every hash that a test asks for.
  return { body: [...known.map((one) => `${one.slice(5)}:3`), `${hash(PASSWORD).slice(5)}:0`].join("\r\n") };
});
const settings = { password_hibp_enabled: true, password_hibp_url: `${mirror.url}/range/`, mailer_autoconfirm: true };
const door = await newInstance(settings);
const MESSAGE = "Password is known to be weak and easy to guess, please choose a different one.";

test("4.4 a leaked password is refused, and only five digits of its hash are told", async () => {
  const said = refused(await door.post("/signup", { email: newEmail(), password: LEAKED }), 422, "weak_password", MESSAGE);
  assert.deepEqual(said.weak_password, { reasons: ["pwned"] });
  const { method, path, headers } = mirror.seen.at(-1);
  assert.deepEqual([method, path], ["GET", `/range/${hash(LEAKED).slice(0, 5)}`]);
  assert.equal(headers["add-padding"], "true");
  assert.equal(headers["user-agent"], door.url);
  ok(await door.post("/signup", { email: newEmail(), password: PASSWORD }));
});

test("43 several reasons come in the order length, characters, pwned", async () => {
  const strict = await newInstance({ ...settings, password_min_length: 8, password_required_characters: "0123456789" });
  const said = refused(await strict.post("/signup", { email: newEmail(), password: "abc" }), 422, "weak_password");
  assert.deepEqual(said.weak_password.reasons, ["length", "characters", "pwned"]);
});

test("4.4 every way to a new password is checked", async () => {
  const { user, session } = await door.member();
  refused(await door.put("/user", { password: LEAKED }, { token: session.access_token }), 422, "weak_password", MESSAGE);
  refused(await door.admin("PUT", `/admin/users/${user.id}`, { body: { password: LEAKED } }), 422, "weak_password", MESSAGE);
  refused(await door.admin("POST", "/admin/generate_link", { body: { type: "signup", email: newEmail(), password: LEAKED } }), 422, "weak_password", MESSAGE);
});

test("4.4 who signs in with one is let in, and told", async () => {
  const lax = await newInstance({ mailer_autoconfirm: true });
  const email = newEmail();
  ok(await lax.post("/signup", { email, password: LEAKED }));
  for (const [key, value] of Object.entries(settings)) lax.set(key, value);
  const before = mirror.seen.length;
  const { user, weak_password } = ok(await lax.signIn(email, LEAKED));
  assert.deepEqual(weak_password, { message: MESSAGE, reasons: ["pwned"] });
  assert.equal(mirror.seen.length, before + 1);
  const logins = ok(await lax.admin("GET", "/admin/audit")).filter((entry) => entry.payload.actor_id === user.id && entry.payload.action === "login");
  assert.equal(logins.length, 2, "one by sign-up and one by sign-in: an operation that begins anew counts once");
  refused(await lax.signIn(email, "wrong"), 400, "invalid_credentials");
  assert.equal(mirror.seen.length, before + 1, "wrong ones are not looked up");
});

test("45 when nobody can be asked: accepted, or refused where that is wanted", async () => {
  const lost = { ...settings, password_hibp_url: "http://127.0.0.1:1/range/" };
  const open = await newInstance(lost);
  ok(await open.post("/signup", { email: newEmail(), password: LEAKED }));
  const closed = await newInstance({ ...lost, password_hibp_fail_closed: true });
  refused(await closed.post("/signup", { email: newEmail(), password: PASSWORD }), 500, "unexpected_failure");
});
