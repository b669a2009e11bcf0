// Sessions: refreshing, taking over tokens, who one is, and signing out.
import test from "node:test";
import { PASSWORD, assert, claimsOf, newEmail, newInstance, sign } from "../../gotrue/helper.mjs";
import { NO_SESSION, another, fails, member, must, newAdmin, newClient, newSupabase } from "./clients.mjs";
import { SUPABASE_ADMIN, autoconfirming, confirming } from "./servers.mjs";

const UNKNOWN_TOKEN = [400, "refresh_token_not_found", "Invalid Refresh Token: Refresh Token Not Found"];
const sessionId = (session) => claimsOf(session.access_token).session_id;

for (const [name, make] of [
  ["auth-js", newClient],
  ["supabase-js", newSupabase],
]) {
  test(`7.2 refreshSession with ${name} gives another pair of tokens of the same session`, async () => {
    const { client, session } = await member(confirming, { make });
    const refreshed = await must(client.refreshSession());
    assert.notEqual(refreshed.session.refresh_token, session.refresh_token);
    assert.equal(refreshed.session.token_type, "bearer");
    assert.equal(refreshed.user.id, session.user.id);
    assert.equal(sessionId(refreshed.session), sessionId(session));

    const given = { refresh_token: refreshed.session.refresh_token };
    const again = await must(make(confirming).refreshSession(given));
    assert.notEqual(again.session.refresh_token, refreshed.session.refresh_token);
    assert.equal(again.user.id, session.user.id);
  });

  test(`7.2 setSession with ${name} takes tokens over, and then updateUser works`, async () => {
    const { session } = await member(confirming, { make });
    const client = make(confirming);
    const { user } = await must(client.setSession(session));
    assert.equal(user.id, session.user.id);
    const updated = await must(client.updateUser({ data: { hello: "world" } }));
    assert.equal(updated.user.user_metadata.hello, "world");
    assert.equal((await must(client.getUser())).user.user_metadata.hello, "world");
  });
}

test("7.2 setSession with an access token that has expired refreshes", async () => {
  const { session, user } = await member(confirming);
  const { exp, ...claims } = claimsOf(session.access_token);
  const expired = sign({ ...claims, exp: exp - 7200 }, confirming.secret);
  const client = newClient(confirming);
  const taken = await must(client.setSession({ access_token: expired, refresh_token: session.refresh_token }));
  assert.equal(taken.user.id, user.id);
  assert.notEqual(taken.session.refresh_token, session.refresh_token);

  const tokens = { access_token: expired, refresh_token: "invalid-refresh-token" };
  await fails(newClient(confirming).setSession(tokens), ...UNKNOWN_TOKEN);
  await fails(newClient(confirming).refreshSession(tokens), ...UNKNOWN_TOKEN);
  await fails(newClient(confirming).getUser(expired), 403, "bad_jwt", /^invalid JWT/);
});

test("7.2 getSession refreshes once a session has expired, however many ask", async () => {
  const { session } = await member(confirming);
  const stored = { ...session, expires_at: Math.floor(Date.now() / 1000) - 10 };
  const items = new Map([["own", JSON.stringify(stored)]]);
  const storage = {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    removeItem: (key) => void items.delete(key),
  };
  const calls = [];
  const counted = (url, options) => (calls.push(url), fetch(url, options));
  const client = newClient(confirming, { storage, storageKey: "own", fetch: counted });
  const asked = await Promise.all([1, 2, 3].map(() => must(client.getSession())));
  const tokens = new Set(asked.map((answer) => answer.session.refresh_token));
  assert.equal(tokens.size, 1);
  assert.ok(!tokens.has(session.refresh_token));
  assert.deepEqual(calls, [`${confirming.url}/token?grant_type=refresh_token`]);
});

test("7.2 getSession with a bad refresh token stored says so", async () => {
  const { session } = await member(confirming);
  const stored = JSON.stringify({ ...session, refresh_token: "bad", expires_at: 1 });
  const storage = { getItem: (key) => (key === "own" ? stored : null), setItem() {}, removeItem() {} };
  const client = newClient(confirming, { storage, storageKey: "own" });
  await fails(client.getSession(), 400, "refresh_token_not_found", /Invalid Refresh Token/);
});

