"""An ``adb`` that a test drives: a program whose answers lie in a file."""

from pathlib import Path

FULL = """Current Battery Service state:
  AC powered: false
  USB powered: true
  Wireless powered: false
  Dock powered: false
  Max charging current: 500000
  Max charging voltage: 5000000
  Charge counter: 4024000
  status: 5
  health: 2
  present: true
  level: 100
  scale: 100
  voltage: 4380
  temperature: 270
  technology: Li-ion
"""
"""As Android 13 prints it."""


class FakeAdb:
    """Of one phone. ``battery`` is what ``dumpsys battery`` prints; None and the phone is unplugged."""

    def __init__(self, folder: Path, serial: str = "FA6A1") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.program, self.serial, self._answer = folder / "adb", serial, folder / "battery"
        self.program.write_text(
            "#!/bin/sh\n"
            f'[ "$1 $2 $3" = "-s {serial} shell" ] || {{ echo "error: device \'$2\' not found" >&2; exit 1; }}\n'
            'case "$4 $5" in\n'
            f'"dumpsys battery") cat "{self._answer}" ;;\n'
            '"getprop ro.product.model") echo "Pixel 7" ;;\n'
            "*) exit 127 ;;\n"
            "esac\n"
        )
        self.program.chmod(0o755)
        self.tells(FULL)

    def tells(self, battery: str) -> None:
        self._answer.write_text(battery)

    def unplug(self) -> None:
        self._answer.unlink()
