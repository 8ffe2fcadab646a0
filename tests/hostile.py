"""Model files made by hand: any tree, any arrays, and a digest that matches them."""

import hashlib
import json

import numpy as np
from safetensors.numpy import load as unpack
from safetensors.numpy import save as pack


def signed(tree, arrays):
    """Return a file with a digest that matches whatever it holds; the tree may be its text."""
    text = tree if isinstance(tree, str) else json.dumps(tree)
    total = hashlib.sha256(f"1\n{text}".encode())
    for name in sorted(arrays):
        array = arrays[name]
        total.update(f"\n{name} {array.dtype.str} {array.shape}\n".encode() + array.tobytes())
    words = {"reservoirs_format": "1", "tree": text, "sha256": total.hexdigest()}
    return pack(arrays, metadata=words)


def unsigned(data):
    """Return the tree and the arrays of a file."""
    length = int.from_bytes(data[:8], "little")
    tree = json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["tree"])
    return tree, {name: np.array(array) for name, array in unpack(data).items()}
