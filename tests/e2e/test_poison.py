"""One object that cannot be read or is refused: an error of its own, and everything else goes on."""
import json
import os
import shutil
import uuid

import pytest
from lab import AAD, AD, GRAPH_APP, Company
from proxy import edit, in_front

BATCH = "POST /v1.0/$batch"


def people(n=30):
    company = Company()
    for i in range(n):
        company.user("user%02d" % i, title="Officer")
    company.group("crew", [company.dn_of("user%02d" % i) for i in range(n)])
    return company


def errors(lab):
    """{connector object's DN: (type, text)} of all errors."""
    return {dn: (kind, text) for dn, kind, text in lab.db(
        "SELECT cs.dn, e.type, e.text FROM cs_error e JOIN cs ON cs.id = e.cs")}


def batches(lab):
    return lab.emulator.stats()["batches"]


def test_bad_name_in_ad(make_lab):
    """A DN that is no UTF-8: its object is named as well as can be, and everything else goes on."""
    lab = make_lab(people(3))
    lab.cycle()
    lab.company.set("user00", "title", "Captain")
    lab.write()
    dn = b"CN=Caf\xe9 \xc3\xa9,OU=Staff,DC=fjordline,DC=example"
    with open(lab.ldif, "a", encoding="ascii") as f:
        f.write("\n%sobjectClass: top\nobjectClass: user\nsAMAccountName: cafe\n%s" % (
            lab.company.line("dn", dn), lab.company.line("objectGUID", bytes(range(16)))))
    for profile in ("delta", "initial"):
        r = lab.run(profile)
        assert r.result == "completed-discovery-errors", (r.result, r.error, r.log)
        assert "CN=Caf\ufffd \u00e9,OU=Staff" in r.log
    assert lab.graph.find("users", "user00")["jobTitle"] == "Captain"
    (_, text), = errors(lab).values()
    assert "UTF-8" in text


def test_bad_text_in_one_that_moved(make_lab):
    """The new name of an object that cannot be read is known: groups keep it."""
    lab = make_lab(people(3))
    lab.cycle()
    lab.company.set("user00", "title", b"\0")
    lab.company.move("user00", name="moved")
    lab.company.set("user01", "title", b"\0")
    lab.company.move("user01", ou="OU=Elsewhere")
    new = lab.company.of(lab.company.user("new", name="user00", displayName="new"))
    new["objectGUID"] = [bytes(range(16))]
    lab.write()
    crew = lab.graph.find("groups", "crew")["id"]
    for profile in ("delta", "initial", "delta"):
        assert lab.run(profile).code == 1
        assert lab.graph.members(crew) == ["user00", "user01", "user02"]
    assert lab.graph.find("users", "new")
    for name in ("user00", "user01"):
        lab.company.set(name, "title", "Captain")
    lab.write()
    lab.cycle()
    assert lab.graph.members(crew) == ["user00", "user01", "user02"]
    assert lab.graph.find("users", "user00")["jobTitle"] == "Captain"
    assert not [r for r in lab.emulator.requests() if r["method"] == "DELETE"]


def test_long_rule_error(make_lab):
    """The text of an error has a limit, and that may lie within a character."""
    company = people(3)
    for i in range(2):
        company.set("user%02d" % i, "info", "x" * i + "ø" * 400)
    lab = make_lab(company)
    os.mkdir(lab.folder + "/rules.d")
    with open(lab.folder + "/rules.d/own.json", "w", encoding="ascii") as f:
        json.dump({"rules": [{
            "name": "Own", "precedence": 1, "direction": "Inbound", "connectorType": "ad",
            "sourceObjectType": "user", "targetObjectType": "person", "linkType": "Join",
            "flows": [{"dest": "info",
                       "expression": "IIF(IsPresent([info]),Error([info]),NULL)"}]}]}, f)
    lab.write_config()
    assert lab.run().code == 1
    lab.start()
    told = lab.ctl_json("errors")
    assert len(told) == 2
    for error in told:
        assert error["text"].startswith('rule "Own": ') and error["text"].endswith("ø")


