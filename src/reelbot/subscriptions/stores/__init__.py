"""What `subscriptions` keeps: the statements of both dialects and the scripts that make its tables."""
