"""Directories that break off, lie or hold nonsense: a clear error that names server, base and
object, the cursor where it was, nothing lost, and the next import heals."""
import json
import os
import uuid

import pytest
import space
from lab import AD, Lab
from ldap_stub import DIRSYNC, Stub, guid_of

BASE = "DC=fjordline,DC=example"


class StubLab(Lab):
    stubs = ()

    def use(self, *stubs, extra=""):
        self.stubs = stubs
        self.write_config(source=", ".join(s.url for s in stubs), base=BASE, ad=(
            "starttls = no\nconnect_timeout = 5\nsearch_timeout = 20\n" + extra))

    def go(self, profile="delta-import"):
        return self.run(profile, connector=AD)

    def good(self, profile="delta-import"):
        r = self.go(profile)
        assert r.code == 0, (r.result, r.steps, r.log[-2000:])
        return r

    def cursor(self):
        return self.db("SELECT cursor FROM connector WHERE name = ?", AD)[0][0]

    def names(self):
        return {dn.split(",")[0][3:] for dn, _, _ in space.connector_space(self).values()}

    def members(self, group):
        return next(len(links.get("member", ())) for dn, _, links in
                    space.connector_space(self).values() if dn.startswith("CN=%s," % group))


@pytest.fixture
def lab(tmp_path):
    one = StubLab(tmp_path)
    yield one
    one.close()
    for stub in one.stubs:
        stub.stop()


def staff(stub, n, **attrs):
    stub.add("OU=Staff," + BASE, ["top", "organizationalUnit"])
    return [stub.user("u%04d" % i, **attrs) for i in range(n)]


def failed(lab, r, *words):
    """The step failed with these words, and the cursor is where it was."""
    step = r.step(AD, "import")
    assert r.code == 1 and all(w in step["error"] for w in words), step
    return step["result"]


def test_page_limit_and_referrals(lab):
    stub = Stub()
    staff(stub, 2500)
    stub.referrals = True
    lab.use(stub, extra="page_size = 5000\n")
    r = lab.good()
    assert r.counter("stage-add") == 2500 and len(lab.names()) == 2500
    sent = stub.sent
    lab.good()  # highestCommittedUSN is what it was: only the root is read
    assert stub.sent - sent <= 2


def test_ranges(lab):
    stub = Stub()
    guids = staff(stub, 4000)
    dns = [stub.objects[g][0] for g in guids]
    group = stub.add("CN=Big,OU=Staff," + BASE, ["top", "group"], sAMAccountName=["Big"], member=dns)
    lab.use(stub, extra="delta = usn\n")
    lab.good()
    assert lab.members("Big") == 4000
    stub.change(group, member=dns[:3500])
    lab.good()
    assert lab.members("Big") == 3500
    # ranges that do not go on where they ended: nothing of the object is taken
    stub.user("other")
    for lie in ("shift", "start", "short", "silent", "gone"):
        stub.change(group, member=dns)
        stub.range_lie = lie
        r = lab.go()
        assert r.result == "completed-discovery-errors", (lie, r.log)
        assert "CN=Big" in r.log and "member" in r.log, (lie, r.log)
        assert lab.members("Big") == 3500 and "other" in lab.names()
        r = lab.go("full-import")
        assert r.result == "completed-discovery-errors" and lab.members("Big") == 3500, (lie, r.log)
    stub.range_lie = None
    lab.good()
    assert lab.members("Big") == 4000


def test_options_of_attributes(lab):
    """";binary" is the attribute, another option makes it another one."""
    stub = Stub()
    guids = staff(stub, 3, **{"displayName;lang-de": ["Deutsch"], "title;binary": ["Officer"]})
    lab.use(stub, extra="delta = usn\n")
    lab.good()
    held = [a for _, a, _ in space.connector_space(lab).values()]
    assert {a["title"][0] for a in held} == {b"Officer"} and len(held) == 3
    assert sorted(a["displayname"][0] for a in held) == [b"u0000", b"u0001", b"u0002"]
    stub.change(guids[0], **{"displayName;lang-de": ["Anders"], "title;binary": ["Captain"]})
    lab.good()
    assert {a["title"][0] for _, a, _ in space.connector_space(lab).values()} == {b"Officer", b"Captain"}


