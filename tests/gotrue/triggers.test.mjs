// What triggers of an application on auth.users do to answers (GoTrue reference, 1.4).
import test from "node:test";
import { NEW_FORM, PASSWORD, assert, claimsOf, newEmail, newInstance, ok, refused, sql } from "./helper.mjs";
import { usersWith, withTrigger } from "./accounts_helper.mjs";

const instance = await newInstance();
const auto = await newInstance({ mailer_autoconfirm: true });

const SAID = "what an application says";
const RAISING = `RAISE EXCEPTION '${SAID}' USING HINT = 'a hint', DETAIL = 'a detail', ERRCODE = `;

const attempt = (at, email, headers) => at.post("/signup", { email, password: PASSWORD }, { headers });

/** The new form tells what was raised; GoTrue's says "Database error" to everybody. */
function told(answer, status) {
  assert.equal(answer.status, status);
  assert.deepEqual(answer.json, { code: "unexpected_failure", message: SAID });
}

/** The generic error, which tells nothing. */
function generic(answer) {
  const { message, ...rest } = refused(answer, 500, "unexpected_failure");
  assert.deepEqual(rest, { code: "unexpected_failure" });
  for (const text of [SAID, "a hint", "a detail"]) assert.ok(!answer.text.includes(text), message);
}

for (const code of ["P0001", "23505", "23514", "23P01"]) {
  test(`30 a trigger that raises ${code}`, async () => {
    await withTrigger(instance, "BEFORE INSERT", `${RAISING}'${code}';`, async () => {
      const email = newEmail();
      const old = await attempt(instance, email);
      assert.equal(old.status, 500);
      assert.deepEqual(old.json, { code, message: SAID, hint: "a hint", detail: "a detail" });
      told(await attempt(instance, email, NEW_FORM), 500);
      assert.equal(usersWith(instance, email), 0);
    });
  });
}

test("30 nothing but what was raised is told", async () => {
  await withTrigger(instance, "AFTER INSERT", `RAISE EXCEPTION '${SAID}';`, async () => {
    const email = newEmail();
    const answer = await attempt(instance, email);
    assert.equal(answer.status, 500);
    assert.deepEqual(answer.json, { code: "P0001", message: SAID });
    assert.equal(usersWith(instance, email), 0);
  });
});

test("1.4 other errors of a trigger are told to nobody", async () => {
  await withTrigger(instance, "BEFORE INSERT", `${RAISING}'22012';`, async () => {
    const answer = await attempt(instance, newEmail());
    refused(answer, 500, "unexpected_failure");
    assert.ok(answer.json.error_id);
    for (const text of [SAID, "a hint", "a detail"]) assert.ok(!answer.text.includes(text));
    generic(await attempt(instance, newEmail(), NEW_FORM));
  });
});

test("31 a trigger that chooses the status", async () => {
  await withTrigger(instance, "BEFORE INSERT", `${RAISING}'PT418';`, async () => {
    const old = await attempt(instance, newEmail());
    assert.equal(old.status, 418);
    assert.deepEqual(old.json, { code: "PT418", message: SAID, hint: "a hint", detail: "a detail" });
  });
});

test("31 a trigger that chooses the status, in the new form", async () => {
  await withTrigger(instance, "BEFORE INSERT", `${RAISING}'PT418';`, async () => {
    told(await attempt(instance, newEmail(), NEW_FORM), 418);
  });
});

test("30 a trigger that raises when somebody signs in", async () => {
  const own = await newInstance();
  const { email, session } = await own.member();
  const body = { email, password: PASSWORD };
  const condition = "IF NEW.last_sign_in_at IS DISTINCT FROM OLD.last_sign_in_at THEN";
  await withTrigger(own, "BEFORE UPDATE", `${condition} ${RAISING}'P0001'; END IF; RETURN NEW;`, async () => {
    const old = await own.post("/token?grant_type=password", body);
    assert.equal(old.status, 500);
    assert.deepEqual(old.json, { code: "P0001", message: SAID, hint: "a hint", detail: "a detail" });
    told(await own.post("/token?grant_type=password", body, { headers: NEW_FORM }), 500);
  });
  ok(await own.refresh(session.refresh_token));
  ok(await own.signIn(email));
});

for (const [event, body] of [
  ["BEFORE INSERT", `NEW.raw_app_meta_data := NEW.raw_app_meta_data || '{"team": 5}'; RETURN NEW;`],
  [
    "AFTER INSERT",
    `UPDATE auth.users SET raw_app_meta_data = raw_app_meta_data || '{"team": 5}' WHERE id = NEW.id; RETURN NULL;`,
  ],
]) {
  test(`54 a trigger ${event} that changes app_metadata`, async () => {
    for (const at of [instance, auto]) {
      await withTrigger(at, event, body, async () => {
        const answer = ok(await attempt(at, newEmail()));
        const { app_metadata, id } = answer.user ?? answer;
        const expected = { provider: "email", providers: ["email"], team: 5 };
        assert.deepEqual(app_metadata, expected);
        if (answer.access_token) assert.deepEqual(claimsOf(answer.access_token).app_metadata, expected);
        const [row] = sql("SELECT raw_app_meta_data FROM auth.users WHERE id::text = $1", id);
        assert.deepEqual(row.raw_app_meta_data, expected);
      });
    }
  });
}

test("54 a trigger that changes app_metadata of whoever signs in", async () => {
  const own = await newInstance();
  const { email } = await own.member();
  const body = `NEW.raw_app_meta_data := NEW.raw_app_meta_data || '{"seen": true}'; RETURN NEW;`;
  await withTrigger(own, "BEFORE UPDATE", body, async () => {
    const { user, access_token } = ok(await own.signIn(email));
    assert.deepEqual([user.app_metadata.seen, claimsOf(access_token).app_metadata.seen], [true, true]);
  });
});
