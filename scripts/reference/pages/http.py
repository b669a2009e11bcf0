"""The operations of the HTTP doors, by resource."""

import json

import source
from markdown import code, escape, inline, page, slug, table, wrap

PATH = "http.md"


def make(catalogue, links):
    def pages():
        yield PATH, written(catalogue["routes"], links)

    return pages


def described():
    """What the OpenAPI document says of the CDI: resource and summary of each operation."""
    document = json.loads(source.read("docs/openapi/cdi.json"))
    return {
        (method.upper(), path): (operation["tags"][0], operation["summary"])
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }


def by_resource(routes, known, other):
    """The rows of each resource. What the server says of an operation counts more than what is known of it here."""
    made = {}
    for route in sorted(routes, key=lambda route: (route["path"], route["method"])):
        resource, summary = known.get((route["method"], route["path"] or "/")) or known.get(
            (route["method"], route["path"]), (other, "")
        )
        row = [route["method"], code(route["path"] or "/"), route.get("summary") or summary]
        made.setdefault(route.get("resource") or resource, []).append(row)
    return dict(sorted(made.items(), key=lambda item: item[0].lower()))


def written(routes, links):
    doors = [
        (
            "CDI",
            "What SuperTokens' backend SDKs call. Paths may begin with `base_path`, `/appid-<id>` and a tenant. "
            "[cdi.json](../openapi/cdi.json) describes every operation in full.",
            by_resource([route for route in routes if route["door"] == "cdi"], described(), "Others"),
        ),
        (
            "GoTrue",
            "What Supabase's clients call, below `/auth/v1`, which may follow `/appid-<id>` and a tenant. "
            "[gotrue.md](../gotrue.md) says how it is set up and where it differs from GoTrue.",
            by_resource([route for route in routes if route["door"] == "gotrue"], source.gotrue_routes(), "Others"),
        ),
    ]
    parts = []
    for name, about, resources in doors:
        # Both doors have users and sessions: headings, and so anchors, name the door.
        titles = {
            resource: f"{name}: {resource[0].lower() + resource[1:] if name == 'GoTrue' else resource}"
            for resource in resources
        }
        parts += [f"## {name}", wrap(about), contents(titles.values())]
        for resource, rows in resources.items():
            rows = [[method, path, inline(summary, links, PATH)] for method, path, summary in rows]
            heads, rows = trimmed(["method", "path", "what"], rows)
            parts += [f"### {escape(titles[resource])}", table(heads, rows)]
    return page(
        "HTTP operations",
        wrap(f"What {inline('auth.http', links, PATH)} answers, and with it the [gateway](../gateway.md)."),
        *parts,
    )


def contents(titles):
    return "\n".join(wrap(f"- [{escape(title)}](#{slug(title)})", "  ") for title in titles)


def trimmed(heads, rows):
    """Without the last column where it says nothing."""
    return (heads, rows) if any(row[-1] for row in rows) else (heads[:-1], [row[:-1] for row in rows])
