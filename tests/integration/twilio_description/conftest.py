"""These tests exist where Twilio's own description lies beside the checkout, and nowhere else."""

from tests.support.prism import DESCRIPTION

collect_ignore_glob = [] if DESCRIPTION.exists() else ["test_*.py"]
