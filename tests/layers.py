#!/usr/bin/python3
"""The design's rules about layers, and the limits of its conventions. Prints what breaks them."""
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BELOW = {
    "base": set(),
    "report": {"base"},
    "model": {"base"},
    "lang": {"base", "report", "model"},
    "store": {"base", "report", "model"},
    "net": {"base"},
    "connector": {"base", "report", "model", "net"},
    "sync": {"base", "report", "model", "lang", "store", "connector"},
}
# the emulator's rooms: what each may include, besides lib/base
ROOMS = {
    "tenant": set(),
    "odata": {"tenant"},
    "order": {"tenant", "odata"},
    "graph": {"tenant", "odata", "order"},
    "http": {"tenant", "odata", "order", "graph"},
}
EMULATOR = "daemon/emulator/"
# who alone may see a library's header
ONLY = {
    "sqlite3.h": r"lib/store/|daemon/emulator/tenant/persist(_load)?\.[ch]|tests/unit/(store|sync|emulator)/",
    "ldap.h": r"lib/net/ldap\w*\.[ch]",
    "curl/curl.h": r"lib/net/http\.c|tests/bench/",
    "ini.h": r"lib/sync/config\.c",
    "event2/": r"daemon/",
    "systemd/": r"daemon/adsyncd/",
}
# one home for each truth: what only these files may do
HOMES = {
    r"(\.|->)state\s*=[^=]": ("lib/sync/", r"lib/sync/export/target\.c",
                             "a state is set by row_set_state() or link_set_state()"),
    r"\bexport_state_next\(": ("lib/sync/", r"lib/sync/export/(state|target)\.[ch]",
                               "a state is set by row_set_state() or link_set_state()"),
    r"\b(delta_owned|delta_settle)\(": ("lib/sync/", r"lib/sync/export/target\.c",
                                        "what is pending is computed by pending_delta()"),
}
# tables of data may be longer
LONG = {"lib/lang/expr/functions.c", "lib/connector/ad/schema.c"}
problems = []
uses = {}  # module of the emulator -> what it includes: line


def complain(path, line, text):
    problems.append("%s:%d: %s" % (path, line, text))


def check_room(path, number, name):
    """An include of the emulator: lib/base, or a room that this one may see."""
    own, layer = path[len(EMULATOR):].split("/")[0], name.split("/")[0]
    if layer in ROOMS:
        uses.setdefault(path[:-2], {})[EMULATOR + name[:-2]] = number
        if own in ROOMS and layer != own and layer not in ROOMS[own]:
            complain(path, number, "%s must not see %s" % (own, layer))
    elif layer != "base":
        complain(path, number, "the emulator shares lib/base and nothing else; a file of its own "
                 "is named with its room")


def check_circles():
    """No file of the emulator, its .c and .h taken together, leads back to itself."""
    done = set()

    def walk(module, way):
        if module in way:
            circle = way[way.index(module):] + [module]
            complain(module + ".h", uses[circle[0]][circle[1]], "a circle of includes: " +
                     " -> ".join(m[len(EMULATOR):] for m in circle))
        elif module not in done:
            for other in sorted(uses.get(module, {})):
                if other != module:
                    walk(other, way + [module])
            done.add(module)

    for module in sorted(uses):
        walk(module, [])


def check_include(path, number, name, quoted):
    for header, where in ONLY.items():
        if name.startswith(header) and not quoted and not re.match(where, path):
            complain(path, number, "<%s> may be included only by %s" % (name, where))
    parts = path.split("/")
    layer = name.split("/")[0] if "/" in name else None
    if quoted and path.startswith(EMULATOR):
        check_room(path, number, name)
        return
    if not quoted or layer not in BELOW:
        return
    if parts[0] == "lib" and layer != parts[1] and layer not in BELOW[parts[1]]:
        complain(path, number, "%s must not see %s" % (parts[1], layer))


def check_source(path, lines):
    limit = 150 if path.endswith(".h") else 700
    if len(lines) > limit and path not in LONG and not path.startswith("tests/"):
        if path.endswith(".c") or len(lines) > 200:
            complain(path, len(lines), "over %d lines" % limit)
    if path.endswith(".h") and not any("#pragma once" in line for line in lines[:30]):
        complain(path, 1, "#pragma once is missing")
    for number, line in enumerate(lines, 1):
        if len(line.expandtabs(8)) > 100:
            complain(path, number, "over 100 columns")
        for pattern, (where, home, rule) in HOMES.items():
            if path.startswith(where) and not re.match(home, path) and re.search(pattern, line):
                complain(path, number, rule)
        m = re.match(r'#\s*include\s+([<"])([^>"]+)', line)
        if m:
            check_include(path, number, m.group(2), m.group(1) == '"')


def check_function_length(path, lines):
    start = None
    for number, line in enumerate(lines, 1):
        if line.startswith("{"):
            start = number
        elif line.startswith("}") and start:
            if number - start > 100:
                complain(path, start, "a function of %d lines" % (number - start))
            start = None


def main():
    for folder, names, files in os.walk(ROOT):
        names[:] = [n for n in names if n not in (".git", "__pycache__") and
                    not (folder == ROOT and n.startswith("build"))]
        for name in files:
            path = os.path.relpath(os.path.join(folder, name), ROOT)
            with open(os.path.join(ROOT, path), encoding="utf-8", errors="replace") as f:
                lines = f.read().split("\n")
            if path.endswith((".c", ".h")):
                check_source(path, lines)
                check_function_length(path, lines)
    check_circles()
    print("\n".join(problems) or "layers: nothing to complain about")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
