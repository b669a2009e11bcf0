// PKCE: what is asked for at sign-up, and the exchange of codes (GoTrue reference, 2.4 and 4.8; RFC 7636).
import test from "node:test";
import { randomUUID } from "node:crypto";
import { PASSWORD, assert, claimsOf, newEmail, newInstance, newPhone, ok, pkce, refused, sql } from "./helper.mjs";
import { audited, exchange, newFlow, sessionIdOf, usersWith } from "./accounts_helper.mjs";

const instance = await newInstance({ smtp_max_frequency: "0s" });
const attempt = (body) => instance.post("/signup", { email: newEmail(), password: PASSWORD, ...body });

/** Lets a flow be older. */
const ageFlow = ({ user }, seconds) =>
  sql(
    `UPDATE auth.flow_states SET created_at = created_at - $2::int * interval '1 s',
       code_issued_at = code_issued_at - $2::int * interval '1 s' WHERE user_id::text = $1 RETURNING id`,
    user.id, seconds,
  );

/** The same where the link was clicked only now. */
const ageBeginning = ({ user }, seconds) =>
  sql(
    `UPDATE auth.flow_states SET created_at = created_at - $2::int * interval '1 s'
     WHERE user_id::text = $1 RETURNING id`,
    user.id, seconds,
  );

test("50 challenge and method come together", async () => {
  const { code_challenge, code_challenge_method } = pkce();
  const message = "PKCE flow requires code_challenge_method and code_challenge";
  for (const body of [
    { code_challenge }, { code_challenge_method }, { code_challenge, code_challenge_method: "" },
    { code_challenge: null, code_challenge_method },
  ]) {
    const email = newEmail();
    refused(await attempt({ email, ...body }), 400, "validation_failed", message);
    assert.equal(usersWith(instance, email), 0);
  }
  ok(await attempt({ code_challenge: "", code_challenge_method: null }));
});

test("51 what a challenge is made of", async () => {
  const code_challenge_method = "s256";
  for (const code_challenge of ["a".repeat(43), "a".repeat(128), `AZaz09._~-${"x".repeat(33)}`]) {
    ok(await attempt({ code_challenge, code_challenge_method }));
  }
  for (const code_challenge of [
    "a".repeat(42), "a".repeat(129), ...["+", "/", " ", "ä"].map((letter) => letter + "a".repeat(43)),
    ...["=", "\n"].map((letter) => "a".repeat(43) + letter),
  ]) {
    refused(await attempt({ code_challenge, code_challenge_method }), 400, "validation_failed");
  }
});

test("52 methods", async () => {
  const { code_challenge } = pkce();
  for (const code_challenge_method of ["s256", "S256", "plain", "Plain", "PLAIN"]) {
    ok(await attempt({ code_challenge, code_challenge_method }));
  }
  for (const code_challenge_method of ["md5", "sha256", "s-256", " s256"]) {
    refused(await attempt({ code_challenge, code_challenge_method }), 400, "validation_failed");
  }
});

test("4.8 a sign-up with PKCE", async () => {
  const { user, code, verifier } = await newFlow(instance);
  const session = ok(await exchange(instance, code, verifier));
  assert.deepEqual(Object.keys(session).sort(), [
    "access_token", "expires_at", "expires_in", "refresh_token", "token_type", "user",
  ]);
  assert.equal(session.user.id, user.id);
  assert.ok(session.user.email_confirmed_at);
  const { amr, aal } = claimsOf(session.access_token);
  assert.deepEqual([aal, amr.map(({ method }) => method)], ["aal1", ["email/signup"]]);
  const logins = audited(instance, user.id).filter(([action]) => action === "login");
  assert.deepEqual(logins, [["login", { provider_type: "email" }]]);
  const refreshed = ok(await instance.refresh(session.refresh_token));
  assert.deepEqual(claimsOf(refreshed.access_token).amr, amr);
  assert.equal(sessionIdOf(refreshed), sessionIdOf(session));
});

test("89 an unknown code", async () => {
  for (const code of [randomUUID(), "not-a-uuid", "ü", "0".repeat(2000)]) {
    refused(await exchange(instance, code, "a".repeat(43)), 404, "flow_state_not_found");
  }
});

