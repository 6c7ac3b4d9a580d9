"""The studio: from a topic to a finished video. Stands on the allowance; every AI action holds and settles there."""
