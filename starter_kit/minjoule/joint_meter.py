"""Several meters as one: those that make up the bill (GPU boards and CPU packages for ``node``), and columns beside it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol, runtime_checkable

from minjoule.box import Box
from minjoule.meter import Channel, Meter, MeterFacts, Reading


class JointMeter:
    """``billed`` meters are added up, ``beside`` are shown. Their channels' names must differ: "meter/channel"."""

    def __init__(self, boundary: str, billed: Sequence[Meter], beside: Sequence[Meter] = ()) -> None:
        self.members = (*billed, *beside)
        self._boundary, self._billed = boundary, tuple(billed)
        extra = tuple(replace(channel, billed=False) for meter in beside for channel in meter.channels)
        self._channels = tuple(channel for meter in billed for channel in meter.channels) + extra
        names = [channel.name for channel in self._channels]
        if len(set(names)) != len(names):
            raise ValueError(f"two meters have a channel of the same name: {', '.join(sorted(names))}")

    @property
    def channels(self) -> tuple[Channel, ...]:
        """Every member's, those beside the bill marked as such."""
        return self._channels

    @property
    def facts(self) -> MeterFacts:
        """The billed members' facts, joined; the gain's error is known only where every one is."""
        each = [meter.facts for meter in self._billed]
        errors = [facts.relative_error for facts in each if facts.relative_error is not None]
        return MeterFacts(
            name="+".join(facts.name for facts in each),
            boundary=self._boundary,
            modelled=any(facts.modelled for facts in each),
            covers="; ".join(facts.covers for facts in each),
            update_s=max(facts.update_s for facts in each),
            relative_error=max(errors) if len(errors) == len(each) else None,
            note="; ".join(facts.note for facts in each),
            gain_basis="; ".join(f"{facts.name}: {facts.gain_basis}" for facts in each),
            device="; ".join(facts.device for facts in each if facts.device),
        )

    def read(self, box: Box) -> tuple[Reading, ...]:
        """Every member's channels, now. Raises MeterFault."""
        return tuple(reading for meter in self.members for reading in meter.read(box))

    def admit(self) -> None:
        """Every member's. Raises MeterFault."""
        for meter in self.members:
            meter.admit()


@runtime_checkable
class Listener(Protocol):
    """A meter that bills what our harness counted in the box: it may be believed where nothing of the entrant's but the counted ran."""

    def hear(self, account: bytes) -> None:
        """The harness's account of a whole window (JSON). Raises MeterFault for one that can't be read."""
        ...


def listeners(meter: Meter) -> tuple[Listener, ...]:
    """Those behind a meter that want the box's account."""
    return tuple(member for member in members_of(meter) if isinstance(member, Listener))


def members_of(meter: Meter) -> tuple[Meter, ...]:
    """The instruments behind a meter: itself, unless it's several."""
    return meter.members if isinstance(meter, JointMeter) else (meter,)
