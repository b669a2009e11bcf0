// Every public method of the installed auth-js is called by some suite here: no version brings another unseen.
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { assert } from "../../gotrue/helper.mjs";
import { newClient } from "./clients.mjs";
import { confirming } from "./servers.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const own = (name) => /\.test\.mjs$/.test(name) && name !== "methods.test.mjs";
const suites = readdirSync(here).filter(own).map((name) => readFileSync(join(here, name), "utf8"));
const types = dirname(createRequire(import.meta.url).resolve("@supabase/auth-js"));

/** The methods that a class declares to be public. */
function declared(file) {
  const members = readFileSync(join(types, `${file}.d.ts`), "utf8").matchAll(/^ {4}([a-z]\w*)(?:<.*>)?\(/gm);
  return [...new Set([...members].map(([, name]) => name))].filter((name) => name !== "constructor");
}

const isMethod = ([name, value]) => typeof value === "function" && !name.startsWith("_");

/** The methods of a member of a client, as suites write them. */
const grouped = (path, member) => Object.entries(member).filter(isMethod).map(([name]) => `${path}.${name}`);

/** Whether a suite calls a method; a group of the administrator's is another than that of the same name. */
function isCalled(method) {
  const before = method.includes(".") ? "(?<!admin\\.)\\b" : "\\.";
  const call = new RegExp(`${before}${method.replaceAll(".", "\\.")}\\(`);
  return suites.some((text) => call.test(text));
}

const client = newClient(confirming);

for (const [name, methods] of [
  ["GoTrueClient", declared("GoTrueClient")],
  ["GoTrueAdminApi", declared("GoTrueAdminApi")],
  ["mfa", grouped("mfa", client.mfa)],
  ["mfa.recoveryCodes", grouped("recoveryCodes", client.mfa.recoveryCodes)],
  ["mfa.webauthn", grouped("webauthn", client.mfa.webauthn)],
  ["oauth", grouped("oauth", client.oauth)],
  ["passkey", grouped("passkey", client.passkey)],
  ["admin.mfa", grouped("admin.mfa", client.admin.mfa)],
  ["admin.oauth", grouped("admin.oauth", client.admin.oauth)],
  ["admin.customProviders", grouped("admin.customProviders", client.admin.customProviders)],
  ["admin.passkey", grouped("admin.passkey", client.admin.passkey)],
]) {
  test(`7 every public method of ${name} is called`, () => {
    assert.ok(methods.length > 0);
    assert.deepEqual(
      methods.filter((method) => !isCalled(method)),
      [],
    );
  });
}

test("7 no group of methods is passed over", () => {
  const isGroup = (value) => typeof value === "object" && Object.entries(value ?? {}).some(isMethod);
  const groups = (object) => Object.keys(object).filter((name) => isGroup(object[name])).sort();
  assert.deepEqual(groups(client), ["admin", "mfa", "oauth", "passkey", "storage"]);
  assert.deepEqual(groups(client.admin), ["customProviders", "mfa", "oauth", "passkey"]);
  assert.deepEqual(groups(client.mfa), ["recoveryCodes", "webauthn"]);
});
