"""The emulator's rules of directory synchronization: who matches whom, what collides, what returns.

The facts are those of learn.microsoft.com/entra/identity/hybrid/connect: how-to-connect-install-
existing-tenant, how-to-connect-syncservice-duplicate-attribute-resiliency, tshoot-connect-sync-
errors, plan-connect-userprincipalname.
"""
import base64
import json
import re

import pytest
from lab import (ADMIN_APP, GRAPH_APP, ROOT, SYNC_APP, TENANT, Emulator, Graph, Sync, code, q,
                 wait_for)
from service import Refused

HOUR, DAY = 3600, 86400
NOBODY = "00000000-0000-0000-0000-000000000000"
INITIAL = "@fjordline.onmicrosoft.com"
HOME = "@fjordline.example"
GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
TO_CLOUD = "Change Source of Authority from AD to cloud"
TO_AD = "Undo changes to Source of Authority from AD DS to cloud"
PLACEHOLDER = r"%s\+\d{4}@fjordline\.onmicrosoft\.com"
USER = ("id,displayName,onPremisesImmutableId,userPrincipalName,mailNickname,mail,proxyAddresses,"
        "onPremisesSyncEnabled,onPremisesProvisioningErrors,jobTitle")


def anchor(name):
    return base64.b64encode(name.encode()).decode()


def person(name, **more):
    """What synchronization sends of a user, in Graph's words; a key that is None is left out."""
    body = dict({"onPremisesImmutableId": anchor(name), "displayName": name,
                 "userPrincipalName": name + HOME, "mailNickname": name}, **more)
    return {k: v for k, v in body.items() if v is not None}


def team(name, **more):
    """One with mail is one that has an address."""
    return dict({"onPremisesImmutableId": anchor(name), "displayName": name, "mailNickname": name,
                 "securityEnabled": True}, **more)


class World:
    """An emulator, its synchronization and its administrator."""

    def __init__(self, em):
        self.em = em
        self.sign_in()

    def sign_in(self):
        self.sync, self.admin = Sync(self.em, SYNC_APP), Graph(self.em, ADMIN_APP)

    def advance(self, seconds):
        """The clock goes on; tokens get old over that."""
        assert self.em.request("POST", "/emulator/clock", {"advance": seconds})[0] == 204
        self.sign_in()

    def feature(self, **values):
        return self.admin.call("PATCH", "/directory/onPremisesSynchronization/" + TENANT,
                               {"features": values})

    def features(self):
        return self.admin.get("/directory/onPremisesSynchronization/" + TENANT)["features"]

    def cloud(self, name, **more):
        """A user who was born in the cloud."""
        status, o = self.admin.call("POST", "/users", dict({
            "accountEnabled": True, "displayName": name, "mailNickname": name,
            "userPrincipalName": name + HOME, "passwordProfile": {"password": "Aa1!aaaa"}}, **more))
        assert status == 201, o
        return o["id"]

    def synced(self, body, collection="users", new=True):
        """The id of the object that synchronization made; new=False: of the one that was there."""
        before = self.em.stats()["creates"]
        object_id = self.sync.post(collection, body)
        assert self.em.stats()["creates"] == before + (1 if new else 0)
        return object_id

    def refused(self, body, error, collection="users"):
        before = self.admin.all("/%s?$top=999" % collection)
        assert self.sync.refusal("POST", collection, body) == error
        assert self.admin.all("/%s?$top=999" % collection) == before

    def user(self, object_id):
        return self.admin.get("/users/%s?$select=%s" % (object_id, USER))

    def make_administrator(self, object_id):
        assert self.admin.call("POST", "/directoryRoles/%s/members/$ref" % GLOBAL_ADMINISTRATOR,
                               {"@odata.id": "x/" + object_id})[0] == 204

    def fire(self, object_id):
        assert self.admin.call("DELETE", "/directoryRoles/%s/members/%s/$ref" % (
            GLOBAL_ADMINISTRATOR, object_id))[0] == 204

    def deleted(self, cast="microsoft.graph.user"):
        return [o["id"] for o in self.admin.get("/directory/deletedItems/" + cast)["value"]]


def tenant_file(folder, **more):
    """The sample with other keys; None takes one away."""
    with open(ROOT + "/conf/tenant.sample.json", encoding="utf-8") as f:
        text = dict(json.load(f), **more)
    path = folder / "tenant.json"
    path.write_text(json.dumps({k: v for k, v in text.items() if v is not None}))
    return str(path)


@pytest.fixture
def make_world(tmp_path):
    worlds = []

    def make(*options, memory=True, **tenant):
        """Worlds of one test share a folder: the second finds what the first left."""
        if worlds:
            worlds[-1].em.stop()
        options = (["--memory"] if memory else []) + list(options)
        worlds.append(World(Emulator(str(tmp_path), *options, tenant=tenant_file(
            tmp_path, **tenant) if tenant else None)))
        return worlds[-1]

    yield make
    if worlds:
        worlds[-1].em.stop()


@pytest.fixture
def world(make_world):
    return make_world()


NO_QUARANTINE = {"quarantineUponUpnConflictEnabled": False,
                 "quarantineUponProxyAddressesConflictEnabled": False,
                 "blockCloudObjectTakeoverThroughHardMatchEnabled": False}


# --- the hard match ---

def test_the_same_object_again(world):
    first = world.synced(person("anna"))
    assert world.synced(person("anna", jobTitle="Mate"), new=False) == first
    assert world.user(first)["jobTitle"] == "Mate" and world.em.stats()["creates"] == 1
    # anchors are compared to the letter, and within a type
    other = person("bo", onPremisesImmutableId=anchor("anna").swapcase())
    assert world.synced(other) != first
    assert world.synced(team("crew", onPremisesImmutableId=anchor("anna")), "groups") != first
    assert world.synced(team("crew", onPremisesImmutableId=anchor("anna")), "groups", new=False)


def test_a_deleted_user_comes_back(world):
    who = world.synced(person("anna"))
    world.sync.delete("/users/" + who)
    assert world.deleted() == [who] and world.admin.call("GET", "/users/" + who)[0] == 404
    for wrong in ({"userPrincipalName": "a." + HOME}, {"jobTitle": 7}):  # not by a refused one
        assert world.sync.refusal("POST", "users", person("anna", **wrong))
        assert world.deleted() == [who] and world.admin.call("GET", "/users/" + who)[0] == 404
    assert world.synced(person("anna"), new=False) == who
    assert world.deleted() == [] and world.user(who)["onPremisesSyncEnabled"] is True
    assert world.admin.get("/users/%s?$select=deletedDateTime" % who)["deletedDateTime"] is None


def test_takeover_is_blocked_by_default(make_world):
    world = make_world(features=None)
    assert world.features()["blockCloudObjectTakeoverThroughHardMatchEnabled"] is True
    who = world.cloud("anna", onPremisesImmutableId=anchor("anna"))
    before = world.user(who)
    world.refused(person("anna", jobTitle="Mate"), "InvalidHardMatch")
    assert world.user(who) == before and before["onPremisesSyncEnabled"] is None
    assert world.feature(blockCloudObjectTakeoverThroughHardMatchEnabled=False)[0] == 204
    assert world.synced(person("anna", displayName="Anna", jobTitle="Mate"), new=False) == who
    after = world.user(who)
    assert (after["displayName"], after["jobTitle"], after["onPremisesSyncEnabled"]) == (
        "Anna", "Mate", True)
    # what is synchronized already is no takeover
    assert world.feature(blockCloudObjectTakeoverThroughHardMatchEnabled=True)[0] == 204
    world.synced(person("anna", jobTitle="Cook"), new=False)


