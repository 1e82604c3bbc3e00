"""adsyncctl soa: where objects stand, and moving their source of authority."""
import fcntl
import json
import os
import pty
import re
import stat
import subprocess

import pytest

from exchange import Exchange
from lab import AAD, AD, ROOT, Company, Sync, binary, wait_for


def world(make_lab):
    company = Company()
    company.user("ann", title="Pilot", mail="ann@fjordline.example")
    company.user("ben", title="Pilot", mail="ben@fjordline.example")
    company.user("cay", name="Same Name", title="Cook", mail="cay@fjordline.example")
    company.user("dot", name="Same Name", ou="OU=Ships", title="Cook", mail="dot@fjordline.example")
    company.group("Crew", members=[company.dn_of("ann"), company.dn_of("ben")])
    lab = make_lab(company, scheduler__sync_cycle_enabled="no")
    lab.cycle()
    lab.cycle()
    lab.start()
    return lab


def user_id(lab, name):
    return lab.graph.find("users", name)["id"]


def status(lab, *argv):
    return lab.ctl_json("soa", "status", *argv)


def test_whoever_is_named_is_found_and_nobody_is_guessed(make_lab, tmp_path):
    lab = world(make_lab)
    ann = user_id(lab, "ann")
    upn = lab.graph.get("/users/" + ann)["userPrincipalName"]
    dn = lab.company.dn_of("ann")
    for name in (dn, dn.lower(), ann, ann.upper(), "User_" + ann, upn, "ANN@fjordline.example", "ann"):
        found = status(lab, name)["objects"]
        assert [(o["source_dn"], o["anchor"], o["state"], o["problem"]) for o in found] == [
            (dn, "User_" + ann, "synced", None)], name
    (same,) = status(lab, "Same Name")["objects"]
    assert "several objects" in same["problem"] and same["state"] is None
    (nobody,) = status(lab, "nobody@fjordline.example")["objects"]
    assert "no object has this" in nobody["problem"]
    # an object that is named twice is there once; a group's members; what is below a DN
    assert len(status(lab, dn, upn, ann)["objects"]) == 1
    assert sorted(o["name"] for o in status(lab, "--group", "Crew")["objects"]) == ["ann", "ben"]
    below = status(lab, "--ou", lab.company.domain)["objects"]
    assert {"ann", "ben", "Crew"} <= {o["name"] for o in below}
    done = lab.ctl("soa", "status", "--ou", "OU=Nowhere," + lab.company.domain)
    assert done.returncode == 1 and "no source has objects below" in done.stderr
    done = lab.ctl("soa", "status", "--group", "ann")
    assert done.returncode == 1 and "is not a group" in done.stderr
    # lists, as other tools write them
    table = tmp_path / "list.csv"
    table.write_text("\ufeffIdentity,Mode,Note\r\n%s,Cloud,\"a, b\"\r\n\"%s\",,\r\n" % (upn, lab.company.dn_of("ben")),
                     encoding="utf-8")
    rows = status(lab, "--file", str(table))["objects"]
    assert [(o["name"], o.get("mode")) for o in rows] == [("ann", "Cloud"), ("ben", None)]
    table.write_text("# people\n\n  %s \n%s\n" % (upn, lab.company.dn_of("ben")), encoding="utf-8")
    assert [o["name"] for o in status(lab, "--file", str(table))["objects"]] == ["ann", "ben"]
    table.write_text("Identity,Mode\n%s,Cloud\n" % dn, encoding="utf-8")
    done = lab.ctl("soa", "status", "--file", str(table))
    assert done.returncode == 2 and "list.csv:2:" in done.stderr and "in quotes" in done.stderr


