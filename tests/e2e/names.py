"""Names for tests that need some: /etc/hosts and a DNS server, in a mount namespace of their own.

The test is started with `unshare -n -m` (tests/e2e/CMakeLists.txt says so by ADSYNC_PRIVATE=1),
so nothing outside sees these.
"""
import os
import socket
import struct
import subprocess
import threading


def mount_over(path, text, folder):
    assert os.environ.get("ADSYNC_PRIVATE") == "1", "needs a mount namespace of its own"
    mine = os.path.join(folder, os.path.basename(path))
    with open(mine, "w", encoding="ascii") as f:
        f.write(text)
    subprocess.run(["mount", "--bind", mine, os.path.realpath(path)], check=True)


def encode(name):
    return b"".join(bytes([len(p)]) + p.encode() for p in name.strip(".").split(".")) + b"\0"


class Dns:
    """Answers SRV questions from a table {name: [(priority, weight, port, target)]}; else NXDOMAIN."""
    IP = "127.0.0.53"

    def __init__(self, table):
        self.table, self.asked = table, []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((self.IP, 53))
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                data, peer = self.socket.recvfrom(4096)
            except OSError:
                return
            name, at = [], 12
            while data[at]:
                name.append(data[at + 1:at + 1 + data[at]].decode())
                at += data[at] + 1
            name = ".".join(name).lower()
            question = data[12:at + 5]
            self.asked.append(name)
            answers = [] if struct.unpack(">H", data[at + 1:at + 3])[0] != 33 else [
                b"\xc0\x0c" + struct.pack(">HHIH", 33, 1, 60, 6 + len(encode(t))) +
                struct.pack(">HHH", p, w, port) + encode(t)
                for p, w, port, t in self.table.get(name, ())]
            head = data[:2] + struct.pack(">HHHHH", 0x8180 if answers else 0x8183, 1, len(answers),
                                          0, 0)
            self.socket.sendto(head + question + b"".join(answers), peer)

    def stop(self):
        self.socket.close()
