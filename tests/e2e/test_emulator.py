"""The emulator by itself: sign-in, rights, state table, queries, delta, batches, persistence."""
import base64
import contextlib
import json
import os
import sqlite3
import urllib.error
import urllib.request
import ssl

import pytest
from lab import (ADMIN_APP, GRAPH_APP, ROOT, SYNC_APP, TENANT, Emulator, Graph, Sync, code,
                 delta, parse)
from service import Refused

USER = {"accountEnabled": True, "displayName": "Anna Ås", "mailNickname": "anna",
        "userPrincipalName": "anna@fjordline.example", "passwordProfile": {"password": "Aa1!aaaa"}}


@pytest.fixture
def em(tmp_path):
    one = Emulator(str(tmp_path))
    yield one
    one.stop()


def anchored(name, **more):
    return dict({"onPremisesImmutableId": base64.b64encode(name.encode()).decode(),
                 "displayName": name, "mailNickname": name}, **more)


def synced(sync, name="anna", **more):
    return sync.post("users", anchored(name, userPrincipalName=name + "@fjordline.example", **more))


def crew(admin):
    """A group of the cloud."""
    return admin.call("POST", "/groups", {"displayName": "g", "mailNickname": "g",
                                          "mailEnabled": False, "securityEnabled": True})[1]["id"]


def sign_in(em, tenant, **form):
    rq = urllib.request.Request("%s/%s/oauth2/v2.0/token" % (em.url, tenant),
                                "&".join("%s=%s" % x for x in form.items()).encode())
    try:
        with urllib.request.urlopen(rq, context=ssl.create_default_context(cafile=em.ca)) as a:
            return a.status, parse(a.read())
    except urllib.error.HTTPError as e:
        return e.code, parse(e.read())


def test_sign_in(em):
    good = dict(grant_type="client_credentials", client_id=SYNC_APP[0], client_secret=SYNC_APP[1],
                scope="x")
    status, answer = sign_in(em, TENANT, **good)
    assert status == 200 and answer["token_type"] == "Bearer" and answer["expires_in"] == 3599
    for change, status, error in (
            ({"client_secret": "x"}, 401, "invalid_client"),
            ({"client_id": "x"}, 400, "unauthorized_client"),
            ({"grant_type": "password"}, 400, "unsupported_grant_type")):
        got, answer = sign_in(em, TENANT, **dict(good, **change))
        assert (got, answer["error"]) == (status, error) and "AADSTS" in answer["error_description"]
    assert sign_in(em, "other", **good)[0] == 400
    config = em.request("GET", "/%s/v2.0/.well-known/openid-configuration" % TENANT)[1]
    assert config["token_endpoint"].startswith(em.url)
    for token in ("", "Bearer x", "Bearer a.b.c", "Basic x"):
        status, answer = em.request("GET", "/v1.0/users", None, {"Authorization": token})
        assert (status, answer["error"]["code"]) == (401, "InvalidAuthenticationToken")
    token = Graph(em, GRAPH_APP).headers["Authorization"]
    forged = token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB")
    assert em.request("GET", "/v1.0/users", None, {"Authorization": forged})[0] == 401


def test_rights_and_strictness(em):
    admin, public, sync = Graph(em, ADMIN_APP), Graph(em, GRAPH_APP), Sync(em)
    who = synced(sync, jobTitle="Pilot")
    # a synced object is read-only for everybody else
    assert code(admin.call("PATCH", "/users/" + who, {"jobTitle": "x"})) == (400, "Request_BadRequest")
    assert code(admin.call("DELETE", "/users/" + who)) == (400, "Request_BadRequest")
    assert code(public.call("PATCH", "/users/%s/onPremisesSyncBehavior" % who,
                            {"isCloudManaged": True})) == (403, "Authorization_RequestDenied")
    assert code(public.call("GET", "/auditLogs/directoryAudits"))[0] == 403
    # unknown and read-only properties, wrong types, missing ones
    for body in ({"colour": "x"}, {"onPremisesSyncEnabled": True}, {"proxyAddresses": ["SMTP:a@b"]},
                 {"onPremisesSamAccountName": "x"}, {"accountEnabled": "yes"}, {"jobTitle": 7},
                 {"jobTitle": "x" * 129}, {"displayName": ""}, []):
        status, answer = admin.call("POST", "/users", dict(USER, **body) if body else body)
        assert status == 400, (body, answer)
    for missing in USER:
        body = {k: v for k, v in USER.items() if k != missing}
        assert code(admin.call("POST", "/users", body)) == (400, "Request_BadRequest"), missing
    assert admin.call("POST", "/users", dict(USER, userPrincipalName="a@elsewhere.example"))[0] == 400
    status, o = admin.call("POST", "/users", dict(USER, userPrincipalName="b@fjordline.example"))
    assert status == 201 and o["displayName"] == "Anna Ås"
    assert admin.call("POST", "/users", dict(USER, userPrincipalName="B@fjordline.example"))[0] == 400
    # names of properties in any case
    admin.patch("/users/" + o["id"], {"JOBTITLE": "Cook"})
    assert admin.get("/users/" + o["id"])["jobTitle"] == "Cook"
    assert code(admin.call("GET", "/users/00000000-0000-0000-0000-000000000000")) == (
        404, "Request_ResourceNotFound")
    assert admin.call("GET", "/nothing")[0] == 400
    assert admin.call("POST", "/contacts", {"displayName": "x"})[0] == 400
    assert sync.refusal("DELETE", "/users/" + o["id"]) == "DeletingCloudOnlyObjectNotAllowed"
    assert admin.call("POST", "/groups", {"displayName": "g", "mailNickname": "g",
                                          "mailEnabled": True, "securityEnabled": False})[0] == 400


