"""Synchronized objects for tests: a client of the provisioning service. Graph cannot make them.

`Service` speaks the service's words. `Sync` takes those of Graph, in which tests read what became of
it, and sends them as the service calls them: WIRE is the table.
"""
import base64
import json
import os
import struct

import nbfx
from apps import SYNC_APP, TENANT
from nbfx import ADM, ARRAYS, CHANGE, OBJECT, SOAP, WSA, XS, XSI, element

WORDS = nbfx.dictionary(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib",
                                     "net", "nbfs.c"))
RESOURCE = "6bf85cfa-ac8a-4be5-b5de-425a0d0dc016"
SERVICE_PATH = "/provisioningservice.svc"
BATCH = 30  # objects of a request
KINDS = {"users": "User", "groups": "Group", "contacts": "Contact", "devices": "Device"}

# Graph's name: the service's
WIRE = {
    "onPremisesImmutableId": "SourceAnchor", "mailNickname": "alias", "jobTitle": "title",
    "officeLocation": "physicalDeliveryOfficeName", "businessPhones": "telephoneNumber",
    "mobilePhone": "mobile", "faxNumber": "facsimileTelephoneNumber", "companyName": "company",
    "employeeId": "employeeID", "onPremisesSecurityIdentifier": "onPremiseSecurityIdentifier",
    "showInAddressList": "msExchHideFromAddressLists", "onPremisesDomainName": "dnsDomainName", "onPremisesNetBiosName": "netBiosName"}
REFERENCES = {"members@odata.bind": "member", "manager@odata.bind": "manager"}


class Refused(Exception):
    """What the service said of an object that it did not take."""

    def __init__(self, text):
        super().__init__(text)
        code, colon, _ = text.partition(": ")
        self.text = text
        self.code = code if colon and code.isalpha() else "Request_BadRequest"


class Service:
    """A client of one emulator; `token` None: signs in as the application."""

    def __init__(self, em, app=SYNC_APP, resource=RESOURCE, token=None, build="2.6.3.0"):
        self.em, self.build = em, build
        self.token = token if token is not None else self.sign_in(app, resource)

    def sign_in(self, app, resource):
        form = "grant_type=client_credentials&scope=%s/.default&client_id=%s&client_secret=%s" % (
            resource, *app)
        status, answer = self.send("/%s/oauth2/v2.0/token" % TENANT, form.encode(), {})
        assert status == 200, answer
        return json.loads(answer)["access_token"]

    def send(self, path, data, headers, method=None):
        return self.em.send(method or ("POST" if data is not None else "GET"), path, data, headers)

    def envelope(self, operation, *content, action=None):
        header = [
            element("a:Action", CHANGE + "/IProvisioningWebService/" + (action or operation),
                    attributes=[("s:mustUnderstand", "1")]),
            element("SyncToken", *[element(n, v, ns=CHANGE) for n, v in (
                ("ApplicationId", "6eb59a73-39b2-4c23-a70f-e2e3ce8965b1"),
                ("BearerToken", self.token), ("ClientVersion", "8.0"),
                ("DirSyncBuildNumber", self.build), ("ProtocolVersion", "2.0"))],
                attributes=[("s:role", ADM)], ns=ADM),
            element("a:MessageID", "urn:uuid:00112233-4455-6677-8899-aabbccddeeff")]
        return element("s:Envelope", element("s:Header", *header),
                       element("s:Body", element(operation, *content, ns=CHANGE)), s=SOAP, a=WSA)

    def call(self, operation, *content, action=None):
        status, body = self.send(SERVICE_PATH,
                                 self.envelope(operation, *content, action=action),
                                 {"Content-Type": "application/soap+msbin1"})
        return status, nbfx.read(body, WORDS)

    def provision(self, *objects, second=False):
        """[(result code, text or None, CloudAnchor)] of objects."""
        operation = "ProvisionAzureADSyncObjects" + ("2" if second else "")
        status, root = self.call(operation, element(
            "syncRequest", element("b:SyncObjects", *objects), b=OBJECT, c=ARRAYS, d=XS, i=XSI))
        assert status == 200, fault(root)
        out = []
        for r in root.iter("{%s}AzureADSyncObjectResult" % OBJECT):
            text = r.find("{%s}ResultErrorDescription" % OBJECT)
            assert (text.get("{%s}nil" % XSI) == "true") == (not text.text)
            out.append((r.findtext("{%s}ResultCode" % OBJECT), text.text,
                        r.findtext("{%s}CloudAnchor" % OBJECT)))
        assert len(out) == len(objects)
        return out

    def set(self, kind, anchor, **values):
        """The CloudAnchor of the object that there is now."""
        (code, text, cloud), = self.provision(thing(kind, anchor, **values))
        assert (code, text) == ("Success", None), text
        return cloud

    def configuration(self):
        """What GetCompanyConfiguration tells: texts by name."""
        status, root = self.call("GetCompanyConfiguration",
                                 element("includeLicenseInformation", "false"))
        assert status == 200, fault(root)
        return {e.tag.rpartition("}")[2]: e.text for e in root.iter()}

    def read_back(self):
        """What the service keeps of every synchronized object: {CloudAnchor: {name: value}}."""
        status, root = self.call("ReadBackAzureADSyncObjects2", element("isFullSync", "true"))
        assert status == 200, fault(root)
        out = {}
        for o in root.iter("{%s}AzureADSyncObject" % OBJECT):
            bag = {pair.findtext("{%s}Key" % ARRAYS): text_of(pair.find("{%s}Value" % ARRAYS))
                   for pair in o.iter("{%s}KeyValueOfstringanyType" % ARRAYS)}
            out[bag["CloudAnchor"]] = bag
        return out

    def source_anchors(self):
        """{object id: sourceAnchor}: of groups and contacts Graph does not tell it."""
        return {anchor.partition("_")[2]: bag.get("SourceAnchor")
                for anchor, bag in self.read_back().items()}


