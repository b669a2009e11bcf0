// Every operation of the GoTrue door once, on a full database.
import test from "node:test";
import { codeOf } from "../cdi/authenticator.mjs";
import { AT_ONCE, exchange, follow, verify } from "../gotrue/codes_helper.mjs";
import {
  Instance, PASSWORD, assert, configure, newEmail, newPhone, ok, pkce, sql, textTo,
} from "../gotrue/helper.mjs";
import { newProvider } from "../gotrue/provider.mjs";
import { called, operations } from "./watch.mjs";

const SETTINGS = {
  ...AT_ONCE, external_anonymous_users_enabled: true, external_phone_enabled: true, mailer_autoconfirm: true,
  mfa_phone_enroll_enabled: true, mfa_phone_verify_enabled: true, manual_linking_enabled: true,
  sms_autoconfirm: true, sms_provider: "twilio", update_password_require_reauthentication: true,
};

/** The largest tenant, and one of the small ones. */
const PLACES = ["public", "t7"].map((tenant) => configure(new Instance("public", tenant, "a secret of the test's own"), SETTINGS));

/** Somebody of each place who has been there from the beginning. */
const OLD = PLACES.map(({ tenantId }) => sql(
  `SELECT m.user_id AS id, m.email FROM auth.login_methods m JOIN auth.login_method_tenants t ON t.login_method_id = m.id
   WHERE m.app_id = 'public' AND t.tenant_id = $1 AND m.recipe = 'emailpassword' AND m.id = m.user_id LIMIT 1`,
  tenantId,
)[0]);

/** The operations in both places, of which each has its old user. */
const everywhere = (name, body) =>
  operations(name, async () => {
    for (const [index, place] of PLACES.entries()) await body(place, OLD[index]);
  });

/** What a link says that an administrator makes. */
const linkOf = async (place, type, email, more = {}) =>
  ok(await place.admin("POST", "/admin/generate_link", { body: { type, email, password: PASSWORD, ...more } }));

everywhere("administrators", async (place, { id }) => {
  const { id: made } = ok(await place.admin("POST", "/admin/users", { body: { email: newEmail(), phone: newPhone() } }));
  for (const user of [id, made]) {
    const body = { password: PASSWORD, email: newEmail(), email_confirm: true, user_metadata: { a: 1 }, app_metadata: { b: 1 } };
    ok(await place.admin("PUT", `/admin/users/${user}`, { body }));
    ok(await place.admin("GET", `/admin/users/${user}`));
    ok(await place.admin("GET", `/admin/users/${user}/factors`));
    ok(await place.admin("PUT", `/admin/users/${user}`, { body: { ban_duration: "1h" } }));
    ok(await place.admin("PUT", `/admin/users/${user}`, { body: { ban_duration: "none" } }));
  }
  for (const query of [{}, { page: 2, per_page: 100 }, { filter: "user1234" }]) {
    ok(await place.admin("GET", "/admin/users", { query }));
  }
  for (const query of [{}, { page: 2 }, { query: "action:login" }]) ok(await place.admin("GET", "/admin/audit", { query }));
  ok(await place.admin("DELETE", `/admin/users/${made}`, { body: { should_soft_delete: true } }));
  ok(await place.admin("DELETE", `/admin/users/${(await place.member()).user.id}`));
});

everywhere("signing in and out", async (place, { id }) => {
  const email = newEmail();
  ok(await place.admin("PUT", `/admin/users/${id}`, { body: { email, password: PASSWORD, email_confirm: true } }));
  const old = ok(await place.signIn(email));
  const fresh = await place.signUp();
  const anonymous = ok(await place.post("/signup", {}));
  for (const session of [old, fresh, anonymous]) {
    const refreshed = ok(await place.refresh(session.refresh_token));
    ok(await place.refresh(session.refresh_token)); // again, as after a lost answer
    const token = refreshed.access_token;
    ok(await place.get("/user", { token }));
    for (const scope of ["others", "local"]) ok(await place.post(`/logout?scope=${scope}`, undefined, { token }), 204);
  }
  const { access_token: token } = ok(await place.signIn(email));
  ok(await place.post("/logout?scope=global", undefined, { token }), 204);
  ok(await place.signIn(email, "wrong"), 400);
  ok(await place.signIn(newEmail(), "wrong"), 400);
  for (const path of ["", "/health", "/settings", "/.well-known/jwks.json", "/.well-known/openid-configuration"]) {
    ok(await place.get(path));
  }
});

const provider = await newProvider();

