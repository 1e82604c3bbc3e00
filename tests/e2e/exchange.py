"""A client of the emulator's Exchange Online: what Microsoft's module for PowerShell sends."""
import ssl
import urllib.request

from lab import ADMIN_APP, TENANT, parse

OUTLOOK = "https://outlook.office365.com/.default"


class Exchange:
    """A client of InvokeCommand."""

    def __init__(self, em, app=ADMIN_APP, scope=OUTLOOK):
        self.em = em
        form = "grant_type=client_credentials&scope=%s&client_id=%s&client_secret=%s" % (
            (scope,) + app)
        with urllib.request.urlopen(
                urllib.request.Request("%s/%s/oauth2/v2.0/token" % (em.url, TENANT), form.encode()),
                context=ssl.create_default_context(cafile=em.ca), timeout=30) as answer:
            token = parse(answer.read())["access_token"]
        self.headers = {"Authorization": "Bearer " + token, "X-AnchorMailbox":
                        "UPN:SystemMailbox{8cc370d3-822a-4ab8-a926-bb94bd0641a9}"
                        "@fjordline.onmicrosoft.com"}

    def call(self, name, path=None, **parameters):
        return self.em.request("POST", path or "/adminapi/beta/%s/InvokeCommand" % TENANT, {
            "CmdletInput": {"CmdletName": name, "Parameters": parameters}}, self.headers)

    def run(self, name, **parameters):
        status, answer = self.call(name, **parameters)
        assert status == 200, answer
        return answer["value"]

    def mailbox(self, identity):
        return self.run("Get-Mailbox", Identity=identity)[0]

    def refused(self, name, **parameters):
        """(status, exception, text) as clients take it apart."""
        status, answer = self.call(name, **parameters)
        assert status >= 400, answer
        _, exception, text = answer["error"]["details"][0]["message"].split("|")
        assert answer["error"]["message"] == "Error executing request. " + text
        return status, exception.rsplit(".", 1)[1], text
