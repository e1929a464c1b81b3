"""Commands that refuse an option given twice, of which only the last would count."""

from collections import Counter

import click


class EachOnce(click.Command):
    """A command each of whose options is given once, but those that may be repeated."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the words once before, to count what was given; completion reads on as it may."""
        if not ctx.resilient_parsing:
            _, _, given = self.make_parser(ctx).parse_args(list(args))
            counts = Counter(str(one.name) for one in given if _holds_one(one))
            for option in given:
                if counts[str(option.name)] > 1:
                    raise click.UsageError(_twice(option, counts[str(option.name)]), ctx)
        return super().parse_args(ctx, args)


def _holds_one(parameter: click.Parameter) -> bool:
    if not isinstance(parameter, click.Option):
        return False
    return not (parameter.multiple or parameter.is_flag or parameter.count)


def _twice(option: click.Parameter, times: int) -> str:
    name = next((name for name in option.opts if name.startswith("--")), option.opts[0])
    often = "twice" if times == 2 else f"{times} times"
    return (
        f"Expected {name} once, but got it {often}, of which only the last would count; leave out "
        "what is not meant."
    )
