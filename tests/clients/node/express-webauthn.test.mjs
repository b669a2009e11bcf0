// Sign-in with passkeys in an express application, as the front end and a software authenticator do it.
import test, { after } from "node:test";
import SuperTokens from "supertokens-node";
import EmailVerification from "supertokens-node/recipe/emailverification";
import Multitenancy from "supertokens-node/recipe/multitenancy";
import WebAuthn from "supertokens-node/recipe/webauthn";
import {
  PUBLIC,
  WEBSITE_DOMAIN,
  assert,
  createTemporaryApp,
  emailDelivery,
  mails,
  newEmail,
  newId,
} from "./helpers.mjs";
import { recipeUserId } from "./helpers.mjs";
import { Client, hasCode, hasStatus, startApplication } from "./express.mjs";
import { Authenticator, withClientData, withFalseSignature } from "./authenticator.mjs";

const { connectionURI } = await createTemporaryApp("passkeys");
const application = await startApplication({
  connectionURI,
  recipes: [EmailVerification.init({ mode: "OPTIONAL", emailDelivery }), WebAuthn.init({ emailDelivery })],
});
after(application.stop);

const newClient = (mode = "cookie") => new Client(application.url, mode);

const ask = async (client, how, body, tenant = "") => {
  const answer = await client.post(`/auth${tenant}/webauthn/options/${how}`, body);
  hasStatus(answer, "OK");
  return answer.json;
};

/** What the front end sends after the authenticator has made a credential. */
const offer = async (client, about, { authenticator = new Authenticator(), tenant } = {}) => {
  const options = await ask(client, "register", about, tenant);
  const credential = authenticator.register(options);
  return { authenticator, body: { webauthnGeneratedOptionsId: options.webauthnGeneratedOptionsId, credential } };
};

const signUp = async ({ client = newClient(), email = newEmail(), tenant = "", ...kind } = {}) => {
  const authenticator = new Authenticator(kind);
  const { body } = await offer(client, { email }, { authenticator, tenant });
  const answer = await client.post(`/auth${tenant}/webauthn/signup`, body);
  hasStatus(answer, "OK");
  const { user } = answer.json;
  return { client, email, authenticator, user, id: user.id, credentialId: body.credential.id };
};

const signIn = async (client, authenticator, { tenant = "", spoil = (one) => one } = {}) => {
  const options = await ask(client, "signin", {}, tenant);
  const credential = spoil(authenticator.signIn(options));
  const { webauthnGeneratedOptionsId } = options;
  return client.post(`/auth${tenant}/webauthn/signin`, { webauthnGeneratedOptionsId, credential });
};

for (const mode of ["cookie", "header"]) {
  for (const counts of [false, true]) {
    test(`${mode}, ${counts ? "a key that counts" : "a passkey"}: sign-up, session, sign-out, sign-in`, async () => {
      const { client, authenticator, id, email } = await signUp({ client: newClient(mode), counts });
      const me = await client.get("/me/checked");
      hasCode(me, 200);
      assert.deepEqual([me.json.userId, me.json.payload.tId], [id, PUBLIC]);
      hasCode(await client.post("/auth/session/refresh"), 200);
      hasCode(await client.get("/me"), 200, "after a refresh");
      hasStatus(await client.post("/auth/signout"), "OK");
      hasCode(await client.get("/me"), 401);
      for (let n = 0; n < 2; n += 1) {
        const again = await signIn(client, authenticator);
        hasStatus(again, "OK");
        assert.deepEqual([again.json.user.id, again.json.user.emails], [id, [email]]);
        assert.equal((await client.get("/me")).json.userId, id);
        hasStatus(await client.post("/auth/signout"), "OK");
      }
    });
  }
}

test("options for the page, with what the SDK wishes", async () => {
  const options = await ask(newClient(), "register", { email: newEmail() });
  assert.deepEqual(options.rp, { id: "localhost", name: "tests" });
  assert.equal(options.timeout, 60_000);
  const toSignIn = await ask(newClient(), "signin", {});
  assert.deepEqual([toSignIn.rpId, toSignIn.timeout, toSignIn.userVerification], ["localhost", 60_000, "preferred"]);
  hasStatus(await newClient().post("/auth/webauthn/options/register", { email: "nonsense" }), "INVALID_EMAIL_ERROR");
  hasCode(await newClient().post("/auth/webauthn/options/register", {}), 400);
});

test("an address signs up once, and can be asked for", async () => {
  const [client, email] = [newClient(), newEmail()];
  const exists = async () => (await client.get(`/auth/webauthn/email/exists?${new URLSearchParams({ email })}`)).json;
  assert.deepEqual(await exists(), { status: "OK", exists: false });
  await signUp({ email });
  assert.deepEqual(await exists(), { status: "OK", exists: true });
  const { body } = await offer(client, { email });
  hasStatus(await client.post("/auth/webauthn/signup", body), "EMAIL_ALREADY_EXISTS_ERROR");
  hasCode(await client.get("/me"), 401);
});

