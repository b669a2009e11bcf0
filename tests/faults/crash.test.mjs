// SIGKILL of Postgres while clients refresh: a session whose refresh was answered goes on with the new token, and a
// client that got no answer can refresh with the token that it has.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import test from "node:test";

const url = process.env.AUTH_URL;
const CLIENTS = 12;
const ROUNDS = 3;

const call = async (path, body, version) => {
  const response = await fetch(url + path, {
    method: "POST",
    headers: { "cdi-version": version },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(20_000),
  });
  return { code: response.status, retryAfter: response.headers.get("retry-after"), text: await response.text() };
};

const createSession = async (version, n) => {
  const body = { userId: `user-${n}`, userDataInJWT: {}, userDataInDatabase: {}, enableAntiCsrf: false };
  const { code, text } = await call("/recipe/session", body, version);
  assert.equal(code, 200, text);
  return JSON.parse(text).refreshToken.token;
};

const refresh = (token, version) =>
  call("/recipe/session/refresh", { refreshToken: token, enableAntiCsrf: false, useDynamicSigningKey: true }, version);

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Refreshes over and over, always with the newest token that was received, until told to stop. */
const client = async (state, version) => {
  while (!state.stop) {
    let answer;
    try {
      answer = await refresh(state.token, version);
    } catch {
      state.unanswered += 1; // the gateway itself never goes away
      continue;
    }
    if (answer.code === 200) {
      const document = JSON.parse(answer.text);
      assert.equal(document.status, "OK", `${version}: ${answer.text}`);
      state.token = document.refreshToken.token;
      state.answered += 1;
    } else {
      assert.equal(answer.code, 503, answer.text);
      assert.ok(Number(answer.retryAfter) > 0, "503 says when to come back");
      state.refused += 1;
      await sleep(20);
    }
  }
};

for (const version of ["5.4", "5.6"]) {
  test(`a crash under refreshes of CDI ${version} loses no session`, async () => {
    const states = [];
    for (let n = 0; n < CLIENTS; n += 1) {
      states.push({ token: await createSession(version, n), answered: 0, refused: 0, unanswered: 0, stop: false });
    }
    for (let round = 0; round < ROUNDS; round += 1) {
      states.forEach((state) => Object.assign(state, { stop: false, answered: 0, refused: 0 }));
      const clients = Promise.all(states.map((state) => client(state, version)));
      clients.catch(() => {}); // `until` and the end look at it
      const until = async (condition) => {
        while (!condition()) await Promise.race([sleep(10), clients]);
      };
      try {
        await until(() => states.every((state) => state.answered >= 3));
        execFileSync(process.env.FAULT, ["kill"]);
        await until(() => states.some((state) => state.refused > 0));
        execFileSync(process.env.FAULT, ["start"]);
        // Every client goes on, through the same gateway.
        const before = states.map((state) => state.answered);
        await until(() => states.every((state, n) => state.answered >= before[n] + 3));
      } finally {
        states.forEach((state) => (state.stop = true));
      }
      await clients;
    }
    assert.equal(states.reduce((sum, state) => sum + state.unanswered, 0), 0, "the gateway answered every request");
  });
}

test("a revoked session stays revoked over a crash", async () => {
  const token = await createSession("5.4", 99);
  const { text } = await call("/recipe/session/remove", { userId: "user-99" }, "5.4");
  assert.equal(JSON.parse(text).sessionHandlesRevoked.length, 1);
  execFileSync(process.env.FAULT, ["kill"]);
  execFileSync(process.env.FAULT, ["start"]);
  let answer = await refresh(token, "5.4");
  while (answer.code === 503) {
    await sleep(50);
    answer = await refresh(token, "5.4");
  }
  assert.equal(JSON.parse(answer.text).status, "UNAUTHORISED");
});
