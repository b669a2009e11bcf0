// The SDK's APIs by tenant: the tenant's first factors decide who may sign in, and the session names the tenant.
import test, { after } from "node:test";
import Multitenancy from "supertokens-node/recipe/multitenancy";
import { PASSWORD, assert, createApp, mails, newEmail, newId } from "./helpers.mjs";
import { Client, hasCode, hasStatus, startApplication } from "./express.mjs";

const application = await startApplication({ connectionURI: await createApp(newId("tenants")) });
after(application.stop);

const newClient = () => new Client(application.url, "cookie");

const createTenant = async (config) => {
  const tenantId = newId("tenant");
  await Multitenancy.createOrUpdateTenant(tenantId, config);
  return tenantId;
};

for (const [firstFactors, code] of [
  [["emailpassword"], 200],
  [null, 200],
  [["otp-email"], 401],
  [[], 401],
  [undefined, 401],
]) {
  test(`first factors ${JSON.stringify(firstFactors)}: sign-up answers ${code}`, async () => {
    const tenantId = await createTenant({ firstFactors });
    const [client, email] = [newClient(), newEmail()];
    hasCode(await client.form(`/${tenantId}/signup`, { email, password: PASSWORD }), code);
    hasCode(await client.get("/me"), code);
  });
}

test("one address, two tenants, two users and sessions", async () => {
  const email = newEmail();
  const ids = [];
  for (const password of ["red password 1", "blue password 2"]) {
    const tenantId = await createTenant({ firstFactors: ["emailpassword"] });
    const client = newClient();
    const answer = await client.form(`/${tenantId}/signup`, { email, password });
    hasStatus(answer, "OK", tenantId);
    ids.push(answer.json.user.id);
    const me = await client.get("/me/checked");
    assert.deepEqual([me.json.userId, me.json.payload.tId], [ids.at(-1), tenantId]);
    hasStatus(await newClient().form("/signin", { email, password }), "WRONG_CREDENTIALS_ERROR", "the public tenant");
    hasCode(await client.post("/auth/session/refresh"), 200);
    assert.equal((await client.get("/me")).json.payload.tId, tenantId, "after a refresh");
  }
  assert.notEqual(ids[0], ids[1]);
});

test("a reset by mail stays in its tenant", async () => {
  const [red, blue] = [await createTenant({ firstFactors: null }), await createTenant({ firstFactors: null })];
  const [email, client] = [newEmail(), newClient()];
  for (const tenantId of [red, blue])
    hasStatus(await client.form(`/${tenantId}/signup`, { email, password: PASSWORD }), "OK");
  hasStatus(await client.form(`/${red}/user/password/reset/token`, { email }), "OK");
  const [mail, ...others] = mails.filter((one) => one.user.email === email);
  assert.deepEqual([mail.tenantId, others], [red, []]);
  const link = new URL(mail.passwordResetLink);
  assert.equal(link.searchParams.get("tenantId"), red);
  const token = link.searchParams.get("token");
  const password = "battery staple 2";
  hasStatus(await client.form(`/${red}/user/password/reset`, { password }, { method: "token", token }), "OK");
  hasStatus(await newClient().form(`/${red}/signin`, { email, password }), "OK");
  hasStatus(await newClient().form(`/${blue}/signin`, { email, password }), "WRONG_CREDENTIALS_ERROR");
});
