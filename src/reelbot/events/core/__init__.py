"""The pure part of `events`: what an event is, and a reader's place among them."""
