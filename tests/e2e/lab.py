"""The laboratory of the end-to-end tests: an emulator, a company, adsyncd's worker and daemon.

Everything listens on loopback, is ended by its pid, and lives in one temporary folder.
"""
import json
import os
import re
import signal
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request
from http.client import HTTPException, HTTPSConnection
from urllib.parse import quote

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("ADSYNC_BUILD", os.path.join(ROOT, "build", "dev"))
sys.path.insert(0, os.path.join(ROOT, "packaging"))
from company import Company, generate  # noqa: E402,F401
from apps import ADMIN_APP, GRAPH_APP, SYNC_APP, TENANT  # noqa: E402,F401
from company_server import CompanyServer  # noqa: E402
from service import SERVICE_PATH, Service, Sync  # noqa: E402,F401

AD = "fjordline.example"
AAD = "tenant - AAD"
SECOND = "second - AAD"
# what a lab on a surface is made with
SURFACES = {"service": {}, "graph": {"surface": "graph", "app": GRAPH_APP}}
# what writes objects, as conditions on order name requests
WRITES = {"service": "POST " + SERVICE_PATH, "graph": "POST /v1.0/$batch"}


def binary(name):
    folder = {"adsyncctl": "ctl", "start-sync-cycle": "ctl", "adsyncd": "adsyncd",
              "entra-emulator": "emulator"}[name]
    return os.path.join(BUILD, "daemon", folder, name)


def q(path):
    """A path with blanks and letters of any kind as a client encodes it."""
    return quote(path, safe="/?&=$,:;()'+*@%")


def no_key_twice(pairs):
    keys = [key for key, _ in pairs]
    assert len(set(keys)) == len(keys), "a key twice: %s" % keys
    return dict(pairs)


def parse(text):
    """JSON as it must be: a client may take the first of two equal keys, or the last, or refuse."""
    return json.loads(text, object_pairs_hook=no_key_twice)


def code(answer):
    """(status, error's code)"""
    return answer[0], (answer[1] or {}).get("error", {}).get("code")


def wait_for(condition, what, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError("waited %d s for %s" % (seconds, what))


def private(path, flags):
    """For open(): a file that nobody else reads."""
    return os.open(path, flags, 0o600)


class Process:
    """A server of ours: its output in a file, ended by its pid."""

    def __init__(self, argv, log, env=None):
        self.log_path = log
        with open(log, "ab") as f:
            self.popen = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=f, stderr=f,
                                          env=dict(os.environ, **(env or {})))

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as f:
            return f.read()

    def stop(self, sig=signal.SIGTERM, seconds=20):
        if self.popen.poll() is None:
            self.popen.send_signal(sig)
        try:
            code = self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
            raise AssertionError("did not stop within %d s: %s" % (seconds, self.popen.args[0]))
        assert "ERROR: AddressSanitizer" not in self.log(), self.log()[-3000:]
        assert "runtime error:" not in self.log(), self.log()[-3000:]
        return code


