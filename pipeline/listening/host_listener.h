#ifndef HOST_LISTENER_H_
#define HOST_LISTENER_H_

#include <stddef.h>
#include <stdint.h>

typedef struct {
  uint64_t sample; /* end of the audio that the step has heard */
  int32_t event;   /* label that it detected, or -1 */
  uint8_t scored;  /* whether the detector's window is full */
} host_step_t;

/* thresholds[labels], or NULL for the model's own. */
void host_listener_start(const float *thresholds);

/* Room for a step per row in `steps`, and for [labels] scores with each. */
void host_listener_push(const int16_t *pcm, size_t count, host_step_t *steps, float *scores, size_t *step_count);

#endif