@pytest.mark.parametrize("collection", ["users", "groups", "contacts"])
def test_state_table(em, collection):
    admin, sync = Graph(em, ADMIN_APP), Sync(em)
    body = {"onPremisesImmutableId": "abc=", "displayName": "x", "mailNickname": "x"}
    if collection == "groups":
        body.update(securityEnabled=True)
    who = sync.post(collection, body)
    path = "/%s/%s" % (collection, who)

    def now():
        return (admin.get(path + "/onPremisesSyncBehavior")["isCloudManaged"],
                admin.get(path + "?$select=onPremisesSyncEnabled")["onPremisesSyncEnabled"])

    assert now() == (False, True)
    admin.patch(path + "/onPremisesSyncBehavior", {"isCloudManaged": "true"})
    assert now() == (True, None)
    for verb, args in ((sync.patch, (path, {"displayName": "y"})), (sync.delete, (path,)),
                       (sync.post, (collection, body))):
        with pytest.raises(Refused, match="(?i)source of authority"):
            verb(*args)
    found = admin.get("/%s?$filter=onPremisesSyncBehavior/isCloudManaged%%20eq%%20true&$count=true"
                      "&$select=id" % collection)
    assert [x["id"] for x in found["value"]] == [who] and found["@odata.count"] == 1
    admin.patch(path + "/onPremisesSyncBehavior", {"iscloudmanaged": False})
    assert now() == (False, None)
    sync.patch(path, {})
    assert now() == (False, True)
    audits = [a["activityDisplayName"] for a in admin.get("/auditLogs/directoryAudits")["value"]]
    assert audits == ["Undo changes to Source of Authority from AD DS to cloud",
                      "Change Source of Authority from AD to cloud"]
    assert admin.call("PATCH", path + "/onPremisesSyncBehavior", {"isCloudManaged": 3})[0] == 400


def test_queries(em):
    admin, sync = Graph(em, ADMIN_APP), Sync(em)
    for i in range(25):
        synced(sync, "user%02d" % i, department="D%d" % (i % 2),
               proxyAddresses=["SMTP:user%02d@fjordline.example" % i])
    assert len(admin.all("/users?$top=10")) == 25
    page = admin.get("/users?$filter=department%20eq%20'D1'&$top=5&$count=true&$select=id,department")
    assert page["@odata.count"] == 12 and len(page["value"]) == 5
    assert set(page["value"][0]) == {"id", "department"}
    assert len(admin.all("/users?$filter=department%20eq%20'D1'&$top=5")) == 12

    def count(text):
        return len(admin.all("/users?$count=true&$filter=" + text.replace(" ", "%20")))

    assert count("startswith(displayName,'user1')") == 10
    assert count("displayName eq 'user01' or displayName eq 'user02'") == 2
    assert count("not (department eq 'D1')") == 13
    assert count("proxyAddresses/any(p:p eq 'smtp:user03@fjordline.example')") == 1
    assert count("onPremisesSyncEnabled ne true") == 0
    assert count("displayName eq 'it''s'") == 0
    for text in ("displayName", "displayName eq", "displayName eq 'x", "bogus eq 'x'", "(" * 50,
                 "displayName like 'x'", "displayName eq 'x')"):
        status, _ = admin.call("GET", "/users?$count=true&$filter=" + text.replace(" ", "%20"))
        assert status == 400, text
    assert admin.call("GET", "/users?$select=bogus")[0] == 400
    assert admin.call("GET", "/users?$top=0")[0] == 400
    assert admin.call("GET", "/users?$frobnicate=1")[0] == 400
    # the advanced query needs the header
    del admin.headers["ConsistencyLevel"]
    assert code(admin.call("GET", "/users?$filter=onPremisesSyncBehavior/isCloudManaged%20eq%20true"
                                  "&$count=true")) == (400, "Request_UnsupportedQuery")


