// Options of registrations and sign-ins with passkeys (CDI 2.14, 3.13, 7.12); what comes back is in
// webauthn_credentials.test.mjs.
import test from "node:test";
import { aside, quoted } from "./aside.mjs";
import {
  UUID, assert, badField, call, get, newApp, newEmail, newId, newTenant, ok, post, refused, signUp, sql,
} from "./helper.mjs";
import { appWithTenants, mapped } from "./linking_helper.mjs";
import { PAGE } from "./passkey.mjs";
import {
  INVALID_OPTIONS, NOBODY, NO_OPTIONS, SHOWING, WEBAUTHN, askToRegister, askToSignIn, optionsOf, refusedFor,
  removeOptions, toRegister, toSignIn,
} from "./webauthn_helper.mjs";

const REGISTER = `${WEBAUTHN}/options/register`;
const SIGN_IN = `${WEBAUTHN}/options/signin`;
const defaults = { timeout: undefined };
const asks = [askToRegister, askToSignIn];

/** What changes from one answer to the next must have its form; gives the rest. */
function constant({ webauthnGeneratedOptionsId, challenge, createdAt, expiresAt, ...rest }) {
  assert.match(webauthnGeneratedOptionsId, UUID);
  assert.match(challenge, /^[\w-]{43}$/, "32 bytes");
  assert.ok(Number.isInteger(createdAt) && Math.abs(createdAt - Date.now()) < 600_000, "in ms");
  assert.equal(expiresAt, createdAt + rest.timeout);
  return rest;
}

const gone = async (options, at) => {
  for (const ask of [optionsOf, removeOptions]) {
    const { status, json } = await ask(options, at);
    assert.deepEqual([status, json], [200, { status: NO_OPTIONS }]);
  }
};

test("7.12.266 what options for a registration are unless told otherwise", async () => {
  for (const version of [...SHOWING, null]) {
    const given = newEmail("Ada");
    const options = ok(await askToRegister({ email: ` ${given} `, ...defaults }, "", version), version);
    const email = given.toLowerCase();
    const { user, ...rest } = constant(options);
    assert.deepEqual(rest, {
      status: "OK", email, timeout: 6000, attestation: "none", excludeCredentials: [],
      rp: { id: PAGE.relyingPartyId, name: PAGE.relyingPartyName },
      pubKeyCredParams: [-8, -7, -257].map((alg) => ({ alg, type: "public-key" })),
      authenticatorSelection: { requireResidentKey: true, residentKey: "required", userVerification: "preferred" },
    });
    const id = Buffer.from(options.webauthnGeneratedOptionsId).toString("base64url");
    assert.equal(user.id, id, "while nobody has the address");
    assert.equal(user.name, email);
    assert.equal(user.displayName.trim().toLowerCase(), email);
    const { json } = await optionsOf(options, "", version);
    assert.deepEqual([json.email, json.userPresence], [email, false]);
  }
});

test("3.13 what options for a sign-in are unless told otherwise", async () => {
  for (const version of [...SHOWING, null]) {
    const options = ok(await askToSignIn(defaults, "", version), version);
    const { status, timeout, relyingPartyId, userVerification, userPresence } = constant(options);
    assert.deepEqual(
      { status, timeout, relyingPartyId, userVerification, userPresence },
      { status: "OK", timeout: 6000, relyingPartyId: PAGE.relyingPartyId, userVerification: "preferred",
        userPresence: false },
    );
  }
});

test("3.13 options as they are wished", async () => {
  for (const wish of ["required", "discouraged", "preferred"]) {
    const options = await toRegister({ residentKey: wish, userVerification: wish });
    const requireResidentKey = wish === "required";
    const selection = { requireResidentKey, residentKey: wish, userVerification: wish };
    assert.deepEqual(options.authenticatorSelection, selection);
    assert.equal((await toSignIn({ userVerification: wish })).userVerification, wish);
  }
  for (const attestation of ["none", "indirect", "direct", "enterprise"]) {
    assert.equal((await toRegister({ attestation })).attestation, attestation);
  }
  for (const [timeout, expected] of [[0, 0], [1, 1], ["30000", 30_000], [86_400_000, 86_400_000]]) {
    for (const ask of asks) assert.equal(constant(ok(await ask({ timeout }))).timeout, expected);
  }
  for (const userPresence of [true, false]) {
    assert.equal((await toSignIn({ userPresence })).userPresence, userPresence);
    const { json } = await optionsOf(await toRegister({ userPresence, userVerification: "discouraged" }));
    assert.deepEqual([json.userPresence, json.userVerification], [userPresence, "discouraged"]);
  }
  for (const displayName of ["", " Ada ", "Åda 🔑"]) {
    assert.equal((await toRegister({ displayName })).user.displayName, displayName, "as it was given");
  }
});

