"""Hostile requests and connections: the emulator refuses them by name or closes them, serves the
others meanwhile and afterwards, and its memory stays bounded."""
import base64
import hashlib
import hmac
import json
import os
import resource
import socket
import ssl

import pytest
from lab import ADMIN_APP, GRAPH_APP, ROOT, TENANT, Emulator, Graph, Sync, parse, wait_for

MIB = 1 << 20
PEAK = 256 * MIB  # with the sanitizer's shadow and quarantine
USER = {"accountEnabled": True, "displayName": "Anna", "mailNickname": "anna",
        "userPrincipalName": "anna@fjordline.example", "passwordProfile": {"password": "Aa1!aaaa"}}
JSON = "Content-Type: application/json\r\n"


@pytest.fixture
def make_emulator(tmp_path, monkeypatch):
    """Each emulator must still serve when the test is over, and must not have become big."""
    monkeypatch.setenv("ASAN_OPTIONS", os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=8")
    all_of_them = []

    def make(*options, **more):
        all_of_them.append(Emulator(str(tmp_path), "--memory", *options, **more))
        return all_of_them[-1]

    yield make
    try:
        for em in all_of_them:
            serves(em)
            assert peak(em) < PEAK
    finally:
        for em in all_of_them:
            em.stop()


@pytest.fixture
def em(make_emulator):
    return make_emulator()


def serves(em):
    assert Graph(em, ADMIN_APP).get("/users?$top=1&$count=true")["@odata.count"] >= 0


def peak(em):
    with open("/proc/%d/status" % em.process.popen.pid, encoding="ascii") as f:
        return next(int(x.split()[1]) * 1024 for x in f if x.startswith("VmHWM:"))


def tcp(em, timeout=60):
    return socket.create_connection(("127.0.0.1", int(em.url.rsplit(":", 1)[1])), timeout=timeout)


def tls(em):
    context = ssl.create_default_context(cafile=em.ca)
    return context.wrap_socket(tcp(em), server_hostname="localhost")


def head(graph, method, path, *lines):
    """A request without its body; bytes, for what no client would send."""
    text = "%s %s HTTP/1.1\r\nHost: x\r\nAuthorization: %s\r\n%s\r\n" % (
        method, path, graph.headers["Authorization"], "".join(lines))
    return text.encode("utf-8", "surrogateescape")


def read_all(sock):
    """What comes until the other side closes, be it with a reset."""
    out = b""
    try:
        while True:
            part = sock.recv(65536)
            if not part:
                return out
            out += part
    except (ConnectionError, ssl.SSLError):
        return out


def answers_of(data):
    """[(status, body)]; each answer tells its length."""
    out = []
    while data:
        top, _, data = data.partition(b"\r\n\r\n")
        lines = top.decode("ascii").split("\r\n")
        headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in lines[1:])}
        n = int(headers.get("content-length", 0))
        assert len(data) >= n, lines
        out.append((int(lines[0].split()[1]), data[:n]))
        if "json" in headers.get("content-type", ""):
            parse(data[:n])
        data = data[n:]
    return out


def exchange(em, data):
    """The answers to raw bytes, until the connection is closed."""
    with tls(em) as sock:
        try:
            sock.sendall(data)
        except (ConnectionError, ssl.SSLError):
            pass
        return answers_of(read_all(sock))


def refused(answer, *statuses):
    """Graph's words: a code and a message."""
    status, body = answer
    body = parse(body) if isinstance(body, bytes) else body
    assert status in (statuses or range(400, 500)), answer
    assert body["error"]["code"] and body["error"]["message"], answer
    return body["error"]["code"]


def no_http(answers):
    """What is no HTTP never gets to Graph: the connection is closed, perhaps after a page of HTML."""
    assert len(answers) <= 1 and all(400 <= status < 500 for status, _ in answers), answers


# --- bodies ---

def send(em, graph, body, *lines, path="/v1.0/users", method="POST"):
    more = lines or (JSON,)
    found = exchange(em, head(graph, method, path, "Connection: close\r\n", *more,
                              "Content-Length: %d\r\n" % len(body)) + body)
    assert len(found) == 1
    return found[0]


def test_truncated_json(em):
    admin = Graph(em)
    text = json.dumps(USER).encode()
    for n in range(1, len(text), 7):
        refused(send(em, admin, text[:n]), 400)
    refused(send(em, admin, text + b"}"), 400)
    refused(send(em, admin, b" "), 400)
    assert send(em, admin, text)[0] == 201


