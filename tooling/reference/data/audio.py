"""Fixtures of audio: features of openai-whisper and torchaudio, resampling by soxr, and small files of every format.

    python tooling/reference/data/audio.py packages/data/src/fixtures

needs numpy, torch, torchaudio, openai-whisper, soxr, soundfile and av. `torchaudio` is loaded without its native library,
which has to match PyTorch's build and is not needed here.
"""
import base64
import importlib.util
import json
import sys
import types
from pathlib import Path

import numpy as np
import soundfile
import soxr
import torch

SITE = next(Path(p) for p in sys.path if (Path(p) / "torchaudio").is_dir())


def load(name, path):
    spec = importlib.util.spec_from_file_location(name, SITE / path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


sys.modules["torchaudio"] = types.ModuleType("torchaudio")
kaldi = load("torchaudio_kaldi", "torchaudio/compliance/kaldi.py")
whisper = types.ModuleType("whisper")
whisper.__path__ = [str(SITE / "whisper")]
sys.modules["whisper"] = whisper
load("whisper.utils", "whisper/utils.py")
whisper_audio = load("whisper.audio", "whisper/audio.py")


def pack(values):
    return base64.b64encode(np.ascontiguousarray(values, dtype="<f4").tobytes()).decode()


def signal(rate, seconds, limit=0.45, seed=7):
    """A chirp, three tones and noise, band-limited to a share of the rate, with a fade and a stretch of silence."""
    random = np.random.default_rng(seed)
    n = int(rate * seconds)
    t = np.arange(n) / rate
    x = 0.3 * np.sin(2 * np.pi * (200 * t + limit * rate / 4 / seconds * t * t))
    for hertz, amplitude in ((440, 0.2), (1234.5, 0.1), (limit * rate * 0.8, 0.05)):
        x += amplitude * np.sin(2 * np.pi * hertz * t)
    spectrum = np.fft.rfft(random.standard_normal(n) * 0.05)
    spectrum[int(len(spectrum) * 2 * limit) :] = 0
    x += np.fft.irfft(spectrum, n)
    x *= np.minimum(1, np.minimum(t, seconds - t) * 20)
    return x.astype(np.float32)


def features():
    x = signal(16000, 0.25, 0.499)
    x[2000:2400] = 0
    w = torch.from_numpy(x)
    mel80 = whisper_audio.log_mel_spectrogram(w, 80).T.contiguous().numpy()
    mel128 = whisper_audio.log_mel_spectrogram(w, 128).T.contiguous().numpy()
    # In double precision: in float32 torchaudio is itself 1e-3 off in bins that hold a millionth of the energy.
    wave = w[None].double()
    fbank = kaldi.fbank(wave * 32768, num_mel_bins=80)
    plain = kaldi.fbank(wave, num_mel_bins=23, window_type="hamming", low_freq=64, high_freq=-400, snip_edges=False)
    return {
        "samples": pack(x),
        "whisper80": pack(mel80),
        "whisper128": pack(mel128),
        "kaldi80": pack(fbank.numpy()),
        "kaldi23": pack(plain.numpy()),
    }


def resampling():
    cases = []
    for rate, to in ((44100, 16000), (8000, 16000), (48000, 44100)):
        # 0.85 of the lower Nyquist frequency: where every good resampler is flat.
        x = signal(rate, 0.05, 0.85 * min(rate, to) / 2 / rate)
        y = soxr.resample(x.astype(np.float64), rate, to, quality="VHQ")
        cases.append({"from": rate, "to": to, "input": pack(x), "output": pack(y)})
    return cases


def files(folder):
    rate = 16000
    t = np.arange(rate // 4) / rate
    x = np.stack([0.5 * np.sin(2 * np.pi * 440 * t), 0.25 * np.sin(2 * np.pi * 880 * t)], 1)
    soundfile.write(folder / "tone.flac", x, rate, subtype="PCM_16")
    soundfile.write(folder / "tone.mp3", x, rate)
    soundfile.write(folder / "tone.ogg", x, rate, format="OGG", subtype="VORBIS")
    soundfile.write(folder / "tone.opus", x, rate, format="OGG", subtype="OPUS")
    import av

    with av.open(str(folder / "tone.m4a"), "w") as container:
        stream = container.add_stream("aac", rate=rate, layout="stereo")
        frame = av.AudioFrame.from_ndarray(x.T.astype(np.float32).copy(), format="fltp", layout="stereo")
        frame.sample_rate = rate
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)


out = Path(sys.argv[1])
(out / "audio.json").write_text(json.dumps({"features": features(), "resampling": resampling()}))
(out / "audio").mkdir(exist_ok=True)
files(out / "audio")