test("4.10 a refresh token that was used long before ends its session", async () => {
  const { client, session } = await member(confirming);
  await must(client.refreshSession());
  const lost = await must(newClient(confirming).refreshSession(session));
  assert.equal(sessionId(lost.session), sessionId(session), "an answer may have been lost");
  await must(client.refreshSession());
  const used = [400, "refresh_token_already_used", "Invalid Refresh Token: Already Used"];
  await fails(newClient(confirming).refreshSession(session), ...used);
  await fails(client.refreshSession(), ...UNKNOWN_TOKEN);
});

test("7.2 getUser by an access token, by a forged one and by a key", async () => {
  const { session, user } = await member(autoconfirming);
  assert.equal((await must(newClient(autoconfirming).getUser(session.access_token))).user.id, user.id);
  const forged = sign(claimsOf(session.access_token), "another secret, just as long as that");
  await fails(newClient(autoconfirming).getUser(forged), 403, "bad_jwt", /unable to parse or verify signature/);
  const anonKey = sign({ role: "anon" }, autoconfirming.secret);
  await fails(newClient(autoconfirming).getUser(anonKey), 403, "bad_jwt", /missing sub claim/);
});

test("7.2 signOut ends the session here and there", async () => {
  const { client, session } = await member(confirming);
  await must(client.signOut().then(({ error }) => ({ data: null, error })));
  await fails(client.getUser(), ...NO_SESSION);
  await fails(newClient(confirming).getUser(session.access_token), ...NO_SESSION);
  await fails(newClient(confirming).refreshSession(session), ...UNKNOWN_TOKEN);
});

for (const [scope, survivors] of [
  ["local", [false, true]],
  ["others", [true, false]],
  ["global", [false, false]],
]) {
  test(`226 signOut with scope ${scope}`, async () => {
    const here = await member(confirming, { make: newSupabase });
    const there = await another(here, confirming);
    const { error } = await here.client.signOut({ scope });
    assert.equal(error, null);
    for (const [index, { session }] of [here, there].entries()) {
      const asked = newClient(confirming).getUser(session.access_token);
      if (survivors[index]) assert.equal((await must(asked)).user.id, here.user.id);
      else await fails(asked, ...NO_SESSION);
    }
  });

  test(`7.2 admin.signOut with scope ${scope}`, async () => {
    const here = await member(confirming);
    const there = await another(here, confirming);
    await must(newAdmin(confirming).signOut(here.session.access_token, scope));
    const alive = [];
    for (const { session } of [here, there])
      alive.push((await newClient(confirming).getUser(session.access_token)).error === null);
    assert.deepEqual(alive, survivors);
  });
}

test("7.2 admin.signOut with a token that is none, or ended, is refused", async () => {
  const { session } = await member(confirming);
  await fails(newAdmin(confirming).signOut("this-is-a-bad-token"), 403, "bad_jwt", /^invalid JWT/);
  await must(newAdmin(confirming).signOut(session.access_token));
  await fails(newAdmin(confirming).signOut(session.access_token), ...NO_SESSION);
});

test("7.2 signOut after the user was deleted succeeds at the client", async () => {
  const { client, user, session } = await member(confirming);
  await must(newAdmin(confirming, SUPABASE_ADMIN).deleteUser(user.id));
  await fails(newClient(confirming).getUser(session.access_token), 403, "user_not_found");
  assert.equal((await client.signOut()).error, null);
  assert.equal((await must(client.getSession())).session, null);
});

test("4.9 a session that is over by the settings does not refresh", async () => {
  const instance = await newInstance({ mailer_autoconfirm: true, sessions_single_per_user: true });
  const credentials = { email: newEmail(), password: PASSWORD };
  const first = newClient(instance);
  await must(first.signUp(credentials));
  await must(newClient(instance).signInWithPassword(credentials));
  await fails(first.refreshSession(), 400, "session_expired", /Revoked by Newer Login/);
});