def test_the_state_table(make_lab):
    lab = world(make_lab)
    ann = user_id(lab, "ann")
    native = lab.graph.call("POST", "/users", {
        "displayName": "Native", "mailNickname": "native", "accountEnabled": True,
        "userPrincipalName": "native@fjordline.example",
        "passwordProfile": {"password": "xWwvJ]6NMw+bWH-d"}})
    assert native[0] == 201, native
    lab.cycle()

    def place(name):
        (o,) = status(lab, name)["objects"]
        return o["state"]

    assert place("ann") == "synced" and place("Native") == "cloud-native"
    lab.graph.soa("users", ann, True)
    lab.cycle()
    assert place("ann") == "converted"
    out = status(lab, "--filter", "converted")
    assert [o["name"] for o in out["objects"]] == ["ann"]
    assert out["counts"]["user"]["converted"] == 1 and out["counts"]["group"]["synced"] >= 1
    lab.graph.soa("users", ann, False)
    r = lab.run("delta-import", connector=AAD)
    assert r.code == 0
    assert place("ann") == "awaiting-takeover"
    lab.cycle()
    lab.cycle()
    assert place("ann") == "synced"
    done = lab.ctl("soa", "status", "--filter", "sideways")
    assert done.returncode == 1 and 'no state "sideways"' in done.stderr
    done = lab.ctl("soa", "status")
    assert done.returncode == 0 and "cloud-native" in done.stdout and "STATE" in done.stdout


def test_what_was_not_sent_is_kept(make_lab):
    """In the store as in the journal; in the shape that the emulator's log has, too."""
    lab = world(make_lab)
    ann = user_id(lab, "ann")
    lab.graph.soa("users", ann, True)
    lab.cycle()
    lab.company.set("ann", "title", "Captain")
    lab.company.set("ann", "department", "Bridge")
    lab.write()
    assert lab.cycle().blocked() == [lab.company.dn_of("ann")]
    lab.cycle()
    (o,) = status(lab, "ann")["objects"]
    assert o["blocked_changes"] == 1 and re.match(r"20\d\d-.*Z$", o["since"])
    (ben,) = status(lab, "ben")["objects"]
    assert ben["blocked_changes"] == 0 and ben["since"] is None
    (skip,) = lab.ctl_json("soa", "log")
    assert skip["provisioningAction"] == "update"
    assert skip["provisioningStatusInfo"] == {"status": "skipped", "errorInformation": None}
    assert skip["provisioningSteps"][0]["description"] == (
        "As the SOA of this user is in the cloud, this object will not sync.")
    assert {p["displayName"] for p in skip["modifiedProperties"]} == {"title", "department"}
    assert skip["sourceIdentity"]["id"] == lab.company.dn_of("ann")
    assert [skip[k]["displayName"] for k in ("sourceSystem", "targetSystem")] == [AD, AAD]
    assert skip["targetIdentity"] == {
        "id": ann, "displayName": "ann", "identityType": "User", "details": {}}
    # the same fields as the cloud's own log has
    assert Sync(lab.emulator).refusal("PATCH", "/users/" + ann, {"jobTitle": "x"})
    assert set(lab.graph.get("/auditLogs/provisioning")["value"][0]) == set(skip)
    text = lab.ctl("soa", "log", "5")
    assert text.returncode == 0 and "will not sync. Changed: " in text.stdout
    assert lab.ctl("soa", "log", "x").returncode == 2


# --- convert and rollback ---

def managed(lab, name, collection="users"):
    found = lab.graph.find(collection, name)
    return lab.graph.get("/%s/%s/onPremisesSyncBehavior" % (collection, found["id"]))["isCloudManaged"]


def move(lab, what, *argv, code=0):
    done = lab.ctl("--json", "soa", what, *argv)
    assert done.returncode == code, (done.returncode, done.stdout[-3000:], done.stderr)
    return json.loads(done.stdout) if done.stdout else done.stderr


def results(answer):
    return {o["name"]: o["result"] for o in answer["items"]}


def audits(lab):
    """(event, operation, dn) of the records in the log of the daemon's workers."""
    out = []
    for line in lab.daemon.log().splitlines():
        found = re.search(r" event_id=(6957|6958) ", line)
        if found:
            dn = re.search(r' dn=(?:"((?:[^"\\]|\\.)*)"|(\S+))', line)
            out.append((int(found.group(1)), re.search(r" operation=(\w+)", line).group(1),
                        dn.group(1) or dn.group(2)))
    return out


