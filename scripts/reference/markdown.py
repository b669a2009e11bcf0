"""Comments of the catalogue as Markdown: names become code and links, everything else stays as it is."""

import posixpath
import re
import textwrap

WIDTH = 120

# What is code in the middle of a sentence: a JSON object, a name with its schema, a name of several words, a status.
CODE = re.compile(
    r"""
    \{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}
    | \bauth\.\w+(?:\([^()]*\))?
    | \brequest\.jwt\.claims\b
    | (?<![\w/.-])(?:[A-Za-z][A-Za-z0-9]*)?(?:_[A-Za-z0-9]+)+_?(?![\w/-])
    | \b[A-Z]+_(?=\.\.\.)
    | \b[a-z]+[A-Z]\w*\b
    | (?:(?<=:\ )|(?<=Answers\ ))OK\b
    """,
    re.VERBOSE,
)


class Links:
    """Where things are told: a heading of a page each."""

    def __init__(self):
        self.targets = {}
        self.ambiguous = set()

    def add(self, name, page, heading):
        """`name` as comments write it: with its schema, or bare where it is known by that."""
        self.targets[name] = page, slug(heading)

    def find(self, text, page):
        name = text.partition("(")[0]
        if name not in self.targets or text in self.ambiguous:
            return None
        path, anchor = self.targets[name]
        # To other rows of the tables of one page there is no way to point.
        if path == page and anchor != slug(name.removeprefix("auth.")):
            return None
        return relative(f"{path}#{anchor}", page)


def relative(target, page):
    """A link from one page to another."""
    path, mark, anchor = target.partition("#")
    path = "" if path == page else posixpath.relpath(path, posixpath.dirname(page) or ".")
    return path + mark + anchor


def slug(heading):
    """The anchor that GitHub gives to a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def escape(text):
    return re.sub(r"([\\`*_<>\[\]|])", r"\\\1", text)


def code(text):
    return f"`{text}`"


def inline(text, links, page):
    """A comment."""
    made, at = [], 0
    for found in CODE.finditer(text):
        made.append(escape(text[at : found.start()]))
        word, at = found.group(), found.end()
        target = links.find(word, page)
        made.append(f"[{code(word)}]({target})" if target else code(word))
    return "".join(made) + escape(text[at:])


def first_sentence(text):
    return re.split(r"(?<!\.)\.(?:\s|$)", text, maxsplit=1)[0]


def wrap(text, indent=""):
    """A paragraph, or with an indent for its further lines the item of a list. Code that fits on a line is not torn."""
    held = re.sub(r"`[^`]{1,100}`", lambda found: found.group().replace(" ", "\0"), text)
    lines = textwrap.wrap(held, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines).replace("\0", " ")


def block(text):
    """Code on lines of its own."""
    return textwrap.indent(text, "    ")


def table(heads, rows):
    """Rows of cells, which are Markdown already; the bars of code in them are escaped here."""

    def line(cells):
        return "| " + " | ".join(re.sub(r"(?<!\\)\|", r"\\|", cell) for cell in cells) + " |"

    return "\n".join([line(heads), "|" + "---|" * len(heads), *map(line, rows)])


def page(title, *parts):
    """A page out of its title and its paragraphs; those that are empty are left out."""
    return "\n\n".join([f"# {title}", *(part for part in parts if part)]) + "\n"