test("2.14 algorithms, in the specification's spelling and in that of the SDKs", async () => {
  for (const member of ["supportedAlgorithmIDs", "supportedAlgorithmIds"]) {
    for (const algorithms of [[-257, -7], [-8], [-35, -36, 5], []]) {
      const { pubKeyCredParams } = await toRegister({ [member]: algorithms });
      assert.deepEqual(pubKeyCredParams, algorithms.map((alg) => ({ alg, type: "public-key" })), member);
    }
    for (const bad of [["-7"], ["ES256"], [-7.5], [null], -7, "-7", { alg: -7 }]) {
      refusedFor(await askToRegister({ [member]: bad }), INVALID_OPTIONS, /./, JSON.stringify(bad));
    }
  }
});

test("3.13 options name the user of the address in the tenant", async () => {
  const { app, t1, t2 } = await appWithTenants();
  const { id, email } = await signUp(t1);
  const handle = async (more, at) => {
    const { user, webauthnGeneratedOptionsId } = await toRegister(more, at);
    const named = Buffer.from(user.id, "base64url").toString();
    return named === webauthnGeneratedOptionsId ? "the options" : named;
  };
  assert.equal(await handle({ email }, t1), id);
  assert.equal(await handle({ email: ` ${email.toUpperCase()} ` }, t1), id);
  assert.equal(await handle({ email }, t2), "the options");
  assert.equal(await handle({ email }, app), "the options");
  await mapped(id, app);
  assert.equal(await handle({ email }, t1), id, "not the id that others know it by");
});

const NO_URL = "Origin has to be a valid url!";
const OTHER = "Origin does not match RelyingParty Id";

test("7.12.267 origins", async () => {
  for (const [origin, relyingPartyId, reason] of [
    ["https://example.com", "example.com"],
    ["https://sub.example.com", "example.com"],
    ["https://a.b.example.com:8443/path", "example.com"],
    ["http://localhost:3000", "localhost"],
    ["not a url", "example.com", NO_URL],
    ["", "example.com", NO_URL],
    ["example.com", "example.com", NO_URL],
    ["https://", "example.com", NO_URL],
    ["https://evil.com", "example.com", OTHER],
    ["https://evilexample.com", "example.com", OTHER], // at a label's boundary alone
    ["https://example.com.evil.com", "example.com", OTHER],
    ["https://example.com@evil.com", "example.com", OTHER],
    ["https://evil.com/example.com", "example.com", OTHER],
    ["https://evil.com?example.com", "example.com", OTHER],
    ["https://evil.com#.example.com", "example.com", OTHER],
    ["https://example.com", "sub.example.com", OTHER],
    ["https://example.com", "", OTHER],
  ]) {
    for (const ask of asks) {
      const answer = await ask({ origin, relyingPartyId });
      if (reason) refusedFor(answer, INVALID_OPTIONS, reason, `${origin} ${relyingPartyId}`);
      else ok(answer, origin);
    }
  }
});

test("7.12.268 origins of Android applications", async () => {
  const alphabet = "Android origin hash must be valid URL-safe base64 (no padding)";
  const length = "Android origin hash must be 43 characters (base64url SHA-256)";
  for (const [hash, reason] of [
    ["Aa0-_".repeat(9).slice(0, 43)],
    ["", "Android origin must contain a valid base64 hash"],
    [`${"A".repeat(42)}+`, alphabet],
    [`${"A".repeat(42)}/`, alphabet],
    [`${"A".repeat(43)}=`, alphabet],
    [`${"A".repeat(42)} `, alphabet],
    ["A".repeat(42), length],
    ["A".repeat(44), length],
  ]) {
    for (const ask of asks) {
      const answer = await ask({ origin: `android:apk-key-hash:${hash}` });
      if (reason) refusedFor(answer, INVALID_OPTIONS, reason, hash);
      else assert.equal((await optionsOf(ok(answer))).json.origin, `android:apk-key-hash:${hash}`);
    }
  }
});

test("7.12.269 wishes that cannot be", async () => {
  const requirements = "required, discouraged, preferred";
  for (const [ask, field, values] of [
    [askToRegister, "userVerification", requirements],
    [askToSignIn, "userVerification", requirements],
    [askToRegister, "residentKey", requirements],
    [askToRegister, "attestation", "none, indirect, direct, enterprise"],
  ]) {
    for (const value of ["maybe", "", "Required", "NONE"]) {
      const reason = `Invalid value '${value}' for ${field}. Must be one of: ${values}`;
      refusedFor(await ask({ [field]: value }), INVALID_OPTIONS, reason);
    }
  }
  for (const ask of asks) {
    for (const timeout of [-1, "-1", -86_400_000]) {
      refusedFor(await ask({ timeout }), INVALID_OPTIONS, "Timeout must be a positive value");
    }
  }
});

