/* The UART without EasyDMA that every nRF51 and nRF52 has at the same address: 115200 8N1, interrupt-driven receive
 * ring. */
#ifndef NRF_UART_H_
#define NRF_UART_H_

#include <stddef.h>
#include <stdint.h>

#define NRF_UART_IRQ 2u

/* Starts the UART on two pins; the RX pin must be an input already. */
void nrf_uart_init(uint32_t tx_pin, uint32_t rx_pin);

/* Next received byte, or -1. */
int nrf_uart_read(void);

void nrf_uart_write(const void *bytes, size_t count);

/* Whether the ring is empty; exact while interrupts are masked. */
int nrf_uart_empty(void);

/* For the vector table. */
void nrf_uart_handler(void);

#endif
