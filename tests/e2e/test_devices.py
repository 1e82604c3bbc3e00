"""Devices of Entra: the emulator's, and their import where rules read them."""
import base64
import json
import os
import uuid

import pytest
from lab import (AAD, ADMIN_APP, GRAPH_APP, ROOT, SURFACES, SYNC_APP, Company, Emulator, Graph, code,
                 delta, q)
from proxy import edit, in_front

READER = ("0a1b2c3d-0000-4000-8000-000000000009", "change-me-reader")
ROLES = {"service": ["ADSynchronization.ReadWrite.All", "User.Read.All", "Group.Read.All",
                     "OrgContact.Read.All"],
         "graph": ["User.ReadWrite.All", "Group.ReadWrite.All", "OrgContact.Read.All"]}
FROM_AAD = {
    "name": "In from AAD - Device Join", "precedence": 50, "direction": "Inbound",
    "connectorType": "entra", "sourceObjectType": "device", "targetObjectType": "device",
    "linkType": "Provision", "join": [[{"csAttribute": "deviceId", "mvAttribute": "deviceId"}]],
    "flows": [{"dest": name, "source": name} for name in (
        "deviceId", "cloudDisplayName", "cloudAccountEnabled", "cloudDeviceOSType",
        "cloudDeviceOSVersion", "deviceTrustType", "deviceObjectVersion", "isManaged",
        "isCompliant", "devicePhysicalIds", "alternativeSecurityId")]}
TO_AAD = {
    "name": "Out to AAD - Device", "precedence": 51, "direction": "Outbound",
    "connectorType": "entra", "sourceObjectType": "device", "targetObjectType": "device",
    "linkType": "Provision", "join": [[{"csAttribute": "deviceId", "mvAttribute": "deviceId"}]],
    "scope": [[{"attribute": "sourceAnchor", "operator": "ISNOTNULL"}]],
    "flows": [{"dest": "sourceAnchor", "source": "sourceAnchor"},
              {"dest": "displayName", "source": "displayName"}]}
TO_AAD_BY_ID = dict(TO_AAD, flows=[
    *TO_AAD["flows"], {"dest": "deviceId", "source": "deviceId"}])
EXPORTED, CONFIRMED = 3, 4  # of enum export_state
KEY = "X509:<SHA1-TP-PUBKEY>8A1B"


def device(name, device_id=None, **more):
    out = {"displayName": name, "deviceId": device_id or str(uuid.uuid4()), "accountEnabled": True,
           "operatingSystem": "Windows", "operatingSystemVersion": "10.0.26100",
           "alternativeSecurityIds": [{"type": 2, "identityProvider": None, "key": base64.b64encode(
               KEY.encode("utf-16-le")).decode()}]}
    out.update(more)
    return out


def make(graph, *args, **more):
    status, answer = graph.call("POST", "/devices", device(*args, **more))
    assert status == 201, answer
    return answer["id"]


# --- the emulator ---

@pytest.fixture
def em(tmp_path):
    one = Emulator(str(tmp_path), "--memory")
    yield one
    one.stop()


