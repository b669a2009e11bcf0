// Sessions are those of both: listed, refreshed and ended from either side.
import test, { after, before, describe } from "node:test";
import { PASSWORD, assert, claimsOf, newEmail, newId, refused } from "../../gotrue/helper.mjs";
import { NO_SESSION, another, fails, member, must, newAdmin, newClient, newSupabase } from "./clients.mjs";
import {
  AccountLinking,
  JWT,
  PUBLIC,
  Session,
  SuperTokens,
  admin,
  fine,
  fromProvider,
  recipeId,
} from "./supertokens.mjs";
import { shared, signIn, signedUp } from "./supertokens.mjs";

const UNKNOWN_TOKEN = [400, "refresh_token_not_found", "Invalid Refresh Token: Refresh Token Not Found"];
const handleOf = (session) => claimsOf(session.access_token).session_id;
const open = (id) => Session.createNewSessionWithoutRequestResponse(PUBLIC, recipeId(id));
const isAlive = async (session) => (await Session.getSessionInformation(session.getHandle())) !== undefined;
const sorted = (list) => [...list].sort();

/** The session must be over for who refreshes it. */
async function isOver(session) {
  const { refreshToken } = session.getAllSessionTokensDangerously();
  await assert.rejects(Session.refreshSessionWithoutRequestResponse(refreshToken), {
    type: Session.Error.UNAUTHORISED,
  });
  assert.equal(await isAlive(session), false);
}

/** A user with a session of each. */
async function both() {
  const supabase = await member(shared, { make: newSupabase });
  return { supabase, id: supabase.user.id, supertokens: await open(supabase.user.id) };
}

test("sessions of supabase-js are listed by supertokens-node", async () => {
  const { supabase, id, supertokens } = await both();
  const second = await another(supabase, shared);
  const handles = await Session.getAllSessionHandlesForUser(id);
  assert.deepEqual(
    sorted(handles),
    sorted([handleOf(supabase.session), handleOf(second.session), supertokens.getHandle()]),
  );
  const information = await Session.getSessionInformation(handleOf(supabase.session));
  assert.deepEqual([information.userId, information.tenantId], [id, PUBLIC]);
});

test("revokeAllSessionsForUser ends the sessions of supabase-js", async () => {
  const { supabase, id, supertokens } = await both();
  const revoked = await Session.revokeAllSessionsForUser(id);
  assert.deepEqual(sorted(revoked), sorted([handleOf(supabase.session), supertokens.getHandle()]));
  await fails(newClient(shared).getUser(supabase.session.access_token), ...NO_SESSION);
  await fails(supabase.client.refreshSession(), ...UNKNOWN_TOKEN);
  await isOver(supertokens);
});

test("revokeSession ends one session of supabase-js, and no other", async () => {
  const { supabase, supertokens } = await both();
  const second = await another(supabase, shared);
  assert.equal(await Session.revokeSession(handleOf(supabase.session)), true);
  await fails(newClient(shared).getUser(supabase.session.access_token), ...NO_SESSION);
  await must(second.client.getUser());
  assert.equal(await isAlive(supertokens), true);
});

for (const [scope, isEnded] of [
  ["global", true],
  ["others", true],
  ["local", false],
]) {
  test(`signOut with scope ${scope} ${isEnded ? "ends" : "leaves"} the sessions of SuperTokens`, async () => {
    const { supabase, supertokens } = await both();
    assert.equal((await supabase.client.signOut({ scope })).error, null);
    if (isEnded) await isOver(supertokens);
    else assert.equal(await isAlive(supertokens), true);
  });
}

test("signing out with admin.signOut ends the sessions of SuperTokens", async () => {
  const { supabase, supertokens } = await both();
  await must(admin.signOut(supabase.session.access_token));
  await isOver(supertokens);
});

test("another password at GoTrue ends the sessions of SuperTokens", async () => {
  const { supabase, supertokens } = await both();
  await must(supabase.client.updateUser({ password: "another password 2" }));
  await isOver(supertokens);
  await must(supabase.client.getUser());
});

test("a session of supabase-js stays after it was refreshed, under the same handle", async () => {
  const { supabase, id } = await both();
  const before = await Session.getAllSessionHandlesForUser(id);
  await must(supabase.client.refreshSession());
  assert.deepEqual(sorted(await Session.getAllSessionHandlesForUser(id)), sorted(before));
});

test("a session of SuperTokens is refreshed there, whatever happens at GoTrue meanwhile", async () => {
  const { supabase, supertokens } = await both();
  await must(supabase.client.refreshSession());
  const { refreshToken } = supertokens.getAllSessionTokensDangerously();
  const refreshed = await Session.refreshSessionWithoutRequestResponse(refreshToken);
  assert.equal(refreshed.getHandle(), supertokens.getHandle());
});

test("tokens of one are no tokens of the other", async () => {
  const { supabase, supertokens } = await both();
  const { accessToken, refreshToken } = supertokens.getAllSessionTokensDangerously();
  const { error } = await newClient(shared).getUser(accessToken);
  assert.equal(error?.code, "bad_jwt", error?.message);
  await fails(newClient(shared).refreshSession({ refresh_token: refreshToken }), ...UNKNOWN_TOKEN);
  await assert.rejects(Session.getSessionWithoutRequestResponse(supabase.session.access_token));
  await assert.rejects(Session.refreshSessionWithoutRequestResponse(supabase.session.refresh_token));
});

