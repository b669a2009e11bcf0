// Who asks, by the bearer token. `jose` checks it, which has no part in the server that has signed it.
import { readFileSync } from "node:fs";
import { createLocalJWKSet, errors, jwtVerify } from "jose";
import { Refusal } from "./errors.mjs";

/** A function from a request's headers to the claims; their `role` is what the request runs as. */
export function authenticator({ "jwt-secret": secret, "db-anon-role": anonymous }) {
  const text = secret.startsWith("@") ? readFileSync(secret.slice(1), "utf8") : secret;
  const keys = text.startsWith("{") ? createLocalJWKSet(JSON.parse(text)) : new TextEncoder().encode(text);
  return async ({ authorization = "" }) => {
    const [, token] = /^bearer\s+(\S+)$/i.exec(authorization) ?? [];
    const claims = token ? (await jwtVerify(token, keys, { clockTolerance: 30 }).catch(refuse)).payload : {};
    const role = claims.role ?? anonymous;
    if (!role) throw new Refusal(401, "PGRST302", "Anonymous access is disabled");
    return { ...claims, role };
  };
}

// Codes as of PostgREST 13; before, all were PGRST301.
function refuse(error) {
  if (error instanceof errors.JWTExpired) throw new Refusal(401, "PGRST303", "JWT expired");
  if (error instanceof errors.JWTClaimValidationFailed) throw new Refusal(401, "PGRST303", "JWT not yet valid");
  throw new Refusal(401, "PGRST301", "No suitable key was found to decode the JWT");
}
