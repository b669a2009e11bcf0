// One address or number, and who signs up with it at both doors at once.
import { randomUUID } from "node:crypto";
import test from "node:test";
import { newPhone } from "../gotrue/helper.mjs";
import { Doors, PASSWORD, address, isDone, unexpected } from "./doors.mjs";
import { endObserving, quoted, value } from "./support.mjs";

const ROUNDS = 10;

test.after(endObserving);

const count = async (statement) => Number(await value(`SELECT count(*) FROM ${statement}`));

/** How many users have an address, of those whom this recipe brought. */
const usersBy = (doors, recipe, email) =>
  count(`auth.login_methods WHERE app_id = ${quoted(doors.gotrue.appId)}
         AND recipe = ${quoted(recipe)} AND email = ${quoted(email)}`);

for (const autoconfirm of [false, true]) {
  test(`a password, ${autoconfirm ? "confirmed at once" : "to be confirmed"}: one user`, async () => {
    const doors = await Doors.open({ mailer_autoconfirm: autoconfirm });
    const prepare = () => address();
    const begin = (email) => {
      const ours = () => doors.gotrue.post("/signup", { email, password: PASSWORD });
      const theirs = () => doors.post("/recipe/signup", { email, password: PASSWORD });
      return [ours, theirs, ours, theirs];
    };
    const look = async (email, answers) => {
      const [ours, theirs] = [0, 1].map((rest) => answers.filter((_, place) => place % 2 === rest));
      const made = [
        ...ours.filter(isDone).map(({ json }) => (json.user ?? json).id),
        ...theirs.filter(isDone).map(({ user }) => user.id),
      ];
      const refusal = autoconfirm ? "422 user_already_exists" : "200";
      return [
        // Nobody has confirmed the address, so that GoTrue has nothing to hide.
        ...(new Set(made).size === 1 ? [] : [`${new Set(made).size} ids were told`]),
        ...((await usersBy(doors, "emailpassword", email)) === 1 ? [] : ["not one user"]),
        ...ours.flatMap((answer) => unexpected(answer, "200", refusal)),
        ...theirs.flatMap((answer) => unexpected(answer, "200 OK", "200 EMAIL_ALREADY_EXISTS_ERROR")),
      ];
    };
    await doors.race(ROUNDS, prepare, begin, look);
  });
}

test("a code that was mailed by each door", async () => {
  const doors = await Doors.open();
  const prepare = async () => {
    const email = address();
    const { userInputCode, deviceId, preAuthSessionId } = await doors.post("/recipe/signinup/code", { email });
    return { email, typed: { userInputCode, deviceId, preAuthSessionId } };
  };
  const begin = ({ email, typed }) => {
    const ours = () => doors.gotrue.post("/otp", { email });
    return [ours, () => doors.post("/recipe/signinup/code/consume", typed), ours, ours];
  };
  const look = async ({ email }, answers) => [
    ...((await usersBy(doors, "passwordless", email)) === 1 ? [] : ["not one user"]),
    ...answers.flatMap((answer) => unexpected(answer, "200", "200 OK")),
  ];
  await doors.race(ROUNDS, prepare, begin, look);
});

test("a number", async () => {
  const doors = await Doors.open({ external_phone_enabled: true, sms_provider: "twilio", sms_autoconfirm: true });
  const prepare = async () => {
    const phoneNumber = newPhone();
    const { userInputCode, deviceId, preAuthSessionId } = await doors.post("/recipe/signinup/code", { phoneNumber });
    return { phone: phoneNumber, typed: { userInputCode, deviceId, preAuthSessionId } };
  };
  const begin = ({ phone, typed }) => {
    const ours = () => doors.gotrue.post("/signup", { phone, password: PASSWORD });
    return [ours, () => doors.post("/recipe/signinup/code/consume", typed), ours];
  };
  const look = async ({ phone }, answers) => [
    ...((await count(`auth.login_method_tenants WHERE phone = ${quoted(phone)}`)) === 1 ? [] : ["not one user"]),
    ...answers.flatMap((answer) => unexpected(answer, "200", "200 OK", "422 user_already_exists")),
  ];
  await doors.race(ROUNDS / 2, prepare, begin, look);
});

test("one account at a provider: one user", async () => {
  const doors = await Doors.openToProvider();
  const prepare = () => ({ sub: randomUUID(), email: address() });
  const begin = ({ sub, email }) => {
    const ours = () => doors.grant(email, { sub });
    const theirs = () => doors.signInByProvider(sub, email, true, "keycloak");
    return [ours, theirs, ours, theirs, ours, theirs];
  };
  const look = (_, answers) => {
    const ids = new Set(answers.map((answer) => (answer.user ?? answer.json?.user)?.id));
    return [...(ids.size === 1 ? [] : [`${ids.size} users`]), ...answers.flatMap((one) => unexpected(one, "200", "200 OK"))];
  };
  await doors.race(ROUNDS, prepare, begin, look);
});

test("two accounts at a provider with one address: GoTrue adds no user to one who has it", async () => {
  const doors = await Doors.openToProvider();
  const prepare = () => ({ email: address(), subs: [randomUUID(), randomUUID(), randomUUID()] });
  const begin = ({ subs: [a, b, c], email }) => {
    const ours = (sub) => () => doors.grant(email, { sub });
    const theirs = () => doors.signInByProvider(b, email, true, "keycloak");
    return [ours(a), theirs, ours(c), theirs, ours(a)];
  };
  const look = (_, [first, theirs, second, same, third]) => {
    const ids = new Set([first, second, third].map(({ json }) => json?.user?.id));
    return [
      ...(ids.size === 1 ? [] : [`${ids.size} users at GoTrue`]),
      ...[first, second, third].flatMap((answer) => unexpected(answer, "200")),
      ...[theirs, same].flatMap((answer) => unexpected(answer, "200 OK")),
      ...(theirs.user?.id === same.user?.id ? [] : ["two users at SuperTokens"]),
    ];
  };
  await doors.race(ROUNDS, prepare, begin, look);
});

test("an account at a provider, and who signs up with its address and a password", async () => {
  const doors = await Doors.openToProvider();
  const prepare = () => ({ email: address(), sub: randomUUID() });
  const begin = ({ email, sub }) => [
    () => doors.grant(email, { sub }), () => doors.gotrue.post("/signup", { email, password: PASSWORD }),
    () => doors.post("/recipe/signup", { email, password: PASSWORD }), () => doors.grant(email, { sub }),
  ];
  const good = ["200", "200 OK", "200 EMAIL_ALREADY_EXISTS_ERROR"];
  const look = (_, answers) => answers.flatMap((answer) => unexpected(answer, ...good));
  await doors.race(ROUNDS, prepare, begin, look);
});
