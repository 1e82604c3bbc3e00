"""What waits: looked at again when that could have changed, told as long as it lasts, and not
looked at when nothing changed. Errors: each direction and target has its own, with both names."""
import json
import os

from lab import AAD, AD, SECOND, SURFACES, Company

STAFF = "OU=Staff,DC=fjordline,DC=example"


def people(n=4):
    company = Company()
    for i in range(1, n + 1):
        company.user("user%d" % i, title="Officer", mail="user%d@fjordline.example" % i)
    return company


def own_rules(lab, *rules):
    folder = lab.folder + "/rules.d"
    os.makedirs(folder, exist_ok=True)
    with open(folder + "/own.json", "w", encoding="utf-8") as f:
        json.dump({"rules": list(rules)}, f)
    lab.write_config()


def inbound(name, precedence, *flows, **more):
    return dict({"name": name, "precedence": precedence, "direction": "Inbound",
                 "connectorType": "ad", "sourceObjectType": "user", "targetObjectType": "person",
                 "flows": list(flows)}, **more)


def outbound(name, precedence, *flows, **more):
    return inbound(name, precedence, *flows, **dict(
        {"direction": "Outbound", "connectorType": "entra", "sourceObjectType": "person",
         "targetObjectType": "user", "scope": [[{"attribute": "sourceObjectType",
                                                 "operator": "EQUAL", "value": "User"}]]}, **more))


def failing(title, text, dest="department"):
    return {"dest": dest, "expression": 'IIF([title]="%s",Error("%s"),[title])' % (title, text)}


OWN = [[{"attribute": "adminDescription", "operator": "STARTSWITH", "value": "User_own"}]]


def joins(*names):
    return [[{"csAttribute": name, "mvAttribute": name} for name in names]]


def errors(lab):
    """{(object's name, phase): (type, text)}; phase 3: outbound."""
    return {(dn.split(",")[0], phase, step): (kind, text) for dn, phase, kind, text, step in lab.db(
        "SELECT cs.dn, e.phase, e.type, e.text, c.name FROM cs_error e JOIN cs ON cs.id = e.cs "
        "JOIN connector c ON c.id = e.connector")}


def run(lab, result):
    lab.write()
    r = lab.run()
    assert r.result == result, (r.result, r.error, r.log[-2000:])
    assert r.code == (0 if result == "success" else 1)
    return r


def test_an_error_is_told_until_it_is_mended(make_lab):
    lab = make_lab(people(), scheduler__sync_cycle_enabled="no")
    lab.cycle()
    lab.cycle()
    own_rules(lab, inbound("Own", 1, failing("Bad", "not this title")))
    lab.company.set("user1", "title", "Bad")
    run(lab, "completed-sync-errors")
    for _ in range(3):
        r = run(lab, "completed-sync-errors")
        assert r.step(AD, "delta-sync")["result"] == "completed-sync-errors"
        assert "adsyncctl errors" in r.log
    lab.start()
    status = {c["name"]: c for c in lab.ctl_json("status")["connectors"]}
    assert status[AD]["sync_errors"] == status[AD]["errors"] == 1
    assert status[AAD]["sync_errors"] == 0
    listed = lab.ctl_json("errors")
    assert [e["phase"] for e in listed] == ["synchronization"]
    assert listed[0]["count"] == 4 and listed[0]["advice"] and listed[0]["target"] is None
    assert "not this title" in listed[0]["text"]
    lab.daemon.stop()
    lab.daemon = None
    lab.company.set("user1", "title", "Good")
    run(lab, "success")
    assert not errors(lab)
    assert run(lab, "success").counter("flow-failure") == 0


def test_each_direction_has_its_error(make_lab):
    lab = make_lab(people())
    own_rules(lab, inbound("Own in", 1, failing("Bad", "in")),
              outbound("Own out", 2, failing("Worse", "out", "city")))
    lab.cycle()
    lab.company.set("user1", "title", "Worse")
    run(lab, "completed-sync-errors")
    assert list(errors(lab)) == [("CN=user1", 3, AAD)]
    lab.company.set("user1", "title", "Bad")
    run(lab, "completed-sync-errors")
    both = {("CN=user1", 1, AD), ("CN=user1", 3, AAD)}
    assert set(errors(lab)) == both
    lab.company.set("user1", "title", "Worse")  # inbound is good again, outbound is not
    run(lab, "completed-sync-errors")
    assert list(errors(lab)) == [("CN=user1", 3, AAD)]
    lab.company.set("user1", "title", "Good")
    run(lab, "success")
    assert not errors(lab)


