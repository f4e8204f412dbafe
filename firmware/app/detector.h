/* Posteriors, one set per inference, to detections: a sliding mean, a threshold, and silence for a while after each. */
#ifndef DETECTOR_H_
#define DETECTOR_H_

#include <stdbool.h>
#include <stdint.h>

#include "kws_model.h"

typedef struct {
  float history[KWS_SMOOTHING_FRAMES][KWS_LABELS];
  uint16_t next;       /* row of history that is overwritten next */
  uint16_t filled;     /* rows that hold posteriors */
  uint64_t deaf_until; /* sample before which nothing is reported */
} detector_t;

typedef struct {
  uint16_t label;
  float score;
  uint64_t sample; /* end of the audio that the last inference saw */
} detection_t;

void detector_init(detector_t *detector);

/* Takes the posteriors of the inference that ended at `sample`; true when it completes a detection. */
bool detector_push(detector_t *detector, const float *posteriors, uint64_t sample, detection_t *detection);

#endif
