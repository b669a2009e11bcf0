// A page of docs/ as a script: its fenced blocks, in order.
//
//   ```sql            run by psql as the owner of the database;  ```sql postgres  as the role postgres
//   ```sh             run by bash, in a folder of the page's own
//   ```js app.mjs     written to that file
//   ```text           what the block before it must print: … stands for anything, a line of … for any lines
// Blocks of another kind are for the reader.
import { readFileSync } from "node:fs";

/** The blocks: {kind, argument, text, line, expected}. */
export function blocksOf(file) {
  const blocks = [];
  let open = null;
  let blockBefore = null;
  readFileSync(file, "utf8").split("\n").forEach((line, index) => {
    const fence = /^```(\S*) ?(.*)$/.exec(line);
    if (open && line === "```") {
      const block = { ...open, text: open.lines.join("\n") };
      if (block.kind === "text" && blockBefore) blockBefore.expected = block.text;
      else blocks.push(block);
      blockBefore = block.kind === "text" ? null : block;
      open = null;
    } else if (open) {
      open.lines.push(line);
    } else if (fence) {
      open = { kind: fence[1], argument: fence[2], line: index + 1, lines: [] };
    }
  });
  if (open) throw new Error(`${file}:${open.line}: the block is not closed`);
  return blocks;
}

/** Widths of columns follow from what is in them, so they do not count. */
const normalised = (text) =>
  text.split("\n").map((line) => line.replace(/-{3,}/g, "---").replace(/\s+/g, " ").trim()).filter((line) => line !== "").join("\n");

/** Whether what was printed is what the page says. */
export function fits(printed, expected) {
  const pattern = normalised(expected).split("\n").map((line) =>
    line === "…" ? "(?:.*\n)*?" : `${line.split("…").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join(".*?")}\n`);
  return new RegExp(`^${pattern.join("")}$`).test(`${normalised(printed)}\n`);
}