@pytest.mark.parametrize("body", [
    b'"text"', b"7", b"null", b"[]", b"[{}]", b"{}", b'{"displayName": "\xff\xfe"}',
    b'{"displayName": "\xc0\xaf"}', b'{"displayName": "\xed\xa0\x80"}', b'{"\xf5": 1}',
    b'{"displayName": "\\ud800"}', b'{"displayName": "\\u0000"}', b'{"displayName": "a\x00b"}',
    b'{"displayName": 1e999}', b'{"displayName": 99999999999999999999999999}',
    b"{'displayName': 'x'}", b'{"displayName": NaN}', b"\xef\xbb\xbf{}", b"\x00" * 100,
    b"[" * 100000, b'{"a":' * 5000 + b"1" + b"}" * 5000, b'{"displayName": ["x"]}',
    b'{"businessPhones": ' + b"[" * 60 + b"]" * 60 + b"}", b'{"": ""}', b'{"@odata.type": 7}',
    b'{"members@odata.bind": "x"}', b'{"displayName": {}}',
    b'{"displayName": "a", "displayName": "a"}', b'{"displayName": "a", "DISPLAYNAME": "b"}',
    b'{"onPremisesExtensionAttributes": {"extensionAttribute1": "a", "extensionAttribute1": "a"}}',
], ids=range(30))
def test_bodies(em, body):
    refused(send(em, Graph(em), body), 400)
    refused(send(em, Graph(em, GRAPH_APP), body), 400)
    refused(send(em, Graph(em), body, path="/v1.0/groups"), 400)
    refused(send(em, Graph(em), body, path="/v1.0/$batch"), 400)


def test_content_type(em):
    admin, text = Graph(em), json.dumps(USER).encode()
    refused(send(em, admin, text, "X-Nothing: x\r\n"), 415)
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/xml", "",
                 "multipart/form-data; boundary=x", "x" * 5000):
        refused(send(em, admin, text, "Content-Type: %s\r\n" % kind), 415)
    assert send(em, admin, text, "Content-Type: Application/JSON;charset=utf-8\r\n")[0] == 201


def test_batches(em):
    admin = Graph(em)

    def batch(body):
        return admin.call("POST", "/$batch", body)

    def part(i, **more):
        return dict({"id": str(i), "method": "GET", "url": "/users"}, **more)

    refused(batch({"requests": [part(i) for i in range(21)]}), 400)
    assert batch({"requests": [part(i) for i in range(20)]})[0] == 200
    for body in ([], {}, "x", {"requests": {}}, {"requests": None}, {"requests": "x"},
                 {"requests": [1]}, {"requests": ["x", None]}, {"requests": [[]]},
                 {"requests": [{}]}, {"requests": [part(1), part(1)]},
                 {"requests": [part("")]}, {"requests": [part("x" * 300)]},
                 {"requests": [dict(part(1), id=True)]}, {"requests": [dict(part(1), id=1.5)]},
                 {"requests": [dict(part(1), id=["1"])]},
                 {"requests": [part(1), dict(part(1), id=1)]}):
        refused(batch(body), 400)
    refused(admin.call("GET", "/$batch"), 400)
    # parts that are wrong each by itself
    wrong = [part(1, method=None), part(2, url=None), part(3, method="FROB"), part(4, url=""),
             part(5, url="https://elsewhere.example/v1.0/users"), part(6, url="/$batch"),
             part(7, url="/%zz"), part(8, url="/users?$filter=("), part(9, url="\u2028"),
             part(10, method="POST", body={}), part(11, method="POST", body={}, headers=[]),
             part(12, method="POST", body="x", headers={"Content-Type": "application/json"}),
             part(13, method="PATCH", url="/users/x", headers={"Content-Type": 7}, body={}),
             part(14, url="/" + "x/" * 40), part(15, dependsOn=["16"]), part(16, dependsOn=["16"]),
             part(17, dependsOn=["nothing"]), part(18, dependsOn=[7]), part(19, url=7)]
    status, answer = batch({"requests": wrong})
    assert status == 200
    assert [r["id"] for r in answer["responses"]] == [str(i) for i in range(1, 20)]
    for r in answer["responses"]:
        refused((r["status"], r["body"]))


# --- tokens ---

