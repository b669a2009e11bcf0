// The way back for who has lost the passkeys, and other addresses for their users (CDI 2.14, 3.13, 7.12.278 to 280).
import test from "node:test";
import {
  assert, badField, get, has, newApp, newEmail, newId, ok, post, put, refused, signUp, sql,
} from "./helper.mjs";
import {
  INFO_TAKEN, appWithTenants, associate, createPrimary, group, mapped, removeUser, setMetadata, userOf, verified,
  withCode, withPassword, withProvider,
} from "./linking_helper.mjs";
import { Passkey } from "./passkey.mjs";
import {
  EMAIL_EXISTS, NOBODY, NO_TOKEN, UNKNOWN_USER, WEBAUTHN, addPasskey, changeEmail, consumeRecovery, enter,
  recoveryToken, userOfRecovery, withPasskey,
} from "./webauthn_helper.mjs";

const TAKEN_BY_GROUP = "USER_WITH_EMAIL_ALREADY_EXISTS_ERROR";
const newToken = async (...asked) => ok(await recoveryToken(...asked)).token;

/** Nobody can do anything with the token there. */
async function worthless(token, at) {
  for (const use of [userOfRecovery, consumeRecovery]) {
    const { status, json } = await use(token, at);
    assert.deepEqual([status, json], [200, { status: NO_TOKEN }]);
  }
}

test("7.12.278 a token finds its user until it is used", async () => {
  const { id, email, user } = await withPasskey();
  const token = await newToken(id, email);
  assert.match(token, /^[\w-]{43}$/, "32 bytes");
  for (const version of ["5.3", "5.4", "5.6", "5.4"]) {
    assert.deepEqual(ok(await userOfRecovery(token, "", version)), { status: "OK", user, recipeUserId: id });
  }
  assert.deepEqual(ok(await consumeRecovery(token)), { status: "OK", userId: id, email });
  await worthless(token);
});

test("7.12.278 what is no token", async () => {
  const { id, email } = await withPasskey();
  const token = await newToken(id, email);
  const changed = `${token[0] === "A" ? "B" : "A"}${token.slice(1)}`;
  const none = ["", "x", "A".repeat(43), "x".repeat(10_000)];
  for (const text of [...none, changed, `${token}A`, token.slice(0, -1), ` ${token}`]) await worthless(text);
  ok(await consumeRecovery(token));
});

test("7.12.278 users who do not exist get no token", async () => {
  const app = await newApp();
  const email = newEmail();
  const { id } = await withPasskey();
  const known = newId("known");
  await setMetadata(known, { a: 1 }, app);
  for (const nobody of [NOBODY, "x", "", id, known]) {
    assert.deepEqual((await recoveryToken(nobody, email, app)).json, { status: UNKNOWN_USER }, nobody);
  }
});

test("1.7 what a caller must say, and in which type", async () => {
  const token = `${WEBAUTHN}/user/recover/token`;
  for (const [send, path, good] of [
    [post, token, { userId: NOBODY, email: newEmail() }],
    [post, `${token}/consume`, { token: "x" }],
    [put, `${WEBAUTHN}/user/email`, { recipeUserId: NOBODY, email: newEmail() }],
  ]) {
    for (const field of Object.keys(good)) {
      for (const value of [undefined, null, 1, true, []]) {
        badField(await send(path, { ...good, [field]: value }), field, `${path} ${JSON.stringify(value)}`);
      }
    }
  }
  refused(await get(`${WEBAUTHN}/user/recover`), 400, "Field name 'token' is missing in GET request");
  const { id } = await withPasskey();
  for (const ask of [recoveryToken, changeEmail]) {
    refused(await ask(id, "x".repeat(1001)), 400, /^email must not be longer/);
  }
});

test("7.12.279 users of other recipes", async () => {
  for (const make of [withPassword, withProvider, withCode]) {
    const { id, email } = await make();
    const token = await newToken(id, email);
    const { user, recipeUserId } = ok(await userOfRecovery(token));
    assert.deepEqual([user.id, recipeUserId], [id, null]);
    assert.deepEqual(ok(await consumeRecovery(token)), { status: "OK", userId: id, email });
  }
});

