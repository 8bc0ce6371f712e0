"""An npm registry on loopback, as `mayfly runtime install` sees one, that can also be wrong, slow to its end, or hostile."""
import base64
import contextlib
import hashlib
import io
import json
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def tarball(files, kind="w:gz", extra=()):
    """{"package/bin/node": (bytes, mode)} as npm packs it; `extra`: TarInfos with their bytes."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=kind) as archive:
        for name, (data, mode) in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(data), mode
            archive.addfile(info, io.BytesIO(data))
        for info, data in extra:
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def integrity_of(data):
    return "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode()


class NpmRegistry:
    """`versions`: {"24.1.2": bytes}. What a test changes before the first request counts."""

    def __init__(self, package, versions):
        self.package, self.versions = package, versions
        self.integrity = {version: integrity_of(data) for version, data in versions.items()}
        self.requests = []        # (path, authorization, range)
        self.token = None         # the bearer token that it wants
        self.cut_after = []       # bytes after which the next transfers of a package break off
        self.knows_ranges = True
        self.redirect = None      # packages are elsewhere
        self.slow_pieces = 0      # in so many pieces a package comes, with a pause between them
        self.document = None      # instead of the package's description

    def __enter__(self):
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def describe(self):
        return {"name": self.package, "dist-tags": {}, "versions": {
            version: {"name": self.package, "version": version,
                      "dist": {"tarball": f"{self.url}/{self.package}/-/{self.package}-{version}.tgz", "integrity": self.integrity[version]}}
            for version in self.versions}}

    def _handler(registry):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def answer(self, status, body=b"", **headers):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                registry.requests.append((self.path, self.headers.get("Authorization"), self.headers.get("Range")))
                if registry.token and self.headers.get("Authorization") != f"Bearer {registry.token}":
                    return self.answer(401)
                if self.path == f"/{registry.package}":
                    document = registry.document if registry.document is not None else json.dumps(registry.describe()).encode()
                    return self.answer(200, document, Content_Type="application/json")
                for version, data in registry.versions.items():
                    if self.path.endswith(f"-{version}.tgz"):
                        return self.send_package(data)
                self.answer(404)

            def send_package(self, data):
                if registry.redirect:
                    return self.answer(302, Location=registry.redirect)
                start = 0
                if self.headers.get("Range") and registry.knows_ranges:
                    start = int(self.headers["Range"].removeprefix("bytes=").split("-")[0])
                rest = data[start:]
                self.send_response(206 if start else 200)
                if start:
                    self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
                self.send_header("Content-Length", str(len(rest)))
                self.end_headers()
                if registry.cut_after:
                    rest = rest[:registry.cut_after.pop(0)]
                    self.close_connection = True
                size = len(rest) // registry.slow_pieces + 1 if registry.slow_pieces else len(rest) + 1
                with contextlib.suppress(OSError):
                    for at in range(0, len(rest), size):
                        self.wfile.write(rest[at:at + size])
                        if registry.slow_pieces:
                            threading.Event().wait(0.4)
        return Handler
