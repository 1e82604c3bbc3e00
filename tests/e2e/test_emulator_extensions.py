"""Directory extensions of the emulator: definitions of applications, and values on objects."""
import base64
import contextlib
import json
import sqlite3

import pytest
from lab import ADMIN_APP, GRAPH_APP, SYNC_APP, Graph, Sync, code, q

FORBIDDEN = (403, "Authorization_RequestDenied")
BAD = (400, "Request_BadRequest")
SYSTEM = (400, "CannotModifySystemOnlyServicePrincipal")
SCHEMA_APP = "Tenant Schema Extension App"
USER = {"accountEnabled": True, "displayName": "Anna", "mailNickname": "anna",
        "userPrincipalName": "anna@fjordline.example", "passwordProfile": {"password": "Aa1!aaaa"}}
VALUES = {  # dataType: what is taken, what is shown, what is refused
    "String": (("x", "x"), ("Å" * 256, "Å" * 256), 7, "x" * 257, "", ["x"]),
    "Boolean": ((True, True), (False, False), "true", 1),
    "Integer": ((-2**31, -2**31), (7, 7), 2**31, "7", 1.5),
    "LargeInteger": ((2**63 - 1, 2**63 - 1), (-2**63, -2**63), "7", 1.5),
    "DateTime": (("2026-08-01T02:00:00+02:00", "2026-08-01T00:00:00Z"),
                 ("2026-08-01T00:00:00Z", "2026-08-01T00:00:00Z"), "soon", 7),
    "Binary": (("AAEC", "AAEC"), (base64.b64encode(b"x" * 256).decode(),) * 2,
               base64.b64encode(b"x" * 257).decode(), "A", "%%%%", 7)}


@pytest.fixture(name="make")
def fixture_make(make_emulator):
    return make_emulator


@pytest.fixture
def em(make):
    return make("--memory")


def application(graph, app=GRAPH_APP, name=None):
    text = "displayName eq '%s'" % name if name else "appId eq '%s'" % app[0]
    found = graph.get(q("/applications?$filter=" + text))["value"]
    assert len(found) == 1
    return "/applications/" + found[0]["id"]


def define(graph, name="costCentre", where=None, status=201, **more):
    got, o = graph.call("POST", (where or application(graph)) + "/extensionProperties", dict(
        {"name": name, "dataType": "String", "targetObjects": ["User"]}, **more))
    assert got == status, o
    return o


def full(name, app=GRAPH_APP):
    return "extension_%s_%s" % (app[0].replace("-", ""), name)


def user(graph, name="anna", **more):
    status, o = graph.call("POST", "/users", dict(
        USER, userPrincipalName=name + "@fjordline.example", **more))
    assert status == 201, o
    return "/users/" + o["id"]


def value(graph, path, name):
    return graph.get(path + "?$select=id," + name).get(name)


# --- definitions ---

def test_a_definition(em):
    graph = Graph(em)
    where = application(graph)
    o = define(graph, isMultiValued=True, targetObjects=["User", "Group"])
    o.pop("@odata.context")
    assert o == {"id": o["id"], "deletedDateTime": None, "appDisplayName": "Only public Graph",
                 "dataType": "String", "isMultiValued": True, "isSyncedFromOnPremises": False,
                 "name": full("costCentre"), "targetObjects": ["User", "Group"]}
    one = graph.get(where + "/extensionProperties/" + o["id"])
    assert {k: one[k] for k in o} == o
    by_app = "/applications(appId='%s')" % GRAPH_APP[0]
    for path in (where, by_app, by_app.upper().replace("APPLICATIONS", "applications")):
        assert graph.get(path + "/extensionProperties")["value"] == [o]
    assert graph.get(by_app)["displayName"] == "Only public Graph"
    other = define(graph, "second")
    listed = graph.get(q(where + "/extensionProperties?$filter=name eq '%s'" % full("second")))
    assert [x["id"] for x in listed["value"]] == [other["id"]]
    assert graph.get(application(graph, ADMIN_APP) + "/extensionProperties")["value"] == []
    assert graph.call("DELETE", where + "/extensionProperties/" + o["id"])[0] == 204
    assert code(graph.call("GET", where + "/extensionProperties/" + o["id"])) == (
        404, "Request_ResourceNotFound")
    assert len(graph.get(where + "/extensionProperties")["value"]) == 1


