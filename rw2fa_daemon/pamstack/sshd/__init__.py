"""sshd_config(5): read, asked about, and the drop-in that is made from it."""