test("89 a code is exchanged once", async () => {
  const { code, verifier } = await newFlow(instance);
  ok(await exchange(instance, code, verifier));
  for (let time = 0; time < 2; time += 1) {
    refused(await exchange(instance, code, verifier), 404, "flow_state_not_found");
  }
});

test("89 a code of elsewhere", async () => {
  const { code, verifier } = await newFlow(instance);
  refused(await exchange(await newInstance(), code, verifier), 404, "flow_state_not_found");
  ok(await exchange(instance, code, verifier));
});

test("4.14 89 a flow ends with its user, also one whose row stays", async () => {
  for (const should_soft_delete of [true, false]) {
    const { code, verifier, user } = await newFlow(instance);
    ok(await instance.admin("DELETE", `/admin/users/${user.id}`, { body: { should_soft_delete } }));
    refused(await exchange(instance, code, verifier), 404, "flow_state_not_found");
    assert.deepEqual(sql("SELECT id FROM auth.flow_states WHERE user_id::text = $1", user.id), []);
  }
});

test("90 a wrong verifier, and another try", async () => {
  const { code, verifier, user } = await newFlow(instance);
  const [row] = sql("SELECT code_challenge FROM auth.flow_states WHERE user_id::text = $1", user.id);
  for (const wrong of [pkce().verifier, `${verifier}x`, verifier.toUpperCase(), row.code_challenge, "x"]) {
    refused(await exchange(instance, code, wrong), 400, "bad_code_verifier");
  }
  ok(await exchange(instance, code, verifier));
});

test("90 a flow that has expired", async () => {
  const flow = await newFlow(instance);
  ageFlow(flow, 290);
  refused(await exchange(instance, flow.code, "wrong"), 400, "bad_code_verifier");
  ageFlow(flow, 20);
  refused(await exchange(instance, flow.code, flow.verifier), 422, "flow_state_expired");
});

test("90 4.8 how long a flow lasts is set", async () => {
  const own = await newInstance({ external_flow_state_expiry_duration: "10m" });
  const flow = await newFlow(own);
  ageFlow(flow, 590);
  refused(await exchange(own, flow.code, "wrong"), 400, "bad_code_verifier");
  ageFlow(flow, 20);
  refused(await exchange(own, flow.code, flow.verifier), 422, "flow_state_expired");
});

test("91 the method plain", async () => {
  for (const code_challenge_method of ["plain", "PLAIN"]) {
    const verifier = `${randomUUID()}${randomUUID()}`;
    const flow = await newFlow(instance, { verifier, code_challenge: verifier, code_challenge_method });
    refused(await exchange(instance, flow.code, pkce().verifier), 400, "bad_code_verifier");
    ok(await exchange(instance, flow.code, verifier));
  }
});

test("52 91 the method in capitals", async () => {
  const { verifier, code_challenge } = pkce();
  const flow = await newFlow(instance, { verifier, code_challenge, code_challenge_method: "S256" });
  refused(await exchange(instance, flow.code, code_challenge), 400, "bad_code_verifier");
  ok(await exchange(instance, flow.code, verifier));
});

test("92 something is missing", async () => {
  const { code, verifier } = await newFlow(instance);
  for (const body of [
    {}, { auth_code: code }, { code_verifier: verifier }, { auth_code: "", code_verifier: verifier },
    { auth_code: code, code_verifier: "" }, { auth_code: null, code_verifier: null },
  ]) {
    refused(await instance.post("/token?grant_type=pkce", body), 400, "validation_failed");
  }
  ok(await exchange(instance, code, verifier));
});

test("4.8 a number has no flow", async () => {
  const { verifier, ...challenge } = pkce();
  const own = await newInstance({ external_phone_enabled: true, sms_provider: "twilio" });
  const body = { phone: newPhone(), password: PASSWORD, ...challenge };
  refused(await own.post("/signup", body), 400, "validation_failed");
});

test("4.8 with autoconfirm nothing has to be exchanged", async () => {
  const { verifier, ...challenge } = pkce();
  const own = await newInstance({ mailer_autoconfirm: true });
  const { access_token, user } = await own.signUp(newEmail(), challenge);
  assert.equal(claimsOf(access_token).amr[0].method, "password");
  assert.deepEqual(sql("SELECT id FROM auth.flow_states WHERE user_id::text = $1", user.id), []);
});
