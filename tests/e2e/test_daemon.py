"""The daemon: schedule, sockets, signals, and a stop in the middle of an export."""
import json
import os
import pty
import re
import signal
import socket
import subprocess
import time

import pytest
from lab import AAD, AD, ROOT, WRITES, Company, binary, wait_for


def people(n=10):
    c = Company()
    for i in range(n):
        c.user("user%d" % i, title="Officer")
    return c


def test_first_cycle_at_start_and_schedule(make_lab):
    lab = make_lab(people())
    lab.start()
    wait_for(lambda: " event_id=906 " in lab.daemon.log(), "the first cycle")
    status = lab.ctl_json("status")
    assert status["scheduler"]["SyncCycleEnabled"] is True
    assert status["scheduler"]["AllowedSyncCycleInterval"] == "00:30:00"
    assert [c["objects"] for c in status["connectors"]] == [10, 10]
    first = status["scheduler"]["NextSyncCycleStartTimeInUTC"]
    # a restart keeps the time and does not run again
    lab.daemon.stop()
    lab.start()
    time.sleep(1)
    status = lab.ctl_json("status")
    assert status["scheduler"]["NextSyncCycleStartTimeInUTC"] == first
    assert status["last_run"]["run"] == 1
    # an overdue one runs at once
    lab.daemon.stop()
    with open(lab.folder + "/state/scheduler.json", "w", encoding="utf-8") as f:
        json.dump({"next": 1000, "last": 900, "initial": False}, f)
    lab.start()
    wait_for(lambda: (lab.ctl_json("status")["last_run"] or {}).get("run") == 2, "the second cycle")


def test_lines_are_columns(make_lab):
    """Names of any length; a step that is left out has no number, and makes no hole."""
    name = "contoso.onmicrosoft.com (2) - AAD"
    lab = make_lab(people(3), scheduler__sync_cycle_enabled="no")
    with open(lab.config, encoding="utf-8") as f:
        text = f.read()
    with open(lab.config, "w", encoding="utf-8") as f:
        f.write(text.replace('"%s"' % AAD, '"%s"' % name))
    os.unlink(lab.ldif)
    lab.start()

    def steps(words, number):
        lines = [x for x in lab.ctl(*words).stdout.splitlines() if AD in x or name in x]
        assert {x.index(" full-") for x in lines if " full-" in x} == {
            lines[0].index(AD) + len(name)}, lines
        return [number(x) for x in lines]

    assert steps(["start-sync-cycle", "--wait"], lambda x: x[:5]) == [
        "[1/6]", "[2/6]", "[ - ]", "[3/5]", "[4/5]", "[5/5]"]
    assert steps(["run", "show"], lambda x: int(x.split()[0])) == [1, 2, 3, 4, 5]
    rows = lab.ctl("status").stdout.split("\n\n")[0].splitlines()
    key = "CurrentlyEffectiveSyncCycleInterval "
    assert key + "00:30:00" in rows and {x[len(key) - 1] for x in rows} == {" "}, rows