describe("where the app's own keys sign", () => {
  before(() => shared.set("jwt_secret", null));
  after(() => shared.set("jwt_secret", shared.secret));

  test("an access token of SuperTokens is none of GoTrue", async () => {
    const { id } = await signedUp();
    for (const payload of [{}, { aud: "authenticated" }]) {
      const session = await Session.createNewSessionWithoutRequestResponse(PUBLIC, recipeId(id), payload);
      const { accessToken } = session.getAllSessionTokensDangerously();
      await fails(newClient(shared).getUser(accessToken), 403, "bad_jwt");
    }
  });

  test("an access token of SuperTokens changes nothing at GoTrue, least of all once its session is over", async () => {
    const { id } = await signedUp();
    const token = (await open(id)).getAllSessionTokensDangerously().accessToken;
    await Session.revokeAllSessionsForUser(id);
    // Without a client, which would ask first who it is.
    refused(await shared.put("/user", { password: "another password 2" }, { token }), 403, "bad_jwt");
    refused(await shared.post("/logout", undefined, { token }), 403, "bad_jwt");
  });

  test("what an application writes into its tokens makes nobody an administrator", async () => {
    const { id } = await signedUp();
    const claims = { role: "service_role", aud: "authenticated" };
    const session = await Session.createNewSessionWithoutRequestResponse(PUBLIC, recipeId(id), claims);
    const { accessToken } = session.getAllSessionTokensDangerously();
    await fails(newAdmin(shared, accessToken).getUserById(id), 403, "bad_jwt");
    for (const useStaticSigningKey of [true, false]) {
      const { jwt } = await fine(JWT.createJWT({ ...claims, sub: id }, 3600, useStaticSigningKey));
      await fails(newAdmin(shared, jwt).getUserById(id), 403, "bad_jwt");
    }
  });

  test("an access token of GoTrue is none of SuperTokens", async () => {
    const { session } = await must(newClient(shared).signInAnonymously());
    assert.equal((await must(newClient(shared).getUser(session.access_token))).user.id, session.user.id);
    await assert.rejects(Session.getSessionWithoutRequestResponse(session.access_token));
  });
});

test("sessions of an account that is linked are the user's", async () => {
  const owner = await signedUp();
  const google = await fromProvider({ email: newEmail("google") });
  await fine(AccountLinking.createPrimaryUser(recipeId(owner.id)));
  await fine(AccountLinking.linkAccounts(recipeId(google.id), owner.id));
  const ofGoogle = await open(google.id);
  const client = newSupabase(shared);
  const { session } = await must(client.signInWithPassword({ email: owner.email, password: PASSWORD }));
  const handles = await Session.getAllSessionHandlesForUser(owner.id);
  assert.deepEqual(sorted(handles), sorted([ofGoogle.getHandle(), handleOf(session)]));
  assert.equal((await client.signOut()).error, null);
  await isOver(ofGoogle);
});

test("a user with an id from outside: SuperTokens finds the sessions by it", async () => {
  const { id, email } = await signedUp();
  const before = await must(newClient(shared).signInWithPassword({ email, password: PASSWORD }));
  const externalUserId = newId("outside");
  await fine(SuperTokens.createUserIdMapping({ superTokensUserId: id, externalUserId, force: true }));
  const after = await must(newClient(shared).signInWithPassword({ email, password: PASSWORD }));
  assert.deepEqual([before.user.id, after.user.id], [id, id], "GoTrue has its own");
  const handles = await Session.getAllSessionHandlesForUser(externalUserId);
  assert.ok(handles.includes(handleOf(after.session)), "the later");
  await Session.revokeAllSessionsForUser(externalUserId);
  await fails(newClient(shared).getUser(after.session.access_token), ...NO_SESSION);
});

test("a user deleted through GoTrue is gone at SuperTokens, with the sessions", async () => {
  const { id, email } = await signedUp();
  const session = await open(id);
  await must(admin.deleteUser(id));
  assert.equal(await SuperTokens.getUser(id), undefined);
  assert.equal((await signIn(email)).status, "WRONG_CREDENTIALS_ERROR");
  await isOver(session);
});

test("a user deleted softly through GoTrue cannot sign in at SuperTokens, and the address is free", async () => {
  const { id, email } = await signedUp();
  const session = await open(id);
  await must(admin.deleteUser(id, true));
  assert.equal((await signIn(email)).status, "WRONG_CREDENTIALS_ERROR");
  await isOver(session);
  assert.notEqual((await signedUp({ email })).id, id);
});

test("a user deleted through SuperTokens is gone at GoTrue, with the sessions", async () => {
  const { user, session, email, client } = await member(shared);
  await fine(SuperTokens.deleteUser(user.id));
  await fails(admin.getUserById(user.id), 404, "user_not_found");
  await fails(newClient(shared).getUser(session.access_token), 403, "user_not_found");
  await fails(client.refreshSession(), ...UNKNOWN_TOKEN);
  await fails(newClient(shared).signInWithPassword({ email, password: PASSWORD }), 400, "invalid_credentials");
});
