"""What a person sees in the terminal: progress bars, summary tables and errors. Nothing else prints."""

from pipeline.console.comparison import show_comparison
from pipeline.console.plan import ask_keywords, show_plan
from pipeline.console.progress import RichProgress
from pipeline.console.run import console, guarded, stderr
from pipeline.console.summary import show_report

__all__ = [
    "RichProgress",
    "ask_keywords",
    "console",
    "guarded",
    "show_comparison",
    "show_plan",
    "show_report",
    "stderr",
]
