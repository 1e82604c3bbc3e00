"""What the readers of open tools need of the provisioning service, point by point: those that know
prefixes and no namespaces (the Python client), and those that go by local names. And what they write:
binary XML that guesses the type of a text by its look."""
import base64
import json
import os
import runpy
import struct
import uuid
from urllib.parse import urlencode
from xml.parsers import expat

import nbfx
import pytest
from lab import ROOT, SYNC_APP, TENANT, Graph
from nbfx import ADM, ARRAYS, CHANGE, OBJECT, SOAP, WSA, XSI
from service import RESOURCE, WORDS, Service

ANCHORS = [base64.b64encode(b"%016d" % i).decode() for i in range(5)]


def plain(xml):
    """A dictionary by prefixes and names, with attributes as "@name" and the text as "#text"; what is
    there several times is a list, and an element without anything is None."""
    stack = [{}]

    def start(name, attributes):
        stack.append({"@" + k: v for k, v in attributes.items()})

    def text(s):
        stack[-1]["#text"] = stack[-1].get("#text", "") + s

    def end(name):
        done, into = stack.pop(), stack[-1]
        value = done.get("#text") if set(done) <= {"#text"} else done
        into[name] = value if name not in into else (
            into[name] + [value] if isinstance(into[name], list) else [into[name], value])

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = text
    parser.Parse(xml, True)
    return stack[0]


def guessed(text):
    """The record of a text, odd (it ends the element), by its look."""
    s = text.strip()
    if not s:
        return b"\xa9"
    if s in WORDS:
        return b"\xab" + nbfx.mb31(2 * WORDS.index(s))
    if s.lower() in ("true", "false"):
        return b"\x87" if s.lower() == "true" else b"\x85"
    if s in ("0", "1"):
        return b"\x81" if s == "0" else b"\x83"
    if s.lstrip("-").isdigit() and s.lstrip("-")[0] != "0":
        for code, form in ((0x89, "<b"), (0x8b, "<h"), (0x8d, "<i"), (0x8f, "<q")):
            try:
                return bytes([code]) + struct.pack(form, int(s))
            except struct.error:
                pass
    try:
        return (b"\xad" + uuid.UUID(s[9:]).bytes_le if s.startswith("urn:uuid:")
                else b"\xb1" + uuid.UUID(s).bytes_le)
    except ValueError:
        pass
    try:
        if len(s) % 4 == 0:
            octets = base64.b64decode(s, validate=True)
            return bytes([0xa1]) + struct.pack("<H", len(octets)) + octets
    except ValueError:
        pass
    octets = s.encode("utf-16-le")
    return b"\xb9" + struct.pack("<H", len(octets)) + octets


def heuristic(xml):
    """The message as the Python tools write it."""
    out, texts = [], []

    def name_of(name, plain_code, inline, words):
        prefix, _, local = name.rpartition(":")
        known = local in WORDS
        code = (words if known else inline) + ord(prefix) - ord("a") if prefix else (
            plain_code + 2 * known)
        return bytes([code]) + (nbfx.mb31(2 * WORDS.index(local)) if known else nbfx.sized(local))

    def start(name, attributes):
        texts.append([])
        out.append(name_of(name, 0x40, 0x5e, 0x44))
        for key, value in attributes.items():
            if key.startswith("xmlns"):
                known, prefix = value in WORDS, key.partition(":")[2]
                out.append(bytes([8 + 2 * known + bool(prefix)]) + (nbfx.sized(prefix) if prefix else b"")
                           + (nbfx.mb31(2 * WORDS.index(value)) if known else nbfx.sized(value)))
            else:
                prefix, _, local = value.rpartition(":")
                record = guessed(value)
                if len(prefix) == 1 and local in WORDS:
                    record = b"\xbd" + bytes([ord(prefix) - ord("a")]) + nbfx.mb31(
                        2 * WORDS.index(local))
                out.append(name_of(key, 0x04, 0x26, 0x0c) + bytes([record[0] - 1]) + record[1:])

    def end(_):
        text = "".join(texts.pop())
        if texts:
            texts[-1].clear()
        out.append(guessed(text) if text.strip() else b"\x01")

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = lambda s: texts[-1].append(s)
    parser.Parse(xml, True)
    return b"".join(out)


