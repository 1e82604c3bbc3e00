"""exchange = yes: whose mailboxes Exchange Online manages, and what is then not sent."""
import contextlib
import json
import re
import shutil
import sqlite3

import pytest

from exchange import Exchange
from lab import AAD, TENANT, Company
from proxy import Proxy, edit, in_front

EXCHANGE = 2  # lib/model/authority.h
HOME = "@fjordline.example"
INVOKE = "POST /adminapi/"


def company():
    c = Company()
    for name in ("ann", "ben"):
        c.user(name, title="Pilot", mail=name + HOME, mailNickname=name, extensionAttribute1="AD",
               proxyAddresses=["SMTP:" + name + HOME])
    c.user("cat", title="Pilot")  # has no mailbox
    c.group("Crew", members=[c.dn_of("ann"), c.dn_of("ben")])
    return c


class World:
    """A lab whose objects are in the tenant, and what Exchange has of them."""

    def __init__(self, lab):
        self.lab = lab
        lab.cycle()
        lab.cycle()
        self.exchange = Exchange(lab.emulator)

    def id(self, name):
        return self.lab.graph.find("users", name)["id"]

    def mailbox(self, name):
        return self.exchange.mailbox(self.id(name))

    def set(self, name, **parameters):
        self.exchange.run("Set-Mailbox", Identity=self.id(name), **parameters)

    def flag(self, name, value=True):
        self.set(name, IsExchangeCloudManaged=value)

    def mask(self, name):
        return self.lab.db("SELECT blocked FROM cs WHERE anchor = ?", "User_" + self.id(name))[0][0]

    def change(self, name, **values):
        for key, value in values.items():
            self.lab.company.set(name, key, value)
        self.lab.write()

    def dn(self, name):
        return self.lab.company.dn_of(name)


@pytest.fixture
def world(make_lab):
    return World(make_lab(company(), exchange=True))


def messages(r, number=6956):
    return [line for line in r.log.splitlines() if " event_id=%d " % number in line]


def notes(r):
    """What the import has said about Exchange."""
    return [line for line in messages(r, 6990) if "Exchange" in line]


def names(line):
    found = re.search(r' attributes=(?:"([^"]*)"|(\S+))', line)
    return set((found.group(1) or found.group(2)).split(", "))


def in_cloud(mailbox):
    return mailbox["IsDirSynced"], mailbox["IsExchangeCloudManaged"]


# --- the flag ---

def test_flagged(world):
    """Identity flows, Exchange's attributes do not: told once for each change, with names alone."""
    lab = world.lab
    world.flag("ann")
    world.set("ann", CustomAttribute1="cloud", Alias="annie")
    r = lab.cycle()
    assert (world.mask("ann"), world.mask("ben")) == (EXCHANGE, 0)
    assert not messages(r) and not notes(r)
    for name in ("ann", "ben"):
        world.change(name, title="Captain", physicalDeliveryOfficeName="Bergen",
                     extensionAttribute1="secret-value", mailNickname=name + "-ad")
    r = lab.cycle()
    assert r.blocked() == [world.dn("ann")] and r.counter("soa-blocked") == 1
    line = messages(r)[0]
    assert names(line) == {"extensionAttribute1", "alias"}
    assert "its Exchange attributes are managed in Exchange Online" in line
    assert "secret-value" not in line and "ann-ad" not in line
    ann, ben = world.mailbox("ann"), world.mailbox("ben")
    assert in_cloud(ann) == (True, True) and in_cloud(ben) == (True, False)
    assert (ann["Office"], ann["Alias"], ann["CustomAttribute1"]) == ("Bergen", "annie", "cloud")
    assert (ben["Office"], ben["Alias"], ben["CustomAttribute1"]) == (
        "Bergen", "ben-ad", "secret-value")
    user = lab.graph.get("/users/%s?$select=jobTitle,mailNickname,onPremisesExtensionAttributes" %
                         world.id("ann"))
    assert user["jobTitle"] == "Captain" and user["mailNickname"] == "ann"
    assert user["onPremisesExtensionAttributes"]["extensionAttribute1"] == "AD"
    # Exchange gives away its own part only
    for values in ({"DisplayName": "Anna"}, {"Office": "Oslo"}):
        status, exception, text = world.exchange.refused(
            "Set-Mailbox", Identity=world.id("ann"), **values)
        assert (status, exception) == (400, "InvalidOperationException")
        assert "an account attribute, not an Exchange attribute" in text
    assert world.exchange.refused("Set-Mailbox", Identity=world.id("ben"), Alias="x")[0] == 400
    writes = lab.emulator.stats()["writes"]
    for profile in ("delta", "initial", "delta"):
        r = lab.cycle(profile)
        assert not messages(r) and lab.emulator.stats()["writes"] == writes
    world.change("ann", extensionAttribute1="another")
    assert lab.cycle().blocked() == [world.dn("ann")]