def test_there_and_back(make_lab):
    lab = world(make_lab)
    ann, ben = lab.company.dn_of("ann"), lab.company.dn_of("ben")
    dry = move(lab, "convert", ann, ben, "--dry-run")
    assert results(dry) == {"ann": "not-begun", "ben": "not-begun"} and dry["dry_run"]
    assert not managed(lab, "ann") and lab.db("SELECT count(*) FROM soa_job") == [(0,)]
    answer = move(lab, "convert", ann, ben)
    assert results(answer) == {"ann": "done", "ben": "done"} and answer["stopped"] is None
    assert managed(lab, "ann") and managed(lab, "ben")
    # the rows know it at once: no cycle sends anything
    assert [o["state"] for o in status(lab, ann, ben)["objects"]] == ["converted"] * 2
    lab.company.set("ann", "title", "Captain")
    lab.write()
    assert lab.cycle().blocked() == [ann]
    assert audits(lab) == [(6957, "convert", ann), (6957, "convert", ben)]
    line = next(x for x in lab.daemon.log().splitlines() if "event_id=6957" in x)
    for text in (" from=synced ", " to=converted ", " result=done", " uid=%d " % os.getuid(), " job=1 ",
                 " attributes=isCloudManaged "):
        assert text in line + " ", (text, line)
    # once more: nothing to do, nothing told
    assert results(move(lab, "convert", ann)) == {"ann": "nothing-to-do"}
    assert len(audits(lab)) == 2
    # ... and back: the next cycle takes it over, with AD's values
    assert results(move(lab, "rollback", ann)) == {"ann": "done"}
    assert not managed(lab, "ann")
    assert [o["state"] for o in status(lab, ann)["objects"]] == ["awaiting-takeover"]
    lab.cycle()
    lab.cycle()
    assert [o["state"] for o in status(lab, ann)["objects"]] == ["synced"]
    assert lab.graph.get("/users/" + user_id(lab, "ann"))["jobTitle"] == "Captain"
    assert audits(lab)[2:] == [(6957, "rollback", ann)]


def test_the_backup(make_lab):
    lab = world(make_lab)
    ann = lab.company.dn_of("ann")
    assert lab.ctl("soa", "backup", "show", ann).returncode == 1
    move(lab, "convert", ann)
    folder = lab.folder + "/state/soa"
    (name,) = os.listdir(folder)
    assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
    assert stat.S_IMODE(os.stat(folder + "/" + name).st_mode) == 0o600
    kept = lab.ctl_json("soa", "backup", "show", "ann")
    assert kept["from"] == "synced" and kept["to"] == "converted" and kept["operation"] == "convert"
    assert kept["source"]["attributes"]["title"] == ["Pilot"] and kept["source"]["dn"] == ann
    assert kept["target"]["attributes"]["userPrincipalName"] == ["ann@fjordline.example"]
    assert kept["object"]["source_dn"] == ann
    # one of an earlier database, whose jobs had other numbers, is neither hidden nor in the way
    with open(folder + "/" + name, encoding="utf-8") as f, \
            open("%s/%s.1000.999.json" % (folder, name.split(".")[0]), "w", encoding="utf-8") as g:
        g.write(f.read().replace('"convert"', '"older"'))
    assert lab.ctl_json("soa", "backup", "show", "ann") == kept
    lab.graph.patch("/users/" + user_id(lab, "ann"), {"jobTitle": "Admiral"})
    lab.company.set("ann", "title", "Captain")
    lab.write()
    rows = lab.ctl_json("soa", "backup", "diff", "ann")
    differ = {(r["side"], r["attribute"]): (r.get("backup"), r.get("now")) for r in rows}
    assert differ[("target", "title")] == (["Pilot"], ["Admiral"])
    assert differ[("source", "title")] == (["Pilot"], ["Captain"])
    text = lab.ctl("soa", "backup", "diff", "ann")
    assert "Admiral" in text.stdout
    assert lab.ctl("soa", "backup", "undo", "ann").returncode == 2


