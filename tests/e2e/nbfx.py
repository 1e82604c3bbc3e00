"""Binary XML in Python, for tests of the provisioning service: a third reader and writer beside those of
adsyncd and the emulator. Written: names inline, values as text. Read: what the emulator writes."""
import base64
import re
import struct
import uuid
import xml.etree.ElementTree as ET
from xml.sax.saxutils import escape, quoteattr

CHANGE = "http://schemas.microsoft.com/online/aws/change/2010/01"
OBJECT = "http://schemas.microsoft.com/online/aws/change/2014/06"
ARRAYS = "http://schemas.microsoft.com/2003/10/Serialization/Arrays"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
XS = "http://www.w3.org/2001/XMLSchema"
SOAP = "http://www.w3.org/2003/05/soap-envelope"
WSA = "http://www.w3.org/2005/08/addressing"
ADM = "urn:microsoft.online.administrativeservice"


def mb31(n):
    out = b""
    while n > 0x7f:
        out += bytes([n & 0x7f | 0x80])
        n >>= 7
    return out + bytes([n])


def sized(s):
    s = s.encode()
    return mb31(len(s)) + s


def _text(s, ends):
    s = s.encode()
    for code, size, form in ((0x98, 0x100, "<B"), (0x9a, 0x10000, "<H"), (0x9c, 1 << 31, "<i")):
        if len(s) < size:
            return bytes([code + ends]) + struct.pack(form, len(s)) + s
    raise ValueError("too long")


def element(name, *content, attributes=(), **namespaces):
    """name "p:local" or "local"; content: text or elements; namespaces by prefix, "" as ns."""
    prefix, _, local = name.rpartition(":")
    out = bytes([0x5e + ord(prefix) - ord("a")]) if prefix else b"\x40"
    out += sized(local)
    for key, value in attributes:
        p, _, k = key.rpartition(":")
        out += (bytes([0x26 + ord(p) - ord("a")]) if p else b"\x04") + sized(k) + _text(value, 0)
    for p, uri in namespaces.items():
        out += b"\x08" + sized(uri) if p == "ns" else b"\x09" + sized(p) + sized(uri)
    if len(content) == 1 and isinstance(content[0], str):
        return out + _text(content[0], 1)
    return out + b"".join(content) + b"\x01"


def dictionary(path):
    """The words of a C file that lists them all."""
    with open(path, encoding="utf-8") as f:
        text = f.read()
    inside = text[text.index("[] = {"):text.index("};")]
    inside = re.sub(r'"\s+"', "", inside)  # one that stands in two lines
    words = re.findall(r'"([^"]*)"', inside)
    assert len(words) == 487
    return words


def text(data, words):
    """The message as XML, with the prefixes that it has; words: see dictionary()."""
    return _Reader(data, words).message()


def read(data, words):
    """The message as an ElementTree element."""
    return ET.fromstring(text(data, words))


class _Reader:
    """To XML text, which ElementTree then resolves."""

    def __init__(self, data, words):
        self.data, self.at, self.words = data, 0, words

    def take(self, n):
        piece = self.data[self.at:self.at + n]
        assert len(piece) == n, "cut short"
        self.at += n
        return piece

    def byte(self):
        return self.take(1)[0]

    def number(self):
        n = shift = 0
        while True:
            b = self.byte()
            n |= (b & 0x7f) << shift
            shift += 7
            if not b & 0x80:
                return n

    def name(self):
        return self.take(self.number()).decode()

    def word(self):
        return self.words[self.number() // 2]

    def value(self, code):
        sized = {0x98: "<B", 0x9a: "<H", 0x9c: "<i", 0x9e: "<B", 0xa0: "<H", 0xa2: "<i",
                 0xb6: "<B", 0xb8: "<H", 0xba: "<i"}
        fixed = {0x88: "<b", 0x8a: "<h", 0x8c: "<i", 0x8e: "<q"}
        plain = {0x80: "0", 0x82: "1", 0x84: "false", 0x86: "true", 0xa8: ""}
        if code in plain:
            return plain[code]
        if code in fixed:
            return str(struct.unpack(fixed[code], self.take(struct.calcsize(fixed[code])))[0])
        if code in sized:
            n = struct.unpack(sized[code], self.take(struct.calcsize(sized[code])))[0]
            piece = self.take(n)
            if code < 0x9e:
                return piece.decode()
            if code >= 0xb6:
                return piece.decode("utf-16-le")
            return base64.b64encode(piece).decode()
        if code == 0xaa:
            return self.word()
        if code == 0xbc:
            return "%c:%s" % (ord("a") + self.byte(), self.word())
        if code in (0xac, 0xb0):
            text = str(uuid.UUID(bytes_le=self.take(16)))
            return "urn:uuid:" + text if code == 0xac else text
        if code == 0xae:
            return "PT%dS" % (struct.unpack("<q", self.take(8))[0] // 10000000)
        raise AssertionError("record %02x" % code)

    def head(self, code):
        if code >= 0x5e:
            return chr(ord("a") + code - 0x5e) + ":" + self.name()
        if code >= 0x44:
            return chr(ord("a") + code - 0x44) + ":" + self.word()
        prefix = self.name() + ":" if code & 1 else ""
        return prefix + (self.word() if code & 2 else self.name())

    def attribute(self, code):
        if code in (0x08, 0x09, 0x0a, 0x0b):
            name = "xmlns:" + self.name() if code & 1 else "xmlns"
            return name, self.word() if code >= 0x0a else self.name()
        if code >= 0x26:
            name = chr(ord("a") + code - 0x26) + ":" + self.name()
        elif code >= 0x0c:
            name = chr(ord("a") + code - 0x0c) + ":" + self.word()
        else:
            prefix = self.name() + ":" if code & 1 else ""
            name = prefix + (self.word() if code & 2 else self.name())
        return name, self.value(self.byte())

    def array(self):
        """Elements of one name, each with a value of the type that is told once."""
        name = self.head(self.byte())
        assert self.byte() == 1
        code, n = self.byte() & ~1, self.number()
        values = [str(bool(self.byte())).lower() if code == 0xb4 else self.value(code)
                  for _ in range(n)]
        return "".join("<%s>%s</%s>" % (name, v, name) for v in values)

    def message(self):
        out, stack = [], []
        while self.at < len(self.data):
            code = self.byte()
            if 0x40 <= code <= 0x77:
                stack.append(self.head(code))
                out.append("<" + stack[-1])
                while self.at < len(self.data) and 4 <= self.data[self.at] <= 0x3f:
                    name, value = self.attribute(self.byte())
                    out.append(" %s=%s" % (name, quoteattr(value)))
                out.append(">")
            elif code == 1:
                out.append("</%s>" % stack.pop())
            elif code == 2:
                self.name()  # a comment
            elif code == 3:
                out.append(self.array())
            else:
                out.append(escape(self.value(code & ~1)))
                if code & 1:
                    out.append("</%s>" % stack.pop())
        assert not stack
        return "".join(out)
