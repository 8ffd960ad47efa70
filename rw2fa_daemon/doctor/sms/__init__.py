"""Codes by SMS."""
