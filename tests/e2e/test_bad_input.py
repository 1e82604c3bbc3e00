"""Bad input: one clear error each, a consistent store, and no wave of deletes."""
import csv
import io
import os
import shutil
import sqlite3
import subprocess

import pytest
from lab import AAD, AD, SECOND, SURFACES, SYNC_APP, TENANT, WRITES, Company, Emulator, Graph


def people(n=30):
    c = Company()
    for i in range(n):
        c.user("user%d" % i, title="Officer")
    return c


@pytest.fixture
def lab(make_lab):
    one = make_lab(people())
    one.cycle()
    one.cycle()
    return one


def unharmed(lab):
    """The tenant still has everybody, and the next cycle is a good one."""
    assert lab.emulator.stats()["deletes"] == 0
    assert len(lab.graph.all("/users?$top=500")) == 30


def test_half_written_ldif(lab):
    text = lab.company.text()
    with open(lab.ldif, "w", encoding="utf-8") as f:
        f.write(text[:len(text) // 2].rstrip("\n"))
    r = lab.run()
    assert r.code == 1 and r.step(AD, "import")["result"] == "stopped-import-read"
    assert "ad.ldif:" in r.log and "not complete" in r.log
    unharmed(lab)
    lab.write()
    lab.cycle()


def test_cut_at_a_record(lab):
    """A file that ends between two records cannot be told: the obsoletion limit stops it."""
    text = lab.company.text()
    with open(lab.ldif, "w", encoding="utf-8") as f:
        f.write(text[:text.index("\ndn: CN=user3,")])
    r = lab.run()
    assert r.step(AD, "import")["result"] == "stopped-object-limit", r.log
    assert "obsoletion_limit" in r.log
    unharmed(lab)
    lab.write()
    lab.cycle()
    unharmed(lab)


def test_missing_and_emptied_source(lab):
    os.unlink(lab.ldif)
    r = lab.run()
    assert r.code == 1 and lab.ldif in r.log
    unharmed(lab)
    open(lab.ldif, "w", encoding="utf-8").close()
    r = lab.run()
    assert r.step(AD, "import")["result"] == "stopped-import-read"
    assert "returned no objects at all" in r.log
    unharmed(lab)


def test_unreadable_object(lab):
    """A record that cannot be read is an error of its own; its object is not gone."""
    lab.company.set("user3", "objectGUID", b"short")
    lab.company.delete("user4")
    lab.write()
    r = lab.run()
    assert "user3" in r.log and r.step(AD, "import")["result"] == "completed-discovery-errors"
    unharmed(lab)
    lab.company.set("user3", "objectGUID",
                    people().of("user3")["objectGUID"][0])
    lab.write()
    lab.cycle()
    assert lab.emulator.stats()["deletes"] == 1


@pytest.mark.parametrize("line, text", [
    ("colour = blue", "unknown key \"colour\""),
    ("base_db = x", "did you mean \"base_dn\"?"),
    ("page_size = many", "a number from 10 to 5000"),
    ("[conector \"x\"]", "unknown section"),
])
def test_configuration_mistakes(lab, line, text):
    lab.write_config(ad=line)
    with open(lab.config, encoding="utf-8") as f:
        number = f.read().split("\n").index(line) + 1
    r = lab.run()
    assert r.code == 2 and text in r.error, r.error
    assert "%s:%d:" % (lab.config, number) in r.error
    done = lab.ctl("config", "check", lab.config)
    assert done.returncode == 1 and text in done.stderr


@pytest.mark.parametrize("key", ["include_ou", "exclude_ou"])
def test_more_folders_than_are_looked_at(lab, key):
    """A limit is an error, never a list that is cut."""
    def folders(n):
        return "%s = %s\n" % (key, "\n\t".join("OU=%d,%s" % (i, lab.company.domain) for i in range(n)))
    lab.write_config(ad=folders(1001) + "exclude_ou = OU=Staff,%s" % lab.company.domain * (key[0] == "i"))
    r = lab.run()
    assert r.code == 2 and "include_ou and exclude_ou have more than 1000 lines" in r.error, r.error
    lab.write_config(ad=folders(1000))
    done = lab.ctl("config", "check", lab.config)
    assert done.returncode == 0, done.stderr
    unharmed(lab)


def test_rule_mistake(lab, tmp_path):
    rules = tmp_path / "rules"
    shutil.copytree(os.path.join(os.path.dirname(__file__), "..", "..", "conf", "rules"), rules)
    path = rules / "10-in-from-ad.json"
    path.write_text(path.read_text(encoding="utf-8").replace("Left(", "Lefft(", 1), "utf-8")
    lab.write_config()
    with open(lab.config, encoding="utf-8") as f:
        text = f.read()
    with open(lab.config, "w", encoding="utf-8") as f:
        f.writelines("rules = %s\n" % rules if x.startswith("rules") else x + "\n"
                     for x in text.split("\n"))
    r = lab.run()
    assert r.code == 2 and "10-in-from-ad.json" in r.error and "Lefft" in r.error, r.error
    unharmed(lab)


def test_wrong_secret(lab):
    lab.company.set("user1", "title", "Captain")
    lab.write()
    lab.write_secret("not-the-secret")
    r = lab.run()
    assert r.code == 1 and r.step(AAD, "import")["result"] == "no-start-credentials"
    assert 6000 in r.events and SYNC_APP[0] in r.log and "not-the-secret" not in r.log
    unharmed(lab)
    os.chmod(lab.secret, 0o644)
    r = lab.run()
    assert r.code == 1 and lab.secret in r.log and "mode" in r.log
    lab.write_secret(SYNC_APP[1])
    os.chmod(lab.secret, 0o600)
    lab.cycle()
    assert lab.graph.find("users", "user1")["jobTitle"] == "Captain"


def test_expired_certificate(make_lab, tmp_path):
    lab = make_lab(people(3))
    folder = tmp_path / "expired"
    folder.mkdir()
    expired = Emulator(str(folder), "--memory", "--cert-days", "-2")
    try:
        url, lab.emulator.url = lab.emulator.url, expired.url
        lab.write_config(ca=expired.ca)
        r = lab.run()
        assert r.code == 1 and "expired" in r.log and expired.url[8:] in r.log, r.log
        lab.emulator.url = url
        # another CA
        lab.write_config(ca=expired.ca)
        r = lab.run()
        assert r.code == 1 and "certificate" in r.log, r.log
    finally:
        expired.stop()
    assert lab.emulator.stats()["writes"] == 0


@pytest.mark.parametrize("days, own_ca, words", [
    ("-2", True, "it has expired"),
    ("30", False, "its issuer is not known: ca_file"),
    # the library takes "localhost" for the name of the machine
    ("30", True, "it belongs to another name"),
])
def test_certificate_of_a_directory(make_lab, tmp_path, days, own_ca, words):
    """Why it is not trusted."""
    lab = make_lab(people(3))
    folder = tmp_path / "other"
    folder.mkdir()
    server = Emulator(str(folder), "--memory", "--cert-days", days)
    try:
        uri = server.url.replace("https", "ldaps")
        lab.write_config(source=uri, ad="connect_timeout = 3\nca_file = %s\n" %
                         (server.ca if own_ca else lab.emulator.ca))
        error = lab.run("full-import", connector=AD).step(AD, "import")["error"]
        assert uri in error, error
        assert "certificate is not trusted" in error and words in error, error
        lab.write_config(source=uri, ad="ca_file = %s\n" % lab.secret)
        error = lab.run("full-import", connector=AD).step(AD, "import")["error"]
        assert lab.secret in error and "holds no CA certificates" in error, error
    finally:
        server.stop()


@pytest.mark.parametrize("fault", [
    {"status": 500}, {"status": 503, "retryAfter": 0}, {"status": 429, "retryAfter": 1},
    {"reset": True}, {"afterBytes": 30}])
@pytest.mark.parametrize("surface, match", [
    ("service", WRITES["service"]), ("graph", WRITES["graph"]),
    ("service", "GET /v1.0/users/delta")])
def test_service_failures(make_lab, fault, surface, match):
    """A service that fails for a while: the run goes on, nothing is created twice."""
    lab = make_lab(people(), **SURFACES[surface])
    lab.emulator.fault(match=match, count=2, **fault)
    r = lab.run()
    lab.emulator.clear_faults()
    if r.code:
        assert r.result == "stopped-connectivity", (r.result, r.log)
        lab.cycle()
    lab.cycle()
    stats = lab.emulator.stats()
    assert stats["creates"] == 30 and stats["users"] == 30
    assert stats["duplicateWrites"] == 0, stats


@pytest.mark.parametrize("status", [500, 503, 429])
def test_parts_that_fail(make_lab, status):
    """Single parts of a batch of Graph fail; only they are sent again."""
    lab = make_lab(people(), **SURFACES["graph"])
    lab.emulator.fault(match="POST /users", count=7, skip=3, status=status, retryAfter=0,
                       batchPart=True)
    lab.cycle()
    lab.cycle()
    stats = lab.emulator.stats()
    assert stats["creates"] == 30 and stats["duplicateWrites"] == 0, stats


def test_service_down(make_lab):
    lab = make_lab(people())
    lab.emulator.fault(match="/delta", count=1000, status=503)
    r = lab.run()
    assert r.result == "stopped-connectivity" and 6050 in r.events
    assert not [s for s in r.steps if s["type"] == "export"]
    lab.emulator.clear_faults()
    lab.cycle()


def test_refused_object(make_lab):
    """One object is refused: the others arrive, and it is told and sent again later."""
    lab = make_lab(people(5))
    lab.graph.patch("/directory/onPremisesSynchronization/" + TENANT, {
        "features": {"quarantineUponUpnConflictEnabled": False, "blockSoftMatchEnabled": True}})
    status, _ = lab.graph.call("POST", "/users", {
        "accountEnabled": True, "displayName": "Squatter", "mailNickname": "user3",
        "userPrincipalName": "user3@fjordline.example", "passwordProfile": {"password": "Aa1!xyz9"}})
    assert status == 201
    r = lab.run()
    assert r.result == "completed-export-errors" and r.events.count(6941) == 1
    assert r.counter("export-add") == 4 and r.counter("export-failure") == 1
    assert "InvalidSoftMatch" in r.log and "CN=" in r.log
    squatter = lab.graph.find("users", "Squatter")["id"]
    assert lab.graph.call("DELETE", "/users/" + squatter)[0] == 204
    r = lab.run()
    assert r.counter("export-add") == 1
    lab.cycle()
    assert lab.db("SELECT count(*) FROM cs_error")[0][0] == 0


def test_newer_database(lab):
    con = sqlite3.connect(lab.folder + "/state/adsyncd.db")
    con.execute("PRAGMA user_version = 999")
    con.close()
    r = lab.run()
    assert r.code == 2 and "adsyncd.db" in r.error and "999" in r.error
    unharmed(lab)


def test_damaged_database(lab):
    with open(lab.folder + "/state/adsyncd.db", "r+b") as f:
        f.write(b"this is not a database")
    r = lab.run()
    assert r.code == 2 and "adsyncd.db" in r.error
    unharmed(lab)


def test_full_disk(make_lab, tmp_path):
    """The disk fills up in the middle of a run; after that is mended, everything is as it must be."""
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", small], check=False,
                      capture_output=True).returncode:
        pytest.fail("this test needs the right to mount a tmpfs")
    try:
        lab = make_lab(people(200))
        os.symlink(small, lab.folder + "/state")
        r = lab.run()
        assert r.code in (1, 2) and ("full" in r.log or "space" in r.log), r.log
        creates = lab.emulator.stats()["creates"]
        assert creates <= 200
        subprocess.run(["mount", "-o", "remount,size=64m", small], check=True)
        lab.cycle()
        lab.cycle()
        stats = lab.emulator.stats()
        assert stats["creates"] == 200 and stats["duplicateWrites"] == 0, stats
    finally:
        subprocess.run(["umount", small], check=True)


def test_delta_token_forgotten(lab):
    """410: the import starts again as a full one; nothing is lost and nothing deleted."""
    lab.emulator.fault(match="GET /v1.0/groups/delta", count=1, status=410)
    lab.company.set("user1", "title", "Captain")
    lab.write()
    r = lab.cycle()
    assert r.counter("stage-no-change") >= 30
    assert Graph(lab.emulator).find("users", "user1")["jobTitle"] == "Captain"
    unharmed(lab)


def test_connector_leaves_the_configuration(lab):
    """A section that is gone deletes nothing, not even by an initial cycle."""
    with open(lab.config, encoding="utf-8") as f:
        text = f.read()
    start, end = text.index("[connector \"" + AD), text.index("[connector \"" + AAD)
    with open(lab.config, "w", encoding="utf-8") as f:
        f.write(text[:start] + text[end:])
    for profile in ("delta", "initial"):
        r = lab.run(profile)
        assert r.code == 0 and 6105 in r.events and "is no longer in" in r.log, r.log
    unharmed(lab)
    lab.write_config()
    lab.company.set("user1", "title", "Captain")
    lab.write()
    lab.cycle()
    assert lab.graph.find("users", "user1")["jobTitle"] == "Captain"
    unharmed(lab)


def test_no_rules(lab, tmp_path):
    (tmp_path / "rules").mkdir()
    with open(lab.config, encoding="utf-8") as f:
        text = f.read()
    with open(lab.config, "w", encoding="utf-8") as f:
        f.writelines("rules = %s\n" % (tmp_path / "rules") if x.startswith("rules") else x + "\n"
                     for x in text.split("\n"))
    r = lab.run("initial")
    assert r.code == 2 and "no rule was found" in r.error
    unharmed(lab)


def test_everybody_is_filtered(lab):
    """A change that puts most objects out of scope stops before the first delete."""
    for i in range(25):
        lab.company.set("user%d" % i, "adminDescription", "User_")
    lab.write()
    r = lab.run()
    assert r.result == "stopped-deletion-threshold-exceeded" and 116 in r.events
    assert "25 of 30 objects" in r.log
    unharmed(lab)
    lab.settings["export__deletion_limit"] = 90
    lab.write_config()
    lab.cycle()
    assert lab.emulator.stats()["deletes"] == 25


def test_members_that_cannot_be_read(make_lab):
    """An account that may no longer read `member` does not empty every group."""
    company = people()
    dns = [dn for dn in company.objects]
    groups = ["Group %d" % i for i in range(5)]
    for name in groups:
        company.group(name, dns[:10])
    lab = make_lab(company)
    lab.cycle()
    lab.cycle()
    for name in groups:
        lab.company.set(name, "member")
    lab.write()
    r = lab.run()
    assert r.result == "stopped-deletion-threshold-exceeded", r.log
    assert "50 of 50 references" in r.log
    # a permission to delete an object is none to empty the groups
    con = sqlite3.connect(lab.folder + "/state/adsyncd.db")
    with con:
        con.execute("INSERT OR REPLACE INTO meta SELECT 'deletion_override:' || id, '9 49 9 %d' "
                    "FROM connector" % 4e9)
    con.close()
    assert lab.run().result == "stopped-deletion-threshold-exceeded"
    assert len(lab.graph.members(lab.graph.find("groups", "Group 1")["id"])) == 10
    for name in groups:
        lab.company.set(name, "member", *dns[:10])
    lab.write()
    lab.cycle()
    assert lab.emulator.stats()["duplicateWrites"] == 0


def guarded(make_lab, company, **settings):
    lab = make_lab(company, scheduler__sync_cycle_enabled="no", **settings)
    lab.cycle()
    lab.cycle()
    return lab


def test_threshold_by_class(make_lab):
    """A class may have a limit of its own."""
    company = people(10)
    for i in range(5):
        company.group("Group %d" % i)
    lab = guarded(make_lab, company, export__deletion_threshold_group=2)
    for i in range(4):
        lab.company.delete("user%d" % i)
    for i in range(3):
        lab.company.delete("Group %d" % i)
    lab.write()
    r = lab.run()
    assert r.result == "stopped-deletion-threshold-exceeded"
    assert "3 objects of class group" in r.log and "deletion_threshold_group = 2" in r.log
    assert lab.emulator.stats()["deletes"] == 0


def test_threshold_of_a_target_and_its_class(make_lab):
    """Only the second tenant's own limit for groups is exceeded: only its export stops."""
    company = people(10)
    for i in range(5):
        company.group("Group %d" % i)
    lab = make_lab(company, scheduler__sync_cycle_enabled="no", second=True,
                   export__deletion_threshold=100, **{"export__deletion_threshold.group": 50})
    lab.write_config(extra="deletion_threshold = 90\ndeletion_threshold.group = 2\n"
                     "member_removal_limit = 70\n")  # in the section of the second tenant
    lab.cycle()
    lab.cycle()
    for i in range(4):
        lab.company.delete("user%d" % i)
    for i in range(3):
        lab.company.delete("Group %d" % i)
    lab.write()
    r = lab.run()
    assert r.result == "stopped-deletion-threshold-exceeded" and 116 in r.events
    assert "3 objects of class group" in r.log and "deletion_threshold.group = 2" in r.log
    assert lab.emulator.stats()["deletes"] == 7
    assert lab.second.stats()["deletes"] == 0
    lab.start()
    told = lab.ctl_json("threshold", "show")
    assert (told["threshold"], told["staged_deletes"]) == (100, 7)
    limits = {(x["connector"], x["setting"], x["class"]): (x["value"], x["from"][:4])
              for x in told["limits"]}
    assert limits[SECOND, "deletion_threshold", ""] == (90, "line")
    assert limits[SECOND, "deletion_threshold", "group"] == (2, "line")
    assert limits[SECOND, "deletion_limit", ""] == (50, "defa")
    assert limits[SECOND, "member_removal_limit", ""] == (70, "line")
    assert limits[AAD, "deletion_threshold", ""] == (100, "line")
    assert limits[AAD, "deletion_threshold", "group"] == (50, "line")
    assert limits[AD, "obsoletion_limit", ""] == (50, "defa")
    assert "deletion_threshold        group  2 " in lab.ctl("threshold", "show").stdout
    lab.ctl_json("threshold", "override-once")
    lab.cycle()
    assert lab.second.stats()["deletes"] == 7


def test_threshold_at_run_time(make_lab):
    """Set, shown, overridden once: for what was staged then, and not for more."""
    lab = guarded(make_lab, people(12))
    lab.start()
    assert lab.ctl("threshold", "set", "2").returncode == 0
    assert lab.ctl("threshold", "set", "many").returncode == 2
    assert lab.ctl("threshold", "override-once").returncode == 1  # nothing is staged
    for i in range(4):
        lab.company.delete("user%d" % i)
    lab.write()
    assert lab.run().result == "stopped-deletion-threshold-exceeded"
    told = lab.ctl_json("threshold", "show")
    assert (told["threshold"], told["configured"], told["staged_deletes"]) == (2, 500, 4)
    assert not told["override"]
    assert lab.ctl_json("threshold", "override-once") == {"deletes": 4, "references": 0, "removals": 0}
    lab.company.delete("user4")  # one more than was looked at
    lab.write()
    r = lab.run()
    assert r.result == "stopped-deletion-threshold-exceeded" and "5 objects" in r.log
    assert lab.emulator.stats()["deletes"] == 0
    lab.ctl_json("threshold", "override-once")
    lab.cycle()
    assert lab.emulator.stats()["deletes"] == 5
    assert not lab.ctl_json("threshold", "show")["override"]  # used up
    for i in range(5, 8):
        lab.company.delete("user%d" % i)
    lab.write()
    assert lab.run().result == "stopped-deletion-threshold-exceeded"
    assert lab.ctl("threshold", "set", "default").returncode == 0
    lab.cycle()
    assert lab.emulator.stats()["deletes"] == 8


def test_group_keeps_its_members(make_lab):
    """A group that would lose too many keeps them; everything else is exported."""
    company = people(40)
    dns = list(company.objects)
    company.group("Large", dns)
    company.group("Small", dns[:5])
    for i in range(20):
        company.group("Other %d" % i, dns[:10])
    lab = guarded(make_lab, company)
    large = lab.graph.find("groups", "Large")["id"]
    lab.company.set("Large", "member", dns[0])
    lab.company.set("Small", "member", dns[0])
    lab.company.set("user1", "title", "Captain")
    lab.write()
    r = lab.run()
    assert r.result == "completed-export-errors" and 116 in r.events, (r.result, r.log)
    assert "39 of 40 members of" in r.log
    assert len(lab.graph.members(large)) == 40
    assert len(lab.graph.members(lab.graph.find("groups", "Small")["id"])) == 1
    assert lab.graph.find("users", "user1")["jobTitle"] == "Captain"
    assert 116 not in lab.run().events  # told once
    lab.start()
    assert [e["type"] for e in lab.ctl_json("errors")] == ["MemberRemovalThresholdExceeded"]
    assert lab.ctl_json("threshold", "override-once") == {"deletes": 0, "references": 39, "removals": 39}
    lab.cycle()
    assert len(lab.graph.members(large)) == 1
    assert lab.db("SELECT count(*) FROM cs_error")[0][0] == 0
    lab.cycle()
    assert lab.emulator.stats()["duplicateWrites"] == 0


def test_permission_for_each_target(make_lab):
    """Given once, it holds in each target for what is staged there, also if one of them waits."""
    lab = guarded(make_lab, people(8), second=True, export__deletion_threshold=2)
    for i in range(3):
        lab.company.delete("user%d" % i)
    lab.write()
    assert lab.run().result == "stopped-deletion-threshold-exceeded"
    lab.start()
    assert lab.ctl_json("threshold", "override-once") == {"deletes": 6, "references": 0, "removals": 0}
    lab.daemon.stop()
    lab.daemon = None
    lab.second_secret("wrong")
    assert lab.run().code == 1
    assert (lab.emulator.stats()["deletes"], lab.second.stats()["deletes"]) == (3, 0)
    lab.second_secret(None)
    lab.cycle()
    assert (lab.emulator.stats()["deletes"], lab.second.stats()["deletes"]) == (3, 3)
    # and it was for once
    for i in range(3, 6):
        lab.company.delete("user%d" % i)
    lab.write()
    assert lab.run().result == "stopped-deletion-threshold-exceeded"
    assert (lab.emulator.stats()["deletes"], lab.second.stats()["deletes"]) == (3, 3)


def test_pending_of_a_staging_server(make_lab):
    """Staging mode: everything but the export; what would be sent is shown in three ways."""
    company = people(230)
    company.group("Crew", list(company.objects)[:3])
    lab = guarded(make_lab, company)
    lab.settings["export__staging_mode"] = "yes"
    lab.company.set("user1", "title", "Captain")
    lab.company.set("user2", "title")
    lab.company.member("Crew", "remove", "user0")
    lab.company.delete("user3")
    lab.company.user("New", title='=cmd "x", y')
    lab.write_config()
    lab.write()
    writes = lab.emulator.stats()["writes"]
    lab.cycle()
    assert lab.emulator.stats()["writes"] == writes
    lab.start()
    told = {o["source_dn"] or o["dn"]: o for o in lab.ctl_json("pending", "list")}
    new = told[lab.company.dn_of("New")]
    assert new["operation"] == "add" and new["changes"]["title"]["to"] == ['=cmd "x", y'], new
    one = told[lab.company.dn_of("user1")]
    assert one["operation"] == "update" and one["changes"] == {
        "title": {"from": ["Officer"], "to": ["Captain"]}}, one
    assert told[lab.company.dn_of("Crew")]["references"][0]["operation"] == "remove"
    assert sorted(o["operation"] for o in told.values()) == [
        "add", "delete", "update", "update", "update"]
    text = lab.ctl("pending", "diff", lab.company.dn_of("user1")).stdout
    assert '- title: "Officer"' in text and '+ title: "Captain"' in text
    assert lab.ctl("pending", "diff", "CN=nobody").returncode == 1
    rows = list(csv.DictReader(io.StringIO(lab.ctl("pending", "csv").stdout)))
    assert {"operation": "update", "attribute": "title", "from": "Officer", "to": "Captain",
            "object": lab.company.dn_of("user1")}.items() <= next(
                r for r in rows if r["object"] == lab.company.dn_of("user1")).items()
    # no formula for a spreadsheet
    assert next(r["to"] for r in rows if r["attribute"] == "title" and
                r["object"] == lab.company.dn_of("New")) == '\'=cmd "x", y'
    # many pages
    for i in range(5, 225):
        lab.company.set("user%d" % i, "title", "Cook")
    lab.write()
    lab.cycle()
    assert len(lab.ctl_json("pending", "list")) == 225
    lab.settings["export__staging_mode"] = "no"
    lab.write_config()
    lab.ctl("reload")
    lab.cycle()
    lab.cycle()
    assert lab.ctl_json("pending", "list") == []


def test_export_by_hand_in_staging_mode(make_lab):
    """Nothing is exported, and nothing says that it was."""
    lab = guarded(make_lab, people(3))
    lab.company.set("user1", "title", "Captain")
    lab.write()
    lab.settings["export__staging_mode"] = "yes"
    lab.write_config()
    lab.cycle()
    writes = lab.emulator.stats()["writes"]
    r = lab.run("export")
    step = r.step(AAD, "export")
    assert r.code == 1 and r.result == step["result"] == "no-start-ma", (r.result, r.steps)
    assert "staging_mode" in step["error"] and "staging_mode" in r.log and 6803 in r.events
    lab.start()
    done = lab.ctl("run", "start", "export", "--wait")
    assert done.returncode == 1 and "staging_mode" in done.stdout, done.stdout + done.stderr
    shown = lab.ctl_json("run", "show")["steps"]
    assert [(s["type"], s["result"]) for s in shown] == [("export", "no-start-ma")]
    assert lab.emulator.stats()["writes"] == writes


def test_steps_left_out(make_lab):
    """An import that fails leaves out what would come after it: the run says so, with the reason."""
    lab = guarded(make_lab, people(3))
    os.unlink(lab.ldif)
    r = lab.run()
    assert r.code == 1 and [s["type"] for s in r.steps if s["connector"] == AD] == ["delta-import"]
    told = next(line for line in r.log.splitlines() if " event_id=109 " in line)
    assert 'Steps left out: delta-sync of \\"%s\\" (its import failed)' % AD in told, told
    lab.start()
    done = lab.ctl("start-sync-cycle", "--wait")
    words = " ".join(done.stdout.split())
    assert done.returncode == 1 and "delta-sync left out its import failed" in words, words
    lab.write()
    assert "left out" not in lab.run().log


def test_stored_event_that_cannot_be_read(lab):
    """It is told with what can be read of it, and the others are delivered."""
    con = sqlite3.connect(lab.folder + "/state/adsyncd.db")
    with con:
        for text in ("no \\ JSON \x01 " + "x" * 3000, '{"event":"OF_LATER","message":"from a newer one",'
                     '"fields":{"ADSYNC_DN":"CN=someone"}}', '{"event":"RUN_FINISHED","message":"good"}'):
            con.execute("INSERT INTO outbox (record) VALUES (?)", (text,))
    con.close()
    r = lab.cycle()
    told = [line for line in r.log.splitlines() if " event_id=6105 " in line]
    assert len(told) == 2 and "no \\\\ JSON" in told[0] and len(told[0]) < 1500, told
    assert "OF_LATER" in told[1] and "from a newer one" in told[1] and "CN=someone" in told[1]
    assert 'msg=good' in r.log
    assert lab.db("SELECT count(*) FROM outbox") == [(0,)]
    assert 6105 not in lab.cycle().events
