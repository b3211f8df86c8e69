"""What tests of the browser's box need: its image, of this checkout."""

import docker
from docker.errors import DockerException

from minjoule.box import BoxFault
from sandbox.images import check_image
from tests.conftest import lacking


def need_image() -> None:
    """Skip (or fail, where MINJOULE_TEST_REQUIRE names webgpu-image) without the image ``webgpu`` of this checkout."""
    try:
        client = docker.from_env(timeout=5)
        check_image(client, "webgpu")
        client.close()
    except (DockerException, BoxFault) as error:
        lacking("webgpu-image", f"python -m sandbox.images build webgpu ({error})")
