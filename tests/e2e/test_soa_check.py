"""adsyncctl soa check: each finding has an object that it is about, and one that it is not about."""
import csv
import io
import json
import os
import time

import pytest

from lab import AD, ROOT, SYNC_APP, TENANT, Company, Lab

UNIVERSAL = "-2147483640"
FOREIGN = "CN=Olga Other,CN=Users,DC=elsewhere,DC=example"


def company():
    c = Company()
    boss = c.user("boss", title="Manager")
    c.user("clean", manager=boss, whenChanged="20200101000000.0Z")
    c.user("plain")
    staff = [c.dn_of("clean"), c.dn_of("plain")]
    c.group("Clean", staff, groupType=UNIVERSAL, description="nothing to say")
    # references
    out = c.user("outsider", adminDescription="User_outsider")  # the rules leave it out
    c.user("orphan", manager=out)
    c.user("abroad", manager=FOREIGN)
    c.user("aided", secretary=boss)
    quay = c.contact("Quay", "quay@partners.example")
    c.user("advised", manager=quay)
    c.group("Leaky", staff + [out], groupType=UNIVERSAL)
    c.group("Mixed", staff + [quay], groupType=UNIVERSAL)
    inner = c.group("Inner", staff, groupType=UNIVERSAL)
    c.group("Outer", [inner], groupType=UNIVERSAL, managedBy=boss)
    # values
    c.user("lately", whenChanged=time.strftime("%Y%m%d%H%M%S.0Z", time.gmtime()))
    c.user("badge", contosoBadge="4711", roomNumber="12")
    c.user("certified", userCertificate=[b"0\x03\x02\x01\x05"])
    c.user("mailbox", msExchRecipientTypeDetails="1", mailNickname="mailbox")
    c.user("remote", msExchRecipientTypeDetails="2147483648", mailNickname="remote")
    c.user("card", userAccountControl="262656")
    c.user("service", servicePrincipalName="HTTP/www.fjordline.example")
    c.user("admin", adminCount="1")
    c.group("Global", staff)
    c.group("Mailing", staff, groupType="8", mail="mailing@fjordline.example",
            mailNickname="mailing", proxyAddresses="SMTP:mailing@fjordline.example")
    c.group("Extended", staff, groupType=UNIVERSAL, extensionAttribute3="x")
    c.user("delegate", publicDelegates=boss)
    # not as the cloud has it
    for name in ("stale", "pending", "sent", "gone", "switched"):
        c.user(name)
    for name in ("twin1", "twin2"):
        c.user(name, proxyAddresses="SMTP:twin@fjordline.example")
    return c


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    one = Lab(tmp_path_factory.mktemp("check"), company(), scheduler__sync_cycle_enabled="no")
    try:
        assert one.run().result == "completed-export-errors"  # the twins have one address
        one.graph.soa("users", one.graph.find("users", "switched")["id"], True)
        one.run()
        # exported, and not seen since
        one.company.set("sent", "title", "Baker")
        one.write()
        for profile in ("delta-import", "delta-sync", "export"):
            one.run(profile)
        # imported and synchronized, not exported
        one.company.set("pending", "title", "Captain")
        one.write()
        one.run("delta-import", connector=AD)
        one.run("delta-sync")
        # in AD only
        one.company.set("stale", "title", "Cook")
        one.company.delete("gone")
        one.write()
        one.start()
        yield one
    finally:
        one.close()


def ask(lab, *names, code=None):
    """{(name, code): finding} of objects named by their DN, or as they are; about all: None."""
    done = lab.ctl("--json", "soa", "check", *names)
    assert done.stdout, done.stderr
    answer = json.loads(done.stdout)
    if code is not None:
        assert done.returncode == code, answer
    return {(f["name"], f["code"]): f for f in answer["findings"]}, answer


def codes(found, name):
    return {code for who, code in found if who == name}


@pytest.fixture(scope="module")
def found(lab):
    everything, _ = ask(lab, "--ou", lab.company.domain, code=1)
    return everything


# who: (the findings, the words that the text has)
ABOUT = {
    "clean": {},
    "boss": {},
    "orphan": {"reference-not-synced": "CN=outsider,"},
    "aided": {"other-reference": "no rule brings it"},
    "advised": {"reference-not-a-user": "CN=Quay,"},
    "lately": {"changed-recently": "changed last at 20"},
    "badge": {"attribute-not-synced": "directory_extensions"},
    "certified": {"kept-by-product": "AD Certificate Services"},
    "mailbox": {"mailbox-on-premises": "UserMailbox", "exchange-values": "mailNickname"},
    "remote": {"exchange-values": "msExchRecipientTypeDetails"},
    "card": {"smart-card-required": "smart card"},
    "service": {"service-account": "account of a service"},
    "admin": {"administrative": "protects it"},
    "Leaky": {"member-not-synced": "CN=outsider,"},
    "Mixed": {"reference-not-a-user": "CN=Quay,"},
    "Inner": {"parent-group": "CN=Outer,"},
    "Outer": {"nested-group": "CN=Inner,", "synced-reference": "CN=boss,"},
    "Global": {"group-not-universal": "global group"},
    "Mailing": {"mail-enabled-group": "mail-enabled distribution group",
                "exchange-values": "mailNickname"},
    "Extended": {"extension-attributes": "it has a value"},
    "Clean": {},
    "stale": {"not-imported": "title"},
    "pending": {"pending-change": "title"},
    "sent": {"not-confirmed": "no import has confirmed it"},
    "delegate": {"synced-reference": "CN=boss,"},
    "gone": {"not-in-source": "does not have it"},
    "switched": {"already-converted": ""},
}


