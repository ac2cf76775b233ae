"""Peers that compress their messages (RFC 7692), and what is wrong with some of them. Scenarios of `peers.py`."""

import asyncio
import os
import struct
import time
import zlib

from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory as Offer

from peers import by_hand, end, frame, hear, hello, raw, who

MIB = 1 << 20
AGREED = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
GONE = (1002, "the peer websocket disconnected")
OPTIONS = {"small": {"compression": "deflate"}, "plain": {}}


async def pair(relay, first, second):
    """Two peers, each `small` (it offers compression and gets it) or `plain`."""
    id = relay.new()
    a = await relay.come(id, hello(1, peerId="a"), **OPTIONS[first])
    b = await relay.come(id, hello(2, peerId="b"), **OPTIONS[second])
    for peer, kind in [(a, first), (b, second)]:
        assert bool(peer.protocol.extensions) == (kind == "small"), peer.protocol.extensions
        assert peer.response.headers.get("Sec-WebSocket-Extensions") == (AGREED if kind == "small" else None)
    assert who(await hear(a)) == "b" and who(await hear(b)) == "a"
    return a, b


def small(data, wbits=-15, last=True):
    """The payload of a compressed message."""
    codec = zlib.compressobj(9, zlib.DEFLATED, wbits)
    data = codec.compress(data) + codec.flush(zlib.Z_SYNC_FLUSH)
    return data[:-4] if last else data


