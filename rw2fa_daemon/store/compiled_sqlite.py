"""SQL for SQLite. Written by rw2fa_daemon/store/compile.py: change statements.py instead.

Above each statement stand its parameters in their order.
"""

from typing import Final

# none
COUNT_DEVICES: Final = """
    SELECT accounts.method, accounts.active, accounts.phone_confirmed, count(*) AS count_1
    FROM accounts
    WHERE accounts.active IS NOT NULL OR accounts.phone_confirmed = 1 GROUP BY accounts.method,
    accounts.active, accounts.phone_confirmed
"""

# narrow, narrow_since, found_digits, wide, since, left_out
COUNT_GUESSES: Final = """
    SELECT count(*) AS count_1, count(*) FILTER (WHERE accounts.narrow_guesses >= ? AND accounts.narrow_at >
    ?) AS anon_1
    FROM accounts
    WHERE accounts.wide_guesses > 0 AND accounts.digits = ? AND accounts.wide_guesses >= ? AND
    accounts.wide_at > ? AND accounts.method != ?
"""

# none
COUNT_KEYS: Final = """
    SELECT substr(accounts.seal, 1, 2) AS substr_1, count(*) AS count_1
    FROM accounts
    WHERE accounts.part = 0 GROUP BY substr(accounts.seal, 1, 2)
"""

# now, failures_max
COUNT_LOCKED: Final = """
    SELECT count(*) AS count_1
    FROM accounts
    WHERE accounts.locked_until > 0 AND (accounts.locked_until > ? OR accounts.failures >= ?)
"""

# narrow, since
COUNT_TEXT_GUESSES: Final = """
    SELECT count(*) AS count_1
    FROM accounts
    WHERE accounts.method = 'sms' AND accounts.narrow_guesses > 0 AND accounts.narrow_guesses >= ? AND
    accounts.narrow_at > ?
"""

# found_name
DELETE_ACCOUNT: Final = """
    DELETE FROM accounts WHERE accounts.name = ?
"""

# none
DELETE_ALL_ACCOUNTS: Final = """
    DELETE FROM accounts
"""

# found_key
DELETE_META: Final = """
    DELETE FROM meta WHERE meta."key" = ?
"""

# found_name
DELETE_NOT_MEMBERS: Final = """
    DELETE FROM not_members WHERE not_members.name = ?
"""

# found_entry
DELETE_SCOPE_ENTRIES: Final = """
    DELETE FROM scope_entries WHERE scope_entries.entry = ?
"""

# none
FORGET_ALL_NOT_MEMBERS: Final = """
    DELETE FROM not_members
"""

# at_most, kept
FORGET_NOT_MEMBERS: Final = """
    DELETE FROM not_members WHERE not_members.name IN (SELECT not_members.name
    FROM not_members ORDER BY not_members.seen_at DESC
     LIMIT ? OFFSET ?)
"""

# at_most, kept
FORGET_TEXT_QUOTAS: Final = """
    DELETE FROM text_quotas WHERE text_quotas.subject IN (SELECT text_quotas.subject
    FROM text_quotas ORDER BY text_quotas.void_at DESC
     LIMIT ? OFFSET ?)
"""

# now, at_most, skipped
FORGET_VOID_TEXT_QUOTAS: Final = """
    DELETE FROM text_quotas WHERE text_quotas.subject IN (SELECT text_quotas.subject
    FROM text_quotas
    WHERE text_quotas.void_at <= ?
     LIMIT ? OFFSET ?)
"""

# key, value
INSERT_META: Final = """
    INSERT INTO meta ("key", value) VALUES (?, ?)
"""

# name, uid, scope_digest, seen_at, seal
INSERT_NOT_MEMBERS: Final = """
    INSERT INTO not_members (name, uid, scope_digest, seen_at, seal) VALUES (?, ?, ?, ?, ?)
"""

