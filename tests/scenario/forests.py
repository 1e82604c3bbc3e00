"""Scenarios of several forests: one person with accounts in two of them, and a forest that moves.

`kim` is the one who moves. The account in the second forest has the anchor of the first one in
mS-DS-ConsistencyGuid. Whatever happens, Entra has one kim, who is enabled and was made once.
"""
import base64

from engine import Scenario, cycle
from lab import Company

DOMAIN, DNS = "DC=second,DC=example", "second.example"
UPN = "kim@fjordline.example"
OLD = "CN=kim,OU=Staff,DC=fjordline,DC=example"
NEW = "CN=Kim New,OU=Staff," + DOMAIN


def first():
    c = Company()
    c.user("boss", title="Manager")
    kim = c.user("kim", title="Officer", manager=c.dn_of("boss"))
    c.user("lee", manager=kim)
    c.group("Crew", [kim, c.dn_of("lee")])
    c.other = Company(DOMAIN, DNS)
    c.other.user("resident")
    return c


def guid_of(lab, sam="kim"):
    """The anchor that the cloud has of an account."""
    entry = lab.company.of(sam)
    return (entry.get("mS-DS-ConsistencyGuid") or entry["objectGUID"])[0]


def copy(lab, control="514", **more):
    """The migration tool has copied kim: disabled at first, with the anchor of the old account."""
    attrs = {"userPrincipalName": UPN, "displayName": "kim", "userAccountControl": control,
             "mS-DS-ConsistencyGuid": [guid_of(lab)], "title": "Officer"}
    attrs.update(more)
    lab.company.other.user("kim.new", "Kim New", **attrs)


def cut_over(lab):
    lab.company.set("kim", "userAccountControl", "514")
    lab.company.other.set("kim.new", "userAccountControl", "512")


def anchors(lab):
    return {k: (o["onPremisesImmutableId"], o.get("accountEnabled"))
            for k, o in lab.tenant().items() if k.startswith("users/")}


class Moving(Scenario, object):  # two bases: no scenario of its own for CMakeLists.txt
    """What holds in all of them."""
    company = staticmethod(first)

    def always(self, lab):
        users = [o for o in lab.graph.all("/users?$select=userPrincipalName,accountEnabled,"
                                          "onPremisesImmutableId") if o["userPrincipalName"] == UPN]
        assert lab.emulator.stats()["deletes"] == 0
        assert all(o["accountEnabled"] for o in users), users
        if users:
            assert len(users) == 1
            if "anchor" not in vars(lab):
                lab.anchor = users[0]["onPremisesImmutableId"]
            assert users[0]["onPremisesImmutableId"] == lab.anchor
            assert len(base64.b64decode(lab.anchor)) == 16

    def check(self, lab):
        tenant = lab.tenant()
        kim = tenant["users/kim"]
        assert kim["accountEnabled"] is True and kim["onPremisesSyncEnabled"] is True
        assert len([k for k in tenant if k.startswith("users/")]) == 4
        assert lab.emulator.stats()["deletes"] == 0
        assert lab.emulator.stats()["creates"] == 5
        assert lab.db("SELECT count(*) FROM cs_error") == [(0,)]
        return kim


class Migration(Moving):
    """Old alone; both, the copy disabled; cut-over; the old one is deleted."""
    steps = [cycle, copy, cycle, cut_over, cycle, lambda lab: lab.company.delete("kim"), cycle]

    def check(self, lab):
        kim = super().check(lab)
        assert kim["onPremisesDistinguishedName"] == NEW
        assert kim["jobTitle"] == "Officer"


class MigrationSecondFirst(Migration):
    """The same where the second forest comes first in everything."""
    settings = {"other_first": True}


def replace(lab):
    copy(lab, "512")
    lab.company.delete("kim")


class MigrationAtOnce(Moving):
    """The copy appears and the old one goes between two cycles."""
    first_cycle = True
    steps = [cycle, cycle, replace, cycle]

    def check(self, lab):
        assert super().check(lab)["onPremisesDistinguishedName"] == NEW


class MigrationAtOnceSecondFirst(MigrationAtOnce):
    settings = {"other_first": True}


def written_back(lab):
    """As consistency_guid = yes leaves it."""
    lab.company.set("kim", "mS-DS-ConsistencyGuid", lab.company.of("kim")["objectGUID"][0])


class MigrationOfWrittenBack(Moving):
    """The old account has its anchor in mS-DS-ConsistencyGuid, the copy comes as inetOrgPerson."""
    def _copy(lab):
        copy(lab, "512")
        lab.company.other.of("kim.new")["objectClass"].append("inetOrgPerson")

    steps = [cycle, written_back, cycle, _copy, cycle,
             lambda lab: lab.company.set("kim", "userAccountControl", "514"), cycle,
             lambda lab: lab.company.delete("kim"), cycle]

    def check(self, lab):
        assert super().check(lab)["onPremisesDistinguishedName"] == NEW
        assert lab.db("SELECT class FROM cs WHERE dn = ?", NEW) == [("inetOrgPerson",)]


