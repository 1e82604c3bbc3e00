"""What the provisioning service takes and Graph never shows: sent once, kept as what was accepted, and
told as that. `readBack` refused: the import learns nothing of it, as with a service that has none."""
import pytest
from lab import AAD, Company, Service, Sync


def company():
    c = Company()
    ann = c.user("ann", title="Pilot", info="Likes the sea", countryCode="578",
                 msExchHideFromAddressLists="TRUE", mailNickname="ann")
    bob = c.user("bob", title="Cook")
    c.user("cat", title="Mate")
    c.group("Crew", [ann, bob], info="Old ship", extensionAttribute1="deck", managedBy=ann,
            mailNickname="crew", groupType="2", mail="crew@fjordline.example",
            proxyAddresses=["SMTP:crew@fjordline.example"])
    c.contact("Partner", "partner@partners.example", info="Port", extensionAttribute1="quay",
              authOrig=[ann])
    return c


def kept(lab, name):
    """What the service has of an object, names in lower case, references by the name of the target."""
    orders(lab, readBack="answers")
    bags = Service(lab.emulator).read_back().values()
    orders(lab, readBack=lab.read_back)
    names = {bag["SourceAnchor"]: bag.get("DisplayName") for bag in bags}
    out, = [{k.lower(): v for k, v in bag.items()} for bag in bags if bag.get("DisplayName") == name]
    for key in ("authorig", "managedby"):
        v = out.get(key) or []
        out[key] = sorted(names[a] for a in (v if isinstance(v, list) else [v]))
    return out


def sent(lab):
    return lab.emulator.stats()["provisionObjects"]


def orders(lab, **what):
    status, answer = lab.emulator.request("POST", "/emulator/service", what)
    assert status == 204, answer


def tells(lab, answer):
    """What a full import learns of what Graph does not show."""
    lab.read_back = answer
    orders(lab, readBack=answer)


def change(lab, who, attr, *values):
    lab.company.set(who, attr, *values)
    lab.write()


def row_state(lab, name):
    return lab.db("SELECT cs.state, cs.acknowledged IS NULL FROM cs JOIN mv ON mv.id = cs.mv "
                  "JOIN cs source ON source.mv = mv.id AND source.connector <> cs.connector "
                  "WHERE source.dn LIKE ? AND cs.connector = (SELECT id FROM connector WHERE name = ?)",
                  "CN=%s,%%" % name, AAD)[0]


CONFIRMED = 4


@pytest.fixture
def lab(make_lab):
    lab = make_lab(company(), surface="service", scheduler__sync_cycle_enabled="no")
    tells(lab, "refused")
    lab.cycle()
    lab.cycle()
    return lab


def quiet(lab, *profiles):
    """Cycles that send nothing."""
    before = sent(lab)
    for profile in profiles or ("delta", "delta", "initial", "full-import", "full-sync", "export"):
        r = lab.run(profile)
        assert r.code == 0, (profile, r.result, r.error, r.log[-3000:])
        assert sent(lab) == before, (profile, r.log[-3000:])


def behind_our_back(lab, kind, name, **values):
    """Changes the service's object; nobody who imports learns it."""
    bag = kept(lab, name)
    Service(lab.emulator).set(kind, bag["sourceanchor"], **values)


def test_it_is_sent_once(lab):
    assert kept(lab, "ann")["info"] == "Likes the sea"
    assert kept(lab, "ann")["countrycode"] == "578"
    assert kept(lab, "ann")["msexchhidefromaddresslists"] == "true"
    crew = kept(lab, "Crew")
    assert (crew["info"], crew["extensionattribute1"]) == ("Old ship", "deck")
    partner = kept(lab, "Partner")
    assert (partner["info"], partner["extensionattribute1"]) == ("Port", "quay")
    behind_our_back(lab, "Group", "Crew", info="Edited")
    quiet(lab)
    assert kept(lab, "Crew")["info"] == "Edited"
    assert row_state(lab, "Crew") == (CONFIRMED, 0)


def test_a_change_is_sent_alone(lab):
    behind_our_back(lab, "Group", "Crew", info="Edited")
    change(lab, "Crew", "extensionAttribute1", "bridge")
    before = sent(lab)
    lab.cycle()
    crew = kept(lab, "Crew")
    assert (crew["info"], crew["extensionattribute1"]) == ("Edited", "bridge")
    assert sent(lab) == before + 1
    assert row_state(lab, "Crew")[0] == CONFIRMED  # no import could confirm it
    quiet(lab)
    # beside something that is shown, the import confirms both
    lab.company.set("Crew", "description", "Sails")
    change(lab, "Crew", "extensionAttribute1", "mast")
    before = sent(lab)
    lab.cycle()
    assert sent(lab) == before + 1 and row_state(lab, "Crew")[0] != CONFIRMED
    lab.cycle()
    assert row_state(lab, "Crew")[0] == CONFIRMED
    assert kept(lab, "Crew")["extensionattribute1"] == "mast"
    quiet(lab, "delta", "initial")


def test_clearing_is_sent_once(lab):
    change(lab, "ann", "info")
    change(lab, "Partner", "info")
    before = sent(lab)
    lab.cycle()
    assert sent(lab) == before + 2
    assert not kept(lab, "ann").get("info") and not kept(lab, "Partner").get("info")
    behind_our_back(lab, "Contact", "Partner", info="Edited")
    quiet(lab)
    assert kept(lab, "Partner")["info"] == "Edited"


