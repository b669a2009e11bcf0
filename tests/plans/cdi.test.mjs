// Every operation once, on a full database: run.sh fills it, and says how plans are made.
import test from "node:test";
import { PERIOD, codeOf } from "../cdi/authenticator.mjs";
import {
  PASSWORD, assert, call, consumeCode, createCode, createSession, get, linked, newEmail, newId, newPhone, ok,
  passwordlessUser, post, put, refreshSession, signIn, signInUp, signUp, sql, typed, verifySession,
} from "../cdi/helper.mjs";
import {
  associate, checkLink, checkPrimary, createPrimary, disassociate, link, map, mapping, metadataOf, removeUser, rolesOf,
  setInfo, setMetadata, stranger, unlink, unmap, updateContacts, updateUser, userOf, verificationToken, verifyEmail,
  withProvider,
} from "../cdi/linking_helper.mjs";
import { Passkey } from "../cdi/passkey.mjs";
import * as totp from "../cdi/totp_helper.mjs";
import * as webauthn from "../cdi/webauthn_helper.mjs";
import { called, operations, small, watched } from "./watch.mjs";

const AT = ["", "/t7"]; // the largest tenant, and one of the small ones
const fine = (answer) => assert.equal(answer.status, 200, answer.text);

/** Somebody who has been there from the beginning, with all that a user can have. */
const [{ id: OLD, external_id: EXTERNAL }] = sql(
  `SELECT m.user_id::text AS id, m.external_id FROM auth.user_id_mappings m
   JOIN auth.login_method_tenants t ON t.login_method_id = m.user_id
   WHERE m.app_id = 'public' AND t.tenant_id = 'public' AND m.external_id LIKE 'external%' LIMIT 1`,
);

test("the tables are full", () => {
  const others = ["apps", "hosts", "role_permissions", "roles", "setting_values", "signing_keys", "tenants"];
  assert.deepEqual(small, others, "these do not grow with the number of users");
});

operations("e-mail and password", async () => {
  for (const at of AT) {
    const { id, email } = await signUp(at);
    ok(await signIn(at, email));
    const token = () => post(`${at}/recipe/user/password/reset/token`, { userId: id, email });
    const path = `${at}/recipe/user/password/reset`;
    ok(await post(`${path}/token/consume`, { method: "token", token: ok(await token()).token }));
    ok(await post(path, { method: "token", token: ok(await token()).token, newPassword: PASSWORD }, "3.1"));
    ok(await updateUser(id, { email: newEmail(), password: PASSWORD }));
    ok(await get("/recipe/user", { userId: id }, "3.1"));
    const passwordHash = "$2a$04$abcdefghijklmnopqrstuuG6VOuWh0gXFKIfmp9oEhamBdcmRXDw.";
    const imported = { email: newEmail(), passwordHash };
    ok(await post(`${at}/recipe/user/passwordhash/import`, imported));
    ok(await get(`${at}/recipe/user`, { email: imported.email }, "3.1"));
    ok(await removeUser(id));
  }
});

operations("accounts at providers", async () => {
  for (const at of AT) {
    const given = stranger();
    for (let n = 0; n < 2; n += 1) ok(await signInUp(given, at));
    ok(await signInUp({ ...given, email: { id: newEmail(), isVerified: true } }, at));
    ok(await get(`${at}/recipe/users/by-email`, { email: given.email.id }, "3.1"));
    const { thirdPartyId, thirdPartyUserId } = given;
    const headers = { rid: "thirdparty" };
    ok(await call("GET", `${at}/recipe/user`, { query: { thirdPartyId, thirdPartyUserId }, version: "3.1", headers }));
  }
});

