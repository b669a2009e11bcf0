// Access tokens: who is let in with which, and what is in them (GoTrue reference, 1.2, 2 and 3.7).
import test from "node:test";
import { createPublicKey, generateKeyPairSync, randomUUID, sign as signWith, verify as verifyWith } from "node:crypto";
import {
  NEW_FORM, UUID, assert, claimsOf, newEmail, newInstance, newPhone, ok, refused, sign, sql,
} from "./helper.mjs";
import { SMS, now, sessionIdOf } from "./accounts_helper.mjs";

const NIL = "00000000-0000-0000-0000-000000000000";
const UNVERIFIED = /^invalid JWT: unable to parse or verify signature, /;
const instance = await newInstance();
const member = await instance.member();

const base64url = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const headerOf = (token) => JSON.parse(Buffer.from(token.split(".")[0], "base64url"));

/** A token of the member without a session; `more` overrides claims. */
const forged = (more = {}, { secret = instance.secret, header } = {}) =>
  sign({ sub: member.user.id, aud: "authenticated", role: "authenticated", exp: now() + 60, ...more }, secret, header);

/** A token that is signed with a key pair. */
function signed(claims, privateKey, header) {
  const message = `${base64url({ typ: "JWT", ...header })}.${base64url(claims)}`;
  const hash = header.alg === "EdDSA" ? null : "sha256";
  const signature = signWith(hash, Buffer.from(message), { key: privateKey, dsaEncoding: "ieee-p1363" });
  return `${message}.${signature.toString("base64url")}`;
}

const me = (token, at = instance) => at.get("/user", { token });
const showing = (authorization) => instance.get("/user", { headers: { authorization } });
const isMember = async (token) => assert.equal(ok(await me(token)).id, member.user.id);

test("11 how a token is shown", async () => {
  const token = member.session.access_token;
  for (const scheme of ["Bearer", "bearer", "BEARER"]) ok(await showing(`${scheme} ${token}`));
  const message = "This endpoint requires a valid Bearer token";
  for (const authorization of [
    `Bearer  ${token}`, `Basic ${token}`, token, "Bearer", `Bearer ${token} x`, "Bearer a\tb",
  ]) {
    refused(await showing(authorization), 401, "no_authorization", message);
  }
  refused(await instance.get("/user"), 401, "no_authorization", message);
});

test("13 foreign algorithms, keys and texts", async () => {
  const claims = claimsOf(forged());
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const [head, body, signature] = forged().split(".");
  for (const token of [
    ...["", signature].map((end) => `${base64url({ alg: "none", typ: "JWT" })}.${body}.${end}`),
    signed(claims, privateKey, { alg: "RS256" }), forged({}, { secret: "another" }),
    forged({}, { header: { alg: "HS512" } }), `${head}.${base64url({ ...claims, role: "service_role" })}.${signature}`,
    `${head}.${body}`, "garbage", "a.b.c", `${head}.${body}.`,
  ]) {
    refused(await me(token), 403, "bad_jwt", UNVERIFIED);
  }
});

test("14 15 the time of a token", async () => {
  for (const times of [{ exp: now() + 60, iat: now() + 3600 }, { exp: undefined }, { nbf: now() - 1 }]) {
    await isMember(forged(times));
  }
  for (const times of [{ exp: now() - 1 }, { nbf: now() + 60 }]) {
    refused(await me(forged(times)), 403, "bad_jwt", UNVERIFIED);
  }
});

test("16 a key id that nobody knows", async () => {
  await isMember(forged({}, { header: { kid: "unknown" } }));
});

test("17 22 a token of nobody", async () => {
  for (const token of [forged({ sub: undefined }), forged({ sub: "" }), instance.adminToken]) {
    refused(await me(token), 403, "bad_jwt");
  }
  refused(await me(forged({ sub: "not-a-uuid" })), 400, "bad_jwt");
  refused(await instance.get("/user", { token: instance.adminToken, headers: NEW_FORM }), 403, "bad_jwt");
});

test("18 a user, or a session, that is gone", async () => {
  const message = "User from sub claim in JWT does not exist";
  refused(await me(forged({ sub: randomUUID() })), 403, "user_not_found", message);
  const { user, session } = await instance.member();
  const sessionMessage = "Session from session_id claim in JWT does not exist";
  sql("DELETE FROM auth.sessions WHERE id::text = $1 RETURNING id", sessionIdOf(session));
  refused(await me(session.access_token), 403, "session_not_found", sessionMessage);
  ok(await instance.admin("DELETE", `/admin/users/${user.id}`));
  refused(await me(session.access_token), 403, "user_not_found", message);
});

