// What users are: metadata, linked accounts, users without a name, and ways to sign in that are added later.
import test from "node:test";
import { PASSWORD, assert, mailTo, newEmail } from "../../gotrue/helper.mjs";
import { another, fails, follow, member, must, newClient, newSupabase } from "./clients.mjs";
import {
  AccountLinking,
  PUBLIC,
  SuperTokens,
  UserMetadata,
  admin,
  fine,
  fromProvider,
  recipeId,
} from "./supertokens.mjs";
import { recipesOf, shared, signIn, signedUp } from "./supertokens.mjs";

const providers = ({ identities }) => identities.map((identity) => identity.provider);

/** A user with a password, and an account at a provider that SuperTokens linked to it. */
async function linked() {
  const owner = await signedUp();
  const member = await fromProvider({ email: newEmail("google") });
  await fine(AccountLinking.createPrimaryUser(recipeId(owner.id)));
  await fine(AccountLinking.linkAccounts(recipeId(member.id), owner.id));
  return { owner, member };
}

/** Whether SuperTokens lists a user. */
async function isListed(id) {
  const { users } = await SuperTokens.getUsersNewestFirst({ tenantId: PUBLIC, limit: 500 });
  return users.some((user) => user.id === id);
}

test("metadata of SuperTokens and user_metadata do not touch each other", async () => {
  const { client, user } = await member(shared);
  await UserMetadata.updateUserMetadata(user.id, { plan: "pro", shared: "supertokens" });
  const { user: seen } = await must(client.getUser());
  assert.deepEqual(seen.user_metadata, user.user_metadata);
  assert.deepEqual(seen.app_metadata, user.app_metadata);

  const { user: updated } = await must(client.updateUser({ data: { shared: "supabase", plan: null, theme: "dark" } }));
  assert.deepEqual(updated.user_metadata, { ...user.user_metadata, shared: "supabase", theme: "dark" });
  await must(admin.updateUserById(user.id, { app_metadata: { shared: "app" } }));
  assert.deepEqual((await UserMetadata.getUserMetadata(user.id)).metadata, { plan: "pro", shared: "supertokens" });
  await UserMetadata.clearUserMetadata(user.id);
  assert.equal((await must(client.getUser())).user.user_metadata.shared, "supabase");
});

test("a user whose accounts SuperTokens linked shows both identities", async () => {
  const {
    owner,
    member: { email, userId },
  } = await linked();
  const client = newSupabase(shared);
  const { user } = await must(client.signInWithPassword({ email: owner.email, password: PASSWORD }));
  assert.deepEqual([user.id, user.email], [owner.id, owner.email]);
  assert.deepEqual(providers(user), ["email", "google"]);
  assert.deepEqual(user.app_metadata, { provider: "email", providers: ["email", "google"] });
  const google = user.identities[1];
  assert.deepEqual([google.id, google.user_id, google.email], [userId, owner.id, email]);
  assert.deepEqual((await must(client.getUserIdentities())).identities, user.identities);
});

test("an account that was linked is not a user of its own any more", async () => {
  const { owner, member } = await linked();
  await fails(admin.getUserById(member.id), 404, "user_not_found");
  const { users } = await must(admin.listUsers({ perPage: 500 }));
  assert.equal(users.filter((user) => [owner.id, member.id].includes(user.id)).length, 1);
});

test("unlinkIdentity takes an account away that SuperTokens linked", async () => {
  const { owner, member } = await linked();
  const client = newSupabase(shared);
  const { user } = await must(client.signInWithPassword({ email: owner.email, password: PASSWORD }));
  shared.set("manual_linking_enabled", true);
  await must(client.unlinkIdentity(user.identities.find((identity) => identity.provider === "google")));
  assert.deepEqual(providers((await must(client.getUser())).user), ["email"]);
  const seen = await SuperTokens.getUser(owner.id);
  assert.deepEqual(recipesOf(seen), ["emailpassword"]);
  assert.deepEqual(seen.emails, [owner.email]);
  const free = await fromProvider({ email: member.email });
  assert.notEqual(free.id, owner.id);
});

test("unlinkAccount of SuperTokens takes an identity away", async () => {
  const { owner, member } = await linked();
  await fine(AccountLinking.unlinkAccount(recipeId(member.id)));
  assert.deepEqual(providers((await must(admin.getUserById(owner.id))).user), ["email"]);
  assert.deepEqual(providers((await must(admin.getUserById(member.id))).user), ["google"]);
});

test("a user from a provider alone is shown with that identity, and signs in by link", async () => {
  const { id, email, userId } = await fromProvider();
  const { user } = await must(admin.getUserById(id));
  assert.equal(user.email, email);
  assert.deepEqual(
    user.identities.map(({ provider, id: at }) => [provider, at]),
    [["google", userId]],
  );
  await must(newSupabase(shared).signInWithOtp({ email, options: { shouldCreateUser: false } }));
  const signedIn = await must(
    newSupabase(shared).verifyOtp({ email, token: (await mailTo(email)).code, type: "email" }),
  );
  assert.equal(signedIn.user.id, id);
});

