// Sessions signed with the static key, and a session that changes from one kind of key to the other.
import test from "node:test";
import { createRemoteJWKSet, jwtVerify } from "jose";
import Session from "supertokens-node/recipe/session";
import { AUTH_URL, PUBLIC, assert, cdi, init, newId, recipeUserId, rejectsWith } from "./helpers.mjs";

init({ session: { useDynamicAccessTokenSigningKey: false } });

const keys = createRemoteJWKSet(new URL(`${AUTH_URL}/.well-known/jwks.json`));
const kidOf = async (token) => (await jwtVerify(token, keys)).protectedHeader.kid;
const refreshTokenOf = (session) => session.getAllSessionTokensDangerously().refreshToken;

test("a session stays with the static key", async () => {
  const session = await Session.createNewSessionWithoutRequestResponse(PUBLIC, recipeUserId(newId("user")));
  const kid = await kidOf(session.getAccessToken());
  assert.match(kid, /^s-/);
  await session.mergeIntoAccessTokenPayload({ plan: "pro" });
  assert.equal(await kidOf(session.getAccessToken()), kid, "a changed payload");
  const refreshed = await Session.refreshSessionWithoutRequestResponse(refreshTokenOf(session));
  assert.equal(await kidOf(refreshed.getAccessToken()), kid, "a refresh");
  const used = await Session.getSessionWithoutRequestResponse(refreshed.getAccessToken());
  assert.equal(await kidOf(used.getAccessToken()), kid, "the first use after it");
});

test("a session of the dynamic key changes at its refresh", async () => {
  const body = { userId: newId("user"), userDataInJWT: {}, userDataInDatabase: {}, enableAntiCsrf: false };
  const dynamic = await cdi("POST", "/recipe/session", { ...body, useDynamicSigningKey: true });
  assert.match(await kidOf(dynamic.accessToken.token), /^d-/);
  const get = Session.getSessionWithoutRequestResponse(dynamic.accessToken.token);
  await rejectsWith(Session.Error.TRY_REFRESH_TOKEN, get, "the SDK wants the other kind");
  const refreshed = await Session.refreshSessionWithoutRequestResponse(dynamic.refreshToken.token);
  assert.match(await kidOf(refreshed.getAccessToken()), /^s-/);
  assert.ok(await Session.getSessionWithoutRequestResponse(refreshed.getAccessToken()));
});
