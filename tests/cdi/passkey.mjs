// A software authenticator behind a browser (W3C Web Authentication): what navigator.credentials answers, as JSON. Each
// part of an answer can be replaced, so that answers can be made that no authenticator gives.
import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";

/** Bits of the flags (W3C, section 6.1). */
export const PRESENT = 1;
export const VERIFIED = 4;
export const BACKUP_ELIGIBLE = 8;
export const BACKED_UP = 16;
const HAS_CREDENTIAL = 64;

/** Where the tests' pages are. */
export const PAGE = {
  relyingPartyId: "example.org", relyingPartyName: "Example", origin: "https://login.example.org",
};

const base64url = (bytes) => Buffer.from(bytes).toString("base64url");
const fromBase64url = (text) => Buffer.from(text, "base64url");
const sha256 = (bytes) => createHash("sha256").update(bytes).digest();

function number(size, value) {
  const bytes = Buffer.alloc(size);
  bytes.writeUIntBE(value, 0, size);
  return bytes;
}

function head(major, value) {
  if (value < 24) return Buffer.from([(major << 5) | value]);
  const size = [1, 2, 4].find((bytes) => value < 256 ** bytes);
  return Buffer.concat([Buffer.from([(major << 5) | (23 + { 1: 1, 2: 2, 4: 3 }[size])]), number(size, value)]);
}

/** CBOR (RFC 8949) of whole numbers, bytes, texts and maps, which is all that authenticators need. */
export function cbor(value) {
  if (typeof value === "number") return value < 0 ? head(1, -1 - value) : head(0, value);
  if (typeof value === "string") return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (value instanceof Map) {
    return Buffer.concat([head(5, value.size), ...[...value].flatMap((entry) => entry.map(cbor))]);
  }
  return Buffer.concat([head(2, value.length), value]);
}

// Keys: how one is made, what its COSE key says (RFC 9053, RFC 8230), and how it signs.
const ALGORITHMS = {
  ES256: {
    type: "ec", options: { namedCurve: "P-256" }, digest: "sha256",
    cose: ({ x, y }) => [[1, 2], [3, -7], [-1, 1], [-2, fromBase64url(x)], [-3, fromBase64url(y)]],
  },
  EdDSA: {
    type: "ed25519", digest: null,
    cose: ({ x }) => [[1, 1], [3, -8], [-1, 6], [-2, fromBase64url(x)]],
  },
  RS256: {
    type: "rsa", options: { modulusLength: 2048 }, digest: "sha256",
    cose: ({ n, e }) => [[1, 3], [3, -257], [-1, fromBase64url(n)], [-2, fromBase64url(e)]],
  },
};

/** One credential. Passkeys do not count what they sign; security keys do, from `count` on. */
export class Passkey {
  constructor({ algorithm = "ES256", id = randomBytes(32), count = 0, flags = PRESENT | VERIFIED, page = PAGE } = {}) {
    const { type, options, digest, cose } = ALGORITHMS[algorithm];
    const { publicKey, privateKey } = generateKeyPairSync(type, options);
    this.sign = (bytes) => sign(digest, bytes, privateKey);
    this.publicKey = new Map(cose(publicKey.export({ format: "jwk" })));
    Object.assign(this, { bytes: id, id: base64url(id), count, flags, page });
  }

  /** What the browser says of the page; members of `change` replace the others. */
  #clientData(type, challenge, change) {
    return Buffer.from(JSON.stringify({ type, challenge, origin: this.page.origin, crossOrigin: false, ...change }));
  }

  #authenticatorData({ relyingPartyId = this.page.relyingPartyId, flags = this.flags, count = this.count }, added) {
    return Buffer.concat([sha256(relyingPartyId), Buffer.from([flags]), number(4, count), ...added]);
  }

  #answer(response, change) {
    return { id: this.id, rawId: this.id, type: "public-key", response, clientExtensionResults: {}, ...change };
  }

  /**
   * The answer to options of a registration. What can be other than it is: client data (`client`), `flags`, `count`,
   * `relyingPartyId`, the key (`cose`, a list), the credential's id within (`bytes`), all of the `attested` data, the
   * format of the attestation (`format`), what stands behind the object (`behind`), the `response` and the `answer`.
   */
  register({ challenge }, { client, cose = [], bytes = this.bytes, format = "none", behind = [], ...change } = {}) {
    const publicKey = cbor(new Map([...this.publicKey, ...cose]));
    const attested = change.attested ?? [Buffer.alloc(16), number(2, bytes.length), bytes, publicKey];
    const flags = (change.flags ?? this.flags) | (attested.length > 0 ? HAS_CREDENTIAL : 0);
    const authData = this.#authenticatorData({ ...change, flags }, attested);
    const object = cbor(new Map([["fmt", format], ["attStmt", new Map()], ["authData", authData]]));
    const response = {
      clientDataJSON: base64url(this.#clientData("webauthn.create", challenge, client)),
      attestationObject: base64url(Buffer.concat([object, Buffer.from(behind)])),
      transports: ["internal"],
      ...change.response,
    };
    return this.#answer(response, change.answer ?? {});
  }

  /** The answer to options of a sign-in; `change` as above, and `signature` is a function of the right one. */
  signIn({ challenge }, { client, behind = [], signature = (bytes) => bytes, ...change } = {}) {
    const clientData = this.#clientData("webauthn.get", challenge, client);
    const data = this.#authenticatorData(change, [Buffer.from(behind)]);
    const response = {
      clientDataJSON: base64url(clientData),
      authenticatorData: base64url(data),
      signature: base64url(signature(this.sign(Buffer.concat([data, sha256(clientData)])))),
      ...change.response,
    };
    return this.#answer(response, change.answer ?? {});
  }
}
