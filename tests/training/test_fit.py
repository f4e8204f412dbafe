"""Training learns, repeats itself, goes on after a kill, and what it made converts without losing a bit."""

from __future__ import annotations

import dataclasses
from functools import cache

import numpy as np
import pytest
import tensorflow as tf

from pipeline.errors import QuantizationError
from pipeline.layers import logits
from pipeline.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from pipeline.training.convert import dynq_layers, load_trained, quantize, start_from
from pipeline.training.evaluate import evaluate
from pipeline.training.fit import EpochRecord, _Run, fit, logit_adjustment, predict_logits
from pipeline.training.layers import clip_columns
from pipeline.training.zoo import build_model
from tests.training.killing import KillAfter, Killed


@pytest.fixture(scope="module")
def float_run(recipe, dataset, tmp_path_factory):
    return fit(recipe, dataset, tmp_path_factory.mktemp("float"), weight_bits=None)


def training_with(recipe, **settings):
    """The recipe with other settings of its training."""
    return recipe.model_copy(update={"training": recipe.training.model_copy(update=settings)})


def weights_of(run) -> list[np.ndarray]:
    return load_trained(run.weights).get_weights()


def same_arrays(a, b) -> bool:
    return all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def same(a, b) -> bool:
    return same_arrays(weights_of(a), weights_of(b))


@pytest.fixture(scope="module")
def tuned_run(recipe, dataset, float_run, tmp_path_factory):
    """Trains on at a width, once each."""

    @cache
    def run(bits: int):
        return fit(recipe, dataset, tmp_path_factory.mktemp("tuned"), weight_bits=bits, initial=float_run.weights)

    return run


@pytest.mark.parametrize("bits", [8, 4, 2])
def test_quantization_aware_training_learns_and_converts_bit_for_bit(bits, recipe, dataset, tuned_run):
    run = tuned_run(bits)
    model = load_trained(run.weights)
    answers = predict_logits(model, dataset.testing.features)
    quantized = quantize(run.weights, recipe, bits, dataset.label_names)
    assert np.array_equal(logits(quantized, dataset.testing.features).view(np.uint32), answers.view(np.uint32))
    result = evaluate(answers, dataset.testing.labels, dataset.testing.speakers, dataset.label_names)
    assert result.accuracy_without_silence.value > 0.9
    assert quantized.labels == recipe.corpus.labels
    assert [layer.bits for layer in quantized.layers] == [bits] * 3


def test_float_training_learns_and_writes_logs(float_run, dataset):
    answers = predict_logits(load_trained(float_run.weights), dataset.testing.features)
    assert (answers.argmax(axis=1) == dataset.testing.labels).mean() > 0.9
    losses = [record.validation_loss for record in float_run.history]
    assert losses[float_run.best_epoch - 1] == min(losses[9:])
    assert float_run.best_epoch > 9
    [events] = (float_run.weights.parent / "tensorboard").iterdir()
    tags = {value.tag for event in tf.compat.v1.train.summary_iterator(str(events)) for value in event.summary.value}
    assert {"loss", "validation/loss", "validation/accuracy", "learning_rate"} <= tags


def test_epochs_are_judged_on_the_validation_split(recipe, dataset, float_run):
    answers = predict_logits(load_trained(float_run.weights), dataset.validation.features).astype(np.float64)
    posteriors = np.exp(answers) / np.exp(answers).sum(axis=1, keepdims=True)
    loss = -np.log(posteriors[np.arange(len(answers)), dataset.validation.labels]).mean()
    best = float_run.history[float_run.best_epoch - 1]
    assert best.validation_loss == pytest.approx(loss, rel=1e-4)
    assert best.validation_accuracy == (answers.argmax(axis=1) == dataset.validation.labels).mean()


