"""Changes of a real AD: after every round of random ones, the connector space must be what an
independent ldapsearch shows, attribute by attribute."""
import base64
import collections
import os
import random
import shutil
import subprocess
import tempfile

import pytest
import space
from directories import PASSWORD, SambaDC
from lab import AD, Lab

SEED = int(os.environ.get("ADSYNC_SEED", "20061"))
STEPS = int(os.environ.get("ADSYNC_STEPS", "550"))
OUS = ["OU=In1", "OU=In2", "OU=Deep,OU=In1", "OU=Hidden,OU=In2", "OU=Out"]


def line(name, value):
    raw = value if isinstance(value, bytes) else value.encode()
    return "%s:: %s\n" % (name, base64.b64encode(raw).decode())


class Domain(SambaDC):
    """A domain controller, and a model of what lies where, to choose changes that make sense."""

    def __init__(self, folder, **rights):
        text = "".join("\ndn: %s,%s\nobjectClass: organizationalUnit\n" % (ou, self.BASE)
                       for ou in OUS)
        super().__init__(folder, text, **rights)
        self.random = random.Random(SEED)
        self.count = 0
        self.errors = []

    def dn(self, ou):
        return "%s,%s" % (ou, self.BASE)

    def change(self, text, *options):
        done = subprocess.run(
            ["ldapmodify", "-c", "-x", "-H", "ldaps://" + self.IP, "-D",
             "Administrator@fjordline.example", "-w", "Admin.Passw0rd1", *options],
            input=text, capture_output=True, text=True, check=False,
            env=dict(os.environ, LDAPTLS_CACERT=self.ca))
        self.errors += [l for l in done.stderr.splitlines() if l.strip()]
        return done

    def look(self):
        found = space.parse(self.ldap(
            "ldapsearch", "-LLL", "-o", "ldif-wrap=no", "-b", self.BASE, "-E", "pr=500/noprompt",
            "(|(objectClass=organizationalUnit)(description=t*))", "objectClass", "member",
            "manager"))
        self.ous = [dn for dn, e in found if b"organizationalUnit" in e["objectclass"]
                    and "Domain Controllers" not in dn]
        self.people = [dn for dn, e in found if b"group" not in e["objectclass"]
                       and b"organizationalUnit" not in e["objectclass"]]
        self.groups = {dn: [m.decode() for m in e.get("member", ())] for dn, e in found
                       if b"group" in e["objectclass"]}

    def deleted(self):
        return [dn for dn, _ in space.parse(self.ldap(
            "ldapsearch", "-LLL", "-o", "ldif-wrap=no", "-b", self.BASE, "-E", "!1.2.840.113556.1.4.417",
            "(&(isDeleted=TRUE)(objectClass=user)(sAMAccountName=*))", "1.1"))
            if "ADEL" in dn]


NAMES = ["Ola", "Kåre", "Öz, the", "a+b", "Sem;i", "Q\"uote", "<Less>", "Per  two", "#hash", "日本",
         "back\\slash", "a=b"]


def escape(name):
    out = "".join("\\" + c if c in ',+"\\<>;=' else c for c in name)
    return "\\" + out if out.startswith("#") else out


