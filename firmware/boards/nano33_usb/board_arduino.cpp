// The Nano 33 BLE behind Arduino's USB serial. The application's main() is compiled as kws_main (platformio.ini), since
// Arduino brings its own. No watchdog: the nRF52840's goes on through a software reset, the bootloader does not feed
// it, and it would cut the next upload short.
#include "board.h"
#include "microphone.h"
#include "nrf5/nrf_pdm.h"

#include <Arduino.h>

extern "C" int kws_main(void);

namespace {

constexpr uint32_t kMicrophonePriority = 7; // the lowest, as Arduino's own library has it
constexpr size_t kBlock = 64;               // a USB packet; larger writes have been lost as a whole
uint32_t reset_reason;

} // namespace

void setup() {
  (void)kws_main();
}

void loop() {}

extern "C" {

const board_info_t board_info = {"nano33_usb", 64000000u};

void board_init(void) {
  reset_reason = NRF_POWER->RESETREAS;
  NRF_POWER->RESETREAS = reset_reason; // bits are sticky until written
  CoreDebug->DEMCR |= CoreDebug_DEMCR_TRCENA_Msk;
  DWT->CYCCNT = 0;
  DWT->CTRL |= DWT_CTRL_CYCCNTENA_Msk;
  pinMode(LED_BUILTIN, OUTPUT);
  Serial.begin(115200);
}

int board_read(void) {
  return Serial.available() > 0 ? Serial.read() : -1;
}

void board_write(const void *bytes, size_t count) {
  const uint8_t *next = static_cast<const uint8_t *>(bytes);
  while (count > 0 && Serial) { // without a listener a write would wait for ever
    const size_t block = count < kBlock ? count : kBlock;
    const size_t sent = Serial.write(next, block);
    if (sent == 0) {
      return;
    }
    next += sent;
    count -= sent;
  }
}

uint32_t board_ticks(void) {
  return DWT->CYCCNT;
}

uint32_t board_idle(void) {
  const uint32_t before = board_ticks();
  delayMicroseconds(100); // not a sleep: the cycle counter stands still in one
  return board_ticks() - before;
}

void board_led(bool on) {
  digitalWrite(LED_BUILTIN, on ? HIGH : LOW);
}

bool microphone_exists(void) {
  return true;
}

// By our own driver, not by Arduino's library PDM, which stops for good when a buffer is not taken in time.
void microphone_start(uint32_t gain) {
  NVIC_SetVector(PDM_IRQn, reinterpret_cast<uint32_t>(&nrf_pdm_handler));
  NVIC_SetPriority(PDM_IRQn, kMicrophonePriority);
  NVIC_ClearPendingIRQ(PDM_IRQn);
  NVIC_EnableIRQ(PDM_IRQn);
  NRF_CLOCK->TASKS_HFCLKSTART = 1; // the crystal, if USB has not started it
  nrf_pdm_start(&nrf_pdm_nano33_sense, gain);
}

void microphone_stop(void) {
  nrf_pdm_stop(&nrf_pdm_nano33_sense);
}

const int16_t *microphone_take(uint32_t *lost) {
  return nrf_pdm_take(lost);
}

void board_watchdog_feed(void) {}

void board_reset(void) {
  NVIC_SystemReset();
  for (;;) {
  }
}

const char *board_reset_cause(void) {
  if (reset_reason == 0) {
    return "power";
  }
  if (reset_reason & POWER_RESETREAS_DOG_Msk) {
    return "watchdog";
  }
  if (reset_reason & POWER_RESETREAS_LOCKUP_Msk) {
    return "lockup";
  }
  if (reset_reason & POWER_RESETREAS_SREQ_Msk) {
    return "software";
  }
  return reset_reason & POWER_RESETREAS_RESETPIN_Msk ? "pin" : "unknown";
}

// The operating system owns the stack and handles faults itself.
board_stack_t board_stack(void) {
  return board_stack_t{0, 0};
}

const board_fault_t *board_last_fault(void) {
  return nullptr;
}

void board_clear_fault(void) {}
}
