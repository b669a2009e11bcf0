// TOTP as a second factor in an express application: after the password a session is let in only with a code.
import test, { after } from "node:test";
import SuperTokens from "supertokens-node";
import MultiFactorAuth from "supertokens-node/recipe/multifactorauth";
import Multitenancy from "supertokens-node/recipe/multitenancy";
import Totp from "supertokens-node/recipe/totp";
import UserMetadata from "supertokens-node/recipe/usermetadata";
import { PASSWORD, assert, createTemporaryApp, newEmail, newId } from "./helpers.mjs";
import { Client, hasCode, hasStatus, startApplication } from "./express.mjs";
import { DAY, WRONG, codeOf } from "./totp-codes.mjs";

const { connectionURI } = await createTemporaryApp("second-factor");
const application = await startApplication({
  connectionURI,
  recipes: [
    MultiFactorAuth.init({ firstFactors: ["emailpassword"] }),
    Totp.init({ defaultPeriod: DAY }),
    UserMetadata.init(),
  ],
});
after(application.stop);

const tenantId = newId("strict");
await Multitenancy.createOrUpdateTenant(tenantId, {
  firstFactors: ["emailpassword"],
  requiredSecondaryFactors: ["totp"],
});

const newClient = () => new Client(application.url, "cookie");

/** Signs up in the tenant that wants a second factor, or in the public one. */
const signUp = async (tenant = `/${tenantId}`) => {
  const [client, email] = [newClient(), newEmail()];
  const answer = await client.form(`${tenant}/signup`, { email, password: PASSWORD });
  hasStatus(answer, "OK");
  const signIn = async () => {
    const other = newClient();
    hasStatus(await other.form(`${tenant}/signin`, { email, password: PASSWORD }), "OK");
    return other;
  };
  return { client, email, id: answer.json.user.id, signIn };
};

const create = async (client, deviceName) => {
  const answer = await client.post("/auth/totp/device", { deviceName });
  hasStatus(answer, "OK");
  return answer.json;
};
const verifyDevice = (client, deviceName, totp) => client.post("/auth/totp/device/verify", { deviceName, totp });
const verify = (client, totp) => client.post("/auth/totp/verify", { totp });
const info = async (client) => {
  const answer = await client.call("PUT", "/auth/mfa/info");
  hasStatus(answer, "OK");
  return answer.json.factors;
};

const withDevice = async (tenant) => {
  const user = await signUp(tenant);
  const { secret } = await create(user.client, "phone");
  hasStatus(await verifyDevice(user.client, "phone", codeOf(secret)), "OK");
  return { ...user, secret };
};

const isRefused = async (answer) => {
  hasCode(answer, 403);
  assert.deepEqual(
    answer.json.claimValidationErrors.map((one) => one.id),
    ["st-mfa"],
    answer.text,
  );
};

test("a new user sets the second factor up, and is let in", async () => {
  const { client } = await signUp();
  await isRefused(await client.get("/me"));
  assert.deepEqual(await info(client), { next: ["totp"], alreadySetup: ["emailpassword"], allowedToSetup: ["totp"] });
  const { secret, deviceName } = await create(client, "phone");
  await isRefused(await client.get("/me"));
  const wrong = await verifyDevice(client, deviceName, WRONG);
  hasStatus(wrong, "INVALID_TOTP_ERROR");
  assert.deepEqual([wrong.json.currentNumberOfFailedAttempts, wrong.json.maxNumberOfFailedAttempts], [1, 5]);
  await isRefused(await client.get("/me"));
  hasStatus(await verifyDevice(client, deviceName, codeOf(secret)), "OK");
  for (const path of ["/me", "/me/checked"]) {
    const me = await client.get(path);
    hasCode(me, 200);
    const { c: completed, v: isSatisfied } = me.json.payload["st-mfa"];
    assert.equal(isSatisfied, true);
    assert.deepEqual(Object.keys(completed).sort(), ["emailpassword", "totp"]);
  }
  hasCode(await client.post("/auth/session/refresh"), 200);
  hasCode(await client.get("/me"), 200, "after a refresh");
  assert.deepEqual((await info(client)).next, []);
});

