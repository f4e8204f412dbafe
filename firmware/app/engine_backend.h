/* What differs between the engines. engine.c keeps kws_network's window of rows and calls these. */
#ifndef ENGINE_BACKEND_H_
#define ENGINE_BACKEND_H_

#include "engine.h"

#ifdef __cplusplus
extern "C" {
#endif

extern uint32_t engine_ticks[]; /* of every layer in its last run */

/* NULL, or why not. */
const char *engine_backend_start(void);

/* Clears what the layers keep from step to step. */
void engine_backend_reset(void);

/* Runs a step over the window, up to layer `last` at least, and points `output` at that layer's values. NULL, or what
 * went wrong. */
const char *engine_backend_run(uint16_t last, const float **output);

#ifdef __cplusplus
}
#endif
#endif
