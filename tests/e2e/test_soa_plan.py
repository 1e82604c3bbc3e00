"""adsyncctl soa plan: the order of a migration, as a file that a person edits."""
import csv
import io
import json

import pytest

from lab import Company, Lab

FORMULA = '=HYPERLINK("http://evil.example","x")'


def company():
    c = Company()
    for name in ("ann", "ben", "cay"):
        c.user(name)
    c.user("odd", name="odd", displayName=FORMULA)
    ann = c.dn_of("ann")
    leaf = c.group("Leaf", [ann])
    middle = c.group("Middle", [leaf, c.dn_of("ben")])
    c.group("Top", [middle, leaf])
    # two groups that contain each other
    one = c.group("One", [c.dn_of("cay")])
    two = c.group("Two", [one])
    c.of("One")["member"].append(two)
    # outside of the OU that is planned
    deep = c.group("Deep", [ann], ou="OU=Elsewhere")
    c.group("Holder", [deep])
    c.group("Club", [c.dn_of("Leaf")], ou="OU=Elsewhere")
    c.user("switched")
    return c


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    one = Lab(tmp_path_factory.mktemp("plan"), company(), scheduler__sync_cycle_enabled="no")
    try:
        one.cycle()
        one.graph.soa("users", one.graph.find("users", "switched")["id"], True)
        one.cycle()
        one.start()
        yield one
    finally:
        one.close()


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def plan(lab, *argv):
    done = lab.ctl("soa", "plan", *argv)
    assert done.returncode == 0, done.stderr
    return rows(done.stdout), done.stderr


def test_groups_before_users_and_leaves_before_parents(lab):
    table, told = plan(lab, "--ou", lab.company.domain)
    names = [r["DisplayName"] for r in table]
    groups = [r["DisplayName"] for r in table if r["Type"] == "group"]
    assert names[:len(groups)] == groups
    assert names.index("Leaf") < names.index("Middle") < names.index("Top")
    assert abs(names.index("One") - names.index("Two")) == 1
    assert {r["Wave"] for r in table if r["Type"] == "group"} == {"1"}
    assert {r["Wave"] for r in table if r["Type"] == "user"} == {"2"}
    assert "switched" not in names
    assert "left out: CN=switched," in told and "circles of groups: 1, left out: 1" in told
    # the ids are those of the tenant
    assert all(r["Mode"] == "Cloud" for r in table)
    by_name = {r["DisplayName"]: r["Identity"] for r in table}
    assert by_name["ann"] == lab.graph.find("users", "ann")["id"]
    assert by_name["Top"] == lab.graph.find("groups", "Top")["id"]


def test_notes(lab):
    table, _ = plan(lab, "--ou", "OU=Groups," + lab.company.domain)
    notes = {r["DisplayName"]: r["Note"] for r in table}
    assert "contain each other" in notes["One"] and "CN=Two," in notes["One"]
    assert notes["One"] == notes["Two"]
    assert notes["Middle"] == "" and notes["Top"] == ""
    assert notes["Holder"].startswith("It contains CN=Deep,") and "not in the plan" in notes["Holder"]
    assert notes["Leaf"].startswith("It is in CN=Club,")


def test_waves(lab):
    everything, _ = plan(lab, "--ou", lab.company.domain)
    table, _ = plan(lab, "--ou", lab.company.domain, "--wave-size", "2")
    assert [r["DN"] for r in table] == [r["DN"] for r in everything]
    waves = [int(r["Wave"]) for r in table]
    assert waves == sorted(waves) and waves[0] == 1 and max(waves) == len(set(waves))
    assert all(waves.count(w) <= 2 for w in waves)
    types = {}
    for r in table:
        types.setdefault(r["Wave"], set()).add(r["Type"])
    assert all(len(t) == 1 for t in types.values())
    one = {r["DisplayName"]: r["Wave"] for r in table}
    assert one["One"] == one["Two"]
    done = lab.ctl("soa", "plan", "--ou", lab.company.domain, "--wave-size", "0")
    assert done.returncode == 2 and "a number from 1 on" in done.stderr


def test_a_file_that_other_commands_read(lab, tmp_path):
    path = tmp_path / "plan.csv"
    done = lab.ctl("soa", "plan", "--ou", lab.company.domain, "--output", str(path))
    assert done.returncode == 0 and not done.stdout
    assert path.stat().st_mode & 0o777 == 0o600
    text = path.read_text(encoding="utf-8")
    odd = next(r for r in rows(text) if r["DN"].startswith("CN=odd,"))
    assert odd["DisplayName"] == "'" + FORMULA  # no spreadsheet takes it for a formula
    known = lab.ctl_json("soa", "status", "--file", str(path))["objects"]
    assert [o["source_dn"] for o in known] == [r["DN"] for r in rows(text)]
    assert {o["state"] for o in known} == {"synced"}
    assert [o["wave"] for o in known] == [int(r["Wave"]) for r in rows(text)]
    # and is planned again as it is
    again, _ = plan(lab, "--file", str(path))
    assert again == rows(text)


def test_json_and_unknown_objects(lab):
    out = lab.ctl_json("soa", "plan", lab.company.dn_of("Top"), lab.company.dn_of("Leaf"), "nobody")
    assert [o["name"] for o in out["objects"]] == ["Leaf", "Top"]
    assert out["nesting"] == [[1, 0]] and (out["waves"], out["cycles"]) == (1, 0)
    assert [(o["level"], o["members"]) for o in out["objects"]] == [(0, 1), (1, 2)]
    assert out["left_out"][0]["identity"] == "nobody" and "no object" in out["left_out"][0]["why"]
    assert json.dumps(out)
