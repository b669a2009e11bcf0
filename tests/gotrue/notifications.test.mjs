// Mails that tell what has happened to an account (GoTrue reference, 4.20).
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { codeOf } from "../cdi/authenticator.mjs";
import { assert, mailTo, mailsAfterAll, newEmail, newInstance, newPhone, ok, SITE, textTo } from "./helper.mjs";
import { newProvider } from "./provider.mjs";

const KINDS = ["password_changed", "email_changed", "phone_changed", "identity_linked", "identity_unlinked", "mfa_factor_enrolled", "mfa_factor_unenrolled"];
const on = Object.fromEntries(KINDS.map((kind) => [`mailer_notifications_${kind}_enabled`, true]));
const provider = await newProvider();
const settings = {
  manual_linking_enabled: true, external_phone_enabled: true, sms_provider: "twilio", mailer_secure_email_change_enabled: false,
  external_keycloak_enabled: true, external_keycloak_url: provider.url, external_keycloak_client_id: "app",
};
const door = await newInstance({ ...settings, ...on });

/** Does to the account of a member all that is told of; what is new there. */
async function change(at) {
  const { email: old, session } = await at.member();
  const token = session.access_token;
  ok(await at.put("/user", { password: "another horse 2" }, { token }));
  const phone = newPhone();
  ok(await at.put("/user", { phone }, { token }));
  ok(await at.post("/verify", { type: "phone_change", phone, token: await textTo(phone) }));
  const id_token = provider.token({ sub: randomUUID(), email: newEmail(), email_verified: true });
  const linked = ok(await at.post("/token?grant_type=id_token", { provider: "keycloak", id_token, link_identity: true }, { token }));
  const identity = linked.user.identities.find(({ provider: name }) => name === "keycloak");
  ok(await at.delete(`/user/identities/${identity.identity_id}`, { token }));
  const factor = ok(await at.post("/factors", { factor_type: "totp", friendly_name: "app" }, { token }));
  const challenge = ok(await at.post(`/factors/${factor.id}/challenge`, {}, { token }));
  const code = codeOf(factor.totp.secret, { period: 30, steps: 0 });
  const high = ok(await at.post(`/factors/${factor.id}/verify`, { challenge_id: challenge.id, code }, { token })).access_token;
  ok(await at.delete(`/factors/${factor.id}`, { token: high }));
  const email = newEmail();
  const again = ok(await at.signIn(old, "another horse 2")).access_token;
  ok(await at.put("/user", { email }, { token: again }));
  ok(await at.post("/verify", { type: "email_change", email, token: (await mailTo(email)).code }));
  return { old, email, phone };
}

test("4.20 what has happened is told, at the former address if it is the address", async () => {
  const { old, email, phone } = await change(door);
  const count = await mailsAfterAll(door, old);
  const mails = await Promise.all(Array.from({ length: count }, (_, place) => mailTo(old, place)));
  assert.deepEqual(mails.map(({ subject }) => subject).sort(), [
    "A second factor was added", "A second factor was removed", "A sign-in method was added", "A sign-in method was removed",
    "Your email address was changed", "Your password was changed", "Your phone number was changed",
  ]);
  const text = (subject) => mails.find((mail) => mail.subject.includes(subject)).text;
  for (const { text } of mails) assert.ok(text.includes(SITE) && !text.includes("no value"), text);
  assert.ok(text("email address").includes(`from ${old} to ${email}`));
  assert.ok(text("phone number").includes(`to ${phone.slice(1)}`));
  assert.ok(text("method was added").includes("keycloak"));
  assert.ok(text("method was removed").includes("keycloak"));
  assert.ok(text("factor was added").includes("totp"));
});

test("4.20 nothing is told where nobody wants it", async () => {
  const quiet = await newInstance(settings);
  const { old } = await change(quiet);
  assert.equal(await mailsAfterAll(quiet, old), 0);
});

test("4.20 its subject and text are settings, too", async () => {
  const own = await newInstance({
    ...settings, ...on, mailer_subjects_password_changed_notification: "Changed: {{ .Email }}",
    mailer_templates_password_changed_notification: "<p>Hello {{ .Data.name }}</p>",
  });
  const { email, session } = await own.member({ user_metadata: { name: "<Ada>" } });
  ok(await own.put("/user", { password: "another horse 2" }, { token: session.access_token }));
  const mail = await mailTo(email);
  assert.equal(mail.subject, `Changed: ${email}`);
  assert.ok(mail.text.includes("<p>Hello &lt;Ada&gt;</p>"));
});

test("4.20 what failed is not told", async () => {
  const { email, session } = await door.member();
  assert.equal((await door.put("/user", { password: "x" }, { token: session.access_token })).status, 422);
  const factor = ok(await door.post("/factors", { factor_type: "totp", friendly_name: "app" }, { token: session.access_token }));
  ok(await door.delete(`/factors/${factor.id}`, { token: session.access_token }));
  assert.equal(await mailsAfterAll(door, email), 0, "a factor that never counted is none");
});
