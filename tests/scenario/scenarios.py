"""The scenarios: what happens in AD and in the cloud between cycles, and what must come of it."""
import sqlite3

from engine import Scenario, cycle, extensions, in_service, mailboxes, write_rules
from exchange import Exchange
from lab import GRAPH_APP

from lab import Company, Graph, Sync

OU = "OU=Staff,DC=fjordline,DC=example"


def small():
    c = Company()
    boss = c.user("boss", title="Manager")
    people = [c.user("user%d" % i, title="Officer", manager=boss) for i in range(6)]
    inner = c.group("Inner", people[:2])
    c.group("Outer", [people[2], inner])
    c.contact("Partner", "partner@partners.example")
    return c


def user_id(lab, name):
    return lab.graph.find("users", name)["id"]


def group_id(lab, name):
    return lab.graph.find("groups", name)["id"]


class First(Scenario):
    """Join or project, provision, references forward and nested."""
    first_cycle = True
    company = staticmethod(small)
    steps = [cycle, cycle]

    def check(self, lab):
        tenant = lab.tenant()
        assert len(tenant) == 10
        assert tenant["groups/Outer"]["members"] == ["Inner", "user2"]
        assert tenant["users/user3"]["manager"] == "boss"


class HardMatch(Scenario):
    """Objects that are in the tenant already are joined by their anchor and taken over."""
    first_cycle = True
    company = staticmethod(small)
    steps = [cycle, cycle]

    def before(self, lab):
        import base64
        anchor = base64.b64encode(lab.company.of("user1")["objectGUID"][0]).decode()
        status, _ = lab.graph.call("POST", "/users", {
            "accountEnabled": True, "displayName": "Old name", "mailNickname": "user1",
            "userPrincipalName": "user1@fjordline.example", "onPremisesImmutableId": anchor,
            "jobTitle": "Before", "passwordProfile": {"password": "Secret-1!"}})
        assert status == 201

    def check(self, lab):
        tenant = lab.tenant()
        assert len(tenant) == 10
        assert tenant["users/user1"]["jobTitle"] == "Officer"
        assert tenant["users/user1"]["onPremisesSyncEnabled"] is True


class Update(Scenario):
    company = staticmethod(small)
    steps = [cycle, lambda lab: lab.company.set("user1", "title", "Captain"),
             lambda lab: lab.company.set("user2", "department"),
             lambda lab: lab.company.set("user3", "userAccountControl", "514"), cycle, cycle]

    def check(self, lab):
        tenant = lab.tenant()
        assert tenant["users/user1"]["jobTitle"] == "Captain"
        assert tenant["users/user3"]["accountEnabled"] is False


class Rename(Scenario):
    """A new common name and a new place: the same object, found by its GUID."""
    company = staticmethod(small)
    steps = [cycle, lambda lab: lab.company.move("user1", name="User One"),
             lambda lab: lab.company.move("user2", ou="OU=Crew"), cycle, cycle]

    def check(self, lab):
        tenant = lab.tenant()
        assert len(tenant) == 10 and lab.emulator.stats()["creates"] == 10
        assert tenant["users/user2"]["onPremisesDistinguishedName"].startswith("CN=user2,OU=Crew")
        assert tenant["groups/Inner"]["members"] == ["user0", "user1"]


class Swap(Scenario):
    """Two objects exchange their names in one go."""
    company = staticmethod(small)

    def _swap(lab):
        lab.company.move("user1", name="swap")
        lab.company.move("user2", name="user1")
        lab.company.move("CN=swap," + OU, name="user2")

    steps = [cycle, _swap, cycle, cycle]

    def check(self, lab):
        assert lab.emulator.stats()["creates"] == 10 and lab.emulator.stats()["deletes"] == 0
        names = {o["displayName"]: o["onPremisesDistinguishedName"]
                 for k, o in lab.tenant().items() if k.startswith("users/")}
        assert names["user1"] == "CN=user2," + OU and names["user2"] == "CN=user1," + OU
        assert lab.tenant()["groups/Inner"]["members"] == ["user0", "user1"]
        assert lab.tenant()["groups/Outer"]["members"] == ["Inner", "user2"]


class Delete(Scenario):
    company = staticmethod(small)
    steps = [cycle, cycle, lambda lab: lab.company.delete("user1"),
             lambda lab: lab.company.delete("Outer"), cycle, cycle]

    def check(self, lab):
        tenant = lab.tenant()
        assert "users/user1" not in tenant and "groups/Outer" not in tenant
        assert tenant["groups/Inner"]["members"] == ["user0"]
        assert lab.emulator.stats()["deletes"] == 2


class Members(Scenario):
    company = staticmethod(small)
    steps = [cycle, cycle, lambda lab: lab.company.member("Inner", "add", "user5"),
             lambda lab: lab.company.member("Inner", "remove", "user0"),
             lambda lab: lab.company.member("Outer", "remove", "Inner"),
             lambda lab: lab.company.set("user3", "manager", lab.company.dn_of("user4")),
             lambda lab: lab.company.set("user5", "manager"), cycle, cycle]

    def check(self, lab):
        tenant = lab.tenant()
        assert tenant["groups/Inner"]["members"] == ["user1", "user5"]
        assert tenant["groups/Outer"]["members"] == ["user2"]
        assert tenant["users/user3"]["manager"] == "user4"
        assert tenant["users/user5"]["manager"] is None


class SwitchUser(Scenario):
    """The source of authority of a user moves, AD changes: blocked, told once."""
    company = staticmethod(small)
    steps = [cycle, cycle, lambda lab: lab.graph.soa("users", user_id(lab, "user1"), True),
             lambda lab: lab.graph.patch("/users/" + user_id(lab, "user1"), {"jobTitle": "Cloud"}),
             cycle, lambda lab: lab.company.set("user1", "title", "From AD"), cycle, cycle]
    events = ["CN=user1," + OU]

    def check(self, lab):
        user = lab.tenant()["users/user1"]
        assert user["jobTitle"] == "Cloud" and user["managed"] is True
        assert user["onPremisesSyncEnabled"] is None


