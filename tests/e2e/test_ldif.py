"""LDIF files as they come: names that look alike, attributes with options, files of other tools."""
import base64
import struct
import uuid

import pytest
from lab import AD, Company

GROUPS = "OU=Groups,DC=fjordline,DC=example"
STAFF = "OU=Staff,DC=fjordline,DC=example"


PEOPLE = 12


def company(n=PEOPLE):
    c = Company()
    people = [c.user("user%d" % i, title="Officer") for i in range(n)]
    c.group("Crew", people)
    return c


@pytest.fixture
def lab(make_lab):
    one = make_lab(company())
    one.cycle()
    one.cycle()
    return one


def put(lab, text):
    with open(lab.ldif, "w", encoding="utf-8", newline="") as f:
        f.write(text)


def members(lab, group="Crew"):
    return lab.graph.members(lab.graph.find("groups", group)["id"])


def record(text, name):
    """The record of an object."""
    start = text.index("dn: CN=%s," % name)
    end = text.find("\n\n", start)
    return text[start:end + 1] if end > 0 else text[start:]


# --- names ---

@pytest.mark.parametrize("one, two", [
    ("Smith\\, John", "Smith\\,John"), ("a\\=b", "a\\= b"), ("Lee\\ ", "Lee"), ("\\ Lee", "Lee"),
    ("R\\+D", "R\\+ D"), ("\\#1", "\\# 1"), ("x\\\\", "x\\\\\\ ")])
def test_names_that_look_alike(make_lab, one, two):
    """Both are there, and each group has its own member."""
    c = Company()
    dns = []
    for i, rdn in enumerate((one, two)):
        old = c.user("user%d" % i)
        dn = "CN=%s,%s" % (rdn, STAFF)
        entry = c.objects.pop(old)
        entry["distinguishedName"] = [dn]
        c.objects[dn] = entry
        dns.append(dn)
        c.group("Group%d" % i, [dn])
    lab = make_lab(c)
    lab.cycle()
    for i in range(2):
        assert members(lab, "Group%d" % i) == ["user%d" % i]
    # the same names in another spelling are the same objects
    text = c.text().replace("\\,", "\\2C").replace("\\=", "\\3d").replace("\\+", "\\2b")
    put(lab, text)
    counters = lab.cycle().step(AD, "import")["counters"]
    assert not counters.get("stage-add") and not counters.get("stage-delete")
    for i in range(2):
        assert members(lab, "Group%d" % i) == ["user%d" % i]
    assert lab.emulator.stats()["deletes"] == 0


def dn_of(c, sam):
    """By the account's name alone: another one may have it as its common name."""
    found, = [dn for dn, o in c.objects.items() if o["sAMAccountName"] == [sam]]
    return found


def renamed(c, names):
    """Users get the names of others; the references of everybody follow."""
    before = {dn_of(c, sam) for sam in names}
    for sam in names:
        c.move(dn_of(c, sam), name="on its way " + sam)
    for sam, name in names.items():
        c.move(dn_of(c, sam), name=name)
    assert before & {dn_of(c, sam) for sam in names}


def in_order(c, first):
    """The file begins with these accounts."""
    at = {dn_of(c, sam): i for i, sam in enumerate(first)}
    c.objects = dict(sorted(c.objects.items(), key=lambda o: at.get(o[0], len(at))))


NAMES = {
    "swap": {"user0": "user1", "user1": "user0"},
    "round": {"user0": "user1", "user1": "user2", "user2": "user0"},
    "chain": {"user0": "user1", "user1": "user2", "user2": "elsewhere"},
}


@pytest.mark.parametrize("first", [
    ("G0", "G1", "G2", "user0", "user1", "user2"), ("G0", "G1", "G2", "user2", "user1", "user0"),
    ("user0", "G0", "G1", "G2", "user1", "user2"), ("user2", "G0", "G1", "G2", "user1", "user0")],
    ids="-".join)
@pytest.mark.parametrize("names", NAMES.values(), ids=NAMES)
def test_a_name_that_another_had(make_lab, names, first):
    """A group has the members that it had, in whatever order the file tells who is called so now."""
    c = Company()
    for i in range(4):
        c.group("G%d" % i, [c.user("user%d" % i)])
    c.set("user3", "manager", c.dn_of("user0"))
    lab = make_lab(c)
    lab.cycle()
    renamed(c, names)
    in_order(c, first)
    lab.write()
    lab.cycle()
    assert [members(lab, "G%d" % i) for i in range(4)] == [["user%d" % i] for i in range(4)]
    assert lab.tenant()["users/user3"]["manager"] == "user0"
    assert lab.db("SELECT dn FROM cs WHERE kind = 2 AND connector = 1") == []


