"""``python -m pipeline``, which is ``dynq``."""

from __future__ import annotations

from pipeline.interrupt import end_at_once


def main() -> None:
    """Runs the command; imports it first."""
    end_at_once()
    from pipeline.dynq import main as dynq

    dynq()


if __name__ == "__main__":
    main()
