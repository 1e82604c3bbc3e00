"""Golden files of rule features: each *.json is a company, rules, and what must come of them.

    {"about": "what the feature is",
     "rules": [ ... ],                     own rules, beside the default ones
     "defaults": false,                    or alone
     "ad": "match_users = sid",            settings of the connectors of AD
     "surface": "graph",                   else service
     "company": [["user", "anna", {"title": "Pilot"}], ["group", "Crew", ["anna"], {...}],
                 ["contact", "Partner", "p@partners.example", {...}],
                ["computer", "PC1", {...}], ["device", "Phone", {...}],  the latter an msDS-Device
                 ["foreign", "anna"]],     a foreign security principal for a user of "company"
     "other": [ ... ],                     a second domain, in a second connector
     "steps": [{"set": ["anna", "title", "Captain"]}, {"member": ["Crew", "add", "bo"]},
               {"move": ["anna", "OU=Else"]}, {"delete": "anna"}, {"hide": "anna"},
               {"show": "anna"}, {"rules": [ ... ]}, {"wait": 2},
               {"cycle": "delta"}, {"fails": "delta"},
               {"expect": {"mv": {"anna": {"title": "Pilot", "mail": null}},
                           "joined": {"anna": ["corp", "other"]},
                           "tenant": {"users/anna": {"jobTitle": "Pilot"}},
                           "absent": ["users/bo"], "counters": {"flow-failure": 1}}}]}

After the last step one more initial cycle must write nothing.
"""
import base64
import glob
import json
import os
import re
import sys
import time

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(HERE), "e2e"),
                os.path.join(os.path.dirname(os.path.dirname(HERE)), "packaging")]
from lab import AD, GRAPH_APP, ROOT, SYNC_APP, Company, Lab  # noqa: E402

OTHER = "other.example"
FILES = sorted(os.path.basename(f)[:-5] for f in glob.glob(HERE + "/*.json"))


def build(objects, company, first=None):
    for kind, name, *rest in objects:
        attrs = rest.pop() if rest and isinstance(rest[-1], dict) else {}
        attrs = {k: [base64.b64decode(v["base64"])] if isinstance(v, dict) else v
                 for k, v in attrs.items()}
        if kind == "user":
            company.user(name, **attrs)
        elif kind == "group":
            company.group(name, [company.dn_of(m) for m in (rest or [[]])[0]], **attrs)
        elif kind == "contact":
            company.contact(name, rest[0], **attrs)
        elif kind == "computer":
            company.add(name, "OU=Devices", ["person", "organizationalPerson", "user", "computer"],
                        **{"sAMAccountName": name + "$", "objectSid": company.principal(), **attrs})
        elif kind == "device":
            company.add(name, "CN=RegisteredDevices", ["msDS-Device"], **attrs)
        else:
            sid = first.of(name)["objectSid"][0]
            text = "S-1-5-" + "-".join(str(int.from_bytes(sid[8 + 4 * i:12 + 4 * i], "little"))
                                       for i in range(sid[1]))
            company.add(text, "CN=ForeignSecurityPrincipals", ["foreignSecurityPrincipal"],
                        objectSid=sid)
    return company


