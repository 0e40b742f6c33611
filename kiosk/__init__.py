"""The kiosk in the hall of a kelurahan office."""

__version__ = "0.1.0"
RELEASED = "2026-11-01"  # no honest clock shows an earlier day (ISO date)