def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_tokens(em):
    token = Graph(em).headers["Authorization"][len("Bearer "):]
    header, claims, mac = token.split(".")
    more = json.loads(unb64(claims))
    more["roles"] = ["Everything.ReadWrite.All"]
    forged = header + "." + b64(json.dumps(more).encode())
    none = b64(b'{"alg":"none","typ":"JWT"}')

    def signed(head, key):
        return head + "." + b64(hmac.new(key, head.encode(), hashlib.sha256).digest())

    for bad in ("", ".", "..", "...", "a.b.c", header, header + "." + claims, token + ".x",
                none + "." + claims + ".", none + "." + claims + "." + mac, none + "." + claims,
                b64(b'{"alg":"None"}') + "." + claims + ".", header + ".." + mac,
                header + "." + claims + ".", forged + "." + mac, signed(forged, b""),
                signed(forged, ADMIN_APP[1].encode()), signed(forged, TENANT.encode()),
                b64(b'{"alg":"RS256","typ":"JWT"}') + "." + claims + "." + mac, token[:-1],
                token + "A", token + "=", b64(b"[]") + "." + claims + "." + mac,
                b64(b"\xff") + "." + b64(b"\xff") + ".AAAA", "A" * 60000, "." * 20000, "\u00e9"):
        for scheme in ("Bearer ", "bearer", "Basic ", ""):
            (answer,) = exchange(em, (
                "GET /v1.0/users HTTP/1.1\r\nConnection: close\r\nAuthorization: %s%s\r\n\r\n" % (
                    scheme, bad)).encode())
            assert refused(answer, 401) == "InvalidAuthenticationToken", (scheme, bad)


def test_expired_token(em):
    admin = Graph(em)
    assert em.request("POST", "/emulator/faults", {"expireTokens": True})[0] == 204
    status, answer = admin.call("GET", "/users")
    assert refused((status, answer), 401) == "InvalidAuthenticationToken"
    assert "expired" in answer["error"]["message"]


def test_token_of_another_tenant(tmp_path):
    """The same key, as the state is the same, but the tenant in the token is another one."""
    one = Emulator(str(tmp_path))
    headers = Graph(one).headers
    one.stop()
    with open(os.path.join(ROOT, "conf", "tenant.sample.json"), encoding="utf-8") as f:
        tenant = f.read().replace(TENANT, "11111111-2222-4333-8444-555555555555")
    (tmp_path / "other.json").write_text(tenant, encoding="utf-8")
    other = Emulator(str(tmp_path), tenant=str(tmp_path / "other.json"))
    try:
        status, answer = other.request("GET", "/v1.0/users", None, headers)
        assert refused((status, answer), 401) == "InvalidAuthenticationToken"
        assert "tenant" in answer["error"]["message"].lower()
    finally:
        other.stop()


def test_sign_in_forms(em):
    good = "grant_type=client_credentials&scope=x&client_id=%s&client_secret=%s" % ADMIN_APP
    for form in (b"", b"&&&==", b"\x00" * 50, b"grant_type", b"grant_type=client_credentials",
                 good.encode()[:-1], b"a=b&" * 20000, b"%zz=%zz&client_id=%00&client_secret=%ff",
                 b"grant_type=client_credentials&client_id=%ff%fe&client_secret=x",
                 b"grant_type=client_credentials&client_id=" + "\u20ac".encode() * 900 + b"&x=y",
                 good.encode() + b"&client_assertion=" + b"a." * 5000, b"{}"):
        for more in ("", "Authorization: Basic !!!!\r\n", "Authorization: Basic \r\n",
                     "Authorization: Basic %s\r\n" % b64(b"\xff:\xff")):
            data = "POST /%s/oauth2/v2.0/token HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s" \
                   "Content-Length: %d\r\n\r\n" % (TENANT, more, len(form))
            (status, body), = exchange(em, data.encode() + form)
            answer = json.loads(body)
            assert status in (400, 401) and answer["error"] and answer["error_description"]
    for path in ("/%zz/oauth2/v2.0/token", "//oauth2/v2.0/token", "/x/oauth2/v2.0/token"):
        (status, body), = exchange(em, ("POST %s HTTP/1.1\r\nConnection: close\r\n\r\n" % path)
                                   .encode())
        assert 400 <= status < 500 and json.loads(body)["error"]


# --- URLs and headers ---

