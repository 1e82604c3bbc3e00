"""The emulator's side of the source of authority: who may switch, what stays, what is refused."""
import os
from xml.etree import ElementTree

import pytest
from lab import ADMIN_APP, GRAPH_APP, ROOT, SYNC_APP, Emulator, Graph, Sync, code, q
from service import Refused

COLLECTIONS = {"users": "User", "groups": "Group", "contacts": "Contacts"}
ROLE = "%s-OnPremisesSyncBehavior.ReadWrite.All"
FORBIDDEN = (403, "Authorization_RequestDenied")
MASTERED = ("Unable to update the specified properties for on-premises mastered Directory Sync "
            "objects or objects currently undergoing migration.")
BODIES = {
    "users": {"onPremisesImmutableId": "YQ==", "displayName": "anna", "mailNickname": "anna",
              "userPrincipalName": "anna@fjordline.example"},
    "groups": {"onPremisesImmutableId": "Yg==", "displayName": "crew", "mailNickname": "crew",
               "securityEnabled": True},
    "contacts": {"onPremisesImmutableId": "Yw==", "displayName": "Quay"}}
KEPT = {"onPremisesDistinguishedName": "CN=Anna,DC=fjordline,DC=example",
        "onPremisesDomainName": "fjordline.example", "onPremisesSamAccountName": "anna",
        "onPremisesSecurityIdentifier": "S-1-5-21-1-2-3-1104",
        "onPremisesUserPrincipalName": "anna@fjordline.local"}
FLAG = "/%s?$count=true&$filter=onPremisesSyncBehavior/isCloudManaged eq true"


@pytest.fixture
def make(make_emulator):
    return lambda roles=None, **more: make_emulator("--memory", roles=roles, **more)


def create(sync, collection, **more):
    return "/%s/%s" % (collection, sync.post(collection, dict(BODIES[collection], **more)))


@pytest.mark.parametrize("own", COLLECTIONS)
def test_a_role_for_each_type(make, own):
    """It is for reading as well, it is of one type, and it opens nothing else."""
    em = make([ROLE % COLLECTIONS[own]])
    sync, app = Sync(em), Graph(em, GRAPH_APP)
    for collection in COLLECTIONS:
        path = create(sync, collection)
        for method, body in (("GET", None), ("PATCH", {"isCloudManaged": True})):
            got = app.call(method, path + "/onPremisesSyncBehavior", body)
            if collection == own:
                assert got[0] == (200 if method == "GET" else 204)
            else:
                assert code(got) == FORBIDDEN
                assert got[1]["error"]["message"] == (
                    "Insufficient privileges to complete the operation.")
        assert Graph(em, ADMIN_APP).get(path + "/onPremisesSyncBehavior")["isCloudManaged"] is (
            collection == own)
        for method, where, body in (
                ("GET", path, None), ("GET", "/" + collection, None),
                ("PATCH", path, {"displayName": "x"}), ("DELETE", path, None)):
            assert app.call(method, where, body)[0] in (
                (403, 400) if collection == "contacts" else (403,)), (method, where)


@pytest.mark.parametrize("strict", [False, True])
def test_a_filter_can_ask_for_the_role(make, strict):
    em = make(["User.Read.All", "Group.Read.All", ROLE % "User"], soaRolesToFilter=strict)
    sync, app = Sync(em), Graph(em, GRAPH_APP)
    who, crew = create(sync, "users"), create(sync, "groups")
    for path in (who, crew):
        Graph(em, ADMIN_APP).patch(path + "/onPremisesSyncBehavior", {"isCloudManaged": True})
    assert ["/users/" + o["id"] for o in app.get(q(FLAG % "users"))["value"]] == [who]
    for text in ("", " and displayName eq 'crew'"):
        got = app.call("GET", q(FLAG % "groups" + text))
        assert code(got) == FORBIDDEN if strict else len(got[1]["value"]) == 1
    assert len(app.get(q("/groups?$filter=displayName eq 'crew'"))["value"]) == 1
    assert len(Graph(em, ADMIN_APP).get(q(FLAG % "groups"))["value"]) == 1  # who has the role
    # all types at once: each of the roles is needed
    members = crew + "/members?$count=true&$filter=onPremisesSyncBehavior/isCloudManaged eq true"
    assert app.call("GET", q(members))[0] == (403 if strict else 200)
    assert Graph(em, ADMIN_APP).call("GET", q(members))[0] == 200


