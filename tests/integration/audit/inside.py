"""What the tests run in a world: `write STATE` sends records from standard input, `read STATE SINCE USER` prints some.

Records are JSON objects with the fields of `Record`; SINCE and USER may be empty.
"""

import json
import sys
from pathlib import Path

from rw2fa_daemon.audit.reader import read
from rw2fa_daemon.audit.sink import open_sink
from rw2fa_daemon.core.audit import Event, Record


def write(state: Path) -> None:
    sink = open_sink(state)
    for fields in json.load(sys.stdin):
        sink.write(Record(**{**fields, "event": Event[fields["event"]]}))
    sink.close()
    json.dump({"lost": sink.lost}, sys.stdout)


def show(state: Path, since: str, user: str) -> None:
    reading = read(state, float(since) if since else None, user or None)
    records = [
        {**{name: getattr(record, name) for name in Record.__slots__}, "event": record.event.name} for record in reading
    ]
    json.dump({"records": records, "skipped": reading.skipped}, sys.stdout)


if __name__ == "__main__":
    if sys.argv[1] == "write":
        write(Path(sys.argv[2]))
    else:
        show(Path(sys.argv[2]), sys.argv[3], sys.argv[4])
