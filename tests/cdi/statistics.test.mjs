// How many requests came in, minute by minute (CDI 2.1).
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { VERSIONS, assert, get, newApp, newTenant, ok, post, refused, sql } from "./helper.mjs";

const MINUTES = 24 * 60;
const appIdOf = (app) => app.slice("/appid-".length);
const stats = (at, version = "5.4") => get(`${at}/requests/stats`, undefined, version);

/** As if backends had counted so many requests in each second from this one on. */
const counted = (at, second, counts, backend = 1) =>
  sql(
    `INSERT INTO auth.request_counts (app_id, first_second, backend, counts)
     VALUES ($1, to_timestamp($2), $3, ($4)::integer[]) RETURNING app_id`,
    appIdOf(at), second, backend, `{${counts}}`,
  );

/** The statistics by the number of the minute; what is known of one: [average, peak]. */
async function byMinute(at) {
  const { atMinute, averageRequestsPerSecond: average, peakRequestsPerSecond: peak } = ok(await stats(at));
  const first = atMinute - MINUTES + 1;
  return { first, last: atMinute, of: (minute) => [average[minute - first], peak[minute - first]] };
}

/** A minute that ended a while ago. */
const past = (minutes = 10) => Math.floor(Date.now() / 60_000) - minutes;

test("2.1 each minute of the last day has its place", async () => {
  const at = await newApp();
  for (const version of VERSIONS) {
    const { status, atMinute, averageRequestsPerSecond, peakRequestsPerSecond, ...rest } = ok(await stats(at, version));
    assert.deepEqual([status, rest], ["OK", {}]);
    assert.ok(Number.isInteger(atMinute) && Math.abs(atMinute - past(0)) <= 2, "a minute since the epoch");
    for (const list of [averageRequestsPerSecond, peakRequestsPerSecond]) {
      assert.deepEqual([list.length, new Set(list)], [MINUTES, new Set([-1])], "nothing is known yet");
    }
  }
});

test("2.1 averages and peaks, -1 before the first minute that is known of, 0 in those without a request", async () => {
  const at = await newApp();
  const minute = past(20);
  // From the end of one minute into the next, by two backends; then nothing for a while.
  counted(at, minute * 60 + 57, [3, 0, 5, 7, 1], 1);
  counted(at, minute * 60 + 59, [2, 1], 2);
  counted(at, (minute + 10) * 60, [60]);
  const { first, last, of } = await byMinute(at);
  for (let n = first; n < minute; n += 1) assert.deepEqual(of(n), [-1, -1], String(n - minute));
  assert.deepEqual(of(minute), [10 / 60, 7]);
  assert.deepEqual(of(minute + 1), [9 / 60, 8]);
  for (let n = 2; n < 10; n += 1) assert.deepEqual(of(minute + n), [0, 0]);
  assert.deepEqual(of(minute + 10), [1, 60]);
  for (let n = minute + 11; n <= last; n += 1) assert.deepEqual(of(n), [0, 0]);
});

test("2.1 a day goes back as far as the list, and what was before has no place", async () => {
  const at = await newApp();
  const { first } = await byMinute(at);
  counted(at, (first - 60) * 60, [100]);
  counted(at, (first + 5) * 60 + 30, [30]);
  const { of } = await byMinute(at);
  assert.deepEqual(of(first + 5), [0.5, 30]);
  assert.deepEqual(of(first + 6), [0, 0]);
  assert.ok([-1, 0].includes(of(first + 4)[1]), "known of or not, it is not the hundred");
});

test("2.1 an app's requests are its own, and go with it", async () => {
  const [one, other] = [await newApp(), await newApp()];
  const minute = past();
  counted(one, minute * 60, [6]);
  assert.deepEqual((await byMinute(one)).of(minute), [0.1, 6]);
  assert.deepEqual((await byMinute(other)).of(minute), [-1, -1]);
  const at = await newTenant(one);
  for (const version of VERSIONS) {
    const answer = await stats(at, version);
    if (Number(version) < 5) ok(answer, version);
    else refused(answer, 403, "Only public tenantId can call this app specific API", version);
  }
  const appId = appIdOf(one);
  ok(await post(`${one}/recipe/multitenancy/tenant/remove`, { tenantId: at.slice(one.length + 1) }));
  ok(await post("/recipe/multitenancy/app/remove", { appId }));
  const left = "SELECT counts FROM auth.request_counts WHERE app_id = $1 AND backend = 1";
  assert.deepEqual(sql(left, appId), []);
  refused(await stats(one), 400, /^AppId or tenantId not found => App with/);
});

test("2.1 requests are counted, and written down after some seconds", async () => {
  const at = await newApp();
  const total = "SELECT sum(c)::integer AS sum FROM auth.request_counts, unnest(counts) c WHERE app_id = $1";
  const written = () => sql(total, appIdOf(at))[0].sum;
  let sent = 0;
  // A backend writes what it has counted along with a request that comes ten seconds later or more.
  for (const end = Date.now() + 60_000; written() === null && Date.now() < end; await sleep(500)) {
    for (let n = 0; n < 5; n += 1) ok(await get(`${at}/users/count`));
    sent += 5;
  }
  const sum = written();
  assert.ok(sum >= 1 && sum <= sent, `${sum} of ${sent}`);
});
