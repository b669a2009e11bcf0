// Every page of docs/ that shows how something is done, done as it stands there: see page.mjs.
//   node run.mjs [page ...]    only these, as DOCS_PAGES="quickstart-sql stories/profiles"
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { blocksOf, fits } from "./page.mjs";
import { createDatabase, createExtension, environment, freePort, startGateway } from "./server.mjs";
import { bash, psql } from "./session.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const docs = join(here, "../../docs");
// What is there before a page begins: `extension`, and `gateway`, as after `make run`. Else an empty database.
// `port` is where the page's own server listens: on the machine that runs the page, it may be taken.
const PAGES = {
  "quickstart-sql": {},
  rls: {},
  "quickstart-postgrest": { port: 3000 },
  "quickstart-supabase": { gateway: true },
  "quickstart-supertokens": { gateway: true, port: 3001 },
  "stories/sign-up-with-your-rows": { extension: true },
  "stories/profiles": { gateway: true },
  "stories/privacy": { gateway: true },
  "stories/listen": { extension: true },
  "stories/replication": { extension: true },
  "stories/export-and-erasure": {},
};

async function run(page, needs) {
  const name = page.replaceAll("/", "-");
  const folder = join(process.env.AUTH_TEST_DIR, name);
  const mails = join(folder, "mail");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(mails, { recursive: true });
  createDatabase(name);
  if (needs.extension || needs.gateway) createExtension(name);
  const gateway = needs.gateway ? await startGateway(name, mails) : null;
  const env = { ...environment(name), PATH: `${join(here, "bin")}:${environment(name).PATH}`, MAIL_FOLDER: mails };
  const sessions = new Map();
  const session = (key, open) => sessions.get(key) ?? sessions.set(key, open({ env, cwd: folder })).get(key);
  const port = needs.port && (await freePort());
  const placed = (text) => {
    // The page names the port of `make run`.
    const reached = gateway ? text.replaceAll(/(?:localhost|127\.0\.0\.1):3567/g, gateway.address) : text;
    return port ? reached.replaceAll(new RegExp(`\\b${needs.port}\\b`, "g"), port) : reached;
  };
  try {
    for (const { kind, argument, text, line, expected } of blocksOf(join(docs, `${page}.md`))) {
      if (argument && kind !== "sql") {
        writeFileSync(join(folder, argument), `${placed(text)}\n`);
        chmodSync(join(folder, argument), 0o644);
        continue;
      }
      if (kind !== "sql" && kind !== "sh") continue;
      const role = argument || "app";
      const shell = kind === "sql" ? session(`sql ${role}`, (options) => psql(role, options)) : session("sh", bash);
      const { printed, status } = await shell.run(placed(text));
      const where = `docs/${page}.md:${line}`;
      if (expected !== undefined) assert.ok(fits(printed, placed(expected)), `${where} says\n${expected}\nbut it is\n${printed}`);
      else assert.ok(status === 0 && !/^(psql:.*)?(ERROR|FATAL):/m.test(printed), `${where} fails:\n${printed}`);
    }
  } finally {
    for (const open of sessions.values()) open.close();
    gateway?.stop();
  }
}

const wanted = (process.env.DOCS_PAGES ?? "").split(/\s+/).filter(Boolean);
for (const [page, needs] of Object.entries(PAGES)) {
  if (wanted.length === 0 || wanted.includes(page)) test(`docs/${page}.md`, () => run(page, needs));
}
