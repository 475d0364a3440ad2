"""Journeys, which are kept and checked and do not run yet."""

from .common import NOWHERE, new_app, new_segment


def journeys(run):
    app = new_app(run, "journeys")
    segment = new_segment(run, app)
    request = {
        "Name": "welcome",
        "StartActivity": "first",
        "StartCondition": {"SegmentStartCondition": {"SegmentId": segment}},
        "Activities": {
            "first": {"Wait": {"WaitTime": {"WaitFor": "PT1H"}, "NextActivity": "second"}},
            "second": {"Holdout": {"Percentage": 10, "NextActivity": "third"}},
            "third": {"EMAIL": {"TemplateName": "hello", "MessageConfig": {"FromAddress": "news@example.com"}}},
        },
        "Limits": {"DailyCap": 1},
    }
    made = run.happy("CreateJourney", ApplicationId=app, WriteJourneyRequest=request)
    run.equal({name: made[name] for name in request}, request, "what was asked for")
    run.equal((made["State"], made["ApplicationId"]), ("DRAFT", app), "the rest")
    here = {"ApplicationId": app, "JourneyId": made["Id"]}
    run.equal(run.happy("GetJourney", **here), made, "GetJourney")
    changed = run.happy("UpdateJourney", **here, WriteJourneyRequest={**request, "Name": "hello"})
    run.equal((changed["Name"], changed["State"]), ("hello", "DRAFT"), "UpdateJourney")
    others = [
        run.happy("CreateJourney", ApplicationId=app, WriteJourneyRequest={"Name": name})["Id"] for name in ("b", "c")
    ]
    run.pages("ListJourneys", [made["Id"], *others], ApplicationId=app)

    def bad(fragment, **members):
        wanted = {**request, **members}
        run.bad("CreateJourney", fragment, ApplicationId=app, WriteJourneyRequest=wanted)
        run.bad("UpdateJourney", fragment, **here, WriteJourneyRequest=wanted)

    bad("Name", Name="with spaces")
    bad("Name", Name="n" * 151)
    bad("StartActivity", StartActivity="elsewhere")
    bad("Activities", Activities={"first": {"Wait": {"WaitTime": {"WaitFor": "PT1H"}, "NextActivity": "elsewhere"}}})
    bad("Limits", Limits={"DailyCap": 101})
    # They do not run yet, and say so.
    bad("State", State="ACTIVE")
    for state in ("ACTIVE", "PAUSED", "CANCELLED", "SLEEPY"):
        run.bad("UpdateJourneyState", "State", **here, JourneyStateRequest={"State": state})
    run.equal(run.happy("GetJourney", **here)["State"], "DRAFT", "State")

    run.equal(run.happy("GetJourneyRuns", **here)["Item"], [], "runs")
    run.pages("GetJourneyRuns", [], identify=lambda item: item["RunId"], **here)
    metrics = run.happy("GetJourneyExecutionMetrics", **here)
    run.equal((metrics["JourneyId"], metrics["ApplicationId"]), (made["Id"], app), "GetJourneyExecutionMetrics")
    metrics = run.happy("GetJourneyExecutionActivityMetrics", **here, JourneyActivityId="first")
    run.equal((metrics["JourneyActivityId"], metrics["ActivityType"]), ("first", "WAIT"), "metrics of an activity")
    run.missing("GetJourneyExecutionActivityMetrics", **here, JourneyActivityId="elsewhere")
    run.missing("GetJourneyRunExecutionMetrics", **here, RunId=NOWHERE)
    run.missing("GetJourneyRunExecutionActivityMetrics", **here, RunId=NOWHERE, JourneyActivityId="first")

    for operation, more in (
        ("GetJourney", {}),
        ("UpdateJourney", {"WriteJourneyRequest": request}),
        ("UpdateJourneyState", {"JourneyStateRequest": {"State": "CANCELLED"}}),
        ("GetJourneyRuns", {}),
        ("GetJourneyExecutionMetrics", {}),
        ("GetJourneyExecutionActivityMetrics", {"JourneyActivityId": "first"}),
        ("DeleteJourney", {}),
    ):
        run.missing(operation, ApplicationId=app, JourneyId=NOWHERE, **more)
        run.missing(operation, ApplicationId=NOWHERE, JourneyId=made["Id"], **more)
    run.missing("ListJourneys", ApplicationId=NOWHERE)
    run.missing("CreateJourney", ApplicationId=NOWHERE, WriteJourneyRequest=request)
    run.happy("DeleteJourney", **here)
    run.missing("GetJourney", **here)


CASES = [journeys]
