"""What official clients send to Graph: OData options, casts, references, batches, delta, $metadata.

The rules are those of learn.microsoft.com/graph: query-parameters, aad-advanced-queries,
json-batching, delta-query-overview, and the pages of user, group and orgContact.
"""
import base64
import datetime
import os
import re
import struct
import uuid
from xml.etree import ElementTree

import pytest
from lab import ADMIN_APP, GRAPH_APP, ROOT, TENANT, Emulator, Graph, Sync, code, delta, q

DAY = 86400
NOBODY = "00000000-0000-0000-0000-000000000000"
GUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
JSON = {"Content-Type": "application/json"}

# name: displayName and what else it has; the last three come ten days later
USERS = {
    "anna": ("Anna Ås", dict(
        department="Deck", jobTitle="Captain", givenName="Anna", employeeId="100",
        proxyAddresses=["SMTP:anna@fjordline.example", "smtp:a.as@fjordline.example"],
        onPremisesExtensionAttributes={"extensionAttribute1": "North",
                                       "extensionAttribute15": "x"})),
    "bo": ("Bo Berg", dict(
        department="Deck", jobTitle="Mate", givenName="Bo", employeeId="200", accountEnabled=False,
        proxyAddresses=["SMTP:bo@fjordline.example"],
        onPremisesExtensionAttributes={"extensionAttribute1": "South"})),
    "cleo": ("Cleo's Crew", dict(department="Galley", jobTitle="Cook", givenName="Cleo")),
    # the second address is another's: quarantined
    "dag": ("Dag", dict(department="Engine", jobTitle="Mate", employeeId="300", proxyAddresses=[
        "SMTP:dag@fjordline.example", "smtp:a.as@fjordline.example"])),
    "eva": ("Eva Video", dict(department="Galley", jobTitle="Video prod", mobilePhone="+47 1")),
    "finn": ("Finn", dict(department=None)),
}


def anchored(name, **more):
    """What synchronization sends of an object."""
    return dict({"onPremisesImmutableId": base64.b64encode(name.encode()).decode(),
                 "displayName": name, "mailNickname": name}, **more)


def person(name, **more):
    """The body of a user of the cloud."""
    return dict({"displayName": name, "mailNickname": name, "accountEnabled": True,
                 "userPrincipalName": name + "@fjordline.example",
                 "passwordProfile": {"password": "Aa1!aaaa"}}, **more)


def user(graph, name, **more):
    status, o = graph.call("POST", "/users", person(name, **more))
    assert status == 201, o
    return o["id"]


def group(graph, name, **more):
    status, o = graph.call("POST", "/groups", dict(
        {"displayName": name, "mailNickname": name, "mailEnabled": False,
         "securityEnabled": True}, **more))
    assert status == 201, o
    return o["id"]


def refs(em, ids):
    return ["%s/v1.0/directoryObjects/%s" % (em.url, i) for i in ids]


@pytest.fixture
def em(tmp_path):
    one = Emulator(str(tmp_path), "--memory")
    yield one
    one.stop()


@pytest.fixture
def admin(em):
    return Graph(em, ADMIN_APP)


class Tenant:
    """A tenant that is only read."""

    def __init__(self, em):
        self.em, self.admin, self.ids = em, Graph(em, ADMIN_APP), {}
        sync = Sync(em)
        for i, (name, (display, more)) in enumerate(USERS.items()):
            if i == 3:
                assert em.request("POST", "/emulator/clock", {"advance": 10 * DAY})[0] == 204
                sync, self.admin = Sync(em), Graph(em, ADMIN_APP)
            self.ids[name] = sync.post("users", anchored(
                name, userPrincipalName=name + "@fjordline.example", **dict(
                    more, displayName=display)))
        self.ids["crew"] = sync.post("groups", anchored("crew", securityEnabled=True,
                                                        description="Who sails"))
        self.ids["empty"] = sync.post("groups", anchored("empty", securityEnabled=True))
        self.ids["quay"] = sync.post("contacts", anchored("quay", companyName="Quay & Sons"))
        self.names = {v: k for k, v in self.ids.items()}
        for name in ("eva", "anna", "bo", "quay", "empty"):
            sync.members(self.ids["crew"], add=[self.ids[name]])
        for who in ("anna", "eva"):
            sync.manager(self.ids[who], self.ids["bo"])
        self.admin.soa("users", self.ids["cleo"], True)

    def path(self, text):
        """{name} in a path stands for the object's id."""
        for name, i in self.ids.items():
            text = text.replace("{%s}" % name, i)
        return q(text)

    def get(self, path, **headers):
        """(status, answer) of a GET with these headers only."""
        headers = {k.replace("_", "-"): v for k, v in headers.items()}
        return self.em.request("GET", "/v1.0" + self.path(path), None, dict(
            headers, Authorization=self.admin.headers["Authorization"]))

    def named(self, path):
        """The names of all that an advanced query gives, page by page."""
        return [self.names[o["id"]] for o in self.admin.all(self.path(path))]


@pytest.fixture(scope="module")
def tenant(tmp_path_factory):
    em = Emulator(str(tmp_path_factory.mktemp("tenant")), "--memory")
    yield Tenant(em)
    em.stop()


def date(days):
    """A date so many days from now, as it stands in a filter."""
    return (datetime.datetime.utcnow() + datetime.timedelta(days)).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize("text, names", [
    ("displayName eq 'bo berg'", "bo"),
    ("displayName eq 'Anna Ås'", "anna"),
    ("displayName eq 'Cleo''s Crew'", "cleo"),
    ("DISPLAYNAME EQ 'Dag'", "dag"),
    ("department ne 'Deck'", "cleo dag eva finn"),
    ("department eq null", "finn"),
    ("department ne null and not(department eq 'Galley')", "anna bo dag"),
    ("NOT startsWith(displayName, 'A') and not endswith(displayName,'o')", "bo cleo dag finn"),
    ("department in ('Engine', 'Galley')", "cleo dag eva"),
    ("not(department in ('Engine','Galley','Deck'))", "finn"),
    ("startswith( displayName, 'E')", "eva"),
    ("endsWith(userPrincipalName,'a@FJORDLINE.example')", "anna eva"),
    ("employeeId ge '200'", "bo dag"),
    ("employeeId gt '200'", "dag"),
    ("employeeId le '200'", "anna bo"),
    ("employeeId lt '200'", "anna"),
    ("accountEnabled eq false", "bo"),
    # and binds tighter than or; parentheses say otherwise
    ("jobTitle eq 'Cook' or jobTitle eq 'Mate' and department eq 'Deck'", "bo cleo"),
    ("(jobTitle eq 'Cook' or jobTitle eq 'Mate') and department eq 'Deck'", "bo"),
    ("id eq '{dag}'", "dag"),
    ("id in ('{dag}','{eva}','%s')" % NOBODY, "dag eva"),
    ("createdDateTime ge " + date(5), "dag eva finn"),
    ("createdDateTime lt " + date(5), "anna bo cleo"),
    ("createdDateTime ge %s and createdDateTime le %s" % (date(-1), date(1)), "anna bo cleo"),
    ("proxyAddresses/any(p:p eq 'SMTP:bo@fjordline.example')", "bo"),
    ("proxyAddresses/any (x:startswith(x,'smtp:A'))", "anna"),
    ("proxyAddresses/any(p:endswith(p,'@fjordline.example') and startswith(p,'SMTP:d'))", "dag"),
    ("proxyAddresses/any()", "anna bo dag"),
    ("not proxyAddresses/any(p:startswith(p,'smtp:'))", "cleo eva finn"),
    ("proxyAddresses/$count eq 0", "cleo eva finn"),
    ("proxyAddresses/$count ne 0", "anna bo dag"),
    ("onPremisesProvisioningErrors/any(e:e/category eq 'PropertyConflict')", "dag"),
    ("onPremisesProvisioningErrors/any(e:e/propertyCausingError eq 'ProxyAddresses' and "
     "e/value eq 'smtp:a.as@fjordline.example')", "dag"),
    ("onPremisesProvisioningErrors/any(e:e/propertyCausingError eq 'UserPrincipalName')", ""),
    ("onPremisesExtensionAttributes/extensionAttribute1 eq 'north'", "anna"),
    ("onPremisesExtensionAttributes/EXTENSIONATTRIBUTE1 ne null", "anna bo"),
    ("startswith(onPremisesExtensionAttributes/extensionAttribute1,'s')", "bo"),
    ("onPremisesSyncBehavior/isCloudManaged eq true", "cleo"),
    ("onPremisesSyncEnabled ne true and onPremisesImmutableId ne null", "cleo"),
    ("mobilePhone eq '+47 1'".replace("+", "%2B"), "eva"),
])
def test_filter(tenant, text, names):
    path = "/users?$count=true&$top=2&$filter=" + text
    assert tenant.named(path) == names.split()
    assert tenant.admin.get(tenant.path(path))["@odata.count"] == len(names.split())
    assert tenant.admin.get(tenant.path("/users/$count?$filter=" + text)) == len(names.split())


