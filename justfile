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
    cargo run --release --bin gede-lab -- california --out results

# Logistic regression; DATA holds credit_default.csv, ijcnn1 and ijcnn1.t.
logistic DATA:
    cargo run --release --bin gede-lab -- logistic --data {{DATA}} --out results

# LeNet5 on MNIST, run by run: it goes on where it was stopped.
mnist DATA:
    cargo run --release --bin gede-lab -- mnist --data {{DATA}} --out results

# Images and tables on disk and out of it; DATA holds mnist/, cifar10/, california_housing.csv, credit_default.csv, ijcnn1,
# ijcnn1.t in the forms they come in.
storage DATA:
    cargo run --release --bin gede-lab -- storage --data {{DATA}} --out results

# The second reader on the golden files.
reader:
    python3 spec/check.py
