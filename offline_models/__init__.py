"""The shipped speech model and the recipe that makes it."""
