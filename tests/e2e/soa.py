"""A company of one user, one group and one contact, and what a migration of them asks for."""
import re

from lab import AAD, TENANT, Company

PREFIX = {"users": "User_", "groups": "Group_", "contacts": "Contact_"}
NAMES = {"users": "ann", "groups": "Crew", "contacts": "Quay"}
KINDS = tuple(NAMES)
EVENT = "6956"
REASON = "its source of authority is in the cloud (isCloudManaged is true)"


def company():
    c = Company()
    boss = c.user("boss", title="Manager")
    ann = c.user("ann", title="Pilot", manager=boss, mail="ann@fjordline.example")
    c.user("ben", title="Pilot", manager=boss)
    c.group("Crew", [ann], description="of the quay")
    c.contact("Quay", "quay@partners.example")
    return c


class Soa:
    """A lab whose company is in the tenant, exported and confirmed."""

    def __init__(self, lab):
        self.lab, self.company = lab, lab.company
        lab.cycle()
        lab.cycle()
        self.ids = {kind: lab.graph.find(kind, name)["id"] for kind, name in NAMES.items()}

    def id(self, kind, name=None):
        return self.lab.graph.find(kind, name)["id"] if name else self.ids[kind]

    def anchor(self, kind, name=None):
        return PREFIX[kind] + self.id(kind, name)

    def switch(self, cloud=True, kinds=KINDS):
        for kind in kinds:
            self.lab.graph.soa(kind, self.ids[kind], cloud)

    def change(self, name, **values):
        for attr, value in values.items():
            value = [] if value is None else value if isinstance(value, list) else [value]
            self.company.set(name, attr, *value)
        self.lab.write()

    def cycle(self, profile="delta"):
        return self.lab.cycle(profile)

    def quiet(self, *profiles):
        """Cycles that report nothing of ours and write nothing."""
        writes = self.lab.emulator.stats()["writes"]
        for profile in profiles or ("delta", "initial", "delta"):
            r = self.cycle(profile)
            assert not r.blocked(), r.log
            assert self.lab.emulator.stats()["writes"] == writes, (
                profile, self.lab.emulator.requests()[-4:])

    def row(self, kind, name=None):
        """(blocked, joined, what the rules want, state) of the object of Entra."""
        found = self.lab.db(
            "SELECT blocked, mv IS NOT NULL, want, state, imported IS NOT NULL FROM cs WHERE "
            "anchor = ?", self.anchor(kind, name))
        return found[0] if found else None

    def object(self, kind, select="id,displayName,onPremisesSyncEnabled"):
        """What the cloud has; None: nothing."""
        status, o = self.lab.graph.call("GET", "/%s/%s?$select=%s" % (kind, self.ids[kind], select))
        return o if status == 200 else None

    def state(self, kind):
        """(isCloudManaged, onPremisesSyncEnabled): the table of the documents."""
        flag = self.lab.graph.get("/%s/%s/onPremisesSyncBehavior?$select=isCloudManaged" % (
            kind, self.ids[kind]))["isCloudManaged"]
        return flag, self.object(kind)["onPremisesSyncEnabled"]

    def features(self, **switches):
        self.lab.graph.patch("/directory/onPremisesSynchronization/" + TENANT,
                             {"features": switches})

    # --- with a daemon ---

    def daemon(self):
        if not self.lab.daemon:
            self.lab.settings.setdefault("scheduler__sync_cycle_enabled", "no")
            self.lab.write_config()
            self.lab.start()

    def show(self, kind, name=None):
        self.daemon()
        return self.lab.ctl_json("cs", "show", AAD, self.anchor(kind, name))

    def shown(self, kind):
        """As a person reads it."""
        self.daemon()
        done = self.lab.ctl("cs", "show", AAD, self.anchor(kind))
        assert done.returncode == 0, done.stderr
        return done.stdout


def events(r):
    """The events 6956 of a run: {dn: {field: text}}, each object once."""
    out = {}
    for line in r.log.splitlines():
        if " event_id=%s " % EVENT not in line:
            continue
        fields = dict(re.findall(r' (\w+)="((?:[^"\\]|\\.)*)"', line))
        fields.update(re.findall(r" (\w+)=([^\s\"]+)", line))
        fields["line"] = line
        assert fields["dn"] not in out, "twice: " + line
        out[fields["dn"]] = fields
    return out


def attributes(event):
    return set(event["attributes"].split(", "))
