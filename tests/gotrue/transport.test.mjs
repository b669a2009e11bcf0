// Requests, replies and error bodies (GoTrue reference, 1.1 to 1.4 and 1.6).
import test from "node:test";
import {
  AUTH_URL, NEW_FORM, PASSWORD, SITE, assert, mailTo, newEmail, newInstance, newPhone, ok, refused,
} from "./helper.mjs";
import { TIME, sessionRow } from "./accounts_helper.mjs";

const MALFORMED = '{"email":';
const MOST_BYTES = 1_048_576;
const VERSION_HEADER = "x-supabase-api-version";
const instance = await newInstance();

test("1 malformed JSON, in the form of old clients", async () => {
  const answer = await instance.post("/signup", MALFORMED);
  assert.equal(answer.status, 400);
  assert.equal(answer.headers.get("content-type"), "application/json");
  assert.deepEqual({ ...answer.json, msg: "" }, { code: 400, error_code: "bad_json", msg: "" });
  assert.ok(answer.json.msg);
  assert.equal(answer.headers.get("x-sb-error-code"), "bad_json");
  assert.equal(answer.headers.get(VERSION_HEADER), null);
});

test("answers that must not tell who is registered wait until they would be there anyway", async () => {
  const least = 300;
  const slow = await newInstance({ discreet_answer_time: `${least}ms` });
  const { email } = await slow.member();
  const took = async (call) => {
    const begin = performance.now();
    const { status } = await call();
    assert.ok(performance.now() - begin >= least, `${status} after ${performance.now() - begin} ms`);
  };
  for (const address of [email, newEmail()]) {
    for (const path of ["/otp", "/magiclink", "/recover"]) await took(() => slow.post(path, { email: address }));
    await took(() => slow.post("/resend", { type: "signup", email: address }));
    await took(() => slow.post("/signup", { email: address, password: PASSWORD }));
    await took(() => slow.post("/verify", { type: "recovery", email: address, token: "000000" }));
  }
});

test("2 malformed JSON, in the new form", async () => {
  const answer = await instance.post("/signup", MALFORMED, { headers: NEW_FORM });
  assert.equal(answer.status, 400);
  assert.deepEqual({ ...answer.json, message: "" }, { code: "bad_json", message: "" });
  assert.ok(answer.json.message);
  assert.equal(answer.headers.get("x-sb-error-code"), "bad_json");
  assert.equal(answer.headers.get(VERSION_HEADER), "2024-01-01");
});

test("3 4 the version of a request chooses the form", async () => {
  const formOf = async (version) => {
    const { json } = await instance.post("/signup", MALFORMED, { headers: { [VERSION_HEADER]: version } });
    return typeof json.code === "string" ? "new" : "old";
  };
  for (const version of ["2024-01-01", "2024-01-02", "2031-12-31"]) assert.equal(await formOf(version), "new", version);
  for (const version of ["garbage", "2023-12-31", "", "2024-01-01T00:00:00Z", "20240101"]) {
    assert.equal(await formOf(version), "old", version);
  }
});

test("3 a version that is no day of the calendar", async () => {
  for (const version of ["2024-13-01", "2024-02-30"]) {
    const { json } = await instance.post("/signup", MALFORMED, { headers: { [VERSION_HEADER]: version } });
    assert.equal(json.code, 400, version);
  }
});

test("1.3 the version is told of errors only", async () => {
  const answer = await instance.get("/settings", { headers: NEW_FORM });
  ok(answer);
  for (const name of [VERSION_HEADER, "x-sb-error-code"]) assert.equal(answer.headers.get(name), null, name);
});

test("5 an error without a code", async () => {
  const texting = await newInstance({ external_phone_enabled: true });
  const body = { phone: newPhone(), password: PASSWORD };
  const old = await texting.post("/signup", body);
  const { error_id, ...rest } = refused(old, 500, "unexpected_failure");
  assert.match(error_id, /\S/);
  assert.deepEqual(Object.keys(rest).sort(), ["code", "error_code", "msg"]);
  assert.equal(old.headers.get("x-sb-error-code"), "unexpected_failure");
  const answer = await texting.post("/signup", body, { headers: NEW_FORM });
  assert.deepEqual(Object.keys(refused(answer, 500, "unexpected_failure")).sort(), ["code", "message"]);
});

