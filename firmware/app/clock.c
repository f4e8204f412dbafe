#include "clock.h"

#include "board.h"

void clock_update(clock_time_t *clock) {
  const uint32_t now = board_ticks();
  clock->ticks += now - clock->last;
  clock->last = now;
}

uint64_t clock_microseconds(clock_time_t *clock) {
  clock_update(clock);
  const uint32_t hz = board_info.tick_hz;
  return clock->ticks / hz * 1000000u + clock->ticks % hz * 1000000u / hz;
}