class SwitchGroup(Scenario):
    company = staticmethod(small)
    steps = [cycle, cycle, lambda lab: lab.graph.soa("groups", group_id(lab, "Inner"), True), cycle,
             lambda lab: lab.company.member("Inner", "add", "user4"), cycle, cycle]
    events = ["CN=Inner,OU=Groups,DC=fjordline,DC=example"]

    def check(self, lab):
        tenant = lab.tenant()
        assert tenant["groups/Inner"]["members"] == ["user0", "user1"]
        # an AD-mastered group drops its reference to a converted group
        assert tenant["groups/Outer"]["members"] == ["user2"]


class KeepUser(Scenario):
    """An AD-mastered group keeps, and gets, references to converted users."""
    company = staticmethod(small)
    steps = [cycle, cycle, lambda lab: lab.graph.soa("users", user_id(lab, "user1"), True),
             lambda lab: lab.graph.soa("users", user_id(lab, "user5"), True), cycle,
             lambda lab: lab.company.member("Inner", "add", "user5"), cycle, cycle]
    events = []

    def check(self, lab):
        assert lab.tenant()["groups/Inner"]["members"] == ["user0", "user1", "user5"]


class DeleteBlocked(Scenario):
    """An AD delete, and a move out of scope, of converted objects delete nothing in the cloud."""
    company = staticmethod(small)
    steps = [cycle, cycle, lambda lab: lab.graph.soa("users", user_id(lab, "user4"), True),
             lambda lab: lab.graph.soa("users", user_id(lab, "user5"), True), cycle,
             lambda lab: lab.company.delete("user4"),
             lambda lab: lab.company.set("user5", "adminDescription", "User_x"), cycle, cycle]

    def check(self, lab):
        tenant = lab.tenant()
        assert "users/user4" in tenant and "users/user5" in tenant
        assert lab.emulator.stats()["deletes"] == 0


class RollBack(Scenario):
    """The roll-back: everything owned is sent again, cloud edits are overwritten."""
    company = staticmethod(small)
    steps = [cycle, cycle, lambda lab: lab.graph.soa("users", user_id(lab, "user1"), True), cycle,
             lambda lab: lab.graph.patch("/users/" + user_id(lab, "user1"),
                                         {"jobTitle": "Cloud", "department": "Cloud"}),
             lambda lab: lab.company.set("user1", "title", "Newer"), cycle,
             lambda lab: lab.graph.soa("users", user_id(lab, "user1"), False), cycle, cycle]
    events = ["CN=user1," + OU]

    def check(self, lab):
        user = lab.tenant()["users/user1"]
        assert user["jobTitle"] == "Newer" and user["department"] is None
        assert user["onPremisesSyncEnabled"] is True and user["managed"] is False


class RollBackGroup(Scenario):
    company = staticmethod(small)
    steps = [cycle, cycle, lambda lab: lab.graph.soa("groups", group_id(lab, "Inner"), True), cycle,
             lambda lab: lab.company.member("Inner", "add", "user4"), cycle,
             lambda lab: lab.graph.soa("groups", group_id(lab, "Inner"), False), cycle, cycle]

    def check(self, lab):
        tenant = lab.tenant()
        assert tenant["groups/Inner"]["members"] == ["user0", "user1", "user4"]
        assert tenant["groups/Outer"]["members"] == ["Inner", "user2"]


def exchange(name, **parameters):
    """A step: Set-Mailbox."""
    def step(lab):
        Exchange(lab.emulator).run("Set-Mailbox", Identity=user_id(lab, name), **parameters)
    return step


def flag(name, value):
    return exchange(name, IsExchangeCloudManaged=value)


class ExchangeFlag(Scenario):
    """IsExchangeCloudManaged comes and goes, AD changes between: of one user back again, of one the
    whole object is switched, one is deleted in AD."""
    settings = {"exchange": True}

    @staticmethod
    def company():
        c = Company()
        for i in range(1, 5):
            mail = "user%d@fjordline.example" % i
            c.user("user%d" % i, title="Officer", mail=mail, proxyAddresses=["SMTP:" + mail],
                   extensionAttribute1="AD")
        return c

    def _change(lab, what):
        for name in ("user1", "user2", "user4"):
            lab.company.set(name, "title", "Captain " + what)
            lab.company.set(name, "extensionAttribute1", what)

    steps = [cycle, flag("user1", True), flag("user2", True), flag("user3", True), cycle,
             exchange("user1", CustomAttribute1="cloud", CustomAttribute2="cloud"),
             lambda lab: ExchangeFlag._change(lab, "one"),
             lambda lab: lab.company.delete("user3"), cycle,
             lambda lab: lab.graph.soa("users", user_id(lab, "user2"), True),
             flag("user1", False), flag("user4", True),
             lambda lab: ExchangeFlag._change(lab, "two"), cycle, cycle]
    events = ["CN=user1," + OU, "CN=user2," + OU, "CN=user2," + OU, "CN=user4," + OU]

    def check(self, lab):
        tenant, boxes = lab.tenant(), mailboxes(lab)
        assert {n: (m["IsDirSynced"], m["IsExchangeCloudManaged"]) for n, m in boxes.items()} == {
            "user1": (True, False), "user2": (False, False), "user4": (True, True)}
        assert [(boxes[n]["CustomAttribute1"], boxes[n]["CustomAttribute2"]) for n in (
            "user1", "user2", "user4")] == [("two", ""), ("AD", ""), ("one", "")]
        assert [tenant["users/" + n]["jobTitle"] for n in ("user1", "user2", "user4")] == [
            "Captain two", "Captain one", "Captain two"]


class Extensions(Scenario):
    """Directory extensions: set, changed, cleared, too long, one more in the setting, one less."""
    first_cycle = True  # the definitions are made in it
    settings = {"ad": "directory_extensions = division, carLicense\n", "surface": "graph",
                "app": GRAPH_APP}
    results = (0, 1)

    @staticmethod
    def company():
        c = Company()
        people = [c.user("user%d" % i, division="d%d" % i, carLicense=["a", "b"]) for i in range(4)]
        c.group("crew", people[:2], division="all", roomNumber=["1", "2"])
        return c

    def _change(lab):
        lab.company.set("user0", "division", "new")
        lab.company.set("user1", "carLicense", "b", "c")
        lab.company.set("user2", "carLicense")
        lab.company.set("user3", "division", "x" * 300)

    def _other(lab):
        lab.set_ad("directory_extensions = carLicense, roomNumber\n")
        lab.company.set("user0", "division", "not seen")
        lab.company.set("user3", "roomNumber", "7")

    steps = [cycle, _change, cycle, _other, cycle, cycle]

    def check(self, lab):
        assert extensions(lab) == {
            "user0": {"division": "new", "carLicense": ["a", "b"]},
            "user1": {"division": "d1", "carLicense": ["b", "c"]}, "user2": {"division": "d2"},
            "user3": {"division": "d3", "carLicense": ["a", "b"], "roomNumber": ["7"]},
            "crew": {"division": "all", "roomNumber": ["1", "2"]}}
        assert lab.db("SELECT count(*) FROM cs_error") == [(0,)]


