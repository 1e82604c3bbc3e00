"""adsyncctl sync object: one object through a whole cycle, now; the next cycle is a delta as ever."""
import fcntl
import json
import os
import sqlite3
import stat
import subprocess
from html.parser import HTMLParser

import pytest

from lab import AAD, AD, ROOT, SYNC_APP, TENANT, Company, Sync, binary

SCOPE = "adminDescription"  # the default rules leave out what has User_ there


def company():
    c = Company()
    for name in ("ann", "ben", "cat", "dan", "eve"):
        c.user(name, title="Pilot", mail=name + "@fjordline.example")
    c.group("Crew", members=[c.dn_of("ann"), c.dn_of("ben")])
    return c


@pytest.fixture
def lab(make_lab):
    """A company that is synchronized; nothing runs by itself."""
    one = make_lab(company(), scheduler__sync_cycle_enabled="no")
    one.cycle()
    one.cycle()
    return one


def sync(lab, name, *options, code=0):
    """The report, over the daemon's socket."""
    if not lab.daemon:
        lab.start()
    done = lab.ctl("--json", "sync", "object", name, *options)
    assert done.returncode == code, (done.returncode, done.stdout[-3000:], done.stderr)
    return json.loads(done.stdout)


def worker(lab, name, fault=None, trace=None):
    """The same without a daemon, killed at a point: exit code, report or None, log."""
    env = dict(os.environ, LSAN_OPTIONS="suppressions=%s/tests/lsan.supp:print_suppressions=0" % ROOT)
    env.update(ADSYNC_FAULT=fault or "", ADSYNC_FAULT_TRACE=trace or lab.folder + "/passed")
    if not fault:
        del env["ADSYNC_FAULT"]
    read, write = os.pipe()
    done = subprocess.Popen(
        [binary("adsyncd"), "--worker", "--config", lab.config, "--question", "SyncObject",
         "--log", "stderr", "--report", str(write)], env=env, stdin=subprocess.PIPE,
        stderr=subprocess.PIPE, pass_fds=[write])
    os.close(write)
    done.stdin.write(json.dumps({"name": name}).encode())
    done.stdin.close()
    with os.fdopen(read, encoding="utf-8") as f:
        answers = [line[1:] for line in f if line.startswith("+")]
    log = done.stderr.read().decode()
    assert "Sanitizer" not in log and "runtime error" not in log, log[-6000:]
    return done.wait(60), json.loads(answers[0])["report"] if answers else None, log


def compared(report, name):
    """{attribute: what the report's comparison says} of the object of that common name."""
    one = next(c for c in report["comparison"] if c["dn"].startswith("CN=%s," % name))
    return {a["attribute"]: a for a in one["attributes"]}


def verdicts(report, name):
    return {a["verdict"] for a in compared(report, name).values()}


def is_idle(lab):
    """The next cycle has nothing to send, and finds nothing new."""
    writes = lab.emulator.stats()["writes"]
    r = lab.cycle()
    assert lab.emulator.stats()["writes"] == writes, r.steps
    assert r.step(AAD, "import")["type"] == "delta-import"
    assert not r.counter("export-add") and not r.counter("stage-update"), r.steps
    return True


