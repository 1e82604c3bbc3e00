"""A request to the provisioning service that is never answered: what became of it is learnt from Graph
before anything is sent again. The emulator counts the objects that it was sent."""
import pytest
from lab import AAD, Company, q

SET, CHANGES = "ProvisionAzureADSyncObjects", "ProvisionAzureADSyncObjects2"
BOTH = pytest.mark.parametrize("kind", ["closedAfter", "closedBefore"])


def people():
    company = Company()
    for i in range(1, 5):
        company.user("user%d" % i, title="Captain")
    company.user("boss")
    company.group("crew", [company.dn_of("boss")])
    company.contact("Outside", "outside@other.example")
    return company


@pytest.fixture
def lab(make_lab):
    one = make_lab(people(), surface="service")
    one.cycle()
    one.cycle()
    return one


def sent(lab, change):
    """The objects that the service was sent during a change and the cycles that follow it."""
    before = lab.emulator.stats()["provisionObjects"]
    change()
    lab.write()
    lab.cycle()
    count = lab.emulator.stats()["provisionObjects"] - before
    lab.emulator.clear_faults()
    lab.cycle()
    assert lab.emulator.stats()["provisionObjects"] - before == count, "nothing is left to be sent"
    return count


def user(lab, sam):
    return lab.graph.all(q("/users?$filter=displayName eq '%s'&$select=id,jobTitle" % sam))


def of_users(lab, what):
    for i in range(1, 5):
        what("user%d" % i)


@BOTH
def test_values(lab, kind):
    lab.emulator.service_fault(kind, operation=SET)
    count = sent(lab, lambda: of_users(lab, lambda sam: lab.company.set(sam, "title", "Pilot")))
    assert count == 4
    assert {u["jobTitle"] for i in range(1, 5) for u in user(lab, "user%d" % i)} == {"Pilot"}


@BOTH
def test_deletes(lab, kind):
    lab.emulator.service_fault(kind, operation=SET)
    count = sent(lab, lambda: of_users(lab, lab.company.delete))
    assert count == 4
    assert not user(lab, "user1")
    assert len(lab.graph.get("/directory/deletedItems/microsoft.graph.user")["value"]) == 4


@BOTH
def test_members(lab, kind):
    def change():
        lab.company.member("crew", "add", "user2")
        lab.company.member("crew", "add", "user3")
        lab.company.member("crew", "remove", "boss")

    lab.emulator.service_fault(kind, operation=CHANGES)
    assert sent(lab, change) == 1  # one group
    group = lab.graph.find("groups", "crew")["id"]
    assert sorted(lab.graph.members(group)) == ["user2", "user3"]


@BOTH
def test_manager(lab, kind):
    lab.emulator.service_fault(kind, operation=SET)
    assert sent(lab, lambda: lab.company.set("user1", "manager", lab.company.dn_of("boss"))) == 1
    manager = lab.graph.get("/users/%s/manager" % user(lab, "user1")[0]["id"])
    assert manager["displayName"] == "boss"


@BOTH
def test_adds(lab, kind):
    """New objects have values that Graph never shows: they are sent again, and are there once."""
    def change():
        lab.company.user("new1")
        lab.company.group("new2")
        lab.company.contact("New3", "new3@other.example")

    lab.emulator.service_fault(kind, operation=SET)
    assert sent(lab, change) == (6 if kind == "closedAfter" else 3)
    for path in ("users", "groups", "contacts"):
        names = [o["displayName"].lower() for o in lab.graph.all("/%s?$select=displayName" % path)]
        assert len(names) == len(set(names)) and sum(n.startswith("new") for n in names) == 1


def test_graph_does_not_tell(lab):
    """An error of Graph is no answer: nothing is sent again, and the next run learns it."""
    before = lab.emulator.stats()["provisionObjects"]
    lab.company.set("user1", "title", "Pilot")
    lab.write()
    lab.emulator.service_fault("closedAfter", operation=SET)
    for profile in ("delta-import", "delta-sync"):
        assert lab.run(profile).code == 0
    lab.emulator.fault(match="POST /v1.0/$batch", status=403, count=100)
    r = lab.run("export")
    assert r.code == 1 and "answered 403" in r.step(AAD, "export")["error"], r.log
    assert lab.emulator.stats()["provisionObjects"] == before + 1
    lab.emulator.clear_faults()
    assert lab.run("export").code == 0
    assert lab.emulator.stats()["provisionObjects"] == before + 1
    lab.cycle()
    assert lab.emulator.stats()["provisionObjects"] == before + 1
    assert user(lab, "user1")[0]["jobTitle"] == "Pilot"


@pytest.mark.parametrize("fault", ["export-marked", "export-after-send"])
def test_a_run_that_was_killed(lab, fault):
    """Before its request went, or after it was done: the next run asks before it sends."""
    before = lab.emulator.stats()["provisionObjects"]
    lab.company.set("user1", "title", "Pilot")
    lab.company.set("user2", "title", "Pilot")
    lab.write()
    assert lab.run(fault=fault).code < 0
    assert lab.emulator.stats()["provisionObjects"] == before + (2 if fault == "export-after-send" else 0)
    for profile in ("delta-sync", "export"):  # no import tells it before
        assert lab.run(profile).code == 0
    assert lab.emulator.stats()["provisionObjects"] == before + 2
    lab.cycle()
    assert lab.emulator.stats()["provisionObjects"] == before + 2
    assert user(lab, "user2")[0]["jobTitle"] == "Pilot"


def test_a_run_that_was_killed_while_it_deleted(lab):
    before = lab.emulator.stats()["provisionObjects"]
    lab.company.delete("user1")
    lab.company.delete("user2")
    lab.write()
    assert lab.run(fault="export-after-send").code < 0
    for profile in ("delta-sync", "export"):
        assert lab.run(profile).code == 0
    assert lab.emulator.stats()["provisionObjects"] == before + 2
    lab.cycle()
    assert lab.emulator.stats()["provisionObjects"] == before + 2
