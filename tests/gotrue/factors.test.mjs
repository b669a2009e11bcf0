// Second factors (sections 2.14, 2.19 and 3.8).
import test from "node:test";
import { codeOf } from "../cdi/authenticator.mjs";
import { NEW_FORM, assert, claimsOf, newInstance, newPhone, ok, refused, sql, textTo } from "./helper.mjs";

const door = await newInstance({
  external_phone_enabled: true, sms_provider: "twilio", mfa_phone_enroll_enabled: true, mfa_phone_verify_enabled: true,
});

/** The code of a secret in the step that lies so many steps from now. */
const code = (secret, steps = 0) => codeOf(secret, { period: 30, steps });

/** Waits where a step is about to end, and a code of the next one would become one of the present. */
async function beginningOfStep() {
  const left = 30_000 - (Date.now() % 30_000);
  if (left < 5_000) await new Promise((resolve) => setTimeout(resolve, left));
}

/** Somebody with a session: {token, refresh, id, email}. */
async function somebody() {
  const { email, user, session } = await door.member();
  return { email, id: user.id, token: session.access_token, refresh: session.refresh_token };
}

const enrol = (who, more = {}) => door.post("/factors", { factor_type: "totp", friendly_name: "app", ...more }, { token: who.token });
const ask = async (who, id, body = {}) => ok(await door.post(`/factors/${id}/challenge`, body, { token: who.token }));
const answer = (who, id, challenge_id, code) => door.post(`/factors/${id}/verify`, { challenge_id, code }, { token: who.token });

/** Somebody with a verified authenticator app: {factor, secret, high}, of which `high` is the session of two factors. */
async function secured(more) {
  const who = await somebody();
  const { id, totp } = ok(await enrol(who, more));
  const session = ok(await answer(who, id, (await ask(who, id)).id, code(totp.secret)));
  return { ...who, factor: id, secret: totp.secret, high: { ...who, token: session.access_token, refresh: session.refresh_token } };
}

test("2.14 an app is enrolled with what it has to know", async () => {
  const who = await somebody();
  const enrolled = ok(await enrol(who));
  assert.equal(enrolled.type, "totp");
  assert.equal(enrolled.friendly_name, "app");
  assert.match(enrolled.totp.qr_code, /^<svg[^]*<\/svg>/);
  assert.match(enrolled.totp.secret, /^[A-Z2-7]{32}$/);
  const uri = new URL(enrolled.totp.uri);
  assert.equal(uri.searchParams.get("secret"), enrolled.totp.secret);
  assert.equal(uri.searchParams.get("issuer"), "app.example.org");
  assert.ok(decodeURIComponent(uri.pathname).endsWith(`app.example.org:${who.email}`), uri.pathname);
  const { factors } = ok(await door.get("/user", { token: who.token }));
  assert.equal(factors.length, 1);
  assert.equal(factors[0].status, "unverified");
  assert.equal(factors[0].secret, undefined);
});

test("186 names are a user's own, and once", async () => {
  const who = await somebody();
  ok(await enrol(who));
  refused(await enrol(who), 422, "mfa_factor_name_conflict");
  ok(await enrol(who, { friendly_name: undefined }));
  refused(await enrol(who, { friendly_name: undefined }), 422, "mfa_factor_name_conflict");
  ok(await enrol(await somebody()));
});

test("187 no more factors than settings allow", async () => {
  const few = await newInstance({ mfa_max_enrolled_factors: 2 });
  const { session } = await few.member();
  const add = (name) => few.post("/factors", { factor_type: "totp", friendly_name: name }, { token: session.access_token });
  ok(await add("1"));
  ok(await add("2"));
  refused(await add("3"), 422, "too_many_enrolled_mfa_factors");
});

test("188, 190 a right code makes the session one of two factors", async () => {
  const who = await somebody();
  const other = ok(await door.signIn(who.email));
  const { id, totp } = ok(await enrol(who));
  const session = ok(await answer(who, id, (await ask(who, id)).id, code(totp.secret)));
  const claims = claimsOf(session.access_token);
  assert.equal(claims.aal, "aal2");
  assert.deepEqual(claims.amr.map(({ method }) => method), ["totp", "password"]);
  assert.equal(claims.session_id, claimsOf(who.token).session_id);
  assert.notEqual(session.refresh_token, who.refresh);
  assert.equal(session.user.factors[0].status, "verified");
  // The other session has shown a password only.
  refused(await door.get("/user", { token: other.access_token }), 403, "session_not_found");
  const again = ok(await door.refresh(session.refresh_token));
  assert.equal(claimsOf(again.access_token).aal, "aal2");
  // A session of one factor adds none.
  const low = ok(await door.signIn(who.email));
  refused(await enrol({ token: low.access_token }, { friendly_name: "second" }), 403, "insufficient_aal");
  ok(await enrol({ token: session.access_token }, { friendly_name: "second" }));
});

