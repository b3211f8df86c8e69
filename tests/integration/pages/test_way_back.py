"""After signing in one returns to where one came from, and nowhere else."""

import pytest
from fastapi.testclient import TestClient

ELSEWHERE = [
    "https://evil.example/",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "javascript:alert(1)",
    "/\t/evil.example",
    "/\n/evil.example",
    " //evil.example",
    "evil.example",
    "/sign-out",
    "/\N{FULLWIDTH SOLIDUS}evil.example",
    "/" + "a" * 400,
    "",
]
PASSWORD = "a long password"


def sign_up(client: TestClient, back: str) -> str:
    client.headers["sec-fetch-site"] = "same-origin"
    answer = client.post("/sign-up", data={"name": "Alice", "password": PASSWORD, "next": back}, follow_redirects=False)
    assert answer.status_code == 303
    return answer.headers["location"]


def test_form_carries_the_way_back_through_an_error(client: TestClient) -> None:
    assert 'name="next" value="/submit"' in client.get("/sign-in?next=/submit").text
    client.headers["sec-fetch-site"] = "same-origin"
    wrong = client.post("/sign-in", data={"name": "Nobody", "password": PASSWORD, "next": "/submit"})
    assert wrong.status_code == 401
    assert 'name="next" value="/submit"' in wrong.text
    assert 'value="Nobody"' in wrong.text


def test_one_returns_to_the_page_one_came_from(client: TestClient) -> None:
    assert sign_up(client, "/tracks/parity?offset=0") == "/tracks/parity?offset=0"


@pytest.mark.parametrize("address", ELSEWHERE)
def test_an_address_elsewhere_is_dropped(client: TestClient, address: str) -> None:
    assert sign_up(client, address) == "/me"


@pytest.mark.parametrize("address", ELSEWHERE)
def test_the_form_never_shows_an_address_elsewhere(client: TestClient, address: str) -> None:
    assert 'name="next" value="/me"' in client.get("/sign-in", params={"next": address}).text
