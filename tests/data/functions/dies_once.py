"""Lets everybody through; the very first call of all waits to be killed."""

import fcntl
import os
import time


def handler(event, context):
    with open(os.environ["CALLS"], "a+") as calls:
        fcntl.flock(calls, fcntl.LOCK_EX)
        calls.seek(0)
        is_first = not calls.read()
        calls.write("{} {}\n".format(os.getpid(), len(event["Endpoints"])))
    if is_first:
        time.sleep(600)
    return event["Endpoints"]
