// Accounts at providers and the users that they lead to (GoTrue reference, 4.11 and 4.12), by ID tokens.
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { assert, claimsOf, mailTo, newEmail, newInstance, newPhone, ok, PASSWORD, refused, sql } from "./helper.mjs";
import { newProvider } from "./provider.mjs";

const provider = await newProvider();
const second = await newProvider();
const settings = {
  external_keycloak_enabled: true, external_keycloak_url: provider.url, external_keycloak_client_id: "app",
  external_allowed_id_token_issuers: `${second.url}`, external_allowed_id_token_client_ids: "app", external_phone_enabled: true, external_anonymous_users_enabled: true,
};
const door = await newInstance({ ...settings, manual_linking_enabled: true });
const grant = (claims, { at = door, token, ...body } = {}) =>
  at.post("/token?grant_type=id_token", { provider: "keycloak", id_token: provider.token(claims), ...body }, { token });
/** With an account at another provider. */
const elsewhere = (claims) => ({ provider: undefined, issuer: second.url, client_id: "app", id_token: second.token(claims) });
const link = (token, claims, more) => grant(claims, { token, link_identity: true, ...more });
const account = (email = newEmail(), more = {}) => ({ sub: randomUUID(), email, email_verified: true, ...more });
const actions = async (user, at = door) =>
  ok(await at.admin("GET", "/admin/audit?per_page=1000")).filter(({ payload }) => payload.actor_id === user.id).map(({ payload }) => payload.action).reverse();
const user = async (id, at = door) => ok(await at.admin("GET", `/admin/users/${id}`));

test("176 who is known by the account signs in, whatever the address says now", async () => {
  const who = account();
  const first = ok(await grant(who)).user;
  const { user: moved } = ok(await grant({ ...who, email: newEmail() }));
  assert.equal(moved.id, first.id);
  assert.deepEqual(await actions(first), ["user_signedup", "login"]);
  const { user: silent } = ok(await grant({ ...who, email_verified: false }));
  assert.equal(silent.id, first.id);
});

test("4.11 rule 1: an address that another user has is not taken over", async () => {
  const who = account();
  const first = ok(await grant(who)).user;
  const { user: other } = await door.member();
  const { user: same } = ok(await grant({ ...who, email: other.email }));
  assert.deepEqual([same.id, same.email], [first.id, who.email]);
  assert.equal((await user(other.id)).email, other.email);
});

test("168 a verified address leads to the user who has proven it", async () => {
  const { user: known } = await door.member({ user_metadata: { kept: 1 } });
  const who = account(known.email, { name: "Ada" });
  const { user: same } = ok(await grant(who));
  assert.equal(same.id, known.id);
  assert.deepEqual(same.app_metadata.providers, ["email", "keycloak"]);
  assert.deepEqual([same.user_metadata.kept, same.user_metadata.full_name], [1, "Ada"]);
  assert.deepEqual((await actions(known)).sort(), ["identity_linked", "login", "login"]);
  ok(await door.signIn(known.email));
});

test("169 an address that was never proven is its owner's: nothing of who signed up with it remains", async () => {
  const email = newEmail();
  const squatter = await door.signUp(email, { data: { planted: true } });
  const { user: owner } = ok(await grant(account(email)));
  assert.equal(owner.id, squatter.id);
  assert.equal(owner.user_metadata.planted, undefined);
  assert.deepEqual(owner.identities.map((identity) => identity.provider), ["keycloak"]);
  assert.deepEqual(owner.app_metadata.providers, ["keycloak"]);
  refused(await door.signIn(email), 400, "invalid_credentials");
  assert.ok((await actions(owner)).includes("user_signedup"));
});

test("4.11 nor do sessions and passwords of the other door", async () => {
  const email = newEmail();
  const cdi = async (path, body) => (await fetch(`${process.env.AUTH_URL}${door.cdi}${path}`, { method: "POST", headers: { "cdi-version": "5.4", "content-type": "application/json" }, body: JSON.stringify(body) })).json();
  const { user: squatter } = await cdi("/recipe/signup", { email, password: PASSWORD });
  const session = await cdi("/recipe/session", { userId: squatter.id, enableAntiCsrf: false, userDataInJWT: {}, userDataInDatabase: {}, useDynamicSigningKey: true });
  const { user: owner } = ok(await grant(account(email)));
  assert.equal(owner.id, squatter.id);
  assert.equal((await cdi("/recipe/signin", { email, password: PASSWORD })).status, "WRONG_CREDENTIALS_ERROR");
  assert.equal((await cdi("/recipe/session/refresh", { refreshToken: session.refreshToken.token, enableAntiCsrf: false, useDynamicSigningKey: true })).status, "UNAUTHORISED");
  const shown = await (await fetch(`${process.env.AUTH_URL}${door.cdi}/user/id?userId=${owner.id}`, { headers: { "cdi-version": "5.4" } })).json();
  assert.deepEqual(shown.user.loginMethods.map(({ recipeId, thirdParty, verified }) => [recipeId, thirdParty.id, verified]), [["thirdparty", "keycloak", true]]);
});

