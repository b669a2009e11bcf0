// Signing out (GoTrue reference, 2.13), and administrators whose session has ended.
import { randomUUID } from "node:crypto";
import test from "node:test";
import { assert, claimsOf, newInstance, ok, refused, sign } from "./helper.mjs";
import { audited, eightTimes, sessionsOf } from "./codes_helper.mjs";

const instance = await newInstance();

const logOut = (session, scope) =>
  instance.call("POST", `/logout${scope === undefined ? "" : `?scope=${scope}`}`, { token: session.access_token });
const own = (session) => instance.get("/user", { token: session.access_token });
const isGone = async (session) => {
  refused(await own(session), 403, "session_not_found", "Session from session_id claim in JWT does not exist");
  refused(await instance.refresh(session.refresh_token), 400, "refresh_token_not_found");
};
const isThere = async (session) => {
  ok(await own(session));
  ok(await instance.refresh(session.refresh_token));
};
const inAnHour = () => Math.floor(Date.now() / 1000) + 3600;

/** A user with three sessions, and another user with one. */
async function signedIn() {
  const { email, user, session } = await instance.member();
  const sessions = [session, ok(await instance.signIn(email)), ok(await instance.signIn(email))];
  return { user, sessions, stranger: (await instance.member()).session };
}

test("226 this session alone", async () => {
  const { sessions: [one, ...others], stranger } = await signedIn();
  const answer = await logOut(one, "local");
  assert.equal(answer.status, 204);
  assert.equal(answer.text, "");
  await isGone(one);
  for (const other of others) await isThere(other);
  await isThere(stranger);
});

test("226 all others", async () => {
  const { sessions: [one, ...others], stranger } = await signedIn();
  assert.equal((await logOut(one, "others")).status, 204);
  for (const other of others) await isGone(other);
  await isThere(one);
  await isThere(stranger);
});

test("226 all", async () => {
  for (const scope of ["global", "", undefined]) {
    const { sessions, stranger } = await signedIn();
    assert.equal((await logOut(sessions[0], scope)).status, 204, scope);
    for (const session of sessions) await isGone(session);
    await isThere(stranger);
  }
});

test("226 what is no scope, and no token", async () => {
  const { sessions: [one] } = await signedIn();
  for (const scope of ["everything", "LOCAL"]) refused(await logOut(one, scope), 400, "validation_failed");
  await isThere(one);
  refused(await instance.call("POST", "/logout"), 401, "no_authorization");
  refused(await instance.call("POST", "/logout?scope=foo"), 401, "no_authorization");
  refused(await instance.call("POST", "/logout", { token: instance.adminToken }), 403, "bad_jwt");
});

test("226 a token that names no session ends all", async () => {
  for (const more of [{}, { session_id: "00000000-0000-0000-0000-000000000000" }]) {
    for (const scope of ["local", "others", "global"]) {
      const { user, sessions } = await signedIn();
      const token = sign({ sub: user.id, aud: "authenticated", exp: inAnHour(), ...more }, instance.secret);
      assert.equal((await logOut({ access_token: token }, scope)).status, 204);
      for (const session of sessions) await isGone(session);
    }
  }
});

test("226 an expired token ends nothing", async () => {
  const { sessions: [one] } = await signedIn();
  const token = sign({ ...claimsOf(one.access_token), exp: Math.floor(Date.now() / 1000) - 1 }, instance.secret);
  refused(await logOut({ access_token: token }), 403, "bad_jwt");
  await isThere(one);
});

test("227 twice", async () => {
  const { sessions: [one], user } = await signedIn();
  assert.equal((await logOut(one)).status, 204);
  refused(await logOut(one), 403, "session_not_found");
  const entries = (await audited(instance, "logout")).filter(({ actor_id }) => actor_id === user.id);
  assert.equal(entries.length, 1);
});

test("227 eight times at once", async () => {
  const { sessions: [one], user } = await signedIn();
  const answers = await eightTimes(() => logOut(one));
  assert.ok(answers.some(({ status }) => status === 204));
  for (const answer of answers.filter(({ status }) => status !== 204)) refused(answer, 403, "session_not_found");
  assert.equal(sessionsOf(user.id), 0);
});

test("226 who signs out everywhere while signing in stays with nothing or with the new session", async () => {
  const { email, session } = await instance.member();
  const [out, ...ins] = await Promise.all([logOut(session), ...Array(4).fill().map(() => instance.signIn(email))]);
  assert.equal(out.status, 204);
  await isGone(session);
  for (const answer of ins) {
    const opened = ok(answer);
    const { status } = await own(opened);
    assert.ok([200, 403].includes(status));
    assert.equal((await instance.refresh(opened.refresh_token)).status, status === 200 ? 200 : 400);
  }
});

test("230 an administrator's session that has ended", async () => {
  const { session } = await instance.member({ role: "service_role" });
  const list = (token) => instance.get("/admin/users", { token });
  ok(await list(session.access_token));
  const { session_id } = claimsOf(session.access_token);
  const named = (id) => sign({ role: "service_role", session_id: id, exp: inAnHour() }, instance.secret);
  ok(await list(named(session_id)));
  assert.equal((await logOut(session)).status, 204);
  refused(await list(session.access_token), 403, "session_not_found");
  refused(await list(named(session_id)), 403, "session_not_found");
  refused(await list(named(randomUUID())), 403, "session_not_found");
  refused(await list(named("abc")), 403, "bad_jwt");
  ok(await list(named("00000000-0000-0000-0000-000000000000")));
});

test("2 an administrator who is banned, or whose session has expired", async () => {
  const { user, session } = await instance.member({ role: "service_role" });
  const list = () => instance.get("/admin/users?per_page=1", { token: session.access_token });
  instance.set("sessions_timebox", "1ms");
  const late = await list();
  instance.set("sessions_timebox", null);
  ok(await list());
  ok(await instance.admin("PUT", `/admin/users/${user.id}`, { body: { ban_duration: "1h" } }));
  const banned = await list();
  refused(late, 403, "session_expired");
  refused(banned, 403, "user_banned");
});
