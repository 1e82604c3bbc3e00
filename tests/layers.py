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
# what a program of ours may include of lib/
PROGRAMS = {
    "daemon/adsyncd/": {"base", "report", "sync"},
    "daemon/ctl/": {"base", "report", "model", "lang", "sync"},
}
# the emulator's rooms: what each may include, besides lib/base
ROOMS = {
    "tenant": set(),
    "odata": {"tenant"},
    "order": {"tenant", "odata"},
    "graph": {"tenant", "odata", "order"},
    "exchange": {"tenant", "odata", "order"},
    "soap": {"tenant", "odata", "order", "graph"},
    "http": {"tenant", "odata", "order", "graph", "exchange", "soap"},
}
EMULATOR = "daemon/emulator/"
# the rooms of a layer, and which of the others each may see
LAYER_ROOMS = {
    "lang": {"expr": set(), "rule": {"expr"}, "import": {"expr", "rule"}},
}
# headers of a room's own, and who may see them
OWN = {
    r"lang/expr/(date|functions_priv|node)\.h": r"lib/lang/expr/",
    r"lang/expr/term\.h": r"lib/lang/(expr|rule)/",
    # a room on top of the engine: nothing of the engine asks it
    r"sync/migration/\w+\.h": r"lib/sync/(migration/|view/question\.c)|daemon/ctl/|tests/",
    # rooms on top of the engine: only the table of questions asks them
    r"sync/(migration|single)/\w+\.h": r"lib/sync/(migration|single|view)/|tests/unit/sync/",
    r"lang/rule/(load|load_flow|load_join|loader|ruleset_priv)\.h": r"lib/lang/rule/",
}
# folders whose files (a .c and its .h are one) must not see each other in a circle
NO_CIRCLES = ["lib/", "daemon/"]
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
    r"\bget(gr|pw)(nam|gid|uid|ent)(_r)?\(": ("daemon/adsyncd/", r"daemon/adsyncd/daemon\.c",
                                            "a name service may take its time: not in the loop"),
    r'"[^"]*(CloudManaged|OnPremises|onPremises|Entra|Graph|Exchange)': (
        "lib/sync/", r"$^", "what a directory calls things is said by its connector"),
    # a word of a directory between quotes; what differs between directories is in their types
    r'"[^"]*(objectGUID|sAMAccountName|ms-?DS-|objectSid|ADS_|DC=|"member"|"entra"|"ad")':
        ("lib/sync/", r"$^", "lib/sync knows no word of a directory"),
    r"\bad_(dn|cs)\b": ("lib/sync/", r"$^", "lib/sync knows no directory: a source, a target"),
    r'class,\s*"(user|group|contact|device|computer)"': (
        "lib/sync/", r"$^", "which class means what is a fact of the type or its schema"),
    r"\b(delta_owned|delta_settle)\(": ("lib/sync/", r"lib/sync/export/target\.c",
                                        "what is pending is computed by pending_delta()"),
}
# words that stand in their table alone: whoever needs one names its enumerator
WORD_TABLES = {
    # table: (header, what may have the same word for something else)
    "ERROR_TYPES": ("lib/report/error_type.h", r"\bX\(OUTSIDE_SURFACE,"),  # a counter, too
    "CONTROL_ERRORS": ("lib/sync/view/control_error.h", r"$^"),
}
# tables of which each row is used by name outside of the header: no event is there that nobody tells
USED_TABLES = {
    # table: (header, prefix of the enumerators)
    "EVENTS": ("lib/report/record.h", "EVENT_"),
    "STEP_RESULTS": ("lib/report/step_result.h", "STEP_RESULT_"),
    "ERROR_TYPES": ("lib/report/error_type.h", "ERROR_TYPE_"),
    "FAULT_POINTS": ("lib/report/fault.h", "FAULT_"),
    "ERROR_PHASES": ("lib/store/error.h", "ERROR_"),
    "EXPORT_STATES": ("lib/store/cs.h", "EXPORT_STATE_"),
    "CS_WANTS": ("lib/store/cs.h", "WANT_"),
    "CONN_RESULTS": ("lib/connector/export.h", "CONN_"),
    "EXPORT_KINDS": ("lib/connector/export.h", "EXPORT_"),
    "COUNTERS": ("lib/sync/progress.h", "COUNTER_"),
}
# tables of data may be longer
LONG = {"lib/lang/expr/functions.c", "lib/connector/ad/schema.c"}
# what must not grow (the last one: must not shrink); whoever makes one smaller writes it here
FIGURES = {
    ".c files over 450 lines": 15,
    "functions over 60 lines": 0,
    "headers over 150 lines": 2,
    "files in circles of includes": 0,
}
MUST_CHECK = 0.99  # share of the prototypes in lib/ with a struct err * that are to be checked
problems = []
used = {}  # name of an enumerator of a used table -> files that name it
figures = dict.fromkeys(FIGURES, 0)
checked = [0, 0]
arrows = {}  # file without its ending -> those that it includes


