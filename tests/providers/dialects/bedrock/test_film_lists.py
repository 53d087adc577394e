"""Lists of invocations at Bedrock: which of them are films of the gateway."""

import pytest

from providers.dialects.bedrock.films import listed_at, parse_list
from providers.errors import BadAnswer
from providers.neutral.video import State

ARN = "arn:aws:bedrock:us-east-1:123456789012:async-invoke/abc123def45"
REEL = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-reel-v1:"


def invocation(end: str, **facts: object) -> dict:
    config = {"s3OutputDataConfig": {"s3Uri": f"s3://films/made/abc123def45{end}"}}
    return {
        "invocationArn": ARN + end,
        "modelArn": f"{REEL}1",
        "status": "Completed",
        "submitTime": "2026-01-01T00:00:02.5Z",
        "outputDataConfig": config,
        **facts,
    }


def test_invocations_of_nova_reel_are_films():
    others = "arn:aws:bedrock:us-east-1::foundation-model/twelvelabs.marengo-embed-2-7-v1:0"
    page = parse_list(
        {
            "asyncInvokeSummaries": [
                invocation("1", endTime="2026-01-01T00:02:00Z"),
                invocation("2", modelArn=others),
                invocation("3", modelArn=f"{REEL}0", status="Failed", failureMessage="no"),
                invocation("4", status="Odd"),
                invocation("5", invocationArn="arn:aws:bedrock:../x"),
                invocation("6", modelArn=others, submitTime="2026-01-01T00:00:01Z"),
            ],
            "nextToken": "t",
        }
    )
    done, failed = page.films
    assert (done.model, done.seconds, done.size) == ("amazon.nova-reel-v1:1", 0, "1280x720")
    assert (done.film.state, done.film.completed) == (State.COMPLETED, 1767225720)
    assert done.film.link == "s3://films/made/abc123def451/output.mp4"
    assert (failed.film.state, failed.seconds) == (State.FAILED, 6)
    assert (page.oldest, page.more) == (1767225601, True)


@pytest.mark.parametrize(
    ("bucket", "inside"),
    [
        ("s3://films", True),
        ("s3://films/made/", True),
        ("s3://films/ma", False),
        ("s3://film", False),
        ("", False),
    ],
)
def test_films_in_other_buckets_are_not_the_gateways(bucket: str, inside: bool):
    [film] = parse_list({"asyncInvokeSummaries": [invocation("1")]}).films
    assert film.lies_in(bucket) is inside


def test_the_newest_are_asked_for():
    order = "maxResults=100&sortBy=SubmissionTime&sortOrder=Descending"
    assert listed_at("") == f"/async-invoke?{order}"
    before = listed_at("2026-01-01T00:00:00Z")
    assert before == f"/async-invoke?{order}&submitTimeBefore=2026-01-01T00%3A00%3A00Z"


def test_the_last_page_ends_the_list():
    page = parse_list({"asyncInvokeSummaries": []})
    assert (page.films, page.oldest, page.more) == ([], 0, False)
    with pytest.raises(BadAnswer):
        parse_list({"message": "no"})
