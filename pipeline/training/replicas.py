"""The devices that share training: each computes a share of every batch, and all keep the same weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import tensorflow as tf

Tensor = Any
Step = Callable[[Tensor, Tensor], Tensor]


class Replicas:
    """One copy of the network on each device.

    Args:
        devices: as TensorFlow names them (``"GPU:0"``); by default all GPUs that it sees. With fewer than two,
            TensorFlow chooses by itself.
    """

    def __init__(self, devices: Sequence[str] = ()) -> None:
        names = list(devices) or [device.name for device in tf.config.list_logical_devices("GPU")]
        # weights of such networks are few: summed on one device they need no library, no fixed order of launching, and
        # none of the keys by which TensorFlow's collective operations mistake one training of a process for another
        self._strategy = (
            tf.distribute.MirroredStrategy(names, tf.distribute.ReductionToOneDevice())
            if len(names) > 1
            else tf.distribute.get_strategy()
        )

    def scope(self) -> AbstractContextManager[Any]:
        """In it models and optimizers get their copies."""
        scope: AbstractContextManager[Any] = self._strategy.scope()
        return scope

    def epoch(self, step: Step, batch_size: int) -> Any:
        """A graph that trains one epoch, whole batches only, and returns the mean loss.

        Args:
            step: trains with features ``[share, inputs]`` and targets ``[share, labels]`` and returns their mean loss.
            batch_size: of all replicas together; at most, since all get equally many clips.
        """
        count = self._strategy.num_replicas_in_sync
        # training needs no exact roundings: XLA makes a step one program, several times as fast on a small processor;
        # of several devices it would have to compile what passes between them too
        compiled = tf.function(step, jit_compile=count == 1)

        def train(features: Tensor, targets: Tensor) -> Tensor:
            share = max(1, min(batch_size, features.shape[0]) // count)
            steps, total = features.shape[0] // (share * count), 0.0
            for number in tf.range(steps):

                def shares(rows: Tensor, number: Tensor = number) -> Tensor:
                    def of(replica: Any) -> Tensor:
                        first = (number * count + replica.replica_id_in_sync_group) * share
                        return tf.ensure_shape(rows[first : first + share], (share, rows.shape[1]))

                    return self._strategy.experimental_distribute_values_from_function(of)

                losses = self._strategy.run(compiled, args=(shares(features), shares(targets)))
                total += self._strategy.reduce("mean", losses, axis=None)
            return total / steps

        return tf.function(train)


def mean_of_replicas(values: list[Tensor]) -> list[Tensor]:
    """The means over all replicas of what each computed from its share of a batch; gradients pass through them."""
    replica = tf.distribute.get_replica_context()
    if replica is None or replica.num_replicas_in_sync == 1:
        return values
    means: list[Tensor] = replica.all_reduce("mean", values)
    return means


def share_of_mean(gradients: list[Tensor]) -> list[Tensor]:
    """What a replica brings to the mean gradient: Keras' optimizers add up what all of them bring."""
    return [gradient / tf.distribute.get_replica_context().num_replicas_in_sync for gradient in gradients]
