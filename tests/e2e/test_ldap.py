"""Over LDAP: a real AD domain controller (Samba), and slapd for paging beyond a server's limit."""
import os
import shutil
import tempfile

import pytest
from directories import (PASSWORD, SambaDC, Slapd, samba_ldif, samba_references, slapd_ldif)
from lab import AD, Company, Lab, generate


def company():
    c = generate(120, 12, 4)
    big = [c.user("crew%04d" % i, ou="OU=Crew") for i in range(1100)]
    c.group("Big", big)
    return c


@pytest.fixture(scope="module")
def dc():
    c = company()
    for dn in [dn for dn in c.objects if "CN=Users" in dn]:
        del c.objects[dn]  # Samba brings its own built-in objects
    folder = tempfile.mkdtemp(prefix="adsyncd-samba.")
    server = SambaDC(folder, samba_ldif(c))
    server.modify(samba_references(c))
    server.company = c
    yield server
    server.stop()
    shutil.rmtree(folder)


class LdapLab(Lab):
    def use(self, server, source, password=PASSWORD, ca=None, extra=""):
        path = os.path.join(self.folder, "ad-password")
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.write(fd, password.encode())
        os.close(fd)
        self.write_config(source=source, base=server.BASE,
                          ad="bind_dn = %s\npassword_file = %s\nca_file = %s\n%s" %
                          (server.ACCOUNT, path, ca or server.ca, extra))


@pytest.fixture
def lab(tmp_path):
    one = LdapLab(tmp_path)
    yield one
    one.close()


def test_first_cycle_and_changes(dc, lab):
    """The same company over LDAPS as over LDIF: everybody, with references; then changes."""
    lab.use(dc, "ldaps://" + dc.IP)
    lab.cycle()
    tenant = lab.tenant()
    listed = dc.ldap("ldapsearch", "-LLL", "-b", dc.BASE, "-E", "pr=500/noprompt",
                     "(&(objectCategory=person)(objectClass=user))", "sAMAccountName")
    expected = {line.split(": ")[1] for line in listed.splitlines()
                if line.startswith("sAMAccountName: ")}
    expected -= {"Administrator", "krbtgt", "Guest", "dns-dc1"}
    expected = {s for s in expected if not s.startswith("AAD_")}
    users = {k for k in tenant if k.startswith("users/")}
    # SM_... is filtered by mailNickname, which Samba's schema does not have    # (what is filtered by mailNickname is not: Samba's schema does not have that attribute)
    found = {u["userPrincipalName"].split("@")[0] for k, u in tenant.items() if k in users}
    assert found == expected, found ^ expected
    assert len(tenant["groups/Big"]["members"]) == 1100
    for dn, entry in dc.company.objects.items():
        if "group" in entry["objectClass"]:
            assert tenant["groups/" + entry["displayName"][0]]["members"] == sorted(
                dc.company.objects[m]["displayName"][0] for m in entry["member"])
    anna = tenant["users/Anna Ås"]
    assert anna["jobTitle"] == "Manager" and anna["onPremisesDistinguishedName"].startswith(
        "CN=Anna Ås,OU=Staff,")
    lab.cycle()
    # highestCommittedUSN is what it was: nothing is read
    r = lab.cycle()
    assert not r.step(AD, "import")["counters"]
    dn = dc.company.dn_of("anna.as")
    crew = dc.company.dn_of("crew0007")
    group = dc.company.dn_of("Big")
    dc.modify(Company.line("dn", dn) + "changetype: modify\nreplace: title\ntitle: Captain\n\n" +
              Company.line("dn", group) + "changetype: modify\ndelete: member\nmember: %s\n\n" % crew +
              "dn: %s\nchangetype: delete\n\n" % dc.company.dn_of("crew0008") +
              "dn: %s\nchangetype: modrdn\nnewrdn: CN=Renamed\ndeleteoldrdn: 1\n" %
              dc.company.dn_of("crew0009"))
    r = lab.cycle()
    assert r.step(AD, "import")["counters"]["stage-delete"] == 1
    assert r.step(AD, "import")["counters"]["stage-rename"] == 1
    tenant = lab.tenant()
    assert tenant["users/Anna Ås"]["jobTitle"] == "Captain"
    assert len(tenant["groups/Big"]["members"]) == 1098
    assert "users/crew0008" not in tenant
    lab.cycle()
    assert lab.emulator.stats()["duplicateWrites"] == 0


