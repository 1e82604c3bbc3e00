"""What the service accepts and an import does not show: kept, told, sent again with growing waits.

The emulator says yes and does nothing, or somebody changes the value before the next import.
"""
import sqlite3

import pytest
from lab import AAD, GRAPH_APP, Company, Sync
from test_entra import DOMAIN, errors, people

MISSING = "exported-change-not-reimported"


def accepts_and_forgets(lab, operation="Set", count=100):
    lab.emulator.service_fault("ignored", operation=operation, count=count)


def writes(lab):
    """Objects that were sent, taken or not."""
    return lab.emulator.stats()["provisionObjects"]


def wait_is_over(lab):
    con = sqlite3.connect(lab.folder + "/state/adsyncd.db")
    con.execute("UPDATE cs_error SET retry_at = 1")
    con.commit()
    con.close()


def retry_waits(lab):
    return [r[0] for r in lab.db("SELECT retry_at - last FROM cs_error")]


def user_id(lab, name):
    return lab.graph.find("users", name)["id"]


def told(lab, r, count, who="user1"):
    """The run tells it, and the object keeps it."""
    assert r.code == 1 and r.result == "completed-warnings", (r.result, r.log[-3000:])
    assert r.step(AAD, "import")["result"] == "completed-warnings"
    assert "1 object(s) do not show what was exported" in r.log
    assert errors(lab) == {who: (MISSING, count)}


def ready(make_lab, *more, **settings):
    lab = make_lab(*more, **settings)
    lab.cycle()
    lab.cycle()
    return lab


@pytest.mark.parametrize("profile", ["delta", "initial"])
def test_a_value_is_accepted_and_not_taken(make_lab, profile):
    """Told in every run, sent with growing waits, never cleared by the next yes; then it is there."""
    lab = ready(make_lab, people(3))
    accepts_and_forgets(lab)
    lab.company.set("user1", "title", "Cook")
    lab.write()
    lab.cycle()
    sent = writes(lab)
    r = lab.run(profile)
    told(lab, r, 1)
    # an import that shows another value has it sent again at once, one that shows nothing waits
    first = 2
    if profile == "initial":
        told(lab, lab.run(profile), 2)
        first = 3
    line = next(x for x in r.log.splitlines() if "event_id=6941" in x)
    assert "title" in line and MISSING in line, line
    waits, last = [], 0
    for count in range(first, 6):
        wait_is_over(lab)
        before = writes(lab)
        lab.run(profile)  # sent again, and accepted again
        assert writes(lab) == before + 1
        r = lab.run(profile)
        told(lab, r, count)
        waits += retry_waits(lab)
        assert r.events.count(6941) == 1
        for other in ("delta", "initial", "delta"):  # it waits, and is told all the same
            before = writes(lab)
            r = lab.run(other)
            told(lab, r, count)
            assert writes(lab) == before and 6941 not in r.events
    assert waits == sorted(set(waits)) and waits[0] >= 60, waits
    assert writes(lab) > sent
    lab.emulator.clear_faults()
    wait_is_over(lab)
    lab.run(profile)
    lab.cycle(profile)
    assert not errors(lab) and lab.graph.find("users", "user1")["jobTitle"] == "Cook"
    lab.cycle()


def test_another_application_sets_it_back(make_lab):
    """Somebody in the cloud changes what AD says, again and again: no duel in every cycle."""
    lab = ready(make_lab, people(2), surface="graph", app=GRAPH_APP)
    user = user_id(lab, "user1")
    results = []
    for _ in range(6):
        lab.graph.patch("/users/" + user, {"jobTitle": "Cloud"})
        before = lab.graph.get("/users/%s?$select=jobTitle" % user)["jobTitle"]
        assert before == "Cloud"
        r = lab.run("initial")
        results.append((r.result, lab.graph.get("/users/%s?$select=jobTitle" % user)["jobTitle"]))
    # overwritten at first, as any change in the cloud; then it is told, and waits
    assert results[0] == ("success", "Captain")
    assert results[1][0] == "completed-warnings"
    assert results[-1] == ("completed-warnings", "Cloud"), results
    assert errors(lab)["user1"][0] == MISSING
    # AD says what the cloud has: nothing is missing any more
    lab.company.set("user1", "title", "Cloud")
    lab.write()
    lab.run()
    lab.cycle()
    assert not errors(lab)


def test_a_new_value_from_ad_does_not_wait(make_lab):
    lab = ready(make_lab, people(1))
    accepts_and_forgets(lab, count=1)
    lab.company.set("user1", "title", "Cook")
    lab.write()
    lab.cycle()
    told(lab, lab.run(), 1)
    lab.company.set("user1", "title", "Baker")
    lab.write()
    lab.run()
    assert lab.graph.find("users", "user1")["jobTitle"] == "Baker"
    lab.cycle()
    assert not errors(lab)


