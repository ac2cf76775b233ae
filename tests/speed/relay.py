"""The relay: echoes beside the original's figures and beside the same two peers without it, pairs, memory."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

from . import tools
from .servers import free_port
from .table import Row, bounded, compared

PYTHON = tools.ROOT / "target/websockets/bin/python"
ECHO = Path(__file__).with_name("echo.py")
# Messages a second that the original relays with ten pairs and eight messages under way (RELAY §8);
# another machine, so it is an order of magnitude and no more.
ORIGINAL = 7_267

CONFIG = """
data_dir = "{folder}/data"
admin_socket = "{folder}/admin.sock"
[relay]
listen = ["127.0.0.1:{port}"]
[log]
filter = "warn"
"""


def measure(folder, binary, rounds, seconds):
    """All rows of the relay."""
    if not PYTHON.exists():
        sys.exit(f"{PYTHON} is missing; tests/run makes it")
    return loads(seconds) + peers(folder, binary, rounds, seconds)


def loads(seconds):
    """What the generator in tests/it/relay/load.rs sees; it shares the cores with the relay and takes more of them."""
    line = ["cargo", "test", "--release", "--locked", "--test", "it", "relay::load", "--",
            "--ignored", "--nocapture", "--test-threads", "1"]
    done = subprocess.run(line, cwd=tools.ROOT, capture_output=True, text=True, timeout=3600,
                          env={**os.environ, "GATELODGE_TEST_RELAY_SECONDS": str(seconds)})
    if done.returncode != 0:
        sys.exit(f"{' '.join(line)}\n{done.stdout}{done.stderr}")
    found = [dict(re.findall(r"(\w+)=([\d.]+)", text)) | {"kind": text.split()[0]}
             for text in done.stdout.splitlines() if re.match(r"(echo|direct|pairs|idle) ", text)]
    rows = []
    for seen in (seen for seen in found if seen["kind"] == "echo"):
        rate, name = float(seen["messages_per_s"]), f"relay: echo {seen['pairs']}:{seen['window']}"
        busy = f"relay takes {seen['relay_cores']} cores"
        if (seen["pairs"], seen["window"]) == ("10", "8"):
            ratio = rate / ORIGINAL
            rows.append(Row(name, f"{rate:,.0f} messages/s", f"original {ORIGINAL:,}/s; {busy}", f"{ratio:.1f}",
                            ">= 10", ratio >= 10))
        else:
            rows.append(Row(name, f"{rate:,.0f} messages/s, p99 {seen['p99_ms']} ms", busy, "-", "reported", True))
        if (seen["pairs"], seen["window"]) == ("1", "1"):
            rows.append(bounded("relay: p99 of one pair", [float(seen["p99_ms"])], "ms", 2))
    for seen in found:
        if seen["kind"] == "pairs":
            rows.append(bounded("relay: 200 pairs formed at once", [float(seen["seconds"])], "s", 2))
        if seen["kind"] == "idle":
            name = f"relay: memory of an idle connection ({int(seen['connections']):,} open)"
            rows.append(bounded(name, [float(seen["kib_per_connection"])], "KiB", 40))
    return rows


def peers(folder, binary, rounds, seconds):
    """The same two peers, programs of somebody else, through the relay and directly."""
    folder = folder / "relay"
    folder.mkdir()
    port = free_port()
    config = folder / "config.toml"
    config.write_text(CONFIG.format(folder=folder, port=port))
    base = [str(binary), "--config", str(config)]
    # Before the box runs, the command opens its folder itself.
    tools.run(*base, "pki", "init", seconds=30)
    issued = json.loads(tools.run(*base, "pki", "relay", "--name", "localhost", "--out", folder / "peer", "--json",
                                  seconds=30))
    rows = []
    with subprocess.Popen([*base, "serve"], stdout=subprocess.DEVNULL) as box:
        try:
            while socket.socket().connect_ex(("127.0.0.1", port)) != 0:
                if box.poll() is not None:
                    sys.exit("the box did not start")
                time.sleep(0.02)
            bundle, root = issued["pkeycert"], str(folder / "data/pki/relay/root.cert.pem")
            url = f"wss://127.0.0.1:{port}/micronets/v1/ws-proxy/speed"
            for window in [1, 32]:
                through, directly = [], []
                for _ in range(rounds):
                    through.append(asked(["meet", url, root, bundle], lambda _: url, root, bundle,
                                         [window, seconds, "hello"]))
                    directly.append(asked(["serve", bundle], lambda port: f"wss://127.0.0.1:{port}/", root, bundle,
                                          [window, seconds, "-"]))
                rates = lambda seen: [rate for rate, _ in seen]
                rows.append(compared(f"relay: echo of two Python peers, {window} under way", rates(through),
                                     "directly", rates(directly), least=0.7))
        finally:
            box.terminate()
    return rows


def asked(other, url, root, bundle, how):
    """Starts one peer, lets the other ask it, and answers what that saw."""
    with subprocess.Popen([PYTHON, ECHO, *other], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as peer:
        try:
            said = peer.stdout.readline().strip()
            line = [PYTHON, ECHO, "ask", url(said), root, bundle, *map(str, how)]
            return json.loads(tools.run(*line, seconds=60))
        finally:
            peer.terminate()
