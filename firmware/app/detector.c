#include "detector.h"

#include <string.h>

void detector_init(detector_t *detector) {
  memset(detector, 0, sizeof *detector);
}

static float mean(const detector_t *detector, uint16_t label) {
  float sum = 0.0f;
  for (unsigned i = 0; i < KWS_SMOOTHING_FRAMES; i++) {
    sum += detector->history[i][label];
  }
  return sum / (float)KWS_SMOOTHING_FRAMES;
}

bool detector_push(detector_t *detector, const float *posteriors, uint64_t sample, detection_t *detection) {
  memcpy(detector->history[detector->next], posteriors, sizeof detector->history[0]);
  detector->next = (uint16_t)((detector->next + 1u) % KWS_SMOOTHING_FRAMES);
  if (detector->filled < KWS_SMOOTHING_FRAMES) {
    detector->filled++;
  }
  if (detector->filled < KWS_SMOOTHING_FRAMES || sample < detector->deaf_until) {
    return false;
  }
  *detection = (detection_t){.score = -1.0f, .sample = sample};
  for (uint16_t label = 0; label < KWS_LABELS; label++) {
    const float score = kws_model.labels[label][0] == '_' ? -1.0f : mean(detector, label); /* _silence_, _unknown_ */
    if (score > detection->score) {
      detection->label = label;
      detection->score = score;
    }
  }
  if (!(detection->score >= kws_model.threshold)) {
    return false;
  }
  detector->deaf_until = sample + kws_model.refractory_samples;
  return true;
}
