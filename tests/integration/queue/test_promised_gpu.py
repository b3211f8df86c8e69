"""What a host class promises is the class's: told at enrolment, shown in public, and the same in every code for it."""

from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from server import clock
from server.db.session import Database
from server.domain.errors import Conflict
from server.hosts import service as hosts
from server.hosts.service import NewClass

PHONES = NewClass("phones", "a phone with a GPU", "device-wall", False, promises_gpu=True)


def code_for(database: Database, wanted: NewClass) -> str:
    with database.session() as session:
        return hosts.issue_code(session, wanted, loopback_only=True, now=clock.now())


@pytest.mark.parametrize("promised", [True, False])
def test_a_host_learns_what_its_class_promises_and_so_does_the_public(client: TestClient, database: Database, promised: bool) -> None:
    code = code_for(database, replace(PHONES, promises_gpu=promised))
    enrolled = client.post("/api/v1/host/enrolments", json={"code": code, "name": "mine"}).json()
    (shown,) = client.get("/api/v1/hosts").json()
    assert (enrolled["promises_gpu"], shown["promises_gpu"]) == (promised, promised)
    assert ("promises a GPU" in client.get("/hosts").text) is promised


def test_a_second_code_promises_the_same(database: Database) -> None:
    code_for(database, PHONES)
    code_for(database, PHONES)
    with pytest.raises(Conflict, match=r"exists with boundary device-wall, unsandboxed=False and promises_gpu=True"):
        code_for(database, replace(PHONES, promises_gpu=False))
