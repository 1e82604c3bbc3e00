"""Exchange's view of the emulator's users: whose attributes are whose, and through which door."""
import pytest
from exchange import OUTLOOK, Exchange
from lab import ADMIN_APP, GRAPH_APP, TENANT, Graph, Sync, code

HOME = "@fjordline.example"
SCOPE = "out of the current user's write scope"
EXCHANGE = {  # what Set-Mailbox takes, and what Get-Mailbox shows then
    "Alias": "ann", "EmailAddresses": ["SMTP:ann" + HOME, "smtp:a" + HOME],
    "HiddenFromAddressListsEnabled": True, "CustomAttribute1": "one", "CustomAttribute15": "last",
    "ExtensionCustomAttribute1": ["x", "y"], "ForwardingAddress": "bo",
    "AcceptMessagesOnlyFrom": ["bo"], "RejectMessagesFrom": ["carl"],
    "AcceptMessagesOnlyFromDLMembers": ["crew"], "RejectMessagesFromDLMembers": ["all"],
    "GrantSendOnBehalfTo": ["bo"]}
IDENTITY = {"DisplayName": "Anna (NO)", "Office": "Bergen"}


@pytest.fixture(name="make")
def fixture_make(make_emulator):
    return make_emulator


@pytest.fixture
def em(make):
    return make("--memory")


def synced(em, name="anna", **more):
    body = dict({"onPremisesImmutableId": name + "==", "displayName": name, "mailNickname": name,
                 "userPrincipalName": name + HOME, "officeLocation": "Oslo",
                 "proxyAddresses": ["SMTP:" + name + HOME], "mail": name + HOME,
                 "onPremisesExtensionAttributes": {"extensionAttribute1": "AD"}}, **more)
    return Sync(em).post("users", {k: v for k, v in body.items() if v})


def cloud(em, name="anna"):
    admin = Graph(em, ADMIN_APP)
    status, o = admin.call("POST", "/users", {
        "accountEnabled": True, "displayName": name, "mailNickname": name,
        "userPrincipalName": name + HOME, "mail": name + HOME,
        "passwordProfile": {"password": "Aa1!aaaa"}})
    assert status == 201, o
    return o["id"]


def states(mailbox):
    return mailbox["IsDirSynced"], mailbox["IsExchangeCloudManaged"]


def switch(em, who, value):
    Graph(em, ADMIN_APP).soa("users", who, value)


# --- the door ---

def test_who_may_come_in(em):
    """A token is for Exchange or for Graph, and Exchange asks for its role."""
    synced(em)
    assert len(Exchange(em).run("Get-Mailbox")) == 1
    for scope in (OUTLOOK, "https://outlook.office365.com//.default"):
        assert Exchange(em, scope=scope).call("Get-Mailbox")[0] == 200
    for scope in ("x", "https://graph.microsoft.com/.default"):
        assert code(Exchange(em, scope=scope).call("Get-Mailbox")) == (
            401, "InvalidAuthenticationToken")
    assert code(em.request("GET", "/v1.0/users", None, Exchange(em).headers)) == (
        401, "InvalidAuthenticationToken")
    got = Exchange(em, GRAPH_APP).call("Get-Mailbox")
    assert code(got) == (403, "Forbidden") and "isn't supported in this scenario" in (
        got[1]["error"]["message"])
    assert em.request("POST", "/adminapi/beta/%s/InvokeCommand" % TENANT, {})[0] == 401


