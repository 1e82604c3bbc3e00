"""surface = service: what adsyncd writes through the emulator's provisioning service, and how."""
import base64

import pytest
from lab import AAD, Company
from service import Service

TWO = "ProvisionAzureADSyncObjects2"


def source_anchor(company, sam):
    return base64.b64encode(company.of(sam)["objectGUID"][0]).decode()


def people(company, *sams):
    return [company.dn_of(sam) for sam in sams]


def orders(lab, **what):
    status, answer = lab.emulator.request("POST", "/emulator/service", what)
    assert status in (200, 204), answer


def bag(lab, sam):
    """What the service keeps of an object: {name: value}."""
    want = source_anchor(lab.company, sam)
    return next(b for b in Service(lab.emulator).read_back().values() if b.get("SourceAnchor") == want)


def sent(lab, since):
    """(requests, objects) of the service since then."""
    now = lab.emulator.stats()
    return tuple(now[k] - since[k] for k in ("provisions", "provisionObjects"))


def quiet(lab):
    """Another cycle confirms everything, and sends nothing."""
    lab.cycle()
    before = lab.emulator.stats()
    lab.cycle()
    assert sent(lab, before) == (0, 0)


def failed(lab):
    return dict(lab.db("SELECT e.type, e.text FROM cs_error e WHERE e.phase = 2"))


def test_every_class_and_kind_of_value(make_lab):
    """Text, numbers, booleans, bytes, lists of them; what Graph shows and what nobody shows."""
    company = Company()
    company.user("boss")
    company.user("mate", title="Mate", pager="55 1", countryCode="578", co="Norway", c="NO",
                 manager=company.dn_of("boss"), thumbnailPhoto=b"\xff\xd8\0\1",
                 otherTelephone=["1", "2"], userCertificate=[b"\x30\1", b"\x30\2"],
                 proxyAddresses=["SMTP:mate@fjordline.example", "smtp:m@fjordline.example"],
                 extensionAttribute3="x", msExchHideFromAddressLists="TRUE",
                 mailNickname="mate", mail="mate@fjordline.example")
    company.group("crew", people(company, "boss", "mate"), managedBy=company.dn_of("boss"), info="of the ferry",
                  mail="crew@fjordline.example", mailNickname="crew",
                  proxyAddresses=["SMTP:crew@fjordline.example"])
    company.contact("harbour", "harbour@partners.example", telephoneNumber="+47 1")
    lab = make_lab(company, surface="service")
    lab.cycle("initial")
    quiet(lab)
    mate = lab.graph.find("users", "mate")
    fields = ("?$select=jobTitle,proxyAddresses,onPremisesSyncEnabled,onPremisesExtensionAttributes,"
              "onPremisesImmutableId,country,onPremisesSecurityIdentifier")
    shown = lab.graph.get("/users/" + mate["id"] + fields)
    assert shown["jobTitle"] == "Mate" and shown["onPremisesSyncEnabled"] is True
    assert shown["onPremisesImmutableId"] == source_anchor(company, "mate")
    assert len(shown["proxyAddresses"]) == 2 and shown["country"] == "Norway"
    assert shown["onPremisesExtensionAttributes"]["extensionAttribute3"] == "x"
    assert shown["onPremisesSecurityIdentifier"].startswith("S-1-5-21-")
    assert lab.graph.get("/users/%s/manager" % mate["id"])["displayName"] == "boss"
    hidden = bag(lab, "mate")
    assert hidden["Pager"] == "55 1" and hidden["CountryCode"] == "578"
    assert hidden["OtherTelephone"] == ["1", "2"] and hidden["MsExchHideFromAddressLists"] == "true"
    assert base64.b64decode(hidden["ThumbnailPhoto"]) == b"\xff\xd8\0\1"
    assert [base64.b64decode(v) for v in hidden["UserCertificate"]] == [b"\x30\1", b"\x30\2"]
    group = lab.graph.find("groups", "crew")
    assert lab.graph.members(group["id"]) == ["boss", "mate"]
    assert lab.graph.get("/groups/" + group["id"])["mailEnabled"] is True
    assert bag(lab, "crew")["ManagedBy"] == source_anchor(company, "boss")
    assert lab.graph.find("contacts", "harbour")["onPremisesSyncEnabled"] is True
    # one value each is changed, and cleared
    before = lab.emulator.stats()
    company.set("mate", "pager", "55 2")
    company.set("mate", "title")
    company.set("mate", "otherTelephone")
    company.set("mate", "manager")
    company.set("crew", "info")
    lab.write()
    lab.cycle()
    assert sent(lab, before)[1] == 3  # two objects, and a reference that goes
    hidden = bag(lab, "mate")
    assert hidden["Pager"] == "55 2" and not hidden.get("OtherTelephone")
    assert lab.graph.get("/users/" + mate["id"] + fields)["jobTitle"] is None
    assert lab.graph.call("GET", "/users/%s/manager" % mate["id"])[0] == 404
    assert not bag(lab, "crew").get("Info")
    quiet(lab)
    # and all of them are deleted
    for sam in ("mate", "crew", "harbour"):
        company.delete(sam)
    lab.write()
    lab.cycle()
    assert [u["displayName"] for u in lab.graph.all("/users")] == ["boss"]
    assert not lab.graph.all("/groups") and not lab.graph.all("/contacts")
    quiet(lab)


