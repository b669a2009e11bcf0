// Sign-in with an account at a provider (CDI 2.4, 3.3, 7.4).
import test from "node:test";
import {
  UUID, VERSIONS, assert, badField, call, get, has, newApp, newEmail, newId, newTenant, ok, passwordlessUser, post,
  refused, signInUp, signUp, sqlCall,
} from "./helper.mjs";

/** A provider's user whom nobody has seen. */
const stranger = (more = {}) => ({
  thirdPartyId: "github", thirdPartyUserId: newId("id"), email: { id: newEmail(), isVerified: false }, ...more,
});

/** The same one, with another address. */
const withEmail = (user, id, isVerified = false) => ({ ...user, email: { id, isVerified } });
const verifiedNow = async (userId, at = "") =>
  ok(await get(`${at}/user/id`, { userId })).user.loginMethods[0].verified;
const find = (query, at = "") =>
  call("GET", `${at}/recipe/user`, { query, version: "3.1", headers: { rid: "thirdparty" } });

test("7.4.107 sign-up, then sign-in, as each version sees it", async () => {
  for (const version of VERSIONS) {
    const given = stranger();
    const thirdParty = { id: given.thirdPartyId, userId: given.thirdPartyUserId };
    const ids = [];
    for (const createdNewUser of [true, false]) {
      const { status, ...done } = ok(await signInUp(given, "", version));
      const { user } = done;
      assert.match(user.id, UUID);
      assert.equal(done.createdNewUser, createdNewUser);
      ids.push(user.id);
      const { id, timeJoined } = user;
      if (version === "3.1") {
        assert.deepEqual(Object.keys(done).sort(), ["createdNewUser", "user"]);
        assert.deepEqual(user, { id, email: given.email.id, timeJoined, thirdParty, tenantIds: ["public"] });
        continue;
      }
      assert.deepEqual(Object.keys(done).sort(), ["createdNewUser", "recipeUserId", "user"]);
      assert.equal(done.recipeUserId, id);
      assert.deepEqual([user.isPrimaryUser, user.emails, user.phoneNumbers, user.thirdParty, user.tenantIds],
        [false, [given.email.id], [], [thirdParty], ["public"]]);
      assert.deepEqual(user.loginMethods, [{
        recipeId: "thirdparty", recipeUserId: id, timeJoined, tenantIds: ["public"], verified: false,
        email: given.email.id, thirdParty,
      }]);
      assert.deepEqual(ok(await get("/user/id", { userId: id }, version)).user, user);
    }
    assert.equal(ids[0], ids[1]);
  }
});

test("7.4.108 2.4 what a sign-in must say", async () => {
  for (const version of VERSIONS) {
    const { email, ...pair } = stranger();
    for (const field of ["thirdPartyId", "thirdPartyUserId", "email"]) {
      const missing = await signInUp({ ...pair, email, [field]: undefined }, "", version);
      badField(missing, field, `${version} ${field}`);
      badField(await signInUp({ ...pair, email, [field]: 1 }, "", version), field, `${version} ${field}`);
    }
    badField(await signInUp({ ...pair, email: { isVerified: true } }, "", version), "id", version);
    const without = { ...pair, email: { id: email.id } };
    if (version === "3.1") ok(await signInUp(without, "", version));
    else badField(await signInUp(without, "", version), "isVerified", version);
    const quoted = { ...pair, email: { ...email, isVerified: "true" } };
    if (version === "3.1") ok(await signInUp(quoted, "", version), "it is not read");
    else badField(await signInUp(quoted, "", version), "isVerified", version);
  }
});

test("7.4.109 the provider's word verifies, and never takes back", async () => {
  for (const version of VERSIONS.slice(1)) {
    for (const words of [[true, false], [false, true, false]]) {
      const given = stranger();
      let expected = false;
      for (const isVerified of words) {
        expected ||= isVerified;
        const { user } = ok(await signInUp(withEmail(given, given.email.id, isVerified), "", version));
        assert.equal(user.loginMethods[0].verified, expected, `${version} ${words}`);
        assert.equal(await verifiedNow(user.id), expected);
      }
    }
  }
});

test("3.3 before CDI 4.0 nothing is verified", async () => {
  const given = stranger({ email: { id: newEmail(), isVerified: true } });
  for (let n = 0; n < 2; n += 1) {
    const { user } = ok(await signInUp(given, "", "3.1"));
    assert.equal(await verifiedNow(user.id), false);
  }
});