def test_an_administrator_is_not_taken_over(world):
    who = world.cloud("anna", onPremisesImmutableId=anchor("anna"))
    world.make_administrator(who)
    world.refused(person("anna"), "ExistingAdminRoleConflict")
    world.fire(who)
    assert world.synced(person("anna"), new=False) == who


# --- the soft match ---

def test_soft_match_by_name(world):
    who = world.cloud("anna", jobTitle="Captain", city="Bergen")
    body = person("anna", onPremisesImmutableId="b3RoZXI=", userPrincipalName="ANNA" + HOME,
                  jobTitle="Mate")
    assert world.synced(body, new=False) == who
    after = world.admin.get("/users/%s?$select=%s,city" % (who, USER))
    assert (after["onPremisesImmutableId"], after["onPremisesSyncEnabled"]) == ("b3RoZXI=", True)
    assert (after["jobTitle"], after["city"]) == ("Mate", "Bergen")  # what AD has no value of stays


def test_soft_match_by_address(world):
    who = world.cloud("anna", mail="captain" + HOME)
    assert world.user(who)["proxyAddresses"] == ["SMTP:captain" + HOME]
    body = person("other", proxyAddresses=["smtp:o" + HOME, "SMTP:Captain" + HOME])
    assert world.synced(body, new=False) == who
    assert world.user(who)["onPremisesImmutableId"] == anchor("other")


def test_only_the_primary_address_matches(world):
    who = world.cloud("anna", mail="captain" + HOME)
    other = world.synced(person("other", proxyAddresses=["smtp:captain" + HOME]))
    assert other != who and world.user(other)["proxyAddresses"] == []
    assert world.user(who)["onPremisesImmutableId"] is None


def test_a_deleted_user_is_no_soft_match(world):
    who = world.cloud("anna")
    assert world.admin.call("DELETE", "/users/" + who)[0] == 204
    new = world.synced(person("anna"))
    assert new != who and world.user(new)["userPrincipalName"] == "anna" + HOME


def test_soft_match_by_name_is_a_feature(make_world):
    world = make_world(features={"softMatchOnUpnEnabled": False})
    who = world.cloud("anna")
    new = world.synced(person("anna"))
    assert new != who and re.fullmatch(PLACEHOLDER % "anna", world.user(new)["userPrincipalName"])
    assert world.feature(softMatchOnUpnEnabled=True)[0] == 204
    who = world.cloud("bo")
    assert world.synced(person("bo"), new=False) == who


@pytest.mark.parametrize("name", ["softMatchOnUpnEnabled", "synchronizeUpnForManagedUsersEnabled"])
def test_features_of_one_way(world, name):
    before = world.features()
    assert before[name] is True
    # all or nothing
    assert code(world.feature(**{name: False, "blockSoftMatchEnabled": True})) == (
        400, "Request_BadRequest")
    assert world.features() == before
    assert world.feature(**{name: True})[0] == 204


def test_features(world):
    assert len(world.features()) == 20
    assert world.feature(blockSoftMatchEnabled=True, GROUPWRITEBACKENABLED=True)[0] == 204
    now = world.features()
    assert now["blockSoftMatchEnabled"] is True and now["groupWriteBackEnabled"] is True
    for wrong in ({"bogus": True}, {"blockSoftMatchEnabled": "x"}, {"blockSoftMatchEnabled": None}):
        assert world.feature(**wrong)[0] == 400
    path = "/directory/onPremisesSynchronization"
    assert world.admin.get(path)["value"][0]["id"] == TENANT
    assert world.admin.call("GET", path + "/" + NOBODY)[0] == 404
    assert code(Graph(world.em, SYNC_APP).call("PATCH", path + "/" + TENANT, {"features": {}})) == (
        403, "Authorization_RequestDenied")


def test_soft_match_can_be_blocked(world):
    who = world.cloud("anna")
    assert world.feature(blockSoftMatchEnabled=True)[0] == 204
    new = world.synced(person("anna"))
    assert new != who and re.fullmatch(PLACEHOLDER % "anna", world.user(new)["userPrincipalName"])
    assert world.feature(quarantineUponUpnConflictEnabled=False)[0] == 204
    world.refused(person("anna", onPremisesImmutableId="b3RoZXI="), "InvalidSoftMatch")


@pytest.mark.parametrize("by", [{}, {"userPrincipalName": "else" + HOME,
                                     "proxyAddresses": ["SMTP:anna" + HOME]}])
def test_an_administrator_is_never_matched(world, by):
    who = world.cloud("anna", mail="anna" + HOME)
    world.make_administrator(who)
    world.refused(person("anna", **by), "ExistingAdminRoleConflict")
    assert world.user(who)["onPremisesImmutableId"] is None
    world.fire(who)
    assert world.synced(person("anna", **by), new=False) == who


def test_groups_match_by_address_or_not_at_all(world):
    status, o = world.admin.call("POST", "/groups", {
        "displayName": "Crew", "mailNickname": "crew", "mailEnabled": True,
        "securityEnabled": False, "groupTypes": ["Unified"]})
    assert status == 201 and o["proxyAddresses"] == ["SMTP:crew" + INITIAL] == ["SMTP:" + o["mail"]]
    plain = world.admin.call("POST", "/groups", {
        "displayName": "Plain", "mailNickname": "plain", "mailEnabled": False,
        "securityEnabled": True})[1]
    # not by name
    assert world.synced(team("plain", displayName="Plain"), "groups") != plain["id"]
    assert world.synced(team("crew", displayName="Crew", mail="x" + HOME), "groups") != o["id"]
    body = team("b", proxyAddresses=["SMTP:CREW" + INITIAL])
    assert world.synced(body, "groups", new=False) == o["id"]
    assert world.admin.get("/groups/" + o["id"])["onPremisesSyncEnabled"] is True


def test_contacts_match_by_address(world):
    """A contact that comes with a new anchor: the one that is there has another."""
    body = {"displayName": "Quay", "proxyAddresses": ["SMTP:quay@port.example"]}
    who = world.synced(dict(body, onPremisesImmutableId="YQ=="), "contacts")
    assert world.synced(dict(body, onPremisesImmutableId="YQ=="), "contacts", new=False) == who
    other = world.synced(dict(body, onPremisesImmutableId="Yg=="), "contacts")
    assert other != who and world.admin.get("/contacts/" + other)["proxyAddresses"] == []


@pytest.mark.parametrize("first, second", [("users", "contacts"), ("contacts", "users"),
                                           ("users", "groups")])
def test_types_do_not_match(world, first, second):
    bodies = {"users": person("x"), "groups": team("x"),
              "contacts": {"onPremisesImmutableId": anchor("x"), "displayName": "x"}}
    address = ["SMTP:quay@port.example"]
    world.synced(dict(bodies[first], proxyAddresses=address), first)
    world.refused(dict(bodies[second], proxyAddresses=address), "ObjectTypeMismatch", second)


# --- collisions ---

