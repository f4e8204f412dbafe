/* Runs the front end on an emulated core: the samples in samples.h go in, codes and the bits of one row of powers come
 * out through semihosting, as hexadecimal text. */
#include "kws_frontend.h"
#include "samples.h"

extern uint32_t stack_top;
static frontend_stream_t stream;
static frontend_context_t context;
static int8_t inputs[INPUTS];

static void semihost(uint32_t operation, const void *arguments) {
  register uint32_t r0 __asm("r0") = operation;
  register const void *r1 __asm("r1") = arguments;
  __asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
}

static void put(uint32_t value, uint32_t digits) {
  char text[10] = {0};
  for (uint32_t i = 0; i < digits; i++)
    text[i] = "0123456789abcdef"[value >> (4 * (digits - 1 - i)) & 15];
  text[digits] = ' ';
  semihost(4, text); /* SYS_WRITE0 */
}

static void run(void) {
  static float power[FRONTEND_MAX_BANDS];
  int8_t row[FRONTEND_MAX_BANDS];
  frontend_power(&kws_frontend, samples, stream.scratch, power);
  for (int band = 0; band < kws_frontend.bands; band++) {
    const union {
      float value;
      uint32_t bits;
    } word = {power[band]};
    put(word.bits, 8);
  }
  frontend_stream_init(&stream, &kws_frontend);
  frontend_context_init(&context, inputs);
  for (size_t start = 0; start < SAMPLES; start += CHUNK) {
    const int16_t *at = samples + start;
    size_t left = SAMPLES - start < CHUNK ? SAMPLES - start : CHUNK;
    while (frontend_stream_push(&stream, &at, &left, row))
      if (frontend_context_push(&context, &kws_frontend, row))
        for (int i = 0; i < INPUTS; i++)
          put((uint8_t)inputs[i], 2);
  }
  const uint32_t done[2] = {0x20026, 0};
  semihost(0x20, done); /* SYS_EXIT_EXTENDED */
  for (;;)
    ;
}

static void reset(void) {
#ifdef __ARM_FP
  *(volatile uint32_t *)0xe000ed88 |= 0xf << 20; /* CPACR: the FPU is off after reset */
  __asm volatile("dsb\n\tisb" ::: "memory");
#endif
  run();
}

__attribute__((section(".vectors"), used)) static const void *const vectors[16] = {&stack_top, (const void *)reset};
