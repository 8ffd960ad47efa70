"""SQL for PostgreSQL. Written by rw2fa_daemon/store/compile.py: change statements.py instead.

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
    SELECT count(*) AS count_1, count(*) FILTER (WHERE accounts.narrow_guesses >= %s::BIGINT AND
    accounts.narrow_at > %s::BIGINT) AS anon_1
    FROM accounts
    WHERE accounts.wide_guesses > 0 AND accounts.digits = %s::BIGINT AND accounts.wide_guesses >= %s::BIGINT
    AND accounts.wide_at > %s::BIGINT AND accounts.method != %s::VARCHAR
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
    WHERE accounts.locked_until > 0 AND (accounts.locked_until > %s::BIGINT OR accounts.failures >=
    %s::BIGINT)
"""

# narrow, since
COUNT_TEXT_GUESSES: Final = """
    SELECT count(*) AS count_1
    FROM accounts
    WHERE accounts.method = 'sms' AND accounts.narrow_guesses > 0 AND accounts.narrow_guesses >= %s::BIGINT
    AND accounts.narrow_at > %s::BIGINT
"""

# found_name
DELETE_ACCOUNT: Final = """
    DELETE FROM accounts WHERE accounts.name = %s::VARCHAR COLLATE "C"
"""

# none
DELETE_ALL_ACCOUNTS: Final = """
    DELETE FROM accounts
"""

# found_key
DELETE_META: Final = """
    DELETE FROM meta WHERE meta.key = %s::VARCHAR COLLATE "C"
"""

# found_name
DELETE_NOT_MEMBERS: Final = """
    DELETE FROM not_members WHERE not_members.name = %s::VARCHAR COLLATE "C"
"""

# found_entry
DELETE_SCOPE_ENTRIES: Final = """
    DELETE FROM scope_entries WHERE scope_entries.entry = %s::VARCHAR COLLATE "C"
"""

# none
FORGET_ALL_NOT_MEMBERS: Final = """
    DELETE FROM not_members
"""

# at_most, kept
FORGET_NOT_MEMBERS: Final = """
    DELETE FROM not_members WHERE not_members.name IN (SELECT not_members.name
    FROM not_members ORDER BY not_members.seen_at DESC
     LIMIT %s OFFSET %s)
"""

# at_most, kept
FORGET_TEXT_QUOTAS: Final = """
    DELETE FROM text_quotas WHERE text_quotas.subject IN (SELECT text_quotas.subject
    FROM text_quotas ORDER BY text_quotas.void_at DESC
     LIMIT %s OFFSET %s)
"""

# now, at_most, skipped
FORGET_VOID_TEXT_QUOTAS: Final = """
    DELETE FROM text_quotas WHERE text_quotas.subject IN (SELECT text_quotas.subject
    FROM text_quotas
    WHERE text_quotas.void_at <= %s::BIGINT
     LIMIT %s OFFSET %s)
"""

# key, value
INSERT_META: Final = """
    INSERT INTO meta (key, value) VALUES (%s::VARCHAR COLLATE "C", %s)
"""

# name, uid, scope_digest, seen_at, seal
INSERT_NOT_MEMBERS: Final = """
    INSERT INTO not_members (name, uid, scope_digest, seen_at, seal) VALUES (%s::VARCHAR COLLATE "C",
    %s::BIGINT, %s::VARCHAR, %s::BIGINT, %s)
"""

# name, uid, generation, method, phone, enrol_opened_at, recovery, token, bypass_until, bypass_once,
# phone_confirmed, sms_code, active, secret, digits, period, algorithm, created_at, used, last, floor,
# failures, locked_until, enrol_failures, drift, wide_guesses, wide_at, narrow_guesses, narrow_at, sessions,
# revision, seal
INSERT_RECORD: Final = """
    INSERT INTO accounts (name, part, uid, generation, method, phone, enrol_opened_at, recovery, token,
    bypass_until, bypass_once, phone_confirmed, sms_code, active, secret, digits, period, algorithm,
    created_at, used, last, floor, failures, locked_until, enrol_failures, drift, wide_guesses, wide_at,
    narrow_guesses, narrow_at, sessions, revision, seal) VALUES (%s::VARCHAR COLLATE "C", 0, %s::BIGINT,
    %s::BIGINT, %s::VARCHAR, %s, %s::BIGINT, %s, %s, %s::BIGINT, %s::SMALLINT, %s::SMALLINT, %s, %s::SMALLINT,
    %s, %s::BIGINT, %s::BIGINT, %s::VARCHAR, %s::BIGINT, %s, %s::BIGINT, %s::BIGINT, %s::BIGINT, %s::BIGINT,
    %s::BIGINT, %s::BIGINT, %s::BIGINT, %s::BIGINT, %s::BIGINT, %s::BIGINT, %s::VARCHAR, %s::BIGINT, %s)
"""