BAD_TEXT = {
    "NUL": (b"Off\0icer", "title: the text holds a NUL character"),
    "UTF-8": (b"Caf\xe9", "title: it is not text in UTF-8"),
    "surrogate": (b"\xed\xa0\x80", "title: it is not text in UTF-8"),
    "long": (b"x" * (1024 * 1024 + 1), "title: the value is over 1 MiB"),
    "line": (b"x" * (13 * 1024 * 1024), "title: the value is over 1 MiB"),
}


@pytest.mark.parametrize("kind", BAD_TEXT)
def test_bad_text_in_ad(make_lab, kind):
    """A known object keeps what is known, a new one waits, both are named; the rest is exported."""
    value, text = BAD_TEXT[kind]
    lab = make_lab(people())
    lab.cycle()
    lab.cycle()
    lab.company.set("user03", "title", value)
    new = lab.company.user("newcomer", title=value)
    lab.company.member("crew", "add", "newcomer")
    lab.company.set("user04", "title", "Captain")
    lab.company.user("other")
    lab.write()
    r = lab.run()
    assert r.code == 1 and r.step(AD, "import")["result"] == "completed-discovery-errors", r.log
    assert r.step(AAD, "export")["result"] == "success", r.log
    assert lab.graph.find("users", "user03")["jobTitle"] == "Officer"
    assert lab.graph.find("users", "user04")["jobTitle"] == "Captain"
    assert lab.graph.find("users", "other") and not lab.graph.find("users", "newcomer")
    assert len(lab.graph.members(lab.graph.find("groups", "crew")["id"])) == 30
    told = errors(lab)
    assert told == {dn: ("invalid-attribute-value", text)
                    for dn in (lab.company.dn_of("user03"), new)}
    # mended, and gone: nothing is left of it
    lab.company.set("user03", "title", "Purser")
    lab.company.delete("newcomer")
    lab.write()
    lab.cycle()
    assert lab.graph.find("users", "user03")["jobTitle"] == "Purser"
    assert errors(lab) == {}


def test_the_others_are_deleted_and_it_is_told_as_long_as_it_lasts(make_lab):
    """One unreadable object, known by its GUID, keeps nobody else; one without a GUID keeps all."""
    lab = make_lab(people(5))
    lab.cycle()
    lab.company.of("user01")["title"] = [b"a\0b"]
    lab.company.delete("user02")
    lab.write()
    for _ in range(3):  # the file is the same: not read again, and not forgotten
        r = lab.run()
        assert r.code == 1 and r.step(AD, "import")["result"] == "completed-discovery-errors", r.log
        names = {u["displayName"] for u in lab.graph.all("/users?$top=500")}
        assert names == {"user00", "user01", "user03", "user04"}
    lab.company.of("user01")["objectGUID"] = [b"short"]
    lab.company.delete("user03")
    lab.write()
    lab.run()
    assert lab.graph.find("users", "user03")
    lab.company.of("user01")["objectGUID"] = [uuid.uuid4().bytes_le]
    lab.company.set("user01", "title", "Cook")
    lab.write()
    lab.cycle()
    assert not lab.graph.find("users", "user03")


def test_bad_dn_in_ldif(make_lab):
    lab = make_lab(people(3))
    lab.cycle()
    lab.company.user("user99")
    with open(lab.ldif, "w", encoding="utf-8") as f:
        text = lab.company.text()
        begin, end = text.split("dn: CN=user99,OU=Staff,DC=fjordline,DC=example")
        f.write(begin + lab.company.line("dn", b"CN=user99\0,OU=Staff,DC=fjordline,DC=example").rstrip("\n")
                + end)
    r = lab.run()
    assert r.step(AD, "import")["result"] == "completed-discovery-errors", r.log
    assert "dn: the text holds a NUL character" in r.log
    assert r.step(AAD, "export")["result"] == "success"


def test_object_over_the_limit(make_lab):
    """Every value is fit, all together are more than a row holds."""
    lab = make_lab(people(3))
    lab.cycle()
    lab.company.set("user01", "proxyAddresses", *["smtp:%d%s@fjordline.example" % (i, "x" * 500000)
                                                  for i in range(17)])
    lab.company.set("user02", "title", "Captain")
    lab.write()
    r = lab.run()
    assert r.step(AD, "import")["result"] == "completed-discovery-errors", r.log
    assert lab.graph.find("users", "user02")["jobTitle"] == "Captain"
    (dn, (kind, text)), = errors(lab).items()
    assert dn == lab.company.dn_of("user01") and kind == "object-too-large" and "8 MiB" in text


