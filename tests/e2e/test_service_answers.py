"""adsyncd and bad answers of the provisioning service: it understands what says the same in other words,
and tells host and trouble of the rest; then nothing is lost, nothing is done twice, and the next cycle
heals."""
import pytest
from lab import Company, Graph, Lab, Service

WRITES = "ProvisionAzureADSyncObjects*"
USERS = 4


def company():
    c = Company()
    for i in range(1, USERS + 1):
        c.user("user%d" % i, title="Captain")
    c.group("Crew", [c.dn_of("user1"), c.dn_of("user2")])
    return c


class World:
    """One lab for all tests of the file. Each test finds the tenant as AD wants it."""

    def __init__(self, folder):
        self.lab = Lab(folder, company(), surface="service", aad="service_patience = 1",
                       scheduler__sync_cycle_enabled="no")
        self.n = 0
        self.lab.cycle("initial")
        self.lab.cycle()

    def order(self, *faults, **more):
        status, answer = self.lab.emulator.request("POST", "/emulator/service", dict(more, faults=[
            dict(f) for f in faults]))
        assert status == 204, answer

    def change(self):
        """A new user, one that is changed, and a group with another member."""
        self.forget()
        self.n += 1
        lab, name = self.lab, "new%d" % self.n
        lab.company.user(name, title="Cook")
        lab.company.set("user1", "title", "Mate %d" % self.n)
        lab.company.member("Crew", "add", name)
        lab.write()
        return name

    def forget(self):
        self.lab.emulator.request("DELETE", "/emulator/service")

    def wait_over(self):
        """What failed is tried again without its wait."""
        self.lab.start()
        try:
            for (dn,) in self.lab.db("SELECT cs.dn FROM cs_error e JOIN cs ON cs.id = e.cs"):
                done = self.lab.ctl("errors", "retry", dn)
                assert done.returncode == 0, done.stderr
        finally:
            self.lab.daemon.stop()
            self.lab.daemon = None

    def stats(self):
        return self.lab.emulator.stats()

    def crew(self):
        graph = Graph(self.lab.emulator)
        return graph.members(graph.find("groups", "Crew")["id"])

    def is_done(self, name):
        graph = Graph(self.lab.emulator)
        return bool(graph.find("users", name)) and {name, "user1", "user2"} <= set(self.crew()) and \
            graph.find("users", "user1")["jobTitle"] == "Mate %d" % self.n

    def healed(self, name, cycles=3):
        """AD's wish is fulfilled in a few cycles; the last one finds nothing to do."""
        self.forget()
        for _ in range(cycles):
            self.lab.run()
        assert self.is_done(name)
        before = self.stats()["provisionObjects"]
        r = self.lab.cycle()
        assert self.stats()["provisionObjects"] == before, r.log[-3000:]
        assert not self.lab.db("SELECT * FROM cs_error WHERE phase = 2")
        graph = Graph(self.lab.emulator)
        names = [u["displayName"] for u in graph.all("/users?$top=999")]
        assert len(names) == len(set(names))


    def counted(self, before, again):
        """The new user was made once. What Graph cannot show may be sent again with the same values:
        each object once."""
        last = self.stats()
        assert last["creates"] - before["creates"] == 1 and last["deletes"] == before["deletes"]
        assert last["duplicateWrites"] - before["duplicateWrites"] <= again


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    one = World(tmp_path_factory.mktemp("answers"))
    yield one
    one.lab.close()


@pytest.mark.parametrize("kind", ["inline", "utf16", "twoTexts", "arrays", "unknownMembers", "gzip"])
def test_other_words_are_understood(world, kind):
    name = world.change()
    world.order({"kind": kind, "count": 1000})
    r = world.lab.cycle()
    assert world.is_done(name), r.log[-3000:]
    assert not world.lab.db("SELECT * FROM cs_error WHERE phase = 2")
    world.healed(name, cycles=1)


# an answer to a request that writes, and whether what was asked was done
BAD = [
    ({"kind": "html500"}, False),
    ({"kind": "html500", "afterWork": True}, True),
    ({"kind": "html200"}, False),
    ({"kind": "closedBefore"}, False),
    ({"kind": "closedAfter"}, True),
    ({"kind": "truncated", "bytes": 200}, True),
    ({"kind": "truncated", "bytes": 0}, True),
    ({"kind": "cut", "bytes": 200}, True),
    ({"kind": "busy"}, False),
    ({"kind": "denied"}, False),
    ({"kind": "redirect", "count": 3}, False),
]
# what does not end; words of the log beside the host
LASTING = [
    ({"kind": "html500"}, "500"),
    ({"kind": "unavailable", "retryAfter": 1}, "503"),
    ({"kind": "closedAfter"}, ""),
    ({"kind": "denied"}, "ADSynchronization.ReadWrite.All"),
    ({"kind": "notActivated"}, "onPremisesSyncEnabled"),
    ({"kind": "buildTooOld"}, "sync_build"),
    ({"kind": "redirect"}, "redirects"),
    ({"kind": "redirect", "to": "https://evil.example/provisioningservice.svc"}, "evil.example"),
]


