"""The AD connector against a real domain controller: sign-in, rights, scope, write-back, commands."""
import base64
import json
import os
import shutil
import tempfile
import uuid

import pytest
import space
from directories import PASSWORD, SambaDC
from lab import AD, Company, Lab
from names import Dns, mount_over

OUS = ["OU=Staff", "OU=Pilot,OU=Staff", "OU=Hidden,OU=Staff", "OU=Seen,OU=Hidden,OU=Staff",
       "OU=Other"]


def company():
    base = SambaDC.BASE
    out = ["\ndn: %s,%s\nobjectClass: organizationalUnit\n" % (ou, base) for ou in OUS]
    for i in range(60):
        ou = OUS[i % len(OUS)]
        out.append("\ndn: CN=u%02d,%s,%s\nobjectClass: user\nsAMAccountName: u%02d\ndisplayName: u%02d\n"
                   "userPrincipalName: u%02d@fjordline.example\nuserAccountControl: 546\n"
                   "department: %s\n" % (i, ou, base, i, i, i, "Sales" if i % 2 else "Lab"))
    out.append("\ndn: CN=G,OU=Staff,%s\nobjectClass: group\nsAMAccountName: G\ndisplayName: G\n" %
               base + "".join("member: CN=u%02d,%s,%s\n" % (i, OUS[i % len(OUS)], base)
                              for i in range(0, 30)))
    return "".join(out)


@pytest.fixture(scope="module")
def dc():
    folder = tempfile.mkdtemp(prefix="adsyncd-samba.")
    server = SambaDC(folder, company(), kerberos=True)
    mount_over("/etc/hosts", "127.0.0.1 localhost\n%s %s dc1 other.fjordline.example\n" % (server.IP, server.HOST), folder)
    mount_over("/etc/resolv.conf", "nameserver %s\noptions timeout:1 attempts:1\n" % Dns.IP, folder)
    with open(folder + "/krb5.conf", "w", encoding="ascii") as f:
        f.write("[libdefaults]\n default_realm = FJORDLINE.EXAMPLE\n dns_lookup_realm = false\n"
                " dns_lookup_kdc = false\n rdns = false\n dns_canonicalize_hostname = false\n"
                "[realms]\n FJORDLINE.EXAMPLE = {\n  kdc = %s\n }\n"
                "[domain_realm]\n .fjordline.example = FJORDLINE.EXAMPLE\n" % server.IP)
    os.environ["KRB5_CONFIG"] = folder + "/krb5.conf"
    yield server
    server.stop()
    shutil.rmtree(folder)


class AdLab(Lab):
    dc = None

    def use(self, extra="", source=None, auth=None, password=PASSWORD):
        path = os.path.join(self.folder, "ad-password")
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.write(fd, password.encode())
        os.close(fd)
        simple = "bind_dn = %s\npassword_file = %s\n" % (self.dc.ACCOUNT, path)
        self.write_config(source=source or "ldaps://" + self.dc.HOST, base=self.dc.BASE,
                          ad="%sca_file = %s\n%s" % (simple if auth is None else auth, self.dc.ca,
                                                     extra))

    def import_ad(self, profile="delta-import"):
        r = self.run(profile, connector=AD)
        assert r.code == 0, (r.result, r.error, r.log[-3000:])
        return r

    def names(self):
        return {dn.split(",")[0][3:] for dn, _, _ in space.connector_space(self).values()}

    def method(self):
        cursor = json.loads(self.db("SELECT cursor FROM connector WHERE name = ?", AD)[0][0])
        return cursor["domains"][0]["method"]

    def compare(self, in_scope=lambda dn: True):
        assert space.differences(space.connector_space(self),
                                 space.directory(self.dc, in_scope)) == []


@pytest.fixture
def lab(tmp_path, dc):
    one = AdLab(tmp_path)
    one.dc = dc
    yield one
    one.close()


def modify(dc, dn, *changes):
    dc.modify("dn: %s\nchangetype: modify\n%s\n" % (dn, "".join(c + "\n-\n" for c in changes)))


# --- sign-in ---

