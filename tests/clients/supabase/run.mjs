// Runs every *.test.mjs in a process of its own, since the SuperTokens SDK holds its configuration in a singleton.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const files = readdirSync(here).filter((name) => name.endsWith(".test.mjs"));
const options = ["--test", "--test-reporter=spec", ...files.map((name) => join(here, name))];
process.exit(spawnSync(process.execPath, options, { stdio: "inherit" }).status ?? 1);