test("18 the session of somebody else, or of elsewhere", async () => {
  const other = await instance.member();
  const token = forged({ session_id: sessionIdOf(other.session) });
  refused(await me(token), 403, "session_not_found");
  const elsewhere = await newInstance({ jwt_secret: instance.secret });
  refused(await me(member.session.access_token, elsewhere), 403, "user_not_found");
});

test("19 20 the session that a token names", async () => {
  for (const session_id of [undefined, NIL, sessionIdOf(member.session)]) await isMember(forged({ session_id }));
  refused(await me(forged({ session_id: "abc" })), 403, "bad_jwt");
});

test("21 claims in other shapes", async () => {
  await isMember(forged({ amr: ["password"] }));
  await isMember(forged({ aud: ["authenticated", "other"] }));
});

test("2 a user who was banned", async () => {
  const { user, session } = await instance.member();
  ok(await instance.admin("PUT", `/admin/users/${user.id}`, { body: { ban_duration: "1h" } }));
  refused(await me(session.access_token), 403, "user_banned");
});

test("23 24 who is an administrator", async () => {
  const users = (token) => instance.get("/admin/users", { token });
  for (const role of ["supabase_admin", "service_role"]) ok(await users(sign({ role }, instance.secret)));
  for (const role of ["admin", "anon", "authenticated", "", "Service_Role"]) {
    refused(await users(sign({ role }, instance.secret)), 403, "not_admin", "User not allowed");
  }
  refused(await users(member.session.access_token), 403, "not_admin", "User not allowed");
  refused(await users(undefined), 401, "no_authorization");
  refused(await users("garbage"), 403, "bad_jwt");
  refused(await users(sign({ role: "service_role" }, "another")), 403, "bad_jwt");
});

test("24 the roles of administrators are set", async () => {
  const own = await newInstance({ jwt_admin_roles: "boss,service_role" });
  const users = (role) => own.get("/admin/users", { token: sign({ role }, own.secret) });
  for (const role of ["boss", "service_role"]) ok(await users(role));
  refused(await users("supabase_admin"), 403, "not_admin");
});

test("2 the session that an administrator's token names", async () => {
  const { user, session } = await instance.member();
  const session_id = sessionIdOf(session);
  const tokenOf = (more) => forged({ role: "service_role", sub: user.id, ...more });
  const users = (more) => instance.get("/admin/users", { token: tokenOf(more) });
  ok(await users({ session_id }));
  ok(await users({ session_id: NIL }));
  refused(await users({ session_id: randomUUID() }), 403, "session_not_found");
});

test("2 an administrator's session that is over", async () => {
  const { user, session } = await instance.member();
  const session_id = sessionIdOf(session);
  sql("UPDATE auth.sessions SET not_after = now() - interval '1 s' WHERE id::text = $1 RETURNING id", session_id);
  const token = forged({ role: "service_role", sub: user.id, session_id });
  refused(await instance.get("/admin/users", { token }), 403, "session_expired");
});

test("3.7 what is in a token", async () => {
  const own = await newInstance({ jwt_exp: 120, jwt_issuer: "https://issuer.example.org", jwt_key_id: "first" });
  const { user, session } = await own.member({ user_metadata: { plan: "pro" }, app_metadata: { team: 5 } });
  assert.deepEqual(headerOf(session.access_token), { alg: "HS256", typ: "JWT", kid: "first" });
  const { iat, exp, session_id, amr, ...claims } = claimsOf(session.access_token);
  assert.ok(Math.abs(iat - now()) <= 5);
  assert.equal(exp, iat + 120);
  assert.equal(session.expires_in, 120);
  assert.equal(session.expires_at, exp);
  assert.match(session_id, UUID);
  assert.equal(amr.length, 1);
  assert.deepEqual({ ...amr[0], timestamp: 0 }, { method: "password", timestamp: 0 });
  assert.ok(Number.isInteger(amr[0].timestamp) && Math.abs(amr[0].timestamp - iat) <= 1);
  const { app_metadata, user_metadata } = session.user;
  assert.deepEqual(claims, {
    sub: user.id, aud: "authenticated", iss: "https://issuer.example.org", email: user.email, phone: "", app_metadata,
    user_metadata, role: "authenticated", aal: "aal1", is_anonymous: false,
  });
  assert.deepEqual([app_metadata.team, user_metadata.plan], [5, "pro"]);
});

