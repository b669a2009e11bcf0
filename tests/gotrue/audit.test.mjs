// The audit log (GoTrue reference, 2.20 and 4.15).
import test from "node:test";
import { PASSWORD, UUID, assert, mailTo, newEmail, newInstance, newPhone, ok, refused } from "./helper.mjs";
import { AT_ONCE, PHONES, verify } from "./codes_helper.mjs";

const NIL = "00000000-0000-0000-0000-000000000000";
const log = (at, query = {}) => at.admin("GET", "/admin/audit", { query: { per_page: 1000, ...query } });
const payloads = async (at, query) => ok(await log(at, query)).map(({ payload }) => payload);
const actions = async (at, query) => (await payloads(at, query)).map(({ action }) => action);
const remove = (at, id) => at.admin("DELETE", `/admin/users/${id}`);

/** An instance in which Ada has signed up, confirmed, signed in and out. */
async function withAda() {
  const at = await newInstance({ ...AT_ONCE, ...PHONES });
  const email = newEmail("ada");
  const user = await at.signUp(email, { data: { full_name: "Ada Lovelace" } });
  ok(await verify(at, { type: "signup", email, token: (await mailTo(email)).code }));
  const session = ok(await at.signIn(email));
  return { at, email, user, session };
}

test("4.15 what is noted, and how", async () => {
  const { at, email, user, session } = await withAda();
  ok(await at.refresh(session.refresh_token));
  const refreshed = ok(await at.signIn(email));
  ok(await at.put("/user", { password: "another horse 2" }, { token: refreshed.access_token }));
  assert.equal((await at.call("POST", "/logout", { token: refreshed.access_token })).status, 204);
  ok(await remove(at, user.id));
  const entries = ok(await log(at));
  for (const { id, created_at, ip_address, ...rest } of entries) {
    assert.match(id, UUID);
    assert.ok(Math.abs(Date.parse(created_at) - Date.now()) < 60_000);
    assert.equal(typeof ip_address, "string");
    assert.deepEqual(Object.keys(rest), ["payload"]);
  }
  const own = { actor_id: user.id, actor_username: email, actor_name: "Ada Lovelace", actor_via_sso: false };
  const byAdmin = { actor_id: NIL, actor_username: "service_role", actor_via_sso: false };
  const login = { ...own, action: "login", log_type: "account", traits: { provider: "email" } };
  const [deleted, ...others] = entries.map(({ payload }) => payload);
  const { traits, ...told } = deleted;
  assert.deepEqual(told, { ...byAdmin, action: "user_deleted", log_type: "team" });
  assert.equal(traits.user_id, user.id);
  assert.equal(traits.user_email, email);
  const modified = { ...own, action: "user_modified", log_type: "user" };
  const passwords = { ...own, action: "user_updated_password", log_type: "user" };
  assert.deepEqual(others[0], { ...own, action: "logout", log_type: "account" });
  // Those of one request have no order.
  assert.deepEqual(others.slice(1, 3).sort((a, b) => (a.action < b.action ? -1 : 1)), [modified, passwords]);
  assert.deepEqual(others.slice(3), [
    login,
    { ...own, action: "token_refreshed", log_type: "token" },
    login,
    { ...own, action: "user_signedup", log_type: "team", traits: { provider: "email" } },
    { ...own, action: "user_confirmation_requested", log_type: "user", traits: { provider: "email" } },
  ]);
});

test("4.15 the other actions", async () => {
  const { at, email, session } = await withAda();
  const token = session.access_token;
  await at.signUp(email);
  ok(await at.post("/recover", { email }));
  ok(await at.get("/reauthenticate", { token }));
  ok(await at.put("/user", { data: { a: 1 } }, { token }));
  ok(await at.admin("POST", "/invite", { body: { email: newEmail() } }));
  const { user } = await at.member();
  ok(await at.admin("PUT", `/admin/users/${user.id}`, { body: { role: "x" } }));
  const noted = await payloads(at);
  for (const [action, log_type] of [
    ["user_repeated_signup", "user"], ["user_recovery_requested", "user"], ["user_reauthenticate_requested", "user"],
    ["user_modified", "user"], ["user_invited", "team"], ["user_signedup", "team"], ["login", "account"],
  ]) {
    assert.equal(noted.find((payload) => payload.action === action)?.log_type, log_type, action);
  }
  const created = noted.find((payload) => payload.action === "user_signedup" && payload.actor_id === NIL);
  assert.equal(created.traits.user_id, user.id);
  assert.equal(created.traits.provider, "email");
  const repeated = noted.find(({ action }) => action === "user_repeated_signup");
  assert.deepEqual(repeated.traits, { provider: "email" });
});

