// Anti-CSRF by token: the token is in the access and the refresh token, and must come along with either.
import test from "node:test";
import Session from "supertokens-node/recipe/session";
import { decodeJwt } from "jose";
import { PUBLIC, assert, cdi, init, newId, recipeUserId, rejectsWith } from "./helpers.mjs";

const { TRY_REFRESH_TOKEN, UNAUTHORISED } = Session.Error;

init({ session: { antiCsrf: "VIA_TOKEN" } });

const create = async (disableAntiCsrf = false) => {
  const id = recipeUserId(newId("user"));
  const session = await Session.createNewSessionWithoutRequestResponse(PUBLIC, id, {}, {}, disableAntiCsrf);
  return session.getAllSessionTokensDangerously();
};
const refresh = async (...args) =>
  (await Session.refreshSessionWithoutRequestResponse(...args)).getAllSessionTokensDangerously();
const verify = Session.getSessionWithoutRequestResponse;

test("the anti-CSRF token must come along with the access token", async () => {
  const { accessToken, antiCsrfToken } = await create();
  assert.ok(antiCsrfToken, "a token was made");
  assert.equal(decodeJwt(accessToken).antiCsrfToken, antiCsrfToken);
  for (const checkDatabase of [false, true]) {
    assert.ok(await verify(accessToken, antiCsrfToken, { checkDatabase }));
    await rejectsWith(TRY_REFRESH_TOKEN, verify(accessToken, undefined, { checkDatabase }), "none");
    await rejectsWith(TRY_REFRESH_TOKEN, verify(accessToken, "wrong", { checkDatabase }), "a wrong one");
    assert.ok(await verify(accessToken, undefined, { checkDatabase, antiCsrfCheck: false }), "not asked for");
  }
});

test("the server checks the token itself", async () => {
  const { accessToken, antiCsrfToken } = await create();
  const status = async (extra) => {
    const body = { accessToken, doAntiCsrfCheck: true, enableAntiCsrf: true, checkDatabase: false, ...extra };
    return (await cdi("POST", "/recipe/session/verify", body)).status;
  };
  assert.equal(await status({ antiCsrfToken }), "OK");
  assert.equal(await status({}), "TRY_REFRESH_TOKEN", "none");
  assert.equal(await status({ antiCsrfToken: "wrong" }), "TRY_REFRESH_TOKEN", "a wrong one");
  assert.equal(await status({ doAntiCsrfCheck: false }), "OK", "not asked for");
  assert.equal(await status({ enableAntiCsrf: false }), "OK", "not in use");
});

test("the anti-CSRF token must come along with the refresh token, and changes with it", async () => {
  const first = await create();
  await rejectsWith(UNAUTHORISED, refresh(first.refreshToken, false), "none");
  await rejectsWith(UNAUTHORISED, refresh(first.refreshToken, false, "wrong"), "a wrong one");
  const second = await refresh(first.refreshToken, false, first.antiCsrfToken);
  assert.ok(second.antiCsrfToken);
  assert.notEqual(second.antiCsrfToken, first.antiCsrfToken);
  assert.ok(await verify(second.accessToken, second.antiCsrfToken), "the new one");
  await rejectsWith(TRY_REFRESH_TOKEN, verify(second.accessToken, first.antiCsrfToken), "the old one");
});

test("a session without anti-CSRF gets a token at its refresh, and loses it again", async () => {
  const without = await create(true);
  assert.equal(without.antiCsrfToken, undefined);
  assert.equal(decodeJwt(without.accessToken).antiCsrfToken, null);
  await rejectsWith(TRY_REFRESH_TOKEN, verify(without.accessToken, "any"));
  const protectedNow = await refresh(without.refreshToken, false);
  assert.ok(protectedNow.antiCsrfToken);
  const withoutAgain = await refresh(protectedNow.refreshToken, true);
  assert.equal(withoutAgain.antiCsrfToken, undefined);
  assert.equal(decodeJwt(withoutAgain.accessToken).antiCsrfToken, null);
});
