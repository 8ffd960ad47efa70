"""sshd_config(5): reading it, asking sshd about it, and the drop-in derived from it."""