@pytest.mark.parametrize("text", [
    "bogus eq 'x'", "displayName eq 'x' and bogus eq 'x'", "manager eq 'x'", "members/any()",
    "displayName/any(p:p eq 'x')", "proxyAddresses eq 'x'", "displayName/$count eq 0",
    "onPremisesExtensionAttributes eq 'x'",
    "onPremisesExtensionAttributes/extensionAttribute16 eq 'x'",
    "proxyAddresses/any(p:q eq 'x')", "proxyAddresses/any(p:p eq 'x'", "accountEnabled eq 'true'",
    "displayName eq true", "displayName in ()", "displayName in 'x'", "startswith(displayName)",
    "startswith(displayName,null)", "displayName eq", "displayName eq 'x", "displayName like 'x'",
    "not", "and displayName eq 'x'", "displayName eq 'x' or", "displayName eq 'x') or (id eq 'x'",
    "(" * 30 + "id eq 'x'" + ")" * 30, " or ".join(["id eq 'x'"] * 300)])
def test_bad_filter(tenant, text):
    assert code(tenant.admin.call("GET", tenant.path("/users?$count=true&$filter=" + text))) == (
        400, "Request_UnsupportedQuery")


def test_filter_of_an_empty_tenant(admin):
    """What is wrong is wrong before there is anything to look at."""
    for path, status in (("/users?$filter=bogus eq 'x'", 400), ("/users?$filter=mail eq 'x'", 200),
                         # v1.0 knows the anchor of users only
                         ("/groups?$filter=onPremisesImmutableId eq 'x'", 400)):
        assert admin.call("GET", q(path))[0] == status, path


# what a path needs: nothing, the header, or the header and $count=true
CONSISTENCY = [
    ("/users?$filter=displayName eq 'x'", ""),
    ("/users?$filter=startswith(displayName,'x') or department in ('x','y')", ""),
    ("/users?$filter=proxyAddresses/any(p:startswith(p,'x'))", ""),
    ("/users?$filter=onPremisesProvisioningErrors/any(e:e/category eq 'x')", ""),
    ("/users?$filter=onPremisesImmutableId eq 'x'", ""),
    ("/users?$filter=createdDateTime ge 2020-01-01T00:00:00Z", ""),
    ("/users?$filter=displayName ne 'x'", "count"),
    ("/users?$filter=not(displayName eq 'x')", "count"),
    ("/users?$filter=endswith(mail,'x')", "count"),
    ("/users?$filter=department eq null", "count"),
    ("/users?$filter=companyName eq 'x'", "count"),
    ("/users?$filter=startswith(mobilePhone,'x')", "count"),
    ("/users?$filter=proxyAddresses/any(p:endswith(p,'x'))", "count"),
    ("/users?$filter=proxyAddresses/$count eq 0", "count"),
    ("/users?$filter=displayName eq 'x' and accountEnabled ne true", "count"),
    ("/users?$filter=onPremisesSyncBehavior/isCloudManaged eq true", "count"),
    ("/groups?$filter=onPremisesSyncBehavior/isCloudManaged eq true", "count"),
    ("/contacts?$filter=onPremisesSyncBehavior/isCloudManaged eq true", "count"),
    ("/users?$filter=onPremisesExtensionAttributes/extensionAttribute2 eq 'x'", "count"),
    ("/groups?$filter=description eq 'x'", "count"),
    ("/users?$orderby=displayName", ""),
    ("/users?$orderby=userPrincipalName desc", ""),
    ("/groups?$orderby=displayName", ""),
    ("/users?$orderby=createdDateTime", "count"),
    ("/contacts?$orderby=displayName", "count"),
    ("/users?$orderby=displayName&$filter=department eq 'x'", "count"),
    ("/users?$search=\"displayName:x\"", "header"),
    ("/groups?$search=\"displayName:x\"", "header"),
    ("/groups/{crew}/members", ""),
    ("/groups/{crew}/members?$filter=displayName eq 'x'", "count"),
    ("/groups/{crew}/members/microsoft.graph.user?$orderby=displayName", "count"),
    ("/groups/{crew}/members?$search=\"displayName:x\"", "header"),
    ("/users/{anna}/memberOf?$filter=displayName eq 'x'", "count"),
]


@pytest.mark.parametrize("path, need", CONSISTENCY)
def test_consistency_level(tenant, path, need):
    count = "&$count=true" if "?" in path else "?$count=true"
    tries = [("", {}), ("", {"ConsistencyLevel": "eventual"}), (count, {}),
             (count, {"ConsistencyLevel": "eventual"}), (count, {"ConsistencyLevel": "session"})]
    good = {"": [1, 1, 1, 1, 1], "header": [0, 1, 0, 1, 0], "count": [0, 0, 0, 1, 0]}[need]
    for (more, headers), ok in zip(tries, good):
        got = code(tenant.get(path + more, **headers))
        assert got == ((200, None) if ok else (400, "Request_UnsupportedQuery")), (more, headers)


def test_count(tenant):
    """As a segment it needs the header; as an option it is ignored without it."""
    for path, n in (("/users/$count", 6), ("/groups/$count", 2), ("/contacts/$count", 1),
                    ("/groups/{crew}/members/$count", 5), ("/users/{bo}/directReports/$count", 2),
                    ("/groups/{crew}/members/microsoft.graph.user/$count", 3),
                    ("/users/{anna}/memberOf/$count", 1)):
        assert tenant.get(path, ConsistencyLevel="eventual") == (200, n), path
        assert tenant.em.answered["Content-Type"].startswith("text/plain")
        assert code(tenant.get(path)) == (400, "Request_BadRequest"), path
    for path, n in (("/users?$count=true&$top=2", 6), ("/groups/{crew}/members?$count=true", 5)):
        assert tenant.get(path, ConsistencyLevel="eventual")[1]["@odata.count"] == n
        status, answer = tenant.get(path)
        assert status == 200 and "@odata.count" not in answer
    # told with the first page only
    page = tenant.admin.get("/users?$count=true&$top=4")
    status, rest = tenant.em.request("GET", page["@odata.nextLink"][len(tenant.em.url):], None,
                                     tenant.admin.headers)
    assert status == 200 and len(rest["value"]) == 2 and "@odata.count" not in rest


