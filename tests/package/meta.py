"""Prints what in META.json is not as PGXN's specification 1.0.0 or this source tree wants it: meta.py ROOT VERSION"""
import json
import os
import re
import sys

root, version = sys.argv[1:]
with open(os.path.join(root, "META.json"), encoding="utf-8") as file:
    meta = json.load(file)

REQUIRED = {"name", "version", "abstract", "maintainer", "license", "provides", "meta-spec"}
OPTIONAL = {"description", "generated_by", "no_index", "prereqs", "release_status", "resources", "tags"}
LICENCES = {
    "agpl_3", "apache_1_1", "apache_2_0", "artistic_1", "artistic_2", "bsd", "freebsd", "gfdl_1_2", "gfdl_1_3", "gpl_1",
    "gpl_2", "gpl_3", "lgpl_2_1", "lgpl_3_0", "mit", "mozilla_1_0", "mozilla_1_1", "openssl", "perl_5", "postgresql",
    "qpl_1_0", "ssleay", "sun", "zlib", "open_source", "restricted", "unrestricted", "unknown",
}
TERM = re.compile(r"[^\s/\\\x00-\x1f\x7f]{2,}")  # "term": two characters or more, no space, slash or control
SEMANTIC = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)([-+]?[A-Za-z][0-9A-Za-z-]*|-[0-9A-Za-z.-]+)?")


def check(right, message):
    if not right:
        print(message)


def text(value):
    return isinstance(value, str) and value != ""


check(REQUIRED <= meta.keys(), f"missing: {sorted(REQUIRED - meta.keys())}")
unknown = {key for key in meta if key not in REQUIRED | OPTIONAL and not key.lower().startswith("x_")}
check(not unknown, f"not in the specification: {sorted(unknown)}")
check(meta["name"] == "auth" and TERM.fullmatch(meta["name"]), "the distribution's name is auth")
check(text(meta["abstract"]) and len(meta["abstract"]) < 100, "the abstract is one short line")
check(text(meta["maintainer"]), "the maintainer is a string")
check(meta["license"] in LICENCES, f"no licence of the specification: {meta['license']}")
check(meta["license"] == "apache_2_0", "the licence is that of LICENSE")
check(meta["meta-spec"].get("version") == "1.0.0", "the specification's version is 1.0.0")
check(meta["version"] == version, f"version {meta['version']}, Cargo.toml has {version}")
check(SEMANTIC.fullmatch(meta["version"]), "the version is a semantic one")
check(list(meta["provides"]) == ["auth"], "it provides the extension auth and no other")
for name, extension in meta["provides"].items():
    check(TERM.fullmatch(name), f"no name for an extension: {name}")
    check({"file", "version"} <= extension.keys() <= {"file", "version", "docfile", "abstract"}, f"{name}: its members")
    check(extension["version"] == version, f"{name}: version {extension['version']}, Cargo.toml has {version}")
    for key in ("file", "docfile"):
        check(os.path.isfile(os.path.join(root, extension.get(key, ""))), f"{name}: {key} is not there")
for phase, relations in meta.get("prereqs", {}).items():
    check(phase in {"configure", "build", "test", "runtime", "develop"}, f"no phase: {phase}")
    for relation, names in relations.items():
        check(relation in {"requires", "recommends", "suggests", "conflicts"}, f"no relation: {relation}")
        for name, needed in names.items():
            check(needed == 0 or SEMANTIC.fullmatch(needed), f"{name}: no version: {needed}")
tags = meta.get("tags", [])
check(all(text(tag) and len(tag) < 256 and not re.search(r"[/\\\x00-\x1f]", tag) for tag in tags), "tags are plain")
check(len(set(tags)) == len(tags), "tags are named once")
