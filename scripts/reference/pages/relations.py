"""Tables and views of the extension."""

import re

from markdown import code, inline, page, relative, table, wrap
from normal import expression, type_name
from pages import api

CONSTRAINTS = [("p", "Primary key"), ("u", "Unique"), ("f", "Foreign key"), ("c", "Check")]


def make(catalogue, links):
    relations = sorted(catalogue["relations"], key=lambda each: each["name"])
    own = [each for each in relations if each["schema"] == "auth"]
    of_api = [each for each in relations if each["schema"] != "auth"]
    for relation in own:
        path = "tables.md" if relation["kind"] == "r" else "views.md"
        links.add(f"auth.{relation['name']}", path, relation["name"])

    def pages():
        yield "tables.md", tables([each for each in own if each["kind"] == "r"], links)
        yield "views.md", views([each for each in own if each["kind"] == "v"], of_api, links)

    return pages


def tables(members, links):
    path, parts = "tables.md", []
    for each in members:
        rows = [
            [code(column["name"]), kind(column), default(column), inline(column["comment"], links, path)]
            for column in each["columns"]
        ]
        parts += [
            f"## {each['name']}",
            wrap(inline(each["comment"], links, path) + "."),
            table(["column", "type", "default", "what"], rows),
            "\n".join(rules(each)),
        ]
    return page(
        "Tables",
        wrap(
            "The data model. No role but `auth_admin` reads or writes these tables, and nothing is written to them"
            " past the [functions](functions.md); what others may see of them, the [views](views.md) show. The role"
            " that made the extension may reference `auth.users (id)` from its own tables, and add triggers to"
            " `auth.users`."
        ),
        *parts,
    )


def kind(column):
    return code(type_name(column["type"])) + ("" if column["not_null"] else ", may be null")


def default(column):
    if column["default"] is None:
        return ""
    made = code(expression(column["default"]))
    return f"always {made}" if column["is_generated"] else made


def rules(each):
    """The constraints, and the unique indexes, which are constraints with a condition."""
    made = []
    for letter, name in CONSTRAINTS:
        definitions = sorted(item["definition"] for item in each["constraints"] if item["type"] == letter)
        for definition in definitions:
            definition = re.sub(r"^(?:PRIMARY KEY|UNIQUE|FOREIGN KEY|CHECK) ", "", expression(definition))
            made.append(wrap(f"- {name}: {code(bare(definition))}", "  "))
    for definition in sorted(each["unique_indexes"]):
        definition = expression(definition).partition(" USING btree ")[2]
        made.append(wrap(f"- Unique: {code(bare(definition))}", "  "))
    return made


def bare(definition):
    """Without parentheses that hold all of it."""
    depth = 0
    for at, letter in enumerate(definition):
        depth += (letter == "(") - (letter == ")")
        if depth == 0 and at < len(definition) - 1:
            return definition
    return bare(definition[1:-1]) if definition.startswith("(") else definition


def views(members, of_api, links):
    path, parts = "views.md", []
    for each in members:
        rows = [
            [code(column["name"]), code(type_name(column["type"])), inline(column["comment"], links, path)]
            for column in each["columns"]
        ]
        shown = [
            f"[{code(view['name'])}]({relative('api.md', path)}#{view['name']}) to {api.who(api.readers(view))}"
            for view in of_api if each["name"] in view["sources"]
        ]  # fmt: skip
        told = f"An API schema shows it as {', '.join(shown)}." if shown else "For the role that made the extension."
        parts += [
            f"## {each['name']}",
            wrap(inline(each["comment"], links, path) + "."),
            told,
            table(["column", "type", "what"], rows),
        ]
    return page(
        "Views",
        wrap(
            "All are in the schema `auth`. The role that made the extension may select from them, and grant that to"
            " others. Those called `my_...` show what belongs to the user of `request.jwt.claims`, and are meant to"
            " be seen through an [API schema](api.md). None shows a secret."
        ),
        *parts,
    )
