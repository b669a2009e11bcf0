// auth.admin: making, listing, changing and deleting users.
import { createHash, randomUUID } from "node:crypto";
import test from "node:test";
import { PASSWORD, assert, newEmail, newInstance, newPhone } from "../../gotrue/helper.mjs";
import { NO_SESSION, another, fails, member, must, newAdmin, newClient, newSupabase } from "./clients.mjs";
import { SUPABASE_ADMIN, autoconfirming, confirming } from "./servers.mjs";

const INVALID_EMAIL = [400, "validation_failed", "Unable to validate email address: invalid format"];
const NOT_FOUND = [404, "user_not_found", "User not found"];
const admin = newAdmin(autoconfirming);

const newUser = async (attributes = {}, by = admin) => {
  const { user } = await must(by.createUser({ email: newEmail(), password: PASSWORD, ...attributes }));
  return user;
};

for (const [name, by] of [
  ["service_role", admin],
  ["supabase_admin", newAdmin(autoconfirming, SUPABASE_ADMIN)],
  ["supabase-js", newSupabase(autoconfirming, {}, autoconfirming.adminToken).admin],
]) {
  test(`7.2 createUser and getUserById by ${name}`, async () => {
    const email = newEmail();
    const user = await newUser({ email }, by);
    assert.equal(user.email, email);
    assert.deepEqual((await must(by.getUserById(user.id))).user, user);
  });
}

test("7.2 createUser keeps the metadata that is given, and nothing else", async () => {
  const user_metadata = { hello: "world", nested: { list: [1, 2] } };
  const app_metadata = { roles: ["editor"] };
  assert.deepEqual((await newUser({ user_metadata })).user_metadata, user_metadata);
  for (const more of [{}, { user_metadata }]) {
    const user = await newUser({ app_metadata, ...more });
    assert.deepEqual(user.app_metadata, { provider: "email", providers: ["email"], ...app_metadata });
    assert.deepEqual(user.user_metadata, more.user_metadata ?? {});
  }
});

test("7.2 createUser refuses an invalid address, and one that is taken", async () => {
  await fails(admin.createUser({ email: "invalid", password: PASSWORD }), ...INVALID_EMAIL);
  const { email } = await newUser();
  await fails(admin.createUser({ email: email.toUpperCase(), password: PASSWORD }), 422, "email_exists");
  const phone = newPhone();
  await newUser({ phone });
  await fails(admin.createUser({ phone, password: PASSWORD }), 422, "phone_exists");
});

test("2.19 createUser with an id, a role, and a hash instead of a password", async () => {
  const [id, email] = [randomUUID(), newEmail()];
  // bcrypt of "correct horse 1"
  const password_hash = "$2a$10$N9qo8uLOickgx2ZMRZoMyejkZqNWyHTNlWWy85bzHxDVJ73oNzcZO";
  const user = await newUser({ id, email, role: "editor", password: undefined, password_hash, email_confirm: true });
  assert.deepEqual([user.id, user.role], [id, "editor"]);
  assert.equal((await another({ email }, autoconfirming)).user.id, id);
});

test("2.19 createUser with an address and a number: the address comes first", async () => {
  for (let time = 0; time < 8; time += 1) {
    const { id } = await newUser({ phone: newPhone(), email_confirm: true, phone_confirm: true });
    const { user } = await must(admin.getUserById(id));
    assert.deepEqual(user.app_metadata, { provider: "email", providers: ["email", "phone"] });
    assert.deepEqual(
      user.identities.map((identity) => identity.provider),
      ["email", "phone"],
    );
  }
});

test("7.2 listUsers page by page, the newest first", async () => {
  const instance = await newInstance();
  const by = newAdmin(instance);
  const made = [];
  for (let count = 0; count < 5; count += 1) made.unshift((await newUser({}, by)).id);
  const { users, aud, total, nextPage, lastPage } = await must(by.listUsers());
  assert.deepEqual(
    users.map((user) => user.id),
    made,
  );
  assert.deepEqual([aud, total, nextPage, lastPage], ["authenticated", 5, null, 1]);
  const seen = [];
  let page = 1;
  while (page !== null) {
    const answer = await must(by.listUsers({ page, perPage: 2 }));
    assert.deepEqual([answer.total, answer.lastPage], [5, 3]);
    seen.push(...answer.users.map((user) => user.id));
    page = answer.nextPage;
  }
  assert.deepEqual(seen, made);
  await fails(by.listUsers({ page: -1 }), 400, "validation_failed");
});