def test_create_read_change_delete(em):
    admin = Graph(em, ADMIN_APP)
    guid = str(uuid.uuid4())
    one = make(admin, "PC1", guid, trustType="ServerAd", isManaged=True, deviceVersion=2,
               physicalIds=["[GID]:g:1", "[HWID]:h:2"],
               approximateLastSignInDateTime="2026-08-01T10:00:00+02:00")
    got = admin.get("/devices/" + one)
    assert got["deviceId"] == guid and got["trustType"] == "ServerAd" and got["deviceVersion"] == 2
    assert got["approximateLastSignInDateTime"] == "2026-08-01T08:00:00Z"
    assert got["physicalIds"] == ["[GID]:g:1", "[HWID]:h:2"] and got["isCompliant"] is None
    assert got["profileType"] == "RegisteredDevice" and got["onPremisesSyncEnabled"] is None
    assert got["alternativeSecurityIds"][0]["type"] == 2
    admin.patch("/devices/" + one, {"isCompliant": True, "operatingSystemVersion": "11"})
    assert admin.get("/devices/%s?$select=isCompliant" % one)["isCompliant"] is True
    assert admin.find("devices", guid, "deviceId")["id"] == one
    assert admin.get(q("/devices?$filter=startswith(displayName,'PC') and isManaged eq true"))["value"]
    assert admin.call("GET", q("/devices?$filter=deviceVersion eq 2"))[0] == 400
    assert admin.get("/devices/$count") == 1
    group = admin.call("POST", "/groups", {"displayName": "PCs", "mailNickname": "pcs",
                                           "mailEnabled": False, "securityEnabled": True})[1]["id"]
    assert admin.call("POST", "/groups/%s/members/$ref" % group,
                      {"@odata.id": em.url + "/v1.0/devices/" + one})[0] == 204
    assert [o["displayName"] for o in admin.get("/devices/%s/memberOf" % one)["value"]] == ["PCs"]
    assert admin.call("DELETE", "/devices/" + one)[0] == 204
    assert admin.members(group) == []
    assert code(admin.call("GET", "/devices/" + one)) == (404, "Request_ResourceNotFound")
    for path in ("/directory/deletedItems/" + one, "/directory/deletedItems/microsoft.graph.device"):
        assert admin.call("GET", path)[0] == 404
    assert admin.call("POST", "/directory/deletedItems/%s/restore" % one)[0] == 404
    assert em.stats()["devices"] == 0


@pytest.mark.parametrize("change, words", [
    ({"deviceId": None}, "required for property 'deviceId'"),
    ({"operatingSystem": None}, "required for property 'operatingSystem'"),
    ({"operatingSystemVersion": None}, "required for property 'operatingSystemVersion'"),
    ({"accountEnabled": None}, "required for property 'accountEnabled'"),
    ({"displayName": None}, "required for property 'displayName'"),
    ({"alternativeSecurityIds": []}, "required for property 'alternativeSecurityIds'"),
    ({"deviceId": "PC1"}, "property 'deviceId'"),
    ({"deviceId": "11111111-2222-4333-8444-555555555555"}, "same value for property deviceId"),
    ({"alternativeSecurityIds": [{"key": "*"}]}, "property 'alternativeSecurityIds'"),
    ({"alternativeSecurityIds": ["x"]}, "property 'alternativeSecurityIds'"),
    ({"trustType": "Friend"}, "property 'trustType'"),
    ({"profileType": "Toaster"}, "property 'profileType'"),
    ({"deviceVersion": "2"}, "property 'deviceVersion'"),
    ({"deviceVersion": 3000000000}, "property 'deviceVersion'"),
    ({"isManaged": "yes"}, "property 'isManaged'"),
    ({"onPremisesSyncEnabled": True}, "read-only"),
    ({"mailNickname": "pc"}, "does not exist on type 'microsoft.graph.device'"),
    ({"manager@odata.bind": "x"}, "does not exist"),
])
def test_refused(em, change, words):
    admin = Graph(em, ADMIN_APP)
    make(admin, "Other", "11111111-2222-4333-8444-555555555555")
    status, answer = admin.call("POST", "/devices", device("PC1", **{"device_id": None, **{
        k: v for k, v in change.items() if k != "deviceId"}}) | change)
    assert status == 400 and words in answer["error"]["message"], answer
    assert em.stats()["devices"] == 1


def test_device_id_stays(em):
    admin = Graph(em, ADMIN_APP)
    one = make(admin, "PC1")
    status, answer = admin.call("PATCH", "/devices/" + one, {"deviceId": str(uuid.uuid4())})
    assert status == 400 and "deviceId" in answer["error"]["message"]


