"""The Entra connector: ways to sign in, proxies, matching, errors by name, pace, quarantine."""
import base64
import json
import os
import re
import socket
import sqlite3
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from lab import (AAD, ADMIN_APP, GRAPH_APP, ROOT, SURFACES, SYNC_APP, TENANT, WRITES, Company, Graph,
                 Sync)

DOMAIN = "fjordline.example"
MACHINE_APP = "0a1b2c3d-0000-4000-8000-000000000004"
ISSUER, SUBJECT = "https://issuer.example", "system:serviceaccount:adsync:adsyncd"


def people(n=3, **more):
    company = Company()
    for i in range(1, n + 1):
        company.user("user%d" % i, title="Captain", **more)
    return company


def anchor(lab, sam):
    return lab.db("SELECT anchor FROM cs WHERE anchor IS NOT NULL AND dn = ?", lab.company.dn_of(sam))


def source_anchor(lab, sam):
    """As the rules compute it: base64 of objectGUID."""
    return base64.b64encode(lab.company.of(sam)["objectGUID"][0]).decode()


def errors(lab):
    """{displayName or name in the error's DN: (type, count)} of the export errors."""
    rows = lab.db("SELECT e.type, e.count, cs.mv FROM cs_error e JOIN cs ON cs.id = e.cs "
                  "WHERE e.phase = 2")
    out = {}
    for kind, count, mv in rows:
        dn = lab.db("SELECT cs.dn FROM cs JOIN connector c ON c.id = cs.connector "
                    "WHERE cs.mv = ? AND c.type = 'ad'", mv)[0][0]
        out[re.match("CN=([^,]*)", dn).group(1)] = (kind, count)
    return out


# --- sign-in ---