def test_taken_back(world):
    """What Active Directory has is sent again, also what did not change there."""
    lab = world.lab
    world.flag("ann")
    lab.cycle()
    world.set("ann", CustomAttribute1="cloud", CustomAttribute2="cloud", Alias="annie")
    world.change("ann", extensionAttribute2="new in AD")
    assert lab.cycle().blocked() == [world.dn("ann")]
    world.flag("ann", False)
    back = world.mailbox("ann")
    assert (back["Alias"], back["CustomAttribute1"]) == ("annie", "cloud")
    r = lab.cycle()
    back = world.mailbox("ann")
    assert (back["Alias"], back["CustomAttribute1"], back["CustomAttribute2"]) == (
        "ann", "AD", "new in AD")
    assert world.mask("ann") == 0 and not messages(r)
    lab.cycle()
    assert lab.db("SELECT state FROM cs WHERE anchor = ?", "User_" + world.id("ann")) == [(4,)]


@pytest.mark.parametrize("how", ["deleted", "out of scope"])
def test_a_delete_deletes(world, how):
    """The user is still Active Directory's: he goes, and his mailbox with him."""
    lab, who = world.lab, world.id("ann")
    world.flag("ann")
    lab.cycle()
    if how == "deleted":
        lab.company.delete("ann")
        lab.write()
    else:
        world.change("ann", adminDescription="User_x")
    r = lab.cycle()
    assert not messages(r) and lab.emulator.stats()["deletes"] == 1
    assert lab.graph.find("users", "ann") is None
    assert world.exchange.refused("Get-Mailbox", Identity=who)[0] == 404
    assert not messages(lab.cycle())


def test_the_whole_switch_includes_it(world):
    """isCloudManaged ends the flag in Exchange; nothing is sent, neither between nor after."""
    lab, who = world.lab, world.id("ann")
    world.flag("ann")
    lab.cycle()
    lab.graph.soa("users", who, True)
    assert in_cloud(world.mailbox("ann")) == (False, False)
    world.set("ann", CustomAttribute1="cloud", Office="Cloud")
    world.change("ann", title="Captain", extensionAttribute1="new in AD")
    writes = lab.emulator.stats()["writes"]
    r = lab.cycle()
    assert world.mask("ann") == 1 and r.blocked() == [world.dn("ann")]
    assert "isCloudManaged is true" in messages(r)[0] and "title" in names(messages(r)[0])
    assert lab.emulator.stats()["writes"] == writes
    assert world.mailbox("ann")["Office"] == "Cloud"
    lab.graph.soa("users", who, False)
    lab.cycle()
    lab.cycle()
    back = world.mailbox("ann")
    assert in_cloud(back) == (True, False) and world.mask("ann") == 0
    assert back["CustomAttribute1"] == "new in AD"


def test_from_the_whole_to_a_part(world):
    """Rolled back, taken over and flagged between two imports: one mask goes, the other comes."""
    lab, who = world.lab, world.id("ann")
    lab.graph.soa("users", who, True)
    lab.cycle()
    assert world.mask("ann") == 1
    lab.graph.soa("users", who, False)
    lab.cycle()  # takes it over
    world.flag("ann")
    lab.cycle()
    assert world.mask("ann") == EXCHANGE
    world.change("ann", title="Captain", extensionAttribute1="new in AD")
    assert lab.cycle().blocked() == [world.dn("ann")]
    assert lab.graph.get("/users/" + who)["jobTitle"] == "Captain"