def test_no_manager(em):
    """A device has no manager and is none."""
    admin = Graph(em, ADMIN_APP)
    one = make(admin, "PC1")
    who = admin.call("POST", "/users", {
        "userPrincipalName": "anna@fjordline.example", "displayName": "anna",
        "accountEnabled": True, "mailNickname": "anna",
        "passwordProfile": {"password": "Aa1!aaaa"}})[1]["id"]
    link = {"@odata.id": em.url + "/v1.0/directoryObjects/" + one}
    assert admin.call("PUT", "/users/%s/manager/$ref" % who, link)[0] == 404
    assert admin.call("PATCH", "/users/" + who, {
        "manager@odata.bind": em.url + "/v1.0/directoryObjects/" + one})[0] == 404
    assert admin.call("GET", "/devices/%s/manager" % one)[0] == 400
    assert admin.call("GET", "/devices?$select=manager")[0] == 400
    assert admin.call("GET", "/devices/%s/onPremisesSyncBehavior" % one)[0] == 400
    assert admin.call("GET", "/devices?$count=true&$filter=onPremisesSyncBehavior/isCloudManaged"
                      "%20eq%20true")[0] == 400


def test_delta(em):
    admin = Graph(em, ADMIN_APP)
    admin.headers["Prefer"] = "odata.maxpagesize=2"
    ids = [make(admin, "PC%d" % i) for i in range(5)]
    objects, link = delta(admin, "/v1.0/devices/delta?$select=displayName,isManaged")
    assert [(o["id"], o["displayName"]) for o in objects] == [
        (ids[i], "PC%d" % i) for i in range(5)]
    assert delta(admin, link)[0] == []
    admin.patch("/devices/" + ids[1], {"isManaged": True})
    admin.patch("/devices/" + ids[2], {"isCompliant": True})  # not selected
    admin.call("DELETE", "/devices/" + ids[3])
    objects, link = delta(admin, link)
    assert [(o["id"], o.get("isManaged"), o.get("@removed")) for o in objects] == [
        (ids[1], True, None), (ids[3], None, {"reason": "deleted"})]
    assert delta(admin, link)[0] == []
    status, answer = admin.call("GET", "/devices/delta?$deltatoken=old")
    assert (status, answer["error"]["code"]) == (410, "syncStateNotFound")


def test_roles(em):
    """Synchronization has no right of its own to them, and writes none whatever it has."""
    admin = Graph(em, ADMIN_APP)
    one = make(admin, "PC1")
    for app in (SYNC_APP, GRAPH_APP):
        client = Graph(em, app)
        for method, path, body in (("GET", "/devices", None), ("GET", "/devices/delta", None),
                                   ("GET", "/devices/" + one, None), ("GET", "/devices/$count", None),
                                   ("GET", "/directoryObjects/" + one, None),
                                   ("POST", "/devices", device("PC2")),
                                   ("PATCH", "/devices/" + one, {"isManaged": True}),
                                   ("DELETE", "/devices/" + one, None)):
            assert code(client.call(method, path, body)) == (403, "Authorization_RequestDenied")
    assert em.stats()["devices"] == 1


# --- the import ---

def tenant_file(folder):
    """One more application: what the lab's has, and the right to read devices."""
    with open(ROOT + "/conf/tenant.sample.json", encoding="utf-8") as f:
        tenant = json.load(f)
    for kind, roles in ROLES.items():
        tenant["applications"].append({
            "appId": READER[0][:-1] + ("8" if kind == "graph" else "9"), "secret": READER[1],
            "displayName": "with devices", "roles": roles + ["Device.Read.All"]})
    path = os.path.join(str(folder), "tenant.json")
    with open(path, "w", encoding="utf-8") as f:
        json.dump(tenant, f)
    return path


def company():
    out = Company()
    out.user("anna")
    for name in ("PC1", "PC2"):
        out.add(name, "OU=Computers", ["person", "organizationalPerson", "user", "computer"],
                sAMAccountName=name + "$", objectSid=out.principal(), operatingSystem="Windows 11",
                userAccountControl="4096")
    out.group("Crew", [out.dn_of("anna"), out.dn_of("PC1")])
    return out


def reader(surface):
    return (READER[0][:-1] + ("8" if surface == "graph" else "9"), READER[1])


def plain(surface):
    return GRAPH_APP if surface == "graph" else SYNC_APP


def as_app(lab, app):
    lab.write_secret(app[1])
    lab.sign_in = "client_id = %s\nclient_secret_file = %s" % (app[0], lab.secret)
    lab.write_config()


