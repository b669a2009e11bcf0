// Primary users, and accounts that SuperTokens links (docs/one-user-base.md).
import test from "node:test";
import { createSession, get, ok as done, post, refreshSession, signIn } from "../cdi/helper.mjs";
import {
  LINKED_TO_ANOTHER, createPrimary, group, link, methodIds, stranger, unlink, userOf, verified, withCode, withPassword,
  withPhone, withProvider,
} from "../cdi/linking_helper.mjs";
import {
  PASSWORD, assert, mailTo, mailsAfterAll, newEmail, newInstance, newPhone, ok, refused, sql, textTo,
} from "./helper.mjs";
import { AT_ONCE, PHONES, linkTo, refusedLink, verify } from "./codes_helper.mjs";

const door = await newInstance({ ...AT_ONCE, ...PHONES, manual_linking_enabled: true });
const at = door.cdi;

const seen = async (id) => ok(await door.admin("GET", `/admin/users/${id}`));
const give = async (id, body) => ok(await door.admin("PUT", `/admin/users/${id}`, { body }));
const isPrimary = async (id) => (await userOf(id, at)).isPrimaryUser;
const recipesOf = ({ loginMethods }) => loginMethods.map(({ recipeId }) => recipeId);
const row = (id) => sql("SELECT * FROM auth.users WHERE id::text = $1", id)[0];
const byMail = async (email, known = 0) => {
  ok(await door.post("/otp", { email, create_user: false }));
  return verify(door, { type: "email", email, token: (await mailTo(email, known)).code });
};

/** A primary user with a password and a verified address, and others linked to it. */
async function owner(...others) {
  const user = await withPassword(at);
  await verified(user.id, user.email, at);
  await group(at, user, ...others);
  return user;
}

test("Primary users: whoever confirms an address at GoTrue is one from then on", async () => {
  const email = newEmail();
  const { id } = await door.signUp(email);
  assert.equal(await isPrimary(id), false);
  ok(await verify(door, { type: "signup", email, token: (await mailTo(email)).code }));
  assert.equal(await isPrimary(id), true);
  assert.equal(done(await createPrimary(id, at)).wasAlreadyAPrimaryUser, true);
});

test("Primary users: whoever confirms a number at GoTrue is one from then on", async () => {
  const phone = newPhone();
  const { id } = ok(await door.post("/signup", { phone, password: PASSWORD }));
  assert.equal(await isPrimary(id), false);
  ok(await verify(door, { type: "sms", phone, token: await textTo(phone) }));
  assert.equal(await isPrimary(id), true);
});

test("Primary users: a user of SuperTokens is none before its backend or GoTrue makes it one", async () => {
  const user = await withPassword(at);
  await verified(user.id, user.email, at);
  ok(await door.signIn(user.email));
  assert.equal(await isPrimary(user.id), false);
  ok(await byMail(user.email));
  assert.equal(await isPrimary(user.id), false, "it was confirmed before");
  done(await createPrimary(user.id, at));
  assert.equal(await isPrimary(user.id), true);
});

test("Primary users: who gets a second login method at GoTrue is made one", async () => {
  const { id, email } = await withCode(at);
  const session = ok(await byMail(email));
  assert.equal(await isPrimary(id), false);
  ok(await door.put("/user", { password: PASSWORD }, { token: session.access_token }));
  const user = await userOf(id, at);
  assert.deepEqual([user.isPrimaryUser, recipesOf(user)], [true, ["passwordless", "emailpassword"]]);
});

test("Primary users: SuperTokens links others to a user of GoTrue", async () => {
  const { email, user } = await door.member();
  const other = await withProvider(at);
  assert.equal(done(await link(other.id, user.id, at)).accountsAlreadyLinked, false);
  assert.deepEqual(recipesOf(await userOf(user.id, at)), ["emailpassword", "thirdparty"]);
  const session = ok(await door.signIn(email));
  assert.deepEqual(session.user.app_metadata.providers, ["email", other.given.thirdPartyId]);
});

test("Primary users: one is not linked to another", async () => {
  const { user } = await door.member();
  const other = await owner();
  assert.equal((await link(user.id, other.id, at)).json.status, LINKED_TO_ANOTHER);
  done(await unlink(user.id, at));
  assert.equal(await isPrimary(user.id), false);
  done(await link(user.id, other.id, at));
});