class Sync:
    """Makes and changes synchronized objects. Paths, names and values as Graph has them."""

    def __init__(self, em, app=SYNC_APP):
        self.service, self.kinds = Service(em, app), {}

    def post(self, collection, body):
        """The id of the object that there is now, new or not."""
        return self.post_all(collection, [body])[0]

    def post_all(self, collection, bodies):
        """The ids, in order. The first one that is refused is raised, when all have been sent."""
        kind, anchors = KINDS[collection.strip("/")], []
        for i in range(0, len(bodies), BATCH):
            anchors += self.write([thing(kind, None, **self.wire(kind, b))
                                   for b in bodies[i:i + BATCH]])
        ids = [a.partition("_")[2] for a in anchors]
        self.kinds.update(dict.fromkeys(ids, kind))
        return ids

    def patch(self, path, body):
        self.write([self.by_id(path, "Set", body)])

    def delete(self, path):
        self.write([self.by_id(path, "Delete", {})])

    def refusal(self, method, path, body=None):
        """The code of the refusal; None: it was taken."""
        try:
            if method == "POST":
                self.post(path, body)
            elif method == "PATCH":
                self.patch(path, body)
            else:
                self.delete(path)
        except Refused as e:
            return e.code
        return None

    def members(self, group, add=(), remove=()):
        """Members of a group by their ids come and go."""
        change = {self.anchor(i): True for i in add}
        change.update({self.anchor(i): False for i in remove})
        self.write([thing("Group", None, CloudAnchor="Group_" + group, member=Changes(change))])

    def manager(self, who, boss):
        """The manager of a user; None: there is no more."""
        path = "/users/" + who
        self.patch(path, {"manager@odata.bind": boss} if boss else {"manager": None})

    def anchor(self, object_id):
        return "%s_%s" % (self.kinds.get(object_id, "User"), object_id)

    def write(self, things):
        results = self.service.provision(*things, second=True)
        for code, text, _ in results:
            if code != "Success":
                raise Refused(text)
        return [anchor for _, _, anchor in results]

    def by_id(self, path, operation, body):
        collection, object_id = path.strip("/").split("/")
        kind = KINDS[collection]
        return thing(kind, None, operation, CloudAnchor="%s_%s" % (kind, object_id),
                     **self.wire(kind, body))

    def wire(self, kind, body):
        out = {}
        for name, v in body.items():
            if name == "onPremisesExtensionAttributes":
                out.update(v)
            elif name in REFERENCES:
                ids = [i.rpartition("/")[2] for i in (v if isinstance(v, list) else [v])]
                out[REFERENCES[name]] = Changes({self.anchor(i): True for i in ids})
            elif name == "mailEnabled":
                assert kind == "Group" and not v, "the service sees it by the addresses"
            else:
                out[WIRE.get(name, name)] = as_sent(name, v)
        return out


