"""Each scenario runs three ways: normally; again, which must change nothing; and killed at every
fault point in turn during every one of its cycles, then resumed to the same end. The first cycle
into an empty tenant, which most share, is killed in the scenario First and where it is another.

A snapshot of the whole laboratory before each cycle is where the kills of that cycle start.

A scenario is a class with `company()` and `steps`, a list of functions of a lab. The function
`cycle` stands for a cycle of the engine. After the last step `check(lab)` looks at the end.
"""
import copy
import difflib
import json
import os
import pickle
import shutil
import tempfile

from exchange import Exchange
from lab import Emulator, Graph, Lab, Service
from space import Image


def cycle(lab):
    """Marks a cycle in a scenario's steps."""
    raise AssertionError("run by the engine")


class Scenario:
    settings = {}
    events = None  # DNs of the events 6956, in order; None: not looked at
    results = (0,)  # exit codes that cycles may have
    rules = []     # own rules, beside the default ones
    passes = 1     # a cycle is killed at each of so many passes of a fault point
    # May the same be sent twice after a kill? What no import shows cannot be found out.
    repeats = False
    # Is the first cycle killed too? Nearly all begin with the same one, into an empty tenant: that
    # of First. True where it is another.
    first_cycle = False

    def company(self):
        raise NotImplementedError

    def check(self, lab):
        """Assertions on the end state."""

    def always(self, lab):
        """Assertions that hold after every run, also after one that was killed."""

    def before(self, lab):
        """Prepares the tenant before the first step."""


class Outcome:
    def __init__(self):
        self.blocked, self.state, self.stats = [], None, None


def mailboxes(lab):
    """What Exchange has of each, without ids."""
    ids = ("Identity", "Name", "ExternalDirectoryObjectId")
    return {m["DisplayName"]: {k: v for k, v in m.items() if k not in ids}
            for m in Exchange(lab.emulator).run("Get-Mailbox")}


def extensions(lab):
    """Values of directory extensions: {name: {attribute: value}}; their properties have the
    application's id in their names."""
    if "directory_extensions" not in lab.ad:
        return None
    status, answer = lab.graph.call("POST", "/directoryObjects/getAvailableExtensionProperties", {})
    assert status == 200, answer
    names = {o["name"]: o["name"].split("_", 2)[2] for o in answer["value"]}
    select = ",".join(["id", "displayName", *names])
    return {o["displayName"]: {names[k]: v for k, v in o.items() if k in names}
            for collection in ("users", "groups")
            for o in lab.graph.all("/%s?$select=%s" % (collection, select))}


def in_service(lab):
    """What the provisioning service has of each object, without ids; Graph shows a part of it."""
    if lab.surface != "service":
        return None
    bags = Service(lab.emulator).read_back()
    names = {anchor: bag.get("DisplayName") for anchor, bag in bags.items()}

    def named(v):
        return sorted(map(named, v)) if isinstance(v, list) else names.get(v, v)
    return {names[anchor]: {k: named(v) for k, v in bag.items()} for anchor, bag in bags.items()}


def accepted(lab):
    """What is known to have been accepted and is never shown; of objects that the rules let go it is
    forgotten, and known again when ReadBack tells it."""
    names = dict(lab.db("SELECT id, name FROM attribute"))
    return {dn: Image(image, names).attributes() for dn, image in lab.db(
        "SELECT dn, acknowledged FROM cs WHERE acknowledged IS NOT NULL AND want <> 0")}


def state(lab):
    """Everything that must be the same however the end was reached."""
    rows = lab.db("SELECT c.name, cs.dn, cs.class, cs.kind, cs.want, cs.state, cs.blocked, "
                  "cs.mv IS NOT NULL FROM cs JOIN connector c ON c.id = cs.connector "
                  "WHERE cs.kind <> 2 ORDER BY 1, 2")
    links = lab.db("SELECT s.dn, a.name, t.dn, l.imported, l.wanted, l.state FROM cs_link l "
                   "JOIN cs s ON s.id = l.cs JOIN cs t ON t.id = l.target "
                   "JOIN attribute a ON a.id = l.attribute WHERE l.imported OR l.wanted "
                   "ORDER BY 1, 2, 3")
    second = lab.tenant(lab.second) if lab.second else None
    return {"tenant": lab.tenant(), "mailboxes": mailboxes(lab) if lab.exchange else None,
            "second": second, "directory": written(lab), "extensions": extensions(lab),
            "service": in_service(lab), "accepted": accepted(lab), "rows": rows, "links": [r[1:2] + r[3:] for r in links],
            "mv": lab.db("SELECT class, count(*) FROM mv WHERE NOT deleted GROUP BY 1"),
            "outbox": lab.db("SELECT count(*) FROM outbox")}


