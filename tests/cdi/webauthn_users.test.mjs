// Users with passkeys among others: tenants, groups, lists, and the user object of each version (CDI 3.5, 3.9 to 3.11,
// 6.1, 7.12.281).
import test from "node:test";
import {
  assert, get, has, newApp, newEmail, newTenant, ok, post, sameMembers, signIn, signUp,
} from "./helper.mjs";
import {
  ALREADY_LINKED, INFO_TAKEN, NOT_ALLOWED, alive, appWithTenants, associate, createPrimary, disassociate, findUser,
  group, link, mapped, methodIds, methodOf, openSession, removeUser, tenantId, unlink, userOf, verified, withPassword,
} from "./linking_helper.mjs";
import { PAGE, Passkey } from "./passkey.mjs";
import {
  EMAIL_EXISTS, NO_CREDENTIAL, SHOWING, UNKNOWN_USER, addPasskey, credentialIds, enter, register, signInWith,
  signUpWith, toRegister, toSignIn, withPasskey,
} from "./webauthn_helper.mjs";

const NONE = { status: NO_CREDENTIAL };
const UNKNOWN = { status: UNKNOWN_USER };
const now = { status: "OK", wasAlreadyAssociated: false };
const before = { status: "OK", wasAlreadyAssociated: true };
const left = { status: "OK", wasAssociated: true };

const entered = async (passkey, at = "") => {
  const { status, user, recipeUserId } = ok(await enter(passkey, at));
  return [user.id, recipeUserId];
};

/** The users with this account info in a tenant. */
const found = async (query, at = "", version = "5.4") => {
  const path = `${at}/users/by-accountinfo`;
  const { users } = ok(await get(path, { doUnionOfAccountInfo: false, ...query }, version));
  return users.map(({ id }) => id);
};

test("7.12.281 the user object of each version", async () => {
  const app = await newApp();
  const { id, email, passkey, user } = await withPasskey(app);
  const other = await withPassword(app);
  const withoutAny = ({ webauthn, ...rest }) => rest;
  const [method] = user.loginMethods;
  for (const version of SHOWING) assert.deepEqual(await userOf(id, app, version), user, version);
  for (const version of ["4.0", "5.0", "5.1", "5.2"]) {
    const expected = { ...withoutAny(user), emails: [], loginMethods: [withoutAny(method)] };
    assert.deepEqual(await userOf(id, app, version), expected, version);
    const [listed] = ok(await get(`${app}/users`, { limit: 1 }, version)).users;
    assert.deepEqual(listed, expected, version);
    assert.equal((await userOf(other.id, app, version)).webauthn, undefined);
    assert.deepEqual((await userOf(other.id, app, version)).emails, [other.email]);
  }
  for (const version of SHOWING) {
    const shown = await userOf(other.id, app, version);
    assert.deepEqual(shown.webauthn, { credentialIds: [] });
    assert.equal("webauthn" in shown.loginMethods[0], false, "only where the recipe has some");
  }
  assert.deepEqual([method.email, method.webauthn.credentialIds], [email, [passkey.id]]);
});

test("6.2 a user who has nothing but passkeys is in no list of versions that cannot show one", async () => {
  const app = await newApp();
  await withPasskey(app);
  const { id } = await withPassword(app);
  const { users } = ok(await get(`${app}/users`, {}, "3.1"));
  assert.deepEqual(users.map(({ user }) => user.id), [id]);
});

test("6.1 6.2 a group with a passkey in versions that cannot show one", async () => {
  const app = await newApp();
  const [owner, member] = [await withPassword(app), await withPasskey(app)];
  const user = await group(app, owner, member);
  sameMembers(user.emails, [owner.email, member.email]);
  assert.deepEqual((await userOf(owner.id, app, "5.2")).emails, [owner.email]);
  const { users } = ok(await get(`${app}/users`, {}, "3.1"));
  assert.deepEqual(users.map((listed) => [listed.recipeId, listed.user.id]), [["emailpassword", owner.id]]);
});

test("6.1 the address is verified for the user, and only then", async () => {
  const { id, email, passkey } = await withPasskey();
  assert.equal((await userOf(id)).loginMethods[0].verified, false);
  await verified(id, email);
  for (const user of [await userOf(id), ok(await enter(passkey)).user]) {
    assert.equal(user.loginMethods[0].verified, true);
  }
});

