"""Cuts the power below the box again and again, and looks at what is left. See `run`."""

import argparse
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from load import Box, Work

SIZE = 768 << 20


def arguments():
    parser = argparse.ArgumentParser(description="the built binary on a disk whose power is cut")
    parser.add_argument("--cuts", type=int, default=20, help="how often (20)")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30), help="repeats the choices, not the load")
    parser.add_argument("--seconds", type=float, default=4.0, help="the longest load before a cut (4)")
    parser.add_argument("--deaf", action="store_true", help="the disk heeds no flush: this check must see that")
    parser.add_argument("--binary", default=os.environ.get("GATELODGE_TEST_BIN"), help="absent: what cargo built last")
    return parser.parse_args()


def built():
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    found = []
    for folder, _, names in os.walk(os.path.join(root, "target")):
        if "gatelodge" in names and os.path.basename(folder) in ("debug", "release"):
            found.append(os.path.join(folder, "gatelodge"))
        if folder.count(os.sep) - root.count(os.sep) > 3:
            break
    if not found:
        sys.exit("there is no binary: cargo build")
    return max(found, key=os.path.getmtime)


def free_port():
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return door.getsockname()[1]


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


class Machine:
    """The disk, the file system on it, and the box on that."""

    def __init__(self, folder, binary, deaf):
        self.folder, self.fuse, self.loop, self.deaf = folder, None, None, deaf
        self.under, self.data = os.path.join(folder, "under"), os.path.join(folder, "data")
        os.makedirs(self.under)
        os.makedirs(self.data)
        self.stable = os.path.join(folder, "stable.img")
        self.box = Box(binary, folder, self.data, free_port(), free_port())

    def switch_on(self, fresh):
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "disk.py")
        self.fuse = subprocess.Popen([sys.executable, script, self.under, self.stable, str(SIZE), *["deaf"] * self.deaf])
        until = time.monotonic() + 20
        while not os.path.exists(os.path.join(self.under, "disk")):
            if time.monotonic() > until:
                sys.exit("the disk does not come up: is FUSE there?")
            time.sleep(0.05)
        self.loop = run("losetup", "-f", "--show", os.path.join(self.under, "disk"))
        if fresh:
            run("mkfs.ext4", "-q", "-F", self.loop)
        run("mount", "-o", "commit=1", self.loop, self.data)

    def cut(self, seed):
        """What the disk holds at this moment; then everything above it goes."""
        image = os.path.join(self.folder, "cut.img")
        for when in ("flush", "now") if seed % 5 else ("now",):
            with open(os.path.join(self.under, "cut"), "w") as cut:
                cut.write(f"{when} {seed} {image}")
            until = time.monotonic() + 3
            # Where nothing is written any more there is no flush to wait for.
            while not os.path.exists(image) and time.monotonic() < until:
                time.sleep(0.01)
            if os.path.exists(image):
                break
        self.box.kill()
        self.switch_off()
        os.replace(image, self.stable)

    def switch_off(self):
        if self.loop:
            subprocess.run(["umount", "-l", self.data], capture_output=True)
            subprocess.run(["losetup", "-d", self.loop], capture_output=True)
            self.loop = None
        if self.fuse:
            subprocess.run(["umount", "-l", self.under], capture_output=True)
            self.fuse.terminate()
            try:
                self.fuse.wait(10)
            except subprocess.TimeoutExpired:
                self.fuse.kill()
                self.fuse.wait()
            self.fuse = None


def whole(command, path, box):
    """What is wrong with what a command said was done."""
    if command == "backup":
        checked = box.command("restore", path, "--dry-run", check=False)
        return None if checked.returncode == 0 else f"{path}: {checked.stderr.strip()}"
    names = sorted(os.listdir(path)) if os.path.isdir(path) else []
    wanted = 4 if command == "pki" else 1
    if len(names) < wanted:
        return f"{path}: holds {names}"
    empty = [name for name in names if os.path.getsize(os.path.join(path, name)) == 0]
    if empty:
        return f"{path}: {empty} are empty"
    if command == "pki":
        leaf = next(os.path.join(path, name) for name in names if name.endswith(".chain.pem"))
        root = os.path.join(box.data, "box/pki/client/root.cert.pem")
        checked = subprocess.run(["openssl", "verify", "-CAfile", root, "-untrusted", leaf, leaf], capture_output=True)
        if checked.returncode != 0:
            return f"{path}: not of the authority that is there now"
    return None


