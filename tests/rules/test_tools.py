"""What administrators look at rules with: list, show, validate, diff, explain, eval, preview, lineage."""
import json
import os
import re
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "e2e"))
sys.path.insert(0, HERE)
from lab import AAD, AD, ROOT, Company, Lab, binary  # noqa: E402
from test_xml import ctl  # noqa: E402

RULES = ROOT + "/conf/rules"


def own(name, precedence, *flows, **more):
    return dict({"name": name, "precedence": precedence, "direction": "Inbound",
                 "connectorType": "ad", "sourceObjectType": "user", "targetObjectType": "person",
                 "flows": list(flows)}, **more)


def write(path, *rules):
    path.write_text(json.dumps({"rules": list(rules)}), encoding="utf-8")
    return path


# --- offline ---

def test_list_and_show():
    done = ctl("--json", "rules", "list", RULES)
    rows = json.loads(done.stdout)
    assert [r["precedence"] for r in rows] == sorted(r["precedence"] for r in rows)
    assert rows[0]["name"] == "In from AD - User Join" and rows[0]["link"] == "Provision"
    assert "In from AD - Group Common" in ctl("rules", "list", RULES).stdout
    done = ctl("rules", "show", "In from AD - Group Join", RULES)
    assert done.stdout.startswith("# %s/10-in-from-ad.json:" % RULES)
    assert json.loads(done.stdout.split("\n", 1)[1])["precedence"] == 112
    assert ctl("rules", "show", "Nothing", RULES).returncode == 1


def test_validate_warns(tmp_path):
    path = write(tmp_path / "r.json",
                 own("Own random", 1, {"dest": "employeeType", "expression": "Guid()"}),
                 own("Own random once", 2, {"dest": "employeeType", "expression": "Guid()",
                                            "executeOnce": True}),
                 own("Own quiet", 3, {"dest": "info", "source": "info"}, linkType="JoinNoFlow"),
                 own("Own out", 4, {"dest": "pager", "source": "pager"}, direction="Outbound",
                     connectorType="entra", sourceObjectType="person", targetObjectType="user"),
                 own("Own back", 5, {"dest": "info", "source": "info"}, direction="Outbound",
                     sourceObjectType="person", targetObjectType="user"),
                 own("Own write", 6, {"dest": "info", "source": "info"},
                     {"dest": "sAMAccountType", "constant": 1}, {"dest": "unheardOf", "source": "l"},
                     {"dest": "manager", "source": "manager"}, direction="Outbound",
                     sourceObjectType="person", targetObjectType="user",
                     setting="consistency_guid"))
    out = ctl("rules", "validate", path).stdout
    assert re.search(r'r.json:\d+: rule "Own random": the value differs at each synchronization', out)
    assert '"Own random once"' not in out and "JoinNoFlow: its flows are not applied" in out
    assert "1 flow(s) are sent by surface = service only: pager" in out
    assert "3 flow(s) are computed and not sent, no export writes: sAMAccountType, unheardOf, manager" in out
    assert "nothing is exported to this connector" in out and "good: 6 rules, 5 warnings" in out
    assert len(json.loads(ctl("--json", "rules", "validate", path).stdout)["warnings"]) == 5


def test_diff(tmp_path):
    old = write(tmp_path / "old.json", own("Same", 1), own("Gone", 2),
                own("Other", 3, {"dest": "info", "source": "info"}, {"dest": "cn", "source": "cn"}))
    new = write(tmp_path / "new.json", own("Same", 1), own("New", 4),
                own("Other", 5, {"dest": "info", "expression": "Trim([info])"},
                    {"dest": "cn", "source": "cn"}))
    done = ctl("rules", "diff", old, new)
    assert done.returncode == 1
    for line in ("removed: Gone (ad)", "added: New (ad)", "changed: Other (ad)",
                 "  - precedence: 3", "  + precedence: 5",
                 '  - info: {"dest":"info","source":"info"}',
                 '  + info: {"dest":"info","expression":"Trim([info])"}'):
        assert line in done.stdout.splitlines(), (line, done.stdout)
    assert "cn:" not in done.stdout and "Same" not in done.stdout
    done = ctl("rules", "diff", old, old)
    assert done.returncode == 0 and done.stdout == "the rules are the same\n"


