"""Events, in-app messages, and the event stream."""

from .common import NOWHERE, ROLE, new_app, new_segment, put_endpoint


def events(run):
    app = new_app(run, "events")

    def event(**more):
        return {"EventType": "cart.add", "Timestamp": "2026-03-01T09:00:00.000Z", **more}

    batch = {
        "phone": {
            "Endpoint": {"ChannelType": "IN_APP", "Demographic": {"Locale": "de_DE"}},
            "Events": {
                "good": event(Attributes={"sku": "A1"}, Metrics={"price": 9.9}),
                # Published programs write times like these.
                "zone": event(Timestamp="2019-02-10T19:48:57+00:00"),
                "none": event(Timestamp="2020-04-19T00:33:24.609123"),
                "long": event(Attributes={"a": "v" * 201}),
                "when": event(Timestamp="soon"),
            },
        },
        "stranger": {"Endpoint": {}, "Events": {"only": event(Session={"Id": "s", "StartTimestamp": "2026-03-01T09:00:00Z"})}},
    }
    results = run.happy("PutEvents", ApplicationId=app, EventsRequest={"BatchItem": batch})["Results"]
    codes = {name: item["StatusCode"] for name, item in results["phone"]["EventsItemResponse"].items()}
    run.equal(codes, {"good": 202, "zone": 202, "none": 202, "long": 400, "when": 400}, "codes of the events")
    accepted = {"StatusCode": 202, "Message": "Accepted"}
    run.equal(results["phone"]["EventsItemResponse"]["good"], accepted, "an accepted event")
    run.equal(results["phone"]["EndpointItemResponse"], accepted, "an accepted endpoint")
    run.equal(results["stranger"]["EventsItemResponse"]["only"], accepted, "an event of nobody known")
    run.equal(run.happy("GetEndpoint", ApplicationId=app, EndpointId="phone")["ChannelType"], "IN_APP", "endpoint")
    run.missing("GetEndpoint", ApplicationId=app, EndpointId="stranger")

    many = {"e": {"Endpoint": {}, "Events": {str(n): event() for n in range(101)}}}
    run.bad("PutEvents", "", ApplicationId=app, EventsRequest={"BatchItem": many})
    run.bad("PutEvents", "BatchItem", ApplicationId=app, EventsRequest={})
    run.missing("PutEvents", ApplicationId=NOWHERE, EventsRequest={"BatchItem": batch})


def in_app(run):
    app = new_app(run, "in-app")
    put_endpoint(run, app, "phone", ChannelType="IN_APP")
    run.equal(run.happy("GetInAppMessages", ApplicationId=app, EndpointId="phone"), {"InAppMessageCampaigns": []}, "none")
    run.missing("GetInAppMessages", ApplicationId=app, EndpointId="nobody")
    run.missing("GetInAppMessages", ApplicationId=NOWHERE, EndpointId="phone")

    text = {"Alignment": "LEFT", "TextColor": "#000000"}
    content = {
        "BackgroundColor": "#FFFFFF",
        "HeaderConfig": {"Header": "Hello", **text},
        "BodyConfig": {"Body": "World", **text},
        "PrimaryBtn": {"DefaultConfig": {"ButtonAction": "LINK", "Link": "https://example.com", "Text": "Go"}},
    }
    message = {"Layout": "TOP_BANNER", "Content": [content], "CustomConfig": {"k": "v"}}
    event_filter = {"FilterType": "ENDPOINT", "Dimensions": {"EventType": {"DimensionType": "INCLUSIVE", "Values": ["open"]}}}
    end = "2099-12-31T22:00:00Z"
    request = {
        "Name": "banner",
        "SegmentId": new_segment(run, app),
        "MessageConfiguration": {"InAppMessage": message},
        "Schedule": {"StartTime": "IMMEDIATE", "EndTime": end, "Frequency": "IN_APP_EVENT", "EventFilter": event_filter},
        "Limits": {"Session": 1, "Daily": 2, "Total": 3},
        "Priority": 2,
    }
    made = run.happy("CreateCampaign", ApplicationId=app, WriteCampaignRequest=request)
    event_filter["Dimensions"].update({"Attributes": {}, "Metrics": {}})
    expected = {
        "CampaignId": f"banner-{made['Id']}",
        "TreatmentId": "0",
        "Priority": 2,
        "SessionCap": 1,
        "DailyCap": 2,
        "TotalCap": 3,
        "InAppMessage": message,
        "Schedule": {"EndDate": end, "EventFilter": event_filter},
    }
    found = run.happy("GetInAppMessages", ApplicationId=app, EndpointId="phone")
    run.equal(found, {"InAppMessageCampaigns": [expected]}, "a message")

    content["PrimaryBtn"]["DefaultConfig"]["Link"] = "javascript:alert(1)"
    run.bad("CreateCampaign", "Link", ApplicationId=app, WriteCampaignRequest=request)


def stream(run):
    app = new_app(run, "stream")
    target = {"DestinationStreamArn": "arn:aws:kinesis:us-east-1:123456789012:stream/s", "RoleArn": ROLE}
    run.missing("GetEventStream", ApplicationId=app)
    run.missing("DeleteEventStream", ApplicationId=app)
    made = run.happy("PutEventStream", ApplicationId=app, WriteEventStream=target)
    run.equal({name: made[name] for name in target}, target, "target")
    run.equal(run.happy("GetEventStream", ApplicationId=app), made, "GetEventStream")
    run.bad("PutEventStream", "RoleArn", ApplicationId=app, WriteEventStream={**target, "RoleArn": 7})
    run.bad("PutEventStream", "DestinationStreamArn", ApplicationId=app, WriteEventStream={"RoleArn": ROLE})
    run.missing("PutEventStream", ApplicationId=NOWHERE, WriteEventStream=target)
    run.equal(run.happy("DeleteEventStream", ApplicationId=app), made, "DeleteEventStream")
    run.missing("GetEventStream", ApplicationId=app)


CASES = [events, in_app, stream]