def test_range_in_a_change(lab):
    """DirSync shows the first values only of a long list that is no reference."""
    stub = Stub()
    guids = staff(stub, 5)
    lab.use(stub)
    lab.good()
    many = ["smtp:a%d@fjordline.example" % i for i in range(2000)]
    stub.change(guids[2], proxyAddresses=many)
    stub.user("new", proxyAddresses=many)
    lab.good()
    held = {dn.split(",")[0][3:]: a.get("proxyaddresses", ())
            for dn, a, _ in space.connector_space(lab).values()}
    assert len(held["u0002"]) == 2000 and len(held["new"]) == 2000


@pytest.mark.parametrize("way", ["dirsync", "usn", "none"])
@pytest.mark.parametrize("after", [0, 1, 2, 5])
def test_entry_that_breaks_off(lab, way, after):
    """It is no whole object: it keeps what is known and is tried again; the others go on."""
    stub = Stub()
    guids = staff(stub, 30, title=["Officer"])
    for i, g in enumerate(guids):  # the GUID comes early, so that it is known whose entry it is
        dn, attrs, usn = stub.objects[g]
        stub.objects[g] = dn, dict([("objectGUID", [g])] if after else [], **attrs), usn
    lab.use(stub, extra="delta = %s\n" % way)
    lab.good()
    before = space.connector_space(lab)
    assert len(before) == 30
    for g in guids[:3]:
        stub.change(g, title=["Captain"])
    stub.cut = {guids[0]: after}
    for profile in ("delta-import", "full-import", "delta-import"):
        r = lab.go(profile)
        assert r.result == "completed-discovery-errors", (profile, r.log)
        assert "CN=u0000" in r.log and "breaks off" in r.log, r.log
        held = {dn: a for dn, a, _ in space.connector_space(lab).values()}
        assert len(held) == 30 and not r.counter("stage-delete")
        assert [held["CN=u000%d,OU=Staff,%s" % (i, BASE)]["title"] for i in range(4)] == [
            [b"Officer"], [b"Captain"], [b"Captain"], [b"Officer"]]
    stub.cut = {}
    lab.good()
    held = {dn: a for dn, a, _ in space.connector_space(lab).values()}
    assert held["CN=u0000,OU=Staff," + BASE]["title"] == [b"Captain"]
    lab.good()


@pytest.mark.parametrize("way", ["dirsync", "usn"])
def test_answers_without_end(lab, way):
    stub = Stub()
    guids = staff(stub, 5)
    lab.use(stub, extra="delta = %s\n" % way)
    lab.good()
    before = lab.cursor()
    stub.change(guids[0], title=["New"])
    stub.endless = "sync" if way == "dirsync" else "pages"
    # an import that reads everything takes the place of a refused delta
    if way == "dirsync":
        failed(lab, lab.go("full-import"), "127.0.0.20", "the same cookie")
    else:
        failed(lab, lab.go(), "127.0.0.20", "no end")
    assert lab.cursor() == before
    stub.endless = None
    lab.good()


def test_many_object_classes(lab):
    stub = Stub()
    staff(stub, 3)
    stub.user("many", objectClass=["top"] + ["extra%d" % i for i in range(60)] + ["person", "user"])
    lab.use(stub)
    lab.good()
    assert "many" in lab.names()


def test_more_unreadable_objects_than_are_kept(lab):
    """None is forgotten: what cannot be listed is read again with everything."""
    stub = Stub()
    guids = staff(stub, 1020)
    lab.use(stub, extra="delta = usn\n")
    lab.good()
    good = {g: stub.objects[g][1]["objectSid"] for g in guids}
    for g in guids[:1010]:
        stub.change(g, objectSid=[b"x"], title=["New"])
    r = lab.go()
    assert r.result == "completed-discovery-errors" and 6990 in r.events
    for g in guids[:1010]:  # mended without a change that a delta would tell
        dn, attrs, usn = stub.objects[g]
        stub.objects[g] = dn, dict(attrs, objectSid=good[g]), usn
    stub.usn += 1
    lab.good()
    titles = [a.get("title") for _, a, _ in space.connector_space(lab).values()]
    assert titles.count([b"New"]) == 1010


