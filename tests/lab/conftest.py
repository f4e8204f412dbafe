"""The corpora of other tests, for the measurements on them."""

from tests.training.conftest import corpus, dataset, recipe
from tests.workflow.conftest import whistle_recipe, whistles

__all__ = ["corpus", "dataset", "recipe", "whistle_recipe", "whistles"]
