"""Container images for tests, made without Docker: tar files, OCI layouts, `docker save` archives, and a registry on loopback."""
import gzip
import hashlib
import http.server
import io
import json
import os
import re
import shutil
import subprocess
import tarfile
import threading
from pathlib import Path

OCI = {"index": "application/vnd.oci.image.index.v1+json", "manifest": "application/vnd.oci.image.manifest.v1+json",
       "config": "application/vnd.oci.image.config.v1+json", "tar": "application/vnd.oci.image.layer.v1.tar",
       "gzip": "application/vnd.oci.image.layer.v1.tar+gzip", "zstd": "application/vnd.oci.image.layer.v1.tar+zstd"}
DOCKER = {"index": "application/vnd.docker.distribution.manifest.list.v2+json", "manifest": "application/vnd.docker.distribution.manifest.v2+json",
          "config": "application/vnd.docker.container.image.v1+json", "tar": "application/vnd.docker.image.rootfs.diff.tar",
          "gzip": "application/vnd.docker.image.rootfs.diff.tar.gzip"}


def digest_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def entry(name, data=b"", mode=0o644, **fields):
    """One member of a layer: (TarInfo, bytes). `type`, `linkname`, `uid`, `devmajor` … as in tarfile.TarInfo."""
    info = tarfile.TarInfo(name)
    data = data.encode() if isinstance(data, str) else data
    info.mode, info.size = mode, len(data)
    for field, value in fields.items():
        setattr(info, field, value)
    return info, data


def folder(name, mode=0o755):
    return entry(name, mode=mode, type=tarfile.DIRTYPE)


def symlink(name, target):
    return entry(name, type=tarfile.SYMTYPE, linkname=target, mode=0o777)


def hardlink(name, target):
    return entry(name, type=tarfile.LNKTYPE, linkname=target)


def make_tar(entries, format=tarfile.PAX_FORMAT):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=format) as archive:
        for info, data in entries:
            archive.addfile(info, io.BytesIO(data) if data else None)
    return out.getvalue()


def tree_entries(*roots, skip=()):
    """The files of this machine, as entries of a layer: /usr/lib/python3.11 and what it needs, say."""
    for root in roots:
        for path in [Path(root), *sorted(Path(root).rglob("*"))] if Path(root).is_dir() and not Path(root).is_symlink() else [Path(root)]:
            if any(part in skip for part in path.parts):
                continue
            name = str(path).lstrip("/")
            if path.is_symlink():
                yield symlink(name, os.readlink(path))
            elif path.is_dir():
                yield folder(name)
            elif path.is_file():
                yield entry(name, path.read_bytes(), path.stat().st_mode & 0o7777, mtime=int(path.stat().st_mtime))


def python_entries():
    """Python 3.11 of this machine, without what nobody needs."""
    skip = ("__pycache__", "test", "idlelib", "ensurepip", "dist-packages", "tkinter", "lib2to3", "config-3.11-x86_64-linux-gnu")
    modules = sorted(Path("/usr/lib/python3.11/lib-dynload").glob("*.so"))
    return [*tree_entries("/usr/lib/python3.11", skip=skip), *tree_entries("/usr/bin/python3.11"), *libraries_of("/usr/bin/python3.11", *modules)]


def libraries_of(*programs):
    """The shared libraries that programs need, with their loader, under the names by which they are looked for."""
    names = re.findall(r"(/\S+) \(0x", subprocess.run(["ldd", *map(str, programs)], capture_output=True, text=True).stdout)
    for name in sorted(set(names)):
        yield entry(name.lstrip("/"), Path(name).resolve().read_bytes(), 0o755)


def compress(tar, kind):
    if kind == "gzip":
        return gzip.compress(tar, 1, mtime=0)
    if kind == "zstd":
        return subprocess.run(["zstd", "-1", "-q", "-c"], input=tar, capture_output=True, check=True).stdout
    return tar


