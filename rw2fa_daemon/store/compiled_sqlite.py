"""SQL for SQLite. Written by rw2fa_daemon/store/compile.py: change statements.py instead.

Above each statement stand its parameters in their order.
"""

from typing import Final

# none
COUNT_CREDENTIALS: Final = """
    SELECT credentials.active, count(*) AS count_1
    FROM credentials GROUP BY credentials.active
"""

# found_name
DELETE_ACCOUNTS: Final = """
    DELETE FROM accounts WHERE accounts.name = ?
"""

# found_name
DELETE_COUNTERS: Final = """
    DELETE FROM counters WHERE counters.name = ?
"""

# found_name
DELETE_CREDENTIALS: Final = """
    DELETE FROM credentials WHERE credentials.name = ?
"""

# found_name
DELETE_NOT_MEMBERS: Final = """
    DELETE FROM not_members WHERE not_members.name = ?
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

# name, uid, generation, revision, method, phone, enrol_opened_at
INSERT_ACCOUNTS: Final = """
    INSERT INTO accounts (name, uid, generation, revision, method, phone, enrol_opened_at) VALUES (?, ?, ?, ?, ?,
    ?, ?)
"""

# name, used, last, floor, failures, locked_until, enrol_failures, seal
INSERT_COUNTERS: Final = """
    INSERT INTO counters (name, used, last, floor, failures, locked_until, enrol_failures, seal) VALUES (?, ?, ?,
    ?, ?, ?, ?, ?)
"""

# name, active, secret, digits, period, algorithm, created_at
INSERT_CREDENTIALS: Final = """
    INSERT INTO credentials (name, active, secret, digits, period, algorithm, created_at) VALUES (?, ?, ?, ?, ?,
    ?, ?)
"""

# key, value
INSERT_META: Final = """
    INSERT INTO meta ("key", value) VALUES (?, ?)
"""

# name, uid, scope_digest, seen_at, seal
INSERT_NOT_MEMBERS: Final = """
    INSERT INTO not_members (name, uid, scope_digest, seen_at, seal) VALUES (?, ?, ?, ?, ?)
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

# after, after, after, page, skipped
SELECT_NAMES: Final = """
    SELECT accounts.name
    FROM accounts
    WHERE accounts.name > ? UNION SELECT credentials.name
    FROM credentials
    WHERE credentials.name > ? UNION SELECT counters.name
    FROM counters
    WHERE counters.name > ? ORDER BY name
     LIMIT ? OFFSET ?
"""

# name
SELECT_NOT_MEMBER: Final = """
    SELECT accounts.generation, accounts.revision, not_members.uid, not_members.scope_digest, not_members.seen_at,
    not_members.seal
    FROM (SELECT ? AS name) AS asked LEFT OUTER JOIN accounts ON accounts.name = asked.name LEFT OUTER JOIN
    not_members ON not_members.name = asked.name
"""

# name
SELECT_RECORD: Final = """
    SELECT accounts.uid, accounts.generation, accounts.revision, accounts.method, accounts.phone,
    accounts.enrol_opened_at, credentials.active, credentials.secret, credentials.digits, credentials.period,
    credentials.algorithm, credentials.created_at, counters.used, counters.last, counters.floor,
    counters.failures, counters.locked_until, counters.enrol_failures, counters.seal
    FROM (SELECT ? AS name) AS asked LEFT OUTER JOIN accounts ON accounts.name = asked.name LEFT OUTER JOIN
    credentials ON credentials.name = asked.name LEFT OUTER JOIN counters ON counters.name = asked.name
"""

# none
SELECT_SCOPE_ENTRIES: Final = """
    SELECT scope_entries.entry, scope_entries.since
    FROM scope_entries
"""

# uid, generation, revision, method, phone, enrol_opened_at, found_name
UPDATE_ACCOUNTS: Final = """
    UPDATE accounts SET uid=?, generation=?, revision=?, method=?, phone=?, enrol_opened_at=? WHERE accounts.name
    = ?
"""

# revision, found_name
UPDATE_ACCOUNTS_REVISION: Final = """
    UPDATE accounts SET revision=? WHERE accounts.name = ?
"""

# used, last, floor, failures, locked_until, enrol_failures, seal, found_name
UPDATE_COUNTERS: Final = """
    UPDATE counters SET used=?, last=?, floor=?, failures=?, locked_until=?, enrol_failures=?, seal=? WHERE
    counters.name = ?
"""

# active, secret, digits, period, algorithm, created_at, found_name
UPDATE_CREDENTIALS: Final = """
    UPDATE credentials SET active=?, secret=?, digits=?, period=?, algorithm=?, created_at=? WHERE
    credentials.name = ?
"""

# value, found_key
UPDATE_META: Final = """
    UPDATE meta SET value=? WHERE meta."key" = ?
"""

# uid, scope_digest, seen_at, seal, found_name
UPDATE_NOT_MEMBERS: Final = """
    UPDATE not_members SET uid=?, scope_digest=?, seen_at=?, seal=? WHERE not_members.name = ?
"""

# since, found_entry
UPDATE_SCOPE_ENTRIES: Final = """
    UPDATE scope_entries SET since=? WHERE scope_entries.entry = ?
"""
