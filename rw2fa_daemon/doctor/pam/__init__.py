"""PAM stacks, and how sshd and xrdp use them."""
