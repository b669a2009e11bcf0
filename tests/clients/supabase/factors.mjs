// What the suites of second factors share: the codes of an authenticator app, and members who have one.
import { codeOf } from "../../cdi/authenticator.mjs";
import { claimsOf } from "../../gotrue/helper.mjs";
import { member, must } from "./clients.mjs";

/** What an app shows, so many steps from now. The server takes a code once: the next in a test is of a later step. */
export const codeAt = (secret, steps = 0) => codeOf(secret, { period: 30, steps });

/** A code that an app does not show, neither now nor soon. */
export function wrongFor(secret) {
  const shown = [-2, -1, 0, 1, 2].map((steps) => codeAt(secret, steps));
  return ["000000", "111111", "222222", "333333", "444444", "555555"].find((code) => !shown.includes(code));
}

/** What a session was got by, the newest first. */
export const methods = ({ access_token: token }) => claimsOf(token).amr.map((entry) => entry.method);

export const levelOf = ({ access_token: token }) => claimsOf(token).aal;

/** A member who has enrolled an app, of which no code was shown yet; `factor` is what the server answered. */
export async function enrolled(instance, options) {
  const who = await member(instance, options);
  const factor = await must(who.client.mfa.enroll({ factorType: "totp", friendlyName: "app" }));
  return { ...who, factor, secret: factor.totp.secret };
}

/** A member whose app counts, and whose session is one of two factors. */
export async function secured(instance, options) {
  const who = await enrolled(instance, options);
  const session = await must(who.client.mfa.challengeAndVerify({ factorId: who.factor.id, code: codeAt(who.secret) }));
  return { ...who, session };
}
