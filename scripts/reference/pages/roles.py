"""Who may call what."""

from markdown import inline, page, wrap

PATH = "roles.md"
ROLES = [
    ("auth_gateway", "auth_gateway", "Members of {}"),
    ("reference_server", "auth.grant_server", "After {} the role of an application's server"),
    ("reference_policies", "auth.grant_policies", "After {} a role that end users act as"),
    (
        "reference_anon",
        "API schema",
        "`anon`, `authenticated` and `service_role` of an [API schema](api.md), besides its own functions,",
    ),
]


def make(catalogue, links):
    functions = [each for each in catalogue["functions"] if each["schema"] == "auth" and not each["is_trigger"]]

    def pages():
        yield PATH, written(sorted(functions, key=lambda each: each["name"]), links)

    return pages


def written(functions, links):
    def listed(members):
        return wrap(", ".join(inline(f"auth.{each['name']}", links, PATH) for each in members) + ".")

    parts = []
    for role, heading, about in ROLES:
        may = [each for each in functions if role in each["callers"]]
        told = about.format(inline(heading, links, PATH))
        if len(may) * 2 < len(functions):
            parts += [f"## {heading}", wrap(f"{told} may call"), listed(may)]
        else:
            parts += [
                f"## {heading}", wrap(f"{told} may call every function but"),
                listed([each for each in functions if each not in may]),
            ]  # fmt: skip
    alone = [each for each in functions if not each["callers"]]
    parts += ["## The role that made the extension", "may call and grant all. It alone may call", listed(alone)]
    return page(
        "Roles",
        wrap(
            "`auth_admin` owns everything and has no members. The role that made the extension may call every"
            " function, select from every view, and grant both. Nothing is granted to PUBLIC, and the"
            " [tables](tables.md) are readable by `auth_admin` alone."
            " [security.md](../security.md#who-is-trusted-with-what) says who is trusted with what."
        ),
        *parts,
    )
