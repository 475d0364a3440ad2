"""What a Python handler may do."""

import decimal
import logging
import os
import sys
import time

logging.getLogger().setLevel(logging.INFO)


def context(event, context):
    return {
        "event": event,
        "requestId": context.aws_request_id,
        "name": context.function_name,
        "arn": context.invoked_function_arn,
        "memory": context.memory_limit_in_mb,
        "remaining": context.get_remaining_time_in_millis(),
    }


def raises(event, context):
    raise KeyError("missing")


def not_json(event, context):
    return {1, 2}


def numbers(event, context):
    return [decimal.Decimal("7"), decimal.Decimal("0.5"), "é"]


def nothing(event, context):
    pass


def environment(event, context):
    return dict(os.environ)


def overlap(event, context):
    began = time.time()
    time.sleep(0.4)
    return {"began": began, "ended": time.time(), "pid": os.getpid()}


def pid(event, context):
    return os.getpid()


def logs(event, context):
    print("printed")
    print("to stderr", file=sys.stderr)
    logging.info("logged")
    return None