def sid_text(sid):
    return "S-1-5-" + "-".join(str(int.from_bytes(sid[8 + 4 * i:12 + 4 * i], "little"))
                               for i in range(sid[1]))


def copy_with_groups(lab):
    """The copy is a member in its own forest, and by a foreign security principal in the old one."""
    copy(lab, "512", manager=lab.company.other.dn_of("resident"))
    lab.company.other.user("newcomer", manager=lab.company.other.dn_of("kim.new"))
    lab.company.other.group("New crew", [lab.company.other.dn_of("kim.new"), lab.company.other.dn_of("resident")])
    lab.company.other.group("Crew", [lab.company.other.dn_of("resident")],
                     **{"mS-DS-ConsistencyGuid": [guid_of(lab, "Crew")]})
    lab.company.group("Both", [lab.company.dn_of("kim"), lab.company.dn_of("lee")])


def foreign(lab):
    """Now the copy is the enabled one: its SID is the person's."""
    cut_over(lab)
    sid = lab.company.other.of("kim.new")["objectSid"]
    dn = lab.company.add(sid_text(sid[0]), "CN=ForeignSecurityPrincipals",
                         ["foreignSecurityPrincipal"], objectSid=sid)
    lab.company.of("Both")["member"].append(dn)


class MigrationOfMembers(Moving):
    """Groups of both forests keep the person while one of its accounts is their member."""
    steps = [cycle, copy_with_groups, cycle,
             lambda lab: lab.company.set("kim", "userAccountControl", "514"), cycle, foreign, cycle,
             lambda lab: lab.company.delete("kim"), cycle]

    def check(self, lab):
        tenant = lab.tenant()
        assert tenant["groups/New crew"]["members"] == ["kim", "resident"]
        assert tenant["groups/Both"]["members"] == ["kim", "lee"]
        assert tenant["users/newcomer"]["manager"] == "kim"
        assert tenant["users/kim"]["manager"] == "resident"
        # one group, of two forests: the first forest has its members
        assert tenant["groups/Crew"]["members"] == ["lee"]
        assert lab.emulator.stats()["creates"] == 8
        removed = [r for r in lab.emulator.requests() if r["method"] == "DELETE"]
        assert len(removed) <= 2, removed  # kim of Crew, lee's manager


class MigrationOfMembersSecondFirst(MigrationOfMembers):
    settings = {"other_first": True}

    def check(self, lab):
        tenant = lab.tenant()
        assert tenant["groups/New crew"]["members"] == ["kim", "resident"]
        assert tenant["groups/Both"]["members"] == ["kim", "lee"]
        assert tenant["users/newcomer"]["manager"] == "kim"
        assert tenant["groups/Crew"]["members"] == ["resident"]



def newcomer(lab):
    """The copy comes without the anchor, under a name of its own: a person of its own."""
    lab.company.other.user("kim.new", "Kim New", userPrincipalName="kim.new@fjordline.example")


def too_late(lab):
    lab.company.other.set("kim.new", "mS-DS-ConsistencyGuid", guid_of(lab))


def told(lab, *names):
    """What is told of the copy names both."""
    (kind, text), = lab.db("SELECT e.type, e.text FROM cs_error e JOIN cs ON cs.id = e.cs "
                           "WHERE cs.dn = ?", NEW)
    assert kind == "sync-rule-error-function-triggered" and "SourceAnchor" in text
    for name in names:
        assert name in text, text


class GuidLater(Moving):
    """Two people are to become one: an error that names both; neither is deleted, not even when
    the account that the anchor came from is."""
    results = (0, 1)
    steps = [cycle, newcomer, cycle, too_late, cycle, lambda lab: told(lab, NEW, OLD),
             lambda lab: lab.company.delete("kim"), cycle]

    def check(self, lab):
        tenant = lab.tenant()
        assert tenant["users/kim"]["accountEnabled"] and tenant["users/Kim New"]["accountEnabled"]
        assert tenant["users/kim"]["onPremisesImmutableId"] == lab.anchor
        told(lab, "Its source object was deleted, but it is kept")
        for profile in ("initial", "delta"):
            lab.run(profile)
        assert lab.emulator.stats()["deletes"] == 0


def out_of_scope(lab):
    lab.company.other.set("kim.new", "adminDescription", "User_later")


def into_scope(lab):
    lab.company.other.set("kim.new", "adminDescription")


class GuidMended(Moving):
    """What the manual says to do then: out of scope until it is gone, and in again."""
    results = (0, 1)
    steps = [cycle, newcomer, cycle, too_late, cycle, out_of_scope, cycle, into_scope, cycle,
             lambda lab: lab.company.delete("kim"), cycle]

    def always(self, lab):
        users = lab.graph.all("/users?$select=userPrincipalName,accountEnabled,"
                              "onPremisesImmutableId")
        kim = [u for u in users if u["userPrincipalName"].startswith("kim")
               and u["onPremisesImmutableId"] == base64.b64encode(self.anchor).decode()]
        assert len(kim) == (1 if users else 0) and all(u["accountEnabled"] for u in kim), users

    @property
    def anchor(self):
        return first().of("kim")["objectGUID"][0]

    def check(self, lab):
        tenant = lab.tenant()
        assert lab.emulator.stats()["deletes"] == 1 and "users/kim" not in tenant
        kim = tenant["users/Kim New"]
        assert kim["onPremisesImmutableId"] == base64.b64encode(self.anchor).decode()
        assert lab.db("SELECT count(*) FROM cs_error") == [(0,)]


