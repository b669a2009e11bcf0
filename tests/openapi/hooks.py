"""What schemathesis does not know by itself: values that exist, that answers are complete, and which answers came."""

import atexit
import json
import os
from collections import Counter
from pathlib import Path

import schemathesis
from hypothesis import strategies as st

FIXTURE = json.loads(Path(os.environ["OPENAPI_FIXTURE"]).read_text())
# These take away what the others need, so they get values of their own.
DESTROYERS = {
    "removeUser", "deleteUser", "unlinkAccount", "removeSessions", "removeRole", "removePermissionsFromRole",
    "removeTenant", "removeApp", "removeTotpDevice", "clearUserMetadata", "deleteUserMetadata", "removeUserIdMapping",
    "removeDomain", "removeDashboardUser", "updateDashboardUser", "removeDashboardSession", "removeWebAuthnOptions",
    "consumeResetPasswordToken", "consumeRecoverAccountToken",
}  # fmt: skip
# Objects of the application's own, with what JSON, jsonb and floating point may disagree on.
EDGES = {"numbers": [1.7976931348623157e308, 5e-324, -0.0, 2**63, 10**30], "text": "\u0001\U0001f600", "": None}
SEEN = Counter()


@schemathesis.deserializer("text/html")
def text(context, response):
    return response.content.decode()


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """Draws the fixture's values often, and lets no answer have a member that the document does not name."""
    schemas = raw_schema["components"]["schemas"]
    sent = reachable(raw_schema, lambda operation: operation.get("requestBody"))
    answered = reachable(raw_schema, lambda operation: operation["responses"])
    for name in answered - sent:
        close(schemas[name])
    for name, values in FIXTURE["known"].items():
        schemas[name] = {**schemas[name], **drawn_from(f"known-{name}", name, values)}
    for name, values in FIXTURE["doomed"].items():
        schemas[f"Doomed{name}"] = {"type": "string", **drawn_from(f"doomed-{name}", name, values)}
    for name in ("Metadata", "AccessTokenPayload", "SessionData"):
        schemas[name] = {**schemas[name], "examples": [{"theme": "dark"}, EDGES]}
    for operation in operations(raw_schema):
        if operation["operationId"] in DESTROYERS:
            bodies = [schemas[name] for _, name in references(operation.get("requestBody"))]
            doom([operation.get("parameters"), bodies])


def drawn_from(format_name, name, values):
    """Keywords of a schema whose values are mostly those of the fixture."""
    others = st.text(max_size=20)
    if name == "EmailAddress":
        others |= st.integers(0, 10**9).map(lambda n: f"new{n}@example.org")
    known = st.sampled_from(values)
    schemathesis.openapi.format(format_name, st.one_of(known, known, others))
    return {"format": format_name, "examples": values[:2]}


def doom(node):
    """Makes what refers to a schema refer to the one with the values that may be lost."""
    if isinstance(node, list):
        for item in node:
            doom(item)
    elif isinstance(node, dict):
        name = str(node.get("$ref")).rpartition("/")[2]
        if name in FIXTURE["doomed"]:
            node["$ref"] = f"#/components/schemas/Doomed{name}"
        doom(list(node.values()))


def operations(document):
    return [operation for path in document["paths"].values() for operation in path.values()]


def references(node):
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"].split("/")[2:]
        for member in node.values():
            yield from references(member)
    elif isinstance(node, list):
        for item in node:
            yield from references(item)


def reachable(document, part):
    """Names of the schemas that a part of any operation leads to."""
    waiting = [found for operation in operations(document) for found in references(part(operation))]
    names = set()
    while waiting:
        section, name = waiting.pop()
        if section == "schemas" and name in names:
            continue
        names.update([name] if section == "schemas" else [])
        waiting += references(document["components"][section][name])
    return names


def close(schema):
    if isinstance(schema, dict):
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
        for member in list(schema.values()):
            close(member)
    elif isinstance(schema, list):
        for item in schema:
            close(item)


@schemathesis.hook
def after_call(context, case, response):
    status = str(response.status_code)
    if response.status_code == 200 and "json" in (response.headers.get("content-type") or [""])[0]:
        status = response.json().get("status", "OK")
    SEEN[case.operation.definition.raw["operationId"], status] += 1


@atexit.register
def write_seen():
    rows = [[*key, count] for key, count in sorted(SEEN.items())]
    Path(os.environ["OPENAPI_SEEN"]).write_text(json.dumps(rows))