test("190 refresh tokens from before are taken no more", async () => {
  const who = await secured();
  refused(await door.refresh(who.refresh), 400, "refresh_token_already_used");
});

test("189 nobody without a name enrols, and nothing that is switched off", async () => {
  const open = await newInstance({ external_anonymous_users_enabled: true });
  const { access_token: token } = ok(await open.post("/signup", {}));
  refused(await open.post("/factors", { factor_type: "totp" }, { token }), 403, "no_authorization");
  const { session } = await open.member();
  const add = (body) => open.post("/factors", body, { token: session.access_token });
  refused(await add({ factor_type: "phone", phone: newPhone() }), 422, "mfa_phone_enroll_not_enabled");
  refused(await add({ factor_type: "webauthn" }), 422, "mfa_webauthn_enroll_not_enabled");
  refused(await add({ factor_type: "voice" }), 400, "validation_failed");
  open.set("mfa_totp_enroll_enabled", false);
  refused(await add({ factor_type: "totp" }), 422, "mfa_totp_enroll_not_enabled");
});

test("191 after a wrong code the same challenge can be answered", async () => {
  const who = await somebody();
  const { id, totp } = ok(await enrol(who));
  const challenge = await ask(who, id);
  refused(await answer(who, id, challenge.id, "000000"), 422, "mfa_verification_failed", /Invalid TOTP code entered/);
  ok(await answer(who, id, challenge.id, code(totp.secret)));
  // 192
  refused(await answer(who, id, challenge.id, code(totp.secret)), 422, "mfa_ip_address_mismatch");
});

test("2.14 a code is taken once, and too many wrong ones end it", async () => {
  const who = await secured();
  const low = { ...who, token: ok(await door.signIn(who.email)).access_token };
  const used = code(who.secret);
  refused(await answer(low, who.factor, (await ask(low, who.factor)).id, used), 422, "mfa_verification_failed");
  const challenge = await ask(low, who.factor);
  for (let n = 0; n < 4; n += 1) refused(await answer(low, who.factor, challenge.id, "000000"), 422, "mfa_verification_failed");
  refused(await answer(low, who.factor, challenge.id, code(who.secret, 1)), 429, "over_request_rate_limit");
});

test("193 challenges are those of their factor, and expire", async () => {
  const who = await somebody();
  const first = ok(await enrol(who));
  const second = ok(await enrol(who, { friendly_name: "second" }));
  const challenge = await ask(who, first.id);
  refused(await answer(who, second.id, challenge.id, code(second.totp.secret)), 422, "mfa_factor_not_found");
  sql("UPDATE auth.mfa_challenges SET created_at = created_at - interval '1 h' WHERE id = $1 RETURNING 1 AS one", challenge.id);
  refused(await answer(who, first.id, challenge.id, code(first.totp.secret)), 422, "mfa_challenge_expired");
  refused(await answer(who, first.id, challenge.id, code(first.totp.secret)), 422, "mfa_factor_not_found");
});

test("194, 195 ids that are none, or somebody else's", async () => {
  const [who, other] = [await somebody(), await somebody()];
  const { id } = ok(await enrol(other));
  refused(await door.post(`/factors/${id}/challenge`, {}, { token: who.token }), 404, "mfa_factor_not_found");
  refused(await door.post("/factors/x/challenge", {}, { token: who.token }), 404, "validation_failed");
  refused(await answer(other, id, "x", "123456"), 400, "bad_json");
  refused(await answer(other, id, (await ask(other, id)).id, ""), 400, "validation_failed");
});

test("196 a clock may be one step off", async () => {
  await beginningOfStep();
  for (const steps of [-1, 1]) {
    const who = await somebody();
    const { id, totp } = ok(await enrol(who));
    ok(await answer(who, id, (await ask(who, id)).id, code(totp.secret, steps)));
  }
  const who = await somebody();
  const { id, totp } = ok(await enrol(who));
  for (const steps of [-3, 3]) {
    refused(await answer(who, id, (await ask(who, id)).id, code(totp.secret, steps)), 422, "mfa_verification_failed");
  }
});

test("197, 198 a phone is a factor by the codes that are sent to it", async () => {
  const who = await somebody();
  const phone = newPhone();
  const enrolled = ok(await enrol(who, { factor_type: "phone", phone }));
  assert.equal(enrolled.phone, phone, "as it was given");
  const again = ok(await enrol(who, { factor_type: "phone", phone }), 200);
  assert.notEqual(again.id, enrolled.id, "an unverified one is replaced");
  const challenge = await ask(who, again.id);
  refused(await door.post(`/factors/${again.id}/challenge`, {}, { token: who.token }), 429, "over_sms_send_rate_limit");
  const sent = await textTo(phone);
  const wrong = sent === "111111" ? "222222" : "111111";
  refused(await answer(who, again.id, challenge.id, wrong), 422, "mfa_verification_failed");
  const session = ok(await answer(who, again.id, challenge.id, sent));
  assert.deepEqual(claimsOf(session.access_token).amr.map(({ method }) => method), ["mfa/phone", "password"]);
  const high = { token: session.access_token };
  refused(await enrol(high, { factor_type: "phone", phone, friendly_name: "x" }), 422, "mfa_verified_factor_exists");
});

