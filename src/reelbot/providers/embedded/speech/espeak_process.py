"""Speak text with espeak-ng, as a program of its own: a request in JSON on stdin, sound and word events on stdout.

espeak-ng is under the GPL, therefore it is loaded here and nowhere else, and this file imports nothing of ReelBot:
`speech.py` runs it by its path. The request is
`{"words_per_minute", "pitch", "range", "pieces": [{"voice", "text"}, ...]}`. The answer is one line of JSON,
`{"rate", "pieces": [{"bytes", "events": [[position, at_ms], ...]}, ...]}`, and after it the sound of all pieces, 16 bit
mono. `position` counts characters of the piece's text from 0. Nothing of a request is foreseen to fail: whatever does ends
this with its traceback.
"""

import ctypes
import json
import sys
from typing import Any

import espeakng_loader

# From speak_lib.h of espeak-ng 1.52.
OUTPUT_SYNCHRONOUS = 2
CHARACTERS_UTF8 = 1
POSITION_CHARACTER = 1
EVENT_END = 0
EVENT_WORD = 1
PARAMETERS = ((1, "words_per_minute"), (3, "pitch"), (4, "range"))


class Event(ctypes.Structure):
    """`espeak_EVENT`; the last field is a union of eight bytes."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", ctypes.c_void_p),
    )


Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(Event))


class Recorder:
    """Collects what the engine hands out while it speaks one piece."""

    def __init__(self) -> None:
        self.sound = bytearray()
        self.events: list[tuple[int, int]] = []
        self.callback = Callback(self._receive)  # kept alive here: the engine only has its address

    def _receive(self, samples: Any, count: int, events: Any) -> int:
        if samples and count > 0:
            self.sound += ctypes.string_at(samples, count * 2)
        index = 0
        while events[index].type != EVENT_END:
            if events[index].type == EVENT_WORD:
                self.events.append((max(0, events[index].text_position - 1), events[index].audio_position))
            index += 1
        return 0

    def take(self) -> tuple[bytes, list[tuple[int, int]]]:
        """What has been recorded; the recorder is empty afterwards."""
        taken = bytes(self.sound), list(self.events)
        self.sound.clear()
        self.events.clear()
        return taken


def open_engine(recorder: Recorder) -> tuple[ctypes.CDLL, int]:
    """The engine, ready to speak to the recorder, and its sample rate; `RuntimeError` when it does not start."""
    engine = ctypes.CDLL(espeakng_loader.get_library_path())
    rate = engine.espeak_Initialize(OUTPUT_SYNCHRONOUS, 0, str(espeakng_loader.get_data_path()).encode(), 0)
    if rate <= 0:
        raise RuntimeError("espeak-ng does not find its data")
    engine.espeak_SetSynthCallback(recorder.callback)
    return engine, rate


def speak(engine: ctypes.CDLL, voice: str, text: str) -> None:
    """Speak one piece; `RuntimeError` when the engine does not know the voice or refuses the text."""
    if engine.espeak_SetVoiceByName(voice.encode()) != 0:
        raise RuntimeError(f"espeak-ng has no voice {voice!r}")
    encoded = text.encode() + b"\0"
    if engine.espeak_Synth(encoded, len(encoded), 0, POSITION_CHARACTER, 0, CHARACTERS_UTF8, None, None) != 0:
        raise RuntimeError("espeak-ng refuses the text")


def answer(request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """The head of the answer and the sound of all pieces."""
    recorder = Recorder()
    engine, rate = open_engine(recorder)
    sounds: list[bytes] = []
    pieces: list[dict[str, Any]] = []
    for parameter, name in PARAMETERS:
        engine.espeak_SetParameter(parameter, int(request[name]), 0)
    for piece in request["pieces"]:
        speak(engine, piece["voice"], piece["text"])
        sound, events = recorder.take()
        sounds.append(sound)
        pieces.append({"bytes": len(sound), "events": events})
    return {"rate": rate, "pieces": pieces}, b"".join(sounds)


def main() -> None:
    """Answer the one request on stdin."""
    head, sound = answer(json.load(sys.stdin.buffer))
    sys.stdout.buffer.write(json.dumps(head).encode() + b"\n" + sound)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
