// docs/one-user-base.md, "Providers".
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { AUTH_URL, assert, newEmail, newInstance, ok, PASSWORD } from "./helper.mjs";
import { newProvider } from "./provider.mjs";

const provider = await newProvider();
const door = await newInstance({ external_keycloak_enabled: true, external_keycloak_url: provider.url, external_keycloak_client_id: "app" });
const account = (email = newEmail(), more = {}) => ({ sub: randomUUID(), email, email_verified: true, ...more });
const byToken = async (claims) => ok(await door.post("/token?grant_type=id_token", { provider: "keycloak", id_token: provider.token(claims) }));

async function core(method, path, body) {
  const headers = { "cdi-version": "5.4", "content-type": "application/json" };
  const response = await fetch(`${AUTH_URL}${door.cdi}${path}`, { method, headers, body: body && JSON.stringify(body) });
  assert.equal(response.status, 200);
  return response.json();
}
const byCore = ({ sub, email, email_verified: isVerified }) =>
  core("POST", "/recipe/signinup", { thirdPartyId: "keycloak", thirdPartyUserId: sub, email: { id: email, isVerified } });
const shown = async (id) => (await core("GET", `/user/id?userId=${id}`)).user;

test("Providers: an account is one login method at both doors", async () => {
  const first = account();
  const { user } = await byToken(first);
  const same = await byCore(first);
  assert.deepEqual([same.user.id, same.createdNewUser], [user.id, false]);
  assert.deepEqual(same.user.loginMethods.map(({ thirdParty }) => thirdParty), [{ id: "keycloak", userId: first.sub }]);
  const second = account();
  const made = await byCore(second);
  const { user: again } = await byToken({ ...second, name: "Ada" });
  assert.equal(again.id, made.user.id);
  assert.deepEqual(again.identities.map(({ provider: name, id }) => [name, id]), [["keycloak", second.sub]]);
  assert.equal(again.identities[0].identity_data.name, "Ada");
});

test("Providers: a provider's word verifies at both doors", async () => {
  const { user } = await byToken(account());
  assert.equal((await shown(user.id)).loginMethods[0].verified, true);
  const other = account();
  const { user: made } = await byCore(other);
  assert.ok(ok(await door.admin("GET", `/admin/users/${made.id}`)).email_confirmed_at);
});

test("Providers: GoTrue gives an account to who has proven its address, SuperTokens does not by itself", async () => {
  const { user: known } = await door.member();
  assert.equal((await byToken(account(known.email))).user.id, known.id);
  assert.equal((await shown(known.id)).loginMethods.length, 2);
  const { user: second } = await door.member();
  assert.notEqual((await byCore(account(second.email))).user?.id, second.id);
});

test("Providers: who has proven nothing is nobody to GoTrue, and stays at SuperTokens", async () => {
  const email = newEmail();
  const { user: squatter } = await core("POST", "/recipe/signup", { email, password: PASSWORD });
  await core("POST", "/recipe/totp/device", { userId: squatter.id, deviceName: "phone", skew: 1, period: 30 });
  const { user: beside } = await byCore(account(email));
  assert.notEqual(beside.id, squatter.id);
  assert.equal((await core("POST", "/recipe/signin", { email, password: PASSWORD })).status, "OK");
  const another = newEmail();
  const { user: second } = await core("POST", "/recipe/signup", { email: another, password: PASSWORD });
  await core("POST", "/recipe/totp/device", { userId: second.id, deviceName: "phone", skew: 1, period: 30 });
  const { user: owner } = await byToken(account(another));
  assert.equal(owner.id, second.id);
  assert.equal((await core("POST", "/recipe/signin", { email: another, password: PASSWORD })).status, "WRONG_CREDENTIALS_ERROR");
  assert.deepEqual((await core("GET", `/recipe/totp/device/list?userId=${owner.id}`)).devices, []);
});

test("Providers: an account whose address somebody else has is kept without it", async () => {
  const who = account();
  const { user } = await byToken(who);
  const { user: known } = await door.member();
  assert.equal((await byToken({ ...who, email: known.email })).user.id, user.id);
  assert.deepEqual((await shown(user.id)).emails, [who.email]);
  assert.deepEqual((await shown(known.id)).emails, [known.email]);
});
