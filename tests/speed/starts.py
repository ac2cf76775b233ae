"""How soon the box is ready with many spaces, and how much memory an empty one takes."""

import re
import time

from . import tools
from .servers import Lodge, certificate
from .table import bounded

# How long an empty box is watched, in seconds.
IDLE = 5


def measure(folder, binary, spaces, repeats):
    """Rows for start times and memory."""
    identity = certificate(folder)
    empty = Lodge(folder / "empty", binary, identity)
    with empty:
        resident = watch(empty)
    box = Lodge(folder / "full", binary, identity)
    with box:
        fill(box, spaces)
        box.stop()
        clean, crashed = [], []
        for _ in range(repeats):
            clean.append(box.start())
            box.stop()
        box.start()
        for _ in range(repeats):
            box.kill()
            crashed.append(box.start())
        full = box.resident()
    print(f"(with {spaces:,} spaces the box holds {full:.1f} MiB after its start)")
    return [
        bounded(f"READY with {spaces:,} spaces after a clean stop", clean, "ms", 500),
        bounded(f"READY with {spaces:,} spaces after kill -9", crashed, "ms", 2000),
        bounded("resident memory, idle, empty store", [resident], "MiB", 40),
    ]


def fill(box, spaces):
    """Makes the spaces through the API."""
    said = tools.run("h2load", "-t1", "-c16", "-m16", "-n", spaces, "-H", ":method: PUT",
                     box.url + "/space/new/occupancy/current/3/max/50", seconds=300)
    assert re.search(rf"{spaces} succeeded, 0 failed, 0 errored", said), said


def watch(box):
    """The most memory an idle box holds while it is watched, in MiB."""
    most = 0
    for _ in range(IDLE):
        time.sleep(1)
        most = max(most, box.resident())
    return most