def test_references(lab):
    assert kept(lab, "Crew")["managedby"] == ["ann"]
    assert kept(lab, "Partner")["authorig"] == ["ann"]
    quiet(lab)
    lab.company.set("Partner", "authOrig", lab.company.dn_of("bob"))
    change(lab, "Crew", "managedBy", lab.company.dn_of("cat"))
    lab.cycle()
    assert kept(lab, "Crew")["managedby"] == ["cat"]
    assert kept(lab, "Partner")["authorig"] == ["bob"]
    quiet(lab)
    change(lab, "Partner", "authOrig")
    lab.cycle()
    assert not kept(lab, "Partner")["authorig"]
    # the target goes, and comes again as another object
    lab.company.delete("cat")
    lab.write()
    lab.cycle()
    lab.cycle()
    quiet(lab, "delta", "initial")


def test_read_back_is_believed(lab):
    """Where the service tells what it has, a change behind our back is seen and set back."""
    tells(lab, "answers")
    quiet(lab, "delta", "initial")
    behind_our_back(lab, "Group", "Crew", info="Edited")
    quiet(lab, "delta")  # only a full import asks
    assert kept(lab, "Crew")["info"] == "Edited"
    lab.cycle("initial")
    assert kept(lab, "Crew")["info"] == "Old ship"
    quiet(lab, "delta", "initial")


def test_a_roll_back_sends_all(lab):
    """While the cloud had it, anything may have become of what is not shown: also what is empty."""
    crew = lab.graph.find("groups", "Crew")["id"]
    lab.graph.soa("groups", crew, True)
    lab.cycle()
    lab.graph.soa("groups", crew, False)
    behind_our_back(lab, "Group", "Crew", info="Edited", extensionAttribute2="of the cloud")
    lab.run()
    lab.cycle()
    bag = kept(lab, "Crew")
    assert bag["info"] == "Old ship" and not bag.get("extensionattribute2")
    assert bag["managedby"] == ["ann"]
    quiet(lab, "delta", "initial")


def test_out_of_scope_and_back(lab):
    """Of an object that the cloud had meanwhile nothing is known: all of it is sent."""
    user = lab.graph.find("users", "ann")["id"]
    lab.graph.soa("users", user, True)
    lab.cycle()
    change(lab, "ann", "adminDescription", "User_away")
    lab.run()
    lab.graph.soa("users", user, False)
    behind_our_back(lab, "User", "ann", info="Edited", countryCode=None,
                    msExchAssistantName="Of the cloud")
    change(lab, "ann", "adminDescription")
    lab.run()
    lab.cycle()
    ann = kept(lab, "ann")
    assert (ann["info"], ann["countrycode"]) == ("Likes the sea", "578")
    assert not ann.get("msexchassistantname")
    quiet(lab, "delta", "initial")


def test_an_object_that_is_made_again_gets_all_of_it(lab):
    Sync(lab.emulator).delete("/groups/" + lab.graph.find("groups", "Crew")["id"])
    lab.run("initial")
    lab.cycle()
    crew = kept(lab, "Crew")
    assert (crew["info"], crew["extensionattribute1"]) == ("Old ship", "deck")
    assert crew["managedby"] == ["ann"]
    quiet(lab, "delta", "initial")


def test_it_is_shown_truthfully(lab):
    lab.start()
    dn, = lab.db("SELECT cs.dn FROM cs JOIN cs source ON source.mv = cs.mv AND source.id <> cs.id "
                 "WHERE source.dn LIKE 'CN=Crew,%' AND cs.class = 'group'")[0]
    o = lab.ctl_json("cs", "show", AAD, dn)
    assert o["acknowledged"]["info"] == ["Old ship"] and "info" not in o["imported"]
    assert not o["pending_export"] and o["state"] == "Confirmed"
    refs, = [r for r in o["references"] if r["attribute"] == "managedBy"]
    assert refs["imported"] and refs["state"] == "Confirmed"
    text = lab.ctl("cs", "show", AAD, dn).stdout
    assert "Accepted; the directory does not show it" in text and "Old ship" in text
    change(lab, "Crew", "info", "New ship")
    lab.run("delta-import")
    lab.run("delta-sync")
    o = lab.ctl_json("cs", "show", AAD, dn)
    assert o["pending_export"] == {"info": {"from": ["Old ship"], "to": ["New ship"]}}
    shown, = [t for t in lab.ctl_json("preview", lab.company.dn_of("Crew"))["outbound"]
              if t["connector"] == AAD]
    assert shown["pending_export"] == {"info": {"from": "Old ship", "to": "New ship"}}, shown
    pending = lab.ctl_json("pending", "list")
    assert [p["changes"] for p in pending if p["dn"] == dn] == [o["pending_export"]]
    lab.run("export")
    assert not lab.ctl_json("cs", "show", AAD, dn)["pending_export"]
    assert not lab.ctl_json("pending", "list")


def test_a_warning_of_a_success(lab):
    """The service takes an object and says something: told, kept, counted as success."""
    orders(lab, faults=[{"kind": "warning", "count": 1, "text": "ProxyAddresses was left out"}])
    change(lab, "Crew", "info", "New ship")
    r = lab.run()
    assert r.result == "completed-warnings" and r.events.count(6942) == 1, r.log[-3000:]
    assert r.counter("export-update") == 1 and not r.counter("export-failure")
    assert "ProxyAddresses was left out" in r.log
    quiet(lab, "delta")  # told once
    lab.start()
    e, = lab.ctl_json("errors")
    assert (e["type"], e["phase"]) == ("accepted-with-warning", "export") and e["advice"]
    assert "ProxyAddresses was left out" in e["text"]
    o = lab.ctl_json("cs", "show", AAD, e["dn"])
    assert "ProxyAddresses was left out" in o["warning"]
    change(lab, "Crew", "info", "Third ship")
    lab.cycle()
    assert not lab.ctl_json("errors") and not lab.ctl_json("cs", "show", AAD, e["dn"])["warning"]