test("3.13 a group has the login method with passkeys, in its tenant", async () => {
  const { app, t1, t2 } = await appWithTenants();
  const [owner, member] = [await withPassword(t1), await withPasskey(t1)];
  ok(await associate(owner.id, t2));
  await group(app, owner, member);
  for (const { id, email } of [owner, member]) {
    for (const [at, expected] of [[t1, member.id], [t2, null]]) {
      const token = await newToken(id, email, at);
      const { user, recipeUserId } = ok(await userOfRecovery(token, at));
      assert.deepEqual([user.id, recipeUserId], [owner.id, expected]);
      assert.equal(ok(await consumeRecovery(token, at)).userId, id, "whom it was made for");
    }
  }
});

test("3.13 external ids", async () => {
  const app = await newApp();
  const { id, email } = await withPasskey(app);
  const early = await newToken(id, email, app);
  const external = await mapped(id, app);
  for (const token of [early, await newToken(external, email, app), await newToken(id, email, app)]) {
    const { user, recipeUserId } = ok(await userOfRecovery(token, app));
    assert.deepEqual([user.id, recipeUserId], [external, external]);
  }
  const last = await newToken(external, email, app);
  assert.deepEqual(ok(await consumeRecovery(last, app)), { status: "OK", userId: external, email });
});

test("2.14 tokens are the tenant's", async () => {
  const { app, t1, t2 } = await appWithTenants();
  const { id, email } = await withPasskey(t1);
  const [here, there] = [await newToken(id, email, t1), await newToken(id, email, t2)];
  for (const at of [t2, app, await newApp()]) await worthless(here, at);
  assert.equal(ok(await consumeRecovery(here, t1)).userId, id);
  await worthless(here, t1);
  assert.equal(ok(await userOfRecovery(there, t2)).recipeUserId, null, "the other is good there");
  ok(await consumeRecovery(there, t2));
});

test("3.13 one token takes all of its address along", async () => {
  const { app, t1, t2 } = await appWithTenants();
  const email = newEmail();
  const [one, other] = [await withPasskey(t1, email), await withPassword(t1, email)];
  const used = await newToken(one.id, ` ${email.toUpperCase()} `, t1);
  const along = [await newToken(one.id, email, t1), await newToken(other.id, email, t1)];
  const kept = [
    [await newToken(one.id, newEmail(), t1), t1], [await newToken(one.id, email, t2), t2],
    [await newToken(one.id, email, app), app],
  ];
  const reset = ok(await post(`${t1}/recipe/user/password/reset/token`, { userId: other.id, email })).token;
  assert.deepEqual(ok(await consumeRecovery(used, t1)), { status: "OK", userId: one.id, email }, "normalised");
  for (const token of [used, ...along]) await worthless(token, t1);
  for (const [token, at] of kept) ok(await consumeRecovery(token, at));
  ok(await post(`${t1}/recipe/user/password/reset/token/consume`, { method: "token", token: reset }));
});

test("3.13 tokens for other things are none", async () => {
  const { id, email } = await signUp();
  const reset = ok(await post("/recipe/user/password/reset/token", { userId: id, email })).token;
  const verification = ok(await post("/recipe/user/email/verify/token", { userId: id, email })).token;
  for (const token of [reset, verification]) await worthless(token);
  const token = await newToken(id, email);
  const consume = "/recipe/user/password/reset/token/consume";
  has(await post(consume, { method: "token", token }), "RESET_PASSWORD_INVALID_TOKEN_ERROR");
  const verify = "/recipe/user/email/verify";
  has(await post(verify, { method: "token", token }), "EMAIL_VERIFICATION_INVALID_TOKEN_ERROR");
  ok(await post(consume, { method: "token", token: reset }));
  ok(await post(verify, { method: "token", token: verification }));
  ok(await consumeRecovery(token));
});

test("5.3 how long a token lives", async () => {
  for (const [coreConfig, seconds] of [[{}, 3600], [{ webauthn_recover_account_token_lifetime: 90_000 }, 90]]) {
    const app = await newApp(coreConfig);
    const { id, email } = await withPasskey(app);
    const token = await newToken(id, email, app);
    const lives = sql(
      `UPDATE auth.one_time_tokens SET expires_at = expires_at - $2::interval WHERE subject = $1
       RETURNING round(extract(epoch FROM expires_at + $2::interval - created_at)) AS lives`,
      id, `${seconds} s`,
    );
    assert.deepEqual(lives, [{ lives: seconds }]);
    await worthless(token, app);
  }
});

test("3.10 a user who is removed takes the tokens along", async () => {
  const app = await newApp();
  const { id, email } = await withPasskey(app);
  const token = await newToken(id, email, app);
  ok(await removeUser(id, app));
  await worthless(token, app);
  await withPasskey(app, email);
  await worthless(token, app);
});