def test_paths_and_bodies(em):
    one = Exchange(em)
    synced(em)
    for tenant in (TENANT, "fjordline.onmicrosoft.com", "fjordline.example"):
        assert one.call("get-mailbox", "/adminapi/beta/%s/InvokeCommand" % tenant)[0] == 200
    for path in ("/adminapi/beta/elsewhere.example/InvokeCommand", "/adminapi/beta/%s" % TENANT,
                 "/adminapi/v9/%s/InvokeCommand" % TENANT, "/adminapi/",
                 "/adminapi/beta/%s/InvokeCommand/x" % TENANT):
        assert one.call("Get-Mailbox", path)[0] == 404, path
    path = "/adminapi/beta/%s/InvokeCommand" % TENANT
    assert em.request("GET", path, None, one.headers)[0] == 405
    for body in ({}, {"CmdletInput": 7}, {"CmdletInput": {}}, [],
                 {"CmdletInput": {"CmdletName": "Get-Mailbox", "Parameters": []}}):
        assert em.request("POST", path, body, one.headers)[0] == 400, body
    assert em.request("POST", path, {"CmdletInput": {"CmdletName": "Get-Mailbox"}},
                      one.headers)[0] == 200
    assert one.refused("Remove-Mailbox", Identity="anna")[1] == "CommandNotFoundException"
    for name in ("Get-Mailbox", "Set-Mailbox", "Set-OrganizationConfig"):
        status, exception, text = one.refused(name, Identity="anna", Colour="red")
        assert (status, exception) == (400, "ParameterBindingException")


# --- who has a mailbox, and how it is found ---

def test_who_has_a_mailbox(em):
    """A user with a primary address who is no guest."""
    anna, bo = synced(em), cloud(em, "bo")
    synced(em, "none", proxyAddresses=None, mail=None)
    synced(em, "only-others", proxyAddresses=["smtp:x" + HOME], mail=None)
    synced(em, "guest", userType="Guest")
    carl = synced(em, "carl", proxyAddresses=None)
    got = Exchange(em).run("Get-Mailbox")
    assert [m["ExternalDirectoryObjectId"] for m in got] == [anna, bo, carl]
    assert [m["PrimarySmtpAddress"] for m in got] == [n + HOME for n in ("anna", "bo", "carl")]
    assert [states(m) for m in got] == [(True, False), (False, False), (True, False)]
    assert {m["RecipientTypeDetails"] for m in got} == {"UserMailbox"}
    Sync(em).patch("/users/" + carl, {"mail": None})
    assert Exchange(em).refused("Get-Mailbox", Identity=carl)[0] == 404


def test_identities(em):
    one = Exchange(em)
    who = synced(em, displayName="Anna Ås", mailNickname="alias",
                 proxyAddresses=["SMTP:first" + HOME, "smtp:other" + HOME])
    synced(em, "bo", displayName="Twin")
    synced(em, "carl", displayName="twin")
    for identity in (who, who.upper(), "anna" + HOME, "ALIAS", "first" + HOME, "Other" + HOME,
                     "anna ås"):
        assert one.mailbox(identity)["ExternalDirectoryObjectId"] == who, identity
    status, exception, text = one.refused("Get-Mailbox", Identity="nobody")
    assert (status, exception) == (404, "ManagementObjectNotFoundException")
    assert "couldn't be found" in text and "'nobody'" in text
    assert "matches multiple entries" in one.refused("Get-Mailbox", Identity="Twin")[2]
    assert one.refused("Set-Mailbox", Identity="nobody", Alias="x")[0] == 404
    assert one.refused("Set-Mailbox", Alias="x")[1] == "ParameterBindingException"
    assert one.refused("Get-Mailbox", Identity="")[0] == 400


def test_pages(em):
    one = Exchange(em)
    ids = [synced(em, "user%d" % i) for i in range(7)]

    def pages(size, **parameters):
        one.headers["Prefer"] = "odata.maxpagesize=%d" % size
        out, path = [], None
        while True:
            status, answer = one.call("Get-Mailbox", path, **parameters)
            assert status == 200, answer
            out.append([m["ExternalDirectoryObjectId"] for m in answer["value"]])
            if "@odata.nextLink" not in answer:
                return out, answer["@adminapi.warnings"]
            path = answer["@odata.nextLink"][len(em.url):]

    assert pages(3) == ([ids[:3], ids[3:6], ids[6:]], [])
    assert pages(7, ResultSize="Unlimited") == ([ids], [])
    got, warnings = pages(3, ResultSize=5)
    assert got == [ids[:3], ids[3:5]] and "ResultSize" in warnings[0]
    assert pages(2, ResultSize="2")[0] == [ids[:2]]
    assert pages(3, ResultSize=7) == ([ids[:3], ids[3:6], ids[6:]], [])
    for wrong in (0, -1, "x", "3x", None, []):
        assert one.refused("Get-Mailbox", ResultSize=wrong)[0] == 400
    for token in ("x", "3", "3.", ".3", "3.3.3", "99999999999.1"):
        assert one.call("Get-Mailbox", "/adminapi/beta/%s/InvokeCommand?$skiptoken=%s" % (
            TENANT, token))[0] == 400
    assert one.call("Get-Mailbox", "/adminapi/beta/%s/InvokeCommand?$skiptoken=900.1" % TENANT)[
        1]["value"] == []


