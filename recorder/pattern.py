"""A test picture of nobody, as one access unit of H.264 (``python -m recorder.pattern``, to standard output).

In a process of its own: the recorder itself loads no codec.
"""

from __future__ import annotations

import subprocess
import sys
from typing import Final

WIDTH, HEIGHT = 320, 180
MADE_S: Final = 30.0


def pattern() -> bytes:
    """The picture, made anew. Raises OSError when the codec is not to be had."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "recorder.pattern"], capture_output=True, check=True, timeout=MADE_S
        )
    except subprocess.SubprocessError as error:
        raise OSError(f"no test picture can be made: {error}") from error
    return done.stdout


def main() -> int:
    import av
    import numpy as np

    columns = np.arange(WIDTH) * 8 // WIDTH
    bars = np.repeat((235 - columns * 27).astype(np.uint8)[None, :], HEIGHT, axis=0)
    picture = np.concatenate([bars, np.full((HEIGHT // 2, WIDTH), 128, np.uint8)])
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    encoder.options = {"preset": "ultrafast", "tune": "zerolatency", "x264-params": "repeat-headers=1:annexb=1"}
    from fractions import Fraction

    encoder.time_base = Fraction(1, 10)
    frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
    frame.pts = 0
    for packet in [*encoder.encode(frame), *encoder.encode(None)]:
        sys.stdout.buffer.write(bytes(packet))
    return 0


if __name__ == "__main__":
    sys.exit(main())
