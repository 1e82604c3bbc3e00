"""Real directories for tests: a Samba AD domain controller, and slapd with AD's attribute names.

Both keep everything in a given folder and listen on loopback. test_ldap.py runs in a network
namespace of its own (tests/e2e/CMakeLists.txt), so that the fixed ports of a domain controller meet
nothing else.
"""
import contextlib
import os
import subprocess

from company import Company
from lab import Process, wait_for

PASSWORD = "Sync.Passw0rd1"


def call(argv, **kwargs):
    done = subprocess.run(argv, capture_output=True, text=True, check=False, **kwargs)
    assert done.returncode == 0, "%s\n%s%s" % (" ".join(argv), done.stdout[-1500:],
                                              done.stderr[-1500:])
    return done.stdout


def certificate(folder, names):
    """ca.pem, cert.pem and key.pem with a subjectAltName."""
    os.makedirs(folder, exist_ok=True)
    path = folder + "/"
    with open(path + "san", "w", encoding="ascii") as f:
        f.write("subjectAltName=" + names)
    call(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
          "-nodes", "-days", "30", "-subj", "/CN=Test CA", "-keyout", path + "ca.key", "-out",
          path + "ca.pem"])
    call(["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
          "-subj", "/CN=directory", "-keyout", path + "key.pem", "-out", path + "req.pem"])
    call(["openssl", "x509", "-req", "-in", path + "req.pem", "-CA", path + "ca.pem", "-CAkey",
          path + "ca.key", "-CAcreateserial", "-days", "30", "-out", path + "cert.pem", "-extfile",
          path + "san"])
    os.chmod(path + "key.pem", 0o600)


