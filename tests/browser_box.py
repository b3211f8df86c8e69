"""What tests of the browser's box need: its image, of this checkout."""

import docker
from docker.errors import DockerException

from minjoule.box import BoxFault
from sandbox.images import check_image
from tests.conftest import lacking, required


def need_image() -> None:
    """Skip without the image ``webgpu`` of this checkout; fail where MINJOULE_TEST_REQUIRE names docker, or webgpu-image alone."""
    try:
        client = docker.from_env(timeout=5)
        check_image(client, "webgpu")
        client.close()
    except (DockerException, BoxFault) as error:
        lacking("docker" if required("docker") else "webgpu-image", f"python -m sandbox.images build webgpu ({error})")