@pytest.mark.parametrize("path, names", [
    ("/users?$orderby=displayName", "anna bo cleo dag eva finn"),
    ("/users?$orderby=displayName asc", "anna bo cleo dag eva finn"),
    ("/users?$orderby=displayName desc", "finn eva dag cleo bo anna"),
    ("/users?$count=true&$filter=department in ('Deck','Galley')&$orderby=displayName desc",
     "eva cleo bo anna"),
    # what is equal keeps its order
    ("/users?$count=true&$filter=createdDateTime ge 2020-01-01&$orderby=deletedDateTime desc",
     "anna bo cleo dag eva finn"),
    ("/groups/{crew}/members/microsoft.graph.user?$count=true&$orderby=displayName", "anna bo eva"),
])
@pytest.mark.parametrize("top", [1, 2, 4, 100])
def test_order(tenant, path, names, top):
    assert tenant.named("%s&$top=%d" % (path, top)) == names.split()


@pytest.mark.parametrize("path", [
    "/users?$orderby=bogus", "/users?$orderby=displayName up", "/users?$orderby=jobTitle",
    "/users?$orderby=displayName,userPrincipalName", "/groups/{crew}/members?$orderby=displayName"])
def test_bad_order(tenant, path):
    assert tenant.admin.call("GET", tenant.path(path) + "&$count=true")[0] == 400


@pytest.mark.parametrize("text, names", [
    ('"displayName:video"', "eva"),
    ('"displayName:Vid"', "eva"),
    ('"displayName:deo"', ""),  # the beginning of a word
    ('"displayName:crew" OR "displayName:video"', "cleo eva"),
    ('"displayName:eva" AND "displayName:video"', "eva"),
    ('"displayName:bo" AND "displayName:video"', ""),
    ('"displayName:bo" OR "displayName:eva" AND "displayName:nothing"', "bo"),
    ('"mailNickname:an" OR "displayName:dag"', "anna dag")])
def test_search(tenant, text, names):
    assert tenant.named("/users?$search=" + text) == names.split()


@pytest.mark.parametrize("text", ['displayName:x', '"x"', '"displayName:x" "displayName:y"',
                                  '"bogus:x"', '"displayName:x', '""', '"displayName:x" AND'])
def test_bad_search(tenant, text):
    assert tenant.admin.call("GET", tenant.path("/users?$search=" + text))[0] == 400


def test_expand(tenant):
    anna = tenant.admin.get(tenant.path("/users/{anna}?$expand=manager&$select=id"))
    assert set(anna) == {"@odata.context", "id", "manager"}
    assert anna["manager"]["@odata.type"] == "#microsoft.graph.user"
    assert anna["manager"]["displayName"] == "Bo Berg"
    assert "manager" not in tenant.admin.get(tenant.path("/users/{bo}?$expand=manager"))
    users = tenant.admin.get("/users?$select=id&$expand=manager($select=id,jobTitle)")["value"]
    assert {tenant.names[u["id"]]: u.get("manager") for u in users} == dict(
        {n: None for n in USERS},
        anna={"@odata.type": "#microsoft.graph.user", "id": tenant.ids["bo"], "jobTitle": "Mate"},
        eva={"@odata.type": "#microsoft.graph.user", "id": tenant.ids["bo"], "jobTitle": "Mate"})
    crew = tenant.admin.get(tenant.path("/groups/{crew}?$expand=members($select=id)"))
    assert [(m["@odata.type"][17:], tenant.names[m["id"]]) for m in crew["members"]] == [
        ("user", "eva"), ("user", "anna"), ("user", "bo"), ("orgContact", "quay"),
        ("group", "empty")]
    assert tenant.admin.get(tenant.path("/groups/{empty}?$expand=members"))["members"] == []
    for path in ("/users?$expand=bogus", "/users?$expand=members", "/groups?$expand=manager",
                 "/users?$expand=manager($filter=id eq 'x')",
                 "/users/{anna}?$expand=manager($select=id"):
        assert tenant.admin.call("GET", tenant.path(path))[0] == 400, path


def test_expand_twice(tenant):
    """One member of that name, with what all the terms of it have chosen."""
    bo = {"@odata.type": "#microsoft.graph.user", "id": tenant.ids["bo"]}
    for options, manager in (
            ("manager($select=id),manager($select=id)", bo),
            ("manager($select=id),Manager($select=jobTitle)", dict(bo, jobTitle="Mate")),
            ("manager($select=id, jobTitle ,JobTitle)", dict(bo, jobTitle="Mate")),
            ("manager(select=jobTitle)", dict(bo, jobTitle="Mate"))):
        anna = tenant.admin.get(q(tenant.path("/users/{anna}?$select=id&$expand=" + options)))
        assert anna["manager"] == manager, options
    for options in ("manager,manager", "manager($select=id),manager", "manager,manager($select=id)"):
        users = tenant.admin.get("/users?$expand=" + options)["value"]
        assert [u["manager"]["displayName"] for u in users if u["id"] == tenant.ids["anna"]] == [
            "Bo Berg"], options
    crew = tenant.admin.get(tenant.path("/groups/{crew}?$expand=members($select=id),MEMBERS"))
    assert len(crew["members"]) == 5 and "displayName" in crew["members"][0]
    for options in ("manager,manager,manager,manager,manager", "manager($select=id;$select=mail)",
                    "manager($select=id;$top=1)", "manager($select=id)manager", "manager,members",
                    "manager($select=id))", "manager($expand=manager($select=id))"):
        assert code(tenant.admin.call("GET", "/users?$expand=" + options))[0] == 400, options


def test_no_way_round_a_right(make_emulator):
    """What may not be selected is not shown by way of another object either."""
    em = make_emulator("--memory", roles=["User.Read.All", "Group.Read.All",
                                          "User-LifeCycleInfo.Read.All"])
    sync, admin, reader = Sync(em), Graph(em, ADMIN_APP), Graph(em, GRAPH_APP)
    boss, who = sync.post_all("users", [
        anchored("boss", employeeLeaveDateTime="2030-01-01T00:00:00Z"), anchored("who")])
    crew = group(admin, "crew", **{"members@odata.bind": refs(em, [boss])})
    sync.manager(who, boss)
    for path, shown in (("/users/%s?$expand=manager($select=id,employeeLeaveDateTime)" % who,
                         lambda o: o["manager"]),
                        ("/groups/%s?$expand=members($select=employeeLeaveDateTime)" % crew,
                         lambda o: o["members"][0]),
                        ("/groups/%s/members?$select=employeeLeaveDateTime" % crew,
                         lambda o: o["value"][0])):
        assert shown(reader.get(path))["employeeLeaveDateTime"] == "2030-01-01T00:00:00Z"
        assert set(shown(admin.get(path))) == {"@odata.type", "id"}, path
    for path in ("/users?", "/groups/%s/members?" % crew,
                 "/groups/%s/members/microsoft.graph.user?" % crew):
        for test in ("employeeLeaveDateTime ge 2029-01-01T00:00:00Z",
                     "displayName eq 'x' or employeeLeaveDateTime ge 2029-01-01T00:00:00Z"):
            query = q(path + "$count=true&$filter=" + test)
            assert [o["id"] for o in reader.get(query)["value"]] == [boss], query
            assert code(admin.call("GET", query)) == (403, "Authorization_RequestDenied"), query


