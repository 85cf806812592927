#!/usr/bin/env python3
"""stubs.py CUDARC OUT: empty libraries to link against where there is no driver and no CUDA library.

CUDARC is the source folder of the crate cudarc, whose bindings name every function. The libraries hold nothing: a binary
linked against them runs where the real ones are."""
import pathlib
import re
import subprocess
import sys

# Library, cudarc's module for it, and the name that a binary asks for at run time (CUDA 13).
LIBRARIES = [
    ("cuda", "driver", "libcuda.so.1"),
    ("cublas", "cublas", "libcublas.so.13"),
    ("cublasLt", "cublaslt", "libcublasLt.so.13"),
    ("curand", "curand", "libcurand.so.10"),
    ("nvrtc", "nvrtc", "libnvrtc.so.13"),
    ("cudnn", "cudnn", "libcudnn.so.9"),
    ("nccl", "nccl", "libnccl.so.2"),
]


def main(cudarc, out):
    out.mkdir(parents=True, exist_ok=True)
    for library, module, soname in LIBRARIES:
        bindings = (cudarc / "src" / module / "sys" / "mod.rs").read_text()
        names = sorted(set(re.findall(r'extern "C" \{\s*fn (\w+)\(', bindings)))
        if not names:
            sys.exit(f"{library}: cudarc's bindings have changed: no function found")
        code = "".join(f"int {name}(void) {{ return 999; }}\n" for name in names)
        command = ["cc", "-shared", "-fPIC", "-w", "-x", "c", "-", f"-Wl,-soname,{soname}"]
        subprocess.run(command + ["-o", str(out / f"lib{library}.so")], input=code.encode(), check=True)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*map(pathlib.Path, sys.argv[1:]))
