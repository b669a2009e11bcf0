// The SDK pointed at one app, in a thread of its own: it does what the messages say.
import { parentPort, workerData } from "node:worker_threads";
import SuperTokens from "supertokens-node";
import EmailPassword from "supertokens-node/recipe/emailpassword";
import Multitenancy from "supertokens-node/recipe/multitenancy";
import Session from "supertokens-node/recipe/session";
import { PUBLIC, init } from "./helpers.mjs";

init({ connectionURI: workerData });

const { convertToRecipeUserId } = SuperTokens;

// What of a session can be sent to another thread.
const tokens = (session) => ({ ...session.getAllSessionTokensDangerously(), handle: session.getHandle() });
const Sessions = {
  create: async (id) => tokens(await Session.createNewSessionWithoutRequestResponse(PUBLIC, convertToRecipeUserId(id))),
  refresh: async (token) => tokens(await Session.refreshSessionWithoutRequestResponse(token)),
  verify: async (token, options) => tokens(await Session.getSessionWithoutRequestResponse(token, undefined, options)),
};
const recipes = { SuperTokens, EmailPassword, Multitenancy, Session, Sessions };

parentPort.on("message", async ({ id, recipe, name, args }) => {
  try {
    const value = await recipes[recipe][name](...args);
    parentPort.postMessage({ id, value: value === undefined ? undefined : JSON.parse(JSON.stringify(value)) });
  } catch (error) {
    parentPort.postMessage({ id, error: error.type ?? error.message });
  }
});
