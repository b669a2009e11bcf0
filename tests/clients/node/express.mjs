// A small application with the SDK's middleware, and a client that keeps its tokens as a browser would.
import { once } from "node:events";
import express from "express";
import { errorHandler, middleware } from "supertokens-node/framework/express";
import Session from "supertokens-node/recipe/session";
import { verifySession } from "supertokens-node/recipe/session/framework/express";
import { PUBLIC, assert, init, recipeUserId } from "./helpers.mjs";

const tell = (session, res) =>
  res.json({ userId: session.getUserId(), handle: session.getHandle(), payload: session.getAccessTokenPayload() });

/** Starts the application on a free port; it answers with its URL and a function that stops it. `addRoutes` adds to it. */
export async function startApplication({ addRoutes = () => {}, ...options } = {}) {
  init(options);
  const app = express();
  app.use(middleware());
  app.use(express.json());
  app.get("/me", verifySession(), (req, res) => tell(req.session, res));
  app.post("/me", verifySession(), (req, res) => tell(req.session, res));
  app.get("/me/checked", verifySession({ checkDatabase: true }), (req, res) => tell(req.session, res));
  app.get("/visitor", verifySession({ sessionRequired: false }), (req, res) => res.json({ known: !!req.session }));
  app.put("/me/payload", verifySession(), async (req, res) => {
    await req.session.mergeIntoAccessTokenPayload(req.body);
    tell(req.session, res);
  });
  // The functions of the recipe that take a request and a response.
  app.post("/enter/:id", async (req, res) => {
    tell(
      await Session.createNewSession(req, res, PUBLIC, recipeUserId(req.params.id), { made: "by hand" }, { n: 1 }),
      res,
    );
  });
  app.get("/look", async (req, res) => tell(await Session.getSession(req, res), res));
  app.post("/auth/session/again", async (req, res) => tell(await Session.refreshSession(req, res), res));
  addRoutes(app);
  app.use(errorHandler());
  app.use((error, _req, res, _next) => res.status(500).send(error.message));
  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${server.address().port}`, stop };
}

/** Keeps tokens in cookies, or with mode "header" in the headers that SuperTokens has for them. */
export class Client {
  cookies = new Map();
  access;
  refresh;
  antiCsrf;
  headers = {};

  constructor(url, mode) {
    Object.assign(this, { url, mode });
  }

  /** Another client with the same tokens: what a thief has. */
  clone() {
    const copy = Object.assign(new Client(this.url, this.mode), this);
    copy.cookies = new Map(this.cookies);
    return copy;
  }

  cookie(name) {
    return this.cookies.get(name)?.value;
  }

  #outgoing(path) {
    const headers = { "st-auth-mode": this.mode, "content-type": "application/json", ...this.headers };
    if (this.antiCsrf) headers["anti-csrf"] = this.antiCsrf;
    if (this.mode === "header") {
      const token = path.startsWith("/auth/session/") ? this.refresh : this.access;
      if (token) headers.authorization = `Bearer ${token}`;
    }
    const sent = [...this.cookies].filter(([, cookie]) => path.startsWith(cookie.path));
    if (sent.length) headers.cookie = sent.map(([name, { value }]) => `${name}=${value}`).join("; ");
    return headers;
  }

  #keep(response) {
    for (const line of response.headers.getSetCookie()) {
      const [pair, ...attributes] = line.split(/; */);
      const [name, value] = [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)];
      const attribute = Object.fromEntries(
        attributes.map((one) => [one.split("=")[0].toLowerCase(), one.split("=")[1]]),
      );
      if (new Date(attribute.expires) <= new Date()) this.cookies.delete(name);
      else this.cookies.set(name, { value, path: attribute.path ?? "/", httpOnly: "httponly" in attribute });
    }
    const take = (name, old) => response.headers.get(name) ?? old;
    this.access = take("st-access-token", this.access);
    this.refresh = take("st-refresh-token", this.refresh);
    this.antiCsrf = take("anti-csrf", this.antiCsrf);
  }

  /** The answer: its status code, its JSON, and what the front end learns of the session. */
  async call(method, path, body) {
    const request = { method, headers: this.#outgoing(path), body: body && JSON.stringify(body) };
    const response = await fetch(this.url + path, request);
    this.#keep(response);
    const text = await response.text();
    const json = /^[[{]/.test(text) ? JSON.parse(text) : undefined;
    return { code: response.status, json, text, frontToken: response.headers.get("front-token") };
  }

  get(path) {
    return this.call("GET", path);
  }

  post(path, body = {}) {
    return this.call("POST", path, body);
  }

  /** One of the SDK's APIs that take form fields. */
  form(path, fields, more) {
    const formFields = Object.entries(fields).map(([id, value]) => ({ id, value }));
    return this.post(`/auth${path}`, { formFields, ...more });
  }
}

/** The answer has this code; if not, its text says why. */
export const hasCode = (answer, code, message = "") => assert.equal(answer.code, code, `${message} ${answer.text}`);

/** The answer has code 200 and this status. */
export const hasStatus = (answer, status, message = "") => {
  hasCode(answer, 200, message);
  assert.equal(answer.json.status, status, `${message} ${answer.text}`);
};
