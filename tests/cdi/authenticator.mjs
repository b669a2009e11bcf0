// An authenticator app: the codes that it shows (RFC 6238, with HMAC-SHA-1 and six digits).
import { createHmac } from "node:crypto";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** The bytes that a text in Base32 stands for. */
export function fromBase32(text) {
  const bits = [...text].map((letter) => LETTERS.indexOf(letter).toString(2).padStart(5, "0")).join("");
  return Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
}

// A quarter of an hour at both ends in which no suite begins that would then meet the turn of a step.
const isCalm = (period) => {
  const into = (Date.now() / 1000) % period;
  return into > 900 && into < period - 900;
};

/** A period, in seconds, whose present step neither has just begun nor is about to end. */
export const PERIOD = Array.from({ length: 40 }, (_, n) => 86_400 - 1000 * n).find(isCalm);

/** The code of a secret, `steps` steps after the present one. */
export function codeOf(secret, { period = PERIOD, steps = 0 } = {}) {
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 1000 / period) + steps));
  const mac = createHmac("sha1", fromBase32(secret)).update(step).digest();
  const number = mac.readUInt32BE(mac.at(-1) & 0xf) & 0x7fff_ffff;
  return String(number % 1_000_000).padStart(6, "0");
}

/** A text that no device ever shows. */
export const WRONG = "wrong!";
