// A program that reads commands from its standard input for as long as a page goes on: psql or bash.
import { spawn } from "node:child_process";

const END = "=== end of block";
const PATIENCE = 120_000;

export class Session {
  #process;
  #printed = "";
  #wake = () => {};

  constructor(command, { env, cwd }, echo) {
    // Errors among the rest, where they came.
    this.#process = spawn("bash", ["-c", 'exec "$@" 2>&1', "bash", ...command], { env, cwd, stdio: ["pipe", "pipe", "inherit"], detached: true });
    this.echo = echo;
    const add = (text) => {
      this.#printed += text;
      this.#wake();
    };
    this.#process.stdout.setEncoding("utf8").on("data", add);
    this.#process.on("exit", (status) => add(`the program ended with status ${status}\n${END} 1\n`));
  }

  /** Runs a block: what it printed, and its status. */
  async run(text) {
    this.#printed = "";
    this.#process.stdin.write(`${text}\n${this.echo(END)}\n`);
    const begin = Date.now();
    for (;;) {
      const end = new RegExp(`^([^]*?)${END} ?(\\d*)\n`).exec(this.#printed);
      if (end) return { printed: end[1], status: Number(end[2] || 0) };
      if (Date.now() - begin > PATIENCE) throw new Error(`no end of block within ${PATIENCE / 1000} s; printed: ${this.#printed}`);
      await new Promise((resolve) => {
        this.#wake = resolve;
        setTimeout(resolve, 1000).unref();
      });
    }
  }

  /** Ends the program, and what it has started. */
  close() {
    try {
      process.kill(-this.#process.pid, "SIGTERM");
    } catch {
      // It has ended by itself.
    }
  }
}

/** psql as a role; a block fails when it prints an error. */
export const psql = (role, options) =>
  new Session(["psql", "-X", "-q", "-P", "pager=off", "-P", "footer=off", "-U", role], options, (end) => `\\echo ${end}`);

/** bash; a block fails as its last command does. */
export const bash = (options) => new Session(["bash", "--norc"], options, (end) => `echo "${end} $?"`);
