"""What the mediator adds to a read of a meter."""

import json
import subprocess
import sys
from statistics import median

from . import tools
from .servers import Lodge, certificate
from .table import Row

SERIAL = "EML0000000001"
# What the mediator may add at the 99th percentile, in milliseconds.
MOST = 1.0

SECTIONS = """
[grpc]
listen = ["127.0.0.1:0"]
[limits.grpc]
per_address = "off"
per_client = "off"
[meters]
request_gap = "0s"
[[meter]]
serial = "{serial}"
link = "tcp://{link}"
hardware = "EMA1.w"
"""


def python():
    """A Python with grpcio, made when it is not there."""
    place = tools.ROOT / "target" / "grpcio"
    if not (place / "bin" / "python").exists():
        tools.run("python3", "-m", "venv", place, seconds=120)
        tools.run(place / "bin" / "pip", "install", "--quiet", "grpcio>=1.70", "grpcio-reflection>=1.70",
                  "grpcio-health-checking>=1.70", seconds=300)
    return place / "bin" / "python"


def measure(folder, binary, rounds, seconds):
    """The row: reads through the mediator beside the same reads on the meter's own link."""
    line = [binary, "simulate", "meter", "--listen", "127.0.0.1:0", "--serial", SERIAL]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as meter:
        try:
            link = json.loads(meter.stdout.readline())["address"]
            box = Lodge(folder / "mediator", binary, certificate(folder))
            box.config.write_text(box.config.read_text() + SECTIONS.format(serial=SERIAL, link=link))
            with box:
                return [row(*calls(box, link, rounds, seconds))]
        finally:
            meter.kill()


def calls(box, link, rounds, seconds):
    def command(*line):
        return tools.run(box.binary, *line, "--config", box.config, seconds=30)

    # Nobody else is to ask the meter meanwhile.
    command("mediators", "stop", SERIAL)
    out = box.folder / "client"
    command("pki", "grpc", "--name", "bench", "--role", "internal", "--out", out)
    door = json.loads(command("status", "--json"))["doors"]["grpc"][0]
    driver = tools.ROOT / "tests" / "speed" / "mediator_calls.py"
    said = tools.run(python(), driver, door, box.folder / "data/pki/grpc/root.cert.pem", out / "bench.chain.pem",
                     out / "bench.key.pem", link, SERIAL, rounds, seconds, seconds=60 + 4 * rounds * seconds)
    found = json.loads(said)
    return found["through"], found["direct"]


def row(through, direct):
    added = [mine - other for mine, other in zip(through, direct)]
    middle = median(added)
    spread = f"{middle:+.2f} ms ({min(added):+.2f} to {max(added):+.2f})"
    return Row("a read through the mediator, 200/s, mutual TLS, p99", f"{median(through):.2f} ms",
               f"the meter's own link {median(direct):.2f} ms", spread, f"<= +{MOST:g} ms", middle <= MOST)


if __name__ == "__main__":
    sys.exit("run tests/bench --only meters")
