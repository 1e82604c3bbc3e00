"""The emulator's provisioning service, on its own: /provisioningservice.svc as open tools speak to it.
What it does is what is known of the real one from them, not from a tenant."""
import base64
import gzip
import json
from http.client import HTTPException
from xml.etree.ElementTree import canonicalize

import nbfx
import pytest
from lab import ADMIN_APP, GRAPH_APP, SYNC_APP, TENANT, Graph, wait_for
from nbfx import ARRAYS, CHANGE, OBJECT, XSI, element
from service import RESOURCE, WORDS, Service, fault, thing

ANCHORS = [base64.b64encode(b"%016d" % i).decode() for i in range(20)]


@pytest.fixture
def em(make_emulator):
    return make_emulator("--memory")


def user(service, i, **more):
    return service.set("User", ANCHORS[i], **dict(
        {"userPrincipalName": "u%d@fjordline.example" % i, "displayName": "User %d" % i,
         "accountEnabled": True, "alias": "u%d" % i}, **more))


def test_a_user_from_beginning_to_end(em):
    service, graph = Service(em), Graph(em)
    sid = b"\1\5\0\0\0\0\0\5\x15\0\0\0" + b"\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0"
    cloud = user(service, 1, title="Officer", extensionAttribute3="x", telephoneNumber="+47 55",
                 onPremiseSecurityIdentifier=sid, proxyAddresses=["SMTP:u1@fjordline.example"],
                 pager="no property")
    kind, _, object_id = cloud.partition("_")
    assert kind == "User"
    fields = ("?$select=displayName,jobTitle,businessPhones,onPremisesSyncEnabled,"
              "onPremisesImmutableId,onPremisesSecurityIdentifier,proxyAddresses,"
              "onPremisesExtensionAttributes,userPrincipalName")
    o = graph.get("/users/" + object_id + fields)
    assert (o["displayName"], o["jobTitle"], o["businessPhones"]) == ("User 1", "Officer", ["+47 55"])
    assert o["onPremisesSyncEnabled"] is True and o["onPremisesImmutableId"] == ANCHORS[1]
    assert o["onPremisesSecurityIdentifier"] == "S-1-5-21-1-2-3-4"
    assert o["onPremisesExtensionAttributes"]["extensionAttribute3"] == "x"
    # what is not named keeps its value; nil clears
    assert user(service, 1, displayName="Another", title=None) == cloud
    o = graph.get("/users/" + object_id + fields)
    assert (o["displayName"], o["jobTitle"], o["businessPhones"]) == ("Another", None, ["+47 55"])
    # an administrator cannot change it: it is synchronized
    assert graph.call("PATCH", "/users/" + object_id, {"displayName": "x"})[0] == 400
    assert service.provision(thing("User", ANCHORS[1], "Delete")) == [("Success", None, cloud)]
    assert graph.call("GET", "/users/" + object_id)[0] == 404
    assert graph.get("/directory/deletedItems/microsoft.graph.user")["value"][0]["id"] == object_id
    # what is not there any more need not be deleted
    assert service.provision(thing("User", ANCHORS[1], "Delete"))[0][0] == "Success"


def test_members_as_a_list_and_as_changes(em):
    service, graph = Service(em), Graph(em)
    for i in range(1, 5):
        user(service, i)
    cloud = service.set("Group", ANCHORS[10], displayName="Crew", alias="crew", securityEnabled=True,
                        member=[ANCHORS[1], ANCHORS[2], ANCHORS[19]])  # the last one is not known
    group = cloud.partition("_")[2]
    assert graph.members(group) == ["User 1", "User 2"]
    service.set("Group", ANCHORS[10], member=[ANCHORS[2], ANCHORS[3]])
    assert graph.members(group) == ["User 2", "User 3"]
    change = thing("Group", ANCHORS[10], member={ANCHORS[4]: True, ANCHORS[2]: False,
                                                 ANCHORS[18]: True})
    assert service.provision(change, second=True) == [("Success", None, cloud)]
    assert graph.members(group) == ["User 3", "User 4"]
    # other attributes change no member
    service.set("Group", ANCHORS[10], description="of the ferry")
    assert graph.members(group) == ["User 3", "User 4"]
    assert graph.get("/groups/" + group)["onPremisesSyncEnabled"] is True
    service.set("Group", ANCHORS[10], member=[])
    assert graph.members(group) == []


def test_managers_and_contacts(em):
    service, graph = Service(em), Graph(em)
    user(service, 1)
    two = user(service, 2, manager=ANCHORS[1]).partition("_")[2]
    assert graph.get("/users/%s/manager" % two)["displayName"] == "User 1"
    user(service, 2, manager=None)
    assert graph.call("GET", "/users/%s/manager" % two)[0] == 404
    cloud = service.set("Contact", ANCHORS[9], displayName="Harbour", mail="h@harbour.example",
                        proxyAddresses=["SMTP:h@harbour.example"], city="Bergen", mobile="+47 9")
    contact = graph.get("/contacts/" + cloud.partition("_")[2])
    assert contact["addresses"][0]["city"] == "Bergen"
    assert contact["phones"] == [{"number": "+47 9", "type": "mobile"}]
    service.set("Contact", ANCHORS[9], telephoneNumber="+47 8")
    contact = graph.get("/contacts/" + cloud.partition("_")[2])
    assert sorted(p["number"] for p in contact["phones"]) == ["+47 8", "+47 9"]


