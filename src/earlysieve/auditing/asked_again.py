"""What an audit of other data is asked about after a shortcut."""

import json

from earlysieve._readable import PARTS
from earlysieve.auditing.naming_steps import has_name, quoted_part
from earlysieve.auditing.summary import Summary
from earlysieve.auditing.words import column_of_values


def asked_again(summary: Summary) -> str | None:
    """What a shortcut is about, as an audit of other data is asked about it; None: it has no name.

    That audit would choose for itself, and may speak of another property that misleads, too.

    Args:
        summary: of the audit.
    """
    on = next((one for one in summary.leanings if one.name == summary.leans_on), None)
    if summary.verdict != "shortcut" or on is None or on.irrelevant or not has_name(on):
        return None
    part = f"column {column_of_values(on)[0]}" if on.is_value else on.name
    typed = str(json.loads(quoted_part(part)))
    known = any(typed in parts for parts in PARTS.values())
    return typed if known or (on.is_column or on.is_value) else None
