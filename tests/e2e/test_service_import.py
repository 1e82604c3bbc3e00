"""surface = service: what was written through the provisioning service is read from Graph, which does
not show the sourceAnchor of groups, contacts and devices."""
import contextlib
import json
import os
import shutil
import sqlite3

import pytest
from lab import AAD, ADMIN_APP, GRAPH_APP, ROOT, SYNC_APP, Company, Graph, Service, Sync

DEVICES = {
    "name": "Out to AAD - Device", "precedence": 51, "direction": "Outbound",
    "connectorType": "entra", "sourceObjectType": "device", "targetObjectType": "device",
    "linkType": "Provision", "scope": [[{"attribute": "sourceAnchor", "operator": "ISNOTNULL"}]],
    "flows": [{"dest": name, "source": name} for name in (
        "sourceAnchor", "displayName", "deviceId", "accountEnabled", "deviceOSType",
        "deviceOSVersion", "userCertificate")] + [
            {"dest": "deviceTrustType", "constant": "ServerAd"}]}


JOINS = {
    "name": "In from AAD - Group by SID", "precedence": 52, "direction": "Inbound",
    "connectorType": "entra", "sourceObjectType": "group", "targetObjectType": "group",
    "linkType": "Join", "join": [[{"csAttribute": "displayName", "mvAttribute": "displayName"}]],
    "flows": [{"dest": "cloudAnchor", "source": "cloudAnchor"}]}


def tenant_file(folder):
    """The sample tenant, and its first application may read devices."""
    with open(ROOT + "/conf/tenant.sample.json", encoding="utf-8") as f:
        tenant = json.load(f)
    tenant["applications"][0]["roles"].append("Device.Read.All")
    path = os.path.join(str(folder), "tenant.json")
    with open(path, "w", encoding="utf-8") as f:
        json.dump(tenant, f)
    return path


def company():
    c = Company()
    anna = c.user("anna", title="Pilot")
    ben = c.user("ben", manager=anna)
    crew = c.group("Crew", [anna, ben], info="Flies", managedBy=anna)
    c.group("List", [ben, crew], mail="list@fjordline.example", groupType="8", mailNickname="list",
            proxyAddresses=["SMTP:list@fjordline.example"])
    c.contact("Partner", "partner@partners.example", manager=ben, info="Friendly")
    for name in "PC1", "PC2":
        c.add(name, "OU=Computers", ["person", "organizationalPerson", "user", "computer"],
              sAMAccountName=name + "$", objectSid=c.principal(), operatingSystem="Windows 11",
              operatingSystemVersion="10.0", userAccountControl="4096", userCertificate=["cert"])
    return c


@pytest.fixture
def lab(make_lab, tmp_path):
    one = make_lab(company(), surface="service", app=SYNC_APP, tenant=tenant_file(tmp_path),
                   scheduler__sync_cycle_enabled="no")
    folder = os.path.join(one.folder, "rules.d")
    os.makedirs(folder)
    with open(folder + "/devices.json", "w", encoding="utf-8") as f:
        json.dump({"rules": [DEVICES]}, f)
    one.write_config()
    one.cycle()
    return one


def rows(lab):
    """{displayName in AD: (anchor, DN, state)} of what was made."""
    return {dn.split(",")[0][3:]: row for dn, *row in lab.db(
        "SELECT (SELECT s.dn FROM cs s JOIN connector k ON k.id = s.connector WHERE s.mv = cs.mv AND"
        " k.type = 'ad'), anchor, dn, state FROM cs JOIN connector c ON c.id = cs.connector"
        " WHERE c.name = ? AND cs.want = 1", AAD)}


CONFIRMED = 4
NAMES = {"anna", "ben", "Crew", "List", "Partner", "PC1", "PC2"}


def settle(lab, writes):
    """So many writes, confirmed by the next import; then nothing."""
    before = lab.emulator.stats()["writes"]
    lab.cycle()
    assert lab.emulator.stats()["writes"] == before + writes
    for profile in "delta", "initial":
        r = lab.cycle(profile)
        assert not r.counter("export-add") and not r.counter("export-update"), r.steps
    assert lab.emulator.stats()["writes"] == before + writes
    assert {state for _, _, state in rows(lab).values()} == {CONFIRMED}


