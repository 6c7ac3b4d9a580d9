"""The instruments: each makes one note as mono samples that begin and end at nothing."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from reelbot.providers.embedded.wav import Samples, faded

RATE = 44_100

Curve = NDArray[np.float64]


def pad(hertz: float, seconds: float, brightness: float) -> Samples:
    """A soft chord tone: two slightly different strings of overtones, swelling in and dying away."""
    attack, release = 0.55, 1.1
    time = _time(seconds + release)
    wave = np.zeros_like(time)
    for detune in (0.9985, 1.0016):
        for overtone in range(1, 9):
            strength = overtone ** -(2.0 - 1.2 * brightness)
            wave += strength * np.sin(2 * np.pi * hertz * detune * overtone * time + 1.7 * overtone * detune)
    swell = _rise(time, attack) * (1 - _rise(time - seconds, release)) * (1 + 0.05 * np.sin(2 * np.pi * 0.4 * time))
    return _finished(0.22 * wave * swell)


def bass(hertz: float, seconds: float, brightness: float) -> Samples:
    """A round bass: its fundamental, a little of the next two, and a soft touch at the beginning."""
    time = _time(seconds + 0.12)
    wave = np.sin(2 * np.pi * hertz * time) + 0.32 * np.sin(4 * np.pi * hertz * time) * np.exp(-2.2 * time)
    wave += 0.14 * (0.5 + brightness) * np.sin(6 * np.pi * hertz * time) * np.exp(-5 * time)
    return _finished(0.75 * wave * _rise(time, 0.018) * np.exp(-0.9 * time) * (1 - _rise(time - seconds, 0.12)))


def pluck(hertz: float, seconds: float, brightness: float) -> Samples:
    """Between a kalimba and an electric piano: a tone whose brightness dies faster than itself."""
    time = _time(max(1.1, seconds + 0.6))
    glint = (0.8 + 2.2 * brightness) * np.exp(-9 * time)
    wave = np.sin(2 * np.pi * hertz * time + glint * np.sin(2 * np.pi * hertz * 2 * time))
    wave += 0.25 * np.sin(2 * np.pi * hertz * 4.02 * time) * np.exp(-16 * time)
    return _finished(0.42 * wave * _rise(time, 0.004) * np.exp(-4.2 * time))


def bell(hertz: float, seconds: float, brightness: float) -> Samples:
    """A small bell with a breath of vibrato, long in the air."""
    time = _time(seconds + 1.2)
    sway = 0.6 * np.sin(2 * np.pi * 4.6 * time) * _rise(time - 0.3, 0.5)
    wave = np.sin(2 * np.pi * hertz * time + sway)
    wave += 0.30 * np.sin(2 * np.pi * hertz * 2.005 * time) * np.exp(-2.5 * time)
    wave += (0.10 + 0.15 * brightness) * np.sin(2 * np.pi * hertz * 5.4 * time) * np.exp(-11 * time)
    return _finished(0.40 * wave * _rise(time, 0.009) * np.exp(-2.1 * time))


def kick() -> Samples:
    """A soft bass drum: a tone that falls from 120 to 46 Hz."""
    time = _time(0.42)
    phase = 2 * np.pi * (46 * time + 74 * (1 - np.exp(-28 * time)) / 28)
    return _finished(0.95 * np.sin(phase) * _rise(time, 0.003) * np.exp(-9 * time))


def snap() -> Samples:
    """Something between a finger snap and a rim: a short band of noise with a tone in it."""
    time = _time(0.22)
    grain = _band(len(time), 1_100, 5_200, 11) * np.exp(-30 * time)
    return _finished((0.9 * grain + 0.18 * np.sin(2 * np.pi * 330 * time) * np.exp(-40 * time)) * _rise(time, 0.002))


def shaker(variant: int) -> Samples:
    """Seeds in a shell; two variants, one shorter."""
    time = _time(0.11)
    grain = _band(len(time), 5_200, 12_000, 23 + variant)
    return _finished(0.55 * grain * _rise(time, 0.012) * np.exp(-(52 - 16 * variant) * time))


Instrument = Callable[[float, float, float], Samples]
"""Makes a note from its pitch in hertz, how many seconds it is held, and the brightness of the mood."""


def _time(seconds: float) -> Curve:
    return np.arange(round(seconds * RATE)) / RATE


def _rise(time: Curve, seconds: float) -> Curve:
    """From 0 to 1 within so many seconds after time 0, without a corner."""
    share = np.clip(time / seconds, 0, 1)
    return np.asarray(share * share * (3 - 2 * share))


def _band(count: int, low: float, high: float, seed: int) -> Curve:
    """Noise between two frequencies, with edges that don't ring."""
    noise = np.random.default_rng(seed).standard_normal(count)
    frequencies = np.maximum(np.fft.rfftfreq(count, 1 / RATE), 1.0)
    gains = 1 / (1 + (low / frequencies) ** 6) / (1 + (frequencies / high) ** 6)
    return np.fft.irfft(np.fft.rfft(noise) * gains, count)


def _finished(wave: Curve) -> Samples:
    return faded(wave.astype(np.float32), RATE, 1, 12)
