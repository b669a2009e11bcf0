// Lists of users, and deleting them (GoTrue reference, 2.19 and 4.14).
import { createHash } from "node:crypto";
import test from "node:test";
import { PASSWORD, assert, mailTo, newEmail, newInstance, newPhone, ok, refused, sign, sql } from "./helper.mjs";
import { AT_ONCE, PHONES, audited, eightTimes, refusedLink, sessionsOf, verify } from "./codes_helper.mjs";

const instance = await newInstance({ ...AT_ONCE, ...PHONES });

const create = async (body, at) => ok(await at.admin("POST", "/admin/users", { body }));
const list = (query, at) => at.admin("GET", "/admin/users", { query });
const remove = (id, body) => instance.admin("DELETE", `/admin/users/${id}`, { body });
const find = (id) => instance.admin("GET", `/admin/users/${id}`);
/** What stands in place of something that told who a user was. */
const hidden = (userId, value) => createHash("sha256").update(userId + value).digest("base64url");
const ids = ({ json }) => json.users.map(({ id }) => id);
/** Users are listed by when they were made, in milliseconds. */
const nextMoment = () => new Promise((resolve) => setTimeout(resolve, 2));

/** What a link header names: {next, last}, each the query of an address. */
function links({ headers }) {
  const found = headers.get("link").split(",").map((part) => part.trim().match(/^<([^>]*)>; rel="(\w+)"$/));
  return Object.fromEntries(found.map(([, address, name]) => [name, address.split("?")[1]]));
}

/** An instance with users: Ada, Bob and Carl. */
async function withUsers() {
  const at = await newInstance();
  const users = [];
  for (const full_name of ["Ada Lovelace", "Bob", "Carl"]) {
    users.push(await create({ email: newEmail(full_name.split(" ")[0]), user_metadata: { full_name } }, at));
    await nextMoment();
  }
  return { at, users };
}

test("213 a page tells of the next and of the last", async () => {
  const { at, users } = await withUsers();
  const pages = [];
  for (let page = 1; page <= 3; page += 1) {
    const answer = await list({ page, per_page: 1 }, at);
    assert.equal(ok(answer).aud, "authenticated");
    assert.equal(answer.headers.get("x-total-count"), "3");
    const { next, last } = links(answer);
    if (page < 3) assert.match(next, new RegExp(`^page=${page + 1}(&|$)`));
    else assert.equal(next, undefined);
    assert.match(last, /^page=3(&|$)/);
    assert.equal(new URLSearchParams(last).get("per_page"), "1");
    pages.push(...ids(answer));
  }
  assert.deepEqual(pages, users.map(({ id }) => id).reverse(), "the newest first");
  const odd = await list({ per_page: 2, filter: "" }, at);
  assert.match(links(odd).next, /^page=2&/);
  assert.match(links(odd).last, /^page=2&/);
  assert.equal(ids(odd).length, 2);
  assert.deepEqual(ids(await list({ page: 9 }, at)), []);
  const all = await list({ page: "", per_page: "" }, at);
  assert.equal(ids(all).length, 3);
  assert.deepEqual(Object.keys(links(all)), ["last"]);
  const [shown] = all.json.users;
  assert.equal(shown.email, users[2].email);
  assert.ok(!("factors" in shown));
  assert.equal((shown.identities ?? []).length, 0);
});

test("214 nobody there", async () => {
  const at = await newInstance();
  const answer = await list({}, at);
  assert.deepEqual(ok(answer), { users: [], aud: "authenticated" });
  assert.equal(answer.headers.get("x-total-count"), "0");
  const { last, ...others } = links(answer);
  assert.match(last, /^page=0(&|$)/);
  assert.deepEqual(others, {});
});

test("215 some of them, in another order", async () => {
  const { at, users: [ada, bob, carl] } = await withUsers();
  const found = async (filter) => ids(await list({ filter }, at));
  assert.deepEqual(await found(ada.email.slice(0, 12)), [ada.id]);
  assert.deepEqual(await found("example.org"), [carl.id, bob.id, ada.id]);
  assert.deepEqual(await found(ada.email.slice(0, 12).toUpperCase()), []);
  assert.deepEqual(await found("LOVE"), [ada.id]);
  assert.deepEqual(await found("nobody"), []);
  for (const wildcard of ["%", "_"]) assert.deepEqual(await found(`${wildcard}nobody`), []);
  const counted = await list({ filter: "lovelace", per_page: 1 }, at);
  assert.equal(counted.headers.get("x-total-count"), "1");
  const sorted = async (sort) => ids(await list({ sort }, at));
  assert.deepEqual(await sorted("created_at asc"), [ada.id, bob.id, carl.id]);
  for (const sort of ["created_at", "created_at desc", ""]) {
    assert.deepEqual(await sorted(sort), [carl.id, bob.id, ada.id]);
  }
  for (const query of [
    { sort: "email" }, { sort: "created_at up" }, { sort: "created_at asc desc" }, { per_page: "-1" }, { page: "-1" },
    { page: "abc" }, { per_page: "1.5" },
  ]) {
    refused(await list(query, at), 400, "validation_failed");
  }
});

test("2.19 users of another audience are another list", async () => {
  const { at } = await withUsers();
  const other = await create({ email: newEmail(), aud: "other" }, at);
  const named = await at.admin("GET", "/admin/users", { headers: { "x-jwt-aud": "other" } });
  assert.deepEqual(ids(named), [other.id]);
  assert.equal(named.json.aud, "other");
  assert.equal(ids(await list({}, at)).length, 3);
});

