// Calls of the CDI under another host than the server's address: fetch does not let one name it.
import { request } from "node:http";

/** A call to a host; gives what `call` of the helper gives. */
export const callAt = (host, method, path, body, { version = "5.4", headers = {} } = {}) =>
  new Promise((resolve, reject) => {
    const all = { host, "cdi-version": version, ...headers };
    const sent = request(process.env.AUTH_URL + path, { method, headers: all }, async (response) => {
      const text = (await response.setEncoding("utf8").toArray()).join("");
      const isJson = response.headers["content-type"]?.startsWith("application/json");
      const json = isJson ? JSON.parse(text) : undefined;
      resolve({ status: response.statusCode, headers: new Headers(response.headers), text, json });
    });
    sent.on("error", reject).end(body && JSON.stringify(body));
  });

/** The operations of one host: get, post, put. */
export const host = (name) => ({
  name,
  get: (path, version) => callAt(name, "GET", path, undefined, { version }),
  post: (path, body, version) => callAt(name, "POST", path, body, { version }),
  put: (path, body, version) => callAt(name, "PUT", path, body, { version }),
});
