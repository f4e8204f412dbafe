#include "detector.h"

#include <string.h>

void listener_detector_init(detector_t *detector, const detector_config_t *config, float *memory) {
  detector->config = config;
  detector->scores = memory;
  detector->history = memory + config->labels;
  detector->next = 0;
  detector->filled = 0;
  detector->deaf_until = 0;
}

bool listener_detector_is_full(const detector_t *detector) {
  return detector->filled == detector->config->smoothing;
}

/* Of each label over the whole history, summed in the order in which it lies. */
static void average(detector_t *detector) {
  const detector_config_t *config = detector->config;
  for (uint16_t label = 0; label < config->labels; label++) {
    float sum = 0.0f;
    for (uint32_t i = 0; i < config->smoothing; i++) {
      sum += detector->history[i * config->labels + label];
    }
    detector->scores[label] = sum / (float)config->smoothing;
  }
}

bool listener_detector_push(detector_t *detector, const float *posteriors, uint64_t sample, detection_t *event) {
  const detector_config_t *config = detector->config;
  memcpy(detector->history + (uint32_t)detector->next * config->labels, posteriors,
         config->labels * sizeof *posteriors);
  detector->next = (uint16_t)((detector->next + 1u) % config->smoothing);
  if (detector->filled < config->smoothing) {
    detector->filled++;
  }
  if (!listener_detector_is_full(detector)) {
    return false;
  }
  average(detector);
  if (sample < detector->deaf_until) {
    return false;
  }
  bool found = false;
  for (uint16_t label = 0; label < config->labels; label++) {
    const float score = detector->scores[label];
    if (score >= config->thresholds[label] && (!found || score > event->score)) {
      *event = (detection_t){.label = label, .score = score, .sample = sample};
      found = true;
    }
  }
  if (found) {
    detector->deaf_until = sample + config->refractory_samples;
  }
  return found;
}
