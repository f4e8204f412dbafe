/* Pins of an nRF51 or nRF52. */
#ifndef NRF_GPIO_H_
#define NRF_GPIO_H_

#include <stdbool.h>
#include <stdint.h>

#include "cortex_m.h"

#define NRF_PIN(port, pin) (32u * (port) + (pin))

/* PIN_CNF */
enum {
  NRF_GPIO_INPUT = 0,
  NRF_GPIO_OUTPUT = 1 << 0,
  NRF_GPIO_DISCONNECTED = 1 << 1, /* the input buffer; so are all pins after a reset */
  NRF_GPIO_PULL_DOWN = 1 << 2,
  NRF_GPIO_PULL_UP = 3 << 2,
};

static inline volatile uint32_t *nrf_gpio_register(uint32_t pin, uint32_t offset) {
  return &REGISTER(0x50000000u + 0x300u * (pin / 32u) + offset);
}

static inline void nrf_gpio_configure(uint32_t pin, uint32_t configuration) {
  nrf_gpio_register(pin, 0x700u)[pin % 32u] = configuration;
}

static inline void nrf_gpio_write(uint32_t pin, bool high) {
  *nrf_gpio_register(pin, high ? 0x508u : 0x50Cu) = 1u << (pin % 32u); /* OUTSET, OUTCLR */
}

#endif
