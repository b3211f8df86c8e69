"""The work is done while the module is imported."""

import time

from honest import load, train

begun = time.process_time()
while time.process_time() - begun < 0.5:
    pass
