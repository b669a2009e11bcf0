// Sixteen at once. Runs every *.test.mjs beside it, one after the other: each wants the server for itself.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const files = readdirSync(here).filter((name) => name.endsWith(".test.mjs"));
const failed = files.filter((name) => {
  const { status } = spawnSync(process.execPath, ["--test", "--test-reporter=spec", join(here, name)], { stdio: "inherit" });
  return status !== 0;
});
if (failed.length > 0) console.error(`FAILED  ${failed.join(", ")}`);
process.exit(failed.length > 0 ? 1 : 0);