def test_expand_shows_twenty_members(em, admin):
    ids = [user(admin, "user%02d" % i) for i in range(22)]
    crew = group(admin, "crew", **{"members@odata.bind": refs(em, ids[:20])})
    admin.patch("/groups/" + crew, {"members@odata.bind": refs(em, ids[20:])})
    assert [m["id"] for m in admin.get("/groups/%s?$expand=members" % crew)["members"]] == ids[:20]


@pytest.mark.parametrize("path, names", [
    ("/groups/{crew}/members", "eva anna bo quay empty"),
    ("/groups/{crew}/members/microsoft.graph.user", "eva anna bo"),
    ("/groups/{crew}/members/graph.user", "eva anna bo"),
    ("/groups/{crew}/members/microsoft.graph.group", "empty"),
    ("/groups/{crew}/members/microsoft.graph.orgContact", "quay"),
    ("/groups/{crew}/members/microsoft.graph.directoryObject", "eva anna bo quay empty"),
    ("/groups/{crew}/members?$count=true&$filter=startswith(displayName,'e')", "eva empty"),
    ("/groups/{crew}/members/graph.user?$count=true&$filter=department eq 'Deck'", "anna bo"),
    ("/groups/{crew}/members?$search=\"displayName:video\"", "eva"),
    ("/users/{anna}/memberOf", "crew"),
    ("/users/{anna}/memberOf/microsoft.graph.group", "crew"),
    ("/users/{bo}/directReports", "anna eva"),
    ("/users/{bo}/directReports/microsoft.graph.user", "anna eva"),
    ("/contacts/{quay}/memberOf/graph.group", "crew"),
    ("/groups/{empty}/memberOf", "crew")])
def test_related_objects(tenant, path, names):
    assert tenant.named(path) == names.split()
    assert tenant.named(path + ("&" if "?" in path else "?") + "$top=1") == names.split()


@pytest.mark.parametrize("path", [
    "/groups/{crew}/members/microsoft.graph.bogus", "/groups/{crew}/members/$bogus",
    "/groups/{crew}/members/microsoft.graph.user?$select=bogus",
    "/groups/{crew}/members?$count=true&$filter=bogus eq 'x'",
    "/groups/{crew}/members/microsoft.graph.group?$count=true&$filter=jobTitle eq 'x'",
    "/groups/{crew}/members/microsoft.graph.user/bogus", "/users/{anna}/members"])
def test_bad_related_objects(tenant, path):
    assert tenant.admin.call("GET", tenant.path(path))[0] == 400


def test_casts_of_one_object(tenant):
    admin = tenant.admin
    for cast in ("microsoft.graph.user", "graph.user"):
        assert admin.get(tenant.path("/users/{anna}/" + cast))["displayName"] == "Anna Ås"
    assert admin.call("GET", tenant.path("/users/{anna}/microsoft.graph.group"))[0] == 400
    # where the path does not tell the type, the object does
    assert admin.get(tenant.path("/directoryObjects/{quay}"))["@odata.type"] == (
        "#microsoft.graph.orgContact")
    assert "@odata.type" not in admin.get(tenant.path("/contacts/{quay}"))
    members = admin.get(tenant.path("/groups/{crew}/members"))["value"]
    assert [m["@odata.type"][17:] for m in members] == ["user"] * 3 + ["orgContact", "group"]


def test_refs(tenant):
    got = tenant.admin.get(tenant.path("/groups/{crew}/members/$ref"))
    assert got["@odata.context"].endswith("$metadata#Collection($ref)")
    assert got["value"] == [{"@odata.id": url} for url in refs(tenant.em, [
        tenant.ids[n] for n in ("eva", "anna", "bo", "quay", "empty")])]


def test_pages(em, admin):
    """Each object once, whatever the size of the page: users, and the members of a group."""
    ids = [user(admin, "user%03d" % i) for i in range(250)]
    crew = group(admin, "crew")
    for i in range(0, 250, 20):
        admin.patch("/groups/" + crew, {"members@odata.bind": refs(em, ids[i:i + 20])})
    for path, pages in (("/users?$select=id", 3), ("/users?$select=id&$top=999", 1),
                        ("/users?$select=id&$top=83", 4),
                        ("/users?$orderby=displayName&$select=id", 3),
                        ("/groups/%s/members?$select=id" % crew, 3),
                        ("/groups/%s/members/microsoft.graph.user?$select=id&$top=50" % crew, 5),
                        ("/groups/%s/members/$ref" % crew, 3)):
        before = len(em.requests())
        assert [(o.get("id") or o["@odata.id"])[-36:] for o in admin.all(path)] == ids, path
        asked = em.requests()[before:]
        assert len(asked) == pages, path
        assert ["skiptoken=" in r["path"] for r in asked] == [False] + [True] * (pages - 1)
    admin.headers["Prefer"] = "odata.maxpagesize=125"
    before = len(em.requests())
    assert [o["id"] for o in admin.all("/users")] == ids and len(em.requests()) == before + 2
    assert admin.get("/groups/%s/members/$count" % crew) == 250
    for top in ("0", "-1", "1000", "x", ""):
        assert admin.call("GET", "/users?$top=" + top)[0] == 400, top


def test_a_next_link_keeps_what_was_asked(em, admin):
    for name in ("one", "two", "three"):
        user(admin, name, department="skiptoken=1", jobTitle=name)
    path = "/users?filter=%s&SELECT=id, jobTitle&top=1&count=true"
    got = admin.all(q(path % "department eq 'skiptoken=1'"))
    assert [o["jobTitle"] for o in got] == ["one", "two", "three"]
    assert all(set(o) == {"id", "jobTitle"} for o in got)


def test_option_names(tenant):
    """Without the dollar sign, and in any case; but no unknown ones."""
    assert tenant.named("/users?filter=department eq 'Deck'&orderby=displayName desc&count=true"
                        ) == ["bo", "anna"]
    assert tenant.named("/users?search=\"displayName:bo\"") == ["bo"]
    users = tenant.admin.get("/users?select=id&expand=manager(select=id)&TOP=1")["value"]
    assert users == [{"id": tenant.ids["anna"], "manager": {
        "@odata.type": "#microsoft.graph.user", "id": tenant.ids["bo"]}}]
    assert tenant.admin.call("GET", "/users?$skip=1")[0] == 400
    assert tenant.admin.call("GET", "/users?$format=xml")[0] == 400
    assert tenant.admin.call("GET", "/users?$format=json&api-version=1")[0] == 200


@pytest.mark.parametrize("options", [
    "$select=id&$select=mail", "$select=id&select=id", "$expand=manager&$expand=manager",
    "$expand=manager&EXPAND=manager", "$top=1&$top=2", "%24count=true&$count=true",
    "$filter=mail eq 'a'&$Filter=mail eq 'a'"])
def test_option_twice(tenant, options):
    status, answer = tenant.admin.call("GET", q("/users?" + options))
    assert status == 400 and "more than once" in answer["error"]["message"]