@pytest.mark.parametrize("path", [
    "/", "//", "/v1.0", "/v1.0/", "/v1.0//", "/v2.0/users", "/V1.0/users", "/../v1.0/users", "*",
    "/v1.0/%", "/v1.0/users/%", "/v1.0/users/%0", "/v1.0/users/%zz", "/v1.0/users/%00",
    "/v1.0/users/%c0%af", "/v1.0/users/%ff", "/v1.0/users/\udcff\udcfe", "/v1.0/users/%E2%80%AE",
    "/v1.0/users/..%2f..%2fetc%2fpasswd", "/v1.0/users/'%20or%20'1'='1", "/v1.0/users/%22%5c%0a%0d",
    "/v1.0/users/" + "x" * 10000, "/v1.0/users/" + "%25" * 5000, "/v1.0/users/null",
    "/v1.0/users/$ref", "/v1.0/users/()", "/v1.0/users('x')", "/v1.0/users/\U0001f4a9@x",
    "/v1.0/users/00000000-0000-0000-0000-00000000000g", "/v1.0/users/-1", "/v1.0/users/x/y/z/a/b/c/d",
    "/v1.0/groups/x/members/%00/$ref", "/v1.0/directoryObjects/%ff", "/v1.0/contacts/%25%25%25",
    "/v1.0/directory/deletedItems/%ff", "/v1.0/users?%00", "/v1.0/users?$filter=%00",
    "/v1.0/users?$filter=%zz", "/v1.0/users?$filter=displayName%20eq%20'%ff'",
    "/v1.0/users?$select=%ff", "/v1.0/users?$orderby=%ff", "/v1.0/users?$search=%ff",
    "/v1.0/users?$expand=%ff", "/v1.0/users?$top=%ff", "/v1.0/users?%ff=x",
    "/v1.0/users/delta?$deltatoken=%ff", "/v1.0/users?$skiptoken=%00",
    "/v1.0/us ers", "/v1.0/users HTTP/1.1 x"])
def test_urls(em, path):
    (answer,) = exchange(em, head(Graph(em), "GET", path, "Connection: close\r\n",
                                  "ConsistencyLevel: eventual\r\n"))
    refused(answer)


def test_long_urls_and_headers(em):
    admin = Graph(em)
    close = "Connection: close\r\n"
    (answer,) = exchange(em, head(admin, "GET", "/v1.0/users/" + "x" * 30000, close))
    refused(answer, 404)
    (answer,) = exchange(em, head(admin, "GET", "/v1.0/users", close, "X: " + "x" * 30000 + "\r\n"))
    assert answer[0] == 200
    for more in (head(admin, "GET", "/v1.0/users/" + "x" * 70000, close),
                 head(admin, "GET", "/v1.0/users", close, "X: " + "x" * MIB + "\r\n"),
                 head(admin, "GET", "/v1.0/users", close, "X: y\r\n" * 200000),
                 b"GET /" + b"x" * 8 * MIB, b"x" * 8 * MIB, b"\r\n" * MIB):
        no_http(exchange(em, more))


@pytest.mark.parametrize("data", [
    b"\x00\x01\x02\r\n\r\n", b"GET\r\n\r\n", b"GET /v1.0/users\r\n\r\n", b"GET  HTTP/1.1\r\n\r\n",
    b"GET /v1.0/users HTTP/2.0\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET /v1.0/users HTTP/x\r\n\r\n", b"GET /v1.0/us\x00ers HTTP/1.1\r\n\r\n",
    b"GET /v1.0/users HTTP/1.1\r\nno colon\r\n\r\n",
    b"GET /v1.0/users HTTP/1.1\r\n folded: first\r\n\r\n",
    b"POST /v1.0/users HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
    b"POST /v1.0/users HTTP/1.1\r\nContent-Length: many\r\n\r\nabc",
    b"POST /v1.0/users HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\nabc",
    b"POST /v1.0/users HTTP/1.1\r\nContent-Length: 9223372036854775807\r\n\r\nabc",
    b"POST /v1.0/users HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n",
    b"POST /v1.0/users HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\nabc\r\n",
    b"POST /v1.0/users HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nabc\r\n",
    b"POST /v1.0/users HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /v1.0/users HTTP/1.1\r\nContent-Length: 1\r\nExpect: beer\r\n\r\n"], ids=range(19))
def test_no_http(em, data):
    no_http(exchange(em, data))


def test_headers_twice(em):
    admin = Graph(em)
    for twice in ("Host: y\r\n", "Authorization: Bearer x\r\n", "Content-Type: text/plain\r\n",
                  "Content-Length: 7\r\n", "content-length: 2\r\n", "Content-Length: 0\r\n"):
        found = exchange(em, head(admin, "POST", "/v1.0/users", JSON, "Content-Length: 2\r\n",
                                  twice) + b"{}GET /v1.0/users HTTP/1.1\r\n\r\n")
        assert len(found) == 1 and twice.split(":")[0].lower() in refused(
            found[0], 400).lower() + json.loads(found[0][1])["error"]["message"].lower()
    for twice in ("Prefer: return=minimal\r\n", "ConsistencyLevel: eventual\r\n", "X: y\r\n"):
        (answer,) = exchange(em, head(admin, "GET", "/v1.0/users", twice, twice,
                                      "Connection: close\r\n"))
        assert answer[0] == 200
    for odd in ("Prefer: odata.maxpagesize=-1\r\n", "Prefer: odata.maxpagesize=99999999999999999\r\n",
                "Prefer: odata.maxpagesize=x\r\n", "Prefer: ,,,;;;\r\n", "Accept: \r\n",
                "client-request-id: %s\r\n" % ("\u00e9\"" * 500)):
        (answer,) = exchange(em, head(admin, "GET", "/v1.0/users", odd, "Connection: close\r\n"))
        assert answer[0] == 200, odd