class Tool:
    """A client as the Python tools are: one object in a call, prefixes as they stand."""

    def __init__(self, em, token):
        self.em, self.token = em, token

    def raw(self, operation, body):
        message = str(uuid.uuid4())
        member = "".join('<%s xmlns="%s">%s</%s>' % (n, CHANGE, v, n) for n, v in (
            ("ApplicationId", "1651564e-7ce4-4d99-88be-0a65050d8dc3"), ("BearerToken", self.token),
            ("ClientVersion", "8.0"), ("DirSyncBuildNumber", "2.6.3.0"), ("FIMBuildNumber", "2.6.3.0"),
            ("IsInstalledOnDC", "False"), ("IssueDateTime", "0001-01-01T00:00:00"),
            ("LanguageId", "en-US"), ("LiveToken", ""), ("ProtocolVersion", "2.0"),
            ("RichCoexistenceEnabled", "False"), ("TrackingId", message)))
        xml = """<s:Envelope xmlns:s="%s" xmlns:a="%s">
        <s:Header>
            <a:Action s:mustUnderstand="1">%s/IProvisioningWebService/%s</a:Action>
            <SyncToken s:role="%s" xmlns="%s" xmlns:i="%s">%s</SyncToken>
            <a:MessageID>urn:uuid:%s</a:MessageID>
            <a:ReplyTo><a:Address>http://www.w3.org/2005/08/addressing/anonymous</a:Address></a:ReplyTo>
            <a:To s:mustUnderstand="1">https://adminwebservice.microsoftonline.com/provisioningservice.svc</a:To>
        </s:Header>
        <s:Body>
            %s
        </s:Body>
        </s:Envelope>""" % (SOAP, WSA, CHANGE, operation, ADM, ADM, XSI, member, message, body)
        return self.em.send("POST", "/provisioningservice.svc", heuristic(xml),
                            {"Content-Type": "application/soap+msbin1", "User-Agent": "",
                             "x-ms-aadmsods-apiaction": operation})

    def call(self, operation, body):
        """What is below OperationResult."""
        data = plain(nbfx.text(self.raw(operation, body)[1], WORDS))
        body = data["s:Envelope"]["s:Body"]
        if "s:Fault" in body:
            raise RuntimeError(body["s:Fault"]["s:Reason"]["s:Text"]["#text"])
        return body[operation + "Response"][operation + "Result"]

    def set(self, kind, operation="Set", **values):
        def value(k, v):
            if v == "":
                return "<c:Value i:nil='true' xmlns:d='http://www.w3.org/2001/XMLSchema'></c:Value>"
            if isinstance(v, list):
                return "<c:Value i:type='c:ArrayOfstring'>%s</c:Value>" % "".join(
                    "<c:string>%s</c:string>" % x for x in v)
            word, text = (("boolean", str(v).lower()) if isinstance(v, bool) else
                          ("long", v) if isinstance(v, int) else
                          ("base64Binary", base64.b64encode(v).decode()) if isinstance(v, bytes) else
                          ("string", v))
            return "<c:Value i:type='d:%s' xmlns:d='http://www.w3.org/2001/XMLSchema'>%s</c:Value>" % (
                word, text)
        bag = "".join("<c:KeyValueOfstringanyType><c:Key>%s</c:Key>%s</c:KeyValueOfstringanyType>\n" % (
            k, value(k, v)) for k, v in values.items())
        result = self.call("ProvisionAzureADSyncObjects", """
        <ProvisionAzureADSyncObjects xmlns="%s">
            <syncRequest xmlns:b="%s" xmlns:i="%s">
                <b:SyncObjects><b:AzureADSyncObject>
                    <b:PropertyValues xmlns:c="%s">
                        %s
                    </b:PropertyValues>
                    <b:SyncObjectType>%s</b:SyncObjectType>
                    <b:SyncOperation>%s</b:SyncOperation>
                </b:AzureADSyncObject></b:SyncObjects>
            </syncRequest>
        </ProvisionAzureADSyncObjects>""" % (CHANGE, OBJECT, XSI, ARRAYS, bag, kind, operation))
        one = result["b:SyncObjectResults"]["b:AzureADSyncObjectResult"]
        if one["b:ResultCode"] == "Failure" or one["b:ResultErrorDescription"] != {"@i:nil": "true"}:
            raise RuntimeError(one["b:ResultErrorDescription"])
        return one

    def read_back(self, second="2"):
        result = self.call("ReadBackAzureADSyncObjects" + second, """
        <ReadBackAzureADSyncObjects%s xmlns="%s">
            <includeLicenseInformation>true</includeLicenseInformation>
            <inputCookie i:nil="true" xmlns:i="%s"></inputCookie>
            <isFullSync>False</isFullSync>
        </ReadBackAzureADSyncObjects%s>""" % (second, CHANGE, XSI, second))
        return (result["b:ResultObjects"] or {}).get("b:AzureADSyncObject", [])


