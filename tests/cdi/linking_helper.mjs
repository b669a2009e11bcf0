// What the suites about groups, mapped ids and tenants of users share.
import {
  assert, call, createSession, get, newApp, newEmail, newId, newTenant, ok, passwordlessUser, post, put, signInUp,
  signUp,
} from "./helper.mjs";

const LINKING = "/recipe/accountlinking/user";
const MAPPING = "/recipe/userid";
const TENANT_USER = "/recipe/multitenancy/tenant/user";

export const UNKNOWN_USER = "UNKNOWN_USER_ID_ERROR";
export const ALREADY_LINKED = "RECIPE_USER_ID_ALREADY_LINKED_WITH_PRIMARY_USER_ID_ERROR";
export const LINKED_TO_ANOTHER = "RECIPE_USER_ID_ALREADY_LINKED_WITH_ANOTHER_PRIMARY_USER_ID_ERROR";
export const INFO_TAKEN = "ACCOUNT_INFO_ALREADY_ASSOCIATED_WITH_ANOTHER_PRIMARY_USER_ID_ERROR";
export const NOT_PRIMARY = "INPUT_USER_IS_NOT_A_PRIMARY_USER";
export const NOT_ALLOWED = "ASSOCIATION_NOT_ALLOWED_ERROR";

export const createPrimary = (recipeUserId, app = "", version) =>
  post(`${app}${LINKING}/primary`, { recipeUserId }, version);
export const checkPrimary = (recipeUserId, app = "", version) =>
  get(`${app}${LINKING}/primary/check`, { recipeUserId }, version);
export const link = (recipeUserId, primaryUserId, app = "", version) =>
  post(`${app}${LINKING}/link`, { recipeUserId, primaryUserId }, version);
export const checkLink = (recipeUserId, primaryUserId, app = "", version) =>
  get(`${app}${LINKING}/link/check`, { recipeUserId, primaryUserId }, version);
export const unlink = (recipeUserId, app = "", version) => post(`${app}${LINKING}/unlink`, { recipeUserId }, version);

export const associate = (recipeUserId, at, version) =>
  post(at + TENANT_USER, version === "3.1" ? { userId: recipeUserId } : { recipeUserId }, version);
export const disassociate = (recipeUserId, at, version) =>
  post(`${at}${TENANT_USER}/remove`, version === "3.1" ? { userId: recipeUserId } : { recipeUserId }, version);

export const map = (superTokensUserId, externalUserId, more = {}, app = "", version) =>
  post(`${app}${MAPPING}/map`, { superTokensUserId, externalUserId, ...more }, version);
export const mapping = (userId, userIdType, app = "") =>
  get(`${app}${MAPPING}/map`, { userId, ...(userIdType === undefined ? {} : { userIdType }) });
export const unmap = (userId, more = {}, app = "") => post(`${app}${MAPPING}/map/remove`, { userId, ...more });
export const setInfo = (userId, more, app = "") => put(`${app}${MAPPING}/external-user-id-info`, { userId, ...more });

/** Maps a user to an id that no other test uses; gives that id. */
export async function mapped(userId, app = "", name = "ext") {
  const external = newId(name);
  ok(await map(userId, external, {}, app));
  return external;
}

export const findUser = (userId, app = "", version) => get(`${app}/user/id`, { userId }, version);
export const userOf = async (userId, app = "", version) => ok(await findUser(userId, app, version)).user;
export const methodIds = (user) => user.loginMethods.map(({ recipeUserId }) => recipeUserId);
export const methodOf = (user, id) => user.loginMethods.find(({ recipeUserId }) => recipeUserId === id);
export const removeUser = (userId, app = "", more = {}) => post(`${app}/user/remove`, { userId, ...more });

/** Later users join later: times of joining are in milliseconds. */
const nextMoment = () => new Promise((resolve) => setTimeout(resolve, 2));

/** An account at a provider whom nobody has seen. */
export const stranger = (email = newEmail(), isVerified = false) => ({
  thirdPartyId: "github", thirdPartyUserId: newId("id"), email: { id: email, isVerified },
});

/** A new user of each recipe: {id, email?, phoneNumber?, given?, user}. */
export async function withPassword(at = "", email = newEmail()) {
  await nextMoment();
  return signUp(at, email);
}

export async function withProvider(at = "", email = newEmail(), given = stranger(email)) {
  await nextMoment();
  const done = ok(await signInUp(given, at));
  assert.equal(done.createdNewUser, true);
  return { id: done.user.id, email, given, user: done.user };
}

export async function withCode(at = "", email = newEmail()) {
  await nextMoment();
  return passwordlessUser({ email }, at);
}

export async function withPhone(at, phoneNumber) {
  await nextMoment();
  return passwordlessUser({ phoneNumber }, at);
}

/** Makes a user primary and links others to it; gives the group's user. */
export async function group(app, { id }, ...others) {
  let { user } = ok(await createPrimary(id, app));
  for (const other of others) {
    const done = ok(await link(other.id, id, app));
    assert.equal(done.accountsAlreadyLinked, false);
    user = done.user;
  }
  return user;
}

/** A new app with three tenants beside its public one. */
export async function appWithTenants() {
  const app = await newApp();
  return { app, t1: await newTenant(app), t2: await newTenant(app), t3: await newTenant(app) };
}

/** The tenant's id in the beginning of a path. */
export const tenantId = (at) => at.split("/").pop();

/** Opens a session; gives its handle. */
export const openSession = async (at, userId) => ok(await createSession(at, userId)).session.handle;

/** Which of these sessions still are. */
export async function alive(handles, app = "") {
  const answers = await Promise.all(handles.map((sessionHandle) => get(`${app}/recipe/session`, { sessionHandle })));
  return answers.map(({ json }) => json.status === "OK");
}

export const setMetadata = (userId, metadataUpdate, app = "") =>
  put(`${app}/recipe/user/metadata`, { userId, metadataUpdate }).then((answer) => ok(answer));
export const metadataOf = async (userId, app = "") => ok(await get(`${app}/recipe/user/metadata`, { userId })).metadata;

export async function giveRole(userId, at, app) {
  ok(await put(`${app}/recipe/role`, { role: "admin" }));
  ok(await put(`${at}/recipe/user/role`, { userId, role: "admin" }));
}
export const rolesOf = async (userId, at) => ok(await get(`${at}/recipe/user/roles`, { userId })).roles;

export const verificationToken = async (userId, email, at = "") =>
  ok(await post(`${at}/recipe/user/email/verify/token`, { userId, email })).token;
export const verifyEmail = (token, at = "") => post(`${at}/recipe/user/email/verify`, { method: "token", token });
export const isVerified = async (userId, email, app = "") =>
  ok(await get(`${app}/recipe/user/email/verify`, { userId, email })).isVerified;

/** Verifies an address as its user would. */
export async function verified(userId, email, at = "") {
  ok(await verifyEmail(await verificationToken(userId, email, at), at));
}

export const updateUser = (recipeUserId, change, app = "", headers = {}) =>
  call("PUT", `${app}/recipe/user`, { body: { recipeUserId, ...change }, headers });
export const updateContacts = (recipeUserId, change, app = "") =>
  updateUser(recipeUserId, change, app, { rid: "passwordless" });
