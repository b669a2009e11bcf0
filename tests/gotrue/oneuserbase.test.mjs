// Users, login methods, identities and ids (docs/one-user-base.md).
import { randomUUID } from "node:crypto";
import test from "node:test";
import { createSession, ok as done, passwordlessUser, refused as refusedThere, signIn } from "../cdi/helper.mjs";
import {
  group, isVerified, link, map, mapped, methodIds, unmap, userOf, withCode, withPassword, withPhone, withProvider,
} from "../cdi/linking_helper.mjs";
import { withPasskey } from "../cdi/webauthn_helper.mjs";
import {
  PASSWORD, assert, claimsOf, mailTo, newEmail, newInstance, newPhone, ok, refused, sql,
} from "./helper.mjs";
import { AT_ONCE, PHONES, verify } from "./codes_helper.mjs";

const door = await newInstance({
  ...AT_ONCE, ...PHONES, manual_linking_enabled: true, external_anonymous_users_enabled: true,
});
const at = door.cdi;

const seen = async (id) => ok(await door.admin("GET", `/admin/users/${id}`));
const recipesOf = ({ loginMethods }) => loginMethods.map(({ recipeId }) => recipeId);
const providersOf = ({ identities }) => identities.map(({ provider }) => provider);
const identityOf = ({ identities }, provider) => identities.find((identity) => identity.provider === provider);
const setUser = (session, body) => door.put("/user", body, { token: session.access_token });
const rowsOf = (id) => sql("SELECT recipe, user_id FROM auth.login_methods WHERE id::text = $1", id);

/** Whom policies take the bearer of a token for. */
const uidOf = (token) =>
  sql(
    `SELECT auth.uid() AS uid
     FROM (SELECT set_config('request.jwt.claims', $1, false) AS claims OFFSET 0) AS s WHERE claims <> ''`,
    JSON.stringify(claimsOf(token)),
  )[0].uid;

/** Somebody who has signed in by a code that was mailed. */
async function byCode(email = newEmail()) {
  ok(await door.post("/otp", { email }));
  return ok(await verify(door, { type: "email", email, token: (await mailTo(email)).code }));
}

test("Users and login methods: what GoTrue makes is what SuperTokens knows", async () => {
  const made = [
    [await door.signUp(), ["emailpassword"]],
    [ok(await door.post("/signup", { phone: newPhone(), password: PASSWORD })), ["passwordless"]],
    [ok(await door.admin("POST", "/invite", { body: { email: newEmail() } })), ["passwordless"]],
    [ok(await door.admin("POST", "/admin/users", { body: { email: newEmail() } })), ["passwordless"]],
    [(await byCode()).user, ["passwordless"]],
  ];
  for (const [{ id, email, phone, created_at }, recipes] of made) {
    const user = await userOf(id, at);
    assert.deepEqual(recipesOf(user), recipes);
    assert.deepEqual(methodIds(user), [id], "the first login method has the user's id");
    assert.deepEqual(user.emails, email === "" ? [] : [email]);
    assert.deepEqual(user.phoneNumbers, phone === "" ? [] : [`+${phone}`]);
    assert.equal(user.timeJoined, Date.parse(created_at));
    assert.deepEqual(rowsOf(id), [{ recipe: recipes[0], user_id: id }]);
  }
  const both = await door.member({ phone: newPhone(), phone_confirm: true });
  assert.deepEqual(recipesOf(await userOf(both.user.id, at)).sort(), ["emailpassword", "passwordless"]);
});

test("Users and login methods: what SuperTokens makes is a user of GoTrue", async () => {
  const provider = await withProvider(at);
  const made = [
    [await withPassword(at), ["email"]],
    [await withCode(at), ["email"]],
    [await withPasskey(at), ["email"]],
    [await withPhone(at, newPhone()), ["phone"]],
    [provider, [provider.given.thirdPartyId]],
  ];
  for (const [{ id, email = "", phoneNumber = "+" }, providers] of made) {
    const user = await seen(id);
    assert.deepEqual(providersOf(user), providers);
    assert.deepEqual([user.id, user.email, user.phone], [id, email, phoneNumber.slice(1)]);
    assert.deepEqual([user.aud, user.role, user.user_metadata], ["authenticated", "authenticated", {}]);
    assert.equal(Date.parse(user.created_at), (await userOf(id, at)).timeJoined);
  }
});

