"""Segments and their versions."""

from .common import NOWHERE, new_app, new_segment

GOLD = {"Attributes": {"Tier": {"AttributeType": "INCLUSIVE", "Values": ["gold"]}}}


def segments(run):
    app = new_app(run, "segments")
    request = {
        "Name": "gold in Germany",
        "Dimensions": {
            **GOLD,
            "Metrics": {"visits": {"ComparisonOperator": "GREATER_THAN", "Value": 3.0}},
            "Demographic": {"Channel": {"DimensionType": "INCLUSIVE", "Values": ["GCM", "EMAIL"]}},
            "Location": {"Country": {"DimensionType": "INCLUSIVE", "Values": ["DE"]}},
            "Behavior": {"Recency": {"Duration": "DAY_30", "RecencyType": "ACTIVE"}},
        },
        "tags": {"a": "1"},
    }
    made = run.happy("CreateSegment", ApplicationId=app, WriteSegmentRequest=request)
    run.equal({name: made[name] for name in request}, request, "what was asked for")
    run.equal((made["SegmentType"], made["Version"], made["ApplicationId"]), ("DIMENSIONAL", 1, app), "the rest")
    run.check(made["Arn"].endswith(f":apps/{app}/segments/{made['Id']}"), made["Arn"])
    here = {"ApplicationId": app, "SegmentId": made["Id"]}
    run.equal(run.happy("GetSegment", **here), made, "GetSegment")

    groups = {
        "Include": "ALL",
        "Groups": [{"SourceSegments": [{"Id": made["Id"]}], "SourceType": "ANY", "Type": "ALL", "Dimensions": [GOLD]}],
    }
    changed = run.happy("UpdateSegment", **here, WriteSegmentRequest={"SegmentGroups": {**groups, "Groups": [
        {"SourceSegments": [], "SourceType": "ALL", "Type": "ANY", "Dimensions": [GOLD]},
    ]}})
    run.equal((changed["Name"], changed["Version"]), (request["Name"], 2), "what was not said, and the version")
    run.check("Dimensions" not in changed, "groups replace dimensions")
    run.equal(run.happy("GetSegmentVersion", **here, Version="1")["Dimensions"], request["Dimensions"], "version 1")
    run.happy("UpdateSegment", **here, WriteSegmentRequest={"Name": "gold"})
    run.pages("GetSegmentVersions", [1, 2, 3], identify=lambda item: item["Version"], **here)
    others = [new_segment(run, app), new_segment(run, app, SegmentGroups=groups)]
    run.pages("GetSegments", [made["Id"], *others], ApplicationId=app)

    def bad(fragment, **members):
        run.bad("CreateSegment", fragment, ApplicationId=app, WriteSegmentRequest=members)
        run.bad("UpdateSegment", fragment, **here, WriteSegmentRequest=members)

    bad("Duration", Dimensions={"Behavior": {"Recency": {"Duration": "DAY_31", "RecencyType": "ACTIVE"}}})
    bad("Dimensions", Dimensions={"Attributes": {"a": {"AttributeType": "INCLUSIVE", "Values": ["v"] * 101}}})
    bad("", Dimensions=GOLD, SegmentGroups=groups)
    bad("", SegmentGroups={"Groups": [{"SourceSegments": [{"Id": NOWHERE}]}]})
    # Around in a circle.
    bad_circle = {"SegmentGroups": {"Groups": [{"SourceSegments": [{"Id": others[1]}]}]}}
    run.bad("UpdateSegment", "", **here, WriteSegmentRequest=bad_circle)

    for operation, more in (
        ("GetSegment", {}),
        ("GetSegmentVersion", {"Version": "1"}),
        ("GetSegmentVersions", {}),
        ("UpdateSegment", {"WriteSegmentRequest": {"Name": "x"}}),
        ("DeleteSegment", {}),
    ):
        run.missing(operation, ApplicationId=app, SegmentId=NOWHERE, **more)
        run.missing(operation, ApplicationId=NOWHERE, SegmentId=made["Id"], **more)
    run.missing("GetSegmentVersion", **here, Version="9")
    run.missing("GetSegments", ApplicationId=NOWHERE)
    run.missing("CreateSegment", ApplicationId=NOWHERE, WriteSegmentRequest={"Name": "x"})

    arn = made["Arn"]
    run.happy("TagResource", ResourceArn=arn, TagsModel={"tags": {"b": "2"}})
    run.equal(run.happy("GetSegment", **here)["tags"], {"a": "1", "b": "2"}, "tags")
    run.equal(run.happy("DeleteSegment", **here)["Id"], made["Id"], "DeleteSegment")
    run.missing("GetSegment", **here)
    run.missing("GetSegmentVersions", **here)


CASES = [segments]
