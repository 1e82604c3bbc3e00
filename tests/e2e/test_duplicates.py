"""Values that no two objects may share, where one of the objects is the cloud's: what counts is what
it has there, since nothing of it is sent."""
import pytest
from lab import Company

DOMAIN = "@fjordline.example"


def company():
    c = Company()
    for name in ("user1", "user2", "user3"):
        c.user(name, title="Officer", proxyAddresses=["SMTP:" + name + DOMAIN])
    c.set("user1", "proxyAddresses", "SMTP:user1" + DOMAIN, "smtp:both" + DOMAIN)
    return c


@pytest.fixture
def lab(make_lab):
    """user1 is the cloud's."""
    one = make_lab(company())
    one.cycle()
    one.cycle()
    switch(one, True)
    one.cycle()
    return one


def switch(lab, cloud):
    lab.graph.soa("users", lab.graph.find("users", "user1")["id"], cloud)


def told(lab):
    return lab.db("SELECT e.type, e.text FROM cs_error e WHERE e.phase = 2")


def test_address_that_the_cloud_object_keeps(lab):
    """AD moves an address from a user of the cloud to another user: the first one still has it."""
    lab.company.set("user1", "proxyAddresses", "SMTP:user1" + DOMAIN)
    lab.company.set("user2", "proxyAddresses", "SMTP:user2" + DOMAIN, "smtp:both" + DOMAIN)
    lab.write()
    r = lab.run()
    assert r.result == "completed-export-errors", r.log
    (kind, text), = told(lab)
    assert kind == "AttributeValueMustBeUnique", kind
    assert lab.company.dn_of("user1") in text and lab.company.dn_of("user2") in text and "both" in text
    assert "smtp:both" + DOMAIN in lab.tenant()["users/user1"]["proxyAddresses"]


def test_address_of_a_user_that_left(lab):
    """The user of the cloud is kept, with its addresses, though AD has deleted it."""
    dn = lab.company.dn_of("user1")
    lab.company.delete("user1")
    lab.write()
    lab.cycle()
    lab.company.set("user2", "proxyAddresses", "SMTP:user2" + DOMAIN, "smtp:both" + DOMAIN)
    lab.write()
    r = lab.run()
    assert r.result == "completed-export-errors", r.log
    (kind, text), = told(lab)
    assert kind == "AttributeValueMustBeUnique" and "both" in text, (kind, text)
    assert dn.split(",")[0] in text or "CN={" in text


def test_name_that_the_cloud_object_gave_away(lab):
    """The cloud has given the user another name: AD may give the old one to somebody else. When the
    first user comes back to AD, both want it."""
    lab.graph.patch("/users/" + lab.graph.find("users", "user1")["id"],
                    {"userPrincipalName": "cloud1" + DOMAIN})
    lab.cycle()
    lab.company.set("user2", "userPrincipalName", "user1" + DOMAIN)
    lab.write()
    lab.cycle()
    assert not told(lab)
    assert lab.tenant()["users/user2"]["userPrincipalName"] == "user1" + DOMAIN
    switch(lab, False)
    r = lab.run()
    assert r.result == "completed-export-errors", r.log
    (kind, text), = told(lab)
    assert "AttributeValueMustBeUnique" in kind and lab.company.dn_of("user2") in text, (kind, text)
    # mended in AD
    lab.company.set("user1", "userPrincipalName", "first" + DOMAIN)
    lab.write()
    lab.run()
    lab.cycle()
    assert not told(lab)
    assert lab.tenant()["users/user1"]["userPrincipalName"] == "first" + DOMAIN
