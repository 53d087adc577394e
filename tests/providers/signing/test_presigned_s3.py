"""URLs of S3 as ours sign them, held against botocore's."""

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from providers.errors import Unsupported
from providers.signing.presigned_s3 import LASTS, presigned

SECRET = {"access_key_id": "AKID", "secret_access_key": "secret/+", "region": "eu-west-1"}


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ("s3://films/a/output.mp4", "https://films.s3.eu-west-1.amazonaws.com/a/output.mp4"),
        (
            "s3://my.films/a b~(1).mp4",
            "https://s3.eu-west-1.amazonaws.com/my.films/a%20b~%281%29.mp4",
        ),
    ],
)
@pytest.mark.parametrize("token", ["", "to/ken+="])
def test_a_url_is_signed_as_botocore_signs_it(link, url, token):
    request = AWSRequest("GET", url)
    auth = S3SigV4QueryAuth(
        Credentials("AKID", "secret/+", token or None), "s3", "eu-west-1", LASTS
    )
    auth.add_auth(request)
    said = parse_qs(urlsplit(request.url).query)
    now = datetime.strptime(said["X-Amz-Date"][0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    ours = presigned(link, SECRET | {"session_token": token}, int(now.timestamp()))
    assert ours.partition("?")[0] == url
    assert parse_qs(urlsplit(ours).query) == said


@pytest.mark.parametrize("link", ["gs://a/b", "s3://films", "s3://UPPER/a", "https://a.test/b"])
def test_what_is_not_in_s3_is_not_signed(link):
    with pytest.raises(Unsupported):
        presigned(link, SECRET, 0)


def test_a_key_for_bedrock_alone_signs_nothing():
    with pytest.raises(Unsupported, match="s3://films/a"):
        presigned("s3://films/a", {"bearer": "k", "region": "eu-west-1"}, 0)


def test_china_has_hosts_of_its_own():
    secret = SECRET | {"region": "cn-north-1"}
    assert presigned("s3://films/a", secret, 0).startswith(
        "https://films.s3.cn-north-1.amazonaws.com.cn/a?"
    )