def test_one_that_is_refused_stops_no_other(em):
    service = Service(em)
    user(service, 1)
    bad = [thing("User", ANCHORS[2], userPrincipalName="u2.@fjordline.example", displayName="x",
                 accountEnabled=True, alias="u2"),
           thing("Robot", ANCHORS[3]), thing("User", None, displayName="x"),
           thing("User", ANCHORS[4], "Move"),
           thing("User", ANCHORS[5], onPremiseSecurityIdentifier=b"no", displayName="x",
                 userPrincipalName="u5@fjordline.example", accountEnabled=True, alias="u5")]
    good = thing("User", ANCHORS[6], userPrincipalName="u6@fjordline.example", displayName="User 6",
                 accountEnabled=True, alias="u6")
    results = service.provision(*bad, good)
    assert [code for code, _, _ in results] == ["Failure"] * 5 + ["Success"]
    assert all(text for code, text, _ in results if code == "Failure")
    assert "IdentityDataValidationFailed" in results[0][1]
    assert Graph(em).find("users", "User 6")


def test_the_source_of_authority_is_honoured(em):
    service, graph = Service(em), Graph(em)
    object_id = user(service, 1).partition("_")[2]
    graph.soa("users", object_id, True)
    (code, text, _), = service.provision(thing("User", ANCHORS[1], displayName="from AD"))
    assert code == "Failure" and "source of authority" in text
    (code, _, _), = service.provision(thing("User", ANCHORS[1], "Delete"))
    assert code == "Failure" and graph.get("/users/" + object_id)["displayName"] == "User 1"
    graph.soa("users", object_id, False)
    user(service, 1, displayName="from AD")
    assert graph.get("/users/" + object_id + "?$select=displayName,onPremisesSyncEnabled")[
        "onPremisesSyncEnabled"] is True


def test_an_object_of_the_cloud_is_matched_and_not_deleted(em):
    service, graph = Service(em), Graph(em)
    body = {"displayName": "Mine", "mailNickname": "mine", "accountEnabled": True,
            "userPrincipalName": "mine@fjordline.example", "passwordProfile": {"password": "X1#abcd"}}
    object_id = graph.call("POST", "/users", body)[1]["id"]
    (code, text, _), = service.provision(
        thing("User", None, "Delete", CloudAnchor="User_" + object_id))
    assert code == "Failure" and "DeletingCloudOnlyObjectNotAllowed" in text
    cloud = service.set("User", ANCHORS[7], userPrincipalName="mine@fjordline.example",
                        displayName="Matched", accountEnabled=True)
    assert cloud == "User_" + object_id
    assert graph.get("/users/" + object_id)["displayName"] == "Matched"


def test_what_is_in_quarantine_is_told(em):
    service = Service(em)
    user(service, 1, proxyAddresses=["SMTP:one@fjordline.example"])
    twice = thing("User", ANCHORS[2], userPrincipalName="u2@fjordline.example", displayName="User 2",
                  accountEnabled=True, alias="u2", proxyAddresses=[
                      "SMTP:two@fjordline.example", "smtp:one@fjordline.example"])
    for _ in range(2):
        (code, text, cloud), = service.provision(twice)
        assert code == "Success" and text.startswith(
            "This object has been updated in your Azure Active Directory, but with some modified "
            "properties, because the following attributes are associated with another object "
            "[ProxyAddresses smtp:one@fjordline.example;]")
    service.set("User", ANCHORS[2], title="Officer")  # it says nothing of the addresses
    (_, text, _), = service.provision(thing("User", ANCHORS[3], userPrincipalName="u1@fjordline.example",
                                            displayName="x", accountEnabled=True, alias="u3"))
    assert "[UserPrincipalName u1@fjordline.example;]" in text
    assert "+" in Graph(em).find("users", "x")["userPrincipalName"]


def test_refusals_have_the_documented_words(em):
    service, graph = Service(em), Graph(em)
    body = {"displayName": "Mine", "mailNickname": "mine", "accountEnabled": True,
            "userPrincipalName": "mine@fjordline.example", "passwordProfile": {"password": "X1#abcd"}}
    cloud = "User_" + graph.call("POST", "/users", body)[1]["id"]
    user(service, 1, proxyAddresses=["SMTP:one@fjordline.example"])
    cases = [
        ("DeletingCloudOnlyObjectNotAllowed", "This synchronization operation, Delete, is not valid. "
         "Contact Technical Support. Tracking Id: ", thing("User", None, "Delete", CloudAnchor=cloud)),
        ("LargeObject", "The provisioned object is too large. Trim the number of attribute values on "
         "this object.", thing("User", ANCHORS[1], proxyAddresses=["smtp:a%d@x.example" % i
                                                                   for i in range(333)])),
        ("LargeObject", "The provisioned object is too large.",
         thing("User", ANCHORS[1], userCertificate=[b"%d" % i for i in range(16)])),
        ("AttributeValueMustBeUnique", "Unable to update this object because the following attributes "
         "associated with this object have values that may already be associated with another object "
         "in your local directory services: [ProxyAddresses smtp:one@fjordline.example;]",
         thing("Group", ANCHORS[10], displayName="g", alias="g", proxyAddresses=[
             "SMTP:g@fjordline.example", "smtp:one@fjordline.example"])),
        ("ObjectTypeMismatch", "", thing("Group", ANCHORS[11], displayName="g", alias="g2",
                                         proxyAddresses=["SMTP:one@fjordline.example"]))]
    for name, words, one in cases:
        (code, text, _), = service.provision(one)
        assert code == "Failure" and text.startswith("%s: %s" % (name, words)), text
    order(em, namesErrors=False)
    for name, words, one in cases:
        (code, text, _), = service.provision(one)
        assert code == "Failure" and name not in text and text.startswith(words), text