def with_rules(lab, *rules):
    folder = os.path.join(lab.folder, "rules.d")
    os.makedirs(folder, exist_ok=True)
    with open(folder + "/own.json", "w", encoding="utf-8") as f:
        json.dump({"rules": list(rules)}, f)
    lab.write_config()


@pytest.fixture(params=SURFACES)
def lab(request, make_lab, tmp_path):
    one = make_lab(company(), surface=request.param, app=reader(request.param),
                   tenant=tenant_file(tmp_path))
    with_rules(one, FROM_AAD)
    return one


def guid_of(lab, name):
    return str(uuid.UUID(bytes_le=lab.company.of(name)["objectGUID"][0]))


def asked(lab):
    """Requests about devices, but for those of the test itself."""
    return sum("/devices" in r["path"] for r in lab.emulator.requests())


def rows(lab):
    """{device's id in Entra: (is it imported, DNs of AD's objects that it is joined with or ())}"""
    out = {}
    for anchor, there, mv in lab.db(
            "SELECT cs.anchor, cs.imported IS NOT NULL AND NOT cs.deleted, cs.mv FROM cs "
            "JOIN connector c ON c.id = cs.connector WHERE c.name = ? AND cs.class = 'device'", AAD):
        joined = [dn for dn, in lab.db(
            "SELECT cs.dn FROM cs JOIN connector c ON c.id = cs.connector "
            "WHERE c.type = 'ad' AND cs.mv = ?", mv or -1)]
        assert anchor is None or anchor.startswith("Device_")
        out[(anchor or "")[len("Device_"):]] = (there, mv is not None, tuple(joined))
    return out


def shown(lab, name):
    """The metaverse object of a device, as attribute -> value or list."""
    lab.start()
    try:
        return lab.ctl_json("mv", "show", name)
    finally:
        lab.daemon.stop()
        lab.daemon = None


def writes(lab):
    return {name: lab.emulator.stats()[name] for name in ("writes", "creates", "deletes")}


def test_join_and_project(lab):
    """By deviceId = objectGUID one of each, and a device that AD does not know becomes one."""
    graph = lab.graph
    joined = make(graph, "PC1 in the cloud", guid_of(lab, "PC1").upper(), trustType="ServerAd",
                  physicalIds=["[GID]:g:1"], deviceVersion=2, isCompliant=True)
    alone = make(graph, "Phone", trustType="Workplace", operatingSystem="iOS")
    before = graph.all("/devices")
    lab.cycle()
    assert rows(lab) == {joined: (1, True, (lab.company.dn_of("PC1"),)), alone: (1, True, ())}
    assert lab.db("SELECT count(*) FROM mv WHERE class = 'device' AND NOT deleted") == [(3,)]
    text = json.dumps(shown(lab, lab.company.dn_of("PC1")))
    for part in ("PC1 in the cloud", "ServerAd", "[GID]:g:1", KEY, "10.0.26100"):
        assert part in text, (part, text)
    # nothing of it is written, then or later
    done = writes(lab)
    graph.patch("/devices/" + joined, {"displayName": "PC1 renamed"})
    own = make(graph, "New")
    r = lab.cycle()
    assert r.counter("export-add") + r.counter("export-update") + r.counter("export-delete") == 0
    assert writes(lab) == dict(done, writes=done["writes"] + 2, creates=done["creates"] + 1)
    assert {o["id"] for o in before} | {own} == {o["id"] for o in graph.all("/devices")}


