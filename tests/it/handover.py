"""A small service manager: starts the box with sockets that listen already, keeps those that the box hands to it, and
starts it again while callers go on calling. Speaks sd_notify(3) and sd_listen_fds(3) by the book.

    handover.py BINARY CONFIG_FILE SETTINGS
"""

import array
import http.client
import os
import signal
import socket
import sys
import threading

BINARY, CONFIG, SETTINGS = sys.argv[1:4]
FOLDER = os.path.dirname(CONFIG)
# What the door without TLS says: the other door is the one to ask.
REDIRECT = 308


def listening():
    made = socket.socket()
    made.bind(("127.0.0.1", 0))
    made.listen(1024)
    return made


class Manager:
    def __init__(self):
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(os.path.join(FOLDER, "notify"))
        self.notify.settimeout(60)
        self.store = []
        self.child = None

    def start(self, sockets):
        """Starts the box with `sockets` from descriptor 3 on, and waits until it is ready."""
        self.child = os.fork()
        if self.child == 0:
            # Out of the way first, so that no copy falls on one that is still to be copied.
            high = [os.dup2(s.fileno(), 200 + place) for place, s in enumerate(sockets)]
            for place, descriptor in enumerate(high):
                os.dup2(descriptor, 3 + place, inheritable=True)
            os.closerange(3 + len(high), 300)
            log = os.open(os.path.join(FOLDER, "log"), os.O_CREAT | os.O_APPEND | os.O_WRONLY)
            os.dup2(log, 1), os.dup2(log, 2)
            env = {"NOTIFY_SOCKET": os.path.join(FOLDER, "notify"), "PATH": os.environ["PATH"],
                   "LISTEN_PID": str(os.getpid()), "LISTEN_FDS": str(len(high))}
            os.execve(BINARY, [BINARY, "serve", "--config", CONFIG], env)
        self.until("READY=1")

    def until(self, wanted):
        """Does what the box asks for until it says `wanted`."""
        while True:
            data, ancillary, _, _ = self.notify.recvmsg(4096, socket.CMSG_SPACE(64))
            fds = array.array("i")
            for level, kind, payload in ancillary:
                assert (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS)
                fds.frombytes(payload)
            lines = data.decode().split("\n")
            name = next((line[7:] for line in lines if line.startswith("FDNAME=")), None)
            if "FDSTORE=1" in lines:
                self.store += [(name, socket.socket(fileno=fd)) for fd in fds]
            elif "FDSTOREREMOVE=1" in lines:
                for _, old in [kept for kept in self.store if kept[0] == name]:
                    old.close()
                self.store = [kept for kept in self.store if kept[0] != name]
            elif "BARRIER=1" in lines:
                [os.close(fd) for fd in fds]
            if wanted in lines:
                return

    def stop(self):
        os.kill(self.child, signal.SIGTERM)
        self.until("STOPPING=1")
        _, status = os.waitpid(self.child, 0)
        assert os.waitstatus_to_exitcode(status) == 0, status


def configure(http_address, https_address):
    doors = f'[https]\nlisten = ["{https_address}"]\n'
    if http_address:
        doors += f'[http]\nlisten = ["{http_address}"]\n'
    with open(CONFIG, "w") as file:
        file.write(SETTINGS + doors)


def address(listener):
    return "%s:%d" % listener.getsockname()


def ask(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/healthz")
    status = connection.getresponse().status
    connection.close()
    return status


class Callers:
    """Call again and again, each on a new connection, and note what they met."""

    def __init__(self, port):
        self.enough, self.answers, self.faults = threading.Event(), 0, []
        self.threads = [threading.Thread(target=self.call, args=(port,)) for _ in range(3)]
        [thread.start() for thread in self.threads]

    def call(self, port):
        while not self.enough.is_set():
            try:
                assert ask(port) == REDIRECT
                self.answers += 1
            except ConnectionResetError:
                # It was on a connection of the old process when that ended; it came in, so nobody refused it.
                pass
            except Exception as error:
                self.faults.append(repr(error))

    def end(self):
        self.enough.set()
        [thread.join() for thread in self.threads]


def main():
    manager = Manager()
    first = [listening(), listening()]
    plain, secure = first
    port = plain.getsockname()[1]
    configure(address(plain), address(secure))
    manager.start(first)
    assert ask(port) == REDIRECT
    for listener in first:
        listener.close()
    kept = {(name, address(listener)) for name, listener in manager.store}
    wanted = {("http", f"127.0.0.1:{port}")}
    assert wanted < kept and len(kept) == 2, kept

    callers = Callers(port)
    for _ in range(3):
        before = callers.answers
        manager.stop()
        manager.start([listener for _, listener in manager.store])
        while callers.answers < before + 20:
            assert not callers.faults, callers.faults
    callers.end()
    assert not callers.faults, callers.faults[:3]
    assert len(manager.store) == 2, "nothing piles up"

    # A door whose address is narrower than that of a socket that is still kept.
    wide = socket.socket()
    wide.bind(("0.0.0.0", 0))
    wide.listen(16)
    narrow = "127.0.0.1:%d" % wide.getsockname()[1]
    manager.store.append(("http", wide))
    configure(narrow, next(address(s) for name, s in manager.store if name == "https"))
    manager.stop()
    manager.start([listener for _, listener in manager.store])
    assert ask(int(narrow.split(":")[1])) == REDIRECT
    try:
        ask(port)
        raise AssertionError("the old address answers")
    except ConnectionRefusedError:
        pass

    # A door that is gone is gone at once.
    configure(None, next(address(s) for name, s in manager.store if name == "https"))
    os.kill(manager.child, signal.SIGHUP)
    manager.until("READY=1")
    assert {name for name, _ in manager.store} == {"https"}, manager.store
    manager.stop()
    print("GOOD", callers.answers)


main()
