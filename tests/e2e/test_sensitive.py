"""A property that Graph refuses does not take the rest of the object along (surface = graph)."""
import sqlite3

import pytest
from lab import AAD, GRAPH_APP, SYNC_APP, Company, Graph

USER_ADMINISTRATOR = "fe930be7-5e62-47db-91af-98c3a49a38b1"  # User Administrator


def make_admin(lab, name):
    user = lab.graph.find("users", name)["id"]
    status, answer = lab.graph.call(
        "POST", "/directoryRoles/%s/members/$ref" % USER_ADMINISTRATOR,
        {"@odata.id": "https://graph.microsoft.com/v1.0/directoryObjects/" + user})
    assert status == 204, answer
    return user


def errors(lab):
    return lab.db("SELECT cs.dn, e.type, e.text, e.count, e.retry_at - e.last FROM cs_error e "
                  "JOIN cs ON cs.id = e.cs")


def retry(lab):
    """What "adsyncctl errors retry" does in the store."""
    con = sqlite3.connect(lab.folder + "/state/adsyncd.db")
    con.execute("UPDATE cs_error SET retry_at = 0")
    con.commit()
    con.close()


def patches(lab):
    return [x["status"] for x in lab.emulator.requests() if x["method"] == "PATCH"]


@pytest.fixture
def lab(make_lab):
    company = Company()
    for name in ("admin", "plain"):
        company.user(name, title="Officer", telephoneNumber="+47 1", mobile="+47 2")
    company.group("crew", [company.dn_of("admin")])
    one = make_lab(company, surface="graph", app=GRAPH_APP)
    one.cycle()
    one.cycle()
    make_admin(one, "admin")
    one.cycle()
    return one


CHANGES = {
    "mobilePhone": ("mobile", "+47 99"),
    "businessPhones": ("telephoneNumber", "+47 99"),
    "accountEnabled": ("userAccountControl", "514"),
    "userPrincipalName": ("userPrincipalName", "other@fjordline.example"),
}


def of(lab, name, *properties):
    user = lab.graph.get("/users/%s?$select=%s" % (name, ",".join(properties)))
    return [user[p] for p in properties]


@pytest.mark.parametrize("name", CHANGES)
def test_the_rest_is_sent(lab, name):
    attr, value = CHANGES[name]
    user = lab.graph.find("users", "admin")["id"]
    before, = of(lab, user, name)
    for who in ("admin", "plain"):
        lab.company.set(who, "title", "Captain")
        if name != "userPrincipalName" or who == "admin":
            lab.company.set(who, attr, value)
    lab.write()
    r = lab.run()
    assert r.step(AAD, "export")["result"] == "completed-export-errors", r.log
    assert of(lab, user, "jobTitle", name) == ["Captain", before]
    (_, kind, text, count, wait), = errors(lab)
    assert kind == "sensitive-property" and count == 1 and wait >= 1800
    assert name in text and "jobTitle" not in text and "were written" in text
    assert "Export of" in r.log and "sensitive-property" in r.log and name in r.log
    # not in each cycle, not by an initial one, and not beside another change
    n = len(patches(lab))
    for profile in ("delta", "initial", "delta"):
        r = lab.run(profile)
        assert r.step(AAD, "export")["result"] == "completed-export-errors", r.log
        assert r.code == 1
    assert len(patches(lab)) == n
    assert len(errors(lab)) == 1
    lab.company.set("admin", "title", "Purser")
    lab.write()
    lab.run()
    lab.run()
    assert of(lab, user, "jobTitle", name) == ["Purser", before]
    assert patches(lab)[n:] == [204] and len(errors(lab)) == 1
    # when somebody asks: the role is gone meanwhile
    n = len(patches(lab))
    retry(lab)
    lab.run()
    assert patches(lab)[n:] == [403] and errors(lab)[0][3] == 2
    lab.graph.call("DELETE", "/directoryRoles/%s/members/%s/$ref" % (USER_ADMINISTRATOR, user))
    retry(lab)
    lab.run()
    lab.cycle()
    assert of(lab, user, name) != [before] and errors(lab) == []


