// The configuration file of PostgREST. A setting that the stand-in does not have is an error, and not ignored.
import { readFileSync } from "node:fs";

const DEFAULTS = { "db-uri": "", "db-schemas": "public", "db-anon-role": "", "jwt-secret": "", "server-host": "127.0.0.1", "server-port": "3000" };

/** The settings by name, as texts; what the file leaves out has its default. */
export function readConfig(file) {
  const config = { ...DEFAULTS };
  for (const line of readFileSync(file, "utf8").split("\n")) {
    if (/^\s*(#.*)?$/.test(line)) continue;
    const [, name, quoted, bare] = /^\s*([a-z-]+)\s*=\s*(?:"([^"\\]*)"|([^\s"#]+))\s*(?:#.*)?$/.exec(line) ?? [];
    if (!(name in DEFAULTS)) throw new Error(`${file}: the stand-in does not know: ${line}`);
    config[name] = quoted ?? bare;
  }
  return config;
}

/** db-uri in either form, for `pg`, which like libpq takes from PGHOST and its like what is left out. */
export function connection(uri) {
  if (/^postgres(ql)?:/.test(uri)) return { connectionString: uri };
  const { dbname: database, ...others } = Object.fromEntries(uri.split(/\s+/).filter(Boolean).map((pair) => pair.split("=")));
  return database ? { database, ...others } : others;
}
