"""adsyncctl connector test with surface = service: each finding, once as it should be and once not."""
import json
import os
import subprocess

import pytest
from lab import AAD, GRAPH_APP, ROOT, SYNC_APP, TENANT, Company, Graph, Lab, private

SERVICE_ROLE = "ADSynchronization.ReadWrite.All"
WRITES_ONLY = ("0a1b2c3d-0000-4000-8000-000000000009", "change-me-writes")


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lab")
    with open(ROOT + "/conf/tenant.sample.json", encoding="utf-8") as f:
        tenant = dict(json.load(f), minimumSyncBuild="2.4.0.0")
    tenant["applications"].append({"appId": WRITES_ONLY[0], "displayName": "Writes only",
                                   "secret": WRITES_ONLY[1], "roles": [SERVICE_ROLE]})
    (folder / "tenant.json").write_text(json.dumps(tenant), encoding="utf-8")
    lab = Lab(folder, Company(), surface="service", tenant=str(folder / "tenant.json"),
              scheduler__sync_cycle_enabled="no")
    lab.start()
    yield lab
    lab.close()


@pytest.fixture(autouse=True)
def tidy(lab):
    yield
    lab.emulator.request("DELETE", "/emulator/service")
    lab.emulator.clear_faults()
    lab.write_secret(SYNC_APP[1])
    reload(lab)


def reload(lab, **config):
    lab.write_config(**config)


def test(lab, code=None):
    """The findings as "verdict check: text"; `code`: the command's exit code."""
    done = lab.ctl("--json", "connector", "test", AAD)
    assert code in (None, done.returncode), done.stdout + done.stderr
    return ["%(verdict)s %(check)s: %(text)s" % f for f in json.loads(done.stdout)["findings"]]


test.__test__ = False


def one(found, beginning):
    """The finding that begins so."""
    match = [f for f in found if f.startswith(beginning)]
    assert match, "no \"%s\" in:\n%s" % (beginning, "\n".join(found))
    return match[0]


def order(lab, **what):
    assert lab.emulator.request("POST", "/emulator/service", what)[0] in (200, 204)


def switches(lab, **features):
    graph = Graph(lab.emulator)
    graph.patch("/directory/onPremisesSynchronization/" + TENANT, {"features": features})


def test_all_is_well(lab):
    found = test(lab, 0)
    assert not [f for f in found if f.startswith("bad")]
    assert found.count("good host: localhost answers") == 3
    one(found, "good clock: within")
    one(found, "good rights: the token for the service has the role " + SERVICE_ROLE)
    one(found, "good rights: the roles that surface = service needs to read Graph are there")
    one(found, "good service: localhost answers as the provisioning service")
    one(found, "good build: 2.6.3.0 is accepted (adsyncd's own choice; seen accepted in March 2026)")
    assert one(found, "good tenant: Fjordline, id").endswith(TENANT + ", as tenant_id")
    one(found, "good synchronization: switched on in the tenant (IsDirSyncing)")
    one(found, "good synchronization: onPremisesSyncEnabled of the organization is true")
    assert "DuplicateUPNResiliency" in one(found, "good features: DirSyncFeatures ")
    one(found, "good features: quarantine")
    one(found, "good features: soft match allowed")
    one(found, "good features: AllowedFeatures: ")
    one(found, "good links: a request may have 15000 references")
    one(found, "good threshold: the tenant asks for a stop above 500 deletes")
    assert not [f for f in found if f.startswith("good redirect") or " switches: " in f]


def test_build(lab):
    reload(lab, aad="sync_build = 2.6.91.0\n")
    one(test(lab, 0), "good build: sync_build = 2.6.91.0 is accepted")
    reload(lab, aad="sync_build = 2.5.79.0\n")
    one(test(lab, 0), "warning build: sync_build = 2.5.79.0: IsExchangeCloudManaged needs")
    reload(lab, aad="sync_build = 2.3.9.0\n")
    said = one(test(lab, 1), "bad build: sync_build = 2.3.9.0: ")
    assert "no longer supported" in said and "set sync_build to a newer build" in said


def test_a_switch_of_the_tenant(lab):
    graph, path = Graph(lab.emulator), "/organization/" + TENANT
    graph.patch(path, {"onPremisesSyncEnabled": False})
    try:
        found = test(lab, 1)
        assert "PATCH /organization" in one(found, "bad synchronization: Identity synchronization is")
        one(found, "bad synchronization: onPremisesSyncEnabled of the organization is not true")
    finally:
        graph.patch(path, {"onPremisesSyncEnabled": True})


def as_application(lab, app):
    """The findings of a test as another application."""
    sign_in = lab.sign_in
    lab.write_secret(app[1])
    lab.sign_in = "client_id = %s\nclient_secret_file = %s" % (app[0], lab.secret)
    try:
        reload(lab)
        return test(lab, 1)
    finally:
        lab.sign_in = sign_in


def test_rights_of_graph(lab):
    found = as_application(lab, WRITES_ONLY)
    one(found, "good rights: the token for the service has the role " + SERVICE_ROLE)
    said = one(found, "bad sign-in: application " + WRITES_ONLY[0])
    assert "User.Read.All, Group.Read.All, OrgContact.Read.All" in said and "admin consent" in said


def test_rights(lab):
    found = as_application(lab, GRAPH_APP)
    said = one(found, "bad rights: the token for the service has no role: give the application")
    assert SERVICE_ROLE in said and "Microsoft Entra AD Synchronization Service" in said
    assert SERVICE_ROLE in one(found, "bad service: localhost: Access to Azure")
    one(found, "good rights: the roles that surface = service needs to read Graph are there")
    reload(lab)
    lab.write_secret("wrong")
    assert "AADSTS7000215" in one(test(lab, 1), "bad sign-in: for the service: ")


