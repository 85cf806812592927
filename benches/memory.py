#!/usr/bin/env python3
"""Measures the memory of `gede convert` on a Parquet file of 2 GB: the sensor table, 34 million rows
of 60 bytes each.

    python3 benches/memory.py                   a table, and results/bench/memory.csv
    python3 benches/memory.py --rows 1000000 --keep

Anonymous memory (RssAnon in /proc/PID/status: heap and stacks, without mapped files and page cache) is
sampled every 20 ms while the tool runs; the largest sample counts. Needs Linux, Rust, Python 3.9 and 4 GB
of disk.
"""

import argparse
import pathlib
import subprocess
import sys
import time

from compare import ROOT, build_peer, run, save

BAR_MB = 300
RUNS = {
    "without": [],
    "--class label": ["--class", "label"],
    "--max-condensed 5%": ["--target", "cost:value", "--max-condensed", "5%"],
}


def anonymous(pid):
    """Bytes of anonymous memory of a process, or 0 once it is gone."""
    try:
        with open(f"/proc/{pid}/status") as status:
            return sum(int(line.split()[1]) * 1024 for line in status if line.startswith("RssAnon:"))
    except (FileNotFoundError, ProcessLookupError):
        return 0


def watch(command):
    """Runs a command; its largest anonymous memory in bytes, and its seconds."""
    start, most = time.monotonic(), 0
    process = subprocess.Popen([str(part) for part in command])
    while process.poll() is None:
        most = max(most, anonymous(process.pid))
        time.sleep(0.02)
    if process.returncode:
        sys.exit(f"{command} failed with {process.returncode}")
    return most, time.monotonic() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=34_000_000)
    parser.add_argument("--compression", choices=["raw", "plain", "snappy", "zstd-1"], default="raw")
    parser.add_argument("--only", choices=list(RUNS), help="one of the runs")
    parser.add_argument("--dir", type=pathlib.Path, default=ROOT / "target" / "bench", help="where the files go")
    parser.add_argument("--keep", action="store_true", help="keep the Parquet file for another time")
    options = parser.parse_args()
    options.dir.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cargo", "build", "--release", "--bin", "gede"], cwd=ROOT, check=True)
    gede = ROOT / "target" / "release" / "gede"
    source = options.dir / f"memory-{options.compression}-{options.rows}.parquet"
    if not source.exists():
        run(build_peer("parquet"), "write", source, options.rows, options.compression)
    size = source.stat().st_size
    print(f"{source.name}: {size / 1e9:.2f} GB, {options.rows:,} rows")

    results = []
    for name, arguments in RUNS.items():
        if options.only not in (None, name):
            continue
        out = options.dir / "memory.gede"
        most, seconds = watch([gede, "convert", source, out, "--overwrite", *arguments])
        verdict = "fine" if most <= BAR_MB * 1e6 else f"more than {BAR_MB} MB"
        print(f"{name:<20} {most / 1e6:8.1f} MB {seconds:8.1f} s   {out.stat().st_size / 1e9:.2f} GB   {verdict}")
        results.append({
            "run": name, "input_bytes": size, "rows": options.rows, "anonymous_mb": f"{most / 1e6:.1f}",
            "seconds": f"{seconds:.1f}", "output_bytes": out.stat().st_size,
        })
        out.unlink()
    if not options.keep:
        source.unlink()
    save("memory.csv", results)


if __name__ == "__main__":
    main()
