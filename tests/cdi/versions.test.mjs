// Version negotiation (CDI 1.5), and what answers look like in each version (CDI 4.1, 4.8, 6).
import test from "node:test";
import {
  PASSWORD, UUID, VERSIONS, assert, createSession, decode, get, newApp, newEmail, newId, newTenant, ok, post,
  refreshSession, refused, signIn, signUp, verifySession,
} from "./helper.mjs";

const versionsOf = async (app) => (await get(`${app}/apiversion`, {}, null)).json.versions;
const count = (version, app = "") => get(`${app}/users/count`, undefined, version);
const above = (version, other) => Number(version) > Number(other);

test("1.5 apiversion lists the served versions, and needs none itself", async () => {
  const versions = await versionsOf("");
  for (const version of VERSIONS) assert.ok(versions.includes(version), version);
  for (const version of versions) ok(await count(version), version);
  for (const version of [null, "9.9", "x"]) {
    const { status, json } = await get("/apiversion", { apiDomain: "http://a", websiteDomain: "http://w" }, version);
    assert.equal(status, 200, version);
    assert.deepEqual(json.versions, versions);
  }
});

test("1.5 versions that are malformed or not served", async () => {
  for (const version of ["x", "5", "5.", ".5", "5.x", "v5.4", "5.4.0.1", "5,4", ""]) {
    refused(await count(version), 400, "cdi-version header is invalid", version);
  }
  for (const version of ["5.4.0", "9.9", "1.0", "05.4", "5.04", "5.99"]) {
    refused(await count(version), 400, `cdi-version ${version} not supported`);
  }
});

test("1.5 an app's newest and oldest version", async () => {
  const app = await newApp({ supertokens_max_cdi_version: "5.2", supertokens_min_cdi_version: "4.0" });
  assert.ok(!(await versionsOf(app)).some((version) => above(version, "5.2")));
  for (const version of ["4.0", "5.0", "5.2"]) ok(await count(version, app), version);
  for (const version of ["5.3", "5.6"]) refused(await count(version, app), 400, `cdi-version ${version} not supported`);
  const tooLow = "cdi-version 3.1 is lower than the minimum allowed version 4.0";
  refused(await count("3.1", app), 400, tooLow);
  // Without the header the newest allowed counts: before 5.3 there is no webauthn.
  const { user } = ok(await post(`${app}/recipe/signup`, { email: newEmail(), password: PASSWORD }, null));
  assert.equal(user.webauthn, undefined);
  ok(await count("5.6"), "other apps are not concerned");
});

test("1.5 without the header the newest version counts", async () => {
  const { user } = await signUp("", newEmail(), PASSWORD, null);
  assert.deepEqual(user.webauthn, { credentialIds: [] });
  const { accessToken } = ok(await createSession("", "u", {}, null));
  assert.equal(decode(accessToken.token).header.version, "5");
});

test("1.5 operations that need no version", async () => {
  for (const path of ["/hello", "/", "/.well-known/jwks.json"]) {
    for (const version of [null, "x", "9.9"]) {
      assert.equal((await get(path, undefined, version)).status, 200, `${path} ${version}`);
    }
  }
});

/** What a sign-up through the tenants shows in a version. */
function expectedUser(version, { id, email, timeJoined, tenantIds }) {
  if (version === "3.1") return { id, email, timeJoined, tenantIds };
  const method = { recipeUserId: id, recipeId: "emailpassword", email, timeJoined, tenantIds, verified: false };
  const user = {
    id, isPrimaryUser: false, timeJoined, tenantIds, emails: [email], phoneNumbers: [], thirdParty: [],
    loginMethods: [method],
  };
  return above(version, "5.2") ? { ...user, webauthn: { credentialIds: [] } } : user;
}

for (const version of [...VERSIONS, "5.2", "5.3"]) {
  test(`6 7.2.32 7.10.232 the user object, CDI ${version}`, async () => {
    const at = await newTenant("", newId("t"), { firstFactors: ["emailpassword"] });
    const email = newEmail();
    const made = ok(await post(`${at}/recipe/signup`, { email, password: PASSWORD }, version));
    const { id, timeJoined } = made.user;
    assert.match(id, UUID);
    assert.ok(Number.isInteger(timeJoined) && Math.abs(timeJoined - Date.now()) < 600_000);
    const user = expectedUser(version, { id, email, timeJoined, tenantIds: [at.slice(1)] });
    const withId = version === "3.1" ? { status: "OK", user } : { status: "OK", user, recipeUserId: id };
    assert.deepEqual(made, withId, "sign-up");
    assert.deepEqual(ok(await signIn(at, email, PASSWORD, version)), withId, "sign-in");
    const listed = version === "3.1" ? { recipeId: "emailpassword", user } : user;
    assert.deepEqual(ok(await get(`${at}/users`, {}, version)).users, [listed], "list");
    if (version === "3.1") return;
    assert.deepEqual(ok(await get("/user/id", { userId: id }, version)).user, user, "by id");
    const query = { email, doUnionOfAccountInfo: "false" };
    assert.deepEqual(ok(await get(`${at}/users/by-accountinfo`, query, version)).users, [user], "by account info");
  });
}

