"""Somebody else has the authority over a part of an object. The mask is set on the row by hand, whoever
may tell of it; test_exchange.py is the same from end to end."""
import contextlib
import re
import sqlite3

import pytest

from lab import AAD, Company, Sync

EXCHANGE = 2  # lib/model/authority.h
EXTENSIONS = "onPremisesExtensionAttributes"


def world(make_lab):
    company = Company()
    company.user("ann", title="Pilot", mail="ann@fjordline.example", extensionAttribute1="one")
    company.user("ben", title="Pilot", mail="ben@fjordline.example", extensionAttribute1="one")
    company.group("Crew", members=[company.dn_of("ann"), company.dn_of("ben")])
    lab = make_lab(company)
    lab.cycle()
    lab.cycle()
    return lab


def mark(lab, name, mask):
    with contextlib.closing(sqlite3.connect(lab.folder + "/state/adsyncd.db")) as db:
        with db:
            n = db.execute("UPDATE cs SET blocked = ? WHERE anchor = ?",
                           (mask, "User_" + lab.graph.find("users", name)["id"])).rowcount
    assert n == 1


def mask(lab, name):
    return lab.db("SELECT blocked, state FROM cs WHERE anchor = ?",
                  "User_" + lab.graph.find("users", name)["id"])[0]


def user(lab, name):
    return lab.graph.get("/users/%s?$select=jobTitle,mail,proxyAddresses,%s,onPremisesSyncEnabled"
                         % (lab.graph.find("users", name)["id"], EXTENSIONS))


def messages(r):
    return [line for line in r.log.splitlines() if " event_id=6956 " in line]


def change(lab, who, **values):
    for name, value in values.items():
        lab.company.set(who, name, value)
    lab.write()


def test_identity_flows_and_exchange_does_not(make_lab):
    lab = world(make_lab)
    before = user(lab, "ann")
    assert before[EXTENSIONS]["extensionAttribute1"] == "one"
    mark(lab, "ann", EXCHANGE)
    for who in ("ann", "ben"):
        change(lab, who, title="Captain", extensionAttribute1="two", mail=who + "@new.fjordline.example")
    r = lab.cycle()
    ann, ben = user(lab, "ann"), user(lab, "ben")
    assert ann["jobTitle"] == ben["jobTitle"] == "Captain"
    assert ann["mail"] == before["mail"] and ann["proxyAddresses"] == before["proxyAddresses"]
    assert ann[EXTENSIONS]["extensionAttribute1"] == "one"
    assert ben[EXTENSIONS]["extensionAttribute1"] == "two" and ben["mail"] == "ben@new.fjordline.example"
    # told once, with the names of what was not sent and its own reason
    assert r.blocked() == [lab.company.dn_of("ann")] and r.counter("soa-blocked") == 1
    line = messages(r)[0]
    assert "IsExchangeCloudManaged is true" in line and "isCloudManaged" not in line.replace(
        "IsExchangeCloudManaged", "")
    names = re.search(r' attributes=(?:"([^"]*)"|(\S+))', line)
    names = set((names.group(1) or names.group(2)).split(", "))
    assert {"mail", "extensionAttribute1"} <= names <= {"mail", "extensionAttribute1", "proxyAddresses"}
    # the import confirms what was sent; nothing is told or sent again, by a full synchronization neither
    writes = lab.emulator.stats()["writes"]
    for profile in ("delta", "initial", "delta"):
        r = lab.cycle(profile)
        assert not messages(r) and lab.emulator.stats()["writes"] == writes
    assert mask(lab, "ann") == (EXCHANGE, 4) and mask(lab, "ben") == (0, 4)  # both are confirmed


def test_only_exchange_changes(make_lab):
    """Nothing is left of the change that could be sent; the next one is told again."""
    lab = world(make_lab)
    mark(lab, "ann", EXCHANGE)
    writes = lab.emulator.stats()["writes"]
    for value in ("two", "three"):
        change(lab, "ann", extensionAttribute1=value)
        r = lab.cycle()
        assert r.blocked() == [lab.company.dn_of("ann")]
        assert not lab.cycle().blocked()
    assert lab.emulator.stats()["writes"] == writes and mask(lab, "ann") == (EXCHANGE, 4)


