// Sign-in with codes in an express application: by e-mail and by text message, typed in and followed as a link.
import test, { after } from "node:test";
import SuperTokens from "supertokens-node";
import Multitenancy from "supertokens-node/recipe/multitenancy";
import Passwordless from "supertokens-node/recipe/passwordless";
import { PASSWORD, PUBLIC, WEBSITE_DOMAIN, assert, emailDelivery, mails, newEmail } from "./helpers.mjs";
import { newId, newPhone, smsDelivery, texts } from "./helpers.mjs";
import { Client, hasCode, hasStatus, startApplication } from "./express.mjs";

const flowType = "USER_INPUT_CODE_AND_MAGIC_LINK";
const application = await startApplication({
  recipes: [Passwordless.init({ contactMethod: "EMAIL_OR_PHONE", flowType, emailDelivery, smsDelivery })],
});
after(application.stop);

/** For an address and for a number: the field's name, a new one, and where what is sent to it arrives. */
const contacts = [
  ["email", newEmail, mails],
  ["phoneNumber", newPhone, texts],
];

const newClient = (mode = "cookie") => new Client(application.url, mode);

/** Asks for a code; what the front end keeps, and what arrived. */
async function begin(client, contact, tenant = "") {
  const answer = await client.post(`/auth${tenant}/signinup/code`, contact);
  hasStatus(answer, "OK");
  const { deviceId, preAuthSessionId } = answer.json;
  return { device: { deviceId, preAuthSessionId }, flowType: answer.json.flowType, sent: received(contact).at(-1) };
}

const received = ({ email, phoneNumber }) =>
  email === undefined
    ? texts.filter((text) => text.phoneNumber === phoneNumber)
    : mails.filter((mail) => mail.email === email);

const consume = (client, body, tenant = "") => client.post(`/auth${tenant}/signinup/code/consume`, body);

/** What the page behind the link sends: it has the link alone, not the device. */
const fromLink = (text) => {
  const link = new URL(text);
  return { preAuthSessionId: link.searchParams.get("preAuthSessionId"), linkCode: link.hash.slice(1) };
};

for (const mode of ["cookie", "header"]) {
  for (const [kind, newContact] of contacts) {
    for (const [how, presented] of [
      ["a typed code", ({ device, sent }) => ({ ...device, userInputCode: sent.userInputCode })],
      ["a link", ({ sent }) => fromLink(sent.urlWithLinkCode)],
    ]) {
      test(`${mode}, ${kind}, ${how}: sign-up, session, sign-out, sign-in`, async () => {
        const [client, contact] = [newClient(mode), { [kind]: newContact() }];
        const begun = await begin(client, contact);
        assert.equal(begun.flowType, flowType);
        assert.equal(received(contact).length, 1, "one message");
        assert.equal(begun.sent.codeLifetime, 15 * 60 * 1000, "in ms");
        const answer = await consume(client, presented(begun));
        hasStatus(answer, "OK");
        assert.equal(answer.json.createdNewRecipeUser, true);
        const { user } = answer.json;
        assert.equal(user.loginMethods[0][kind], contact[kind]);
        const me = await client.get("/me/checked");
        hasCode(me, 200);
        assert.deepEqual([me.json.userId, me.json.payload.tId], [user.id, PUBLIC]);

        const thief = newClient(mode);
        hasStatus(await consume(thief, presented(begun)), "RESTART_FLOW_ERROR", "a second time");
        hasCode(await thief.get("/me"), 401);

        hasCode(await client.post("/auth/session/refresh"), 200);
        hasCode(await client.get("/me"), 200, "after a refresh");
        hasStatus(await client.post("/auth/signout"), "OK");
        hasCode(await client.get("/me"), 401);

        const again = await consume(client, presented(await begin(client, contact)));
        hasStatus(again, "OK");
        assert.deepEqual([again.json.createdNewRecipeUser, again.json.user.id], [false, user.id]);
        assert.equal((await client.get("/me")).json.userId, user.id);
      });
    }
  }
}

for (const [kind, newContact] of contacts) {
  test(`${kind}: a resent code works, and so does the first`, async () => {
    for (const which of [0, 1]) {
      const [client, contact] = [newClient(), { [kind]: newContact() }];
      const { device } = await begin(client, contact);
      hasStatus(await client.post("/auth/signinup/code/resend", device), "OK");
      const messages = received(contact);
      assert.equal(messages.length, 2);
      assert.equal(messages[1].preAuthSessionId, device.preAuthSessionId);
      assert.notEqual(messages[0].urlWithLinkCode, messages[1].urlWithLinkCode);
      const { userInputCode } = messages[which];
      hasStatus(await consume(client, { ...device, userInputCode }), "OK", `message ${which}`);
      hasStatus(await client.post("/auth/signinup/code/resend", device), "RESTART_FLOW_ERROR", "after its use");
    }
  });

  test(`${kind}: wrong codes are counted, and the fifth ends the flow`, async () => {
    const [client, contact] = [newClient(), { [kind]: newContact() }];
    const { device, sent } = await begin(client, contact);
    for (let n = 1; n < 5; n += 1) {
      const answer = await consume(client, { ...device, userInputCode: `wrong ${n}` });
      hasStatus(answer, "INCORRECT_USER_INPUT_CODE_ERROR");
      const { failedCodeInputAttemptCount, maximumCodeInputAttempts } = answer.json;
      assert.deepEqual([failedCodeInputAttemptCount, maximumCodeInputAttempts], [n, 5]);
    }
    hasStatus(await consume(client, { ...device, userInputCode: "wrong 5" }), "RESTART_FLOW_ERROR");
    hasStatus(await consume(client, { ...device, userInputCode: sent.userInputCode }), "RESTART_FLOW_ERROR");
    hasStatus(await consume(client, fromLink(sent.urlWithLinkCode)), "RESTART_FLOW_ERROR");
    hasStatus(await client.post("/auth/signinup/code/resend", device), "RESTART_FLOW_ERROR");
    hasCode(await client.get("/me"), 401);
    assert.deepEqual(await SuperTokens.listUsersByAccountInfo(PUBLIC, contact), [], "no user was made");
  });

  test(`${kind}: can be asked for`, async () => {
    const [client, contact] = [newClient(), newContact()];
    const path = kind === "email" ? "email" : "phonenumber";
    const exists = async () =>
      (await client.get(`/auth/passwordless/${path}/exists?${new URLSearchParams({ [kind]: contact })}`)).json;
    assert.deepEqual(await exists(), { status: "OK", exists: false });
    const { device, sent } = await begin(client, { [kind]: contact });
    assert.deepEqual(await exists(), { status: "OK", exists: false }, "a code alone makes no user");
    hasStatus(await consume(client, { ...device, userInputCode: sent.userInputCode }), "OK");
    assert.deepEqual(await exists(), { status: "OK", exists: true });
  });
}

