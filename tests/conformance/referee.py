"""Plays the cases with one client and writes what was exercised, a line of JSON a call.

    python referee.py --client boto3|cli --url URL --files DIRECTORY --out FILE

The files are those that import and export jobs may touch. Ends with 1 and all complaints when the server misbehaved.
"""

import argparse
import json
import sys
import time
import traceback

import cases
from clients import CLIENTS, Refused

class Complaint(AssertionError):
    """The server did not answer as it should."""


class Run:
    """One client against one server. Every call is checked and noted."""

    def __init__(self, name, url, files):
        self.name = name
        self.client = CLIENTS[name](url)
        self.lax_client = CLIENTS[name](url, lax=True)
        self.files = files
        self.notes = []
        self.complaints = []

    # What a case expects.

    def happy(self, operation, **parameters):
        """The operation succeeds, with the code of the model. Gives what it answers, out of the client's wrapping."""
        answer, status, headers = self.client.call(operation, parameters)
        model = self.client.model.operation_model(operation)
        self.check(status == model.http.get("responseCode", 200), f"{operation}: status {status}")
        self.check(headers.get("x-amzn-requestid"), f"{operation}: no x-amzn-requestid")
        self._note(operation, "happy")
        if model.output_shape is None or not model.output_shape.members:
            return None
        (wrapping,) = model.output_shape.members
        self.check(wrapping in answer, f"{operation}: no {wrapping} in {answer}")
        self._check_required(operation, model.output_shape.members[wrapping], answer[wrapping])
        return answer[wrapping]

    def failed(self, operation, result, status, code):
        """A recipient gets nothing, which an answer that succeeds tells."""
        self.equal((result["DeliveryStatus"], result["StatusCode"]), (status, code), f"{operation}: {result}")
        self._note(operation, "partial")

    def missing(self, operation, **parameters):
        """The path names something that is not there."""
        self._refused(self.client, operation, "missing", ("NotFoundException", 404), "Resource not found", parameters)

    def bad(self, operation, fragment, **parameters):
        """The input breaks a rule; the message has the fragment."""
        self._refused(self.lax_client, operation, "bad", ("BadRequestException", 400), fragment, parameters)

    def pages(self, operation, expected, identify=lambda item: item["Id"], whole=True, **parameters):
        """The list comes page by page, everything once and in the same order, whatever the size of pages.

        `expected`: what is in the list, in any order; with `whole`, nothing else is.
        """
        members = self.client.model.operation_model(operation).input_shape.members
        token_name = "Token" if "Token" in members else "NextToken"
        orders = []
        for size in (1, 2, 200):
            seen, token, turns = [], None, 0
            while True:
                more = {} if token is None else {token_name: token}
                page = self.happy(operation, PageSize=str(size), **more, **parameters)
                self.check(len(page["Item"]) <= size, f"{operation}: {len(page['Item'])} items on a page of {size}")
                seen += [identify(item) for item in page["Item"]]
                token, turns = page.get("NextToken"), turns + 1
                if not token:
                    break
                self.check(turns < 100, f"{operation}: the pages never end")
            self.check(len(seen) == len(set(seen)), f"{operation}: something comes twice: {seen}")
            self.check(set(expected) <= set(seen), f"{operation}: {expected} are not all in {seen}")
            self.check(not whole or len(seen) == len(expected), f"{operation}: {seen} is more than {expected}")
            orders.append(seen)
        self.check(orders[0] == orders[1] == orders[2], f"{operation}: the order depends on the size of pages: {orders}")
        self._note(operation, "pagination")
        for name, value in ((token_name, "bm90LWEtdG9rZW4"), ("PageSize", "0"), ("PageSize", "many")):
            self.bad(operation, "", **{name: value}, **parameters)

    def check(self, holds, complaint):
        if not holds:
            raise Complaint(complaint)

    def equal(self, found, expected, what):
        self.check(found == expected, f"{what}: {found!r}, not {expected!r}")

    def until(self, holds, what, seconds=20):
        """Waits for something that the server does in its own time."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if found := holds():
                return found
            time.sleep(0.05)
        raise Complaint(f"waited {seconds} s in vain: {what}")

    # How it is done.

    def play(self, case):
        """One group of cases. Its first complaint ends it, and the others go on."""
        try:
            case(self)
        except (Complaint, Refused) as problem:
            frames = [frame for frame in traceback.extract_tb(problem.__traceback__) if "/cases/" in frame.filename]
            line = "".join(f"\n    line {frame.lineno}: {frame.line}" for frame in frames)
            self.complaints.append(f"{self.name} {case.__module__}.{case.__name__}: {problem}{line}")
        except Exception:
            self.complaints.append(f"{self.name} {case.__module__}.{case.__name__}: {traceback.format_exc()}")

    def _refused(self, client, operation, kind, expected, fragment, parameters):
        try:
            answer, status, _ = client.call(operation, parameters)
        except Refused as refused:
            found = refused
        else:
            raise Complaint(f"{operation}: {status} {answer} where {expected} is due")
        # Operations that declare no such exception are told its name only by the header.
        self.equal((found.exception, found.status), expected, f"{operation} ({found.message})")
        self.check(found.message, f"{operation}: no message")
        self.check(fragment in found.message, f"{operation}: `{fragment}` is not in `{found.message}`")
        self._note(operation, kind)

    def _check_required(self, operation, shape, value, path=""):
        """Members that the model requires are there."""
        if shape.type_name == "structure":
            for name in shape.required_members:
                self.check(name in value, f"{operation}: {path}{name} is required and not in the answer")
            for name, inner in value.items():
                if name in shape.members:
                    self._check_required(operation, shape.members[name], inner, f"{path}{name}.")
        elif shape.type_name == "list":
            for inner in value:
                self._check_required(operation, shape.member, inner, path)
        elif shape.type_name == "map":
            for inner in value.values():
                self._check_required(operation, shape.value, inner, path)

    def _note(self, operation, kind):
        self.notes.append({"client": self.name, "operation": operation, "kind": kind})


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--client", choices=CLIENTS, required=True)
    parser.add_argument("--url", required=True)
    parser.add_argument("--files", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--only", help="play this group of cases alone")
    arguments = parser.parse_args()
    run = Run(arguments.client, arguments.url, arguments.files)
    for case in cases.ALL:
        if arguments.only in (None, case.__name__):
            run.play(case)
    with open(arguments.out, "w") as out:
        out.writelines(json.dumps(note) + "\n" for note in run.notes)
    for complaint in run.complaints:
        print(complaint, file=sys.stderr)
    sys.exit(1 if run.complaints else 0)


if __name__ == "__main__":
    main()
