// Sessions: create, verify, read, write, list, remove (CDI 2.6, 4.8, 4.9, 4.11 to 4.18, 7.13).
import test from "node:test";
import { generateKeyPairSync, sign } from "node:crypto";
import {
  UUID, VERSIONS, assert, badField, createSession, decode, expireSession, get, has, newApp, newId, newTenant, ok,
  post, put, refreshSession, refused, sha256, verifySession,
} from "./helper.mjs";

const PROTECTED = "The user payload contains protected field";
const OWN_TENANT = "Only public tenantId can call this app specific API";
const app = await newApp();
const [t1, t2] = [await newTenant(app, "t1"), await newTenant(app, "t2")];

const regenerate = (at, accessToken, userDataInJWT) =>
  post(`${at}/recipe/session/regenerate`, { accessToken, userDataInJWT });
const details = (handle, at = "") => get(`${at}/recipe/session`, { sessionHandle: handle });
const remove = (body, at = "", version = "5.4") => post(`${at}/recipe/session/remove`, body, version);
const handlesOf = async (userId, at = "", more = {}) =>
  ok(await get(`${at}/recipe/session/user`, { userId, ...more })).sessionHandles;
const setPayload = (sessionHandle, userDataInJWT, at = "", version = "5.4") =>
  put(`${at}/recipe/jwt/data`, { sessionHandle, userDataInJWT }, version);
const open = async (...given) => ok(await createSession(...given));

test("7.13.282 a session needs no user, but all its fields", async () => {
  for (const version of VERSIONS) {
    const userId = newId("ünknown user");
    const { session, refreshToken, accessToken } = await open("", userId, {}, version);
    assert.equal(session.userId, userId);
    assert.match(session.handle, UUID);
    assert.equal(accessToken.expiry % 1000, 0);
    assert.ok(accessToken.expiry > accessToken.createdTime && refreshToken.expiry > refreshToken.createdTime);
    badField(await createSession("", userId, { enableAntiCsrf: undefined }, version), "enableAntiCsrf");
    badField(await createSession("", userId, { useDynamicSigningKey: null }, version), "useDynamicSigningKey");
  }
});

