"""Parts of the catalogue that are switched off, each until its faults are mended."""

PENDING: tuple[str, ...] = ()
