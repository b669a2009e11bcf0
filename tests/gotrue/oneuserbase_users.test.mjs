// Deletion, users without a name, lists, the audit log, and both doors at the same time (docs/one-user-base.md).
import test from "node:test";
import {
  call, consumeCode, createCode, createSession, get, newId, ok as done, post, signIn as signInThere, typed,
} from "../cdi/helper.mjs";
import {
  UNKNOWN_USER, createPrimary, findUser, giveRole, group, isVerified, link, mapped, metadataOf, methodIds, removeUser,
  rolesOf, setMetadata, stranger, updateUser, userOf, verified, verificationToken, withCode, withPassword, withProvider,
} from "../cdi/linking_helper.mjs";
import { SECRET, importDevice, names } from "../cdi/totp_helper.mjs";
import {
  PASSWORD, assert, claimsOf, mailTo, newEmail, newInstance, newPhone, ok, refused, sql, textTo,
} from "./helper.mjs";
import { AT_ONCE, PHONES, verify } from "./codes_helper.mjs";

const door = await newInstance({ ...AT_ONCE, ...PHONES, external_anonymous_users_enabled: true });
const at = door.cdi;

const seen = async (id) => ok(await door.admin("GET", `/admin/users/${id}`));
const isUnknownHere = async (id) => refused(await door.admin("GET", `/admin/users/${id}`), 404, "user_not_found");
const isUnknownThere = async (id) => assert.equal((await findUser(id, at)).json.status, UNKNOWN_USER);
const remove = async (id, body) => ok(await door.admin("DELETE", `/admin/users/${id}`, { body }));
const setUser = (session, body) => door.put("/user", body, { token: session.access_token });
const me = (session) => door.get("/user", { token: session.access_token });
const row = (id) => sql("SELECT * FROM auth.users WHERE id::text = $1", id)[0];
const sessionsOf = (id) => sql("SELECT id FROM auth.sessions WHERE user_id::text = $1 OR subject = $1", id);
const anonymous = async (instance = door) => ok(await instance.post("/signup", {}));
const usersHere = async (instance = door) => {
  const answer = await instance.admin("GET", "/admin/users?per_page=1000");
  return { ids: ok(answer).users.map(({ id }) => id), total: Number(answer.headers.get("x-total-count")) };
};
const usersThere = async (path = at) => done(await get(`${path}/users`, { limit: 500 })).users.map(({ id }) => id);
const countThere = async (path = at) => done(await get(`${path}/users/count`)).count;
const entriesOf = (id) =>
  sql(
    `SELECT payload ->> 'action' AS action FROM auth.audit_log_entries
     WHERE payload ->> 'actor_id' = $1 OR payload -> 'traits' ->> 'user_id' = $1`,
    id,
  ).map(({ action }) => action);

/** A user of whom every recipe keeps something, with another one linked: {email, id, session, other}. */
async function known() {
  const { email, user: { id }, session } = await door.member();
  const other = await withCode(at);
  done(await link(other.id, id, at));
  await setMetadata(id, { a: 1 }, at);
  await giveRole(id, at, at);
  done(await importDevice(id, "app", SECRET, {}, at));
  done(await createSession(at, id));
  return { email, id, session, other };
}

/** Nothing is kept under an id, and its addresses are anybody's. */
async function isForgotten({ email, id, session, other }) {
  await isUnknownThere(id);
  refused(await door.refresh(session.refresh_token), 400, "refresh_token_not_found");
  assert.deepEqual(sessionsOf(id), []);
  assert.deepEqual(await metadataOf(id, at), {});
  assert.deepEqual(await rolesOf(id, at), []);
  assert.deepEqual(await names(id, at), []);
  assert.equal(await isVerified(id, email, at), false);
  for (const address of [email, other.email]) assert.notEqual((await door.signUp(address)).id, id);
}

test("Deletion: at GoTrue a user goes with all that SuperTokens keeps of it", async () => {
  const who = await known();
  await remove(who.id);
  await isUnknownHere(who.id);
  for (const id of [who.id, who.other.id]) assert.equal(row(id), undefined);
  await isForgotten(who);
});

test("Deletion: at SuperTokens a user goes with all that GoTrue keeps of it", async () => {
  const who = await known();
  ok(await door.post("/recover", { email: who.email }));
  const { token } = await mailTo(who.email);
  done(await removeUser(who.id, at));
  await isUnknownHere(who.id);
  refused(await me(who.session), 403, "user_not_found");
  refused(await verify(door, { type: "recovery", token_hash: token }), 403, "otp_expired");
  for (const id of [who.id, who.other.id]) assert.equal(row(id), undefined);
  await isForgotten(who);
});