def test_a_new_user_and_the_manager(lab):
    c = lab.company
    c.user("boss", title="Head", mail="boss@fjordline.example")
    c.user("new", title="Cook", mail="new@fjordline.example", manager=c.dn_of("boss"),
           carLicense="K 1")
    c.user("other", title="Cook", mail="other@fjordline.example")
    lab.write()
    report = sync(lab, c.dn_of("new"))
    assert report["result"] == "success" and report["connector"] == AD and not report["preview"]
    found = {o["dn"]: o["change"] for o in report["import"][0]["objects"]}
    assert found == {c.dn_of("new"): "added", c.dn_of("boss"): "added"}
    rules = report["synchronization"]
    assert "would be projected" in rules["join"]
    assert any(f["attribute"] == "title" and f["verdict"] == "applied" for f in rules["flows"])
    assert [o["operation"] for o in report["export"][0]["objects"]] == ["add", "add"]
    assert all(o["error"] is None for o in report["export"][0]["objects"])
    assert len(report["confirm"][0]["objects"]) == 2
    assert verdicts(report, "new") == verdicts(report, "boss") == {"same"}
    title = compared(report, "new")["title"]
    assert title["source"] == {"title": "Cook"} and title["wanted"] == title["found"] == "Cook"
    manager = compared(report, "new")["manager"]
    assert manager["source"]["manager"] == manager["wanted"] == manager["found"] == [c.dn_of("boss")]
    main = report["comparison"][0]
    assert main["dn"] == c.dn_of("new") and main["state"] == "Confirmed"
    assert {"attribute": "carLicense", "source": "K 1"} in main["not_synchronized"]
    there = lab.graph.find("users", "new")
    assert lab.graph.get("/users/%s/manager" % there["id"])["displayName"] == "boss"
    assert lab.graph.find("users", "other") is None  # it waits for its cycle
    run = lab.ctl_json("run", "show")
    assert run["policy"] == "single-object" and run["result"] == "success" and run["run"] == report["run"]
    assert {s["type"] for s in run["steps"]} == {"delta-import", "delta-sync", "export"}
    lab.cycle()
    assert lab.graph.find("users", "other") and lab.emulator.stats()["duplicateWrites"] == 0
    assert is_idle(lab)


def test_a_group_and_its_members(lab):
    c = lab.company
    for i in range(100):
        c.user("m%03d" % i)
        c.member("Crew", "add", "m%03d" % i)
    c.member("Crew", "remove", "ann")
    lab.write()
    report = sync(lab, c.dn_of("Crew"))
    # ben and 99 of the new ones are taken along; the last one waits for its cycle
    assert any("1 objects more than the 100" in note for note in report["notes"])
    assert len(report["import"][0]["objects"]) == 101
    crew = lab.graph.find("groups", "Crew")["id"]
    members = lab.graph.members(crew)
    assert len(members) == 100 and "ann" not in members and "ben" in members
    assert verdicts(report, "Crew") == {"same"}
    lab.cycle()
    assert len(lab.graph.members(crew)) == 101
    lab.cycle()
    assert is_idle(lab)


def test_nothing_is_deleted(lab):
    c = lab.company
    lab.start()
    c.set("ann", SCOPE, "User_x")
    c.set("ann", "title", "Guest")
    gone = c.dn_of("ben")
    c.delete("ben")
    lab.write()
    report = sync(lab, c.dn_of("ann"))
    assert any("left to the next cycle" in note for note in report["notes"])
    assert [o["operation"] for o in report["export"][0]["objects"]] == ["delete"]
    report = sync(lab, gone, code=1)
    assert report["result"] == "completed-no-objects" and not report["export"]
    assert "does not have" in report["notes"][0] and "deletes nothing" in report["notes"][0]
    # never heard of
    done = lab.ctl("sync", "object", "CN=nobody,OU=Staff," + c.domain)
    assert done.returncode == 1 and "no source directory" in done.stderr
    for name in ("nobody", "nobody@fjordline.example"):
        assert lab.ctl("sync", "object", name).returncode == 1
    assert lab.emulator.stats()["deletes"] == 0 and lab.graph.find("users", "ann")["id"]
    r = lab.cycle()
    assert r.counter("export-delete") == 2 and lab.graph.find("users", "ann") is None
    assert lab.graph.members(lab.graph.find("groups", "Crew")["id"]) == []
    lab.cycle()
    assert is_idle(lab)


