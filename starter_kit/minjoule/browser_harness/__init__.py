"""What runs in the browser's box: Chromium, our page and the way between them and the gate. Standard library and ``protocol`` only."""