def test_explain():
    out = ctl("rules", "explain", "In from AD - User Join", RULES).stdout
    for words in ("precedence 100", "isCriticalSystemObject NOTEQUAL TRUE and adminDescription",
                  "Link type Provision:", "Joins by mS-DS-ConsistencyGuid = sourceAnchorBinary",
                  "else by objectGUID = sourceAnchorBinary", "cloudFiltered <- IIF("):
        assert words in out, (words, out)
    out = ctl("rules", "explain", "displayName", RULES).stdout
    assert out.index("User Common from Exchange") < out.index("In from AD - User Common (")
    assert ctl("rules", "explain", "nothingOfThatName", RULES).returncode == 1


def test_eval(tmp_path):
    entry = tmp_path / "entry.json"
    entry.write_text(json.dumps({"cn": "Ada", "mails": ["a@x", "b@x"], "#member": 3,
                                 "sid": {"base64": "AQIAAAAAAAUgAAAAIAIAAA=="},
                                 "%Domain.FQDN%": "corp.example"}), encoding="utf-8")

    def value(expression, *more):
        done = ctl("rules", "eval", "--expr", expression, *more)
        return done.returncode, json.loads(done.stdout) if done.returncode == 0 else done.stderr

    assert value('UCase("a")') == (0, "A")
    assert value("[cn] & \"@\" & %Domain.FQDN%", "--entry", entry) == (0, "Ada@corp.example")
    assert value("[mails]", "--entry", entry) == (0, ["a@x", "b@x"])
    assert value("ValueCount(\"member\") + 1", "--entry", entry) == (0, 4)
    assert value("StringFromSid([sid])", "--entry", entry) == (0, "S-1-5-32-544")
    assert value("[absent]", "--entry", entry) == (0, None)
    assert value("IgnoreThisFlow") == (0, {"flow": "IgnoreThisFlow"})
    code, text = value("Trimm([cn])")
    assert code == 1 and "column 1:" in text and "did you mean Trim?" in text
    code, text = value('Error("no")')
    assert code == 1 and "no" in text
    entry.write_text("{", encoding="utf-8")
    assert value("1", "--entry", entry)[0] == 1
    assert ctl("rules", "eval").returncode == 2


# --- with a store ---

def lab_of(tmp_path, company, *rules):
    folder = tmp_path / "rules.d"
    folder.mkdir()
    write(folder / "own.json", *rules)
    return Lab(tmp_path, company, scheduler__sync_cycle_enabled="no")


def flows(preview, attribute):
    return [(f["rule"], f["verdict"]) for f in preview["flows"] if f["attribute"] == attribute]


def test_preview(tmp_path):
    company = Company()
    anna = company.user("anna", title="Pilot", mailNickname="anna")
    lab = lab_of(tmp_path, company, own("Own title", 1, {"dest": "title", "expression":
                                                         "IIF([title]=\"Pilot\",\"Captain\",NULL)"}))
    try:
        lab.run("full-import")
        lab.start()
        before = lab.db("SELECT count(*) FROM mv")[0][0], lab.emulator.stats()["writes"]
        p = lab.ctl_json("preview", anna)
        assert p["join"] == 'would be projected as person by rule "In from AD - User Join"'
        assert p["connector"] == AD and p["class"] == "person"
        scope = {r["rule"]: r for r in p["rules"]}
        assert scope["In from AD - User Join"]["in_scope"]
        lync = scope["In from AD - User Lync"]
        assert not lync["in_scope"]
        assert lync["reason"] == "msRTCSIP-PrimaryUserAddress ISNOTNULL (is absent)"
        assert flows(p, "title") == [("Own title", "applied"),
                                     ("In from AD - User Common from Exchange", "lost"),
                                     ("In from AD - User Common", "lost")]
        assert ("In from AD - User Common", "no value") in flows(p, "company")
        (out,) = p["outbound"]
        assert out["connector"] == AAD
        assert out["result"] == 'would be provisioned as user by rule "Out to AAD - User Join"'
        assert out["pending_export"]["title"] == {"from": None, "to": "Captain"}
        assert not [r for r in out["rules"] if r["rule"] == "Out to AAD - Contact Join"][0]["in_scope"]
        assert any(f["verdict"] == "not sent" for f in out["flows"])
        assert (lab.db("SELECT count(*) FROM mv")[0][0], lab.emulator.stats()["writes"]) == before
        text = lab.ctl("preview", anna).stdout
        assert "out   110  In from AD - User Lync: msRTCSIP-PrimaryUserAddress" in text
        assert "Pending export:" in text

        lab.run()
        lab.run()
        p = lab.ctl_json("preview", anna)
        assert p["join"].startswith("joined to metaverse object 1 by rule")
        assert p["outbound"][0]["pending_export"] == {}
        company.set("anna", "title", "Cook")
        lab.write()
        lab.run("delta-import")
        p = lab.ctl_json("preview", "--connector", AD, anna)
        assert p["outbound"][0]["pending_export"] == {"title": {"from": "Captain", "to": "Cook"}}
        lab.graph.soa("users", lab.graph.find("users", "anna")["id"], True)
        lab.run("delta-import")
        p = lab.ctl_json("preview", anna)
        assert "source of authority is in the cloud" in p["outbound"][0]["result"]
        company.set("anna", "isCriticalSystemObject", "TRUE")
        lab.write()
        lab.run("delta-import")
        p = lab.ctl_json("preview", anna)
        assert "would be deleted" in p["metaverse"]
        assert "would be disconnected" in p["outbound"][0]["result"]
        done = lab.ctl("preview", "CN=nobody")
        assert done.returncode == 1 and "no object with the DN" in done.stderr
    finally:
        lab.close()