test("a false registration makes nobody", async () => {
  const [client, email] = [newClient(), newEmail()];
  const { body } = await offer(client, { email });
  const spoiled = { ...body, credential: withClientData(body.credential, { origin: "https://evil.example" }) };
  hasStatus(await client.post("/auth/webauthn/signup", spoiled), "INVALID_AUTHENTICATOR_ERROR");
  const unknown = { ...body, webauthnGeneratedOptionsId: "00000000-0000-4000-8000-000000000000" };
  hasStatus(await client.post("/auth/webauthn/signup", unknown), "OPTIONS_NOT_FOUND_ERROR");
  hasCode(await client.post("/auth/webauthn/signup", { credential: body.credential }), 400);
  hasCode(await client.get("/me"), 401);
  assert.deepEqual(await SuperTokens.listUsersByAccountInfo(PUBLIC, { email }), []);
});

for (const [name, spoil] of [
  ["a false signature", withFalseSignature],
  ["another challenge", (one) => withClientData(one, { challenge: "A".repeat(43) })],
  ["an unknown credential", (one) => ({ ...one, id: "AAAA", rawId: "AAAA" })],
]) {
  test(`${name} lets nobody in`, async () => {
    const { authenticator } = await signUp();
    const client = newClient();
    hasStatus(await signIn(client, authenticator, { spoil }), "INVALID_CREDENTIALS_ERROR");
    hasCode(await client.get("/me"), 401);
  });
}

test("a user lists, adds and removes credentials", async () => {
  const { client, id, email, authenticator, credentialId } = await signUp();
  const list = async () => {
    const answer = await client.get("/auth/webauthn/credential/list");
    hasStatus(answer, "OK");
    return answer.json.credentials.map((one) => one.webauthnCredentialId);
  };
  assert.deepEqual(await list(), [credentialId]);
  const second = await offer(client, { email });
  hasStatus(await client.post("/auth/webauthn/credential", { ...second.body, recipeUserId: id }), "OK");
  assert.deepEqual((await list()).sort(), [credentialId, second.body.credential.id].sort());
  hasStatus(await signIn(newClient(), second.authenticator), "OK");
  const removed = await client.post("/auth/webauthn/credential/remove", { webauthnCredentialId: credentialId });
  hasStatus(removed, "OK");
  assert.deepEqual(await list(), [second.body.credential.id]);
  hasStatus(await signIn(newClient(), authenticator), "INVALID_CREDENTIALS_ERROR");
  hasStatus(await signIn(newClient(), second.authenticator), "OK");
});

test("nobody adds or removes another's credentials", async () => {
  const [user, other] = [await signUp(), await signUp()];
  const { body } = await offer(other.client, { email: user.email });
  const added = await other.client.post("/auth/webauthn/credential", { ...body, recipeUserId: user.id });
  hasStatus(added, "GENERAL_ERROR");
  const removal = { webauthnCredentialId: user.credentialId };
  hasStatus(await other.client.post("/auth/webauthn/credential/remove", removal), "GENERAL_ERROR");
  hasCode(await newClient().get("/auth/webauthn/credential/list"), 401);
  hasCode(await newClient().post("/auth/webauthn/credential", { ...body, recipeUserId: user.id }), 401);
  hasStatus(await signIn(newClient(), user.authenticator), "OK");
});

test("who has lost all keys comes back by a mail", async () => {
  const { id, email } = await signUp();
  const client = newClient();
  hasStatus(await client.post("/auth/user/webauthn/reset/token", { email }), "OK");
  const [mail, ...others] = mails.filter((one) => one.user?.email === email);
  assert.deepEqual([mail.type, others], ["RECOVER_ACCOUNT", []]);
  const link = new URL(mail.recoverAccountLink);
  assert.equal(link.origin + link.pathname, `${WEBSITE_DOMAIN}/auth/webauthn/recover`);
  const token = link.searchParams.get("token");
  const { body, authenticator } = await offer(client, { recoverAccountToken: token });
  hasStatus(await client.post("/auth/user/webauthn/reset", { ...body, token }), "OK");
  const answer = await signIn(client, authenticator);
  hasStatus(answer, "OK");
  assert.equal(answer.json.user.id, id);
  assert.equal(await EmailVerification.isEmailVerified(recipeUserId(id)), true, "the mail was answered");
  const again = await client.post("/auth/user/webauthn/reset", { ...body, token });
  hasStatus(again, "RECOVER_ACCOUNT_TOKEN_INVALID_ERROR");
});

test("nobody is sent a mail to an unknown address", async () => {
  const email = newEmail();
  hasStatus(await newClient().post("/auth/user/webauthn/reset/token", { email }), "OK");
  assert.deepEqual(
    mails.filter((one) => one.user?.email === email),
    [],
  );
});

for (const [firstFactors, code] of [
  [["webauthn"], 200],
  [["emailpassword"], 401],
]) {
  test(`a tenant with first factors ${firstFactors}: sign-up answers ${code}`, async () => {
    const tenantId = newId("tenant");
    await Multitenancy.createOrUpdateTenant(tenantId, { firstFactors });
    const [client, tenant, authenticator] = [newClient(), `/${tenantId}`, new Authenticator()];
    const { body } = await offer(client, { email: newEmail() }, { authenticator, tenant });
    hasCode(await client.post(`/auth${tenant}/webauthn/signup`, body), code);
    hasCode(await client.get("/me"), code);
    if (code !== 200) return;
    const other = newClient();
    hasStatus(await signIn(other, authenticator, { tenant }), "OK");
    assert.equal((await other.get("/me")).json.payload.tId, tenantId);
    hasStatus(await signIn(newClient(), authenticator), "INVALID_CREDENTIALS_ERROR", "in the public tenant");
  });
}