def test_collisions_without_quarantine(make_world):
    world = make_world(features=NO_QUARANTINE)
    anna = world.synced(person("anna", proxyAddresses=["SMTP:anna" + HOME, "smtp:a" + HOME]))
    # a new object that would match one with another anchor
    world.refused(person("x", userPrincipalName="Anna" + HOME), "InvalidSoftMatch")
    world.refused(person("x", proxyAddresses=["SMTP:a" + HOME]), "InvalidSoftMatch")
    # what matches nothing and still collides
    world.refused(person("x", proxyAddresses=["smtp:A" + HOME]), "AttributeValueMustBeUnique")
    bo = world.synced(person("bo"))
    before = world.user(bo)
    for body, what in (({"userPrincipalName": "anna" + HOME}, "UserPrincipalName anna" + HOME),
                       ({"proxyAddresses": ["smtp:b" + HOME, "SMTP:a" + HOME]},
                        "ProxyAddresses SMTP:a" + HOME)):
        with pytest.raises(Refused, match="AttributeValueMustBeUnique: .*" + re.escape(
                "[%s;]" % what)):
            world.sync.patch("/users/" + bo, dict(body, jobTitle="Cook"))
        assert world.user(bo) == before
    # until it is free
    world.sync.patch("/users/" + anna, {"proxyAddresses": None})
    world.sync.patch("/users/" + bo, {"proxyAddresses": ["SMTP:a" + HOME]})


def test_quarantine(world):
    anna = world.synced(person("anna", proxyAddresses=["SMTP:anna" + HOME]))
    new = world.synced(person("new", userPrincipalName="anna" + HOME, proxyAddresses=[
        "SMTP:new" + HOME, "smtp:ANNA" + HOME]))
    got = world.user(new)
    assert re.fullmatch(PLACEHOLDER % "anna", got["userPrincipalName"])
    assert got["proxyAddresses"] == ["SMTP:new" + HOME]
    errors = [(e["propertyCausingError"], e["category"], e["value"])
              for e in got["onPremisesProvisioningErrors"]]
    assert errors == [("UserPrincipalName", "PropertyConflict", "anna" + HOME),
                      ("ProxyAddresses", "PropertyConflict", "smtp:ANNA" + HOME)]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", e["occurredDateTime"])
               for e in got["onPremisesProvisioningErrors"])
    # sent again nothing changes: neither the stand-in, nor when it was found
    world.advance(60)
    world.synced(person("new", userPrincipalName="anna" + HOME, proxyAddresses=[
        "SMTP:new" + HOME, "smtp:ANNA" + HOME]), new=False)
    assert world.user(new) == got
    assert world.user(anna)["onPremisesProvisioningErrors"] == []
    # a value that does not collide ends it at once
    world.sync.patch("/users/" + new, {"userPrincipalName": "new" + HOME})
    got = world.user(new)
    assert got["userPrincipalName"] == "new" + HOME
    assert [e["propertyCausingError"] for e in got["onPremisesProvisioningErrors"]] == [
        "ProxyAddresses"]
    world.sync.patch("/users/" + new, {"proxyAddresses": ["SMTP:new" + HOME]})
    assert world.user(new)["onPremisesProvisioningErrors"] == []


def test_stand_ins_differ(world):
    """Also where the four digits of two of them would be the same: 300 of 10,000."""
    world.synced(person("anna"))
    bodies = [person("n%d" % i, userPrincipalName="anna" + HOME) for i in range(300)]
    ids = set(world.sync.post_all("users", bodies))
    names = [o["userPrincipalName"] for o in world.admin.all(
        "/users?$top=999&$select=id,userPrincipalName") if o["id"] in ids]
    assert len(set(names)) == 300 and all(re.fullmatch(PLACEHOLDER % "anna", n) for n in names)