class Changes:
    """One round: some changes as LDIF. An object that was renamed or deleted is left alone."""

    def __init__(self, dc):
        dc.look()
        self.dc, self.r, self.text, self.touched = dc, dc.random, [], set()

    def new_name(self):
        self.dc.count += 1
        return "%s %d" % (self.r.choice(NAMES), self.dc.count)

    def pick(self, among):
        free = [dn for dn in among if dn not in self.touched and
                not any(dn.endswith("," + t) for t in self.touched)]
        return self.r.choice(free) if free else None

    def modify(self, dn, *lines):
        self.text.append(line("dn", dn) + "changetype: modify\n" + "".join(lines) + "\n")

    def add(self, dn, *lines):
        self.text.append(line("dn", dn) + "changetype: add\n" + "".join(lines) + "\n")

    def create(self):
        ou, name = self.pick(self.dc.ous), self.new_name()
        if not ou:
            return
        dn = "CN=%s,%s" % (escape(name), ou)
        sam = line("sAMAccountName", "s%d" % self.dc.count)
        kind = self.r.choice(["user", "user", "user", "group", "contact", "inetOrgPerson"])
        self.add(dn, "objectClass: %s\n" % kind, "description: t%d\n" % self.dc.count,
                 "" if kind == "contact" else sam, line("displayName", name))

    def create_ou(self):
        ou = self.pick(self.dc.ous)
        if ou and len(self.dc.ous) < 25:
            self.dc.count += 1
            self.add("OU=Sub %d,%s" % (self.dc.count, ou), "objectClass: organizationalUnit\n")

    def attribute(self):
        dn = self.pick(self.dc.people + list(self.dc.groups))
        if not dn:
            return
        what = self.r.randrange(6)
        if what == 0:
            self.modify(dn, "replace: displayName\n", line("displayName", self.new_name()), "-\n")
        elif what == 1:
            self.modify(dn, "replace: displayName\n-\n")
        elif what == 2:
            self.modify(dn, "replace: proxyAddresses\n", *[
                line("proxyAddresses", "smtp:x%d@fjordline.example" % self.r.randrange(50000))
                for _ in range(self.r.randrange(6))], "-\n")
        elif what == 3:
            self.modify(dn, "replace: telephoneNumber\n",
                        line("telephoneNumber", "+47 %d" % self.r.randrange(10 ** 8)), "-\n")
        elif what == 4:
            self.modify(dn, "replace: mS-DS-ConsistencyGuid\n",
                        line("mS-DS-ConsistencyGuid", self.r.randbytes(16)), "-\n")
        else:
            self.modify(dn, "replace: info\n", line("info", "x" * self.r.randrange(1, 900)), "-\n")

    def manager(self):
        dn = self.pick([p for p in self.dc.people])
        boss = self.pick(self.dc.people)
        if dn and boss and self.r.random() < 0.7:
            self.modify(dn, "replace: manager\n", line("manager", boss), "-\n")
        elif dn:
            self.modify(dn, "replace: manager\n-\n")

    def member(self):
        group = self.pick(list(self.dc.groups))
        if not group:
            return
        members = self.dc.groups[group]
        gone = self.pick([m for m in members if "ADEL" not in m])
        if gone and self.r.random() < 0.4:
            self.modify(group, "delete: member\n", line("member", gone), "-\n")
            members.remove(gone)
            return
        new = self.pick([p for p in self.dc.people + list(self.dc.groups)
                         if p not in members and p != group])
        if new:
            self.modify(group, "add: member\n", line("member", new), "-\n")
            members.append(new)

    def rename(self):
        dn = self.pick(self.dc.people + list(self.dc.groups))
        if dn:
            self.text.append(line("dn", dn) + "changetype: modrdn\n" + line(
                "newrdn", "CN=" + escape(self.new_name())) + "deleteoldrdn: 1\n\n")
            self.touched.add(dn)

    def move(self):
        dn, ou = self.pick(self.dc.people + list(self.dc.groups)), self.pick(self.dc.ous)
        if dn and ou:
            self.text.append(line("dn", dn) + "changetype: modrdn\n" + line(
                "newrdn", "CN=" + escape(self.new_name())) + "deleteoldrdn: 1\n" +
                line("newsuperior", ou) + "\n")
            self.touched.add(dn)

    def delete(self):
        dn = self.pick(self.dc.people + list(self.dc.groups))
        if dn and len(self.dc.people) > 30:
            self.text.append(line("dn", dn) + "changetype: delete\n\n")
            self.touched.add(dn)

    def rename_ou(self):
        dn = self.pick([o for o in self.dc.ous if "Sub " in o.split(",")[0]])
        if dn:
            self.dc.count += 1
            self.text.append(line("dn", dn) + "changetype: modrdn\nnewrdn: OU=Sub %d\n"
                             "deleteoldrdn: 1\n\n" % self.dc.count)
            self.touched.add(dn)

    def swap_ous(self):
        """Two folders take each other's names, and an object is moved into one of them."""
        ous = [o for o in self.dc.ous if "Sub " in o.split(",")[0]]
        a = self.pick(ous)
        b = self.pick([o for o in ous if a and o != a and o.split(",", 1)[1] == a.split(",", 1)[1]])
        if not a or not b:
            return
        parent = a.split(",", 1)[1]
        for dn, new in ((a, "OU=Sub swap"), (b, a.split(",")[0]),
                        ("OU=Sub swap," + parent, b.split(",")[0])):
            self.text.append(line("dn", dn) + "changetype: modrdn\nnewrdn: %s\ndeleteoldrdn: 1\n\n" %
                             new)
        self.touched |= {a, b}
        self.dc.count += 1
        self.add("CN=into %d,%s" % (self.dc.count, a), "objectClass: user\n",
                 "sAMAccountName: s%d\n" % self.dc.count, "description: t\n")

    def restore(self):
        gone = self.dc.deleted()
        ou = self.pick(self.dc.ous)
        if not gone or not ou:
            return
        dn = self.r.choice(gone)
        self.dc.count += 1
        self.dc.change(line("dn", dn) + "changetype: modify\ndelete: isDeleted\n-\n"
                       "replace: distinguishedName\n" + line(
                           "distinguishedName", "CN=back %d,%s" % (self.dc.count, ou)) + "-\n",
                       "-e", "!1.2.840.113556.1.4.417")

    OPS = (["create"] * 8 + ["attribute"] * 8 + ["member"] * 8 + ["manager"] * 3 + ["rename"] * 3 +
           ["move"] * 4 + ["delete"] * 2 + ["restore", "create_ou", "rename_ou", "swap_ous"])

    def apply(self, n):
        for _ in range(n):
            getattr(self, self.r.choice(self.OPS))()
        if self.text:
            self.dc.change("".join(self.text))


