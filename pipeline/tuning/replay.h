#ifndef REPLAY_H_
#define REPLAY_H_

#include <stddef.h>

#include "detector.h"

/* Pushes posteriors[steps][labels] through a fresh detector; writes its events and, where scores is not NULL, the
 * sliding means [steps][labels], 0 until the window is full. Returns the number of events; there is room for `steps`.
 */
size_t replay(const detector_config_t *config, float *memory, const float *posteriors, const uint64_t *samples,
              size_t steps, detection_t *events, float *scores);

/* Posteriors of every step, each against its strongest rival: logits[steps][labels] to posteriors[steps][labels]. */
void replay_posteriors(const float *logits, size_t steps, unsigned labels, float *posteriors);

#endif