def test_who_is_let_in(make_emulator):
    em = make_emulator("--memory")
    denied = "Access to Azure Active Directory has been denied. Contact Technical Support."
    for service in (Service(em, token="nonsense"), Service(em, app=GRAPH_APP),
                    Service(em, app=ADMIN_APP), Service(em, resource=em.url)):
        status, root = service.call("GetCompanyConfiguration")
        assert status == 500 and fault(root) == denied
    # and its token is no token for Graph
    graph = Graph(em)
    graph.headers = {"Authorization": "Bearer " + Service(em).token}
    assert graph.call("GET", "/users")[0] == 401
    em = make_emulator("--memory", onPremisesSyncEnabled=False)
    status, root = Service(em).call("GetCompanyConfiguration")
    assert status == 500 and "not yet activated" in fault(root)
    assert Graph(em).get("/organization/" + TENANT)["onPremisesSyncEnabled"] is None
    em = make_emulator("--memory", minimumSyncBuild="2.6.10.0")
    assert Service(em, build="2.6.10.0").call("GetCompanyConfiguration")[0] == 200
    status, root = Service(em, build="2.6.3.0").call("GetCompanyConfiguration")
    assert status == 500 and "no longer supported" in fault(root)


def test_what_the_tenant_says_of_itself(em):
    service = Service(em)
    status, root = service.call("GetCompanyConfiguration",
                                element("includeLicenseInformation", "false"))
    text = {e.tag.rpartition("}")[2]: e.text for e in root.iter()}
    assert status == 200 and text["IsDirSyncing"] == "true" and text["ThresholdCount"] == "500"
    assert text["MaxLinksSupportedAcrossBatchInProvision2"] == "15000"
    assert text["TenantId"] == TENANT and text["RelatesTo"].startswith("urn:uuid:00112233")
    before = int(text["DirSyncFeatures"])
    assert service.call("SetCompanyDirsyncFeatures", element("dirsyncFeatures", str(
        before | 1048576)))[0] == 200
    switches = Graph(em).get("/directory/onPremisesSynchronization/" + TENANT)["features"]
    assert switches["blockCloudObjectTakeoverThroughHardMatchEnabled"] is True
    assert service.call("FinalizeExport", element("totalExported", "3"),
                        element("successfulExportCount", "2"))[0] == 200
    assert service.call("Capabilities")[0] == 200


def test_reading_back(em):
    service = Service(em)
    cloud = user(service, 1, pager="123", countryCode=47, title=None)
    for second in ("", "2"):
        _, root = service.call("ReadBackAzureADSyncObjects" + second, element("isFullSync", "true"))
        keys = {k.text for k in root.iter("{%s}Key" % ARRAYS)}
        assert {"SourceAnchor", "CloudAnchor", "Pager", "CountryCode"} <= keys
        assert ("Title" in keys) == (not second)  # the second version leaves out what is empty
    assert cloud in [v.text for v in root.iter("{%s}Value" % ARRAYS)]


def test_what_is_no_request(em):
    service = Service(em)
    good = service.envelope("FinalizeExport", element("totalExported", "3"))
    kind = {"Content-Type": "application/soap+msbin1"}
    path = "/provisioningservice.svc"
    assert service.send(path, good, {"Content-Type": "application/soap+xml"})[0] == 415
    assert service.send(path, None, {})[0] == 200  # a browser's test of the connection
    assert service.send(path, good, kind, method="PUT")[0] == 405
    for data in (b"<xml/>", good[:-1], good + b"\x01", b"\x00" * 100):
        assert service.send(path, data, kind)[0] == 400
    assert service.send(path, good, kind)[0] == 200
    status, root = service.call("FinalizeExport", action="Capabilities")
    assert status == 500 and "do not belong together" in fault(root)
    status, root = service.call("Reboot")
    assert status == 500 and "not supported" in fault(root)
    status, root = service.call("ProvisionAzureADSyncObjects")
    assert status == 500 and "no objects" in fault(root)


def order(em, **what):
    status, answer = em.request("POST", "/emulator/service", what)
    assert status == 204, answer


def test_the_switch_of_the_organization(em):
    graph, path = Graph(em), "/organization/" + TENANT
    assert graph.get(path)["onPremisesSyncEnabled"] is True
    assert graph.get(path)["onPremisesLastSyncDateTime"] is None
    assert Graph(em, GRAPH_APP).call("PATCH", path, {"onPremisesSyncEnabled": False})[0] == 403
    for bad in ({"onPremisesSyncEnabled": "yes"}, {"onPremisesSyncEnabled": True, "displayName": "x"},
                {}):
        assert graph.call("PATCH", path, bad)[0] == 400
    assert graph.call("PATCH", "/organization", {"onPremisesSyncEnabled": False})[0] == 405
    assert graph.call("PATCH", path, {"onPremisesSyncEnabled": False})[0] == 204
    service = Service(em)
    status, root = service.call("GetCompanyConfiguration")
    assert status == 500 and fault(root).startswith(
        "Identity synchronization is not yet activated for this company.")
    principal = "/servicePrincipals(appId='%s')?$select=id,appRoles" % RESOURCE
    assert graph.call("GET", principal)[0] == 404
    assert graph.call("PATCH", path, {"onPremisesSyncEnabled": True})[0] == 204
    assert service.call("GetCompanyConfiguration")[0] == 200
    one = graph.get(principal)
    assert {k for k in one if k[0] != "@"} == {"id", "appRoles"}
    assert [r["value"] for r in one["appRoles"]] == ["ADSynchronization.ReadWrite.All"]
    assert one["appRoles"][0]["allowedMemberTypes"] == ["Application"]
    listed = graph.get("/servicePrincipals?$filter=appId+eq+'%s'" % RESOURCE)["value"]
    assert [p["id"] for p in listed] == [one["id"]]
    assert graph.get("/servicePrincipals/" + one["id"])["appId"] == RESOURCE
    assert len(graph.get("/servicePrincipals")["value"]) == 4
    assert Graph(em, SYNC_APP).call("GET", principal)[0] == 403