def test_select(em):
    """Fewer properties, on every page; one that a mailbox does not have is left out."""
    one = Exchange(em)
    ids = [synced(em, "user%d" % i) for i in range(3)]
    one.headers["Prefer"] = "odata.maxpagesize=2"
    path = "/adminapi/beta/%s/InvokeCommand" % TENANT
    names, link, got = "externaldirectoryobjectid,IsDirSynced,Colour", path + "?$select=", []
    link += names
    while link:
        status, answer = one.call("Get-Mailbox", link)
        assert status == 200, answer
        got += answer["value"]
        link = answer.get("@odata.nextLink", "")[len(em.url):]
    assert got == [{"ExternalDirectoryObjectId": i, "IsDirSynced": True} for i in ids]
    assert one.call("Get-Mailbox", path + "?$select=", Identity=ids[0])[1]["value"] == [{}]
    for wrong in ("a%20b", "%22", "a/b"):
        assert one.call("Get-Mailbox", path + "?$select=" + wrong)[0] == 400


def test_filters(em):
    one = Exchange(em)
    anna, bo, carl = synced(em), synced(em, "bo"), cloud(em, "carl")
    one.run("Set-Mailbox", Identity=anna, IsExchangeCloudManaged=True)
    for text, wanted in (
            ("IsExchangeCloudManaged -eq $true", [anna]),
            ("IsExchangeCloudManaged -eq 'True'", [anna]),
            ("IsExchangeCloudManaged -eq $false", [bo, carl]),
            ("IsExchangeCloudManaged -ne $true", [bo, carl]),
            ("{isexchangecloudmanaged -eq $true -and isdirsynced -eq $true}", [anna]),
            ("IsDirSynced -eq $true -and IsExchangeCloudManaged -eq $false", [bo]),
            ("IsDirSynced -eq $false", [carl]),
            ("Alias -eq 'bo'", [bo]), ("EmailAddresses -eq \"smtp:bo%s\"" % HOME, [bo]),
            ("CustomAttribute1 -eq ''", [carl])):
        got = one.run("Get-Mailbox", Filter=text)
        assert [m["ExternalDirectoryObjectId"] for m in got] == wanted, text
    for wrong in ("", "Alias", "Alias -eq", "Alias -like 'b*'", "Colour -eq 'red'", "Alias -eq 'x",
                  "Alias -eq 'x' -or Alias -eq 'y'", "{Alias -eq 'x'", "Alias -eq 'x'}", 7,
                  " -and ".join(["Alias -eq 'x'"] * 9)):
        assert "Invalid filter syntax" in one.refused("Get-Mailbox", Filter=wrong)[2], wrong


# --- whose attributes are whose ---

def test_active_directory_has_everything(em):
    one, who = Exchange(em), synced(em)
    before = one.mailbox(who)
    for name, value in dict(EXCHANGE, **IDENTITY).items():
        status, exception, text = one.refused("Set-Mailbox", Identity=who, **{name: value})
        assert (status, exception) == (400, "InvalidOperationException")
        assert SCOPE in text and "'Set-Mailbox', '%s'" % name in text
        assert "is being synchronized from your on-premises organization" in text
    assert one.mailbox(who) == before and states(before) == (True, False)


