#include "nrf5/nrf_uart.h"

#include "board.h"
#include "cortex_m.h"

#define UART(offset) REGISTER(0x40002000u + (offset))
#define TASKS_STARTRX UART(0x000u)
#define TASKS_STARTTX UART(0x008u)
#define EVENTS_RXDRDY UART(0x108u)
#define EVENTS_TXDRDY UART(0x11Cu)
#define EVENTS_ERROR UART(0x124u)
#define INTENSET UART(0x304u)
#define ENABLE UART(0x500u)
#define PSEL_RTS UART(0x508u)
#define PSEL_TXD UART(0x50Cu)
#define PSEL_CTS UART(0x510u)
#define PSEL_RXD UART(0x514u)
#define RXD UART(0x518u)
#define TXD UART(0x51Cu)
#define BAUDRATE UART(0x524u)
#define CONFIG UART(0x56Cu)

enum {
  RING = 1024, /* a power of two, at least BOARD_RX_BYTES */
  INT_RXDRDY = 1 << 2,
  ENABLED = 4,
  UNCONNECTED = -1,
};
#define BAUD_115200 0x01D7E000u

static volatile uint8_t ring[RING];
static volatile uint32_t ring_head; /* written by the interrupt only */
static uint32_t ring_tail;
static uint8_t sending; /* a byte is on its way: TXDRDY will tell when TXD takes the next */

void nrf_uart_handler(void) {
  while (EVENTS_RXDRDY) {
    EVENTS_RXDRDY = 0; /* before RXD is read: reading raises it again when the FIFO holds more */
    const uint8_t byte = (uint8_t)RXD;
    if (ring_head - ring_tail < RING) { /* a full ring drops bytes; the checksums notice */
      ring[ring_head % RING] = byte;
      ring_head = ring_head + 1u;
    }
  }
}

void nrf_uart_init(uint32_t tx_pin, uint32_t rx_pin) {
  ENABLE = 0;
  PSEL_TXD = tx_pin;
  PSEL_RXD = rx_pin;
  PSEL_RTS = (uint32_t)UNCONNECTED;
  PSEL_CTS = (uint32_t)UNCONNECTED;
  BAUDRATE = BAUD_115200;
  CONFIG = 0; /* no parity, no flow control */
  ENABLE = ENABLED;
  EVENTS_RXDRDY = 0;
  EVENTS_TXDRDY = 0;
  EVENTS_ERROR = 0;
  ring_head = 0;
  ring_tail = 0;
  sending = 0;
  INTENSET = INT_RXDRDY;
  NVIC_ISER(0) = 1u << NRF_UART_IRQ;
  TASKS_STARTTX = 1;
  TASKS_STARTRX = 1;
}

int nrf_uart_read(void) {
  if (ring_tail == ring_head) {
    return -1;
  }
  const uint8_t byte = ring[ring_tail % RING];
  ring_tail++;
  return byte;
}

int nrf_uart_empty(void) {
  return ring_tail == ring_head;
}

void nrf_uart_write(const void *bytes, size_t count) {
  for (const uint8_t *byte = bytes; count > 0; count--, byte++) {
    while (sending && !EVENTS_TXDRDY) {
    }
    EVENTS_TXDRDY = 0;
    TXD = *byte;
    sending = 1;
  }
}
