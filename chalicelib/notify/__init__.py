"""Channels: pure payloads and tiny deliveries, one file each."""
