"""Prepare your environment for user source of authority, and the sequence at its end.

What it says of HR and MIM is followed in test_hr.py, of Exchange in test_walk_exchange.py.
"""
from lab import Company
from walk import SWITCHED, Walk

UNIVERSAL = "-2147483640"


def company():
    c = Company()
    boss = c.user("boss", title="Manager")
    c.user("ann", title="Pilot", manager=boss, division="North")
    aside = c.user("aside", adminDescription="User_aside")  # excluded from synchronization
    c.user("aided", secretary=boss)
    c.user("led", manager=aside)
    c.user("abroad", manager="CN=Olga,CN=Users,DC=elsewhere,DC=example")
    c.user("certified", userCertificate=[b"0\x03\x02\x01\x05"])
    c.user("mailbox", msExchRecipientTypeDetails="1", mailNickname="mailbox")
    c.group("Pilots", [c.dn_of("ann")], groupType=UNIVERSAL)
    c.group("Ships", [c.dn_of("ann"), boss], groupType=UNIVERSAL)
    return c


def test_prepare(make_lab):
    c = company()
    w = Walk(make_lab, c)
    w.start_sync_cycle()
    w.start_sync_cycle()

    # Confirm your AD objects are ready to have their SOA changed
    found = w.findings("--ou", "OU=Staff," + c.domain, code=1)
    found.update(w.findings(c.dn_of("aside"), code=1))
    for finding in (("aside", "not-synced"),              # already synchronized
                    ("ann", "attribute-not-synced"),      # all attributes are visible in Graph
                    ("aided", "other-reference"),         # no reference but the manager
                    ("led", "reference-not-synced"),      # the manager is synchronized
                    ("abroad", "reference-not-synced"),   # and of the same domain
                    ("certified", "kept-by-product"),     # nothing that another product updates
                    ("mailbox", "mailbox-on-premises")):  # mailboxes are in Exchange Online
        assert finding in found, found.keys()
        assert found[finding]["why"] and found[finding]["advice"]
    assert not any(name == "boss" and f["severity"] != "info" for (name, _), f in found.items())
    # ... as directory schema extensions
    assert "directory_extensions" in found["ann", "attribute-not-synced"]["text"]
    w.lab.set_ad("directory_extensions = division\n")
    w.text("reload")
    w.start_sync_cycle()
    w.start_sync_cycle()
    dn = c.dn_of("ann")
    assert ("ann", "attribute-not-synced") not in w.findings(dn)
    available = w.graph.call("POST", "/directoryObjects/getAvailableExtensionProperties", {})[1]["value"]
    name, = [o["name"] for o in available if o["name"].endswith("_division")]
    ann = w.path("users", "ann")
    assert w.graph.get("%s?$select=%s" % (ann, name))[name] == "North"

    # Update Active Directory: a new OU
    dn = c.move("ann", ou="OU=Cloud")
    w.lab.write()
    assert ("ann", "not-imported") in w.findings("ann@fjordline.example", code=1)
    w.start_sync_cycle()
    w.start_sync_cycle()

    # Prep sync client sequence. 1.: groups first
    plan = w.text("soa", "plan", dn, c.dn_of("Pilots"))
    assert plan.index("Pilots") < plan.index("ann")
    # 3.: the data is the same on both sides
    report = w.json("sync", "object", dn)
    one = next(o for o in report["comparison"] if o["dn"] == dn)
    assert {a["verdict"] for a in one["attributes"]} == {"same"}, one
    assert w.json("pending", "list") == []
    # 5.
    assert w.moved("convert", c.dn_of("Pilots")) == {"Pilots": "done"}
    assert w.moved("convert", dn) == {"ann": "done"}
    # 6.: they are managed from the cloud
    pilots = w.path("groups", "Pilots")
    for path in (pilots, ann):
        assert w.state(path) == (True, None)
        assert path.split("/")[2] in w.audits(SWITCHED)
    w.graph.patch(ann, {"jobTitle": "Captain"})
    assert w.graph.call("DELETE", pilots + "/members/%s/$ref" % ann.split("/")[2])[0] == 204
    # 7.: still in scope, and so in the groups that AD manages
    for _ in range(3):
        w.start_sync_cycle()
    assert w.graph.members(w.id("groups", "Ships")) == ["ann", "boss"]
    assert w.graph.members(w.id("groups", "Pilots")) == []
    assert w.graph.get(ann)["jobTitle"] == "Captain" and w.events() == []
