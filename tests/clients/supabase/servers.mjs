// The four servers that auth-js's own suite runs against (section 7.1), as tenants of one app: they share its users.
import { generateKeyPairSync } from "node:crypto";
import { newInstance, newSibling, sign } from "../../gotrue/helper.mjs";

const SECRET = "37c304f8-51aa-419a-a1af-06154e63707a";
const OTHER_SECRET = "Z7-AyPyChGNcQsX16cPBV-pPBo4q-zckDxkq1VZjATo";
export const RSA_KID = "638c54b8-28c2-4b12-9598-ba12ef610a29";
export const WELCOME = "http://localhost:9999/welcome";

const OCT = { kid: "12580317-221c-49b6-894a-f4473b8afe39", kty: "oct", alg: "HS256", k: OTHER_SECRET };
const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const RSA = { kid: RSA_KID, alg: "RS256", use: "sig", ...privateKey.export({ format: "jwk" }) };
const signing = (key) => ({ ...key, key_ops: ["sign", "verify"] });
const verifying = (key) => ({ ...key, key_ops: ["verify"] });

const PHONE = { external_phone_enabled: true };
const AUTOCONFIRM = { mailer_autoconfirm: true, sms_autoconfirm: true };

const app = await newInstance();

/** Where addresses and numbers are confirmed; 9999 there. */
export const confirming = await newSibling(app, {
  ...PHONE,
  jwt_secret: SECRET,
  site_url: "http://localhost:9999",
  uri_allow_list: "https://supabase.io/docs",
  rate_limit_email_sent: "1000",
  rate_limit_sms_sent: "1000",
  sms_provider: "twilio",
  external_google_enabled: true,
  external_google_client_id: "client",
  external_google_secret: "secret",
});

/** Where nothing needs to be confirmed; 9998 there. */
export const autoconfirming = await newSibling(app, {
  ...PHONE,
  ...AUTOCONFIRM,
  jwt_secret: SECRET,
  site_url: "http://localhost:9998",
  jwt_keys: JSON.stringify([signing(OCT), verifying(RSA)]),
  external_anonymous_users_enabled: true,
});

/** Where nobody can sign up; 9997 there. */
export const closed = await newSibling(app, {
  jwt_secret: SECRET,
  site_url: "http://localhost:9997",
  disable_signup: true,
  external_email_enabled: false,
});

/** Which signs with a pair of keys; 9996 there. */
export const asymmetric = await newSibling(app, {
  ...PHONE,
  ...AUTOCONFIRM,
  jwt_secret: OTHER_SECRET,
  site_url: "http://localhost:9996",
  jwt_keys: JSON.stringify([verifying(OCT), signing(RSA)]),
});

for (const server of [confirming, autoconfirming, closed, asymmetric]) {
  server.secret = server === asymmetric ? OTHER_SECRET : SECRET;
  server.adminToken = sign({ role: "service_role", iat: Math.floor(Date.now() / 1000) - 60 }, server.secret);
}

/** The other administrator that the suite knows: its `sub` is no UUID. */
export const SUPABASE_ADMIN = sign({ sub: "1234567890", role: "supabase_admin" }, SECRET);