def test_the_switch_outlives_the_emulator(make_emulator):
    em = make_emulator()
    assert Graph(em).call("PATCH", "/organization/" + TENANT, {"onPremisesSyncEnabled": False})[0] == 204
    em = make_emulator()
    assert Graph(em).get("/organization/" + TENANT)["onPremisesSyncEnabled"] is None


def test_the_role_is_in_the_token_of_the_service(em):
    for resource in RESOURCE, em.url:
        part = Service(em, resource=resource).token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        assert claims["aud"] == resource
        if resource == RESOURCE:
            assert claims["roles"] == ["ADSynchronization.ReadWrite.All"]
        else:
            assert "ADSynchronization.ReadWrite.All" not in claims["roles"]
            assert "User.Read.All" in claims["roles"]


def test_graph_makes_nothing_synchronized(em):
    """Its tokens have no role for it, and of groups and contacts it knows no anchor."""
    service, graph, sync = Service(em), Graph(em), Graph(em, SYNC_APP)
    person = {"displayName": "x", "mailNickname": "x", "userPrincipalName": "x@fjordline.example",
              "accountEnabled": True, "onPremisesImmutableId": "eA=="}
    for collection, body in (("users", person), ("groups", {"displayName": "g"}),
                             ("contacts", {"displayName": "c"})):
        status, answer = sync.call("POST", "/" + collection, body)
        assert status in (400, 403) and answer["error"], (collection, status)
    one = user(service, 1).partition("_")[2]
    crew = group(service, 10, mail="crew@fjordline.example").partition("_")[2]
    mail = service.set("Contact", ANCHORS[11], displayName="c", mail="c@harbour.example").partition("_")[2]
    assert sync.call("PATCH", "/users/" + one, {"displayName": "y"})[0] == 403
    assert sync.call("DELETE", "/groups/" + crew)[0] == 403
    for path in ("/groups/" + crew, "/contacts/" + mail):
        for client in (graph, sync):
            assert "onPremisesImmutableId" not in client.get(path)
            for query in ("?$select=id,onPremisesImmutableId",):
                status, answer = client.call("GET", path + query)
                assert status == 400 and "onPremisesImmutableId" in answer["error"]["message"]
    for collection in ("groups", "contacts", "devices"):
        for query in ("$filter=onPremisesImmutableId+eq+'x'&$count=true", "$select=onPremisesImmutableId",
                      "$orderby=onPremisesImmutableId&$count=true"):
            assert graph.call("GET", "/%s?%s" % (collection, query))[0] == 400, (collection, query)
    body = {"displayName": "g2", "mailNickname": "g2", "mailEnabled": False, "securityEnabled": True,
            "onPremisesImmutableId": "eA=="}
    status, answer = graph.call("POST", "/groups", body)
    assert status == 400 and "does not exist" in answer["error"]["message"]
    assert graph.get("/users/%s?$select=onPremisesImmutableId" % one)["onPremisesImmutableId"] == ANCHORS[1]


def test_devices(em):
    service, graph = Service(em), Graph(em)
    device_id = bytes(range(16))
    values = dict(deviceId=device_id, displayName="PC1", deviceTrustType="ServerAd", accountEnabled=True,
                  deviceOSType="Windows", deviceOSVersion="10.0")
    cloud = service.set("Device", ANCHORS[1], **values)
    kind, _, object_id = cloud.partition("_")
    assert kind == "Device"
    o = graph.get("/devices/" + object_id)
    assert o["deviceId"] == "03020100-0504-0706-0809-0a0b0c0d0e0f" and o["trustType"] == "ServerAd"
    assert o["onPremisesSyncEnabled"] is True and "onPremisesImmutableId" not in o
    assert service.set("Device", ANCHORS[1], **dict(values, displayName="PC2")) == cloud
    assert graph.get("/devices/" + object_id)["displayName"] == "PC2"
    (status, text, _), = service.provision(thing("Device", ANCHORS[1], deviceId=bytes(16)))
    assert status == "Failure" and "deviceId" in text
    (status, text, _), = service.provision(thing("Device", ANCHORS[2], **values))
    assert status == "Failure" and "another sourceAnchor" in text
    # one that has registered itself is found by its deviceId
    status, own = graph.call("POST", "/devices", {
        "accountEnabled": True, "displayName": "own", "operatingSystem": "Windows",
        "operatingSystemVersion": "10", "deviceId": "00000000-0000-0000-0000-000000000000",
        "alternativeSecurityIds": [{"type": 2, "key": "AQID"}]})
    assert status == 201, own
    assert service.set("Device", ANCHORS[3], **dict(values, deviceId=bytes(16))) == "Device_" + own["id"]
    assert service.provision(thing("Device", ANCHORS[1], "Delete"))[0][0] == "Success"
    assert graph.call("GET", "/devices/" + object_id)[0] == 404


