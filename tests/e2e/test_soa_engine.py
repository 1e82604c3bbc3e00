"""The source of authority in the engine, sentence by sentence.

An object that was switched
  stays joined, is blocked, its changes are reported once, by name       test_switched
  is disabled, renamed, moved in AD: the cloud keeps what it has         test_changes_of_all_kinds
  is deleted, filtered, out of what is read: it stays, and rejoins       test_leaves_and_returns
  is made again with the same anchor: it rejoins                         test_made_again
  is deleted in the cloud: not made again, unless restored there         test_deleted_in_the_cloud
Roll-back
  takeover, Awaiting Export Confirmation, cloud edits overwritten        test_roll_back
  the tenant blocks the takeover of users                                test_takeover_is_blocked
References (AD groups keep converted users and lose converted groups)
  each row of the table of parent and member                             test_members
  nested groups, one by one, and back                                    test_nested_groups
  manager                                                                test_manager
Attributes
  extensionAttribute1 to 15 of converted security groups                 test_extension_attributes
  what stays on the user and is then written by hand                     test_what_stays
Prerequisites
  roles that are missing are named by the first cycle and the test       test_missing_roles
  a tenant that does not say where the authority is: nothing is sent     test_refused_lists
"""
import copy
import json
import uuid

import pytest

from lab import AAD, GRAPH_APP, ROOT, SYNC_APP, Company, Sync
from soa import KINDS, NAMES, REASON, Soa, attributes, company, events

EXPORTED, CONFIRMED, FAILED = 3, 4, 5  # enum export_state


@pytest.fixture
def soa(make_lab):
    return Soa(make_lab(company()))


def test_switched(soa):
    """blockOnPremisesSync is true, joined still; a change is reported once, by names alone."""
    before = {kind: soa.object(kind)["displayName"] for kind in KINDS}
    soa.switch()
    assert not events(soa.cycle())
    for kind in KINDS:
        assert soa.state(kind) == (True, None)
        shown = soa.show(kind)
        assert shown["blockOnPremisesSync"] is True and shown["mv"]
        assert shown["authority"] == "isCloudManaged (all)"
    for value in ("Secret One", "Secret Two"):
        for name in NAMES.values():
            soa.change(name, displayName=value)
        told = events(soa.cycle())
        assert set(told) == {soa.company.dn_of(name) for name in NAMES.values()}
        for kind, name in NAMES.items():
            event = told[soa.company.dn_of(name)]
            assert "displayName" in attributes(event) and "Secret" not in event["line"]
            assert REASON in event["line"] and event["operation"] == "update"
            assert event["cloud_anchor"] == soa.anchor(kind)
        soa.quiet()
    for kind in KINDS:
        assert soa.object(kind)["displayName"] == before[kind]
        assert soa.show(kind)["pending_export"] == {}
    # back to what was there before is a change as well
    soa.change("ann", displayName="Secret One")
    assert list(events(soa.cycle())) == [soa.company.dn_of("ann")]
    soa.quiet("delta")


def test_changes_of_all_kinds(soa):
    """Disabled, renamed, moved to another folder, another member: the cloud keeps what it has."""
    soa.switch()
    soa.cycle()
    before = soa.lab.tenant()
    soa.change("ann", userAccountControl="514")
    assert attributes(events(soa.cycle())[soa.company.dn_of("ann")]) == {"accountEnabled"}
    soa.change("Crew", member=[soa.company.dn_of("ann"), soa.company.dn_of("ben")])
    assert attributes(events(soa.cycle())[soa.company.dn_of("Crew")]) == {"member"}
    dn = soa.company.move("ann", ou="OU=Cloud")
    soa.lab.write()
    assert attributes(events(soa.cycle())[dn]) == {"onPremisesDistinguishedName"}
    for name in ("ann", "Crew", "Quay"):
        soa.company.move(name, name=name + " Renamed")
        soa.change(name + " Renamed", displayName=name + " Renamed")
    told = events(soa.cycle())
    assert set(told) == {soa.company.dn_of(name + " Renamed") for name in NAMES.values()}
    for event in told.values():
        assert "displayName" in attributes(event)
    soa.quiet()
    assert soa.lab.tenant() == before and soa.lab.emulator.stats()["deletes"] == 0
    for kind in KINDS:
        assert soa.row(kind)[:2] == (1, 1)