def make_key(folder, name, days=30):
    pem = os.path.join(folder, name + ".pem")
    key, cert = os.path.join(folder, name + ".key"), os.path.join(folder, name + ".crt")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", str(days),
                    "-subj", "/CN=" + name, "-keyout", key, "-out", cert], check=True,
                   capture_output=True)
    fd = os.open(pem, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(fd, "w", encoding="ascii") as f:
        f.write(open(cert, encoding="ascii").read() + open(key, encoding="ascii").read())
    return pem, cert, key


def secret_file(folder, name, text):
    path = os.path.join(folder, name)
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(fd, "w", encoding="ascii") as f:
        f.write(text)
    return path


def tenant_file(folder, change):
    with open(ROOT + "/conf/tenant.sample.json", encoding="utf-8") as f:
        tenant = json.load(f)
    change(tenant)
    path = os.path.join(folder, "tenant.json")
    with open(path, "w", encoding="utf-8") as f:
        json.dump(tenant, f)
    return path


def b64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed_jwt(key, claims):
    text = ".".join(b64url(json.dumps(x).encode()) for x in ({"alg": "RS256", "typ": "JWT"}, claims))
    sig = subprocess.run(["openssl", "dgst", "-sha256", "-sign", key], input=text.encode(),
                         capture_output=True, check=True).stdout
    return text + "." + b64url(sig)


@pytest.mark.parametrize("algorithm", ["PS256", "RS256"])
def test_certificate(make_lab, tmp_path, algorithm):
    pem, cert, _ = make_key(str(tmp_path), "good")
    tenant = tenant_file(str(tmp_path), lambda t: t["applications"][0].update(certificates=[cert]))
    lab = make_lab(people(), tenant=tenant, sign_in="client_id = %s\nclient_certificate_file = %s\n"
                   "assertion_algorithm = %s" % (SYNC_APP[0], pem, algorithm))
    lab.cycle()
    assert lab.emulator.stats()["creates"] == 3
    # another certificate, and files that are none
    other, _, key = make_key(str(tmp_path), "other")
    for content, words in ((open(other, encoding="ascii").read(), "AADSTS700027"),
                           (open(key, encoding="ascii").read(), "no certificate"),
                           (open(cert, encoding="ascii").read(), "no key"),
                           (open(cert, encoding="ascii").read() + open(key, encoding="ascii").read(),
                            "does not belong"), ("rubbish", "certificate")):
        secret_file(str(tmp_path), "good.pem", content)
        r = lab.run()
        assert r.code == 1 and words in r.log, (words, r.log)
        assert r.step(AAD, "import")["result"] in ("no-start-credentials", "no-start-ma")
        assert "PRIVATE KEY" not in r.log
    os.chmod(pem, 0o640)
    assert "chmod 600" in lab.run().log


def test_federated_token(make_lab, tmp_path):
    _, cert, key = make_key(str(tmp_path), "issuer")
    tenant = tenant_file(str(tmp_path), lambda t: t["applications"][0].update(
        federatedCredentials=[{"issuer": ISSUER, "subject": SUBJECT, "publicKey": cert}]))
    claims = {"iss": ISSUER, "sub": SUBJECT, "aud": "api://AzureADTokenExchange", "nbf": 0,
              "exp": 4000000000}
    token = secret_file(str(tmp_path), "token", signed_jwt(key, claims))
    lab = make_lab(people(), tenant=tenant, sign_in="client_id = %s\nfederated_token_file = %s"
                   % (SYNC_APP[0], token))
    lab.cycle()
    assert lab.emulator.stats()["creates"] == 3
    for change, words in (({"exp": 1}, "AADSTS700024"), ({"sub": "else"}, "AADSTS70021")):
        secret_file(str(tmp_path), "token", signed_jwt(key, dict(claims, **change)))
        r = lab.run()
        assert r.code == 1 and words in r.log and 6000 in r.events, r.log


class Arc(BaseHTTPRequestHandler):
    """Azure Arc's endpoint: a challenge first, then the emulator's token."""

    def do_GET(self):
        want = "Basic " + open(self.server.key, encoding="ascii").read()
        body, status = b"", 401
        if self.headers.get("Metadata") == "true" and self.headers.get("Authorization") == want:
            status, answer = self.server.lab.emulator.request(
                "GET", self.path, None, {"Metadata": "true"})
            body = json.dumps(answer).encode()
        self.send_response(status)
        if status == 401:
            self.send_header("WWW-Authenticate", "Basic realm=" + self.server.realm)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def test_managed_identity(make_lab, tmp_path):
    tenant = tenant_file(str(tmp_path), lambda t: t["applications"].append(
        {"appId": MACHINE_APP, "managedIdentity": True,
         "roles": ["ADSynchronization.ReadWrite.All", "User.Read.All", "Group.Read.All",
                   "OrgContact.Read.All"]}))
    lab = make_lab(people(), tenant=tenant, sign_in="managed_identity = yes")
    endpoint = "managed_identity_endpoint = %s/metadata/identity/oauth2/token\n"
    lab.write_config(aad=endpoint % lab.emulator.url)
    lab.cycle()
    assert lab.emulator.stats()["creates"] == 3
    # Azure Arc on a server of one's own
    server = HTTPServer(("127.0.0.1", 0), Arc)
    server.lab, server.key = lab, str(tmp_path / "keys" / "one.key")
    os.mkdir(tmp_path / "keys")
    with open(server.key, "w", encoding="ascii") as f:
        f.write("proof")
    server.realm = server.key
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        lab.write_config(aad=endpoint % ("http://127.0.0.1:%d" % server.server_port) +
                         "managed_identity_keys = %s\n" % (tmp_path / "keys"))
        lab.company.set("user1", "title", "Cook")
        lab.write()
        lab.cycle()
        assert lab.graph.find("users", "user1")["jobTitle"] == "Cook"
        server.realm = str(tmp_path / "secret")  # a server that wants to see another file
        r = lab.run()
        assert r.code == 1 and "names no key file" in r.log, r.log
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("line, words", [
    ("client_certificate_file = /x", "only one way to sign in can be used"),
    ("managed_identity_endpoint = http://elsewhere.example/", "neither https nor"),
    ("cloud = moon", "global|usgov|usgovdod|china"),
    ("no_such_key = x", "unknown key")])
def test_mistakes(make_lab, line, words):
    lab = make_lab()
    lab.write_config(aad=line)
    r = lab.run()
    assert r.code == 2 and words in r.error, r.error


def test_no_way_to_sign_in(make_lab):
    lab = make_lab(sign_in="client_id = x")
    r = lab.run()
    assert r.code == 2 and "no way to sign in is set" in r.error


class Proxy:
    """A proxy that knows CONNECT and a password."""

    def __init__(self, secret):
        self.want = "Basic " + base64.b64encode(secret.encode()).decode()
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.targets, self.refused = [], 0
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.tunnel, args=(client,), daemon=True).start()

    def tunnel(self, client):
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(4096)
        text = head.decode()
        if "Proxy-Authorization: " + self.want not in text:
            self.refused += 1
            client.sendall(b"HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=x\r\n"
                           b"Content-Length: 0\r\nConnection: close\r\n\r\n")
            client.close()
            return
        host, port = text.split()[1].split(":")
        self.targets.append(host)
        server = socket.create_connection((host, int(port)))
        client.sendall(b"HTTP/1.1 200 Yes\r\n\r\n")
        back = threading.Thread(target=self.pump, args=(server, client), daemon=True)
        back.start()
        self.pump(client, server)

    @staticmethod
    def pump(source, sink):
        try:
            while True:
                data = source.recv(65536)
                if not data:
                    break
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join()


