"""adsyncctl soa report: the page, as it is written, and as a browser shows and prints it."""
import os
import re
import shutil
import struct
import subprocess
import zlib
from html.parser import HTMLParser

import pytest

from lab import Company, Lab

UNIVERSAL = "-2147483640"
# names as somebody writes them who wants the page to do something
HOSTILE = {
    "script": "\"><script>document.title='taken'</script>",
    "image": "'<img src=http://192.0.2.1/x.png onerror=alert(1)>",
    "closing": "</title></style></svg></bdi><h1>taken</h1>",
    "entity": "&lt;b&gt; &amp; \u202egnol\u2066",
}


def company():
    c = Company()
    boss = c.user("boss", title="Manager")
    people = [c.user("user%02d" % i, manager=boss) for i in range(12)]
    for sam, name in HOSTILE.items():
        people.append(c.user(sam, displayName=name))
        c.group("group-" + sam, [people[-1]], displayName="g " + name, groupType=UNIVERSAL)
    c.user("card", userAccountControl="262656")
    c.user("mailbox", msExchRecipientTypeDetails="1", mailNickname="mailbox")
    teams = [c.group("Team %d" % i, people[i:i + 3], groupType=UNIVERSAL) for i in range(8)]
    halves = [c.group("Half %d" % i, teams[4 * i:4 * i + 4], groupType=UNIVERSAL) for i in range(2)]
    c.group("Everybody", halves + [c.dn_of("group-script"), c.dn_of("group-closing")],
            groupType=UNIVERSAL)
    one = c.group("Circle 1", people[:1], groupType=UNIVERSAL)
    two = c.group("Circle 2", [one])
    c.of("Circle 1")["member"].append(two)
    for name in ("done1", "done2"):
        c.user(name)
    return c


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    one = Lab(tmp_path_factory.mktemp("report"), company(), scheduler__sync_cycle_enabled="no")
    try:
        one.cycle()
        for name in ("done1", "done2"):
            one.graph.soa("users", one.graph.find("users", name)["id"], True)
        one.cycle()
        one.start()
        yield one
    finally:
        one.close()


@pytest.fixture(scope="module")
def page(lab, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "report.html"
    done = lab.ctl("soa", "report", str(path), "--wave-size", "10")
    assert done.returncode == 0 and not done.stdout, done.stderr
    assert path.stat().st_mode & 0o777 == 0o600
    return path


class Dom(HTMLParser):
    """Elements with their attributes, and the text of each."""

    VOID = {"meta", "br", "link", "img", "input", "hr", "wbr"}

    def __init__(self, text):
        super().__init__()
        self.open, self.elements = [], []
        self.feed(text)
        self.close()
        assert not self.open, [tag for tag, _, _ in self.open]

    def handle_starttag(self, tag, attrs):
        element = (tag, dict(attrs), [])
        self.elements.append(element)
        if tag not in self.VOID:
            self.open.append(element)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs), []))

    def handle_endtag(self, tag):
        assert self.open and self.open[-1][0] == tag, (tag, self.open[-1:])
        self.open.pop()

    def handle_data(self, data):
        for _, _, text in self.open:
            text.append(data)

    def all(self, tag, class_=None):
        return ["".join(text) for t, attrs, text in self.elements
                if t == tag and (class_ is None or class_ in (attrs.get("class") or "").split())]


def check_dom(dom):
    """The same, as it was written and as the browser has it."""
    tags = {tag for tag, _, _ in dom.elements}
    assert not tags & {"script", "img", "link", "iframe", "object", "embed", "form", "a", "base"}
    for tag, attrs, _ in dom.elements:
        for name, value in attrs.items():
            assert not name.startswith("on") and name not in ("src", "href", "xlink:href", "style"), (tag, attrs)
            assert "url(" not in (value or "")
    assert dom.all("title")[0] == "Source of authority"
    assert dom.all("h1") == ["Source of authority"]
    style, = dom.all("style")
    assert "url(" not in style and "@import" not in style
    assert [h for h in dom.all("h2")] == [
        "Where the objects stand", "Progress over time", "Waves", "Groups in groups", "Findings"]
    names = dom.all("bdi")
    for hostile in HOSTILE.values():
        assert hostile in names and "g " + hostile in names, hostile
    boxes = dom.all("g", "box")
    assert len(boxes) == 15  # 8 teams, 2 halves, everybody and 2 groups in it; the circle's 2
    assert sum("in a circle" in box for box in boxes) == 2
    assert len(dom.all("figure", "nesting")) == 2
    waves = [h for h in dom.all("h3") if h.startswith("Wave ")]
    assert [int(re.match(r"Wave (\d+): ", h).group(1)) for h in waves] == list(range(1, len(waves) + 1))
    assert len(dom.all("table", "wave")) == len(waves) >= 4
    heads = dom.all("h3")
    assert heads.index("blocks mailbox-on-premises") < heads.index("warns smart-card-required")