@pytest.mark.parametrize("how", ["deleted", "out of scope"])
def test_a_delete_deletes(make_lab, how):
    lab = world(make_lab)
    mark(lab, "ann", EXCHANGE)
    if how == "deleted":
        lab.company.delete("ann")
        lab.write()
    else:
        change(lab, "ann", adminDescription="User_x")
    r = lab.cycle()
    assert not messages(r) and lab.emulator.stats()["deletes"] == 1
    assert lab.graph.find("users", "ann") is None


def test_a_deleted_one_is_made_again(make_lab):
    """The cloud has no authority over whether it is there: it comes back, and has no mask."""
    lab = world(make_lab)
    mark(lab, "ann", EXCHANGE)
    Sync(lab.emulator).delete("/users/" + lab.graph.find("users", "ann")["id"])
    lab.cycle()
    lab.cycle()
    assert user(lab, "ann")[EXTENSIONS]["extensionAttribute1"] == "one" and mask(lab, "ann")[0] == 0


def test_references_stay(make_lab):
    lab = world(make_lab)
    mark(lab, "ann", EXCHANGE)
    change(lab, "ann", title="Captain")
    crew = lab.graph.find("groups", "Crew")["id"]
    assert lab.graph.members(crew) == ["ann", "ben"]
    lab.company.member("Crew", "remove", "ben")
    lab.write()
    lab.cycle("initial")
    assert lab.graph.members(crew) == ["ann"]


def test_the_whole_object_includes_it(make_lab):
    """isCloudManaged blocks everything, its end sends again what is ours, and that alone."""
    lab = world(make_lab)
    mark(lab, "ann", EXCHANGE)
    who = lab.graph.find("users", "ann")["id"]
    lab.graph.soa("users", who, True)
    lab.cycle()
    assert mask(lab, "ann") == (EXCHANGE | 1, 0)
    lab.graph.patch("/users/" + who, {"jobTitle": "Cloud"})
    change(lab, "ann", title="Captain", extensionAttribute1="two")
    r = lab.cycle()
    assert r.blocked() == [lab.company.dn_of("ann")] and "isCloudManaged is true" in messages(r)[0]
    assert "IsExchange" not in messages(r)[0] and user(lab, "ann")["jobTitle"] == "Cloud"
    lab.graph.soa("users", who, False)
    lab.cycle()
    lab.cycle()
    ann = user(lab, "ann")
    assert ann["jobTitle"] == "Captain" and ann["onPremisesSyncEnabled"] is True
    assert ann[EXTENSIONS]["extensionAttribute1"] == "one" and mask(lab, "ann") == (EXCHANGE, 4)


def test_what_people_see(make_lab):
    lab = world(make_lab)
    lab.graph.soa("users", lab.graph.find("users", "ben")["id"], True)
    lab.cycle()
    mark(lab, "ann", EXCHANGE)
    lab.start()

    def show(name):
        anchor = "User_" + lab.graph.find("users", name)["id"]
        return lab.ctl_json("cs", "show", AAD, anchor)

    preview = lab.ctl_json("preview", lab.company.dn_of("ann"))["outbound"][0]
    assert "some of it is not sent: its Exchange attributes" in preview["result"]
    preview = lab.ctl_json("preview", lab.company.dn_of("ben"))["outbound"][0]
    assert preview["result"].startswith("nothing is sent: its source of authority is in the cloud")
    assert show("ann")["authority"] == "IsExchangeCloudManaged (Exchange)"
    assert show("ann")["blocked"] is False and show("ann")["blockOnPremisesSync"] is False
    assert show("ben")["authority"] == "isCloudManaged (all)"
    assert show("ben")["blocked"] is True and show("ben")["blockOnPremisesSync"] is True
    status = {c["name"]: c for c in lab.ctl_json("status")["connectors"]}
    assert status[AAD]["blocked"] == 1
    found = {o["dn"]: o for o in lab.ctl_json("cs", "search", "CN=a")}
    assert all("blocked" in o for o in found.values())
