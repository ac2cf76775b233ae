"""A disk that forgets what was not flushed when its power is cut.

One file, `disk`, on a small FUSE file system: an ext4 stands on a loop device on it. Writes are kept apart until the
kernel flushes; a cut makes an image of what was flushed and of a random part of the 512-byte sectors that were not, in any
order, as a drive with a cache may leave them. Runs as a process of its own: `disk.py MOUNT STABLE SIZE [deaf]`, where a deaf
disk never heeds a flush; a name that is
written to the file `cut` in the mount is where the image goes; before it stand `now`, or `flush` for the moment before the
next flush is through, and a seed.
"""

import errno
import os
import random
import stat
import subprocess
import sys
import threading

import mfusepy as fuse

SECTOR = 512


class Disk(fuse.Operations):
    """The file system."""

    use_ns = True

    def __init__(self, stable, size, deaf):
        self.size, self.deaf = size, deaf
        self.stable = os.open(stable, os.O_RDWR | os.O_CREAT, 0o600)
        os.ftruncate(self.stable, size)
        self.path = stable
        self.pending = []  # (place, bytes), in order
        self.sectors = {}  # what reads see of them
        self.mutex = threading.Lock()
        self.armed = None

    def getattr(self, path, fh=None):
        if path == "/":
            return {"st_mode": stat.S_IFDIR | 0o700, "st_nlink": 2}
        if path in ("/disk", "/cut"):
            size = self.size if path == "/disk" else 0
            return {"st_mode": stat.S_IFREG | 0o600, "st_nlink": 1, "st_size": size}
        raise fuse.FuseOSError(errno.ENOENT)

    def readdir(self, path, fh):
        return [".", "..", "disk", "cut"]

    def open(self, path, flags):
        return 0

    def truncate(self, path, length, fh=None):
        return 0

    def read(self, path, size, offset, fh):
        with self.mutex:
            return self.now(offset, min(size, self.size - offset))

    def now(self, offset, size):
        first = offset - offset % SECTOR
        end = offset + size + -(offset + size) % SECTOR
        data = bytearray(os.pread(self.stable, end - first, first))
        for place in range(first, end, SECTOR):
            sector = self.sectors.get(place)
            if sector is not None:
                data[place - first : place - first + SECTOR] = sector
        return bytes(data[offset - first : offset - first + size])

    def write(self, path, data, offset, fh):
        if path == "/cut":
            when, seed, to = data.decode().strip().split(" ", 2)
            with self.mutex:
                if when == "now":
                    self.cut(int(seed), to)
                else:
                    self.armed = (int(seed), to)
            return len(data)
        with self.mutex:
            # Whole sectors: a loop device writes no others.
            if offset % SECTOR or len(data) % SECTOR:
                raise fuse.FuseOSError(errno.EINVAL)
            for at in range(0, len(data), SECTOR):
                sector = bytes(data[at : at + SECTOR])
                self.pending.append((offset + at, sector))
                self.sectors[offset + at] = sector
        return len(data)

    def fsync(self, path, datasync, fh):
        with self.mutex:
            if self.armed and self.pending:
                # The power goes before this flush is through.
                self.cut(*self.armed)
                self.armed = None
            if self.deaf:
                return 0
            for place, sector in self.sectors.items():
                os.pwrite(self.stable, sector, place)
            self.pending.clear()
            self.sectors.clear()
        return 0

    def flush(self, path, fh):
        return 0

    def cut(self, seed, to):
        """The power goes: what is on the disk then."""
        chance, part = random.Random(seed), to + ".part"
        subprocess.run(["cp", "--sparse=always", self.path, part], check=True)
        kept = chance.choice([0.0, 0.1, 0.5, 0.9, 1.0])
        left = [write for write in self.pending if chance.random() < kept]
        chance.shuffle(left)
        image = os.open(part, os.O_RDWR)
        for place, sector in left:
            os.pwrite(image, sector, place)
        os.close(image)
        os.rename(part, to)
        print(f"    cut: {len(left)} of {len(self.pending)} sectors that were not flushed are kept", flush=True)


if __name__ == "__main__":
    mount, stable, size, *deaf = sys.argv[1:]
    try:
        fuse.FUSE(Disk(stable, int(size), bool(deaf)), mount, foreground=True)
    except RuntimeError:
        # It was told to end.
        pass
