// Identities: what a user can sign in with.
import test from "node:test";
import { PASSWORD, assert, newInstance, newPhone } from "../../gotrue/helper.mjs";
import { fails, member, must, newClient } from "./clients.mjs";
import { autoconfirming, confirming } from "./servers.mjs";

const DISABLED = [404, "manual_linking_disabled", "Manual linking is disabled"];
const providers = ({ identities }) => identities.map((identity) => identity.provider);
const identityOf = (provider, { identities }) => identities.find((identity) => identity.provider === provider);

/** A user with an address and a number, where identities can be unlinked. */
async function withBoth() {
  const instance = await newInstance({ manual_linking_enabled: true, external_phone_enabled: true });
  const phone = newPhone();
  return { instance, phone, ...(await member(instance, { attributes: { phone, phone_confirm: true } })) };
}

test("7.2 getUserIdentities tells the one of who signed up by address", async () => {
  const { client, email, user } = await member(confirming);
  const { identities } = await must(client.getUserIdentities());
  assert.equal(identities.length, 1);
  const [{ provider, identity_data: data, id, user_id: userId, email: shown }] = identities;
  assert.deepEqual({ provider, id, userId, shown }, { provider: "email", id: user.id, userId: user.id, shown: email });
  assert.deepEqual([data.email, data.sub], [email, user.id]);
});

test("7.2 linkIdentity and unlinkIdentity are refused where linking is off", async () => {
  for (const server of [confirming, autoconfirming]) {
    const { client } = await member(server);
    await fails(client.linkIdentity({ provider: "google" }), ...DISABLED);
    const { identities } = await must(client.getUserIdentities());
    await fails(client.unlinkIdentity(identities[0]), ...DISABLED);
  }
});

test("2.12 linkIdentity and unlinkIdentity need a session", async () => {
  const { client } = await member(confirming);
  const { identities } = await must(client.getUserIdentities());
  await fails(newClient(confirming).unlinkIdentity(identities[0]), 401, "no_authorization");
  await fails(newClient(confirming).linkIdentity({ provider: "google" }), 401, "no_authorization");
});

test("2.12 unlinkIdentity takes a number away", async () => {
  const { client, instance, phone } = await withBoth();
  await must(client.unlinkIdentity(identityOf("phone", await must(client.getUserIdentities()))));
  const { user } = await must(client.getUser());
  assert.deepEqual([user.phone, user.phone_confirmed_at], ["", undefined]);
  assert.deepEqual(user.app_metadata.providers, ["email"]);
  assert.deepEqual(providers(user), ["email"]);
  await fails(newClient(instance).signInWithPassword({ phone, password: PASSWORD }), 400, "invalid_credentials");
  const [last] = user.identities;
  await fails(client.unlinkIdentity(last), 422, "single_identity_not_deletable");
});

test("2.12 unlinkIdentity takes an address away, and the password that stood on it", async () => {
  const { client, instance, email } = await withBoth();
  await must(client.unlinkIdentity(identityOf("email", await must(client.getUserIdentities()))));
  const { user } = await must(client.getUser());
  assert.equal(user.email, "");
  assert.deepEqual(providers(user), ["phone"]);
  await fails(newClient(instance).signInWithPassword({ email, password: PASSWORD }), 400, "invalid_credentials");
});

test("2.12 unlinkIdentity of what is not the user's is refused", async () => {
  const { client, instance } = await withBoth();
  const other = await member(instance);
  await fails(client.unlinkIdentity(other.user.identities[0]), 422, "identity_not_found");
  await fails(client.unlinkIdentity({ identity_id: "no-uuid" }), 404, "validation_failed");
});