everywhere("accounts at providers", async (place, { id }) => {
  const settings = { external_keycloak_enabled: true, external_keycloak_url: provider.url, external_keycloak_client_id: "app" };
  for (const [key, value] of Object.entries(settings)) place.set(key, value);
  const grant = (claims, more = {}, options = {}) =>
    place.post("/token?grant_type=id_token", { provider: "keycloak", id_token: provider.token(claims), ...more }, options);
  const email = newEmail();
  ok(await place.admin("PUT", `/admin/users/${id}`, { body: { email, email_confirm: true } }));
  const account = (address) => ({ sub: newEmail(), email: address, email_verified: true });
  const [fresh, old] = [account(newEmail()), account(email)];
  for (const claims of [fresh, fresh, { ...fresh, email: newEmail() }, old, account(newEmail())]) ok(await grant(claims));
  const { access_token: token } = await place.signUp();
  ok(await grant(account(newEmail()), { link_identity: true }, { token }));
  const unproven = newEmail();
  sql("SELECT auth.sign_up($1, $2, $3, 'public') ->> 'status' AS status", unproven, PASSWORD, place.tenantId);
  ok(await grant(account(unproven)));
});

everywhere("links and codes", async (place, { id }) => {
  const email = newEmail();
  ok(await place.admin("PUT", `/admin/users/${id}`, { body: { email, email_confirm: true } }));
  const { verifier, ...challenge } = pkce();
  for (const address of [email, newEmail()]) {
    ok(await place.post("/otp", { email: address }));
    ok(await place.post("/otp", { email: address, ...challenge }));
    ok(await place.post("/magiclink", { email: address }));
    ok(await place.post("/recover", { email: address, ...challenge }));
    ok(await place.post("/resend", { type: "signup", email: address }));
    const { email_otp } = await linkOf(place, "recovery", address);
    ok(await verify(place, { type: "recovery", email: address, token: email_otp }));
    const { hashed_token } = await linkOf(place, "magiclink", address);
    ok(await verify(place, { type: "magiclink", token_hash: hashed_token }));
    await follow((await linkOf(place, "magiclink", address)).action_link);
    ok(await verify(place, { type: "email", email: address, token: "000000" }), 403);
  }
  const invited = newEmail();
  ok(await place.admin("POST", "/invite", { body: { email: invited } }));
  await follow((await linkOf(place, "signup", newEmail())).action_link);
  ok(await exchange(place, "11111111-1111-4111-8111-111111111111", verifier), 404);
});

everywhere("what users change", async (place, { id }) => {
  const email = newEmail();
  ok(await place.admin("PUT", `/admin/users/${id}`, { body: { email, password: PASSWORD, email_confirm: true } }));
  const { access_token: token } = ok(await place.signIn(email));
  ok(await place.put("/user", { data: { a: 1 } }, { token }));
  ok(await place.get("/reauthenticate", { token }));
  ok(await place.post("/reauthenticate", undefined, { token }));
  ok(await place.put("/user", { password: `${PASSWORD}!` }, { token }));
  ok(await place.put("/user", { email: newEmail() }, { token }));
  const phone = newPhone();
  ok(await place.put("/user", { phone }, { token }));
  const changed = ok(await place.get("/user", { token }));
  const { identity_id } = changed.identities.find(({ provider }) => provider === "phone");
  ok(await place.delete(`/user/identities/${identity_id}`, { token }));
});

everywhere("second factors", async (place) => {
  const { session, user } = await place.member();
  let token = session.access_token;
  const phone = newPhone();
  const one = async (body, answer) => {
    const factor = ok(await place.post("/factors", body, { token }));
    const challenge = ok(await place.post(`/factors/${factor.id}/challenge`, {}, { token }));
    const code = await answer(factor);
    ok(await place.post(`/factors/${factor.id}/verify`, { challenge_id: challenge.id, code: "000000" }, { token }), 422);
    token = ok(await place.post(`/factors/${factor.id}/verify`, { challenge_id: challenge.id, code }, { token })).access_token;
    return factor.id;
  };
  const app = await one({ factor_type: "totp", friendly_name: "app" }, ({ totp }) => codeOf(totp.secret, { period: 30 }));
  const other = await one({ factor_type: "phone", friendly_name: "phone", phone }, () => textTo(phone));
  ok(await place.admin("GET", `/admin/users/${user.id}/factors`));
  ok(await place.admin("PUT", `/admin/users/${user.id}/factors/${other}`, { body: { friendly_name: "telephone" } }));
  ok(await place.delete(`/factors/${other}`, { token }));
  ok(await place.admin("DELETE", `/admin/users/${user.id}/factors/${app}`));
});

test("every operation of the GoTrue door was called", () => {
  const routes = sql("SELECT method, path FROM auth.http_routes() WHERE door = 'gotrue'");
  // What is switched off asks nothing of the database.
  const off = /^\/(authorize|sso|saml|oauth|factors\/recovery-codes|user\/(oauth|identities\/authorize)|admin\/(sso|oauth|custom-providers))|oauth-auth|passkeys/;
  const places = [...called].join("\n");
  const missing = routes.filter(({ path }) => !off.test(path)).filter(({ method, path }) => {
    const place = path.replaceAll(".", "\\.").replaceAll("{id}", "[^/\\n]+");
    return !new RegExp(`^${method} /auth/v1${place}$`, "m").test(places);
  });
  assert.deepEqual(missing, []);
});
