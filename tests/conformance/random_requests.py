"""Requests made at random from the model, most of them wrong in some way, against a server that asks for no signature.

    python random_requests.py --url URL --model FILE --files DIRECTORY

No answer may be 5xx; each is JSON of the model's shape, or an error with a message, and has its request id. The requests
are the same in each run; PINWHEEL_RANDOM_EXAMPLES=1000 sends as many an operation, others each time.
"""

import argparse
import gzip
import http.client
import json
import os
import sys
import urllib.parse

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

EXAMPLES = 40
COMPLAINTS_MAX = 3
# Operations of which some request has to succeed; otherwise they do not reach far.
SUCCEED_MIN = 110
FILE = "file:///nowhere/at/all.csv"

odd_text = st.one_of(
    st.sampled_from(
        ["", " ", "\x00", "..", "../..", "%2F", "null", "ü👟", "\ud800", "a" * 5000, "-1", "1e999", "{{#if}", "{{x}}",
         "latest", "9" * 40, "'; --", "<b>", "\r\nX: y", "\u202e", "*", "[", "**/*?{a", "apps/x"]
    ),
    st.text(max_size=20),
)
plausible_text = st.sampled_from(
    ["a", "1", "0", "100", "2026-03-01T09:00:00.000Z", "2099-12-31T23:59:60Z", "IMMEDIATE", "10:00", "UTC", "UTC-02",
     "Europe/Berlin", "ACTIVE", "ALL", "SMS", "EMAIL", "en-US", "+4915112345678", "a@example.com", FILE,
     "s3://bucket/key", "arn:aws:lambda:us-east-1:123456789012:function:f", "https://127.0.0.1:1/x", "P1D", "PT1H",
     '{"a":"b"}', "{{Attributes.a}}", "endpoint-custom-attributes", "unique-deliveries", "GREATER_THAN"]
)
odd_number = st.one_of(
    st.sampled_from([0, -1, 2**31, 2**53 + 1, 2**63, -(2**63) - 1, 10**30, 1e308, -0.0, 1.5, 1e-320]),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
)
junk = st.recursive(
    st.one_of(st.none(), st.booleans(), odd_number, odd_text),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(odd_text, inner, max_size=3)),
    max_leaves=5,
)
raw_bodies = st.sampled_from(
    [b"", b"{", b"null", b"[]", b"[{}]", b'"x"', b"\xff\xfe", b'{"a":1,"a":2}', b'{"\\ud800":"\\ud800"}', b"{}{}", b"NaN",
     b'{"Name":Infinity}', b'{"Name":1e999}', b"[" * 20_000, b'{"a":' * 5_000, b" " * 100_000, b'{"Name":"\x00"}']
)
odd_headers = st.dictionaries(
    st.sampled_from(
        ["Content-Type", "Accept", "Content-Encoding", "Authorization", "X-Amz-Date", "X-Amz-Security-Token", "Origin",
         "Accept-Encoding", "X-Forwarded-For", "If-Match", "Range", "X-HTTP-Method-Override", "x-amzn-requestid", "Cookie"]
    ),
    st.sampled_from(
        ["", "*", "text/plain", "application/json; charset=utf-16", "gzip", "br", "identity", "gzip, gzip", "x" * 4000,
         "AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=host, Signature=0", "AWS4-HMAC-SHA256", "bytes=0-1",
         "\xff\xfe", "https://example.com", "DELETE"]
    ),
    max_size=2,
)


def rarely(odd, usual, odds=8):
    """`odd` once in a while."""
    return st.integers(0, odds - 1).flatmap(lambda n: odd if n == 0 else usual)


