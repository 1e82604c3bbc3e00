"""A store of each version that shipped is opened by this one: upgraded it has the tables of a fresh
store, and the next cycles send nothing and lose nothing."""
import glob
import os
import sqlite3
import subprocess
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))
from lab import AAD, Company, Lab, binary  # noqa: E402

VERSIONS = sorted(os.path.basename(os.path.dirname(p)) for p in glob.glob(HERE + "/*/store.sql"))


def load(sql, path):
    """The database of a dump, the version with it."""
    con = sqlite3.connect(path)
    with open(sql, encoding="utf-8") as f:
        con.executescript(f.read())
    con.close()
    os.chmod(path, 0o600)


def schema(path):
    """What stands in the database's schema, in the order of the names."""
    con = sqlite3.connect("file:%s?mode=ro" % path, uri=True)
    try:
        return (con.execute("PRAGMA user_version").fetchone(),
                con.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema "
                            "WHERE name NOT LIKE 'sqlite_stat%' ORDER BY 1, 2").fetchall())
    finally:
        con.close()


def kept(lab):
    """What an upgrade must keep."""
    return {"objects": lab.db("SELECT connector, class, kind, dn, anchor, want, state, blocked <> 0, "
                              "mv, deleted FROM cs WHERE kind <> 2 ORDER BY 1, 4, 5"),
            "links": lab.db("SELECT s.dn, l.attribute, t.dn, l.imported, l.wanted, l.state FROM cs_link l "
                            "JOIN cs s ON s.id = l.cs JOIN cs t ON t.id = l.target "
                            "WHERE l.imported OR l.wanted ORDER BY 1, 2, 3"),
            "mv": lab.db("SELECT id, class, deleted, created FROM mv ORDER BY 1")}


def shown(lab):
    """What Graph shows of the tenant; the service alone knows the anchors of groups and contacts."""
    return {name: {k: v for k, v in o.items()
                   if name.startswith("users/") or k != "onPremisesImmutableId"}
            for name, o in lab.tenant().items()}


@pytest.fixture(params=VERSIONS)
def old(request, tmp_path):
    """A laboratory with the store, the tenant and the directory of an older version."""
    folder = os.path.join(HERE, request.param)
    os.makedirs(tmp_path / "state", mode=0o700)
    os.makedirs(tmp_path / "tenant", mode=0o700)
    load(folder + "/store.sql", tmp_path / "state" / "adsyncd.db")
    load(folder + "/tenant.sql", tmp_path / "tenant" / "tenant.db")
    con = sqlite3.connect(tmp_path / "state" / "adsyncd.db")
    # its delta link names the port of the emulator of that day
    con.execute("UPDATE connector SET cursor = NULL WHERE type = 'entra'")
    con.commit()
    con.close()
    lab = Lab(tmp_path, Company.read(folder + "/ad.ldif"), memory=False)
    yield lab
    lab.close()


def test_there_is_a_store_of_each_version():
    assert "0.1.0" in VERSIONS


def test_an_upgraded_store_is_like_a_fresh_one(old, tmp_path):
    fresh = Lab(tmp_path / "fresh", memory=True) if os.mkdir(tmp_path / "fresh") is None else None
    try:
        fresh.run()
        old.run()
        assert schema(fresh.folder + "/state/adsyncd.db") == schema(old.folder + "/state/adsyncd.db")
    finally:
        fresh.close()


def test_cycles_after_an_upgrade_send_nothing_and_lose_nothing(old):
    before, tenant = kept(old), shown(old)
    errors = old.db("SELECT count(*) FROM cs_error")
    assert errors[0][0] > 0
    # that store was written on a surface that is no more: this one sends what that one could not, and
    # tells once that it does not of an object that the cloud manages
    told, writes = [old.company.dn_of("Kept")], None
    for profile in ("delta", "initial", "delta"):
        r = old.run(profile)
        assert r.end, r.log[-3000:]
        assert r.blocked() == told, r.log
        assert shown(old) == tenant
        assert old.emulator.stats()["writes"] == writes or told
        told, writes = [], old.emulator.stats()["writes"]
    after = kept(old)
    assert after["mv"] == before["mv"]
    assert after["objects"] == before["objects"]
    assert after["links"] == before["links"]
    assert old.db("SELECT count(*) FROM cs_error") == errors


def test_a_change_after_an_upgrade_is_sent(old):
    old.company.set("user2", "title", "Captain")
    old.company.set("smith", "department", "Harbour")
    old.write()
    old.run()
    tenant = old.tenant()
    assert tenant["users/user2"]["jobTitle"] == "Captain"
    assert tenant["users/Smith, John"]["department"] == "Harbour"


def test_killed_in_the_middle_of_an_upgrade(old):
    """The whole upgrade is one transaction: what is not committed is as if it had not begun."""
    path = old.folder + "/state/adsyncd.db"
    before = schema(path)
    blocker = sqlite3.connect(path, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    r = old.run()
    assert r.code != 0 and schema(path) == before
    blocker.execute("ROLLBACK")
    blocker.close()
    old.run()
    assert schema(path) != before


def test_the_daemon_upgrades_at_its_start(old):
    path = old.folder + "/state/adsyncd.db"
    before = schema(path)
    old.start()
    assert schema(path) != before
    assert old.ctl_json("connector", "show", AAD)


def test_an_older_program_refuses_a_newer_store(old):
    con = sqlite3.connect(old.folder + "/state/adsyncd.db")
    con.execute("PRAGMA user_version = 99")
    con.close()
    done = subprocess.run([binary("adsyncd"), "--worker", "--config", old.config, "--profile", "delta",
                           "--log", "stderr"], capture_output=True, text=True, check=False)
    assert done.returncode != 0 and "has version 99" in done.stderr


def keys(lab):
    return lab.db("SELECT dn, dn_key FROM cs WHERE connector = 1 UNION "
                  "SELECT dn, dn_key FROM container ORDER BY 1")


def test_keys_of_names_are_made_anew(old, tmp_path):
    """What an older version took for one name is two, also when the source has not changed."""
    old.run()
    os.mkdir(tmp_path / "fresh")
    fresh = Lab(tmp_path / "fresh", Company.read(os.path.join(old.folder, "ad.ldif")), memory=True)
    try:
        fresh.run()
        assert keys(old) == keys(fresh)
    finally:
        fresh.close()
    old.company.next_rid = 5000
    old.company.user("smith2", name="Smith,John", title="Pilot")
    old.write()
    old.run()
    tenant = old.tenant()
    assert tenant["users/Smith, John"]["jobTitle"] == "Officer"
    assert tenant["users/Smith,John"]["jobTitle"] == "Pilot"