class Emulator:
    def __init__(self, folder, *options, tenant=None, port=0):
        self.folder = os.path.join(folder, "tenant")
        port_file = os.path.join(folder, "port")
        if os.path.exists(port_file):
            os.unlink(port_file)
        self.process = Process(
            [binary("entra-emulator"), "--tenant",
             tenant or os.path.join(ROOT, "conf", "tenant.sample.json"), "--state", self.folder,
             "--listen", "127.0.0.1:%d" % port, "--port-file", port_file, *options],
            os.path.join(folder, "emulator.log"))
        wait_for(lambda: os.path.exists(port_file) or self.process.popen.poll() is not None,
                 "the emulator")
        assert self.process.popen.poll() is None, self.process.log()
        with open(port_file, encoding="ascii") as f:
            self.url = "https://localhost:" + f.read().strip()
        self.ca = os.path.join(self.folder, "ca.pem")
        self.connection = None
        self.answered = None  # headers of the last answer

    def stop(self):
        if self.connection:
            self.connection.close()
            self.connection = None
        return self.process.stop()

    def request(self, method, path, body=None, headers=None):
        """(status, parsed JSON or None); one connection is kept open."""
        data = json.dumps(body).encode() if body is not None else None
        headers = dict(headers or {})
        if data is not None:
            headers["Content-Type"] = "application/json"
        status, text = self.send(method, path, data, headers)
        return status, parse(text) if text else None

    def send(self, method, path, data, headers):
        """(status, octets)"""
        for last in (False, True):
            if not self.connection:
                self.connection = HTTPSConnection(
                    self.url[len("https://"):], timeout=30,
                    context=ssl.create_default_context(cafile=self.ca))
            try:
                self.connection.request(method, path, data, headers)
                answer = self.connection.getresponse()
                self.answered = answer.headers
                return answer.status, answer.read()
            except (OSError, HTTPException):
                self.connection.close()
                self.connection = None
                if last:
                    raise

    def stats(self):
        return self.request("GET", "/emulator/stats")[1]

    def requests(self):
        return self.request("GET", "/emulator/requests")[1]["requests"]

    def fault(self, **what):
        status, _ = self.request("POST", "/emulator/faults", what)
        assert status == 204

    def clear_faults(self):
        self.request("DELETE", "/emulator/faults")
        self.request("DELETE", "/emulator/service")

    def service_fault(self, kind, **more):
        """A bad day of the provisioning service, or of an object in it (sourceAnchor)."""
        status, answer = self.request("POST", "/emulator/service", {"faults": [dict(more, kind=kind)]})
        assert status == 204, answer


class Graph:
    """A client with the rights of one application."""

    def __init__(self, emulator, app=ADMIN_APP):
        self.emulator = emulator
        self.headers = {"Authorization": "Bearer " + self.token(app), "ConsistencyLevel": "eventual"}

    def token(self, app):
        form = "grant_type=client_credentials&scope=x&client_id=%s&client_secret=%s" % app
        rq = urllib.request.Request("%s/%s/oauth2/v2.0/token" % (self.emulator.url, TENANT),
                                    form.encode())
        context = ssl.create_default_context(cafile=self.emulator.ca)
        with urllib.request.urlopen(rq, context=context, timeout=30) as answer:
            return parse(answer.read())["access_token"]

    def call(self, method, path, body=None):
        return self.emulator.request(method, "/v1.0" + path, body, self.headers)

    def get(self, path):
        status, answer = self.call("GET", path)
        assert status == 200, (path, status, answer)
        return answer

    def patch(self, path, body):
        status, answer = self.call("PATCH", path, body)
        assert status == 204, (path, status, answer)

    def all(self, path):
        out, link = [], "/v1.0" + path
        while link:
            status, answer = self.emulator.request("GET", link, None, self.headers)
            assert status == 200, (link, answer)
            out += answer["value"]
            link = answer.get("@odata.nextLink", "")[len(self.emulator.url):]
        return out

    def find(self, collection, name, attr="displayName"):
        found = self.get("/%s?$filter=%s%%20eq%%20'%s'" % (collection, attr, quote(name)))["value"]
        return found[0] if found else None

    def soa(self, collection, object_id, cloud):
        self.patch("/%s/%s/onPremisesSyncBehavior" % (collection, object_id),
                   {"isCloudManaged": cloud})

    def members(self, group_id):
        return sorted(m["displayName"] for m in self.all("/groups/%s/members?$top=999" % group_id))


def delta(client, link, pages=None):
    """A round of a delta query to its end: its objects, and the link of the next round."""
    out, seen = [], 0
    while True:
        status, answer = client.emulator.request("GET", q(link), None, client.headers)
        assert status == 200, answer
        out, seen = out + answer["value"], seen + 1
        link = answer.get("@odata.nextLink") or answer["@odata.deltaLink"]
        link = link[len(client.emulator.url):]
        if "@odata.deltaLink" in answer:
            assert pages in (None, seen)
            return out, link


