"""A scripted LDAP server that behaves as a Windows domain controller may, or lies.

Plain LDAP on loopback. What it does wrong is set by its attributes; see class Stub.
"""
import re
import socket
import struct
import threading
import uuid

PAGED, DIRSYNC, DELETED = "1.2.840.113556.1.4.319", "1.2.840.113556.1.4.841", "1.2.840.113556.1.4.417"


# --- BER ---

def tlv(tag, body):
    n = len(body)
    size = bytes([n]) if n < 128 else bytes([0x80 | len(b := n.to_bytes((n.bit_length() + 7) // 8, "big"))]) + b
    return bytes([tag]) + size + body


def integer(n, tag=0x02):
    return tlv(tag, n.to_bytes(max(1, (n.bit_length() + 8) // 8), "big", signed=True))


def octets(s, tag=0x04):
    return tlv(tag, s if isinstance(s, bytes) else s.encode())


def read(data, at=0):
    """(tag, content, end)"""
    tag, n = data[at], data[at + 1]
    at += 2
    if n & 0x80:
        size = n & 0x7f
        n = int.from_bytes(data[at:at + size], "big")
        at += size
    return tag, data[at:at + n], at + n


def parts(data):
    at, out = 0, []
    while at < len(data):
        tag, body, at = read(data, at)
        out.append((tag, body))
    return out


def matches(node, entry):
    """A search filter (RFC 4511, 4.5.1.7) on {lower name: [bytes]}."""
    tag, body = node
    if tag == 0xa0:
        return all(matches(n, entry) for n in parts(body))
    if tag == 0xa1:
        return any(matches(n, entry) for n in parts(body))
    if tag == 0xa2:
        return not matches(parts(body)[0], entry)
    if tag == 0x87:
        return body.decode().lower() in entry or body.lower() == b"objectclass"
    name, value = parts(body)[0][1].decode().lower(), parts(body)[1][1]
    values = entry.get(name, [])
    if tag == 0xa3:
        return value.lower() in [v.lower() for v in values]
    if tag == 0xa5:
        return any(int(v) >= int(value) for v in values)
    raise AssertionError("filter 0x%x" % tag)


def key(dn):
    return dn.lower()


def guid_of(name):
    return uuid.uuid5(uuid.NAMESPACE_DNS, name).bytes_le


class Drop(Exception):
    """The connection ends without a word."""


class Hang(Exception):
    """The connection stays and nothing comes."""


class Stub:
    """Objects by GUID; every change gets the next USN, which is what DirSync cookies hold too."""

    def __init__(self, ip="127.0.0.20", base="DC=fjordline,DC=example", name="DC1", port=389):
        self.ip, self.base, self.name = ip, base, name
        self.objects = {}  # guid -> (dn, {name: [values]}, usn)
        self.usn = 1000
        self.invocation = guid_of(name)
        self.controls = {PAGED, DIRSYNC, DELETED}
        # what may go wrong
        self.page_limit = 1000         # MaxPageSize: of pages, and of searches without
        self.range_limit = 1500        # MaxValRange
        self.round_limit = 10 ** 9     # entries in one DirSync answer
        self.referrals = False         # continuation references among the entries
        self.bind_code = (0, "")       # result of a sign-in
        self.search_code = None        # result of the next paged search
        self.drop_after = None         # entries until the connection drops
        # "shift": ranges do not go on where they ended, "start": the first does not begin at 0,
        # "short": fewer values than the range says, "silent": no answer for the second,
        # "gone": the object is not there any more
        self.range_lie = None
        self.dirsync_code = 0          # result of DirSync requests
        self.bare = False              # DirSync answers without a cookie
        self.hang = None               # "bind", "search", "entry": says nothing any more there
        self.schema = False            # names a schema, which cannot be read
        self.partitions = False        # names its configuration; the objects are to be added
        self.cut = {}                  # guid -> after how many attributes an entry breaks off
        self.endless = None            # "pages": empty ones without end, "sync": the same cookie
        self.partial = {}              # guid -> what DirSync shows of its last change
        self.binds = self.sent = 0
        self.add("CN=Deleted Objects," + base, ["top", "container"])
        self.lock = threading.RLock()
        self.socket = socket.create_server((ip, port))
        self.port = self.socket.getsockname()[1]
        self.url = "ldap://" + ip + (":%d" % self.port if self.port != 389 else "")
        threading.Thread(target=self.accept, daemon=True).start()

    # --- the directory ---

    def put(self, guid, dn, attrs):
        self.usn += 1
        attrs = {n: [v if isinstance(v, bytes) else str(v).encode() for v in vs]
                 for n, vs in attrs.items()}
        attrs["objectGUID"] = attrs.get("objectGUID", [guid])
        attrs["uSNChanged"] = [str(self.usn).encode()]
        attrs.setdefault("uSNCreated", attrs["uSNChanged"])
        attrs.setdefault("whenCreated", [b"20260101000000.0Z"])
        self.objects[guid] = (dn, attrs, self.usn)

    def add(self, dn, classes, guid=None, **attrs):
        guid = guid or guid_of(dn)
        self.put(guid, dn, dict({"objectClass": classes}, **attrs))
        return guid

    def user(self, name, ou="OU=Staff", guid=None, **attrs):
        dn = "CN=%s,%s,%s" % (name, ou, self.base)
        return self.add(dn, ["top", "person", "organizationalPerson", "user"], guid,
                        **dict({"sAMAccountName": [name], "displayName": [name],
                                   "userAccountControl": ["512"],
                                   "objectSid": [bytes([1, 5]) + (5).to_bytes(6, "big") +
                                                 b"\x15\0\0\0" + guid_of(dn)],
                                   "pwdLastSet": ["133444736000000000"],
                                   "userPrincipalName": [name + "@fjordline.example"]}, **attrs))

    def change(self, guid, dn=None, **attrs):
        old_dn, old, _ = self.objects[guid]
        self.put(guid, dn or old_dn, dict(old, **attrs))

    def restore(self, guid, dn, **attrs):
        """From the recycle bin: DirSync tells of the name and that isDeleted is gone."""
        self.put(guid, dn, dict({"objectClass": ["top", "person", "organizationalPerson", "user"]},
                                **attrs))
        self.objects[guid][1]["uSNCreated"] = [b"1"]
        self.partial[guid] = {"name": [dn.split(",")[0][3:].encode()], "isDeleted": []}

    def delete(self, guid):
        dn, _, _ = self.objects[guid]
        self.put(guid, "%s\\0ADEL:%s,CN=Deleted Objects,%s" % (
            dn.split(",")[0], uuid.UUID(bytes_le=guid), self.base),
            {"objectClass": [b"top", b"person", b"user"], "isDeleted": [b"TRUE"]})

    # --- the wire ---

    def accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def stop(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

    def serve(self, connection):
        data = b""
        with connection:
            try:
                while True:
                    while not data or self.incomplete(data):
                        more = connection.recv(65536)
                        if not more:
                            return
                        data += more
                    _, message, end = read(data)
                    data = data[end:]
                    try:
                        with self.lock:
                            self.answer(connection, message)
                    except Hang:
                        pass
            except (Drop, ConnectionError, IndexError):  # the last: bytes that are no LDAP
                return

    @staticmethod
    def incomplete(data):
        try:
            return read(data)[2] > len(data)
        except IndexError:
            return True

    def answer(self, connection, message):
        fields = parts(message)
        number = int.from_bytes(fields[0][1], "big")
        tag, body = fields[1]
        controls = {}
        if len(fields) > 2:
            for _, control in parts(fields[2][1]):
                p = parts(control)
                controls[p[0][1].decode()] = p[-1][1] if p[-1][0] == 4 and len(p) > 1 else b""

        def send(op, reply=b""):
            connection.sendall(tlv(0x30, integer(number) + op + reply))
        if tag == 0x60 and self.hang == "bind" or tag == 0x63 and self.hang == "search" and controls:
            return
        if tag == 0x60:
            self.binds += 1
            send(self.result(0x61, *self.bind_code))
        elif tag == 0x63:
            self.search(send, body, controls)
        elif tag == 0x66:
            send(self.result(0x67, *self.modify(body)))
        elif tag == 0x42:
            raise Drop

    @staticmethod
    def result(tag, code=0, text=""):
        return tlv(tag, integer(code, 0x0a) + octets("") + octets(text))

    def modify(self, body):
        """Result code and text of a ModifyRequest (RFC 4511, 4.6)."""
        return 53, "nothing can be written here"

    def root(self):
        schema = {"schemaNamingContext": ["CN=Schema,CN=Configuration," + self.base]}
        config = {"configurationNamingContext": ["CN=Configuration," + self.base],
                  "rootDomainNamingContext": [self.base]}
        return {**(schema if self.schema else {}), **(config if self.partitions else {}), "namingContexts": [self.base], "defaultNamingContext": [self.base],
                "dsServiceName": ["CN=NTDS Settings,CN=%s,CN=Servers" % self.name],
                "highestCommittedUSN": [str(self.usn)], "supportedControl": sorted(self.controls),
                "domainFunctionality": ["7"], "forestFunctionality": ["7"],
                "domainControllerFunctionality": ["7"]}

    def search(self, send, body, controls):
        p = parts(body)
        base, scope = p[0][1].decode(), int.from_bytes(p[1][1], "big")
        names = [n.decode() for _, n in parts(p[7][1])]
        if not base:
            self.entry(send, "", self.root(), names)
            return send(self.result(0x65))
        if base.startswith("CN=NTDS Settings"):
            self.entry(send, base, {"invocationId": [self.invocation]}, names)
            return send(self.result(0x65))
        if self.search_code and PAGED in controls:
            code, self.search_code = self.search_code, None
            return send(self.result(0x65, *code))
        if DIRSYNC in controls:
            return self.dirsync(send, p[6], names, controls[DIRSYNC])
        found = self.find(base, scope, p[6], DELETED in controls)
        if found is None or self.range_lie == "gone" and any(";range=" in n for n in names):
            return send(self.result(0x65, 32, "no such object"))
        return self.pages(send, found, names, controls.get(PAGED))

    def find(self, base, scope, filter_, deleted):
        known = re.match(r"<(WK)?GUID=([0-9A-Fa-f-]+)(?:,(.*))?>$", base)
        if known and known[1]:
            base = "CN=Deleted Objects," + known[3]
        elif known:
            guid = uuid.UUID(known[2]).bytes_le
            if guid not in self.objects:
                return None
            base = self.objects[guid][0]
        if scope == 0 and not any(key(dn) == key(base) for dn, _, _ in self.objects.values()):
            return None
        out = []
        for dn, attrs, _ in self.objects.values():
            inside = key(dn) == key(base) or scope and key(dn).endswith("," + key(base))
            if inside and (deleted or "isDeleted" not in attrs) and matches(
                    filter_, {n.lower(): v for n, v in attrs.items()}):
                out.append((dn, attrs))
        return out

    def entry(self, send, dn, attrs, names, incremental=None):
        wanted = {n.split(";")[0].lower(): n for n in names}
        out = b""
        left = self.cut.get(attrs.get("objectGUID", [None])[0])
        for name, values in attrs.items():
            if left == 0:
                out += b"\x30\x7f\x04"  # longer than what is there
                break
            left = left - 1 if left is not None else None
            asked = wanted.get(name.split(";")[0].lower()) or ("*" in wanted and name)
            if not asked:
                continue
            label, first = name, 0
            if name == "member" and incremental is not None:
                for label, part in (("member;range=1-1", incremental[0]),
                                    ("member;range=0-0", incremental[1])):
                    if part:
                        out += tlv(0x30, octets(label) + tlv(0x31, b"".join(map(octets, part))))
                continue
            if ";range=" in asked:
                first = int(asked.split("=")[1].split("-")[0])
            if len(values) > self.range_limit or first:
                last = min(first + self.range_limit, len(values)) - 1
                end = "*" if last + 1 == len(values) else str(last)
                values = values[first:last + 1]
                if self.range_lie == "shift" and first or self.range_lie == "start" and not first:
                    first += 10
                if self.range_lie == "short":
                    values = values[1:]
                if self.range_lie == "silent" and first:
                    return
                label = "%s;range=%d-%s" % (name, first, end)
            out += tlv(0x30, octets(label) + tlv(0x31, b"".join(map(octets, values))))
        if self.hang == "entry" and dn.endswith("," + self.base) and self.sent > 5:
            raise Hang
        if self.drop_after is not None and dn.endswith("," + self.base):
            if self.drop_after == 0:
                self.drop_after = None
                raise Drop
            self.drop_after -= 1
        self.sent += 1
        send(tlv(0x64, octets(dn) + tlv(0x30, out)))
        if self.referrals and self.sent % 7 == 0:
            send(tlv(0x73, octets("ldap://elsewhere.example/DC=elsewhere,DC=example")))

    def pages(self, send, found, names, control):
        if control is None:
            for dn, attrs in found[:self.page_limit]:
                self.entry(send, dn, attrs, names)
            return send(self.result(0x65, 4 if len(found) > self.page_limit else 0))
        size, cookie = (b for _, b in parts(parts(control)[0][1]))
        if self.endless == "pages":
            value = tlv(0x30, integer(0) + octets("x"))
            return send(self.result(0x65), tlv(0xa0, tlv(0x30, octets(PAGED) + octets(value))))
        first = int(cookie or b"0")
        last = first + min(int.from_bytes(size, "big"), self.page_limit)
        for dn, attrs in found[first:last]:
            self.entry(send, dn, attrs, names)
        value = tlv(0x30, integer(0) + octets(str(last) if last < len(found) else ""))
        return send(self.result(0x65), tlv(0xa0, tlv(0x30, octets(PAGED) + octets(value))))

    def dirsync(self, send, filter_, names, control):
        if self.dirsync_code:
            return send(self.result(0x65, self.dirsync_code, "refused"))
        flags, _, cookie = (b for _, b in parts(parts(control)[0][1]))
        since = int(cookie or b"0")
        changed = sorted((usn, dn, attrs) for dn, attrs, usn in self.objects.values()
                         if usn > since and matches(filter_, {n.lower(): v for n, v in attrs.items()}))
        answer = changed[:self.round_limit]
        for _, dn, attrs in answer:
            shown = self.partial.get(attrs["objectGUID"][0])
            attrs = dict(shown, objectGUID=attrs["objectGUID"]) if shown else attrs
            self.entry(send, dn, attrs, names, incremental=(attrs.get("member"), None))
        more = len(changed) > len(answer)
        if self.endless == "sync" and cookie:
            more, answer = True, [(since,)]
        value = tlv(0x30, integer(int(more)) + integer(0) +
                    octets(str(answer[-1][0] if more else self.usn)))
        reply = tlv(0xa0, tlv(0x30, octets(DIRSYNC) + octets(value)))
        return send(self.result(0x65), b"" if self.bare else reply)
