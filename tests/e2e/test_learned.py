"""A new attribute of each type, of which adsyncd learns from the directory's own schema: a row in
metaverse.json and a flow in and out, and nothing else. See "How to add ..." in lib/README.md."""
import base64
import json
import os

import pytest
from lab import AAD, AD, ROOT, Service
from ldap_stub import Stub
from test_bad_directory import BASE, StubLab, staff

SID = bytes([1, 2]) + (5).to_bytes(6, "big") + (32).to_bytes(4, "little") + (544).to_bytes(4, "little")
BOSS = "CN=u0001,OU=Staff," + BASE
HIRED = 'IIF(IsPresent([contosoHired]),FormatDateTime(CDate([contosoHired]),"yyyyMMddHHmmss.0Z"),NULL)'

# attribute of AD: syntax there, values; type in the metaverse; attribute of Entra; what the
# metaverse has; property of Graph and what it shows (None: Graph has none)
CASES = {
    "string": ("contosoJob", "2.5.5.12", ["Pilot"], "string", "title", ["Pilot"],
               "jobTitle", "Pilot"),
    "printable": ("contosoOffice", "2.5.5.5", ["B 12"], "string", "physicalDeliveryOfficeName",
                  ["B 12"], "officeLocation", "B 12"),
    "strings": ("contosoMails", "2.5.5.12", ["smtp:a@fjordline.example", "SMTP:b@fjordline.example"],
                "string multi", "proxyAddresses",
                ["SMTP:b@fjordline.example", "smtp:a@fjordline.example"],
                "proxyAddresses", ["SMTP:b@fjordline.example", "smtp:a@fjordline.example"]),
    "boolean": ("contosoActive", "2.5.5.8", ["FALSE"], "boolean", "accountEnabled", [False],
                "accountEnabled", False),
    "integer": ("contosoLevel", "2.5.5.9", ["-7"], "integer", "countryCode", [-7], None, None),
    "large": ("contosoSerial", "2.5.5.16", ["9007199254740993"], "integer", "countryCode",
              [9007199254740993], None, None),
    "time": ("contosoHired", "2.5.5.11", ["20260301080000.0Z"], "string", "employeeHireDate",
             ["20260301080000.0Z"], "employeeHireDate", "2026-03-01T08:00:00Z"),
    "sid": ("contosoSid", "2.5.5.17", [SID], "binary", "onPremiseSecurityIdentifier",
            [{"base64": base64.b64encode(SID).decode()}],
            "onPremisesSecurityIdentifier", "S-1-5-32-544"),
    "binary": ("contosoKey", "2.5.5.10", [b"\0\xff\x80"], "binary", "msExchMailboxGuid",
               [{"base64": "AP+A"}], None, None),
    "binaries": ("contosoKeys", "2.5.5.10", [b"\0", b"\xff"], "binary multi", "userCertificate",
                 [{"base64": "AA=="}, {"base64": "/w=="}], None, None),
    "reference": ("contosoMentor", "2.5.5.1", [BOSS], "reference", "manager", ["u0001"],
                  "manager", "u0001"),
}


@pytest.fixture
def lab(tmp_path):
    one = StubLab(tmp_path, scheduler__sync_cycle_enabled="no")
    yield one
    one.close()
    for stub in one.stubs:
        stub.stop()


def add(lab, name, kind, target, expression=None):
    """The three rows."""
    with open(ROOT + "/schema/metaverse.json", encoding="utf-8") as f:
        metaverse = json.load(f)
    metaverse["classes"]["person"][name] = kind
    path = lab.folder + "/metaverse.json"
    with open(path, "w", encoding="utf-8") as f:
        json.dump(metaverse, f)
    flow = {"dest": name, "expression": expression} if expression else {"dest": name, "source": name}
    rules = [{"name": "In", "direction": "Inbound", "connectorType": "ad", "precedence": 1,
              "sourceObjectType": "user", "targetObjectType": "person", "linkType": "Join",
              "flows": [flow]},
             {"name": "Out", "direction": "Outbound", "connectorType": "entra", "precedence": 2,
              "sourceObjectType": "person", "targetObjectType": "user", "linkType": "Join",
              "flows": [{"dest": target, "source": name}]}]
    os.makedirs(lab.folder + "/rules.d")
    with open(lab.folder + "/rules.d/own.json", "w", encoding="utf-8") as f:
        json.dump({"rules": rules}, f)
    with open(lab.config, encoding="utf-8") as f:
        text = f.read()
    text = text.replace(ROOT + "/schema/metaverse.json", path)
    text = text.replace("/conf/rules\n", "/conf/rules, %s/rules.d\n" % lab.folder)
    with open(lab.config, "w", encoding="utf-8") as f:
        f.write(text)


def in_the_tenant(lab, prop):
    user = lab.graph.find("users", "u0000")
    if prop == "manager":
        return lab.graph.get("/users/%s/manager" % user["id"])["displayName"]
    return lab.graph.get("/users/%s?$select=%s" % (user["id"], prop))[prop]


def ordered(values):
    return sorted(values, key=json.dumps)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_new_attribute(lab, case):
    name, syntax, values, kind, target, held, prop, shown = case
    stub = Stub()
    stub.schema = True
    stub.add("CN=%s,CN=Schema,CN=Configuration,%s" % (name, BASE), ["attributeSchema"],
             lDAPDisplayName=[name], attributeSyntax=[syntax])
    for known in ("cn", "displayName", "mail", "member", "objectSid", "sAMAccountName",
                  "telephoneNumber", "title", "userAccountControl", "userPrincipalName"):
        stub.add("CN=%s,CN=Schema,CN=Configuration,%s" % (known, BASE), ["attributeSchema"],
                 lDAPDisplayName=[known], attributeSyntax=["2.5.5.12"])
    first, _ = staff(stub, 2)
    stub.change(first, **{name: values})
    lab.use(stub)
    lab.cycle()  # it is there before the rules read it
    add(lab, name, kind, target, HIRED if name == "contosoHired" else None)
    r = lab.cycle()
    assert not r.counter("flow-failure") and not r.counter("export-failure")
    if prop:
        got = in_the_tenant(lab, prop)
        assert (sorted(got) if isinstance(got, list) else got) == shown
    lab.start()
    mv = lab.ctl_json("mv", "show", "CN=u0000,OU=Staff," + BASE)
    if kind == "reference":
        assert [x["displayName"] for x in mv["references"] if x["attribute"] == name] == held
        return
    assert ordered(mv["attributes"][name]) == ordered(held)
    row, = [c for c in mv["connectors"] if c["connector"] == AAD]
    wanted = lab.ctl_json("cs", "show", AAD, row["dn"])["wanted_attributes"]
    assert ordered(wanted[target]) == ordered(held)
    if not prop:  # Graph shows none, and the service has it
        assert any(target[0].upper() + target[1:] in bag
                   for bag in Service(lab.emulator).read_back().values())
    # a change alone, which is read with the types that were kept
    stub.change(first, department=["Moved"])
    r = lab.cycle()
    assert "delta" in r.step(AD, "import")["type"] and not r.counter("flow-failure")
    mv = lab.ctl_json("mv", "show", "CN=u0000,OU=Staff," + BASE)
    assert mv["attributes"]["department"] == ["Moved"]
    assert ordered(mv["attributes"][name]) == ordered(held)