def test_what_stays_is_written_only_while_in_the_cloud(make):
    """Refused while Active Directory has the authority, and again after the way back."""
    em = make()
    sync, admin = Sync(em), Graph(em, ADMIN_APP)
    who = create(sync, "users", **KEPT)

    def attempt():
        answers = [admin.call("PATCH", who, {name: "S-1-5-21-9"}) for name in KEPT]
        return {(a[0], a[1] and a[1]["error"]["message"].replace(name, "NAME"))
                for a, name in zip(answers, KEPT)}

    assert attempt() == {(400, MASTERED)}
    admin.patch(who + "/onPremisesSyncBehavior", {"isCloudManaged": True})
    got = admin.get(who + "?$select=" + ",".join(KEPT))
    assert {name: got[name] for name in KEPT} == KEPT
    assert attempt() == {(204, None)}
    admin.patch(who + "/onPremisesSyncBehavior", {"isCloudManaged": False})
    assert attempt() == {(400, "Property 'NAME' is read-only and cannot be set.")}
    sync.patch(who, KEPT)
    assert attempt() == {(400, MASTERED)}
    # of a group they never are
    crew = create(sync, "groups", onPremisesSamAccountName="crew")
    admin.patch(crew + "/onPremisesSyncBehavior", {"isCloudManaged": True})
    assert code(admin.call("PATCH", crew, {"onPremisesSamAccountName": "x"})) == (
        400, "Request_BadRequest")


def test_extension_attributes_of_groups(make):
    """They come from Active Directory, or not at all."""
    em = make()
    sync, admin = Sync(em), Graph(em, ADMIN_APP)
    some = {"onPremisesExtensionAttributes": {"extensionAttribute1": "x"}}
    crew = create(sync, "groups", **some)
    assert admin.call("PATCH", crew, some)[1]["error"]["message"] == MASTERED
    admin.patch(crew + "/onPremisesSyncBehavior", {"isCloudManaged": True})
    for n in range(1, 16):
        status, answer = admin.call("PATCH", crew, {
            "onPremisesExtensionAttributes": {"extensionAttribute%d" % n: "y"}})
        assert status == 400 and "not supported on cloud security groups" in (
            answer["error"]["message"])
    assert sync.refusal("PATCH", crew, some)  # and none flows
    assert admin.call("POST", "/groups", dict(
        some, displayName="g", mailNickname="g", mailEnabled=False, securityEnabled=True))[0] == 400
    admin.patch(crew + "/onPremisesSyncBehavior", {"isCloudManaged": False})
    sync.patch(crew, {"onPremisesExtensionAttributes": {"extensionAttribute1": "back"}})
    got = admin.get(crew + "?$select=onPremisesExtensionAttributes")
    assert got["onPremisesExtensionAttributes"]["extensionAttribute1"] == "back"


def test_extension_attributes_of_users(make):
    """Of a cloud user they are Graph's; of one who was synchronized they are left to Exchange."""
    em = make()
    sync, admin = Sync(em), Graph(em, ADMIN_APP)
    some = {"onPremisesExtensionAttributes": {"extensionAttribute1": "x"}}
    status, o = admin.call("POST", "/users", dict(
        some, accountEnabled=True, displayName="Bo", mailNickname="bo",
        userPrincipalName="bo@fjordline.example", passwordProfile={"password": "Aa1!aaaa"}))
    assert status == 201
    path = "/users/" + o["id"]
    admin.patch(path, {"onPremisesExtensionAttributes": {"extensionAttribute2": "y"}})
    assert admin.get(path + "?$select=onPremisesExtensionAttributes")[
        "onPremisesExtensionAttributes"] == {"extensionAttribute1": "x", "extensionAttribute2": "y"}
    who = create(sync, "users")
    for cloud in (True, False):
        admin.patch(who + "/onPremisesSyncBehavior", {"isCloudManaged": cloud})
        assert code(admin.call("PATCH", who, some)) == (400, "Request_BadRequest")


