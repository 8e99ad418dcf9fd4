"""Zones: the ground that programs work on."""