test("Deletion: SuperTokens removes one login method of several, and its identity with it", async () => {
  const { id, other, email } = await known();
  done(await removeUser(other.id, at, { removeAllLinkedAccounts: false }));
  const now = await seen(id);
  assert.deepEqual(now.identities.map((identity) => identity.email), [email]);
  assert.equal(row(other.id), undefined);
});

test("Deletion: without the login method that it began with a user keeps its id, and loses that address", async () => {
  const { id, email, other } = await known();
  done(await removeUser(id, at, { removeAllLinkedAccounts: false }));
  const now = await seen(id);
  assert.deepEqual(now.identities.map((identity) => identity.email), [other.email]);
  assert.equal((await userOf(id, at)).id, id);
  assert.notEqual(now.email, email);
});

test("Deletion: GoTrue takes what is kept under an id from another system along", async () => {
  const { email, user: { id }, session } = await door.member();
  assert.equal((await door.call("POST", "/logout", { token: session.access_token })).status, 204);
  await post(`${at}/recipe/user/email/verify/remove`, { userId: id, email });
  const external = await mapped(id, at);
  await setMetadata(external, { a: 1 }, at);
  await giveRole(external, at, at);
  await remove(id);
  assert.deepEqual([await metadataOf(external, at), await rolesOf(external, at)], [{}, []]);
  await isUnknownThere(external);
});

test("Deletion: a soft one leaves the row, of which SuperTokens knows nothing", async () => {
  const { email, id, session, other } = await known();
  await remove(id, { should_soft_delete: true });
  const now = await seen(id);
  assert.ok(now.deleted_at);
  assert.deepEqual([now.identities, now.user_metadata, now.app_metadata, now.factors], [[], {}, {}, undefined]);
  for (const address of [email, other.email]) assert.ok(!JSON.stringify(now).includes(address));
  await isUnknownThere(id);
  assert.equal((await usersThere()).includes(id), false);
  refused(await door.refresh(session.refresh_token), 400, "refresh_token_not_found");
  assert.deepEqual([sessionsOf(id), await names(id, at)], [[], []]);
  for (const address of [email, other.email]) assert.notEqual((await door.signUp(address)).id, id);
});

test("Deletion: after a soft one nothing of SuperTokens' is left, and no address in any row", async () => {
  const { email, id, other } = await known();
  done(await post(`${at}/recipe/user/email/verify/token`, { userId: id, email: newEmail() }));
  await remove(id, { should_soft_delete: true });
  const left = sql(
    `SELECT 'users' AS place FROM auth.users WHERE email IN ($1, $2)
     UNION ALL SELECT 'verified_emails' FROM auth.verified_emails WHERE email IN ($1, $2)
     UNION ALL SELECT 'primary_claims' FROM auth.primary_claims WHERE value IN ($1, $2)
     UNION ALL SELECT 'one_time_tokens' FROM auth.one_time_tokens WHERE subject = $3
     UNION ALL SELECT 'user_metadata' FROM auth.user_metadata WHERE user_id = $3
     UNION ALL SELECT 'user_roles' FROM auth.user_roles WHERE user_id = $3`,
    email, other.email, id,
  );
  assert.deepEqual(left.map(({ place }) => place), []);
});

test("Deletion: of a user without a name it takes along what SuperTokens keeps under its id", async () => {
  const session = await anonymous();
  const { id } = session.user;
  await setMetadata(id, { a: 1 }, at);
  await giveRole(id, at, at);
  done(await createSession(at, id));
  await remove(id);
  await isUnknownHere(id);
  assert.deepEqual([await metadataOf(id, at), await rolesOf(id, at), sessionsOf(id)], [{}, [], []]);
});

test("Anonymous users: they are GoTrue's alone", async () => {
  const count = await countThere();
  const { user, access_token } = await anonymous();
  assert.equal(claimsOf(access_token).is_anonymous, true);
  await isUnknownThere(user.id);
  assert.equal(await countThere(), count);
  assert.equal((await usersThere()).includes(user.id), false);
  assert.equal((await usersHere()).ids.includes(user.id), true);
  const answer = await createPrimary(user.id, at);
  assert.deepEqual([answer.status, answer.text.trim()], [400, "Unknown user ID provided"]);
});

