#!/usr/bin/python3
"""A fictional company as an LDIF file: made, read back, changed. Used by packaging/demo and tests.

    company.py generate FILE                 the company of the demonstration
    company.py set FILE SAM ATTR [VALUE...]  sets (or with no value clears) an attribute
    company.py member FILE GROUP add|remove SAM
    company.py delete FILE SAM
    company.py move FILE SAM OU

SAM is a sAMAccountName. A change writes a new file and renames it over the old one.
"""
import base64
import os
import struct
import sys
import uuid
import zlib

DOMAIN = "DC=fjordline,DC=example"
DNS = "fjordline.example"
NAMESPACE = uuid.UUID("8a6e0804-2bd0-4672-b79d-d97027f9071a")
BINARY = {"objectGUID", "objectSid", "mS-DS-ConsistencyGuid"}
DOMAIN_SID = (21, 1004336348, 1177238915)


def sid_bytes(domain, rid):
    parts = DOMAIN_SID + (zlib.crc32(domain.encode()), rid)
    return bytes([1, len(parts)]) + (5).to_bytes(6, "big") + struct.pack("<%dI" % len(parts), *parts)


def is_safe(value):
    """May the value stand as it is in LDIF (RFC 2849 SAFE-STRING)?"""
    return (value and value[0] not in " :<" and value[-1] != " "
            and all(31 < ord(c) < 127 for c in value))


class Company:
    def __init__(self, domain=DOMAIN, dns=DNS):
        self.domain, self.dns = domain, dns
        self.objects = {}  # dn -> {attr: [values]}; bytes for binary, str else
        self.next_rid = 1104

    # --- objects ---

    def add(self, name, ou, classes, **attrs):
        dn = "CN=%s,%s%s" % (name.replace(",", "\\,"), ou + "," if ou else "", self.domain)
        entry = {"objectClass": ["top"] + classes, "cn": [name], "distinguishedName": [dn],
                 "objectGUID": [uuid.uuid5(NAMESPACE, dn).bytes_le]}
        for key, value in attrs.items():
            if value is not None:
                entry[key] = value if isinstance(value, list) else [value]
        self.objects[dn] = entry
        return dn

    def principal(self):
        self.next_rid += 1
        return [sid_bytes(self.domain, self.next_rid)]

    def user(self, sam, name=None, ou="OU=Staff", upn=True, **attrs):
        name = name or sam
        given, _, sn = name.partition(" ")
        base = {"sAMAccountName": sam, "displayName": name, "givenName": given, "sn": sn or given,
                "userAccountControl": "512", "objectSid": self.principal(),
                "pwdLastSet": "133444736000000000",
                "userPrincipalName": "%s@%s" % (sam, self.dns) if upn else None}
        base.update(attrs)
        return self.add(name, ou, ["person", "organizationalPerson", "user"], **base)

    def group(self, sam, members=(), ou="OU=Groups", **attrs):
        base = {"sAMAccountName": sam, "displayName": sam, "groupType": "-2147483646",
                "objectSid": self.principal(), "member": list(members)}
        base.update(attrs)
        return self.add(sam, ou, ["group"], **base)

    def contact(self, name, mail, ou="OU=Contacts", **attrs):
        base = {"displayName": name, "mail": mail, "targetAddress": "SMTP:" + mail,
                "mailNickname": mail.split("@")[0], "proxyAddresses": ["SMTP:" + mail]}
        base.update(attrs)
        return self.add(name, ou, ["person", "organizationalPerson", "contact"], **base)

    # --- changes ---

    def dn_of(self, sam):
        for dn, entry in self.objects.items():
            if entry.get("sAMAccountName") == [sam] or dn == sam or entry["cn"] == [sam]:
                return dn
        raise KeyError(sam)

    def of(self, sam):
        return self.objects[self.dn_of(sam)]

    def set(self, sam, attr, *values):
        self.of(sam)[attr] = list(values)

    def member(self, group, action, sam):
        members = self.of(group).setdefault("member", [])
        dn = self.dn_of(sam)
        if action == "add":
            members.append(dn)
        else:
            members.remove(dn)

    def delete(self, sam):
        dn = self.dn_of(sam)
        del self.objects[dn]
        self._replace(dn, None)

    def move(self, sam, ou=None, name=None):
        """A new place or a new common name; references follow, as in AD."""
        old = self.dn_of(sam)
        entry = self.objects.pop(old)
        rdn, _, parent = old.partition(",")
        if name:
            rdn = "CN=" + name
            entry["cn"] = [name]
        dn = rdn + "," + (ou + "," + self.domain if ou else parent)
        entry["distinguishedName"] = [dn]
        self.objects[dn] = entry
        self._replace(old, dn)
        return dn

    def _replace(self, old, new):
        for entry in self.objects.values():
            for attr in ("member", "manager", "managedBy"):
                if old in entry.get(attr, []):
                    entry[attr] = [new if v == old else v for v in entry[attr]]
                    entry[attr] = [v for v in entry[attr] if v]

    # --- the file ---

    @staticmethod
    def line(attr, value):
        if isinstance(value, bytes) or not is_safe(value):
            raw = value if isinstance(value, bytes) else value.encode()
            text = "%s:: %s" % (attr, base64.b64encode(raw).decode())
        else:
            text = "%s: %s" % (attr, value)
        return "\n ".join([text[:76]] + [text[i:i + 75] for i in range(76, len(text), 75)]) + "\n"

    def text(self):
        out = ["version: 1\n"]
        for dn, entry in self.objects.items():
            out.append("\n" + self.line("dn", dn))
            for attr, values in entry.items():
                out.extend(self.line(attr, v) for v in values)
        return "".join(out)

    def write(self, path):
        with open(path + ".new", "w", encoding="utf-8") as f:
            f.write(self.text())
        os.replace(path + ".new", path)

    @classmethod
    def read(cls, path):
        self = cls()
        with open(path, encoding="utf-8") as f:
            records = f.read().replace("\n ", "").split("\n\n")
        for record in records[1:]:
            entry, dn = {}, None
            for line in record.strip().split("\n"):
                attr, _, value = line.partition(":")
                if value.startswith(":"):
                    raw = base64.b64decode(value[2:])
                    value = raw if attr in BINARY else raw.decode()
                else:
                    value = value[1:]
                if attr == "dn":
                    dn = value
                else:
                    entry.setdefault(attr, []).append(value)
            self.objects[dn] = entry
        return self