class Image:
    """layers: lists of entries, or tar files. config: Entrypoint, Cmd, Env, WorkingDir …"""

    def __init__(self, layers, config=None, compression="gzip", types=OCI, architecture="amd64", diff_ids=None):
        self.types = types
        tars = [layer if isinstance(layer, bytes) else make_tar(layer) for layer in layers]
        self.tars = tars
        kinds = [compression] * len(tars) if isinstance(compression, str) else compression
        self.layers = [compress(tar, kind) for tar, kind in zip(tars, kinds)]
        self.config = json.dumps({"architecture": architecture, "os": "linux", "config": config or {},
                                  "rootfs": {"type": "layers", "diff_ids": diff_ids or [digest_of(tar) for tar in tars]}}).encode()
        self.manifest = json.dumps({
            "schemaVersion": 2, "mediaType": types["manifest"], "config": self.descriptor(self.config, types["config"]),
            "layers": [self.descriptor(layer, types[kind]) for layer, kind in zip(self.layers, kinds)]}).encode()

    @staticmethod
    def descriptor(data, media_type):
        return {"mediaType": media_type, "digest": digest_of(data), "size": len(data)}

    @property
    def digest(self):
        return digest_of(self.manifest)

    def blobs(self):
        return {digest_of(data): data for data in [*self.layers, self.config, self.manifest]}

    def index(self, tag="latest", platform=True):
        described = self.descriptor(self.manifest, self.types["manifest"])
        if platform:
            described["platform"] = {"os": "linux", "architecture": "amd64"}
        described["annotations"] = {"org.opencontainers.image.ref.name": tag}
        other = {**described, "digest": "sha256:" + "0" * 64, "platform": {"os": "linux", "architecture": "arm64"}}
        return json.dumps({"schemaVersion": 2, "mediaType": self.types["index"], "manifests": ([other] if platform else []) + [described]}).encode()

    def write_layout(self, path, tag="latest"):
        """An OCI image layout."""
        path = Path(path)
        (path / "blobs" / "sha256").mkdir(parents=True, exist_ok=True)
        (path / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
        (path / "index.json").write_bytes(self.index(tag))
        for digest, data in self.blobs().items():
            (path / "blobs" / "sha256" / digest[7:]).write_bytes(data)
        return path

    def write_oci_archive(self, path, tag="latest"):
        members = [entry("oci-layout", '{"imageLayoutVersion": "1.0.0"}'), entry("index.json", self.index(tag))]
        members += [entry("blobs/sha256/" + digest[7:], data) for digest, data in self.blobs().items()]
        Path(path).write_bytes(make_tar(members))

    def write_docker_archive(self, path, tags=("app:latest",)):
        names = ["%d/layer.tar" % number for number in range(len(self.tars))]
        members = [entry(name, tar) for name, tar in zip(names, self.tars)]
        config = hashlib.sha256(self.config).hexdigest() + ".json"
        members += [entry(config, self.config), entry("manifest.json", json.dumps([{"Config": config, "RepoTags": list(tags), "Layers": names}]))]
        Path(path).write_bytes(make_tar(members))


class Registry:
    """A registry that speaks the distribution API, with bearer tokens for whoever knows the password."""
    USER, PASSWORD = "puller", "secret"

    def __init__(self, token_required=True, redirect=False):
        self.documents = {}  # (repository, tag or digest) → (media type, bytes)
        self.blobs = {}      # digest → bytes
        self.requests = []   # method and path
        self.token_required = token_required
        self.redirect = redirect
        self.broken = {}     # digest → what is sent instead
        self.cuts = {}       # digest → after how many bytes the connection is cut, one for each time that it is asked for
        self.denied = set()  # digests
        self.knows_ranges = True
        self.ranges = []     # (digest, Range header or None) of blobs that were sent
        self.before_blob = None
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.make_handler())
        self.server.daemon_threads = True
        self.server.handle_error = lambda request, address: None  # a client that goes
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    @property
    def host(self):
        return "127.0.0.1:%d" % self.server.server_port

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *error):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def push(self, repository, tag, image, as_index=False):
        self.documents[repository, image.digest] = (image.types["manifest"], image.manifest)
        self.documents[repository, tag] = (image.types["index"], image.index(tag)) if as_index else (image.types["manifest"], image.manifest)
        self.blobs.update({digest: data for digest, data in image.blobs().items() if digest != image.digest})

    def make_handler(registry):  # noqa: N805
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def give(self, status, body=b"", content_type="application/json", only=None, **headers):
                self.send_response(status)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(body)))
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.end_headers()
                try:
                    self.wfile.write(body[:only])
                except OSError:
                    pass  # the client has been killed

            def give_blob(self, digest, body):
                range_header = self.headers.get("Range")
                registry.ranges.append((digest, range_header))
                start = int(range_header[len("bytes="):-1]) if range_header and registry.knows_ranges else 0
                headers = {"Content_Range": "bytes %d-%d/%d" % (start, len(body) - 1, len(body))} if start else {}
                if not registry.cuts.get(digest):
                    return self.give(206 if start else 200, body[start:], "application/octet-stream", **headers)
                cut = registry.cuts[digest].pop(0)
                self.give(206 if start else 200, body[start:], "application/octet-stream", only=cut, **headers)
                self.close_connection = True

            def do_GET(self):
                registry.requests.append(self.path)
                path = self.path.partition("?")[0]
                if path == "/token":
                    import base64
                    expected = "Basic " + base64.b64encode(("%s:%s" % (registry.USER, registry.PASSWORD)).encode()).decode()
                    if self.headers.get("Authorization") != expected or "scope=" not in self.path:
                        return self.give(401)
                    return self.give(200, json.dumps({"token": "the-token"}).encode())
                if path.startswith("/elsewhere/"):  # where redirects lead: a stranger who must not see the token
                    if "Authorization" in self.headers and self.headers["Host"].startswith("localhost"):
                        return self.give(400)
                    digest = path.rpartition("/")[2]
                    return self.give_blob(digest, registry.blobs[digest])
                match = re.fullmatch(r"/v2/(.+)/(manifests|blobs)/([^/]+)", path)
                if not match:
                    return self.give(404)
                repository, kind, reference = match.groups()
                if registry.token_required and self.headers.get("Authorization") != "Bearer the-token":
                    challenge = 'Bearer realm="http://%s/token",service="test",scope="repository:%s:pull"' % (registry.host, repository)
                    return self.give(401, b"{}", WWW_Authenticate=challenge)
                if reference in registry.denied:
                    return self.give(403, b"{}")
                if kind == "manifests":
                    media_type, body = registry.documents.get((repository, reference), (None, None))
                    return self.give(404, b"{}") if body is None else self.give(200, body, media_type)
                body = registry.broken.get(reference, registry.blobs.get(reference))
                if body is None:
                    return self.give(404, b"{}")
                if registry.before_blob:
                    registry.before_blob(reference)
                if registry.redirect and reference in registry.blobs:
                    return self.give(307, Location="http://localhost:%d/elsewhere/%s" % (registry.server.server_port, reference))
                return self.give_blob(reference, body)
        return Handler


