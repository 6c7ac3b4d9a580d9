"""The statements of `webhooks` for both databases, and the migrations that make its tables."""