def edit_in_cloud(lab):
    """Somebody adds members in the cloud, a user and a group, and removes one."""
    for group, member in (("Inner", user_id(lab, "user5")), ("Outer", user_id(lab, "user5"))):
        assert lab.graph.call("POST", "/groups/%s/members/$ref" % group_id(lab, group), {
            "@odata.id": "x/directoryObjects/" + member})[0] == 204
    assert lab.graph.call("DELETE", "/groups/%s/members/%s/$ref" % (
        group_id(lab, "Inner"), user_id(lab, "user0")))[0] == 204
    lab.graph.patch("/users/" + user_id(lab, "user1"), {"jobTitle": "Cloud"})


class RollBackEdited(Scenario):
    """What was added and removed in the cloud is as in AD again, also where AD has not changed."""
    company = staticmethod(small)

    def _soa(lab, cloud):
        for group in ("Inner", "Outer"):
            lab.graph.soa("groups", group_id(lab, group), cloud)
        lab.graph.soa("users", user_id(lab, "user1"), cloud)

    steps = [cycle, cycle, lambda lab: RollBackEdited._soa(lab, True), cycle, edit_in_cloud, cycle,
             lambda lab: RollBackEdited._soa(lab, False), cycle, cycle]
    events = []

    def check(self, lab):
        tenant = lab.tenant()
        assert tenant["groups/Inner"]["members"] == ["user0", "user1"]
        assert tenant["groups/Outer"]["members"] == ["Inner", "user2"]
        assert tenant["users/user1"]["jobTitle"] == "Officer"


class MissedSwitch(Scenario):
    """Switched, edited and rolled back between two cycles: taken over all the same."""
    company = staticmethod(small)

    def _all(lab):
        who = user_id(lab, "user1")
        lab.graph.soa("users", who, True)
        lab.graph.patch("/users/" + who, {"department": "Cloud"})
        lab.graph.soa("users", who, False)

    steps = [cycle, cycle, _all, cycle, cycle]
    events = []

    def check(self, lab):
        user = lab.tenant()["users/user1"]
        assert user["onPremisesSyncEnabled"] is True and user["department"] is None


class Threshold(Scenario):
    """More deletes than allowed: the export stops before its first request."""
    company = staticmethod(small)
    settings = {"export__deletion_threshold": 2}
    steps = [cycle, cycle]

    def check(self, lab):
        for name in ("user1", "user2", "user3"):
            lab.company.delete(name)
        lab.company.set("user4", "title", "Waits")
        lab.write()
        writes = lab.emulator.stats()["writes"]
        r = lab.run()
        assert r.result == "stopped-deletion-threshold-exceeded" and 116 in r.events
        assert lab.emulator.stats()["writes"] == writes
        lab.settings["export__deletion_threshold"] = 3
        lab.write_config()
        r = lab.run()
        assert r.code == 0 and lab.emulator.stats()["deletes"] == 3


class Filtered(Scenario):
    """An object that a rule filters later leaves the tenant; one that comes back is restored."""
    company = staticmethod(small)
    steps = [cycle, cycle, lambda lab: lab.company.set("user3", "isCriticalSystemObject", "TRUE"),
             cycle, cycle, lambda lab: lab.company.set("user3", "isCriticalSystemObject"), cycle,
             cycle]

    def check(self, lab):
        assert len(lab.tenant()) == 10
        assert lab.emulator.stats()["deletes"] == 1 and lab.emulator.stats()["creates"] == 10


class DeletedInCloud(Scenario):
    """An object that somebody deletes in the cloud is made (restored) again while AD has it."""
    company = staticmethod(small)

    def _delete(lab):
        Sync(lab.emulator).delete("/users/" + user_id(lab, "user2"))

    steps = [cycle, cycle, _delete, cycle, cycle]

    def check(self, lab):
        tenant = lab.tenant()
        assert tenant["users/user2"]["onPremisesSyncEnabled"] is True
        assert tenant["groups/Outer"]["members"] == ["Inner", "user2"]


def own(name, precedence, *flows, **more):
    return dict({"name": name, "precedence": precedence, "direction": "Inbound",
                 "connectorType": "ad", "sourceObjectType": "user", "targetObjectType": "person",
                 "flows": list(flows)}, **more)


class OwnRules(Scenario):
    """Membership in scope, a chosen reference, execute-once, and rules that change on the way."""
    first_cycle = True
    company = staticmethod(small)
    rules = [
        own("Own member", 1, {"dest": "department", "constant": "Inner circle"},
            scope=[[{"attribute": "dn", "operator": "ISMEMBEROF",
                     "value": "CN=Inner,OU=Groups,DC=fjordline,DC=example"}]]),
        own("Own boss", 2, {"dest": "manager", "expression":
                            "IIF([title]=\"Officer\",[manager],AuthoritativeNull)"}),
        own("Own once", 3, {"dest": "employeeType", "source": "title", "executeOnce": True}),
    ]

    def _change(lab):
        lab.company.member("Inner", "remove", "user0")
        lab.company.member("Inner", "add", "user3")
        lab.company.set("user4", "title", "Hermit")

    def _rules(lab):
        write_rules(lab.folder, OwnRules.rules[:2] + [
            own("Own once", 3, {"dest": "info", "constant": "new"}),
            own("Own out", 4, {"dest": "state", "source": "info"}, direction="Outbound",
                connectorType="entra", sourceObjectType="person", targetObjectType="user",
                scope=[[{"attribute": "sourceObjectType", "operator": "EQUAL", "value": "User"}]])])

    steps = [cycle, _change, cycle, _rules, cycle, cycle]

    def check(self, lab):
        tenant = lab.tenant()
        assert tenant["users/user3"]["department"] == "Inner circle"
        assert tenant["users/user0"]["department"] is None
        assert tenant["users/user3"]["manager"] == "boss" and tenant["users/user4"]["manager"] is None
        assert lab.db("SELECT count(*) FROM mv_link WHERE present")[0][0] == 5 + 4
        assert lab.emulator.stats()["deletes"] == 0


