"""The programs that the measurements need."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# The program, and the Debian package it comes from.
NEEDED = {"nginx": "nginx-light", "wrk": "wrk", "h2load": "nghttp2-client", "openssl": "openssl"}


def install():
    """Installs what is missing, or says what to install."""
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    missing = [package for program, package in NEEDED.items() if not shutil.which(program)]
    if not missing:
        return
    line = ["apt-get", "install", "-y", "--no-install-recommends", *missing]
    if os.geteuid() != 0 or subprocess.run(line, stdout=subprocess.DEVNULL).returncode != 0:
        sys.exit(f"please install what is missing: {' '.join(line)}")


def build(profile):
    """Builds the binary, and says where it lies."""
    line = ["cargo", "build", "--profile", profile, "--locked", "--bin", "gatelodge",
            "--message-format", "json-render-diagnostics"]
    said = subprocess.run(line, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    files = [json.loads(message).get("executable") for message in said.splitlines()]
    return next(Path(file) for file in files if file)


def run(*line, seconds):
    """Runs a program that must end well within `seconds`; answers what it printed."""
    line = [str(part) for part in line]
    done = subprocess.run(line, capture_output=True, text=True, timeout=seconds)
    if done.returncode != 0:
        sys.exit(f"{' '.join(line)}\nended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout
