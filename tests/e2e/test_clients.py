"""Microsoft's Node clients, unmodified, against the emulator: a script of tests/clients per story."""
import glob
import json
import os
import re
import shutil
import subprocess

import pytest
from lab import ADMIN_APP, BUILD, ROOT, TENANT, Emulator, Graph, Sync

SOURCE = os.path.join(ROOT, "tests", "clients")
CLIENTS = os.path.join(BUILD, "clients")
MANIFESTS = ("package.json", "package-lock.json", ".npmrc")
UNREACHABLE = (r"\b(E(AI_AGAIN|CONN\w+|HOSTUNREACH|NETUNREACH|NOTFOUND|TIMEDOUT)|"
               r"ERR_SOCKET_TIMEOUT|FETCH_ERROR)\b")


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def npm_ci():
    done = subprocess.run(["npm", "ci", "--ignore-scripts", "--fetch-retries=1",
                           "--fetch-timeout=60000"], cwd=CLIENTS, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=400,
                          check=False)
    if done.returncode != 0:
        why = ("npm's registry is not reachable" if re.search(UNREACHABLE, done.stdout)
               else "npm ci failed")
        pytest.fail("%s (with ADSYNC_WITHOUT_NPM=1 these tests are skipped)\n%s" %
                    (why, done.stdout), pytrace=False)


@pytest.fixture(scope="module", autouse=True)
def packages():
    """The packages, installed in the build directory once for each lock file."""
    if os.environ.get("ADSYNC_WITHOUT_NPM") == "1":
        pytest.skip("ADSYNC_WITHOUT_NPM=1 is set")
    installed = os.path.join(CLIENTS, "installed")  # written when npm has succeeded
    lock = read(os.path.join(SOURCE, "package-lock.json"))
    os.makedirs(CLIENTS, exist_ok=True)
    if not os.path.exists(installed) or read(installed) != lock:
        for name in MANIFESTS:
            shutil.copy(os.path.join(SOURCE, name), CLIENTS)
        npm_ci()
        with open(installed, "w", encoding="utf-8") as f:
            f.write(lock)
    # a script finds its packages beside itself
    for script in glob.glob(SOURCE + "/*.mjs"):
        shutil.copy(script, CLIENTS)


@pytest.fixture
def em(tmp_path):
    one = Emulator(str(tmp_path), "--memory")
    yield one
    one.stop()


def node(em, story, app=ADMIN_APP, **more):
    env = {"PATH": os.environ["PATH"], "NODE_EXTRA_CA_CERTS": em.ca, "EMULATOR_URL": em.url,
           "TENANT_ID": TENANT, "CLIENT_ID": app[0], "CLIENT_SECRET": app[1]}
    return subprocess.run(["node", story + ".mjs"], cwd=CLIENTS, env=dict(env, **more),
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
                          check=False)


def tell(em, story, **more):
    done = node(em, story, **more)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def users(em, n):
    admin, ids = Graph(em), []
    for i in range(n):
        name = "user%03d" % i
        status, o = admin.call("POST", "/users", {
            "accountEnabled": True, "displayName": name, "mailNickname": name,
            "userPrincipalName": name + "@fjordline.example",
            "passwordProfile": {"password": "Aa1!aaaa"}})
        assert status == 201, o
        ids.append(o["id"])
    return ids


def asked(em, method, path):
    return [r["status"] for r in em.requests() if r["method"] == method and path in r["path"]]


def test_secret(em):
    got = tell(em, "sign_in")
    assert got["users"] == 0 and 3500 < got["lifetime"] < 3600
    assert asked(em, "POST", "/oauth2/v2.0/token") == [200]  # and from then on the client's cache


def test_wrong_secret(em):
    done = node(em, "sign_in", app=(ADMIN_APP[0], "wrong"))
    assert done.returncode != 0 and "AADSTS7000215" in done.stderr
    assert asked(em, "GET", "/users") == []


def certificate(folder, name):
    """NAME.pem with the key and the certificate, NAME.crt with the certificate alone."""
    both, public = (os.path.join(folder, name + end) for end in (".pem", ".crt"))
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                    "-subj", "/CN=" + name, "-keyout", both, "-out", public],
                   check=True, capture_output=True)
    with open(both, "a", encoding="ascii") as f:
        f.write(read(public))
    return both


