/* TIMER0, alike on the nRF51 and nRF52: 32 bits at 16 MHz, goes on while the core sleeps, and can wake it. */
#ifndef NRF_TIMER_H_
#define NRF_TIMER_H_

#include <stdint.h>

#define NRF_TIMER_IRQ 8u
#define NRF_TIMER_HZ 16000000u

void nrf_timer_init(void);

/* Ticks since nrf_timer_init(), wraps at 2^32. */
uint32_t nrf_timer_now(void);

/* Interrupts once, that many ticks from now. */
void nrf_timer_wake_in(uint32_t ticks);

/* For the vector table. */
void nrf_timer_handler(void);

#endif
