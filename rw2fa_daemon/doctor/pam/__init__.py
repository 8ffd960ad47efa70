"""PAM stacks, and what sshd and xrdp make of them."""