test("Anonymous users: metadata and roles of SuperTokens can be theirs, as of any id", async () => {
  const { user } = await anonymous();
  await setMetadata(user.id, { a: 1 }, at);
  await giveRole(user.id, at, at);
  assert.deepEqual([await metadataOf(user.id, at), await rolesOf(user.id, at)], [{ a: 1 }, ["admin"]]);
});

test("Anonymous users: with an address one is known to SuperTokens, by the id that it has", async () => {
  const session = await anonymous();
  const { id } = session.user;
  await setMetadata(id, { a: 1 }, at);
  const email = newEmail();
  ok(await setUser(session, { email, password: PASSWORD }));
  await isUnknownThere(id);
  ok(await verify(door, { type: "email_change", email, token: (await mailTo(email)).code }));
  const user = await userOf(id, at);
  assert.deepEqual([methodIds(user), user.emails, user.isPrimaryUser], [[id], [email], true]);
  assert.equal(user.loginMethods[0].verified, true);
  assert.deepEqual(await metadataOf(id, at), { a: 1 });
  assert.equal((await seen(id)).is_anonymous, false);
  assert.equal(done(await signInThere(at, email)).user.id, id);
});

test("Anonymous users: one with a number as well", async () => {
  const session = await anonymous();
  const phone = newPhone();
  ok(await setUser(session, { phone }));
  ok(await verify(door, { type: "phone_change", phone, token: await textTo(phone) }));
  const user = await userOf(session.user.id, at);
  assert.deepEqual([methodIds(user), user.phoneNumbers], [[session.user.id], [phone]]);
});

test("Anonymous users: none takes an address that a user of SuperTokens has", async () => {
  const { email } = await withPassword(at);
  refused(await setUser(await anonymous(), { email }), 422, "email_exists");
});

test("Lists: GoTrue shows every row that is not linked into another, SuperTokens who has a login method", async () => {
  const own = await newInstance({ external_anonymous_users_enabled: true });
  const [there, linked] = [await withPassword(own.cdi), await withCode(own.cdi)];
  const here = (await own.member()).user;
  const nameless = (await anonymous(own)).user;
  const gone = (await own.member()).user;
  ok(await own.admin("DELETE", `/admin/users/${gone.id}`, { body: { should_soft_delete: true } }));
  await group(own.cdi, there, linked);
  const { ids, total } = await usersHere(own);
  assert.deepEqual(ids.sort(), [there.id, here.id, nameless.id, gone.id].sort());
  assert.equal(total, 4);
  assert.deepEqual((await usersThere(own.cdi)).sort(), [there.id, here.id].sort());
  assert.equal(await countThere(own.cdi), 2);
});

test("Lists: they have one order", async () => {
  const own = await newInstance();
  const users = [await withPassword(own.cdi), (await own.member()).user, await withCode(own.cdi)];
  const ids = users.map(({ id }) => id);
  assert.deepEqual(await usersThere(own.cdi), ids);
  assert.deepEqual((await usersHere(own)).ids, [...ids].reverse(), "newest first");
});

test("Lists: a user joined when the oldest of its login methods was made", async () => {
  const own = await newInstance();
  const oldest = await withCode(own.cdi);
  const { user } = await own.member();
  done(await link(oldest.id, user.id, own.cdi));
  const now = ok(await own.admin("GET", `/admin/users/${user.id}`));
  assert.equal(Date.parse(now.created_at), oldest.user.timeJoined);
  assert.equal((await userOf(user.id, own.cdi)).timeJoined, oldest.user.timeJoined);
});

test("Lists: who signs in at either is active, and has signed in", async () => {
  const own = await newInstance();
  const active = async () => done(await get(`${own.cdi}/users/count/active`, { since: 0 })).count;
  const { user } = await own.member();
  assert.equal(await active(), 1);
  const { id, email } = await withPassword(own.cdi);
  assert.equal(await active(), 2);
  const lastSignIn = async (user) => ok(await own.admin("GET", `/admin/users/${user}`)).last_sign_in_at;
  assert.ok(await lastSignIn(user.id));
  assert.equal(await lastSignIn(id), undefined);
  done(await signInThere(own.cdi, email));
  assert.ok(await lastSignIn(id));
});

test("Audit log: it tells what was done at GoTrue, and nothing of SuperTokens", async () => {
  const { id, email } = await withPassword(at);
  await verified(id, email, at);
  done(await signInThere(at, email));
  done(await updateUser(id, { password: "another horse 2" }, at));
  done(await createPrimary(id, at));
  await setMetadata(id, { a: 1 }, at);
  assert.deepEqual(entriesOf(id), []);
  ok(await door.signIn(email, "another horse 2"));
  assert.deepEqual(entriesOf(id), ["login"]);
  done(await removeUser(id, at));
  assert.deepEqual(entriesOf(id), ["login"]);
});

