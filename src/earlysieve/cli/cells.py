"""What stands in a cell of a printed table."""

Cell = str | float | int | None
