// Refresh tokens that are presented many times at once (CDI, "Refresh"), and sessions that end meanwhile.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import test from "node:test";
import {
  MANY, atOnce, backends, cdi, count, deadlocks, endObserving, interleaved, newSession, post, quoted, refresh, statuses,
  tally, value,
} from "./support.mjs";

const ROUNDS = 5;
const GRACE = "refresh_token_rotation_grace_period";

test.after(endObserving);

const sha256 = (text) => createHash("sha256").update(text).digest("hex");
/** What a row keeps of a token. */
const hashOf = (token) => sha256(sha256(token));
const row = (handle) =>
  value(`SELECT json_build_object('current', encode(refresh_hash, 'hex'),
    'previous', encode(previous_refresh_hash, 'hex'), 'generation', generation)
    FROM auth.sessions WHERE id = ${quoted(handle)}`);
const tokenOf = (answer) => answer.refreshToken.token;
const isLive = async (handle) => (await cdi("GET", `/recipe/session?sessionHandle=${handle}`)).status === "OK";

/** The one of many answers whose refresh token is in force. */
const inForce = async (handle, answers) => {
  const { current } = await row(handle);
  const found = answers.filter((answer) => answer.refreshToken && hashOf(tokenOf(answer)) === current);
  assert.equal(found.length, 1, "one of the answers holds the token in force");
  return found[0];
};

test("CDI 5.4: everybody who presents the token in force gets a child; the first that is used replaces it", async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const session = await newSession("ada", "5.4");
    const { handle } = session.session;
    const first = await atOnce(() => refresh(tokenOf(session), "5.4"));
    assert.deepEqual(statuses(first), { OK: MANY });
    assert.equal(new Set(first.map(tokenOf)).size, MANY);
    assert.equal((await row(handle)).current, hashOf(tokenOf(session)), "a refresh alone replaces nothing");

    // One child, many times: all of them go on from it.
    const again = await atOnce(() => refresh(tokenOf(first[round]), "5.4"));
    assert.deepEqual(statuses(again), { OK: MANY });
    const { current, previous, generation } = await row(handle);
    assert.deepEqual([current, previous], [hashOf(tokenOf(first[round])), hashOf(tokenOf(session))]);
    assert.equal(generation, 1, "replaced once");

    // Many children, once each: one replaces it, the others are theft, and the session lives on.
    const winners = await atOnce((n) => refresh(tokenOf(again[n]), "5.4"));
    assert.deepEqual(statuses(winners), { OK: 1, TOKEN_THEFT_DETECTED: MANY - 1 });
    const winner = winners.find((answer) => answer.status === "OK");
    assert.equal((await refresh(tokenOf(winner), "5.4")).status, "OK");
  }
});

test("CDI 5.4: one of many access tokens from refreshes replaces the refresh token", async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const session = await newSession("ada", "5.4");
    const children = await atOnce(() => refresh(tokenOf(session), "5.4"));
    const verified = await atOnce((n) =>
      post("/recipe/session/verify", {
        accessToken: children[n].accessToken.token, doAntiCsrfCheck: false, enableAntiCsrf: false, checkDatabase: true,
      }),
    );
    assert.deepEqual(statuses(verified), { OK: MANY });
    assert.deepEqual(tally(verified.map((answer) => "accessToken" in answer)), { true: 1, false: MANY - 1 });
    const { current } = await row(session.session.handle);
    assert.equal(current, hashOf(tokenOf(children[verified.findIndex((answer) => "accessToken" in answer)])));
  }
});

test("CDI 5.6: everybody who presents the token in its time of grace gets tokens; one of them is in force", async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const session = await newSession("ada", "5.6");
    const { handle } = session.session;
    const answers = await atOnce(() => refresh(tokenOf(session), "5.6"));
    assert.deepEqual(statuses(answers), { OK: MANY });
    const winner = await inForce(handle, answers);
    assert.equal((await row(handle)).previous, hashOf(tokenOf(session)));
    const next = await refresh(tokenOf(winner), "5.6");
    assert.equal(next.status, "OK");
    // A token of another branch is found out, and ends the session for all.
    const other = answers.find((answer) => answer !== winner);
    const theft = await refresh(tokenOf(other), "5.6");
    assert.deepEqual([theft.status, theft.session.handle], ["TOKEN_THEFT_DETECTED", handle]);
    assert.equal((await refresh(tokenOf(next), "5.6")).status, "UNAUTHORISED");
  }
});