# --- what synchronization was refused ---

LOG = "/auditLogs/provisioning"


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_a_skip_is_logged(make, collection):
    """In the shape of Cloud Sync's log: the object, the names of what is different, the reason."""
    em = make()
    sync, admin = Sync(em), Graph(em, ADMIN_APP)
    path = create(sync, collection)
    i, body = path.split("/")[2], BODIES[collection]
    admin.soa(collection, i, True)
    assert admin.get(LOG)["value"] == []
    assert sync.refusal("PATCH", path, dict(body, displayName="other"))
    assert sync.refusal("POST", collection, body)  # nothing is different
    assert sync.refusal("DELETE", path)
    delete, create_again, update = admin.get(LOG)["value"]
    word = {"users": "user", "groups": "group", "contacts": "contact"}[collection]
    assert [r["provisioningAction"] for r in (update, create_again, delete)] == [
        "update", "update", "delete"]
    assert update["modifiedProperties"] == [
        {"displayName": "displayName", "oldValue": None, "newValue": None}]
    assert create_again["modifiedProperties"] == delete["modifiedProperties"] == []
    assert update["provisioningStatusInfo"] == {"status": "skipped", "errorInformation": None}
    step, = update["provisioningSteps"]
    assert (step["status"], step["description"]) == (
        "skipped", "As the SOA of this %s is in the cloud, this object will not sync." % word)
    assert update["targetIdentity"] == {"id": i, "displayName": body["displayName"],
                                        "identityType": word.capitalize(), "details": {}}
    assert update["sourceIdentity"]["id"] == body["onPremisesImmutableId"]
    assert update["servicePrincipal"] == {"id": SYNC_APP[0], "displayName": "adsyncd"}
    # what is not refused is not there, and after the way back nothing is added
    admin.soa(collection, i, False)
    sync.patch(path, {"displayName": "other"})
    assert len(admin.get(LOG)["value"]) == 3
    assert admin.get(LOG + "/" + update["id"])["id"] == update["id"]
    assert code(admin.call("GET", LOG + "/x")) == (404, "Request_ResourceNotFound")


def test_the_shape_is_graphs(make):
    csdl = os.path.join(os.path.dirname(ROOT), "shared", "data", "graph",
                        "provisioningObjectSummary.xml")
    if not os.path.exists(csdl):
        pytest.skip("the CSDL of Graph is not beside the repository (../shared/data/graph)")
    em = make()
    sync, admin = Sync(em), Graph(em, ADMIN_APP)
    path = create(sync, "users")
    admin.soa("users", path.split("/")[2], True)
    assert sync.refusal("DELETE", path)
    known = {p.get("Name") for p in ElementTree.parse(csdl).getroot().iter("Property")}
    assert set(admin.get(LOG)["value"][0]) == known | {"id"}


def test_references_that_are_refused(make):
    em = make()
    sync, admin = Sync(em), Graph(em, ADMIN_APP)
    who, crew = create(sync, "users"), create(sync, "groups")
    for collection, path in (("users", who), ("groups", crew)):
        admin.soa(collection, path.split("/")[2], True)
    anna, team = who.split("/")[2], crew.split("/")[2]
    for change in (lambda: sync.members(team, add=[anna]), lambda: sync.members(team, remove=[anna]),
                   lambda: sync.manager(anna, anna)):
        with pytest.raises(Refused):
            change()
    assert [(r["provisioningAction"], [p["displayName"] for p in r["modifiedProperties"]])
            for r in admin.get(LOG)["value"]] == [("update", ["manager"])] + [
                ("update", ["members"])] * 2