@pytest.mark.parametrize("change, words", [
    ({"name": "costCentre"}, "An extension property exists with the name " + full("costCentre")),
    ({"name": "COSTCENTRE"}, "An extension property exists"),
    ({"name": ""}, "'name'"), ({"name": "a b"}, "'name'"), ({"name": "1a"}, "'name'"),
    ({"name": "a-b"}, "'name'"), ({"name": "x" * 121}, "'name'"), ({"name": 7}, "'name'"),
    ({"dataType": "string"}, "'dataType'"), ({"dataType": "Reference"}, "'dataType'"),
    ({"dataType": None}, "'dataType'"), ({"targetObjects": []}, "'targetObjects'"),
    ({"targetObjects": ["user"]}, "'targetObjects'"), ({"targetObjects": "User"}, "'targetObjects'"),
    ({"targetObjects": [7]}, "'targetObjects'"), ({"isMultiValued": "yes"}, "'isMultiValued'"),
    ({"isSyncedFromOnPremises": True}, "read-only"), ({"colour": "red"}, "does not exist")])
def test_bad_definitions(em, change, words):
    graph = Graph(em)
    define(graph)
    o = define(graph, **dict({"name": "other"}, **change), status=400)
    assert o["error"]["code"] == "Request_BadRequest" and words in o["error"]["message"]


def test_who_may_define(make):
    own, other = application(Graph(make("--memory"))), None
    for roles, read, mine, theirs in (
            (["User.ReadWrite.All"], False, False, False),
            (["Application.Read.All"], True, False, False),
            (["Directory.Read.All"], True, False, False),
            (["Application.ReadWrite.OwnedBy"], True, True, False),
            (["Application.ReadWrite.All"], True, True, True),
            (["Directory.ReadWrite.All"], True, True, True)):
        em = make("--memory", roles=roles)
        graph = Graph(em, GRAPH_APP)
        other = application(Graph(em), ADMIN_APP)
        assert graph.call("GET", own)[0] == (200 if read else 403)
        for where, may in ((own, mine), (other, theirs)):
            got = graph.call("POST", where + "/extensionProperties", {
                "name": "x", "dataType": "String", "targetObjects": ["User"]})
            assert (got[0] == 201) if may else code(got) == FORBIDDEN, (roles, where)
        got = graph.call("POST", "/directoryObjects/getAvailableExtensionProperties", {})
        assert got[0] == (200 if "Directory" in roles[0] else 403)


def test_owned_by_is_for_an_owner(make):
    """A registration does not own itself: somebody must have made it an owner."""
    em = make("--memory", roles=["Application.ReadWrite.OwnedBy"], owns_itself=False)
    graph = Graph(em, GRAPH_APP)
    got = graph.call("POST", application(Graph(em)) + "/extensionProperties", {
        "name": "x", "dataType": "String", "targetObjects": ["User"]})
    assert code(got) == FORBIDDEN


def test_the_application_of_the_system(em):
    """Only synchronization defines what is synchronized, and it stays."""
    graph, sync = Graph(em), Graph(em, SYNC_APP)
    where = application(graph, name=SCHEMA_APP)
    body = {"name": "division", "dataType": "String", "targetObjects": ["User"]}
    assert code(graph.call("POST", where + "/extensionProperties", body)) == SYSTEM
    assert code(sync.call("POST", application(graph) + "/extensionProperties", body)) == FORBIDDEN
    o = define(sync, "division", where)
    assert (o["isSyncedFromOnPremises"], o["appDisplayName"]) == (True, SCHEMA_APP)
    for client in (graph, sync):
        assert code(client.call("DELETE", where + "/extensionProperties/" + o["id"])) == SYSTEM
    mine = define(graph)
    ask = "/directoryObjects/getAvailableExtensionProperties"
    for body, wanted in (({}, [o, mine]), ({"isSyncedFromOnPremises": True}, [o]),
                         ({"isSyncedFromOnPremises": False}, [mine]),
                         ({"isSyncedFromOnPremises": None}, [o, mine])):
        for client in (graph, sync):
            status, answer = client.call("POST", ask, body)
            assert status == 200 and [x["id"] for x in answer["value"]] == [
                x["id"] for x in wanted]
    assert code(graph.call("POST", ask, {"isSyncedFromOnPremises": "yes"})) == BAD