def test_beta_and_directory_objects(em):
    admin = Graph(em, ADMIN_APP)
    who = synced(Sync(em), jobTitle="Pilot")
    for path in ("/beta/users/" + who, "/v1.0/users/" + who, "/v1.0/directoryObjects/" + who,
                 "/beta/users/anna@fjordline.example"):
        status, answer = em.request("GET", path, None, admin.headers)
        assert status == 200 and answer["jobTitle"] == "Pilot", path
    status, answer = em.request("GET", "/beta/users/delta()", None, admin.headers)
    assert status == 200 and answer["@odata.deltaLink"].startswith(em.url + "/beta/users/delta")


def test_delta(em):
    sync, admin = Sync(em), Graph(em, ADMIN_APP)
    ids = [synced(sync, "user%02d" % i) for i in range(20)]
    group = sync.post("groups", anchored("g", securityEnabled=True))
    admin.headers["Prefer"] = "odata.maxpagesize=7,return=minimal"
    objects, link = delta(admin, "/v1.0/users/delta?$select=displayName,jobTitle,manager")
    assert [o["id"] for o in objects] == ids and "jobTitle" not in objects[0]
    assert delta(admin, link)[0] == []
    sync.patch("/users/" + ids[3], {"jobTitle": "Cook"})
    sync.patch("/users/" + ids[4], {"department": "not selected"})
    sync.manager(ids[5], ids[0])
    sync.delete("/users/" + ids[6])
    objects, link = delta(admin, link)
    assert [(o["id"], o.get("jobTitle"), len(o.get("manager@delta", [])), o.get("@removed"))
            for o in objects] == [(ids[3], "Cook", 0, None), (ids[5], None, 1, None),
                                  (ids[6], None, 0, {"reason": "changed"})]
    # null is told, and the flip of the source of authority only by onPremisesSyncEnabled
    sync.patch("/users/" + ids[3], {"jobTitle": None})
    admin.patch("/users/%s/onPremisesSyncBehavior" % ids[3], {"isCloudManaged": True})
    objects, link = delta(admin, link)
    assert objects == [{"@odata.type": "#microsoft.graph.user", "id": ids[3], "jobTitle": None}]
    # members
    _, glink = delta(admin, "/v1.0/groups/delta?$select=displayName,members")
    sync.members(group, add=ids[7:10])
    objects, glink = delta(admin, glink)
    assert [m["id"] for m in objects[0]["members@delta"]] == ids[7:10]
    sync.members(group, remove=[ids[8]])
    objects, glink = delta(admin, glink)
    assert [(m["id"], "@removed" in m) for m in objects[0]["members@delta"]] == [(ids[8], True)]
    assert admin.members(group) == ["user07", "user09"]
    # tokens of another time
    for token in ("x", "00000000-0000-0000-0000-000000000000.1.0.", ""):
        status, answer = em.request("GET", "/v1.0/users/delta?$deltatoken=" + token, None,
                                    admin.headers)
        assert status == (410 if token else 410) and answer["error"]["code"] == "syncStateNotFound"
    _, latest = delta(admin, "/v1.0/users/delta?$deltatoken=latest")
    assert delta(admin, latest)[0] == []


def test_members(em):
    admin = Graph(em, ADMIN_APP)
    ids = [admin.call("POST", "/users", dict(
        USER, displayName="user%02d" % i, userPrincipalName="u%d@fjordline.example" % i))[1]["id"]
        for i in range(22)]
    group = crew(admin)

    def bind(list_of_ids):
        return admin.call("PATCH", "/groups/" + group, {"members@odata.bind": [
            "%s/v1.0/directoryObjects/%s" % (em.url, i) for i in list_of_ids]})

    assert bind(ids)[0] == 400  # over 20
    assert bind(ids[:20])[0] == 204
    status, answer = bind([ids[20], ids[0]])  # all or nothing
    assert status == 400 and "already exist" in answer["error"]["message"]
    assert len(admin.members(group)) == 20
    assert bind(["00000000-0000-0000-0000-000000000000"])[0] == 404
    assert bind([group])[0] == 400
    assert admin.call("POST", "/groups/%s/members/$ref" % group,
                     {"@odata.id": em.url + "/v1.0/directoryObjects/" + ids[20]})[0] == 204
    assert admin.call("DELETE", "/groups/%s/members/%s/$ref" % (group, ids[21]))[0] == 404
    # a deleted user is no member any more
    admin.call("DELETE", "/users/" + ids[0])
    assert "user00" not in admin.members(group)