test("4.1 4.2 the version of a token is that of who creates or refreshes", async () => {
  const claims = ["antiCsrfToken", "exp", "iat", "parentRefreshTokenHash1", "refreshTokenHash1", "sessionHandle", "sub",
    "tId"];
  for (const version of VERSIONS) {
    const made = ok(await createSession("", "u", {}, version));
    for (const token of [made, ok(await refreshSession("", made.refreshToken.token, {}, version))]) {
      const { header, payload } = decode(token.accessToken.token);
      assert.equal(header.version, version === "3.1" ? "4" : "5");
      assert.equal(header.alg, "RS256");
      assert.equal(header.typ, "JWT");
      assert.deepEqual(Object.keys(payload).sort(), version === "3.1" ? claims : [...claims, "rsub"].sort());
    }
  }
});

test("4.1 a session moves between versions with its refreshes; verify keeps the token's", async () => {
  const made = ok(await createSession("", newId("u"), {}, "3.1"));
  const newer = ok(await refreshSession("", made.refreshToken.token, {}, "5.4"));
  assert.equal(decode(newer.accessToken.token).header.version, "5");
  const promoted = ok(await verifySession("", newer.accessToken.token, {}, "3.1"));
  assert.equal(decode(promoted.accessToken.token).header.version, "5");
  const older = ok(await refreshSession("", newer.refreshToken.token, {}, "4.0"));
  const oldest = ok(await refreshSession("", older.refreshToken.token, {}, "3.1"));
  assert.equal(decode(oldest.accessToken.token).header.version, "4");
  for (const version of VERSIONS) ok(await verifySession("", oldest.accessToken.token, {}, version), version);
});

test("4.8 7.13.306 the session object and its details in each version", async () => {
  for (const version of VERSIONS) {
    const userId = newId("user");
    const made = ok(await createSession("", userId, { userDataInJWT: { a: null } }, version));
    const { handle } = made.session;
    const own = version === "3.1" ? {} : { recipeUserId: userId };
    const session = { handle, userId, ...own, userDataInJWT: { a: null }, tenantId: "public" };
    assert.deepEqual(made.session, session, version);
    assert.deepEqual(Object.keys(made).sort(), ["accessToken", "refreshToken", "session", "status"]);
    assert.deepEqual(ok(await verifySession("", made.accessToken.token, {}, version)).session, session);
    assert.deepEqual(ok(await refreshSession("", made.refreshToken.token, {}, version)).session, session);
    const details = ok(await get("/recipe/session", { sessionHandle: handle }, version));
    const { expiry, timeCreated } = details;
    assert.deepEqual(details, {
      status: "OK", sessionHandle: handle, userId, ...own, tenantId: "public", userDataInJWT: { a: null },
      userDataInDatabase: {}, expiry, timeCreated,
    });
    assert.ok(Number.isInteger(expiry) && Number.isInteger(timeCreated) && expiry > timeCreated);
  }
});

test("2.12 tenants are shown to each version in its own way", async () => {
  const at = await newTenant("", newId("t"), { firstFactors: ["emailpassword", "custom"] });
  const tenantId = at.slice(1);
  const own = "/recipe/multitenancy/tenant";
  const lists = { firstFactors: ["emailpassword", "custom"] };
  for (const version of VERSIONS) {
    const v2 = ok(await get(`${at}${own}/v2`, undefined, version));
    assert.deepEqual(v2, { status: "OK", tenantId, thirdParty: { providers: [] }, coreConfig: {}, ...lists }, version);
    const v1 = ok(await get(at + own, undefined, version));
    const isNew = Number(version) >= 5;
    assert.deepEqual(v1, {
      status: "OK", tenantId, emailPassword: { enabled: true }, thirdParty: { enabled: isNew, providers: [] },
      passwordless: { enabled: isNew }, coreConfig: {}, ...(isNew ? lists : {}),
    }, version);
  }
});