# name, uid, generation, method, phone, enrol_opened_at, recovery, token, bypass_until, bypass_once,
# phone_confirmed, sms_code, active, secret, digits, period, algorithm, created_at, used, last, floor,
# failures, locked_until, enrol_failures, drift, wide_guesses, wide_at, narrow_guesses, narrow_at, sessions,
# revision, seal
INSERT_RECORD: Final = """
    INSERT INTO accounts (name, part, uid, generation, method, phone, enrol_opened_at, recovery, token,
    bypass_until, bypass_once, phone_confirmed, sms_code, active, secret, digits, period, algorithm,
    created_at, used, last, floor, failures, locked_until, enrol_failures, drift, wide_guesses, wide_at,
    narrow_guesses, narrow_at, sessions, revision, seal) VALUES (?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,
    ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

# entry, since
INSERT_SCOPE_ENTRIES: Final = """
    INSERT INTO scope_entries (entry, since) VALUES (?, ?)
"""

# subject, void_at, ledger
INSERT_TEXT_QUOTAS: Final = """
    INSERT INTO text_quotas (subject, void_at, ledger) VALUES (?, ?, ?)
"""

# name, revision
INSERT_WITNESS: Final = """
    INSERT INTO accounts (name, part, revision) VALUES (?, 1, ?)
"""

# none
LIST_META: Final = """
    SELECT meta."key", meta.value
    FROM meta
"""

# seal, found_name, found_seal
RESEAL_NOT_MEMBERS: Final = """
    UPDATE not_members SET seal=? WHERE not_members.name = ? AND not_members.seal = ?
"""

# phone, secret, seal, found_name, found_seal
RESEAL_RECORD: Final = """
    UPDATE accounts SET phone=?, secret=?, seal=? WHERE accounts.name = ? AND accounts.part = 0 AND
    accounts.seal = ?
"""

# found_key
SELECT_META: Final = """
    SELECT meta.value
    FROM meta
    WHERE meta."key" = ?
"""

# after, page, skipped
SELECT_NAMES: Final = """
    SELECT DISTINCT accounts.name
    FROM accounts
    WHERE accounts.name > ? ORDER BY accounts.name
     LIMIT ? OFFSET ?
"""

# name
SELECT_NOT_MEMBER: Final = """
    SELECT accounts.generation, accounts.revision, not_members.uid, not_members.scope_digest,
    not_members.seen_at, not_members.seal
    FROM (SELECT ? AS name) AS asked LEFT OUTER JOIN accounts ON accounts.name = asked.name AND accounts.part
    = 0 LEFT OUTER JOIN not_members ON not_members.name = asked.name
"""

# name
SELECT_RECORD: Final = """
    SELECT record.uid, record.generation, record.method, record.phone, record.enrol_opened_at,
    record.recovery, record.token, record.bypass_until, record.bypass_once, record.phone_confirmed,
    record.sms_code, record.active, record.secret, record.digits, record.period, record.algorithm,
    record.created_at, record.used, record.last, record.floor, record.failures, record.locked_until,
    record.enrol_failures, record.drift, record.wide_guesses, record.wide_at, record.narrow_guesses,
    record.narrow_at, record.sessions, record.revision, record.seal, witness.revision AS witness
    FROM (SELECT ? AS name) AS asked LEFT OUTER JOIN accounts AS record ON record.name = asked.name AND
    record.part = 0 LEFT OUTER JOIN accounts AS witness ON witness.name = asked.name AND witness.part = 1
"""

# names
SELECT_RECORDS: Final = """
    SELECT asked.name, record.uid, record.generation, record.method, record.phone, record.enrol_opened_at,
    record.recovery, record.token, record.bypass_until, record.bypass_once, record.phone_confirmed,
    record.sms_code, record.active, record.secret, record.digits, record.period, record.algorithm,
    record.created_at, record.used, record.last, record.floor, record.failures, record.locked_until,
    record.enrol_failures, record.drift, record.wide_guesses, record.wide_at, record.narrow_guesses,
    record.narrow_at, record.sessions, record.revision, record.seal, witness.revision AS witness
    FROM (SELECT listed.value AS name
    FROM json_each(?) AS listed) AS asked LEFT OUTER JOIN accounts AS record ON record.name = asked.name AND
    record.part = 0 LEFT OUTER JOIN accounts AS witness ON witness.name = asked.name AND witness.part = 1
"""

# none
SELECT_SCOPE_ENTRIES: Final = """
    SELECT scope_entries.entry, scope_entries.since
    FROM scope_entries