def test_orders_for_whole_requests(em):
    service = Service(em)
    order(em, busy=1, redirects=2, redirectTo="https://x.microsoftonline.com/p.svc")
    for _ in range(2):
        status, root = service.call("FinalizeExport")
        assert status == 500 and fault(root) == "Redirect"
        assert root.findtext(".//{%s}Url" % CHANGE) == "https://x.microsoftonline.com/p.svc"
    status, root = service.call("FinalizeExport")
    codes = [e.text for e in root.iter() if e.tag.endswith("}ErrorCode")]
    assert status == 500 and "currently busy" in fault(root) and codes == ["81"]
    assert service.call("FinalizeExport")[0] == 200
    order(em, redirects=1)
    order(em, redirectTo="")
    _, root = service.call("FinalizeExport")
    assert root.findtext(".//{%s}Url" % CHANGE) == em.url + "/provisioningservice.svc"
    order(em, busy=9)
    assert em.request("DELETE", "/emulator/service")[0] == 204
    assert service.call("FinalizeExport")[0] == 200
    for bad in ({"cloudManaged": "perhaps"}, {"text": 7}, {"redirectTo": "x" * 300}, []):
        assert em.request("POST", "/emulator/service", bad)[0] == 400


def test_orders_for_objects(em):
    service = Service(em)
    order(em, failures=1, warnings=1, text="because", newMembers=True)
    things = [thing("User", ANCHORS[i], userPrincipalName="u%d@fjordline.example" % i, alias="u%d" % i,
                    displayName="User %d" % i, accountEnabled=True) for i in (1, 2, 3)]
    results = service.provision(*things)
    assert [r[:2] for r in results] == [("Failure", "because"), ("Success", "because"),
                                        ("Success", None)]
    assert not Graph(em).find("users", "User 1") and Graph(em).find("users", "User 2")


def test_orders_for_what_the_cloud_manages(em):
    service, graph = Service(em), Graph(em)
    object_id = user(service, 1).partition("_")[2]
    graph.soa("users", object_id, True)
    order(em, cloudManaged="ignored")
    user(service, 1, displayName="ignored")
    assert service.provision(thing("User", ANCHORS[1], "Delete"))[0][0] == "Success"
    assert graph.get("/users/" + object_id)["displayName"] == "User 1"
    order(em, cloudManaged="accepted")
    user(service, 1, displayName="accepted")
    o = graph.get("/users/%s?$select=displayName,onPremisesSyncEnabled" % object_id)
    assert (o["displayName"], o["onPremisesSyncEnabled"]) == ("accepted", None)
    assert graph.get("/users/%s/onPremisesSyncBehavior" % object_id)["isCloudManaged"] is True
    assert service.provision(thing("User", ANCHORS[1], "Delete"))[0][0] == "Success"
    assert graph.call("GET", "/users/" + object_id)[0] == 404


def test_what_is_new_is_not_found_yet(em):
    """The 30 seconds that open tools wait before they send references."""
    service, graph = Service(em), Graph(em)
    group = service.set("Group", ANCHORS[10], displayName="Crew", alias="crew", securityEnabled=True)
    em.fault(lagMs=600000)
    user(service, 1)
    service.set("Group", ANCHORS[10], member=[ANCHORS[1]])
    em.clear_faults()
    assert graph.members(group.partition("_")[2]) == []
    service.set("Group", ANCHORS[10], member=[ANCHORS[1]])
    assert graph.members(group.partition("_")[2]) == ["User 1"]


def test_what_the_service_keeps_outlives_the_emulator(make_emulator):
    cloud = user(Service(make_emulator()), 1, pager="123")
    service = Service(make_emulator())
    _, root = service.call("ReadBackAzureADSyncObjects2", element("isFullSync", "true"))
    assert {"123", cloud} <= {v.text for v in root.iter("{%s}Value" % ARRAYS)}
    user(service, 1, title="Officer")
    _, root = service.call("ReadBackAzureADSyncObjects2", element("isFullSync", "true"))
    assert {"123", "Officer"} <= {v.text for v in root.iter("{%s}Value" % ARRAYS)}
    assert "pager" not in str(Graph(service.em).get("/users/" + cloud.partition("_")[2]))


def test_a_request_of_a_thousand_members(em):
    service = Service(em)
    for first in range(0, 100, 50):
        results = service.provision(*[thing(
            "User", base64.b64encode(b"m%015d" % i).decode(), displayName="M%d" % i, alias="m%d" % i,
            userPrincipalName="m%d@fjordline.example" % i, accountEnabled=True)
            for i in range(first, first + 50)])
        assert {r[0] for r in results} == {"Success"}
    anchors = [base64.b64encode(b"m%015d" % i).decode() for i in range(100)]
    cloud = service.set("Group", ANCHORS[10], displayName="All", alias="all", securityEnabled=True)
    changes = thing("Group", ANCHORS[10], member={a: True for a in anchors})
    assert service.provision(changes, second=True) == [("Success", None, cloud)]
    assert len(Graph(em).members(cloud.partition("_")[2])) == 100
    many = thing("Group", ANCHORS[10], member=["x%d" % i for i in range(15001)])
    (code, text, _), = service.provision(many)
    assert code == "Failure" and "too many links" in text


def test_what_is_counted_as_a_write(em):
    """Each object that was taken; those that changed nothing are told apart."""
    service = Service(em)

    def counted():
        stats = em.stats()
        return [stats[name] for name in ("writes", "duplicateWrites", "creates", "deletes")]

    user(service, 1)
    service.set("Group", ANCHORS[10], displayName="Crew", alias="crew", securityEnabled=True)
    assert counted() == [2, 0, 2, 0]
    user(service, 1)
    service.set("Group", ANCHORS[10], member={ANCHORS[1]: True})
    assert counted() == [4, 1, 2, 0]
    service.set("Group", ANCHORS[10], member={ANCHORS[1]: True})
    user(service, 1, pager="7")  # which Graph does not show
    assert counted() == [6, 2, 2, 0]
    user(service, 1, pager="7")  # the client cannot know that this was there already
    assert counted() == [7, 2, 2, 0] and em.stats()["hiddenDuplicates"] == 1
    for _ in range(2):
        service.provision(thing("User", ANCHORS[1], "Delete"))
    assert counted() == [8, 2, 2, 1]


