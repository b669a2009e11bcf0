// Every function of the Session recipe that needs no request, without anti-CSRF: sessions, their data, their end.
import test from "node:test";
import SuperTokens from "supertokens-node";
import EmailPassword from "supertokens-node/recipe/emailpassword";
import Multitenancy from "supertokens-node/recipe/multitenancy";
import Session from "supertokens-node/recipe/session";
import {
  PASSWORD,
  PUBLIC,
  assert,
  init,
  newId,
  recipeUserId,
  rejectsWith,
  sameMembers,
  signUp,
  sql,
} from "./helpers.mjs";

const { TRY_REFRESH_TOKEN, UNAUTHORISED, TOKEN_THEFT_DETECTED } = Session.Error;

init();

const create = (userId = newId("user"), payload = {}, data = {}, tenantId = PUBLIC) =>
  Session.createNewSessionWithoutRequestResponse(tenantId, recipeUserId(userId), payload, data);
const verify = (accessToken, options) => Session.getSessionWithoutRequestResponse(accessToken, undefined, options);
const refresh = (refreshToken) => Session.refreshSessionWithoutRequestResponse(refreshToken);
const refreshTokenOf = (session) => session.getAllSessionTokensDangerously().refreshToken;
const withDatabase = { checkDatabase: true };

test("createNewSession opens a session for a user", async () => {
  const user = await signUp();
  const session = await create(user.id, { plan: "free", nested: { list: [1, null, "ä"] } }, { cart: [1, 2] });
  assert.equal(session.getUserId(), user.id);
  assert.equal(session.getRecipeUserId().getAsString(), user.id);
  assert.equal(session.getTenantId(), PUBLIC);
  const payload = session.getAccessTokenPayload();
  assert.deepEqual([payload.plan, payload.nested], ["free", { list: [1, null, "ä"] }]);
  assert.deepEqual(await session.getSessionDataFromDatabase(), { cart: [1, 2] });
  const tokens = session.getAllSessionTokensDangerously();
  assert.equal(tokens.accessToken, session.getAccessToken());
  assert.equal(tokens.accessAndFrontTokenUpdated, true);
  assert.equal(tokens.antiCsrfToken, undefined);
  assert.match(tokens.refreshToken, /^[!#-+\--:<-[\]-~]{20,2000}$/, "fits into a cookie");
  const front = JSON.parse(Buffer.from(tokens.frontToken, "base64").toString());
  assert.equal(front.uid, user.id);
  assert.equal(front.ate, payload.exp * 1000, "expiry of the access token");
});

test("a session is opened for any id, known as a user or not", async () => {
  for (const id of ["x", "some one's ünknown id", newId("a".repeat(100))]) {
    const session = await create(id);
    assert.equal((await verify(session.getAccessToken(), withDatabase)).getUserId(), id);
  }
});

test("getSession verifies the access token", async () => {
  const session = await create(undefined, { plan: "free" });
  for (const options of [undefined, withDatabase]) {
    const verified = await verify(session.getAccessToken(), options);
    assert.equal(verified.getHandle(), session.getHandle());
    assert.equal(verified.getUserId(), session.getUserId());
    assert.equal(verified.getAccessTokenPayload().plan, "free");
    assert.equal(verified.getAllSessionTokensDangerously().accessAndFrontTokenUpdated, false);
  }
});

test("getSession refuses what is not a token of ours", async () => {
  const [head, , signature] = (await create("eve")).getAccessToken().split(".");
  const [, body] = (await create("mallory")).getAccessToken().split(".");
  await rejectsWith(TRY_REFRESH_TOKEN, verify([head, body, signature].join(".")), "another session's body");
  await rejectsWith(UNAUTHORISED, verify("no token"));
  await rejectsWith(UNAUTHORISED, verify(undefined));
  assert.equal(await verify(undefined, { sessionRequired: false }), undefined);
});

test("getSessionInformation tells all about a session", async () => {
  const session = await create("ada", { plan: "free" }, { cart: [] });
  const info = await Session.getSessionInformation(session.getHandle());
  const { timeCreated, expiry, recipeUserId: id, customClaimsInAccessTokenPayload: claims, ...rest } = info;
  assert.equal(id.getAsString(), "ada");
  assert.deepEqual(rest, {
    sessionHandle: session.getHandle(),
    userId: "ada",
    sessionDataInDatabase: { cart: [] },
    tenantId: PUBLIC,
  });
  assert.equal(claims.plan, "free");
  assert.equal(expiry - timeCreated, 100 * 24 * 3600 * 1000, "a refresh token lives 100 days");
  assert.equal(await session.getTimeCreated(), timeCreated);
  assert.equal(await session.getExpiry(), expiry);
  assert.equal(await Session.getSessionInformation(newId("no-handle")), undefined);
});

test("refreshSession gives new tokens for the same session", async () => {
  const first = await create("ada", { plan: "free" }, { cart: [1] });
  const second = await refresh(refreshTokenOf(first));
  assert.equal(second.getHandle(), first.getHandle());
  assert.equal(second.getUserId(), "ada");
  assert.equal(second.getAccessTokenPayload().plan, "free");
  assert.deepEqual(await second.getSessionDataFromDatabase(), { cart: [1] });
  assert.notEqual(refreshTokenOf(second), refreshTokenOf(first));
  assert.notEqual(second.getAccessToken(), first.getAccessToken());
  const verified = await verify(second.getAccessToken());
  const tokens = verified.getAllSessionTokensDangerously();
  assert.equal(tokens.accessAndFrontTokenUpdated, true, "the first use of the new token is answered with another one");
  const settled = await verify(tokens.accessToken);
  assert.equal(settled.getAllSessionTokensDangerously().accessAndFrontTokenUpdated, false, "and that one stays");
  assert.equal(settled.getAccessTokenPayload().parentRefreshTokenHash1, null);
});

test("a refresh whose answer was lost can be repeated", async () => {
  const first = await create();
  const lost = await refresh(refreshTokenOf(first));
  const second = await refresh(refreshTokenOf(first));
  assert.equal(second.getHandle(), first.getHandle());
  assert.notEqual(refreshTokenOf(second), refreshTokenOf(lost));
  const third = await refresh(refreshTokenOf(second));
  assert.equal(third.getHandle(), first.getHandle());
});

test("many refreshes at once, with one token, all succeed", async () => {
  const session = await create();
  const refreshed = await Promise.all(Array.from({ length: 8 }, () => refresh(refreshTokenOf(session))));
  for (const one of refreshed) assert.equal(one.getHandle(), session.getHandle());
  assert.equal(new Set(refreshed.map(refreshTokenOf)).size, 8);
});

test("a chain of refreshes goes on, whether access tokens are used in between or not", async () => {
  const first = await create();
  let token = refreshTokenOf(first);
  for (let n = 0; n < 10; n += 1) {
    const next = await refresh(token);
    assert.equal(next.getHandle(), first.getHandle(), `refresh ${n}`);
    if (n % 2) await verify(next.getAccessToken());
    token = refreshTokenOf(next);
  }
});

for (const [use, promote] of [
  ["access token", (session) => verify(session.getAccessToken())],
  ["refresh token", (session) => refresh(refreshTokenOf(session))],
]) {
  test(`an old refresh token is theft once the new ${use} was used`, async () => {
    const user = await signUp();
    const first = await create(user.id);
    await promote(await refresh(refreshTokenOf(first)));
    const error = await rejectsWith(TOKEN_THEFT_DETECTED, refresh(refreshTokenOf(first)));
    assert.equal(error.payload.sessionHandle, first.getHandle());
    assert.equal(error.payload.userId, user.id);
    assert.equal(error.payload.recipeUserId.getAsString(), user.id);
  });
}

test("of two answers to one refresh only the one that is used goes on", async () => {
  const first = await create();
  const [used, lost] = [await refresh(refreshTokenOf(first)), await refresh(refreshTokenOf(first))];
  await verify(used.getAccessToken());
  const late = await verify(lost.getAccessToken());
  assert.equal(late.getAllSessionTokensDangerously().accessAndFrontTokenUpdated, false, "lives, but is not renewed");
  assert.ok(await refresh(refreshTokenOf(used)));
  await rejectsWith(TOKEN_THEFT_DETECTED, refresh(refreshTokenOf(lost)));
});

test("refreshSession refuses what is not a refresh token", async () => {
  const token = refreshTokenOf(await create());
  const middle = Math.floor(token.length / 3);
  const changed = token.slice(0, middle) + (token[middle] === "A" ? "B" : "A") + token.slice(middle + 1);
  for (const wrong of ["", "x", changed, token.slice(0, -1), token + "A"]) {
    await rejectsWith(UNAUTHORISED, refresh(wrong), JSON.stringify(wrong));
  }
  assert.ok(await refresh(token), "the token itself is still good");
});

test("a revoked session cannot be refreshed; its access token passes where the database is not asked", async () => {
  const session = await create();
  const token = session.getAccessToken();
  assert.equal(await Session.revokeSession(session.getHandle()), true);
  assert.equal((await verify(token)).getHandle(), session.getHandle(), "checkDatabase: false");
  await rejectsWith(UNAUTHORISED, verify(token, withDatabase), "checkDatabase: true");
  await rejectsWith(UNAUTHORISED, refresh(refreshTokenOf(session)), "refresh");
  assert.equal(await Session.revokeSession(session.getHandle()), false, "a second time");
  assert.equal(await Session.getSessionInformation(session.getHandle()), undefined);
  assert.equal(await Session.updateSessionDataInDatabase(session.getHandle(), {}), false);
  assert.equal(await Session.mergeIntoAccessTokenPayload(session.getHandle(), { a: 1 }), false);
  await rejectsWith(UNAUTHORISED, session.mergeIntoAccessTokenPayload({ a: 1 }));
  await rejectsWith(UNAUTHORISED, session.updateSessionDataInDatabase({ a: 1 }));
});

test("a session revokes itself", async () => {
  const session = await create();
  await session.revokeSession();
  assert.equal(await Session.getSessionInformation(session.getHandle()), undefined);
});

test("getAllSessionHandlesForUser and revokeAllSessionsForUser know the user's sessions", async () => {
  const [user, other] = [newId("user"), newId("other")];
  const handles = [];
  for (let n = 0; n < 3; n += 1) handles.push((await create(user)).getHandle());
  const stays = (await create(other)).getHandle();
  sameMembers(await Session.getAllSessionHandlesForUser(user), handles);
  sameMembers(await Session.revokeAllSessionsForUser(user), handles);
  assert.deepEqual(await Session.getAllSessionHandlesForUser(user), []);
  assert.deepEqual(await Session.revokeAllSessionsForUser(user), []);
  assert.deepEqual(await Session.getAllSessionHandlesForUser(other), [stays]);
});

test("sessions are listed and revoked tenant by tenant, or everywhere", async () => {
  const [user, tenantId] = [newId("user"), newId("tenant")];
  await Multitenancy.createOrUpdateTenant(tenantId);
  const open = async (tenant) => (await create(user, {}, {}, tenant)).getHandle();
  const [here, there] = [await open(PUBLIC), await open(tenantId)];
  assert.deepEqual(await Session.getAllSessionHandlesForUser(user, true, PUBLIC), [here]);
  assert.deepEqual(await Session.getAllSessionHandlesForUser(user, true, tenantId), [there]);
  sameMembers(await Session.getAllSessionHandlesForUser(user), [here, there]);
  assert.equal((await Session.getSessionInformation(there)).tenantId, tenantId);
  assert.deepEqual(await Session.revokeAllSessionsForUser(user, true, tenantId), [there]);
  assert.deepEqual(await Session.getAllSessionHandlesForUser(user), [here]);
  const another = await open(tenantId);
  sameMembers(await Session.revokeAllSessionsForUser(user), [here, another]);
});

test("revokeMultipleSessions names those that there were", async () => {
  const handles = [(await create()).getHandle(), (await create()).getHandle()];
  const stays = (await create()).getHandle();
  sameMembers(await Session.revokeMultipleSessions([...handles, newId("no-handle")]), handles);
  assert.deepEqual(await Session.revokeMultipleSessions(handles), []);
  assert.deepEqual(await Session.revokeMultipleSessions([]), []);
  assert.ok(await Session.getSessionInformation(stays), "the other session stays");
});

test("updateSessionDataInDatabase replaces the data", async () => {
  const session = await create(undefined, {}, { old: 1 });
  const data = { text: "ä\"'\\ 🔑", list: [1, 2.5, null, false], empty: {} };
  assert.equal(await Session.updateSessionDataInDatabase(session.getHandle(), data), true);
  assert.deepEqual(await session.getSessionDataFromDatabase(), data);
  await session.updateSessionDataInDatabase({ now: 2 });
  assert.deepEqual(await session.getSessionDataFromDatabase(), { now: 2 });
  assert.equal(await Session.updateSessionDataInDatabase(newId("no-handle"), data), false);
});

test("mergeIntoAccessTokenPayload by handle shows after a refresh or a look into the database", async () => {
  const session = await create(undefined, { plan: "free", gone: 1 });
  assert.equal(
    await Session.mergeIntoAccessTokenPayload(session.getHandle(), { plan: "pro", gone: null, more: [1] }),
    true,
  );
  const payloadOf = ({ plan, gone, more }) => ({ plan, gone, more });
  const changed = { plan: "pro", gone: undefined, more: [1] };
  const info = await Session.getSessionInformation(session.getHandle());
  assert.deepEqual(payloadOf(info.customClaimsInAccessTokenPayload), changed);
  const cached = await verify(session.getAccessToken());
  assert.equal(cached.getAccessTokenPayload().plan, "free", "the token as it was");
  const looked = await verify(session.getAccessToken(), withDatabase);
  assert.deepEqual(payloadOf(looked.getAccessTokenPayload()), changed, "checkDatabase");
  assert.equal(looked.getAllSessionTokensDangerously().accessAndFrontTokenUpdated, true);
  const refreshed = await refresh(refreshTokenOf(session));
  assert.deepEqual(payloadOf(refreshed.getAccessTokenPayload()), changed, "refresh");
  assert.equal(await Session.mergeIntoAccessTokenPayload(newId("no-handle"), {}), false);
});

test("mergeIntoAccessTokenPayload on a session gives a new token at once, and keeps the refresh token", async () => {
  const session = await create(undefined, { plan: "free" });
  const before = session.getAccessToken();
  await session.mergeIntoAccessTokenPayload({ plan: "pro", sum: 3 });
  assert.notEqual(session.getAccessToken(), before);
  const verified = await verify(session.getAccessToken());
  assert.equal(verified.getAccessTokenPayload().plan, "pro");
  assert.equal(verified.getAccessTokenPayload().sum, 3);
  assert.equal((await refresh(refreshTokenOf(session))).getAccessTokenPayload().plan, "pro");
});

test("protected claims cannot be set", async () => {
  const session = await create("ada", { sub: "eve", tId: "other", plan: "free" });
  const payload = session.getAccessTokenPayload();
  assert.deepEqual([payload.sub, payload.tId, payload.plan], ["ada", PUBLIC, "free"]);
  const merge = (update) => Session.mergeIntoAccessTokenPayload(session.getHandle(), update);
  for (const update of [{ sub: "eve" }, { rsub: "eve" }, { exp: 1 }, { sessionHandle: "x" }, { antiCsrfToken: "x" }]) {
    await assert.rejects(merge(update), /400.*The user payload contains protected field/s, JSON.stringify(update));
  }
  assert.equal((await Session.getSessionInformation(session.getHandle())).userId, "ada");
});

test("a new password leaves sessions alone, deleting the user ends them", async () => {
  const user = await signUp();
  const session = await create(user.id);
  await EmailPassword.updateEmailOrPassword({ recipeUserId: user.recipeUserId, password: `${PASSWORD}2` });
  assert.ok(await verify(session.getAccessToken(), withDatabase));
  await SuperTokens.deleteUser(user.id);
  await rejectsWith(UNAUTHORISED, verify(session.getAccessToken(), withDatabase));
  await rejectsWith(UNAUTHORISED, refresh(refreshTokenOf(session)));
  assert.deepEqual(await Session.getAllSessionHandlesForUser(user.id), []);
});

test("a session is one row, and holds none of its tokens", async () => {
  const id = newId("user");
  const session = await create(id, { plan: "free" }, { cart: [] });
  const rows = sql("SELECT payload, data, s::text AS text FROM auth.sessions AS s WHERE subject = $1", id);
  assert.equal(rows.length, 1);
  const [{ payload, data, text }] = rows;
  assert.deepEqual([payload.plan, data], ["free", { cart: [] }]);
  for (const token of [session.getAccessToken(), refreshTokenOf(session)]) assert.ok(!text.includes(token), text);
});
