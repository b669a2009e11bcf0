// Users that are erased while others link, delete and use them: nothing is left, and nobody stands in another's way for ever.
import assert from "node:assert/strict";
import test from "node:test";
import { address, atOnce, backends, count, endObserving, quoted, tally, value } from "./support.mjs";

const ROUNDS = 12;

test.after(endObserving);

const signUp = (email) => value(`SELECT auth.sign_up(${quoted(email)}, 'old') #>> '{user,id}'`);

test("groups that are erased, deleted, linked and signed in to at once, from any of their ids", async (t) => {
  const many = await backends(t, 8);
  for (let round = 0; round < ROUNDS; round += 1) {
    const emails = [address(), address(), address(), address()];
    const ids = await Promise.all(emails.map(signUp));
    const [primary, linked, joining, other] = ids.map(quoted);
    await value(`SELECT auth.create_primary_user(${primary}) ->> 'status', auth.link_accounts(${linked}, ${primary}) ->> 'status'`);
    const calls = [
      `SELECT auth.erase_user(${primary})`, `SELECT auth.erase_user(${linked})`, `SELECT auth.link_accounts(${joining}, ${primary})`,
      `SELECT auth.link_accounts(${other}, ${primary})`, `SELECT auth.erase_user(${other})`, `SELECT auth.delete_user(${joining})`,
      `SELECT auth.sign_in(${quoted(emails[1])}, 'old')`, `SELECT auth.create_session(${linked})`,
    ];
    const answers = await atOnce((n) => many[n].ask(calls[(n + round) % calls.length]), calls.length);
    // 22023 is: nobody is left to link.
    assert.deepEqual(answers.filter(({ failed, status }) => failed && status !== "22023"), [], JSON.stringify(tally(answers.map(({ status }) => status))));
    for (const id of [primary, linked, other]) {
      assert.equal(await count(`auth.login_methods WHERE id = ${id}`), 0, `${id} in round ${round}`);
      assert.equal(await count(`auth.users WHERE id = ${id}`), 0, `${id} in round ${round}`);
    }
    assert.equal(await count(`auth.login_methods WHERE id = ${joining}`), 0);
  }
});
