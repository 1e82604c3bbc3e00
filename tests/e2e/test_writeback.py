"""An AD that is written, in the test's own process: see company_server.py."""
import sqlite3

import pytest
from lab import AD, Company

TALLY = ("connector, class, kind, want, state, blocked, mv IS NOT NULL, anchor IS NOT NULL, "
         "imported IS NOT NULL AND deleted = 0")
YES = "consistency_guid = yes\n"


def people(n=6):
    c = Company()
    for i in range(n):
        c.user("user%d" % i, title="Officer")
    return c


@pytest.fixture
def lab(make_lab):
    one = make_lab(people(), directory=YES, scheduler__sync_cycle_enabled="no")
    one.cycle()
    return one


def switch(lab, text):
    lab.directory_settings = text
    lab.write_config()


def wants(lab):
    return dict(lab.db("SELECT want, count(*) FROM cs JOIN connector c ON c.id = cs.connector "
                       "WHERE c.name = ? AND kind = 0 GROUP BY 1", AD))


def change(lab, sql, *values):
    con = sqlite3.connect(lab.folder + "/state/adsyncd.db")
    con.execute(sql, values)
    con.execute("DELETE FROM cs_tally")
    con.execute("INSERT INTO cs_tally SELECT %s, count(*) FROM cs GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9"
                % TALLY)
    con.commit()
    con.close()


def test_attributes_are_let_go_beside_objects(lab):
    """No rule exports to AD any more: attributes are forgotten, also where rules had made objects."""
    assert wants(lab) == {3: 6}
    made, gone = lab.company.dn_of("user1"), lab.company.dn_of("user2")
    change(lab, "UPDATE cs SET want = 1 WHERE dn = ?", made)  # as if a rule had made it once
    change(lab, "UPDATE cs SET want = 2, state = 1 WHERE dn = ?", gone)  # to be deleted
    writes = lab.directory.writes
    switch(lab, "")
    r = lab.cycle()
    assert wants(lab) == {0: 4, 1: 1, 2: 1}
    assert 6105 in r.events and "the 2 objects that rules" in r.log
    lab.cycle("initial")
    assert wants(lab) == {0: 4, 1: 1, 2: 1}
    assert lab.directory.writes == writes and len(lab.company.objects) == 6
    assert lab.emulator.stats()["deletes"] == 0


def retry(lab, name):
    lab.start()
    told = lab.ctl_json("errors")
    assert lab.ctl("errors", "retry", lab.company.dn_of(name), "--connector", AD).returncode == 0
    lab.daemon.stop()
    lab.daemon = None
    return told


def anchors(lab):
    return sorted(e["cn"][0] for e in lab.company.objects.values() if "mS-DS-ConsistencyGuid" in e)


def test_right_that_is_given_later(make_lab):
    """The next cycle heals a first refusal; after more of them "errors retry" saves the wait."""
    lab = make_lab(people(), directory=YES, scheduler__sync_cycle_enabled="no")
    lab.directory.refused = {"user1", "user2"}
    assert lab.run().result == "completed-export-errors"
    assert anchors(lab) == ["user0", "user3", "user4", "user5"] and len(lab.tenant()) == 6
    lab.directory.refused = {"user2"}
    assert lab.run().result == "completed-export-errors"
    assert "user1" in anchors(lab)
    # user2 was refused twice: as if it had been refused so often that it waits for hours
    change(lab, "UPDATE cs_error SET retry_at = 4000000000")
    lab.directory.refused = set()
    assert lab.run().result == "completed-export-errors"  # told as long as it lasts
    assert "user2" not in anchors(lab)
    (told,) = retry(lab, "user2")
    assert told["type"] == "permission-issue" and "errors retry" in told["advice"], told
    lab.cycle()
    assert len(anchors(lab)) == 6
    lab.cycle()
    assert lab.db("SELECT count(*) FROM cs_error") == [(0,)]
