"""The connector space of AD as the database holds it, and the directory as ldapsearch shows it.

Both as {objectGUID: (dn, {attribute: sorted values}, {attribute: sorted GUIDs of targets})}, made
independently of each other, so that a test can compare them attribute by attribute.
"""
import base64
import glob
import json
import os
import re
import uuid

from lab import AD, ROOT

STRING, INTEGER, BOOLEAN, BINARY, REFERENCE = range(5)
REFERENCES = {"member", "manager", "managedBy", "assistant", "secretary", "publicDelegates",
              "authOrig", "unauthOrig", "dLMemRejectPerms", "dLMemSubmitPerms", "altRecipient",
              "msExchModeratedByLink", "msExchDelegateListLink", "msExchCoManagedByLink",
              "msExchBypassModerationLink", "msExchTeamMailboxOwners"}
# not replicated: DirSync cannot tell of it, and no rule of ours reads it
IGNORED = {"uSNChanged", "uSNCreated", "whenChanged"}


def rules_read():
    """The AD attributes that the default rules read."""
    names = set()
    for path in glob.glob(os.path.join(ROOT, "conf", "rules", "10-*.json")):
        with open(path, encoding="utf-8") as f:
            text = f.read()
        names |= set(re.findall(r'"(?:source|csAttribute|attribute)":\s*"([A-Za-z0-9-]+)"', text))
        names |= set(re.findall(r"\[([A-Za-z0-9-]+)\]", text))
        json.loads(text)
    return {n.lower() for n in names} - {"dn"}


class Image:
    """model/image.h, read without the library."""

    def __init__(self, data, names):
        self.data, self.at, self.names = data, 1, names
        assert data[0] == 1

    def varint(self):
        shift = value = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 0x7f) << shift
            shift += 7
            if not byte & 0x80:
                return value

    def value(self):
        kind = self.data[self.at]
        self.at += 1
        n = self.varint()
        if kind in (INTEGER, BOOLEAN):
            n = (n >> 1) ^ -(n & 1)
            return str(n).encode() if kind == INTEGER else (b"TRUE" if n else b"FALSE")
        out = self.data[self.at:self.at + n]
        self.at += n + 1
        return out

    def attributes(self):
        out = {}
        while self.at < len(self.data):
            name = self.names[self.varint()]
            values = sorted(self.value() for _ in range(self.varint()))
            if values:
                out[name.lower()] = values
        return out


def connector_space(lab, connector=AD):
    names = dict(lab.db("SELECT id, name FROM attribute"))
    number = lab.db("SELECT id FROM connector WHERE name = ?", connector)[0][0]
    out, rows = {}, {}
    for row, anchor, dn, image, deleted, key in lab.db(
            "SELECT id, anchor, dn, imported, deleted, dn_key FROM cs WHERE connector = ?", number):
        if image is None or deleted:
            continue
        assert key, "transient: " + dn
        rows[row] = out[anchor] = (dn, Image(image, names).attributes(), {})
    for row, attr, target in lab.db(
            "SELECT l.cs, l.attribute, t.anchor FROM cs_link l JOIN cs t ON t.id = l.target "
            "JOIN cs ON cs.id = l.cs WHERE cs.connector = ? AND l.imported = 1", number):
        if row in rows:
            rows[row][2].setdefault(names[attr].lower(), []).append(target)
    for _, _, links in rows.values():
        for targets in links.values():
            targets.sort(key=str)
    return out


def parse(ldif):
    """[(dn, {lower name: [bytes]})] of unwrapped LDIF."""
    out, dn, entry = [], None, {}
    for line in ldif.splitlines() + [""]:
        if line.startswith("#"):
            continue
        if not line:
            if dn is not None:
                out.append((dn, entry))
            dn, entry = None, {}
            continue
        name, _, value = line.partition(":")
        value = base64.b64decode(value[2:]) if value.startswith(":") else value.strip().encode()
        if name == "dn":
            dn = value.decode()
        else:
            entry.setdefault(name.partition(";")[0].lower(), []).append(value)
    return out


def directory(dc, in_scope=lambda dn: True):
    """Everything in the domain that is a user, group, contact or the like and in scope."""
    found = parse(dc.ldap("ldapsearch", "-LLL", "-o", "ldif-wrap=no", "-b", dc.BASE, "-E",
                          "pr=500/noprompt", "(objectClass=*)", "*"))
    guids = {dn.lower(): str(uuid.UUID(bytes_le=e["objectguid"][0])) for dn, e in found
             if "objectguid" in e}
    wanted = rules_read() | {"objectclass"}
    references = {n.lower() for n in REFERENCES}
    out = {}
    for dn, entry in found:
        classes = {c.lower() for c in entry.get("objectclass", ())}
        if not classes & {b"user", b"group", b"contact", b"foreignsecurityprincipal"}:
            continue
        if not in_scope(dn):
            continue
        entry["distinguishedname"] = [dn.encode()]
        attributes = {name: sorted(values) for name, values in entry.items()
                      if name in wanted - references - {n.lower() for n in IGNORED}}
        links = {name: sorted(guids[v.decode().lower()] for v in entry[name]
                              if b"\\0ADEL:" not in v)
                 for name in references & wanted & set(entry)}
        out[guids[dn.lower()]] = (dn, attributes, {n: v for n, v in links.items() if v})
    return out


def differences(space, truth):
    """Lines that name what differs; empty: nothing."""
    out = ["missing: " + truth[g][0] for g in truth.keys() - space.keys()]
    out += ["too much: " + space[g][0] for g in space.keys() - truth.keys()]
    kept = {name for _, attributes, _ in space.values() for name in attributes}
    for guid in truth.keys() & space.keys():
        mine, theirs = space[guid], truth[guid]
        if mine[0] != theirs[0]:
            out.append("dn: %s is %s" % (mine[0], theirs[0]))
        for name in (mine[1].keys() | theirs[1].keys()) & kept:
            if name in {n.lower() for n in IGNORED}:
                continue
            if mine[1].get(name) != theirs[1].get(name):
                out.append("%s, %s: %s is %s" % (theirs[0], name, mine[1].get(name),
                                                 theirs[1].get(name)))
        for name in mine[2].keys() | theirs[2].keys():
            if mine[2].get(name) != theirs[2].get(name):
                out.append("%s, %s: %s is %s" % (theirs[0], name, mine[2].get(name),
                                                 theirs[2].get(name)))
    return out