def leave(soa, how):
    """All three leave; a function that brings them back."""
    kept = copy.deepcopy(soa.company.objects)

    def back():
        soa.company.objects = kept
        soa.lab.write_config()
        soa.lab.write()

    if how == "deleted":
        for name in NAMES.values():
            soa.company.delete(name)
    elif how == "filtered":
        for kind, name in NAMES.items():
            soa.change(name, isCriticalSystemObject="TRUE")
            if kind != "groups":
                soa.change(name, adminDescription="User_x")
            else:
                soa.change(name, adminDescription="Group_x")
    else:
        for name in NAMES.values():
            soa.company.move(name, ou="OU=Hidden")
        soa.lab.write_config(ad="exclude_ou = OU=Hidden,DC=fjordline,DC=example\n")
    soa.lab.write()
    return back


@pytest.mark.parametrize("how", ["deleted", "filtered", "out of what is read"])
def test_leaves_and_returns(soa, how):
    """The cloud object stays, with a trace; when the object of AD is back, it is joined again."""
    soa.switch()
    soa.cycle()
    before = soa.lab.tenant()
    back = leave(soa, how)
    told = events(soa.cycle())
    assert len(told) == 3
    for event in told.values():
        assert event["operation"] == "delete" and "no longer in scope or was deleted" in event["line"]
        assert REASON in event["line"] and "is kept" in event["line"]
    soa.quiet()
    assert soa.lab.tenant() == before and soa.lab.emulator.stats()["deletes"] == 0
    for kind in KINDS:
        shown = soa.show(kind)
        assert shown["blockOnPremisesSync"] is True and shown["mv"] is None
        assert "deleted or is out of scope" in shown["kept"], shown
        assert shown["kept"] in soa.shown(kind)
    back()
    assert not events(soa.cycle())
    for kind in KINDS:
        assert soa.row(kind)[:2] == (1, 1) and soa.show(kind)["kept"] is None
    soa.quiet()
    assert soa.lab.tenant() == before
    soa.change("ann", title="Captain")
    assert list(events(soa.cycle())) == [soa.company.dn_of("ann")]
    soa.switch(False)
    soa.cycle()
    soa.cycle()
    for kind in KINDS:
        assert soa.state(kind) == (False, True) and soa.row(kind)[3] == CONFIRMED
    assert soa.lab.emulator.stats()["deletes"] == 0


def test_made_again(soa):
    """Another object of AD with the anchor of the one that was deleted."""
    kinds = ("users", "groups")  # contacts have no anchor of their own: another GUID, another object
    soa.switch()
    soa.cycle()
    for kind in kinds:
        name = NAMES[kind]
        entry = soa.company.of(name)
        old = entry["objectGUID"]
        soa.company.delete(name)
        soa.lab.write()
        told = events(soa.cycle())
        assert [e["operation"] for e in told.values()] == ["delete"]
        entry.update(objectGUID=[uuid.uuid4().bytes_le], **{"mS-DS-ConsistencyGuid": old})
        soa.company.objects[entry["distinguishedName"][0]] = entry
        soa.lab.write()
        soa.cycle()
    for kind in kinds:
        assert soa.row(kind)[:2] == (1, 1)
    creates = soa.lab.emulator.stats()["creates"]
    soa.switch(False)
    soa.cycle()
    soa.cycle()
    for kind in kinds:
        assert soa.state(kind) == (False, True)
    assert soa.lab.emulator.stats()["creates"] == creates