test("4.11 one who has proven something else only says that the address is its own", async () => {
  const [phone, email] = [newPhone(), newEmail()];
  const made = ok(await door.admin("POST", "/admin/users", { body: { phone, phone_confirm: true, email, password: PASSWORD } }));
  const { user: owner } = ok(await grant(account(email)));
  assert.notEqual(owner.id, made.id);
  assert.equal(owner.email, "", "a primary user holds it");
  assert.equal((await user(made.id)).email, email);
});

test("170 without a verified address there is a new user, who has to prove it", async () => {
  const who = account(newEmail(), { email_verified: false });
  const message = "Unverified email with keycloak. A confirmation email has been sent to your keycloak email";
  refused(await grant(who), 422, "provider_email_needs_verification", message);
  const mail = await mailTo(who.email);
  const { user: confirmed } = ok(await door.post("/verify", { type: "signup", email: who.email, token: mail.code }));
  assert.deepEqual(confirmed.identities.map((identity) => [identity.provider, identity.id]), [["keycloak", who.sub]]);
  assert.equal(ok(await grant(who)).user.id, confirmed.id);
});

test("171 an address that a user has is not given to another, and nobody is let in", async () => {
  const { user: known } = await door.member();
  const who = account(known.email, { email_verified: false });
  refused(await grant(who), 422, "provider_email_needs_verification");
  const rows = sql("SELECT u.id, u.email FROM auth.login_methods m JOIN auth.users u ON u.id = m.user_id WHERE m.third_party_user_id = $1", who.sub);
  assert.equal(rows.length, 1);
  assert.deepEqual([rows[0].id === known.id, rows[0].email], [false, null]);
  refused(await grant(who), 422, "provider_email_needs_verification");
  // Once the provider vouches for it, the account is still that user's, and the address the other's.
  const { user: later } = ok(await grant({ ...who, email_verified: true }));
  assert.equal(later.id, rows[0].id);
  assert.equal((await user(known.id)).email, known.email);
});

test("4.11 where unverified addresses may sign in, or count as confirmed, they do", async () => {
  const lax = await newInstance({ ...settings, mailer_allow_unverified_email_sign_ins: true });
  const who = account(newEmail(), { email_verified: false });
  assert.equal(ok(await grant(who, { at: lax })).user.email_confirmed_at, undefined);
  const auto = await newInstance({ ...settings, mailer_autoconfirm: true });
  assert.ok(ok(await grant(account(newEmail(), { email_verified: false }), { at: auto })).user.email_confirmed_at);
});

test("173 sign-ups may be off for who is new; who is banned stays out", async () => {
  const off = await newInstance({ ...settings, disable_signup: true });
  refused(await grant(account(), { at: off }), 422, "signup_disabled");
  const { user: known } = await off.member();
  ok(await grant(account(known.email), { at: off }));
  const who = account();
  const { user: bad } = ok(await grant(who));
  ok(await door.admin("PUT", `/admin/users/${bad.id}`, { body: { ban_duration: "1h" } }));
  refused(await grant(who), 403, "user_banned");
});

test("175 who comes without an address is let in only where that may be", async () => {
  refused(await grant({ sub: randomUUID() }), 500, "unexpected_failure", "Error getting user email from external provider");
  const open = await newInstance({ ...settings, external_keycloak_email_optional: true });
  const who = { sub: randomUUID(), name: "Nobody" };
  const { user: nameless } = ok(await grant(who, { at: open }));
  assert.equal(nameless.email, "");
  assert.equal(ok(await grant(who, { at: open })).user.id, nameless.id);
});

test("178 a user links an account, and signs in with it", async () => {
  const { user: who, session } = await door.member();
  const other = account();
  const linked = ok(await link(session.access_token, other));
  assert.equal(linked.user.id, who.id);
  assert.equal(linked.user.email, who.email, "the address stays");
  assert.deepEqual(linked.user.app_metadata.providers, ["email", "keycloak"]);
  assert.deepEqual(claimsOf(linked.access_token).amr.map(({ method }) => method), ["oauth"]);
  assert.ok((await actions(who)).includes("identity_linked"));
  assert.equal(ok(await grant(other)).user.id, who.id);
  refused(await link(session.access_token, other), 422, "identity_already_exists", "Identity is already linked");
  const stranger = await door.member();
  refused(await link(stranger.session.access_token, other), 422, "identity_already_exists", "Identity is already linked to another user");
});

