"""Bars with their numbers on one page: as SVG, which is text, or as PNG. Dark and light, so that it prints in grey.

A page is laid out once, as shapes; two small painters draw them. Nothing here knows what is counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from config.faults import Fault

WIDTH, MARGIN = 900, 32
LABELS, LETTER = 250, 8
"""Pixels for the words before the bars, and for a letter behind them."""

FONT = Path(__file__).parent / "fonts" / "DejaVuSans-Latin.ttf"
"""For PNG alone: the one inside Pillow has no accents. A SVG is read with the reader's own."""

ROW, BAR = 26, 18
TITLE, HEADING, WORDS = 22, 16, 14
"""Pixels: heights of a line and of its bar; sizes of letters."""

DARK, LIGHT, INK, PAPER = "#1b4f72", "#a9cce3", "#222222", "#ffffff"
SHARPNESS = 2
"""Pixels of a PNG for each of the layout, so that it can be printed."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One line: `value` makes the bar (None: no bar), `shown` stands behind it. `light` sets it apart."""

    label: str
    value: float | None
    shown: str
    light: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """Bars of one scale under a heading that names their unit. `full` is the value of a bar of full length."""

    heading: str
    bars: Sequence[Bar]
    full: float | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """A page: what it says in one line, its panels, and what must be known to read it."""

    title: str
    panels: Sequence[Panel]
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Box:
    """A filled rectangle; x and y of its upper left corner, in pixels."""

    x: float
    y: float
    width: float
    height: float
    colour: str


@dataclass(frozen=True, slots=True)
class Words:
    """A line of text whose middle line is at y; it begins at x, or ends there when it is `right`."""

    x: float
    y: float
    size: int
    text: str
    right: bool = False


Shape = Box | Words


def save(chart: Chart, path: Path) -> None:
    """Write a page to a file whose name ends with .svg or .png. Raises Fault, OSError."""
    if path.suffix.lower() == ".svg":
        path.write_text(svg(chart), encoding="utf-8")
    elif path.suffix.lower() == ".png":
        png(chart).save(path)
    else:
        raise Fault(f"{path.name}: a chart is .svg or .png")


def svg(chart: Chart) -> str:
    """A page as SVG, with its title and every number as text for who cannot see it."""
    shapes, height = _layout(chart)
    drawn = "\n".join(_svg_of(shape) for shape in shapes)
    said = " ".join(
        f"{panel.heading} : " + ", ".join(f"{bar.label} {bar.shown}" for bar in panel.bars) + "."
        for panel in chart.panels
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}"'
        f' height="{height}" role="img" aria-labelledby="title said" font-family="sans-serif" lang="fr">\n'
        f'<title id="title">{escape(chart.title)}</title>\n<desc id="said">{escape(said)}</desc>\n'
        f'<rect width="{WIDTH}" height="{height}" fill="{PAPER}"/>\n{drawn}\n</svg>\n'
    )


def png(chart: Chart) -> Image.Image:
    """A page as a picture."""
    shapes, height = _layout(chart)
    picture = Image.new("RGB", (WIDTH * SHARPNESS, height * SHARPNESS), PAPER)
    brush = ImageDraw.Draw(picture)
    for shape in shapes:
        if isinstance(shape, Box):
            corner = (shape.x * SHARPNESS, shape.y * SHARPNESS)
            end = ((shape.x + shape.width) * SHARPNESS, (shape.y + shape.height) * SHARPNESS)
            brush.rectangle((corner, end), fill=shape.colour)
        else:
            font = ImageFont.truetype(FONT, shape.size * SHARPNESS)
            place = (shape.x * SHARPNESS, shape.y * SHARPNESS)
            brush.text(place, shape.text, fill=INK, font=font, anchor="rm" if shape.right else "lm")
    return picture


def _layout(chart: Chart) -> tuple[list[Shape], int]:
    """The shapes, and the height of the page."""
    y = MARGIN + TITLE / 2
    shapes: list[Shape] = [Words(MARGIN, y, TITLE, chart.title)]
    y += TITLE
    for panel in chart.panels:
        y += ROW
        shapes.append(Words(MARGIN, y, HEADING, panel.heading))
        y += ROW
        for bar, length in zip(panel.bars, _lengths(panel), strict=True):
            shapes += _line(bar, length, y)
            y += ROW
    for note in chart.notes:
        y += ROW * 0.8
        shapes.append(Words(MARGIN, y, WORDS - 2, note))
    return shapes, int(y + MARGIN)


def _lengths(panel: Panel) -> Iterator[float]:
    """Pixels of each bar."""
    full = panel.full or max((bar.value or 0 for bar in panel.bars), default=0) or 1
    longest = max((len(bar.shown) for bar in panel.bars), default=0)
    room = WIDTH - 2 * MARGIN - LABELS - LETTER * (longest + 2)
    return (min(1.0, (bar.value or 0) / full) * room for bar in panel.bars)


def _line(bar: Bar, length: float, y: float) -> Iterator[Shape]:
    start = MARGIN + LABELS
    yield Words(start - 10, y, WORDS, bar.label, right=True)
    if bar.value:
        # What is there at all can be seen, however little it is beside the others.
        yield Box(start, y - BAR / 2, max(length, 1.0), BAR, LIGHT if bar.light else DARK)
    yield Words(start + length + 8, y, WORDS, bar.shown)


def _svg_of(shape: Shape) -> str:
    if isinstance(shape, Box):
        return (
            f'<rect x="{shape.x:.1f}" y="{shape.y:.1f}" width="{shape.width:.1f}"'
            f' height="{shape.height:.1f}" fill="{shape.colour}"/>'
        )
    anchor = ' text-anchor="end"' if shape.right else ""
    return (
        f'<text x="{shape.x:.1f}" y="{shape.y:.1f}" font-size="{shape.size}" dominant-baseline="central"'
        f' fill="{INK}"{anchor}>{escape(shape.text)}</text>'
    )
