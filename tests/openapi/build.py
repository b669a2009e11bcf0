#!/usr/bin/env python3
"""Writes docs/openapi/cdi.json out of docs/openapi/cdi/*.yaml; with --check, says whether it is up to date.

The sources are short because what all operations share stands here once: the envelope with `status`, the refusals, the
header `cdi-version`. docs/openapi/README.md describes the notation.
"""

import json
import sys
from pathlib import Path

import yaml

DOCS = Path(__file__).resolve().parents[2] / "docs" / "openapi"
JSON_TYPES = {"string", "boolean", "integer", "number", "object", "array", "null"}
SCHEMA_KEYS = {
    "type", "fields", "description", "examples", "default", "enum", "const", "format", "pattern", "items", "anyOf",
    "oneOf", "minimum", "maximum", "minItems", "maxItems", "$ref",
}  # fmt: skip
# Who may call: what the 403 is for.
GATES = {"app": "RefusedInApp", "caller": "RefusedCaller", "recipe": "RecipeDisabled", "tenant": "RefusedInTenant"}
OPERATION_KEYS = {
    "id", "summary", "description", "deprecated", "access", "gate", "hashes", "headers", "query", "body",
    "body_optional", "ok", "statuses", "unauthorised", "answer", "answer_headers", "answer_text", "refusals",
    "not_found", "links",
}  # fmt: skip


def ref(name, section="schemas"):
    return {"$ref": f"#/components/{section}/{name}"}


def schema(notation):
    """A JSON Schema out of the short notation."""
    if isinstance(notation, list):
        (item,) = notation
        return {"type": "array", "items": schema(item)}
    if isinstance(notation, str):
        base, _, null = notation.partition(" | ")
        if not null:
            return {"type": base} if base in JSON_TYPES else ref(base)
        return {"type": [base, null]} if base in JSON_TYPES else {"anyOf": [ref(base), {"type": null}]}
    unknown = [key for key in notation if key not in SCHEMA_KEYS]
    if unknown:
        sys.exit(f"{notation}: {unknown} is no part of a schema; is a text without quotes?")
    made = {key: value for key, value in notation.items() if key not in ("fields", "type")}
    if "fields" in notation:
        made = {**made, **fields(notation["fields"])}
    kind = notation.get("type")
    is_plain = isinstance(kind, str) and kind in JSON_TYPES or isinstance(kind, list) and len(kind) > 1
    if kind is not None:
        made = {"type": kind, **made} if is_plain else {**schema(kind), **made}
    if "items" in notation:
        made["items"] = schema(notation["items"])
    for several in ("anyOf", "oneOf"):
        if several in notation:
            made[several] = [schema(one) for one in notation[several]]
    if set(made) & {"$ref"} and made["$ref"][0] != "#":
        made["$ref"] = ref(made["$ref"])["$ref"]
    return made


def fields(members):
    """An object's schema; a name in parentheses may be absent."""
    made = {"type": "object", "properties": {name.strip("()"): schema(of) for name, of in members.items()}}
    required = [name for name in members if not name.startswith("(")]
    return {**made, "required": required} if required else made


def pascal(name):
    return name[0].upper() + name[1:]


def status_name(status):
    return "".join(word.capitalize() for word in status.split("_"))


