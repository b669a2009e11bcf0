// The page of a browser around the clients of a suite: what auth-js asks of one, and no more.

/** Where the page is; to assign another address opens it. */
class Location extends URL {
  assign(url) {
    this.href = url;
  }
}

/** What clients tell each other over; a page that nobody closes does not keep the process. */
class Channel extends BroadcastChannel {
  constructor(name) {
    super(name);
    this.unref();
  }
}

const define = (name, value) => Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });

/** Opens a page at an address: clients that are made afterwards are on it. */
export function open(url) {
  const history = { state: null, replaceState: (_state, _title, to) => void window.location.assign(to) };
  const page = { location: new Location(url), history, addEventListener() {}, removeEventListener() {} };
  define("window", { ...page, PublicKeyCredential: class {} });
  define("document", { visibilityState: "visible" });
  define("BroadcastChannel", Channel);
}

/** Leaves the page: clients that are made afterwards are on a server. */
export function leave() {
  delete globalThis.window;
  delete globalThis.document;
}

/** Gives the page a device for passkeys, of whose prompts every one is written down. */
export function withDevice() {
  const prompts = [];
  const prompt = (kind) => async () => (prompts.push(kind), null);
  define("navigator", { credentials: { create: prompt("create"), get: prompt("get") } });
  return prompts;
}