@pytest.mark.parametrize("name", ABOUT)
def test_each_check(found, name):
    keep = {"keep-in-scope"}
    assert codes(found, name) - keep == set(ABOUT[name]), {
        k: v["text"] for k, v in found.items() if k[0] == name}
    for code, words in ABOUT[name].items():
        f = found[name, code]
        assert words in f["text"], f
        assert f["severity"] in ("blocks", "warns", "info") and f["why"] and f["advice"]
        assert f["dn"].startswith("CN=" + name + ",")


def test_errors_of_objects(found):
    for name in ("twin1", "twin2"):
        assert "object-error" in codes(found, name)
    text = next(f["text"] for (who, code), f in found.items() if code == "object-error")
    assert "export" in text, text


def test_contacts(found):
    assert codes(found, "Quay") - {"keep-in-scope"} == {"exchange-values"}


def test_members_of_ad_groups_stay_in_scope(found):
    f = found["clean", "keep-in-scope"]
    assert f["severity"] == "info" and "groups that AD manages" in f["text"]
    assert ("orphan", "keep-in-scope") not in found


def test_a_reference_to_another_domain(lab):
    found, _ = ask(lab, lab.company.dn_of("abroad"), code=1)
    f = found["abroad", "reference-not-synced"]
    assert f["attribute"] == "manager" and FOREIGN in f["text"]


def test_attributes_that_no_rule_brings(found):
    f = found["badge", "attribute-not-synced"]
    assert f["attribute"] in ("contosoBadge", "roomNumber")
    assert "contosoBadge" in f["text"] and f["severity"] == "warns"


def test_what_cannot_be_seen_is_said(found):
    assert found[None, "sign-in-unseen"]["severity"] == "info"
    assert (None, "missing-role") not in found and (None, "federated-domain") not in found


def test_unknown_objects_and_exit_codes(lab):
    found, answer = ask(lab, "nobody@fjordline.example", lab.company.dn_of("clean"), code=1)
    assert found[None, "not-found"]["identity"] == "nobody@fjordline.example"
    assert [o["readiness"] for o in answer["objects"]] == ["blocks", "info"]
    ask(lab, lab.company.dn_of("outsider"), code=1)
    _, answer = ask(lab, lab.company.dn_of("clean"), lab.company.dn_of("card"), code=0)
    assert answer["counts"] == {"info": 1, "warns": 1}


def test_an_object_that_rules_leave_out(lab):
    found, _ = ask(lab, lab.company.dn_of("outsider"), code=1)
    assert any(code == "not-synced" for _, code in found), found


def test_exchange_attributes_only(lab):
    """Of these the identity stays AD's: only the mailbox, and what is not sent yet, matter."""
    names = [lab.company.dn_of(n) for n in ("mailbox", "remote", "badge", "Leaky", "pending", "switched")]
    found, _ = ask(lab, "--exchange", *names, code=1)
    assert {n: codes(found, n) for n in ("mailbox", "remote", "badge", "Leaky", "pending", "switched")} == {
        "mailbox": {"mailbox-on-premises"}, "remote": set(), "badge": set(), "Leaky": set(),
        "pending": {"pending-change"}, "switched": {"already-converted"}}
    assert codes(found, None) == set()


def test_text_and_csv(lab):
    dn = lab.company.dn_of("mailbox")
    done = lab.ctl("soa", "check", dn)
    assert done.returncode == 1
    assert dn in done.stdout and "blocks mailbox-on-premises: msExchRecipientTypeDetails:" in done.stdout
    assert "To do: migrate the mailbox" in done.stdout and "1 objects: 1 blocked" in done.stdout
    done = lab.ctl("soa", "check", "--csv", dn)
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert {r["Code"] for r in rows} >= {"mailbox-on-premises", "exchange-values"}
    assert all(r["Why"] and r["Advice"] for r in rows)
    assert {r["DN"] for r in rows if r["Identity"]} == {dn}


