"""A bucket on loopback."""

import pytest
import requests
from moto.server import ThreadedMotoServer
from s3fs import S3FileSystem


@pytest.fixture
def bucket(monkeypatch):
    """Serve an empty bucket as S3 does, on loopback."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    address = "http://{}:{}".format(*server.get_host_and_port())
    # The buckets of an earlier server in this process are there, too.
    requests.post(f"{address}/moto-api/reset", timeout=30)
    for name, value in {
        "AWS_ENDPOINT_URL": address, "AWS_ACCESS_KEY_ID": "made-up",
        "AWS_SECRET_ACCESS_KEY": "made-up", "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_MAX_ATTEMPTS": "1", "NO_PROXY": "127.0.0.1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    S3FileSystem.clear_instance_cache()
    files = S3FileSystem()
    files.mkdir("cities")
    yield files, server
    server.stop()
    S3FileSystem.clear_instance_cache()