def test_deleted_in_the_cloud(soa):
    """It is not made again, whatever AD does, unless it is restored there."""
    soa.switch()
    soa.cycle()
    for kind in ("users", "groups"):
        assert soa.lab.graph.call("DELETE", "/%s/%s" % (kind, soa.ids[kind]))[0] == 204
    creates = soa.lab.emulator.stats()["creates"]
    soa.quiet()
    soa.change("ann", title="Captain")
    soa.change("Crew", description="new")
    soa.cycle()
    soa.quiet()
    for kind in ("users", "groups"):
        assert soa.object(kind) is None and soa.row(kind)[0] == 1
        assert "is not created again" in soa.show(kind)["kept"]
        assert soa.lab.graph.call("POST", "/directory/deletedItems/%s/restore" % soa.ids[kind], {})[
            0] == 200
    # a delete ends the switch: what is restored has isCloudManaged false, so AD takes it over
    soa.cycle()
    soa.cycle()
    for kind in ("users", "groups"):
        assert soa.row(kind)[:2] == (0, 1) and soa.show(kind)["kept"] is None
        assert soa.state(kind) == (False, True)
    soa.switch()
    soa.cycle()
    # gone for good, and then from AD as well: nothing is left
    for kind in ("users", "groups"):
        assert soa.lab.graph.call("DELETE", "/%s/%s" % (kind, soa.ids[kind]))[0] == 204
        assert soa.lab.graph.call("DELETE", "/directory/deletedItems/" + soa.ids[kind])[0] == 204
    soa.quiet()
    for kind in ("users", "groups"):
        soa.company.delete(NAMES[kind])
    soa.lab.write()
    soa.cycle()
    soa.quiet()
    for kind in ("users", "groups"):
        assert soa.row(kind) in (None, (0, 0, 0, 0, 0))  # a name in references at most
    assert soa.lab.emulator.stats()["creates"] == creates


# --- the way back ---

def test_roll_back(soa):
    """Taken over at the next cycle, with all of AD's values; the import after that confirms it."""
    soa.switch()
    soa.cycle()
    soa.lab.graph.patch("/users/" + soa.ids["users"], {"jobTitle": "Cloud", "department": "Cloud"})
    soa.lab.graph.patch("/groups/" + soa.ids["groups"], {"description": "Cloud"})
    ben = soa.id("users", "ben")
    assert soa.lab.graph.call("POST", "/groups/%s/members/$ref" % soa.ids["groups"], {
        "@odata.id": "x/directoryObjects/" + ben})[0] == 204
    soa.change("ann", title="Captain")
    soa.cycle()
    soa.switch(False)
    for kind in KINDS:
        assert soa.state(kind) == (False, None)
    # until the next cycle the cloud can edit it
    soa.lab.graph.patch("/users/" + soa.ids["users"], {"city": "Bergen"})
    creates = soa.lab.emulator.stats()["creates"]
    r = soa.cycle()
    assert not events(r)
    for kind in KINDS:
        assert soa.state(kind) == (False, True), kind
        assert soa.row(kind)[0] == 0 and soa.row(kind)[3] == EXPORTED
        shown = soa.shown(kind)
        assert "Awaiting Export Confirmation" in shown and "blockOnPremisesSync          no" in shown
    user = soa.object("users", "jobTitle,department,city")
    assert (user["jobTitle"], user["department"], user["city"]) == ("Captain", None, None)
    assert soa.object("groups", "description")["description"] == "of the quay"
    soa.cycle()
    assert soa.lab.graph.members(soa.ids["groups"]) == ["ann"]
    for kind in KINDS:
        assert soa.row(kind)[3] == CONFIRMED
    assert soa.lab.emulator.stats()["creates"] == creates
    soa.cycle()
    soa.quiet()


def test_takeover_is_blocked(soa):
    """As in a new tenant: the error says which switch, and when it is off, all is well."""
    soa.switch()
    soa.cycle()
    soa.features(blockCloudObjectTakeoverThroughHardMatchEnabled=True)
    soa.lab.graph.patch("/users/" + soa.ids["users"], {"jobTitle": "Cloud"})
    soa.switch(False)
    r = soa.lab.run()
    assert r.result == "completed-export-errors"
    soa.daemon()
    error, = soa.lab.ctl_json("errors")
    assert error["type"] == "InvalidHardMatch" and error["source_dn"] == soa.company.dn_of("ann")
    for word in ("blockCloudObjectTakeoverThroughHardMatchEnabled", "roll-back", "errors retry"):
        assert word in error["advice"], error["advice"]
    assert soa.state("users") == (False, None)
    assert soa.object("users", "jobTitle")["jobTitle"] == "Cloud"
    # groups and contacts are taken over: Microsoft says it of users only
    found = soa.lab.ctl("connector", "test", "tenant - AAD")
    assert "InvalidHardMatch" in found.stdout
    soa.features(blockCloudObjectTakeoverThroughHardMatchEnabled=False)
    assert soa.lab.ctl("errors", "retry", soa.company.dn_of("ann")).returncode == 0
    soa.cycle()
    assert soa.state("users") == (False, True) and soa.lab.ctl_json("errors") == []
    soa.features(blockCloudObjectTakeoverThroughHardMatchEnabled=True)
    soa.cycle()
    assert soa.object("users", "jobTitle")["jobTitle"] == "Pilot"
    assert soa.row("users")[3] == CONFIRMED


