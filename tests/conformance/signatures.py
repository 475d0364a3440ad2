"""Signatures made by botocore: who gets in, and how the others are told.

    python signatures.py --url URL --keys '{"application": ID, "users": [KEY, SECRET], "revoked": [KEY, SECRET]}'

The administrator's key is in the environment.
"""

import argparse
import datetime
import http.client
import json
import os
import sys
import urllib.parse
from unittest import mock

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

SERVICE = "mobiletargeting"
MINUTE = datetime.timedelta(minutes=1)
DENIED = (403, "AccessDeniedException")
INVALID = (403, "InvalidSignatureException")
INCOMPLETE = (403, "IncompleteSignatureException")
UNSIGNED = (403, "MissingAuthenticationTokenException")
UNKNOWN = (403, "UnrecognizedClientException")


class Referee:
    def __init__(self, url):
        self.url = url
        self.complaints = []

    def sign(self, key, method, path, body=None, presigned=False, age=None, region="us-east-1", service=SERVICE, headers=()):
        """A request as botocore would send it, `age` ago."""
        request = AWSRequest(method, self.url + path, headers=dict(headers), data=body)
        if presigned:
            signer = botocore.auth.SigV4QueryAuth(Credentials(*key), service, region, expires=60)
        else:
            signer = botocore.auth.SigV4Auth(Credentials(*key), service, region)
        with at(age):
            signer.add_auth(request)
        return request.prepare()

    def send(self, request):
        parts = urllib.parse.urlsplit(request.url)
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        headers = {name: value.decode() if isinstance(value, bytes) else value for name, value in request.headers.items()}
        connection.request(request.method, target, body=request.body, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer, body

    def expect(self, what, request, status, exception=None):
        answer, body = self.send(request)
        found = answer.status, answer.getheader("x-amzn-errortype")
        if found != (status, exception):
            self.complaints.append(f"{what}: {found} {body!r}, not {(status, exception)}")
        if not answer.getheader("x-amzn-requestid"):
            self.complaints.append(f"{what}: no x-amzn-requestid")
        if exception:
            told = json.loads(body)
            if not told.get("Message") or told.get("RequestID") != answer.getheader("x-amzn-requestid"):
                self.complaints.append(f"{what}: {told}")


def at(age):
    """The signer's clock, set back by `age`."""
    if age is None:
        return mock.MagicMock()
    moment = datetime.datetime.now(datetime.timezone.utc) - age
    return mock.patch("botocore.auth.get_current_datetime", lambda *_, **__: moment.replace(tzinfo=None))


def signatures(referee, admin, keys):
    expect, sign = referee.expect, referee.sign
    app = keys["application"]
    path = f"/v1/apps/{app}/endpoints/a%2Fb%20%C3%BC"
    endpoint = json.dumps({"ChannelType": "GCM", "Address": "t"})
    for presigned in (False, True):
        how = "presigned" if presigned else "signed"

        def signed(*arguments, **more):
            return sign(*arguments, presigned=presigned, **more)

        expect(how, signed(admin, "GET", "/v1/apps"), 200)
        expect(f"{how} for another region", signed(admin, "GET", "/v1/apps", region="moon-1"), 200)
        expect(f"{how} with a query", signed(admin, "GET", "/v1/apps?page-size=1"), 200)
        if not presigned:
            expect(f"{how} with a body and an odd path", signed(admin, "PUT", path, endpoint), 202)
            changed = signed(admin, "PUT", path, endpoint)
            changed.body = endpoint.replace("GCM", "ADM").encode()
            expect(f"{how}, body changed", changed, *INVALID)
        expect(f"{how} and an odd path", signed(admin, "GET", path), 200)
        expect(f"{how}, a little late", signed(admin, "GET", "/v1/apps", age=(0 if presigned else 4) * MINUTE), 200)
        expect(f"{how}, replayed late", signed(admin, "GET", "/v1/apps", age=6 * MINUTE), *INVALID)
        expect(f"{how}, from the future", signed(admin, "GET", "/v1/apps", age=-6 * MINUTE), *INVALID)
        expect(f"{how} for another service", signed(admin, "GET", "/v1/apps", service="s3"), *INVALID)
        expect(f"{how} by nobody known", signed(("PWAK" + "A" * 16, "x"), "GET", "/v1/apps"), *UNKNOWN)
        expect(f"{how} with a wrong secret", signed((admin[0], "x"), "GET", "/v1/apps"), *INVALID)
        expect(f"{how} with a revoked key", signed(keys["revoked"], "GET", "/v1/apps"), *UNKNOWN)

        for name, tamper in (
            ("path", lambda r: setattr(r, "url", r.url.replace("/v1/apps", "/v1/templates"))),
            ("method", lambda r: setattr(r, "method", "DELETE")),
            ("query", lambda r: setattr(r, "url", r.url + ("&" if "?" in r.url else "?") + "token=x")),
        ):
            changed = signed(admin, "GET", f"/v1/apps/{app}" if name == "method" else "/v1/apps")
            tamper(changed)
            expect(f"{how}, {name} changed", changed, *INVALID)

    changed = sign(admin, "GET", "/v1/apps")
    changed.headers["Authorization"] = changed.headers["Authorization"][:-1] + "g"
    expect("a signature that is no hexadecimal number", changed, *INCOMPLETE)
    changed = sign(admin, "GET", "/v1/apps", headers={"x-amz-other": "1"})
    changed.headers["x-amz-other"] = "2"
    expect("a signed header changed", changed, *INVALID)
    unsigned = AWSRequest("GET", referee.url + "/v1/apps").prepare()
    expect("unsigned", unsigned, *UNSIGNED)
    expect("unsigned, of something that is not there", AWSRequest("GET", f"{referee.url}/v1/apps/x").prepare(), *UNSIGNED)
    basic = AWSRequest("GET", referee.url + "/v1/apps", headers={"Authorization": "Basic eDp5"}).prepare()
    expect("another scheme", basic, *INCOMPLETE)
    chunked = {"x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"}
    expect("chunked", sign(admin, "PUT", path, endpoint, headers=chunked), *INVALID)


def policies(referee, admin, keys):
    """What a key for the users of one application may do, and what not."""
    expect, sign = referee.expect, referee.sign
    app, users = keys["application"], keys["users"]
    _, body = referee.send(sign(admin, "POST", "/v1/apps", json.dumps({"Name": "other"})))
    other = json.loads(body)["Id"]
    endpoint = json.dumps({"ChannelType": "IN_APP"})
    events = json.dumps({"BatchItem": {}})
    for where, status in ((app, None), (other, 403)):
        exception = DENIED[1] if status else None
        expect("UpdateEndpoint", sign(users, "PUT", f"/v1/apps/{where}/endpoints/e", endpoint), status or 202, exception)
        expect("PutEvents", sign(users, "POST", f"/v1/apps/{where}/events", events), status or 202, exception)
        messages = f"/v1/apps/{where}/endpoints/e/inappmessages"
        expect("GetInAppMessages", sign(users, "GET", messages), status or 200, exception)
        for method, path, body in (
            ("GET", f"/v1/apps/{where}", None),
            ("DELETE", f"/v1/apps/{where}", None),
            ("GET", f"/v1/apps/{where}/endpoints/e", None),
            ("PUT", f"/v1/apps/{where}/endpoints", json.dumps({"Item": []})),
            ("GET", f"/v1/apps/{where}/settings", None),
            ("POST", f"/v1/apps/{where}/campaigns", "{}"),
        ):
            expect(f"{method} {path}", sign(users, method, path, body), *DENIED)
    for path in ("/v1/apps", "/v1/templates", "/v1/recommenders"):
        expect(f"GET {path}", sign(users, "GET", path), *DENIED)
    # Tricks with the path lead to nothing else.
    for path in (f"/v1/apps/{app}/../{other}/endpoints/e/inappmessages", f"/v1/apps/{app}%2F..%2F{other}/endpoints/e/inappmessages"):
        answer, _ = referee.send(sign(users, "GET", path))
        if answer.status not in (403, 404):
            referee.complaints.append(f"{path}: {answer.status}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True)
    parser.add_argument("--keys", type=json.loads, required=True)
    arguments = parser.parse_args()
    admin = os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]
    referee = Referee(arguments.url)
    signatures(referee, admin, arguments.keys)
    policies(referee, admin, arguments.keys)
    for complaint in referee.complaints:
        print(complaint, file=sys.stderr)
    sys.exit(1 if referee.complaints else 0)


if __name__ == "__main__":
    main()
