"""What a person sees in the terminal: progress bars, summary tables and errors. Nothing else prints."""

from pipeline.console.comparison import show_comparison
from pipeline.console.progress import RichProgress
from pipeline.console.run import console, guarded
from pipeline.console.summary import show_report

__all__ = ["RichProgress", "console", "guarded", "show_comparison", "show_report"]
