// Users without a name (GoTrue reference, 2.3).
import test from "node:test";
import { PASSWORD, UUID, assert, claimsOf, newInstance, ok, refused, sql } from "./helper.mjs";
import { audited } from "./accounts_helper.mjs";

const instance = await newInstance({ external_anonymous_users_enabled: true });
const signIn = async (body = {}) => ok(await instance.post("/signup", body));

test("57 where nobody stays anonymous", async () => {
  const usual = await newInstance();
  refused(await usual.post("/signup", {}), 422, "anonymous_provider_disabled", "Anonymous sign-ins are disabled");
  const closed = await newInstance({ disable_signup: true });
  refused(await closed.post("/signup", {}), 422, "anonymous_provider_disabled");
  closed.set("external_anonymous_users_enabled", true);
  refused(await closed.post("/signup", {}), 422, "signup_disabled", "Signups not allowed for this instance");
});

test("58 10 somebody without a name", async () => {
  const data = { plan: "pro", sub: "own", deep: { a: [null] } };
  const session = await signIn({ email: null, phone: "", data });
  assert.deepEqual([session.token_type, session.expires_in], ["bearer", 3600]);
  const { id, created_at, updated_at, last_sign_in_at, ...user } = session.user;
  assert.match(id, UUID);
  for (const time of [created_at, updated_at, last_sign_in_at]) assert.ok(time);
  assert.deepEqual(user, {
    aud: "authenticated", role: "authenticated", email: "", phone: "", is_anonymous: true, app_metadata: {},
    user_metadata: data, identities: [],
  });
  const { iat, exp, session_id, amr, ...claims } = claimsOf(session.access_token);
  assert.deepEqual(amr.map(({ method }) => method), ["anonymous"]);
  assert.deepEqual(claims, {
    sub: id, aud: "authenticated", role: "authenticated", aal: "aal1", email: "", phone: "", is_anonymous: true,
    app_metadata: {}, user_metadata: data,
  });
  assert.deepEqual(audited(instance, id), []);
});

test("2.3 without anything said, and each is another", async () => {
  const [one, other] = [await signIn(), await signIn({ unknown: 1 })];
  assert.notEqual(one.user.id, other.user.id);
  assert.deepEqual(one.user.user_metadata, {});
});

test("59 a password is passed over", async () => {
  for (const password of [PASSWORD, "x", "a".repeat(100)]) {
    const { access_token, user } = await signIn({ password });
    const me = ok(await instance.get("/user", { token: access_token }));
    assert.deepEqual([me.id, me.is_anonymous, me.app_metadata], [user.id, true, {}]);
  }
});

test("2.3 74 an anonymous session goes on", async () => {
  const first = await signIn();
  const second = ok(await instance.refresh(first.refresh_token));
  const [before, after] = [first, second].map(({ access_token }) => claimsOf(access_token));
  assert.deepEqual([after.sub, after.session_id, after.is_anonymous, after.amr], [
    before.sub, before.session_id, true, before.amr,
  ]);
});

test("4.21 who never said who they are go after thirty days, where that is wanted", async () => {
  const tidy = await newInstance({ external_anonymous_users_enabled: true, db_cleanup_enabled: true });
  const come = async (at, days) => {
    const { user, access_token } = ok(await at.post("/signup", {}));
    sql("UPDATE auth.users SET created_at = now() - $2::int * interval '1 day' WHERE id = $1 RETURNING id", user.id, days);
    return { user, token: access_token };
  };
  const [old, young, kept] = [await come(tidy, 31), await come(tidy, 29), await come(instance, 31)];
  const { user: named } = await tidy.member();
  sql("UPDATE auth.users SET created_at = now() - interval '31 days' WHERE id = $1 RETURNING id", named.id);
  sql("SELECT auth.maintain() AS done");
  refused(await tidy.get("/user", { token: old.token }), 403, "user_not_found");
  for (const [at, { token }] of [[tidy, young], [instance, kept]]) ok(await at.get("/user", { token }));
  ok(await tidy.admin("GET", `/admin/users/${named.id}`));
});
