// Races across the doors: both onto one app, calls that begin almost at once, and what must fit together afterwards
// whatever came first (docs/one-user-base.md).
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { updateContacts } from "../cdi/linking_helper.mjs";
import { PASSWORD, newInstance } from "../gotrue/helper.mjs";
import { newProvider } from "../gotrue/provider.mjs";
import { address, cdi, deadlocks, quoted, tally, value } from "./support.mjs";

export { PASSWORD, address, assert };

/** Where one need not wait before one asks again, and who has several identities may take one away. */
const SETTINGS = { smtp_max_frequency: "0s", sms_max_frequency: "0s", manual_linking_enabled: true };

/** An app with its two doors. */
export class Doors {
  /** What did not fit together, of all rounds so far. */
  #known = new Set();

  static async open(settings = {}) {
    const doors = new Doors();
    doors.gotrue = await newInstance({ ...SETTINGS, ...settings });
    doors.at = doors.gotrue.cdi;
    doors.hash = await doors.#hash();
    return doors;
  }

  /** The same, where GoTrue takes the ID tokens of a provider under the name that SuperTokens knows it by, too. */
  static async openToProvider(settings = {}) {
    const provider = await newProvider();
    const doors = await Doors.open({
      external_keycloak_enabled: true, external_keycloak_url: provider.url, external_keycloak_client_id: "app", ...settings,
    });
    doors.provider = provider;
    good(await doors.grant(address())); // the provider's keys are known from here on
    return doors;
  }

  /** Signs in with an account whose address the provider vouches for, or links it to the user of a session. */
  grant(email, { sub = randomUUID(), token } = {}) {
    const id_token = this.provider.token({ sub, email, email_verified: true });
    const body = { provider: "keycloak", id_token, ...(token === undefined ? {} : { link_identity: true }) };
    return this.gotrue.post("/token?grant_type=id_token", body, { token });
  }

