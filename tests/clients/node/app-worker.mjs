// The SDK pointed at one app, in a thread of its own: it does what the messages say.
import { parentPort, workerData } from "node:worker_threads";
import SuperTokens from "supertokens-node";
import EmailPassword from "supertokens-node/recipe/emailpassword";
import Multitenancy from "supertokens-node/recipe/multitenancy";
import Session from "supertokens-node/recipe/session";
import { init } from "./helpers.mjs";

init({ connectionURI: workerData });

const recipes = {
  SuperTokens,
  EmailPassword,
  Multitenancy,
  Session,
  // What of a session can be sent to another thread.
  Sessions: {
    create: async (userId) => tokens(await Session.createNewSessionWithoutRequestResponse("public", SuperTokens.convertToRecipeUserId(userId))),
    refresh: async (token) => tokens(await Session.refreshSessionWithoutRequestResponse(token)),
    verify: async (token, options) => tokens(await Session.getSessionWithoutRequestResponse(token, undefined, options)),
  },
};
const tokens = (session) => ({ ...session.getAllSessionTokensDangerously(), handle: session.getHandle() });

parentPort.on("message", async ({ id, recipe, name, args }) => {
  try {
    const value = await recipes[recipe][name](...args);
    parentPort.postMessage({ id, value: value === undefined ? undefined : JSON.parse(JSON.stringify(value)) });
  } catch (error) {
    parentPort.postMessage({ id, error: error.type ?? error.message });
  }
});
