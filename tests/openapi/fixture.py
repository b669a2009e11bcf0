"""Makes what the run may come across: users of every recipe, tenants, roles, sessions, tokens. Prints it as JSON.

Everything is made through the CDI. The names are those of the schemas in cdi.json whose values they are.
"""

import base64
import hmac
import json
import os
import struct
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

AUTH_URL = os.environ["AUTH_URL"]
API_KEY = os.environ["API_KEY"]
PASSWORD = "correct horse 1"
TOTP_SECRET = "JBSWY3DPEHPK3PXP"


def call(method, path, body=None, rid=None):
    """An answer of the CDI whose status must be OK."""
    headers = {"api-key": API_KEY, "cdi-version": "5.4", "content-type": "application/json"}
    if rid:
        headers["rid"] = rid
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(AUTH_URL + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request) as response:
            answer = json.load(response)
    except urllib.error.HTTPError as error:
        sys.exit(f"{method} {path}: {error.code} {error.read().decode()}")
    if answer["status"] != "OK":
        sys.exit(f"{method} {path}: {answer}")
    return answer


def post(path, **body):
    return call("POST", path, body)


def put(path, **body):
    return call("PUT", path, body)


def some(make, count):
    return [make(n) for n in range(count)]


def totp_codes(secret, count):
    """Codes of a device with steps of a day, which accepts a hundred of them around now (RFC 6238)."""
    today = int(time.time()) // 86400
    for step in range(today, today + count):
        digest = hmac.digest(base64.b32decode(secret), struct.pack(">Q", step), "sha1")
        start = digest[-1] & 15
        number = struct.unpack(">I", digest[start : start + 4])[0] & 0x7FFFFFFF
        yield f"{number % 1000000:06}"


for tenant_id in ("berlin", "lagos", "ephesus"):
    put("/recipe/multitenancy/tenant/v2", tenantId=tenant_id, firstFactors=None)
for app_id in ("shop", "stall"):
    put("/recipe/multitenancy/app/v2", appId=app_id)
for role in ("editor", "reader", "guest"):
    put("/recipe/role", role=role, permissions=["read", "write"])
put("/recipe/multitenancy/config/thirdparty", config={"thirdPartyId": "github", "clients": [{"clientId": "c"}]})

emails = some(lambda n: f"user{n}@example.org", 24)
by_password = [post("/recipe/signup", email=email, password=PASSWORD)["user"]["id"] for email in emails]
unmapped = some(lambda n: post("/recipe/signup", email=f"new{n}@example.org", password=PASSWORD)["user"]["id"], 12)
lost_ids = some(lambda n: post("/recipe/signup", email=f"lost{n}@example.org", password=PASSWORD)["user"]["id"], 6)
third_party = some(
    lambda n: post(
        "/recipe/signinup",
        thirdPartyId="github",
        thirdPartyUserId=str(1000 + n),
        email={"id": f"git{n}@example.org", "isVerified": True},
    )["user"]["id"],
    4,
)
phones = some(lambda n: f"+4915112345{n:03}", 4)
passwordless = []
for phone in phones:
    code = post("/recipe/signinup/code", phoneNumber=phone)
    presented = {key: code[key] for key in ("preAuthSessionId", "deviceId", "userInputCode")}
    passwordless.append(post("/recipe/signinup/code/consume", **presented)["user"]["id"])
# Few, so that their parts are often drawn together.
codes = some(lambda n: post("/recipe/signinup/code", email=f"code{n}@example.org", userInputCode="123456"), 2)

# A group of two, a mapped user, a user in a second tenant.
post("/recipe/accountlinking/user/primary", recipeUserId=by_password[0])
post("/recipe/accountlinking/user/link", recipeUserId=third_party[0], primaryUserId=by_password[0])
post("/recipe/userid/map", superTokensUserId=by_password[1], externalUserId="cust-1001")
post("/berlin/recipe/multitenancy/tenant/user", recipeUserId=by_password[2])

user_ids = by_password + third_party + passwordless + ["cust-1001"]
for user_id in user_ids[2:6]:
    put("/recipe/user/metadata", userId=user_id, metadataUpdate={"theme": "dark"})
    put("/recipe/user/role", userId=user_id, role="editor")


def session_of(user_id, n):
    return post(
        "/recipe/session",
        userId=user_id,
        userDataInJWT={"n": n},
        userDataInDatabase={},
        enableAntiCsrf=n % 4 == 3,
        useDynamicSigningKey=n % 2 == 0,
    )


