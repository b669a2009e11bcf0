// Refreshing: tokens of the counter design, and when a session is over (GoTrue reference, 2.4, 4.9 and 4.10).
import test from "node:test";
import { createHash } from "node:crypto";
import { assert, claimsOf, newInstance, ok, refused, sql } from "./helper.mjs";
import { ageSession, audited, now, sessionIdOf, sessionRow } from "./accounts_helper.mjs";

const NOT_FOUND = "Invalid Refresh Token: Refresh Token Not Found";
const USED = "Invalid Refresh Token: Already Used";
const EXPIRED = "Invalid Refresh Token: Session Expired";
const HOURS = 3600;

const instance = await newInstance();
const open = async (at = instance) => (await at.member()).session;
const refresh = (session, at = instance) => at.refresh(session.refresh_token);
const next = async (session, at) => ok(await refresh(session, at));
const isUnknown = (answer) => refused(answer, 400, "refresh_token_not_found", NOT_FOUND);

/** A token in which a byte, counted from the end if negative, is another, with a checksum that fits if asked for. */
function altered({ refresh_token }, place, fits) {
  const bytes = Buffer.from(refresh_token, "base64url");
  bytes[(place + bytes.length) % bytes.length] ^= 1;
  const body = bytes.subarray(0, -4);
  if (fits) createHash("sha256").update(body).digest().copy(bytes, body.length, 0, 4);
  return bytes.toString("base64url");
}

test("74 a session is refreshed", async () => {
  const { session: first, user } = await instance.member();
  const headers = { "user-agent": "another browser" };
  const { refresh_token } = first;
  const second = ok(await instance.post("/token?grant_type=refresh_token", { refresh_token }, { headers }));
  assert.deepEqual(Object.keys(second).sort(), Object.keys(first).sort());
  assert.notEqual(second.refresh_token, first.refresh_token);
  const [before, after] = [first, second].map(({ access_token }) => claimsOf(access_token));
  for (const name of ["sub", "session_id", "aal", "amr", "role"]) assert.deepEqual(after[name], before[name], name);
  assert.equal(second.user.id, user.id);
  const row = sessionRow(second);
  assert.equal(row.user_agent, "another browser");
  assert.ok(Math.abs(Date.parse(row.refreshed_at) / 1000 - now()) <= 5);
  for (const { access_token } of [first, second]) ok(await instance.get("/user", { token: access_token }));
  const entry = audited(instance, user.id).find(([action]) => action === "token_refreshed");
  assert.deepEqual(entry, ["token_refreshed", undefined]);
});

test("74 a token shows the user as it is now", async () => {
  const { session, user } = await instance.member();
  const body = { app_metadata: { team: 5 }, user_metadata: { a: 1 } };
  ok(await instance.admin("PUT", `/admin/users/${user.id}`, { body }));
  const { access_token } = await next(session);
  const { app_metadata, user_metadata } = claimsOf(access_token);
  assert.deepEqual([app_metadata.team, user_metadata.a], [5, 1]);
});

test("4.10 the form of a token", async () => {
  let session = await open();
  for (let counter = 0; counter < 3; counter += 1) {
    const bytes = Buffer.from(session.refresh_token, "base64url");
    assert.match(session.refresh_token, /^[A-Za-z0-9_-]+$/);
    assert.equal(bytes[0], 0);
    assert.equal(bytes.subarray(1, 17).toString("hex"), sessionIdOf(session).replaceAll("-", ""));
    assert.equal(bytes[17], counter);
    assert.equal(bytes.length, 1 + 16 + 1 + 16 + 4);
    assert.deepEqual(bytes.subarray(-4), createHash("sha256").update(bytes.subarray(0, -4)).digest().subarray(0, 4));
    session = await next(session);
  }
});

test("4.10 a counter of more than one byte", async () => {
  const own = await newInstance({ refresh_token_allow_reuse: true });
  let session = await open(own);
  for (const [generation, written] of [[127, [127]], [128, [0x80, 1]], [300, [0xac, 2]], [301, [0xad, 2]]]) {
    const id = sessionIdOf(session);
    sql("UPDATE auth.sessions SET generation = $2::int WHERE id::text = $1 RETURNING id", id, generation);
    session = await next(session, own);
    const bytes = Buffer.from(session.refresh_token, "base64url");
    assert.deepEqual([...bytes.subarray(17, -20)], written);
  }
  assert.notEqual((await next(session, own)).refresh_token, session.refresh_token, "it is the one in force");
});

