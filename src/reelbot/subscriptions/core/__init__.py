"""The pure part of `subscriptions`: no clock, no chance, no disk, no database."""
