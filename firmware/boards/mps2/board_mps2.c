/* Arm MPS2/MPS3 images on QEMU: CMSDK UART with an interrupt-driven receive ring, CMSDK timer or SysTick as tick
 * counter. */
#include "board.h"
#include "cortex_m.h"
#include "mps2.h"

#define UART_DATA REGISTER(MPS2_UART + 0x00u)
#define UART_STATE REGISTER(MPS2_UART + 0x04u)
#define UART_CTRL REGISTER(MPS2_UART + 0x08u)
#define UART_INTCLEAR REGISTER(MPS2_UART + 0x0Cu)
#define UART_BAUDDIV REGISTER(MPS2_UART + 0x10u)
enum { TX_FULL = 1u, RX_FULL = 2u, TX_ENABLE = 1u, RX_ENABLE = 2u, RX_IRQ_ENABLE = 8u, RX_IRQ = 2u };

enum { RING = 1024 }; /* a power of two, at least BOARD_RX_BYTES */
static volatile uint8_t ring[RING];
static volatile uint32_t ring_head; /* written by the interrupt only */
static uint32_t ring_tail;

const board_info_t board_info = {MPS2_NAME, MPS2_CLOCK_HZ};

void uart_rx_handler(void) {
  UART_INTCLEAR = RX_IRQ;
  while (UART_STATE & RX_FULL) {
    const uint8_t byte = (uint8_t)UART_DATA;
    if (ring_head - ring_tail < RING) { /* a full ring drops bytes, as a real UART does */
      ring[ring_head % RING] = byte;
      ring_head = ring_head + 1u;
    }
  }
}

__attribute__((section(".vectors.irq"), used)) static const void *const irq_vectors[MPS2_UART_RX_IRQ + 1u] = {
    [MPS2_UART_RX_IRQ] = uart_rx_handler,
};

#ifdef MPS2_TIMER
#define TIMER_CTRL REGISTER(MPS2_TIMER + 0x00u)
#define TIMER_VALUE REGISTER(MPS2_TIMER + 0x04u)
#define TIMER_RELOAD REGISTER(MPS2_TIMER + 0x08u)

static void start_ticks(void) {
  TIMER_RELOAD = 0xFFFFFFFFu;
  TIMER_VALUE = 0xFFFFFFFFu;
  TIMER_CTRL = 1u;
}

uint32_t board_ticks(void) {
  return 0xFFFFFFFFu - TIMER_VALUE;
}
#else
#define SYST_CSR REGISTER(0xE000E010u)
#define SYST_RVR REGISTER(0xE000E014u)
#define SYST_CVR REGISTER(0xE000E018u)
static volatile uint32_t wraps;

void SysTick_Handler(void) {
  wraps = wraps + 1u;
}

static void start_ticks(void) {
  SYST_RVR = 0xFFFFFFu;
  SYST_CVR = 0;
  SYST_CSR = 7u; /* core clock, interrupt, on */
}

uint32_t board_ticks(void) {
  uint32_t before, low;
  do {
    before = wraps;
    low = 0xFFFFFFu - SYST_CVR;
  } while (before != wraps);
  return before << 24 | low;
}
#endif

void board_init(void) {
  UART_BAUDDIV = 16;
  UART_CTRL = TX_ENABLE | RX_ENABLE | RX_IRQ_ENABLE;
  (void)UART_DATA; /* makes QEMU poll its character device again: without it the first byte may take a second */
  NVIC_ISER(MPS2_UART_RX_IRQ / 32u) = 1u << (MPS2_UART_RX_IRQ % 32u);
  start_ticks();
}

int board_read(void) {
  if (ring_tail == ring_head) {
    return -1;
  }
  const uint8_t byte = ring[ring_tail % RING];
  ring_tail++;
  return byte;
}

void board_write(const void *bytes, size_t count) {
  const uint8_t *byte = bytes;
  while (count--) {
    while (UART_STATE & TX_FULL) {
    }
    UART_DATA = *byte++;
  }
}

void board_idle(void) {
  __asm volatile("cpsid i");
  if (ring_tail == ring_head) {
    __asm volatile("wfi"); /* wakes on a pending interrupt even while masked */
  }
  __asm volatile("cpsie i\n isb");
}

void board_watchdog_feed(void) {}

const char *board_reset_cause(void) {
  return "unknown";
}