def test_folders_by_guid_in_the_second_domain(lab):
    one = Stub()
    two = Stub("127.0.0.21", base="DC=child,DC=fjordline,DC=example", name="DC2")
    staff(one, 5)
    folder = two.add("OU=In,DC=child,DC=fjordline,DC=example", ["top", "organizationalUnit"])
    for ou in ("OU=In", "OU=Out"):
        two.user("user of " + ou[3:], ou=ou)
    lab.stubs = (one, two)
    # each server is asked for the domain that it holds
    lab.write_config(source="%s, %s" % (one.url, two.url), base="%s\n\t%s" % (BASE, two.base), ad=(
        "starttls = no\ninclude_ou = <GUID=%s>\n" % uuid.UUID(bytes_le=folder)))
    lab.good()
    assert lab.names() == {"user of In"}
    two.change(folder, dn="OU=Renamed,DC=child,DC=fjordline,DC=example")
    lab.good()


def test_names_of_domains(lab):
    """What the directory calls itself goes to Entra, is kept, and a setting is stronger."""
    stub = Stub()
    stub.partitions = True
    staff(stub, 3)
    stub.add("CN=Crew,OU=Staff," + BASE, ["top", "group"], sAMAccountName=["Crew"], displayName=["Crew"],
             groupType=["-2147483646"], objectSid=[bytes([1, 5]) + (5).to_bytes(6, "big") + bytes(20)])
    partitions = "CN=Partitions,CN=Configuration," + BASE
    stub.add("CN=BALTIC," + partitions, ["top", "crossRef"], nCName=["DC=baltic," + BASE],
             nETBIOSName=["BALTIC"], dnsRoot=["baltic.fjordline.example"])
    own = stub.add("CN=NORTHSEA," + partitions, ["top", "crossRef"], nCName=[BASE],
                   nETBIOSName=["NORTHSEA"], dnsRoot=["fjordline.example"])
    stub.add("CN=Schema," + partitions, ["top", "crossRef"], nCName=["CN=Schema,CN=Configuration," + BASE],
             dnsRoot=["fjordline.example"])
    lab.use(stub)

    def netbios():
        return lab.graph.get("/groups?$select=displayName,onPremisesNetBiosName")["value"]
    r = lab.cycle()
    assert netbios()[0]["onPremisesNetBiosName"] == "NORTHSEA" and "guessed" not in r.log
    assert lab.graph.get("/users?$select=onPremisesDomainName")["value"][0][
        "onPremisesDomainName"] == "fjordline.example"
    writes = lab.emulator.stats()["writes"]
    # when it cannot be read any more, or not all of it, it stays what it was
    stub.cut[own] = 1
    stub.user("soon")
    lab.cycle()
    stub.partitions = False
    stub.user("later")
    lab.cycle()
    assert netbios()[0]["onPremisesNetBiosName"] == "NORTHSEA"
    assert lab.emulator.stats()["writes"] == writes + 2
    lab.use(stub, extra="domain_netbios = SOUTH\n")
    lab.cycle()
    assert netbios()[0]["onPremisesNetBiosName"] == "SOUTH"


def test_million_values(lab):
    stub = Stub()
    staff(stub, 3)
    stub.range_limit = 100000
    stub.add("CN=Huge,OU=Staff," + BASE, ["top", "group"], sAMAccountName=["Huge"],
             member=["CN=%d,OU=x,%s" % (i, BASE) for i in range(1000001)])
    lab.use(stub)
    r = lab.go()
    assert r.result == "completed-discovery-errors" and "CN=Huge" in r.log and "1000000" in r.log
    assert lab.names() == {"u0000", "u0001", "u0002"}


@pytest.mark.parametrize("way", ["dirsync", "usn"])
def test_dropped_in_the_middle(lab, way):
    stub = Stub()
    guids = staff(stub, 1200)
    lab.use(stub, extra="delta = %s\n" % way)
    stub.drop_after = 700
    assert failed(lab, lab.go(), "127.0.0.20") == "stopped-connectivity"
    lab.good()
    assert len(lab.names()) == 1200
    before = lab.cursor()
    for g in guids[:900]:
        stub.change(g, title=["Changed"])
    for g in guids[900:1000]:
        stub.delete(g)
    stub.drop_after = 500
    failed(lab, lab.go(), "127.0.0.20")
    assert lab.cursor() == before
    r = lab.good()
    assert len(lab.names()) == 1100 and 6991 not in r.events
    changed = [a for _, a, _ in space.connector_space(lab).values() if a.get("title") == [b"Changed"]]
    assert len(changed) == 900