def test_paths(em):
    graph = Graph(em)
    where, one = application(graph), define(graph)["id"]
    for path in ("/applications/x", "/applications(appId='x')", "/applications(appId='",
                 "/applications(x)", where + "/extensionProperties/x",
                 application(graph, ADMIN_APP) + "/extensionProperties/" + one):
        assert code(graph.call("GET", path)) == (404, "Request_ResourceNotFound"), path
    for path in (where + "/owners", where + "/extensionProperties/%s/x" % one, "/applicationsx"):
        assert graph.call("GET", path)[0] == 400, path
    for method, path in (("PATCH", where + "/extensionProperties/" + one), ("POST", where),
                         ("DELETE", where + "/extensionProperties"), ("POST", "/applications")):
        assert graph.call(method, path, {})[0] == 405, (method, path)


# --- values ---

@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize("kind", VALUES)
def test_types(em, kind, many):
    graph = Graph(em)
    name = define(graph, dataType=kind, isMultiValued=many)["name"]
    who = user(graph)
    taken = [v for v in VALUES[kind] if isinstance(v, tuple)]
    for sent, kept in [([a for a, _ in taken], [b for _, b in taken])] if many else taken:
        graph.patch(who, {name: sent})
        assert value(graph, who, name) == kept
    before = value(graph, who, name)
    for wrong in [v for v in VALUES[kind] if not isinstance(v, tuple)]:
        got = graph.call("PATCH", who, {name: [wrong] if many else wrong})
        assert got[0] == 400 and name in got[1]["error"]["message"], wrong
    assert graph.call("PATCH", who, {name: taken[0][0] if many else [taken[0][0]]})[0] == 400
    assert value(graph, who, name) == before
    for empty in (None, []) if many else (None,):
        graph.patch(who, {name: taken[0][:1] if many else taken[0][0]})
        graph.patch(who, {name: empty})
        assert name not in graph.get(who + "?$select=id," + name)


def test_only_when_selected(em):
    graph = Graph(em)
    name = define(graph)["name"]
    who = user(graph, **{name: "made with it"})
    assert name not in graph.get(who)
    assert graph.get(who + "?$select=" + name.upper())[name] == "made with it"
    assert graph.get("/users?$select=id," + name)["value"][0][name] == "made with it"
    assert name not in json.dumps(graph.get("/users")["value"])
    crew = graph.call("POST", "/groups", {
        "displayName": "g", "mailNickname": "g", "mailEnabled": False, "securityEnabled": True,
        "members@odata.bind": ["x/" + who.split("/")[2]]})[1]["id"]
    got = graph.get("/groups/%s/members?$select=id,%s" % (crew, name))["value"]
    assert got[0][name] == "made with it"


def test_targets(em):
    """It is there for the types that the definition names, and for no other."""
    graph = Graph(em)
    users, groups = define(graph, "u")["name"], define(graph, "g", targetObjects=["Group"])["name"]
    neither = define(graph, "n", targetObjects=["Application", "Organization"])["name"]
    who = user(graph)
    crew = "/groups/" + graph.call("POST", "/groups", {
        "displayName": "g", "mailNickname": "g", "mailEnabled": False, "securityEnabled": True,
        groups: "made with it"})[1]["id"]
    assert value(graph, crew, groups) == "made with it"
    graph.patch(who, {users: "x"})
    for path, wrong in ((who, groups), (crew, users), (who, neither), (who, full("unknown")),
                        (who, full("u", ADMIN_APP))):
        got = graph.call("PATCH", path, {wrong: "x"})
        assert code(got) == BAD
        assert got[1]["error"]["message"] == (
            "The following extension properties are not available: %s." % wrong)
        assert graph.call("GET", path + "?$select=" + wrong)[0] == 400
        assert graph.call("GET", q("%s?$count=true&$filter=%s eq 'x'" % (
            path.rsplit("/", 1)[0], wrong)))[0] == 400


