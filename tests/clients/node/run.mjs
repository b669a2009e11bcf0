// Runs every *.test.mjs in a process of its own, since the SDK holds its configuration in a singleton; then, when
// nobody writes any more, looks at what all of them left in the database.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const suites = readdirSync(here).filter((name) => name.endsWith(".test.mjs"));

const run = (names) => {
  const files = names.map((name) => join(here, name));
  return spawnSync(process.execPath, ["--test", "--test-reporter=spec", ...files], { stdio: "inherit" }).status ?? 1;
};

const outcomes = [run(suites), run(["rows.mjs"])];
process.exit(Math.max(...outcomes));