def test_methods(em):
    admin = Graph(em)
    status, user = admin.call("POST", "/users", USER)
    assert status == 201
    paths = ["/users", "/users/" + user["id"], "/users/%s/manager/$ref" % user["id"],
             "/users/%s/onPremisesSyncBehavior" % user["id"], "/users/delta", "/users/$count",
             "/groups", "/$batch", "/organization", "/domains", "/directoryRoles", "/$metadata",
             "/directoryObjects/getByIds", "/auditLogs/directoryAudits",
             "/directory/deletedItems/microsoft.graph.user", "/directory/onPremisesSynchronization"]
    for path in paths:
        for method in ("FROB", "OPTIONS", "TRACE", "get", "PROPFIND"):
            (answer,) = exchange(em, head(admin, method, "/v1.0" + path, "Connection: close\r\n"))
            refused(answer, 405)
        (answer,) = exchange(em, head(admin, "HEAD", "/v1.0" + path, "Connection: close\r\n"))
        assert answer == (405, b"")
    for method, path in (("DELETE", "/users"), ("PUT", "/users"), ("PATCH", "/users"),
                         ("POST", "/users/" + user["id"]), ("PUT", "/users/" + user["id"]),
                         ("POST", "/users/delta"), ("DELETE", "/users/$count"),
                         ("DELETE", "/users/%s/onPremisesSyncBehavior" % user["id"]),
                         ("POST", "/users/%s/manager/$ref" % user["id"]), ("PUT", "/$batch"),
                         ("POST", "/auditLogs/directoryAudits"), ("DELETE", "/organization"),
                         ("GET", "/directoryObjects/getByIds"), ("DELETE", "/$metadata"),
                         ("PUT", "/domains"), ("PATCH", "/directoryRoles"),
                         ("PUT", "/directory/onPremisesSynchronization")):
        refused(admin.call(method, path, {} if method in ("PUT", "POST", "PATCH") else None))
    assert admin.get("/users/" + user["id"])["displayName"] == "Anna"


def test_huge_options(em):
    admin = Graph(em)
    admin.call("POST", "/users", USER)

    def get(option, value):
        (answer,) = exchange(em, head(admin, "GET", "/v1.0/users?$count=true&$%s=%s" % (
            option, value.replace(" ", "%20").replace('"', "%22").replace("#", "%23")),
            "ConsistencyLevel: eventual\r\n", "Connection: close\r\n"))
        return answer

    for option, value in (
            ("filter", "(" * 30000), ("filter", "not " * 8000), ("filter", "not(" * 10000),
            ("filter", "displayName eq 'x' or " * 1500), ("filter", "'" * 50000),
            ("filter", "displayName in (" + "'x'," * 10000), ("filter", "a/" * 20000),
            ("filter", "startswith(" * 4000), ("filter", "displayName eq '" + "x" * 50000),
            ("filter", "proxyAddresses/any(p:" * 2000),
            ("search", '"' * 15000), ("search", '"displayName:x" AND ' * 1500),
            ("search", "(" * 30000), ("search", '"' + "x" * 50000),
            ("expand", "manager($expand=" * 3000), ("expand", "manager," * 5000),
            ("expand", "manager($select=" + "id," * 10000), ("expand", "(" * 30000),
            ("select", "bogus," * 8000), ("select", "," * 50000), ("select", "a" * 50000),
            ("orderby", "displayName desc," * 2000), ("orderby", "x" * 50000),
            ("top", "9" * 5000), ("top", "-1"), ("top", "1e3"), ("skiptoken", "x" * 50000)):
        refused(get(option, value), 400)
    # large, but good: it is answered, or refused for its size
    for option, value in (
            ("filter", " or ".join(["displayName eq 'Anna'"] * 1200)),
            ("filter", "displayName in (" + ",".join(["'Anna'"] * 5000) + ")"),
            ("filter", "displayName eq '" + "x" * 50000 + "'"),
            ("search", '"displayName:' + "x" * 50000 + '"'),
            ("select", ",".join(["displayName"] * 4000)), ("select", "id" + ",mail" * 8000),
            ("orderby", ",".join(["displayName"] * 4000)), ("expand", "manager,manager")):
        answer = get(option, value)
        if answer[0] != 200:
            refused(answer, 400)