test("an address that a provider does not vouch for is not confirmed, and does not sign in", async () => {
  const { id, email } = await fromProvider({ isVerified: false });
  const { user } = await must(admin.getUserById(id));
  assert.equal(user.email_confirmed_at, undefined);
  await must(newSupabase(shared).signInWithOtp({ email }));
  const signedIn = await must(
    newSupabase(shared).verifyOtp({ email, token: (await mailTo(email)).code, type: "email" }),
  );
  assert.notEqual(signedIn.user.id, id);
});

test("a user with linked accounts is deleted through GoTrue with all of them", async () => {
  const { owner, member } = await linked();
  await must(admin.deleteUser(owner.id));
  for (const id of [owner.id, member.id]) assert.equal(await SuperTokens.getUser(id), undefined);
  const again = await fromProvider({ email: member.email });
  assert.notEqual(again.id, member.id);
});

test("a user with linked accounts is deleted through SuperTokens: all, or one of them", async () => {
  const [all, one] = [await linked(), await linked()];
  await fine(SuperTokens.deleteUser(all.owner.id));
  await fails(admin.getUserById(all.owner.id), 404, "user_not_found");
  await fine(SuperTokens.deleteUser(one.member.id, false));
  assert.deepEqual(providers((await must(admin.getUserById(one.owner.id))).user), ["email"]);
});

test("users of both are listed by both", async () => {
  const [{ id }, { user }] = [await signedUp(), await member(shared)];
  const { users } = await must(admin.listUsers({ perPage: 500 }));
  for (const each of [id, user.id]) {
    assert.ok(
      users.some((listed) => listed.id === each),
      "by auth-js",
    );
    assert.ok(await isListed(each), "by supertokens-node");
  }
});

test("an anonymous user is unknown to SuperTokens until it has an address", async () => {
  const client = newSupabase(shared);
  const count = await SuperTokens.getUserCount();
  const { user } = await must(client.signInAnonymously());
  assert.equal(await SuperTokens.getUser(user.id), undefined);
  assert.equal(await isListed(user.id), false);
  assert.equal(await SuperTokens.getUserCount(), count);

  const email = newEmail();
  await must(client.updateUser({ email, password: PASSWORD }));
  assert.equal(await SuperTokens.getUser(user.id), undefined, "the address is not confirmed yet");
  const { session } = await must(client.verifyOtp({ email, token: (await mailTo(email)).code, type: "email_change" }));
  assert.equal(session.user.is_anonymous, false);
  const known = await SuperTokens.getUser(user.id);
  assert.deepEqual([known.id, known.emails], [user.id, [email]]);
  assert.equal(await isListed(user.id), true);
  assert.equal(await SuperTokens.getUserCount(), count + 1);
  assert.equal((await fine(signIn(email))).user.id, user.id);
});

test("who signs in by magic link and then sets a password has two ways to sign in", async () => {
  const email = newEmail();
  const client = newSupabase(shared);
  await must(client.signInWithOtp({ email }));
  const { fragment } = await follow((await mailTo(email)).link);
  const { user } = await must(client.setSession(fragment));
  assert.deepEqual(recipesOf(await SuperTokens.getUser(user.id)), ["passwordless"]);

  await must(client.updateUser({ password: PASSWORD }));
  const { user: signedIn } = await fine(signIn(email));
  assert.equal(signedIn.id, user.id);
  assert.deepEqual(recipesOf(signedIn), ["emailpassword", "passwordless"]);
  assert.ok(signedIn.loginMethods.every((method) => method.verified && method.email === email));
  const { user: seen } = await must(client.getUser());
  assert.deepEqual(providers(seen), ["email"], "at GoTrue they are one");
  await another({ email }, shared);
});

test("a user invited through GoTrue is known to SuperTokens by its address", async () => {
  const email = newEmail();
  const { user } = await must(admin.inviteUserByEmail(email));
  const known = await SuperTokens.getUser(user.id);
  assert.deepEqual([known.emails, recipesOf(known)], [[email], ["passwordless"]]);
  assert.equal(known.loginMethods[0].verified, false);
});

test("a banned user signs in nowhere at GoTrue, and signs in again afterwards", async () => {
  const { id, email } = await signedUp();
  await must(admin.updateUserById(id, { ban_duration: "1h" }));
  const credentials = { email, password: PASSWORD };
  await fails(newClient(shared).signInWithPassword(credentials), 400, "user_banned");
  await must(admin.updateUserById(id, { ban_duration: "none" }));
  await must(newClient(shared).signInWithPassword(credentials));
});
