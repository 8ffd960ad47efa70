"""The configuration: one table of settings, the files that set them, and edits in place."""
