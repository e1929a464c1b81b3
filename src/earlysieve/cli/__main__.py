"""`python -m earlysieve.cli` is the command `earlysieve`."""

from earlysieve.cli.main import main

if __name__ == "__main__":
    main(prog_name="earlysieve")
