#!/usr/bin/env python3
"""A runtime client that tries what it should not, and answers with the statuses it met. Runs as `bootstrap`."""

import http.client
import json
import os

connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])


def ask(method, path, body=None):
    connection.request(method, "/2018-06-01/runtime/" + path, body=body)
    reply = connection.getresponse()
    return reply, reply.read()


met = {}
while True:
    reply, event = ask("GET", "invocation/next")
    request_id = reply.headers["Lambda-Runtime-Aws-Request-Id"]
    met["headers"] = sorted(name for name in reply.headers if name.startswith("lambda-"))
    met["next"] = ask("GET", "invocation/next")[0].status
    met["wrong id"] = ask("POST", "invocation/00000000-0000-0000-0000-000000000000/response", "{}")[0].status
    met["init error"] = ask("POST", "init/error", "{}")[0].status
    met["nowhere"] = ask("POST", "invocation", "{}")[0].status
    # An iterator is sent in chunks, as answers that are streamed are.
    chunks = iter([json.dumps(met).encode()[:10], json.dumps(met).encode()[10:]])
    met["answer"] = ask("POST", "invocation/" + request_id + "/response", chunks)[0].status
    met["answer again"] = ask("POST", "invocation/" + request_id + "/response", "{}")[0].status