def test_names_twice_are_shown_once(tenant):
    got = tenant.admin.get(tenant.path(
        "/users/{anna}?$select=id,ID,mail,Mail,displayName,securityIdentifier,securityidentifier"))
    assert set(got) == {"@odata.context", "id", "mail", "displayName", "securityIdentifier"}
    tenant.admin.get("/users/delta?$select=id,mail,MAIL,manager,Manager,securityIdentifier")
    tenant.admin.get("/groups/delta?$select=members,Members,members")
    tenant.admin.get(tenant.path("/groups/{crew}/members?$select=id,id,mail,MAIL"))


def test_select(tenant):
    got = tenant.admin.get(tenant.path("/users/{anna}?$select=displayName, ID ,EMPLOYEEID"))
    assert set(got) == {"@odata.context", "id", "displayName", "employeeId"}
    for path in ("/users?$select=bogus", "/users?$select=members",
                 "/groups?$select=userPrincipalName", "/groups?$select=onPremisesImmutableId",
                 "/users?$select=displayName bogus"):
        assert code(tenant.admin.call("GET", q(path))) == (400, "BadRequest"), path
    # the mixed list of members leaves out what a type lacks
    members = tenant.admin.get(tenant.path("/groups/{crew}/members?$select=id,jobTitle"))["value"]
    assert [("jobTitle" in m) for m in members] == [True] * 4 + [False]


DEFAULTS = {
    "users": "businessPhones displayName givenName jobTitle mail mobilePhone officeLocation "
             "preferredLanguage surname userPrincipalName",
    "groups": "classification createdDateTime deletedDateTime description displayName "
              "expirationDateTime groupTypes isAssignableToRole mail mailEnabled mailNickname "
              "membershipRule membershipRuleProcessingState onPremisesDomainName "
              "onPremisesLastSyncDateTime onPremisesNetBiosName onPremisesProvisioningErrors "
              "onPremisesSamAccountName onPremisesSecurityIdentifier onPremisesSyncEnabled "
              "preferredDataLocation preferredLanguage proxyAddresses renewedDateTime "
              "resourceBehaviorOptions resourceProvisioningOptions securityEnabled "
              "securityIdentifier theme uniqueName visibility",
    "contacts": "addresses companyName deletedDateTime department displayName givenName jobTitle "
                "mail mailNickname onPremisesLastSyncDateTime onPremisesProvisioningErrors "
                "onPremisesSyncEnabled phones proxyAddresses surname",
}


@pytest.mark.parametrize("collection, who", [("users", "finn"), ("groups", "crew"),
                                             ("contacts", "quay")])
def test_default_properties(tenant, collection, who):
    wanted = set(DEFAULTS[collection].split()) | {"id"}
    one = tenant.admin.get(tenant.path("/%s/{%s}" % (collection, who)))
    assert set(one) - {"@odata.context"} == wanted
    assert one["@odata.context"] == "%s/v1.0/$metadata#%s/$entity" % (tenant.em.url, collection)
    listed = tenant.admin.get("/%s" % collection)
    assert listed["@odata.context"] == "%s/v1.0/$metadata#%s" % (tenant.em.url, collection)
    assert all(set(o) == wanted for o in listed["value"])


def sid(object_id):
    return "S-1-12-1-%d-%d-%d-%d" % struct.unpack("<4I", uuid.UUID(object_id).bytes_le)


def test_security_identifier(tenant):
    assert sid("21d05557-b7b6-418f-86fa-a3118d751be4") == (
        "S-1-12-1-567301463-1099937718-295959174-3827004813")
    for path in ("/users/{anna}?$select=securityIdentifier", "/groups/{crew}"):
        o = tenant.admin.get(tenant.path(path))
        assert o["securityIdentifier"] == sid(tenant.ids["anna" if "users" in path else "crew"])


# --- headers ---

def test_request_ids(em, admin):
    def ids():
        return em.answered["request-id"], em.answered["client-request-id"]

    admin.get("/users")
    first = ids()
    assert re.fullmatch(GUID, first[0]) and first[1] == first[0]
    admin.get("/users")
    assert ids()[0] != first[0]
    mine = "0c9f2f4e-1111-4222-8333-abcdefabcdef"
    admin.headers["client-request-id"] = mine
    status, answer = admin.call("GET", "/users/" + NOBODY)
    inner = answer["error"]["innerError"]
    assert status == 404 and ids()[1] == mine and ids()[0] != mine
    assert (inner["request-id"], inner["client-request-id"]) == ids()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", inner["date"])
    assert answer["error"]["code"] == "Request_ResourceNotFound" and answer["error"]["message"]
    admin.headers["client-request-id"] = "a\"b\\c"  # not what a client may send: only the beginning
    admin.get("/users")
    assert ids()[1] == "a"
    assert em.answered["OData-Version"] == "4.0"


@pytest.mark.parametrize("method, path, units", [
    ("GET", "/users", 2), ("GET", "/users?$select=id", 1), ("GET", "/users?$select=id&$top=5", 1),
    ("GET", "/users?$expand=manager", 3), ("GET", "/users/{anna}", 1), ("GET", "/groups", 1),
    ("GET", "/groups/{crew}?$expand=members", 2), ("GET", "/groups/{crew}/members", 3),
    ("GET", "/groups/{crew}/members?$select=id", 2), ("GET", "/groups/{crew}/members?$top=5", 2),
    ("GET", "/groups/{crew}/members/microsoft.graph.user", 3),
    ("POST", "/directoryObjects/getByIds", 3), ("GET", "/organization", 1),
    ("POST", "/users", 1), ("PATCH", "/users/{anna}", 1)])
def test_resource_units(tenant, method, path, units):
    tenant.admin.call(method, tenant.path(path), {"ids": []} if method != "GET" else None)
    assert tenant.em.answered["x-ms-resource-unit"] == str(units)


def test_prefer(em, admin):
    def tell(prefer, method, path, body=None):
        admin.headers["Prefer"] = prefer
        status, answer = admin.call(method, path, body)
        return status, (answer or {}).get("displayName"), em.answered["Preference-Applied"]

    body = person("anna")
    assert tell("return=minimal", "POST", "/users", body) == (204, None, "return=minimal")
    where = em.answered["Location"]
    assert where.startswith(em.url + "/v1.0/users/")
    path = where[len(em.url + "/v1.0"):]
    body = person("bo")
    assert tell("return=representation", "POST", "/users", body) == (
        201, "bo", "return=representation")
    for prefer, got in (("return=representation", (200, "x", "return=representation")),
                        ("return=minimal", (204, None, "return=minimal")),
                        ("x", (204, None, None))):
        assert tell(prefer, "PATCH", path, {"displayName": "x"}) == got
    assert tell("return=minimal", "GET", "/users/delta")[2] == "return=minimal"
    assert tell("return=minimal", "GET", "/users")[2] is None


# --- writing ---

def test_names_in_bodies(em, admin):
    """Properties in any case, also inside of others, and of annotations."""
    who = user(admin, "anna")
    admin.patch("/users/" + who, {"DisplayName": "Anna", "JOBTITLE": "Captain",
                                 "onpremisesextensionattributes": {"EXTENSIONATTRIBUTE7": "x"}})
    got = admin.get("/users/%s?$select=displayName,jobTitle,onPremisesExtensionAttributes" % who)
    assert (got["displayName"], got["jobTitle"]) == ("Anna", "Captain")
    assert got["onPremisesExtensionAttributes"] == {"extensionAttribute7": "x"}
    admin.patch("/users/" + who, {"onPremisesExtensionAttributes": {
        "extensionattribute7": None, "extensionAttribute8": "y"}})
    got = admin.get("/users/%s?$select=onPremisesExtensionAttributes" % who)
    assert got["onPremisesExtensionAttributes"] == {"extensionAttribute8": "y"}
    for wrong in ({"extensionAttribute16": "x"}, {"bogus": "x"}, {"extensionAttribute1": 1}, "x"):
        assert admin.call("PATCH", "/users/" + who,
                         {"onPremisesExtensionAttributes": wrong})[0] == 400
    crew = group(admin, "crew", **{"MEMBERS@odata.bind": refs(em, [who])})
    assert admin.members(crew) == ["Anna"]
    status, o = admin.call("POST", "/users", {
        "ACCOUNTENABLED": True, "displayname": "Bo", "mailnickname": "bo", "PasswordProfile": {
            "Password": "Aa1!aaaa"}, "UserPrincipalName": "bo@fjordline.example"})
    assert status == 201 and o["displayName"] == "Bo"