def test_weights_of_the_last_epochs_are_averaged(recipe, dataset, tmp_path, monkeypatch):
    after_epoch: list[list[np.ndarray]] = []
    log = _Run._log

    def remembering(run: _Run, record: EpochRecord) -> None:
        after_epoch.append(run.model.get_weights())
        log(run, record)

    monkeypatch.setattr(_Run, "_log", remembering)
    monkeypatch.setattr(_Run, "_choose", lambda run: 1)  # whichever epoch is the best
    run = fit(training_with(recipe, averaged=0.6, epochs=5), dataset, tmp_path, weight_bits=None)
    for kept, third, fourth, fifth in zip(weights_of(run), *after_epoch[2:], strict=True):
        np.testing.assert_allclose(kept, (third + fourth + fifth) / 3, rtol=1e-5, atol=1e-7)
    assert not same_arrays(after_epoch[2], after_epoch[4])
    answers = predict_logits(load_trained(run.weights), dataset.validation.features)
    assert run.validation_accuracy == (answers.argmax(axis=1) == dataset.validation.labels).mean()
    assert run.best_epoch == 5
    shares = [record.learning_rate / recipe.training.learning_rate for record in run.history]
    assert shares == pytest.approx([0.5, 0.02 + 0.98 * (0.5 + 0.5 * np.cos(np.pi / 5)), 0.6614, 0.3586, 0.3], abs=1e-4)


def test_a_killed_run_goes_on_to_the_same_mean(recipe, dataset, tmp_path):
    averaged = training_with(recipe, averaged=0.5)
    whole = fit(averaged, dataset, tmp_path / "whole", weight_bits=None)
    with pytest.raises(Killed):
        fit(averaged, dataset, tmp_path / "killed", weight_bits=None, progress=KillAfter(11))
    assert (tmp_path / "killed" / "checkpoint.npz").exists()
    assert same(fit(averaged, dataset, tmp_path / "killed", weight_bits=None), whole)


def test_quantization_aware_training_averages_too(recipe, dataset, float_run, tuned_run, tmp_path):
    averaged = training_with(recipe, averaged=0.5)
    run = fit(averaged, dataset, tmp_path, weight_bits=2, initial=float_run.weights)
    assert run.best_epoch == len(run.history) == recipe.training.low_bit_qat_epochs
    assert min(record.learning_rate for record in run.history) == 0.3 * recipe.training.qat_learning_rate
    assert not same(run, tuned_run(2))
    answers = predict_logits(load_trained(run.weights), dataset.testing.features)
    assert (answers.argmax(axis=1) == dataset.testing.labels).mean() > 0.9


def test_another_seed_gives_other_weights(recipe, dataset, float_run, tmp_path):
    assert not same(fit(training_with(recipe, seed=2), dataset, tmp_path, weight_bits=None), float_run)


def test_the_surplus_of_unknown_clips_is_taken_out_of_the_logits():
    labels = np.array([0] * 5 + [1] * 8 + [2] * 3 + [3])
    for mass, surplus in ((None, 1), (1.0, 2), (0.5, 4), (3.0, 1)):
        assert logit_adjustment(labels, 4, mass) == pytest.approx([0, np.log(surplus), 0, 0])
    assert not logit_adjustment(labels[labels != 1], 4, 1.0).any()
    assert not logit_adjustment(labels[labels < 2], 4, 1.0).any()


def test_a_model_that_expects_few_unknown_clips_leans_to_the_keywords(recipe, dataset, float_run, tmp_path):
    leaning = training_with(recipe, unknown_mass=0.01)

    def share_of_unknown(run) -> float:
        answers = np.exp(predict_logits(load_trained(run.weights), dataset.testing.features))
        return float(np.log(answers[:, 1]).mean() - np.log(answers.sum(axis=1)).mean())

    run = fit(leaning, dataset, tmp_path / "float", weight_bits=None)
    plain, lean = share_of_unknown(float_run), share_of_unknown(run)
    assert lean < plain - 1
    tuned = share_of_unknown(fit(leaning, dataset, tmp_path / "tuned", weight_bits=4, initial=run.weights))
    assert abs(tuned - lean) < 1


