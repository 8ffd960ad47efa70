"""SQL for SQLite. Written by rw2fa_daemon/store/compile.py: change statements.py instead.

Above each statement stand its parameters in their order.
"""

from typing import Final

# none
COUNT_ACTIVE: Final = """
    SELECT accounts.active, count(*) AS count_1
    FROM accounts GROUP BY accounts.active
"""

# found_name
DELETE_ACCOUNTS: Final = """
    DELETE FROM accounts WHERE accounts.name = ?
"""

# found_name
DELETE_NOT_MEMBERS: Final = """
    DELETE FROM not_members WHERE not_members.name = ?
"""

# found_name
DELETE_REVISIONS: Final = """
    DELETE FROM revisions WHERE revisions.name = ?
"""

# found_entry
DELETE_SCOPE_ENTRIES: Final = """
    DELETE FROM scope_entries WHERE scope_entries.entry = ?
"""

# at_most, kept
FORGET_NOT_MEMBERS: Final = """
    DELETE FROM not_members WHERE not_members.name IN (SELECT not_members.name
    FROM not_members ORDER BY not_members.seen_at DESC
     LIMIT ? OFFSET ?)
"""

# name, uid, generation, method, phone, enrol_opened_at, active, secret, digits, period, algorithm,
# created_at, used, last, floor, failures, locked_until, enrol_failures, revision, seal
INSERT_ACCOUNTS: Final = """
    INSERT INTO accounts (name, uid, generation, method, phone, enrol_opened_at, active, secret, digits,
    period, algorithm, created_at, used, last, floor, failures, locked_until, enrol_failures, revision, seal)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

# key, value
INSERT_META: Final = """
    INSERT INTO meta ("key", value) VALUES (?, ?)
"""

# name, uid, scope_digest, seen_at, seal
INSERT_NOT_MEMBERS: Final = """
    INSERT INTO not_members (name, uid, scope_digest, seen_at, seal) VALUES (?, ?, ?, ?, ?)
"""

# name, revision
INSERT_REVISIONS: Final = """
    INSERT INTO revisions (name, revision) VALUES (?, ?)
"""

# entry, since
INSERT_SCOPE_ENTRIES: Final = """
    INSERT INTO scope_entries (entry, since) VALUES (?, ?)
"""

# found_key
SELECT_META: Final = """
    SELECT meta.value
    FROM meta
    WHERE meta."key" = ?
"""

# after, after, page, skipped
SELECT_NAMES: Final = """
    SELECT accounts.name
    FROM accounts
    WHERE accounts.name > ? UNION SELECT revisions.name
    FROM revisions
    WHERE revisions.name > ? ORDER BY name
     LIMIT ? OFFSET ?
"""

# name
SELECT_NOT_MEMBER: Final = """
    SELECT accounts.generation, accounts.revision, not_members.uid, not_members.scope_digest,
    not_members.seen_at, not_members.seal
    FROM (SELECT ? AS name) AS asked LEFT OUTER JOIN accounts ON accounts.name = asked.name LEFT OUTER JOIN
    not_members ON not_members.name = asked.name
"""

# name
SELECT_RECORD: Final = """
    SELECT accounts.uid, accounts.generation, accounts.method, accounts.phone, accounts.enrol_opened_at,
    accounts.active, accounts.secret, accounts.digits, accounts.period, accounts.algorithm,
    accounts.created_at, accounts.used, accounts.last, accounts.floor, accounts.failures,
    accounts.locked_until, accounts.enrol_failures, accounts.revision, accounts.seal, revisions.revision AS
    witness
    FROM (SELECT ? AS name) AS asked LEFT OUTER JOIN accounts ON accounts.name = asked.name LEFT OUTER JOIN
    revisions ON revisions.name = asked.name
"""

# none
SELECT_SCOPE_ENTRIES: Final = """
    SELECT scope_entries.entry, scope_entries.since
    FROM scope_entries
"""

# uid, generation, method, phone, enrol_opened_at, active, secret, digits, period, algorithm, created_at,
# used, last, floor, failures, locked_until, enrol_failures, revision, seal, found_name
UPDATE_ACCOUNTS: Final = """
    UPDATE accounts SET uid=?, generation=?, method=?, phone=?, enrol_opened_at=?, active=?, secret=?,
    digits=?, period=?, algorithm=?, created_at=?, used=?, last=?, floor=?, failures=?, locked_until=?,
    enrol_failures=?, revision=?, seal=? WHERE accounts.name = ?
"""

# used, last, floor, failures, locked_until, enrol_failures, revision, seal, found_name
UPDATE_ACCOUNTS_COUNTERS: Final = """
    UPDATE accounts SET used=?, last=?, floor=?, failures=?, locked_until=?, enrol_failures=?, revision=?,
    seal=? WHERE accounts.name = ?
"""

# value, found_key
UPDATE_META: Final = """
    UPDATE meta SET value=? WHERE meta."key" = ?
"""

# uid, scope_digest, seen_at, seal, found_name
UPDATE_NOT_MEMBERS: Final = """
    UPDATE not_members SET uid=?, scope_digest=?, seen_at=?, seal=? WHERE not_members.name = ?
"""

# revision, found_name
UPDATE_REVISIONS: Final = """
    UPDATE revisions SET revision=? WHERE revisions.name = ?
"""

# since, found_entry
UPDATE_SCOPE_ENTRIES: Final = """
    UPDATE scope_entries SET since=? WHERE scope_entries.entry = ?
"""