"""

# after, number, page, skipped
SELECT_STALE_NOT_MEMBERS: Final = """
    SELECT not_members.name, not_members.uid, not_members.scope_digest, not_members.seen_at, not_members.seal
    FROM not_members
    WHERE not_members.name > ? AND substr(not_members.seal, 1, 2) != ? ORDER BY not_members.name
     LIMIT ? OFFSET ?
"""

# after, number, number, number, page, skipped
SELECT_STALE_RECORDS: Final = """
    SELECT accounts.name
    FROM accounts
    WHERE accounts.part = 0 AND accounts.name > ? AND (substr(accounts.seal, 1, 2) != ? OR
    substr(accounts.secret, 1, 2) != ? OR substr(accounts.phone, 1, 2) != ?) ORDER BY accounts.name
     LIMIT ? OFFSET ?
"""

# found_subject
SELECT_TEXT_QUOTAS: Final = """
    SELECT text_quotas.ledger
    FROM text_quotas
    WHERE text_quotas.subject = ?
"""

# after, page, skipped
SELECT_UIDS: Final = """
    SELECT accounts.name, accounts.uid
    FROM accounts
    WHERE accounts.part = 0 AND accounts.name > ? ORDER BY accounts.name
     LIMIT ? OFFSET ?
"""

# value, found_key
UPDATE_META: Final = """
    UPDATE meta SET value=? WHERE meta."key" = ?
"""

# uid, scope_digest, seen_at, seal, found_name
UPDATE_NOT_MEMBERS: Final = """
    UPDATE not_members SET uid=?, scope_digest=?, seen_at=?, seal=? WHERE not_members.name = ?
"""

# uid, generation, method, phone, enrol_opened_at, recovery, token, bypass_until, bypass_once,
# phone_confirmed, sms_code, active, secret, digits, period, algorithm, created_at, used, last, floor,
# failures, locked_until, enrol_failures, drift, wide_guesses, wide_at, narrow_guesses, narrow_at, sessions,
# revision, seal, found_name
UPDATE_RECORD: Final = """
    UPDATE accounts SET uid=?, generation=?, method=?, phone=?, enrol_opened_at=?, recovery=?, token=?,
    bypass_until=?, bypass_once=?, phone_confirmed=?, sms_code=?, active=?, secret=?, digits=?, period=?,
    algorithm=?, created_at=?, used=?, last=?, floor=?, failures=?, locked_until=?, enrol_failures=?, drift=?,
    wide_guesses=?, wide_at=?, narrow_guesses=?, narrow_at=?, sessions=?, revision=?, seal=? WHERE
    accounts.name = ? AND accounts.part = 0
"""

# used, last, floor, failures, locked_until, enrol_failures, drift, sessions, revision, seal, found_name
UPDATE_RECORD_ACCEPTED: Final = """
    UPDATE accounts SET used=?, last=?, floor=?, failures=?, locked_until=?, enrol_failures=?, drift=?,
    sessions=?, revision=?, seal=? WHERE accounts.name = ? AND accounts.part = 0
"""

# used, last, floor, failures, locked_until, enrol_failures, drift, wide_guesses, wide_at, narrow_guesses,
# narrow_at, sessions, revision, seal, found_name
UPDATE_RECORD_COUNTERS: Final = """
    UPDATE accounts SET used=?, last=?, floor=?, failures=?, locked_until=?, enrol_failures=?, drift=?,
    wide_guesses=?, wide_at=?, narrow_guesses=?, narrow_at=?, sessions=?, revision=?, seal=? WHERE
    accounts.name = ? AND accounts.part = 0
"""

# since, found_entry
UPDATE_SCOPE_ENTRIES: Final = """
    UPDATE scope_entries SET since=? WHERE scope_entries.entry = ?
"""

# void_at, ledger, found_subject
UPDATE_TEXT_QUOTAS: Final = """
    UPDATE text_quotas SET void_at=?, ledger=? WHERE text_quotas.subject = ?
"""

# revision, found_name
UPDATE_WITNESS: Final = """
    UPDATE accounts SET revision=? WHERE accounts.name = ? AND accounts.part = 1
"""