@pytest.fixture
def em(make_emulator):
    return make_emulator("--memory")


@pytest.fixture
def tool(em):
    return Tool(em, Service(em).token)


def user(tool, i, **more):
    return tool.set("User", **dict(
        {"SourceAnchor": ANCHORS[i], "accountEnabled": True, "displayName": "Anna",
         "userPrincipalName": "u%d@fjordline.example" % i, "commonName": "Müller %d" % i,
         "onPremiseSecurityIdentifier": b"\1\1\0\0\0\0\0\5\x12\0\0\0", "countryCode": 276,
         "proxyAddresses": ["SMTP:u%d@fjordline.example" % i]}, **more))


def test_a_user_as_the_tools_write_it(em, tool):
    one = user(tool, 1, title="")
    assert set(one) == {"b:CloudAnchor", "b:ResultCode", "b:ResultErrorDescription", "b:SourceAnchor"}
    assert one["b:ResultErrorDescription"] == {"@i:nil": "true"}  # one attribute alone
    kind, _, object_id = one["b:CloudAnchor"].partition("_")
    o = Graph(em).get("/users/%s?$select=displayName,onPremisesSecurityIdentifier,userPrincipalName,"
                      "proxyAddresses,onPremisesImmutableId" % object_id)
    assert kind == "User" and o["displayName"] == "Anna"  # valid base64, sent as octets
    assert o["onPremisesSecurityIdentifier"] == "S-1-5-18"
    assert (o["userPrincipalName"], o["onPremisesImmutableId"]) == ("u1@fjordline.example", ANCHORS[1])
    assert o["proxyAddresses"] == ["SMTP:u1@fjordline.example"]
    with pytest.raises(RuntimeError, match="more than|IdentityDataValidationFailed"):
        user(tool, 2, userPrincipalName="u2.@fjordline.example")
    assert tool.set("User", "Delete", SourceAnchor=ANCHORS[1])["b:ResultCode"] == "Success"
    assert Graph(em).call("GET", "/users/" + object_id)[0] == 404


def test_groups_and_devices_as_the_tools_write_them(em, tool):
    user(tool, 1)
    one = tool.set("Group", SourceAnchor=ANCHORS[3], accountEnabled=True, displayName="Crew",
                   SecurityEnabled=True, member=[ANCHORS[1]], dnsDomainName="fjordline.example",
                   onPremisesDistinguishedName="CN=Crew,DC=fjordline,DC=example", Description="x")
    group = one["b:CloudAnchor"].partition("_")[2]
    assert Graph(em).members(group) == ["Anna"]
    assert tool.set("Group", SourceAnchor=ANCHORS[3], member=[])["b:ResultCode"] == "Success"
    assert Graph(em).members(group) == []
    one = tool.set("Device", SourceAnchor=ANCHORS[4], accountEnabled=True, deviceId=bytes(range(16)),
                   displayName="PC", deviceTrustType="ServerAd", deviceOSType="Windows",
                   deviceOSVersion="10.0 (19045)")
    assert Graph(em).get("/devices/" + one["b:CloudAnchor"].partition("_")[2])["displayName"] == "PC"