# --- connections ---

def test_large_bodies(em):
    """64 MiB are refused long before they have been sent."""
    admin = Graph(em)
    for data, part in (
            (head(admin, "POST", "/v1.0/users", JSON, "Content-Length: %d\r\n" % (64 * MIB)),
             b"x" * 65536),
            (head(admin, "POST", "/v1.0/users", JSON, "Transfer-Encoding: chunked\r\n"),
             b"10000\r\n" + b"x" * 65536 + b"\r\n"),
            (head(admin, "POST", "/v1.0/users", JSON, "Transfer-Encoding: chunked\r\n"),
             b"1" * 65536),  # the length of a chunk that never ends
            (head(admin, "POST", "/v1.0/users", JSON, "Transfer-Encoding: chunked\r\n"),
             b"1\r\nx\r\n" * 10000)):
        with tls(em) as sock:
            sent = 0
            try:
                sock.sendall(data)
                while sent < 64 * MIB:
                    sock.sendall(part)
                    sent += len(part)
            except (ConnectionError, ssl.SSLError):
                pass
            no_http(answers_of(read_all(sock)))
            assert sent < 32 * MIB
    (answer,) = exchange(em, head(admin, "POST", "/v1.0/users", "Expect: 100-continue\r\n", JSON,
                                  "Content-Length: %d\r\n" % (64 * MIB)))
    assert answer[0] == 413


def test_many_large_bodies(em):
    """Requests that are not whole hold a bounded amount of memory, however many they are."""
    admin = Graph(em)
    start = head(admin, "POST", "/v1.0/users", JSON, "Content-Length: %d\r\n" % (4 * MIB))
    socks, part, closed = [], b"x" * (4 * MIB - 100), 0
    for _ in range(50):
        socks.append(tls(em))
        try:
            socks[-1].sendall(start + part)
        except (ConnectionError, ssl.SSLError):
            closed += 1
    serves(em)
    for sock in socks:
        sock.settimeout(0.01)
        try:
            closed += sock.recv(1) == b""
        except TimeoutError:
            pass
        except (ConnectionError, ssl.SSLError):
            closed += 1
        sock.close()
    assert 15 <= closed < 50
    assert peak(em) < PEAK


def trickle(socks, data):
    """A byte to each that is still open; those that are."""
    out = []
    for sock, i in socks:
        try:
            if i < len(data):
                sock.send(data[i:i + 1])
            sock.setblocking(False)
            try:
                if sock.recv(65536) == b"":
                    continue
            except (ssl.SSLWantReadError, BlockingIOError):
                pass
            sock.setblocking(True)
            out.append((sock, i + 1))
        except (ConnectionError, ssl.SSLError, OSError):
            sock.close()
    return out


def test_slow_clients(make_emulator):
    em = make_emulator("--request-timeout", "5")
    admin = Graph(em)

    def begun(data, answer=b""):
        sock = tls(em)
        sock.sendall(data)
        assert not answer or sock.recv(65536).startswith(answer)
        return sock, 0

    slow = {
        b"GET /v1.0/users HTTP/1.1\r\nX: " + b"x" * 100000: [begun(b"") for _ in range(10)],
        b"x" * 100000: [begun(head(admin, "POST", "/v1.0/users", JSON,
                                   "Content-Length: 1000000\r\n")) for _ in range(10)],
        b"": [begun(head(admin, "GET", "/v1.0/users"), b"HTTP/1.1 200 ") for _ in range(5)],
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 300: [
            (tcp(em), 0) for _ in range(10)],
        b"\x16": [(tcp(em), 0) for _ in range(10)],
    }

    def all_closed():
        for data in slow:
            slow[data] = trickle(slow[data], data)
        assert admin.call("GET", "/users")[0] == 200
        return not any(slow.values())

    wait_for(all_closed, "the slow clients to be closed", 120)


def test_answers_that_nobody_reads(make_emulator):
    """Requests are pipelined and their answers never read: the deadline ends that, too."""
    em = make_emulator("--request-timeout", "3")
    admin = Graph(em)
    admin.call("POST", "/users", USER)
    data = head(admin, "GET", "/v1.0/$metadata") * 100
    socks = []
    for _ in range(5):
        sock = tls(em)
        sock.setblocking(False)
        socks.append(sock)
    closed = set()

    def all_closed():
        for sock in socks:
            try:
                sock.send(data)
            except (ssl.SSLWantWriteError, ssl.SSLWantReadError, BlockingIOError):
                pass
            except (ConnectionError, ssl.SSLError, OSError):
                closed.add(sock)
        assert admin.call("GET", "/users")[0] == 200
        return len(closed) == len(socks)

    wait_for(all_closed, "the clients that do not read to be closed", 90)
    for sock in socks:
        sock.close()


