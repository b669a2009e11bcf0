// Where SuperTokens and GoTrue disagree (docs/one-user-base.md).
import test from "node:test";
import { createSession, get, ok as done, signInUp } from "../cdi/helper.mjs";
import {
  createPrimary, link, setMetadata, stranger, updateUser, userOf, verified, withCode, withPassword, withProvider,
} from "../cdi/linking_helper.mjs";
import { PASSWORD, assert, claimsOf, mailTo, newEmail, newInstance, ok, refused, sql } from "./helper.mjs";
import { AT_ONCE, verify } from "./codes_helper.mjs";

const door = await newInstance(AT_ONCE);
const at = door.cdi;

const seen = async (id) => ok(await door.admin("GET", `/admin/users/${id}`));
const countWith = (email) =>
  sql("SELECT id FROM auth.users WHERE app_id = $1 AND email = $2", door.appId, email).length;

/** Whom a mail to an address signs in. */
async function byMail(email, known = 0) {
  ok(await door.post("/otp", { email }));
  return ok(await verify(door, { type: "email", email, token: (await mailTo(email, known)).code })).user;
}

test("Where they disagree: SuperTokens makes a user of each recipe with one address, GoTrue one in all", async () => {
  const email = newEmail();
  const { id } = await withCode(at, email);
  const second = await withPassword(at, email);
  assert.notEqual(second.id, id);
  const other = newEmail();
  const { id: first } = await withCode(at, other);
  const answer = await door.signUp(other);
  assert.notEqual(answer.id, first);
  assert.deepEqual([answer.identities, countWith(other)], [[], 1]);
});

test("Where they disagree: a provider that does not vouch keeps no address from GoTrue", async () => {
  const { id, email } = await withProvider(at);
  const made = await door.signUp(email);
  assert.notEqual(made.id, id);
  assert.equal(countWith(email), 2);
  await mailTo(email);
  assert.equal((await byMail(email, 1)).id, made.id);
});

test("Where they disagree: one that vouches does", async () => {
  const email = newEmail();
  const { id } = await withProvider(at, email, stranger(email, true));
  const answer = await door.signUp(email);
  assert.deepEqual([answer.identities, countWith(email)], [[], 1]);
  assert.equal((await byMail(email)).id, id);
});

test("Where they disagree: one that vouches does so whoever asks", async () => {
  const email = newEmail();
  await withProvider(at, email, stranger(email, true));
  const { session } = await door.member();
  refused(await door.put("/user", { email }, { token: session.access_token }), 422, "email_exists");
  refused(await door.admin("POST", "/admin/users", { body: { email } }), 422, "email_exists");
});

test("Where they disagree: of several users with an address GoTrue means the primary one", async () => {
  const email = newEmail();
  await withPassword(at, email);
  const primary = await withCode(at, email);
  done(await createPrimary(primary.id, at));
  assert.equal((await byMail(email)).id, primary.id);
});

test("Where they disagree: of several users with an address GoTrue means one who has proven it", async () => {
  const email = newEmail();
  const proven = await withCode(at, email);
  const unproven = await withPassword(at, email);
  assert.equal((await byMail(email)).id, proven.id);
  assert.equal((await userOf(unproven.id, at)).loginMethods[0].verified, false);
});

test("Where they disagree: of several who have proven an address GoTrue means the one with a password", async () => {
  const email = newEmail();
  await withCode(at, email);
  const { id } = await withPassword(at, email);
  await verified(id, email, at);
  assert.equal((await byMail(email)).id, id);
  assert.equal(ok(await door.signIn(email)).user.id, id);
});

test("Where they disagree: one login method with another address is a second identity", async () => {
  const { email, user } = await door.member();
  done(await link((await withCode(at, email)).id, user.id, at));
  const next = newEmail("next");
  done(await updateUser(user.id, { email: next }, at));
  const now = await seen(user.id);
  assert.deepEqual([now.email, now.email_confirmed_at], [next, undefined]);
  assert.deepEqual(now.identities.map((identity) => identity.email), [next, email]);
});

test("Where they disagree: settings and hooks of GoTrue do not bind SuperTokens", async () => {
  const closed = await newInstance({ disable_signup: true, password_min_length: 20, external_email_enabled: false });
  const { id } = await withPassword(closed.cdi);
  assert.equal(ok(await closed.admin("GET", `/admin/users/${id}`)).id, id);
  const hooked = await newInstance({
    hook_before_user_created_uri: "pg-functions://postgres/public/missing", hook_before_user_created_enabled: true,
  });
  const email = newEmail();
  assert.equal((await hooked.post("/signup", { email, password: PASSWORD })).status, 500);
  await withPassword(hooked.cdi, email);
});

test("Where they disagree: second factors that SuperTokens requires are not asked for at GoTrue", async () => {
  const { email, user } = await door.member();
  await setMetadata(user.id, { _supertokens: { requiredSecondaryFactors: ["totp"] } }, at);
  const { access_token: token } = ok(await door.signIn(email));
  assert.equal(claimsOf(token).aal, "aal1");
  ok(await door.put("/user", { password: "another horse 2" }, { token }));
});

test("Where they disagree: limits of GoTrue's sessions do not end those of SuperTokens", async () => {
  const single = await newInstance({ sessions_single_per_user: true, sessions_timebox: "1h" });
  const { email, user, session } = await single.member();
  const { session: { handle } } = done(await createSession(single.cdi, user.id));
  const next = ok(await single.signIn(email));
  refused(await single.refresh(session.refresh_token), 400, "session_expired");
  ok(await single.refresh(next.refresh_token));
  const { expiry, timeCreated } = done(await get(`${single.cdi}/recipe/session`, { sessionHandle: handle }));
  assert.ok(expiry - timeCreated > 24 * 3600 * 1000);
});

test("Where they disagree: a session of SuperTokens is no newer login of GoTrue", async () => {
  const single = await newInstance({ sessions_single_per_user: true });
  const { user, session } = await single.member();
  done(await createSession(single.cdi, user.id));
  ok(await single.refresh(session.refresh_token));
});

test("Where they disagree: a user of SuperTokens signs in at a GoTrue of another audience", async () => {
  const named = await newInstance({ jwt_aud: "app", jwt_default_group_name: "member" });
  const { id, email } = await withPassword(named.cdi);
  await verified(id, email, named.cdi);
  const { user, access_token } = ok(await named.signIn(email));
  const claims = claimsOf(access_token);
  assert.deepEqual([user.id, claims.aud, claims.role], [id, "app", "member"]);
});

test("Where they disagree: a provider's word is not taken back", async () => {
  const email = newEmail();
  const given = stranger(email, true);
  const { id } = await withProvider(at, email, given);
  done(await signInUp({ ...given, email: { id: email, isVerified: false } }, at));
  assert.ok((await seen(id)).email_confirmed_at);
});