test("4.6 a refresh token fits into a cookie", async () => {
  const { refreshToken } = await open(t1, "a".repeat(100), { enableAntiCsrf: true });
  assert.match(refreshToken.token, /^[!#-+\--:<-[\]-~]{20,3000}$/);
});

test("4.2 what an access token says", async () => {
  const { session, accessToken, refreshToken } = await open(t1, "me", { userDataInJWT: { iss: "i", stt: 0 } });
  const { payload } = decode(accessToken.token);
  assert.deepEqual(payload, {
    sub: "me", rsub: "me", tId: "t1", exp: accessToken.expiry / 1000, iat: accessToken.createdTime / 1000,
    sessionHandle: session.handle, refreshTokenHash1: payload.refreshTokenHash1, parentRefreshTokenHash1: null,
    antiCsrfToken: null, iss: "i", stt: 0,
  });
  assert.ok(typeof payload.refreshTokenHash1 === "string" && payload.refreshTokenHash1.length > 0);
  assert.notEqual(payload.refreshTokenHash1, refreshToken.token);
  assert.match(sha256(payload.refreshTokenHash1), /^[0-9a-f]{64}$/);
});

const PROTECTED_IN_V4 = ["sub", "exp", "iat", "sessionHandle", "refreshTokenHash1", "parentRefreshTokenHash1",
  "antiCsrfToken", "tId"];

test("7.13.283 4.2 protected claims", async () => {
  for (const version of VERSIONS) {
    const claims = version === "3.1" ? PROTECTED_IN_V4 : [...PROTECTED_IN_V4, "rsub"];
    const { session, accessToken } = await open("", "u", {}, version);
    for (const claim of claims) {
      const userDataInJWT = { [claim]: null };
      const userId = newId("u");
      refused(await createSession("", userId, { userDataInJWT }, version), 400, PROTECTED, `${version} ${claim}`);
      assert.deepEqual(await handlesOf(userId), []);
      refused(await setPayload(session.handle, userDataInJWT, "", version), 400, PROTECTED, `${version} ${claim}`);
      refused(await regenerate("", accessToken.token, userDataInJWT), 400, PROTECTED, `${version} ${claim}`);
    }
    for (const claim of ["iss", "stt", "aud", "jti", "userId", "kid"]) {
      await open("", "u", { userDataInJWT: { [claim]: "x" } }, version);
    }
  }
  await open("", "u", { userDataInJWT: { rsub: "x" } }, "3.1");
});

test("4.2 a stored claim that a newer token version protects stops the refresh", async () => {
  const { refreshToken } = await open("", "u", { userDataInJWT: { rsub: "x" } }, "3.1");
  has(await refreshSession("", refreshToken.token), "UNAUTHORISED");
  ok(await refreshSession("", refreshToken.token, {}, "3.1"));
});

test("4.2 a claim that only newer versions protect is the user's own in an older token", async () => {
  const userDataInJWT = { rsub: "x" };
  const { accessToken } = await open("", "u", { userDataInJWT }, "3.1");
  const { session } = ok(await verifySession("", accessToken.token));
  assert.deepEqual([session.userId, session.recipeUserId, session.userDataInJWT], ["u", "u", userDataInJWT]);
});

test("7.13.284 nulls in the payload are kept", async () => {
  const userDataInJWT = { a: null, deep: { b: null, c: [null, 1.5, "ä"] } };
  const { session, accessToken } = await open("", "u", { userDataInJWT, userDataInDatabase: userDataInJWT });
  assert.deepEqual(session.userDataInJWT, userDataInJWT);
  const { a, deep } = decode(accessToken.token).payload;
  assert.deepEqual({ a, deep }, userDataInJWT);
  const kept = ok(await details(session.handle));
  assert.deepEqual([kept.userDataInJWT, kept.userDataInDatabase], [userDataInJWT, userDataInJWT]);
});

test("7.13.285 7.9.222 a session is its tenant's, and of one app", async () => {
  const { session, accessToken, refreshToken } = await open(t1);
  assert.match(session.handle, /_t1$/);
  assert.equal(session.tenantId, "t1");
  for (const at of [app, t1, t2]) {
    assert.equal(ok(await details(session.handle, at)).tenantId, "t1");
    assert.equal(ok(await verifySession(at, accessToken.token, { checkDatabase: true })).session.tenantId, "t1");
    assert.equal(ok(await refreshSession(at, refreshToken.token)).session.handle, session.handle);
  }
  const elsewhere = await newApp();
  for (const at of ["", elsewhere]) {
    for (const checkDatabase of [true, false]) {
      const { status } = (await verifySession(at, accessToken.token, { checkDatabase })).json;
      assert.ok(["TRY_REFRESH_TOKEN", "UNAUTHORISED"].includes(status), status);
    }
    has(await refreshSession(at, refreshToken.token), "UNAUTHORISED");
  }
  // The tenant of a handle is looked up first; an app without it refuses the whole call.
  for (const answer of [await details(session.handle, elsewhere), await setPayload(session.handle, {}, elsewhere),
    await remove({ sessionHandles: [session.handle] }, elsewhere)]) {
    refused(answer, 400, /^AppId or tenantId not found => /);
  }
  ok(await details(session.handle, app));
});

test("7.13.286 verify of a fresh token", async () => {
  for (const version of VERSIONS) {
    const { accessToken } = await open("", "u", {}, version);
    for (const checkDatabase of [false, true]) {
      const answer = ok(await verifySession("", accessToken.token, { checkDatabase }, version));
      assert.equal(answer.accessToken, undefined);
      assert.equal(answer.payloadUpdateAvailable, version === "5.6" && checkDatabase ? false : undefined);
    }
  }
});

const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

test("7.13.288 7.13.313 tokens that are none of ours", async () => {
  const { accessToken } = await open("", "u");
  const { header, payload } = decode(accessToken.token);
  const [head, body, signature] = accessToken.token.split(".");
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const forged = (h) => {
    const signed = `${encode(h)}.${body}`;
    return `${signed}.${sign("sha256", Buffer.from(signed), privateKey).toString("base64url")}`;
  };
  const other = encode({ ...payload, sub: "admin" });
  const { kid, ...withoutKid } = header;
  const headers = [header, withoutKid, { ...header, kid: 1 }, { ...header, kid: null }, { ...header, kid: "d-1" },
    { ...header, version: "99" }, { ...header, version: 5 }, { ...header, alg: "none" }, { ...header, alg: "HS256" },
    { ...header, typ: "x" }, [], "x"];
  for (const token of [...headers.map(forged), ...headers.slice(1).map((h) => `${encode(h)}.${body}.${signature}`),
    "random", "", "a.b", "a.b.c", "..", `${head}.${body}`, `${head}.${body}.`, `${head}.${other}.${signature}`,
    `${accessToken.token}.x`, `${head}.${body}.${signature.slice(0, -6)}`]) {
    for (const checkDatabase of [false, true]) {
      const { message } = has(await verifySession("", token, { checkDatabase }), "TRY_REFRESH_TOKEN", token);
      assert.equal(typeof message, "string");
    }
  }
});

test("7.13.288 an expired token", async () => {
  const { accessToken } = await open("", "u", { accessTokenValidity: 1 }, "5.6");
  await new Promise((resolve) => setTimeout(resolve, 1100));
  for (const version of VERSIONS) {
    has(await verifySession("", accessToken.token, { checkDatabase: true }, version), "TRY_REFRESH_TOKEN");
  }
});

test("7.13.289 anti-CSRF", async () => {
  const { accessToken, antiCsrfToken } = await open("", "u", { enableAntiCsrf: true });
  assert.match(antiCsrfToken, UUID);
  assert.equal(decode(accessToken.token).payload.antiCsrfToken, antiCsrfToken);
  const on = { doAntiCsrfCheck: true, enableAntiCsrf: true };
  const check = (more) => verifySession("", accessToken.token, more);
  for (const more of [on, { ...on, antiCsrfToken: "wrong" }, { ...on, antiCsrfToken: "" }]) {
    has(await check(more), "TRY_REFRESH_TOKEN");
  }
  for (const more of [{ ...on, antiCsrfToken }, { enableAntiCsrf: true }, { doAntiCsrfCheck: true }, {}]) {
    ok(await check(more));
  }
  const without = await open("", "u");
  assert.equal(without.antiCsrfToken, undefined);
  has(await verifySession("", without.accessToken.token, on), "TRY_REFRESH_TOKEN", "a token without a value");
});

test("7.13.290 verify after the end", async () => {
  const { session, accessToken } = await open();
  assert.deepEqual(ok(await remove({ sessionHandles: [session.handle] })).sessionHandlesRevoked, [session.handle]);
  for (const version of VERSIONS) {
    ok(await verifySession("", accessToken.token, {}, version));
    const gone = has(await verifySession("", accessToken.token, { checkDatabase: true }, version), "UNAUTHORISED");
    assert.equal(typeof gone.message, "string");
  }
});

test("7.13.291 verify must say whether to look at the database", async () => {
  const { accessToken } = await open();
  for (const version of VERSIONS) {
    badField(await verifySession("", accessToken.token, { checkDatabase: undefined }, version), "checkDatabase");
  }
});

test("4.9 verify through a tenant, tolerated up to CDI 5.5", async () => {
  const { accessToken } = await open(app);
  for (const version of VERSIONS) {
    const answer = await verifySession(t1, accessToken.token, {}, version);
    if (version === "5.6") refused(answer, 403, OWN_TENANT);
    else ok(answer);
  }
});

test("7.13.303 regenerate", async () => {
  const { session, accessToken } = await open("", "u", { userDataInJWT: { a: 1 } });
  const fresh = ok(await regenerate("", accessToken.token, { b: null }));
  assert.deepEqual(fresh.session, { ...session, userDataInJWT: { b: null } });
  assert.equal(fresh.accessToken.expiry, accessToken.expiry);
  const [was, is] = [decode(accessToken.token), decode(fresh.accessToken.token)];
  const { a, ...rest } = was.payload;
  assert.deepEqual({ ...is.payload, iat: 0 }, { ...rest, iat: 0, b: null });
  assert.equal(is.header.version, was.header.version);
  assert.deepEqual(ok(await details(session.handle)).userDataInJWT, { b: null });
  ok(await verifySession("", fresh.accessToken.token, { checkDatabase: true }));
  assert.deepEqual(ok(await regenerate("", accessToken.token)).session.userDataInJWT, { b: null }, "absent: kept");
  assert.deepEqual(ok(await regenerate("", accessToken.token, {})).session.userDataInJWT, {}, "empty: cleared");
});

test("7.13.303 regenerate of an expired token, and after the end", async () => {
  const { session, accessToken } = await open("", "u", { accessTokenValidity: 1 }, "5.6");
  await new Promise((resolve) => setTimeout(resolve, 1100));
  const answer = ok(await regenerate("", accessToken.token, { a: 1 }));
  assert.deepEqual([answer.accessToken, answer.session.userDataInJWT], [undefined, { a: 1 }]);
  assert.deepEqual(ok(await details(session.handle)).userDataInJWT, { a: 1 });
  ok(await remove({ sessionHandles: [session.handle] }));
  has(await regenerate("", accessToken.token, {}), "UNAUTHORISED");
  const other = await open();
  expireSession(other.session.handle);
  has(await regenerate("", other.accessToken.token, {}), "UNAUTHORISED");
});

test("7.13.304 a new payload shows at a verify with the database, up to CDI 5.5", async () => {
  for (const version of VERSIONS) {
    const { session, accessToken } = await open("", "u", { userDataInJWT: { a: 1, b: 2 } }, version);
    ok(await setPayload(session.handle, { a: 2 }, "", version));
    const without = ok(await verifySession("", accessToken.token, {}, version));
    assert.deepEqual([without.session.userDataInJWT, without.accessToken], [{ a: 1, b: 2 }, undefined]);
    const answer = ok(await verifySession("", accessToken.token, { checkDatabase: true }, version));
    if (version === "5.6") {
      assert.deepEqual([answer.session.userDataInJWT, answer.accessToken], [{ a: 1, b: 2 }, undefined]);
      assert.equal(answer.payloadUpdateAvailable, true);
      continue;
    }
    assert.deepEqual(answer.session.userDataInJWT, { a: 2 });
    const { payload } = decode(answer.accessToken.token);
    assert.deepEqual([payload.a, payload.b], [2, undefined]);
    const again = await verifySession("", answer.accessToken.token, { checkDatabase: true }, version);
    assert.equal(ok(again).accessToken, undefined);
  }
});

test("7.13.305 session data is replaced", async () => {
  const { session } = await open("", "u", { userDataInDatabase: { a: 1 } });
  const set = (sessionHandle, data) => put("/recipe/session/data", { sessionHandle, userDataInDatabase: data });
  assert.deepEqual(ok(await set(session.handle, { b: null })), { status: "OK" });
  assert.deepEqual(ok(await details(session.handle)).userDataInDatabase, { b: null });
  const query = { sessionHandle: session.handle };
  assert.deepEqual(ok(await get("/recipe/session/data", query)), { status: "OK", userDataInDatabase: { b: null } });
  assert.deepEqual(ok(await get("/recipe/jwt/data", query)), { status: "OK", userDataInJWT: {} });
  for (const handle of ["unknown", "00000000-0000-4000-8000-000000000000", ""]) {
    const sessionHandle = handle;
    for (const answer of [await set(handle, {}), await setPayload(handle, {}), await details(handle),
      await get("/recipe/session/data", { sessionHandle }), await get("/recipe/jwt/data", { sessionHandle })]) {
      assert.equal(has(answer, "UNAUTHORISED", handle).message, "Session does not exist.");
    }
  }
});
