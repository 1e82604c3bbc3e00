"""adsyncctl export --dry-run and pending diff --wire: what the next export would send, without sending it."""
import fcntl
import os
import re
import sqlite3
import stat
import xml.etree.ElementTree as ET

import nbfx
import pytest
from lab import AAD, GRAPH_APP, Company
from service import WORDS

SET, CHANGES = "ProvisionAzureADSyncObjects", "ProvisionAzureADSyncObjects2"


def people(n=3):
    company = Company()
    for i in range(1, n + 1):
        company.user("user%d" % i, "Ünï Çode %d & <more>" % i if i == 1 else None, title="Captain")
    company.set("user1", "manager", company.dn_of("user2"))
    company.group("crew", [company.dn_of("user%d" % i) for i in range(1, n + 1)])
    company.contact("Outside", "outside@other.example")
    return company


def serve(make_lab, tmp_path, company=None, **settings):
    lab = make_lab(company or people(), surface="service", scheduler__sync_cycle_enabled="no",
                   emulator=("--record", str(tmp_path / "record")), **settings)
    lab.start()
    return lab


def prepare(lab):
    """A cycle up to the export."""
    lab.write()
    for profile in ("delta-import", "delta-sync"):
        assert lab.run(profile).code == 0


def dump(lab):
    con = sqlite3.connect("file:%s/state/adsyncd.db?mode=ro" % lab.folder, uri=True)
    try:
        return "\n".join(con.iterdump())
    finally:
        con.close()


def dry_run(lab, folder, *argv, code=0):
    """({file: root element}, what was printed). The store and the tenant stay as they are."""
    before, requests = dump(lab), lab.emulator.stats()["requests"]
    done = lab.ctl("export", "--dry-run", str(folder), *argv)
    assert done.returncode == code, (done.stdout, done.stderr)
    assert dump(lab) == before
    assert lab.emulator.stats()["requests"] - requests <= 1  # the question itself
    out = {}
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
        with open(path, encoding="utf-8") as f:
            text = f.read()
        out[name] = ET.fromstring(text)
        assert out[name].findtext(".//{%s}BearerToken" % nbfx.CHANGE) in (None, "")
        assert text.count("\n") > 10 and "\n    <" in text  # indented
    assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
    return out, done.stdout


def body(root):
    """The operation as text that can be compared: the order of attributes is that of a process."""
    element = root.find("{%s}Body" % nbfx.SOAP)[0]
    for bag in element.iter("{%s}PropertyValues" % nbfx.OBJECT):
        bag[:] = sorted(bag, key=lambda pair: pair[0].text)
    for e in element.iter():
        e.tail = None
        if len(e):
            e.text = None
        e.text = e.text or None
    return ET.tostring(element, encoding="unicode")


def recorded(tmp_path):
    """The bodies that an export has sent."""
    out = []
    with open(tmp_path / "record", "rb") as f:
        for line in f:
            data = f.read(int(line))
            assert f.read(1) == b"\n"
            if not data.startswith(b"{"):
                out.append(body(nbfx.read(data, WORDS)))
    return [text for text in out if "ReadBack" not in text]


def objects(root):
    """[(type, operation, {key: values})]"""
    out = []
    for o in root.iter("{%s}AzureADSyncObject" % nbfx.OBJECT):
        bag = {}
        for pair in o.iter("{%s}KeyValueOfstringanyType" % nbfx.ARRAYS):
            v = pair.find("{%s}Value" % nbfx.ARRAYS)
            bag[pair.findtext("{%s}Key" % nbfx.ARRAYS)] = (
                None if v.get("{%s}nil" % nbfx.XSI) else
                [e.text for e in v.iter() if not len(e) and (e.text or "").strip()])
        out.append((o.findtext("{%s}SyncObjectType" % nbfx.OBJECT),
                    o.findtext("{%s}SyncOperation" % nbfx.OBJECT), bag))
    return out


