// Checks the gateway against the Core Driver Interface (CDI), by plain HTTP. Each test begins with the number of the
// rule or case that it is about. Tests that change settings for everybody come last and alone.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const ALONE = "base.test.mjs";
const suites = readdirSync(here).filter((name) => name.endsWith(".test.mjs") && name !== ALONE);

const run = (names) => {
  const files = names.map((name) => join(here, name));
  return spawnSync(process.execPath, ["--test", "--test-reporter=spec", ...files], { stdio: "inherit" }).status ?? 1;
};

const outcomes = [run(suites), run([ALONE])];
process.exit(Math.max(...outcomes));
