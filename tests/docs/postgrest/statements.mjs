// The one statement of a request, as PostgREST writes it to the log: values are parameters, names are quoted.
import { Refusal } from "./errors.mjs";

const OPERATORS = { eq: "=", neq: "<>", gt: ">", gte: ">=", lt: "<", lte: "<=" };
const quoted = (name) => `"${name.replaceAll('"', '""')}"`;

/** What a request is about, as one row: its rows or value as text, and what was said about the answer meanwhile. */
const answered = (source, body) => `WITH pgrst_source AS (${source})
  SELECT count(*), (${body})::text AS body, nullif(current_setting('response.headers', true), '')::json AS headers,
    nullif(current_setting('response.status', true), '')::int AS status
  FROM (SELECT * FROM pgrst_source) _postgrest_t`;

/** POST /rpc/<function>. */
export function call(schema, routine, body) {
  const values = [];
  const place = (value) => `$${values.push(value)}`;
  const [name, payload] = [`${quoted(schema)}.${quoted(routine.name)}`, JSON.stringify(body)];
  const names = Object.keys(body);
  let source = `SELECT ${name}() AS pgrst_scalar`;
  if (routine.takesBody) {
    source = `SELECT ${name}(${place(payload)}::${routine.types[0]}) AS pgrst_scalar`;
  } else if (names.length > 0) {
    const record = names.map((argument) => `${quoted(argument)} ${routine.types[routine.arguments.indexOf(argument)]}`);
    const passed = names.map((argument) => `${quoted(argument)} := pgrst_body.${quoted(argument)}`);
    source = `SELECT pgrst_call AS pgrst_scalar FROM json_to_record(${place(payload)}::json) AS pgrst_body(${record}),
      LATERAL ${name}(${passed}) pgrst_call`;
  }
  return { text: answered(source, "coalesce(json_agg(_postgrest_t.pgrst_scalar) -> 0, 'null')"), values };
}

/** <method> /<relation>?<query>. */
export function request(schema, relation, method, query, body, isShown) {
  const values = [];
  const place = (value) => `$${values.push(value)}`;
  const column = (name) => {
    if (!(name in relation.columns)) throw new Refusal(400, "42703", `column ${relation.name}.${name} does not exist`);
    return quoted(name);
  };
  const target = `${quoted(schema)}.${quoted(relation.name)}`;
  const { select = "*", order, limit, ...filters } = query;
  const shown = select === "*" ? "*" : select.split(",").map(column).join(", ");
  const returning = isShown ? `RETURNING ${shown}` : "RETURNING 1";
  const conditions = Object.entries(filters).map(([name, filter]) => condition(`${target}.${column(name)}`, filter, place));
  const where = conditions.length > 0 ? `WHERE ${conditions.join(" AND ")}` : "";
  const given = body && rowsOf(body, column, relation, place);
  const source = {
    GET: () => `SELECT ${shown} FROM ${target} ${where} ${ordered(order, column)} ${limit ? `LIMIT ${place(limit)}::bigint` : ""}`,
    POST: () => `INSERT INTO ${target} (${given.names}) SELECT ${given.names} FROM ${given.rows} ${returning}`,
    PATCH: () => `UPDATE ${target} SET (${given.names}) = (SELECT ${given.names} FROM ${given.rows}) ${where} ${returning}`,
    DELETE: () => `DELETE FROM ${target} ${where} ${returning}`,
  }[method]();
  return { text: answered(source, isShown ? "coalesce(json_agg(_postgrest_t), '[]')" : "''"), values };
}

function condition(name, filter, place) {
  const [, operator, value] = /^(\w+)\.(.*)$/s.exec(filter) ?? [];
  if (operator === "is" && /^(null|true|false)$/.test(value)) return `${name} IS ${value}`;
  if (operator in OPERATORS) return `${name} ${OPERATORS[operator]} ${place(value)}`;
  throw new Refusal(400, "PGRST100", `"failed to parse filter (${filter})"`);
}

function ordered(order, column) {
  if (!order) return "";
  const terms = order.split(",").map((term) => /^(.*?)(?:\.(asc|desc))?$/.exec(term));
  return `ORDER BY ${terms.map(([, name, direction = "asc"]) => `${column(name)} ${direction}`).join(", ")}`;
}

function rowsOf(body, column, relation, place) {
  const rows = [body].flat();
  const names = Object.keys(rows[0] ?? {});
  const record = names.map((name) => `${column(name)} ${relation.columns[name]}`);
  return { names: names.map(column).join(", "), rows: `json_to_recordset(${place(JSON.stringify(rows))}::json) AS _(${record})` };
}
