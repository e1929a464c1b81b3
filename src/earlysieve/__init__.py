"""earlysieve: find and reduce shortcut learning with early readouts."""
