/* A board without a microphone. One that has one defines these itself. */
#include "microphone.h"

#include <stddef.h>

#define OVERRIDABLE __attribute__((weak))

OVERRIDABLE bool microphone_exists(void) {
  return false;
}

OVERRIDABLE void microphone_start(uint32_t gain) {
  (void)gain;
}

OVERRIDABLE void microphone_stop(void) {}

OVERRIDABLE const int16_t *microphone_take(uint32_t *lost) {
  (void)lost;
  return NULL;
}