def seeds(where, files):
    """Bodies that are right, by operation, to be spoilt in one place or two. Few get that far by chance."""
    (segment,) = where["segment-id"]
    message = {"DefaultMessage": {"Title": "Hi {{Attributes.a}}", "Body": "b"}}
    direct = {
        "DefaultMessage": {"Body": "Hi {{name}}", "Substitutions": {"name": ["you"]}},
        "GCMMessage": {"Title": "t", "Data": {"a": "b"}, "TimeToLive": 60, "Priority": "high"},
        "EmailMessage": {"SimpleEmail": {"Subject": {"Data": "s"}, "HtmlPart": {"Data": "h", "Charset": "UTF-8"}}},
        "SMSMessage": {"Body": "b", "MessageType": "TRANSACTIONAL", "OriginationNumber": "+4930123456"},
    }
    campaign = {
        "Name": "c",
        "SegmentId": segment,
        "SegmentVersion": 1,
        "MessageConfiguration": {**message, "SMSMessage": {"Body": "b"}, "EmailMessage": {"Title": "t", "HtmlBody": "h"}},
        "Schedule": {
            "StartTime": "IMMEDIATE",
            "EndTime": "2099-01-01T00:00:00Z",
            "Timezone": "UTC+01",
            "IsLocalTime": True,
            "QuietTime": {"Start": "22:00", "End": "06:00"},
        },
        "AdditionalTreatments": [{"SizePercent": 10, "MessageConfiguration": message}],
        "HoldoutPercent": 5,
        "Limits": {"Daily": 1, "Total": 2, "MaximumDuration": 60, "MessagesPerSecond": 50},
        "Hook": {"Mode": "FILTER", "WebUrl": "https://127.0.0.1:1/x"},
        "Priority": 3,
    }
    dimensions = {
        "Attributes": {"a": {"AttributeType": "BETWEEN", "Values": ["2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"]}},
        "Metrics": {"m": {"ComparisonOperator": "EQUAL", "Value": 1.5}},
        "Location": {"GPSPoint": {"Coordinates": {"Latitude": 1, "Longitude": 2}, "RangeInKilometers": 3}},
        "Behavior": {"Recency": {"Duration": "HR_24", "RecencyType": "INACTIVE"}},
    }
    group = {"SourceSegments": [{"Id": segment, "Version": 1}], "Dimensions": [dimensions], "SourceType": "NONE", "Type": "ANY"}
    activity = {"MultiCondition": {"Branches": [{"Condition": {
        "EventCondition": {"Dimensions": {"EventType": {"DimensionType": "INCLUSIVE", "Values": ["_email.open"]}}},
    }, "NextActivity": "b"}], "DefaultActivity": "b"}}
    journey = {
        "Name": "j",
        "StartActivity": "a",
        "Activities": {"a": activity, "b": {"Wait": {"WaitTime": {"WaitFor": "PT1H"}}}},
        "StartCondition": {"SegmentStartCondition": {"SegmentId": segment}},
        "Schedule": {"StartTime": "2099-01-01T00:00:00Z", "EndTime": "2099-02-01T00:00:00Z", "Timezone": "UTC"},
        "RefreshFrequency": "P1D",
    }
    event = {
        "EventType": "e",
        "Timestamp": "2026-03-01T09:00:00Z",
        "Attributes": {"a": "b"},
        "Metrics": {"m": 1},
        "Session": {"Id": "s", "StartTimestamp": "2026-03-01T09:00:00Z", "Duration": 1},
    }
    otp = {"BrandName": "b", "Channel": "SMS", "DestinationIdentity": "+4915112345678", "OriginationIdentity": "+4930123456",
           "ReferenceId": "r", "CodeLength": 6, "AllowedAttempts": 2, "ValidityPeriod": 5, "Language": "de-DE"}
    role = {"RoleArn": "arn:aws:iam::123456789012:role/anything"}
    recommender = {
        "RecommendationProviderRoleArn": role["RoleArn"],
        "RecommendationProviderUri": "arn:aws:personalize:us-east-1:123456789012:campaign/c",
        "RecommendationsPerMessage": 2,
        "Attributes": {"Recommendations.a": "A"},
        "RecommendationTransformerUri": "f",
    }
    job = {"Format": "CSV", "S3Url": f"file://{files}/some.csv", "DefineSegment": True, "RegisterEndpoints": True}
    return {
        "CreateCampaign": campaign,
        "UpdateCampaign": campaign,
        "CreateSegment": {"Name": "s", "SegmentGroups": {"Groups": [group], "Include": "ANY"}},
        "UpdateSegment": {"Name": "s", "Dimensions": dimensions},
        "CreateJourney": journey,
        "UpdateJourney": journey,
        "PutEvents": {"BatchItem": {"e": {"Endpoint": {"Attributes": {"a": ["b"]}}, "Events": {"1": event}}}},
        "SendMessages": {
            "Addresses": {"t": {"ChannelType": "GCM", "TitleOverride": "o"}, "a@example.com": {"ChannelType": "EMAIL"}},
            "Endpoints": {"e": {"Substitutions": {"name": ["n"]}}},
            "MessageConfiguration": direct,
        },
        "SendUsersMessages": {"Users": {"u": {"Context": {"a": "b"}}}, "MessageConfiguration": direct},
        "SendOTPMessage": otp,
        "VerifyOTPMessage": {"DestinationIdentity": "+4915112345678", "ReferenceId": "r", "Otp": "123456"},
        "CreateImportJob": {**role, **job},
        "CreateExportJob": {**role, "S3UrlPrefix": f"file://{files}/out", "SegmentId": segment},
        "CreateRecommenderConfiguration": recommender,
        "UpdateRecommenderConfiguration": recommender,
        "UpdateEmailChannel": {"FromAddress": "a@example.com", "Identity": "i", "Enabled": True},
        "PutEventStream": {**role, "DestinationStreamArn": "arn:aws:kinesis:us-east-1:123456789012:stream/s"},
        "UpdateTemplateActiveVersion": {"Version": "1"},
    }


