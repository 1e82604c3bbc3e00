"""Directory extensions: chosen attributes of AD in Entra, from the setting to the value and back."""
import base64
import json
import os
import re

import pytest
from lab import AAD, AD, GRAPH_APP, SURFACES, Company, Graph, code, q

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


def definitions(lab):
    """{attribute: definition} of what adsyncd has registered, and the application."""
    found = lab.graph.get(q("/applications?$filter=" + (
        "displayName eq '%s'" % SCHEMA_APP if lab.surface == "service"
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


@pytest.mark.parametrize("surface", SURFACES)
def test_types(make_lab, surface):
    """Defined, set, changed and cleared, by their types, and each confirmed."""
    company = Company()
    company.user("anna", **{a: v[0] for a, v in TYPES.items()})
    company.user("bo")
    lab = make_lab(company, ad=setting(*TYPES), **SURFACES[surface])
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


def test_groups_and_what_they_share(make_lab):
    """Groups have them too, contacts do not; one definition serves users and groups."""
    company = Company()
    company.user("anna", division="North")
    company.group("crew", division="Harbour", carLicense=["A", "B"])
    company.contact("Kari", "kari@partners.example", division="Abroad")
    lab = make_lab(company, ad=setting("division", "carLicense"))
    lab.cycle("initial")
    assert shown(lab, "groups", "crew") == {"division": "Harbour", "carLicense": ["A", "B"]}
    assert shown(lab, "users", "anna") == {"division": "North"}
    settled(lab)
    company.set("crew", "carLicense", "B", "C")
    del company.of("crew")["division"]
    lab.write()
    lab.cycle()
    assert shown(lab, "groups", "crew") == {"carLicense": ["B", "C"]}
    settled(lab)


def test_as_file_rules(make_lab):
    """The rules made of the setting show where rules of files do, with the values that they gave."""
    company = Company()
    company.user("anna", division="North", title="Pilot")
    lab = make_lab(company, ad=setting("Division"), scheduler__sync_cycle_enabled="no")
    plain = ["--config", lab.config, "rules"]
    assert "DirectoryExtension" in lab.ctl(*plain, "list").stdout  # before the first cycle, too
    lab.start()
    said = lab.ctl("connector", "test", AD).stdout + lab.ctl("connector", "test", AAD).stdout
    assert "division: String" in said and "0 of 1 are defined" in said, said
    lab.daemon.stop()
    lab.daemon = None
    lab.cycle("initial")
    names = {r["name"]: r for r in lab.ctl_json(*plain, "list")}
    made = [n for n in names if "DirectoryExtension" in n]
    assert sorted(made) == [
        "In from AD - Group DirectoryExtension", "In from AD - InetOrgPerson DirectoryExtension",
        "In from AD - User DirectoryExtension", "Out to AAD - Group DirectoryExtension",
        "Out to AAD - User DirectoryExtension"]
    last = max(r["precedence"] for n, r in names.items() if n not in made)
    assert all(names[n]["precedence"] > last for n in made)
    one = lab.ctl_json(*plain, "show", "In from AD - User DirectoryExtension")
    assert one["flows"] == [{"dest": "extension_division", "source": "division"}]
    assert one["connector"] == AD and one["targetObjectType"] == "person"
    said = lab.ctl(*plain, "validate")
    assert said.returncode == 0 and "extension_" not in said.stdout, said.stdout
    assert "extension_division <- [division]" in lab.ctl(*plain, "explain", "extension_division").stdout
    lab.start()
    dn = company.dn_of("anna")
    assert lab.ctl_json("mv", "show", dn)["attributes"]["extension_division"] == ["North"]
    text = json.dumps(lab.ctl_json("mv", "show", dn, "--lineage"))
    assert "In from AD - User DirectoryExtension" in text and "extension_division" in text
    text = json.dumps(lab.ctl_json("preview", dn))
    assert "Out to AAD - User DirectoryExtension" in text and "not-sent" not in text.split(
        "extension_division")[1][:200]


def test_own_rule_comes_first(make_lab):
    """A rule of one's own to such an attribute has a lower precedence number."""
    company = Company()
    company.user("anna", division="North", department="Sales")
    lab = make_lab(company, ad=setting("division"))
    os.makedirs(lab.folder + "/rules.d")
    with open(lab.folder + "/rules.d/own.json", "w", encoding="utf-8") as f:
        json.dump({"rules": [{
            "name": "Division in capitals", "precedence": 50, "direction": "Inbound",
            "connectorType": "ad", "sourceObjectType": "user", "targetObjectType": "person",
            "linkType": "Join", "flows": [{"dest": "extension_division",
                                           "expression": "UCase([department])"}]}]}, f)
    lab.write_config()
    lab.cycle("initial")
    assert shown(lab, "users", "anna") == {"division": "SALES"}


@pytest.mark.parametrize("name, words", [
    ("msDS-UserPasswordExpiryTimeComputed", "constructed"), ("badPwdCount", "do not replicate"),
    ("LASTLOGON", "do not replicate"), ("unicodePwd", "password"), ("manager", "references"),
    ("member", "references"), ("memberOf", "do not replicate"), ("a b", "not the name"),
    ("1abc", "not the name"), ("division, Division", "twice"), ("", "no value"),
    (",\n ".join("a%d" % i for i in range(101)), "over 100")])
def test_refused_by_name(make_lab, name, words):
    lab = make_lab(Company(), ad="directory_extensions = %s\n" % name)
    r = lab.run()
    assert r.code != 0 and words in r.error and "directory_extensions" in r.error, r.error
    assert name.split(",")[0] in r.error or words in ("over 100", "no value")


@pytest.mark.parametrize("surface", SURFACES)
def test_limits(make_lab, surface):
    """An attribute over a limit is an error of its object that names it; the rest is exported."""
    company = Company()
    company.user("long", division="x" * 257, title="Pilot")
    company.user("just", division="Å" * 256, carLicense=[str(i) for i in range(99)])
    company.user("many", carLicense=[str(i) for i in range(101)], division="North")
    company.user("bytes", thumbnailPhoto=b"x" * 257)
    company.group("crew", division="y" * 300)
    lab = make_lab(company, ad=setting("division", "carLicense", "thumbnailPhoto"),
                   **SURFACES[surface])
    r = lab.run("initial")
    assert r.result == "completed-export-errors", (r.result, r.error, r.log[-2000:])
    for name, attr in (("long", "division"), ("many", "carLicense"), ("bytes", "thumbnailPhoto"),
                       ("crew", "division")):
        (kind, text), = lab.db("SELECT e.type, e.text FROM cs_error e WHERE e.text LIKE ?",
                               "%%CN=%s,%%" % name)
        assert kind == "DataValidationFailed" and "extension_" + attr in text, text
        assert re.search(r"has (257|300) (characters|bytes)|has 10[12] in all", text), text
    assert len(lab.db("SELECT 1 FROM cs_error")) == 4
    assert lab.graph.find("users", "long")["jobTitle"] == "Pilot"
    assert shown(lab, "users", "long") == shown(lab, "users", "bytes") == {}
    assert shown(lab, "groups", "crew") == {}
    assert shown(lab, "users", "just")["division"] == "Å" * 256
    assert len(shown(lab, "users", "just")["carLicense"]) == 99
    assert shown(lab, "users", "many") == {"division": "North"}
    # not sent again for nothing; other changes go on
    writes = lab.emulator.stats()["writes"]
    lab.run()
    assert lab.emulator.stats()["writes"] == writes
    company.set("long", "title", "Captain")
    lab.write()
    lab.run()
    assert lab.graph.find("users", "long")["jobTitle"] == "Captain"
    # mended
    company.set("long", "division", "x" * 256)
    company.set("many", "carLicense", *map(str, range(99)))
    company.set("bytes", "thumbnailPhoto", b"x" * 256)
    company.set("crew", "division", "y")
    lab.write()
    lab.cycle()
    assert shown(lab, "users", "long") == {"division": "x" * 256}
    assert len(shown(lab, "users", "many")["carLicense"]) == 99
    settled(lab)
    assert not lab.db("SELECT text FROM cs_error")
    # grown too long later: the value that is there stays
    company.set("long", "division", "x" * 999)
    lab.write()
    assert lab.run().result == "completed-export-errors"
    assert shown(lab, "users", "long") == {"division": "x" * 256}


def with_roles(tmp_path, *roles):
    with open(os.path.join(os.path.dirname(__file__), "../../conf/tenant.sample.json"),
              encoding="utf-8") as f:
        tenant = json.load(f)
    for app in tenant["applications"]:
        if app["appId"] == GRAPH_APP[0]:
            app["roles"] = list(roles)
    path = tmp_path / "tenant.json"
    path.write_text(json.dumps(tenant), encoding="utf-8")
    return str(path)


def test_a_right_is_missing(make_lab, tmp_path):
    """Said once and by name; everything else goes on; with the right it comes by itself."""
    basic = ("User.ReadWrite.All", "Group.ReadWrite.All", "OrgContact.Read.All")
    company = Company()
    company.user("anna", division="North", title="Pilot")
    lab = make_lab(company, ad=setting("division", "carLicense"), surface="graph", app=GRAPH_APP,
                   memory=False, tenant=with_roles(tmp_path, *basic))
    r = lab.cycle("initial")
    line, = warnings(r)
    assert "Application.ReadWrite.OwnedBy" in line and "division, carLicense" in line
    assert AAD in line and "Everything else goes on" in line
    assert lab.graph.find("users", "anna")["jobTitle"] == "Pilot"
    assert definitions(lab) == {}
    for profile in ("delta", "initial"):
        r = lab.cycle(profile)
        assert not warnings(r) and not r.counter("export-update")
    assert not lab.db("SELECT 1 FROM cs_error")
    # read, but not define
    port = int(lab.emulator.url.rsplit(":", 1)[1])
    for roles in (basic + ("Application.Read.All",), basic + ("Application.ReadWrite.OwnedBy",)):
        lab.emulator.stop()
        lab.emulator = type(lab.emulator)(lab.folder, port=port, tenant=with_roles(tmp_path, *roles))
        lab.graph = Graph(lab.emulator)
        r = lab.cycle()
        if "Application.Read.All" in roles:
            line, = warnings(r)
            assert "may not create definitions" in line, line
            assert definitions(lab) == {}
    assert 6127 in r.events  # the rules' effect has changed: everything was evaluated
    assert sorted(definitions(lab)) == ["carLicense", "division"]
    assert shown(lab, "users", "anna") == {"division": "North"}
    settled(lab)


def test_not_listed_any_more(make_lab):
    """Its values stay in Entra, and that is said once; listed again, it is AD's again."""
    company = Company()
    company.user("anna", division="North", carLicense=["A"])
    lab = make_lab(company, ad=setting("division", "carLicense"))
    lab.cycle("initial")
    settled(lab)
    lab.set_ad(setting("carLicense"))
    company.set("anna", "division", "South")
    lab.write()
    r = lab.cycle()
    line, = warnings(r)
    assert "division is no longer in directory_extensions" in line and "stay as they are" in line
    assert 6127 in r.events and "full" in r.step(AD, "import")["type"]
    assert not r.counter("export-update")
    assert shown(lab, "users", "anna") == {"division": "North", "carLicense": ["A"]}
    settled(lab)
    lab.set_ad("")
    r = lab.cycle()
    assert len(warnings(r)) == 1 and "DirectoryExtension" not in lab.ctl(
        "--config", lab.config, "rules", "list").stdout
    assert shown(lab, "users", "anna") == {"division": "North", "carLicense": ["A"]}
    settled(lab)
    lab.set_ad(setting("division"))
    lab.cycle()
    assert shown(lab, "users", "anna") == {"division": "South", "carLicense": ["A"]}
    settled(lab)


def test_another_definition(make_lab):
    """A definition of the same name and another type: the attribute is left out, with the reason."""
    company = Company()
    company.user("anna", division="North", carLicense=["A"])
    lab = make_lab(company, surface="graph", app=GRAPH_APP,
                   ad=setting("division", "carLicense"))
    where = "/applications(appId='%s')/extensionProperties" % GRAPH_APP[0]
    status, wrong = lab.graph.call("POST", where, {
        "name": "division", "dataType": "Integer", "targetObjects": ["User"]})
    assert status == 201, wrong
    assert lab.graph.call("POST", where, {
        "name": "carLicense", "dataType": "String", "isMultiValued": True,
        "targetObjects": ["User"]})[0] == 201
    r = lab.cycle("initial")
    line, = warnings(r)
    assert "division" in line and "Integer" in line and "String" in line
    assert shown(lab, "users", "anna") == {"carLicense": ["A"]}
    assert not warnings(lab.cycle())
    assert lab.graph.call("DELETE", where + "/" + wrong["id"])[0] == 204
    lab.cycle()
    assert shown(lab, "users", "anna") == {"division": "North", "carLicense": ["A"]}
    settled(lab)
    # deleted with its values while it is in use: made again, and so are the values
    gone = definitions(lab)["division"]["id"]
    assert lab.graph.call("DELETE", where + "/" + gone)[0] == 204
    for _ in range(2):
        lab.cycle()
    assert shown(lab, "users", "anna") == {"division": "North", "carLicense": ["A"]}
    settled(lab)


def test_staging_mode_makes_nothing(make_lab):
    company = Company()
    company.user("anna", division="North")
    lab = make_lab(company, ad=setting("division"), export__staging_mode="yes")
    lab.cycle("initial")
    assert definitions(lab) == {}
    lab.start()  # what would be sent is shown
    pending = lab.ctl_json("pending", "list")
    assert "extension_division" in json.dumps(pending), pending
    lab.daemon.stop()
    lab.daemon = None
    assert definitions(lab) == {}
    lab.settings = {}
    lab.write_config()
    lab.cycle()
    assert shown(lab, "users", "anna") == {"division": "North"}


def test_the_file_is_only_a_copy(make_lab):
    """Lost or damaged, it is made again, and nothing else happens."""
    company = Company()
    company.user("anna", division="North")
    lab = make_lab(company, ad=setting("division"))
    lab.cycle("initial")
    path = lab.folder + "/state/extensions.json"
    with open(path, encoding="utf-8") as f:
        before = f.read()
    assert os.stat(path).st_mode & 0o777 == 0o600
    for damage in (None, "", "{", "[]", '{"sources": {}, "targets": {"tenant - AAD": 7}}'):
        if damage is None:
            os.unlink(path)
        else:
            with open(path, "w", encoding="utf-8") as f:
                f.write(damage)
        writes = lab.emulator.stats()["writes"]
        r = lab.cycle()
        assert not warnings(r) and 6127 not in r.events
        assert lab.emulator.stats()["writes"] == writes
        with open(path, encoding="utf-8") as f:
            assert f.read() == before


def test_two_forests(make_lab):
    """Both may bring the same attribute; one that is of another type there is left out."""
    company = Company()
    company.other = Company("DC=south,DC=example", "south.example")
    company.user("anna", division="North")
    company.other.user("per", division="South")
    lab = make_lab(company, ad=setting("division"))
    lab.cycle("initial")
    assert shown(lab, "users", "anna") == {"division": "North"}
    assert shown(lab, "users", "per") == {"division": "South"}
    settled(lab)
    # as if the schema of the second forest had said something else
    path = lab.folder + "/state/extensions.json"
    with open(path, encoding="utf-8") as f:
        kept = json.load(f)
    kept["sources"][company.other.dns]["division"]["data"] = "Integer"
    with open(path, "w", encoding="utf-8") as f:
        json.dump(kept, f)
    company.other.set("per", "division", "7")
    lab.write()
    r = lab.cycle()
    line, = warnings(r)
    assert company.other.dns in line and "division is left out" in line and "String" in line
    assert not warnings(lab.cycle())
    assert shown(lab, "users", "anna") == {"division": "North"}


def test_two_tenants(make_lab):
    """Each gets definitions of its own, and the values."""
    company = Company()
    company.user("anna", division="North")
    company.group("crew", division="Harbour")
    lab = make_lab(company, ad=setting("division"), second=True)
    lab.cycle("initial")
    settled(lab)
    assert shown(lab, "groups", "crew") == {"division": "Harbour"}
    first = definitions(lab)["division"]
    lab.emulator, lab.second = lab.second, lab.emulator
    lab.graph = Graph(lab.emulator)
    assert shown(lab, "users", "anna") == {"division": "North"}
    assert definitions(lab)["division"]["id"] != first["id"]


def test_one_object(make_lab):
    """adsyncctl sync object brings it too, and compares it."""
    company = Company()
    company.user("anna", division="North")
    lab = make_lab(company, ad=setting("division"), scheduler__sync_cycle_enabled="no")
    lab.cycle("initial")
    lab.start()
    company.set("anna", "division", "South")
    lab.write()
    done = lab.ctl("sync", "object", company.dn_of("anna"))
    assert done.returncode == 0 and re.search(r'same +extension_division +"South"', done.stdout), (
        done.stdout, done.stderr)
    assert shown(lab, "users", "anna") == {"division": "South"}


def test_switched(make_lab):
    """After the switch the value is the cloud's: AD's change is blocked, and told with its name."""
    company = Company()
    company.user("anna", division="North")
    lab = make_lab(company, ad=setting("division"))
    lab.cycle("initial")
    anna = lab.graph.find("users", "anna")["id"]
    name = definitions(lab)["division"]["name"]
    assert code(lab.graph.call("PATCH", "/users/" + anna, {name: "cloud"}))[0] == 400
    lab.graph.soa("users", anna, True)
    lab.cycle()
    lab.graph.patch("/users/" + anna, {name: "cloud"})
    company.set("anna", "division", "South")
    lab.write()
    r = lab.cycle()
    assert r.blocked() == [r.blocked()[0]] and "extension_division" in r.log
    assert shown(lab, "users", "anna") == {"division": "cloud"}
    lab.graph.soa("users", anna, False)
    lab.cycle()
    assert shown(lab, "users", "anna") == {"division": "South"}
    settled(lab)
