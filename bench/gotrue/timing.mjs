// Whether the time of an answer tells if an address is registered: calls with one that is and with one that is not, in
// turns and in random order, compared by the Mann-Whitney test.
//   BENCH_CALLS=300   how many of each
import { answered, call, configure, median, newUser } from "./calls.mjs";

const CALLS = Number(process.env.BENCH_CALLS ?? 300);
const LIMIT = 3.3; // standard deviations: one in a thousand by chance

configure({ password_min_length: 6 });
const known = (n) => `known${n}@example.org`;
const unknown = (n) => `stranger${n}@example.org`;
for (let n = 0; n < CALLS; n += 1) await newUser(known(n));

/** How many standard deviations the ranks of `a` lie above what they would if both were alike. */
function mannWhitney(a, b) {
  const all = [...a.map((value) => ({ value, own: true })), ...b.map((value) => ({ value, own: false }))];
  all.sort((x, y) => x.value - y.value);
  const ranks = all.reduce((sum, { own }, place) => sum + (own ? place + 1 : 0), 0);
  const u = ranks - (a.length * (a.length + 1)) / 2;
  return (u - (a.length * b.length) / 2) / Math.sqrt((a.length * b.length * (a.length + b.length + 1)) / 12);
}

const OPERATIONS = {
  "POST /token, a wrong password": (email) => call("POST", "/token?grant_type=password", { body: { email, password: "wrong 1" } }),
  "POST /recover": (email) => answered(200, "POST", "/recover", { body: { email } }),
  "POST /resend, signup": (email) => answered(200, "POST", "/resend", { body: { type: "signup", email } }),
  "POST /verify, a wrong code": (email) => call("POST", "/verify", { body: { type: "recovery", email, token: "000000" } }),
  "POST /otp": (email) => answered(200, "POST", "/otp", { body: { email } }),
  "POST /signup": (email) => answered(200, "POST", "/signup", { body: { email, password: "correct horse 2" } }),
};

console.log("| operation | registered, us | not registered, us | standard deviations |\n| --- | ---: | ---: | ---: |");
let tells = 0;
let round = 0;
for (const [name, operation] of Object.entries(OPERATIONS)) {
  round += 1;
  for (let n = 0; n < 20; n += 1) await operation(unknown(`warm${round}-${n}`));
  const times = { known: [], unknown: [] };
  for (let n = 0; n < CALLS; n += 1) {
    const turns = [["known", known(n)], ["unknown", unknown(`${round}-${n}`)]];
    if (Math.random() < 0.5) turns.reverse();
    for (const [kind, email] of turns) times[kind].push((await operation(email)).us);
  }
  const z = mannWhitney(times.known, times.unknown);
  if (Math.abs(z) > LIMIT) tells += 1;
  console.log(`| ${name} | ${median(times.known).toFixed(0)} | ${median(times.unknown).toFixed(0)} | ${z.toFixed(1)} |`);
}
console.log(tells === 0 ? "\nNo time tells." : `\n${tells} of them tell.`);
process.exit(0);
