"""What clients ask before and while they sign in, in the shapes of MSAL for Python and Go, the
Azure CLI, CLI for Microsoft 365, Terraform's provider and the Go SDK; and bodies that they
compress."""
import base64
import gzip
import json
import socket
import ssl
import subprocess
import time
import uuid
import zlib
from http.client import HTTPSConnection
from urllib.parse import quote, urlencode

import pytest
from lab import ADMIN_APP, ROOT, SYNC_APP, TENANT, Emulator, Graph, Sync, code, parse

DOMAIN, INITIAL = "fjordline.example", "fjordline.onmicrosoft.com"
GRAPH = "https://graph.microsoft.com"
TENANTS = (TENANT, TENANT.upper(), DOMAIN, "Fjordline.Example", INITIAL, INITIAL.upper())
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
MIB = 1 << 20


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """A key, its certificate in PEM, and the digests of it."""
    folder = tmp_path_factory.mktemp("keys")
    key, cert = str(folder / "key.pem"), str(folder / "cert.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                    "-subj", "/CN=known", "-keyout", key, "-out", cert],
                   check=True, capture_output=True)
    digests = {}
    for name in ("sha1", "sha256"):
        done = subprocess.run(["openssl", "x509", "-in", cert, "-noout", "-fingerprint",
                               "-" + name], check=True, capture_output=True, text=True)
        digests[name] = bytes.fromhex(done.stdout.split("=")[1].strip().replace(":", ""))
    return key, cert, digests


@pytest.fixture(scope="module")
def em(tmp_path_factory, keys):
    folder = tmp_path_factory.mktemp("emulator")
    with open(ROOT + "/conf/tenant.sample.json", encoding="utf-8") as f:
        tenant = json.load(f)
    admin = next(a for a in tenant["applications"] if a["appId"] == ADMIN_APP[0])
    admin.update(certificates=[keys[1]], managedIdentity=True, displayName='The "admin"')
    path = folder / "tenant.json"
    path.write_text(json.dumps(tenant))
    one = Emulator(str(folder), "--memory", tenant=str(path))
    yield one
    one.stop()


def send(em, method, path, body=None, headers=None, host=None):
    """(status, JSON), (status, text) of what is none, or (status, None)"""
    connection = HTTPSConnection(em.url[len("https://"):], timeout=30,
                                 context=ssl.create_default_context(cafile=em.ca))
    try:
        connection.request(method, path, body,
                           dict(headers or {}, **({"Host": host} if host else {})))
        answer = connection.getresponse()
        text = answer.read()
        kind = answer.headers.get("Content-Type", "")
        em.answered = answer.headers
        return answer.status, (parse(text) if "json" in kind else text.decode()) if text else None
    finally:
        connection.close()


def form(app=ADMIN_APP, **more):
    return dict({"grant_type": "client_credentials", "client_id": app[0], "client_secret": app[1]},
                **more)


def token(em, path, **fields):
    return send(em, "POST", path, urlencode(fields), FORM)


