"""WebGPU entries with modelled energy: the schedule, the price of counted work, and the browser modules that count it."""
