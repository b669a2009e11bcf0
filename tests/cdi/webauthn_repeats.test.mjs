// Answers that come twice, and authenticators that count (CDI 3.13, 7.12.274; W3C Web Authentication, section 7.2).
import test from "node:test";
import { assert, has, ok, sql } from "./helper.mjs";
import { PRESENT, Passkey, VERIFIED } from "./passkey.mjs";
import {
  INVALID_AUTHENTICATOR, INVALID_OPTIONS, NO_OPTIONS, SHOWING, addPasskey, credential, enter, optionsOf, refusedFor,
  removeOptions, signInWith, toSignIn, withPasskey,
} from "./webauthn_helper.mjs";

const single = (version) => Number(version) > 5.4;
const REPEATING = SHOWING.filter((version) => !single(version));
const SINGLE = SHOWING.filter(single);
const refusedClone = (answer, message) => refusedFor(answer, INVALID_AUTHENTICATOR, /./, message);

/** Security keys count, passkeys do not. */
const kinds = [["a passkey", {}], ["a security key", { count: 7 }], ["a key of another kind", { algorithm: "EdDSA" }]];

for (const version of REPEATING) {
  for (const [name, kind] of kinds) {
    test(`7.12.274 the very same answer signs in again, ${name}, CDI ${version}`, async () => {
      const { id, passkey } = await withPasskey("", undefined, new Passkey(kind));
      const count = kind.count && kind.count + 1;
      const options = await toSignIn();
      const answer = passkey.signIn(options, { count });
      for (let n = 0; n < 3; n += 1) {
        assert.equal(ok(await signInWith(options, answer, "", version)).recipeUserId, id);
        ok(await optionsOf(options));
      }
      const without = { ...answer, rawId: undefined, clientExtensionResults: { more: true } };
      ok(await signInWith(options, without, "", version), "what is not signed does not matter");
    });
  }
}

for (const version of SINGLE) {
  for (const [name, kind] of kinds) {
    test(`7.12.274 options sign in once, ${name}, CDI ${version}`, async () => {
      const { id, passkey } = await withPasskey("", undefined, new Passkey(kind));
      const counts = kind.count === undefined ? [undefined, undefined] : [8, 9];
      const options = await toSignIn();
      const [first, second] = counts.map((count) => passkey.signIn(options, { count }));
      const bad = passkey.signIn(options, { count: counts[0], client: { challenge: "x" } });
      refusedClone(await signInWith(options, bad, "", version));
      ok(await optionsOf(options), "what failed does not count");
      assert.equal(ok(await signInWith(options, first, "", version)).recipeUserId, id);
      for (const any of SHOWING) {
        for (const answer of [first, second]) {
          assert.deepEqual((await signInWith(options, answer, "", any)).json, { status: NO_OPTIONS });
        }
      }
      for (const ask of [optionsOf, removeOptions]) has(await ask(options), NO_OPTIONS);
    });
  }
}

test("3.13 what an older SDK has verified, a newer one uses up", async () => {
  const { passkey } = await withPasskey("", undefined, new Passkey({ count: 1 }));
  const options = await toSignIn();
  const answer = passkey.signIn(options, { count: 2 });
  ok(await signInWith(options, answer, "", "5.4"));
  ok(await signInWith(options, answer, "", "5.6"));
  has(await signInWith(options, answer, "", "5.4"), NO_OPTIONS);
});

