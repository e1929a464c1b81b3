"""Templates with escaping always on."""

from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from earlysieve._imports import need
from earlysieve.report import words

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup


@lru_cache(maxsize=1)
def environment() -> "Environment":
    """The templates of the page; every expression is escaped, every unknown name an error.

    Characters that turn text round are written out in every expression.
    """
    jinja2 = need("jinja2", extra="report")
    made: Environment = jinja2.Environment(
        loader=jinja2.PackageLoader("earlysieve.report", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=words.visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    numbers = (words.percent, words.count, words.decimal, words.signed, words.times)
    names = (words.cut, words.short, words.breakable)
    for function in (*numbers, *names, words.whole_options):
        made.filters[function.__name__] = function
    return made


def macro(template: str, name: str, *arguments: Any) -> "Markup":
    """Call one macro of a template."""
    module = environment().get_template(template).module
    rendered: Markup = getattr(module, name)(*arguments)
    return rendered


def asset(name: str) -> str:
    """A file of the templates folder, as it is."""
    return files("earlysieve.report").joinpath("templates", name).read_text(encoding="utf-8")
