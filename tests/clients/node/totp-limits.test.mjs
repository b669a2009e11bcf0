// The settings of TOTP: how many wrong codes, and how long to wait.
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import MultiFactorAuth from "supertokens-node/recipe/multifactorauth";
import Totp from "supertokens-node/recipe/totp";
import { PUBLIC, assert, createTemporaryApp, init, signUp } from "./helpers.mjs";
import { DAY, WRONG, codeOf } from "./totp-codes.mjs";

const COOLDOWN = 3;
const settings = { totp_max_attempts: 2, totp_rate_limit_cooldown_sec: COOLDOWN };
const { connectionURI } = await createTemporaryApp("totp-limits", settings);
init({ connectionURI, recipes: [MultiFactorAuth.init(), Totp.init({ defaultPeriod: DAY })] });

test("after the wait that the answer names a right code is taken", async () => {
  const { id } = await signUp();
  const { secret } = await Totp.createDevice(id, undefined, "phone");
  const verify = (code) => Totp.verifyDevice(PUBLIC, id, "phone", code);
  for (const currentNumberOfFailedAttempts of [1, 2]) {
    const expected = { status: "INVALID_TOTP_ERROR", currentNumberOfFailedAttempts, maxNumberOfFailedAttempts: 2 };
    assert.deepEqual(await verify(WRONG), expected);
  }
  const { status, retryAfterMs } = await verify(codeOf(secret));
  assert.equal(status, "LIMIT_REACHED_ERROR");
  assert.ok(retryAfterMs > 0 && retryAfterMs <= COOLDOWN * 1000, `in ms: ${retryAfterMs}`);
  await sleep(retryAfterMs + 100);
  assert.equal((await verify(WRONG)).currentNumberOfFailedAttempts, 1, "counted anew");
  assert.deepEqual(await verify(codeOf(secret)), { status: "OK", wasAlreadyVerified: false });
});
