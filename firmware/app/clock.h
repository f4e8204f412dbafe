/* Time since start from the board's 32-bit tick counter. */
#ifndef CLOCK_H_
#define CLOCK_H_

#include <stdint.h>

typedef struct {
  uint64_t ticks;
  uint32_t last;
} clock_time_t;

/* Call at least once per 2^32 ticks (a minute at 64 MHz). */
void clock_update(clock_time_t *clock);

uint64_t clock_microseconds(clock_time_t *clock);

#endif
