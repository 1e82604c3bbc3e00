"""While a connector waits for the network, other programs can write to the database, and what came
before is in it already. Each answer is held back until that was seen."""
import sqlite3
import time

from lab import AAD, AD, WRITES, Company
from ldap_stub import Stub, parts
from proxy import in_front

WAIT = 30  # seconds; an import that waits with an open transaction would hold the lock longer


def people(n=12):
    company = Company()
    for i in range(n):
        company.user("user%02d" % i, title="Officer", mail="user%02d@fjordline.example" % i)
    return company


class Watch:
    """Writes to the database while an answer is held back, until it has the rows that came before:
    wanted(i) at answer i. The rows of the answer before may be on their way still."""

    def __init__(self, lab, where, wanted):
        self.path = lab.folder + "/state/adsyncd.db"
        self.sql = """SELECT count(*) FROM cs JOIN connector c ON c.id = cs.connector
WHERE cs.class = 'user' AND c.name = """ + where
        self.wanted, self.seen, self.problem = wanted, [], None

    def count(self):
        con = sqlite3.connect(self.path, timeout=WAIT, isolation_level=None)
        try:
            con.execute("BEGIN IMMEDIATE")
            return con.execute(self.sql).fetchone()[0]
        finally:
            con.close()

    def look(self):
        end = time.monotonic() + WAIT
        wanted = self.wanted(len(self.seen))
        try:
            n = self.count()
            while n < wanted and time.monotonic() < end:
                time.sleep(0.02)
                n = self.count()
        except sqlite3.Error as e:
            self.problem = self.problem or str(e)
            n = None
        self.seen.append(n)

    def at(self, begins):
        """For a proxy: answers to these requests are held back."""
        def change(line, status, data):
            if line.startswith(begins) and not self.problem:
                self.look()
        return change


class SlowStub(Stub):
    """An LDAP server that holds each page but the first back."""

    watch = None

    def pages(self, send, found, names, control):
        if self.watch and control and parts(parts(control)[0][1])[1][1]:
            self.watch.look()
        super().pages(send, found, names, control)


def test_import_of_ad(make_lab):
    lab = make_lab(people())
    stub = SlowStub()
    stub.page_limit = 5
    for i in range(12):
        stub.user("user%02d" % i)
    lab.write_config(source=stub.url, ad="starttls = no\n")
    stub.watch = Watch(lab, "'%s' AND imported IS NOT NULL" % AD, lambda i: 5 * (i + 1))
    try:
        r = lab.run("delta-import", connector=AD)
    finally:
        stub.stop()
    assert r.code == 0, r.log
    assert not stub.watch.problem
    assert stub.watch.seen == [5, 10]


def test_import_of_entra(make_lab):
    """Pages of five: what came is in the database while the next one is waited for."""
    lab = make_lab(people())
    lab.cycle()
    lab.write_config(aad="page_size = 5\n")
    watch = Watch(lab, "'%s' AND imported IS NOT NULL" % AAD, lambda i: 5 * (i + 1))
    with in_front(lab, watch.at("GET /v1.0/users/delta?$skiptoken")):
        r = lab.run("delta-import", connector=AAD)
    assert r.code == 0, r.log
    assert not watch.problem
    assert watch.seen == [5, 10]


def test_export_to_entra(make_lab):
    """Results are in the database while the next answer is waited for."""
    lab = make_lab(people(50))
    lab.write_config(aad="service_batch = 20\n")
    watch = Watch(lab, "'%s' AND state = 3" % AAD, lambda i: max(0, min(50, 20 * (i - 2))))
    with in_front(lab, watch.at(WRITES["service"])):
        r = lab.run()
    assert r.code == 0, r.log
    assert not watch.problem
    # two questions before the first objects, and the end of the export after the last
    assert watch.seen == [0, 0, 0, 20, 40, 50]