def written(lab):
    """What a directory that can be written holds."""
    return lab.directory and {dn: {name: list(map(repr, values)) for name, values in entry.items()}
                              for dn, entry in lab.company.objects.items()}


SORT = ("connector, class, kind, want, state, blocked, mv IS NOT NULL, anchor IS NOT NULL, "
        "imported IS NOT NULL AND deleted = 0")


def kept_numbers_are_true(lab):
    """What the status shows is kept with each change; it must be what a count of the rows gives."""
    counted = lab.db("SELECT %s, count(*) FROM cs GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9" % SORT)
    assert sorted(counted) == sorted(lab.db("SELECT * FROM cs_tally WHERE n <> 0"))
    counted = lab.db("SELECT connector, phase, count(*) FROM cs_error GROUP BY 1, 2")
    assert sorted(counted) == sorted(lab.db("SELECT * FROM cs_error_tally WHERE n <> 0"))


def one_cycle(lab, scenario, out, fault=None):
    r = lab.run(fault=fault)
    kept_numbers_are_true(lab)
    out.blocked += r.blocked()
    scenario.always(lab)
    if fault:
        if ":" in fault and r.code != -9:
            return  # it is not passed so often
        assert r.code == -9, "the fault point %s was not met again" % fault
        return
    assert r.code in scenario.results, (r.result, r.error, r.log[-3000:])
    return r


def is_idle(r):
    """Did the cycle find nothing to do?"""
    return not any(name not in ("stage-no-change", "connector-no-flow")
                   for s in r.steps for name in s["counters"])


def quiet(lab, scenario, out):
    """Cycles until one has nothing to do: at most three. One that could not work is not idle."""
    for _ in range(3):
        r = lab.run()
        assert r.code in scenario.results, (r.result, r.error, r.log[-3000:])
        out.blocked += r.blocked()
        if is_idle(r):
            return


def write_rules(folder, rules):
    os.makedirs(folder + "/rules.d", exist_ok=True)
    with open(folder + "/rules.d/own.json", "w", encoding="utf-8") as f:
        json.dump({"rules": rules}, f)


class Stage:
    """A lab in a temporary folder, alone or as a copy of another's folder."""

    def __init__(self, scenario, snapshot=None):
        self.folder = tempfile.mkdtemp(prefix="adsyncd-scenario.")
        ports = {}
        if snapshot:
            shutil.rmtree(self.folder)
            shutil.copytree(snapshot.path, self.folder)
            ports = dict(snapshot.ports, directory_state=snapshot.directory)
        elif scenario.rules:
            write_rules(self.folder, scenario.rules)
        try:
            company = snapshot.company() if snapshot else scenario.company()
            self.lab = Lab(self.folder, company, memory=False, **ports, **scenario.settings)
            self.lab.killed = None  # the fault point, when a cycle was killed
            if not snapshot:
                scenario.before(self.lab)
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise

    def close(self):
        self.lab.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def emulators(lab):
    return [lab.emulator] + ([lab.second] if lab.second else [])


def ports_of(lab):
    names = ("port", "second_port")
    ports = {name: int(emulator.url.rsplit(":", 1)[1])
             for name, emulator in zip(names, emulators(lab))}
    return dict(ports, directory_port=lab.directory.port) if lab.directory else ports


def stats_of(lab):
    """What all tenants counted, summed; and the directory, if it can be written."""
    each = [emulator.stats() for emulator in emulators(lab)]
    if lab.directory:
        each.append(dict(dict.fromkeys(each[0], 0), writes=lab.directory.writes,
                         duplicateWrites=lab.directory.repeated))
    return {name: sum(s[name] for s in each) if isinstance(value, (int, float)) else value
            for name, value in each[0].items()}


class Snapshot:
    """The folder as it is before a cycle; the emulators are stopped for the copy."""

    def __init__(self, lab, blocked):
        self.ports = ports_of(lab)
        for emulator in emulators(lab):
            emulator.stop()
        self.path = tempfile.mkdtemp(prefix="adsyncd-snapshot.")
        shutil.rmtree(self.path)
        shutil.copytree(lab.folder, self.path)
        self.text = pickle.dumps(lab.company)
        self.directory = copy.deepcopy(lab.directory.state()) if lab.directory else None
        self.blocked = list(blocked)

    def company(self):
        return pickle.loads(self.text)

    def remove(self):
        shutil.rmtree(self.path, ignore_errors=True)