def test_batch(em):
    admin = Graph(em, ADMIN_APP)
    json_type = {"Content-Type": "application/json"}

    def part(i, method, url, **more):
        return dict({"id": str(i), "method": method, "url": url}, **more)

    status, answer = admin.call("POST", "/$batch", {"requests": [
        part(1, "POST", "/users", headers=json_type, body=USER),
        part(2, "GET", "/v1.0/users?$select=id", dependsOn=["1"]),
        part(3, "GET", "/users/nobody"),
        part(4, "GET", "/users", dependsOn=["3"]),
        part(5, "POST", "/users", body={"displayName": "no content type"}),
        part(6, "POST", "/$batch", headers=json_type, body={"requests": []})]})
    assert status == 200
    got = {r["id"]: r["status"] for r in answer["responses"]}
    assert got == {"1": 201, "2": 200, "3": 404, "4": 424, "5": 400, "6": 400}
    assert admin.call("POST", "/$batch", {"requests": [part(i, "GET", "/users") for i in range(21)]}
                     )[0] == 400
    assert admin.call("POST", "/$batch", {})[0] == 400


def test_hostile_requests(em):
    admin = Graph(em, ADMIN_APP)
    headers = dict(admin.headers)
    for path in ("/v1.0/users/%zz", "/v1.0/" + "x/" * 40, "/v1.0/users?$filter=%00", "//", "/v1.0",
                 "/v1.0/groups/x/members/y/z/$ref"):
        status, _ = em.request("GET", path, None, headers)
        assert 400 <= status < 500, path
    deep = "[" * 5000 + "]" * 5000
    rq = urllib.request.Request(em.url + "/v1.0/users", deep.encode(), method="POST", headers=headers)
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(rq, context=ssl.create_default_context(cafile=em.ca))
    rq = urllib.request.Request(em.url + "/v1.0/users", b"x" * 5000000, method="POST",
                                headers=headers)
    with pytest.raises((urllib.error.HTTPError, urllib.error.URLError, ConnectionError)):
        urllib.request.urlopen(rq, context=ssl.create_default_context(cafile=em.ca))
    assert admin.get("/users")["value"] == []


def test_restart_keeps_everything(tmp_path):
    em = Emulator(str(tmp_path))
    sync, admin = Sync(em), Graph(em, ADMIN_APP)
    ids = [synced(sync, "user%d" % i) for i in range(5)]
    sync.manager(ids[1], ids[0])
    _, link = delta(admin, "/v1.0/users/delta?$select=displayName,manager")
    admin.patch("/users/%s/onPremisesSyncBehavior" % ids[2], {"isCloudManaged": True})
    sync.delete("/users/" + ids[3])
    port = int(em.url.rsplit(":", 1)[1])
    em.stop()
    em = Emulator(str(tmp_path), port=port)
    try:
        # also the token that was given before
        admin.emulator = sync.service.em = em
        assert len(admin.all("/users")) == 4
        assert admin.get("/users/%s/manager" % ids[1])["id"] == ids[0]
        assert admin.get("/users/%s/onPremisesSyncBehavior" % ids[2])["isCloudManaged"] is True
        assert len(admin.get("/auditLogs/directoryAudits")["value"]) == 1
        objects, _ = delta(admin, link)
        assert [o["id"] for o in objects if "@removed" in o] == [ids[3]]
        gone = admin.get("/directory/deletedItems/microsoft.graph.user")["value"]
        assert [o["id"] for o in gone] == [ids[3]]
        assert admin.call("POST", "/directory/deletedItems/%s/restore" % ids[3])[0] == 200
        assert len(admin.all("/users")) == 5
        sync.patch("/users/" + ids[4], {"jobTitle": "Cook"})
    finally:
        em.stop()


