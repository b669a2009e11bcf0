// What the tests of signing up, of tokens and of refreshing share beyond helper.mjs.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { assert, claimsOf, mailTo, newEmail, newId, pkce, sql } from "./helper.mjs";

export const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
export const SMS = { external_phone_enabled: true, sms_provider: "twilio" };
export const now = () => Math.floor(Date.now() / 1000);

/** The same so many times, at the same moment. */
export const atOnce = (times, work) => Promise.all(Array.from({ length: times }, (_, place) => work(place)));

/** What the audit log has of a user, as [action, traits]; entries of one request come in any order. */
export const audited = ({ appId }, id) =>
  sql(
    `SELECT payload FROM auth.audit_log_entries WHERE app_id = $1 AND payload ->> 'actor_id' = $2
     ORDER BY created_at, payload ->> 'action'`,
    appId, id,
  ).map(({ payload: { action, traits } }) => [action, traits]);

/** How many users have an address. */
export const usersWith = ({ appId }, email) =>
  sql("SELECT count(*) AS n FROM auth.users WHERE app_id = $1 AND email = $2", appId, email)[0].n;

export const sessionIdOf = (session) => claimsOf(session.access_token).session_id;

/** The row of a session. */
export const sessionRow = (session) => sql("SELECT * FROM auth.sessions WHERE id::text = $1", sessionIdOf(session))[0];

/** Lets a session be older. */
export const ageSession = (session, seconds) =>
  sql(
    `UPDATE auth.sessions SET created_at = created_at - $2::int * interval '1 s',
       refreshed_at = refreshed_at - $2::int * interval '1 s' WHERE id::text = $1 RETURNING id`,
    sessionIdOf(session), seconds,
  );

/** Somebody who has signed up with PKCE and clicked the link: {email, user, verifier, code}. */
export async function newFlow(instance, { verifier, ...challenge } = pkce()) {
  const email = newEmail();
  const user = await instance.signUp(email, challenge);
  return { email, user, verifier, code: await clicked((await mailTo(email)).link) };
}

/** The code that a link of a flow with PKCE leads to. */
async function clicked(link) {
  const response = await fetch(link, { redirect: "manual" });
  assert.equal(response.status, 303);
  const code = new URL(response.headers.get("location")).searchParams.get("code");
  assert.ok(code, response.headers.get("location"));
  return code;
}

export const exchange = (instance, auth_code, code_verifier) =>
  instance.post("/token?grant_type=pkce", { auth_code, code_verifier });

function psql(statements) {
  const options = ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", process.env.DATABASE_URL, "-c", statements];
  execFileSync(join(process.env.PGBIN, "psql"), options, { stdio: "pipe" });
}

/** Does `work` while users of an instance have a trigger of the application's own, with this body in PL/pgSQL. */
export async function withTrigger({ appId }, event, body, work) {
  const name = newId("trigger").replace("-", "_");
  psql(`CREATE FUNCTION public.${name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${body} END $$;
        CREATE TRIGGER ${name} ${event} ON auth.users FOR EACH ROW WHEN (NEW.app_id = '${appId}')
        EXECUTE FUNCTION public.${name}()`);
  try {
    await work();
  } finally {
    psql(`DROP FUNCTION public.${name} CASCADE`);
  }
}
