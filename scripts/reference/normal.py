"""How Postgres writes types and expressions, in the shorter form that people write, the same in every version."""

import re

TYPES = {"timestamp with time zone": "timestamptz", "character varying": "varchar"}
# A cast of a literal to what it is for; none is written in our sources.
CAST = re.compile(r"('(?:[^']|'')*'|NULL|ARRAY\[[^]]*\])::(?:\"char\"|[a-z]+(?: with time zone)?)(?:\[\])?")


def type_name(text):
    for long, short in TYPES.items():
        text = text.replace(long, short)
    return text


def expression(text):
    """A default, a condition."""
    return type_name(CAST.sub(r"\1", CAST.sub(r"\1", text)))  # casts of elements, then of their array