class SoftDelete(Scenario):
    """The cloud object outlives its scope; one comes back in time, the other goes when it is over."""
    company = staticmethod(small)
    rules = [own("Own out", 1, {"dest": "sourceAnchor", "source": "sourceAnchor"},
                 {"dest": "accountEnabled", "source": "accountEnabled"}, direction="Outbound", connectorType="entra", linkType="Provision",
                 sourceObjectType="person", targetObjectType="user",
                 softDeleteExpiryInterval="1.00:00:00",
                 scope=[[{"attribute": "sourceObjectType", "operator": "EQUAL", "value": "User"},
                         {"attribute": "title", "operator": "EQUAL", "value": "Kept"},
                         {"attribute": "sourceAnchor", "operator": "ISNOTNULL"}]]),
             own("Own filter", 2, {"dest": "cloudFiltered", "expression":
                                   "IIF([title]=\"Kept\" || [title]=\"Out\",True,NULL)"})]

    def _keep(lab):
        for name in ("user1", "user2"):
            lab.company.set(name, "title", "Kept")

    def _out(lab):
        for name in ("user1", "user2"):
            lab.company.set(name, "title", "Out")

    def _expire(lab):
        """The day is over."""
        con = sqlite3.connect(lab.folder + "/state/adsyncd.db")
        con.execute("UPDATE cs SET delete_after = 1 WHERE delete_after > 0")
        con.commit()
        con.close()

    steps = [cycle, _keep, cycle, cycle, _out, cycle,
             lambda lab: lab.company.set("user2", "title", "Kept"), cycle, _expire, cycle, cycle]

    def check(self, lab):
        tenant = lab.tenant()
        assert "users/user1" not in tenant and tenant["users/user2"]["jobTitle"] == "Kept"
        assert lab.emulator.stats()["deletes"] == 1 and len(tenant) == 9


def cloud_user(lab, name, **more):
    """A user that an administrator made in the cloud."""
    status, o = lab.graph.call("POST", "/users", dict({
        "accountEnabled": True, "displayName": "Cloud " + name, "mailNickname": name,
        "userPrincipalName": name + "@fjordline.example",
        "passwordProfile": {"password": "Aa1!aaaa"}}, **more))
    assert status == 201, o


class GraphMatch(Scenario):
    """Public Graph: cloud users of the same name are taken over, once; others stay what they are."""
    first_cycle = True
    company = staticmethod(small)
    settings = {"surface": "graph", "app": GRAPH_APP}
    steps = [cycle, cycle]

    def before(self, lab):
        cloud_user(lab, "user1")
        cloud_user(lab, "stranger")

    def check(self, lab):
        tenant = lab.tenant()
        assert tenant["users/user1"]["onPremisesImmutableId"]
        assert tenant["users/Cloud stranger"]["onPremisesImmutableId"] is None
        assert "users/Cloud user1" not in tenant and lab.emulator.stats()["deletes"] == 0


class SoftMatch(GraphMatch):
    """The same where the service matches by itself."""
    settings = {}


class GraphRestore(Scenario):
    """Public Graph: a deleted user that comes back is restored with what AD has."""
    company = staticmethod(small)
    settings = {"surface": "graph", "app": GRAPH_APP}
    steps = [cycle, cycle, lambda lab: lab.company.set("user3", "isCriticalSystemObject", "TRUE"),
             cycle, cycle, lambda lab: lab.company.set("user3", "isCriticalSystemObject"),
             lambda lab: lab.company.set("user3", "title", "Returned"), cycle, cycle]

    def check(self, lab):
        assert lab.tenant()["users/user3"]["jobTitle"] == "Returned"
        stats = lab.emulator.stats()
        assert stats["deletes"] == 1 and stats["creates"] == stats["users"] + stats["groups"]


def permit(lab):
    """An administrator has looked, and lets the next export delete what is staged."""
    lab.write_config()
    lab.start()
    done = lab.ctl("threshold", "override-once")
    assert done.returncode == 0, done.stderr
    lab.daemon.stop()
    lab.daemon = None


def delete_three(lab):
    for name in ("user1", "user2", "user3"):
        lab.company.delete(name)


class Permission(Scenario):
    """More deletes than allowed, and a permission for once: it survives a crash, and then it ends."""
    company = staticmethod(small)
    settings = {"export__deletion_threshold": 2, "scheduler__sync_cycle_enabled": "no"}
    results = (0, 1)
    steps = [cycle, cycle, delete_three, cycle, permit, cycle]

    def check(self, lab):
        assert lab.emulator.stats()["deletes"] == 3
        assert lab.db("SELECT DISTINCT value FROM meta WHERE name LIKE 'deletion_override:%'") == [("",)]


def with_crew():
    c = small()
    c.group("Crew", [c.dn_of("user%d" % i) for i in range(1, 5)])
    return c


def empty_crew(lab):
    lab.company.set("Crew", "member")


class HeldGroup(Scenario):
    """A group that would lose too many members keeps them until somebody has looked."""
    company = staticmethod(with_crew)
    settings = {"export__member_removal_threshold": 2, "scheduler__sync_cycle_enabled": "no"}
    results = (0, 1)
    steps = [cycle, cycle, empty_crew, cycle, permit, cycle]

    def check(self, lab):
        assert lab.tenant()["groups/Crew"]["members"] == []
        assert lab.db("SELECT count(*) FROM cs_error") == [(0,)]


def same_address(lab):
    lab.company.set("user1", "proxyAddresses", "SMTP:user1@fjordline.example",
                    "smtp:both@fjordline.example")
    lab.company.set("user2", "proxyAddresses", "SMTP:user2@fjordline.example",
                    "smtp:both@fjordline.example")


