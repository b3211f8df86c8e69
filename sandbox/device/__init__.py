"""A box in somebody else's browser: a phone, or any Chromium that is reached by the Chrome DevTools Protocol (CDP)."""
