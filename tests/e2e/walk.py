"""What a person does who follows one of the documents: commands, Graph, and looking at both."""
import json
import os
import re

from lab import AAD, AD, TENANT, Sync, q

SWITCHED = "Change Source of Authority from AD to cloud"
TAKEN_BACK = "Undo changes to Source of Authority from AD DS to cloud"
MASTERED = "on-premises mastered"


class Walk:
    """A lab with a daemon that starts no cycle by itself."""

    def __init__(self, make_lab, company, **more):
        self.lab = make_lab(company, scheduler__sync_cycle_enabled="no", **more)
        self.company, self.graph = company, self.lab.graph
        self.lab.start()

    # --- commands ---

    def start_sync_cycle(self):
        """Start-ADSyncSyncCycle."""
        done = self.lab.ctl("--wait", program="start-sync-cycle")
        assert done.returncode == 0, (done.stdout, done.stderr)
        return done.stdout

    def json(self, *argv, code=0):
        done = self.lab.ctl("--json", *argv)
        assert done.returncode == code, (argv, done.stdout[-3000:], done.stderr)
        return json.loads(done.stdout)

    def text(self, *argv, code=0):
        done = self.lab.ctl(*argv)
        assert done.returncode == code, (argv, done.stdout[-3000:], done.stderr)
        return done.stdout + done.stderr

    def moved(self, what, *argv):
        """soa convert and rollback: what became of each object."""
        return {o["name"]: o["result"] for o in self.json("soa", what, *argv)["items"]}

    def soa_status(self, *names):
        return {o["name"]: o["state"] for o in self.json("soa", "status", *names)["objects"]}

    def findings(self, *argv, code=0):
        """{(name, code of the finding)} of soa check."""
        return {(f["name"], f["code"]): f for f in self.json("soa", "check", *argv, code=code)["findings"]}

    def events(self):
        """The events 6956 so far: (dn, names of attributes)."""
        out = []
        for line in self.lab.daemon.log().splitlines():
            if " event_id=6956 " in line:
                dn = re.search(r' dn="((?:[^"\\]|\\.)*)"', line).group(1)
                names = re.search(r' attributes=(?:"([^"]*)"|(\S+))', line)
                out.append((dn, set((names.group(1) or names.group(2)).split(", ")) if names else None))
        return out

    def change(self, name, **values):
        for attr, value in values.items():
            self.company.set(name, attr, *(value if isinstance(value, list) else [value]))
        self.lab.write()

    def rename(self, old, new):
        """In AD Users and Computers: name, and the name that is shown."""
        self.company.move(old, name=new)
        self.change(new, displayName=new)

    # --- Graph Explorer ---

    def id(self, kind, name):
        return self.graph.find(kind, name)["id"]

    def path(self, kind, name):
        return "/%s/%s" % (kind, self.id(kind, name))

    def is_cloud_managed(self, path):
        return self.graph.get(path + "/onPremisesSyncBehavior?$select=isCloudManaged")["isCloudManaged"]

    def synced(self, path):
        return self.graph.get(path + "?$select=onPremisesSyncEnabled")["onPremisesSyncEnabled"]

    def state(self, path):
        return self.is_cloud_managed(path), self.synced(path)

    def read_only(self, path, **body):
        status, answer = self.graph.call("PATCH", path, body)
        assert status == 400 and MASTERED in answer["error"]["message"], answer

    def audits(self, activity):
        """Ids of the objects that the audit log has for an activity."""
        found = self.graph.get(q("/auditLogs/directoryAudits?$filter=activityDisplayName eq '%s'"
                                 % activity))["value"]
        return [r["targetResources"][0]["id"] for r in found]

    def allow_takeover(self, allowed):
        self.graph.patch("/directory/onPremisesSynchronization/" + TENANT, {"features": {
            "blockCloudObjectTakeoverThroughHardMatchEnabled": not allowed}})

    # --- Synchronization Service Manager ---

    def connector_object(self, name, kind):
        """Search by RDN, then Lineage, then Metaverse Object Properties, then Connectors."""
        found, = [o for o in self.json("cs", "search", "CN=%s," % name, "--connector", AD)
                  if o["dn"].startswith("CN=%s," % name)]
        person = self.json("mv", "show", found["dn"])
        assert self.json("mv", "show", found["dn"], "--lineage")
        one, = [c for c in person["connectors"] if c["connector"] == AAD]
        assert re.fullmatch(r"CN=\{[0-9A-F]+\}", one["dn"])
        assert one["anchor"].startswith({"users": "User_", "groups": "Group_"}[kind])
        return self.json("cs", "show", AAD, one["dn"])


def cloud_sync(walk, path, body):
    """What Cloud Sync's job would send of a change in AD, and what its log has of it."""
    assert Sync(walk.lab.emulator).refusal("PATCH", path, body)
    return walk.graph.get("/auditLogs/provisioning")["value"][0]


def table(path, rows):
    """A list as the commands read it."""
    with open(path, "w", encoding="utf-8") as f:
        f.writelines(row + "\n" for row in rows)
    return os.fspath(path)
