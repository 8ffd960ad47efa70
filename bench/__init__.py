"""Whole PAM transactions, ours and the peers', measured in one run by one harness."""