def test_changes(lab):
    """A delta query tells what changed, what is new and what is gone."""
    graph = lab.graph
    one, two = make(graph, "PC1", guid_of(lab, "PC1")), make(graph, "Phone")
    lab.cycle()
    lab.cycle()
    graph.patch("/devices/" + one, {"operatingSystemVersion": "12.1", "isManaged": True})
    graph.call("DELETE", "/devices/" + two)
    three = make(graph, "PC2", guid_of(lab, "PC2"))
    r = lab.cycle()
    counters = r.step(AAD, "import")["counters"]
    assert (counters.get("stage-update"), counters.get("stage-delete"), counters.get("stage-add")) \
        == (1, 1, 1), counters
    assert rows(lab) == {one: (1, True, (lab.company.dn_of("PC1"),)),
                         three: (1, True, (lab.company.dn_of("PC2"),))}
    assert "12.1" in json.dumps(shown(lab, lab.company.dn_of("PC1")))
    assert lab.db("SELECT count(*) FROM mv WHERE class = 'device' AND NOT deleted") == [(2,)]
    # the computer goes, the device stays
    lab.company.delete("PC1")
    lab.write()
    lab.cycle()
    assert rows(lab)[one] == (1, True, ())
    lab.cycle("initial")
    assert set(rows(lab)) == {one, three} and {o["id"] for o in graph.all("/devices")} == {one, three}


def test_nothing_is_asked_without_rules(make_lab, tmp_path):
    for surface in SURFACES:
        lab = make_lab(company(), surface=surface, tenant=tenant_file(tmp_path),
                       app=plain(surface))
        make(lab.graph, "PC1", guid_of(lab, "PC1"))
        own = asked(lab)
        for profile in ("delta", "delta", "initial"):
            r = lab.cycle(profile)
            assert 6990 not in r.events or "devices" not in r.log
        # a rule that makes devices reads none where none can be sent
        with_rules(lab, dict(TO_AAD))
        lab.run()
        assert (asked(lab) == own) == (surface == "graph")
        assert {"/" + name for name in ("users", "groups", "contacts")} <= {
            r["path"].split("v1.0")[-1].split("/delta")[0] for r in lab.emulator.requests()}


def test_the_right_is_missing(lab):
    """Told once; users are imported, and what is known of devices stays."""
    graph, surface = lab.graph, lab.surface
    as_app(lab, plain(surface))
    phone = make(graph, "Phone")
    r = lab.cycle()
    assert lab.emulator.stats()["users"] == 1 and rows(lab) == {}
    assert r.log.count("Device.Read.All") == 1 and 6990 in r.events, r.log
    for profile in ("delta", "initial", "delta"):
        r = lab.cycle(profile)
        assert "Device.Read.All" not in r.log
    # granted: what was there before is read as well
    as_app(lab, reader(surface))
    gone = make(graph, "Gone")
    lab.cycle()
    assert set(rows(lab)) == {phone, gone}
    # and taken away again
    as_app(lab, plain(surface))
    graph.call("DELETE", "/devices/" + gone)
    lab.company.user("bo")
    lab.write()
    assert "Device.Read.All" in lab.cycle().log
    for profile in ("delta", "initial"):
        assert "Device.Read.All" not in lab.cycle(profile).log
    assert set(rows(lab)) == {phone, gone} and all(r[:2] == (1, True) for r in rows(lab).values())
    assert lab.emulator.stats()["users"] == 2
    # a device that went meanwhile is seen when the right is back
    as_app(lab, reader(surface))
    lab.cycle()
    assert set(rows(lab)) == {phone}


def test_the_right_ends_within_a_list(lab):
    """The pages that came stand, and none of the others is gone."""
    ids = {make(lab.graph, "PC %d" % i) for i in range(30)}
    lab.cycle()
    lab.write_config(aad="page_size = 10")
    lab.emulator.fault(match="GET /v1.0/devices/delta", skip=1, count=1, status=403)
    r = lab.cycle("initial")
    assert "Device.Read.All" in r.log and set(rows(lab)) == ids
    r = lab.cycle()
    assert set(rows(lab)) == ids and "Device.Read.All" not in r.log


def test_rules_go_and_devices_stay(lab):
    """Without their rules devices are no longer asked for; none is deleted for that."""
    ids = {make(lab.graph, "PC %d" % i) for i in range(60)}
    lab.cycle()
    assert set(rows(lab)) == ids
    with_rules(lab)
    own = asked(lab)
    lab.cycle()
    lab.cycle("initial")
    assert asked(lab) == own and {i: r[:2] for i, r in rows(lab).items()} == {
        i: (1, False) for i in ids}
    assert {o["id"] for o in lab.graph.all("/devices")} == ids
    # and they come back, as they are by then
    gone = ids.pop()
    lab.graph.call("DELETE", "/devices/" + gone)
    with_rules(lab, FROM_AAD)
    lab.cycle()
    assert {i: r[:2] for i, r in rows(lab).items()} == {i: (1, True) for i in ids}


