"""The pure part of `webhooks`: no clock, no chance, no network, no database."""