const outcomes = (answers) => answers.map(({ status, json }) => json?.status ?? status).sort();
const usersWith = (value) =>
  sql(
    "SELECT DISTINCT user_id FROM auth.login_method_tenants WHERE app_id = $2 AND $1 IN (email, phone)",
    value, door.appId,
  );

test("At the same time: one address that signs up with a password at both is one user's", async () => {
  const own = await newInstance({ mailer_autoconfirm: true });
  for (let round = 0; round < 4; round += 1) {
    const body = { email: newEmail(), password: PASSWORD };
    const calls = [() => own.post("/signup", body), () => post(`${own.cdi}/recipe/signup`, body)];
    const answers = await Promise.all((round % 2 ? calls : calls.reverse()).map((make) => make()));
    const won = outcomes(answers).filter((outcome) => outcome === "OK" || outcome === 200);
    assert.equal(won.length, 1, JSON.stringify(answers));
    const there = done(await signInThere(own.cdi, body.email));
    const listed = sql("SELECT id FROM auth.users WHERE app_id = $1 AND email = $2", own.appId, body.email);
    assert.deepEqual(listed, [{ id: there.user.id }]);
  }
});

test("At the same time: an address or a number that signs up by code at both is one user's", async () => {
  for (const [name, contact] of [["email", newEmail()], ["phone", newPhone()]]) {
    const there = name === "email" ? { email: contact } : { phoneNumber: contact };
    const code = typed(await createCode(there, at));
    const answers = await Promise.all([door.post("/otp", { [name]: contact }), consumeCode(code, at)]);
    assert.deepEqual(outcomes(answers), ["OK", 200].sort(), JSON.stringify(answers));
    assert.equal(usersWith(contact).length, 1);
  }
});

test("At the same time: one of two users who prove one address becomes primary", async () => {
  for (let round = 0; round < 4; round += 1) {
    const email = newEmail();
    const here = await door.signUp(email);
    const { token } = await mailTo(email);
    const there = await withProvider(at, email, stranger(email, true));
    await Promise.all([verify(door, { type: "signup", token_hash: token }), createPrimary(there.id, at)]);
    const users = await Promise.all([here.id, there.id].map((id) => userOf(id, at)));
    assert.equal(users.filter(({ isPrimaryUser }) => isPrimaryUser).length, 1);
    const [holder] = sql("SELECT user_id FROM auth.primary_claims WHERE kind = 'email' AND value = $1", email);
    assert.equal(users.find(({ id }) => id === holder.user_id).isPrimaryUser, true);
  }
});

test("At the same time: a password that is changed at both is one of the two, for both", async () => {
  const { email, user, session } = await door.member();
  const [one, other] = ["another horse 2", "a third horse 3"];
  await Promise.all([setUser(session, { password: one }), updateUser(user.id, { password: other }, at)]);
  const working = [];
  for (const password of [one, other]) {
    const here = (await door.signIn(email, password)).status === 200;
    assert.equal((await signInThere(at, email, password)).json.status === "OK", here);
    if (here) working.push(password);
  }
  assert.equal(working.length, 1);
});

test("At the same time: a user who is deleted at both is gone, and so is one who verifies meanwhile", async () => {
  for (let round = 0; round < 4; round += 1) {
    const who = await known();
    const token = await verificationToken(who.other.id, newEmail(), at);
    const [here, there, proof] = await Promise.all([
      door.admin("DELETE", `/admin/users/${who.id}`),
      removeUser(who.id, at),
      call("POST", `${at}/recipe/user/email/verify`, { body: { method: "token", token } }),
    ]);
    assert.ok([200, 404].includes(here.status), here.text);
    done(there);
    assert.equal(proof.status, 200, proof.text);
    await isForgotten(who);
  }
});

test("At the same time: whoever is linked while signing in at GoTrue has no session of its own", async () => {
  for (let round = 0; round < 4; round += 1) {
    const other = await withPassword(at, newEmail(newId("linked")));
    await verified(other.id, other.email, at);
    const { user } = await door.member();
    const answers = await Promise.all([door.signIn(other.email), link(other.id, user.id, at)]);
    done(answers[1]);
    const left = sql("SELECT user_id FROM auth.sessions WHERE user_id::text = $1", other.id);
    assert.deepEqual(left, [], "no session is that of a user who is none any more");
  }
});