def test_the_store_is_lost(world):
    """The first import of all learns the flag before anything is sent."""
    lab = world.lab
    world.flag("ann")
    lab.cycle()
    world.change("ann", title="Captain", extensionAttribute1="new in AD")
    lab.cycle()
    shutil.rmtree(lab.folder + "/state")
    world.change("ann", department="Deck")
    for _ in range(2):
        r = lab.cycle()
        assert world.mask("ann") == EXCHANGE and not messages(r) and not notes(r)
    user = lab.graph.get("/users/%s?$select=department,onPremisesExtensionAttributes" %
                         world.id("ann"))
    assert user["department"] == "Deck"
    assert user["onPremisesExtensionAttributes"]["extensionAttribute1"] == "AD"


def test_flagged_by_default(world):
    """A user whom adsyncd makes has his mailbox flagged from the first day on."""
    lab = world.lab
    world.exchange.run("Set-OrganizationConfig", ExchangeAttributesCloudManagedByDefault=True)
    lab.company.user("dan", title="Pilot", mail="dan" + HOME, mailNickname="dan",
                     proxyAddresses=["SMTP:dan" + HOME], extensionAttribute1="AD")
    lab.write()
    lab.cycle()
    assert in_cloud(world.mailbox("dan")) == (True, True)
    assert world.mailbox("dan")["CustomAttribute1"] == "AD"
    r = lab.cycle()
    assert world.mask("dan") == EXCHANGE and not messages(r)
    assert lab.db("SELECT state FROM cs WHERE anchor = ?", "User_" + world.id("dan")) == [(4,)]
    writes = lab.emulator.stats()["writes"]
    world.change("dan", extensionAttribute1="new in AD")
    assert lab.cycle().blocked() == [world.dn("dan")]
    assert lab.emulator.stats()["writes"] == writes


def test_a_mailbox_vanishes(world):
    """The flag is the mailbox's and goes with it: the user is Active Directory's entirely."""
    lab = world.lab
    world.flag("ann")
    lab.cycle()
    world.change("ann", extensionAttribute1="new in AD")
    assert lab.cycle().blocked() == [world.dn("ann")]
    # as if the licence had been taken: Exchange does not list it
    proxy = in_front(lab, lambda line, status, data: (
        (status, edit(data, lambda body: body.update(value=[
            m for m in body["value"] if not m["IsExchangeCloudManaged"]])))
        if line.startswith(INVOKE) else None))
    with proxy:
        lab.cycle()
    assert world.mask("ann") == 0
    assert lab.graph.get("/users/%s?$select=onPremisesExtensionAttributes" % world.id("ann"))[
        "onPremisesExtensionAttributes"]["extensionAttribute1"] == "new in AD"


def test_what_people_see(world):
    lab = world.lab
    world.flag("ann")
    lab.cycle()
    lab.start()
    anchor = "User_" + world.id("ann")
    assert lab.ctl_json("cs", "show", AAD, anchor)["authority"] == (
        "IsExchangeCloudManaged (Exchange)")
    assert "IsExchangeCloudManaged" in lab.ctl("cs", "show", AAD, anchor).stdout
    assert lab.ctl_json("connector", "show", AAD)["import_state"] == [
        "IsExchangeCloudManaged was read from Exchange Online"]
    preview = lab.ctl_json("preview", world.dn("ann"))["outbound"][0]
    assert "some of it is not sent: its Exchange attributes" in preview["result"]

    def finding():
        found = json.loads(lab.ctl("--json", "connector", "test", AAD).stdout)["findings"]
        return [(f["verdict"], f["text"]) for f in found if f["check"] == "exchange"]

    (verdict, text), = finding()
    assert verdict == "good" and "1 users have IsExchangeCloudManaged" in text
    lab.emulator.fault(match=INVOKE, count=1000, status=403)
    (verdict, text), = finding()
    assert verdict == "bad" and "answered 403" in text and "Exchange.ManageAsApp" in text


def asked(lab):
    return sum("InvokeCommand" in r["path"] for r in lab.emulator.requests())


