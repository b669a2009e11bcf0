// What an authenticator app shows.
import { Secret, TOTP } from "otpauth";

/** A period, in seconds, in which no test meets the turn of a step. */
export const DAY = 86_400;

/** No code that any device shows. */
export const WRONG = "wrong!";

/** The code of a secret, `steps` periods from now. */
export const codeOf = (secret, { period = DAY, steps = 0 } = {}) =>
  new TOTP({ secret: Secret.fromBase32(secret), algorithm: "SHA1", digits: 6, period }).generate({
    timestamp: Date.now() + steps * period * 1000,
  });
