// What is served. It is read at the start, and anew when the database asks for it by NOTIFY pgrst, 'reload schema', which
// auth.create_api does.
import { Refusal } from "./errors.mjs";

const RELATIONS = `
  SELECT c.relname AS name, json_object_agg(a.attname, format_type(a.atttypid, a.atttypmod)) AS columns
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  WHERE c.relnamespace = $1::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f') GROUP BY c.oid`;

// Functions with input arguments alone that give one value.
const FUNCTIONS = `
  SELECT p.proname AS name, coalesce(p.proargnames, array_fill(''::text, ARRAY[p.pronargs::int])) AS arguments,
    ARRAY(SELECT format_type(t, NULL) FROM unnest(p.proargtypes) WITH ORDINALITY AS _(t, n) ORDER BY n) AS types,
    p.pronargs - p.pronargdefaults AS required, p.provolatile = 'v' AS is_volatile, p.prorettype = 'void'::regtype AS is_void
  FROM pg_proc p WHERE p.pronamespace = $1::regnamespace AND p.prokind = 'f' AND p.proargmodes IS NULL AND NOT p.proretset`;

export class Schema {
  #relations;
  #functions;

  constructor(pool, name) {
    Object.assign(this, { pool, name });
  }

  async load() {
    const quoted = [`"${this.name.replaceAll('"', '""')}"`];
    this.#relations = (await this.pool.query(RELATIONS, quoted)).rows;
    this.#functions = (await this.pool.query(FUNCTIONS, quoted)).rows;
  }

  async listen() {
    const client = await this.pool.connect();
    client.on("notification", () => this.load());
    await client.query("LISTEN pgrst");
  }

  /** A table or view: {name, columns}, these with their types. */
  relation(name) {
    const found = this.#relations.find((relation) => relation.name === name);
    if (!found) throw new Refusal(404, "PGRST205", `Could not find the table '${this.name}.${name}' in the schema cache`);
    return found;
  }

  /** The function that takes arguments of these names; else the one that takes the whole body, as its unnamed argument. */
  routine(name, names) {
    const takes = ({ arguments: known, required }) =>
      names.every((argument) => known.includes(argument)) && known.slice(0, required).every((argument) => names.includes(argument));
    const takesBody = ({ arguments: known, types }) => known.length === 1 && known[0] === "" && /^jsonb?$/.test(types[0]);
    const called = this.#functions.filter((routine) => routine.name === name);
    const named = called.filter(takes);
    const fitting = named.length > 0 ? named : called.filter(takesBody).map((routine) => ({ ...routine, takesBody: true }));
    if (fitting.length === 1) return fitting[0];
    const told = `${this.name}.${name}(${names.join(", ")})`;
    if (fitting.length > 1) throw new Refusal(300, "PGRST203", `Could not choose the best candidate function between those called ${told}`);
    throw new Refusal(404, "PGRST202", `Could not find the function ${told} in the schema cache`);
  }
}
