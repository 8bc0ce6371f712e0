"""A Runtime API for class_archive.sh: gives two events to whatever asks, then says `done` and lets the third request wait.

    python3 training_api.py    prints its port first
"""
import http.server
import threading

EVENTS = 2
HEADERS = {"Lambda-Runtime-Deadline-Ms": "9999999999999", "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:000000000000:function:f",
           "Lambda-Runtime-Trace-Id": "Root=1-0-0", "Content-Type": "application/json"}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    given = 0

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        Handler.given += 1
        if Handler.given > EVENTS:
            print("done", flush=True)
            threading.Event().wait()
        self.answer(200, b'{"a": [1, "text", null, {"b": 2.5}]}', {**HEADERS, "Lambda-Runtime-Aws-Request-Id": "r%d" % Handler.given})

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(202, b"", {})

    def answer(self, status, body, headers):
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
print(server.server_address[1], flush=True)
server.serve_forever()