def test_kerberos(dc, lab, tmp_path):
    """A keytab: signed and sealed without TLS, bound to the certificate inside TLS."""
    auth = "auth = gssapi\nkeytab_file = %s\n" % dc.keytab
    lab.use("starttls = no\n", "ldap://" + dc.HOST, auth)
    r = lab.import_ad()
    assert r.counter("stage-add") > 60
    lab.compare()
    # this server wants sealing inside TLS too, as its error says
    lab.use("", "ldaps://" + dc.HOST, auth)
    r = lab.run("full-import", connector=AD)
    assert r.step(AD, "import")["result"] != "success"
    assert "starttls = no" in r.step(AD, "import")["error"], r.log
    lab.use("", "ldap://" + dc.HOST, auth)
    assert "starttls = no" in lab.run("full-import", connector=AD).step(AD, "import")["error"]
    with open(dc.conf, encoding="ascii") as f:
        text = f.read()
    dc.stop()
    with open(dc.conf, "w", encoding="ascii") as f:
        f.write(text + "ldap server require strong auth = allow_sasl_over_tls\n")
    dc.start()
    try:
        for source in ("ldaps://", "ldap://"):  # the second by StartTLS
            lab.use("", source + dc.HOST, auth)
            r = lab.import_ad("full-import")
            assert r.counter("stage-no-change") > 60
        # from systemd's credentials
        os.environ["CREDENTIALS_DIRECTORY"] = os.path.dirname(dc.keytab)
        lab.use("", None, "auth = gssapi\nkeytab_file = credential:sync.keytab\n")
        lab.import_ad()
        # a keytab of somebody else, and one that others may read
        del os.environ["CREDENTIALS_DIRECTORY"]
        bad = str(tmp_path / "bad.keytab")
        with open(bad, "wb") as f:
            f.write(b"\x05\x02")
        lab.use("", None, "auth = gssapi\nkeytab_file = %s\n" % bad)
        r = lab.run("delta-import", connector=AD)
        assert "0644" in r.step(AD, "import")["error"]
        os.chmod(bad, 0o600)
        r = lab.run("delta-import", connector=AD)
        assert "Kerberos sign-in" in r.step(AD, "import")["error"], r.steps
    finally:
        os.environ.pop("CREDENTIALS_DIRECTORY", None)
        dc.stop()
        with open(dc.conf, "w", encoding="ascii") as f:
            f.write(text)
        dc.start()


def test_certificate_of_another_name(dc, lab):
    for source in ("ldaps://other.fjordline.example", "ldap://other.fjordline.example"):
        lab.use("", source)
        r = lab.run("delta-import", connector=AD)
        step = r.step(AD, "import")
        assert step["result"] != "success" and "belongs to another name" in step["error"], step


def test_password_from_credentials(dc, lab, tmp_path):
    os.makedirs(tmp_path / "credentials")
    with open(tmp_path / "credentials" / "ad", "w", encoding="ascii") as f:
        f.write(PASSWORD + "\n")
    os.environ["CREDENTIALS_DIRECTORY"] = str(tmp_path / "credentials")
    try:
        lab.use("", None, "bind_dn = %s\npassword_file = credential:ad\n" % dc.ACCOUNT)
        lab.import_ad()
    finally:
        del os.environ["CREDENTIALS_DIRECTORY"]


def test_discovery(dc, lab):
    """dns:ldaps: the best server that answers; and it stays with the one that it used."""
    name = "_ldap._tcp.dc._msdcs.fjordline.example"
    dns = Dns({name: [(0, 1, 389, "gone.fjordline.example"), (10, 1, 389, dc.HOST)]})
    try:
        lab.use("connect_timeout = 3\n", "dns:ldaps")
        lab.import_ad()
        assert name in dns.asked
        lab.use("connect_timeout = 3\n", "dns:ldap")
        lab.import_ad()
        dns.table.clear()
        lab.use("connect_timeout = 3\n", "dns:ldap")
        r = lab.run("delta-import", connector=AD)
        assert "SRV" in r.step(AD, "import")["error"]
    finally:
        dns.stop()


# --- rights ---

@pytest.mark.parametrize("replicate,deleted,method", [
    (True, True, "dirsync"), (False, True, "dirsync-object-security"), (False, False, "none")])
