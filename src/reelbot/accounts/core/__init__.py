"""The pure part of `accounts`: no clock, no chance, no disk, no database."""