def test_the_log_is_asked(make):
    em = make(["AuditLog.Read.All"])
    sync, admin = Sync(em), Graph(em, ADMIN_APP)
    for graph in (Graph(em, SYNC_APP), Graph(em, GRAPH_APP)):  # it takes Directory.Read.All as well
        assert code(graph.call("GET", LOG)) == FORBIDDEN
    assert admin.call("POST", LOG, {})[0] == 405
    ids = []
    for n in range(3):
        path = create(sync, "users", onPremisesImmutableId="%d===" % n, displayName="user%d" % n,
                      userPrincipalName="user%d@fjordline.example" % n)
        ids.append(path.split("/")[2])
        admin.soa("users", ids[n], True)
        assert sync.refusal("PATCH", path, {"jobTitle": "x"})

    def asked(text):
        return [r["targetIdentity"]["id"] for r in admin.get(q(LOG + "?$filter=" + text))["value"]]

    assert asked("targetIdentity/id eq '%s'" % ids[1]) == [ids[1]]
    assert asked("provisioningStatusInfo/status eq 'skipped'") == ids[::-1]
    assert asked("provisioningStatusInfo/status eq 'success'") == []
    assert asked("sourceIdentity/displayName eq 'user2'") == [ids[2]]
    assert asked("activityDateTime gt 2000-01-01") == ids[::-1]
    pages = admin.all(LOG + "?$top=2")
    assert [r["targetIdentity"]["id"] for r in pages] == ids[::-1]


def test_the_log_is_kept_for_thirty_days(tmp_path):
    """Over a restart, in a snapshot; and gone when it is old."""
    em = Emulator(str(tmp_path))
    sync, admin = Sync(em), Graph(em, ADMIN_APP)
    path = create(sync, "users")
    admin.soa("users", path.split("/")[2], True)
    assert sync.refusal("PATCH", path, {"jobTitle": "x"})
    before = admin.get(LOG)["value"]
    assert em.request("POST", "/emulator/snapshot", {"name": "a"})[0] == 204
    em.stop()
    em = Emulator(str(tmp_path))
    try:
        sync, admin = Sync(em), Graph(em, ADMIN_APP)
        assert len(before) == 1 and admin.get(LOG)["value"] == before
        assert sync.refusal("DELETE", path)
        assert em.request("POST", "/emulator/restore", {"name": "a"})[0] == 204
        assert admin.get(LOG)["value"] == before
        assert em.request("POST", "/emulator/clock", {"advance": 31 * 86400})[0] == 204
        assert Graph(em, ADMIN_APP).get(LOG)["value"] == []
        em.stop()
        em = Emulator(str(tmp_path))
        assert Graph(em, ADMIN_APP).get(LOG)["value"] == []
    finally:
        em.stop()


# --- the way back ---

@pytest.mark.parametrize("blocked", [True, False])
def test_the_way_back_is_a_takeover(make, blocked):
    """A new tenant blocks it: the refusal says by which feature, and nothing has changed."""
    em = make(features={"blockCloudObjectTakeoverThroughHardMatchEnabled": blocked})
    sync, admin = Sync(em), Graph(em, ADMIN_APP)
    who = create(sync, "users")
    for cloud in (True, False):
        admin.patch(who + "/onPremisesSyncBehavior", {"isCloudManaged": cloud})
    admin.patch(who, {"displayName": "of the cloud"})
    for method, path in (("POST", "/users"), ("PATCH", who)):
        if not blocked:
            assert sync.refusal(method, path, BODIES["users"]) is None
            continue
        with pytest.raises(Refused, match="blockCloudObjectTakeoverThroughHardMatchEnabled"):
            sync.post(path, BODIES["users"]) if method == "POST" else sync.patch(path, BODIES["users"])
        assert sync.refusal(method, path, BODIES["users"]) == "InvalidHardMatch"
    got = admin.get(who + "?$select=displayName,onPremisesSyncEnabled")
    assert (got["displayName"], got["onPremisesSyncEnabled"]) == (
        ("of the cloud", None) if blocked else ("anna", True))