class Changes(dict):
    """References by CloudAnchor: {anchor: added}."""


def as_sent(name, v):
    if name == "businessPhones" and isinstance(v, list):
        return v[0] if v else None
    if name == "showInAddressList" and v is not None:
        return not v
    if name == "onPremisesSecurityIdentifier" and isinstance(v, str) and v.startswith("S-1-"):
        return sid_bytes(v)
    if name in ("employeeHireDate", "employeeLeaveDateTime") and isinstance(v, str):
        return v.replace("-", "").replace(":", "").replace("T", "").replace("Z", ".0Z")
    return v


def sid_bytes(text):
    """[MS-DTYP] 2.4.2.2"""
    parts = [int(n) for n in text.split("-")[2:]]
    return struct.pack(">BBHI", 1, len(parts) - 1, 0, parts[0]) + struct.pack(
        "<%dI" % (len(parts) - 1), *parts[1:])


def fault(root):
    return root.findtext(".//{%s}Reason/{%s}Text" % (SOAP, SOAP))


def text_of(element_):
    """A value that was read: text, or a list of them."""
    if len(element_):
        return [e.text or "" for e in element_]
    return element_.text or ""


def value(v):
    if v is None:
        return element("c:Value", attributes=[("i:nil", "true")])
    if isinstance(v, bool):
        return element("c:Value", str(v).lower(), attributes=[("i:type", "d:boolean")])
    if isinstance(v, int):
        return element("c:Value", str(v), attributes=[("i:type", "d:long")])
    if isinstance(v, bytes):
        return element("c:Value", base64.b64encode(v).decode(),
                       attributes=[("i:type", "d:base64Binary")])
    if isinstance(v, list) and v and isinstance(v[0], bytes):
        return element("c:Value", *[element("c:base64Binary", base64.b64encode(x).decode()) for x in v],
                       attributes=[("i:type", "c:ArrayOfbase64Binary")])
    if isinstance(v, list):
        return element("c:Value", *[element("c:string", x) for x in v],
                       attributes=[("i:type", "c:ArrayOfstring")])
    if isinstance(v, dict):  # {anchor: added}
        kind = "1" if isinstance(v, Changes) else "2"
        return element("c:Value", element("referenceChanges", *[
            element("SyncReferenceChange",
                    element("Reference", element("Anchor", a), element("referenceTypeInt", kind)),
                    element("operationInt", "1" if add else "2")) for a, add in v.items()]),
            attributes=[("i:type", "SyncReferenceChangeCollection")])
    return element("c:Value", v, attributes=[("i:type", "d:string")])


def thing(kind, anchor, operation="Set", **values):
    values = dict({"SourceAnchor": anchor} if anchor else {}, **values)
    return element("b:AzureADSyncObject", element("b:PropertyValues", *[
        element("c:KeyValueOfstringanyType", element("c:Key", k), value(v))
        for k, v in values.items()]),
        element("b:SyncObjectType", kind), element("b:SyncOperation", operation))
