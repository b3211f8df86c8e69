"""NaN, infinity, a negative bill, a bill of nothing, a window that ends before it begins, an unknown field, another type."""

from tests.attacks.hostile_host import HostileHost


def act(arena):
    with HostileHost(arena) as host:
        claimed = host.claim()
        honest = host.signed(claimed)
        window = honest["train"]
        for lie in (
            {"loss": float("nan")},
            {"loss": float("inf")},
            {"loss": -1.0},
            {"train": window | {"energy_uj": -5}},
            {"train": window | {"energy_uj": 0}, "score": honest["score"] | {"energy_uj": 0}},
            {"train": window | {"end_ns": window["begin_ns"]}},
            {"train": window | {"energy_uj": "much"}},
            {"rank": 1},
            {"symbols": 2**80},
            {"log_b64": "!!!"},
        ):
            answer = host.report_raw(claimed, honest | lie)
            assert answer.status_code == 422, (lie, answer.text)
        assert host.report(claimed, honest).status_code == 200
    return [arena.final(claimed["run_id"])]