test("3.7 a token without issuer and key id, of a number", async () => {
  const own = await newInstance({ ...SMS, sms_autoconfirm: true });
  const phone = newPhone();
  const session = ok(await own.post("/signup", { phone, password: "correct horse 1" }));
  assert.deepEqual(headerOf(session.access_token), { alg: "HS256", typ: "JWT" });
  const claims = claimsOf(session.access_token);
  assert.equal(Object.hasOwn(claims, "iss"), false);
  assert.deepEqual([claims.email, claims.phone, session.expires_in], ["", phone.slice(1), 3600]);
});

const KINDS = [
  ["ES256", "ec", { namedCurve: "P-256" }], ["RS256", "rsa", { modulusLength: 2048 }], ["EdDSA", "ed25519", {}],
];

for (const [alg, kind, options] of KINDS) {
  test(`3.7 keys of one's own, ${alg}`, async () => {
    const key = (kid, key_ops) => {
      const { privateKey } = generateKeyPairSync(kind, options);
      return { privateKey, jwk: { kid, alg, key_ops, ...privateKey.export({ format: "jwk" }) } };
    };
    const [first, old, unknown] = [key("first", ["sign", "verify"]), key("old", ["verify"]), key("other", ["sign"])];
    const own = await newInstance({ jwt_keys: JSON.stringify([old.jwk, first.jwk]) });
    const { session } = await own.member();
    assert.deepEqual(headerOf(session.access_token), { alg, typ: "JWT", kid: "first" });
    ok(await me(session.access_token, own));

    const { keys } = ok(await own.get("/.well-known/jwks.json"));
    assert.deepEqual(keys.map(({ kid }) => kid).sort(), ["first", "old"]);
    const published = createPublicKey({ key: keys.find(({ kid }) => kid === "first"), format: "jwk" });
    const [head, body, signature] = session.access_token.split(".");
    const hash = alg === "EdDSA" ? null : "sha256";
    const key1 = { key: published, dsaEncoding: "ieee-p1363" };
    assert.ok(verifyWith(hash, Buffer.from(`${head}.${body}`), key1, Buffer.from(signature, "base64url")));

    const claims = claimsOf(session.access_token);
    ok(await me(signed(claims, old.privateKey, { alg, kid: "old" }), own));
    ok(await me(sign(claims, own.secret), own));
    for (const token of [
      ...["other", "first"].map((kid) => signed(claims, unknown.privateKey, { alg, kid })),
      signed(claims, first.privateKey, { alg }), sign(claims, own.secret, { kid: "first" }),
    ]) {
      refused(await me(token, own), 403, "bad_jwt", UNVERIFIED);
    }
  });
}

test("25 1.2 users of another audience", async () => {
  const headers = { "x-jwt-aud": "other" };
  const own = await newInstance({ mailer_autoconfirm: true });
  const email = newEmail();
  const session = ok(await own.post("/signup", { email, password: "correct horse 1" }, { headers }));
  assert.deepEqual([session.user.aud, claimsOf(session.access_token).aud], ["other", "other"]);
  const login = (more) => own.post("/token?grant_type=password", { email, password: "correct horse 1" }, more);
  refused(await login(), 400, "invalid_credentials");
  ok(await login({ headers }));
  assert.equal(ok(await me(session.access_token, own)).aud, "other", "a caller's own audience is meant");
  ok(await own.refresh(session.refresh_token));
});

test("25 a user is not found in another audience", async () => {
  const body = { email: member.email, password: "correct horse 1" };
  const answer = await instance.post("/token?grant_type=password", body, { headers: { "x-jwt-aud": "other" } });
  refused(answer, 400, "invalid_credentials", "Invalid login credentials");
});

test("1.2 the audience of an administrator's token does not matter", async () => {
  const own = await newInstance();
  const { user } = await own.member();
  const admin = sign({ role: "service_role", aud: "other" }, own.secret);
  const { users, aud } = ok(await own.get("/admin/users", { token: admin }));
  assert.deepEqual([users.map(({ id }) => id), aud], [[user.id], "authenticated"]);
});