class Builder:
    def __init__(self, folder):
        read = {path.stem: yaml.safe_load(path.read_text()) for path in sorted(folder.glob("*.yaml"))}
        self.document = read.pop("document")
        shared = read.pop("schemas")
        self.status_members = shared["statuses"]
        self.resources = sorted(read.values(), key=lambda resource: resource["tag"])
        self.notations = dict(shared["schemas"])
        for resource in self.resources:
            self.notations.update(resource.get("schemas", {}))
        self.schemas = {name: schema(notation) for name, notation in self.notations.items()}
        self.operations = {}

    def build(self):
        self.document["tags"] = [{"name": r["tag"], "description": r["description"]} for r in self.resources]
        all_operations = [
            (key, resource["tag"], operation)
            for resource in self.resources
            for key, operation in resource["operations"].items()
        ]
        for _, _, operation in all_operations:
            unknown = set(operation) - OPERATION_KEYS
            if unknown or operation["id"] in self.operations:
                sys.exit(f"{operation['id']}: unknown keys {sorted(unknown)}, or the id is there twice")
            self.operations[operation["id"]] = operation
        paths = {}
        for key, tag, operation in all_operations:
            method, path = key.split(" ")
            paths.setdefault(path, {})[method.lower()] = self.operation(tag, operation)
        self.document["paths"] = dict(sorted(paths.items()))
        self.document["components"]["schemas"] = dict(sorted(self.schemas.items()))
        return self.document

    def operation(self, tag, source):
        made = {"operationId": source["id"], "tags": [tag], "summary": source["summary"].rstrip(".")}
        for name in ("description", "deprecated"):
            if name in source:
                made[name] = source[name]
        parameters = self.parameters(source)
        if parameters:
            made["parameters"] = parameters
        if "body" in source:
            made["requestBody"] = self.request_body(source)
        made["responses"] = self.responses(source)
        if source.get("access") == "open":
            made["security"] = []
        return made

    def parameters(self, source):
        made = [ref(name, "parameters") for name in source.get("headers", [])]
        if "access" not in source:
            made.insert(0, ref("CdiVersion", "parameters"))
        for name, notation in source.get("query", {}).items():
            of = schema(notation)
            parameter = {"name": name.strip("()"), "in": "query", "required": not name.startswith("(")}
            if "description" in of and "$ref" not in of:
                parameter["description"] = of.pop("description")
            made.append({**parameter, "schema": of})
        return made

    def request_body(self, source):
        body = source["body"]
        if isinstance(body, str):
            of = ref(body)
        else:
            name = pascal(source["id"]) + "Request"
            alternatives = [fields(one) for one in body] if isinstance(body, list) else None
            self.schemas[name] = {"oneOf": alternatives} if alternatives else fields(body)
            of = ref(name)
        return {"required": not source.get("body_optional", False), "content": {"application/json": {"schema": of}}}

    def responses(self, source):
        made = {"200": self.answer(source)}
        if "access" not in source or source["access"] == "unversioned":
            made["401"] = ref("InvalidApiKey", "responses")
        if "unauthorised" in source:
            name = pascal(source["id"]) + "Unauthorised"
            made["401"] = {
                "description": "The API key is missing or wrong (a text); or, in the simplified profile, one of\n\n"
                + self.meanings(source["unauthorised"]),
                "content": {
                    "application/json": {"schema": self.one_of(name, source["unauthorised"], {})},
                    "text/html": {"schema": ref("Message")},
                },
            }
        made["400"] = ref("MalformedInput", "responses")
        if "refusals" in source:
            general = self.document["components"]["responses"]["MalformedInput"]["description"]
            texts = "".join(f"\n- `{text}`" for text in source["refusals"])
            made["400"] = {
                "description": f"{general} Among the texts:\n{texts}",
                "content": {"text/html": {"schema": ref("Message")}},
            }
        made["403"] = ref(GATES[source.get("gate", "tenant")], "responses")
        made["404"] = ref("NotFound", "responses")
        if "not_found" in source:
            made["404"] = {"description": source["not_found"], "content": {"text/html": {"schema": ref("Message")}}}
        if source.get("hashes"):
            made["429"] = ref("Busy", "responses")
        return dict(sorted(made.items()))

    def answer(self, source):
        """The response 200: documents that their `status` tells apart, or one without a status."""
        name = pascal(source["id"])
        if "answer" in source:
            self.schemas[name + "Response"] = schema(source["answer"])
            made = {"description": "The answer.", "content": {"application/json": {"schema": ref(name + "Response")}}}
        else:
            ok = self.ok(name, source.get("ok"))
            statuses = source.get("statuses", {})
            of = self.one_of(name + "Response", statuses, {"OK": ok}) if statuses else ref(ok)
            text = "`OK`." if not statuses else "- `OK`\n" + self.meanings(statuses)
            made = {"description": text, "content": {"application/json": {"schema": of}}}
        if "answer_text" in source:
            made["content"]["text/html"] = {"schema": source["answer_text"]}
        if "answer_headers" in source:
            made["headers"] = source["answer_headers"]
        if "links" in source:
            made["links"] = {target: self.link(target, values) for target, values in source["links"].items()}
        return made

    def ok(self, name, members):
        """Declares the document of success; gives its name."""
        if members is None:
            name, members = "", {}
        if isinstance(members, str):
            members = self.notations[members]["fields"]
        if isinstance(members, list):
            made = {"anyOf": [self.document_of("OK", one) for one in members]}
        else:
            made = self.document_of("OK", members)
        self.schemas[name + "Ok"] = made
        return name + "Ok"

    def one_of(self, name, statuses, known):
        """Declares the alternatives of an answer, told apart by `status`."""
        mapping = dict(known)
        for status in statuses:
            mapping[status] = status_name(status)
            self.schemas[mapping[status]] = self.document_of(status, self.status_members.get(status, {}))
        self.schemas[name] = {
            "oneOf": [ref(of) for of in mapping.values()],
            "discriminator": {
                "propertyName": "status",
                "mapping": {status: ref(of)["$ref"] for status, of in mapping.items()},
            },
        }
        return ref(name)

    @staticmethod
    def document_of(status, members):
        return fields({"status": {"type": "string", "const": status}, **members})

    @staticmethod
    def meanings(statuses):
        return "\n".join(f"- `{status}`: {meaning.rstrip('.')}." for status, meaning in statuses.items())

    def link(self, target, values):
        """What of an answer to hand to which operation next: a pointer into the answer, or any runtime expression."""
        operation = self.operations[target]
        expressions = {
            name: value if value.startswith("$") else f"$response.body#/{value}" for name, value in values.items()
        }
        in_query = {name.strip("()") for name in operation.get("query", {})}
        made = {"operationId": target}
        parameters = {f"query.{name}": value for name, value in expressions.items() if name in in_query}
        body = {name: value for name, value in expressions.items() if name not in in_query}
        if parameters:
            made["parameters"] = parameters
        if body:
            made["requestBody"] = body
        return made


def main():
    target = DOCS / "cdi.json"
    text = json.dumps(Builder(DOCS / "cdi").build(), indent=2, ensure_ascii=False) + "\n"
    if sys.argv[1:] != ["--check"]:
        target.write_text(text)
    elif not target.exists() or target.read_text() != text:
        sys.exit("docs/openapi/cdi.json is not what its sources say: run tests/openapi/build.py")


if __name__ == "__main__":
    main()