@pytest.fixture(scope="module")
def dc():
    folder = tempfile.mkdtemp(prefix="adsyncd-samba.")
    server = Domain(folder)
    yield server
    server.stop()
    shutil.rmtree(folder)


class DeltaLab(Lab):
    def use(self, dc, extra, source=None):
        path = os.path.join(self.folder, "ad-password")
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.write(fd, PASSWORD.encode())
        os.close(fd)
        self.write_config(source=source or "ldaps://" + dc.IP, base=dc.BASE, ad="bind_dn = %s\n"
                          "password_file = %s\nca_file = %s\n%s" %
                          (dc.ACCOUNT, path, dc.ca, extra))

    def import_ad(self, profile="delta-import"):
        r = self.run(profile, connector=AD)
        assert r.code == 0, (r.result, r.error, r.log[-3000:])
        return r


@pytest.fixture
def lab(tmp_path):
    one = DeltaLab(tmp_path, import__obsoletion_limit=100)
    yield one
    one.close()


SCOPE = ("include_ou = OU=In1,{0}\n\tOU=In2,{0}\nexclude_ou = OU=Hidden,OU=In2,{0}\n"
         .format(SambaDC.BASE))


def in_scope(dn):
    parts = dn.split(",OU=")
    folders = [p.split(",")[0] for p in parts[1:]]
    return bool(folders) and folders[-1] in ("In1", "In2") and "Hidden" not in folders


@pytest.mark.parametrize("way", ["dirsync", "usn"])
def test_random_changes(dc, lab, way):
    lab.use(dc, SCOPE + "delta = %s\n" % way)
    Changes(dc).apply(60)
    r = lab.import_ad()
    assert space.differences(space.connector_space(lab), space.directory(dc, in_scope)) == []
    done = rounds = full = 0
    kinds = collections.Counter()
    dc.errors.clear()
    while done < STEPS:
        n = dc.random.randrange(1, 30)
        Changes(dc).apply(n)
        done += n
        rounds += 1
        r = lab.import_ad()
        full += 6991 in r.events
        kinds.update(r.steps[-1]["counters"])
        wrong = space.differences(space.connector_space(lab), space.directory(dc, in_scope))
        assert wrong == [], "seed %d, round %d, %d steps: %s\n%s" % (
            SEED, rounds, done, "\n".join(wrong[:10]), r.log[-1500:])
    assert full == 0, "a change made a full import"
    assert len(dc.errors) < done / 5, dc.errors[:20]
    assert lab.db("SELECT cursor FROM connector WHERE name = ?", AD)[0][0].find(
        b'"method":"%s"' % way.encode()) > 0
    held = {a: dn for a, dn in lab.db("SELECT anchor, dn FROM container")}
    dc.look()
    assert set(dc.ous) <= set(held.values())
    print("%s: %d steps in %d rounds, %d refused by the directory: %s" %
          (way, done, rounds, len(dc.errors), dict(kinds)))
    assert min(kinds[k] for k in ("stage-rename", "stage-delete", "stage-add")) > 10, kinds
    # and a full import finds nothing to mend
    r = lab.import_ad("full-import")
    assert set(r.steps[-1]["counters"]) <= {"stage-no-change"}, r.steps[-1]


@pytest.mark.parametrize("way", ["dirsync", "usn"])
def test_killed(dc, lab, way):
    """A delta import that is killed at any point and made again ends as one that was not."""
    lab.use(dc, SCOPE + "delta = %s\n" % way)
    lab.import_ad()
    for fault in ("import-before-commit", "import-after-commit", "import-before-commit:2",
                  "import-after-commit:2"):
        Changes(dc).apply(25)
        r = lab.run("delta-import", connector=AD, fault=fault)
        assert r.end is None or ":2" in fault, "the point %s was not reached" % fault
        lab.import_ad()
        assert space.differences(space.connector_space(lab), space.directory(dc, in_scope)) == []
    # killed while everything is read
    for fault in ("import-before-commit", "import-before-obsolete"):
        r = lab.run("full-import", connector=AD, fault=fault)
        assert r.end is None
        Changes(dc).apply(10)
        lab.import_ad()
        assert space.differences(space.connector_space(lab), space.directory(dc, in_scope)) == []
