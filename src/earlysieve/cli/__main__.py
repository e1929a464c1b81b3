"""`python -m earlysieve.cli` is the command `earlysieve`."""

from earlysieve.cli.start import start

if __name__ == "__main__":
    start()