def test_rights(lab, tmp_path_factory, dc, replicate, deleted, method):
    """What the account may not do is said, and a delete is found all the same."""
    with dc.stopped():
        if not replicate:
            dc.revoke()
        if not deleted:
            dc.hide_deleted()
    try:
        lab.use()
        r = lab.import_ad()
        assert lab.method() == method
        assert (6990 in r.events) is True  # Samba's schema lacks Exchange's attributes
        assert ("Replicating Directory Changes" in r.log) is (not replicate)
        assert ("CN=Deleted Objects" in r.log) is (not deleted)
        name = "CN=temp-%s,OU=Other,%s" % (method, dc.BASE)
        dc.modify("dn: %s\nchangetype: add\nobjectClass: user\nsAMAccountName: t%s\n" %
                  (name, method[:10] + str(deleted)))
        lab.import_ad()
        assert "temp-" + method in lab.names()
        dc.modify("dn: %s\nchangetype: delete\n" % name)
        r = lab.import_ad()
        assert "temp-" + method not in lab.names()
        assert (6991 in r.events) is (method == "none")
        lab.compare()
    finally:
        with dc.stopped():
            dc.grant(not replicate, not deleted)


def test_right_revoked(dc, lab):
    """The right goes between two imports: said, a full import, nothing is lost or deleted."""
    lab.use()
    lab.import_ad()
    before = lab.names()
    with dc.stopped():
        dc.revoke()
    try:
        modify(dc, "CN=u01,OU=Pilot,OU=Staff," + dc.BASE, "replace: title\ntitle: Changed")
        r = lab.import_ad()
        assert 6991 in r.events and lab.method() == "dirsync-object-security"
        assert lab.names() == before
        lab.compare()
    finally:
        with dc.stopped():
            dc.grant(True, False)


# --- scope ---

def staff(dn):
    return ",OU=Staff," in dn and (",OU=Hidden," not in dn or ",OU=Seen," in dn)


def test_nested_scope_and_renames(dc, lab):
    """The longest line decides; a chosen folder stays chosen when it is renamed or moved."""
    base = dc.BASE
    lab.use("include_ou = OU=Staff,{0}\n\tOU=Seen,OU=Hidden,OU=Staff,{0}\n"
            "exclude_ou = OU=Hidden,OU=Staff,{0}\n".format(base))
    lab.import_ad()
    lab.compare(staff)
    try:
        dc.modify("dn: OU=Staff,%s\nchangetype: modrdn\nnewrdn: OU=People\ndeleteoldrdn: 1\n" % base)
        r = lab.import_ad()
        assert 6991 not in r.events, r.log
        lab.compare(lambda dn: staff(dn.replace("OU=People", "OU=Staff")))
        lab.import_ad("full-import")  # by its GUID too
        lab.compare(lambda dn: staff(dn.replace("OU=People", "OU=Staff")))
        dc.modify("dn: OU=Hidden,OU=People,%s\nchangetype: modrdn\nnewrdn: OU=Dark\ndeleteoldrdn: 1\n" %
                  base)
        r = lab.import_ad()
        assert 6991 not in r.events, r.log
        lab.compare(lambda dn: staff(dn.replace("OU=People", "OU=Staff").replace("Dark", "Hidden")))
        # a folder that leaves the scope takes its objects along, behind the guard: a full import
        dc.modify("dn: OU=Pilot,OU=People,%s\nchangetype: modrdn\nnewrdn: OU=Pilot\n"
                  "deleteoldrdn: 1\nnewsuperior: OU=Other,%s\n" % (base, base))
        r = lab.import_ad()
        assert 6991 in r.events and "was moved" in r.log
        assert not [n for n in lab.names() if n == "u01"]
    finally:
        dc.modify("dn: OU=Pilot,OU=Other,{0}\nchangetype: modrdn\nnewrdn: OU=Pilot\ndeleteoldrdn: 1\n"
                  "newsuperior: OU=People,{0}\n\n"
                  "dn: OU=Dark,OU=People,{0}\nchangetype: modrdn\nnewrdn: OU=Hidden\ndeleteoldrdn: 1\n\n"
                  "dn: OU=People,{0}\nchangetype: modrdn\nnewrdn: OU=Staff\ndeleteoldrdn: 1\n"
                  .format(base))
    lab.import_ad()
    lab.compare(staff)


