// Refresh tokens: rotation, theft, anti-CSRF, key kinds (CDI 4.3, 4.10, 7.13).
import test from "node:test";
import {
  UUID, VERSIONS, assert, badField, createSession, decode, get, has, newApp, newId, ok, post, refreshSession, refused,
  verifySession,
} from "./helper.mjs";

const LAZY = VERSIONS.filter((version) => version !== "5.6"); // a token is promoted by its use
const EAGER = "5.6"; // a refresh rotates at once

const open = async (...given) => ok(await createSession(...given));
const refresh = (made, version, more = {}, at = "") => refreshSession(at, made.refreshToken.token, more, version);
const verify = (made, version, more = {}) => verifySession("", made.accessToken.token, more, version);
const exists = async ({ session }, at = "") =>
  (await get(`${at}/recipe/session`, { sessionHandle: session.handle })).json.status === "OK";

/** The refresh must be taken for theft; gives the answer's subtype. */
function assertTheft(answer, { session }) {
  const { recentTokenReuseSubtype, ...rest } = has(answer, "TOKEN_THEFT_DETECTED");
  const { handle, userId } = session;
  assert.deepEqual(rest, { status: "TOKEN_THEFT_DETECTED", session: { handle, userId, recipeUserId: userId } });
  return recentTokenReuseSubtype;
}

for (const version of LAZY) {
  test(`7.13.287 verify after a refresh gives a new access token once, CDI ${version}`, async () => {
    const r0 = await open("", newId("u"), {}, version);
    const r1 = ok(await refresh(r0, version));
    assert.notEqual(decode(r1.accessToken.token).payload.parentRefreshTokenHash1, null);
    const { accessToken } = ok(await verify(r1, version));
    const { parentRefreshTokenHash1, refreshTokenHash1 } = decode(accessToken.token).payload;
    assert.equal(parentRefreshTokenHash1, null);
    assert.equal(refreshTokenHash1, decode(r1.accessToken.token).payload.refreshTokenHash1);
    for (const checkDatabase of [false, true]) {
      assert.equal(ok(await verify({ accessToken }, version, { checkDatabase })).accessToken, undefined);
    }
  });

  test(`7.13.292 the first token after its child was used, CDI ${version}`, async () => {
    const r0 = await open("", newId("u"), {}, version);
    const r1 = ok(await refresh(r0, version));
    ok(await verify(r1, version));
    assert.equal(assertTheft(await refresh(r0, version), r0), undefined);
    assert.ok(await exists(r0), "the session is left to the caller");
    ok(await refresh(r1, version));
  });

  test(`7.13.293 a token is good until its child is used, CDI ${version}`, async () => {
    const r0 = await open("", newId("u"), {}, version);
    const children = [];
    for (let i = 0; i < 4; i += 1) children.push(ok(await refresh(r0, version)));
    assert.equal(new Set(children.map(({ refreshToken }) => refreshToken.token)).size, 4);
    ok(await refresh(children[2], version));
    assertTheft(await refresh(r0, version), r0);
    assertTheft(await refresh(children[0], version), r0);
  });

  test(`7.13.294 a grandchild was made by refreshes alone, CDI ${version}`, async () => {
    const r0 = await open("", newId("u"), {}, version);
    const r1 = ok(await refresh(r0, version));
    const r2 = ok(await refresh(r1, version));
    assertTheft(await refresh(r0, version), r0);
    ok(await refresh(r1, version), "its child has not been used");
    ok(await verify(r2, version));
    assertTheft(await refresh(r1, version), r0);
  });

  test(`7.13.295 an access token of generations ago, CDI ${version}`, async () => {
    const r0 = await open("", newId("u"), { userDataInJWT: { a: 1 } }, version);
    let last = r0;
    const made = [r0];
    for (let i = 0; i < 3; i += 1) {
      last = ok(await refresh(last, version));
      ok(await verify(last, version));
      made.push(last);
    }
    for (const old of made.slice(0, 2)) {
      const answer = ok(await verify(old, version));
      assert.deepEqual([answer.accessToken, answer.session.userDataInJWT], [undefined, { a: 1 }]);
    }
  });
}

test("7.13.296 a token again, within the grace period", async () => {
  const r0 = await open("", newId("u"), {}, EAGER);
  const r1 = ok(await refresh(r0, EAGER));
  assert.equal(decode(r1.accessToken.token).payload.parentRefreshTokenHash1, null);
  const again = ok(await refresh(r0, EAGER));
  assert.notEqual(again.refreshToken.token, r1.refreshToken.token);
  assert.equal(assertTheft(await refresh(r1, EAGER), r0), "ORPHANED_BRANCH");
  assert.ok(!(await exists(r0)));
  has(await refresh(again, EAGER), "UNAUTHORISED");
});