test("7.4.110 the provider's user has another address", async () => {
  for (const version of VERSIONS) {
    const given = stranger({ email: { id: newEmail(), isVerified: true } });
    const { id } = ok(await signInUp(given)).user;
    const email = newEmail();
    const done = ok(await signInUp(withEmail(given, email), "", version));
    assert.deepEqual([done.createdNewUser, done.user.id], [false, id]);
    const { user } = ok(await get("/user/id", { userId: id }));
    assert.deepEqual([user.emails, user.loginMethods[0].email], [[email], email], version);
    assert.equal(user.loginMethods[0].verified, false);
    const back = ok(await signInUp(given, "", "3.1"));
    assert.deepEqual([back.user.id, await verifiedNow(id)], [id, true], "the old address was verified");
    for (const [address, count] of [[given.email.id, 1], [email, 0]]) {
      const { users } = ok(await get("/users/by-accountinfo", { email: address, doUnionOfAccountInfo: true }));
      assert.equal(users.length, count, address);
    }
  }
});

test("7.4.111 7.4.112 what makes two users, or one", async () => {
  const given = stranger();
  const { id } = ok(await signInUp(given)).user;
  for (const other of [{ thirdPartyUserId: newId("id") }, { thirdPartyId: "google" }, { thirdPartyId: "GitHub" },
    { thirdPartyUserId: given.thirdPartyUserId.toUpperCase() }, { thirdPartyUserId: ` ${given.thirdPartyUserId}` }]) {
    const done = ok(await signInUp({ ...given, ...other }));
    assert.equal(done.createdNewUser, true, JSON.stringify(other));
    assert.notEqual(done.user.id, id);
    const [thirdParty] = done.user.thirdParty;
    const { thirdPartyId, thirdPartyUserId } = { ...given, ...other };
    assert.deepEqual(thirdParty, { id: thirdPartyId, userId: thirdPartyUserId }, "as given");
  }
  assert.equal(ok(await signInUp(given)).user.id, id);
});

test("7.4.113 the same account in two tenants, and in two apps, is two users", async () => {
  const app = await newApp();
  const given = stranger();
  const ids = [];
  for (const at of ["", app, await newTenant(app), await newTenant(app)]) {
    const done = ok(await signInUp(given, at));
    assert.equal(done.createdNewUser, true);
    ids.push(done.user.id);
    assert.equal(ok(await signInUp(given, at)).user.id, done.user.id);
  }
  assert.equal(new Set(ids).size, 4);
});

test("7.4.115 8.5 a user who is not primary may take any address, and is not linked by it", async () => {
  const [withPassword, withCode] = [await signUp(), await passwordlessUser({ email: newEmail() })];
  const other = stranger();
  const { user } = ok(await signInUp(other));
  for (const email of [withPassword.email, withCode.email, other.email.id]) {
    const given = stranger();
    ok(await signInUp(given));
    const changed = ok(await signInUp(withEmail(given, email, true)));
    assert.deepEqual([changed.createdNewUser, changed.user.emails], [false, [email]]);
    const made = ok(await signInUp(stranger({ email: { id: email, isVerified: true } })));
    assert.equal(made.createdNewUser, true);
    for (const done of [changed, made]) {
      assert.equal(done.user.loginMethods.length, 1);
      assert.ok(![withPassword.id, withCode.id, user.id].includes(done.user.id));
    }
  }
  assert.equal(await verifiedNow(user.id), false, "each has its own verification");
});

test("7.4.118 an address is trimmed and lower-cased", async () => {
  for (const version of VERSIONS) {
    const email = newEmail();
    const given = stranger({ email: { id: ` ${email.toUpperCase()} `, isVerified: true } });
    const { user } = ok(await signInUp(given, "", version));
    assert.deepEqual(version === "3.1" ? user.email : user.emails[0], email);
    assert.equal(ok(await signInUp(withEmail(given, email))).user.emails[0], email);
  }
});