def emulator_with(tmp_path, **more):
    """The sample tenant, where the administrator has more ways to sign in."""
    tenant = json.loads(read(ROOT + "/conf/tenant.sample.json"))
    next(a for a in tenant["applications"] if a["appId"] == ADMIN_APP[0]).update(more)
    path = tmp_path / "tenant.json"
    path.write_text(json.dumps(tenant))
    return Emulator(str(tmp_path), "--memory", tenant=str(path))


def test_certificate(tmp_path):
    folder = str(tmp_path)
    known, stranger = certificate(folder, "known"), certificate(folder, "stranger")
    em = emulator_with(tmp_path, certificates=["known.crt"])
    try:
        assert tell(em, "sign_in", CLIENT_CERTIFICATE=known)["users"] == 0
        assert asked(em, "POST", "/oauth2/v2.0/token") == [200]
        done = node(em, "sign_in", CLIENT_CERTIFICATE=stranger)
        assert done.returncode != 0 and "AADSTS700027" in done.stderr
    finally:
        em.stop()


def test_msal_with_a_domain(tmp_path):
    known = certificate(str(tmp_path), "known")
    em = emulator_with(tmp_path, certificates=["known.crt"])
    try:
        for domain in ("fjordline.example", "Fjordline.OnMicrosoft.com"):
            assert tell(em, "msal", CLIENT_CERTIFICATE=known, DOMAIN=domain) == [
                {"tenant": TENANT, "app": ADMIN_APP[0], "name": "Administrator"}] * 2
    finally:
        em.stop()


def test_msal_managed_identity(tmp_path):
    em = emulator_with(tmp_path, managedIdentity=True)
    try:
        for got in tell(em, "identity"):
            assert got["status"] == 200 and 3500 < got["lifetime"] < 3600
    finally:
        em.stop()


def test_compressed_bodies(em):
    assert tell(em, "gzip") == {"name": "packed", "batch": [["1", 200, "Member"]], "refused": 415}
    assert em.stats()["users"] == 1


def test_pages(em):
    ids = users(em, 250)
    got = tell(em, "pages")
    assert got["complete"] and len(got["ids"]) == 250 and set(got["ids"]) == set(ids)
    assert asked(em, "GET", "/v1.0/users?") == [200] * 3


def test_delta(em):
    ids = users(em, 12)
    got = tell(em, "delta")
    assert [o["id"] for o in got["first"]] == ids
    assert [(o["id"], o["jobTitle"]) for o in got["second"]] == [(ids[3], "Cook")]
    assert got["third"] == []
    assert asked(em, "GET", "/users/delta") == [200] * 5  # 5 + 5 + 2, the change, nothing


def test_batch(em):
    got = tell(em, "batch")
    assert got["same"] == [{"id": "1", "status": 201, "name": "crew"}] + [
        {"id": str(i), "status": 201, "name": "user%d" % i} for i in range(2, 21)]
    assert [(r["status"], r.get("code")) for r in got["serial"]] == [
        (201, None), (404, "Request_ResourceNotFound"), (424, "FailedDependency")]
    assert em.stats()["users"] == 20 and em.stats()["groups"] == 1


def test_groups(em):
    users(em, 5)
    names = ["user%03d" % i for i in range(5)]
    assert tell(em, "groups") == {"created": names[:2], "patched": names[:4], "added": names,
                                  "removed": names[1:]}


def test_source_of_authority(em):
    users(em, 3)
    who = Sync(em).post("users", {
        "onPremisesImmutableId": "YW5uYQ==", "displayName": "Anna", "mailNickname": "anna",
        "userPrincipalName": "anna@fjordline.example"})
    got = tell(em, "soa", USER_ID=who)
    assert got["before"] == {"isCloudManaged": False, "onPremisesSyncEnabled": True, "cloud": [],
                             "count": 0}
    assert got["switched"] == {"isCloudManaged": True, "onPremisesSyncEnabled": None,
                               "cloud": [who], "count": 1}
    # until the next synchronization nothing says that the object is synchronized
    assert got["back"] == {"isCloudManaged": False, "onPremisesSyncEnabled": None, "cloud": [],
                           "count": 0}


def test_throttled(em):
    users(em, 2)
    em.fault(match="GET /v1.0/users", count=1, status=429, retryAfter=1)
    got = tell(em, "throttled")
    assert got["users"] == 2 and 1 <= got["seconds"] < 3  # without Retry-After it would wait 3
    assert asked(em, "GET", "/v1.0/users") == [429, 200]
