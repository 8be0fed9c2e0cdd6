"""Writes every C++ program in the documents to a file of its own, so that the tests can build it.

    python3 tools/extract_snippets.py OUT_DIR DOCUMENT ...

A program is a fenced block marked `cpp` that has a main(). Prints the file names.
"""

import re
import sys
from pathlib import Path


def main():
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    for document in map(Path, sys.argv[2:]):
        blocks = re.findall(r"^```cpp\n(.*?)^```", document.read_text(), re.S | re.M)
        programs = [b for b in blocks if "int main(" in b]
        for number, program in enumerate(programs, 1):
            path = out / f"{document.stem.lower()}_{number}.cpp"
            if not path.exists() or path.read_text() != program:
                path.write_text(program)
            print(path)


if __name__ == "__main__":
    main()
