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

#define SYST_CSR REGISTER(0xE000E010u)
#define SYST_RVR REGISTER(0xE000E014u)
#define SYST_CVR REGISTER(0xE000E018u)
enum { SYST_STOP = 0, SYST_RUN = 7, SYST_MAX = 0xFFFFFF }; /* running: on the core's clock, with its interrupt */

static void start_systick(void) {
  SYST_RVR = SYST_MAX;
  SYST_CVR = 0;
  SYST_CSR = SYST_RUN;
}

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

/* SysTick is free to wake an idle core within a second; it stays off otherwise, so that it is in no measurement. */
void SysTick_Handler(void) {
  SYST_CSR = SYST_STOP;
}

static void before_sleep(void) {
  start_systick();
}

static void after_sleep(void) {
  SYST_CSR = SYST_STOP;
}
#else /* SysTick counts, its interrupt extends it to 32 bits */
static volatile uint32_t wraps;

void SysTick_Handler(void) {
  wraps = wraps + 1u;
}

static void start_ticks(void) {
  start_systick();
}

uint32_t board_ticks(void) {
  uint32_t before, low;
  do {
    before = wraps;
    low = SYST_MAX - SYST_CVR;
  } while (before != wraps);
  return before << 24 | low;
}

static void before_sleep(void) {}

static void after_sleep(void) {}
#endif

#ifdef MPS2_WATCHDOG
#define WATCHDOG_LOAD REGISTER(MPS2_WATCHDOG + 0x00u)
#define WATCHDOG_CTRL REGISTER(MPS2_WATCHDOG + 0x08u)
#define WATCHDOG_INTCLR REGISTER(MPS2_WATCHDOG + 0x0Cu)
#define WATCHDOG_LOCK REGISTER(MPS2_WATCHDOG + 0xC00u)
enum { WATCHDOG_UNLOCK = 0x1ACCE551, WATCHDOG_RUN = 3, WATCHDOG_SECONDS = 4 };

/* It first interrupts (an NMI that nothing handles) and resets after the same time again: 8 seconds. */
static void start_watchdog(void) {
  WATCHDOG_LOCK = WATCHDOG_UNLOCK;
  WATCHDOG_LOAD = WATCHDOG_SECONDS * MPS2_CLOCK_HZ;
  WATCHDOG_CTRL = WATCHDOG_RUN;
}

void board_watchdog_feed(void) {
  WATCHDOG_INTCLR = 1u;
}
#else
static void start_watchdog(void) {}

void board_watchdog_feed(void) {}
#endif

/* These images have no register that says why they started. */
enum { MARK_RUNNING = 0x2AB1E5 };
static const char *reset_cause;

static const char *take_reset_cause(void) {
  const uint32_t mark = cortex_m_reset_mark;
  cortex_m_reset_mark = MARK_RUNNING;
  return mark == CORTEX_M_SOFTWARE_RESET ? "software" : mark == MARK_RUNNING ? "watchdog" : "power";
}

void board_init(void) {
  reset_cause = take_reset_cause();
  cortex_m_guard_stack();
  start_watchdog();
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

uint32_t board_idle(void) {
  const uint32_t before = board_ticks();
  before_sleep();
  __asm volatile("cpsid i");
  if (ring_tail == ring_head) {
    __asm volatile("wfi"); /* wakes on a pending interrupt even while masked */
  }
  __asm volatile("cpsie i\n isb");
  after_sleep();
  return board_ticks() - before;
}

void board_led(bool on) {
  (void)on;
}

const char *board_reset_cause(void) {
  return reset_cause;
}