# entry, since
INSERT_SCOPE_ENTRIES: Final = """
    INSERT INTO scope_entries (entry, since) VALUES (%s::VARCHAR COLLATE "C", %s::BIGINT)
"""

# subject, void_at, ledger
INSERT_TEXT_QUOTAS: Final = """
    INSERT INTO text_quotas (subject, void_at, ledger) VALUES (%s, %s::BIGINT, %s)
"""

# name, revision
INSERT_WITNESS: Final = """
    INSERT INTO accounts (name, part, revision) VALUES (%s::VARCHAR COLLATE "C", 1, %s::BIGINT)
"""

# none
LIST_META: Final = """
    SELECT meta.key, meta.value
    FROM meta
"""

# seal, found_name, found_seal
RESEAL_NOT_MEMBERS: Final = """
    UPDATE not_members SET seal=%s WHERE not_members.name = %s::VARCHAR COLLATE "C" AND not_members.seal = %s
"""

# phone, secret, seal, found_name, found_seal
RESEAL_RECORD: Final = """
    UPDATE accounts SET phone=%s, secret=%s, seal=%s WHERE accounts.name = %s::VARCHAR COLLATE "C" AND
    accounts.part = 0 AND accounts.seal = %s
"""

# found_key
SELECT_META: Final = """
    SELECT meta.value
    FROM meta
    WHERE meta.key = %s::VARCHAR COLLATE "C"
"""

# after, page, skipped
SELECT_NAMES: Final = """
    SELECT DISTINCT accounts.name
    FROM accounts
    WHERE accounts.name > %s::VARCHAR COLLATE "C" ORDER BY accounts.name
     LIMIT %s OFFSET %s
"""

# name
SELECT_NOT_MEMBER: Final = """
    SELECT accounts.generation, accounts.revision, not_members.uid, not_members.scope_digest,
    not_members.seen_at, not_members.seal
    FROM (SELECT %s::VARCHAR AS name) AS asked LEFT OUTER JOIN accounts ON accounts.name = asked.name AND
    accounts.part = 0 LEFT OUTER JOIN not_members ON not_members.name = asked.name
"""

# name
SELECT_RECORD: Final = """
    SELECT record.uid, record.generation, record.method, record.phone, record.enrol_opened_at,
    record.recovery, record.token, record.bypass_until, record.bypass_once, record.phone_confirmed,
    record.sms_code, record.active, record.secret, record.digits, record.period, record.algorithm,
    record.created_at, record.used, record.last, record.floor, record.failures, record.locked_until,
    record.enrol_failures, record.drift, record.wide_guesses, record.wide_at, record.narrow_guesses,
    record.narrow_at, record.sessions, record.revision, record.seal, witness.revision AS witness
    FROM (SELECT %s::VARCHAR AS name) AS asked LEFT OUTER JOIN accounts AS record ON record.name = asked.name
    AND record.part = 0 LEFT OUTER JOIN accounts AS witness ON witness.name = asked.name AND witness.part = 1
"""

# names
SELECT_RECORDS: Final = """
    SELECT anon_1.name, record.uid, record.generation, record.method, record.phone, record.enrol_opened_at,
    record.recovery, record.token, record.bypass_until, record.bypass_once, record.phone_confirmed,
    record.sms_code, record.active, record.secret, record.digits, record.period, record.algorithm,
    record.created_at, record.used, record.last, record.floor, record.failures, record.locked_until,
    record.enrol_failures, record.drift, record.wide_guesses, record.wide_at, record.narrow_guesses,
    record.narrow_at, record.sessions, record.revision, record.seal, witness.revision AS witness
    FROM unnest(%s::TEXT[]) AS anon_1(name) LEFT OUTER JOIN accounts AS record ON record.name = anon_1.name
    AND record.part = 0 LEFT OUTER JOIN accounts AS witness ON witness.name = anon_1.name AND witness.part = 1
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
    WHERE not_members.name > %s::VARCHAR COLLATE "C" AND substr(not_members.seal, 1, 2) != %s ORDER BY
    not_members.name
     LIMIT %s OFFSET %s
"""

# after, number, number, number, page, skipped
SELECT_STALE_RECORDS: Final = """
    SELECT accounts.name
    FROM accounts
    WHERE accounts.part = 0 AND accounts.name > %s::VARCHAR COLLATE "C" AND (substr(accounts.seal, 1, 2) != %s
    OR substr(accounts.secret, 1, 2) != %s OR substr(accounts.phone, 1, 2) != %s) ORDER BY accounts.name
     LIMIT %s OFFSET %s
"""

