"""Recommender configurations."""

from .common import NOWHERE, ROLE


def recommenders(run):
    request = {
        "Name": "shoes",
        "RecommendationProviderRoleArn": ROLE,
        "RecommendationProviderUri": "arn:aws:personalize:us-east-1:123456789012:campaign/shoes",
        "RecommendationProviderIdType": "PINPOINT_USER_ID",
        "RecommendationsPerMessage": 3,
        "RecommendationsDisplayName": "Shoes",
    }
    made = run.happy("CreateRecommenderConfiguration", CreateRecommenderConfiguration=request)
    run.equal({name: made[name] for name in request}, request, "what was asked for")
    here = {"RecommenderId": made["Id"]}
    run.equal(run.happy("GetRecommenderConfiguration", **here), made, "GetRecommenderConfiguration")
    change = {**request, "Name": "boots"}
    changed = run.happy("UpdateRecommenderConfiguration", **here, UpdateRecommenderConfiguration=change)
    run.equal(changed["Name"], "boots", "UpdateRecommenderConfiguration")
    others = [
        run.happy("CreateRecommenderConfiguration", CreateRecommenderConfiguration=request)["Id"] for _ in range(2)
    ]
    run.pages("GetRecommenderConfigurations", [made["Id"], *others])

    for fragment, wrong in (
        ("RecommendationProviderUri", {"RecommendationProviderRoleArn": ROLE}),
        ("RecommendationsPerMessage", {**request, "RecommendationsPerMessage": 6}),
        ("RecommendationProviderIdType", {**request, "RecommendationProviderIdType": "SHOE_SIZE"}),
    ):
        run.bad("CreateRecommenderConfiguration", fragment, CreateRecommenderConfiguration=wrong)
        run.bad("UpdateRecommenderConfiguration", fragment, **here, UpdateRecommenderConfiguration=wrong)
    run.missing("GetRecommenderConfiguration", RecommenderId=NOWHERE)
    run.missing("UpdateRecommenderConfiguration", RecommenderId=NOWHERE, UpdateRecommenderConfiguration=request)
    run.missing("DeleteRecommenderConfiguration", RecommenderId=NOWHERE)
    run.equal(run.happy("DeleteRecommenderConfiguration", **here)["Id"], made["Id"], "DeleteRecommenderConfiguration")
    run.missing("GetRecommenderConfiguration", **here)


CASES = [recommenders]
