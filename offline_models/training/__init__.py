"""The recipe of the Indonesian speech model: one runnable file per stage."""