def test_it_is_what_the_export_sends(make_lab, tmp_path):
    """First adds with their references, then changes, clears and deletes: value for value."""
    lab = serve(make_lab, tmp_path)
    folder = tmp_path / "first"
    done = lab.ctl("export", "--dry-run", str(folder))
    assert done.returncode == 1 and "no cycle has run yet" in done.stderr and not os.listdir(folder)
    prepare(lab)
    files, text = dry_run(lab, folder)
    assert list(files) == ["0001-GetCompanyConfiguration.xml", "0002-%s.xml" % SET,
                           "0003-%s.xml" % SET, "0004-%s.xml" % CHANGES,
                           "0005-FinalizeExport.xml"], list(files)
    assert "export-add 5" in text and "reference-add 4" in text and "5 messages in" in text
    first = objects(files["0002-%s.xml" % SET])
    assert {(kind, op) for kind, op, _ in first} == {("User", "Set"), ("Group", "Set"), ("Contact", "Set")}
    assert any(bag.get("displayName") == ["Ünï Çode 1 & <more>"] for _, _, bag in first)
    assert lab.run("export").code == 0
    assert [body(root) for root in files.values()] == recorded(tmp_path)

    lab.cycle()
    lab.company.set("user1", "title")
    lab.company.set("user2", "title", "Pilot")
    lab.company.delete("user3")
    lab.company.user("user4")
    lab.company.member("crew", "add", "user4")
    os.unlink(tmp_path / "record")
    lab.emulator.stats()
    prepare(lab)
    files, text = dry_run(lab, tmp_path / "second")
    assert lab.run("export").code == 0
    all_of = [o for root in files.values() for o in objects(root)]
    assert [bag["title"] for _, _, bag in all_of if "title" in bag] == [None, ["Pilot"]] or \
        {str(bag["title"]) for _, _, bag in all_of if "title" in bag} == {"None", "['Pilot']"}
    assert [op for _, op, _ in all_of].count("Delete") == 1
    assert sum(len(bag) == 1 for _, op, bag in all_of if op == "Delete") == 1


def test_what_holds_it_up(make_lab, tmp_path):
    lab = serve(make_lab, tmp_path, people(30), export__deletion_threshold=5)
    lab.cycle()
    lab.cycle()
    # a threshold stops all of it
    for i in range(1, 11):
        lab.company.delete("user%d" % i)
    prepare(lab)
    files, text = dry_run(lab, tmp_path / "one", code=1)
    assert not files and "stopped: 10 objects are to be deleted" in text
    done = lab.ctl("pending", "diff", "--wire")
    assert done.returncode == 1 and "stopped: 10 objects" in done.stderr and not done.stdout
    # an object of the cloud is left alone
    with_title = lab.graph.find("users", "user20")["id"]
    lab.graph.patch("/users/%s/onPremisesSyncBehavior" % with_title, {"isCloudManaged": True})
    lab.company.objects.clear()
    lab.company.objects.update(people(30).objects)
    lab.company.set("user20", "title", "Pilot")
    lab.company.set("user21", "title", "Pilot")
    prepare(lab)
    files, text = dry_run(lab, tmp_path / "two")
    changed = [bag for root in files.values() for _, _, bag in objects(root)]
    assert [bag["title"] for bag in changed] == [["Pilot"]], changed
    assert "1 objects are left alone, since the cloud has the authority over them" in text


def test_where_it_writes(make_lab, tmp_path):
    lab = serve(make_lab, tmp_path)
    prepare(lab)
    full = tmp_path / "full"
    full.mkdir()
    (full / "x").write_text("")
    done = lab.ctl("export", "--dry-run", str(full))
    assert done.returncode == 2 and "not empty" in done.stderr and os.listdir(full) == ["x"]
    done = lab.ctl("export", "--dry-run", str(full / "x"))
    assert done.returncode == 1 and "Not a directory" in done.stderr
    os.symlink(tmp_path, tmp_path / "link")
    assert lab.ctl("export", "--dry-run", str(tmp_path / "link")).returncode == 1
    (tmp_path / "open").mkdir(mode=0o755)
    dry_run(lab, tmp_path / "open")
    done = lab.ctl("export", str(tmp_path / "other"))
    assert done.returncode == 2 and "run start export" in done.stderr
    # nothing runs beside it
    with open(lab.folder + "/state/run.lock", "w", encoding="ascii") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        assert lab.ctl("export", "--dry-run", str(tmp_path / "busy")).returncode == 3
    done = lab.ctl("export", "--dry-run", str(tmp_path / "nobody"), "--connector", "nobody")
    assert done.returncode == 1 and 'there is no connector "nobody"' in done.stderr