test("Primary users: what one has, nobody else confirms", async () => {
  const email = newEmail();
  const late = await door.signUp(email);
  const mail = await mailTo(email);
  const first = await withProvider(at, email);
  done(await createPrimary(first.id, at));
  refused(await verify(door, { type: "signup", email, token: mail.code }), 403, "otp_expired");
  await refusedLink(linkTo(door, { type: "signup", token: mail.token }), "email_exists", null);
  assert.equal((await seen(late.id)).email_confirmed_at, undefined);
  assert.equal((await userOf(late.id, at)).loginMethods[0].verified, false);
});

test("Primary users: what one has, nobody signs up with at GoTrue", async () => {
  const email = newEmail();
  const first = await withProvider(at, email, stranger(email, true));
  done(await createPrimary(first.id, at));
  const answer = await door.signUp(first.email);
  assert.notEqual(answer.id, first.id);
  assert.deepEqual(answer.identities, [], "nothing is told of who has it");
  assert.equal(row(answer.id), undefined);
  refused(await door.admin("POST", "/admin/users", { body: { email: first.email } }), 422, "email_exists");
});

test("Primary users: what one has without proof, it can prove at GoTrue", async () => {
  const first = await withProvider(at);
  done(await createPrimary(first.id, at));
  assert.equal((await door.signUp(first.email)).id, first.id);
  refused(await door.signIn(first.email), 400, "invalid_credentials");
  const { code } = await mailTo(first.email);
  const session = ok(await verify(door, { type: "signup", email: first.email, token: code }));
  assert.equal(session.user.id, first.id);
  assert.equal((await userOf(first.id, at)).loginMethods[0].verified, true);
  refused(await door.signIn(first.email), 400, "invalid_credentials");
});

test("Linked accounts: the row of a linked user stays, and is no user of GoTrue", async () => {
  const other = await withCode(at);
  const session = ok(await byMail(other.email));
  const user = await owner(other);
  assert.equal(row(other.id).merged_into, user.id);
  refused(await door.admin("GET", `/admin/users/${other.id}`), 404, "user_not_found");
  refused(await door.get("/user", { token: session.access_token }), 403, "user_not_found");
  refused(await door.refresh(session.refresh_token), 400, "refresh_token_not_found");
  const { users } = ok(await door.admin("GET", "/admin/users?per_page=1000"));
  const ids = users.map(({ id }) => id);
  assert.deepEqual([ids.includes(user.id), ids.includes(other.id)], [true, false]);
});

test("Linked accounts: what stands in the row of the primary user counts", async () => {
  const other = await withCode(at);
  await give(other.id, { user_metadata: { of: "other" }, role: "other", ban_duration: "1h" });
  const user = await owner();
  await give(user.id, { user_metadata: { of: "owner" } });
  done(await link(other.id, user.id, at));
  const now = await seen(user.id);
  assert.deepEqual([now.user_metadata.of, now.role, now.banned_until], ["owner", "authenticated", undefined]);
  ok(await door.signIn(user.email));
  done(await unlink(other.id, at));
  const again = await seen(other.id);
  assert.deepEqual([again.user_metadata.of, again.role], ["other", "other"]);
  assert.ok(again.banned_until);
});

test("Linked accounts: a user is found by each of its addresses, with one password", async () => {
  const other = await withCode(at);
  const user = await owner(other);
  const session = ok(await door.signIn(other.email));
  assert.deepEqual([session.user.id, session.user.email], [user.id, user.email]);
});

test("Linked accounts: nobody signs up with a further address of a user", async () => {
  const other = await withCode(at);
  await owner(other);
  const answer = await door.signUp(other.email);
  assert.deepEqual([answer.identities, row(answer.id)], [[], undefined]);
});

test("Linked accounts: a user of SuperTokens signs in by mail with each of its verified addresses", async () => {
  const other = await withCode(at);
  const user = await owner(other);
  for (const email of [user.email, other.email]) assert.equal(ok(await byMail(email)).user.id, user.id, email);
});

test("Linked accounts: a user of SuperTokens signs in by a number that was linked", async () => {
  const phone = newPhone();
  const user = await owner(await withPhone(at, phone));
  ok(await door.post("/otp", { phone }));
  assert.equal(await mailsAfterAll(door, user.email), 0, "nothing is mailed for a number");
  const session = ok(await verify(door, { type: "sms", phone, token: await textTo(phone) }));
  assert.equal(session.user.id, user.id);
});