def test_dirsync_rounds(lab):
    """A server that answers in rounds; one that breaks off in the third."""
    stub = Stub()
    guids = staff(stub, 900)
    stub.round_limit = 100
    lab.use(stub)
    lab.good()
    for g in guids:
        stub.change(g, title=["New"])
    before = lab.cursor()
    stub.drop_after = 250
    failed(lab, lab.go(), "127.0.0.20")
    assert lab.cursor() == before
    r = lab.good()
    assert r.counter("stage-update") + r.counter("stage-no-change") == 900
    assert all(a["title"] == [b"New"] for _, a, _ in space.connector_space(lab).values())


@pytest.mark.parametrize("code,result", [
    (51, "stopped-connectivity"), (4, "stopped-import-read"), (3, "stopped-import-read"),
    (52, "stopped-connectivity"), (1, "stopped-import-read")])
def test_search_refused(lab, code, result):
    """busy, size limit, time limit, unavailable, operations error."""
    stub = Stub()
    staff(stub, 40)
    lab.use(stub)
    lab.good()
    before, names = lab.cursor(), lab.names()
    stub.user("new")
    stub.search_code = (code, "no")
    r = lab.go("full-import")
    assert failed(lab, r, "127.0.0.20", BASE) == result
    assert lab.cursor() == before and lab.names() == names
    lab.good()
    assert lab.names() == names | {"new"}


def test_sign_in_refused(lab, tmp_path):
    stub = Stub()
    staff(stub, 5)
    lab.use(stub)
    lab.good()
    before = lab.cursor()
    stub.user("later")
    stub.bind_code = (49, "80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, "
                          "data 532, v4563")
    r = lab.go()
    assert failed(lab, r, "the password has expired") == "no-start-credentials" and 6000 in r.events
    assert lab.cursor() == before
    stub.bind_code = (0, "")
    lab.good()
    assert "later" in lab.names()


@pytest.mark.parametrize("code, text, words", [
    (8, "BindSimple: Transport encryption required.", "use ldaps:// or starttls = yes"),
    (13, "confidentiality required", "use ldaps:// or starttls = yes"),
    (7, "no simple bind", "use auth = gssapi"),
    (49, "80090308: data 52e", "check password_file"),
    (49, "", "check bind_dn and password_file")])
def test_advice_at_sign_in(lab, code, text, words):
    stub = Stub()
    lab.use(stub)
    stub.bind_code = (code, text)
    r = lab.go()
    failed(lab, r, words)
    assert "certificate" not in r.log


def test_plain_server_behind_a_tls_address(lab):
    stub = Stub(port=636)
    lab.use(stub)
    with open(lab.config, encoding="utf-8") as f:
        text = f.read()
    with open(lab.config, "w", encoding="utf-8") as f:
        f.write(text.replace(stub.url, "ldaps://127.0.0.20"))
    r = lab.go()
    assert failed(lab, r, "does it speak TLS at this address") == "stopped-connectivity"


def test_busy_fails_over(lab):
    one, two = Stub(), Stub("127.0.0.21", name="DC2")
    for stub in (one, two):
        staff(stub, 30)
    one.bind_code = (51, "busy")
    lab.use(one, two)
    lab.good()
    assert two.binds and len(lab.names()) == 30
    # the first is back: it stays with the second
    one.bind_code = (0, "")
    binds = one.binds
    two.user("second")
    lab.good()
    assert one.binds == binds and "second" in lab.names()


def test_cookie_moves_watermark_does_not(lab):
    """DirSync goes on at another domain controller; by USN it takes a full import, and says so."""
    for way, full in (("dirsync", False), ("usn", True)):
        one, two = Stub(), Stub("127.0.0.21", name="DC2")
        for stub in (one, two):
            staff(stub, 30)
            two.usn = one.usn
        lab.use(one, two, extra="delta = %s\n" % way)
        two.bind_code = (51, "busy")
        r = lab.good("full-import")
        one.stop()
        one.bind_code, two.bind_code = (52, "gone"), (0, "")
        two.user("after-" + way)
        r = lab.good()
        assert "after-" + way in lab.names() and (6991 in r.events) is full, r.log
        assert ("not the domain controller of the last import" in r.log) is full
        two.stop()
    lab.stubs = ()