def test_folder_that_does_not_exist(dc, lab):
    lab.use("include_ou = OU=Nowhere,%s\n" % dc.BASE)
    r = lab.run("delta-import", connector=AD)
    assert "include_ou \"OU=Nowhere," in r.step(AD, "import")["error"]


def test_filter_leaves_and_enters(dc, lab):
    """An attribute that no rule reads decides: its changes must be seen."""
    lab.use("ldap_filter = (employeeType=Y)\n")
    for i in (0, 5, 10):
        modify(dc, "CN=u%02d,OU=Staff,%s" % (i, dc.BASE), "replace: employeeType\nemployeeType: Y")
    lab.import_ad()
    assert lab.names() == {"u00", "u05", "u10"}
    modify(dc, "CN=u05,OU=Staff,%s" % dc.BASE, "replace: employeeType\nemployeeType: N")
    modify(dc, "CN=u15,OU=Staff,%s" % dc.BASE, "replace: employeeType\nemployeeType: Y")
    r = lab.import_ad()
    assert lab.names() == {"u00", "u10", "u15"} and 6991 not in r.events
    # another filter asks for a full import by itself
    lab.use("ldap_filter = (|(employeeType=Y)(employeeType=N))\n")
    r = lab.import_ad()
    assert lab.names() == {"u00", "u05", "u10", "u15"} and 6991 in r.events


def test_group_filter(dc, lab):
    group = "CN=Pilots,OU=Other," + dc.BASE
    dc.modify("dn: %s\nchangetype: add\nobjectClass: group\nsAMAccountName: Pilots\n"
              "member: CN=u00,OU=Staff,%s\nmember: CN=u01,OU=Pilot,OU=Staff,%s\n" %
              (group, dc.BASE, dc.BASE))
    lab.use("include_group = %s\n" % group)
    lab.import_ad()
    assert lab.names() == {"u00", "u01"}
    modify(dc, group, "delete: member\nmember: CN=u00,OU=Staff,%s" % dc.BASE,
           "add: member\nmember: CN=u05,OU=Staff,%s" % dc.BASE)
    r = lab.import_ad()
    assert lab.names() == {"u01", "u05"} and "include_group" in r.log
    modify(dc, "CN=u05,OU=Staff,%s" % dc.BASE, "replace: title\ntitle: Pilot")
    r = lab.import_ad()
    assert r.counter("stage-update") == 1 and 6991 not in r.events
    dc.modify("dn: %s\nchangetype: delete\n" % group)
    r = lab.run("delta-import", connector=AD)
    assert "include_group" in r.step(AD, "import")["error"] and lab.names() == {"u01", "u05"}


def test_two_naming_contexts(dc, lab):
    """The configuration's naming context beside the domain's: references between them too."""
    other = "CN=Services,CN=Configuration," + dc.BASE
    with dc.stopped():
        dc.allow("CN=Configuration," + dc.BASE, "(OA;;CR;%s;;%s)" % (dc.REPLICATE, dc.sid()))
        dc.set_dacl("CN=Deleted Objects,CN=Configuration," + dc.BASE,
                    "D:PAI(A;CI;RPLC;;;%s)(A;;RPWPCCDCLCRCWOWDSDSW;;;SY)(A;;RPLC;;;BA)" % dc.sid())
    dc.modify("dn: CN=Partner,%s\nchangetype: add\nobjectClass: contact\ndisplayName: Partner\n" %
              other)
    try:
        lab.use("include_ou = OU=Staff,%s\n\t%s\n" % (dc.BASE, other))
        with open(lab.config, encoding="utf-8") as f:
            text = f.read()
        with open(lab.config, "w", encoding="utf-8") as f:
            f.write(text.replace("base_dn = " + dc.BASE, "base_dn = %s\n\tCN=Configuration,%s" %
                                 (dc.BASE, dc.BASE)))
        lab.import_ad()
        assert "Partner" in lab.names() and "u00" in lab.names()
        modify(dc, "CN=Partner," + other, "replace: displayName\ndisplayName: Changed")
        modify(dc, "CN=u00,OU=Staff," + dc.BASE, "replace: title\ntitle: Both")
        r = lab.import_ad()
        assert r.counter("stage-update") == 2 and 6991 not in r.events, r.log
    finally:
        dc.modify("dn: CN=Partner,%s\nchangetype: delete\n" % other)
    r = lab.import_ad()
    assert r.counter("stage-delete") == 1