def complain(path, line, text):
    problems.append("%s:%d: %s" % (path, line, text))


def check_room(path, number, name):
    """An include of the emulator: lib/base, or a room that this one may see."""
    own, layer = path[len(EMULATOR):].split("/")[0], name.split("/")[0]
    if layer in ROOMS:
        arrows.setdefault(path[:-2], set()).add(EMULATOR + name[:-2])
        if own in ROOMS and layer != own and layer not in ROOMS[own]:
            complain(path, number, "%s must not see %s" % (own, layer))
    elif layer != "base":
        complain(path, number, "the emulator shares lib/base and nothing else; a file of its own "
                 "is named with its room")


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
    arrows.setdefault(os.path.splitext(path)[0], set()).add("lib/" + os.path.splitext(name)[0])
    for header, where in OWN.items():
        if re.fullmatch(header, name) and not re.match(where, path):
            complain(path, number, "%s may be included only by %s" % (name, where))
    if parts[0] == "lib" and layer == parts[1] and layer in LAYER_ROOMS and len(parts) > 3:
        room, other = parts[2], name.split("/")[1]
        if other != room and other not in LAYER_ROOMS[layer].get(room, set()):
            complain(path, number, "%s/%s must not see %s/%s" % (layer, room, layer, other))
    for program, layers in PROGRAMS.items():
        if path.startswith(program) and layer not in layers:
            complain(path, number, "%s must not see %s" % (program, layer))
    if parts[0] == "lib" and layer != parts[1] and layer not in BELOW[parts[1]]:
        complain(path, number, "%s must not see %s" % (parts[1], layer))


def check_source(path, lines):
    limit = 150 if path.endswith(".h") else 700
    if len(lines) > limit and path not in LONG and not path.startswith("tests/"):
        if path.endswith(".c") or len(lines) > 200:
            complain(path, len(lines), "over %d lines" % limit)
    if not path.startswith("tests/"):
        figures[".c files over 450 lines"] += path.endswith(".c") and len(lines) > 451
        figures["headers over 150 lines"] += path.endswith(".h") and len(lines) > 151
    if path.startswith("lib/") and path.endswith(".h"):
        for m in re.finditer(r"\n(?:int|bool|enum conn_result|ssize_t) \w+\([^;{]*?struct err \*e\)([^;{]*);",
                             "\n".join(lines)):
            checked[0] += "_must_check_" in m.group(1)
            checked[1] += 1
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


def table_rows(text, table):
    """(enumerator, word) of the rows of an X-macro."""
    m = re.search(r"#define %s\(X[^)]*\)((?:.*\\\n)*.*\n)" % table, text)
    return re.findall(r'\bX\((\w+)(?:,\s*(?:\\\n\s*)?"([^"]*)")?', m.group(1)) if m else []


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read()


