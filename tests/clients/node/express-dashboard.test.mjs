// The dashboard of an express application: signing in to it, and the pages of users and roles.
import test, { after } from "node:test";
import SuperTokens from "supertokens-node";
import AccountLinking from "supertokens-node/recipe/accountlinking";
import Dashboard from "supertokens-node/recipe/dashboard";
import EmailVerification from "supertokens-node/recipe/emailverification";
import Passwordless from "supertokens-node/recipe/passwordless";
import Session from "supertokens-node/recipe/session";
import UserMetadata from "supertokens-node/recipe/usermetadata";
import UserRoles from "supertokens-node/recipe/userroles";
import { PASSWORD, PUBLIC, assert, cdi, createTemporaryApp, emailDelivery, mails, newEmail } from "./helpers.mjs";
import { newId, newPhone, sameMembers, signUp } from "./helpers.mjs";
import { Client, hasCode, hasStatus, startApplication } from "./express.mjs";

const ADMIN = newEmail("admin");
const { appId, connectionURI } = await createTemporaryApp("dashboard");
const application = await startApplication({
  connectionURI,
  recipes: [
    Dashboard.init({ admins: [ADMIN] }),
    EmailVerification.init({ mode: "OPTIONAL", emailDelivery }),
    Passwordless.init({ contactMethod: "EMAIL_OR_PHONE", flowType: "USER_INPUT_CODE" }),
    UserMetadata.init(),
    UserRoles.init(),
  ],
});
after(application.stop);

const core = (method, path, body) => cdi(method, `/appid-${appId}/recipe/dashboard${path}`, body);
const createOperator = async (email) => {
  const { status, user } = await core("POST", "/user", { email, password: PASSWORD });
  assert.equal(status, "OK");
  return user;
};

const newClient = () => new Client(application.url, "cookie");
const api = (client, method, path, body) => client.call(method, `/auth/dashboard/api${path}`, body);
const signIn = async (email) => {
  const client = newClient();
  const answer = await api(client, "POST", "/signin", { email, password: PASSWORD });
  hasStatus(answer, "OK");
  client.headers.authorization = `Bearer ${answer.json.sessionId}`;
  return client;
};

const query = (path, parameters) => `${path}?${new URLSearchParams(parameters)}`;

await createOperator(ADMIN);
const admin = await signIn(ADMIN);
const get = async (path, parameters) => {
  const answer = await api(admin, "GET", parameters ? query(path, parameters) : path);
  hasStatus(answer, "OK");
  return answer.json;
};
const send = async (method, path, body, status = "OK") => {
  const answer = await api(admin, method, path, body);
  hasStatus(answer, status, path);
  return answer.json;
};

test("a dashboard user is made once, and is no user of the application", async () => {
  const email = newEmail("operator");
  const user = await createOperator(email);
  assert.equal(user.email, email);
  assert.deepEqual(Object.keys(user).sort(), ["email", "timeJoined", "userId"]);
  const again = await core("POST", "/user", { email, password: PASSWORD });
  assert.equal(again.status, "EMAIL_ALREADY_EXISTS_ERROR");
  assert.deepEqual(await SuperTokens.listUsersByAccountInfo(PUBLIC, { email }), []);
  const { users } = await core("GET", "/users");
  assert.deepEqual(
    users.filter((one) => one.email === email),
    [user],
  );
});

test("signing in to the dashboard, and out", async () => {
  const email = newEmail("operator");
  const { userId } = await createOperator(email);
  const client = await signIn(email);
  hasStatus(await api(client, "GET", "/users/count"), "OK");
  const { sessions } = await core("GET", query("/user/sessions", { userId }));
  assert.deepEqual(
    sessions.map((one) => `Bearer ${one.sessionId}`),
    [client.headers.authorization],
  );
  assert.equal(sessions[0].expiry - sessions[0].timeCreated, 2_592_000_000, "thirty days, in ms");
  hasStatus(await api(client, "POST", "/signout"), "OK");
  hasCode(await api(client, "GET", "/users/count"), 401);
});

test("nobody else sees the dashboard", async () => {
  const email = newEmail("operator");
  const { userId } = await createOperator(email);
  const attempt = (password, who = email) => api(newClient(), "POST", "/signin", { email: who, password });
  hasStatus(await attempt("wrong password 1"), "INVALID_CREDENTIALS_ERROR");
  hasStatus(await attempt(PASSWORD, newEmail()), "INVALID_CREDENTIALS_ERROR");
  hasCode(await api(newClient(), "POST", "/signin", { email }), 400);
  const stranger = newClient();
  stranger.headers.authorization = "Bearer 00000000-0000-4000-8000-000000000000";
  hasCode(await api(stranger, "GET", "/users/count"), 401);
  const client = await signIn(email);
  assert.deepEqual(await core("DELETE", query("/user", { userId })), { status: "OK", didUserExist: true });
  hasCode(await api(client, "GET", "/users/count"), 401, "a removed one");
  hasStatus(await attempt(PASSWORD), "INVALID_CREDENTIALS_ERROR");
});