operations("codes", async () => {
  const codes = "/recipe/signinup/code";
  for (const at of AT) {
    for (const contact of [{ email: newEmail() }, { phoneNumber: newPhone() }]) {
      const code = await createCode(contact, at);
      const { deviceId, preAuthSessionId } = code;
      const again = await createCode({ deviceId }, at);
      for (const query of [contact, { deviceId }, { preAuthSessionId }]) ok(await get(`${at}${codes}s`, query));
      fine(await post(`${at}${codes}/check`, { ...typed(again), userInputCode: "wrong" }));
      ok(await post(`${at}${codes}/check`, linked(again)));
      ok(await consumeCode(typed(code), at));
      ok(await consumeCode(linked(await createCode(contact, at)), at));
      ok(await post(`${at}${codes}/remove`, { codeId: (await createCode(contact, at)).codeId }));
      await createCode(contact, at);
      ok(await post(`${at}${codes}s/remove`, contact));
      const headers = { rid: "passwordless" };
      ok(await call("GET", `${at}/recipe/user`, { query: contact, version: "3.1", headers }));
    }
    const { id } = await passwordlessUser({ email: newEmail() }, at);
    ok(await updateContacts(id, { email: newEmail(), phoneNumber: newPhone() }));
  }
});

operations("sessions", async () => {
  for (const at of AT) {
    for (const userId of [EXTERNAL, OLD, newId("nobody")]) {
      const { session, accessToken, refreshToken } = ok(await createSession(at, userId));
      const sessionHandle = session.handle;
      for (const version of ["5.4", "5.6"]) {
        ok(await verifySession("", accessToken.token, { checkDatabase: true }, version));
      }
      const refreshed = ok(await refreshSession("", refreshToken.token));
      ok(await refreshSession("", refreshed.refreshToken.token, {}, "5.6"));
      const { token } = refreshed.accessToken;
      ok(await post("/recipe/session/regenerate", { accessToken: token, userDataInJWT: { a: 1 } }));
      ok(await get("/recipe/session", { sessionHandle }));
      ok(await put("/recipe/session/data", { sessionHandle, userDataInDatabase: { a: 1 } }));
      ok(await get("/recipe/session/data", { sessionHandle }));
      ok(await put("/recipe/jwt/data", { sessionHandle, userDataInJWT: { a: 1 } }));
      ok(await get("/recipe/jwt/data", { sessionHandle }));
      for (const fetchAcrossAllTenants of [true, false]) {
        for (const fetchSessionsForAllLinkedAccounts of [true, false]) {
          const query = { userId, fetchAcrossAllTenants, fetchSessionsForAllLinkedAccounts };
          ok(await get(`${fetchAcrossAllTenants ? "" : at}/recipe/session/user`, query));
        }
      }
      ok(await post("/recipe/session/remove", { sessionHandles: [sessionHandle] }));
      for (const revokeAcrossAllTenants of [false, true]) {
        ok(await createSession(at, userId));
        ok(await post(`${revokeAcrossAllTenants ? "" : at}/recipe/session/remove`, { userId, revokeAcrossAllTenants }));
      }
    }
  }
  ok(await post("/recipe/jwt", { algorithm: "RS256", jwksDomain: "http://x", payload: {}, validity: 60 }));
  for (const path of ["/recipe/jwt/jwks", "/.well-known/jwks.json"]) fine(await get(path));
});

operations("verified addresses, metadata", async () => {
  const path = "/recipe/user/email/verify";
  for (const at of AT) {
    for (const userId of [EXTERNAL, newId("nobody")]) {
      const of = { userId, email: newEmail() };
      ok(await verifyEmail(await verificationToken(userId, of.email, at), at));
      ok(await get(path, of));
      ok(await post(`${path}/remove`, of));
      await verificationToken(userId, of.email, at);
      ok(await post(`${at}${path}/token/remove`, of));
      await setMetadata(userId, { a: 1 });
      await metadataOf(userId);
    }
  }
  ok(await post("/recipe/user/metadata/bulk", { userIds: [EXTERNAL, "nobody"] }));
  ok(await post("/recipe/user/metadata/remove", { userId: EXTERNAL }));
});

operations("roles", async () => {
  const role = newId("role");
  ok(await put("/recipe/role", { role, permissions: ["read", newId("permission")] }));
  for (const at of AT) {
    for (const userId of [EXTERNAL, newId("nobody")]) {
      ok(await put(`${at}/recipe/user/role`, { userId, role }));
      await rolesOf(userId, at);
      ok(await get(`${at}/recipe/role/users`, { role }));
      ok(await post(`${at}/recipe/user/role/remove`, { userId, role }));
      ok(await put(`${at}/recipe/user/role`, { userId, role }));
    }
  }
  ok(await get("/recipe/roles"));
  ok(await get("/recipe/role/permissions", { role }));
  ok(await get("/recipe/permission/roles", { permission: "read" }));
  ok(await post("/recipe/role/permissions/remove", { role, permissions: ["read"] }));
  ok(await post("/recipe/role/remove", { role }));
});

