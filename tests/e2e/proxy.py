"""An HTTPS server in front of the emulator that changes its answers: what Graph may say, too."""
import json
import os
import ssl
import threading
from http.client import HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def forward(self):
        proxy = self.server.proxy
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {k: v for k, v in self.headers.items()
                   if k.lower() not in ("connection", "accept-encoding")}
        upstream = HTTPSConnection(proxy.emulator.url[len("https://"):], timeout=60,
                                   context=ssl.create_default_context(cafile=proxy.emulator.ca))
        upstream.request(self.command, self.path, body or None, headers)
        answer = upstream.getresponse()
        data, status = answer.read(), answer.status
        proxy.paths.append(self.command + " " + self.path)
        changed = proxy.change(self.command + " " + self.path, status, data)
        if changed is not None:
            status, data = changed
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        for name in ("Retry-After", "Location"):
            if answer.getheader(name):
                self.send_header(name, answer.getheader(name))
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
        upstream.close()

    do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = forward


class Proxy:
    """change(line, status, bytes) gives (status, bytes) or None: as it is."""

    def __init__(self, emulator, change):
        self.emulator, self.change, self.paths = emulator, change, []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.proxy = self
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.path.join(emulator.folder, "cert.pem"),
                                os.path.join(emulator.folder, "key.pem"))
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = "https://localhost:%d" % self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def in_front(lab, change):
    """A proxy that the lab's configuration leads to."""
    proxy = Proxy(lab.emulator, change)
    with open(lab.config, encoding="utf-8") as f:
        text = f.read()
    with open(lab.config, "w", encoding="utf-8") as f:
        f.write(text.replace(lab.emulator.url, proxy.url))
    return proxy


def edit(data, function):
    """The JSON of an answer, changed in place by a function."""
    body = json.loads(data)
    function(body)
    return json.dumps(body).encode()
