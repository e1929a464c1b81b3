"""`earlysieve completion`: a script by which a shell completes commands and options."""

import click
from click.shell_completion import BashComplete, FishComplete, ZshComplete

from earlysieve.cli.each_once import EachOnce

_SHELLS = ("bash", "zsh", "fish")
_VARIABLE = "_EARLYSIEVE_COMPLETE"


@click.command("completion", cls=EachOnce)
@click.argument("shell", type=click.Choice(_SHELLS))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print the script by which bash, zsh or fish completes the commands and options of earlysieve.

    \b
    Examples, to put into ~/.bashrc, ~/.zshrc, and ~/.config/fish/config.fish:
      eval "$(earlysieve completion bash)"
      eval "$(earlysieve completion zsh)"
      earlysieve completion fish | source
    """
    kinds = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}
    root = context.find_root().command
    click.echo(kinds[shell](root, {}, "earlysieve", _VARIABLE).source())
