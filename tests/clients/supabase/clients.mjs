// What the suites share: clients of an instance, and assertions about what they answer.
import { webcrypto } from "node:crypto";
import { readFileSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { AuthClient, GoTrueAdminApi } from "@supabase/auth-js";
import { createClient } from "@supabase/supabase-js";
import { AUTH_URL, PASSWORD, assert, newEmail, sign } from "../../gotrue/helper.mjs";

// With it clients check signatures themselves; Node 18 has it, but not as a global.
globalThis.crypto ??= webcrypto;

/** A browser's storage, of one client; with these items in it. */
export function storage(given = {}) {
  const items = new Map(Object.entries(given));
  return {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    removeItem: (key) => void items.delete(key),
  };
}

const usual = () => ({ autoRefreshToken: false, detectSessionInUrl: false, storage: storage() });

/** auth-js by itself: it sends no key. */
export const newClient = (instance, options = {}) => new AuthClient({ url: instance.url, ...usual(), ...options });

/** The same inside supabase-js, which sends a key as bearer wherever there is no session. */
export function newSupabase(instance, options = {}, key = sign({ role: "anon" }, instance.secret)) {
  // Nothing here opens a channel, but without a WebSocket, as in Node 20, there is no client.
  const realtime = { transport: class {} };
  return createClient(AUTH_URL + instance.cdi, key, { auth: { ...usual(), ...options }, realtime }).auth;
}

/** The administration of auth-js. */
export const newAdmin = (instance, token = instance.adminToken) =>
  new GoTrueAdminApi({ url: instance.url, headers: { Authorization: `Bearer ${token}` } });

/** The data of an answer, which must be no error. */
export async function must(promise) {
  const { data, error } = await promise;
  assert.equal(error, null, error && `${error.status} ${error.code}: ${error.message}`);
  return data;
}

/** The answer must be an error of the server's with this status, code and message, which may be a pattern. */
export async function fails(promise, status, code, message) {
  const { error } = await promise;
  assert.ok(error, "succeeded");
  const got = `${error.status} ${error.code}: ${error.message}`;
  assert.equal(error.status, status, got);
  assert.equal(error.code, code, got);
  if (message instanceof RegExp) assert.match(error.message, message);
  else if (message !== undefined) assert.equal(error.message, message);
  return error;
}

/** What clients say of a session that is gone on the server. */
export const NO_SESSION = [400, undefined, "Auth session missing!"];

/** A client that is signed in as a new user: {client, user, session, email}. */
export async function member(instance, { make = newClient, options, attributes } = {}) {
  const email = newEmail();
  const user = { email, password: PASSWORD, email_confirm: true, ...attributes };
  await must(newAdmin(instance).createUser(user));
  const client = make(instance, options);
  return { client, email, ...(await must(client.signInWithPassword({ email, password: user.password }))) };
}

/** Another client, signed in as the same user. */
export async function another({ email }, instance, password = PASSWORD) {
  const client = newClient(instance);
  return { client, email, ...(await must(client.signInWithPassword({ email, password }))) };
}

/** Follows the link of a mail as a browser does; where it leads, with the members of query and fragment. */
export async function follow(link) {
  const response = await fetch(link, { redirect: "manual" });
  assert.equal(response.status, 303, await response.text());
  const url = new URL(response.headers.get("location"));
  const members = (text) => Object.fromEntries(new URLSearchParams(text));
  return { url, query: members(url.search), fragment: members(url.hash.slice(1)) };
}

const MAIL = join(process.env.AUTH_CLUSTER, "mail");

/** Forgets what was sent to an address or a number, so that the next that comes is the first again. */
export function forget(to) {
  for (const name of readdirSync(MAIL).filter((name) => /^[^.].*\.(eml|txt)$/.test(name)))
    if (readFileSync(join(MAIL, name), "utf8").includes(`To: ${to}`)) rmSync(join(MAIL, name));
}