def test_out_of_scope(make_lab):
    lab = make_lab(company(), scheduler__sync_cycle_enabled="no")
    lab.set_ad("exclude_ou = OU=Contacts," + lab.company.domain)
    lab.cycle()
    lab.cycle()
    c = lab.company
    c.user("new", **{SCOPE: "User_x"})
    c.contact("far", "far@partner.example")
    lab.write()
    report = sync(lab, c.dn_of("new"))
    assert not report["export"][0]["objects"] and not report["comparison"]
    rules = {r["rule"]: r.get("reason") for r in report["synchronization"]["rules"]}
    assert "adminDescription" in rules["In from AD - User Join"]
    report = sync(lab, next(dn for dn in c.objects if dn.startswith("CN=far,")), code=1)
    assert "leave it out" in report["notes"][0] and report["result"] == "completed-no-objects"
    assert lab.graph.find("users", "new") is None and lab.graph.find("contacts", "far") is None


def test_somebody_else_has_the_authority(lab):
    c = lab.company
    lab.start()
    ann = lab.graph.find("users", "ann")["id"]
    lab.graph.soa("users", ann, True)  # no import has seen it yet
    c.set("ann", "title", "Captain")
    lab.write()
    writes = lab.emulator.stats()["writes"]
    report = sync(lab, c.dn_of("ann"))
    assert lab.emulator.stats()["writes"] == writes and not report["export"][0]["objects"]
    assert any("6956" in note for note in report["notes"])
    title = compared(report, "ann")["title"]
    assert title["verdict"] == "not sent" and (title["wanted"], title["found"]) == ("Captain", "Pilot")
    assert report["comparison"][0]["authority"] and lab.daemon.log().count(" event_id=6956 ") == 1
    assert not lab.cycle().blocked()  # once for each change
    # given back: everything is sent again
    lab.graph.soa("users", ann, False)
    report = sync(lab, c.dn_of("ann"))
    assert verdicts(report, "ann") == {"same"}
    assert lab.graph.get("/users/%s?$select=jobTitle" % ann)["jobTitle"] == "Captain"
    assert is_idle(lab)


def dump(lab):
    with sqlite3.connect("file:%s/state/adsyncd.db?mode=ro" % lab.folder, uri=True) as db:
        return list(db.iterdump())


def test_preview_finds_a_difference_and_writes_nothing(lab):
    c = lab.company
    ann = lab.graph.find("users", "ann")["id"]
    Sync(lab.emulator).patch("/users/" + ann, {"jobTitle": "Planted"})
    c.user("new", manager=c.dn_of("ann"))
    lab.write()
    lab.start()
    before, writes = dump(lab), lab.emulator.stats()["writes"]
    report = sync(lab, c.dn_of("ann"), "--preview")
    title = compared(report, "ann")["title"]
    assert title["verdict"] == "different" and report["run"] is None
    assert (title["source"], title["wanted"], title["found"]) == ({"title": "Pilot"}, "Pilot", "Planted")
    assert [a for a, v in compared(report, "ann").items() if v["verdict"] != "same"] == ["title"]
    export = report["export"][0]
    assert export["skipped"] == "this is a preview" and not report["confirm"]
    assert export["objects"][0]["changes"] == {"title": {"from": ["Planted"], "to": ["Pilot"]}}
    report = sync(lab, c.dn_of("new"), "--preview")
    assert verdicts(report, "new") == {"missing", "same"}  # same: what is empty on both sides
    assert [o["operation"] for o in report["export"][0]["objects"]] == ["update", "add"]
    assert dump(lab) == before and lab.emulator.stats()["writes"] == writes
    assert lab.ctl("sync", "object", c.dn_of("new"), "--preview").stdout.count("Preview") == 1
    # in earnest the difference is gone
    assert verdicts(sync(lab, c.dn_of("ann")), "ann") == {"same"}
    assert lab.graph.get("/users/%s?$select=jobTitle" % ann)["jobTitle"] == "Pilot"


