from tests.workflow.conftest import whistle_recipe, whistles

__all__ = ["whistle_recipe", "whistles"]