test("216 deleted", async () => {
  const { email, user, session } = await instance.member();
  assert.deepEqual(ok(await remove(user.id, { should_soft_delete: false })), {});
  refused(await find(user.id), 404, "user_not_found");
  refused(await instance.get("/user", { token: session.access_token }), 403, "user_not_found");
  refused(await instance.refresh(session.refresh_token), 400, "refresh_token_not_found");
  refused(await instance.signIn(email), 400, "invalid_credentials");
  refused(await remove(user.id), 404, "user_not_found");
  const again = await instance.signUp(email);
  assert.notEqual(again.id, user.id);
  for (const table of ["sessions", "login_methods", "one_time_codes", "flow_states"]) {
    assert.deepEqual(sql(`SELECT 1 AS one FROM auth.${table} WHERE user_id = $1`, user.id), [], table);
  }
  const [{ traits }] = await audited(instance, "user_deleted");
  assert.equal(traits.user_id, user.id);
  assert.equal(traits.user_email, email);
});

test("216 of eight requests at once one deletes", async () => {
  const { user } = await instance.member();
  const answers = await eightTimes(() => remove(user.id));
  assert.ok(answers.some(({ status }) => status === 200));
  for (const answer of answers.filter(({ status }) => status !== 200)) refused(answer, 404, "user_not_found");
  refused(await find(user.id), 404, "user_not_found");
});

test("217 deleted by name only", async () => {
  const phone = newPhone();
  const { email, user, session } = await instance.member({ phone, phone_confirm: true, user_metadata: { a: 1 } });
  ok(await instance.post("/recover", { email }));
  const mail = await mailTo(email);
  assert.deepEqual(ok(await remove(user.id, { should_soft_delete: true })), {});
  const gone = ok(await find(user.id));
  assert.ok(Math.abs(Date.parse(gone.deleted_at) - Date.now()) < 60_000);
  assert.equal(gone.email, hidden(user.id, email));
  assert.deepEqual(gone.user_metadata, {});
  assert.deepEqual(gone.app_metadata, {});
  assert.ok(!JSON.stringify(gone).includes(email));
  assert.ok(ids(await list({ per_page: 1000 }, instance)).includes(user.id));
  assert.equal(sessionsOf(user.id), 0);
  refused(await instance.refresh(session.refresh_token), 400, "refresh_token_not_found");
  refused(await instance.get("/user", { token: session.access_token }), 403, "session_not_found");
  await refusedLink(mail.link, "otp_expired");
  refused(await verify(instance, { type: "recovery", email, token: mail.code }), 403, "otp_expired");

  const again = await instance.signUp(email);
  assert.notEqual(again.id, user.id);
  const byPhone = ok(await instance.post("/signup", { phone, password: PASSWORD }));
  assert.notEqual(byPhone.id, user.id);

  ok(await remove(user.id, { should_soft_delete: true }));
  assert.equal(ok(await find(user.id)).deleted_at, gone.deleted_at);
  ok(await remove(user.id));
  refused(await find(user.id), 404, "user_not_found");
  ok(await find(again.id));
});

test("4.14 what else stays of a user who is deleted by name", async () => {
  const phone = newPhone();
  const { email, user } = await instance.member({ phone, phone_confirm: true });
  ok(await remove(user.id, { should_soft_delete: true }));
  const gone = ok(await find(user.id));
  assert.equal(gone.email, hidden(user.id, email));
  assert.equal(gone.phone, hidden(user.id, phone.slice(1)).slice(0, 15));
  const single = (await instance.member()).user;
  ok(await remove(single.id, { should_soft_delete: true }));
  assert.equal(ok(await find(single.id)).phone, hidden(single.id, "").slice(0, 15));
});

test("229 who is deleted by name cannot sign in", async () => {
  const { email, user } = await instance.member();
  ok(await remove(user.id, { should_soft_delete: true }));
  refused(await instance.signIn(email), 400, "invalid_credentials");
  refused(await instance.signIn(ok(await find(user.id)).email), 400, "invalid_credentials");
  assert.deepEqual(ok(await instance.post("/recover", { email })), {});
  refused(await instance.post("/otp", { email, create_user: false }), 422, "otp_disabled");
  // Two such users do not collide, nor two without a number.
  const other = await instance.member();
  ok(await remove(other.user.id, { should_soft_delete: true }));
});

test("4.14 a token without a session is worth nothing for who is deleted by name", async () => {
  const { user } = await instance.member();
  const exp = Math.floor(Date.now() / 1000) + 60;
  const token = sign({ sub: user.id, aud: "authenticated", role: "authenticated", exp }, instance.secret);
  assert.equal(ok(await instance.get("/user", { token })).id, user.id);
  ok(await remove(user.id, { should_soft_delete: true }));
  refused(await instance.get("/user", { token }), 403, "user_not_found");
  refused(await instance.put("/user", { data: { a: 1 } }, { token }), 403, "user_not_found");
});

test("218 how a deletion may be asked for", async () => {
  const { user } = await instance.member();
  refused(await remove(user.id, { should_soft_delete: "x" }), 400, "bad_json");
  refused(await remove(user.id, "{"), 400, "bad_json");
  ok(await find(user.id));
  ok(await remove(user.id));
  refused(await find(user.id), 404, "user_not_found");
});
