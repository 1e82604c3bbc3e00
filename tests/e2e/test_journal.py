"""A real journald: what an operator reads with journalctl. Runs under with_journal."""
import json
import os
import re
import subprocess

from lab import AAD, BUILD, ROOT, Company, Process, binary, wait_for


def journal(*match):
    subprocess.run(["journalctl", "--sync"], check=True, capture_output=True)
    out = subprocess.run(["journalctl", "-q", "-o", "json", "--all", *match], check=True,
                         capture_output=True, text=True).stdout
    return [json.loads(line) for line in out.splitlines()]


def test_event_6956_in_the_journal(make_lab):
    c = Company()
    c.user("anna", "Anna Ås", title="Pilot")
    lab = make_lab(c, scheduler__sync_cycle_enabled="no")
    lab.daemon = Process([binary("adsyncd"), "--config", lab.config], lab.folder + "/adsyncd.log")
    wait_for(lambda: os.path.exists(lab.folder + "/control"), "the daemon")

    def cycle():
        assert lab.ctl("--wait", program="start-sync-cycle").returncode == 0

    cycle()
    cycle()
    who = lab.graph.find("users", "Anna Ås")["id"]
    lab.graph.soa("users", who, True)
    cycle()
    assert not journal("ADSYNC_EVENT_ID=6956")
    lab.company.set("anna", "title", "Captain")
    lab.write()
    cycle()
    cycle()
    lab.ctl("--wait", "initial", program="start-sync-cycle")
    events = journal("ADSYNC_EVENT_ID=6956")
    assert len(events) == 1
    e = events[0]
    assert e["ADSYNC_SOURCE"] == "ADSync" and e["ADSYNC_CONNECTOR"] == AAD
    assert e["ADSYNC_DN"] == "CN=Anna Ås,OU=Staff,DC=fjordline,DC=example"
    assert e["ADSYNC_CLOUD_ANCHOR"] == "User_" + who
    assert e["ADSYNC_RUN"] == "4" and e["ADSYNC_ATTRIBUTES"] == "title"
    assert e["PRIORITY"] == "5" and e["SYSLOG_IDENTIFIER"] == "adsyncd"
    assert "was not synchronized" in e["MESSAGE"]
    assert journal("MESSAGE_ID=" + e["MESSAGE_ID"])[0]["MESSAGE"] == e["MESSAGE"]
    assert len(journal("ADSYNC_EVENT_ID=906")) == 6
    assert not lab.daemon.log()


def test_catalog_explains_every_event():
    with open(ROOT + "/lib/report/record.h", encoding="utf-8") as f:
        ids = re.findall(r'"([0-9a-f]{32})"', f.read())
    assert len(ids) >= 19 and len(set(ids)) == len(ids)
    catalog = ROOT + "/packaging/systemd/adsyncd.catalog"
    with open(catalog, encoding="utf-8") as f:
        text = f.read()
    assert re.findall(r"^-- ([0-9a-f]{32})$", text, re.M) == ids
    for part in text.split("\n-- ")[1:]:
        assert re.match(r"[0-9a-f]{32}\nSubject: .+\nDefined-By: adsyncd\n\n.+", part), part


def test_unit_file():
    """systemd finds nothing wrong with the unit, and it is confined."""
    unit = os.path.join(BUILD, "packaging", "adsyncd.service")
    done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True,
                          check=False)
    complaints = [x for x in done.stderr.splitlines()
                  if "adsyncd" in x and "not executable" not in x and "man " not in x]
    assert not complaints, complaints
    done = subprocess.run(["systemd-analyze", "security", "--offline=yes", "--threshold=20", unit],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-500:]


def test_version_is_everywhere_the_same():
    for name in ("adsyncd", "adsyncctl", "entra-emulator"):
        out = subprocess.run([binary(name), "--version"], capture_output=True, text=True, check=True)
        assert out.stdout.split()[1] == "0.1.0"
