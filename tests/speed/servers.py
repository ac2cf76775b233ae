"""The box and nginx, each started on a free port of 127.0.0.1 with the same certificate."""

import http.client
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import time

from . import tools

CONFIG = """
data_dir = "{folder}/data"
admin_socket = "{folder}/admin.sock"
[https]
listen = ["127.0.0.1:{port}"]
certificate = "files"
certificate_file = "{chain}"
key_file = "{key}"
[limits.https]
per_address = "off"
connections = 4096
[occupancy]
create_limit = "off"
[log]
filter = "warn"
"""

NGINX = """
worker_processes 2;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_requests 1000000000;
    server_tokens off;
    server {{
        listen 127.0.0.1:{port} ssl http2;
        ssl_certificate {chain};
        ssl_certificate_key {key};
        ssl_protocols TLSv1.3;
        default_type "application/json; charset=UTF-8";
        {headers}
        location / {{ return 200 '{body}'; }}
    }}
}}
"""


def certificate(folder):
    """One ECDSA P-256 key and certificate for both servers."""
    chain, key = folder / "chain.pem", folder / "key.pem"
    tools.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
              "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
              "-days", "2", "-keyout", key, "-out", chain, seconds=30)
    return chain, key


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Lodge:
    """The box; its NOTIFY_SOCKET is ours, so READY is known to the millisecond."""

    def __init__(self, folder, binary, identity):
        folder.mkdir()
        self.folder, self.binary, self.port = folder, binary, free_port()
        self.url = f"https://127.0.0.1:{self.port}"
        self.config = folder / "config.toml"
        chain, key = identity
        self.config.write_text(CONFIG.format(folder=folder, port=self.port, chain=chain, key=key))
        self.process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        """Starts it; answers the milliseconds from exec to READY=1."""
        notify = self.folder / "notify.sock"
        notify.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener, open(self.folder / "log", "a") as log:
            listener.bind(str(notify))
            listener.settimeout(60)
            began = time.monotonic()
            self.process = subprocess.Popen(
                [self.binary, "serve", "--config", self.config], stdout=log, stderr=log,
                env={"NOTIFY_SOCKET": str(notify), "PATH": os.environ["PATH"]})
            while b"READY=1" not in listener.recv(4096).splitlines():
                pass
            return (time.monotonic() - began) * 1000

    def stop(self):
        """An orderly stop."""
        self.end(signal.SIGTERM)

    def kill(self):
        """Without a word, as a crash."""
        self.end(signal.SIGKILL)

    def end(self, how):
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(timeout=30)
            self.process = None

    def resident(self):
        """Resident memory in MiB."""
        with open(f"/proc/{self.process.pid}/status") as status:
            kib = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
        return kib / 1024

    def command(self, *line):
        """What a command says of the running box."""
        return json.loads(tools.run(self.binary, *line, "--json", "--config", self.config, seconds=30))

    def connect(self):
        """A connection to be used again."""
        context = ssl._create_unverified_context()
        return http.client.HTTPSConnection("127.0.0.1", self.port, context=context, timeout=10)

    def ask(self, method, path):
        """One request on a connection of its own: status, headers, body."""
        door = self.connect()
        door.request(method, path)
        answer = door.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read().decode()

    def create_space(self, current=0):
        """A new space with the largest maximum; answers its id."""
        status, _, body = self.ask("PUT", f"/space/new/occupancy/current/{current}/max/100000")
        assert status == 200, body
        return json.loads(body)["space_id"]

    def get(self, space):
        """Headers and body of a space."""
        status, headers, body = self.ask("GET", f"/space/{space}")
        assert status == 200, body
        return headers, body

    def changes(self, space):
        """The number of the newest change of a space; every change in the book has one, in order."""
        headers, _ = self.get(space)
        return int(headers["etag"].strip('"').split(".")[1])


class Nginx:
    """nginx that answers a fixed body of the same length with the same headers."""

    def __init__(self, folder, identity, example):
        folder.mkdir()
        headers, body = example
        self.port = free_port()
        self.url = f"https://127.0.0.1:{self.port}"
        own = {"content-type", "content-length", "date", "connection", "server"}
        lines = [f"add_header {name} '{value}';" for name, value in headers.items() if name.lower() not in own]
        chain, key = identity
        self.config = folder / "nginx.conf"
        self.config.write_text(NGINX.format(folder=folder, port=self.port, chain=chain, key=key,
                                            headers="\n        ".join(lines), body=body))
        self.folder, self.process = folder, None

    def __enter__(self):
        line = [shutil.which("nginx"), "-p", self.folder, "-e", self.folder / "error.log", "-c", self.config]
        self.process = subprocess.Popen(line)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return self
            except OSError:
                assert self.process.poll() is None, (self.folder / "error.log").read_text()
        raise TimeoutError("nginx does not listen")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=10)