sessions = some(lambda n: session_of(user_ids[n], n), 8)
# What happens to users ends their sessions; nothing happens to these.
visits = some(lambda n: session_of(f"visitor-{n}", 2 * n), 12)
lost_visits = some(lambda n: session_of(f"lost-visitor-{n}", n), 6)


def tokens(path, some_users):
    users = list(zip(by_password, emails))[some_users]
    return [post(path, userId=user_id, email=email)["token"] for user_id, email in users]


device = {"skew": 100, "period": 86400, "secretKey": TOTP_SECRET}
for user_id in user_ids[:8]:
    post("/recipe/totp/device/import", userId=user_id, deviceName="Phone", **device)
    post("/recipe/totp/device", userId=user_id, deviceName="New phone", skew=1, period=30)
for user_id in lost_ids:
    post("/recipe/totp/device", userId=user_id, deviceName="Lost phone", skew=1, period=30)


def options_of(n):
    party = {"relyingPartyId": "example.org", "relyingPartyName": "Example", "origin": "https://example.org"}
    made = post("/recipe/webauthn/options/register", email=f"key{n}@example.org", timeout=3600000, **party)
    return made["webauthnGeneratedOptionsId"]


options = some(options_of, 4)


def dashboard_user(n):
    email = f"dashboard{n}@example.org"
    user = post("/recipe/dashboard/user", email=email, password=PASSWORD)["user"]["userId"]
    session = post("/recipe/dashboard/signin", email=email, password=PASSWORD)["sessionId"]
    return {"email": email, "id": user, "session": session}


staff = some(dashboard_user, 4)
server = Path(os.environ["AUTH_CLUSTER"], "pgdata", "postmaster.pid").read_text().split()[0]

known = {
    "UserId": user_ids,
    "RecipeUserId": user_ids,
    "SuperTokensUserId": unmapped,
    "EmailAddress": emails + ["git0@example.org", "code0@example.org", staff[0]["email"]],
    "PhoneNumber": phones,
    "Password": [PASSWORD],
    "PasswordHash": ["$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy"],
    "ExternalUserId": some(lambda n: f"cust-{n}", 40),
    "SigningAlgorithm": ["RS256"],
    "TenantId": ["berlin", "lagos"],
    "AppId": ["shop"],
    "ConnectionUriDomain": ["auth.example.org"],
    "ThirdPartyId": ["github"],
    "ThirdPartyUserId": ["1000", "1001"],
    "Role": ["editor", "reader"],
    "Permission": ["read", "write"],
    "SessionHandle": [session["session"]["handle"] for session in visits + sessions],
    "AccessToken": [session["accessToken"]["token"] for session in visits + sessions],
    "RefreshToken": [session["refreshToken"]["token"] for session in visits],
    "ResetPasswordToken": tokens("/recipe/user/password/reset/token", slice(4, 14)),
    "EmailVerificationToken": tokens("/recipe/user/email/verify/token", slice(4, 24)),
    "RecoverAccountToken": tokens("/recipe/webauthn/user/recover/token", slice(4, 14)),
    "PreAuthSessionId": [code["preAuthSessionId"] for code in codes],
    "DeviceId": [code["deviceId"] for code in codes],
    "LinkCode": [code["linkCode"] for code in codes],
    "UserInputCode": ["123456"],
    "DeviceName": ["Phone", "New phone"],
    "TotpSecret": [TOTP_SECRET],
    "TotpCode": list(totp_codes(TOTP_SECRET, 12)),
    "DashboardUserId": [staff[0]["id"]],
    "DashboardSessionId": [staff[0]["session"], staff[1]["session"]],
    "ProcessId": [server],
    "OptionsId": options[1:],
}
doomed = {
    "UserId": lost_ids,
    "RecipeUserId": lost_ids,
    "TenantId": ["ephesus"],
    "AppId": ["stall"],
    "ConnectionUriDomain": ["lost.example.org"],
    "Role": ["guest"],
    "SessionHandle": [session["session"]["handle"] for session in lost_visits],
    "ResetPasswordToken": tokens("/recipe/user/password/reset/token", slice(14, 24)),
    "RecoverAccountToken": tokens("/recipe/webauthn/user/recover/token", slice(14, 24)),
    "DeviceName": ["Lost phone"],
    "DashboardUserId": [staff[2]["id"]],
    "DashboardSessionId": [staff[3]["session"]],
    "OptionsId": options[:1],
}
json.dump({"known": known, "doomed": doomed}, sys.stdout, indent=1)
