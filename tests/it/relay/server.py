"""An HTTP server behind a gateway, as somebody else writes it. Prints its port.

    GET /gate             answers when somebody has asked for /open
    GET /never            never answers
    GET /broken           ends the connection without an answer
    GET /png              bytes that are no text, with a type
    GET /big?n=BYTES      so many bytes
    GET /claims           says JSON and means text
    anything else         says what came: method, path, headers, body in base64
"""

import base64
import json
import time
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


# Opens for those who wait at /gate.
GATE = threading.Event()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        target = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(target.query).items()}
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        kind = "application/json"
        if target.path == "/never":
            time.sleep(60)
        if target.path == "/broken":
            self.close_connection = True
            return
        if target.path == "/open":
            GATE.set()
        if target.path == "/gate":
            GATE.wait(25)
        if target.path == "/png":
            kind, said = "image/png", b"\x89PNG\r\n\x1a\n\xff\xfe"
        elif target.path == "/claims":
            said = "héllo {".encode()
        elif target.path == "/big":
            kind, said = "application/octet-stream", b"\xff" * int(query["n"])
        else:
            headers = [[name, value] for name, value in self.headers.items()]
            said = json.dumps({"method": self.command, "path": self.path, "headers": headers, "word": "héllo",
                               "body": base64.b64encode(body).decode()}, ensure_ascii=False).encode()
        self.send_response(207 if target.path == "/multi" else 200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(said)))
        self.send_header("X-Answer", "one")
        self.send_header("X-Answer", "two")
        self.send_header("Set-Cookie", "a=b")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(said)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_HEAD = answer

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