def compile_static(source, path):
    """A static program from C++ source."""
    compiler = shutil.which("clang++-19") or shutil.which("g++") or shutil.which("c++")
    subprocess.run([compiler, "-O1", "-static", "-x", "c++", "-o", str(path), "-"], input=source, text=True, check=True)
    return Path(path).read_bytes()


# A whole runtime without a library: asks for events, answers with what it sees.
BOOTSTRAP = r"""
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <string>
extern char** environ;
static std::string Exchange(const std::string& request) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in name{}; name.sin_family = AF_INET; name.sin_port = htons(9001); inet_pton(AF_INET, "127.0.0.1", &name.sin_addr);
  if (connect(fd, (sockaddr*)&name, sizeof name) != 0) exit(3);
  for (size_t done = 0; done < request.size();) { ssize_t n = write(fd, request.data() + done, request.size() - done); if (n <= 0) exit(4); done += n; }
  std::string all; char buffer[65536]; ssize_t n;
  for (;;) {
    size_t head = all.find("\r\n\r\n");
    if (head != std::string::npos) {
      size_t at = all.find("ontent-Length: "); if (at == std::string::npos) at = all.find("ontent-length: ");
      size_t length = at < head ? strtoul(all.c_str() + at + 15, nullptr, 10) : 0;
      if (all.size() >= head + 4 + length) break;
    }
    n = read(fd, buffer, sizeof buffer); if (n <= 0) break; all.append(buffer, n);
  }
  close(fd); return all;
}
static std::string Quote(const std::string& text) {
  std::string out = "\""; char hex[8];
  for (unsigned char c : text) { if (c < ' ' || c == '"' || c == '\\' || c > 126) { snprintf(hex, sizeof hex, "\\u%04x", c); out += hex; } else out += c; }
  return out + "\"";
}
static std::string Field(const std::string& event, const char* name) {
  std::string key = std::string("\"") + name + "\""; size_t at = event.find(key); if (at == std::string::npos) return "";
  at = event.find('"', event.find(':', at + key.size()) ) + 1; return event.substr(at, event.find('"', at) - at);
}
int main(int argc, char** argv) {
  for (;;) {
    std::string next = Exchange("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    size_t at = next.find("ambda-Runtime-Aws-Request-Id: "); if (at == std::string::npos) at = next.find("ambda-runtime-aws-request-id: "); if (at == std::string::npos) return 5;
    std::string id = next.substr(at + 30, next.find("\r\n", at) - at - 30), event = next.substr(next.find("\r\n\r\n") + 4), body = "{";
    char cwd[4096] = ""; getcwd(cwd, sizeof cwd);
    body += "\"event\":" + event + ",\"cwd\":" + Quote(cwd) + ",\"uid\":" + std::to_string(getuid()) + ",\"arguments\":[";
    for (int i = 0; i < argc; ++i) body += (i ? "," : "") + Quote(argv[i]);
    body += "],\"environment\":{"; bool first = true;
    for (char** e = environ; *e; ++e) { std::string v = *e; size_t q = v.find('='); body += (first ? "" : ",") + Quote(v.substr(0, q)) + ":" + Quote(v.substr(q + 1)); first = false; }
    body += "}";
    std::string list = Field(event, "list"), show = Field(event, "read"), put = Field(event, "write");
    if (!list.empty()) {
      body += ",\"list\":["; DIR* d = opendir(list.c_str()); first = true;
      for (dirent* e; d && (e = readdir(d));) { if (e->d_name[0] == '.' && (!e->d_name[1] || e->d_name[1] == '.')) continue; body += (first ? "" : ",") + Quote(e->d_name); first = false; }
      if (d) closedir(d); body += "]";
    }
    if (!show.empty()) {
      int fd = open(show.c_str(), O_RDONLY); char text[4096]; ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text);
      struct stat s{}; int known = lstat(show.c_str(), &s);
      body += ",\"read\":" + (n < 0 ? "null,\"error\":" + std::to_string(errno) : Quote(std::string(text, n)));
      if (known == 0) body += ",\"mode\":" + std::to_string(s.st_mode) + ",\"owner\":" + std::to_string(s.st_uid) + ",\"links\":" + std::to_string(s.st_nlink);
      if (fd >= 0) close(fd);
    }
    if (!put.empty()) {
      int fd = open(put.c_str(), O_WRONLY | O_CREAT, 0644); ssize_t n = fd < 0 ? -1 : write(fd, "written", 7);
      body += ",\"write\":" + std::to_string(n == 7 ? 0 : errno); if (fd >= 0) close(fd);
    }
    body += "}";
    Exchange("POST /2018-06-01/runtime/invocation/" + id + "/response HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  }
}
"""