def test_proxy(make_lab, tmp_path):
    proxy = Proxy("sync:pass word")
    secret = secret_file(str(tmp_path), "proxy", "sync:pass word")
    lab = make_lab(people())
    try:
        lines = "proxy = http://127.0.0.1:%d\n" % proxy.port
        lab.write_config(aad=lines + "proxy_password_file = %s\n" % secret)
        lab.cycle()
        assert set(proxy.targets) == {"localhost"} and lab.emulator.stats()["creates"] == 3
        n = len(proxy.targets)
        lab.write_config(aad=lines)
        r = lab.run()
        assert r.code == 1 and proxy.refused and "407" in r.log and "pass word" not in r.log
        lab.write_config(aad=lines + "no_proxy = localhost\n")
        lab.cycle()
        assert len(proxy.targets) == n
    finally:
        proxy.close()


def test_token_ends_in_the_middle(make_lab):
    """Tokens that the service no longer takes: signed in again, nothing is lost or sent twice."""
    lab = make_lab(people(60))
    lab.emulator.fault(match="POST /v1.0/$batch", skip=1, count=1, status=401)
    lab.cycle()
    assert lab.emulator.stats()["creates"] == 60
    lab.emulator.request("POST", "/emulator/faults", {"expireTokens": True})
    lab.graph = Graph(lab.emulator)
    lab.cycle()
    assert lab.emulator.stats()["duplicateWrites"] == 0


def test_connector_test(make_lab):
    lab = make_lab()
    lab.start()
    found = lab.ctl_json("connector", "test", AAD)["findings"]
    checks = {(f["check"], f["verdict"]) for f in found}
    assert {("sign-in", "good"), ("rights", "good"), ("tenant", "good"), ("objects", "good"),
            ("features", "good"), ("service", "good")} <= checks, found
    assert any("fjordline.example" in f["text"] for f in found if f["check"] == "tenant")
    lab.write_secret("wrong")
    done = lab.ctl("connector", "test", AAD)
    assert done.returncode == 1 and "AADSTS7000215" in done.stdout + done.stderr


# --- matching and errors ---

def features(lab, **switches):
    lab.graph.patch("/directory/onPremisesSynchronization/" + TENANT, {"features": switches})


def cloud_user(lab, name, upn=None, **more):
    status, o = lab.graph.call("POST", "/users", dict({
        "accountEnabled": True, "displayName": name, "mailNickname": name,
        "userPrincipalName": upn or "%s@%s" % (name, DOMAIN),
        "passwordProfile": {"password": "Aa1!aaaa"}}, **more))
    assert status == 201, o
    return o["id"]


def make_admin(lab, user):
    roles = lab.graph.get("/directoryRoles")["value"]
    status, _ = lab.graph.call("POST", "/directoryRoles/%s/members/$ref" % roles[0]["id"],
                               {"@odata.id": "x/directoryObjects/" + user})
    assert status == 204