def test_what_is_refused_is_not_begun(make_lab, tmp_path):
    lab = world(make_lab)
    ann, ben = lab.company.dn_of("ann"), lab.company.dn_of("ben")
    failed = tmp_path / "failed.csv"
    answer = move(lab, "convert", ann, "nobody", "--failed", str(failed), code=1)
    assert [o["result"] for o in answer["items"]] == ["not-begun", "refused"]
    assert not managed(lab, "ann") and "--continue" in answer["stopped"]
    assert failed.read_text().splitlines()[2].startswith('"nobody","convert","refused",')
    # the list of what failed is one to give again, and the way in it is looked at
    answer = move(lab, "rollback", "--file", str(failed), code=1)
    assert "the other way" in answer["items"][0]["text"]
    answer = move(lab, "convert", ann, "nobody", "--continue", code=1)
    assert [o["result"] for o in answer["items"]] == ["done", "refused"]
    # what was not converted cannot be rolled back
    answer = move(lab, "rollback", ben, code=1)
    assert results(answer) == {"ben": "refused"} and "not-converted" in answer["items"][0]["text"]
    # a change that has not been sent would be lost; by force it is
    lab.company.set("ben", "title", "Captain")
    lab.write()
    answer = move(lab, "convert", ben, code=1)
    assert results(answer) == {"ben": "refused"} and "not-imported" in answer["items"][0]["text"]
    assert results(move(lab, "convert", ben, "--force")) == {"ben": "done"}


def test_references_in_the_cloud_keep_an_object(make_lab):
    """A roll-back is refused as long as cloud-only members or cloud groups are there."""
    lab = world(make_lab)
    ann, crew = lab.company.dn_of("ann"), lab.company.dn_of("Crew")
    move(lab, "convert", crew)
    move(lab, "convert", ann)
    status_code, native = lab.graph.call("POST", "/users", {
        "displayName": "Native", "mailNickname": "native", "accountEnabled": True,
        "userPrincipalName": "native@fjordline.example",
        "passwordProfile": {"password": "xWwvJ]6NMw+bWH-d"}})
    assert status_code == 201
    status_code, club = lab.graph.call("POST", "/groups", {
        "displayName": "Club", "mailNickname": "club", "mailEnabled": False, "securityEnabled": True})
    assert status_code == 201
    crew_id = lab.graph.find("groups", "Crew")["id"]
    for group, member in ((crew_id, native["id"]), (club["id"], user_id(lab, "ann"))):
        status_code, _ = lab.graph.call("POST", "/groups/%s/members/$ref" % group, {
            "@odata.id": lab.emulator.url + "/v1.0/directoryObjects/" + member})
        assert status_code == 204
    answer = move(lab, "rollback", crew, code=1)
    assert "cloud-only-member" in answer["items"][0]["text"]
    answer = move(lab, "rollback", ann, code=1)  # no import has seen the group yet
    assert "Club" in answer["items"][0]["text"] and "in-cloud-group" in answer["items"][0]["text"]
    assert any(f["finding"] == "access-packages" for f in answer["findings"])
    assert managed(lab, "ann") and managed(lab, "Crew", "groups")
    assert lab.graph.call("DELETE", "/groups/%s/members/%s/$ref" % (club["id"], user_id(lab, "ann")))[0] == 204
    assert results(move(lab, "rollback", ann)) == {"ann": "done"}
    assert results(move(lab, "rollback", crew, "--force")) == {"Crew": "done"}


def at_terminal(lab, typed, *argv):
    """(exit status, what was on the screen) of a command whose user types something."""
    pid, fd = pty.fork()
    if pid == 0:
        os.environ["ADSYNCD_SOCKET"] = lab.folder + "/control"
        os.execv(binary("adsyncctl"), ["adsyncctl", *argv])
    os.write(fd, typed.encode())
    out = b""
    while True:
        try:
            part = os.read(fd, 65536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        out += part
    os.close(fd)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), out.decode()