# --- write-back ---

def consistency(dc):
    found = space.parse(dc.ldap("ldapsearch", "-LLL", "-o", "ldif-wrap=no", "-b", dc.BASE,
                                "(mS-DS-ConsistencyGuid=*)", "mS-DS-ConsistencyGuid", "objectGUID"))
    return {dn.split(",")[0][3:]: (e["ms-ds-consistencyguid"][0], e["objectguid"][0])
            for dn, e in found}


@pytest.mark.parametrize("fault", [None, "outbound-before-commit", "outbound-after-commit",
                                   "export-before-send", "export-marked", "export-after-send",
                                   "export-before-record", "export-after-record"])
def test_write_back(dc, lab, fault):
    """objectGUID goes to ms-DS-ConsistencyGuid before the first export; off by default."""
    scope = "include_ou = OU=Pilot,OU=Staff,%s\n" % dc.BASE
    lab.use(scope)
    lab.run("delta-import", connector=AD)
    own = uuid.uuid4().bytes_le
    modify(dc, "CN=u06,OU=Pilot,OU=Staff," + dc.BASE,
           "replace: mS-DS-ConsistencyGuid\nmS-DS-ConsistencyGuid:: " +
           base64.b64encode(own).decode())
    lab.use(scope + "consistency_guid = yes\n")
    if fault in ("export-before-send", "export-after-send"):  # recorded refusals would have to wait
        r = lab.run(fault=fault)
        assert r.code < 0 or r.end is None
    # the account may not: said for each object, and the export goes on
    r = lab.run()
    assert r.result == "completed-export-errors", (r.result, r.error, r.log[-2000:])
    assert "ms-DS-ConsistencyGuid" in r.log or r.step(AD, "export")["error"]
    assert set(consistency(dc)) == {"u06"}
    assert "users/u01" in lab.tenant()
    with dc.stopped():
        undo = dc.allow("OU=Pilot,OU=Staff," + dc.BASE,
                        "(OA;CI;WP;%s;;%s)" % (dc.CONSISTENCY, dc.sid()))
    try:
        if fault:
            r = lab.run(fault=fault)
            assert r.end is None
        r = lab.cycle()
        got = consistency(dc)
        assert len(got) == 12 and got["u06"][0] == own
        assert all(value == guid for name, (value, guid) in got.items() if name != "u06")
        lab.cycle()
        r = lab.cycle()  # and nothing is written twice
        assert not r.step(AD, "export")["counters"]
        assert lab.emulator.stats()["duplicateWrites"] == 0
    finally:
        for name in consistency(dc):
            modify(dc, "CN=%s,OU=Pilot,OU=Staff,%s" % (name, dc.BASE),
                   "delete: mS-DS-ConsistencyGuid")
        with dc.stopped():
            undo()


def test_write_back_of_a_person(dc, lab):
    """Of two accounts of one person each gets the anchor that the person has in Entra."""
    dn = "CN=u01,OU=Pilot,OU=Staff," + dc.BASE
    modify(dc, dn, "replace: mail\nmail: both@fjordline.example")
    lab.company.other = Company("DC=second,DC=example", "second.example")
    lab.company.other.user("active", mail="both@fjordline.example")
    for name in ("one", "two"):
        lab.company.other.user(name, mail=name + "@fjordline.example")
    anchor = lab.company.other.of("active")["objectGUID"][0]
    lab.write()
    lab.ad = "match_users = mail\n"
    lab.use("include_ou = OU=Pilot,OU=Staff,%s\nconsistency_guid = yes\n" % dc.BASE)
    with dc.stopped():
        undo = dc.allow("OU=Pilot,OU=Staff," + dc.BASE,
                        "(OA;CI;WP;%s;;%s)" % (dc.CONSISTENCY, dc.sid()))
    try:
        lab.cycle()
        # the others have no mail: nobody is made of them, and nothing is written to them
        assert {name: value for name, (value, _) in consistency(dc).items()} == {"u01": anchor}
        lab.company.other.delete("active")
        lab.write()
        lab.cycle()
        lab.cycle()
        user = lab.tenant()["users/u01"]
        assert user["onPremisesImmutableId"] == base64.b64encode(anchor).decode()
        assert lab.emulator.stats()["deletes"] == 0 and lab.emulator.stats()["creates"] == 3
        assert lab.db("SELECT count(*) FROM cs_error") == [(0,)]
    finally:
        modify(dc, dn, "delete: mS-DS-ConsistencyGuid")
        modify(dc, dn, "delete: mail")
        with dc.stopped():
            undo()


