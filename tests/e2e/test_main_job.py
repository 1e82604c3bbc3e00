"""The whole main job over LDIF: every object is in the tenant, or not, as the rules say."""
from lab import AAD, AD, GRAPH_APP, ROOT, Company, generate


def test_first_cycle_and_confirmation(make_lab):
    lab = make_lab(generate(60, 12, 5))
    lab.cycle()
    tenant = lab.tenant()
    users = {k: v for k, v in tenant.items() if k.startswith("users/")}
    assert len(users) == 60 and len([k for k in tenant if k.startswith("groups/")]) == 12
    assert not [k for k in tenant if "Administrator" in k or "krbtgt" in k or "AAD_" in k
                or "SystemMailbox" in k or "Domain Users" in k]
    for dn, entry in lab.company.objects.items():
        key = "users/%s" % entry["displayName"][0]
        if key not in users or "user" not in entry["objectClass"]:
            continue
        user = users[key]
        sam = entry["sAMAccountName"][0]
        assert user["userPrincipalName"] == "%s@fjordline.example" % sam
        assert user["jobTitle"] == entry["title"][0]
        assert user["accountEnabled"] == (entry["userAccountControl"] == ["512"])
        assert user["onPremisesSyncEnabled"] is True and user["managed"] is False
        manager = entry.get("manager", [None])[0]
        assert user["manager"] == (lab.company.objects[manager]["displayName"][0] if manager else None)
    for dn, entry in lab.company.objects.items():
        if "group" in entry["objectClass"] and "isCriticalSystemObject" not in entry:
            group = tenant["groups/" + entry["displayName"][0]]
            assert group["members"] == sorted(
                lab.company.objects[m]["displayName"][0] for m in entry["member"])
            assert group["mailEnabled"] == ("mail" in entry)
    r = lab.cycle()
    assert r.counter("export-confirmed") == r.counter("stage-add") + lab.db(
        "SELECT count(*) FROM cs_link l JOIN cs ON cs.id = l.cs WHERE l.wanted = 1")[0][0]
    writes = lab.emulator.stats()["writes"]
    lab.cycle("initial")
    assert lab.emulator.stats()["writes"] == writes
    assert lab.emulator.stats()["duplicateWrites"] == 0


def test_graph_surface(make_lab):
    """Public Graph: contacts and mail-enabled groups are told of once and are no failures."""
    company = Company()
    anna = company.user("anna", title="Pilot")
    company.group("Crew", [anna])
    company.group("Postlist", [anna], groupType="2", mail="list@fjordline.example",
                  mailNickname="list")
    company.contact("Partner", "p@partners.example")
    lab = make_lab(company, surface="graph", app=GRAPH_APP)
    r = lab.run()
    assert r.code == 0, (r.result, r.log)
    assert r.counter("outside-surface") == 2 and r.events.count(6952) == 2
    assert lab.graph.find("users", "anna")["jobTitle"] == "Pilot"
    assert lab.graph.members(lab.graph.find("groups", "Crew")["id"]) == ["anna"]
    assert lab.graph.find("groups", "Postlist") is None
    for profile in ("delta", "initial"):
        r = lab.run(profile)
        assert r.code == 0 and 6952 not in r.events, r.log
    assert lab.emulator.stats()["duplicateWrites"] == 0


def test_missing_role_is_told_at_start(make_lab):
    company = Company()
    company.user("anna")
    lab = make_lab(company, surface="service", app=GRAPH_APP)
    r = lab.run()
    assert r.code == 1 and "ADSynchronization.ReadWrite.All" in r.log
    assert lab.emulator.stats()["writes"] == 0