def test_lineage(tmp_path):
    company = Company()
    anna = company.user("anna", title="Pilot", department="Deck",
                        manager="CN=bo,OU=Staff,DC=fjordline,DC=example")
    company.user("bo")
    lab = lab_of(tmp_path, company, own("Own info", 1, {"dest": "info", "expression":
                                                        "IIF([title]=\"Pilot\",\"x\",IgnoreThisFlow)"}))
    try:
        lab.cycle()
        time.sleep(1.1)
        company.set("anna", "title", "Captain")
        lab.write()
        lab.cycle()
        lab.start()
        rows = {r["attribute"]: r for r in lab.ctl_json("mv", "show", "--lineage", anna)}
        assert rows["title"]["rule"] == "In from AD - User Common"
        assert rows["title"]["value"] == "Captain" and rows["title"]["connector"] == AD
        assert rows["title"]["object"] == anna
        assert rows["title"]["time"] > rows["department"]["time"]
        assert rows["cloudAnchor"]["rule"] == "In from AAD - User Join"
        assert rows["cloudAnchor"]["connector"] == AAD
        assert rows["cloudAnchor"]["time"] > rows["department"]["time"]
        assert rows["manager"]["value"] == {"references": "manager"}
        assert rows["info"]["value"] == "x" and rows["info"]["rule"] is None
        assert "kept" in rows["info"]["object"]
        mv = lab.ctl_json("mv", "show", anna)
        assert set(mv["attributes"]) <= set(rows)
        assert "In from AD - User Common" in lab.ctl("mv", "show", "--lineage", anna).stdout
    finally:
        lab.close()


def test_changed_rules_ask_for_a_full_sync_of_their_connector(tmp_path):
    company = Company()
    company.user("anna", title="Pilot")
    lab = lab_of(tmp_path, company, own("Own", 1, {"dest": "info", "constant": "a"}))
    path = tmp_path / "rules.d" / "own.json"
    try:
        for _ in range(2):
            lab.cycle()
        r = lab.cycle()
        assert r.step(AD, "delta-sync") and 6127 not in r.events
        write(path, own("Own", 1, {"dest": "info", "constant": "b"}))
        r = lab.cycle()
        assert r.events.count(6127) == 1
        kinds = [(s["connector"], s["type"]) for s in r.steps if s["type"].endswith("-sync")]
        assert kinds == [(AD, "full-sync"), (AAD, "delta-sync"), (AAD, "delta-sync")]
        # words for people change nothing
        write(path, own("Own", 1, {"dest": "info", "constant": "b"}, description="Why it is so"))
        r = lab.cycle()
        assert 6127 not in r.events and r.step(AD, "delta-sync")
        write(path, own("Own", 1, {"dest": "info", "constant": "b"}, description="Why it is so"),
              own("Own out", 2, {"dest": "department", "source": "info"}, direction="Outbound",
                  connectorType="entra", sourceObjectType="person", targetObjectType="user",
                  scope=[[{"attribute": "sourceObjectType", "operator": "EQUAL", "value": "User"}]]))
        r = lab.cycle()
        kinds = [(s["connector"], s["type"]) for s in r.steps if s["type"].endswith("-sync")]
        assert kinds == [(AD, "delta-sync"), (AAD, "full-sync"), (AAD, "full-sync")]
        assert lab.tenant()["users/anna"]["department"] == "b"
    finally:
        lab.close()
