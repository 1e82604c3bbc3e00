"""packaging/setup/entra-app: what it asks of Graph, in which order, and what it refuses."""
import base64
import json
import os
import ssl
import stat
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from lab import ROOT, TENANT, Graph

SERVICE = "6bf85cfa-ac8a-4be5-b5de-425a0d0dc016"
GRAPH = "00000003-0000-0000-c000-000000000000"
ROLES = {SERVICE: ["ADSynchronization.ReadWrite.All"],
         GRAPH: ["User.Read.All", "Group.Read.All", "OrgContact.Read.All", "Organization.Read.All",
                 "User-OnPremisesSyncBehavior.ReadWrite.All",
                 "Group-OnPremisesSyncBehavior.ReadWrite.All",
                 "Contacts-OnPremisesSyncBehavior.ReadWrite.All", "User.ReadWrite.All"]}


class Tenant(HTTPServer):
    """As much of Graph as the script asks; `writes` has what it was sent."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d" % self.server_port
        self.syncs, self.writes, self.refuses = False, [], None
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def role_id(self, app, role):
        return "%s-%d" % (app[:8], ROLES[app].index(role))


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *args):  # pylint: disable=arguments-differ
        pass

    def answer(self, status, o=None):
        data = json.dumps(o).encode() if o is not None else b""
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        assert self.headers["Authorization"] == "Bearer the-token"
        if self.path.startswith("/v1.0/organization?"):
            self.answer(200, {"value": [{"id": "t-1", "displayName": "Fjordline",
                                         "onPremisesSyncEnabled": self.server.syncs or None}]})
            return
        for app, roles in ROLES.items():
            if self.path == "/v1.0/servicePrincipals(appId='%s')?$select=id,appRoles" % app and (
                    self.server.syncs or app == GRAPH):
                self.answer(200, {"id": "sp-" + app[:8], "appRoles": [
                    {"value": r, "id": self.server.role_id(app, r)} for r in roles]})
                return
        self.answer(404, {"error": {"code": "Request_ResourceNotFound"}})

    def write(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.server.refuses == self.path:
            self.answer(403, {"error": {"code": "Authorization_RequestDenied"}})
            return
        self.server.writes.append((self.command, self.path[len("/v1.0"):], body))
        if self.command == "PATCH":
            self.server.syncs = True
            self.answer(204)
        else:
            self.answer(201, {"id": "new-id", "appId": "new-app"})

    do_POST = do_PATCH = write


@pytest.fixture
def tenant():
    server = Tenant()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def run(tenant, tmp_path):
    token = tmp_path / "token"
    token.write_text("the-token\n")
    token.chmod(0o600)

    def run_it(*words, typed=""):
        done = subprocess.run([ROOT + "/packaging/setup/entra-app", *words, "--token", str(token),
                               "--graph", tenant.url], input=typed, capture_output=True, text=True,
                              check=False, timeout=60)
        return done.returncode, done.stdout + done.stderr
    return run_it


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    pem = str(tmp_path_factory.mktemp("certificate") / "adsyncd.pem")
    subprocess.run([ROOT + "/packaging/setup/entra-app", "certificate", pem], check=True)
    return pem, pem[:-4] + ".cer"


def test_the_certificate(files):
    pem, cer = files
    assert stat.S_IMODE(os.stat(pem).st_mode) == 0o600
    with open(pem, encoding="ascii") as f:
        text = f.read()
    assert "BEGIN PRIVATE KEY" in text and "BEGIN CERTIFICATE" in text
    with open(cer, encoding="ascii") as f:
        assert "KEY" not in f.read()
    assert not os.path.exists(pem + ".key")
    done = subprocess.run([ROOT + "/packaging/setup/entra-app", "certificate", pem], check=False,
                          capture_output=True, text=True)
    assert done.returncode == 1 and "exists" in done.stderr


def test_synchronization_is_switched_on_by_word_only(tenant, run):
    code, said = run("show")
    assert code == 0 and "directory synchronization: off" in said and "not in the tenant" in said
    code, said = run("enable", typed="no\n")
    assert code == 1 and "nothing was changed" in said and not tenant.writes
    code, said = run("enable", typed="yes\n")
    assert code == 0 and tenant.writes == [
        ("PATCH", "/organization/t-1", {"onPremisesSyncEnabled": True})]
    code, said = run("enable")
    assert code == 0 and "already" in said and len(tenant.writes) == 1
    assert "ADSynchronization.ReadWrite.All is there" in run("show")[1]


def test_registered_with_certificate_and_roles(tenant, run, files):
    _, cer = files
    code, said = run("register", cer, "--yes")
    assert code == 1 and "entra-app enable" in said and not tenant.writes
    tenant.syncs = True
    code, said = run("register", cer, typed="\n")
    assert code == 1 and not tenant.writes and "whoever has its key" in said
    code, said = run("register", cer, "--yes")
    assert code == 0, said
    (_, path, app), principal = tenant.writes
    assert path == "/applications" and principal == ("POST", "/servicePrincipals", {"appId": "new-app"})
    assert "/t-1/adminconsent?client_id=new-app" in said and "surface = service" in said
    key, = app["keyCredentials"]
    with open(cer, encoding="ascii") as f:
        assert base64.b64decode(key["key"]) == ssl.PEM_cert_to_DER_cert(f.read().strip() + "\n")
    assert (key["type"], key["usage"]) == ("AsymmetricX509Cert", "Verify")
    access = {r["resourceAppId"]: r["resourceAccess"] for r in app["requiredResourceAccess"]}
    assert access[SERVICE] == [
        {"id": tenant.role_id(SERVICE, "ADSynchronization.ReadWrite.All"), "type": "Role"}]
    assert [r["id"] for r in access[GRAPH]] == ["00000003-%d" % i for i in range(4)]


def test_consent_is_one_assignment_for_each_role(tenant, run, files):
    tenant.syncs = True
    code, said = run("register", files[1], "--yes", "--soa", "--consent", "--name", "Sync")
    assert code == 0 and "adminconsent" not in said, said
    assert tenant.writes[0][2]["displayName"] == "Sync"
    given = tenant.writes[2:]
    assert {path for _, path, _ in given} == {"/servicePrincipals/new-id/appRoleAssignments"}
    assert [(b["principalId"], b["resourceId"], b["appRoleId"]) for _, _, b in given] == [
        ("new-id", "sp-00000003", "00000003-%d" % i) for i in range(7)] + [
        ("new-id", "sp-6bf85cfa", "6bf85cfa-0")]


def test_refusals(tenant, run, files, tmp_path):
    tenant.syncs = True
    code, said = run("register", files[0], "--yes")  # with the key in it
    assert code == 1 and "private key" in said and not tenant.writes
    tenant.refuses = "/v1.0/applications"
    code, said = run("register", files[1], "--yes")
    assert code == 1 and "answered 403" in said and "the-token" not in said
    (tmp_path / "token").chmod(0o644)
    code, said = run("show")
    assert code == 1 and "chmod 600" in said
    assert run("register")[0] == 1


def test_against_the_emulator(make_emulator, tmp_path):
    em = make_emulator("--memory")
    graph, token = Graph(em), tmp_path / "token"
    token.write_text(graph.headers["Authorization"].partition(" ")[2])
    token.chmod(0o600)

    def run_it(*words):
        return subprocess.run([ROOT + "/packaging/setup/entra-app", *words, "--token", str(token),
                               "--graph", em.url, "--ca", em.ca], capture_output=True, text=True,
                              check=True, timeout=60).stdout
    graph.patch("/organization/" + TENANT, {"onPremisesSyncEnabled": False})
    assert "directory synchronization: off" in run_it("show")
    assert "switched on" in run_it("enable", "--yes")
    said = run_it("show")
    assert "directory synchronization: on" in said
    assert "Synchronization Service: ADSynchronization.ReadWrite.All is there" in said
