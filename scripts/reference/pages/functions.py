"""Functions: a page for each file that makes some, and an index."""

import re
import textwrap

import source
from markdown import WIDTH, block, code, escape, first_sentence, inline, page, relative, slug, table, wrap
from normal import expression, type_name

TRIGGERS = "triggers"


def arrange(functions):
    """Title, path and functions of each page."""
    groups, pages = source.function_groups(), {}
    for function in functions:
        group = source.named(groups, function["name"], "the function")
        stem, title = (TRIGGERS, "Triggers") if function["is_trigger"] else (group.stem, group.title)
        pages.setdefault(f"functions/{stem}.md", (title, []))[1].append(function)
    return sorted(
        ((title, path, members) for path, (title, members) in pages.items()), key=lambda found: found[0].lower()
    )


def signature(function, schema="auth"):
    """How it is called, on one line if that is short."""
    arguments = [argument(each) for each in function["arguments"]]
    result, columns = type_name(function["result"]), []
    if result.startswith("TABLE("):
        result, columns = "TABLE ", result[6:-1].split(", ")
    name = f"{schema}.{function['name']}"
    line = f"{name}{listed(arguments)} RETURNS {result}{listed(columns) if columns else ''}"
    if len(line) > WIDTH - 20:
        in_lines = f"{name}{listed(arguments, bool(arguments))} RETURNS {result}"
        line = in_lines + (listed(columns, len(line) > WIDTH and len(columns) > 4) if columns else "")
    return line


def listed(parts, in_lines=False):
    return "(\n" + textwrap.indent(",\n".join(parts), "    ") + "\n)" if in_lines else f"({', '.join(parts)})"


def argument(each):
    made = " ".join(part for part in (each["name"], type_name(each["type"])) if part)
    return made if each["default"] is None else f"{made} DEFAULT {expression(each['default'])}"


def comment(function, links, path):
    """What it does, then the statuses that it answers, then what else there is to say."""
    text = function["comment"]
    found = re.search(r"(?:^|(?<=\. ))Status(?:es)?: ", text)
    if not found:
        return wrap(inline(text, links, path) + ".")
    does, rest = text[: found.start()].strip(), text[found.end() :]
    answers = first_sentence(rest)
    more = rest[len(answers) :].lstrip(". ")
    items = re.split(r"; (?=(?:and )?[A-Za-z])(?![^(]*\))", answers)
    if len(items) == 1:
        told = [wrap(f"It answers {statuses(answers, links, path)}.")]
    else:
        told = ["It answers", "\n".join(wrap(f"- {statuses(item, links, path)}", "  ") for item in items)]
    parts = [wrap(inline(does, links, path)), *told, more and wrap(inline(more, links, path) + ".")]
    return "\n\n".join(part for part in parts if part)


def statuses(text, links, path):
    return re.sub(r"(^|(?<=, ))([A-Z]{2,})\b", r"`\2`", inline(text, links, path))


def callers(function, links, path):
    """Who may call it besides the role that made the extension."""
    if function["is_trigger"]:
        return "Nobody calls it."
    may = function["callers"]
    told = [
        ("public", "everybody"),
        ("reference_server", f"roles with {inline('auth.grant_server', links, path)}"),
        ("reference_policies", f"roles with {inline('auth.grant_policies', links, path)}"),
        ("auth_gateway", "`auth_gateway`"),
    ]
    who = [text for role, text in told if role in may]
    if "reference_anon" in may and "reference_policies" not in may:
        who.append(f"the roles of an [API schema]({relative('api.md', path)})")
    return "Who may call it: " + (", ".join(who) if who else "the role that made the extension alone") + "."


def make(catalogue, links):
    arranged = arrange([each for each in catalogue["functions"] if each["schema"] == "auth"])
    for _, path, members in arranged:
        for function in members:
            links.add(f"auth.{function['name']}", path, function["name"])
            # Those without arguments are called as what they give: `session_id` may be a claim.
            if "_" in function["name"] and function["arguments"]:
                links.add(function["name"], path, function["name"])

    def pages():
        yield "functions.md", index(arranged, links)
        for title, path, members in arranged:
            yield path, group(title, path, members, links)

    return pages


def index(arranged, links):
    path, parts = "functions.md", []
    for title, target, members in arranged:
        rows = [
            [
                f"[{code(each['name'])}]({target}#{slug(each['name'])})",
                inline(first_sentence(each["comment"]), links, path),
            ]
            for each in sorted(members, key=lambda each: each["name"])
        ]
        parts += [f"## [{escape(title)}]({target})", table(["function", "what"], rows)]
    return page(
        "Functions",
        wrap(
            "All are in the schema `auth`. The role that made the extension may call them, and lets others do so:"
            f" an application's server through {inline('auth.grant_server', links, path)}, roles that end users act"
            f" as through {inline('auth.grant_policies', links, path)}. Nothing is granted to PUBLIC."
            " [Roles](roles.md) lists what each may call."
        ),
        wrap(
            "Expected outcomes are a `status` in the answer, and no error: a wrong password, an unknown user. Any"
            " function that hashes a password may also answer `BUSY_ERROR`, having done nothing. Errors are for"
            " malformed input (SQLSTATE 22023). `tenant_id` and `app_id` say which tenant of which app is meant;"
            " leave them out where there is one. Arguments may be given by name: `auth.refresh(refresh_token =>"
            " $1)`."
        ),
        *parts,
    )


def group(title, path, members, links):
    parts = []
    for function in sorted(members, key=lambda each: each["name"]):
        parts += [
            f"## {function['name']}",
            block(signature(function)),
            comment(function, links, path),
            wrap(callers(function, links, path)),
        ]
    return page(escape(title), *parts, "[All functions](../functions.md)")