def test_starttls_and_ou_scope(dc, lab):
    lab.use(dc, "ldap://" + dc.IP, extra="exclude_ou = OU=Crew,%s" % dc.BASE)
    lab.cycle()
    users = [k for k in lab.tenant() if k.startswith("users/")]
    assert len(users) > 100 and not [u for u in users if "crew" in u]
    # scope that grows again brings them
    lab.use(dc, "ldap://" + dc.IP, extra="include_ou = " +
            "\n\t".join("OU=%s,%s" % (n, dc.BASE) for n in ("Crew", "Staff", "Groups", "Contacts")))
    lab.cycle()
    assert len([k for k in lab.tenant() if "crew" in k]) > 1000
    # and scope that shrinks does not become a wave of deletes
    deletes = lab.emulator.stats()["deletes"]
    assert deletes <= 1  # the account of the lab itself lies outside these folders
    lab.use(dc, "ldap://" + dc.IP, extra="include_ou = OU=Staff,%s" % dc.BASE)
    r = lab.run()
    assert r.result == "stopped-object-limit" and lab.emulator.stats()["deletes"] == deletes


def test_filter(dc, lab):
    lab.use(dc, "ldaps://" + dc.IP, extra="ldap_filter = (sAMAccountName=crew000*)")
    lab.cycle()
    assert len(lab.tenant()) in (8, 9, 10)


@pytest.mark.parametrize("case", ["password", "ca", "cleartext", "down", "base"])
def test_refusals(dc, lab, case, tmp_path):
    """Each is one clear error that names the server, and nothing is written."""
    source, password, ca, extra = "ldaps://" + dc.IP, PASSWORD, None, ""
    if case == "password":
        password = "Not.The.Passw0rd"
    elif case == "ca":
        ca = lab.emulator.ca
    elif case == "cleartext":
        source, extra = "ldap://" + dc.IP, "starttls = no"
    elif case == "down":
        source = "ldaps://127.0.0.77"
    lab.use(dc, source, password, ca, extra)
    if case == "base":
        with open(lab.config, encoding="utf-8") as f:
            text = f.read()
        with open(lab.config, "w", encoding="utf-8") as f:
            f.write(text.replace("base_dn = " + dc.BASE, "base_dn = DC=other,DC=example"))
    r = lab.run()
    step = r.step(AD, "import")
    assert r.code == 1 and "ldap" in step["error"], step
    words = {"password": ("no-start-credentials", "data 52e"),
             "ca": ("stopped-connectivity", "certificate"),
             "cleartext": ("stopped-import-read", "not sent without encryption"),
             "down": ("stopped-connectivity", "127.0.0.77"),
             "base": ("stopped-import-read", "DC=other")}[case]
    assert step["result"] == words[0] and words[1] in step["error"], step
    assert password == PASSWORD or password not in r.log
    assert lab.emulator.stats()["writes"] == 0


def test_failover(dc, lab):
    lab.use(dc, "ldaps://127.0.0.77, ldaps://" + dc.IP, extra="connect_timeout = 2")
    r = lab.run(connector=AD, profile="full-import")
    assert r.code == 0 and r.counter("stage-add") > 1000


def test_slapd_pages(lab, tmp_path):
    """A server that gives at most 1,000 entries to an unpaged search."""
    c = company()
    c.objects = {dn: o for dn, o in c.objects.items() if "CN=Users" not in dn}
    server = Slapd(str(tmp_path / "slapd"), slapd_ldif(c))
    try:
        lab.use(server, server.url)
        r = lab.cycle()
        assert r.counter("stage-add") > 1230
        tenant = lab.tenant()
        assert len(tenant["groups/Big"]["members"]) == 1100
        r = lab.cycle()
        # a server without highestCommittedUSN is read again
        assert r.step(AD, "import")["counters"]["stage-no-change"] > 1230
    finally:
        server.stop()


