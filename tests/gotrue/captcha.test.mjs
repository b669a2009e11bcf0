// CAPTCHAs (GoTrue reference, 4.17).
import { test } from "node:test";
import { assert, newEmail, newInstance, ok, PASSWORD, refused } from "./helper.mjs";
import { standIn } from "./stand_in.mjs";

/** A verifier to which only one token is right, each time. */
const verifier = await standIn(({ body }) => {
  const form = new URLSearchParams(body);
  if (form.get("response") === "broken") return { status: 503 };
  if (form.get("response") === "nonsense") return { body: "<html>" };
  const success = form.get("secret") === "s3cret" && form.get("response") === "solved";
  return { body: success ? { success } : { success, "error-codes": ["invalid-input-response", "timeout-or-duplicate"] } };
});
const door = await newInstance({ captcha_secret: "s3cret", captcha_url: `${verifier.url}/siteverify`, captcha_enabled: true, mailer_autoconfirm: true });
const with_ = (token) => ({ gotrue_meta_security: { captcha_token: token } });
const MISSING = "captcha protection: request disallowed (no captcha_token found)";

test("4.17 without a token, people are not told from machines", async () => {
  const email = newEmail();
  for (const more of [{}, with_(""), with_("  "), with_(null), { gotrue_meta_security: {} }]) {
    for (const [path, body] of [
      ["/signup", { email, password: PASSWORD }], ["/signup", {}], ["/otp", { email }], ["/magiclink", { email }], ["/recover", { email }],
      ["/resend", { email, type: "signup" }], ["/signup?grant_type=refresh_token", { email, password: PASSWORD }], ["/recover?grant_type=pkce", { email }], ["/token?grant_type=password", { email, password: PASSWORD }],
    ]) {
      refused(await door.post(path, { ...body, ...more }), 400, "captcha_failed", MISSING);
    }
  }
  assert.equal(verifier.seen.length, 0, "nobody was asked");
  refused(await door.admin("GET", `/admin/users/${crypto.randomUUID()}`), 404, "user_not_found");
});

test("4.17 a solved one lets in, once verified with the secret and the client's address", async () => {
  const email = newEmail();
  const session = ok(await door.post("/signup", { email, password: PASSWORD, ...with_("solved") }));
  const { method, path, headers, body } = verifier.seen.at(-1);
  assert.deepEqual([method, path, headers["content-type"]], ["POST", "/siteverify", "application/x-www-form-urlencoded"]);
  assert.deepEqual(Object.fromEntries(new URLSearchParams(body)), { secret: "s3cret", response: "solved", remoteip: "127.0.0.1" });
  ok(await door.post("/token?grant_type=password", { email, password: PASSWORD, ...with_("solved") }));
  ok(await door.post("/recover", { email, ...with_("solved") }));
  assert.ok(session.access_token);
});

test("4.17 one that is not solved does not, and says why", async () => {
  const email = newEmail();
  const why = "captcha protection: request disallowed (invalid-input-response, timeout-or-duplicate)";
  refused(await door.post("/signup", { email, password: PASSWORD, ...with_("wrong") }), 400, "captcha_failed", why);
  // Nobody was made.
  refused(await door.post("/token?grant_type=password", { email, password: PASSWORD, ...with_("solved") }), 400, "invalid_credentials");
});

test("4.17 when it cannot be verified, nothing is done", async () => {
  for (const token of ["broken", "nonsense"]) {
    const said = refused(await door.post("/signup", { email: newEmail(), password: PASSWORD, ...with_(token) }), 500, "unexpected_failure");
    assert.ok(!JSON.stringify(said).includes("s3cret"));
  }
  const lost = await newInstance({ captcha_secret: "s3cret", captcha_url: "http://127.0.0.1:1/", captcha_enabled: true });
  refused(await lost.post("/recover", { email: newEmail(), ...with_("solved") }), 500, "unexpected_failure");
});

test("4.17 administrators and other grants need none", async () => {
  const email = newEmail();
  const session = ok(await door.post("/signup", { email, password: PASSWORD, ...with_("solved") }));
  const asked = verifier.seen.length;
  ok(await door.refresh(session.refresh_token));
  refused(await door.post("/token?grant_type=pkce", { auth_code: crypto.randomUUID(), code_verifier: "x".repeat(43) }), 404, "flow_state_not_found");
  ok(await door.post("/signup", { email: newEmail(), password: PASSWORD }, { token: door.adminToken }));
  refused(await door.post("/recover", { email }, { token: session.access_token }), 400, "captcha_failed", MISSING);
  assert.equal(verifier.seen.length, asked);
});
