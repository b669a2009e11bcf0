// JWTs and the published keys (CDI 2.7, 4.3, 4.4, 7.13).
import test from "node:test";
import {
  VERSIONS, assert, assertSigned, call, createSession, decode, get, has, newApp, newId, newTenant, ok, post, refused,
  sql, verifySession,
} from "./helper.mjs";

const jwks = async (at = "") => (await get(`${at}/.well-known/jwks.json`, undefined, null)).json;
const DEFAULTS = { algorithm: "RS256", jwksDomain: "https://d", payload: {}, validity: 100 };
const create = (more = {}, at = "", version = "5.4") => post(`${at}/recipe/jwt`, { ...DEFAULTS, ...more }, version);

test("2.7 a JWT", async () => {
  for (const version of VERSIONS) {
    const payload = { sub: "me", n: null, list: [1, { a: "ä" }] };
    const { jwt } = ok(await create({ payload }, "", version));
    const { header, payload: got } = decode(jwt);
    assert.deepEqual([header.alg, header.typ], ["RS256", "JWT"]);
    assert.match(header.kid, /^s-/);
    assert.equal(got.exp - got.iat, 100);
    const { iss, iat, exp, ...own } = got;
    assert.equal(iss, "https://d");
    assert.deepEqual(own, payload);
    assertSigned(jwt, await jwks());
  }
});

test("2.7 the kind of key", async () => {
  for (const [useStaticSigningKey, kid] of [[undefined, /^s-/], [true, /^s-/], [false, /^d-/]]) {
    const { jwt } = ok(await create({ useStaticSigningKey }));
    assert.match(decode(jwt).header.kid, kid);
    assertSigned(jwt, await jwks());
  }
});

test("2.7 algorithms and validities", async () => {
  for (const algorithm of ["HS256", "none", "", "ES512"]) {
    has(await create({ algorithm }), "UNSUPPORTED_ALGORITHM_ERROR", algorithm);
  }
  for (const validity of [0, -1]) {
    refused(await create({ validity }), 400, "validity must be greater than or equal to 0");
  }
});

test("4.1 a JWT that carries all claims of a session passes as a session's token", async () => {
  const { accessToken } = ok(await createSession());
  const { exp, iat, ...payload } = decode(accessToken.token).payload;
  const { jwt } = ok(await create({ payload }));
  ok(await verifySession("", jwt));
  const { rsub, ...incomplete } = payload;
  has(await verifySession("", ok(await create({ payload: incomplete })).jwt), "TRY_REFRESH_TOKEN");
});

test("4.4 the published keys", async () => {
  const app = await newApp();
  const dynamic = ok(await createSession(app)).accessToken.token;
  const fixed = ok(await createSession(app, "u", { useDynamicSigningKey: false })).accessToken.token;
  const at = await newTenant(app);
  for (const path of [app, at, `${app}/public`]) {
    const answer = await call("GET", `${path}/.well-known/jwks.json`, { version: null });
    assert.match(answer.headers.get("cache-control"), /^max-age=[1-9]\d*, must-revalidate$/);
    assert.deepEqual(Object.keys(answer.json), ["keys"]);
    const { keys } = answer.json;
    assert.deepEqual(keys.map((key) => key.kid[0]), ["d", "s"], "dynamic keys come first");
    for (const { n, kid, ...key } of keys) {
      assert.deepEqual(key, { kty: "RSA", e: "AQAB", alg: "RS256", use: "sig" }, kid);
      const modulus = Buffer.from(n, "base64url");
      assert.ok(modulus.length === 256 && modulus[0] !== 0 && modulus.toString("base64url") === n, kid);
    }
    for (const token of [dynamic, fixed]) assertSigned(token, answer.json);
  }
  assert.match(decode(dynamic).header.kid, /^d-\d{13}$/);
  const listed = ok(await get(`${app}/recipe/jwt/jwks`));
  assert.deepEqual(listed, { status: "OK", ...(await jwks(app)) });
  assert.equal((await call("GET", `${app}/recipe/jwt/jwks`)).headers.get("cache-control"), null);
});

test("4.4 7.9.222 each app has keys of its own", async () => {
  const kids = (set) => set.keys.map((key) => key.kid);
  const [one, other] = [await newApp(), await newApp()];
  for (const at of [one, other]) ok(await createSession(at));
  const known = new Set([...kids(await jwks()), ...kids(await jwks(one))]);
  assert.ok(kids(await jwks(other)).every((kid) => !known.has(kid)));
});

/** Makes the app's dynamic keys older. */
const age = (app, interval) =>
  sql("UPDATE auth.signing_keys SET created_at = created_at - $2::interval WHERE app_id = $1 AND kind = 'dynamic'"
    + " RETURNING kid", app.slice("/appid-".length), interval);

test("7.13.312 4.3 a dynamic key retires, and its tokens stay good", async () => {
  const app = await newApp({ access_token_dynamic_signing_key_update_interval: 1, access_token_validity: 1800 });
  const old = ok(await createSession(app)).accessToken.token;
  assert.equal(age(app, "61 minutes").length, 1);
  const fresh = ok(await createSession(app)).accessToken.token;
  assert.notEqual(decode(fresh).header.kid, decode(old).header.kid);
  for (const token of [old, fresh]) {
    ok(await verifySession(app, token));
    assertSigned(token, await jwks(app));
  }
  // A key is listed for its interval and twice the life of a token: two hours here.
  age(app, "58 minutes");
  assertSigned(old, await jwks(app));
  age(app, "2 minutes");
  const { keys } = await jwks(app);
  assert.ok(!keys.some((key) => key.kid === decode(old).header.kid));
  has(await verifySession(app, old), "TRY_REFRESH_TOKEN");
});

test("4.3 a new key is published before it signs", async () => {
  const app = await newApp({ access_token_dynamic_signing_key_update_interval: 1 });
  const kidNow = async () => decode(ok(await createSession(app, newId("u"))).accessToken.token).header.kid;
  const first = await kidNow();
  age(app, "3570 seconds"); // half a minute before the end of the interval
  assert.equal(await kidNow(), first);
  const listed = (await jwks(app)).keys.map((key) => key.kid).filter((kid) => kid.startsWith("d-"));
  assert.equal(listed.length, 2);
  age(app, "40 seconds");
  assert.equal(await kidNow(), listed.find((kid) => kid !== first), "past the interval the new one signs");
});

test("4.3 a static key never retires", async () => {
  const app = await newApp();
  const sign = async () => decode(ok(await create({}, app)).jwt).header.kid;
  const kid = await sign();
  assert.equal(await sign(), kid);
  const { accessToken } = ok(await createSession(app, "u", { useDynamicSigningKey: false }));
  assert.equal(decode(accessToken.token).header.kid, kid);
});

test("7.13.314 the handshake is gone", async () => {
  for (const version of VERSIONS) refused(await post("/recipe/handshake", {}, version), 404, "Not found");
});
