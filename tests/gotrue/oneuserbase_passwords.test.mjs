// The password of a user (docs/one-user-base.md).
import test from "node:test";
import {
  consumeCode, createCode, createSession, get, ok as done, post, signIn as signInThere, typed,
} from "../cdi/helper.mjs";
import { group, updateUser, userOf, verified, withCode, withPassword, withPhone } from "../cdi/linking_helper.mjs";
import { PASSWORD, assert, mailTo, newEmail, newInstance, newPhone, ok, refused, sql, textTo } from "./helper.mjs";
import { AT_ONCE, PHONES, linkTo, refusedLink, verify } from "./codes_helper.mjs";

const door = await newInstance({ ...AT_ONCE, ...PHONES, external_anonymous_users_enabled: true });
const at = door.cdi;
const OTHER = "another horse 2";
const THIRD = "a third horse 3";

const recipesOf = ({ loginMethods }) => loginMethods.map(({ recipeId }) => recipeId);
const signIn = (account, password = PASSWORD) => door.post("/token?grant_type=password", { ...account, password });
const setUser = (session, body) => door.put("/user", body, { token: session.access_token });
const there = async (email, password) => (await signInThere(at, email, password)).json.status;
const withHash = (id) =>
  sql("SELECT recipe, email, phone FROM auth.login_methods WHERE user_id::text = $1 AND password_hash <> ''", id);
const isAlive = async (sessionHandle) => (await get(`${at}/recipe/session`, { sessionHandle })).json.status === "OK";

/** Somebody who has signed in by a code that was mailed. */
async function byCode(email) {
  ok(await door.post("/otp", { email }));
  return ok(await verify(door, { type: "email", email, token: (await mailTo(email)).code }));
}

/** Somebody who has signed up with a number and a password, and has not confirmed it. */
async function unproven() {
  const phone = newPhone();
  return { phone, user: ok(await door.post("/signup", { phone, password: PASSWORD })) };
}

test("Passwords: one of either is that of both", async () => {
  const { email, user } = await door.member();
  assert.equal(await there(email, PASSWORD), "OK");
  done(await updateUser(user.id, { password: OTHER }, at));
  refused(await signIn({ email }), 400, "invalid_credentials");
  const session = ok(await signIn({ email }, OTHER));
  ok(await setUser(session, { password: THIRD }));
  assert.equal(await there(email, OTHER), "WRONG_CREDENTIALS_ERROR");
  assert.equal(await there(email, THIRD), "OK");
});

test("Passwords: who has none gets a login method with the first", async () => {
  const { id, email } = await withCode(at);
  refused(await signIn({ email }), 400, "invalid_credentials");
  ok(await setUser(await byCode(email), { password: PASSWORD }));
  assert.deepEqual(recipesOf(await userOf(id, at)), ["passwordless", "emailpassword"]);
  assert.deepEqual(withHash(id), [{ recipe: "emailpassword", email, phone: null }]);
  assert.equal(done(await signInThere(at, email)).user.id, id);
});

test("Passwords: of a user with a number alone it stands on the number, and SuperTokens knows of none", async () => {
  const { phone, user } = await unproven();
  ok(await verify(door, { type: "sms", phone, token: await textTo(phone) }));
  assert.equal(ok(await signIn({ phone })).user.id, user.id);
  assert.deepEqual(withHash(user.id), [{ recipe: "passwordless", email: null, phone }]);
  assert.deepEqual(recipesOf(await userOf(user.id, at)), ["passwordless"]);
  const byNumber = await withPhone(at, newPhone());
  ok(await door.admin("PUT", `/admin/users/${byNumber.id}`, { body: { password: OTHER } }));
  assert.equal(ok(await signIn({ phone: byNumber.phoneNumber }, OTHER)).user.id, byNumber.id);
});

test("Passwords: with an address it moves to that", async () => {
  const { phone, user } = await unproven();
  const session = ok(await verify(door, { type: "sms", phone, token: await textTo(phone) }));
  const email = newEmail();
  ok(await setUser(session, { email }));
  ok(await verify(door, { type: "email_change", email, token: (await mailTo(email)).code }));
  assert.deepEqual(withHash(user.id), [{ recipe: "emailpassword", email, phone: null }]);
  assert.equal(await there(email, PASSWORD), "OK");
  ok(await signIn({ phone }));
  ok(await signIn({ email }));
});

test("Passwords: a user with address and number has one for both", async () => {
  const phone = newPhone();
  const { email, user } = await door.member({ phone, phone_confirm: true });
  assert.equal(ok(await signIn({ phone })).user.id, user.id);
  done(await updateUser(user.id, { password: OTHER }, at));
  refused(await signIn({ phone }), 400, "invalid_credentials");
  ok(await signIn({ phone }, OTHER));
  ok(await signIn({ email }, OTHER));
  assert.equal(withHash(user.id).length, 1);
});

test("Passwords: of two addresses with one each, GoTrue knows that of the user's address", async () => {
  const [owner, other] = [await withPassword(at), await withPassword(at, newEmail())];
  for (const { id, email } of [owner, other]) await verified(id, email, at);
  done(await updateUser(other.id, { password: OTHER }, at));
  await group(at, owner, other);
  for (const { email } of [owner, other]) {
    assert.equal(ok(await signIn({ email })).user.id, owner.id);
    refused(await signIn({ email }, OTHER), 400, "invalid_credentials");
  }
  assert.deepEqual([await there(owner.email, PASSWORD), await there(other.email, OTHER)], ["OK", "OK"]);
  ok(await setUser(ok(await signIn(owner, PASSWORD)), { password: THIRD }));
  assert.deepEqual([await there(owner.email, THIRD), await there(other.email, OTHER)], ["OK", "OK"]);
});

