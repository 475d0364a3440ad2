"""Endpoints, users, attributes."""

from .common import NOWHERE, new_app, put_endpoint


def endpoints(run):
    app = new_app(run, "endpoints")
    # AWS' own samples have ids with a slash.
    endpoint = "user/1 ü"
    answer = run.happy(
        "UpdateEndpoint",
        ApplicationId=app,
        EndpointId=endpoint,
        EndpointRequest={
            "Address": "Anna@Example.com",
            "ChannelType": "EMAIL",
            "Attributes": {"Interests": ["music", "shoes"], "Tier": ["gold"]},
            "Metrics": {"visits": 3},
            "Demographic": {"Locale": "de_DE", "Timezone": "Europe/Berlin"},
            "Location": {"Country": "DE", "Latitude": 52.5200, "Longitude": 13.4050},
            "User": {"UserId": "anna", "UserAttributes": {"FirstName": ["Anna"]}},
            "EffectiveDate": "2026-03-01T09:00:00.000Z",
            "RequestId": "r1",
        },
    )
    run.equal(answer["Message"], "Accepted", "UpdateEndpoint")
    found = run.happy("GetEndpoint", ApplicationId=app, EndpointId=endpoint)
    run.equal((found["Id"], found["ApplicationId"]), (endpoint, app), "ids")
    run.equal((found["EndpointStatus"], found["OptOut"]), ("ACTIVE", "NONE"), "defaults")
    run.equal((found["Location"]["Latitude"], found["Location"]["Longitude"]), (52.5, 13.4), "coordinates")
    run.equal(found["EffectiveDate"], "2026-03-01T09:00:00.000Z", "EffectiveDate")
    run.check(0 <= int(found["CohortId"]) < 100, found["CohortId"])

    # An update says only what changes.
    change = {"Attributes": {"Tier": ["silver"], "Interests": []}, "Metrics": {"clicks": 1.5}, "OptOut": "ALL"}
    run.happy("UpdateEndpoint", ApplicationId=app, EndpointId=endpoint, EndpointRequest=change)
    found = run.happy("GetEndpoint", ApplicationId=app, EndpointId=endpoint)
    run.equal(found["Attributes"], {"Tier": ["silver"]}, "Attributes")
    run.equal(found["Metrics"], {"visits": 3.0, "clicks": 1.5}, "Metrics")
    run.equal((found["OptOut"], found["User"]["UserId"]), ("ALL", "anna"), "what was not said")

    def bad(fragment, request):
        run.bad("UpdateEndpoint", fragment, ApplicationId=app, EndpointId="x", EndpointRequest=request)

    bad("ChannelType", {"ChannelType": "PIGEON"})
    bad("OptOut", {"OptOut": "SOME"})
    bad("EffectiveDate", {"EffectiveDate": "tomorrow"})
    bad("Location.Latitude", {"Location": {"Latitude": 91}})
    bad("Attributes", {"Attributes": {"n" * 51: ["v"]}})
    bad("Attributes", {"Attributes": {"n": ["v"] * 51}})
    run.missing("UpdateEndpoint", ApplicationId=NOWHERE, EndpointId="x", EndpointRequest={})
    run.missing("GetEndpoint", ApplicationId=app, EndpointId="x")
    run.missing("GetEndpoint", ApplicationId=NOWHERE, EndpointId=endpoint)

    gone = run.happy("DeleteEndpoint", ApplicationId=app, EndpointId=endpoint)
    run.equal(gone["Id"], endpoint, "DeleteEndpoint")
    run.missing("GetEndpoint", ApplicationId=app, EndpointId=endpoint)
    run.missing("DeleteEndpoint", ApplicationId=app, EndpointId=endpoint)


