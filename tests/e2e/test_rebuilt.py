"""After the loss of the store a cycle reads everything again and writes nothing."""
import os
import shutil

import pytest
from lab import GRAPH_APP, SYNC_APP, Company

SURFACES = {"sync": SYNC_APP, "graph": GRAPH_APP}


def company():
    """Values that Graph keeps in another shape, several times over."""
    c = Company()
    boss = c.user("boss", title="Manager", msExchUsageLocation="NO")
    people = [
        c.user("plain", manager=boss, mail="plain@fjordline.example",
               proxyAddresses=["smtp:z@fjordline.example", "SMTP:plain@fjordline.example",
                               "smtp:A@fjordline.example", "smtp:a.b@fjordline.example"]),
        c.user("case", manager=boss, msExchUsageLocation="no", preferredLanguage="nb-no",
               mailNickname="Case"),
        c.user("empty", title="   ", department=" Deck ", msExchUsageLocation=" "),
        c.user("dates", msDS_cloudExtensionAttribute1=None,
               **{"accountExpires": "133444736000000000", "whenCreated": "20240101103000.5Z"}),
        c.user("phones", telephoneNumber="+47 1", mobile="+47 2",
               facsimileTelephoneNumber="+47 3", otherTelephone=["+47 4"]),
        c.user("umlaut", name="Åse Ømø", title="Kapitän", l="Tromsø", co="Norway", c="NO"),
        c.user("gone", userAccountControl="514"),
    ]
    inner = c.group("Inner", people[:2], description="  Two spaces ")
    c.group("Outer", people[2:] + [inner])
    c.group("Mail", people[3:5], mail="mail@fjordline.example", groupType="8",
            mailNickname="mail", proxyAddresses=["SMTP:mail@fjordline.example"])
    c.group("Empty")
    c.contact("Partner", "partner@partners.example", manager=boss, telephoneNumber="+47 9")
    return c


def settled(make_lab, surface, **more):
    lab = make_lab(company(), surface=surface, app=SURFACES[surface], **more)
    for _ in range(3):
        lab.run()
    return lab


def lose(lab):
    shutil.rmtree(os.path.join(lab.folder, "state"))


@pytest.mark.parametrize("surface", SURFACES)
def test_nothing_is_written(make_lab, surface):
    lab = settled(make_lab, surface)
    before, tenant = lab.emulator.stats(), lab.tenant()
    assert before["creates"] >= 11
    lab.run()
    assert lab.emulator.stats()["writes"] == before["writes"], "it was quiet before"
    for _ in range(3):
        lose(lab)
        for profile in ("delta", "delta", "initial"):
            r = lab.run(profile)
            now = lab.emulator.stats()
            assert (now["writes"], now["deletes"]) == (before["writes"], before["deletes"]), \
                (profile, [x for x in lab.emulator.requests() if x["method"] != "GET"][-20:], r.log)
            assert not r.blocked()
    assert lab.tenant() == tenant


@pytest.mark.parametrize("surface", SURFACES)
def test_what_differs_is_written_alone(make_lab, surface):
    """The cycle of the rebuilt store sends one property of one object."""
    lab = settled(make_lab, surface)
    before = lab.emulator.stats()["writes"]
    lose(lab)
    lab.company.set("plain", "title", "Purser")
    lab.write()
    lab.run()
    assert lab.emulator.stats()["writes"] == before + 1
    assert lab.graph.find("users", "plain")["jobTitle"] == "Purser"


@pytest.mark.parametrize("surface", SURFACES)
def test_killed_while_it_is_rebuilt(make_lab, surface):
    lab = settled(make_lab, surface, memory=False)
    before, tenant = lab.emulator.stats(), lab.tenant()
    lose(lab)
    trace = os.path.join(lab.folder, "faults")
    if os.path.exists(trace):
        os.unlink(trace)
    lab.run()
    with open(trace, encoding="ascii") as f:
        points = list(dict.fromkeys(f.read().split()))
    assert len(points) > 3
    for point in points:
        lose(lab)
        assert lab.run(fault=point).code == -9, point
        lab.run()
        lab.run()
        now = lab.emulator.stats()
        assert now["writes"] == before["writes"] and now["deletes"] == before["deletes"], point
    assert lab.tenant() == tenant


def test_cloud_mastered_objects_stay_the_clouds(make_lab):
    lab = settled(make_lab, "sync")
    lab.graph.soa("users", lab.graph.find("users", "plain")["id"], True)
    lab.cycle()
    before = lab.emulator.stats()["writes"]
    lose(lab)
    lab.company.set("plain", "title", "Purser")
    lab.write()
    r = lab.run()
    assert lab.emulator.stats()["writes"] == before, r.log
