"""Configure group source of authority, the page with bulk updates and limits: many groups at once."""
import csv

from lab import Company
from walk import SWITCHED, TAKEN_BACK, Walk, table


def test_bulk(make_lab, tmp_path):
    c = Company()
    people = [c.user(name) for name in ("ann", "ben")]
    india = c.group("HR India", people)
    norway = c.group("HR Norway", people[:1])
    c.group("HR", [india, norway])
    w = Walk(make_lab, c)
    w.start_sync_cycle()
    w.start_sync_cycle()

    # Bulk updates: the script of the page looks a group up by its name, and sends the text "true"
    path = w.path("groups", "HR India")
    assert w.graph.call("PATCH", path + "/onPremisesSyncBehavior", {"isCloudManaged": "true"})[0] == 204
    assert w.graph.get(path + "/onPremisesSyncBehavior?$select=id,isCloudManaged")["isCloudManaged"]
    w.graph.patch(path + "/onPremisesSyncBehavior", {"isCloudManaged": False})
    w.start_sync_cycle()
    w.start_sync_cycle()

    # the same with a plan: leaves first, wave by wave, each one read back
    plan = tmp_path / "plan.csv"
    w.text("soa", "plan", "--ou", "OU=Groups," + c.domain, "--wave-size", "2", "--output", str(plan))
    with open(plan, encoding="utf-8", newline="") as f:
        rows = list(csv.DictReader(f))
    waves = [(r["Wave"], r["DisplayName"]) for r in rows]
    assert sorted(waves) == [("1", "HR India"), ("1", "HR Norway"), ("2", "HR")], waves
    assert set(w.moved("convert", "--file", str(plan), "--wave", "1", "--dry-run").values()) == {
        "not-begun"}
    done = w.moved("convert", "--file", str(plan), "--wave", "1")
    assert done == {"HR India": "done", "HR Norway": "done"}
    w.start_sync_cycle()
    assert w.graph.members(w.id("groups", "HR")) == []
    # what that has changed in the parent is confirmed first
    w.start_sync_cycle()
    assert w.moved("convert", "--file", str(plan), "--wave", "2") == {"HR": "done"}
    assert w.soa_status() | {"ann": "synced", "ben": "synced"} == {
        "HR": "converted", "HR India": "converted", "HR Norway": "converted", "ann": "synced",
        "ben": "synced"}
    assert len(w.audits(SWITCHED)) == 4
    # the list that other tools write is read as well
    names = table(tmp_path / "names.csv", ["Identity,Mode", "HR India,convert"])
    assert w.moved("convert", "--file", names) == {"HR India": "nothing-to-do"}

    # Roll back: no cloud references
    status, guest = w.graph.call("POST", "/users", {
        "accountEnabled": True, "displayName": "Cloud", "mailNickname": "cloud",
        "userPrincipalName": "cloud@fjordline.example", "passwordProfile": {"password": "Aa1!aaaa"}})
    assert status == 201
    assert w.graph.call("POST", path + "/members/$ref", {
        "@odata.id": "x/directoryObjects/" + guest["id"]})[0] == 204
    answer = w.json("soa", "rollback", india, code=1)
    assert answer["items"][0]["result"] == "refused" and "Cloud" in answer["items"][0]["text"]
    assert w.is_cloud_managed(path)
    assert w.graph.call("DELETE", path + "/members/%s/$ref" % guest["id"])[0] == 204
    assert w.moved("rollback", india) == {"HR India": "done"}
    assert w.state(path) == (False, None)
    assert path.split("/")[2] in w.audits(TAKEN_BACK)
    w.start_sync_cycle()
    shown = w.connector_object("HR India", "groups")
    assert shown["state"] == "Awaiting Export Confirmation" and not shown["blockOnPremisesSync"]
    assert w.state(path) == (False, True)
    w.start_sync_cycle()
    assert w.graph.members(path.split("/")[2]) == ["ann", "ben"]
