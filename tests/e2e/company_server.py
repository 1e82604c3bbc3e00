"""A modest domain controller that has a company's objects: what is written to it is written to them.

It runs in the test's own process, so a worker that is killed takes nothing along. Its state can be
pickled together with the company: a server made of both goes on where the other one was.
"""
import copy
import uuid

from ldap_stub import DELETED, DIRSYNC, PAGED, Stub, parts

EXTENDED = "1.2.840.113556.1.4.529"
REFERENCES = {"member", "manager", "managedBy"}
SINGLE = {"ms-ds-consistencyguid", "title", "department"}
ADD, DELETE, REPLACE = 0, 1, 2
# results and the words of a Windows server for them
NO_OBJECT = (32, "0000208D: NameErr: DSID-03100288, problem 2001 (NO_OBJECT), data 0")
NO_RIGHTS = (50, "00002098: SecErr: DSID-03150F94, problem 4003 (INSUFF_ACCESS_RIGHTS), data 0")
NO_VALUE = (16, "00002085: AtrErr: DSID-03151E1F, problem 1001 (NO_ATTRIBUTE_OR_VAL), data 0")
EXISTS = (20, "00002083: AtrErr: DSID-03151785, problem 1006 (ATT_OR_VALUE_EXISTS), data 0")


def as_bytes(values):
    return [v if isinstance(v, bytes) else str(v).encode() for v in values]


class CompanyServer(Stub):
    def __init__(self, company, port=0, state=None):
        self.company = company
        self.published = {}   # guid -> (dn, entry) as the server has them
        self.refused = set()  # names of those to whom the account may not write
        self.meanwhile = []   # what happens just before the next write: (method of company, ...)
        self.writes = self.repeated = 0  # modifications that changed something; that came twice
        self.extended = False
        super().__init__("127.0.0.1", company.domain, port=port)
        self.controls = {PAGED, DIRSYNC, DELETED, EXTENDED}
        if state:
            vars(self).update(copy.deepcopy(state))
        self.publish()

    def state(self):
        return {name: getattr(self, name) for name in
                ("objects", "usn", "published", "refused", "meanwhile", "writes", "repeated")}

    # --- from the company ---

    def publish(self):
        """What the test has changed in the company."""
        with self.lock:
            known = {dn for dn, _, _ in self.objects.values()}
            folders = {dn.split(",", 1)[1] for dn in self.company.objects} - {self.base}
            for dn in sorted(folders - known):
                self.add(dn, ["top", "organizationalUnit"])
            there = set()
            for dn, entry in self.company.objects.items():
                guid = entry["objectGUID"][0]
                there.add(guid)
                if self.published.get(guid) != (dn, entry):
                    self.take(guid, dn, entry)
            for guid in set(self.published) - there:
                self.delete(guid)
                del self.published[guid]

    def take(self, guid, dn, entry):
        attrs = {name: list(values) for name, values in entry.items() if values}
        old = self.objects.get(guid)
        for name in ("uSNCreated", "whenCreated") if old and "isDeleted" not in old[1] else ():
            attrs[name] = old[1][name]
        self.put(guid, dn, attrs)
        self.published[guid] = (dn, copy.deepcopy(entry))

    # --- what is asked ---

    def search(self, send, body, controls):
        self.extended = EXTENDED in controls
        super().search(send, body, controls)

    def long_name(self, dn):
        """<GUID=...>;DN of an object that is known ([MS-ADTS] 3.1.1.3.4.1.5, with flag 1)."""
        for guid, (other, _, _) in self.objects.items():
            if other == dn:
                return "<GUID=%s>;%s" % (uuid.UUID(bytes_le=guid), dn)
        return dn

    def entry(self, send, dn, attrs, names, incremental=None):
        if self.extended:
            dn = self.long_name(dn)
            attrs = {n: [self.long_name(v.decode()).encode() for v in vs] if n in REFERENCES else vs
                     for n, vs in attrs.items()}
            if incremental:
                incremental = (attrs.get("member"), None)
        super().entry(send, dn, attrs, names, incremental)

    # --- what is written ---

    def modify(self, body):
        """All changes of a request or none (RFC 4511, 4.6)."""
        while self.meanwhile:
            method, *values = self.meanwhile.pop(0)
            getattr(self.company, method)(*values)
            self.publish()
        base, changes = (content for _, content in parts(body))
        found = self.find(base.decode(), 0, (0x87, b"objectClass"), False)
        if not found:
            return NO_OBJECT
        dn, attrs = found[0]
        guid = attrs["objectGUID"][0]
        if guid not in self.published:
            return NO_OBJECT
        if attrs.get("sAMAccountName", [b""])[0].decode() in self.refused:
            return NO_RIGHTS
        entry = copy.deepcopy(self.published[guid][1])
        for _, change in parts(changes):
            (_, kind), (_, what) = parts(change)
            (_, name), (_, values) = parts(what)
            result = self.change_values(entry, kind[0], name.decode(),
                                        [v for _, v in parts(values)])
            if result[0]:
                return result
        self.writes += 1
        self.take(guid, dn, entry)
        self.company.objects[dn] = entry
        return 0, ""

    def change_values(self, entry, kind, name, values):
        name = next((n for n in entry if n.lower() == name.lower()), name)
        old = as_bytes(entry.get(name, []))
        if kind == ADD:
            again = any(v in old for v in values)
            if again or old and name.lower() in SINGLE:
                self.repeated += again
                return EXISTS
            values = old + values
        elif kind == DELETE:
            if not old or any(v not in old for v in values):
                return NO_VALUE
            values = [v for v in old if values and v not in values]
        text = entry.get(name) and isinstance(entry[name][0], str)
        entry[name] = [v.decode() for v in values] if text else values
        if not values:
            del entry[name]
        return 0, ""