test("1.7 2.14 what a caller must say, and in which type", async () => {
  const common = ["relyingPartyId", "relyingPartyName", "origin"];
  const wishes = ["timeout", "userVerification", "userPresence"];
  for (const [path, good, needed, optional] of [
    [REGISTER, { email: newEmail(), ...PAGE }, ["email", ...common],
      [...wishes, "displayName", "attestation", "residentKey"]],
    [SIGN_IN, PAGE, common, wishes],
  ]) {
    const types = { timeout: ["", "1.5", true, [], 1.5], userPresence: ["true", 1, "", {}] };
    for (const field of [...needed, ...optional]) {
      for (const value of [null, ...(types[field] ?? [1, true, [], {}])]) {
        badField(await post(path, { ...good, [field]: value }), field, `${path} ${field} ${JSON.stringify(value)}`);
      }
    }
    for (const field of needed) badField(await post(path, { ...good, [field]: undefined }), field);
    for (const body of ["", "[]", "x"]) refused(await post(path, body), 400, "Invalid Json Input");
  }
  for (const [method, path] of [["GET", "/options"], ["DELETE", "/options/remove"]]) {
    const missing = "Field name 'webauthnGeneratedOptionsId' is missing in GET request";
    refused(await call(method, WEBAUTHN + path), 400, missing);
  }
});

test("how long what is said may be", async () => {
  const most = `@${"x".repeat(500)}`;
  const email = newEmail();
  ok(await askToRegister({ email: `${email}${most.repeat(3).slice(0, 1000 - email.length)}` }));
  refused(await askToRegister({ email: "x".repeat(1001) }), 400, /^email must not be longer/);
  const long = "x".repeat(100_000);
  for (const ask of asks) {
    refusedFor(await ask({ relyingPartyId: `${long}.org`, origin: `https://${long}.org` }), INVALID_OPTIONS);
    refusedFor(await ask({ userVerification: long }), INVALID_OPTIONS);
  }
});

test("7.12.270 options are kept as they were made, until they are removed", async () => {
  for (const [ask, email] of [[toRegister, newEmail()], [toSignIn, undefined]]) {
    for (const version of SHOWING) {
      const made = await ask({ email, userVerification: "required", userPresence: true });
      const { webauthnGeneratedOptionsId, challenge, createdAt, expiresAt } = made;
      const expected = {
        status: "OK", webauthnGeneratedOptionsId, challenge, createdAt, expiresAt, ...PAGE, timeout: 600_000,
        userVerification: "required", userPresence: true, email: email ?? null,
      };
      for (let n = 0; n < 2; n += 1) assert.deepEqual(ok(await optionsOf(made, "", version)), expected);
      assert.deepEqual(ok(await removeOptions(made, "", version)), { status: "OK" });
      await gone(made);
    }
  }
  for (const id of [NOBODY, "x", "", "00000000-0000-4000-8000-00000000000", `${NOBODY}'`]) {
    await gone({ webauthnGeneratedOptionsId: id });
  }
});

test("2.14 options are the tenant's", async () => {
  const { app, t1, t2 } = await appWithTenants();
  const other = await newApp();
  for (const ask of [toRegister, toSignIn]) {
    const options = await ask({}, t1);
    for (const at of [t2, app, other, ""]) await gone(options, at);
    ok(await optionsOf(options, t1));
    ok(await removeOptions(options, t1));
  }
});

test("1.2 options of a tenant that does not exist", async () => {
  const at = `/${newId("t")}`;
  for (const ask of asks) refused(await ask({}, at), 400, /^AppId or tenantId not found/);
  for (const ask of [optionsOf, removeOptions]) {
    refused(await ask({ webauthnGeneratedOptionsId: NOBODY }, at), 400, /^AppId or tenantId not found/);
  }
});

test("3.9 a tenant that is removed takes its options along", async () => {
  const tenantId = newId("t");
  const at = await newTenant("", tenantId);
  const [one, other] = [await toRegister({}, at), await toSignIn({}, at)];
  ok(await post("/recipe/multitenancy/tenant/remove", { tenantId }));
  await newTenant("", tenantId);
  for (const options of [one, other]) await gone(options, at);
});

test("3.13 expired options are shown until the cleaning job comes by", async () => {
  const [past, holding] = [await toSignIn({ timeout: 0 }), await toSignIn()];
  assert.equal(ok(await optionsOf(past)).expiresAt, past.createdAt);
  const ids = [past, holding].map(({ webauthnGeneratedOptionsId }) => webauthnGeneratedOptionsId);
  const left = aside(
    [`UPDATE auth.webauthn_options SET expires_at = now() - interval '1 day' WHERE id = ${quoted(ids[0])}`,
      "SELECT auth.maintain()"],
    `SELECT string_agg(id::text, ',') FROM auth.webauthn_options WHERE id IN (${ids.map(quoted).join(", ")})`,
  );
  assert.equal(left, ids[1]);
  const kept = sql("SELECT id FROM auth.webauthn_options WHERE id = $1", ids[0]);
  assert.equal(kept.length, 1, "the job was only tried");
});

test("1.1 paths end with a slash, or not, in any case", async () => {
  const options = await toSignIn();
  const { webauthnGeneratedOptionsId } = options;
  for (const path of ["/recipe/webauthn/options/", "/Recipe/WebAuthn/OPTIONS", "/public/recipe/webauthn/options"]) {
    assert.equal(ok(await get(path, { webauthnGeneratedOptionsId })).challenge, options.challenge, path);
  }
  for (const [method, path] of [["POST", "/options"], ["GET", "/options/register"], ["POST", "/options/remove"]]) {
    refused(await call(method, WEBAUTHN + path), 405, "Method not supported", path);
  }
});