def test_what_rules_want_of_devices_is_not_sent(make_lab, tmp_path):
    """Graph: an outbound rule, with objects that are there: neither written nor deleted."""
    lab = make_lab(company(), surface="graph", app=reader("graph"), tenant=tenant_file(tmp_path))
    with_rules(lab, FROM_AAD, TO_AAD)
    one = make(lab.graph, "PC1 in the cloud", guid_of(lab, "PC1"))
    made = lab.emulator.stats()["writes"]
    lab.run()
    lab.run()
    done = writes(lab)
    assert made < done["writes"]  # the user and the group
    for name in ("PC1", "PC2"):
        lab.company.delete(name)
    lab.write()
    r = lab.run()
    assert r.counter("export-delete") == 0
    assert lab.db("SELECT count(*) FROM cs WHERE class = 'device' AND want = 2") == [(0,)]
    assert lab.graph.get("/devices/" + one)["displayName"] == "PC1 in the cloud"
    assert writes(lab)["deletes"] == 0 and writes(lab)["creates"] == done["creates"]


@pytest.mark.parametrize("order", ["cloud first", "ours first"])
def test_a_device_that_joined_itself_is_exported(make_lab, tmp_path, order):
    """Service: rules in both directions find one object, whoever made it, and it keeps its name."""
    lab = make_lab(company(), app=reader("service"), tenant=tenant_file(tmp_path))
    with_rules(lab, FROM_AAD, TO_AAD_BY_ID)
    if order == "cloud first":
        one = make(lab.graph, "PC1 in the cloud", guid_of(lab, "PC1"))
        lab.cycle()
    else:
        lab.cycle()
        one = lab.graph.find("devices", guid_of(lab, "PC1"), "deviceId")["id"]
    for profile in ("delta", "initial", "delta"):
        r = lab.cycle(profile)
        assert r.counter("export-add") + r.counter("export-update") + \
            r.counter("export-delete") == 0, r.log
    assert sorted(d["displayName"] for d in lab.graph.all("/devices")) == ["PC1", "PC2"]
    assert lab.graph.get("/devices/" + one)["displayName"] == "PC1"
    assert lab.db("SELECT count(*) FROM cs WHERE class = 'device' AND dn = anchor") == [(0,)]
    # what changes later is sent, and it goes with its object
    lab.company.of("PC1")["displayName"] = [b"PC1 renamed"]
    lab.write()
    lab.cycle()
    assert lab.graph.get("/devices/" + one)["displayName"] == "PC1 renamed"
    lab.company.delete("PC1")
    lab.write()
    lab.cycle()
    assert [d["displayName"] for d in lab.graph.all("/devices")] == ["PC2"]


def test_what_is_sent_and_cannot_be_read(make_lab, tmp_path):
    """Service without the right to read devices: sent once, neither missing nor confirmed."""
    lab = make_lab(company(), surface="service", app=plain("service"), tenant=tenant_file(tmp_path))
    with_rules(lab, FROM_AAD, TO_AAD_BY_ID)
    states = "SELECT DISTINCT state, imported IS NULL FROM cs WHERE class = 'device' AND want = 1"

    def logs(*profiles):
        return [lab.cycle(profile).log for profile in profiles]

    told = "".join(logs("delta", "delta", "initial", "delta"))
    assert told.count("Device.Read.All") == 1 and "what is exported of them is not confirmed" in told
    assert sorted(d["displayName"] for d in lab.graph.all("/devices")) == ["PC1", "PC2"]
    assert lab.db(states) == [(EXPORTED, 1)]
    made = writes(lab)
    # a change is sent, and a device that goes is deleted
    lab.company.of("PC1")["displayName"] = [b"PC1 renamed"]
    lab.company.delete("PC2")
    lab.write()
    logs("delta", "delta", "initial")
    assert writes(lab) == {"writes": made["writes"] + 2, "creates": made["creates"],
                           "deletes": made["deletes"] + 1}
    assert [d["displayName"] for d in lab.graph.all("/devices")] == ["PC1 renamed"]
    # granted: confirmed
    as_app(lab, reader("service"))
    logs("delta", "delta")
    assert lab.db(states) == [(CONFIRMED, 0)]
    assert writes(lab)["writes"] == made["writes"] + 2


