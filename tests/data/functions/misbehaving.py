"""What a handler should not do."""

import os
import subprocess
import sys
import time


def sleeps(event, context):
    # A child, which has to end with it.
    child = subprocess.Popen(["sleep", "600"])
    print("pids", os.getpid(), child.pid)
    time.sleep(600)


def detaches(event, context):
    # A child in a session of its own, and one that has lost its parent besides.
    child = subprocess.Popen(["sleep", "600"], start_new_session=True)
    orphan = subprocess.run(["sh", "-c", "setsid sleep 600 >&- 2>&- & echo $!"], stdout=subprocess.PIPE, check=True)
    print("pids", os.getpid(), child.pid, int(orphan.stdout))
    if event.get("exits"):
        os._exit(0)
    time.sleep(600)


def hoards_apart(event, context):
    hoard = "import time; hoard = b'x' * 200 * 1024 * 1024; time.sleep(600)"
    subprocess.run([sys.executable, "-c", hoard], start_new_session=True)


def spins(event, context):
    print("pids", os.getpid())
    time.sleep(event.get("seconds", 1))
    return "nobody waits for this"


def floods(event, context):
    while True:
        os.write(1, b"x" * 100 + b"\n")


def hoards(event, context):
    hoard = []
    while True:
        hoard.append(bytearray(os.urandom(1024)) * 16 * 1024)
        time.sleep(0.02)


def exits(event, context):
    sys.stdout.write("no line end")
    sys.stdout.flush()
    os._exit(3)


def dies(event, context):
    os.kill(os.getpid(), 9)


def too_much(event, context):
    return "x" * (6 * 1024 * 1024 + 101)


def much(event, context):
    return "x" * (6 * 1024 * 1024 - 2)
