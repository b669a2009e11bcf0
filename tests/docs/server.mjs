// What a page needs to be there: a database of its own, and, if it asks for them, the extension and a gateway.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";

const url = new URL(process.env.DATABASE_URL.replace("postgresql:///", "postgresql://local/"));
const [host, port] = [url.searchParams.get("host"), url.searchParams.get("port")];

/** The environment in which psql finds a database. */
export const environment = (database) => ({
  ...process.env, PATH: `${process.env.PGBIN}:${process.env.PATH}`, PGHOST: host, PGPORT: port, PGUSER: "app", PGDATABASE: database,
});

const superuser = (database, ...statements) =>
  execFileSync("psql", ["-XqAt", "-v", "ON_ERROR_STOP=1", "-U", "postgres", ...statements.flatMap((text) => ["-c", text])], { env: environment(database), encoding: "utf8" });

/** An empty database that belongs to `app`, an ordinary role. */
export function createDatabase(name) {
  superuser("postgres", `DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`, `CREATE DATABASE "${name}" OWNER app`);
}

/** What `make run` has prepared: the extension, made by the database's owner. */
export function createExtension(database) {
  execFileSync("psql", ["-XqAt", "-v", "ON_ERROR_STOP=1", "-c", "CREATE EXTENSION auth"], { env: environment(database), stdio: ["ignore", "ignore", "pipe"] });
}

/** A port that nothing listens on. */
export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

// As scripts/demo.sh does.
const setGotrueUp = (database, address) =>
  superuser(database, `SELECT auth.set_setting('api_external_url', '"http://${address}/auth/v1"'), auth.set_setting('site_url', '"http://localhost:3000"')`);

/** A gateway for a database, as `make run` starts it: {address, stop}. */
export async function startGateway(database, mailFolder) {
  const listen = `127.0.0.1:${await freePort()}`;
  const target = `postgresql:///${database}?host=${host}&port=${port}&user=gateway`;
  const gateway = spawn(process.env.AUTH_GATEWAY, ["--listen", listen, "--mail-folder", mailFolder], { env: { ...process.env, DATABASE_URL: target }, stdio: "ignore" });
  setGotrueUp(database, listen);
  for (let attempts = 0; ; attempts += 1) {
    const answer = await fetch(`http://${listen}/healthz`, { signal: AbortSignal.timeout(1000) }).catch(() => null);
    if (answer?.ok) return { address: listen, stop: () => gateway.kill() };
    if (attempts > 300 || gateway.exitCode !== null) {
      gateway.kill();
      throw new Error("the gateway did not become healthy");
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