test("3.13 a repetition that differs is none", async () => {
  const { id, passkey } = await withPasskey("", undefined, new Passkey({ count: 3 }));
  const other = await addPasskey(id, "", new Passkey({ count: 3 }));
  const options = await toSignIn();
  const accepted = passkey.signIn(options, { count: 4 });
  ok(await signInWith(options, accepted));
  for (const [name, change] of [
    ["other flags", { count: 4, flags: PRESENT }],
    ["another origin", { count: 4, client: { origin: "https://evil.example" } }],
    ["something more from the browser", { count: 4, client: { more: 1 } }],
    ["a smaller count", { count: 3 }],
    ["no count", { count: 0 }],
    ["a false signature", { count: 4, signature: () => new Passkey().sign(Buffer.from("x")) }],
  ]) {
    refusedClone(await signInWith(options, passkey.signIn(options, change)), name);
  }
  refusedClone(await signInWith(options, { ...accepted, id: other.id, rawId: other.id }), "another credential's");
  const fresh = await toSignIn();
  refusedClone(await signInWith(fresh, accepted), "other options");
  refusedClone(await signInWith(fresh, passkey.signIn(fresh, { count: 4 })), "the same count elsewhere");
  ok(await signInWith(options, accepted), "the exact repetition goes on working");
  ok(await signInWith(options, passkey.signIn(options, { count: 5 })), "a new answer to the same options");
  refusedClone(await signInWith(options, accepted), "the last one counts");
});

test("3.13 a repetition does not set the counter back", async () => {
  const { passkey } = await withPasskey("", undefined, new Passkey({ count: 1 }));
  const options = await toSignIn();
  const first = passkey.signIn(options, { count: 2 });
  ok(await signInWith(options, first));
  ok(await enter(passkey, "", { count: 9 }));
  ok(await signInWith(options, first));
  for (const count of [0, 3, 9]) refusedClone(await enter(passkey, "", { count }), String(count));
  ok(await enter(passkey, "", { count: 10 }));
});

test("3.13 the same answer after the options have expired", async () => {
  const { passkey } = await withPasskey();
  const options = await toSignIn();
  const answer = passkey.signIn(options);
  ok(await signInWith(options, answer));
  const past = "UPDATE auth.webauthn_options SET expires_at = now() - interval '1 s' WHERE id = $1 RETURNING id";
  assert.equal(sql(past, options.webauthnGeneratedOptionsId).length, 1);
  for (const version of SHOWING) {
    refusedFor(await signInWith(options, answer, "", version), INVALID_OPTIONS, "Options expired");
  }
});

test("3.13 counters must grow", async () => {
  const last = 2 ** 32 - 1;
  for (const version of SHOWING) {
    const { id, passkey } = await withPasskey("", undefined, new Passkey({ count: 5 }));
    for (const [count, grows] of [[5, false], [4, false], [0, false], [6, true], [6, false], [1000, true], [6, false],
      [last, true], [last, false], [0, false], [1, false]]) {
      const answer = await enter(passkey, "", { count }, version);
      if (grows) assert.equal(ok(answer, `${count}`).recipeUserId, id);
      else refusedClone(answer, `${count}`);
    }
  }
});

test("3.13 who does not count may begin to, and may not stop again", async () => {
  const { passkey } = await withPasskey();
  for (const count of [0, 0, 1]) ok(await enter(passkey, "", { count }), String(count));
  for (const count of [0, 1]) refusedClone(await enter(passkey, "", { count }), String(count));
  ok(await enter(passkey, "", { count: 2, flags: PRESENT | VERIFIED }));
});

test("3.13 each passkey of a user counts for itself", async () => {
  const { id, passkey } = await withPasskey("", undefined, new Passkey({ count: 100 }));
  const other = await addPasskey(id, "", new Passkey({ count: 1 }));
  ok(await enter(passkey, "", { count: 101 }));
  ok(await enter(other, "", { count: 2 }));
  refusedClone(await enter(passkey, "", { count: 3 }));
});

test("2.14 a passkey that was used says so, one that was refused does not", async () => {
  const { id, passkey } = await withPasskey("", undefined, new Passkey({ count: 1 }));
  sql(
    `UPDATE auth.webauthn_credentials SET updated_at = created_at - interval '1 day' WHERE id = $1 RETURNING id`,
    passkey.id,
  );
  const used = async () => {
    const { createdAt, updatedAt } = ok(await credential(id, passkey.id));
    return updatedAt >= createdAt;
  };
  refusedClone(await enter(passkey, "", { count: 1 }));
  assert.equal(await used(), false);
  ok(await enter(passkey, "", { count: 2 }));
  assert.equal(await used(), true);
});