test("2.4 no token", async () => {
  for (const body of [{}, { refresh_token: "" }, { refresh_token: null }]) {
    const answer = await instance.post("/token?grant_type=refresh_token", body);
    refused(answer, 400, "validation_failed", "Refresh token is not valid");
  }
});

test("75 texts that are no tokens", async () => {
  for (const token of ["abc", "k3vq7z2a5mbdx", "k3vq7z2a5mbd", "a".repeat(51), "AAAA", "ü", " ", "a".repeat(5000)]) {
    isUnknown(await instance.refresh(token));
  }
});

test("87 an altered token", async () => {
  const session = await open();
  for (let place = 0; place < 38; place += 1) isUnknown(await instance.refresh(altered(session, place)));
  for (const place of [1, 16, 17, 18, -5]) {
    assert.equal((await instance.refresh(altered(session, place, true))).status, 400, `byte ${place}`);
  }
  for (const text of [`${session.refresh_token}=`, `${session.refresh_token}A`, ` ${session.refresh_token}`]) {
    isUnknown(await instance.refresh(text));
  }
  await next(session);
});

test("87 a counter ahead of the session's", async () => {
  const first = await open();
  const second = await next(first);
  sql("UPDATE auth.sessions SET generation = 0 WHERE id::text = $1 RETURNING id", sessionIdOf(first));
  const message = "Invalid Refresh Token: Not Issued By This Server";
  refused(await refresh(second), 400, "validation_failed", message);
  await next(first);
});

test("76 88 the token before, hours later", async () => {
  const first = await open();
  const second = await next(first);
  ageSession(first, 5 * HOURS);
  for (let time = 0; time < 2; time += 1) {
    const again = await next(first);
    assert.equal(again.refresh_token, second.refresh_token);
    assert.equal(claimsOf(again.access_token).session_id, sessionIdOf(first));
  }
  const third = await next(second);
  assert.notEqual(third.refresh_token, second.refresh_token);
});

test("77 88 a token of two generations ago ends the session", async () => {
  const first = await open();
  const third = await next(await next(first));
  ageSession(first, 60);
  refused(await refresh(first), 400, "refresh_token_already_used", USED);
  assert.equal(sessionRow(first), undefined);
  refused(await instance.get("/user", { token: third.access_token }), 403, "session_not_found");
  isUnknown(await refresh(third));
});

test("77 at once, where no interval is set", async () => {
  const first = await open();
  await next(await next(first));
  refused(await refresh(first), 400, "refresh_token_already_used", USED);
});

test("78 a token of two generations ago, within the interval", async () => {
  const own = await newInstance({ refresh_token_reuse_interval: 10 });
  const first = await open(own);
  const third = await next(await next(first, own), own);
  assert.equal((await next(first, own)).refresh_token, third.refresh_token, "the token in force");
  ageSession(first, 11);
  refused(await refresh(first, own), 400, "refresh_token_already_used", USED);
});

test("79 reuse that ends nothing", async () => {
  const own = await newInstance({ refresh_token_rotation_enabled: false });
  const first = await open(own);
  const third = await next(await next(first, own), own);
  assert.notEqual(third.refresh_token, first.refresh_token, "it is still replaced");
  refused(await refresh(first, own), 400, "refresh_token_already_used", USED);
  ok(await own.get("/user", { token: third.access_token }));
  await next(third, own);
});

test("4.10 reuse that is allowed", async () => {
  const own = await newInstance({ refresh_token_allow_reuse: true });
  const first = await open(own);
  const third = await next(await next(first, own), own);
  ageSession(first, HOURS);
  assert.equal((await next(first, own)).refresh_token, third.refresh_token);
});

test("80 a session that is gone", async () => {
  const session = await open();
  sql("DELETE FROM auth.sessions WHERE id::text = $1 RETURNING id", sessionIdOf(session));
  isUnknown(await refresh(session));
  const { session: other, user } = await instance.member();
  ok(await instance.admin("DELETE", `/admin/users/${user.id}`));
  isUnknown(await refresh(other));
});