def test_rule_that_makes_a_nul(make_lab, tmp_path):
    """What a rule makes is looked at before it is sent."""
    rules = tmp_path / "rules.d"
    rules.mkdir()
    (rules / "own.json").write_text(json.dumps({"rules": [{
        "name": "Poison", "precedence": 50, "direction": "Inbound", "connectorType": "ad",
        "sourceObjectType": "user", "targetObjectType": "person", "linkType": "Join",
        "flows": [{"dest": "department",
                   "expression": 'IIF([title]="Poison",ConvertFromBase64("YQBi",UTF8),[title])'}]}]}))
    company = people(3)
    company.set("user01", "title", "Poison")
    lab = make_lab(company)
    shutil.move(rules, lab.folder + "/rules.d")
    lab.write_config()
    r = lab.run()
    assert lab.graph.find("users", "user02")["jobTitle"] == "Officer"
    assert not lab.graph.find("users", "user01"), r.log
    (kind, text), = errors(lab).values()
    assert "department: the value has characters that no message can hold" in text, (kind, text)


# --- $batch refused as a whole: public Graph ---

@pytest.fixture
def make_graph(make_lab):
    return lambda *args, **more: make_lab(*args, surface="graph", app=GRAPH_APP, **more)


@pytest.mark.parametrize("status", [400, 413, 403])
@pytest.mark.parametrize("who", ["user00", "user13", "user29"])
def test_batch_refused_for_one_object(make_graph, status, who):
    lab = make_graph(people(60), scheduler__sync_cycle_enabled="no")
    lab.emulator.fault(match=BATCH, status=status, count=100000, holds='"displayName":"%s"' % who)
    r = lab.run()
    assert r.code == 1 and r.step(AAD, "export")["result"] == "completed-export-errors", r.log
    names = {u["displayName"] for u in lab.graph.all("/users?$top=500")}
    assert names >= {"user%02d" % i for i in range(30)} - {who} and who not in names
    crew = lab.graph.find("groups", "crew")
    assert len(lab.graph.members(crew["id"])) == 59
    (kind, text), = errors(lab).values()
    assert kind == ("LargeObject" if status == 413 else "BadRequest") and str(status) in text
    # 61 objects in 4 batches, 59 references, and at most 2 for each halving of the one of 20
    assert batches(lab) <= 4 + 60 // 20 + 2 * 5 + 3, batches(lab)
    # it waits, and is sent by itself when it is time or somebody asks
    lab.run()
    before = batches(lab)
    lab.run()
    assert batches(lab) == before
    lab.emulator.clear_faults()
    lab.start()
    assert lab.ctl("errors", "retry", lab.company.dn_of(who)).returncode == 0
    lab.daemon.stop()
    lab.daemon = None
    lab.run()
    lab.cycle()
    assert lab.graph.find("users", who)
    assert lab.emulator.stats()["duplicateWrites"] == 0


@pytest.mark.parametrize("count", [1, 100])
def test_token_ends_while_the_service_is_asked(make_graph, count):
    """The one object that is sent is refused, and so is the question whether others are taken."""
    lab = make_graph(people(3))
    lab.cycle()
    lab.cycle()
    lab.company.set("user01", "title", "Poison")
    lab.write()
    lab.emulator.fault(match=BATCH, status=400, count=100000, holds="Poison")
    lab.emulator.fault(match=BATCH, status=401, count=count, holds="$top=1")
    r = lab.run()
    if count == 1:
        assert r.step(AAD, "export")["result"] == "completed-export-errors", r.steps
        assert [kind for kind, _ in errors(lab).values()] == ["BadRequest"]
    else:
        assert "the service refuses the token" in r.step(AAD, "export")["error"]


def test_references_and_deletes_refused_as_a_whole(make_graph):
    lab = make_graph(people())
    lab.cycle()
    lab.cycle()
    ids = {u["displayName"]: u["id"] for u in lab.graph.all("/users?$top=500")}
    lab.company.group("second", [lab.company.dn_of("user%02d" % i) for i in range(25)])
    lab.company.delete("user28")
    lab.company.delete("user29")
    lab.write()
    lab.emulator.fault(match=BATCH, status=400, count=100000,
                       holds="directoryObjects/" + ids["user07"])
    lab.emulator.fault(match=BATCH, status=400, count=100000,
                       holds='"DELETE","url":"/users/%s"' % ids["user28"])
    r = lab.run()
    assert r.step(AAD, "export")["result"] == "completed-export-errors", r.log
    members = lab.graph.members(lab.graph.find("groups", "second")["id"])
    assert members == ["user%02d" % i for i in range(25) if i != 7]
    assert lab.graph.find("users", "user28") and not lab.graph.find("users", "user29")
    assert len(errors(lab)) == 2