class Duplicate(Scenario):
    """Two objects want one address: told once, taken without it, and mended in AD."""
    company = staticmethod(small)
    results = (0, 1)
    steps = [cycle, cycle, same_address, cycle, cycle,
             lambda lab: lab.company.set("user1", "proxyAddresses", "SMTP:user1@fjordline.example"),
             cycle]

    def check(self, lab):
        assert lab.db("SELECT count(*) FROM cs_error") == [(0,)]
        lab.emulator.request("POST", "/emulator/clock", {"advance": 4000})
        lab.graph = Graph(lab.emulator)
        lab.company.set("user2", "title", "Captain")
        lab.write()
        lab.cycle()
        lab.cycle()
        assert lab.db("SELECT count(*) FROM cs_error") == [(0,)]
        assert lab.tenant()["users/user2"]["proxyAddresses"] == [
            "SMTP:user2@fjordline.example", "smtp:both@fjordline.example"]


class TwoTenants(Scenario):
    """Two targets: each sees every removal, also the one that was away while it happened."""
    first_cycle = True
    company = staticmethod(small)
    settings = {"second": True}
    results = (0, 1)

    def _remove(lab):
        lab.company.member("Inner", "remove", "user0")
        lab.company.set("user3", "manager")

    steps = [cycle, cycle, _remove, cycle,
             lambda lab: lab.with_second(False),
             lambda lab: lab.company.member("Outer", "remove", "Inner"), cycle,
             lambda lab: lab.company.member("Inner", "add", "user4"), cycle,
             lambda lab: lab.with_second(True), cycle, cycle]

    def check(self, lab):
        for tenant in (lab.tenant(), lab.tenant(lab.second)):
            assert len(tenant) == 10
            assert tenant["groups/Inner"]["members"] == ["user1", "user4"]
            assert tenant["groups/Outer"]["members"] == ["user2"]
            assert tenant["users/user3"]["manager"] is None
            assert tenant["users/user2"]["manager"] == "boss"
        assert lab.db("SELECT count(*) FROM mv_link WHERE NOT present") == [(0,)]


class TargetAway(TwoTenants):
    """A target that fails for some cycles holds what was removed until it has seen it."""
    first_cycle = False
    steps = [cycle, cycle, lambda lab: lab.second_secret("wrong"), TwoTenants._remove, cycle,
             lambda lab: lab.company.member("Outer", "remove", "Inner"),
             lambda lab: lab.company.member("Inner", "add", "user4"), cycle, cycle,
             lambda lab: lab.second_secret(None), cycle, cycle]


class TwoAccounts(Scenario):
    """A person with accounts in two forests, each in a group: one account goes, the person stays."""
    first_cycle = True
    settings = {"ad": "match_users = sid"}
    steps = [cycle, cycle, lambda lab: lab.company.other.delete("twin"), cycle, cycle]

    def company(self):
        c = small()
        c.other = Company("DC=skerry,DC=example", "skerry.example")
        c.other.user("stays")
        twin = c.other.user("twin", name="user1",
                            msExchMasterAccountSid=c.of("user1")["objectSid"][0])
        c.other.group("Far", [twin, c.other.dn_of("stays")])
        return c

    def check(self, lab):
        tenant = lab.tenant()
        assert lab.emulator.stats()["deletes"] == 0 and len(tenant) == 12
        assert tenant["groups/Inner"]["members"] == ["user0", "user1"]
        assert tenant["groups/Far"]["members"] == ["stays"]
        removed = [r for r in lab.emulator.requests() if r["method"] == "DELETE"
                   and "/members/" in r["path"]]
        assert len(removed) <= 1, removed


def named(c, sam, name=None):
    """Gives a user another name and address."""
    c.set(sam, "userPrincipalName", (name or sam) + "@fjordline.example")
    c.set(sam, "proxyAddresses", "SMTP:%s@fjordline.example" % (name or sam),
          "smtp:%s.%s@fjordline.example" % (sam, sam))


def with_addresses():
    c = small()
    for i in range(6):
        named(c, "user%d" % i)
    return c


def names(lab):
    """Who is called what: title, name and addresses, without the domain."""
    out = {}
    for key, o in lab.tenant().items():
        if key.startswith("users/user"):
            assert all(a.endswith("@fjordline.example") for a in o["proxyAddresses"])
            out[key[6:]] = (o["userPrincipalName"].split("@")[0],
                            [a.split("@")[0] for a in sorted(o["proxyAddresses"])])
    return out


def called(sam, name):
    return {sam: (name, ["SMTP:" + name, "smtp:%s.%s" % (sam, sam)])}


def refused(lab):
    return lab.db("SELECT type, text FROM cs_error WHERE type <> 'outside-surface'")


def check_names(lab, ends):
    """Each has the name and the address that it was given, and nobody a name of the service's."""
    have = names(lab)
    for sam, name in ends.items():
        assert have[sam] == called(sam, name)[sam], have
    assert not refused(lab), refused(lab)
    assert not [u for u in lab.graph.all("/users?$select=onPremisesProvisioningErrors")
                if u["onPremisesProvisioningErrors"]]


def check_upns(lab, ends):
    upns = {o["displayName"]: o["userPrincipalName"].split("@")[0]
            for o in lab.graph.all("/users?$select=displayName,userPrincipalName")}
    assert {k: upns[k] for k in ends} == ends, upns
    assert not refused(lab), refused(lab)


def successor(lab):
    """One leaves, another comes with his name; and a third one takes the address of a fourth."""
    lab.company.delete("user1")
    lab.company.user("user9", title="Officer")
    named(lab.company, "user9", "user1")
    named(lab.company, "user3", "captain")
    named(lab.company, "user2", "user3")


class Successor(Scenario):
    """Names change hands: what frees one goes before what takes it, in one cycle."""
    company = staticmethod(with_addresses)
    passes = 3
    steps = [cycle, cycle, successor, cycle,
             lambda lab: check_names(lab, Successor.ends), cycle]
    ends = {"user9": "user1", "user3": "captain", "user2": "user3"}

    def check(self, lab):
        check_names(lab, self.ends)
        assert lab.emulator.stats()["deletes"] == 1