def test_everything_is_sent_again(lab):
    """Also what is known to be as it should; only of the object itself."""
    c = lab.company
    ann = c.dn_of("ann")
    assert not sync(lab, ann)["export"][0]["objects"]
    report = sync(lab, ann, "--preview", "--everything")
    one, = report["export"][0]["objects"]
    assert one["operation"] == "update" and "title" in one["changes"]
    writes = lab.emulator.stats()["writes"]
    report = sync(lab, c.dn_of("Crew"), "--everything")
    one, = report["export"][0]["objects"]
    assert "displayName" in one["changes"] and not one["error"], one
    assert lab.emulator.stats()["writes"] == writes + 1
    assert is_idle(lab)


def test_staging_mode(make_lab):
    lab = make_lab(company(), scheduler__sync_cycle_enabled="no", export__staging_mode="yes")
    lab.cycle()
    report = sync(lab, lab.company.dn_of("ann"))
    assert report["export"][0]["skipped"] == "staging_mode is on"
    assert verdicts(report, "ann") == {"missing", "same"}
    assert lab.emulator.stats()["writes"] == 0


def test_refused(make_lab):
    lab = make_lab(company(), scheduler__sync_cycle_enabled="no")
    lab.start()
    dn = lab.company.dn_of("ann")
    done = lab.ctl("sync", "object", dn)
    assert done.returncode == 1 and "no cycle has run yet" in done.stderr
    lab.run("full-import", connector=AD)
    done = lab.ctl("sync", "object", dn)
    assert done.returncode == 1 and "was never imported" in done.stderr
    lab.cycle()
    with open(lab.folder + "/state/run.lock", "r+b") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        done = lab.ctl("sync", "object", dn)
        assert done.returncode == 3 and "already running" in done.stderr
    assert lab.ctl("sync", "object", dn).returncode == 0


def test_an_error_does_not_wait(lab):
    c = lab.company
    lab.graph.patch("/directory/onPremisesSynchronization/" + TENANT,
                    {"features": {"quarantineUponUpnConflictEnabled": False}})
    status, cloud = lab.graph.call("POST", "/users", {
        "displayName": "cloud", "mailNickname": "cloud", "accountEnabled": True,
        "userPrincipalName": "new@fjordline.example", "onPremisesImmutableId": "b3RoZXI=",
        "passwordProfile": {"password": "Xx1!xxxxxxxx"}})
    assert status == 201, cloud
    c.user("new")
    lab.write()
    for tries in (1, 2, 3):  # at once, whatever its wait
        export = sync(lab, c.dn_of("new"), code=1)["export"][0]
        assert export["result"] == "completed-export-errors"
        assert export["objects"][0]["outcome"] == "Export Error"
        assert "InvalidSoftMatch" in export["objects"][0]["error"]
        assert lab.ctl_json("errors")[0]["count"] == tries
    assert lab.graph.call("DELETE", "/users/" + cloud["id"])[0] == 204
    assert lab.graph.call("DELETE", "/directory/deletedItems/" + cloud["id"])[0] == 204
    assert verdicts(sync(lab, c.dn_of("new")), "new") == {"same"}
    assert not lab.ctl_json("errors")
    lab.cycle()
    assert is_idle(lab)


def test_what_is_shown_late(lab):
    """A service shows after a while what it took: it is asked a few times, and nothing is an error."""
    c = lab.company
    c.user("soon", manager=c.dn_of("ann"))
    c.user("late", manager=c.dn_of("ann"))
    lab.write()
    lab.start()
    lab.emulator.fault(lagMs=1200, lagReads=True)
    assert verdicts(sync(lab, c.dn_of("soon")), "soon") == {"same"}
    lab.emulator.fault(lagMs=3600 * 1000, lagReads=True)
    report = sync(lab, c.dn_of("late"))
    assert any("does not show all of it yet" in note for note in report["notes"])
    assert [o["change"] for o in report["confirm"][0]["objects"]].count("not shown yet") == 1
    one = next(o for o in report["comparison"] if o["dn"] == c.dn_of("late"))
    assert one["state"] == "Awaiting Export Confirmation" and not one["is_there"]
    lab.emulator.fault(lagMs=0, lagReads=False)
    assert not lab.ctl_json("errors")
    r = lab.cycle()
    assert r.counter("export-confirmed") and not r.counter("export-add")
    assert lab.emulator.stats()["duplicateWrites"] == 0 and is_idle(lab)


