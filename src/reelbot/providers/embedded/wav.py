"""Sound as arrays of numbers between -1 and 1, and as WAV files of 16 bit: what the voice and the music share."""

import io
import wave
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
"""Mono: one dimension; stereo: one row per sample, left and right."""

PEAK_MAX = 0.89
"""-1 dB below full scale: later mixing and lossy encoding overshoot a little."""


class Point(NamedTuple):
    """One point of an equaliser's curve; between the points the gain runs straight over the logarithm of frequency."""

    hertz: float
    decibels: float


def wav_from(samples: Samples, rate: int) -> bytes:
    """The samples as a WAV file, PCM 16 bit, mono or stereo by their shape."""
    channels = 1 if samples.ndim == 1 else samples.shape[1]
    pcm = np.round(np.clip(samples, -1.0, 1.0) * 32_767).astype("<i2")
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes(pcm.tobytes())
    return file.getvalue()


def samples_from_pcm(pcm: bytes) -> Samples:
    """Mono samples from little-endian 16 bit."""
    return np.frombuffer(pcm, dtype="<i2").astype(np.float32) / np.float32(32_768)


def equalised(samples: Samples, rate: int, curve: tuple[Point, ...], low_cut_hertz: float) -> Samples:
    """Mono samples with the gains of a curve and without what lies below the cut.

    Worked out over the spectrum of the whole sound, so nothing is delayed: word timings stay true.
    """
    length = 1 << (len(samples) + rate // 4).bit_length()
    frequencies = np.maximum(np.fft.rfftfreq(length, 1 / rate), 1.0)
    points = [np.log2(point.hertz) for point in curve]
    gains = 10 ** (np.interp(np.log2(frequencies), points, [point.decibels for point in curve]) / 20)
    gains /= 1 + (low_cut_hertz / frequencies) ** 8
    shaped = np.fft.irfft(np.fft.rfft(samples, length) * gains, length)
    return shaped[: len(samples)].astype(np.float32)


def levelled(samples: Samples, rate: int, above: float, ratio: float) -> Samples:
    """Mono samples with what is louder than `above` (as root mean square) turned down by `ratio`, over 30 ms."""
    width = max(1, round(0.03 * rate))
    hump = np.hanning(width + 2)[1:-1]
    power = _smoothed(np.square(samples, dtype=np.float64), hump / hump.sum())
    excess = np.maximum(np.sqrt(np.maximum(power, 1e-12)) / above, 1.0)
    return (samples * excess ** (1 / ratio - 1)).astype(np.float32)


def softened(samples: Samples, rate: int, hertz: float, above: float, ratio: float) -> Samples:
    """Mono samples with hisses eased: where what lies above a frequency is louder than `above`, that alone is turned down.

    Split over the spectrum of the whole sound, so nothing is delayed.
    """
    length = 1 << (len(samples) + rate // 4).bit_length()
    frequencies = np.maximum(np.fft.rfftfreq(length, 1 / rate), 1.0)
    spectrum = np.fft.rfft(samples, length) / (1 + (hertz / frequencies) ** 8)
    high = np.fft.irfft(spectrum, length)[: len(samples)].astype(np.float32)
    return samples - high + levelled(high, rate, above, ratio)


def _smoothed(values: NDArray[np.float64], kernel: NDArray[np.float64]) -> NDArray[np.float64]:
    """The convolution of both, of the length of the first; through the spectrum, because kernels are long."""
    length = len(values) + len(kernel) - 1
    size = 1 << length.bit_length()
    whole = np.fft.irfft(np.fft.rfft(values, size) * np.fft.rfft(kernel, size), size)
    begin = len(kernel) // 2
    return whole[begin : begin + len(values)]


def normalised(samples: Samples, loudness: float) -> Samples:
    """Scaled so that the louder parts have this root mean square, and less where the peak would pass the bound."""
    if not samples.size:
        return samples
    mono = samples if samples.ndim == 1 else samples.mean(axis=1)
    louder = np.abs(mono)[np.abs(mono) > 0.1 * np.abs(mono).max()]
    level = float(np.sqrt(np.mean(np.square(louder, dtype=np.float64)))) if louder.size else 0.0
    if level == 0.0:
        return samples
    gain = min(loudness / level, PEAK_MAX / float(np.abs(samples).max()))
    return (samples * np.float32(gain)).astype(np.float32)


def faded(samples: Samples, rate: int, fade_in_ms: float, fade_out_ms: float) -> Samples:
    """With a half cosine at both ends, at most half of the sound each, so that it begins and ends at nothing."""
    shaped = samples.astype(np.float32, copy=True)
    for milliseconds, is_end in ((fade_in_ms, False), (fade_out_ms, True)):
        count = min(round(rate * milliseconds / 1_000), len(shaped) // 2)
        if count:
            rise = (0.5 - 0.5 * np.cos(np.pi * np.arange(count) / count)).astype(np.float32)
            ramp = rise if shaped.ndim == 1 else rise[:, None]
            part = slice(len(shaped) - count, None) if is_end else slice(0, count)
            shaped[part] *= ramp[::-1] if is_end else ramp
    return shaped


def shortened(samples: Samples, factor: float) -> Samples:
    """Mono samples played faster by a factor: shorter and higher, nothing of it beyond what the rate can carry."""
    length = round(len(samples) / factor)
    if factor == 1.0 or not length:
        return samples
    spectrum = np.fft.rfft(samples)[: length // 2 + 1]
    return (np.fft.irfft(spectrum, length) * (length / len(samples))).astype(np.float32)


def silence(milliseconds: float, rate: int) -> Samples:
    """Mono silence."""
    return np.zeros(round(rate * milliseconds / 1_000), dtype=np.float32)
