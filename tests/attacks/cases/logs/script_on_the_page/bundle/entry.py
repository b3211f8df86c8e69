"""HTML with script."""

from honest import load
from honest import train as honest_train


def train(data, *, seed):
    print("</pre><script>alert(1)</script><img src=x onerror=alert(2)>")
    return honest_train(data, seed=seed)