# --- what nobody knows, as a choice ---

def group(service, i, **more):
    return service.set("Group", ANCHORS[i], **dict(
        {"displayName": "G%d" % i, "alias": "g%d" % i, "securityEnabled": True}, **more))


def read_pages(service, cookie=None, names=("OutputCookie", "MoreData"), second="2"):
    """([{key: text or None} with "operation"], the last cookie); the pages are checked."""
    out, pages = [], 0
    while True:
        status, root = service.call(
            "ReadBackAzureADSyncObjects" + second,
            element("inputCookie", cookie) if cookie else
            element("inputCookie", attributes=[("i:nil", "true")], i=XSI),
            element("isFullSync", str(not cookie).lower()))
        assert status == 200, fault(root)
        for o in root.iter("{%s}AzureADSyncObject" % OBJECT):
            bag = {pair.findtext("{%s}Key" % ARRAYS): pair.find("{%s}Value" % ARRAYS)
                   for pair in o.iter("{%s}KeyValueOfstringanyType" % ARRAYS)}
            bag = {k: None if v.get("{%s}nil" % XSI) else v.text or [x.text for x in v]
                   for k, v in bag.items()}
            out.append(dict(bag, operation=o.findtext("{%s}SyncOperation" % OBJECT)))
        result = root.find(".//{%s}ReadBackAzureADSyncObjects%sResult" % (CHANGE, second))
        cookie = result.findtext("{%s}%s" % (OBJECT, names[0]))
        more = result.findtext("{%s}%s" % (OBJECT, names[1]))
        pages += 1
        if more != "true":
            return out, cookie, pages


def test_reading_back_in_pages(em):
    service = Service(em)
    for i in range(1, 6):
        user(service, i)
    out, cookie, pages = read_pages(service)
    assert (len(out), cookie, pages) == (5, None, 1)  # no pages unless ordered
    order(em, pageSize=2)
    out, cookie, pages = read_pages(service)
    assert len(out) == 5 and pages == 3 and cookie
    assert [o["SourceAnchor"] for o in out] == ANCHORS[1:6]
    assert read_pages(service, cookie)[0] == []
    user(service, 2, displayName="changed")
    service.provision(thing("User", ANCHORS[3], "Delete"))
    out, later, _ = read_pages(service, cookie)
    assert [(o["SourceAnchor"], o["operation"]) for o in out] == [
        (ANCHORS[2], "Set"), (ANCHORS[3], "Delete")]
    assert read_pages(service, later)[0] == []
    order(em, cookieName="NextToken", moreName="Continues")
    assert len(read_pages(service, names=("NextToken", "Continues"))[0]) == 4
    status, root = service.call("ReadBackAzureADSyncObjects2", element("inputCookie", "bm8="))
    assert status == 500 and "cookie" in fault(root)


def test_reading_back_both_versions(em):
    service = Service(em)
    user(service, 1, title=None, otherTelephone=[])
    user(service, 2, manager=ANCHORS[1], title="Officer")
    group(service, 10, member=[ANCHORS[1], ANCHORS[2]])
    first = {o["SourceAnchor"]: o for o in read_pages(service, second="")[0]}
    second = {o["SourceAnchor"]: o for o in read_pages(service)[0]}
    assert first[ANCHORS[1]]["Title"] is None and first[ANCHORS[1]]["MsExchMailboxGuid"] is None
    assert len(first[ANCHORS[1]]) > 100 and "DeviceId" not in first[ANCHORS[1]]
    assert None not in second[ANCHORS[1]].values() and "OtherTelephone" not in second[ANCHORS[1]]
    assert second[ANCHORS[2]]["Manager"] == ANCHORS[1] and second[ANCHORS[2]]["Title"] == "Officer"
    assert second[ANCHORS[10]]["Member"] == [ANCHORS[1], ANCHORS[2]]
    service.set("Group", ANCHORS[10], member={ANCHORS[1]: False})
    assert {o["SourceAnchor"]: o for o in read_pages(service)[0]}[ANCHORS[10]]["Member"] == [
        ANCHORS[2]]
    order(em, readBack="empty")
    assert read_pages(service)[0] == []
    order(em, readBack="refused")
    assert service.call("ReadBackAzureADSyncObjects2")[0] == 500


def test_the_block_is_told_or_not(em):
    service, graph = Service(em), Graph(em)
    object_id = user(service, 1).partition("_")[2]
    assert "BlockOnPremisesSync" not in read_pages(service)[0][0]
    graph.soa("users", object_id, True)
    assert read_pages(service)[0][0]["BlockOnPremisesSync"] == "true"
    order(em, tellsBlock=False)
    assert "BlockOnPremisesSync" not in read_pages(service)[0][0]