test("4.15 who goes by a number", async () => {
  const at = await newInstance({ ...AT_ONCE, ...PHONES });
  const phone = newPhone();
  const body = { phone, email: newEmail(), password: PASSWORD, phone_confirm: true };
  const user = ok(await at.admin("POST", "/admin/users", { body }));
  ok(await at.post("/token?grant_type=password", { phone, password: PASSWORD }));
  const [login, created] = await payloads(at);
  assert.equal(login.actor_id, user.id);
  assert.equal(login.actor_username, phone.slice(1));
  assert.deepEqual(login.traits, { provider: "phone" });
  assert.equal(created.traits.user_phone, phone.slice(1));
});

test("4.15 what fails is not noted", async () => {
  const { at, email, session } = await withAda();
  const before = await actions(at);
  refused(await at.signIn(email, "wrong horse 3"), 400, "invalid_credentials");
  const same = await at.put("/user", { password: PASSWORD }, { token: session.access_token });
  refused(same, 422, "same_password");
  refused(await verify(at, { type: "recovery", email, token: "123456" }), 403, "otp_expired");
  refused(await at.admin("POST", "/invite", { body: { email } }), 422, "email_exists");
  assert.deepEqual(await actions(at), before);
});

test("228 a part of it", async () => {
  const { at, email, user } = await withAda();
  const bob = await at.member();
  assert.deepEqual(await actions(at, { query: "action:login" }), ["login", "login"]);
  assert.deepEqual(await actions(at, { query: "action:LOG" }), ["login", "login"]);
  assert.deepEqual(await actions(at, { query: "action:" }), await actions(at));
  const authors = async (query) => new Set((await payloads(at, { query })).map(({ actor_id }) => actor_id));
  assert.deepEqual(await authors(`author:${email.toUpperCase()}`), new Set([user.id]));
  assert.deepEqual(await authors("author:lovelace"), new Set([user.id]));
  assert.deepEqual(await authors(`author:${bob.email}`), new Set([bob.user.id]));
  assert.deepEqual(await authors("author:SERVICE"), new Set([NIL]));
  assert.deepEqual(new Set(await actions(at, { query: "type:team" })), new Set(["user_signedup"]));
  assert.deepEqual(await actions(at, { query: "type:token" }), []);
  assert.deepEqual(await actions(at, { query: "action:%" }), []);
  for (const query of ["foo", "foo:bar", ":login", "Action:login"]) {
    refused(await log(at, { query }), 400, "validation_failed");
  }
});

test("2.20 in pages", async () => {
  const { at } = await withAda();
  const all = await actions(at);
  const pages = [];
  for (let page = 1; page <= all.length; page += 1) {
    const answer = await log(at, { page, per_page: 1 });
    assert.equal(answer.headers.get("x-total-count"), String(all.length));
    assert.ok(answer.headers.get("link").includes(`page=${all.length}`));
    pages.push(...ok(answer).map(({ payload }) => payload.action));
  }
  assert.deepEqual(pages, all);
  const filtered = await log(at, { query: "action:login", per_page: 1 });
  assert.equal(filtered.headers.get("x-total-count"), "1");
  for (const query of [{ page: "-1" }, { per_page: "abc" }]) refused(await log(at, query), 400, "validation_failed");
});

test("2.20 who may read it, and of whom", async () => {
  const { at, session } = await withAda();
  refused(await at.get("/admin/audit"), 401, "no_authorization");
  refused(await at.get("/admin/audit", { token: session.access_token }), 403, "not_admin");
  assert.deepEqual(ok(await log(await newInstance())), []);
});

test("4.15 switched off", async () => {
  const { at, email } = await withAda();
  const before = await actions(at);
  at.set("audit_log_disable_postgres", true);
  ok(await at.signIn(email));
  assert.deepEqual(await actions(at), before);
});