def test_one_object_on_demand(make_lab):
    """Of a few users each mailbox is asked for, of many the list; no answer is no answer here, too."""
    everybody = company()
    many = [everybody.user("p%02d" % i) for i in range(22)]
    everybody.group("Many", members=many + [everybody.dn_of("ann")])
    world = World(make_lab(everybody, exchange=True, scheduler__sync_cycle_enabled="no"))
    lab, who = world.lab, world.id("ann")

    def sync(name):
        lab.ctl_json("sync", "object", world.dn(name))
        user = lab.graph.get("/users/%s?$select=jobTitle,onPremisesExtensionAttributes" % who)
        return (world.mask("ann"), user["jobTitle"],
                user["onPremisesExtensionAttributes"]["extensionAttribute1"])

    lab.start()
    world.flag("ann")
    world.change("ann", title="Captain", extensionAttribute1="new in AD")
    assert sync("ann") == (EXCHANGE, "Captain", "AD")
    assert sync("cat")[0] == EXCHANGE  # who has no mailbox
    world.flag("ann", False)
    lab.emulator.fault(match=INVOKE, count=1000, status=403)
    world.change("ann", title="Pilot")
    assert sync("ann") == (EXCHANGE, "Pilot", "AD")
    lab.emulator.clear_faults()
    world.flag("ann")
    before = asked(lab)
    assert sync("Many")[0] == EXCHANGE and 0 < asked(lab) - before < 10
    world.flag("ann", False)
    assert sync("ann") == (0, "Pilot", "new in AD")


# --- what is asked, and where ---

def test_what_is_asked(world):
    """Only mailboxes of synchronized users, three properties, in pages of 1,000."""
    lab, pages = world.lab, []
    lab.cycle()
    lines = [r for r in lab.emulator.requests() if "InvokeCommand" in r["path"]]
    assert lines, lab.emulator.requests()[-1]

    def watch(line, status, data):
        if line.startswith(INVOKE):
            pages.append((line, json.loads(data)["value"]))

    with in_front(lab, watch):
        lab.cycle()
    (line, mailboxes), = pages
    assert line.endswith("?$select=ExternalDirectoryObjectId,IsDirSynced,IsExchangeCloudManaged")
    assert {tuple(sorted(m)) for m in mailboxes} == {
        ("ExternalDirectoryObjectId", "IsDirSynced", "IsExchangeCloudManaged")}
    assert len(mailboxes) == 2


def test_switched_off(world):
    """exchange = no: nothing is asked, and all is sent again, once."""
    lab = world.lab
    world.flag("ann")
    lab.cycle()
    world.change("ann", extensionAttribute1="new in AD")
    lab.cycle()
    lab.exchange = False
    lab.write_config()
    before = asked(lab)
    r = lab.cycle()
    assert before and asked(lab) == before
    assert world.mask("ann") == 0 and len(notes(r)) == 1 and "is off now" in notes(r)[0]
    assert lab.graph.get("/users/%s?$select=onPremisesExtensionAttributes" % world.id("ann"))[
        "onPremisesExtensionAttributes"]["extensionAttribute1"] == "new in AD"
    assert world.mailbox("ann")["CustomAttribute1"] == "AD"  # Exchange does not take it
    r = lab.cycle()
    assert not notes(r)
    # and on again
    lab.exchange = True
    lab.write_config()
    assert not notes(lab.cycle()) and world.mask("ann") == EXCHANGE


# --- when Exchange does not answer as it should ---