# found_subject
SELECT_TEXT_QUOTAS: Final = """
    SELECT text_quotas.ledger
    FROM text_quotas
    WHERE text_quotas.subject = %s
"""

# after, page, skipped
SELECT_UIDS: Final = """
    SELECT accounts.name, accounts.uid
    FROM accounts
    WHERE accounts.part = 0 AND accounts.name > %s::VARCHAR COLLATE "C" ORDER BY accounts.name
     LIMIT %s OFFSET %s
"""

# value, found_key
UPDATE_META: Final = """
    UPDATE meta SET value=%s WHERE meta.key = %s::VARCHAR COLLATE "C"
"""

# uid, scope_digest, seen_at, seal, found_name
UPDATE_NOT_MEMBERS: Final = """
    UPDATE not_members SET uid=%s::BIGINT, scope_digest=%s::VARCHAR, seen_at=%s::BIGINT, seal=%s WHERE
    not_members.name = %s::VARCHAR COLLATE "C"
"""

# uid, generation, method, phone, enrol_opened_at, recovery, token, bypass_until, bypass_once,
# phone_confirmed, sms_code, active, secret, digits, period, algorithm, created_at, used, last, floor,
# failures, locked_until, enrol_failures, drift, wide_guesses, wide_at, narrow_guesses, narrow_at, sessions,
# revision, seal, found_name
UPDATE_RECORD: Final = """
    UPDATE accounts SET uid=%s::BIGINT, generation=%s::BIGINT, method=%s::VARCHAR, phone=%s,
    enrol_opened_at=%s::BIGINT, recovery=%s, token=%s, bypass_until=%s::BIGINT, bypass_once=%s::SMALLINT,
    phone_confirmed=%s::SMALLINT, sms_code=%s, active=%s::SMALLINT, secret=%s, digits=%s::BIGINT,
    period=%s::BIGINT, algorithm=%s::VARCHAR, created_at=%s::BIGINT, used=%s, last=%s::BIGINT,
    floor=%s::BIGINT, failures=%s::BIGINT, locked_until=%s::BIGINT, enrol_failures=%s::BIGINT,
    drift=%s::BIGINT, wide_guesses=%s::BIGINT, wide_at=%s::BIGINT, narrow_guesses=%s::BIGINT,
    narrow_at=%s::BIGINT, sessions=%s::VARCHAR, revision=%s::BIGINT, seal=%s WHERE accounts.name = %s::VARCHAR
    COLLATE "C" AND accounts.part = 0
"""

# used, last, floor, failures, locked_until, enrol_failures, drift, sessions, revision, seal, found_name
UPDATE_RECORD_ACCEPTED: Final = """
    UPDATE accounts SET used=%s, last=%s::BIGINT, floor=%s::BIGINT, failures=%s::BIGINT,
    locked_until=%s::BIGINT, enrol_failures=%s::BIGINT, drift=%s::BIGINT, sessions=%s::VARCHAR,
    revision=%s::BIGINT, seal=%s WHERE accounts.name = %s::VARCHAR COLLATE "C" AND accounts.part = 0
"""

# used, last, floor, failures, locked_until, enrol_failures, drift, wide_guesses, wide_at, narrow_guesses,
# narrow_at, sessions, revision, seal, found_name
UPDATE_RECORD_COUNTERS: Final = """
    UPDATE accounts SET used=%s, last=%s::BIGINT, floor=%s::BIGINT, failures=%s::BIGINT,
    locked_until=%s::BIGINT, enrol_failures=%s::BIGINT, drift=%s::BIGINT, wide_guesses=%s::BIGINT,
    wide_at=%s::BIGINT, narrow_guesses=%s::BIGINT, narrow_at=%s::BIGINT, sessions=%s::VARCHAR,
    revision=%s::BIGINT, seal=%s WHERE accounts.name = %s::VARCHAR COLLATE "C" AND accounts.part = 0
"""

# since, found_entry
UPDATE_SCOPE_ENTRIES: Final = """
    UPDATE scope_entries SET since=%s::BIGINT WHERE scope_entries.entry = %s::VARCHAR COLLATE "C"
"""

# void_at, ledger, found_subject
UPDATE_TEXT_QUOTAS: Final = """
    UPDATE text_quotas SET void_at=%s::BIGINT, ledger=%s WHERE text_quotas.subject = %s
"""

# revision, found_name
UPDATE_WITNESS: Final = """
    UPDATE accounts SET revision=%s::BIGINT WHERE accounts.name = %s::VARCHAR COLLATE "C" AND accounts.part =
    1
"""