class GuidTwice(Moving):
    """Two accounts of one domain with one anchor: an error that names both, and the first stays."""
    results = (0, 1)

    def _double(lab):
        lab.company.user("double", **{"mS-DS-ConsistencyGuid": [guid_of(lab)]})

    steps = [cycle, _double, cycle, lambda lab: lab.company.set("kim", "title", "Captain"), cycle]

    def check(self, lab):
        tenant = lab.tenant()
        assert tenant["users/kim"]["jobTitle"] == "Captain" and "users/double" not in tenant
        (dn, text), = lab.db("SELECT cs.dn, e.text FROM cs_error e JOIN cs ON cs.id = e.cs")
        double = "CN=double,OU=Staff,DC=fjordline,DC=example"
        assert dn == double and OLD in text and double in text and "ConsistencyGuid" in text


class Recreated(Moving):
    """The account was deleted and made again in its own domain, with its old anchor."""
    def _again(lab):
        anchor = guid_of(lab)
        lab.company.delete("kim")
        lab.company.user("kim", "Kim Again", displayName="kim", title="Officer",
                         **{"mS-DS-ConsistencyGuid": [anchor]})

    steps = [cycle, cycle, _again, cycle]

    def check(self, lab):
        assert super().check(lab)["onPremisesDistinguishedName"].startswith("CN=Kim Again,")


def with_mailbox():
    """The forest of the accounts is the other one; this one has the mailboxes, and comes first."""
    c = Company()
    c.other = Company(DOMAIN, DNS)
    kim = c.other.user("kim", title="Officer", userPrincipalName=UPN)
    c.other.group("Crew", [kim])
    c.user("kim.box", "Kim Box", userAccountControl="514", msExchRecipientTypeDetails="2",
           msExchMasterAccountSid=c.other.of("kim")["objectSid"][0],
           mail="kim@fjordline.example", mailNickname="kim",
           proxyAddresses=["SMTP:kim@fjordline.example"])
    c.user("lone.box", "Lone Box", userAccountControl="514", msExchRecipientTypeDetails="2",
           msExchMasterAccountSid=c.other.principal()[0])
    return c


def box_moves(lab):
    """The mailbox moves to a third place: the old one goes, a new one stands for the account."""
    lab.company.delete("kim.box")
    lab.company.user("kim.box2", "Kim Box Two", userAccountControl="514",
                     msExchRecipientTypeDetails="2", mail="kim@fjordline.example",
                     msExchMasterAccountSid=lab.company.other.of("kim")["objectSid"][0],
                     mailNickname="kim", proxyAddresses=["SMTP:kim@fjordline.example"])


class LinkedMailbox(Moving):
    """An account forest and a resource forest: one user, with the account's anchor and name."""
    first_cycle = True
    company = staticmethod(with_mailbox)
    settings = {"ad": "match_users = sid"}
    steps = [cycle, cycle, box_moves, cycle]

    def check(self, lab):
        tenant = lab.tenant()
        (key, kim), = [(k, o) for k, o in tenant.items() if k.startswith("users/")]
        anchor = lab.company.other.of("kim")["objectGUID"][0]
        assert kim["onPremisesImmutableId"] == base64.b64encode(anchor).decode()
        assert kim["accountEnabled"] is True and kim["userPrincipalName"] == UPN
        assert kim["mail"] == "kim@fjordline.example" and kim["jobTitle"] == "Officer"
        assert kim["onPremisesDistinguishedName"] == "CN=kim,OU=Staff," + DOMAIN
        assert tenant["groups/Crew"]["members"] == [key[6:]]
        assert lab.emulator.stats()["deletes"] == 0 and lab.emulator.stats()["creates"] == 2


def match_by(way):
    return lambda lab: lab.set_ad("match_users = " + way)


class MatchChanged(Moving):
    """Another way of matching: what is joined stays joined, nobody is deleted or disabled."""
    steps = [cycle, copy, cycle, match_by("mail"), cycle, match_by("sid"), cycle, cut_over, cycle]

    def check(self, lab):
        super().check(lab)
        assert lab.db("SELECT count(*) FROM cs WHERE mv = (SELECT mv FROM cs WHERE dn = ?)",
                      OLD) == [(3,)]


ALL = [Migration, MigrationSecondFirst, MigrationAtOnce, MigrationAtOnceSecondFirst,
       MigrationOfWrittenBack, MigrationOfMembers, MigrationOfMembersSecondFirst, GuidLater,
       GuidMended, GuidTwice, Recreated, LinkedMailbox, MatchChanged]
