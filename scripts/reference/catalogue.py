"""Reads what the pages tell from a database with the extension."""

import json
import os
import subprocess
import sys
from pathlib import Path

QUERIES = Path(__file__).resolve().parent / "sql"
KINDS = ["functions", "relations", "settings", "server_settings", "routes", "api_mark"]
API_SCHEMA = "reference_api"


def read():
    """One entry a kind: what its query answers, whose order is the caller's business."""
    # One transaction, which ends with the connection and leaves nothing.
    script = "\n".join(["BEGIN;", "\\o /dev/null", query("setup"), "\\o", *(query(kind) for kind in KINDS)])
    psql = [f"{os.environ['PGBIN']}/psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"]
    # Notices would tell about grants that were there already.
    environment = {**os.environ, "PGOPTIONS": "-c client_min_messages=warning", "PGCLIENTENCODING": "UTF8"}
    answer = subprocess.run(
        [*psql, "-d", os.environ["DATABASE_URL"]],
        input=script, stdout=subprocess.PIPE, env=environment, encoding="utf-8",
    )  # fmt: skip
    lines = answer.stdout.splitlines()
    if answer.returncode or len(lines) != len(KINDS):
        sys.exit("the catalogue cannot be read; this needs a superuser and the extension")
    known = dict(zip(KINDS, map(json.loads, lines)))
    for each in known["functions"] + known["relations"]:
        if each["comment"] is None:
            sys.exit(f"{each['schema']}.{each['name']} has no comment")
    return known


def query(kind):
    return (QUERIES / f"{kind}.sql").read_text()
