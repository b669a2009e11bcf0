// What the files share: a browser, a site with supabase-js at an origin of its own, and people who use the two.
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { after } from "node:test";
import { chromium } from "playwright-core";
import { AUTH_URL, assert, configure, newInstance, sign } from "../gotrue/helper.mjs";

const SUPABASE = readFileSync(new URL("node_modules/@supabase/supabase-js/dist/umd/supabase.js", import.meta.url));

/** Longer than anything takes. */
const DEADLINE = 20_000;

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox"] });
after(() => browser.close());

/** A person's browser, with storage of its own; `scripts` says whether it runs any. */
export async function newPerson({ scripts = true } = {}) {
  const context = await browser.newContext({ javaScriptEnabled: scripts });
  context.setDefaultTimeout(DEADLINE);
  return context;
}

/** A site on 127.0.0.1: {url, requests: [{url, headers}]}. Its pages hold this HTML. */
export async function serve(html) {
  const requests = [];
  const server = createServer((request, response) => {
    const { url, headers } = request;
    const isScript = url === "/supabase.js";
    if (!isScript) requests.push({ url, headers });
    response.setHeader("content-type", isScript ? "text/javascript" : "text/html; charset=utf-8");
    response.end(isScript ? SUPABASE : html());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${server.address().port}`, requests };
}

/** An instance and its site, each page of which has a `client` with these options: {instance, site}. */
export async function newSite(settings = {}, options = {}) {
  const instance = await newInstance();
  const parameters = [AUTH_URL + instance.cdi, sign({ role: "anon" }, instance.secret), { auth: options }];
  const site = await serve(() => `<!DOCTYPE html><title>Site</title><script src="/supabase.js"></script><script>
    const landing = location.hash, events = [];
    const client = supabase.createClient(...${JSON.stringify(parameters)}).auth;
    client.onAuthStateChange((event) => void events.push(event));
  </script>`);
  configure(instance, {
    site_url: site.url, uri_allow_list: `${site.url}/**`, smtp_max_frequency: "0s", ...settings,
  });
  return { instance, site };
}

/** What a method of the client in a page answers, which must be no error. */
export async function must(page, method, ...parameters) {
  const { data, error } = await ask(page, method, ...parameters);
  assert.equal(error, null, JSON.stringify(error));
  return data;
}

/** What a method of the client in a page answers: {data, error}. */
export const ask = (page, method, ...parameters) =>
  page.evaluate(async ([name, given]) => {
    const { data, error } = await client[name](...given);
    return { data, error: error && { status: error.status, code: error.code, message: error.message } };
  }, [method, parameters]);

/** Opens a page of a site. */
export async function open(person, url) {
  const page = await person.newPage();
  await page.goto(url);
  return page;
}

/** Waits until a client has told of an event. */
export const heard = (page, event) => page.waitForFunction((wanted) => events.includes(wanted), event);