def test_binding(em, admin):
    ids = [user(admin, name) for name in ("anna", "bo", "cleo")]
    crew = group(admin, "crew", **{"members@odata.bind": refs(em, ids[:1])})
    path = "/groups/%s/members" % crew
    admin.patch("/groups/" + crew, {"members@odata.bind": refs(em, ids[1:2]), "description": "both"})
    assert admin.get("/groups/" + crew)["description"] == "both"
    assert admin.members(crew) == ["anna", "bo"]
    # a body that is refused changes nothing; what hung on it is as if it had never been
    for body, status in (({"members@odata.bind": refs(em, [NOBODY])}, 404),
                         ({"members@odata.bind": refs(em, ids[:1])}, 400),
                         ({"members@odata.bind": "x"}, 400), ({"members@odata.bind": [1]}, 404)):
        assert admin.call("PATCH", "/groups/" + crew, dict(body, description="x"))[0] == status
    assert admin.get("/groups/" + crew)["description"] == "both"
    assert admin.call("POST", "/groups", dict(
        {"displayName": "lost", "mailNickname": "lost", "mailEnabled": False,
         "securityEnabled": True}, **{"members@odata.bind": refs(em, [NOBODY])}))[0] == 404
    assert admin.get("/groups/$count") == 1
    # any address that ends with the id
    for url in (refs(em, ids[2:])[0], "https://graph.microsoft.com/v1.0/users/" + ids[2]):
        assert admin.call("POST", path + "/$ref", {"@odata.id": url})[0] == 204
        assert admin.call("POST", path + "/$ref", {"@odata.id": url})[0] == 400
        assert admin.call("DELETE", "%s/%s/$ref" % (path, ids[2]))[0] == 204
    assert admin.call("DELETE", "%s/%s/$ref" % (path, ids[2]))[0] == 404
    assert admin.call("POST", path + "/$ref", {"@odata.id": NOBODY})[0] == 404
    assert admin.call("POST", path + "/$ref", {})[0] == 404
    assert admin.call("DELETE", "%s/%s" % (path, ids[0]))[0] == 405
    assert admin.members(crew) == ["anna", "bo"]


def test_manager(em, admin):
    boss = user(admin, "boss")
    who = user(admin, "anna", **{"manager@odata.bind": refs(em, [boss])[0]})
    path = "/users/%s/manager" % who
    crew = group(admin, "crew")
    got = admin.get(path)
    assert (got["id"], got["@odata.type"]) == (boss, "#microsoft.graph.user")
    assert admin.get(path + "/$ref")["@odata.id"] == refs(em, [boss])[0]
    assert admin.get(path + "?$select=jobTitle").keys() == {
        "@odata.context", "@odata.type", "id", "jobTitle"}
    assert admin.call("DELETE", path)[0] == 405
    assert admin.call("PUT", path, {"@odata.id": refs(em, [boss])[0]})[0] == 405
    assert admin.call("DELETE", path + "/$ref")[0] == 204
    assert admin.call("DELETE", path + "/$ref")[0] == 404 == admin.call("GET", path)[0]
    admin.patch("/users/" + who, {"manager@odata.bind": refs(em, [boss])[0]})
    assert admin.get(path)["id"] == boss
    for wrong in (NOBODY, crew):
        url = refs(em, [wrong])[0]
        assert admin.call("PUT", path + "/$ref", {"@odata.id": url})[0] == 404
        assert admin.call("PATCH", "/users/" + who, {"manager@odata.bind": url})[0] == 404
    assert [o["id"] for o in admin.get("/users/%s/directReports" % boss)["value"]] == [who]


# --- $batch ---

def part(i, method, url, **more):
    return dict({"id": str(i), "method": method, "url": url}, **more)


def batch(graph, *parts):
    status, answer = graph.call("POST", "/$batch", {"requests": list(parts)})
    assert status == 200, answer
    return {r["id"]: r for r in answer["responses"]}


def test_batch_parts(em, admin):
    body = person("anna")
    got = batch(admin,
                part("a", "POST", "/users", body=body, headers=dict(JSON, Prefer="return=minimal")),
                part("b", "GET", "/v1.0/users?$select=id", dependsOn=["A"]),
                part("c", "GET", "users?$select=id", dependsOn=["b"]),
                part("d", "GET", "/beta/users/$count", headers={"consistencylevel": "eventual"}),
                part("e", "GET", "/users/$count"),
                part("f", "GET", "/users/" + NOBODY),
                part("g", "GET", "/users", dependsOn=["f"]),
                part("h", "GET", "/users", dependsOn=["g"]),
                part("i", "GET", em.url + "/v1.0/users"),
                part("j", "PATCH", "/users/anna@fjordline.example", body={"jobTitle": "Captain"},
                     headers=dict(JSON, Prefer="return=representation")),
                part("k", "GET", "/users/delta?$deltatoken=old"),
                part("l", "GET", "/users", headers={"Prefer": "odata.maxpagesize=1"}),
                part("m", "BREW", "/users"))
    request_id = em.answered["request-id"]
    assert {i: r["status"] for i, r in got.items()} == {
        "a": 204, "b": 200, "c": 200, "d": 200, "e": 400, "f": 404, "g": 424, "h": 424, "i": 400,
        "j": 200, "k": 410, "l": 200, "m": 405}
    anna = admin.find("users", "anna")["id"]
    assert "body" not in got["a"] and got["a"]["headers"]["Preference-Applied"] == "return=minimal"
    assert got["a"]["headers"]["Location"] == "%s/v1.0/users/%s" % (em.url, anna)
    assert [o["id"] for o in got["b"]["body"]["value"]] == [anna]
    assert base64.b64decode(got["d"]["body"]) == b"1"  # what is no JSON comes as base64
    assert got["d"]["headers"]["Content-Type"] == "text/plain"
    assert got["f"]["body"]["error"]["innerError"]["request-id"] == request_id
    assert got["j"]["body"]["jobTitle"] == "Captain"
    assert got["j"]["headers"]["Preference-Applied"] == "return=representation"
    assert got["k"]["headers"]["Location"] == em.url + "/v1.0/users/delta"
    assert [r["headers"].get("x-ms-resource-unit") for r in got.values()] == [
        "1", "1", "1", "1", "1", "1", None, None, None, "1", "1", "2", "1"]


@pytest.mark.parametrize("requests", [
    [part(1, "GET", "/users"), part(1, "GET", "/groups")],
    [part("a", "GET", "/users"), part("A", "GET", "/groups")],
    [{"method": "GET", "url": "/users"}], [part("", "GET", "/users")], ["x"], {}, None])
def test_bad_batch(admin, requests):
    assert code(admin.call("POST", "/$batch", {"requests": requests})) == (400, "BadRequest")