class SuccessorOnGraph(Scenario):
    """The same on public Graph, which refuses what is taken (addresses are read-only there)."""
    company = staticmethod(with_addresses)
    settings = {"surface": "graph", "app": GRAPH_APP}
    steps = [cycle, cycle, successor, cycle,
             lambda lab: check_upns(lab, Successor.ends), cycle]

    def check(self, lab):
        check_upns(lab, Successor.ends)


def swap_and_ring(lab):
    """Two exchange their names, three hand theirs round, and one more takes a freed one."""
    named(lab.company, "user0", "user1")
    named(lab.company, "user1", "user0")
    named(lab.company, "user2", "user3")
    named(lab.company, "user3", "user4")
    named(lab.company, "user4", "user2")
    named(lab.company, "user5", "boss")
    lab.company.set("boss", "userPrincipalName", "director@fjordline.example")


class Ring(Scenario):
    """Names that go round: one of each ring stands aside until the others have theirs."""
    company = staticmethod(with_addresses)
    passes = 3
    steps = [cycle, cycle, swap_and_ring, cycle,
             lambda lab: check_names(lab, Ring.ends), cycle]
    ends = {"user0": "user1", "user1": "user0", "user2": "user3", "user3": "user4",
            "user4": "user2", "user5": "boss"}

    def check(self, lab):
        check_names(lab, self.ends)


class RingOnGraph(Scenario):
    company = staticmethod(with_addresses)
    settings = {"surface": "graph", "app": GRAPH_APP}
    steps = [cycle, cycle, swap_and_ring, cycle, lambda lab: check_upns(lab, Ring.ends), cycle]

    def check(self, lab):
        check_upns(lab, Ring.ends)


def with_carl():
    """A contact that a group has as member, whose manager is a user."""
    c = small()
    carl = c.contact("Carl", "carl@fjordline.example", manager=c.dn_of("boss"))
    c.member("Outer", "add", carl)
    c.set("user1", "title", "Reports")
    return c


def become(lab, name, kind):
    """The same object of AD, with the same GUID, is of another class."""
    entry = lab.company.of(name)
    entry["objectClass"] = ["top", "person", "organizationalPerson"] + {
        "user": ["user"], "contact": ["contact"], "inetOrgPerson": ["user", "inetOrgPerson"]}[kind]
    account = {"sAMAccountName": [name.lower()], "userAccountControl": ["512"],
               "userPrincipalName": [name.lower() + "@fjordline.example"]}
    if kind == "contact":
        for attr in account:
            entry.pop(attr, None)
    else:
        for attr, values in account.items():
            entry.setdefault(attr, values)
        entry.setdefault("objectSid", lab.company.principal())


class TypeInPlace(Scenario):
    """A contact becomes a user: the one goes, the other comes, and groups have the new one."""
    company = staticmethod(with_carl)
    steps = [cycle, cycle, lambda lab: become(lab, "Carl", "user"),
             lambda lab: lab.company.set("user2", "manager", lab.company.dn_of("Carl")), cycle,
             cycle]

    def check(self, lab):
        tenant = lab.tenant()
        assert "contacts/Carl" not in tenant and len(tenant) == 11
        assert tenant["users/Carl"]["proxyAddresses"] == ["SMTP:carl@fjordline.example"]
        assert tenant["users/Carl"]["userPrincipalName"] == "carl@fjordline.example"
        assert tenant["users/Carl"]["manager"] == "boss"
        assert tenant["users/user2"]["manager"] == "Carl"
        assert tenant["groups/Outer"]["members"] == ["Carl", "Inner", "user2"]
        assert lab.emulator.stats()["deletes"] == 1
        assert lab.db("SELECT count(*) FROM cs_error") == [(0,)]


class TypeAndBack(Scenario):
    """There and back again: what had been a user is a contact, and once more a user."""
    company = staticmethod(with_carl)
    steps = [cycle, cycle, lambda lab: become(lab, "Carl", "user"), cycle, cycle,
             lambda lab: become(lab, "Carl", "contact"), cycle, cycle,
             lambda lab: become(lab, "Carl", "user"), cycle]

    def check(self, lab):
        tenant = lab.tenant()
        assert "contacts/Carl" not in tenant and len(tenant) == 11
        assert tenant["groups/Outer"]["members"] == ["Carl", "Inner", "user2"]
        stats = lab.emulator.stats()
        assert stats["deletes"] == 3
        assert lab.db("SELECT count(*) FROM cs_error") == [(0,)]


class TypeInetOrgPerson(Scenario):
    """Another class in AD, the same class in Entra: nothing is deleted, and nothing is told."""
    company = staticmethod(small)
    events = []
    steps = [cycle, cycle, lambda lab: become(lab, "user1", "inetOrgPerson"),
             lambda lab: lab.graph.soa("users", user_id(lab, "user2"), True), cycle,
             lambda lab: become(lab, "user2", "inetOrgPerson"), cycle, cycle,
             lambda lab: become(lab, "user1", "user"),
             lambda lab: lab.company.set("user1", "title", "Captain"), cycle]

    def check(self, lab):
        tenant = lab.tenant()
        stats = lab.emulator.stats()
        assert len(tenant) == 10 and stats["deletes"] == 0 and stats["creates"] == 10
        assert tenant["users/user1"]["jobTitle"] == "Captain"
        assert tenant["users/user2"]["managed"] is True
        assert tenant["groups/Inner"]["members"] == ["user0", "user1"]


def user_of_contact(lab):
    """A user of the contact's person comes in another forest, with an anchor of its own."""
    lab.company.other.user("carl", name="Carl User", mail="carl@fjordline.example",
                           userPrincipalName="carl@fjordline.example",
                           proxyAddresses=["SMTP:carl@fjordline.example"],
                           objectSid=lab.company.of("Carl")["msExchMasterAccountSid"][0])