@pytest.mark.parametrize("kind, stored, test", [
    ("String", "It's", "'it''s'"), ("Boolean", True, "true"), ("Integer", -5, "-5"),
    ("LargeInteger", 2**40, str(2**40)), ("DateTime", "2026-08-01T00:00:00Z",
                                          "2026-08-01T00:00:00Z"), ("Binary", "AAEC", "'AAEC'")])
def test_filter(em, kind, stored, test):
    graph = Graph(em)
    name = define(graph, dataType=kind)["name"]
    listed = define(graph, "many", dataType=kind, isMultiValued=True)["name"]
    who = user(graph, **{name: stored, listed: [stored]})
    user(graph, "bo")
    for text in ("%s eq %s" % (name, test), "%s ne null" % name,
                 "%s/any(x:x eq %s)" % (listed, test)):
        got = graph.get(q("/users?$count=true&$filter=" + text))
        assert ["/users/" + o["id"] for o in got["value"]] == [who], text
    del graph.headers["ConsistencyLevel"]
    assert code(graph.call("GET", q("/users?$count=true&$filter=%s eq %s" % (name, test)))) == (
        400, "Request_UnsupportedQuery")


def test_delta(em):
    """A changed value is told, a cleared one is null, and one that was not asked for is nothing."""
    graph = Graph(em)
    one, two = define(graph, "one")["name"], define(graph, "two", isMultiValued=True)["name"]
    who = user(graph, **{one: "a"})
    graph.headers["Prefer"] = "return=minimal"

    def turn(link):
        status, answer = em.request("GET", link, None, graph.headers)
        assert status == 200, answer
        return answer["value"], answer["@odata.deltaLink"][len(em.url):]

    objects, link = turn("/v1.0/users/delta?$select=displayName,%s,%s" % (one, two))
    assert objects[0][one] == "a" and two not in objects[0]
    for body, told in (({one: "b"}, {one: "b"}), ({two: ["x", "y"]}, {two: ["x", "y"]}),
                       ({one: None}, {one: None}), ({two: None}, {two: []})):
        graph.patch(who, body)
        objects, link = turn(link)
        objects[0].pop("@odata.type")
        assert objects == [dict(told, id=who.split("/")[2])], body
    _, other = turn("/v1.0/users/delta?$select=displayName")
    graph.patch(who, {one: "c"})
    assert turn(other)[0] == []


def test_a_hundred_values(em):
    """Over all definitions; each of a collection counts. All or nothing."""
    graph = Graph(em)
    many, other = define(graph, "many", isMultiValued=True)["name"], define(graph, "other")["name"]
    who = user(graph, **{many: [str(i) for i in range(99)]})
    graph.patch(who, {other: "the hundredth"})
    for body in ({many: [str(i) for i in range(100)]}, {many: [str(i) for i in range(101)],
                                                        other: None}):
        got = graph.call("PATCH", who, dict(body, jobTitle="x"))
        assert code(got) == BAD and "100 extension values" in got[1]["error"]["message"]
    assert graph.get(who)["jobTitle"] is None and len(value(graph, who, many)) == 99
    graph.patch(who, {many: [str(i) for i in range(100)], other: None})
    assert graph.call("PATCH", who, {other: "x"})[0] == 400
    graph.patch(who, {many: ["1"]})
    graph.patch(who, {other: "x"})


