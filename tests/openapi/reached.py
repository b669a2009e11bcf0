"""Says how far the calls came: every operation must have succeeded, but for those that cannot here."""

import json
import sys
from collections import defaultdict
from pathlib import Path

NEVER_SUCCEEDS = {
    "getLicense": "there are no licences",
    "webAuthnSignUp": "needs an authenticator",
    "webAuthnSignIn": "needs an authenticator",
    "registerCredential": "needs an authenticator",
    "getCredential": "needs a passkey",
    "removeCredential": "needs a passkey",
    "updateWebAuthnEmail": "needs a passkey user",
}

document = json.loads(Path(sys.argv[1]).read_text())
seen = defaultdict(dict)
for operation_id, status, count in json.loads(Path(sys.argv[2]).read_text()):
    seen[operation_id][status] = count

schemas = document["components"]["schemas"]
statuses = reached = 0
failed = []
for path, methods in document["paths"].items():
    for method, operation in methods.items():
        name = operation["operationId"]
        answer = operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        documented = schemas[answer].get("discriminator", {}).get("mapping", {"OK": None})
        statuses += len(documented)
        reached += len(set(documented) & set(seen[name]))
        if "OK" not in seen[name] and name not in NEVER_SUCCEEDS:
            failed.append(f"never succeeded: {name} ({method.upper()} {path}): {seen[name]}")
        if "OK" in seen[name] and name in NEVER_SUCCEEDS:
            failed.append(f"succeeded after all: {name}")

calls = sum(sum(of.values()) for of in seen.values())
print(f"{calls} calls, {len(seen)} operations; {reached} of {statuses} documented statuses were answered")
print("\n".join(failed), end="\n" if failed else "")
sys.exit(bool(failed))