async def legs(relay, largest):
    """Kinds, bytes and sizes, whichever of the two legs is compressed."""
    largest = int(largest)
    words = (b"a meter says what it has counted, " * (largest // 30 + 1))[:largest]
    noise = os.urandom(largest)
    for kinds in [("small", "small"), ("small", "plain"), ("plain", "small")]:
        a, b = await pair(relay, *kinds)
        for sender, receiver in [(a, b), (b, a)]:
            for message in ["", b"", "short", "text é \U0001f600" * 100, bytes(range(256)), b"y" * 65_535, b"z" * 65_536,
                            "é" * 40_000, noise[:MIB], words[:MIB].decode(), noise, words]:
                await sender.send(message)
                heard = await hear(receiver)
                assert type(heard) is type(message) and heard == message, (kinds, len(message))
            for pieces in [["in ", "three ", "pieces"], [b"", b"", b""], ["é" * 30_000] * 5, [noise[:MIB]] * 3]:
                await sender.send(iter(pieces))
                assert await hear(receiver) == pieces[0][:0].join(pieces), kinds
        # A compressed message in frames that end anywhere, with a ping between them.
        if kinds[0] == "small":
            payload = small(words[:MIB])
            for at in [1, 2, len(payload) // 2, len(payload) - 1]:
                await raw(a, frame(0x42, payload[:at]) + frame(0x89, b"hi") + frame(0x80, payload[at:]))
                assert await hear(b) == words[:MIB], at
            # A last block in the middle of a message (section 7.2.3.4).
            whole = zlib.compressobj(9, zlib.DEFLATED, -15)
            whole = whole.compress(b"Hello") + whole.flush(zlib.Z_FINISH)
            await raw(a, frame(0xC1, whole + b"\x00"))
            assert await hear(b) == "Hello"
        await a.close()
        assert await end(b, 3) == GONE


async def crowds(relay, count):
    """Thousands of messages each way, none lost, changed or moved."""
    count = int(count)
    text = lambda name, number: f"{name} {number} " + "what was counted " * (number % 97)
    # Some compressed by the peer, some not.
    async def send(peer, name):
        for number in range(count):
            await peer.send(text(name, number))

    async def take(peer, name):
        for number in range(count):
            heard = await hear(peer)
            assert heard == text(name, number), (number, heard[:40])

    for kinds in [("small", "small"), ("small", "plain")]:
        a, b = await pair(relay, *kinds)
        await asyncio.gather(send(a, "a"), send(b, "b"), take(a, "b"), take(b, "a"))
        for number in range(200):
            await a.send("last " + text("a", number))
        await a.close(3001, "bye")
        for number in range(200):
            assert await hear(b) == "last " + text("a", number)
        assert await end(b, 3) == GONE


async def early(relay):
    """What is compressed and comes before the partner is kept as what it is, up to a bound."""
    id = relay.new()
    a = await relay.come(id, hello(peerId="a" * 1000), **OPTIONS["small"])
    await a.send("early " * 10_000)
    b = await relay.come(id, hello(peerId="b"))
    assert who(await hear(b)) == "a" * 1000 and who(await hear(a)) == "b"
    assert await hear(b) == "early " * 10_000
    loud = await relay.come(relay.new(), **OPTIONS["small"])
    await raw(loud, frame(0xC2, bomb(4)))
    assert (await end(loud))[0] == 1008


def bomb(mebibytes):
    """So many MiB of zeros: about a thousandth of that."""
    codec = zlib.compressobj(9, zlib.DEFLATED, -15)
    part = codec.compress(bytes(MIB)) + codec.flush(zlib.Z_FULL_FLUSH)
    return (part * mebibytes)[:-4]


async def bombs(relay):
    """A gigabyte of zeros in a megabyte is stopped where the limit is, and the partner told within a second."""
    gigabyte = frame(0xC2, bomb(1024))
    assert len(gigabyte) < 1_200_000
    for kinds in [("small", "small"), ("small", "plain")] * 4:
        a, b = await pair(relay, *kinds)
        partner = asyncio.create_task(end(b))
        began = time.monotonic()
        await raw(a, gigabyte)
        assert (await end(a))[0] == 1009
        assert await asyncio.wait_for(partner, 1) == GONE
        assert time.monotonic() - began < 3
    # The same in many frames, none of which is long.
    a, b = await pair(relay, "small", "small")
    payload = bomb(20)
    for at in range(0, len(payload), 1000):
        await raw(a, frame(0x42 if at == 0 else 0x00, payload[at : at + 1000]))
    assert (await end(a))[0] == 1009 and await end(b, 1) == GONE


async def slow(relay, pairs):
    """Small messages that are large when they are read wait for a partner that does not read, and all arrive."""
    message = frame(0xC2, bomb(15))
    pairs = [await pair(relay, "small", "plain") for _ in range(int(pairs))]
    others = await pair(relay, "small", "plain")
    for a, b in pairs:
        b.transport.pause_reading()
        for _ in range(4):
            await raw(a, message)
    worst, began = 0.0, time.monotonic()
    while time.monotonic() - began < 2:
        at = time.monotonic()
        await others[0].send("x" * 1000)
        assert await hear(others[1]) == "x" * 1000
        worst = max(worst, time.monotonic() - at)
    assert worst < 1.0, worst
    for a, b in pairs:
        b.transport.resume_reading()
        for _ in range(4):
            assert await hear(b) == bytes(15 * MIB)
        await a.close()


async def wrong(relay):
    """What must not be said on a compressed leg, nor on another; the relay and its partner live on."""
    good = small(b"Hello, hello, hello")
    for kind, data, code in [
        ("plain", frame(0xC1, good), 1002),  # nothing was agreed on
        ("small", frame(0x41, good[:3]) + frame(0xC0, good[3:]), 1002),  # on a continuation
        ("small", frame(0xC9, b"x"), 1002),  # on a ping
        ("small", frame(0xA1, b"x"), 1002),  # another reserved bit
        ("small", frame(0xF1, good), 1002),
        ("small", frame(0xC1, b"\x07"), 1007),  # no kind of block
        ("small", frame(0xC2, b"\x00\x05\x00\x05\x00" + b"x" * 300), 1007),  # a length that denies itself
        ("small", frame(0x42, b"\x02\x02\x00") + frame(0x80, b"\x00"), 1007),  # back beyond the beginning
        ("small", frame(0xC1, small(b"\xff\xfe")), 1007),  # no text
        ("small", frame(0xC2, small(bytes(16 * MIB + 1))), 1009),
        ("small", frame(0x42, bytes([0, 0, 0, 255, 255]) * 100) + bytes([0x00, 0xFF]) + struct.pack("!Q", 40 * MIB) + b"mask", 1009),
    ]:
        a, b = await pair(relay, kind, "small")
        await raw(a, data)
        assert await end(b, 3) == GONE, data[:20]
        told = await end(a)
        assert told[0] == code, (data[:20], told)
    # A HELLO counts as what comes out of it.
    peer = await relay.dial(relay.new(), **OPTIONS["small"])
    await raw(peer, frame(0xC1, small(b" " * 70_000)))
    assert (await end(peer))[0] == 1009
    # What is agreed on is no duty: messages may come as they are.
    a, b = await pair(relay, "small", "small")
    await raw(a, frame(0x81, b"as it is"))
    assert await hear(b) == "as it is"


async def offers(relay):
    """Offers are taken as they stand or not at all, and windows are kept to."""
    for offer, answer in [
        ("permessage-deflate", AGREED),
        ("permessage-deflate; client_max_window_bits", AGREED),
        ("permessage-deflate; client_max_window_bits=8; client_no_context_takeover", AGREED),
        ('x-other; a="b, permessage-deflate", permessage-deflate; server_max_window_bits="9"', AGREED + "; server_max_window_bits=9"),
        ("permessage-deflate; server_max_window_bits=8, permessage-deflate", AGREED),
        ("permessage-deflate; server_max_window_bits=16", None),
        ("permessage-deflate; server_max_window_bits", None),
        ("permessage-deflate; mystery", None),
        ("permessage-deflate; client_max_window_bits; client_max_window_bits", None),
        ("x-webkit-deflate-frame", None),
    ]:
        reader, writer, answered = await by_hand(relay, relay.new(), offer)
        assert answered == answer, (offer, answered)
        writer.close()
    # A narrow window is kept to, whoever the partner is; the library reads with no wider one.
    words = "".join(f"{number} " for number in range(40_000))
    for bits in range(9, 16):
        for kind in ["small", "plain"]:
            id = relay.new()
            narrow = [Offer(server_max_window_bits=bits, client_max_window_bits=bits)]
            a = await relay.come(id, hello(peerId="a"), compression=None, extensions=narrow)
            b = await relay.come(id, hello(peerId="b"), **OPTIONS[kind])
            await hear(a), await hear(b)
            assert a.protocol.extensions[0].remote_max_window_bits == bits
            for sender, receiver in [(b, a), (a, b)]:
                await sender.send(words)
                assert await hear(receiver) == words, bits


async def declined(relay):
    """Nothing is agreed on."""
    peer = await relay.dial(relay.new(), compression="deflate")
    assert not peer.protocol.extensions
    await peer.close()


async def told(relay, id):
    """A compressed and a plain peer at `id`, which stay; the first has said one long thing."""
    a = await relay.come(id, hello(1, peerId="a"), **OPTIONS["small"])
    b = await relay.come(id, hello(2, peerId="b"))
    await hear(a), await hear(b)
    await a.send("x" * 100_000)
    assert await hear(b) == "x" * 100_000
    print("told", flush=True)
    await end(a, 120)


async def becomes_agreed(relay):
    """Compression is agreed on, soon."""
    until = time.monotonic() + 15
    while True:
        peer = await relay.dial(relay.new(), compression="deflate")
        await peer.close()
        if peer.protocol.extensions:
            return
        assert time.monotonic() < until, "compression was never agreed on"
