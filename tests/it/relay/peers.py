"""Peers of the relay, as somebody else writes them: the `websockets` package for Python.

    peers.py BASE_URL CA_FILE BUNDLE SCENARIO [ARGUMENT...]

Each scenario is a function below, or one of another file here (`compressed.legs`); it fails with a traceback and says nothing when all is well.
"""

import asyncio
import base64
import importlib
import json
import os
import ssl
import struct
import sys
import time

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Opcode

PATIENCE = 15


def hello(number=0, **more):
    message = {"messageId": number, "messageType": "CONN:HELLO", "requiresResponse": False} | more
    return json.dumps({"message": message})


class Peer(ClientConnection):
    """A connection that remembers the pings it was sent."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.pings = []

    def process_event(self, event):
        if getattr(event, "opcode", None) is Opcode.PING:
            self.pings.append(bytes(event.data))
        super().process_event(event)


class Relay:
    def __init__(self, url, ca_file, bundle):
        self.url = url
        self.ca_file = ca_file
        self.bundle = bundle
        self.trust = self.trusting(bundle)
        self.fresh = 0

    def trusting(self, bundle):
        # As the known peers do it: the root is required, no host name is checked.
        trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        trust.load_verify_locations(self.ca_file)
        trust.check_hostname = False
        if bundle:
            trust.load_cert_chain(bundle)
        return trust

    def new(self):
        self.fresh += 1
        return f"test/{os.getpid()}/{self.fresh}"

    async def dial(self, id, bundle=None, **options):
        options = {"compression": None, "max_size": None, "ping_interval": None, "open_timeout": PATIENCE} | options
        trust = self.trusting(bundle) if bundle else self.trust
        return await connect(self.url + id, ssl=trust, create_connection=Peer, **options)

    async def come(self, id, text=None, **options):
        peer = await self.dial(id, **options)
        await peer.send(text or hello(peerClass="test"))
        return peer

    async def pair(self, id=None, **options):
        id = id or self.new()
        a = await self.come(id, hello(1, peerId="a"), **options)
        b = await self.come(id, hello(2, peerId="b"), **options)
        assert who(await hear(a)) == "b" and who(await hear(b)) == "a"
        return a, b


async def hear(peer, patience=PATIENCE):
    return await asyncio.wait_for(peer.recv(), patience)


def who(text):
    return json.loads(text)["message"]["peerId"]


async def end(peer, patience=PATIENCE):
    """The close code and reason that a peer is told."""
    try:
        while True:
            await hear(peer, patience)
    except ConnectionClosed as closed:
        return (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (None, None)


async def raw(peer, data):
    """Bytes past the library, which would not send them."""
    peer.transport.write(data)


def frame(first, payload, mask=b"\x01\x02\x03\x04"):
    head = bytes([first])
    length = len(payload)
    if length < 126:
        head += bytes([0x80 | length])
    elif length < 65536:
        head += bytes([0x80 | 126]) + struct.pack("!H", length)
    else:
        head += bytes([0x80 | 127]) + struct.pack("!Q", length)
    return head + mask + bytes(byte ^ mask[place & 3] for place, byte in enumerate(payload))


async def replay(relay, transcript):
    """The frames recorded at the original, with close_codes = "original"."""
    with open(transcript) as file:
        lines = [json.loads(line) for line in file]
    names = {"src": "A", "dst": "B"}
    peers, greeted, place, checked = {}, set(), relay.new(), 0

    async def open_peer(name, keep):
        nonlocal place
        if name == "A" or (name == "X" and not keep):
            for other in list(peers):
                await peers.pop(other).close()
            greeted.clear()
            place = relay.new()
        peers[name] = await relay.dial(place)
        greeted.discard(name)

    for number, line in enumerate(lines):
        name, kind, data = names.get(line["peer"], line["peer"]), line["kind"], line["data"]
        if kind == "http":
            following = next((later for later in lines[number + 1 :] if later["peer"] == line["peer"]), {})
            if following.get("kind") == "close" and following["data"].startswith("1011"):
                # A path outside the prefix: the original upgrades and closes, a 404 before that is allowed (RELAY §2.2).
                try:
                    await connect(relay.url.replace("ws-proxy", "elsewhere") + "x", ssl=relay.trust)
                    raise AssertionError("a path outside the prefix was upgraded")
                except InvalidStatus as refused:
                    assert refused.response.status_code == 404
                    checked += 1
                continue
            await open_peer(name, keep="third" in following.get("data", ""))
        elif line["dir"] == "send":
            if "CONN:HELLO" in data and (name in greeted or name not in peers):
                await open_peer(name, keep=False)
            if "CONN:HELLO" in data:
                greeted.add(name)
            await peers[name].send(data)
        elif kind == "text":
            if "REST:RESPONSE" in data:
                await peers["B" if name == "A" else "A"].send(data)
            heard = await hear(peers[name])
            if "CONN:HELLO" in data:
                assert json.loads(heard) == json.loads(data), (heard, data)
            else:
                assert heard == data, (heard, data)
            checked += 1
        elif kind == "ping":
            # It is on its way before anything else.
            await asyncio.wait_for(until(lambda: peers[name].pings), PATIENCE)
            assert len(peers[name].pings[0]) == len(base64.b64decode(data.removeprefix("base64:")))
            checked += 1
        elif kind == "close" and name in peers:
            code, reason = data.split(" ", 1)
            before = lines[number - 1]
            if before["dir"] == "send" and "early" in before["data"]:
                continue  # What is sent before a partner comes is kept now.
            if reason == "bye":
                await peers[name].close(int(code), reason)
            elif int(code) == 1002 and before["kind"] != "close":
                peers["A"].transport.abort()
            told = await end(peers.pop(name))
            assert told[0] == int(code), (told, data)
            assert int(code) == 1000 or told[1] == reason, (told, data)
            checked += 1
    # Every frame that was received, but for the good-bye to what was sent early.
    heard = sum(line["dir"] == "recv" and line["kind"] != "http" for line in lines)
    assert checked == heard - 1 > 50, (checked, heard)


async def until(found):
    while not found():
        await asyncio.sleep(0.005)


async def orders(relay):
    """However connects and HELLOs fall, two peers pair, and the HELLO is the first that each hears."""
    for first_speaks, delay in [(0, 0), (1, 0), (0, 0.05), (1, 0.05)]:
        id = relay.new()
        peers = [await relay.dial(id), await relay.dial(id)]
        order = [first_speaks, 1 - first_speaks]
        for place in order:
            await peers[place].send(hello(place, peerId=str(place)))
            await peers[place].send(f"right behind {place}")
            await asyncio.sleep(delay)
        for place in order:
            assert who(await hear(peers[place])) == str(1 - place)
            assert await hear(peers[place]) == f"right behind {1 - place}"
    # One that is silent on the path is nobody's partner, and hears nothing.
    id = relay.new()
    silent = await relay.dial(id)
    a, b = await relay.pair(id)
    await a.send("x")
    assert await hear(b) == "x"
    code, reason = await end(silent)
    assert code == 4408, (code, reason)


async def together(relay, rounds):
    """Two that arrive at once pair, every time."""

    async def one(id, name):
        peer = await relay.come(id, hello(peerId=name))
        heard = who(await hear(peer))
        await peer.send(f"from {name}")
        return heard, await hear(peer), peer

    began = time.monotonic()
    id = relay.new()
    for _ in range(int(rounds)):
        (a, from_b, first), (b, from_a, second) = await asyncio.gather(one(id, "a"), one(id, "b"))
        assert (a, b, from_a, from_b) == ("b", "a", "from a", "from b")
        # Gone without a word, and back at once at the same place.
        first.transport.abort()
        await second.close()
    print(f"{rounds} rounds in {time.monotonic() - began:.1f} s")


async def redial(relay):
    """A peer that comes back at once is paired, though the old partner is slow to close."""
    id = relay.new()
    a, b = await relay.pair(id)
    a.transport.abort()
    code, reason = await end(b, 3)
    assert (code, reason) == (1002, "the peer websocket disconnected")
    a, b = await relay.pair(id)
    # A partner that does not answer its good-bye has no place any more.
    b.transport.pause_reading()
    await a.close()
    c, d = await asyncio.wait_for(relay.pair(id), 3)
    await c.send("x")
    assert await hear(d) == "x"
    b.transport.abort()


async def bad(relay):
    """First messages that are no HELLO, and bytes that are no frames."""
    message = lambda **fields: json.dumps({"message": fields})
    right = {"messageId": 0, "messageType": "CONN:HELLO", "requiresResponse": False}
    without = lambda key: {name: value for name, value in right.items() if name != key}
    for text in [
        "hello there", "", "[]", "{}", "null", "3", '{"message": 3}', '{"other": {}}',
        message(**without("messageId")), message(**right | {"messageId": "0"}), message(**right | {"messageId": 0.5}),
        message(**right | {"messageId": True}), message(**without("messageType")),
        message(**right | {"messageType": "REST:REQUEST"}), message(**right | {"messageType": ["CONN:HELLO"]}),
        message(**without("requiresResponse")), message(**right | {"requiresResponse": "false"}),
        message(**right)[:-1], b"\xff\xfe",
    ]:
        peer = await relay.dial(relay.new())
        await peer.send(text)
        code, reason = await end(peer)
        assert code == 4400 and reason, (text, code, reason)
    # A HELLO in a binary frame, in pieces, with all sorts of extra, passes.
    id = relay.new()
    a = await relay.come(id, hello(-5, peerId="a", extra={"k": [1, None]}).encode())
    b = await relay.dial(id)
    await b.send(iter([hello(2**40, peerId="b")[:10], hello(2**40, peerId="b")[10:]]))
    assert (who(await hear(a)), who(await hear(b))) == ("b", "a")
    # Once paired, anything goes, a second HELLO too.
    await a.send(hello(7, peerId="again"))
    assert who(await hear(b)) == "again"
    assert (await end(await relay.come(relay.new(), hello(peerId="x" * 70_000))))[0] == 1009
    for data, code in [
        (bytes([0x81, 3]) + b"abc", 1002),  # not masked
        (frame(0xC1, b"abc"), 1002),  # reserved bit
        (frame(0x83, b"abc"), 1002),  # unknown opcode
        (frame(0x80, b"abc"), 1002),  # continuation of nothing
        (frame(0x09, b"abc"), 1002),  # ping in pieces
        (frame(0x89, b"a" * 126), 1002),  # long ping
        (frame(0x81, b"\xff\xfe"), 1007),
        (frame(0x01, b"\xc3") + frame(0x80, b"x"), 1007),
        (frame(0x88, b"\x03"), 1002),
        (frame(0x88, struct.pack("!H", 1005)), 1002),
        (bytes([0x82, 0xFF]) + struct.pack("!Q", 1 << 40) + b"mask", 1009),
        (frame(0xF3, os.urandom(300)), 1002),
    ]:
        a, b = await relay.pair()
        await raw(a, data)
        began = time.monotonic()
        assert await end(b, 1.0) == (1002, "the peer websocket disconnected"), data[:20]
        told = await end(a)
        assert told[0] == code, (data[:20], told)
        assert time.monotonic() - began < 1.5
    # The relay lives on.
    await relay.pair()


async def third(relay):
    """A third peer is turned away and the two notice nothing."""
    id = relay.new()
    a, b = await relay.pair(id)
    for _ in range(3):
        code, reason = await end(await relay.come(id))
        assert code == 4409 and reason
    await a.send("still?")
    assert await hear(b) == "still?"
    await b.send("yes")
    assert await hear(a) == "yes"


async def replace(relay, other):
    """Where the rule says so, a newer connection of the same certificate takes the place of the older one."""
    id = "replace/" + relay.new()
    a = await relay.come(id, hello(peerId="a"))
    b = await relay.come(id, hello(peerId="b"), bundle=other)
    assert who(await hear(a)) == "b"
    again = await relay.come(id, hello(peerId="again"))
    assert (await end(a))[0] == 4410
    # The partner has to come again, as always when it loses its partner.
    await hear(b)
    assert await end(b) == (1002, "the peer websocket disconnected")
    b = await relay.come(id, hello(peerId="b"), bundle=other)
    assert (who(await hear(again)), who(await hear(b))) == ("b", "again")
    # Where two are wanted, nobody meets an old connection of their own.
    id = "two/" + relay.new()
    await relay.come(id, hello(peerId="a"))
    assert (await end(await relay.come(id, hello(peerId="a"))))[0] == 4403
    await relay.come(id, hello(peerId="b"), bundle=other)


async def hold(relay):
    """Where the rule says so, who loses a partner is kept for the next one."""
    id = "hold/" + relay.new()
    a, b = await relay.pair(id)
    b.transport.abort()
    await asyncio.sleep(0.2)
    await a.send("meanwhile")
    b = await relay.come(id, hello(peerId="b again"))
    assert who(await hear(a)) == "b again"
    assert who(await hear(b)) == "a" and await hear(b) == "meanwhile"
    await b.send("back")
    assert await hear(a) == "back"
    # Nobody comes: the usual end.
    b.transport.abort()
    assert await end(a) == (1002, "the peer websocket disconnected")


async def carry(relay):
    """Kinds, bytes, order, sizes."""
    id = relay.new()
    for options in [{}, {"compression": "deflate"}]:
        a, b = await relay.pair(**options)
        for message in ["", b"", "text é \U0001f600", bytes(range(256)), "x" * 125, "x" * 126, b"y" * 65535, b"z" * 65536,
                        "é" * 40_000, b"m" * (1 << 20), os.urandom(8 << 20)]:
            await a.send(message)
            heard = await hear(b)
            assert type(heard) is type(message) and heard == message, len(message)
        await a.send(iter(["in ", "three ", "pieces"]))
        assert await hear(b) == "in three pieces"
        await a.send(iter([b"", b"", b""]))
        assert await hear(b) == b""

    async def send(peer, name):
        for number in range(10_000):
            await peer.send(f"{name} {number}")

    async def take(peer, name):
        for number in range(10_000):
            assert await hear(peer) == f"{name} {number}"

    a, b = await relay.pair()
    await asyncio.gather(send(a, "a"), send(b, "b"), take(a, "b"), take(b, "a"))
    # What is sent right before a good-bye arrives; the partner is told at once.
    for number in range(200):
        await a.send(f"last {number}")
    await a.close(3001, "bye")
    for number in range(200):
        assert await hear(b) == f"last {number}"
    assert await end(b, 3) == (1002, "the peer websocket disconnected")
    assert (a.close_code, a.close_reason) == (3001, "")
    # Pings are answered by the relay and not handed on.
    a, b = await relay.pair()
    await asyncio.wait_for(await a.ping(b"are you there"), 5)
    await a.send("x")
    assert await hear(b) == "x" and b"are you there" not in b.pings
    # The limit counts a message, however it is cut. The partner hears within a second.
    partner = asyncio.create_task(end(b))
    try:
        await a.send(iter([b"x" * (9 << 20), b"y" * (8 << 20)]))
    except ConnectionClosed:
        pass
    assert (await end(a))[0] == 1009
    assert await asyncio.wait_for(partner, 1) == (1002, "the peer websocket disconnected")


async def early(relay):
    """What is sent before a partner comes is kept, up to a bound."""
    id = relay.new()
    a = await relay.come(id, hello(peerId="a"))
    for number in range(100):
        await a.send(f"early {number}")
    await a.send(b"\x00" * 100_000)
    b = await relay.come(id, hello(peerId="b"))
    assert who(await hear(b)) == "a" and who(await hear(a)) == "b"
    for number in range(100):
        assert await hear(b) == f"early {number}"
    assert await hear(b) == b"\x00" * 100_000
    loud = await relay.come(relay.new())
    try:
        for _ in range(100):
            await loud.send(b"x" * 10_000)
    except ConnectionClosed:
        pass
    assert (await end(loud))[0] == 1008
    # Who waits and goes leaves a free place.
    id = relay.new()
    gone = await relay.come(id)
    await gone.close()
    await relay.pair(id)


async def ids(relay):
    """The id is the whole rest of the request, to the letter."""
    names = ["x", "x/", "X", "x%2F", "x/y", "x?x=1", "", "x//"]
    base = relay.new()
    peers = [await relay.come(base + name if name else "", hello(peerId=name)) for name in names]
    await asyncio.sleep(0.1)
    for name, peer in zip(names, peers):
        partner = await relay.come(base + name if name else "", hello(peerId="partner"))
        assert who(await hear(partner)) == name and who(await hear(peer)) == "partner"
    try:
        await relay.dial("x" * 513)
        raise AssertionError("an id of 513 bytes was taken")
    except InvalidStatus as refused:
        assert refused.response.status_code == 400


async def slow(relay):
    """A peer that does not read slows its own partner only, and is ended in the end."""
    a, b = await relay.pair()
    others = await relay.pair()
    b.transport.pause_reading()
    sent = 0

    async def flood():
        nonlocal sent
        while True:
            await a.send(b"x" * 65_536)
            sent += 65_536

    flood = asyncio.create_task(flood())
    worst, began = 0.0, time.monotonic()
    while not flood.done() and time.monotonic() - began < 12:
        at = time.monotonic()
        await others[0].send("x" * 1000)
        await hear(others[1])
        worst = max(worst, time.monotonic() - at)
        await asyncio.sleep(0.005)
    assert flood.done(), "the stalled receiver was not ended"
    assert isinstance(flood.exception(), ConnectionClosed)
    assert sent < 40 << 20, f"{sent} bytes were taken for a peer that does not read"
    assert worst < 1.0, worst
    b.transport.abort()


async def paced(relay, messages, seconds):
    """Who sends more than its certificate may is read more slowly, loses nothing, and stays connected."""
    (a, b), count = await relay.pair(), int(messages)
    began = time.monotonic()
    sending = asyncio.create_task(send_all(a, count))
    for number in range(count):
        assert await hear(b) == f"{number}" + "x" * 1000
    await sending
    took = time.monotonic() - began
    assert took >= float(seconds), f"{count} messages in {took} s"
    # In the other direction the same certificate counts; both go on.
    await b.send("back")
    assert await hear(a) == "back"


async def send_all(peer, count):
    for number in range(count):
        await peer.send(f"{number}" + "x" * 1000)


async def silent(relay, patience):
    """A peer that answers no ping is ended in time, paired or not, and its partner told at once."""

    # The library answers pings by itself below events; so read past it by hand.
    id = relay.new()
    b = await relay.come(id, hello(peerId="b"))
    reader, writer = await by_hand(relay, id)
    writer.write(frame(0x81, hello(peerId="deaf").encode()))
    assert who(await hear(b)) == "deaf"
    began = time.monotonic()
    assert await end(b) == (1002, "the peer websocket disconnected")
    took = time.monotonic() - began
    assert took < float(patience), took
    await asyncio.wait_for(reader.readuntil(b"Ping timed out (2 seconds)"), PATIENCE)
    assert b.pings


async def by_hand(relay, id, offer=None):
    """A connection without a library: upgraded, and nothing more. With an offer of extensions: what was answered, too."""
    host, rest = relay.url.removeprefix("wss://").split("/", 1)
    name, port = host.split(":")
    reader, writer = await asyncio.open_connection(name, int(port), ssl=relay.trust)
    writer.write((f"GET /{rest}{id} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                  + (f"Sec-WebSocket-Extensions: {offer}\r\n" if offer else "") + "\r\n").encode())
    head = await reader.readuntil(b"\r\n\r\n")
    assert b" 101 " in head and b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in head, head
    if offer:
        lines = (line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
        return reader, writer, {name.lower(): value for name, value in lines}.get("sec-websocket-extensions")
    return reader, writer


async def killed(relay):
    """A peer that is gone in the middle of a message ends its partner, which never gets half a message."""
    for cut in [1, 5, 100, 70_000, 200_000]:
        a, b = await relay.pair()
        await raw(a, frame(0x82, b"x" * 300_000)[:cut])
        await asyncio.sleep(0.05)
        a.transport.abort()
        try:
            raise AssertionError(f"heard {len(await hear(b, 3))} bytes of a message that never ended")
        except ConnectionClosed as closed:
            assert closed.rcvd.code == 1002 and closed.rcvd.reason == "the peer websocket disconnected"


async def waits(relay, id):
    """Waits at `id`, says so, and prints how it ended."""
    peer = await relay.come(id, hello(peerId="waits"))
    print("waiting", flush=True)
    code, reason = await end(peer, 120)
    print(json.dumps([code, reason]), flush=True)


async def waits_and_goes(relay, id):
    """Comes to `id`, and goes again."""
    peer = await relay.come(id, hello(peerId="goes"))
    await asyncio.wait_for(await peer.ping(), PATIENCE)
    await peer.close()


async def stays(relay, id):
    """A pair at `id`; prints how each ended."""
    a, b = await relay.pair(id)
    await a.send("a secret payload")
    await hear(b)
    print("paired", flush=True)
    ends = await asyncio.gather(end(a, 120), end(b, 120))
    print(json.dumps(ends), flush=True)


async def refused(relay, id, status):
    """The upgrade is answered with this status."""
    try:
        await relay.dial(id)
        raise AssertionError("it was let in")
    except InvalidStatus as answer:
        assert answer.response.status_code == int(status), answer.response.status_code


async def shut_out(relay):
    """The door does not let this certificate in: the connection ends before any HTTP."""
    try:
        await relay.dial(relay.new())
    except (ssl.SSLError, ConnectionError, EOFError, OSError) as error:
        assert not isinstance(error, InvalidStatus)
    except Exception as error:
        assert "did not receive a valid HTTP response" in str(error), error
    else:
        raise AssertionError("it was let in")


async def many(relay, pairs):
    """Forms so many pairs at once, and says how long that took."""
    began = time.monotonic()

    async def one(number):
        return await relay.pair(f"many/{number}")

    made = await asyncio.gather(*(one(number) for number in range(int(pairs))))
    print(json.dumps({"pairs": len(made), "seconds": round(time.monotonic() - began, 3)}))


async def gateway(relay, id):
    """A gateway that answers as old and broken ones do."""
    peer = await relay.come(id, hello(4, peerClass="micronets-gateway-service"))
    assert json.loads(await hear(peer))["message"]["messageType"] == "CONN:HELLO"
    print("greeted", flush=True)
    for text in ["not JSON", "[]", '{"message": 3}', b"\x00\xff", '{"message": {"messageType": "CONN:INFO", "info": 1}}',
                 '{"message": {"messageType": "REST:RESPONSE", "inResponseTo": 999, "statusCode": 200}}',
                 '{"message": {"messageType": "REST:RESPONSE", "inResponseTo": "x", "statusCode": 200}}',
                 '{"message": {"messageType": "EVENT:x"}}']:
        await peer.send(text)
    await peer.send(json.dumps({"message": {"messageId": 77, "messageType": "REST:REQUEST", "method": "GET", "path": "/"}}))
    ids = []
    while True:
        asked = json.loads(await hear(peer, 60))["message"]
        if asked["messageType"] == "REST:RESPONSE":
            declined = asked
            continue
        ids.append(asked["messageId"])
        assert asked["requiresResponse"] is True and asked["method"] == "GET"
        answer = {"messageId": 1000 + len(ids), "inResponseTo": asked["messageId"], "messageType": "REST:RESPONSE",
                  "requiresResponse": False, "statusCode": 200, "reasonPhrase": None}
        path, times = asked["path"], 1
        if path == "/val":
            answer["headers"] = [{"name": "X-Old", "val": "1"}, {"name": "X-New", "value": "2"}]
        elif path == "/bad-status":
            answer["statusCode"] = "200"
        elif path == "/bad-base64":
            answer |= {"dataFormat": "application/octet-stream", "messageBody": "%%%"}
        elif path == "/silent":
            times = 0
        elif path == "/empty":
            answer["statusCode"] = 204
        elif path == "/twice":
            times = 2
        elif path == "/text":
            answer |= {"dataFormat": "text/plain", "messageBody": "héllo"}
        for _ in range(times):
            await peer.send(json.dumps({"message": answer}))
        if path == "/end":
            print(json.dumps(declined), flush=True)
            print(json.dumps(ids), flush=True)
            await asyncio.sleep(60)


async def manager(relay, id):
    """A manager that asks a gateway of ours all sorts of things; everything with a number is answered."""
    peer = await relay.come(id, hello(0, peerClass="micronets-ws-test-client"))
    assert json.loads(await hear(peer))["message"]["messageType"] == "CONN:HELLO"
    right = {"messageType": "REST:REQUEST", "requiresResponse": True, "method": "GET", "path": "/x"}
    cases = [
        (right, 200), (right | {"path": "x"}, 400), (right | {"path": "http://elsewhere/"}, 400),
        (right | {"path": "/a b"}, 400), (right | {"path": "/x\r\nX-More: 1"}, 400), (right | {"method": 3}, 400),
        (right | {"method": "G ET"}, 400), (right | {"method": "CONNECT"}, 400), (right | {"headers": {"a": "b"}}, 400),
        ({"messageType": "REST:REQUEST"}, 400), (right | {"messageBody": "%%", "dataFormat": "application/octet-stream"}, 400),
        (right | {"path": "/../x"}, 400), (right | {"path": "/other/y", "headers": None}, 200),
        (right | {"method": "POST", "messageBody": [1, 2], "dataFormat": "application/json"}, 200),
        (right | {"method": "POST", "messageBody": "AP8=\n", "dataFormat": "application/octet-stream"}, 200),
        (right | {"queryStrings": [{"name": "q", "value": "a b&c"}], "path": "/x?y=1"}, 200),
        (right | {"headers": [{"name": "X-Mine", "value": "1"}, {"name": "Host", "value": "elsewhere"},
                              {"name": "Transfer-Encoding", "value": "chunked"}]}, 200),
    ]
    for number, (asked, status) in enumerate(cases, 1):
        await peer.send(json.dumps({"message": {"messageId": number} | asked}))
    answers = {}
    while len(answers) < len(cases):
        answer = json.loads(await hear(peer))["message"]
        assert answer["messageType"] == "REST:RESPONSE" and answer["requiresResponse"] is False
        answers[answer["inResponseTo"]] = answer
    for number, (asked, status) in enumerate(cases, 1):
        assert answers[number]["statusCode"] == status, (asked, answers[number])
    body = lambda number: answers[number]["messageBody"]
    assert body(13)["path"] == "/base/other/y"
    assert json.loads(base64.b64decode(body(14)["body"])) == [1, 2]
    assert base64.b64decode(body(15)["body"]) == b"\x00\xff"
    assert body(16)["path"] == "/x?y=1&q=a%20b%26c"
    headers = {name.lower(): value for name, value in body(17)["headers"]}
    assert headers["x-mine"] == "1" and headers["host"].startswith("127.0.0.1") and "transfer-encoding" not in headers
    assert {"name": "X-Answer", "value": "two"} in answers[1]["headers"]
    # Without a number there is nothing to be answered, and the next one is.
    await peer.send(json.dumps({"message": right}))
    await peer.send(json.dumps({"message": right | {"messageId": 99}}))
    assert json.loads(await hear(peer))["message"]["inResponseTo"] == 99


def main():
    url, ca_file, bundle, scenario, *rest = sys.argv[1:]
    relay = Relay(url, ca_file, None if bundle == "-" else bundle)
    module, _, name = scenario.rpartition(".")
    scenario = getattr(importlib.import_module(module), name) if module else globals()[name]
    asyncio.run(scenario(relay, *rest))


if __name__ == "__main__":
    main()
