// Claims: set, fetched, validated and removed, on a session at hand and by its handle.
import test from "node:test";
import Session from "supertokens-node/recipe/session";
import { BooleanClaim, PrimitiveArrayClaim, PrimitiveClaim } from "supertokens-node/recipe/session/claims";
import { PUBLIC, assert, init, newId, recipeUserId, rejectsWith } from "./helpers.mjs";

const { INVALID_CLAIMS } = Session.Error;

// What the application knows about its users, by user id.
const plans = new Map();

const plan = new PrimitiveClaim({ key: "plan", fetchValue: async (userId) => plans.get(userId) });
const roles = new PrimitiveArrayClaim({ key: "roles", fetchValue: async (userId) => [`of ${userId}`, "reader"] });
const adult = new BooleanClaim({ key: "adult", fetchValue: async () => true });

init();

const create = (userId = newId("user"), payload = {}) =>
  Session.createNewSessionWithoutRequestResponse(PUBLIC, recipeUserId(userId), payload);

const storedValue = async (session, claim) => {
  const answer = await Session.getClaimValue(session.getHandle(), claim);
  assert.equal(answer.status, "OK");
  return answer.value;
};

const demanding = (...validators) => ({ overrideGlobalClaimValidators: (others) => [...others, ...validators] });

test("a claim is set, read and removed on the session at hand", async () => {
  const session = await create();
  assert.equal(await session.getClaimValue(plan), undefined);
  await session.setClaimValue(plan, "pro");
  assert.equal(await session.getClaimValue(plan), "pro", "in the token");
  assert.equal(await storedValue(session, plan), "pro", "in the database");
  await session.fetchAndSetClaim(roles);
  assert.deepEqual(await session.getClaimValue(roles), [`of ${session.getUserId()}`, "reader"]);
  await session.removeClaim(plan);
  assert.equal(await session.getClaimValue(plan), undefined);
  assert.equal(await storedValue(session, plan), undefined);
  assert.equal((await storedValue(session, roles)).length, 2, "the other claim stays");
  const verified = await Session.getSessionWithoutRequestResponse(session.getAccessToken());
  assert.equal("plan" in verified.getAccessTokenPayload(), false);
});

test("a claim is set, read and removed by handle", async () => {
  const session = await create();
  const handle = session.getHandle();
  assert.equal(await Session.setClaimValue(handle, plan, "pro"), true);
  assert.equal(await storedValue(session, plan), "pro");
  plans.set(session.getUserId(), "enterprise");
  assert.equal(await Session.fetchAndSetClaim(handle, plan), true);
  assert.equal(await storedValue(session, plan), "enterprise");
  assert.equal(await Session.fetchAndSetClaim(handle, adult), true);
  assert.equal(await Session.removeClaim(handle, plan), true);
  assert.equal(await storedValue(session, plan), undefined);
  assert.equal(await storedValue(session, adult), true);
  const refreshed = await Session.refreshSessionWithoutRequestResponse(
    session.getAllSessionTokensDangerously().refreshToken,
  );
  assert.equal(await refreshed.getClaimValue(adult), true, "a refreshed token has it");
});

test("claims of a session that is not there", async () => {
  const handle = newId("no-handle");
  assert.equal(await Session.setClaimValue(handle, plan, "pro"), false);
  assert.equal(await Session.fetchAndSetClaim(handle, plan), false);
  assert.equal(await Session.removeClaim(handle, plan), false);
  assert.deepEqual(await Session.getClaimValue(handle, plan), { status: "SESSION_DOES_NOT_EXIST_ERROR" });
  assert.deepEqual(await Session.validateClaimsForSessionHandle(handle), { status: "SESSION_DOES_NOT_EXIST_ERROR" });
});

test("validateClaimsForSessionHandle fetches what is missing and names what is wrong", async () => {
  const session = await create();
  plans.set(session.getUserId(), "free");
  const validate = async (...validators) => {
    const answer = await Session.validateClaimsForSessionHandle(session.getHandle(), () => validators);
    assert.equal(answer.status, "OK");
    return answer.invalidClaims;
  };
  assert.deepEqual(await validate(plan.validators.hasValue("free"), adult.validators.isTrue()), []);
  assert.equal(await storedValue(session, plan), "free", "what was fetched is stored");
  const [wrong, ...rest] = await validate(plan.validators.hasValue("pro"), roles.validators.includes("reader"));
  assert.deepEqual(rest, []);
  assert.equal(wrong.id, "plan");
  assert.deepEqual(wrong.reason, { message: "wrong value", expectedValue: "pro", actualValue: "free" });
  const [excluded] = await validate(roles.validators.excludes("reader"));
  assert.equal(excluded.id, "roles");
});

test("assertClaims and getSession refuse a session whose claims do not hold", async () => {
  const session = await create();
  await session.setClaimValue(plan, "free");
  const needsPro = plan.validators.hasValue("pro");
  const get = (...validators) =>
    Session.getSessionWithoutRequestResponse(session.getAccessToken(), undefined, demanding(...validators));

  const error = await rejectsWith(INVALID_CLAIMS, session.assertClaims([needsPro]));
  assert.deepEqual(
    error.payload.map(({ id }) => id),
    ["plan"],
  );
  await rejectsWith(INVALID_CLAIMS, get(needsPro));

  await session.setClaimValue(plan, "pro");
  await session.assertClaims([needsPro]);
  const fetched = await get(needsPro, adult.validators.isTrue());
  assert.equal(await fetched.getClaimValue(adult), true, "fetched on the way");
  assert.notEqual(fetched.getAccessToken(), session.getAccessToken(), "and put into a new token");
  assert.equal(await storedValue(session, adult), true);
});
