"""On a full disk nothing is lost, and the command says so."""

import subprocess
from pathlib import Path

import pytest

from tests.integration.cli.command import PROGRAM

pytestmark = pytest.mark.namespaces

SCRIPT = """
set -e
mount -t tmpfs -o size=64k,mode=755 tmpfs "$1"
printf '# mine\\nsettings.digits = 7\\n%s\\n' "$(head -c 20000 /dev/zero | tr '\\0' '#')" > "$1/rw2fa.toml"
head -c 1000000 /dev/zero > "$1/filler" 2>/dev/null || true
before=$(cat "$1/rw2fa.toml")
status=0
"$2" --config "$1/rw2fa.toml" settings set digits 8 || status=$?
test "$before" = "$(cat "$1/rw2fa.toml")"
test "$(ls -A "$1" | tr '\\n' ' ')" = "filler rw2fa.toml "
exit $status
"""


def test_promise_6_a_full_disk_keeps_the_old_configuration(tmp_path: Path, namespaces: None) -> None:
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", SCRIPT, "sh", tmp_path, PROGRAM],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (
        1,
        (
            f"rw2fa: {tmp_path}/rw2fa.toml could not be written and is unchanged: No space left on device; "
            "free some space on that file system and try again\n"
        ),
    )