def test_what_is_not_known_yet(em):
    service, graph = Service(em), Graph(em)
    user(service, 1)
    crew = group(service, 10, member=[ANCHORS[1], ANCHORS[2]]).partition("_")[2]
    order(em, unresolved="refused")
    results = service.provision(
        thing("Group", ANCHORS[10], description="x", member=[ANCHORS[1], ANCHORS[2]]),
        thing("Group", ANCHORS[10], member={ANCHORS[3]: True}),
        thing("User", ANCHORS[1], manager=ANCHORS[4]),
        thing("Group", ANCHORS[10], managedBy=ANCHORS[4]),
        thing("Group", ANCHORS[10], member={ANCHORS[3]: False}), second=True)
    assert [r[0] for r in results] == ["Failure"] * 4 + ["Success"]
    assert all(a in r[1] for a, r in zip((ANCHORS[2], ANCHORS[3], ANCHORS[4], ANCHORS[4]), results))
    assert graph.get("/groups/" + crew)["description"] is None
    order(em, failedChanges="good")
    user(service, 5)
    (code, _, _), = service.provision(
        thing("Group", ANCHORS[10], description="x",
              member={ANCHORS[3]: True, ANCHORS[5]: True}), second=True)
    assert code == "Failure" and graph.get("/groups/" + crew)["description"] == "x"
    assert graph.members(crew) == ["User 1", "User 5"]
    order(em, unresolved="kept")
    service.set("Group", ANCHORS[10], member={ANCHORS[2]: True, ANCHORS[3]: True})
    service.set("Group", ANCHORS[10], member={ANCHORS[3]: False})
    user(service, 1, manager=ANCHORS[2])
    assert graph.members(crew) == ["User 1", "User 5"]
    boss = user(service, 2).partition("_")[2]
    user(service, 3)
    assert graph.members(crew) == ["User 1", "User 2", "User 5"]
    one = service.read_back()
    assert [b["Manager"] for b in one.values() if b["SourceAnchor"] == ANCHORS[1]] == [ANCHORS[2]]
    assert graph.get("/users/%s/directReports" % boss)["value"][0]["displayName"] == "User 1"


def test_references_that_graph_does_not_show(em):
    service = Service(em)
    cloud = user(service, 1, publicDelegates=[ANCHORS[2]])
    assert "PublicDelegates" not in service.read_back()[cloud]  # it is not known: dropped
    user(service, 2)
    user(service, 3)
    user(service, 1, publicDelegates=[ANCHORS[2]])
    assert service.read_back()[cloud]["PublicDelegates"] == [ANCHORS[2]]
    user(service, 1, publicDelegates={ANCHORS[3]: True, ANCHORS[2]: False})
    assert service.read_back()[cloud]["PublicDelegates"] == [ANCHORS[3]]


def test_what_is_new_has_a_delay_of_its_own(em):
    service, graph = Service(em), Graph(em)
    user(service, 1)
    order(em, visibilityMs=600000, unresolved="kept")
    two = user(service, 2).partition("_")[2]
    assert graph.get("/users/" + two)["displayName"] == "User 2"  # nothing else waits
    crew = group(service, 10, member=[ANCHORS[1], ANCHORS[2]]).partition("_")[2]
    assert graph.members(crew) == ["User 1"]
    order(em, visibilityMs=1)
    wait_for(lambda: graph.members(crew) == ["User 1", "User 2"], "the reference that was kept")


def test_more_than_a_request_may_have(em):
    service = Service(em)
    order(em, batchObjects=2, batchLinks=3)
    assert service.configuration()["MaxLinksSupportedAcrossBatchInProvision2"] == "3"
    users = [thing("User", ANCHORS[i], userPrincipalName="u%d@fjordline.example" % i, alias="u%d" % i,
                   displayName="User %d" % i, accountEnabled=True) for i in (1, 2, 3)]
    links = [thing("Group", ANCHORS[9 + i], displayName="g", alias="g%d" % i, securityEnabled=True,
                   member=[ANCHORS[1], ANCHORS[2]]) for i in (1, 2)]
    for batch, words in ((users, "too many objects"), (links, "too many links")):
        results = service.provision(*batch)
        assert {r[0] for r in results} == {"Failure"} and all(words in r[1] for r in results)
    order(em, overLimit="fault")
    for batch in users, links:
        with pytest.raises(AssertionError, match="too many"):
            service.provision(*batch)
    assert [r[0] for r in service.provision(*users[:2])] == ["Success"] * 2


def test_the_last_time_of_synchronization(em):
    service, graph = Service(em), Graph(em)

    def last():
        return graph.get("/organization/" + TENANT)["onPremisesLastSyncDateTime"]
    user(service, 1)
    assert last() is None
    service.call("FinalizeExport", element("totalExported", "1"))
    assert last()
    order(em, finalizeMovesLastSync=False)
    assert em.request("POST", "/emulator/clock", {"advance": 60})[0] == 204
    before = last()
    service = Service(em)
    service.call("FinalizeExport", element("totalExported", "1"))
    assert last() == before
    user(service, 1, title="x")
    assert last() > before


def test_choices_in_the_tenant_file(make_emulator):
    em = make_emulator("--memory", provisioningService={
        "readBack": "refused", "faults": [{"kind": "busy", "operation": "FinalizeExport"}]})
    service = Service(em)
    assert service.call("ReadBackAzureADSyncObjects2")[0] == 500
    assert [service.call("FinalizeExport")[0] for _ in range(2)] == [500, 200]
    order(em, readBack="answers")
    assert service.call("ReadBackAzureADSyncObjects2")[0] == 200
    em.request("DELETE", "/emulator/service")
    assert service.call("ReadBackAzureADSyncObjects2")[0] == 500
    with pytest.raises(AssertionError, match="readBacks"):
        make_emulator("--memory", provisioningService={"readBacks": "refused"})


# --- bad days ---

def trouble(em, *kinds, **more):
    order(em, faults=[dict(more, kind=k) for k in kinds])