def test_a_run_killed_again_and_again_goes_on_to_the_same_weights(recipe, dataset, float_run, tmp_path):
    for epochs in (3, 8):  # before the first checkpoint, from which the second begins, and after it
        with pytest.raises(Killed):
            fit(recipe, dataset, tmp_path, weight_bits=None, progress=KillAfter(epochs))
        assert (tmp_path / "checkpoint.npz").exists() == (epochs > 5)
    with pytest.raises(Killed):
        fit(recipe, dataset, tmp_path, weight_bits=None, progress=KillAfter(6))  # from the fifth on: the eleventh
    run = fit(recipe, dataset, tmp_path, weight_bits=None)
    assert same(run, float_run)
    assert [dataclasses.astuple(r) for r in run.history] == [dataclasses.astuple(r) for r in float_run.history]
    assert not (tmp_path / "checkpoint.npz").exists()


@pytest.mark.parametrize(("bits", "epochs"), [(None, 1), (8, 1), (4, 1), (3, 2), (2, 2)])
def test_narrow_weights_train_for_longer(bits, epochs, recipe, dataset, float_run, tmp_path):
    longer = training_with(recipe, qat_epochs=1, low_bit_qat_epochs=2)
    run = fit(longer, dataset, tmp_path, weight_bits=bits, initial=float_run.weights)
    assert [record.epoch for record in run.history] == [1, 2][:epochs]


def test_a_killed_quantization_aware_run_goes_on_to_the_same_weights(recipe, dataset, float_run, tuned_run, tmp_path):
    with pytest.raises(Killed):
        fit(recipe, dataset, tmp_path, weight_bits=2, initial=float_run.weights, progress=KillAfter(6))
    assert same(fit(recipe, dataset, tmp_path, weight_bits=2, initial=float_run.weights), tuned_run(2))