def test_a_deleted_definition(em):
    """Its values are seen no more, and count no more; one of the same name is another one."""
    graph = Graph(em)
    where, first = application(graph), define(graph, isMultiValued=True)
    who = user(graph, **{first["name"]: [str(i) for i in range(100)]})
    assert graph.call("DELETE", where + "/extensionProperties/" + first["id"])[0] == 204
    assert graph.call("GET", who + "?$select=" + first["name"])[0] == 400
    assert "not available" in graph.call("PATCH", who, {first["name"]: ["x"]})[1]["error"]["message"]
    second = define(graph, dataType="Integer")
    assert (second["name"], second["id"] != first["id"]) == (first["name"], True)
    assert value(graph, who, second["name"]) is None
    graph.patch(who, {second["name"]: 7})
    assert value(graph, who, second["name"]) == 7


def test_synchronized_values(em):
    """They are Active Directory's while the object is, and the cloud's after the switch."""
    graph, sync = Graph(em), Sync(em)
    schema = application(graph, name=SCHEMA_APP)
    name = define(Graph(em, SYNC_APP), "division", schema, targetObjects=["User", "Group"])["name"]
    for collection, body in (
            ("users", {"userPrincipalName": "a@fjordline.example", "mailNickname": "a"}),
            ("groups", {"securityEnabled": True})):
        who = sync.post(collection, dict(
            body, displayName="a", onPremisesImmutableId="YQ==", **{name: "AD"}))
        path = "/%s/%s" % (collection, who)
        assert code(graph.call("PATCH", path, {name: "cloud"})) == BAD
        assert value(graph, path, name) == "AD"
        graph.soa(collection, who, True)
        assert sync.refusal("PATCH", path, {name: "AD again"})
        graph.patch(path, {name: "cloud"})
        assert value(graph, path, name) == "cloud"
    born = user(graph, "born")
    assert "read-only" in graph.call("PATCH", born, {name: "x"})[1]["error"]["message"]


def test_they_are_kept(make):
    """Over a restart; a snapshot has its own definitions, and going back to it brings them."""
    em = make()
    graph = Graph(em)
    name, other = define(graph)["name"], define(graph, "n", dataType="Integer",
                                                isMultiValued=True)["name"]
    gone = define(graph, "gone")
    who = user(graph, **{name: "x", other: [1, 2], gone["name"]: "y"})
    where = application(graph) + "/extensionProperties"
    assert graph.call("DELETE", where + "/" + gone["id"])[0] == 204
    listed = graph.get(where)["value"]
    em = make()
    graph = Graph(em)
    assert graph.get(where)["value"] == listed and len(listed) == 2
    assert (value(graph, who, name), value(graph, who, other)) == ("x", [1, 2])
    assert graph.call("GET", who + "?$select=" + gone["name"])[0] == 400
    assert em.request("POST", "/emulator/snapshot", {"name": "a"})[0] == 204
    later = define(graph, "later", dataType="Boolean")["name"]
    graph.patch(who, {later: True, name: "y"})
    assert em.request("POST", "/emulator/restore", {"name": "nothing"})[0] == 404
    assert value(graph, who, later) is True
    assert em.request("POST", "/emulator/restore", {"name": "a"})[0] == 204
    assert graph.get(where)["value"] == listed and value(graph, who, name) == "x"
    assert graph.call("GET", who + "?$select=" + later)[0] == 400
    em = make()
    assert Graph(em).get(where)["value"] == listed


@pytest.mark.parametrize("sql, table", [
    ("UPDATE extension SET type = 9", "extension"), ("UPDATE extension SET id = 'x'", "extension"),
    ("UPDATE extension SET targets = 64", "extension"), ("UPDATE extension SET n = 1", "extension"),
    ("UPDATE extension SET flags = 8", "extension"), ("UPDATE extension SET name = 'a b'", "extension"),
    ("UPDATE extension SET type = 1", "object"), ("UPDATE extension SET targets = 2", "object"),
    ("UPDATE extension SET flags = 1", "object"), ("DELETE FROM extension", "object")])
def test_damage(make, sql, table):
    em = make()
    graph = Graph(em)
    user(graph, **{define(graph)["name"]: "x"})
    em.stop()
    with contextlib.closing(sqlite3.connect(em.folder + "/tenant.db")) as db:
        db.execute(sql)
        db.commit()
    with pytest.raises(AssertionError) as failed:
        make()
    assert "table %s, row" % table in str(failed.value)
