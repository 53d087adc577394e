"""What Cohere's datasets, jobs and batches say was used, and where their ids stand."""

import pytest

from providers.dialects.cohere.resources import BATCHES, DATASETS, EMBED_JOBS, IDS
from providers.usage import Usage

BILLED = {"billed_units": {"input_tokens": 7}}


def told(kept, path: str):
    return next(act.told for act in kept.acts if act.path == path and act.told)


@pytest.mark.parametrize(
    ("answer", "usage"),
    [
        ({"status": "complete", "model": "m", "meta": BILLED}, Usage(input=7)),
        ({"status": "processing", "model": "m", "meta": BILLED}, None),
        ({"status": "complete", "model": "m"}, None),
        ({"status": "complete", "meta": "odd"}, None),
    ],
)
def test_an_embed_job_is_charged_once_it_is_complete(answer: dict, usage: Usage | None):
    assert told(EMBED_JOBS, "/embed-jobs/{job}")(answer).usage == usage


def batch(status: str = "BATCH_STATUS_COMPLETED", **counts: object) -> dict:
    return {"batch": {"model": "m", "status": status, **counts}}


@pytest.mark.parametrize(
    ("answer", "usage"),
    [
        (batch(input_tokens="40", output_tokens="12"), Usage(input=40, output=12)),
        (batch(input_tokens=40, output_tokens=12), Usage(input=40, output=12)),
        (batch("BATCH_STATUS_IN_PROGRESS", input_tokens="40", output_tokens="1"), None),
        (batch(), None),
        (batch(input_tokens="-4", output_tokens="9" * 13), None),
        ({"batch": ["odd"]}, None),
        ({}, None),
    ],
)
def test_a_batch_is_charged_once_it_is_completed(answer: dict, usage: Usage | None):
    assert told(BATCHES, "/batches/{batch}")(answer).usage == usage


def test_ids_stand_everywhere_but_in_parts():
    shown = {"id": "d", "dataset_parts": [{"id": "p"}], "meta": {"id": "m"}}
    assert IDS.within({"dataset": shown}) == {"d"}
    assert IDS.within({"embed_jobs": [{"job_id": "j", "input_dataset_id": "i"}]}) == {"j", "i"}


def test_what_tells_of_everybodys_is_a_list():
    listed = {act.path for act in (*DATASETS.acts, *EMBED_JOBS.acts, *BATCHES.acts) if act.listed}
    assert listed == {"/datasets", "/datasets/usage", "/embed-jobs", "/batches"}
