// A server that the gateway asks for the database, for as long as a test file runs.
import { createServer } from "node:http";
import { after } from "node:test";

/** Starts one; `answer` makes {status, body, headers} of a request {method, path, headers, body}. Gives {url, seen}. */
export async function standIn(answer) {
  const seen = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (part) => (body += part));
    request.on("end", async () => {
      const received = { method: request.method, path: request.url, headers: request.headers, body };
      seen.push(received);
      const { status = 200, body: said = "", headers = {} } = await answer(received);
      response.writeHead(status, headers).end(typeof said === "string" ? said : JSON.stringify(said));
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  after(() => server.close());
  return { url: `http://127.0.0.1:${server.address().port}`, seen };
}
