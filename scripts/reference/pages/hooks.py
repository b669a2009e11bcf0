"""Hooks of the GoTrue door."""

import re
import sys

import source
from markdown import code, inline, page, table, wrap

PATH = "hooks.md"


def make(catalogue, links):
    known = {entry["key"]: entry for entry in catalogue["settings"]}
    found = [re.fullmatch(r"hook_(\w+)_enabled", key) for key in known]
    names = sorted(match.group(1) for match in found if match)

    def pages():
        yield PATH, written(names, known, links)

    return pages


def written(names, known, links):
    events, parts = source.hook_events(), []
    for name in names:
        if name not in events:
            sys.exit(f"the hook {name} is not in src/recipes/gotrue/hooks.rs")
        called, may_wait = events[name]
        told = re.sub(r"^Whether there is a hook that ", "It ", known[f"hook_{name}_enabled"]["description"])
        place = "A function of the database, or an endpoint." if may_wait else "A function of the database."
        rows = [
            [code(key), inline(known[key]["description"], links, PATH)]
            for key in (f"hook_{name}_{part}" for part in ("enabled", "uri", "secrets"))
        ]
        parts += [
            f"## {name}",
            wrap(f"{inline(told, links, PATH)} {place} In its input `metadata.name` is `{called}`."),
            table(["setting", "what"], rows),
        ]
    return page(
        "Hooks",
        *(wrap(inline(rule, links, PATH)) for rule in source.hook_rules()),
        wrap("[How to set one up](../gotrue.md#hooks). What it is given and may answer is as GoTrue documents it."),
        *parts,
    )
