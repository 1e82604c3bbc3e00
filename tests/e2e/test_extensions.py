"""Directory extensions: chosen attributes of AD in Entra, from the setting to the value and back."""
import base64
import json
import os
import re

import pytest
from lab import AAD, AD, ADMIN_APP, GRAPH_APP, SYNC_APP, Company, Graph, code, q

SCHEMA_APP = "Tenant Schema Extension App"
# attribute: values in AD, what Graph shows, another value, what Graph shows of that
TYPES = {
    "division": (["North"], "North", ["South Å"], "South Å"),
    "carLicense": (["A 1", "B 2"], ["A 1", "B 2"], ["B 2"], ["B 2"]),
    "msDS-IsEnabled": (["TRUE"], True, ["FALSE"], False),
    "countryCode": (["578"], 578, ["-1"], -1),
    "msExchRecipientTypeDetails": (["9007199254740993"], 9007199254740993, ["1"], 1),
    "msTSExpireDate": (["20260801000000.0Z"], "2026-08-01T00:00:00Z",
                       ["20270101123000.0Z"], "2027-01-01T12:30:00Z"),
    "thumbnailPhoto": ([b"\0\1\xff"], base64.b64encode(b"\0\1\xff").decode(),
                       [b"x" * 256], base64.b64encode(b"x" * 256).decode()),
    "photo": ([b"\0", b"\1"], ["AA==", "AQ=="], [b"\2"], ["Ag=="]),
    "customText": (["x"], "x", ["y"], "y"),
}


def setting(*names):
    return "directory_extensions = %s\n" % ",\n  ".join(names)


def surface_of(kind):
    return {} if kind == "sync" else {"surface": "graph", "app": GRAPH_APP}


def definitions(lab):
    """{attribute: definition} of what adsyncd has registered, and the application."""
    found = lab.graph.get(q("/applications?$filter=" + (
        "displayName eq '%s'" % SCHEMA_APP if lab.surface == "sync"
        else "appId eq '%s'" % GRAPH_APP[0])))["value"]
    listed = lab.graph.all("/applications/%s/extensionProperties" % found[0]["id"])
    prefix = "extension_%s_" % found[0]["appId"].replace("-", "")
    assert all(o["name"].startswith(prefix) for o in listed)
    return {o["name"][len(prefix):]: o for o in listed}


def shown(lab, collection, name):
    """{attribute: value} of the extensions of one object."""
    names = {o["name"]: key for key, o in definitions(lab).items()}
    found = lab.graph.find(collection, name)
    o = lab.graph.get("/%s/%s?$select=id,%s" % (collection, found["id"], ",".join(names)))
    return {names[k]: sorted(v) if isinstance(v, list) else v for k, v in o.items() if k in names}


def key(attr):
    return attr.replace("-", "_")


def warnings(run):
    return [line for line in run.log.splitlines() if "directory_extensions" in line or
            "directory extension" in line]


def settled(lab):
    """Cycles of any kind change nothing, and everything is confirmed."""
    writes = lab.emulator.stats()["writes"]
    for profile in ("delta", "initial", "delta"):
        r = lab.cycle(profile)
        assert not warnings(r)
    assert lab.emulator.stats()["writes"] == writes
    assert lab.db("SELECT count(*) FROM cs WHERE state NOT IN (0, 4)") == [(0,)]


@pytest.mark.parametrize("surface", ["sync", "graph"])
def test_types(make_lab, surface):
    """Defined, set, changed and cleared, by their types, and each confirmed."""
    company = Company()
    company.user("anna", **{a: v[0] for a, v in TYPES.items()})
    company.user("bo")
    lab = make_lab(company, ad=setting(*TYPES), **surface_of(surface))
    r = lab.cycle("initial")
    assert not warnings(r)
    made = definitions(lab)
    assert sorted(made) == sorted(key(a) for a in TYPES)
    for attr, (_, value, _, _) in TYPES.items():
        o = made[key(attr)]
        assert o["isMultiValued"] == isinstance(value, list) and o["targetObjects"] == ["User", "Group"]
    assert [made[key(a)]["dataType"] for a in TYPES] == [
        "String", "String", "Boolean", "Integer", "LargeInteger", "DateTime", "Binary", "Binary",
        "String"]
    assert shown(lab, "users", "anna") == {key(a): v[1] for a, v in TYPES.items()}
    assert shown(lab, "users", "bo") == {}
    settled(lab)
    for attr, v in TYPES.items():
        company.set("anna", attr, *v[2])
    lab.write()
    lab.cycle()
    assert shown(lab, "users", "anna") == {key(a): v[3] for a, v in TYPES.items()}
    settled(lab)
    for attr in TYPES:
        del company.of("anna")[attr]
    lab.write()
    lab.cycle()
    assert shown(lab, "users", "anna") == {}
    settled(lab)