def wrong(box, work, before):
    """Everything that is not as it was acknowledged."""
    acknowledged, keys, files = before
    found = []
    head = {"authorization": f"Bearer {work.token}"}
    line = box.line()
    for space, least in acknowledged.items():
        status, body = box.ask("GET", f"/v1/spaces/{space}", headers=head, line=line)
        now = body["current"] if status == 200 else None
        if now is None or not least <= now <= work.sent.get(space, 0):
            found.append(f"space {space}: {least} acknowledged, {work.sent.get(space, 0)} sent, {now} found")
            continue
        # The next round begins with what is there.
        work.acknowledged[space] = work.sent[space] = now
    for space, key, by in keys[-20:]:
        path = f"/v1/spaces/{space}/change"
        status, _ = box.ask("POST", path, {"by": by}, head | {"idempotency-key": key}, line)
        after = box.ask("GET", f"/v1/spaces/{space}", headers=head, line=line)[1]["current"]
        if status != 200 or after != work.acknowledged[space]:
            found.append(f"the change {key} of {space} came once more: {status}, {after}")
    found += [fault for fault in (whole(command, path, box) for command, path in files) if fault]
    return found


def rounds(machine, options):
    chance = random.Random(options.seed)
    box = machine.box
    machine.switch_on(fresh=True)
    box.start()
    token = box.command("token", "create", "--name", "power", "--scope", "spaces:read", "--scope", "spaces:count",
                        "--scope", "spaces:admin", "--json")
    work, faults = Work(box, json.loads(token.stdout)["token"]), 0
    for number in range(1, options.cuts + 1):
        work.begin()
        work.cut.clear()
        time.sleep(chance.uniform(0.2, options.seconds))
        before = work.snapshot()
        work.cut.set()
        machine.cut(chance.randrange(1 << 30))
        work.end()
        machine.switch_on(fresh=False)
        verified = box.command("verify", check=False)
        found = [] if verified.returncode == 0 else [f"verify: {verified.stdout}{verified.stderr}"]
        began = time.monotonic()
        box.start()
        took = time.monotonic() - began
        found += wrong(box, work, before)
        counted = sum(before[0].values())
        print(f"{number}/{options.cuts}: {counted} counted, {len(before[1])} keys, {len(before[2])} files, start {took:.1f} s, "
              f"{'whole' if not found else 'WRONG'}", flush=True)
        for fault in found:
            print(f"    {fault}", flush=True)
        faults += len(found)
        # What was acknowledged after the moment of the cut was never promised by this disk.
        work.keys[:] = before[1]
        if number % 5 == 0:
            faults += restored(machine, chance, work)
        # What was looked at need not be looked at again; the disk is small.
        work.files.clear()
        shutil.rmtree(os.path.join(box.data, "out"), ignore_errors=True)
    return faults


def restored(machine, chance, work):
    """A restore over the book, and the power goes at its end: keys and book are both of before or both of then."""
    box = machine.box
    backup, passphrase = os.path.join(machine.folder, "all.backup"), os.path.join(machine.folder, "passphrase")
    with open(passphrase, "w") as file:
        file.write("the passphrase of this check")
    box.command("backup", backup, "--passphrase-file", passphrase)
    root = os.path.join(box.data, "box/pki/client/root.cert.pem")
    with open(root, "rb") as file:
        authority = file.read()
    box.kill()
    process = subprocess.Popen([box.binary, "--config", box.config, "restore", backup, "--passphrase-file", passphrase],
                               stdout=box.log, stderr=box.log)
    if chance.random() < 0.5:
        time.sleep(chance.uniform(0.0, 0.5))
        done = process.poll() == 0
    else:
        done = process.wait() == 0
    machine.cut(chance.randrange(1 << 30))
    process.kill()
    process.wait()
    machine.switch_on(fresh=False)
    box.start()
    with open(root, "rb") as file:
        same = file.read() == authority
    # Nobody counted meanwhile: the book of before and the one of the backup say the same.
    found = [] if same else ["the authorities are others"]
    found += wrong(box, work, (dict(work.acknowledged), list(work.keys), []))
    print(f"    restore {'done' if done else 'cut off'}: {'whole' if not found else 'WRONG'}", flush=True)
    for fault in found:
        print(f"    {fault}", flush=True)
    return len(found)


def main():
    options = arguments()
    if os.geteuid() != 0:
        sys.exit("loop devices and FUSE take root")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    folder = tempfile.mkdtemp(prefix="power-")
    machine = Machine(folder, options.binary or built(), options.deaf)
    print(f"{machine.box.binary}, seed {options.seed}, in {folder}", flush=True)
    try:
        faults = rounds(machine, options)
    except KeyboardInterrupt:
        print("stopped")
        faults = 0
    except (RuntimeError, OSError, subprocess.CalledProcessError) as error:
        print(f"    {error}", flush=True)
        faults = 1
    finally:
        machine.box.end()
        machine.switch_off()
    if options.deaf:
        shutil.rmtree(folder, ignore_errors=True)
        sys.exit(None if faults else "a disk that heeds no flush was not noticed")
    if faults:
        sys.exit(f"{faults} faults; the disk and the log are left in {folder}")
    shutil.rmtree(folder, ignore_errors=True)
    print("nothing acknowledged is missing")


if __name__ == "__main__":
    main()