def test_exchange_has_its_part(em):
    """The flag first and alone; then Exchange's attributes, and no attribute of the account."""
    one, who = Exchange(em), synced(em)
    assert "together" in one.refused("Set-Mailbox", Identity=who, IsExchangeCloudManaged=True,
                                     Alias="ann")[2]
    assert states(one.mailbox(who)) == (True, False)
    for value in (True, "$true", "True"):  # again: nothing
        one.run("Set-Mailbox", Identity=who, IsExchangeCloudManaged=value)
    before = one.mailbox(who)
    assert states(before) == (True, True)
    for name, value in dict(IDENTITY, MicrosoftOnlineServicesID="x" + HOME).items():
        status, exception, text = one.refused("Set-Mailbox", Identity=who, **{name: value})
        assert (status, exception) == (400, "InvalidOperationException")
        assert SCOPE in text and "an account attribute, not an Exchange attribute" in text
    # all or nothing
    assert one.refused("Set-Mailbox", Identity=who, Alias="ann", Office="Bergen")[0] == 400
    assert one.mailbox(who) == before
    one.run("Set-Mailbox", Identity=who, **EXCHANGE)
    after = one.mailbox(who)
    assert after == dict(before, PrimarySmtpAddress="ann" + HOME, WindowsEmailAddress="ann" + HOME,
                         **EXCHANGE)
    # they are Exchange's: Entra has what Active Directory wrote
    got = Graph(em).get("/users/%s?$select=mailNickname,mail,onPremisesSyncEnabled" % who)
    assert (got["mailNickname"], got["mail"], got["onPremisesSyncEnabled"]) == (
        "anna", "anna" + HOME, True)


def test_forward_synchronization(em):
    """Of a flagged mailbox the identity attributes flow, and the Exchange ones do not."""
    one, sync, who = Exchange(em), Sync(em), synced(em)
    one.run("Set-Mailbox", Identity=who, IsExchangeCloudManaged=True)
    before = one.mailbox(who)
    sync.patch("/users/" + who, {
        "displayName": "Anna Berg", "officeLocation": "Bergen", "mailNickname": "ad",
        "mail": "ad" + HOME, "proxyAddresses": ["SMTP:ad" + HOME], "showInAddressList": False,
        "onPremisesExtensionAttributes": {"extensionAttribute1": "AD again"}})
    assert one.mailbox(who) == dict(before, DisplayName="Anna Berg", Office="Bergen")
    sync.patch("/users/" + who, {"mail": None, "proxyAddresses": []})
    assert one.mailbox(who)["PrimarySmtpAddress"] == "anna" + HOME
    # the flag taken back: what Exchange has stays until Active Directory's values come once more
    one.run("Set-Mailbox", Identity=who, Alias="cloud", CustomAttribute2="cloud")
    one.run("Set-Mailbox", Identity=who, IsExchangeCloudManaged=False)
    back = one.mailbox(who)
    assert states(back) == (True, False)
    assert (back["Alias"], back["CustomAttribute1"], back["CustomAttribute2"]) == (
        "cloud", "AD", "cloud")
    assert SCOPE in one.refused("Set-Mailbox", Identity=who, Alias="x")[2]
    sync.patch("/users/" + who, {
        "mailNickname": "ad", "mail": "ad" + HOME, "proxyAddresses": ["SMTP:ad" + HOME],
        "onPremisesExtensionAttributes": {"extensionAttribute1": "AD again"}})
    back = one.mailbox(who)
    assert [back[n] for n in ("Alias", "PrimarySmtpAddress", "CustomAttribute1",
                              "CustomAttribute2")] == ["ad", "ad" + HOME, "AD again", ""]


def test_a_delete_deletes_the_mailbox(em):
    one, sync, who = Exchange(em), Sync(em), synced(em)
    one.run("Set-Mailbox", Identity=who, IsExchangeCloudManaged=True)
    sync.delete("/users/" + who)
    assert one.refused("Get-Mailbox", Identity=who)[0] == 404
    assert one.run("Get-Mailbox") == []


