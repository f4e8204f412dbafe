"""What would better the weakest figures of a run, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.report.data import ConditionRow, SplitRow, WordRow
from pipeline.report.listening import Tuned

FEW_TRAINING_SPEAKERS = 20
FEW_TEST_SPEAKERS = 10
LARGE_SHARE = 0.25
MANY_FALSE_ACCEPTS = 0.02
LOST_TO_NOISE = 0.1
LOST_TO_BUDGET = 0.25
LARGEST_BUDGET = 4.0


def advice(
    words: Sequence[WordRow], test: SplitRow, conditions: Sequence[ConditionRow], tuned: Tuned | None = None
) -> tuple[str, ...]:
    """What strict thresholds cost, the most-missed word, the word of the fewest speakers, a threshold that does not
    carry over, what noise costs, a weak test split.

    Args:
        conditions: the first is that of the clips as they are, at a threshold that should let 1 % through.
        tuned: how thresholds were chosen; None where they were not.
    """
    return (
        *_strict(tuned),
        *_most_missed(words),
        *_fewest_speakers(words),
        *_false_accepts(conditions[0].false_accept),
        *_worst_condition(conditions),
        *_weak_test(test),
    )


def _strict(tuned: Tuned | None) -> Iterator[str]:
    """Where many are missed: what a larger budget would give, by the curve of the test streams."""
    if tuned is None or tuned.misses[0].rate < LOST_TO_BUDGET:
        return
    quiet = tuned.misses[0]
    looser = [point for point in tuned.curve if tuned.budget < point.false_accepts_per_hour <= LARGEST_BUDGET]
    best = min(looser, key=lambda point: point.misses[quiet.kind], default=None)
    found = f"{100 * quiet.rate:.0f} of 100 keywords are missed while listening, at thresholds for {tuned.budget:g} "
    if best is not None and best.misses[quiet.kind] < quiet.rate:
        yield (
            f"{found}false accepts per hour; at {best.false_accepts_per_hour:.1f} per hour it would be about "
            f"{100 * best.misses[quiet.kind]:.0f}: build or tune with --budget {best.false_accepts_per_hour:.1f}."
        )
    else:
        yield f"{found}false accepts per hour: speech without keywords to train on (--negatives DIR) helps most."


def _most_missed(words: Sequence[WordRow]) -> Iterator[str]:
    worst = max(words, key=lambda row: (row.miss, row.clips), default=None)
    if worst is None or not worst.missed:
        return
    found = f"{worst.word} is missed most: {worst.missed} of {worst.clips} clips"
    if worst.taken_for and worst.taken_for[0][1] * 2 >= worst.missed:
        other, count = worst.taken_for[0]
        yield f"{found}, {count} of them taken for {other}: record more of both, or choose a less similar word."
    else:
        yield f"{found}: more recordings of it, by other speakers, help most."


def _fewest_speakers(words: Sequence[WordRow]) -> Iterator[str]:
    known = [(row.training_speakers, row.word) for row in words if row.training_speakers is not None]
    if known and min(known)[0] < FEW_TRAINING_SPEAKERS:
        count, word = min(known)
        yield f"{word} is trained on {count} speakers, the fewest: record {FEW_TRAINING_SPEAKERS} or more."


def _false_accepts(share: float) -> Iterator[str]:
    if share > MANY_FALSE_ACCEPTS:
        yield (
            f"The threshold lets {100 * share:.1f} % of the other words of the test split through instead of the "
            "1 % of the validation split: more other words, above all ones that sound like keywords, help."
        )


def _worst_condition(conditions: Sequence[ConditionRow]) -> Iterator[str]:
    clean, worst = conditions[0], min(conditions, key=lambda row: row.keyword)
    lost = clean.keyword - worst.keyword
    if lost > LOST_TO_NOISE:
        yield (
            f"{100 * lost:.0f} of 100 keywords more go unrecognised {worst.name}: recordings from where it will "
            "listen, of keywords and of noise, help."
        )


def _weak_test(test: SplitRow) -> Iterator[str]:
    if test.speakers < FEW_TEST_SPEAKERS:
        yield f"The test split has {test.speakers} speakers: its figures would differ with others. Test on more."
    if test.dominant_share > LARGE_SHARE:
        yield (
            f"{100 * test.dominant_share:.0f} % of the keyword clips of the test split are of one speaker "
            f"({test.dominant_speaker}): the mean over speakers says more than the share of clips."
        )