test("6 what is wrong with a password, in either form", async () => {
  const body = { email: newEmail(), password: "short" };
  const message = "Password should be at least 6 characters.";
  const weak_password = { reasons: ["length"] };
  const old = await instance.post("/signup", body);
  assert.equal(old.status, 422);
  assert.deepEqual(old.json, { code: 422, error_code: "weak_password", msg: message, weak_password });
  const answer = await instance.post("/signup", body, { headers: NEW_FORM });
  assert.equal(answer.status, 422);
  assert.deepEqual(answer.json, { code: "weak_password", message, weak_password });
});

test("1.4 errors in the style of OAuth have one form", async () => {
  for (const headers of [{}, NEW_FORM]) {
    const answer = await instance.post("/token?grant_type=id_token", {}, { headers });
    assert.equal(answer.status, 400);
    assert.equal(answer.json.error, "invalid request");
    assert.deepEqual(Object.keys(answer.json).sort(), ["error", "error_description"]);
  }
});

test("7 the longest body", async () => {
  const body = (bytes) => {
    const start = `{"email":"${newEmail()}","unknown":"`;
    return `${start}${"a".repeat(bytes - start.length - 2)}"}`;
  };
  assert.deepEqual(ok(await instance.post("/recover", body(MOST_BYTES))), {});
  for (const bytes of [MOST_BYTES + 1, 2 * MOST_BYTES]) {
    refused(await instance.post("/recover", body(bytes)), 413, "request_entity_too_large");
  }
});

test("8 a member of the wrong type", async () => {
  for (const body of [
    { email: 5 }, { email: ["a@b.co"] }, { password: true }, { data: "x" }, { data: [] }, { phone: {} }, { channel: 1 },
  ]) {
    refused(await instance.post("/signup", { email: newEmail(), password: PASSWORD, ...body }), 400, "bad_json");
  }
  for (const body of ["[]", "5", '"x"']) refused(await instance.post("/signup", body), 400, "bad_json");
});

test("9 a body is missing", async () => {
  const { session } = await instance.member();
  for (const path of [
    "/otp", "/signup", "/magiclink", "/recover", "/resend", "/verify", "/token?grant_type=password",
    "/token?grant_type=refresh_token", "/token?grant_type=pkce",
  ]) {
    refused(await instance.call("POST", path), 400, "bad_json");
  }
  refused(await instance.call("PUT", "/user", { token: session.access_token }), 400, "bad_json");
  refused(await instance.admin("POST", "/admin/users"), 400, "bad_json");
  const logout = await instance.call("POST", "/logout", { token: session.access_token });
  assert.deepEqual([logout.status, logout.text], [204, ""]);
});

test("10 null is absent, and so is the empty text", async () => {
  for (const body of [{ email: null, phone: null }, { email: "", phone: "" }, { email: null, data: null }]) {
    refused(await instance.post("/signup", body), 422, "anonymous_provider_disabled");
  }
  const user = await instance.signUp(newEmail(), { phone: null, data: null, channel: null, code_challenge: null });
  assert.equal(user.phone, "");
});

test("1.1 unknown members are passed over, the type of the content is not looked at", async () => {
  for (const type of ["application/json;charset=UTF-8", "application/x-www-form-urlencoded", "nonsense"]) {
    const body = { email: newEmail(), password: PASSWORD, gotrue_meta_security: {}, unknown: [1] };
    const answer = await instance.post("/signup", body, { headers: { "content-type": type } });
    assert.equal(ok(answer).email, body.email);
    assert.equal(answer.headers.get("content-type"), "application/json");
  }
});

test("12 with a slash at the end", async () => {
  const { email, session } = await instance.member();
  for (const path of ["/user", "/user/"]) {
    assert.equal(ok(await instance.get(path, { token: session.access_token })).email, email);
  }
  ok(await instance.post("/token/?grant_type=password", { email, password: PASSWORD }));
  ok(await instance.get("/health/"));
  ok(await instance.get("/.well-known/jwks.json/"));
});

