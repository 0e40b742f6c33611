"""The reference central API: what a city runs, and what the kiosk is tested against."""