FIRST = ("Anna Björn Chloé Dag Élise Frøya Georg Håkon Ingrid Jürgen Katarzyna Lærke Magnus Núria "
         "Ole Péter Quentin Ragnhild Søren Thérèse").split()
LAST = ("Ås Berg Çelik Dahl Ekström Fjeld Grønn Haugen Ives Jónsson Købke Lund Müller Nygård Østby "
        "Pérez Quist Rønning Šimić Thorsen").split()
DEPARTMENTS = ("Harbour", "Routes", "Finance", "Crew", "Information Technology")


def plain(text):
    table = str.maketrans("åÅäöøØéÉèüúóńñæÇçŠšćîí", "aAaooOeEeuuonnaCcSscii")
    return "".join(c for c in text.translate(table).lower() if c.isascii() and c.isalpha())


def generate(users=200, groups=30, contacts=10):
    c = Company()
    staff = []
    for i in range(users):
        first, last = FIRST[i % 20], LAST[(i // 20 + i) % 20]
        number = "" if i < 100 else str(i)
        name = "%s %s%s" % (first, last, " " + number if number else "")
        sam = (plain(first) + "." + plain(last))[:14] + number
        while any(o.get("sAMAccountName") == [sam] for o in c.objects.values()):
            sam += "x"
        department = DEPARTMENTS[i % 5]
        attrs = {"title": "Manager" if i < 5 else "Officer", "department": department,
                 "company": "Fjordline", "l": "Bergen", "c": "NO", "co": "Norway",
                 "physicalDeliveryOfficeName": "Quay %d" % (i % 7), "employeeID": "%05d" % i,
                 "telephoneNumber": "+47 55 00 %02d %02d" % (i // 100, i % 100),
                 "mail": "%s@%s" % (sam, DNS), "mailNickname": sam,
                 "proxyAddresses": ["SMTP:%s@%s" % (sam, DNS)]}
        if i >= 5:
            attrs["manager"] = staff[i % 5]
        if i == 17:
            attrs["userAccountControl"] = "514"
        staff.append(c.user(sam, name, upn=i != 42, **attrs))
    teams = []
    for i in range(groups):
        members = [staff[(i * 7 + k * 3) % users] for k in range(4 + i % 9)]
        members = list(dict.fromkeys(members))
        if i % 3 == 2:
            members.append(teams[i - 1])
        if i % 10 == 9:
            sam = "List %02d" % i
            nick = "list%02d" % i
            teams.append(c.group(sam, members, groupType="2", mail="%s@%s" % (nick, DNS),
                                 mailNickname=nick, proxyAddresses=["SMTP:%s@%s" % (nick, DNS)]))
        else:
            teams.append(c.group("Team %02d" % i, members, description="Crew of quay %d" % i))
    for i in range(contacts):
        c.contact("Partner %02d" % i, "partner%02d@partners.example" % i, company="Partner %d" % i)
    critical = {"isCriticalSystemObject": "TRUE"}
    c.user("Administrator", ou="CN=Users", upn=False, **critical)
    c.user("krbtgt", ou="CN=Users", upn=False, userAccountControl="514", **critical)
    c.group("Domain Users", ou="CN=Users", **critical)
    c.user("AAD_9f27c1d5e4b0", "AAD_9f27c1d5e4b0")
    c.user("SM_1f2e3d4c", "SystemMailbox 1f2e3d4c", mailNickname="SystemMailbox{1f2e3d4c}")
    return c


def main(argv):
    if len(argv) < 3:
        print(__doc__, file=sys.stderr)
        return 2
    verb, path, rest = argv[1], argv[2], argv[3:]
    if verb == "generate":
        generate().write(path)
        return 0
    c = Company.read(path)
    try:
        if verb == "set":
            c.set(*rest)
        elif verb == "member":
            c.member(*rest)
        elif verb == "delete":
            c.delete(*rest)
        elif verb == "move":
            c.move(*rest)
        else:
            print(__doc__, file=sys.stderr)
            return 2
    except KeyError as e:
        print("company.py: nobody is called %s in %s" % (e, path), file=sys.stderr)
        return 1
    c.write(path)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