operations("groups and ids", async () => {
  for (const at of AT) {
    const [owner, member] = [await signUp(at), await withProvider(at)];
    ok(await checkPrimary(owner.id));
    ok(await createPrimary(owner.id));
    ok(await checkLink(member.id, owner.id));
    for (let n = 0; n < 2; n += 1) {
      ok(await link(member.id, owner.id));
      ok(await unlink(member.id));
    }
    ok(await link(member.id, owner.id));
    const external = newId("external");
    ok(await map(member.id, external));
    for (const userIdType of ["ANY", "EXTERNAL"]) ok(await mapping(external, userIdType));
    ok(await setInfo(external, { externalUserIdInfo: "x" }));
    for (const id of [external, owner.id]) await userOf(id);
    ok(await unmap(external));
    ok(await associate(owner.id, "/t9"));
    ok(await disassociate(owner.id, "/t9"));
    ok(await removeUser(member.id, "", { removeAllLinkedAccounts: false }));
    ok(await removeUser(owner.id));
  }
});

operations("lists, searches and counts", async () => {
  for (const at of AT) {
    for (const timeJoinedOrder of ["ASC", "DESC"]) {
      for (const includeRecipeIds of [undefined, "emailpassword,thirdparty"]) {
        // The longest page, and one that a small tenant has several of.
        const query = { limit: at === "" ? 500 : 10, timeJoinedOrder, ...(includeRecipeIds && { includeRecipeIds }) };
        const { nextPaginationToken: paginationToken } = ok(await get(`${at}/users`, query));
        ok(await get(`${at}/users`, { ...query, paginationToken }));
      }
    }
    for (const search of [
      { email: "user1234" }, { email: "d8.example" }, { phone: "+4915100001" }, { provider: "provider1::id1234" },
      { email: "user1234", provider: "provider1" }, { email: "user1234;user3456" },
    ]) {
      ok(await get(`${at}/users`, search));
    }
    for (const info of [
      { email: "user18@d18.example.org" }, { phoneNumber: "+4915100000017" }, { webauthnCredentialId: "credential8" },
      { thirdPartyId: "provider0", thirdPartyUserId: "id4" }, { email: "user18@d18.example.org", phoneNumber: "+49" },
    ]) {
      for (const doUnionOfAccountInfo of [true, false]) {
        ok(await get(`${at}/users/by-accountinfo`, { ...info, doUnionOfAccountInfo }));
      }
    }
    ok(await get(`${at}/users/count`));
    ok(await get(`${at}/users/count`, { includeRecipeIds: "webauthn" }));
  }
  ok(await get("/users/count", { includeAllTenants: true }));
  ok(await get("/users/count/active", { since: Date.now() - 60_000 }));
});

operations("one-time passwords", async () => {
  for (const at of AT) {
    for (const userId of [EXTERNAL, newId("nobody")]) {
      const first = newId("device");
      const { secret } = ok(await totp.create(userId, first));
      ok(await totp.verifyDevice(userId, first, codeOf(secret), at));
      ok(await totp.rename(userId, first, newId("device")));
      const second = newId("device");
      ok(await totp.importDevice(userId, second, "JBSWY3DPEHPK3PXQ"));
      fine(await totp.verify(userId, codeOf("JBSWY3DPEHPK3PXQ", { period: PERIOD }), at));
      fine(await totp.verify(userId, "wrong", at));
      await totp.devices(userId);
      ok(await totp.status([userId, "nobody"]));
      ok(await totp.remove(userId, second));
    }
  }
});

