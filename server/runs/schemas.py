"""What hosts send. A host is hostile input: strict types, finite and bounded numbers, no unknown fields."""

from typing import Annotated, Any, Literal

from pydantic import Base64Bytes, BaseModel, ConfigDict, Field, model_validator

from minjoule.floor import MOST_BOXES, boxes_due, mean
from minjoule.outcome import Outcome
from minjoule.uncertainty import Doubts, together
from server.domain.plausibility import MOST_W
from server.domain.run import Cause

Nanoseconds = Annotated[int, Field(ge=0, lt=2**62)]
Microjoules = Annotated[int, Field(ge=0, lt=2**53)]
Watts = Annotated[float, Field(gt=0, le=MOST_W)]
Hex64 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
LOG_CHUNK = 90_000
LOG_BYTES = 400_000
TRACE_BYTES = 1_400_000
RECORD_BYTES = 60_000
MOST_METERS = 12


class Strict(BaseModel):
    """No unknown fields, no NaN, no infinity."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Heartbeat(Strict):
    """I'm alive, and this is how far I am. ``log`` is what came since ``log_offset``."""

    epoch: int = Field(ge=1)
    phase: Literal["prepare", "train", "score", "report"]
    progress: float | None = Field(default=None, ge=0, le=1)
    energy_uj: Microjoules | None = None
    loss_so_far: float | None = Field(default=None, ge=0, le=1e9)
    log_offset: int = Field(default=0, ge=0, le=10_000_000)
    log_b64: Base64Bytes = Field(default=b"", max_length=LOG_CHUNK)


class MeterReport(Strict):
    """One meter's reading of a window: a part of the bill, or beside it."""

    meter: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9+._-]{0,39}$")]
    energy_uj: Microjoules
    billed: bool


class WindowReport(Strict):
    """One window: its borders on the host's monotonic clock, and its bill with U (k=2), absolute and on this host alone.

    ``meters`` is there where more than one was read.
    """

    begin_ns: Nanoseconds
    end_ns: Nanoseconds
    energy_uj: Microjoules
    expanded_uj: Microjoules | None = None
    on_host_uj: Microjoules | None = None
    meters: list[MeterReport] | None = Field(default=None, min_length=2, max_length=MOST_METERS)

    @model_validator(mode="after")
    def adds_up(self) -> "WindowReport":
        """Each meter is there once, and those that are billed make up the bill, but for each one's rounding."""
        if self.meters is None:
            return self
        if len({each.meter for each in self.meters}) != len(self.meters):
            raise ValueError("a meter is named twice")
        billed_uj = sum(each.energy_uj for each in self.meters if each.billed)
        if abs(billed_uj - self.energy_uj) > len(self.meters):
            raise ValueError(f"the billed meters add up to {billed_uj} uJ, the bill is {self.energy_uj} uJ")
        return self

    @model_validator(mode="after")
    def ordered(self) -> "WindowReport":
        """A window ends after it begins."""
        if self.end_ns <= self.begin_ns:
            raise ValueError("the window ends before it begins")
        return self


class SharingReport(Strict):
    """How many boxes shared the windows, and what came of each; nanoseconds are decimal strings, as in the record."""

    floor_ns: Annotated[str, Field(pattern=r"^\d{1,18}$")]
    expected_ns: Annotated[str, Field(pattern=r"^\d{1,18}$")]
    train: int = Field(ge=1, le=MOST_BOXES)
    score: int = Field(ge=0, le=MOST_BOXES)
    losses: list[Annotated[float, Field(ge=0, le=1e9)]] = Field(max_length=MOST_BOXES)
    instances: list[Hex64] = Field(max_length=MOST_BOXES)
    artifacts: list[Hex64] = Field(max_length=MOST_BOXES)