  /** A hash of the password, so that not every user costs one. */
  async #hash() {
    const { id } = good(await this.admin("POST", "/admin/users", { email: address(), password: PASSWORD }));
    return value(`SELECT password_hash FROM auth.login_methods WHERE id = ${quoted(id)}`);
  }

  /** Calls at the door of SuperTokens: {code, status, ...the rest of the answer}. */
  post = (path, body) => cdi("POST", this.at + path, body);
  put = (path, body) => cdi("PUT", this.at + path, body);
  get = (path) => cdi("GET", this.at + path);

  /** Whether the user, as SuperTokens sees it, is there. */
  find = async (id) => (await this.get(`/user/id?userId=${id}`)).user;

  makePrimary = (id) => this.post("/recipe/accountlinking/user/primary", { recipeUserId: id });
  link = (id, primary) => this.post("/recipe/accountlinking/user/link", { recipeUserId: id, primaryUserId: primary });
  unlink = (id) => this.post("/recipe/accountlinking/user/unlink", { recipeUserId: id });
  /** Deletes a user with all of its accounts, or this account of it. */
  remove = (id, all = true) => this.post("/user/remove", { userId: id, removeAllLinkedAccounts: all });
  signInByProvider = (id, email, isVerified = false, provider = "github") =>
    this.post("/recipe/signinup", { thirdPartyId: provider, thirdPartyUserId: id, email: { id: email, isVerified } });
  changeEmail = (id, email) => this.put("/recipe/user", { recipeUserId: id, email });
  changePhone = async (id, phoneNumber) => {
    const { status: code, json } = await updateContacts(id, { phoneNumber }, this.at);
    return { code, ...json };
  };

  /** A new account at a provider: {id, email}. */
  async account(email = address(), isVerified = false) {
    const { user } = fine(await this.signInByProvider(address(), email, isVerified));
    return { id: user.id, email };
  }

  /** The same, of a primary user. */
  async primary(email, isVerified) {
    const user = await this.account(email, isVerified);
    fine(await this.makePrimary(user.id));
    return user;
  }

  admin = (method, path, body) => this.gotrue.admin(method, path, { body });
  deleteUser = (id, body) => this.admin("DELETE", `/admin/users/${id}`, body);

  /** A user of GoTrue with the password: {id, email}. */
  async member(more = { email_confirm: true }) {
    const email = address();
    const { id } = good(await this.admin("POST", "/admin/users", { email, password_hash: this.hash, ...more }));
    return { id, email };
  }

  /** A code that nobody was mailed. */
  code = async (type, email, more = {}) =>
    good(await this.admin("POST", "/admin/generate_link", { type, email, ...more })).email_otp;

  /** The session that a code gives. */
  sessionOf = async (email) => good(await this.verify("magiclink", email, await this.code("magiclink", email)));

  verify = (type, email, token) => this.gotrue.post("/verify", { type, email, token });

  /**
   * In each round `prepare` gives what the calls of `begin` need; they begin a little apart, each time differently, so
   * that they meet at different statements. `look` says what is wrong about a round, if anything is, and what all
   * rounds must fulfil is looked at besides. All that was wrong is told together, with how often it was; with
   * RACES_VERBOSE in the environment each round is, with its answers.
   */
  async race(rounds, prepare, begin, look = () => []) {
    const wrong = [];
    const before = deadlocks();
    for (let round = 0; round < rounds; round += 1) {
      const given = await prepare(round);
      const answers = await Promise.all(begin(given).map(apart));
      const failed = answers.filter((answer) => httpStatus(answer) >= 500 && !isTaken(answer));
      const told = failed.map((answer) => `answered ${shown(answer)}`);
      const found = new Set([...told, ...(await look(given, answers)), ...(await this.misfits())]);
      wrong.push(...found);
      if (found.size > 0 && process.env.RACES_VERBOSE) console.error([...found], answers.map(shown));
    }
    assert.deepEqual(tally(wrong), {}, `in ${rounds} rounds with ${deadlocks() - before} deadlocks`);
  }

  /** What does not fit together since the last time that this was asked. */
  async misfits() {
    const { rows } = await value(misfits(this.gotrue.appId));
    const news = rows.filter(({ rule, what }) => !this.#known.has(`${rule} ${what}`));
    for (const { rule, what } of news) this.#known.add(`${rule} ${what}`);
    return news.map(({ rule }) => rule);
  }
}

/** The longest that a call begins after another. */
const APART_MS = 12;

const apart = async (call) => {
  await new Promise((resolve) => setTimeout(resolve, Math.random() * APART_MS));
  return call();
};

/** The HTTP status of an answer of either door. */
export const httpStatus = (answer) => answer.code ?? answer.status;

/** What GoTrue tells an administrator who gives somebody an address that another has. */
const isTaken = (answer) => answer.status === 500 && answer.json?.msg === "Error updating user";

/** What an answer says, in a word. */
export const shown = (answer) => {
  if (answer.code) return `${answer.code} ${answer.status}`;
  return `${answer.status} ${answer.json?.error_code ?? answer.json?.error ?? ""}`.trim();
};

/** The answer of GoTrue must be good; gives its JSON. */
export function good(answer) {
  assert.equal(answer.status, 200, answer.text);
  return answer.json;
}

/** The answer of SuperTokens must be good; gives it. */
export function fine(answer) {
  assert.equal(answer.status, "OK", JSON.stringify(answer));
  return answer;
}

/** Whether either door has done what it was asked for. */
export const isDone = (answer) => answer.status === 200 || answer.status === "OK";

/** An answer that is none of these is wrong. */
export const unexpected = (answer, ...expected) =>
  expected.includes(shown(answer)) ? [] : [`unexpected: ${shown(answer)}, not ${expected.join(" or ")}`];

