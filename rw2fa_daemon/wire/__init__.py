"""The protocol between the hook and the daemon (docs/protocol.md)."""
