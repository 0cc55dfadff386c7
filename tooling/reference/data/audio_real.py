"""Features of a real recording by openai-whisper and torchaudio, for `tooling/real-data/audio.mjs`.

    python tooling/reference/data/audio_real.py DATA > reference.json
"""
import json
import sys
from pathlib import Path

data = Path(sys.argv[1])
source = (Path(__file__).parent / "audio.py").read_text().split("out = Path")[0]
exec(source)

stereo, rate = soundfile.read(data / "audio/jfk.flac", dtype="float64", always_2d=True)
samples = soxr.resample(stereo.mean(1), rate, 16000, quality="VHQ").astype(np.float32)
wave = torch.from_numpy(samples)
print(
    json.dumps(
        {
            "samples": pack(samples),
            "whisper80": pack(whisper_audio.log_mel_spectrogram(wave, 80).T.contiguous().numpy()),
            "whisper128": pack(whisper_audio.log_mel_spectrogram(wave, 128).T.contiguous().numpy()),
            "kaldi80": pack(kaldi.fbank(wave[None].double() * 32768, num_mel_bins=80).numpy()),
        }
    )
)
