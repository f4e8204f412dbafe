#include "nrf5/nrf_timer.h"

#include "cortex_m.h"

#define TIMER(offset) REGISTER(0x40008000u + (offset))
#define TASKS_START TIMER(0x000u)
#define TASKS_CLEAR TIMER(0x00Cu)
#define TASKS_CAPTURE_1 TIMER(0x044u)
#define EVENTS_COMPARE_0 TIMER(0x140u)
#define INTENSET TIMER(0x304u)
#define MODE TIMER(0x504u)
#define BITMODE TIMER(0x508u)
#define PRESCALER TIMER(0x510u)
#define CC_0 TIMER(0x540u)
#define CC_1 TIMER(0x544u)

enum { MODE_TIMER = 0, BITMODE_32 = 3, INT_COMPARE_0 = 1 << 16 };

void nrf_timer_init(void) {
  MODE = MODE_TIMER;
  BITMODE = BITMODE_32;
  PRESCALER = 0;
  TASKS_CLEAR = 1;
  EVENTS_COMPARE_0 = 0;
  INTENSET = INT_COMPARE_0;
  NVIC_ISER(0) = 1u << NRF_TIMER_IRQ;
  TASKS_START = 1;
}

uint32_t nrf_timer_now(void) {
  TASKS_CAPTURE_1 = 1;
  return CC_1;
}

void nrf_timer_wake_in(uint32_t ticks) {
  EVENTS_COMPARE_0 = 0;
  CC_0 = nrf_timer_now() + ticks;
}

void nrf_timer_handler(void) {
  EVENTS_COMPARE_0 = 0;
}
