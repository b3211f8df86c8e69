"""schemathesis over the OpenAPI: whatever fits it, or nearly does, never crashes the server. Bounded to about half a minute."""

import time

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.integration.web.conftest import World

SECONDS = 30.0
EXAMPLES = 30
CALM = settings(max_examples=EXAMPLES, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))


class Caller:
    """Calls operations until the time is over, and notes what crashed."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.until = time.monotonic() + SECONDS
        self.tried: set[str] = set()
        self.crashed: list[tuple[str, int, str]] = []
        self.tokens = world.hosts | {"owner": {"authorization": f"Bearer {world.people['owner'].token}"}}

    def call(self, case: schemathesis.Case, named: bool) -> None:
        """One call; ``named``: of what exists."""
        if time.monotonic() > self.until:
            return
        if named:
            case.path_parameters = {key: self.world.names.get(key, value) for key, value in (case.path_parameters or {}).items()}
        label = f"{case.method} {case.operation.path}"
        answer = case.call(headers=self.tokens["host" if "/host/" in label else "owner"])
        self.tried.add(label)
        if answer.status_code >= 500:
            self.crashed.append((label, answer.status_code, repr(case)[:300]))


def test_no_call_that_the_schema_describes_crashes_the_server(world: World) -> None:
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", world.app)
    caller = Caller(world)
    operations = [result.ok() for result in schema.get_all_operations()]
    for operation in operations:
        if not operation.path.endswith("/events"):  # a stream: it has its own tests
            CALM(given(case=operation.as_strategy(), named=st.booleans())(lambda case, named: caller.call(case, named)))()
    assert caller.crashed == []
    assert len(caller.tried) == len(operations) - 1, "time was over before every operation was called"
