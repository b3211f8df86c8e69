"""Hosts: enrolment and who may claim."""
