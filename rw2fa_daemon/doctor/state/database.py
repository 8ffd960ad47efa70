"""Whether a database that several hosts share is reliable."""

import stat
from collections.abc import Iterator

from rw2fa_daemon.config.database_url import PASSWORD_FILE
from rw2fa_daemon.doctor.finding import Finding
from rw2fa_daemon.doctor.subject import Subject


def check_database(subject: Subject) -> Iterator[Finding]:
    """Whether it can be reached and written to, its commits are durable, and its password is not readable by others.

    Raises Problem, with the reason, if the state cannot be opened.
    """
    database = subject.config.database
    if database is None:
        return
    if database.password is not None:
        for file in subject.config.files:
            status = subject.path(file).stat()
            if (
                status.st_mode & (stat.S_IROTH | stat.S_IRGRP)
                and database.password.reveal() in subject.path(file).read_bytes()
            ):
                yield Finding(
                    "database",
                    ok=False,
                    detail=f"{file} contains the password of the database, and others can read it",
                    fix="change the database's password, and put the new one into"
                    f" {subject.config.master_key.with_name(PASSWORD_FILE)} (mode 0600) instead of the URL",
                )
    with subject.store() as store:
        store.floor()