def places(value, path=()):
    """Where something stands in a value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield (*path, key)
        yield from places(item, (*path, key))


@st.composite
def spoilt(draw, seed, texts):
    """A copy with up to two places changed or gone."""
    value = json.loads(json.dumps(seed))
    for _ in range(draw(st.sampled_from([0, 1, 0, 1, 2]))):
        *path, key = draw(st.sampled_from(list(places(value))))
        inside = value
        for step in path:
            inside = inside[step]
        if draw(st.integers(0, 4)):
            inside[key] = draw(st.one_of(texts, odd_number, odd_text, junk))
        else:
            del inside[key]
        if not value:
            break
    return value


class Model:
    """Strategies for the shapes of the model."""

    def __init__(self, model, ids, right):
        self._right = right
        self.operations = model["operations"]
        self.shapes = model["shapes"]
        self._texts = rarely(odd_text, st.one_of(plausible_text, st.sampled_from(ids)), 6)
        self._known = {}

    def value(self, name, depth=0):
        key = name, min(depth, 6)
        if key not in self._known:
            self._known[key] = rarely(junk, self._of(self.shapes[name], depth), 12)
        return self._known[key]

    def _of(self, shape, depth):
        kind = shape["type"]
        if kind == "structure":
            return self.members(shape, depth)
        if kind == "list":
            few = 0 if depth > 5 else 3
            return st.lists(st.deferred(lambda: self.value(shape["member"]["shape"], depth + 1)), max_size=few)
        if kind == "map":
            few = 0 if depth > 5 else 3
            inner = st.deferred(lambda: self.value(shape["value"]["shape"], depth + 1))
            return st.dictionaries(self._texts, inner, max_size=few)
        if kind == "string":
            return rarely(odd_text, st.sampled_from(shape["enum"])) if "enum" in shape else self._texts
        if kind == "boolean":
            return st.booleans()
        if kind in ("integer", "long", "double", "float"):
            return rarely(odd_number, st.integers(0, 100), 4)
        return self._texts

    def members(self, shape, depth):
        members, required = shape.get("members", {}), set(shape.get("required", []))
        names = [name for name in members if name in required or depth < 5]

        @st.composite
        def structure(draw):
            # Mostly what is required and a few others; now and then something is missing or unknown.
            chosen = set(draw(st.lists(st.sampled_from(names), max_size=4))) if names else set()
            if draw(st.integers(0, 9)):
                chosen |= required
            made = {
                members[name].get("locationName", name): draw(self.value(members[name]["shape"], depth + 1))
                for name in names
                if name in chosen
            }
            if not draw(st.integers(0, 19)):
                made[draw(odd_text)] = draw(junk)
            return made

        return structure()

    def requests(self, operation, where):
        """Method, path with query, headers and body. `where`: values by the names in paths."""
        model = self.operations[operation]
        shape = self.shapes[model["input"]["shape"]] if "input" in model else {}
        query = {
            member["locationName"] for member in shape.get("members", {}).values() if member.get("location") == "querystring"
        }
        parts = model["http"]["requestUri"].split("/")
        payload = shape.get("payload")

        @st.composite
        def request(draw):
            path = []
            for part in parts:
                if part.startswith("{"):
                    name = part.strip("{}")
                    text = draw(rarely(odd_text, st.sampled_from(where[name])))
                    part = urllib.parse.quote(text.encode("utf-8", "surrogatepass"), safe="")
                    if part in (".", ".."):
                        # Segments of this form name no resource: they are taken out of a path before it is signed.
                        part = part.replace(".", "%2E")
                path.append(part)
            pairs = draw(st.dictionaries(st.sampled_from(sorted(query)), self._texts, max_size=3)) if query else {}
            if not draw(st.integers(0, 19)):
                pairs[draw(odd_text)] = draw(odd_text)
            target = "/".join(path)
            if pairs:
                pairs = [(name.encode("utf-8", "replace"), value.encode("utf-8", "replace")) for name, value in pairs.items()]
                target += "?" + urllib.parse.urlencode(pairs)
            body = None
            if payload:
                given = self.value(shape["members"][payload]["shape"])
                if operation in self._right:
                    given = st.one_of(given, spoilt(self._right[operation], self._texts))
                given = draw(given)
                body = draw(rarely(raw_bodies, st.just(json.dumps(given).encode()), 10))
            headers = draw(rarely(odd_headers, st.just({}), 6))
            if headers.get("Content-Encoding") == "gzip" and body and draw(st.booleans()):
                body = gzip.compress(body)
            return model["http"]["method"], target, headers, body

        return request()

    def problem(self, name, value, path=""):
        """What of an answer is not of its shape."""
        shape = self.shapes[name]
        kind = shape["type"]
        kinds = {"structure": dict, "map": dict, "list": list, "string": str, "timestamp": str, "blob": str,
                 "boolean": bool, "integer": int, "long": int, "double": (int, float), "float": (int, float)}
        if not isinstance(value, kinds[kind]) or kind in ("integer", "long", "double") and isinstance(value, bool):
            return f"{path or name} is {value!r}, not a {kind}"
        inner = []
        if kind == "structure":
            wire = {member.get("locationName", key): member for key, member in shape["members"].items()}
            missing = [key for key in shape.get("required", []) if shape["members"][key].get("locationName", key) not in value]
            if missing:
                return f"{path or name} has no {missing[0]}"
            unknown = [key for key in value if key not in wire]
            if unknown:
                return f"{path or name} has {unknown[0]}, which the model does not know"
            inner = [(wire[key]["shape"], key, item) for key, item in value.items()]
        elif kind == "list":
            inner = [(shape["member"]["shape"], str(n), item) for n, item in enumerate(value)]
        elif kind == "map":
            inner = [(shape["value"]["shape"], key, item) for key, item in value.items()]
        problems = (self.problem(shape, item, f"{path}.{key}") for shape, key, item in inner)
        return next((problem for problem in problems if problem), None)


class Server:
    def __init__(self, url):
        self._at = urllib.parse.urlsplit(url)
        self._connection = None

    def send(self, method, target, headers, body):
        """Status, headers and body of the answer. A server that has hung up is asked once more."""
        for last in (False, True):
            if self._connection is None:
                self._connection = http.client.HTTPConnection(self._at.hostname, self._at.port, timeout=30)
            try:
                self._connection.request(method, target, body=body, headers=headers)
                answer = self._connection.getresponse()
                return answer.status, answer.headers, answer.read()
            except (http.client.HTTPException, ConnectionError):
                self._connection.close()
                self._connection = None
                if last:
                    raise

    def make(self, method, target, body=None):
        """The id in the answer to a request that is right."""
        status, _, answer = self.send(method, target, {}, None if body is None else json.dumps(body).encode())
        if status >= 300:
            raise SystemExit(f"{method} {target}: {status} {answer!r}")
        return (json.loads(answer) if answer else {}).get("Id")


def fixtures(server, files):
    """Something of each kind, so that requests find what they name. By the names in paths."""
    app = server.make("POST", "/v1/apps", {"Name": "random"})
    here = f"/v1/apps/{app}"
    endpoint = {"ChannelType": "GCM", "Address": "t", "Attributes": {"a": ["b"]}, "User": {"UserId": "u"}}
    server.make("PUT", f"{here}/endpoints/e", endpoint)
    segment = server.make("POST", f"{here}/segments", {"Name": "s"})
    campaign = {
        "Name": "c",
        "SegmentId": segment,
        "Schedule": {"StartTime": "2099-01-01T00:00:00Z"},
        "MessageConfiguration": {"DefaultMessage": {"Body": "b"}},
    }
    for channel in ("adm", "apns", "apns_sandbox", "apns_voip", "apns_voip_sandbox", "baidu", "gcm", "sms", "voice"):
        keys = {"ClientId": "i", "ClientSecret": "s", "ApiKey": "k", "SecretKey": "s"}
        server.make("PUT", f"{here}/channels/{channel}", {**keys, "Enabled": True})
    with open(f"{files}/some.csv", "w") as table:
        table.write("Id,ChannelType,Address\ni,SMS,+4915112345678\n")
    server.make("POST", "/v1/templates/t/sms", {"Body": "b"})
    server.make("POST", "/v1/templates/t/email", {"Subject": "b"})
    role = "arn:aws:iam::123456789012:role/anything"
    recommender = {
        "RecommendationProviderRoleArn": role,
        "RecommendationProviderUri": "arn:aws:personalize:us-east-1:123456789012:campaign/c",
    }
    journey = {"Name": "j", "StartActivity": "b", "Activities": {"b": {"Wait": {"WaitTime": {"WaitFor": "PT1H"}}}}}
    job = {"Format": "CSV", "S3Url": f"file://{files}/none.csv", "RoleArn": role, "RegisterEndpoints": True}
    arn = f"arn:aws:mobiletargeting:us-east-1:000000000000:apps/{app}"
    return {
        "application-id": [app],
        "endpoint-id": ["e", "new", "a/b"],
        "user-id": ["u"],
        "segment-id": [segment],
        "campaign-id": [server.make("POST", f"{here}/campaigns", campaign)],
        "journey-id": [server.make("POST", f"{here}/journeys", journey)],
        "job-id": [server.make("POST", f"{here}/jobs/import", job)],
        "recommender-id": [server.make("POST", "/v1/recommenders", recommender)],
        "template-name": ["t", "other"],
        "template-type": ["SMS", "EMAIL", "sms", "INAPP"],
        "version": ["1", "2"],
        "attribute-type": ["endpoint-custom-attributes", "endpoint-metric-attributes", "endpoint-user-attributes"],
        "journey-activity-id": ["b", "a"],
        "run-id": ["r"],
        "kpi-name": ["unique-deliveries", "journey-emails-sent", "successful-delivery-rate-grouped-by-date"],
        "resource-arn": [arn, f"{arn}/segments/{segment}"],
    }


def complaint(model, operation, status, headers, body):
    """What is wrong with an answer."""
    if status >= 500:
        return "a fault of the server"
    request_id = headers.get("x-amzn-requestid")
    if not request_id:
        return "no x-amzn-requestid"
    if status == 204:
        return "a body with 204" if body else None
    try:
        answer = json.loads(gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body)
    except (OSError, ValueError):
        return "no JSON"
    if status >= 400:
        if not headers.get("x-amzn-errortype"):
            return "no x-amzn-errortype"
        if not answer.get("Message") or answer.get("RequestID") != request_id:
            return "an error without Message or RequestID"
        return None
    output = model.shapes[model.operations[operation]["output"]["shape"]]
    return model.problem(output["members"][output["payload"]]["shape"], answer)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--files", required=True)
    parser.add_argument("--only", help="one operation")
    arguments = parser.parse_args()
    server = Server(arguments.url)
    where = fixtures(server, arguments.files)
    with open(arguments.model) as file:
        ids = [value for values in where.values() for value in values]
        model = Model(json.load(file), ids, seeds(where, arguments.files))
    many = os.environ.get("PINWHEEL_RANDOM_EXAMPLES")
    how = settings(
        max_examples=int(many or EXAMPLES),
        derandomize=not many,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    complaints, sent, succeeded = [], 0, set()

    # What removes things comes last.
    for operation in sorted(model.operations, key=lambda name: (name.startswith("Delete"), name == "DeleteApp", name)):
        if arguments.only not in (None, operation):
            continue
        found = []

        @how
        @given(model.requests(operation, where))
        def play(request):
            nonlocal sent
            sent += 1
            try:
                status, headers, body = server.send(*request)
            except OSError as error:
                found.append(f"{operation} {request!r:.2000}: {error}")
                return
            if status < 300:
                succeeded.add(operation)
            if what := complaint(model, operation, status, headers, body):
                found.append(f"{operation}: {what}: {status} {body[:500]!r} to {request!r:.2000}")

        play()
        complaints += found[:COMPLAINTS_MAX]
    server.make("GET", "/v1/apps")
    print(f"{sent} requests, of {len(succeeded)} operations some succeeded")
    if arguments.only is None and len(succeeded) < SUCCEED_MIN:
        complaints.append(f"of {len(succeeded)} operations alone some requests succeeded, not {SUCCEED_MIN}")
    for line in complaints:
        print(line, file=sys.stderr)
    sys.exit(1 if complaints else 0)


if __name__ == "__main__":
    main()
