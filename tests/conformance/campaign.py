"""A campaign with a FILTER hook over the AWS CLI, each step a process of its own, from create-app to COMPLETED.

    python campaign.py --url URL --aws PATH
"""

import argparse
import json
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ENDPOINTS = 120
BATCH_MAX = 50


class Function(BaseHTTPRequestHandler):
    """Removes every fourth endpoint, gives every tenth another title, and leaves the others alone."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.events.append((self.path, event))
        kept = {}
        for name, endpoint in event["Endpoints"].items():
            number = int(name[1:])
            if number % 4 == 0:
                continue
            if number % 10 == 1:
                endpoint["TitleOverride"] = f"For {name} alone"
            kept[name] = endpoint
        answer = json.dumps(kept).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


class Aws:
    """`aws pinpoint`, as in a shell."""

    def __init__(self, path, url):
        self._path = path
        self._url = url

    def __call__(self, command, /, **options):
        arguments = [self._path, "pinpoint", command, "--endpoint-url", self._url, "--output", "json"]
        for name, value in options.items():
            arguments += [f"--{name.replace('_', '-')}", value if isinstance(value, str) else json.dumps(value)]
        done = subprocess.run(arguments, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"aws pinpoint {command} ended with {done.returncode}: {done.stderr}")
        (body,) = json.loads(done.stdout).values()
        return body


def equal(found, expected, what):
    if found != expected:
        raise SystemExit(f"{what}: {found!r}, not {expected!r}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True)
    parser.add_argument("--aws", required=True)
    arguments = parser.parse_args()
    aws = Aws(arguments.aws, arguments.url)
    functions = ThreadingHTTPServer(("127.0.0.1", 0), Function)
    functions.events = []
    threading.Thread(target=functions.serve_forever, daemon=True).start()
    function_url = f"http://127.0.0.1:{functions.server_port}"

    app = aws("create-app", create_application_request={"Name": "shop"})["Id"]
    here = {"application_id": app}
    aws("update-gcm-channel", **here, gcm_channel_request={"ServiceJson": "{}", "Enabled": True})

    def endpoint(number):
        return {"ChannelType": "GCM", "Address": f"token-{number}", "Attributes": {"Name": [f"n{number}"]}}

    aws("update-endpoint", **here, endpoint_id="e0", endpoint_request=endpoint(0))
    for numbers in (range(1, 100), range(100, ENDPOINTS)):
        items = [{"Id": f"e{number}", **endpoint(number)} for number in numbers]
        aws("update-endpoints-batch", **here, endpoint_batch_request={"Item": items})
    segment = aws("create-segment", **here, write_segment_request={"Name": "everybody"})["Id"]
    default = {"CampaignHook": {"Mode": "FILTER", "WebUrl": f"{function_url}/default"}}
    aws("update-application-settings", **here, write_application_settings_request=default)

    def carry(name, path, **more):
        """Makes a campaign, waits for its end, and adds everything up."""
        functions.events.clear()
        request = {
            "Name": name,
            "SegmentId": segment,
            "MessageConfiguration": {"GCMMessage": {"Title": "Hello {{Attributes.Name}}", "Body": "World"}},
            "Schedule": {"StartTime": "IMMEDIATE"},
            **more,
        }
        campaign = aws("create-campaign", **here, write_campaign_request=request)["Id"]
        deadline = time.monotonic() + 60
        while True:
            (found,) = (item for item in aws("get-campaigns", **here)["Item"] if item["Id"] == campaign)
            if (status := found["State"]["CampaignStatus"]) == "COMPLETED":
                break
            if time.monotonic() > deadline:
                raise SystemExit(f"the campaign is still {status} after 60 s")
        (activity,) = aws("get-campaign-activities", **here, campaign_id=campaign)["Item"]
        equal((activity["State"], activity["Result"]), ("COMPLETED", "SUCCESS"), "the activity")
        equal({called for called, _ in functions.events}, {path}, "the function that was called")
        seen = [name for _, event in functions.events for name in event["Endpoints"]]
        equal(sorted(seen), sorted(f"e{number}" for number in range(ENDPOINTS)), "endpoints that the function saw")
        for _, event in functions.events:
            equal(len(event["Endpoints"]) <= BATCH_MAX, True, "the size of a batch")
            found = [event[name] for name in ("ApplicationId", "CampaignId", "ActivityId", "TreatmentId")]
            equal(found, [app, campaign, activity["Id"], "0"], "an event")
            equal(event["MessageConfiguration"]["GCMMessage"]["Body"], "World", "MessageConfiguration")
        kept = sum(number % 4 != 0 for number in range(ENDPOINTS))
        equal(activity["TotalEndpointCount"], kept, "TotalEndpointCount, which is counted after the hook")
        equal(activity["SuccessfulEndpointCount"], kept, "SuccessfulEndpointCount")
        equal(activity["ExecutionMetrics"]["ENDPOINT_PRODUCED"], str(ENDPOINTS), "ENDPOINT_PRODUCED")

    # A campaign's own hook comes before that of the application.
    carry("own", "/own", Hook={"Mode": "FILTER", "WebUrl": f"{function_url}/own"})
    carry("default", "/default")
    equal([item["Id"] for item in aws("get-apps")["Item"]], [app], "get-apps")
    functions.shutdown()


if __name__ == "__main__":
    main()