def test_several_in_one_batch_are_all_found(make_graph):
    lab = make_graph(people(20))
    bad = ["user03", "user04", "user11", "user19"]
    for who in bad:
        lab.emulator.fault(match=BATCH, status=400, count=100000, holds='"displayName":"%s"' % who)
    lab.run()
    names = {u["displayName"] for u in lab.graph.all("/users?$top=500")}
    assert {"user%02d" % i for i in range(20)} - names == set(bad)
    assert len(errors(lab)) == 4


def test_a_service_that_refuses_everything_blames_nobody(make_graph):
    lab = make_graph(people(60))
    lab.emulator.fault(match=BATCH, status=400, count=100000)
    r = lab.run()
    assert r.step(AAD, "export")["result"] == "stopped-export-write", r.log
    assert errors(lab) == {} and lab.emulator.stats()["creates"] == 0
    refused = [x for x in lab.emulator.requests() if "$batch" in x["path"]]
    assert len(refused) <= 40, len(refused)
    lab.emulator.clear_faults()
    lab.run()
    assert lab.emulator.stats()["creates"] == 61


@pytest.mark.parametrize("part", [True, False])
@pytest.mark.parametrize("status", [500, 503, 502])
def test_one_object_that_the_service_fails_at(make_graph, part, status):
    """Looked up, sent again, given up: the rest and the references go on."""
    lab = make_graph(people(25))
    lab.emulator.fault(match="POST /users" if part else BATCH, batchPart=part, status=status,
                       retryAfter=0, count=100000, holds='"displayName":"user05"' if not part
                       else '"displayName": "user05"')
    r = lab.run()
    crew = lab.graph.find("groups", "crew")
    if not part and status == 503:
        assert r.step(AAD, "export")["result"] == "stopped-connectivity"  # throttled, as it says
        return
    assert r.step(AAD, "export")["result"] == "completed-export-errors", r.log
    assert len(lab.graph.members(crew["id"])) == 24
    (kind, _), = errors(lab).values()
    assert kind == "service-failure"


def test_one_poison_by_itself_is_found_with_a_probe(make_graph):
    lab = make_graph(people(5))
    lab.cycle()
    lab.cycle()
    lab.company.set("user02", "title", "Poison")
    lab.write()
    lab.emulator.fault(match=BATCH, status=400, count=100000, holds="Poison")
    before = batches(lab)
    r = lab.run()
    assert r.step(AAD, "export")["result"] == "completed-export-errors", r.log
    assert len(errors(lab)) == 1 and batches(lab) - before <= 2


@pytest.mark.parametrize("point", ["export-after-send", "export-before-record", "export-after-record"])
def test_killed_between_the_halves(make_graph, point):
    lab = make_graph(people(20), memory=False)
    lab.emulator.fault(match=BATCH, status=400, count=100000, holds='"displayName":"user13"')
    assert lab.run(fault=point).code == -9
    r = lab.run()
    assert r.step(AAD, "export")["result"] == "completed-export-errors", r.log
    lab.run()
    assert len(lab.graph.all("/users?$top=500")) == 19 + len([
        u for u in lab.graph.all("/users?$top=500") if not u["displayName"].startswith("user")])
    assert lab.emulator.stats()["duplicateWrites"] == 0
    assert len(errors(lab)) == 1


# --- what Graph may answer ---

BAD_ANSWER = {
    "NUL": (b'"Off\\u0000icer"', "jobTitle: the text holds a NUL character"),
    "surrogate": (b'"\\ud83d"', "jobTitle: the text holds a NUL character"),
    "bytes": (b'"Caf\xe9"', "jobTitle: the text holds a NUL character"),
    "control": (b'"a\x01b"', "jobTitle: the text holds a NUL character"),
    "type": (b"{}", "jobTitle: a string was expected"),
    "long": (b'"' + b"x" * (1024 * 1024 + 1) + b'"', "jobTitle: the value is over 1 MiB"),
}