test("Users and login methods: further ones have ids of their own", async () => {
  const session = await byCode();
  ok(await setUser(session, { password: PASSWORD }));
  const user = await userOf(session.user.id, at);
  assert.deepEqual(recipesOf(user), ["passwordless", "emailpassword"]);
  const [first, second] = methodIds(user);
  assert.equal(first, user.id);
  assert.notEqual(second, user.id);
  assert.deepEqual(rowsOf(second), [{ recipe: "emailpassword", user_id: user.id }]);
});

test("Users and login methods: addresses have small letters, numbers their plus at SuperTokens alone", async () => {
  const [email, phone] = [newEmail("Mixed.Case"), newPhone()];
  const { id } = ok(await door.admin("POST", "/admin/users", { body: { email, phone, phone_confirm: true } }));
  const there = await userOf(id, at);
  assert.deepEqual([there.emails, there.phoneNumbers], [[email.toLowerCase()], [phone]]);
  const here = await seen(id);
  assert.deepEqual([here.email, here.phone], [email.toLowerCase(), phone.slice(1)]);
  const row = sql("SELECT email, phone FROM auth.users WHERE id::text = $1", id);
  assert.deepEqual(row, [{ email: email.toLowerCase(), phone }]);
});

test("Identities: all login methods with an address are one", async () => {
  const { email, user } = await door.member();
  const [code, passkey] = [await withCode(at, email), await withPasskey(at, email)];
  for (const { id } of [code, passkey]) done(await link(id, user.id, at));
  assert.deepEqual(recipesOf(await userOf(user.id, at)).sort(), ["emailpassword", "passwordless", "webauthn"]);
  const { identities } = await seen(user.id);
  assert.equal(identities.length, 1);
  assert.deepEqual([identities[0].provider, identities[0].email], ["email", email]);
});

test("Identities: their ids", async () => {
  const { user } = await door.member({ phone: newPhone(), phone_confirm: true });
  const other = await withProvider(at);
  done(await link(other.id, user.id, at));
  const now = await seen(user.id);
  const methods = methodIds(await userOf(user.id, at));
  for (const provider of ["email", "phone"]) assert.equal(identityOf(now, provider).id, user.id);
  assert.equal(identityOf(now, "email").identity_id, user.id, "that of the oldest login method");
  const account = identityOf(now, other.given.thirdPartyId);
  assert.deepEqual([account.id, account.identity_id], [other.given.thirdPartyUserId, other.id]);
  const ids = now.identities.map(({ identity_id }) => identity_id);
  assert.deepEqual(ids.sort(), methods.sort());
});

test("Identities: two addresses are two, and only the user's is its e-mail", async () => {
  const { user } = await door.member();
  const other = await withCode(at);
  done(await link(other.id, user.id, at));
  const now = await seen(user.id);
  assert.deepEqual(now.identities.map(({ email }) => email), [user.email, other.email]);
  assert.deepEqual([providersOf(now), now.email], [["email", "email"], user.email]);
});

test("Identities: a login method with address and number is two, each with an id of its own", async () => {
  const { id, email, phoneNumber } = await passwordlessUser({ email: newEmail(), phoneNumber: newPhone() }, at);
  const { identities } = await seen(id);
  assert.deepEqual(identities.map(({ provider }) => provider), ["email", "phone"]);
  assert.deepEqual([identities[0].email, identities[1].identity_data.phone], [email, phoneNumber.slice(1)]);
  assert.equal(new Set(identities.map(({ identity_id }) => identity_id)).size, 2);
});

test("Identities: of a login method with address and number one is taken away alone", async () => {
  const { id, email, phoneNumber } = await passwordlessUser({ email: newEmail(), phoneNumber: newPhone() }, at);
  ok(await door.post("/otp", { email }));
  const session = ok(await verify(door, { type: "email", email, token: (await mailTo(email)).code }));
  assert.equal(session.user.id, id);
  const { identity_id } = identityOf(session.user, "phone");
  ok(await door.delete(`/user/identities/${identity_id}`, { token: session.access_token }));
  const there = await userOf(id, at);
  assert.deepEqual([there.emails, there.phoneNumbers], [[email], []]);
  assert.deepEqual(providersOf(await seen(id)), ["email"], phoneNumber);
});