test("199 a factor that counts is given up with two factors only", async () => {
  const who = await secured();
  const low = ok(await door.signIn(who.email));
  refused(await door.delete(`/factors/${who.factor}`, { token: low.access_token }), 422, "insufficient_aal");
  assert.deepEqual(ok(await door.delete(`/factors/${who.factor}`, { token: who.high.token })), { id: who.factor });
  const claims = claimsOf(ok(await door.refresh(who.high.refresh)).access_token);
  assert.equal(claims.aal, "aal1");
  assert.deepEqual(claims.amr.map(({ method }) => method), ["password"]);
});

test("152 ways to sign in are changed with two factors only", async () => {
  const who = await secured();
  const { access_token: token } = ok(await door.signIn(who.email));
  refused(await door.put("/user", { password: "another horse 2" }, { token, headers: NEW_FORM }), 401, "insufficient_aal");
  ok(await door.put("/user", { data: { a: 1 } }, { token }));
  ok(await door.put("/user", { email: who.email }, { token }));
  ok(await door.put("/user", { password: "another horse 2" }, { token: who.high.token }));
});

test("84 a session may lack the second factor for so long only", async () => {
  const strict = await newInstance({ sessions_allow_low_aal: "5m" });
  const { email, session } = await strict.member();
  const token = session.access_token;
  const { id, totp } = ok(await strict.post("/factors", { factor_type: "totp", friendly_name: "app" }, { token }));
  const { id: challenge } = ok(await strict.post(`/factors/${id}/challenge`, {}, { token }));
  ok(await strict.post(`/factors/${id}/verify`, { challenge_id: challenge, code: code(totp.secret) }, { token }));
  const low = ok(await strict.signIn(email));
  assert.ok(low.expires_in <= 300, `${low.expires_in}`);
  sql("UPDATE auth.sessions SET created_at = created_at - interval '6 min' WHERE id = $1 RETURNING 1 AS one", claimsOf(low.access_token).session_id);
  refused(await strict.refresh(low.refresh_token), 400, "session_expired", /Low AAL/);
});

test("201 administrators see, rename and remove factors", async () => {
  const who = await secured();
  const at = `/admin/users/${who.id}/factors`;
  const [factor] = ok(await door.admin("GET", at));
  assert.equal(factor.id, who.factor);
  assert.equal(factor.status, "verified");
  assert.equal(ok(await door.admin("PUT", `${at}/${factor.id}`, { body: { friendly_name: "old app" } })).friendly_name, "old app");
  assert.equal(ok(await door.admin("DELETE", `${at}/${factor.id}`)).id, factor.id);
  assert.deepEqual(ok(await door.admin("GET", at)), []);
  assert.equal(claimsOf(ok(await door.refresh(who.high.refresh)).access_token).aal, "aal1");
  refused(await door.admin("GET", "/admin/users/x/factors"), 404, "validation_failed");
  refused(await door.admin("DELETE", `${at}/${factor.id}`), 404, "mfa_factor_not_found");
});

test("one user base: an app that SuperTokens' TOTP recipe has verified is a factor, and the other way round", async () => {
  const who = await somebody();
  const cdi = (path, body) => fetch(`${door.url.replace("/auth/v1", "")}${path}`, {
    method: "POST", headers: { "cdi-version": "5.3" }, body: JSON.stringify(body),
  }).then((response) => response.json());
  const device = await cdi("/recipe/totp/device", { userId: who.id, deviceName: "phone", skew: 1, period: 30 });
  assert.equal(device.status, "OK");
  assert.equal((await cdi("/recipe/totp/device/verify", { userId: who.id, deviceName: "phone", totp: code(device.secret) })).status, "OK");
  const { factors } = ok(await door.get("/user", { token: who.token }));
  assert.deepEqual(factors.map(({ friendly_name, status }) => [friendly_name, status]), [["phone", "verified"]]);
  refused(await door.put("/user", { password: "another horse 2" }, { token: who.token }), 401, "insufficient_aal");
  const session = ok(await answer(who, factors[0].id, (await ask(who, factors[0].id)).id, code(device.secret, 1)));
  assert.equal(claimsOf(session.access_token).aal, "aal2");

  const other = await secured();
  assert.equal((await cdi("/recipe/totp/verify", { userId: other.id, totp: code(other.secret, 1) })).status, "OK");
});
