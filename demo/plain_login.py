"""A login program for the stage without namespaces: what sshd and xrdp-sesman do with PAM, and nothing else.

    python -m demo.plain_login CONFDIR SERVICE USER terminal|key|key-alone|one-password

terminal: each prompt goes to the terminal, as with sshd's keyboard-interactive. key: the same after a public key.
key-alone: a public key was all, so only account runs. one-password: xrdp; the password comes on standard input and
answers every prompt without echo, one with echo fails. Exit status 0: in.
"""

import getpass
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.support.libpam import Code, Conversation, Message, PamHandle, Style, start

REFUSED = 1


def main() -> int:
    confdir, service, user, how = sys.argv[1:]
    state = Conversation(password=sys.stdin.read()) if how == "one-password" else _converse
    with start(service, user, confdir=Path(confdir), conversation=state, rhost="192.0.2.7") as pam:
        code = _phases(pam, how)
    if code != Code.SUCCESS:
        print(f"Permission denied ({code.name}).")
        return REFUSED
    print(f"you-are-in-as-{user}")
    return 0


def _phases(pam: PamHandle, how: str) -> Code:
    if how == "key":
        # What sshd tells PAM of the factors that it checked itself.
        pam.putenv("SSH_AUTH_INFO_0", "publickey ssh-ed25519 AAAA\n")
    if how != "key-alone":
        code = pam.authenticate()
        if code != Code.SUCCESS:
            return code
    return pam.acct_mgmt()


def _converse(messages: Sequence[Message]) -> list[bytes | None]:
    answers: list[bytes | None] = []
    for message in messages:
        if message.style == Style.ECHO_OFF:
            answers.append(getpass.getpass(message.text).encode())
        elif message.style == Style.ECHO_ON:
            answers.append(input(message.text).encode())
        else:
            print(message.text)
            answers.append(None)
    return answers


if __name__ == "__main__":
    sys.exit(main())
