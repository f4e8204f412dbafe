"""Speech to train and test with: folders of recordings, Speech Commands, or words spoken by a synthesiser."""

from pipeline.corpus.data import SAMPLE_RATE, SILENCE_LABEL, SPLITS, UNKNOWN_LABEL, Corpus, Split, SplitName
from pipeline.corpus.load import load_corpus
from pipeline.corpus.registry import SOURCES

__all__ = [
    "SAMPLE_RATE",
    "SILENCE_LABEL",
    "SOURCES",
    "SPLITS",
    "UNKNOWN_LABEL",
    "Corpus",
    "Split",
    "SplitName",
    "load_corpus",
]