def test_many_objects_ask_for_their_number(make_lab, tmp_path):
    company = Company()
    for n in range(45):
        company.user("u%02d" % n, title="Pilot")
    lab = make_lab(company, scheduler__sync_cycle_enabled="no", export__soa_confirm_above="44")
    lab.cycle()
    lab.cycle()
    lab.start()
    plan = tmp_path / "plan.csv"
    plan.write_text("Identity,Mode,Wave\n" + "".join(
        '"%s",convert,%d\n' % (company.dn_of("u%02d" % n), 1 + n // 40) for n in range(45)))
    done = lab.ctl("soa", "convert", "--file", str(plan))
    assert done.returncode == 1 and "--yes-45" in done.stderr
    done = lab.ctl("soa", "convert", "--file", str(plan), "--yes-44")
    assert done.returncode == 1 and "there are 45 objects" in done.stderr
    assert lab.db("SELECT count(*) FROM soa_job") == [(0,)]
    # on a terminal it is typed, and what has been done is shown meanwhile
    code, text = at_terminal(lab, "44\n", "soa", "convert", "--file", str(plan))
    assert code == 1 and "Type this number" in text and "this is not the number" in text
    code, text = at_terminal(lab, "45\n", "soa", "convert", "--file", str(plan), "--dry-run")
    assert code == 0 and "(nothing was changed)" in text
    answer = move(lab, "convert", "--file", str(plan), "--wave", "2")
    assert sorted(results(answer)) == ["u40", "u41", "u42", "u43", "u44"]
    code, text = at_terminal(lab, "45\n", "soa", "convert", "--file", str(plan))
    assert code == 0 and "40 done, 5 already so" in text, text
    assert "checked 45 of 45 ..." in text and "25 of 45, 0 failed" in text, text
    # 40 objects are two batches of Graph's, each with its answer and its reading back
    assert lab.db("SELECT count(*) FROM cs WHERE blocked = 1") == [(45,)]


def test_it_stops_at_the_first_failure(make_lab, tmp_path):
    lab = world(make_lab)
    ann, ben = lab.company.dn_of("ann"), lab.company.dn_of("ben")
    lab.emulator.fault(match="PATCH /users/%s/onPremisesSyncBehavior" % user_id(lab, "ann"), status=400,
                       count=100, batchPart=True)
    failed = tmp_path / "failed.csv"
    answer = move(lab, "convert", ann, ben, "--failed", str(failed), code=1)
    assert results(answer) == {"ann": "failed", "ben": "done"}  # they were in one request
    assert answer["failed"] == 1 and "400" in answer["items"][0]["text"]
    assert audits(lab) == [(6958, "convert", ann), (6957, "convert", ben)]
    lab.emulator.clear_faults()
    assert results(move(lab, "convert", "--file", str(failed))) == {"ann": "done"}


def test_a_right_that_is_missing_is_named(make_lab, tmp_path):
    with open(ROOT + "/conf/tenant.sample.json", encoding="utf-8") as f:
        tenant = json.load(f)
    tenant["applications"][0]["roles"].remove("User-OnPremisesSyncBehavior.ReadWrite.All")
    path = tmp_path / "tenant.json"
    path.write_text(json.dumps(tenant))
    lab = world(lambda *a, **k: make_lab(*a, tenant=str(path), **k))
    for option in ((), ("--force",)):
        done = lab.ctl("soa", "convert", lab.company.dn_of("ann"), *option)
        assert done.returncode == 1
        assert "User-OnPremisesSyncBehavior.ReadWrite.All" in done.stderr + done.stdout
    assert not managed(lab, "ann")


def test_no_cycle_runs_meanwhile(make_lab):
    """A run holds the lock: the job is refused, and can be given again."""
    lab = world(make_lab)
    with open(lab.folder + "/state/run.lock", "w", encoding="ascii") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        done = lab.ctl("soa", "convert", lab.company.dn_of("ann"))
        assert done.returncode == 3, done.stderr
    assert results(move(lab, "convert", lab.company.dn_of("ann"))) == {"ann": "done"}


def test_groups_and_contacts(make_lab):
    company = Company()
    company.user("ann", title="Pilot")
    company.contact("Harbour Office", "office@harbour.example")
    company.group("Crew", members=[company.dn_of("ann")])
    lab = make_lab(company, scheduler__sync_cycle_enabled="no")
    lab.cycle()
    lab.cycle()
    lab.start()
    names = [company.dn_of("Harbour Office"), company.dn_of("Crew")]
    answer = move(lab, "convert", *names)
    assert set(results(answer).values()) == {"done"}
    assert managed(lab, "Harbour Office", "contacts") and managed(lab, "Crew", "groups")
    counts = status(lab)["counts"]
    assert counts["contact"] == {"converted": 1} and counts["group"]["converted"] == 1
    assert set(results(move(lab, "rollback", *names)).values()) == {"done"}
    assert status(lab)["counts"]["contact"] == {"awaiting-takeover": 1}
    lab.cycle()
    lab.cycle()
    assert status(lab)["counts"]["contact"] == {"synced": 1}


def test_a_plan_is_carried_out_wave_by_wave(make_lab, tmp_path):
    lab = world(make_lab)
    plan = str(tmp_path / "plan.csv")
    done = lab.ctl("soa", "plan", lab.company.dn_of("ann"), lab.company.dn_of("Crew"), "--output", plan)
    assert done.returncode == 0, done.stderr
    assert results(move(lab, "convert", "--file", plan, "--wave", "1")) == {"Crew": "done"}
    assert results(move(lab, "convert", "--file", plan)) == {"Crew": "nothing-to-do", "ann": "done"}
    assert lab.ctl("soa", "convert", "--file", plan, "--wave", "x").returncode == 2
    done = lab.ctl("soa", "convert", "--file", plan, "--wave", "7")
    assert done.returncode == 1 and "no object in wave 7" in done.stderr


def test_a_takeover_that_is_blocked_is_told_before(make_lab, tmp_path):
    with open(ROOT + "/conf/tenant.sample.json", encoding="utf-8") as f:
        tenant = json.load(f)
    tenant["features"]["blockCloudObjectTakeoverThroughHardMatchEnabled"] = True
    tenant["applications"][0]["roles"].append("OnPremDirectorySynchronization.Read.All")
    path = tmp_path / "tenant.json"
    path.write_text(json.dumps(tenant))
    lab = world(lambda *a, **k: make_lab(*a, tenant=str(path), **k))
    ann = lab.company.dn_of("ann")
    move(lab, "convert", ann)
    done = lab.ctl("soa", "rollback", ann)
    assert done.returncode == 1 and "blockCloudObjectTakeoverThroughHardMatchEnabled" in done.stderr
    assert managed(lab, "ann")


def test_exchanges_part_alone(make_lab):
    company = Company()
    company.user("ann", title="Pilot", mail="ann@fjordline.example", mailNickname="ann",
                 proxyAddresses=["SMTP:ann@fjordline.example"])
    company.user("cat", title="Pilot")  # has no mailbox
    lab = make_lab(company, exchange=True, scheduler__sync_cycle_enabled="no")
    lab.cycle()
    lab.cycle()
    lab.start()
    ann = company.dn_of("ann")
    assert results(move(lab, "convert", "--exchange", ann)) == {"ann": "done"}
    assert Exchange(lab.emulator).mailbox(user_id(lab, "ann"))["IsExchangeCloudManaged"] is True
    assert not managed(lab, "ann")
    (o,) = status(lab, ann)["objects"]
    assert o["state"] == "exchange-only"
    assert (6957, "convert", ann) in audits(lab)
    answer = move(lab, "convert", "--exchange", company.dn_of("cat"), code=1)
    assert results(answer) == {"cat": "failed"} and "mailbox" in answer["items"][0]["text"]
    lab.cycle()
    assert status(lab, ann)["objects"][0]["state"] == "exchange-only"
    assert results(move(lab, "rollback", "--exchange", ann)) == {"ann": "done"}
    lab.cycle()
    lab.cycle()
    assert status(lab, ann)["objects"][0]["state"] == "synced"


def test_who_goes_away_ends_the_job_between_two_objects(make_lab):
    """What is under way is finished and recorded; what is left is done when it is given again."""
    company = Company()
    for n in range(45):
        company.user("u%02d" % n, title="Pilot")
    lab = make_lab(company, scheduler__sync_cycle_enabled="no")
    lab.cycle()
    lab.cycle()
    lab.start()
    names = [company.dn_of("u%02d" % n) for n in range(45)]
    lab.emulator.fault(match="PATCH /users/", delayMs=700, count=1000, batchPart=True)
    client = subprocess.Popen([binary("adsyncctl"), "soa", "convert", *names], stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              env=dict(os.environ, ADSYNCD_SOCKET=lab.folder + "/control"))
    wait_for(lambda: lab.db("SELECT count(*) FROM soa_item WHERE state = 2")[0][0], "the first batch")
    client.kill()
    client.wait()
    lab.emulator.clear_faults()
    answer = wait_for(lambda: attempt(lab, names), "the lock of the job that ends")
    done = lab.db("SELECT count(*) FROM cs WHERE blocked = 1")
    assert done == [(45,)] and answer["failed"] == 0
    moved = [dn for event, _, dn in audits(lab) if event == 6957]
    assert len(moved) == len(set(moved)) == 45


def attempt(lab, names):
    done = lab.ctl("--json", "soa", "convert", *names)
    if done.returncode == 3:  # it has not ended yet
        return None
    assert done.returncode == 0, (done.stdout[-2000:], done.stderr)
    return json.loads(done.stdout)


@pytest.mark.parametrize("what,fault", [
    ("convert", "soa-backed-up"), ("convert", "soa-marked"), ("convert", "soa-after-send"),
    ("convert", "soa-before-record"), ("convert", "soa-after-record"), ("convert", "event-before-deliver"),
    ("convert", "event-after-deliver"), ("rollback", "soa-marked"), ("rollback", "soa-before-record")])
def test_killed_and_given_again(make_lab, what, fault):
    """Nothing is done twice and nothing is lost, wherever the worker dies."""
    lab = world(make_lab)
    names = [lab.company.dn_of(n) for n in ("ann", "ben")]
    if what == "rollback":
        move(lab, "convert", *names)
    lab.daemon.stop()
    os.unlink(lab.folder + "/adsyncd.log")
    os.environ["ADSYNC_FAULT"] = fault
    try:
        lab.start()
    finally:
        del os.environ["ADSYNC_FAULT"]
    done = lab.ctl("soa", what, *names)
    assert done.returncode == 1 and "signal 9" in done.stderr, (done.stdout, done.stderr)
    before = audits(lab)
    lab.daemon.stop()
    lab.start()
    answer = move(lab, what, *names)
    assert set(results(answer).values()) <= {"done", "nothing-to-do"}
    assert managed(lab, "ann") == managed(lab, "ben") == (what == "convert")
    told = before + audits(lab)[len(before):]
    good = [dn for event, _, dn in told if event == 6957]
    # an event may be told twice when the death was between the journal and its deletion, never not
    assert set(good) == set(names), told
    if fault != "event-after-deliver":
        assert len(good) == 2, told
    assert len(os.listdir(lab.folder + "/state/soa")) >= 2
    assert lab.db("SELECT count(*) FROM soa_job WHERE ended IS NULL") == [(0,)]
    assert lab.db("SELECT count(*) FROM soa_item WHERE state = 2") == [(0,)]
    place = "converted" if what == "convert" else "awaiting-takeover"
    assert [o["state"] for o in status(lab, *names)["objects"]] == [place] * 2
    r = lab.cycle()
    assert not r.blocked() and r.counter("export-update") == (2 if what == "rollback" else 0)


def test_a_name_that_is_no_text_is_not_left_out(make_lab):
    """JSON has no place for it: without a word the command would have meant everybody, or fewer."""
    lab = make_lab(Company(), scheduler__sync_cycle_enabled="no")
    lab.start()
    for argv in (("soa", "status", "--ou", b"OU=\xff"), ("soa", "check", "u0", b"\xff"),
                 ("run", "start", "full-import", "--connector", b"\xff"),
                 ("soa", "status", "--group", b"\xc3("), ("soa", "status", "--filter", b"\x80")):
        done = lab.ctl(*argv)
        assert done.returncode == 2 and "is not text in UTF-8" in done.stderr, (argv, done.stderr)
    assert not os.path.exists(lab.folder + "/state/adsyncd.db")  # nothing has run