def test_each_target_has_its_error(make_lab):
    lab = make_lab(people(), second=True)
    own_rules(lab, outbound("Own out", 1, failing("Worse", "not there", "city"), connector=SECOND))
    lab.cycle()
    lab.company.set("user1", "title", "Worse")
    for _ in range(2):  # the first target's success does not clear it
        run(lab, "completed-sync-errors")
        assert list(errors(lab)) == [("CN=user1", 3, SECOND)]
    assert lab.tenant()["users/user1"]["jobTitle"] == "Worse"
    lab.start()
    listed = lab.ctl_json("errors")
    assert listed[0]["connector"] == AD and listed[0]["target"] == SECOND
    status = {c["name"]: c for c in lab.ctl_json("status")["connectors"]}
    assert status[SECOND]["sync_errors"] == 1 and status[AAD]["sync_errors"] == 0


def test_an_object_that_is_gone_has_no_error(make_lab):
    lab = make_lab(people())
    own_rules(lab, outbound("Own out", 1, failing("Worse", "out", "city")))
    lab.cycle()
    lab.company.set("user1", "title", "Worse")
    run(lab, "completed-sync-errors")
    lab.company.delete("user1")
    run(lab, "success")
    assert not errors(lab) and "users/user1" not in lab.tenant()


def test_out_of_scope_is_no_error(make_lab):
    lab = make_lab(people())
    own_rules(lab, inbound("Own in", 1, failing("Bad", "in")),
              outbound("Own out", 2, failing("Worse", "out", "city")))
    lab.cycle()
    lab.company.set("user1", "title", "Bad")
    lab.company.set("user2", "title", "Worse")
    run(lab, "completed-sync-errors")
    for name in ("user1", "user2"):
        lab.company.set(name, "adminDescription", "User_out")
    run(lab, "success")
    assert not errors(lab)


def test_references_that_went_while_in_error(make_lab):
    company = people()
    company.group("Crew", [company.dn_of("user1"), company.dn_of("user2")])
    lab = make_lab(company)
    own_rules(lab, outbound("Own out", 1, {"dest": "description", "expression":
                                           'IIF([description]="Worse",Error("x"),[description])'},
                            sourceObjectType="group", targetObjectType="group", scope=[]))
    lab.cycle()
    lab.cycle()
    company.set("Crew", "description", "Worse")
    company.member("Crew", "remove", "user1")
    company.member("Crew", "add", "user3")
    run(lab, "completed-sync-errors")
    run(lab, "completed-sync-errors")
    assert lab.tenant()["groups/Crew"]["members"] == ["user1", "user2"]
    company.set("Crew", "description", "Good")
    run(lab, "success")
    assert lab.tenant()["groups/Crew"]["members"] == ["user2", "user3"]


def test_many_without_a_partner_cost_nothing(make_lab):
    """Only those are looked at that wait for what has come."""
    company = people()
    for i in range(700):
        company.add("S-1-5-21-1-2-3-%d" % i, "CN=ForeignSecurityPrincipals",
                    ["foreignSecurityPrincipal"])
    company.other = Company("DC=partner,DC=example", "partner.example")
    company.other.user("first", ou="OU=People")
    lab = make_lab(company)
    lab.cycle()
    lab.cycle()
    assert lab.db("SELECT count(*) FROM cs_wait") == [(700,)]
    r = run(lab, "success")
    assert r.counter("disconnector-remains") == 0
    from_sid = lab.company.other.principal()[0]
    lab.company.other.user("guest", ou="OU=People", objectSid=[from_sid])
    parts = [int.from_bytes(from_sid[8 + 4 * i:12 + 4 * i], "little") for i in range(from_sid[1])]
    name = "S-1-5-" + "-".join(map(str, parts))
    company.add(name, "CN=ForeignSecurityPrincipals", ["foreignSecurityPrincipal"])
    r = run(lab, "success")
    # it did not find it, and was woken by what the second forest brought in the same cycle
    assert r.counter("disconnector-remains") == 1
    assert r.counter("disconnector-joined-no-flow") + r.counter("disconnector-joined-flow") == 1
    assert lab.db("SELECT count(*) FROM cs_wait") == [(700,)]


JOINED = ("SELECT a.dn FROM cs a JOIN cs b ON b.mv = a.mv WHERE b.dn LIKE 'CN=twin%' "
          "AND a.dn LIKE 'CN=user%'")


def with_twin(company, **attrs):
    """A second forest whose one user joins by two attributes."""
    company.other = Company("DC=partner,DC=example", "partner.example")
    company.other.user("twin", ou="OU=People", adminDescription="User_own", **attrs)
    return company