@pytest.mark.parametrize("what", ["rollback", "restored"])
def test_usn_set_back(lab, what):
    stub = Stub()
    guids = staff(stub, 60)
    lab.use(stub, extra="delta = usn\n")
    lab.good()
    if what == "rollback":
        stub.usn -= 50
        stub.objects.pop(guids[0])
        stub.change(guids[1], title=["x"])
        word = "USN rollback"
    else:
        stub.invocation = guid_of("restored")
        stub.objects.pop(guids[0])
        stub.usn += 1
        word = "invocationId"
    r = lab.good()
    assert 6991 in r.events and word in r.log and len(lab.names()) == 59


def test_dirsync_without_cookie(lab):
    stub = Stub()
    staff(stub, 5)
    lab.use(stub)
    lab.good()
    stub.user("x")
    stub.bare = True
    r = lab.good()
    # no way of DirSync is left: uSNChanged
    assert 6991 in r.events and "usable cookie" in r.log and "x" in lab.names()
    assert json.loads(lab.cursor())["domains"][0]["method"] == "usn"


def test_dirsync_refused(lab):
    stub = Stub()
    staff(stub, 5)
    stub.dirsync_code = 53
    lab.use(stub)
    r = lab.good()
    assert "uSNChanged" in r.log
    g = stub.user("x")
    lab.good()
    stub.delete(g)
    lab.good()
    assert "x" not in lab.names()
    stub.controls.discard(DIRSYNC)
    lab.good("full-import")


@pytest.mark.parametrize("where,words", [
    ("bind", "sign-in: no answer for 2 seconds"), ("search", "no answer for 3 seconds"),
    ("entry", "no answer for 1 seconds")])
def test_time_outs(lab, where, words):
    stub = Stub()
    staff(stub, 40)
    lab.use(stub)
    lab.write_config(source=stub.url, base=BASE, ad="starttls = no\nconnect_timeout = 2\n"
                     "search_timeout = 3\nidle_timeout = 1\n")
    stub.hang = where
    assert failed(lab, lab.go(), "127.0.0.20", words) == "stopped-connectivity"
    stub.hang = None
    lab.good()
    assert len(lab.names()) == 40


@pytest.mark.parametrize("way", ["dirsync", "usn"])
def test_restored_with_its_places(lab, way):
    """From the recycle bin an object comes back into its groups, which do not change by it."""
    stub = Stub()
    guids = staff(stub, 10)
    dns = [stub.objects[g][0] for g in guids]
    group = stub.add("CN=G,OU=Staff," + BASE, ["top", "group"], sAMAccountName=["G"], member=dns)
    stub.change(guids[1], manager=[dns[3]])
    lab.use(stub, extra="delta = %s\n" % way)
    lab.good()
    assert lab.members("G") == 10
    stub.delete(guids[3])
    stub.objects[group][1]["member"] = [d.encode() for d in dns if d != dns[3]]
    manager = stub.objects[guids[1]][1].pop("manager")
    lab.good()
    assert lab.members("G") == 9 and len(lab.names()) == 10
    stub.restore(guids[3], dns[3], sAMAccountName=["u0003"], displayName=["u0003"])
    stub.objects[group][1]["member"] = [d.encode() for d in dns]
    stub.objects[guids[1]][1]["manager"] = manager
    r = lab.good()
    assert lab.members("G") == 10 and len(lab.names()) == 11 and 6991 not in r.events
    held = {dn.split(",")[0][3:]: links for dn, _, links in space.connector_space(lab).values()}
    assert len(held["u0001"]["manager"]) == 1