def test_errors_by_name(make_lab):
    """Each object is refused for a reason of its own; the others arrive."""
    company = people(9)
    company.set("user4", "title", "x" * 200)
    company.set("user5", "proxyAddresses", *["smtp:a%d@%s" % (i, DOMAIN) for i in range(340)])
    company.user("user 10", upn=False, title="Captain", mailNickname="user 10",
                 userPrincipalName="user10.@elsewhere.example")
    company.contact("Contact 1", "shared@" + DOMAIN)
    lab = make_lab(company, scheduler__sync_cycle_enabled="no")
    features(lab, quarantineUponUpnConflictEnabled=False,
             quarantineUponProxyAddressesConflictEnabled=False,
             blockCloudObjectTakeoverThroughHardMatchEnabled=True)
    cloud_user(lab, "user1", onPremisesImmutableId="another=")
    make_admin(lab, cloud_user(lab, "user2"))
    cloud_user(lab, "somebody", onPremisesImmutableId=source_anchor(lab, "user3"))
    Sync(lab.emulator).post("users", {
        "onPremisesImmutableId": "shared=", "displayName": "Shared", "mailNickname": "shared",
        "userPrincipalName": "other@" + DOMAIN,
        "proxyAddresses": ["SMTP:shared@" + DOMAIN, "smtp:second@" + DOMAIN]})
    lab.company.set("user6", "proxyAddresses", "SMTP:user6@" + DOMAIN, "smtp:second@" + DOMAIN)
    soft = cloud_user(lab, "user7")
    lab.write()
    r = lab.run()
    assert r.code == 1 and r.result == "completed-export-errors", (r.result, r.log[-2000:])
    want = {"user1": "InvalidSoftMatch", "user2": "ExistingAdminRoleConflict",
            "user3": "InvalidHardMatch", "user4": "DataValidationFailed",
            "user5": "LargeObject", "user6": "AttributeValueMustBeUnique",
            "user 10": "IdentityDataValidationFailed", "Contact 1": "ObjectTypeMismatch"}
    assert errors(lab) == {k: (v, 1) for k, v in want.items()}
    assert r.events.count(6941) == len(want)
    # the soft match took the cloud user over, nothing was made twice
    assert lab.graph.find("users", "user7")["id"] == soft
    assert lab.graph.find("users", "user8") and lab.graph.find("users", "user9")
    # told by name, with what to do; kept with times, and sent again with growing waits
    lab.start()
    told = lab.ctl_json("errors")
    assert {e["type"] for e in told} == set(want.values())
    assert all(e["advice"] and e["first"] and e["last"] and e["retry_at"] for e in told), told
    lab.run()
    assert errors(lab)["user1"] == ("InvalidSoftMatch", 2)
    lab.run()
    assert errors(lab)["user1"] == ("InvalidSoftMatch", 2)  # its wait is not over
    assert lab.ctl("errors", "retry", lab.company.dn_of("user1")).returncode == 0
    assert lab.ctl("errors", "retry", "CN=nobody").returncode == 1
    lab.run()
    assert errors(lab)["user1"] == ("InvalidSoftMatch", 3)
    assert errors(lab)["user2"] == ("ExistingAdminRoleConflict", 2)
    # what is mended goes through, and its error is gone
    lab.company.set("user4", "title", "Captain")
    lab.write()
    lab.run()
    assert "user4" not in errors(lab) and lab.graph.find("users", "user4")


def test_federated_domain_change(make_lab, tmp_path):
    tenant = tenant_file(str(tmp_path), lambda t: t.update(
        verifiedDomains=[DOMAIN, "a.example", "b.example"],
        federatedDomains=["a.example", "b.example"]))
    company = people(1)
    company.set("user1", "userPrincipalName", "user1@a.example")
    lab = make_lab(company, tenant=tenant)
    lab.cycle()
    lab.company.set("user1", "userPrincipalName", "user1@b.example")
    lab.write()
    lab.run()
    assert errors(lab) == {"user1": ("FederatedDomainChangeError", 1)}


def test_cloud_objects_are_left_alone(make_lab):
    """What adsyncd did not make is joined or left alone: never changed, never deleted."""
    lab = make_lab(people(2))
    ids = [cloud_user(lab, "cloud%d" % i, jobTitle="Cloud") for i in range(30)]
    for profile in ("delta", "initial", "delta"):
        lab.cycle(profile)
    stats = lab.emulator.stats()
    assert stats["deletes"] == 0 and stats["creates"] == 32
    for i in ids:
        assert lab.graph.get("/users/%s?$select=jobTitle,onPremisesSyncEnabled" % i)[
            "onPremisesSyncEnabled"] is None
    # one that an administrator deletes is gone here too, and nothing is made of it
    lab.graph.call("DELETE", "/users/" + ids[0])
    lab.cycle()
    lab.cycle("initial")
    assert lab.emulator.stats()["creates"] == 32