def claims(answer):
    part = answer["access_token"].split(".")[1]
    return parse(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def works(em, answer):
    return send(em, "GET", "/v1.0/users?$top=1", None,
                {"Authorization": "Bearer " + answer["access_token"]})[0] == 200


# --- discovery ---

@pytest.mark.parametrize("tenant", TENANTS + ("common", "organizations", "Common", DOMAIN + "/"))
def test_configuration(em, tenant):
    name = tenant.lower().strip("/") if tenant.lower() in ("common", "organizations") else TENANT
    for version, path in ((2, "/v2.0/.well-known/openid-configuration"),
                          (1, "/.well-known/openid-configuration")):
        for more in ("", "/", "?appid=" + ADMIN_APP[0]):
            status, config = send(em, "GET", "/" + tenant.strip("/") + path + more)
            assert status == 200, config
            assert config["token_endpoint"] == "%s/%s/oauth2%s/token" % (
                em.url, name, "/v2.0" if version == 2 else "")
            for key in ("authorization_endpoint", "device_authorization_endpoint", "jwks_uri",
                        "end_session_endpoint", "userinfo_endpoint", "issuer"):
                assert config[key].startswith(em.url + "/"), key
            assert config["issuer"] == "%s/%s/%s" % (
                em.url, "{tenantid}" if name != TENANT else TENANT, "v2.0" if version == 2 else "")
            assert "private_key_jwt" in config["token_endpoint_auth_methods_supported"]
            assert config["msgraph_host"] == em.url[len("https://"):]
        keys_path = config["jwks_uri"][len(em.url):]
        assert send(em, "GET", keys_path) == (200, {"keys": []})
        assert send(em, "HEAD", "/" + tenant.strip("/") + path) == (200, None)


def test_configuration_of_another_tenant(em):
    for tenant in (str(uuid.uuid4()), "other.example", "x", "consumers", "%22", "a%2fb"):
        for path in ("/v2.0/.well-known/openid-configuration", "/.well-known/openid-configuration",
                     "/discovery/v2.0/keys"):
            status, answer = send(em, "GET", "/" + tenant + path)
            assert (status, answer["error"]) == (400, "invalid_tenant"), (tenant, path)
            assert answer["error_codes"] == [90002] and "AADSTS90002" in answer["error_description"]


@pytest.mark.parametrize("host", [None, "login.microsoftonline.com",
                                  "login.microsoftonline.us:8443"])
@pytest.mark.parametrize("tenant", [TENANT, DOMAIN, "common", "organizations"])
@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_instance_discovery(em, host, tenant, version):
    """The host that was called is the cloud; MSAL looks for its authority among the aliases."""
    own = host or em.url[len("https://"):]
    name = TENANT if tenant == DOMAIN else tenant
    for second in ("/v2.0", ""):
        query = urlencode({"api-version": version, "authorization_endpoint":
                           "https://%s/%s/oauth2%s/authorize" % (own, tenant, second)})
        status, answer = send(em, "GET", "/common/discovery/instance?" + query, host=host, headers={
            "x-client-SKU": "MSAL.Python", "x-client-Ver": "1.20.0", "Accept": "application/json"})
        assert status == 200
        assert answer["tenant_discovery_endpoint"] == \
            "https://%s/%s%s/.well-known/openid-configuration" % (own, name, second)
        assert answer["api-version"] == version
        (cloud,) = answer["metadata"]
        assert cloud["preferred_network"] == cloud["preferred_cache"] == own
        assert set(cloud["aliases"]) == {own, own.split(":")[0]}
        path = answer["tenant_discovery_endpoint"].split(own, 1)[1]
        assert send(em, "GET", path, host=host)[1]["token_endpoint"].startswith("https://" + own)


def test_bad_instance_discovery(em):
    for url, status, error in ((None, 400, "invalid_request"), ("", 400, "invalid_request"),
                               ("x", 400, "invalid_instance"),
                               ("https://", 400, "invalid_instance"),
                               ("http://localhost/common/x", 400, "invalid_instance"),
                               ("https://localhost", 400, "invalid_instance"),
                               ("https://localhost//x", 400, "invalid_instance"),
                               ("https://localhost/" + "x" * 5000, 400, "invalid_instance"),
                               ('https://localhost/"/oauth2/authorize', 400, "invalid_instance")):
        query = urlencode({"api-version": "1.1", **({} if url is None else
                                                    {"authorization_endpoint": url})})
        got, answer = send(em, "GET", "/common/discovery/instance?" + query)
        assert (got, answer["error"]) == (status, error), url


def test_instance_of_another_tenant(em):
    """Where it would sign in is told, and there that it is none."""
    query = urlencode({"api-version": "1.1", "authorization_endpoint":
                       "https://login.microsoftonline.com/other.example/oauth2/v2.0/authorize"})
    status, answer = send(em, "GET", "/common/discovery/instance?" + query)
    assert status == 200
    path = answer["tenant_discovery_endpoint"][len(em.url):]
    assert send(em, "GET", path)[1]["error_codes"] == [90002]


def test_cloud_endpoints(em):
    """Terraform's metadata_host and the Azure CLI: one cloud, or a list of them."""
    one = send(em, "GET", "/metadata/endpoints?api-version=2022-09-01")[1]
    assert one["authentication"]["loginEndpoint"] == em.url
    assert one["microsoftGraphResourceId"] == one["resourceManager"] == em.url
    assert send(em, "GET", "/metadata/endpoints?api-version=2019-05-01")[1] == [one]


def test_azure_has_nothing(em):
    """Upon signing in the Azure CLI asks for subscriptions: there are none, and one tenant."""
    who = Graph(em).headers
    version = "?api-version=2019-11-01"
    assert send(em, "GET", "/subscriptions" + version, None, who) == (200, {"value": []})
    assert send(em, "GET", "/tenants" + version, None, who) == (200, {"value": [
        {"id": "/tenants/" + TENANT, "tenantId": TENANT}]})
    for path in ("/subscriptions", "/tenants"):
        assert code(send(em, "GET", path + version)) == (401, "InvalidAuthenticationToken")


# --- tokens ---

@pytest.mark.parametrize("tenant", TENANTS)
def test_token_of_version_2(em, tenant):
    status, answer = token(em, "/%s/oauth2/v2.0/token" % tenant, client_info="1",
                           scope=GRAPH + "/.default", **form())
    assert status == 200 and works(em, answer)
    assert answer["expires_in"] == answer["ext_expires_in"] == 3599
    assert set(answer) == {"token_type", "expires_in", "ext_expires_in", "access_token"}
    assert claims(answer)["aud"] == GRAPH


@pytest.mark.parametrize("tenant", TENANTS)
def test_token_of_version_1(em, tenant):
    path = "/%s/oauth2/token?api-version=1.0" % tenant
    status, answer = token(em, path, resource=GRAPH, **form())
    assert status == 200 and works(em, answer)
    assert answer["resource"] == claims(answer)["aud"] == GRAPH
    assert answer["expires_in"] == answer["ext_expires_in"] == "3599"
    assert int(answer["expires_on"]) - int(answer["not_before"]) == 3599
    assert abs(int(answer["expires_on"]) - claims(answer)["exp"]) <= 1


@pytest.mark.parametrize("scope, audience", [
    ("https://management.core.windows.net//.default", "https://management.core.windows.net/"),
    ("00000003-0000-0000-c000-000000000000/.default", "00000003-0000-0000-c000-000000000000"),
    (GRAPH + "/.default offline_access openid profile", GRAPH), ('"/.default', '"'), ("x", None),
    ("", None), ("/.default", None), ("y" * 5000 + "/.default", None)])
def test_audience_of_a_token(em, scope, audience):
    status, answer = token(em, "/%s/oauth2/v2.0/token" % TENANT, scope=scope, **form())
    assert status == 200 and works(em, answer)
    assert claims(answer)["aud"] == (audience or em.url)


def test_resource_that_no_token_holds(em):
    status, answer = token(em, "/%s/oauth2/token" % TENANT, resource="y" * 10000, **form())
    assert status == 200 and works(em, answer) and claims(answer)["aud"] == em.url


def test_claims_name_the_application(em):
    """CLI for Microsoft 365 shows app_displayname; Terraform's provider takes oid and tid."""
    found = {}
    for app, name in ((ADMIN_APP, 'The "admin"'), (SYNC_APP, "adsyncd")):
        got = [claims(token(em, "/%s/oauth2/v2.0/token" % t, scope="x", **form(app))[1])
               for t in (TENANT, DOMAIN)]
        for c in got:
            assert (c["app_displayname"], c["appid"], c["tid"], c["idtyp"], c["appidacr"]) == (
                name, app[0], TENANT, "app", "1")
        assert got[0]["oid"] == got[1]["oid"] == got[0]["sub"]
        found[str(uuid.UUID(got[0]["oid"]))] = app
    assert len(found) == 2  # each application has an id of its own


def test_refused_sign_in(em):
    for path, error, number in (("/common/oauth2/v2.0/token", "invalid_request", 50059),
                                ("/organizations/oauth2/token", "invalid_request", 50059),
                                ("/other.example/oauth2/v2.0/token", "invalid_request", 90002),
                                ("/%s/oauth2/v2.0/devicecode" % TENANT, "invalid_request", 0),
                                ("/common/oauth2/v2.0/authorize", "invalid_request", 0)):
        status, answer = token(em, path, scope="x", **form())
        assert (status, answer["error"], answer["error_codes"]) == (400, error, [number]), path
    status, answer = send(em, "GET", "/%s/oauth2/v2.0/token" % TENANT)
    assert (status, answer["error_codes"]) == (400, [900561])
    for path in ("/%s/oauth2/v3.0/token" % TENANT, "/oauth2/v2.0/token/x", "/metadata", "/common",
                 "/%s/" % TENANT, "//"):
        assert code(send(em, "POST", path, "{}", {"Content-Type": "application/json"}))[0] == 404


# --- assertions ---

def b64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def assertion(keys, audience, header, **more):
    key, _, digests = keys
    head = dict({"alg": "RS256", "typ": "JWT"}, **header)
    now = int(time.time())
    body = dict({"aud": audience, "iss": ADMIN_APP[0], "sub": ADMIN_APP[0], "exp": now + 600,
                 "nbf": now - 5, "iat": now, "jti": str(uuid.uuid4())}, **more)
    text = "%s.%s" % tuple(b64url(json.dumps(x).encode()) for x in (head, body))
    pss = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"]
    done = subprocess.run(["openssl", "dgst", "-sha256", "-sign", key,
                           *(pss if head["alg"] == "PS256" else [])],
                          input=text.encode(), check=True, capture_output=True)
    return text + "." + b64url(done.stdout)


def by_assertion(em, jwt, path="/%s/oauth2/v2.0/token" % TENANT):
    return token(em, path, grant_type="client_credentials", client_id=ADMIN_APP[0], client_info="1",
                 scope=GRAPH + "/.default", client_assertion=jwt,
                 client_assertion_type="urn:ietf:params:oauth:client-assertion-type:jwt-bearer")


def test_thumbprints(em, keys):
    sha1, sha256 = keys[2]["sha1"], keys[2]["sha256"]
    audience = "%s/%s/oauth2/v2.0/token" % (em.url, TENANT)
    for header in ({"x5t": b64url(sha1)},
                   {"x5t": base64.urlsafe_b64encode(sha1).decode()},       # MSAL Python
                   {"x5t": base64.b64encode(sha1).decode()},               # MSAL Go
                   {"kid": base64.urlsafe_b64encode(sha1).decode()},       # Terraform's provider
                   {"kid": sha1.hex().upper(), "x5t": b64url(sha1)},       # MSAL.NET of old
                   {"x5t": sha1.hex()},
                   {"x5t#S256": b64url(sha256), "alg": "PS256"},
                   {"x5t#S256": base64.urlsafe_b64encode(sha256).decode(), "alg": "PS256"},
                   {"x5t#S256": base64.b64encode(sha256).decode()}):
        status, answer = by_assertion(em, assertion(keys, audience, header))
        assert status == 200 and works(em, answer), (header, answer)
        assert claims(answer)["appidacr"] == "2"
    for header in ({}, {"x5t": ""}, {"x5t": "===="}, {"x5t": b64url(sha1)[:-2]}, {"kid": "known"},
                   {"x5t": b64url(bytes(20))}, {"x5t#S256": b64url(sha1)}, {"x5t": b64url(sha256)},
                   {"x5t": b64url(sha1) + "=="}, {"x5t": 7}, {"x5t": "\u00e9" * 20}):
        status, answer = by_assertion(em, assertion(keys, audience, header))
        assert (status, answer["error_codes"]) == (401, [700027]), header


def test_times_of_an_assertion(em, keys):
    """MSAL for Python writes them with a fraction."""
    header, now = {"x5t": b64url(keys[2]["sha1"])}, time.time()
    audience = "%s/%s/oauth2/v2.0/token" % (em.url, TENANT)
    for good in ({"exp": now + 600.25, "nbf": now + 0.5, "iat": now}, {"exp": now - 200.5},
                 {"exp": int(now) + 1, "nbf": 0}, {"exp": 1e12}):
        status, answer = by_assertion(em, assertion(keys, audience, header, **good))
        assert status == 200, (good, answer)
    for bad in ({"exp": now - 400.5}, {"nbf": now + 400.5}, {"exp": str(int(now) + 600)},
                {"exp": None}, {"exp": 0.5}, {"exp": -1e300}, {"nbf": 1e300}):
        status, answer = by_assertion(em, assertion(keys, audience, header, **bad))
        assert (status, answer["error_codes"]) == (401, [700024]), bad


def test_audiences(em, keys):
    header = {"x5t": base64.urlsafe_b64encode(keys[2]["sha1"]).decode()}
    for tenant in TENANTS:
        for tail in ("/v2.0", "/v2.0/", "/oauth2/v2.0/token", "/oauth2/token"):
            path = "/%s/oauth2/v2.0/token" % tenant
            jwt = assertion(keys, "%s/%s%s" % (em.url, tenant, tail), header)
            status, answer = by_assertion(em, jwt, path)
            assert status == 200, (tenant, tail, answer)
        jwt = assertion(keys, "%s/%s/oauth2/token" % (em.url, tenant), header)
        assert by_assertion(em, jwt, "/%s/oauth2/token" % tenant)[0] == 200
    for audience in ("", em.url, em.url + "/", "%s/%s" % (em.url, TENANT),
                     "%s/other.example/oauth2/v2.0/token" % em.url,
                     "%s/%s/oauth2/v2.0/token" % (em.url, uuid.uuid4()),
                     "%s/%s/oauth2/v3.0/token" % (em.url, TENANT),
                     "%s/%sx/oauth2/v2.0/token" % (em.url, TENANT),
                     "%s/%s/oauth2/v2.0/token/more" % (em.url, TENANT),
                     "https://elsewhere.example/%s/oauth2/v2.0/token" % TENANT,
                     "%sx/%s/oauth2/v2.0/token" % (em.url, TENANT), "%s/%s" % (em.url, "y" * 5000)):
        status, answer = by_assertion(em, assertion(keys, audience, header))
        assert (status, answer["error_codes"]) == (401, [700023]), audience


# --- managed identities ---

def test_managed_identity_paths(em):
    path, metadata = "/metadata/identity/oauth2/token", {"Metadata": "true"}
    oid = claims(token(em, "/%s/oauth2/v2.0/token" % TENANT, scope="x", **form())[1])["oid"]
    for end in ("", "/", "//"):
        for more in ("", "&client_id=" + ADMIN_APP[0], "&client_id=" + ADMIN_APP[0].upper(),
                     "&object_id=" + oid):
            status, answer = send(em, "GET", "%s%s?api-version=2018-02-01&resource=%s%s" % (
                path, end, quote(GRAPH, safe=""), more), None, metadata)
            assert status == 200 and works(em, answer), (end, more)
            assert answer["resource"] == claims(answer)["aud"] == GRAPH
            assert answer["client_id"] == ADMIN_APP[0] and answer["token_type"] == "Bearer"
            assert int(answer["expires_on"]) > time.time() and answer["expires_in"] == "3599"
    for more in ("&client_id=" + SYNC_APP[0], "&object_id=" + str(uuid.uuid4()),
                 "&mi_res_id=/subscriptions/x", "&msi_res_id=/subscriptions/x"):
        status, answer = send(em, "GET", path + "/?resource=x" + more, None, metadata)
        assert (status, answer["error"], answer["error_description"][:18]) == (
            400, "invalid_request", "Identity not found"), more
    for headers in ({}, {"Metadata": "false"}):
        assert send(em, "GET", path + "/?resource=x", None, headers)[0] == 400


# --- Graph's own beginnings ---

def test_tenant_in_the_path(em):
    """Terraform's provider names the tenant in each path."""
    admin = Graph(em)
    for name in TENANTS + ("myorganization", "myOrganization"):
        for version in ("v1.0", "beta"):
            status, answer = em.request("GET", "/%s/%s/users?$top=1" % (version, name), None,
                                        admin.headers)
            assert status == 200, (name, answer)
            assert answer["@odata.context"].endswith("/%s/$metadata#users" % version)
    status, answer = admin.call("POST", "/%s/$batch" % TENANT, {"requests": [
        {"id": "1", "method": "GET", "url": "/%s/organization/%s" % (DOMAIN, TENANT)}]})
    assert status == 200 and answer["responses"][0]["body"]["id"] == TENANT
    assert code(admin.call("GET", "/other.example/users")) == (400, "BadRequest")
    status, answer = admin.call("GET", "/me")
    assert status == 400 and "delegated" in answer["error"]["message"]


def user(name, **more):
    return dict({"accountEnabled": True, "displayName": name, "mailNickname": name,
                 "userPrincipalName": "%s@%s" % (name, DOMAIN),
                 "passwordProfile": {"password": "Aa1!aaaa"}}, **more)


def test_user_type(em):
    admin = Graph(em)
    for name, more, kind in (
            ("t1", {}, "Member"), ("t2", {"userType": "Guest"}, "Guest"),
            ("t3", {"userType": "guest"}, "Guest"), ("t4", {"userType": None}, "Member"),
            ("t5", {"userType": "MEMBER"}, "Member")):
        status, o = admin.call("POST", "/users", user(name, **more))
        assert status == 201, o
        assert admin.get("/users/%s?$select=userType" % o["id"])["userType"] == kind
    admin.patch("/users/t1@" + DOMAIN, {"userType": "Guest"})
    admin.patch("/users/t1@" + DOMAIN, {"jobTitle": "x"})
    assert admin.get("/users/t1@%s?$select=userType" % DOMAIN)["userType"] == "Guest"
    for kind in ("Visitor", "", "Members", "Mem", 7, ["Guest"]):
        assert admin.call("POST", "/users", user("t6", userType=kind))[0] == 400
        assert admin.call("PATCH", "/users/t1@" + DOMAIN, {"userType": kind})[0] == 400
    who = Sync(em).post("users", {"onPremisesImmutableId": "dDc=", "displayName": "t7",
                                  "userPrincipalName": "t7@" + DOMAIN})
    assert admin.get("/users/%s?$select=userType" % who)["userType"] == "Member"


def test_batch_ids(em):
    """CLI for Microsoft 365 counts; an id is answered as a string whatever it was."""
    admin = Graph(em)

    def batch(*ids, **more):
        return admin.call("POST", "/$batch", {"requests": [
            dict({"id": i, "method": "GET", "url": "/organization"}, **(more if n else {}))
            for n, i in enumerate(ids)]})

    for ids, texts in (((0, 1, 2), ["0", "1", "2"]), ((7,), ["7"]), ((-1, "x"), ["-1", "x"]),
                       ((9223372036854775807, "9"), ["9223372036854775807", "9"])):
        status, answer = batch(*ids)
        assert status == 200 and [r["id"] for r in answer["responses"]] == texts
        assert [r["status"] for r in answer["responses"]] == [200] * len(ids)
    for first, wanted in ((1, "1"), ("1", 1), (1, 1)):
        status, answer = batch(first, 2, dependsOn=[wanted])
        assert [r["status"] for r in answer["responses"]] == [200, 200]
    assert [r["status"] for r in batch(1, 2, dependsOn=[3])[1]["responses"]] == [200, 424]
    for ids in ((1, "1"), (1, 1), (True,), (None,), (1.5,), ([],), ({},)):
        assert code(batch(*ids)) == (400, "BadRequest"), ids


# --- compressed bodies ---

def compressed(em, data, coding="gzip", path="/v1.0/users", graph=None, **headers):
    headers = dict({"Content-Type": "application/json"}, **headers)
    if coding is not None:
        headers["Content-Encoding"] = coding
    if path.startswith("/v1.0"):
        headers["Authorization"] = (graph or Graph(em)).headers["Authorization"]
    return send(em, "POST", path, data, headers)


def test_compressed_body(em):
    admin = Graph(em)
    for i, (coding, pack) in enumerate((
            ("gzip", gzip.compress), ("GZIP", gzip.compress), ("x-gzip", gzip.compress),
            ("gzip, identity", gzip.compress), (" gzip ,", gzip.compress),
            ("identity", bytes), ("Identity", bytes), ("", bytes),
            ("gzip", lambda d: gzip.compress(d, 0)), ("gzip", lambda d: gzip.compress(d, 9)),
            ("gzip", lambda d: gzip.compress(d[:9]) + gzip.compress(d[9:])))):
        name = "z%d" % i
        status, o = compressed(em, pack(json.dumps(user(name)).encode()), coding, graph=admin)
        assert (status, o.get("displayName")) == (201, name), (coding, o)
    packed = gzip.compress(json.dumps({"requests": [
        {"id": "1", "method": "GET", "url": "/users/z0@" + DOMAIN}]}).encode())
    status, answer = compressed(em, packed, path="/v1.0/$batch", graph=admin)
    assert status == 200 and answer["responses"][0]["body"]["displayName"] == "z0"
    status, answer = compressed(em, gzip.compress(urlencode(form(scope="x")).encode()),
                                path="/%s/oauth2/v2.0/token" % TENANT, **FORM)
    assert status == 200 and works(em, answer)
    # nothing to inflate: the header says nothing
    assert em.request("GET", "/v1.0/users?$top=1", None,
                      dict(admin.headers, **{"Content-Encoding": "gzip"}))[0] == 200


@pytest.mark.parametrize("coding", ["br", "deflate", "compress", "zstd", "gzip, gzip", "gzip,br",
                                    "br, gzip", "gzipped", "gzip;q=1", "*", "x" * 5000])
def test_unknown_coding(em, coding):
    """415, upon which the Go SDK sends the body as it is."""
    admin, body = Graph(em), json.dumps(user("never")).encode()
    for data in (gzip.compress(body), zlib.compress(body), body):
        answer = compressed(em, data, coding, graph=admin)
        assert code(answer)[0] == 415 and answer[1]["error"]["message"]
        assert em.answered["Accept-Encoding"] == "gzip"
    assert admin.find("users", "never") is None
    assert compressed(em, b"grant_type=x", coding, "/%s/oauth2/v2.0/token" % TENANT)[0] == 415


def raw(em, data):
    """The answer to raw bytes: (status, JSON), interim ones left out."""
    context = ssl.create_default_context(cafile=em.ca)
    address = ("127.0.0.1", int(em.url.rsplit(":", 1)[1]))
    with context.wrap_socket(socket.create_connection(address, timeout=30),
                             server_hostname="localhost") as sock:
        sock.sendall(data)
        out = b""
        while True:
            part = sock.recv(65536)
            if not part:
                break
            out += part
    while out.startswith(b"HTTP/1.1 100 "):
        out = out.split(b"\r\n\r\n", 1)[1]
    top, _, body = out.partition(b"\r\n\r\n")
    return int(top.split()[1]), parse(body)


def head(admin, *lines):
    return ("POST /v1.0/users HTTP/1.1\r\nHost: localhost\r\nAuthorization: %s\r\n"
            "Content-Type: application/json\r\nConnection: close\r\n%s\r\n" % (
                admin.headers["Authorization"], "".join(x + "\r\n" for x in lines))).encode()


def test_two_codings(em):
    admin, body = Graph(em), gzip.compress(json.dumps(user("never")).encode())
    twice = ["Content-Encoding: gzip"] * 2
    length = "Content-Length: %d" % len(body)
    assert raw(em, head(admin, length, *twice) + body)[0] == 415
    mixed = ["Content-Encoding: identity", "Content-Encoding: br"]
    assert raw(em, head(admin, length, *mixed) + body)[0] == 415


def test_chunks_and_expectations(em):
    """.NET and curl: Expect: 100-continue; Node: chunks; and both of a compressed body."""
    admin = Graph(em)
    for i, (packed, chunked, expect) in enumerate(
            (p, c, e) for p in (0, 1) for c in (0, 1) for e in (0, 1)):
        name = "c%d" % i
        body = json.dumps(user(name)).encode()
        body = gzip.compress(body) if packed else body
        lines = (["Content-Encoding: gzip"] if packed else []) + (
            ["Expect: 100-continue"] if expect else []) + (
            ["Transfer-Encoding: chunked"] if chunked else ["Content-Length: %d" % len(body)])
        if chunked:
            parts = [body[k:k + 50] for k in range(0, len(body), 50)] + [b""]
            body = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in parts)
        status, o = raw(em, head(admin, *lines) + body)
        assert (status, o.get("displayName")) == (201, name), lines


