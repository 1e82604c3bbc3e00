"""Scenarios in which one AD is source and target at once: the anchor of a user is written to its
ms-DS-ConsistencyGuid. The end of each includes what AD holds then."""
import base64

from engine import Scenario, cycle
from lab import AD, Company
from scenarios import small

OWN = bytes(range(16))


def first():
    """One user has an anchor already; a second forest, a file, is beside."""
    c = small()
    c.set("user5", "mS-DS-ConsistencyGuid", OWN)
    c.other = Company("DC=second,DC=example", "second.example")
    c.other.user("resident")
    return c


class Written(Scenario, object):  # two bases: no scenario of its own for CMakeLists.txt
    """What holds in all of them."""
    first_cycle = True
    company = staticmethod(first)
    settings = {"directory": "consistency_guid = yes\n"}
    deletes = 0  # in the cloud

    def always(self, lab):
        assert lab.emulator.stats()["deletes"] <= self.deletes

    def check(self, lab):
        tenant = lab.tenant()
        for entry in list(lab.company.objects.values()) + list(lab.company.other.objects.values()):
            name = entry["cn"][0]
            guid = entry.get("mS-DS-ConsistencyGuid")
            own = entry["objectGUID"][0]
            if "user" not in entry["objectClass"] or entry in lab.company.other.objects.values():
                assert not guid, name
                continue
            want = OWN if name == "user5" else own
            assert guid == [want], (name, guid)
            user = tenant["users/" + entry["displayName"][0]]
            assert user["onPremisesImmutableId"] == base64.b64encode(want).decode()
        assert lab.directory.repeated == 0
        assert lab.db("SELECT count(*) FROM cs_error") == [(0,)]
        # everything that was written has been seen by an import
        assert lab.db("SELECT DISTINCT cs.state FROM cs JOIN connector c ON c.id = cs.connector "
                      "WHERE c.name = ? AND want = 3", AD) == [(4,)]


class WriteBack(Written):
    """Users that are there and one that comes later; one that has an anchor keeps it."""
    steps = [cycle, lambda lab: lab.company.user("user9", title="Officer"), cycle, cycle]

    def check(self, lab):
        super().check(lab)
        assert lab.directory.writes == 7 and len(lab.tenant()) == 12


class WriteBackByUsn(Written):
    """The same where changes are found by uSNChanged."""
    settings = {"directory": "consistency_guid = yes\ndelta = usn\n"}
    steps = [cycle, cycle]

    def check(self, lab):
        super().check(lab)
        assert lab.directory.writes == 6


def refuse(lab):
    lab.directory.refused = {"user2", "user3"}


def allow(lab):
    """The right is given, and the administrator does not wait."""
    lab.directory.refused = set()
    lab.start()
    for name in "user2", "user3":
        done = lab.ctl("errors", "retry", lab.company.dn_of(name), "--connector", AD)
        assert done.returncode == 0, done.stderr
    lab.daemon.stop()
    lab.daemon = None


def told(lab):
    """Two are refused, the others have their anchor, and all of them are in the cloud."""
    rows = lab.db("SELECT cs.dn, e.type, e.text FROM cs_error e JOIN cs ON cs.id = e.cs ORDER BY 1")
    assert [r[0] for r in rows] == [lab.company.dn_of(n) for n in ("user2", "user3")], rows
    assert all(r[1] == "permission-issue" and "INSUFF_ACCESS_RIGHTS" in r[2] for r in rows), rows
    have = [e["cn"][0] for e in lab.company.objects.values() if e.get("mS-DS-ConsistencyGuid")]
    assert sorted(have) == ["boss", "user0", "user1", "user4", "user5"]
    assert len(lab.tenant()) == 11


class WriteBackRefused(Written):
    """The account may not write two of them: told, the others go on, and it heals."""
    settings = dict(Written.settings, scheduler__sync_cycle_enabled="no")
    results = (0, 1)
    passes = 2
    steps = [refuse, cycle, told, allow, cycle]

    def check(self, lab):
        super().check(lab)
        assert lab.directory.writes == 6


def meanwhile(lab):
    """Between the import and the export: one is renamed, one goes elsewhere, one is deleted."""
    lab.directory.meanwhile = [("move", "user1", None, "User One"), ("move", "user2", "OU=Crew"),
                               ("delete", "user4")]


def gone(lab):
    """Told of the deleted one; a cycle that was killed is repeated, and its import sees the delete."""
    told = lab.db("SELECT e.type FROM cs_error e")
    assert told == [("dn-attributes-failure",)] or lab.killed and not told, told


class WriteBackMoved(Written):
    """AD changes between the import and the export: the GUID finds what is there."""
    results = (0, 1)
    deletes = 1
    steps = [meanwhile, cycle, gone, cycle, cycle]

    def check(self, lab):
        super().check(lab)
        tenant = lab.tenant()
        assert "users/user4" not in tenant
        assert tenant["users/user1"]["onPremisesDistinguishedName"].startswith("CN=User One,OU=Staff")
        assert tenant["users/user2"]["onPremisesDistinguishedName"].startswith("CN=user2,OU=Crew")
        assert lab.directory.writes == 5


ALL = [WriteBack, WriteBackByUsn, WriteBackRefused, WriteBackMoved]
