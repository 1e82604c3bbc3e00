"""An HR system beside Active Directory: the walk of "Prepare your MIM setup" and of the change of
direction after the switch, with the rules of conf/rules-hr.sample.json.

HR writes to AD, and AD's synchronization to Entra, as long as a person is managed in AD. A person
with the label "cloud" is left alone there; when isCloudManaged is true, HR writes to Entra.
"""
import os

import pytest

from lab import AAD, AD, GRAPH_APP, ROOT, TENANT, Company, private
from soa import attributes, events

HR, HR_AAD = "hr.example", "tenant - HR"
PEOPLE = ("ann", "ben", "cay")


class World:
    def __init__(self, make_lab):
        company = Company()
        self.hr = Company("DC=hr,DC=example", "hr.example")
        for number, name in enumerate(PEOPLE):
            company.user(name, title="old", department="Quay", employeeID="%03d" % number)
            self.hr.add(name, "OU=Staff", ["person", "organizationalPerson", "user"],
                        employeeID="%03d" % number, title="Pilot", department="Quay")
        company.user("guest", title="Guest")  # HR does not know him
        self.lab = make_lab(company, directory="own_write_back = yes\n",
                            scheduler__sync_cycle_enabled="no")
        self.company, self.graph, self.folder = company, self.lab.graph, self.lab.folder
        with open(ROOT + "/conf/rules-hr.sample.json", encoding="utf-8") as f:
            text = f.read().replace("contoso - HR", HR_AAD).replace("contoso.com", AD)
        os.makedirs(self.folder + "/rules.d")
        with open(self.folder + "/rules.d/hr.json", "w", encoding="utf-8") as f:
            f.write(text)
        with open(self.folder + "/hr-secret", "w", encoding="ascii", opener=private) as f:
            f.write(GRAPH_APP[1])
        self.config()
        self.write()

    def config(self, **more):
        emulator = self.lab.emulator
        self.lab.settings.update(more)
        self.lab.write_config(extra="""
[connector "%s"]
type = ad
source = ldif:%s/hr.ldif
base_dn = %s
own_rules_only = yes
[connector "%s"]
type = entra
surface = graph
source_of_authority = cloud
own_rules_only = yes
tenant_id = %s
client_id = %s
client_secret_file = %s/hr-secret
authority = %s
graph_url = %s
ca_file = %s
""" % (HR, self.folder, self.hr.domain, HR_AAD, TENANT, GRAPH_APP[0], self.folder, emulator.url,
            emulator.url, emulator.ca))

    def write(self):
        self.lab.write()
        self.hr.write(self.folder + "/hr.ldif")

    def says(self, name, **values):
        """HR says something else."""
        for attr, value in values.items():
            self.hr.set(name, attr, *([value] if value else []))
        self.write()

    def cycle(self, profile="delta"):
        return self.lab.cycle(profile)

    def user(self, name):
        return self.graph.find("users", name)

    def entra(self, name):
        return self.graph.get("/users/%s?$select=jobTitle" % self.user(name)["id"])["jobTitle"]

    def titles(self, name):
        """What AD has, and Entra."""
        return self.company.of(name)["title"][0], self.entra(name)

    def switch(self, name, cloud):
        self.graph.soa("users", self.user(name)["id"], cloud)

    def ctl(self, *argv):
        if not self.lab.daemon:
            self.lab.start()
        return self.lab.ctl_json(*argv)

    def pending(self):
        """{connector: names} of what the next export would send."""
        out = {}
        for o in self.ctl("pending", "list"):
            out.setdefault(o["connector"], set()).add(
                (o["source_dn"] or o["dn"]).split(",")[0][3:] if o["connector"] != AD
                else o["dn"].split(",")[0][3:])
        return out

    def quiet(self):
        writes = self.lab.emulator.stats()["writes"], self.lab.directory.writes
        for profile in ("delta", "initial", "delta"):
            r = self.cycle(profile)
            assert not events(r), r.log
            assert (self.lab.emulator.stats()["writes"], self.lab.directory.writes) == writes


@pytest.fixture
def world(make_lab):
    w = World(make_lab)
    for _ in range(3):
        w.cycle()
    return w