test("3.11 users are found by a passkey", async () => {
  const { app, t1, t2 } = await appWithTenants();
  const [one, other] = [await withPasskey(t1), await withPasskey(t1)];
  const webauthnCredentialId = one.passkey.id;
  for (const version of SHOWING) assert.deepEqual(await found({ webauthnCredentialId }, t1, version), [one.id]);
  for (const at of [t2, app, await newApp()]) assert.deepEqual(await found({ webauthnCredentialId }, at), []);
  for (const id of ["AAAA", webauthnCredentialId.slice(1)]) {
    assert.deepEqual(await found({ webauthnCredentialId: id }, t1), []);
  }
  assert.deepEqual(await found({ webauthnCredentialId }, t1, "5.2"), [], "5.2 does not know the parameter");
  const both = { webauthnCredentialId, email: other.email };
  assert.deepEqual(await found(both, t1), []);
  assert.deepEqual(await found({ ...both, doUnionOfAccountInfo: true }, t1), [one.id, other.id]);
  assert.deepEqual(await found({ webauthnCredentialId, email: one.email }, t1), [one.id]);
  const passkey = await addPasskey(one.id, t1);
  assert.deepEqual(await found({ webauthnCredentialId: passkey.id }, t1), [one.id]);
  await group(app, other, one);
  assert.deepEqual(await found({ webauthnCredentialId }, t1), [other.id], "the group");
  assert.deepEqual(await found({ webauthnCredentialId, email: other.email }, t1), [other.id]);
  ok(await unlink(one.id, app));
  assert.deepEqual(await found({ webauthnCredentialId }, t1), [one.id]);
});

test("3.11 users of two relying parties with one credential id", async () => {
  const app = await newApp();
  const { id, passkey } = await withPasskey(app);
  const page = { ...PAGE, relyingPartyId: "login.example.org" };
  const options = await toRegister(page, app);
  const clone = new Passkey({ id: passkey.bytes, page });
  const { user } = ok(await signUpWith(options, clone.register(options), app));
  sameMembers(await found({ webauthnCredentialId: passkey.id }, app), [id, user.id]);
});

test("3.11 lists and counts by recipe", async () => {
  const app = await newApp();
  const [{ id }, other] = [await withPasskey(app), await withPassword(app)];
  const listed = async (includeRecipeIds) =>
    ok(await get(`${app}/users`, { includeRecipeIds })).users.map((user) => user.id);
  const counted = async (query) => ok(await get(`${app}/users/count`, query)).count;
  assert.deepEqual(await listed("webauthn"), [id]);
  assert.deepEqual(await listed("emailpassword,webauthn"), [id, other.id]);
  for (const all of [{}, { includeAllTenants: true }]) {
    assert.equal(await counted({ includeRecipeIds: "webauthn", ...all }), 1);
    assert.equal(await counted(all), 2);
  }
});

test("7.12.273 a passkey is good in the tenants of its user", async () => {
  const { app, t1, t2 } = await appWithTenants();
  const { id, passkey } = await withPasskey(t1);
  assert.deepEqual((await enter(passkey, t2)).json, UNKNOWN, "known, but not here");
  assert.deepEqual((await enter(passkey, app)).json, UNKNOWN);
  assert.deepEqual((await enter(passkey, await newApp())).json, NONE);
  assert.deepEqual(ok(await associate(id, t2)), now);
  assert.deepEqual(ok(await associate(id, t2)), before);
  sameMembers((await userOf(id, app)).tenantIds, [tenantId(t1), tenantId(t2)]);
  for (const at of [t1, t2]) assert.deepEqual(await entered(passkey, at), [id, id]);
  assert.deepEqual(ok(await disassociate(id, t1)), left);
  assert.deepEqual((await enter(passkey, t1)).json, UNKNOWN);
  assert.deepEqual(await entered(passkey, t2), [id, id]);
  assert.deepEqual(ok(await disassociate(id, t2)), left);
  assert.deepEqual((await enter(passkey, t2)).json, UNKNOWN);
  assert.deepEqual(await credentialIds(id, app), [passkey.id], "kept, for the user may come back");
  assert.deepEqual(ok(await associate(id, t1)), now);
  assert.deepEqual(await entered(passkey, t1), [id, id]);
});

test("3.9 options that were made before the user left", async () => {
  const { t1, t2 } = await appWithTenants();
  const { id, passkey } = await withPasskey(t1);
  ok(await associate(id, t2));
  const options = await toSignIn({}, t2);
  const answer = passkey.signIn(options);
  ok(await signInWith(options, answer, t2));
  ok(await disassociate(id, t2));
  assert.deepEqual((await signInWith(options, answer, t2)).json, UNKNOWN, "nor does the repetition");
});

test("3.9 an address that is taken keeps a user out of a tenant", async () => {
  const { app, t1, t2, t3 } = await appWithTenants();
  const email = newEmail();
  const [one, other] = [await withPasskey(t1, email), await withPasskey(t2, email)];
  assert.deepEqual((await associate(one.id, t2)).json, { status: EMAIL_EXISTS });
  await withPassword(t3, email);
  assert.deepEqual(ok(await associate(one.id, t3)), now, "that of a user with a password does not count");
  ok(await removeUser(other.id, app));
  assert.deepEqual(ok(await associate(one.id, t2)), now);
});

test("3.9 groups keep their addresses to themselves in a tenant", async () => {
  const { app, t1, t2 } = await appWithTenants();
  const email = newEmail();
  const [one, holder] = [await withPasskey(t1, email), await withPassword(t2, email)];
  for (const { id } of [one, holder]) ok(await createPrimary(id, app));
  const answer = has(await associate(one.id, t2), NOT_ALLOWED);
  assert.equal(typeof answer.reason, "string");
  assert.deepEqual((await enter(one.passkey, t2)).json, UNKNOWN);
});

