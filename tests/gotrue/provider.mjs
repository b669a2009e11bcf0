// An OpenID provider for the tests: it publishes what it is and its keys, and signs what it is told to.
import { createHash, generateKeyPairSync, randomUUID, sign as signBytes } from "node:crypto";
import { sql } from "./helper.mjs";
import { standIn } from "./stand_in.mjs";

const base64url = (value) => Buffer.from(value).toString("base64url");
export const inSeconds = (seconds) => Math.floor(Date.now() / 1000) + seconds;
export const nonceHash = (nonce) => createHash("sha256").update(nonce).digest("hex");
/** What an ID token says of the access token beside it. */
export const atHash = (token) => createHash("sha256").update(token).digest().subarray(0, 16).toString("base64url");

/** A key that signs with ES256. */
export function newKey(kid = randomUUID()) {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return {
    jwk: { ...publicKey.export({ format: "jwk" }), kid, alg: "ES256", use: "sig" },
    sign(claims, header = {}) {
      const message = [{ alg: "ES256", typ: "JWT", kid, ...header }, claims].map((part) => base64url(JSON.stringify(part))).join(".");
      return `${message}.${signBytes("sha256", Buffer.from(message), { key: privateKey, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
    },
  };
}

/** A provider of one's own: {url, keys, seen, token(claims)}. `keys` can be changed. */
export async function newProvider() {
  const provider = { keys: [newKey()], status: 200 };
  const { url, seen } = await standIn(({ path }) => {
    if (provider.status !== 200) return { status: provider.status };
    if (path === "/.well-known/openid-configuration") return { body: { issuer: provider.issuer, jwks_uri: `${provider.url}/keys` } };
    return path === "/keys" ? { body: { keys: provider.keys.map(({ jwk }) => jwk) } } : { status: 404 };
  });
  Object.assign(provider, { url, issuer: url, seen });
  provider.token = (claims, key = provider.keys[0]) => key.sign({ iss: provider.issuer, aud: "app", exp: inSeconds(60), iat: inSeconds(0), ...claims });
  return provider;
}

/** Has the database know the keys of a provider whom no test can ask, as if they had just been fetched. */
export function publish(issuer, key) {
  const base = issuer.replace(/\/+$/, "");
  for (const [url, document] of [
    [`${base}/.well-known/openid-configuration`, { issuer, jwks_uri: `${base}/keys` }], [`${base}/keys`, { keys: [key.jwk] }],
  ]) {
    sql("INSERT INTO auth.provider_documents VALUES ($1, $2, now()) ON CONFLICT (url) DO UPDATE SET document = excluded.document, fetched_at = now() RETURNING url", url, JSON.stringify(document));
  }
}
