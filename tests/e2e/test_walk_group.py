"""Manage group source of authority, from its prerequisites to the provisioning logs, with what the
document says of supported features and limits."""
from lab import AAD, Company
from walk import SWITCHED, TAKEN_BACK, Walk, cloud_sync


def company():
    c = Company()
    people = [c.user(name) for name in ("ann", "ben", "cay")]
    mailing = {"mail": "list@fjordline.example", "mailNickname": "list",
               "proxyAddresses": "SMTP:list@fjordline.example"}
    c.group("List", people, groupType="8", **mailing)
    inner = c.group("Inner", people[:2])
    c.group("Outer", [inner, people[2]])
    return c


def test_group(make_lab):
    c = company()
    w = Walk(make_lab, c)

    # Prerequisites
    found = w.text("connector", "test", AAD)
    assert "Group-OnPremisesSyncBehavior" not in found and "2.6.3.0 is accepted" in found, found

    # Switch SOA of a test group
    c.group("SecGroup1", [c.dn_of("ann")], description="of the test")  # 1.
    w.lab.write()
    w.start_sync_cycle()  # 2.
    w.start_sync_cycle()
    path = w.path("groups", "SecGroup1")  # 3.
    assert w.state(path) == (False, True)  # 5.
    w.read_only(path, displayName="Group1 Name Updated")  # 6., 7.
    dn = c.dn_of("SecGroup1")
    assert w.moved("convert", dn) == {"SecGroup1": "done"}  # 8.
    assert w.is_cloud_managed(path) is True  # 9.
    assert w.audits(SWITCHED) == [path.split("/")[2]]  # 10.
    w.graph.patch(path, {"displayName": "Group1 Name Updated"})  # 11.
    assert w.synced(path) is None  # 12. Source is Cloud

    # Connect Sync client
    w.start_sync_cycle()
    shown = w.connector_object("SecGroup1", "groups")
    assert shown["blockOnPremisesSync"] is True and shown["mv"]
    w.rename("SecGroup1", "SecGroup1.1")
    w.start_sync_cycle()
    (told, names), = w.events()
    assert told == c.dn_of("SecGroup1.1") and "displayName" in names

    # Limitations: no reconciliation of what is changed in AD
    c.member("SecGroup1.1", "add", "ben")
    w.lab.write()
    w.start_sync_cycle()
    assert w.events()[-1] == (c.dn_of("SecGroup1.1"), {"member"})
    assert w.graph.members(path.split("/")[2]) == ["ann"]
    # extension attributes are not supported on cloud security groups
    assert w.graph.call("PATCH", path, {
        "onPremisesExtensionAttributes": {"extensionAttribute1": "x"}})[0] == 400

    # Roll back SOA update
    assert list(w.moved("rollback", c.dn_of("SecGroup1.1")).values()) == ["done"]
    assert w.state(path) == (False, None)
    w.graph.patch(path, {"description": "still editable"})
    assert w.audits(TAKEN_BACK) == [path.split("/")[2]]

    # Validate in Connect Sync client
    w.start_sync_cycle()
    shown = w.connector_object("SecGroup1.1", "groups")
    assert shown["state"] == "Awaiting Export Confirmation" and not shown["blockOnPremisesSync"]
    w.start_sync_cycle()
    assert w.state(path) == (False, True)
    group = w.graph.get(path + "?$select=displayName,description")
    assert (group["displayName"], group["description"]) == ("SecGroup1.1", "of the test")
    assert w.graph.members(path.split("/")[2]) == ["ann", "ben"]


def test_features_and_limits(make_lab):
    c = company()
    w = Walk(make_lab, c)
    w.start_sync_cycle()
    w.start_sync_cycle()
    outer, inner, mailing = (w.path("groups", name) for name in ("Outer", "Inner", "List"))

    def members(path):
        return w.graph.members(path.split("/")[2])

    # any group can be switched, one that is tied to Exchange, too: its members stay Exchange's
    assert ("List", "mail-enabled-group") in w.findings(c.dn_of("List"), code=0)
    assert w.moved("convert", c.dn_of("List")) == {"List": "done"}
    assert w.graph.call("PATCH", mailing, {"description": "x"})[0] in (204, 400)

    # nested groups: one by one, the lowest first; the plan has that order
    plan = w.json("soa", "plan", c.dn_of("Outer"), c.dn_of("Inner"))
    text = w.text("soa", "plan", c.dn_of("Outer"), c.dn_of("Inner"))
    assert plan and text.index("Inner") < text.index("Outer")
    w.graph.patch(outer + "/onPremisesSyncBehavior", {"isCloudManaged": True})
    w.start_sync_cycle()
    assert w.is_cloud_managed(inner) is False and members(outer) == ["Inner", "cay"]
    w.graph.patch(outer + "/onPremisesSyncBehavior", {"isCloudManaged": False})
    w.start_sync_cycle()
    w.start_sync_cycle()

    # no dual write: a group that AD manages loses its reference to one that the cloud manages
    w.graph.patch(inner + "/onPremisesSyncBehavior", {"isCloudManaged": True})
    w.start_sync_cycle()
    assert members(outer) == ["cay"] and members(inner) == ["ann", "ben"]

    # when it is no longer needed in AD, it is deleted there
    c.delete("Inner")
    w.lab.write()
    w.start_sync_cycle()
    w.start_sync_cycle()
    assert members(inner) == ["ann", "ben"] and w.lab.emulator.stats()["deletes"] == 0

    # Cloud sync - provisioning logs: SOAGroup3 is updated in AD, and skipped
    c.group("SOAGroup3", [c.dn_of("ann")])
    w.lab.write()
    w.start_sync_cycle()
    w.start_sync_cycle()
    path = w.path("groups", "SOAGroup3")
    w.moved("convert", c.dn_of("SOAGroup3"))
    w.rename("SOAGroup3", "SOA Group3.1")
    w.start_sync_cycle()
    theirs = cloud_sync(w, path, {"displayName": "SOA Group3.1"})
    ours = next(r for r in w.json("soa", "log") if r["targetIdentity"]["id"] == path.split("/")[2])
    for record in (theirs, ours):
        assert record["provisioningStatusInfo"]["status"] == "skipped"
        assert record["provisioningSteps"][0]["description"] == (
            "As the SOA of this group is in the cloud, this object will not sync.")
        assert "displayName" in {p["displayName"] for p in record["modifiedProperties"]}
    assert set(theirs) == set(ours)