operations("passkeys", async () => {
  for (const at of AT) {
    const { id, email, passkey } = await webauthn.withPasskey(at);
    for (const version of ["5.4", "5.6"]) ok(await webauthn.enter(passkey, at, {}, version));
    const second = await webauthn.addPasskey(id, at, new Passkey());
    ok(await webauthn.credential(id, second.id));
    await webauthn.credentials(id);
    ok(await webauthn.removeCredential(id, second.id));
    const options = await webauthn.toSignIn({}, at);
    ok(await webauthn.optionsOf(options, at));
    ok(await webauthn.removeOptions(options, at));
    const { token } = ok(await webauthn.recoveryToken(id, email, at));
    ok(await webauthn.userOfRecovery(token, at));
    ok(await webauthn.consumeRecovery(token, at));
    ok(await webauthn.changeEmail(id, newEmail(), at));
    ok(await removeUser(id));
  }
});

operations("users of every kind are removed", async () => {
  const users = sql(
    `SELECT DISTINCT ON (recipe, is_primary, mapped) m.user_id::text AS id FROM auth.login_methods m
     JOIN auth.users u ON u.id = m.user_id,
     LATERAL (SELECT EXISTS (SELECT FROM auth.user_id_mappings k WHERE k.user_id = u.id) AS mapped) known
     WHERE m.app_id = 'public' AND u.id <> $1`,
    OLD,
  );
  assert.ok(users.length >= 6);
  for (const { id } of users) ok(await removeUser(id));
});

operations("apps, tenants and hosts", async () => {
  const M = "/recipe/multitenancy";
  for (const [v, version] of [["", "3.1"], ["/v2", "5.4"]]) {
    const [appId, tenantId, connectionUriDomain] = [newId("app"), newId("t"), `${newId("host")}.example.org`];
    ok(await put(`${M}/app${v}`, { appId }, version));
    const app = `/appid-${appId}`;
    ok(await put(`${M}/tenant${v}`, { tenantId }, version));
    const at = `/${tenantId}`;
    ok(await get(`${at}${M}/tenant${v}`, undefined, version));
    ok(await put(`${at}${M}/config/thirdparty`, { config: { thirdPartyId: "x", clients: [] } }));
    ok(await post(`${at}${M}/config/thirdparty/remove`, { thirdPartyId: "x" }));
    ok(await get(`${at}/recipe/dashboard/tenant/core-config`));
    ok(await put(`${M}/connectionuridomain${v}`, { connectionUriDomain }, version));
    for (const list of ["tenant", "app", "connectionuridomain"]) {
      ok(await get(`${M}/${list}/list${v}`, undefined, version));
    }
    for (const inside of [at, app]) {
      const { id, email } = await signUp(inside, newEmail(), PASSWORD, "5.4");
      ok(await createSession(inside, id));
      ok(await post(`${inside}/recipe/user/password/reset/token`, { userId: id, email }));
    }
    ok(await post(`${M}/tenant/remove`, { tenantId }));
    ok(await post(`${M}/connectionuridomain/remove`, { connectionUriDomain }));
    ok(await post(`${M}/app/remove`, { appId }));
  }
});

operations("the dashboard", async () => {
  const D = "/recipe/dashboard";
  const of = { email: newEmail("ops"), password: "password 1" };
  const { user } = ok(await post(`${D}/user`, of));
  ok(await put(`${D}/user`, { userId: user.userId, newPassword: "password 2" }));
  ok(await get(`${D}/users`));
  const { sessionId } = ok(await post(`${D}/signin`, { ...of, password: "password 2" }));
  ok(await post(`${D}/session/verify`, { sessionId }));
  ok(await get(`${D}/user/sessions`, { userId: user.userId }));
  ok(await call("DELETE", `${D}/session`, { query: { sessionId } }));
  ok(await call("DELETE", `${D}/user`, { query: { email: of.email } }));
});

operations("bulk import", async () => {
  const one = () => ({ loginMethods: [{ recipeId: "passwordless", email: newEmail() }] });
  ok(await post("/bulk-import/import", one()));
  const { users } = ok(await post("/bulk-import/users", { users: [one(), one()] }));
  assert.equal(users.length, 2);
  let query = { limit: 100, status: "FAILED" };
  for (let page = 0; page < 2; page += 1) {
    const { nextPaginationToken, users: listed } = ok(await get("/bulk-import/users", query));
    query = { ...query, paginationToken: nextPaginationToken };
    fine(await post("/bulk-import/users/remove", { ids: [listed[0].id] }));
  }
  ok(await get("/bulk-import/users", { limit: 10 }));
  for (const status of [{ status: "NEW" }, {}]) ok(await get("/bulk-import/users/count", status));
});

