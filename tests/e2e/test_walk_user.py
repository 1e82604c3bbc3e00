"""Configure user source of authority, from its prerequisites to its last section."""
from lab import AAD, Company
from walk import SWITCHED, TAKEN_BACK, Walk

NAME, UPN = "TestUserF1", "testuserf1@fjordline.example"
KEPT = ("onPremisesDistinguishedName", "onPremisesDomainName", "onPremisesSamAccountName",
        "onPremisesSecurityIdentifier", "onPremisesUserPrincipalName")


def test_user(make_lab):
    company = Company()
    company.user("other")
    w = Walk(make_lab, company)

    # Prerequisites: roles, permissions and the version of the client
    found = w.text("connector", "test", AAD)
    assert "User-OnPremisesSyncBehavior" not in found, "a role is missing"
    assert "2.6.3.0 is accepted" in found, found

    # Transfer SOA for a test user
    company.user("testuserf1", NAME, title="Clerk")  # 1. create a user within AD
    w.lab.write()
    w.start_sync_cycle()  # 2.
    w.start_sync_cycle()
    path = w.path("users", NAME)  # 3. it appears as a synced user
    assert w.state(path) == (False, True)  # 5. and the first row of the table
    assert w.soa_status(UPN) == {NAME: "synced"}
    w.read_only(path, displayName="User Name Updated")  # 6., 7.
    assert w.findings(company.dn_of(NAME)).keys() <= {(None, "sign-in-unseen")}
    assert w.moved("convert", company.dn_of(NAME)) == {NAME: "done"}  # 8.
    assert w.is_cloud_managed(path) is True  # 9.
    assert w.audits(SWITCHED) == [path.split("/")[2]]  # 10.
    w.graph.patch(path, {"displayName": "Update User Name"})  # 11.
    # 12. the second row; that it was synchronized shows in the anchor that it keeps
    assert w.state(path) == (True, None) and w.soa_status(UPN) == {NAME: "converted"}
    assert w.graph.get(path + "?$select=onPremisesImmutableId")["onPremisesImmutableId"]

    # Connect Sync client
    w.start_sync_cycle()
    shown = w.connector_object(NAME, "users")
    assert shown["blockOnPremisesSync"] is True and shown["mv"]
    assert w.events() == []
    w.rename(NAME, NAME + ".1")
    w.start_sync_cycle()
    (dn, names), = w.events()
    assert dn == company.dn_of(NAME + ".1") and "displayName" in names
    assert w.graph.get(path)["displayName"] == "Update User Name"
    w.start_sync_cycle()
    assert len(w.events()) == 1
    assert NAME + ".1" in w.text("soa", "log")

    # Status of attributes: a cloud native object is the last row
    status, o = w.graph.call("POST", "/users", {
        "accountEnabled": True, "displayName": "Cloud", "mailNickname": "cloud",
        "userPrincipalName": "cloud@fjordline.example", "passwordProfile": {"password": "Aa1!aaaa"}})
    assert status == 201 and w.state("/users/" + o["id"]) == (False, None)

    # Roll back: no references in the cloud
    status, club = w.graph.call("POST", "/groups", {
        "displayName": "Club", "mailNickname": "club", "mailEnabled": False, "securityEnabled": True})
    assert status == 201
    assert w.graph.call("POST", "/groups/%s/members/$ref" % club["id"], {
        "@odata.id": "x/directoryObjects/" + path.split("/")[2]})[0] == 204
    w.start_sync_cycle()
    dn = company.dn_of(NAME + ".1")
    found = w.findings(dn, "--rollback", code=1)
    assert any(f["severity"] == "blocks" and "Club" in f["text"] for f in found.values()), found
    assert w.graph.call("DELETE", "/groups/%s/members/%s/$ref" % (
        club["id"], path.split("/")[2]))[0] == 204
    assert list(w.moved("rollback", dn).values()) == ["done"]
    assert w.state(path) == (False, None)  # the third row
    w.graph.patch(path, {"jobTitle": "until the client runs, it can be edited"})
    assert w.audits(TAKEN_BACK) == [path.split("/")[2]]

    # Validate in Connect Sync client
    w.start_sync_cycle()
    shown = w.connector_object(NAME + ".1", "users")
    assert shown["state"] == "Awaiting Export Confirmation" and not shown["blockOnPremisesSync"]
    assert w.state(path) == (False, True)  # the first row again
    w.start_sync_cycle()
    user = w.graph.get(path + "?$select=displayName,jobTitle")
    assert (user["displayName"], user["jobTitle"]) == (NAME + ".1", "Clerk")
    w.read_only(path, displayName="x")

    # Clear on-premises attributes for SOA transferred users: maintained by hand, not deleted
    w.moved("convert", dn)
    before = w.graph.get(path + "?$select=" + ",".join(KEPT))
    assert all(before[name] for name in KEPT)
    w.graph.patch(path, {"onPremisesSamAccountName": "testuserf1b"})
    w.start_sync_cycle()
    after = w.graph.get(path + "?$select=" + ",".join(KEPT))
    assert after["onPremisesSamAccountName"] == "testuserf1b"
    assert [after[n] for n in KEPT if n != KEPT[2]] == [before[n] for n in KEPT if n != KEPT[2]]
