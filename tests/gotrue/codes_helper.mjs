// What the tests of codes, links and redirects share.
import { assert, mailTo, sql, textTo } from "./helper.mjs";

/** Settings of an instance where numbers work; without an account the gateway keeps the messages. */
export const PHONES = { external_phone_enabled: true, sms_provider: "twilio" };
/** Settings of an instance where one need not wait before one asks again. */
export const AT_ONCE = { smtp_max_frequency: "0s", sms_max_frequency: "0s" };
export const WRONG_CODE = "Token has expired or is invalid";
export const WRONG_LINK = "Email link is invalid or has expired";
export const FIRST_HALF = "Confirmation link accepted. Please proceed to confirm link sent to the other email";

/** So many first messages. The last comes first: until it is there, their order may change. */
async function firstMessages(take, address, count) {
  const messages = [await take(address, count - 1)];
  for (let place = 0; place < count - 1; place += 1) messages.push(await take(address, place));
  return messages;
}

/** So many mails to an address, in any order. */
export const mailsTo = (address, count) => firstMessages(mailTo, address, count);

/** So many codes that were texted to a number, in any order. */
export const codesTo = (phone, count) => firstMessages(textTo, phone, count);

/** The mail to an address that is none of these. Mails of the same second have no order. */
export async function anotherMail(address, ...known) {
  const texts = known.map(({ text }) => text);
  return (await mailsTo(address, known.length + 1)).find(({ text }) => !texts.includes(text));
}

/** The code that was texted to a number and is none of these. */
export const anotherCode = async (phone, ...known) =>
  (await codesTo(phone, known.length + 1)).find((code) => !known.includes(code));

/** Lets what was texted to a user be sent long ago. */
export function agePhone(phone, seconds) {
  const past = (column) => `${column} = ${column} - $2::int * interval '1 s'`;
  const columns = ["confirmation_sent_at", "reauthentication_sent_at", "phone_change_sent_at"].map(past).join(", ");
  sql(`UPDATE auth.users SET ${columns} WHERE $1 IN (phone, phone_change) RETURNING 1 AS one`, phone, seconds);
  sql(`UPDATE auth.one_time_codes SET ${past("sent_at")} WHERE address = $1 RETURNING 1 AS one`, phone, seconds);
}

/** What a browser does with a link: where it is sent, with query and fragment apart. */
export async function follow(link, headers = {}) {
  const response = await fetch(link, { redirect: "manual", headers });
  assert.equal(response.status, 303, await response.text());
  return place(response.headers.get("location"));
}

function place(location) {
  const [address, fragment = ""] = location.split("#");
  const [target, query = ""] = address.split("?");
  const members = (text) => Object.fromEntries(new URLSearchParams(text));
  const names = [...new URLSearchParams(fragment).keys()];
  return { location, target, query: members(query), fragment: members(fragment), names };
}

/** The link must lead to a refusal with this code, of this kind if its status has one. */
export async function refusedLink(link, code, error = "access_denied") {
  const sent = await follow(link);
  assert.equal(sent.fragment.error_code, code, sent.location);
  assert.equal(sent.fragment.error ?? null, error, sent.location);
  assert.equal(sent.fragment.access_token, undefined);
  return sent;
}

/** A path of an instance as a link. */
export const linkTo = (instance, query) => `${instance.url}/verify?${new URLSearchParams(query)}`;

export const verify = (instance, body) => instance.post("/verify", body);

/** What these calls answer that are made at the same time. */
export const atOnce = (calls) => Promise.all(calls.map((call) => call()));

/** The same call, eight times at once. */
export const eightTimes = (call) => atOnce(Array(8).fill(call));

/** How many sessions a user has. */
export const sessionsOf = (userId) => sql("SELECT id FROM auth.sessions WHERE user_id = $1", userId).length;

/** The entries of the audit log about an action, the newest first. */
export async function audited(instance, action) {
  const { json } = await instance.admin("GET", "/admin/audit", { query: { query: `action:${action}` } });
  return json.map(({ payload }) => payload);
}

export const exchange = (instance, auth_code, code_verifier) =>
  instance.post("/token?grant_type=pkce", { auth_code, code_verifier });