test("3.9 a tenant that is removed leaves its users' passkeys", async () => {
  const app = await newApp();
  const at = await newTenant(app);
  const { id, email, passkey } = await withPasskey(at);
  ok(await post(`${app}/recipe/multitenancy/tenant/remove`, { tenantId: tenantId(at) }));
  const user = await userOf(id, app);
  assert.deepEqual([user.tenantIds, user.webauthn.credentialIds], [[], [passkey.id]]);
  await newTenant(app, tenantId(at));
  assert.deepEqual((await enter(passkey, at)).json, UNKNOWN, "it is another tenant");
  const newcomer = await withPasskey(at, email);
  assert.deepEqual((await associate(id, at)).json, { status: EMAIL_EXISTS });
  ok(await removeUser(newcomer.id, app));
  assert.deepEqual(ok(await associate(id, at)), now);
  assert.deepEqual(await entered(passkey, at), [id, id]);
});

test("3.5 a passkey signs in its user's group", async () => {
  const app = await newApp();
  const [owner, member] = [await withPassword(app), await withPasskey(app)];
  const session = await openSession(app, member.id);
  const user = await group(app, owner, member);
  assert.deepEqual(methodIds(user), [owner.id, member.id]);
  sameMembers(user.emails, [owner.email, member.email]);
  assert.deepEqual(user.webauthn, { credentialIds: [member.passkey.id] });
  assert.deepEqual(methodOf(user, member.id).webauthn, { credentialIds: [member.passkey.id] });
  assert.equal("webauthn" in methodOf(user, owner.id), false);
  assert.deepEqual(await alive([session], app), [false]);
  const second = await addPasskey(member.id, app);
  for (const one of [member.passkey, second]) assert.deepEqual(await entered(one, app), [owner.id, member.id]);
  const options = await toRegister({}, app);
  has(await register(owner.id, options, new Passkey().register(options), app), UNKNOWN_USER, "the password's id");
  assert.deepEqual(await credentialIds(owner.id, app), []);
  assert.equal(has(await createPrimary(member.id, app), ALREADY_LINKED).primaryUserId, owner.id);
  const external = await mapped(member.id, app);
  assert.deepEqual(await entered(second, app), [owner.id, external]);
  ok(await unlink(external, app));
  assert.deepEqual(await entered(second, app), [external, external]);
});

test("3.5 an address of a passkey's user is held like any other", async () => {
  const app = await newApp();
  const email = newEmail();
  const [passkeys, byPassword] = [await withPasskey(app, email), await withPassword(app, email)];
  ok(await createPrimary(passkeys.id, app));
  assert.equal(has(await createPrimary(byPassword.id, app), INFO_TAKEN).primaryUserId, passkeys.id);
  const another = await withPassword(app);
  ok(await createPrimary(another.id, app));
  assert.equal(has(await link(byPassword.id, another.id, app), INFO_TAKEN).primaryUserId, passkeys.id);
  assert.equal(ok(await link(byPassword.id, passkeys.id, app)).accountsAlreadyLinked, false);
});

test("3.5 two users with passkeys in one group", async () => {
  const app = await newApp();
  const [owner, member] = [await withPasskey(app), await withPasskey(app)];
  const user = await group(app, owner, member);
  sameMembers(user.webauthn.credentialIds, [owner.passkey.id, member.passkey.id]);
  for (const { id, passkey } of [owner, member]) {
    assert.deepEqual(await entered(passkey, app), [owner.id, id]);
    assert.deepEqual(await credentialIds(id, app), [passkey.id]);
  }
  // The group outlives the login method that it began with; the passkey goes along with that one.
  const { wasRecipeUserDeleted, wasLinked } = ok(await unlink(owner.id, app));
  assert.deepEqual([wasRecipeUserDeleted, wasLinked], [true, true]);
  assert.deepEqual((await enter(owner.passkey, app)).json, NONE);
  assert.deepEqual(await entered(member.passkey, app), [owner.id, member.id]);
});

test("3.10 one of a group is removed, with its passkeys", async () => {
  const app = await newApp();
  for (const primary of [true, false]) {
    const [one, other] = [await withPasskey(app), await withPassword(app)];
    await group(app, ...(primary ? [one, other] : [other, one]));
    ok(await removeUser(one.id, app, { removeAllLinkedAccounts: false }));
    const user = await userOf(other.id, app);
    assert.deepEqual([methodIds(user), user.webauthn.credentialIds], [[other.id], []]);
    assert.equal(user.id, primary ? one.id : other.id);
    assert.deepEqual((await enter(one.passkey, app)).json, NONE);
    ok(await signIn(app, other.email));
    await withPasskey(app, one.email, one.passkey);
  }
});

test("3.10 a group is removed, with all passkeys", async () => {
  const app = await newApp();
  const [owner, member] = [await signUp(app), await withPasskey(app)];
  await group(app, owner, member);
  ok(await removeUser(owner.id, app));
  assert.deepEqual((await enter(member.passkey, app)).json, NONE);
  has(await findUser(member.id, app), UNKNOWN_USER);
});