def test_write_back_rule(dc, lab):
    """It is a rule like others: staged, shown, filled only where there is nothing, and let go."""
    scope = "include_ou = OU=Pilot,OU=Staff,%s\n" % dc.BASE
    wanted = "SELECT count(*), count(wanted) FROM cs JOIN connector c ON c.id = cs.connector " \
        "WHERE c.name = ? AND want = 3"
    dn = "CN=u01,OU=Pilot,OU=Staff," + dc.BASE
    lab.use(scope)
    lab.cycle()
    assert lab.db(wanted, AD) == [(0, 0)] and "export" not in \
        [s["type"] for s in lab.cycle().steps if s["connector"] == AD]
    with dc.stopped():
        undo = dc.allow("OU=Pilot,OU=Staff," + dc.BASE,
                        "(OA;CI;WP;%s;;%s)" % (dc.CONSISTENCY, dc.sid()))
    try:
        lab.settings["export__staging_mode"] = "yes"
        lab.use(scope + "consistency_guid = yes\n")
        lab.cycle()
        assert lab.db(wanted, AD) == [(12, 12)] and not consistency(dc)
        lab.start()
        due = [o for o in lab.ctl_json("pending", "list") if o["connector"] == AD]
        assert len(due) == 12 and {o["operation"] for o in due} == {"update"}
        assert all(list(o["changes"]) == ["mS-DS-ConsistencyGuid"] for o in due)
        out = [o for o in lab.ctl_json("preview", dn)["outbound"] if o["connector"] == AD][0]
        assert 'rule "Out to AD - User ConsistencyGuid"' in out["result"], out
        assert list(out["pending_export"]) == ["mS-DS-ConsistencyGuid"]
        lab.daemon.stop()
        lab.daemon = None
        assert not consistency(dc)
        lab.settings["export__staging_mode"] = "no"
        lab.use(scope + "consistency_guid = yes\n")
        own = uuid.uuid4().bytes_le  # somebody is faster than the export, which knows nothing of it
        modify(dc, dn, "add: mS-DS-ConsistencyGuid\nmS-DS-ConsistencyGuid:: " +
               base64.b64encode(own).decode())
        r = lab.run("export", connector=AD)
        assert r.code == 0 and r.step(AD, "export")["counters"] == {"export-update": 12}, r.log
        got = consistency(dc)
        assert len(got) == 12 and got["u01"][0] == own
        # an import shows all of them; what u01 is called in Entra is what it has there
        writes = lab.emulator.stats()["writes"]
        lab.run("delta-import", connector=AD)
        states = lab.db("SELECT state, count(*) FROM cs WHERE want = 3 GROUP BY 1")
        assert states == [(4, 12)], states
        assert lab.db("SELECT count(*) FROM cs_error") == [(0,)]
        assert lab.emulator.stats()["writes"] == writes
        # switched off, everything is forgotten and nothing is cleared
        lab.use(scope)
        r = lab.run()
        assert lab.db(wanted, AD) == [(0, 0)] and len(consistency(dc)) == 12
        r = lab.run()
        assert [s["type"] for s in r.steps if s["connector"] == AD] == ["delta-import", "delta-sync"]
    finally:
        for name in consistency(dc):
            modify(dc, "CN=%s,OU=Pilot,OU=Staff,%s" % (name, dc.BASE),
                   "delete: mS-DS-ConsistencyGuid")
        with dc.stopped():
            undo()