// Other addresses.

const emailOf = async (id, app) => {
  const { emails, loginMethods } = await userOf(id, app);
  assert.deepEqual(emails, [loginMethods[0].email]);
  return emails[0];
};

test("7.12.280 a user gets another address, which is not verified", async () => {
  const app = await newApp();
  const { id, email, passkey } = await withPasskey(app);
  await verified(id, email, app);
  const wanted = newEmail();
  assert.deepEqual(ok(await changeEmail(id, wanted, app)), { status: "OK" });
  assert.equal(await emailOf(id, app), wanted);
  assert.equal((await userOf(id, app)).loginMethods[0].verified, false);
  assert.equal(ok(await enter(passkey, app)).user.id, id);
  ok(await changeEmail(id, wanted, app), "its own");
  await withPasskey(app, email);
  assert.deepEqual((await changeEmail(id, email, app)).json, { status: EMAIL_EXISTS });
  assert.equal(await emailOf(id, app), wanted);
});

test("7.12.280 who cannot get another address", async () => {
  const wanted = newEmail();
  for (const make of [withPassword, withProvider, withCode]) {
    const { id, email } = await make();
    assert.deepEqual((await changeEmail(id, wanted)).json, { status: UNKNOWN_USER });
    assert.equal(await emailOf(id), email);
  }
  for (const nobody of [NOBODY, "x", ""]) {
    assert.deepEqual((await changeEmail(nobody, wanted)).json, { status: UNKNOWN_USER });
  }
});

test("7.12.280 addresses of others", async () => {
  const app = await newApp();
  const [one, other] = [await withPasskey(app), await withPasskey(app)];
  assert.deepEqual((await changeEmail(one.id, other.email, app)).json, { status: EMAIL_EXISTS });
  const [ordinary, holder] = [await withPassword(app), await withPassword(app)];
  ok(await createPrimary(holder.id, app));
  ok(await changeEmail(one.id, holder.email, app), "who is not primary may share an address");
  ok(await changeEmail(one.id, one.email, app));
  ok(await createPrimary(one.id, app));
  assert.deepEqual((await changeEmail(one.id, holder.email, app)).json, { status: TAKEN_BY_GROUP });
  ok(await changeEmail(one.id, ordinary.email, app), "of a user who is not primary");
  assert.equal(has(await createPrimary(ordinary.id, app), INFO_TAKEN).primaryUserId, one.id, "it is held now");
  const former = await withPassword(app, one.email);
  ok(await createPrimary(former.id, app), "and the former is not");
});

test("3.5 a member of a group gets another address", async () => {
  const app = await newApp();
  const [owner, member, holder] = [await withPassword(app), await withPasskey(app), await withPassword(app)];
  await group(app, owner, member);
  ok(await createPrimary(holder.id, app));
  assert.deepEqual((await changeEmail(member.id, holder.email, app)).json, { status: TAKEN_BY_GROUP });
  ok(await changeEmail(member.id, owner.email, app), "its group's");
  assert.deepEqual((await userOf(owner.id, app)).emails, [owner.email]);
  const external = await mapped(member.id, app);
  const wanted = newEmail();
  ok(await changeEmail(external, wanted, app));
  assert.ok((await userOf(owner.id, app)).emails.includes(wanted));
  assert.deepEqual((await changeEmail(owner.id, newEmail(), app)).json, { status: UNKNOWN_USER });
});

test("3.13 an address must be free in all tenants of the user", async () => {
  const { t1, t2, t3 } = await appWithTenants();
  const { id } = await withPasskey(t1);
  const [there, elsewhere] = [await withPasskey(t2), await withPasskey(t3)];
  ok(await associate(id, t2));
  assert.deepEqual((await changeEmail(id, there.email, t1)).json, { status: EMAIL_EXISTS });
  ok(await changeEmail(id, elsewhere.email, t1));
  assert.deepEqual((await associate(id, t3)).json, { status: EMAIL_EXISTS });
});

test("3.13 who has lost a passkey registers another", async () => {
  const { id, email, passkey } = await withPasskey();
  const token = await newToken(id, email);
  const { userId } = ok(await consumeRecovery(token));
  const replacement = await addPasskey(userId, "", new Passkey({ algorithm: "EdDSA" }));
  for (const one of [passkey, replacement]) assert.equal(ok(await enter(one)).recipeUserId, id);
});
