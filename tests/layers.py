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
# who alone may see a library's header
ONLY = {
    "sqlite3.h": r"lib/store/|daemon/emulator/tenant/persist\.c|tests/unit/(store|sync)/",
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


def complain(path, line, text):
    problems.append("%s:%d: %s" % (path, line, text))


def check_include(path, number, name, quoted):
    for header, where in ONLY.items():
        if name.startswith(header) and not quoted and not re.match(where, path):
            complain(path, number, "<%s> may be included only by %s" % (name, where))
    parts = path.split("/")
    layer = name.split("/")[0] if "/" in name else None
    if not quoted or layer not in BELOW:
        return
    if parts[0] == "lib" and layer != parts[1] and layer not in BELOW[parts[1]]:
        complain(path, number, "%s must not see %s" % (parts[1], layer))
    if path.startswith("daemon/emulator/") and layer != "base":
        complain(path, number, "the emulator shares lib/base and nothing else")


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
    print("\n".join(problems) or "layers: nothing to complain about")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