def test_members_go_in_slices_and_then_one_by_one(make_lab):
    """The tenant's limit of links is the size of a slice; who comes later is one change."""
    company = Company()
    for i in range(70):
        company.user("u%d" % i)
    company.group("crew", people(company, *["u%d" % i for i in range(69)]))
    lab = make_lab(company, surface="service")
    orders(lab, batchLinks=20)
    lab.cycle("initial")
    group = lab.graph.find("groups", "crew")["id"]
    assert len(lab.graph.members(group)) == 69
    # 71 objects by 30, 69 members by 20
    assert sent(lab, dict.fromkeys(("provisions", "provisionObjects"), 0)) == (3 + 4, 71 + 4)
    quiet(lab)
    before = lab.emulator.stats()
    company.member("crew", "add", "u69")
    company.member("crew", "delete", "u3")
    lab.write()
    lab.cycle()
    assert sent(lab, before) == (1, 1)
    assert lab.graph.members(group) == sorted("u%d" % i for i in range(70) if i != 3)
    quiet(lab)


def test_one_that_is_refused_stops_no_other(make_lab):
    """As a result, and as a fault of the whole request; a reference among many."""
    company = Company()
    for i in range(20):
        company.user("u%d" % i)
    company.group("crew", people(company, *["u%d" % i for i in range(20)]))
    lab = make_lab(company, surface="service")
    bad = source_anchor(company, "u7")
    lab.emulator.service_fault("failure", sourceAnchor=bad, count=1000,
                               text="InvalidSoftMatch: There is another one.")
    run = lab.run("initial")
    assert run.step(AAD, "export")["result"] == "completed-export-errors"
    assert failed(lab) == {"InvalidSoftMatch": "InvalidSoftMatch: There is another one."}
    assert len(lab.graph.all("/users")) == 19
    assert len(lab.graph.members(lab.graph.find("groups", "crew")["id"])) == 19


def test_a_request_with_too_many_objects_is_halved(make_lab):
    company = Company()
    for i in range(25):
        company.user("u%d" % i)
    lab = make_lab(company, surface="service")
    orders(lab, batchObjects=8, overLimit="fault")
    lab.cycle("initial")
    assert len(lab.graph.all("/users")) == 25
    quiet(lab)


def test_references_that_are_not_found_yet(make_lab):
    """A new object is found by references a moment later; meanwhile they are refused."""
    company = Company()
    company.user("boss")
    company.user("mate", manager=company.dn_of("boss"))
    company.group("crew", people(company, "boss", "mate"))
    lab = make_lab(company, surface="service")
    orders(lab, visibilityMs=3000, unresolved="refused")
    lab.cycle("initial")
    assert lab.graph.members(lab.graph.find("groups", "crew")["id"]) == ["boss", "mate"]
    mate = lab.graph.find("users", "mate")["id"]
    assert lab.graph.get("/users/%s/manager" % mate)["displayName"] == "boss"
    quiet(lab)


@pytest.mark.parametrize("kind", ["redirect", "busy", "unavailable", "html500", "closedAfter", "inline",
                                  "utf16", "twoTexts", "unknownMembers", "truncated"])
def test_bad_days(make_lab, kind):
    """Whatever the answer to the first request is: all is there in the end, and only once."""
    company = Company()
    for i in range(3):
        company.user("u%d" % i)
    lab = make_lab(company, surface="service", aad="service_patience = 1\n")
    lab.emulator.service_fault(kind, operation="ProvisionAzureADSyncObjects", afterWork=True,
                               bytes=60, retryAfter=1)
    lab.cycle("initial")
    assert sorted(u["displayName"] for u in lab.graph.all("/users")) == ["u0", "u1", "u2"]
    quiet(lab)


def test_a_warning_of_a_success_is_told(make_lab):
    company = Company()
    company.user("u0")
    lab = make_lab(company, surface="service")
    lab.emulator.service_fault("warning", sourceAnchor=source_anchor(company, "u0"),
                               text="This object has been updated, but with some modified properties.")
    run = lab.run("initial")
    assert "some modified properties" in run.log
    assert run.counter("export-add") == 1 and run.step(AAD, "export")["result"] != "completed-export-errors"
    assert lab.graph.find("users", "u0")


def test_synchronization_is_switched_off(make_lab):
    """The run says what to do, and nothing is lost."""
    company = Company()
    company.user("u0")
    lab = make_lab(company, surface="service")
    lab.emulator.service_fault("notActivated", operation="GetCompanyConfiguration",
                               count=2)  # it is asked with a new token, too
    run = lab.run("initial")
    assert run.step(AAD, "export")["result"] == "stopped-export-write"
    assert "onPremisesSyncEnabled" in run.log
    assert not lab.graph.all("/users")
    lab.cycle()
    assert lab.graph.find("users", "u0")


def test_the_end_of_an_export(make_lab):
    """FinalizeExport closes it; that it fails is told, and nothing is taken back."""
    company = Company()
    company.user("u0")
    lab = make_lab(company, surface="service")
    lab.emulator.service_fault("fault", operation="FinalizeExport", text="Not today.")
    run = lab.run("initial")
    end = run.step(AAD, "export")
    assert end["result"] == "completed-warnings" and "Not today." in run.log
    assert lab.graph.find("users", "u0")
    quiet(lab)


def test_what_is_on_the_wire(make_lab, tmp_path):
    """One record of all messages: which operations there are, and who is named how."""
    company = Company()
    company.user("u0")
    company.group("crew", people(company, "u0"))
    record = tmp_path / "record"
    lab = make_lab(company, surface="service", emulator=["--record", str(record)])
    run = lab.cycle("initial")
    data = record.read_bytes()
    assert b"FinalizeExport" in data and b"GetCompanyConfiguration" in data
    assert b"SyncReferenceChangeCollection" in data and TWO.encode() in data
    assert source_anchor(company, "u0").encode() in data
    assert b"BearerToken" in data and b"eyJ" not in data  # a recording does not keep it
    assert "eyJ" not in run.log