# --- commands ---

def test_connector_commands(dc, lab):
    # the cycle that the clock begins at the start would refuse the one that is waited for below
    lab.settings["scheduler__sync_cycle_enabled"] = "no"
    lab.use("consistency_guid = yes\n")
    lab.start()
    done = lab.ctl("--json", "connector", "test", AD)
    test = json.loads(done.stdout)
    findings = {f["check"]: f for f in test["findings"]}
    assert test["error"] is None and dc.HOST in findings["sign-in"]["text"]
    assert findings["changes"]["text"].startswith("DirSync") and findings["objects"]["verdict"] == "good"
    assert findings["deleted objects"]["verdict"] == "good"
    assert findings["ms-DS-ConsistencyGuid"]["verdict"] == "bad" and done.returncode == 1
    assert any("msExch" in f["text"] for f in test["findings"] if f["check"] == "schema")
    assert "2008 R2" in findings["functional level"]["text"]
    shown = lab.ctl_json("connector", "show", AD)
    assert shown["settings"]["bind_dn"] == dc.ACCOUNT and PASSWORD not in json.dumps(shown)
    done = lab.ctl("start-sync-cycle", "--wait")
    assert done.returncode == 1, done.stdout + done.stderr  # it may not write that attribute
    shown = lab.ctl_json("connector", "show", AD)
    assert "dirsync" in shown["import_state"][0] and shown["objects"] > 60
    classes = {c["class"]: c for c in lab.ctl_json("connector", "statistics", AD)}
    assert classes["user"]["objects"] > 55 and classes["group"]["objects"] > 0
    assert len(lab.ctl_json("connector", "list")) == 2
    lab.use(password="wrong")
    lab.ctl("reload")
    done = lab.ctl("connector", "test", AD)
    assert done.returncode == 1 and "invalid credentials" in done.stderr
    assert lab.ctl("connector", "test", "nobody").returncode == 1


# --- one object at once ---

def sync_object(lab, name, code=0):
    done = lab.ctl("--json", "sync", "object", name)
    assert done.returncode == code, (done.stdout[-3000:], done.stderr)
    return json.loads(done.stdout)


def test_one_object(dc, lab):
    """What is a minute old is in Entra after one command."""
    base = "OU=Pilot,OU=Staff," + dc.BASE
    lab.settings = {"scheduler__sync_cycle_enabled": "no"}
    lab.use("include_ou = %s\n" % base)
    lab.cycle()
    lab.cycle()
    lab.start()
    chief, young, crew = ("CN=%s,%s" % (n, base) for n in ("chief", "young", "young crew"))
    user = ("dn: %s\nobjectClass: user\nsAMAccountName: %s\ndisplayName: %s\nuserAccountControl: 546\n"
            "userPrincipalName: %s@fjordline.example\n%s\n")
    dc.ldap("ldapadd", text=user % (chief, "chief", "chief", "chief", "title: Chief\n") +
            user % (young, "young", "young", "young", "manager: %s\ncarLicense: K 1\n" % chief) +
            "dn: %s\nobjectClass: group\nsAMAccountName: crew\ndisplayName: crew\nmember: %s\n"
            "member: CN=u01,%s\n" % (crew, young, base))
    try:
        report = sync_object(lab, young)
        assert [(o["dn"], o["change"]) for o in report["import"][0]["objects"]] == [
            (young, "added"), (chief, "added")]
        one = report["comparison"][0]
        assert {a["verdict"] for a in one["attributes"]} == {"same"} and one["dn"] == young
        unread = {a["attribute"]: a["source"] for a in one["not_synchronized"]}
        assert unread["carLicense"] == "K 1" and "whenChanged" in unread
        there = lab.graph.find("users", "young")
        assert lab.graph.get("/users/%s/manager" % there["id"])["displayName"] == "chief"
        report = sync_object(lab, report["anchor"])  # by objectGUID
        assert report["dn"] == young and not report["export"][0]["objects"]
        sync_object(lab, crew)
        assert lab.graph.members(lab.graph.find("groups", "crew")["id"]) == ["u01", "young"]
        # out of what is imported, and gone
        report = sync_object(lab, "CN=u00,OU=Staff," + dc.BASE, code=1)
        assert "leave it out" in report["notes"][0]
        dc.ldap("ldapdelete", young)
        report = sync_object(lab, young, code=1)
        assert "does not have" in report["notes"][0] and lab.graph.find("users", "young")
        assert lab.method() != "none"
        r = lab.cycle()  # a delta as ever
        assert r.step(AD, "import")["type"] == "delta-import" and r.counter("export-delete") == 1
        assert not r.counter("export-add") and lab.emulator.stats()["duplicateWrites"] == 0
    finally:
        for dn in (young, chief, crew):
            try:
                dc.ldap("ldapdelete", dn)
            except AssertionError:  # it is not there
                pass