def test_a_later_clause_wakes_too(make_lab):
    """The value that is looked up stays; another one that is compared changes."""
    company = with_twin(people(), employeeID="7", department="North")
    company.set("user1", "employeeID", "7")
    company.set("user1", "department", "South")
    lab = make_lab(company)
    own_rules(lab, inbound("Own ids", 1, {"dest": "employeeID", "source": "employeeID"}),
              inbound("Own join", 2, connector="partner.example", linkType="Join", scope=OWN,
                      join=joins("employeeID", "department")))
    lab.cycle()
    assert lab.db(JOINED) == []
    company.set("user1", "department", "North")
    run(lab, "success")
    assert lab.db(JOINED) == [("CN=user1," + STAFF,)]


def test_the_right_one_of_many_candidates(make_lab):
    """Many objects have the value that is looked up; the second clause chooses one."""
    company = with_twin(people(30), employeeID="29", department="All")
    for i in range(1, 31):
        company.set("user%d" % i, "department", "All")
        company.set("user%d" % i, "employeeID", str(i))
    lab = make_lab(company)
    own_rules(lab, inbound("Own ids", 1, {"dest": "employeeID", "source": "employeeID"}),
              inbound("Own join", 2, connector="partner.example", linkType="Join", scope=OWN,
                      join=joins("department", "employeeID")))
    lab.cycle()
    assert lab.db(JOINED) == [("CN=user29," + STAFF,)]


def test_a_join_that_others_make_ambiguous(make_lab):
    """Two candidates are none; it is joined when one of them goes."""
    company = with_twin(people(), employeeID="7")
    company.set("user1", "employeeID", "7")
    company.set("user2", "employeeID", "7")
    lab = make_lab(company)
    own_rules(lab, inbound("Own ids", 1, {"dest": "employeeID", "source": "employeeID"}),
              inbound("Own join", 2, connector="partner.example", linkType="Join", scope=OWN,
                      join=joins("employeeID")))
    lab.cycle()
    assert lab.db(JOINED) == []
    company.delete("user1")
    run(lab, "success")
    assert lab.db(JOINED) == [("CN=user2," + STAFF,)]


def test_the_error_of_what_is_left(make_lab):
    """One of two objects of a person goes; the flow of the other fails: it is told on that one."""
    company = with_twin(people(), employeeID="7", title="Bad")
    company.set("user1", "employeeID", "7")
    lab = make_lab(company)
    own_rules(lab, inbound("Own ids", 1, {"dest": "employeeID", "source": "employeeID"}),
              inbound("Own join", 2, failing("Bad", "of the twin"), connector="partner.example",
                      linkType="Join", scope=OWN, join=joins("employeeID")))
    run(lab, "completed-sync-errors")
    assert list(errors(lab)) == [("CN=twin", 1, "partner.example")]
    run(lab, "completed-sync-errors")
    assert list(errors(lab)) == [("CN=twin", 1, "partner.example")]


def test_both_objects_of_a_reference_are_named(make_lab):
    company = people()
    group = company.group("Crew", [company.dn_of("user1")])
    company.set("user2", "manager", group)
    lab = make_lab(company, **SURFACES["graph"])
    r = lab.run()
    assert r.code == 1, r.result
    text = next(t for (_, phase, _), (_, t) in errors(lab).items() if phase == 2)
    assert "manager of CN=user2," + STAFF in text and group in text, text
    assert "(user)" in text and "(group)" in text, text
    assert "CN=Crew,OU=Groups" in r.log
    assert lab.tenant()["groups/Crew"]["members"] == ["user1"]


def test_a_good_import_clears_the_error(make_lab):
    lab = make_lab(people())
    lab.cycle()
    guid = lab.company.of("user1")["objectGUID"][0]
    lab.company.set("user1", "objectGUID", b"short")
    lab.write()
    lab.run()
    lab.company.set("user1", "objectGUID", guid)
    lab.write()
    lab.run()
    assert not [key for key in errors(lab) if key[1] == 0]


def test_many_errors_wait_for_a_change(make_lab):
    """When nothing changed they are told, and not all looked at; a change mends the one."""
    company = people(60)
    for i in range(1, 61):
        company.contact("c%d" % i, "user%d@fjordline.example" % i)
    lab = make_lab(company)
    for _ in range(4):
        r = run(lab, "completed-sync-errors")
    assert r.counter("flow-failure") == 0 and "60 object(s)" in r.log
    company.set("user7", "mail", "other@fjordline.example")
    run(lab, "completed-sync-errors")
    assert len(errors(lab)) == 59 and ("CN=c7", 1, AD) not in errors(lab)
    assert lab.tenant()["contacts/c7"]["mail"] == "user7@fjordline.example"