class SambaDC:
    """A domain controller of fjordline.example on 127.0.0.10."""
    IP, BASE = "127.0.0.10", "DC=fjordline,DC=example"
    ACCOUNT = "sync@fjordline.example"

    HOST = "dc1.fjordline.example"
    REPLICATE = "1131f6aa-9c07-11d1-f79f-00c04fc2dcd2"  # DS-Replication-Get-Changes
    CONSISTENCY = "23773dc2-b63a-11d2-90e1-00c04fd91ab1"  # ms-DS-ConsistencyGuid

    def __init__(self, folder, ldif_text, replicate=True, deleted=True, kerberos=False,
                 references="", backend="tdb"):
        self.folder, self.backend = folder, backend
        self.services = "ldap, kdc" if kerberos else "ldap"
        for name in ("run", "log", "cache", "state", "lock"):
            os.makedirs(os.path.join(folder, name))
        self.conf = os.path.join(folder, "smb.conf")
        self.sam = os.path.join(folder, "private", "sam.ldb")
        self.provision()
        certificate(os.path.join(folder, "tls"), "IP:%s,DNS:%s" % (self.IP, self.HOST))
        self.ca = os.path.join(folder, "tls", "ca.pem")
        self.keytab = os.path.join(folder, "sync.keytab")
        self.tool("user", "create", "sync", PASSWORD)
        self.tool("user", "setexpiry", "sync", "--noexpiry")
        self.load(ldif_text)
        if references:
            self.modify_offline(references, "-o", "batch_mode:1", "-o",
                                "transaction_index_cache_size:200000")
        self.grant(replicate, deleted)
        if kerberos:
            self.modify_offline("dn: CN=DC1,OU=Domain Controllers,%s\nchangetype: modify\n"
                                "add: servicePrincipalName\nservicePrincipalName: ldap/%s\n" %
                                (self.BASE, self.HOST))
            self.tool("domain", "exportkeytab", self.keytab, "--principal=sync@FJORDLINE.EXAMPLE")
            os.chmod(self.keytab, 0o600)
        self.process = None
        self.start()

    def provision(self):
        empty = os.path.join(self.folder, "empty.conf")
        with open(empty, "w", encoding="ascii") as f:
            f.write("[global]\n")
        only = ["--option=interfaces=%s/8" % self.IP, "--option=bind interfaces only=yes"]
        call(["samba-tool", "domain", "provision", "--configfile=" + empty, "--quiet",
              "--realm=FJORDLINE.EXAMPLE", "--domain=FJORDLINE", "--server-role=dc",
              "--dns-backend=NONE", "--adminpass=Admin.Passw0rd1", "--host-name=dc1",
              "--host-ip=" + self.IP, "--targetdir=" + self.folder,
              "--backend-store=" + self.backend, *only])
        with open(self.conf, "w", encoding="utf-8") as f:
            f.write("""[global]
netbios name = DC1
realm = FJORDLINE.EXAMPLE
workgroup = FJORDLINE
server role = active directory domain controller
server services = %(services)s
interfaces = %(ip)s/8
bind interfaces only = yes
private dir = %(d)s/private
state directory = %(d)s/state
cache directory = %(d)s/cache
lock directory = %(d)s
pid directory = %(d)s/run
ncalrpc dir = %(d)s/run/ncalrpc
winbindd socket directory = %(d)s/run/winbindd
ntp signd socket directory = %(d)s/run/ntp
log file = %(d)s/log/log.%%m
tls enabled = yes
tls keyfile = %(d)s/tls/key.pem
tls certfile = %(d)s/tls/cert.pem
tls cafile = %(d)s/tls/ca.pem
""" % {"ip": self.IP, "d": self.folder, "services": self.services})

    def sid(self, account="sync"):
        found = call(["ldbsearch", "--configfile=" + self.conf, "-H", self.sam, "-b", self.BASE,
                      "(sAMAccountName=%s)" % account, "objectSid"])
        return next(line.split(": ")[1] for line in found.splitlines()
                    if line.startswith("objectSid: "))

    def modify_offline(self, text, *options):
        call(["ldbmodify", "--configfile=" + self.conf, "-H", self.sam, *options], input=text)

    def allow(self, dn, ace):
        """Adds an ACE, with the server stopped; what undoes it."""
        got = self.tool("dsacl", "get", "-H", self.sam, "--objectdn=" + dn)
        dacl = "D:" + got.rsplit("D:", 1)[1].split("S:")[0].split()[0]
        self.set_dacl(dn, dacl.replace("(", ace + "(", 1))
        return lambda: self.set_dacl(dn, dacl)

    def set_dacl(self, dn, dacl):
        self.modify_offline("dn: %s\nchangetype: modify\nreplace: nTSecurityDescriptor\n"
                            "nTSecurityDescriptor: %s\n" % (dn, dacl),
                            "--controls=show_deleted:1,sd_flags:1:4")

    def hide_deleted(self):
        self.set_dacl("CN=Deleted Objects," + self.BASE,
                      "D:PAI(A;;RPWPCCDCLCRCWOWDSDSW;;;SY)(A;;RPLC;;;BA)")

    @contextlib.contextmanager
    def stopped(self):
        self.stop()
        yield
        self.start()

    def grant(self, replicate, deleted):
        """What a service account of the original gets, and a test may leave out."""
        if replicate:
            self.revoke = self.allow(self.BASE, "(OA;;CR;%s;;%s)" % (self.REPLICATE, self.sid()))
        if deleted:
            self.set_dacl("CN=Deleted Objects," + self.BASE,
                          "D:PAI(A;CI;RPLC;;;%s)(A;;RPWPCCDCLCRCWOWDSDSW;;;SY)(A;;RPLC;;;BA)" %
                          self.sid())

    def tool(self, *argv):
        return call(["samba-tool", *argv, "--configfile=" + self.conf])

    def load(self, text):
        path = os.path.join(self.folder, "load.ldif")
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        call(["ldbadd", "--configfile=" + self.conf, "-H", self.sam, "-o", "batch_mode:1", "-o",
              "transaction_index_cache_size:200000", path])

    def start(self):
        self.process = Process(["samba", "-F", "-M", "single", "--no-process-group",
                                "--configfile=" + self.conf], self.folder + "/log/stdout")
        wait_for(lambda: subprocess.run(
            ["ldapsearch", "-LLL", "-x", "-H", "ldap://" + self.IP, "-b", "", "-s", "base",
             "highestCommittedUSN"], capture_output=True, check=False).returncode == 0,
            "the domain controller", 60)

    def stop(self):
        self.process.stop()

    def ldap(self, program, *argv, text=None):
        return call([program, "-x", "-H", "ldaps://" + self.IP, "-D",
                     "Administrator@fjordline.example", "-w", "Admin.Passw0rd1", *argv],
                    input=text, env=dict(os.environ, LDAPTLS_CACERT=self.ca))

    def modify(self, text):
        self.ldap("ldapmodify", text=text)


def samba_ldif(company):
    """The company as a domain controller takes it: what it sets itself is left out."""
    out = []
    ous = sorted({dn.split(",", 1)[1] for dn in company.objects} - {
        "CN=Users," + company.domain, company.domain})
    for ou in ous:
        out.append("\ndn: %s\nobjectClass: organizationalUnit\n" % ou)
    for dn, entry in company.objects.items():
        out.append("\n" + Company.line("dn", dn))
        for attr, values in entry.items():
            if attr in ("objectGUID", "objectSid", "cn", "distinguishedName", "pwdLastSet",
                        "member", "manager", "mailNickname", "targetAddress",
                        "isCriticalSystemObject"):
                continue
            out += [Company.line(attr, "546" if v == "512" and attr == "userAccountControl" else v)
                    for v in values]
    return "".join(out)


def samba_references(company):
    out = []
    for dn, entry in company.objects.items():
        for attr in ("member", "manager"):
            if entry.get(attr):
                out.append("\n" + Company.line("dn", dn) + "changetype: modify\nadd: %s\n" % attr +
                           "".join(Company.line(attr, v) for v in entry[attr]) + "-\n")
    return "".join(out)