# --- references ---

def members_company():
    c = Company()
    people = {name: c.user(name) for name in ("ada", "bea", "cay", "dan")}
    c.group("Synced", [people["ada"], people["bea"]])
    c.group("Converted", [people["cay"], people["dan"]])
    c.group("Mixed", [people["ada"], people["cay"]])
    c.group("Empty")
    c.group("Taken", [people["ada"], people["cay"]])
    return c


class Members(Soa):
    def __init__(self, lab):
        self.lab, self.company = lab, lab.company
        self.ids = {}

    def members(self, name):
        return self.lab.graph.members(self.id("groups", name))


def test_members(make_lab):
    """Each row of the table: the parent's source of authority, and that of its members."""
    w = Members(make_lab(members_company()))
    w.cycle()
    w.cycle()
    for kind, name in (("users", "cay"), ("users", "dan"), ("groups", "Taken")):
        w.lab.graph.soa(kind, w.id(kind, name), True)
    w.cycle()
    wanted = {"Synced": ["ada", "bea"], "Converted": ["cay", "dan"], "Mixed": ["ada", "cay"],
              "Empty": [], "Taken": ["ada", "cay"]}
    for profile in ("delta", "initial", "delta"):
        w.quiet(profile)
        assert {name: w.members(name) for name in wanted} == wanted
    # the parent is AD's: references come and go, also those to converted users
    for group in ("Synced", "Taken"):
        w.company.member(group, "add", "dan")
    w.company.member("Converted", "remove", "cay")
    w.company.member("Mixed", "remove", "ada")
    w.company.member("Empty", "add", "cay")
    w.lab.write()
    told = events(w.cycle())
    assert list(told) == [w.company.dn_of("Taken")]
    assert attributes(told[w.company.dn_of("Taken")]) == {"member"}
    wanted.update(Synced=["ada", "bea", "dan"], Converted=["dan"], Mixed=["cay"], Empty=["cay"])
    assert {name: w.members(name) for name in wanted} == wanted
    # a new group with converted and synchronized members, and one that is empty
    w.company.group("Late", [w.company.dn_of("dan"), w.company.dn_of("bea")])
    w.company.group("Void")
    w.lab.write()
    w.cycle()
    w.cycle()
    assert w.members("Late") == ["bea", "dan"] and w.members("Void") == []
    # a converted user who leaves AD leaves AD's groups, and stays in the cloud's
    w.company.delete("cay")
    w.lab.write()
    event, = events(w.cycle()).values()
    assert event["operation"] == "delete" and "cay (CN={" in event["line"]
    assert w.members("Empty") == [] and w.members("Mixed") == []
    assert w.members("Taken") == ["ada", "cay"]
    w.cycle()
    w.quiet()


def nested_company():
    c = Company()
    ada = c.user("ada")
    leaf = c.group("Leaf", [ada])
    middle = c.group("Middle", [leaf])
    c.group("Top", [middle, ada])
    return c


