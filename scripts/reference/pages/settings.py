"""Settings: of applications by topic, and of the server."""

import json
import os
import re
import sys

import source
from markdown import code, escape, inline, page, slug, table, wrap

FAMILY = 4  # so many settings that differ only in a name are told together
PATH = "settings.md"
HEADS = ["setting", "type", "default", "scope", "what"]


class Entry:
    def __init__(self, known, topics, without_effect):
        self.key = known["key"]
        self.unit = known["unit"]
        self.type = {"String": "text", "long": "int"}.get(known["value_type"], known["value_type"])
        self.default = (
            "" if known["default_value"] is None else code(json.dumps(known["default_value"], ensure_ascii=False))
        )
        self.scope, self.is_secret, self.text = known["scope"], known["is_secret"], known["description"]
        self.topic = next((topic for topic in topics if topic.holds(self.key)), None)
        if self.topic is None:
            sys.exit(
                f"the setting {self.key} is found in no file of core/src/settings: see scripts/reference/source.py"
            )
        self.pattern = self.topic.pattern_of(self.key)
        self.has_effect = known.get(
            "has_effect", not (self.topic.may_lack_effect and is_among(without_effect, self.key))
        )

    def family(self):
        return self.pattern, self.type, self.unit, self.default, self.scope, self.is_secret, self.has_effect

    def cells(self, name, text):
        kind = self.type + (f", {self.unit}" if self.unit else "") + (", secret" if self.is_secret else "")
        return [
            code(name),
            kind,
            self.default,
            self.scope,
            text + ("" if self.has_effect else " *Without effect yet.*"),
        ]


def is_among(patterns, key):
    return any(re.fullmatch(pattern, key) for pattern in patterns)


def make(catalogue, links):
    topics, without_effect = source.setting_topics(), source.settings_without_effect()
    entries = [Entry(known, topics, without_effect) for known in catalogue["settings"]]
    by_topic = {}
    for entry in entries:
        by_topic.setdefault(entry.topic.title, []).append(entry)
        if "_" in entry.key:
            links.add(entry.key, PATH, entry.topic.title)
    for each in catalogue["server_settings"]:
        links.add(each["name"], PATH, "Of the server")

    def pages():
        yield PATH, written(by_topic, catalogue["server_settings"], links)

    return pages


def written(by_topic, of_server, links):
    contents = [f"- [{escape(title)}](#{slug(title)})" for title in [*by_topic, "Of the server"]]
    parts = [part for title, entries in by_topic.items() for part in (f"## {title}", *topic(entries, links))]
    return page(
        "Settings",
        wrap(
            "[settings.md](../settings.md) says how they are set. The scope is the narrowest place where a setting"
            " may have a value of its own: `base` is everything, `app` an app, `tenant` a tenant. Without a default"
            " there is no value. A duration is a text such as `10s` or `1h30m`. Secrets are stored sealed and shown"
            " as `***`."
        ),
        "\n".join(contents),
        *parts,
        "## Of the server",
        "In `postgresql.conf`; a reload applies them.",
        table(
            ["setting", "type", "default", "what"],
            [server(each, links) for each in sorted(of_server, key=lambda s: s["name"])],
        ),
    )


def topic(entries, links):
    families = {}
    for entry in entries:
        if entry.pattern:
            families.setdefault(entry.family(), []).append(entry)
    families = {family: members for family, members in families.items() if len(members) >= FAMILY}
    rows, folded, told = [], [], set()
    for entry in entries:
        members = families.get(entry.family(), [])
        if entry not in members:
            rows.append(entry.cells(entry.key, inline(entry.text, links, PATH)))
            continue
        folded.append(entry.cells(entry.key, inline(entry.text, links, PATH)))
        if entry.family() not in told:
            told.add(entry.family())
            rows.append(entry.cells(entry.pattern.replace("(.+)", "<name>"), inline(shared(members), links, PATH)))
    yield table(HEADS, rows)
    if folded:
        yield "Those with `<name>` one by one:"
        yield f"<details><summary>{len(folded)} settings</summary>"
        yield table(HEADS, folded)
        yield "</details>"


def shared(members):
    """What their descriptions have in common."""
    texts = [member.text for member in members]
    begin = os.path.commonprefix(texts).rpartition(" ")[0]
    end = os.path.commonprefix([text[len(begin) :][::-1] for text in texts])[::-1]
    _, blank, end = end.partition(" ") if end[:1] not in ("", " ", ",") else ("", "", end)
    return f"{begin} …{blank}{end}"


def server(each, links):
    limits = f", {each['min']} to {each['max']}" if each["min"] is not None else ""
    kind = {"integer": "int", "string": "text"}[each["type"]] + (f", {each['unit']}" if each["unit"] else "") + limits
    default = code(each["default"]) if each["default"] else ""
    return [code(each["name"]), kind, default, inline(each["comment"], links, PATH)]