def test_the_whole_switch_ends_the_flag(em):
    """isCloudManaged: neither synchronized nor flagged, and everything can be written."""
    one, who = Exchange(em), synced(em)
    one.run("Set-Mailbox", Identity=who, IsExchangeCloudManaged=True)
    one.run("Set-Mailbox", Identity=who, CustomAttribute1="Exchange")
    switch(em, who, True)
    assert states(one.mailbox(who)) == (False, False)
    assert one.mailbox(who)["CustomAttribute1"] == "Exchange"
    text = one.refused("Set-Mailbox", Identity=who, IsExchangeCloudManaged=True)[2]
    assert "synchronized from your on-premises" in text
    one.run("Set-Mailbox", Identity=who, IsExchangeCloudManaged=False)  # is so already
    one.run("Set-Mailbox", Identity=who, **dict(EXCHANGE, **IDENTITY))
    got = one.mailbox(who)
    assert {k: got[k] for k in EXCHANGE} == EXCHANGE and got["Office"] == "Bergen"
    # of a user of the cloud it is Entra's as well
    user = Graph(em).get("/users/%s?$select=displayName,officeLocation,mailNickname,mail,"
                         "proxyAddresses,showInAddressList,onPremisesExtensionAttributes" % who)
    assert (user["displayName"], user["officeLocation"], user["mailNickname"], user["mail"],
            user["proxyAddresses"], user["showInAddressList"]) == (
        "Anna (NO)", "Bergen", "ann", "ann" + HOME, EXCHANGE["EmailAddresses"], False)
    assert user["onPremisesExtensionAttributes"] == {
        "extensionAttribute1": "one", "extensionAttribute15": "last"}
    # and back: rolled back, taken over
    switch(em, who, False)
    assert states(one.mailbox(who)) == (False, False)
    synced(em)
    assert states(one.mailbox(who)) == (True, False)
    assert one.mailbox(who)["Alias"] == "anna"


def test_addresses(em):
    one, who, bo = Exchange(em), cloud(em), synced(em, "bo")
    synced(em, "carl")
    one.run("Set-Mailbox", Identity=bo, IsExchangeCloudManaged=True)
    one.run("Set-Mailbox", Identity=bo, EmailAddresses=["SMTP:bo" + HOME, "smtp:secret" + HOME])

    def now():
        return one.mailbox(who)["EmailAddresses"]

    first = "SMTP:anna" + HOME
    one.run("Set-Mailbox", Identity=who, EmailAddresses={
        "@odata.type": "#Exchange.GenericHashtable", "Add": "smtp:two" + HOME})
    assert now() == [first, "smtp:two" + HOME]
    one.run("Set-Mailbox", Identity=who, EmailAddresses={
        "Add": ["smtp:three" + HOME, "smtp:THREE" + HOME], "Remove": "SMTP:TWO" + HOME})
    assert now() == [first, "smtp:three" + HOME]
    one.run("Set-Mailbox", Identity=who, WindowsEmailAddress="three" + HOME)
    assert now() == ["SMTP:three" + HOME, "smtp:anna" + HOME]
    assert Graph(em).get("/users/" + who)["mail"] == "three" + HOME
    for wrong, words in (
            ([], "no primary"), (["smtp:a" + HOME], "no primary"),
            (["SMTP:a" + HOME, "SMTP:b" + HOME], "two primary"), (["SMTP:a b" + HOME], "not valid"),
            ({"Add": 7}, "argument transformation"), (7, "argument transformation"),
            ({"Add": "smtp:BO" + HOME}, "already being used"),
            ({"Add": "smtp:Carl" + HOME}, "ProxyAddresses"),
            ({"Add": "smtp:Secret" + HOME}, "already being used")):
        assert words in one.refused("Set-Mailbox", Identity=who, EmailAddresses=wrong)[2], wrong
    assert "one command" in one.refused(
        "Set-Mailbox", Identity=who, EmailAddresses=[first], WindowsEmailAddress="x" + HOME)[2]
    assert now() == ["SMTP:three" + HOME, "smtp:anna" + HOME]