test("a new password ends the dashboard's sessions", async () => {
  const email = newEmail("operator");
  await createOperator(email);
  const client = await signIn(email);
  const answer = await core("PUT", "/user", { email, newPassword: "battery staple 2" });
  assert.equal(answer.status, "OK");
  hasCode(await api(client, "GET", "/users/count"), 401);
  hasStatus(await api(newClient(), "POST", "/signin", { email, password: "battery staple 2" }), "OK");
});

test("who is no admin looks, and changes nothing", async () => {
  const email = newEmail("operator");
  await createOperator(email);
  const client = await signIn(email);
  const { id } = await signUp();
  hasStatus(await api(client, "GET", query("/user", { userId: id })), "OK");
  hasCode(await api(client, "DELETE", query("/user", { userId: id })), 403);
  assert.ok(await SuperTokens.getUser(id));
});

test("the list of users has pages, in both orders, and names", async () => {
  const made = [];
  for (let n = 0; n < 3; n += 1) made.push((await signUp()).id);
  await UserMetadata.updateUserMetadata(made[2], { first_name: "Ada", last_name: "Lovelace" });
  const { count } = await get("/users/count");
  for (const timeJoinedOrder of ["ASC", "DESC"]) {
    const listed = [];
    let paginationToken;
    do {
      const page = await get("/users", { limit: 2, timeJoinedOrder, ...(paginationToken && { paginationToken }) });
      listed.push(...page.users);
      paginationToken = page.nextPaginationToken;
    } while (paginationToken);
    assert.equal(listed.length, count);
    const ordered = listed.map((user) => user.id).filter((id) => made.includes(id));
    sameMembers(ordered, made);
    const { firstName, lastName } = listed.find((user) => user.id === made[2]);
    assert.deepEqual([firstName, lastName], ["Ada", "Lovelace"]);
  }
});

test("the list is searched by the tags that the server names", async () => {
  assert.deepEqual((await get("/search/tags")).tags, ["email", "phone", "provider"]);
  const { id, email } = await signUp();
  const { user } = await Passwordless.signInUp({ tenantId: PUBLIC, phoneNumber: newPhone() });
  const search = async (parameters) => (await get("/users", { limit: 10, ...parameters })).users.map((one) => one.id);
  assert.deepEqual(await search({ email }), [id]);
  assert.deepEqual(await search({ phone: user.phoneNumbers[0] }), [user.id]);
  assert.deepEqual(await search({ email: newEmail() }), []);
});

test("a user's page", async () => {
  const { id, user } = await signUp();
  const page = await get("/user", { userId: id });
  assert.deepEqual(page.user, { ...JSON.parse(JSON.stringify(user.toJson())), firstName: "", lastName: "" });
  const unknown = await api(admin, "GET", query("/user", { userId: newId("nobody") }));
  hasStatus(unknown, "NO_USER_FOUND_ERROR");
});

test("a user is made, changed and deleted", async () => {
  const email = newEmail();
  const { user } = await send("POST", "/user/emailpassword", { email, password: PASSWORD });
  await send("POST", "/user/emailpassword", { email, password: PASSWORD }, "EMAIL_ALREADY_EXISTS_ERROR");
  const address = newEmail();
  const change = { recipeUserId: user.id, recipeId: "emailpassword", firstName: "Ada", lastName: "L", phone: "" };
  await send("PUT", "/user", { ...change, email: address });
  const page = (await get("/user", { userId: user.id })).user;
  assert.deepEqual([page.emails, page.firstName, page.lastName], [[address], "Ada", "L"]);
  const taken = await signUp();
  await send("PUT", "/user", { ...change, email: taken.email }, "EMAIL_ALREADY_EXISTS_ERROR");
  await send("PUT", "/user/password", { recipeUserId: user.id, newPassword: "battery staple 2" });
  hasStatus(await newClient().form("/signin", { email: address, password: "battery staple 2" }), "OK");
  await send("PUT", "/user/password", { recipeUserId: user.id, newPassword: "short" }, "INVALID_PASSWORD_ERROR");
  await send("DELETE", query("/user", { userId: user.id }));
  assert.equal(await SuperTokens.getUser(user.id), undefined);
  const made = await send("POST", "/user/passwordless", { phoneNumber: newPhone() });
  assert.equal(made.createdNewRecipeUser, true);
});

