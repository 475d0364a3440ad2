"""Figures, of an application, a campaign and a journey."""

from .campaign import MESSAGE
from .common import NOWHERE, new_app, new_segment, put_endpoint


def figures(run):
    app = new_app(run, "figures")
    segment = new_segment(run, app)
    put_endpoint(run, app, "e1")
    put_endpoint(run, app, "e2")
    run.happy("UpdateGcmChannel", ApplicationId=app, GCMChannelRequest={"ServiceJson": "x", "Enabled": True})
    request = {"Name": "now", "SegmentId": segment, "MessageConfiguration": MESSAGE, "Schedule": {"StartTime": "IMMEDIATE"}}
    campaign = run.happy("CreateCampaign", ApplicationId=app, WriteCampaignRequest=request)["Id"]

    def ended():
        found = run.happy("GetCampaign", ApplicationId=app, CampaignId=campaign)
        return found["State"]["CampaignStatus"] == "COMPLETED"

    run.until(ended, "the campaign completes")
    journey = run.happy("CreateJourney", ApplicationId=app, WriteJourneyRequest={"Name": "j"})["Id"]
    scopes = [
        ("GetApplicationDateRangeKpi", {"ApplicationId": app}, "unique-deliveries-grouped-by-campaign"),
        ("GetCampaignDateRangeKpi", {"ApplicationId": app, "CampaignId": campaign}, "unique-deliveries"),
        ("GetJourneyDateRangeKpi", {"ApplicationId": app, "JourneyId": journey}, "journey-emails-sent"),
    ]
    for operation, here, name in scopes:
        found = run.happy(operation, **here, KpiName=name)
        run.equal((found["KpiName"], found["ApplicationId"]), (name, app), operation)
        rows = found["KpiResult"]["Rows"]
        if "Journey" in operation:
            run.equal(rows, [], "a journey that never ran")
        else:
            (row,) = rows
            run.equal(float(row["Values"][0]["Value"]), 2.0, "UniqueDeliveries")
            run.equal(row["Values"][0]["Key"], "UniqueDeliveries", "Key")
            groups = [group["Value"] for group in row["GroupedBys"]]
            run.equal(groups, [campaign] if "grouped" in name else [], "GroupedBys")
        run.bad(operation, "", **here, KpiName="happiness")
        run.bad(operation, "", **here, KpiName=name, StartTime="2020-01-01T00:00:00Z", EndTime="2020-01-02T00:00:00Z")
        run.missing(operation, **{**here, "ApplicationId": NOWHERE}, KpiName=name)
    run.missing("GetCampaignDateRangeKpi", ApplicationId=app, CampaignId=NOWHERE, KpiName="unique-deliveries")
    run.missing("GetJourneyDateRangeKpi", ApplicationId=app, JourneyId=NOWHERE, KpiName="journey-emails-sent")


CASES = [figures]
