"""What becomes of converted objects in a real directory: disabled, renamed, moved, deleted, restored.

The rows of test_soa_engine.py that depend on what a domain controller does and tells.
"""
import base64
import os
import shutil
import tempfile

import pytest
from directories import PASSWORD, SambaDC
from lab import AD, Lab
from names import mount_over
from soa import NAMES, Soa, attributes, events

BASE = SambaDC.BASE
DNS = {"ann": "CN=ann,OU=Staff," + BASE, "Crew": "CN=Crew,OU=Staff," + BASE,
       "Quay": "CN=Quay,OU=Staff," + BASE}


def objects():
    out = ["\ndn: %s,%s\nobjectClass: organizationalUnit\n" % (ou, BASE)
           for ou in ("OU=Staff", "OU=Cloud", "OU=Hidden")]
    for name in ("ann", "ben"):
        out.append("\ndn: CN=%s,OU=Staff,%s\nobjectClass: user\nsAMAccountName: %s\ndisplayName: %s\n"
                   "userPrincipalName: %s@fjordline.example\nuserAccountControl: 546\ntitle: Pilot\n"
                   % (name, BASE, name, name, name))
    out.append("\ndn: CN=Crew,OU=Staff,%s\nobjectClass: group\nsAMAccountName: Crew\ndisplayName: Crew\n"
               "groupType: -2147483640\nmember: CN=ann,OU=Staff,%s\n" % (BASE, BASE))
    out.append("\ndn: CN=Ships,OU=Staff,%s\nobjectClass: group\nsAMAccountName: Ships\n"
               "displayName: Ships\nmember: CN=ann,OU=Staff,%s\nmember: CN=Crew,OU=Staff,%s\n"
               % (BASE, BASE, BASE))
    out.append("\ndn: CN=Quay,OU=Staff,%s\nobjectClass: contact\ndisplayName: Quay\n"
               "mail: quay@partners.example\n" % BASE)
    return "".join(out)


@pytest.fixture
def dc():
    folder = tempfile.mkdtemp(prefix="adsyncd-samba.")
    server = SambaDC(folder, objects())
    mount_over("/etc/hosts", "127.0.0.1 localhost\n%s %s dc1\n" % (server.IP, server.HOST), folder)
    yield server
    server.stop()
    shutil.rmtree(folder)


class World(Soa):
    def __init__(self, lab, dc):
        self.dc = dc
        path = os.path.join(lab.folder, "ad-password")
        fd = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        os.write(fd, PASSWORD.encode())
        os.close(fd)
        lab.ad = ("bind_dn = %s\npassword_file = %s\nca_file = %s\nexclude_ou = OU=Hidden,%s\n"
                  % (dc.ACCOUNT, path, dc.ca, BASE))
        lab.settings["scheduler__sync_cycle_enabled"] = "no"
        write = lab.write_config
        lab.write_config = lambda: write(source="ldaps://" + dc.HOST, base=BASE)
        lab.write_config()
        super().__init__(lab)

    def modify(self, dn, *changes):
        self.dc.modify("dn: %s\nchangetype: modify\n%s\n" % (
            dn, "".join(c + "\n-\n" for c in changes)))

    def move(self, dn, rdn, parent):
        self.dc.modify("dn: %s\nchangetype: modrdn\nnewrdn: %s\ndeleteoldrdn: 1\nnewsuperior: %s\n"
                       % (dn, rdn, parent))

    def reanimate(self, name, dn):
        """As from the recycle bin, with the same GUID and SID."""
        found = self.dc.ldap("ldapsearch", "-LLL", "-o", "ldif-wrap=no", "-b",
                             "CN=Deleted Objects," + BASE, "-E", "!1.2.840.113556.1.4.417",
                             "(&(isDeleted=TRUE)(cn=%s*))" % name, "dn")
        old = next(line for line in found.splitlines() if line.startswith("dn"))
        old = (base64.b64decode(old[5:]).decode() if old.startswith("dn:: ") else old[4:])
        encoded = base64.b64encode(old.encode()).decode()
        self.dc.modify("dn:: %s\ncontrol: 1.2.840.113556.1.4.417 true\nchangetype: modify\n"
                       "delete: isDeleted\n-\nreplace: distinguishedName\n"
                       "distinguishedName: %s\n-\n" % (encoded, dn))