def test_the_configuration_has_all_that_tools_read(tool):
    body = '<GetCompanyConfiguration xmlns="%s"><includeLicenseInformation>false' % CHANGE
    body += "</includeLicenseInformation></GetCompanyConfiguration>"
    data = tool.call("GetCompanyConfiguration", body)
    names = ["AllowedFeatures", "DirSyncConfiguration", "DirSyncFeatures", "DisplayName", "IsDirSyncing",
             "IsPasswordSyncing", "MaxLinksSupportedAcrossBatchInProvision2",
             "SynchronizationInterval", "TenantId", "WriteBack"]
    assert [k for k in data if k[0] != "@"] == names  # none has a prefix
    assert int(data["DirSyncFeatures"]) > 0 and data["AllowedFeatures"] == "ObjectWriteback PasswordWriteback"
    inside = data["DirSyncConfiguration"]
    assert list(inside) == ["AnchorAttribute", "ApplicationVersion", "ClientVersion", "CurrentExport",
                            "IsTrackingChanges", "PreventAccidentalDeletion", "Writeback"]
    assert set(inside["CurrentExport"]) == {"DirSyncClientMachineName", "TotalConnectorSpaceObjects"}
    assert inside["PreventAccidentalDeletion"] == {
        "DeletionPrevention": "EnabledForCount", "ThresholdCount": "500", "ThresholdPercentage": "0"}
    for where in data["WriteBack"], inside["Writeback"]:
        assert where == {"UnifiedGroupContainer": {"@i:nil": "true"}, "UserContainer": {"@i:nil": "true"}}


def test_the_anchors_of_groups_are_read_back(tool):
    assert tool.read_back() == []
    first = user(tool, 1, title="")
    # one object alone is no list: that client sees nothing of it, and no more is promised
    assert tool.read_back()["b:SyncObjectType"] == "User"
    second = tool.set("Group", SourceAnchor=ANCHORS[2], displayName="Crew", SecurityEnabled=True,
                      accountEnabled=True)
    for version in ("", "2"):
        known = {}
        for o in tool.read_back(version):
            assert o["b:SyncOperation"] == "Set"
            pairs = o["b:PropertyValues"]["c:KeyValueOfstringanyType"]
            values = {p["c:Key"]: p["c:Value"] for p in pairs}
            assert all(isinstance(v, dict) and set(v) & {"@i:nil", "@i:type"} for v in values.values())
            assert all(k[0].isupper() for k in values)
            known[values["CloudAnchor"]["#text"]] = values["SourceAnchor"]["#text"]
        assert known == {first["b:CloudAnchor"]: ANCHORS[1], second["b:CloudAnchor"]: ANCHORS[2]}


def test_a_fault_has_a_language(em, tool):
    status, answer = Tool(em, "nonsense").raw("FinalizeExport", '<FinalizeExport xmlns="%s"/>' % CHANGE)
    body = plain(nbfx.text(answer, WORDS))["s:Envelope"]["s:Body"]
    assert status == 500 and body["s:Fault"]["s:Reason"]["s:Text"]["@xml:lang"] == "en-US"
    assert body["s:Fault"]["s:Code"]["s:Value"] == "s:Receiver"
    with pytest.raises(RuntimeError, match="has been denied"):
        Tool(em, "nonsense").read_back()
    with pytest.raises(RuntimeError, match="not supported"):
        tool.call("GetDeviceConfiguration", '<GetDeviceConfiguration xmlns="%s"/>' % CHANGE)


def test_names_are_short_enough(tool):
    """That client reads the length of a name or an address as one byte."""
    user(tool, 1)
    for operation in ("ReadBackAzureADSyncObjects2", "GetCompanyConfiguration"):
        xml = nbfx.text(tool.raw(operation, '<%s xmlns="%s"/>' % (operation, CHANGE))[1], WORDS)
        parser, names = expat.ParserCreate(), []
        parser.StartElementHandler = lambda n, a: names.extend(
            [n, *a, *[v for k, v in a.items() if k.startswith("xmlns")]])
        parser.Parse(xml, True)
        assert max(map(len, names)) < 128 and {"s:Envelope", "s:Body", "a:Action"} <= set(names)


def test_tokens_as_tools_ask_for_them(em):
    old = Service(em, resource="https://graph.windows.net")
    assert old.call("FinalizeExport")[0] == 500
    assert em.request("POST", "/emulator/service", {"oldAudience": True})[0] == 204
    assert old.call("FinalizeExport")[0] == 200
    assert Service(em, resource=RESOURCE).call("FinalizeExport")[0] == 200
    assert Service(em, resource=em.url).call("FinalizeExport")[0] == 500
    graph = Graph(em, SYNC_APP)
    graph.headers = {"Authorization": "Bearer " + old.token}
    assert graph.call("GET", "/users")[0] == 401  # Microsoft Graph is another one


def messages(path):
    """What is in a recording."""
    with open(path, "rb") as f:
        for size in f:
            yield f.read(int(size))
            assert f.read(1) == b"\n"


