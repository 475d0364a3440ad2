"""Runs a Python function written for AWS Lambda: asks the Lambda Runtime API for events and hands them to the handler.

Used where AWS's own runtime interface client is not installed.
"""

import decimal
import http.client
import importlib
import json
import logging
import os
import socket
import sys
import time
import traceback

PREFIX = "/2018-06-01/runtime/"


class Api:
    """The Runtime API. When it is gone so is Pinwheel, and nobody waits for this process any more."""

    def __init__(self, address):
        self.connection = http.client.HTTPConnection(address)
        self.connection.connect()
        self.connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, method, path, body=None, headers=None):
        try:
            self.connection.request(method, PREFIX + path, body=body, headers=headers or {})
            reply = self.connection.getresponse()
            return reply, reply.read()
        except (OSError, http.client.HTTPException):
            os._exit(1)

    def report(self, path, error):
        headers = {"Content-Type": "application/json", "Lambda-Runtime-Function-Error-Type": error["errorType"]}
        self.ask("POST", path, json.dumps(error).encode(), headers)


class Context:
    def __init__(self, headers):
        self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        self.invoked_function_arn = headers["Lambda-Runtime-Invoked-Function-Arn"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.identity = None
        self.client_context = None
        self._deadline_ms = int(headers["Lambda-Runtime-Deadline-Ms"])

    def get_remaining_time_in_millis(self):
        return max(self._deadline_ms - int(time.time() * 1000), 0)


class LogHandler(logging.Handler):
    """What Lambda installs: log lines with their level and the request they belong to."""

    request_id = ""

    def emit(self, record):
        record.aws_request_id = self.request_id
        sys.stdout.write(self.format(record) + "\n")


def described(error, request_id=""):
    """An error as Lambda describes it; without the frames of this file."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != __file__]
    return {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "requestId": request_id,
        "stackTrace": traceback.format_list(frames),
    }


def failed(kind, message):
    return {"errorMessage": message, "errorType": "Runtime." + kind, "requestId": "", "stackTrace": []}


def load(text):
    """The handler, or why there is none."""
    module_name, _, name = text.rpartition(".")
    if not module_name:
        return None, failed("MalformedHandlerName", "Bad handler '{}': not enough values to unpack".format(text))
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        return None, failed("ImportModuleError", "Unable to import module '{}': {}".format(module_name, error))
    except SyntaxError as error:
        where = '  File "{}" Line {}'.format(error.filename, error.lineno)
        message = "Syntax error in module '{}': {}".format(module_name, error)
        return None, {**failed("UserCodeSyntaxError", message), "stackTrace": [where]}
    except Exception as error:
        return None, described(error)
    handler = getattr(module, name, None)
    if not callable(handler):
        return None, failed("HandlerNotFound", "Handler '{}' missing on module '{}'".format(name, module_name))
    return handler, None


def plain(value):
    if isinstance(value, decimal.Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError("Object of type {} is not JSON serializable".format(type(value).__name__))


def answer(handler, body, context):
    """The answer as JSON and no error, or the other way round."""
    try:
        event = json.loads(body)
    except ValueError as error:
        return None, failed("UnmarshalError", "Unable to unmarshal input: {}".format(error))
    try:
        result = handler(event, context)
    except Exception as error:
        return None, described(error, context.aws_request_id)
    try:
        return json.dumps(result, ensure_ascii=False, default=plain).encode(), None
    except (TypeError, ValueError) as error:
        return None, failed("MarshalError", "Unable to marshal response: {}".format(error))


def tell(error):
    print("[ERROR] {errorType}: {errorMessage}".format(**error), *error["stackTrace"], sep="\n")


def main():
    sys.path[0] = os.environ["LAMBDA_TASK_ROOT"]
    api = Api(os.environ["AWS_LAMBDA_RUNTIME_API"])
    log = LogHandler()
    formatter = logging.Formatter("[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s", "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    log.setFormatter(formatter)
    logging.getLogger().addHandler(log)
    handler, error = load(os.environ["_HANDLER"])
    if error:
        tell(error)
        api.report("init/error", error)
        sys.exit(1)
    while True:
        reply, body = api.ask("GET", "invocation/next")
        if reply.status != 200:
            sys.exit(1)
        context = Context(reply.headers)
        log.request_id = context.aws_request_id
        os.environ["_X_AMZN_TRACE_ID"] = reply.headers.get("Lambda-Runtime-Trace-Id", "")
        result, error = answer(handler, body, context)
        path = "invocation/{}/".format(context.aws_request_id)
        if error:
            tell(error)
            api.report(path + "error", error)
        else:
            api.ask("POST", path + "response", result, {"Content-Type": "application/json"})


if __name__ == "__main__":
    main()