test("7.2 listUsers where there are none", async () => {
  const { users, total } = await must(newAdmin(await newInstance()).listUsers());
  assert.deepEqual([users, total], [[], 0]);
});

test("7.2 getUserById, updateUserById and deleteUser of nobody", async () => {
  const id = randomUUID();
  for (const call of [admin.getUserById(id), admin.updateUserById(id, { email: newEmail() }), admin.deleteUser(id)]) {
    const answer = await call;
    assert.equal(answer.data.user, null);
    await fails(answer, ...NOT_FOUND);
  }
});

test("7.2 updateUserById changes address, data and roles at once", async () => {
  const [{ id }, email] = [await newUser(), newEmail("next")];
  const update = async (attributes) => (await must(admin.updateUserById(id, attributes))).user;
  assert.equal((await update({ email })).email, email);
  const user_metadata = { favourite: "colour", nested: { a: 1 } };
  assert.deepEqual((await update({ user_metadata })).user_metadata, user_metadata);
  const { app_metadata } = await update({ app_metadata: { roles: ["admin"] } });
  assert.deepEqual(app_metadata, { provider: "email", providers: ["email"], roles: ["admin"] });
  assert.equal((await update({ role: "editor" })).role, "editor");
  await fails(admin.updateUserById(id, { email: "invalid" }), ...INVALID_EMAIL);
});

test("7.2 updateUserById confirms at one server who was made at another", async () => {
  const { id, email, email_confirmed_at: before } = await newUser({}, newAdmin(confirming));
  assert.equal(before, undefined);
  const credentials = { email, password: PASSWORD };
  await fails(newClient(confirming).signInWithPassword(credentials), 400, "email_not_confirmed");
  const { user } = await must(admin.updateUserById(id, { email_confirm: true }));
  assert.ok(user.email_confirmed_at);
  await must(newClient(confirming).signInWithPassword(credentials));
});

test("2.19 updateUserById with a password ends all sessions", async () => {
  const { user, session, email } = await member(confirming);
  await must(newAdmin(confirming).updateUserById(user.id, { password: "another password 2" }));
  await fails(newClient(confirming).getUser(session.access_token), ...NO_SESSION);
  await another({ email }, confirming, "another password 2");
  await fails(newAdmin(confirming).updateUserById(user.id, { password: "123" }), 422, "weak_password");
});

test("7.2 deleteUser: the address is free, and the sessions are gone", async () => {
  const { user, session, email } = await member(autoconfirming);
  const { user: shown } = await must(admin.deleteUser(user.id));
  assert.equal(shown.id, user.id);
  await fails(admin.getUserById(user.id), ...NOT_FOUND);
  const { users } = await must(admin.listUsers());
  assert.ok(!users.some((other) => other.id === user.id));
  await fails(newClient(autoconfirming).getUser(session.access_token), 403, "user_not_found");
  const again = await must(newClient(autoconfirming).signUp({ email, password: PASSWORD }));
  assert.notEqual(again.user.id, user.id);
});

test("4.14 deleteUser softly: the row stays, the address is free", async () => {
  const { user, session, email } = await member(autoconfirming);
  await must(admin.deleteUser(user.id, true));
  const { user: left } = await must(admin.getUserById(user.id));
  assert.ok(left.deleted_at);
  assert.equal(
    left.email,
    createHash("sha256")
      .update(user.id + email)
      .digest("base64url"),
  );
  assert.deepEqual([left.user_metadata, left.app_metadata], [{}, {}]);
  assert.ok((await must(admin.listUsers())).users.some((other) => other.id === user.id));
  const client = newClient(autoconfirming);
  const credentials = { email, password: PASSWORD };
  await fails(client.signInWithPassword(credentials), 400, "invalid_credentials");
  await fails(client.refreshSession(session), 400, "refresh_token_not_found");
  const again = await must(client.signUp(credentials));
  assert.notEqual(again.user.id, user.id);
  await must(admin.deleteUser(user.id, true));
  await must(admin.deleteUser(user.id));
  await fails(admin.getUserById(user.id), ...NOT_FOUND);
});

test("2 administration needs an administrator", async () => {
  const { session, user } = await member(autoconfirming);
  await fails(newAdmin(autoconfirming, session.access_token).listUsers(), 403, "not_admin", "User not allowed");
  await fails(newAdmin(autoconfirming, "nothing").getUserById(user.id), 403, "bad_jwt", /^invalid JWT/);
  await fails(newClient(autoconfirming).admin.getUserById(user.id), 401, "no_authorization", /Bearer token/);
});
