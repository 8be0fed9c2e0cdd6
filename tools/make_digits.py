#!/usr/bin/env python3
"""Makes share/digits from the full MNIST files: every 6th training and every 5th test image.

    tools/make_digits.py DIR-WITH-THE-FOUR-GZ-FILES [OUTPUT-DIR]

Even steps, because MNIST is ordered: neighbouring images come from the same writers, and the second
half of the test set was written by other people and is harder than the first. The result is the
same, byte for byte, on every run with one version of zlib; the checksums printed are those of the
uncompressed files, which do not depend on it.
"""

import gzip
import hashlib
import pathlib
import struct
import sys

# file: (step, MD5 of the full uncompressed file)
FILES = {
    "train-images-idx3-ubyte": (6, "6bbc9ace898e44ae57da46a324031adb"),
    "train-labels-idx1-ubyte": (6, "a25bea736e30d166cdddb491f175f624"),
    "t10k-images-idx3-ubyte": (5, "2646ac647ad5339dbf082846283269ea"),
    "t10k-labels-idx1-ubyte": (5, "27ae3e4e09519cfbb04c329615203637"),
}


def extract(content, step):
    """`content` is an IDX file of bytes: zero, zero, type, rank, sizes (big-endian), items."""
    rank = content[3]
    sizes = struct.unpack(f">{rank}I", content[4 : 4 + 4 * rank])
    start = 4 + 4 * rank
    item = (len(content) - start) // sizes[0]
    picked = range(0, sizes[0], step)
    header = content[:4] + struct.pack(f">{rank}I", len(picked), *sizes[1:])
    return header + b"".join(content[start + i * item : start + (i + 1) * item] for i in picked)


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    source = pathlib.Path(sys.argv[1])
    root = pathlib.Path(__file__).resolve().parent.parent
    output = pathlib.Path(sys.argv[2]) if len(sys.argv) == 3 else root / "share" / "digits"
    output.mkdir(parents=True, exist_ok=True)
    for name, (step, md5) in FILES.items():
        content = gzip.decompress((source / f"{name}.gz").read_bytes())
        if hashlib.md5(content).hexdigest() != md5:
            sys.exit(f"{source / name}.gz: not the MNIST file that was expected (MD5 differs)")
        part = extract(content, step)
        (output / f"{name}.gz").write_bytes(gzip.compress(part, 9, mtime=0))
        print(hashlib.sha256(part).hexdigest(), name)


if __name__ == "__main__":
    main()