def test_a_recording_has_no_token(make_emulator, tmp_path):
    """Neither in UTF-8 nor in UTF-16; the benchmark puts one of its own in and sends the rest again."""
    path = str(tmp_path / "record")
    em = make_emulator("--memory", "--stable-ids", "--record", path)
    service = Service(em)
    tool, token = Tool(em, service.token), service.token
    service.set("User", "one", userPrincipalName="one@fjordline.example")
    user(tool, 2)
    em.send("POST", "/provisioningservice.svc", b"\x40\x01x" + token.encode(),
            {"Content-Type": "application/soap+msbin1"})  # cannot be read: is not kept
    first, second = messages(path)
    for data, letters, star in ((first, token.encode(), b"*"),
                                (second, token.encode("utf-16-le"), b"*\0")):
        assert letters not in data and token[:20].encode() not in data
        assert star * len(token) in data
    assert nbfx.read(first, WORDS).findtext(".//{*}BearerToken") == "*" * len(token)
    with open(path, "rb") as f:
        assert token[-20:].encode("utf-16-le") not in f.read()

    other = make_emulator("--memory", "--stable-ids")
    again = Service(other)
    bench = runpy.run_path(os.path.join(ROOT, "tests", "bench", "run"))
    for data in messages(bench["with_token"](path, again.token.encode())):
        assert again.send("/provisioningservice.svc", data,
                          {"Content-Type": "application/soap+msbin1"})[0] == 200
    assert len(again.read_back()) == 2


def form(em, path, **fields):
    status, answer = em.send("POST", "/%s/oauth2/v2.0/%s" % (TENANT, path), urlencode(fields).encode(),
                             {"Content-Type": "application/x-www-form-urlencoded"})
    return status, json.loads(answer)


def test_sign_in_by_a_device_code(make_emulator):
    """As MSAL does it for the Python tools: scopes in any order, a refresh token for the second one."""
    client = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
    scope = "offline_access https://graph.windows.net/.default openid profile"
    em = make_emulator("--memory")
    assert form(em, "devicecode", client_id=client, scope=scope)[0] == 400
    grant = "urn:ietf:params:oauth:grant-type:device_code"
    assert form(em, "token", client_id=client, grant_type=grant, device_code="r-78")[0] == 400
    em = make_emulator("--memory", deviceCodeApplication=SYNC_APP[0],
                       provisioningService={"oldAudience": True})
    assert form(em, "devicecode", scope=scope)[0] == 400
    status, flow = form(em, "devicecode", client_id=client, scope=scope)
    assert status == 200 and {"device_code", "user_code", "verification_uri", "message", "interval",
                              "expires_in"} <= set(flow)
    status, token = form(em, "token", client_id=client, grant_type=grant,
                         device_code=flow["device_code"], code=flow["device_code"])
    assert status == 200, token
    part = token["id_token"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    assert (claims["aud"], claims["tid"]) == (client, TENANT)
    tool = Tool(em, token["access_token"])
    assert user(tool, 1)["b:ResultCode"] == "Success"
    status, token = form(em, "token", client_id=client, grant_type="refresh_token",
                         refresh_token=token["refresh_token"],
                         scope="profile https://graph.microsoft.com/.default openid")
    graph = Graph(em)
    graph.headers = {"Authorization": "Bearer " + token["access_token"]}
    assert [u["displayName"] for u in graph.get("/users?$top=100")["value"]] == ["Anna"]
    assert form(em, "token", client_id=client, grant_type="refresh_token", refresh_token="x")[0] == 400
    assert form(em, "token", client_id=client, grant_type=grant, device_code="x")[0] == 400
    with pytest.raises(AssertionError, match="deviceCodeApplication"):
        make_emulator("--memory", deviceCodeApplication="nobody")


def test_the_switch_as_a_tool_writes_it(em):
    assert Graph(em).call("PATCH", "/organization/" + TENANT, {"OnPremisesSyncEnabled": True})[0] == 204


def test_users_by_pages_of_a_hundred(em, tool):
    for i in range(1, 4):
        user(tool, i)
    path, found = "/users?$top=2", []
    while path:
        page = Graph(em).get(path)
        found += page["value"]
        path = page.get("@odata.nextLink", "").partition("/v1.0")[2]
    assert len(found) == 3