def test_bad_parts(admin):
    got = batch(admin, {"id": "1", "url": "/users"}, {"id": "2", "method": "GET"},
                part(3, "POST", "/users", body={}), part(4, "POST", "/users", headers=JSON),
                part(5, "GET", "/users?$filter=%zz"), part(6, "GET", "/bogus"))
    assert [r["status"] for r in got.values()] == [400] * 6


# --- other things that can be asked ---

def test_get_by_ids(em, admin):
    anna, crew, quay = user(admin, "anna"), group(admin, "crew"), Sync(em).post("contacts", anchored("quay"))
    gone = user(admin, "gone")
    assert admin.call("DELETE", "/users/" + gone)[0] == 204
    ids = [crew, NOBODY, gone, "x", 7, anna, quay]

    def found(**more):
        status, answer = admin.call("POST", "/directoryObjects/getByIds", dict(more, ids=ids))
        assert status == 200
        return [o["id"] for o in answer["value"]]

    assert found() == [crew, anna, quay] == found(types=["DirectoryObject"])
    assert found(types=["user"]) == [anna] and found(types=["USER", "orgContact"]) == [anna, quay]
    assert found(types=["device"]) == []
    for wrong in ({}, {"ids": "x"}, {"ids": [anna] * 1001}):
        assert admin.call("POST", "/directoryObjects/getByIds", wrong)[0] == 400
    many = [user(admin, "user%03d" % i) for i in range(150)]
    status, answer = admin.call("POST", "/directoryObjects/getByIds", {"ids": many})
    assert [o["id"] for o in answer["value"]] == many  # no pages
    assert answer["value"][0]["@odata.type"] == "#microsoft.graph.user"


def test_organization_and_domains(em, admin):
    listed = admin.get("/organization")["value"]
    assert [(o["id"], o["displayName"]) for o in listed] == [(TENANT, "Fjordline")]
    one = admin.get("/organization/" + TENANT.upper())
    assert one.pop("@odata.context").endswith("$metadata#organization/$entity")
    assert one == listed[0] and one["onPremisesSyncEnabled"] is True
    assert [(d["name"], d["isInitial"], d["type"]) for d in one["verifiedDomains"]] == [
        ("fjordline.onmicrosoft.com", True, "Managed"), ("fjordline.example", False, "Managed")]
    domains = admin.get("/domains")["value"]
    assert domains == [
        {"id": name, "isInitial": initial, "isDefault": not initial, "isVerified": True,
         "authenticationType": "Managed"}
        for name, initial in (("fjordline.onmicrosoft.com", True), ("fjordline.example", False))]
    one = admin.get("/domains/fjordline.example")
    assert one.pop("@odata.context").endswith("$metadata#domains/$entity") and one == domains[1]
    for path in ("/organization/" + NOBODY, "/domains/elsewhere.example", "/domains/x/y"):
        assert admin.call("GET", path)[0] == 404, path
    for path in ("/organization", "/domains"):
        assert admin.call("POST", path, {})[0] == 405


def test_directory_roles(em, admin):
    who = user(admin, "anna")
    roles = {r["displayName"]: r["id"] for r in admin.get("/directoryRoles")["value"]}
    path = "/directoryRoles/" + roles["Global Administrator"]
    assert admin.get(path)["displayName"] == "Global Administrator"
    assert admin.call("POST", path + "/members/$ref", {"@odata.id": refs(em, [who])[0]})[0] == 204
    assert [o["id"] for o in admin.get(path + "/members")["value"]] == [who]
    assert admin.get(path + "/members/$count") == 1
    assert [r["displayName"] for r in admin.get("/users/%s/memberOf/microsoft.graph.directoryRole"
                                                % who)["value"]] == ["Global Administrator"]
    assert admin.call("DELETE", "%s/members/%s/$ref" % (path, who))[0] == 204
    assert admin.get(path + "/members")["value"] == []
    assert admin.call("GET", "/directoryRoles/" + NOBODY)[0] == 404


def test_deleted_items(em, admin):
    ids = [user(admin, "user%d" % i, department="Deck") for i in range(5)]
    crew = group(admin, "crew")
    for path in ["/users/" + i for i in ids[1:]] + ["/groups/" + crew]:
        assert admin.call("DELETE", path)[0] == 204
    path = "/directory/deletedItems/"
    for cast, wanted in (("microsoft.graph.user", ids[1:]), ("graph.user", ids[1:]),
                         ("microsoft.graph.group", [crew]), ("microsoft.graph.orgContact", [])):
        got = admin.get(path + cast)["value"]
        assert [o["id"] for o in got] == wanted and all(o["deletedDateTime"] for o in got)
        assert admin.get(path + cast + "/$count") == len(wanted)
    got = admin.all(q(path + "graph.user?$top=3&$count=true&$orderby=displayName desc&$select=id"))
    assert got == [{"id": i} for i in reversed(ids[1:])]
    got = admin.get(q(path + "graph.user?$filter=displayName eq 'user2'"))
    assert [o["id"] for o in got["value"]] == [ids[2]]
    assert admin.get(path + ids[1])["@odata.type"] == "#microsoft.graph.user"
    for wrong in ("graph.user?$filter=bogus eq 'x'", "graph.user?$select=bogus"):
        assert admin.call("GET", q(path + wrong))[0] == 400
    for wrong in (ids[0], "microsoft.graph.device", NOBODY):
        assert admin.call("GET", path + wrong)[0] == 404
    assert admin.call("DELETE", path + ids[1])[0] == 204
    assert admin.call("GET", path + ids[1])[0] == 404


# --- delta ---

@pytest.mark.parametrize("function", ["delta", "delta()", "microsoft.graph.delta",
                                      "microsoft.graph.delta()", "graph.delta()"])
def test_delta_names(tenant, function):
    for collection, names in (("users", list(USERS)), ("groups", ["crew", "empty"]),
                              ("contacts", ["quay"])):
        got, link = delta(tenant.admin, "/v1.0/%s/%s?$select=id" % (collection, function))
        assert {tenant.names[o["id"]] for o in got} == set(names)
        assert link.startswith("/v1.0/%s/delta?$deltatoken=" % collection)


def test_delta_whole_and_minimal(em, admin):
    """A changed object comes whole, with Prefer: return=minimal only what has changed."""
    names = ("anna", "bo")
    ids = [user(admin, n, jobTitle="Mate", department="Deck") for n in names]
    first, link = delta(admin, "/v1.0/users/delta?$select=displayName,jobTitle,department,mail")
    assert first == [{"@odata.type": "#microsoft.graph.user", "id": i, "displayName": n,
                      "jobTitle": "Mate", "department": "Deck"} for i, n in zip(ids, names)]
    admin.patch("/users/" + ids[0], {"jobTitle": None})
    admin.patch("/users/" + ids[1], {"city": "not selected"})
    whole, _ = delta(admin, link)
    assert whole == [dict(first[0], jobTitle=None)]
    admin.headers["Prefer"] = "return=minimal"
    minimal, last = delta(admin, link)
    assert minimal == [{"@odata.type": "#microsoft.graph.user", "id": ids[0], "jobTitle": None}]
    assert delta(admin, last)[0] == []


