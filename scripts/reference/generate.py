#!/usr/bin/env python3
"""Writes the reference in docs/reference out of a database with the extension and the source tree: generate.py FOLDER

Needs DATABASE_URL, a superuser's, and PGBIN, the folder of psql. FOLDER is emptied first.
"""

import shutil
import sys
from pathlib import Path

import catalogue
from markdown import Links, page, wrap
from pages import api, functions, hooks, http, relations, roles, settings

PAGES = [
    ("functions.md", "every SQL function, by what it is for: sign-up, sessions, tenants, ..."),
    ("views.md", "the views, with their columns"),
    ("tables.md", "the tables: the data model"),
    ("settings.md", "every setting of applications and of the server"),
    ("hooks.md", "functions and endpoints of yours that the GoTrue door asks or tells"),
    ("http.md", "every HTTP operation, by door"),
    ("api.md", "the schema that PostgREST serves"),
    ("roles.md", "which role may call what"),
]


def index():
    return page(
        "Reference",
        wrap(
            "`make reference` makes these pages out of the comments in the catalogue, the routers and the settings."
            " Do not edit them: change the comment, and make them anew."
        ),
        "\n".join(f"- [{path.removesuffix('.md')}]({path}): {what}" for path, what in PAGES),
    )


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    known, links = catalogue.read(), Links()
    # The name of an argument or a column is that, and not the function or setting of the same name.
    for each in known["functions"]:
        links.ambiguous.update(argument["name"] for argument in each["arguments"])
    for each in known["relations"]:
        links.ambiguous.update(column["name"] for column in each["columns"])
    makers = [kind.make(known, links) for kind in (functions, relations, settings, hooks, http, api, roles)]
    made = {"README.md": index()}
    for pages in makers:
        made.update(pages())
    folder = Path(sys.argv[1])
    if folder.exists():
        # Not just any folder is thrown away.
        if any(folder.iterdir()) and not (folder / "README.md").read_text(encoding="utf-8").startswith(index()[:12]):
            sys.exit(f"{folder} holds something else than a reference")
        shutil.rmtree(folder)
    for path, text in made.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    print(f"{len(made)} pages")


if __name__ == "__main__":
    main()