test("Linked accounts: a user without an address gets that of what is linked", async () => {
  const user = await withPhone(at, newPhone());
  const other = await withPassword(at);
  await verified(other.id, other.email, at);
  await group(at, user, other);
  const now = await seen(user.id);
  assert.equal(now.email, other.email);
  assert.ok(now.email_confirmed_at);
  assert.equal(ok(await door.signIn(other.email)).user.id, user.id);
});

test("Linked accounts: a user without a number gets that of what is linked", async () => {
  const phone = newPhone();
  const user = await owner(await withPhone(at, phone));
  const now = await seen(user.id);
  assert.equal(now.phone, phone.slice(1));
  assert.ok(now.phone_confirmed_at);
});

test("Linked accounts: who is unlinked is a user of its own again, and no primary one", async () => {
  const other = await withCode(at);
  const user = await owner(other);
  done(await unlink(other.id, at));
  const again = await seen(other.id);
  assert.deepEqual([again.id, again.email, row(other.id).merged_into], [other.id, other.email, null]);
  assert.deepEqual([await isPrimary(other.id), await isPrimary(user.id)], [false, true]);
  assert.deepEqual(methodIds(await userOf(user.id, at)), [user.id]);
  assert.equal(ok(await byMail(other.email)).user.id, other.id);
});

test("Linked accounts: a login method that GoTrue added becomes a user of its own when it is unlinked", async () => {
  const { id, email } = await withCode(at);
  const session = ok(await byMail(email));
  ok(await door.put("/user", { password: PASSWORD }, { token: session.access_token }));
  const second = methodIds(await userOf(id, at)).find((method) => method !== id);
  done(await unlink(second, at));
  const made = await seen(second);
  assert.deepEqual([made.id, made.email, made.identities.length], [second, email, 1]);
  assert.equal(done(await signIn(at, email)).user.id, second);
});

test("Linked accounts: who is unlinked is as verified at GoTrue as at SuperTokens", async () => {
  const [before, during] = [await withCode(at), await withPassword(at)];
  await owner(before, during);
  await verified(during.id, during.email, at);
  for (const { id } of [before, during]) {
    done(await unlink(id, at));
    assert.equal((await userOf(id, at)).loginMethods[0].verified, true);
    assert.ok((await seen(id)).email_confirmed_at, "it is verified at SuperTokens");
  }
});

test("Linked accounts: who is no longer verified at SuperTokens is not confirmed when it is unlinked", async () => {
  const other = await withPassword(at);
  await verified(other.id, other.email, at);
  await owner(other);
  done(await post(`${at}/recipe/user/email/verify/remove`, { userId: other.id, email: other.email }));
  done(await unlink(other.id, at));
  assert.equal((await userOf(other.id, at)).loginMethods[0].verified, false);
  assert.equal((await seen(other.id)).email_confirmed_at, undefined);
});

test("Linked accounts: the login method that a user began with goes when it is unlinked, the id stays", async () => {
  const other = await withCode(at);
  const user = await owner(other);
  assert.equal(done(await unlink(user.id, at)).wasRecipeUserDeleted, true);
  assert.deepEqual(methodIds(await userOf(user.id, at)), [other.id]);
  const now = await seen(user.id);
  assert.deepEqual(now.identities.map(({ email }) => email), [other.email]);
});

test("Linked accounts: with its last login method of an address a user loses the address", async () => {
  const other = await withCode(at);
  const user = await owner(other);
  done(await unlink(user.id, at));
  const now = await seen(user.id);
  assert.equal(now.email, other.email, "what is left is the user's");
});

test("Linked accounts: nothing is mailed to an address that is no longer the user's", async () => {
  const other = await withCode(at);
  const user = await owner(other);
  done(await unlink(user.id, at));
  const stranger = await door.signUp(user.email);
  assert.notEqual(stranger.id, user.id);
  await mailTo(user.email);
  ok(await door.post("/otp", { email: other.email, create_user: false }));
  assert.equal(await mailsAfterAll(door, user.email), 1, "a link to sign in as the other went to a stranger");
});

test("Linked accounts: their sessions at SuperTokens end as well, and are opened for the primary user", async () => {
  const other = await withCode(at);
  const { refreshToken } = done(await createSession(at, other.id));
  const user = await owner(other);
  assert.equal((await refreshSession(at, refreshToken.token)).json.status, "UNAUTHORISED");
  const { session } = done(await createSession(at, other.id));
  assert.deepEqual([session.userId, session.recipeUserId], [user.id, other.id]);
  assert.equal(done(await get(`${at}/recipe/session`, { sessionHandle: session.handle })).userId, user.id);
});
