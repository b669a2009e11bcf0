// onAuthStateChange, and what a client does by itself: sessions that it finds, refreshing, and its end.
import test from "node:test";
import { PASSWORD, assert, claimsOf, newEmail, newInstance } from "../../gotrue/helper.mjs";
import { another, fails, member, must, newAdmin, newClient, newSupabase, storage } from "./clients.mjs";
import { codeAt, enrolled } from "./factors.mjs";
import { autoconfirming, confirming } from "./servers.mjs";

/** Where access tokens end so soon that clients refresh them at once. */
const brief = await newInstance({ mailer_autoconfirm: true, jwt_exp: 60 });

/** Writes a client's events down, each with the refresh token that it tells: {seen, names, until, unsubscribe}. */
function listen(client) {
  const seen = [];
  const waiting = [];
  const { data } = client.onAuthStateChange((event, session) => {
    seen.push([event, session?.refresh_token]);
    for (const check of waiting) check();
  });
  /** Comes back once an event of that name was told, with the refresh token. */
  const until = (name) =>
    new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`no ${name} among ${names().join()}`)), 10_000);
      const check = () => {
        const found = seen.find(([event]) => event === name);
        if (found) resolve((clearTimeout(late), found[1]));
      };
      waiting.push(check);
      check();
    });
  const names = () => seen.map(([event]) => event);
  return { seen, names, until, unsubscribe: () => data.subscription.unsubscribe() };
}

/** Options of a client that finds a session, as another page has left it. */
const keeping = (session, options) => {
  const storageKey = "own";
  return { storage: storage({ [storageKey]: JSON.stringify(session) }), storageKey, ...options };
};

for (const [name, make] of [
  ["auth-js", newClient],
  ["supabase-js", newSupabase],
]) {
  test(`7.2 onAuthStateChange with ${name} tells every change, with the session after it`, async () => {
    const client = make(autoconfirming);
    const heard = listen(client);
    await heard.until("INITIAL_SESSION");
    const { session: first } = await must(client.signUp({ email: newEmail(), password: PASSWORD }));
    await must(client.updateUser({ data: { hello: "world" } }));
    const { session: second } = await must(client.refreshSession());
    assert.equal((await client.signOut()).error, null);
    assert.deepEqual(heard.seen, [
      ["INITIAL_SESSION", undefined],
      ["SIGNED_IN", first.refresh_token],
      ["USER_UPDATED", first.refresh_token],
      ["TOKEN_REFRESHED", second.refresh_token],
      ["SIGNED_OUT", undefined],
    ]);
  });
}

test("2.14 onAuthStateChange tells of a second factor", async () => {
  const { client, factor, secret } = await enrolled(autoconfirming);
  const heard = listen(client);
  await heard.until("INITIAL_SESSION");
  const raised = await must(client.mfa.challengeAndVerify({ factorId: factor.id, code: codeAt(secret) }));
  assert.deepEqual(heard.seen.at(-1), ["MFA_CHALLENGE_VERIFIED", raised.refresh_token]);
});

test("7.2 onAuthStateChange tells nothing of what was refused, nor of others' sessions", async () => {
  const { client, email } = await member(confirming);
  const heard = listen(client);
  await heard.until("INITIAL_SESSION");
  await fails(client.signInWithPassword({ email, password: "wrong password" }), 400, "invalid_credentials");
  await fails(client.updateUser({ password: "123" }), 422, "weak_password");
  assert.equal((await client.signOut({ scope: "others" })).error, null);
  assert.deepEqual(heard.names(), ["INITIAL_SESSION"]);
});

test("7.2 onAuthStateChange tells nobody who has unsubscribed", async () => {
  const { client } = await member(confirming);
  const [gone, there] = [listen(client), listen(client)];
  await Promise.all([gone.until("INITIAL_SESSION"), there.until("INITIAL_SESSION")]);
  gone.unsubscribe();
  await must(client.refreshSession());
  assert.deepEqual([gone.names(), there.names()], [["INITIAL_SESSION"], ["INITIAL_SESSION", "TOKEN_REFRESHED"]]);
});

test("7.2 onAuthStateChange tells that a session is gone, once the server refuses to refresh it", async () => {
  const { session } = await member(confirming);
  await must(newAdmin(confirming).signOut(session.access_token));
  const client = newClient(confirming, keeping({ ...session, expires_at: 1 }));
  const heard = listen(client);
  await heard.until("SIGNED_OUT");
  assert.equal((await must(client.getSession())).session, null);
});

test("7.2 initialize finds the session that is stored", async () => {
  const { session } = await member(confirming);
  const client = newClient(confirming, keeping(session, { skipAutoInitialize: true }));
  const heard = listen(client);
  assert.deepEqual(await client.initialize(), { error: null });
  assert.equal(await heard.until("SIGNED_IN"), session.refresh_token);
  assert.equal((await must(client.getUser())).user.id, session.user.id);
});

test("7.2 initialize asks the server for the user, where it is stored nowhere", async () => {
  const { session, user } = await member(confirming);
  const { user: _, ...bare } = session;
  const client = newClient(confirming, keeping(bare, { userStorage: storage() }));
  await client.initialize();
  assert.deepEqual((await must(client.getSession())).session.user, user);
});

test("5.1 startAutoRefresh refreshes a session that ends soon, and stopAutoRefresh does not", async () => {
  const { session } = await member(brief);
  assert.equal(session.expires_in, 60);
  const calls = [];
  const watch = (url, options) => (calls.push(url.replace(brief.url, "")), fetch(url, options));
  const client = newClient(brief, keeping(session, { fetch: watch }));
  await client.initialize();
  await client.startAutoRefresh();
  await client.stopAutoRefresh();
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.deepEqual(calls, []);

  const refreshing = new Promise((resolve) => {
    client.onAuthStateChange((event, next) => event === "TOKEN_REFRESHED" && resolve(next));
  });
  await client.startAutoRefresh();
  const next = await refreshing;
  await client.stopAutoRefresh();
  assert.notEqual(next.refresh_token, session.refresh_token);
  assert.equal(claimsOf(next.access_token).session_id, claimsOf(session.access_token).session_id);
});

test("5.1 autoRefreshToken refreshes what is stored, without being asked", async () => {
  const { session } = await member(brief);
  const client = newClient(brief, keeping(session, { autoRefreshToken: true, skipAutoInitialize: true }));
  const heard = listen(client);
  await client.initialize();
  assert.notEqual(await heard.until("TOKEN_REFRESHED"), session.refresh_token);
  await client.dispose();
});

test("7.2 dispose ends what a client tells and does by itself, but no session", async () => {
  const { client, email, session } = await member(confirming);
  const heard = listen(client);
  await heard.until("INITIAL_SESSION");
  await client.dispose();
  const { session: next } = await must(client.refreshSession());
  assert.deepEqual(heard.names(), ["INITIAL_SESSION"]);
  assert.notEqual(next.refresh_token, session.refresh_token);
  assert.equal((await another({ email }, confirming)).user.id, session.user.id);
});