class Trouble:
    """Exchange fails for a while: said once, the masks stay and are obeyed, the rest goes on."""

    def __init__(self, world, words):
        self.world, self.words = world, words
        world.flag("ann")
        world.lab.cycle()
        world.flag("ben")  # not seen as long as it lasts

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        world, lab = self.world, self.world.lab
        if kind:
            return
        r = lab.cycle()
        assert len(notes(r)) == 1 and "gives the list of mailboxes again" in notes(r)[0], notes(r)
        assert world.mask("ann") == world.mask("ben") == EXCHANGE
        assert not notes(lab.cycle())

    def lasts(self):
        world, lab = self.world, self.world.lab
        world.change("ann", title="Captain", extensionAttribute1="new in AD")
        r = lab.cycle()
        assert len(notes(r)) == 1 and all(w in notes(r)[0] for w in self.words), notes(r)
        assert r.blocked() == [world.dn("ann")]
        assert lab.graph.get("/users/" + world.id("ann"))["jobTitle"] == "Captain"
        assert (world.mask("ann"), world.mask("ben")) == (EXCHANGE, 0)
        for profile in ("delta", "initial"):
            r = lab.cycle(profile)
            assert not notes(r) and (world.mask("ann"), world.mask("ben")) == (EXCHANGE, 0)


def test_the_role_is_missing(world):
    lab = world.lab
    with Trouble(world, ["does not let the application read mailboxes", "answered 403",
                         "Exchange.ManageAsApp"]) as trouble:
        lab.emulator.fault(match=INVOKE, count=1000, status=403)
        trouble.lasts()
        lab.emulator.clear_faults()


def test_the_sign_in_is_refused(world):
    """A token for Graph is no token for Exchange, and the other way round."""
    lab = world.lab
    with Trouble(world, ["does not let the application read mailboxes", "cannot sign in",
                         "Exchange.ManageAsApp"]) as trouble:
        lab.emulator.fault(match="POST /%s/oauth2" % TENANT, holds="outlook.office365.com",
                           count=1000, status=401)
        trouble.lasts()
        lab.emulator.clear_faults()


class Pages:
    """Lists come in pages of one mailbox; spoil(n, body) changes the body of the n-th, or gives
    (status, bytes) in its place."""

    def __init__(self, lab, spoil=lambda n, body: None):
        self.mailboxes, self.spoil = [], spoil
        lab.write_config()
        self.proxy = in_front(lab, self.change)
        self.path = "/adminapi/beta/%s/InvokeCommand?n=" % TENANT

    def change(self, line, status, data):
        if not line.startswith(INVOKE):
            return None
        n = int((re.search(r"[?]n=(\d+)", line) or [0, 0])[1])
        if not n and status == 200:
            self.mailboxes = json.loads(data)["value"]
        if status not in (200, 400):  # of a page the emulator knows nothing, but it may have trouble
            return None
        body = {"value": self.mailboxes[n:n + 1]}
        if n + 1 < len(self.mailboxes):
            body["@odata.nextLink"] = self.proxy.url + self.path + str(n + 1)
        return self.spoil(n, body) or (200, json.dumps(body).encode())

    def __enter__(self):
        self.proxy.__enter__()
        return self

    def __exit__(self, *args):
        self.proxy.__exit__(*args)


def test_it_fails_in_the_middle(world):
    """One page came, the next did not: half a list says nothing of anybody."""
    lab = world.lab
    with Trouble(world, ["did not give the list of mailboxes", "answered 503"]) as trouble:
        lab.emulator.fault(match="?n=1", count=1000, status=503, retryAfter=0)
        with Pages(lab) as pages:
            trouble.lasts()
            assert len(pages.mailboxes) == 2
        lab.emulator.clear_faults()
        lab.write_config()


def test_short_trouble_is_none(world):
    """A busy server and a token that has expired: asked again in the same import."""
    lab = world.lab
    world.flag("ann")
    world.flag("ben")
    lab.emulator.fault(match="?n=1", count=2, status=503, retryAfter=0)
    lab.emulator.fault(match="InvokeCommand?$select", count=1, status=401)
    with Pages(lab) as pages:
        r = lab.cycle()
        assert sum("InvokeCommand" in line for line in pages.proxy.paths) == 5
    assert not notes(r) and world.mask("ann") == world.mask("ben") == EXCHANGE
    assert [w for w in lab.emulator.requests()[-40:] if w["status"] == 401]


def put(n, **values):
    """The n-th page's mailbox has other values; None: none."""
    def spoil(page, body):
        if page == n:
            body["value"][0].update(values)
            for key in [k for k, v in values.items() if v is None]:
                del body["value"][0][key]
    return spoil


def link(to):
    return lambda n, body: body.update({"@odata.nextLink": to}) if n else None