test("80 a session of elsewhere", async () => {
  isUnknown(await refresh(await open(), await newInstance()));
});

test("82 4.9 the longest life of a session", async () => {
  const own = await newInstance({ sessions_timebox: "1h" });
  let session = await next(await open(own), own);
  ageSession(session, HOURS - 30);
  session = await next(session, own);
  ageSession(session, 40);
  refused(await refresh(session, own), 400, "session_expired", EXPIRED);
  ok(await own.get("/user", { token: session.access_token }));
});

test("82 4.9 a session that was not used for long", async () => {
  const own = await newInstance({ sessions_inactivity_timeout: "1h" });
  let session = await open(own);
  for (let time = 0; time < 3; time += 1) {
    ageSession(session, HOURS - 30);
    session = await next(session, own);
  }
  ageSession(session, HOURS + 10);
  refused(await refresh(session, own), 400, "session_expired", `${EXPIRED} (Inactivity)`);
  ok(await own.get("/user", { token: session.access_token }));
  const unused = await open(own);
  ageSession(unused, HOURS + 10);
  refused(await refresh(unused, own), 400, "session_expired", `${EXPIRED} (Inactivity)`);
});

test("82 the longest life comes first", async () => {
  const own = await newInstance({ sessions_timebox: "1h", sessions_inactivity_timeout: "1h" });
  const session = await open(own);
  ageSession(session, 2 * HOURS);
  refused(await refresh(session, own), 400, "session_expired", EXPIRED);
});

test("83 one session a user", async () => {
  const own = await newInstance({ sessions_single_per_user: true });
  const { email, session: first } = await own.member();
  const second = ok(await own.signIn(email));
  const other = await open(own);
  refused(await refresh(first, own), 400, "session_expired", `${EXPIRED} (Revoked by Newer Login)`);
  ok(await own.get("/user", { token: first.access_token }));
  for (const session of [second, other]) await next(session, own);
});

test("83 one session a user and tag", async () => {
  const own = await newInstance({ sessions_single_per_user: true, sessions_tags: "web,app" });
  const { email, session: first } = await own.member();
  const logIn = async (tag) => {
    const session = ok(await own.signIn(email));
    sql("UPDATE auth.sessions SET tag = $2 WHERE id::text = $1 RETURNING id", sessionIdOf(session), tag);
    return session;
  };
  const app = await logIn("app");
  await next(first, own);
  const unknown = await logIn("unknown");
  refused(await refresh(first, own), 400, "session_expired", `${EXPIRED} (Revoked by Newer Login)`);
  const web = await logIn("web");
  refused(await refresh(unknown, own), 400, "session_expired", `${EXPIRED} (Revoked by Newer Login)`);
  for (const session of [app, web]) await next(session, own);
});

test("84 no second factor is missed of who has none", async () => {
  const own = await newInstance({ sessions_allow_low_aal: "1m" });
  const session = await open(own);
  ageSession(session, HOURS);
  await next(session, own);
});

test("85 a session with an end", async () => {
  const session = await open();
  const id = sessionIdOf(session);
  const end = (when) =>
    sql("UPDATE auth.sessions SET not_after = now() + $2::interval WHERE id::text = $1 RETURNING id", id, when);
  end("1 h");
  const second = await next(session);
  end("-1 s");
  refused(await refresh(second), 400, "session_expired", EXPIRED);
  ok(await instance.get("/user", { token: second.access_token }));
});

test("86 a banned user", async () => {
  const { session, user } = await instance.member();
  const ban = async (ban_duration) =>
    ok(await instance.admin("PUT", `/admin/users/${user.id}`, { body: { ban_duration } }));
  await ban("1h");
  refused(await refresh(session), 400, "user_banned", "Invalid Refresh Token: User Banned");
  await ban("none");
  await next(session);
});

test("4.9 4.10 a session that was signed out of", async () => {
  const session = await open();
  const { status } = await instance.call("POST", "/logout", { token: session.access_token });
  assert.equal(status, 204);
  isUnknown(await refresh(session));
  refused(await instance.get("/user", { token: session.access_token }), 403, "session_not_found");
});
