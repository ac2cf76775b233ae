"""Walks the API with a client that a foreign generator (openapi-python-client) made out of /openapi.json.

Takes the folder that the generated package `client` is in, the box's address, the file of its root, a token, and a
meter's serial; ends with 0 when every step did what the document says.
"""

import importlib
import json
import ssl
import sys
import threading

folder, url, root, token, serial = sys.argv[1:6]
sys.path.insert(0, folder)

client_module = importlib.import_module("client")
models = importlib.import_module("client.models")
trust = ssl.create_default_context(cafile=root)
client = client_module.AuthenticatedClient(base_url=url, token=token, verify_ssl=trust, timeout=20)


def call(tag, name):
    """The generated function that gives status, headers and what was read."""
    return importlib.import_module(f"client.api.{tag}.{name}").sync_detailed


def expect(what, found, wanted):
    if found != wanted:
        sys.exit(f"{what}: {found!r}, not {wanted!r}")
    print(what, "is right")


# Create, twice under one key: it is made once.
hall = models.NewSpace(name="Hall", maximum=10, thresholds=models.Thresholds(warn=50, full=90))
create = call("spaces", "post_spaces")
made = create(client=client, body=hall, idempotency_key="walk-1")
expect("a new space", (int(made.status_code), type(made.parsed)), (201, models.SpaceMade))
again = create(client=client, body=hall, idempotency_key="walk-1")
expect("the same again", again.parsed.id, made.parsed.id)
space, tag = made.parsed.id, made.headers["etag"]

# Its stream, which is heard while changes are made.
begun, heard = threading.Event(), []


def listen():
    arguments = importlib.import_module("client.api.spaces.get_spaces_id_events")._get_kwargs(id=space)
    with client.get_httpx_client().stream(**arguments) as stream:
        expect("the stream", stream.headers["content-type"], "text/event-stream")
        kind = None
        for line in stream.iter_lines():
            if line.startswith("event: "):
                kind = line.removeprefix("event: ")
            elif line.startswith("data: "):
                heard.append((kind, json.loads(line.removeprefix("data: "))))
                begun.set()
                if kind == "changed":
                    return


listener = threading.Thread(target=listen, daemon=True)
listener.start()
if not begun.wait(20):
    sys.exit("the stream did not begin")
expect("how it begins", heard[0][0], "state")

# Change, with versions.
change = call("spaces", "post_spaces_id_change")
changed = change(client=client, id=space, body=models.Change(by=3), if_match=tag)
expect("people who come", (changed.parsed.applied, changed.parsed.space.current), (3, 3))
stale = change(client=client, id=space, body=models.Change(by=1), if_match=tag)
expect("an old version", (int(stale.status_code), type(stale.parsed)), (412, models.Problem))
wrong = change(client=client, id=space, body=models.Change(by=0))
expect("nobody who comes", (int(wrong.status_code), wrong.parsed.status), (422, 422))
full = change(client=client, id=space, body=models.Change(by=9, policy=models.Policy.REJECT))
expect("too many at once", int(full.status_code), 409)
listener.join(20)
expect("what was heard", (heard[-1][0], heard[-1][1]["current"]), ("changed", 3))

# Lists, history, and a space that is not there.
listed = call("spaces", "get_spaces")(client=client, name="Hall", limit=5)
expect("the list", space in [one.id for one in listed.parsed.spaces], True)
history = call("spaces", "get_spaces_id_history")(client=client, id=space, step="raw")
expect("history", (int(history.status_code), type(history.parsed)), (200, models.HistoryShown))
missing = call("spaces", "get_spaces_id")(client=client, id="7fcccca5-5ee3-4c82-a0fc-4d1df69a882d")
expect("no such space", (int(missing.status_code), type(missing.parsed)), (404, models.Problem))

# Meters.
meters = call("meters", "get_meters")(client=client, limit=1)
expect("a page of meters", len(meters.parsed.meters), 1)
meter = call("meters", "get_meters_serial")(client=client, serial=serial)
expect("a meter", meter.parsed.serial, serial)
intervals = call("meters", "get_meters_serial_intervals")(client=client, serial=serial)
expect("half-hours", (int(intervals.status_code), len(intervals.parsed.intervals) > 0), (200, True))

# The old URLs.
counted = call("occupancy", "put_space_id_increment")(client=client, id=space)
expect("one more by the old URL", counted.parsed.occupancy.current, 4)
gone = call("spaces", "delete_spaces_id")(client=client, id=space)
expect("the end", int(gone.status_code), 204)