def test_two_domains(make_lab):
    """One connector per domain naming context, one tenant."""
    company = Company()
    company.user("anna")
    lab = make_lab(company)
    other = Company("DC=south,DC=example", "fjordline.example")
    other.user("bo")
    other.write(lab.folder + "/south.ldif")
    lab.write_config(extra='[connector "south.example"]\ntype = ad\nsource = ldif:%s/south.ldif\n'
                           "base_dn = DC=south,DC=example\n" % lab.folder)
    r = lab.cycle()
    assert r.counter("export-add") == 2
    assert set(lab.tenant()) == {"users/anna", "users/bo"}
    assert r.step(AAD, "export")["result"] == "success"


def test_unverified_suffix(make_lab):
    """Entra makes up another userPrincipalName; the export is confirmed all the same."""
    company = Company()
    company.user("anna", userPrincipalName="anna@fjordline.local")
    lab = make_lab(company)
    lab.cycle()
    user = lab.graph.find("users", "anna")
    assert user["userPrincipalName"] == "anna@fjordline.onmicrosoft.com"
    r = lab.cycle()
    assert r.counter("export-confirmed") == 1
    writes = lab.emulator.stats()["writes"]
    lab.cycle("initial")
    assert lab.emulator.stats()["writes"] == writes


def test_run_profiles_one_by_one(make_lab):
    """Full Import, Full Sync and Export by themselves do what a cycle does, and no more."""
    company = Company()
    company.user("anna", title="Pilot")
    lab = make_lab(company)
    assert [s["type"] for s in lab.run("full-import").steps] == ["full-import", "full-import"]
    assert [s["type"] for s in lab.run("full-sync").steps] == ["full-sync"] * 3
    assert lab.emulator.stats()["creates"] == 0
    assert [s["type"] for s in lab.run("export").steps] == ["export"]
    assert lab.graph.find("users", "anna")["jobTitle"] == "Pilot"
    r = lab.run("delta-import", connector=AAD)
    assert [s["connector"] for s in r.steps] == [AAD] and r.counter("export-confirmed") == 1
    lab.company.set("anna", "title", "Captain")
    lab.write()
    assert lab.run("delta-import", connector=AD).counter("stage-update") == 1
    assert lab.run("delta-sync").counter("connector-flow") == 2  # one inbound, one outbound
    lab.run("export")
    assert lab.graph.find("users", "anna")["jobTitle"] == "Captain"
    assert lab.emulator.stats()["duplicateWrites"] == 0
    assert "there is no connector" in lab.run("export", connector="other").error


def test_inetorgperson(make_lab):
    """inetOrgPerson is a person like user."""
    company = Company()
    dn = company.user("anna", title="Pilot")
    company.objects[dn]["objectClass"].append("inetOrgPerson")
    lab = make_lab(company)
    lab.cycle()
    assert lab.graph.find("users", "anna")["jobTitle"] == "Pilot"
    assert lab.db("SELECT class FROM cs WHERE dn = ?", dn) == [("inetOrgPerson",)]


def test_last_outbound_rule_lost(make_lab):
    """Without rules to it, a connector is no target: what was made stays, and somebody is told."""
    company = Company()
    company.user("anna")
    lab = make_lab(company)
    lab.cycle()
    with open(lab.config, encoding="utf-8") as f:
        text = f.read()
    rules = ROOT + "/conf/rules"
    with open(lab.config, "w", encoding="utf-8") as f:
        f.write(text.replace("rules = " + rules, "rules = %s/10-in-from-ad.json, %s/20-in-from-aad.json"
                             % (rules, rules)))
    for _ in range(2):  # for as long as it lasts
        r = lab.run()
        assert 'No rule exports to connector "%s" any more; the 1 objects' % AAD in \
            r.log.replace('\\"', '"'), r.log
        assert not [s for s in r.steps if s["type"] == "export"]
    assert lab.graph.find("users", "anna") and lab.emulator.stats()["deletes"] == 0
    with open(lab.config, "w", encoding="utf-8") as f:
        f.write(text)
    lab.company.set("anna", "title", "Pilot")
    lab.write()
    assert "No rule exports" not in lab.cycle().log
    assert lab.graph.find("users", "anna")["jobTitle"] == "Pilot"