def test_server_dies_in_the_middle(lab, tmp_path):
    c = company()
    c.objects = {dn: o for dn, o in c.objects.items() if "CN=Users" not in dn}
    server = Slapd(str(tmp_path / "slapd"), slapd_ldif(c))
    try:
        lab.use(server, server.url)
        lab.cycle()
    finally:
        server.process.popen.kill()
        server.process.popen.wait()
    r = lab.run()
    assert r.step(AD, "import")["result"] == "stopped-connectivity" and 6050 in r.events
    assert lab.emulator.stats()["deletes"] == 0


# attribute: value in AD, type of the definition, several values, what Graph shows
BY_SCHEMA = {
    "employeeNumber": ("E 7", "String", False, "E 7"),
    "roomNumber": ("12", "String", True, ["12"]),
    "msNPAllowDialin": ("TRUE", "Boolean", False, True),
    "msDS-HABSeniorityIndex": ("-7", "Integer", False, -7),
    "maxStorage": ("9007199254740993", "LargeInteger", False, 9007199254740993),
    "msTSExpireDate": ("20260801000000.0Z", "DateTime", False, "2026-08-01T00:00:00Z"),
    "jpegPhoto": (b"\xff\xd8", "Binary", True, ["/9g="]),
}
NOT_BY_SCHEMA = {"fromEntry": "constructed", "msDS-Cached-Membership": "do not replicate",
                 "seeAlso": "references", "contosoBadge": "has no such attribute"}


def test_directory_extensions(dc, lab):
    """What they are is what the schema of the domain controller says, also what cannot be one."""
    ou, dn = "OU=Extensions," + dc.BASE, "CN=ext,OU=Extensions," + dc.BASE
    dc.modify("dn: %s\nchangetype: add\nobjectClass: organizationalUnit\n\n"
              "dn: %s\nchangetype: add\nobjectClass: user\nsAMAccountName: ext\ndisplayName: ext\n%s"
              % (ou, dn, "".join(Company.line(a, v[0]) for a, v in BY_SCHEMA.items())))
    try:
        lab.use(dc, "ldaps://" + dc.IP, extra="include_ou = %s\ndirectory_extensions = %s\n" % (
            ou, ",\n  ".join(a.upper() for a in [*BY_SCHEMA, *NOT_BY_SCHEMA])))
        r = lab.cycle()
        for name, words in NOT_BY_SCHEMA.items():
            line, = [x for x in r.log.splitlines() if "directory_extensions" in x and
                     name.lower() in x.lower()]
            assert words in line and "is left out" in line, line
        found = lab.graph.get("/applications?$filter=displayName%20eq%20'Tenant%20Schema%20Extension"
                              "%20App'")["value"][0]["id"]
        made = {o["name"].split("_", 2)[2]: o
                for o in lab.graph.all("/applications/%s/extensionProperties" % found)}
        assert {n: (o["dataType"], o["isMultiValued"]) for n, o in made.items()} == {
            a.replace("-", "_"): (kind, many) for a, (_, kind, many, _) in BY_SCHEMA.items()}
        user = lab.graph.find("users", "ext")["id"]
        got = lab.graph.get("/users/%s?$select=%s" % (user, ",".join(
            o["name"] for o in made.values())))
        for attr, (_, _, _, value) in BY_SCHEMA.items():
            assert got[made[attr.replace("-", "_")]["name"]] == value, attr
        # a change alone
        dc.modify("dn: %s\nchangetype: modify\nreplace: employeeNumber\nemployeeNumber: E 8\n-\n"
                  "delete: jpegPhoto\n-\n" % dn)
        r = lab.cycle()
        assert "delta" in r.step(AD, "import")["type"] and "directory_extensions" not in r.log
        names = {n: o["name"] for n, o in made.items()}
        got = lab.graph.get("/users/%s?$select=%s" % (user, ",".join(names.values())))
        assert got[names["employeeNumber"]] == "E 8" and names["jpegPhoto"] not in got
        writes = lab.emulator.stats()["writes"]
        lab.cycle("initial")
        assert lab.emulator.stats()["writes"] == writes
    finally:
        dc.modify("dn: %s\nchangetype: delete\n\ndn: %s\nchangetype: delete\n" % (dn, ou))