class TypeByJoin(Scenario):
    """A user joins the person that a contact had made; later the user goes, and the contact stays."""
    settings = {"ad": "match_users = sid"}
    rules = [own("Own contact", 1,
                 {"dest": "msExchMasterAccountSid", "source": "msExchMasterAccountSid"},
                 sourceObjectType="contact")]
    settings = {"ad": "match_users = sid"}
    steps = [cycle, cycle, user_of_contact, cycle, cycle,
             lambda lab: lab.company.other.delete("carl"), cycle, cycle]

    def company(self):
        c = with_carl()
        c.set("Carl", "msExchMasterAccountSid", *c.principal())
        c.other = Company("DC=skerry,DC=example", "skerry.example")
        c.other.user("stays")
        return c

    def check(self, lab):
        tenant = lab.tenant()
        assert "users/Carl User" not in tenant and len(tenant) == 12
        assert tenant["contacts/Carl"]["proxyAddresses"] == ["SMTP:carl@fjordline.example"]
        assert tenant["groups/Outer"]["members"] == ["Carl", "Inner", "user2"]
        assert lab.emulator.stats()["deletes"] == 2
        assert lab.db("SELECT count(*) FROM cs_error") == [(0,)]


class TypeByMail(TypeByJoin):
    """The same where accounts are matched by their address."""
    rules = []
    settings = {"ad": "match_users = mail"}

    def company(self):
        c = super().company()
        for forest in (c, c.other):
            for entry in forest.objects.values():
                if "userPrincipalName" in entry:
                    entry["mail"] = entry["userPrincipalName"]
        return c


class TypeOnGraph(Scenario):
    """Public Graph cannot write contacts: the user comes, and goes, without one."""
    company = staticmethod(with_carl)
    settings = {"surface": "graph", "app": GRAPH_APP}
    steps = [cycle, cycle, lambda lab: become(lab, "Carl", "user"), cycle, cycle,
             lambda lab: become(lab, "Carl", "contact"), cycle, cycle,
             lambda lab: become(lab, "Carl", "user"),
             lambda lab: lab.company.set("Carl", "title", "Returned"), cycle]

    def check(self, lab):
        tenant = lab.tenant()
        assert not any(name.startswith("contacts/") for name in tenant) and len(tenant) == 10
        assert tenant["groups/Outer"]["members"] == ["Carl", "Inner", "user2"]
        stats = lab.emulator.stats()
        assert stats["deletes"] == 1 and stats["creates"] == 10


class TypeBehindGuard(Scenario):
    """The deletes are deletes like any other: they stop the export, and are not forgotten."""
    company = staticmethod(with_carl)
    settings = {"export__deletion_threshold": 2}
    steps = [cycle, cycle]

    def check(self, lab):
        for name in ("Carl", "Partner"):
            become(lab, name, "user")
        lab.company.set("user3", "isCriticalSystemObject", "TRUE")
        lab.write()
        writes = lab.emulator.stats()["writes"]
        for profile in ("delta", "initial", "delta", "initial"):
            r = lab.run(profile)
            assert r.result == "stopped-deletion-threshold-exceeded", (profile, r.result)
            assert "3 objects are to be deleted" in r.log
            assert lab.emulator.stats()["writes"] == writes
        lab.settings["export__deletion_threshold"] = 3
        lab.write_config()
        for profile in ("initial", "delta"):
            assert lab.run(profile).code == 0
        tenant = lab.tenant()
        assert lab.emulator.stats()["deletes"] == 3 and len(tenant) == 10
        assert "users/Carl" in tenant and "users/Partner" in tenant
        assert tenant["groups/Outer"]["members"] == ["Carl", "Inner", "user2"]
        assert not refused(lab), refused(lab)


class TypeBackBehindGuard(Scenario):
    """Back again before the old objects were deleted: they stay, as they are."""
    company = staticmethod(with_carl)
    settings = {"export__deletion_threshold": 1}
    steps = [cycle, cycle]

    def check(self, lab):
        before, writes = lab.tenant(), lab.emulator.stats()["writes"]
        for kind, result in ("user", "stopped-deletion-threshold-exceeded"), ("contact", "success"):
            for name in ("Carl", "Partner"):
                become(lab, name, kind)
            lab.write()
            for profile in ("delta", "initial", "delta"):
                assert lab.run(profile).result == result
        assert lab.tenant() == before and lab.emulator.stats()["writes"] == writes
        assert not refused(lab), refused(lab)


class TypeBackAfterRefusal(Scenario):
    """The same where the delete was refused, and the new object for the sake of its address."""
    company = staticmethod(with_carl)
    steps = [cycle, cycle]

    def check(self, lab):
        before = lab.tenant()
        lab.emulator.service_fault("failure", operation="Delete", count=100)
        become(lab, "Carl", "user")
        lab.write()
        assert lab.run().result == "completed-export-errors"
        lab.emulator.clear_faults()
        become(lab, "Carl", "contact")
        lab.write()
        for profile in ("delta", "delta", "initial"):
            lab.cycle(profile)
        assert lab.emulator.stats()["deletes"] == 0 and lab.tenant() == before
        assert lab.db("SELECT count(*) FROM cs_error") == [(0,)]


class SetBack(Scenario):
    """The cloud changes what was exported before an import has shown it: told, and sent again."""
    company = staticmethod(small)
    settings = {"surface": "graph", "app": GRAPH_APP}
    results = (0, 1)
    steps = [cycle, cycle, lambda lab: lab.company.set("user1", "title", "Captain"), cycle,
             lambda lab: lab.graph.patch("/users/" + user_id(lab, "user1"), {"jobTitle": "Cloud"}),
             cycle, cycle]

    def check(self, lab):
        assert lab.tenant()["users/user1"]["jobTitle"] == "Captain"
        assert not refused(lab), refused(lab)


def sid_text(sid):
    """S-1-5-21-... of the bytes."""
    parts = [int.from_bytes(sid[8 + 4 * i:12 + 4 * i], "little") for i in range(sid[1])]
    return "S-%d-%d-%s" % (sid[0], int.from_bytes(sid[2:8], "big"), "-".join(map(str, parts)))


def two_forests():
    """Users of the second forest are members of a group of the first by their SID."""
    c = small()
    c.other = Company("DC=partner,DC=example", "partner.example")
    c.other.user("colleague", ou="OU=People")
    guest = c.other.user("guest", ou="OU=People")
    c.hidden = c.other.objects.pop(guest)
    sid = c.hidden["objectSid"][0]
    c.group("Guests", [c.dn_of("user1"), c.add(
        sid_text(sid), "CN=ForeignSecurityPrincipals", ["foreignSecurityPrincipal"], objectSid=[sid])])
    return c