def test_too_many_connections(make_emulator):
    """Those over the limit wait; they are served when others end."""
    em = make_emulator("--max-connections", "20", "--request-timeout", "60")
    admin = Graph(em)
    context = ssl.create_default_context(cafile=em.ca)
    socks = []
    for _ in range(30):
        sock = context.wrap_socket(tcp(em), server_hostname="localhost",
                                   do_handshake_on_connect=False)
        sock.setblocking(False)
        socks.append(sock)
    good = set()

    def shake():
        for sock in socks:
            try:
                if sock not in good:
                    sock.do_handshake()
                    good.add(sock)
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                pass
        return len(good)

    wait_for(lambda: shake() == 20, "the first 20 connections")
    for sock in good:
        sock.setblocking(True)
        sock.sendall(head(admin, "GET", "/v1.0/users"))
        assert sock.recv(65536).startswith(b"HTTP/1.1 200 ")
    assert shake() == 20
    for sock in list(good)[:10]:
        sock.close()
    wait_for(lambda: shake() == 30, "the others")
    for sock in socks:
        sock.close()


def test_a_thousand_connections(em):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 2000)), hard))
    n = min(1000, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 200)
    assert n > 500, "the limit of open files is too low for this test"
    admin = Graph(em)
    context = ssl.create_default_context(cafile=em.ca)
    raw = [tcp(em) for _ in range(n)]
    socks = [context.wrap_socket(sock, server_hostname="localhost") for sock in raw]
    for sock in socks:
        sock.sendall(head(admin, "GET", "/v1.0/users", "Connection: close\r\n"))
    for sock in socks:
        (answer,) = answers_of(read_all(sock))
        assert answer[0] == 200
        sock.close()


def test_no_tls(em):
    """Plain HTTP, halves of handshakes, and rubbish where TLS is expected."""
    with tls(em) as sock:  # what a client's first flight looks like
        assert sock.version()
    for data in (b"GET /v1.0/users HTTP/1.1\r\nHost: x\r\n\r\n", b"\x00" * 1000, b"\xff" * 100000,
                 b"\x16\x03\x01\xff\xff" + b"\x01" * 70000, b"\x80\x2e\x01\x00\x02" + b"x" * 100,
                 b"\x15\x03\x01\x00\x02\x02\x28", b"PROXY TCP4 1.1.1.1 2.2.2.2 1 2\r\n"):
        with tcp(em) as sock:
            try:
                sock.sendall(data)
                sock.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            answer = read_all(sock)
            assert b"HTTP/1.1 200" not in answer and len(answer) < 1000
    half = [tcp(em) for _ in range(50)]
    for sock in half[:25]:
        sock.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
    serves(em)
    for sock in half:
        sock.close()
    for cut in (True, False):  # a TLS session that ends without a word, also within a request
        sock = tls(em)
        sock.sendall(b"GET /v1.0/users HT" if cut else b"")
        raw = socket.socket(fileno=os.dup(sock.fileno()))
        sock.detach()
        raw.shutdown(socket.SHUT_RDWR)
        raw.close()


def test_pipelined_requests(em):
    admin = Graph(em)
    many = b"".join(head(admin, "GET", "/v1.0/users/nobody-%d" % i) for i in range(200))
    found = exchange(em, many + head(admin, "POST", "/v1.0/users", JSON, "Content-Length: 2\r\n") +
                     b"{}" + head(admin, "GET", "/v1.0/users", "Connection: close\r\n"))
    assert len(found) == 202
    for i in range(200):
        refused(found[i], 404)
        assert "nobody-%d'" % i in json.loads(found[i][1])["error"]["message"]
    refused(found[200], 400)
    assert found[201][0] == 200


# --- what clients must not see of each other ---