def test_quarantine(make_lab):
    """The service takes the object without a value that another one has: told, not sent again."""
    company = people(2)
    company.set("user2", "proxyAddresses", "SMTP:user2@" + DOMAIN, "smtp:double@" + DOMAIN)
    lab = make_lab(company)
    sync = Sync(lab.emulator)
    other = sync.post("users", {
        "onPremisesImmutableId": "other=", "displayName": "Other", "mailNickname": "other",
        "userPrincipalName": "other@" + DOMAIN, "proxyAddresses": ["smtp:double@" + DOMAIN]})
    r = lab.run()
    assert r.result == "completed-warnings" and r.events.count(6942) == 1 and "double@" in r.log
    assert lab.db("SELECT type FROM cs_error") == [("accepted-with-warning",)]
    r = lab.cycle()
    assert 6990 in r.events and "double@" in r.log, r.log
    user = lab.graph.get("/users/user2@%s?$select=id,proxyAddresses,onPremisesProvisioningErrors"
                         % DOMAIN)
    assert user["proxyAddresses"] == ["SMTP:user2@" + DOMAIN]
    assert user["onPremisesProvisioningErrors"][0]["value"] == "smtp:double@" + DOMAIN
    writes = lab.emulator.stats()["writes"]
    for profile in ("delta", "initial", "delta"):
        lab.cycle(profile)
    assert lab.emulator.stats()["writes"] == writes and not errors(lab)
    # it becomes free, and the service gives it to the object
    sync.patch("/users/" + other, {"proxyAddresses": []})
    lab.emulator.request("POST", "/emulator/clock", {"advance": 4000})
    lab.graph = Graph(lab.emulator)
    user = lab.graph.get("/users/%s?$select=proxyAddresses,onPremisesProvisioningErrors" % user["id"])
    assert len(user["proxyAddresses"]) == 2 and not user["onPremisesProvisioningErrors"]
    lab.cycle()
    lab.cycle("initial")
    assert lab.db("SELECT type FROM cs_error") == []


def test_duplicates_in_ad(make_lab):
    """Found before the export, named with both objects; gone when one of them is mended."""
    company = people(4)
    company.set("user1", "proxyAddresses", "SMTP:user1@" + DOMAIN, "smtp:double@" + DOMAIN)
    lab = make_lab(company)
    lab.cycle()
    lab.cycle()
    lab.company.set("user2", "proxyAddresses", "SMTP:user2@" + DOMAIN, "smtp:Double@" + DOMAIN)
    lab.company.set("user3", "userPrincipalName", "user4@" + DOMAIN)
    lab.company.set("user3", "title", "Cook")
    lab.write()
    r = lab.run()
    assert r.result == "completed-export-errors" and r.events.count(6941) == 2
    for one, two, value in (("user2", "user1", "Double@"), ("user3", "user4", "user4@")):
        line = next(x for x in r.log.splitlines() if "event_id=6941" in x and value in x)
        assert lab.company.dn_of(one) in line and lab.company.dn_of(two) in line, line
    assert errors(lab) == {n: ("AttributeValueMustBeUnique", 1) for n in ("user2", "user3")}
    # the service took them without the values; nothing is sent again, and nothing is forgotten
    assert lab.graph.find("users", "user3")["jobTitle"] == "Cook"
    writes = lab.emulator.stats()["writes"]
    for profile in ("delta", "initial", "delta"):
        r = lab.cycle(profile)
        assert 6941 not in r.events
    assert lab.emulator.stats()["writes"] == writes and len(errors(lab)) == 2
    # the other object is mended
    lab.company.set("user1", "proxyAddresses", "SMTP:user1@" + DOMAIN)
    lab.write()
    lab.cycle()
    assert set(errors(lab)) == {"user3"}
    lab.company.set("user3", "userPrincipalName", "user3@" + DOMAIN)
    lab.write()
    lab.cycle()
    lab.cycle()
    assert not errors(lab)


def test_a_freed_name_is_taken_at_once(make_lab):
    """A name that was refused and waits is sent in the cycle in which it gets free."""
    lab = make_lab(people(4), surface="graph", app=GRAPH_APP)
    lab.cycle()
    lab.cycle()
    lab.company.set("user2", "userPrincipalName", "user1@" + DOMAIN)
    lab.write()
    for _ in range(3):
        lab.run()
    assert errors(lab)["user2"][0] == "AttributeValueMustBeUnique"
    assert lab.db("SELECT retry_at > last FROM cs_error") == [(1,)]
    lab.company.delete("user1")
    lab.write()
    lab.cycle()
    assert lab.graph.find("users", "user2")["userPrincipalName"] == "user1@" + DOMAIN
    lab.cycle()
    assert not errors(lab) and lab.graph.find("users", "user1") is None


