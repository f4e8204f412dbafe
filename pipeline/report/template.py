"""The pages' templates, and how they write figures."""

from __future__ import annotations

from jinja2 import Template

from pipeline.templates import templates


def template(name: str) -> Template:
    """A template of this package, for pages without outside references."""
    environment = templates("pipeline.report")
    environment.filters["percent"] = lambda value: f"{100 * value:.1f}"
    environment.filters["kib"] = lambda value: f"{value / 1024:.1f}"
    environment.filters["thousands"] = lambda value: f"{value:,.0f}"
    return environment.get_template(name)