test("7.13.296 the last of several repetitions goes on", async () => {
  const r0 = await open("", newId("u"), {}, EAGER);
  ok(await refresh(r0, EAGER));
  ok(await refresh(r0, EAGER));
  const r1 = ok(await refresh(r0, EAGER));
  const r2 = ok(await refresh(r1, EAGER));
  ok(await verify(r2, EAGER, { checkDatabase: true }));
});

test("7.13.297 a token again, after the grace period", async () => {
  const app = await newApp({ refresh_token_rotation_grace_period: 0 });
  const r0 = await open(app, newId("u"), {}, EAGER);
  const r1 = ok(await refresh(r0, EAGER, {}, app));
  assert.equal(assertTheft(await refresh(r0, EAGER, {}, app), r0), "RECENT_PREV");
  assert.ok(!(await exists(r0, app)));
  has(await refresh(r1, EAGER, {}, app), "UNAUTHORISED");
});

test("7.13.298 a token of two generations ago", async () => {
  const r0 = await open("", newId("u"), {}, EAGER);
  const r1 = ok(await refresh(r0, EAGER));
  ok(await refresh(r1, EAGER));
  assert.equal(assertTheft(await refresh(r0, EAGER), r0), "STALE_LINEAGE");
  assert.ok(!(await exists(r0)));
});

test("4.9 verify with the database knows rotated-out access tokens, CDI 5.6", async () => {
  const r0 = await open("", newId("u"), {}, EAGER);
  const r1 = ok(await refresh(r0, EAGER));
  const withDatabase = { checkDatabase: true };
  for (const made of [r0, r1]) ok(await verify(made, EAGER, withDatabase), "current and previous");
  const r2 = ok(await refresh(r1, EAGER));
  const { message } = has(await verify(r0, EAGER, withDatabase), "UNAUTHORISED");
  assert.equal(message, "rotated-out token branch; refresh required");
  ok(await verify(r0, EAGER));
  for (const made of [r1, r2]) assert.equal(ok(await verify(made, EAGER, withDatabase)).accessToken, undefined);
});

test("4.10 a session moves between the two ways of rotation", async () => {
  const r0 = await open("", newId("u"), {}, "5.4");
  const r1 = ok(await refresh(r0, "5.4"));
  const r2 = ok(await refresh(r1, EAGER), "a child whose parent is current");
  const r3 = ok(await refresh(r2, "5.4"));
  ok(await verify(r3, "5.4"));
  ok(await refresh(r3, EAGER));
  assertTheft(await refresh(r0, "5.4"), r0);
});

test("4.10 the payload is the stored one, the refresh token lives on", async () => {
  for (const version of VERSIONS) {
    const r0 = await open("", newId("u"), { userDataInJWT: { a: null, b: [1] } }, version);
    const r1 = ok(await refresh(r0, version));
    assert.deepEqual(r1.session.userDataInJWT, { a: null, b: [1] });
    assert.equal(decode(r1.accessToken.token).payload.a, null);
    assert.ok(r1.refreshToken.expiry >= r0.refreshToken.expiry);
    assert.notEqual(r1.refreshToken.token, r0.refreshToken.token);
    assert.deepEqual(r1.session, r0.session);
  }
});

test("7.13.299 anti-CSRF at the refresh", async () => {
  for (const version of VERSIONS) {
    const r0 = await open("", newId("u"), { enableAntiCsrf: true }, version);
    const on = { enableAntiCsrf: true };
    for (const more of [on, { ...on, antiCsrfToken: "wrong" }]) has(await refresh(r0, version, more), "UNAUTHORISED");
    const r1 = ok(await refresh(r0, version, { ...on, antiCsrfToken: r0.antiCsrfToken }));
    assert.match(r1.antiCsrfToken, UUID);
    assert.notEqual(r1.antiCsrfToken, r0.antiCsrfToken);
    assert.equal(decode(r1.accessToken.token).payload.antiCsrfToken, r1.antiCsrfToken);
    const without = ok(await refresh(r1, version));
    assert.equal(without.antiCsrfToken, undefined);
    assert.equal(decode(without.accessToken.token).payload.antiCsrfToken, null);
    assert.match(ok(await refresh(without, version, on)).antiCsrfToken, UUID, "4.17 one from then on");
  }
});

