// What the front end does to sign in at the provider of oauth2-provider.mjs.
import { WEBSITE_DOMAIN, assert } from "./helpers.mjs";
import { hasStatus } from "./express.mjs";

export const redirectURI = (thirdPartyId) => `${WEBSITE_DOMAIN}/auth/callback/${thirdPartyId}`;

const tenantPath = (tenantId) => (tenantId === undefined ? "/auth" : `/auth/${tenantId}`);

/** Goes to the provider as `visitor` and comes back: the body with which the front end signs in. */
export async function visit(client, provider, visitor, { thirdPartyId, tenantId, clientType }) {
  provider.visitor = visitor;
  const redirectURIOnProviderDashboard = redirectURI(thirdPartyId);
  const query = new URLSearchParams({ thirdPartyId, redirectURIOnProviderDashboard });
  if (clientType) query.set("clientType", clientType);
  const begun = await client.get(`${tenantPath(tenantId)}/authorisationurl?${query}`);
  hasStatus(begun, "OK");
  const { urlWithQueryParams, pkceCodeVerifier } = begun.json;
  const response = await fetch(urlWithQueryParams, { redirect: "manual" });
  assert.equal(response.status, 302, await response.text());
  const redirectURIQueryParams = Object.fromEntries(new URL(response.headers.get("location")).searchParams);
  const redirectURIInfo = { redirectURIOnProviderDashboard, redirectURIQueryParams, pkceCodeVerifier };
  return { thirdPartyId, clientType, redirectURIInfo };
}

/** Signs `visitor` in; `more` goes into the body. */
export async function signInAt(client, provider, visitor, options, more) {
  const body = await visit(client, provider, visitor, options);
  return client.post(`${tenantPath(options.tenantId)}/signinup`, { ...body, ...more });
}