def test_bad_gzip(em):
    admin, body = Graph(em), json.dumps(user("never")).encode()
    good = gzip.compress(body)
    wrong = [good[:n] for n in range(1, len(good), 9)] + [good[:-1]]
    wrong += [good + b"x", good + b"\0", good + b"\0" * 512, good + good[:12], b"x" + good, body,
              zlib.compress(body), b"\x1f\x8b", b"\x1f\x8b\x08" + b"\xff" * 50]
    wrong += [good[:-8] + b"\0\0\0\0" + good[-4:], good[:-4] + b"\xff\xff\xff\x7f"]  # CRC, length
    for data in wrong:
        assert code(compressed(em, data, graph=admin)) == (400, "BadRequest"), data
    assert code(compressed(em, gzip.compress(b"{"), graph=admin))[0] == 400
    assert code(compressed(em, gzip.compress(b""), graph=admin))[0] in (400, 415)
    assert admin.find("users", "never") is None


def peak(em):
    with open("/proc/%d/status" % em.process.popen.pid, encoding="ascii") as f:
        return next(int(x.split()[1]) * 1024 for x in f if x.startswith("VmHWM:"))


def test_compressed_bombs(em):
    """Inflating stops at the limit of a body, 4 MiB, however much there would be."""
    admin = Graph(em)
    blank = json.dumps(user("large")).encode()
    fits = gzip.compress(blank + b" " * (4 * MIB - len(blank)))
    assert compressed(em, fits, graph=admin)[0] == 201
    assert compressed(em, gzip.compress(blank + b" " * (4 * MIB - len(blank) + 1)),
                      graph=admin)[0] == 413
    before = peak(em)
    bomb = gzip.compress(b" " * (512 * MIB), 9)
    for data in (bomb, gzip.compress(b"", 1) * 1000 + bomb, gzip.compress(b" " * MIB) * 600):
        assert len(data) < 4 * MIB
        status, answer = compressed(em, data, graph=admin)
        assert status == 413 and answer["error"]["message"]
    assert peak(em) - before < 64 * MIB
    assert admin.get("/users/large@" + DOMAIN)["displayName"] == "large"