def test_with_a_domain_controller(tmp_path, dc):
    lab = Lab(tmp_path)
    try:
        world = World(lab, dc)
        tool(world)
        walk(world)
    finally:
        lab.close()


def tool(w):
    """adsyncctl soa, there and back: what it reads of AD comes from the domain controller."""
    lab, names = w.lab, [DNS[name] for name in ("ann", "Crew", "Quay")]
    lab.start()
    checked = lab.ctl("soa", "check", *names, "--json")
    assert "changed-recently" in checked.stdout and not checked.stderr, checked
    plan = lab.folder + "/plan.csv"
    assert lab.ctl("soa", "plan", "--ou", "OU=Staff," + BASE, "--output", plan).returncode == 0
    with open(plan, encoding="utf-8") as f:
        text = f.read()
    assert all(dn in text for dn in names)
    done = lab.ctl("soa", "convert", *names, "--force")
    assert done.returncode == 0, done.stdout + done.stderr
    states = {o["source_dn"]: o["state"] for o in lab.ctl_json("soa", "status", *names)["objects"]}
    assert states == dict.fromkeys(names, "converted")
    backup = lab.ctl_json("soa", "backup", "show", DNS["ann"])
    assert "Pilot" in str(backup)
    done = lab.ctl("soa", "rollback", *names, "--force")
    assert done.returncode == 0, done.stdout + done.stderr
    lab.daemon.stop()
    lab.daemon = None
    w.cycle()
    w.cycle()
    lab.start()
    states = {o["source_dn"]: o["state"] for o in lab.ctl_json("soa", "status", *names)["objects"]}
    assert states == dict.fromkeys(names, "synced")
    lab.daemon.stop()
    lab.daemon = None


def walk(w):
    ships = w.id("groups", "Ships")
    assert w.lab.graph.members(ships) == ["Crew", "ann"]
    w.switch()
    w.cycle()
    # an AD group keeps the user, and loses the group
    assert w.lab.graph.members(ships) == ["ann"]
    before = w.lab.tenant()
    # changed, disabled, renamed, moved: reported once, by name
    w.modify(DNS["ann"], "replace: title\ntitle: Captain")
    assert attributes(events(w.cycle())[DNS["ann"]]) == {"title"}
    w.modify(DNS["Crew"], "add: member\nmember: CN=ben,OU=Staff," + BASE)
    assert attributes(events(w.cycle())[DNS["Crew"]]) == {"member"}
    w.move(DNS["ann"], "CN=ann", "OU=Cloud," + BASE)
    moved = "CN=ann,OU=Cloud," + BASE
    assert attributes(events(w.cycle())[moved]) == {"onPremisesDistinguishedName"}
    w.quiet("delta", "initial")
    assert w.lab.tenant() == before
    # out of what is read, and back
    w.move(moved, "CN=ann", "OU=Hidden," + BASE)
    event, = events(w.cycle()).values()
    assert event["operation"] == "delete"
    assert "out of scope" in w.show("users")["kept"]
    w.move("CN=ann,OU=Hidden," + BASE, "CN=ann", "OU=Staff," + BASE)
    w.cycle()
    assert w.row("users")[:2] == (1, 1)
    # deleted, and restored with the same GUID
    for name in NAMES.values():
        w.dc.ldap("ldapdelete", DNS[name])
    told = events(w.cycle())
    assert [e["operation"] for e in told.values()].count("delete") == 3
    w.quiet("delta", "initial")
    assert w.lab.emulator.stats()["deletes"] == 0
    for kind in NAMES:
        assert w.object(kind) and w.show(kind)["kept"]
    for name, dn in DNS.items():
        w.reanimate(name, dn)
    for name, sam in (("ann", "ann"), ("Crew", "Crew")):
        w.modify(DNS[name], "replace: displayName\ndisplayName: " + sam)
    w.modify(DNS["Quay"], "replace: displayName\ndisplayName: Quay", "replace: mail\nmail: quay@partners.example")
    w.modify(DNS["ann"], "replace: userPrincipalName\nuserPrincipalName: ann@fjordline.example")
    w.cycle()
    w.cycle()
    for kind in NAMES:
        assert w.row(kind)[:2] == (1, 1), kind
    # and the way back
    w.switch(False)
    w.cycle()
    w.cycle()
    for kind in NAMES:
        assert w.state(kind) == (False, True), kind
    assert w.lab.emulator.stats()["deletes"] == 0