def test_gone_from_the_cloud(lab):
    """What the cloud has deleted is told, and what was known of it is not taken for true."""
    c = lab.company
    ann = lab.graph.find("users", "ann")["id"]
    Sync(lab.emulator).delete("/users/" + ann)
    writes = lab.emulator.stats()["writes"]
    report = sync(lab, c.dn_of("ann"), code=1)
    assert report["result"] == "completed-warnings" and lab.emulator.stats()["writes"] == writes
    assert any("does not have" in note and "next cycle" in note for note in report["notes"])
    assert compared(report, "ann")["title"]["verdict"] == "missing"
    assert compared(report, "ann")["title"]["found"] is None
    lab.cycle()
    lab.cycle()
    assert lab.graph.find("users", "ann") and is_idle(lab)


def test_a_target_that_cannot_be_read(lab):
    c = lab.company
    c.set("ann", "title", "Captain")
    lab.write()
    lab.start()
    lab.write_secret("wrong")
    report = sync(lab, c.dn_of("ann"), code=1)
    assert report["result"] == "stopped-import-read"
    assert AAD in report["import"][1]["error"] and "AADSTS" in report["import"][1]["error"]
    assert report["export"][0]["skipped"] == "it could not be read"
    lab.write_secret(SYNC_APP[1])
    report = sync(lab, c.dn_of("ann"))
    assert compared(report, "ann")["title"]["found"] == "Captain" and is_idle(lab)


class Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.text, self.outside, self.open = [], [], []

    def handle_starttag(self, tag, attrs):
        self.outside += [(tag, k, v) for k, v in attrs if k in ("src", "href", "data", "action")]
        self.outside += [tag] if tag in ("script", "link", "iframe") else []
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def test_page_and_text(lab):
    lab.company.set("ann", "title", "<b>Pilot & \"Co\"</b>")
    lab.write()
    lab.start()
    path = lab.folder + "/report.html"
    done = lab.ctl("sync", "object", lab.company.dn_of("ann"), "--html", path)
    assert done.returncode == 0 and not done.stdout, done.stderr
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    page = Page()
    with open(path, encoding="utf-8") as f:
        page.feed(f.read())
    page.close()
    assert not page.outside and not page.open
    text = "".join(page.text)
    for part in ("Import", "Synchronization", "Export", "Read back", "Comparison",
                 '<b>Pilot & "Co"</b>', "In from AD - User Join", "Confirmed", "@media print"):
        assert part in text, part
    text = lab.ctl("sync", "object", lab.company.dn_of("ann")).stdout
    for part in ("Import from " + AD, "Synchronization: joined", "Export to %s: nothing to send" % AAD,
                 "Comparison of", "Result: success"):
        assert part in text, part
    done = lab.ctl("sync", "object", lab.company.dn_of("ann"), "--html", "/nowhere/report.html")
    assert done.returncode == 1 and "/nowhere" in done.stderr


def test_by_its_anchor_and_from_the_other_side(lab):
    """By the anchor in AD, and by what it is in Entra."""
    dn = lab.company.dn_of("ann")
    anchor, mv = lab.db("SELECT anchor, mv FROM cs WHERE dn = ?", dn)[0]
    cloud = lab.db("SELECT dn, anchor FROM cs WHERE mv = ? AND dn <> ?", mv, dn)[0]
    for name in (anchor, *cloud, "ann@fjordline.example"):
        assert sync(lab, name)["dn"] == dn
    lab.company.user("new")
    lab.write()
    lab.company.move("ann", ou="OU=Other")
    lab.write()
    report = sync(lab, dn)  # the name that it had: it is the same object
    assert report["dn"] == lab.company.dn_of("ann") != dn
    assert [o["change"] for o in report["import"][0]["objects"]] == ["renamed"]