def test_the_form_of_a_value_is_the_services(make_lab):
    """Case where it does not count, blanks, the order of a list: confirmed, and not sent for ever."""
    lab = ready(make_lab, people(2))
    lab.company.set("user1", "proxyAddresses", "SMTP:Ann.Lee@" + DOMAIN, "smtp:b@" + DOMAIN,
                    "smtp:a@" + DOMAIN)
    lab.company.set("user1", "userPrincipalName", "Ann.Lee@" + DOMAIN)
    lab.company.set("user1", "mail", "Ann.Lee@" + DOMAIN)
    lab.company.set("user1", "department", "The Kitchen")
    lab.write()
    lab.cycle()
    sync = Sync(lab.emulator)
    sync.patch("/users/" + user_id(lab, "user1"), {
        "userPrincipalName": "ann.lee@" + DOMAIN, "mail": "ann.lee@" + DOMAIN,
        "department": "The Kitchen ",
        "proxyAddresses": ["smtp:b@" + DOMAIN, "smtp:A@" + DOMAIN, "SMTP:ann.lee@" + DOMAIN]})
    before = writes(lab)
    for profile in ("delta", "initial", "delta"):
        lab.cycle(profile)
    assert writes(lab) == before and not errors(lab)
    # what is another value is no form: a secondary address is no primary one
    sync.patch("/users/" + user_id(lab, "user1"), {
        "proxyAddresses": ["SMTP:b@" + DOMAIN, "smtp:a@" + DOMAIN, "smtp:ann.lee@" + DOMAIN]})
    lab.cycle()
    found = lab.graph.get("/users/%s?$select=proxyAddresses" % user_id(lab, "user1"))
    assert "SMTP:Ann.Lee@" + DOMAIN in found["proxyAddresses"]
    # and another case that AD gives is sent
    lab.company.set("user1", "userPrincipalName", "ANN.lee@" + DOMAIN)
    lab.write()
    lab.cycle()
    assert lab.graph.find("users", "user1")["userPrincipalName"] == "ANN.lee@" + DOMAIN


@pytest.mark.parametrize("profile", ["delta", "initial"])
def test_references_are_accepted_and_not_taken(make_lab, profile):
    company = people(4)
    company.group("Crew", [company.dn_of("user1")])
    lab = ready(make_lab, company)
    accepts_and_forgets(lab)
    lab.company.member("Crew", "add", "user2")
    lab.company.member("Crew", "remove", "user1")
    lab.write()
    lab.cycle()
    told(lab, lab.run(profile), 1, "Crew")
    wait_is_over(lab)
    lab.run(profile)
    told(lab, lab.run(profile), 2, "Crew")
    for other in ("delta", "initial", "delta"):
        before = writes(lab)
        told(lab, lab.run(other), 2, "Crew")
        assert writes(lab) == before
    lab.emulator.clear_faults()
    wait_is_over(lab)
    lab.run(profile)
    lab.cycle(profile)
    assert not errors(lab)
    assert lab.graph.members(lab.graph.find("groups", "Crew")["id"]) == ["user2"]


def missing_rows(lab):
    return lab.db("SELECT type, count FROM cs_error WHERE phase = 2")


@pytest.mark.parametrize("profile", ["delta", "initial"])
def test_a_delete_is_accepted_and_not_done(make_lab, profile):
    lab = ready(make_lab, people(3))
    accepts_and_forgets(lab, "Delete")
    lab.company.delete("user2")
    lab.write()
    lab.cycle()
    r = lab.run(profile)
    assert r.result == "completed-warnings" and missing_rows(lab) == [(MISSING, 1)]
    lab.run(profile)
    lab.emulator.clear_faults()
    wait_is_over(lab)
    lab.run(profile)
    lab.cycle(profile)
    assert not missing_rows(lab) and lab.graph.find("users", "user2") is None


def test_a_new_object_that_is_never_shown(make_lab):
    """It was made, and is gone before anybody read it: told, and made again when that is sure."""
    lab = ready(make_lab, people(2))
    lab.company.user("user3", title="Cook")
    lab.write()
    lab.cycle()
    sync = Sync(lab.emulator)
    sync.delete("/users/" + user_id(lab, "user3"))
    for _ in range(4):
        wait_is_over(lab)
        r = lab.run("initial")
    for _ in range(2):
        r = lab.run()
    assert r.result == "success" and not missing_rows(lab), r.log[-2000:]
    assert lab.graph.find("users", "user3")["jobTitle"] == "Cook"
    assert lab.emulator.stats()["users"] == 3


def test_a_delay_is_none(make_lab):
    """Reads that lag behind: told while it lasts, nothing is sent meanwhile, and then it is over."""
    lab = ready(make_lab, people(2))
    lab.emulator.fault(lagMs=3600 * 1000)
    lab.company.set("user1", "title", "Cook")
    lab.write()
    lab.cycle()
    before = writes(lab)
    told(lab, lab.run(), 1)
    told(lab, lab.run(), 1)
    assert writes(lab) == before
    lab.emulator.clear_faults()
    lab.cycle()
    assert not errors(lab) and lab.emulator.stats()["duplicateWrites"] == 0


def test_another_case_that_was_not_accepted(make_lab):
    """The import shows the old value, which is not the new one in a form of the directory's own."""
    company = Company()
    company.user("anna")
    lab = make_lab(company, surface="graph", app=GRAPH_APP)
    lab.cycle()
    lab.cycle()
    lab.emulator.fault(match="PATCH /users", status=500, count=30, batchPart=True)
    lab.company.set("anna", "userPrincipalName", "Anna@fjordline.example")
    lab.write()
    assert lab.run().result == "completed-export-errors"
    lab.emulator.clear_faults()
    lab.run("initial")
    wait_is_over(lab)
    lab.cycle()
    user, = lab.graph.all("/users?$select=userPrincipalName")
    assert user["userPrincipalName"] == "Anna@fjordline.example"
