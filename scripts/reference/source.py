"""What only the source tree tells: which file something stands in, and what that file says it is about.

Whatever is not found ends the generation, so that no list here has to be kept.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def read(path):
    return (ROOT / path).read_text(encoding="utf-8")


def paragraphs(text, mark):
    """The paragraphs of a file's first comment, whose lines begin with a mark."""
    lines = []
    for line in text.splitlines():
        if not line.startswith(mark):
            break
        lines.append(line[len(mark) :].strip())
    return [" ".join(part.split("\n")) for part in "\n".join(lines).split("\n\n")]


SECTIONS = r"\s*\([^()]*\d\.\d[^()]*\)"


def prose(comment):
    """A comment without the sections of the documents that the code follows, and without links into the code."""
    return re.sub(r"\[`(\w+)`\]", r"\1", re.sub(SECTIONS, "", comment))


def title(comment):
    """What a file is about, in short."""
    return re.split(rf"(?<!\.)[.:](?:\s|$)|{SECTIONS}", comment, maxsplit=1)[0]


class Group:
    """A file, or two of the same name: its Rust and its SQL."""

    def __init__(self, stem, comment):
        self.stem = stem
        self.title = title(comment)
        self.members = set()


def function_groups():
    """The functions by the file that makes them."""
    groups = {}
    places = [
        *(
            (path, "//!", r"#\[pg_(?:extern|trigger)\b.*?\bfn (\w+)")
            for path in sorted(ROOT.glob("src/functions/*.rs"))
        ),
        (ROOT / "src/cache.rs", "//!", r"#\[pg_(?:extern|trigger)\b.*?\bfn (\w+)"),
        *((path, "--", r"CREATE FUNCTION auth\.(\w+)") for path in sorted(ROOT.glob("sql/*.sql"))),
    ]
    for path, mark, pattern in places:
        text = path.read_text(encoding="utf-8")
        names = re.findall(pattern, text, re.DOTALL)
        if names:
            stem = re.sub(r"^\d+_", "", path.stem)
            group = groups.setdefault(stem, Group(stem, paragraphs(text, mark)[0]))
            group.members.update(names)
    return list(groups.values())


def named(groups, name, what):
    for group in groups:
        if name in group.members:
            return group
    sys.exit(f"{what} {name} is found in no file of the source tree: see scripts/reference/source.py")


class Topic:
    """Settings that belong together. Those of a macro have names that a pattern makes."""

    def __init__(self, name, text, may_lack_effect):
        self.title, self.may_lack_effect = title(name), may_lack_effect
        self.keys = set(re.findall(r'"([a-z0-9_]+)"', text))
        made = re.findall(r"concat!\(\s*((?:(?:\"[a-z0-9_]*\"|\$\w+),?\s*)+)\)", text)
        self.patterns = [
            re.sub(
                r"(\(\.\+\))+",
                "(.+)",
                "".join(part or "(.+)" for part in re.findall(r'"([a-z0-9_]*)"|\$\w+', pieces)),
            )
            for pieces in made
        ]
        self.patterns = [pattern for pattern in dict.fromkeys(self.patterns) if "(.+)" in pattern]

    def pattern_of(self, key):
        """The pattern that makes a key; None for one that is written out."""
        if key in self.keys and not self.is_made(key):
            return None
        # external_(.+)_api_url rather than external_(.+)_url
        return max((pattern for pattern in self.patterns if re.fullmatch(pattern, key)), key=len)

    def is_made(self, key):
        return any(re.fullmatch(pattern, key) for pattern in self.patterns) and key not in self.keys

    def holds(self, key):
        return key in self.keys or self.is_made(key)


def setting_topics():
    """The settings by topic: sections of the registry, and the files of GoTrue's."""
    registry = read("core/src/settings/registry.rs")
    _, _, listed = registry.partition("static SETTINGS")
    sections = re.split(r"^    // (.+)$", listed, flags=re.MULTILINE)
    topics = [Topic(name, text, False) for name, text in zip(sections[1::2], sections[2::2])]
    for path in sorted(ROOT.glob("core/src/settings/gotrue/*.rs")):
        text = path.read_text(encoding="utf-8")
        if "SETTINGS" in text and path.stem not in ("mod", "tests"):
            topics.append(Topic(paragraphs(text, "//!")[0], text, True))
    return topics


def settings_without_effect():
    """Patterns of those settings of GoTrue that are kept and change nothing."""
    text = read("core/src/settings/gotrue/without_effect.rs").partition("];")[0]
    return [name.replace("*", ".*") for name in re.findall(r'"([a-z0-9_*]+)"', text)]


def gotrue_routes():
    """Method and path of each operation: what its file is about, and what the comment of its handler says."""
    routes = {}
    for path in sorted(ROOT.glob("src/http/gotrue/*.rs")):
        text = path.read_text(encoding="utf-8")
        about = title(paragraphs(text, "//!")[0])
        for method, route, handler in re.findall(r'\b(?:route|atomic)\(\s*"([A-Z]+)",\s*"([^"]*)",\s*(\w+)', text):
            comment = re.search(rf"((?:^/// .*\n)+)(?:#\[.*\n)*fn {handler}\(", text, re.MULTILINE)
            routes[method, route] = (
                about,
                prose(" ".join(re.findall(r"/// (.*)", comment.group(1)))) if comment else "",
            )
    return routes


def hook_events():
    """The hooks by the name of their settings: their name in what they are given, and whether they may wait."""
    text = read("src/recipes/gotrue/hooks.rs")

    def arms(function):
        body = re.search(rf"fn {function}\(self\).*?\n    }}\n", text, re.DOTALL).group()
        return dict(re.findall(r'Self::(\w+) => "([^"]+)"', body))

    settings, names = arms("setting"), arms("name")
    waiting = re.findall(r"Self::(\w+)", re.search(r"fn may_wait\(self\).*?\n    }\n", text, re.DOTALL).group())
    return {settings[event]: (names[event], event in waiting) for event in settings}


def hook_rules():
    """What holds for all hooks."""
    return [prose(paragraph) for paragraph in paragraphs(read("src/recipes/gotrue/hooks.rs"), "//!")]