def test_nested_groups(make_lab):
    """Each group is switched by itself; its reference in a parent of AD goes, and comes back."""
    w = Members(make_lab(nested_company()))
    w.cycle()
    w.cycle()

    def look():
        return tuple(w.members(name) for name in ("Leaf", "Middle", "Top"))

    def flags():
        return tuple(w.row("groups", name)[0] for name in ("Leaf", "Middle", "Top"))

    assert look() == (["ada"], ["Leaf"], ["Middle", "ada"])
    # the parent alone: the groups in it stay AD's, and it keeps what the cloud has
    w.lab.graph.soa("groups", w.id("groups", "Top"), True)
    w.cycle()
    assert flags() == (0, 0, 1)
    w.quiet()
    assert look() == (["ada"], ["Leaf"], ["Middle", "ada"])
    w.lab.graph.soa("groups", w.id("groups", "Top"), False)
    w.cycle()
    w.cycle()
    assert look() == (["ada"], ["Leaf"], ["Middle", "ada"]) and flags() == (0, 0, 0)
    # from the leaf upwards
    w.lab.graph.soa("groups", w.id("groups", "Leaf"), True)
    assert not events(w.cycle())
    assert look() == (["ada"], [], ["Middle", "ada"]) and flags() == (1, 0, 0)
    w.lab.graph.soa("groups", w.id("groups", "Middle"), True)
    assert not events(w.cycle())
    assert look() == (["ada"], [], ["ada"]) and flags() == (1, 1, 0)
    # now that it is the cloud's, the cloud can put the leaf back
    assert w.lab.graph.call("POST", "/groups/%s/members/$ref" % w.id("groups", "Middle"), {
        "@odata.id": "x/directoryObjects/" + w.id("groups", "Leaf")})[0] == 204
    w.cycle()
    w.quiet()
    assert look() == (["ada"], ["Leaf"], ["ada"])
    # and back, in any order
    w.lab.graph.soa("groups", w.id("groups", "Middle"), False)
    w.cycle()
    w.cycle()
    assert look() == (["ada"], [], ["Middle", "ada"])
    w.lab.graph.soa("groups", w.id("groups", "Leaf"), False)
    w.cycle()
    w.cycle()
    assert look() == (["ada"], ["Leaf"], ["Middle", "ada"]) and flags() == (0, 0, 0)
    w.cycle()
    w.quiet()


def test_manager(soa):
    """A manager who was switched stays a manager; of one who was switched it is not changed."""
    boss = soa.id("users", "boss")
    soa.lab.graph.soa("users", boss, True)
    soa.cycle()
    soa.quiet()

    def manager(name):
        status, o = soa.lab.graph.call("GET", "/users/%s/manager" % soa.id("users", name))
        return o["displayName"] if status == 200 else None

    assert manager("ann") == manager("ben") == "boss"
    soa.switch(kinds=["users"])
    soa.cycle()
    soa.change("ann", manager=soa.company.dn_of("ben"))
    soa.change("ben", manager=soa.company.dn_of("ann"))
    told = events(soa.cycle())
    assert list(told) == [soa.company.dn_of("ann")]
    assert attributes(told[soa.company.dn_of("ann")]) == {"manager"}
    assert (manager("ann"), manager("ben")) == ("boss", "ann")


# --- attributes ---

def test_extension_attributes(soa):
    """A group in Graph has none: nothing flows, and after the switch nothing can be written."""
    groups = "/groups/" + soa.ids["groups"]
    soa.change("Crew", extensionAttribute1="one")
    soa.change("ann", extensionAttribute1="one")
    soa.cycle()
    soa.switch(kinds=["users", "groups"])
    soa.cycle()
    soa.change("Crew", extensionAttribute1="two")
    soa.change("ann", extensionAttribute1="two")
    told = events(soa.cycle())
    assert list(told) == [soa.company.dn_of("ann")]
    assert attributes(told[soa.company.dn_of("ann")]) == {"extensionAttribute1"}
    soa.quiet()
    for kind, have in (("users", "one"), ("groups", None)):
        o = soa.object(kind, "onPremisesExtensionAttributes")["onPremisesExtensionAttributes"] or {}
        assert o.get("extensionAttribute1") == have
    for n in range(1, 16):
        status, answer = soa.lab.graph.call("PATCH", groups, {
            "onPremisesExtensionAttributes": {"extensionAttribute%d" % n: "cloud"}})
        assert status == 400 and "not supported" in answer["error"]["message"]