@pytest.mark.parametrize("text, words", [
    ("{", "expected"), ("[]", ""), ('{"tenantId": "x"}', "initialDomain"),
    ('{"tenantId": "x", "initialDomain": "y", "colour": 1}', "unknown key: colour"),
    ('{"tenantId": "x", "initialDomain": "y", "applications": [{"appId": "a", "secret": "b", '
     '"roles": ["No.Such.Role"]}]}', "No.Such.Role"),
    ('{"tenantId": "x\\"", "initialDomain": "y"}', 'x"'),
    ('{"tenantId": "x", "initialDomain": "y", "verifiedDomains": ["a b"]}', "a b"),
    ('{"tenantId": "x", "initialDomain": "y", "applications": [{"appId": "a/b", "secret": "b"}]}',
     "a/b")])
def test_bad_tenant_file(tmp_path, text, words):
    path = tmp_path / "bad.json"
    path.write_text(text)
    with pytest.raises(AssertionError) as caught:
        Emulator(str(tmp_path), tenant=str(path))
    assert "bad.json" in str(caught.value) and words in str(caught.value)


@pytest.mark.parametrize("sql, row", (
    ("UPDATE object SET type = 77", "table object, row 0"),
    ("UPDATE object SET links = x'63000000000000000100000000000000'", "table object, row 0"),
    ("UPDATE meta SET value = x'00' WHERE name = 'key'", "table meta, row key"),
), ids=("type", "links", "key"))
def test_damaged_state(tmp_path, sql, row):
    """It is refused by its file and row, and not served, nor overwritten."""
    em = Emulator(str(tmp_path))
    synced(Sync(em))
    em.stop()
    path = os.path.join(em.folder, "tenant.db")
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute(sql)
        db.commit()
    for _ in range(2):
        with pytest.raises(AssertionError) as failed:
            Emulator(str(tmp_path)).stop()
        assert path in str(failed.value) and row in str(failed.value)


def test_one_program(em):
    """It does not start itself again with an environment that it made."""
    with open("/proc/%d/environ" % em.process.popen.pid, "rb") as f:
        names = {x.partition(b"=")[0] for x in f.read().split(b"\0")}
    assert names - {b""} == {os.fsencode(name) for name in os.environ}


def test_sample_is_used():
    with open(ROOT + "/conf/tenant.sample.json", encoding="utf-8") as f:
        assert json.load(f)["tenantId"] == TENANT


def test_dates_of_employment(tmp_path):
    """Times are kept in UTC; employeeLeaveDateTime asks for a permission of its own."""
    with open(ROOT + "/conf/tenant.sample.json", encoding="utf-8") as f:
        tenant = json.load(f)
    path = tmp_path / "tenant.json"
    for roles in ([], ["User-LifeCycleInfo.Read.All"], ["User-LifeCycleInfo.ReadWrite.All"]):
        for app in tenant["applications"]:
            if app["appId"] == GRAPH_APP[0]:
                app["roles"] = ["User.ReadWrite.All"] + roles
        path.write_text(json.dumps(tenant), encoding="utf-8")
        folder = tmp_path / str(len(os.listdir(tmp_path)))
        folder.mkdir()
        em = Emulator(str(folder), tenant=str(path))
        try:
            graph = Graph(em, GRAPH_APP)
            who = "/users/" + graph.call("POST", "/users", USER)[1]["id"]
            for sent, kept in (("2026-08-01T08:00:00+02:00", "2026-08-01T06:00:00Z"),
                               ("2026-08-01T08:00:00.0000000Z", "2026-08-01T08:00:00Z"),
                               ("2026-07-31T23:30:00-01:30", "2026-08-01T01:00:00Z"), (None, None)):
                assert graph.call("PATCH", who, {"employeeHireDate": sent})[0] == 204
                assert graph.get(who + "?$select=employeeHireDate")["employeeHireDate"] == kept
            for wrong in ("soon", "20260801080000.0Z", "2026-08-01", "2026-04-31T00:00:00Z",
                          "2026-08-01T08:00:00", "2026-08-01T25:00:00Z", 7, ""):
                assert graph.call("PATCH", who, {"employeeHireDate": wrong})[0] == 400, wrong
            leave = {"employeeLeaveDateTime": "2026-09-30T23:59:59Z"}
            may_write, may_read = "ReadWrite" in str(roles), bool(roles)
            got = graph.call("PATCH", who, dict(leave, jobTitle="Cook"))
            assert (got[0] == 204) if may_write else (
                code(got) == (403, "Authorization_RequestDenied")), roles
            assert graph.get(who)["jobTitle"] == ("Cook" if may_write else None)
            got = graph.call("GET", who + "?$select=employeeLeaveDateTime")
            assert got[0] == (200 if may_read else 403), roles
        finally:
            em.stop()
