"""What several cases need."""

# An id as the server makes them, of nothing that is there.
NOWHERE = "f" * 32
ROLE = "arn:aws:iam::123456789012:role/anything"


def new_app(run, name):
    """The id of a new application."""
    return run.happy("CreateApp", CreateApplicationRequest={"Name": name})["Id"]


def new_segment(run, app, name="everybody", **more):
    """The id of a new segment, of everybody unless more is said."""
    return run.happy("CreateSegment", ApplicationId=app, WriteSegmentRequest={"Name": name, **more})["Id"]


def put_endpoint(run, app, endpoint, **members):
    members = {"ChannelType": "GCM", "Address": f"token-{endpoint}", **members}
    return run.happy("UpdateEndpoint", ApplicationId=app, EndpointId=endpoint, EndpointRequest=members)
