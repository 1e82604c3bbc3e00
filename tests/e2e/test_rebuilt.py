"""After the loss of the store a cycle reads everything again and writes nothing."""
import os
import shutil

import pytest
from lab import SURFACES, Company, Service

# how the provisioning service answers when it is asked for what it has
READ_BACK = {"at once": {}, "refused": {"readBack": "refused"}, "nothing": {"readBack": "empty"},
             "in pages": {"pageSize": 3, "cookieName": "NextCookie", "moreName": "MoreObjects"}}


def company():
    """Values that Graph keeps in another shape or does not show, several times over."""
    c = Company()
    boss = c.user("boss", title="Manager", msExchUsageLocation="NO")
    people = [
        c.user("plain", manager=boss, mail="plain@fjordline.example", info="Knows knots",
               pager="+47 7", wWWHomePage="https://fjordline.example",
               proxyAddresses=["smtp:z@fjordline.example", "SMTP:plain@fjordline.example",
                               "smtp:A@fjordline.example", "smtp:a.b@fjordline.example"]),
        c.user("case", manager=boss, msExchUsageLocation="no", preferredLanguage="nb-no",
               mailNickname="Case"),
        c.user("empty", title="   ", department=" Deck ", msExchUsageLocation=" "),
        c.user("dates", msDS_cloudExtensionAttribute1=None,
               **{"accountExpires": "133444736000000000", "whenCreated": "20240101103000.5Z"}),
        c.user("phones", telephoneNumber="+47 1", mobile="+47 2",
               facsimileTelephoneNumber="+47 3", otherTelephone=["+47 4", "+47 6"],
               ipPhone="47"),
        c.user("umlaut", name="Åse Ømø", title="Kapitän", l="Tromsø", co="Norway", c="NO"),
        c.user("gone", userAccountControl="514"),
    ]
    inner = c.group("Inner", people[:2], description="  Two spaces ")
    c.group("Outer", people[2:] + [inner], info="All others", managedBy=boss)
    c.group("Mail", people[3:5], mail="mail@fjordline.example", groupType="8",
            mailNickname="mail", proxyAddresses=["SMTP:mail@fjordline.example"])
    c.group("Empty")
    c.contact("Partner", "partner@partners.example", manager=boss, telephoneNumber="+47 9",
              info="Friendly")
    return c


def settled(make_lab, surface, **more):
    lab = make_lab(company(), **SURFACES[surface], **more)
    for _ in range(3):
        lab.run()
    return lab


def answer(lab, how):
    assert lab.emulator.request("DELETE", "/emulator/service")[0] == 204
    if READ_BACK[how]:
        assert lab.emulator.request("POST", "/emulator/service", READ_BACK[how])[0] in (200, 204)


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


@pytest.mark.parametrize("how", [how for how in READ_BACK if how != "at once"])
def test_however_the_service_answers(make_lab, how):
    """Nothing is written; without an answer objects are recognized, and the run says so."""
    lab = settled(make_lab, "service")
    before, tenant = lab.emulator.stats(), lab.tenant()
    answer(lab, how)
    lose(lab)
    first = lab.run()
    for profile in ("delta", "initial"):
        lab.run(profile)
    now = lab.emulator.stats()
    assert (now["writes"], now["deletes"]) == (before["writes"], before["deletes"]), first.log
    told = how == "in pages"
    assert first.counter("recognized") == (0 if told else 5), first.steps  # groups and contacts
    assert bool(first.counter("values-trusted")) != told
    assert ("did not tell what it has" in first.log) == (how == "refused")
    assert ("are taken to be as the rules want" in first.log) != told
    assert ("NextCookie" in first.log and "MoreObjects" in first.log) == told
    answer(lab, "at once")
    assert lab.tenant() == tenant


def test_hidden_values_that_differ(make_lab):
    """Written alone where the service tells what it has, else when all of an object is sent again."""
    lab = settled(make_lab, "service", scheduler__sync_cycle_enabled="no")
    before = lab.emulator.stats()["writes"]
    lose(lab)
    lab.company.set("plain", "info", "Knows none")
    lab.write()
    lab.run()
    assert lab.emulator.stats()["writes"] == before + 1

    def of(name):
        return next(o for o in Service(lab.emulator).read_back().values()
                    if o.get("DisplayName") == name)

    assert of("plain")["Info"] == "Knows none" and of("plain")["Pager"] == "+47 7"
    answer(lab, "refused")
    lose(lab)
    lab.company.set("plain", "info", "Knows many")
    lab.write()
    for _ in range(2):
        lab.run()
    assert lab.emulator.stats()["writes"] == before + 1
    lab.start()
    for name in "plain", "Outer":
        done = lab.ctl("sync", "object", lab.company.dn_of(name), "--everything")
        assert done.returncode == 0, done.stdout + done.stderr
        assert name == "plain" or "managedBy" in done.stdout
    answer(lab, "at once")
    assert of("plain")["Info"] == "Knows many"
    assert of("Outer")["ManagedBy"] == of("boss")["SourceAnchor"]


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


@pytest.mark.parametrize("surface,how", [(s, "at once") for s in SURFACES] + [("service", "refused")])
def test_killed_while_it_is_rebuilt(make_lab, surface, how):
    lab = settled(make_lab, surface, memory=False)
    before, tenant = lab.emulator.stats(), lab.tenant()
    answer(lab, how)
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
    answer(lab, "at once")
    assert lab.tenant() == tenant


@pytest.mark.parametrize("surface,how", [("service", "at once"),
                                         ("service", "refused")])
def test_cloud_mastered_objects_stay_the_clouds(make_lab, surface, how):
    lab = settled(make_lab, surface)
    for collection, name in ("users", "plain"), ("groups", "Inner"), ("contacts", "Partner"):
        lab.graph.soa(collection, lab.graph.find(collection, name)["id"], True)
    lab.cycle()
    before = lab.emulator.stats()["writes"]
    answer(lab, how)
    lose(lab)
    lab.company.set("plain", "title", "Purser")
    lab.company.set("Inner", "description", "Another")
    lab.company.set("Partner", "title", "Friend")
    lab.write()
    r = lab.run()
    assert lab.emulator.stats()["writes"] == before, r.log
    assert lab.db("SELECT count(*) FROM cs WHERE blocked <> 0 AND mv IS NOT NULL") == [(3,)]
