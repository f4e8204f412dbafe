/* Boards with an nRF51 or nRF52: UART0, TIMER0 for waking up, the watchdog, and DWT's cycle counter where there is one.
 */
#include "board.h"
#include "cortex_m.h"
#include "microphone.h"
#include "nrf5/nrf5.h"

#define CLOCK_HFCLKSTART REGISTER(0x40000000u)
#define CLOCK_HFCLKSTARTED REGISTER(0x40000100u)
#define POWER_RESETREAS REGISTER(0x40000400u)
#define WDT_START REGISTER(0x40010000u)
#define WDT_CRV REGISTER(0x40010504u)
#define WDT_RREN REGISTER(0x40010508u)
#define WDT_CONFIG REGISTER(0x4001050Cu)
#define WDT_RR_0 REGISTER(0x40010600u)
#define NVMC_ICACHECNF REGISTER(0x4001E540u)
#define NVIC_ICER(n) REGISTER(0xE000E180u + 4u * (n))
#define NVIC_ICPR(n) REGISTER(0xE000E280u + 4u * (n))
#define SCB_DEMCR REGISTER(0xE000EDFCu)
#define DWT_CTRL REGISTER(0xE0001000u)
#define DWT_CYCCNT REGISTER(0xE0001004u)

enum {
  WATCHDOG_SECONDS = 6,
  WATCHDOG_FEED = 0x6E524635,
  RUN_IN_SLEEP = 1,
  CRYSTAL_TRIES = 100000, /* it takes 0.4 ms; a board whose crystal is dead still runs, on the RC oscillator */
};

const board_info_t board_info = {NRF5_NAME, NRF5_TICK_HZ};

#ifdef NRF5_MICROPHONE
#define LAST_IRQ NRF_PDM_IRQ
#else
#define LAST_IRQ NRF_TIMER_IRQ
#endif

__attribute__((section(".vectors.irq"), used)) static const void *const irq_vectors[LAST_IRQ + 1u] = {
    [NRF_UART_IRQ] = nrf_uart_handler,
    [NRF_TIMER_IRQ] = nrf_timer_handler,
#ifdef NRF5_MICROPHONE
    [NRF_PDM_IRQ] = nrf_pdm_handler,
#endif
};

static uint32_t reset_reason;

static void start_pins(void) {
  nrf_gpio_write(NRF5_TX_PIN, true); /* the line idles high */
  nrf_gpio_configure(NRF5_TX_PIN, NRF_GPIO_OUTPUT | NRF_GPIO_DISCONNECTED);
  nrf_gpio_configure(NRF5_RX_PIN, NRF_GPIO_INPUT | NRF_GPIO_PULL_UP); /* quiet while nothing is plugged in */
#ifdef NRF5_LED_PIN
  board_led(false);
  nrf_gpio_configure(NRF5_LED_PIN, NRF_GPIO_OUTPUT | NRF_GPIO_DISCONNECTED);
#endif
}

static void start_watchdog(void) {
  WDT_CONFIG = RUN_IN_SLEEP;
  WDT_CRV = WATCHDOG_SECONDS * 32768u - 1u;
  WDT_RREN = 1;
  WDT_START = 1;
  board_watchdog_feed();
}

void board_init(void) {
  cortex_m_guard_stack();
  NVIC_ICER(0) = 0xFFFFFFFFu; /* a bootloader may have left its interrupts on */
  NVIC_ICPR(0) = 0xFFFFFFFFu;
#ifdef NRF5_CYCLES
  NVIC_ICER(1) = 0xFFFFFFFFu;
  NVIC_ICPR(1) = 0xFFFFFFFFu;
  NVMC_ICACHECNF = 1; /* flash has two wait states */
  SCB_DEMCR |= 1u << 24;
  DWT_CYCCNT = 0;
  DWT_CTRL |= 1u;
#endif
  reset_reason = POWER_RESETREAS;
  POWER_RESETREAS = reset_reason; /* bits are sticky until written */
  CLOCK_HFCLKSTART = 1;           /* the crystal: the UART's and the timers' rates are exact only with it */
  for (int i = 0; i < CRYSTAL_TRIES && !CLOCK_HFCLKSTARTED; i++) {
  }
  start_watchdog();
  start_pins();
  nrf_timer_init();
  nrf_uart_init(NRF5_TX_PIN, NRF5_RX_PIN);
}

int board_read(void) {
  return nrf_uart_read();
}

void board_write(const void *bytes, size_t count) {
  nrf_uart_write(bytes, count);
}

#ifdef NRF5_CYCLES
static uint32_t slept; /* cycles that CYCCNT missed: it stands still while the core sleeps */

uint32_t board_ticks(void) {
  return DWT_CYCCNT + slept;
}

static uint32_t sleep(void) {
  const uint32_t timer = nrf_timer_now();
  const uint32_t cycles = DWT_CYCCNT;
  __asm volatile("dsb\n wfi"); /* wakes on a pending interrupt even while masked */
  const uint32_t passed = (nrf_timer_now() - timer) * (NRF5_TICK_HZ / NRF_TIMER_HZ);
  const uint32_t counted = DWT_CYCCNT - cycles;
  const uint32_t missed = passed > counted ? passed - counted : 0;
  slept += missed;
  return missed;
}
#else
uint32_t board_ticks(void) {
  return nrf_timer_now();
}

static uint32_t sleep(void) {
  const uint32_t timer = nrf_timer_now();
  __asm volatile("dsb\n wfi");
  return nrf_timer_now() - timer;
}
#endif

#ifdef NRF5_MICROPHONE
bool microphone_exists(void) {
  return true;
}

void microphone_start(uint32_t gain) {
  NVIC_ISER(0) = 1u << NRF_PDM_IRQ;
  nrf_pdm_start(&NRF5_MICROPHONE, gain);
}

void microphone_stop(void) {
  nrf_pdm_stop(&NRF5_MICROPHONE);
}

const int16_t *microphone_take(uint32_t *lost) {
  return nrf_pdm_take(lost);
}

static bool something_waits(void) {
  return !nrf_uart_empty() || nrf_pdm_ready();
}
#else
static bool something_waits(void) {
  return !nrf_uart_empty();
}
#endif

uint32_t board_idle(void) {
  uint32_t idle = 0;
  __asm volatile("cpsid i" ::: "memory");
  if (!something_waits()) {
    nrf_timer_wake_in(NRF_TIMER_HZ / 2u);
    idle = sleep();
  }
  __asm volatile("cpsie i\n isb" ::: "memory");
  return idle;
}

void board_led(bool on) {
#ifdef NRF5_LED_PIN
  nrf_gpio_write(NRF5_LED_PIN, on == NRF5_LED_ON);
#else
  (void)on;
#endif
}

void board_watchdog_feed(void) {
  WDT_RR_0 = WATCHDOG_FEED;
}

const char *board_reset_cause(void) {
  if (reset_reason == 0) {
    return "power";
  }
  if (reset_reason & 1u << 1) {
    return "watchdog";
  }
  if (reset_reason & 1u << 3) {
    return "lockup";
  }
  if (reset_reason & 1u << 2) {
    return "software";
  }
  return reset_reason & 1u ? "pin" : "unknown";
}
