"""What auth.create_api makes."""

from markdown import block, code, inline, page, table, wrap
from normal import type_name
from pages.functions import signature

PATH = "api.md"
ROLES = [("reference_anon", "anon"), ("reference_user", "authenticated"), ("reference_service", "service_role")]


def make(catalogue, links):
    mark = f" {catalogue['api_mark']}"
    functions = [each for each in catalogue["functions"] if each["schema"] != "auth"]
    views = [each for each in catalogue["relations"] if each["schema"] != "auth"]

    def pages():
        yield PATH, written(functions, views, mark, links)

    return pages


def written(functions, views, mark, links):
    # Each with arguments is there once more, with one document.
    by_name = {}
    for each in sorted(functions, key=lambda each: (each["name"], -len(each["arguments"]))):
        of_document = [argument["name"] for argument in each["arguments"]] == [""]
        if not of_document:
            by_name[each["name"]] = each
    parts = ["## Functions"]
    for name, each in by_name.items():
        parts += [
            f"### {name}",
            block(signature(each, "api")),
            wrap(f"{inline(each['comment'].removesuffix(mark), links, PATH)}. For {who(each['callers'])}."),
        ]
    parts.append("## Views")
    for each in sorted(views, key=lambda each: each["name"]):
        also = ", which may delete from it" if "DELETE" in [right for _, right in each["rights"]] else ""
        source = f"Shows {inline('auth.' + each['sources'][0], links, PATH)}."
        rows = [[code(column["name"]), code(type_name(column["type"]))] for column in each["columns"]]
        parts += [
            f"### {each['name']}",
            wrap(
                f"{inline(each['comment'].removesuffix(mark), links, PATH)}. For {who(readers(each))}{also}. {source}"
            ),
            table(["column", "type"], rows),
        ]
    return page(
        "API schema",
        wrap(
            f"What {inline('auth.create_api()', links, PATH)} makes, for [PostgREST](../postgrest.md): it serves"
            " functions below `/rpc/`, and views by their names. Each function can also be called with all its"
            " arguments as one JSON document, and answers as the operation of the [GoTrue door](http.md#gotrue)"
            " does."
        ),
        *parts,
    )


def readers(view):
    return [role for role, right in view["rights"] if right == "SELECT"]


def who(roles):
    return ", ".join(code(name) for role, name in ROLES if role in roles)