def test_delta_defaults(em, admin):
    """Without $select: the default properties that have a value, and the members of groups."""
    who = user(admin, "anna", department="not a default")
    crew = group(admin, "crew", **{"members@odata.bind": refs(em, [who])})
    users, _ = delta(admin, "/v1.0/users/delta")
    assert users[0].keys() == {"@odata.type", "id", "displayName", "userPrincipalName"}
    groups, link = delta(admin, "/v1.0/groups/delta")
    assert groups[0]["members@delta"] == [{"@odata.type": "#microsoft.graph.user", "id": who}]
    assert groups[0]["securityIdentifier"] == sid(crew) and "mail" not in groups[0]
    assert "members@delta" not in delta(admin, "/v1.0/groups/delta?$select=displayName")[0][0]
    assert admin.call("DELETE", "/groups/%s/members/%s/$ref" % (crew, who))[0] == 204
    assert delta(admin, link)[0][0]["members@delta"] == [
        {"@odata.type": "#microsoft.graph.user", "id": who, "@removed": {"reason": "deleted"}}]


def test_delta_of_some(em, admin):
    ids = [user(admin, "user%d" % i) for i in range(6)]
    wanted = " or ".join("id eq '%s'" % i for i in ids[1:4])
    admin.headers["Prefer"] = "odata.maxpagesize=2"
    got, link = delta(admin, "/v1.0/users/delta?$select=displayName&$filter=" + wanted, pages=2)
    assert [o["id"] for o in got] == ids[1:4]
    for i in ids:
        admin.patch("/users/" + i, {"displayName": "new"})
    assert admin.call("DELETE", "/users/" + ids[2])[0] == 204
    got, link = delta(admin, link)
    assert [(o["id"], "@removed" in o) for o in got] == [
        (ids[1], False), (ids[3], False), (ids[2], True)]
    assert delta(admin, link)[0] == []
    for wrong in ("$filter=displayName eq 'x'", "$filter=id eq 'x.y'", "$filter=not(id eq 'x')",
                  "$filter=" + " or ".join(["id eq '%s'" % ids[0]] * 51), "$top=5",
                  "$orderby=displayName", "$expand=manager", "$search=\"displayName:x\""):
        assert admin.call("GET", q("/users/delta?" + wrong))[0] == 400, wrong


def test_delta_tokens_age(em, admin):
    user(admin, "anna")
    _, link = delta(admin, "/v1.0/users/delta")
    assert em.request("POST", "/emulator/clock", {"advance": 6 * DAY})[0] == 204
    admin = Graph(em, ADMIN_APP)
    assert delta(admin, link)[0] == []
    assert em.request("POST", "/emulator/clock", {"advance": DAY + 1})[0] == 204
    admin = Graph(em, ADMIN_APP)
    assert code(em.request("GET", link, None, admin.headers)) == (410, "syncStateNotFound")
    assert em.answered["Location"] == em.url + "/v1.0/users/delta"
    assert len(delta(admin, "/v1.0/users/delta")[0]) == 1


def test_delta_while_things_change(em, admin):
    """Between two pages: nothing is lost, and nothing comes by halves."""
    ids = [user(admin, "user%d" % i, jobTitle="Mate") for i in range(6)]
    prefer = {"Prefer": "odata.maxpagesize=2,return=minimal"}
    have, link, pages = {}, "/v1.0/users/delta?$select=displayName,jobTitle", 0
    while "skiptoken" in link or not pages:
        status, answer = em.request("GET", link, None, dict(admin.headers, **prefer))
        assert status == 200
        for o in answer["value"]:
            have.setdefault(o["id"], {}).update(o)
        pages += 1
        if pages == 1:
            admin.patch("/users/" + ids[0], {"displayName": "had"})
            admin.patch("/users/" + ids[3], {"displayName": "not yet"})
            ids.append(user(admin, "late", jobTitle="Cook"))
        link = (answer.get("@odata.nextLink") or answer["@odata.deltaLink"])[len(em.url):]
    admin.headers.update(prefer)
    for o in delta(admin, link)[0]:
        have.setdefault(o["id"], {}).update(o)
    assert {i: (have[i]["displayName"], have[i]["jobTitle"]) for i in have} == {
        i: (o["displayName"], o["jobTitle"]) for i in ids
        for o in [admin.get("/users/%s?$select=displayName,jobTitle" % i)]}


# --- $metadata ---

CSDL = os.path.join(os.path.dirname(ROOT), "shared", "data", "graph")
EDM = "{http://docs.oasis-open.org/odata/ns/edm}"


def metadata(tenant):
    """{entity: {property: type}}"""
    status, _ = tenant.get("/users")  # the connection is there, but XML is no JSON
    assert status == 200
    tenant.em.connection.request("GET", "/v1.0/$metadata", None, tenant.admin.headers)
    answer = tenant.em.connection.getresponse()
    assert answer.headers["Content-Type"].startswith("application/xml")
    root = ElementTree.fromstring(answer.read())
    return {e.get("Name"): {p.get("Name"): p.get("Type") for p in e.iter(EDM + "Property")}
            for e in root.iter(EDM + "EntityType")}


def test_metadata(tenant):
    names = metadata(tenant)
    assert set(names) == {"user", "group", "orgContact"}
    for collection, word in (("users", "user"), ("groups", "group"), ("contacts", "orgContact")):
        shown = set(tenant.admin.get("/" + collection)["value"][0]) - {"id"}
        assert shown <= set(names[word])
        # all that it names can be selected, one by an application with a role of its own
        wanted = set(names[word]) - {"employeeLeaveDateTime"}
        got = tenant.admin.get("/%s?$select=%s" % (collection, ",".join(wanted)))["value"][0]
        assert set(got) - {"id"} == wanted
    assert [("onPremisesImmutableId" in names[w]) for w in ("user", "group")] == [True, False]


def test_metadata_is_graphs(tenant):
    if not os.path.isdir(CSDL):
        pytest.skip("the CSDL of Graph is not beside the repository (../shared/data/graph)")
    for word, properties in metadata(tenant).items():
        root = ElementTree.parse(os.path.join(CSDL, word + ".xml")).getroot()
        assert root.get("Name") == word
        known = {p.get("Name"): p.get("Type") for p in root.iter("Property")}
        known["deletedDateTime"] = "Edm.DateTimeOffset"  # of the base type, directoryObject
        assert {n: t for n, t in properties.items() if known.get(n) != t} == {}


def test_links_lead_to_the_name_that_was_called(em):
    """A client that takes us for another cloud gets links of that cloud."""
    admin = Graph(em, ADMIN_APP)
    for i in range(3):
        user(admin, "user%d" % i)
    headers = dict(admin.headers, Host="graph.microsoft.us")
    for path in ("/v1.0/users?$top=2", "/v1.0/users/delta"):
        _, answer = em.request("GET", path, None, headers)
        link = answer.get("@odata.nextLink") or answer["@odata.deltaLink"]
        assert link.startswith("https://graph.microsoft.us/v1.0/users"), link
    _, answer = em.request("GET", "/v1.0/users?$top=2", None, dict(headers, Host='x"/y'))
    assert "x" not in answer["@odata.nextLink"][:20]


def test_plus_in_a_name(em):
    """A plus sign is itself in a path, and a blank in a query."""
    admin = Graph(em, ADMIN_APP)
    who = user(admin, "anna", userPrincipalName="anna+1@fjordline.example")
    assert admin.get("/users/anna+1@fjordline.example")["id"] == who
    assert admin.get("/users/anna%2B1@fjordline.example")["id"] == who
    found = admin.get("/users?$filter=userPrincipalName+eq+'anna%2B1@fjordline.example'")["value"]
    assert [o["id"] for o in found] == [who]