def test_checkpoints_of_other_runs_and_damaged_ones_are_not_used(tmp_path):
    path = tmp_path / "checkpoint.npz"
    assert load_checkpoint(path, "a") is None
    save_checkpoint(path, Checkpoint("a", [np.arange(3)], [np.ones((2, 2), np.float32)], {"epoch": 5}))
    assert load_checkpoint(path, "b") is None
    loaded = load_checkpoint(path, "a")
    assert loaded is not None
    assert np.array_equal(loaded.current[0], np.arange(3))
    assert loaded.progress == {"epoch": 5}
    whole = path.read_bytes()
    for size in (0, 10, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        assert load_checkpoint(path, "a") is None


def test_training_stops_early_when_validation_gets_no_better(recipe, dataset, tmp_path):
    hopeless = training_with(recipe, learning_rate=1e-30, epochs=12, patience=2)
    run = fit(hopeless, dataset, tmp_path, weight_bits=None)
    assert (run.best_epoch, len(run.history)) == (1, 3)


@pytest.mark.parametrize("bits", [2, 3, 4, 8])
def test_an_untrained_model_converts_bit_for_bit(bits, recipe, dataset):
    model = build_model(recipe, bits)
    quantized = quantize(model, recipe, bits, dataset.label_names)
    features = np.random.default_rng(bits).integers(-128, 128, (50, recipe.frontend.inputs), np.int8)
    assert np.array_equal(logits(quantized, features).view(np.uint32), predict_logits(model, features).view(np.uint32))


def test_post_training_quantization_takes_the_float_weights(recipe, dataset, float_run):
    answers = predict_logits(load_trained(float_run.weights), dataset.testing.features)
    error = {
        bits: np.abs(
            logits(quantize(float_run.weights, recipe, bits, dataset.label_names), dataset.testing.features) - answers
        ).mean()
        for bits in (8, 4, 2)
    }
    assert error[8] < 0.05
    assert error[8] < error[4] < error[2]


def mixed(recipe):
    """The recipe with a last block of 4 bits, whatever others have."""
    *blocks, last = recipe.model.blocks
    blocks.append(last.model_copy(update={"bits": 4}))
    return recipe.model_copy(update={"model": recipe.model.model_copy(update={"blocks": tuple(blocks)})})


@pytest.fixture(scope="module")
def temporal_run(temporal_recipe, dataset, tmp_path_factory):
    return fit(temporal_recipe, dataset, tmp_path_factory.mktemp("temporal"), weight_bits=None)


def test_a_temporal_network_learns_and_converts_bit_for_bit(temporal_recipe, dataset, temporal_run, tmp_path):
    recipe = mixed(temporal_recipe)
    run = fit(recipe, dataset, tmp_path, weight_bits=2, initial=temporal_run.weights)
    model = load_trained(run.weights)
    answers = predict_logits(model, dataset.testing.features)
    quantized = quantize(run.weights, recipe, 2, dataset.label_names)
    assert np.array_equal(logits(quantized, dataset.testing.features).view(np.uint32), answers.view(np.uint32))
    assert (answers.argmax(axis=1) == dataset.testing.labels).mean() > 0.9
    kinds = [(layer.kind, layer.bits) for layer in quantized.layers]
    first = [("filter", 8), ("dense", 2), ("add", 0)]
    assert kinds == [("dense", 4), *first, ("filter", 8), ("dense", 4), ("mean", 0), ("dense", 4)]
    rounded = quantize(temporal_run.weights, recipe, 2, dataset.label_names)  # without training for it
    assert [(layer.kind, layer.bits) for layer in rounded.layers] == kinds


def test_a_killed_temporal_run_goes_on_to_the_same_weights(temporal_recipe, dataset, temporal_run, tmp_path):
    with pytest.raises(Killed):
        fit(temporal_recipe, dataset, tmp_path, weight_bits=None, progress=KillAfter(7))
    assert (tmp_path / "checkpoint.npz").exists()
    assert same(fit(temporal_recipe, dataset, tmp_path, weight_bits=None), temporal_run)


def test_folding_batch_normalisation_changes_nothing_but_roundings(temporal_recipe, dataset, temporal_run):
    floats = load_trained(temporal_run.weights)
    normalised = [layer for layer in dynq_layers(floats) if getattr(layer, "normalises", False)]
    assert len(normalised) == 5
    assert all(np.ptp(layer.variance.numpy()) > 0 for layer in normalised)
    want = predict_logits(floats, dataset.testing.features)
    for bits, error in ((8, 0.1), (4, 1.0)):
        quantized = quantize(floats, temporal_recipe, bits, dataset.label_names)
        assert np.abs(logits(quantized, dataset.testing.features) - want).mean() < error * np.abs(want).mean()


def test_weights_start_clipped_to_what_their_own_bits_hold(temporal_recipe, temporal_run):
    model = build_model(mixed(temporal_recipe), 2)
    start_from(model, load_trained(temporal_run.weights))
    folded = [layer.folded()[0] for layer in dynq_layers(load_trained(temporal_run.weights)) if layer.weights]
    started = [layer.kernel.numpy() for layer in dynq_layers(model) if layer.weights]
    bits = [layer.weight_bits for layer in dynq_layers(model) if layer.weights]
    assert bits == [4, 8, 2, 8, 4, 4]
    for old, new, width in zip(folded, started, bits, strict=True):
        np.testing.assert_array_equal(new, old if width == 8 else clip_columns(old, width))


def test_a_float_perceptron_and_its_quantized_twin_have_the_same_weights(recipe):
    shapes = [[w.shape for w in build_model(recipe, bits).weights] for bits in (None, 4)]
    assert shapes[0] == shapes[1]


def test_clipping_keeps_columns_without_outliers_and_narrows_those_with():
    rng = np.random.default_rng(0)
    kernel = rng.uniform(-1, 1, (200, 2)).astype(np.float32)
    kernel[0, 1] = 50
    clipped = clip_columns(kernel, 8)
    assert np.array_equal(clipped[:, 0], kernel[:, 0])
    assert clipped[0, 1] < 20
    assert np.array_equal(clipped[1:, 1], kernel[1:, 1])
    ranges = [np.ptp(clip_columns(rng.normal(size=(500, 1)).astype(np.float32), bits)) for bits in (2, 3, 4)]
    assert ranges == sorted(ranges)


@pytest.fixture(scope="module")
def stubborn(temporal_recipe, tmp_path_factory):
    """A network of another kind than the recipe's, which says "high" whatever it hears."""
    model = build_model(temporal_recipe, None)
    bias = np.array([0, 0, 0, 9], np.float32)
    model.get_layer("logits").set_weights(
        [bias if w.shape == (4,) else np.zeros_like(w) for w in model.get_layer("logits").get_weights()]
    )
    path = tmp_path_factory.mktemp("stubborn") / "model.keras"
    model.save(path)
    return path


def answers(run, dataset) -> np.ndarray:
    return predict_logits(load_trained(run.weights), dataset.validation.features).argmax(axis=1)


def test_a_network_learns_its_teachers_answers_instead_of_the_labels(recipe, dataset, stubborn, float_run, tmp_path):
    believing = fit(training_with(recipe, teacher_share=1.0), dataset, tmp_path, weight_bits=None, teacher=stubborn)
    assert (answers(believing, dataset) == 3).all()
    assert (answers(float_run, dataset) == 3).mean() < 0.5
    assert len(believing.history) == recipe.training.epochs


def test_a_small_share_of_a_bad_teacher_leaves_the_labels_their_say(recipe, dataset, stubborn, float_run, tmp_path):
    doubting = fit(training_with(recipe, teacher_share=0.1), dataset, tmp_path, weight_bits=None, teacher=stubborn)
    assert (answers(doubting, dataset) == dataset.validation.labels).mean() > 0.8
    assert not same(doubting, float_run)


def test_a_killed_run_with_a_teacher_goes_on_to_the_same_weights(recipe, dataset, stubborn, tmp_path):
    whole = fit(recipe, dataset, tmp_path / "whole", weight_bits=None, teacher=stubborn)
    with pytest.raises(Killed):
        fit(recipe, dataset, tmp_path / "cut", weight_bits=None, teacher=stubborn, progress=KillAfter(7))
    assert same(fit(recipe, dataset, tmp_path / "cut", weight_bits=None, teacher=stubborn), whole)


def test_a_checkpoint_of_another_teacher_is_not_used(recipe, dataset, stubborn, float_run, tmp_path):
    with pytest.raises(Killed):
        fit(recipe, dataset, tmp_path, weight_bits=None, teacher=stubborn, progress=KillAfter(7))
    assert same(fit(recipe, dataset, tmp_path, weight_bits=None), float_run)


def test_weights_that_cannot_be_used_are_refused(recipe, dataset, float_run, tmp_path):
    with pytest.raises(QuantizationError):
        quantize(tmp_path / "none.keras", recipe, 4, dataset.label_names)
    (tmp_path / "broken.keras").write_bytes(float_run.weights.read_bytes()[:500])
    with pytest.raises(QuantizationError):
        fit(recipe, dataset, tmp_path, weight_bits=4, initial=tmp_path / "broken.keras")
    with pytest.raises(QuantizationError):
        fit(recipe, dataset, tmp_path, weight_bits=None, teacher=tmp_path / "broken.keras")
    wider = recipe.model_copy(update={"model": recipe.model.model_copy(update={"hidden": (25, 16)})})
    with pytest.raises(QuantizationError, match="another shape"):
        fit(wider, dataset, tmp_path, weight_bits=4, initial=float_run.weights)


def test_models_with_layers_that_cannot_be_exported_are_refused():
    import keras

    plain = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    with pytest.raises(QuantizationError, match="Dense"):
        dynq_layers(plain)
    with pytest.raises(QuantizationError, match="no layer of the method"):
        dynq_layers(keras.Sequential([keras.Input((4,)), keras.layers.Flatten()]))
