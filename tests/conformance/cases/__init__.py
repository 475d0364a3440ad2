"""What every operation of the API has to do, for any client. A case is a function of a run; `ALL` is in order."""

from . import app, campaign, channel, endpoint, event, job, journey, kpi, message, recommender, segment, template

ALL = [case for module in (
    app, endpoint, event, segment, job, template, channel, campaign, message, journey, kpi, recommender,
) for case in module.CASES]