# --- the surface of public Graph ---

def dated(make_lab, aad="", **more):
    company = people(1)
    company.set("user1", "msDS-cloudExtensionAttribute1", "20260801080000.0Z")
    company.set("user1", "msDS-cloudExtensionAttribute2", "20270801080000.0Z")
    lab = make_lab(company, surface="graph", app=GRAPH_APP, **more)
    lab.write_config(aad=aad)
    return lab


def leaves(lab):
    (user,) = [u for u in lab.tenant().values() if u["employeeHireDate"]]
    assert user["employeeHireDate"] == "2026-08-01T08:00:00Z"
    writes = lab.emulator.stats()["writes"]
    lab.cycle()
    lab.cycle("initial")
    assert lab.emulator.stats()["writes"] == writes
    found = lab.graph.get("/users/user1@%s?$select=employeeLeaveDateTime" % DOMAIN)
    return found["employeeLeaveDateTime"]


def tenant_with(tmp_path, **roles):
    """The sample tenant, whose applications have one more role each: the test's own reader too."""
    with open(ROOT + "/conf/tenant.sample.json", encoding="utf-8") as f:
        tenant = json.load(f)
    for app in tenant["applications"]:
        for name, app_id in (("admin", ADMIN_APP[0]), ("graph", GRAPH_APP[0])):
            if app["appId"] == app_id and name in roles:
                app["roles"].append(roles[name])
    (tmp_path / "tenant.json").write_text(json.dumps(tenant), encoding="utf-8")
    return str(tmp_path / "tenant.json")


def test_hire_date_on_public_graph(make_lab, tmp_path):
    """It is sent; employeeLeaveDateTime is not even asked for: that would be refused."""
    lab = dated(make_lab, tenant=tenant_with(tmp_path, admin="User-LifeCycleInfo.Read.All"))
    lab.cycle()
    assert leaves(lab) is None


def test_leave_date_on_public_graph(make_lab, tmp_path):
    """With lifecycle_info it is read and sent, and without the role nothing begins."""
    lab = dated(make_lab, aad="lifecycle_info = yes")
    r = lab.run()
    assert r.code != 0 and "User-LifeCycleInfo.ReadWrite.All" in r.log
    assert "lifecycle_info = yes needs" in r.log and not lab.emulator.stats()["writes"]
    lab = dated(make_lab, aad="lifecycle_info = yes", tenant=tenant_with(
        tmp_path, admin="User-LifeCycleInfo.Read.All", graph="User-LifeCycleInfo.ReadWrite.All"))
    lab.cycle()
    assert leaves(lab) == "2027-08-01T08:00:00Z"


def test_a_new_attribute_of_the_table_is_read_again(make_lab):
    """A cursor of a delta query that did not ask for it begins anew: else nothing brings it."""
    def seen(run):
        return run.step(AAD, "import")["counters"].get("stage-no-change", 0)

    lab = make_lab(people(2))
    lab.cycle()
    lab.cycle()
    assert seen(lab.cycle()) == 0
    (cursor,) = [c for (c,) in lab.db("SELECT cursor FROM connector") if b"deltatoken" in bytes(c)]
    older = json.loads(bytes(cursor))
    del older["select"]
    with sqlite3.connect(lab.folder + "/state/adsyncd.db") as db:
        db.execute("UPDATE connector SET cursor = ? WHERE cursor = ?",
                   (json.dumps(older).encode(), cursor))
    assert seen(lab.cycle()) == 2
    assert seen(lab.cycle()) == 0


def test_graph_surface_matches(make_lab):
    lab = make_lab(people(5), surface="graph", app=GRAPH_APP)
    soft = cloud_user(lab, "user1")
    make_admin(lab, cloud_user(lab, "user2"))
    hard = cloud_user(lab, "somebody", onPremisesImmutableId=source_anchor(lab, "user3"))
    cloud_user(lab, "user4", onPremisesImmutableId="another=")
    r = lab.run()
    assert errors(lab) == {"user2": ("ExistingAdminRoleConflict", 1),
                           "user4": ("InvalidSoftMatch", 1)}, r.log[-3000:]
    for name, object_id in (("user1", soft), ("user3", hard)):
        found = lab.graph.get("/users/%s?$select=displayName,jobTitle,onPremisesImmutableId"
                              % object_id)
        assert (found["displayName"], found["jobTitle"]) == (name, "Captain")
        assert found["onPremisesImmutableId"] == source_anchor(lab, name)
    assert lab.graph.find("users", "user5")
    assert lab.emulator.stats()["creates"] == 5  # four of ours, one of the connector
    lab.run()
    assert lab.emulator.stats()["duplicateWrites"] == 0