test("a sign-in is let in with a code, not before", async () => {
  const { secret, signIn } = await withDevice();
  const client = await signIn();
  await isRefused(await client.get("/me"));
  const factors = await info(client);
  assert.deepEqual([factors.next, factors.allowedToSetup], [["totp"], []]);
  assert.deepEqual(factors.alreadySetup.sort(), ["emailpassword", "totp"]);
  hasStatus(await verify(client, codeOf(secret)), "INVALID_TOTP_ERROR", "the code that verified the device");
  hasStatus(await verify(client, WRONG), "INVALID_TOTP_ERROR");
  await isRefused(await client.get("/me"));
  const code = codeOf(secret, { steps: 1 });
  hasStatus(await verify(client, code), "OK");
  hasCode(await client.get("/me/checked"), 200);
  const thief = await signIn();
  hasStatus(await verify(thief, code), "INVALID_TOTP_ERROR", "the same code in another session");
  await isRefused(await thief.get("/me"));
});

test("who has the password alone cannot go around the second factor", async () => {
  const { signIn, id } = await withDevice();
  const thief = await signIn();
  await isRefused(await thief.post("/auth/totp/device", { deviceName: "thief's" }));
  await isRefused(await verifyDevice(thief, "phone", WRONG));
  await isRefused(await thief.post("/auth/totp/device/remove", { deviceName: "phone" }));
  assert.deepEqual(
    (await Totp.listDevices(id)).devices.map((device) => device.name),
    ["phone"],
  );
  for (let n = 1; n <= 5; n += 1) {
    const answer = await verify(thief, WRONG);
    hasStatus(answer, "INVALID_TOTP_ERROR");
    assert.equal(answer.json.currentNumberOfFailedAttempts, n);
  }
  const answer = await verify(await signIn(), WRONG);
  hasStatus(answer, "LIMIT_REACHED_ERROR", "in another session, too");
  assert.ok(answer.json.retryAfterMs > 0);
});

test("devices are listed and removed", async () => {
  const { client, signIn } = await withDevice();
  const list = async (one) => (await one.get("/auth/totp/device/list")).json;
  const phone = { name: "phone", period: DAY, skew: 1, verified: true };
  assert.deepEqual(await list(client), { status: "OK", devices: [phone] });
  await create(client, "tablet");
  assert.equal((await list(client)).devices.length, 2);
  for (const didDeviceExist of [true, false]) {
    const answer = await client.post("/auth/totp/device/remove", { deviceName: "tablet" });
    assert.deepEqual(answer.json, { status: "OK", didDeviceExist });
  }
  hasStatus(await client.post("/auth/totp/device/remove", { deviceName: "phone" }), "OK");
  hasCode(await client.get("/me"), 200, "this session has completed it");
  const other = await signIn();
  assert.deepEqual((await info(other)).allowedToSetup, ["totp"], "to be set up anew");
});

test("where it is not required it may be set up all the same", async () => {
  const { client, signIn } = await withDevice("");
  hasCode(await client.get("/me"), 200);
  hasCode(await (await signIn()).get("/me"), 200);
});

test("a factor that is required of one user", async () => {
  const user = await withDevice("");
  const required = () => MultiFactorAuth.getRequiredSecondaryFactorsForUser(user.id);
  assert.deepEqual(await required(), []);
  await MultiFactorAuth.addToRequiredSecondaryFactorsForUser(user.id, "totp");
  assert.deepEqual(await required(), ["totp"]);
  const client = await user.signIn();
  await isRefused(await client.get("/me"));
  hasStatus(await verify(client, codeOf(user.secret, { steps: 1 })), "OK");
  hasCode(await client.get("/me"), 200);
  hasCode(await (await signUp("")).client.get("/me"), 200, "of nobody else");
  await MultiFactorAuth.removeFromRequiredSecondaryFactorsForUser(user.id, "totp");
  hasCode(await (await user.signIn()).get("/me"), 200, "not any more");
});

test("factors that are set up", async () => {
  const { id, client } = await signUp();
  assert.deepEqual(await MultiFactorAuth.getFactorsSetupForUser(id), ["emailpassword"]);
  const { secret } = await create(client, "phone");
  assert.deepEqual(await MultiFactorAuth.getFactorsSetupForUser(id), ["emailpassword"], "not verified");
  hasStatus(await verifyDevice(client, "phone", codeOf(secret)), "OK");
  assert.deepEqual((await MultiFactorAuth.getFactorsSetupForUser(id)).sort(), ["emailpassword", "totp"]);
});

test("nobody without a session, and no deleted user", async () => {
  hasCode(await newClient().post("/auth/totp/device", {}), 401);
  hasCode(await verify(newClient(), WRONG), 401);
  hasCode(await newClient().call("PUT", "/auth/mfa/info"), 401);
  const { client, id } = await signUp();
  await SuperTokens.deleteUser(id);
  hasCode(await client.call("PUT", "/auth/mfa/info"), 401);
});
