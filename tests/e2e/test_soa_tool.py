"""adsyncctl soa: where objects stand, and moving their source of authority."""
import re

from lab import AAD, Company, Graph


def world(make_lab):
    company = Company()
    company.user("ann", title="Pilot", mail="ann@fjordline.example")
    company.user("ben", title="Pilot", mail="ben@fjordline.example")
    company.user("cay", name="Same Name", title="Cook", mail="cay@fjordline.example")
    company.user("dot", name="Same Name", ou="OU=Ships", title="Cook", mail="dot@fjordline.example")
    company.group("Crew", members=[company.dn_of("ann"), company.dn_of("ben")])
    lab = make_lab(company, scheduler__sync_cycle_enabled="no")
    lab.cycle()
    lab.cycle()
    lab.start()
    return lab


def user_id(lab, name):
    return lab.graph.find("users", name)["id"]


def status(lab, *argv):
    return lab.ctl_json("soa", "status", *argv)


def test_whoever_is_named_is_found_and_nobody_is_guessed(make_lab, tmp_path):
    lab = world(make_lab)
    ann = user_id(lab, "ann")
    upn = lab.graph.get("/users/" + ann)["userPrincipalName"]
    dn = lab.company.dn_of("ann")
    for name in (dn, dn.lower(), ann, ann.upper(), "User_" + ann, upn, "ANN@fjordline.example", "ann"):
        found = status(lab, name)["objects"]
        assert [(o["source_dn"], o["anchor"], o["state"], o["problem"]) for o in found] == [
            (dn, "User_" + ann, "synced", None)], name
    (same,) = status(lab, "Same Name")["objects"]
    assert "several objects" in same["problem"] and same["state"] is None
    (nobody,) = status(lab, "nobody@fjordline.example")["objects"]
    assert "no object has this" in nobody["problem"]
    # an object that is named twice is there once; a group's members; what is below a DN
    assert len(status(lab, dn, upn, ann)["objects"]) == 1
    assert sorted(o["name"] for o in status(lab, "--group", "Crew")["objects"]) == ["ann", "ben"]
    below = status(lab, "--ou", lab.company.domain)["objects"]
    assert {"ann", "ben", "Crew"} <= {o["name"] for o in below}
    done = lab.ctl("soa", "status", "--ou", "OU=Nowhere," + lab.company.domain)
    assert done.returncode == 1 and "no source has objects below" in done.stderr
    done = lab.ctl("soa", "status", "--group", "ann")
    assert done.returncode == 1 and "is not a group" in done.stderr
    # lists, as other tools write them
    table = tmp_path / "list.csv"
    table.write_text("\ufeffIdentity,Mode,Note\r\n%s,Cloud,\"a, b\"\r\n\"%s\",,\r\n" % (upn, lab.company.dn_of("ben")),
                     encoding="utf-8")
    rows = status(lab, "--file", str(table))["objects"]
    assert [(o["name"], o.get("mode")) for o in rows] == [("ann", "Cloud"), ("ben", None)]
    table.write_text("# people\n\n  %s \n%s\n" % (upn, lab.company.dn_of("ben")), encoding="utf-8")
    assert [o["name"] for o in status(lab, "--file", str(table))["objects"]] == ["ann", "ben"]
    table.write_text("Identity,Mode\n%s,Cloud\n" % dn, encoding="utf-8")
    done = lab.ctl("soa", "status", "--file", str(table))
    assert done.returncode == 2 and "list.csv:2:" in done.stderr and "in quotes" in done.stderr


def test_the_state_table(make_lab):
    lab = world(make_lab)
    ann = user_id(lab, "ann")
    native = lab.graph.call("POST", "/users", {
        "displayName": "Native", "mailNickname": "native", "accountEnabled": True,
        "userPrincipalName": "native@fjordline.example",
        "passwordProfile": {"password": "xWwvJ]6NMw+bWH-d"}})
    assert native[0] == 201, native
    lab.cycle()

    def place(name):
        (o,) = status(lab, name)["objects"]
        return o["state"]

    assert place("ann") == "synced" and place("Native") == "cloud-native"
    lab.graph.soa("users", ann, True)
    lab.cycle()
    assert place("ann") == "converted"
    out = status(lab, "--filter", "converted")
    assert [o["name"] for o in out["objects"]] == ["ann"]
    assert out["counts"]["user"]["converted"] == 1 and out["counts"]["group"]["synced"] >= 1
    lab.graph.soa("users", ann, False)
    r = lab.run("delta-import", connector=AAD)
    assert r.code == 0
    assert place("ann") == "awaiting-takeover"
    lab.cycle()
    lab.cycle()
    assert place("ann") == "synced"
    done = lab.ctl("soa", "status", "--filter", "sideways")
    assert done.returncode == 1 and 'no state "sideways"' in done.stderr
    done = lab.ctl("soa", "status")
    assert done.returncode == 0 and "cloud-native" in done.stdout and "STATE" in done.stdout


def test_what_was_not_sent_is_kept(make_lab):
    """In the store as in the journal; in the shape that the emulator's log has, too."""
    lab = world(make_lab)
    ann = user_id(lab, "ann")
    lab.graph.soa("users", ann, True)
    lab.cycle()
    lab.company.set("ann", "title", "Captain")
    lab.company.set("ann", "department", "Bridge")
    lab.write()
    assert lab.cycle().blocked() == [lab.company.dn_of("ann")]
    lab.cycle()
    (o,) = status(lab, "ann")["objects"]
    assert o["blocked_changes"] == 1 and re.match(r"20\d\d-.*Z$", o["since"])
    (ben,) = status(lab, "ben")["objects"]
    assert ben["blocked_changes"] == 0 and ben["since"] is None
    (skip,) = lab.ctl_json("soa", "log")
    assert skip["provisioningAction"] == "update"
    assert skip["provisioningStatusInfo"] == {"status": "skipped", "errorInformation": None}
    assert skip["provisioningSteps"][0]["description"] == (
        "As the SOA of this user is in the cloud, this object will not sync.")
    assert {p["displayName"] for p in skip["modifiedProperties"]} == {"title", "department"}
    assert skip["sourceIdentity"]["id"] == lab.company.dn_of("ann")
    assert skip["targetIdentity"] == {
        "id": ann, "displayName": "ann", "identityType": "User", "details": {}}
    # the same fields as the cloud's own log has
    sync = Graph(lab.emulator, lab.app)
    assert sync.call("PATCH", "/users/" + ann, {"jobTitle": "x"})[0] == 400
    assert set(lab.graph.get("/auditLogs/provisioning")["value"][0]) == set(skip)
    text = lab.ctl("soa", "log", "5")
    assert text.returncode == 0 and "will not sync. Changed: " in text.stdout
    assert lab.ctl("soa", "log", "x").returncode == 2
