"""adsyncctl before a server that leaves out members, sends other types, or no answer at all: it says
so or shows less, and does not fall."""
import copy
import json
import os
import socket
import subprocess
import threading

import pytest
from lab import binary

ROW = {"connector": "a", "dn": "CN=x", "anchor": "1", "class": "user", "kind": "import object",
       "state": "none", "wanted": "none", "blockOnPremisesSync": False, "mv": 7}
CHANGE = {"title": {"from": ["a"], "to": ["b", "c"]}}
RULES = [{"in_scope": True, "precedence": 1, "rule": "r", "reason": "why"}]
FLOWS = [{"attribute": "title", "verdict": "wins", "rule": "r", "value": ["x"]}]
STEP = {"step": 1, "steps": 2, "connector": "a", "type": "export", "result": "success", "error": "e",
        "counters": {"stage-add": 3}}
# command -> a whole answer
ANSWERS = {
    ("status",): {"version": "1", "scheduler": {"SyncCycleEnabled": True},
                  "last_run": {"run": 1}, "connectors": [{"name": "a", "objects": 1}]},
    ("run", "list"): {"runs": [{"run": 1, "policy": "delta"}]},
    ("run", "show"): {"run": {"run": 1, "steps": [STEP]}},
    ("errors",): {"errors": [{"connector": "a", "dn": "CN=x", "text": "t"}]},
    ("connector", "show", "a"): {"connector": {"name": "a", "settings": {"x": "y"},
                                               "import_state": ["line"]}},
    ("connector", "statistics"): {"statistics": [{"connector": "a", "objects": 1}]},
    ("connector", "test", "a"): {"findings": [{"check": "c", "verdict": "bad", "text": "t"}],
                                 "error": "e"},
    ("cs", "search", "x"): {"objects": [ROW]},
    ("cs", "show", "a", "x"): {"object": dict(
        ROW, imported={"title": ["x"], "photo": [{"base64": "AA=="}]}, wanted_attributes={"b": [True]},
        pending_export=CHANGE, error={"type": "t"}, references=[{"attribute": "m", "target": "t"}])},
    ("mv", "show", "7"): {"object": {"mv": 7, "attributes": {"title": ["x"]}, "connectors": [ROW],
                                     "references": [{"attribute": "m"}]}},
    ("mv", "show", "7", "--lineage"): {"lineage": [{"attribute": "title", "value": ["x"]}]},
    ("preview", "x"): {"preview": {"join": "j", "rules": RULES, "flows": FLOWS, "outbound": [
        {"connector": "a", "result": "r", "rules": RULES, "flows": FLOWS, "pending_export": CHANGE}]}},
    ("pending", "list"): {"objects": [dict(ROW, operation="add")], "next": None},
    ("pending", "diff"): {"objects": [dict(ROW, operation="add", changes=CHANGE, references=[
        {"attribute": "m", "operation": "add", "target": "t"}])], "next": "1.1.1"},
    ("pending", "csv"): {"objects": [dict(ROW, operation="add", changes=CHANGE, references=[
        {"attribute": "m", "operation": "add", "target": "t"}])]},
    ("threshold", "show"): {"threshold": {"threshold": 500}},
    ("threshold", "override-once"): {"deletes": 1, "references": 2, "removals": 3},
    ("start-sync-cycle", "--wait"): {"progress": STEP, "end": {"run": 1, "result": "r", "good": True}},
}
OTHERS = (None, 1, "", [], {}, [None], {"x": None}, "x" * 300)
# whole frames
FRAMES = (b"", b"\0", b"{", b"{}\0", b"[]\0", b"1\0", b"null\0", b"{\"parameters\": []}\0",
          b"{\"parameters\": null}\0", b"{\"parameters\": \"x\"}\0", b"{\"error\": 1}\0",
          b"{\"error\": \"\"}\0", b"{\"error\": \"x.\", \"parameters\": {\"message\": 1}}\0",
          b"{\"parameters\": {\"x\": \"\xff\"}}\0", b"{\"parameters\": {\"x\"\0: 1}}\0",
          b"[" * 5000 + b"\0", b"{\"continues\": true}\0")


def places(value, path=()):
    """Every place in the answer."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(
        value, list) else ()
    for key, inner in items:
        yield path + (key,)
        yield from places(inner, path + (key,))


def without(answer, path):
    out = copy.deepcopy(answer)
    inner = out
    for key in path[:-1]:
        inner = inner[key]
    del inner[path[-1]]
    return out


def replaced(answer, path, other):
    out = copy.deepcopy(answer)
    inner = out
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = other
    return out


class Server:
    """Says the same to everybody, and closes."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "control")
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(self.path)
        self.socket.listen(16)
        self.frame = b""
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                con, _ = self.socket.accept()
            except OSError:
                return
            try:
                con.recv(65536)
                con.sendall(self.frame)
            except OSError:
                pass
            con.close()

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join(10)


@pytest.fixture
def server(tmp_path):
    one = Server(str(tmp_path))
    yield one
    one.close()


def check(server, words, frame):
    server.frame = frame
    done = subprocess.run([binary("adsyncctl"), "--socket", server.path, *words], capture_output=True,
                          stdin=subprocess.DEVNULL, timeout=60, check=False)
    said = (done.stdout + done.stderr).decode(errors="replace")
    assert done.returncode in (0, 1, 3, 4), (words, frame[:300], done.returncode, said[-2000:])
    assert "(null)" not in said and "Sanitizer" not in said, (words, frame[:300], said[-2000:])
    return done.returncode


@pytest.mark.parametrize("words", ANSWERS, ids=" ".join)
def test_short_and_strange_answers(server, words):
    whole = ANSWERS[words]
    code = check(server, words, json.dumps({"parameters": whole}).encode() + b"\0")
    assert code == (1 if words[:2] == ("connector", "test") or words == ("pending", "diff") else
                    code if words[0] == "start-sync-cycle" else 0)
    for i, path in enumerate(places(whole)):
        check(server, words, json.dumps({"parameters": without(whole, path)}).encode() + b"\0")
        # all of them at each place would take minutes: a different two at each
        for k in (2 * i, 2 * i + 1):
            other = replaced(whole, path, OTHERS[k % len(OTHERS)])
            check(server, words, json.dumps({"parameters": other}).encode() + b"\0")


def test_frames(server):
    for i, frame in enumerate(FRAMES):
        for k in (0, 1, 2):
            words = list(ANSWERS)[(3 * i + k) % len(ANSWERS)]
            check(server, words, frame)