# --- readiness for a change of the source of authority ---

def test_readiness(dc, lab):
    """What a real directory shows of itself is no finding; what people keep in it is."""
    base = "OU=Pilot,OU=Staff," + dc.BASE
    lab.settings = {"scheduler__sync_cycle_enabled": "no"}
    lab.use("include_ou = %s\n" % base)
    user = ("dn: CN=%s,%s\nobjectClass: user\nsAMAccountName: %s\ndisplayName: %s\n"
            "userAccountControl: 546\nuserPrincipalName: %s@fjordline.example\n%s\n")
    names = ["r-chief", "r-plain", "r-odd", "r-crew", "r-outer"]
    outside = "CN=u00,OU=Staff," + dc.BASE

    def put(name, *lines):
        return user % (name, base, name, name, name, "".join(line + "\n" for line in lines))

    def group(name, *members):
        return "dn: CN=%s,%s\nobjectClass: group\nsAMAccountName: %s\ndisplayName: %s\n%s\n" % (
            name, base, name, name, "".join("member: %s\n" % m for m in members))

    chief, plain, odd, crew, outer = ("CN=%s,%s" % (n, base) for n in names)
    dc.ldap("ldapadd", text=put("r-chief") + put("r-plain", "manager: " + chief) + put(
        "r-odd", "manager: " + outside, "seeAlso: " + chief, "carLicense: K 1", "userCertificate:: MAMCAQU=",
        "servicePrincipalName: HTTP/r-odd") + group("r-crew", chief, plain, outside) +
        group("r-outer", crew))
    try:
        lab.cycle()
        lab.cycle()
        lab.start()
        done = lab.ctl("--json", "soa", "check", chief, plain, odd, crew, outer)
        assert done.returncode == 1, done.stderr
        found = {}
        for f in json.loads(done.stdout)["findings"]:
            found.setdefault(f["name"], {})[f["code"], f["attribute"]] = f["text"]
        lately = ("changed-recently", "whenChanged")
        scope = {("keep-in-scope", None)}
        assert set(found["r-chief"]) == set(found["r-plain"]) == {lately} | scope, found
        assert set(found["r-odd"]) == {
            lately, ("reference-not-synced", "manager"), ("other-reference", "seeAlso"),
            ("attribute-not-synced", "carLicense"), ("kept-by-product", "userCertificate"),
            ("service-account", "servicePrincipalName")}, found["r-odd"]
        assert set(found["r-crew"]) == {
            lately, ("member-not-synced", "member"), ("group-not-universal", "groupType"),
            ("parent-group", None)}, found["r-crew"]
        assert set(found["r-outer"]) == {
            lately, ("nested-group", "member"), ("group-not-universal", "groupType")}
        # a change that no import has seen
        modify(dc, plain, "replace: title\ntitle: Pilot", "delete: manager")
        done = lab.ctl("--json", "soa", "check", plain)
        changed, = [f for f in json.loads(done.stdout)["findings"] if f["code"] == "not-imported"]
        assert "title" in changed["text"] and "manager" in changed["text"]
        with dc.stopped():
            done = lab.ctl("soa", "check", chief)
            assert done.returncode == 1 and not done.stdout and done.stderr, done
    finally:
        for dn in (outer, crew, odd, plain, chief):
            try:
                dc.ldap("ldapdelete", dn)
            except AssertionError:  # it is not there
                pass
