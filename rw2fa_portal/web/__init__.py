"""rw2fa-portal: the pages that people see. It judges nobody: each logon is a conversation that it relays."""