def guest_arrives(lab):
    entry = lab.company.hidden
    lab.company.other.objects[entry["distinguishedName"][0]] = entry


class ForeignPrincipal(Scenario):
    """The user behind a foreign security principal arrives a cycle later, and goes again."""
    first_cycle = True
    company = staticmethod(two_forests)
    steps = [cycle, cycle, guest_arrives, cycle, cycle]

    def check(self, lab):
        assert lab.tenant()["groups/Guests"]["members"] == ["guest", "user1"]
        # what has no partner is no error
        assert lab.db("SELECT count(*) FROM cs_error") == [(0,)]


class LateReference(Scenario):
    """The same when both come in one cycle, the group's forest first: in that cycle."""
    company = staticmethod(two_forests)
    steps = [guest_arrives, cycle, cycle]

    def check(self, lab):
        assert lab.tenant()["groups/Guests"]["members"] == ["guest", "user1"]
        assert lab.db("SELECT count(*) FROM cs_wait") == [(0,)]


def mail_of_user(lab):
    lab.company.set("user1", "mail", "shared@fjordline.example")
    lab.company.contact("Shared", "shared@fjordline.example")


class WaitsForMail(Scenario):
    """A contact has its user's mail: told in every cycle until the mail is free."""
    company = staticmethod(small)
    results = (0, 1)
    steps = [cycle, mail_of_user, cycle, cycle,
             lambda lab: lab.company.set("user1", "mail", "own@fjordline.example"), cycle, cycle]

    def check(self, lab):
        tenant = lab.tenant()
        assert tenant["contacts/Shared"]["mail"] == "shared@fjordline.example"
        assert tenant["users/user1"]["mail"] == "own@fjordline.example"
        assert lab.db("SELECT count(*) FROM cs_error") == [(0,)]


def one_anchor():
    c = small()
    for name in ("user1", "user2"):
        c.set(name, "employeeID", "the-same")
    return c


class DuplicateAnchor(Scenario):
    """Two objects have one anchor: told until the first one goes, whose place the second takes."""
    first_cycle = True
    company = staticmethod(one_anchor)
    results = (0, 1)
    rules = [own("Own anchor", 1, {"dest": "sourceAnchor", "source": "employeeID"},
                 scope=[[{"attribute": "employeeID", "operator": "ISNOTNULL"}]])]
    steps = [cycle, cycle, lambda lab: lab.company.delete("user1"), cycle, cycle]

    def check(self, lab):
        tenant = lab.tenant()
        assert "users/user1" not in tenant and len(tenant) == 9
        assert tenant["users/user2"]["onPremisesImmutableId"] == "the-same"
        assert tenant["groups/Outer"]["members"] == ["Inner", "user2"]
        assert lab.emulator.stats()["deletes"] == 0
        assert lab.db("SELECT count(*) FROM cs_error") == [(0,)]


class RuleError(Scenario):
    """Error() of a rule, inbound and outbound: told as long as it lasts; nothing is lost meanwhile."""
    first_cycle = True
    company = staticmethod(small)
    results = (0, 1)
    rules = [own("Own error", 1, {"dest": "department", "expression":
                                  'IIF([title]="Bad",Error("title is bad"),[title])'}),
             own("Own out", 2, {"dest": "city", "expression":
                                'IIF([title]="Worse",Error("title is worse"),[title])'},
                 direction="Outbound", connectorType="entra", sourceObjectType="person",
                 targetObjectType="user",
                 scope=[[{"attribute": "sourceObjectType", "operator": "EQUAL", "value": "User"}]])]

    def _bad(lab):
        lab.company.set("user1", "title", "Bad")
        lab.company.set("user2", "title", "Worse")
        lab.company.member("Outer", "remove", "user2")
        lab.company.set("user2", "manager")

    def _mend(lab):
        lab.company.set("user1", "title", "Good")
        lab.company.set("user2", "title", "Good")

    steps = [cycle, cycle, _bad, cycle, cycle, _mend, cycle, cycle]

    def check(self, lab):
        tenant = lab.tenant()
        assert tenant["users/user1"]["department"] == tenant["users/user2"]["department"] == "Good"
        assert tenant["users/user2"]["manager"] is None
        assert lab.db("SELECT count(*) FROM cs_error") == [(0,)]


class Hidden(Scenario):
    """What the provisioning service takes and Graph never shows: values, references, clearing."""
    settings = {"surface": "service"}
    repeats = True

    @staticmethod
    def company():
        c = small()
        c.set("user1", "info", "Likes the sea")
        c.set("user1", "countryCode", "578")
        c.set("Outer", "info", "Old ship")
        c.set("Outer", "extensionAttribute1", "deck")
        c.set("Outer", "mailNickname", "outer")
        c.set("Outer", "mail", "outer@fjordline.example")
        c.set("Outer", "proxyAddresses", "SMTP:outer@fjordline.example")
        c.set("Outer", "managedBy", c.dn_of("user1"))
        c.set("Partner", "authOrig", c.dn_of("user1"), c.dn_of("user2"))
        return c

    @staticmethod
    def _change(lab):
        lab.company.set("user1", "info", "Likes the land")
        lab.company.set("Outer", "extensionAttribute1", "bridge")
        lab.company.set("Outer", "description", "Is shown")
        lab.company.set("Outer", "managedBy", lab.company.dn_of("user3"))
        lab.company.set("Partner", "authOrig", lab.company.dn_of("user2"))

    @staticmethod
    def _clear(lab):
        lab.company.set("user1", "info")
        lab.company.set("Outer", "managedBy")
        lab.company.set("Partner", "authOrig")

    steps = [cycle, cycle, _change, cycle, cycle, _clear, cycle]

    def check(self, lab):
        outer, user = in_service(lab)["Outer"], in_service(lab)["user1"]
        assert (outer["Info"], outer["ExtensionAttribute1"]) == ("Old ship", "bridge"), outer
        assert not outer.get("ManagedBy") and not user.get("Info")
        assert user["CountryCode"] == "578"
        assert not lab.db("SELECT 1 FROM cs_link WHERE state NOT IN (0, 4)")


ALL = [c for c in list(globals().values())
       if isinstance(c, type) and issubclass(c, Scenario) and c is not Scenario]
