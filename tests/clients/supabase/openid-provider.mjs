// An OpenID provider of one's own: panva's, as it is published. Whoever signs in there is a browser made of fetch.
// It is of version 8, since 9 needs Node 22.
import { createHash, generateKeyPairSync, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { after } from "node:test";
import { Provider } from "oidc-provider";
import { sha256 } from "../../cdi/helper.mjs";
import { SITE, newEmail } from "../../gotrue/helper.mjs";

export const REDIRECT_URI = `${SITE}/callback`;
/** The client that the server trusts, and another at the same provider. */
export const [OWN, FOREIGN] = ["app", "foreign-app"].map((id) => ({ id, secret: `the secret of ${id}` }));

const KINDS = { RS256: ["rsa", { modulusLength: 2048 }], ES256: ["ec", { namedCurve: "P-256" }] };

function newKey(alg) {
  const { privateKey } = generateKeyPairSync(...KINDS[alg]);
  return { ...privateKey.export({ format: "jwk" }), kid: randomUUID(), alg, use: "sig" };
}

/** Someone who has an account at providers; the members are claims. */
export const newAccount = (more = {}) => ({ sub: randomUUID(), email: newEmail(), email_verified: true, ...more });

/** The provider as it runs: its clients and accounts outlive a change of its keys. */
class OpenIdProvider {
  accounts = new Map();
  /** How long ID tokens are good, in seconds. */
  lifetime = 3600;

  constructor(alg, url) {
    Object.assign(this, { alg, url });
    this.changeKey();
  }

  /** Signs with another key from now on, and publishes no other. */
  changeKey() {
    const client = ({ id, secret }) => ({
      client_id: id,
      client_secret: secret,
      token_endpoint_auth_method: "client_secret_post",
      redirect_uris: [REDIRECT_URI],
      id_token_signed_response_alg: this.alg,
    });
    const hour = 3600;
    this.provider = new Provider(this.url, {
      clients: [OWN, FOREIGN].map(client),
      jwks: { keys: [newKey(this.alg)] },
      cookies: { keys: [randomUUID()] },
      claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "picture"] },
      // ID tokens have the claims of all scopes, as those of Google and Apple do.
      conformIdTokenClaims: false,
      findAccount: (_, accountId) => ({ accountId, claims: () => this.accounts.get(accountId) }),
      features: { devInteractions: { enabled: false } },
      interactions: { url: (_, { uid }) => `/interaction/${uid}` },
      pkce: { required: () => true },
      ttl: { AccessToken: hour, Grant: hour, IdToken: () => this.lifetime, Interaction: hour, Session: hour },
    });
    this.handle = this.provider.callback();
  }

  /** The page on which people sign in, and consent to what the client asks for; who they are stands in the query. */
  async interact(request, response) {
    const { params } = await this.provider.interactionDetails(request, response);
    const accountId = new URL(request.url, this.url).searchParams.get("account");
    const grant = new this.provider.Grant({ accountId, clientId: params.client_id });
    grant.addOIDCScope(params.scope);
    const consent = { grantId: await grant.save() };
    await this.provider.interactionFinished(request, response, { login: { accountId }, consent });
  }

  /** What an app hands to signInWithIdToken; the provider gets the hash of the nonce. */
  async credentials(account, { client, nonce } = {}) {
    const tokens = await this.signIn(account, { client, nonce: nonce && sha256(nonce) });
    return { provider: "keycloak", token: tokens.id_token, access_token: tokens.access_token, nonce };
  }

  /** What a client gets after an account was signed in to: {id_token, access_token, ...}; all by the code flow. */
  async signIn(account, { client = OWN, nonce } = {}) {
    const verifier = `${randomUUID()}${randomUUID()}`;
    const query = new URLSearchParams({
      client_id: client.id,
      redirect_uri: REDIRECT_URI,
      response_type: "code",
      scope: "openid email profile",
      code_challenge: createHash("sha256").update(verifier).digest("base64url"),
      code_challenge_method: "S256",
      ...(nonce === undefined ? {} : { nonce }),
    });
    const { code } = await this.browse(`${this.url}/auth?${query}`, account);
    const response = await fetch(`${this.url}/token`, {
      method: "POST",
      body: new URLSearchParams({
        grant_type: "authorization_code",
        client_id: client.id,
        client_secret: client.secret,
        redirect_uri: REDIRECT_URI,
        code,
        code_verifier: verifier,
      }),
    });
    const tokens = await response.json();
    if (response.status !== 200) throw new Error(JSON.stringify(tokens));
    return tokens;
  }

  /** Opens a page of the provider as a browser does, and signs in; with what it comes back to the client. */
  async browse(page, account) {
    this.accounts.set(account.sub, account);
    const cookies = new Map();
    let url = new URL(page);
    while (url.origin === this.url) {
      if (url.pathname.startsWith("/interaction/")) url.searchParams.set("account", account.sub);
      const cookie = [...cookies].map((pair) => pair.join("=")).join("; ");
      const response = await fetch(url, { redirect: "manual", headers: { cookie } });
      if (response.status !== 303) throw new Error(await response.text());
      for (const set of response.headers.getSetCookie()) cookies.set(...set.split(";")[0].split(/=(.*)/s));
      url = new URL(response.headers.get("location"), url);
    }
    return Object.fromEntries(url.searchParams);
  }
}

/** Starts a provider that signs with this algorithm, for as long as a test file runs. */
export async function newOpenIdProvider(alg) {
  let provider;
  const server = createServer((request, response) => {
    if (!request.url.startsWith("/interaction/")) return provider.handle(request, response);
    return provider.interact(request, response).catch((error) => response.writeHead(500).end(`${error}`));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  after(() => server.close());
  provider = new OpenIdProvider(alg, `http://127.0.0.1:${server.address().port}`);
  return provider;
}

/** The settings with which a server trusts a provider, under the name of one that has no URL of its own. */
export const trusting = ({ url }) => ({
  external_keycloak_enabled: true,
  external_keycloak_url: url,
  external_keycloak_client_id: OWN.id,
});
