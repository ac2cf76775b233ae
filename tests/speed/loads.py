"""Loads that both servers carry in turn: reading, new connections, and counting on disk."""

import os
import re
import time
from statistics import median

from . import tools
from .table import bounded, compared, reported

CONNECTIONS = 64

# Counts up on every space in turn.
MANY = """
local requests, sent = {{}}, 0
init = function()
  for place, space in ipairs({{ {paths} }}) do
    requests[place] = wrk.format("PUT", "/space/" .. space .. "/increment")
  end
end
request = function()
  sent = sent + 1
  return requests[sent % #requests + 1]
end
"""

# Up, and down again before the space is full: every request must change the book.
ONE = """
local up, down, sent = nil, nil, 0
init = function()
  up = wrk.format("PUT", "/space/{space}/increment")
  down = wrk.format("PUT", "/space/{space}/decrement")
end
request = function()
  sent = sent + 1
  if math.floor(sent / 40000) % 2 == 0 then return up else return down end
end
"""


def measure(folder, box, nginx, spaces, rounds, seconds):
    """All rows of the table that nginx or our own reading is the yardstick of."""
    read = f"/space/{spaces[0]}"
    names = ["get", "nginx get", "h2", "nginx h2", "new", "nginx new", "one", "many"]
    seen = {name: [] for name in names}
    p99 = {"one": [], "many": []}
    syncs = []
    for _ in range(rounds):
        for prefix, server in [("", box), ("nginx ", nginx)]:
            seen[prefix + "get"].append(wrk(server, read, seconds)[0])
        for prefix, server in [("", box), ("nginx ", nginx)]:
            seen[prefix + "h2"].append(h2load(server, read, seconds))
        for prefix, server in [("", box), ("nginx ", nginx)]:
            seen[prefix + "new"].append(wrk(server, read, seconds, connections=16, close=True)[0])
        syncs.append(sync(folder))
        fresh = box.create_space(current=10_000)
        for name, script in [
            ("one", ONE.format(space=fresh)),
            ("many", MANY.format(paths=", ".join(f'"{space}"' for space in spaces))),
        ]:
            seen[name].append(count(folder, box, script, seconds))
        for name, some in [("one", [fresh]), ("many", spaces)]:
            p99[name].append(waits(folder, box, some, seconds))
    return [
        compared("GET of a space, TLS, HTTP/1.1", seen["get"], "nginx", seen["nginx get"], 0.8),
        compared("GET of a space, TLS, HTTP/2", seen["h2"], "nginx", seen["nginx h2"]),
        compared("new TLS connections, one GET each", seen["new"], "nginx", seen["nginx new"], 0.8),
        compared("durable increments, 1 space", seen["one"], "own GET", seen["get"], 0.6),
        compared("durable increments, 1,000 spaces", seen["many"], "own GET", seen["get"], 0.6),
        bounded("99 % of increments within, 1 space", p99["one"], "ms", 10),
        bounded("99 % of increments within, 1,000 spaces", p99["many"], "ms", 10),
        reported("one bare fdatasync on this disk, nothing else to do", syncs, "ms"),
    ]


def sync(folder):
    """What the disk takes for one append and fdatasync of 8 KiB, in ms: no answer can be sooner."""
    took = []
    with open(folder / "sync", "wb", buffering=0) as file:
        for _ in range(200):
            began = time.monotonic()
            file.write(bytes(8192))
            os.fdatasync(file.fileno())
            took.append((time.monotonic() - began) * 1000)
    return median(took)


def count(folder, box, script, seconds):
    """Increments; every answer must be a change in the book."""
    file = folder / "load.lua"
    file.write_text(script)
    before = box.changes(box.create_space())
    rate, answers = wrk(box, "/", seconds, script=file)
    changes = box.changes(box.create_space()) - before - 1
    assert changes >= answers, f"{answers} answers, but only {changes} changes in the book"
    return rate


def waits(folder, box, spaces, seconds):
    """The time within which 99 % of increments were answered, in ms.

    Taken from a log of every request: the percentiles that wrk prints are filled up with requests that it
    would have sent while it waited, so one pause of the disk fills them.
    """
    uris, log = folder / "uris", folder / "waits"
    uris.write_text("".join(f"{box.url}/space/{space}/increment\n" for space in spaces))
    log.unlink(missing_ok=True)
    said = tools.run("h2load", "--h1", "-t1", f"-c{CONNECTIONS}", "-D", seconds, "-H", ":method: PUT",
                     f"--log-file={log}", "-i", uris, seconds=seconds + 30)
    assert re.search(r"\b0 failed, 0 errored", said), said
    took = sorted(int(line.split("\t")[2]) / 1000 for line in log.read_text().splitlines())
    assert len(took) > 1000, said
    return took[int(len(took) * 0.99)]


def wrk(server, path, seconds, connections=CONNECTIONS, close=False, script=None):
    """Answers a second, and how many came."""
    line = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s"]
    line += ["-H", "Connection: close"] if close else []
    line += ["-s", script] if script else []
    said = tools.run(*line, server.url + path, seconds=seconds + 30)
    assert "Non-2xx" not in said, said
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", said).group(1))
    answers = int(re.search(r"(\d+) requests in", said).group(1))
    return rate, answers


def h2load(server, path, seconds):
    """Answers a second over HTTP/2."""
    said = tools.run("h2load", "-t1", "-c16", "-m16", "-D", seconds, server.url + path, seconds=seconds + 30)
    assert re.search(r"\b0 failed, 0 errored", said), said
    return float(re.search(r"finished in [\d.]+\w+, ([\d.]+) req/s", said).group(1))
