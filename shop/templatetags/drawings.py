"""`{% tassel_drawing design %}`: a design's picture, drawn in its colours."""

from __future__ import annotations

from typing import Any

from django import template

from shop.drawing import draw
from shop.queries.shelf import Design

register = template.Library()


@register.inclusion_tag("shop/drawing.html")
def tassel_drawing(design: Design, decorative: bool = False) -> dict[str, Any]:
    """The drawing as SVG; `decorative` hides it from screen readers where the name stands beside it anyway."""
    return {"drawing": draw(design.colours), "alt": "" if decorative else design.alt}