def test_links_of_another_client(em):
    """Whose Host header is missing, or is no host, gets our own name, not the last client's."""
    admin = Graph(em)
    for name in ("anna", "bo"):
        assert em.request("POST", "/v1.0/users", dict(
            USER, userPrincipalName=name + "@fjordline.example"), admin.headers)[0] == 201

    def link(version, *lines):
        text = "GET /v1.0/users?$top=1 HTTP/%s\r\nAuthorization: %s\r\nConnection: close\r\n%s\r\n" % (
            version, admin.headers["Authorization"], "".join(lines))
        with tls(em) as sock:
            sock.sendall(text.encode())
            return parse(read_all(sock).partition(b"\r\n\r\n")[2])["@odata.nextLink"]

    for odd in (("1.0",), ("1.1", "Host: a b\r\n"), ("1.1", "Host: %s\r\n" % ("x" * 200))):
        assert link("1.1", "Host: other.example\r\n").startswith("https://other.example/v1.0/")
        assert link(*odd).startswith(em.url + "/v1.0/"), odd


def test_ids_of_a_delayed_answer(em):
    """The ids in its headers are those in its body, whoever was served meanwhile."""
    admin = Graph(em)
    em.fault(match="GET /v1.0/users/slow", delayMs=300)
    with tls(em) as sock:
        sock.sendall(head(admin, "GET", "/v1.0/users/slow", "Connection: close\r\n",
                          "client-request-id: slow\r\n"))
        wait_for(lambda: any("slow" in r["path"] for r in em.requests()), "the slow request")
        refused(em.request("GET", "/v1.0/users/quick", None,
                           dict(admin.headers, **{"client-request-id": "quick"})), 404)
        top, _, body = read_all(sock).decode("ascii").partition("\r\n\r\n")
    told = json.loads(body)["error"]["innerError"]
    assert "client-request-id: slow\r\n" in top + "\r\n" and told["client-request-id"] == "slow"
    assert "request-id: %s\r\n" % told["request-id"] in top + "\r\n"


# --- what a refused request leaves ---

def test_refused_writes_change_nothing(em):
    sync, admin = Sync(em), Graph(em)
    group = {"onPremisesImmutableId": "Zw==", "displayName": "g", "securityEnabled": True}
    user = {"onPremisesImmutableId": "dQ==", "displayName": "u", "mailNickname": "u",
            "userPrincipalName": "u@fjordline.example"}
    ids = {}
    for kind, body in (("group", group), ("user", user)):
        ids[kind] = sync.post("%ss" % kind, body)
        sync.delete("/%ss/%s" % (kind, ids[kind]))
    before = admin.get("/directory/deletedItems/microsoft.graph.group")["value"]
    nobody = "https://x/00000000-0000-0000-0000-000000000000"
    crew = {"displayName": "g", "mailNickname": "g", "mailEnabled": False, "securityEnabled": True}
    refused(admin.call("POST", "/groups", dict(crew, **{"members@odata.bind": [nobody]})), 404)
    refused(admin.call("POST", "/groups", dict(crew, **{"members@odata.bind": "x"})), 400)
    refused(admin.call("POST", "/users", dict(USER, **{"manager@odata.bind": nobody})), 404)
    assert sync.refusal("POST", "groups", dict(group, description=7)) == "DataValidationFailed"
    assert sync.refusal("POST", "users", dict(user, jobTitle=7)) == "DataValidationFailed"
    assert admin.get("/directory/deletedItems/microsoft.graph.group")["value"] == before
    for kind in ("group", "user"):
        refused(admin.call("GET", "/%ss/%s" % (kind, ids[kind])), 404)
        assert admin.get("/%ss" % kind)["value"] == []
    # a name whose prefix ends in the middle of a JSON escape gives no name
    who = sync.post("users", dict(user, onPremisesImmutableId="dg==", mailNickname=None,
                                  userPrincipalName='x"y@fjordline.example'))
    assert admin.get("/users/%s?$select=mailNickname" % who)["mailNickname"] == "x"


def test_conditions_that_cannot_be(em):
    """What tests order from the emulator has bounds, too."""
    for body in ([], "x", {"status": 99999, "match": ""}, {"status": -1, "match": ""}):
        refused(em.request("POST", "/emulator/faults", body), 400)
    for _ in range(1000):
        em.fault(match="GET /nowhere", count=1)
    refused(em.request("POST", "/emulator/faults", {"match": "GET /nowhere"}), 400)
    em.clear_faults()
    em.fault(throttle={"writes": 0, "units": -5})
    admin = Graph(em)
    answers = [admin.call("GET", "/users") for _ in range(3)]
    assert refused(answers[-1], 429) == "TooManyRequests"
    em.fault(throttle=None, lagMs=0)
    for seconds in (-1, 10 ** 18):
        refused(em.request("POST", "/emulator/clock", {"advance": seconds}), 400)
    for name in ("", "../x", "a/b", "x" * 65, 7):
        refused(em.request("POST", "/emulator/snapshot", {"name": name}), 400)
    refused(em.request("POST", "/emulator/restore", {"name": "nothing"}), 404)