test("a user's address is verified and not", async () => {
  const { id, email } = await signUp();
  const isVerified = async () => (await get("/user/email/verify", { recipeUserId: id })).isVerified;
  assert.equal(await isVerified(), false);
  for (const verified of [true, true, false]) {
    await send("PUT", "/user/email/verify", { recipeUserId: id, verified });
    assert.equal(await isVerified(), verified);
  }
  await send("POST", "/user/email/verify/token", { recipeUserId: id });
  assert.equal(mails.filter((mail) => mail.user?.email === email).length, 1);
});

test("a user's metadata", async () => {
  const { id } = await signUp();
  const data = async () => (await get("/user/metadata", { userId: id })).data;
  assert.deepEqual(await data(), {});
  await send("PUT", "/user/metadata", { userId: id, data: JSON.stringify({ plan: "free", n: { deep: [1] } }) });
  assert.deepEqual(await data(), { plan: "free", n: { deep: [1] } });
  await send("PUT", "/user/metadata", { userId: id, data: JSON.stringify({ plan: "paid" }) });
  assert.deepEqual(await data(), { plan: "paid" }, "set, not merged");
  hasCode(await api(admin, "PUT", "/user/metadata", { userId: id, data: "nonsense" }), 400);
});

test("a user's sessions", async () => {
  const { id, recipeUserId } = await signUp();
  const create = () => Session.createNewSessionWithoutRequestResponse(PUBLIC, recipeUserId, { plan: "free" });
  const [kept, ended] = [(await create()).getHandle(), (await create()).getHandle()];
  const { sessions } = await get("/user/sessions", { userId: id });
  sameMembers(
    sessions.map((session) => session.sessionHandle),
    [kept, ended],
  );
  for (const session of sessions) {
    assert.equal(session.userId, id);
    assert.equal(session.accessTokenPayload.plan, "free");
    assert.ok(session.expiry > session.timeCreated);
  }
  await send("POST", "/user/sessions", { sessionHandles: [ended] });
  assert.deepEqual(await Session.getAllSessionHandlesForUser(id), [kept]);
});

test("roles and their permissions", async () => {
  const role = newId("role");
  const made = await send("PUT", "/userroles/role", { role, permissions: ["read", "write"] });
  assert.equal(made.createdNewRole, true);
  assert.ok((await get("/userroles/roles")).roles.includes(role));
  const permissions = async () => (await get("/userroles/role/permissions", { role })).permissions;
  sameMembers(await permissions(), ["read", "write"]);
  await send("PUT", "/userroles/role/permissions/remove", { role, permissions: ["write"] });
  assert.deepEqual(await permissions(), ["read"]);
  assert.equal((await send("DELETE", query("/userroles/role", { role }))).didRoleExist, true);
  await send("PUT", "/userroles/role/permissions/remove", { role, permissions: [] }, "UNKNOWN_ROLE_ERROR");
});

test("a user's roles", async () => {
  const [{ id: userId }, role] = [await signUp(), newId("role")];
  const roles = async () => (await get("/userroles/user/roles", { userId })).roles;
  await send("PUT", "/userroles/user/roles", { userId, role }, "UNKNOWN_ROLE_ERROR");
  await send("PUT", "/userroles/role", { role, permissions: [] });
  await send("PUT", "/userroles/user/roles", { userId, role });
  assert.deepEqual(await roles(), [role]);
  const removed = await send("DELETE", query("/userroles/user/roles", { userId, role }));
  assert.equal(removed.didUserHaveRole, true);
  assert.deepEqual(await roles(), []);
});

test("a group is shown, taken apart and deleted in parts", async () => {
  const owner = await signUp();
  await AccountLinking.createPrimaryUser(owner.recipeUserId);
  const join = async () => {
    const { recipeUserId } = await Passwordless.signInUp({ tenantId: PUBLIC, email: newEmail() });
    await AccountLinking.linkAccounts(recipeUserId, owner.id);
    return recipeUserId.getAsString();
  };
  const members = async () =>
    (await get("/user", { userId: owner.id })).user.loginMethods.map((one) => one.recipeUserId);
  const [one, other] = [await join(), await join()];
  sameMembers(await members(), [owner.id, one, other]);
  await get("/user/unlink", { recipeUserId: one });
  sameMembers(await members(), [owner.id, other]);
  await send("DELETE", query("/user", { userId: other, removeAllLinkedAccounts: "false" }));
  assert.deepEqual(await members(), [owner.id]);
  assert.equal((await SuperTokens.getUser(one)).isPrimaryUser, false);
});
