#include "nrf5/nrf_pdm.h"

#include <stddef.h>

#include "microphone.h"
#include "nrf5/nrf_gpio.h"

#define PDM(offset) REGISTER(0x4001D000u + (offset))
#define TASKS_START PDM(0x000u)
#define TASKS_STOP PDM(0x004u)
#define EVENTS_STARTED PDM(0x100u)
#define EVENTS_STOPPED PDM(0x104u)
#define INTENSET PDM(0x304u)
#define INTENCLR PDM(0x308u)
#define ENABLE PDM(0x500u)
#define PDMCLKCTRL PDM(0x504u)
#define MODE PDM(0x508u)
#define GAINL PDM(0x518u)
#define GAINR PDM(0x51Cu)
#define RATIO PDM(0x520u)
#define PSEL_CLK PDM(0x540u)
#define PSEL_DIN PDM(0x544u)
#define SAMPLE_PTR PDM(0x560u)
#define SAMPLE_MAXCNT PDM(0x564u)

enum {
  BUFFERS = 6,            /* 120 ms: a long answer over the serial port takes as much */
  CLOCK_1280K = 10 << 24, /* 32 MHz / 25; divided by 80 that is 16 kHz exactly */
  RATIO_80 = 1,
  MONO_LEFT_FALLING = 1,
  INT_STARTED = 1 << 0,
  STOP_TRIES = 100000, /* it takes less than a sample, 62.5 us */
};
#define UNCONNECTED 0xFFFFFFFFu

const nrf_pdm_pins_t nrf_pdm_nano33_sense = {NRF_PIN(0, 26), NRF_PIN(0, 25), NRF_PIN(0, 17)};

static int16_t buffers[BUFFERS][MICROPHONE_SAMPLES] __attribute__((aligned(4)));
static volatile uint32_t lost[BUFFERS]; /* samples that were overwritten before those in the buffer */
static volatile uint32_t completed;     /* buffers; the next one after them is being filled. The interrupt's */
static volatile uint32_t queued;        /* number of the buffer that the peripheral fills next. The interrupt's */
static volatile uint32_t taken;         /* buffers that the application got and gave back */
static bool held;                       /* the application has buffer `taken` */
static volatile bool filling;

static void queue(uint32_t number) {
  queued = number;
  SAMPLE_PTR = (uint32_t)(uintptr_t)buffers[number % BUFFERS];
}

/* The peripheral has taken the address it was given, and begun to fill that buffer: the one before is complete, unless
 * it is the same one over again. From now until that is full there is time to give it the next address. */
void nrf_pdm_handler(void) {
  if (!EVENTS_STARTED) {
    return;
  }
  EVENTS_STARTED = 0;
  (void)EVENTS_STARTED; /* the write has arrived before the handler ends, or it would run again */
  if (filling && queued == completed) {
    lost[completed % BUFFERS] += MICROPHONE_SAMPLES;
  } else if (filling) {
    completed = queued;
    lost[completed % BUFFERS] = 0;
  }
  filling = true;
  if (completed + 1u - taken < BUFFERS) { /* a full ring loses what comes in its last buffer, again and again */
    queue(completed + 1u);
  }
}

void nrf_pdm_start(const nrf_pdm_pins_t *pins, uint32_t gain) {
  nrf_pdm_stop(pins);
  lost[0] = 0;
  nrf_gpio_write(pins->power, true);
  nrf_gpio_configure(pins->power, NRF_GPIO_OUTPUT | NRF_GPIO_DISCONNECTED);
  nrf_gpio_write(pins->clock, false);
  nrf_gpio_configure(pins->clock, NRF_GPIO_OUTPUT | NRF_GPIO_DISCONNECTED);
  nrf_gpio_configure(pins->data, NRF_GPIO_PULL_DOWN); /* where no microphone is: silence, not noise */
  PSEL_CLK = pins->clock;
  PSEL_DIN = pins->data;
  PDMCLKCTRL = CLOCK_1280K;
  RATIO = RATIO_80;
  MODE = MONO_LEFT_FALLING;
  GAINL = gain;
  GAINR = gain;
  SAMPLE_MAXCNT = MICROPHONE_SAMPLES;
  queue(0);
  EVENTS_STARTED = 0;
  ENABLE = 1;
  INTENSET = INT_STARTED;
  TASKS_START = 1;
}

void nrf_pdm_stop(const nrf_pdm_pins_t *pins) {
  INTENCLR = INT_STARTED;
  if (filling) { /* the peripheral writes to RAM until it says that it has stopped */
    EVENTS_STOPPED = 0;
    TASKS_STOP = 1;
    for (int i = 0; i < STOP_TRIES && !EVENTS_STOPPED; i++) {
    }
    filling = false;
  }
  ENABLE = 0;
  PSEL_CLK = UNCONNECTED;
  PSEL_DIN = UNCONNECTED;
  nrf_gpio_configure(pins->data, NRF_GPIO_DISCONNECTED);
  nrf_gpio_configure(pins->clock, NRF_GPIO_DISCONNECTED);
  nrf_gpio_write(pins->power, false); /* stays an output: off, not floating */
  completed = taken = 0;
  held = false;
}

bool nrf_pdm_ready(void) {
  return completed != taken + held;
}

const int16_t *nrf_pdm_take(uint32_t *lost_before) {
  taken += held;
  held = completed != taken;
  if (!held) {
    return NULL;
  }
  __asm volatile("dmb" ::: "memory"); /* samples that the peripheral wrote are read after it said so */
  *lost_before = lost[taken % BUFFERS];
  return buffers[taken % BUFFERS];
}
