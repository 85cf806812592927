# What is done often. `just` lists it.

default:
    @just --list

# Everything a change must pass.
ci:
    .ci/run

# The tour: convert, verify, read, train.
demo:
    cargo run --release --bin gede -- demo

# Formats side by side: take and scan.
bench:
    python3 benches/compare.py

# The paper's linear regression figures.
california:
    cargo run --release --bin gede -- experiment california --out results

# Image sets on disk and out of it; DATA holds mnist/ and cifar10/ in the forms they come in.
storage DATA:
    cargo run --release --bin gede -- experiment storage --data {{DATA}} --out results

# The second reader on the golden files.
reader:
    python3 spec/check.py
