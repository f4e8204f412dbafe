/* Audio in, events out: front end, a model behind one function, detector. No allocation, no global state. */
#ifndef LISTENER_H_
#define LISTENER_H_

#include <stddef.h>

#include "detector.h"
#include "frontend.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Takes the next row of features; where that completes a step of the model, writes the logits and sets `done`. NULL, or
 * what went wrong. */
typedef const char *(*listener_step_t)(void *model, const int8_t *row, float *logits, bool *done);

typedef struct {
  const frontend_config_t *frontend;
  const detector_config_t *detector;
  listener_step_t step;
  void *model;
  uint32_t warm_up; /* rows before the model has heard a whole clip: nothing is scored until then */
} listener_config_t;

typedef struct {
  const listener_config_t *config;
  frontend_stream_t frontend;
  detector_t detector;
  float *posteriors; /* [labels], each against its strongest rival */
  uint64_t samples;  /* taken since the start */
  uint32_t rows;     /* since the last reset, up to the warm-up */
  uint32_t steps;    /* scored since the start */
} listener_t;

#define LISTENER_MEMORY(labels, smoothing) (DETECTOR_MEMORY(labels, smoothing) + (labels)) /* floats */

typedef enum {
  LISTENER_WANTS_MORE, /* the chunk is used up */
  LISTENER_STEPPED,    /* a step was scored: posteriors, and once the detector is full its scores; call again */
  LISTENER_DETECTED,   /* the same, and it made an event */
  LISTENER_FAILED      /* the model did: see `problem` */
} listener_result_t;

/* `memory` holds LISTENER_MEMORY floats, the caller's. The model must have been reset. */
void listener_init(listener_t *listener, const listener_config_t *config, float *memory);

/* Forgets what was heard, but goes on counting samples and steps. The model must have been reset. */
void listener_forget(listener_t *listener);

/* Consumes from *pcm (advancing it and *count) until a step was scored or the chunk is used up. How audio is cut into
 * chunks changes nothing. */
listener_result_t listener_push(listener_t *listener, const int16_t **pcm, size_t *count, detection_t *event,
                                const char **problem);

#ifdef __cplusplus
}
#endif
#endif