def test_only_messages_of_the_service(make_lab, tmp_path):
    lab = make_lab(people(), surface="graph", app=GRAPH_APP, scheduler__sync_cycle_enabled="no")
    lab.start()
    prepare(lab)
    done = lab.ctl("export", "--dry-run", str(tmp_path / "d"), "--connector", AAD)
    assert done.returncode == 1 and "surface" in done.stderr, done.stderr
    files, text = dry_run(lab, tmp_path / "e")
    assert not files and "left out" in text


@pytest.fixture
def changed(make_lab, tmp_path):
    lab = serve(make_lab, tmp_path)
    lab.cycle()
    lab.cycle()
    lab.company.set("user1", "title")
    lab.company.set("user2", "title", "Pilot")
    lab.company.delete("user3")
    prepare(lab)
    return lab


def test_wire(changed):
    """Each object as it is sent; the store stays as it is."""
    lab, before = changed, dump(changed)
    found = lab.ctl_json("pending", "diff", "--wire")
    assert [(o["operation"], o["type"]) for o in found] == [
        ("Set", "User"), ("Set", "User"), ("Set", "Group"), ("Delete", "User")], found
    one, two, group, gone = found
    assert one["source_dn"] == lab.company.dn_of("user1") and one["dn"].startswith("CN={")
    assert one["message"] == SET and group["message"] == CHANGES and one["connector"] == AAD
    title = [p for p in one["properties"] if p["name"] == "title"]
    assert title == [{"name": "title", "type": None}]
    assert {"name": "title", "type": "d:string", "values": ["Pilot"]} in two["properties"]
    (member,) = [p for p in group["properties"] if p["name"] == "member"]
    assert member["type"] == "SyncReferenceChangeCollection"
    anchor = gone["properties"][0]["values"][0]
    assert member["values"] == [{"operation": "remove", "anchor": anchor, "source_dn": None}]
    assert [p["name"] for p in gone["properties"]] == ["SourceAnchor"]

    done = lab.ctl("pending", "diff", "--wire")
    assert done.returncode == 0
    assert "Set User %s\n" % lab.company.dn_of("user1") in done.stdout
    assert "    title: nil\n" in done.stdout and '    title (d:string): "Pilot"\n' in done.stdout
    assert '  - member: "%s"' % anchor in done.stdout and "Delete User" in done.stdout
    # one object, by any of its names
    for name in (lab.company.dn_of("user2"), two["dn"]):
        assert [o["dn"] for o in lab.ctl_json("pending", "diff", name, "--wire")] == [two["dn"]]
    assert [o["dn"] for o in lab.ctl_json("pending", "diff", gone["dn"], "--wire")] == [gone["dn"]]
    done = lab.ctl("pending", "diff", lab.company.dn_of("crew"), "--wire")
    assert done.stdout.count("Set ") == 1 and "- member" in done.stdout
    lab.company.user("new1")
    lab.company.member("crew", "add", "new1")
    prepare(lab)
    before = dump(lab)
    new = lab.company.dn_of("new1")
    (added,) = [v for o in lab.ctl_json("pending", "diff", "--wire") for p in o["properties"]
                for v in p.get("values", ()) if isinstance(v, dict) and v["operation"] == "add"]
    assert added["source_dn"] == new
    assert re.search('  [+] member: "[^"]+" %s\n' % new, lab.ctl("pending", "diff", "--wire").stdout)
    lab.company.user("nobody")
    done = lab.ctl("pending", "diff", "CN=nobody", "--wire")
    assert done.returncode == 1
    assert dump(lab) == before