def same_address(run):
    app = new_app(run, "addresses")
    put_endpoint(run, app, "old", ChannelType="SMS", Address="+4915112345678")
    put_endpoint(run, app, "new", ChannelType="SMS", Address="+4915112345678")
    statuses = [run.happy("GetEndpoint", ApplicationId=app, EndpointId=e)["EndpointStatus"] for e in ("old", "new")]
    run.equal(statuses, ["INACTIVE", "ACTIVE"], "the address moved")


def batches(run):
    app = new_app(run, "batches")

    def items(count):
        return [{"Id": f"e{n}", "ChannelType": "GCM", "Address": f"t{n}"} for n in range(count)]

    answer = run.happy("UpdateEndpointsBatch", ApplicationId=app, EndpointBatchRequest={"Item": items(100)})
    run.equal(answer["Message"], "Accepted", "UpdateEndpointsBatch")
    run.equal(run.happy("GetEndpoint", ApplicationId=app, EndpointId="e99")["Address"], "t99", "the last one")
    run.bad("UpdateEndpointsBatch", "Item", ApplicationId=app, EndpointBatchRequest={"Item": items(101)})
    # One bad item refuses all of them.
    mixed = [{"Id": "good", "Address": "g"}, {"Id": "wrong", "ChannelType": "PIGEON"}]
    run.bad("UpdateEndpointsBatch", "", ApplicationId=app, EndpointBatchRequest={"Item": mixed})
    run.missing("GetEndpoint", ApplicationId=app, EndpointId="good")
    run.missing("UpdateEndpointsBatch", ApplicationId=NOWHERE, EndpointBatchRequest={"Item": items(1)})


def users(run):
    app = new_app(run, "users")
    for n in range(15):
        put_endpoint(run, app, f"e{n}", ChannelType="EMAIL", Address=f"{n}@example.com", User={"UserId": "u/ü"})
    found = run.happy("GetUserEndpoints", ApplicationId=app, UserId="u/ü")
    run.equal({item["Id"] for item in found["Item"]}, {f"e{n}" for n in range(15)}, "endpoints of the user")
    sixteenth = {"ChannelType": "EMAIL", "Address": "15@example.com", "User": {"UserId": "u/ü"}}
    run.bad(
        "UpdateEndpoint",
        "Exceeded maximum endpoint per user count: 15",
        ApplicationId=app,
        EndpointId="e15",
        EndpointRequest=sixteenth,
    )
    run.missing("GetUserEndpoints", ApplicationId=app, UserId="nobody")
    run.missing("DeleteUserEndpoints", ApplicationId=app, UserId="nobody")
    run.equal(len(run.happy("DeleteUserEndpoints", ApplicationId=app, UserId="u/ü")["Item"]), 15, "deleted")
    run.missing("GetUserEndpoints", ApplicationId=app, UserId="u/ü")


def attributes(run):
    app = new_app(run, "attributes")
    put_endpoint(run, app, "e", Attributes={"promo_a": ["1"], "promo_b": ["2"], "keep": ["3"]}, Metrics={"m": 1})

    def remove(kind, names):
        return {"ApplicationId": app, "AttributeType": kind, "UpdateAttributesRequest": {"Blacklist": names}}

    removed = run.happy("RemoveAttributes", **remove("endpoint-custom-attributes", ["promo_*"]))
    run.equal(removed["AttributeType"], "endpoint-custom-attributes", "AttributeType")
    run.equal(sorted(removed["Attributes"]), ["promo_a", "promo_b"], "Attributes")
    found = run.happy("GetEndpoint", ApplicationId=app, EndpointId="e")
    run.equal((found["Attributes"], found["Metrics"]), ({"keep": ["3"]}, {"m": 1.0}), "what is left")
    run.bad("RemoveAttributes", "", **remove("endpoint-colours", ["x"]))
    run.bad("RemoveAttributes", "Blacklist", **remove("endpoint-custom-attributes", [["promo_a"]]))
    run.missing("RemoveAttributes", **{**remove("endpoint-custom-attributes", ["x"]), "ApplicationId": NOWHERE})


CASES = [endpoints, same_address, batches, users, attributes]
