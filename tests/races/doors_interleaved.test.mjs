// What the races across the doors hit by luck, statement by statement: one call is done, but not yet committed, when the
// other begins, and is committed once that is done or waits.
import test from "node:test";
import { Doors, PASSWORD, address, assert, fine, good } from "./doors.mjs";
import { answeredOrWaiting, backends, endObserving, interleaved, quoted, value } from "./support.mjs";

test.after(endObserving);

/** A call of GoTrue as the gateway makes it. */
function request(doors, method, path, { body, query, token } = {}) {
  const headers = token === undefined ? [] : [["authorization", `Bearer ${token}`]];
  const text = body === undefined ? "" : JSON.stringify(body);
  const given = [method, `${doors.at}/auth/v1${path}`, query ?? "", JSON.stringify(headers), text];
  return `SELECT convert_from(body, 'UTF8') FROM auth.http(${given.map(quoted).join(", ")})`;
}

const signIn = (doors, email) =>
  request(doors, "POST", "/token", { query: "grant_type=password", body: { email, password: PASSWORD } });

/** A function of the schema, in the app. */
const call = (doors, name, ...values) =>
  `SELECT auth.${name}(${values.map(quoted).join(", ")}, app_id => ${quoted(doors.gotrue.appId)})`;

const sessionsOf = async (id) =>
  Number(await value(`SELECT count(*) FROM auth.sessions WHERE ${quoted(id)} IN (user_id::text, subject)`));

/** A user with a password who is linked to a primary user without one. */
async function linkedPair(doors) {
  const [primary, linked] = [await doors.primary(), await doors.member({})];
  fine(await doors.link(linked.id, primary.id));
  return { primary, linked };
}

test("who is linked is not deleted at GoTrue any more, and the primary user stays", async (t) => {
  const doors = await Doors.open();
  const [user, primary] = [await doors.member({}), await doors.primary()];
  const link = call(doors, "link_accounts", user.id, primary.id);
  const remove = request(doors, "DELETE", `/admin/users/${user.id}`, { token: doors.gotrue.adminToken });
  const [linked, deleted] = await interleaved(await backends(t, 2), link, remove);
  assert.equal(linked.status, "OK");
  assert.equal((await doors.find(primary.id))?.loginMethods.length, 2);
  assert.equal(deleted.error_code, "user_not_found");
});

for (const [what, name] of [["unlinked", "unlink_account"], ["deleted", "delete_user"]]) {
  test(`who signs in while the account is ${what} gets no session of the primary user by it`, async (t) => {
    const doors = await Doors.open({ mailer_allow_unverified_email_sign_ins: true });
    const { primary, linked } = await linkedPair(doors);
    const args = name === "delete_user" ? [linked.id, "false"] : [linked.id];
    const [done] = await interleaved(await backends(t, 2), call(doors, name, ...args), signIn(doors, linked.email));
    assert.equal(done.status, "OK");
    assert.equal(await sessionsOf(primary.id), 0);
    assert.deepEqual(await doors.misfits(), []);
  });
}

test("who signs in by an account that is unlinked between finding the user and its password gets in as who it is then", async (t) => {
  const doors = await Doors.open({ mailer_allow_unverified_email_sign_ins: true });
  const { primary, linked } = await linkedPair(doors);
  const [one, other] = await backends(t, 2);
  await one.ask("BEGIN");
  // Users are found without this table, passwords are not.
  await one.ask("LOCK TABLE auth.login_methods IN ACCESS EXCLUSIVE MODE");
  const answer = other.ask(signIn(doors, linked.email));
  await answeredOrWaiting(other, answer);
  assert.equal((await one.ask(call(doors, "unlink_account", linked.id))).status, "OK");
  await one.ask("COMMIT");
  assert.equal((await answer).user?.id, linked.id, JSON.stringify(await answer));
  assert.equal(await sessionsOf(primary.id), 0);
});

test("who signs in with a password while another is set has no session afterwards", async (t) => {
  const doors = await Doors.open();
  const { id, email } = await doors.member();
  const how = { body: { password: "a new horse 2" }, token: doors.gotrue.adminToken };
  const change = request(doors, "PUT", `/admin/users/${id}`, how);
  const [changed] = await interleaved(await backends(t, 2), change, signIn(doors, email));
  assert.equal(changed.id, id);
  assert.equal(await sessionsOf(id), 0);
});

test("who signs in with a password while somebody else proves the address has no session afterwards", async (t) => {
  const doors = await Doors.openToProvider({ mailer_allow_unverified_email_sign_ins: true });
  const { id, email } = await doors.member({});
  const body = { provider: "keycloak", id_token: doors.provider.token({ sub: address(), email, email_verified: true }) };
  const prove = request(doors, "POST", "/token", { query: "grant_type=id_token", body });
  const [proven] = await interleaved(await backends(t, 2), prove, signIn(doors, email));
  assert.equal(proven.user.id, id);
  assert.equal(await sessionsOf(id), 1);
});

test("an address that is taken back while a user gets it again is not confirmed", async (t) => {
  const doors = await Doors.open();
  const { id, email } = await doors.member();
  fine(await doors.changeEmail(id, address()));
  const takeBack = call(doors, "unverify_email", id, email);
  const both = [takeBack, call(doors, "update_email_or_password", id, email)];
  for (const { status } of await interleaved(await backends(t, 2), ...both)) assert.equal(status, "OK");
  assert.equal(good(await doors.admin("GET", `/admin/users/${id}`)).email, email);
  assert.deepEqual(await doors.misfits(), []);
});