def check_words(path, lines):
    """No word of a table stands elsewhere, in C or in SQL."""
    for table, (home, other) in WORD_TABLES.items():
        words = {word for _, word in table_rows(read(home), table)}
        for number, line in enumerate(lines, 1):
            line = re.sub(r"--.*", "", line) if path.endswith(".sql") else line
            found = set(re.findall(r"""["']([\w-]+)["']""", line)) & words
            if found and path != home and not re.search(other, line):
                complain(path, number, "%s is a word of %s" % (found.pop(), table))


def note_used(path, lines):
    prefixes = "|".join(prefix for _, prefix in USED_TABLES.values())
    for name in re.findall(r"\b(?:%s)[A-Z0-9_]+" % prefixes, "\n".join(lines)):
        used.setdefault(name, set()).add(path)


def check_used():
    for table, (home, prefix) in USED_TABLES.items():
        rows = table_rows(read(home), table)
        if not rows:
            complain(home, 1, "there is no table %s" % table)
        for row, _ in rows:
            if not used.get(prefix + row, set()) - {home}:
                complain(home, 1, "%s%s is in the table and nowhere else" % (prefix, row))


def check_function_length(path, lines):
    start = None
    for number, line in enumerate(lines, 1):
        if line.startswith("{"):
            start = number
        elif line.startswith("}") and start:
            figures["functions over 60 lines"] += (number - start - 1 > 60 and
                                                   not path.startswith("tests/"))
            if number - start > 100:
                complain(path, start, "a function of %d lines" % (number - start))
            start = None


def check_circles():
    done = set()

    def visit(node, way):
        if node in way:
            complain(node, 1, "includes in a circle: " + " > ".join(way[way.index(node):] + [node]))
            return
        if node in done:
            return
        done.add(node)
        for other in sorted(arrows.get(node, ())):
            if other != node and any(other.startswith(n) and node.startswith(n) for n in NO_CIRCLES):
                visit(other, way + [node])

    for node in sorted(arrows):
        visit(node, [])


def leads_back(node):
    """Can one come back to a file by what it includes?"""
    seen, todo = set(), [n for n in arrows.get(node, ()) if n != node]
    while todo:
        at = todo.pop()
        if at == node:
            return True
        if at not in seen:
            seen.add(at)
            todo += [n for n in arrows.get(at, ()) if n != at]
    return False


def check_figures():
    figures["files in circles of includes"] = sum(leads_back(node) for node in sorted(arrows))
    for name, most in FIGURES.items():
        if figures[name] > most:
            complain("tests/layers.py", 1, "%s: %d, and there were %d" % (name, figures[name], most))
    if checked[0] < MUST_CHECK * checked[1]:
        complain("tests/layers.py", 1, "only %d of %d results of lib/ are to be checked" % tuple(checked))


def check_list(path, lines):
    """Sources stand in order, one in a line."""
    own = [line.strip() for line in lines if re.fullmatch(r"\t[\w/]+\.c", line)]
    for before, after in zip(own, own[1:]):
        # a list begins anew with each library
        if after < before and not re.search(r"%s\s*\n\)" % re.escape(before), "\n".join(lines)):
            complain(path, 1, "%s stands before %s" % (before, after))


def check_paths(path):
    """Every file that a page names is there."""
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            for name in re.findall(r"`((?:lib|daemon|schema|conf|packaging|tests)/[\w./-]+)`", line):
                if not os.path.exists(os.path.join(ROOT, name)):
                    complain(path, number, "there is no %s" % name)


def main():
    check_paths("lib/README.md")
    check_paths("README.md")
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
            if path.startswith(("lib/", "daemon/adsyncd/", "daemon/ctl/", "schema/")) and \
                    path.endswith((".c", ".h", ".inc", ".sql")):
                check_words(path, lines)
                note_used(path, lines)
            if name == "CMakeLists.txt" and path.startswith("lib/"):
                check_list(path, lines)
    check_circles()
    check_used()
    check_figures()
    print("\n".join(problems) or "layers: nothing to complain about")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
