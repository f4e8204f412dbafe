/* Runs one kernel variant over a list of jobs, on any core that QEMU emulates; lab/bench/runner.py is the other
 * side. The jobs lie in memory as a blob at BLOB_BASE before reset; results leave through semihosting, into the file
 * that the blob names. Kept free of the boards in firmware/boards: it must also run where those do not fit. */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "bare_metal.h"
#include "jobs.h"

#define GUARD 0xa5a5a5a5u
#define GUARD_WORDS 4

static _Alignas(16) uint32_t outputs[BUFFERS][MAX_OUTPUTS + GUARD_WORDS];
static _Alignas(16) uint32_t scratch[MAX_SCRATCH / 4 + GUARD_WORDS];
static _Alignas(16) uint32_t arena[MAX_STATE / 4];
static uint32_t *states[STATES]; /* in the arena, each with a guard behind it */
static uint32_t arena_used;
static dynq_range_t ranges[BUFFERS];

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

static void *blob(uint32_t offset) {
  return (void *)(uintptr_t)(BLOB_BASE + offset);
}

static void guard(uint32_t *words) {
  for (uint32_t i = 0; i < GUARD_WORDS; i++) {
    words[i] = GUARD;
  }
}

static uint32_t guarded(const uint32_t *words) {
  uint32_t intact = 1;
  for (uint32_t i = 0; i < GUARD_WORDS; i++) {
    intact &= words[i] == GUARD;
  }
  return intact;
}

/* A job's state: as it was left, or fresh. */
static uint32_t *state_for(const job_t *job) {
  const uint32_t words = state_of(job) / 4;
  if (job->reset) {
    memset(states, 0, sizeof states);
    arena_used = 0;
  }
  if (!states[job->state]) {
    if (arena_used + words + GUARD_WORDS > MAX_STATE / 4) {
      leave(6);
    }
    states[job->state] = arena + arena_used;
    memset(states[job->state], 0, 4 * words);
    guard(states[job->state] + words);
    arena_used += words + GUARD_WORDS;
  }
  return states[job->state];
}

static dynq_signal_t signal_of(const input_t *input) {
  switch (input->source) {
  case BYTES:
    return (dynq_signal_t){.values = blob(input->place), .codes = {input->scale, input->zero_point}, .is_codes = 1};
  case OUTPUT:
    return (dynq_signal_t){.values = outputs[input->place], .range = ranges[input->place]};
  default:
    return (dynq_signal_t){.values = blob(input->place), .range = input->range};
  }
}

static void run(const job_t *job, uint32_t *state) {
  dynq_signal_t first = signal_of(&job->input[0]), second = signal_of(&job->input[1]);
  dynq_signal_t output = {.values = outputs[job->buffer], .ranged = (uint8_t)job->ranged};
  const dynq_signal_t *const inputs[2] = {&first, &second};
  layer_t layer;
  const dynq_step_t step = layer_of(job, blob(job->weights), blob(job->columns), &layer);
  bench_begin();
  if (job->type == SOFTMAX) {
    softmax(first.values, job->outputs, output.values);
  } else {
    if (job->input[0].source == FLOATS_TO_SCAN) {
      dynq_scan(first.values, job->inputs, &first.range);
    }
    step(&layer, inputs, &output, state, scratch);
  }
  bench_end();
  ranges[job->buffer] = output.range;
}

int main(void) {
  const header_t *header = blob(0);
  if (header->magic != JOBS_MAGIC) {
    leave(2);
  }
  const uintptr_t arguments[3] = {(uintptr_t)header->results, 5 /* "wb" */, strlen(header->results)};
  const intptr_t file = semihost(SYS_OPEN, arguments);
  const job_t *job = (const job_t *)(header + 1);
  for (uint32_t i = 0; i < header->jobs; i++, job++) {
    const uint32_t scratch_words = scratch_of(job) / 4;
    if (job->outputs > MAX_OUTPUTS || 4 * scratch_words > MAX_SCRATCH) {
      leave(4);
    }
    uint32_t *y = outputs[job->buffer], *state = state_for(job);
    guard(y + job->outputs);
    guard(scratch + scratch_words);
    run(job, state);
    const uint32_t intact =
        guarded(y + job->outputs) & guarded(scratch + scratch_words) & guarded(state + state_of(job) / 4);
    const trailer_t trailer = {ranges[job->buffer], intact, 4 * scratch_words, state_of(job)};
    put(file, y, job->outputs * sizeof *y);
    put(file, &trailer, sizeof trailer);
  }
  const uintptr_t close[1] = {(uintptr_t)file};
  semihost(SYS_CLOSE, close);
  leave(0);
}
