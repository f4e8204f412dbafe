/* Runs one kernel variant over a list of jobs, on any core that QEMU emulates; lab/bench/runner.py is the other
 * side. The jobs lie in memory as a blob at BLOB_BASE before reset; results leave through semihosting, into the file
 * that the blob names. Kept free of the boards in firmware/boards: it must also run where those do not fit. */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "jobs.h"

#define GUARD 0xa5a5a5a5u
#define GUARD_WORDS 4

static _Alignas(16) uint32_t outputs[2][MAX_OUTPUTS + GUARD_WORDS];
static _Alignas(16) uint32_t scratch[MAX_SCRATCH / 4 + GUARD_WORDS];

/* ---- semihosting */
enum { SYS_OPEN = 0x01, SYS_CLOSE = 0x02, SYS_WRITE = 0x05, SYS_EXIT_EXTENDED = 0x20 };

static intptr_t semihost(uint32_t operation, const void *arguments) {
  register uintptr_t r0 __asm("r0") = operation;
  register const void *r1 __asm("r1") = arguments;
  __asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return (intptr_t)r0;
}

static void __attribute__((noreturn)) leave(uintptr_t code) {
  const uintptr_t arguments[2] = {0x20026, code}; /* ADP_Stopped_ApplicationExit */
  for (;;) {
    semihost(SYS_EXIT_EXTENDED, arguments);
  }
}

static void put(intptr_t file, const void *bytes, size_t count) {
  const uintptr_t arguments[3] = {(uintptr_t)file, (uintptr_t)bytes, count};
  if (semihost(SYS_WRITE, arguments) != 0) {
    leave(3);
  }
}

/* ---- what is measured: the emulator's plugin counts from the first mark to the second */
__attribute__((noinline, used)) void bench_begin(void) {
  __asm volatile("" ::: "memory");
}

__attribute__((noinline, used)) void bench_end(void) {
  __asm volatile("" ::: "memory");
}

__attribute__((noinline)) static void softmax(const float *x, uint32_t n, float *y) {
  float high = x[0], sum = 0.0f;
  for (uint32_t j = 1; j < n; j++) {
    high = x[j] > high ? x[j] : high;
  }
  for (uint32_t j = 0; j < n; j++) {
    y[j] = expf(x[j] - high);
    sum += y[j];
  }
  const float inverse = 1.0f / sum;
  for (uint32_t j = 0; j < n; j++) {
    y[j] *= inverse;
  }
}

static const void *blob(uint32_t offset) {
  return (const void *)(uintptr_t)(BLOB_BASE + offset);
}

static void run(const job_t *job, const float *previous, float *y, dynq_range_t *range) {
  const dynq_layer_t layer = {blob(job->weights),     blob(job->columns), (uint16_t)job->inputs,
                              (uint16_t)job->outputs, (uint8_t)job->bits, (uint8_t)job->relu};
  const dynq_range_t before = *range;
  dynq_range_t *y_range = job->want_range ? range : NULL;
  bench_begin();
  switch (job->source) {
  case FROM_BYTES:
    dynq_layer_s8(&layer, blob(job->x), job->scale, job->zero_point, y, y_range, scratch);
    break;
  case FROM_FLOATS:
    dynq_layer_f32(&layer, blob(job->x), NULL, y, y_range, scratch);
    break;
  case FROM_FLOATS_WITH_RANGE:
    dynq_layer_f32(&layer, blob(job->x), &job->range, y, y_range, scratch);
    break;
  case FROM_PREVIOUS:
    dynq_layer_f32(&layer, previous, &before, y, y_range, scratch);
    break;
  default:
    softmax(previous, job->outputs, y);
    break;
  }
  bench_end();
}

static uint32_t guarded(const uint32_t *guard) {
  uint32_t intact = 1;
  for (uint32_t i = 0; i < GUARD_WORDS; i++) {
    intact &= guard[i] == GUARD;
  }
  return intact;
}

int main(void) {
  const header_t *header = blob(0);
  if (header->magic != JOBS_MAGIC) {
    leave(2);
  }
  const uintptr_t arguments[3] = {(uintptr_t)header->results, 5 /* "wb" */, strlen(header->results)};
  const intptr_t file = semihost(SYS_OPEN, arguments);
  const job_t *job = (const job_t *)(header + 1);
  dynq_range_t range = {0.0f, 0.0f};
  for (uint32_t i = 0; i < header->jobs; i++, job++) {
    const size_t scratch_bytes = dynq_scratch_bytes(job->inputs);
    if (job->outputs > MAX_OUTPUTS || scratch_bytes > MAX_SCRATCH || scratch_bytes % 4) {
      leave(4);
    }
    uint32_t *y = outputs[i & 1];
    for (uint32_t g = 0; g < GUARD_WORDS; g++) {
      y[job->outputs + g] = GUARD;
      scratch[scratch_bytes / 4 + g] = GUARD;
    }
    run(job, (const float *)outputs[~i & 1], (float *)y, &range);
    trailer_t trailer = {range, guarded(y + job->outputs) & guarded(scratch + scratch_bytes / 4),
                         (uint32_t)scratch_bytes};
    put(file, y, job->outputs * sizeof *y);
    put(file, &trailer, sizeof trailer);
  }
  const uintptr_t close[1] = {(uintptr_t)file};
  semihost(SYS_CLOSE, close);
  leave(0);
}

/* ---- start-up */
static void fault(void) {
  leave(5);
}

extern uint32_t stack_top;
extern uint8_t data_load[], data_start[], data_end[];

void start(void);
__attribute__((noreturn, used)) void start(void) {
  memcpy(data_start, data_load, (size_t)(data_end - data_start)); /* the emulator has cleared the rest */
  (void)main();
  leave(0);
}

__attribute__((naked, noreturn)) void reset(void) {
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
  __asm volatile("ldr r0, =0xe000ed88\n" /* CPACR: full access to the FPU */
                 "ldr r1, [r0]\n"
                 "orr r1, r1, #0xf00000\n"
                 "str r1, [r0]\n"
                 "dsb\n"
                 "isb\n");
#endif
  __asm volatile("ldr r0, =start\n"
                 "bx r0\n"
                 ".ltorg\n");
}

__attribute__((section(".vectors"), used)) static const void *const vectors[16] = {
    &stack_top, reset, fault, fault, fault, fault, fault,
};