SCHEMA = """objectidentifier T 1.3.6.1.4.1.4203.666.77
"""
TEXT, OCTETS, NUMBER, DN, FLAG = (
    "EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15",
    "EQUALITY octetStringMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.40",
    "EQUALITY integerMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27",
    "EQUALITY distinguishedNameMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.12",
    "EQUALITY booleanMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.7")
ATTRIBUTES = {
    "objectGUID": OCTETS, "objectSid": OCTETS, "sAMAccountName": TEXT, "userPrincipalName": TEXT,
    "proxyAddresses": TEXT, "userAccountControl": NUMBER, "groupType": NUMBER, "mailNickname": TEXT,
    "department": TEXT, "company": TEXT, "pwdLastSet": NUMBER, "targetAddress": TEXT,
    "employeeID": TEXT, "isCriticalSystemObject": FLAG}


class Slapd:
    """OpenLDAP with AD's names: for load, since a large directory is there in seconds."""
    IP, BASE, ACCOUNT = "127.0.0.11", "DC=fjordline,DC=example", "cn=sync,DC=fjordline,DC=example"

    def __init__(self, folder, ldif_text, port=13636):
        self.folder, self.port = folder, port
        self.ca = os.path.join(folder, "tls", "ca.pem")
        self.conf = os.path.join(folder, "slapd.conf")
        os.makedirs(os.path.join(folder, "db"))
        certificate(os.path.join(folder, "tls"), "IP:" + self.IP)
        self.write_schema()
        self.write_conf()
        path = os.path.join(folder, "load.ldif")
        with open(path, "w", encoding="utf-8") as f:
            f.write(ldif_text)
        call(["slapadd", "-q", "-f", self.conf, "-l", path])
        self.process = Process(["slapd", "-d", "0", "-f", self.conf, "-h",
                                "ldaps://%s:%d" % (self.IP, port)], folder + "/slapd.log")
        self.url = "ldaps://%s:%d" % (self.IP, port)
        wait_for(lambda: subprocess.run(
            ["ldapsearch", "-x", "-H", self.url, "-b", "", "-s", "base"], capture_output=True,
            check=False, env=dict(os.environ, LDAPTLS_CACERT=self.ca)).returncode == 0, "slapd")

    def write_schema(self):
        out = [SCHEMA]
        for number, (name, kind) in enumerate(ATTRIBUTES.items(), 1):
            out.append("attributetype ( T:1.%d NAME '%s' %s )\n" % (number, name, kind))
        may = " $ ".join(ATTRIBUTES)
        out.append("objectclass ( T:2.1 NAME 'user' SUP inetOrgPerson STRUCTURAL MAY ( %s $ co $ c "
                   "$ distinguishedName ) )\n" % may)
        out.append("objectclass ( T:2.2 NAME 'group' SUP top STRUCTURAL MUST cn MAY ( member $ "
                   "description $ displayName $ mail $ %s ) )\n" % may)
        with open(self.folder + "/ad.schema", "w", encoding="ascii") as f:
            f.write("".join(out))

    def write_conf(self):
        with open(self.conf, "w", encoding="utf-8") as f:
            f.write("""include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include %(d)s/ad.schema
modulepath /usr/lib/ldap
moduleload back_mdb
TLSCertificateFile %(d)s/tls/cert.pem
TLSCertificateKeyFile %(d)s/tls/key.pem
sizelimit size.soft=1000 size.hard=1000 size.pr=5000 size.prtotal=unlimited
threads 4
database mdb
suffix "%(base)s"
rootdn "cn=admin,%(base)s"
rootpw Admin.Passw0rd1
directory %(d)s/db
maxsize 8589934592
index objectClass eq
""" % {"d": self.folder, "base": self.BASE})

    def stop(self):
        self.process.stop()


def slapd_ldif(company):
    """With the containers, the account, and without what the schema does not know."""
    base = company.domain
    out = ["dn: %s\nobjectClass: domain\ndc: %s\n\n" % (base, base[3:].split(",")[0]),
           "dn: cn=sync,%s\nobjectClass: person\ncn: sync\nsn: sync\nuserPassword: %s\n\n" %
           (base, PASSWORD)]
    for ou in sorted({dn.split(",", 1)[1] for dn in company.objects} - {base}):
        if ou.startswith("OU="):
            out.append("dn: %s\nobjectClass: organizationalUnit\nou: %s\n\n" %
                       (ou, ou[3:].split(",")[0]))
    known = set(ATTRIBUTES) | {"cn", "sn", "givenName", "displayName", "title", "mail", "member",
                               "manager", "description", "l", "telephoneNumber", "st",
                               "physicalDeliveryOfficeName", "employeeNumber"}
    for dn, entry in company.objects.items():
        kind = "group" if "group" in entry["objectClass"] else "user"
        if "contact" in entry["objectClass"]:
            continue
        out.append(Company.line("dn", dn) + "objectClass: %s\n" % kind)
        for attr, values in entry.items():
            if attr in known:
                out += [Company.line(attr, v) for v in values]
        out.append("\n")
    return "".join(out)