def test_two_forests(lab):
    """Two AD connectors; one that is down does not touch what the other brings."""
    one = Stub()
    two = Stub("127.0.0.21", base="DC=partner,DC=example", name="DC2")
    staff(one, 30)
    for i in range(30):
        two.user("p%02d" % i)
    lab.stubs = (one, two)
    second = ("[connector \"partner.example\"]\ntype = ad\nsource = %s\nbase_dn = "
              "DC=partner,DC=example\nstarttls = no\n" % two.url)
    lab.write_config(source=one.url, base=BASE, ad="starttls = no\n", extra=second)
    r = lab.cycle()
    assert len(lab.graph.all("/users?$top=500")) == 60, [s["counters"] for s in r.steps]
    one.change(guid_of("CN=u0001,OU=Staff," + BASE), title=["Changed"])
    two.bind_code = (52, "down")
    r = lab.run()
    assert r.step("partner.example", "import")["result"] == "stopped-connectivity"
    assert lab.graph.find("users", "u0001")["jobTitle"] == "Changed"
    assert len(lab.graph.all("/users?$top=500")) == 60
    two.bind_code = (0, "")
    lab.cycle()
    assert lab.emulator.stats()["deletes"] == 0


def test_schema_that_cannot_be_read(lab):
    """No attribute is taken for one that does not exist."""
    stub = Stub()
    staff(stub, 5, title=["Officer"])
    lab.use(stub)
    lab.good()
    stub.schema = True
    for code in (None, (32, "not there"), (50, "not yours")):
        stub.search_code = code
        r = lab.good("full-import")
        assert r.counter("stage-no-change") == 5, (code, r.steps)
    stub.add("CN=Title,CN=Schema,CN=Configuration," + BASE, ["attributeSchema"],
             lDAPDisplayName=["title"], attributeSyntax=["2.5.5.12"])
    r = lab.good("full-import")
    assert r.counter("stage-no-change") == 5


def test_nonsense(lab):
    """A malformed SID, a GUID twice or too short, every special character: one object at a time."""
    stub = Stub()
    guids = staff(stub, 30)
    lab.use(stub)
    lab.good()
    # found in the changes
    stub.change(guids[0], objectSid=[b"\x01\x7fnonsense"])
    stub.change(guids[1], title=["fine"])
    twin = stub.user("twin", guid=guid_of("twin"))
    stub.objects[twin][1]["objectGUID"] = [guids[2]]
    stub.change(guids[2], title=["first"])
    stub.user("short", guid=guid_of("short"))
    stub.objects[guid_of("short")][1]["objectGUID"] = [b"123"]
    special = "a\\,b\\+c\\\"d\\\\e\\<f\\>g\\;h\\=i\\#j\\00k ÆØÅ 日本"
    stub.user(special, guid=guid_of("special"))
    r = lab.go()
    assert r.result == "completed-discovery-errors"
    assert "another object has the same objectGUID" in r.log
    for words in ("objectSid: the bytes are not a security identifier", "CN=u0000", "CN=short"):
        assert words in r.log, r.log
    held = space.connector_space(lab)
    assert any("a\\,b" in dn for dn, _, _ in held.values())
    assert sum(a.get("title") == [b"fine"] for _, a, _ in held.values()) == 1
    # it is tried again, and mended when the directory is
    r = lab.go()
    stub.user("other")
    r = lab.go()
    assert "objectSid" in r.log
    stub.change(guids[0], objectSid=[bytes([1, 1]) + (5).to_bytes(6, "big") + b"\x20\0\0\0"])
    del stub.objects[guid_of("short")], stub.objects[twin]
    stub.change(guids[2])
    lab.go()
    r = lab.good()
    assert len([d for d, _, _ in space.connector_space(lab).values() if "CN=u" in d]) == 30
    # and in a full import too: what can be read is, and what is gone is gone
    stub.change(guids[0], objectSid=[b"x"])
    stub.objects.pop(guids[3])
    r = lab.go("full-import")
    assert r.result == "completed-discovery-errors" and r.counter("stage-delete") == 1
    assert "u0003" not in lab.names() and "u0000" in lab.names()


def test_empty_source(lab):
    """Rights that were taken away show an empty directory: nothing is deleted."""
    stub = Stub()
    guids = staff(stub, 30)
    lab.use(stub)
    lab.good()
    for g in guids:
        stub.objects.pop(g)
    stub.usn += 1
    r = lab.go("full-import")
    assert failed(lab, r, "Nothing was treated as deleted", "30") == "stopped-import-read"
    assert len(lab.names()) == 30
    for i in range(5):
        stub.user("u%04d" % i)
    r = lab.go("full-import")
    assert failed(lab, r, "25 of 30", "for example: CN=u00") == "stopped-object-limit" and len(lab.names()) == 30
