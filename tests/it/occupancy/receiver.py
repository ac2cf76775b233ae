"""A program that is told by webhooks, with Python's own HTTP and HMAC.

It writes each request that it believes as a line of JSON. How it answers stands in a file, read anew for each request:
"ok", "500", "503 later SECONDS", "503 date SECONDS", "410", "endless", "redirect URL", or "hang". A request whose signature is wrong ends it with 3.
"""

import base64
import email.utils
import hashlib
import hmac
import http.server
import json
import os
import sys
import threading
import time

port, secret, mood_file, out_file = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        ident, stamp = self.headers["webhook-id"], self.headers["webhook-timestamp"]
        signed = f"{ident}.{stamp}.".encode() + body
        expected = base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()
        signatures = self.headers["webhook-signature"].split(" ")
        if f"v1,{expected}" not in signatures or abs(time.time() - int(stamp)) > 300:
            os._exit(3)
        message = json.loads(body)
        if message["id"] != ident or self.headers["content-type"] != "application/json":
            os._exit(4)
        with open(mood_file) as file:
            mood = file.read().strip()
        line = json.dumps({"mood": mood, "id": ident, "path": self.path, "message": message})
        with open(out_file, "a") as file:
            file.write(line + "\n")
        if mood == "hang":
            time.sleep(600)
        if mood.startswith("redirect "):
            self.send_response(302)
            self.send_header("location", mood.split(" ")[1])
        elif mood == "endless":
            self.send_response(200)
            self.send_header("transfer-encoding", "chunked")
            self.end_headers()
            self.wfile.flush()
            time.sleep(600)
        else:
            words = mood.split(" ")
            self.send_response(200 if mood == "ok" else int(words[0]))
            if "later" in words:
                self.send_header("retry-after", words[2])
            if "date" in words:
                self.send_header("retry-after", email.utils.formatdate(time.time() + int(words[2]), usegmt=True))
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Receiver)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
print("listens", flush=True)
sys.stdin.read()
os._exit(0)
