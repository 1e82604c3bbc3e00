"""Names and addresses that Entra does not take: made right where they are ours to choose, else named."""
import re

import pytest
from lab import SURFACES, Company

DOMAIN = "fjordline.example"
# learn.microsoft.com/graph/api/resources/group: mailNickname
LEGAL = re.compile(r"""[!#$%&'*+\-./0-9=?A-Z^_`a-z{|}~]{1,64}""")
NAMES = {"Domain Helpers": "DomainHelpers", "R&D Labs (north)": "R&DLabsnorth",
         "Führungskräfte": "Fuehrungskraefte", "y" * 70: "y" * 64, "Zoë Ångström": "ZoeAngstroem",
         "at@home": "athome", "東京": None, "(((": None}


def nicknames(lab, collection):
    return {o["displayName"]: o["mailNickname"]
            for o in lab.graph.all("/%s?$select=displayName,mailNickname" % collection)}


def told(lab):
    """{name in AD: (type, text)} of the export errors."""
    out = {}
    for kind, text in lab.db("SELECT type, text FROM cs_error WHERE phase = 2"):
        out[re.search("CN=([^,]*)", text[text.rfind("CN="):]).group(1)] = (kind, text)
    return out


@pytest.mark.parametrize("surface", SURFACES)
def test_nicknames_of_any_name(make_lab, surface):
    """Groups by their account name, users and contacts by their alias; the same in every cycle."""
    company = Company()
    for i, name in enumerate(NAMES):
        company.group(name, displayName="g%d" % i)
        company.user("user%d" % i, displayName="u%d" % i, mailNickname=name)
        if surface == "service":
            company.contact("contact%d" % i, "c%d@partners.example" % i, displayName="c%d" % i,
                            mailNickname=name)
    company.user("plain", mailNickname="plain.name-1")
    lab = make_lab(company, **SURFACES[surface])
    lab.cycle("initial")
    got = {}
    for collection, prefix in (("groups", "g"), ("users", "u"), ("contacts", "c")):
        if surface == "graph" and collection == "contacts":
            continue
        got[collection] = nicknames(lab, collection)
        for i, want in enumerate(NAMES.values()):
            have = got[collection]["%s%d" % (prefix, i)]
            assert LEGAL.fullmatch(have), have
            assert want in (None, have)
        assert len(set(got[collection].values())) == len(got[collection])
    assert got["users"]["plain"] == "plain.name-1"
    writes = lab.emulator.stats()["writes"]
    for profile in ("delta", "initial", "delta"):
        lab.cycle(profile)
    assert lab.emulator.stats()["writes"] == writes
    for collection in got:
        assert nicknames(lab, collection) == got[collection]


BAD = {  # name: (attribute, values, error, reason)
    "blank": ("proxyAddresses", ["SMTP:bl ank@" + DOMAIN], "DataValidationFailed", "has a blank"),
    "nolocal": ("proxyAddresses", ["smtp:@" + DOMAIN], "DataValidationFailed",
                "has nothing before the @"),
    "umlaut": ("proxyAddresses", ["SMTP:umläut@" + DOMAIN], "DataValidationFailed", "an umlaut"),
    "angle": ("proxyAddresses", ["SMTP:<angle@%s>" % DOMAIN], "DataValidationFailed",
              "a character that is not allowed"),
    "two": ("proxyAddresses", ["SMTP:two@" + DOMAIN, "SMTP:two2@" + DOMAIN],
            "DataValidationFailed", "are both the primary address"),
    "mail": ("mail", ["Mail <mail@%s>" % DOMAIN], "IdentityDataValidationFailed", "has a blank"),
    "dot": ("userPrincipalName", ["dot.@" + DOMAIN], "IdentityDataValidationFailed",
            "has a dot before the @"),
    "country": ("msExchUsageLocation", ["UK"], "DataValidationFailed", "is not a country"),
}
ON_GRAPH = {"dot", "country"}


@pytest.mark.parametrize("surface", SURFACES)
def test_bad_values_are_named(make_lab, surface):
    """Object, attribute and reason; the others arrive; over when the value is mended."""
    company = Company()
    for name, (attr, values, _, _) in BAD.items():
        company.user(name, **{attr: values})
    for i in range(3):
        company.user("good%d" % i, proxyAddresses=["SMTP:good%d@%s" % (i, DOMAIN)],
                     msExchUsageLocation="NO")
    lab = make_lab(company, **SURFACES[surface])
    bad = set(BAD) if surface == "service" else ON_GRAPH
    r = lab.run("initial")
    assert r.result == "completed-export-errors", r.log[-2000:]
    errors = told(lab)
    assert set(errors) == bad
    for name in bad:
        attr, values, error, reason = BAD[name]
        kind, text = errors[name]
        attr = {"msExchUsageLocation": "usageLocation"}.get(attr, attr)
        assert kind == error
        for part in (lab.company.dn_of(name), attr, values[-1], reason):
            assert part in text, (part, text)
    assert r.events.count(6941) == len(bad)
    users = set(nicknames(lab, "users"))
    assert users & (set(BAD) | {"good0", "good1", "good2"}) == set(
        ["good0", "good1", "good2"]) | (set(BAD) - bad)
    if surface == "graph":  # what Graph would refuse as a whole is not sent
        refused = {x["path"] for x in lab.emulator.requests() if x["status"] >= 400}
        assert refused <= {"/v1.0/directory/onPremisesSynchronization"}  # no right to that
        assert all("not sent" in text for _, text in errors.values())
    for name in bad:
        attr = BAD[name][0]
        lab.company.set(name, attr, *{
            "mail": [name + "@" + DOMAIN], "userPrincipalName": [name + "@" + DOMAIN],
            "msExchUsageLocation": ["GB"]}.get(attr, ["SMTP:%s@%s" % (name, DOMAIN)]))
    lab.write()
    lab.cycle()
    assert not told(lab)
    assert set(BAD) <= set(nicknames(lab, "users"))


def test_a_value_that_turns_bad(make_lab):
    """An object that is there keeps what it has; a bad value beside a change stops only itself."""
    company = Company()
    company.user("anna", title="Pilot", proxyAddresses=["SMTP:anna@" + DOMAIN])
    company.user("bo", title="Cook")
    lab = make_lab(company)
    lab.cycle("initial")
    lab.cycle()
    lab.company.set("anna", "proxyAddresses", "SMTP:anna@" + DOMAIN, "smtp:an na@" + DOMAIN)
    lab.company.set("bo", "title", "Captain")
    lab.write()
    r = lab.run()
    assert r.result == "completed-export-errors"
    assert set(told(lab)) == {"anna"} and "smtp:an na@" in told(lab)["anna"][1]
    users = {o["displayName"]: o for o in lab.graph.all("/users?$select=displayName,jobTitle,proxyAddresses")}
    assert users["anna"]["proxyAddresses"] == ["SMTP:anna@" + DOMAIN]
    assert users["bo"]["jobTitle"] == "Captain"
    lab.company.set("anna", "proxyAddresses", "SMTP:anna@" + DOMAIN)
    lab.write()
    lab.cycle()
    lab.cycle()
    assert not told(lab)