@pytest.mark.parametrize("name, value", [
    ("Alias", "a b"), ("Alias", ""), ("Alias", 7), ("DisplayName", ""), ("CustomAttribute1", 7),
    ("CustomAttribute1", "x" * 1025), ("HiddenFromAddressListsEnabled", "perhaps"),
    ("GrantSendOnBehalfTo", [7]), ("IsExchangeCloudManaged", "perhaps"),
    ("MicrosoftOnlineServicesID", "x" + HOME)])
def test_bad_values(em, name, value):
    one, who = Exchange(em), cloud(em)
    before = one.mailbox(who)
    assert one.refused("Set-Mailbox", Identity=who, **{name: value})[0] == 400
    assert one.mailbox(who) == before


def test_values_are_cleared(em):
    one, who = Exchange(em), cloud(em)
    before = one.mailbox(who)
    one.run("Set-Mailbox", Identity=who, CustomAttribute1="x", Office="y",
            GrantSendOnBehalfTo=["z"], HiddenFromAddressListsEnabled=True)
    one.run("Set-Mailbox", Identity=who, CustomAttribute1=None, Office="",
            GrantSendOnBehalfTo=None, HiddenFromAddressListsEnabled=False)
    assert one.mailbox(who) == before


def test_the_default_of_the_organization(em):
    """It is about new mailboxes of synchronized users, and clears no flag."""
    one = Exchange(em)

    def default():
        return one.run("Get-OrganizationConfig")[0]["ExchangeAttributesCloudManagedByDefault"]

    old, later = synced(em), synced(em, "later", proxyAddresses=None, mail=None)
    assert default() is False
    one.run("Set-OrganizationConfig", ExchangeAttributesCloudManagedByDefault=True)
    assert default() is True
    new, born = synced(em, "new"), cloud(em, "born")
    Sync(em).patch("/users/" + later, {"mail": "later" + HOME})
    Sync(em).patch("/users/" + old, {"displayName": "again"})
    assert [states(one.mailbox(w)) for w in (old, later, new, born)] == [
        (True, False), (True, True), (True, True), (False, False)]
    one.run("Set-OrganizationConfig", ExchangeAttributesServerManagedByDefault=True)
    assert default() is False
    assert states(one.mailbox(new)) == (True, True)
    assert states(one.mailbox(synced(em, "last"))) == (True, False)
    assert one.refused("Set-OrganizationConfig", ExchangeAttributesCloudManagedByDefault=True,
                       ExchangeAttributesServerManagedByDefault=True)[0] == 400
    assert one.refused("Set-OrganizationConfig",
                       ExchangeAttributesCloudManagedByDefault="perhaps")[0] == 400


def test_it_is_kept(make):
    """Over a restart, and in a snapshot."""
    em = make()
    one, who = Exchange(em), synced(em)
    one.run("Set-Mailbox", Identity=who, IsExchangeCloudManaged=True)
    one.run("Set-Mailbox", Identity=who, **EXCHANGE)
    one.run("Set-OrganizationConfig", ExchangeAttributesCloudManagedByDefault=True)
    kept = one.mailbox(who)
    em = make()
    one = Exchange(em)
    assert one.mailbox(who) == kept
    assert one.run("Get-OrganizationConfig")[0]["ExchangeAttributesCloudManagedByDefault"] is True
    assert em.request("POST", "/emulator/snapshot", {"name": "a"})[0] == 204
    one.run("Set-OrganizationConfig", ExchangeAttributesServerManagedByDefault=True)
    one.run("Set-Mailbox", Identity=who, CustomAttribute1="other")
    one.run("Set-Mailbox", Identity=who, IsExchangeCloudManaged=False)
    em = make()
    one = Exchange(em)
    assert states(one.mailbox(who)) == (True, False)
    assert em.request("POST", "/emulator/restore", {"name": "a"})[0] == 204
    assert one.mailbox(who) == kept
    assert one.run("Get-OrganizationConfig")[0]["ExchangeAttributesCloudManagedByDefault"] is True
