"""The front door of `events`: one ordered, durable stream for each account."""

from reelbot.events.core.cursor import Cursor
from reelbot.events.core.event import Event, NewEvent, Place
from reelbot.events.memory import MemoryEvents
from reelbot.events.service import Events, EventStream
from reelbot.events.subscribers import Wakes

__all__ = ["Cursor", "Event", "EventStream", "Events", "MemoryEvents", "NewEvent", "Place", "Wakes"]
