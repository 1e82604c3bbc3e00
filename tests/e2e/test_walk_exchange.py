"""IsExchangeCloudManaged and IsCloudManaged, as the article on both goes through them."""
from exchange import Exchange
from lab import Company
from walk import Walk

HOME = "@fjordline.example"


def company():
    c = Company()
    for name in ("alexw", "miriamg", "lee"):
        c.user(name, title="Clerk", mail=name + HOME, mailNickname=name,
               proxyAddresses=["SMTP:" + name + HOME])
    c.group("Crew", [c.dn_of("alexw")])
    return c


def test_exchange(make_lab):
    c = company()
    w = Walk(make_lab, c, exchange=True)
    w.start_sync_cycle()
    w.start_sync_cycle()
    exchange = Exchange(w.lab.emulator)
    more = {"Identity": "alexw" + HOME, "EmailAddresses": {"Add": ["smtp:alex" + HOME]}}

    def flags(name):
        box = exchange.mailbox(name + HOME)
        return box["IsDirSynced"], box["IsExchangeCloudManaged"]

    def addresses(name):
        return w.graph.get(w.path("users", name) + "?$select=proxyAddresses")["proxyAddresses"]

    # a synchronized mailbox is not changed in Exchange Online, until it has the flag
    assert flags("alexw") == (True, False)
    assert exchange.refused("Set-Mailbox", **more)[0] == 400
    assert w.moved("convert", "--exchange", c.dn_of("alexw")) == {"alexw": "done"}
    exchange.run("Set-Mailbox", **more)
    assert flags("alexw") == (True, True)
    assert "smtp:alex" + HOME in exchange.mailbox("alexw" + HOME)["EmailAddresses"]
    # an attribute of the account is refused, Exchange's own are not
    for attribute, value in (("DisplayName", "Alex (GB)"), ("Office", "1")):
        assert exchange.refused("Set-Mailbox", Identity="alexw" + HOME, **{attribute: value})[0] == 400
    exchange.run("Set-Mailbox", Identity="alexw" + HOME, CustomAttribute1="x")
    # identity still comes from AD, Exchange's attributes do not
    w.start_sync_cycle()
    w.change("alexw", title="Head", extensionAttribute1="AD")
    w.start_sync_cycle()
    (dn, names), = w.events()
    assert dn == c.dn_of("alexw") and names == {"extensionAttribute1"}
    assert w.graph.get(w.path("users", "alexw"))["jobTitle"] == "Head"
    assert exchange.mailbox("alexw" + HOME)["CustomAttribute1"] == "x"
    assert w.soa_status(c.dn_of("alexw")) == {"alexw": "exchange-only"}

    # a new mailbox: the user is made in AD, the flag follows
    c.user("newbie", mail="newbie" + HOME, proxyAddresses=["SMTP:newbie" + HOME])
    w.lab.write()
    w.start_sync_cycle()
    exchange.run("Set-Mailbox", Identity="newbie" + HOME, IsExchangeCloudManaged=True)
    w.start_sync_cycle()
    assert w.soa_status("newbie" + HOME) == {"newbie": "exchange-only"}
    # a user who is removed from AD goes with the mailbox
    c.delete("newbie")
    w.lab.write()
    w.start_sync_cycle()
    assert w.graph.find("users", "newbie") is None
    # for all that come: a setting of the organization
    exchange.run("Set-OrganizationConfig", ExchangeAttributesCloudManagedByDefault=True)
    c.user("later", mail="later" + HOME, proxyAddresses=["SMTP:later" + HOME])
    w.lab.write()
    w.start_sync_cycle()
    assert flags("later") == (True, True)

    # IsCloudManaged: groups before users
    crew, miriam = w.path("groups", "Crew"), w.path("users", "miriamg")
    for path in (crew, miriam):
        assert w.is_cloud_managed(path) is False
        w.read_only(path, displayName="User Name Updated")
        w.graph.patch(path + "/onPremisesSyncBehavior", {"isCloudManaged": True})
    assert flags("miriamg") == (False, False)
    exchange.run("Set-Mailbox", Identity="miriamg" + HOME, DisplayName="Miriam", CustomAttribute2="y")
    w.graph.patch(miriam, {"jobTitle": "Lead"})
    w.start_sync_cycle()
    assert w.soa_status(c.dn_of("miriamg")) == {"Miriam": "converted"}
    before = len(w.events())
    w.change("miriamg", title="From AD")
    w.start_sync_cycle()
    assert len(w.events()) == before + 1 and w.graph.get(miriam)["jobTitle"] == "Lead"
    # it includes the smaller flag
    alex = w.path("users", "alexw")
    w.graph.patch(alex + "/onPremisesSyncBehavior", {"isCloudManaged": True})
    assert flags("alexw") == (False, False)
    w.graph.patch(alex + "/onPremisesSyncBehavior", {"isCloudManaged": False})
    w.start_sync_cycle()
    w.start_sync_cycle()

    # and back: AD overwrites what was set in the cloud
    w.graph.patch(miriam + "/onPremisesSyncBehavior", {"isCloudManaged": False})
    w.start_sync_cycle()
    w.start_sync_cycle()
    user = w.graph.get(miriam + "?$select=jobTitle,displayName")
    assert (user["jobTitle"], user["displayName"]) == ("From AD", "miriamg")
    assert w.moved("convert", "--exchange", c.dn_of("lee")) == {"lee": "done"}
    exchange.run("Set-Mailbox", Identity="lee" + HOME, EmailAddresses={"Add": ["smtp:l" + HOME]})
    w.start_sync_cycle()
    assert w.moved("rollback", "--exchange", c.dn_of("lee")) == {"lee": "done"}
    w.start_sync_cycle()
    w.start_sync_cycle()
    assert flags("lee") == (True, False) and addresses("lee") == ["SMTP:lee" + HOME]