def test_what_stays(soa):
    """The five that on-premises resources ask for: kept, written by hand, overwritten by AD's."""
    names = ("onPremisesDistinguishedName", "onPremisesDomainName", "onPremisesSamAccountName",
             "onPremisesSecurityIdentifier", "onPremisesUserPrincipalName")
    path, select = "/users/" + soa.ids["users"], "?$select=" + ",".join(names)

    def have():
        o = soa.lab.graph.get(path + select)
        return {name: o[name] for name in names}

    before = have()
    assert None not in before.values()
    for name in names:
        assert soa.lab.graph.call("PATCH", path, {name: before[name]})[0] == 400
    soa.switch(kinds=["users"])
    soa.cycle()
    assert have() == before
    mine = dict(before, onPremisesDistinguishedName="CN=Ann,OU=New,DC=fjordline,DC=example",
                onPremisesSecurityIdentifier="S-1-5-21-1-2-3-4")
    for name in names:
        soa.lab.graph.patch(path, {name: mine[name]})
    soa.quiet()
    assert have() == mine
    soa.company.delete("ann")
    soa.lab.write()
    soa.cycle()
    assert have() == mine
    # who is not synchronized, and was never, has none to be written
    assert soa.lab.graph.call("POST", "/users", {
        "accountEnabled": True, "displayName": "Cleo", "mailNickname": "cleo",
        "userPrincipalName": "cleo@fjordline.example", "passwordProfile": {"password": "Aa1!aaaa"}})[
            0] == 201
    assert Sync(soa.lab.emulator).refusal("DELETE", path)


# --- prerequisites ---

ROLES = {"users": "User-OnPremisesSyncBehavior.ReadWrite.All",
         "groups": "Group-OnPremisesSyncBehavior.ReadWrite.All",
         "contacts": "Contacts-OnPremisesSyncBehavior.ReadWrite.All"}


def tenant(tmp_path, app, without, **more):
    """The sample tenant, of whose application some roles were forgotten."""
    with open(ROOT + "/conf/tenant.sample.json", encoding="utf-8") as f:
        text = dict(json.load(f), **more)
    for one in text["applications"]:
        if one["appId"] == app[0]:
            one["roles"] = [r for r in one["roles"] if r not in without]
    path = tmp_path / "tenant.json"
    path.write_text(json.dumps(text), encoding="utf-8")
    return str(path)


def notes(r):
    return [line for line in r.log.splitlines() if " event_id=6990 " in line
            and "OnPremisesSyncBehavior" in line]


def test_missing_roles(make_lab, tmp_path):
    """Named once, and again when other ones are missing; connector test names them as well."""
    few = [ROLES["users"], ROLES["contacts"]]
    lab = make_lab(company(), tenant=tenant(tmp_path, SYNC_APP, few))
    line, = notes(lab.cycle())
    for kind, role in ROLES.items():
        assert (role in line) == (role in few) and (" " + kind in line) == (role in few)
    for profile in ("delta", "initial", "delta"):
        assert not notes(lab.cycle(profile))
    lab.settings["scheduler__sync_cycle_enabled"] = "no"
    lab.write_config()
    lab.start()
    done = lab.ctl("connector", "test", AAD)
    assert done.returncode == 0
    for role in ROLES.values():
        assert ("the role %s is missing" % role in done.stdout) == (role in few)
    assert "1 users have" not in done.stdout and "0 users have their source of authority" in done.stdout
    # the application of public Graph has none of them
    lab = make_lab(company(), surface="graph", app=GRAPH_APP)
    line, = notes(lab.cycle())
    for role in ROLES.values():
        assert role in line
    assert not notes(lab.cycle())


def test_refused_lists(make_lab, tmp_path):
    """Who has the authority is not known then: the import ends, and says which role is missing."""
    path = tenant(tmp_path, GRAPH_APP, [], soaRolesToFilter=True)
    lab = make_lab(company(), surface="graph", app=GRAPH_APP, tenant=path)
    r = lab.run()
    assert r.code == 1 and lab.emulator.stats()["creates"] == 0
    assert "needs the role " in r.log and "OnPremisesSyncBehavior.ReadWrite.All" in r.log
    lab.settings["scheduler__sync_cycle_enabled"] = "no"
    lab.write_config()
    lab.start()
    done = lab.ctl("connector", "test", AAD)
    assert done.returncode == 1
    for kind, role in ROLES.items():
        assert "does not say which %s have" % kind in done.stdout and role in done.stdout
