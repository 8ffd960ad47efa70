"""Audit records on their way to the journal, or to a bounded file where there is none, and back."""
