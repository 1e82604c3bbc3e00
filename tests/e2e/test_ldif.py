"""LDIF files as they come: names that look alike, attributes with options, files of other tools."""
import base64
import struct
import uuid

import pytest
from lab import AD, Company

GROUPS = "OU=Groups,DC=fjordline,DC=example"
STAFF = "OU=Staff,DC=fjordline,DC=example"


def company(n=30):
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


# --- options ---

def with_options(lab, option, n=30):
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
    assert len(members(lab)) == 30
    assert lab.tenant()["users/user3"]["jobTitle"] == "Captain"
    lab.write()
    lab.cycle()
    assert len(members(lab)) == 30


@pytest.mark.parametrize("option", [";range=0-*", ";binary", ";Range=0-*", ";binary;range=0-*"])
def test_options_that_change_nothing(lab, option):
    with_options(lab, option, 20)
    lab.cycle()
    assert len(members(lab)) == 20


def test_another_option_is_another_attribute(lab):
    text = lab.company.text()
    old = record(text, "user3")
    put(lab, text.replace(old, old.replace("title:", "title;lang-de: Kapit\u00e4n\ntitle;lang-fr: Capitaine\ntitle:")))
    lab.cycle()
    assert lab.tenant()["users/user3"]["jobTitle"] == "Officer"
    put(lab, text.replace(old, old.replace("title:", "title;lang-de:")))
    lab.cycle()
    assert lab.tenant()["users/user3"]["jobTitle"] is None