test("Passwords: a change at GoTrue ends all other sessions, one at SuperTokens ends none", async () => {
  const { email, user, session } = await door.member();
  const { session: { handle } } = done(await createSession(at, user.id));
  done(await updateUser(user.id, { password: OTHER }, at));
  assert.equal(await isAlive(handle), true);
  const other = ok(await signIn({ email }, OTHER));
  ok(await door.get("/user", { token: session.access_token }));
  ok(await setUser(session, { password: THIRD }));
  assert.equal(await isAlive(handle), false);
  refused(await door.get("/user", { token: other.access_token }), 403, "session_not_found");
  ok(await door.get("/user", { token: session.access_token }));
});

test("Passwords: one that an administrator sets ends all sessions", async () => {
  const { user, session } = await door.member();
  const { session: { handle } } = done(await createSession(at, user.id));
  ok(await door.admin("PUT", `/admin/users/${user.id}`, { body: { password: OTHER } }));
  assert.equal(await isAlive(handle), false);
  refused(await door.get("/user", { token: session.access_token }), 403, "session_not_found");
});

test("Passwords: a change makes what the same door has sent worthless, and leaves the other's", async () => {
  const { email, user, session } = await door.member();
  ok(await door.post("/recover", { email }));
  const { token } = done(await post(`${at}/recipe/user/password/reset/token`, { userId: user.id, email }));
  done(await updateUser(user.id, { password: OTHER }, at));
  ok(await verify(door, { type: "recovery", token_hash: (await mailTo(email)).token }));

  ok(await door.post("/recover", { email }));
  const mail = await mailTo(email, 1);
  ok(await setUser(session, { password: THIRD }));
  await refusedLink(linkTo(door, { type: "recovery", token: mail.token }), "otp_expired");
  done(await post(`${at}/recipe/user/password/reset`, { method: "token", token, newPassword: OTHER }));
  assert.equal(await there(email, OTHER), "OK");
});

test("Passwords: the rules for them are those of the door", async () => {
  const { id, email } = await withPassword(at);
  done(await updateUser(id, { password: "x" }, at));
  await verified(id, email, at);
  const session = ok(await signIn({ email }, "x"));
  assert.deepEqual(session.weak_password.reasons, ["length"]);
  refused(await setUser(session, { password: "y" }), 422, "weak_password");
});

test("Passwords: one that was chosen for a number goes when SuperTokens proves the number first", async () => {
  const { phone, user } = await unproven();
  const consumed = done(await consumeCode(typed(await createCode({ phoneNumber: phone }, at)), at));
  assert.deepEqual([consumed.user.id, consumed.createdNewUser], [user.id, false]);
  assert.deepEqual(withHash(user.id), []);
  const now = ok(await door.admin("GET", `/admin/users/${user.id}`));
  assert.ok(now.phone_confirmed_at);
  refused(await signIn({ phone }), 400, "invalid_credentials");
});

test("Passwords: one whose number is proven stays when SuperTokens proves it again", async () => {
  const { phone } = await unproven();
  ok(await verify(door, { type: "sms", phone, token: await textTo(phone) }));
  done(await consumeCode(typed(await createCode({ phoneNumber: phone }, at)), at));
  ok(await signIn({ phone }));
});

test("Passwords: one that was chosen for an address stays when SuperTokens proves the address", async () => {
  const email = newEmail();
  const { id } = await door.signUp(email);
  refused(await signIn({ email }), 400, "email_not_confirmed");
  await verified(id, email, at);
  assert.equal(ok(await signIn({ email })).user.id, id);
});

test("Passwords: one that was chosen for an address stays when GoTrue proves it by a link to sign in", async () => {
  const { id, email } = await withPassword(at);
  assert.equal((await byCode(email)).user.id, id);
  assert.equal(ok(await signIn({ email })).user.id, id);
});

test("Passwords: that of somebody without a name waits for the number", async () => {
  const session = ok(await door.post("/signup", {}));
  const phone = newPhone();
  ok(await setUser(session, { phone, password: PASSWORD }));
  refused(await signIn({ phone }), 400, "invalid_credentials");
  ok(await verify(door, { type: "phone_change", phone, token: await textTo(phone) }));
  assert.deepEqual(withHash(session.user.id), [{ recipe: "passwordless", email: null, phone }]);
  ok(await signIn({ phone }));
});

test("Passwords: that of somebody without a name waits for the address", async () => {
  const session = ok(await door.post("/signup", {}));
  const email = newEmail();
  ok(await setUser(session, { email, password: PASSWORD }));
  assert.deepEqual(withHash(session.user.id), []);
  assert.equal(await there(email, PASSWORD), "WRONG_CREDENTIALS_ERROR");
  ok(await verify(door, { type: "email_change", email, token: (await mailTo(email)).code }));
  assert.deepEqual(withHash(session.user.id), [{ recipe: "emailpassword", email, phone: null }]);
  assert.equal(await there(email, PASSWORD), "OK");
});
