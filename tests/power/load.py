"""Work for the box while the power may go, and what it must still know afterwards."""

import http.client
import json
import os
import ssl
import subprocess
import threading
import time
import uuid


class Box:
    """The built binary with its configuration."""

    def __init__(self, binary, folder, data, port, meter_port):
        self.binary, self.data, self.port = binary, data, port
        self.meter_port = meter_port
        self.config = os.path.join(folder, "config.toml")
        self.log = open(os.path.join(folder, "log"), "ab")
        self.process = self.meter = None
        text = f"""data_dir = "{data}/box"
admin_socket = "{folder}/admin.sock"
[https]
listen = ["127.0.0.1:{port}"]
[limits.https]
per_address = "off"
per_client = "off"
[occupancy]
idle_expiry = "0s"
create_limit = "off"
[meters]
request_gap = "2ms"
backfill = "3d"
[[meter]]
serial = "EML2137580901"
link = "tcp://127.0.0.1:{meter_port}"
"""
        with open(self.config, "w") as file:
            file.write(text)

    def command(self, *arguments, check=True):
        done = subprocess.run([self.binary, "--config", self.config, *arguments], capture_output=True, text=True)
        if check and done.returncode != 0:
            raise RuntimeError(f"{arguments}: {done.returncode}: {done.stderr}")
        return done

    def start(self):
        if self.meter is None:
            simulate = ["simulate", "meter", "--listen", f"127.0.0.1:{self.meter_port}", "--serial", "EML2137580901"]
            self.meter = subprocess.Popen([self.binary, *simulate, "--household"], stdout=self.log, stderr=self.log)
        self.process = subprocess.Popen([self.binary, "--config", self.config, "serve"], stdout=self.log, stderr=self.log)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise RuntimeError(f"the box ended with {self.process.returncode}; see {self.log.name}")
            try:
                if self.ask("GET", "/healthz")[0] == 200:
                    return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError("the box does not answer within 60 s")

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def end(self):
        self.kill()
        if self.meter:
            self.meter.kill()
            self.meter.wait()

    def ask(self, method, path, body=None, headers=None, line=None):
        line = line or self.line()
        text = None if body is None else json.dumps(body)
        headers = dict(headers or {}) | ({"content-type": "application/json"} if text else {})
        line.request(method, path, text, headers)
        answer = line.getresponse()
        data = answer.read()
        return answer.status, json.loads(data) if data[:1] in b"{[" and data else data

    def line(self):
        context = ssl._create_unverified_context()
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=20, context=context)


class Work:
    """Counts, changes and files; what was acknowledged, and what was asked for at most."""

    def __init__(self, box, token):
        self.box, self.token = box, token
        self.lock = threading.Lock()
        self.acknowledged, self.sent = {}, {}
        self.keys = []  # (space, key, by), each acknowledged
        self.files = []  # (command, folder or file, names)
        self.over, self.cut = threading.Event(), threading.Event()
        self.threads = []

    def begin(self):
        self.over.clear()
        works = [self.count, self.count, self.change, self.change, self.command]
        self.threads = [threading.Thread(target=self.guarded, args=(work,), daemon=True) for work in works]
        for thread in self.threads:
            thread.start()

    def end(self):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def guarded(self, work):
        try:
            work()
        except (OSError, http.client.HTTPException, RuntimeError, ValueError) as error:
            # The box was killed under it; what was acknowledged until then counts.
            if not self.cut.is_set():
                print(f"    {work.__name__} ended before the cut: {error!r}", flush=True)

    def snapshot(self):
        with self.lock:
            return dict(self.acknowledged), list(self.keys), list(self.files)

    def note(self, space, by):
        with self.lock:
            self.acknowledged[space] = self.acknowledged.get(space, 0) + by

    def intend(self, space, by):
        with self.lock:
            self.sent[space] = self.sent.get(space, 0) + by

    def count(self):
        """The old URLs."""
        line = self.box.line()
        status, made = self.box.ask("PUT", "/space/new/occupancy/current/0/max/100000", line=line)
        if status not in (200, 201):
            raise RuntimeError(f"{status} {made}")
        space = made["space_id"]
        self.note(space, 0)
        while not self.over.is_set():
            self.intend(space, 1)
            status, _ = self.box.ask("PUT", f"/space/{space}/increment", line=line)
            if status == 200:
                self.note(space, 1)

    def change(self):
        """/v1, each change with a key of its own."""
        line, head = self.box.line(), {"authorization": f"Bearer {self.token}"}
        body = {"name": "power", "maximum": 100_000}
        status, made = self.box.ask("POST", "/v1/spaces", body, head | {"idempotency-key": str(uuid.uuid4())}, line)
        if status != 201:
            raise RuntimeError(f"{status} {made}")
        space, by = made["id"], 0
        self.note(space, 0)
        while not self.over.is_set():
            by, key = by % 9 + 1, str(uuid.uuid4())
            self.intend(space, by)
            path = f"/v1/spaces/{space}/change"
            status, _ = self.box.ask("POST", path, {"by": by}, head | {"idempotency-key": key}, line)
            if status == 200:
                self.note(space, by)
                with self.lock:
                    self.keys.append((space, key, by))

    def command(self):
        """Commands that say that they are done."""
        out = os.path.join(self.box.data, "out")
        os.makedirs(out, exist_ok=True)
        day = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 2 * 86_400))
        while not self.over.is_set():
            name = f"n{uuid.uuid4().hex[:8]}"
            folder = os.path.join(out, name)
            self.box.command("pki", "client", "--name", name, "--out", folder)
            self.done("pki", folder)
            backup = os.path.join(out, f"{name}.backup")
            self.box.command("backup", backup, "--without-keys")
            self.done("backup", backup)
            days = os.path.join(out, f"{name}-days")
            os.makedirs(days)
            got = self.box.command("profile-download", "-s", "EML2137580901", "--date", day, "--output", days, check=False)
            if got.returncode == 0:
                self.done("profile-download", days)

    def done(self, command, path):
        with self.lock:
            self.files.append((command, path))
