"""Applications, their settings, and tags."""

from .common import NOWHERE, new_app


def apps(run):
    tags = {"stage": "test", "größe": "ü"}
    made = run.happy("CreateApp", CreateApplicationRequest={"Name": "Schuhe 👟", "tags": tags})
    run.equal(made["Name"], "Schuhe 👟", "Name")
    run.equal(made["tags"], tags, "tags")
    run.check(len(made["Id"]) == 32 and int(made["Id"], 16) >= 0, f"{made['Id']} is no id")
    run.check(made["Arn"].endswith(f":apps/{made['Id']}"), made["Arn"])
    run.equal(run.happy("GetApp", ApplicationId=made["Id"]), made, "GetApp")
    run.bad("CreateApp", "Name", CreateApplicationRequest={})
    run.bad("CreateApp", "Name", CreateApplicationRequest={"Name": ""})
    run.bad("CreateApp", "tags", CreateApplicationRequest={"Name": "a", "tags": {"k" * 129: "v"}})

    ids = [made["Id"], new_app(run, "b"), new_app(run, "c")]
    run.pages("GetApps", ids, whole=False)

    run.equal(run.happy("DeleteApp", ApplicationId=made["Id"]), made, "DeleteApp")
    run.missing("GetApp", ApplicationId=made["Id"])
    run.missing("DeleteApp", ApplicationId=made["Id"])


def settings(run):
    app = new_app(run, "settings")
    fresh = run.happy("GetApplicationSettings", ApplicationId=app)
    for group in ("CampaignHook", "Limits", "QuietTime"):
        run.equal(fresh.get(group), {}, group)

    hook = {"Mode": "FILTER", "LambdaFunctionName": "arn:aws:lambda:us-east-1:123456789012:function:choose"}
    limits = {"Daily": 3, "Total": 5, "MaximumDuration": 600, "MessagesPerSecond": 100}
    request = {"CampaignHook": hook, "Limits": limits, "QuietTime": {"Start": "22:00", "End": "06:00"}}
    changed = run.happy("UpdateApplicationSettings", ApplicationId=app, WriteApplicationSettingsRequest=request)
    run.equal({name: changed[name] for name in request}, request, "settings")
    # What is left out stays, and `{}` clears.
    request = {"QuietTime": {}, "CloudWatchMetricsEnabled": True}
    run.happy("UpdateApplicationSettings", ApplicationId=app, WriteApplicationSettingsRequest=request)
    found = run.happy("GetApplicationSettings", ApplicationId=app)
    run.equal((found["CampaignHook"], found["Limits"], found["QuietTime"]), (hook, limits, {}), "settings")

    def bad(fragment, request):
        run.bad("UpdateApplicationSettings", fragment, ApplicationId=app, WriteApplicationSettingsRequest=request)

    bad("Mode", {"CampaignHook": {"Mode": "SIEVE", "LambdaFunctionName": "f"}})
    bad("QuietTime", {"QuietTime": {"Start": "10 o'clock", "End": "06:00"}})
    bad("Limits.Daily", {"Limits": {"Daily": "three"}})
    run.missing("GetApplicationSettings", ApplicationId=NOWHERE)
    run.missing("UpdateApplicationSettings", ApplicationId=NOWHERE, WriteApplicationSettingsRequest={})


def tags(run):
    made = run.happy("CreateApp", CreateApplicationRequest={"Name": "tags", "tags": {"a": "1"}})
    arn = made["Arn"]
    nowhere = arn.replace(made["Id"], NOWHERE)
    run.happy("TagResource", ResourceArn=arn, TagsModel={"tags": {"b c": "2&=", "ü": ""}})
    run.equal(run.happy("ListTagsForResource", ResourceArn=arn)["tags"], {"a": "1", "b c": "2&=", "ü": ""}, "tags")
    run.happy("UntagResource", ResourceArn=arn, TagKeys=["a", "b c", "never there"])
    run.equal(run.happy("ListTagsForResource", ResourceArn=arn)["tags"], {"ü": ""}, "tags")
    run.bad("TagResource", "tags", ResourceArn=arn, TagsModel={"tags": {"k": "v" * 257}})
    run.bad("TagResource", "tags", ResourceArn=arn, TagsModel={"tags": {str(n): "" for n in range(51)}})
    run.bad("ListTagsForResource", "", ResourceArn="no arn at all")
    run.bad("UntagResource", "", ResourceArn="arn:aws:s3:::bucket", TagKeys=["a"])
    run.missing("ListTagsForResource", ResourceArn=nowhere)
    run.missing("TagResource", ResourceArn=nowhere, TagsModel={"tags": {"a": "1"}})
    run.missing("UntagResource", ResourceArn=nowhere, TagKeys=["a"])


CASES = [apps, settings, tags]