operations("the operator's", async () => {
  for (const path of ["/hello", "/", "/apiversion", "/telemetry", "/user/search/tags", "/requests/stats",
    "/ee/featureflag"]) {
    fine(await get(path));
  }
  fine(await get("/config", { pid: 1 }));
});

operations("the simplified profile's", async () => {
  const simply = async (method, path, body, query) => ok(await call(method, path, { body, query, version: null }));
  const [role, tenantId] = [newId("role"), newId("t")];
  await simply("POST", "/recipe/multitenancy/tenant", { tenantId });
  await simply("PUT", "/recipe/roles", { role });
  const { user } = await simply("POST", "/recipe/signup", { email: newEmail(), password: PASSWORD, tenantId });
  await simply("PUT", "/recipe/user/roles", { userId: user.id, role, tenantId });
  await simply("DELETE", "/recipe/user/roles", undefined, { userId: user.id, role, tenantId });
  await setMetadata(user.id, { a: 1 });
  await simply("DELETE", "/recipe/user/metadata", undefined, { userId: user.id });
  const { accessToken } = await simply("POST", "/recipe/session", {
    userId: user.id, userDataInJWT: {}, userDataInDatabase: {}, tenantId,
  });
  await simply("GET", "/recipe/session", undefined, { accessToken: accessToken.token });
  await simply("DELETE", "/user/remove", undefined, { userId: user.id });
});

operations("what is done from time to time", () => {
  const some = "11"; // that makes some hundred rows of each kind
  for (const change of [
    `sessions SET expires_at = now() - interval '2 days', expiry_day = current_date - 2
     WHERE subject LIKE 'stranger${some}%00'`,
    `one_time_tokens SET expires_at = now() - interval '2 days' WHERE email LIKE 'user${some}%00@%'`,
    `passwordless_codes SET created_at = now() - interval '2 days' WHERE device_id LIKE 'device${some}%00'`,
    `totp_attempts SET forget_at = now() - interval '2 days' WHERE user_id LIKE '${some}%'`,
    `webauthn_options SET expires_at = now() - interval '2 days' WHERE email LIKE 'passkey${some}%00@%'`,
    `dashboard_sessions SET expires_at = now() - interval '2 days' WHERE encode(id_hash, 'hex') LIKE '${some}%'`,
    `bulk_import_queue SET status = 'NEW' WHERE id::text LIKE '${some}%'`,
    `one_time_codes SET sent_at = now() - interval '9 days' WHERE user_id::text LIKE '${some}%'`,
    `flow_states SET created_at = now() - interval '9 days' WHERE id::text LIKE '${some}%'`,
    `provider_documents SET fetched_at = now() - interval '9 days' WHERE url LIKE 'https://issuer${some}%'`,
    `mfa_challenges SET created_at = now() - interval '9 days' WHERE id::text LIKE '${some}%'`,
    `outbox SET dead_at = now() - interval '90 days' WHERE dead_at IS NOT NULL AND id::text LIKE '${some}%'`,
    `rate_limits SET updated_at = now() - interval '9 days' WHERE encode(key_hash, 'hex') LIKE '${some}%'`,
    `outbox SET due_at = now() WHERE due_at IS NOT NULL AND id::text LIKE '22%'`,
  ]) {
    assert.ok(sql(`UPDATE auth.${change} RETURNING 1 AS one`).length > 0, change);
  }
  for (const statement of ["auth.maintain()", "auth.import_queued_users()"]) watched(statement);
});

test("every operation was called", async () => {
  const routes = sql("SELECT method || ' ' || path AS route FROM auth.http_routes() WHERE door = 'cdi'");
  const untouched = [
    // What is called under another method, or asks nothing of the database.
    /^(POST|PUT|DELETE) (\/hello)?$/, / \/ee\/license$/,
  ];
  const missing = routes.map(({ route }) => route)
    .filter((route) => !called.has(route) && !untouched.some((pattern) => pattern.test(route)));
  assert.deepEqual(missing, []);
});