class Run:
    """What one run of the worker said and did."""

    def __init__(self, code, report, log):
        self.code, self.log = code, log
        lines = [json.loads(line) for line in report.splitlines() if line.strip()]
        self.end = next((o["end"] for o in lines if "end" in o), None)
        self.error = next((o["error"] for o in lines if "error" in o), None)
        self.steps = [o["progress"] for o in lines if "progress" in o and "result" in o["progress"]]
        self.events = [int(n) for n in re.findall(r" event_id=(\d+) ", log)]

    @property
    def result(self):
        return self.end["result"] if self.end else None

    def counter(self, name):
        return sum(s["counters"].get(name, 0) for s in self.steps)

    def step(self, connector, kind):
        return next(s for s in self.steps if s["connector"] == connector and kind in s["type"])

    def blocked(self):
        """DNs of the events 6956."""
        out = []
        for line in self.log.splitlines():
            if " event_id=6956 " in line:
                out.append(re.search(r' dn=(?:"((?:[^"\\]|\\.)*)"|(\S+))', line).group(1, 2))
        return [a or b for a, b in out]


class Lab:
    """A folder with a company, an emulator and the configuration between them."""

    def __init__(self, folder, company=None, surface="service", app=SYNC_APP, memory=True, port=0,
                 tenant=None, sign_in=None, second=False, second_port=0, ad="",
                 other_first=False, emulator=(), aad="", exchange=False, directory=None,
                 directory_port=0, directory_state=None, **settings):
        """second: there is a second tenant, the company's objects go to both.
        directory: the company is on a server, which can be written; settings of its connector.
        company.other: a second forest, with a connector of its own; other_first: before the other.
        ad: settings of the connectors of AD. aad: those of the (first) tenant's.
        exchange: that tenant is asked for IsExchangeCloudManaged.
        emulator: options of the (first) tenant."""
        self.folder = str(folder)
        self.company = company or Company()
        self.ad, self.other_first = ad, other_first
        self.aad, self.exchange = aad, exchange
        if os.path.exists(self.folder + "/ad-settings"):
            with open(self.folder + "/ad-settings", encoding="utf-8") as f:
                self.ad = f.read()
        self.ldif = os.path.join(self.folder, "ad.ldif")
        self.emulator = Emulator(self.folder, *(["--memory"] if memory else []), *emulator,
                                 port=port, tenant=tenant)
        self.graph = Graph(self.emulator)
        self.second = None
        if second:
            os.makedirs(self.folder + "/second", exist_ok=True)
            self.second = Emulator(self.folder + "/second", *(["--memory"] if memory else []),
                                   port=second_port)
        self.directory, self.directory_settings = None, directory
        if directory is not None:
            self.directory = CompanyServer(self.company, directory_port, directory_state)
        self.config = os.path.join(self.folder, "adsyncd.conf")
        self.secret = os.path.join(self.folder, "secret")
        self.daemon = None
        self.write_secret(app[1])
        self.surface, self.app, self.settings = surface, app, settings
        self.sign_in = sign_in or "client_id = %s\nclient_secret_file = %s" % (app[0], self.secret)
        self.write_config()
        self.write()

    def write_secret(self, text):
        fd = os.open(self.secret, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.write(fd, text.encode())
        os.close(fd)

    def own_rules(self):
        """A folder rules.d beside the configuration holds rules of its own."""
        folder = os.path.join(self.folder, "rules.d")
        return ", " + folder if os.path.isdir(folder) else ""

    def write_config(self, extra="", ad="", aad="", source=None, ca=None, base=None):
        sections = {"adsyncd": "", "scheduler": "", "import": "", "export": ""}
        for key, value in self.settings.items():
            section, _, name = key.partition("__")
            sections[section] += "%s = %s\n" % (name, value)
        ad += self.ad
        aad += self.aad
        if self.exchange:
            aad += "\nexchange = yes\nexchange_url = %s\n" % self.emulator.url
        if self.directory:
            source = source or self.directory.url
            ad += "starttls = no\n" + self.directory_settings
        first, more = self.other_forest(), self.second_tenant()
        if not self.other_first:
            first, more = "", first + more
        with open(self.config, "w", encoding="utf-8") as f:
            f.write("""[adsyncd]
state_directory = %(folder)s/state
rules = %(root)s/conf/rules%(own)s
metaverse = %(root)s/schema/metaverse.json
control_socket = %(folder)s/control
status_socket = %(folder)s/status
%(adsyncd)s
[scheduler]
%(scheduler)s
[import]
%(import)s
[export]
%(export)s
%(first)s
[connector "%(ad_name)s"]
type = ad
source = %(source)s
base_dn = %(base)s
%(ad)s
[connector "%(aad_name)s"]
type = entra
surface = %(surface)s
tenant_id = %(tenant)s
%(sign_in)s
authority = %(url)s
graph_url = %(url)s
%(service)sca_file = %(ca)s
%(aad)s
%(more)s
%(extra)s""" % dict(sections, folder=self.folder, own=self.own_rules(), root=ROOT, ad_name=AD, aad_name=AAD,
                    source=source or "ldif:" + self.ldif, surface=self.surface, tenant=TENANT,
                    sign_in=self.sign_in, url=self.emulator.url,
                    service=self.service_url(self.emulator),
                    ca=ca or self.emulator.ca, base=base or self.company.domain, ad=ad, aad=aad,
                    first=first, more=more, extra=extra))

    def service_url(self, emulator):
        """The setting of that name, for a surface that has one. The emulator shows at once what was
        written: nobody has to wait for it."""
        if self.surface != "service":
            return ""
        patience = "" if "service_patience" in self.aad else "service_patience = 0\n"
        return "service_url = %s\n%s" % (emulator.url + SERVICE_PATH, patience)

    def other_forest(self):
        """The section of a second forest."""
        other = self.other()
        return other and ('[connector "%s"]\ntype = ad\nsource = ldif:%s\nbase_dn = %s\n%s\n' % (
            other.dns, self.folder + "/other.ldif", other.domain, self.ad)) or ""

    def second_tenant(self):
        """The section of a second tenant."""
        text = ""
        if self.second and not os.path.exists(self.folder + "/without-second"):
            sign_in, wrong = self.sign_in, self.folder + "/second/secret"
            if os.path.exists(wrong):
                sign_in = sign_in.replace(self.secret, wrong)
            text += """[connector "%s"]
type = entra
surface = %s
tenant_id = %s
%s
authority = %s
graph_url = %s
%sca_file = %s
""" % (SECOND, self.surface, TENANT, sign_in, self.second.url, self.second.url,
                self.service_url(self.second), self.second.ca)
        return text

    def set_ad(self, text):
        """Other settings of the connectors of AD, also for those who copy the folder."""
        self.ad = text
        with open(self.folder + "/ad-settings", "w", encoding="utf-8") as f:
            f.write(text)
        self.write_config()

    def with_second(self, there):
        """The second tenant leaves the configuration, or comes back."""
        mark = self.folder + "/without-second"
        if there:
            os.unlink(mark)
        else:
            with open(mark, "w", encoding="ascii"):
                pass
        self.write_config()

    def second_secret(self, text):
        """The second tenant's secret is another one, which it refuses; None: the right one."""
        path = self.folder + "/second/secret"
        if text:
            with open(path, "w", encoding="ascii", opener=private) as f:
                f.write(text)
        else:
            os.unlink(path)
        self.write_config()

    def other(self):
        return getattr(self.company, "other", None)

    def write(self):
        if self.directory:
            self.directory.publish()
        else:
            self.company.write(self.ldif)
        if self.other():
            self.other().write(self.folder + "/other.ldif")

    def run(self, profile="delta", fault=None, connector=None, timeout=300):
        """One run of the worker, in the foreground."""
        argv = [binary("adsyncd"), "--worker", "--config", self.config, "--profile", profile,
                "--log", "stderr", "--report", "3"]
        if connector:
            argv += ["--connector", connector]
        env = dict(os.environ)
        env.pop("ADSYNC_FAULT", None)
        env["ADSYNC_FAULT_TRACE"] = os.path.join(self.folder, "faults")
        env.setdefault("LSAN_OPTIONS", "suppressions=%s/tests/lsan.supp:print_suppressions=0" % ROOT)
        if fault:
            env["ADSYNC_FAULT"] = fault
        read, write = os.pipe()
        with tempfile.TemporaryFile() as out:  # a pipe would be full while the report is read
            try:
                popen = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                         stderr=out, env=env, close_fds=False,
                                         preexec_fn=lambda: os.dup2(write, 3))
            finally:
                os.close(write)
            with os.fdopen(read, encoding="utf-8") as f:
                report = f.read()
            code = popen.wait(timeout)
            out.seek(0)
            log = out.read().decode(errors="replace")
        assert "ERROR: AddressSanitizer" not in log and "runtime error:" not in log, log[-9000:]
        assert "ERROR: LeakSanitizer" not in log, log[-9000:]
        return Run(code, report, log)

    def cycle(self, profile="delta"):
        """A run that must end well."""
        r = self.run(profile)
        assert r.code == 0, (r.result, r.error, r.log[-3000:])
        return r

    def db(self, sql, *values):
        con = sqlite3.connect("file:%s/state/adsyncd.db?mode=ro" % self.folder, uri=True)
        try:
            return con.execute(sql, values).fetchall()
        finally:
            con.close()

    # --- the daemon ---

    def start(self):
        sockets = [os.path.join(self.folder, name) for name in ("control", "status")]
        self.daemon = Process([binary("adsyncd"), "--config", self.config, "--log", "stderr"],
                              os.path.join(self.folder, "adsyncd.log"))
        wait_for(lambda: all(map(os.path.exists, sockets)) or
                 self.daemon.popen.poll() is not None, "the daemon")
        return self.daemon

    def ctl(self, *argv, program="adsyncctl"):
        return subprocess.run([binary(program), *argv], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=120, check=False,
                              env=dict(os.environ, ADSYNCD_SOCKET=self.folder + "/control"))

    def ctl_json(self, *argv):
        done = self.ctl("--json", *argv)
        assert done.returncode == 0, (argv, done.stderr)
        return json.loads(done.stdout)

    def close(self):
        if self.daemon:
            self.daemon.stop()
        self.emulator.stop()
        if self.second:
            self.second.stop()
        if self.directory:
            self.directory.stop()

    # --- what the tenant holds, without ids and times ---

    def tenant(self, emulator=None):
        names, out = {}, {}
        emulator = emulator or self.emulator
        graph, kept = Graph(emulator), Service(emulator).read_back()
        kept = {anchor.partition("_")[2]: bag for anchor, bag in kept.items()}
        objects = []
        for collection in ("users", "groups", "contacts"):
            select = {"users": USER_SELECT, "groups": GROUP_SELECT, "contacts": CONTACT_SELECT}
            for o in graph.all("/%s?$select=%s&$top=500" % (collection, select[collection])):
                names[o["id"]] = o["displayName"]
                objects.append((collection, o))
        for collection, o in objects:
            object_id = o.pop("id")
            bag = kept.get(object_id, {})
            if collection == "users":  # Graph shows it to a role of its own only
                o["employeeLeaveDateTime"] = bag.get("EmployeeLeaveDateTime")
            else:  # or not at all
                o["onPremisesImmutableId"] = bag.get("SourceAnchor")
            o["managed"] = graph.get("/%s/%s/onPremisesSyncBehavior" %
                                     (collection, object_id))["isCloudManaged"]
            if collection == "groups":
                o["members"] = graph.members(object_id)
            elif collection == "users":
                status, manager = graph.call("GET", "/users/%s/manager" % object_id)
                o["manager"] = manager["displayName"] if status == 200 else None
            key = "%s/%s" % (collection, o["displayName"])
            assert key not in out, "two objects %s" % key
            out[key] = o
        return out


USER_SELECT = ("id,displayName,onPremisesImmutableId,userPrincipalName,jobTitle,department,mail,"
               "proxyAddresses,accountEnabled,onPremisesSyncEnabled,onPremisesDistinguishedName,"
               "employeeHireDate")
GROUP_SELECT = "id,displayName,description,mailEnabled,securityEnabled,onPremisesSyncEnabled"
CONTACT_SELECT = "id,displayName,mail,proxyAddresses,onPremisesSyncEnabled"
