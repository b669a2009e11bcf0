#!/usr/bin/env python3
"""Whether all relative links of README.md, CONTRIBUTING.md and the pages in docs lead to a file, and a heading in it.

links.py FOLDER: the clone. Prints those that do not, and fails then.
"""

import re
import sys
from functools import cache
from pathlib import Path

# Neither a block of code nor code in a line has links or headings. A block without fences is indented, and has none.
FENCED = re.compile(r"^(```|~~~).*?^\1$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"(`+)(.+?)\1", re.DOTALL)
LINK = re.compile(r"\[(?:[^\[\]]|\\[\[\]])*\]\(\s*([^()\s]+)\s*\)")


def prose(path):
    return FENCED.sub("", path.read_text(encoding="utf-8"))


def links(path):
    return LINK.findall(CODE.sub("code", prose(path)))


@cache
def anchors(path):
    """Those that GitHub gives to the headings: a heading that is there once more gets a number."""
    found, seen = set(), {}
    for heading in re.findall(r"^#{1,6} +(.+?) *#*$", prose(path), re.MULTILINE):
        shown = re.sub(r"\[(.*?)\]\([^()]*\)", r"\1", heading)
        anchor = re.sub(r"[^\w\- ]", "", shown.lower()).replace(" ", "-")
        times = seen.get(anchor, 0)
        seen[anchor] = times + 1
        found.add(f"{anchor}-{times}" if times else anchor)
    return found


def fault(page, link):
    """What is wrong with a link; None if nothing is."""
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.exists():
        return "there is no such file"
    if anchor and anchor not in anchors(target):
        return "there is no such heading"
    return None


def main():
    root = Path(sys.argv[1]).resolve()
    pages = [root / "README.md", root / "CONTRIBUTING.md", *sorted(root.glob("docs/**/*.md"))]
    count, faults = 0, []
    for page in pages:
        for link in links(page):
            if re.match(r"[a-z]+:", link):
                continue
            count += 1
            what = fault(page, link)
            if what:
                faults.append(f"{page.relative_to(root)}: {link}: {what}")
    print("\n".join(faults) or f"all {count} links in {len(pages)} pages lead somewhere")
    sys.exit(bool(faults) or not count)


if __name__ == "__main__":
    main()
