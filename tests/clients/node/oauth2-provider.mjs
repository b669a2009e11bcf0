// A small OAuth 2.0 provider with OpenID Connect: authorization code flow, with PKCE when the client asks for it.
import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { SignJWT, exportJWK, generateKeyPair } from "jose";

export const CLIENT = { clientId: "the-application", clientSecret: "the-application's secret" };

const challengeOf = (verifier) => createHash("sha256").update(verifier).digest("base64url");

const read = async (request) => {
  let text = "";
  for await (const part of request) text += part;
  return new URLSearchParams(text);
};

/**
 * Starts a provider on a free port. Whoever comes to its authorization endpoint is signed in there as `visitor`, whose
 * members are what the userinfo endpoint and the id token say.
 */
export async function startProvider() {
  const { publicKey, privateKey } = await generateKeyPair("RS256");
  const jwk = { ...(await exportJWK(publicKey)), kid: "one", alg: "RS256", use: "sig" };
  const codes = new Map();
  const tokens = new Map();
  const provider = { visitor: undefined };

  const authorize = (query) => {
    const target = new URL(query.get("redirect_uri"));
    if (query.get("client_id") !== CLIENT.clientId || query.get("response_type") !== "code")
      return [400, { error: "unauthorized_client" }];
    const code = randomUUID();
    codes.set(code, { query, visitor: provider.visitor });
    target.searchParams.set("code", code);
    if (query.has("state")) target.searchParams.set("state", query.get("state"));
    return [302, undefined, { location: target.href }];
  };

  const token = async (form) => {
    const issued = codes.get(form.get("code"));
    codes.delete(form.get("code")); // a code is good once
    const challenge = issued?.query.get("code_challenge") ?? undefined;
    const isProven = challenge === undefined || challengeOf(form.get("code_verifier") ?? "") === challenge;
    const isSame = issued?.query.get("redirect_uri") === form.get("redirect_uri");
    if (form.get("client_id") !== CLIENT.clientId || form.get("client_secret") !== CLIENT.clientSecret)
      return [401, { error: "invalid_client" }];
    if (form.get("grant_type") !== "authorization_code" || !issued || !isProven || !isSame)
      return [400, { error: "invalid_grant" }];
    const accessToken = randomUUID();
    tokens.set(accessToken, issued.visitor);
    const idToken = new SignJWT(issued.visitor).setProtectedHeader({ alg: "RS256", kid: jwk.kid });
    idToken.setIssuer(provider.url).setAudience(CLIENT.clientId).setIssuedAt().setExpirationTime("5m");
    return [200, { access_token: accessToken, token_type: "Bearer", id_token: await idToken.sign(privateKey) }];
  };

  const userInfo = (authorization = "") => {
    const visitor = tokens.get(authorization.replace(/^Bearer /, ""));
    return visitor ? [200, visitor] : [401, { error: "invalid_token" }];
  };

  const discovery = () => ({
    issuer: provider.url,
    authorization_endpoint: `${provider.url}/authorize`,
    token_endpoint: `${provider.url}/token`,
    userinfo_endpoint: `${provider.url}/userinfo`,
    jwks_uri: `${provider.url}/keys`,
    code_challenge_methods_supported: ["S256"],
  });

  const answer = async (request) => {
    const { pathname, searchParams } = new URL(request.url, "http://provider");
    switch (`${request.method} ${pathname}`) {
      case "GET /authorize":
        return authorize(searchParams);
      case "POST /token":
        return token(await read(request));
      case "GET /userinfo":
        return userInfo(request.headers.authorization);
      case "GET /keys":
        return [200, { keys: [jwk] }];
      case "GET /.well-known/openid-configuration":
        return [200, discovery()];
      default:
        return [404, { error: "not_found" }];
    }
  };

  const server = createServer(async (request, response) => {
    const [code, json, headers] = await answer(request);
    response.writeHead(code, { "content-type": "application/json", ...headers });
    response.end(json && JSON.stringify(json));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  provider.url = `http://127.0.0.1:${server.address().port}`;
  provider.stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return provider;
}