def test_status_line_of_systemd(make_lab, monkeypatch):
    """What systemctl status shows: how the last run ended, also when it failed, and what is next."""
    lab = make_lab(people(3))
    os.unlink(lab.ldif)
    monkeypatch.setenv("NOTIFY_SOCKET", lab.folder + "/notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.bind(lab.folder + "/notify")
        s.settimeout(60)
        lab.start()

        def told(words):
            while True:
                for line in s.recv(4096).decode().splitlines():
                    if line.startswith("STATUS=") and words in line:
                        return line

        told("STATUS=Next synchronization cycle at ")
        told("STATUS=Running: delta")
        line = told("Last run ")
        assert re.fullmatch(r"STATUS=Last run \(delta\): stopped-import-read\. Next synchronization "
                            r"cycle at 20\d\d-[-0-9]{5}T[0-9:]{8}Z", line), line
        lab.write()
        assert lab.ctl("start-sync-cycle", "--wait").returncode == 0
        told("Last run (delta): success. Next ")


def test_commands(make_lab):
    lab = make_lab(people(), scheduler__sync_cycle_enabled="no")
    lab.start()
    assert lab.ctl("run", "show").returncode == 1
    done = lab.ctl("--wait", program="start-sync-cycle")
    assert done.returncode == 0, done
    assert "export-add 10" in done.stdout and "\r" not in done.stdout
    assert lab.ctl_json("run", "list")[0]["result"] == "completed-no-objects"
    assert len(lab.ctl_json("run", "show", "1")["steps"]) == 6
    dn = "CN=user1,OU=Staff,DC=fjordline,DC=example"
    row = lab.ctl_json("cs", "show", "fjordline.example", dn)
    assert row["imported"]["title"] == ["Officer"] and row["class"] == "user"
    assert lab.ctl("cs", "show", "fjordline.example", "CN=nobody").returncode == 1
    assert lab.ctl_json("mv", "show", dn)["attributes"]["title"] == ["Officer"]
    assert len(lab.ctl_json("cs", "search", "user1")) == 1
    assert len(lab.ctl_json("cs", "search", "OFFICER")) == 0
    assert lab.ctl_json("errors") == []
    assert lab.ctl("bogus").returncode == 2
    assert lab.ctl("sometimes", program="start-sync-cycle").returncode == 2
    assert lab.ctl("--socket", "/nonexistent", "status").returncode == 4
    done = lab.ctl("run", "start", "full-sync", "--wait")
    assert done.returncode == 0 and "full-sync" in done.stdout
    # text for people
    for words in (["status"], ["run", "list"], ["run", "show"], ["mv", "show", dn],
                  ["cs", "show", "fjordline.example", dn], ["errors"], ["pending", "list"]):
        done = lab.ctl(*words)
        assert done.returncode == 0 and not done.stderr, (words, done.stderr)


@pytest.mark.parametrize("program, words, text", [
    ("adsyncd", ["--profile", "export"], "--profile is for one run or one question"),
    ("adsyncd", ["--report", "3"], "--report is for one run or one question"),
    ("adsyncd", ["--worker", "--report", "x"], "the number of an open descriptor was expected"),
    ("adsyncd", ["--log", "file"], "auto, journal or stderr was expected, not \"file\""),
    ("adsyncd", ["delta"], "not \"delta\""),
    ("adsyncctl", ["run", "show", "last"], "\"last\" is not the number of a run"),
    ("adsyncctl", ["run", "show", "9" * 20], "is not the number of a run"),
    ("adsyncctl", ["threshold", "set", "5x"], "\"5x\" is neither a number of deletes nor"),
    ("adsyncctl", ["threshold", "set", "9" * 20], "is neither a number"),
    ("adsyncctl", ["threshold", "set", "--", "-1"], "is neither a number")])
def test_words_that_are_none(program, words, text):
    """Nothing is started, and what was wrong is said."""
    done = subprocess.run([binary(program), *words], capture_output=True, text=True, timeout=60,
                          stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == 2 and text in done.stderr, done


def test_connector_that_is_none(make_lab):
    lab = make_lab(people(), scheduler__sync_cycle_enabled="no")
    lab.start()
    done = lab.ctl("run", "start", "delta-import", "--connector", "nobody")
    assert done.returncode == 1 and 'there is no connector "nobody"' in done.stderr
    assert lab.config in done.stderr


def test_live_progress_on_a_terminal(make_lab):
    """On a terminal the line of the running step is rewritten in place."""
    lab = make_lab(people(300), scheduler__sync_cycle_enabled="no")
    lab.emulator.fault(match=WRITES["service"], count=5, delayMs=600)
    lab.start()
    pid, fd = pty.fork()
    if pid == 0:
        os.environ["ADSYNCD_SOCKET"] = lab.folder + "/control"
        os.execv(binary("start-sync-cycle"), ["start-sync-cycle", "--wait"])
    text = b""
    while True:
        try:
            part = os.read(fd, 65536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        text += part
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    os.close(fd)
    text = text.decode()
    assert "\r\033[K[6/6]" in text and "export         ...  " in text, text
    assert "export-add 300" in text and "Run 1: completed-no-objects" in text


def test_refuses_while_running(make_lab):
    lab = make_lab(people(), scheduler__sync_cycle_enabled="no")
    lab.emulator.fault(match="GET /v1.0/users/delta", count=1, delayMs=1500)
    lab.start()
    assert lab.ctl(program="start-sync-cycle").stdout == "Result: Success\n"
    done = lab.ctl(program="start-sync-cycle")
    assert done.returncode == 3
    assert done.stderr == ("Sync is already running. Cannot start a new run till this one "
                           "completes.\n")
    # not even beside the daemon
    r = lab.run()
    assert r.code == 2 and "Sync is already running" in r.error
    assert lab.ctl_json("status")["scheduler"]["SyncCycleInProgress"] is True
    wait_for(lambda: not lab.ctl_json("status")["scheduler"]["SyncCycleInProgress"], "its end")


def test_stop_in_the_middle_of_an_export(make_lab):
    """SIGTERM: within 5 s; nothing lost, nothing sent twice."""
    lab = make_lab(people(400), scheduler__sync_cycle_enabled="no")
    lab.emulator.fault(match=WRITES["service"], count=1000, delayMs=300)
    lab.start()
    lab.ctl(program="start-sync-cycle")
    wait_for(lambda: lab.emulator.stats()["creates"] > 20, "the export")
    before = time.monotonic()
    assert lab.daemon.stop() == 0
    assert time.monotonic() - before < 5
    assert 0 < lab.emulator.stats()["creates"] < 400
    lab.emulator.clear_faults()
    lab.start()
    done = lab.ctl("--wait", program="start-sync-cycle")
    assert done.returncode == 0, done
    done = lab.ctl("--wait", program="start-sync-cycle")
    stats = lab.emulator.stats()
    assert stats["creates"] == 400 and stats["duplicateWrites"] == 0, stats
    results = {r["result"] for r in lab.ctl_json("run", "list")}
    assert "stopped-user-termination-from-wmi-or-ui" in results


def test_reload(make_lab):
    lab = make_lab(people())
    lab.start()
    wait_for(lambda: " event_id=906 " in lab.daemon.log(), "the first cycle")
    lab.settings["scheduler__sync_cycle_interval"] = "01:00:00"
    lab.write_config()
    lab.daemon.popen.send_signal(signal.SIGHUP)
    wait_for(lambda: "was reloaded" in lab.daemon.log(), "the reload")
    assert lab.ctl_json("status")["scheduler"]["AllowedSyncCycleInterval"] == "01:00:00"
    lab.write_config(ad="nonsense = 1")
    lab.daemon.popen.send_signal(signal.SIGHUP)
    wait_for(lambda: "the old one stays" in lab.daemon.log(), "the refusal")
    assert "nonsense" in lab.daemon.log()
    assert lab.ctl("reload").returncode == 1
    assert lab.ctl("status").returncode == 0


def test_worker_is_killed(make_lab):
    """A worker that dies is told of; the next run closes its record."""
    lab = make_lab(people(), scheduler__sync_cycle_enabled="no")
    lab.emulator.fault(match="GET /v1.0/users/delta", count=1, delayMs=20000)
    lab.start()
    lab.ctl(program="start-sync-cycle")
    children = "/proc/%d/task/%d/children" % ((lab.daemon.popen.pid,) * 2)
    worker = int(wait_for(lambda: open(children, encoding="ascii").read().split(), "a worker")[0])
    wait_for(lambda: (lab.ctl_json("status")["running"] or {}).get("step") == 2, "the import")
    os.kill(worker, signal.SIGKILL)
    wait_for(lambda: "ended by signal 9" in lab.daemon.log(), "the message")
    lab.emulator.clear_faults()
    assert lab.ctl("--wait", program="start-sync-cycle").returncode == 0
    assert "stopped-server-down" in {r["result"] for r in lab.ctl_json("run", "list")}


def test_reports_only_where_it_is_told(make_lab):
    """By hand, whatever descriptor 3 leads to is nobody's to write to."""
    lab = make_lab(people())
    argv = [binary("adsyncd"), "--worker", "--config", lab.config, "--log", "stderr"]
    other = os.path.join(lab.folder, "other")
    for options, reports in (([], False), (["--report", "3"], True)):
        with open(other, "wb") as f:
            done = subprocess.run(argv + options, stdin=subprocess.DEVNULL, capture_output=True,
                                  text=True, check=False, close_fds=False,
                                  preexec_fn=lambda: os.dup2(f.fileno(), 3))
        assert done.returncode == 0 and done.stdout == "", done.stderr
        with open(other, encoding="utf-8") as f:
            assert ('"end":' in f.read()) is reports
    # nothing is open at 3: the lock and the connections get the number
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert os.path.getsize(lab.folder + "/state/run.lock") == 0
    # to standard output, as a person may want it
    done = subprocess.run(argv + ["--report", "1"], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0 and '"end":' in done.stdout
    for wrong in ("-1", "0", "x", "", "77"):
        done = subprocess.run(argv + ["--report", wrong], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False)
        assert done.returncode == 2, wrong


def varlink(path, frames):
    s = socket.socket(socket.AF_UNIX)
    s.connect(path)  # blocking: waits while the queue is full
    s.settimeout(10)
    if frames:
        s.sendall(frames)
    return s


def read_frame(s):
    data = b""
    while not data.endswith(b"\0"):
        part = s.recv(65536)
        if not part:
            return None
        data += part
    return json.loads(data[:-1])


def test_sockets(make_lab):
    lab = make_lab(people(), scheduler__sync_cycle_enabled="no")
    lab.start()
    control, status = lab.folder + "/control", lab.folder + "/status"
    assert os.stat(control).st_mode & 0o777 == 0o600
    assert os.stat(status).st_mode & 0o777 == 0o666

    def ask(path, method, **parameters):
        frame = json.dumps({"method": method, "parameters": parameters}).encode() + b"\0"
        with varlink(path, frame) as s:
            return read_frame(s)

    info = ask(control, "org.varlink.service.GetInfo")["parameters"]
    assert "org.adsyncd.Control" in info["interfaces"]
    text = ask(control, "org.varlink.service.GetInterfaceDescription",
               interface="org.adsyncd.Control")["parameters"]["description"]
    with open(ROOT + "/daemon/adsyncd/org.adsyncd.Control.varlink", encoding="utf-8") as f:
        methods = f.read().count("\nmethod ")
    assert text.count("\nmethod ") == methods > 20 and "interface org.adsyncd.Control" in text
    assert ask(control, "org.adsyncd.Control.Bogus")["error"].endswith("MethodNotFound")
    assert ask(control, "org.adsyncd.Control.StartSyncCycle",
               policy="x")["error"].endswith("InvalidParameter")
    assert "parameters" in ask(status, "org.adsyncd.Control.GetStatus")
    for method in re.findall(r"^method (\w+)\(", text, re.M):
        error = ask(status, "org.adsyncd.Control." + method,
                    policy="delta", text="x").get("error", "")
        everybody = method in ("GetStatus", "ListRuns", "GetRun")
        assert error.endswith(".PermissionDenied") != everybody, method
    # junk, and frames that are too long, end only their own connection
    for junk in (b"hello\0", b"[]\0", b"{}\0", b"x" * (17 << 20), b"\0\0\0"):
        with varlink(control, b"") as s:
            try:
                s.sendall(junk)
                assert read_frame(s) is None
            except (ConnectionError, BrokenPipeError):
                pass
    many = [varlink(status, b"") for _ in range(80)]
    for s in many:
        s.close()
    wait_for(lambda: lab.ctl("status").returncode == 0, "an answer")
    # a second daemon does not take the sockets away
    other = lab.start()
    wait_for(lambda: other.popen.poll() is not None, "its end")
    assert "listens here already" in other.log()
    assert lab.ctl("status").returncode == 0
    lab.daemon = None
    pid = lab.ctl_json("status")["pid"]
    os.kill(pid, signal.SIGTERM)


@pytest.mark.parametrize("where", ["adsyncd.log"])
def test_no_secret_in_logs(make_lab, where):
    lab = make_lab(people())
    lab.start()
    wait_for(lambda: " event_id=906 " in lab.daemon.log(), "the first cycle")
    with open("/proc/%d/cmdline" % lab.daemon.popen.pid, "rb") as f:
        assert b"change-me" not in f.read()
    assert "change-me" not in lab.daemon.log() and "Bearer" not in lab.daemon.log()
    with open(lab.folder + "/state/adsyncd.db", "rb") as f:
        assert b"change-me" not in f.read()
