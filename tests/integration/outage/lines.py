"""Lines of PAM files, edited."""


def with_argument(line: str, argument: str) -> str:
    """Our line with one more argument; any other as it is."""
    return f"{line} {argument}" if "pam_rw2fa.so" in line else line
