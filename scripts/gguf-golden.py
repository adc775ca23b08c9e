"""Golden values of GGUF's tensor types, from the gguf package: rewrites test/lm/golden-gguf.json.

A tool for developers (needs gguf and numpy). Blocks of random bytes, with the scales kept finite, are more of a test than
quantised weights: every bit is used.
"""

import base64
import json
import pathlib

import gguf
import numpy

TYPES = ("F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q4_K", "Q5_K", "Q6_K")
HALVES = {"Q4_0": (0,), "Q4_1": (0, 2), "Q5_0": (0,), "Q5_1": (0, 2), "Q8_0": (0,), "Q4_K": (0, 2), "Q5_K": (0, 2), "Q6_K": (208,)}
rng = numpy.random.default_rng(1)
out = {}
for name in TYPES:
    kind = gguf.GGMLQuantizationType[name]
    values, size = gguf.GGML_QUANT_SIZES[kind]
    blocks = rng.integers(0, 256, (max(2, 64 // values), size), dtype=numpy.uint8)
    for at in HALVES.get(name, ()):
        scales = rng.normal(0, 0.1, len(blocks)).astype(numpy.float16)
        blocks[:, at : at + 2] = scales.view(numpy.uint8).reshape(-1, 2)
    if name == "F16":
        blocks[:, 1] &= 0x3F
    if name == "BF16":
        blocks[:, 1] = blocks[:, 1] & 0x80 | 0x3E
    expected = gguf.quants.dequantize(blocks.reshape(-1), kind).astype("<f4").reshape(-1)
    assert numpy.isfinite(expected).all()
    out[name] = {
        "type": int(kind),
        "blocks": base64.b64encode(blocks.tobytes()).decode(),
        "values": base64.b64encode(expected.tobytes()).decode(),
    }
path = pathlib.Path(__file__).parent.parent / "test" / "lm" / "golden-gguf.json"
path.write_text(json.dumps(out, indent=1) + "\n")