test("Identities: taking one away takes all of its login methods", async () => {
  const { email, user, session } = await door.member({ phone: newPhone(), phone_confirm: true });
  done(await link((await withCode(at, email)).id, user.id, at));
  assert.equal((await userOf(user.id, at)).loginMethods.length, 3);
  const { identity_id } = identityOf(await seen(user.id), "email");
  ok(await door.delete(`/user/identities/${identity_id}`, { token: session.access_token }));
  const there = await userOf(user.id, at);
  assert.deepEqual([there.emails, recipesOf(there)], [[], ["passwordless"]]);
  assert.equal((await signIn(at, email)).json.status, "WRONG_CREDENTIALS_ERROR");
});

test("Identities: an address is verified if it is for one of them", async () => {
  const owner = await withPassword(at);
  const other = await withCode(at, owner.email);
  await group(at, owner, other);
  const methods = (await userOf(owner.id, at)).loginMethods;
  assert.deepEqual(methods.map(({ verified }) => verified), [false, true]);
  const { identities } = await seen(owner.id);
  assert.deepEqual(identities.map(({ identity_data }) => identity_data.email_verified), [true]);
});

test("Ids: one user has one id at both, and in policies", async () => {
  const { user, session } = await door.member();
  assert.equal((await userOf(user.id, at)).id, user.id);
  assert.equal(claimsOf(session.access_token).sub, user.id);
  const { session: { userId }, accessToken } = done(await createSession(at, user.id));
  assert.deepEqual([userId, uidOf(accessToken.token)], [user.id, user.id]);
  assert.equal(uidOf(session.access_token), user.id);
});

test("Ids: an administrator may choose the id", async () => {
  const id = randomUUID();
  const body = { id, email: newEmail(), password: PASSWORD };
  const { email } = ok(await door.admin("POST", "/admin/users", { body }));
  const there = await userOf(id, at);
  assert.deepEqual([there.id, there.emails, methodIds(there)], [id, [email], [id]]);
});

test("Ids: a login method's id is none of a user at GoTrue", async () => {
  const session = await byCode();
  ok(await setUser(session, { password: PASSWORD }));
  const [, second] = methodIds(await userOf(session.user.id, at));
  assert.equal((await userOf(second, at)).id, session.user.id);
  refused(await door.admin("GET", `/admin/users/${second}`), 404, "user_not_found");
});

test("Ids: an id from another system is shown by SuperTokens alone", async () => {
  const email = newEmail();
  const { id } = await door.signUp(email);
  const external = await mapped(id, at);
  assert.equal((await userOf(external, at)).id, external);
  assert.equal((await userOf(id, at)).id, external);
  assert.equal((await seen(id)).id, id);
  refused(await door.admin("GET", `/admin/users/${external}`), 404, "validation_failed");
  const session = ok(await verify(door, { type: "signup", email, token: (await mailTo(email)).code }));
  assert.equal(claimsOf(session.access_token).sub, id);
  const { session: { userId }, accessToken } = done(await createSession(at, id));
  assert.equal(userId, external);
  assert.deepEqual([uidOf(session.access_token), uidOf(accessToken.token)], [id, null], "it is no UUID");
});

test("Ids: what is proven at GoTrue is noted under the id that SuperTokens shows", async () => {
  const email = newEmail();
  const { id } = await door.signUp(email);
  const external = await mapped(id, at);
  ok(await verify(door, { type: "signup", email, token: (await mailTo(email)).code }));
  assert.equal(await isVerified(external, email, at), true);
  assert.equal(await isVerified(id, email, at), false);
  assert.equal((await userOf(external, at)).loginMethods[0].verified, true);
});

test("Ids: a session at GoTrue stands in the way of a mapping like one of SuperTokens", async () => {
  const { user, session } = await door.member();
  const more = { ignoreEmailVerification: true };
  refusedThere(await map(user.id, `ext-${user.id}`, more, at), 400, /UserId is already in use in Session recipe/);
  assert.equal((await door.call("POST", "/logout", { token: session.access_token })).status, 204);
  done(await map(user.id, `ext-${user.id}`, { force: true }, at));
  done(await unmap(user.id, { force: true }, at));
});
