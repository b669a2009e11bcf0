"""Whether the tests call everything that the installed client offers."""

import ast
import pathlib

from helpers import AUTO

INTERFACES = ("admin", "mfa", "oauth")


def methods_of(api, prefix=""):
    """The public methods of a client, and of the interfaces on it: `sign_up`, `admin.mfa.list_factors`, ..."""
    for name in dir(api):
        if name in INTERFACES:
            yield from methods_of(getattr(api, name), f"{prefix}{name}.")
        elif name[0] != "_" and callable(getattr(api, name)):
            yield prefix + name


def names_of(node):
    """The names in a chain of attributes and calls: `a(1).b.c` has a, b and c."""
    if isinstance(node, ast.Call):
        return names_of(node.func)
    if isinstance(node, ast.Attribute):
        return [*names_of(node.value), node.attr]
    return [node.id] if isinstance(node, ast.Name) else []


def calls_of(path):
    """What a file calls, by the interface that it calls it on."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and (names := names_of(node)):
            *before, method = names
            yield ".".join([*(name for name in before if name in INTERFACES), method])


async def test_every_method_is_called(flavour):
    files = pathlib.Path(__file__).parent.glob("test_*.py")
    called = {call for path in files for call in calls_of(path)}
    offered = set(methods_of(flavour.client(AUTO)))
    assert {"sign_up", "mfa.enroll", "admin.create_user", "admin.mfa.list_factors"} <= offered
    assert offered - called == set()
