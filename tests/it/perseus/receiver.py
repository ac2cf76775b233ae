"""A receiver of messages: TLS that wants a client certificate; writes each message into a folder, answers what `status` says.

Arguments: chain, key, root of clients, folder."""
import http.server
import json
import pathlib
import ssl
import sys

chain, key, root, folder = sys.argv[1:]
folder = pathlib.Path(folder)


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        status = int((folder / "status").read_text())
        subject = dict(pair[0] for pair in self.connection.getpeercert()["subject"])
        told = {"path": self.path, "type": self.headers["content-type"], "status": status, "by": subject, "body": json.loads(body)}
        number = len(list(folder.glob("*.json")))
        (folder / "unfinished").write_text(json.dumps(told))
        (folder / "unfinished").rename(folder / f"{number}.json")
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(chain, key)
context.load_verify_locations(root)
context.verify_mode = ssl.CERT_REQUIRED
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_address[1], flush=True)
server.serve_forever()
