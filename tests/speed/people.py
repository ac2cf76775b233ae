"""What people wait for: a change on a thousand screens while others are counted, and a day out of a year's history.

1,000 listeners hear of one space over server-sent events; meanwhile 1,000 changes a second go on in another. A change
counts as seen when its bytes can be read by the listener, from the moment it was asked for: the write to disk is in it.
"""

import json
import selectors
import socket
import ssl
import subprocess
import time

from .table import bounded

LISTENERS = 1_000
CHANGES_A_SECOND = 1_000
CLIENTS = 10


def measure(box, rounds, seconds):
    """Both rows."""
    token = box.command("token", "create", "--name", "bench", "--scope", "spaces:admin")["token"]
    seen = listening(box, token, rounds, seconds)
    return [bounded("99 % of 1,000 listeners see a change within, 1,000 changes/s beside", seen, "ms", 50)]


def listening(box, token, rounds, seconds):
    """The time within which 99 % of what was to be seen was seen, for each round."""
    watched, busy = box.create_space(), box.create_space()
    listeners = selectors.EpollSelector()
    trust = ssl.create_default_context()
    trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
    try:
        for _ in range(LISTENERS):
            listeners.register(listener(box, trust, watched, token), selectors.EVENT_READ)
        load = [
            "h2load", "-t1", f"-c{CLIENTS}", "-m1", f"--rps={CHANGES_A_SECOND // CLIENTS}",
            "-D", str(rounds * seconds + 2), "-H", ":method: PUT", f"{box.url}/space/{busy}/increment",
        ]
        with subprocess.Popen(load, stdout=subprocess.PIPE, text=True) as beside:
            # Its connections stand before anything is measured.
            time.sleep(1)
            slowest = [one_round(box, listeners, watched, seconds) for _ in range(rounds)]
            said, _ = beside.communicate(timeout=60)
        changed = json.loads(box.get(busy)[1])["occupancy"]["current"]
        least = 0.9 * CHANGES_A_SECOND * rounds * seconds
        assert changed >= least, f"only {changed} changes went on beside\n{said}"
        return slowest
    finally:
        for key in list(listeners.get_map().values()):
            key.fileobj.close()
        listeners.close()


def listener(box, trust, space, token):
    """A connection that has been told how the space is."""
    stream = trust.wrap_socket(socket.create_connection(("127.0.0.1", box.port)), server_hostname="localhost")
    stream.sendall(f"GET /v1/spaces/{space}/events HTTP/1.1\r\nhost: localhost\r\n"
                   f"authorization: Bearer {token}\r\n\r\n".encode())
    told = b""
    while b"event: state" not in told or not told.endswith(b"\n\n\r\n"):
        part = stream.recv(16_384)
        assert part, told
        told += part
    stream.setblocking(False)
    return stream


def one_round(box, listeners, watched, seconds):
    """Changes one after the other, each waited for by everybody."""
    took, end = [], time.monotonic() + seconds
    hand = box.connect()
    while time.monotonic() < end:
        began = time.monotonic()
        hand.request("PUT", f"/space/{watched}/increment")
        waiting = LISTENERS
        while waiting:
            ready = listeners.select(timeout=10)
            assert ready, f"{waiting} listeners heard nothing"
            for key, _ in ready:
                try:
                    heard = key.fileobj.recv(16_384)
                except ssl.SSLWantReadError:
                    continue
                assert heard, "a listener was cut"
                if b"event: changed" in heard:
                    took.append((time.monotonic() - began) * 1000)
                    waiting -= 1
        answer = hand.getresponse()
        assert answer.status == 200, answer.read()
        answer.read()
    hand.close()
    took.sort()
    return took[int(len(took) * 0.99)]