def title(case):
    fault = case[0] if isinstance(case, tuple) else case
    return fault["kind"] + ("-after" if fault.get("afterWork") else "") + (
        "-%d" % fault["bytes"] if "bytes" in fault else "") + ("-to" if "to" in fault else "")


@pytest.mark.parametrize("fault, done", BAD, ids=map(title, BAD))
def test_one_bad_answer(world, fault, done):
    """What became of the request is learnt, and the run goes on."""
    name = world.change()
    world.order(dict(fault, operation=WRITES))
    before = world.stats()
    r = world.lab.run()
    assert r.code == 0 and world.is_done(name), (r.result, r.log[-3000:])
    if done:
        assert world.stats()["provisionObjects"] > before["provisionObjects"]
    world.healed(name, cycles=1)
    world.counted(before, again=2 if done else 0)


@pytest.mark.parametrize("fault, words", LASTING, ids=map(title, LASTING))
def test_bad_answers_that_do_not_end(world, fault, words):
    """All goes wrong behind the first request: the run ends, and says at which host, and why."""
    name = world.change()
    world.order(dict(fault, count=1000, skip=1))
    before = world.stats()
    r = world.lab.run()
    assert r.code != 0 and r.result != "success", (r.result, r.log[-3000:])
    assert "localhost" in r.log and words in r.log, r.log[-3000:]
    world.healed(name)
    world.counted(before, again=4)


def test_all_objects_are_failed_at(world):
    """The service answers, but to nothing that is to be written: each object says so, and is tried again
    when its wait is over."""
    name = world.change()
    world.order({"kind": "html500", "operation": WRITES, "count": 1000})
    before = world.stats()
    r = world.lab.run()
    assert r.code == 1 and r.result == "completed-export-errors", r.result
    assert "500" in r.log and "localhost" in r.log, r.log[-3000:]
    world.forget()
    world.wait_over()
    world.healed(name)
    world.counted(before, again=2)


@pytest.mark.parametrize("kind", ["html500", "truncated", "closedBefore", "redirect"])
@pytest.mark.parametrize("operation", ["GetCompanyConfiguration", "FinalizeExport"])
def test_before_and_after_the_objects(world, operation, kind):
    """What stands around an export: the first is needed to begin, the last only ends it."""
    name = world.change()
    world.order({"kind": kind, "bytes": 100, "count": 1000, "operation": operation})
    before = world.stats()
    r = world.lab.run()
    sent = world.stats()["provisionObjects"] - before["provisionObjects"]
    assert (sent > 0) == (operation == "FinalizeExport"), r.log[-3000:]
    assert "localhost" in r.log
    world.healed(name)
    assert world.stats()["creates"] - before["creates"] == 1


def test_one_object_of_several(world):
    name = world.change()
    anchor = Service(world.lab.emulator).source_anchors()[
        Graph(world.lab.emulator).find("users", "user1")["id"]]
    world.order({"kind": "failure", "sourceAnchor": anchor, "text": "Not this one."})
    r = world.lab.run()
    assert r.code == 1 and r.result == "completed-export-errors" and "Not this one." in r.log
    assert Graph(world.lab.emulator).find("users", name)
    assert len(world.lab.db("SELECT * FROM cs_error WHERE phase = 2")) == 1
    world.wait_over()
    world.healed(name)


def test_an_answer_that_is_late(world):
    name = world.change()
    world.order({"kind": "delayed", "delayMs": 300, "operation": WRITES})
    world.lab.cycle()
    assert world.is_done(name)
    world.healed(name, cycles=1)


def test_references_wait_for_what_is_new(world):
    """References to what the service does not find yet: left out, refused or kept, all come in the end."""
    name = world.change()
    world.order(unresolved="refused", visibilityMs=1500)
    r = world.lab.run()  # which waits a moment, and sends them again
    assert r.code == 0 and world.is_done(name), r.log[-3000:]
    for answer in ("dropped", "kept"):
        name = world.change()
        world.order(unresolved=answer, visibilityMs=3600000)
        world.lab.run()
        assert Graph(world.lab.emulator).find("users", name)
        assert name not in world.crew()
        world.forget()
        if answer == "dropped":  # the import does not show it, and says so
            r = world.lab.run()
            assert "does not show it: member" in r.log, r.log[-3000:]
        world.wait_over()
        world.healed(name)


def test_more_links_than_a_request_may_have(world):
    for answer in ("failure", "fault"):
        name = world.change()
        world.order(overLimit=answer, batchObjects=1)
        r = world.lab.run()
        if answer == "fault":  # halves are sent until they are small enough
            assert r.code == 0 and world.is_done(name), r.log[-3000:]
        else:
            assert r.code == 1 and "too many objects" in r.log
        world.forget()
        world.wait_over()
        world.healed(name)