test("7.13.300 from CDI 5.0 a refresh must say which keys sign", async () => {
  for (const version of VERSIONS) {
    const made = await open("", newId("u"), {}, version);
    const answer = await refresh(made, version, { useDynamicSigningKey: undefined });
    if (Number(version) >= 5) badField(answer, "useDynamicSigningKey", version);
    else assert.match(decode(ok(answer).accessToken.token).header.kid, /^d-/);
  }
});

const kid = ({ accessToken }) => decode(accessToken.token).header.kid.slice(0, 2);

test("4.3 7.13.300 the kind of key follows the session", async () => {
  for (const version of VERSIONS) {
    const r0 = await open("", newId("u"), { useDynamicSigningKey: false }, version);
    assert.equal(kid(r0), "s-");
    const accessToken = r0.accessToken.token;
    assert.equal(kid(ok(await post("/recipe/session/regenerate", { accessToken, userDataInJWT: {} }))), "s-");
    const r1 = ok(await refresh(r0, version, { useDynamicSigningKey: true }));
    assert.equal(kid(r1), "d-");
    const r2 = ok(await refresh(r1, version, { useDynamicSigningKey: false }));
    assert.equal(kid(r2), "s-");
    const promoted = ok(await verify(r2, version));
    if (version !== EAGER) assert.equal(kid(promoted), "s-");
    if (Number(version) < 5) {
      assert.equal(kid(ok(await refresh(r2, version, { useDynamicSigningKey: undefined }))), "s-", "kept");
    }
  }
  assert.equal(kid(await open("", "u", { useDynamicSigningKey: undefined })), "d-");
});

test("7.13.301 a refresh with what is no token, or the token of an ended session", async () => {
  const made = await open();
  ok(await post("/recipe/session/remove", { sessionHandles: [made.session.handle] }));
  const { token: ended } = made.refreshToken;
  const tokens = ["garbage", "", "a.b.V2", made.accessToken.token, `${ended}x`, ended];
  for (const version of VERSIONS) {
    for (const token of tokens) {
      const { message } = has(await refreshSession("", token, {}, version), "UNAUTHORISED", token);
      assert.equal(typeof message, "string");
    }
  }
});

test("4.8 4.10 a shorter access token, from CDI 5.6", async () => {
  const range = "accessTokenValidity must be greater than 0 and at most the configured access_token_validity"
    + " (3600000 ms)";
  const made = await open("", newId("u"), { accessTokenValidity: 60_000 }, EAGER);
  assert.equal(made.accessToken.expiry - made.accessToken.createdTime, 60_000);
  for (const accessTokenValidity of [0, -1, 3_600_001]) {
    refused(await createSession("", "u", { accessTokenValidity }, EAGER), 400, range);
    refused(await refresh(made, EAGER, { accessTokenValidity }), 400, range);
    ok(await createSession("", "u", { accessTokenValidity }), "ignored before");
  }
  badField(await createSession("", "u", { accessTokenValidity: null }, EAGER), "accessTokenValidity");
  const shorter = ok(await refresh(made, EAGER, { accessTokenValidity: 120_000 }));
  assert.equal(shorter.accessToken.expiry - shorter.accessToken.createdTime, 120_000);
  const full = ok(await refresh(shorter, EAGER));
  assert.ok(full.accessToken.expiry - full.accessToken.createdTime >= 3_400_000, "it is not stored");
});

test("4.10 a validity is looked at after anti-CSRF and before the session", async () => {
  const made = await open("", newId("u"), { enableAntiCsrf: true }, EAGER);
  const wrong = { accessTokenValidity: 0 };
  has(await refreshSession("", "garbage", wrong, EAGER), "UNAUTHORISED");
  has(await refresh(made, EAGER, { ...wrong, enableAntiCsrf: true, antiCsrfToken: "wrong" }), "UNAUTHORISED");
  ok(await post("/recipe/session/remove", { sessionHandles: [made.session.handle] }));
  refused(await refresh(made, EAGER, wrong), 400, /^accessTokenValidity must be /);
});

test("5.2 lives and jitter", async () => {
  const app = await newApp({ access_token_validity: 100, refresh_token_validity: 2, access_token_validity_jitter: 0 });
  const made = await open(app);
  const life = ({ expiry, createdTime }) => expiry - createdTime;
  assert.deepEqual([life(made.accessToken), life(made.refreshToken)], [100_000, 120_000]);
  const jittering = await newApp({ access_token_validity: 1000, access_token_validity_jitter: 0.25 });
  const lives = [];
  for (let i = 0; i < 20; i += 1) lives.push(life((await open(jittering)).accessToken) / 1000);
  assert.ok(lives.every((s) => s >= 749 && s <= 1000) && new Set(lives).size > 1, lives.join());
});