def test_redirect(lab):
    order(lab, redirects=1)
    found = test(lab, 0)
    one(found, "good redirect: localhost sends us to localhost")
    one(found, "good build: ")
    order(lab, redirects=1, redirectTo="https://evil.example/provisioningservice.svc")
    assert "not Microsoft's" in one(test(lab, 1), "bad service: localhost: redirects")
    lab.emulator.request("DELETE", "/emulator/service")
    order(lab, redirects=9)
    assert "4th time" in one(test(lab, 1), "bad service: localhost: redirects")


@pytest.mark.parametrize("kind, says", [
    ("busy", "currently busy"), ("html500", "answered 500 without a message"),
    ("html200", "cannot be read"), ("unavailable", "answered 503"), ("truncated", "cannot be read"),
    ("closedAfter", "localhost")])
def test_bad_days(lab, kind, says):
    """What is told is the service's trouble; Graph is looked at all the same."""
    order(lab, faults=[{"kind": kind, "bytes": 40}])
    found = test(lab, 1)
    assert says in one(found, "bad service: localhost: ")
    one(found, "good rights: the roles that surface = service needs to read Graph are there")


@pytest.mark.parametrize("kind", ["inline", "utf16", "unknownMembers", "twoTexts", "delayed"])
def test_odd_answers(lab, kind):
    order(lab, faults=[{"kind": kind, "delayMs": 50}])
    found = test(lab, 0)
    one(found, "good links: a request may have 15000 references")
    one(found, "good features: AllowedFeatures: ObjectWriteback PasswordWriteback")


def test_threshold(lab):
    lab.settings["export__deletion_threshold"] = "600"
    try:
        reload(lab)
        assert one(test(lab, 0), "warning threshold: ").endswith("deletion_threshold = 600")
        reload(lab, aad="deletion_threshold = 40\n")
        assert one(test(lab, 0), "good threshold: ").endswith("deletion_threshold = 40")
    finally:
        del lab.settings["export__deletion_threshold"]


def test_features(lab):
    switches(lab, blockCloudObjectTakeoverThroughHardMatchEnabled=True, blockSoftMatchEnabled=True)
    found = test(lab, 0)
    one(found, "good features: soft match blocked")
    one(found, "warning features: takeover of cloud objects by a hard match is blocked")
    switches(lab, blockCloudObjectTakeoverThroughHardMatchEnabled=False, blockSoftMatchEnabled=False)
    one(test(lab, 0), "good features: takeover")


def test_another_tenant_and_hosts(lab):
    reload(lab, aad="")
    with open(lab.config, encoding="utf-8") as f:
        text = f.read()
    with open(lab.config, "w", encoding="utf-8") as f:
        f.write(text.replace("provisioningservice.svc", "nothing.svc"))
    found = test(lab, 1)
    one(found, "bad host: localhost answers 404 to a GET: is service_url")
    one(found, "bad service: localhost: answered 415: is service_url")
    with open(lab.config, "w", encoding="utf-8") as f:
        f.write(text.replace("tenant_id = " + TENANT, "tenant_id = 00000000" + TENANT[8:]))
    found = test(lab, 1)
    assert [f for f in found if f.startswith("bad host") or f.startswith("bad sign-in")]


def test_certificate(lab):
    """Its end, its key and the mode of its file; the sign-in itself is test_sign_in.py's."""
    pem = lab.folder + "/own.pem"

    def findings(bits, days):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:%d" % bits, "-nodes", "-days",
                        str(days), "-subj", "/CN=x", "-keyout", pem + ".key", "-out", pem + ".cer"],
                       check=True, stderr=subprocess.DEVNULL)
        with open(pem, "w", encoding="ascii", opener=private) as out:
            for part in (".key", ".cer"):
                with open(pem + part, encoding="ascii") as f:
                    out.write(f.read())
        return test(lab, 1)  # the application does not know it
    sign_in = lab.sign_in
    lab.sign_in = "client_id = %s\nclient_certificate_file = %s" % (SYNC_APP[0], pem)
    try:
        reload(lab)
        found = findings(2048, 90)
        one(found, "good certificate: good until ")
        one(found, "good certificate: its key has 2048 bits")
        found = findings(1024, 20)
        one(found, "warning certificate: good until ")
        one(found, "warning certificate: its key has only 1024 bits")
        os.chmod(pem, 0o640)
        assert "0640" in one(test(lab, 1), "bad certificate: ")
    finally:
        lab.sign_in = sign_in


def test_clock(lab):
    """Last: the tenant's time is not moved back."""
    lab.emulator.request("POST", "/emulator/clock", {"advance": 100})
    assert "behind localhost" in one(test(lab, 0), "warning clock: this machine is ")
    lab.emulator.request("POST", "/emulator/clock", {"advance": 300})
    assert "sign-ins are refused" in one(test(lab, 1), "bad clock: this machine is ")


def test_what_it_needs_is_documented():
    """A page has each kind of finding."""
    with open(ROOT + "/packaging/man/adsyncd-service.7.in", encoding="utf-8") as f:
        page = f.read()
    for check in ("certificate", "host", "clock", "rights", "tenant", "synchronization", "features",
                  "links", "threshold", "build", "redirect"):
        assert "\n%s" % check in page or ", %s\t" % check in page, check
