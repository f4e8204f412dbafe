/* The device's softmax and detector over a whole stream that was heard before. */
#include "replay.h"

#include <string.h>

#include "softmax.h"

size_t replay(const detector_config_t *config, float *memory, const float *posteriors, const uint64_t *samples,
              size_t steps, detection_t *events, float *scores) {
  detector_t detector;
  size_t found = 0;
  listener_detector_init(&detector, config, memory);
  for (size_t i = 0; i < steps; i++) {
    if (listener_detector_push(&detector, posteriors + i * config->labels, samples[i], &events[found])) {
      found++;
    }
    if (scores) {
      if (listener_detector_is_full(&detector)) {
        memcpy(scores + i * config->labels, detector.scores, config->labels * sizeof *scores);
      } else {
        memset(scores + i * config->labels, 0, config->labels * sizeof *scores);
      }
    }
  }
  return found;
}

void replay_posteriors(const float *logits, size_t steps, unsigned labels, float *posteriors) {
  for (size_t i = 0; i < steps; i++) {
    listener_softmax_of_pairs(logits + i * labels, labels, posteriors + i * labels);
  }
}
