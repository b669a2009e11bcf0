// What the tests of the GoTrue door share: an instance of one's own, calls, mails.
import assert from "node:assert/strict";
import { createHash, createHmac, randomUUID } from "node:crypto";
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { newApp, newEmail, newId, newPhone, sql } from "../cdi/helper.mjs";

export { assert, newApp, newEmail, newId, newPhone, sql };
export const AUTH_URL = process.env.AUTH_URL;
export const PASSWORD = "correct horse 1";
export const SITE = "https://app.example.org";
export const NEW_FORM = { "x-supabase-api-version": "2024-01-01" };
export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const MAIL = join(process.env.AUTH_CLUSTER, "mail");

const base64url = (value) => Buffer.from(value).toString("base64url");

/** A token signed with HS256. */
export function sign(claims, secret, header = {}) {
  const message = [{ alg: "HS256", typ: "JWT", ...header }, claims].map((part) => base64url(JSON.stringify(part))).join(".");
  return `${message}.${createHmac("sha256", secret).update(message).digest("base64url")}`;
}

/** The claims of a token, unchecked. */
export const claimsOf = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url"));

/** A GoTrue with settings of its own: an app, or a tenant of one. */
export class Instance {
  constructor(appId, tenantId, secret) {
    Object.assign(this, { appId, tenantId, secret });
    const tenant = tenantId === "public" ? "" : `/${tenantId}`;
    this.cdi = `/appid-${appId}${tenant}`;
    this.url = `${AUTH_URL}${this.cdi}/auth/v1`;
    this.adminToken = sign({ role: "service_role" }, secret);
  }

  /** Sets settings, all at once; null is the default again. */
  setAll(settings) {
    const query = `SELECT auth.set_setting(key, nullif(value, 'null'), tenant_id => $2, app_id => $3) FROM jsonb_each($1)`;
    sql(query, JSON.stringify(settings), this.tenantId, this.appId);
  }

  set = (key, value) => this.setAll({ [key]: value });

  /** A call; a body that is a text is sent as it is. Redirects are not followed. */
  async call(method, path, { body, query, token, headers = {} } = {}) {
    const search = query === undefined ? "" : `?${new URLSearchParams(query)}`;
    const response = await fetch(this.url + path + search, {
      method,
      redirect: "manual",
      headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...headers },
      body: body === undefined || typeof body === "string" ? body : JSON.stringify(body),
    });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.startsWith("application/json");
    return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : undefined };
  }

  get = (path, options) => this.call("GET", path, options);
  post = (path, body, options) => this.call("POST", path, { body, ...options });
  put = (path, body, options) => this.call("PUT", path, { body, ...options });
  delete = (path, options) => this.call("DELETE", path, options);

  /** A call with the token of an administrator. */
  admin = (method, path, options = {}) => this.call(method, path, { token: this.adminToken, ...options });

  /** Signs up by address; with `autoconfirm` off this gives the user, else the session. */
  signUp = async (email = newEmail(), more = {}) => ok(await this.post("/signup", { email, password: PASSWORD, ...more }));

  signIn = (email, password = PASSWORD) => this.post("/token?grant_type=password", { email, password });

  refresh = (token) => this.post("/token?grant_type=refresh_token", { refresh_token: token });

  /** A confirmed user, made by an administrator, with a session: {email, user, session}. */
  async member(more = {}) {
    const email = newEmail();
    const user = ok(await this.admin("POST", "/admin/users", { body: { email, password: PASSWORD, email_confirm: true, ...more } }));
    return { email, user, session: ok(await this.signIn(email)) };
  }
}

/** An instance that shares its users with nobody. */
export async function newInstance(settings = {}) {
  const appId = (await newApp()).replace("/appid-", "");
  return configure(new Instance(appId, "public", randomUUID()), settings);
}

/** Another instance on the users of the first. */
export async function newSibling(instance, settings = {}) {
  const { newTenant } = await import("../cdi/helper.mjs");
  const at = await newTenant(`/appid-${instance.appId}`);
  return configure(new Instance(instance.appId, at.split("/").pop(), randomUUID()), settings);
}

