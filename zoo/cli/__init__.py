"""The commands of `pinet`."""
