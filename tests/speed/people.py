"""What people wait for: a change on a thousand screens while others are counted, and a day out of a year's history.

1,000 listeners hear of one space over server-sent events; meanwhile 1,000 changes a second go on in another. A change
counts as seen when its bytes can be read by the listener, from the moment it was asked for: the write to disk is in it.
The listeners only note when that is, and read afterwards: else a thousand decryptions here would be measured.
"""

import json
import select
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
    listeners = {}
    trust = ssl.create_default_context()
    trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
    try:
        for _ in range(LISTENERS):
            stream = listener(box, trust, watched, token)
            listeners[stream.fileno()] = stream
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
        for stream in listeners.values():
            stream.close()


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
    hand, edges = box.connect(), select.epoll()
    for number in listeners:
        edges.register(number, select.EPOLLIN | select.EPOLLET)
    while time.monotonic() < end:
        read_all(listeners)
        edges.poll(0)
        began, seen = time.monotonic(), {}
        hand.request("PUT", f"/space/{watched}/increment")
        while len(seen) < LISTENERS:
            ready = edges.poll(10)
            now = time.monotonic()
            assert ready, f"{LISTENERS - len(seen)} listeners heard nothing"
            for number, _ in ready:
                seen.setdefault(number, now)
        answer = hand.getresponse()
        assert answer.status == 200, answer.read()
        answer.read()
        if all(b"event: changed" in heard for heard in read_all(listeners)):
            # Else something else, as a heartbeat, was taken for the change.
            took += [(at - began) * 1000 for at in seen.values()]
    hand.close()
    edges.close()
    took.sort()
    assert len(took) >= 10 * LISTENERS, f"only {len(took) // LISTENERS} changes were seen"
    return took[int(len(took) * 0.99)]


def read_all(listeners):
    """What every listener has been sent and has not read."""
    heard = []
    for stream in listeners.values():
        told = b""
        try:
            while part := stream.recv(16_384):
                told += part
            raise AssertionError("a listener was cut")
        except ssl.SSLWantReadError:
            heard.append(told)
    return heard