test("29 unknown paths and methods", async () => {
  for (const path of ["/nothing", "/user/x", "/signup/x", "/Signup"]) {
    const answer = await instance.get(path);
    assert.equal(answer.status, 404, path);
    assert.match(answer.headers.get("content-type"), /^text\//);
  }
  for (const [method, path] of [["DELETE", "/signup"], ["GET", "/token"], ["POST", "/user"], ["PATCH", "/settings"]]) {
    const answer = await instance.call(method, path);
    assert.deepEqual([answer.status, answer.text], [405, ""], `${method} ${path}`);
  }
});

test("1.2 no API key is needed, and any is taken", async () => {
  for (const headers of [{}, { apikey: "x" }, { apikey: instance.adminToken, "x-client-info": "gotrue-js/2.75.0" }]) {
    ok(await instance.get("/settings", { headers }));
  }
});

test("1.2 what is noted of a client", async () => {
  const { email } = await instance.member();
  const headers = { "user-agent": "a browser" };
  const session = ok(await instance.post("/token?grant_type=password", { email, password: PASSWORD }, { headers }));
  const { user_agent, ip } = sessionRow(session);
  assert.deepEqual([user_agent, ip], ["a browser", "127.0.0.1"]);
});

test("1.2 where a link leads: header, query, Referer, the site", async () => {
  const [one, other, third] = ["one", "other", "third"].map((name) => `https://${name}.example.org/x`);
  const own = await newInstance({ uri_allow_list: "https://*.example.org/x" });
  const leadsTo = async (headers, query) => {
    const email = newEmail();
    ok(await own.post("/signup", { email, password: PASSWORD, redirect_to: one }, { headers, query }));
    return new URL((await mailTo(email)).link).searchParams.get("redirect_to");
  };
  assert.equal(await leadsTo({ redirect_to: one, referer: third }, { redirect_to: other }), one);
  assert.equal(await leadsTo({ referer: third }, { redirect_to: other }), other);
  assert.equal(await leadsTo({ referer: third }, { redirect_to: "https://elsewhere.example.com/x" }), third);
  assert.equal(await leadsTo({ referer: "https://elsewhere.example.com/x" }), SITE);
});

test("1.2 the host that a request names does not get into links", async () => {
  const email = newEmail();
  const headers = { "x-forwarded-host": "evil.example.com", "x-forwarded-proto": "http" };
  ok(await instance.post("/signup", { email, password: PASSWORD }, { headers }));
  assert.ok((await mailTo(email)).link.startsWith(`${AUTH_URL}/`));
});

test("28 pages ask first", async () => {
  const answer = await instance.call("OPTIONS", "/token", {
    headers: {
      origin: SITE, "access-control-request-method": "POST",
      "access-control-request-headers": "apikey,authorization,content-type,x-client-info,x-supabase-api-version",
    },
  });
  assert.deepEqual([answer.status, answer.text], [204, ""]);
  const list = (name) => answer.headers.get(`access-control-allow-${name}`).split(/, */).map((s) => s.toLowerCase());
  assert.ok(["*", SITE].includes(answer.headers.get("access-control-allow-origin")));
  for (const method of ["get", "post", "put", "patch", "delete"]) assert.ok(list("methods").includes(method), method);
  for (const name of [
    "accept", "authorization", "content-type", "x-client-ip", "x-client-info", "x-jwt-aud", "x-use-cookie",
    "x-supabase-api-version", "apikey",
  ]) {
    assert.ok(list("headers").includes(name), name);
  }
});

test("1.6 pages may read what is answered, errors too", async () => {
  const headers = { origin: SITE };
  for (const answer of [
    await instance.get("/settings", { headers }), await instance.post("/signup", MALFORMED, { headers }),
    await instance.get("/user", { headers }), await instance.get("/nothing", { headers }),
  ]) {
    assert.ok(["*", SITE].includes(answer.headers.get("access-control-allow-origin")), answer.text);
    const exposed = answer.headers.get("access-control-expose-headers").toLowerCase().split(/, */);
    for (const name of ["x-total-count", "link", VERSION_HEADER]) assert.ok(exposed.includes(name), name);
  }
});

test("1.6 credentials are allowed", async () => {
  for (const method of ["GET", "OPTIONS"]) {
    const { headers } = await instance.call(method, "/settings", {
      headers: { origin: SITE, "access-control-request-method": "GET" },
    });
    assert.equal(headers.get("access-control-allow-credentials"), "true", method);
  }
});

test("1.6 further headers that pages may send", async () => {
  const own = await newInstance({ cors_allowed_headers: "X-Own,X-Other" });
  const { headers } = await own.call("OPTIONS", "/token", {
    headers: { origin: SITE, "access-control-request-method": "POST" },
  });
  const allowed = headers.get("access-control-allow-headers").toLowerCase().split(/, */);
  for (const name of ["x-own", "x-other", "apikey"]) assert.ok(allowed.includes(name), name);
});

test("1.1 times", async () => {
  const { created_at, updated_at, confirmation_sent_at } = await instance.signUp();
  for (const time of [created_at, updated_at, confirmation_sent_at]) assert.match(time, TIME);
});