def raw(service, operation, *content):
    return service.send("/provisioningservice.svc", service.envelope(operation, *content),
                        {"Content-Type": "application/soap+msbin1"})


def xml(message):
    """The message with its prefixes; two texts for one duration are one."""
    return canonicalize(nbfx.text(message, WORDS)).replace("PT30M", "PT1800S")


def test_faults_of_whole_requests(em):
    service = Service(em)
    for kind, words in (("busy", "currently busy"), ("denied", "has been denied"),
                        ("notActivated", "not yet activated"),
                        ("buildTooOld", "no longer supported")):
        trouble(em, kind)
        status, root = service.call("FinalizeExport")
        assert status == 500 and words in fault(root)
        assert service.call("FinalizeExport")[0] == 200
    trouble(em, "fault", text="Not today.", code=90, count=2, skip=1, operation="Capabilities")
    assert service.call("FinalizeExport")[0] == 200
    assert [service.call("Capabilities")[0] for _ in range(4)] == [200, 500, 500, 200]
    trouble(em, "redirect", count=4)
    for _ in range(4):
        _, root = service.call("FinalizeExport")
        assert root.findtext(".//{%s}Url" % CHANGE) == em.url + "/provisioningservice.svc"
    trouble(em, "redirect", to="https://evil.example/provisioningservice.svc")
    _, root = service.call("FinalizeExport")
    assert root.findtext(".//{%s}Url" % CHANGE).startswith("https://evil.example/")
    for bad in ({"kind": "unkind"}, {"kind": "busy", "operation": 7}, {"kind": "busy", "cuont": 1}, 7):
        assert em.request("POST", "/emulator/service", {"faults": [bad]})[0] == 400
    assert em.request("POST", "/emulator/service", {"faults": "busy"})[0] == 400


def test_answers_of_something_in_between(em):
    service = Service(em)
    trouble(em, "html500", "html200")
    trouble(em, "unavailable", retryAfter=7)
    for expected in (500, 200, 503):
        status, body = raw(service, "FinalizeExport")
        assert status == expected and body.startswith(b"<!DOCTYPE html>")
    assert service.call("FinalizeExport")[0] == 200


def test_faults_of_an_object(em):
    service = Service(em)
    trouble(em, "failure", sourceAnchor=ANCHORS[2], text="Not this one.")
    trouble(em, "warning", sourceAnchor=ANCHORS[3])
    things = [thing("User", ANCHORS[i], userPrincipalName="u%d@fjordline.example" % i, alias="u%d" % i,
                    displayName="User %d" % i, accountEnabled=True) for i in (1, 2, 3)]
    results = service.provision(*things)
    assert [r[0] for r in results] == ["Success", "Failure", "Success"]
    assert results[1][1] == "Not this one." and "some modified properties" in results[2][1]
    assert not Graph(em).find("users", "User 2") and Graph(em).find("users", "User 3")


def test_the_same_answer_in_other_words(em):
    service = Service(em)
    user(service, 1, countryCode=47, description="Ålesund 𝛼", otherTelephone=["1", "2"])
    for operation in ("GetCompanyConfiguration", "ReadBackAzureADSyncObjects2"):
        plain = raw(service, operation)[1]
        for kind in ("inline", "utf16", "twoTexts"):
            trouble(em, kind)
            status, other = raw(service, operation)
            assert status == 200 and other != plain
            assert xml(other) == xml(plain)
        for kind, member in (("arrays", b"Codes"), ("unknownMembers", b"Novelty")):
            trouble(em, kind)
            status, other = raw(service, operation)
            assert member in other and member not in plain
            assert len(list(nbfx.read(other, WORDS).iter())) > len(list(nbfx.read(plain, WORDS).iter()))
        trouble(em, "gzip")
        assert xml(gzip.decompress(raw(service, operation)[1])) == xml(plain)
        trouble(em, "truncated", bytes=100)
        assert raw(service, operation)[1] == plain[:100]


def test_connections_that_end(em):
    service = Service(em)
    values = dict(userPrincipalName="u1@fjordline.example", alias="u1", accountEnabled=True)
    trouble(em, "closedBefore", count=2)  # the client asks once more
    with pytest.raises(OSError):
        service.provision(thing("User", ANCHORS[1], displayName="before", **values))
    assert not Graph(em).find("users", "before")
    trouble(em, "closedAfter", count=2)
    with pytest.raises(OSError):
        service.provision(thing("User", ANCHORS[1], displayName="after", **values))
    assert Graph(em).find("users", "after")
    trouble(em, "html500", afterWork=True)
    assert raw(service, "ProvisionAzureADSyncObjects")[0] == 500
    trouble(em, "cut", bytes=10, count=2)
    with pytest.raises((OSError, HTTPException)):
        service.provision(thing("User", ANCHORS[1], displayName="cut", **values))
    assert Graph(em).find("users", "cut")
    trouble(em, "delayed", delayMs=50)
    assert service.call("FinalizeExport")[0] == 200


def test_an_object_that_is_taken_and_forgotten(em):
    service = Service(em)
    user(service, 1)
    for n, what in enumerate(({"count": 1}, {"sourceAnchor": ANCHORS[1]})):
        em.service_fault("ignored", **what)
        if n:
            user(service, 2)
        user(service, 1, title="Cook")
        assert Graph(em).find("users", "User 1")["jobTitle"] is None
    user(service, 1, title="Cook")
    assert Graph(em).find("users", "User 1")["jobTitle"] == "Cook"
    stats = em.stats()
    assert (stats["provisions"], stats["provisionObjects"], stats["writes"]) == (5, 5, 3)