test("4.12 an account whose address another user has is linked without it", async () => {
  const { user: known } = await door.member();
  const { user: who, session } = await door.member();
  const linked = ok(await link(session.access_token, account(known.email)));
  assert.equal(linked.user.id, who.id);
  assert.equal(ok(await door.signIn(known.email)).user.id, known.id);
});

test("179 a user without a name gets one", async () => {
  const anonymous = ok(await door.post("/signup", {}));
  const who = account();
  const linked = ok(await link(anonymous.access_token, who));
  assert.deepEqual([linked.user.id, linked.user.email, linked.user.is_anonymous], [anonymous.user.id, who.email, false]);
  assert.ok(linked.user.email_confirmed_at);
  const { user: known } = await door.member();
  const another = ok(await door.post("/signup", {}));
  refused(await link(another.access_token, account(known.email)), 400, "email_exists");
  const third = ok(await door.post("/signup", {}));
  const unproven = account(newEmail(), { email_verified: false });
  refused(await link(third.access_token, unproven), 422, "email_not_confirmed");
  const mail = await mailTo(unproven.email);
  const { user: proven } = ok(await door.post("/verify", { type: "signup", email: unproven.email, token: mail.code }));
  assert.equal(proven.id, third.user.id);
});

test("4.11 who has proven an address keeps it until the provider vouches for another", async () => {
  const who = account();
  const { user } = ok(await grant(who));
  const wanted = newEmail();
  const { user: same } = ok(await grant({ ...who, email: wanted, email_verified: false }));
  assert.deepEqual([same.id, same.email], [user.id, who.email]);
  // Whose it is can still sign up with it.
  assert.notEqual((await door.signUp(wanted)).id, user.id);
  const { user: moved } = ok(await grant({ ...who, email: newEmail() }));
  assert.equal(moved.id, user.id);
});

test("4.12 an address that nobody vouches for is not held by linking it, nor proven by unlinking", async () => {
  const { user: who, session } = await door.member();
  const wanted = newEmail();
  const other = account(wanted, { email_verified: false });
  const linked = ok(await link(session.access_token, other));
  const { user: known } = await door.member();
  ok(await grant({ ...other, email: known.email, email_verified: true }));
  const owner = await door.signUp(wanted);
  assert.notEqual(owner.id, who.id);
  const byMail = linked.user.identities.find(({ provider: name }) => name === "email");
  ok(await door.delete(`/user/identities/${byMail.identity_id}`, { token: linked.access_token }));
  const left = await user(who.id);
  assert.deepEqual([left.email, left.email_confirmed_at], ["", undefined]);
});

test("4.12 linking must be switched on", async () => {
  const off = await newInstance(settings);
  const { session } = await off.member();
  refused(await link(session.access_token, account(), { at: off }), 404, "manual_linking_disabled");
});

test("4.12 what was linked can be unlinked, and is another user's then", async () => {
  const { user: who, session } = await door.member();
  const other = account();
  const { user: linked } = ok(await link(session.access_token, other));
  const identity = linked.identities.find(({ provider: name }) => name === "keycloak");
  ok(await door.delete(`/user/identities/${identity.identity_id}`, { token: session.access_token }));
  const { user: later } = ok(await grant(other));
  assert.notEqual(later.id, who.id);
});

test("one account, many requests at once: one user", async () => {
  const [who, email] = [account(), newEmail()];
  const same = await Promise.all(Array.from({ length: 8 }, () => grant(who)));
  assert.equal(new Set(same.map((answer) => ok(answer).user.id)).size, 1);
  // Two providers, one address, and somebody who signs up with it.
  const accounts = [account(email), account(email)];
  const answers = await Promise.all([grant(accounts[0]), grant(accounts[1], elsewhere(accounts[1])), door.post("/signup", { email, password: PASSWORD })]);
  assert.deepEqual(answers.slice(0, 2).map(({ status }) => status), [200, 200]);
  assert.equal(answers[0].json.user.id, answers[1].json.user.id);
  const { json: { user: last } } = await grant(accounts[0]);
  assert.equal(last.id, answers[0].json.user.id);
  refused(await door.signIn(email), 400, "invalid_credentials");
});