# --- browsers ---

def test_cross_origin(em):
    """A page in a browser may ask Graph and the sign-in, but not what needs no secret."""
    ask = {"Origin": "https://page.example", "Access-Control-Request-Method": "PATCH",
           "Access-Control-Request-Headers": "authorization,content-type"}
    token_path = "/%s/oauth2/v2.0/token" % TENANT
    for path in ("/v1.0/users/x", "/beta/$batch", token_path, "/common/discovery/instance"):
        assert send(em, "OPTIONS", path, None, ask) == (200, None)
        assert em.answered["Access-Control-Allow-Origin"] == "*"
        assert "PATCH" in em.answered["Access-Control-Allow-Methods"]
        assert em.answered["Access-Control-Allow-Headers"] == "authorization,content-type"
    for path, headers, status in (
            ("/v1.0/users?$top=1", Graph(em).headers, 200), ("/v1.0/users", {}, 401),
            ("/%s/v2.0/.well-known/openid-configuration" % TENANT, {}, 200)):
        assert send(em, "GET", path, None, dict(headers, Origin="https://page.example"))[0] == status
        assert em.answered["Access-Control-Allow-Origin"] == "*"
        assert send(em, "GET", path, None, headers)[0] == status
        assert "Access-Control-Allow-Origin" not in em.answered
    for method, path in (("OPTIONS", "/emulator/faults"), ("GET", "/emulator/stats")):
        before = em.stats()["requests"]
        send(em, method, path, None, ask)
        assert not [h for h in em.answered if h.startswith("Access-Control")]
        assert em.stats()["requests"] == before
    for path in ("/metadata/identity/oauth2/token", "/Metadata/Identity/oauth2/token/"):
        for method, headers in (("OPTIONS", ask), ("GET", dict(ask, Metadata="true"))):
            send(em, method, path + "?resource=x", None, headers)
            assert not [h for h in em.answered if h.startswith("Access-Control")]
    # without these headers it is a method as any other
    assert code(send(em, "OPTIONS", "/v1.0/users", None, Graph(em).headers))[0] == 405


# --- the certificate ---

def test_more_names(tmp_path):
    """Clients that have a cloud's names built in are led here by /etc/hosts."""
    names = ("login.microsoftonline.com", "graph.microsoft.com")
    options = [x for name in names for x in ("--name", name)]
    em = Emulator(str(tmp_path), *options)
    try:
        context = ssl.create_default_context(cafile=em.ca)
        for name in names + ("localhost",):
            address = ("127.0.0.1", int(em.url.rsplit(":", 1)[1]))
            with context.wrap_socket(socket.create_connection(address, timeout=30),
                                     server_hostname=name) as sock:
                assert sock.version()
    finally:
        em.stop()
    Emulator(str(tmp_path)).stop()  # without names the certificate that is there will do
    with pytest.raises(AssertionError, match="without the name other.example"):
        Emulator(str(tmp_path), *options, "--name", "other.example")
    for name in ("", "a b", "a,DNS:b", "a\nb", "*"):
        with pytest.raises(AssertionError, match="--name takes"):
            Emulator(str(tmp_path), "--name", name)
