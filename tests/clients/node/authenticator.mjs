// A software authenticator behind a browser: what navigator.credentials answers, as JSON.
import emulator from "nid-webauthn-emulator";
import { WEBSITE_DOMAIN } from "./helpers.mjs";

const { default: WebAuthn, AuthenticatorEmulator, PasskeysCredentialsMemoryRepository } = emulator;

export const RELYING_PARTY = { relyingPartyId: "localhost", relyingPartyName: "tests", origin: WEBSITE_DOMAIN };

export class Authenticator {
  #credentials = new PasskeysCredentialsMemoryRepository();
  #browser;

  /** Security keys count their signatures, passkeys do not; `verifies` is whether it asks who the user is. */
  constructor({ algorithm = "ES256", counts = false, verifies = true } = {}) {
    this.options = { algorithm, counts, verifies };
    const interact = (user) => ({ user, options: { up: true, uv: verifies } });
    const authenticator = new AuthenticatorEmulator({
      algorithmIdentifiers: [algorithm],
      signCounterIncrement: counts ? 1 : 0,
      userMakeCredentialInteraction: interact,
      userGetAssertionInteraction: interact,
      credentialsRepository: this.#credentials,
    });
    this.#browser = new WebAuthn(authenticator);
  }

  /** Makes a credential for the options that the server gave, on a page of this origin. */
  register(options, origin = WEBSITE_DOMAIN) {
    return this.#browser.createJSON(origin, options);
  }

  /** Signs in with a credential that it has: that of this id, or whichever. */
  signIn({ challenge, timeout, userVerification }, id) {
    const allowCredentials = id && [{ type: "public-key", id }];
    const rpId = RELYING_PARTY.relyingPartyId;
    return this.#browser.getJSON(WEBSITE_DOMAIN, { challenge, timeout, userVerification, rpId, allowCredentials });
  }

  /** Another one with the same keys, as of now. */
  clone() {
    const copy = new Authenticator(this.options);
    for (const credential of this.#credentials.loadCredentials()) copy.#credentials.saveCredential(credential);
    return copy;
  }
}

const decode = (text) => JSON.parse(Buffer.from(text, "base64url"));
const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** The credential with something else in what the browser says of the page. */
export const withClientData = (credential, change) => {
  const clientDataJSON = encode({ ...decode(credential.response.clientDataJSON), ...change });
  return { ...credential, response: { ...credential.response, clientDataJSON } };
};

/** The credential with another signature, of the same form: the last byte belongs to a number. */
export const withFalseSignature = (credential) => {
  const bytes = Buffer.from(credential.response.signature, "base64url");
  bytes[bytes.length - 1] ^= 1;
  return { ...credential, response: { ...credential.response, signature: bytes.toString("base64url") } };
};