@pytest.mark.parametrize("first", [("Crew", "new"), ("new", "Crew")])
def test_the_name_of_one_that_is_gone(lab, first):
    """The member is the one who has the name now, and not the one who had it."""
    c = lab.company
    old = dn_of(c, "user1")
    c.delete("user1")
    c.user("new")
    assert c.move("new", name="user1") == old
    c.member("Crew", "add", old)
    in_order(c, first)
    lab.write()
    lab.cycle()
    assert members(lab) == sorted(["new"] + ["user%d" % i for i in range(PEOPLE) if i != 1])
    assert not lab.graph.find("users", "user1")


# --- options ---

def with_options(lab, option, n=PEOPLE):
    """The group's members under a name with an option, the first n of them."""
    text = lab.company.text()
    old = record(text, "Crew")
    lines = [line for line in old.splitlines(True) if line.startswith("member: ")]
    new = old.replace("".join(lines), "".join(
        line.replace("member:", "member%s:" % option) for line in lines[:n]))
    assert new != old
    put(lab, text.replace(old, new))


@pytest.mark.parametrize("option", [";range=0-9", ";range=10-*", ";RANGE=0-9", ";range=x", ";binary;range=0-9"])
def test_a_part_of_a_list_is_no_list(lab, option):
    """The object is an error and keeps what is known; the others go on."""
    lab.company.set("user3", "title", "Captain")
    with_options(lab, option, 10)
    r = lab.run()
    assert r.step(AD, "import")["result"] == "completed-discovery-errors"
    assert "Crew" in r.log and "member" in r.log
    assert len(members(lab)) == PEOPLE
    assert lab.tenant()["users/user3"]["jobTitle"] == "Captain"
    lab.write()
    lab.cycle()
    assert len(members(lab)) == PEOPLE


@pytest.mark.parametrize("option", [";range=0-*", ";binary", ";Range=0-*", ";binary;range=0-*"])
def test_options_that_change_nothing(lab, option):
    with_options(lab, option, 8)
    lab.cycle()
    assert len(members(lab)) == 8


def test_another_option_is_another_attribute(lab):
    text = lab.company.text()
    old = record(text, "user3")
    put(lab, text.replace(old, old.replace("title:", "title;lang-de: Kapit\u00e4n\ntitle;lang-fr: Capitaine\ntitle:")))
    lab.cycle()
    assert lab.tenant()["users/user3"]["jobTitle"] == "Officer"
    put(lab, text.replace(old, old.replace("title:", "title;lang-de:")))
    lab.cycle()
    assert lab.tenant()["users/user3"]["jobTitle"] is None


# --- files of other tools ---

def sid_text(raw):
    parts = struct.unpack("<%dI" % raw[1], raw[8:])
    return "S-1-%d" % int.from_bytes(raw[2:8], "big") + "".join("-%d" % p for p in parts)


def ldbsearch(company):
    """ldbsearch prints GUIDs and SIDs as text, and a number before each record."""
    out = []
    for n, (dn, entry) in enumerate(company.objects.items(), 1):
        out.append("# record %d\ndn: %s\n" % (n, dn))
        for attr, values in entry.items():
            for v in values:
                if attr == "objectGUID":
                    v = str(uuid.UUID(bytes_le=v))
                elif attr == "objectSid":
                    v = sid_text(v)
                out.append("%s: %s\n" % (attr, v) if isinstance(v, str) else
                           "%s:: %s\n" % (attr, base64.b64encode(v).decode()))
        out.append("\n")
    return "".join(out) + "# returned %d records\n# %d entries\n# 0 referrals\n" % (n, n)


def ldapsearch(company, result="0 Success"):
    refs = "".join("# search reference\nref: ldap://%s.example/DC=%s,DC=example\n\n" % (n, n) for n in "ab")
    return ("# extended LDIF\n#\n# LDAPv3\n# base <> with scope subtree\n#\n\n" +
            company.text().replace("version: 1\n\n", "") + "\n" + refs +
            "# search result\nsearch: 3\nresult: %s\n\n# numResponses: 9\n" % result)


def ldifde(company):
    lines = []
    for line in company.text().replace("version: 1\n\n", "").splitlines():
        lines.append(line)
        if line.startswith("dn:"):
            lines.append("changetype: add")
    return "\r\n".join(lines).replace("\r\n ", "\x00").replace("\x00", "\r\n ") + "\r\n"


@pytest.mark.parametrize("write", [
    ldbsearch, ldapsearch, ldifde,
    lambda c: "\ufeff" + c.text(), lambda c: "\ufeff" + ldifde(c), lambda c: c.text() + "\n" + c.text()[:12]],
    ids=["ldbsearch", "ldapsearch", "ldifde", "mark", "mark-ldifde", "version-again"])
def test_files_of_other_tools(lab, write):
    """The same directory, whoever wrote it: nothing changes, and a change is seen."""
    lab.company.objects = {dn.replace("\n", ""): o for dn, o in lab.company.objects.items()}
    before = lab.tenant()
    put(lab, write(lab.company))
    counters = lab.cycle().step(AD, "import")["counters"]
    assert set(counters) <= {"stage-no-change"}, counters
    lab.company.set("user3", "title", "Captain")
    put(lab, write(lab.company))
    lab.cycle()
    before["users/user3"]["jobTitle"] = "Captain"
    assert lab.tenant() == before


