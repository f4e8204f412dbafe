"""Misuse campaign: bad recipes, recordings, folders, models and command lines; full disks, damage, interruptions.

Whatever it is, a command ends with an exit status other than 0 and says what to do, without a traceback; after damage
and interruptions the same command ends well.
"""

from lab.misuse.case import Case, Place, Situation
from lab.misuse.run import Outcome, judge, sample

__all__ = ["Case", "Outcome", "Place", "Situation", "judge", "sample"]
