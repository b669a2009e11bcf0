// Connection URI domains that many make, use and remove at once.
import assert from "node:assert/strict";
import test from "node:test";
import { host } from "../cdi/host.mjs";
import {
  MANY, address, atOnce, backends, count, endObserving, interleaved, name, post, put, quoted, statuses, tally,
} from "./support.mjs";

const ROUNDS = 5;
const CUD = "/recipe/multitenancy/connectionuridomain";

test.after(endObserving);

const newName = () => `${name()}.example.org`;
const newDomain = async () => {
  const domain = newName();
  assert.equal((await put(CUD, { connectionUriDomain: domain })).createdNew, true);
  return domain;
};
const creation = (domain) => `SELECT auth.create_or_update_connection_uri_domain(${quoted(domain)})`;
const removal = (domain) => `SELECT auth.remove_connection_uri_domain(${quoted(domain)})`;

/** What there is of a domain: its apps, its host, its users and their sessions. */
const leftOf = async (domain) => {
  const inDomain = (table, column = "app_id") => count(`auth.${table} WHERE ${column} LIKE ${quoted(`%@${domain}`)}`);
  return {
    apps: await inDomain("apps", "id"),
    hosts: await count(`auth.hosts WHERE host = ${quoted(domain)}`),
    users: await inDomain("users"),
    addresses: await inDomain("login_method_tenants"),
    sessions: await inDomain("sessions"),
  };
};
const NOTHING = { apps: 0, hosts: 0, users: 0, addresses: 0, sessions: 0 };
const ALONE = { ...NOTHING, apps: 1, hosts: 1 };

test("of many who make a domain one makes it", async (t) => {
  const all = await backends(t);
  for (const call of [
    (n, connectionUriDomain) => put(n % 2 ? CUD : `${CUD}/v2`, { connectionUriDomain }),
    (n, domain) => all[n].ask(creation(domain)),
  ]) {
    for (let round = 0; round < ROUNDS; round += 1) {
      const domain = newName();
      const answers = await atOnce((n) => call(n, domain));
      assert.deepEqual(statuses(answers), { OK: MANY });
      assert.deepEqual(tally(answers.map(({ createdNew }) => createdNew)), { true: 1, false: MANY - 1 });
      assert.deepEqual(await leftOf(domain), ALONE);
      assert.equal((await host(domain).get("/users")).status, 200);
    }
  }
});

test("of many who remove a domain one finds it", async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const domain = await newDomain();
    const answers = await atOnce(() => post(`${CUD}/remove`, { connectionUriDomain: domain }));
    assert.deepEqual(tally(answers.map(({ didExist }) => didExist)), { true: 1, false: MANY - 1 });
    assert.deepEqual(await leftOf(domain), NOTHING);
  }
});

test("a domain that is removed while it is used leaves nothing, and nobody fails", async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const connectionUriDomain = await newDomain();
    const at = host(connectionUriDomain);
    const session = { userId: "x", userDataInJWT: {}, userDataInDatabase: {}, enableAntiCsrf: false };
    const answers = await atOnce((n) => {
      if (n === MANY / 2) return post(`${CUD}/remove`, { connectionUriDomain });
      return n % 2
        ? at.post("/recipe/signup", { email: address(), password: "x" })
        : at.post("/recipe/session", session);
    });
    assert.equal(answers[MANY / 2].didExist, true);
    // Those who come later are users of the default domain, or just missed the one that was.
    const codes = answers.filter((_, n) => n !== MANY / 2).map(({ status }) => status);
    assert.ok(codes.every((code) => [200, 400].includes(code)), JSON.stringify(tally(codes)));
    assert.deepEqual(await leftOf(connectionUriDomain), NOTHING);
  }
});

test("a domain that is removed while it is made is there, or is not", async (t) => {
  for (let round = 0; round < 4 * ROUNDS; round += 1) {
    const connectionUriDomain = await newDomain();
    const answers = await atOnce((n) =>
      n % 2 ? put(CUD, { connectionUriDomain }) : post(`${CUD}/remove`, { connectionUriDomain }),
    );
    // An update may find that the domain has just been removed.
    assert.ok(answers.every(({ code }) => [200, 400].includes(code)), JSON.stringify(statuses(answers)));
    const left = await leftOf(connectionUriDomain);
    assert.deepEqual(left, left.apps ? ALONE : NOTHING);
  }
  const pair = await backends(t, 2);
  for (const isRemovedFirst of [true, false]) {
    const domain = await newDomain();
    const both = [removal(domain), creation(domain)];
    const answers = await interleaved(pair, ...(isRemovedFirst ? both : both.reverse()));
    assert.ok(answers.every(({ failed }) => !failed), JSON.stringify(answers));
    assert.deepEqual(await leftOf(domain), isRemovedFirst ? ALONE : NOTHING);
  }
});

/** What is done in a domain, in SQL. */
const USES = {
  "a sign-up": (app) => `SELECT auth.sign_up(${quoted(address())}, 'x', app_id => ${quoted(app)})`,
  "a session": (app) => `SELECT auth.create_session('x', app_id => ${quoted(app)})`,
  "a tenant": (app) => `SELECT auth.create_or_update_tenant('t1', app_id => ${quoted(app)})`,
  "a setting": (app) => `SELECT auth.set_setting('totp_max_attempts', '7', app_id => ${quoted(app)})`,
};

for (const [use, using] of Object.entries(USES)) {
  test(`a domain takes along what is made in it at once: ${use}`, async (t) => {
    const pair = await backends(t, 2);
    for (const isRemovedFirst of [true, false]) {
      const domain = await newDomain();
      const both = [removal(domain), using(`public@${domain}`)];
      const answers = await interleaved(pair, ...(isRemovedFirst ? both : both.reverse()));
      const [removed, made] = isRemovedFirst ? answers : answers.reverse();
      assert.equal(removed.didExist, true);
      // Whoever comes too late is told that there is no such app.
      assert.ok(isRemovedFirst ? !made.failed || made.status === "42704" : !made.failed, made.status);
      assert.deepEqual(await leftOf(domain), NOTHING);
    }
  });
}

test("no app is left of a domain that is removed while the app is made", async (t) => {
  const pair = await backends(t, 2);
  for (const isRemovedFirst of [true, false]) {
    const [domain, appId] = [await newDomain(), name()];
    const both = [removal(domain), `SELECT auth.create_or_update_app(${quoted(appId)}, domain => ${quoted(domain)})`];
    const answers = await interleaved(pair, ...(isRemovedFirst ? both : both.reverse()));
    const [removed, made] = isRemovedFirst ? answers : answers.reverse();
    // Either there is no domain for the app, or there is an app that keeps the domain.
    const outcome = [removed.status, made.status].map((status) => status === "OK");
    assert.deepEqual(outcome, [isRemovedFirst, !isRemovedFirst], JSON.stringify(answers));
    assert.deepEqual(await leftOf(domain), isRemovedFirst ? NOTHING : { ...ALONE, apps: 2 });
  }
});