@pytest.mark.parametrize("result", ["4 Size limit exceeded", "3 Time limit exceeded", "1 Operations error",
                                    "51 Server is busy", "10 Referral"])
def test_a_search_that_did_not_end_well(lab, result):
    lab.company.delete("user7")
    put(lab, ldapsearch(lab.company, result))
    r = lab.run()
    assert r.step(AD, "import")["result"] == "stopped-import-read" and result in r.log
    assert lab.emulator.stats()["deletes"] == 0


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf16_is_named(lab, encoding):
    with open(lab.ldif, "wb") as f:
        f.write(lab.company.text().encode(encoding))
    r = lab.run()
    assert r.step(AD, "import")["result"] == "stopped-import-read"
    assert "UTF-16" in r.log and "ad.ldif:1" in r.log
    assert lab.emulator.stats()["deletes"] == 0


# --- the names of domains ---

CROSS_REF = """
dn: CN=%(netbios)s,CN=Partitions,CN=Configuration,DC=fjordline,DC=example
objectClass: top
objectClass: crossRef
nCName: %(dn)s
nETBIOSName: %(netbios)s
dnsRoot: %(dns)s
"""


def names(lab):
    """{group: onPremisesNetBiosName}, {user: onPremisesDomainName}"""
    return ({g["displayName"]: g["onPremisesNetBiosName"] for g in
             lab.graph.all("/groups?$select=displayName,onPremisesNetBiosName")},
            {u["displayName"]: u["onPremisesDomainName"] for u in
             lab.graph.all("/users?$select=displayName,onPremisesDomainName")})


def test_a_guess_is_told(make_lab):
    lab = make_lab(company(2))
    r = lab.cycle()
    assert "FJORDLINE of DC=fjordline,DC=example; set domain_netbios" in r.log and 6990 in r.events
    assert names(lab)[0] == {"Crew": "FJORDLINE"}
    lab.write()
    r = lab.cycle()
    assert 6990 not in r.events  # once
    lab.write_config(ad="domain_netbios = NORTHSEA\n")
    lab.cycle()
    assert names(lab)[0] == {"Crew": "NORTHSEA"}


def test_names_in_the_file(make_lab):
    lab = make_lab(company(2))
    ref = CROSS_REF % {"netbios": "NORTHSEA", "dn": lab.company.domain, "dns": "fjordline.example"}
    put(lab, lab.company.text() + ref)
    r = lab.cycle()
    assert names(lab)[0] == {"Crew": "NORTHSEA"} and 6990 not in r.events
    writes = lab.emulator.stats()["writes"]
    # kept: the names stay when a later file has none
    lab.write()
    lab.cycle()
    assert names(lab)[0] == {"Crew": "NORTHSEA"} and lab.emulator.stats()["writes"] == writes
    # and a preview has them
    lab.start()
    shown = lab.ctl("--json", "preview", "CN=Crew," + GROUPS)
    assert "NORTHSEA" in shown.stdout, shown


def test_each_domain_has_names_of_its_own(make_lab):
    """Several domains of one connector: an object has those of its own."""
    one, two = company(2), Company(domain="DC=north,DC=fjordline,DC=example", dns="north.fjordline.example")
    two.group("Northern", [two.user("nora")])
    lab = make_lab(one)
    text = one.text() + "\n" + two.text().replace("version: 1\n\n", "")
    refs = [CROSS_REF % {"netbios": n, "dn": c.domain, "dns": c.dns} for n, c in (("SEA", one), ("NORD", two))]
    lab.write_config(base=one.domain + "\n\t" + two.domain)
    put(lab, text + "".join(refs))
    lab.cycle()
    assert names(lab) == ({"Crew": "SEA", "Northern": "NORD"},
                          {"user0": "fjordline.example", "user1": "fjordline.example",
                           "nora": "north.fjordline.example"})
    lab.write_config(base=one.domain + "\n\t" + two.domain, ad="domain_netbios = A\n\tB\n")
    lab.cycle()
    assert names(lab)[0] == {"Crew": "A", "Northern": "B"}


def test_rows_of_removed_references_go(make_lab):
    """Also where nothing else has changed, as the member is nobody in the metaverse."""
    company = Company()
    company.user("user0")
    hidden = company.user("hidden", isCriticalSystemObject="TRUE")
    company.group("Crew", [company.dn_of("user0"), hidden])
    lab = make_lab(company)
    for _ in range(3):
        lab.cycle()
    rows = "SELECT count(*) FROM cs_link l JOIN cs ON cs.id = l.cs JOIN connector c " \
        "ON c.id = cs.connector WHERE c.name = ?"
    assert lab.db(rows, AD) == [(2,)]
    lab.company.member("Crew", "remove", "hidden")
    lab.write()
    lab.cycle()
    assert lab.db(rows, AD) == [(1,)]
