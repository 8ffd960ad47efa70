"""PAM phases of a service of this machine, for logins that no program at hand makes. Run inside a world.

python -m tests.support.world.pam SERVICE USER account|auth|login PASSWORD ADDRESS   prints the name of PAM's code
"""

import sys

from tests.support.libpam import Code, Conversation, start


def main() -> int:
    service, user, phase, password, address = sys.argv[1:]
    with start(service, user, conversation=Conversation(password=password), rhost=address or None) as pam:
        code = pam.acct_mgmt() if phase == "account" else pam.authenticate()
        if phase == "login" and code == Code.SUCCESS:
            code = pam.acct_mgmt()
    print(code.name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