@pytest.mark.parametrize("free", ["deleted", "renamed"])
def test_the_hourly_task_gives_the_value_back(world, free):
    anna = world.synced(person("anna", proxyAddresses=["SMTP:anna" + HOME]))
    new = world.synced(person("new", userPrincipalName="anna" + HOME, proxyAddresses=[
        "SMTP:new" + HOME, "smtp:anna" + HOME]))
    world.advance(HOUR)  # not free yet
    assert len(world.user(new)["onPremisesProvisioningErrors"]) == 2
    if free == "deleted":
        world.sync.delete("/users/" + anna)
    else:
        world.sync.patch("/users/" + anna, {"userPrincipalName": "a" + HOME,
                                            "proxyAddresses": None})
    link = world.admin.get("/users/delta?$deltatoken=latest&$select=userPrincipalName")
    world.advance(HOUR // 2)
    assert len(world.user(new)["onPremisesProvisioningErrors"]) == 2
    world.advance(HOUR // 2 + 1)
    got = world.user(new)
    assert got["onPremisesProvisioningErrors"] == [] and got["userPrincipalName"] == "anna" + HOME
    assert got["proxyAddresses"] == ["SMTP:new" + HOME, "smtp:anna" + HOME]
    # and whoever follows the tenant hears of it
    link = link["@odata.deltaLink"][len(world.em.url):]
    changes = world.em.request("GET", link, None, world.admin.headers)[1]["value"]
    assert [(o["id"], o["userPrincipalName"]) for o in changes] == [(new, "anna" + HOME)]


def test_an_address_of_another_type_is_no_quarantine(world):
    address = {"proxyAddresses": ["smtp:a" + HOME]}
    world.synced(person("anna", **address))
    world.refused(team("crew", **address), "AttributeValueMustBeUnique", "groups")
    crew = world.synced(team("crew"), "groups")
    assert world.sync.refusal("PATCH", "/groups/" + crew, address) == "AttributeValueMustBeUnique"


def test_an_application_is_told(world):
    """There is no quarantine for what is written in the cloud."""
    world.synced(person("anna", proxyAddresses=["SMTP:anna" + HOME]))
    bo = world.cloud("bo")
    for body in ({"userPrincipalName": "anna" + HOME}, {"mail": "anna" + HOME}):
        assert code(world.admin.call("PATCH", "/users/" + bo, body)) == (400, "Request_BadRequest")
    assert world.user(bo)["proxyAddresses"] == []
    world.admin.patch("/users/" + bo, {"mail": "b" + HOME})
    world.admin.patch("/users/" + bo, {"mail": "c" + HOME})
    assert world.user(bo)["proxyAddresses"] == ["SMTP:c" + HOME, "smtp:b" + HOME]
    assert world.admin.call("PATCH", "/users/" + bo, {"mail": "nowhere"})[0] == 400


# --- errors by name ---

@pytest.mark.parametrize("body, error", [
    ({"userPrincipalName": "a b" + HOME, "mailNickname": "a&b"}, "IdentityDataValidationFailed"),
    ({"userPrincipalName": "a." + HOME}, "IdentityDataValidationFailed"),
    ({"mail": "an na" + HOME}, "IdentityDataValidationFailed"),
    ({"mail": HOME}, "IdentityDataValidationFailed"),
    ({"mail": "änna" + HOME}, "IdentityDataValidationFailed"),
    ({"mail": "<anna%s>" % HOME}, "IdentityDataValidationFailed"),
    ({"mail": "anna"}, "IdentityDataValidationFailed"),
    ({"proxyAddresses": ["SMTP:an na" + HOME]}, "DataValidationFailed"),
    ({"proxyAddresses": ["SMTP:anna%s " % HOME]}, "DataValidationFailed"),
    ({"proxyAddresses": ["smtp:" + HOME]}, "DataValidationFailed"),
    ({"proxyAddresses": ["smtp:"]}, "DataValidationFailed"),
    ({"proxyAddresses": ["SMTP:anna" + HOME, "smtp:büro" + HOME]}, "DataValidationFailed"),
    ({"proxyAddresses": ["smtp:<a>" + HOME]}, "DataValidationFailed"),
    ({"proxyAddresses": ["SMTP:a" + HOME, "SMTP:b" + HOME]}, "DataValidationFailed"),
    ({"proxyAddresses": ["smtp:a." + HOME]}, "DataValidationFailed"),
    ({"proxyAddresses": ["no address"]}, "DataValidationFailed"),
    ({"mailNickname": "Domain Helpers"}, "DataValidationFailed"),
    ({"mailNickname": "Führungskräfte"}, "DataValidationFailed"),
    ({"usageLocation": "UK"}, "DataValidationFailed"),
    ({"usageLocation": "ZZ"}, "DataValidationFailed"),
    ({"userPrincipalName": "x" * 120 + HOME}, "IdentityDataValidationFailed"),
    ({"mail": "x" * 300}, "IdentityDataValidationFailed"),
    ({"userPrincipalName": 7}, "IdentityDataValidationFailed"),
    ({"jobTitle": "x" * 129}, "DataValidationFailed"),
    ({"mailNickname": "x" * 65}, "DataValidationFailed"),
    ({"usageLocation": "NOR"}, "DataValidationFailed"),
    ({"accountEnabled": "yes"}, "DataValidationFailed"),
    ({"onPremisesExtensionAttributes": {"extensionAttribute15": 7}}, "DataValidationFailed"),
    ({"proxyAddresses": ["smtp:a%d%s" % (i, HOME) for i in range(333)]}, "LargeObject")])
def test_errors_by_name(world, body, error):
    world.refused(person("anna", **body), error)
    who = world.synced(person("anna"))
    assert world.sync.refusal("PATCH", "/users/" + who, body) == error


@pytest.mark.parametrize("addresses", [
    ["SMTP:anna" + HOME, "smtp:o'neil+x/y=z" + HOME],
    ["X500:/o=Fjord Line/ou=Büro (x)/cn=anna", "X400:c=NO;a= ;p=Fjord Line;", "SIP:anna" + HOME],
    ["anna" + HOME]])
def test_addresses_that_are_taken(world, addresses):
    who = world.synced(person("anna", proxyAddresses=addresses))
    assert sorted(world.user(who)["proxyAddresses"]) == sorted(addresses)


# @ ( ) \ [ ] " ; : < > , and blank; learn.microsoft.com/graph/api/resources/group
NO_NICKNAMES = ["a%sb" % c for c in '@()\\[]";:<>, '] + [
    "R&D Labs (north)", "Führungskräfte", "\u6771", "a\tb", ".a", "x" * 65]


@pytest.mark.parametrize("kind", ["user", "group"])
@pytest.mark.parametrize("nickname", NO_NICKNAMES)
def test_nicknames_that_are_refused(world, kind, nickname):
    """By creation and by update, in Graph's words."""
    body = {"group": {"displayName": "g", "mailNickname": "g", "mailEnabled": False,
                      "securityEnabled": True},
            "user": {"accountEnabled": True, "displayName": "g", "mailNickname": "g",
                     "passwordProfile": {"password": "Secret-0123456789"},
                     "userPrincipalName": "g" + HOME}}[kind]
    path = "/%ss" % kind
    status, answer = world.admin.call("POST", path, body)
    assert status == 201
    for call in (("POST", path, dict(body, mailNickname=nickname)),
                 ("PATCH", "%s/%s" % (path, answer["id"]), {"mailNickname": nickname})):
        status, refused = world.admin.call(*call)
        assert (status, refused["error"]["code"]) == (400, "Request_BadRequest")
        assert refused["error"]["message"] == (
            "Invalid value specified for property 'mailNickname' of resource '%s'."
            % kind.capitalize())
        detail, = refused["error"]["details"]
        assert (detail["code"], detail["target"]) == ("InvalidValue", "mailNickname")
    for good in ("R&D-Labs.north_1!#$%&'*+/=?^`{|}~", "x" * 64):
        world.admin.patch("%s/%s" % (path, answer["id"]), {"mailNickname": good})
        assert world.admin.get("%s/%s?$select=mailNickname" % (path, answer["id"]))[
            "mailNickname"] == good


@pytest.mark.parametrize("body, message", [
    ({"userPrincipalName": "anna." + HOME}, "Property userPrincipalName is invalid."),
    ({"userPrincipalName": ".anna" + HOME}, "Property userPrincipalName is invalid."),
    ({"userPrincipalName": "an..na" + HOME}, "Property userPrincipalName is invalid."),
    ({"userPrincipalName": "änna" + HOME}, "Property userPrincipalName is invalid."),
    ({"usageLocation": "UK"},
     "Invalid value specified for property 'usageLocation' of resource 'User'."),
    ({"usageLocation": "Norway"},
     "Invalid value specified for property 'usageLocation' of resource 'User'."),
    ({"mail": "an na" + HOME}, "Invalid value specified for property 'mail' of resource 'User'."),
    ({"otherMails": ["a@x.example", "<b@x.example>"]},
     "Invalid value specified for property 'otherMails' of resource 'User'.")])
def test_values_that_public_graph_refuses(world, body, message):
    who = world.cloud("anna")
    before = world.user(who)
    status, answer = world.admin.call("PATCH", "/users/" + who, body)
    assert (status, answer["error"]["code"]) == (400, "Request_BadRequest")
    assert answer["error"]["message"] == message
    assert world.user(who) == before


def test_many_addresses(world):
    addresses = ["smtp:a%d%s" % (i, HOME) for i in range(332)]
    assert world.user(world.synced(person("anna", proxyAddresses=addresses)))[
        "proxyAddresses"] == addresses


def test_federated_domains(make_world):
    world = make_world(verifiedDomains=["fjordline.example", "one.example", "two.example"],
                       federatedDomains=["one.example", "two.example"])
    who = world.synced(person("anna", userPrincipalName="anna@one.example"))
    assert world.sync.refusal("PATCH", "/users/" + who, {
        "userPrincipalName": "anna@two.example"}) == "FederatedDomainChangeError"
    for name in ("a@one.example", "a" + HOME, "a@two.example"):
        world.sync.patch("/users/" + who, {"userPrincipalName": name})
        assert world.user(who)["userPrincipalName"] == name
    assert [d["authenticationType"] for d in world.admin.get("/domains")["value"]] == [
        "Managed", "Managed", "Federated", "Federated"]


@pytest.mark.parametrize("collection", ["users", "groups"])
def test_synchronization_deletes_no_cloud_object(world, collection):
    if collection == "users":
        who = world.cloud("anna")
    else:
        who = world.admin.call("POST", "/groups", {
            "displayName": "g", "mailNickname": "g", "mailEnabled": False,
            "securityEnabled": True})[1]["id"]
    path = "/%s/%s" % (collection, who)
    assert world.sync.refusal("DELETE", path) == "DeletingCloudOnlyObjectNotAllowed"
    world.admin.get(path)


# --- names ---

@pytest.mark.parametrize("body, upn, nickname", [
    # a suffix that is not verified, characters that cannot be, no name at all
    ({"userPrincipalName": "anna@elsewhere.example", "mailNickname": "a"}, "a" + INITIAL, "a"),
    ({"userPrincipalName": "an na" + HOME, "mailNickname": "a"}, "a" + INITIAL, "a"),
    ({"userPrincipalName": "ånna" + HOME, "mailNickname": "a"}, "a" + INITIAL, "a"),
    ({"userPrincipalName": "anna", "mailNickname": "a"}, "a" + INITIAL, "a"),
    ({"userPrincipalName": HOME, "mailNickname": "a"}, "a" + INITIAL, "a"),
    ({"userPrincipalName": None, "mailNickname": "a"}, "a" + INITIAL, "a"),
    ({"userPrincipalName": "o'neil.a-b_c!#^~" + HOME, "mailNickname": "a"},
     "o'neil.a-b_c!#^~" + HOME, "a"),
    ({"userPrincipalName": "a" + INITIAL, "mailNickname": "b"}, "a" + INITIAL, "b"),
    # where mailNickname comes from: the primary address, mail, the name, another address
    ({"mailNickname": None, "mail": "m@x", "proxyAddresses": ["smtp:s@x", "SMTP:p@x"]},
     "anna" + HOME, "p"),
    ({"mailNickname": None, "mail": "m@x", "proxyAddresses": ["smtp:s@x"]}, "anna" + HOME, "m"),
    ({"mailNickname": None, "proxyAddresses": ["smtp:s@x"]}, "anna" + HOME, "anna"),
    ({"mailNickname": None, "userPrincipalName": None, "proxyAddresses": ["smtp:s@x"]},
     "s" + INITIAL, "s"),
    ({"mailNickname": None, "userPrincipalName": "u@elsewhere.example"}, "u" + INITIAL, "u")])
def test_names(world, body, upn, nickname):
    got = world.user(world.synced(person("anna", **body)))
    assert (got["userPrincipalName"], got["mailNickname"]) == (upn, nickname)


def test_names_stay(world):
    """mailNickname follows only itself, userPrincipalName only itself."""
    who = world.synced(person("anna", mailNickname=None, proxyAddresses=["SMTP:one@x"]))
    for body, upn, nickname in (
            ({"proxyAddresses": ["SMTP:two@x"], "mail": "three@x"}, "anna" + HOME, "one"),
            ({"userPrincipalName": "four" + HOME}, "four" + HOME, "one"),
            ({"mailNickname": None}, "four" + HOME, "one"),
            ({"mailNickname": "five"}, "four" + HOME, "five"),
            ({"userPrincipalName": "six@elsewhere.example"}, "five" + INITIAL, "five"),
            ({"mailNickname": "seven"}, "five" + INITIAL, "seven")):
        world.sync.patch("/users/" + who, body)
        got = world.user(who)
        assert (got["userPrincipalName"], got["mailNickname"]) == (upn, nickname), body


def test_no_name_can_be_made(world):
    world.refused(person("anna", userPrincipalName=None, mailNickname=None), "Request_BadRequest")


# --- deleted for thirty days ---

def test_thirty_days(world):
    who, crew = world.synced(person("anna")), world.synced(team("crew"), "groups")
    quay = world.synced({"onPremisesImmutableId": "eA==", "displayName": "x"}, "contacts")
    for path in ("/users/" + who, "/groups/" + crew, "/contacts/" + quay):
        world.sync.delete(path)
    assert world.deleted() == [who] and world.deleted("graph.group") == [crew]
    assert world.deleted("graph.orgContact") == []  # no way back
    world.advance(29 * DAY)
    assert world.deleted() == [who] and world.deleted("graph.group") == [crew]
    world.advance(DAY + HOUR)
    assert world.deleted() == world.deleted("graph.group") == []
    assert world.admin.call("POST", "/directory/deletedItems/%s/restore" % who)[0] == 404
    assert world.synced(person("anna")) != who  # nothing left to match


@pytest.mark.parametrize("memory", [True, False])
def test_the_clock_is_kept(make_world, memory):
    world = make_world(memory=memory)
    who = world.synced(person("anna"))
    world.sync.delete("/users/" + who)
    world.advance(29 * DAY)
    snapshot(world, "snapshot")
    world = make_world(memory=memory)
    if memory:
        snapshot(world, "restore")
        world.sign_in()
    assert world.deleted() == [who]
    world.advance(2 * DAY)
    assert world.deleted() == []


@pytest.mark.parametrize("collection, cast", [("users", "graph.user"), ("groups", "graph.group")])
def test_restore(world, collection, cast):
    who = world.synced(person("x") if collection == "users" else team("x"), collection)
    path = "/%s/%s" % (collection, who)
    world.sync.delete(path)
    gone = world.admin.get("/directory/deletedItems/%s?$select=onPremisesSyncEnabled" % who)
    assert gone["onPremisesSyncEnabled"] is False
    status, o = world.admin.call("POST", "/directory/deletedItems/%s/restore" % who)
    assert status == 200 and o["id"] == who and world.deleted(cast) == []
    # was synchronized, is no more: the cloud's to write
    assert state(world, path) == (False, False)
    world.admin.patch(path, {"displayName": "y"})
    body = person("x") if collection == "users" else team("x")
    assert world.synced(body, collection, new=False) == who


def test_restore_of_what_is_taken(world):
    """In the meantime another has the name, or the address."""
    for name, body in (("anna", {"userPrincipalName": "anna" + HOME}),
                       ("bo", {"proxyAddresses": ["SMTP:bo" + HOME]})):
        old = world.synced(person(name, proxyAddresses=["SMTP:" + name + HOME]))
        world.sync.delete("/users/" + old)
        new = world.synced(person(name + "2", **body))
        path = "/directory/deletedItems/%s/restore" % old
        assert code(world.admin.call("POST", path)) == (400, "Request_BadRequest")
        assert world.deleted() == [old]
        # synchronization brings it back without what is taken
        assert world.synced({"onPremisesImmutableId": anchor(name), "displayName": name},
                            new=False) == old
        got = world.user(old)
        assert [e["value"] for e in got["onPremisesProvisioningErrors"]] == (
            ["anna" + HOME] if name == "anna" else ["SMTP:bo" + HOME])
        assert world.user(new)["onPremisesProvisioningErrors"] == []
        assert got["userPrincipalName"] != world.user(new)["userPrincipalName"]


def test_what_refers_to_the_deleted(world):
    boss, who = world.synced(person("boss")), world.synced(person("anna"))
    crew = world.synced(team("crew"), "groups")
    world.sync.manager(who, boss)
    world.sync.members(crew, add=[boss, who])
    assert world.admin.members(crew) == ["anna", "boss"]
    assert world.admin.get("/users/%s/manager" % who)["id"] == boss
    world.sync.delete("/users/" + boss)
    assert world.admin.members(crew) == ["anna"]
    assert world.admin.call("GET", "/users/%s/manager" % who)[0] == 404
    world.sync.manager(who, boss)  # whom the tenant does not know any more
    assert world.admin.call("GET", "/users/%s/manager" % who)[0] == 404


# --- the source of authority ---

def state(world, path):
    return (world.admin.get(path + "/onPremisesSyncBehavior")["isCloudManaged"],
            world.admin.get(path + "?$select=onPremisesSyncEnabled")["onPremisesSyncEnabled"])


@pytest.mark.parametrize("collection", ["users", "groups", "contacts"])
def test_states(world, collection):
    """Synchronized, in the cloud, rolled back and not yet taken over, taken over."""
    bodies = {"users": person("x"), "groups": team("x"),
              "contacts": {"onPremisesImmutableId": anchor("x"), "displayName": "x"}}
    path = "/%s/%s" % (collection, world.synced(bodies[collection], collection))
    assert state(world, path) == (False, True)
    behaviour = world.admin.get(path + "/onPremisesSyncBehavior?$select=isCloudManaged")
    assert behaviour["id"] == path.split("/")[2]
    world.admin.soa(collection, behaviour["id"], True)
    assert state(world, path) == (True, None)
    world.admin.soa(collection, behaviour["id"], True)  # again: nothing
    if collection != "contacts":
        world.admin.patch(path, {"displayName": "of the cloud"})
    for call in (("PATCH", path, {"displayName": "y"}), ("DELETE", path),
                 ("POST", "/" + collection, bodies[collection])):
        assert world.sync.refusal(*call) == "Request_BadRequest"
    world.admin.soa(collection, behaviour["id"], False)
    assert state(world, path) == (False, None)
    if collection != "contacts":  # until synchronization has come
        world.admin.patch(path, {"displayName": "of the cloud still"})
    world.synced(bodies[collection], collection, new=False)
    assert state(world, path) == (False, True)
    assert world.admin.get(path)["displayName"] == "x"


def test_states_of_cloud_objects(world):
    who = world.cloud("anna")
    path = "/users/%s/onPremisesSyncBehavior" % who
    assert state(world, "/users/" + who) == (False, None)
    assert code(world.admin.call("PATCH", path, {"isCloudManaged": True})) == (
        400, "Request_BadRequest")
    world.admin.patch(path, {"isCloudManaged": False})
    for body in ({}, {"isCloudManaged": None}, {"isCloudManaged": 1}, {"isCloudManaged": "yes"}):
        assert world.admin.call("PATCH", path, body)[0] == 400
    for method in ("POST", "DELETE", "PUT"):
        assert world.admin.call(method, path, {"isCloudManaged": True})[0] == 405


def test_roll_back_is_a_takeover(make_world):
    world = make_world(features=None)
    who = world.synced(person("anna"))
    world.admin.soa("users", who, True)
    world.admin.soa("users", who, False)
    for call in (("PATCH", "/users/" + who, {"jobTitle": "x"}), ("POST", "/users", person("anna"))):
        assert world.sync.refusal(*call) == "InvalidHardMatch"
    assert state(world, "/users/" + who) == (False, None)
    assert world.feature(blockCloudObjectTakeoverThroughHardMatchEnabled=False)[0] == 204
    world.sync.patch("/users/" + who, {"jobTitle": "x"})
    assert state(world, "/users/" + who) == (False, True)
    # groups need no such step
    assert world.feature(blockCloudObjectTakeoverThroughHardMatchEnabled=True)[0] == 204
    crew = world.synced(team("crew"), "groups")
    world.admin.soa("groups", crew, True)
    world.admin.soa("groups", crew, False)
    world.sync.patch("/groups/" + crew, {"description": "x"})


def test_what_came_from_ad_is_kept_by_hand(world):
    kept = {"onPremisesDistinguishedName": "CN=Anna,DC=fjordline,DC=example",
            "onPremisesDomainName": "fjordline.example", "onPremisesSamAccountName": "anna",
            "onPremisesSecurityIdentifier": "S-1-5-21-1-2-3-1104",
            "onPremisesUserPrincipalName": "anna@fjordline.local"}
    who = world.synced(person("anna", **kept))
    world.admin.soa("users", who, True)
    got = world.admin.get("/users/%s?$select=onPremisesImmutableId,%s" % (who, ",".join(kept)))
    assert {k: got[k] for k in kept} == kept and got["onPremisesImmutableId"] == anchor("anna")
    for name in kept:
        value = "S-1-5-21-1-2-3-4" if "Security" in name else "new"
        world.admin.patch("/users/" + who, {name: value})
        assert world.admin.get("/users/%s?$select=%s" % (who, name))[name] == value
    for wrong in ({"onPremisesSecurityIdentifier": "x"}, {"onPremisesSyncEnabled": True},
                  {"onPremisesLastSyncDateTime": "2026-01-01T00:00:00Z"},
                  {"onPremisesExtensionAttributes": {"extensionAttribute1": "x"}}):
        answer = world.admin.call("PATCH", "/users/" + who, wrong)
        assert code(answer) == (400, "Request_BadRequest"), wrong
    assert world.admin.call("PATCH", "/users/" + world.cloud("bo"),
                            {"onPremisesSamAccountName": "bo"})[0] == 400


# --- audit ---

def audits(world, text=""):
    return world.admin.get(q("/auditLogs/directoryAudits" + (text and "?$filter=" + text)))["value"]


def test_audit(world):
    who, crew = world.synced(person("anna")), world.synced(team("crew"), "groups")
    quay = world.synced({"onPremisesImmutableId": "eA==", "displayName": "Quay"}, "contacts")
    for collection, i in (("users", who), ("groups", crew), ("contacts", quay)):
        world.admin.soa(collection, i, True)
    world.admin.soa("users", who, True)  # is so already: nothing is recorded
    world.advance(DAY)
    world.admin.soa("users", who, False)
    got = audits(world)
    assert [(a["activityDisplayName"], a["targetResources"][0]["displayName"]) for a in got] == [
        (TO_AD, "anna"), (TO_CLOUD, "Quay"), (TO_CLOUD, "crew"), (TO_CLOUD, "anna")]
    assert len({a["id"] for a in got}) == 4
    newest, oldest = got[0], got[-1]
    assert newest["initiatedBy"]["app"]["appId"] == ADMIN_APP[0]
    assert newest["initiatedBy"]["app"]["displayName"] == "Administrator"
    assert newest["initiatedBy"]["user"] is None and newest["result"] == "success"
    target = newest["targetResources"][0]
    assert (target["id"], target["type"]) == (who, "User")
    assert [a["targetResources"][0]["type"] for a in got[1:]] == ["Contact", "Group", "User"]
    assert target["modifiedProperties"] == [
        {"displayName": "isCloudManaged", "oldValue": "[true]", "newValue": "[false]"}]
    assert oldest["targetResources"][0]["modifiedProperties"][0]["newValue"] == "[true]"
    day = newest["activityDateTime"]
    assert day > oldest["activityDateTime"]
    one = world.admin.get("/auditLogs/directoryAudits/" + newest["id"])
    assert {k: one[k] for k in newest} == newest
    assert world.admin.call("GET", "/auditLogs/directoryAudits/" + NOBODY)[0] == 404
    for text, wanted in (
            ("activityDisplayName eq '%s'" % TO_CLOUD, got[1:]),
            ("activityDisplayName eq '%s'" % TO_AD, got[:1]),
            ("startswith(activityDisplayName,'Undo')", got[:1]),
            ("activityDateTime ge " + day, got[:1]), ("activityDateTime lt " + day, got[1:]),
            ("activityDateTime ge 2000-01-01", got),
            ("targetResources/any(t:t/id eq '%s')" % who, [newest, oldest]),
            ("targetResources/any(t: t/type eq 'Group')", [got[2]]),
            ("initiatedBy/app/displayName eq 'Administrator' and category eq 'DirectoryManagement'",
             got), ("initiatedBy/app/appId eq '%s'" % SYNC_APP[0], []),
            ("TargetResources/any(t:t/displayName eq 'quay')", [got[1]]),
            ("activityDateTime le %s and targetResources/any(t:t/id eq '%s')" % (day, crew),
             [got[2]])):
        assert audits(world, text) == wanted, text
    for path in ("/auditLogs/directoryaudits?$top=1", "/auditlogs/directoryAudits?$top=3"):
        assert world.admin.all(path) == got
    assert world.admin.call("GET", q("/auditLogs/directoryAudits?$filter=category"))[0] == 400


@pytest.mark.parametrize("memory", [True, False])
def test_audit_is_kept_for_thirty_days(make_world, memory):
    world = make_world(memory=memory)
    who = world.synced(person("anna"))
    world.admin.soa("users", who, True)
    world.advance(20 * DAY)
    world.admin.soa("users", who, False)
    world.advance(9 * DAY)
    assert len(audits(world)) == 2
    world.advance(2 * DAY)
    left = audits(world)
    assert [a["activityDisplayName"] for a in left] == [TO_AD]
    if not memory:
        world = make_world(memory=False)
        assert audits(world) == left
        world.admin.soa("users", who, True)  # too old before it is on disk
        world.advance(31 * DAY)
        for cloud, wanted in ((False, [TO_AD]), (True, [TO_CLOUD, TO_AD])):
            world.admin.soa("users", who, cloud)
            world = make_world(memory=False)
            assert [a["activityDisplayName"] for a in audits(world)] == wanted


# --- conditions on order ---

def test_reads_lag(world):
    """A new object is not there yet, wherever one looks; what was there before is."""
    old, crew = world.synced(person("old")), world.admin.call("POST", "/groups", {
        "displayName": "crew", "mailNickname": "crew", "mailEnabled": False,
        "securityEnabled": True})[1]["id"]
    world.em.fault(lagMs=HOUR * 1000, lagReads=True)
    new = world.synced(person("new"))
    world.admin.patch("/groups/" + crew, {"members@odata.bind": ["x/" + old, "x/" + new]})
    world.sync.patch("/users/" + old, {"jobTitle": "changed"})

    def seen():
        admin = world.admin
        names = [{o["id"] for o in admin.all(path)} for path in (
            "/users", q("/users?$filter=onPremisesImmutableId eq '%s'" % anchor("new")),
            q("/users?$filter=userPrincipalName eq 'new%s'" % HOME), "/users?$orderby=displayName",
            "/groups/%s/members" % crew)]
        status, answer = admin.call("POST", "/directoryObjects/getByIds", {"ids": [old, new]})
        assert status == 200
        names += [{o["id"] for o in answer["value"]}]
        return [new in n for n in names] + [admin.get("/users/$count") == 2,
                                            admin.call("GET", "/users/" + new)[0] == 200,
                                            admin.call("GET", "/directoryObjects/" + new)[0] == 200]

    assert seen() == [False] * 9
    assert [o["id"] for o in world.admin.get("/users")["value"]] == [old]
    # who follows the tenant gets the old one whole, and hears of the rest in its time
    page = world.admin.get("/users/delta?$select=displayName,jobTitle")
    assert [o["id"] for o in page["value"]] == [old] and page["value"][0]["displayName"] == "old"
    # writes do not lag
    world.sync.patch("/users/" + new, {"jobTitle": "x"})
    assert world.synced(person("new"), new=False) == new
    world.em.fault(lagMs=HOUR * 1000, lagReads=False)
    assert seen() == [False] * 7 + [True] * 2
    world.em.fault(lagMs=1, lagReads=True)
    wait_for(lambda: seen() == [True] * 9, "the lag to be over")
    link = page["@odata.deltaLink"][len(world.em.url):]
    headers = dict(world.admin.headers, Prefer="return=minimal")
    changes = {o["id"]: o for o in world.em.request("GET", link, None, headers)[1]["value"]}
    assert changes[old]["jobTitle"] == "changed" and changes[new]["displayName"] == "new"
    world.em.fault(lagMs=HOUR * 1000, lagReads=True)
    third = world.synced(person("third"))
    assert world.admin.call("GET", "/users/" + third)[0] == 404
    world.em.clear_faults()
    assert world.admin.call("GET", "/users/" + third)[0] == 200


def test_a_lag_ends_by_itself(world):
    world.em.fault(lagMs=700, lagReads=True)
    new = world.synced(person("new"))
    wait_for(lambda: world.admin.call("GET", "/users/" + new)[0] == 200, "the lag to be over")
    assert [o["id"] for o in world.admin.get("/users")["value"]] == [new]


def test_tokens_expire(world):
    reader = Graph(world.em, SYNC_APP)
    world.admin.get("/users")
    world.em.fault(expireTokens=True)
    for graph in (reader, world.admin):
        assert code(graph.call("GET", "/users")) == (401, "InvalidAuthenticationToken")
    assert world.sync.service.call("GetCompanyConfiguration")[0] == 500
    world.sign_in()
    world.admin.get("/users")
    world.em.fault(expireTokens=True)
    assert world.admin.call("GET", "/users")[0] == 401


def test_faults_by_rate(world):
    def answers(n):
        return [world.admin.call("GET", "/users")[0] for _ in range(n)]

    world.em.fault(match="GET /v1.0/users", rate=1.0, status=503, retryAfter=7)
    assert set(answers(20)) == {503} and world.em.answered["Retry-After"] == "7"
    assert world.admin.call("GET", "/groups")[0] == 200
    world.em.clear_faults()
    world.em.fault(match="GET /v1.0/users", rate=0.5, status=500)
    got = answers(200)
    assert set(got) == {200, 500} and 40 < got.count(500) < 160
    world.em.clear_faults()
    assert set(answers(20)) == {200}
    world.em.fault(match="GET /v1.0/users", rate=1.0, count=2, skip=1, status=500)
    assert answers(5) == [200, 500, 500, 200, 200]


def throttled(app, answer, headers, reason):
    assert code(answer) == (429, "TooManyRequests")
    assert int(headers["Retry-After"]) >= 1 and headers["x-ms-throttle-information"] == reason
    assert headers["x-ms-throttle-limit-percentage"] == "1.0"
    assert headers["x-ms-throttle-scope"] == "Tenant_Application/ReadWrite/%s/%s" % (
        app[0], TENANT)


def new_user(name):
    return {"accountEnabled": True, "displayName": name, "mailNickname": name,
            "userPrincipalName": name + HOME, "passwordProfile": {"password": "Aa1!aaaa"}}


def test_throttling_of_writes(world):
    world.em.fault(throttle={"writes": 3, "units": 1000})
    writer = Graph(world.em, GRAPH_APP)
    for i in range(3):  # reading is another matter
        writer.get("/users")
    for i in range(3):
        assert writer.call("POST", "/users", new_user("user%d" % i))[0] == 201
    answer = writer.call("POST", "/users", new_user("late"))
    throttled(GRAPH_APP, answer, world.em.answered, "WriteLimitExceeded")
    assert 1 <= int(world.em.answered["Retry-After"]) <= 50  # 3 in 150 s
    assert len(writer.get("/users")["value"]) == 3
    assert writer.call("POST", "/directoryObjects/getByIds", {"ids": []})[0] == 200  # reads
    world.cloud("another")  # the administrator's writes are counted apart
    world.em.fault(throttle=None)
    assert writer.call("POST", "/users", new_user("late"))[0] == 201


def test_throttling_of_parts(world):
    world.em.fault(throttle={"writes": 2, "units": 1000})
    parts = [{"id": str(i), "method": "POST", "url": "/users", "body": new_user("user%d" % i),
              "headers": {"Content-Type": "application/json"}} for i in range(4)]
    status, answer = world.admin.call("POST", "/$batch", {"requests": parts})
    assert status == 200 and "Retry-After" not in world.em.answered
    got = {r["id"]: r for r in answer["responses"]}
    assert [got[str(i)]["status"] for i in range(4)] == [201, 201, 429, 429]
    for i in "23":
        throttled(ADMIN_APP, (429, got[i]["body"]), got[i]["headers"], "WriteLimitExceeded")
    assert not {h for h in got["0"]["headers"] if "throttle" in h or h == "Retry-After"}


def test_throttling_of_units(world):
    world.em.fault(throttle={"writes": 1000, "units": 2})
    world.admin.get("/users")  # 2 units: 10 s to have them again
    assert world.em.answered["x-ms-throttle-limit-percentage"] == "1.0"
    throttled(ADMIN_APP, world.admin.call("GET", "/users"), world.em.answered,
              "ResourceUnitLimitExceeded")
    world.em.fault(throttle={"writes": 0, "units": 0})  # as little as there can be
    assert world.admin.call("GET", "/users")[0] == 200
    assert world.admin.call("GET", "/users")[0] == 429


# --- snapshots ---

def everything(world):
    """All that the tenant holds."""
    out = {}
    for collection in ("users", "groups", "contacts"):
        for o in world.admin.all("/%s?$select=id,displayName,onPremisesSyncEnabled,"
                                 "onPremisesProvisioningErrors" % collection):
            path = "/%s/%s" % (collection, o["id"])
            o["managed"] = world.admin.get(path + "/onPremisesSyncBehavior")["isCloudManaged"]
            if collection == "groups":
                o["members"] = [m["id"] for m in world.admin.get(path + "/members")["value"]]
            else:
                o["manager"] = (world.admin.call("GET", path + "/manager")[1] or {}).get("id")
            out[path] = o
    out["kept"] = world.sync.service.read_back()
    out["deleted"] = [world.deleted(t) for t in ("graph.user", "graph.group")]
    out["audits"], out["features"] = audits(world), world.features()
    out["administrators"] = world.admin.get(
        "/directoryRoles/%s/members" % GLOBAL_ADMINISTRATOR)["value"]
    return out


def snapshot(world, verb, name="before", status=204):
    got, answer = world.em.request("POST", "/emulator/" + verb, {"name": name})
    assert got == status, answer


def populate(world):
    ids = [world.synced(person("user%d" % i)) for i in range(4)]
    crew = world.synced(team("crew"), "groups")
    world.synced({"onPremisesImmutableId": "eA==", "displayName": "Quay"}, "contacts")
    world.sync.members(crew, add=ids[:3])
    world.sync.manager(ids[1], ids[0])
    world.synced(person("new", userPrincipalName="user0" + HOME))  # quarantined
    world.admin.soa("users", ids[2], True)
    world.sync.delete("/users/" + ids[3])
    world.make_administrator(ids[0])
    world.feature(blockSoftMatchEnabled=True)
    return ids


def upset(world, ids):
    world.advance(40 * DAY)
    world.admin.soa("users", ids[2], False)
    world.sync.delete("/users/" + ids[0])
    for o in world.admin.get("/groups")["value"]:
        world.sync.delete("/groups/" + o["id"])
    world.synced(person("late"))
    world.feature(blockSoftMatchEnabled=False)


@pytest.mark.parametrize("memory", [True, False])
def test_snapshots(make_world, memory):
    world = make_world(memory=memory)
    ids = populate(world)
    before = everything(world)
    link = world.admin.get("/users/delta?$deltatoken=latest")["@odata.deltaLink"]
    assert world.em.request("GET", "/emulator/snapshot")[1] == {"snapshots": []}
    snapshot(world, "snapshot")
    upset(world, ids)
    assert everything(world) != before
    snapshot(world, "restore")
    assert everything(world) == before  # whoever had signed in still is
    # the changes that a client knows of have not been
    assert world.em.request("GET", link[len(world.em.url):], None, world.admin.headers)[0] == 410
    # the tenant lives on from there: the clock too
    world.sync.delete("/users/" + ids[0])
    world.advance(HOUR)
    new = world.admin.get(q("/users?$filter=displayName eq 'new'&$select=id,userPrincipalName"))
    assert new["value"][0]["userPrincipalName"] == "user0" + HOME
    snapshot(world, "snapshot", "after")
    after = everything(world)
    # and over a restart
    world = make_world(memory=memory)
    assert (everything(world) == after) != memory
    assert (world.admin.get("/users")["value"] == []) == memory
    assert sorted(world.em.request("GET", "/emulator/snapshot")[1]["snapshots"]) == [
        "after", "before"]
    for name, wanted in (("before", before), ("after", after)):
        snapshot(world, "restore", name)
        if name == "after":  # the clock has gone on by an hour
            world.sign_in()
        assert everything(world) == wanted
    if not memory:
        world = make_world(memory=False)
        assert everything(world) == after


def test_restore_and_tokens(world):
    """Tokens that were expired stay so only as long as the clock says."""
    snapshot(world, "snapshot")
    world.advance(DAY)
    world.em.fault(expireTokens=True)
    snapshot(world, "restore")
    world.sign_in()
    world.admin.get("/users")


def test_bad_snapshots(world):
    for name in ("", "../x", "a b", "x" * 65, None, 7):
        snapshot(world, "snapshot", name, 400)
        snapshot(world, "restore", name, 400)
    before = world.synced(person("anna"))
    snapshot(world, "restore", "unknown", 404)
    assert [o["id"] for o in world.admin.get("/users")["value"]] == [before]


def test_a_refused_object_leaves_nothing(make_world):
    """Also not in the database, where objects refer to one another by number."""
    world = make_world(memory=False)
    status, _ = world.admin.call("POST", "/groups", dict(
        {"displayName": "lost", "mailNickname": "lost", "mailEnabled": False,
         "securityEnabled": True}, **{"members@odata.bind": ["x"]}))
    assert status == 404
    assert world.sync.refusal("POST", "groups", team("lost", description=7))
    ids = [world.synced(person("user%d" % i)) for i in range(3)]
    crew = world.synced(team("crew"), "groups")
    world.sync.members(crew, add=[ids[1]])
    world.sync.manager(ids[2], ids[0])
    before = everything(world)
    assert everything(make_world(memory=False)) == before