def test_killed_and_healed(lab):
    """Killed at each point in turn: the next cycle brings it to the end that it would have had."""
    c = lab.company
    trace = lab.folder + "/trace"
    c.user("first", title="Cook", manager=c.dn_of("ann"))
    c.member("Crew", "add", "first")
    lab.write()
    code, report, log = worker(lab, c.dn_of("first"), trace=trace)
    assert code == 0 and report["result"] == "success", log
    with open(trace, encoding="ascii") as f:
        points = f.read().split()
    assert {"import-after-commit", "outbound-before-commit", "export-marked", "export-after-send",
            "export-links-after-send", "run-before-finish"} <= set(points)
    for number, point in enumerate(points):
        name = "k%d" % number
        c.user(name, title="Cook", manager=c.dn_of("ann"))
        c.member("Crew", "add", name)
        lab.write()
        code, _, log = worker(lab, c.dn_of(name), fault=point)
        assert code == -9, (point, code, log[-2000:])
        lab.cycle()
    lab.cycle()
    crew = lab.graph.members(lab.graph.find("groups", "Crew")["id"])
    for name in ["first"] + ["k%d" % i for i in range(len(points))]:
        one = lab.graph.all("/users?$filter=displayName%%20eq%%20'%s'&$select=id,jobTitle" % name)
        assert len(one) == 1 and one[0]["jobTitle"] == "Cook" and name in crew, name
        assert lab.graph.get("/users/%s/manager" % one[0]["id"])["displayName"] == "ann"
    assert lab.db("SELECT count(*) FROM cs WHERE state NOT IN (0, 4)") == [(0,)]
    assert lab.db("SELECT count(*) FROM cs_error")[0][0] == lab.db("SELECT count(*) FROM outbox")[0][0] == 0
    assert is_idle(lab)


def test_a_busy_service_and_one_that_refuses(lab):
    """Of many objects that are asked for at once, those that are put off are asked for again."""
    c = lab.company
    for name in ("ann", "ben"):
        c.set(name, "title", "Captain")
    lab.write()
    lab.start()
    ann = lab.graph.find("users", "ann")["id"]
    lab.emulator.fault(match="/users/" + ann, method="GET", status=429, count=2, retryAfter=0)
    report = sync(lab, c.dn_of("Crew"))  # with ann and ben
    assert verdicts(report, "ann") == verdicts(report, "ben") == {"same"}
    lab.emulator.clear_faults()
    lab.emulator.fault(match="/users/" + ann, method="GET", status=403)
    report = sync(lab, c.dn_of("Crew"), code=1)
    errors = [o for o in report["import"][1]["objects"] if o["error"]]
    assert len(errors) == 1 and "403" in errors[0]["error"]
    assert report["import"][1]["result"] == "completed-discovery-errors"
    lab.emulator.clear_faults()
    assert is_idle(lab)


def test_two_forests(make_lab):
    """An account of the other forest; and a person who has one in each of them."""
    c = company()
    c.other = Company("DC=other,DC=example", "other.example")
    c.other.user("resident", title="Pilot", mail="resident@other.example")
    lab = make_lab(c, scheduler__sync_cycle_enabled="no")
    lab.set_ad("match_users = mail")
    lab.cycle()
    lab.cycle()
    c.other.user("resident2", title="Cook", mail="resident2@other.example",
                 manager=c.other.dn_of("resident"))
    c.other.user("ann", "Ann Other", mail="ann@fjordline.example", department="Bridge", upn=False)
    lab.write()
    report = sync(lab, c.other.dn_of("resident2"))
    assert report["connector"] == "other.example" and verdicts(report, "resident2") == {"same"}
    report = sync(lab, c.other.dn_of("ann"))
    assert "would be joined" in report["synchronization"]["join"]
    ann = lab.graph.find("users", "ann")
    assert lab.graph.get("/users/%s?$select=department" % ann["id"])["department"] == "Bridge"
    assert lab.emulator.stats()["duplicateWrites"] == 0 and is_idle(lab)
