"""What would better the weakest figures of a run, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.report.data import ConditionRow, SplitRow, WordRow

FEW_TRAINING_SPEAKERS = 20
FEW_TEST_SPEAKERS = 10
LARGE_SHARE = 0.25
MANY_FALSE_ACCEPTS = 0.02
LOST_TO_NOISE = 0.1


def advice(words: Sequence[WordRow], test: SplitRow, conditions: Sequence[ConditionRow]) -> tuple[str, ...]:
    """The most-missed word, the word of the fewest speakers, a threshold that does not carry over, what noise costs, a
    weak test split.

    Args:
        conditions: the first is that of the clips as they are, at a threshold that should let 1 % through.
    """
    return (
        *_most_missed(words),
        *_fewest_speakers(words),
        *_false_accepts(conditions[0].false_accept),
        *_worst_condition(conditions),
        *_weak_test(test),
    )


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