/** What all rows of an app must fulfil: {rows: [{rule, what}]} of those that do not. */
const misfits = (appId) => `
  WITH person AS (
    SELECT * FROM auth.users WHERE app_id = ${quoted(appId)} AND merged_into IS NULL AND deleted_at IS NULL),
  method AS (
    SELECT m.*, EXISTS (SELECT FROM auth.verified_emails v
                        WHERE v.app_id = m.app_id AND v.user_id = m.id::text AND v.email = m.email) AS is_verified
    FROM auth.login_methods m WHERE m.app_id = ${quoted(appId)}),
  held AS (
    SELECT DISTINCT m.user_id, t.tenant_id, info.kind, info.value
    FROM method m
    CROSS JOIN LATERAL (VALUES ('email', m.email), ('phone', m.phone),
                               ('third_party', m.third_party_id || '::' || m.third_party_user_id)) AS info (kind, value)
    JOIN auth.login_method_tenants t ON t.user_id = m.user_id
    WHERE info.value IS NOT NULL),
  claim AS (SELECT * FROM auth.primary_claims WHERE app_id = ${quoted(appId)}),
  session AS (SELECT * FROM auth.sessions WHERE app_id = ${quoted(appId)})
  SELECT json_build_object('rows', coalesce(json_agg(misfit), '[]')) FROM (
    SELECT 'two primary users have it' AS rule, h.value AS what
    FROM held h JOIN person p ON p.id = h.user_id AND p.is_primary
    GROUP BY h.tenant_id, h.kind, h.value HAVING count(*) > 1
    UNION ALL
    SELECT 'claimed, but not had by a primary user', c.value FROM claim c
    WHERE NOT EXISTS (SELECT FROM held h JOIN person p ON p.id = h.user_id AND p.is_primary
                      WHERE (h.user_id, h.tenant_id, h.kind, h.value) = (c.user_id, c.tenant_id, c.kind, c.value))
    UNION ALL
    SELECT 'had by a primary user, but not claimed', h.value
    FROM held h JOIN person p ON p.id = h.user_id AND p.is_primary
    WHERE NOT EXISTS (SELECT FROM claim c
                      WHERE (h.user_id, h.tenant_id, h.kind, h.value) = (c.user_id, c.tenant_id, c.kind, c.value))
    UNION ALL
    SELECT 'an address of none of the user''s login methods', p.email FROM person p
    WHERE p.email IS NOT NULL AND NOT EXISTS (SELECT FROM method m WHERE (m.user_id, m.email) = (p.id, p.email))
    UNION ALL
    SELECT 'a number of none of the user''s login methods', p.phone FROM person p
    WHERE p.phone IS NOT NULL AND NOT EXISTS (SELECT FROM method m WHERE (m.user_id, m.phone) = (p.id, p.phone))
    UNION ALL
    SELECT CASE WHEN p.email_confirmed_at IS NULL THEN 'verified, but not confirmed'
                ELSE 'confirmed, but not verified' END, p.id::text FROM person p
    WHERE (p.email_confirmed_at IS NOT NULL)
       <> EXISTS (SELECT FROM method m WHERE (m.user_id, m.email) = (p.id, p.email) AND m.is_verified)
    UNION ALL
    SELECT 'a login method of nobody', m.id::text FROM method m
    WHERE NOT EXISTS (SELECT FROM person p WHERE p.id = m.user_id)
    UNION ALL
    SELECT 'a login method that is another in its tenant', m.id::text
    FROM method m LEFT JOIN auth.login_method_tenants t ON t.login_method_id = m.id
    WHERE (t.user_id, t.recipe, t.email, t.phone) IS DISTINCT FROM (m.user_id, m.recipe, m.email, m.phone)
    UNION ALL
    SELECT 'a user linked to nobody', u.id::text FROM auth.users u
    WHERE u.app_id = ${quoted(appId)} AND u.merged_into IS NOT NULL
      AND NOT EXISTS (SELECT FROM auth.users p WHERE p.id = u.merged_into AND p.merged_into IS NULL)
    UNION ALL
    SELECT 'a session of nobody', s.id::text FROM session s
    WHERE NOT EXISTS (SELECT FROM person p WHERE p.id = s.user_id)
    UNION ALL
    SELECT 'a session by a login method that is not the user''s', s.id::text FROM session s
    WHERE s.user_id IS NOT NULL AND s.subject <> s.user_id::text
      AND NOT EXISTS (SELECT FROM method m WHERE m.user_id = s.user_id AND m.id::text = s.subject)
  ) AS misfit`;