def test_graph_surface_restores(make_lab):
    lab = make_lab(people(3), surface="graph", app=GRAPH_APP)
    lab.cycle()
    lab.cycle()
    before = lab.graph.find("users", "user1")["id"]
    saved = lab.company.of("user1")
    lab.company.delete("user1")
    lab.write()
    lab.cycle()
    assert lab.graph.find("users", "user1") is None
    lab.cycle()
    lab.company.user("user1", title="Returned")
    lab.company.set("user1", "objectGUID", saved["objectGUID"][0])
    lab.write()
    lab.cycle()
    found = lab.graph.find("users", "user1")
    assert found["id"] == before and found["jobTitle"] == "Returned"
    lab.cycle()
    assert lab.emulator.stats()["creates"] == 3


def test_graph_surface_switch(make_lab):
    """soft_match = no: the cloud user stays what it is, and the object has an error."""
    lab = make_lab(people(1), surface="graph", app=GRAPH_APP)
    lab.write_config(aad="soft_match = no")
    cloud_user(lab, "user1")
    lab.run()
    assert errors(lab) == {"user1": ("InvalidSoftMatch", 1)}


# --- pace ---

def throttled(lab):
    return [r for r in lab.emulator.requests() if r["status"] == 429]


def test_write_budget(make_lab):
    """At the limit, and never over it: the service does not have to refuse anything."""
    lab = make_lab(people(70), **SURFACES["graph"])
    lab.emulator.request("POST", "/emulator/faults", {"throttle": {"writes": 1500, "units": 35000}})
    lab.write_config(aad="write_budget = 60\n")  # 60 at once, then 0.4 a second
    lab.emulator.request("POST", "/emulator/faults", {"throttle": {"writes": 62, "units": 35000}})
    lab.cycle()
    assert lab.emulator.stats()["creates"] == 70 and not throttled(lab)


def test_throttled_without_a_budget(make_lab):
    """The service refuses what is too much; it is sent again when it says so, once."""
    lab = make_lab(people(70), **SURFACES["graph"])
    lab.write_config(aad="write_budget = 0\n")
    lab.emulator.request("POST", "/emulator/faults", {"throttle": {"writes": 450, "units": 35000}})
    for _ in range(400):  # most of it is used up already
        lab.graph.call("PATCH", "/users/nobody", {})
    lab.emulator.fault(match="POST /users", count=30, status=429, retryAfter=1, batchPart=True)
    lab.cycle()
    stats = lab.emulator.stats()
    assert stats["creates"] == 70 and stats["duplicateWrites"] == 0


def test_throttling_is_no_objects_fault(make_lab):
    """A part that is put off again and again has no error for it; the next cycle sends it."""
    lab = make_lab(people(30), **SURFACES["graph"])
    lab.cycle()
    for who in ("user3", "user4"):
        lab.company.set(who, "title", "Cook")
    lab.write()
    lab.emulator.fault(match="PATCH /users/" + lab.graph.find("users", "user3")["id"], count=1000,
                       status=429, retryAfter=1, batchPart=True)
    r = lab.run()
    assert r.step(AAD, "export")["result"] == "stopped-connectivity", r.log
    assert "too busy" in r.step(AAD, "export")["error"]
    assert errors(lab) == {} and lab.graph.find("users", "user4")["jobTitle"] == "Cook"
    lab.emulator.clear_faults()
    lab.cycle()
    assert lab.graph.find("users", "user3")["jobTitle"] == "Cook"
    assert lab.emulator.stats()["duplicateWrites"] == 0