def test_walk(world):
    w = world
    # one unique identifier joins the account, HR's person, and the user in both connectors of Entra
    found = w.ctl("mv", "show", w.company.dn_of("ann"))
    assert sorted(c["connector"] for c in found["connectors"]) == sorted([AD, HR, AAD, HR_AAD])
    # precedence: HR's values come first, and go to AD and to Entra; nothing is left to be sent
    lineage = {o["attribute"]: o for o in w.ctl("mv", "show", w.company.dn_of("ann"), "--lineage")}
    assert lineage["title"]["rule"] == "In from HR - Managed in AD"
    assert lineage["title"]["connector"] == HR
    for name in PEOPLE:
        assert w.titles(name) == ("Pilot", "Pilot")
    assert w.titles("guest") == ("Guest", "Guest")
    assert w.pending() == {}
    w.quiet()

    # the label comes first: HR's changes of ann go nowhere until she is switched
    w.says("ann", employeeType="cloud")
    assert not events(w.cycle())
    assert w.pending() == {} and w.titles("ann") == ("Pilot", "Pilot")
    w.says("ann", title="Captain")
    w.says("ben", title="Captain")
    told = events(w.cycle())
    event, = told.values()
    assert event["connector"] == HR_AAD and attributes(event) == {"title"}
    assert "its source of authority is in Active Directory" in event["line"]
    assert w.titles("ann") == ("Pilot", "Pilot") and w.titles("ben") == ("Captain", "Captain")
    shown = w.ctl("cs", "show", HR_AAD, "User_" + w.user("ann")["id"])
    assert shown["authority"] == "onPremisesSyncEnabled (all)" and shown["blocked"] is True
    w.cycle()
    w.quiet()

    # the switch turns the direction; the command knows which connector it is about
    assert [o["state"] for o in w.ctl("soa", "status", w.company.dn_of("ann"))["objects"]] == ["synced"]
    w.ctl("soa", "convert", w.company.dn_of("ann"))
    assert not events(w.cycle())
    assert w.titles("ann") == ("Pilot", "Captain")
    shown = w.ctl("cs", "show", HR_AAD, "User_" + w.user("ann")["id"])
    assert shown["authority"] is None and shown["state"] == "Awaiting Export Confirmation"
    assert w.ctl("cs", "show", AAD, "User_" + w.user("ann")["id"])["blockOnPremisesSync"] is True
    w.cycle()
    w.quiet()

    # synchronized, and nothing exported: nothing is pending to AD for her, only to HR's connector
    w.config(export__staging_mode="yes")
    w.says("ann", title="Admiral")
    w.says("ben", title="Admiral")
    assert not events(w.cycle())
    assert w.pending() == {AD: {"ben"}, AAD: {"ben"}, HR_AAD: {"ann"}}
    w.config(export__staging_mode="no")
    w.cycle()
    assert w.titles("ann") == ("Pilot", "Admiral") and w.titles("ben") == ("Admiral", "Admiral")
    w.cycle()
    assert w.pending() == {}
    w.quiet()


def test_after_the_switch(world):
    """AD's changes are blocked and reported; the account is deleted, and HR goes on."""
    w = world
    w.says("ann", employeeType="cloud")
    w.cycle()
    w.switch("ann", True)
    w.cycle()
    w.company.set("ann", "title", "by hand")
    w.write()
    told = events(w.cycle())
    assert list(told) == [w.company.dn_of("ann")]
    assert told[w.company.dn_of("ann")]["connector"] == AAD
    assert w.titles("ann") == ("by hand", "Pilot")
    w.company.delete("ann")
    w.write()
    event, = events(w.cycle()).values()
    assert event["operation"] == "delete" and event["connector"] == AAD
    w.quiet()
    w.says("ann", title="Admiral")
    assert not events(w.cycle())
    assert w.entra("ann") == "Admiral" and w.lab.emulator.stats()["deletes"] == 0
    # who leaves HR is left as he is: the rules make and delete nobody
    w.hr.delete("ann")
    w.write()
    w.cycle()
    w.quiet()
    assert w.entra("ann") == "Admiral" and w.lab.emulator.stats()["deletes"] == 0


def test_roll_back(world):
    """AD takes the user over again, and HR's connector stops writing to Entra."""
    w = world
    w.says("cay", employeeType="cloud")
    w.cycle()
    w.switch("cay", True)
    w.says("cay", title="Captain")
    w.cycle()
    w.cycle()
    assert w.titles("cay") == ("Pilot", "Captain")
    w.switch("cay", False)
    w.cycle()
    w.cycle()
    w.cycle()
    assert w.titles("cay") == ("Pilot", "Pilot")
    w.quiet()
    w.says("cay", title="Admiral")
    event, = events(w.cycle()).values()
    assert event["connector"] == HR_AAD
    assert w.titles("cay") == ("Pilot", "Pilot")
    w.says("cay", employeeType=None)
    w.cycle()
    w.cycle()
    assert w.titles("cay") == ("Admiral", "Admiral")
    w.quiet()


@pytest.mark.parametrize("line, instead", [
    ("own_rules_only = yes\ntenant", "tenant"), ("surface = graph", "surface = service")])
def test_it_cannot_be_set_up_wrongly(make_lab, line, instead):
    """The rules for AD's objects never write with HR's connector."""
    w = World(make_lab)
    with open(w.lab.config, encoding="utf-8") as f:
        text = f.read()
    assert line in text
    with open(w.lab.config, "w", encoding="utf-8") as f:
        f.write(text.replace(line, instead))
    done = w.lab.ctl("config", "check", w.lab.config)
    assert done.returncode != 0 and "own_rules_only = yes, so that no rule" in done.stderr, done
