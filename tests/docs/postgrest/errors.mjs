// Errors as documents and statuses.

/** What the server itself refuses. */
export class Refusal extends Error {
  constructor(status, code, message) {
    super(message);
    Object.assign(this, { status, code });
  }
}

// By what the SQLSTATE begins with; the first that fits.
const STATUSES = {
  "08": 503, "0L": 403, "0P": 403, 23503: 409, 23505: 409, 25006: 405, 28: 403, 42883: 404, "42P01": 404, 53: 503, P0001: 400,
};
const INTERNAL = /^(09|25|2D|38|39|3B|40|42P17|53400|54|55|57|58|P0|XX)/;

function statusOf(code, isAnonymous) {
  if (code === "42501") return isAnonymous ? 401 : 403;
  if (/^PT\d{3}$/.test(code)) return Number(code.slice(2));
  const found = Object.entries(STATUSES).find(([begin]) => code.startsWith(begin));
  return found?.[1] ?? (INTERNAL.test(code) ? 500 : 400);
}

/** The answer for a refusal or an error of Postgres. */
export function answerFor({ status, code = "", detail = null, hint = null, message }, isAnonymous) {
  return { status: status ?? statusOf(code, isAnonymous), headers: [], body: JSON.stringify({ code, details: detail, hint, message }) };
}
