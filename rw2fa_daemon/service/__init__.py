"""The daemon: everything that touches the world on behalf of the core."""