test("7.4.120 the deprecated list of users by address", async () => {
  const at = await newTenant();
  const byEmail = (query) => get(`${at}/recipe/users/by-email`, query, "3.1");
  const email = newEmail();
  refused(await byEmail({}), 400, "Field name 'email' is missing in GET request");
  assert.deepEqual(ok(await byEmail({ email })), { status: "OK", users: [] });
  await signUp(at, email);
  await passwordlessUser({ email }, at);
  assert.deepEqual(ok(await byEmail({ email })).users, []);
  await signInUp(stranger({ email: { id: email, isVerified: true } }));
  const shown = [];
  for (let n = 0; n < 2; n += 1) {
    const given = stranger({ email: { id: email, isVerified: true } });
    const { id, timeJoined, tenantIds } = ok(await signInUp(given, at)).user;
    const thirdParty = { id: given.thirdPartyId, userId: given.thirdPartyUserId };
    shown.push({ id, email, timeJoined, thirdParty, tenantIds });
  }
  const { users } = ok(await byEmail({ email: ` ${email.toUpperCase()}` }));
  const byId = (one, other) => (one.id < other.id ? -1 : 1);
  assert.deepEqual(users.sort(byId), shown.sort(byId), "of this tenant alone");
});

test("2.4 the deprecated look-up", async () => {
  const given = stranger();
  const { thirdPartyId, thirdPartyUserId } = given;
  const { id, timeJoined } = ok(await signInUp(given)).user;
  const one = "Please provide one of userId or (thirdPartyId & thirdPartyUserId)";
  for (const query of [{}, { thirdPartyId }, { thirdPartyUserId }]) refused(await find(query), 400, one);
  const both = "Please provide only one of userId or (thirdPartyId & thirdPartyUserId)";
  refused(await find({ userId: id, thirdPartyId, thirdPartyUserId }), 400, both);
  const thirdParty = { id: thirdPartyId, userId: thirdPartyUserId };
  const user = { id, email: given.email.id, timeJoined, thirdParty, tenantIds: ["public"] };
  for (const query of [{ userId: id }, { thirdPartyId, thirdPartyUserId }]) {
    assert.deepEqual(ok(await find(query)), { status: "OK", user });
  }
  const withPassword = await signUp();
  for (const userId of ["unknown", withPassword.id]) has(await find({ userId }), "UNKNOWN_USER_ID_ERROR");
  const UNKNOWN = "UNKNOWN_THIRD_PARTY_USER_ERROR";
  has(await find({ thirdPartyId, thirdPartyUserId: "unknown" }), UNKNOWN);
  const at = await newTenant();
  has(await find({ thirdPartyId, thirdPartyUserId }, at), UNKNOWN, "the pair in one tenant");
  assert.equal(ok(await find({ userId: id }, at)).user.id, id, "the id in all of the app");
});

test("7.9.200 a recipe is refused where it is off, to callers up to CDI 5.0", async () => {
  const at = await newTenant();
  for (const version of VERSIONS) {
    const answer = await signInUp(stranger(), at, version);
    if (Number(version) > 5) ok(answer);
    else refused(answer, 403, "Third party login not enabled for tenant", version);
  }
});

test("3.3 3.11 a sign-in counts as activity", async () => {
  const app = await newApp();
  ok(await signInUp(stranger(), app));
  assert.equal(ok(await get(`${app}/users/count/active`, { since: 0 })).count, 1);
});

test("3.10 a user who is removed, and comes again", async () => {
  const given = stranger({ email: { id: newEmail(), isVerified: true } });
  const { id } = ok(await signInUp(given)).user;
  ok(await post("/user/remove", { userId: id }));
  const again = ok(await signInUp(withEmail(given, given.email.id)));
  assert.equal(again.createdNewUser, true);
  assert.notEqual(again.user.id, id);
  assert.equal(again.user.loginMethods[0].verified, false);
});

test("2.4 the same in SQL", async () => {
  const { thirdPartyId: third_party_id, thirdPartyUserId: third_party_user_id, email } = stranger();
  const args = { third_party_id, third_party_user_id, email: ` ${email.id.toUpperCase()}`, is_verified: true };
  const made = sqlCall("third_party_sign_in_up", args);
  assert.deepEqual([made.status, made.createdNewUser, made.recipeUserId], ["OK", true, made.user.id]);
  assert.deepEqual([made.user.emails, made.user.loginMethods[0].verified], [[email.id], true]);
  const changed = sqlCall("third_party_sign_in_up", { ...args, email: newEmail(), is_verified: false });
  assert.deepEqual([changed.createdNewUser, changed.user.id], [false, made.user.id]);
  assert.equal(changed.user.loginMethods[0].verified, false);
});
