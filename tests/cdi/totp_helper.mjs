// What the suites about one-time passwords share.
import { PERIOD } from "./authenticator.mjs";
import { assert, get, has, newId, ok, post, put, sql } from "./helper.mjs";

const TOTP = "/recipe/totp";

export const INVALID = "INVALID_TOTP_ERROR";
export const LIMITED = "LIMIT_REACHED_ERROR";
export const EXISTS = "DEVICE_ALREADY_EXISTS_ERROR";
export const UNKNOWN_DEVICE = "UNKNOWN_DEVICE_ERROR";
export const UNKNOWN_USER = "UNKNOWN_USER_ID_ERROR";

/** A secret as authenticator apps are given it. */
export const SECRET = "JBSWY3DPEHPK3PXP";

// Codes count for the present step alone unless a test says otherwise.
const STEP = { skew: 0, period: PERIOD };

export const create = (userId, deviceName, more = {}, at = "", version = "5.4") =>
  post(`${at}${TOTP}/device`, { userId, deviceName, ...STEP, ...more }, version);
export const importDevice = (userId, deviceName, secretKey = SECRET, more = {}, at = "", version = "5.4") =>
  post(`${at}${TOTP}/device/import`, { userId, deviceName, secretKey, ...STEP, ...more }, version);
export const rename = (userId, existingDeviceName, newDeviceName, at = "", version = "5.4") =>
  put(`${at}${TOTP}/device`, { userId, existingDeviceName, newDeviceName }, version);
export const remove = (userId, deviceName, at = "", version = "5.4") =>
  post(`${at}${TOTP}/device/remove`, { userId, deviceName }, version);
export const verifyDevice = (userId, deviceName, totp, at = "", version = "5.4") =>
  post(`${at}${TOTP}/device/verify`, { userId, deviceName, totp }, version);
export const verify = (userId, totp, at = "", version = "5.4") =>
  post(`${at}${TOTP}/verify`, { userId, totp }, version);
export const status = (userIds, at = "", version = "5.4") =>
  post(`${at}${TOTP}/device/status/bulk`, { userIds }, version);

export const devices = async (userId, at = "", version = "5.4") =>
  ok(await get(`${at}${TOTP}/device/list`, { userId }, version)).devices;
export const names = async (userId, at = "") => (await devices(userId, at)).map(({ name }) => name);

/** A user, known to nobody else, with one verified device called "phone"; the device's secret is SECRET. */
export async function userWithDevice(at = "", userId = newId("user")) {
  ok(await importDevice(userId, "phone", SECRET, {}, at));
  return userId;
}

/** The code was refused, as the n-th in a row of at most `max`. */
export const refusedAs = (answer, failed, max = 5) =>
  assert.deepEqual(has(answer, INVALID), {
    status: INVALID, currentNumberOfFailedAttempts: failed, maxNumberOfFailedAttempts: max,
  });

/** The code was not looked at; gives in how many milliseconds it will be. */
export function limited(answer, max = 5) {
  const { retryAfterMs, ...rest } = has(answer, LIMITED);
  assert.deepEqual(rest, { status: LIMITED, currentNumberOfFailedAttempts: max, maxNumberOfFailedAttempts: max });
  assert.ok(Number.isInteger(retryAfterMs) && retryAfterMs > 0, String(retryAfterMs));
  return retryAfterMs;
}

/** What is kept of a user's attempts, oldest first; by tenant, if there are several. */
export const attempts = (userId) =>
  sql(
    `SELECT tenant_id AS tenant, encode(used_code, 'hex') AS used,
            extract(epoch FROM expires_at - created_at)::bigint AS life
     FROM auth.totp_attempts WHERE user_id = $1 ORDER BY tenant_id, created_at`,
    userId,
  );

/** As if so many seconds had passed since the user's attempts. */
export const pass = (userId, seconds) =>
  sql(
    `UPDATE auth.totp_attempts
     SET created_at = created_at - $2::interval, expires_at = expires_at - $2::interval,
         forget_at = forget_at - $2::interval
     WHERE user_id = $1 RETURNING user_id`,
    userId, `${seconds} s`,
  );