/** Gives an instance the settings of the tests, and these. */
export function configure(instance, settings) {
  const usual = {
    site_url: SITE, api_external_url: instance.url, jwt_secret: instance.secret,
    rate_limit_email_sent: "100000", rate_limit_sms_sent: "100000", discreet_answer_time: "0s",
  };
  instance.setAll({ ...usual, ...settings });
  return instance;
}

/** The answer must be this good; gives its JSON. */
export function ok(answer, status = 200) {
  assert.equal(answer.status, status, answer.text);
  return answer.json;
}

/** The answer must refuse with this status and code (in either form); `message` may be a pattern. */
export function refused(answer, status, code, message) {
  assert.equal(answer.status, status, answer.text);
  const isNew = typeof answer.json?.code === "string";
  assert.equal(isNew ? answer.json.code : answer.json?.error_code, code, answer.text);
  const text = answer.json.msg ?? answer.json.message;
  if (message instanceof RegExp) assert.match(text, message);
  else if (message !== undefined) assert.equal(text, message);
  return answer.json;
}

const DEADLINE = 10_000;

/** What the gateway keeps in its folder, oldest first; what begins with a dot is still being written. */
function kept(ending) {
  const names = readdirSync(MAIL).filter((name) => name.endsWith(ending) && !name.startsWith(".")).map((name) => join(MAIL, name));
  const dated = names.map((name) => ({ name, at: statSync(name).mtimeMs })).sort((a, b) => a.at - b.at);
  return dated.map(({ name }) => readFileSync(name, "utf8"));
}

/** The mails to an address, oldest first: {subject, code, link, token, text}. */
function mailsTo(address) {
  return kept(".eml").filter((mail) => mail.match(/^To: (.*)$/m)?.[1].includes(address)).map(parse);
}

function parse(mail) {
  const plain = mail.replace(/=\r?\n/g, "").replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
  const body = plain.slice(plain.search(/\r?\n\r?\n/));
  const link = body.match(/https?:\/\/[^\s"<>]*token=[^\s"<>]*/)?.[0];
  return {
    subject: plain.match(/^Subject: (.*)$/m)?.[1].trim(),
    // Not a part of an address or of a link.
    code: body.replace(/\S*[@/]\S*/g, "").match(/\b\d{6,10}\b/)?.[0],
    link,
    token: link && new URL(link).searchParams.get("token"),
    text: body,
  };
}

/** Waits for the mail to an address that comes after `known` others. */
export async function mailTo(address, known = 0) {
  const end = Date.now() + DEADLINE;
  while (Date.now() < end) {
    const mails = mailsTo(address);
    if (mails.length > known) return mails[known];
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return assert.fail(`no mail ${known + 1} to ${address}`);
}

/** How many mails an address has got, once one that is asked for afterwards has come. */
export async function mailsAfterAll(instance, address) {
  const probe = newEmail("probe");
  ok(await instance.admin("POST", "/invite", { body: { email: probe } }));
  await mailTo(probe);
  return mailsTo(address).length;
}

/** Waits for the text message to a number that comes after `known` others; its code. */
export async function textTo(phone, known = 0) {
  const end = Date.now() + DEADLINE;
  while (Date.now() < end) {
    const own = kept(".txt").filter((text) => text.includes(`To: ${phone}\n`));
    if (own.length > known) return own[known].match(/\b\d{6,10}\b/)[0];
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return assert.fail(`no text message ${known + 1} to ${phone}`);
}

/** A PKCE verifier with its challenge, as members of a body. */
export function pkce() {
  const verifier = `${randomUUID()}${randomUUID()}`;
  const challenge = createHash("sha256").update(verifier).digest("base64url");
  return { verifier, code_challenge: challenge, code_challenge_method: "s256" };
}

/** Lets what was sent to a user long ago, as far as limits and expiry are concerned. */
export function age(email, seconds) {
  for (const column of ["confirmation_sent_at", "recovery_sent_at", "email_change_sent_at", "reauthentication_sent_at", "phone_change_sent_at"]) {
    sql(`UPDATE auth.users SET ${column} = ${column} - $2::int * interval '1 s' WHERE email = $1 RETURNING 1 AS one`, email, seconds);
  }
  sql("UPDATE auth.one_time_codes SET sent_at = sent_at - $2::int * interval '1 s' WHERE address = $1 RETURNING 1 AS one", email, seconds);
}
