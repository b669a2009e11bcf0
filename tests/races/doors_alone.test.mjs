// What must be true across the doors whatever comes at once must be true where nothing does.
import test from "node:test";
import { Doors, address, assert, fine, good } from "./doors.mjs";
import { endObserving } from "./support.mjs";

test.after(endObserving);

const open = (settings) => Doors.open({ mailer_secure_email_change_enabled: false, ...settings });

/** Takes away the first identity of a provider from who is signed in. */
async function takeAway(doors, token, provider) {
  const { identities } = good(await doors.gotrue.get("/user", { token }));
  const { identity_id: id } = identities.find((identity) => identity.provider === provider);
  good(await doors.gotrue.delete(`/user/identities/${id}`, { token }));
}

/** A user of GoTrue to whom an account is linked, with a session: {own, linked, token}. */
async function withLinked(doors, isConfirmed, isVerified) {
  const own = await doors.member({ email_confirm: isConfirmed });
  const linked = await doors.account(address(), isVerified);
  await doors.makePrimary(own.id);
  fine(await doors.link(linked.id, own.id));
  const { access_token: token } = await doors.sessionOf(linked.email);
  return { own, linked, token };
}

test("an account that an ID token adds to a primary user is claimed by it", async () => {
  const doors = await Doors.openToProvider();
  const user = await doors.member();
  assert.equal(good(await doors.grant(user.email)).user.id, user.id);
  assert.deepEqual(await doors.misfits(), []);
});

test("an account that a user links is claimed by it", async () => {
  const doors = await Doors.openToProvider();
  const user = await doors.member();
  const { access_token: token } = await doors.sessionOf(user.email);
  good(await doors.grant(address(), { token }));
  assert.deepEqual(await doors.misfits(), []);
});

test("an address that only a provider names is not the user's once the own one is taken away", async () => {
  const doors = await Doors.openToProvider();
  const [other, user] = [await doors.member(), await doors.member()];
  const { access_token: token } = await doors.sessionOf(user.email);
  good(await doors.grant(other.email, { token })); // the account comes without the address, which is another's
  good(await doors.deleteUser(other.id));
  await doors.misfits();
  await takeAway(doors, token, "email");
  assert.deepEqual(await doors.misfits(), []);
});

test("the address that is left when an unconfirmed one is taken away is confirmed if it was verified", async () => {
  const doors = await open();
  const { linked, own, token } = await withLinked(doors, false, true);
  await takeAway(doors, token, "email");
  assert.equal(good(await doors.admin("GET", `/admin/users/${own.id}`)).email, linked.email);
  assert.deepEqual(await doors.misfits(), []);
});

test("the address that is left is confirmed only if it was verified, with autoconfirm, too", async () => {
  const doors = await open();
  const { own, token } = await withLinked(doors, true, false);
  // The session has proven the linked address: take that back.
  const linked = (await doors.find(own.id)).loginMethods.find(({ recipeId }) => recipeId === "thirdparty");
  fine(await doors.post("/recipe/user/email/verify/remove", { userId: linked.recipeUserId, email: linked.email }));
  doors.gotrue.set("mailer_autoconfirm", true);
  await takeAway(doors, token, "email");
  assert.deepEqual(await doors.misfits(), []);
});

test("an address that an administrator gives is confirmed if it was verified before", async () => {
  const doors = await open();
  const [{ id }, email] = [await doors.member({}), address()];
  const { token } = fine(await doors.post("/recipe/user/email/verify/token", { userId: id, email }));
  fine(await doors.post("/recipe/user/email/verify", { method: "token", token }));
  good(await doors.admin("PUT", `/admin/users/${id}`, { email }));
  assert.deepEqual(await doors.misfits(), []);
});

test("an address that an administrator gives without confirming it makes nobody primary", async () => {
  const doors = await open();
  const { id } = await doors.member({});
  good(await doors.admin("PUT", `/admin/users/${id}`, { email: address() }));
  assert.equal((await doors.find(id)).isPrimaryUser, false);
});