@pytest.mark.parametrize("profile", ["delta", "initial"])
@pytest.mark.parametrize("kind", BAD_ANSWER)
def test_one_object_of_an_answer(make_lab, kind, profile):
    """What cannot be read is an error of that object, which keeps what is known."""
    value, text = BAD_ANSWER[kind]
    lab = make_lab(people(5))
    lab.cycle()
    lab.cycle()
    for name in ("user01", "user02"):
        lab.company.set(name, "department", "Deck")
    lab.write()
    lab.cycle()
    lab.company.set("user03", "title", "Captain")
    lab.write()

    def change(line, status, data):
        if "/users/delta" not in line:
            return None
        at = data.find(b'"displayName":"user01"')
        where = data.find(b'"jobTitle":"Officer"', at)
        if at < 0 or where < 0:
            return None
        return status, data[:where] + b'"jobTitle":' + value + data[where + 20:]

    with in_front(lab, change):
        r = lab.run(profile)
        assert r.step(AAD, "import")["result"] == "completed-discovery-errors", r.log
        assert text in r.log
        assert r.step(AAD, "export")["result"] == "success", r.log
    assert lab.graph.find("users", "user03")["jobTitle"] == "Captain"
    assert lab.emulator.stats()["deletes"] == 0
    assert [v for v in errors(lab).values()] == [("invalid-attribute-value", text)]


def test_a_list_without_an_end(make_lab):
    """A nextLink that leads to itself, and pages that never hold anything."""
    lab = make_lab(people(3))
    lab.cycle()

    def itself(line, status, data):
        if "isCloudManaged" not in line or "/users" not in line:
            return None
        return status, edit(data, lambda b: b.update({"@odata.nextLink": proxy.url + line.split()[1]}))

    with in_front(lab, itself) as proxy:
        r = lab.run()
    assert r.step(AAD, "import")["result"] == "stopped-import-read", r.log
    assert "the list never ends" in r.log

    def no_link(line, status, data):
        if "isCloudManaged" not in line or "/users" not in line:
            return None
        return status, edit(data, lambda b: b.update({"@odata.nextLink": 5}))

    lab.write_config()
    with in_front(lab, no_link):
        r = lab.run()
    assert r.step(AAD, "import")["result"] == "stopped-import-read", r.log


def test_a_flag_that_cannot_be_read_releases_nobody(make_lab):
    """The list of objects that the cloud manages decides who is overwritten."""
    lab = make_lab(people(3))
    lab.cycle()
    lab.cycle()
    lab.graph.soa("users", lab.graph.find("users", "user01")["id"], True)
    lab.cycle()
    lab.company.set("user01", "title", "Captain")
    lab.write()

    def change(line, status, data):
        if "isCloudManaged" not in line or "/users" not in line:
            return None
        return status, edit(data, lambda b: b["value"][0].update(id="//"))

    with in_front(lab, change):
        r = lab.run()
    assert r.step(AAD, "import")["result"] == "completed-discovery-errors", r.log
    assert lab.graph.find("users", "user01")["jobTitle"] == "Officer"


@pytest.mark.parametrize("what", ["list", "next", "json", "id"])
def test_answers_that_say_nothing_match_nobody(make_lab, what):
    """Public Graph: a list of candidates that cannot be read is no empty list."""
    company = people(3)
    lab = make_lab(company, surface="graph", app=GRAPH_APP)

    def change(line, status, data):
        if "deletedItems" in line and what in ("json", "next", "id"):
            return status, {"json": b"{", "next": edit(data, lambda b: b.update(
                {"@odata.nextLink": "https://elsewhere.example/x"})),
                "id": edit(data, lambda b: b["value"].append({"onPremisesImmutableId": "x"}))}[what]
        if "$batch" in line and what == "list":
            def cut(b):
                for x in b["responses"]:
                    if "value" in x.get("body", {}):
                        del x["body"]["value"]
            return status, edit(data, cut)
        return None

    with in_front(lab, change):
        r = lab.run()
    assert r.code == 1 and lab.emulator.stats()["creates"] <= 1, r.log  # the group may
    assert not lab.graph.find("users", "user01")
