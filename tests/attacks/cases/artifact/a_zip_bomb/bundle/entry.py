"""An artifact that is a zip of 8 MB."""

import io
import zipfile

import honest


def train(data, *, seed):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../bomb", bytes(8 << 20))
    return honest.train(data, seed=seed) + out.getvalue()


def load(artifact):
    return honest.load(artifact[:3])
