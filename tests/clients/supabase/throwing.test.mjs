// How refusals come to an application: as part of the answer, or thrown; and which kind of error each is.
import test from "node:test";
import {
  AuthApiError,
  AuthRetryableFetchError,
  AuthSessionMissingError,
  AuthWeakPasswordError,
  isAuthApiError,
} from "@supabase/auth-js";
import { PASSWORD, assert, newEmail, newPhone } from "../../gotrue/helper.mjs";
import { fails, member, must, newAdmin, newClient, newSupabase } from "./clients.mjs";
import { autoconfirming, confirming } from "./servers.mjs";

const throwOnError = true;

for (const [name, make] of [
  ["auth-js", newClient],
  ["supabase-js", newSupabase],
]) {
  test(`7.2 throwOnError with ${name} throws what is refused, and gives what is not`, async () => {
    assert.ok(!make(autoconfirming).isThrowOnErrorEnabled());
    const client = make(autoconfirming, { throwOnError });
    assert.equal(client.isThrowOnErrorEnabled(), true);
    const credentials = { email: newEmail(), password: PASSWORD };
    const { data, error } = await client.signUp(credentials);
    assert.deepEqual([error, data.user.email], [null, credentials.email]);
    const refused = { status: 400, code: "invalid_credentials", message: "Invalid login credentials" };
    const wrong = { ...credentials, password: "wrong password" };
    await assert.rejects(make(autoconfirming, { throwOnError }).signInWithPassword(wrong), refused);
    assert.equal((await client.signOut()).error, null);
  });
}

test("7.2 throwOnError: every kind of call throws", async () => {
  const { client, user } = await member(autoconfirming, { options: { throwOnError } });
  await assert.rejects(client.updateUser({ password: "123" }), AuthWeakPasswordError);
  await assert.rejects(client.mfa.enroll({ factorType: "phone", phone: newPhone() }), AuthApiError);
  await assert.rejects(client.verifyOtp({ token_hash: "nothing", type: "email" }), { code: "otp_expired" });
  await assert.rejects(client.unlinkIdentity(user.identities[0]), { code: "manual_linking_disabled" });
  await must(newAdmin(autoconfirming).deleteUser(user.id));
  await assert.rejects(client.getUser(), { code: "user_not_found" });
});

test("7.2 errors: what the server refuses is an AuthApiError with status and code", async () => {
  const credentials = { email: newEmail(), password: PASSWORD };
  const error = await fails(newClient(confirming).signInWithPassword(credentials), 400, "invalid_credentials");
  assert.ok(isAuthApiError(error));
  assert.ok(error instanceof AuthApiError);
});

test("7.2 errors: a session that is gone, or never was, is an AuthSessionMissingError", async () => {
  const { session } = await member(confirming);
  await must(newAdmin(confirming).signOut(session.access_token));
  const client = newClient(confirming);
  for (const { error } of [
    await client.getUser(session.access_token),
    await client.getUser(),
    await client.refreshSession(),
    await client.updateUser({ data: {} }),
    await client.setSession({ access_token: "", refresh_token: "" }),
  ])
    assert.ok(error instanceof AuthSessionMissingError, `${error?.name}`);
});

test("1.4 errors: a failure of the server's is one to try again after", async () => {
  const { error } = await newClient(autoconfirming).signInWithOtp({ phone: newPhone() });
  assert.ok(error instanceof AuthRetryableFetchError);
  assert.equal(error.status, 500);
});

test("7.2 admin.signOut and admin.getUserById refuse by themselves what cannot be", async () => {
  const { session } = await member(confirming);
  await assert.rejects(newAdmin(confirming).signOut(session.access_token, "all"), /scope/);
  await assert.rejects(newAdmin(confirming).getUserById("no-uuid"), /UUID/);
  await must(newClient(confirming).getUser(session.access_token));
});