test("SQL refreshes as CDI 5.6 does", async (t) => {
  const all = await backends(t);
  for (let round = 0; round < ROUNDS; round += 1) {
    const session = await newSession("ada", "5.6");
    const { handle } = session.session;
    const answers = await atOnce((n) => all[n].ask(`SELECT auth.refresh(${quoted(tokenOf(session))})`));
    assert.deepEqual(statuses(answers), { OK: MANY });
    const winner = await inForce(handle, answers);
    assert.equal((await all[0].ask(`SELECT auth.refresh(${quoted(tokenOf(winner))})`)).status, "OK");
  }
});

test("without a time of grace one refresh wins, and each other ends the session", async (t) => {
  const all = await backends(t);
  await value(`SELECT auth.set_setting('${GRACE}', '0')`);
  t.after(() => value(`SELECT auth.set_setting('${GRACE}', NULL)`));
  for (const call of [
    (n, token) => refresh(token, "5.6"),
    (n, token) => all[n].ask(`SELECT auth.refresh(${quoted(token)})`),
  ]) {
    for (let round = 0; round < ROUNDS; round += 1) {
      const session = await newSession("ada", "5.6");
      const answers = await atOnce((n) => call(n, tokenOf(session)));
      const counts = statuses(answers);
      assert.equal(counts.OK, 1, JSON.stringify(counts));
      // The first that comes too late ends the session; those after it find none.
      assert.ok(counts.TOKEN_THEFT_DETECTED >= 1, JSON.stringify(counts));
      assert.equal(counts.TOKEN_THEFT_DETECTED + (counts.UNAUTHORISED ?? 0), MANY - 1, JSON.stringify(counts));
      assert.equal(await isLive(session.session.handle), false);
    }
  }
});

test("a session that is removed while it is refreshed is gone", async () => {
  for (const version of ["5.4", "5.6"]) {
    for (const bySubject of [false, true]) {
      for (let round = 0; round < ROUNDS; round += 1) {
        const userId = `removed-${version}-${bySubject}-${round}`;
        const session = await newSession(userId, version);
        const { handle } = session.session;
        const removal = bySubject ? { userId } : { sessionHandles: [handle] };
        const answers = await atOnce((n) =>
          n === round ? post("/recipe/session/remove", removal, version) : refresh(tokenOf(session), version),
        );
        const [removed] = answers.splice(round, 1);
        assert.deepEqual(removed.sessionHandlesRevoked, [handle]);
        // Never theft: nobody did anything wrong.
        const { OK = 0, UNAUTHORISED = 0 } = statuses(answers);
        assert.equal(OK + UNAUTHORISED, MANY - 1, JSON.stringify(statuses(answers)));
        assert.equal(await count(`auth.sessions WHERE id = ${quoted(handle)}`), 0);
        for (const token of [session, ...answers.filter((answer) => answer.refreshToken)].map(tokenOf)) {
          assert.equal((await refresh(token, version)).status, "UNAUTHORISED");
        }
      }
    }
  }
});

test("a refresh waits for a removal that may yet be undone, and the other way round", async (t) => {
  const pair = await backends(t, 2);
  const session = await newSession("ada", "5.6");
  const refreshing = `SELECT auth.refresh(${quoted(tokenOf(session))})`;
  const removing = `SELECT auth.revoke_session(${quoted(session.session.handle)})`;
  const answers = await interleaved(pair, removing, refreshing);
  assert.deepEqual(answers.map(({ status }) => status), ["OK", "UNAUTHORISED"]);

  const other = await newSession("ada", "5.6");
  const { handle } = other.session;
  const [refreshed, removed] = await interleaved(
    pair, `SELECT auth.refresh(${quoted(tokenOf(other))})`, `SELECT auth.revoke_session(${quoted(handle)})`,
  );
  assert.deepEqual([refreshed.status, removed.sessionHandlesRevoked], ["OK", [handle]]);
  assert.equal((await refresh(tokenOf(refreshed), "5.6")).status, "UNAUTHORISED");
});

test("sessions that are removed by many in any order are removed once, without deadlock", async (t) => {
  const all = await backends(t);
  const before = deadlocks();
  for (let round = 0; round < ROUNDS; round += 1) {
    const handles = (await atOnce(() => newSession("bulk", "5.6"), 40)).map(({ session }) => session.handle);
    const answers = await atOnce((n) => {
      const order = n % 2 ? handles : [...handles].reverse();
      const call = n % 4 === 3 ? "revoke_user_sessions('bulk')" : `revoke_sessions(ARRAY[${order.map(quoted)}])`;
      return all[n].ask(`SELECT auth.${call}`);
    });
    assert.deepEqual(statuses(answers), { OK: MANY });
    const revoked = answers.flatMap((answer) => answer.sessionHandlesRevoked);
    assert.deepEqual(revoked.sort(), handles.sort());
  }
  assert.equal(deadlocks(), before);
});