def test_pages_shrink(make_lab):
    """A page at which the service fails is asked for again in smaller ones."""
    lab = make_lab(people(1))
    for i in range(60):
        cloud_user(lab, "cloud%d" % i)
    lab.emulator.fault(match="GET /v1.0/users/delta", count=3, status=500)
    lab.write_config(aad="page_size = 40\n")
    lab.cycle()
    pages = [r for r in lab.emulator.requests() if "/users/delta" in r["path"] and
             r["status"] == 200]
    assert len(pages) > 2, pages  # 60 objects would be two pages of 40
    assert lab.db("SELECT count(*) FROM cs JOIN connector c ON c.id = cs.connector "
                  "WHERE c.type = 'entra' AND kind <> 2")[0][0] == 61


def test_delta_replays(make_lab):
    """Objects that come several times, in any order: as if they had come once."""
    company = people(60)
    company.group("Crew", list(company.objects)[:30])
    lab = make_lab(company)
    lab.write_config(aad="page_size = 7\n")
    lab.emulator.request("POST", "/emulator/faults", {"deltaReplay": True})
    lab.cycle()
    lab.cycle()
    for i in range(1, 20):
        lab.company.set("user%d" % i, "title", "Cook")
    lab.company.delete("user30")
    lab.company.member("Crew", "remove", "user5")
    lab.company.member("Crew", "add", "user50")
    lab.write()
    for _ in range(3):
        lab.cycle()
    writes = lab.emulator.stats()["writes"]
    for profile in ("initial", "delta"):
        lab.cycle(profile)
    stats = lab.emulator.stats()
    assert (stats["writes"], stats["duplicateWrites"]) == (writes, 0)
    assert stats["users"] == 59 and stats["deletes"] == 1 and not errors(lab)
    names = lab.graph.members(lab.graph.find("groups", "Crew")["id"])
    assert len(names) == 29 and "user5" not in names and "user50" in names


def test_cloud_object_is_not_deleted(make_lab):
    """An object that AD deletes after it was given to the cloud and back, before it is taken over."""
    lab = make_lab(people(3))
    lab.cycle()
    lab.cycle()
    user = lab.graph.find("users", "user1")["id"]
    lab.graph.soa("users", user, True)
    lab.graph.soa("users", user, False)
    lab.company.delete("user1")
    lab.write()
    r = lab.run()
    assert r.code == 1 and "DeletingCloudOnlyObjectNotAllowed" in r.log, r.log
    assert lab.graph.find("users", "user1") and lab.emulator.stats()["deletes"] == 0


def test_delta_token_life(make_lab):
    """After a week the service forgets the delta links: everything is read once, nothing is lost."""
    lab = make_lab(people(3))
    lab.cycle()
    lab.cycle()
    lab.emulator.request("POST", "/emulator/clock", {"advance": 8 * 86400})
    lab.graph = Graph(lab.emulator)
    r = lab.cycle()
    assert r.step(AAD, "import")["counters"].get("stage-no-change") == 3, r.steps
    lab.company.set("user1", "title", "Cook")
    lab.write()
    lab.cycle()
    assert lab.graph.find("users", "user1")["jobTitle"] == "Cook"
    assert lab.emulator.stats()["duplicateWrites"] == 0


# --- the build that the tenant asks for ---

def test_a_build_that_is_too_old_is_refused_and_named(make_lab, tmp_path):
    with open(ROOT + "/conf/tenant.sample.json", encoding="utf-8") as f:
        tenant = dict(json.load(f), minimumSyncBuild="2.6.10.0")
    path = tmp_path / "tenant.json"
    path.write_text(json.dumps(tenant), encoding="utf-8")
    lab = make_lab(people(), tenant=str(path), scheduler__sync_cycle_enabled="no")
    run = lab.run()
    assert run.result != "success" and not lab.graph.get("/users")["value"]
    assert "no longer supported" in run.log and "set sync_build to a newer" in run.log
    lab.write_config(aad="sync_build = 2.6.10.0\n")
    run = lab.run()
    assert run.result == "success", run.log
    assert len(lab.graph.get("/users")["value"]) == 3


def test_an_old_build_is_warned_of(make_lab):
    lab = make_lab(people(1), scheduler__sync_cycle_enabled="no")
    lab.write_config(aad="sync_build = 2.5.79.0\n")
    lab.start()
    found = lab.ctl_json("connector", "test", AAD)["findings"]
    told = [(f["verdict"], f["text"]) for f in found if f["check"] == "build"]
    assert told == [("good", "sync_build = 2.5.79.0 is accepted"),
                    ("warning", "sync_build = 2.5.79.0: IsExchangeCloudManaged needs 2.5.190.0 or later")]