def test_names_do_not_steer_the_terminal(lab):
    for command in ("check", "plan"):
        done = lab.ctl("soa", command, "\x1b[31mred\u009b2J")
        assert "?[31mred?2J" in done.stdout + done.stderr
        assert not {"\x1b", "\u009b"} & set(done.stdout + done.stderr)


def test_a_directory_that_does_not_answer_is_an_error(make_lab):
    c = Company()
    c.user("ann")
    lab = make_lab(c)
    lab.cycle()
    lab.cycle()
    lab.start()
    os.rename(lab.ldif, lab.ldif + ".away")
    done = lab.ctl("soa", "check", c.dn_of("ann"))
    assert done.returncode == 1 and not done.stdout and "ad.ldif" in done.stderr, done
    os.rename(lab.ldif + ".away", lab.ldif)
    assert lab.ctl("soa", "check", c.dn_of("ann")).returncode == 0
    lab.write_secret("wrong")
    done = lab.ctl("soa", "check", c.dn_of("ann"))
    assert done.returncode == 1 and not done.stdout and "invalid credentials" in done.stderr, done


def test_what_the_application_and_the_tenant_say(make_lab, tmp_path):
    with open(ROOT + "/conf/tenant.sample.json", encoding="utf-8") as f:
        tenant = json.load(f)
    tenant["federatedDomains"] = tenant["verifiedDomains"][-1:]
    for app in tenant["applications"]:
        if app["appId"] == SYNC_APP[0]:
            app["roles"] = [r for r in app["roles"] if r != "User-OnPremisesSyncBehavior.ReadWrite.All"]
    path = tmp_path / "tenant.json"
    path.write_text(json.dumps(tenant), encoding="utf-8")
    c = Company()
    c.user("ann")
    c.group("Crew", [c.dn_of("ann")], groupType=UNIVERSAL)
    lab = make_lab(c, tenant=str(path))
    lab.cycle()
    lab.cycle()
    lab.start()
    found, answer = ask(lab, c.dn_of("ann"), c.dn_of("Crew"), code=1)
    f = found[None, "missing-role"]
    assert "User-OnPremisesSyncBehavior.ReadWrite.All" in f["text"] and "Group-" not in f["text"]
    assert [o["readiness"] for o in answer["objects"]] == ["blocks", "blocks"]
    f = found[None, "federated-domain"]
    assert f["severity"] == "warns" and tenant["federatedDomains"][0] in f["text"]
    # the role of groups is there, and a group does not sign in
    found, _ = ask(lab, c.dn_of("Crew"), code=0)
    assert codes(found, None) == set()


def test_before_a_rollback(make_lab):
    c = Company()
    for name in ("ann", "ben", "cay"):
        c.user(name)
    c.group("Crew", [c.dn_of("ann"), c.dn_of("ben")], groupType=UNIVERSAL)
    lab = make_lab(c)
    lab.cycle()
    graph = lab.graph
    ids = {n: graph.find("users", n)["id"] for n in ("ann", "ben", "cay")}
    crew = graph.find("groups", "Crew")["id"]
    graph.soa("users", ids["ann"], True)
    graph.soa("users", ids["ben"], True)
    graph.soa("groups", crew, True)
    status, native = graph.call("POST", "/users", {
        "displayName": "Native", "mailNickname": "native", "accountEnabled": True,
        "userPrincipalName": "native@fjordline.example",
        "passwordProfile": {"password": "xWwvJ]6NMw+bWH-d"}})
    assert status == 201
    status, club = graph.call("POST", "/groups", {
        "displayName": "Club", "mailNickname": "club", "mailEnabled": False,
        "securityEnabled": True})
    assert status == 201

    def add(group, member):
        status, answer = graph.call("POST", "/groups/%s/members/$ref" % group, {
            "@odata.id": "%s/v1.0/directoryObjects/%s" % (lab.emulator.url, member)})
        assert status == 204, answer

    add(club["id"], ids["ann"])
    lab.cycle()
    lab.cycle()
    lab.start()
    # a member that no import has seen yet
    add(crew, native["id"])
    names = [c.dn_of(n) for n in ("ann", "ben", "cay", "Crew")]
    found, _ = ask(lab, "--rollback", *names, code=1)
    assert codes(found, "ann") == {"in-cloud-group"}
    assert "Club" in found["ann", "in-cloud-group"]["text"]
    assert codes(found, "ben") == set()
    assert codes(found, "cay") == {"not-converted"}
    assert codes(found, "Crew") == {"cloud-only-member"}
    assert codes(found, None) == {"access-packages"}
    # the tenant blocks the takeover
    graph.patch("/directory/onPremisesSynchronization/" + TENANT,
                {"features": {"blockCloudObjectTakeoverThroughHardMatchEnabled": True}})
    found, answer = ask(lab, "--rollback", c.dn_of("ben"), code=1)
    assert found[None, "takeover-blocked"]["severity"] == "blocks"
    assert [o["readiness"] for o in answer["objects"]] == ["blocks"]
