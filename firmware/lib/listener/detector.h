/* Posteriors, one set per step, to events: a sliding mean, a threshold for each keyword, and silence for a while after
 * each event. No allocation, no global state. */
#ifndef DETECTOR_H_
#define DETECTOR_H_

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
  const float *thresholds; /* [labels]: smoothed posterior from which it is an event; above 1: never */
  uint16_t labels;
  uint16_t smoothing;          /* steps in the sliding mean */
  uint32_t refractory_samples; /* after an event, in which there is no other */
} detector_config_t;

#define DETECTOR_MEMORY(labels, smoothing) ((labels) * ((smoothing) + 1)) /* floats */

typedef struct {
  const detector_config_t *config;
  float *scores;       /* [labels], the sliding means, once `filled` says so */
  float *history;      /* [smoothing][labels] */
  uint16_t next;       /* row of history that is overwritten next */
  uint16_t filled;     /* rows that hold posteriors */
  uint64_t deaf_until; /* sample before which nothing is reported */
} detector_t;

typedef struct {
  uint16_t label;
  float score;
  uint64_t sample; /* end of the audio that the step had heard */
} detection_t;

/* `memory` holds DETECTOR_MEMORY floats, the caller's. */
void listener_detector_init(detector_t *detector, const detector_config_t *config, float *memory);

/* Takes the posteriors of the step that had heard the audio up to `sample`; true when it makes an event. Of several
 * keywords above their thresholds it is the one with the highest score. */
bool listener_detector_push(detector_t *detector, const float *posteriors, uint64_t sample, detection_t *event);

/* Whether the sliding means cover as many steps as they should. */
bool listener_detector_is_full(const detector_t *detector);

#ifdef __cplusplus
}
#endif
#endif