class Golden:
    def __init__(self, folder, data):
        self.data = data
        self.rules_folder = str(folder) + "/rules.d"
        os.mkdir(self.rules_folder)
        self.write_rules(data.get("rules", []))
        graph = data.get("surface") == "graph"
        self.lab = Lab(folder, build(data["company"], Company()), scheduler__sync_cycle_enabled="no",
                       ad=data.get("ad", ""), surface="graph" if graph else "service",
                       app=GRAPH_APP if graph else SYNC_APP)
        self.other = None
        extra = ""
        if "other" in data:
            self.other = build(data["other"], Company("DC=other,DC=example", OTHER),
                               self.lab.company)
            self.other.write(str(folder) + "/other.ldif")
            extra = ('[connector "%s"]\ntype = ad\nsource = ldif:%s/other.ldif\n'
                     'base_dn = DC=other,DC=example\n%s\n' % (OTHER, folder, data.get("ad", "")))
        self.lab.write_config(extra=extra)
        if not data.get("defaults", True):
            with open(self.lab.config, encoding="utf-8") as f:
                text = f.read()
            with open(self.lab.config, "w", encoding="utf-8") as f:
                f.write(text.replace(ROOT + "/conf/rules, ", ""))
        self.last = None
        self.fresh = False

    def write_rules(self, rules):
        with open(self.rules_folder + "/own.json", "w", encoding="utf-8") as f:
            json.dump({"rules": rules}, f)

    def company_of(self, name):
        for company in (self.lab.company, self.other):
            try:
                company.dn_of(name)
                return company
            except (KeyError, AttributeError):
                pass
        raise KeyError(name)

    def touch(self):
        self.lab.company.write(self.lab.ldif)
        if self.other:
            self.other.write(self.lab.folder + "/other.ldif")

    # --- steps ---

    def do_set(self, what):
        name, attr, *values = what
        self.company_of(name).set(name, attr, *values)
        self.touch()

    def do_member(self, what):
        self.company_of(what[0]).member(*what)
        self.touch()

    def do_move(self, what):
        self.company_of(what[0]).move(*what)
        self.touch()

    def do_delete(self, name):
        self.company_of(name).delete(name)
        self.touch()

    def do_hide(self, name):
        """Deleted, and to be restored by "show" with the same identity."""
        company = self.company_of(name)
        dn = company.dn_of(name)
        self.hidden = (company, dn, company.objects.pop(dn))
        self.touch()

    def do_show(self, name):
        company, dn, entry = self.hidden
        company.objects[dn] = entry
        self.touch()

    def do_rules(self, rules):
        self.write_rules(rules)

    def do_wait(self, seconds):
        time.sleep(seconds)

    def do_cycle(self, policy):
        self.last = self.lab.run(policy)
        assert self.last.code == 0, (self.last.result, self.last.log[-3000:])

    def do_fails(self, policy):
        self.last = self.lab.run(policy)
        assert self.last.code != 0, "it should have ended with errors"

    def mv(self, name):
        if not self.lab.daemon:
            self.lab.start()
        company = self.company_of(name)
        done = self.lab.ctl("--json", "mv", "show", company.dn_of(name))
        return json.loads(done.stdout) if done.returncode == 0 else None

    def do_expect(self, want):
        for name, attrs in want.get("mv", {}).items():
            got = self.mv(name)
            if attrs is None:
                assert got is None, "%s is in the metaverse" % name
                continue
            assert got is not None, "%s is not in the metaverse" % name
            for attr, value in attrs.items():
                have = got["attributes"].get(attr, [])
                have = have[0] if len(have) == 1 else have or None
                if isinstance(have, list):
                    have, value = sorted(have), sorted(value)
                assert have == value, (name, attr)
        for name, connectors in want.get("joined", {}).items():
            names = {AD: "corp", OTHER: "other"}
            assert sorted(names.get(c["connector"], "cloud")
                          for c in self.mv(name)["connectors"]) == sorted(connectors), name
        tenant = self.lab.tenant() if "tenant" in want or "absent" in want else {}
        for key, attrs in want.get("tenant", {}).items():
            assert key in tenant, (key, sorted(tenant))
            for attr, value in attrs.items():
                assert tenant[key].get(attr) == value, (key, attr)
        for key, number in want.get("classes", {}).items():  # of the tenant
            assert len([k for k in self.lab.tenant() if k.startswith(key)]) == number, key
        for key in want.get("absent", []):
            assert key not in tenant
        for counter, value in want.get("counters", {}).items():
            assert self.last.counter(counter) == value, counter

    def run(self):
        for step in self.data["steps"]:
            (verb, what), = step.items()
            getattr(self, "do_" + verb)(what)
        before = self.lab.emulator.stats()["writes"]
        self.lab.run("initial")
        assert self.lab.emulator.stats()["writes"] == before, "a second look wrote something"
        assert self.lab.emulator.stats()["duplicateWrites"] == 0


@pytest.mark.parametrize("name", FILES)
def test_golden(tmp_path, name):
    with open(os.path.join(HERE, name + ".json"), encoding="utf-8") as f:
        data = json.load(f)
    golden = Golden(tmp_path, data)
    try:
        golden.run()
    finally:
        golden.lab.close()


def test_all_features_have_a_file():
    """The words of a rule file that decide something are each in some golden file."""
    text = "".join(open(f, encoding="utf-8").read() for f in glob.glob(HERE + "/*.json"))
    with open(ROOT + "/lib/lang/rule/scope.h", encoding="utf-8") as f:
        table = f.read().split("#define SCOPE_OPERATORS")[1].split("enum scope_operator")[0]
    words = re.findall(r'X\(\w+,\s*"(\w+)"', table.replace("\\\n", " "))
    assert len(words) == 20
    words += ["StickyJoin", "JoinNoFlow", "Provision", "Merge", "MergeCaseInsensitive", "Replace",
              "executeOnce", "softDeleteExpiryInterval", "caseSensitive", "disabled",
              "AuthoritativeNull", "IgnoreThisFlow"]
    missing = [w for w in words if '"%s"' % w not in text and w not in text]
    assert not missing
