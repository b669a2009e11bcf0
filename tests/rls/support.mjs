// What the tests of policies share: connections, and users as PostgREST brings them.
import assert from "node:assert/strict";
import pg from "pg";

export { assert };

const url = new URL(process.env.DATABASE_URL.replace("postgresql:///", "postgresql://local/"));
export const DIRECT = { host: url.searchParams.get("host"), port: Number(url.searchParams.get("port")), database: "auth" };

/** A connection as a role, which the test closes: to the server, or where `place` says. */
export async function connect(t, user, place = DIRECT) {
  const client = new pg.Client({ ...place, user });
  await client.connect();
  t.after(() => client.end());
  return client;
}

/** The rows that a statement gives, each as the list of its values; of a single column, the values. */
export async function rows(client, text, values = []) {
  const query = typeof text === "string" ? { text, values } : { values, ...text };
  const result = await client.query({ ...query, rowMode: "array" });
  return result.rows.map((row) => (row.length === 1 ? row[0] : row));
}

export const value = async (...query) => (await rows(...query))[0];

/** The statement with which PostgREST says who asks: a role and claims, until the transaction ends. */
export const BECOME = "SELECT set_config('role', $1, true), set_config('request.jwt.claims', $2, true)";

export const become = (client, { role, claims }) => client.query(BECOME, [role, JSON.stringify(claims)]);

/** What `work` gives in a transaction of somebody, as PostgREST runs it. */
export async function as(client, who, work) {
  await client.query("BEGIN ISOLATION LEVEL READ COMMITTED");
  try {
    await become(client, who);
    const answer = await work(client);
    await client.query("COMMIT");
    return answer;
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  }
}

/** The claims of a token, unchecked. */
export const claimsOf = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url"));

/** Who has a token: {role, claims}. */
export const bearer = (token, role = "authenticated") => ({ role, claims: { role, ...claimsOf(token) } });

export const NOBODY = { role: "anon", claims: { role: "anon" } };

/** The roles, made once; `authenticator` may connect, and `server` may act for any user. */
export async function createRoles(admin) {
  await admin.query(`SELECT auth.create_api_roles();
    ALTER ROLE authenticator LOGIN;
    SELECT auth.grant_policies(r) FROM unnest('{authenticator,anon,authenticated,service_role}'::regrole[]) r;
    DO $$ BEGIN IF to_regrole('server') IS NULL THEN CREATE ROLE server LOGIN; END IF; END $$;
    SELECT auth.grant_server('server')`);
}