def test_made_changed_deleted(lab):
    """Each kind of object, from its making to its end, under one name and one anchor."""
    settle(lab, 0)
    made = rows(lab)
    assert set(made) == NAMES and all(dn.startswith("CN={") for _, dn, _ in made.values())
    anchors = Service(lab.emulator).source_anchors()
    for anchor, dn, _ in made.values():
        assert bytes.fromhex(dn[4:-1]).decode() == anchors[anchor.partition("_")[2]]
    c = lab.company
    c.set("Crew", "displayName", "Flying crew")
    c.set("List", "mail", "all@fjordline.example")
    c.set("List", "proxyAddresses", "SMTP:all@fjordline.example", "smtp:list@fjordline.example")
    c.set("Partner", "mail", "p@partners.example")
    c.set("Partner", "targetAddress", "SMTP:p@partners.example")
    c.set("Partner", "proxyAddresses", "SMTP:p@partners.example")
    c.set("PC1$", "operatingSystemVersion", "11.0")
    lab.write()
    settle(lab, 4)
    assert rows(lab) == made
    assert lab.graph.find("contacts", "Partner")["mail"] == "p@partners.example"
    assert lab.graph.find("groups", "Flying crew") and not lab.graph.find("groups", "Crew")
    assert lab.graph.find("groups", "List")["mail"] == "all@fjordline.example"
    for name in "Crew", "Partner", "PC2$":
        c.delete(name)
    lab.write()
    lab.cycle()
    lab.cycle()
    assert set(rows(lab)) == NAMES - {"Crew", "Partner", "PC2"}
    assert not lab.graph.find("contacts", "Partner") and not lab.graph.find("groups", "Flying crew")


def test_hidden_changes(lab):
    """What Graph never shows is sent once when it changes, and confirmed at once."""
    settle(lab, 0)
    c = lab.company
    c.set("Crew", "info", "Flew")
    c.set("Crew", "managedBy", c.dn_of("ben"))
    c.set("Partner", "info", "Gone")
    lab.write()
    settle(lab, 3)
    kept = {o.get("DisplayName"): o for o in Service(lab.emulator).read_back().values()}
    assert kept["Crew"]["Info"] == "Flew" and kept["Partner"]["Info"] == "Gone"
    assert kept["Crew"]["ManagedBy"] == kept["ben"]["SourceAnchor"]


def test_gone_and_restored_in_the_cloud(lab):
    """Somebody deletes them there: they are made again, or come back."""
    settle(lab, 0)
    before, sync = rows(lab), Sync(lab.emulator)
    for collection, name in ("groups", "Crew"), ("contacts", "Partner"):
        sync.delete("/%s/%s" % (collection, lab.graph.find(collection, name)["id"]))
    lab.cycle()
    lab.cycle()
    lab.cycle()
    after = rows(lab)
    assert set(after) == NAMES and {state for _, _, state in after.values()} == {CONFIRMED}
    assert {n for n in NAMES if after[n] != before[n]} - {"Crew"} == {"Partner"}  # Crew had a bin
    assert all(after[n][1] == before[n][1] for n in NAMES)
    assert lab.graph.members(lab.graph.find("groups", "Crew")["id"]) == ["anna", "ben"]
    anna = lab.graph.find("users", "anna")["id"]
    sync.delete("/users/" + anna)
    lab.run("delta-import")
    status, _ = Graph(lab.emulator, ADMIN_APP).call(
        "POST", "/directory/deletedItems/%s/restore" % anna)
    assert status in (200, 201)
    lab.cycle()
    lab.cycle()
    assert rows(lab)["anna"] == after["anna"]
    assert lab.db("SELECT count(*) FROM cs WHERE anchor = ?", "User_" + anna) == [(1,)]


def test_joined_by_an_inbound_rule_of_the_cloud(lab):
    """A group of ours that shows no sourceAnchor, found by a rule: it keeps its object and name."""
    before = lab.emulator.stats()
    shutil.rmtree(os.path.join(lab.folder, "state"))
    assert lab.emulator.request("POST", "/emulator/service", {"readBack": "refused"})[0] in (200, 204)
    with open(os.path.join(lab.folder, "rules.d", "groups.json"), "w", encoding="utf-8") as f:
        json.dump({"rules": [JOINS]}, f)
    lab.write_config()
    for profile in "delta", "delta", "initial":
        lab.cycle(profile)
    assert lab.emulator.stats()["writes"] == before["writes"]
    assert lab.db("SELECT count(*) FROM cs WHERE class = 'group' AND dn = anchor") == [(0,)]
    lab.company.of("Crew")["info"] = [b"Flies and swims"]
    lab.write()
    settle(lab, 1)
    assert lab.emulator.stats()["groups"] == before["groups"]


