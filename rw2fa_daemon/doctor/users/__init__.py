"""Scope, enrolment and guessing."""