def test_another_value_is_tried_at_once(lab):
    lab.company.set("admin", "mobile", "+47 98")
    lab.write()
    lab.run()
    assert len(errors(lab)) == 1
    n = len(patches(lab))
    lab.run()
    assert len(patches(lab)) == n
    lab.company.set("admin", "mobile", "+47 97")
    lab.write()
    lab.run()
    assert patches(lab)[n:] == [403]
    # back to what the tenant has: nothing is open any more
    lab.company.set("admin", "mobile", "+47 2")
    lab.write()
    lab.run()
    lab.run("initial")
    lab.cycle()
    assert len(patches(lab)) == n + 1 and errors(lab) == []


def test_killed_between(make_lab):
    company = Company()
    company.user("admin", title="Officer", mobile="+47 2")
    lab = make_lab(company, surface="graph", app=GRAPH_APP, memory=False)
    lab.cycle()
    lab.cycle()
    make_admin(lab, "admin")
    lab.cycle()
    for i, point in enumerate(("export-after-send", "export-before-record", "export-after-record")):
        lab.company.set("admin", "title", "Captain %d" % i)
        lab.company.set("admin", "mobile", "+47 9%d" % i)
        lab.write()
        assert lab.run(fault=point).code == -9
        lab.run()
        lab.run()
        user = lab.graph.find("users", "admin")["id"]
        assert of(lab, user, "jobTitle", "mobilePhone") == ["Captain %d" % i, "+47 2"]
        assert [x[1] for x in errors(lab)] == ["sensitive-property"], errors(lab)


def test_the_service_of_synchronization_may(make_lab):
    company = Company()
    company.user("admin", title="Officer", mobile="+47 2")
    lab = make_lab(company, app=SYNC_APP)
    lab.cycle()
    lab.cycle()
    user = make_admin(lab, "admin")
    lab.company.set("admin", "mobile", "+47 99")
    lab.write()
    lab.cycle()
    assert of(lab, user, "mobilePhone") == ["+47 99"] and errors(lab) == []


@pytest.mark.parametrize("attr, bad, good, name, error", [
    ("msExchUsageLocation", "XYZ", "NO", "usageLocation", "DataValidationFailed"),
    ("userPrincipalName", "plain.@fjordline.example", "other@fjordline.example",
     "userPrincipalName", "IdentityDataValidationFailed")])
def test_an_invalid_value_is_left_out_alone(lab, attr, bad, good, name, error):
    """The same for a value that Graph would refuse: it is not asked, and the rest is sent."""
    lab.company.set("plain", attr, bad)
    lab.company.set("plain", "title", "Captain")
    lab.write()
    n = len(patches(lab))
    lab.run()
    user = lab.graph.find("users", "plain")["id"]
    assert of(lab, user, "jobTitle") == ["Captain"]
    (_, kind, text, _, _), = errors(lab)
    assert kind == error and name in text and bad in text and "were written" in text
    assert patches(lab)[n:] == [204]
    retry(lab)
    lab.run()
    lab.run("initial")
    assert patches(lab)[n:] == [204]
    (_, kind, text, count, _), = errors(lab)
    assert kind == error and bad in text and "were written" not in text and count == 2
    lab.company.set("plain", attr, good)
    lab.write()
    lab.run()
    lab.cycle()
    assert of(lab, user, name) == [good] and errors(lab) == []


@pytest.mark.parametrize("body", [
    {"mobilePhone": "1"}, {"businessPhones": ["1"]}, {"accountEnabled": False},
    {"otherMails": ["a@b.example"]}, {"userPrincipalName": "z@fjordline.example"},
    {"onPremisesImmutableId": "eA=="}, {"passwordProfile": {"password": "Secret-1!"}},
    {"jobTitle": "x", "mobilePhone": "1"}])
def test_the_emulator_refuses_what_graph_refuses(lab, body):
    graph = Graph(lab.emulator, GRAPH_APP)
    admin, plain = (lab.graph.find("users", x)["id"] for x in ("admin", "plain"))
    status, answer = graph.call("PATCH", "/users/" + admin, body)
    assert status == 403 and answer["error"]["code"] == "Authorization_RequestDenied"
    assert graph.call("PATCH", "/users/" + plain, body)[0] == 204
    assert graph.call("PATCH", "/users/" + admin, {"jobTitle": "Boss"})[0] == 204
    assert graph.call("DELETE", "/users/" + admin)[0] == 403
