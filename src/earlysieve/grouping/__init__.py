"""Groups for data that name none: from an audit, twin networks, an early copy, a file."""