def test_the_page_as_it_is_written(page):
    text = page.read_text(encoding="utf-8")
    assert text.startswith("<!DOCTYPE html>")
    assert "default-src 'none'" in text
    assert "<script" not in text.lower() and "<img" not in text.lower()
    check_dom(Dom(text))


def test_what_it_says(lab, page):
    dom = Dom(page.read_text(encoding="utf-8"))
    counts = dom.all("table")[0]
    assert "user" in counts and "group" in counts
    status = lab.ctl_json("soa", "status")["counts"]
    row = next(r for r in dom.all("tr") if r.startswith("user"))
    assert row == "user%d0%d000" % (status["user"]["synced"], status["user"]["converted"])
    listed = [r for r in dom.all("tr") if re.search("CN=(user|Team|Half|boss)", r)]
    assert len([r for r in listed if r.startswith("user") or r.startswith("boss")]) == 13
    # the card's row has its readiness and its finding
    row, = [r for r in dom.all("tr") if r.startswith("carduser")]
    assert "warns" in row and "smart-card-required" in row


def test_a_plan_that_a_person_has_edited_keeps_its_waves(lab, tmp_path):
    plan = tmp_path / "plan.csv"
    plan.write_text("Identity,Wave\n%s,7\n%s,2\n%s,2\n" % tuple(
        lab.graph.find("users", name)["id"] for name in ("user01", "user02", "done1")), encoding="utf-8")
    path = tmp_path / "page.html"
    done = lab.ctl("soa", "report", "--file", str(plan), str(path))
    assert done.returncode == 0, done.stderr
    dom = Dom(path.read_text(encoding="utf-8"))
    assert [h.split(":")[0] for h in dom.all("h3") if h.startswith("Wave")] == ["Wave 2", "Wave 7"]
    assert "No group of the plan is in another one." in dom.all("p")
    assert dom.all("h2")[-1] == "Left out"
    assert "CN=done1," in dom.all("tbody")[-1] and "CN=user" not in dom.all("tbody")[-1]


def test_where_it_cannot_be_written(lab, tmp_path):
    done = lab.ctl("soa", "report", str(tmp_path / "nowhere" / "page.html"))
    assert done.returncode == 1 and "nowhere" in done.stderr


# --- in a browser ---

def chromium(tmp_path, page, *argv):
    program = shutil.which("chromium")
    if not program:
        if os.environ.get("ADSYNC_WITHOUT_CHROMIUM") == "1":
            pytest.skip("ADSYNC_WITHOUT_CHROMIUM=1 is set")
        pytest.fail("chromium is not installed: run packaging/setup/debian.sh tests, or set "
                    "ADSYNC_WITHOUT_CHROMIUM=1 to leave this test out")
    done = subprocess.run(
        [program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
         "--no-first-run", "--disable-background-networking", "--user-data-dir=%s" % (tmp_path / "profile"),
         "--window-size=1200,1600", *argv, "file://%s" % page],
        capture_output=True, timeout=120, check=False, stdin=subprocess.DEVNULL,
        env=dict(os.environ, HOME=str(tmp_path)))
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.decode()


def colours(path):
    """Width, height and the number of colours of a PNG of 8 bits."""
    with open(path, "rb") as f:
        data = f.read()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, packed = 8, b""
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", data[at + 8:at + 18])
        elif kind == b"IDAT":
            packed += data[at + 8:at + 8 + size]
        at += size + 12
    assert depth == 8 and colour in (2, 6)
    pixel = 3 if colour == 2 else 4
    raw, stride = zlib.decompress(packed), width * pixel
    rows = [raw[y * (stride + 1) + 1:(y + 1) * (stride + 1)] for y in range(height)]
    return width, height, len({row[x:x + pixel] for row in rows for x in range(0, stride, pixel * 7)})


def test_in_a_browser(page, tmp_path):
    dom = chromium(tmp_path, page, "--dump-dom")
    assert "taken" in dom and "<title>taken" not in dom
    check_dom(Dom(dom[dom.index("<html"):]))
    shot = tmp_path / "shot.png"
    chromium(tmp_path, page, "--screenshot=%s" % shot)
    width, height, n = colours(shot)
    assert width >= 1000 and height >= 1000 and n > 20
    keep = os.environ.get("ADSYNC_KEEP_SCREENSHOT")
    if keep:
        shutil.copy(shot, keep)


def test_on_paper(page, tmp_path):
    pdf = tmp_path / "page.pdf"
    chromium(tmp_path, page, "--print-to-pdf=%s" % pdf, "--no-pdf-header-footer")
    data = pdf.read_bytes()
    assert data.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type\s*/Page\b", data)) >= 2