def test_members_that_are_devices_stay(lab):
    """A device in a group is no business of rules that cannot send one."""
    pc = make(lab.graph, "PC1", guid_of(lab, "PC1"))
    lab.cycle()
    group = lab.graph.find("groups", "Crew")["id"]
    admin = Graph(lab.emulator, ADMIN_APP)
    status, _ = admin.call("POST", "/groups/%s/members/$ref" % group,
                           {"@odata.id": lab.emulator.url + "/v1.0/devices/" + pc})
    if lab.surface == "service":  # which is read-only to everybody else
        assert status == 400
        return
    assert status == 204
    for profile in ("delta", "initial", "delta"):
        lab.cycle(profile)
    assert lab.graph.members(group) == ["PC1", "anna"]


@pytest.mark.parametrize("wrong, text", [
    ({"deviceId": "PC1"}, "deviceId: a GUID was expected"),
    ({"deviceId": 7}, "deviceId: a GUID was expected"),
    ({"deviceVersion": "2"}, "deviceVersion: a whole number was expected"),
    ({"physicalIds": ["a\0b"]}, "physicalIds: the text holds a NUL character"),
    ({"alternativeSecurityIds": [{"key": "*"}]}, "a key in base64 was expected"),
    ({"alternativeSecurityIds": {}}, "alternativeSecurityIds: a list was expected"),
    ({"approximateLastSignInDateTime": "soon"}, "a time was expected"),
    ({"isManaged": "yes"}, "isManaged: true or false was expected"),
])
def test_one_device_that_cannot_be_read(make_lab, tmp_path, wrong, text):
    """... is an error of its own; the others and the users are imported."""
    lab = make_lab(company(), app=reader("service"), tenant=tenant_file(tmp_path))
    with_rules(lab, FROM_AAD)
    bad, good = make(lab.graph, "Bad"), make(lab.graph, "Good")

    def change(line, status, data):
        if "/devices/delta" not in line:
            return None
        return status, edit(data, lambda b: [o.update(wrong) for o in b["value"] if o["id"] == bad])

    with in_front(lab, change):
        r = lab.run()
    assert r.step(AAD, "import")["result"] == "completed-discovery-errors", (r.result, r.log)
    assert text in r.log and rows(lab)[good][:2] == (1, True), r.log
    assert lab.emulator.stats()["users"] == 1
    lab.graph.patch("/devices/" + bad, {"displayName": "Good now"})
    lab.write_config()
    lab.cycle("initial")
    assert rows(lab)[bad][:2] == (1, True)


def test_a_key_that_is_no_text(make_lab, tmp_path):
    """It is kept as Graph has it."""
    lab = make_lab(company(), app=reader("service"), tenant=tenant_file(tmp_path))
    with_rules(lab, FROM_AAD)
    key = base64.b64encode(bytes(range(200, 221))).decode()
    make(lab.graph, "PC1", guid_of(lab, "PC1"),
         alternativeSecurityIds=[{"type": 2, "identityProvider": None, "key": key}])
    lab.cycle()
    assert key in json.dumps(shown(lab, lab.company.dn_of("PC1")))


def test_connector_test(lab):
    """It counts the devices and names the right that is missing."""
    make(lab.graph, "PC1")
    lab.start()
    try:
        assert "1 devices" in lab.ctl("connector", "test", AAD).stdout
    finally:
        lab.daemon.stop()
        lab.daemon = None
    as_app(lab, plain(lab.surface))
    lab.start()
    try:
        done = lab.ctl("connector", "test", AAD)
    finally:
        lab.daemon.stop()
        lab.daemon = None
    assert "Device.Read.All" in done.stdout, done.stdout + done.stderr