class Report(Strict):
    """The end of an attempt. Windows are one box's part; ``sharing`` is missing from hosts that let one box through."""

    epoch: int = Field(ge=1)
    outcome: Outcome
    message: str = Field(default="", max_length=4000)
    loss: float | None = Field(default=None, ge=0, le=1e9)
    symbols: int = Field(ge=0, lt=2**53)
    train: WindowReport
    score: WindowReport | None = None
    artifact_sha256: Hex64 | None = None
    artifact_bytes: int = Field(ge=0, lt=2**40)
    log_b64: Base64Bytes = Field(default=b"", max_length=LOG_BYTES)
    log_truncated: bool = False
    trace_b64: Base64Bytes = Field(max_length=TRACE_BYTES)
    prelude_s: float = Field(ge=0, le=3600)
    instance_digest: Hex64
    sharing: SharingReport | None = None
    record_b64: Base64Bytes = Field(default=b"", max_length=RECORD_BYTES)
    signature: Annotated[str, Field(pattern=r"^([0-9a-f]{128})?$")] = ""
    meter: dict[str, str | int | float | bool | None] = Field(max_length=20)
    facts: dict[str, str | int | float | bool | None] = Field(default_factory=dict, max_length=60)

    @model_validator(mode="after")
    def consistent(self) -> "Report":
        """A loss exactly where a run finished, a bill above zero."""
        if (self.outcome is Outcome.FINISHED) != (self.loss is not None):
            raise ValueError("a loss belongs to FINISHED, and to it alone")
        if self.outcome is Outcome.FINISHED and self.score is None:
            raise ValueError("a FINISHED run has a scoring window")
        if self.energy_uj < 1:
            raise ValueError("a bill of 0 J isn't possible: a silent meter is a fault")
        return self

    @model_validator(mode="after")
    def shared(self) -> "Report":
        """Of a finished run as many boxes were scored as trained, as many as its floor asks, and its loss is their mean."""
        sharing = self.sharing
        if sharing is None or self.outcome is not Outcome.FINISHED:
            return self
        floor = int(sharing.floor_ns)
        due = boxes_due(floor, int(sharing.expected_ns)) if floor else 1
        if not due == sharing.train == sharing.score == len(sharing.losses) == len(sharing.instances) == len(sharing.artifacts):
            raise ValueError(f"{due} boxes are due in each window, {sharing.train} and {sharing.score} are reported")
        if mean(sharing.losses) != self.loss:
            raise ValueError(f"the mean of its boxes' losses is {mean(sharing.losses)}, the report says {self.loss}")
        return self

    @property
    def energy_uj(self) -> int:
        """Train + score."""
        return self.train.energy_uj + (self.score.energy_uj if self.score else 0)

    @property
    def wall_ns(self) -> int:
        """One box's part of both windows, nanoseconds."""
        boxes = (self.sharing.train, self.sharing.score) if self.sharing else (1, 1)
        return sum((each.end_ns - each.begin_ns) // max(by, 1) for each, by in zip((self.train, self.score), boxes, strict=True) if each)

    @property
    def meters(self) -> dict[str, dict[str, int | bool]] | None:
        """Both windows together of each meter that read them all; None where one meter is all."""
        windows = [each.meters or [] for each in (self.train, self.score) if each]
        names = [each.meter for each in windows[0] if all(each.meter in [other.meter for other in said] for said in windows)]
        read = {name: [each for said in windows for each in said if each.meter == name] for name in names}
        whole = {name: found for name, found in read.items() if len({each.billed for each in found}) == 1}
        return {name: {"energy_uj": sum(each.energy_uj for each in said), "billed": said[0].billed} for name, said in whole.items()} or None

    @property
    def doubt(self) -> Doubts:
        """U of the whole bill."""
        return together((each.expanded_uj, each.on_host_uj) for each in (self.train, self.score) if each)


class FaultReport(Strict):
    """The attempt failed, and it was us."""

    epoch: int = Field(ge=1)
    cause: Cause
    detail: str = Field(max_length=4000)


class ControlReport(Strict):
    """What came of the control workload on this host; with its idle power and its rating, watts, where it knows them."""

    passed: bool
    said: str = Field(min_length=1, max_length=500)
    idle_w: Watts | None = None
    rated_w: Watts | None = None

    @model_validator(mode="after")
    def check_bounds(self) -> "ControlReport":
        """A machine at rest draws less than it may at most."""
        if self.idle_w is not None and self.rated_w is not None and self.idle_w >= self.rated_w:
            raise ValueError(f"an idle power of {self.idle_w:g} W isn't below the rating of {self.rated_w:g} W")
        return self


class Lease(BaseModel):
    """How long the attempt is this host's."""

    lease_s: int


class Claim(BaseModel):
    """A run to carry out."""

    attempt_id: int
    run_id: str
    epoch: int
    lease_s: int
    submission_digest: str
    entrypoint: str
    track: dict[str, Any]
    instance_key: str
    seed: int
    purpose: str
