"""The daemon's loop: it answers from a few rows, and never waits for a store, a directory or rules.

What an answer costs is measured as processor time of the daemon, which other programs on the
machine do not change.
"""
import json
import os
import signal
import socket
import sqlite3
import subprocess
import threading

import pytest
from lab import AAD, AD, WRITES, Company, binary, wait_for

CALLS = 200


def company():
    c = Company()
    for i in range(10):
        c.user("user%d" % i, title="Officer")
    return c


@pytest.fixture
def lab(make_lab):
    """After one cycle; nothing runs by itself."""
    one = make_lab(company(), scheduler__sync_cycle_enabled="no")
    one.cycle()
    return one


class Client:
    """One connection to the control socket."""

    def __init__(self, lab, which="control"):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(os.path.join(lab.folder, which))
        self.socket.settimeout(60)

    def send(self, method, **parameters):
        frame = {"method": "org.adsyncd.Control." + method, "parameters": parameters}
        self.socket.sendall(json.dumps(frame).encode() + b"\0")
        return self

    def answer(self):
        data = b""
        while not data.endswith(b"\0"):
            part = self.socket.recv(1 << 20)
            assert part, "the connection was closed"
            data += part
        return json.loads(data[:-1])

    def ask(self, method, **parameters):
        return self.send(method, **parameters).answer()

    def close(self):
        self.socket.close()


def used(pid):
    """Processor time of a process, in seconds (the first number is nanoseconds on a processor)."""
    with open("/proc/%d/schedstat" % pid, encoding="ascii") as f:
        return int(f.read().split()[0]) / 1e9


def children(pid):
    with open("/proc/%d/task/%d/children" % (pid, pid), encoding="ascii") as f:
        return [int(x) for x in f.read().split()]


def write(lab, *statements):
    con = sqlite3.connect(lab.folder + "/state/adsyncd.db", timeout=30)
    for sql in statements:
        con.execute(sql)
    con.commit()
    con.close()


def fill(lab, begin, end):
    """Rows of the connector space of AD with numbers from begin to end."""
    write(lab, """
WITH RECURSIVE n(i) AS (SELECT %d UNION ALL SELECT i + 1 FROM n WHERE i < %d)
INSERT INTO cs (connector, class, kind, dn, dn_key, anchor, imported, want, state, seq)
SELECT 1, iif(i %% 5, 'user', 'group'), 0, 'CN=row' || i, 'cn=row' || i, 'row' || i,
    zeroblob(500), i %% 3, i %% 6, 1000 + i FROM n""" % (begin, end - 1),
          # what lib/store does by itself
          "DELETE FROM cs_tally", """
INSERT INTO cs_tally
SELECT connector, class, kind, want, state, blocked, mv IS NOT NULL, anchor IS NOT NULL,
    imported IS NOT NULL AND deleted = 0, count(*) FROM cs GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9""")


def cost(lab, method, calls=CALLS):
    """Seconds of the daemon for one call; the first calls are not counted."""
    client = Client(lab, "status")
    for _ in range(5):
        assert "error" not in client.ask(method)
    before = used(lab.daemon.popen.pid)
    for _ in range(calls):
        client.ask(method)
    client.close()
    return (used(lab.daemon.popen.pid) - before) / calls