FLAG, ID = "IsExchangeCloudManaged", "ExternalDirectoryObjectId"
BAD = [
    (link(7), "link that is not text"),
    (lambda n, body: body.pop("value") and None if n else None, "no list of objects"),
    (put(1, **{FLAG: None}), "mailbox without " + FLAG),
    (put(1, **{FLAG: "True"}), "mailbox without " + FLAG),
    (put(1, **{FLAG: True, ID: None}), "mailbox without " + ID),
    (put(1, **{FLAG: True, ID: "../x"}), "mailbox without " + ID),
    (lambda n, body: body["value"].append(7) if n else None, "mailbox without " + FLAG),
    (lambda n, body: body.update({"@adminapi.warnings": [
        "There are more results. To view them, increase the value for the ResultSize parameter."]})
        if n else None, "does not have all mailboxes"),
    (lambda n, body: (200, b"<html>") if n else None, "not a JSON object"),
    (lambda n, body: (200, b"") if n else None, "no list of objects"),
    (lambda n, body: (302, b"") if n else None, "answered 302"),
    (lambda n, body: (401, b"") if n else None, "answered 401"),
    (lambda n, body: (404, ('{"error": {"code": "x", "message": "a' + "\u00e5" * 900 + '"}}').encode())
        if n else None, "answered 404 x: a\u00e5\u00e5"),
]


def test_bad_lists(world):
    """A list that is not one changes nothing, whatever its first page says; the token stays here."""
    lab = world.lab
    world.flag("ann")
    lab.cycle()
    world.flag("ann", False)  # not to be learned from half a list
    world.flag("ben")
    elsewhere = Proxy(lab.emulator, lambda *_: None)
    away = [(link(elsewhere.url + "/adminapi/beta/%s/InvokeCommand?n=1" % TENANT), "another host"),
            (link("http://localhost/"), "another host")]
    with elsewhere:
        for spoil, words in BAD + away:
            with Pages(lab, spoil) as pages:
                r = lab.run("delta-import", connector=AAD)
            assert len(pages.mailboxes) == 2 and r.code == 0
            assert len(notes(r)) == 1 and words in notes(r)[0], (words, notes(r))
            assert (world.mask("ann"), world.mask("ben")) == (EXCHANGE, 0), words
            # as if the next one were new
            forget(lab)
        with Pages(lab) as pages:
            own = pages.proxy.url + pages.path + "1"
            pages.spoil = link(own)
            assert "link to itself" in notes(lab.cycle())[0]
        assert not elsewhere.paths
    forget(lab)
    lab.write_config()
    with open(lab.config, "r+", encoding="utf-8") as f:
        text = re.sub("exchange_url = .*", "exchange_url = https://localhost:1", f.read())
        f.seek(0)
        f.write(text)
        f.truncate()
    said = notes(lab.cycle())
    assert len(said) == 1 and "localhost:1" in said[0] and world.mask("ann") == EXCHANGE
    lab.write_config()
    assert len(notes(lab.cycle())) == 1
    assert (world.mask("ann"), world.mask("ben")) == (0, EXCHANGE)


def forget(lab):
    """The state of the last import leaves its cursor."""
    with contextlib.closing(sqlite3.connect(lab.folder + "/state/adsyncd.db")) as db, db:
        for state in ("failed", "refused"):
            db.execute("UPDATE connector SET cursor = CAST(replace(CAST(cursor AS TEXT), ?, "
                       "'\"read\"') AS BLOB) WHERE name = ?", ('"%s"' % state, AAD))


def test_unknown_users(world):
    """Mailboxes of users that are not there yet, ids in capitals, a list that says it twice."""
    lab = world.lab
    world.flag("ann")

    def spoil(n, body):
        one = body["value"][0]
        one[ID] = one[ID].upper()
        body["value"] += [dict(one, **{ID: "00000000-0000-4000-8000-00000000000%d" % n, FLAG: True}),
                          dict(one)]

    with Pages(lab, spoil):
        r = lab.cycle()
    assert not notes(r) and (world.mask("ann"), world.mask("ben")) == (EXCHANGE, 0)