def test_gone_when_it_is_written(lab):
    """Deleted in the cloud between import and export: the service makes another one of what is sent.
    That is told, and the new one gets everything that the old one had."""
    c, sync = lab.company, Sync(lab.emulator)
    crew = lab.graph.find("groups", "Crew")["id"]
    c.set("Crew", "member", *c.objects[c.dn_of("Crew")]["member"], c.dn_of("Partner"))
    lab.write()
    settle(lab, 1)
    old = lab.graph.find("contacts", "Partner")["id"]
    assert "Partner" in lab.graph.members(crew)
    c.set("Partner", "title", "Captain")
    lab.write()
    lab.run(fault="export-before-send:1")
    sync.delete("/contacts/" + old)
    r = lab.run("export")
    assert r.result == "completed-warnings" and r.counter("export-warning") == 1
    assert 6942 in r.events and "Contact_%s was not there any more" % old in r.log
    for _ in range(2):
        assert lab.cycle().counter("export-warning") == 0
    new = lab.graph.find("contacts", "Partner")
    kept = Service(lab.emulator).read_back()["Contact_" + new["id"]]
    assert new["id"] != old and kept["Title"] == "Captain"
    assert kept["Info"] == "Friendly" and new["mail"] == "partner@partners.example"
    assert "Partner" in lab.graph.members(crew)
    manager = lab.graph.call("GET", "/contacts/%s/manager" % new["id"])[1]
    assert manager["displayName"] == "ben"
    settle(lab, 0)


@pytest.mark.parametrize("cursor", [True, False])
def test_from_public_graph(make_lab, cursor):
    """A store of surface = graph whose configuration names the service now: nothing is deleted, a
    group that the service cannot know is told to be another one, and what public Graph does not
    take is sent by the next cycle, whichever it is."""
    c = Company()
    anna = c.user("anna")
    c.group("Crew", [anna], info="Flies")
    c.group("List", [anna], mail="list@fjordline.example", groupType="8", mailNickname="list",
            proxyAddresses=["SMTP:list@fjordline.example"])
    c.contact("Partner", "partner@partners.example")
    lab = make_lab(c, surface="graph", app=GRAPH_APP, scheduler__sync_cycle_enabled="no")
    for _ in range(3):
        lab.run()
    old = lab.graph.find("groups", "Crew")["id"]
    lab.surface = "service"
    lab.write_secret(SYNC_APP[1])
    lab.sign_in = lab.sign_in.replace(GRAPH_APP[0], SYNC_APP[0])
    lab.write_config()
    if not cursor:
        with contextlib.closing(sqlite3.connect(lab.folder + "/state/adsyncd.db")) as db:
            db.execute("UPDATE connector SET cursor = NULL WHERE name = ?", (AAD,))
            db.commit()
    told = ""
    for _ in range(3):
        r = lab.run()
        assert not r.counter("export-delete") and not r.counter("reference-delete")
        told += r.log
    assert "Group_%s was not there any more, or was not synchronized" % old in told
    groups = {g["id"]: g for g in lab.graph.all("/groups")}
    synchronized = [g["id"] for g in groups.values() if g["onPremisesSyncEnabled"]]
    assert len(groups) == 3 and old not in synchronized
    assert {groups[g]["displayName"] for g in synchronized} == {"Crew", "List"}
    assert [lab.graph.members(g) for g in synchronized] == [["anna"], ["anna"]]
    kept = {o["CommonName"]: o for o in Service(lab.emulator).read_back().values()}
    assert set(kept) == {"anna", "Crew", "List", "Partner"} and kept["Crew"]["Info"] == "Flies"
    users = lab.graph.all("/users?$select=displayName,onPremisesSyncEnabled")
    assert all(u["onPremisesSyncEnabled"] for u in users if u["displayName"] == "anna")
    settle(lab, 0)


def test_single_objects(lab):
    """adsyncctl sync object: read back under the name that the row has."""
    settle(lab, 0)
    made = rows(lab)
    lab.start()
    for name, attr in ("Crew", "description"), ("Partner", "title"):
        lab.company.set(name, attr, "Changed")
        lab.write()
        done = lab.ctl("--json", "sync", "object", lab.company.dn_of(name))
        assert done.returncode == 0, done.stdout + done.stderr
        report = json.loads(done.stdout)
        assert len(report["export"][0]["objects"]) == 1 and report["result"] == "success"
        assert [o["result"] for o in report["confirm"]] == ["success"], report["confirm"]
        assert not [a for o in report["comparison"] for a in o["attributes"]
                    if a["verdict"] != "same"], report["comparison"]
        assert rows(lab) == made


def test_roles_are_named(make_lab, tmp_path):
    with open(ROOT + "/conf/tenant.sample.json", encoding="utf-8") as f:
        tenant = json.load(f)
    path = os.path.join(str(tmp_path), "tenant.json")
    app = tenant["applications"][0]
    app["roles"] = ["ADSynchronization.ReadWrite.All", "Group.ReadWrite.All"]
    with open(path, "w", encoding="utf-8") as f:
        json.dump(tenant, f)
    lab = make_lab(company(), surface="service", tenant=path)
    r = lab.run()
    assert r.code != 0 and "roles User.Read.All, OrgContact.Read.All that surface = service" in r.log
    assert lab.emulator.stats()["writes"] == 0