def test_status_costs_the_same_for_any_number_of_rows(lab):
    lab.start()
    fill(lab, 0, 1000)
    few = {m: cost(lab, m) for m in ("GetStatus", "ListRuns", "GetRun")}
    fill(lab, 1000, 200000)
    writer = sqlite3.connect(lab.folder + "/state/adsyncd.db", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("UPDATE cs SET state = 1 WHERE id % 7 = 0")
    try:
        many = {m: cost(lab, m) for m in few}
        status = Client(lab, "status").ask("GetStatus")["parameters"]
    finally:
        writer.execute("ROLLBACK")
        writer.close()
    print({m: "%.2f ms, %.2f ms" % (few[m] * 1e3, many[m] * 1e3) for m in few})
    assert status["connectors"][0]["objects"] == 200010
    for m, seconds in many.items():
        assert seconds < 0.010, (m, seconds)
        assert seconds < 3 * few[m], (m, few[m], seconds)


def counted(lab, connector):
    """What the status says of a connector, counted from the rows."""
    keys = ("objects", "connectors", "disconnectors", "placeholders", "blocked", "pending_add",
            "pending_update", "pending_delete", "awaiting_confirmation", "export_errors")
    row = lab.db("""
SELECT sum(kind <> 2), sum(mv IS NOT NULL), sum(mv IS NULL AND kind <> 2), sum(kind = 2),
    sum(blocked <> 0), sum(state IN (1, 2, 5) AND want = 1 AND anchor IS NULL),
    sum(state IN (1, 2, 5) AND want = 1 AND anchor IS NOT NULL),
    sum(state IN (1, 2, 5) AND want = 2), sum(state = 3), sum(state = 5)
FROM cs JOIN connector c ON c.id = cs.connector WHERE c.name = ?""", connector)[0]
    phases = dict(lab.db("SELECT e.phase, count(*) FROM cs_error e JOIN connector c "
                         "ON c.id = e.connector WHERE c.name = ? GROUP BY 1", connector))
    return dict(zip(keys, row), import_errors=phases.get(0, 0),
                sync_errors=phases.get(1, 0) + phases.get(3, 0))


def test_status_is_true_after_each_run(make_lab):
    lab = make_lab(company(), scheduler__sync_cycle_enabled="no")
    lab.start()
    assert lab.ctl_json("status")["connectors"] == []

    def check():
        shown = lab.ctl_json("status")["connectors"]
        assert [c["name"] for c in shown] == [AD, AAD]
        for c in shown:
            expected = counted(lab, c["name"])
            assert {k: c[k] for k in expected} == expected
            statistics = lab.ctl_json("connector", "statistics", c["name"])
            assert sum(s["objects"] for s in statistics) == c["objects"]
            assert lab.ctl_json("connector", "show", c["name"])["objects"] == c["objects"]
        return {c["name"]: c for c in shown}

    lab.emulator.fault(match=WRITES["service"], count=1, status=503)
    lab.ctl("--wait", program="start-sync-cycle")
    check()
    lab.emulator.clear_faults()
    lab.ctl("--wait", program="start-sync-cycle")
    assert check()[AAD]["objects"] == 10
    lab.company.user("another")
    lab.company.user("twice", proxyAddresses=["SMTP:user1@fjordline.example"])
    lab.write()
    for profile in ("delta-import", "delta-sync", "export", "delta"):
        lab.ctl("run", "start", profile, "--wait")
        check()
    dn = "CN=user1,OU=Staff,DC=fjordline,DC=example"
    for words in (("threshold", "set", "5"), ("threshold", "override-once"), ("errors", "retry", dn)):
        lab.ctl(*words)
        check()


def test_a_busy_store_is_not_waited_for(lab):
    """Somebody has the store for himself: the answer is "busy", at once; the loop goes on."""
    lab.start()
    other = sqlite3.connect(lab.folder + "/state/adsyncd.db", isolation_level=None)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    other.execute("INSERT INTO meta VALUES ('x', 'y')")
    other.execute("COMMIT")
    client = Client(lab)
    for method in ("GetStatus", "ListRuns", "GetRun"):
        answer = client.ask(method)
        assert answer["error"].endswith(".Busy") and "try again" in answer["parameters"]["message"]
    done = lab.ctl("status")
    assert done.returncode == 1 and "busy" in done.stderr
    # questions wait in their workers, and only so many
    askers = [Client(lab).send("Preview", name="CN=user1,OU=Staff," + lab.company.domain)
              for _ in range(8)]
    wait_for(lambda: len(children(lab.daemon.popen.pid)) == 8, "the workers")
    refused = Client(lab).ask("Preview", name="x")
    assert refused["error"].endswith(".Busy"), refused
    assert client.ask("StopSyncCycle")["error"].endswith(".NotRunning")  # meanwhile
    other.close()
    for a in askers:
        answer = a.answer()
        assert "preview" in answer["parameters"] or "error" in answer
    assert client.ask("GetStatus")["parameters"]["connectors"]
    assert "preview" in client.ask("Preview", name="CN=user1,OU=Staff," + lab.company.domain)[
        "parameters"]


def test_a_caller_that_goes_takes_its_worker_along(lab):
    lab.emulator.fault(match="GET /v1.0/", count=50, delayMs=20000)
    lab.start()
    client = Client(lab).send("TestConnector", name=AAD)
    wait_for(lambda: children(lab.daemon.popen.pid), "the worker")
    busy = Client(lab).ask("TestConnector", name=AAD)
    assert busy["error"].endswith(".Busy")
    assert Client(lab).ask("GetStatus")["parameters"]["pid"] == lab.daemon.popen.pid
    client.close()
    wait_for(lambda: not children(lab.daemon.popen.pid), "its end")
    assert lab.ctl("status").returncode == 0


def test_questions_end_with_the_daemon(lab):
    lab.emulator.fault(match="GET /v1.0/", count=50, delayMs=60000)
    lab.start()
    caller = Client(lab).send("TestConnector", name=AAD)
    wait_for(lambda: children(lab.daemon.popen.pid), "the worker")
    assert lab.daemon.stop() == 0
    caller.close()


def test_changes_beside_a_run_by_hand(lab):
    """The lock is not waited for: whoever has it, the answer comes at once."""
    lab.start()
    lab.emulator.fault(match="GET /v1.0/users/delta", count=1, delayMs=3000)
    log = open(lab.folder + "/by-hand.log", "wb")
    run = subprocess.Popen([binary("adsyncd"), "--worker", "--config", lab.config, "--log", "stderr"],
                           stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    log.close()
    try:
        wait_for(lambda: lab.db("SELECT count(*) FROM run WHERE ended IS NULL")[0][0], "the run")
        for words in (("threshold", "set", "5"), ("threshold", "override-once"),
                      ("errors", "retry", "CN=user1")):
            done = lab.ctl(*words)
            assert done.returncode == 3 and "a run is in progress" in done.stderr, done
        assert run.poll() is None
    finally:
        run.wait(60)
    assert lab.ctl("threshold", "set", "5").returncode == 0
    assert lab.ctl_json("threshold", "show")["threshold"] == 5


def test_reload_while_one_is_on_its_way(lab):
    """Signals and commands come close together; the last configuration is the one that counts."""
    lab.start()
    for minutes in ("31", "32", "33"):
        lab.settings["scheduler__sync_cycle_interval"] = "00:%s:00" % minutes
        lab.write_config()
        lab.daemon.popen.send_signal(signal.SIGHUP)
    codes = []
    threads = [threading.Thread(target=lambda: codes.append(lab.ctl("reload").returncode))
               for _ in range(3)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert all(c in (0, 1) for c in codes), codes
    wait_for(lambda: lab.ctl_json("status")["scheduler"]["AllowedSyncCycleInterval"] == "00:33:00",
             "the last one")