test("a number in any notation is one number", async () => {
  const [client, phone] = [newClient(), newPhone()];
  const spaced = `${phone.slice(0, 3)} ${phone.slice(3, 6)} ${phone.slice(6)}`;
  const { deviceId, preAuthSessionId } = (await client.post("/auth/signinup/code", { phoneNumber: spaced })).json;
  const [text] = texts.filter((one) => one.phoneNumber === phone);
  assert.ok(text, "sent to the number in its international form");
  const { userInputCode } = text;
  const answer = await consume(client, { deviceId, preAuthSessionId, userInputCode });
  hasStatus(answer, "OK");
  assert.deepEqual(answer.json.user.phoneNumbers, [phone]);
});

test("the link names the page, the tenant and the session", async () => {
  const { device, sent } = await begin(newClient(), { email: newEmail() });
  const link = new URL(sent.urlWithLinkCode);
  assert.equal(link.origin + link.pathname, `${WEBSITE_DOMAIN}/auth/verify`);
  assert.equal(link.searchParams.get("tenantId"), PUBLIC);
  assert.equal(link.searchParams.get("preAuthSessionId"), device.preAuthSessionId);
});

test("wrong input sends nothing", async () => {
  const client = newClient();
  const before = mails.length + texts.length;
  for (const contact of [{ email: "no address" }, { phoneNumber: "no number" }, { phoneNumber: "+49151" }])
    hasStatus(await client.post("/auth/signinup/code", contact), "GENERAL_ERROR", JSON.stringify(contact));
  hasCode(await client.post("/auth/signinup/code", {}), 400, "neither");
  hasCode(await client.post("/auth/signinup/code", { email: newEmail(), phoneNumber: newPhone() }), 400, "both");
  hasCode(await consume(client, { deviceId: "any", userInputCode: "any" }), 400, "no session");
  hasCode(await consume(client, { preAuthSessionId: "any" }), 400, "no code");
  assert.equal(mails.length + texts.length, before);
});

test("unknown devices and links begin anew", async () => {
  const client = newClient();
  const { device } = await begin(client, { email: newEmail() });
  const deviceId = Buffer.alloc(32, newId("device")).toString("base64");
  const preAuthSessionId = newId("session");
  hasStatus(await consume(client, { deviceId, preAuthSessionId, userInputCode: "123456" }), "RESTART_FLOW_ERROR");
  const linkCode = Buffer.alloc(32, newId("link")).toString("base64url");
  hasStatus(await consume(client, { ...device, deviceId: undefined, linkCode }), "RESTART_FLOW_ERROR");
  hasStatus(await client.post("/auth/signinup/code/resend", { deviceId, preAuthSessionId }), "RESTART_FLOW_ERROR");
});

test("a user with a password and the same address is somebody else", async () => {
  const [client, email] = [newClient(), newEmail()];
  const signedUp = await client.form("/signup", { email, password: PASSWORD });
  hasStatus(signedUp, "OK");
  const other = newClient();
  const { sent } = await begin(other, { email });
  const answer = await consume(other, fromLink(sent.urlWithLinkCode));
  hasStatus(answer, "OK");
  assert.equal(answer.json.createdNewRecipeUser, true);
  assert.notEqual(answer.json.user.id, signedUp.json.user.id);
});

for (const [firstFactors, expected] of [
  [["otp-email"], { flowType: "USER_INPUT_CODE", code: true, link: false }],
  [["link-email"], { flowType: "MAGIC_LINK", code: false, link: true }],
  [["otp-email", "link-email"], { flowType, code: true, link: true }],
]) {
  test(`a tenant with first factors ${firstFactors} sends ${expected.flowType}`, async () => {
    const [tenantId, email, client] = [newId("tenant"), newEmail(), newClient()];
    await Multitenancy.createOrUpdateTenant(tenantId, { firstFactors });
    const begun = await begin(client, { email }, `/${tenantId}`);
    const { userInputCode, urlWithLinkCode } = begun.sent;
    const got = { flowType: begun.flowType, code: userInputCode !== undefined, link: urlWithLinkCode !== undefined };
    assert.deepEqual(got, expected);
    const body = urlWithLinkCode ? fromLink(urlWithLinkCode) : { ...begun.device, userInputCode };
    hasStatus(await consume(newClient(), body), "RESTART_FLOW_ERROR", "in the public tenant");
    hasStatus(await consume(client, body, `/${tenantId}`), "OK");
    assert.equal((await client.get("/me")).json.payload.tId, tenantId);
    hasCode(await client.post(`/auth/${tenantId}/signinup/code`, { phoneNumber: newPhone() }), 401, "no such factor");
  });
}
