"""The minjoule server: the public site, its API and its queue. It never imports ``worker`` or ``sandbox``."""
