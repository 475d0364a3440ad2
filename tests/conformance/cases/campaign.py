"""Campaigns: definitions, versions, runs."""

from .common import NOWHERE, new_app, new_segment, put_endpoint

LATER = "2099-01-01T09:00:00.000Z"
MESSAGE = {"DefaultMessage": {"Title": "Hello {{Attributes.Name}}", "Body": "World"}}


def definitions(run):
    app = new_app(run, "campaigns")
    segment = new_segment(run, app)
    request = {
        "Name": "spring",
        "Description": "d",
        "SegmentId": segment,
        "MessageConfiguration": MESSAGE,
        "Schedule": {"StartTime": LATER, "Frequency": "ONCE", "QuietTime": {"Start": "22:00", "End": "06:00"}},
        "Limits": {"Daily": 1, "MessagesPerSecond": 100},
        "Hook": {"LambdaFunctionName": "choose", "Mode": "FILTER"},
        "HoldoutPercent": 10,
        "AdditionalTreatments": [
            {"SizePercent": 30, "TreatmentName": "b", "MessageConfiguration": {"DefaultMessage": {"Body": "B"}}},
        ],
        "tags": {"a": "1"},
    }
    made = run.happy("CreateCampaign", ApplicationId=app, WriteCampaignRequest=request)
    for name in ("Name", "Description", "SegmentId", "MessageConfiguration", "Limits", "Hook", "HoldoutPercent", "tags"):
        run.equal(made[name], request[name], name)
    run.equal((made["State"]["CampaignStatus"], made["Version"], made["SegmentVersion"]), ("SCHEDULED", 1, 1), "state")
    run.check(made["Arn"].endswith(f":apps/{app}/campaigns/{made['Id']}"), made["Arn"])
    run.equal(made["AdditionalTreatments"][0]["SizePercent"], 30, "AdditionalTreatments")
    here = {"ApplicationId": app, "CampaignId": made["Id"]}
    run.equal(run.happy("GetCampaign", **here), made, "GetCampaign")
    run.equal(run.happy("GetCampaignActivities", **here)["Item"], [], "activities before the start")

    paused = run.happy("UpdateCampaign", **here, WriteCampaignRequest={"IsPaused": True})
    run.equal((paused["State"]["CampaignStatus"], paused["Version"]), ("PAUSED", 2), "paused")
    again = run.happy("UpdateCampaign", **here, WriteCampaignRequest={"IsPaused": False, "Name": "summer"})
    run.equal((again["State"]["CampaignStatus"], again["Name"]), ("SCHEDULED", "summer"), "no longer paused")
    run.equal(run.happy("GetCampaignVersion", **here, Version="1")["Name"], "spring", "version 1")
    run.pages("GetCampaignVersions", [1, 2, 3], identify=lambda item: item["Version"], **here)
    others = [
        run.happy("CreateCampaign", ApplicationId=app, WriteCampaignRequest={**request, "Name": name})["Id"]
        for name in ("b", "c")
    ]
    run.pages("GetCampaigns", [made["Id"], *others], ApplicationId=app)

    def bad(fragment, **members):
        run.bad("CreateCampaign", fragment, ApplicationId=app, WriteCampaignRequest={**request, **members})
        run.bad("UpdateCampaign", fragment, **here, WriteCampaignRequest=members)

    bad("StartTime must be at least current time.", Schedule={"StartTime": "2020-01-01T00:00:00Z"})
    bad("Schedule.Frequency", Schedule={"StartTime": LATER, "Frequency": "SOMETIMES"})
    bad("Schedule.StartTime", Schedule={"StartTime": "soon"})
    bad("Hook", Hook={"LambdaFunctionName": "f", "Mode": "DELIVERY"})
    bad("SegmentId", SegmentId=NOWHERE)
    bad("HoldoutPercent", HoldoutPercent=101)
    bad("", HoldoutPercent=80)
    without = {name: value for name, value in request.items() if name != "MessageConfiguration"}
    run.bad("CreateCampaign", "", ApplicationId=app, WriteCampaignRequest={"Name": "x", "SegmentId": segment})
    run.bad("CreateCampaign", "", ApplicationId=app, WriteCampaignRequest=without)
    for operation, more in (
        ("GetCampaign", {}),
        ("GetCampaignVersion", {"Version": "1"}),
        ("GetCampaignVersions", {}),
        ("GetCampaignActivities", {}),
        ("UpdateCampaign", {"WriteCampaignRequest": {"Name": "x"}}),
        ("DeleteCampaign", {}),
    ):
        run.missing(operation, ApplicationId=app, CampaignId=NOWHERE, **more)
        run.missing(operation, ApplicationId=NOWHERE, CampaignId=made["Id"], **more)
    run.missing("GetCampaignVersion", **here, Version="9")
    run.missing("GetCampaigns", ApplicationId=NOWHERE)
    run.missing("CreateCampaign", ApplicationId=NOWHERE, WriteCampaignRequest=request)

    gone = run.happy("DeleteCampaign", **here)
    run.equal(gone["State"]["CampaignStatus"], "DELETED", "DeleteCampaign")
    run.missing("GetCampaign", **here)
    run.missing("DeleteCampaign", **here)


def runs(run):
    """A campaign with three treatments runs at once and has three activities."""
    app = new_app(run, "runs")
    segment = new_segment(run, app)
    for n in range(20):
        put_endpoint(run, app, f"e{n}", Attributes={"Name": [f"n{n}"]})
    put_endpoint(run, app, "out", OptOut="ALL")
    treatment = {"SizePercent": 30, "MessageConfiguration": MESSAGE}
    request = {
        "Name": "now",
        "SegmentId": segment,
        "MessageConfiguration": MESSAGE,
        "Schedule": {"StartTime": "IMMEDIATE"},
        "AdditionalTreatments": [treatment, treatment],
    }
    run.happy("UpdateGcmChannel", ApplicationId=app, GCMChannelRequest={"ServiceJson": "x", "Enabled": True})
    made = run.happy("CreateCampaign", ApplicationId=app, WriteCampaignRequest=request)
    here = {"ApplicationId": app, "CampaignId": made["Id"]}

    def ended():
        return run.happy("GetCampaign", **here)["State"]["CampaignStatus"] == "COMPLETED"

    run.until(ended, "the campaign completes")
    activities = run.happy("GetCampaignActivities", **here)["Item"]
    run.equal({item["TreatmentId"] for item in activities}, {"0", "1", "2"}, "treatments")
    run.equal({(item["State"], item["Result"]) for item in activities}, {("COMPLETED", "SUCCESS")}, "states")
    run.equal(sum(item["TotalEndpointCount"] for item in activities), 20, "TotalEndpointCount")
    run.equal(sum(item["SuccessfulEndpointCount"] for item in activities), 20, "SuccessfulEndpointCount")
    opted_out = sum(int(item["ExecutionMetrics"].get("ENDPOINT_OPT_OUT", 0)) for item in activities)
    run.check(opted_out >= 1, f"ENDPOINT_OPT_OUT {opted_out}")
    run.pages("GetCampaignActivities", [item["Id"] for item in activities], **here)
    run.bad("UpdateCampaign", "", **here, WriteCampaignRequest={"Limits": {"Daily": 1}})
    run.equal(run.happy("UpdateCampaign", **here, WriteCampaignRequest={"Name": "then"})["Name"], "then", "Name")


CASES = [definitions, runs]