def play(stage, scenario, out, steps):
    """The steps, then quiet cycles, then the end."""
    lab = stage.lab
    for step in steps:
        if step is cycle:
            one_cycle(lab, scenario, out)
        else:
            step(lab)
            lab.write()
    quiet(lab, scenario, out)
    out.state = state(lab)
    out.stats = stats_of(lab)


def normal_and_again(scenario):
    """The scenario; then a delta, an initial and a delta cycle must change nothing."""
    out, stage = Outcome(), Stage(scenario)
    lab = stage.lab
    try:
        play(stage, scenario, out, scenario.steps)
        if scenario.events is not None:
            assert out.blocked == scenario.events, out.blocked
        assert out.stats["duplicateWrites"] == out.stats["hiddenDuplicates"] == 0, out.stats
        for profile in ("delta", "initial", "delta"):
            r = lab.run(profile)
            assert not r.blocked(), r.log
            assert stats_of(lab)["writes"] == out.stats["writes"], r.steps
            same(out.state, state(lab), "a %s cycle changed something" % profile)
        scenario.check(lab)
    finally:
        stage.close()


def same(a, b, why):
    if a != b:
        left, right = (json.dumps(x, indent=1, sort_keys=True, default=str).splitlines()
                       for x in (a, b))
        differ = ["- " + x for x in left if x not in right] + ["+ " + x for x in right
                                                             if x not in left]
        if not differ:  # the same lines in another order, or another number of them
            differ = list(difflib.unified_diff(left, right, lineterm="", n=2))
        raise AssertionError("%s:\n%s" % (why, "\n".join(differ[:40])))


def with_snapshots(scenario):
    """Plays it with a snapshot before each cycle, and the fault points that each cycle meets."""
    out, snapshots = Outcome(), []
    stage = Stage(scenario)
    lab = stage.lab
    ports = ports_of(lab)
    cycles = 0
    try:
        for number, step in enumerate(scenario.steps):
            if step is not cycle:
                step(lab)
                lab.write()
                continue
            snap = Snapshot(lab, out.blocked)
            restart(lab, ports)
            trace = os.path.join(lab.folder, "faults")
            if os.path.exists(trace):
                os.unlink(trace)
            idle = is_idle(one_cycle(lab, scenario, out))
            first, cycles = cycles == 0, cycles + 1
            if (idle and not first) or (first and not scenario.first_cycle):
                snap.remove()
                continue
            with open(trace, encoding="ascii") as f:
                snapshots.append((snap, number, f.read().split()))
        play(stage, scenario, out, [])
        return out, snapshots
    except BaseException:
        for snap, _, _ in snapshots:
            snap.remove()
        raise
    finally:
        stage.close()


def restart(lab, ports):
    lab.emulator = Emulator(lab.folder, port=ports["port"])
    lab.graph = Graph(lab.emulator)
    if lab.second:
        lab.second = Emulator(lab.folder + "/second", port=ports["second_port"])


def kill_once(scenario, wanted, snap, number, fault):
    """The cycle is killed at the point, repeated, and the rest goes on as usual."""
    out, stage = Outcome(), Stage(scenario, snap)
    out.blocked = list(snap.blocked)
    stage.lab.killed = fault
    why = "killed at %s in step %d" % (fault, number)
    try:
        one_cycle(stage.lab, scenario, out, fault)
        before = stats_of(stage.lab)
        one_cycle(stage.lab, scenario, out)
        play(stage, scenario, out, scenario.steps[number + 1:])
    finally:
        stage.close()
    same(wanted.state, out.state, why)
    # told at least once; the one that was on its way when it died perhaps twice
    for dn in set(wanted.blocked) | set(out.blocked):
        n, m = wanted.blocked.count(dn), out.blocked.count(dn)
        assert n <= m <= n + 1, (why, wanted.blocked, out.blocked)
    # nothing is sent twice: what was in flight is found by the import that follows. What Graph never
    # shows is sent again, for nobody knows what became of it: hiddenDuplicates
    assert scenario.repeats or out.stats["duplicateWrites"] == 0, (why, before, out.stats)


def killed(scenario):
    """Killed at each fault point that each cycle meets; how many kills there were."""
    wanted, snapshots = with_snapshots(scenario)
    kills = 0
    try:
        for snap, number, faults in snapshots:
            for fault in faults:
                kill_once(scenario, wanted, snap, number, fault)
                kills += 1
            # several exports in one cycle: killed between them too
            for fault in faults if scenario.passes > 1 and number else []:
                for n in range(2, scenario.passes + 1) if fault.startswith("export-") else []:
                    kill_once(scenario, wanted, snap, number, "%s:%d" % (fault, n))
    finally:
        for snap, _, _ in snapshots:
            snap.remove()
    return kills
